//! Shell: what a program that stays says: one line for what happened, none for what did not. With `--json` each line is a JSON
//! object; its schema is `docs/watch.schema.json`, which a test compares with these types.

use std::fmt::Write as _;

use abgleich::config::Language;
use abgleich::engine::report::{Counts, Outcome};
use jiff::{Timestamp, Zoned};
use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::report::{
    Manner, Note, Ran, Stop, instant, note, one_of, outcome_key, sentence, stop,
};
use crate::cli::say;

/// Something that happened.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "Line of abgleich sync --watch --json")]
pub(super) struct Line {
    /// When (RFC 3339).
    at: String,
    /// What.
    #[serde(flatten)]
    pub(super) what: What,
}

/// What happened.
#[derive(Serialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum What {
    /// The program began to watch.
    Started {
        /// Which document the lines are: `abgleich-watch/1`.
        schema: &'static str,
        /// How many mailboxes it watches.
        mailboxes: usize,
        /// Whether Exchange is asked to tell what happens.
        notifications: bool,
    },
    /// A run changed something, or found something that nobody had found before.
    Run {
        /// The staffITpro user.
        user: String,
        /// The address of the mailbox.
        address: String,
        /// How it ended, as in the report of a run.
        outcome: &'static str,
        /// The counts of all scopes together.
        totals: Counts,
        /// Findings that this run made first.
        findings: Vec<Note>,
    },
    /// A mailbox failed or waits for a word. Said again only when the reason is another one.
    Stopped {
        /// The staffITpro user.
        user: String,
        /// The address of the mailbox.
        address: String,
        /// How the run ended: `waits`, `failed` or `busy`.
        outcome: &'static str,
        /// Why, with the next step.
        reasons: Vec<Stop>,
        /// In how many seconds it is tried again; null where it goes on by the schedule.
        again_in_seconds: Option<u64>,
    },
    /// A mailbox that had failed or waited goes on.
    GoesOn {
        /// The staffITpro user.
        user: String,
        /// The address of the mailbox.
        address: String,
    },
    /// A server or a source is down, or the state cannot be used; its mailboxes rest. Said once.
    Down {
        /// `server`, `source` or `state`.
        part: &'static str,
        /// Its name in the configuration; the folder of the state.
        name: String,
        /// What happened.
        text: String,
        /// In how many seconds it is tried again.
        again_in_seconds: u64,
    },
    /// A server refuses the login. It is not tried again before its secret is another one. Said once.
    Refused {
        /// The server's name in the configuration.
        name: String,
        /// What the server said.
        text: String,
        /// Where the secret is kept that is looked at; null where it cannot change while the program runs, so that only a restart
        /// tries again.
        kept_in: Option<String>,
    },
    /// The secret of a login that was refused is another one by now: it is tried, once.
    Mended {
        /// The server's name in the configuration.
        name: String,
    },
    /// A server or a source that was down answers, or the state can be used again.
    Up {
        /// `server`, `source` or `state`.
        part: &'static str,
        /// Its name in the configuration; the folder of the state.
        name: String,
    },
    /// Exchange tells nothing of a mailbox, though it was asked to: edits in Outlook are found by looking.
    Deaf {
        /// The staffITpro user.
        user: String,
        /// The address of the mailbox.
        address: String,
    },
    /// Something that a person should know, such as a certificate that ends soon. Said once.
    Remark {
        /// Which: `certificate-ends`, `recording-broken`, `not-remembered` or `place-of-file`.
        kind: &'static str,
        /// What it is.
        text: String,
        /// What to do next.
        next: String,
    },
    /// The program ended.
    Ended {
        /// How many runs there were.
        runs: u64,
        /// The exit code.
        exit: u8,
    },
}

/// How it is said.
#[derive(Clone, Copy)]
pub(super) struct Voice {
    pub(super) json: bool,
    pub(super) manner: Manner,
}

impl Voice {
    /// Says what happened.
    pub(super) fn say(self, what: What) {
        let at = Timestamp::now();
        if self.json {
            let line = Line { at: instant(at), what };
            match serde_json::to_string(&line) {
                Ok(line) => say::line!("{line}"),
                Err(error) => say::aside(format_args!("a line cannot be written: {error}")),
            }
        } else {
            let now = Zoned::now().strftime("%Y-%m-%d %H:%M:%S");
            say::line!("{now} {}", text(&what, self.manner));
        }
    }

    /// Tells of a run that ended, if there is something to tell.
    pub(super) fn run(self, ran: &Ran) {
        let totals = ran.report.totals();
        let new = || ran.report.findings.iter().filter(|finding| finding.new);
        if totals.writes() + totals.linked + totals.moved == 0 && new().next().is_none() {
            return;
        }
        self.say(What::Run {
            user: ran.report.user.to_string(),
            address: ran.report.address.clone(),
            outcome: outcome_key(ran.report.outcome),
            totals,
            findings: new().map(|finding| note(ran, finding, self.manner)).collect(),
        });
    }

    /// Tells that a mailbox stopped.
    pub(super) fn stopped(self, ran: &Ran, again_in_seconds: Option<u64>) {
        let reasons = ran.report.stopped.iter().map(|stopped| stop(ran, stopped, self.manner));
        self.say(What::Stopped {
            user: ran.report.user.to_string(),
            address: ran.report.address.clone(),
            outcome: outcome_key(ran.report.outcome),
            reasons: reasons.collect(),
            again_in_seconds,
        });
    }
}

/// Returns what makes one stop another than the last; `None` where the run went well. Numbers count: a brake that holds for
/// more than before is news.
pub(super) fn reason(ran: &Ran) -> Option<String> {
    match ran.report.outcome {
        Outcome::Done | Outcome::Interrupted => None,
        outcome => {
            let mut reason = outcome_key(outcome).to_owned();
            for stopped in &ran.report.stopped {
                let number = stopped.number.unwrap_or_default();
                // A `String` takes everything that is written to it. The words have an id in them that is never the same.
                let _ = write!(reason, "|{}|{number}", stopped.code.code());
            }
            Some(reason)
        }
    }
}

fn text(what: &What, manner: Manner) -> String {
    let language = manner.language;
    let of = |de, en| one_of(language, de, en);
    match what {
        What::Started { mailboxes, notifications, .. } => {
            let told = if *notifications {
                of("mit Meldungen", "with notifications")
            } else {
                of("nach Plan", "by schedule")
            };
            let what = match mailboxes {
                1 => of("Postfach", "mailbox"),
                _ => of("Postfächer", "mailboxes"),
            };
            format!("{} {mailboxes} {what} ({told})", of("beobachtet", "watching"))
        }
        What::Run { user, totals, findings, .. } => {
            let mut line = format!("{user}: {}", sentence(totals, manner));
            for finding in findings {
                let _ = write!(line, " · {}", finding.shown());
            }
            line
        }
        What::Stopped { user, reasons, again_in_seconds, .. } => {
            let shown: Vec<_> = reasons.iter().map(Stop::shown).collect();
            let again = again_in_seconds.map(|seconds| format!(" ({})", again(language, seconds)));
            format!("{user}: {}{}", shown.join(" · "), again.unwrap_or_default())
        }
        What::GoesOn { user, .. } => format!("{user}: {}", of("geht weiter", "goes on")),
        What::Down { part, name, text, again_in_seconds } => {
            let part = part_name(language, part);
            format!("{part} {name}: {text} ({})", again(language, *again_in_seconds))
        }
        What::Refused { name, text, kept_in } => {
            let next = match kept_in {
                Some(place) => format!(
                    "{} ({place})",
                    of(
                        "nichts wird mehr versucht, bis das Geheimnis ein anderes ist",
                        "nothing more is tried before the secret is another one"
                    )
                ),
                None => of(
                    "nichts wird mehr versucht; nach dem Beheben neu starten",
                    "nothing more is tried; restart it when that is mended",
                )
                .to_owned(),
            };
            format!("{} {name}: {text}; {next}", part_name(language, "server"))
        }
        What::Mended { name } => format!(
            "{} {name}: {}",
            part_name(language, "server"),
            of(
                "das Geheimnis ist ein anderes; es wird einmal versucht",
                "the secret is another one; it is tried once"
            )
        ),
        What::Up { part, name } => {
            let again = match *part {
                "state" => of("ist wieder benutzbar", "can be used again"),
                _ => of("antwortet wieder", "answers again"),
            };
            format!("{} {name}: {again}", part_name(language, part))
        }
        What::Deaf { user, .. } => format!(
            "{user}: {}",
            of(
                "Exchange meldet nichts aus diesem Postfach; es wird nach Plan nachgesehen",
                "Exchange tells nothing of this mailbox; it is looked at by schedule"
            )
        ),
        What::Remark { text, next, .. } => format!("{text}; {next}"),
        What::Ended { runs, .. } => {
            let what = match runs {
                1 => of("Lauf", "run"),
                _ => of("Läufen", "runs"),
            };
            format!("{} {runs} {what}", of("beendet nach", "ended after"))
        }
    }
}

fn part_name(language: Language, part: &str) -> &'static str {
    match part {
        "server" => one_of(language, "Server", "server"),
        "state" => one_of(language, "Zustandsdatei", "state"),
        _ => one_of(language, "Quelle", "source"),
    }
}

fn again(language: Language, seconds: u64) -> String {
    let (number, unit) = match seconds {
        0..120 => (seconds, "s"),
        _ => (seconds.div_ceil(60), "min"),
    };
    format!("{} {number} {unit}", one_of(language, "nächster Versuch in", "next attempt in"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::json;

    #[test]
    fn the_committed_schema_is_the_generated_one() {
        let schema = schemars::schema_for!(Line).to_value();
        json::assert_committed("watch.schema.json", &schema);
    }

    #[test]
    fn lines_are_short_and_say_what_is_next() {
        let manner = Manner { language: Language::English, values: false, all: false };
        let down = What::Down {
            part: "server",
            name: "exchange".to_owned(),
            text: "nobody answers".to_owned(),
            again_in_seconds: 61,
        };
        assert_eq!(text(&down, manner), "server exchange: nobody answers (next attempt in 61 s)");
        let up = What::Up { part: "source", name: "staffitpro".to_owned() };
        let german = Manner { language: Language::German, ..manner };
        assert_eq!(text(&up, german), "Quelle staffitpro: antwortet wieder");
        assert_eq!(again(Language::English, 121), "next attempt in 3 min");
    }
}
