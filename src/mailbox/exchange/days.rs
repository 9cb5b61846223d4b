//! Pure: dates that Exchange keeps as instants.

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};

use crate::ews::DateTime;
use crate::mailbox::birthday;

/// Reads a birthday or anniversary, which Exchange keeps as an instant.
pub(super) fn read_birthday(value: DateTime, zone: &TimeZone) -> Date {
    value.instant().map_or_else(|| value.date(), |instant| birthday::day_of(instant, zone))
}

/// Writes a birthday or anniversary: a minute before noon UTC is the same date from UTC-11 to UTC+12.
pub(super) fn write_birthday(date: Date) -> DateTime {
    DateTime { wall: date.at(11, 59, 0, 0), offset: Some(Offset::UTC) }
}

/// Writes the day of a task: midnight of that day, in UTC by convention (notes.md §2.3). It is read as the date that is
/// written, before any conversion.
pub(super) fn write_day(date: Date) -> DateTime {
    DateTime { wall: date.at(0, 0, 0, 0), offset: Some(Offset::UTC) }
}

#[cfg(test)]
mod tests {
    use super::{read_birthday, write_birthday, write_day};
    use crate::ews::DateTime;
    use jiff::civil::date;
    use jiff::tz::TimeZone;

    fn read(text: &str, zone: &str) -> String {
        let zone = TimeZone::get(zone).unwrap();
        read_birthday(DateTime::parse(text).unwrap(), &zone).to_string()
    }

    #[test]
    fn birthdays_of_every_writer_keep_their_date() {
        // Outlook on the web and newer servers: 11:59 UTC. Evolution and DavMail: midnight UTC.
        assert_eq!(read("1975-06-15T11:59:00Z", "Pacific/Auckland"), "1975-06-15");
        assert_eq!(read("1975-06-15T00:00:00Z", "America/Los_Angeles"), "1975-06-15");
        assert_eq!(read("1975-06-15T12:00:00Z", "Pacific/Auckland"), "1975-06-15");
        // Outlook in Berlin: local midnight, 22:00 UTC in summer and 23:00 UTC in winter.
        assert_eq!(read("1990-06-14T22:00:00Z", "Europe/Berlin"), "1990-06-15");
        assert_eq!(read("1990-01-14T23:00:00Z", "Europe/Berlin"), "1990-01-15");
        // Outlook in New York: 04:00 or 05:00 UTC of the same day.
        assert_eq!(read("1990-06-15T04:00:00Z", "America/New_York"), "1990-06-15");
        // A colleague in London wrote it, the mailbox is in Berlin, and the other way round.
        assert_eq!(read("1990-06-14T23:00:00Z", "Europe/Berlin"), "1990-06-15");
        assert_eq!(read("1990-06-14T22:00:00Z", "Europe/London"), "1990-06-15");
    }

    #[test]
    fn birthdays_before_1970_and_in_years_without_summer_time() {
        // Germany had no summer time in 1964 (zoneinfo: +01:00 all year), but Windows counts as if it had.
        assert_eq!(read("1964-06-14T22:00:00Z", "Europe/Berlin"), "1964-06-15");
        assert_eq!(read("1964-02-28T23:00:00Z", "Europe/Berlin"), "1964-02-29");
        assert_eq!(read("1899-12-31T23:00:00Z", "Europe/Berlin"), "1900-01-01");
    }

    #[test]
    fn dates_with_an_offset_or_without_a_zone() {
        assert_eq!(read("1980-02-29T00:00:00+01:00", "Europe/Berlin"), "1980-02-29");
        assert_eq!(read("1980-02-29T00:00:00", "Europe/Berlin"), "1980-02-29");
        assert_eq!(read("1980-02-29", "Europe/Berlin"), "1980-02-29");
    }

    #[test]
    fn what_we_write_is_the_same_day_everywhere() {
        let written = write_birthday(date(1980, 2, 29));
        assert_eq!(written.to_string(), "1980-02-29T11:59:00Z");
        for zone in ["Pacific/Auckland", "Pacific/Pago_Pago", "Europe/Berlin", "Asia/Kolkata"] {
            assert_eq!(read("1980-02-29T11:59:00Z", zone), "1980-02-29");
        }
        assert_eq!(write_day(date(2027, 3, 28)).to_string(), "2027-03-28T00:00:00Z");
    }
}
