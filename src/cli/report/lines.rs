//! Shell: what `plan` prints: one line for each pair that a run would touch.

use abgleich::config::Language;
use abgleich::engine::report::Line;

use crate::cli::report::words::{field_names, named, one_of, scope_name};
use crate::cli::report::wrap::wrap;
use crate::cli::report::{Manner, Run, report_text};

/// Returns the plan of a run as text: the pairs of each mailbox, then the report that the run would end with.
pub(in crate::cli) fn plan_text(run: &Run, manner: Manner) -> String {
    let mut text = String::new();
    for ran in &run.mailboxes {
        let effects: Vec<_> = ran.lines.iter().filter(|line| has_effect(line)).collect();
        if effects.is_empty() {
            continue;
        }
        wrap(&mut text, "", &format!("{} · {}", ran.report.user, ran.report.address));
        for line in effects {
            wrap(&mut text, "  ", &sentence(line, manner));
        }
        text.push('\n');
    }
    text.push_str(&report_text(run, manner));
    text.push_str(one_of(
        manner.language,
        "Es wurde nichts geschrieben.\n",
        "Nothing was written.\n",
    ));
    text
}

/// Says whether a run would do something; what is left alone is counted below, and its reasons are findings.
fn has_effect(line: &Line) -> bool {
    !["hold", "sleep", "nothing"].contains(&line.action)
}

/// Returns what is done, in a word; the English one is that of the document.
fn verb(language: Language, action: &'static str) -> &'static str {
    let german = match action {
        "create" => "anlegen",
        "link" => "verbinden",
        "settle" => "abgleichen",
        "update-outlook" => "in Outlook ändern",
        "update-staffitpro" => "in staffITpro ändern",
        "update-both" => "auf beiden Seiten ändern",
        "delete" => "löschen",
        "remove-twin" => "Doppel löschen",
        other => other,
    };
    one_of(language, german, action)
}

fn sentence(line: &Line, manner: Manner) -> String {
    let language = manner.language;
    let name = named(language, &line.record, line.label.as_deref());
    let mut parts =
        vec![format!("{} {name}", verb(language, line.action)), scope_name(language, line.scope)];
    for (side, fields) in [("Outlook", line.to_outlook), ("staffITpro", line.to_staffitpro)] {
        // A create carries everything; naming forty fields says less than the word.
        if !fields.is_empty() && line.action != "create" {
            parts.push(format!("→ {side}: {}", field_names(language, fields)));
        }
    }
    let reasons: Vec<_> =
        line.reasons.iter().map(|(code, _)| format!("{} {}", code.code(), code.rule())).collect();
    if !reasons.is_empty() {
        parts.push(format!("({})", reasons.join(", ")));
    }
    parts.join(" · ")
}
