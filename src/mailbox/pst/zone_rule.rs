//! Pure: the rules of a zone as Windows keeps them: two changes of the clocks in a year, by month, weekday and hour.

use jiff::civil::{DateTime, date};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use crate::mapi::zone::{Transition, ZoneRule};

/// Returns the rules of a zone in a year. A zone whose clocks change other than twice a year has the rules of its standard time alone.
pub(super) fn of(zone: &TimeZone, year: i16) -> ZoneRule {
    let utc = |month, day| Offset::UTC.to_timestamp(date(year, month, day).at(0, 0, 0, 0));
    let (Ok(from), Ok(until)) = (utc(1, 1), utc(12, 31)) else { return ZoneRule::default() };
    let changes: Vec<Change> = zone
        .following(from)
        .take_while(|change| change.timestamp() < until)
        .map(|change| Change {
            at: change.timestamp(),
            before: zone.to_offset(change.timestamp() - SignedDuration::from_secs(1)),
            after: change.offset(),
        })
        .filter(|change| change.before != change.after)
        .collect();
    match changes.as_slice() {
        [one, two] if one.forward() != two.forward() => {
            // Ireland calls its winter time the odd one, Windows everywhere the time that is further ahead.
            let (daylight, standard) = if one.forward() { (one, two) } else { (two, one) };
            ZoneRule {
                bias: minutes_to_utc(standard.after),
                standard_bias: 0,
                daylight_bias: minutes_to_utc(daylight.after) - minutes_to_utc(standard.after),
                standard: standard.transition(),
                daylight: daylight.transition(),
            }
        }
        _ => ZoneRule { bias: minutes_to_utc(zone.to_offset(until)), ..ZoneRule::default() },
    }
}

struct Change {
    at: Timestamp,
    before: Offset,
    after: Offset,
}

impl Change {
    fn forward(&self) -> bool {
        self.after > self.before
    }

    /// The day by its weekday, and the hour on the clocks before the change.
    fn transition(&self) -> Transition {
        let wall: DateTime = self.before.to_datetime(self.at);
        let last = wall.day() + 7 > wall.days_in_month();
        let number = |part: i8| u16::from(part.unsigned_abs());
        Transition {
            year: 0,
            month: number(wall.month()),
            weekday: number(wall.weekday().to_sunday_zero_offset()),
            day: if last { 5 } else { number((wall.day() - 1) / 7 + 1) },
            hour: number(wall.hour()),
            minute: number(wall.minute()),
            second: number(wall.second()),
            millisecond: 0,
        }
    }
}

fn minutes_to_utc(offset: Offset) -> i32 {
    -offset.seconds() / 60
}

#[cfg(test)]
mod tests {
    use super::of;
    use crate::mapi::zone::Transition;
    use jiff::civil::date;
    use jiff::tz::TimeZone;

    fn change(month: u16, day: u16, hour: u16) -> Transition {
        Transition { month, day, hour, ..Transition::default() }
    }

    /// As Windows' registry has them for W. Europe, Pacific, India and New Zealand Standard Time.
    #[test]
    fn rules_are_those_of_windows() {
        let rule = |name: &str| of(&TimeZone::get(name).unwrap(), 2026);
        let berlin = rule("Europe/Berlin");
        assert_eq!((berlin.bias, berlin.daylight_bias), (-60, -60));
        assert_eq!((berlin.daylight, berlin.standard), (change(3, 5, 2), change(10, 5, 3)));
        let pacific = rule("America/Los_Angeles");
        assert_eq!((pacific.bias, pacific.daylight_bias), (480, -60));
        assert_eq!((pacific.daylight, pacific.standard), (change(3, 2, 2), change(11, 1, 2)));
        let india = rule("Asia/Kolkata");
        assert_eq!((india.bias, india.changes()), (-330, false));
        let auckland = rule("Pacific/Auckland");
        assert_eq!((auckland.bias, auckland.daylight_bias), (-720, -60));
        assert_eq!((auckland.daylight, auckland.standard), (change(9, 5, 2), change(4, 1, 3)));
    }

    #[test]
    fn a_zone_made_of_rules_has_the_times_of_the_zone_they_came_from() {
        for name in ["Europe/Berlin", "America/New_York", "Pacific/Auckland", "Asia/Kolkata", "UTC"]
        {
            let zone = TimeZone::get(name).unwrap();
            let again = of(&zone, 2026).zone().unwrap();
            for month in 1..=12 {
                for day in [1, 15, 28] {
                    let noon =
                        date(2026, month, day).at(12, 0, 0, 0).to_zoned(zone.clone()).unwrap();
                    assert_eq!(
                        again.to_datetime(noon.timestamp()),
                        noon.datetime(),
                        "{name} in month {month}"
                    );
                }
            }
        }
    }
}
