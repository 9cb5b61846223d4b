//! Shell: the findings of one mailbox: new ones by name, known ones by number, so that a screen is enough.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use abgleich::config::Language;
use abgleich::engine::report::{Finding, MailboxReport};
use abgleich::reason::{Code, Facts, german};

use crate::cli::report::Manner;
use crate::cli::report::words::{field_names, named, one_of, say, scope_name};
use crate::cli::report::wrap::wrap;
use crate::cli::value::one_line;

/// How many codes, and how many records in all, the new findings may name.
const CODES: usize = 3;
const RECORDS: usize = 9;

/// How many codes the findings known before may name.
const KNOWN_CODES: usize = 8;

/// Appends the findings of a run. What is not shown is counted, and the command that lists it is named.
pub(super) fn write(out: &mut String, report: &MailboxReport, manner: Manner) {
    let (new, known): (Vec<_>, Vec<_>) = report.findings.iter().partition(|finding| finding.new);
    if !new.is_empty() {
        heading(out, one_of(manner.language, "Neu", "New"), &new);
        write_groups(out, report, &by_code(&new), manner);
    }
    if !known.is_empty() {
        heading(out, one_of(manner.language, "Schon bekannt", "Known before"), &known);
        count(out, report, &by_code(&known));
    }
}

/// Appends the findings that stand between two runs, where none is new: by number, or all of them by name.
pub(super) fn write_standing(out: &mut String, report: &MailboxReport, manner: Manner) {
    let findings: Vec<_> = report.findings.iter().collect();
    if findings.is_empty() {
        return;
    }
    heading(out, one_of(manner.language, "Befunde", "Findings"), &findings);
    if manner.all {
        write_groups(out, report, &by_code(&findings), manner);
    } else {
        count(out, report, &by_code(&findings));
    }
}

fn heading(out: &mut String, name: &str, findings: &[&Finding]) {
    wrap(out, "  ", &format!("{name} ({})", findings.len()));
}

/// Appends how many findings there are of each code.
fn count(out: &mut String, report: &MailboxReport, groups: &[(Code, Vec<&Finding>)]) {
    let mut parts: Vec<_> = groups
        .iter()
        .take(KNOWN_CODES)
        .map(|(code, findings)| format!("{} {}", findings.len(), code.code()))
        .collect();
    if groups.len() > KNOWN_CODES {
        parts.push("…".to_owned());
    }
    wrap(out, "    ", &parts.join(", "));
    wrap(out, "    → ", &listing(report));
}

/// Findings by code, the urgent ones first.
fn by_code<'a>(findings: &[&'a Finding]) -> Vec<(Code, Vec<&'a Finding>)> {
    let mut groups: BTreeMap<(u8, Code), Vec<&Finding>> = BTreeMap::new();
    for finding in findings {
        groups.entry((finding.code.class().rank(), finding.code)).or_default().push(finding);
    }
    groups.into_iter().map(|((_, code), findings)| (code, findings)).collect()
}

fn write_groups(
    out: &mut String,
    report: &MailboxReport,
    groups: &[(Code, Vec<&Finding>)],
    manner: Manner,
) {
    let (codes, records) = if manner.all {
        (usize::MAX, usize::MAX)
    } else {
        (CODES, (RECORDS / groups.len().clamp(1, CODES)).max(1))
    };
    let mut left = 0;
    for (index, (code, findings)) in groups.iter().enumerate() {
        if index < codes {
            write_group(out, report, *code, findings, records, manner);
        } else {
            left += findings.len();
        }
    }
    if left > 0 {
        wrap(out, "    ", &more(report, left, manner));
    }
}

fn write_group(
    out: &mut String,
    report: &MailboxReport,
    code: Code,
    findings: &[&Finding],
    records: usize,
    manner: Manner,
) {
    let language = manner.language;
    // One finding fills its own sentence; several share one that names no field and no record.
    let only = if let [finding] = findings { Some(*finding) } else { None };
    let fields = only.map(|finding| field_names(language, finding.fields));
    let facts = Facts {
        id: only.and_then(|finding| finding.record.as_ref()).map(abgleich::model::RecordId::as_str),
        fields: fields.as_deref(),
        user: Some(report.user.as_str()),
        address: Some(&report.address),
        ..Facts::default()
    };
    let mut said =
        format!("{} ({}): {}", code.code(), code.rule(), say(language, code.said(), &facts));
    // A reason that all of them have is said once. Otherwise each has its own, and takes the room of another one.
    let shared = findings.first().and_then(|finding| finding.detail.as_deref());
    let shared = shared.filter(|why| findings.iter().all(|of| of.detail.as_deref() == Some(why)));
    if let Some(why) = shared {
        let reason = one_of(language, "Grund", "Reason");
        let _ = write!(said, " {reason}: {}", one_line(&told(language, why)));
    }
    wrap(out, "    ", &said);
    let own = shared.is_none() && findings.iter().any(|finding| finding.detail.is_some());
    let records = if own && !manner.all { records.div_ceil(2) } else { records };
    for finding in findings.iter().take(records) {
        let mut line = about(finding, only.is_none(), manner);
        if let Some(why) = finding.detail.as_deref().filter(|_| own) {
            let _ = write!(line, " · {}", one_line(&told(language, why)));
        }
        wrap(out, "      ", &line);
        if manner.values {
            write_values(out, finding, manner);
        }
    }
    if findings.len() > records {
        wrap(out, "      ", &more(report, findings.len() - records, manner));
    }
    if let Some(next) = code.next() {
        wrap(out, "      → ", &say(language, next, &facts));
    }
}

/// Returns why an item was refused. What the program says itself it says in the reader's language.
fn told(language: Language, why: &str) -> String {
    match language {
        Language::German => german(why),
        Language::English => why.to_owned(),
    }
}

/// Names the record of a finding, with scope and fields.
fn about(finding: &Finding, with_fields: bool, manner: Manner) -> String {
    let language = manner.language;
    let record = finding.record.as_ref();
    let mut parts: Vec<_> = record
        .map(|record| named(language, record, finding.label.as_deref()))
        .into_iter()
        .collect();
    parts.extend(finding.scope.map(|scope| scope_name(language, scope)));
    if with_fields && !finding.fields.is_empty() {
        parts.push(field_names(language, finding.fields));
    }
    parts.join(" · ")
}

fn write_values(out: &mut String, finding: &Finding, manner: Manner) {
    for (field, staffitpro, outlook) in &finding.values {
        let name = abgleich::model::Field::from_key(field)
            .map_or(field.as_str(), |field| one_of(manner.language, field.german(), field.key()));
        wrap(out, "        ", &format!("{name}: staffITpro „{staffitpro}“, Outlook „{outlook}“"));
    }
}

fn more(report: &MailboxReport, number: usize, manner: Manner) -> String {
    let and = one_of(manner.language, "und", "and");
    let more = one_of(manner.language, "weitere", "more");
    format!("{and} {number} {more}: {}", listing(report))
}

fn listing(report: &MailboxReport) -> String {
    format!("`abgleich status {} --findings`", report.user)
}
