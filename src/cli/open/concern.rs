//! Shell: what a person should know of the way to the mailboxes, though runs work for the present.

use std::path::PathBuf;
use std::sync::PoisonError;

use abgleich::config::Language;
use abgleich::ews::recorder::Recorder;
use abgleich::pst::ndb::write as pst;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::open::Servers;
use crate::cli::pst::place_of_file;
use crate::failure::{Exit, Failure};

/// Something that a person should know.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::cli) enum Concern {
    /// The certificate of a server ends soon.
    CertificateEnds {
        /// The server's name in the configuration.
        server: String,
        /// When.
        end: Timestamp,
    },
    /// What was to be recorded could not be written.
    RecordingBroken(String),
    /// Where Autodiscover found mailboxes could not be written.
    NotRemembered(String),
    /// A file is where it can be written, but not safely.
    Place(PathBuf, pst::Concern),
}

/// Something that a person should know, in a document.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(in crate::cli) struct Told {
    /// Which: `certificate-ends`, `recording-broken`, `not-remembered` or `place-of-file`.
    pub(in crate::cli) kind: &'static str,
    /// What it is, in the configured language.
    pub(in crate::cli) text: String,
    /// What to do next.
    pub(in crate::cli) next: String,
}

impl Concern {
    /// Says it, with the next step.
    pub(in crate::cli) fn said(&self, language: Language) -> (String, String) {
        let (text, next) = match (self, language) {
            (Self::CertificateEnds { server, end }, Language::German) => (
                format!("das Zertifikat des Servers {server} läuft am {} ab", day(*end)),
                "es rechtzeitig erneuern; danach ist keine Verbindung mehr möglich",
            ),
            (Self::CertificateEnds { server, end }, Language::English) => (
                format!("the certificate of the server {server} ends on {}", day(*end)),
                "renew it in time; after that no connection is possible",
            ),
            (Self::RecordingBroken(error), Language::German) => (
                format!("die Aufzeichnung ist nicht vollständig: {error}"),
                "den Platz und die Rechte im Ordner prüfen und in einen neuen Ordner aufzeichnen",
            ),
            (Self::RecordingBroken(error), Language::English) => (
                format!("the recording is not whole: {error}"),
                "look at the room and the rights in its folder, and record into a new one",
            ),
            (Self::NotRemembered(error), Language::German) => (
                format!("wo Postfächer gefunden wurden, kann nicht gemerkt werden: {error}"),
                "den Platz und die Rechte im Ordner des Zustands prüfen; bis dahin sucht jeder Lauf neu",
            ),
            (Self::NotRemembered(error), Language::English) => (
                format!("where mailboxes were found cannot be remembered: {error}"),
                "look at the room and the rights in the folder of the state; until then each run looks for them anew",
            ),
            (Self::Place(path, concern), _) => {
                let (text, next) = place_of_file(language, concern);
                return (format!("{}: {text}", path.display()), next);
            }
        };
        (text, next.to_owned())
    }

    /// Says it in a document.
    pub(in crate::cli) fn told(&self, language: Language) -> Told {
        let kind = match self {
            Self::CertificateEnds { .. } => "certificate-ends",
            Self::RecordingBroken(_) => "recording-broken",
            Self::NotRemembered(_) => "not-remembered",
            Self::Place(..) => "place-of-file",
        };
        let (text, next) = self.said(language);
        Told { kind, text, next }
    }

    /// Returns how a run ends because of it: somebody waits for a recording, and the rest is a finding.
    pub(in crate::cli) const fn exit(&self, strict: bool) -> Exit {
        match self {
            Self::RecordingBroken(_) => Exit::Down,
            Self::CertificateEnds { .. } | Self::NotRemembered(_) | Self::Place(..) if strict => {
                Exit::Findings
            }
            Self::CertificateEnds { .. } | Self::NotRemembered(_) | Self::Place(..) => Exit::Done,
        }
    }
}

fn day(moment: Timestamp) -> String {
    moment.to_zoned(TimeZone::UTC).date().to_string()
}

impl Servers {
    /// Returns what a person should know by now, each thing once.
    pub(in crate::cli) fn concerns(&self) -> Vec<Concern> {
        let prepared = self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        let ending = prepared.values().filter_map(|server| {
            let end = server.access.passage.expiry.ending()?.not_after?;
            Some(Concern::CertificateEnds { server: server.name.clone(), end })
        });
        let broken = self.recorder.as_ref().and_then(Recorder::failure);
        let forgotten = self.forgotten.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let mut concerns: Vec<Concern> = ending
            .chain(broken.map(Concern::RecordingBroken))
            .chain(forgotten.map(Concern::NotRemembered))
            .chain(places.iter().map(|(path, place)| Concern::Place(path.clone(), place.clone())))
            .collect();
        concerns.sort();
        concerns
    }

    /// Says that a recording is whole, if one was asked for, to a command that has no report.
    pub(in crate::cli) fn recorded_whole(&self, language: Language) -> Result<(), Failure> {
        let broken = self.recorder.as_ref().and_then(Recorder::failure);
        let Some(concern) = broken.map(Concern::RecordingBroken) else { return Ok(()) };
        let (text, next) = concern.said(language);
        Err(Failure::new(concern.exit(false), text).hint(next))
    }
}
