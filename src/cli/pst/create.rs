//! Shell: `abgleich pst create FILE`.

use std::path::PathBuf;

use abgleich::config::Language;
use abgleich::mailbox::pst::new_store;
use abgleich::pst::messaging::write::create;
use abgleich::pst::ndb::write::Settings;
use clap::Args;

use super::{Share, place, unwritable};
use crate::cli::report::one_of;
use crate::cli::say;
use crate::failure::{Exit, Failure};

#[derive(Args)]
pub(crate) struct Create {
    /// The file; one that exists is left alone
    file: PathBuf,
    /// The name that Outlook shows [default: the file's name]
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    share: Share,
}

impl Create {
    /// Makes the file; `folders` is the language of its folders' names.
    pub(super) fn run(&self, language: Language, folders: Language) -> Result<Exit, Failure> {
        let stem = self.file.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let name = self.name.clone().or(stem).unwrap_or_default();
        let store = new_store(&name, folders == Language::German);
        let settings = Settings { shares: self.share.on_share, ..Settings::default() };
        place::warn(language, &self.file, &settings)?;
        let (file, _) =
            create(&self.file, &store, &settings).map_err(|error| unwritable(&self.file, error))?;
        file.close().map_err(|error| unwritable(&self.file, error))?;
        let done = one_of(
            language,
            "ist jetzt eine leere Outlook-Datendatei",
            "is an empty Outlook data file now",
        );
        say::line!("{} {done}", self.file.display());
        Ok(Exit::Done)
    }
}
