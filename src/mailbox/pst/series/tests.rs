use super::{Course, Known, read, read_task, stored, write, write_task};
use crate::mapi::recurrence::{
    AppointmentRecurrence, Days, End, Frequency, Minutes, OccurrenceChange, RecurrencePattern,
    WeekDays,
};
use crate::mapi::{Properties, Value as V, named as n};
use crate::model::Recurrence;
use crate::model::recurrence::{
    Day, Exception, ExceptionChange, Moment, Ordinal, Pattern, Range, Unit,
};
use crate::pst::messaging::CodePage;
use jiff::civil::{Date, date, time};
use jiff::tz::TimeZone;

fn berlin() -> Course {
    Course {
        starts: time(9, 0, 0, 0),
        minutes: 60,
        all_day: false,
        zone: TimeZone::get("Europe/Berlin").unwrap(),
    }
}

fn series(pattern: Pattern, start: Date) -> Recurrence {
    Recurrence { pattern, range: Range::Forever { start }, exceptions: Vec::new() }
}

/// A series of hours without subject and place.
fn plain(series: &AppointmentRecurrence) -> Known<'_> {
    Known { series, subject: "", place: "", all_day: false }
}

#[test]
fn the_six_patterns_come_back() {
    // Each begins on a day on which an occurrence falls.
    let patterns = [
        (Pattern::Daily { every: 3 }, date(2027, 1, 12)),
        (
            Pattern::Weekly {
                every: 2,
                days: vec![Day::Monday, Day::Thursday, Day::Sunday],
                first_day: Day::Monday,
            },
            date(2027, 1, 14),
        ),
        (Pattern::MonthlyOnDay { every: 1, day: 31 }, date(2027, 1, 31)),
        (
            Pattern::MonthlyOnWeekday { every: 2, ordinal: Ordinal::Last, day: Day::Weekday },
            date(2027, 1, 29),
        ),
        (Pattern::YearlyOnDay { month: 2, day: 28 }, date(2027, 2, 28)),
        (
            Pattern::YearlyOnWeekday { month: 5, ordinal: Ordinal::Second, day: Day::Sunday },
            date(2027, 5, 9),
        ),
    ];
    for (pattern, start) in patterns {
        let series = series(pattern, start);
        let written = write(&series, &berlin(), None).unwrap();
        assert_eq!(read(&written, &berlin(), ("", "")).as_ref(), Some(&series));
        assert_eq!(read_task(&write_task(&series).unwrap()).as_ref(), Some(&series));
    }
}

#[test]
fn regenerating_tasks_come_back() {
    for unit in [Unit::Day, Unit::Week, Unit::Month, Unit::Year] {
        let series = series(Pattern::Regenerating { unit, every: 6 }, date(2027, 1, 12));
        let written = write_task(&series).unwrap();
        assert!(written.regenerating);
        assert_eq!(read_task(&written).as_ref(), Some(&series));
    }
}

/// MS-OXOCAL 2.2.1.44.1: of pattern type 0 the period is in minutes, whatever the frequency, and two weeks are 20,160 of them.
/// 2027-01-12 is 155,604 days after 1601-01-01 (Python's datetime); over whole periods 11,520 minutes of them are left.
#[test]
fn weeks_after_a_task_was_completed_are_told_in_minutes() {
    let regenerating =
        |every| series(Pattern::Regenerating { unit: Unit::Week, every }, date(2027, 1, 12));
    let mut bytes = vec![0x04, 0x30, 0x04, 0x30, 0x0B, 0x20, 0, 0, 0, 0];
    for word in [11_520, 20_160, 1, 0x2023, 10, 0, 0, 0, 155_604 * 1440, 0x5AE9_80DF_u32] {
        bytes.extend(word.to_le_bytes());
    }
    assert_eq!(write_task(&regenerating(2)).unwrap().to_bytes(), bytes);
    let mut stored = RecurrencePattern::parse(&bytes).unwrap();
    assert_eq!(read_task(&stored), Some(regenerating(2)));
    // As this program wrote it once; and what is neither, and what Outlook's dialog does not take.
    stored.period = 6;
    assert_eq!(read_task(&stored), Some(regenerating(6)));
    for period in [1440, 1000 * 10_080] {
        stored.period = period;
        assert_eq!(read_task(&stored), None, "{period}");
    }
    stored.period = 20_160;
    (stored.end, stored.occurrences) = (End::Count, 0);
    assert_eq!(read_task(&stored), None, "no occurrence at all");
}

#[test]
fn the_three_ranges_say_when_it_ends() {
    let daily = |range| {
        let series = Recurrence { range, ..series(Pattern::Daily { every: 2 }, date(2027, 1, 1)) };
        write_task(&series).unwrap()
    };
    let start = date(2027, 1, 1);
    let until = daily(Range::Until { start, end: date(2027, 1, 10) });
    // 1, 3, 5, 7 and 9 January.
    assert_eq!((until.end, until.occurrences), (End::Date, 5));
    assert_eq!(until.last.to_datetime().date(), date(2027, 1, 10));
    let count = daily(Range::Count { start, count: 4 });
    assert_eq!((count.end, count.occurrences), (End::Count, 4));
    assert_eq!(count.last.to_datetime().date(), date(2027, 1, 7));
    let forever = daily(Range::Forever { start });
    assert_eq!((forever.end, forever.occurrences, forever.last), (End::Never, 10, Minutes::NEVER));
}

#[test]
fn a_series_begins_with_its_first_occurrence() {
    let mut tuesdays = series(
        Pattern::Weekly { every: 1, days: vec![Day::Tuesday], first_day: Day::Sunday },
        date(2016, 7, 31),
    );
    tuesdays
        .exceptions
        .push(Exception { original: date(2016, 8, 9), change: ExceptionChange::Deleted });
    // MS-OXOTASK 2.2.2.2.15: tasks have no such list.
    assert!(write_task(&tuesdays).unwrap_err().contains("no deleted occurrences"));
    let written = write(&tuesdays, &berlin(), None).unwrap().pattern;
    assert_eq!((written.frequency, written.days), (Frequency::Weekly, Days::Week(WeekDays(4))));
    assert_eq!(written.start.to_datetime().date(), date(2016, 8, 2));
    // As in a series that Outlook wrote for these Tuesdays.
    assert_eq!(written.first, 8640);
    assert_eq!(written.deleted, [Minutes::from_date(date(2016, 8, 9)).unwrap()]);
}

fn moved(original: Date, start: &str, end: &str, place: Option<&str>) -> Exception {
    Exception {
        original,
        change: ExceptionChange::Changed {
            start: Moment::Instant(start.parse().unwrap()),
            end: Moment::Instant(end.parse().unwrap()),
            subject: None,
            place: place.map(str::to_owned),
        },
    }
}

#[test]
fn changed_occurrences_keep_local_time_on_both_sides_of_a_clock_change() {
    let mut weekly = series(
        Pattern::Weekly { every: 1, days: vec![Day::Monday], first_day: Day::Monday },
        date(2026, 3, 23),
    );
    weekly.exceptions = vec![
        // 08:00 UTC is nine o'clock before the change of 29 March 2026, and ten after it.
        moved(date(2026, 3, 23), "2026-03-23T08:00:00Z", "2026-03-23T09:00:00Z", Some("Raum 7")),
        moved(date(2026, 3, 30), "2026-03-31T08:00:00Z", "2026-03-31T09:00:00Z", None),
        Exception { original: date(2026, 4, 6), change: ExceptionChange::Deleted },
    ];
    let written = write(&weekly, &berlin(), None).unwrap();
    assert_eq!((written.starts, written.ends), (540, 600));
    let starts: Vec<_> = written.changes.iter().map(|change| change.start.to_datetime()).collect();
    assert_eq!(starts, [date(2026, 3, 23).at(9, 0, 0, 0), date(2026, 3, 31).at(10, 0, 0, 0)]);
    assert_eq!(written.changes[1].original_start.to_datetime(), date(2026, 3, 30).at(9, 0, 0, 0));
    // MS-OXOCAL: the original days of changed occurrences are among the deleted ones.
    assert_eq!((written.pattern.deleted.len(), written.pattern.modified.len()), (3, 2));
    assert_eq!(read(&written, &berlin(), ("", "")), Some(weekly));
}

#[test]
fn d10_a_whole_day_in_a_series_of_hours_stays_one() {
    let mut weekly = series(
        Pattern::Weekly { every: 1, days: vec![Day::Monday], first_day: Day::Monday },
        date(2026, 3, 23),
    );
    weekly.exceptions = vec![Exception {
        original: date(2026, 3, 30),
        change: ExceptionChange::Changed {
            start: Moment::Day(date(2026, 3, 31)),
            end: Moment::Day(date(2026, 4, 1)),
            subject: None,
            place: None,
        },
    }];
    let written = write(&weekly, &berlin(), None).unwrap();
    // MS-OXOCAL 2.2.1.44.3: SubType is 1 where the occurrence takes the whole day; midnights are local.
    let change = &written.changes[0];
    assert_eq!(change.all_day, Some(1));
    assert_eq!(change.start.to_datetime(), date(2026, 3, 31).at(0, 0, 0, 0));
    assert_eq!(read(&written, &berlin(), ("", "")), Some(weekly.clone()));
    // And hours in a series of whole days.
    let days = Course { starts: time(0, 0, 0, 0), minutes: 1440, all_day: true, ..berlin() };
    weekly.exceptions =
        vec![moved(date(2026, 3, 30), "2026-03-30T08:00:00Z", "2026-03-30T09:00:00Z", None)];
    let written = write(&weekly, &days, None).unwrap();
    assert_eq!(written.changes[0].all_day, Some(0));
    assert_eq!(read(&written, &days, ("", "")), Some(weekly));
}

#[test]
fn d11_what_a_changed_occurrence_has_beyond_the_model_stays() {
    let mut weekly = series(
        Pattern::Weekly { every: 1, days: vec![Day::Monday], first_day: Day::Monday },
        date(2026, 3, 23),
    );
    weekly.exceptions =
        vec![moved(date(2026, 3, 23), "2026-03-23T12:00:00Z", "2026-03-23T13:00:00Z", None)];
    let mut was = write(&weekly, &berlin(), None).unwrap();
    was.changes[0].reminder_minutes = Some(120);
    was.changes[0].colour = Some(3);
    weekly.exceptions = vec![moved(
        date(2026, 3, 23),
        "2026-03-23T14:00:00Z",
        "2026-03-23T15:00:00Z",
        Some("Raum 7"),
    )];
    let now = write(&weekly, &berlin(), Some(plain(&was))).unwrap();
    assert_eq!((now.changes[0].reminder_minutes, now.changes[0].colour), (Some(120), Some(3)));
    assert_eq!(now.changes[0].place.as_deref(), Some("Raum 7"));
    assert_eq!(read(&now, &berlin(), ("", "")), Some(weekly));
}

/// A text or a reminder of one occurrence alone, of which the model knows nothing, goes along when the series moves, and ends when
/// the pattern has its day no more.
#[test]
fn d11_an_occurrence_that_differs_in_nothing_we_know_stays_what_it_is() {
    let mut weekly = series(
        Pattern::Weekly { every: 1, days: vec![Day::Monday], first_day: Day::Monday },
        date(2026, 3, 23),
    );
    let nine = |day| Minutes::from_datetime(date(2026, 3, day).at(9, 0, 0, 0)).unwrap();
    let ten = |day| Minutes::from_datetime(date(2026, 3, day).at(10, 0, 0, 0)).unwrap();
    let mut was = write(&weekly, &berlin(), None).unwrap();
    let mut own = OccurrenceChange::moved(nine(30), nine(30), ten(30));
    own.reminder_minutes = Some(120);
    own.has_body = true;
    was.pattern.deleted = vec![Minutes::from_date(date(2026, 3, 30)).unwrap()];
    was.pattern.modified.clone_from(&was.pattern.deleted);
    was.changes = vec![own.clone()];
    assert_eq!(read(&was, &berlin(), ("", "")).as_ref(), Some(&weekly));
    assert_eq!(write(&weekly, &berlin(), Some(plain(&was))).as_ref(), Ok(&was));
    let later = Course { starts: time(10, 0, 0, 0), minutes: 90, ..berlin() };
    let now = write(&weekly, &later, Some(plain(&was))).unwrap();
    let half_past = Minutes(ten(30).0 + 90);
    let moved_along =
        OccurrenceChange { original_start: ten(30), start: ten(30), end: half_past, ..own };
    assert_eq!(now.changes, [moved_along]);
    assert_eq!(
        (&now.pattern.deleted, &now.pattern.modified),
        (&was.pattern.deleted, &was.pattern.modified)
    );
    assert_eq!(read(&now, &later, ("", "")).as_ref(), Some(&weekly));
    // It is moved by us, it is deleted, and its day is none any more.
    weekly.exceptions =
        vec![moved(date(2026, 3, 30), "2026-03-30T12:00:00Z", "2026-03-30T13:00:00Z", None)];
    let changes = write(&weekly, &berlin(), Some(plain(&was))).unwrap().changes;
    assert_eq!((changes.len(), changes[0].has_body), (1, true));
    weekly.exceptions =
        vec![Exception { original: date(2026, 3, 30), change: ExceptionChange::Deleted }];
    assert_eq!(write(&weekly, &berlin(), Some(plain(&was))).unwrap().changes, []);
    weekly.exceptions.clear();
    weekly.pattern = Pattern::Weekly { every: 2, days: vec![Day::Monday], first_day: Day::Monday };
    assert_eq!(write(&weekly, &berlin(), Some(plain(&was))).unwrap().changes, []);
}

/// Clients over ActiveSync name subject and place with each changed occurrence, and Outlook goes on naming a subject that was changed
/// and changed back (`ARO_SUBJECT`, MS-OXOCAL 2.2.1.44.2).
#[test]
fn d11_an_occurrence_that_names_what_all_have_keeps_what_it_has_beyond() {
    let weekly = series(
        Pattern::Weekly { every: 1, days: vec![Day::Monday], first_day: Day::Monday },
        date(2026, 3, 23),
    );
    let at = |hour| Minutes::from_datetime(date(2026, 3, 30).at(hour, 0, 0, 0)).unwrap();
    let mut was = write(&weekly, &berlin(), None).unwrap();
    let mut own = OccurrenceChange::moved(at(9), at(9), at(10));
    own.has_body = true;
    own.all_day = Some(0);
    (own.subject, own.place) = (Some("Jour fixe".to_owned()), Some("Raum 7 ".to_owned()));
    was.pattern.deleted = vec![Minutes::from_date(date(2026, 3, 30)).unwrap()];
    was.pattern.modified.clone_from(&was.pattern.deleted);
    was.changes = vec![own.clone()];
    let texts = ("Jour fixe", "Raum 7");
    let known = Known { subject: texts.0, place: texts.1, ..plain(&was) };
    assert_eq!(read(&was, &berlin(), texts).as_ref(), Some(&weekly));
    assert_eq!(write(&weekly, &berlin(), Some(known)).as_ref(), Ok(&was));
    let later = Course { starts: time(10, 0, 0, 0), ..berlin() };
    let now = write(&weekly, &later, Some(known)).unwrap();
    let moved_along =
        OccurrenceChange { original_start: at(10), start: at(10), end: at(11), ..own };
    assert_eq!(now.changes, [moved_along]);
    // Where it has another subject, the model knows it, and a model without it has put it back.
    let known = Known { subject: "Jour fixe im März", ..known };
    assert_eq!(write(&weekly, &berlin(), Some(known)).unwrap().changes, []);
}

/// MS-OXOCAL 2.2.1.44: there are as many changed days as changed occurrences, and every day is named once.
#[test]
fn d10_two_occurrences_on_one_day_are_no_series_of_outlook() {
    let mut weekly = series(
        Pattern::Weekly { every: 1, days: vec![Day::Monday], first_day: Day::Monday },
        date(2026, 3, 23),
    );
    weekly.exceptions = vec![
        moved(date(2026, 3, 23), "2026-03-25T08:00:00Z", "2026-03-25T09:00:00Z", None),
        moved(date(2026, 3, 30), "2026-03-25T12:00:00Z", "2026-03-25T13:00:00Z", None),
    ];
    assert!(write(&weekly, &berlin(), None).unwrap_err().contains("at most one occurrence"));
}

#[test]
fn an_occurrence_that_ends_before_it_starts_is_not_written() {
    let mut weekly = series(
        Pattern::Weekly { every: 1, days: vec![Day::Sunday], first_day: Day::Monday },
        date(2026, 10, 18),
    );
    for (start, end, why) in [
        ("2026-10-25T09:00:00Z", "2026-10-25T08:00:00Z", "occurrence of the series ends"),
        // The clocks of Berlin go from three back to two at 01:00 UTC.
        ("2026-10-25T00:50:00Z", "2026-10-25T01:10:00Z", "by its clocks"),
    ] {
        weekly.exceptions = vec![moved(date(2026, 10, 25), start, end, None)];
        assert!(write(&weekly, &berlin(), None).unwrap_err().contains(why), "{start}");
    }
}

#[test]
fn an_occurrence_that_differs_in_nothing_we_know_is_none() {
    let weekly = series(
        Pattern::Weekly { every: 1, days: vec![Day::Monday], first_day: Day::Monday },
        date(2026, 3, 23),
    );
    let mut own = weekly.clone();
    own.exceptions = vec![moved(
        date(2026, 3, 23),
        "2026-03-23T08:00:00Z",
        "2026-03-23T09:00:00Z",
        Some("Raum 7"),
    )];
    let mut written = write(&own, &berlin(), None).unwrap();
    written.changes[0].busy = Some(0);
    // The place is the one that all have.
    assert_eq!(read(&written, &berlin(), ("", "Raum 7")), Some(weekly));
}

#[test]
fn d10_what_the_model_cannot_hold_is_not_read() {
    let monthly = series(Pattern::MonthlyOnDay { every: 1, day: 3 }, date(2027, 1, 3));
    let mut written = write_task(&monthly).unwrap();
    written.hijri = true;
    assert_eq!(read_task(&written), None);
    written.hijri = false;
    written.frequency = Frequency::Yearly;
    written.period = 24;
    assert_eq!(read_task(&written), None, "every second year");
    let mut changed = series(Pattern::Daily { every: 1 }, date(2027, 1, 3));
    changed.exceptions =
        vec![moved(date(2027, 1, 3), "2027-01-03T12:00:00Z", "2027-01-03T13:00:00Z", None)];
    assert!(write_task(&changed).is_err(), "tasks have no changed occurrences");
}

/// Windows' tables: byte 94 is ö in 850 and a quotation mark in 1252, F6 is ö in 1252 and ц in 1251.
#[test]
fn texts_of_changed_occurrences_are_in_the_code_page_of_their_item() {
    let day = date(2027, 1, 12);
    let daily = series(Pattern::Daily { every: 1 }, day);
    let mut changed = write(&daily, &berlin(), None).unwrap();
    let at = |hours| Minutes::from_datetime(day.at(hours, 0, 0, 0)).unwrap();
    changed.changes.push(OccurrenceChange {
        subject: Some("#ln".to_owned()),
        ..OccurrenceChange::moved(at(9), at(9), at(10))
    });
    let mut bytes = changed.to_bytes();
    // The way of programs that write no Unicode: nothing follows the text.
    let subject = bytes.windows(3).position(|window| window == b"#ln").unwrap();
    bytes.truncate(subject + 3);
    for (page, byte, expected) in [(1252, 0x94, "”ln"), (850, 0x94, "öln"), (1251, 0xF6, "цln")]
    {
        let mut item = Properties::new();
        bytes[subject] = byte;
        item.set(n::APPOINTMENT_RECURRENCE, V::Binary(bytes.clone()));
        let read = stored(&item, CodePage(page)).unwrap().changes.remove(0).subject;
        assert_eq!(read.as_deref(), Some(expected), "{page}");
    }
}
