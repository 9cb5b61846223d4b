//! Shell: rules about the feed of changes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // It is a test.

use std::collections::BTreeMap;

use super::{Bench, create, done, fetch, home, one, sample, update};
use crate::mailbox::{Whereabouts, Write};
use crate::model::{Content, Cursor, Field, FolderId, ItemId, ItemKind, ItemVersion};

/// What a feed said, page after page.
#[derive(Default)]
struct Told {
    changed: BTreeMap<ItemId, ItemVersion>,
    removed: Vec<ItemId>,
    restarted: bool,
}

/// Reads to the end and returns the last cursor.
fn read(
    bench: &mut dyn Bench,
    kind: ItemKind,
    folder: &FolderId,
    since: Option<Cursor>,
) -> (Told, Cursor) {
    let (mut told, mut cursor) = (Told::default(), since);
    for _ in 0..1000 {
        let page = bench.mailbox().changes(folder, kind, cursor.as_ref()).unwrap();
        told.changed.extend(page.changed);
        told.removed.extend(page.removed);
        told.restarted |= page.restarted;
        if !page.more {
            return (told, page.cursor);
        }
        cursor = Some(page.cursor);
    }
    panic!("the feed never ends");
}

pub(super) fn lists(bench: &mut dyn Bench) {
    for kind in ItemKind::ALL {
        let folder = home(bench, kind);
        let (empty, cursor) = read(bench, kind, &folder, None);
        assert!(empty.changed.is_empty() && !empty.restarted);
        let first = create(bench, kind, sample::full(kind), sample::stamp("A-1", "1"));
        let second = create(bench, kind, sample::full(kind), sample::stamp("A-2", "2"));
        let third = create(bench, kind, sample::full(kind), sample::stamp("A-3", "3"));
        let all = BTreeMap::from([first.clone(), second.clone(), third.clone()]);
        // What we write ourselves is shown as well.
        let (told, cursor) = read(bench, kind, &folder, Some(cursor));
        assert_eq!(told.changed, all);
        let (told, _) = read(bench, kind, &folder, None);
        assert_eq!(told.changed, all);
        // A quiet feed is empty, again and again.
        let (told, cursor) = read(bench, kind, &folder, Some(cursor));
        assert!(told.changed.is_empty() && told.removed.is_empty() && !told.restarted);
        let mut change = Content::new();
        change.set_text(
            if kind == ItemKind::Contact { Field::Company } else { Field::Subject },
            "Neu",
        );
        let before = fetch(bench, kind, &first.0).content;
        let newer = done(one(bench, kind, update(&first.0, &first.1, change, &before, None)));
        let delete = Write::Delete { id: second.0.clone(), version: second.1 };
        done(one(bench, kind, delete));
        let (told, cursor) = read(bench, kind, &folder, Some(cursor));
        assert_eq!(told.changed, BTreeMap::from([newer]));
        assert_eq!(told.removed, [second.0]);
        let (told, _) = read(bench, kind, &folder, Some(cursor));
        assert!(told.changed.is_empty() && told.removed.is_empty());
    }
}

pub(super) fn moves(bench: &mut dyn Bench) {
    for kind in ItemKind::ALL {
        let here = home(bench, kind);
        let path = ["Ablage".to_owned()];
        let there = bench.mailbox().folder(kind, &path, true).unwrap().expect("made");
        let (id, _) = create(bench, kind, sample::full(kind), sample::stamp("A-1", "1"));
        let (_, left) = read(bench, kind, &here, None);
        let (_, reached) = read(bench, kind, &there, None);
        let moved = bench.moves(&id, &there);
        let (told, _) = read(bench, kind, &here, Some(left));
        assert!(told.changed.is_empty());
        assert_eq!(told.removed, std::slice::from_ref(&id));
        let (told, _) = read(bench, kind, &there, Some(reached));
        assert_eq!(told.changed.keys().collect::<Vec<_>>(), [&moved]);
        assert_ne!(moved, id);
    }
}

pub(super) fn whereabouts(bench: &mut dyn Bench) {
    let kind = ItemKind::Contact;
    let mut folders = vec![home(bench, kind)];
    for path in [vec!["Ablage"], vec!["Kunden"], vec!["Kunden", "Nord"]] {
        let path: Vec<String> = path.into_iter().map(str::to_owned).collect();
        folders.push(bench.mailbox().folder(kind, &path, true).unwrap().expect("made"));
    }
    let (kept, deleted) = (Whereabouts::Kept, Whereabouts::Deleted);
    assert_eq!(bench.mailbox().whereabouts(&folders).unwrap(), [kept; 4]);
    bench.discards(&folders[2]);
    bench.mailbox().open().unwrap();
    // What lies in a deleted folder is deleted with it, and the others are where they were.
    assert_eq!(bench.mailbox().whereabouts(&folders).unwrap(), [kept, kept, deleted, deleted]);
}

pub(super) fn restarts(bench: &mut dyn Bench) {
    let kind = ItemKind::Contact;
    let folder = home(bench, kind);
    let made = create(bench, kind, sample::full(kind), sample::stamp("A-1", "1"));
    let (told, cursor) = read(bench, kind, &folder, Some(Cursor::from("no cursor of ours")));
    assert!(told.restarted);
    assert_eq!(told.changed, BTreeMap::from([made]));
    let (told, _) = read(bench, kind, &folder, Some(cursor));
    assert!(told.changed.is_empty() && !told.restarted);
}
