//! What Outlook asks of items beyond the fields that a content names.

use jiff::civil::Date;

use super::{change, create, look, now, zone};
use crate::mailbox::contract::sample;
use crate::mailbox::pst::write::{self, Desk};
use crate::mapi::{Value as V, named as n};
use crate::model::recurrence::{Pattern, Range};
use crate::model::{Content, Field, ItemKind, Recurrence, Value};

/// MS-OXOCAL 2.2.1.6 and MS-OXOTASK 2.2.2.2.5, and what Outlook's dialogs do not let through: Exchange refuses it, a file would not.
#[test]
fn d10_what_outlook_does_not_have_is_not_written() {
    let mailbox = zone("Europe/Berlin");
    let desk = Desk { mailbox: &mailbox, now: now(), random: [7; 16] };
    let written = |kind, content: &Content| {
        let stamp = sample::stamp("A-1", "00ff");
        write::new_item(kind, content, &stamp, &desk).map_err(|unfit| unfit.to_string())
    };
    let moved = |end: &str| {
        let mut content = sample::full(ItemKind::Appointment);
        content.set(Field::End, Value::Instant(end.parse().unwrap()));
        written(ItemKind::Appointment, &content)
    };
    // It starts at nine in UTC.
    assert!(moved("2027-01-12T09:00:00Z").is_ok());
    assert!(moved("2027-01-12T08:00:00Z").unwrap_err().contains("before it starts"));
    let mut days = sample::all_day();
    days.set(Field::End, Value::Date(Date::constant(2027, 3, 26)));
    assert!(written(ItemKind::Appointment, &days).is_err());
    let mut task = sample::full(ItemKind::Task);
    task.set(Field::Due, Value::Date(Date::constant(2027, 3, 26)));
    assert!(written(ItemKind::Task, &task).unwrap_err().contains("due before"));
    let start = Date::constant(2027, 1, 12);
    for (kind, none) in [
        (ItemKind::Appointment, Range::Count { start, count: 0 }),
        (ItemKind::Task, Range::Until { start, end: Date::constant(2027, 1, 11) }),
    ] {
        let pattern = Pattern::Daily { every: 1 };
        let series = Recurrence { pattern, range: none, exceptions: Vec::new() };
        let mut content = sample::full(kind);
        content.set(Field::Recurrence, Value::Recurrence(Box::new(series)));
        assert!(written(kind, &content).is_err(), "{kind:?}");
    }
    // A start alone is the day on which it is due as well.
    task.set_blank(Field::Due);
    let item = create(ItemKind::Task, &task, &mailbox);
    assert!(item.value(n::TASK_START).is_some());
    assert_eq!(item.value(n::TASK_DUE), item.value(n::TASK_START));
    assert_eq!(item.value(n::COMMON_END), item.value(n::COMMON_START));
}

#[test]
fn d10_a_series_that_cannot_be_read_is_not_moved() {
    let mailbox = zone("Europe/Berlin");
    let mut item = create(ItemKind::Appointment, &sample::full(ItemKind::Appointment), &mailbox);
    item.set(n::APPOINTMENT_RECURRENCE, V::Binary(vec![4, 0x30]));
    let found = look(&item, &mailbox);
    assert!(found.unsupported.contains(Field::Recurrence));
    assert_eq!(found.content.slot(Field::Recurrence), None);
    let mut later = Content::new();
    later.set(Field::Start, Value::Instant("2027-01-12T10:00:00Z".parse().unwrap()));
    let desk = Desk { mailbox: &mailbox, now: now(), random: [8; 16] };
    let change = (&later, &found.content);
    assert!(write::update(ItemKind::Appointment, change, None, &item, &desk).is_err());
}
