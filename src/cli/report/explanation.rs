//! Shell: `plan --explain`: both sides of a pair and its base, field by field, and the rules that decide.

use abgleich::config::Language;
use abgleich::engine::report::{Edit, Explanation, FieldExplanation};
use abgleich::model::Direction;
use abgleich::reason::Facts;

use crate::cli::report::Manner;
use crate::cli::report::words::{field_names, named, one_of, say, scope_name};
use crate::cli::report::wrap::wrap;
use crate::cli::value::one_line;

/// Returns an explanation as text. Values appear only where they were asked for.
pub(in crate::cli) fn explanation_text(
    explanation: &Explanation,
    user: &str,
    manner: Manner,
) -> String {
    let language = manner.language;
    let mut out = String::new();
    let name = named(language, &explanation.record, explanation.label.as_deref());
    let mode = one_of(language, explanation.mode.german(), explanation.mode.key());
    wrap(&mut out, "", &format!("{name} · {} · {mode}", scope_name(language, explanation.scope)));
    wrap(&mut out, "  staffITpro  ", &edit(language, &explanation.record_edit));
    let nothing = one_of(language, "kein Element", "no item").to_owned();
    let item = explanation.item_edit.as_ref().map_or(nothing, |item| edit(language, item));
    wrap(&mut out, "  Outlook     ", &item);
    let paired = explanation.item_edit.is_some();
    for field in &explanation.fields {
        write_field(&mut out, field, paired, manner);
    }
    wrap(&mut out, "  → ", action(language, explanation.action));
    for (code, fields) in &explanation.reasons {
        let names = field_names(language, *fields);
        let facts = Facts {
            id: Some(explanation.record.as_str()),
            fields: Some(&names),
            user: Some(user),
            ..Facts::default()
        };
        let said = say(language, code.said(), &facts);
        wrap(&mut out, "    ", &format!("{} ({}): {said}", code.code(), code.rule()));
        if let Some(next) = code.next() {
            wrap(&mut out, "      → ", &say(language, next, &facts));
        }
    }
    out
}

fn edit(language: Language, edit: &Edit) -> String {
    let mut parts = vec![format!("{} {}", one_of(language, "Version", "version"), edit.version)];
    parts.extend(edit.at.map(|at| {
        format!("{} {}", one_of(language, "geändert", "changed"), at.strftime("%Y-%m-%dT%H:%M:%SZ"))
    }));
    parts.extend(edit.by.as_ref().map(|by| format!("{} {by}", one_of(language, "von", "by"))));
    parts.join(" ")
}

/// Writes a field: what changed on which side since the pair was settled, and where the value goes.
fn write_field(out: &mut String, field: &FieldExplanation, paired: bool, manner: Manner) {
    let language = manner.language;
    let name = one_of(language, field.field.german(), field.field.key());
    let same = field.record == field.item;
    let changed = match (field.record_changed, field.item_changed) {
        (Some(true), Some(true)) => one_of(language, "beide geändert", "both changed"),
        (Some(true), _) => one_of(language, "in staffITpro geändert", "changed in staffITpro"),
        (_, Some(true)) => one_of(language, "in Outlook geändert", "changed in Outlook"),
        (None, None) => one_of(language, "erster Vergleich", "first comparison"),
        _ => one_of(language, "unverändert", "unchanged"),
    };
    let goes = match field.goes {
        Some(Direction::ToOutlook) => " → Outlook",
        Some(Direction::ToStaffitpro) => " → staffITpro",
        None => "",
    };
    // A field that is the same on both sides, or has no other side, and goes nowhere says nothing; with values it may still
    // be looked for.
    if (same || !paired) && goes.is_empty() && !manner.values {
        return;
    }
    let equal = if same {
        one_of(language, "gleich", "equal")
    } else {
        one_of(language, "verschieden", "different")
    };
    wrap(out, &format!("  {name:26}  "), &format!("{equal}, {changed}{goes}"));
    if manner.values {
        for (side, value) in [("staffITpro", &field.record), ("Outlook", &field.item)] {
            wrap(out, &format!("  {:26}  {side:10}  ", ""), &one_line(value));
        }
    }
}

fn action(language: Language, action: &str) -> &str {
    match action {
        "nothing" => one_of(language, "nichts zu tun", "nothing to do"),
        "settle" => one_of(language, "beide Seiten stimmen überein", "both sides agree"),
        "create" => one_of(language, "in Outlook anlegen", "create in Outlook"),
        "update" => one_of(language, "ändern", "update"),
        "remove-twin" => one_of(
            language,
            "das verspätete Doppel in Outlook löschen",
            "delete the late twin in Outlook",
        ),
        "delete" => one_of(language, "in Outlook löschen", "delete in Outlook"),
        "sleep" => one_of(language, "ruhen lassen", "let it sleep"),
        "hold" => one_of(language, "zurückhalten", "hold"),
        other => other,
    }
}
