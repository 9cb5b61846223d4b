//! Pure: what servers make of the values that they are given. A value may come back in another form and must count as
//! the same (invariant 5).

use crate::model::{Content, Field, Shape, Value};

/// Which values the mailbox rewrites when it stores them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Normalises {
    /// Phones are set in groups: `+49891234` becomes `+49 891 234`.
    pub phones: bool,
    /// Bodies get a newline at the end and CRLF inside.
    pub bodies: bool,
    /// Addresses get their domain in small letters.
    pub emails: bool,
    /// Status, percent and completion date of tasks are brought into line, as Exchange does (notes.md §2.3).
    pub progress: bool,
}

impl Normalises {
    /// Everything is rewritten.
    pub const ALL: Self = Self { phones: true, bodies: true, emails: true, progress: true };

    /// Rewrites the fields of an item that were just written.
    pub(super) fn rewrite(self, written: &Content, item: &mut Content, today: jiff::civil::Date) {
        for field in written.known().iter() {
            let Some(text) = item.text(field) else { continue };
            let text = match field.shape() {
                Shape::Phone if self.phones => grouped(text),
                Shape::Body if self.bodies => {
                    format!("{}\r\n", text.trim_end().replace("\r\n", "\n").replace('\n', "\r\n"))
                }
                Shape::Email if self.emails => lower_domain(text),
                _ => continue,
            };
            item.set_text(field, text);
        }
        if self.progress && written.known().contains(Field::Status) {
            progress(item, today);
        }
    }
}

fn progress(item: &mut Content, today: jiff::civil::Date) {
    if item.text(Field::Status) == Some("completed") {
        item.set(Field::Percent, Value::Number(100));
        if item.value(Field::Completed).is_none() {
            item.set(Field::Completed, Value::Date(today));
        }
    } else {
        item.set_blank(Field::Completed);
        let begun = item.text(Field::Status) != Some("not_started");
        if !begun || item.value(Field::Percent) == Some(&Value::Number(100)) {
            item.set(Field::Percent, Value::Number(0));
        }
    }
}

/// Sets the digits in groups of three, and leaves a number with anything but digits, `+` and space alone.
fn grouped(text: &str) -> String {
    if text.chars().any(|c| !(c.is_ascii_digit() || c == '+' || c == ' ')) {
        return text.to_owned();
    }
    let mut out = String::new();
    for (index, c) in text.chars().filter(|c| *c != ' ').enumerate() {
        if index > 0 && index % 3 == 0 {
            out.push(' ');
        }
        out.push(c);
    }
    out
}

fn lower_domain(text: &str) -> String {
    match text.rsplit_once('@') {
        Some((name, domain)) => format!("{name}@{}", domain.to_lowercase()),
        None => text.to_owned(),
    }
}
