//! Pure: the canonical form of a value, in which the noise that servers and people add makes no difference.
//!
//! Two values with the same canonical form are the same value: phones agree by their digits, bodies without regard to
//! newlines and trailing space, categories as a set, text without control characters. The canonical form is what the
//! fingerprint is taken of; it is never written to either side.

use std::borrow::Cow;
use std::fmt::Write;

use super::field::{Field, Shape};
use super::value::Value;

/// Returns the canonical form of a field's value, or `None` where nothing is left of it (it counts as blank then).
pub fn canonical(field: Field, value: &Value) -> Option<Cow<'_, str>> {
    let text = match value {
        Value::Text(text) => match field.shape() {
            Shape::Phone => phone(text),
            Shape::Email => email(text),
            Shape::Body => return Some(body(text)).filter(|text| !text.is_empty()),
            _ => return Some(line(text)).filter(|text| !text.is_empty()),
        },
        Value::Date(date) => date.to_string(),
        // Both sides keep whole seconds at best (rules.md §4).
        Value::Instant(instant) => instant.as_second().to_string(),
        Value::Flag(flag) => (if *flag { "yes" } else { "no" }).to_owned(),
        Value::Number(number) => number.to_string(),
        Value::List(entries) => list(entries),
        Value::Recurrence(series) => {
            let mut series = series.as_ref().clone();
            series.exceptions.sort_by_key(|exception| exception.original);
            // The serialised form has fixed names and order; it cannot fail for these types.
            serde_json::to_string(&series).unwrap_or_default()
        }
        Value::Attendees(people) => {
            let mut addresses: Vec<_> = people.iter().map(|p| email(&p.address)).collect();
            addresses.sort_unstable();
            addresses.join("\n")
        }
    };
    (!text.is_empty()).then_some(Cow::Owned(text))
}

/// One line: control characters gone, white space folded.
pub fn line(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty())
    {
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(word.chars().filter(|c| is_kept(*c)));
    }
    Cow::Owned(out)
}

/// Says whether a text is of one line as it stands: printable ASCII and letters up to U+00FF, single spaces between words.
/// Nearly all are, and need no copy.
fn is_plain(text: &str) -> bool {
    let mut gap = true;
    for byte in text.bytes() {
        match byte {
            b' ' if gap => return false,
            b' ' => gap = true,
            // C3 begins U+00C0 to U+00FF; its second byte is one of the last range.
            0x21..=0x7E | 0xC3 | 0x80..=0xBF => gap = false,
            _ => return false,
        }
    }
    !gap
}

/// Text of several lines: blank lines, trailing space and the kind of newline make no difference. A server that turns a
/// text into HTML and back adds and loses exactly these (notes.md §2.4).
pub fn body(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for part in text.split(['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}']) {
        let part = line(part);
        if part.is_empty() {
            continue;
        }
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&part);
    }
    Cow::Owned(out)
}

/// A phone number by its digits: `+49 (0) 89 / 12 34` and `0049 89 1234` are one number. An extension set off by a
/// letter stays apart. A number without a digit is compared as text.
pub fn phone(text: &str) -> String {
    let text = line(text);
    if !text.contains(|c: char| c.is_ascii_digit()) {
        return text.into_owned();
    }
    // "(0)" is the trunk prefix that German numbers show and callers from abroad leave out.
    let international = text.trim_start().starts_with('+') || text.trim_start().starts_with("00");
    let trimmed = if international { Cow::Owned(text.replace("(0)", "")) } else { text };
    let mut out = String::new();
    for c in trimmed.chars() {
        match c {
            '0'..='9' => out.push(c),
            '+' if out.is_empty() => out.push('+'),
            c if c.is_alphabetic() => {
                let _ = write!(out, "{}", c.to_lowercase());
            }
            '*' | '#' | ',' | ';' => out.push(c),
            _ => {}
        }
    }
    match out.strip_prefix("00") {
        Some(rest) => format!("+{rest}"),
        None => out,
    }
}

/// An e-mail address: letter case and an `SMTP:` or `mailto:` prefix make no difference.
pub fn email(text: &str) -> String {
    let text = line(text).to_lowercase();
    for prefix in ["smtp:", "mailto:"] {
        if let Some(rest) = text.strip_prefix(prefix) {
            return rest.to_owned();
        }
    }
    text
}

fn list(entries: &[String]) -> String {
    let mut entries: Vec<_> =
        entries.iter().map(|entry| line(entry).to_lowercase()).filter(|e| !e.is_empty()).collect();
    entries.sort_unstable();
    entries.dedup();
    entries.join("\n")
}

fn is_kept(c: char) -> bool {
    // U+FEFF and U+200B come with pasted text and are invisible; U+FFFE and U+FFFF cannot travel in XML.
    !matches!(c, '\u{feff}' | '\u{200b}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::{body, canonical, email, line, phone};
    use crate::model::{Field, Value};

    #[test]
    fn phones_agree_by_digits() {
        assert_eq!(phone("+49 (0) 89 / 12 34-5"), "+498912345");
        assert_eq!(phone("0049 89 12345"), "+498912345");
        assert_eq!(phone("089 12345"), "08912345");
        assert_ne!(phone("089 12345"), phone("089 12346"));
        assert_eq!(phone("n/a"), "n/a");
        assert_ne!(phone("089 123 x4"), phone("089 1234"));
    }

    #[test]
    fn bodies_agree_without_newline_noise() {
        assert_eq!(body("a\r\n\r\nb  \n"), body("a\nb"));
        assert_eq!(body("a\u{a0}b"), body("a b"));
        assert_eq!(body("a\u{b}b"), "a\nb");
        assert_ne!(body("ab"), body("a b"));
    }

    #[test]
    fn control_characters_are_gone() {
        assert_eq!(line("M\u{feff}ü\u{1}ller"), "Mü ller");
        assert_eq!(canonical(Field::Company, &Value::Text("\u{1}".into())), None);
    }

    /// White space and controls of every sort, at every place: what is taken as it stands is what folding leaves.
    #[test]
    fn a_text_that_is_taken_as_it_stands_needs_no_folding() {
        for c in ('\0'..'\u{3000}').chain(['\u{feff}', '\u{3000}', '\u{ffff}', '🗓']) {
            for text in [format!("{c}"), format!("a{c}b"), format!("{c}b"), format!("a {c}")] {
                let folded: Vec<String> = text
                    .split(|c: char| c.is_whitespace() || c.is_control())
                    .filter(|word| !word.is_empty())
                    .map(|word| word.chars().filter(|c| super::is_kept(*c)).collect())
                    .collect();
                assert_eq!(line(&text), folded.join(" "), "{text:?}");
                assert_eq!(body(&text).replace('\n', " ").trim(), folded.join(" ").trim());
            }
        }
    }

    #[test]
    fn addresses_agree_without_case_and_prefix() {
        assert_eq!(email("SMTP:Anna@Firma.example"), "anna@firma.example");
    }

    #[test]
    fn categories_are_a_set() {
        let one = Value::List(vec!["Kunde".into(), "VIP".into()]);
        let two = Value::List(vec!["vip".into(), "Kunde".into(), "kunde ".into()]);
        assert_eq!(canonical(Field::Categories, &one), canonical(Field::Categories, &two));
    }

    #[test]
    fn an_emoji_with_joiners_survives() {
        assert_eq!(line("👩\u{200d}💻"), "👩\u{200d}💻");
    }
}
