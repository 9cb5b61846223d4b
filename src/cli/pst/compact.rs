//! Shell: `abgleich pst compact FILE INTO`.

use std::path::PathBuf;

use abgleich::config::Language;
use abgleich::pst::check::{Remedy, check};
use abgleich::pst::ndb::write::{Settings, compact};
use abgleich::reason::Advice;
use clap::Args;

use super::{Share, about, is_damaged, place, size, unreadable, unwritable};
use crate::cli::report::one_of;
use crate::cli::say;
use crate::failure::{Exit, Failure};

#[derive(Args)]
pub(crate) struct Compact {
    /// The file; it is only read
    file: PathBuf,
    /// The copy; one that exists is left alone
    into: PathBuf,
    #[command(flatten)]
    share: Share,
}

impl Compact {
    pub(super) fn run(&self, language: Language) -> Result<Exit, Failure> {
        let settings =
            Settings { longest: u64::MAX, shares: self.share.on_share, ..Settings::default() };
        place::warn(language, &self.into, &settings)?;
        let done = compact(&self.file, &self.into, &settings).map_err(|error| {
            let path = about(&error, &self.file, &self.into).to_owned();
            let hint = is_damaged(&error).then_some(Advice::new(
                "eine beschädigte Datei wird nicht verdichtet: `abgleich pst check` sagt, was falsch ist, und was hilft",
                "a damaged file is not compacted: `abgleich pst check` says what is wrong, and what helps",
            ));
            unwritable(&path, error).hint_of(hint)
        })?;
        let (file, into) = (self.file.display(), self.into.display());
        let (nodes, after) = (done.nodes, size(language, done.after));
        let before = size(language, done.before);
        say::line!(
            "{}",
            match language {
                Language::German =>
                    format!("{into} enthält alle {nodes} Knoten von {file}: {after} statt {before}"),
                Language::English =>
                    format!("{into} holds all {nodes} nodes of {file}: {after} instead of {before}"),
            }
        );
        // What is copied without a look at its meaning keeps its mistakes.
        let report = check(&self.into).map_err(|error| unreadable(&self.into, error))?;
        let broken = report.errors();
        if report.remedy() == Some(Remedy::Leave) {
            say::line!(
                "{}",
                match language {
                    Language::German => format!(
                        "sie wurde mit dem Original verglichen; beide verletzen Regeln des Formats ({broken} Funde in der Kopie), wodurch \
                         nichts fehlt (`abgleich pst check {into}` sagt, welche); in Outlook öffnen, dann an die Stelle des Originals setzen"
                    ),
                    Language::English => format!(
                        "it was compared with the original; both break rules of the format ({broken} findings in the copy), by which \
                         nothing is lost (`abgleich pst check {into}` says which); open it in Outlook, then put it in the original's place"
                    ),
                }
            );
            return Ok(Exit::Done);
        }
        if broken > 0 {
            say::line!(
                "{}",
                match language {
                    Language::German => format!(
                        "sie wurde mit dem Original verglichen, aber beide verletzen Regeln des Formats ({broken} Funde in der \
                         Kopie); `abgleich pst check {into}` sagt, welche"
                    ),
                    Language::English => format!(
                        "it was compared with the original, but both break rules of the format ({broken} findings in the copy); \
                         `abgleich pst check {into}` says which"
                    ),
                }
            );
            return Ok(Exit::MailboxFailed);
        }
        say::line!(
            "{}",
            one_of(
                language,
                "sie wurde mit dem Original verglichen und geprüft; in Outlook öffnen, dann an die Stelle des Originals setzen",
                "it was compared with the original and checked; open it in Outlook, then put it in the original's place"
            )
        );
        Ok(Exit::Done)
    }
}
