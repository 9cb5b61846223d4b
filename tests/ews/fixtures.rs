//! What must be read out of the conversations in `fixtures/soap/`. The expectations were written
//! down by hand from the documents.

use abgleich::ews::{
    AddressKey, AddressPart, Arrival, Body, BodyType, Change, CompleteName, DateTime, DayOfWeek,
    DistinguishedSet, EmailEntry, EmailKey, ExtendedField, ExtendedType, Field, FolderId, Guid,
    ImKey, Indexed, Item, ItemKind, Occurrence, Pattern, PhoneKey, Property, PropertySet, Range,
    Recurrence, ResponseCode, Value,
};
use jiff::civil::date;

use crate::recordings::read;

const OWN: PropertySet = PropertySet::Guid(Guid::new(0x7f0a_5c5e_1b7f_4bb2_9c36_0d9a_6c0c_5a11));
const PUBLIC: PropertySet = PropertySet::Distinguished(DistinguishedSet::PublicStrings);

pub(crate) fn bytes(path: &str) -> Vec<u8> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/soap");
    std::fs::read(format!("{root}/{path}-response.xml")).unwrap()
}

pub(crate) fn arrivals(path: &str, messages: usize) -> Vec<Arrival> {
    let (arrivals, reply) = read(&bytes(path), 512, messages);
    reply.unwrap();
    arrivals
}

fn items(path: &str, messages: usize) -> Vec<Item> {
    let items = arrivals(path, messages).into_iter().filter_map(|arrival| match arrival {
        Arrival::Item { item, .. } => Some(item),
        _ => None,
    });
    items.collect()
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn time(text: &str) -> Value {
    Value::DateTime(DateTime::parse(text).unwrap())
}

fn strings(texts: &[&str]) -> Value {
    Value::Strings(texts.iter().map(|text| (*text).to_owned()).collect())
}

/// Compares all that an item has, whatever its order.
fn assert_has(item: &Item, expected: &[(Property, Value)]) {
    for (property, value) in expected {
        assert_eq!(item.value(property), Some(value), "{property:?}");
    }
    let surplus: Vec<&Property> = item
        .properties
        .iter()
        .map(|(property, _)| property)
        .filter(|property| !expected.iter().any(|(known, _)| known == *property))
        .collect();
    assert!(surplus.is_empty(), "not expected: {surplus:?}");
}

#[test]
fn every_field_of_a_contact_is_read() {
    let contacts = items("02-contacts/0002-GetItem", 5);
    assert_eq!(contacts.len(), 5);
    let contact = &contacts[0];
    assert_eq!(contact.kind, ItemKind::Contact);
    assert_eq!(
        contact.id.as_str(),
        "AAAAAC9c/BorGWpMpxPhy/6KV84HAAEAAAClGHtvvNzqHtA8VlcAAAAAABMAAAEAAAClGHtvvNzqHtA8VlcAAAAIAwgAAAM="
    );
    assert_eq!(contact.change_key.as_str(), "AQAAAKUYe2+83Ooe0DxWVwAAAAAHEA==");
    let mut expected: Vec<(Property, Value)> = vec![
        (
            Field::ParentFolderId.into(),
            Value::Folder(FolderId::new(
                "AAAAAC9c/BorGWpMpxPhy/6KV84BAAEAAAClGHtvvNzqHtA8VlcAAAAAABMAAAI=",
            )),
        ),
        (Field::ItemClass.into(), text("IPM.Contact")),
        (Field::Subject.into(), text("")),
        (Field::Sensitivity.into(), text("Normal")),
        (
            Field::Body.into(),
            Value::Body(Body {
                kind: BodyType::Text,
                text: "Notiz Zeile 1\nZeile 2 äöüß €\n\tTab & <spitz> 😀".to_owned(),
            }),
        ),
        (Field::Size.into(), Value::Integer(1349)),
        (Field::Categories.into(), strings(&["Rot", "Grün 🟢"])),
        (Field::Importance.into(), text("Normal")),
        (Field::DateTimeCreated.into(), time("2026-11-22T12:05:39.822152Z")),
        (Field::ReminderIsSet.into(), Value::Bool(false)),
        (Field::ReminderMinutesBeforeStart.into(), Value::Integer(0)),
        (Field::HasAttachments.into(), Value::Bool(false)),
        (Field::LastModifiedTime.into(), time("2026-11-22T12:05:39.8227966Z")),
        (
            ExtendedField::name(PUBLIC, "X-Sync-ExternalId", ExtendedType::String).into(),
            text("contact-0-ä"),
        ),
        (ExtendedField::id(OWN, 34661, ExtendedType::Integer).into(), Value::Integer(1000)),
        (ExtendedField::name(OWN, "SyncKey", ExtendedType::String).into(), text("guid-0")),
        (
            Field::CompleteName.into(),
            Value::CompleteName(Box::new(CompleteName {
                title: None,
                first: Some("Jürgen".to_owned()),
                middle: Some("M.0".to_owned()),
                last: Some("Müller-Lüdenscheidt".to_owned()),
                suffix: Some("Jr.".to_owned()),
                initials: Some("X0".to_owned()),
                full: Some("Jürgen Müller-Lüdenscheidt".to_owned()),
                nickname: Some("Nick 0".to_owned()),
            })),
        ),
        (Field::Birthday.into(), time("1970-02-01T11:59:00Z")),
        (Field::Children.into(), strings(&["Kind Ä", "Kind ß"])),
        (Field::WeddingAnniversary.into(), time("2001-12-31T11:59:00Z")),
        (Indexed::Im(ImKey::ImAddress1).into(), text("im:0.1@example.test")),
    ];
    for (field, value) in [
        (Field::FileAs, "Müller-Lüdenscheidt, Jürgen"),
        (Field::DisplayName, "Jürgen Müller-Lüdenscheidt"),
        (Field::GivenName, "Jürgen"),
        (Field::Initials, "X0"),
        (Field::MiddleName, "M.0"),
        (Field::Nickname, "Nick 0"),
        (Field::CompanyName, "Größe & Söhne GmbH"),
        (Field::AssistantName, "Assistent Ö"),
        (Field::BusinessHomePage, "https://www.example.test/~0?a=1&b=2"),
        (Field::Department, "Abteilung für Prüfung"),
        (Field::Generation, "Jr."),
        (Field::JobTitle, "Ärztlicher Direktor"),
        (Field::Manager, "Chefin Ä"),
        (Field::OfficeLocation, "Büro 4.0"),
        (Field::PostalAddressIndex, "Business"),
        (Field::Profession, "Prüfer"),
        (Field::SpouseName, "Partner Müller-Lüdenscheidt"),
        (Field::Surname, "Müller-Lüdenscheidt"),
    ] {
        expected.push((field.into(), text(value)));
    }
    for (key, address) in [
        (EmailKey::EmailAddress1, "p0.1@example.test"),
        (EmailKey::EmailAddress2, "p0.2@example.test"),
        (EmailKey::EmailAddress3, "p0.3@example.test"),
    ] {
        expected.push((Indexed::Email(key).into(), Value::Email(EmailEntry::new(address))));
    }
    for (key, street) in [
        (AddressKey::Business, "Business-Straße 0\nHinterhaus"),
        (AddressKey::Home, "Home-Straße 0\nHinterhaus"),
        (AddressKey::Other, "Other-Straße 0\nHinterhaus"),
    ] {
        for (part, value) in [
            (AddressPart::Street, street),
            (AddressPart::City, "Köln"),
            (AddressPart::State, "NRW"),
            (AddressPart::CountryOrRegion, "Deutschland"),
            (AddressPart::PostalCode, "50660"),
        ] {
            expected.push((Indexed::Address(key, part).into(), text(value)));
        }
    }
    for (key, number) in [
        (PhoneKey::AssistantPhone, "+49 (30) 000-0"),
        (PhoneKey::BusinessFax, "+49 (30) 001-1"),
        (PhoneKey::BusinessPhone, "+49 (30) 002-2"),
        (PhoneKey::BusinessPhone2, "+49 (30) 003-3"),
        (PhoneKey::Callback, "+49 (30) 004-4"),
        (PhoneKey::CarPhone, "+49 (30) 005-5"),
        (PhoneKey::CompanyMainPhone, "+49 (30) 006-6"),
        (PhoneKey::HomeFax, "+49 (30) 007-7"),
        (PhoneKey::HomePhone, "+49 (30) 008-8"),
        (PhoneKey::HomePhone2, "+49 (30) 009-9"),
        (PhoneKey::Isdn, "+49 (30) 010-10"),
        (PhoneKey::MobilePhone, "+49 (30) 011-11"),
        (PhoneKey::OtherFax, "+49 (30) 012-12"),
        (PhoneKey::OtherTelephone, "+49 (30) 013-13"),
        (PhoneKey::Pager, "+49 (30) 014-14"),
        (PhoneKey::PrimaryPhone, "+49 (30) 015-15"),
        (PhoneKey::RadioPhone, "+49 (30) 016-16"),
        (PhoneKey::Telex, "+49 (30) 017-17"),
        (PhoneKey::TtyTddPhone, "+49 (30) 018-18"),
    ] {
        expected.push((Indexed::Phone(key).into(), text(number)));
    }
    assert_has(contact, &expected);
}

fn zone() -> Value {
    Value::zone("W. Europe Standard Time")
}

fn appointment_base(subject: &str, key: &str) -> Vec<(Property, Value)> {
    let created = match key {
        "single" => ("2026-11-22T12:05:41.3679601Z", "2026-11-22T12:05:41.3685949Z", 1017),
        _ => ("2026-11-22T12:05:41.4888739Z", "2026-11-22T12:05:42.092782Z", 1798),
    };
    let folder = "AAAAAC9c/BorGWpMpxPhy/6KV84BAAEAAAClGHtvvNzqHtA8VlcAAAAAAA8AAAI=";
    vec![
        (Field::ParentFolderId.into(), Value::Folder(FolderId::new(folder))),
        (Field::ItemClass.into(), text("IPM.Appointment")),
        (Field::Subject.into(), text(subject)),
        (Field::DateTimeCreated.into(), time(created.0)),
        (Field::LastModifiedTime.into(), time(created.1)),
        (Field::Size.into(), Value::Integer(created.2)),
        (Field::IsAllDayEvent.into(), Value::Bool(false)),
        (Field::StartTimeZone.into(), zone()),
        (Field::EndTimeZone.into(), zone()),
        (Field::StartTimeZoneId.into(), text("W. Europe Standard Time")),
        (Field::EndTimeZoneId.into(), text("W. Europe Standard Time")),
    ]
}

#[test]
fn every_field_of_an_appointment_is_read_once() {
    let items = items("04-calendar/0008-GetItem", 1);
    let mut expected = appointment_base("Zahnarzt – Prüfung ß 🦷", "single");
    let html = "<html><body><p>Äpfel &amp; <b>Birnen</b> 🍐</p></body></html>".to_owned();
    expected.extend([
        (Field::Sensitivity.into(), text("Confidential")),
        (Field::Body.into(), Value::Body(Body { kind: BodyType::Html, text: html })),
        (Field::Categories.into(), strings(&["Blau"])),
        (Field::Importance.into(), text("High")),
        (Field::ReminderDueBy.into(), time("2026-07-01T07:30:00Z")),
        (Field::ReminderIsSet.into(), Value::Bool(true)),
        (Field::ReminderMinutesBeforeStart.into(), Value::Integer(25)),
        (Field::HasAttachments.into(), Value::Bool(false)),
        (
            ExtendedField::name(PUBLIC, "X-Sync-ExternalId", ExtendedType::String).into(),
            text("cal-single"),
        ),
        (Field::Start.into(), time("2026-07-01T07:30:00Z")),
        (Field::End.into(), time("2026-07-01T08:15:00Z")),
        (Field::LegacyFreeBusyStatus.into(), text("OOF")),
        (Field::Location.into(), text("Köln, Straße 5")),
        (Field::CalendarIsRecurring.into(), Value::Bool(false)),
        (Field::CalendarItemType.into(), text("Single")),
        (Field::Uid.into(), text("single-uid-1@example.test")),
    ]);
    assert_has(&items[0], &expected);
}

#[test]
fn a_series_is_read_with_its_exceptions() {
    let items = items("04-calendar/0020-GetItem", 1);
    let moment = |text| DateTime::parse(text).unwrap();
    let occurrence = "AAAAAC9c/BorGWpMpxPhy/6KV84HAAEAAAClGHtvvNzqHtA8VlcAAAAAAA8AAAEAAAClGHtvvNzqHtA8VlcAAAAJACwAAGAqWQ0F";
    let mut expected = appointment_base("Wöchentlich Jour fixe", "series");
    expected.extend([
        (Field::Sensitivity.into(), text("Normal")),
        (Field::Body.into(), Value::Body(Body { kind: BodyType::Text, text: String::new() })),
        (Field::Importance.into(), text("Normal")),
        (Field::ReminderDueBy.into(), time("2026-10-12T12:00:00Z")),
        (Field::ReminderIsSet.into(), Value::Bool(false)),
        (Field::ReminderMinutesBeforeStart.into(), Value::Integer(0)),
        (Field::HasAttachments.into(), Value::Bool(true)),
        (Field::Start.into(), time("2026-10-12T12:00:00Z")),
        (Field::End.into(), time("2026-10-12T13:00:00Z")),
        (Field::LegacyFreeBusyStatus.into(), text("Busy")),
        (Field::CalendarIsRecurring.into(), Value::Bool(true)),
        (Field::CalendarItemType.into(), text("RecurringMaster")),
        (
            Field::CalendarRecurrence.into(),
            Value::Recurrence(Recurrence {
                pattern: Pattern::Weekly {
                    interval: 1,
                    days: vec![DayOfWeek::Monday, DayOfWeek::Wednesday],
                    first_day: Some(DayOfWeek::Monday),
                },
                range: Range::Numbered { start: date(2026, 10, 12), occurrences: 6 },
            }),
        ),
        (
            Field::ModifiedOccurrences.into(),
            Value::Occurrences(vec![Occurrence {
                id: occurrence.into(),
                change_key: None,
                start: moment("2026-10-19T14:00:00Z"),
                end: moment("2026-10-19T15:30:00Z"),
                original_start: moment("2026-10-18T22:00:00Z"),
            }]),
        ),
        (
            Field::DeletedOccurrences.into(),
            Value::DeletedOccurrences(vec![moment("2026-10-26T12:00:00Z")]),
        ),
        (
            Field::Uid.into(),
            text(
                "040000008200e00074c5b7101a82e008000000000000000000000000000000000000000010000000\
                 c753f7c652cd2f4197eb9742d391d917",
            ),
        ),
    ]);
    assert_has(&items[0], &expected);
}

#[test]
fn every_field_of_a_task_is_read() {
    let items = items("05-tasks/0002-GetItem", 1);
    let folder = "AAAAAC9c/BorGWpMpxPhy/6KV84BAAEAAAClGHtvvNzqHtA8VlcAAAAAABIAAAI=";
    let body = Body { kind: BodyType::Text, text: "Bis Juli!\näöü".to_owned() };
    assert_eq!(items[0].kind, ItemKind::Task);
    assert_has(
        &items[0],
        &[
            (Field::ParentFolderId.into(), Value::Folder(FolderId::new(folder))),
            (Field::ItemClass.into(), text("IPM.Task")),
            (Field::Subject.into(), text("Steuererklärung 📄")),
            (Field::Sensitivity.into(), text("Normal")),
            (Field::Body.into(), Value::Body(body)),
            (Field::Size.into(), Value::Integer(323)),
            (Field::Categories.into(), strings(&["Grün"])),
            (Field::Importance.into(), text("High")),
            (Field::DateTimeCreated.into(), time("2026-11-22T12:05:42.9864055Z")),
            (Field::ReminderIsSet.into(), Value::Bool(true)),
            (Field::ReminderMinutesBeforeStart.into(), Value::Integer(0)),
            (Field::HasAttachments.into(), Value::Bool(false)),
            (Field::LastModifiedTime.into(), time("2026-11-22T12:05:42.9871712Z")),
            (
                ExtendedField::name(PUBLIC, "X-Sync-ExternalId", ExtendedType::String).into(),
                text("task-1"),
            ),
            (Field::ActualWork.into(), Value::Integer(30)),
            (Field::BillingInformation.into(), text("Abr")),
            (Field::TaskCompanies.into(), strings(&["ÄÖ GmbH"])),
            (Field::DueDate.into(), time("2026-07-31T00:00:00Z")),
            (Field::TaskMileage.into(), text("5")),
            (Field::PercentComplete.into(), Value::Double(25.0)),
            (Field::StartDate.into(), time("2026-06-01T00:00:00Z")),
            (Field::Status.into(), text("InProgress")),
            (Field::TotalWork.into(), Value::Integer(120)),
        ],
    );
}

#[test]
fn folders_are_read_with_class_and_rights() {
    let folders: Vec<_> = arrivals("01-folder-discovery/0001-GetFolder", 31)
        .into_iter()
        .filter_map(|arrival| match arrival {
            Arrival::Folder { folder, .. } => Some(folder),
            _ => None,
        })
        .collect();
    assert_eq!(folders.len(), 18);
    let calendar = &folders[0];
    assert_eq!(&*calendar.element, "CalendarFolder");
    assert_eq!(
        calendar.id.as_str(),
        "AAAAAC9c/BorGWpMpxPhy/6KV84BAAEAAAClGHtvvNzqHtA8VlcAAAAAAA8AAAI="
    );
    assert_eq!(calendar.name.as_deref(), Some("Calendar"));
    assert!(calendar.has_class("IPF.Appointment"));
    assert_eq!((calendar.total, calendar.children), (Some(0), Some(0)));
    let rights = calendar.rights.unwrap();
    assert!(rights.create_contents && rights.modify && rights.delete && rights.read);
    assert_eq!(rights.view_private_items, None);
}

#[test]
fn a_search_for_folders_says_that_it_is_complete() {
    let arrivals = arrivals("01-folder-discovery/0002-FindFolder", 1);
    let Some(Arrival::Message(message)) = arrivals.last() else { panic!() };
    assert_eq!((message.parts, message.last, message.total), (29, Some(true), Some(29)));
    assert_eq!(message.next_offset, Some(29));
}

#[test]
fn refusals_and_faults_carry_their_code() {
    let refused = arrivals("07-errors/0001-GetItem", 1);
    let [Arrival::Message(message)] = refused.as_slice() else { panic!("{refused:?}") };
    let abgleich::ews::reply::Outcome::Error(refusal) = &message.outcome else { panic!() };
    assert_eq!(refusal.code, ResponseCode::ErrorInvalidId);
    assert_eq!(refusal.text.as_deref(), Some("E-3149: failed to deserialize item entry id"));
    for (path, code) in [
        ("09-impersonation/0006-GetFolder", ResponseCode::ErrorImpersonateUserDenied),
        ("07-errors/0013-SyncFolderItems", ResponseCode::ErrorInvalidId),
    ] {
        let (arrivals, reply) = read(&bytes(path), 512, 1);
        assert!(arrivals.is_empty());
        assert_eq!(reply.unwrap().fault.unwrap().code, code, "{path}");
    }
}

#[test]
fn writes_and_searches_bring_ids_and_versions() {
    let updated = items("06-conflict-stale-changekey/0002-UpdateItem", 1);
    assert_eq!(updated[0].change_key.as_str(), "AQAAAKUYe2+83Ooe0DxWVwAAAAAHJw==");
    assert!(updated[0].properties.is_empty());
    assert_eq!(items("02-contacts/0001-CreateItem", 5).len(), 5);
    let found = items("03-named-property-search/0001-FindItem", 1);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].change_key.as_str(), "AQAAAKUYe2+83Ooe0DxWVwAAAAAHEg==");
}

#[test]
fn pages_of_changes_are_read() {
    let page = |path| {
        let mut changes = Vec::new();
        for arrival in arrivals(path, 1) {
            match arrival {
                Arrival::Change { change, .. } => changes.push(change),
                Arrival::Message(message) => {
                    assert_eq!(message.parts, changes.len(), "{path}");
                    return (changes, message.state.unwrap(), message.last.unwrap());
                }
                _ => {}
            }
        }
        panic!("{path} has no end")
    };
    let (changes, state, last) = page("08-sync-paging/0001-SyncFolderItems");
    assert!(matches!(changes.as_slice(), [Change::Created(_), Change::Created(_)]));
    let expected = "AgACARdAEAAAAAEAUgAAAAgDCQAAAAgDCgACAZZnDgAAAAEABQAAAAAHARYBKlAA";
    assert_eq!((state, last), (expected.into(), false));
    // grommunio 3.10 says "last" of a page of deletions that was cut off.
    let (changes, _, last) = page("22-sync-raw/0018-SyncFolderItems");
    assert!(matches!(changes.first(), Some(Change::Deleted(_))));
    assert!(last);
    // Not last, and nothing in it: asked for zero changes, the server would say so for ever.
    let (changes, state, last) = page("22-sync-raw/0024-SyncFolderItems");
    assert!(changes.is_empty());
    assert_eq!((state, last), ("AgACARdAAAAAAAIBlmcAAAAA".into(), false));
}
