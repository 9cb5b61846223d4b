//! One block of a heap (pure). MS-PST 2.3.1.2 to 2.3.1.5.

use super::damaged;
use super::heap::is_bitmap;
use crate::pst::PstError;
use crate::pst::bytes::wide;
use crate::pst::ltp::heap::Hid;
use crate::pst::ndb::Block;

/// Allocations of one block are numbered with 11 bits, from 1.
pub(super) const MAX_NUMBER: usize = 0x7FF;
/// `bSig` of a heap.
const SIGNATURE: u8 = 0xEC;
/// Sizes of the three kinds of heads.
pub(super) const FIRST_HEAD: usize = 12;
pub(super) const BITMAP_HEAD: usize = 66;
const PLAIN_HEAD: usize = 2;
/// Where the fill levels begin in the two kinds of heads that have them, and how many there are.
const FIRST_LEVELS: (usize, usize) = (8, 8);
const BITMAP_LEVELS: (usize, usize) = (2, 128);

/// Returns where the head of a block tells the fill level with a number, in bytes; each byte tells two.
pub(super) fn level_place(block: u32, number: usize) -> usize {
    let (start, _) = if block == 0 { FIRST_LEVELS } else { BITMAP_LEVELS };
    start + number / 2
}

/// A block: its head, its allocations without gaps, and where they end.
#[derive(Debug)]
pub(super) struct HeapBlock {
    /// Head and allocations. The first two bytes, `ibHnpm`, are set when the block is given out.
    bytes: Vec<u8>,
    /// `rgibAlloc`: where the first allocation begins and each of them ends.
    bounds: Vec<u16>,
    /// `cFree`.
    freed: u16,
    /// Where the fill levels begin in the head, and how many there are.
    levels: Option<(usize, usize)>,
    touched: bool,
}

impl HeapBlock {
    /// What an allocation takes besides its bytes: its entry in the map and a byte of alignment.
    pub(super) const SLOT: usize = 3;
    /// `cAlloc` and `cFree`.
    pub(super) const MAP_HEAD: usize = 4;

    /// Makes an empty block for a place in a heap; the client matters in the first one only.
    pub(super) fn empty(index: u32, client: u8) -> Self {
        let (head, length) = Self::head(index, client);
        let bytes = head.get(..length).unwrap_or_default().to_vec();
        let bounds = vec![u16::try_from(length).unwrap_or_default()];
        let (_, levels) = Self::kind(index);
        Self { bytes, bounds, freed: 0, levels, touched: true }
    }

    /// Makes the head of a block, and tells how many of the bytes it has.
    pub(super) fn head(index: u32, client: u8) -> ([u8; BITMAP_HEAD], usize) {
        let mut head = [0; BITMAP_HEAD];
        if index == 0 {
            (head[2], head[3]) = (SIGNATURE, client);
        }
        (head, Self::kind(index).0)
    }

    /// Returns how long the head of a block is, and its fill levels.
    fn kind(index: u32) -> (usize, Option<(usize, usize)>) {
        match index {
            0 => (FIRST_HEAD, Some(FIRST_LEVELS)),
            _ if is_bitmap(index) => (BITMAP_HEAD, Some(BITMAP_LEVELS)),
            _ => (PLAIN_HEAD, None),
        }
    }

    /// Reads a stored block.
    pub(super) fn parse(block: &Block, index: u32) -> Result<Self, PstError> {
        let mut bytes = block.to_vec();
        let malformed = |field, value: usize| PstError::Damaged {
            structure: "HNPAGEMAP",
            field,
            value: wide(value),
            rule: "does not fit the block",
            at: block.at(),
        };
        let (head, levels) = Self::kind(index);
        let word = |at: usize| -> Option<u16> {
            let pair = bytes.get(at..at.checked_add(2)?)?;
            pair.try_into().ok().map(u16::from_le_bytes)
        };
        let map = usize::from(word(0).ok_or(malformed("ibHnpm", bytes.len()))?);
        if index == 0 && bytes.get(2) != Some(&SIGNATURE) {
            return Err(malformed("bSig", usize::from(bytes.get(2).copied().unwrap_or_default())));
        }
        let count = usize::from(word(map).ok_or(malformed("ibHnpm", map))?);
        let freed = word(map + 2).ok_or(malformed("ibHnpm", map))?;
        let bounds: Option<Vec<u16>> =
            (0..=count).map(|number| word(map + Self::MAP_HEAD + 2 * number)).collect();
        let bounds = bounds.ok_or(malformed("cAlloc", count))?;
        let first = bounds.first().copied().map_or(0, usize::from);
        let last = bounds.last().copied().map_or(0, usize::from);
        if count > MAX_NUMBER || first < head || last > map || !bounds.is_sorted() {
            return Err(malformed("rgibAlloc", last));
        }
        bytes.truncate(last);
        Ok(Self { bytes, bounds, freed, levels, touched: false })
    }

    pub(super) fn client(&self) -> u8 {
        self.bytes.get(3).copied().unwrap_or_default()
    }

    pub(super) fn root(&self) -> Hid {
        let bytes = self.bytes.get(4..8).and_then(|bytes| bytes.try_into().ok());
        Hid(bytes.map_or(0, u32::from_le_bytes))
    }

    pub(super) fn set_root(&mut self, root: Hid) {
        self.bytes.splice(4..8, root.0.to_le_bytes());
        self.touched = true;
    }

    pub(super) fn is_touched(&self) -> bool {
        self.touched
    }

    pub(super) fn touch(&mut self) {
        self.touched = true;
    }

    /// Returns the fill level that this head tells for a place.
    pub(super) fn level(&self, place: usize) -> Option<u8> {
        let (start, count) = self.levels?;
        let pair = self.bytes.get(start + place / 2).filter(|_| place < count)?;
        Some(if place.is_multiple_of(2) { pair & 0x0F } else { pair >> 4 })
    }

    /// Tells a fill level for a place in this head.
    pub(super) fn set_level(&mut self, place: usize, level: u8) {
        let Some((start, _)) = self.levels else {
            return;
        };
        if let Some(pair) = self.bytes.get_mut(start + place / 2) {
            *pair = if place.is_multiple_of(2) {
                (*pair & 0xF0) | (level & 0x0F)
            } else {
                (*pair & 0x0F) | (level << 4)
            };
            self.touched = true;
        }
    }

    /// Returns the free bytes of a block of a size.
    pub(super) fn room(&self, size: usize) -> usize {
        size.saturating_sub(self.len())
    }

    /// Returns how many bytes the block takes when it is not filled up.
    pub(super) fn len(&self) -> usize {
        self.map_place() + Self::MAP_HEAD + 2 * self.bounds.len()
    }

    /// Returns the bytes of an allocation.
    pub(super) fn read(&self, number: usize) -> Option<&[u8]> {
        let (start, end) = self.range(number)?;
        self.bytes.get(start..end)
    }

    /// Stores bytes and returns the number of the allocation, if there is room.
    pub(super) fn allocate(&mut self, bytes: &[u8], size: usize) -> Option<usize> {
        let reused = self.reusable();
        let slot = if reused.is_some() { 1 } else { Self::SLOT };
        if bytes.len() + slot > self.room(size) {
            return None;
        }
        if let Some(number) = reused {
            self.splice(number, bytes)?;
            self.freed -= 1;
            return Some(number);
        }
        if self.bounds.len() > MAX_NUMBER {
            return None;
        }
        self.bytes.extend_from_slice(bytes);
        self.bounds.push(u16::try_from(self.bytes.len()).ok()?);
        self.touched = true;
        Some(self.bounds.len() - 1)
    }

    /// Gives an allocation other bytes; says whether there was room for them.
    pub(super) fn replace(
        &mut self,
        number: usize,
        bytes: &[u8],
        size: usize,
    ) -> Result<bool, PstError> {
        let old = self.read(number).ok_or(missing(number))?;
        if old == bytes {
            return Ok(true);
        }
        let growth = bytes.len().saturating_sub(old.len());
        if growth > 0 && growth + 1 > self.room(size) {
            return Ok(false);
        }
        self.splice(number, bytes).ok_or(missing(number))?;
        Ok(true)
    }

    /// Frees an allocation: it shrinks to nothing and what lies behind it moves up.
    pub(super) fn free(&mut self, number: usize) -> Result<(), PstError> {
        self.splice(number, &[]).ok_or(missing(number))?;
        self.freed = self.freed.saturating_add(1);
        Ok(())
    }

    /// Returns the block as it is stored, filled up to the whole size if it is an inner one, and is no longer touched.
    pub(super) fn give(&mut self, inner: bool, size: usize) -> Vec<u8> {
        self.touched = false;
        let map = self.map_place();
        let mut bytes = Vec::with_capacity(size);
        bytes.extend_from_slice(&self.bytes);
        bytes.resize(map, 0);
        if let Some(place) = bytes.get_mut(..2) {
            place.copy_from_slice(&word(map));
        }
        bytes.extend_from_slice(&word(self.bounds.len() - 1));
        bytes.extend_from_slice(&self.freed.to_le_bytes());
        bytes.extend(self.bounds.iter().flat_map(|bound| bound.to_le_bytes()));
        if inner {
            bytes.resize(size, 0);
        }
        bytes
    }

    /// The map is aligned to two bytes.
    fn map_place(&self) -> usize {
        self.bytes.len().next_multiple_of(2)
    }

    fn range(&self, number: usize) -> Option<(usize, usize)> {
        let start = self.bounds.get(number.checked_sub(1)?)?;
        let end = self.bounds.get(number)?;
        Some((usize::from(*start), usize::from(*end)))
    }

    /// Finds the number of a freed allocation. Numbers are taken again only where the count of the freed ones agrees with the
    /// empty ones, so that an empty allocation somebody still names is never given away.
    fn reusable(&self) -> Option<usize> {
        if self.freed == 0 {
            return None;
        }
        let empty = |pair: &[u16]| matches!(pair, [start, end] if start == end);
        let count = self.bounds.windows(2).filter(|pair| empty(pair)).count();
        if count != usize::from(self.freed) {
            return None;
        }
        self.bounds.windows(2).position(empty).map(|place| place + 1)
    }

    /// Puts bytes in the place of an allocation's and moves what lies behind.
    fn splice(&mut self, number: usize, bytes: &[u8]) -> Option<()> {
        let (start, end) = self.range(number)?;
        let moved_end = self.bytes.len() + bytes.len() - (end - start);
        u16::try_from(moved_end).ok()?;
        let old_end = self.bytes.len();
        self.bytes.resize(old_end.max(moved_end), 0);
        self.bytes.copy_within(end..old_end, start + bytes.len());
        self.bytes.truncate(moved_end);
        self.bytes.get_mut(start..start + bytes.len())?.copy_from_slice(bytes);
        for bound in self.bounds.iter_mut().skip(number) {
            *bound = u16::try_from(usize::from(*bound) + bytes.len() + start - end).ok()?;
        }
        self.touched = true;
        Some(())
    }
}

fn word(number: usize) -> [u8; 2] {
    u16::try_from(number).unwrap_or(u16::MAX).to_le_bytes()
}

fn missing(number: usize) -> PstError {
    damaged("HID", "hidIndex", wide(number), "names no allocation")
}
