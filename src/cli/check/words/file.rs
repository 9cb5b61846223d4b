//! Shell: what `check` has to say of an Outlook data file, in both languages.

use std::path::Path;

use abgleich::config::Language;
use abgleich::pst::check::Remedy;

use super::{Said, Words};

impl Words {
    pub(in crate::cli::check) fn to_be_made(self) -> String {
        self.pick(
            "die Datei gibt es noch nicht; der erste Lauf, der schreiben darf, legt sie an",
            "there is no such file yet; the first run that may write makes it",
        )
    }

    pub(in crate::cli::check) fn nothing_to_probe(self) -> Said {
        let text = self.pick(
            "keine Schreibprobe: die Datei gibt es noch nicht, und eine Prüfung legt keine an",
            "no write probe: there is no such file yet, and a check makes none",
        );
        (text, Some(self.pick("nach dem ersten Lauf wiederholen", "repeat it after the first run")))
    }

    pub(in crate::cli::check) fn broken_file(
        self,
        path: &Path,
        rules: u64,
        remedy: Remedy,
    ) -> Said {
        let text = match self.language {
            Language::German => format!("die Datei verletzt Regeln des Formats ({rules} Funde)"),
            Language::English => format!("the file breaks rules of the format ({rules} findings)"),
        };
        let path = path.display();
        if remedy == Remedy::Leave {
            let fine = self.pick(
                "nichts von dem, was darin ist, fehlt deswegen: sie lässt sich lesen und schreiben, wie sie ist",
                "nothing that is in it is lost by this: it can be read and written as it is",
            );
            let next = match self.language {
                Language::German => format!("`abgleich pst check {path}` sagt, welche"),
                Language::English => format!("`abgleich pst check {path}` says which"),
            };
            return (format!("{text}; {fine}"), Some(next));
        }
        let next = match self.language {
            Language::German => format!(
                "`abgleich pst check {path}` sagt, welche; vor dem ersten Lauf klären, denn ein falscher Zähler kann Daten kosten"
            ),
            Language::English => format!(
                "`abgleich pst check {path}` says which; settle it before the first run, since a wrong count can cost data"
            ),
        };
        (text, Some(next))
    }
}
