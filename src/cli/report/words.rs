//! Shell: the words of a report in both languages.

use abgleich::config::Language;
use abgleich::engine::report::{Counts, Outcome};
use abgleich::model::{FieldSet, RecordId, Scope};
use abgleich::reason::{Advice, Facts, Words};

/// Chooses one of two texts.
pub(in crate::cli) const fn one_of<'a>(language: Language, de: &'a str, en: &'a str) -> &'a str {
    match language {
        Language::German => de,
        Language::English => en,
    }
}

/// Returns an advice in a language.
pub(in crate::cli) fn advised(language: Language, advice: &Advice) -> &str {
    one_of(language, advice.german(), advice.english())
}

/// Fills a sentence in.
pub(in crate::cli) fn say(language: Language, words: Words, facts: &Facts<'_>) -> String {
    match language {
        Language::German => words.german(facts),
        Language::English => words.english(facts),
    }
}

/// How many users are named where many share a cause.
const NAMED: usize = 8;

/// Counts mailboxes and names the first of their users.
pub(in crate::cli) fn several(language: Language, users: &[&str]) -> String {
    let named = users.get(..NAMED).unwrap_or(users).join(", ");
    let more = if users.len() > NAMED { ", …" } else { "" };
    let mailboxes = one_of(language, "Postfächer", "mailboxes");
    format!("{} {mailboxes}: {named}{more}", users.len())
}

/// Returns how people call a scope.
pub(in crate::cli) fn scope_name(language: Language, scope: Scope) -> String {
    match language {
        Language::German => {
            let first = |words: &'static [&'static str]| words.first().copied().unwrap_or_default();
            format!("{} · {}", first(scope.module.german()), first(scope.switch.german()))
        }
        Language::English => scope.to_string(),
    }
}

/// Returns how people call fields.
pub(in crate::cli) fn field_names(language: Language, fields: FieldSet) -> String {
    let names: Vec<_> =
        fields.iter().map(|field| one_of(language, field.german(), field.key())).collect();
    names.join(", ")
}

/// Names a record by number and name; one that is private by its id alone. Commands take the id, so it is shown where it is
/// not the number.
pub(in crate::cli) fn named(language: Language, record: &RecordId, label: Option<&str>) -> String {
    match label {
        Some(label) if label.starts_with(record.as_str()) => label.to_owned(),
        Some(label) => format!("{label} [{record}]"),
        None => format!("{record} ({})", one_of(language, "privat", "private")),
    }
}

/// Returns how a mailbox's run ended, in a few words.
pub(super) const fn outcome(language: Language, outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Done => one_of(language, "fertig", "done"),
        Outcome::Waits => one_of(language, "wartet auf ein Wort", "waits for a word"),
        Outcome::Failed => one_of(language, "fehlgeschlagen", "failed"),
        Outcome::Unreachable => {
            one_of(language, "Server nicht erreichbar", "the server cannot be reached")
        }
        Outcome::SourceDown => {
            one_of(language, "staffITpro nicht erreichbar", "staffITpro cannot be reached")
        }
        Outcome::StateFailed => {
            one_of(language, "Zustandsdatei nicht benutzbar", "the state cannot be used")
        }
        Outcome::Busy => one_of(
            language,
            "ausgelassen, ein anderer Lauf ist aktiv",
            "left out, another run is active",
        ),
        Outcome::Interrupted => one_of(language, "vorzeitig beendet", "ended early"),
    }
}

/// Returns the word for how a mailbox's run ended in the JSON document.
pub(in crate::cli) const fn outcome_key(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "done",
        Outcome::Waits => "waits",
        Outcome::Failed => "failed",
        Outcome::Unreachable => "unreachable",
        Outcome::SourceDown => "source_down",
        Outcome::StateFailed => "state_failed",
        Outcome::Busy => "busy",
        Outcome::Interrupted => "interrupted",
    }
}

/// Returns all counts with their keys and their words, in the order of the report.
pub(super) const fn counted(language: Language, counts: &Counts) -> [(&'static str, u64); 12] {
    let Counts {
        created,
        linked,
        updated_outlook,
        updated_staffitpro,
        deleted_outlook,
        moved,
        unchanged,
        kept,
        waiting,
        held,
        skipped,
        failed,
    } = *counts;
    [
        (one_of(language, "angelegt", "created"), created),
        (one_of(language, "verbunden", "linked"), linked),
        (one_of(language, "→ Outlook", "→ Outlook"), updated_outlook),
        (one_of(language, "→ staffITpro", "→ staffITpro"), updated_staffitpro),
        (one_of(language, "gelöscht", "deleted"), deleted_outlook),
        (one_of(language, "verschoben", "moved"), moved),
        (one_of(language, "unverändert", "unchanged"), unchanged),
        (one_of(language, "belassen", "kept"), kept),
        (one_of(language, "wartet", "waiting"), waiting),
        (one_of(language, "offen", "held"), held),
        (one_of(language, "ausgelassen", "skipped"), skipped),
        (one_of(language, "gescheitert", "failed"), failed),
    ]
}
