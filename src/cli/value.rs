//! Shell: a value as people read it, for the commands whose purpose is to show values.

use abgleich::config::Language;
use abgleich::model::{Slot, Value, json};

use crate::cli::report::one_of;

/// Returns a slot as one line.
pub(super) fn shown(language: Language, slot: &Slot) -> String {
    match slot {
        Slot::Blank => one_of(language, "(leer)", "(blank)").to_owned(),
        Slot::Value(Value::Text(text)) => one_line(text),
        Slot::Value(Value::Flag(flag)) => {
            let (yes, no) = (one_of(language, "ja", "yes"), one_of(language, "nein", "no"));
            if *flag { yes.to_owned() } else { no.to_owned() }
        }
        Slot::Value(Value::List(list)) => one_line(&list.join("; ")),
        Slot::Value(_) => match json::to_json(slot) {
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        },
    }
}

/// Keeps text from outside on one line and harmless for a terminal.
pub(super) fn one_line(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(str::trim_end).collect();
    let joined = lines.join(" ⏎ ");
    joined.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

#[cfg(test)]
mod tests {
    use abgleich::config::Language;
    use abgleich::model::{Slot, Value};

    use super::{one_line, shown};

    #[test]
    fn a_value_is_one_line_without_control_characters() {
        assert_eq!(one_line("Zeile 1\r\nZeile 2\n"), "Zeile 1 ⏎ Zeile 2");
        assert_eq!(one_line("rot\u{1b}[31m"), "rot [31m");
        let flag = Slot::Value(Value::Flag(true));
        assert_eq!(shown(Language::German, &flag), "ja");
        assert_eq!(shown(Language::English, &Slot::Blank), "(blank)");
    }
}
