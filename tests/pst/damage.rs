//! Damage: one byte flipped, or the end cut off, gives an error or the right data; whatever is bent behind the checksums ends. None
//! of it takes memory without bounds.
//!
//! `ABGLEICH_PST_DAMAGE` is how many positions of each file are tried (default 1,000 for each of the tests here; `all` for every
//! one). Positions are spread evenly and shifted by `ABGLEICH_PST_SEED`.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::LazyLock;
use std::{env, fs};

use abgleich::pst::check::check_medium;
use abgleich::pst::crc::crc;
use abgleich::pst::damage::{Bend, Bent, Piece, Target, read_everything};
use abgleich::pst::messaging::Store;
use abgleich::pst::ndb::{Header, Ndb};
use abgleich::pst::{Medium, PstError};
use proptest::prelude::*;

use crate::files::{files, name};
use crate::held::most_held;
use crate::made;

/// Small files with contacts, of all variants that are small, one with an item in an item, and an empty one.
const SMALL: [&str; 6] = [
    "HiraokaHyperTools__contacts.pst",
    "HiraokaHyperTools__contacts97-2002.pst",
    "MailbirdInc__submessage.pst",
    "MailbirdInc__test_ansi.pst",
    "aspose-email__SampleContacts.pst",
    "microsoft__Empty.pst",
];

/// What reading one of them may hold at most, in bytes: fifty times what the neediest sound one holds (168,527), and an eighth of
/// what a whole run may take. A count that is believed before what it counts is there would be far beyond it.
const MOST: usize = 8 << 20;

/// Returns these files with their names, and one that the product makes, for series with their zones, which small real files
/// have none of.
fn small() -> Vec<(String, Vec<u8>)> {
    static MADE: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("made.pst");
        made::of_blobs(&path);
        fs::read(path).expect("a file")
    });
    let real = files().into_iter().filter(|file| SMALL.contains(&name(file)));
    let real = real.map(|file| (name(&file).to_owned(), fs::read(&file).expect("a file")));
    real.chain([("made.pst".to_owned(), MADE.clone())]).collect()
}

/// Chooses positions out of so many.
fn chosen(count: usize) -> Vec<usize> {
    let number = |name: &str| env::var(name).ok().and_then(|text| text.parse::<usize>().ok());
    if env::var("ABGLEICH_PST_DAMAGE").is_ok_and(|text| text == "all") {
        return (0..count).collect();
    }
    let wanted = number("ABGLEICH_PST_DAMAGE").unwrap_or(1_000).max(1);
    let step = count.div_ceil(wanted).max(1);
    (number("ABGLEICH_PST_SEED").unwrap_or_default() % step..count).step_by(step).collect()
}

/// Reads everything of a file in memory, and gives the memory back. Whatever is in it, reading it holds [`MOST`] bytes at most.
fn read(bytes: Vec<u8>) -> (Result<u64, PstError>, Vec<u8>) {
    let (read, held) = most_held(|| read_freely(bytes));
    assert!(held < MOST, "reading held {held} bytes");
    read
}

fn read_freely(bytes: Vec<u8>) -> (Result<u64, PstError>, Vec<u8>) {
    // A file that cannot be opened takes its bytes along, so a header is looked at first.
    if let Err(error) = Header::parse(&bytes) {
        return (Err(error), bytes);
    }
    let store = Store::new(Ndb::open(Medium::Memory(bytes)).expect("a header that is right"));
    let outcome = read_everything(&store);
    let Medium::Memory(bytes) = store.into_nodes().into_medium() else {
        unreachable!("it was memory")
    };
    (outcome, bytes)
}

/// All offsets that reading everything looks at: the header, the pages of the trees, the blocks with padding and trailer.
fn live(file: &[u8]) -> Vec<usize> {
    let ndb = Ndb::open(Medium::Memory(file.to_vec())).expect("a sound file");
    let layout = ndb.header().layout;
    let mut live: BTreeSet<usize> = (0..layout.header).collect();
    let mut add = |at: u64, length: usize| {
        let at = usize::try_from(at).expect("a small file");
        live.extend(at..at + length);
    };
    for tree in [ndb.node_tree(), ndb.block_tree()] {
        tree.pages(&ndb, &mut |place, _| {
            add(place.at, layout.page);
            Ok::<_, PstError>(())
        })
        .expect("sound trees");
    }
    ndb.block_entries(&mut |entry| {
        add(entry.at, layout.block_size(entry.stored.into()));
        ControlFlow::Continue(())
    })
    .expect("a sound tree");
    live.into_iter().collect()
}

/// Issue 4: any single byte flipped gives an error or the right data.
#[test]
fn a_flipped_byte_is_an_error_or_changes_nothing() {
    for (name, sound) in small() {
        let live = live(&sound);
        let (right, mut bytes) = read(sound);
        let right = right.expect("a sound file");
        let (mut errors, mut tried) = (0, 0);
        for place in chosen(live.len()) {
            let at = live[place];
            // A different bit at each place; now and then all of them.
            let bits = if place % 9 == 8 { 0xFF } else { 1 << (place % 9) };
            bytes[at] ^= bits;
            let (outcome, back) = read(bytes);
            bytes = back;
            bytes[at] ^= bits;
            tried += 1;
            match outcome {
                Ok(read) => assert_eq!(read, right, "{name}: other data, byte {at:#x}"),
                Err(_) => errors += 1,
            }
        }
        println!("{name}: {errors} errors in {tried} of {} places", live.len());
        assert!(errors * 2 > tried, "{name}: most of it is checked");
    }
}

/// Issue 4: any truncation gives an error or the right data.
#[test]
fn a_file_that_is_cut_off_is_an_error_or_changes_nothing() {
    for (name, sound) in small() {
        let (right, mut bytes) = read(sound.clone());
        let right = right.expect("a sound file");
        let mut errors = 0;
        for length in chosen(sound.len()).into_iter().rev() {
            bytes.truncate(length);
            let (outcome, back) = read(bytes);
            bytes = back;
            match outcome {
                Ok(read) => assert_eq!(read, right, "{name}: {length} bytes"),
                Err(_) => errors += 1,
            }
        }
        assert!(errors > 0, "{name}: nothing was lost");
    }
}

/// Everything of a file that can be bent: blocks by their ids and pages by their offsets, each with its length.
fn targets(ndb: &Ndb) -> Vec<(Target, usize)> {
    let layout = ndb.header().layout;
    let mut targets = Vec::new();
    for tree in [ndb.node_tree(), ndb.block_tree()] {
        tree.pages(ndb, &mut |place, _| {
            targets.push((Target::Page(place.at), layout.tree_entries + 8));
            Ok::<_, PstError>(())
        })
        .expect("sound trees");
    }
    ndb.block_entries(&mut |entry| {
        targets.push((Target::Block(entry.bid), entry.size.into()));
        ControlFlow::Continue(())
    })
    .expect("a sound tree");
    targets
}

/// How many pages and blocks reading everything takes, and how many a bent file may take: much more, but not without end.
fn reads(ndb: &Ndb) -> u64 {
    let (mut low, mut high) = (1, 1 << 20);
    while low < high {
        let middle = u64::midpoint(low, high);
        let bent = Bent::new(ndb, Vec::new(), middle);
        if read_everything(&Store::new(bent)).is_ok() { high = middle } else { low = middle + 1 }
    }
    low * 20 + 1_000
}

/// The checksums say nothing about what a program wrote wrongly: no content, however bent, makes us panic or go in circles.
#[test]
fn a_byte_bent_behind_the_checksums_comes_to_an_end() {
    for (name, file) in small() {
        let ndb = Ndb::open(Medium::Memory(file)).expect("a sound file");
        let reads = reads(&ndb);
        let targets = targets(&ndb);
        let places: Vec<(Target, usize)> = targets
            .iter()
            .flat_map(|(target, length)| (0..*length).map(|at| (*target, at)))
            .collect();
        let (mut errors, mut tried) = (0, 0);
        for place in chosen(places.len()) {
            let (target, at) = places[place];
            let bits = [0x01, 0x80, 0xFF, 0x10, 0x20][place % 5];
            let store = Store::new(Bent::new(&ndb, vec![Bend { target, at, bits }], reads));
            let (is_error, held) = most_held(|| read_everything(&store).is_err());
            assert!(held < MOST, "{name}: {target:?} {at}: {held} bytes");
            errors += usize::from(is_error);
            assert!(!store.nodes().is_spent(), "{name}: {target:?} {at}");
            tried += 1;
        }
        println!("{name}: {errors} errors in {tried} of {} places", places.len());
        assert!(errors > 0, "{name}: some of it is structure");
    }
}

/// `pst check` looks at a damaged file as at any other: it comes to an end, within the same memory.
#[test]
fn the_check_of_a_damaged_file_comes_to_an_end() {
    for (name, file) in small() {
        let ndb = Ndb::open(Medium::Memory(file.clone())).expect("a sound file");
        let pieces =
            if ndb.header().layout.wide { Piece::all(&ndb).expect("sound") } else { Vec::new() };
        let live = live(&file);
        let (mut refused, mut clean, mut tried) = (0, 0, 0);
        let mut look = |bytes: Vec<u8>, place: &str| {
            let (report, held) = most_held(|| check_medium(Medium::Memory(bytes)));
            assert!(held < MOST, "{name}: {place}: {held} bytes");
            tried += 1;
            match report {
                Ok(report) => clean += usize::from(report.errors() == 0),
                Err(_) => refused += 1,
            }
        };
        // Each of these costs much more than reading does.
        for place in chosen(live.len()).into_iter().step_by(10) {
            let mut bytes = file.clone();
            bytes[live[place]] ^= 1 << (place % 8);
            look(bytes, "a byte");
        }
        let places: Vec<(usize, usize)> = (0..pieces.len())
            .flat_map(|piece| (0..pieces[piece].length).map(move |at| (piece, at)))
            .collect();
        for place in chosen(places.len()).into_iter().step_by(5) {
            let (piece, at) = places[place];
            let mut bytes = file.clone();
            pieces[piece].bend(&mut bytes, at, [0x01, 0x80, 0xFF, 0x10, 0x20][place % 5]);
            look(bytes, "behind the checksums");
        }
        println!("{name}: {refused} refused, {clean} without an error, of {tried}");
        assert!(refused + clean < tried, "{name}: most of it is told");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// The same with several bytes at once.
    #[test]
    fn many_bytes_bent_behind_the_checksums_come_to_an_end(
        chosen in 0..=SMALL.len(),
        bends in prop::collection::vec((any::<prop::sample::Index>(), 0..8_192_usize, 1..=u8::MAX), 1..12),
    ) {
        let Some((_, file)) = small().into_iter().nth(chosen) else { return Ok(()) };
        let ndb = Ndb::open(Medium::Memory(file)).unwrap();
        let targets = targets(&ndb);
        let bends = bends.into_iter().map(|(index, at, bits)| {
            Bend { target: index.get(&targets).0, at, bits }
        });
        let store = Store::new(Bent::new(&ndb, bends.collect(), 200_000));
        let _ = read_everything(&store);
        prop_assert!(!store.nodes().is_spent());
    }

    /// Whatever a header says, as long as its checksums are right, ends too.
    #[test]
    fn a_header_that_lies_is_an_error(
        chosen in 0..=SMALL.len(),
        lies in prop::collection::vec((8..528_usize, any::<u8>()), 1..6),
    ) {
        let Some((_, mut bytes)) = small().into_iter().nth(chosen) else { return Ok(()) };
        for (at, byte) in lies {
            bytes[at] = byte;
        }
        for (at, length) in [(4, 471), (524, 516)] {
            let sum = crc(&bytes[8..8 + length]).to_le_bytes();
            bytes[at..at + 4].copy_from_slice(&sum);
        }
        let _ = read(bytes);
    }
}
