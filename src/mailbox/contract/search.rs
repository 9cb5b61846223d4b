//! Shell: rules about finding stamped items.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // It is a test.

use super::{Bench, create, done, home, one, sample};
use crate::mailbox::{By, Found, Stamp, Wanted, Write};
use crate::model::{ItemKind, UserId};

fn find(bench: &mut dyn Bench, kind: ItemKind, user: &str, by: By<'_>) -> Vec<Found> {
    let (tenant, user) = ("haus".into(), UserId::from(user));
    let mut found =
        bench.mailbox().find(kind, &Wanted { tenant: &tenant, user: &user, by }).unwrap();
    found.sort_by(|a, b| a.identity.id.cmp(&b.identity.id));
    found
}

fn records(found: &[Found]) -> Vec<&str> {
    let of = |found: &'_ Found| found.identity.stamp.as_ref().map(|stamp| stamp.record.clone());
    let mut records: Vec<_> = found.iter().filter(|f| of(f).is_some()).collect();
    records.sort_by_key(|found| of(found).map(|r| r.as_str().to_owned()));
    records.iter().filter_map(|f| f.identity.stamp.as_ref()).map(|s| s.record.as_str()).collect()
}

pub(super) fn by_stamp(bench: &mut dyn Bench) {
    for kind in ItemKind::ALL {
        for (record, token) in [("A-1", "t1"), ("A-2", "t2"), ("A-3", "t3")] {
            create(bench, kind, sample::full(kind), sample::stamp(record, token));
        }
        let foreign = [
            Stamp { user: "CSC".into(), ..sample::stamp("A-1", "t4") },
            Stamp { tenant: "anderes".into(), ..sample::stamp("A-1", "t5") },
        ];
        for stamp in foreign {
            create(bench, kind, sample::full(kind), stamp);
        }
        assert_eq!(records(&find(bench, kind, "DHO", By::Any)), ["A-1", "A-2", "A-3"]);
        assert_eq!(records(&find(bench, kind, "CSC", By::Any)), ["A-1"]);
        let wanted = ["A-3".into(), "A-9".into(), "A-1".into()];
        assert_eq!(records(&find(bench, kind, "DHO", By::Records(&wanted))), ["A-1", "A-3"]);
        let wanted = ["t2".into(), "t5".into()];
        let found = find(bench, kind, "DHO", By::Tokens(&wanted));
        assert_eq!(records(&found), ["A-2"]);
        let found = &found[0];
        assert_eq!(found.identity.stamp, Some(sample::stamp("A-2", "t2")));
        assert_eq!(found.identity.kind, Some(kind));
        assert_eq!(found.folder, home(bench, kind));
        assert!(!found.deleted);
        assert_eq!(find(bench, kind, "DHO", By::Records(&[])), []);
    }
}

pub(super) fn everywhere(bench: &mut dyn Bench) {
    for kind in ItemKind::ALL {
        let (first, _) = create(bench, kind, sample::full(kind), sample::stamp("A-1", "t1"));
        let (second, version) = create(bench, kind, sample::full(kind), sample::stamp("A-2", "t2"));
        let path = ["Ablage".to_owned(), "2026".to_owned()];
        let deep = bench.mailbox().folder(kind, &path, true).unwrap().expect("made");
        let first = bench.moves(&first, &deep);
        done(one(bench, kind, Write::Delete { id: second, version }));
        let found = find(bench, kind, "DHO", By::Tokens(&["t1".into()]));
        assert_eq!(found.len(), 1);
        assert_eq!((&found[0].identity.id, &found[0].folder), (&first, &deep));
        assert!(!found[0].deleted);
        let found = find(bench, kind, "DHO", By::Records(&["A-2".into()]));
        assert_eq!(found.len(), 1, "it is found in Deleted Items");
        assert!(found[0].deleted);
        // Deleted Items holds all kinds; only those of the kind asked for are found.
        for other in ItemKind::ALL.into_iter().filter(|other| *other != kind) {
            let found = find(bench, other, "DHO", By::Any);
            assert!(found.iter().all(|found| found.identity.kind == Some(other)));
        }
    }
}

pub(super) fn copies(bench: &mut dyn Bench) {
    for kind in ItemKind::ALL {
        let (id, _) = create(bench, kind, sample::full(kind), sample::stamp("A-1", "t1"));
        let home = home(bench, kind);
        let copy = bench.copies(&id, &home);
        assert_ne!(copy, id);
        let found = find(bench, kind, "DHO", By::Records(&["A-1".into()]));
        let mut ids: Vec<_> = found.iter().map(|found| found.identity.id.clone()).collect();
        let mut wanted = [id, copy];
        ids.sort();
        wanted.sort();
        assert_eq!(ids, wanted);
        assert!(found.iter().all(|found| found.created_at.is_some()), "the oldest counts (D3)");
    }
}
