//! Shell: what a run says when it is done: text that fits a screen per mailbox, or one JSON document.

mod alike;
mod document;
mod explained;
mod explanation;
mod findings;
mod lines;
mod mailbox;
mod standing;
mod table;
#[cfg(test)]
mod tests;
mod words;
mod wrap;

use abgleich::config::Language;
use abgleich::engine::report::{Counts, Line, MailboxReport, Outcome};
use abgleich::model::RunId;
use jiff::Timestamp;

use crate::cli::open::Concern;
use crate::failure::Exit;

#[cfg(test)]
use document::schema;
pub(super) use document::{Note, Stop, instant, note, plan_document, report_document, stop};
pub(super) use explanation::explanation_text;
pub(super) use lines::plan_text;
pub(super) use standing::{Standing, standing_text};
pub(super) use table::sentence;
pub(super) use words::outcome_key;
pub(super) use words::{advised, field_names, one_of, say, scope_name, several};
pub(super) use wrap::wrap;

/// A run over some mailboxes.
pub(super) struct Run {
    /// The run.
    pub(super) id: RunId,
    /// When it began.
    pub(super) started: Timestamp,
    /// When it ended.
    pub(super) finished: Timestamp,
    /// What became of each mailbox, in the order of the configuration.
    pub(super) mailboxes: Vec<Ran>,
    /// What a person should know besides.
    pub(super) concerns: Vec<Concern>,
}

/// What became of one mailbox.
pub(super) struct Ran {
    /// The name of the mailbox's source.
    pub(super) tenant: String,
    /// The engine's report.
    pub(super) report: MailboxReport,
    /// What was, or would be, done with each pair; only `plan` keeps it.
    pub(super) lines: Vec<Line>,
    /// The options that a command needs that repeats the run, such as ` --scope applicants.contacts --full`.
    pub(super) options: String,
}

/// How to say it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    /// The language.
    pub(super) language: Language,
    /// Whether values may be shown.
    pub(super) values: bool,
    /// Whether all findings are listed, without the cap that keeps a mailbox on one screen.
    pub(super) all: bool,
}

impl Run {
    /// Adds up all mailboxes.
    pub(super) fn totals(&self) -> Counts {
        let mut totals = Counts::default();
        for mailbox in &self.mailboxes {
            totals.add(&mailbox.report.totals());
        }
        totals
    }

    /// Returns how the program ends after this run; the worst of its mailboxes counts.
    pub(super) fn exit(&self, strict: bool) -> Exit {
        self.mailboxes
            .iter()
            .map(|ran| exit_of(&ran.report, strict))
            .chain(self.concerns.iter().map(|concern| concern.exit(strict)))
            .fold(Exit::Done, Exit::or_worse)
    }
}

pub(super) fn exit_of(report: &MailboxReport, strict: bool) -> Exit {
    match report.outcome {
        Outcome::Done if strict && !report.findings.is_empty() => Exit::Findings,
        Outcome::Done => Exit::Done,
        Outcome::Waits => Exit::Waits,
        Outcome::Failed => Exit::MailboxFailed,
        Outcome::Unreachable | Outcome::SourceDown | Outcome::StateFailed => Exit::Down,
        Outcome::Busy => Exit::Busy,
        Outcome::Interrupted => Exit::Interrupted,
    }
}

/// Returns the report of a run as text. What stopped many mailboxes before anything was done is said once.
pub(super) fn report_text(run: &Run, manner: Manner) -> String {
    let mut text = String::new();
    for alike in alike::grouped(&run.mailboxes) {
        match alike.as_slice() {
            [ran] => mailbox::write(&mut text, ran, manner),
            alike => alike::write(&mut text, alike, manner),
        }
    }
    if run.mailboxes.len() > 1 {
        mailbox::write_summary(&mut text, run, manner);
    }
    for concern in &run.concerns {
        let (said, next) = concern.said(manner.language);
        wrap(&mut text, "", &said);
        wrap(&mut text, "  → ", &next);
    }
    text
}
