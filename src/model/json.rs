//! Pure: the JSON form of a value, the same in adapter messages, the journal and reports.
//!
//! | shape | JSON |
//! |---|---|
//! | text, body, phone, e-mail, zone, choice | string |
//! | date | `"2026-11-22"` |
//! | moment | a date (all-day) or an RFC 3339 instant |
//! | instant | RFC 3339 with `Z` or an offset |
//! | flag, number | boolean, integer |
//! | list | array of strings |
//! | recurrence, attendees | objects, see `plugins/include` |
//!
//! `null` is blank; an absent key is unknown.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value as Json;

use super::content::Slot;
use super::field::{Field, Shape};
use super::value::Value;

/// Why a JSON value is not a value of the field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueError {
    /// The field.
    pub field: Field,
    /// What the field takes.
    pub expected: &'static str,
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "field `{}` is not {}", self.field, self.expected)
    }
}

impl std::error::Error for ValueError {}

/// Returns the JSON form of a slot.
pub fn to_json(slot: &Slot) -> Json {
    let Some(value) = slot.value() else { return Json::Null };
    match value {
        Value::Text(text) => Json::from(text.as_str()),
        Value::Date(date) => Json::from(date.to_string()),
        Value::Instant(instant) => Json::from(instant.to_string()),
        Value::Flag(flag) => Json::from(*flag),
        Value::Number(number) => Json::from(*number),
        Value::List(entries) => Json::from(entries.clone()),
        // These types serialise without failing: their keys are strings and their numbers finite.
        Value::Recurrence(series) => serde_json::to_value(series).unwrap_or(Json::Null),
        Value::Attendees(people) => serde_json::to_value(people).unwrap_or(Json::Null),
    }
}

/// Reads the JSON form of a field's slot.
pub fn from_json(field: Field, json: &Json) -> Result<Slot, ValueError> {
    if json.is_null() {
        return Ok(Slot::Blank);
    }
    if let Some(text) = json.as_str() {
        return from_text(field, text);
    }
    let fail = |expected| ValueError { field, expected };
    let value = match field.shape() {
        Shape::Flag => Value::Flag(json.as_bool().ok_or(fail("true or false"))?),
        Shape::Number(low, high) => {
            let number = json.as_i64().ok_or(fail("a whole number"))?;
            if !(low..=high).contains(&number) {
                return Err(fail("a number within its range"));
            }
            Value::Number(number)
        }
        Shape::List => Value::List(read(json).ok_or(fail("a list of strings"))?),
        Shape::Recurrence => Value::Recurrence(Box::new(read(json).ok_or(fail("a recurrence"))?)),
        Shape::Attendees => Value::Attendees(read(json).ok_or(fail("a list of attendees"))?),
        _ => return Err(fail("a string")),
    };
    Ok(Slot::of(value))
}

/// Reads the JSON form of a field's slot where that is a string.
pub fn from_text(field: Field, text: &str) -> Result<Slot, ValueError> {
    let fail = |expected| ValueError { field, expected };
    let value = match field.shape() {
        Shape::Text | Shape::Body | Shape::Phone | Shape::Email | Shape::Zone => {
            Value::Text(text.to_owned())
        }
        Shape::Flag => return Err(fail("true or false")),
        Shape::Number(..) => return Err(fail("a whole number")),
        Shape::List => return Err(fail("a list of strings")),
        Shape::Recurrence => return Err(fail("a recurrence")),
        Shape::Attendees => return Err(fail("a list of attendees")),
        _ if text.is_empty() => return Ok(Slot::Blank),
        Shape::Choice(words) if !words.contains(&text) => {
            return Err(fail("one of the words that it takes"));
        }
        Shape::Choice(_) => Value::Text(text.to_owned()),
        // Adapters over databases without a date type deliver midnight; the date is what counts (rules.md §4).
        Shape::Date => Value::Date(leading_date(text).ok_or(fail("a date such as 2026-11-22"))?),
        Shape::Moment if text.len() == 10 => {
            Value::Date(text.parse().map_err(|_| fail("a date or an instant"))?)
        }
        Shape::Moment => {
            Value::Instant(instant(text).ok_or(fail("a date or an instant with a zone"))?)
        }
        Shape::Instant => Value::Instant(instant(text).ok_or(fail("an instant with a zone"))?),
    };
    Ok(Slot::of(value))
}

fn read<T: serde::de::DeserializeOwned>(json: &Json) -> Option<T> {
    T::deserialize(json).ok()
}

fn leading_date(text: &str) -> Option<Date> {
    let (date, rest) = text.split_at_checked(10)?;
    (rest.is_empty() || rest.starts_with(['T', ' '])).then(|| date.parse().ok()).flatten()
}

fn instant(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{from_json, to_json};
    use crate::model::{Field, Slot, Value};
    use serde_json::json;

    #[test]
    fn null_is_blank_and_an_instant_needs_a_zone() {
        assert_eq!(from_json(Field::Company, &json!(null)), Ok(Slot::Blank));
        assert!(from_json(Field::ReminderAt, &json!("2026-11-22T09:00:00")).is_err());
        let slot = from_json(Field::Start, &json!("2026-11-22T09:00:00+01:00")).unwrap();
        assert_eq!(to_json(&slot), json!("2026-11-22T08:00:00Z"));
    }

    #[test]
    fn an_all_day_moment_stays_a_date() {
        let slot = from_json(Field::Start, &json!("2026-03-29")).unwrap();
        assert_eq!(slot, Slot::Value(Value::Date(jiff::civil::date(2026, 3, 29))));
        assert_eq!(to_json(&slot), json!("2026-03-29"));
    }

    #[test]
    fn wrong_types_name_the_field() {
        let error = from_json(Field::Percent, &json!(101)).unwrap_err();
        assert_eq!(error.to_string(), "field `percent` is not a number within its range");
    }

    #[test]
    fn a_date_with_midnight_is_its_date() {
        let slot = from_json(Field::Birthday, &json!("1980-02-29 00:00:00")).unwrap();
        assert_eq!(to_json(&slot), json!("1980-02-29"));
    }
}
