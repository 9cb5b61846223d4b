//! Each rule is broken in a file that is good otherwise: bytes are changed and checksums mended, so that nothing but the rule
//! itself can tell.
//!
//! Long because there is a case for each rule, and together they are one table.

mod broken;
mod guide;
mod maps;

use std::collections::HashSet;

use super::{Finding, Remedy, Report, Rule, Weight, check, check_medium};
use crate::mapi::recurrence::{
    AppointmentRecurrence, Days, End, Frequency, Minutes, OccurrenceChange, RecurrencePattern,
};
use crate::mapi::zone::ZoneRule;
use crate::mapi::{
    FileTime, Named, Properties, PropertyId, PropertyName, PropertyType, Value, name::set, named,
    property,
};
use crate::pst::crypt::Crypt;
use crate::pst::id::{Nid, NidKind};
use crate::pst::medium::Medium;
use crate::pst::messaging::write::{Batch, NewItem, NewStore, Occurrence, Role, fill};
use crate::pst::ndb::write::{Settings, Writer};
use crate::pst::ndb::{Node, Nodes as _};
use broken::Broken;

const NOTHING: [&str; 0] = [];

/// The ids of replicas by their numbers.
const REPLICAS: Nid = Nid(0xC01);

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

fn broken_off() -> Report {
    let mut bytes = good();
    bytes.resize(bytes.len() + 0x3E000, 0);
    check_medium(Medium::Memory(bytes)).unwrap()
}

/// Issue 4, "Crash": a transaction that added a section and did not come to its commit leaves it behind the end, and the file is
/// whole. MS-PST 2.2.2.6: `ibFileEof`.
#[test]
fn sections_of_a_transaction_that_broke_off_break_no_rule() {
    let report = broken_off();
    let [note] = report.findings() else { panic!("{:?}", report.findings()) };
    assert!(note.to_string().contains("253952 bytes stand behind the end"), "{note}");
    assert_eq!((report.errors(), report.notes()), (0, 1));
}

/// The last write of the header reached the disk by half, and the record of it is beside the file.
fn torn_header() -> Report {
    let medium = Medium::Memory(file(&[(Role::Contacts, contact("Anna"))]));
    let rescue = Medium::Memory(Vec::new());
    let mut writer =
        Writer::in_media(medium, rescue, &Settings::default(), &|_| Ok(false)).unwrap();
    let mut batch = Batch::begin(&mut writer, FileTime(134_000_000_000_000_000)).unwrap();
    batch.set_property(ANNA, property::GIVEN_NAME, b"A\0").unwrap();
    batch.commit().unwrap();
    let (Medium::Memory(mut bytes), Medium::Memory(record)) = writer.into_media() else {
        panic!("both are in memory")
    };
    // Behind the 16 bytes that it begins with the record has the header as it was before.
    bytes[512..564].copy_from_slice(&record[16 + 512..16 + 564]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("torn.pst");
    std::fs::write(&path, bytes).unwrap();
    std::fs::write(folder.path().join("torn.pst.rescue"), record).unwrap();
    check(&path).unwrap()
}

/// A rule, and how it is broken.
type Case = (&'static str, fn(&mut Broken));

/// What the check must say, and what was done to the file.
const CASES: &[Case] = &[
    // The header: offsets after MS-PST 2.2.2.6.
    ("dwCRCPartial", |file| file.bytes[40] ^= 1),
    ("dwCRCFull", |file| file.bytes[500] ^= 1),
    ("bSentinel", |file| file.header(512, &[0])),
    ("says that the file has", |file| file.header(184, &0x4000_0000_u64.to_le_bytes())),
    ("lies outside of the file", |file| file.header(184, &0x4400_u64.to_le_bytes())),
    ("with a whole section", |file| {
        file.bytes.extend([0; 64]);
        let end = u64::try_from(file.bytes.len()).unwrap();
        file.header(184, &end.to_le_bytes());
    }),
    ("ibAMapLast", |file| file.header(192, &0x4200_u64.to_le_bytes())),
    ("cbAMapFree", |file| file.header(200, &64_u64.to_le_bytes())),
    ("(bidNextB)", |file| file.header(516, &8_u64.to_le_bytes())),
    ("(bidNextP)", |file| file.header(32, &1_u64.to_le_bytes())),
    ("rgnid says was given last", |file| file.header(44 + 4 * 4, &[0; 4])),
    ("the maps are not valid", |file| file.header(248, &[0])),
    // Maps.
    ("as free, which is in use", |file| file.map(0, 0x7F)),
    ("belong to nobody", |file| file.map(495, 0x01)),
    ("PMap page at 0x4600 … ptype", |file| {
        file.bytes[0x4600 + 496] = 0x84;
    }),
    ("AMap page at 0x4400 … dwCRC", |file| {
        file.bytes[0x4400 + 20] ^= 1;
    }),
    ("AMap page at 0x4400 … bid", |file| {
        file.bytes[0x4400 + 504] ^= 1;
    }),
    // Pages of the trees.
    ("cEntMax", |file| file.page(|page| page[489] = 14)),
    ("is more than the page holds", |file| file.page(|page| page[488] = 21)),
    ("NBT page at … ptype", |file| file.torn_page(496)),
    ("NBT page at … wSig", |file| file.torn_page(498)),
    ("NBT page at … dwCRC", |file| file.torn_page(0)),
    ("NBT page at … bid", |file| file.torn_page(504)),
    ("does not begin with the key", |file| file.page(|page| page[0] ^= 1)),
    ("is not in its place", |file| file.page(|page| page[..48].rotate_left(24))),
    ("where 1 was expected", |file| file.page(|page| page[491] = 2)),
    ("where a page can", |file| file.moved(960)),
    ("is in the tree twice", |file| file.page(|page| page.copy_within(8..24, 32))),
    ("is empty", |file| file.page_below(|page| page[488] = 0)),
    // Blocks: what the tree says of them.
    ("is in use twice", |file| {
        let other = file.place(ANNA).to_le_bytes();
        file.entry(Nid::STORE, |entry| entry[8..16].copy_from_slice(&other));
    }),
    ("references and has", |file| file.entry(Nid::STORE, |entry| entry[18] += 1)),
    ("belongs to nobody", |file| {
        file.entry(ANNA, |entry| entry[18] = 1);
        file.node(ANNA, |entry| entry[8..16].fill(0));
    }),
    ("the reserved bit", |file| file.entry(Nid::STORE, |entry| entry[0] |= 1)),
    ("crosses the end of a section", |file| {
        let end: u64 = 0x4400 + 0x3E000;
        file.entry(Nid::STORE, |entry| entry[8..16].copy_from_slice(&(end - 64).to_le_bytes()));
    }),
    ("lies outside of the file", |file| file.entry(Nid::STORE, |entry| entry[13] = 1)),
    ("which no block has", |file| file.entry(Nid::STORE, |entry| entry[16..18].fill(0))),
    ("between two slots", |file| file.entry(Nid::STORE, |entry| entry[8] += 32)),
    ("is not what the BBT says", |file| file.entry(Nid::STORE, |entry| entry[16] -= 1)),
    ("damaged block at … cb 0x", |file| file.trailer(Nid::STORE, 0)),
    ("damaged block at … wSig 0x", |file| file.trailer(Nid::STORE, 2)),
    ("damaged block at … dwCRC 0x", |file| file.torn(Nid::STORE)),
    ("damaged block at … bid 0x", |file| file.trailer(Nid::STORE, 8)),
    // Nodes.
    ("and belongs to", |file| file.node(ANNA, |entry| entry[24] ^= 0x20)),
    ("is referred to and not there", |file| file.node(ANNA, |entry| entry[16] = 0xFE)),
    // Lists: the subnodes of the second contact, and its text.
    ("with which subnode block", |file| file.list(2, 1, |list| list[8] += 1)),
    ("its subnodes in order", |file| file.list(2, 0, |list| list[9] = 0xFF)),
    ("is an empty list", |file| file.list(2, 0, |list| list[2..4].fill(0))),
    ("of unknown kind 2.7", |file| file.list(2, 1, |list| list[1] = 7)),
    ("lists a block that is none", |file| file.list(1, 1, |list| list[8..16].fill(0))),
    ("which is of another kind", |file| file.list(1, 1, |list| list[8] |= 2)),
    ("(lcbTotal)", |file| file.list(1, 1, |list| list[4] ^= 1)),
    ("before its end, not full", |file| file.list(1, 1, |list| list[8..24].rotate_left(8))),
    ("the value", |file| file.list(2, 0, |list| list[2] -= 1)),
    // Heaps: the map of the first contact's, which has one block.
    ("bSig", |file| file.data(ANNA, |block| block[2] = 0)),
    ("node 0x200024 … damaged HNPAGEMAP", |file| {
        file.data(ANNA, |block| block[1] = 0x1F);
    }),
    ("does not begin behind its head", |file| file.heap(ANNA, |map| map[4] += 1)),
    ("ends before it begins", |file| file.heap(ANNA, |map| map[6] = 0)),
    ("is longer than 3580", |file| {
        file.heap(ANNA, |map| map[6..8].copy_from_slice(&3_700_u16.to_le_bytes()));
    }),
    ("reach into their map", |file| {
        file.heap(ANNA, |map| {
            let last = 5 + 2 * usize::from(map[0]);
            map[last] += 4;
        });
    }),
    ("were given back", |file| file.heap(ANNA, |map| map[2] = 9)),
    ("is no allocation", |file| file.heap(ANNA, |map| map[0] -= 1)),
    ("has the fill level", |file| file.data(ANNA, |block| block[8] ^= 1)),
    ("for blocks that its heap does not have", |file| file.data(ANNA, |block| block[11] = 0x10)),
    ("room for 1 more", |file| file.last_property(ANNA)),
    ("is out of order", |file| file.value(ANNA, &[0x0B, 0x30, 2, 1], 1, &[0])),
    // The heap of replicas, guide, 9: its root leads to a B-tree with keys of 16 bytes and data of 4.
    ("node 0xc01: damaged HNHDR", |file| file.data(REPLICAS, |block| block[2] = 0)),
    ("has a heap of kind 0x11 where", |file| file.data(REPLICAS, |block| block[3] = 0x11)),
    ("node 0xc01 … its first allocation does not begin", |file| {
        file.heap(REPLICAS, |map| map[4] += 1);
    }),
    ("node 0xc01: damaged BTHHEADER", |file| {
        file.value(REPLICAS, &[0xB5, 16, 4, 0], 0, &[0xB4]);
    }),
    ("has a tree with keys of 8 and data of 4", |file| {
        file.value(REPLICAS, &[0xB5, 16, 4, 0], 1, &[8]);
    }),
    // Tables: TCINFO begins in the third allocation at the most; its columns follow its 22 bytes.
    ("its columns in order", |file| file.table(|info| info[22..38].rotate_left(8))),
    ("in an unusual place", |file| {
        file.table(|info| {
            let version = info.chunks(2).position(|two| two == [0xF3, 0x67]).unwrap() * 2;
            info[version + 2] = 8;
        });
    }),
    ("two columns with one bit", |file| file.table(|info| info[22 + 7] = 0)),
    ("has cells that overlap", |file| file.table(|info| info.copy_within(26..28, 34))),
    ("of 2 and of 1 end at", |file| file.table(|info| info[2] = 0)),
    ("of 2 and of 1 end at", |file| file.table(|info| info[4] = 0)),
    ("has rows of", |file| file.table(|info| info[8] += 1)),
    // The index of rows is empty; then the second row has another number.
    ("has room for 2 rows and lists 0", |file| file.contents(&[0xB5, 4, 4, 0], 4, &[0; 4])),
    ("are in no folder's table", |file| file.contents(&[0xB5, 4, 4, 0], 4, &[0; 4])),
    ("views, rules or settings are in no", |file| file.node(ANNA, |entry| entry[0] = 0x28)),
    ("is in no table that the root folder", |file| {
        file.emptied(Nid::ROOT_FOLDER.with(NidKind::HIERARCHY));
    }),
    ("has gaps in the numbers", |file| file.contents(&[0x44, 0, 0x20, 0, 1, 0, 0, 0], 4, &[5])),
    ("is listed in folder 0x122 and not there", Broken::lend),
    ("names by 36D10102 a folder that is not there", |file| {
        let contacts = file.parent(ANNA).0.to_le_bytes();
        file.value(Nid::ROOT_FOLDER, &contacts, 2, &[7]);
    }),
    ("has no table of its settings", |file| file.node(Nid(0x12F), |entry| entry[0] = 0x3F)),
    ("belongs to another", |file| {
        let folder = file.parent(ANNA);
        file.node(folder, |entry| entry[24] ^= 0x20);
    }),
    // The ids of the six become those of others.
    ("has no property 001A001F", |file| file.value(ANNA, &[0x1A, 0, 0x1F, 0], 0, &[0x1B])),
    ("has no property 0E070003", |file| file.value(ANNA, &[7, 0x0E, 3, 0], 0, &[6])),
    ("has no property 0E080003", |file| file.value(ANNA, &[8, 0x0E, 3, 0], 0, &[9])),
    ("has no property 30070040", |file| file.value(ANNA, &[7, 0x30, 0x40, 0], 0, &[6])),
    ("has no property 30080040", |file| file.value(ANNA, &[8, 0x30, 0x40, 0], 0, &[9])),
    ("has no property 300B0102", |file| file.value(ANNA, &[0x0B, 0x30, 2, 1], 0, &[0x0C])),
    // Named properties: streams of sets and of entries. The buckets are a number that no name was put by.
    ("it belongs to", |file| {
        file.value(Nid::NAME_MAP, &[0x01, 0, 0x03, 0, 251, 0, 0, 0], 4, &[250]);
    }),
    // The stream of texts is none, and that of entries takes its place.
    ("has no entries", |file| {
        file.value(Nid::NAME_MAP, &[0x04, 0, 0x02, 0x01], 0, &[0x05]);
        file.value(Nid::NAME_MAP, &[0x03, 0, 0x02, 0x01], 0, &[0x04]);
    }),
    ("has no buckets", |file| {
        file.value(Nid::NAME_MAP, &[0x01, 0, 0x03, 0, 251, 0, 0, 0], 4, &[0]);
    }),
    // The bucket of `Keywords`, MS-PST 2.4.7.5.
    ("lists an entry that another one has", |file| file.names(0x1065, |bucket| bucket[6] ^= 1)),
    ("bucket 101 lists entry 32513", |file| file.names(0x1065, |bucket| bucket[7] = 0x7F)),
    ("is in no bucket", |file| file.names(0x1065, |bucket| bucket[6] ^= 1)),
    ("is not in the bucket 101 it", |file| file.names(0x1065, |bucket| bucket[0] ^= 1)),
    ("has the ordinal", |file| file.names(3, |entries| entries[6] = 9)),
    ("is of a set that is not there", |file| file.names(3, |entries| entries[4] = 0xFE)),
];

/// A rule and what breaks it.
type Breaks = (Rule, fn() -> Report);

/// What the check must say of a file that takes more than a change of bytes.
type Told = (&'static str, fn() -> Report);

/// Such files, where what keeps something from being read tells which rule it is.
const MADE: &[Told] = &[
    // Guide, 3: behind the maps of the 128th and the 8192nd section that every, and every eighth one, has.
    ("FMap page at 0x1f04800 … dwCRC", || maps::BROKEN.clone()),
    ("FPMap page at 0x7c004800 … dwCRC", || maps::BROKEN.clone()),
    // MS-OXOCAL 2.2.1.44: nothing follows a pattern.
    ("item 80c2.200024 … is followed by 1 bytes", || with_more(Role::Tasks)),
    ("item 8082.200024 … is followed by 1 bytes", || with_more(Role::Calendar)),
];

/// Rules that take another file, or more than a change of bytes, to be broken.
const OTHERS: &[Breaks] = &[
    (Rule::Surplus, broken_off),
    (Rule::TornHeader, torn_header),
    (Rule::ItemRow, || mirrored(ANNA, 0x0E07)),
    (Rule::ItemSize, || mirrored(ANNA, 0x0E08)),
    (Rule::ItemCount, || mirrored(CONTACTS, 0x3602)),
    (Rule::FolderRow, || mirrored(CONTACTS, 0x3602)),
    (Rule::UnreadCount, || mirrored(CONTACTS, 0x3603)),
    (Rule::AttachmentRow, || with_attachment(other_method)),
    (Rule::AttachmentMissing, || with_attachment(other_attachment)),
    (Rule::AttachmentUnlisted, || with_attachment(other_attachment)),
    (Rule::EmbeddedId, || embedded(Nid::new(NidKind::ATTACHMENT, 0x401), ANNA)),
    (Rule::NoOwnText, || claiming_a_text(None)),
    (Rule::OtherTimes, || told_with(0)),
    (Rule::Nesting, nested),
    (Rule::UnnamedId, unnamed),
    (Rule::UsedAddresses, || with_addresses(&[0, 1])),
    (Rule::LoneAddresses, || lone(named::ADDRESS_BOOK_PROVIDER_ARRAY_TYPE)),
    (Rule::ChangedDays, || with_series(&a_day_too_few())),
    (Rule::Occurrences, || with_series(&series(1))),
];

/// Says whether a finding has all the pieces of a text.
fn says(finding: &str, text: &str) -> bool {
    text.split(" … ").all(|piece| finding.contains(piece))
}

/// Issue 4, point 4, "all rules": every rule is broken here by a file, and found. What no file can break is no rule.
#[test]
fn every_rule_that_is_broken_is_found() {
    let good = good();
    let (mut missed, mut found_rules) = (Vec::new(), HashSet::new());
    for (number, (expected, change)) in CASES.iter().enumerate() {
        let mut file = Broken::new(good.clone());
        change(&mut file);
        assert_ne!(file.bytes, good, "{number}: {expected}");
        let found: Vec<String> = match check_medium(Medium::Memory(file.bytes)) {
            Ok(report) => {
                let said = |finding: &&Finding| says(&finding.to_string(), expected);
                found_rules.extend(report.findings().iter().filter(said).map(|one| one.rule));
                report.findings().iter().map(ToString::to_string).collect()
            }
            Err(error) => vec![error.to_string()],
        };
        if !found.iter().any(|finding| says(finding, expected)) {
            missed.push(format!("{number}: not {expected:?} but {found:#?}"));
        }
    }
    for (expected, report) in MADE {
        let report = report();
        if !report.findings().iter().any(|finding| says(&finding.to_string(), expected)) {
            missed.push(format!("not {expected:?} but {:#?}", report.findings()));
        }
    }
    for (rule, report) in OTHERS {
        let report = report();
        if report.findings().iter().any(|finding| finding.rule == *rule) {
            found_rules.insert(*rule);
        } else {
            missed.push(format!("not {rule:?} but {:#?}", report.findings()));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
    let unbroken: Vec<_> = Rule::ALL.iter().filter(|rule| !found_rules.contains(rule)).collect();
    assert!(unbroken.is_empty(), "broken by no file: {unbroken:?}");
}

/// The rules of the guide and the cases here are the same: none is without a case, and no case without a rule.
#[test]
fn every_rule_of_the_guide_has_a_file_that_breaks_it() {
    let mut open: Vec<String> = CASES.iter().map(|(text, _)| (*text).to_owned()).collect();
    open.extend(MADE.iter().map(|(text, _)| (*text).to_owned()));
    open.extend(OTHERS.iter().map(|(rule, _)| format!("{rule:?}")));
    let mut left: HashSet<&String> = open.iter().collect();
    for (words, cases) in guide::RULES {
        assert!(!cases.is_empty(), "{words}");
        for case in *cases {
            let case = match case {
                guide::Case::Text(text) => (*text).to_owned(),
                guide::Case::Rule(rule) => format!("{rule:?}"),
            };
            assert!(open.contains(&case), "{words}: there is no case {case:?}");
            left.remove(&case);
        }
    }
    assert!(left.is_empty(), "cases of no rule: {left:?}");
}

/// Stands for the folder of the contacts.
const CONTACTS: Nid = Nid::new(NidKind::FOLDER, 0);

/// Changes a number of an item or of its folder that stands in its row as well.
fn mirrored(nid: Nid, id: u16) -> Report {
    let mut file = Broken::new(good());
    let nid = if nid == ANNA { nid } else { file.parent(ANNA) };
    let [low, high] = id.to_le_bytes();
    file.value(nid, &[low, high, 0x03, 0], 4, &[0xEE]);
    check_medium(Medium::Memory(file.bytes)).unwrap()
}

/// A value that stands in the row as well, in the item alone: column by column, in folders and in items.
#[test]
fn rows_mirror_what_they_stand_for() {
    let records: [(Nid, u16, &str); 5] = [
        (ANNA, 0x0E07, "column 0E070003 of its row is not what the item has"),
        (ANNA, 0x0E08, "says that it has"),
        (CONTACTS, 0x3602, "does not say that it has 2 items"),
        (CONTACTS, 0x3603, "of its items are unread"),
        (CONTACTS, 0x3602, "column 36020003 of its row is not what the folder"),
    ];
    for (nid, id, expected) in records {
        let report = mirrored(nid, id);
        let said = report.findings().iter().any(|finding| finding.to_string().contains(expected));
        assert!(said, "not {expected:?} but {:#?}", report.findings());
    }
}

/// A series with one changed occurrence, which claims a text of its own.
fn claiming_a_text(text: Option<&str>) -> Report {
    let time = FileTime(134_000_000_000_000_000);
    let mut properties = Properties::new();
    properties.set(named::EXCEPTIONAL_BODY, Value::Boolean(true));
    if let Some(text) = text {
        properties.set(property::BODY, Value::from(text));
    }
    let mut item = contact("Serie");
    let blob = Value::Binary(series(1).to_bytes());
    item.properties.set(named::APPOINTMENT_RECURRENCE, blob);
    item.occurrences = vec![Occurrence::new(time, time, time, properties)];
    check_medium(Medium::Memory(file(&[(Role::Calendar, item)]))).unwrap()
}

/// MS-OXOCAL 2.2.10.2.6: a changed occurrence that claims a text must have one; otherwise it is shown without any.
#[test]
fn a_changed_occurrence_that_claims_a_text_has_one() {
    let findings = |text| -> Vec<String> {
        claiming_a_text(text).findings().iter().map(ToString::to_string).collect()
    };
    assert_eq!(findings(Some("Bitte Mappe mitbringen")), NOTHING);
    let lacks = "says that a changed occurrence has a text of its own, and it has none";
    assert_eq!(findings(None), [format!("item 8082.200024: {lacks}")]);
}

/// A series an hour ahead of UTC all the year, with a changed occurrence whose message reckons with so many minutes.
fn told_with(ahead: u64) -> Report {
    let series = series(1);
    let change = &series.changes[0];
    let local = |minutes: Minutes| FileTime(u64::from(minutes.0) * 600_000_000);
    let told = |minutes: Minutes| Value::Time(FileTime(local(minutes).0 - ahead * 600_000_000));
    let mut properties = Properties::new();
    properties.set(named::APPOINTMENT_START, told(change.start));
    properties.set(named::APPOINTMENT_END, told(change.end));
    let rule = ZoneRule { bias: -60, ..ZoneRule::default() };
    let mut item = contact("Serie");
    item.properties.set(named::APPOINTMENT_RECURRENCE, Value::Binary(series.to_bytes()));
    item.properties.set(named::TIME_ZONE_STRUCT, Value::Binary(rule.to_bytes()));
    let (original, start, end) = (change.original_start, change.start, change.end);
    item.occurrences = vec![Occurrence::new(local(original), local(start), local(end), properties)];
    check_medium(Medium::Memory(file(&[(Role::Calendar, item)]))).unwrap()
}

/// MS-OXOCAL 2.2.10.2: a message tells in UTC what the series tells by its own clock. Earlier versions left it in another zone.
#[test]
fn messages_tell_the_times_of_their_series() {
    assert_eq!(told_with(60).findings(), []);
    let report = told_with(0);
    let [note] = report.findings() else { panic!("one note") };
    assert_eq!((note.weight, note.rule), (Weight::Note, Rule::OtherTimes), "{note}");
}

/// Changes a series with the message of one occurrence.
fn with_attachment(change: fn(&mut Broken)) -> Report {
    let time = FileTime(134_000_000_000_000_000);
    let mut item = contact("Serie");
    item.occurrences = vec![Occurrence::new(time, time, time, Properties::new())];
    let mut file = Broken::new(file(&[(Role::Calendar, item)]));
    change(&mut file);
    check_medium(Medium::Memory(file.bytes)).unwrap()
}

/// Changes the method in the row of the attachment, which stands before its place in the text.
fn other_method(file: &mut Broken) {
    file.attachment_row(&[5, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF], &[4]);
}

/// Lets the row be that of another attachment, in the index and in itself.
fn other_attachment(file: &mut Broken) {
    file.attachment_row(&[0x25, 0x80, 0, 0], &[0x45]);
    file.attachment_row(&[0x25, 0x80, 0, 0], &[0x45]);
}

/// Guide, 11.6: the row of an attachment is a copy of its properties, here its method and its place in the text.
#[test]
fn rows_of_attachments_mirror_them() {
    let findings = |change| -> Vec<String> {
        with_attachment(change).findings().iter().map(ToString::to_string).collect()
    };
    assert_eq!(findings(|_| {}), NOTHING);
    let expected = "subnode 0x8025: column 37050003 of its row is not what the attachment has";
    assert_eq!(findings(other_method), [format!("node 0x200024, {expected}")]);
}

/// Gives the message within one of two attachments of an item another id.
fn embedded(attachment: Nid, to: Nid) -> Report {
    let time = FileTime(134_000_000_000_000_000);
    let mut item = contact("Serie");
    let changed = Occurrence::new(time, time, time, Properties::new());
    item.occurrences = vec![changed.clone(), changed];
    let mut broken = Broken::new(file(&[(Role::Calendar, item)]));
    broken.embedded(attachment, to);
    check_medium(Medium::Memory(broken.bytes)).unwrap()
}

/// As in files of Outlook: a message within an item has an id that no item has, nor another such message. Others find it by that.
#[test]
fn messages_within_items_have_ids_of_their_own() {
    let [first, second] = [0x401, 0x402].map(|index| Nid::new(NidKind::ATTACHMENT, index));
    let message = |index| Nid::new(NidKind::MESSAGE, index);
    let twice = "has the id of another message, and some readers take that one for it";
    let later = "has an index above the 0x10003 that rgnid says was given last";
    // The item has index 0x10001, and its messages the two behind it.
    for (attachment, to, expected) in [
        (first, ANNA, format!("subnode 0x8025, subnode 0x200024: {twice}")),
        (second, message(0x1_0002), format!("subnode 0x8045, subnode 0x200044: {twice}")),
        (first, message(0x1_0004), format!("subnode 0x8025, subnode 0x200084: {later}")),
    ] {
        let report = embedded(attachment, to);
        let said: Vec<String> = report.findings().iter().map(ToString::to_string).collect();
        assert_eq!((said, report.errors()), (vec![format!("node 0x200024, {expected}")], 0));
    }
}

/// There are files in which attachments and big values are counted in each item, from 0x401 on.
#[test]
fn attachments_and_big_values_that_the_file_does_not_count_are_noted() {
    let time = FileTime(134_000_000_000_000_000);
    let mut item = contact("Serie");
    item.properties.set(property::BODY, Value::String("lang ".repeat(1000)));
    item.occurrences = vec![Occurrence::new(time, time, time, Properties::new())];
    let mut broken = Broken::new(file(&[(Role::Calendar, item)]));
    for kind in [0x05, 0x1F] {
        broken.header(44 + 4 * kind, &[0, 4, 0, 0]);
    }
    let report = check_medium(Medium::Memory(broken.bytes)).unwrap();
    let said: Vec<String> = report.findings().iter().map(ToString::to_string).collect();
    let expected = ["0x8025", "0x803f"].map(|nid| {
        let later = "has an index above the 0x400 that rgnid says was given last";
        format!("node 0x200024, subnode {nid}: {later}")
    });
    assert_eq!((said, report.errors()), (expected.to_vec(), 0));
}

/// Subnodes of subnodes of subnodes and so on: no item has them.
fn nested() -> Report {
    let medium = Medium::Memory(file(&[(Role::Contacts, contact("Anna"))]));
    let rescue = Medium::Memory(Vec::new());
    let mut writer =
        Writer::in_media(medium, rescue, &Settings::default(), &|_| Ok(false)).unwrap();
    let mut tx = writer.begin().unwrap();
    let anna = tx.node(ANNA).unwrap().unwrap();
    let mut below = anna.sub;
    for _ in 0..18 {
        let node =
            Node { nid: Nid::new(NidKind::VALUE, 5), data: None, sub: below, parent: Nid(0) };
        below = tx.put_subnodes(&[node]).unwrap();
    }
    tx.set_node(Node { sub: below, ..anna }).unwrap();
    tx.commit().unwrap();
    check_medium(writer.close_in_media().unwrap().0).unwrap()
}

/// The map of a new store names two ids.
fn unnamed() -> Report {
    let medium = Medium::Memory(file(&[(Role::Contacts, contact("Anna"))]));
    let rescue = Medium::Memory(Vec::new());
    let mut writer =
        Writer::in_media(medium, rescue, &Settings::default(), &|_| Ok(false)).unwrap();
    let mut batch = Batch::begin(&mut writer, FileTime(134_000_000_000_000_000)).unwrap();
    for id in [0x8001, 0x80A7, 0x80A8] {
        let tag = PropertyId(id).of(PropertyType::INTEGER32);
        batch.set_property(ANNA, tag, &[7, 0, 0, 0]).unwrap();
    }
    batch.commit().unwrap();
    check_medium(writer.close_in_media().unwrap().0).unwrap()
}

/// MS-PST 2.4.7: the ids from 0x8000 on are those of the map.
#[test]
fn ids_that_the_map_does_not_name_are_noted() {
    let report = unnamed();
    // Its size does not follow here either.
    let [note, size] = report.findings() else { panic!("{:?}", report.findings()) };
    assert_eq!((note.rule, size.rule, report.errors()), (Rule::UnnamedId, Rule::ItemSize, 0));
    let said =
        "node 0x200024: uses 2 ids of named properties that the map does not name, the first 80A7";
    assert_eq!(note.to_string(), said);
}

/// Issue 4, "one broken item hides none of the others": where the first of two rows says that it is another's, the second item is
/// looked at all the same, and neither is said to be in no table.
#[test]
fn one_broken_row_hides_no_other() {
    let mut file = Broken::new(good());
    // The row begins with its id; the index names it with its number.
    file.row_of(ANNA);
    let report = check_medium(Medium::Memory(file.bytes)).unwrap();
    let said: Vec<String> = report.findings().iter().map(ToString::to_string).collect();
    let of_anna = said.iter().filter(|said| said.starts_with("item 80a2.200024: ")).count();
    assert_eq!((report.items, of_anna), (1, 1), "{said:#?}");
    assert!(!said.iter().any(|said| said.contains("in no folder's table")), "{said:#?}");
}

/// What is done to a file, whether its items are looked at all the same, and what helps.
type Below = (fn(&mut Broken), bool, Remedy);

/// Maps and counts that are wrong, and counters that are behind, keep nobody from the items, and what helps is said of all that is
/// wrong. Only a tree that is not whole does, and that is told.
#[test]
fn what_is_wrong_below_hides_nothing_above_but_for_a_broken_tree() {
    let flags = |file: &mut Broken| file.value(ANNA, &[0x07, 0x0E, 0x03, 0], 4, &[0xEE]);
    let below: [Below; 4] = [
        (|file| file.map(0, 0x7F), true, Remedy::Repair),
        (|file| file.header(516, &8_u64.to_le_bytes()), true, Remedy::Repair),
        (|file| file.entry(Nid::STORE, |entry| entry[18] += 1), true, Remedy::Replace),
        (|file| file.page(|page| page[..48].rotate_left(24)), false, Remedy::Replace),
    ];
    for (number, (change, is_found, remedy)) in below.into_iter().enumerate() {
        let mut file = Broken::new(good());
        flags(&mut file);
        change(&mut file);
        let report = check_medium(Medium::Memory(file.bytes)).unwrap();
        let of_item = |finding: &&Finding| finding.rule == Rule::ItemRow;
        assert_eq!(report.findings().iter().filter(of_item).count() == 1, is_found, "{number}");
        assert_eq!((report.looked_at_folders, report.leaves()), (is_found, is_found), "{number}");
        assert_eq!(report.remedy(), Some(remedy), "{number}: {:#?}", report.findings());
    }
}

/// The same for a block that cannot be read: what is wrong with the second item is found, and both are counted as listed.
#[test]
fn one_broken_block_hides_nothing_else() {
    const BERT: Nid = Nid(0x20_0044);
    let mut file = Broken::new(good());
    file.torn(ANNA);
    file.value(BERT, &[0x08, 0x0E, 0x03, 0], 4, &[0xEE]);
    let report = check_medium(Medium::Memory(file.bytes)).unwrap();
    let said: Vec<String> = report.findings().iter().map(ToString::to_string).collect();
    let is_said = |start: &str, what: &str| {
        said.iter().any(|said| said.starts_with(start) && said.contains(what))
    };
    assert!(is_said("block ", "dwCRC"), "{said:#?}");
    assert!(is_said("item 80a2.200024: ", "dwCRC"), "{said:#?}");
    assert!(is_said("item 80a2.200044: ", "says that it has"), "{said:#?}");
    assert!(!is_said("", "in no folder's table"), "{said:#?}");
    assert!(report.folders >= 6 && report.items == 1, "{report:?}");
}

/// Guide, 16, "hierarchy row = child": folders that are in no table are gone for every program. They are told, each once with what
/// is in it, and what they have is looked at: no item of theirs is said to be in no table.
#[test]
fn folders_that_no_table_leads_to_are_told() {
    const TOP: Nid = Nid(0x8022);
    let sound = check_medium(Medium::Memory(good())).unwrap();
    let said = |report: &Report| -> Vec<String> {
        report.findings().iter().map(ToString::to_string).collect()
    };
    let lost = |nid: &str| format!("folder {nid}: is in no table that the root folder leads to");
    // The folders of the uppermost one: Deleted Items, calendar, contacts, tasks.
    let mut file = Broken::new(good());
    file.emptied(TOP.with(NidKind::HIERARCHY));
    let report = check_medium(Medium::Memory(file.bytes)).unwrap();
    let found = said(&report);
    for (found, nid) in found.iter().zip(["0x8062", "0x8082", "0x80a2", "0x80c2"]) {
        assert!(found.starts_with(&lost(nid)), "{found}");
    }
    assert_eq!((found.len(), report.folders), (4, sound.folders), "{found:#?}");
    assert_eq!((report.items, report.remedy()), (2, Some(Remedy::Replace)));
    // The root's own: what is in them is in their tables all the same.
    let mut file = Broken::new(good());
    file.emptied(Nid::ROOT_FOLDER.with(NidKind::HIERARCHY));
    let report = check_medium(Medium::Memory(file.bytes)).unwrap();
    let found = said(&report);
    assert!(found.iter().any(|found| found.starts_with(&lost("0x8022"))), "{found:#?}");
    assert!(found.iter().all(|found| !found.starts_with(&lost("0x80a2"))), "{found:#?}");
    assert_eq!((report.items, report.folders), (2, sound.folders));
}

/// MS-OXOMSG 2.2.1.2: without an index the conversation is the hash of the topic in capitals, here that of `ANNA` in UTF-16.
#[test]
fn rows_name_the_conversation_of_their_item() {
    let hash = 0x2706_6a0d_b966_cbfd_77ae_95b2_7e65_a8f3_u128;
    let mut item = contact("Anna");
    item.properties.set(property::SUBJECT, Value::from("Anna"));
    let mut file = Broken::new(file(&[(Role::Contacts, item)]));
    file.contents(&hash.to_be_bytes(), 15, &[0]);
    let report = check_medium(Medium::Memory(file.bytes)).unwrap();
    let said: Vec<String> = report.findings().iter().map(ToString::to_string).collect();
    assert_eq!(said, ["item 80a2.200024: column 30130102 of its row is not what the item has"]);
}

/// Days in a row, some of which are other than the rest.
fn series(changed: u32) -> AppointmentRecurrence {
    let day = |number: u32| Minutes(220_000_000 / 1440 * 1440 + number * 1440);
    let pattern = RecurrencePattern {
        frequency: Frequency::Daily,
        days: Days::Day,
        calendar: 0,
        hijri: false,
        first: 0,
        period: 1440,
        regenerating: false,
        end: End::Count,
        occurrences: 10,
        first_weekday: 0,
        deleted: (0..changed).map(day).collect(),
        modified: (0..changed).map(day).collect(),
        start: day(0),
        last: day(9),
    };
    let change = |number| {
        let at = |minutes: u32| Minutes(day(number).0 + minutes);
        OccurrenceChange::moved(at(540), at(600), at(660))
    };
    AppointmentRecurrence {
        pattern,
        starts: 540,
        ends: 600,
        changes: (0..changed).map(change).collect(),
    }
}

/// Makes an item with a value that the writer is given as it is, and an item must not have.
fn contradicting(role: Role, name: Named, value: Value) -> Report {
    let mut item = contact("Anna");
    if name == named::ADDRESS_BOOK_PROVIDER_EMAIL_LIST {
        item.properties.set(named::ADDRESS_BOOK_PROVIDER_ARRAY_TYPE, Value::Integer32(1));
    }
    item.properties.set(name, value);
    check_medium(Medium::Memory(file(&[(role, item)]))).unwrap()
}

fn with_series(series: &AppointmentRecurrence) -> Report {
    let blob = Value::Binary(series.to_bytes());
    contradicting(Role::Calendar, named::APPOINTMENT_RECURRENCE, blob)
}

/// Makes an item whose pattern of a series ends a byte too late.
fn with_more(role: Role) -> Report {
    let series = series(0);
    let (name, mut blob) = match role {
        Role::Tasks => (named::TASK_RECURRENCE, series.pattern.to_bytes()),
        _ => (named::APPOINTMENT_RECURRENCE, series.to_bytes()),
    };
    // Outlook pads some with zeros.
    blob.push(7);
    contradicting(role, name, Value::Binary(blob))
}

fn with_addresses(used: &[i32]) -> Report {
    let list = Value::Integers32(used.to_vec());
    contradicting(Role::Contacts, named::ADDRESS_BOOK_PROVIDER_EMAIL_LIST, list)
}

/// Makes an item with one of the two lists of used addresses.
fn lone(name: Named) -> Report {
    let mut item = contact("Anna");
    let value = if name == named::ADDRESS_BOOK_PROVIDER_ARRAY_TYPE {
        Value::Integer32(1)
    } else {
        Value::Integers32(vec![0])
    };
    item.properties.set(name, value);
    check_medium(Medium::Memory(file(&[(Role::Contacts, item)]))).unwrap()
}

/// Guide, 13: 8028 and 8029 are kept in step.
#[test]
fn neither_list_of_used_addresses_is_alone() {
    let [list, bits] =
        [named::ADDRESS_BOOK_PROVIDER_EMAIL_LIST, named::ADDRESS_BOOK_PROVIDER_ARRAY_TYPE];
    for (name, missing) in [(list, "8029"), (bits, "8028")] {
        let said: Vec<String> = lone(name).findings().iter().map(ToString::to_string).collect();
        let lists = "has one of the two lists that name its used e-mail addresses, and not";
        assert_eq!(said, [format!("item 80a2.200024: {lists} {missing}")]);
    }
}

fn a_day_too_few() -> AppointmentRecurrence {
    let mut twice = series(2);
    twice.pattern.modified.pop();
    twice
}

#[test]
fn items_that_contradict_themselves_are_found() {
    let nonsense = || Value::Binary(vec![4; 30]);
    for (report, expected) in [
        // MS-PST 2.4.5, MS-OXOCAL 2.2.10.1: a message for each changed occurrence.
        (with_series(&series(1)), "has 1 changed occurrences, and 0 messages of such"),
        (with_series(&a_day_too_few()), "has 2 changed occurrences on 1 changed days"),
        (with_addresses(&[31, 31]), "names other e-mail addresses"),
        (with_addresses(&[0, 1]), "names other e-mail addresses"),
        (
            contradicting(Role::Calendar, named::APPOINTMENT_RECURRENCE, nonsense()),
            "item 8082.200024",
        ),
        (contradicting(Role::Tasks, named::TASK_RECURRENCE, nonsense()), "item 80c2.200024"),
    ] {
        let said = report.findings().iter().any(|finding| finding.to_string().contains(expected));
        assert!(said, "not {expected:?} but {:#?}", report.findings());
    }
}
