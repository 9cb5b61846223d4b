//! Shell: `abgleich pst`: looks at Outlook data files, and makes them. These commands need no configuration.

mod check;
mod compact;
mod create;
mod document;
mod export;
mod guess;
mod info;
mod list;
mod place;
mod repair;
mod show;

use std::io;
use std::path::Path;

use abgleich::config::Language;
use abgleich::mailbox::pst::advice::{CLOSE, DECRYPT, DISK, ROOM_FOR_NEW, UNPROTECT};
use abgleich::mailbox::zones::Zone;
use abgleich::pst::PstError;
use abgleich::pst::error::is_full;
use abgleich::pst::messaging::{CodePage, Store};
use abgleich::pst::ndb::Ndb;
use abgleich::pst::ndb::write::WriteError;
use abgleich::reason::Advice;
use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};

use crate::cli::report::one_of;
use crate::cli::{Global, language};
use crate::failure::{Exit, Failure};

pub(in crate::cli) use list::item_id;
pub(in crate::cli) use place::place_of_file;

#[derive(Args)]
pub(crate) struct Pst {
    /// The language of what is printed, and of the folders of a new file [default: the configuration's, else the system's; new
    /// folders are German]
    #[arg(long, global = true, value_name = "LANGUAGE", value_parser = PossibleValuesParser::new(Language::KEYS))]
    language: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show what kind of file it is, what is in it, and how full it is
    Info(info::Info),
    /// List the folders, or the items of a folder
    Ls(list::List),
    /// Show an item: what abgleich reads of it, or every property
    Show(show::Show),
    /// Make a new, empty file that Outlook opens
    Create(create::Create),
    /// Write the contacts, appointments and tasks in forms that other programs read
    Export(export::Export),
    /// Check every rule of the format, from the pages up to the items; three findings of each rule are shown, with -v all
    Check(check::Check),
    /// Copy a file without its holes
    Compact(compact::Compact),
    /// Copy a file and put the copy's account of what is free in order, and a header that a crash tore
    Repair(repair::Repair),
}

impl Pst {
    /// Returns the language that is asked for.
    pub(super) fn language(&self) -> Option<Language> {
        self.language.as_deref().and_then(Language::from_key)
    }

    pub(super) fn run(&self, global: &Global) -> Result<Exit, Failure> {
        let asked = self.language();
        let language = language::spoken(asked, global);
        match &self.command {
            Command::Info(info) => info.run(language),
            Command::Ls(list) => list.run(language),
            Command::Show(show) => show.run(language),
            Command::Create(create) => {
                let folders = language::named(asked, global).unwrap_or(Language::German);
                create.run(language, folders)
            }
            Command::Export(export) => export.run(language),
            Command::Check(check) => check.run(language, global.verbose > 0),
            Command::Compact(compact) => compact.run(language),
            Command::Repair(repair) => repair.run(language),
        }
    }
}

/// Whether what is made may be on a network share.
#[derive(Args)]
struct Share {
    /// Write to a network share all the same, where a broken connection can leave the file damaged
    #[arg(long)]
    on_share: bool,
}

/// How texts are read that are not in Unicode.
#[derive(Args)]
struct Texts {
    /// The code page of texts that are not in Unicode where the file does not say it, such as 1251 [default: 1252, Western]
    #[arg(long, value_name = "NUMBER", value_parser = code_page)]
    code_page: Option<CodePage>,
}

impl Texts {
    fn page(&self) -> CodePage {
        self.code_page.unwrap_or(CodePage::WESTERN)
    }

    /// Opens a file for reading.
    fn open(&self, path: &Path) -> Result<Store<Ndb>, Failure> {
        let store = Store::open(path).map_err(|error| unreadable(path, error))?;
        Ok(store.with_code_page(self.page()))
    }
}

/// Finds a zone by its name.
fn zone(name: &str) -> Result<Zone, Failure> {
    Zone::iana(name).ok_or_else(|| {
        Failure::usage(format!("the zone {name} is not known")).hint(Advice::new(
            "eine aus der IANA-Datenbank nennen, etwa Europe/Berlin",
            "name one of the IANA database, such as Europe/Berlin",
        ))
    })
}

/// Reads the number of a code page that is known.
fn code_page(text: &str) -> Result<CodePage, String> {
    let page = text.parse().ok().map(CodePage).filter(|page| page.is_known());
    page.ok_or_else(|| {
        "it is no code page that is known here, such as 1250, 1251, 932 or 65001 (UTF-8)".to_owned()
    })
}

/// Says that a file cannot be read.
fn unreadable(path: &Path, error: PstError) -> Failure {
    let hint = match &error {
        PstError::Io { .. } => DISK,
        PstError::Unopened { .. } => Advice::new(
            "stimmt der Pfad, und darf dieses Konto die Datei lesen?",
            "is the path right, and may this account read the file?",
        ),
        PstError::InUse => CLOSE,
        PstError::Written => Advice::new(
            "noch einmal ausführen, wenn jenes Programm, etwa ein Lauf von abgleich, fertig ist",
            "run it again once that program, such as a run of abgleich, is done",
        ),
        PstError::Enlightened => DECRYPT,
        PstError::Damaged { structure: "HEADER", .. } if error.is_mendable() => Advice::new(
            "`abgleich pst repair DATEI KOPIE` bringt einen Kopf in Ordnung, den ein Absturz zerrissen hat",
            "`abgleich pst repair FILE INTO` mends a header that a crash tore",
        ),
        _ => Advice::new(
            "soll es eine Outlook-Datendatei sein, sie aus einer Sicherung nehmen",
            "if it is meant to be an Outlook data file, take it from a backup",
        ),
    };
    let is_missing = matches!(&error, PstError::Unopened { source } if is_missing(source));
    let kind = if is_missing { Exit::Usage } else { Exit::MailboxFailed };
    Failure::new(kind, Of { path: path.display().to_string(), source: error }).hint(hint)
}

/// A path that leads nowhere is the caller's to put right.
fn is_missing(source: &io::Error) -> bool {
    matches!(source.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Says that a file cannot be written.
fn unwritable(path: &Path, error: WriteError) -> Failure {
    let error = match error {
        WriteError::Pst(error @ (PstError::InUse | PstError::Written)) => {
            return unreadable(path, error);
        }
        error => error,
    };
    let hint = match &error {
        WriteError::InUse { .. } => Some(CLOSE),
        WriteError::WriteProtected { .. } => Some(UNPROTECT),
        WriteError::NetworkShare { .. } => Some(Advice::new(
            "`--on-share` schreibt sie trotzdem dorthin",
            "`--on-share` writes it there all the same",
        )),
        WriteError::DiskFull { .. } => Some(ROOM_FOR_NEW),
        WriteError::Pst(error) if error.is_full() => Some(ROOM_FOR_NEW),
        WriteError::Pst(PstError::Io { .. }) => Some(DISK),
        WriteError::Beside { source, .. } if is_full(source) => Some(ROOM_FOR_NEW),
        WriteError::Exists { .. } => Some(NEW_NAME),
        WriteError::Beside { .. } => Some(Advice::new(
            "stimmt der Pfad, und darf dieses Konto dort lesen und schreiben?",
            "is the path right, and may this account read and write there?",
        )),
        WriteError::Pst(PstError::Enlightened) => Some(DECRYPT),
        WriteError::Pst(PstError::NotPst { .. }) => {
            Some(Advice::new("eine Outlook-Datendatei nennen", "name an Outlook data file"))
        }
        _ => None,
    };
    let is_usage = match &error {
        WriteError::Exists { .. } | WriteError::Pst(PstError::NotPst { .. }) => true,
        WriteError::Beside { source, .. } => is_missing(source),
        _ => false,
    };
    let kind = if is_usage { Exit::Usage } else { Exit::MailboxFailed };
    Failure::new(kind, Of { path: path.display().to_string(), source: error }).hint_of(hint)
}

/// Returns which file an error of copying is about: the one that it names, the one that is copied, or the copy.
fn about<'a>(error: &'a WriteError, from: &'a Path, into: &'a Path) -> &'a Path {
    match error {
        WriteError::InUse { path }
        | WriteError::WriteProtected { path }
        | WriteError::NetworkShare { path }
        | WriteError::Exists { path }
        | WriteError::InTheWay { path }
        | WriteError::Beside { path, .. } => path,
        WriteError::Pst(error) if error.is_of_writing() => into,
        WriteError::Pst(_)
        | WriteError::Uncounted { .. }
        | WriteError::ReadOnlyKind { .. }
        | WriteError::Inconsistent { .. }
        | WriteError::RescueDiffers { .. }
        | WriteError::Protected => from,
        _ => into,
    }
}

const NEW_NAME: Advice =
    Advice::new("eine Datei nennen, die es noch nicht gibt", "name a file that does not exist yet");

/// Says whether the original is damaged, so that copying it cannot do.
fn is_damaged(error: &WriteError) -> bool {
    match error {
        WriteError::Pst(PstError::NotPst { .. } | PstError::Enlightened) => false,
        WriteError::Pst(error) => !error.is_of_system(),
        error => matches!(error, WriteError::Uncounted { .. } | WriteError::Inconsistent { .. }),
    }
}

/// An error of a file, with its path in front.
#[derive(Debug)]
struct Of<E> {
    path: String,
    source: E,
}

impl<E: std::error::Error> std::fmt::Display for Of<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.path, self.source)
    }
}

impl<E: std::error::Error + 'static> std::error::Error for Of<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.source()
    }
}

/// Writes a size as people read it.
fn size(language: Language, bytes: u64) -> String {
    const UNITS: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    for (unit, one) in UNITS {
        if bytes >= one {
            let tenths = (bytes.saturating_mul(10) + one / 2) / one;
            let point = one_of(language, ",", ".");
            return format!("{}{point}{} {unit}", tenths / 10, tenths % 10);
        }
    }
    format!("{bytes} {}", one_of(language, "Bytes", "bytes"))
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::Path;

    use abgleich::config::Language;
    use abgleich::pst::PstError;
    use abgleich::pst::ndb::write::WriteError;

    use super::{about, is_damaged, size};

    /// The copy's disk may be full or fail; the original is accused of what was read in it.
    #[test]
    fn the_original_is_blamed_for_what_it_holds_and_not_for_the_copys_disk() {
        let (from, into) = (Path::new("old.pst"), Path::new("new.pst"));
        let io = |action| {
            WriteError::Pst(PstError::io(action, 0, io::Error::from(io::ErrorKind::StorageFull)))
        };
        let damaged = || {
            let (structure, field, rule) = ("BTPAGE", "cEnt", "is more than the page holds");
            WriteError::Pst(PstError::Damaged { structure, field, value: 21, rule, at: 0x4600 })
        };
        for (error, blamed, damaged) in [
            (io("read"), from, false),
            (io("write"), into, false),
            (io("make writes durable"), into, false),
            (io("change the file's length"), into, false),
            (io("open the copy"), into, false),
            (WriteError::Pst(PstError::NotPst { found: vec![1] }), from, false),
            (damaged(), from, true),
            (WriteError::TooLong { limit: 1 }, into, false),
        ] {
            assert_eq!(
                (about(&error, from, into), is_damaged(&error)),
                (blamed, damaged),
                "{error:?}"
            );
        }
    }

    #[test]
    fn sizes_are_rounded_to_a_tenth() {
        let english = |bytes| size(Language::English, bytes);
        assert_eq!(english(1023), "1023 bytes");
        assert_eq!(english(1024), "1.0 KiB");
        assert_eq!(english(271_360), "265.0 KiB");
        assert_eq!(english(1_500_000_000), "1.4 GiB");
        assert_eq!(size(Language::German, 1_500_000_000), "1,4 GiB");
    }
}
