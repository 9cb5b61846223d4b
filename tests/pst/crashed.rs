//! Issue 4, "Crash", as people have it: in five real files items that they had and new ones are added, changed, moved to Deleted Items
//! and erased, in folders that they had and in new ones. The run is cut off after every single call; its last write is torn at every
//! sector; and of what was not made durable any part is lost, in any order. After each of these the file is recovered and judged: our
//! checker finds no rule broken that was not broken before, all that it holds is exactly the old or exactly the new state, and every
//! distinct state is opened with every independent reader, once.
//!
//! `ABGLEICH_PST_CRASHES` is how many cases of lost writes are drawn for each file (default 60), `ABGLEICH_PST_SEED` draws others.
//! Of a file over half a megabyte so many cases of each kind are taken as `ABGLEICH_PST_CUTS` says (default 30, evenly spread; `all`
//! for every one), since each of them is read whole.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::{env, fs};

use abgleich::mapi::name::set;
use abgleich::mapi::{FileTime, Properties, PropertyName, PropertyType, Value, named, property};
use abgleich::pst::check::check_medium;
use abgleich::pst::damage::read_everything;
use abgleich::pst::id::{Nid, NidKind};
use abgleich::pst::medium::{Medium, Recording};
use abgleich::pst::messaging::write::{Batch, ItemChange, NewFolder, NewItem, Occurrence};
use abgleich::pst::messaging::{Attachment, Store};
use abgleich::pst::ndb::write::{Settings, Writer};
use abgleich::pst::ndb::{Ndb, Nodes};

use crate::compare::compared;
use crate::disk::Record;
use crate::files::{name, named as file_of};
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

/// A folder that the file had, and the items in it.
struct Had {
    folder: Nid,
    class: &'static str,
    items: Vec<Nid>,
}

/// Lists three folders that hold items, but for Deleted Items: those with appointments first, then those with contacts.
fn had(nodes: &dyn Nodes) -> Vec<Had> {
    let store = Store::new(nodes);
    let deleted = store.deleted_items().unwrap();
    let mut found = Vec::new();
    for below in store.folders_below(Nid::ROOT_FOLDER).unwrap() {
        let (_, folder) = below.whole().unwrap();
        if folder.kind() != NidKind::FOLDER || Some(folder) == deleted {
            continue;
        }
        let items: Vec<Nid> =
            store.folder(folder).unwrap().items().unwrap().iter().map(|row| row.nid).collect();
        let Some(first) = items.first() else { continue };
        let class = match store.item(*first).unwrap().class().unwrap().as_str() {
            "IPM.Appointment" => "IPM.Appointment",
            "IPM.Contact" => "IPM.Contact",
            _ => "IPM.Note",
        };
        found.push(Had { folder, class, items });
    }
    found.sort_by_key(|had| (had.class, had.folder));
    found.truncate(3);
    assert!(!found.is_empty(), "it holds items");
    found
}

/// An item of each class, with a value in the columns that Outlook's tables have for it and one too big for its heap.
fn item_of(class: &str) -> NewItem {
    let mut item = NewItem { class: class.to_owned(), ..contact("Dazu 🦉") };
    item.properties.set(property::BODY, Value::String("ß".repeat(9_000)));
    item.properties.set(property::IMPORTANCE, Value::Integer32(2));
    if class == "IPM.Appointment" {
        item.properties.set(named::APPOINTMENT_START, Value::Time(NOW));
        item.properties.set(named::LOCATION, Value::String("Büro".repeat(100)));
    }
    item
}

fn attachments(batch: &Batch<'_>, item: Nid) -> Vec<Nid> {
    let store = Store::new(batch.nodes());
    let attachments = store.item(item).unwrap().attachments().unwrap();
    attachments.iter().map(Attachment::nid).collect()
}

/// Makes two batches of changes. In the first, of the items that each of three folders had one is changed, one goes to Deleted Items
/// and one for good, and one comes to them; and a new folder gets contacts and a series. In the second, items of both kinds are
/// changed, moved within the store and erased, and of the changed occurrences one is changed again, one dropped, one added.
fn change(file: &mut Writer, committed: &mut dyn FnMut(&Writer)) {
    let had = had(file.nodes());
    let mut batch = Batch::begin(file, NOW).unwrap();
    let mut longer = ItemChange::default();
    longer.set.set(property::GIVEN_NAME, Value::String("geändert".repeat(1000)));
    longer.set.set(property::IMPORTANCE, Value::Integer32(0));
    let mut added = Vec::new();
    for Had { folder, class, items } in &had {
        batch.change_item(items[0], &longer).unwrap();
        if let Some(item) = items.get(1) {
            batch.delete_item(*item).unwrap();
        }
        if let Some(item) = items.get(2) {
            batch.erase_item(*item).unwrap();
        }
        added.push(batch.add_item(*folder, &item_of(class)).unwrap());
    }
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
    for Had { items, .. } in &had {
        batch.delete_item(items[0]).unwrap();
    }
    for item in added {
        batch.change_item(item, &longer).unwrap();
    }
    batch.change_item(items[0], &longer).unwrap();
    batch.move_item(items[1], other).unwrap();
    batch.erase_item(items[2]).unwrap();
    let held = attachments(&batch, series);
    let again = Occurrence { held: Some(held[0]), ..occurrence(7, "noch später") };
    let change = ItemChange {
        occurrences: vec![again, occurrence(21, "neu")],
        dropped: vec![held[1]],
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
fn errors(bytes: &[u8]) -> BTreeSet<String> {
    crate::errors::errors(&check_medium(Medium::Memory(bytes.to_vec())).unwrap())
}

/// A number that stands for everything that a file holds.
fn content(bytes: &[u8]) -> u64 {
    let ndb = Ndb::open(Medium::Memory(bytes.to_vec())).unwrap();
    read_everything(&Store::new(ndb)).unwrap()
}

/// A state that a commit made.
struct State {
    /// How many calls were made by then.
    calls: usize,
    /// What the file holds.
    content: u64,
    /// The rules that it breaks: none that the original did not.
    errors: BTreeSet<String>,
}

impl State {
    fn of(calls: usize, bytes: &[u8]) -> Self {
        Self { calls, content: content(bytes), errors: errors(bytes) }
    }
}

/// A run as it was recorded.
struct Run {
    path: PathBuf,
    record: Record,
    /// The file after each commit. The first is the original.
    states: Vec<State>,
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
        let mut states = vec![State::of(0, &bytes)];
        change(&mut file, &mut |file| {
            let Medium::Recording(now) = file.nodes().medium() else { panic!() };
            states.push(State::of(now.calls().len(), now.bytes()));
        });
        let (Medium::Recording(recording), _) = file.close_in_media().unwrap() else { panic!() };
        assert_eq!(content(recording.bytes()), states[2].content);
        for state in &states {
            let new: Vec<_> = state.errors.difference(&states[0].errors).collect();
            assert!(new.is_empty(), "{}: {new:?}", original.display());
        }
        Self {
            path: folder.join(name(original)),
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
        let done = self.states.iter().rposition(|state| state.calls <= count).unwrap();
        let content = content(&found);
        let mut either = self.states.iter().skip(done).take(2);
        let state = either.find(|state| state.content == content);
        let state = state.unwrap_or_else(|| panic!("{place}: neither the old nor the new state"));
        assert_eq!(errors(&found), state.errors, "{place}");
        self.judged += 1;
        if self.seen.insert(content) {
            fs::write(&self.path, found).unwrap();
            let wrong = compared(&self.path, &everybody(&self.path)).left;
            assert!(wrong.is_empty(), "{place}: {wrong:?}");
        }
    }
}

/// The five files: a contact, mails and contacts as several versions of Outlook and Aspose left them; the last has contacts and
/// appointments in Outlook's wide tables.
const FIVE: [&str; 5] = [
    "HiraokaHyperTools__contacts.pst",
    "MailbirdInc__test_unicode.pst",
    "aspose-email__PersonalStorageFile1.pst",
    "aspose-email__passwordprotectedPST.pst",
    "aspose-email__Test_part1.pst",
];

/// Records a run on each of them. Where the collection is, they are all there.
fn runs(folder: &Path) -> Vec<Run> {
    let files: Vec<PathBuf> = FIVE.into_iter().filter_map(file_of).collect();
    assert!(files.is_empty() || files.len() == FIVE.len(), "{files:?}");
    files.into_iter().map(|original| Run::record(folder, &original)).collect()
}

fn number<N: FromStr<Err: Debug>>(variable: &str, usual: N) -> N {
    env::var(variable).map_or(usual, |number| number.parse().unwrap())
}

impl Run {
    /// Returns how many cases of each kind are judged at most; `None` where all are.
    fn budget(&self) -> Option<usize> {
        let is_small = self.record.original.len() < 512 << 10;
        let all = is_small || env::var("ABGLEICH_PST_CUTS").is_ok_and(|text| text == "all");
        (!all).then(|| number("ABGLEICH_PST_CUTS", 30))
    }

    /// Says which of so many cases are judged.
    fn chosen(&self, cases: usize) -> impl Iterator<Item = usize> + use<> {
        let step = self.budget().map_or(1, |budget| cases.div_ceil(budget).max(1));
        (number("ABGLEICH_PST_SEED", 0) % step..cases).step_by(step)
    }
}

#[test]
fn every_cut_leaves_the_old_or_the_new_state_to_everybody() {
    let folder = tempfile::tempdir().unwrap();
    for mut run in runs(folder.path()) {
        // Each of the three states is one that stays, whichever of the cuts are taken.
        let stay: Vec<usize> = run.states.iter().map(|state| state.calls).collect();
        let cuts = run.chosen(run.record.calls.len() + 1).chain(stay);
        for count in cuts.collect::<BTreeSet<_>>() {
            let disk = run.record.cut(count);
            run.judge(count, disk, "cut");
        }
        assert_eq!(run.seen.len(), 3, "{}", run.path.display());
        println!("{}: {} cuts", run.path.display(), run.judged);
    }
}

#[test]
fn torn_and_lost_writes_leave_the_old_or_the_new_state_to_everybody() {
    let drawn = number("ABGLEICH_PST_CRASHES", 60);
    let folder = tempfile::tempdir().unwrap();
    for mut run in runs(folder.path()) {
        let mut numbers = Numbers(number("ABGLEICH_PST_SEED", 23));
        let ways: Vec<(usize, usize)> = (0..run.record.calls.len())
            .flat_map(|number| (0..run.record.ways(number)).map(move |way| (number, way)))
            .collect();
        for chosen in run.chosen(ways.len()) {
            let (number, way) = ways[chosen];
            let disk = run.record.torn(number, way);
            run.judge(number, disk, "torn");
        }
        let torn = run.judged;
        let cases = run.budget().unwrap_or(drawn).min(drawn);
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
