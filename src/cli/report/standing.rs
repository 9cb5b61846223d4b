//! Shell: what stands for a mailbox, as `status` shows it.

use std::collections::BTreeSet;

use abgleich::engine::decide::Status;
use abgleich::engine::report::{Counts, MailboxReport, Outcome};
use abgleich::model::UserId;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::cli::report::words::{one_of, scope_name};
use crate::cli::report::wrap::wrap;
use crate::cli::report::{Manner, findings, table};

/// What is known of a mailbox.
pub(in crate::cli) struct Standing<'a> {
    /// The staffITpro user.
    pub(in crate::cli) user: &'a UserId,
    /// The address that the configuration gives.
    pub(in crate::cli) address: String,
    /// The zone in which times are shown.
    pub(in crate::cli) zone: &'a str,
    /// What the state knows.
    pub(in crate::cli) known: Status,
}

/// Returns the standing of a mailbox as text: the last run, what is open by scope, the findings.
pub(in crate::cli) fn standing_text(standing: Standing<'_>, manner: Manner) -> String {
    let language = manner.language;
    let Standing { user, address, zone, known } = standing;
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let when = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
    let last = match &known.run {
        None => one_of(language, "noch kein Lauf", "no run yet").to_owned(),
        Some(run) => {
            let ended = match run.outcome.as_deref() {
                Some("done") => one_of(language, "fertig", "done"),
                Some("waits") => one_of(language, "wartet auf ein Wort", "waits for a word"),
                Some("failed") => one_of(language, "fehlgeschlagen", "failed"),
                Some(other) => other,
                None => one_of(language, "nicht zu Ende geführt", "did not come to its end"),
            };
            format!(
                "{} {} ({ended})",
                one_of(language, "letzter Lauf", "last run"),
                when(run.started)
            )
        }
    };
    let mut out = String::new();
    wrap(&mut out, "", &format!("{user} · {address} — {last}"));
    let waiting: Vec<_> = known
        .scopes
        .iter()
        .filter(|(scope, _)| !known.transferred.iter().any(|(done, _)| done == scope))
        .map(|(scope, _)| scope_name(language, *scope))
        .collect();
    if !waiting.is_empty() {
        let text = one_of(language, "erste Übertragung steht aus", "first transfer still to come");
        wrap(&mut out, "  ", &format!("{text}: {}", waiting.join(", ")));
    }
    let report = MailboxReport {
        user: user.clone(),
        address,
        outcome: Outcome::Done,
        stopped: Vec::new(),
        words: BTreeSet::new(),
        scopes: known.scopes.into_iter().collect(),
        findings: known.findings,
        explanation: None,
    };
    let totals = report.totals();
    if totals != Counts::default() {
        table::write(&mut out, &report.scopes, &totals, manner);
    }
    findings::write_standing(&mut out, &report, manner);
    out.push('\n');
    out
}
