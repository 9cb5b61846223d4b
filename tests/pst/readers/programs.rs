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

/// How many items of each kind `pffexport` exports, by the name it gives to the kind, with ` within` behind it for those that are
/// attached to items; `None` where there is no `pffexport`, and
/// what it said where it could not read the file.
pub(crate) fn exported(file: &Path) -> Option<Result<BTreeMap<String, u64>, String>> {
    let place = tempfile::tempdir().expect("a temporary folder");
    let mut command = Command::new("pffexport");
    command.args(["-q", "-m", "items", "-t"]).arg(place.path().join("out")).arg(file);
    let output = answer(&mut command, "pffexport (Debian: pff-tools)")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        return Some(Err(said + &String::from_utf8_lossy(&output.stderr)));
    }
    let mut counts = BTreeMap::new();
    count(&place.path().join("out.export"), "", &mut counts).expect("what was exported");
    Some(Ok(counts))
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
fn count(folder: &Path, within: &str, counts: &mut BTreeMap<String, u64>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_type()?.is_dir() {
            continue;
        }
        let name = entry.file_name().to_string_lossy().into_owned();
        let digits = name.len().checked_sub(5).and_then(|start| name.split_at_checked(start));
        match digits {
            Some((kind, digits))
                if KINDS.contains(&kind) && digits.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                *counts.entry(format!("{kind}{within}")).or_default() += 1;
                count(&entry.path(), " within", counts)?;
            }
            _ => count(&entry.path(), within, counts)?,
        }
    }
    Ok(())
}
