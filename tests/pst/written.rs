//! What the product writes is what independent readers read: folders, items, and every property of every item, byte by byte.

use std::collections::BTreeMap;
use std::path::Path;

use abgleich::pst::check::check;

use crate::compare::{Compared, compared, exported_alike};
use crate::excuses::Excuse;
use crate::made;
use crate::readers::{Reader, Reading, everybody, exported, listed};

/// Lets everybody read a file and returns what we read, which all others agree with; the file breaks no rule of the format, and
/// nothing in it is even remarkable.
pub(crate) fn judged(file: &Path) -> Reading {
    judged_by_all(file).remove(&Reader::Ours).expect("ours")
}

/// Does the same, and returns what each of them reads.
fn judged_by_all(file: &Path) -> BTreeMap<Reader, Reading> {
    assert_eq!(check(file).expect("a file").findings(), [], "{}", file.display());
    let all = everybody(file);
    let Compared { left, excused } = compared(file, &all);
    assert!(
        left.is_empty(),
        "{}: {} differences:\n{}",
        file.display(),
        left.len(),
        left.join("\n")
    );
    // What excuses readers of real files excuses nothing here, but for empty values: two of them show none, the third shows them.
    for (reader, reading) in &all {
        assert!(reading.errors.is_empty(), "{reader:?}: {:?}", reading.errors);
    }
    let witness = all.get(&Reader::Extractor).map(|reading| {
        let values = reading.items.values().flat_map(|item| item.properties.values());
        values.filter(|value| value.bytes.as_deref() == Some(&[])).count()
    });
    for ((reader, excuse), count) in excused {
        assert_eq!(excuse, Excuse::ShowsEmptyAsNone, "{reader:?}");
        assert!(witness.is_none_or(|shown| shown == count), "{reader:?}: {count}, {witness:?}");
    }
    exported_alike(file, &all[&Reader::Ours]);
    println!("{}: {:?}", file.display(), all.keys().collect::<Vec<_>>());
    all
}

fn counted(reading: &Reading, class: &str) -> u64 {
    let items = reading.items.values().filter(|item| item.text(0x001A).as_deref() == Some(class));
    u64::try_from(items.count()).expect("few items")
}

/// Issue 4: files of 0, 1, 1,000 and 5,000 items are accepted and read alike by all readers.
#[test]
fn files_of_any_number_of_items() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for count in [0, 1, 1_000, 5_000] {
        let file = folder.path().join(format!("{count}.pst"));
        made::of_items(&file, count);
        let reading = judged(&file);
        let tenths = u64::from(count) / 10;
        let expected = if count == 1 { [1, 0, 0] } else { [6 * tenths, 3 * tenths, tenths] };
        let classes = ["IPM.Contact", "IPM.Appointment", "IPM.Task"];
        assert_eq!(classes.map(|class| counted(&reading, class)), expected);
        // Top, Deleted Items, Search Root, and the three of the store, beside the root itself.
        assert!(reading.folders.len() >= 6, "{:?}", reading.folders);
        if let Some(counts) = listed(&file) {
            let counts = counts.expect("readpst reads the file");
            let found = counts.get("Kontakte").copied().unwrap_or_default();
            assert_eq!(found, expected[0], "readpst: {counts:?}");
        }
        // Of 20 items one is a series with two changed occurrences, and these are nothing but appointments.
        if let Some(exported) = exported(&file).filter(|_| count == 1_000) {
            let mut within = exported.expect("pffexport reads the file").items;
            within.retain(|kind, _| kind.ends_with(" within"));
            let expected = [("Appointment within".to_owned(), 2 * u64::from(count) / 20)];
            assert_eq!(within, expected.into());
        }
    }
}

/// Issue 4: empty folders, values from 0 bytes to 10 MB, names with emoji, folders far down in each other.
#[test]
fn values_of_any_size_and_names_of_any_kind() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("extremes.pst");
    made::of_extremes(&file);
    let all = judged_by_all(&file);
    for (reader, reading) in &all {
        let mut names: Vec<Vec<&str>> = Vec::new();
        for folder in reading.folders.values() {
            let below = folder.path.iter().skip_while(|name| *name != "Kontakte").skip(1);
            names.push(below.map(String::as_str).collect());
        }
        names.retain(|names| !names.is_empty());
        names.sort_by_key(Vec::len);
        let (strange, long) = ("👩‍👩‍👧‍👦 \u{202E}", "ß".repeat(250));
        let (odd, deep): (Vec<_>, Vec<_>) =
            names.into_iter().partition(|names| names[0] == strange);
        let expected = [vec![strange], vec![strange, &long], vec![strange, &long, "a/b"]];
        assert_eq!(odd, expected, "{reader:?}");
        let numbers: Vec<String> = (1..=150).map(|number| number.to_string()).collect();
        let chain: Vec<&str> = numbers.iter().map(String::as_str).collect();
        assert!(deep.iter().eq((1..=150).map(|depth| &chain[..depth])), "{reader:?}");
    }
    let reading = &all[&Reader::Ours];
    assert_eq!(reading.items.len(), made::SIZES.len() + 1);
    for size in made::SIZES {
        let subject = format!("\u{1}\u{1}{size} 📏");
        let item = reading.items.values().find(|item| item.text(0x0037).as_ref() == Some(&subject));
        let item = item.expect("an item of each size");
        let bytes = item.properties[&0x1009].bytes.clone().expect("the bytes");
        assert_eq!(bytes, vec![0xA5; size]);
        assert_eq!(item.text(0x1000), Some("ü".repeat(size / 2)));
    }
}

/// Issue 4: items that were changed, moved and deleted.
#[test]
fn a_file_that_was_worked_on() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("changes.pst");
    made::of_changes(&file);
    let reading = judged(&file);
    // By hand: 40 come each time and every fifth goes, rounded up: of 40, 72, 97, 117, 133 and 146 stay 32, 57, 77, 93, 106
    // and 116; of the 8, 15, 20, 24, 27 and 30 that go the larger half moves to Deleted Items.
    assert_eq!(reading.items.len(), 116 + 4 + 8 + 10 + 12 + 14 + 15);
}
