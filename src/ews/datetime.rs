//! `xs:dateTime` and `xs:date` as servers send them (pure).
//!
//! The wall clock and the offset are kept apart instead of being folded into an instant, because
//! tasks, birthdays and recurrence ranges mean the date *as written* and not the moment.

use std::fmt::{self, Write as _};

use jiff::Timestamp;
use jiff::civil;
use jiff::tz::Offset;

/// A date and time as written: the wall clock, and the offset if one was written.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct DateTime {
    /// The wall clock as written; midnight where only a date was written.
    pub wall: civil::DateTime,
    /// The offset as written (`Z` is zero), or `None` for a floating time.
    pub offset: Option<Offset>,
}

impl DateTime {
    /// Makes a floating time, to which the server applies the item's own zone.
    pub fn floating(wall: civil::DateTime) -> Self {
        Self { wall, offset: None }
    }

    /// Makes the UTC form of an instant, cut to whole seconds (the precision of staffITpro, and
    /// the only one that `Exchange2010_SP1` promises to keep).
    pub fn utc(instant: Timestamp) -> Self {
        let wall = Offset::UTC.to_datetime(instant);
        Self {
            wall: wall.with().subsec_nanosecond(0).build().unwrap_or(wall),
            offset: Some(Offset::UTC),
        }
    }

    /// Returns the instant, or `None` for a floating time.
    pub fn instant(&self) -> Option<Timestamp> {
        self.offset.and_then(|offset| offset.to_timestamp(self.wall).ok())
    }

    /// Returns the date as written, before any conversion.
    pub fn date(&self) -> civil::Date {
        self.wall.date()
    }

    /// Reads a date or date-time: any number of fraction digits (0, 6 and 9 occur within one
    /// answer of grommunio 3.10), `Z`, an offset, or neither. A bare date is midnight; a date with
    /// an offset glued on (`2014-03-08-08:00`, Exchange) keeps it.
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = Cursor(text.trim().as_bytes());
        let (year, ()) = (rest.digits(4)?, rest.literal(b'-')?);
        let (month, ()) = (rest.digits(2)?, rest.literal(b'-')?);
        let day = rest.digits(2)?;
        let (mut hour, mut minute, mut second, mut nanos) = (0, 0, 0, 0);
        if rest.literal(b'T').is_some() {
            hour = rest.digits(2)?;
            rest.literal(b':')?;
            minute = rest.digits(2)?;
            rest.literal(b':')?;
            second = rest.digits(2)?;
            if rest.literal(b'.').is_some() {
                nanos = rest.fraction()?;
            }
        }
        let offset = rest.offset()?;
        // 24:00:00 is the end of the day in xs:dateTime; it is the next midnight.
        let next_day = hour == 24 && minute == 0 && second == 0 && nanos == 0;
        let wall = civil::DateTime::new(
            i16::try_from(year).ok()?,
            i8::try_from(month).ok()?,
            i8::try_from(day).ok()?,
            if next_day { 0 } else { i8::try_from(hour).ok()? },
            i8::try_from(minute).ok()?,
            // A leap second has no place in civil time; it becomes the last second before it.
            i8::try_from(second.min(59)).ok().filter(|_| second <= 60)?,
            nanos,
        )
        .ok()?;
        let wall = if next_day { wall.tomorrow().ok()? } else { wall };
        Some(Self { wall, offset })
    }
}

/// The form that is sent: seconds, fraction only where there is one, `Z` for offset zero.
impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let w = self.wall;
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
            w.year(),
            w.month(),
            w.day(),
            w.hour(),
            w.minute(),
            w.second()
        )?;
        if w.subsec_nanosecond() != 0 {
            let digits = format!("{:09}", w.subsec_nanosecond());
            write!(f, ".{}", digits.trim_end_matches('0'))?;
        }
        match self.offset.map(Offset::seconds) {
            None => Ok(()),
            Some(0) => f.write_char('Z'),
            Some(seconds) => {
                let sign = if seconds < 0 { '-' } else { '+' };
                let minutes = seconds.abs() / 60;
                write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
        }
    }
}

impl fmt::Debug for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What is still unread of a date text. No method can run past the end.
struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    fn literal(&mut self, wanted: u8) -> Option<()> {
        let (first, rest) = self.0.split_first()?;
        (*first == wanted).then(|| self.0 = rest)
    }

    fn digits(&mut self, count: usize) -> Option<i32> {
        let (head, rest) = self.0.split_at_checked(count)?;
        let mut number = 0;
        for byte in head {
            number = number * 10 + i32::from(byte.checked_sub(b'0').filter(|digit| *digit < 10)?);
        }
        self.0 = rest;
        Some(number)
    }

    /// Reads fraction digits as nanoseconds; what is finer is cut off.
    fn fraction(&mut self) -> Option<i32> {
        let length = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (head, rest) = self.0.split_at_checked(length).filter(|_| length > 0)?;
        self.0 = rest;
        let digits = head.iter().copied().chain(std::iter::repeat(b'0')).take(9);
        Some(digits.fold(0, |nanos, digit| nanos * 10 + i32::from(digit - b'0')))
    }

    /// Reads the rest: nothing, `Z` or an offset. Absent and unreadable must not look alike.
    #[expect(clippy::option_option, reason = "outer: readable; inner: written")]
    fn offset(&mut self) -> Option<Option<Offset>> {
        let sign = match self.0.split_first() {
            None => return Some(None),
            Some((b'Z', [])) => return Some(Some(Offset::UTC)),
            Some((b'+', _)) => 1,
            Some((b'-', _)) => -1,
            Some(_) => return None,
        };
        self.0 = self.0.get(1..)?;
        let hours = self.digits(2)?;
        self.literal(b':')?;
        let minutes = self.digits(2).filter(|minutes| *minutes < 60)?;
        if !self.0.is_empty() {
            return None;
        }
        Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok().map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(text: &str) -> Option<String> {
        DateTime::parse(text).map(|value| value.to_string())
    }

    #[test]
    fn reads_every_form_that_servers_send() {
        assert_eq!(show("2026-10-12T12:00:00Z").unwrap(), "2026-10-12T12:00:00Z");
        assert_eq!(show("2026-10-12T00:00:00.000000Z").unwrap(), "2026-10-12T00:00:00Z");
        assert_eq!(show("2026-11-22T12:05:39.123456700Z").unwrap(), "2026-11-22T12:05:39.1234567Z");
        assert_eq!(show("2026-10-12T14:00:00+02:00").unwrap(), "2026-10-12T14:00:00+02:00");
        assert_eq!(show("2026-10-12T14:00:00").unwrap(), "2026-10-12T14:00:00");
        assert_eq!(show("2014-03-08-08:00").unwrap(), "2014-03-08T00:00:00-08:00");
        assert_eq!(show("2014-03-08Z").unwrap(), "2014-03-08T00:00:00Z");
        assert_eq!(show(" 2014-03-08 ").unwrap(), "2014-03-08T00:00:00");
        assert_eq!(show("2014-12-31T24:00:00Z").unwrap(), "2015-01-01T00:00:00Z");
    }

    #[test]
    fn refuses_what_is_no_date() {
        for text in [
            "",
            "2026",
            "2026-13-01",
            "2026-02-30T00:00:00Z",
            "2026-02-03T25:00:00Z",
            "2026-02-03T1:00:00Z",
            "2026-02-03T10:00:00.Z",
            "2026-02-03T10:00:00+2",
            "2026-02-03Zx",
            "ü026-02-03",
            "2026-02-03T10:00:61Z",
        ] {
            assert_eq!(show(text), None, "{text}");
        }
    }

    #[test]
    fn the_date_is_the_one_written_and_the_instant_the_one_meant() {
        let value = DateTime::parse("2026-06-01T00:30:00+02:00").unwrap();
        assert_eq!(value.date(), civil::date(2026, 6, 1));
        assert_eq!(value.instant().unwrap().to_string(), "2026-05-31T22:30:00Z");
        assert_eq!(DateTime::parse("2026-06-01T00:30:00").unwrap().instant(), None);
    }

    #[test]
    fn an_instant_is_sent_in_whole_seconds() {
        let instant: Timestamp = "2026-06-01T10:00:00.75Z".parse().unwrap();
        assert_eq!(DateTime::utc(instant).to_string(), "2026-06-01T10:00:00Z");
    }
}
