//! Shell: rules about values that have rules of their own: series, times, progress.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // It is a test.

use jiff::civil::date;
use serde_json::{Value as Json, json};

use super::{Bench, assert_holds, create, done, fetch, one, sample, update};
use crate::model::recurrence::{Day, Ordinal, Pattern, Range, Unit};
use crate::model::{Content, Field, ItemId, ItemKind, Recurrence, Value, json as model_json};

fn content(pairs: &[(Field, Json)]) -> Content {
    let mut content = Content::new();
    for (field, json) in pairs {
        content.put(*field, model_json::from_json(*field, json).unwrap());
    }
    content
}

pub(super) fn series(bench: &mut dyn Bench) {
    // A Tuesday, the twelfth, and the second one of its month.
    let start = date(2027, 1, 12);
    let patterns = [
        Pattern::Daily { every: 3 },
        Pattern::Weekly { every: 2, days: vec![Day::Tuesday, Day::Friday], first_day: Day::Monday },
        Pattern::MonthlyOnDay { every: 2, day: 12 },
        Pattern::MonthlyOnWeekday { every: 1, ordinal: Ordinal::Second, day: Day::Tuesday },
        Pattern::YearlyOnDay { month: 1, day: 12 },
        Pattern::YearlyOnWeekday { month: 1, ordinal: Ordinal::Second, day: Day::Tuesday },
    ];
    let ranges = [
        Range::Forever { start },
        Range::Until { start, end: date(2032, 12, 31) },
        Range::Count { start, count: 5 },
    ];
    let regenerating = [Unit::Day, Unit::Week, Unit::Month, Unit::Year]
        .map(|unit| Pattern::Regenerating { unit, every: 2 });
    for kind in [ItemKind::Appointment, ItemKind::Task] {
        let plain =
            patterns.iter().flat_map(|pattern| ranges.iter().map(move |range| (pattern, range)));
        let more = if kind == ItemKind::Task { &regenerating[..] } else { &[] };
        let regenerating = more.iter().map(|pattern| (pattern, &ranges[0]));
        for (pattern, range) in plain.chain(regenerating) {
            let (pattern, range) = (pattern.clone(), range.clone());
            let series = Recurrence { pattern, range, exceptions: Vec::new() };
            let mut written = sample::full(kind);
            written.set(Field::TaskStart, Value::Date(start));
            written.set(Field::Due, Value::Date(start));
            written.set(Field::Recurrence, Value::Recurrence(Box::new(series)));
            let known = Field::of(kind).collect();
            let written = written.only(known);
            let (id, _) = create(bench, kind, written.clone(), sample::stamp("T-1", "1"));
            assert_holds(&fetch(bench, kind, &id).content, &written);
        }
    }
}

pub(super) fn times(bench: &mut dyn Bench) {
    let kind = ItemKind::Appointment;
    let timed = content(&[
        (Field::Subject, json!("Gespräch")),
        (Field::Start, json!("2026-03-28T09:00:00Z")),
        (Field::End, json!("2026-03-28T10:00:00Z")),
        (Field::Zone, json!("Europe/Berlin")),
        (Field::AllDay, json!(false)),
    ]);
    let steps = [
        // The days around the change of 29 March 2026, then an instant in another zone, then back.
        content(&[
            (Field::Start, json!("2026-03-28")),
            (Field::End, json!("2026-03-30")),
            (Field::Zone, json!("Europe/Berlin")),
            (Field::AllDay, json!(true)),
        ]),
        content(&[
            (Field::Start, json!("2026-10-26T13:00:00Z")),
            (Field::End, json!("2026-10-26T13:30:00Z")),
            (Field::Zone, json!("America/New_York")),
            (Field::AllDay, json!(false)),
        ]),
        timed.only(timed.known()),
    ];
    let (id, mut version) = create(bench, kind, timed, sample::stamp("T-1", "1"));
    let mut before = fetch(bench, kind, &id).content;
    for step in steps {
        let write = update(&id, &version, step.clone(), &before, None);
        (_, version) = done(one(bench, kind, write));
        before = fetch(bench, kind, &id).content;
        assert_holds(&before, &step);
    }
}

pub(super) fn progress(bench: &mut dyn Bench) {
    let kind = ItemKind::Task;
    let (id, version) = create(bench, kind, sample::full(kind), sample::stamp("T-1", "1"));
    let before = fetch(bench, kind, &id).content;
    let finished = content(&[
        (Field::Status, json!("completed")),
        (Field::Percent, json!(100)),
        (Field::Completed, json!("2026-03-29")),
        // Nothing is due before it starts, nor completed.
        (Field::TaskStart, json!("2026-03-02")),
        (Field::Due, json!("2026-03-29")),
    ]);
    let write = update(&id, &version, finished.clone(), &before, None);
    let (_, version) = done(one(bench, kind, write));
    let before = fetch(bench, kind, &id).content;
    assert_holds(&before, &finished);
    // It stays completed, on another day.
    let earlier = content(&[(Field::Completed, json!("2026-03-20"))]);
    let write = update(&id, &version, earlier.clone(), &before, None);
    let (_, version) = done(one(bench, kind, write));
    let before = fetch(bench, kind, &id).content;
    assert_holds(&before, &earlier);
    assert_eq!(before.text(Field::Status), Some("completed"));
    let open = content(&[
        (Field::Status, json!("deferred")),
        (Field::Percent, json!(60)),
        (Field::Completed, json!(null)),
    ]);
    done(one(bench, kind, update(&id, &version, open.clone(), &before, None)));
    assert_holds(&fetch(bench, kind, &id).content, &open);
}

/// MS-OXOTASK 3.1.4.6: the task goes on, and one that is completed stays beside it. A task that comes again some time after it was
/// completed counts from that day.
pub(super) fn next_task(bench: &mut dyn Bench) {
    let kind = ItemKind::Task;
    let start = date(2026, 1, 31);
    for (index, (pattern, first, due)) in [
        (Pattern::MonthlyOnDay { every: 1, day: 31 }, "2026-02-28", "2026-03-02"),
        (Pattern::Regenerating { unit: Unit::Week, every: 2 }, "2026-03-04", "2026-03-06"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut task = sample::full(kind);
        task.set(Field::TaskStart, Value::Date(start));
        task.set(Field::Due, Value::Date(date(2026, 2, 2)));
        let range = Range::Forever { start };
        let series = Recurrence { pattern, range, exceptions: Vec::new() };
        task.set(Field::Recurrence, Value::Recurrence(Box::new(series)));
        let record = format!("T-{index}");
        let (id, version) = create(bench, kind, task, sample::stamp(&record, &record));
        let before = fetch(bench, kind, &id);
        let old = items(bench, kind);
        let finished = content(&[
            (Field::Status, json!("completed")),
            (Field::Percent, json!(100)),
            (Field::Completed, json!("2026-02-18")),
        ]);
        done(one(bench, kind, update(&id, &version, finished.clone(), &before.content, None)));
        let now = fetch(bench, kind, &id);
        let next = content(&[
            (Field::TaskStart, json!(first)),
            (Field::Due, json!(due)),
            (Field::Status, json!("not_started")),
            (Field::Percent, json!(0)),
            (Field::Completed, json!(null)),
        ]);
        assert_holds(&now.content, &next);
        assert_eq!(now.identity.stamp, before.identity.stamp);
        let is_same = |field| now.content.value(field) == before.content.value(field);
        assert!(is_same(Field::Recurrence) && is_same(Field::Subject));
        let all = items(bench, kind);
        let new: Vec<_> = all.iter().filter(|id| !old.contains(id)).collect();
        assert_eq!(new.len(), 1, "one task that is completed stays: {new:?}");
        let copy = fetch(bench, kind, new[0]).content;
        assert_holds(&copy, &finished);
        let dates = [(Field::TaskStart, json!("2026-01-31")), (Field::Due, json!("2026-02-02"))];
        assert_holds(&copy, &content(&dates));
        assert_eq!(copy.text(Field::Subject), before.content.text(Field::Subject));
        assert_eq!(copy.value(Field::Recurrence), None);
    }
}

/// Lists the default folder.
fn items(bench: &mut dyn Bench, kind: ItemKind) -> Vec<ItemId> {
    let folder = super::home(bench, kind);
    let (mut all, mut since) = (Vec::new(), None);
    loop {
        let page = bench.mailbox().changes(&folder, kind, since.as_ref()).unwrap();
        all.extend(page.changed.into_iter().map(|(id, _)| id));
        if !page.more {
            return all;
        }
        since = Some(page.cursor);
    }
}
