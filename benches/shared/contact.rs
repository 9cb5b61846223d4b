//! An invented contact with forty fields.

use abgleich::model::{Content, Field, ItemKind, Shape, Value};
use jiff::civil::date;

/// How many fields of a contact [`full_contact`] fills.
pub(crate) const FIELDS: usize = 40;

/// Fills the first forty fields of a contact.
pub(crate) fn full_contact(number: usize) -> Content {
    let mut content = Content::new();
    let wanted = Field::of(ItemKind::Contact)
        .filter(|field| !matches!(field, Field::Email4 | Field::Sensitivity | Field::Categories));
    for field in wanted.take(FIELDS) {
        let key = field.key();
        match field.shape() {
            Shape::Phone => content.set_text(field, format!("+49 911 {:07}", number * 10)),
            Shape::Email => content.set_text(field, format!("{key}.{number}@firma.example")),
            Shape::Date => content.set(field, Value::Date(date(1980, 5, 17))),
            _ => content.set_text(field, format!("{key} Grünäcker {number}")),
        }
    }
    content
}
