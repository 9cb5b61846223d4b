//! Each rule is broken in a file that is good otherwise: bytes are changed and checksums mended, so that nothing but the rule
//! itself can tell.

mod broken;

use super::check_medium;
use crate::mapi::{FileTime, Properties, PropertyName, Value, name::set, named, property};
use crate::pst::crypt::Crypt;
use crate::pst::id::{Nid, NidKind};
use crate::pst::medium::Medium;
use crate::pst::messaging::write::{Batch, NewItem, NewStore, Role, fill};
use crate::pst::ndb::write::{Settings, Writer};
use broken::Broken;

/// The first contact.
const ANNA: Nid = Nid(0x20_0024);

fn contact(name: &str) -> NewItem {
    let mut properties = Properties::new();
    properties.set(property::DISPLAY_NAME, Value::from(name));
    NewItem::of("IPM.Contact", properties)
}

/// Makes a store with items in it, unencoded, so that its bytes can be changed where they stand.
fn file(items: &[(Role, NewItem)]) -> Vec<u8> {
    let memory = Medium::Memory(Vec::new());
    let mut writer = Writer::empty(memory, Crypt::None, &Settings::default()).unwrap();
    let made = fill(writer.begin().unwrap(), &NewStore::english("Check")).unwrap();
    let mut batch = Batch::begin(&mut writer, FileTime(134_000_000_000_000_000)).unwrap();
    for (role, item) in items {
        batch.add_item(made.role(*role).unwrap(), item).unwrap();
    }
    batch.commit().unwrap();
    match writer.close_in_media().unwrap().0 {
        Medium::Memory(bytes) => bytes,
        other => panic!("{other:?}"),
    }
}

/// Two contacts; the second has text in two blocks, and more values in subnodes than one list of them holds.
fn good() -> Vec<u8> {
    let mut second = contact("Bert");
    second.properties.set(property::BODY, Value::from("x".repeat(5_000).as_str()));
    for number in 0..350 {
        let key = PropertyName::number(set::TASK, 0x9000 + number);
        second.properties.set(key, Value::Binary(vec![7; 3_600]));
    }
    file(&[(Role::Contacts, contact("Anna")), (Role::Contacts, second)])
}

#[test]
fn a_file_of_ours_breaks_no_rule() {
    let report = check_medium(Medium::Memory(good())).unwrap();
    assert_eq!(report.findings(), []);
    assert_eq!((report.items, report.lost_bytes), (2, 0));
    assert!(report.folders >= 6 && report.blocks > 10);
}

/// A rule, and how it is broken.
type Case = (&'static str, fn(&mut Broken));

/// What the check must say, and what was done to the file.
const CASES: [Case; 33] = [
    // The header: offsets after MS-PST 2.2.2.6.
    ("says that the file has", |file| file.header(184, &0x4400_u64.to_le_bytes())),
    ("ibAMapLast", |file| file.header(192, &0x4200_u64.to_le_bytes())),
    ("cbAMapFree", |file| file.header(200, &64_u64.to_le_bytes())),
    ("(bidNextB)", |file| file.header(516, &8_u64.to_le_bytes())),
    ("(bidNextP)", |file| file.header(32, &1_u64.to_le_bytes())),
    ("rgnid says was given last", |file| file.header(44 + 4 * 4, &[0; 4])),
    ("the maps are not valid", |file| file.header(248, &[0])),
    // Maps.
    ("as free, which is in use", |file| file.map(0, 0x7F)),
    ("belong to nobody", |file| file.map(495, 0x01)),
    ("ptype", |file| file.bytes[0x4600 + 496] = 0x84),
    ("dwCRC", |file| file.bytes[0x4400 + 20] ^= 1),
    // Pages of the trees.
    ("cEntMax", |file| file.page(|page| page[489] = 14)),
    ("wSig", |file| file.page(|page| page[498] ^= 1)),
    ("does not begin with the key", |file| file.page(|page| page[0] ^= 1)),
    ("is in the tree twice", |file| file.page(|page| page.copy_within(8..24, 32))),
    // Blocks: what the tree says of them.
    ("references and has", |file| file.entry(Nid::STORE, |entry| entry[18] += 1)),
    ("between two slots", |file| file.entry(Nid::STORE, |entry| entry[8] += 32)),
    ("is not what the BBT says", |file| file.entry(Nid::STORE, |entry| entry[16] -= 1)),
    ("dwCRC", |file| file.torn(Nid::STORE)),
    // Nodes.
    ("and belongs to", |file| file.node(ANNA, |entry| entry[24] ^= 0x20)),
    ("is referred to and not there", |file| file.node(ANNA, |entry| entry[16] = 0xFE)),
    // Lists: the subnodes of the second contact, and its text.
    ("with which subnode block", |file| file.list(2, 1, |list| list[8] += 1)),
    ("its subnodes in order", |file| file.list(2, 0, |list| list[9] = 0xFF)),
    ("(lcbTotal)", |file| file.list(1, 1, |list| list[4] ^= 1)),
    ("before its end, not full", |file| file.list(1, 1, |list| list[8..24].rotate_left(8))),
    // Heaps: the map of the first contact's, which has one block.
    ("does not begin behind its head", |file| file.heap(ANNA, |map| map[4] += 1)),
    ("ends before it begins", |file| file.heap(ANNA, |map| map[6] = 0)),
    ("were given back", |file| file.heap(ANNA, |map| map[2] = 9)),
    ("is no allocation", |file| file.heap(ANNA, |map| map[0] -= 1)),
    // Tables: TCINFO begins in the third allocation at the most; its columns follow its 22 bytes.
    ("its columns in order", |file| file.table(|info| info[22..38].rotate_left(8))),
    ("in an unusual place", |file| {
        file.table(|info| {
            let version = info.chunks(2).position(|two| two == [0xF3, 0x67]).unwrap() * 2;
            info[version + 2] = 8;
        });
    }),
    ("two columns with one bit", |file| file.table(|info| info[22 + 7] = 0)),
    // Named properties: the buckets are a number that no name was put by.
    ("it belongs to", |file| {
        file.value(Nid::NAME_MAP, &[0x01, 0, 0x03, 0, 251, 0, 0, 0], 4, &[250]);
    }),
];

#[test]
fn every_rule_that_is_broken_is_found() {
    let good = good();
    let mut missed = Vec::new();
    for (number, (expected, change)) in CASES.into_iter().enumerate() {
        let mut file = Broken::new(good.clone());
        change(&mut file);
        assert_ne!(file.bytes, good, "{number}: {expected}");
        let found = match check_medium(Medium::Memory(file.bytes)) {
            Ok(report) => report.findings().iter().map(ToString::to_string).collect(),
            Err(error) => vec![error.to_string()],
        };
        if !found.iter().any(|finding| finding.contains(expected)) {
            missed.push(format!("{number}: not {expected:?} but {found:#?}"));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

/// A value that stands in the row as well, in the item alone: column by column, in folders and in items.
#[test]
fn rows_mirror_what_they_stand_for() {
    let records: [(Nid, u16, &str); 4] = [
        (ANNA, 0x0E07, "column 0E070003 of its row is not what the item has"),
        (ANNA, 0x0E08, "says that it has"),
        (Nid::new(NidKind::FOLDER, 0), 0x3602, "does not say that it has 2 items"),
        (Nid::new(NidKind::FOLDER, 0), 0x3602, "column 36020003 of its row is not what the folder"),
    ];
    let good = good();
    for (nid, id, expected) in records {
        let mut file = Broken::new(good.clone());
        let nid = if nid == ANNA { nid } else { file.parent(ANNA) };
        let [low, high] = id.to_le_bytes();
        file.value(nid, &[low, high, 0x03, 0], 4, &[0xEE]);
        let report = check_medium(Medium::Memory(file.bytes)).unwrap();
        let said = report.findings().iter().any(|finding| finding.to_string().contains(expected));
        assert!(said, "not {expected:?} but {:#?}", report.findings());
    }
}

/// What the writer is given as it is, and an item must not have.
#[test]
fn items_that_contradict_themselves_are_found() {
    let cases: [(Role, crate::mapi::Named, Value, &str); 3] = [
        (
            Role::Contacts,
            named::ADDRESS_BOOK_PROVIDER_EMAIL_LIST,
            Value::Integers32(vec![0, 1]),
            "names other e-mail addresses",
        ),
        (
            Role::Calendar,
            named::APPOINTMENT_RECURRENCE,
            Value::Binary(vec![4; 30]),
            "item 0x200024",
        ),
        (Role::Tasks, named::TASK_RECURRENCE, Value::Binary(vec![4; 30]), "item 0x200024"),
    ];
    for (role, name, value, expected) in cases {
        let mut item = contact("Anna");
        item.properties.set(named::ADDRESS_BOOK_PROVIDER_ARRAY_TYPE, Value::Integer32(1));
        item.properties.set(name, value);
        let report = check_medium(Medium::Memory(file(&[(role, item)]))).unwrap();
        let said = report.findings().iter().any(|finding| finding.to_string().contains(expected));
        assert!(said, "not {expected:?} but {:#?}", report.findings());
    }
}
