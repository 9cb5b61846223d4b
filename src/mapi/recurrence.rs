//! The binary form of a series (pure). MS-OXOCAL 2.2.1.44.
//!
//! Tasks keep a [`RecurrencePattern`], appointments an [`AppointmentRecurrence`] around one. All times in both are minutes of
//! the series' own local time.

use jiff::ToSpan;
use jiff::civil::{Date, DateTime};

use super::blob::{BlobError, BlobFault, Fields};

mod appointment;
mod write;

pub use appointment::{AppointmentRecurrence, OccurrenceChange};

/// Minutes since 1601-01-01 00:00 in the local time of the series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Minutes(pub u32);

impl Minutes {
    const EPOCH: Date = Date::constant(1601, 1, 1);

    /// Stands for the end of a series without one (4500-12-31 23:59).
    pub const NEVER: Self = Self(0x5AE9_80DF);

    /// Returns the date and time of day.
    pub fn to_datetime(self) -> DateTime {
        let days = i64::from(self.0 / 1440);
        let minutes = i64::from(self.0 % 1440);
        // The largest count lies in the year 9767, so that nothing overflows.
        Self::EPOCH
            .to_datetime(jiff::civil::Time::midnight())
            .saturating_add(days.days().minutes(minutes))
    }

    /// Makes minutes from a date and time of day, seconds cut off; `None` before 1601 and after 9766.
    pub fn from_datetime(datetime: DateTime) -> Option<Self> {
        let day = Self::from_date(datetime.date())?;
        let minute = i64::from(datetime.hour()) * 60 + i64::from(datetime.minute());
        Some(Self(day.0.checked_add(u32::try_from(minute).ok()?)?))
    }

    /// Makes the midnight that a date begins with; `None` before 1601 and after 9766.
    pub fn from_date(date: Date) -> Option<Self> {
        let days = (date - Self::EPOCH).get_days();
        u32::try_from(days).ok()?.checked_mul(1440).map(Self)
    }
}

/// What a pattern repeats by (`RecurFrequency`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frequency {
    /// 0x200A.
    Daily,
    /// 0x200B.
    Weekly,
    /// 0x200C.
    Monthly,
    /// 0x200D.
    Yearly,
}

/// On which days (`PatternType` and `PatternTypeSpecific`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Days {
    /// Every so many days, told in minutes; so are the weeks of a task that comes again so long after it was completed.
    Day,
    /// On days of the week.
    Week(WeekDays),
    /// On a day of the month, 1 to 31; in shorter months on the last.
    Month(u32),
    /// On the last day of the month. Outlook writes `Month(31)` instead.
    MonthEnd(u32),
    /// On the so-manieth of these days of the month, 1 to 4, 5 for the last.
    MonthNth(WeekDays, u32),
}

/// Days of the week, one bit each: Sunday 1, Monday 2, to Saturday 0x40.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeekDays(pub u32);

/// Until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Until [`RecurrencePattern::last`].
    Date,
    /// After [`RecurrencePattern::occurrences`].
    Count,
    /// For ever.
    Never,
}

/// A series: its pattern, range, and which occurrences are gone or changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecurrencePattern {
    /// What it repeats by.
    pub frequency: Frequency,
    /// On which days.
    pub days: Days,
    /// 0 and 1 Gregorian; others are calendars that this program does not reckon in.
    pub calendar: u16,
    /// Whether the days are those of the Hijri calendar, whatever the calendar says.
    pub hijri: bool,
    /// A day that the rhythm can be counted from; see [`Self::anchor`].
    pub first: u32,
    /// The rhythm: minutes for [`Days::Day`], weeks for weeks, months for months and years.
    pub period: u32,
    /// Whether a task comes again only so long after it was completed.
    pub regenerating: bool,
    /// Until when.
    pub end: End,
    /// How many occurrences there are; 10 where it does not end.
    pub occurrences: u32,
    /// The day that weeks begin with, 0 Sunday to 6 Saturday.
    pub first_weekday: u32,
    /// Midnights of the days on which occurrences are gone, or were before they were changed.
    pub deleted: Vec<Minutes>,
    /// Midnights of the days on which changed occurrences are now.
    pub modified: Vec<Minutes>,
    /// Midnight of the first day.
    pub start: Minutes,
    /// Midnight of the last day, [`Minutes::NEVER`] where it does not end.
    pub last: Minutes,
}

/// Hijri calendars put ten on top of the pattern's number.
const HIJRI: u16 = 10;

impl RecurrencePattern {
    /// Reads a task's series.
    ///
    /// # Errors
    ///
    /// The field that cannot be, and where it stands.
    pub fn parse(bytes: &[u8]) -> Result<Self, BlobError> {
        let mut fields = Fields::new("RecurrencePattern", bytes);
        let pattern = Self::take(&mut fields)?;
        fields.end("EndDate")?;
        Ok(pattern)
    }

    pub(super) fn take(fields: &mut Fields<'_>) -> Result<Self, BlobError> {
        fields.half("ReaderVersion")?;
        fields.half("WriterVersion")?;
        let frequency = match fields.half("RecurFrequency")? {
            0x200A => Frequency::Daily,
            0x200B => Frequency::Weekly,
            0x200C => Frequency::Monthly,
            0x200D => Frequency::Yearly,
            other => return Err(fields.fault("RecurFrequency", BlobFault::Unknown(other.into()))),
        };
        let kind = fields.half("PatternType")?;
        let calendar = fields.half("CalendarType")?;
        let first = fields.word("FirstDateTime")?;
        let period = fields.word("Period")?;
        let sliding = fields.word("SlidingFlag")?;
        let days = match kind.checked_sub(HIJRI).unwrap_or(kind) {
            0 => Days::Day,
            1 => Days::Week(WeekDays(fields.word("PatternTypeSpecific")?)),
            2 => Days::Month(fields.word("PatternTypeSpecific")?),
            3 => {
                let days = WeekDays(fields.word("PatternTypeSpecific")?);
                Days::MonthNth(days, fields.word("PatternTypeSpecific")?)
            }
            4 => Days::MonthEnd(fields.word("PatternTypeSpecific")?),
            _ => return Err(fields.fault("PatternType", BlobFault::Unknown(kind.into()))),
        };
        let end = match fields.word("EndType")? {
            0x2021 => End::Date,
            0x2022 => End::Count,
            0x2023 | 0xFFFF_FFFF => End::Never,
            other => return Err(fields.fault("EndType", BlobFault::Unknown(other))),
        };
        Ok(Self {
            frequency,
            days,
            calendar,
            hijri: kind >= HIJRI,
            first,
            period,
            regenerating: sliding != 0,
            end,
            occurrences: fields.word("OccurrenceCount")?,
            first_weekday: fields.word("FirstDOW")?,
            deleted: minutes(fields.words("DeletedInstanceDates")?),
            modified: minutes(fields.words("ModifiedInstanceDates")?),
            start: Minutes(fields.word("StartDate")?),
            last: Minutes(fields.word("EndDate")?),
        })
    }

    /// Reckons what [`Self::first`] has to be (`FirstDateTime`): the place of the start within the rhythm, counted from 1601.
    /// `None` where the rhythm is zero or the numbers are beyond all calendars.
    pub fn anchor(&self) -> Option<u32> {
        match (self.frequency, self.days) {
            (_, Days::Day) => self.start.0.checked_rem(self.period),
            (_, Days::Week(_)) => {
                let date = self.start.to_datetime().date();
                let weekday = date.weekday().to_sunday_zero_offset().unsigned_abs();
                let into = (u32::from(weekday) + 7).checked_sub(self.first_weekday)? % 7;
                let week = self.start.0.checked_sub(into * 1440)?;
                week.checked_rem(self.period.checked_mul(7 * 1440)?)
            }
            (_, Days::Month(_) | Days::MonthEnd(_) | Days::MonthNth(..)) => {
                let date = self.start.to_datetime().date();
                let months = u32::try_from(date.year()).ok()?.checked_sub(1601)? * 12
                    + u32::from(date.month().unsigned_abs())
                    - 1;
                let months = months.checked_rem(self.period)?;
                let first = Minutes::EPOCH.checked_add(i64::from(months).months()).ok()?;
                Minutes::from_date(first).map(|minutes| minutes.0)
            }
        }
    }
}

fn minutes(words: Vec<u32>) -> Vec<Minutes> {
    words.into_iter().map(Minutes).collect()
}

#[cfg(test)]
mod tests;
