//! Pure: times and series that no Outlook has, whichever way they are written. A server refuses some of them with a word for the
//! whole request; a file would take them all, and Outlook would show nothing of them or go wrong on them.

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
    use crate::model::recurrence::{Day, Moment, Ordinal, Pattern, Range};
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
