//! Pure: the content of a record or an item, field by field.
//!
//! Three things are told apart everywhere (rule D11): *unknown* (the field is not in the map: not delivered, excepted, or
//! not readable), *blank* (the side has the field and it is empty) and a *value*.

use jiff::civil::Date;

use super::field::{Field, FieldSet, Shape};
use super::value::Value;

/// A known field: blank, or holding a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Slot {
    /// The field is empty.
    Blank,
    /// The field holds this.
    Value(Value),
}

impl Slot {
    /// Makes a slot, taking for blank what stands for it on either side: empty text, no entries, and the dates that
    /// mean "no date" (rules.md §4: 0001-01-01 and 1899-12-30; EWS and PST add 4501-01-01).
    pub fn of(value: Value) -> Self {
        let blank = match &value {
            Value::Text(text) => text.chars().all(|c| c.is_whitespace() || c.is_control()),
            Value::List(entries) => entries.iter().all(|entry| entry.trim().is_empty()),
            Value::Attendees(people) => people.is_empty(),
            Value::Date(date) => means_no_date(*date),
            Value::Instant(instant) => {
                means_no_date(instant.to_zoned(jiff::tz::TimeZone::UTC).date())
            }
            Value::Flag(_) | Value::Number(_) | Value::Recurrence(_) => false,
        };
        if blank { Self::Blank } else { Self::Value(value) }
    }

    /// Returns the value, if there is one.
    pub const fn value(&self) -> Option<&Value> {
        match self {
            Self::Blank => None,
            Self::Value(value) => Some(value),
        }
    }

    /// Says whether the field is empty.
    pub const fn is_blank(&self) -> bool {
        matches!(self, Self::Blank)
    }
}

fn means_no_date(date: Date) -> bool {
    date == Date::constant(1, 1, 1)
        || date == Date::constant(1899, 12, 30)
        || date == Date::constant(4501, 1, 1)
}

/// The known fields of a record or an item. Most fields of most people are blank: those are kept as a set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// Fields that are known and empty.
    blank: FieldSet,
    /// Fields that hold a value, in the order of their numbers.
    filled: Vec<(Field, Slot)>,
}

/// What every blank field shows.
const BLANK: &Slot = &Slot::Blank;

impl Content {
    /// Makes content in which every field is unknown.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes content of texts alone.
    #[cfg(test)]
    pub(crate) fn of_texts(parts: &[(Field, &str)]) -> Self {
        let mut content = Self::new();
        for (field, text) in parts {
            content.set_text(*field, *text);
        }
        content
    }

    fn place(&self, field: Field) -> Result<usize, usize> {
        // Fields mostly come in the order of their numbers.
        match self.filled.last() {
            Some((last, _)) if *last >= field => {
                self.filled.binary_search_by_key(&field, |(known, _)| *known)
            }
            _ => Err(self.filled.len()),
        }
    }

    /// Returns the slot of a field, or `None` where it is unknown.
    pub fn slot(&self, field: Field) -> Option<&Slot> {
        if self.blank.contains(field) {
            return Some(BLANK);
        }
        let at = self.place(field).ok()?;
        self.filled.get(at).map(|(_, slot)| slot)
    }

    /// Returns the value of a field, or `None` where it is unknown or blank.
    pub fn value(&self, field: Field) -> Option<&Value> {
        self.slot(field).and_then(Slot::value)
    }

    /// Returns the text of a field, or `None` where it is unknown, blank or not text.
    pub fn text(&self, field: Field) -> Option<&str> {
        self.value(field).and_then(Value::as_text)
    }

    /// Says whether a yes-or-no field is yes.
    pub fn is_set(&self, field: Field) -> bool {
        self.value(field).and_then(Value::as_flag).unwrap_or(false)
    }

    /// Sets a field; empty values become blank.
    pub fn set(&mut self, field: Field, value: Value) {
        self.put(field, Slot::of(value));
    }

    /// Sets a field to text; empty text becomes blank.
    pub fn set_text(&mut self, field: Field, text: impl Into<String>) {
        self.set(field, Value::Text(text.into()));
    }

    /// Makes a field blank.
    pub fn set_blank(&mut self, field: Field) {
        self.forget(field);
        self.blank.insert(field);
    }

    /// Makes those of the fields blank that are unknown.
    pub fn blank_rest(&mut self, fields: FieldSet) {
        self.blank = self.blank.union(fields.difference(self.known()));
    }

    /// Puts a slot in place.
    pub fn put(&mut self, field: Field, slot: Slot) {
        if slot.is_blank() {
            return self.set_blank(field);
        }
        self.blank.remove(field);
        match self.place(field) {
            Ok(at) => {
                if let Some(entry) = self.filled.get_mut(at) {
                    entry.1 = slot;
                }
            }
            Err(at) => self.filled.insert(at, (field, slot)),
        }
    }

    /// Makes a field unknown.
    pub fn forget(&mut self, field: Field) {
        self.blank.remove(field);
        if let Ok(at) = self.place(field) {
            self.filled.remove(at);
        }
    }

    /// Makes every field unknown that is in the set (`except`, rule D19).
    pub fn forget_all(&mut self, fields: FieldSet) {
        self.blank = self.blank.difference(fields);
        self.filled.retain(|(field, _)| !fields.contains(*field));
    }

    /// Goes through the known fields in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (Field, &Slot)> {
        let mut filled = self.filled.iter().peekable();
        self.known().iter().map(move |field| {
            let slot = filled.next_if(|(next, _)| *next == field).map_or(BLANK, |(_, slot)| slot);
            (field, slot)
        })
    }

    /// Goes through the fields that hold a value, in the order of their numbers.
    pub fn values(&self) -> impl Iterator<Item = (Field, &Value)> {
        self.filled.iter().filter_map(|(field, slot)| Some((*field, slot.value()?)))
    }

    /// Returns the known fields.
    pub fn known(&self) -> FieldSet {
        self.filled.iter().fold(self.blank, |known, (field, _)| known.union(FieldSet::of(*field)))
    }

    /// Returns the part of the content that is in the set.
    #[must_use]
    pub fn only(&self, fields: FieldSet) -> Self {
        Self {
            blank: self.blank.intersection(fields),
            filled: self
                .filled
                .iter()
                .filter(|(field, _)| fields.contains(*field))
                .cloned()
                .collect(),
        }
    }

    /// Says whether the item is private or confidential, so that its content goes nowhere (rule D9).
    pub fn is_private(&self) -> bool {
        matches!(self.text(Field::Sensitivity), Some("private" | "confidential"))
    }

    /// Returns an estimate of the bytes this content takes in memory.
    pub fn memory(&self) -> usize {
        let beside = |value: &Value| match value {
            Value::Text(text) => text.len() + 16,
            Value::List(entries) => entries.iter().map(|entry| entry.len() + 40).sum(),
            Value::Attendees(people) => people.len() * 200,
            Value::Recurrence(series) => 300 + series.exceptions.len() * 400,
            Value::Date(_) | Value::Instant(_) | Value::Flag(_) | Value::Number(_) => 0,
        };
        let values: usize = self.values().map(|(_, value)| beside(value)).sum();
        values + self.filled.len() * size_of::<(Field, Slot)>()
    }

    /// Returns an estimate of the bytes this content takes on the wire, for batches bounded by size.
    pub fn weight(&self) -> usize {
        let filled: usize = self
            .values()
            .map(|(field, value)| {
                let value = match value {
                    Value::Text(text) => text.len(),
                    Value::List(entries) => entries.iter().map(|e| e.len() + 32).sum(),
                    Value::Attendees(people) => people.len() * 200,
                    Value::Recurrence(series) => 600 + series.exceptions.len() * 400,
                    _ => 24,
                };
                value + if field.shape() == Shape::Body { 64 } else { 160 }
            })
            .sum();
        // A blank field takes a path to clear it.
        filled + self.blank.len() as usize * 184
    }
}

impl FromIterator<(Field, Slot)> for Content {
    fn from_iter<I: IntoIterator<Item = (Field, Slot)>>(slots: I) -> Self {
        let mut content = Self::new();
        slots.into_iter().for_each(|(field, slot)| content.put(field, slot));
        content
    }
}

#[cfg(test)]
mod tests {
    use super::{Content, Slot};
    use crate::model::{Field, Value};
    use jiff::civil::date;

    #[test]
    fn no_date_has_three_spellings_besides_null() {
        for none in [date(1, 1, 1), date(1899, 12, 30), date(4501, 1, 1)] {
            assert_eq!(Slot::of(Value::Date(none)), Slot::Blank, "rules.md §4: {none}");
        }
        assert!(!Slot::of(Value::Date(date(1900, 1, 1))).is_blank());
    }

    #[test]
    fn fields_come_in_the_order_of_their_numbers_whatever_is_put_where() {
        let mut content = Content::new();
        for field in [Field::Notes, Field::Company, Field::Surname, Field::JobTitle] {
            content.set_text(field, field.key());
        }
        content.set_blank(Field::Department);
        content.set_blank(Field::Company);
        content.set_text(Field::Department, "Einkauf");
        content.forget(Field::Notes);
        let seen: Vec<_> = content.iter().map(|(field, slot)| (field, slot.is_blank())).collect();
        let expected = [
            (Field::Surname, false),
            (Field::Company, true),
            (Field::Department, false),
            (Field::JobTitle, false),
        ];
        assert_eq!(seen, expected);
        assert_eq!(content.text(Field::JobTitle), Some("job_title"));
        assert_eq!(content.only(content.known()), content);
    }

    #[test]
    fn d11_unknown_blank_and_value_are_three_things() {
        let mut content = Content::new();
        assert_eq!(content.slot(Field::Company), None);
        content.set_text(Field::Company, " \r\n");
        assert_eq!(content.slot(Field::Company), Some(&Slot::Blank));
        content.set_text(Field::Company, "Müller GmbH");
        assert_eq!(content.text(Field::Company), Some("Müller GmbH"));
    }
}
