//! What the product reads is what independent readers read: folders, items, and every property of every item, byte by byte.
//!
//! Where a reader differs, [`excuse`] says why, and how often in which file; a difference that nobody has explained fails the test.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use abgleich::mapi::property;
use abgleich::pst::NidKind;
use abgleich::pst::ltp::TableContext;
use abgleich::pst::messaging::Store;
use abgleich::pst::ndb::Nodes;

use crate::excuses::{Excused, excuse, known};
use crate::files::{files, name};
use crate::readers::{
    Exported, Folder, Item, Properties, Reader, Reading, Value, everybody, exported, listed, text,
};

/// The file of the collection that is no sound PST file: its header contradicts its own checksums.
pub(crate) const BROKEN: &str = "aspose-email__AddingBulkMessagesWithImprovedPerformance.pst";

/// A file of Outlook 97 whose folders have Japanese names, in a code page that it does not tell.
const JAPANESE: &str = "HiraokaHyperTools__contacts97-2002.pst";

/// A file that Aspose has changed.
pub(crate) const ASPOSE: &str = "aspose-email__Test_part1.pst";

/// Where a reader differs from us.
pub(crate) enum Difference<'a> {
    /// It could not read the file, or an item.
    Error { item: Option<u32>, text: &'a str },
    /// A folder that only one has, or that both have differently.
    Folder { ours: Option<&'a Folder>, theirs: Option<&'a Folder> },
    /// An item that only one has.
    Item { id: u32, ours: bool },
    /// An item in another folder, or with another number of attachments.
    Place { id: u32 },
    /// A named property that only one has, or that both call differently.
    Name { id: u16, ours: Option<&'a String>, theirs: Option<&'a String> },
    /// An attachment that only one has, or that is a message for one alone.
    Attachment { item: u32, id: u32 },
    /// A recipient that only one has.
    Recipient { item: u32, row: u32 },
    /// A property of an item, of a recipient or an attachment of it or of the message that such is, that only one has, or whose value differs.
    Property {
        item: u32,
        id: u16,
        ours: Option<&'a Value>,
        theirs: Option<&'a Value>,
        is_cell: bool,
    },
}

impl fmt::Display for Difference<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Error { item, text } => write!(f, "error {item:x?}: {text}"),
            Self::Folder { ours, theirs } => write!(f, "folder: ours {ours:?}, theirs {theirs:?}"),
            Self::Item { id, ours } => write!(f, "item {id:#x}: ours {ours}, theirs {}", !ours),
            Self::Name { id, ours, theirs } => {
                write!(f, "name of {id:04X}: ours {ours:?}, theirs {theirs:?}")
            }
            Self::Place { id } => write!(f, "item {id:#x}: folder or attachments"),
            Self::Recipient { item, row } => write!(f, "item {item:#x}: recipient {row:#x}"),
            Self::Attachment { item, id } => write!(f, "item {item:#x}: attachment {id:#x}"),
            Self::Property { item, id, ours, theirs, .. } => {
                write!(f, "item {item:#x} {id:04X}: ours {ours:02X?}, theirs {theirs:02X?}")
            }
        }
    }
}

/// Compares two readings.
fn differences<'a>(ours: &'a Reading, theirs: &'a Reading) -> Vec<Difference<'a>> {
    let mut found: Vec<Difference<'_>> =
        theirs.errors.iter().map(|(item, text)| Difference::Error { item: *item, text }).collect();
    for (ours, theirs) in pairs(&ours.folders, &theirs.folders).into_values() {
        if ours != theirs {
            found.push(Difference::Folder { ours, theirs });
        }
    }
    if !theirs.names.is_empty() {
        for (id, (ours, theirs)) in pairs(&ours.names, &theirs.names) {
            if ours != theirs {
                found.push(Difference::Name { id, ours, theirs });
            }
        }
    }
    for (id, pair) in pairs(&ours.items, &theirs.items) {
        match pair {
            (Some(ours), Some(theirs)) => found.extend(within(id, ours, theirs)),
            // An item that the reader itself says it could not read is told already.
            _ if theirs.errors.iter().any(|(item, _)| *item == Some(id)) => {}
            (ours, _) => found.push(Difference::Item { id, ours: ours.is_some() }),
        }
    }
    found
}

fn within<'a>(id: u32, ours: &'a Item, theirs: &'a Item) -> Vec<Difference<'a>> {
    let mut found = Vec::new();
    let counted = theirs.attachments.is_none_or(|count| ours.attachments == Some(count));
    if ours.folder != theirs.folder || !counted {
        found.push(Difference::Place { id });
    }
    found.extend(values(id, (&ours.properties, &theirs.properties), false));
    if let (Some(ours), Some(theirs)) = (&ours.recipients, &theirs.recipients) {
        for (row, pair) in pairs(ours, theirs) {
            match pair {
                (Some(ours), Some(theirs)) => found.extend(values(id, (ours, theirs), true)),
                _ => found.push(Difference::Recipient { item: id, row }),
            }
        }
    }
    if let (Some(ours), Some(theirs)) = (&ours.below, &theirs.below) {
        for (attachment, pair) in pairs(ours, theirs) {
            let differs = Difference::Attachment { item: id, id: attachment };
            let (Some(ours), Some(theirs)) = pair else {
                found.push(differs);
                continue;
            };
            found.extend(values(id, (&ours.properties, &theirs.properties), false));
            match (&ours.message, &theirs.message) {
                (Some(ours), Some(theirs)) => found.extend(values(id, (ours, theirs), false)),
                (None, None) => {}
                _ => found.push(differs),
            }
        }
    }
    found
}

fn values<'a>(
    item: u32,
    (ours, theirs): (&'a Properties, &'a Properties),
    is_cell: bool,
) -> impl Iterator<Item = Difference<'a>> {
    let pairs = pairs(ours, theirs).into_iter().filter(|(_, (ours, theirs))| ours != theirs);
    pairs.map(move |(id, (ours, theirs))| Difference::Property { item, id, ours, theirs, is_cell })
}

fn pairs<'a, Key: Copy + Ord, Held>(
    ours: &'a BTreeMap<Key, Held>,
    theirs: &'a BTreeMap<Key, Held>,
) -> BTreeMap<Key, (Option<&'a Held>, Option<&'a Held>)> {
    let keys = ours.keys().chain(theirs.keys());
    keys.map(|key| (*key, (ours.get(key), theirs.get(key)))).collect()
}

/// What came out of comparing a file with all readers.
#[derive(Debug, Default)]
pub(crate) struct Compared {
    /// What nobody has explained.
    pub(crate) left: Vec<String>,
    /// What was explained, and how often.
    pub(crate) excused: Excused,
}

/// Compares a file with all readers.
pub(crate) fn compared(file: &Path, all: &BTreeMap<Reader, Reading>) -> Compared {
    let ours = &all[&Reader::Ours];
    let mut found = Compared::default();
    found.left.extend(ours.errors.iter().map(|(item, text)| format!("ours: {item:x?} {text}")));
    for (reader, theirs) in all.iter().filter(|(reader, _)| **reader != Reader::Ours) {
        let differences = differences(ours, theirs);
        // A reader that cannot open the file at all differs in everything else too.
        let closed =
            theirs.items.is_empty() && theirs.errors.iter().any(|(item, _)| item.is_none());
        let lost = theirs.errors.iter().filter(|(item, _)| item.is_none()).count();
        let mut missing = 0;
        for difference in differences {
            if closed && !matches!(difference, Difference::Error { .. }) {
                continue;
            }
            if let Some(excuse) = excuse(*reader, name(file), &difference) {
                *found.excused.entry((*reader, excuse)).or_default() += 1;
                continue;
            }
            // Errors that do not say which item they are about stand for one item each.
            if matches!(difference, Difference::Item { ours: true, .. }) && missing < lost {
                missing += 1;
                continue;
            }
            found.left.push(format!("{reader:?}: {difference}"));
        }
    }
    found
}

/// Issue 4: every file is read like the independent readers read it.
#[test]
fn every_property_of_every_item_is_what_other_readers_read() {
    let mut wrong = Vec::new();
    for file in files().iter().filter(|file| name(file) != BROKEN) {
        let all = everybody(file);
        let ours = &all[&Reader::Ours];
        let values: usize = ours.items.values().map(|item| item.properties.len()).sum();
        let readers: Vec<Reader> = all.keys().copied().collect();
        println!(
            "{}: {} names, {} folders, {} items, {values} values, {readers:?}",
            name(file),
            ours.names.len(),
            ours.folders.len(),
            ours.items.len()
        );
        let Compared { left, excused } = compared(file, &all);
        match known(name(file)) {
            Some(known) if known != excused => {
                wrong.push(format!("{}: excused {excused:?}, known {known:?}", name(file)));
            }
            Some(_) => {}
            None => println!("{}: excused {excused:?}", name(file)),
        }
        wrong.extend(left.into_iter().map(|text| format!("{}: {text}", name(file))));
        wrong.extend(lonely(file, &all));
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

/// Each item has at least two witnesses among the independent readers; one alone reads what Aspose wrote zeros behind, by taking
/// them for a property.
fn lonely(file: &Path, all: &BTreeMap<Reader, Reading>) -> Vec<String> {
    if all.len() < Reader::ALL.len() {
        return Vec::new();
    }
    let has_zeros = |id: &u32| {
        let theirs = all[&Reader::Extractor].items.get(id);
        name(file) == ASPOSE && theirs.is_some_and(|item| item.properties.contains_key(&0))
    };
    let items = all[&Reader::Ours].items.iter();
    items
        .filter_map(|(id, ours)| {
            let agrees = |reader: &Reader, theirs: &Reading| {
                theirs.items.get(id).is_some_and(|theirs| {
                    let differences = within(*id, ours, theirs);
                    differences.iter().all(|one| excuse(*reader, name(file), one).is_some())
                })
            };
            let witnesses = all.iter().filter(|(reader, _)| **reader != Reader::Ours);
            let witnesses = witnesses.filter(|(reader, theirs)| agrees(reader, theirs)).count();
            let enough = if has_zeros(id) { 1 } else { 2 };
            (witnesses < enough)
                .then(|| format!("{}: item {id:#x} has {witnesses} witnesses", name(file)))
        })
        .collect()
}

/// The programs that export count as many contacts, appointments and tasks as we list.
#[test]
fn programs_that_export_count_the_same_items() {
    for file in files().iter().filter(|file| name(file) != BROKEN) {
        let Some(ours) = Reader::Ours.read(file) else { continue };
        exported_alike(file, &ours);
    }
}

/// Compares what `pffexport` and `readpst` count in a file with what we list.
pub(crate) fn exported_alike(file: &Path, ours: &Reading) {
    let count = |class: &str| {
        let items = ours.items.values().filter(|item| is_of(item, class));
        u64::try_from(items.count()).expect("few items")
    };
    // Both make a folder or file on the disk for each folder, and end where such a name has more than 255 bytes ("File name too
    // long", pff-tools 20180714 and pst-utils 0.6.76, Linux); the library behind pffexport reads such a file as any other.
    if ours.folders.values().any(|folder| folder.path.iter().any(|name| name.len() > 255)) {
        return;
    }
    if let Some(exported) = exported(file) {
        let Exported { items, within } = exported.expect("pffexport reads the file");
        for (kind, class) in
            [("Contact", "IPM.Contact"), ("Appointment", "IPM.Appointment"), ("Task", "IPM.Task")]
        {
            // The version that Debian has does not know Aspose's zeros either.
            if name(file) == ASPOSE && kind != "Appointment" {
                continue;
            }
            let theirs = items.get(kind).copied().unwrap_or_default();
            assert_eq!(theirs, count(class), "{}: {kind} (pffexport)", name(file));
        }
        // It finds a message by its id in the whole file, so that one with another's id shows as that one.
        let occurrences = ours.items.values().flat_map(Item::messages).filter_map(occurrence);
        let mut occurrences: Vec<_> = occurrences.collect();
        occurrences.sort();
        // Characters of two units come out 0x3FF too low (libuna in pff-tools 20180714).
        let lowered = |character| match u32::from(character) {
            number @ 0x1_03FF.. => char::from_u32(number - 0x3FF).unwrap_or(character),
            _ => character,
        };
        let is_lowered =
            within.iter().any(|(_, text)| occurrences.iter().all(|(_, own)| own != text));
        if is_lowered {
            for (_, subject) in &mut occurrences {
                *subject = subject.chars().map(lowered).collect();
            }
        }
        assert_eq!(within, occurrences, "{}: within items (pffexport)", name(file));
    }
    if let Some(counts) = listed(file) {
        let counts = counts.expect("readpst reads the file");
        assert_eq!(unlisted(file, counts), BTreeMap::new(), "{} (readpst)", name(file));
    }
}

/// Takes what we list from what `readpst` counts in each folder, by name: the items of all kinds, those associated with the folder
/// (which it skips, as it does lists of people), and the folders in it, which it counts as items. The folder that people see on top
/// goes by the name of the store, or of the file.
fn unlisted(file: &Path, counts: BTreeMap<String, u64>) -> BTreeMap<String, i64> {
    let number = |count: usize| i64::try_from(count).expect("few items");
    let mut left: BTreeMap<String, i64> = BTreeMap::new();
    for (name, count) in counts {
        left.insert(name, i64::try_from(count).expect("few items"));
    }
    let store = Store::open(file).expect("it opens");
    let top = store.top_folder().expect("there").nid();
    for below in store.folders_below(top).expect("folders") {
        let (_, nid) = below.whole().expect("readable");
        if nid.kind() != NidKind::FOLDER {
            continue;
        }
        let folder = store.folder(nid).expect("there");
        let associated = store.nodes().node(nid.with(NidKind::ASSOCIATED_CONTENTS));
        let associated = associated.expect("readable").map_or(0, |table| {
            let table = TableContext::open(store.nodes(), &table).expect("a table");
            table.rows().expect("rows").count()
        });
        let items = folder.items().expect("items").len();
        let folders = folder.folders().expect("folders").len();
        let called = if nid == top {
            let called = store.properties().expect("there").text(property::DISPLAY_NAME);
            let called = called.expect("a text").filter(|called| !called.is_empty());
            called.unwrap_or_else(|| name(file).to_owned())
        } else {
            folder.name().expect("a name")
        };
        *left.entry(called).or_default() -= number(items + folders + associated);
    }
    // Of names in a code page that the file does not tell it makes other ones.
    left.retain(|called, count| *count != 0 && (called.is_ascii() || name(file) != JAPANESE));
    left
}

/// What `pffexport` tells of a message, where that is a changed occurrence: its size and its subject without the lead-in.
fn occurrence(message: &Properties) -> Option<(u64, String)> {
    let class = text(message, 0x001A)?;
    let size = message.get(&0x0E08)?.bytes.as_deref()?.first_chunk().copied();
    let subject = text(message, 0x0037).unwrap_or_default();
    let is_occurrence = class == "IPM.OLE.CLASS.{00061055-0000-0000-C000-000000000046}";
    let subject = subject.chars().skip(2).collect();
    is_occurrence.then_some((u32::from_le_bytes(size?).into(), subject))
}

fn is_of(item: &Item, class: &str) -> bool {
    let text = match item.properties.get(&0x001A) {
        Some(Value { kind: 0x001E, bytes: Some(bytes) }) => String::from_utf8(bytes.clone()).ok(),
        _ => item.text(0x001A),
    };
    text.is_some_and(|text| text == class || text.starts_with(&format!("{class}.")))
}

/// A file that contradicts itself, or is none, gives an error with its place.
#[test]
fn what_is_no_sound_file_is_told() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let path = place.path().join("no.pst");
    for (bytes, said) in [
        (&b""[..], "the file is empty"),
        (
            b"PK\x03\x04 an archive",
            "this is no PST or OST file: it begins with 50 4B 03 04 instead of 21 42 44 4E",
        ),
        (b"!BDN", "damaged HEADER at offset 0xa: wVer 0x4 ends before its end"),
    ] {
        std::fs::write(&path, bytes).expect("a file");
        let reading = Reader::Ours.read(&path).expect("ours");
        assert_eq!(reading.errors, [(None, said.to_owned())]);
    }
    let Some(broken) = files().into_iter().find(|file| name(file) == BROKEN) else { return };
    let reading = Reader::Ours.read(&broken).expect("ours");
    let said =
        "damaged HEADER at offset 0x4: dwCRCPartial 0x424c6db2 is not the checksum of the header";
    assert_eq!(reading.errors, [(None, said.to_owned())]);
}
