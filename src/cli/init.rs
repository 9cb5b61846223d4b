//! Shell: `abgleich init`: writes a commented configuration file to start from.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use abgleich::config::{Language, default_file, schema_file, starting_file};
use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::cli::report::one_of;
use crate::cli::{Global, place, say};
use crate::failure::{Exit, Failure};

#[derive(Args)]
pub(crate) struct Init {
    /// The file to write; one that is there already is left alone [default: that of --config, else abgleich.toml]
    path: Option<PathBuf>,
    /// Print every setting with its default and what it means, and write nothing
    #[arg(long, conflicts_with = "path")]
    defaults: bool,
    /// The language of its comments, and of reports
    #[arg(long, default_value = "de", value_parser = PossibleValuesParser::new(Language::KEYS))]
    language: String,
}

impl Init {
    pub(super) fn run(&self, global: &Global) -> Result<Exit, Failure> {
        if self.defaults {
            say::text!("{}", default_file());
            return Ok(Exit::Done);
        }
        let file = self.path.clone().or_else(|| global.config.clone());
        let file = file.unwrap_or_else(|| PathBuf::from(place::FILE));
        let path = file.display();
        let language = Language::from_key(&self.language).unwrap_or(Language::German);
        write_new(&file, starting_file(language)).map_err(|error| {
            if error.kind() == ErrorKind::AlreadyExists {
                return Failure::usage(format!("{path} is there already; nothing was written"))
                    .hint("name another file: `abgleich init PATH`");
            }
            Failure::usage(Unwritable { path: file.clone(), error })
        })?;
        // Editors find it by the first line of the file; without it they only help less.
        let _ = write_new(&file.with_file_name("abgleich.schema.json"), schema_file());
        say::line!(
            "{}",
            one_of(
                language,
                &format!(
                    "{path} ist geschrieben. Die Zeilen darin durchgehen; `abgleich users --toml` druckt die der Benutzer, `abgleich check` prüft alles."
                ),
                &format!(
                    "{path} is written. Go through its lines; `abgleich users --toml` prints those of the users, `abgleich check` looks at all of it."
                ),
            )
        );
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
