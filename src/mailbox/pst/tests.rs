//! What is written as MAPI properties is read back as it was: fields one by one and all together, new and changed.

mod outlook;
mod through;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert_eq, proptest};

use super::read::{self, Found};
use super::times::Setting;
use super::write::{self, Desk};
use crate::mailbox::Item;
use crate::mailbox::contract::sample;
use crate::mailbox::zones::Zone;
use crate::mapi::recurrence::{AppointmentRecurrence, OccurrenceChange};
use crate::mapi::{Properties, Value as V, named as n, property as p};
use crate::model::recurrence::{
    Day, Exception, ExceptionChange, Moment, Ordinal, Pattern, Range, Unit,
};
use crate::model::{Content, Field, Fingerprint, ItemKind, Recurrence, Shape, Slot, Value};
use crate::pst::messaging::CodePage;

const CLASSES: [(ItemKind, &str); 3] = [
    (ItemKind::Contact, "IPM.Contact"),
    (ItemKind::Appointment, "IPM.Appointment"),
    (ItemKind::Task, "IPM.Task"),
];

const NOTHING: [&str; 0] = [];

fn zone(name: &str) -> Zone {
    Zone::iana(name).unwrap()
}

fn now() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

fn put(item: &mut Properties, settings: Vec<Setting>) {
    for (key, value) in settings {
        match value {
            Some(value) => item.set(key, value),
            None => drop(item.remove(key)),
        }
    }
}

fn create(kind: ItemKind, content: &Content, mailbox: &Zone) -> Properties {
    let desk = Desk { mailbox, now: now(), random: [7; 16], code_page: CodePage::WESTERN };
    let mut item = Properties::new();
    let class = CLASSES.iter().find(|(of, _)| *of == kind).unwrap().1;
    item.set(p::MESSAGE_CLASS, V::from(class));
    put(&mut item, write::new_item(kind, content, &sample::stamp("A-1", "00ff"), &desk).unwrap());
    item
}

fn change(kind: ItemKind, item: &mut Properties, content: &Content, mailbox: &Zone) {
    let desk = Desk { mailbox, now: now(), random: [8; 16], code_page: CodePage::WESTERN };
    let before = look(item, mailbox).content;
    let settings = write::update(kind, (content, &before), None, item, &desk).unwrap();
    put(item, settings);
}

fn look(properties: &Properties, mailbox: &Zone) -> Item {
    let (id, version, folder) = ("1".into(), "1".into(), "2".into());
    let found =
        Found { properties, recipients: Some(&[]), id: &id, version: &version, folder: &folder };
    read::item(&found, CodePage::WESTERN, mailbox)
}

/// Fields that came back otherwise than they were written.
fn different(wanted: &Content, found: &Content) -> Vec<String> {
    wanted
        .iter()
        .filter_map(|(field, slot)| {
            let there = found.slot(field);
            let same = there.is_some_and(|there| {
                Fingerprint::of(field, slot).agrees(Fingerprint::of(field, there), field)
            });
            (!same).then(|| format!("{field}: {slot:?} came back as {there:?}"))
        })
        .collect()
}

#[test]
fn every_field_comes_back() {
    for mailbox in ["Europe/Berlin", "America/New_York", "UTC"].map(zone) {
        for kind in ItemKind::ALL {
            let content = sample::full(kind);
            let item = look(&create(kind, &content, &mailbox), &mailbox);
            assert_eq!(different(&content, &item.content), NOTHING, "{kind:?}");
            assert_eq!(item.identity.kind, Some(kind));
            assert_eq!(item.identity.stamp, Some(sample::stamp("A-1", "00ff")));
            assert!(item.fixed.is_empty() && item.unsupported.is_empty() && !item.has_guests);
        }
    }
}

#[test]
fn every_field_can_be_cleared_alone_and_leaves_the_others() {
    let mailbox = zone("Europe/Berlin");
    for kind in ItemKind::ALL {
        let full = sample::full(kind);
        let required = [Field::Start, Field::End, Field::Zone, Field::AllDay];
        for (field, _) in full.iter().filter(|(field, _)| !required.contains(field)) {
            // A block moves as one; its other parts are as they were.
            let mut after = full.clone();
            let mut part = Content::new();
            for other in field.block().fields().iter() {
                if let Some(slot) = full.slot(other) {
                    part.put(other, slot.clone());
                }
            }
            part.set_blank(field);
            after.set_blank(field);
            if field == Field::ReminderOn {
                // The time of a reminder that is off means nothing.
                after.forget(Field::ReminderAt);
                after.forget(Field::ReminderMinutes);
            }
            match field {
                // What has a start is due, what is not started is at nothing, and what is in progress is at more than that.
                Field::Due => after.put(field, full.slot(Field::TaskStart).unwrap().clone()),
                Field::Status => after.set(Field::Percent, Value::Number(0)),
                Field::Percent => after.set(field, Value::Number(1)),
                _ => {}
            }
            if field == Field::ReminderMinutes {
                // A reminder that is on comes at some time: with the start.
                after.set(field, Value::Number(0));
            }
            let mut item = create(kind, &full, &mailbox);
            change(kind, &mut item, &part, &mailbox);
            let found = look(&item, &mailbox).content;
            assert_eq!(different(&after, &found), NOTHING, "{field} of {kind:?}");
        }
    }
}

#[test]
fn all_day_items_keep_their_dates_in_every_pair_of_zones() {
    let days = sample::all_day();
    for writer in ["Europe/Berlin", "America/Havana", "Asia/Tokyo", "UTC"].map(zone) {
        let item = create(ItemKind::Appointment, &days, &writer);
        for reader in ["Europe/Berlin", "America/Los_Angeles", "Pacific/Auckland"].map(zone) {
            let found = look(&item, &reader).content;
            assert_eq!(found.value(Field::Start), days.value(Field::Start), "{}", writer.name);
            assert_eq!(found.value(Field::End), days.value(Field::End), "{}", writer.name);
        }
    }
}

#[test]
fn a_zone_that_windows_does_not_know_keeps_its_name_and_time() {
    // Windows has no zone for Troll, whose clocks change by two hours.
    let mut content = sample::full(ItemKind::Appointment);
    content.set_text(Field::Zone, "Antarctica/Troll");
    let berlin = zone("Europe/Berlin");
    let found = look(&create(ItemKind::Appointment, &content, &berlin), &berlin).content;
    assert_eq!(found.text(Field::Zone), Some("Antarctica/Troll"));
    assert_eq!(found.value(Field::Start), content.value(Field::Start));
}

#[test]
fn a_series_moves_with_its_times_and_its_exceptions() {
    let mailbox = zone("Europe/Berlin");
    let mut content = sample::full(ItemKind::Appointment);
    let Some(Value::Recurrence(series)) = content.value(Field::Recurrence).cloned() else {
        panic!("the sample is a series")
    };
    let mut series = *series;
    let at = |text: &str| Moment::Instant(text.parse().unwrap());
    series.exceptions = vec![
        Exception {
            original: Date::constant(2027, 1, 26),
            change: ExceptionChange::Changed {
                start: at("2027-01-27T09:00:00Z"),
                end: at("2027-01-27T10:30:00Z"),
                subject: Some("Verschoben 🎉".to_owned()),
                place: None,
            },
        },
        Exception { original: Date::constant(2027, 2, 9), change: ExceptionChange::Deleted },
    ];
    content.set(Field::Recurrence, Value::Recurrence(Box::new(series)));
    let mut item = create(ItemKind::Appointment, &content, &mailbox);
    assert_eq!(different(&content, &look(&item, &mailbox).content), NOTHING);
    // What the model has no word for goes along (rule D11).
    let blob = |item: &Properties| {
        let blob = item.value(n::APPOINTMENT_RECURRENCE).and_then(V::as_bytes).unwrap();
        AppointmentRecurrence::parse(blob).unwrap()
    };
    let own = |change: &OccurrenceChange| OccurrenceChange {
        busy: Some(3),
        reminder: Some(1),
        reminder_minutes: Some(45),
        attachment: Some(1),
        colour: Some(4),
        has_body: true,
        ..change.clone()
    };
    let mut was = blob(&item);
    was.changes[0] = own(&was.changes[0]);
    item.set(n::APPOINTMENT_RECURRENCE, V::Binary(was.to_bytes()));
    item.set(n::RECURRENCE_TEXT, V::from("every other Tuesday from 10:00 AM to 11:30 AM"));
    // An hour later, by the times alone.
    let mut later = Content::new();
    for field in [Field::Start, Field::End] {
        let Some(Value::Instant(at)) = content.value(field) else { panic!("an instant") };
        later.set(field, Value::Instant(at.checked_add(1.hour()).unwrap()));
        content.put(field, later.slot(field).unwrap().clone());
    }
    change(ItemKind::Appointment, &mut item, &later, &mailbox);
    assert_eq!(different(&content, &look(&item, &mailbox).content), NOTHING);
    let now = blob(&item);
    assert_eq!(now.changes[0].original_start.0, was.changes[0].original_start.0 + 60);
    assert_eq!(now.changes, [own(&now.changes[0])]);
    // MS-OXOCAL 2.2.1.46: not required, and if set, it describes the series.
    assert_eq!(item.value(n::RECURRENCE_TEXT), None);
}

#[test]
fn d9_what_is_not_known_to_be_open_is_private() {
    let mailbox = zone("UTC");
    let mut item = create(ItemKind::Contact, &sample::full(ItemKind::Contact), &mailbox);
    for (value, private) in [(0, false), (1, false), (2, true), (3, true), (9, true)] {
        item.set(p::SENSITIVITY, V::Integer32(value));
        item.set(n::PRIVATE, V::Boolean(false));
        assert_eq!(look(&item, &mailbox).identity.private, private, "{value}");
    }
    item.set(p::SENSITIVITY, V::Integer32(0));
    item.set(n::PRIVATE, V::Boolean(true));
    assert!(look(&item, &mailbox).identity.private);
}

#[test]
fn the_lead_in_of_a_subject_is_no_part_of_it() {
    assert_eq!(read::subject("\u{1}\u{5}RE: Anruf"), "RE: Anruf");
    assert_eq!(read::subject("\u{1}\u{1}Anruf"), "Anruf");
    assert_eq!(read::subject("Anruf"), "Anruf");
    assert_eq!(read::subject(""), "");
}

#[test]
fn mails_and_lists_are_of_no_kind() {
    assert_eq!(read::kind("IPM.Contact.Firma"), Some(ItemKind::Contact));
    assert_eq!(read::kind("ipm.appointment"), Some(ItemKind::Appointment));
    for other in ["IPM.Note", "IPM.DistList", "IPM.Contacts", "IPM", "", "IPM.TaskRequest"] {
        assert_eq!(read::kind(other), None, "{other}");
    }
}

fn value(field: Field) -> impl Strategy<Value = Slot> {
    let text = "[ -~äöüßé€🎉]{0,40}";
    (text, any::<bool>(), 0..40_000_i32, any::<u8>()).prop_map(move |(text, flag, days, number)| {
        let date = Date::constant(1950, 1, 1).checked_add(i64::from(days).days()).unwrap();
        Slot::of(match field.shape() {
            Shape::Text | Shape::Body => Value::Text(text),
            Shape::Phone => Value::Text(format!("+49 {number} {days}")),
            Shape::Email => Value::Text(format!("a{number}@firma.example")),
            Shape::Date => Value::Date(date),
            Shape::Moment | Shape::Instant => {
                let noon = date.at(12, i8::try_from(number % 60).unwrap(), 0, 0);
                Value::Instant(noon.in_tz("UTC").unwrap().timestamp())
            }
            Shape::Zone => {
                let zones = ["Europe/Berlin", "Asia/Tokyo", "America/Sao_Paulo", "UTC"];
                Value::Text(zones[usize::from(number) % zones.len()].to_owned())
            }
            Shape::Flag => Value::Flag(flag),
            Shape::Number(low, high) => Value::Number((low + i64::from(number)).min(high)),
            Shape::Choice(words) => {
                Value::Text(words[usize::from(number) % words.len()].to_owned())
            }
            Shape::List => Value::List(text.split(' ').map(str::to_owned).collect()),
            Shape::Recurrence | Shape::Attendees => return Slot::Blank,
        })
    })
}

fn content(kind: ItemKind) -> impl Strategy<Value = Content> {
    let fields: Vec<Field> =
        Field::of(kind).filter(|field| field.fits_outlook() && !field.read_only()).collect();
    let values: Vec<_> = fields.iter().map(|field| value(*field)).collect();
    let known = proptest::collection::vec(any::<bool>(), fields.len());
    (values, known, Chance::any()).prop_map(move |(slots, known, chance)| {
        let mut content = Content::new();
        for ((field, slot), known) in fields.iter().zip(slots).zip(known) {
            if known {
                content.put(*field, slot);
            }
        }
        settle(kind, &mut content, chance);
        content
    })
}

/// Numbers out of which content is made to hold together.
#[derive(Clone, Copy, Debug)]
struct Chance {
    first: Date,
    numbers: [u8; 8],
}

impl Chance {
    fn any() -> impl Strategy<Value = Self> {
        let day = |days| Date::constant(1988, 1, 1).checked_add(i64::from(days).days()).unwrap();
        (0..16_000_i32, any::<[u8; 8]>())
            .prop_map(move |(days, numbers)| Self { first: day(days), numbers })
    }

    /// Returns one of so many, each time out of another number.
    fn below(&self, which: usize, count: usize) -> usize {
        usize::from(self.numbers[which]) % count
    }
}

/// Makes content that holds together, as a planner hands it out.
fn settle(kind: ItemKind, content: &mut Content, chance: Chance) {
    match kind {
        ItemKind::Contact => {}
        ItemKind::Appointment => settle_appointment(content, chance),
        ItemKind::Task => settle_task(content, chance),
    }
}

/// Whole days or hours, once or in a series with changed and deleted occurrences.
fn settle_appointment(content: &mut Content, chance: Chance) {
    let first = chance.first;
    let all_day = chance.below(0, 3) == 0;
    // Whole days have no zone of their own; they are read in the mailbox's.
    let own = content.text(Field::Zone).filter(|_| !all_day);
    let name = own.unwrap_or("Europe/Berlin").to_owned();
    let rules = TimeZone::get(&name).unwrap();
    content.set_text(Field::Zone, &name);
    let at = |day: Date, hour: i8| {
        Value::Instant(rules.to_ambiguous_timestamp(day.at(hour, 15, 0, 0)).compatible().unwrap())
    };
    content.set(Field::AllDay, Value::Flag(all_day));
    let days = i64::try_from(chance.below(1, 3)).unwrap() + 1;
    if all_day {
        content.set(Field::Start, Value::Date(first));
        content.set(Field::End, Value::Date(first.checked_add(days.days()).unwrap()));
    } else {
        content.set(Field::Start, at(first, 9));
        content.set(Field::End, at(first, 11));
    }
    content.set(Field::ReminderOn, Value::Flag(true));
    if content.slot(Field::ReminderMinutes).is_none() {
        content.set(Field::ReminderMinutes, Value::Number(0));
    }
    if chance.below(2, 2) == 0 {
        content.set_blank(Field::Recurrence);
        return;
    }
    let mut series = series(first, chance, false);
    let originals: Vec<Date> = series.dates().take(6).collect();
    for (number, original) in originals.into_iter().enumerate() {
        let moment = |value| match value {
            Value::Instant(at) => Moment::Instant(at),
            _ => panic!("an instant"),
        };
        let (start, end) = if all_day {
            (Moment::Day(original), Moment::Day(original.checked_add(days.days()).unwrap()))
        } else {
            (moment(at(original, 14)), moment(at(original, 15)))
        };
        let text = |which| (chance.below(which, 2) == 0).then(|| format!("{which} geändert 🎉"));
        let what = match chance.below(number, 4) {
            0 => ExceptionChange::Deleted,
            1 => ExceptionChange::Changed {
                start,
                end,
                subject: text(6).or_else(|| all_day.then(|| "anders".to_owned())),
                place: text(7),
            },
            _ => continue,
        };
        series.exceptions.push(Exception { original, change: what });
    }
    content.set(Field::Recurrence, Value::Recurrence(Box::new(series)));
}

/// Every status with the share and the day that it goes with, once or in a series.
fn settle_task(content: &mut Content, chance: Chance) {
    let first = chance.first;
    let statuses = ["not_started", "in_progress", "completed", "waiting", "deferred"];
    let status = statuses[chance.below(0, statuses.len())];
    content.set_text(Field::Status, status);
    let some = i64::try_from(chance.below(1, 98)).unwrap() + 1;
    let share = match status {
        "not_started" => 0,
        "completed" => 100,
        _ => some,
    };
    content.set(Field::Percent, Value::Number(share));
    content.set_blank(Field::Completed);
    content.set_blank(Field::Recurrence);
    content.set(Field::ReminderOn, Value::Flag(true));
    if status == "completed" {
        content.set(Field::Completed, Value::Date(first));
    } else if chance.below(2, 2) == 0 {
        content.set(Field::TaskStart, Value::Date(first));
        content.set(Field::Due, Value::Date(first));
        let series = series(first, chance, true);
        content.set(Field::Recurrence, Value::Recurrence(Box::new(series)));
    }
    // What starts is due, and not before.
    let day = |field| match content.slot(field) {
        Some(Slot::Value(Value::Date(date))) => Some(*date),
        _ => None,
    };
    match (day(Field::TaskStart), day(Field::Due)) {
        (Some(start), due) if due.is_none_or(|due| due < start) => {
            content.set(Field::Due, Value::Date(start));
        }
        (None, Some(_)) => content.set_blank(Field::TaskStart),
        _ => {}
    }
}

/// A series of any pattern and range that begins on a day.
fn series(first: Date, chance: Chance, regenerates: bool) -> Recurrence {
    const WEEK: [Day; 7] = [
        Day::Monday,
        Day::Tuesday,
        Day::Wednesday,
        Day::Thursday,
        Day::Friday,
        Day::Saturday,
        Day::Sunday,
    ];
    let today = WEEK[usize::try_from(first.weekday().to_monday_zero_offset()).unwrap()];
    let (month, day) = (u8::try_from(first.month()).unwrap(), u8::try_from(first.day()).unwrap());
    // Which one of its kind the first day is within its month; the fifth is the last.
    let ordinal = [Ordinal::First, Ordinal::Second, Ordinal::Third, Ordinal::Fourth, Ordinal::Last]
        [usize::from((day - 1) / 7)];
    let every = u32::from(chance.numbers[3] % 4) + 1;
    let pattern = match chance.below(4, if regenerates { 7 } else { 6 }) {
        0 => Pattern::Daily { every },
        1 => {
            let mut days = vec![today, WEEK[chance.below(5, WEEK.len())]];
            days.sort_unstable();
            days.dedup();
            Pattern::Weekly { every, days, first_day: Day::Monday }
        }
        2 => Pattern::MonthlyOnDay { every, day },
        3 => Pattern::MonthlyOnWeekday { every, ordinal, day: today },
        4 => Pattern::YearlyOnDay { month, day },
        5 => Pattern::YearlyOnWeekday { month, ordinal, day: today },
        _ => {
            let unit = [Unit::Day, Unit::Week, Unit::Month, Unit::Year][chance.below(5, 4)];
            Pattern::Regenerating { unit, every }
        }
    };
    let days = i64::from(chance.numbers[7]) * 12;
    let range = match chance.below(6, 3) {
        _ if matches!(pattern, Pattern::Regenerating { .. }) => Range::Forever { start: first },
        0 => Range::Forever { start: first },
        1 => Range::Until { start: first, end: first.checked_add(days.days()).unwrap() },
        _ => Range::Count { start: first, count: u32::from(chance.numbers[7] % 40) + 2 },
    };
    Recurrence { pattern, range, exceptions: Vec::new() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Model to properties to model is the identity in the canonical form, new, changed, and written as it was read.
    #[test]
    fn what_is_written_is_read(
        contacts in (content(ItemKind::Contact), content(ItemKind::Contact)),
        appointments in (content(ItemKind::Appointment), content(ItemKind::Appointment)),
        tasks in (content(ItemKind::Task), content(ItemKind::Task)),
    ) {
        let mailbox = zone("Europe/Berlin");
        let all = [
            (ItemKind::Contact, contacts),
            (ItemKind::Appointment, appointments),
            (ItemKind::Task, tasks),
        ];
        for (kind, (first, second)) in all {
            let mut item = create(kind, &first, &mailbox);
            prop_assert_eq!(different(&first, &look(&item, &mailbox).content), NOTHING);
            change(kind, &mut item, &second, &mailbox);
            let found = look(&item, &mailbox).content;
            prop_assert_eq!(different(&second, &found), NOTHING);
            change(kind, &mut item, &found, &mailbox);
            prop_assert_eq!(different(&found, &look(&item, &mailbox).content), NOTHING);
        }
    }
}
