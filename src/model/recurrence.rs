//! Pure: a series of appointments or tasks, as Outlook and iCalendar both understand it.

mod dates;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A series: its pattern, how long it runs, and the occurrences that differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recurrence {
    /// When an occurrence falls.
    pub pattern: Pattern,
    /// From when and until when.
    pub range: Range,
    /// Occurrences that were changed or deleted, by their original date.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<Exception>,
}

/// When the occurrences of a series fall; the patterns of EWS (`RecurrencePatternTypes`, `TaskRecurrencePatternTypes`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Pattern {
    /// Every so many days.
    Daily {
        /// Days from one occurrence to the next, 1–999.
        every: u32,
    },
    /// Every so many weeks on these days.
    Weekly {
        /// Weeks from one round to the next, 1–99.
        every: u32,
        /// The days, in the order of the week.
        days: Vec<Day>,
        /// The day that a week begins with; matters where `every` is above one.
        first_day: Day,
    },
    /// Every so many months on a day of the month.
    MonthlyOnDay {
        /// Months from one occurrence to the next, 1–99.
        every: u32,
        /// 1–31; in shorter months the last day.
        day: u8,
    },
    /// Every so many months on, say, the second Tuesday.
    MonthlyOnWeekday {
        /// Months from one occurrence to the next, 1–99.
        every: u32,
        /// Which one of the month.
        ordinal: Ordinal,
        /// A day of the week or a kind of day.
        day: Day,
    },
    /// Once a year on a date.
    YearlyOnDay {
        /// 1–12.
        month: u8,
        /// 1–31.
        day: u8,
    },
    /// Once a year on, say, the last Friday of May.
    YearlyOnWeekday {
        /// 1–12.
        month: u8,
        /// Which one of the month.
        ordinal: Ordinal,
        /// A day of the week or a kind of day.
        day: Day,
    },
    /// Tasks only: so long after the last one was completed.
    Regenerating {
        /// The unit that is counted.
        unit: Unit,
        /// How many of it, 1–999.
        every: u32,
    },
}

/// A day of the week, or a kind of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names of the days say all there is to say")]
pub enum Day {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
    /// Any day.
    Any,
    /// Monday to Friday.
    Weekday,
    /// Saturday or Sunday.
    WeekendDay,
}

/// Which one of a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "ordinals say all there is to say")]
pub enum Ordinal {
    First,
    Second,
    Third,
    Fourth,
    Last,
}

/// The unit a regenerating task counts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "units say all there is to say")]
pub enum Unit {
    Day,
    Week,
    Month,
    Year,
}

/// How long a series runs. Dates are of the series' own zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Range {
    /// For ever.
    Forever {
        /// The first day.
        start: Date,
    },
    /// Until a day, inclusive.
    Until {
        /// The first day.
        start: Date,
        /// The last day on which an occurrence may fall.
        end: Date,
    },
    /// So many times.
    Count {
        /// The first day.
        start: Date,
        /// The number of occurrences, 1–999.
        count: u32,
    },
}

/// One occurrence that differs from its series.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// The day on which the pattern puts the occurrence, in the series' zone.
    pub original: Date,
    /// What became of it.
    pub change: ExceptionChange,
}

/// What became of an occurrence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ExceptionChange {
    /// It was removed.
    Deleted,
    /// It was moved or changed; what is absent is as in the series. Other differences (text, reminder, show-as) stay where
    /// they are: they belong to no field of ours (rule D11).
    Changed {
        /// The new start: a day where the series is all-day.
        start: Moment,
        /// The new end: the day after the last one where the series is all-day.
        end: Moment,
        /// The new subject.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subject: Option<String>,
        /// The new place; an empty one was removed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<String>,
    },
}

/// A day or an instant, in JSON both as text. All-day occurrences are days, so that they keep their dates in every pair of zones
/// (rules.md §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, try_from = "String")]
pub enum Moment {
    /// A day: `2026-11-22`.
    Day(Date),
    /// An instant: RFC 3339, always with a zone.
    Instant(Timestamp),
}

impl TryFrom<String> for Moment {
    type Error = jiff::Error;

    fn try_from(text: String) -> Result<Self, jiff::Error> {
        // A date is ten characters; a wall clock without a zone, which would be cut to its date, is neither.
        if text.len() == 10 { text.parse().map(Self::Day) } else { text.parse().map(Self::Instant) }
    }
}

#[cfg(test)]
mod tests {
    use super::{ExceptionChange, Moment};
    use jiff::civil::date;

    #[test]
    fn days_and_instants_are_told_apart_by_their_form() {
        let read = |text: &str| serde_json::from_str::<Moment>(&format!("\"{text}\"")).ok();
        assert_eq!(read("2026-11-22"), Some(Moment::Day(date(2026, 11, 22))));
        let instant = "2026-11-22T09:00:00Z";
        assert_eq!(read(instant), Some(Moment::Instant(instant.parse().unwrap())));
        assert_eq!(read("2026-11-22T09:00:00"), None, "an instant has a zone");
        assert_eq!(read("gestern"), None);
    }

    #[test]
    fn the_form_that_fingerprints_are_taken_of_stays() {
        // Fingerprint v1 is stored: this text never changes.
        let changed = ExceptionChange::Changed {
            start: Moment::Instant("2026-11-22T09:00:00Z".parse().unwrap()),
            end: Moment::Instant("2026-11-22T10:00:00Z".parse().unwrap()),
            subject: None,
            place: Some("Raum 1".to_owned()),
        };
        assert_eq!(
            serde_json::to_string(&changed).unwrap(),
            r#"{"kind":"changed","start":"2026-11-22T09:00:00Z","end":"2026-11-22T10:00:00Z","place":"Raum 1"}"#
        );
    }
}
