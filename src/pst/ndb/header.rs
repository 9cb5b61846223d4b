//! The header of a file (pure). MS-PST 2.2.2.6.

use std::sync::Arc;

use crate::pst::bytes::{Bytes, wide};
use crate::pst::crc::crc;
use crate::pst::crypt::Crypt;
use crate::pst::error::PstError;
use crate::pst::id::{Bid, PageId, PageRef};
use crate::pst::layout::Layout;

/// The header, as far as it is understood, and the bytes it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The variant of the format.
    pub layout: Layout,
    /// `wVer`: 14 and 15 are ANSI, 23 Unicode, 36 Unicode with pages of 4 KB.
    pub version: u16,
    /// `wVerClient`: 19 is a PST file, 12 an OST file.
    pub client_version: u16,
    /// How blocks of data are encoded.
    pub crypt: Crypt,
    /// The next block id to give away, `bidNextB`.
    pub next_block: Bid,
    /// The next page id to give away, `bidNextP`.
    pub next_page: PageId,
    /// A counter that grows with every change, `dwUnique`.
    pub unique: u32,
    /// The highest index in use for each of the 32 kinds of nodes, `rgnid`.
    pub highest: [u32; 32],
    /// The length of the file, in bytes, `ibFileEof`.
    pub file_end: u64,
    /// The offset of the last allocation map, `ibAMapLast`.
    pub last_map: u64,
    /// How many bytes all allocation maps show as free, `cbAMapFree`.
    pub free: u64,
    /// The root of the node B-tree.
    pub nodes: PageRef,
    /// The root of the block B-tree.
    pub blocks: PageRef,
    /// `fAMapValid`: 0 while the allocation maps are being changed, otherwise 1 or 2.
    pub maps_valid: u8,
    /// All bytes, including those that nobody has explained and that must be kept.
    raw: Arc<[u8]>,
}

/// The longest header of all variants, in bytes.
const LONGEST: usize = 564;

pub(super) const MAGIC: [u8; 4] = *b"!BDN";

/// What both checksums begin after.
const CHECKED_FROM: usize = 8;
const PARTIAL: usize = 471;
const FULL: usize = 516;

/// Offsets that differ between files with ids of 32 and of 64 bits.
struct Places {
    next_block: usize,
    next_page: usize,
    unique: usize,
    highest: usize,
    file_end: usize,
    last_map: usize,
    free: usize,
    nodes: usize,
    blocks: usize,
    maps_valid: usize,
    free_map: usize,
    sentinel: usize,
    crypt: usize,
}

const WIDE: Places = Places {
    next_block: 516,
    next_page: 32,
    unique: 40,
    highest: 44,
    file_end: 184,
    last_map: 192,
    free: 200,
    nodes: 216,
    blocks: 232,
    maps_valid: 248,
    free_map: 256,
    sentinel: 512,
    crypt: 513,
};

const NARROW: Places = Places {
    next_block: 24,
    next_page: 28,
    unique: 32,
    highest: 36,
    file_end: 168,
    last_map: 172,
    free: 176,
    nodes: 184,
    blocks: 192,
    maps_valid: 200,
    free_map: 204,
    sentinel: 460,
    crypt: 461,
};

const FULL_CRC: usize = 524;

impl Header {
    /// Reads a header from the first bytes of a file, of which 564 are enough, and verifies both checksums.
    pub fn parse(file: &[u8]) -> Result<Self, PstError> {
        let file = file.get(..LONGEST.min(file.len())).unwrap_or_default();
        let bytes = Bytes::new("HEADER", 0, file);
        if file.get(..4) != Some(&MAGIC) {
            let found = file.get(..4.min(file.len())).unwrap_or_default().to_vec();
            return Err(PstError::NotPst { found });
        }
        let version = bytes.u16(10, "wVer")?;
        let layout = match version {
            14 | 15 => Layout::ANSI,
            // 37 is Windows Information Protection: it opens alike, and `bCryptMethod` tells whether its blocks can be read.
            23 | 37 => Layout::UNICODE,
            36 => Layout::UNICODE_4K,
            _ => return Err(unsupported("version", version, 10)),
        };
        let places = if layout.wide { &WIDE } else { &NARROW };
        verify(&bytes, "dwCRCPartial", 4, PARTIAL)?;
        if layout.wide {
            verify(&bytes, "dwCRCFull", FULL_CRC, FULL)?;
        }
        let sentinel = bytes.u8(places.sentinel, "bSentinel")?;
        if sentinel != 0x80 {
            let rule = "is not 0x80";
            return Err(bytes.damaged("bSentinel", places.sentinel, sentinel.into(), rule));
        }
        let method = bytes.u8(places.crypt, "bCryptMethod")?;
        let crypt = match Crypt::from_byte(method) {
            Some(crypt) => crypt,
            // MS-PST 2.2.2.6: `NDB_CRYPT_EDPCRYPTED`.
            None if method == 0x10 || version == 37 => return Err(PstError::Enlightened),
            None => return Err(unsupported("encryption", method.into(), places.crypt)),
        };
        let word = |start, field| bytes.word(layout.wide, start, field);
        let size = if layout.wide { 8 } else { 4 };
        let page = |start, field| -> Result<PageRef, PstError> {
            Ok(PageRef { id: PageId(word(start, field)?), at: word(start + size, field)? })
        };
        let mut highest = [0; 32];
        for (start, index) in (places.highest..).step_by(4).zip(&mut highest) {
            *index = bytes.u32(start, "rgnid")?;
        }
        Ok(Self {
            layout,
            version,
            client_version: bytes.u16(12, "wVerClient")?,
            crypt,
            next_block: Bid(word(places.next_block, "bidNextB")?),
            next_page: PageId(word(places.next_page, "bidNextP")?),
            unique: bytes.u32(places.unique, "dwUnique")?,
            highest,
            file_end: word(places.file_end, "ibFileEof")?,
            last_map: word(places.last_map, "ibAMapLast")?,
            free: word(places.free, "cbAMapFree")?,
            nodes: page(places.nodes, "BREFNBT")?,
            blocks: page(places.blocks, "BREFBBT")?,
            maps_valid: bytes.u8(places.maps_valid, "fAMapValid")?,
            raw: bytes.slice(0, layout.header, "HEADER")?.into(),
        })
    }

    /// Makes the header of a new file, version 23; counters and roots are the caller's to set. Nothing else is set yet.
    pub fn new(crypt: Crypt) -> Self {
        let mut raw = vec![0; Layout::UNICODE.header];
        put(&mut raw, 0, &MAGIC);
        put(&mut raw, 8, b"SM");
        put(&mut raw, 10, &23_u16.to_le_bytes());
        put(&mut raw, 12, &19_u16.to_le_bytes());
        put(&mut raw, 14, &[1, 1]);
        put(&mut raw, WIDE.sentinel, &[0x80, crypt.byte()]);
        Self {
            layout: Layout::UNICODE,
            version: 23,
            client_version: 19,
            crypt,
            next_block: Bid(0),
            next_page: PageId(0),
            unique: 1,
            highest: [0; 32],
            file_end: 0,
            last_map: 0,
            free: 0,
            nodes: PageRef::default(),
            blocks: PageRef::default(),
            maps_valid: 2,
            raw: raw.into(),
        }
    }

    /// Returns the bytes of the header with new checksums: 564, or 512 in ANSI files. What is not understood stays as it was
    /// read. The old free maps (`rgbFM`, `rgbFP`) are filled with 0xFF, which says nothing and is never wrong.
    pub fn encode(&self) -> Vec<u8> {
        let mut raw = self.raw.to_vec();
        let places = if self.layout.wide { &WIDE } else { &NARROW };
        let size = if self.layout.wide { 8 } else { 4 };
        let mut word = |start, value: u64| {
            put(&mut raw, start, value.to_le_bytes().get(..size).unwrap_or_default());
        };
        word(places.next_block, self.next_block.0);
        word(places.next_page, self.next_page.0);
        word(places.file_end, self.file_end);
        word(places.last_map, self.last_map);
        word(places.free, self.free);
        for (start, page) in [(places.nodes, self.nodes), (places.blocks, self.blocks)] {
            word(start, page.id.0);
            word(start + size, page.at);
        }
        put(&mut raw, places.unique, &self.unique.to_le_bytes());
        for (start, index) in (places.highest..).step_by(4).zip(self.highest) {
            put(&mut raw, start, &index.to_le_bytes());
        }
        put(&mut raw, places.maps_valid, &[self.maps_valid]);
        put(&mut raw, places.crypt, &[self.crypt.byte()]);
        put(&mut raw, places.free_map, &[0xFF; 256]);
        let partial = checksum(&raw, PARTIAL);
        put(&mut raw, 4, &partial);
        if self.layout.wide {
            let full = checksum(&raw, FULL);
            put(&mut raw, FULL_CRC, &full);
        }
        raw
    }

    /// Says whether the file is a cache of a server mailbox, not a PST file of its own.
    pub fn is_offline_store(&self) -> bool {
        self.raw.get(8..10) == Some(b"SO") || self.version == 36
    }
}

fn unsupported(what: &'static str, value: u16, at: usize) -> PstError {
    PstError::Unsupported { what, value: value.into(), at: wide(at) }
}

fn verify(
    bytes: &Bytes<'_>,
    field: &'static str,
    start: usize,
    length: usize,
) -> Result<(), PstError> {
    let said = bytes.u32(start, field)?;
    if crc(bytes.slice(CHECKED_FROM, length, field)?) == said {
        return Ok(());
    }
    Err(bytes.damaged(field, start, said.into(), "is not the checksum of the header"))
}

fn checksum(raw: &[u8], length: usize) -> [u8; 4] {
    crc(raw.get(CHECKED_FROM..CHECKED_FROM + length).unwrap_or_default()).to_le_bytes()
}

/// Puts bytes at an offset. All offsets are constants within the header's length.
fn put(raw: &mut [u8], start: usize, bytes: &[u8]) {
    if let Some(to) = raw.get_mut(start..).and_then(|rest| rest.get_mut(..bytes.len())) {
        to.copy_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::{CHECKED_FROM, Header, LONGEST, PARTIAL, checksum, put};
    use crate::pst::crypt::Crypt;
    use crate::pst::error::PstError;
    use crate::pst::id::{Bid, PageId, PageRef};

    fn header() -> Header {
        let mut header = Header::new(Crypt::Permute);
        header.next_block = Bid(0x1234);
        header.next_page = PageId(0x55);
        header.highest[4] = 0x1_0000;
        header.file_end = 0x4400 + 0x3E000;
        header.nodes = PageRef { id: PageId(7), at: 0x4800 };
        header.blocks = PageRef { id: PageId(8), at: 0x4A00 };
        header
    }

    /// Places after MS-PST 2.2.2.6, counted by hand.
    #[test]
    fn a_header_stands_where_the_specification_puts_it() {
        let bytes = header().encode();
        assert_eq!(bytes.len(), LONGEST);
        assert_eq!(bytes[..4], *b"!BDN");
        assert_eq!(bytes[8..16], [b'S', b'M', 23, 0, 19, 0, 1, 1]);
        assert_eq!(bytes[32], 0x55, "bidNextP");
        assert_eq!(bytes[44 + 4 * 4..][..4], [0, 0, 1, 0], "rgnid");
        assert_eq!(bytes[184..188], [0, 0x24, 4, 0], "ibFileEof");
        assert_eq!(bytes[216..226], [7, 0, 0, 0, 0, 0, 0, 0, 0, 0x48], "BREFNBT");
        assert_eq!(bytes[232..242], [8, 0, 0, 0, 0, 0, 0, 0, 0, 0x4A], "BREFBBT");
        assert_eq!(bytes[248], 2, "fAMapValid");
        assert_eq!(bytes[512..514], [0x80, 1], "bSentinel, bCryptMethod");
        assert_eq!(bytes[516..518], [0x34, 0x12], "bidNextB");
        let again = Header::parse(&bytes).unwrap();
        assert_eq!(again.encode(), bytes);
        assert_eq!((again.nodes, again.next_block), (header().nodes, Bid(0x1234)));
    }

    #[test]
    fn every_changed_bit_of_a_header_is_noticed() {
        let bytes = header().encode();
        // Behind the second checksum are only reserved bytes.
        for at in 0..528 {
            let mut broken = bytes.clone();
            broken[at] ^= 0x10;
            assert!(Header::parse(&broken).is_err(), "byte {at}");
            assert!(Header::parse(&bytes[..at]).is_err(), "the first {at} bytes");
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        assert!(matches!(Header::parse(b"PK\x03\x04"), Err(PstError::NotPst { .. })));
        let mut bytes = header().encode();
        for (method, said) in [
            (
                0x10,
                "the file is under Windows Information Protection, which encrypts it for one organisation",
            ),
            (0x03, "encryption 0x3 at offset 0x201 is not supported"),
        ] {
            bytes[513] = method;
            let crc = crate::pst::crc::crc(&bytes[CHECKED_FROM..524]).to_le_bytes();
            put(&mut bytes, 524, &crc);
            assert_eq!(Header::parse(&bytes).unwrap_err().to_string(), said);
        }
        bytes[10] = 99;
        let partial = checksum(&bytes, PARTIAL);
        put(&mut bytes, 4, &partial);
        assert!(matches!(Header::parse(&bytes), Err(PstError::Unsupported { value: 99, .. })));
    }
}
