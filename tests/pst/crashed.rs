//! Issue 4, "Crash", as others see it: items are added, changed, moved and erased in five real files, the run is cut off after
//! every call, and each distinct state that recovery leads to is opened with every independent reader, once.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use abgleich::mapi::{FileTime, Properties, Value, property};
use abgleich::pst::check::{Weight, check};
use abgleich::pst::id::{Nid, NidKind, PageRef};
use abgleich::pst::medium::{Call, Medium, Recording};
use abgleich::pst::messaging::write::{Batch, ItemChange, NewFolder, NewItem};
use abgleich::pst::ndb::node::Nodes;
use abgleich::pst::ndb::write::{Settings, Writer};

use crate::compare::unexplained;
use crate::files::{files, name};
use crate::readers::{Reader, Reading, everybody};

/// Noon of 22 November 2026.
const NOW: FileTime = FileTime(134_397_504_000_000_000);

fn open(file: Medium, rescue: Medium) -> Writer {
    let settings = Settings { protected: true, ..Settings::default() };
    Writer::in_media(file, rescue, &settings, &|_| Ok(false)).unwrap()
}

fn contact(name: &str) -> NewItem {
    let mut properties = Properties::new();
    properties.set(property::SUBJECT, Value::String(name.to_owned()));
    properties.set(property::DISPLAY_NAME, Value::String(name.to_owned()));
    NewItem::of("IPM.Contact", properties)
}

/// Makes two batches of changes: a folder with contacts; then one of them changed, one moved within the store, one erased.
fn change(file: &mut Writer, roots: &mut Vec<PageRef>) {
    let mut batch = Batch::begin(file, NOW).unwrap();
    let top = Nid::new(NidKind::FOLDER, 0x401);
    let folder = batch.create_folder(top, &NewFolder::new("Neu 😀", "IPF.Contact")).unwrap();
    let other = batch.create_folder(top, &NewFolder::new("Anderswo", "IPF.Contact")).unwrap();
    let names = ["Änne Müller", "Bernd 😀", "Christa"];
    let items = names.map(|name| batch.add_item(folder, &contact(name)).unwrap());
    batch.commit().unwrap();
    roots.push(file.nodes().header().nodes);
    let mut batch = Batch::begin(file, NOW).unwrap();
    let mut change = ItemChange::default();
    change.set.set(property::GIVEN_NAME, Value::String("geändert".repeat(1000)));
    batch.change_item(items[0], &change).unwrap();
    batch.move_item(items[1], other).unwrap();
    batch.erase_item(items[2]).unwrap();
    batch.commit().unwrap();
    roots.push(file.nodes().header().nodes);
}

/// What a reading is compared by.
fn content(reading: &Reading) -> BTreeMap<u32, String> {
    let folders = reading.folders.iter().map(|(nid, folder)| (*nid, format!("{folder:?}")));
    let items = reading.items.iter();
    folders.chain(items.map(|(nid, item)| (*nid, format!("{item:?}")))).collect()
}

fn read(path: &Path, bytes: &[u8]) -> Reading {
    std::fs::write(path, bytes).unwrap();
    Reader::Ours.read(path).unwrap()
}

/// The rules that a file breaks.
fn errors(path: &Path) -> Vec<String> {
    let report = check(path).unwrap();
    let errors = report.findings().iter().filter(|finding| finding.weight == Weight::Error);
    errors.map(ToString::to_string).collect()
}

#[test]
fn every_recovered_state_is_read_alike_by_everybody() {
    let folder = tempfile::tempdir().unwrap();
    let small = |path: &Path| {
        let bytes = std::fs::read(path).unwrap();
        let is_sound = !name(path).contains("AddingBulk");
        (is_sound && bytes[8..11] == *b"SM\x17" && bytes.len() < 600 << 10).then_some(bytes)
    };
    for original in files().into_iter().filter(|path| small(path).is_some()).step_by(2).take(5) {
        let bytes = small(&original).unwrap();
        // What its first writer did wrong stays as it is.
        let known = errors(&original);
        let recording = Recording::new(bytes.clone());
        let rescue = Medium::Recording(recording.beside(Vec::new()));
        let mut file = open(Medium::Recording(recording), rescue);
        let mut roots = vec![file.nodes().header().nodes];
        // What a run without a crash leaves, in our own reader's eyes.
        let path = folder.path().join(name(&original));
        change(&mut file, &mut roots);
        let (Medium::Recording(recording), _) = file.close_in_media().unwrap() else { panic!() };
        let last = content(&read(&path, recording.bytes()));
        let first = content(&read(&path, &bytes));
        let mut seen: BTreeMap<usize, usize> = BTreeMap::new();
        let calls = recording.calls();
        for cut in 0..=calls.len() {
            let mut disk = [bytes.clone(), Vec::new()];
            for (file, call) in &calls[..cut] {
                call.repeat(&mut disk[*file]).unwrap();
            }
            // Of a header that is next, the first sector arrives as well.
            if let Some((file, Call::Write { at: 0, bytes })) = calls.get(cut) {
                let bytes = bytes[..512.min(bytes.len())].to_vec();
                Call::Write { at: 0, bytes }.repeat(&mut disk[*file]).unwrap();
            }
            let [file, rescue] = disk;
            let mended = open(Medium::Memory(file), Medium::Memory(rescue));
            let root = mended.nodes().header().nodes;
            let state = roots.iter().position(|known| *known == root).expect("a known state");
            *seen.entry(state).or_default() += 1;
            if seen[&state] > 1 {
                continue;
            }
            let mut nodes = 0;
            let count = &mut |_| {
                nodes += 1;
                ControlFlow::Continue(())
            };
            mended.nodes().nodes(Nid(0), count).unwrap();
            assert!(nodes > 0);
            let (Medium::Memory(found), _) = mended.close_in_media().unwrap() else { panic!() };
            std::fs::write(&path, found).unwrap();
            assert_eq!(errors(&path), known, "{}, state {state}", path.display());
            let all = everybody(&path);
            let wrong = unexplained(&path, &all);
            assert!(wrong.is_empty(), "{}, state {state}: {wrong:?}", path.display());
            let ours = content(&all[&Reader::Ours]);
            assert!(state != 0 || ours == first, "{}: the old state", path.display());
            assert!(state != 2 || ours == last, "{}: the new state", path.display());
        }
        assert_eq!(seen.len(), 3, "{seen:?}");
        println!("{}: {} calls led to {seen:?}", name(&original), calls.len());
    }
}
