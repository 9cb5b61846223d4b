//! What a field is on an Exchange item, both ways. Long because each rule of the mapping has its expectation written out.

use serde_json::{Value as Json, json};

use crate::ews::draft::FieldChange;
use crate::ews::envelope::{Header, document};
use crate::ews::item::Properties;
use crate::ews::operation::create_item::CreateItem;
use crate::ews::operation::folder::DistinguishedFolder;
use crate::ews::operation::update_item::UpdateItem;
use crate::ews::property::{EmailKey, PhoneKey};
use crate::ews::{
    self, Body, BodyType, DateTime, EmailEntry, Field as E, Indexed, Occurrence, ServerVersion,
    Value as Theirs,
};
use crate::mailbox::contract::sample;
use crate::mailbox::exchange::dialect::Dialect;
use crate::mailbox::exchange::exceptions::Fetched;
use crate::mailbox::exchange::{kind, read, write};
use crate::mailbox::zones::Zone;
use crate::model::{Block, Content, Field, Half, ItemKind, Slot, Value, json as model_json};

fn berlin() -> Zone {
    Zone::iana("Europe/Berlin").unwrap()
}

fn none() -> Fetched {
    Fetched::new()
}

fn content(pairs: &[(Field, Json)]) -> Content {
    let mut content = Content::new();
    for (field, json) in pairs {
        content.put(*field, model_json::from_json(*field, json).unwrap());
    }
    content
}

fn create(kind: ItemKind, content: &Content) -> String {
    let item =
        write::new_item(kind, content, &sample::stamp("A-1", "t1"), &berlin(), Dialect::default())
            .unwrap();
    let folder = DistinguishedFolder::Contacts.into();
    document(&CreateItem { folder, items: vec![item.load] }, &Header::new(ServerVersion::V2013Sp1))
}

fn change(kind: ItemKind, content: &Content, before: &Content) -> Option<String> {
    let (id, version) = ("i".into(), "v".into());
    let change = write::Change {
        id: &id,
        version: &version,
        content,
        before,
        stamp: None,
        unfinished: None,
    };
    let update = write::update(kind, &change, None, &berlin(), Dialect::default()).unwrap()?;
    let operation = UpdateItem { updates: vec![update.load] };
    Some(document(&operation, &Header::new(ServerVersion::V2013Sp1)))
}

/// What a server keeps of a new item and gives back.
fn returned(kind: ItemKind, content: &Content) -> ews::Item {
    let item =
        write::new_item(kind, content, &sample::stamp("A-1", "t1"), &berlin(), Dialect::default())
            .unwrap();
    ews::Item {
        kind: kind::writable(kind).item_kind(),
        id: "i".into(),
        change_key: "v".into(),
        properties: item.load.properties().iter().cloned().collect(),
    }
}

#[test]
fn every_field_comes_back_from_what_was_written() {
    for kind in ItemKind::ALL {
        let written = sample::full(kind);
        let item = read::item(returned(kind, &written), &none(), &berlin());
        let (is, should) = (Half::of(&item.content), Half::of(&written));
        for (field, wanted) in should.iter() {
            let found = is.get(field).unwrap_or_else(|| panic!("{field} is unknown"));
            assert!(found.agrees(wanted, field), "{field}: {:?}", item.content.slot(field));
        }
        assert_eq!(item.identity.stamp, Some(sample::stamp("A-1", "t1")));
        assert_eq!(item.identity.kind, Some(kind));
        let known = Field::of(kind).filter(|field| field.fits_outlook()).collect();
        assert_eq!(item.content.known(), known, "what is not delivered is blank");
    }
}

#[test]
fn contacts_are_written_where_outlook_looks_for_them() {
    // notes.md §2.1, row by row.
    let rows: &[(Field, Json, &str)] = &[
        (
            Field::Title,
            json!("Dr."),
            r#"<t:ExtendedFieldURI PropertyTag="0x3A45" PropertyType="String"/><t:Value>Dr.</t:Value>"#,
        ),
        (Field::GivenName, json!("Anna"), "<t:GivenName>Anna</t:GivenName>"),
        (Field::Suffix, json!("jr."), "<t:Generation>jr.</t:Generation>"),
        (
            Field::Salutation,
            json!("Sehr geehrte"),
            r#"PropertyName="Salutation" PropertyType="String"/><t:Value>Sehr geehrte</t:Value>"#,
        ),
        (
            Field::Email2,
            json!("a@b.example"),
            r#"<t:EmailAddresses><t:Entry Key="EmailAddress2">a@b.example</t:Entry>"#,
        ),
        (
            Field::OtherPhone,
            json!("1"),
            r#"<t:PhoneNumbers><t:Entry Key="OtherTelephone">1</t:Entry>"#,
        ),
        (Field::CompanyPhone, json!("2"), r#"<t:Entry Key="CompanyMainPhone">2</t:Entry>"#),
        (Field::TextPhone, json!("3"), r#"<t:Entry Key="TtyTddPhone">3</t:Entry>"#),
        (
            Field::HomePostalCode,
            json!("80331"),
            r#"<t:Entry Key="Home"><t:PostalCode>80331</t:PostalCode></t:Entry>"#,
        ),
        (
            Field::OtherCountry,
            json!("Österreich"),
            r#"<t:Entry Key="Other"><t:CountryOrRegion>Österreich</t:CountryOrRegion>"#,
        ),
        (Field::Birthday, json!("1964-02-29"), "<t:Birthday>1964-02-29T11:59:00Z</t:Birthday>"),
        (
            Field::Anniversary,
            json!("1999-12-31"),
            "<t:WeddingAnniversary>1999-12-31T11:59:00Z</t:WeddingAnniversary>",
        ),
        (
            Field::WebPage,
            json!("http://x.example"),
            "<t:BusinessHomePage>http://x.example</t:BusinessHomePage>",
        ),
        (Field::Notes, json!("a\nb"), r#"<t:Body BodyType="Text">a"#),
        (
            Field::Categories,
            json!(["A", "B"]),
            "<t:Categories><t:String>A</t:String><t:String>B</t:String></t:Categories>",
        ),
        (Field::Sensitivity, json!("confidential"), "<t:Sensitivity>Confidential</t:Sensitivity>"),
    ];
    for (field, json, wanted) in rows {
        let xml = create(ItemKind::Contact, &content(&[(*field, json.clone())]));
        assert!(xml.contains(wanted), "{field}: {xml}");
    }
}

#[test]
fn tasks_are_written_in_the_words_of_exchange() {
    let rows: &[(Field, Json, &str)] = &[
        (Field::TaskStart, json!("2027-03-28"), "<t:StartDate>2027-03-28T00:00:00</t:StartDate>"),
        (Field::Due, json!("2027-10-31"), "<t:DueDate>2027-10-31T00:00:00</t:DueDate>"),
        (Field::Status, json!("waiting"), "<t:Status>WaitingOnOthers</t:Status>"),
        (Field::Percent, json!(40), "<t:PercentComplete>40</t:PercentComplete>"),
        (Field::Priority, json!("high"), "<t:Importance>High</t:Importance>"),
    ];
    for (field, json, wanted) in rows {
        let xml = create(ItemKind::Task, &content(&[(*field, json.clone())]));
        assert!(xml.contains(wanted), "{field}: {xml}");
        assert!(xml.contains("<t:ReminderIsSet>false</t:ReminderIsSet>"), "nobody asked for one");
    }
}

#[test]
fn completion_follows_the_rules_of_the_server() {
    // notes.md §2.3: status first; only what is completed has a date; a hundred percent is completed.
    let done = content(&[
        (Field::Status, json!("completed")),
        (Field::Percent, json!(40)),
        (Field::Completed, json!("2026-11-20")),
    ]);
    let xml = change(ItemKind::Task, &done, &Content::new()).unwrap();
    let places: Vec<_> = ["task:Status", "task:PercentComplete", "task:CompleteDate"]
        .iter()
        .map(|uri| xml.find(&format!("\"{uri}\"")).expect("it is set"))
        .collect();
    assert!(places.is_sorted(), "{xml}");
    assert!(xml.contains("<t:PercentComplete>100</t:PercentComplete>"), "{xml}");
    // In a new item the status would be processed last and make the day today.
    let xml = create(ItemKind::Task, &done);
    assert!(xml.contains("<t:CompleteDate>2026-11-20T00:00:00</t:CompleteDate>"), "{xml}");
    assert!(!xml.contains("<t:Status>") && !xml.contains("<t:PercentComplete>"), "{xml}");
    let open = content(&[
        (Field::Status, json!("in_progress")),
        (Field::Percent, json!(100)),
        (Field::Completed, json!(null)),
    ]);
    let xml = change(ItemKind::Task, &open, &Content::new()).unwrap();
    assert!(!xml.contains("CompleteDate") && !xml.contains("PercentComplete"), "{xml}");
    let blank = content(&[(Field::Status, json!(null)), (Field::Percent, json!(null))]);
    let xml = change(ItemKind::Task, &blank, &Content::new()).unwrap();
    assert!(xml.contains("<t:Status>NotStarted</t:Status>"), "{xml}");
    assert!(xml.contains("<t:PercentComplete>0</t:PercentComplete>"), "{xml}");
}

#[test]
fn a_reminder_that_is_off_has_no_time() {
    let off = content(&[(Field::ReminderOn, json!(false)), (Field::ReminderMinutes, json!(15))]);
    let xml = change(ItemKind::Appointment, &off, &Content::new()).unwrap();
    assert!(xml.contains("<t:ReminderIsSet>false</t:ReminderIsSet>"));
    assert!(!xml.contains("ReminderMinutesBeforeStart"), "{xml}");
    let on = content(&[
        (Field::ReminderOn, json!(true)),
        (Field::ReminderAt, json!("2027-03-26T08:30:00+01:00")),
    ]);
    let xml = change(ItemKind::Task, &on, &Content::new()).unwrap();
    assert!(xml.contains("<t:ReminderDueBy>2027-03-26T07:30:00Z</t:ReminderDueBy>"), "{xml}");
}

#[test]
fn blank_deletes_the_property_and_only_that() {
    for kind in ItemKind::ALL {
        let optional = Field::of(kind).filter(|field| {
            field.fits_outlook() && !field.read_only() && !matches!(field.block(), Block::Time)
        });
        for field in optional {
            let mut blank = Content::new();
            blank.set_blank(field);
            let (id, version) = ("i".into(), "v".into());
            let none = Content::new();
            let change = write::Change {
                id: &id,
                version: &version,
                content: &blank,
                before: &none,
                stamp: None,
                unfinished: None,
            };
            let Some(update) =
                write::update(kind, &change, None, &berlin(), Dialect::default()).unwrap()
            else {
                let without = [Field::Completed, Field::ReminderMinutes, Field::ReminderAt];
                assert!(without.contains(&field), "{field} cannot be cleared");
                continue;
            };
            // An e-mail address goes with the five properties that stand beside it, and first.
            let email = field.block() == Block::Emails;
            assert_eq!(update.load.changes().len(), if email { 6 } else { 1 }, "{field}");
            let cleared = matches!(update.load.changes()[0], FieldChange::Clear(_));
            // These have no blank on a server; a blank is written as what it stands for.
            let words = [
                Field::ShowAs,
                Field::Status,
                Field::Percent,
                Field::Priority,
                Field::Sensitivity,
                Field::ReminderOn,
            ];
            assert_eq!(!cleared, words.contains(&field), "{field}");
        }
    }
}

#[test]
fn d8_d11_guests_and_the_fourth_address_are_never_written() {
    let guests = content(&[(Field::Attendees, json!([{ "address": "gast@kunde.example" }]))]);
    assert_eq!(change(ItemKind::Appointment, &guests, &Content::new()), None);
    let four = content(&[(Field::Email4, json!("vier@firma.example"))]);
    assert_eq!(change(ItemKind::Contact, &four, &Content::new()), None);
    assert!(!create(ItemKind::Contact, &four).contains("vier@"));
}

fn bare(kind: ItemKind) -> ews::Item {
    ews::Item {
        kind: kind::writable(kind).item_kind(),
        id: "i".into(),
        change_key: "v".into(),
        properties: Properties::new(),
    }
}

#[test]
fn d11_a_slot_of_the_address_book_is_fixed_and_unknown() {
    let mut item = bare(ItemKind::Contact);
    let slot = |key| Indexed::Email(key);
    let legacy = EmailEntry {
        address: "/o=Firma/ou=Exchange/cn=Recipients/cn=anna".to_owned(),
        routing_type: Some("EX".into()),
        ..EmailEntry::default()
    };
    item.properties.set(slot(EmailKey::EmailAddress1), Theirs::Email(legacy));
    let prefixed = Theirs::Email(EmailEntry::new("SMTP:anna@firma.example"));
    item.properties.set(slot(EmailKey::EmailAddress2), prefixed);
    let read = read::item(item.clone(), &none(), &berlin());
    assert!(read.fixed.contains(Field::Email1) && read.fixed.len() == 1);
    assert_eq!(read.content.slot(Field::Email1), None);
    assert_eq!(read.content.text(Field::Email2), Some("anna@firma.example"));
    assert_eq!(read.content.slot(Field::Email3), Some(&Slot::Blank));
}

#[test]
fn d11_a_slot_that_stayed_unknown_is_not_written() {
    let before = content(&[(Field::Email2, json!("anna@firma.example"))]);
    let emails = content(&[
        (Field::Email1, json!("neu@firma.example")),
        (Field::Email2, json!("anna@neu.example")),
        (Field::Email3, json!(null)),
    ]);
    let xml = change(ItemKind::Contact, &emails, &before).unwrap();
    assert!(xml.contains("anna@neu.example"), "{xml}");
    assert!(!xml.contains("EmailAddress1") && !xml.contains("EmailAddress3"), "{xml}");
}

#[test]
fn grommunio_is_told_in_its_own_way() {
    // Recordings, sections 5 and 6: 0.5 reads back as 50, and a reminder changes only through its MAPI property.
    let progress = content(&[
        (Field::Status, json!("in_progress")),
        (Field::Percent, json!(50)),
        (Field::ReminderOn, json!(true)),
    ]);
    let (id, version, none) = ("i".into(), "v".into(), Content::new());
    let change = write::Change {
        id: &id,
        version: &version,
        content: &progress,
        before: &none,
        stamp: None,
        unfinished: None,
    };
    let dialect = Dialect { grommunio: true, ..Dialect::default() };
    let update = write::update(ItemKind::Task, &change, None, &berlin(), dialect).unwrap().unwrap();
    let xml =
        document(&UpdateItem { updates: vec![update.load] }, &Header::new(ServerVersion::V2013Sp1));
    assert!(xml.contains("<t:PercentComplete>0.5</t:PercentComplete>"), "{xml}");
    assert!(!xml.contains("item:ReminderIsSet") && xml.contains(r#"PropertyId="34051""#), "{xml}");
}

#[test]
fn what_cannot_be_read_is_unknown() {
    let mut item = bare(ItemKind::Task);
    item.properties.set(E::Status, "AnErfundenerStatus");
    // grommunio 3.10 gives 5000 for 50 after an update.
    item.properties.set(E::PercentComplete, Theirs::Double(5000.0));
    item.properties.set(E::DueDate, Theirs::Unreadable("bald".to_owned()));
    let html = Body { kind: BodyType::Html, text: "<p>x</p>".to_owned() };
    item.properties.set(E::Body, Theirs::Body(html));
    let read = read::item(item.clone(), &none(), &berlin()).content;
    for field in [Field::Status, Field::Percent, Field::Due, Field::Body] {
        assert_eq!(read.slot(field), None, "{field}");
    }
    assert_eq!(read.slot(Field::TaskStart), Some(&Slot::Blank));
}

#[test]
fn the_days_of_a_task_are_those_of_the_mailbox_and_what_was_read_before_is_told() {
    // Exchange 15.1.427 to a request without a zone (samples, ewsjs): midnights of India.
    let mut item = bare(ItemKind::Task);
    let time = |text| Theirs::DateTime(DateTime::parse(text).unwrap());
    item.properties.set(E::StartDate, time("2016-03-14T18:30:00Z"));
    item.properties.set(E::DueDate, time("2016-03-23T18:30:00Z"));
    item.properties.set(E::CompleteDate, time("2016-03-22T00:00:00Z"));
    let read = read::item(item.clone(), &none(), &Zone::iana("Asia/Kolkata").unwrap());
    let day = |content: &Content, field| match content.value(field) {
        Some(Value::Date(day)) => Some(day.to_string()),
        _ => None,
    };
    let days = |content| [Field::TaskStart, Field::Due, Field::Completed].map(|f| day(content, f));
    let some = |text: &str| Some(text.to_owned());
    let wanted = [some("2016-03-15"), some("2016-03-24"), some("2016-03-22")];
    assert_eq!(days(&read.content), wanted);
    assert_eq!(days(&read.formerly), [some("2016-03-14"), some("2016-03-23"), None]);
}

#[test]
fn quirk_31_d9_anything_but_normal_and_personal_is_private() {
    for (word, private) in [
        ("Normal", false),
        ("Personal", false),
        ("Private", true),
        ("Confidential", true),
        ("Geheim", true),
    ] {
        let mut item = bare(ItemKind::Task);
        item.properties.set(E::Sensitivity, word);
        assert_eq!(read::identity(&item).private, private, "{word}");
    }
    assert!(!read::identity(&bare(ItemKind::Task)).private);
}

#[test]
fn d10_a_series_that_cannot_be_read_whole_is_not_read_at_all() {
    let written = sample::full(ItemKind::Appointment);
    let mut item = returned(ItemKind::Appointment, &written);
    assert!(read::item(item.clone(), &none(), &berlin()).unsupported.is_empty());
    let time = DateTime::parse("2027-01-26T09:00:00Z").unwrap();
    let changed = Occurrence {
        id: "o".into(),
        change_key: None,
        start: time,
        end: time,
        original_start: time,
    };
    item.properties.set(E::ModifiedOccurrences, Theirs::Occurrences(vec![changed]));
    // The changed occurrence was gone when it was asked for.
    let read = read::item(item.clone(), &none(), &berlin());
    assert!(read.unsupported.contains(Field::Recurrence));
    assert_eq!(read.content.slot(Field::Recurrence), None);
    // A series whose pattern did not come is not taken for a single appointment.
    let mut master = bare(ItemKind::Appointment);
    master.properties.set(E::CalendarItemType, "RecurringMaster");
    assert!(read::item(master.clone(), &none(), &berlin()).unsupported.contains(Field::Recurrence));
}

#[test]
fn a_single_appointment_that_becomes_a_series_gets_its_zone() {
    let mut before = sample::full(ItemKind::Appointment);
    let series = before.only(crate::model::FieldSet::of(Field::Recurrence));
    before.set_blank(Field::Recurrence);
    let xml = change(ItemKind::Appointment, &series, &before).unwrap();
    let zone = xml.find("StartTimeZone Id=\"W. Europe Standard Time\"").expect("a zone");
    assert!(zone < xml.find("<t:Recurrence>").expect("a series"), "{xml}");
}

#[test]
fn phones_have_their_own_slots() {
    let mut item = bare(ItemKind::Contact);
    for key in PhoneKey::ALL {
        item.properties.set(Indexed::Phone(*key), key.name());
    }
    let read = read::item(item.clone(), &none(), &berlin()).content;
    let slots = [
        (Field::AssistantPhone, "AssistantPhone"),
        (Field::BusinessFax, "BusinessFax"),
        (Field::BusinessPhone, "BusinessPhone"),
        (Field::BusinessPhone2, "BusinessPhone2"),
        (Field::Callback, "Callback"),
        (Field::CarPhone, "CarPhone"),
        (Field::CompanyPhone, "CompanyMainPhone"),
        (Field::HomeFax, "HomeFax"),
        (Field::HomePhone, "HomePhone"),
        (Field::HomePhone2, "HomePhone2"),
        (Field::Isdn, "Isdn"),
        (Field::MobilePhone, "MobilePhone"),
        (Field::OtherFax, "OtherFax"),
        (Field::OtherPhone, "OtherTelephone"),
        (Field::Pager, "Pager"),
        (Field::PrimaryPhone, "PrimaryPhone"),
        (Field::RadioPhone, "RadioPhone"),
        (Field::Telex, "Telex"),
        (Field::TextPhone, "TtyTddPhone"),
    ];
    for (field, name) in slots {
        assert_eq!(read.text(field), Some(name));
    }
}

#[test]
fn a_task_is_completed_on_another_day_and_never_in_the_future() {
    let sent = |fields: &[(Field, Json)], before: &[(Field, Json)], now: &str| {
        let (id, version) = ("i".into(), "v".into());
        let (fields, before) = (content(fields), content(before));
        let change = write::Change {
            id: &id,
            version: &version,
            content: &fields,
            before: &before,
            stamp: None,
            unfinished: None,
        };
        let dialect = Dialect { now: Some(now.parse().unwrap()), ..Dialect::default() };
        let update = write::update(ItemKind::Task, &change, None, &berlin(), dialect).unwrap();
        let update = update.map(|update| update.load);
        let of = |update: &crate::ews::ItemUpdate| -> Vec<E> {
            let properties = update.changes().iter().map(FieldChange::property);
            properties
                .filter_map(|property| match property {
                    crate::ews::Property::Field(field) => Some(*field),
                    _ => None,
                })
                .collect()
        };
        update.as_ref().map(of).unwrap_or_default()
    };
    let done = [
        (Field::Status, json!("completed")),
        (Field::Percent, json!(100)),
        (Field::Completed, json!("2026-11-22")),
    ];
    let all = [E::Status, E::PercentComplete, E::CompleteDate];
    assert_eq!(sent(&done, &[], "2026-11-22T00:00:00Z"), all);
    assert_eq!(sent(&done, &[], "2026-11-21T23:59:59Z"), all[..2], "the server takes its today");
    // The day alone: it goes only where the task is completed.
    let day = [(Field::Completed, json!("2026-11-20"))];
    assert_eq!(sent(&day, &done, "2026-11-22T00:00:00Z"), [E::CompleteDate]);
    assert_eq!(sent(&day, &done, "2026-11-19T00:00:00Z"), []);
    assert_eq!(sent(&day, &[(Field::Status, json!("waiting"))], "2026-11-22T00:00:00Z"), []);
}

#[test]
fn no_word_is_sent_that_the_schema_of_the_contract_lacks() {
    // Schemas of 2010 SP1 and 2013 SP1, LegacyFreeBusyType.
    let mut appointment = sample::full(ItemKind::Appointment);
    let old = Dialect { before_2013: true, ..Dialect::default() };
    for (word, fits) in [("busy", true), ("out_of_office", true), ("working_elsewhere", false)] {
        appointment.set_text(Field::ShowAs, word);
        let made = |dialect| {
            let stamp = sample::stamp("A-1", "t1");
            write::new_item(ItemKind::Appointment, &appointment, &stamp, &berlin(), dialect)
        };
        assert_eq!(made(old).is_ok(), fits, "{word}");
        assert!(made(Dialect::default()).is_ok(), "{word}");
    }
}
