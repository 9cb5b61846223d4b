use super::{
    AppointmentRecurrence, Days, End, Frequency, Minutes, OccurrenceChange, RecurrencePattern,
    WeekDays,
};
use crate::mapi::blob::BlobFault;
use jiff::civil::{Date, date};

/// Tuesdays 08:00 to 08:30 from 2016-08-02 without end, one occurrence deleted and two moved, as Outlook wrote it.
const WEEKLY: &str = "043004300b2001000000c0210000010000000000000004000000232000000a0000000000000003000000\
    805c070d40ab070da0d2070d0200000040ab070da0d2070d2035070ddf80e95a0630000009300000e0010000fe01000002005cad070d7aad070d\
    20ad070d0002f8d4070d16d5070d80d4070d00020000000004000000000000000000000004000000000000000000000000000000";

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap()).collect()
}

fn days(dates: &[Minutes]) -> Vec<Date> {
    dates.iter().map(|day| day.to_datetime().date()).collect()
}

#[test]
fn a_series_of_outlook_is_read_and_written_byte_for_byte() {
    let bytes = hex(WEEKLY);
    let series = AppointmentRecurrence::parse(&bytes).unwrap();
    let pattern = &series.pattern;
    assert_eq!(pattern.frequency, Frequency::Weekly);
    assert_eq!(pattern.days, Days::Week(WeekDays(4)));
    assert_eq!((pattern.period, pattern.end, pattern.last), (1, End::Never, Minutes::NEVER));
    assert_eq!(pattern.start.to_datetime().date(), date(2016, 8, 2));
    assert_eq!((series.starts, series.ends), (480, 510));
    // Two of the three were moved, not deleted: they are in both lists.
    assert_eq!(days(&pattern.deleted), [date(2016, 8, 9), date(2016, 8, 23), date(2016, 8, 30)]);
    assert_eq!(days(&pattern.modified), [date(2016, 8, 23), date(2016, 8, 30)]);
    assert_eq!(series.changes[0].original_start.to_datetime(), date(2016, 8, 23).at(8, 0, 0, 0));
    assert_eq!(series.changes[0].start.to_datetime(), date(2016, 8, 23).at(9, 0, 0, 0));
    assert_eq!(series.changes[0].end.to_datetime(), date(2016, 8, 23).at(9, 30, 0, 0));
    assert!(series.changes[0].has_body);
    assert_eq!(pattern.anchor(), Some(pattern.first));
    assert_eq!(series.to_bytes(), bytes);
}

#[test]
fn no_piece_of_a_series_is_taken_for_a_whole_one() {
    let bytes = hex(WEEKLY);
    for length in 0..bytes.len() {
        let read = AppointmentRecurrence::parse(&bytes[..length]);
        // Programs that end after the exceptions are allowed to (see `parse`).
        let after_exceptions = bytes.len() - 32;
        assert_eq!(read.is_ok(), length == after_exceptions, "{length} of {} bytes", bytes.len());
    }
    let mut long = bytes;
    long.push(1);
    let error = AppointmentRecurrence::parse(&long).unwrap_err();
    assert_eq!(error.fault, BlobFault::Rest(1));
}

#[test]
fn texts_of_changed_occurrences_keep_every_letter() {
    let mut series = AppointmentRecurrence::parse(&hex(WEEKLY)).unwrap();
    let day = Minutes::from_date(date(2016, 9, 6)).unwrap();
    let at = |minutes: u32| Minutes(day.0 + minutes);
    series.changes.push(OccurrenceChange {
        subject: Some("Gespräch 🎉".to_owned()),
        place: Some("Łódź".to_owned()),
        busy: Some(3),
        reminder_minutes: Some(15),
        reminder: Some(1),
        all_day: Some(0),
        ..OccurrenceChange::moved(at(480), at(540), at(600))
    });
    let bytes = series.to_bytes();
    assert_eq!(AppointmentRecurrence::parse(&bytes).unwrap(), series);
    // For old programs the text is there too, with question marks.
    let ansi = b"\x0b\x00\x0a\x00Gespr\xe4ch ?";
    assert!(bytes.windows(ansi.len()).any(|window| window == ansi));
}

/// Of Windows' own tables: in 1252 80 is the euro sign and 96 a dash, in 850 94 is ö.
#[test]
fn texts_that_stand_in_no_unicode_are_in_a_code_page() {
    let mut series = AppointmentRecurrence::parse(&hex(WEEKLY)).unwrap();
    series.changes.truncate(1);
    series.changes[0].subject = Some("Köln – 5 € 🎉".to_owned());
    let bytes = series.to_bytes();
    let ansi = b"\x0d\x00\x0c\x00K\xf6ln \x96 5 \x80 ?";
    let at = bytes.windows(ansi.len()).position(|window| window == ansi).unwrap();
    // As a program writes it that leaves out what follows.
    let old = &bytes[..at + ansi.len()];
    let subject = |read: Result<AppointmentRecurrence, _>| read.unwrap().changes[0].subject.clone();
    assert_eq!(subject(AppointmentRecurrence::parse(old)).unwrap(), "Köln – 5 € ?");
    let german = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace("K\u{FFFD}ln", "Köln");
    assert!(subject(AppointmentRecurrence::parse_in(old, &german)).unwrap().starts_with("Köln"));
    // The whole text wins, whatever the code page.
    let none = |_: &[u8]| String::new();
    let whole = AppointmentRecurrence::parse_in(&bytes, &none);
    assert_eq!(subject(whole).unwrap(), "Köln – 5 € 🎉");
}

fn pattern(
    frequency: Frequency,
    days: Days,
    period: u32,
    start: Date,
    first_weekday: u32,
) -> RecurrencePattern {
    RecurrencePattern {
        frequency,
        days,
        calendar: 0,
        hijri: false,
        first: 0,
        period,
        regenerating: false,
        end: End::Never,
        occurrences: 10,
        first_weekday,
        deleted: Vec::new(),
        modified: Vec::new(),
        start: Minutes::from_date(start).unwrap(),
        last: Minutes::NEVER,
    }
}

/// MS-OXOCAL 2.2.1.44.1 says how `FirstDateTime` is reckoned; the values by hand, days counted with Python's datetime.
#[test]
fn the_rhythm_is_counted_from_1601() {
    // 1601-01-01 was a Monday, and 2007-03-12 is 148,358 days later: every third day leaves 2.
    let daily = pattern(Frequency::Daily, Days::Day, 3 * 1440, date(2007, 3, 12), 0);
    assert_eq!(daily.anchor(), Some(2 * 1440));
    // Every second week from Tuesday 2016-08-02; its week began on Sunday 2016-07-31, 151,787 days in: 13 left.
    let weekly = pattern(Frequency::Weekly, Days::Week(WeekDays(4)), 2, date(2016, 8, 2), 0);
    assert_eq!(weekly.anchor(), Some(13 * 1440));
    // With weeks from Monday it began on 2016-08-01, 151,788 days in: none left.
    let monday = pattern(Frequency::Weekly, Days::Week(WeekDays(4)), 2, date(2016, 8, 2), 1);
    assert_eq!(monday.anchor(), Some(0));
    // (2007 - 1601) * 12 + 2 = 4,874 months, of which every fourth leaves 2: 1601-03-01 is 59 days in.
    let monthly = pattern(Frequency::Monthly, Days::Month(12), 4, date(2007, 3, 12), 0);
    assert_eq!(monthly.anchor(), Some(59 * 1440));
    let yearly =
        pattern(Frequency::Yearly, Days::MonthNth(WeekDays(2), 2), 12, date(2007, 3, 12), 0);
    assert_eq!(yearly.anchor(), Some(59 * 1440));
    let broken = pattern(Frequency::Daily, Days::Day, 0, date(2007, 3, 12), 0);
    assert_eq!(broken.anchor(), None);
}

#[test]
fn the_end_of_endless_series_is_the_one_the_specification_names() {
    assert_eq!(Minutes::NEVER.to_datetime(), date(4500, 12, 31).at(23, 59, 0, 0));
    assert_eq!(Minutes(u32::MAX).to_datetime().date().year(), 9767);
    assert_eq!(Minutes::from_date(date(1600, 12, 31)), None);
    assert_eq!(Minutes::from_datetime(date(1601, 1, 2).at(1, 1, 59, 0)), Some(Minutes(1501)));
}
