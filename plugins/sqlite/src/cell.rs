//! Pure: between the cells of the database and the JSON form of values.

use abgleich_plugin::fields::{Shape, words};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use rusqlite::types::{Value as Cell, ValueRef};
use serde_json::Value;

/// Reads a cell. An error says what the cell should hold.
pub(crate) fn read(shape: Shape, cell: ValueRef<'_>, zone: &TimeZone) -> Result<Value, String> {
    let text = match cell {
        ValueRef::Null => return Ok(Value::Null),
        ValueRef::Integer(number) => {
            return match (shape, number) {
                (Shape::Flag, 0 | 1) => Ok(Value::from(number == 1)),
                (Shape::Number, _) => Ok(Value::from(number)),
                // SQLite keeps what it is given: a postal code may have come as a number.
                (Shape::Text | Shape::Body, _) => Ok(Value::from(number.to_string())),
                _ => Err("a text".to_owned()),
            };
        }
        ValueRef::Text(bytes) => {
            std::str::from_utf8(bytes).map_err(|_| "text in UTF-8".to_owned())?
        }
        ValueRef::Real(_) | ValueRef::Blob(_) => return Err("a text or a whole number".to_owned()),
    };
    if text.trim().is_empty() {
        return Ok(Value::Null);
    }
    match shape {
        Shape::Text | Shape::Body | Shape::Choice => Ok(Value::from(text)),
        Shape::Date => {
            date(text).map(|date| date.map_or(Value::Null, |d| Value::from(d.to_string())))
        }
        Shape::Moment if text.len() == 10 => {
            date(text).map(|date| date.map_or(Value::Null, |d| Value::from(d.to_string())))
        }
        Shape::Moment | Shape::Instant => {
            instant(text, zone).map(|at| at.map_or(Value::Null, |at| Value::from(at.to_string())))
        }
        Shape::List | Shape::Recurrence | Shape::Attendees => {
            serde_json::from_str(text).map_err(|_| "JSON".to_owned())
        }
        Shape::Flag | Shape::Number => Err("a whole number".to_owned()),
    }
}

/// Makes the cell of a value. An error is the code of a refusal.
pub(crate) fn write(
    word: &str,
    shape: Shape,
    value: &Value,
    longest: u64,
) -> Result<Cell, &'static str> {
    const INVALID: &str = "invalid";
    if value.is_null() {
        return Ok(Cell::Null);
    }
    let text = || value.as_str().ok_or(INVALID);
    match shape {
        Shape::Text => {
            let text = text()?;
            if u64::try_from(text.chars().count()).is_ok_and(|length| length > longest) {
                return Err("too_long");
            }
            Ok(Cell::Text(text.to_owned()))
        }
        Shape::Body => Ok(Cell::Text(text()?.to_owned())),
        Shape::Choice => {
            let text = text()?;
            if !words(word).contains(&text) {
                return Err(INVALID);
            }
            Ok(Cell::Text(text.to_owned()))
        }
        Shape::Date => {
            let date: Date = text()?.parse().map_err(|_| INVALID)?;
            Ok(Cell::Text(date.to_string()))
        }
        Shape::Moment if text()?.len() == 10 => {
            let date: Date = text()?.parse().map_err(|_| INVALID)?;
            Ok(Cell::Text(date.to_string()))
        }
        Shape::Moment | Shape::Instant => {
            let at: Timestamp = text()?.parse().map_err(|_| INVALID)?;
            Ok(Cell::Text(seconds(at)))
        }
        Shape::Flag => Ok(Cell::Integer(value.as_bool().ok_or(INVALID)?.into())),
        Shape::Number => Ok(Cell::Integer(value.as_i64().ok_or(INVALID)?)),
        Shape::List if value.is_array() => Ok(Cell::Text(value.to_string())),
        Shape::Recurrence if value.is_object() => Ok(Cell::Text(value.to_string())),
        Shape::List | Shape::Recurrence | Shape::Attendees => Err(INVALID),
    }
}

/// Writes an instant as the database keeps it: to the second (rules.md §4).
pub(crate) fn seconds(at: Timestamp) -> String {
    let whole = Timestamp::from_second(at.as_second()).unwrap_or(at);
    whole.to_string()
}

/// Reads an instant; one without a zone counts in the zone of the source. The dates that mean "no date" are none.
pub(crate) fn instant(text: &str, zone: &TimeZone) -> Result<Option<Timestamp>, String> {
    let wrong = || "an instant such as 2026-11-22T08:00:00Z".to_owned();
    if means_no_date(text) {
        return Ok(None);
    }
    if let Ok(at) = text.parse() {
        return Ok(Some(at));
    }
    let local: DateTime = text.parse().map_err(|_| wrong())?;
    let at = local.to_zoned(zone.clone()).map_err(|_| wrong())?;
    Ok(Some(at.timestamp()))
}

fn date(text: &str) -> Result<Option<Date>, String> {
    if means_no_date(text) {
        return Ok(None);
    }
    // Databases without a type for dates often add midnight.
    let day = text.split(['T', ' ']).next().unwrap_or(text);
    day.parse().map(Some).map_err(|_| "a date such as 2026-11-22".to_owned())
}

fn means_no_date(text: &str) -> bool {
    ["0001-01-01", "1899-12-30"].iter().any(|none| text.starts_with(none))
}

/// Says whether a stored value is the expected one: blanks are alike, instants count in seconds, lists are sets.
pub(crate) fn same(shape: Shape, stored: &Value, expected: &Value) -> bool {
    match (blank(stored), blank(expected)) {
        (true, true) => return true,
        (false, false) => {}
        _ => return false,
    }
    if stored == expected {
        return true;
    }
    let texts = (stored.as_str(), expected.as_str());
    match (shape, texts) {
        (Shape::Instant | Shape::Moment, (Some(one), Some(other))) => {
            let second = |text: &str| text.parse().map(Timestamp::as_second).ok();
            second(one).is_some() && second(one) == second(other)
        }
        (Shape::List, _) => {
            let set = |value: &Value| -> std::collections::BTreeSet<String> {
                let entries = value.as_array().map(Vec::as_slice).unwrap_or_default();
                entries.iter().filter_map(Value::as_str).map(str::to_owned).collect()
            };
            set(stored) == set(expected)
        }
        (Shape::Recurrence, _) => {
            without_empty_exceptions(stored) == without_empty_exceptions(expected)
        }
        _ => false,
    }
}

fn blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.chars().all(|c| c.is_whitespace() || c.is_control()),
        Value::Array(entries) => entries.is_empty(),
        _ => false,
    }
}

fn without_empty_exceptions(series: &Value) -> Value {
    let mut series = series.clone();
    if let Some(map) = series.as_object_mut()
        && map.get("exceptions").is_some_and(blank)
    {
        map.remove("exceptions");
    }
    series
}

#[cfg(test)]
mod tests {
    use super::{read, same, write};
    use abgleich_plugin::fields::Shape;
    use jiff::tz::TimeZone;
    use rusqlite::types::{Value as Cell, ValueRef};
    use serde_json::{Value, json};

    fn cell(shape: Shape, text: &str) -> Value {
        read(shape, ValueRef::Text(text.as_bytes()), &TimeZone::get("Europe/Berlin").unwrap())
            .unwrap()
    }

    #[test]
    fn no_date_has_several_spellings() {
        for none in ["", "0001-01-01", "1899-12-30", "1899-12-30 00:00:00", "0001-01-01T00:00:00"] {
            for shape in [Shape::Date, Shape::Moment, Shape::Instant] {
                assert_eq!(cell(shape, none), Value::Null, "rules.md §4: {none:?}");
            }
        }
    }

    #[test]
    fn a_time_without_zone_counts_in_the_zone_of_the_source() {
        // The clocks went forward in Berlin on 2026-03-29 at 01:00 UTC.
        assert_eq!(cell(Shape::Moment, "2026-03-28 09:00:00"), json!("2026-03-28T08:00:00Z"));
        assert_eq!(cell(Shape::Moment, "2026-03-30 09:00:00"), json!("2026-03-30T07:00:00Z"));
        assert_eq!(cell(Shape::Moment, "2026-03-29"), json!("2026-03-29"), "all-day");
        assert_eq!(cell(Shape::Date, "1980-02-29 00:00:00"), json!("1980-02-29"));
    }

    #[test]
    fn values_are_refused_not_cut() {
        let long = json!("ü".repeat(256));
        assert_eq!(write("company", Shape::Text, &long, 255), Err("too_long"));
        assert!(write("company", Shape::Text, &json!("ü".repeat(255)), 255).is_ok());
        assert_eq!(write("percent", Shape::Number, &json!("much"), 255), Err("invalid"));
        assert_eq!(write("status", Shape::Choice, &json!("someday"), 255), Err("invalid"));
        assert_eq!(write("company", Shape::Text, &Value::Null, 255), Ok(Cell::Null));
    }

    #[test]
    fn the_same_value_in_another_spelling_is_the_same() {
        assert!(same(Shape::Text, &json!(null), &json!(" ")));
        assert!(!same(Shape::Text, &json!(null), &json!("x")));
        assert!(same(
            Shape::Instant,
            &json!("2026-01-01T00:00:00Z"),
            &json!("2026-01-01T01:00:00+01:00")
        ));
        assert!(same(Shape::List, &json!(["a", "b"]), &json!(["b", "a"])));
        assert!(!same(Shape::Text, &json!("089 1"), &json!("089 2")));
    }
}
