//! Pure: times and series that no Outlook has, whichever way they are written. A server refuses some of them with a word for the
//! whole request; a file would take them all, and Outlook would show nothing of them or go wrong on them.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::model::recurrence::{ExceptionChange, Moment, Pattern, Range};
use crate::model::{Content, Field, Recurrence, Slot, Value};

/// Checks pattern and range of a series against Outlook's own limits (rule D10).
///
/// # Errors
///
/// In words, what cannot be.
pub(super) fn series(series: &Recurrence) -> Result<(), &'static str> {
    let (every, most) = match series.pattern {
        Pattern::Daily { every } | Pattern::Regenerating { every, .. } => (every, 999),
        Pattern::Weekly { every, .. }
        | Pattern::MonthlyOnDay { every, .. }
        | Pattern::MonthlyOnWeekday { every, .. } => (every, 99),
        Pattern::YearlyOnDay { .. } | Pattern::YearlyOnWeekday { .. } => (1, 1),
    };
    if !(1..=most).contains(&every) {
        return Err("the interval of the series is none that Outlook knows");
    }
    if matches!(&series.pattern, Pattern::Weekly { days, .. } if days.is_empty()) {
        return Err("a weekly series names no day");
    }
    if let Pattern::MonthlyOnDay { day, .. } | Pattern::YearlyOnDay { day, .. } = series.pattern
        && !(1..=31).contains(&day)
    {
        return Err("the day of the month of a series is not 1 to 31");
    }
    if let Pattern::YearlyOnDay { month, .. } | Pattern::YearlyOnWeekday { month, .. } =
        series.pattern
        && !(1..=12).contains(&month)
    {
        return Err("the month of a series is not 1 to 12");
    }
    if let Range::Count { count, .. } = series.range
        && !(1..=999).contains(&count)
    {
        return Err("Outlook repeats a series at most 999 times");
    }
    match series.dates().next() {
        Some(_) => Ok(()),
        None => Err("no occurrence of the series falls within its range"),
    }
}

/// Checks a series of tasks likewise. Both lists of its occurrences are empty in Outlook (MS-OXOTASK 2.2.2.2.15), and the schema of
/// EWS has no such lists.
///
/// # Errors
///
/// In words, what cannot be.
pub(super) fn series_of_tasks(all: &Recurrence) -> Result<(), &'static str> {
    match all.exceptions.iter().find(|exception| exception.change != ExceptionChange::Deleted) {
        Some(_) => Err("a series of tasks has no changed occurrences in Outlook"),
        None if all.exceptions.is_empty() => series(all),
        None => Err("a series of tasks has no deleted occurrences in Outlook"),
    }
}

/// Checks the days of changed occurrences against those of their series. Each is one of the series, and it is moved neither onto nor
/// past the one before or after it (Microsoft's page on `PidLidAppointmentRecur`). `day` says on which one a moment is.
///
/// # Errors
///
/// In words, what cannot be.
pub(super) fn changed_occurrences(
    series: &Recurrence,
    day: impl Fn(Moment) -> Date,
) -> Result<(), &'static str> {
    const ONE_A_DAY: &str = "Outlook has at most one occurrence of a series on a day";
    const PAST: &str =
        "a changed occurrence of the series is moved past another one, which Outlook does not do";
    let mut changed: Vec<(Date, Date)> = Vec::new();
    for exception in &series.exceptions {
        if let ExceptionChange::Changed { start, .. } = exception.change {
            changed.push((exception.original, day(start)));
        }
    }
    changed.sort_unstable();
    let Some(last) = changed.iter().map(|(original, now)| *original.max(now)).max() else {
        return Ok(());
    };
    for two in changed.windows(2) {
        match two {
            [(_, one), (_, next)] if one == next => return Err(ONE_A_DAY),
            [(_, one), (_, next)] if one > next => return Err(PAST),
            _ => {}
        }
    }
    let days: BTreeSet<Date> = series.dates().take_while(|date| *date <= last).collect();
    if changed.iter().any(|(original, _)| !days.contains(original)) {
        return Err("a changed occurrence of the series is on a day on which nothing falls");
    }
    let others: BTreeSet<Date> = series.exceptions.iter().map(|one| one.original).collect();
    for (original, now) in changed {
        if now != original && days.contains(&now) && !others.contains(&now) {
            return Err(ONE_A_DAY);
        }
        let way = original.min(now)..=original.max(now);
        if days.range(way).any(|date| !others.contains(date)) {
            return Err(PAST);
        }
    }
    Ok(())
}

/// Checks when a changed occurrence starts and ends.
///
/// # Errors
///
/// In words, what cannot be.
pub(super) fn occurrence(start: Moment, end: Moment) -> Result<(), &'static str> {
    let ends_first = match (start, end) {
        (Moment::Day(first), Moment::Day(after)) => after < first,
        (Moment::Instant(start), Moment::Instant(end)) => end < start,
        _ => {
            return Err("a changed occurrence of the series takes a whole day at one end only");
        }
    };
    if ends_first {
        Err("a changed occurrence of the series ends before it starts")
    } else {
        Ok(())
    }
}

/// Checks when an appointment ends: Outlook's calendar does too, with the year 4500, and the day after it stands for none.
///
/// # Errors
///
/// In words, what cannot be.
pub(super) fn year(end: Date) -> Result<(), &'static str> {
    if end.year() > 4500 {
        return Err("the appointment is beyond the year 4500, with which Outlook's calendar ends");
    }
    Ok(())
}

/// Checks the days of a task that a change touches, together with what it held before.
///
/// # Errors
///
/// In words, what cannot be.
pub(super) fn task(content: &Content, before: &Content) -> Result<(), &'static str> {
    let fields = [Field::TaskStart, Field::Due];
    let touched = fields.iter().any(|field| content.slot(*field).is_some());
    match fields.map(|field| day(field, content, before)) {
        [Some(start), Some(due)] if touched && due < start => {
            Err("the task is due before it starts")
        }
        _ => Ok(()),
    }
}

/// Returns the day that a field has after a change.
pub(super) fn day(field: Field, content: &Content, before: &Content) -> Option<Date> {
    match content.slot(field).or_else(|| before.slot(field)).and_then(Slot::value) {
        Some(Value::Date(date)) => Some(*date),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Date, date};

    use super::{occurrence, series, task};
    use crate::model::recurrence::{
        Day, Exception, ExceptionChange, Moment, Ordinal, Pattern, Range,
    };
    use crate::model::{Content, Field, Recurrence, Value};

    /// As Outlook's dialog for series has them.
    #[test]
    fn d10_a_series_that_outlook_does_not_have_is_none() {
        let start = date(2027, 1, 12);
        let of = |pattern, range| series(&Recurrence { pattern, range, exceptions: Vec::new() });
        let weekly = |every, days| Pattern::Weekly { every, days, first_day: Day::Monday };
        let tuesdays = || weekly(1, vec![Day::Tuesday]);
        let nth =
            |month| Pattern::YearlyOnWeekday { month, ordinal: Ordinal::Last, day: Day::Friday };
        for (is_one, pattern) in [
            (true, Pattern::Daily { every: 999 }),
            (false, Pattern::Daily { every: 1000 }),
            (false, Pattern::Daily { every: 0 }),
            (true, weekly(99, vec![Day::Tuesday])),
            (false, weekly(100, vec![Day::Tuesday])),
            (false, weekly(1, Vec::new())),
            (true, Pattern::MonthlyOnDay { every: 1, day: 31 }),
            (false, Pattern::MonthlyOnDay { every: 1, day: 32 }),
            (false, Pattern::YearlyOnDay { month: 1, day: 0 }),
            (false, Pattern::YearlyOnDay { month: 13, day: 1 }),
            (true, nth(12)),
            (false, nth(0)),
        ] {
            let found = of(pattern.clone(), Range::Forever { start });
            assert_eq!(found.is_ok(), is_one, "{pattern:?}");
        }
        for (is_one, range) in [
            (true, Range::Count { start, count: 999 }),
            (false, Range::Count { start, count: 1000 }),
            (false, Range::Count { start, count: 0 }),
            (true, Range::Until { start, end: start }),
            // From Wednesday to Monday there is no Tuesday.
            (false, Range::Until { start: date(2027, 1, 13), end: date(2027, 1, 18) }),
        ] {
            assert_eq!(of(tuesdays(), range.clone()).is_ok(), is_one, "{range:?}");
        }
    }

    /// Tuesdays from 2027-01-12 on. Outlook's dialogs say so, and Exchange answers `ErrorOccurrenceCrossingBoundary`.
    #[test]
    fn d10_a_changed_occurrence_stays_between_its_neighbours() {
        let check = |moves: &[(i8, Option<i8>)]| {
            let day = |day| date(2027, 1, day);
            let exceptions = moves.iter().map(|(original, now)| {
                let changed = |now| ExceptionChange::Changed {
                    start: Moment::Day(day(now)),
                    end: Moment::Day(day(now + 1)),
                    subject: None,
                    place: None,
                };
                let change = now.map_or(ExceptionChange::Deleted, changed);
                Exception { original: day(*original), change }
            });
            let days = vec![Day::Tuesday];
            let series = Recurrence {
                pattern: Pattern::Weekly { every: 1, days, first_day: Day::Monday },
                range: Range::Forever { start: day(12) },
                exceptions: exceptions.collect(),
            };
            super::changed_occurrences(&series, |moment| match moment {
                Moment::Day(day) => day,
                Moment::Instant(_) => panic!("days alone"),
            })
        };
        for fine in [
            &[(12, Some(12))][..],
            &[(12, Some(18)), (19, Some(20))],
            &[(19, Some(13))],
            // The next one is gone, or has gone on.
            &[(12, Some(19)), (19, None)],
            &[(12, Some(20)), (19, None)],
            &[(12, Some(19)), (19, Some(20))],
            // What is deleted and was never there harms nobody.
            &[(13, None)],
        ] {
            assert_eq!(check(fine), Ok(()), "{fine:?}");
        }
        for (wrong, why) in [
            (&[(12, Some(19))][..], "at most one occurrence"),
            (&[(19, Some(12))], "at most one occurrence"),
            (&[(12, Some(15)), (19, Some(15))], "at most one occurrence"),
            (&[(12, Some(20))], "past another one"),
            (&[(26, Some(18))], "past another one"),
            (&[(12, Some(22)), (19, Some(21))], "past another one"),
            (&[(13, Some(14))], "on which nothing falls"),
        ] {
            let said = check(wrong).unwrap_err();
            assert!(said.contains(why), "{wrong:?}: {said}");
        }
    }

    #[test]
    fn what_ends_before_it_starts_is_none() {
        let at = |text: &str| Moment::Instant(text.parse().unwrap());
        let (nine, ten) = (at("2027-01-12T09:00:00Z"), at("2027-01-12T10:00:00Z"));
        let (one, other) = (Moment::Day(date(2027, 1, 12)), Moment::Day(date(2027, 1, 13)));
        assert!(occurrence(nine, ten).is_ok() && occurrence(nine, nine).is_ok());
        assert!(occurrence(one, other).is_ok());
        for (start, end) in [(ten, nine), (other, one), (one, ten), (nine, other)] {
            assert!(occurrence(start, end).is_err(), "{start:?} to {end:?}");
        }
    }

    /// MS-OXOTASK 2.2.2.2.5: the due date is not before the start.
    #[test]
    fn a_task_is_not_due_before_it_starts() {
        let days = |pairs: &[(Field, Date)]| {
            let mut content = Content::new();
            for (field, date) in pairs {
                content.set(*field, Value::Date(*date));
            }
            content
        };
        let (early, late) = (date(2027, 1, 12), date(2027, 1, 13));
        let (none, starts_late) = (Content::new(), days(&[(Field::TaskStart, late)]));
        let due_early = days(&[(Field::Due, early)]);
        assert!(task(&days(&[(Field::TaskStart, early), (Field::Due, late)]), &none).is_ok());
        assert!(task(&days(&[(Field::TaskStart, late), (Field::Due, early)]), &none).is_err());
        assert!(task(&due_early, &starts_late).is_err());
        assert!(task(&due_early, &none).is_ok());
        // What somebody left is not blamed on a change of something else.
        assert!(task(&none, &days(&[(Field::TaskStart, late), (Field::Due, early)])).is_ok());
    }
}
