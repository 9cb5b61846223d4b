//! Shell: `abgleich pst repair FILE INTO`.

use std::path::PathBuf;

use abgleich::config::Language;
use abgleich::pst::check::{Remedy, check};
use abgleich::pst::ndb::write::{Repaired, Settings, repair};
use abgleich::reason::Advice;
use clap::Args;

use super::check::{SHOWN, text};
use super::{Share, about, is_damaged, place, unreadable, unwritable};
use crate::cli::report::one_of;
use crate::cli::say;
use crate::failure::{Exit, Failure};

#[derive(Args)]
pub(crate) struct Repair {
    /// The file; it is only read
    file: PathBuf,
    /// The copy; one that exists is left alone
    into: PathBuf,
    #[command(flatten)]
    share: Share,
}

impl Repair {
    pub(super) fn run(&self, language: Language) -> Result<Exit, Failure> {
        let settings = Settings { longest: u64::MAX, protected: true, shares: self.share.on_share };
        place::warn(language, &self.into, &settings)?;
        let done = repair(&self.file, &self.into, &settings).map_err(|error| {
            let path = about(&error, &self.file, &self.into).to_owned();
            let hint = is_damaged(&error).then_some(Advice::new(
                "was in den Bäumen der Datei beschädigt ist, wird nicht ausgebessert, denn das hieße raten: die Datei aus einer \
                 Sicherung nehmen, oder Outlooks eigene Reparatur (SCANPST) an einer Kopie arbeiten lassen",
                "what is damaged in the file's trees is not mended, which would take guesses: take the file from a backup, \
                 or let Outlook's own repair (SCANPST) work on a copy",
            ));
            unwritable(&path, error).hint_of(hint)
        })?;
        let (from, into) = (self.file.display(), self.into.display());
        let mended = mended(language, done);
        say::line!(
            "{}",
            match language {
                Language::German if mended.is_empty() => format!(
                    "{into} ist eine Kopie von {from}, in der nichts in Ordnung zu bringen war"
                ),
                Language::German =>
                    format!("{into} ist eine Kopie von {from}; in Ordnung gebracht: {mended}"),
                Language::English if mended.is_empty() =>
                    format!("{into} is a copy of {from}, in which nothing had to be mended"),
                Language::English => format!("{into} is a copy of {from}; mended: {mended}"),
            }
        );
        // What is damaged deeper came along, and a file that was cut off lacks what stood behind the cut.
        let report = check(&self.into).map_err(|error| unreadable(&self.into, error))?;
        if matches!(report.remedy(), Some(Remedy::Repair | Remedy::Replace)) {
            say::text!("{}", text(language, &report, SHOWN, false));
            return Ok(Exit::MailboxFailed);
        }
        say::line!(
            "{}",
            match language {
                Language::German => format!(
                    "angesehen wurde alles, was darin ist, und nichts fehlt. Weiter: sie an die Stelle von {from} setzen"
                ),
                Language::English => format!(
                    "all that is in it was looked at, and nothing is missing; next: put it in the place of {from}"
                ),
            }
        );
        Ok(Exit::Done)
    }
}

fn mended(language: Language, done: Repaired) -> String {
    let of = |de, en| one_of(language, de, en);
    let mut mended = Vec::new();
    if done.header {
        mended.push(of("der zerrissene Kopf", "the header, which was torn").to_owned());
    }
    if done.encoding {
        mended.push(
            of("das Wort dafür, wie sie kodiert ist", "its word on how it is encoded").to_owned(),
        );
    }
    if done.length {
        mended.push(of("die Länge der Datei", "the file's length").to_owned());
    }
    if done.counters {
        mended.push(of("die Zähler der Kennungen", "the counters of ids").to_owned());
    }
    match done.maps {
        0 => {}
        1 => mended.push(of("eine Karte des freien Platzes", "one map of what is free").to_owned()),
        maps => {
            mended.push(format!(
                "{maps} {}",
                of("Karten des freien Platzes", "maps of what is free")
            ));
        }
    }
    mended.join(", ")
}
