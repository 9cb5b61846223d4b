//! Shell: one mailbox of a report, as text.

use abgleich::config::Language;
use abgleich::engine::report::{MailboxReport, Outcome, Stopped};
use abgleich::reason::{Code, Facts};

use crate::cli::report::words::{advised, one_of, outcome, say, scope_name};
use crate::cli::report::wrap::wrap;
use crate::cli::report::{Manner, Ran, Run, findings, table};

/// Appends a mailbox: a heading, why it stopped, the counts, the findings. A mailbox where nothing happened is one line.
pub(super) fn write(out: &mut String, ran: &Ran, manner: Manner) {
    let report = &ran.report;
    let language = manner.language;
    let ended = outcome(language, report.outcome);
    let totals = report.totals();
    let quiet = totals.writes() + totals.linked + totals.moved == 0
        && report.stopped.is_empty()
        && report.findings.is_empty();
    let heading = format!("{} · {} — {ended}", report.user, report.address);
    if quiet {
        wrap(out, "", &format!("{heading}: {}", table::sentence(&totals, manner)));
        return;
    }
    wrap(out, "", &heading);
    let next = |stopped| next_of(&facts_of(ran, stopped), stopped, language);
    let nexts: Vec<_> = report.stopped.iter().map(next).collect();
    for (at, (stopped, next)) in report.stopped.iter().zip(&nexts).enumerate() {
        write_stopped(out, &facts_of(ran, stopped), stopped, manner);
        // What several have in common is said once, after the last of them.
        if let Some(text) = next
            && !nexts.iter().skip(at + 1).any(|other| other == next)
        {
            wrap(out, "    → ", text);
        }
    }
    if totals != abgleich::engine::report::Counts::default() {
        table::write(out, &report.scopes, &totals, manner);
    }
    findings::write(out, report, manner);
    out.push('\n');
}

/// Appends why it stopped, without what to do about it. A sentence about the mailbox is left out where the facts do not say which one it is.
pub(super) fn write_stopped(
    out: &mut String,
    facts: &Facts<'_>,
    stopped: &Stopped,
    manner: Manner,
) {
    let language = manner.language;
    let scope = stopped.scope.map(|scope| format!(" · {}", scope_name(language, scope)));
    let head =
        format!("{} ({}){}", stopped.code.code(), stopped.code.rule(), scope.unwrap_or_default());
    wrap(out, "  ", &head);
    let said = stopped.code.said();
    if facts.address.is_some() || !said.de.contains("{address}") {
        wrap(out, "    ", &say(language, said, facts));
    }
    if !stopped.examples.is_empty() {
        let first = one_of(language, "    zum Beispiel: ", "    for example: ");
        wrap(out, first, &stopped.examples.join("; "));
    }
    if !stopped.text.is_empty() {
        wrap(out, "    ", &stopped.text);
    }
}

/// Returns what to do about a stop.
pub(super) fn next_of(facts: &Facts<'_>, stopped: &Stopped, language: Language) -> Option<String> {
    match &stopped.hint {
        Some(hint) => Some(advised(language, hint).to_owned()),
        None => stopped.code.next().map(|next| say(language, next, facts)),
    }
}

/// Returns what is known about a stop, for its sentences.
pub(super) fn facts_of<'a>(ran: &'a Ran, stopped: &Stopped) -> Facts<'a> {
    // Its own next step has `--full` already.
    let but = if stopped.code == Code::BrakeRestored { " --full" } else { "" };
    Facts {
        options: Some(ran.options.strip_suffix(but).unwrap_or(&ran.options)),
        words: Some(&ran.report.words),
        number: stopped.number,
        limit: stopped.limit,
        user: Some(ran.report.user.as_str()),
        tenant: Some(&ran.tenant),
        address: Some(&ran.report.address),
        ..Facts::default()
    }
}

/// Appends one line about all mailboxes.
pub(super) fn write_summary(out: &mut String, run: &Run, manner: Manner) {
    let language = manner.language;
    let of = |wanted: fn(&MailboxReport) -> bool| {
        run.mailboxes.iter().filter(|ran| wanted(&ran.report)).count()
    };
    let done = of(|report| report.outcome == Outcome::Done);
    let waits = of(|report| report.outcome == Outcome::Waits);
    let rest = run.mailboxes.len() - done - waits;
    let mut parts = vec![format!("{done} {}", one_of(language, "fertig", "done"))];
    if waits > 0 {
        let waiting = one_of(language, "warten auf ein Wort", "waiting for a word");
        parts.push(format!("{waits} {waiting}"));
    }
    if rest > 0 {
        let failed = one_of(language, "nicht abgeglichen", "not synchronised");
        parts.push(format!("{rest} {failed}"));
    }
    let all = format!("{} {}", run.mailboxes.len(), one_of(language, "Postfächer", "mailboxes"));
    let totals = table::sentence(&run.totals(), manner);
    wrap(out, "", &format!("{all}: {} · {totals}", parts.join(", ")));
}
