//! Model to file to model: what is written into a file, closed and opened again is read back as it was.

use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};

use super::{NOTHING, content, different};
use crate::mailbox::contract::sample;
use crate::mailbox::pst::PstMailbox;
use crate::mailbox::{Aside, Item, Mailbox, Write, Wrote};
use crate::mapi::{FileTime, PropertyKey, Value as V, named as n, property as p};
use crate::model::{Content, Field, ItemId, ItemKind, Slot};
use crate::pst::Nid;
use crate::pst::check::check;
use crate::pst::messaging::write::{Batch, ItemChange};
use crate::pst::ndb::write::{Settings, Writer};

/// Writes into the mailbox of a folder, closes it, and returns the item as another one reads it.
fn put(folder: &std::path::Path, kind: ItemKind, write: Write) -> Item {
    let mut mailbox = PstMailbox::fresh(folder);
    let id = match mailbox.apply(kind, &[write]).unwrap().remove(0) {
        Wrote::Done { id, .. } => id,
        other => panic!("{other:?}"),
    };
    mailbox.close().unwrap();
    read(folder, kind, id)
}

fn read(folder: &std::path::Path, kind: ItemKind, id: ItemId) -> Item {
    let mut mailbox = PstMailbox::fresh(folder);
    let mut found = None;
    let each = &mut |_: ItemId, item: Result<Item, _>| found = Some(item.unwrap());
    mailbox.fetch(kind, &[id], each).unwrap();
    found.unwrap()
}

fn update(item: &Item, content: Content) -> Write {
    Write::Update {
        id: item.identity.id.clone(),
        version: item.identity.version.clone(),
        content,
        before: item.content.clone(),
        aside: Aside::default(),
        stamp: None,
    }
}

/// Programs leave a time of zero where they mean none: nobody was born in 1601.
#[test]
fn a_time_of_zero_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let cases: [(ItemKind, [PropertyKey; 2]); 2] = [
        (ItemKind::Contact, [p::BIRTHDAY.into(), n::BIRTHDAY_LOCAL.into()]),
        (ItemKind::Task, [n::TASK_DUE.into(), n::COMMON_END.into()]),
    ];
    for (kind, of) in cases {
        let mut mailbox = PstMailbox::fresh(folder.path());
        let home = mailbox.folder(kind, &[], true).unwrap().unwrap();
        mailbox.close().unwrap();
        let (content, stamp) = (sample::full(kind), sample::stamp("A-1", "00ff"));
        let item = put(folder.path(), kind, Write::Create { folder: home, content, stamp });
        let nid = item.identity.id.as_str().rsplit_once('.').unwrap().1;
        let nid = Nid(u32::from_str_radix(nid, 16).unwrap());
        let mut change = ItemChange::default();
        for key in of {
            change.set.set(key, V::Time(FileTime(0)));
        }
        let path = folder.path().join("a.pst");
        let mut file = Writer::open(&path, &Settings::default(), &|_| Ok(false)).unwrap();
        let mut batch = Batch::begin(&mut file, FileTime(134_000_000_000_000_000)).unwrap();
        batch.change_item(nid, &change).unwrap();
        batch.commit().unwrap();
        file.close().unwrap();
        let found = read(folder.path(), kind, item.identity.id.clone());
        let field = if kind == ItemKind::Contact { Field::Birthday } else { Field::Due };
        assert_eq!(found.content.slot(field), Some(&Slot::Blank), "{field}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    /// Issue 4, "round trip by property test": messages of changed occurrences, rows, names and big values included, new,
    /// changed, and written as it was read; and the file breaks no rule.
    #[test]
    fn what_goes_through_a_file_is_read(
        contacts in (content(ItemKind::Contact), content(ItemKind::Contact)),
        appointments in (content(ItemKind::Appointment), content(ItemKind::Appointment)),
        tasks in (content(ItemKind::Task), content(ItemKind::Task)),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pst");
        let all = [
            (ItemKind::Contact, contacts),
            (ItemKind::Appointment, appointments),
            (ItemKind::Task, tasks),
        ];
        for (kind, (first, second)) in all {
            let mut mailbox = PstMailbox::fresh(folder.path());
            let home = mailbox.folder(kind, &[], false).unwrap().unwrap();
            mailbox.close().unwrap();
            let (content, stamp) = (first.clone(), sample::stamp("A-1", "00ff"));
            let made = put(folder.path(), kind, Write::Create { folder: home, content, stamp });
            prop_assert_eq!(different(&first, &made.content), NOTHING);
            let changed = put(folder.path(), kind, update(&made, second.clone()));
            prop_assert_eq!(different(&second, &changed.content), NOTHING);
            let again = put(folder.path(), kind, update(&changed, changed.content.clone()));
            prop_assert_eq!(different(&changed.content, &again.content), NOTHING);
        }
        let report = check(&path).unwrap();
        prop_assert_eq!(report.findings(), []);
    }
}
