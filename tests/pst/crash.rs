//! Crashes and failing disks. A run of mixed changes on real files is recorded call by call, then cut off after every single
//! call: with everything written so far on the disk, with the last write torn at sectors, and with any of the writes lost that
//! were not made durable. After recovery the file is exactly the old or exactly the new state, and keeps every rule of the
//! node database. The states are compared through a reader that shares nothing with the product.
//!
//! `ABGLEICH_PST_CRASHES` says how many cases are drawn for each file beyond the exhaustive ones.

use abgleich::pst::medium::{Call, Medium, Recording};
use abgleich::pst::ndb::write::{Settings, WriteError, Writer};

use crate::disk::{Record, SECTOR};
use crate::numbers::Numbers;
use crate::real;
use crate::transactions::{Model, change, open, read};
use crate::walker::walk;

/// A run as it was recorded.
struct Run {
    name: String,
    record: Record,
    /// What the file holds after each commit, with the number of calls made by then. The first is the original.
    states: Vec<(usize, Model)>,
}

/// Five real files on which changes are made.
fn runs(transactions: usize) -> Vec<Run> {
    let files = real::writable(600 << 10);
    let step = (files.len() / 5).max(1);
    files
        .into_iter()
        .step_by(step)
        .take(5)
        .enumerate()
        .map(|(n, file)| run(n, file, transactions))
        .collect()
}

fn run(number: usize, (name, original): (String, Vec<u8>), transactions: usize) -> Run {
    let mut numbers = Numbers(u64::try_from(number).unwrap());
    let recording = Recording::new(original.clone());
    let rescue = Medium::Recording(recording.beside(Vec::new()));
    let mut file = open(Medium::Recording(recording), rescue);
    let mut model = read(file.nodes());
    let mut states = vec![(0, model.clone())];
    let mut ours = Model::new();
    for round in 0..transactions {
        let mut batch = file.begin().unwrap();
        for _ in 0..6 {
            // Nodes of the file itself change as well, and go.
            let which = if round % 2 == 0 { &mut model } else { &mut ours };
            change(&mut numbers, &mut batch, which);
        }
        if round % 2 == 1 {
            model.extend(std::mem::take(&mut ours));
        }
        batch.commit().unwrap();
        states.push((calls(&file), model.clone()));
    }
    let (medium, _) = file.close_in_media().unwrap();
    let Medium::Recording(recording) = medium else { panic!() };
    Run { name, record: Record { original, calls: recording.calls() }, states }
}

fn calls(file: &Writer) -> usize {
    let Medium::Recording(recording) = file.nodes().medium() else { panic!() };
    recording.calls().len()
}

impl Run {
    /// Recovers what is on the disk after `count` calls and compares it with what it must be.
    fn check(&self, count: usize, disk: [Vec<u8>; 2], what: &str) {
        let done = self.states.iter().rposition(|(calls, _)| *calls <= count).unwrap();
        let place =
            || format!("{}: {what} after call {count} of {}", self.name, self.record.calls.len());
        let [file, rescue] = disk;
        let opened = Writer::in_media(
            Medium::Memory(file),
            Medium::Memory(rescue),
            &Settings::default(),
            &|_| Ok(false),
        );
        let file = opened.unwrap_or_else(|error| panic!("{}: {error:?}", place()));
        let (medium, _) = file.into_media();
        let Medium::Memory(bytes) = medium else { panic!() };
        // A crash before the commit may leave the file longer than its header says (MS-PST 2.2.2.6: ibFileEof); opening mends it.
        let end = u64::from_le_bytes(bytes[184..192].try_into().unwrap());
        assert_eq!(end, bytes.len() as u64, "{}", place());
        let found = walk(&bytes).nodes;
        let is = |number: usize| self.states.get(number).is_some_and(|(_, state)| *state == found);
        assert!(is(done) || is(done + 1), "{} is neither the old nor the new state", place());
    }

    /// Counts the slots that belong to nothing once what is on the disk was opened and closed again.
    fn leaked([file, rescue]: [Vec<u8>; 2]) -> usize {
        let closed = open(Medium::Memory(file), Medium::Memory(rescue)).close_in_media();
        let (Medium::Memory(bytes), _) = closed.unwrap() else { panic!() };
        walk(&bytes).leaked
    }
}

/// Issue 4, "Crash": cut off after every single call. What a transaction replaced is free again in the file that is opened next,
/// wherever in it or behind it the program was cut off.
#[test]
fn every_cut_leaves_the_old_or_the_new_state_and_no_room_that_is_nobodys() {
    for run in runs(5) {
        let before = walk(&run.record.original).leaked;
        // What Outlook 2003 and 2007 keep in reserve looks the same (MS-PST 2.2.2.7.3), and stays.
        let has_reserve =
            run.record.original[0x4600..0x4600 + 496].iter().any(|byte| *byte != 0xFF);
        for count in 0..=run.record.calls.len() {
            run.check(count, run.record.cut(count), "cut");
            let leaked = if has_reserve { 0 } else { Run::leaked(run.record.cut(count)) };
            assert!(leaked <= before, "{}: {leaked} slots after call {count}", run.name);
        }
        println!("{}: {} calls", run.name, run.record.calls.len());
    }
}

/// The write that was under way arrived up to a sector, or from one on.
#[test]
fn every_torn_write_leaves_the_old_or_the_new_state() {
    for run in runs(3) {
        for count in 0..run.record.calls.len() {
            // Of long writes, which are data that nothing refers to yet, some places will do.
            let ways = run.record.ways(count);
            for way in (0..ways).step_by(ways.div_ceil(8) | 1) {
                run.check(count, run.record.torn(count, way), "torn");
            }
        }
    }
}

/// Writes that were not made durable may be lost, each by itself, in any order.
#[test]
fn lost_writes_leave_the_old_or_the_new_state() {
    let cases = std::env::var("ABGLEICH_PST_CRASHES").map_or(150, |cases| cases.parse().unwrap());
    for run in runs(6) {
        let mut numbers = Numbers(11);
        for _ in 0..cases {
            let count = numbers.below(run.record.calls.len() + 1);
            // Sometimes nearly all arrive, sometimes hardly any.
            let chance = 1 + numbers.below(9);
            let disk = run.record.lost(count, || numbers.below(10) < chance);
            run.check(count, disk, "lost writes");
        }
    }
}

/// A second crash, while the first is being mended.
#[test]
fn recovery_can_be_cut_off_as_well() {
    let cases = std::env::var("ABGLEICH_PST_CRASHES").map_or(40, |cases| cases.parse().unwrap());
    for mut run in runs(3) {
        let mut numbers = Numbers(5);
        for _ in 0..cases {
            let count = numbers.below(run.record.calls.len() + 1);
            let disk = run.record.lost(count, || numbers.below(10) < 5);
            let [file, rescue] = disk.clone();
            let recording = Recording::new(file);
            let rescue = Medium::Recording(recording.beside(rescue));
            let mended = open(Medium::Recording(recording), rescue);
            let Medium::Recording(recording) = mended.into_media().0 else { panic!() };
            for cut in 0..recording.calls().len() {
                let mut again = disk.clone();
                for (file, call) in &recording.calls()[..cut] {
                    call.repeat(&mut again[*file]).unwrap();
                }
                if let Some((file, Call::Write { at, bytes })) = recording.calls().get(cut) {
                    let bytes = bytes[..bytes.len().min(SECTOR)].to_vec();
                    Call::Write { at: *at, bytes }.repeat(&mut again[*file]).unwrap();
                }
                run.check(count, again, "cut while mending");
            }
        }
        run.record.calls.clear();
    }
}

/// Issue 4, point 3: "a write that fails half-way leaves the old state", in the file and in memory, whichever call fails, and
/// whether the disk comes back or not.
#[test]
fn every_failing_call_leaves_the_old_state() {
    let Some((name, original)) = real::writable(600 << 10).into_iter().next() else { return };
    for comes_back in [true, false] {
        for failing in 0.. {
            let mut numbers = Numbers(3);
            let recording = Recording::new(original.clone());
            let rescue = Medium::Recording(recording.beside(Vec::new()));
            let mut file = open(Medium::Recording(recording.clone()), rescue);
            let old = read(file.nodes());
            let _ = if comes_back {
                recording.failing_once_after(failing)
            } else {
                recording.failing_after(failing)
            };
            let mut new = Model::new();
            let result = file.begin().and_then(|mut batch| {
                for _ in 0..5 {
                    change_or_fail(&mut numbers, &mut batch, &mut new)?;
                }
                batch.commit()
            });
            let place = format!("{name}: call {failing} fails, comes back: {comes_back}");
            let Err(error) = result else {
                assert!(failing > 8, "{place}");
                break;
            };
            assert_eq!(read(file.nodes()), old, "{place}: in memory");
            if comes_back {
                let must_reopen = matches!(error, WriteError::Reopen { .. });
                assert_eq!(file.begin().is_err(), must_reopen, "{place}: {error:?}");
                assert!(!matches!(error, WriteError::Unknown { .. }), "{place}");
            }
            let (file, rescue) = file.into_media();
            let (Medium::Recording(file), Medium::Recording(rescue)) = (file, rescue) else {
                panic!()
            };
            let file = Medium::Memory(file.bytes().to_vec());
            let mut again = open(file, Medium::Memory(rescue.bytes().to_vec()));
            let found = read(again.nodes());
            if matches!(error, WriteError::Unknown { .. }) {
                assert!(found == old || found.len() > old.len(), "{place}");
            } else {
                assert_eq!(found, old, "{place}: in the file");
            }
            // It can be written on.
            let mut batch = again.begin().unwrap();
            change_or_fail(&mut numbers, &mut batch, &mut Model::new()).unwrap();
            batch.commit().unwrap();
        }
    }
}

/// Adds a node of random content.
fn change_or_fail(
    numbers: &mut Numbers,
    to: &mut abgleich::pst::ndb::write::Transaction<'_>,
    model: &mut Model,
) -> Result<(), WriteError> {
    let length = numbers.below(60_000);
    let data = numbers.bytes(length);
    let bid = to.put_data(&data)?;
    let nid = to.next_nid(abgleich::pst::id::NidKind::MESSAGE)?;
    let parent = abgleich::pst::id::Nid::ROOT_FOLDER;
    to.set_node(abgleich::pst::ndb::node::Node { nid, data: bid, sub: None, parent })?;
    model.entry(nid.0).or_default().data = data;
    Ok(())
}
