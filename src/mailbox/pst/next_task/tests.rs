//! What becomes of a task of a series that is completed, by MS-OXOTASK 3.1.4.6 and MS-OXORMDR 3.1.4.8.

use jiff::civil::{Date, date};

use super::{Completed, completed};
use crate::mailbox::contract::sample;
use crate::mailbox::pst::times::Setting;
use crate::mailbox::pst::write::{self, Desk};
use crate::mailbox::pst::{read, stamp};
use crate::mailbox::zones::Zone;
use crate::mapi::{Properties, Value as V, named as n};
use crate::model::recurrence::{Day, Pattern, Range, Unit};
use crate::model::{Content, Field, ItemKind, Recurrence, Value};
use crate::pst::messaging::CodePage;

/// A Sunday.
const NOW: &str = "2026-11-22T12:00:00Z";

fn put(item: &Properties, settings: Vec<Setting>) -> Properties {
    let mut item = item.clone();
    for (key, value) in settings {
        match value {
            Some(value) => item.set(key, value),
            None => drop(item.remove(key)),
        }
    }
    item
}

/// Completes a task of a series on a day. Returns it as it would be completed, and what becomes of that.
fn complete(
    (pattern, range): (Pattern, Range),
    [start, due]: [Option<Date>; 2],
    day: Date,
) -> (Properties, Result<Option<Completed>, write::Unfit>) {
    let mailbox = Zone::iana("Europe/Berlin").unwrap();
    let desk = Desk {
        mailbox: &mailbox,
        now: NOW.parse().unwrap(),
        random: [7; 16],
        code_page: CodePage::WESTERN,
    };
    let mut task = sample::full(ItemKind::Task);
    for (field, day) in [(Field::TaskStart, start), (Field::Due, due)] {
        task.set_blank(field);
        if let Some(day) = day {
            task.set(field, Value::Date(day));
        }
    }
    // At eight in the morning, winter time.
    task.set(Field::ReminderAt, Value::Instant("2027-03-23T07:00:00Z".parse().unwrap()));
    let series = Recurrence { pattern, range, exceptions: Vec::new() };
    task.set(Field::Recurrence, Value::Recurrence(Box::new(series)));
    let stamp = sample::stamp("T-1", "1");
    let settings = write::new_item(ItemKind::Task, &task, &stamp, &desk).unwrap();
    let was = put(&Properties::new(), settings);
    let mut change = Content::new();
    change.set_text(Field::Status, "completed");
    change.set(Field::Completed, Value::Date(day));
    let settings = write::update(ItemKind::Task, (&change, &task), None, &was, &desk).unwrap();
    let after = put(&was, settings);
    let completed = completed(&was, &after, &desk);
    (after, completed)
}

fn weekly() -> Pattern {
    Pattern::Weekly { every: 1, days: vec![Day::Tuesday], first_day: Day::Monday }
}

fn forever(start: Date) -> Range {
    Range::Forever { start }
}

fn day(item: &Properties, of: crate::mapi::Named) -> Option<Date> {
    crate::mailbox::pst::times::read_day(item.value(of)?.as_time()?)
}

#[test]
fn the_task_goes_on_to_its_next_date_with_its_reminder() {
    let tuesday = date(2027, 3, 23);
    let (done, next) = complete((weekly(), forever(tuesday)), [None, Some(tuesday)], tuesday);
    let next = next.unwrap().unwrap();
    let item = put(&done, next.task);
    assert_eq!(day(&item, n::TASK_DUE), Some(date(2027, 3, 30)));
    assert_eq!(item.value(n::TASK_START), None);
    assert_eq!(item.value(n::TASK_STATUS), Some(&V::Integer32(0)));
    assert_eq!(item.value(n::TASK_COMPLETE), Some(&V::Boolean(false)));
    assert_eq!(item.value(n::PERCENT_COMPLETE), Some(&V::Floating64(0.0)));
    assert_eq!(item.value(n::TASK_COMPLETED_ON), None);
    assert_eq!(item.value(n::TASK_RECURRENCE), done.value(n::TASK_RECURRENCE));
    // Local midnight, and eight in the morning, both in summer time.
    let utc = |text: &str| crate::mailbox::pst::times::file_time(text.parse().unwrap()).unwrap();
    assert_eq!(item.value(n::COMMON_END), Some(&utc("2027-03-29T22:00:00Z")));
    for of in [n::REMINDER_TIME, n::REMINDER_SIGNAL_TIME] {
        assert_eq!(item.value(of), Some(&utc("2027-03-30T06:00:00Z")));
    }
    assert_eq!(item.value(n::REMINDER_SET), Some(&V::Boolean(true)));
    assert!(stamp::read(&item).is_some());
}

#[test]
fn the_copy_is_completed_and_the_persons_own() {
    let tuesday = date(2027, 3, 23);
    let (done, next) = complete((weekly(), forever(tuesday)), [None, Some(tuesday)], tuesday);
    let copy = put(&done, next.unwrap().unwrap().copy.unwrap());
    assert_eq!(copy.value(n::TASK_COMPLETE), Some(&V::Boolean(true)));
    assert_eq!(copy.value(n::TASK_COMPLETED_ON), done.value(n::TASK_COMPLETED_ON));
    assert_eq!(day(&copy, n::TASK_DUE), Some(tuesday));
    assert_eq!(copy.value(n::TASK_RECURRING), Some(&V::Boolean(false)));
    assert_eq!(copy.value(n::TASK_RECURRENCE), None);
    assert_eq!(copy.value(n::TASK_DEAD_OCCURRENCE), Some(&V::Boolean(true)));
    assert_eq!(copy.value(n::REMINDER_SET), Some(&V::Boolean(false)));
    assert_eq!(stamp::read(&copy), None);
    assert_eq!(read::kind("IPM.Task"), Some(ItemKind::Task));
}

/// By hand: the dates of the next one, from those of this one.
#[test]
fn its_next_dates_are_those_of_the_specification() {
    let january = date(2027, 1, 31);
    let month = Pattern::MonthlyOnDay { every: 1, day: 31 };
    let again = |unit| Pattern::Regenerating { unit, every: 2 };
    let november = date(2026, 11, 10);
    for (series, days, done, expected) in [
        // The length of the task stays.
        (
            (month, forever(january)),
            [Some(january), Some(date(2027, 2, 2))],
            date(2027, 2, 20),
            [Some(date(2027, 2, 28)), Some(date(2027, 3, 2))],
        ),
        (
            (again(Unit::Week), forever(november)),
            [None, Some(november)],
            date(2026, 11, 20),
            [None, Some(date(2026, 12, 4))],
        ),
        // Nobody said when it is due: the day of completion counts.
        (
            (weekly(), forever(date(2026, 11, 17))),
            [None, None],
            date(2026, 11, 17),
            [None, Some(date(2026, 11, 24))],
        ),
    ] {
        let (after, next) = complete(series, days, done);
        let item = put(&after, next.unwrap().unwrap().task);
        assert_eq!([day(&item, n::TASK_START), day(&item, n::TASK_DUE)], expected);
    }
}

/// MS-OXOTASK 2.2.2.2.8.
#[test]
fn after_the_last_one_nothing_comes() {
    let start = date(2026, 11, 17);
    let until = Range::Until { start, end: date(2026, 12, 1) };
    let again = Pattern::Regenerating { unit: Unit::Month, every: 1 };
    for series in [(weekly(), Range::Count { start, count: 1 }), (again.clone(), until)] {
        let (done, last) = complete(series, [None, Some(start)], date(2026, 11, 20));
        let last = last.unwrap().unwrap();
        assert!(last.copy.is_none());
        let item = put(&done, last.task);
        assert_eq!(item.value(n::TASK_COMPLETE), Some(&V::Boolean(true)));
        assert_eq!(item.value(n::TASK_DEAD_OCCURRENCE), Some(&V::Boolean(true)));
    }
    // How many there were stands nowhere: nothing is guessed (rule D10).
    let (_, held) = complete((again, Range::Count { start, count: 5 }), [None, None], start);
    assert!(held.err().unwrap().to_string().contains("complete it in Outlook"));
}

#[test]
fn a_reminder_that_would_have_passed_waits_for_the_task_after() {
    let long_ago = date(2025, 3, 25);
    let (mut done, _) = complete((weekly(), forever(long_ago)), [None, Some(long_ago)], long_ago);
    let mailbox = Zone::iana("Europe/Berlin").unwrap();
    let desk = Desk {
        mailbox: &mailbox,
        now: NOW.parse().unwrap(),
        random: [7; 16],
        code_page: CodePage::WESTERN,
    };
    let at = crate::mailbox::pst::times::file_time("2025-03-25T07:00:00Z".parse().unwrap());
    done.set(n::REMINDER_TIME, at.unwrap());
    let mut open = done.clone();
    open.set(n::TASK_STATUS, V::Integer32(1));
    open.set(n::TASK_COMPLETE, V::Boolean(false));
    let next = completed(&open, &done, &desk).unwrap().unwrap();
    let item = put(&done, next.task);
    assert_eq!(item.value(n::REMINDER_SET), Some(&V::Boolean(false)));
    assert_eq!(item.value(n::TASK_RESET_REMINDER), Some(&V::Boolean(true)));
}
