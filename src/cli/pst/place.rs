//! Shell: what speaks against the place of a file.

use std::path::Path;

use abgleich::config::Language;
use abgleich::pst::ndb::write::{Concern, Settings, Writer};

use super::unwritable;
use crate::cli::report::one_of;
use crate::cli::say;
use crate::failure::Failure;

/// Returns what speaks against the place of a file, and what to do.
pub(in crate::cli) fn place_of_file(language: Language, concern: &Concern) -> (String, String) {
    let of = |de, en| one_of(language, de, en);
    match concern {
        Concern::NetworkShare => (
            of(
                "die Datei liegt auf einer Netzwerkfreigabe, wo weder auf Sperren noch auf die Reihenfolge des Schreibens Verlass ist",
                "the file is on a network share, where locks and the order of writes cannot be relied on",
            )
            .to_owned(),
            of("sie auf eine lokale Platte legen", "move it to a local disk").to_owned(),
        ),
        Concern::CloudFolder { by } => {
            let (first, then) = (
                of(
                    "die Datei liegt in einem Ordner, den ein Cloud-Programm abgleicht",
                    "the file is in a folder that is kept in step with a cloud",
                ),
                of(
                    "es kann sie ersetzen oder halb geschrieben kopieren",
                    "the program that does so can replace it, or copy it half-written",
                ),
            );
            let next = of("sie in einen anderen Ordner legen", "move it to another folder");
            (format!("{first} ({by}): {then}"), next.to_owned())
        }
    }
}

/// Says on standard error what speaks against the place of a file that is to be made, and ends where it would be refused.
pub(super) fn warn(language: Language, path: &Path, settings: &Settings) -> Result<(), Failure> {
    // One that exists already is refused with that reason, wherever it is.
    if path.exists() {
        return Ok(());
    }
    let concerns = Writer::look(path, settings, &|_| Ok(false));
    for concern in concerns.map_err(|error| unwritable(path, error))? {
        let (text, next) = place_of_file(language, &concern);
        say::aside(format_args!("{}: {text}; {next}", path.display()));
    }
    Ok(())
}
