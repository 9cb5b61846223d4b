//! A heap that is made at once, value behind value, in one piece of memory (pure). MS-PST 2.3.1.
//!
//! It is what most items come to be as, so nothing is allocated for a value or for a block; the memory serves one heap after
//! the other. The blocks lie one behind the other, all but the last one full, as data trees want them.

use super::block::{FIRST_HEAD, HeapBlock, MAX_NUMBER, level_place};
use super::heap::{MAX_ALLOCATION, MAX_BLOCKS, level, place_of_level};
use super::{hid, too_big};
use crate::pst::PstError;
use crate::pst::ltp::heap::Hid;

/// A heap in the making.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pack {
    block_size: usize,
    bytes: Vec<u8>,
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
        self.bytes.clear();
        self.index = 0;
        self.open_block(client);
    }

    /// Stores bytes and returns their name.
    pub(super) fn allocate(&mut self, bytes: &[u8]) -> Result<Hid, PstError> {
        if bytes.len() > MAX_ALLOCATION {
            return Err(too_big("heap allocation", bytes.len(), MAX_ALLOCATION));
        }
        let length = self.draft(|to| to.extend_from_slice(bytes));
        self.keep(length)
    }

    /// Appends bytes, which are to be kept or discarded, and returns how many these are: what is made here need not be moved here.
    pub(super) fn draft(&mut self, append: impl FnOnce(&mut Vec<u8>)) -> usize {
        let before = self.bytes.len();
        append(&mut self.bytes);
        self.bytes.len() - before
    }

    /// Makes an allocation of the last bytes, as many as a draft had, and returns its name. Where the block has no room for it, the
    /// next one begins.
    pub(super) fn keep(&mut self, length: usize) -> Result<Hid, PstError> {
        let before = self.bytes.len().saturating_sub(length);
        if length + HeapBlock::SLOT > self.room(before) || self.bounds.len() > MAX_NUMBER {
            let draft = self.bytes.split_off(before);
            self.next_block()?;
            self.bytes.extend_from_slice(&draft);
        }
        let number = self.bounds.len();
        self.bounds.push(word(self.bytes.len() - self.start));
        Ok(hid(self.index, number))
    }

    /// Takes back the last bytes, as many as a draft had.
    pub(super) fn discard(&mut self, length: usize) {
        self.bytes.truncate(self.bytes.len().saturating_sub(length));
    }

    fn next_block(&mut self) -> Result<(), PstError> {
        self.close_block();
        self.bytes.resize(self.start + self.block_size, 0);
        self.index += 1;
        if self.index >= MAX_BLOCKS {
            let limit = usize::try_from(MAX_BLOCKS).unwrap_or(usize::MAX);
            return Err(too_big("heap", limit, limit - 1));
        }
        self.open_block(0);
        Ok(())
    }

    /// Closes the last block. What is the heap's root can still be named.
    pub(super) fn finish(&mut self) {
        self.close_block();
    }

    /// Names the root.
    pub(super) fn set_root(&mut self, root: Hid) {
        self.put(4, &root.0.to_le_bytes());
    }

    /// Returns the bytes, block behind block.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns where the last allocation ends.
    pub(super) fn end(&self) -> usize {
        self.bytes.len()
    }

    /// Overwrites bytes.
    pub(super) fn put(&mut self, at: usize, bytes: &[u8]) {
        if let Some(to) = self.bytes.get_mut(at..).and_then(|rest| rest.get_mut(..bytes.len())) {
            to.copy_from_slice(bytes);
        }
    }

    fn open_block(&mut self, client: u8) {
        self.start = self.bytes.len();
        self.bounds.clear();
        self.bounds.push(HeapBlock::add_head(self.index, client, &mut self.bytes));
    }

    /// Writes the map of the block, where it is, and how full the block is.
    fn close_block(&mut self) {
        let map = self.map_place(self.bytes.len());
        self.bytes.resize(self.start + map, 0);
        self.put(self.start, &word(map).to_le_bytes());
        self.bytes.extend_from_slice(&word(self.bounds.len() - 1).to_le_bytes());
        self.bytes.extend_from_slice(&[0; 2]);
        self.bytes.extend(self.bounds.iter().flat_map(|bound| bound.to_le_bytes()));
        let free = self.block_size.saturating_sub(self.bytes.len() - self.start);
        let (head, place) = place_of_level(self.index);
        let head_start =
            usize::try_from(head).unwrap_or(usize::MAX).saturating_mul(self.block_size);
        let at = head_start.saturating_add(level_place(head, place));
        if let Some(pair) = self.bytes.get_mut(at) {
            let level = level(free);
            *pair |= if place.is_multiple_of(2) { level } else { level << 4 };
        }
    }

    /// Returns how many bytes are left in the block, if its allocations end there, when its map is counted.
    fn room(&self, end: usize) -> usize {
        let taken = self.map_place(end) + HeapBlock::MAP_HEAD + 2 * self.bounds.len();
        self.block_size.saturating_sub(taken)
    }

    /// The map is aligned to two bytes.
    fn map_place(&self, end: usize) -> usize {
        (end - self.start).next_multiple_of(2)
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
                assert_eq!(pack.allocate(&value).unwrap(), name, "value {number} of {count}");
                heap.set_root(name, &NoBlocks).unwrap();
                pack.set_root(name);
            }
            pack.finish();
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
