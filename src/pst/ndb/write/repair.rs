//! Repairing into a copy (effect): the header where it is torn, its counters of ids where they are behind, the file's length, and
//! the allocation maps from what the trees refer to. The original is only read. What is damaged in the trees themselves is not
//! mended: it would take guesses.

use std::fs;
use std::path::Path;

use super::bits::{SECTION, reserved, section_at};
use super::create::{give_name, refuse_existing, temporary_of};
use super::error::WriteError;
use super::form::{self, PAGE};
use super::open::{accept_place, refuse_kinds};
use super::rescue::{Rescue, folder_of, header_bytes};
use super::survey::survey;
use super::{Settings, Writer, ask_for_room, lock};
use crate::pst::bytes::wide;
use crate::pst::crc::crc;
use crate::pst::crypt::Crypt;
use crate::pst::error::PstError;
use crate::pst::id::{Bid, Nid, PageId, PageRef};
use crate::pst::layout::Layout;
use crate::pst::medium::Medium;
use crate::pst::ndb::data_tree::DataTree;
use crate::pst::ndb::file::Ndb;
use crate::pst::ndb::header::Header;
use crate::pst::ndb::node::Nodes;

/// What was repaired in the copy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Repaired {
    /// Whether the header was torn.
    pub header: bool,
    /// Whether the header's word on how blocks are encoded was another than theirs.
    pub encoding: bool,
    /// Whether the file's length did not fit.
    pub length: bool,
    /// Whether a counter said that an id is still to be given which something has already.
    pub counters: bool,
    /// How many allocation maps were wrong.
    pub maps: usize,
}

/// Copies a file and puts the copy in order; the copy gets its name when it is whole and durable. It may take over the
/// rescue record that lies beside the original.
pub fn repair(original: &Path, copy: &Path, settings: &Settings) -> Result<Repaired, WriteError> {
    refuse_existing(copy)?;
    accept_place(copy, settings)?;
    let from = Medium::from(lock::read(original)?);
    ask_for_room(folder_of(copy), from.len()?)?;
    let temporary = temporary_of(copy);
    let mut medium = Medium::from(lock::create(&temporary)?);
    let done = copy_all(&from, &mut medium, original).and_then(|()| {
        let (mut medium, repaired) = in_place(medium, &Rescue::beside(original), settings)?;
        medium.sync()?;
        Ok(repaired)
    });
    match done.and_then(|repaired| give_name(&temporary, copy).map(|()| repaired)) {
        Ok(repaired) => Ok(repaired),
        Err(error) => {
            let _ = fs::remove_file(&temporary);
            Err(error)
        }
    }
}

/// Copies a file, unless somebody writes it meanwhile.
fn copy_all(from: &Medium, to: &mut Medium, original: &Path) -> Result<(), WriteError> {
    let before = header_bytes(from)?;
    let mut buffer = vec![0; 1 << 20];
    let mut at = 0;
    loop {
        let read = from.read_at(at, &mut buffer)?;
        if read == 0 {
            break;
        }
        to.write_at(at, buffer.get(..read).unwrap_or_default())?;
        at += wide(read);
    }
    lock::read(original)?;
    if header_bytes(from)? == before { Ok(()) } else { Err(PstError::Written.into()) }
}

/// Repairs a medium.
pub(super) fn in_place(
    mut medium: Medium,
    rescue: &Rescue,
    settings: &Settings,
) -> Result<(Medium, Repaired), WriteError> {
    let mut repaired = Repaired::default();
    let bytes = header_bytes(&medium)?;
    let mut header = match Header::parse(&bytes) {
        Ok(header) => header,
        Err(error) => {
            repaired.header = true;
            let found = rescue.read()?.and_then(|record| record.mend(&bytes).map(<[u8]>::to_vec));
            let found = found.and_then(|bytes| Header::parse(&bytes).ok());
            found.or_else(|| second_sector(&bytes)).ok_or(error)?
        }
    };
    refuse_kinds(&header)?;
    repaired.length = fit_length(&mut medium, &mut header)?;
    header.maps_valid = 0;
    medium.write_at(0, &header.encode())?;
    let mut ndb = Ndb::open(medium)?;
    repaired.encoding = find_encoding(&mut ndb, &mut header, repaired.header)?;
    let found = survey(&ndb, false)?;
    repaired.maps = found.remade;
    let counters = |header: &Header| (header.next_block, header.next_page, header.highest);
    let before = counters(&header);
    found.highest.raise(&mut header);
    // That of a torn header is told as such.
    repaired.counters = !repaired.header && counters(&header) != before;
    let mut writer = Writer {
        space: found.space,
        highest: found.highest,
        is_durable: false,
        longest: settings.longest,
        ..Writer::unchecked(ndb)
    };
    writer.put_reserved_pages()?;
    writer.flip(header, &[])?;
    Ok((writer.ndb.into_medium(), repaired))
}

/// Makes the header good whose first sector is sound and whose second is not: of what changes, that one holds the counter of
/// blocks alone, which what is in the file tells as well.
fn second_sector(bytes: &[u8]) -> Option<Header> {
    let sum = bytes.get(4..8)?.first_chunk().copied().map(u32::from_le_bytes)?;
    if crc(bytes.get(8..479)?) != sum {
        return None;
    }
    let parsed = |method: u8| {
        let mut patched = bytes.to_vec();
        *patched.get_mut(513)? = method;
        let full = crc(patched.get(8..524)?).to_le_bytes();
        patched.get_mut(524..528)?.copy_from_slice(&full);
        Header::parse(&patched).ok()
    };
    // A method that there is none of is looked for in what is encoded by it.
    let mut header = parsed(*bytes.get(513)?).or_else(|| parsed(Crypt::Permute.byte()))?;
    header.next_block = Bid(0);
    Some(header)
}

/// Finds by what the store's own node holds how blocks are encoded: a heap, which says so in its third byte (MS-PST 2.3.1.2). Says
/// whether the header had another word for it. A header that was guessed at counts for nothing where no word makes a heap of it.
fn find_encoding(ndb: &mut Ndb, header: &mut Header, is_guessed: bool) -> Result<bool, PstError> {
    let stated = header.crypt;
    for crypt in [stated, Crypt::Permute, Crypt::Cyclic, Crypt::None] {
        header.crypt = crypt;
        ndb.turn_to(header.clone());
        if has_heap(ndb)? {
            return Ok(crypt != stated);
        }
    }
    header.crypt = stated;
    ndb.turn_to(header.clone());
    if !is_guessed {
        // What is wrong with it is for those who look at the copy.
        return Ok(false);
    }
    let (structure, field) = ("HEADER", "bCryptMethod");
    let rule = "is not how the store is encoded, nor is any other that there is";
    Err(PstError::Damaged { structure, field, value: stated.byte().into(), rule, at: 513 })
}

/// Says whether the store's node holds a heap as the file is read now; one that is not there contradicts nothing.
fn has_heap(ndb: &Ndb) -> Result<bool, PstError> {
    let Some(node) = ndb.node(Nid::STORE)? else { return Ok(true) };
    let block = DataTree::open(ndb, node.data)?.block(0)?;
    Ok(block.is_none_or(|block| block.get(2) == Some(&0xEC)))
}

/// Gives the file whole sections, as many as its header says or else as it has bytes for; says whether it had not.
fn fit_length(medium: &mut Medium, header: &mut Header) -> Result<bool, WriteError> {
    let first = Layout::UNICODE.first_map;
    let length = medium.len()?;
    let sections = |length: u64| length.saturating_sub(first).div_ceil(SECTION).max(1);
    let is_whole = header.file_end > first && (header.file_end - first).is_multiple_of(SECTION);
    let said = if is_whole { sections(header.file_end) } else { sections(length) };
    // A length far beyond the file is no length.
    let sections = if said > sections(length) + 8 { sections(length) } else { said };
    let (end, last) = (first + sections * SECTION, first + (sections - 1) * SECTION);
    let fits = (header.file_end, header.last_map, length) == (end, last, end);
    (header.file_end, header.last_map) = (end, last);
    if length != end {
        medium.set_len(end)?;
    }
    Ok(!fits)
}

impl Writer {
    /// Writes those of the pages reserved at the start of sections that are not there.
    fn put_reserved_pages(&mut self) -> Result<(), WriteError> {
        for section in 0..self.space.sections() {
            let mut at = section_at(section);
            for kind in reserved(section) {
                at += wide(PAGE);
                let place = PageRef { id: PageId(at), at };
                match self.ndb.page(form::reserved_kind(kind), place) {
                    Ok(_) => {}
                    Err(PstError::Damaged { .. }) => {
                        self.ndb.medium_mut().write_at(at, &form::reserved_page(kind, at))?;
                    }
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Crypt, Nid, Nodes, PstError, Repaired, crc, in_place, repair};
    use crate::pst::id::NidKind;
    use crate::pst::medium::Medium;
    use crate::pst::ndb::node::Node;
    use crate::pst::ndb::write::rescue::Rescue;
    use crate::pst::ndb::write::{Settings, WriteError, Writer};

    const NID: Nid = Nid::new(NidKind::MESSAGE, 0x1_0001);

    /// A file with one node.
    fn file() -> Vec<u8> {
        let medium = Medium::Memory(Vec::new());
        let mut writer = Writer::empty(medium, Crypt::Permute, &Settings::default()).unwrap();
        let mut batch = writer.begin().unwrap();
        let data = batch.put_data(&vec![7; 300_000]).unwrap();
        batch.set_node(Node { nid: NID, data, sub: None, parent: Nid(0x122) }).unwrap();
        batch.commit().unwrap();
        let (Medium::Memory(bytes), _) = writer.close_in_media().unwrap() else { panic!() };
        bytes
    }

    fn mended(bytes: Vec<u8>) -> (Vec<u8>, Repaired) {
        let medium = Medium::Memory(bytes);
        let (medium, repaired) = in_place(medium, &Rescue::Nowhere, &Settings::default()).unwrap();
        let Medium::Memory(bytes) = medium else { panic!() };
        let file = Medium::Memory(bytes.clone());
        let rescue = Medium::Memory(Vec::new());
        let writer = Writer::in_media(file, rescue, &Settings::default(), &|_| Ok(false)).unwrap();
        assert!(writer.nodes().node(NID).unwrap().is_some());
        (bytes, repaired)
    }

    #[test]
    fn a_sound_file_needs_no_repair() {
        assert_eq!(mended(file()).1, Repaired::default());
    }

    #[test]
    fn a_wrong_map_is_made_again_and_refused_before() {
        let mut bytes = file();
        let sound = bytes.clone();
        bytes[0x4400 + 3..0x4400 + 20].fill(0);
        let open = Writer::in_media(
            Medium::Memory(bytes.clone()),
            Medium::Memory(Vec::new()),
            &Settings::default(),
            &|_| Ok(false),
        );
        assert!(open.is_err());
        let (mended, repaired) = mended(bytes);
        assert_eq!(repaired, Repaired { maps: 1, ..Repaired::default() });
        assert_eq!(mended[0x4400..], sound[0x4400..]);
    }

    /// MS-PST 2.2.2.6: `bidNextP` at 32, `rgnid` of messages at 44 + 4 * 4, `bidNextB` at 516; the checksums at 4 and 524.
    #[test]
    fn counters_that_are_behind_are_raised_and_told() {
        for at in [32, 44 + 4 * 4, 516] {
            let mut bytes = file();
            let sound = bytes.clone();
            bytes[at..at + 4].copy_from_slice(&4_u32.to_le_bytes());
            for (part, sum) in [(8..479, 4), (8..524, 524)] {
                let sum_of_part = crc(&bytes[part]).to_le_bytes();
                bytes[sum..sum + 4].copy_from_slice(&sum_of_part);
            }
            let (mended, repaired) = mended(bytes);
            assert_eq!(repaired, Repaired { counters: true, ..Repaired::default() }, "{at}");
            let number = |bytes: &[u8]| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
            assert!(number(&mended) > 4 && number(&mended) <= number(&sound), "{at}");
        }
    }

    /// MS-PST 2.2.2.7.3 and guide, 3: what Outlook 2003 and 2007 keep in reserve belongs to nothing, and is offered by the map of pages.
    #[test]
    fn pages_in_reserve_stay_in_reserve() {
        let mut bytes = file();
        // Pages 400 to 407 of the first section: a byte of the map of what is in use each, and a bit of the map of pages.
        bytes[0x4400 + 400..0x4400 + 408].fill(0xFF);
        bytes[0x4600 + 50] = 0;
        for page in [0x4400, 0x4600] {
            let sum = crate::pst::crc::crc(&bytes[page..page + 496]);
            bytes[page + 500..page + 504].copy_from_slice(&sum.to_le_bytes());
        }
        let sound = bytes.clone();
        bytes[0x4400 + 3..0x4400 + 20].fill(0);
        let (mended, repaired) = mended(bytes);
        assert_eq!(repaired, Repaired { maps: 1, ..Repaired::default() });
        assert_eq!(mended[0x4400..0x4800], sound[0x4400..0x4800]);
    }

    #[test]
    fn a_torn_header_and_a_short_file_are_mended() {
        let sound = file();
        let mut bytes = sound.clone();
        bytes[516] ^= 0xFF;
        assert!(mended(bytes).1.header);
        // The last section is nearly empty.
        let (mended, repaired) = mended(sound[..sound.len() - 4096].to_vec());
        assert_eq!(repaired, Repaired { length: true, ..Repaired::default() });
        assert_eq!(mended.len(), sound.len());
    }

    /// A copy that nobody can read is no mended one. MS-PST 2.3.1.2: the heap of the store has 0xEC in its third byte.
    #[test]
    fn a_header_is_not_guessed_at_where_no_encoding_makes_a_store() {
        for (third, is_mended) in [(0xEC, true), (0xED, false)] {
            let medium = Medium::Memory(file());
            let rescue = Medium::Memory(Vec::new());
            let mut writer =
                Writer::in_media(medium, rescue, &Settings::default(), &|_| Ok(false)).unwrap();
            let mut batch = writer.begin().unwrap();
            let data = batch.put_data(&[0, 0, third, 0xBC]).unwrap();
            batch.set_node(Node { nid: Nid::STORE, data, sub: None, parent: Nid(0) }).unwrap();
            batch.commit().unwrap();
            let (Medium::Memory(mut bytes), _) = writer.close_in_media().unwrap() else { panic!() };
            bytes[513] = Crypt::Cyclic.byte();
            let said = in_place(Medium::Memory(bytes), &Rescue::Nowhere, &Settings::default());
            match said {
                Ok((_, repaired)) => assert!(is_mended && repaired.encoding && repaired.header),
                Err(WriteError::Pst(PstError::Damaged { field, .. })) => {
                    assert!(!is_mended && field == "bCryptMethod");
                }
                Err(other) => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn a_damaged_tree_is_not_guessed_at() {
        let mut bytes = file();
        let root =
            usize::try_from(u64::from_le_bytes(bytes[240..248].try_into().unwrap())).unwrap();
        bytes[root] ^= 1;
        let refused =
            in_place(Medium::Memory(bytes), &Rescue::Nowhere, &Settings::default()).unwrap_err();
        assert!(matches!(refused, WriteError::Pst(_)), "{refused:?}");
    }

    #[test]
    fn a_copy_is_made_and_the_original_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("a.pst"), folder.path().join("b.pst"));
        let mut bytes = file();
        bytes[0x4400 + 3] ^= 0xFF;
        std::fs::write(&from, &bytes).unwrap();
        assert_eq!(repair(&from, &to, &Settings::default()).unwrap().maps, 1);
        assert_eq!(std::fs::read(&from).unwrap(), bytes);
        assert!(Writer::open(&to, &Settings::default(), &|_| Ok(false)).is_ok());
        let again = repair(&from, &to, &Settings::default()).unwrap_err();
        assert!(matches!(again, WriteError::Exists { .. }));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing else is left");
    }
}
