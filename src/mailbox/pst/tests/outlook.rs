//! What Outlook asks of items beyond the fields that a content names.

use jiff::civil::Date;

use super::{NOTHING, change, create, different, look, now, zone};
use crate::mailbox::contract::sample;
use crate::mailbox::pst::times;
use crate::mailbox::pst::write::{self, Desk};
use crate::mapi::recurrence::AppointmentRecurrence;
use crate::mapi::zone::{ZoneDefinition, ZoneRule};
use crate::mapi::{Named, Properties, Value as V, named as n, property as p};
use crate::model::recurrence::{Day, Exception, ExceptionChange, Moment, Pattern, Range};
use crate::model::{Content, Field, ItemKind, Recurrence, Value};
use crate::pst::messaging::CodePage;

/// MS-OXOTASK 2.2.2.2: a complete task has status 2, a share of one, and the day.
#[test]
fn a_completed_task_is_complete_in_all_its_properties() {
    let mut content = sample::full(ItemKind::Task);
    content.set_text(Field::Status, "completed");
    content.set(Field::Percent, Value::Number(40));
    content.set(Field::Completed, Value::Date(Date::constant(2026, 6, 10)));
    let item = create(ItemKind::Task, &content, &zone("Europe/Berlin"));
    assert_eq!(item.value(n::TASK_STATUS), Some(&V::Integer32(2)));
    assert_eq!(item.value(n::TASK_COMPLETE), Some(&V::Boolean(true)));
    assert_eq!(item.value(n::PERCENT_COMPLETE), Some(&V::Floating64(1.0)));
    let found = look(&item, &zone("Europe/Berlin")).content;
    assert_eq!(found.value(Field::Completed), content.value(Field::Completed));
}

fn share(percent: i32) -> V {
    V::Floating64(f64::from(percent) / 100.0)
}

/// MS-OXOTASK 2.2.2.2.2: share and completion go with the status, whichever of them a change says.
#[test]
fn status_and_share_of_a_task_never_contradict_each_other() {
    let mailbox = zone("Europe/Berlin");
    let (open, done) = (V::Boolean(false), V::Boolean(true));
    let told = |field, value: &str| {
        let mut content = Content::new();
        match value.parse() {
            Ok(percent) => content.set(field, Value::Number(percent)),
            Err(_) => content.set_text(field, value),
        }
        content
    };
    let at = |status: &str, percent: &str| {
        let mut task = sample::full(ItemKind::Task);
        for (field, value) in [(Field::Status, status), (Field::Percent, percent)] {
            task.put(field, told(field, value).slot(field).unwrap().clone());
        }
        create(ItemKind::Task, &task, &mailbox)
    };
    let (status, percent) = (Field::Status, Field::Percent);
    for (was, change_of, number, expected) in [
        (("completed", "100"), (status, "in_progress"), 1, 1),
        (("completed", "100"), (status, "waiting"), 3, 0),
        (("completed", "100"), (status, "deferred"), 4, 0),
        (("completed", "100"), (status, "not_started"), 0, 0),
        (("in_progress", "40"), (status, "not_started"), 0, 0),
        (("in_progress", "40"), (status, "deferred"), 4, 40),
        (("in_progress", "40"), (status, "completed"), 2, 100),
        (("in_progress", "40"), (percent, "100"), 2, 100),
        (("in_progress", "40"), (percent, "60"), 1, 60),
        (("in_progress", "40"), (percent, "0"), 0, 0),
        (("completed", "100"), (percent, "60"), 1, 60),
        (("not_started", "0"), (percent, "60"), 1, 60),
        (("waiting", "20"), (percent, "0"), 3, 0),
    ] {
        let mut item = at(was.0, was.1);
        change(ItemKind::Task, &mut item, &told(change_of.0, change_of.1), &mailbox);
        let case = format!("{was:?}, then {}", change_of.1);
        assert_eq!(item.value(n::TASK_STATUS), Some(&V::Integer32(number)), "{case}");
        assert_eq!(item.value(n::PERCENT_COMPLETE), Some(&share(expected)), "{case}");
        let is_done = if number == 2 { &done } else { &open };
        assert_eq!(item.value(n::TASK_COMPLETE), Some(is_done), "{case}");
        assert_eq!(item.value(n::TASK_COMPLETED_ON).is_some(), number == 2, "{case}");
    }
    // A day of completion that nobody names anew stays.
    let mut task = sample::full(ItemKind::Task);
    task.set_text(status, "completed");
    let day = Value::Date(Date::constant(2026, 6, 10));
    task.set(Field::Completed, day.clone());
    let mut item = create(ItemKind::Task, &task, &mailbox);
    change(ItemKind::Task, &mut item, &told(status, "completed"), &mailbox);
    assert_eq!(look(&item, &mailbox).content.value(Field::Completed), Some(&day));
}

/// MS-OXOCAL 2.2.1.6 and MS-OXOTASK 2.2.2.2.5, and what Outlook's dialogs do not let through: Exchange refuses it, a file would not.
#[test]
fn d10_what_outlook_does_not_have_is_not_written() {
    let mailbox = zone("Europe/Berlin");
    let desk =
        Desk { mailbox: &mailbox, now: now(), random: [7; 16], code_page: CodePage::WESTERN };
    let written = |kind, content: &Content| {
        let stamp = sample::stamp("A-1", "00ff");
        write::new_item(kind, content, &stamp, &desk).map_err(|unfit| unfit.to_string())
    };
    let moved = |end: &str| {
        let mut content = sample::full(ItemKind::Appointment);
        content.set(Field::End, Value::Instant(end.parse().unwrap()));
        written(ItemKind::Appointment, &content)
    };
    assert!(moved("4500-12-31T12:00:00Z").is_ok());
    assert!(moved("4501-06-01T12:00:00Z").unwrap_err().contains("beyond the year 4500"));
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
    // What another program made says nothing of it until it recurs.
    let mut item = create(ItemKind::Task, &sample::full(ItemKind::Task), &mailbox);
    item.remove(n::TASK_DEAD_OCCURRENCE);
    let (pattern, range) = (Pattern::Daily { every: 1 }, Range::Forever { start });
    let series = Recurrence { pattern, range, exceptions: Vec::new() };
    let mut recurs = Content::new();
    recurs.set(Field::Recurrence, Value::Recurrence(Box::new(series)));
    change(ItemKind::Task, &mut item, &recurs, &mailbox);
    assert_eq!(item.value(n::TASK_DEAD_OCCURRENCE), Some(&V::Boolean(false)));
    // A start alone is the day on which it is due as well.
    task.set_blank(Field::Due);
    let item = create(ItemKind::Task, &task, &mailbox);
    assert!(item.value(n::TASK_START).is_some());
    assert_eq!(item.value(n::TASK_DUE), item.value(n::TASK_START));
    assert_eq!(item.value(n::COMMON_END), item.value(n::COMMON_START));
}

/// MAPI ends a text at a character of code zero, which makes no difference to any field.
#[test]
fn a_text_has_nothing_that_ends_it() {
    let mailbox = zone("Europe/Berlin");
    let mut contact = Content::new();
    contact.set_text(Field::Surname, "Mül\0ler");
    let item = create(ItemKind::Contact, &contact, &mailbox);
    assert_eq!(item.value(p::SURNAME), Some(&V::from("Mül ler")));
    assert_eq!(different(&contact, &look(&item, &mailbox).content), NOTHING);
}

/// MS-PST 2.1.2, `PidTagPstBodyPrefix`, and the files at hand: each item of Outlook's with a text has its first 255 units there.
#[test]
fn a_text_has_its_beginning_beside_it() {
    let mailbox = zone("Europe/Berlin");
    let mut contact = sample::full(ItemKind::Contact);
    let owls = format!("{}🦉 danach", "a".repeat(254));
    for (notes, expected) in [("eins\nzwei", "eins\r\nzwei".to_owned()), (&*owls, "a".repeat(254))]
    {
        contact.set_text(Field::Notes, notes);
        let mut item = create(ItemKind::Contact, &contact, &mailbox);
        assert_eq!(item.value(p::BODY_PREFIX), Some(&V::String(expected)));
        let other = Content::of_texts(&[(Field::Notes, "drei")]);
        change(ItemKind::Contact, &mut item, &other, &mailbox);
        assert_eq!(item.value(p::BODY_PREFIX), Some(&V::from("drei")));
        let mut none = Content::new();
        none.set_blank(Field::Notes);
        change(ItemKind::Contact, &mut item, &none, &mailbox);
        assert_eq!(item.value(p::BODY_PREFIX), None);
    }
}

/// Guide, 13, MS-OXORMDR 2.2.1.3, and Microsoft's page on `PidTagSensitivity`: Outlook asks for these whoever set them.
#[test]
fn new_items_have_what_the_tables_of_outlook_ask_for() {
    let mailbox = zone("Europe/Berlin");
    let mut task = Content::new();
    task.set_text(Field::Subject, "AW: Anruf");
    let mut contact = Content::new();
    contact.set_text(Field::Surname, "AW: Müller");
    let all = [
        (ItemKind::Contact, contact),
        (ItemKind::Appointment, sample::all_day()),
        (ItemKind::Task, task),
    ];
    for (kind, mut content) in all {
        let item = create(kind, &content, &mailbox);
        for (tag, number) in [(p::IMPORTANCE, 1), (p::PRIORITY, 0), (p::SENSITIVITY, 0)] {
            assert_eq!(item.value(tag), Some(&V::Integer32(number)), "{kind:?} {tag}");
        }
        assert_eq!(item.value(n::PRIVATE), Some(&V::Boolean(false)), "{kind:?}");
        let minutes = (kind == ItemKind::Appointment).then_some(V::Integer32(15));
        assert_eq!(item.value(n::REMINDER_MINUTES), minutes.as_ref(), "{kind:?}");
        assert_eq!(item.value(n::REMINDER_SET), Some(&V::Boolean(false)), "{kind:?}");
        // The topic is the store's to make, without the prefix.
        assert!(item.value(p::SUBJECT).is_some() && item.value(p::CONVERSATION_TOPIC).is_none());
        // What is given wins.
        content.set_text(Field::Sensitivity, "private");
        let item = create(kind, &content, &mailbox);
        assert_eq!(item.value(p::SENSITIVITY), Some(&V::Integer32(2)), "{kind:?}");
        assert_eq!(item.value(n::PRIVATE), Some(&V::Boolean(true)), "{kind:?}");
    }
}

/// Outlook reckons all years of a series by the one rule that is in force. By tzdb summer time ended in September in the Berlin of
/// 1990, 1965 had none, and today it ends in October; in New York it ended in October until 2006, since then in November.
#[test]
fn a_series_lives_by_the_rules_of_the_day_on_which_it_is_written() {
    // When a day begins by today's rule is what Python's zoneinfo says of `CET-1CEST,M3.5.0,M10.5.0/3` and `EST5EDT,M3.2.0,M11.1.0`.
    for (name, first, month, midnight) in [
        ("Europe/Berlin", Date::constant(1990, 10, 3), 10, "1990-10-02T22:00:00Z"),
        ("Europe/Berlin", Date::constant(1965, 6, 15), 10, "1965-06-14T22:00:00Z"),
        ("America/New_York", Date::constant(2005, 11, 3), 11, "2005-11-03T04:00:00Z"),
    ] {
        let mailbox = zone(name);
        let mut content = sample::all_day();
        content.set_text(Field::Zone, name);
        content.set(Field::Start, Value::Date(first));
        content.set(Field::End, Value::Date(first.tomorrow().unwrap()));
        let single = create(ItemKind::Appointment, &content, &mailbox);
        let day = |part: i8| u8::try_from(part).unwrap();
        let pattern = Pattern::YearlyOnDay { month: day(first.month()), day: day(first.day()) };
        let range = Range::Forever { start: first };
        let series = Recurrence { pattern, range, exceptions: Vec::new() };
        content.set(Field::Recurrence, Value::Recurrence(Box::new(series)));
        let item = create(ItemKind::Appointment, &content, &mailbox);
        let bytes = |item: &Properties, of| item.value(of).and_then(V::as_bytes).unwrap().to_vec();
        let rule = |item: &Properties, of| {
            *ZoneDefinition::parse(&bytes(item, of)).unwrap().effective().unwrap()
        };
        for of in [n::SERIES_ZONE, n::START_ZONE, n::END_ZONE] {
            assert_eq!(rule(&item, of).standard.month, month, "{name} since {first}");
        }
        let rule_of_all = ZoneRule::parse(&bytes(&item, n::TIME_ZONE_STRUCT)).unwrap();
        assert_eq!(rule_of_all, rule(&item, n::SERIES_ZONE));
        // A single one lives by the rules of its own year.
        assert_ne!(rule(&single, n::START_ZONE).standard, rule_of_all.standard);
        for of in [n::APPOINTMENT_START, n::COMMON_START, n::CLIP_START] {
            assert_eq!(instant_of(&item, of), midnight, "{name} since {first}");
        }
        assert_eq!(different(&content, &look(&item, &mailbox).content), NOTHING);
        // Outlook 2003 stores no zone with whole days.
        let mut old = item.clone();
        for of in [n::SERIES_ZONE, n::START_ZONE, n::END_ZONE, n::TIME_ZONE_STRUCT] {
            old.remove(of);
        }
        assert_eq!(different(&content, &look(&old, &mailbox).content), NOTHING);
    }
}

fn instant_of(item: &Properties, of: Named) -> String {
    times::instant(item.value(of).and_then(V::as_time).unwrap()).unwrap().to_string()
}

/// MS-OXOCAL 2.2.1.41: the rule that came along turns the times of a series into UTC. A series at half past nine in the Berlin of
/// October 1990 is so at 07:30 in UTC, and was held at 08:30; both by Python's zoneinfo, as above.
#[test]
fn the_hour_of_a_series_is_that_of_its_clock_in_every_year() {
    let mailbox = zone("Europe/Berlin");
    let mut content = sample::full(ItemKind::Appointment);
    let start = Date::constant(1990, 10, 3);
    for (field, hour) in [(Field::Start, 8), (Field::End, 9)] {
        let at = format!("1990-10-03T0{hour}:30:00Z").parse().unwrap();
        content.set(field, Value::Instant(at));
    }
    let (pattern, range) = (Pattern::Daily { every: 7 }, Range::Forever { start });
    let series = Recurrence { pattern, range, exceptions: Vec::new() };
    content.set(Field::Recurrence, Value::Recurrence(Box::new(series)));
    let mut item = create(ItemKind::Appointment, &content, &mailbox);
    assert_eq!(instant_of(&item, n::APPOINTMENT_START), "1990-10-03T07:30:00Z");
    assert_eq!(different(&content, &look(&item, &mailbox).content), NOTHING);
    // As it was written here until now, and as programs write it that know the history of the zone.
    for (of, hour) in [(n::APPOINTMENT_START, 8), (n::APPOINTMENT_END, 9)] {
        let at: jiff::Timestamp = format!("1990-10-03T0{hour}:30:00Z").parse().unwrap();
        item.set(of, times::file_time(at).unwrap());
    }
    assert_eq!(different(&content, &look(&item, &mailbox).content), NOTHING);
}

/// MS-OXORMDR 2.2.1.2: a series has one signal, and the next one is reckoned when it is dismissed.
#[test]
fn the_reminder_of_a_series_is_that_of_the_next_occurrence_wherever_it_was_moved() {
    let mailbox = zone("Europe/Berlin");
    let mut content = sample::full(ItemKind::Appointment);
    let instant = |text: &str| Value::Instant(text.parse().unwrap());
    // Every day at nine in UTC; it is noon on the 22nd.
    content.set(Field::Start, instant("2026-11-20T09:00:00Z"));
    content.set(Field::End, instant("2026-11-20T10:00:00Z"));
    let start = Date::constant(2026, 11, 20);
    let moved = |to: &str| {
        let at = |hour| Moment::Instant(format!("{to}T{hour}:00:00Z").parse().unwrap());
        let change =
            ExceptionChange::Changed { start: at(13), end: at(14), subject: None, place: None };
        let original = |day| Date::constant(2026, 11, day);
        let gone = |day| Exception { original: original(day), change: ExceptionChange::Deleted };
        // It passes none: those between are gone.
        let between = (24..=26).map(gone).filter(|gone| gone.original.to_string().as_str() <= to);
        let mut exceptions: Vec<Exception> = between.collect();
        exceptions.push(Exception { original: original(23), change });
        exceptions
    };
    let with = |exceptions| {
        let (pattern, range) = (Pattern::Daily { every: 1 }, Range::Forever { start });
        let series = Recurrence { pattern, range, exceptions };
        let mut content = content.clone();
        content.set(Field::Recurrence, Value::Recurrence(Box::new(series)));
        create(ItemKind::Appointment, &content, &mailbox)
    };
    let signals = |item: &Properties| {
        [n::REMINDER_TIME, n::REMINDER_SIGNAL_TIME].map(|of| {
            let time = item.value(of).and_then(V::as_time).unwrap();
            times::instant(time).unwrap().to_string()
        })
    };
    // 45 minutes before, as the sample has it.
    assert_eq!(signals(&with(Vec::new())), ["2026-11-23T09:00:00Z", "2026-11-23T08:15:00Z"]);
    let mut item = with(moved("2026-11-23"));
    assert_eq!(signals(&item), ["2026-11-23T13:00:00Z", "2026-11-23T12:15:00Z"]);
    let late = with(moved("2026-11-26"));
    assert_eq!(signals(&late), ["2026-11-26T13:00:00Z", "2026-11-26T12:15:00Z"]);
    // The occurrence has a reminder of its own, or none.
    for (minutes, own, off, expected) in [
        (30, Some(120), None, ["2026-11-23T13:00:00Z", "2026-11-23T11:00:00Z"]),
        (20, None, Some(0), ["2026-11-24T09:00:00Z", "2026-11-24T08:40:00Z"]),
    ] {
        let mut told = Content::new();
        told.set(Field::ReminderMinutes, Value::Number(minutes));
        let blob = item.value(n::APPOINTMENT_RECURRENCE).and_then(V::as_bytes).unwrap();
        let mut blob = AppointmentRecurrence::parse(blob).unwrap();
        (blob.changes[0].reminder_minutes, blob.changes[0].reminder) = (own, off);
        item.set(n::APPOINTMENT_RECURRENCE, V::Binary(blob.to_bytes()));
        change(ItemKind::Appointment, &mut item, &told, &mailbox);
        assert_eq!(signals(&item), expected);
    }
}

/// MS-OXOCAL 2.2.1.5: an appointment in a series starts when its first occurrence does. Otherwise lists and reminders show one day,
/// and the calendar another.
#[test]
fn d10_a_series_starts_with_its_first_occurrence_or_is_held() {
    let mailbox = zone("Europe/Berlin");
    let mut content = sample::full(ItemKind::Appointment);
    let instant = |text: &str| Value::Instant(text.parse().unwrap());
    // 2026-10-20 is a Tuesday; on the 25th the clocks of Berlin go back.
    let mut starts = |day: &str, range: Date| {
        content.set(Field::Start, instant(&format!("{day}T08:00:00Z")));
        content.set(Field::End, instant(&format!("{day}T09:00:00Z")));
        let days = vec![Day::Tuesday];
        let pattern = Pattern::Weekly { every: 1, days, first_day: Day::Monday };
        let range = Range::Forever { start: range };
        let series = Recurrence { pattern, range, exceptions: Vec::new() };
        content.set(Field::Recurrence, Value::Recurrence(Box::new(series)));
        content.clone()
    };
    let day = |day| Date::constant(2026, 10, day);
    let found = |item: &Properties| look(item, &mailbox).content;
    for (told, range, start) in [
        ("2026-10-20", day(20), "2026-10-20T08:00:00Z"),
        ("2026-10-20", day(18), "2026-10-20T08:00:00Z"),
        // From Wednesday on: the next Tuesday, at the same hour of Berlin.
        ("2026-10-21", day(21), "2026-10-27T09:00:00Z"),
    ] {
        let item = create(ItemKind::Appointment, &starts(told, range), &mailbox);
        let found = found(&item);
        assert_eq!(found.value(Field::Start), Some(&instant(start)), "{told}");
        let Some(Value::Recurrence(series)) = found.value(Field::Recurrence) else { panic!() };
        let first = series.dates().next().unwrap();
        assert!(start.starts_with(&first.to_string()), "{first}");
    }
    // staffITpro still has the Wednesday when it moves the hour.
    let mut item = create(ItemKind::Appointment, &starts("2026-10-21", day(21)), &mailbox);
    let mut later = Content::new();
    later.set(Field::Start, instant("2026-10-21T09:00:00Z"));
    later.set(Field::End, instant("2026-10-21T10:00:00Z"));
    change(ItemKind::Appointment, &mut item, &later, &mailbox);
    assert_eq!(found(&item).value(Field::Start), Some(&instant("2026-10-27T10:00:00Z")));
    // Somebody moves the start alone, by a day or by a week.
    let item = create(ItemKind::Appointment, &starts("2026-10-20", day(20)), &mailbox);
    let before = found(&item);
    let desk =
        Desk { mailbox: &mailbox, now: now(), random: [8; 16], code_page: CodePage::WESTERN };
    for told in ["2026-10-21", "2026-10-27"] {
        let mut later = Content::new();
        later.set(Field::Start, instant(&format!("{told}T09:00:00Z")));
        later.set(Field::End, instant(&format!("{told}T10:00:00Z")));
        let change = (&later, &before);
        let unfit = write::update(ItemKind::Appointment, change, None, &item, &desk).unwrap_err();
        assert!(unfit.to_string().contains("does not begin on the day"), "{unfit}");
    }
}

/// What Outlook keeps of an appointment's kind and zone beside it. A meeting has an icon of its own (MS-OXOCAL 2.2.1.49), and the absence
/// of `PidLidIsRecurring` says that it is no series (2.2.1.13).
#[test]
fn d11_what_tells_the_kind_and_the_zone_once_more_changes_with_them_alone() {
    let mailbox = zone("Europe/Berlin");
    let mut content = sample::full(ItemKind::Appointment);
    let series = content.slot(Field::Recurrence).unwrap().clone();
    content.put(Field::Recurrence, crate::model::Slot::Blank);
    let mut item = create(ItemKind::Appointment, &content, &mailbox);
    for (of, value) in [
        (n::TIME_ZONE_TEXT, V::from("(GMT+05:00) Tashkent")),
        (n::RECURRENCE_TEXT, V::from("")),
        (n::STATE_FLAGS, V::Integer32(1)),
    ] {
        item.set(of, value);
    }
    item.set(p::ICON_INDEX, V::Integer32(0x402));
    let told = |item: &Properties| {
        let text = |of: Named| item.value(of).and_then(V::as_text).map(str::to_owned);
        let icon = item.value(p::ICON_INDEX).and_then(V::as_i32);
        let recurs = item.value(n::IS_RECURRING).and_then(V::as_bool);
        (text(n::TIME_ZONE_TEXT), text(n::RECURRENCE_TEXT), icon, recurs)
    };
    let text = |text: &str| Some(text.to_owned());
    let mut later = Content::new();
    later.set(Field::Start, Value::Instant("2027-01-12T09:30:00Z".parse().unwrap()));
    change(ItemKind::Appointment, &mut item, &later, &mailbox);
    let tashkent = (text("(GMT+05:00) Tashkent"), text(""), Some(0x402), Some(false));
    assert_eq!(told(&item), tashkent);
    let mut london = Content::new();
    london.set_text(Field::Zone, "Europe/London");
    change(ItemKind::Appointment, &mut item, &london, &mailbox);
    assert_eq!(told(&item).0, text("GMT Standard Time"));
    let mut recurs = Content::new();
    recurs.put(Field::Recurrence, series);
    change(ItemKind::Appointment, &mut item, &recurs, &mailbox);
    assert_eq!(told(&item), (text("GMT Standard Time"), None, Some(0x403), Some(true)));
    let mut once = Content::new();
    once.put(Field::Recurrence, crate::model::Slot::Blank);
    change(ItemKind::Appointment, &mut item, &once, &mailbox);
    assert_eq!(told(&item), (None, None, Some(0x402), Some(false)));
}

/// Public readers take 0x5AE980E1 in `PidLidReminderDelta` for 15 minutes (openchange, Zarafa, libpst's successors in Java).
#[test]
fn a_reminder_as_usual_comes_fifteen_minutes_before() {
    let mailbox = zone("Europe/Berlin");
    let mut content = sample::full(ItemKind::Appointment);
    content.put(Field::Recurrence, crate::model::Slot::Blank);
    let mut item = create(ItemKind::Appointment, &content, &mailbox);
    for (stored, read) in [(0x5AE9_80E1, Some(15)), (30, Some(30)), (-5, None)] {
        item.set(n::REMINDER_MINUTES, V::Integer32(stored));
        let found = look(&item, &mailbox).content;
        assert_eq!(found.value(Field::ReminderMinutes), read.map(Value::Number).as_ref());
    }
    // Nobody knows what -5 means, so a move leaves it.
    let mut later = Content::new();
    later.set(Field::Start, Value::Instant("2027-01-12T10:00:00Z".parse().unwrap()));
    change(ItemKind::Appointment, &mut item, &later, &mailbox);
    assert_eq!(item.value(n::REMINDER_MINUTES), Some(&V::Integer32(-5)));
}

/// Rule D10: of a series that cannot be read nobody can tell when it is next; its item does.
#[test]
fn d10_the_reminder_of_a_series_that_cannot_be_read_stays_with_its_next_occurrence() {
    let mailbox = zone("Europe/Berlin");
    let mut item = create(ItemKind::Appointment, &sample::full(ItemKind::Appointment), &mailbox);
    item.set(n::APPOINTMENT_RECURRENCE, V::Binary(vec![4, 0x30]));
    let next = "2027-03-02T09:00:00Z".parse().unwrap();
    item.set(n::REMINDER_TIME, times::file_time(next).unwrap());
    let mut minutes = Content::new();
    minutes.set(Field::ReminderMinutes, Value::Number(60));
    change(ItemKind::Appointment, &mut item, &minutes, &mailbox);
    assert_eq!(instant_of(&item, n::REMINDER_TIME), "2027-03-02T09:00:00Z");
    assert_eq!(instant_of(&item, n::REMINDER_SIGNAL_TIME), "2027-03-02T08:00:00Z");
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
    let desk =
        Desk { mailbox: &mailbox, now: now(), random: [8; 16], code_page: CodePage::WESTERN };
    let change = (&later, &found.content);
    assert!(write::update(ItemKind::Appointment, change, None, &item, &desk).is_err());
}
