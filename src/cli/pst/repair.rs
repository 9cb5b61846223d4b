//! Shell: `abgleich pst repair FILE INTO`.

use std::path::PathBuf;

use abgleich::pst::ndb::write::{Settings, WriteError, repair};
use clap::Args;

use super::unwritable;
use crate::cli::say;
use crate::failure::{Exit, Failure};

#[derive(Args)]
pub(crate) struct Repair {
    /// The file; it is only read
    file: PathBuf,
    /// The copy; one that exists is left alone
    into: PathBuf,
}

impl Repair {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        let settings = Settings { longest: u64::MAX, protected: true, ..Settings::default() };
        let done = repair(&self.file, &self.into, &settings).map_err(|error| {
            let hint = match &error {
                WriteError::Pst(_) | WriteError::Inconsistent { .. } => Some(
                    "what is damaged in the file's trees is not mended, which would take guesses: take the file from a backup, \
                     or let Outlook's own repair (SCANPST) work on a copy",
                ),
                WriteError::Exists { .. } => Some("name a file that does not exist yet"),
                _ => None,
            };
            let about = if let WriteError::Exists { .. } = &error { &self.into } else { &self.file };
            unwritable(about, error).hint_of(hint.map(str::to_owned))
        })?;
        let (from, into) = (self.file.display(), self.into.display());
        let mut mended = Vec::new();
        if done.header {
            mended.push("the header, which was torn".to_owned());
        }
        if done.length {
            mended.push("the file's length".to_owned());
        }
        match done.maps {
            0 => {}
            1 => mended.push("one map of what is free".to_owned()),
            maps => mended.push(format!("{maps} maps of what is free")),
        }
        if mended.is_empty() {
            say::line!("{into} is a copy of {from}, in which nothing had to be mended");
        } else {
            say::line!("{into} is a copy of {from}; mended: {}", mended.join(", "));
        }
        say::line!(
            "next: `abgleich pst check {into}` looks at what is in it; if that finds nothing, put it in the place of {from}"
        );
        Ok(Exit::Done)
    }
}
