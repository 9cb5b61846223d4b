//! Shell: `abgleich pst`: looks at Outlook data files, and makes them. These commands need no configuration.

mod check;
mod compact;
mod create;
mod export;
mod info;
mod list;
mod repair;
mod show;

use std::path::Path;

use abgleich::pst::PstError;
use abgleich::pst::messaging::Store;
use abgleich::pst::ndb::Ndb;
use abgleich::pst::ndb::write::WriteError;
use clap::Subcommand;

use crate::failure::{Exit, Failure};

#[derive(Subcommand)]
pub(crate) enum Pst {
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
    /// Check every rule of the format, from the pages up to the items
    Check(check::Check),
    /// Copy a file without its holes
    Compact(compact::Compact),
    /// Copy a file and put the copy's account of what is free in order, and a header that a crash tore
    Repair(repair::Repair),
}

impl Pst {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        match self {
            Self::Info(info) => info.run(),
            Self::Ls(list) => list.run(),
            Self::Show(show) => show.run(),
            Self::Create(create) => create.run(),
            Self::Export(export) => export.run(),
            Self::Check(check) => check.run(),
            Self::Compact(compact) => compact.run(),
            Self::Repair(repair) => repair.run(),
        }
    }
}

/// Opens a file for reading.
fn open(path: &Path) -> Result<Store<Ndb>, Failure> {
    Store::open(path).map_err(|error| unreadable(path, error))
}

/// Says that a file cannot be read.
fn unreadable(path: &Path, error: PstError) -> Failure {
    let hint = match &error {
        PstError::Io { .. } => "is the path right, and may this account read the file?",
        _ => "if it is meant to be an Outlook data file, take it from a backup",
    };
    Failure::new(Exit::MailboxFailed, Of { path: path.display().to_string(), source: error })
        .hint(hint)
}

/// Says that a file cannot be written.
fn unwritable(path: &Path, error: WriteError) -> Failure {
    Failure::new(Exit::MailboxFailed, Of { path: path.display().to_string(), source: error })
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
fn size(bytes: u64) -> String {
    const UNITS: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    for (unit, one) in UNITS {
        if bytes >= one {
            let tenths = (bytes.saturating_mul(10) + one / 2) / one;
            return format!("{}.{} {unit}", tenths / 10, tenths % 10);
        }
    }
    format!("{bytes} bytes")
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_rounded_to_a_tenth() {
        assert_eq!(size(1023), "1023 bytes");
        assert_eq!(size(1024), "1.0 KiB");
        assert_eq!(size(271_360), "265.0 KiB");
        assert_eq!(size(1_500_000_000), "1.4 GiB");
    }
}
