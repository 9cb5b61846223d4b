//! Stores as others may have left them: broken in a way that must not be made worse, or not opened by Outlook for long.

use std::cell::Cell;
use std::ops::ControlFlow;

use super::{NOW, contact, node, store, value};
use crate::mapi::name::set;
use crate::mapi::{PropertyId, PropertyName, PropertyType, Value};
use crate::pst::PstError;
use crate::pst::check::check;
use crate::pst::crypt::Crypt;
use crate::pst::id::{Bid, Nid, NidKind};
use crate::pst::layout::Layout;
use crate::pst::medium::{Call, Medium, Recording};
use crate::pst::messaging::Store;
use crate::pst::messaging::write::node::size_below;
use crate::pst::messaging::write::{Batch, ItemChange, NewFolder, NewStore, Role, fill};
use crate::pst::ndb::write::{Settings, WriteError, Writer};
use crate::pst::ndb::{Block, DataTree, Ndb, Node, Nodes};

/// A folder that stands in two tables breaks a rule, and hides nothing: it is told once, and everything else as well.
#[test]
fn a_folder_that_is_listed_twice_is_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let (mut file, made) = store(folder.path());
    let role = |role| made.role(role).unwrap();
    let mut batch = Batch::begin(&mut file, NOW).unwrap();
    let new = NewFolder::new("Kunden", "IPF.Contact");
    let below = batch.create_folder(role(Role::Contacts), &new).unwrap();
    let others = role(Role::Calendar).with(NidKind::HIERARCHY);
    batch.put_row(others, below, |_, _| None).unwrap();
    batch.commit().unwrap();
    let all = Store::new(file.nodes()).folders_below(Nid::ROOT_FOLDER).unwrap();
    assert_eq!(all.iter().filter(|one| one.nid == below).count(), 1);
    file.close().unwrap();
    let report = check(&folder.path().join("test.pst")).unwrap();
    let told: Vec<_> = report.findings().iter().map(ToString::to_string).collect();
    assert!(told.iter().any(|told| told.contains("belongs to another")), "{told:#?}");
}

/// MS-PST 2.4.7.1: the id of a name is 0x8000 and its `wPropIdx`. Where that is not its place, or there are more names than ids,
/// nothing is written: an id of ours could be that of another name.
#[test]
fn names_that_are_numbered_otherwise_are_not_written_by() {
    let folder = tempfile::tempdir().unwrap();
    let (mut file, _) = store(folder.path());
    let entry = |ordinal: u16| {
        let [low, high] = ordinal.to_le_bytes();
        [0x10, 0x85, 0, 0, 6, 0, low, high]
    };
    let many = |last: u16| (0..=last).map(entry).collect::<Vec<_>>().concat();
    let over = [many(u16::MAX), entry(0).to_vec()].concat();
    for (entries, first) in
        [([entry(0), entry(5)].concat(), ": 1"), (many(0x7FFF), ": 32767"), (over, ": 32767")]
    {
        let mut batch = Batch::begin(&mut file, NOW).unwrap();
        let tag = PropertyId(3).of(PropertyType::BINARY);
        batch.set_property(Nid::NAME_MAP, tag, &entries).unwrap();
        let Err(error) = Batch::over(batch.tx, NOW) else { panic!("it was taken") };
        assert!(error.to_string().ends_with(first), "{error}");
    }
}

/// The map is read whole or not at all: behind half an entry, or in the place of entries of another type, names would be written
/// that nobody finds.
#[test]
fn half_a_map_of_names_is_not_written_by() {
    let folder = tempfile::tempdir().unwrap();
    let (mut file, _) = store(folder.path());
    for (kind, length) in [(PropertyType::BINARY, 12), (PropertyType::STRING8, 16)] {
        let mut batch = Batch::begin(&mut file, NOW).unwrap();
        let entries = [0x10, 0x85, 0, 0, 6, 0, 0, 0, 0x11, 0x85, 0, 0, 6, 0, 1, 0];
        let entries = &entries[..length];
        batch.set_property(Nid::NAME_MAP, PropertyId(3).of(kind), entries).unwrap();
        assert!(Batch::over(batch.tx, NOW).is_err(), "{kind:?}");
    }
}

/// MS-PST 2.4.7: the id of a new name is 0x8000 and the number of names before it. Where an item has an id that the map does not
/// reach, as Aspose's contacts do, that name would be given the item's value: names of nothing come before it.
#[test]
fn a_new_name_gets_no_id_that_something_has() {
    const UNNAMED: PropertyId = PropertyId(0x8105);
    let folder = tempfile::tempdir().unwrap();
    let (mut file, made) = store(folder.path());
    let path = folder.path().join("test.pst");
    let contacts = made.role(Role::Contacts).unwrap();
    let mut batch = Batch::begin(&mut file, NOW).unwrap();
    let anna = batch.add_item(contacts, &contact("Anna")).unwrap();
    batch.set_property(anna, UNNAMED.of(PropertyType::BINARY), b"theirs").unwrap();
    batch.commit().unwrap();
    file.close().unwrap();
    let open = || Writer::open(&path, &Settings::default(), &|_| Ok(false)).unwrap();
    let ours = |name: &str| PropertyName::text(set::PUBLIC_STRINGS, name);
    let change = |name: &str| {
        let mut change = ItemChange::default();
        change.set.set(ours(name), Value::Binary(b"ours".to_vec()));
        change
    };
    let before = check(&path).unwrap();
    assert!(before.findings().iter().any(|one| one.rule.id() == "unnamed-id"));

    // What came to nothing is no reason to forget it.
    let mut file = open();
    let mut batch = Batch::begin(&mut file, NOW).unwrap();
    batch.change_item(anna, &change("first")).unwrap();
    drop(batch);
    for (name, id) in [("first", 0x8106), ("second", 0x8107)] {
        let mut batch = Batch::begin(&mut file, NOW).unwrap();
        batch.change_item(anna, &change(name)).unwrap();
        batch.commit().unwrap();
        let store = Store::new(file.nodes());
        let names = store.names().unwrap();
        assert_eq!(names.id(&ours(name)), Some(PropertyId(id)));
        assert_eq!(names.name(UNNAMED), Some(&ours("unnamed-8105")));
        assert_eq!(value(file.nodes(), anna, UNNAMED), Some(Value::Binary(b"theirs".to_vec())));
        let written = value(file.nodes(), anna, PropertyId(id));
        assert_eq!(written, Some(Value::Binary(b"ours".to_vec())));
    }
    file.close().unwrap();
    assert_eq!(check(&path).unwrap().findings(), []);

    // So many names of nothing would be no map. What has its name is written still.
    let mut file = open();
    let mut batch = Batch::begin(&mut file, NOW).unwrap();
    let bert = batch.add_item(contacts, &contact("Bert")).unwrap();
    let absurd = PropertyId(0xFFF0).of(PropertyType::BINARY);
    batch.set_property(bert, absurd, b"theirs").unwrap();
    batch.commit().unwrap();
    let mut batch = Batch::begin(&mut file, NOW).unwrap();
    batch.change_item(anna, &change("second")).unwrap();
    let error = batch.change_item(anna, &change("third")).unwrap_err();
    assert!(matches!(error, WriteError::Shared(_)), "{error:?}");
    assert!(error.to_string().contains(&format!("node {bert}")), "{error}");
    let why = std::error::Error::source(&error).unwrap().to_string();
    assert!(why.contains("wPropId 0xfff0"), "{why}");
}

/// One damaged item does not keep all others from new names: it may have ids that the map does not reach, so they come behind a gap,
/// which is left once.
#[test]
fn behind_what_cannot_be_read_new_names_leave_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    let (mut file, made) = store(folder.path());
    let path = folder.path().join("test.pst");
    let contacts = made.role(Role::Contacts).unwrap();
    let mut batch = Batch::begin(&mut file, NOW).unwrap();
    let anna = batch.add_item(contacts, &contact("Anna")).unwrap();
    let bert = batch.add_item(contacts, &contact("Bert")).unwrap();
    let data = batch.tx.put_data(&[0; 64]).unwrap();
    let broken = Node { data, ..batch.tx.node(bert).unwrap().unwrap() };
    batch.tx.set_node(broken).unwrap();
    batch.commit().unwrap();
    let first = Store::new(file.nodes()).names().unwrap().iter().map(|(id, _)| id.0).max().unwrap();
    file.close().unwrap();
    for (name, expected) in [("first", first + 0x401), ("second", first + 0x402)] {
        let mut file = Writer::open(&path, &Settings::default(), &|_| Ok(false)).unwrap();
        let mut change = ItemChange::default();
        let ours = PropertyName::text(set::PUBLIC_STRINGS, name);
        change.set.set(ours.clone(), Value::Binary(b"ours".to_vec()));
        let mut batch = Batch::begin(&mut file, NOW).unwrap();
        batch.change_item(anna, &change).unwrap();
        batch.commit().unwrap();
        let names = Store::new(file.nodes()).names().unwrap().id(&ours);
        assert_eq!(names, Some(PropertyId(expected)));
        file.close().unwrap();
    }
}

/// In a store that was just made all ids have names, so that nothing need be looked at before there are more: not even what
/// cannot be read is in the way.
#[test]
fn a_new_store_is_not_looked_over_for_its_names() {
    let folder = tempfile::tempdir().unwrap();
    let (mut file, made) = store(folder.path());
    let contacts = made.role(Role::Contacts).unwrap();
    let mut batch = Batch::begin(&mut file, NOW).unwrap();
    let nid = batch.tx.next_nid(NidKind::MESSAGE).unwrap();
    let data = batch.tx.put_data(&[0; 64]).unwrap();
    batch.tx.set_node(Node { nid, data, sub: None, parent: contacts }).unwrap();
    batch.add_item(contacts, &contact("Anna")).unwrap();
    batch.commit().unwrap();
}

/// Who reads has no lock on the file where the system has none that others must obey. What a later writer took the room of is no
/// damage: the header says that there was one (MS-PST 2.2.2.6, `dwUnique`).
#[test]
fn what_another_wrote_meanwhile_is_no_damage() {
    let folder = tempfile::tempdir().unwrap();
    let (mut file, made) = store(folder.path());
    let path = folder.path().join("test.pst");
    let open = || Ndb::open(Medium::open(&path).unwrap()).unwrap();
    for is_written in [false, true] {
        let reader = open();
        if is_written {
            let mut batch = Batch::begin(&mut file, NOW).unwrap();
            batch.add_item(made.role(Role::Contacts).unwrap(), &contact("Anna")).unwrap();
            batch.commit().unwrap();
        }
        let mut bytes = std::fs::read(&path).unwrap();
        let page = usize::try_from(reader.header().nodes.at).unwrap();
        bytes[page] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        let error = reader.node(Nid::STORE).unwrap_err();
        assert_eq!(matches!(error, PstError::Written), is_written, "{error}");
        bytes[page] ^= 1;
        std::fs::write(&path, bytes).unwrap();
    }
}

/// Lists of subnodes in which eight entries lead to the next list, and so on, are few blocks and no end of subnodes.
#[test]
fn subnodes_without_end_are_an_error() {
    /// Counts how often a list is read.
    struct Ladder(Writer, Cell<u32>);
    const FIRST: u64 = 6;
    impl Nodes for Ladder {
        fn layout(&self) -> &Layout {
            Nodes::layout(self.0.nodes())
        }
        fn node(&self, nid: Nid) -> Result<Option<Node>, PstError> {
            self.0.nodes().node(nid)
        }
        fn nodes(
            &self,
            from: Nid,
            each: &mut dyn FnMut(Node) -> ControlFlow<()>,
        ) -> Result<(), PstError> {
            self.0.nodes().nodes(from, each)
        }
        fn block(&self, bid: Bid) -> Result<Block, PstError> {
            self.1.set(self.1.get() + 1);
            let next = if bid.0 < FIRST + 4 * 14 { bid.0 + 4 } else { 0 };
            // MS-PST 2.2.2.8.3.3.1: eight entries of 24 bytes behind a head of eight.
            let mut bytes = vec![2, 0, 8, 0, 0, 0, 0, 0];
            for number in 1..=8_u64 {
                for word in [(number << 5) | 0x1F, 0, next] {
                    bytes.extend(word.to_le_bytes());
                }
            }
            Ok(Block::new(0, bytes.into()))
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let ladder = Ladder(store(folder.path()).0, Cell::new(0));
    let error = size_below(&ladder, Some(Bid(FIRST)), &|_| false).unwrap_err();
    assert!(matches!(error, PstError::TooBig { .. }), "{error}");
    assert!(ladder.1.get() <= 100_000, "{}", ladder.1.get());
}

/// MS-PST 2.4.8.4: the queue for Outlook's searches grows at its end, and what is written for a change does not grow with it.
#[test]
fn the_search_queue_grows_at_its_end() {
    let recording = Recording::new(Vec::new());
    let rescue = Medium::Recording(recording.beside(Vec::new()));
    let empty = Writer::empty(Medium::Recording(recording), Crypt::Permute, &Settings::default());
    let mut file = empty.unwrap();
    let made = fill(file.begin().unwrap(), &NewStore::english("Queue")).unwrap();
    let contacts = made.role(Role::Contacts).unwrap();
    // A search looks at the contacts, and nobody has opened the store for long.
    let mut tx = file.begin().unwrap();
    let watched = ((contacts.index() << 5) | 1).to_le_bytes();
    let queued = vec![7; 1_000_000];
    for (nid, bytes) in [(Nid::SEARCH_FOLDERS, &watched[..]), (Nid::SEARCH_QUEUE, &queued[..])] {
        let data = tx.put_data(bytes).unwrap();
        tx.set_node(Node { nid, data, sub: None, parent: Nid(0) }).unwrap();
    }
    tx.commit().unwrap();
    let (Medium::Recording(before), _) = file.close_in_media().unwrap() else { panic!() };
    let calls = before.calls().len();
    let settings = Settings::default();
    let medium = Medium::Recording(before);
    let mut file = Writer::in_media(medium, rescue, &settings, &|_| Ok(false)).unwrap();
    let mut batch = Batch::begin(&mut file, NOW).unwrap();
    batch.add_item(contacts, &contact("Anna")).unwrap();
    batch.commit().unwrap();
    let queue = node(file.nodes(), Nid::SEARCH_QUEUE);
    let all = DataTree::open(file.nodes(), queue.data).unwrap().read_all(2_000_000).unwrap();
    assert_eq!(all.len(), 1_000_020);
    assert_eq!(all[..1_000_000], queued);
    assert_eq!(all[1_000_004..1_000_008], contacts.0.to_le_bytes());
    let (Medium::Recording(after), _) = file.into_media() else { panic!() };
    let written: usize = after.calls()[calls..]
        .iter()
        .map(|(_, call)| if let Call::Write { bytes, .. } = call { bytes.len() } else { 0 })
        .sum();
    assert!(written < 100_000, "{written} bytes for a contact");
}
