//! A changed occurrence with a text, a guest and a file of its own, as Outlook keeps them in a message within the series (rule
//! D11). pst-extractor, which is not ours, says what is there before and after we change the occurrence.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use abgleich::mailbox::pst::PstMailbox;
use abgleich::mailbox::{Mailbox, Wrote};
use abgleich::mapi::{Properties, PropertyTag, Value as MapiValue, property};
use abgleich::model::{Content, Field, ItemId, ItemKind, Value};
use abgleich::pst::check::check;
use abgleich::pst::ltp::write::{Cell, Given, NewContext, NoBlocks, RowVersion, TableEdit};
use abgleich::pst::messaging::write::{ItemChange, Occurrence};
use abgleich::pst::ndb::write::{Settings, Transaction, Writer};
use abgleich::pst::ndb::{Node, Nodes, subnode};
use abgleich::pst::{Bid, Layout, Nid, NidKind};
use serde_json::{Value as Json, json};

use crate::bench::over;
use crate::file::{File, access, as_if_utc, fetched, messages, moved, nids, with_series};

/// A file of more than one block, and what SHA-256 by hand (sha256sum) says of it.
fn attached() -> Vec<u8> {
    b"0123456789abcdef".repeat(2000)
}
const SHA256: &str = "79486bba4a90193d6ddd4d0dc94f2ab41687bfa165bbc10b1bd1425b3e7b4f60";

fn tag(bits: u32) -> PropertyTag {
    PropertyTag::from_bits(bits)
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn subnodes(nodes: &dyn Nodes, sub: Option<Bid>) -> Vec<Node> {
    let mut found = Vec::new();
    subnode::each(nodes, sub, &mut |node| {
        found.push(node);
        Ok(std::ops::ControlFlow::Continue(()))
    })
    .expect("readable");
    found
}

/// Makes a table of one row.
fn table(tx: &mut Transaction<'_>, nid: Nid, row: Nid, cells: &[Cell<'_>]) -> Node {
    let tags: Vec<PropertyTag> = cells.iter().map(|cell| cell.tag).collect();
    let (last, size) = (tx.highest(NidKind::VALUE), Layout::UNICODE.block_payload);
    let mut table = TableEdit::create(&tags, last, size).expect("a table");
    table.put(row.0, RowVersion(tx.unique()), cells, &NoBlocks).expect("a row");
    let changes = table.finish(&NoBlocks).expect("a table");
    let blocks: Vec<Vec<u8>> = changes.heap.blocks.into_iter().map(|(_, block)| block).collect();
    assert!(changes.rows.is_none() && changes.values.is_empty(), "one row fits into the heap");
    let data = tx.put_blocks(&blocks).expect("room");
    Node { nid, data, sub: None, parent: Nid(0) }
}

/// Gives the message of the first changed occurrence a guest and a file.
fn attach(path: &Path, item: Nid) {
    let mut file = Writer::open(path, &Settings::default(), &|_| Ok(false)).expect("it opens");
    let mut tx = file.begin().expect("a transaction");
    let node = tx.node(item).expect("readable").expect("there");
    let is = |kind: NidKind| move |node: &Node| node.nid.kind() == kind;
    let attachment = *subnodes(&tx, node.sub)
        .iter()
        .find(|node| is(NidKind::ATTACHMENT)(node))
        .expect("an occurrence");
    let message = *subnodes(&tx, attachment.sub)
        .iter()
        .find(|node| is(NidKind::MESSAGE)(node))
        .expect("its message");

    let number = |number: u32| number.to_le_bytes().to_vec();
    let own = tx.next_nid(NidKind::ATTACHMENT).expect("there are ids");
    let (name, method, size) = (utf16("Anfahrt.pdf"), number(1), number(32_000));
    let properties = [
        (0x3705_0003, method.clone()),
        (0x370B_0003, number(u32::MAX)),
        (0x3704_001F, name.clone()),
        (0x3707_001F, name.clone()),
        (0x0E20_0003, size.clone()),
        (0x3701_0102, attached()),
    ]
    .map(|(bits, bytes)| (tag(bits), bytes));
    let mut context = NewContext::default();
    let given = properties.iter().map(|(tag, bytes)| (*tag, Given::Bytes(bytes)));
    let last = tx.highest(NidKind::VALUE);
    let big = context.make(given, last, Layout::UNICODE.block_payload).expect("it fits");
    let mut values = Vec::new();
    for (nid, value) in big {
        let data = tx.put_data(&value.stored()).expect("room");
        tx.raise(nid);
        values.push(Node { nid, data, sub: None, parent: Nid(0) });
    }
    let data = tx.put_data(context.bytes()).expect("room");
    let sub = tx.put_subnodes(&values).expect("room");
    let own = Node { nid: own, data, sub, parent: Nid(0) };

    let cell = |(bits, value): (u32, Vec<u8>)| Cell { tag: tag(bits), value: value.into() };
    let cells = [(0x0E20_0003, size), (0x3704_001F, name), (0x3705_0003, method)].map(cell);
    let attachments = table(&mut tx, Nid::ATTACHMENTS, own.nid, &cells);
    let cells = [
        (0x0C15_0003, number(1)),
        (0x3001_001F, utf16("Eva Gast")),
        (0x3002_001F, utf16("SMTP")),
        (0x3003_001F, utf16("eva@gast.example")),
    ]
    .map(cell);
    let recipients = table(&mut tx, Nid::RECIPIENTS, Nid(0), &cells);

    let changed = |nodes: &[Node]| -> BTreeMap<Nid, Option<Node>> {
        nodes.iter().map(|node| (node.nid, Some(*node))).collect()
    };
    let below = changed(&[own, attachments, recipients]);
    let sub = tx.change_subnodes(message.sub, &below).expect("room");
    let message = Node { sub, ..message };
    let sub = tx.change_subnodes(attachment.sub, &changed(&[message])).expect("room");
    let attachment = Node { sub, ..attachment };
    let sub = tx.change_subnodes(node.sub, &changed(&[attachment])).expect("room");
    tx.set_node(Node { sub, ..node }).expect("room");
    tx.commit().expect("durable");
    file.close().expect("it closes");
}

/// Says what pst-extractor finds; `None` where there is none.
fn judged(path: &Path) -> Option<Vec<Json>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let modules = std::env::var_os("ABGLEICH_PST_EXTRACTOR")
        .map_or_else(|| root.join("target/pst-extractor/node_modules"), PathBuf::from);
    let node = |arguments: &[&std::ffi::OsStr]| {
        Command::new("node").args(arguments).env("NODE_PATH", &modules).output()
    };
    let probe = node(&["-e".as_ref(), "require('pst-extractor')".as_ref()]);
    if !probe.is_ok_and(|output| output.status.success()) {
        println!("SKIPPED: node finds no pst-extractor (ABGLEICH_PST_EXTRACTOR)");
        return None;
    }
    let script = root.join("fixtures/pst/readers/occurrences.js");
    let output = node(&[script.as_ref(), path.as_ref()]).expect("node runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).expect("text");
    Some(lines.lines().map(|line| serde_json::from_str(line).expect("a line")).collect())
}

/// Writes what `work` makes of the series.
fn rewrite(file: &mut File, id: &ItemId, work: impl FnOnce(&mut Content)) {
    let before = fetched(&mut file.mailbox, id);
    let mut content = before.content.clone();
    work(&mut content);
    let update = over(before, content);
    let wrote = file.mailbox.apply(ItemKind::Appointment, &[update]).expect("it is answered");
    assert!(matches!(wrote[..], [Wrote::Done { .. }]), "{wrote:?}");
}

#[test]
fn d11_what_is_attached_to_a_changed_occurrence_survives_its_change_and_that_of_the_series() {
    let (mut file, id) = with_series();
    let id = &id;
    let (_, nid) = nids(id);
    let path = access(&file.folder).path;
    file.mailbox = PstMailbox::new(access(&file.folder));
    let attachments = messages(&path, nid);
    let mut first = Occurrence::new(
        as_if_utc("2027-01-12T10:00:00Z"),
        as_if_utc("2027-01-12T11:00:00Z"),
        as_if_utc("2027-01-12T11:30:00Z"),
        Properties::new(),
    );
    first.held = attachments.first().copied();
    first.properties.set(property::BODY, MapiValue::from("Bitte Mappe mitbringen"));
    // It is read, and something is attached to it.
    first.properties.set(property::MESSAGE_FLAGS, MapiValue::Integer32(0x11));
    let change = ItemChange { occurrences: vec![first], ..ItemChange::default() };
    file.by_person(|batch| batch.change_item(nid, &change).expect("the text is kept"));
    file.mailbox = PstMailbox::new(access(&file.folder));
    assert!(!fetched(&mut file.mailbox, id).has_guests);
    // The file is closed for the other program.
    file.mailbox = PstMailbox::new(access(&file.folder));
    attach(&path, nid);
    file.mailbox = PstMailbox::new(access(&file.folder));
    assert!(fetched(&mut file.mailbox, id).has_guests, "rule D8: a guest of one occurrence is one");
    let theirs = |place: &str| {
        json!({
            "location": place,
            "body": "Bitte Mappe mitbringen",
            "guests": ["Eva Gast"],
            "attached": [["Anfahrt.pdf", SHA256]],
        })
    };
    let without_subject = |mut line: Json| {
        line.as_object_mut().expect("an object").remove("subject");
        line
    };
    let found = |path: &Path| {
        let lines = judged(path)?;
        assert_eq!(lines.len(), 3, "{lines:?}");
        lines.into_iter().map(without_subject).find(|line| line["attached"] != json!([]))
    };
    if let Some(line) = found(&path) {
        assert_eq!(line, theirs(""));
    }

    // We move this occurrence to another room.
    rewrite(&mut file, id, |content| {
        let Some(Value::Recurrence(series)) = content.value(Field::Recurrence).cloned() else {
            panic!("it is a series")
        };
        let mut series = *series;
        series.exceptions[0] = moved(12, "13", Some("Raum 2"));
        content.set(Field::Recurrence, Value::Recurrence(Box::new(series)));
    });
    file.mailbox = PstMailbox::new(access(&file.folder));
    if let Some(line) = found(&path) {
        assert_eq!(line, theirs("Raum 2"));
    }

    // The whole series moves to another hour, and the occurrences with it.
    rewrite(&mut file, id, |content| {
        let hour = |text: &str| -> Value { Value::Instant(text.parse().expect("an instant")) };
        content.set(Field::Start, hour("2027-01-12T08:00:00Z"));
        content.set(Field::End, hour("2027-01-12T08:30:00Z"));
    });
    file.mailbox = PstMailbox::new(access(&file.folder));
    if let Some(line) = found(&path) {
        assert_eq!(line, theirs("Raum 2"));
    }
    // What we wrote tells the right sizes again, which the attaching above did not.
    assert_eq!(check(&path).expect("it opens").findings(), []);
}
