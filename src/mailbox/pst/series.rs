//! Pure: series, in the words of the model and in their binary form.
//!
//! The binary form keeps local times of the series' own zone, so both directions need that zone. What a changed occurrence has
//! beyond the model (a reminder, a colour, a text of its own) stays as it is when the series is written again.

use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

use crate::mailbox::limits;
use crate::mapi::recurrence::{
    AppointmentRecurrence, Days, End, Frequency, Minutes, OccurrenceChange, RecurrencePattern,
    WeekDays,
};
use crate::mapi::{Properties, named as n};
use crate::model::Recurrence;
use crate::model::canonical::line;
use crate::model::recurrence::{
    Day, Exception, ExceptionChange, Moment, Ordinal, Pattern, Range, Unit,
};
use crate::pst::messaging::CodePage;

/// When an occurrence is, as the series has it: local times of day, and the zone they are in.
#[derive(Clone, Debug)]
pub(super) struct Course {
    /// When it begins.
    pub(super) starts: Time,
    /// How many minutes later it ends.
    pub(super) minutes: u32,
    /// Whether it takes whole days.
    pub(super) all_day: bool,
    /// Where the clocks are that these times are read from.
    pub(super) zone: TimeZone,
}

impl Course {
    /// Returns when the occurrence of a day is by the pattern, local.
    fn span(&self, day: Date) -> (DateTime, DateTime) {
        let start = day.to_datetime(self.starts);
        (start, start.saturating_add(i64::from(self.minutes).minutes()))
    }

    fn local(&self, moment: Moment) -> DateTime {
        match moment {
            Moment::Day(date) => date.to_datetime(Time::midnight()),
            Moment::Instant(instant) => self.zone.to_datetime(instant),
        }
    }

    fn moment(&self, local: DateTime, all_day: bool) -> Option<Moment> {
        if all_day {
            return Some(Moment::Day(local.date()));
        }
        self.zone.to_ambiguous_timestamp(local).compatible().ok().map(Moment::Instant)
    }
}

/// What an item says of all occurrences of its series, as it is now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known<'a> {
    pub(super) series: &'a AppointmentRecurrence,
    pub(super) subject: &'a str,
    pub(super) place: &'a str,
    pub(super) all_day: bool,
}

/// Returns the series of an appointment as it is stored; `None` where there is none, or none that can be read. `page` is that of the
/// item's texts that are not in Unicode.
pub(super) fn stored(item: &Properties, page: CodePage) -> Option<AppointmentRecurrence> {
    let bytes = item.value(n::APPOINTMENT_RECURRENCE)?.as_bytes()?;
    AppointmentRecurrence::parse_in(bytes, &|text| page.decode(text)).ok()
}

/// Returns the text that a changed occurrence has instead of that of all.
fn own_text(own: Option<&String>, all: &str) -> Option<String> {
    own.filter(|own| line(own) != line(all)).cloned()
}

/// Reads a task's series. `None` where the model has no word for it (rule D10).
pub(super) fn read_task(series: &RecurrencePattern) -> Option<Recurrence> {
    // A task has no changed occurrences; deleted ones are skipped when the task is completed.
    let all = Recurrence {
        pattern: pattern(series)?,
        range: range(series)?,
        exceptions: deleted(series),
    };
    let is_known = !series.regenerating || limits::series(&all).is_ok();
    is_known.then_some(all)
}

/// Reads an appointment's series; `texts` are subject and place of the series. `None` where the model has no word for it.
pub(super) fn read(
    series: &AppointmentRecurrence,
    course: &Course,
    (subject, place): (&str, &str),
) -> Option<Recurrence> {
    let mut exceptions = Vec::new();
    for change in &series.changes {
        let original = change.original_start.to_datetime().date();
        let (start, end) = (change.start.to_datetime(), change.end.to_datetime());
        let subject = own_text(change.subject.as_ref(), subject);
        let place = own_text(change.place.as_ref(), place);
        let all_day = change.all_day.map_or(course.all_day, |all_day| all_day != 0);
        let as_planned = all_day == course.all_day && course.span(original) == (start, end);
        if as_planned && subject.is_none() && place.is_none() {
            // It differs in nothing that the model knows.
            continue;
        }
        exceptions.push(Exception {
            original,
            change: ExceptionChange::Changed {
                start: course.moment(start, all_day)?,
                end: course.moment(end, all_day)?,
                subject,
                place,
            },
        });
    }
    let changed: Vec<Date> =
        series.changes.iter().map(|change| change.original_start.to_datetime().date()).collect();
    let gone = deleted(&series.pattern);
    exceptions.extend(gone.into_iter().filter(|gone| !changed.contains(&gone.original)));
    exceptions.sort_by_key(|exception| exception.original);
    Some(Recurrence {
        pattern: pattern(&series.pattern)?,
        range: range(&series.pattern)?,
        exceptions,
    })
}

fn deleted(series: &RecurrencePattern) -> Vec<Exception> {
    let gone = series.deleted.iter().map(|day| day.to_datetime().date());
    gone.map(|original| Exception { original, change: ExceptionChange::Deleted }).collect()
}

/// `None` for a series that ends after no occurrence at all: programs take it for endless, or for none.
fn range(series: &RecurrencePattern) -> Option<Range> {
    let start = series.start.to_datetime().date();
    Some(match series.end {
        End::Never => Range::Forever { start },
        End::Date => Range::Until { start, end: series.last.to_datetime().date() },
        End::Count if series.occurrences == 0 => return None,
        End::Count => Range::Count { start, count: series.occurrences },
    })
}

fn pattern(series: &RecurrencePattern) -> Option<Pattern> {
    if series.hijri || series.calendar > 1 {
        return None;
    }
    if series.regenerating {
        let (unit, per) = match series.frequency {
            Frequency::Daily => (Unit::Day, MINUTES_A_DAY),
            // Earlier versions of this program told weeks.
            Frequency::Weekly if series.period.is_multiple_of(MINUTES_A_WEEK) => {
                (Unit::Week, MINUTES_A_WEEK)
            }
            Frequency::Weekly => (Unit::Week, 1),
            Frequency::Monthly => (Unit::Month, 1),
            Frequency::Yearly => (Unit::Year, 12),
        };
        let every = whole(series.period, per)?;
        return Some(Pattern::Regenerating { unit, every });
    }
    let month = || {
        // A yearly series begins in its month; its anchor says the month too.
        u8::try_from(series.start.to_datetime().month()).ok()
    };
    let yearly = series.frequency == Frequency::Yearly;
    if yearly && series.period != 12 {
        return None;
    }
    Some(match series.days {
        Days::Day => Pattern::Daily { every: whole(series.period, MINUTES_A_DAY)? },
        Days::Week(days) => Pattern::Weekly {
            every: whole(series.period, 1)?,
            days: read_week(days)?,
            first_day: week_day(series.first_weekday)?,
        },
        Days::Month(day) | Days::MonthEnd(day) => {
            let last = matches!(series.days, Days::MonthEnd(_));
            let day = if last {
                31
            } else {
                u8::try_from(day).ok().filter(|day| (1..=31).contains(day))?
            };
            if yearly {
                Pattern::YearlyOnDay { month: month()?, day }
            } else {
                Pattern::MonthlyOnDay { every: whole(series.period, 1)?, day }
            }
        }
        Days::MonthNth(days, nth) => {
            let day = read_day(days)?;
            let ordinal = ORDINALS.into_iter().find(|(_, number)| *number == nth)?.0;
            if yearly {
                Pattern::YearlyOnWeekday { month: month()?, ordinal, day }
            } else {
                Pattern::MonthlyOnWeekday { every: whole(series.period, 1)?, ordinal, day }
            }
        }
    })
}

const MINUTES_A_DAY: u32 = 1440;
const MINUTES_A_WEEK: u32 = 7 * MINUTES_A_DAY;

fn whole(period: u32, per: u32) -> Option<u32> {
    (period > 0 && period.is_multiple_of(per)).then(|| period / per)
}

/// Writes a task's series. `Err` says what Outlook cannot hold (rule D10).
pub(super) fn write_task(series: &Recurrence) -> Result<RecurrencePattern, &'static str> {
    limits::series_of_tasks(series)?;
    write_pattern(series)
}

/// Writes an appointment's series. `known` is what the item holds now; what its changed occurrences have beyond the model stays.
/// `Err` says what Outlook cannot hold (rule D10).
pub(super) fn write(
    series: &Recurrence,
    course: &Course,
    known: Option<Known<'_>>,
) -> Result<AppointmentRecurrence, &'static str> {
    const BEYOND: &str = "a time in the series lies beyond what Outlook can keep";
    limits::changed_occurrences(series, |moment| course.local(moment).date())?;
    let was = known.map(|known| known.series);
    let mut pattern = write_pattern(series)?;
    let mut changes = Vec::new();
    for exception in &series.exceptions {
        let ExceptionChange::Changed { start, end, subject, place } = &exception.change else {
            continue;
        };
        let (planned, _) = course.span(exception.original);
        let minutes = |time: DateTime| Minutes::from_datetime(time).ok_or(BEYOND);
        let original = minutes(planned)?;
        limits::occurrence(*start, *end)?;
        let is_day = matches!(start, Moment::Day(_));
        let (start, end) = (minutes(course.local(*start))?, minutes(course.local(*end))?);
        if end < start {
            return Err("by its clocks a changed occurrence of the series ends before it starts");
        }
        let old = was.and_then(|was| {
            was.changes.get(before(&was.changes, original, |old| old.original_start)?)
        });
        let mut change =
            old.cloned().unwrap_or_else(|| OccurrenceChange::moved(original, start, end));
        (change.original_start, change.start, change.end) = (original, start, end);
        // Only a difference is told, or what was told before.
        if is_day != course.all_day || change.all_day.is_some() {
            change.all_day = Some(u32::from(is_day));
        }
        change.subject.clone_from(subject);
        change.place.clone_from(place);
        pattern.modified.push(minutes(start.to_datetime().date().to_datetime(Time::midnight()))?);
        changes.push(change);
    }
    for (day, change) in known.into_iter().flat_map(|known| beyond(series, known)) {
        let time = |time: DateTime| Minutes::from_datetime(time).ok_or(BEYOND);
        let (start, end) = course.span(day);
        let midnight = Minutes::from_date(day).ok_or(BEYOND)?;
        let (start, end) = (time(start)?, time(end)?);
        pattern.deleted.push(midnight);
        pattern.modified.push(midnight);
        let all_day = change.all_day.map(|_| u32::from(course.all_day));
        changes.push(OccurrenceChange {
            original_start: start,
            start,
            end,
            all_day,
            ..change.clone()
        });
    }
    pattern.deleted.sort_unstable();
    pattern.modified.sort_unstable();
    changes.sort_by_key(|change| change.start);
    let starts = u32::from(course.starts.hour().unsigned_abs()) * 60
        + u32::from(course.starts.minute().unsigned_abs());
    let ends = starts.checked_add(course.minutes).ok_or(BEYOND)?;
    Ok(AppointmentRecurrence { pattern, starts, ends, changes })
}

/// Lists the occurrences that are when they are planned and differ in nothing but what the model has no word for, whatever of it they
/// name: they go on doing so as long as the pattern has their day (rule D11).
fn beyond<'a>(
    series: &'a Recurrence,
    known: Known<'a>,
) -> impl Iterator<Item = (Date, &'a OccurrenceChange)> {
    let was = known.series;
    let length = was.ends.checked_sub(was.starts);
    let is_planned = move |change: &&OccurrenceChange| {
        change.start == change.original_start
            && change.end.0.checked_sub(change.start.0) == length
            && own_text(change.subject.as_ref(), known.subject).is_none()
            && own_text(change.place.as_ref(), known.place).is_none()
            && change.all_day.is_none_or(|all_day| (all_day != 0) == known.all_day)
    };
    was.changes
        .iter()
        .filter(is_planned)
        .map(|change| (change.start.to_datetime().date(), change))
        .filter(|(day, _)| series.exceptions.iter().all(|exception| exception.original != *day))
        .filter(|(day, _)| series.dates().take_while(|date| date <= day).any(|date| date == *day))
}

/// Finds what a changed occurrence was before: the one that would have started then, else the one of that day, since a series that
/// moves to another hour takes its occurrences along.
pub(super) fn before<T>(
    old: &[T],
    original: Minutes,
    original_of: impl Fn(&T) -> Minutes,
) -> Option<usize> {
    let day = |time: Minutes| time.to_datetime().date();
    let exact = old.iter().position(|old| original_of(old) == original);
    exact.or_else(|| old.iter().position(|old| day(original_of(old)) == day(original)))
}

fn write_pattern(series: &Recurrence) -> Result<RecurrencePattern, &'static str> {
    const BEYOND: &str = "the series begins or ends beyond what Outlook can keep";
    limits::series(series)?;
    let day = |date: Date| Minutes::from_date(date).ok_or(BEYOND);
    let asked = match series.range {
        Range::Forever { start } | Range::Until { start, .. } | Range::Count { start, .. } => start,
    };
    // Outlook wants the first day to be one on which an occurrence falls.
    let start = series.dates().next().unwrap_or(asked);
    let (frequency, days, period) = rhythm(&series.pattern, start)?;
    let (end, occurrences, last) = match series.range {
        Range::Forever { .. } => (End::Never, 10, Minutes::NEVER),
        Range::Until { end, .. } => {
            let count = u32::try_from(series.dates().count()).unwrap_or(u32::MAX);
            (End::Date, count, day(end)?)
        }
        Range::Count { count, .. } => {
            let last = series.dates().last().unwrap_or(start);
            (End::Count, count, day(last)?)
        }
    };
    let mut deleted: Vec<Minutes> = Vec::new();
    for exception in &series.exceptions {
        deleted.push(day(exception.original)?);
    }
    deleted.sort_unstable();
    deleted.dedup();
    let first_weekday = match &series.pattern {
        Pattern::Weekly { first_day, .. } => number(*first_day).unwrap_or(0),
        _ => 0,
    };
    let mut pattern = RecurrencePattern {
        frequency,
        days,
        calendar: 0,
        hijri: false,
        first: 0,
        period,
        regenerating: matches!(series.pattern, Pattern::Regenerating { .. }),
        end,
        occurrences,
        first_weekday,
        deleted,
        modified: Vec::new(),
        start: day(start)?,
        last,
    };
    pattern.first = pattern.anchor().ok_or(BEYOND)?;
    Ok(pattern)
}

fn rhythm(pattern: &Pattern, start: Date) -> Result<(Frequency, Days, u32), &'static str> {
    const LONG: &str = "the series has a longer rhythm than Outlook can keep";
    let nth = |ordinal: Ordinal| {
        ORDINALS.into_iter().find(|(ours, _)| *ours == ordinal).map_or(5, |(_, number)| number)
    };
    let on_day = u32::from(start.day().unsigned_abs());
    Ok(match pattern {
        Pattern::Daily { every } => {
            (Frequency::Daily, Days::Day, every.checked_mul(MINUTES_A_DAY).ok_or(LONG)?)
        }
        Pattern::Weekly { every, days, .. } => {
            let days = days.iter().fold(0, |mask, day| mask | mask_of(*day));
            (Frequency::Weekly, Days::Week(WeekDays(days)), *every)
        }
        Pattern::MonthlyOnDay { every, day } => {
            (Frequency::Monthly, Days::Month((*day).into()), *every)
        }
        Pattern::MonthlyOnWeekday { every, ordinal, day } => {
            (Frequency::Monthly, Days::MonthNth(WeekDays(mask_of(*day)), nth(*ordinal)), *every)
        }
        Pattern::YearlyOnDay { day, .. } => (Frequency::Yearly, Days::Month((*day).into()), 12),
        Pattern::YearlyOnWeekday { ordinal, day, .. } => {
            (Frequency::Yearly, Days::MonthNth(WeekDays(mask_of(*day)), nth(*ordinal)), 12)
        }
        Pattern::Regenerating { unit, every } => match unit {
            Unit::Day => {
                (Frequency::Daily, Days::Day, every.checked_mul(MINUTES_A_DAY).ok_or(LONG)?)
            }
            Unit::Week => {
                (Frequency::Weekly, Days::Day, every.checked_mul(MINUTES_A_WEEK).ok_or(LONG)?)
            }
            Unit::Month => (Frequency::Monthly, Days::Month(on_day), *every),
            Unit::Year => {
                (Frequency::Yearly, Days::Month(on_day), every.checked_mul(12).ok_or(LONG)?)
            }
        },
    })
}

const ORDINALS: [(Ordinal, u32); 5] = [
    (Ordinal::First, 1),
    (Ordinal::Second, 2),
    (Ordinal::Third, 3),
    (Ordinal::Fourth, 4),
    (Ordinal::Last, 5),
];

/// The days of the week as bits, in the model's order of the week.
const WEEK: [(Day, u32); 7] = [
    (Day::Monday, 0x02),
    (Day::Tuesday, 0x04),
    (Day::Wednesday, 0x08),
    (Day::Thursday, 0x10),
    (Day::Friday, 0x20),
    (Day::Saturday, 0x40),
    (Day::Sunday, 0x01),
];

const KINDS: [(Day, u32); 3] = [(Day::Any, 0x7F), (Day::Weekday, 0x3E), (Day::WeekendDay, 0x41)];

fn mask_of(day: Day) -> u32 {
    WEEK.iter().chain(&KINDS).find(|(ours, _)| *ours == day).map_or(0, |(_, mask)| *mask)
}

fn read_day(days: WeekDays) -> Option<Day> {
    WEEK.iter().chain(&KINDS).find(|(_, mask)| *mask == days.0).map(|(day, _)| *day)
}

fn read_week(days: WeekDays) -> Option<Vec<Day>> {
    let week: Vec<Day> =
        WEEK.iter().filter(|(_, mask)| days.0 & mask != 0).map(|(day, _)| *day).collect();
    (!week.is_empty()).then_some(week)
}

/// 0 Sunday to 6 Saturday.
fn week_day(number: u32) -> Option<Day> {
    let mask = 1_u32.checked_shl(number)?;
    read_day(WeekDays(mask)).filter(|_| number < 7)
}

fn number(day: Day) -> Option<u32> {
    let mask = mask_of(day);
    mask.is_power_of_two().then(|| mask.trailing_zeros())
}

#[cfg(test)]
mod tests;
