//! Shell: `abgleich pst create FILE`.

use std::path::PathBuf;

use abgleich::pst::messaging::write::{NewStore, create};
use abgleich::pst::ndb::write::Settings;
use clap::{Args, ValueEnum};

use super::unwritable;
use crate::cli::say;
use crate::failure::{Exit, Failure};

#[derive(Args)]
pub(crate) struct Create {
    /// The file; one that exists is left alone
    file: PathBuf,
    /// The language of the folders' names
    #[arg(long, value_enum, default_value = "de")]
    language: Names,
    /// The name that Outlook shows [default: the file's name]
    #[arg(long)]
    name: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Names {
    /// Kontakte, Kalender, Aufgaben
    De,
    /// Contacts, Calendar, Tasks
    En,
}

impl Create {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        let stem = self.file.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let name = self.name.clone().or(stem).unwrap_or_default();
        let store = match self.language {
            Names::De => NewStore::german(&name),
            Names::En => NewStore::english(&name),
        };
        let (file, _) = create(&self.file, &store, &Settings::default())
            .map_err(|error| unwritable(&self.file, error))?;
        file.close().map_err(|error| unwritable(&self.file, error))?;
        say::line!("{} is an empty Outlook data file now", self.file.display());
        Ok(Exit::Done)
    }
}
