//! Stores that were written, read by the readers of this library, which share no code with the writers.

mod folders;
mod foreign;
mod occurrences;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use proptest::prelude::*;

use super::{Batch, ItemChange, Made, NewItem, NewStore, Role, create};
use crate::mapi::name::set;
use crate::mapi::{
    FileTime, Properties, PropertyId, PropertyKey, PropertyName, Value, named, property,
};
use crate::pst::id::{Nid, NidKind};
use crate::pst::ltp::{PropertyContext, TableContext};
use crate::pst::ndb::write::{Settings, Writer};
use crate::pst::ndb::{DataTree, Node, Nodes, subnode};

/// 2026-11-22 12:00 UTC.
const NOW: FileTime = FileTime(134_397_504_000_000_000);

fn store(folder: &Path) -> (Writer, Made) {
    let store = NewStore::german("Vorführung 😀");
    create(&folder.join("test.pst"), &store, &Settings::default()).unwrap()
}

fn node(nodes: &dyn Nodes, nid: Nid) -> Node {
    nodes.node(nid).unwrap().unwrap_or_else(|| panic!("there is no node {nid}"))
}

fn value(nodes: &dyn Nodes, nid: Nid, id: PropertyId) -> Option<Value> {
    PropertyContext::open(nodes, &node(nodes, nid)).unwrap().value(id).unwrap()
}

fn text(nodes: &dyn Nodes, nid: Nid, id: PropertyId) -> String {
    match value(nodes, nid, id) {
        Some(Value::String(text)) => text,
        other => panic!("{nid} {id}: {other:?}"),
    }
}

fn number(value: Option<Value>) -> Option<i32> {
    value.map(|value| match value {
        Value::Integer32(number) => number,
        other => panic!("{other:?}"),
    })
}

/// Bytes of data of a node and of all below it, counted anew.
fn weight(nodes: &dyn Nodes, node: &Node) -> u64 {
    let mut total = DataTree::open(nodes, node.data).unwrap().len();
    subnode::each(nodes, node.sub, &mut |sub| {
        total += weight(nodes, &sub);
        Ok(ControlFlow::Continue(()))
    })
    .unwrap();
    total
}

/// Guide, 11 and 16: rows say what their objects say, counts are right, sizes are the bytes that there are, attachments and
/// their rows agree. Returns the items of each folder.
fn audit(nodes: &dyn Nodes) -> BTreeMap<Nid, Vec<Nid>> {
    let mut folders = Vec::new();
    let mut items: BTreeMap<Nid, Vec<Nid>> = BTreeMap::new();
    nodes
        .nodes(Nid(0), &mut |node| {
            match node.nid.kind() {
                NidKind::FOLDER => folders.push(node),
                NidKind::MESSAGE => items.entry(node.parent).or_default().push(node.nid),
                _ => {}
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    let mut contents = BTreeMap::new();
    for folder in folders {
        let nid = folder.nid;
        let table = node(nodes, nid.with(NidKind::CONTENTS));
        let table = TableContext::open(nodes, &table).unwrap();
        let mut found = Vec::new();
        let mut unread = 0;
        for row in table.rows().unwrap() {
            let row = row.unwrap();
            let item = node(nodes, Nid(row.id()));
            found.push(item.nid);
            assert_eq!(item.parent, nid);
            let context = PropertyContext::open(nodes, &item).unwrap();
            for column in table.columns() {
                let cell = row.content(column).unwrap().map(|bytes| bytes.to_vec());
                let own = context.property(column.tag.id).filter(|own| own.kind == column.tag.kind);
                let own = own.map(|own| context.content(own).unwrap());
                let width = column.tag.kind.width().filter(|_| !column.tag.kind.is_multiple());
                let own = own.map(|own| own[..width.unwrap_or(own.len())].to_vec());
                match column.tag.id.0 {
                    0x67F2 => assert_eq!(cell, Some(row.id().to_le_bytes().to_vec())),
                    0x67F3 => assert!(cell.is_some_and(|version| version != [0; 4])),
                    0x0E17 => assert_eq!(cell, Some(vec![0; 4])),
                    0x3013 => {
                        assert_eq!(cell.is_some(), context.property(PropertyId(0x70)).is_some());
                    }
                    0x0E30 | 0x0E33 | 0x0E34 | 0x0E38 => {}
                    _ => assert_eq!(cell, own, "{nid} {} {:?}", item.nid, column.tag),
                }
            }
            let flags = number(context.value(property::MESSAGE_FLAGS.id).unwrap()).unwrap();
            unread += i32::from(flags & 1 == 0);
            let size = number(context.value(property::MESSAGE_SIZE.id).unwrap()).unwrap();
            assert_eq!(u64::try_from(size).unwrap(), weight(nodes, &item), "{}", item.nid);
            audit_attachments(nodes, &item, flags);
        }
        found.sort();
        assert_eq!(found, items.remove(&nid).unwrap_or_default(), "{nid}: table and nodes");
        let count = i32::try_from(found.len()).unwrap();
        assert_eq!(number(value(nodes, nid, property::CONTENT_COUNT.id)), Some(count));
        assert_eq!(number(value(nodes, nid, property::CONTENT_UNREAD_COUNT.id)), Some(unread));
        if folder.parent != nid {
            let above = node(nodes, folder.parent.with(NidKind::HIERARCHY));
            let above = TableContext::open(nodes, &above).unwrap();
            let row = above.row(nid.0).unwrap().unwrap();
            for id in [0x3001, 0x3602, 0x3603, 0x360A, 0x3613].map(PropertyId) {
                assert_eq!(row.value(id).unwrap(), value(nodes, nid, id), "{nid} {id}");
            }
        }
        let below = node(nodes, nid.with(NidKind::HIERARCHY));
        let has_below = TableContext::open(nodes, &below).unwrap().rows().unwrap().len() > 0;
        assert_eq!(value(nodes, nid, property::SUBFOLDERS.id), Some(Value::Boolean(has_below)));
        contents.insert(nid, found);
    }
    assert!(items.is_empty(), "items in no folder: {items:?}");
    contents
}

fn audit_attachments(nodes: &dyn Nodes, item: &Node, flags: i32) {
    let mut attachments = Vec::new();
    subnode::each(nodes, item.sub, &mut |sub| {
        if sub.nid.kind() == NidKind::ATTACHMENT {
            attachments.push(sub);
        }
        Ok(ControlFlow::Continue(()))
    })
    .unwrap();
    assert_eq!(flags & 0x10 != 0, !attachments.is_empty(), "{}", item.nid);
    let table = subnode::find(nodes, item.sub, Nid::ATTACHMENTS).unwrap();
    let Some(table) = table else { return assert!(attachments.is_empty()) };
    let table = TableContext::open(nodes, &table).unwrap();
    assert_eq!(table.rows().unwrap().len(), attachments.len());
    for attachment in attachments {
        let row = table.row(attachment.nid.0).unwrap().unwrap();
        let context = PropertyContext::open(nodes, &attachment).unwrap();
        for column in table.columns().iter().filter(|column| column.tag.id.0 & !1 != 0x67F2) {
            let own = context.property(column.tag.id).filter(|own| own.kind == column.tag.kind);
            let own = own.map(|own| context.value_of(own).unwrap());
            assert_eq!(row.cell(column).unwrap(), own, "{} {:?}", attachment.nid, column.tag);
        }
        // Guide, 11.6: the sizes of all values, truth values as one byte, objects by what they hold.
        let mut expected = 0;
        for own in context.properties() {
            let object = own.kind == crate::mapi::PropertyType::OBJECT;
            expected += if object {
                let (embedded, size) = context.object(own).unwrap();
                assert_eq!(u64::from(size), weight(nodes, &embedded));
                i32::try_from(size).unwrap()
            } else {
                let length = context.size(own).unwrap();
                let length = own
                    .kind
                    .width()
                    .filter(|_| !own.kind.is_multiple())
                    .unwrap_or(usize::try_from(length).unwrap());
                i32::try_from(length).unwrap()
            };
        }
        assert_eq!(number(context.value(PropertyId(0x0E20)).unwrap()), Some(expected));
    }
}

fn contact(name: &str) -> NewItem {
    let mut properties = Properties::new();
    properties.set(property::DISPLAY_NAME, Value::String(name.to_owned()));
    properties.set(property::SUBJECT, Value::String(name.to_owned()));
    properties.set(named::FILE_UNDER, Value::String(name.to_owned()));
    NewItem::of("IPM.Contact", properties)
}

/// Guide, 9: the inventory, with names as they are given.
#[test]
fn a_new_store_has_every_node_that_outlook_expects() {
    let folder = tempfile::tempdir().unwrap();
    let (file, made) = store(folder.path());
    let nodes = file.nodes();
    audit(nodes);
    for nid in [
        0x21, 0x61, 0x122, 0x12D, 0x12E, 0x12F, 0x1E1, 0x201, 0x261, 0x60D, 0x60E, 0x60F, 0x610,
        0x62B, 0x64C, 0x671, 0x692, 0x6B6, 0x6D7, 0x6F8, 0xC01, 0xEC1, 0x2223, 0x2226, 0x2227,
        0x2230, 0x8022, 0x802D, 0x802E, 0x802F, 0x8042, 0x804D, 0x804E, 0x804F, 0x8062, 0x806D,
        0x806E, 0x806F,
    ] {
        node(nodes, Nid(nid));
    }
    assert_eq!(text(nodes, Nid::STORE, property::DISPLAY_NAME.id), "Vorführung 😀");
    let tasks = made.role(Role::Tasks).unwrap();
    assert_eq!(text(nodes, tasks, property::DISPLAY_NAME.id), "Aufgaben");
    assert_eq!(text(nodes, tasks, property::CONTAINER_CLASS.id), "IPF.Task");
    assert_eq!(node(nodes, tasks).parent, Nid(0x8022));
    let Some(Value::Binary(key)) = value(nodes, Nid::STORE, property::STORE_RECORD_KEY.id) else {
        panic!("no record key");
    };
    let id = [vec![0; 4], key, tasks.0.to_le_bytes().to_vec()].concat();
    assert_eq!(value(nodes, Nid::ROOT_FOLDER, property::DEFAULT_TASKS.id), Some(Value::Binary(id)));
    let root = TableContext::open(nodes, &node(nodes, Nid(0x12D))).unwrap();
    let mut rows: Vec<u32> = root.rows().unwrap().map(|row| row.unwrap().id()).collect();
    rows.sort_unstable();
    assert_eq!(rows, [0x2223, 0x8022, 0x8042]);
    // MS-PST 2.2.2.6: counters of ids are at or above what is in use.
    assert!(file.nodes().header().highest[2] >= tasks.index());
    file.close().unwrap();
}

/// Guide, 11: an item is changed in place, moved and deleted; what the change does not name stays.
#[test]
fn an_item_from_creation_to_deletion() {
    let folder = tempfile::tempdir().unwrap();
    let (mut file, made) = store(folder.path());
    let contacts = made.role(Role::Contacts).unwrap();
    let mut item = contact("RE: Änne 😀");
    let strange = PropertyName::text(set::PUBLIC_STRINGS, "nobody knows this");
    item.properties.set(strange.clone(), Value::Binary(vec![7; 9000]));
    item.properties.set(property::BODY, Value::String("old".into()));
    item.properties.set(property::RTF_COMPRESSED, Value::Binary(vec![1, 2, 3]));
    let prefix = property::BODY_PREFIX;
    item.properties.set(prefix, Value::String("old".into()));
    item.properties.set(property::MESSAGE_FLAGS, Value::Integer32(0));
    let parts = [property::NORMALIZED_SUBJECT, property::SUBJECT_PREFIX];
    for (tag, part) in parts.into_iter().zip(["Änne 😀", "RE: "]) {
        item.properties.set(tag, Value::from(part));
    }
    let mut batch = Batch::begin(&mut file, NOW).unwrap();
    let nid = batch.add_item(contacts, &item).unwrap();
    let strange_id = batch.property(&strange.into()).unwrap();
    batch.commit().unwrap();
    assert_eq!(audit(file.nodes())[&contacts], [nid]);
    assert_eq!(text(file.nodes(), nid, property::SUBJECT.id), "\u{1}\u{5}RE: Änne 😀");
    assert_eq!(text(file.nodes(), nid, property::CONVERSATION_TOPIC.id), "Änne 😀");
    let search_key = value(file.nodes(), nid, property::SEARCH_KEY.id);

    let mut change = ItemChange::default();
    change.set.set(property::BODY, Value::String("new".repeat(5000)));
    change.set.set(property::GIVEN_NAME, Value::String("Änne".into()));
    change.set.set(property::MESSAGE_FLAGS, Value::Integer32(1));
    change.remove.push(PropertyKey::from(named::FILE_UNDER));
    let later = FileTime(NOW.0 + 10_000_000);
    let mut batch = Batch::begin(&mut file, later).unwrap();
    let file_under = batch.property(&named::FILE_UNDER.into()).unwrap();
    batch.change_item(nid, &change).unwrap();
    batch.commit().unwrap();
    assert_eq!(audit(file.nodes())[&contacts], [nid]);
    assert_eq!(text(file.nodes(), nid, property::BODY.id), "new".repeat(5000));
    assert_eq!(value(file.nodes(), nid, property::RTF_COMPRESSED.id), None);
    assert_eq!(text(file.nodes(), nid, prefix.id), "new".repeat(85));
    assert_eq!(value(file.nodes(), nid, file_under), None);
    assert_eq!(value(file.nodes(), nid, strange_id), Some(Value::Binary(vec![7; 9000])));
    assert_eq!(value(file.nodes(), nid, property::SEARCH_KEY.id), search_key);
    let modified = value(file.nodes(), nid, property::LAST_MODIFICATION_TIME.id);
    assert_eq!(modified, Some(Value::Time(later)));
    assert_eq!(value(file.nodes(), nid, property::CREATION_TIME.id), Some(Value::Time(NOW)));

    // A subject that stands there in parts as well is the same in all of them (MS-OXCMSG 2.2.1.9 and 2.2.1.10).
    let mut change = ItemChange::default();
    change.set.set(property::SUBJECT, Value::from("AW: Termin"));
    let mut batch = Batch::begin(&mut file, later).unwrap();
    batch.change_item(nid, &change).unwrap();
    batch.commit().unwrap();
    assert_eq!(audit(file.nodes())[&contacts], [nid]);
    let found = parts.map(|tag| text(file.nodes(), nid, tag.id));
    assert_eq!(found, ["Termin", "AW: "]);
    // A subject that is taken away takes its parts along.
    let mut batch = Batch::begin(&mut file, later).unwrap();
    let bare = ItemChange { remove: vec![property::SUBJECT.into()], ..ItemChange::default() };
    batch.change_item(nid, &bare).unwrap();
    batch.commit().unwrap();
    assert_eq!(audit(file.nodes())[&contacts], [nid]);
    for tag in [property::SUBJECT, property::CONVERSATION_TOPIC].into_iter().chain(parts) {
        assert_eq!(value(file.nodes(), nid, tag.id), None, "{tag}");
    }

    // A text that is taken away is gone in every form, also where there is no plain one.
    let mut rich = ItemChange::default();
    rich.set.set(property::HTML, Value::Binary(b"<p>secret</p>".to_vec()));
    rich.set.set(property::RTF_COMPRESSED, Value::Binary(vec![1, 2, 3]));
    let bare = ItemChange { remove: vec![property::BODY.into()], ..ItemChange::default() };
    for change in [&bare, &rich, &bare] {
        let mut batch = Batch::begin(&mut file, later).unwrap();
        batch.change_item(nid, change).unwrap();
        batch.commit().unwrap();
    }
    assert_eq!(audit(file.nodes())[&contacts], [nid]);
    for tag in [property::BODY, property::HTML, property::RTF_COMPRESSED, prefix] {
        assert_eq!(value(file.nodes(), nid, tag.id), None, "{tag}");
    }

    let mut batch = Batch::begin(&mut file, later).unwrap();
    batch.delete_item(nid).unwrap();
    batch.commit().unwrap();
    let contents = audit(file.nodes());
    assert!(contents[&contacts].is_empty());
    assert_eq!(contents[&made.deleted_items], [nid]);

    let mut batch = Batch::begin(&mut file, later).unwrap();
    batch.erase_item(nid).unwrap();
    batch.commit().unwrap();
    assert!(audit(file.nodes())[&made.deleted_items].is_empty());
    assert!(file.nodes().node(nid).unwrap().is_none());
    // An id is never given away twice.
    let mut batch = Batch::begin(&mut file, later).unwrap();
    assert!(batch.add_item(contacts, &contact("next")).unwrap() > nid);
    assert!(batch.change_item(nid, &ItemChange::default()).is_err());
    drop(batch);
    assert!(audit(file.nodes())[&contacts].is_empty(), "a batch that was dropped has not happened");
}

/// A step in the life of a store; items and folders are chosen by number among those that there are.
#[derive(Clone, Debug)]
enum Step {
    Add(usize, Vec<(usize, usize)>),
    Change(usize, Vec<(usize, usize)>, Vec<usize>),
    Move(usize, usize),
    Copy(usize),
    Delete(usize),
    Erase(usize),
    Commit,
}

fn keys() -> Vec<PropertyKey> {
    vec![
        property::BODY.into(),
        property::DISPLAY_NAME.into(),
        property::CONVERSATION_TOPIC.into(),
        property::SENT_REPRESENTING_NAME.into(),
        named::FILE_UNDER.into(),
        PropertyName::text(set::PUBLIC_STRINGS, "Schlagworte").into(),
        PropertyName::number(set::TASK, 0x8101).into(),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let length = prop_oneof![8 => 0..80usize, 2 => 80..2000usize, 1 => 1700..12_000usize];
    let values = proptest::collection::vec((0..7usize, length), 0..5);
    prop_oneof![
        6 => (0..4usize, values.clone()).prop_map(|(folder, values)| Step::Add(folder, values)),
        4 => (any::<usize>(), values, proptest::collection::vec(0..7usize, 0..3))
            .prop_map(|(item, set, remove)| Step::Change(item, set, remove)),
        2 => (any::<usize>(), 0..4usize).prop_map(|(item, to)| Step::Move(item, to)),
        1 => any::<usize>().prop_map(Step::Copy),
        1 => any::<usize>().prop_map(Step::Delete),
        1 => any::<usize>().prop_map(Step::Erase),
        2 => Just(Step::Commit),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Whatever is done to a store, it holds what was done, and everything in it agrees.
    #[test]
    fn a_store_holds_what_was_done_to_it(steps in proptest::collection::vec(step(), 1..60)) {
        type Model = BTreeMap<Nid, (Nid, BTreeMap<usize, String>)>;
        let folder = tempfile::tempdir().unwrap();
        let (mut file, made) = store(folder.path());
        let roles = [Role::Calendar, Role::Contacts, Role::Tasks];
        let mut folders: Vec<Nid> = roles.iter().map(|role| made.role(*role).unwrap()).collect();
        folders.push(made.deleted_items);
        let mut model = Model::new();
        let mut pending = steps.as_slice();
        let keys = keys();
        let filled = |step: usize, length: usize| {
            let letter = char::from_u32(0x61 + u32::try_from(step % 26).unwrap()).unwrap();
            letter.to_string().repeat(length)
        };
        while !pending.is_empty() {
            let mut batch = Batch::begin(&mut file, NOW).unwrap();
            while let Some((step, rest)) = pending.split_first() {
                pending = rest;
                let number = rest.len();
                let nth = |model: &Model, n: usize| model.keys().nth(n % model.len().max(1)).copied();
                match step {
                    Step::Add(place, values) => {
                        let values: BTreeMap<usize, String> =
                            values.iter().map(|(key, length)| (*key, filled(number, *length))).collect();
                        let properties = values
                            .iter()
                            .map(|(key, text)| (keys[*key].clone(), Value::String(text.clone())))
                            .collect();
                        let nid = batch.add_item(folders[*place], &NewItem::of("IPM.Note", properties)).unwrap();
                        model.insert(nid, (folders[*place], values));
                    }
                    Step::Change(item, values, remove) => {
                        let Some(nid) = nth(&model, *item) else { continue };
                        let own = &mut model.get_mut(&nid).unwrap().1;
                        let mut change = ItemChange::default();
                        for key in remove {
                            own.remove(key);
                            change.remove.push(keys[*key].clone());
                        }
                        for (key, length) in values {
                            own.insert(*key, filled(number, *length));
                            change.set.set(keys[*key].clone(), Value::String(filled(number, *length)));
                        }
                        batch.change_item(nid, &change).unwrap();
                    }
                    Step::Move(item, to) => {
                        let Some(nid) = nth(&model, *item) else { continue };
                        batch.move_item(nid, folders[*to]).unwrap();
                        model.get_mut(&nid).unwrap().0 = folders[*to];
                    }
                    Step::Copy(item) => {
                        let Some(nid) = nth(&model, *item) else { continue };
                        let copy = batch.copy_item(nid).unwrap();
                        model.insert(copy, model[&nid].clone());
                    }
                    Step::Delete(item) => {
                        let Some(nid) = nth(&model, *item) else { continue };
                        batch.delete_item(nid).unwrap();
                        model.get_mut(&nid).unwrap().0 = made.deleted_items;
                    }
                    Step::Erase(item) => {
                        let Some(nid) = nth(&model, *item) else { continue };
                        batch.erase_item(nid).unwrap();
                        model.remove(&nid);
                    }
                    Step::Commit => break,
                }
            }
            let ids: Vec<Option<PropertyId>> = keys.iter().map(|key| batch.property(key)).collect();
            batch.commit().unwrap();
            let contents = audit(file.nodes());
            let mut expected: BTreeMap<Nid, Vec<Nid>> = contents.keys().map(|nid| (*nid, Vec::new())).collect();
            for (nid, (folder, values)) in &model {
                expected.get_mut(folder).unwrap().push(*nid);
                for (key, id) in ids.iter().enumerate() {
                    let found = id.and_then(|id| value(file.nodes(), *nid, id));
                    prop_assert_eq!(found, values.get(&key).map(|text| Value::String(text.clone())));
                }
            }
            prop_assert_eq!(contents, expected);
        }
    }
}
