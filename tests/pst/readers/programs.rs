//! Programs that export: `readpst` (libpst) and `pffexport` (libpff). What they export is counted.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::{fs, io};

use super::missing;

/// How many items `readpst` lists in each folder, by the folder's name; `None` where there is no `readpst`, and what it said
/// where it could not read the file.
pub(crate) fn listed(file: &Path) -> Option<Result<BTreeMap<String, u64>, String>> {
    let place = tempfile::tempdir().expect("a temporary folder");
    let mut command = Command::new("readpst");
    command.args(["-D", "-j", "0", "-r", "-o"]).arg(place.path()).arg(file);
    let output = answer(&mut command, "readpst (Debian: pst-utils)")?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        return Some(Err(said + &String::from_utf8_lossy(&output.stderr)));
    }
    let mut counts = BTreeMap::new();
    for line in said.lines() {
        // Example: "Contacts" - 6 items done, 0 items skipped.
        let Some((name, rest)) = line.trim().strip_prefix('"').and_then(|l| l.split_once("\" - "))
        else {
            continue;
        };
        let numbers: Vec<u64> = rest.split(' ').filter_map(|word| word.parse().ok()).collect();
        *counts.entry(name.to_owned()).or_default() += numbers.iter().sum::<u64>();
    }
    Some(Ok(counts))
}

/// What `pffexport` exports.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Exported {
    /// How many items of each kind, by the name it gives to the kind, with ` within` behind it for those that are attached to items.
    pub(crate) items: BTreeMap<String, u64>,
    /// The appointments within items, in order: how many bytes each says that it has, and its subject.
    pub(crate) within: Vec<(u64, String)>,
}

/// Exports a file by `pffexport`; `None` where there is none, and what it said where it could not read the file.
pub(crate) fn exported(file: &Path) -> Option<Result<Exported, String>> {
    let place = tempfile::tempdir().expect("a temporary folder");
    let mut command = Command::new("pffexport");
    command.args(["-q", "-m", "items", "-t"]).arg(place.path().join("out")).arg(file);
    let output = answer(&mut command, "pffexport (Debian: pff-tools)")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        return Some(Err(said + &String::from_utf8_lossy(&output.stderr)));
    }
    let mut exported = Exported::default();
    look(&place.path().join("out.export"), false, &mut exported).expect("what was exported");
    exported.within.sort();
    Some(Ok(exported))
}

fn answer(command: &mut Command, name: &str) -> Option<std::process::Output> {
    match command.output() {
        Ok(output) => Some(output),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            missing(&format!("{name} is not installed"));
            None
        }
        Err(error) => panic!("{name}: {error}"),
    }
}

/// The kinds of items that `pffexport` tells apart, as far as they occur.
const KINDS: [&str; 8] =
    ["Activity", "Appointment", "Contact", "Document", "Meeting", "Message", "Note", "Task"];

/// Items are folders named by their kind and a number of five digits; those within items are attachments.
fn look(folder: &Path, is_within: bool, exported: &mut Exported) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !entry.file_type()?.is_dir() {
            if is_within && name == "Appointment.txt" && is_of_attachment(folder) {
                let said = fs::read_to_string(entry.path())?;
                let value = |label: &str| said.lines().find_map(|line| line.strip_prefix(label));
                let size = value("Size:").and_then(|size| size.trim().parse().ok());
                let subject = value("Subject:").unwrap_or_default().trim().to_owned();
                exported.within.push((size.unwrap_or_default(), subject));
            }
            continue;
        }
        let digits = name.len().checked_sub(5).and_then(|start| name.split_at_checked(start));
        let kind = digits.filter(|(kind, digits)| {
            KINDS.contains(kind) && digits.bytes().all(|byte| byte.is_ascii_digit())
        });
        if let Some((kind, _)) = kind {
            let within = if is_within { " within" } else { "" };
            *exported.items.entry(format!("{kind}{within}")).or_default() += 1;
        }
        look(&entry.path(), is_within || kind.is_some(), exported)?;
    }
    Ok(())
}

/// Says whether a folder is that of an item which is an attachment.
fn is_of_attachment(folder: &Path) -> bool {
    let above = folder.parent().and_then(Path::file_name);
    above.is_some_and(|above| above.to_string_lossy().starts_with("Attachment"))
}
