//! Shell: rules about opening, folders and reading.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // It is a test.

use super::{Bench, assert_holds, create, fetch, home, sample};
use crate::mailbox::ItemError;
use crate::model::{Content, Field, ItemKind, Slot};

pub(super) fn one_identity(bench: &mut dyn Bench) {
    let first = bench.mailbox().open().unwrap();
    let second = bench.mailbox().open().unwrap();
    assert_eq!(first.identity, second.identity);
    assert!(!first.identity.as_str().is_empty());
    assert!(bench.mailbox().batch() > 0);
}

pub(super) fn folders(bench: &mut dyn Bench) {
    for kind in ItemKind::ALL {
        let path = ["staffITpro".to_owned(), "Bewerber ä".to_owned()];
        let mailbox = bench.mailbox();
        assert_eq!(mailbox.folder(kind, &path, false).unwrap(), None);
        let made = mailbox.folder(kind, &path, true).unwrap().expect("the folder was made");
        assert_eq!(mailbox.folder(kind, &path, true).unwrap(), Some(made.clone()));
        assert_eq!(mailbox.folder(kind, &path, false).unwrap(), Some(made.clone()));
        let upper = ["STAFFITPRO".to_owned(), "BEWERBER Ä".to_owned()];
        assert_eq!(mailbox.folder(kind, &upper, false).unwrap(), Some(made.clone()));
        assert_ne!(made, home(bench, kind));
    }
}

pub(super) fn round_trip(bench: &mut dyn Bench) {
    for kind in ItemKind::ALL {
        let written = sample::full(kind);
        let stamp = sample::stamp("A-1", "00ff");
        let (id, version) = create(bench, kind, written.clone(), stamp.clone());
        let item = fetch(bench, kind, &id);
        assert_eq!(item.identity.id, id);
        assert_eq!(item.identity.version, version, "nothing but our write changed it");
        assert_eq!(item.identity.kind, Some(kind));
        assert_eq!(item.identity.stamp, Some(stamp));
        assert!(!item.has_guests && item.fixed.is_empty() && item.unsupported.is_empty());
        let home = home(bench, kind);
        assert!(item.folder.is_none_or(|folder| folder == home));
        assert_holds(&item.content, &written);
        for field in super::writable(kind) {
            assert!(item.content.slot(field).is_some(), "{field} is known, if only as blank");
        }
    }
}

pub(super) fn all_day(bench: &mut dyn Bench) {
    let written = sample::all_day();
    let (id, _) = create(bench, ItemKind::Appointment, written.clone(), sample::stamp("T-1", "01"));
    let item = fetch(bench, ItemKind::Appointment, &id);
    for field in [Field::Start, Field::End, Field::AllDay] {
        assert_eq!(item.content.slot(field), written.slot(field), "{field}");
    }
}

pub(super) fn gone(bench: &mut dyn Bench) {
    for kind in ItemKind::ALL {
        let (id, version) = create(bench, kind, sample::full(kind), sample::stamp("A-1", "1"));
        let (lost, old) = create(bench, kind, sample::full(kind), sample::stamp("A-2", "2"));
        let delete = crate::mailbox::Write::Delete { id: lost.clone(), version: old };
        super::done(super::one(bench, kind, delete));
        let ids = [lost.clone(), id.clone()];
        let mut seen = Vec::new();
        bench.mailbox().identify(kind, &ids, &mut |of, got| seen.push((of, got))).unwrap();
        assert_eq!(seen.len(), 2, "one answer for each id");
        for (of, got) in seen {
            if of == lost {
                assert_eq!(got, Err(ItemError::Gone));
            } else {
                assert_eq!(got.unwrap().version, version);
            }
        }
        let mut seen = Vec::new();
        bench.mailbox().fetch(kind, &ids, &mut |of, got| seen.push((of, got.err()))).unwrap();
        seen.sort_by(|a, b| a.0.cmp(&b.0));
        let mut wanted = [(lost, Some(ItemError::Gone)), (id, None)];
        wanted.sort_by(|a: &(_, _), b| a.0.cmp(&b.0));
        assert_eq!(seen, wanted);
    }
}

pub(super) fn private(bench: &mut dyn Bench) {
    for kind in ItemKind::ALL {
        for (word, private) in [("private", true), ("confidential", true), ("personal", false)] {
            let mut content = Content::new();
            content.set_text(
                if kind == ItemKind::Contact { Field::Surname } else { Field::Subject },
                "X",
            );
            content.set_text(Field::Sensitivity, word);
            if kind == ItemKind::Appointment {
                let full = sample::full(kind);
                for field in [Field::Start, Field::End, Field::Zone, Field::AllDay] {
                    content.put(field, full.slot(field).cloned().unwrap_or(Slot::Blank));
                }
            }
            let (id, _) = create(bench, kind, content, sample::stamp("A-1", "1"));
            let mut seen = None;
            let each = &mut |_, got: Result<crate::mailbox::Identity, _>| seen = got.ok();
            bench.mailbox().identify(kind, &[id], each).unwrap();
            assert_eq!(seen.expect("it is there").private, private, "{kind:?} {word}");
        }
    }
}
