//! Pure: dates that Exchange keeps as instants.

use jiff::ToSpan;
use jiff::civil::{Date, Time};
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

/// Reads the day of a task. Exchange keeps the day and the instant at which it began where it was written (MS-OXOTASK 2.2.2.2.5),
/// and tells the instant: with the offset of the zone that the request names, without one in UTC (samples, ewsjs: midnights of India).
///
/// * Midnight in UTC is what grommunio 3.10 tells, and what other programs write who mean that date;
/// * any other time in UTC is taken to the mailbox's zone;
/// * a midnight of somewhere else belongs to the nearest day. Every zone has its midnight on a quarter of an hour, so that any other
///   time is one of that day.
pub(super) fn read_day(value: DateTime, zone: &TimeZone) -> Date {
    let told = value.wall;
    let local = match value.instant() {
        None => return told.date(),
        Some(instant) if value.offset == Some(Offset::UTC) && told.time() != Time::midnight() => {
            zone.to_datetime(instant)
        }
        Some(_) => told,
    };
    let begins = local.minute() % 15 == 0 && local.second() == 0 && local.subsec_nanosecond() == 0;
    if begins { local.saturating_add(12.hours()).date() } else { local.date() }
}

/// Says which day programs read that did not name a zone with their requests, and took the date in UTC.
pub(super) fn formerly_read(value: DateTime) -> Date {
    value.instant().map_or_else(|| value.date(), |instant| Offset::UTC.to_datetime(instant).date())
}

/// Writes the day of a task: midnight of that day in the zone that the request names. A server that does not look at the zone
/// takes it for midnight in UTC, which is read as the same day.
pub(super) fn write_day(date: Date) -> DateTime {
    DateTime::floating(date.at(0, 0, 0, 0))
}

#[cfg(test)]
mod tests {
    use super::{formerly_read, read_birthday, read_day, write_birthday, write_day};
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
    }

    #[test]
    fn the_day_of_a_task_is_the_one_that_its_writer_meant() {
        let day = |text: &str, zone: &str| {
            read_day(DateTime::parse(text).unwrap(), &TimeZone::get(zone).unwrap()).to_string()
        };
        // Exchange 15.1 to a request without a zone: midnights of 15 and 24 March in India (samples, ewsjs).
        assert_eq!(day("2016-03-14T18:30:00Z", "Asia/Kolkata"), "2016-03-15");
        assert_eq!(day("2016-03-23T18:30:00Z", "Asia/Kolkata"), "2016-03-24");
        // A colleague who travels reads the same days.
        assert_eq!(day("2016-03-14T18:30:00Z", "Europe/Berlin"), "2016-03-15");
        // Midnight in Berlin, in summer and in winter, and in Los Angeles.
        assert_eq!(day("2027-03-29T22:00:00Z", "Europe/Berlin"), "2027-03-30");
        assert_eq!(day("2027-01-29T23:00:00Z", "Europe/Berlin"), "2027-01-30");
        assert_eq!(day("2027-03-30T07:00:00Z", "America/Los_Angeles"), "2027-03-30");
        assert_eq!(day("2027-03-29T11:00:00Z", "Pacific/Auckland"), "2027-03-30");
        for zone in ["America/Los_Angeles", "Europe/Berlin", "Pacific/Auckland", "UTC"] {
            // grommunio, and what was written as midnight in UTC; a date without a time; with the offset of the request's zone.
            assert_eq!(day("2027-03-30T00:00:00Z", zone), "2027-03-30");
            assert_eq!(day("2027-03-30T00:00:00.000000Z", zone), "2027-03-30");
            assert_eq!(day("2027-03-30", zone), "2027-03-30");
            assert_eq!(day("2027-03-30T00:00:00", zone), "2027-03-30");
            assert_eq!(day("2027-03-30T00:00:00+02:00", zone), "2027-03-30");
            assert_eq!(day("2027-03-30T00:00:00-08:00", zone), "2027-03-30");
            // Midnight in UTC told in the zone of the request, east and west.
            assert_eq!(day("2027-03-30T02:00:00+02:00", zone), "2027-03-30");
            assert_eq!(day("2027-03-29T17:00:00-07:00", zone), "2027-03-30");
            // No midnight of anywhere: a server that did not cut the time off.
            assert_eq!(day("2027-03-30T21:32:52+02:00", zone), "2027-03-30");
        }
        assert_eq!(write_day(date(2027, 3, 28)).to_string(), "2027-03-28T00:00:00");
    }

    #[test]
    fn what_was_read_without_a_zone_was_the_date_in_utc() {
        let formerly = |text: &str| formerly_read(DateTime::parse(text).unwrap()).to_string();
        assert_eq!(formerly("2027-03-30T00:00:00+02:00"), "2027-03-29");
        assert_eq!(formerly("2027-03-29T22:00:00Z"), "2027-03-29");
        assert_eq!(formerly("2027-03-30T00:00:00-08:00"), "2027-03-30");
        assert_eq!(formerly("2027-03-30T00:00:00Z"), "2027-03-30");
        assert_eq!(formerly("2027-03-30T00:00:00"), "2027-03-30");
    }
}
