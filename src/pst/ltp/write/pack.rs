//! A heap that is made at once, value behind value, in one piece of memory (pure). MS-PST 2.3.1.
//!
//! It is what most items come to be as, so nothing is allocated for a value or for a block; the memory serves one heap after
//! the other. The blocks lie one behind the other, all but the last one full, as data trees want them.

use super::block::{FIRST_HEAD, HeapBlock, MAX_NUMBER, level_place};
use super::bth::NOTHING;
use super::heap::{MAX_ALLOCATION, MAX_BLOCKS, level, place_of_level};
use super::value::{put_utf16, room_for_utf16};
use super::{hid, too_big};
use crate::pst::PstError;
use crate::pst::ltp::heap::Hid;

/// A heap in the making.
#[derive(Clone, Debug, Default)]
pub(super) struct Pack {
    block_size: usize,
    /// The heap up to its end; what stands behind is of no meaning.
    bytes: Vec<u8>,
    end: usize,
    /// The number of the block in the making, and where it begins.
    index: u32,
    start: usize,
    /// Where the first allocation of this block begins and each of them ends, counted from the block's start.
    bounds: Vec<u16>,
}

impl Pack {
    /// Starts a heap for a client, with blocks of at most so many bytes.
    pub(super) fn begin(&mut self, client: u8, block_size: usize) {
        self.block_size = block_size;
        self.end = 0;
        self.index = 0;
        self.open_block(client);
    }

    /// Stores bytes and returns their name, nothing's where they are too many for an allocation.
    #[inline]
    pub(super) fn allocate(&mut self, bytes: &[u8]) -> Hid {
        if bytes.len() > MAX_ALLOCATION {
            return NOTHING;
        }
        self.room(bytes.len()).copy_from_slice(bytes);
        self.keep(bytes.len())
    }

    /// Stores the UTF-16 of a text, which is made in its place, and returns its name with its length; nothing's where it is too
    /// long for an allocation.
    #[inline]
    pub(super) fn allocate_text(&mut self, text: &str) -> (Hid, usize) {
        let length = put_utf16(text, self.room(room_for_utf16(text)));
        if length > MAX_ALLOCATION { (NOTHING, length) } else { (self.keep(length), length) }
    }

    /// Makes an allocation of so many bytes behind the end. Where the block has no room for them, they move to the next one.
    #[inline]
    fn keep(&mut self, length: usize) -> Hid {
        if length + HeapBlock::SLOT > self.left() || self.bounds.len() > MAX_NUMBER {
            self.move_to_next(length);
        } else {
            self.end += length;
        }
        let number = self.bounds.len();
        self.bounds.push(word(self.end - self.start));
        hid(self.index, number)
    }

    #[cold]
    fn move_to_next(&mut self, length: usize) {
        let draft = self.room(length).to_vec();
        self.close_block();
        let filling = (self.start + self.block_size).saturating_sub(self.end);
        self.append(filling, |to| to.fill(0));
        self.index += 1;
        self.open_block(0);
        self.append(length, |to| to.copy_from_slice(&draft));
    }

    /// Closes the last block. What is the heap's root can still be named.
    pub(super) fn finish(&mut self) -> Result<(), PstError> {
        self.close_block();
        if self.index >= MAX_BLOCKS {
            let limit = usize::try_from(MAX_BLOCKS).unwrap_or(usize::MAX);
            return Err(too_big("heap", limit, limit - 1));
        }
        Ok(())
    }

    /// Names the root.
    pub(super) fn set_root(&mut self, root: Hid) {
        self.put(4, &root.0.to_le_bytes());
    }

    /// Returns the bytes, block behind block.
    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.end).unwrap_or_default()
    }

    /// Returns where the last allocation ends.
    #[inline]
    pub(super) fn end(&self) -> usize {
        self.end
    }

    /// Overwrites bytes.
    pub(super) fn put(&mut self, at: usize, bytes: &[u8]) {
        if let Some(to) = self.bytes.get_mut(at..).and_then(|rest| rest.get_mut(..bytes.len())) {
            to.copy_from_slice(bytes);
        }
    }

    /// Returns so many bytes behind the end.
    #[inline]
    fn room(&mut self, length: usize) -> &mut [u8] {
        let end = self.end + length;
        if self.bytes.len() < end {
            self.bytes.resize(end.next_power_of_two(), 0);
        }
        self.bytes.get_mut(self.end..end).unwrap_or_default()
    }

    /// Moves the end behind so many bytes that are written there.
    #[inline]
    fn append(&mut self, length: usize, write: impl FnOnce(&mut [u8])) {
        write(self.room(length));
        self.end += length;
    }

    fn open_block(&mut self, client: u8) {
        self.start = self.end;
        self.bounds.clear();
        let (head, length) = HeapBlock::head(self.index, client);
        self.append(length, |to| to.iter_mut().zip(head).for_each(|(to, byte)| *to = byte));
        self.bounds.push(word(length));
    }

    /// Writes the map of the block, where it is, and how full the block is.
    fn close_block(&mut self) {
        let map = self.map_place();
        self.append(self.start + map - self.end, |to| to.fill(0));
        self.put(self.start, &word(map).to_le_bytes());
        let bounds = std::mem::take(&mut self.bounds);
        self.append(HeapBlock::MAP_HEAD + 2 * bounds.len(), |to| {
            let ([count, freed, to @ ..], _) = to.as_chunks_mut() else { return };
            (*count, *freed) = (word(bounds.len() - 1).to_le_bytes(), [0; 2]);
            to.iter_mut().zip(&bounds).for_each(|(to, bound)| *to = bound.to_le_bytes());
        });
        self.bounds = bounds;
        let free = self.block_size.saturating_sub(self.end - self.start);
        let (head, place) = place_of_level(self.index);
        let head_start =
            usize::try_from(head).unwrap_or(usize::MAX).saturating_mul(self.block_size);
        let at = head_start.saturating_add(level_place(head, place));
        if let Some(pair) = self.bytes.get_mut(at) {
            let level = level(free);
            *pair |= if place.is_multiple_of(2) { level } else { level << 4 };
        }
    }

    /// Returns how many bytes are left in the block when its map is counted.
    #[inline]
    fn left(&self) -> usize {
        let taken = self.map_place() + HeapBlock::MAP_HEAD + 2 * self.bounds.len();
        self.block_size.saturating_sub(taken)
    }

    /// The map is aligned to two bytes.
    #[inline]
    fn map_place(&self) -> usize {
        (self.end - self.start).next_multiple_of(2)
    }
}

/// Offsets in a block fit into 16 bits.
fn word(number: usize) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

/// Where the first allocation of a heap begins.
pub(super) const FIRST: usize = FIRST_HEAD;

#[cfg(test)]
mod tests {
    use super::Pack;
    use crate::pst::ltp::write::{Heap, NoBlocks};

    /// Both ways of making a heap of values that fill block after block, some of them with fill levels in their heads, agree in
    /// every byte.
    #[test]
    fn it_is_the_heap_that_grows_value_by_value() {
        const BLOCK: usize = 8176;
        let mut pack = Pack::default();
        for (count, length) in [(0, 0), (1, 3), (5000, 0), (700, 21), (10, 3580), (40_000, 64)] {
            let mut heap = Heap::new(0xBC, BLOCK);
            pack.begin(0xBC, BLOCK);
            for number in 0..count {
                let value = vec![7; length];
                let name = heap.allocate(&value, &NoBlocks).unwrap();
                assert_eq!(pack.allocate(&value), name, "value {number} of {count}");
                heap.set_root(name, &NoBlocks).unwrap();
                pack.set_root(name);
            }
            pack.finish().unwrap();
            let blocks: Vec<Vec<u8>> = heap
                .finish(&NoBlocks)
                .unwrap()
                .blocks
                .into_iter()
                .map(|(_, block)| block)
                .collect();
            assert!(pack.bytes() == blocks.concat(), "{count} values");
        }
    }
}
