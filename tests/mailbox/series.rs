//! Series with changed and deleted occurrences, through the seam: what is written, what is left alone, and what a broken line or
//! a refusal leaves behind (rule D10, invariant 2).

use abgleich::mailbox::contract::{Bench, sample};
use abgleich::mailbox::{Aside, Item, Mailbox, Write, Wrote};
use abgleich::model::recurrence::{Day, Exception, ExceptionChange, Moment, Pattern, Range};
use abgleich::model::{Content, Field, ItemId, ItemKind, ItemVersion, Recurrence, Value, json};
use exchange_sim::{Fault, FaultKind};
use jiff::civil::{Date, date};

use crate::bench::{Exchange, ExchangeBench, over};

pub(crate) const KIND: ItemKind = ItemKind::Appointment;

/// Every Tuesday and Friday at ten in Berlin, from Tuesday, 23 March 2027, ten times: the clocks change on the 28th.
pub(crate) fn weekly(exceptions: Vec<Exception>) -> Recurrence {
    Recurrence {
        pattern: Pattern::Weekly {
            every: 1,
            days: vec![Day::Tuesday, Day::Friday],
            first_day: Day::Monday,
        },
        range: Range::Count { start: date(2027, 3, 23), count: 10 },
        exceptions,
    }
}

pub(crate) fn content(exceptions: Vec<Exception>) -> Content {
    let mut content = sample::full(KIND);
    let pairs = [(Field::Start, "2027-03-23T09:00:00Z"), (Field::End, "2027-03-23T10:00:00Z")];
    for (field, text) in pairs {
        content.put(field, json::from_json(field, &serde_json::json!(text)).expect("it reads"));
    }
    content.set_text(Field::Place, "Raum 1");
    content.set(Field::Recurrence, Value::Recurrence(Box::new(weekly(exceptions))));
    content
}

pub(crate) fn deleted(original: Date) -> Exception {
    Exception { original, change: ExceptionChange::Deleted }
}

pub(crate) fn changed(original: Date, start: &str, end: &str) -> Exception {
    let moment = |text: &str| Moment::try_from(text.to_owned()).expect("a moment");
    let (start, end) = (moment(start), moment(end));
    Exception {
        original,
        change: ExceptionChange::Changed { start, end, subject: None, place: None },
    }
}

pub(crate) fn named(mut exception: Exception, text: &str, at: &str) -> Exception {
    if let ExceptionChange::Changed { subject, place, .. } = &mut exception.change {
        *subject = Some(text.to_owned());
        *place = Some(at.to_owned());
    }
    exception
}

/// One of each kind: moved over the change of the clocks, renamed, deleted, and made an all-day one without a place.
pub(crate) fn every_kind() -> Vec<Exception> {
    let all_day = changed(date(2027, 4, 9), "2027-04-10", "2027-04-11");
    vec![
        changed(date(2027, 3, 26), "2027-03-29T06:30:00Z", "2027-03-29T07:00:00Z"),
        named(
            changed(date(2027, 4, 2), "2027-04-02T08:00:00Z", "2027-04-02T09:00:00Z"),
            "Karfreitag 🐣",
            "Raum 2",
        ),
        deleted(date(2027, 4, 6)),
        named(all_day, "Ausflug", ""),
        deleted(date(2027, 4, 20)),
    ]
}

fn create(bench: &mut ExchangeBench, content: &Content) -> Wrote {
    let folder = bench.mailbox.folder(KIND, &[], false).expect("known").expect("there");
    let stamp = sample::stamp("S-1", "t1");
    let write = Write::Create { folder, content: content.clone(), stamp };
    bench.mailbox.apply(KIND, &[write]).expect("answers").remove(0)
}

pub(crate) fn made(bench: &mut ExchangeBench, content: &Content) -> ItemId {
    match create(bench, content) {
        Wrote::Done { id, .. } => id,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn fetch(bench: &mut ExchangeBench, id: &ItemId) -> Item {
    let mut found = None;
    let each = &mut |_, item: Result<Item, _>| found = item.ok();
    bench.mailbox.fetch(KIND, std::slice::from_ref(id), each).expect("it is read");
    found.expect("the item is there")
}

pub(crate) fn series(item: &Item) -> &Recurrence {
    match item.content.value(Field::Recurrence) {
        Some(Value::Recurrence(series)) => series,
        other => panic!("{other:?}, unsupported: {:?}", item.unsupported),
    }
}

/// Writes some fields over an item as it is now.
pub(crate) fn update(bench: &mut ExchangeBench, id: &ItemId, content: Content) -> Wrote {
    let item = fetch(bench, id);
    let (version, before) = (item.identity.version, item.content);
    let stamp = Some(sample::stamp("S-1", "t1"));
    let write =
        Write::Update { id: id.clone(), version, content, before, aside: Aside::default(), stamp };
    bench.mailbox.apply(KIND, &[write]).expect("answers").remove(0)
}

pub(crate) fn only_series(exceptions: Vec<Exception>) -> Content {
    let mut content = Content::new();
    content.set(Field::Recurrence, Value::Recurrence(Box::new(weekly(exceptions))));
    content
}

pub(crate) fn version(wrote: Wrote) -> ItemVersion {
    match wrote {
        Wrote::Done { version, .. } => version,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_series_is_written_and_read_with_all_its_exceptions() {
    let exchange = Exchange::start();
    let mut bench = exchange.bench();
    let written = content(every_kind());
    let id = made(&mut bench, &written);
    let item = fetch(&mut bench, &id);
    assert_eq!(series(&item), &weekly(every_kind()));
    assert!(item.unsupported.is_empty());
    assert_eq!(item.content.slot(Field::Start), written.slot(Field::Start));
    // What the server has, in its own words: the Tuesday after the change is an hour earlier in UTC.
    let stored = bench.outlook.item(id.as_str()).expect("there");
    let list = |uri: &str| match stored.props.get(uri) {
        Some(exchange_sim::Value::Xml { xml }) => xml.clone(),
        other => panic!("{uri}: {other:?}"),
    };
    let gone = list("calendar:DeletedOccurrences");
    assert!(
        gone.contains("2027-04-06T08:00:00Z") && gone.contains("2027-04-20T08:00:00Z"),
        "{gone}"
    );
    let moved = list("calendar:ModifiedOccurrences");
    assert_eq!(moved.matches("<t:Occurrence>").count(), 3, "{moved}");
    assert!(moved.contains("2027-03-29T06:30:00Z"), "{moved}");
    assert!(exchange.server.mail_sent().is_empty(), "rule D8");
}

#[test]
fn only_the_occurrences_that_differ_are_touched() {
    let mut bench = Exchange::shared().bench();
    let id = made(&mut bench, &content(every_kind()));
    // What an occurrence holds beside our fields survives (rule D11): here the person set its reminder in Outlook.
    let uri = "item:ReminderMinutesBeforeStart";
    bench.outlook.edit_occurrence(id.as_str(), 2, &[(uri, "5")]).expect("it is edited");
    let mut exceptions = every_kind();
    exceptions.remove(1);
    exceptions.push(changed(date(2027, 4, 13), "2027-04-13T12:00:00Z", "2027-04-13T13:00:00Z"));
    exceptions.sort_by_key(|exception| exception.original);
    let version = version(update(&mut bench, &id, only_series(exceptions.clone())));
    let item = fetch(&mut bench, &id);
    assert_eq!(series(&item), &weekly(exceptions));
    assert_eq!(item.identity.version, version, "the answer has the version of the whole series");
    let kept = format!("{:?}", bench.outlook.item(id.as_str()).expect("there").props);
    assert!(kept.contains(r#"\"item:ReminderMinutesBeforeStart\":\"5\""#), "{kept}");
    // The mark of the writing is gone, and a second write of the same changes nothing of it.
    assert!(!kept.contains("Unfinished"), "{kept}");
}

#[test]
fn a_new_hour_or_pattern_keeps_the_exceptions() {
    let mut bench = Exchange::shared().bench();
    let id = made(&mut bench, &content(every_kind()));
    // An hour later: Exchange drops all exceptions when the start moves.
    let mut later = Content::new();
    for (field, text) in
        [(Field::Start, "2027-03-23T10:00:00Z"), (Field::End, "2027-03-23T11:00:00Z")]
    {
        later.put(field, json::from_json(field, &serde_json::json!(text)).expect("it reads"));
    }
    version(update(&mut bench, &id, later));
    assert_eq!(series(&fetch(&mut bench, &id)), &weekly(every_kind()));
    // A deleted occurrence comes back, which Exchange cannot do by itself.
    let mut exceptions = every_kind();
    exceptions.retain(|exception| exception.original != date(2027, 4, 6));
    version(update(&mut bench, &id, only_series(exceptions.clone())));
    assert_eq!(series(&fetch(&mut bench, &id)), &weekly(exceptions));
    // No exceptions at all, then none of a longer series.
    version(update(&mut bench, &id, only_series(Vec::new())));
    assert_eq!(series(&fetch(&mut bench, &id)), &weekly(Vec::new()));
}

#[test]
fn what_people_do_to_occurrences_in_outlook_is_read() {
    let mut bench = Exchange::shared().bench();
    let id = made(&mut bench, &content(Vec::new()));
    let outlook = &bench.outlook;
    outlook.delete_occurrence(id.as_str(), 3).expect("it is deleted");
    let times =
        [("calendar:Start", "2027-04-02T12:00:00Z"), ("calendar:End", "2027-04-02T13:00:00Z")];
    outlook.edit_occurrence(id.as_str(), 4, &times).expect("it is moved");
    outlook.edit_occurrence(id.as_str(), 5, &[("calendar:Location", "Kantine")]).expect("moved");
    let mut elsewhere = changed(date(2027, 4, 6), "2027-04-06T08:00:00Z", "2027-04-06T09:00:00Z");
    if let ExceptionChange::Changed { place, .. } = &mut elsewhere.change {
        *place = Some("Kantine".to_owned());
    }
    let wanted = vec![
        deleted(date(2027, 3, 30)),
        changed(date(2027, 4, 2), "2027-04-02T12:00:00Z", "2027-04-02T13:00:00Z"),
        elsewhere,
    ];
    assert_eq!(series(&fetch(&mut bench, &id)), &weekly(wanted));
}

/// Invariant 13 and notes.md §5: changed occurrences of many series are read together.
#[test]
fn i13_changed_occurrences_of_many_series_take_one_request() {
    let exchange = Exchange::start();
    let mut bench = exchange.bench();
    let ids: Vec<ItemId> = (0..12).map(|_| made(&mut bench, &content(Vec::new()))).collect();
    for id in &ids {
        for number in [4, 5] {
            let elsewhere = [("calendar:Location", "Kantine")];
            bench.outlook.edit_occurrence(id.as_str(), number, &elsewhere).expect("moved");
        }
    }
    exchange.server.clear_log();
    let mut exceptions = 0;
    let each = &mut |_, item: Result<Item, _>| {
        exceptions += series(&item.expect("it is read")).exceptions.len();
    };
    bench.mailbox.fetch(KIND, &ids, each).expect("they are read");
    assert_eq!(exceptions, 24);
    let asked: Vec<String> =
        exchange.server.log().into_iter().map(|entry| entry.operation).collect();
    assert_eq!(asked, ["GetItem", "GetItem"], "12 series, 24 occurrences");
}

/// Two occurrences of a series never change places: the server refuses it.
fn crossing() -> Vec<Exception> {
    let mut exceptions = every_kind();
    exceptions[0] = changed(date(2027, 3, 26), "2027-04-20T06:30:00Z", "2027-04-20T07:00:00Z");
    exceptions
}

#[test]
fn i2_a_refused_occurrence_leaves_the_series_as_it_was() {
    let mut bench = Exchange::shared().bench();
    let id = made(&mut bench, &content(every_kind()));
    let mut change = only_series(crossing());
    change.set_text(Field::Subject, "Neuer Betreff");
    let Wrote::Refused { code, .. } = update(&mut bench, &id, change) else {
        panic!("the server takes it")
    };
    assert_eq!(code, "ErrorOccurrenceCrossingBoundary");
    let item = fetch(&mut bench, &id);
    assert_eq!(series(&item), &weekly(every_kind()));
    assert_eq!(item.content.text(Field::Subject), content(Vec::new()).text(Field::Subject));
    assert!(!format!("{:?}", bench.outlook.item(id.as_str())).contains("Unfinished"));
}

#[test]
fn i2_a_new_series_with_a_refused_occurrence_is_not_there() {
    let mut bench = Exchange::shared().bench();
    let refused = create(&mut bench, &content(crossing()));
    assert!(matches!(refused, Wrote::Refused { .. }), "{refused:?}");
    let folder = bench.mailbox.folder(KIND, &[], false).expect("known").expect("there");
    let page = bench.mailbox.changes(&folder, KIND, None).expect("a page");
    assert!(page.changed.is_empty(), "{page:?}");
}

#[test]
fn i2_a_broken_line_leaves_a_series_that_counts_as_what_it_was_and_is_made_whole() {
    // Whichever request of the writing is lost: the occurrences that are looked for, changed, deleted, the version, the mark.
    let stages = [
        ("GetItem", 1, FaultKind::DropBeforeCommit),
        ("UpdateItem", 1, FaultKind::DropBeforeCommit),
        ("UpdateItem", 2, FaultKind::DropAfterCommit),
        ("GetItem", 2, FaultKind::DropBeforeCommit),
        ("DeleteItem", 0, FaultKind::DropBeforeCommit),
        ("UpdateItem", 4, FaultKind::DropBeforeCommit),
        ("UpdateItem", 4, FaultKind::DropAfterCommit),
    ];
    for (operation, after, kind) in stages {
        let exchange = Exchange::start();
        let mut bench = exchange.bench();
        let old = vec![deleted(date(2027, 3, 30))];
        let id = made(&mut bench, &content(old.clone()));
        let item = fetch(&mut bench, &id);
        let content = only_series(every_kind());
        let write = over(item, content);
        let name = format!("{operation} {after} {kind:?}");
        exchange.server.fault(Fault::new(kind).on(operation).after(after).once());
        let answers = bench.mailbox.apply(KIND, &[write]);
        exchange.server.clear_faults();
        let answers = answers.unwrap_or_default();
        assert!(!matches!(answers.first(), Some(Wrote::Conflict)), "{name}: {answers:?}");
        let now = fetch(&mut bench, &id);
        let whole = match answers.first() {
            Some(Wrote::Done { .. }) => every_kind(),
            // The mark had been taken off before the answer was lost.
            _ if series(&now) == &weekly(every_kind()) => every_kind(),
            _ => old,
        };
        assert_eq!(series(&now), &weekly(whole), "{name}: {answers:?}");
        let again = update(&mut bench, &id, only_series(every_kind()));
        assert!(matches!(again, Wrote::Done { .. }), "{name}: {again:?}");
        assert_eq!(series(&fetch(&mut bench, &id)), &weekly(every_kind()), "{name}");
        let stored = format!("{:?}", bench.outlook.item(id.as_str()));
        assert!(!stored.contains("Unfinished"), "{name}");
    }
}

#[test]
fn i1_a_new_series_whose_occurrences_were_lost_counts_as_a_single_appointment() {
    let exchange = Exchange::start();
    let mut bench = exchange.bench();
    exchange.server.fault(Fault::new(FaultKind::DropBeforeCommit).on("GetItem").after(0));
    let lost = create(&mut bench, &content(every_kind()));
    assert_eq!(lost, Wrote::Unanswered, "the next run finds it by its token");
    exchange.server.clear_faults();
    let folder = bench.mailbox.folder(KIND, &[], false).expect("known").expect("there");
    let page = bench.mailbox.changes(&folder, KIND, None).expect("a page");
    let (id, _) = page.changed.first().expect("it was made").clone();
    let item = fetch(&mut bench, &id);
    assert!(item.content.slot(Field::Recurrence).is_some_and(abgleich::model::Slot::is_blank));
    version(update(&mut bench, &id, only_series(every_kind())));
    assert_eq!(series(&fetch(&mut bench, &id)), &weekly(every_kind()));
    let mailbox = bench.mailbox();
    assert_eq!(mailbox.changes(&folder, KIND, None).expect("a page").changed.len(), 1);
}

#[test]
fn an_all_day_series_keeps_its_days() {
    let mut bench = Exchange::shared().bench();
    let mut written = sample::all_day();
    let exceptions = vec![
        changed(date(2027, 4, 10), "2027-04-12", "2027-04-13"),
        deleted(date(2027, 4, 24)),
        changed(date(2027, 10, 23), "2027-10-30", "2027-11-02"),
    ];
    let series_of = Recurrence {
        pattern: Pattern::Weekly { every: 2, days: vec![Day::Saturday], first_day: Day::Monday },
        range: Range::Until { start: date(2027, 3, 27), end: date(2027, 12, 31) },
        exceptions,
    };
    written.set(Field::Recurrence, Value::Recurrence(Box::new(series_of.clone())));
    let id = made(&mut bench, &written);
    let item = fetch(&mut bench, &id);
    assert_eq!(series(&item), &series_of);
    assert_eq!(item.content.slot(Field::Start), written.slot(Field::Start));
    assert_eq!(item.content.slot(Field::End), written.slot(Field::End));
}

#[test]
fn grommunio_counts_otherwise_and_stretches_what_it_is_told_anew() {
    let exchange = Exchange::start();
    exchange.server.fault(Fault::new(FaultKind::Grommunio));
    let mut bench = exchange.bench();
    let id = made(&mut bench, &content(every_kind()));
    assert_eq!(series(&fetch(&mut bench, &id)), &weekly(every_kind()));
    // After a deleted occurrence all others have moved up by one.
    let mut exceptions = every_kind();
    let later = changed(date(2027, 4, 13), "2027-04-13T12:00:00Z", "2027-04-13T13:00:00Z");
    exceptions.insert(4, later);
    exceptions.insert(1, deleted(date(2027, 3, 30)));
    version(update(&mut bench, &id, only_series(exceptions.clone())));
    assert_eq!(series(&fetch(&mut bench, &id)), &weekly(exceptions.clone()));
    // Another pattern would make every occurrence last a day, and is not sent.
    let mut other = weekly(Vec::new());
    other.range = Range::Forever { start: date(2027, 3, 23) };
    let mut content = Content::new();
    content.set(Field::Recurrence, Value::Recurrence(Box::new(other)));
    let Wrote::Unfit(text) = update(&mut bench, &id, content) else { panic!("sent") };
    assert!(text.contains("grommunio"), "{text}");
    assert_eq!(series(&fetch(&mut bench, &id)), &weekly(exceptions));
}

#[test]
fn grommunio_tells_nobody_of_a_changed_occurrence() {
    for grommunio in [true, false] {
        let exchange = Exchange::start();
        if grommunio {
            exchange.server.fault(Fault::new(FaultKind::Grommunio));
        }
        let mut bench = exchange.bench();
        let id = made(&mut bench, &content(Vec::new()));
        let folder = bench.mailbox.folder(KIND, &[], false).expect("known").expect("there");
        let cursor = bench.mailbox.changes(&folder, KIND, None).expect("a page").cursor;
        let before = fetch(&mut bench, &id).identity.version;
        bench.outlook.delete_occurrence(id.as_str(), 3).expect("it is deleted");
        let page = bench.mailbox.changes(&folder, KIND, Some(&cursor)).expect("a page");
        let now = fetch(&mut bench, &id);
        assert_eq!(page.changed.is_empty(), grommunio, "{page:?}");
        assert_eq!(now.identity.version == before, grommunio);
        // It is there for whoever looks, and the mailbox says that one has to.
        assert_eq!(series(&now), &weekly(vec![deleted(date(2027, 3, 30))]));
        assert_eq!(bench.mailbox.hides_occurrences(), grommunio);
    }
}
