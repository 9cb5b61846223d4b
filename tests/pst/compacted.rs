//! Compacting into a copy: everything comes along, judged by a reader that shares nothing with the product; the holes do not.

use std::path::Path;

use abgleich::pst::check::check_medium;
use abgleich::pst::crypt::Crypt;
use abgleich::pst::error::PstError;
use abgleich::pst::id::{Nid, NidKind};
use abgleich::pst::medium::Medium;
use abgleich::pst::ndb::node::Node;
use abgleich::pst::ndb::write::{Compacted, Settings, WriteError, Writer, compact};

use crate::real;
use crate::transactions::bytes;
use crate::walker::walk;

/// Compacts a file given by its bytes; returns the copy's.
fn compacted(file: &[u8]) -> (Result<Compacted, WriteError>, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let (from, into) = (folder.path().join("from.pst"), folder.path().join("into.pst"));
    std::fs::write(&from, file).unwrap();
    let done = compact(&from, &into, &Settings::default());
    assert_eq!(std::fs::read(&from).unwrap(), file, "the original stays as it is");
    let names = |folder: &Path| std::fs::read_dir(folder).unwrap().count();
    assert_eq!(names(folder.path()), 1 + usize::from(done.is_ok()), "nothing else is left");
    (done, std::fs::read(&into).unwrap_or_default())
}

/// Issue 4, point 4: nothing is lost and nothing is interpreted, whatever is in the file.
#[test]
fn real_files_come_along_whole() {
    for (name, file) in real::writable(40 << 20) {
        let (done, copy) = compacted(&file);
        let done = done.unwrap_or_else(|error| panic!("{name}: {error}"));
        println!("{name}: {} -> {} bytes, {} nodes", done.before, done.after, done.nodes);
        let found = walk(&copy);
        assert_eq!(found.leaked, 0, "{name}");
        assert!(found.nodes == walk(&file).nodes, "{name} holds something else");
        assert_eq!(usize::try_from(done.nodes).unwrap(), found.nodes.len(), "{name}");
        assert!(copy.len() <= file.len(), "{name} grew");
        // What the header says beside places: rgnid, the encoding, reserved bytes (MS-PST 2.2.2.6).
        for (from, to) in [(8, 24), (44, 172), (512, 516), (528, 564)] {
            assert_eq!(copy[from..to], file[from..to], "{name}: bytes {from} to {to}");
        }
        let unique = |file: &[u8]| u32::from_le_bytes(file[40..44].try_into().unwrap());
        assert!(unique(&copy) >= unique(&file), "{name}: dwUnique went back");
        let broken = |file: &[u8]| check_medium(Medium::Memory(file.to_vec())).unwrap().errors();
        assert!(broken(&copy) <= broken(&file), "{name} breaks rules that the original keeps");
        let (_, again) = compacted(&copy);
        assert_eq!(again.len(), copy.len(), "{name}: there was room left");
    }
}

#[test]
fn other_kinds_are_refused() {
    for (name, file) in real::all(40 << 20) {
        if file[10] == 23 && file[8..10] == *b"SM" {
            continue;
        }
        let (done, copy) = compacted(&file);
        assert!(matches!(done, Err(WriteError::ReadOnlyKind { .. })), "{name}: {done:?}");
        assert!(copy.is_empty());
    }
}

fn message(index: u32) -> Nid {
    Nid::new(NidKind::MESSAGE, 0x1_0001 + index)
}

/// A file of 20 big and 9,000 small nodes, some of which share their blocks; then the big ones go.
fn with_holes(crypt: Crypt) -> Vec<u8> {
    let settings = Settings::default();
    let mut file = Writer::empty(Medium::Memory(Vec::new()), crypt, &settings).unwrap();
    let mut batch = file.begin().unwrap();
    let shared = batch.put_data(b"shared").unwrap();
    let below = Node { nid: Nid(0x692), data: shared, sub: None, parent: Nid(0) };
    let sub = batch.put_subnodes(&[below]).unwrap();
    for index in 0..9000_u32 {
        let own = batch.put_data(&index.to_le_bytes()).unwrap();
        let data = if index % 3 == 0 { own } else { shared };
        batch.set_node(Node { nid: message(index), data, sub, parent: Nid::ROOT_FOLDER }).unwrap();
    }
    for index in 0..20_u8 {
        let data = batch.put_data(&vec![index; 100_000]).unwrap();
        let nid = message(20_000 + u32::from(index));
        batch.set_node(Node { nid, data, sub: None, parent: Nid(0) }).unwrap();
    }
    batch.commit().unwrap();
    let mut batch = file.begin().unwrap();
    for index in 1..20 {
        assert!(batch.remove_node(message(20_000 + index)).unwrap());
    }
    batch.commit().unwrap();
    bytes(&file.close_in_media().unwrap().0).to_vec()
}

#[test]
fn holes_stay_behind_and_what_is_shared_stays_shared() {
    for crypt in [Crypt::None, Crypt::Permute, Crypt::Cyclic] {
        let file = with_holes(crypt);
        let (done, copy) = compacted(&file);
        assert_eq!(done.unwrap().nodes, 9001);
        assert!(walk(&copy).nodes == walk(&file).nodes, "{crypt:?}");
        // 1.9 MB went; 3,000 blocks of 64 bytes, 100 KB and two trees are left.
        assert!(copy.len() + 1_500_000 < file.len(), "{} of {} bytes", copy.len(), file.len());
        assert_eq!(copy[513], file[513], "bCryptMethod");
    }
}

#[test]
fn what_is_there_already_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (from, into) = (folder.path().join("from.pst"), folder.path().join("into.pst"));
    std::fs::write(&from, with_holes(Crypt::None)).unwrap();
    std::fs::write(&into, b"mine").unwrap();
    let done = compact(&from, &into, &Settings::default());
    assert!(matches!(done, Err(WriteError::Exists { .. })), "{done:?}");
    assert_eq!(std::fs::read(&into).unwrap(), b"mine");
}

/// Rule: what is damaged is told, never left out.
#[test]
fn a_damaged_block_stops_it() {
    let mut file = with_holes(Crypt::None);
    let data = file.windows(6).position(|bytes| bytes == b"shared").unwrap();
    file[data] ^= 1;
    let (done, copy) = compacted(&file);
    let is_told = matches!(done, Err(WriteError::Pst(PstError::Damaged { field: "dwCRC", .. })));
    assert!(is_told, "{done:?}");
    assert!(copy.is_empty());
}
