//! Pure: on which days the occurrences of a series fall.
//!
//! The position of a day among them, counted from one with deleted ones included, is how EWS names an occurrence
//! (`OccurrenceItemId`, `InstanceIndex`).

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

use super::{Day, Ordinal, Pattern, Range, Recurrence, Unit};

/// Rounds (days, weeks, months, years) without any occurrence after which a series has none any more. Every pattern has one
/// at least every year.
const BARREN: u32 = 100;

impl Recurrence {
    /// Returns the days on which the pattern puts occurrences, in order, whatever became of them. A regenerating task has the
    /// first one only: the next depends on when it is completed.
    pub fn dates(&self) -> impl Iterator<Item = Date> + '_ {
        let (start, end, most) = match self.range {
            Range::Forever { start } => (start, Date::MAX, usize::MAX),
            Range::Until { start, end } => (start, end, usize::MAX),
            Range::Count { start, count } => {
                (start, Date::MAX, usize::try_from(count).unwrap_or(usize::MAX))
            }
        };
        Rounds { pattern: &self.pattern, start, round: 0, ready: Vec::new() }
            .skip_while(move |date| *date < start)
            .take_while(move |date| *date <= end)
            .take(most)
    }

    /// Returns the position of a day among the days of the series, counted from one; `None` where no occurrence falls on it.
    pub fn position(&self, date: Date) -> Option<usize> {
        let (index, found) = (1..).zip(self.dates()).find(|(_, other)| *other >= date)?;
        (found == date).then_some(index)
    }

    /// Returns the day of the task that comes after one of this series: `present` is the day of that one, `finished` the one on which
    /// it was completed. `Some(None)`: it was the last. `None`: nobody knows, since it stands nowhere how many of a task that comes
    /// again so long after its completion there were (MS-OXOTASK 3.1.4.6.2).
    pub fn next_task(&self, present: Date, finished: Date) -> Option<Option<Date>> {
        let Pattern::Regenerating { unit, every } = self.pattern else {
            let is_gone = |date: &Date| self.exceptions.iter().any(|one| one.original == *date);
            return Some(self.dates().find(|date| *date > present && !is_gone(date)));
        };
        let every = i64::from(every);
        let later = match unit {
            Unit::Day => every.days(),
            Unit::Week => every.weeks(),
            Unit::Month => every.months(),
            Unit::Year => every.years(),
        };
        let next = finished.checked_add(later).ok()?;
        match self.range {
            Range::Forever { .. } => Some(Some(next)),
            Range::Until { end, .. } => Some(Some(next).filter(|next| *next <= end)),
            Range::Count { .. } => None,
        }
    }
}

/// Goes from round to round and hands out the days of each.
struct Rounds<'a> {
    pattern: &'a Pattern,
    start: Date,
    round: u32,
    /// The days of the present round, the next one last.
    ready: Vec<Date>,
}

impl Iterator for Rounds<'_> {
    type Item = Date;

    fn next(&mut self) -> Option<Date> {
        for _ in 0..BARREN {
            if let Some(date) = self.ready.pop() {
                return Some(date);
            }
            self.ready = self.days()?;
            self.ready.reverse();
            self.round = self.round.checked_add(1)?;
        }
        None
    }
}

impl Rounds<'_> {
    /// Returns the days of the present round in order; `None` where the calendar ends.
    fn days(&self) -> Option<Vec<Date>> {
        // An interval of nought would never get on.
        let steps = |every: u32| Some(i64::from(self.round) * i64::from(every.max(1)));
        let month = |every| self.start.first_of_month().checked_add(steps(every)?.months()).ok();
        let year = |month: u8| {
            let year = self.start.year().checked_add(i16::try_from(self.round).ok()?)?;
            Date::new(year, i8::try_from(month).ok()?, 1).ok()
        };
        Some(match self.pattern {
            Pattern::Daily { every } => {
                vec![self.start.checked_add(steps(*every)?.days()).ok()?]
            }
            Pattern::Weekly { every, days, first_day } => {
                let back = self.start.weekday().since(weekday(*first_day)?);
                let first = self.start.checked_sub(i64::from(back).days()).ok()?;
                let first = first.checked_add(steps(*every)?.weeks()).ok()?;
                (0..7)
                    .filter_map(|day| first.checked_add(i64::from(day).days()).ok())
                    .filter(|date| days.iter().any(|day| is(*day, date.weekday())))
                    .collect()
            }
            Pattern::MonthlyOnDay { every, day } => vec![on(month(*every)?, *day)?],
            Pattern::MonthlyOnWeekday { every, ordinal, day } => {
                nth(month(*every)?, *ordinal, *day).into_iter().collect()
            }
            Pattern::YearlyOnDay { month, day } => vec![on(year(*month)?, *day)?],
            Pattern::YearlyOnWeekday { month, ordinal, day } => {
                nth(year(*month)?, *ordinal, *day).into_iter().collect()
            }
            Pattern::Regenerating { .. } if self.round == 0 => vec![self.start],
            Pattern::Regenerating { .. } => return None,
        })
    }
}

/// The day of a month, in shorter months the last one.
fn on(first: Date, day: u8) -> Option<Date> {
    let day = i8::try_from(day).ok()?.clamp(1, first.days_in_month());
    Date::new(first.year(), first.month(), day).ok()
}

/// The first to fourth or the last such day of a month.
fn nth(first: Date, ordinal: Ordinal, day: Day) -> Option<Date> {
    let mut fitting = (1..=first.days_in_month())
        .filter_map(|number| Date::new(first.year(), first.month(), number).ok())
        .filter(|date| is(day, date.weekday()));
    match ordinal {
        Ordinal::First => fitting.next(),
        Ordinal::Second => fitting.nth(1),
        Ordinal::Third => fitting.nth(2),
        Ordinal::Fourth => fitting.nth(3),
        Ordinal::Last => fitting.next_back(),
    }
}

fn is(day: Day, weekday: Weekday) -> bool {
    let weekend = matches!(weekday, Weekday::Saturday | Weekday::Sunday);
    match day {
        Day::Any => true,
        Day::Weekday => !weekend,
        Day::WeekendDay => weekend,
        day => self::weekday(day) == Some(weekday),
    }
}

const fn weekday(day: Day) -> Option<Weekday> {
    match day {
        Day::Monday => Some(Weekday::Monday),
        Day::Tuesday => Some(Weekday::Tuesday),
        Day::Wednesday => Some(Weekday::Wednesday),
        Day::Thursday => Some(Weekday::Thursday),
        Day::Friday => Some(Weekday::Friday),
        Day::Saturday => Some(Weekday::Saturday),
        Day::Sunday => Some(Weekday::Sunday),
        Day::Any | Day::Weekday | Day::WeekendDay => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::model::Recurrence;
    use crate::model::recurrence::{Day, Ordinal, Pattern, Range, Unit};
    use jiff::civil::{Date, date};

    fn series(pattern: Pattern, start: Date, count: u32) -> Recurrence {
        Recurrence { pattern, range: Range::Count { start, count }, exceptions: Vec::new() }
    }

    fn dates(pattern: Pattern, start: Date, count: u32) -> Vec<String> {
        series(pattern, start, count).dates().map(|date| date.to_string()).collect()
    }

    // The days below were expanded by dateutil 2.9 from the same rules, and not by this program.

    #[test]
    fn days_and_weeks_count_from_the_start() {
        let daily = Pattern::Daily { every: 3 };
        assert_eq!(dates(daily, date(2026, 2, 26), 3), ["2026-02-26", "2026-03-01", "2026-03-04"]);
        // FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO from Monday, 2 November 2026: the Sunday belongs to another week
        // whichever day the week begins with.
        let weekly = |first_day| Pattern::Weekly {
            every: 2,
            days: vec![Day::Monday, Day::Sunday],
            first_day,
        };
        let start = date(2026, 11, 2);
        let monday = ["2026-11-02", "2026-11-08", "2026-11-16", "2026-11-22"];
        let sunday = ["2026-11-02", "2026-11-15", "2026-11-16", "2026-11-29"];
        assert_eq!(dates(weekly(Day::Monday), start, 4), monday);
        assert_eq!(dates(weekly(Day::Sunday), start, 4), sunday);
    }

    #[test]
    fn the_31st_of_a_short_month_is_its_last_day() {
        let monthly = Pattern::MonthlyOnDay { every: 1, day: 31 };
        let wanted = ["2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30"];
        assert_eq!(dates(monthly, date(2028, 1, 31), 4), wanted);
        let leap = Pattern::YearlyOnDay { month: 2, day: 29 };
        assert_eq!(dates(leap, date(2027, 1, 1), 2), ["2027-02-28", "2028-02-29"]);
    }

    #[test]
    fn the_nth_day_is_found_by_kind() {
        let last = |day| Pattern::MonthlyOnWeekday { every: 1, ordinal: Ordinal::Last, day };
        let start = date(2026, 1, 1);
        assert_eq!(dates(last(Day::Weekday), start, 2), ["2026-01-30", "2026-02-27"]);
        assert_eq!(dates(last(Day::WeekendDay), start, 2), ["2026-01-31", "2026-02-28"]);
        assert_eq!(dates(last(Day::Any), start, 2), ["2026-01-31", "2026-02-28"]);
        let second =
            Pattern::YearlyOnWeekday { month: 5, ordinal: Ordinal::Second, day: Day::Sunday };
        assert_eq!(dates(second, date(2026, 6, 1), 2), ["2027-05-09", "2028-05-14"]);
    }

    #[test]
    fn ranges_end_where_they_say() {
        let mut series = series(Pattern::Daily { every: 2 }, date(2026, 1, 1), 3);
        assert_eq!(series.dates().count(), 3);
        series.range = Range::Until { start: date(2026, 1, 1), end: date(2026, 1, 5) };
        assert_eq!(series.dates().last(), Some(date(2026, 1, 5)), "the last day is within");
        series.range = Range::Forever { start: date(2026, 1, 1) };
        assert_eq!(series.dates().nth(999), Some(date(2031, 6, 22)));
        series.range = Range::Forever { start: date(9999, 12, 30) };
        assert_eq!(series.dates().count(), 1, "the calendar has an end");
        let unit = Unit::Day;
        series.pattern = Pattern::Regenerating { unit, every: 1 };
        assert_eq!(series.dates().count(), 1);
        series.pattern = Pattern::Weekly { every: 1, days: Vec::new(), first_day: Day::Monday };
        assert_eq!(series.dates().next(), None, "a week without days has none");
    }

    #[test]
    fn positions_count_every_day_of_the_pattern() {
        let days = vec![Day::Monday, Day::Wednesday];
        let weekly = Pattern::Weekly { every: 1, days, first_day: Day::Monday };
        let series = series(weekly, date(2026, 10, 12), 6);
        assert_eq!(series.position(date(2026, 10, 12)), Some(1));
        assert_eq!(series.position(date(2026, 10, 28)), Some(6));
        assert_eq!(series.position(date(2026, 10, 13)), None);
        assert_eq!(series.position(date(2026, 11, 2)), None, "the series is over");
    }
}
