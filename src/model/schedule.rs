//! Pure: hours in which nothing is moved. They are hours of the clock on the wall, through daylight saving.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;

/// Windows of quiet, such as `22:00-05:00` or `Sat-Sun`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quiet(Vec<Window>);

/// One window of quiet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// On which days it begins, Monday first.
    days: [bool; 7],
    from: Time,
    /// Not after `from`: it ends on the next day.
    to: Time,
}

/// More windows than this in a row are no quiet but a switch that is off.
const LONGEST_CHAIN: usize = 32;

impl Quiet {
    /// Puts windows together.
    pub const fn new(windows: Vec<Window>) -> Self {
        Self(windows)
    }

    /// Returns when the quiet ends in which a moment lies; `None` where it lies in none. Windows that touch are one. A window
    /// that begins or ends in an hour that daylight saving skips does so an hour later; in one that comes twice, the first
    /// time.
    pub fn ends(&self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let mut end = None;
        let mut at = now;
        for _ in 0..LONGEST_CHAIN {
            match self.0.iter().filter_map(|window| window.end(at, zone)).max() {
                Some(later) => (end, at) = (Some(later), later),
                None => break,
            }
        }
        end
    }
}

impl Window {
    /// Reads `[DAYS ][HH:MM-HH:MM]`; days are names or their beginnings in English or German, one, several with commas, or
    /// a range. Without days it is every day, without hours the whole day.
    pub fn parse(text: &str) -> Option<Self> {
        let mut days = [true; 7];
        let (mut from, mut to) = (Time::midnight(), Time::midnight());
        let words: Vec<&str> = text.split_whitespace().collect();
        let hours = match words.as_slice() {
            [hours] if hours.contains(':') => Some(*hours),
            [named] => {
                days = parse_days(named)?;
                None
            }
            [named, hours] => {
                days = parse_days(named)?;
                Some(*hours)
            }
            _ => return None,
        };
        if let Some(hours) = hours {
            let (first, last) = hours.split_once('-')?;
            (from, to) = (parse_time(first)?, parse_time(last)?);
        }
        Some(Self { days, from, to })
    }

    /// Returns when the window ends in which a moment lies.
    fn end(&self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let today = zone.to_datetime(now).date();
        let yesterday = today.yesterday().ok()?;
        [yesterday, today].into_iter().find_map(|day| {
            let place = usize::try_from(day.weekday().to_monday_zero_offset()).ok()?;
            if !*self.days.get(place)? {
                return None;
            }
            let last = if self.to <= self.from { day.tomorrow().ok()? } else { day };
            let begin = zone.to_timestamp(day.to_datetime(self.from)).ok()?;
            let end = zone.to_timestamp(last.to_datetime(self.to)).ok()?;
            (begin <= now && now < end).then_some(end)
        })
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
        let days: Vec<_> =
            NAMES.iter().zip(self.days).filter(|(_, on)| *on).map(|(name, _)| *name).collect();
        if days.len() < NAMES.len() {
            write!(f, "{} ", days.join(","))?;
        }
        write!(f, "{}-{}", self.from.strftime("%H:%M"), self.to.strftime("%H:%M"))
    }
}

/// Reads `HH:MM`; `24:00` is midnight.
fn parse_time(text: &str) -> Option<Time> {
    let (hours, minutes) = text.split_once(':')?;
    let digits =
        |text: &str| (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(hours) || !digits(minutes) {
        return None;
    }
    match (hours.parse().ok()?, minutes.parse().ok()?) {
        (24, 0) => Some(Time::midnight()),
        (hours, minutes) => Time::new(hours, minutes, 0, 0).ok(),
    }
}

fn parse_days(text: &str) -> Option<[bool; 7]> {
    let mut days = [false; 7];
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let last = parse_day(last)?;
        let mut day = parse_day(first)?;
        loop {
            *days.get_mut(usize::try_from(day.to_monday_zero_offset()).ok()?)? = true;
            if day == last {
                break;
            }
            day = day.wrapping_add(1);
        }
    }
    Some(days)
}

/// Finds a day by its name, or by the first two letters of it or more, in English or German.
fn parse_day(text: &str) -> Option<Weekday> {
    const NAMES: [(&str, &str, Weekday); 7] = [
        ("monday", "montag", Weekday::Monday),
        ("tuesday", "dienstag", Weekday::Tuesday),
        ("wednesday", "mittwoch", Weekday::Wednesday),
        ("thursday", "donnerstag", Weekday::Thursday),
        ("friday", "freitag", Weekday::Friday),
        ("saturday", "samstag", Weekday::Saturday),
        ("sunday", "sonntag", Weekday::Sunday),
    ];
    let text = text.to_lowercase();
    let is = |name: &str| text.len() >= 2 && name.starts_with(&text);
    NAMES.into_iter().find(|(english, german, _)| is(english) || is(german)).map(|(_, _, day)| day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quiet(windows: &[&str]) -> Quiet {
        Quiet::new(windows.iter().map(|text| Window::parse(text).unwrap()).collect())
    }

    /// Returns the end as it is written in UTC, for a moment in UTC.
    fn ends(windows: &[&str], now: &str) -> String {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let end = quiet(windows).ends(now.parse().unwrap(), &zone);
        end.map_or_else(|| "no".to_owned(), |end| end.to_string())
    }

    #[test]
    fn windows_are_written_in_either_language() {
        for (text, shown) in [
            ("22:00-05:30", "22:00-05:30"),
            ("Sat-Sun", "Sat,Sun 00:00-00:00"),
            ("Sa,So", "Sat,Sun 00:00-00:00"),
            ("Fr-Mo 18:00-6:00", "Mon,Fri,Sat,Sun 18:00-06:00"),
            ("mittwoch 12:00-13:00", "Wed 12:00-13:00"),
            ("Mon-Sun 0:00-24:00", "00:00-00:00"),
        ] {
            assert_eq!(
                Window::parse(text).map(|w| w.to_string()).as_deref(),
                Some(shown),
                "{text}"
            );
        }
        for text in [
            "",
            "22-5",
            "22:00",
            "25:00-26:00",
            "24:30-01:00",
            "M",
            "Xx 1:00-2:00",
            "Mon 1:00-2:00 x",
            "1:00 - 2:00",
            "+1:00-2:00",
        ] {
            assert_eq!(Window::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_window_ends_on_the_wall_clock() {
        // Berlin is an hour ahead of UTC in winter, two in summer.
        let night = ["22:00-05:00"];
        assert_eq!(ends(&night, "2026-01-14T20:59:59Z"), "no");
        assert_eq!(ends(&night, "2026-01-14T21:00:00Z"), "2026-01-15T04:00:00Z");
        assert_eq!(ends(&night, "2026-01-15T03:59:59Z"), "2026-01-15T04:00:00Z");
        assert_eq!(ends(&night, "2026-01-15T04:00:00Z"), "no");
        // Whole days that touch are one, and so are the hours before them. 2026-01-17 is a Saturday.
        let weekend = ["Fri 18:00-24:00", "Sat-Sun"];
        assert_eq!(ends(&weekend, "2026-01-16T18:00:00Z"), "2026-01-18T23:00:00Z");
        assert_eq!(ends(&[], "2026-01-16T18:00:00Z"), "no");
    }

    #[test]
    fn nights_of_daylight_saving_are_an_hour_shorter_or_longer() {
        let night = ["22:00-05:00"];
        // 2026-03-29, 02:00 becomes 03:00: six hours of quiet. 2026-10-25, 03:00 becomes 02:00: eight.
        assert_eq!(ends(&night, "2026-03-28T21:00:00Z"), "2026-03-29T03:00:00Z");
        assert_eq!(ends(&night, "2026-10-24T20:00:00Z"), "2026-10-25T04:00:00Z");
        // A window within the hour that is skipped comes an hour later on the clock.
        assert_eq!(ends(&["2:15-2:45"], "2026-03-29T01:20:00Z"), "2026-03-29T01:45:00Z");
        // One that ends within the hour that comes twice ends the first time, and is not quiet once more.
        assert_eq!(ends(&["1:00-2:30"], "2026-10-25T00:10:00Z"), "2026-10-25T00:30:00Z");
        assert_eq!(ends(&["1:00-2:30"], "2026-10-25T01:10:00Z"), "no");
    }

    #[test]
    fn quiet_without_end_ends_all_the_same() {
        assert_ne!(ends(&["0:00-24:00"], "2026-01-16T18:00:00Z"), "no");
    }
}
