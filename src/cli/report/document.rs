//! Shell: the JSON document of `sync --json` and `plan --json`. The field names are published; a test compares the committed
//! schema `docs/report.schema.json` with these types.

use abgleich::engine::report::{Counts, Finding, Line, Stopped};
use abgleich::model::{FieldSet, Scope};
use abgleich::reason::{Code, Facts};
use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::open::Told;
use crate::cli::report::explained::Explained;
use crate::cli::report::mailbox::{facts_of, next_of};
use crate::cli::report::words::{field_names, outcome_key, say};
use crate::cli::report::{Manner, Ran, Run};
use crate::cli::value::one_line;

/// The report of a run.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "Report of abgleich", deny_unknown_fields)]
pub(in crate::cli) struct Document {
    /// Which document this is: `abgleich-report/1`, or `abgleich-plan/1` where nothing was written.
    schema: &'static str,
    /// The run.
    run: String,
    /// When it began (RFC 3339).
    started: String,
    /// When it ended (RFC 3339).
    finished: String,
    /// The counts of all mailboxes together.
    totals: Counts,
    /// What became of each mailbox, in the order of the configuration.
    mailboxes: Vec<Mailbox>,
    /// What a person should know besides, such as a certificate that ends soon.
    remarks: Vec<Told>,
}

/// What became of one mailbox.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Mailbox {
    /// The staffITpro user.
    user: String,
    /// The address of the mailbox.
    address: String,
    /// How it ended: `done`, `waits`, `failed`, `unreachable`, `source_down`, `state_failed`, `busy` or `interrupted`.
    outcome: &'static str,
    /// Why it stopped; null where it did not.
    stopped: Option<Stop>,
    /// The counts by scope.
    scopes: Vec<ScopeTally>,
    /// What a person may want to know or has to decide; new findings first.
    findings: Vec<Note>,
    /// What a run would do, pair by pair; in a plan only.
    #[serde(skip_serializing_if = "Option::is_none")]
    lines: Option<Vec<Step>>,
    /// The record of `plan --explain`; there only.
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<Explained>,
}

/// Counts of one scope.
#[derive(Serialize, JsonSchema)]
struct ScopeTally {
    /// The scope, such as `applicants.contacts`.
    scope: String,
    /// Its counts.
    #[serde(flatten)]
    counts: Counts,
}

/// Why a mailbox stopped.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(in crate::cli) struct Stop {
    /// The code of the reason (docs/reasons.md).
    code: &'static str,
    /// The rule of the sync contract.
    rule: &'static str,
    /// The scope, where it concerns one.
    scope: Option<String>,
    /// The number that the word must repeat (`--allow KIND=N`), where there is one.
    number: Option<u64>,
    /// The limit that was exceeded.
    limit: Option<u64>,
    /// Up to three records.
    examples: Vec<String>,
    /// The reason as a sentence in the configured language.
    sentence: String,
    /// What happened, with its causes, where something failed.
    text: Option<String>,
    /// What to do next.
    next: Option<String>,
    /// Further reasons that held at the same time.
    more: Vec<Stop>,
}

/// Something a person may want to know or has to decide.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(in crate::cli) struct Note {
    /// The code of the reason (docs/reasons.md).
    code: &'static str,
    /// The rule of the sync contract.
    rule: &'static str,
    /// `kept`, `waiting`, `held`, `skipped`, `failed` or `done`.
    class: &'static str,
    /// The scope, where it concerns one.
    scope: Option<String>,
    /// The record as commands take it.
    record: Option<String>,
    /// Its number and name; null where private.
    label: Option<String>,
    /// The keys of the fields it is about.
    fields: Vec<&'static str>,
    /// Why, where the side that did not take or give something said so: its code, or a clause in English. No values.
    detail: Option<String>,
    /// Whether this run made it first.
    new: bool,
    /// When it was first made (RFC 3339).
    first_seen: String,
    /// The reason as a sentence in the configured language.
    sentence: String,
    /// What to do next.
    next: Option<String>,
    /// Both sides' values; with `--values` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<Vec<Values>>,
}

/// What both sides hold.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Values {
    /// The key of the field.
    field: String,
    /// The value in staffITpro.
    staffitpro: String,
    /// The value in Outlook.
    outlook: String,
}

/// What a run would do with one pair.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Step {
    /// The scope.
    scope: String,
    /// The record.
    record: String,
    /// Its number and name; null where private.
    label: Option<String>,
    /// What would be done.
    action: &'static str,
    /// Keys of the fields that would go to Outlook.
    to_outlook: Vec<&'static str>,
    /// Keys of the fields that would go to staffITpro.
    to_staffitpro: Vec<&'static str>,
    /// The codes of the reasons that decided, each with its fields.
    reasons: Vec<Because>,
}

/// A reason for some fields.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Because {
    /// The code (docs/reasons.md).
    code: &'static str,
    /// The rule of the sync contract.
    rule: &'static str,
    /// The fields that it decided; empty where it decided the whole pair.
    fields: Vec<&'static str>,
}

impl Because {
    pub(super) fn of((code, fields): &(Code, FieldSet)) -> Self {
        Self { code: code.code(), rule: code.rule(), fields: keys(*fields) }
    }
}

impl Stop {
    /// Says it in one line.
    pub(in crate::cli) fn shown(&self) -> String {
        let text = self.text.iter().map(|text| format!(" {text}"));
        let next = self.next.iter().map(|next| format!(" → {next}"));
        format!(
            "{} ({}): {}{}",
            self.code,
            self.rule,
            self.sentence,
            text.chain(next).collect::<String>()
        )
    }
}

impl Note {
    /// Says it in one line.
    pub(in crate::cli) fn shown(&self) -> String {
        let who = self.label.as_ref().or(self.record.as_ref());
        let who = who.map(|who| format!(" {who}")).unwrap_or_default();
        let why = self.detail.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
        format!("{}{who}{why}", self.code)
    }
}

/// Builds the document of a run.
pub(in crate::cli) fn report_document(run: &Run, manner: Manner) -> Document {
    build("abgleich-report/1", run, manner, false)
}

/// Builds the document of a plan.
pub(in crate::cli) fn plan_document(run: &Run, manner: Manner) -> Document {
    build("abgleich-plan/1", run, manner, true)
}

/// Returns the JSON schema of both documents.
#[cfg(test)]
pub(super) fn schema() -> serde_json::Value {
    schemars::schema_for!(Document).to_value()
}

fn build(schema: &'static str, run: &Run, manner: Manner, with_lines: bool) -> Document {
    Document {
        schema,
        run: run.id.to_string(),
        started: instant(run.started),
        finished: instant(run.finished),
        totals: run.totals(),
        mailboxes: run.mailboxes.iter().map(|ran| mailbox(ran, manner, with_lines)).collect(),
        remarks: run.concerns.iter().map(|concern| concern.told(manner.language)).collect(),
    }
}

fn mailbox(ran: &Ran, manner: Manner, with_lines: bool) -> Mailbox {
    let report = &ran.report;
    let mut stops = report.stopped.iter().map(|stopped| stop(ran, stopped, manner));
    let stopped = stops.next().map(|mut first| {
        first.more = stops.collect();
        first
    });
    Mailbox {
        user: report.user.to_string(),
        address: report.address.clone(),
        outcome: outcome_key(report.outcome),
        stopped,
        scopes: report
            .scopes
            .iter()
            .map(|(scope, counts)| ScopeTally { scope: scope.to_string(), counts: *counts })
            .collect(),
        findings: report.findings.iter().map(|finding| note(ran, finding, manner)).collect(),
        lines: with_lines.then(|| ran.lines.iter().map(step).collect()),
        explanation: report
            .explanation
            .as_ref()
            .map(|explanation| Explained::of(explanation, manner)),
    }
}

/// Returns why a mailbox stopped as a document has it.
pub(in crate::cli) fn stop(ran: &Ran, stopped: &Stopped, manner: Manner) -> Stop {
    let facts = facts_of(ran, stopped);
    let code = stopped.code;
    Stop {
        code: code.code(),
        rule: code.rule(),
        scope: stopped.scope.map(|scope| scope.to_string()),
        number: stopped.number,
        limit: stopped.limit,
        examples: stopped.examples.clone(),
        sentence: say(manner.language, code.said(), &facts),
        text: (!stopped.text.is_empty()).then(|| stopped.text.clone()),
        next: next_of(&facts, stopped, manner.language),
        more: Vec::new(),
    }
}

/// Returns a finding as a document has it.
pub(in crate::cli) fn note(ran: &Ran, finding: &Finding, manner: Manner) -> Note {
    let code = finding.code;
    let record = finding.record.as_ref().map(ToString::to_string);
    let fields = field_names(manner.language, finding.fields);
    let facts = Facts {
        id: record.as_deref(),
        fields: Some(&fields),
        user: Some(ran.report.user.as_str()),
        tenant: Some(&ran.tenant),
        address: Some(&ran.report.address),
        ..Facts::default()
    };
    Note {
        code: code.code(),
        rule: code.rule(),
        class: code.class().key(),
        scope: finding.scope.map(|scope: Scope| scope.to_string()),
        label: finding.label.clone(),
        fields: keys(finding.fields),
        detail: finding.detail.as_deref().map(one_line),
        new: finding.new,
        first_seen: instant(finding.first_seen),
        sentence: say(manner.language, code.said(), &facts),
        next: code.next().map(|next| say(manner.language, next, &facts)),
        values: manner.values.then(|| {
            let of = |(field, staffitpro, outlook): &(String, String, String)| Values {
                field: field.clone(),
                staffitpro: staffitpro.clone(),
                outlook: outlook.clone(),
            };
            finding.values.iter().map(of).collect()
        }),
        record,
    }
}

fn step(line: &Line) -> Step {
    Step {
        scope: line.scope.to_string(),
        record: line.record.to_string(),
        label: line.label.clone(),
        action: line.action,
        to_outlook: keys(line.to_outlook),
        to_staffitpro: keys(line.to_staffitpro),
        reasons: line.reasons.iter().map(Because::of).collect(),
    }
}

/// Writes an instant to the second; nobody needs more of a report.
pub(in crate::cli) fn instant(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn keys(fields: FieldSet) -> Vec<&'static str> {
    fields.iter().map(abgleich::model::Field::key).collect()
}
