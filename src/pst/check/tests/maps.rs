//! A file of more than 2 GB, mostly holes: there, and nowhere before, stand the maps that small files do not have.

use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::sync::LazyLock;

use super::{Report, Role, contact, file};
use crate::pst::check::check;
use crate::pst::crc::crc;

/// Guide, 3: where the first map is, and how far it is to the next.
const FIRST: u64 = 0x4400;
const STEP: u64 = 0x3E000;

/// Sections up to the first one with an FPMap.
const SECTIONS: u64 = 8193;

/// What is found where the second byte of the first FMap and of the first FPMap are other than their checksums say. It is found
/// once: the file has 8,193 maps.
pub(super) static BROKEN: LazyLock<Report> = LazyLock::new(broken);

/// Returns the kinds of the pages that a section begins with. Guide, 3.
fn kinds(section: u64) -> Vec<u8> {
    let mut kinds = vec![0x84];
    if section.is_multiple_of(8) {
        kinds.push(0x83);
    }
    if section >= 128 && (section - 128).is_multiple_of(496) {
        kinds.push(0x82);
    }
    if section >= 8192 && (section - 8192).is_multiple_of(31744) {
        kinds.push(0x85);
    }
    kinds
}

fn broken() -> Report {
    let mut bytes = file(&[(Role::Contacts, contact("Anna"))]);
    let length = u64::try_from(bytes.len()).unwrap();
    let sections = (length - FIRST) / STEP..SECTIONS;
    let pages: usize = sections.clone().map(|section| kinds(section).len()).sum();
    let taken = 512 * u64::try_from(pages).unwrap();
    // Guide, 2: ibFileEof, ibAMapLast, cbAMapFree, then both checksums.
    let old = u64::from_le_bytes(bytes[200..208].try_into().unwrap());
    let free = old + STEP * (sections.end - sections.start) - taken;
    for (at, value) in
        [(184, FIRST + STEP * SECTIONS), (192, FIRST + STEP * (SECTIONS - 1)), (200, free)]
    {
        bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
    }
    for (end, at) in [(479, 4), (524, 524)] {
        let sum = crc(&bytes[8..end]).to_le_bytes();
        bytes[at..at + 4].copy_from_slice(&sum);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.pst");
    let mut file = File::create(&path).unwrap();
    file.write_all(&bytes).unwrap();
    file.set_len(FIRST + STEP * SECTIONS).unwrap();
    for section in sections {
        let kinds = kinds(section);
        let mut pages = Vec::new();
        for (number, kind) in (0..).zip(&kinds) {
            let mut page = [0xFF; 512];
            if *kind == 0x84 {
                // Each page takes eight slots of 64 bytes.
                page[kinds.len()..496].fill(0);
            }
            let sum = crc(&page[..496]).to_le_bytes();
            page[496..500].copy_from_slice(&[*kind, *kind, 0, 0]);
            page[500..504].copy_from_slice(&sum);
            let place = FIRST + STEP * section + 512 * number;
            page[504..512].copy_from_slice(&place.to_le_bytes());
            if [(128, 0x82), (8192, 0x85)].contains(&(section, *kind)) {
                page[1] = 0x7F;
            }
            pages.extend(page);
        }
        file.seek(SeekFrom::Start(FIRST + STEP * section)).unwrap();
        file.write_all(&pages).unwrap();
    }
    drop(file);
    check(&path).unwrap()
}

/// Nothing but the two pages is wrong: all other maps are where they are looked for.
#[test]
fn maps_of_large_files_are_looked_at_where_they_are() {
    let said: Vec<String> = BROKEN.findings().iter().map(ToString::to_string).collect();
    let [first, second] = said.as_slice() else { panic!("{said:#?}") };
    assert!(first.starts_with("FMap page at 0x1f04800: "), "{first}");
    assert!(second.starts_with("FPMap page at 0x7c004800: "), "{second}");
}
