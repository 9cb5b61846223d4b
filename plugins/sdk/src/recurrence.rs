//! Pure: a series of appointments or tasks in messages, the value of the field `recurrence`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A series: its pattern, how long it runs, and the occurrences that differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Recurrence {
    /// When an occurrence falls.
    pub pattern: Pattern,
    /// From when and until when.
    pub range: Range,
    /// Occurrences that were changed or removed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<Exception>,
}

/// When the occurrences of a series fall.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Pattern {
    /// Every so many days.
    Daily {
        /// Days from one occurrence to the next.
        every: u32,
    },
    /// Every so many weeks on these days.
    Weekly {
        /// Weeks from one round to the next.
        every: u32,
        /// The days.
        days: Vec<Day>,
        /// The day that a week begins with.
        first_day: Day,
    },
    /// Every so many months on a day of the month.
    MonthlyOnDay {
        /// Months from one occurrence to the next.
        every: u32,
        /// 1–31; in shorter months the last day.
        day: u8,
    },
    /// Every so many months on, say, the second Tuesday.
    MonthlyOnWeekday {
        /// Months from one occurrence to the next.
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
        /// How many of it.
        every: u32,
    },
}

/// A day of the week, or a kind of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "ordinals say all there is to say")]
pub enum Ordinal {
    First,
    Second,
    Third,
    Fourth,
    Last,
}

/// The unit that a task counts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "units say all there is to say")]
pub enum Unit {
    Day,
    Week,
    Month,
    Year,
}

/// How long a series runs. Dates are of the series' own zone, such as `2026-11-22`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Range {
    /// For ever.
    Forever {
        /// The first day.
        start: String,
    },
    /// Until a day, inclusive.
    Until {
        /// The first day.
        start: String,
        /// The last day on which an occurrence may fall.
        end: String,
    },
    /// So many times.
    Count {
        /// The first day.
        start: String,
        /// The number of occurrences.
        count: u32,
    },
}

/// One occurrence that differs from its series.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Exception {
    /// The date on which the pattern puts the occurrence.
    pub original: String,
    /// What became of it.
    pub change: ExceptionChange,
}

/// What became of an occurrence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ExceptionChange {
    /// It was removed.
    Deleted,
    /// It was moved or changed; what is absent is as in the series.
    Changed {
        /// The new start: RFC 3339, or a date such as `2026-11-22` where the series is all-day.
        start: String,
        /// The new end: RFC 3339, or the date after the last day where the series is all-day.
        end: String,
        /// The new subject.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subject: Option<String>,
        /// The new place; an empty one was removed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<String>,
    },
}
