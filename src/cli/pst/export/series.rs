//! Pure: a series as a rule of iCalendar (RFC 5545 3.3.10).

use abgleich::model::recurrence::{Day, Ordinal, Pattern, Range, Unit};

/// The property of a task that comes again so long after it was completed, for which iCalendar has no word: a length of time in
/// the form of ISO 8601, such as `P2W`.
pub(super) const REGENERATES: &str = "X-ABGLEICH-REGENERATES";

/// Returns after how long a task comes again that does so once it was completed; `None` for other patterns.
pub(super) fn regenerates(pattern: &Pattern) -> Option<String> {
    let Pattern::Regenerating { unit, every } = pattern else { return None };
    let unit = match unit {
        Unit::Day => 'D',
        Unit::Week => 'W',
        Unit::Month => 'M',
        Unit::Year => 'Y',
    };
    Some(format!("P{every}{unit}"))
}

/// Returns the rule; `None` for what iCalendar has no word for, which is what [`regenerates`]. `until` is the last start in the
/// form of the first one.
pub(super) fn rule(pattern: &Pattern, range: &Range, until: Option<&str>) -> Option<String> {
    let mut parts = match pattern {
        Pattern::Daily { every } => vec!["FREQ=DAILY".to_owned(), interval(*every)],
        Pattern::Weekly { every, days, first_day } => {
            let days: Vec<&str> = days.iter().flat_map(|day| of_week(*day)).copied().collect();
            let first = of_week(*first_day).first().copied().unwrap_or("MO");
            vec![
                "FREQ=WEEKLY".to_owned(),
                interval(*every),
                format!("BYDAY={}", days.join(",")),
                format!("WKST={first}"),
            ]
        }
        Pattern::MonthlyOnDay { every, day } => {
            vec!["FREQ=MONTHLY".to_owned(), interval(*every), on_day(*day)]
        }
        Pattern::MonthlyOnWeekday { every, ordinal, day } => {
            vec!["FREQ=MONTHLY".to_owned(), interval(*every), on_weekday(*ordinal, *day)]
        }
        Pattern::YearlyOnDay { month, day } => {
            vec!["FREQ=YEARLY".to_owned(), format!("BYMONTH={month}"), on_day(*day)]
        }
        Pattern::YearlyOnWeekday { month, ordinal, day } => {
            let day = on_weekday(*ordinal, *day);
            vec!["FREQ=YEARLY".to_owned(), format!("BYMONTH={month}"), day]
        }
        Pattern::Regenerating { .. } => return None,
    };
    match (range, until) {
        (Range::Count { count, .. }, _) => parts.push(format!("COUNT={count}")),
        (Range::Until { .. }, Some(until)) => parts.push(format!("UNTIL={until}")),
        _ => {}
    }
    parts.retain(|part| !part.is_empty());
    Some(parts.join(";"))
}

fn interval(every: u32) -> String {
    if every > 1 { format!("INTERVAL={every}") } else { String::new() }
}

/// A day of the month; where a month is shorter its last day counts, which iCalendar says with a set of days.
fn on_day(day: u8) -> String {
    if day <= 28 {
        return format!("BYMONTHDAY={day}");
    }
    let days: Vec<String> = (28..=day.min(31)).map(|day| day.to_string()).collect();
    format!("BYMONTHDAY={};BYSETPOS=-1", days.join(","))
}

fn on_weekday(ordinal: Ordinal, day: Day) -> String {
    let number = match ordinal {
        Ordinal::First => "1",
        Ordinal::Second => "2",
        Ordinal::Third => "3",
        Ordinal::Fourth => "4",
        Ordinal::Last => "-1",
    };
    match of_week(day) {
        [one] => format!("BYDAY={number}{one}"),
        days => format!("BYDAY={};BYSETPOS={number}", days.join(",")),
    }
}

fn of_week(day: Day) -> &'static [&'static str] {
    match day {
        Day::Monday => &["MO"],
        Day::Tuesday => &["TU"],
        Day::Wednesday => &["WE"],
        Day::Thursday => &["TH"],
        Day::Friday => &["FR"],
        Day::Saturday => &["SA"],
        Day::Sunday => &["SU"],
        Day::Any => &["MO", "TU", "WE", "TH", "FR", "SA", "SU"],
        Day::Weekday => &["MO", "TU", "WE", "TH", "FR"],
        Day::WeekendDay => &["SA", "SU"],
    }
}

#[cfg(test)]
mod tests {
    use abgleich::model::recurrence::{Day, Ordinal, Pattern, Range};
    use jiff::civil::date;

    use super::rule;

    /// Written by hand from RFC 5545, 3.3.10.
    #[test]
    fn patterns_are_the_rules_that_mean_the_same() {
        let start = date(2026, 1, 5);
        let rule = |pattern| rule(&pattern, &Range::Forever { start }, None);
        let is = |rule: Option<String>, text: &str| assert_eq!(rule.as_deref(), Some(text));
        is(rule(Pattern::Daily { every: 3 }), "FREQ=DAILY;INTERVAL=3");
        let days = vec![Day::Weekday];
        let weekly = Pattern::Weekly { every: 1, days, first_day: Day::Sunday };
        is(rule(weekly), "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;WKST=SU");
        let monthly = |day| Pattern::MonthlyOnDay { every: 2, day };
        is(rule(monthly(28)), "FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=28");
        is(rule(monthly(30)), "FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=28,29,30;BYSETPOS=-1");
        let (ordinal, day) = (Ordinal::Last, Day::Friday);
        is(
            rule(Pattern::YearlyOnWeekday { month: 5, ordinal, day }),
            "FREQ=YEARLY;BYMONTH=5;BYDAY=-1FR",
        );
        let (ordinal, day) = (Ordinal::Second, Day::WeekendDay);
        let second = Pattern::MonthlyOnWeekday { every: 1, ordinal, day };
        is(rule(second), "FREQ=MONTHLY;BYDAY=SA,SU;BYSETPOS=2");
    }

    #[test]
    fn a_series_ends_by_number_or_by_its_last_start() {
        let start = date(2026, 1, 5);
        let daily = Pattern::Daily { every: 1 };
        let counted = rule(&daily, &Range::Count { start, count: 5 }, None);
        assert_eq!(counted.as_deref(), Some("FREQ=DAILY;COUNT=5"));
        let until = Range::Until { start, end: date(2026, 2, 1) };
        let ended = rule(&daily, &until, Some("20260201T080000Z"));
        assert_eq!(ended.as_deref(), Some("FREQ=DAILY;UNTIL=20260201T080000Z"));
    }
}
