//! The B-tree on a heap: sorted records (pure). MS-PST 2.3.2.
//!
//! As in the B-trees of pages, keys stay within what the level above promises, so a damaged tree can neither lead in circles nor
//! hide a record.

use std::ops::{ControlFlow, Range};

use crate::pst::bytes::{Bytes, wide};
use crate::pst::error::PstError;

use super::heap::{Heap, Hid, Piece};

/// A record: its key and its data, in one piece.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// The key, as it is stored.
    pub key: &'a [u8],
    /// What belongs to it.
    pub data: &'a [u8],
    /// The record's offset in the file, in bytes.
    pub at: u64,
}

/// Takes a record and says whether to go on.
pub type Each<'a> = dyn FnMut(Record<'_>) -> Result<ControlFlow<()>, PstError> + 'a;

/// The head of a B-tree on a heap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bth {
    /// The length of a key, in bytes: 2, 4, 8 or 16.
    pub key: usize,
    /// The length of a record's data, in bytes.
    pub data: usize,
    /// How many levels of indexes stand above the records.
    pub levels: u8,
    root: Hid,
}

const SIGNATURE: u8 = 0xB5;
const DEEPEST: u8 = 8;
const HID: usize = 4;

/// Keys as big-endian numbers; the longest have 16 bytes.
type Key = u128;

impl Bth {
    /// Reads the head of a tree.
    pub fn open(heap: &Heap<'_>, header: Hid) -> Result<Self, PstError> {
        let piece = heap.piece(header)?;
        let bytes = Bytes::new("BTHHEADER", piece.at(), &piece);
        let kind = bytes.u8(0, "bType")?;
        if kind != SIGNATURE {
            return Err(bytes.damaged("bType", 0, kind.into(), "is not 0xb5"));
        }
        let key = bytes.u8(1, "cbKey")?;
        if ![2, 4, 8, 16].contains(&key) {
            return Err(bytes.damaged("cbKey", 1, key.into(), "is not 2, 4, 8 or 16"));
        }
        let data = bytes.u8(2, "cbEnt")?;
        let levels = bytes.u8(3, "bIdxLevels")?;
        if levels > DEEPEST {
            return Err(bytes.damaged("bIdxLevels", 3, levels.into(), "is too deep"));
        }
        let root = Hid(bytes.u32(4, "hidRoot")?);
        Ok(Self { key: key.into(), data: data.into(), levels, root })
    }

    /// Passes all records in the order of their keys, until told to stop.
    pub fn each(&self, heap: &Heap<'_>, each: &mut Each<'_>) -> Result<(), PstError> {
        if self.root == Hid(0) {
            return Ok(());
        }
        self.below(heap, self.root, self.levels, None, &(0..Key::MAX), each).map(|_| ())
    }

    /// Passes the record with a key, where there is one.
    pub fn find(
        &self,
        heap: &Heap<'_>,
        key: u64,
        found: &mut dyn FnMut(Record<'_>) -> Result<(), PstError>,
    ) -> Result<(), PstError> {
        if self.root == Hid(0) {
            return Ok(());
        }
        let key = Key::from(key);
        let mut each = |record: Record<'_>| {
            if number(record.key) == key {
                found(record)?;
            }
            Ok(ControlFlow::Continue(()))
        };
        let all = 0..Key::MAX;
        self.below(heap, self.root, self.levels, Some(key), &all, &mut each).map(|_| ())
    }

    /// Counts the records and entries that there would be room for behind the last ones, which others fill with zeros. Asked of a
    /// tree whose records could be read.
    pub fn room(&self, heap: &Heap<'_>) -> Result<usize, PstError> {
        if self.root == Hid(0) { Ok(0) } else { self.room_below(heap, self.root, self.levels) }
    }

    fn room_below(&self, heap: &Heap<'_>, hid: Hid, level: u8) -> Result<usize, PstError> {
        let piece = heap.piece(hid)?;
        let entry = self.key + if level == 0 { self.data } else { HID };
        let list = List { piece: &piece, entry, key: self.key };
        let count = list.count()?;
        let mut room = piece.len() / entry - count;
        for index in (0..count).filter(|_| level > 0) {
            let child = Hid(list.bytes().u32(index * entry + self.key, "hidNextLevel")?);
            room += self.room_below(heap, child, level - 1)?;
        }
        Ok(room)
    }

    /// Goes down by recursion, which the number of levels bounds; with a key only where it can be.
    fn below(
        &self,
        heap: &Heap<'_>,
        hid: Hid,
        level: u8,
        only: Option<Key>,
        keys: &Range<Key>,
        each: &mut Each<'_>,
    ) -> Result<ControlFlow<()>, PstError> {
        let piece = heap.piece(hid)?;
        let entry = self.key + if level == 0 { self.data } else { HID };
        let list = List { piece: &piece, entry, key: self.key };
        let count = list.verify(keys)?;
        for index in 0..count {
            let next = if index + 1 < count { list.key(index + 1)? } else { keys.end };
            let range = list.key(index)?..next;
            if only.is_some_and(|key| !range.contains(&key)) {
                continue;
            }
            let bytes = list.bytes().slice(index * entry, entry, "record")?;
            let (key, data) = bytes.split_at_checked(self.key).unwrap_or_default();
            let flow = if level == 0 {
                let at = piece.at().saturating_add(wide(index * entry));
                each(Record { key, data, at })?
            } else {
                let child = Hid(Bytes::new("BTH", piece.at(), data).u32(0, "hidNextLevel")?);
                self.below(heap, child, level - 1, only, &range, each)?
            };
            if flow.is_break() {
                return Ok(flow);
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

/// One allocation of records or index entries.
struct List<'a> {
    piece: &'a Piece,
    entry: usize,
    key: usize,
}

impl<'a> List<'a> {
    fn bytes(&self) -> Bytes<'a> {
        Bytes::new("BTH", self.piece.at(), self.piece)
    }

    fn key(&self, index: usize) -> Result<Key, PstError> {
        self.bytes().slice(index * self.entry, self.key, "key").map(number)
    }

    /// Counts the records or entries.
    fn count(&self) -> Result<usize, PstError> {
        let rest = self.piece.len() % self.entry;
        if rest != 0 {
            let (start, length) = (self.piece.len() - rest, wide(self.piece.len()));
            return Err(self.bytes().damaged("records", start, length, "is not a number of them"));
        }
        let mut count = self.piece.len() / self.entry;
        // Another program (Aspose, seen in items it wrote) leaves room behind the last record, filled with zeros.
        while count > 1
            && self
                .bytes()
                .slice((count - 1) * self.entry, self.entry, "record")?
                .iter()
                .all(|byte| *byte == 0)
        {
            count -= 1;
        }
        Ok(count)
    }

    /// Checks that the keys ascend within their range, and returns how many there are.
    fn verify(&self, keys: &Range<Key>) -> Result<usize, PstError> {
        let count = self.count()?;
        let mut least = keys.start;
        for index in 0..count {
            let key = self.key(index)?;
            if key < least || key >= keys.end {
                let short = u64::try_from(key).unwrap_or(u64::MAX);
                let start = index * self.entry;
                return Err(self.bytes().damaged("key", start, short, "is out of order"));
            }
            least = key + 1;
        }
        Ok(count)
    }
}

/// Reads a key as the number it is compared by: keys of up to 8 bytes are little-endian, those of 16 are compared byte by byte.
fn number(key: &[u8]) -> Key {
    let fold = |number: Key, byte: &u8| (number << 8) | Key::from(*byte);
    if key.len() > 8 { key.iter().fold(0, fold) } else { key.iter().rev().fold(0, fold) }
}
