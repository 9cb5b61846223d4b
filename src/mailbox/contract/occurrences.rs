//! Shell: rules about the occurrences of a series that differ from it (rule D10), in a series of every other Tuesday.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // It is a test.

use jiff::civil::date;

use super::{
    Bench, Occasion, assert_holds, assert_same_but, create, done, fetch, one, sample, update,
};
use crate::model::recurrence::{Exception, ExceptionChange, Moment};
use crate::model::{Content, Field, ItemId, ItemKind, Recurrence, Value};

const KIND: ItemKind = ItemKind::Appointment;

/// The second occurrence, moved to the day after.
fn moved(start: &str, end: &str, texts: Option<(&str, &str)>) -> Exception {
    let moment = |time: &str| Moment::Instant(format!("2027-01-27T{time}:00Z").parse().unwrap());
    let (subject, place) = texts.map(|(s, p)| (s.to_owned(), p.to_owned())).unzip();
    let change =
        ExceptionChange::Changed { start: moment(start), end: moment(end), subject, place };
    Exception { original: date(2027, 1, 26), change }
}

/// The third occurrence, which is not there.
fn deleted() -> Exception {
    Exception { original: date(2027, 2, 9), change: ExceptionChange::Deleted }
}

fn with(exceptions: &[Exception]) -> Content {
    let Some(Value::Recurrence(series)) = sample::full(KIND).value(Field::Recurrence).cloned()
    else {
        panic!("the sample is a series")
    };
    let series = Recurrence { exceptions: exceptions.to_vec(), ..*series };
    let mut content = Content::new();
    content.set(Field::Recurrence, Value::Recurrence(Box::new(series)));
    content
}

/// Makes the series, with these exceptions from the beginning.
fn made(bench: &mut dyn Bench, exceptions: &[Exception]) -> ItemId {
    let mut content = sample::full(KIND);
    content.set(Field::Recurrence, with(exceptions).value(Field::Recurrence).unwrap().clone());
    let (id, _) = create(bench, KIND, content.clone(), sample::stamp("T-1", "1"));
    assert_holds(&fetch(bench, KIND, &id).content, &content);
    id
}

/// Writes fields over the series as it is now, and sees that they are there and that nothing else has changed.
fn write(bench: &mut dyn Bench, id: &ItemId, content: &Content) {
    let before = fetch(bench, KIND, id);
    let update = update(id, &before.identity.version, content.clone(), &before.content, None);
    let (_, version) = done(one(bench, KIND, update));
    let after = fetch(bench, KIND, id);
    assert_eq!(after.identity.version, version);
    assert_holds(&after.content, content);
    assert_same_but(&after.content, &before.content, content.known());
}

pub(super) fn changed(bench: &mut dyn Bench) {
    let id = made(bench, &[]);
    write(bench, &id, &with(&[moved("12:00", "13:00", None)]));
    write(bench, &id, &with(&[moved("14:00", "15:30", Some(("Anderswo & später", "Raum 9")))]));
    // Without texts of its own it follows the series again.
    write(bench, &id, &with(&[moved("14:00", "15:30", None)]));
    write(bench, &id, &with(&[]));
    made(bench, &[moved("12:00", "13:00", Some(("Gleich so", "")))]);
}

pub(super) fn removed(bench: &mut dyn Bench) {
    let id = made(bench, &[]);
    write(bench, &id, &with(&[deleted()]));
    write(bench, &id, &with(&[moved("12:00", "13:00", None), deleted()]));
    // One that was deleted is back, and the other one stays as it is.
    write(bench, &id, &with(&[moved("12:00", "13:00", None)]));
    made(bench, &[deleted()]);
}

pub(super) fn kept(bench: &mut dyn Bench) {
    let id = made(bench, &[moved("12:00", "13:00", Some(("Anderswo", "Raum 9"))), deleted()]);
    let mut others = Content::new();
    others.set_text(Field::Body, "Ein anderer Text");
    others.set_text(Field::ShowAs, "free");
    write(bench, &id, &others);
    let mut name = Content::new();
    name.set_text(Field::Subject, "Neuer Name");
    write(bench, &id, &name);
}

pub(super) fn own(bench: &mut dyn Bench) {
    let id = made(bench, &[moved("12:00", "13:00", None)]);
    let text = "Beamer mitbringen";
    let moment = |time: &str| format!("2027-01-27T{time}:00Z").parse().unwrap();
    let occasion = Occasion {
        original: date(2027, 1, 26),
        position: 2,
        start: moment("12:00"),
        end: moment("13:00"),
    };
    bench.keeps_unmapped_on(&id, &occasion, text);
    let mut name = Content::new();
    name.set_text(Field::Subject, "Neuer Name");
    let changes = [
        name,
        with(&[moved("12:00", "13:00", None), deleted()]),
        with(&[moved("14:00", "15:30", None), deleted()]),
    ];
    for change in changes {
        write(bench, &id, &change);
        assert_eq!(
            bench.unmapped_on(&id, &occasion).as_deref(),
            Some(text),
            "rule D11: {change:?}"
        );
    }
}
