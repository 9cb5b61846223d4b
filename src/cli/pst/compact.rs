//! Shell: `abgleich pst compact FILE INTO`.

use std::path::PathBuf;

use abgleich::pst::check::check;
use abgleich::pst::ndb::write::{Settings, WriteError, compact};
use clap::Args;

use super::{size, unreadable, unwritable};
use crate::cli::say;
use crate::failure::{Exit, Failure};

#[derive(Args)]
pub(crate) struct Compact {
    /// The file; it is only read
    file: PathBuf,
    /// The copy; one that exists is left alone
    into: PathBuf,
}

impl Compact {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        let settings = Settings { longest: u64::MAX, ..Settings::default() };
        let done = compact(&self.file, &self.into, &settings).map_err(|error| {
            let hint = match &error {
                WriteError::Pst(_) | WriteError::Uncounted { .. } => Some(
                    "a damaged file is not compacted: `abgleich pst check` says what is wrong, and `abgleich pst repair` \
                     mends what takes no guesses",
                ),
                WriteError::Exists { .. } => Some("name a file that does not exist yet"),
                _ => None,
            };
            let about = if let WriteError::Exists { .. } = &error { &self.into } else { &self.file };
            unwritable(about, error).hint_of(hint.map(str::to_owned))
        })?;
        say::line!(
            "{} holds all {} nodes of {}: {} instead of {}",
            self.into.display(),
            done.nodes,
            self.file.display(),
            size(done.after),
            size(done.before)
        );
        // What is copied without a look at its meaning keeps its mistakes.
        let broken = check(&self.into).map_err(|error| unreadable(&self.into, error))?.errors();
        if broken > 0 {
            say::line!(
                "it was compared with the original, but both break rules of the format ({broken} in the copy); \
                 `abgleich pst check {}` says which",
                self.into.display()
            );
            return Ok(Exit::MailboxFailed);
        }
        say::line!(
            "it was compared with the original and checked; open it in Outlook, then put it in the original's place"
        );
        Ok(Exit::Done)
    }
}
