//! What people do in Outlook, seen through the seam.

use abgleich::mailbox::contract::{Bench, sample};
use abgleich::mailbox::exchange::lane::ActAs;
use abgleich::mailbox::zones::Zone;
use abgleich::mailbox::{Item, Mailbox, Write, Wrote};
use abgleich::model::recurrence::{Day, Pattern, Range, Unit};
use abgleich::model::{
    Block, Content, Field, FieldSet, ItemId, ItemKind, ItemVersion, Recurrence, Value,
};
use exchange_sim::{Fault, FaultKind, Options, Value as Stored};

use crate::bench::{Exchange, ExchangeBench, over};

fn create(bench: &mut ExchangeBench, kind: ItemKind) -> (ItemId, ItemVersion) {
    let folder = bench.mailbox.folder(kind, &[], false).expect("known").expect("there");
    let content = sample::full(kind);
    let write = Write::Create { folder, content, stamp: sample::stamp("A-1", "t1") };
    match bench.mailbox.apply(kind, &[write]).expect("answers").remove(0) {
        Wrote::Done { id, version } => (id, version),
        other => panic!("{other:?}"),
    }
}

fn fetch(bench: &mut ExchangeBench, kind: ItemKind, id: &ItemId) -> Item {
    let mut found = None;
    let each = &mut |_, item: Result<Item, _>| found = item.ok();
    bench.mailbox.fetch(kind, std::slice::from_ref(id), each).expect("it is read");
    found.expect("the item is there")
}

fn edit(bench: &mut ExchangeBench, id: &ItemId, changes: &[(&str, Stored)]) {
    let changes = changes.iter().map(|(uri, v)| ((*uri).to_owned(), Some(v.clone()))).collect();
    bench.outlook.edit_values(id.as_str(), changes).expect("it is edited");
}

fn text(text: &str) -> Stored {
    Stored::Text(text.to_owned())
}

#[test]
fn d8_guests_are_seen_and_nobody_is_written_to_whatever_is_done() {
    let exchange = Exchange::start();
    let mut bench = exchange.bench();
    let kind = ItemKind::Appointment;
    let (id, _) = create(&mut bench, kind);
    let guest = "<t:RequiredAttendees><t:Attendee><t:Mailbox><t:Name>Gast</t:Name><t:EmailAddress>\
                 gast@kunde.example</t:EmailAddress></t:Mailbox></t:Attendee></t:RequiredAttendees>";
    let guests = Stored::Xml { xml: guest.to_owned() };
    edit(&mut bench, &id, &[("calendar:RequiredAttendees", guests)]);
    let item = fetch(&mut bench, kind, &id);
    assert!(item.has_guests);
    let Some(Value::Attendees(guests)) = item.content.value(Field::Attendees) else {
        panic!("{:?}", item.content.slot(Field::Attendees))
    };
    assert_eq!((guests.len(), guests[0].address.as_str()), (1, "gast@kunde.example"));
    // The planner never asks for these; the mailbox would still tell nobody.
    let mut content = Content::new();
    content.set_text(Field::Place, "Raum 2");
    let write = over(item, content);
    let answers = bench.mailbox.apply(kind, &[write]).expect("answers");
    let Wrote::Done { version, .. } = &answers[0] else { panic!("{answers:?}") };
    let write = Write::Delete { id, version: version.clone() };
    bench.mailbox.apply(kind, &[write]).expect("answers");
    assert_eq!(exchange.server.mail_sent(), Vec::<String>::new());
}

#[test]
fn d11_an_entry_of_the_address_book_survives() {
    let mut bench = Exchange::shared().bench();
    let kind = ItemKind::Contact;
    let (id, _) = create(&mut bench, kind);
    let slot = "contacts:EmailAddress/EmailAddress2";
    let legacy = "/o=Firma/ou=Exchange/cn=Recipients/cn=anna";
    let routing = format!("{slot}@RoutingType");
    edit(&mut bench, &id, &[(slot, text(legacy)), (&routing, text("EX"))]);
    let item = fetch(&mut bench, kind, &id);
    assert_eq!(item.fixed, FieldSet::of(Field::Email2));
    assert_eq!(item.content.slot(Field::Email2), None);
    let mut content = Content::new();
    content.set_text(Field::Email1, "neu@firma.example");
    content.set_text(Field::Email2, "falsch@firma.example");
    let write = over(item, content);
    bench.mailbox.apply(kind, &[write]).expect("answers");
    let kept = bench.outlook.item(id.as_str()).expect("there");
    assert_eq!(kept.text(slot), Some(legacy));
    assert_eq!(kept.text(&routing), Some("EX"));
    assert_eq!(kept.text("contacts:EmailAddress/EmailAddress1"), Some("neu@firma.example"));
}

#[test]
fn an_address_that_is_cleared_leaves_no_name_behind() {
    let mut bench = Exchange::shared().bench();
    let kind = ItemKind::Contact;
    let (id, _) = create(&mut bench, kind);
    let slot = "contacts:EmailAddress/EmailAddress2";
    let beside = ["Name", "RoutingType", "MailboxType"].map(|of| format!("{slot}@{of}"));
    let stored = bench.outlook.item(id.as_str()).expect("there");
    assert!(beside.iter().all(|of| stored.text(of).is_some()), "the server fills them in");
    let item = fetch(&mut bench, kind, &id);
    let mut content = Content::new();
    content.set_blank(Field::Email2);
    let answers = bench.mailbox.apply(kind, &[over(item, content)]).expect("answers");
    assert!(matches!(answers[0], Wrote::Done { .. }), "{answers:?}");
    let stored = bench.outlook.item(id.as_str()).expect("there");
    assert_eq!(stored.text(slot), None);
    for of in &beside {
        assert_eq!(stored.text(of), None, "{of}");
    }
    assert!(stored.text("contacts:EmailAddress/EmailAddress1@Name").is_some(), "the others stay");
}

#[test]
fn names_that_the_person_chose_stay_and_ours_follow() {
    let mut bench = Exchange::shared().bench();
    let kind = ItemKind::Contact;
    let (id, _) = create(&mut bench, kind);
    let shown = |bench: &ExchangeBench| {
        let item = bench.outlook.item(id.as_str()).expect("there");
        let text = |uri| item.text(uri).unwrap_or_default().to_owned();
        (text("contacts:DisplayName"), text("contacts:FileAs"))
    };
    let (_, file_as) = shown(&bench);
    assert_eq!(file_as, "Wert <surname> & ß, Wert <given_name> & ß Wert <middle_name> & ß");
    let rename = |bench: &mut ExchangeBench, name: &str| {
        let item = fetch(bench, kind, &id);
        let mut content = Content::new();
        content.set_text(Field::Surname, name);
        let write = over(item, content);
        let answers = bench.mailbox.apply(kind, &[write]).expect("answers");
        assert!(matches!(answers[0], Wrote::Done { .. }), "{answers:?}");
    };
    rename(&mut bench, "Schmidt");
    assert_eq!(shown(&bench).1, "Schmidt, Wert <given_name> & ß Wert <middle_name> & ß");
    assert!(shown(&bench).0.contains("Schmidt"));
    edit(&mut bench, &id, &[("contacts:FileAs", text("Die Nachbarin"))]);
    rename(&mut bench, "Weber");
    assert_eq!(shown(&bench).1, "Die Nachbarin");
    assert!(shown(&bench).0.contains("Weber"));
}

#[test]
fn a_day_that_a_person_chooses_is_that_day_in_every_zone() {
    let kind = ItemKind::Task;
    let day = jiff::civil::date;
    for zone in ["Europe/Berlin", "Asia/Tokyo", "America/Los_Angeles", "Europe/London", "UTC"] {
        for grommunio in [false, true] {
            let exchange = Exchange::start_with(Options::default().zone(zone));
            if grommunio {
                exchange.server.fault(Fault::new(FaultKind::Grommunio));
            }
            let address = exchange.fresh();
            let mut bench = ExchangeBench {
                mailbox: exchange
                    .exchange()
                    .mailbox(&ActAs::Owner(address.clone()), Zone::iana(zone).expect("a zone")),
                outlook: exchange.server.outlook(&address),
            };
            let chosen = [("task:StartDate", "2027-03-30"), ("task:DueDate", "2027-12-01")];
            let made = bench.outlook.create("tasks", exchange_sim::Kind::Task, &chosen);
            let id = ItemId::new(made.expect("it is made").id);
            let item = fetch(&mut bench, kind, &id);
            let days = |item: &Item| {
                [Field::TaskStart, Field::Due].map(|field| item.content.value(field).cloned())
            };
            let wanted = |one, two| [Some(Value::Date(one)), Some(Value::Date(two))];
            let told = format!("{zone}, grommunio: {grommunio}");
            assert_eq!(days(&item), wanted(day(2027, 3, 30), day(2027, 12, 1)), "{told}");
            let mut content = Content::new();
            content.set(Field::TaskStart, Value::Date(day(2027, 1, 31)));
            content.set(Field::Due, Value::Date(day(2027, 7, 1)));
            let write = over(item, content);
            let answers = bench.mailbox.apply(kind, &[write]).expect("answers");
            assert!(matches!(answers[0], Wrote::Done { .. }), "{answers:?}");
            let seen = bench.outlook.item(id.as_str()).expect("there");
            assert_eq!(seen.text("task:StartDate"), Some("2027-01-31"), "{told}");
            assert_eq!(seen.text("task:DueDate"), Some("2027-07-01"), "{told}");
            let item = fetch(&mut bench, kind, &id);
            assert_eq!(days(&item), wanted(day(2027, 1, 31), day(2027, 7, 1)), "{told}");
            edit(&mut bench, &id, &[("task:DueDate", text("2027-07-02"))]);
            let item = fetch(&mut bench, kind, &id);
            assert_eq!(days(&item)[1], Some(Value::Date(day(2027, 7, 2))), "{told}");
        }
    }
}

/// Makes a task that comes again every week.
fn weekly_task(bench: &mut ExchangeBench, start: jiff::civil::Date) -> ItemId {
    let kind = ItemKind::Task;
    let folder = bench.mailbox.folder(kind, &[], false).expect("known").expect("there");
    let mut content = sample::full(kind);
    content.set_text(Field::Status, "not_started");
    content.set(Field::Percent, Value::Number(0));
    content.set_blank(Field::Completed);
    content.set(Field::TaskStart, Value::Date(start));
    content.set(Field::Due, Value::Date(start));
    let pattern = Pattern::Weekly { every: 1, days: vec![Day::Tuesday], first_day: Day::Monday };
    let series = Recurrence { pattern, range: Range::Forever { start }, exceptions: Vec::new() };
    content.set(Field::Recurrence, Value::Recurrence(Box::new(series)));
    let write = Write::Create { folder, content, stamp: sample::stamp("W-2", "t") };
    match bench.mailbox.apply(kind, &[write]).expect("answers").remove(0) {
        Wrote::Done { id, .. } => id,
        other => panic!("{other:?}"),
    }
}

#[test]
fn d10_new_dates_do_not_make_more_tasks_of_a_recurring_one() {
    let mut bench = Exchange::shared().bench();
    let kind = ItemKind::Task;
    let day = jiff::civil::date(2027, 1, 12);
    let id = weekly_task(&mut bench, day);
    let item = fetch(&mut bench, kind, &id);
    // The planner is told, and does not ask for it; a second lock is here.
    assert_eq!(item.read_only, Block::TaskDates.fields());
    let mut moved = Content::new();
    moved.set(Field::Due, Value::Date(jiff::civil::date(2027, 1, 14)));
    let answers = bench.mailbox.apply(kind, &[over(item, moved.clone())]).expect("answers");
    assert!(matches!(&answers[0], Wrote::Unfit(_)), "{answers:?}");
    assert_eq!(bench.outlook.items("tasks").expect("there").len(), 1);
    // One that is no series any more is a task like others, in the same request.
    let item = fetch(&mut bench, kind, &id);
    moved.set_blank(Field::Recurrence);
    let answers = bench.mailbox.apply(kind, &[over(item, moved)]).expect("answers");
    assert!(matches!(&answers[0], Wrote::Done { .. }), "{answers:?}");
    let items = bench.outlook.items("tasks").expect("there");
    assert_eq!(items.len(), 1, "it was no series when its dates were set");
    assert_eq!(items[0].text("task:DueDate"), Some("2027-01-14"));
    assert!(fetch(&mut bench, kind, &id).read_only.is_empty());
}

#[test]
fn the_answer_to_a_finished_task_of_a_series_is_about_the_series() {
    let mut bench = Exchange::shared().bench();
    let kind = ItemKind::Task;
    let start = jiff::civil::date(2027, 1, 12);
    let id = weekly_task(&mut bench, start);
    let item = fetch(&mut bench, kind, &id);
    let mut done = Content::new();
    done.set_text(Field::Status, "completed");
    let answers = bench.mailbox.apply(kind, &[over(item, done)]).expect("answers");
    // Which version the series has now, the answer does not say.
    assert_eq!(answers, [Wrote::Done { id: id.clone(), version: "".into() }]);
    assert_eq!(bench.outlook.items("tasks").expect("there").len(), 2, "it left a copy");
    let item = fetch(&mut bench, kind, &id);
    assert!(item.content.value(Field::Recurrence).is_some(), "it is a series still");
    assert_eq!(
        item.content.value(Field::Due),
        Some(&Value::Date(start + jiff::Span::new().days(7)))
    );
}

#[test]
fn a_completed_occurrence_leaves_a_copy_with_the_same_stamp() {
    let mut bench = Exchange::shared().bench();
    let kind = ItemKind::Task;
    let start = jiff::civil::date(2027, 1, 12);
    for (record, pattern) in [
        ("W-1", Pattern::Weekly { every: 2, days: vec![Day::Tuesday], first_day: Day::Monday }),
        ("R-1", Pattern::Regenerating { unit: Unit::Week, every: 2 }),
    ] {
        let folder = bench.mailbox.folder(kind, &[], false).expect("known").expect("there");
        let mut content = sample::full(kind);
        content.set(Field::TaskStart, Value::Date(start));
        content.set(Field::Due, Value::Date(start));
        let series =
            Recurrence { pattern, range: Range::Forever { start }, exceptions: Vec::new() };
        content.set(Field::Recurrence, Value::Recurrence(Box::new(series.clone())));
        let write = Write::Create { folder, content, stamp: sample::stamp(record, record) };
        let answers = bench.mailbox.apply(kind, &[write]).expect("answers");
        let Wrote::Done { id, .. } = &answers[0] else { panic!("{answers:?}") };
        edit(&mut bench, id, &[("task:Status", text("Completed"))]);
        let (tenant, user) = ("haus".into(), "DHO".into());
        let by = abgleich::mailbox::By::Records(&[record.into()]);
        let wanted = abgleich::mailbox::Wanted { tenant: &tenant, user: &user, by };
        let found = bench.mailbox().find(kind, &wanted).expect("found");
        assert_eq!(found.len(), 2, "notes.md §2.3: duplicate stamps are normal");
        let master = fetch(&mut bench, kind, id).content;
        assert_ne!(master.text(Field::Status), Some("completed"), "{record}");
        assert_ne!(master.value(Field::Due), Some(&Value::Date(start)), "it goes on, {record}");
        let Some(Value::Recurrence(after)) = master.value(Field::Recurrence) else {
            panic!("no series any more: {record}")
        };
        assert_eq!(after.pattern, series.pattern);
        let copy = found.iter().find(|found| found.identity.id != *id).expect("a copy");
        let copy = fetch(&mut bench, kind, &copy.identity.id).content;
        assert_eq!(copy.text(Field::Status), Some("completed"), "{record}");
    }
}

#[test]
fn a_task_that_is_completed_in_the_future_is_completed_today() {
    let mut bench = Exchange::shared().bench();
    let kind = ItemKind::Task;
    // The server's clock is known from its first answer.
    let folder = bench.mailbox.folder(kind, &[], false).expect("known").expect("there");
    let mut content = sample::full(kind);
    content.set_text(Field::Status, "completed");
    content.set(Field::Percent, Value::Number(100));
    content.set(Field::Completed, Value::Date(jiff::civil::date(2199, 12, 31)));
    let write =
        Write::Create { folder, content: content.clone(), stamp: sample::stamp("A-1", "t1") };
    let answers = bench.mailbox.apply(kind, &[write]).expect("answers");
    let Wrote::Done { id, .. } = &answers[0] else { panic!("{answers:?}") };
    let item = fetch(&mut bench, kind, id);
    assert_eq!(item.content.text(Field::Status), Some("completed"));
    let Some(Value::Date(day)) = item.content.value(Field::Completed) else { panic!("no day") };
    let days = jiff::Zoned::now().date().since(*day).expect("days").get_days().abs();
    assert!(days <= 1, "the server's own day: {day}");
    // The same by an update, of the day alone.
    let content = content.only(FieldSet::of(Field::Completed));
    let write = over(item, content);
    let answers = bench.mailbox.apply(kind, &[write]).expect("answers");
    assert!(matches!(answers[0], Wrote::Done { .. }), "{answers:?}");
}
