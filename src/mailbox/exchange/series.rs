//! Pure: series, in the words of the model and of EWS.

use crate::ews;
use crate::ews::recurrence::{DayOfWeek, DayOfWeekIndex, Month, RegenerationUnit};
use crate::mailbox::limits;
use crate::model::recurrence::{Day, Ordinal, Pattern, Range, Unit};
use crate::model::{Block, Content, Field, FieldSet, Recurrence, Value};

/// Names the fields that must not be written beside a series: the dates of a task that comes again on dates of its pattern. Where a
/// client changes them, Exchange makes a task of its own of that one, each time (Microsoft's page on UpdateItem for tasks).
pub(super) fn read_only(content: &Content) -> FieldSet {
    match content.value(Field::Recurrence) {
        Some(Value::Recurrence(series))
            if !matches!(series.pattern, Pattern::Regenerating { .. }) =>
        {
            Block::TaskDates.fields()
        }
        _ => FieldSet::EMPTY,
    }
}

/// Reads a series. `None` where the model has no word for it.
pub(super) fn read(series: &ews::Recurrence) -> Option<Recurrence> {
    let range = match series.range {
        ews::Range::NoEnd { start } => Range::Forever { start },
        ews::Range::EndDate { start, end } => Range::Until { start, end },
        ews::Range::Numbered { start, occurrences } => Range::Count { start, count: occurrences },
    };
    let pattern = match &series.pattern {
        ews::Pattern::Daily { interval } => Pattern::Daily { every: *interval },
        ews::Pattern::Weekly { interval, days, first_day } => Pattern::Weekly {
            every: *interval,
            days: week(days)?,
            // Sunday where nothing is said, as in the binary form of a series (MS-OXOCAL, FirstDOW).
            first_day: first_day.map_or(Day::Sunday, read_day),
        },
        ews::Pattern::AbsoluteMonthly { interval, day } => {
            Pattern::MonthlyOnDay { every: *interval, day: *day }
        }
        ews::Pattern::RelativeMonthly { interval, day, index } => Pattern::MonthlyOnWeekday {
            every: *interval,
            ordinal: read_ordinal(*index),
            day: read_day(*day),
        },
        ews::Pattern::AbsoluteYearly { day, month } => {
            Pattern::YearlyOnDay { month: month.number(), day: *day }
        }
        ews::Pattern::RelativeYearly { day, index, month } => Pattern::YearlyOnWeekday {
            month: month.number(),
            ordinal: read_ordinal(*index),
            day: read_day(*day),
        },
        ews::Pattern::Regeneration { unit, interval } => Pattern::Regenerating {
            unit: match unit {
                RegenerationUnit::Daily => Unit::Day,
                RegenerationUnit::Weekly => Unit::Week,
                RegenerationUnit::Monthly => Unit::Month,
                RegenerationUnit::Yearly => Unit::Year,
            },
            every: *interval,
        },
    };
    Some(Recurrence { pattern, range, exceptions: Vec::new() })
}

/// Writes pattern and range of a series. `Err` says what Exchange cannot hold (rule D10).
pub(super) fn write(series: &Recurrence) -> Result<ews::Recurrence, &'static str> {
    limits::series(series)?;
    let pattern = match &series.pattern {
        Pattern::Daily { every } => ews::Pattern::Daily { interval: *every },
        Pattern::Weekly { every, days, first_day } => {
            let mut days: Vec<DayOfWeek> = days.iter().copied().map(write_day).collect();
            days.sort_unstable();
            days.dedup();
            let first_day = Some(write_day(*first_day));
            ews::Pattern::Weekly { interval: *every, days, first_day }
        }
        Pattern::MonthlyOnDay { every, day } => {
            ews::Pattern::AbsoluteMonthly { interval: *every, day: *day }
        }
        Pattern::MonthlyOnWeekday { every, ordinal, day } => ews::Pattern::RelativeMonthly {
            interval: *every,
            day: write_day(*day),
            index: write_ordinal(*ordinal),
        },
        Pattern::YearlyOnDay { month, day } => {
            ews::Pattern::AbsoluteYearly { day: *day, month: write_month(*month)? }
        }
        Pattern::YearlyOnWeekday { month, ordinal, day } => ews::Pattern::RelativeYearly {
            day: write_day(*day),
            index: write_ordinal(*ordinal),
            month: write_month(*month)?,
        },
        Pattern::Regenerating { unit, every } => ews::Pattern::Regeneration {
            unit: match unit {
                Unit::Day => RegenerationUnit::Daily,
                Unit::Week => RegenerationUnit::Weekly,
                Unit::Month => RegenerationUnit::Monthly,
                Unit::Year => RegenerationUnit::Yearly,
            },
            interval: *every,
        },
    };
    let range = match series.range {
        Range::Forever { start } => ews::Range::NoEnd { start },
        Range::Until { start, end } => ews::Range::EndDate { start, end },
        Range::Count { start, count } => ews::Range::Numbered { start, occurrences: count },
    };
    Ok(ews::Recurrence { pattern, range })
}

/// Resolves the sets of days that a week may be given as, and puts the days in the order of the week.
fn week(days: &[DayOfWeek]) -> Option<Vec<Day>> {
    use Day::{Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday};
    let mut week = Vec::new();
    for day in days {
        match read_day(*day) {
            Day::Any => {
                week.extend([Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday]);
            }
            Day::Weekday => week.extend([Monday, Tuesday, Wednesday, Thursday, Friday]),
            Day::WeekendDay => week.extend([Saturday, Sunday]),
            day => week.push(day),
        }
    }
    week.sort_unstable();
    week.dedup();
    (!week.is_empty()).then_some(week)
}

const DAYS: [(Day, DayOfWeek); 10] = [
    (Day::Monday, DayOfWeek::Monday),
    (Day::Tuesday, DayOfWeek::Tuesday),
    (Day::Wednesday, DayOfWeek::Wednesday),
    (Day::Thursday, DayOfWeek::Thursday),
    (Day::Friday, DayOfWeek::Friday),
    (Day::Saturday, DayOfWeek::Saturday),
    (Day::Sunday, DayOfWeek::Sunday),
    (Day::Any, DayOfWeek::Day),
    (Day::Weekday, DayOfWeek::Weekday),
    (Day::WeekendDay, DayOfWeek::WeekendDay),
];

fn read_day(day: DayOfWeek) -> Day {
    DAYS.iter().find(|(_, theirs)| *theirs == day).map_or(Day::Any, |(ours, _)| *ours)
}

fn write_day(day: Day) -> DayOfWeek {
    DAYS.iter().find(|(ours, _)| *ours == day).map_or(DayOfWeek::Day, |(_, theirs)| *theirs)
}

const fn read_ordinal(index: DayOfWeekIndex) -> Ordinal {
    match index {
        DayOfWeekIndex::First => Ordinal::First,
        DayOfWeekIndex::Second => Ordinal::Second,
        DayOfWeekIndex::Third => Ordinal::Third,
        DayOfWeekIndex::Fourth => Ordinal::Fourth,
        DayOfWeekIndex::Last => Ordinal::Last,
    }
}

const fn write_ordinal(ordinal: Ordinal) -> DayOfWeekIndex {
    match ordinal {
        Ordinal::First => DayOfWeekIndex::First,
        Ordinal::Second => DayOfWeekIndex::Second,
        Ordinal::Third => DayOfWeekIndex::Third,
        Ordinal::Fourth => DayOfWeekIndex::Fourth,
        Ordinal::Last => DayOfWeekIndex::Last,
    }
}

fn write_month(month: u8) -> Result<Month, &'static str> {
    Month::by_number(month).ok_or("the month of a series is not 1 to 12")
}

#[cfg(test)]
mod tests {
    use super::{read, write};
    use crate::ews;
    use crate::ews::recurrence::{DayOfWeek, DayOfWeekIndex, Month};
    use crate::model::Recurrence;
    use crate::model::recurrence::{Day, Ordinal, Pattern, Range, Unit};
    use jiff::civil::date;

    fn series(pattern: Pattern) -> Recurrence {
        Recurrence {
            pattern,
            range: Range::Forever { start: date(2027, 1, 12) },
            exceptions: Vec::new(),
        }
    }

    #[test]
    fn the_six_patterns_and_the_regenerations_come_back() {
        let patterns = [
            Pattern::Daily { every: 3 },
            Pattern::Weekly {
                every: 2,
                days: vec![Day::Monday, Day::Thursday, Day::Sunday],
                first_day: Day::Monday,
            },
            Pattern::MonthlyOnDay { every: 1, day: 31 },
            Pattern::MonthlyOnWeekday { every: 2, ordinal: Ordinal::Last, day: Day::Weekday },
            Pattern::YearlyOnDay { month: 2, day: 29 },
            Pattern::YearlyOnWeekday { month: 5, ordinal: Ordinal::Second, day: Day::Sunday },
            Pattern::Regenerating { unit: Unit::Month, every: 6 },
        ];
        for pattern in patterns {
            let series = series(pattern);
            assert_eq!(read(&write(&series).unwrap()).as_ref(), Some(&series));
        }
    }

    #[test]
    fn the_three_ranges_are_what_they_say() {
        let start = date(2027, 1, 12);
        let end = date(2027, 3, 30);
        for (ours, theirs) in [
            (Range::Forever { start }, ews::Range::NoEnd { start }),
            (Range::Until { start, end }, ews::Range::EndDate { start, end }),
            (Range::Count { start, count: 10 }, ews::Range::Numbered { start, occurrences: 10 }),
        ] {
            let series = Recurrence { range: ours.clone(), ..series(Pattern::Daily { every: 1 }) };
            let written = write(&series).unwrap();
            assert_eq!(written.range, theirs);
            assert_eq!(read(&written).unwrap().range, ours);
        }
    }

    #[test]
    fn words_are_those_of_the_schema() {
        let written = write(&series(Pattern::YearlyOnWeekday {
            month: 5,
            ordinal: Ordinal::Last,
            day: Day::Friday,
        }));
        let wanted = ews::Pattern::RelativeYearly {
            day: DayOfWeek::Friday,
            index: DayOfWeekIndex::Last,
            month: Month::May,
        };
        assert_eq!(written.unwrap().pattern, wanted);
    }

    #[test]
    fn every_weekday_is_a_week_of_five_days() {
        let theirs = ews::Recurrence {
            pattern: ews::Pattern::Weekly {
                interval: 1,
                days: vec![DayOfWeek::Weekday],
                first_day: None,
            },
            range: ews::Range::NoEnd { start: date(2027, 1, 12) },
        };
        let Pattern::Weekly { days, first_day, .. } = read(&theirs).unwrap().pattern else {
            panic!("it is weekly")
        };
        assert_eq!(days.len(), 5);
        assert_eq!(first_day, Day::Sunday);
    }

    #[test]
    fn d10_a_series_is_never_flattened() {
        let mut with = series(Pattern::Daily { every: 1 });
        with.range = Range::Until { start: date(2027, 1, 12), end: date(2027, 1, 11) };
        assert!(write(&with).is_err(), "it has no occurrence");
        with.range = Range::Count { start: date(2027, 1, 12), count: 1000 };
        assert!(write(&with).is_err(), "it has too many");
        assert!(write(&series(Pattern::YearlyOnDay { month: 13, day: 1 })).is_err());
        assert!(write(&series(Pattern::Daily { every: 0 })).is_err());
        assert!(write(&series(Pattern::MonthlyOnDay { every: 1, day: 32 })).is_err());
    }
}
