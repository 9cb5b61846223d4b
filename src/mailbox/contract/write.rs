//! Shell: rules about writing.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // It is a test.

use super::{
    Bench, assert_holds, assert_same_but, create, done, fetch, home, one, sample, update, writable,
};
use crate::mailbox::{By, Stamp, Wanted, Write, Wrote};
use crate::model::{
    Attendee, Block, Content, Field, FieldSet, ItemId, ItemKind, ItemVersion, Slot, Value,
};

/// A field that each kind has and that stands alone.
const fn plain(kind: ItemKind) -> Field {
    match kind {
        ItemKind::Contact => Field::Company,
        ItemKind::Appointment | ItemKind::Task => Field::Subject,
    }
}

fn text(field: Field, text: &str) -> Content {
    let mut content = Content::new();
    content.set_text(field, text);
    content
}

pub(super) fn only_given(bench: &mut dyn Bench) {
    for kind in ItemKind::ALL {
        let (id, version) = create(bench, kind, sample::full(kind), sample::stamp("A-1", "1"));
        let before = fetch(bench, kind, &id);
        let change = text(plain(kind), "Neu & anders");
        let write = update(&id, &version, change.clone(), &before.content, None);
        let (same, newer) = done(one(bench, kind, write));
        assert_eq!(same, id, "an update leaves the id");
        assert_ne!(newer, version, "an update makes a new version");
        let after = fetch(bench, kind, &id);
        assert_eq!(after.identity.version, newer);
        assert_eq!(after.identity.stamp, before.identity.stamp);
        assert_holds(&after.content, &change);
        assert_same_but(&after.content, &before.content, FieldSet::of(plain(kind)));
    }
}

/// Blocks without which an item is not what it is, or whose blank is a word (`not_started`).
const fn stays(block: Block) -> bool {
    matches!(block, Block::Time | Block::Progress | Block::TaskDates | Block::Reminder)
}

pub(super) fn blank_clears(bench: &mut dyn Bench) {
    for kind in ItemKind::ALL {
        let folder = home(bench, kind);
        let fields: Vec<_> = writable(kind).filter(|field| !stays(field.block())).collect();
        let creates: Vec<_> = (0..fields.len())
            .map(|index| Write::Create {
                folder: folder.clone(),
                content: sample::full(kind),
                stamp: sample::stamp(&format!("A-{index}"), &format!("t{index}")),
            })
            .collect();
        let made = bench.mailbox().apply(kind, &creates).unwrap();
        let made: Vec<_> = made.into_iter().map(done).collect();
        let before = fetch(bench, kind, &made[0].0).content;
        let updates: Vec<_> = fields
            .iter()
            .zip(&made)
            .map(|(field, (id, version))| {
                let mut change = Content::new();
                change.set_blank(*field);
                update(id, version, change, &before, None)
            })
            .collect();
        let answers = bench.mailbox().apply(kind, &updates).unwrap();
        for (field, answer) in fields.iter().zip(answers) {
            let (id, _) = match answer {
                Wrote::Done { id, version } => (id, version),
                other => panic!("{field} cannot be cleared: {other:?}"),
            };
            let after = fetch(bench, kind, &id).content;
            let mut cleared = Content::new();
            cleared.set_blank(*field);
            assert_holds(&after, &cleared);
            assert_same_but(&after, &before, FieldSet::of(*field));
        }
    }
}

pub(super) fn stamps(bench: &mut dyn Bench) {
    for kind in ItemKind::ALL {
        let (id, version) = create(bench, kind, sample::full(kind), sample::stamp("A-1", "1"));
        let before = fetch(bench, kind, &id).content;
        let stamp = Stamp {
            version: "18".to_owned(),
            fingerprint: "ffee".to_owned(),
            ..sample::stamp("A-1", "1")
        };
        let write = update(&id, &version, Content::new(), &before, Some(stamp.clone()));
        let (id, version) = done(one(bench, kind, write));
        let after = fetch(bench, kind, &id);
        assert_eq!(after.identity.stamp, Some(stamp.clone()));
        assert_same_but(&after.content, &before, FieldSet::EMPTY);
        let write = update(&id, &version, text(plain(kind), "Z"), &before, None);
        let (id, _) = done(one(bench, kind, write));
        assert_eq!(fetch(bench, kind, &id).identity.stamp, Some(stamp));
    }
}

pub(super) fn stale(bench: &mut dyn Bench) {
    for kind in ItemKind::ALL {
        let (id, old) = create(bench, kind, sample::full(kind), sample::stamp("A-1", "1"));
        let before = fetch(bench, kind, &id).content;
        let write = update(&id, &old, text(plain(kind), "von jemand anderem"), &before, None);
        let (_, new) = done(one(bench, kind, write));
        let seen = fetch(bench, kind, &id);
        let write = update(&id, &old, text(plain(kind), "zu spät"), &before, None);
        assert_eq!(one(bench, kind, write), Wrote::Conflict, "rule D13");
        let write = Write::Delete { id: id.clone(), version: old };
        assert_eq!(one(bench, kind, write), Wrote::Conflict, "rule D13");
        let now = fetch(bench, kind, &id);
        assert_eq!(now.identity.version, new);
        assert_same_but(&now.content, &seen.content, FieldSet::EMPTY);
    }
}

/// Makes an item and removes it, so that its id and version are of no use any more.
fn lost(bench: &mut dyn Bench, kind: ItemKind) -> (ItemId, ItemVersion) {
    let (id, version) = create(bench, kind, sample::full(kind), sample::stamp("A-0", "0"));
    done(one(bench, kind, Write::Delete { id: id.clone(), version: version.clone() }));
    (id, version)
}

pub(super) fn answers(bench: &mut dyn Bench) {
    for kind in ItemKind::ALL {
        let (gone, was) = lost(bench, kind);
        let (id, version) = create(bench, kind, sample::full(kind), sample::stamp("A-1", "1"));
        let (other, its) = create(bench, kind, sample::full(kind), sample::stamp("A-2", "2"));
        let before = fetch(bench, kind, &id).content;
        let folder = home(bench, kind);
        let stale = ItemVersion::new(its.as_str());
        let newer = update(&other, &its, text(plain(kind), "neuer"), &before, None);
        done(one(bench, kind, newer));
        let writes = [
            update(&gone, &was, text(plain(kind), "1"), &before, None),
            update(&id, &version, text(plain(kind), "2"), &before, None),
            Write::Delete { id: gone.clone(), version: was },
            Write::Create { folder, content: sample::full(kind), stamp: sample::stamp("A-3", "3") },
            update(&other, &stale, text(plain(kind), "3"), &before, None),
        ];
        let answers = bench.mailbox().apply(kind, &writes).unwrap();
        assert_eq!(answers.len(), writes.len());
        assert_eq!(answers[0], Wrote::Gone);
        assert_eq!(done(answers[1].clone()).0, id);
        assert_eq!(answers[2], Wrote::Gone);
        let (made, _) = done(answers[3].clone());
        assert_eq!(answers[4], Wrote::Conflict);
        assert_eq!(fetch(bench, kind, &id).content.text(plain(kind)), Some("2"));
        assert_eq!(fetch(bench, kind, &other).content.text(plain(kind)), Some("neuer"));
        let stamp = fetch(bench, kind, &made).identity.stamp;
        assert_eq!(stamp, Some(sample::stamp("A-3", "3")));
        assert_eq!(bench.mailbox().apply(kind, &[]).unwrap(), []);
    }
}

pub(super) fn many(bench: &mut dyn Bench) {
    let kind = ItemKind::Contact;
    let folder = home(bench, kind);
    let count = bench.mailbox().batch() + 3;
    let creates: Vec<_> = (0..count)
        .map(|index| Write::Create {
            folder: folder.clone(),
            content: text(Field::Surname, &format!("Name {index}")),
            stamp: sample::stamp(&format!("A-{index}"), &format!("t{index}")),
        })
        .collect();
    let made: Vec<_> =
        bench.mailbox().apply(kind, &creates).unwrap().into_iter().map(done).collect();
    assert_eq!(made.len(), count);
    let ids: Vec<_> = made.iter().map(|(id, _)| id.clone()).collect();
    let mut read = 0;
    bench
        .mailbox()
        .fetch(kind, &ids, &mut |id, item| {
            let at = ids.iter().position(|known| *known == id).expect("an id that was asked for");
            let wanted = format!("Name {at}");
            assert_eq!(item.unwrap().content.text(Field::Surname), Some(wanted.as_str()));
            read += 1;
        })
        .unwrap();
    assert_eq!(read, count);
}

pub(super) fn deletes(bench: &mut dyn Bench) {
    for kind in ItemKind::ALL {
        let (id, version) = create(bench, kind, sample::full(kind), sample::stamp("A-1", "1"));
        let answer = one(bench, kind, Write::Delete { id: id.clone(), version });
        assert_eq!(done(answer).0, id, "the answer to a delete has the id given");
        let found = deleted(bench, kind);
        let item = fetch(bench, kind, &found);
        assert_holds(&item.content, &sample::full(kind));
    }
}

fn deleted(bench: &mut dyn Bench, kind: ItemKind) -> ItemId {
    let (tenant, user) = ("haus".into(), "DHO".into());
    let wanted = Wanted { tenant: &tenant, user: &user, by: By::Records(&["A-1".into()]) };
    let found = bench.mailbox().find(kind, &wanted).unwrap();
    assert_eq!(found.len(), 1);
    assert!(found[0].deleted);
    found[0].identity.id.clone()
}

pub(super) fn restored(bench: &mut dyn Bench) {
    for kind in ItemKind::ALL {
        let (id, version) = create(bench, kind, sample::full(kind), sample::stamp("A-1", "1"));
        done(one(bench, kind, Write::Delete { id, version }));
        let id = deleted(bench, kind);
        let home = home(bench, kind);
        let id = bench.moves(&id, &home);
        let item = fetch(bench, kind, &id);
        assert_eq!(item.identity.stamp, Some(sample::stamp("A-1", "1")));
        assert_holds(&item.content, &sample::full(kind));
    }
}

pub(super) fn unmapped(bench: &mut dyn Bench) {
    for kind in ItemKind::ALL {
        let (id, _) = create(bench, kind, sample::full(kind), sample::stamp("A-1", "1"));
        bench.keeps_unmapped(&id, "Kostenstelle 4711");
        let before = fetch(bench, kind, &id);
        let mut change = Content::new();
        for field in writable(kind).filter(|field| !stays(field.block())) {
            change.put(field, before.content.slot(field).cloned().unwrap_or(Slot::Blank));
        }
        change.set_text(plain(kind), "Neu");
        let stamp = sample::stamp("A-1", "1");
        let write = update(&id, &before.identity.version, change, &before.content, Some(stamp));
        done(one(bench, kind, write));
        assert_eq!(bench.unmapped(&id).as_deref(), Some("Kostenstelle 4711"), "rule D11");
    }
}

pub(super) fn never_written(bench: &mut dyn Bench) {
    let guest = Attendee { address: "gast@kunde.example".to_owned(), name: "Gast".to_owned() };
    let mut content = sample::full(ItemKind::Appointment);
    content.set(Field::Attendees, Value::Attendees(vec![guest]));
    let (id, _) = create(bench, ItemKind::Appointment, content, sample::stamp("T-1", "1"));
    let item = fetch(bench, ItemKind::Appointment, &id);
    assert!(!item.has_guests, "rule D8: nobody is invited");
    assert_eq!(item.content.value(Field::Attendees), None);

    let mut content = sample::full(ItemKind::Contact);
    content.set_text(Field::Email4, "vier@firma.example");
    let (id, _) = create(bench, ItemKind::Contact, content, sample::stamp("A-1", "1"));
    let item = fetch(bench, ItemKind::Contact, &id);
    assert_eq!(item.content.slot(Field::Email4), None, "Outlook has three addresses");
}
