//! Shell: mailboxes of a report that stopped for the same reason before anything was done: one cause is one block.

use std::collections::BTreeMap;

use abgleich::engine::report::{Counts, Outcome, Stopped};
use abgleich::reason::{Advice, Facts};

use crate::cli::report::mailbox::{facts_of, next_of, write_stopped};
use crate::cli::report::words::{outcome, several};
use crate::cli::report::wrap::wrap;
use crate::cli::report::{Manner, Ran};

/// Brings mailboxes together that stopped for the same reason, each group where the first of it stands.
pub(super) fn grouped(mailboxes: &[Ran]) -> Vec<Vec<&Ran>> {
    let mut groups: Vec<Vec<&Ran>> = Vec::new();
    let mut places: BTreeMap<Reason<'_>, usize> = BTreeMap::new();
    for ran in mailboxes {
        let place = match reason(ran) {
            Some(reason) => *places.entry(reason).or_insert(groups.len()),
            None => groups.len(),
        };
        match groups.get_mut(place) {
            Some(group) => group.push(ran),
            None => groups.push(vec![ran]),
        }
    }
    groups
}

/// What makes one stop the same as another: source, code, words and next step.
type Reason<'a> = (&'a str, &'static str, String, Option<Advice>);

/// Returns why a mailbox stopped, where there is nothing else to tell of it.
fn reason(ran: &Ran) -> Option<Reason<'_>> {
    let report = &ran.report;
    let [stopped] = report.stopped.as_slice() else { return None };
    let failed = matches!(
        report.outcome,
        Outcome::Failed | Outcome::Unreachable | Outcome::SourceDown | Outcome::StateFailed
    );
    if !failed || !report.findings.is_empty() || report.totals() != Counts::default() {
        return None;
    }
    let Stopped { code, mut text, hint, request, .. } = impersonal(ran, stopped);
    if let Some(request) = &request {
        // No two requests have the same.
        text = text.replace(request, "");
    }
    Some((&ran.tenant, code.code(), text, hint))
}

/// Leaves out whom a stop is about.
fn impersonal(ran: &Ran, stopped: &Stopped) -> Stopped {
    let address = &ran.report.address;
    let user = format!(" {}", ran.report.user);
    let leave_out = |text: &str| text.replace(address, "…").replace(&user, " …");
    Stopped {
        text: leave_out(&stopped.text),
        hint: stopped.hint.as_ref().map(|hint| hint.map(leave_out)),
        ..stopped.clone()
    }
}

/// Appends mailboxes that stopped for the same reason.
pub(super) fn write(out: &mut String, alike: &[&Ran], manner: Manner) {
    let Some(first) = alike.first() else { return };
    let users: Vec<_> = alike.iter().map(|ran| ran.report.user.as_str()).collect();
    let whom = several(manner.language, &users);
    wrap(out, "", &format!("{whom} — {}", outcome(manner.language, first.report.outcome)));
    for stopped in &first.report.stopped {
        let facts = Facts { address: None, ..facts_of(first, stopped) };
        let stopped = impersonal(first, stopped);
        write_stopped(out, &facts, &stopped, manner);
        if let Some(next) = next_of(&facts, &stopped, manner.language) {
            wrap(out, "    → ", &next);
        }
    }
    out.push('\n');
}
