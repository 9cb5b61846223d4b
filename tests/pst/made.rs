//! Files that the product makes, to be judged by others.

use std::path::Path;

use abgleich::mapi::entry::OneOff;
use abgleich::mapi::zone::{ZoneDefinition, ZoneRule};
use abgleich::mapi::{FileTime, Guid, Properties, PropertyName, Value, name::set, named, property};
use abgleich::pst::id::Nid;
use abgleich::pst::messaging::write::{
    Batch, ItemChange, Made, NewFolder, NewItem, NewStore, Occurrence, Role, create,
};
use abgleich::pst::ndb::write::{Settings, Writer};

/// 2026-11-22 12:00 UTC, in units of 100 nanoseconds.
const NOW: FileTime = FileTime(134_397_504_000_000_000);
const HOUR: u64 = 36_000_000_000;

/// The recurrence of a weekly series as Outlook 2016 wrote it: Tuesdays from 8:00 to 8:30, from 2016-08-02 on, one
/// occurrence deleted and two moved.
const WEEKLY: &str = "043004300b2001000000c0210000010000000000000004000000232000000a0000000000000003000000805c070d40ab070d\
    a0d2070d0200000040ab070da0d2070d2035070ddf80e95a0630000009300000e0010000fe01000002005cad070d7aad070d20ad070d0002\
    f8d4070d16d5070d80d4070d00020000000004000000000000000000000004000000000000000000000000000000";

fn begin(path: &Path) -> (Writer, Made) {
    create(path, &NewStore::german("Vorführung 😀"), &Settings::default()).unwrap()
}

fn text(text: impl Into<String>) -> Value {
    Value::String(text.into())
}

/// Makes a store with so many items, in batches of 500: contacts, appointments with series among them, tasks.
pub(crate) fn of_items(path: &Path, count: u32) {
    let (mut file, made) = begin(path);
    let numbers: Vec<u32> = (0..count).collect();
    for numbers in numbers.chunks(500) {
        let mut batch = Batch::begin(&mut file, NOW).unwrap();
        for number in numbers {
            let (role, item) = match number % 10 {
                0..6 => (Role::Contacts, contact(*number)),
                6..9 => (Role::Calendar, appointment(*number)),
                _ => (Role::Tasks, task(*number)),
            };
            batch.add_item(made.role(role).unwrap(), &item).unwrap();
        }
        batch.commit().unwrap();
    }
    file.close().unwrap();
}

fn contact(number: u32) -> NewItem {
    let name = format!("Änne Müller-{number} 🦉");
    let mut all = Properties::new();
    all.set(property::SUBJECT, text(&name));
    all.set(property::DISPLAY_NAME, text(&name));
    all.set(property::GIVEN_NAME, text("Änne"));
    all.set(property::SURNAME, text(format!("Müller-{number}")));
    all.set(property::BIRTHDAY, Value::Time(FileTime(NOW.0 - u64::from(number) * 24 * HOUR)));
    all.set(
        property::CHILDREN_NAMES,
        Value::Strings(vec!["Ida".into(), String::new(), "Óscar 👶".into()]),
    );
    all.set(named::FILE_UNDER, text(format!("Müller-{number}, Änne")));
    all.set(named::EMAIL_1_ADDRESS, text(format!("aenne.{number}@example.org")));
    all.set(named::ADDRESS_BOOK_PROVIDER_EMAIL_LIST, Value::Integers32(vec![0]));
    all.set(named::ADDRESS_BOOK_PROVIDER_ARRAY_TYPE, Value::Integer32(1));
    all.set(
        PropertyName::text(set::PUBLIC_STRINGS, "Keywords"),
        Value::Strings(vec!["Kunde".into()]),
    );
    all.set(PropertyName::text(set::PUBLIC_STRINGS, "tenant"), Value::Guid(Guid([7; 16])));
    all.set(property::BODY, text("Zeile\r\n".repeat(usize::try_from(number % 97).unwrap() * 10)));
    NewItem::of("IPM.Contact", all)
}

fn appointment(number: u32) -> NewItem {
    let start = NOW.0 + u64::from(number) * HOUR;
    let mut all = Properties::new();
    all.set(property::SUBJECT, text(format!("Termin {number} 📅")));
    for (key, value) in [
        (named::COMMON_START, start),
        (named::COMMON_END, start + HOUR),
        (named::APPOINTMENT_START, start),
        (named::APPOINTMENT_END, start + HOUR),
    ] {
        all.set(key, Value::Time(FileTime(value)));
    }
    all.set(named::LOCATION, text("Büro"));
    all.set(named::ALL_DAY, Value::Boolean(number.is_multiple_of(2)));
    let mut item = NewItem::of("IPM.Appointment", all);
    if number % 20 == 6 {
        let digits = WEEKLY.as_bytes().chunks(2);
        let byte =
            |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
        item.properties.set(named::RECURRING, Value::Boolean(true));
        item.properties
            .set(named::APPOINTMENT_RECURRENCE, Value::Binary(digits.map(byte).collect()));
        item.occurrences = (0..2).map(|week| occurrence(start + week * 168 * HOUR)).collect();
    }
    item
}

fn occurrence(start: u64) -> Occurrence {
    let mut properties = Properties::new();
    properties.set(property::SUBJECT, text("verlegt 🎉"));
    properties.set(named::APPOINTMENT_START, Value::Time(FileTime(start + 2 * HOUR)));
    properties.set(property::BODY, text("mit Text ".repeat(900)));
    let (begins, ends) = (FileTime(start + 2 * HOUR), FileTime(start + 3 * HOUR));
    Occurrence::new(FileTime(start), begins, ends, properties)
}

fn task(number: u32) -> NewItem {
    let mut all = Properties::new();
    all.set(property::SUBJECT, text(format!("RE: Aufgabe {number}")));
    all.set(named::TASK_STATUS, Value::Integer32(1));
    all.set(named::PERCENT_COMPLETE, Value::Floating64(f64::from(number % 100) / 100.0));
    all.set(named::TASK_COMPLETE, Value::Boolean(false));
    NewItem::of("IPM.Task", all)
}

/// The sizes at which values move: into an allocation, into a subnode, into two blocks, into lists of blocks and of lists.
pub(crate) const SIZES: [usize; 14] =
    [0, 1, 2, 3579, 3580, 3581, 3582, 8176, 8177, 16_352, 70_000, 1_000_000, 8_347_697, 10_000_000];

/// Makes a store with values of all these sizes, folders without items, folders in folders with odd names, and 150 in each other with
/// a contact at the bottom.
pub(crate) fn of_extremes(path: &Path) {
    let (mut file, made) = begin(path);
    let contacts = made.role(Role::Contacts).unwrap();
    let mut batch = Batch::begin(&mut file, NOW).unwrap();
    let strange =
        batch.create_folder(contacts, &NewFolder::new("👩‍👩‍👧‍👦 \u{202E}", "IPF.Contact")).unwrap();
    let deep = batch.create_folder(strange, &NewFolder::new(&"ß".repeat(250), "IPF.Note")).unwrap();
    batch.create_folder(deep, &NewFolder { name: "a/b".into(), class: None }).unwrap();
    let mut level = contacts;
    for number in 1..=150 {
        level = batch
            .create_folder(level, &NewFolder::new(&number.to_string(), "IPF.Contact"))
            .unwrap();
    }
    batch.add_item(level, &contact(0)).unwrap();
    for (number, size) in (0..).zip(SIZES) {
        let mut all = Properties::new();
        all.set(property::SUBJECT, text(format!("{size} 📏")));
        all.set(property::DISPLAY_NAME, text("n".repeat(size.min(4000))));
        all.set(property::RTF_COMPRESSED, Value::Binary(vec![0xA5; size]));
        all.set(property::BODY, text("ü".repeat(size / 2)));
        all.set(
            PropertyName::number(set::TASK, 0x9000 + number),
            Value::Binaries(vec![vec![1; size], Vec::new()]),
        );
        batch.add_item(deep, &NewItem::of("IPM.Contact", all)).unwrap();
    }
    batch.commit().unwrap();
    file.close().unwrap();
}

/// Makes a store and works on it: items changed over and over, moved, deleted and erased, in several batches.
pub(crate) fn of_changes(path: &Path) {
    let (mut file, made) = begin(path);
    let contacts = made.role(Role::Contacts).unwrap();
    let mut nids: Vec<Nid> = Vec::new();
    for round in 0..6_u32 {
        let mut batch = Batch::begin(&mut file, FileTime(NOW.0 + u64::from(round) * HOUR)).unwrap();
        for number in 0..40 {
            nids.push(batch.add_item(contacts, &contact(number + 100 * round)).unwrap());
        }
        for (place, nid) in nids.iter().enumerate() {
            let mut change = ItemChange::default();
            change.set.set(
                property::DISPLAY_NAME,
                text("geändert ".repeat(place % 7 * usize::try_from(round).unwrap() * 20)),
            );
            change.remove.push(property::GIVEN_NAME.into());
            batch.change_item(*nid, &change).unwrap();
        }
        let gone: Vec<Nid> = nids.iter().copied().step_by(5).collect();
        nids.retain(|nid| !gone.contains(nid));
        for (place, nid) in gone.into_iter().enumerate() {
            if place % 2 == 0 {
                batch.delete_item(nid).unwrap();
            } else {
                batch.erase_item(nid).unwrap();
            }
        }
        batch.commit().unwrap();
    }
    file.close().unwrap();
}

/// The rule of a zone as Outlook 2016 wrote it beside a series: Central Europe.
const ZONE: [u8; 48] = [
    0xC4, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0xC4, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 10, 0, 0, 0, 5, 0, 3,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 5, 0, 2, 0, 0, 0, 0, 0, 0, 0,
];

/// Makes a store whose items have what programs put into one value: a contact with the entry of an address, a series with its zones
/// and changed occurrences.
pub(crate) fn of_blobs(path: &Path) {
    let (mut file, made) = begin(path);
    let mut contact = contact(1);
    let entry = OneOff::smtp("Änne Müller 🦉", "aenne.1@example.org").to_bytes();
    contact.properties.set(named::EMAIL_1_ORIGINAL_ENTRY_ID, Value::Binary(entry));
    let mut series = appointment(6);
    let zone = ZoneDefinition::of("W. Europe Standard Time", ZoneRule::parse(&ZONE).unwrap());
    for of in [named::START_ZONE, named::END_ZONE, named::SERIES_ZONE] {
        series.properties.set(of, Value::Binary(zone.to_bytes()));
    }
    series.properties.set(named::TIME_ZONE_STRUCT, Value::Binary(ZONE.to_vec()));
    let mut batch = Batch::begin(&mut file, NOW).unwrap();
    for (role, item) in
        [(Role::Contacts, contact), (Role::Calendar, series), (Role::Tasks, task(9))]
    {
        batch.add_item(made.role(role).unwrap(), &item).unwrap();
    }
    batch.commit().unwrap();
    file.close().unwrap();
}
