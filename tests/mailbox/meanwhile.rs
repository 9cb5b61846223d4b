//! What people do to a series and its occurrences while it is written, or before it is made whole: nothing of it is overwritten
//! unseen, and whoever was invited is told nothing (rules D8, D12 and D13).

use abgleich::mailbox::{Mailbox, Wrote};
use abgleich::model::recurrence::{Exception, ExceptionChange};
use abgleich::model::{Content, Field, ItemId, Recurrence};
use exchange_sim::{Fault, FaultKind};
use jiff::civil::{Date, date};

use crate::bench::{Exchange, ExchangeBench, over};
use crate::series::{
    KIND, changed, content, deleted, every_kind, fetch, made, only_series, series, update, version,
    weekly,
};

/// One occurrence is moved, another gets hours of its own, a third is deleted.
fn other_hours() -> Vec<Exception> {
    let mut exceptions = every_kind();
    exceptions[0] = changed(date(2027, 3, 26), "2027-03-27T06:30:00Z", "2027-03-27T07:00:00Z");
    let own = changed(date(2027, 4, 13), "2027-04-13T12:00:00Z", "2027-04-13T13:00:00Z");
    exceptions.insert(4, own);
    exceptions.insert(5, deleted(date(2027, 4, 16)));
    exceptions
}

/// Writes [`other_hours`] over [`every_kind`], while a person does something to one occurrence right before a request.
fn in_between(
    exchange: &Exchange,
    (operation, after): (&str, u32),
    index: usize,
) -> (ExchangeBench, ItemId, Wrote) {
    let mut bench = exchange.bench();
    let id = made(&mut bench, &content(every_kind()));
    let item = fetch(&mut bench, &id);
    let content = only_series(other_hours());
    let write = over(item, content);
    let master = id.as_str().to_owned();
    let act = move |outlook: &exchange_sim::Outlook| {
        let place = [("calendar:Location", "Kantine")];
        outlook.edit_occurrence(&master, index, &place).expect("the person may");
    };
    exchange.server.meanwhile(operation, after, act, bench.outlook.address());
    let answer = bench.mailbox.apply(KIND, &[write]).expect("answers").remove(0);
    assert_eq!(exchange.server.acts_left(), 0, "{operation} {after} was not asked for");
    (bench, id, answer)
}

/// Says at which place an occurrence is, where it has one of its own.
fn place_of(series: &Recurrence, original: Date) -> Option<&str> {
    let found = series.exceptions.iter().find(|exception| exception.original == original)?;
    match &found.change {
        ExceptionChange::Changed { place, .. } => place.as_deref(),
        ExceptionChange::Deleted => panic!("it is deleted"),
    }
}

#[test]
fn d13_what_a_person_changes_in_between_is_not_overwritten() {
    // Before the occurrences are looked at, before either is changed, before the mark is taken off; the seventh is one of ours.
    for request in [("GetItem", 0), ("UpdateItem", 1), ("UpdateItem", 2), ("UpdateItem", 3)] {
        let exchange = Exchange::start();
        let (mut bench, id, wrote) = in_between(&exchange, request, 7);
        assert_eq!(wrote, Wrote::Conflict, "{request:?}: both sides are to be read again");
        let item = fetch(&mut bench, &id);
        let now = series(&item);
        assert_eq!(place_of(now, date(2027, 4, 13)), Some("Kantine"), "{request:?}");
        // What the person did not touch is what it was to be, and the series is whole.
        assert_eq!(now.exceptions.first(), other_hours().first(), "{request:?}");
        assert!(now.exceptions.contains(&deleted(date(2027, 4, 16))), "{request:?}");
        let stored = format!("{:?}", bench.outlook.item(id.as_str()));
        assert!(!stored.contains("Unfinished"), "{request:?}");
    }
    // What the person has changed is not deleted either, as far as a look directly before can tell.
    let exchange = Exchange::start();
    for request in [("GetItem", 0), ("GetItem", 1)] {
        let (mut bench, id, wrote) = in_between(&exchange, request, 8);
        assert_eq!(wrote, Wrote::Conflict, "{request:?}");
        let item = fetch(&mut bench, &id);
        assert_eq!(place_of(series(&item), date(2027, 4, 16)), Some("Kantine"), "{request:?}");
    }
}

/// Somebody is invited to the occurrence at a position, counted from one.
fn invite(outlook: &exchange_sim::Outlook, id: &str, index: usize) {
    let xml = "<t:RequiredAttendees><t:Attendee><t:Mailbox><t:Name>Gast</t:Name><t:EmailAddress>\
               gast@kunde.example</t:EmailAddress></t:Mailbox></t:Attendee></t:RequiredAttendees>";
    let guests = exchange_sim::Value::Xml { xml: xml.to_owned() };
    let changes = [("calendar:RequiredAttendees".to_owned(), guests)].into_iter().collect();
    outlook.edit_occurrence_values(id, index, &changes).expect("the person may");
}

#[test]
fn d8_an_occurrence_that_is_not_given_may_have_guests() {
    let exchange = Exchange::start();
    let mut bench = exchange.bench();
    let id = made(&mut bench, &content(every_kind()));
    assert!(!fetch(&mut bench, &id).has_guests);
    invite(&bench.outlook, id.as_str(), 7);
    assert!(fetch(&mut bench, &id).has_guests);
    // The series is given, and then one of its occurrences is not.
    for item in 0..3 {
        let bad = FaultKind::BadItem { item, code: "ErrorItemCorrupt".to_owned() };
        exchange.server.fault(Fault::new(bad).on("GetItem").after(1).once());
        let item = fetch(&mut bench, &id);
        exchange.server.clear_faults();
        assert!(item.has_guests, "what cannot be read counts as a guest");
    }
}

#[test]
fn d8_who_is_invited_between_plan_and_write_keeps_the_occurrence() {
    // The eighth is to be deleted: it is invited to before the occurrences are looked at, and before they are looked at again.
    for request in [("GetItem", 0), ("GetItem", 1)] {
        let exchange = Exchange::start();
        let mut bench = exchange.bench();
        let id = made(&mut bench, &content(every_kind()));
        let item = fetch(&mut bench, &id);
        let content = only_series(other_hours());
        let write = over(item, content);
        let master = id.as_str().to_owned();
        let act = move |outlook: &exchange_sim::Outlook| invite(outlook, &master, 8);
        exchange.server.meanwhile(request.0, request.1, act, bench.outlook.address());
        let answer = bench.mailbox.apply(KIND, &[write]).expect("answers").remove(0);
        assert_eq!(answer, Wrote::Conflict, "{request:?}: both sides are to be read again");
        let item = fetch(&mut bench, &id);
        assert!(item.has_guests, "{request:?}");
        assert!(!series(&item).exceptions.contains(&deleted(date(2027, 4, 16))), "{request:?}");
    }
}

#[test]
fn d12_what_a_person_changes_of_an_unfinished_series_is_seen() {
    let exchange = Exchange::start();
    let mut bench = exchange.bench();
    let id = made(&mut bench, &content(Vec::new()));
    let item = fetch(&mut bench, &id);
    let write = over(item, only_series(every_kind()));
    let broken = Fault::new(FaultKind::DropBeforeCommit).on("UpdateItem").after(2);
    exchange.server.fault(broken);
    assert_eq!(bench.mailbox.apply(KIND, &[write]).expect("answers"), [Wrote::Unanswered]);
    exchange.server.clear_faults();
    assert_eq!(series(&fetch(&mut bench, &id)), &weekly(Vec::new()), "it counts as what it was");
    let place = [("calendar:Location", "Kantine")];
    bench.outlook.edit_occurrence(id.as_str(), 8, &place).expect("the person may");
    let item = fetch(&mut bench, &id);
    let seen = series(&item).clone();
    assert_eq!(place_of(&seen, date(2027, 4, 16)), Some("Kantine"), "now it is what it shows");
    assert!(seen.exceptions.contains(&every_kind()[0]), "with what was written of it");
    // Whatever is written next begins with that, and makes an end of it.
    let mut written = seen.exceptions.clone();
    written.push(deleted(date(2027, 4, 23)));
    version(update(&mut bench, &id, only_series(written.clone())));
    assert_eq!(series(&fetch(&mut bench, &id)), &weekly(written));
    let stored = format!("{:?}", bench.outlook.item(id.as_str()));
    assert!(!stored.contains("Unfinished"));
}

#[test]
fn i2_an_update_of_something_else_makes_an_unfinished_series_what_it_was() {
    // The last request that arrives is the second one: the first occurrence.
    for (was, to) in [(Vec::new(), every_kind()), (every_kind(), other_hours())] {
        let exchange = Exchange::start();
        let mut bench = exchange.bench();
        let id = made(&mut bench, &content(was.clone()));
        let write = over(fetch(&mut bench, &id), only_series(to));
        let broken = Fault::new(FaultKind::DropBeforeCommit).on("UpdateItem").after(2);
        exchange.server.fault(broken);
        assert_eq!(bench.mailbox.apply(KIND, &[write]).expect("answers"), [Wrote::Unanswered]);
        exchange.server.clear_faults();
        let item = fetch(&mut bench, &id);
        assert_eq!(series(&item), &weekly(was.clone()));
        assert!(item.aside.wants_a_write());
        let mut place = Content::new();
        // The second time there is nothing else to write.
        if was.is_empty() {
            place.set_text(Field::Place, "Raum 9");
        }
        version(bench.mailbox.apply(KIND, &[over(item, place)]).expect("answers").remove(0));
        let item = fetch(&mut bench, &id);
        let room = if was.is_empty() { "Raum 9" } else { "Raum 1" };
        assert_eq!(item.content.text(Field::Place), Some(room));
        assert_eq!(series(&item), &weekly(was));
        assert!(!item.aside.wants_a_write());
        let stored = format!("{:?}", bench.outlook.item(id.as_str()));
        assert!(!stored.contains("Unfinished"), "so that it is what it shows");
    }
}

#[test]
fn d13_each_occurrence_is_written_under_the_version_that_the_last_one_left() {
    let exchange = Exchange::start();
    let mut bench = exchange.bench();
    let id = made(&mut bench, &content(every_kind()));
    exchange.server.clear_log();
    version(update(&mut bench, &id, only_series(other_hours())));
    assert_eq!(series(&fetch(&mut bench, &id)), &weekly(other_hours()));
    // The series with its mark, two occurrences, the mark again; nothing was refused on the way.
    assert_eq!(exchange.server.calls("UpdateItem"), 4);
    let refused = exchange.server.log().iter().any(|entry| entry.outcome.contains("Conflict"));
    assert!(!refused);
}

#[test]
fn d13_where_no_version_is_checked_an_occurrence_is_looked_at_directly_before() {
    let exchange = Exchange::start();
    exchange.server.fault(Fault::new(FaultKind::Grommunio));
    let (mut bench, id, wrote) = in_between(&exchange, ("GetItem", 1), 7);
    assert_eq!(wrote, Wrote::Conflict);
    let item = fetch(&mut bench, &id);
    assert_eq!(place_of(series(&item), date(2027, 4, 13)), Some("Kantine"));
    assert_eq!(series(&item).exceptions.first(), other_hours().first());
}

#[test]
fn d13_a_server_that_does_not_show_that_it_is_exchange_is_not_trusted_with_versions() {
    // What it calls itself is a setting of gromox.cfg, and may be the name of an Exchange.
    for manner in [vec![], vec![FaultKind::OtherVersion]] {
        let exchange = Exchange::start();
        for kind in [FaultKind::Grommunio].into_iter().chain(manner) {
            exchange.server.fault(Fault::new(kind));
        }
        let mut bench = exchange.bench();
        let id = made(&mut bench, &content(Vec::new()));
        let item = fetch(&mut bench, &id);
        bench.outlook.edit(id.as_str(), &[("calendar:Location", Some("Kantine"))]).expect("edited");
        let mut change = Content::new();
        change.set_text(Field::Place, "Raum 3");
        let write = over(item, change);
        assert_eq!(bench.mailbox.apply(KIND, &[write]).expect("answers"), [Wrote::Conflict]);
        assert_eq!(fetch(&mut bench, &id).content.text(Field::Place), Some("Kantine"));
        assert!(bench.mailbox.hides_occurrences(), "and is looked through from time to time");
    }
}
