//! Issue 4, "Crash", as people have it: items are added, changed, moved and erased in five real files. The run is cut off after every
//! single call; its last write is torn at every sector; and of what was not made durable any part is lost, in any order. After each of
//! these the file is recovered and judged: our checker finds no rule broken that was not broken before, all that it holds is exactly
//! the old or exactly the new state, and every distinct state is opened with every independent reader, once.
//!
//! `ABGLEICH_PST_CRASHES` is how many cases of lost writes are drawn for each file (default 60).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{env, fs};

use abgleich::mapi::name::set;
use abgleich::mapi::{FileTime, Properties, PropertyName, PropertyType, Value, property};
use abgleich::pst::check::{Weight, check_medium};
use abgleich::pst::damage::read_everything;
use abgleich::pst::id::{Nid, NidKind};
use abgleich::pst::medium::{Medium, Recording};
use abgleich::pst::messaging::Store;
use abgleich::pst::messaging::write::{Batch, ItemChange, NewFolder, NewItem, Occurrence};
use abgleich::pst::ndb::Ndb;
use abgleich::pst::ndb::write::{Settings, Writer};

use crate::compare::compared;
use crate::disk::Record;
use crate::files::{files, name};
use crate::numbers::Numbers;
use crate::readers::everybody;

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

/// Describes an occurrence so many days later, as it differs from its series.
fn occurrence(days: u64, subject: &str) -> Occurrence {
    let at = |hour: u64| FileTime(NOW.0 + (days * 24 + hour) * 36_000_000_000);
    let mut properties = Properties::new();
    properties.set(property::SUBJECT, Value::String(subject.to_owned()));
    properties.set(property::BODY, Value::String(subject.repeat(1000)));
    Occurrence::new(at(0), at(2), at(3), properties)
}

/// Makes two batches of changes: a folder with contacts and a series; then one of them changed, one moved within the store, one
/// erased, and of the changed occurrences one changed again, one dropped, one added.
fn change(file: &mut Writer, committed: &mut dyn FnMut(&Writer)) {
    let mut batch = Batch::begin(file, NOW).unwrap();
    let top = Nid::new(NidKind::FOLDER, 0x401);
    let folder = batch.create_folder(top, &NewFolder::new("Neu 😀", "IPF.Contact")).unwrap();
    let other = batch.create_folder(top, &NewFolder::new("Anderswo", "IPF.Contact")).unwrap();
    let names = ["Änne Müller", "Bernd 😀", "Christa"];
    let items = names.map(|name| batch.add_item(folder, &contact(name)).unwrap());
    let occurrences = vec![occurrence(7, "später"), occurrence(14, "anderswo")];
    let series = NewItem { occurrences, ..contact("Jour fixe") };
    let series = batch.add_item(folder, &series).unwrap();
    count(&mut batch, 1);
    batch.commit().unwrap();
    committed(file);
    let mut batch = Batch::begin(file, NOW).unwrap();
    let mut change = ItemChange::default();
    change.set.set(property::GIVEN_NAME, Value::String("geändert".repeat(1000)));
    batch.change_item(items[0], &change).unwrap();
    batch.move_item(items[1], other).unwrap();
    batch.erase_item(items[2]).unwrap();
    let attachment = |index| Nid::new(NidKind::ATTACHMENT, index);
    let again = Occurrence { held: Some(attachment(0x1_0001)), ..occurrence(7, "noch später") };
    let change = ItemChange {
        occurrences: vec![again, occurrence(21, "neu")],
        dropped: vec![attachment(0x1_0002)],
        ..ItemChange::default()
    };
    batch.change_item(series, &change).unwrap();
    count(&mut batch, 2);
    batch.commit().unwrap();
    committed(file);
}

/// Gives the store itself a number, as each batch of abgleich does.
fn count(batch: &mut Batch<'_>, number: u8) {
    let name = PropertyName::text(set::PUBLIC_STRINGS, "a name that no store has");
    let id = batch.id_for(&name.into()).unwrap().unwrap();
    batch.set_property(Nid::STORE, id.of(PropertyType::INTEGER32), &[number, 0, 0, 0]).unwrap();
}

/// The rules that a file breaks.
fn errors(bytes: &[u8]) -> Vec<String> {
    let report = check_medium(Medium::Memory(bytes.to_vec())).unwrap();
    let errors = report.findings().iter().filter(|finding| finding.weight == Weight::Error);
    errors.map(ToString::to_string).collect()
}

/// A number that stands for everything that a file holds.
fn content(bytes: &[u8]) -> u64 {
    let ndb = Ndb::open(Medium::Memory(bytes.to_vec())).unwrap();
    read_everything(&Store::new(ndb)).unwrap()
}

/// A run as it was recorded.
struct Run {
    path: PathBuf,
    record: Record,
    /// What the first writer of the file did wrong stays as it is.
    known: Vec<String>,
    /// What the file holds after each commit, with the number of calls made by then. The first is the original.
    states: Vec<(usize, u64)>,
    /// States that everybody has seen.
    seen: BTreeSet<u64>,
    judged: usize,
}

impl Run {
    fn record(folder: &Path, original: &Path) -> Self {
        let bytes = fs::read(original).unwrap();
        let recording = Recording::new(bytes.clone());
        let rescue = Medium::Recording(recording.beside(Vec::new()));
        let mut file = open(Medium::Recording(recording), rescue);
        let mut states = vec![(0, content(&bytes))];
        change(&mut file, &mut |file| {
            let Medium::Recording(now) = file.nodes().medium() else { panic!() };
            states.push((now.calls().len(), content(now.bytes())));
        });
        let (Medium::Recording(recording), _) = file.close_in_media().unwrap() else { panic!() };
        assert_eq!(content(recording.bytes()), states[2].1);
        Self {
            path: folder.join(name(original)),
            known: errors(&bytes),
            record: Record { original: bytes, calls: recording.calls() },
            states,
            seen: BTreeSet::new(),
            judged: 0,
        }
    }

    /// Recovers what is on the disk after so many calls, and judges it.
    fn judge(&mut self, count: usize, [file, rescue]: [Vec<u8>; 2], what: &str) {
        let calls = self.record.calls.len();
        let place = format!("{}: {what} after call {count} of {calls}", self.path.display());
        let mended = open(Medium::Memory(file), Medium::Memory(rescue));
        let (Medium::Memory(found), _) = mended.close_in_media().unwrap() else { panic!() };
        assert_eq!(errors(&found), self.known, "{place}");
        let done = self.states.iter().rposition(|(calls, _)| *calls <= count).unwrap();
        let state = content(&found);
        let is = |number: usize| self.states.get(number).is_some_and(|(_, known)| *known == state);
        assert!(is(done) || is(done + 1), "{place}: neither the old nor the new state");
        self.judged += 1;
        if self.seen.insert(state) {
            fs::write(&self.path, found).unwrap();
            let wrong = compared(&self.path, &everybody(&self.path)).left;
            assert!(wrong.is_empty(), "{place}: {wrong:?}");
        }
    }
}

/// Records a run on five real files.
fn runs(folder: &Path) -> Vec<Run> {
    let fits = |path: &Path| {
        let bytes = fs::read(path).unwrap();
        let is_sound = !name(path).contains("AddingBulk");
        is_sound && bytes[8..11] == *b"SM\x17" && bytes.len() < 600 << 10
    };
    let files = files().into_iter().filter(|path| fits(path)).step_by(2).take(5);
    files.map(|original| Run::record(folder, &original)).collect()
}

#[test]
fn every_cut_leaves_the_old_or_the_new_state_to_everybody() {
    let folder = tempfile::tempdir().unwrap();
    for mut run in runs(folder.path()) {
        for count in 0..=run.record.calls.len() {
            let disk = run.record.cut(count);
            run.judge(count, disk, "cut");
        }
        assert_eq!(run.seen.len(), 3, "{}", run.path.display());
        println!("{}: {} cuts", run.path.display(), run.judged);
    }
}

#[test]
fn torn_and_lost_writes_leave_the_old_or_the_new_state_to_everybody() {
    let cases = env::var("ABGLEICH_PST_CRASHES").map_or(60, |cases| cases.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    for mut run in runs(folder.path()) {
        let mut numbers = Numbers(23);
        for count in 0..run.record.calls.len() {
            for disk in run.record.torn(count, usize::MAX) {
                run.judge(count, disk, "torn");
            }
        }
        let torn = run.judged;
        for _ in 0..cases {
            let count = numbers.below(run.record.calls.len() + 1);
            // Sometimes nearly all arrive, sometimes hardly any.
            let chance = 1 + numbers.below(9);
            let disk = run.record.lost(count, || numbers.below(10) < chance);
            run.judge(count, disk, "lost writes");
        }
        println!("{}: {torn} torn, {cases} lost", run.path.display());
    }
}
