//! How an appointment or a task repeats, in the words of EWS (pure).

use jiff::civil::Date;

/// A pattern and the range in which it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recurrence {
    /// When it happens.
    pub pattern: Pattern,
    /// From when, until when or how often.
    pub range: Range,
}

/// The six patterns of `t:RecurrenceType`, and the regenerations that only tasks have.
///
/// An interval is 1 or more. There is no yearly interval and nothing below a day in EWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    /// Every `interval` days.
    Daily {
        /// In days.
        interval: u32,
    },
    /// On `days`, every `interval` weeks.
    Weekly {
        /// In weeks.
        interval: u32,
        /// At least one day.
        days: Vec<DayOfWeek>,
        /// On which day a week begins; matters for intervals above 1 (2010 and later).
        first_day: Option<DayOfWeek>,
    },
    /// On one day of the month, every `interval` months.
    AbsoluteMonthly {
        /// In months.
        interval: u32,
        /// 1 to 31; a day that a month does not have means its last one.
        day: u8,
    },
    /// On the nth weekday of the month, every `interval` months.
    RelativeMonthly {
        /// In months.
        interval: u32,
        /// One day, or one of the sets.
        day: DayOfWeek,
        /// Which of them.
        index: DayOfWeekIndex,
    },
    /// On one day of the year.
    AbsoluteYearly {
        /// 1 to 31.
        day: u8,
        /// In which month.
        month: Month,
    },
    /// On the nth weekday of one month of the year.
    RelativeYearly {
        /// One day, or one of the sets.
        day: DayOfWeek,
        /// Which of them.
        index: DayOfWeekIndex,
        /// In which month.
        month: Month,
    },
    /// Tasks only: again so many `unit`s after the last one was completed.
    Regeneration {
        /// What is counted.
        unit: RegenerationUnit,
        /// How many of them.
        interval: u32,
    },
}

/// In what a regenerating task counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegenerationUnit {
    /// `DailyRegeneration`
    Daily,
    /// `WeeklyRegeneration`
    Weekly,
    /// `MonthlyRegeneration`
    Monthly,
    /// `YearlyRegeneration`
    Yearly,
}

/// From when and until when a pattern holds. All are dates as written, without a zone: servers
/// glue an offset or a time to them that must not shift the date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Range {
    /// For ever.
    NoEnd {
        /// The first day.
        start: Date,
    },
    /// Until a day.
    EndDate {
        /// The first day.
        start: Date,
        /// The last day, inclusive.
        end: Date,
    },
    /// So many times.
    Numbered {
        /// The first day.
        start: Date,
        /// How many occurrences, deleted ones included.
        occurrences: u32,
    },
}

impl Range {
    /// Returns the first day.
    pub fn start(&self) -> Date {
        match self {
            Self::NoEnd { start } | Self::EndDate { start, .. } | Self::Numbered { start, .. } => {
                *start
            }
        }
    }
}

macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($variant:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $(#[doc = concat!("`", stringify!($variant), "`")] $variant),+ }

        impl $name {
            /// Lists all of them, in the order of the schema.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Returns the name in the schema.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant)),+ }
            }

            /// Finds the value of a name of the schema.
            pub fn by_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.name() == name)
            }
        }
    };
}

named! {
    /// A day, or one of the three sets that relative patterns know.
    DayOfWeek { Sunday, Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Day, Weekday, WeekendDay }
}

named! {
    /// Which of the days of a month.
    DayOfWeekIndex { First, Second, Third, Fourth, Last }
}

named! {
    /// A month; `Month as u8 + 1` is its number.
    Month { January, February, March, April, May, June, July, August, September, October, November, December }
}

impl Month {
    /// Returns the number, 1 for January.
    pub fn number(self) -> u8 {
        self as u8 + 1
    }

    /// Finds the month of a number, 1 for January.
    pub fn by_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number).checked_sub(1)?).copied()
    }
}
