//! What is opened for writing and what is refused, making a file, and the rescue record on a disk.

use std::fs;
use std::path::{Path, PathBuf};

use abgleich::pst::PstError;
use abgleich::pst::check::{Rule, Weight, check};
use abgleich::pst::id::{Nid, NidKind};
use abgleich::pst::medium::Medium;
use abgleich::pst::ndb::Ndb;
use abgleich::pst::ndb::node::{Node, Nodes};
use abgleich::pst::ndb::write::{NewFile, Settings, WriteError, Writer};

use crate::real;
use crate::transactions::{bytes, read};
use crate::walker::{crc, walk};

const NID: Nid = Nid::new(NidKind::MESSAGE, 0x1_0001);

fn open_bytes(file: Vec<u8>, settings: &Settings) -> Result<Writer, WriteError> {
    Writer::in_media(Medium::Memory(file), Medium::Memory(Vec::new()), settings, &|_| Ok(false))
}

fn open(path: &Path) -> Result<Writer, WriteError> {
    Writer::open(path, &Settings::default(), &|_| Ok(false))
}

/// Adds a node with so many bytes.
fn add(file: &mut Writer, nid: Nid, length: usize) -> Result<(), WriteError> {
    let mut batch = file.begin()?;
    let data = batch.put_data(&vec![0x5A; length])?;
    batch.set_node(Node { nid, data, sub: None, parent: Nid::ROOT_FOLDER })?;
    batch.commit()
}

/// Makes a file with one node in a folder of its own.
fn made() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("Büro.pst");
    let mut new = NewFile::begin(&path, &Settings::default()).unwrap();
    let mut batch = new.change().unwrap();
    let data = batch.put_data(b"one").unwrap();
    batch.set_node(Node { nid: NID, data, sub: None, parent: Nid::ROOT_FOLDER }).unwrap();
    batch.commit().unwrap();
    assert!(!path.exists(), "it has no name before it is whole");
    new.finish().unwrap().close().unwrap();
    (folder, path)
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_new_file_is_whole_and_alone() {
    let (folder, path) = made();
    assert_eq!(names(folder.path()), ["Büro.pst"]);
    let found = walk(&fs::read(&path).unwrap());
    assert_eq!(found.nodes[&NID.0].data, b"one");
    assert_eq!(found.leaked, 0);
    let again = NewFile::begin(&path, &Settings::default()).unwrap_err();
    assert!(matches!(again, WriteError::Exists { .. }), "{again}");
}

#[test]
fn a_file_that_is_not_finished_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.pst");
    // A file of somebody else stays, and is named.
    let beside = folder.path().join("a.pst.unfinished");
    fs::write(&beside, "notes").unwrap();
    let refused = NewFile::begin(&path, &Settings::default()).unwrap_err();
    assert!(refused.to_string().contains("a.pst.unfinished is in the way"), "{refused}");
    assert_eq!(fs::read(&beside).unwrap(), b"notes");
    // What a crash left is taken over.
    fs::write(&beside, [b"!BDN".to_vec(), vec![1; 100_000]].concat()).unwrap();
    let new = NewFile::begin(&path, &Settings::default()).unwrap();
    let second = NewFile::begin(&path, &Settings::default()).unwrap_err();
    assert!(matches!(second, WriteError::InUse { .. }), "{second}");
    drop(new);
    assert!(names(folder.path()).is_empty());
}

#[test]
fn a_file_is_written_by_one_at_a_time() {
    let (_folder, path) = made();
    let first = open(&path).unwrap();
    let second = open(&path).unwrap_err();
    assert!(matches!(second, WriteError::InUse { .. }));
    assert!(second.to_string().contains("most likely Outlook"), "{second}");
    drop(first);
    assert!(open(&path).is_ok());
}

/// The rescue record lies beside the file while it is open, mends a torn header, and goes when the file is closed.
#[test]
fn the_rescue_record_mends_a_torn_header() {
    let (folder, path) = made();
    let mut file = open(&path).unwrap();
    add(&mut file, Nid(0x20_0044), 50_000).unwrap();
    let after = read(file.nodes());
    drop(file);
    let record = folder.path().join("Büro.pst.rescue");
    assert!(record.exists());
    let written = fs::read(&path).unwrap();
    // The last write of the header reached the disk by half.
    let mut torn = written.clone();
    torn[512..564].copy_from_slice(&fs::read(&record).unwrap()[16 + 512..16 + 564]);
    assert_ne!(torn, written);
    fs::write(&path, &torn).unwrap();
    // Who only reads finds what the next writer is going to make of it, and writes nothing.
    let kept = fs::read(&record).unwrap();
    assert_eq!(read(&Ndb::at(&path).unwrap()), after);
    let report = check(&path).unwrap();
    let first = report.findings().first().map(|finding| (finding.rule, finding.weight));
    assert_eq!(first, Some((Rule::TornHeader, Weight::Note)), "{report:?}");
    assert_eq!((fs::read(&path).unwrap(), fs::read(&record).unwrap()), (torn.clone(), kept));
    let file = open(&path).unwrap();
    assert_eq!(read(file.nodes()), after);
    file.close().unwrap();
    assert_eq!(names(folder.path()), ["Büro.pst"]);
    walk(&fs::read(&path).unwrap());
    // Without the record, or with one of another state, a torn header is refused, and nothing is changed.
    fs::write(&path, &torn).unwrap();
    let refused = open(&path).unwrap_err();
    assert!(matches!(refused, WriteError::Pst(PstError::Damaged { .. })), "{refused:?}");
    let mut other = open_bytes(written, &Settings::default()).unwrap();
    add(&mut other, Nid(0x20_0064), 10).unwrap();
    let (_, rescue) = other.into_media();
    fs::write(&record, bytes(&rescue)).unwrap();
    let mut older = torn.clone();
    older[40] ^= 1;
    fs::write(&path, &older).unwrap();
    assert!(matches!(Ndb::at(&path), Err(PstError::Damaged { .. })));
    let refused = open(&path).unwrap_err();
    assert!(matches!(refused, WriteError::RescueDiffers { .. }), "{refused:?}");
    assert_eq!(fs::read(&path).unwrap(), older);
}

/// A file that has the name of the record is none of ours: nothing is written before it is out of the way, and it stays.
#[test]
fn a_file_of_somebody_else_is_no_rescue_record() {
    let (folder, path) = made();
    let record = folder.path().join("Büro.pst.rescue");
    fs::write(&record, "notes").unwrap();
    let mut file = open(&path).unwrap();
    let refused = add(&mut file, Nid(0x20_0044), 100).unwrap_err();
    assert!(refused.to_string().contains("Büro.pst.rescue is in the way"), "{refused}");
    let _ = file.close();
    assert_eq!(fs::read(&record).unwrap(), b"notes");
}

/// The lock is on the file, and so the record is beside the file, by whatever link it was opened.
#[cfg(unix)]
#[test]
fn the_record_lies_beside_the_file_and_not_beside_a_link() {
    let (folder, path) = made();
    let other = tempfile::tempdir().unwrap();
    let link = other.path().join("link.pst");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let mut file = open(&link).unwrap();
    add(&mut file, Nid(0x20_0044), 50_000).unwrap();
    let after = read(file.nodes());
    drop(file);
    let record = folder.path().join("Büro.pst.rescue");
    let mut torn = fs::read(&path).unwrap();
    torn[512..564].copy_from_slice(&fs::read(&record).unwrap()[16 + 512..16 + 564]);
    for way in [&link, &path] {
        fs::write(&path, &torn).unwrap();
        assert_eq!(read(open(way).unwrap().nodes()), after);
    }
}

#[test]
fn kinds_that_are_only_read_are_refused() {
    let (_folder, path) = made();
    let file = fs::read(path).unwrap();
    // MS-PST 2.2.2.6: the version, and the method that its blocks are mostly in.
    for method in [1, 0x10] {
        let mut wip = file.clone();
        (wip[10], wip[513]) = (37, method);
        let partial = crc(&wip[8..479]).to_le_bytes();
        wip[4..8].copy_from_slice(&partial[..4]);
        let full = crc(&wip[8..524]).to_le_bytes();
        wip[524..528].copy_from_slice(&full[..4]);
        let refused = open_bytes(wip, &Settings::default()).unwrap_err();
        let said = match &refused {
            WriteError::Pst(error) => error.to_string(),
            refused => refused.to_string(),
        };
        assert!(said.contains("Windows Information Protection"), "{refused:?}");
    }
    for (name, file) in real::all(5 << 20) {
        let is_pst = file[8..10] == *b"SM" && file[10] == 23;
        if is_pst && !name.contains("AddingBulk") {
            continue;
        }
        let refused = open_bytes(file, &Settings::default()).unwrap_err();
        let expected = if is_pst {
            // Damaged, says its description.
            matches!(refused, WriteError::Pst(_) | WriteError::Inconsistent { .. })
        } else {
            matches!(refused, WriteError::ReadOnlyKind { .. })
        };
        assert!(expected, "{name}: {refused:?}");
    }
}

#[test]
fn a_store_with_a_password_needs_the_operators_word() {
    let (_folder, path) = made();
    let before = fs::read(&path).unwrap();
    let refused = Writer::open(&path, &Settings::default(), &|nodes| {
        // Whoever asks sees the file as it is committed.
        Ok(nodes.node(NID)?.is_some())
    });
    assert!(matches!(refused.unwrap_err(), WriteError::Protected));
    assert_eq!(fs::read(&path).unwrap(), before);
    let settings = Settings { protected: true, ..Settings::default() };
    assert!(Writer::open(&path, &settings, &|_| Ok(true)).is_ok());
}

#[test]
fn a_file_does_not_grow_beyond_what_is_allowed() {
    let (_folder, path) = made();
    let length = fs::metadata(&path).unwrap().len();
    let settings = Settings { longest: length, ..Settings::default() };
    let mut file = Writer::open(&path, &settings, &|_| Ok(false)).unwrap();
    let before = read(file.nodes());
    let refused = add(&mut file, Nid(0x20_0044), 400_000).unwrap_err();
    assert!(matches!(refused, WriteError::TooLong { limit } if limit == length), "{refused:?}");
    assert_eq!(read(file.nodes()), before);
    // What fits is still taken.
    add(&mut file, Nid(0x20_0044), 40_000).unwrap();
    file.close().unwrap();
    assert_eq!(fs::metadata(&path).unwrap().len(), length);
}

/// Guide to the format, §3: no two things in one place, and everything shown as in use.
#[test]
fn a_file_whose_blocks_overlap_is_refused() {
    let (_folder, path) = made();
    let mut file = open(&path).unwrap();
    add(&mut file, Nid(0x20_0044), 100).unwrap();
    file.close().unwrap();
    let mut bytes = fs::read(&path).unwrap();
    let leaf = usize::try_from(u64::from_le_bytes(bytes[240..248].try_into().unwrap())).unwrap();
    assert!(bytes[leaf + 488] >= 2 && bytes[leaf + 491] == 0, "a leaf of two blocks");
    let (first, second) = (leaf + 8, leaf + 24 + 8);
    bytes.copy_within(first..first + 8, second);
    let sum = crc(&bytes[leaf..leaf + 496]).to_le_bytes();
    bytes[leaf + 500..leaf + 504].copy_from_slice(&sum[..4]);
    let refused = open_bytes(bytes, &Settings::default()).unwrap_err();
    assert!(matches!(refused, WriteError::Inconsistent { .. }), "{refused:?}");
    assert!(refused.to_string().contains("same place"), "{refused}");
}
