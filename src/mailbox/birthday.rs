//! Pure: the day that is meant by the instant which Outlook keeps of a birthday.

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ToSpan};

/// Reads the day of a birthday or anniversary. Nobody knows whose midnight the instant was (notes.md §2.1):
///
/// * 11:59, 12:00 and 00:00 UTC are the marks of programs that mean the UTC date (Outlook on the web, our own writes,
///   Evolution, DavMail);
/// * anything else is local midnight of the Outlook that wrote it. The nearest midnight in the mailbox's zone is right for
///   every writer up to twelve hours away, and for birthdays in years when summer time was other than today, since Windows
///   applies the present rules to all years.
pub(in crate::mailbox) fn day_of(at: Timestamp, zone: &TimeZone) -> Date {
    let utc = Offset::UTC.to_datetime(at);
    if matches!((utc.hour(), utc.minute()), (11, 59) | (12 | 0, 0)) {
        return utc.date();
    }
    zone.to_datetime(at).saturating_add(12.hours()).date()
}
