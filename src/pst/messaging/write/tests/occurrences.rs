//! Series, of which some occurrences differ.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use super::{NOW, audit, contact, node, number, store, value};
use crate::mapi::{FileTime, Properties, PropertyId, Value, named, property};
use crate::pst::id::{Nid, NidKind};
use crate::pst::ltp::PropertyContext;
use crate::pst::ltp::write::{Cell, NoBlocks, RowVersion, TableEdit};
use crate::pst::messaging::write::node::{
    NodeSource, apply_context, apply_subnodes, apply_table, entry,
};
use crate::pst::messaging::write::template::ATTACHMENTS;
use crate::pst::messaging::write::{Batch, ItemChange, Occurrence, Role, folder};
use crate::pst::ndb::write::Writer;
use crate::pst::ndb::{Node, Nodes, subnode};

/// Gives a table of attachments the columns that Outlook adds when it asks for them, and makes the attachments such as do not tell
/// which occurrence they are.
fn widen(file: &mut Writer, nid: Nid) {
    let added = [
        property::EXCEPTION_REPLACE_TIME,
        property::EXCEPTION_START,
        property::EXCEPTION_END,
        property::ATTACHMENT_HIDDEN,
    ];
    let tags = [&ATTACHMENTS.tags()[..], &added].concat();
    let mut batch = Batch::begin(file, NOW).unwrap();
    let item = batch.node(nid, "item").unwrap();
    let (last, size) = (batch.tx.highest(NidKind::VALUE), batch.tx.layout().block_payload);
    let mut table = TableEdit::create(&tags, last, size).unwrap();
    let mut changes = Vec::new();
    let mut below = NodeSource::open(&batch.tx, &item).unwrap().subnodes().unwrap();
    below.retain(|sub| sub.nid.kind() == NidKind::ATTACHMENT);
    for attachment in below {
        let version = RowVersion(batch.tx.unique());
        let source = NodeSource::open(&batch.tx, &attachment).unwrap();
        let mut context = source.context().unwrap();
        context.remove(property::EXCEPTION_REPLACE_TIME.id, &source).unwrap();
        let size = context.bytes(property::ATTACH_SIZE, &source).unwrap().unwrap();
        let size = folder::number(&size) - 8;
        context.set(property::ATTACH_SIZE, &size.to_le_bytes(), &source).unwrap();
        let cells = tags.iter().filter_map(|tag| {
            let value = context.bytes(*tag, &source).unwrap()?.into();
            Some(Cell { tag: *tag, value })
        });
        let cells: Vec<_> = cells.collect();
        table.put(attachment.nid.0, version, &cells, &NoBlocks).unwrap();
        let done = context.finish(&source).unwrap();
        drop(source);
        let node = apply_context(&mut batch.tx, attachment, done, Vec::new()).unwrap();
        changes.push((node.nid, Some(node)));
    }
    let empty = entry(Nid::ATTACHMENTS, None, None);
    let node = apply_table(&mut batch.tx, empty, table.finish(&NoBlocks).unwrap()).unwrap();
    changes.push((node.nid, Some(node)));
    let sub = apply_subnodes(&mut batch.tx, item.sub, changes).unwrap();
    batch.tx.set_node(Node { sub, ..item }).unwrap();
    batch.commit().unwrap();
}

/// MS-OXOCAL 2.2.10: changed occurrences are messages in hidden attachments. What is not named stays.
#[test]
fn a_series_with_changed_occurrences() {
    changed_occurrences(|_, _| {});
}

/// Guide, 11.6: rows say what their attachments say, in every column that the table has.
#[test]
fn rows_of_attachments_follow_in_every_column_that_outlook_added() {
    changed_occurrences(widen);
}

/// What earlier versions wrote: both messages have the id of the file's first item. libpff shows that one in their place.
fn share_ids(file: &mut Writer, nid: Nid) {
    let mut batch = Batch::begin(file, NOW).unwrap();
    let item = batch.node(nid, "item").unwrap();
    let mut changes = Vec::new();
    let mut below = NodeSource::open(&batch.tx, &item).unwrap().subnodes().unwrap();
    below.retain(|sub| sub.nid.kind() == NidKind::ATTACHMENT);
    for attachment in below {
        let source = NodeSource::open(&batch.tx, &attachment).unwrap();
        let [.., message] = source.subnodes().unwrap()[..] else { panic!("no message") };
        let mut context = source.context().unwrap();
        let mut object = context.bytes(property::ATTACH_OBJECT, &source).unwrap().unwrap();
        let first = Nid::new(NidKind::MESSAGE, 0x1_0001);
        object[..4].copy_from_slice(&first.0.to_le_bytes());
        context.set(property::ATTACH_OBJECT, &object, &source).unwrap();
        let done = context.finish(&source).unwrap();
        drop(source);
        let moved = vec![(message.nid, None), (first, Some(Node { nid: first, ..message }))];
        let node = apply_context(&mut batch.tx, attachment, done, moved).unwrap();
        changes.push((node.nid, Some(node)));
    }
    let sub = apply_subnodes(&mut batch.tx, item.sub, changes).unwrap();
    batch.tx.set_node(Node { sub, ..item }).unwrap();
    batch.commit().unwrap();
}

#[test]
fn messages_that_share_the_id_of_an_item_are_given_their_own() {
    changed_occurrences(share_ids);
}

fn changed_occurrences(meanwhile: impl Fn(&mut Writer, Nid)) {
    let folder = tempfile::tempdir().unwrap();
    let (mut file, made) = store(folder.path());
    let calendar = made.role(Role::Calendar).unwrap();
    let occurrence = |day: u64, subject: &str| {
        let time = FileTime(NOW.0 + day * 864_000_000_000);
        let mut properties = Properties::new();
        properties.set(property::SUBJECT, Value::String(subject.to_owned()));
        properties.set(property::BODY, Value::String(subject.repeat(1000)));
        let (start, end) = (FileTime(time.0 + 36_000_000_000), FileTime(time.0 + 72_000_000_000));
        Occurrence::new(time, start, end, properties)
    };
    let mut item = contact("Jour fixe");
    item.class = "IPM.Appointment".to_owned();
    item.occurrences = vec![occurrence(1, "moved"), occurrence(8, "moved again")];
    let mut batch = Batch::begin(&mut file, NOW).unwrap();
    let nid = batch.add_item(calendar, &item).unwrap();
    batch.commit().unwrap();
    audit(file.nodes());
    let embedded = |file: &Writer| {
        let nodes = file.nodes();
        let (mut found, mut ids) = (Vec::new(), Vec::new());
        subnode::each(nodes, node(nodes, nid).sub, &mut |sub| {
            if sub.nid.kind() == NidKind::ATTACHMENT {
                let context = PropertyContext::open(nodes, &sub).unwrap();
                assert_eq!(
                    context.value(property::ATTACHMENT_HIDDEN.id).unwrap(),
                    Some(Value::Boolean(true))
                );
                assert_eq!(number(context.value(property::ATTACH_METHOD.id).unwrap()), Some(5));
                let (message, _) =
                    context.object(context.property(PropertyId(0x3701)).unwrap()).unwrap();
                ids.push(message.nid);
                let message = PropertyContext::open(nodes, &message).unwrap();
                found.push(message.value(property::SUBJECT.id).unwrap().unwrap());
            }
            Ok(ControlFlow::Continue(()))
        })
        .unwrap();
        (found, ids)
    };
    let subject = |text: &str| Value::String(format!("\u{1}\u{1}{text}"));
    // An id of a message is that of no other one in the file.
    let has_own = |file: &Writer, ids: &[Nid]| {
        let is_free = |id: &Nid| file.nodes().node(*id).unwrap().is_none();
        let apart: BTreeSet<&Nid> = ids.iter().collect();
        apart.len() == ids.len() && ids.iter().all(is_free)
    };
    let (found, ids) = embedded(&file);
    assert_eq!(found, [subject("moved"), subject("moved again")]);
    assert!(has_own(&file, &ids), "{ids:?}");
    // MS-OXCMSG 2.2.1.14: whether nobody sees an attachment, and no paper clip is shown.
    let is_clipless = |file: &mut Writer| {
        let batch = Batch::begin(file, NOW).unwrap();
        let id = batch.property(&named::SMART_NO_ATTACH.into()).unwrap();
        drop(batch);
        value(file.nodes(), nid, id)
    };
    assert_eq!(is_clipless(&mut file), Some(Value::Boolean(true)));
    meanwhile(&mut file, nid);

    let attachment = |index| Nid::new(NidKind::ATTACHMENT, index);
    let mut again = occurrence(8, "once more");
    again.held = Some(attachment(0x1_0002));
    for (occurrences, dropped, expected) in [
        (vec![], vec![], vec![subject("moved"), subject("moved again")]),
        (
            vec![again.clone(), occurrence(2, "other")],
            vec![attachment(0x1_0001)],
            vec![subject("once more"), subject("other")],
        ),
        (vec![], vec![attachment(0x1_0002), attachment(0x1_0003)], Vec::new()),
        (vec![occurrence(3, "third")], vec![], vec![subject("third")]),
    ] {
        let is_as_it_was = occurrences.is_empty() && dropped.is_empty();
        let change = ItemChange { occurrences, dropped, ..ItemChange::default() };
        let mut batch = Batch::begin(&mut file, NOW).unwrap();
        batch.change_item(nid, &change).unwrap();
        batch.commit().unwrap();
        audit(file.nodes());
        let (found, ids) = embedded(&file);
        assert_eq!(found, expected);
        // What does not change keeps its id as well.
        assert!(has_own(&file, &ids) || is_as_it_was, "{ids:?}");
        assert_eq!(is_clipless(&mut file), Some(Value::Boolean(!expected.is_empty())));
    }
    // A message that is not there is not made under a name of our own.
    let change = ItemChange { occurrences: vec![again], ..ItemChange::default() };
    assert!(Batch::begin(&mut file, NOW).unwrap().change_item(nid, &change).is_err());
}
