//! Pure: full items to put a mailbox to the test with. Every writable field has a value that survives being blank.

use jiff::civil::date;

use crate::mailbox::Stamp;
use crate::model::recurrence::{Day, Pattern, Range};
use crate::model::{Content, Field, ItemKind, Recurrence, Shape, Value};

/// Makes the stamp of a record of the tenant `haus` and the user `DHO`.
pub fn stamp(record: &str, token: &str) -> Stamp {
    Stamp {
        tenant: "haus".into(),
        user: "DHO".into(),
        record: record.into(),
        token: token.into(),
        version: "17".to_owned(),
        fingerprint: "0a1b".to_owned(),
    }
}

/// Makes content with a value in every field that can be written.
///
/// # Panics
///
/// When the model has a field that has no sample yet.
pub fn full(kind: ItemKind) -> Content {
    let mut content = Content::new();
    for field in super::writable(kind) {
        let text = match (field, field.shape()) {
            (Field::Notes | Field::Body, _) => {
                "Erste Zeile\nzweite Zeile mit ä, € und 👩\u{200d}💻".to_owned()
            }
            (_, Shape::Text) => format!("Wert <{}> & ß", field.key()),
            (_, Shape::Body) => format!("Straße {}\n2. Hof", field.number()),
            (_, Shape::Phone) => format!("+49 89 {}00", field.number()),
            (_, Shape::Email) => format!("{}@firma.example", field.key()),
            (_, Shape::Choice(words)) => words[1].to_owned(),
            (_, Shape::Zone) => "Europe/Berlin".to_owned(),
            _ => {
                content.put(field, crate::model::Slot::Value(other(field)));
                continue;
            }
        };
        content.set_text(field, text);
    }
    if kind == ItemKind::Task {
        content.set_text(Field::Status, "in_progress");
        // A task that is not done has no completion date.
        content.set_blank(Field::Completed);
        content.set_blank(Field::Recurrence);
    }
    content
}

fn other(field: Field) -> Value {
    let instant = |text: &str| Value::Instant(text.parse().expect("an instant"));
    match field {
        Field::Birthday => Value::Date(date(1964, 2, 29)),
        Field::Anniversary => Value::Date(date(1999, 12, 31)),
        // Ten in the morning in Berlin on a Tuesday in winter.
        Field::Start => instant("2027-01-12T09:00:00Z"),
        Field::End => instant("2027-01-12T10:30:00Z"),
        Field::AllDay => Value::Flag(false),
        Field::TaskStart => Value::Date(date(2027, 3, 27)),
        Field::Due | Field::Completed => Value::Date(date(2027, 3, 28)),
        Field::Percent => Value::Number(40),
        Field::ReminderOn => Value::Flag(true),
        Field::ReminderMinutes => Value::Number(45),
        Field::ReminderAt => instant("2027-03-26T07:30:00Z"),
        Field::Recurrence => Value::Recurrence(Box::new(Recurrence {
            pattern: Pattern::Weekly { every: 2, days: vec![Day::Tuesday], first_day: Day::Monday },
            range: Range::Count { start: date(2027, 1, 12), count: 10 },
            exceptions: Vec::new(),
        })),
        Field::Categories => Value::List(vec!["Bewerber".to_owned(), "Größe".to_owned()]),
        _ => panic!("the sample has no value for {field}"),
    }
}

/// Makes an all-day appointment of two days over the change to summer time.
pub fn all_day() -> Content {
    let mut content = Content::new();
    content.set_text(Field::Subject, "Messe");
    content.set(Field::Start, Value::Date(date(2027, 3, 27)));
    content.set(Field::End, Value::Date(date(2027, 3, 29)));
    content.set_text(Field::Zone, "Europe/Berlin");
    content.set(Field::AllDay, Value::Flag(true));
    content
}
