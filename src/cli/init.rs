//! Shell: `abgleich init`: writes a commented configuration file to start from.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use abgleich::config::{Language, schema_file, starting_file};
use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::cli::place;
use crate::cli::say;
use crate::failure::{Exit, Failure};

#[derive(Args)]
pub(crate) struct Init {
    /// The file to write; one that is there already is left alone
    #[arg(default_value = place::FILE)]
    path: PathBuf,
    /// The language of its comments, and of reports
    #[arg(long, default_value = "de", value_parser = PossibleValuesParser::new(Language::KEYS))]
    language: String,
}

impl Init {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        let path = self.path.display();
        let language = Language::from_key(&self.language).unwrap_or(Language::German);
        write_new(&self.path, starting_file(language)).map_err(|error| {
            if error.kind() == ErrorKind::AlreadyExists {
                return Failure::usage(format!("{path} is there already; nothing was written"))
                    .hint("name another file: `abgleich init PATH`");
            }
            Failure::usage(Unwritable { path: self.path.clone(), error })
        })?;
        // Editors find it by the first line of the file; without it they only help less.
        let _ = write_new(&self.path.with_file_name("abgleich.schema.json"), schema_file());
        say::line!("{path} is written. Go through its lines, then run `abgleich check`.");
        Ok(Exit::Done)
    }
}

/// Writes a file that is not there yet.
fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// The file cannot be written.
#[derive(Debug)]
struct Unwritable {
    path: PathBuf,
    error: std::io::Error,
}

impl std::fmt::Display for Unwritable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} cannot be written", self.path.display())
    }
}

impl std::error::Error for Unwritable {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}
