//! A heap in the making or being changed: only the blocks that are touched are loaded and given out (pure).
//! MS-PST 2.3.1.
//!
//! A heap is the sequence of its blocks; an allocation belongs to one block and is named by a [`Hid`]. Growing, shrinking and
//! freeing move what lies behind in the same block; names stay valid, because they number the allocations of a block.

use std::collections::BTreeMap;

use super::block::HeapBlock;
use super::{Blocks, block_of, damaged, hid, number_of, too_big};
use crate::pst::PstError;
use crate::pst::ltp::heap::Hid;

/// The most bytes that one allocation may have (MS-PST 2.3.3.3: values above live in a subnode).
pub const MAX_ALLOCATION: usize = 3580;

/// The first block whose head tells the fill levels of itself and the next [`LEVELS_PER_BITMAP`] blocks.
const FIRST_BITMAP: u32 = 8;
/// How many fill levels such a head has.
const LEVELS_PER_BITMAP: u32 = 128;
/// Blocks are numbered with 16 bits.
pub(super) const MAX_BLOCKS: u32 = 1 << 16;

/// Free bytes from which on a block has a fill level, from level 0 to 14; with less it has level 15. MS-PST 2.3.1.2.
const FREE_BY_LEVEL: [usize; 15] =
    [3584, 2560, 2048, 1792, 1536, 1280, 1024, 768, 512, 256, 128, 64, 32, 16, 8];

/// The blocks of a heap or a row matrix that have to be written, in ascending order, and how many there are in all.
///
/// Every block but the last is full, as data trees require it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// Number and content of each block that is new or differs.
    pub blocks: Vec<(u32, Vec<u8>)>,
    /// How many blocks the tree has now.
    pub total: u32,
}

/// A heap that is being made or changed.
#[derive(Debug)]
pub struct Heap {
    block_size: usize,
    /// Blocks that were read or made.
    loaded: BTreeMap<u32, HeapBlock>,
    /// How many blocks there are.
    total: u32,
    /// How many of them are already in the file.
    stored: u32,
    /// The fill level of each block, as told by the heads; read when room is looked for in older blocks.
    levels: Option<Vec<u8>>,
    /// Where the last allocation found room.
    recent: u32,
}

impl Heap {
    /// Starts a heap for a client (`0xBC` for properties, `0x7C` for tables), with blocks of at most so many bytes.
    pub fn new(client: u8, block_size: usize) -> Self {
        let loaded = BTreeMap::from([(0, HeapBlock::empty(0, client))]);
        Self { block_size, loaded, total: 1, stored: 0, levels: Some(vec![0]), recent: 0 }
    }

    /// Opens a heap of so many blocks for changes. Nothing is read yet.
    pub fn open(total: u32, block_size: usize) -> Self {
        let recent = total.saturating_sub(1);
        Self { block_size, loaded: BTreeMap::new(), total, stored: total, levels: None, recent }
    }

    /// Reads the client's signature.
    pub fn client(&mut self, blocks: &dyn Blocks) -> Result<u8, PstError> {
        Ok(self.block(0, blocks)?.client())
    }

    /// Reads what the heap names as its root.
    pub fn root(&mut self, blocks: &dyn Blocks) -> Result<Hid, PstError> {
        Ok(self.block(0, blocks)?.root())
    }

    /// Names the root.
    pub fn set_root(&mut self, root: Hid, blocks: &dyn Blocks) -> Result<(), PstError> {
        self.block(0, blocks)?.set_root(root);
        Ok(())
    }

    /// Reads an allocation.
    pub fn read(&mut self, hid: Hid, blocks: &dyn Blocks) -> Result<&[u8], PstError> {
        let block = self.block(block_of(hid), blocks)?;
        block.read(number_of(hid)).ok_or(damaged(
            "HID",
            "hidIndex",
            u64::from(hid.0),
            "names no allocation",
        ))
    }

    /// Stores bytes and returns their name.
    ///
    /// Room is looked for where the last allocation was, then in the last block, then in blocks that the fill levels promise
    /// to have it, so that neighbouring changes touch the same few blocks. None has it: a block is added.
    pub fn allocate(&mut self, bytes: &[u8], blocks: &dyn Blocks) -> Result<Hid, PstError> {
        if bytes.len() > MAX_ALLOCATION {
            return Err(too_big("heap allocation", bytes.len(), MAX_ALLOCATION));
        }
        let last = self.total.saturating_sub(1);
        for index in [self.recent, last] {
            if let Some(hid) = self.allocate_in(index, bytes, blocks)? {
                return Ok(hid);
            }
        }
        let needed = bytes.len() + HeapBlock::SLOT;
        let candidates = self.promising(needed, blocks)?;
        for index in candidates {
            if let Some(hid) = self.allocate_in(index, bytes, blocks)? {
                return Ok(hid);
            }
        }
        let index = self.add_block()?;
        self.allocate_in(index, bytes, blocks)?.ok_or(too_big(
            "heap allocation",
            bytes.len(),
            self.block_size,
        ))
    }

    /// Gives an allocation other bytes and returns its name, which is new when its block has no room for them.
    pub fn replace(
        &mut self,
        hid: Hid,
        bytes: &[u8],
        blocks: &dyn Blocks,
    ) -> Result<Hid, PstError> {
        let size = self.block_size;
        let block = self.block(block_of(hid), blocks)?;
        if block.replace(number_of(hid), bytes, size)? {
            return Ok(hid);
        }
        self.free(hid, blocks)?;
        self.allocate(bytes, blocks)
    }

    /// Frees an allocation.
    pub fn free(&mut self, hid: Hid, blocks: &dyn Blocks) -> Result<(), PstError> {
        self.block(block_of(hid), blocks)?.free(number_of(hid))
    }

    /// Returns how many bytes one block may have.
    pub fn block_size(&self) -> usize {
        self.block_size
    }

    /// Returns how many bytes the heap will have.
    pub fn len(&mut self, blocks: &dyn Blocks) -> Result<usize, PstError> {
        let last = self.total.saturating_sub(1);
        let inner = usize::try_from(last).unwrap_or(usize::MAX).saturating_mul(self.block_size);
        Ok(inner.saturating_add(self.block(last, blocks)?.len()))
    }

    /// Returns how many blocks the heap has.
    pub fn total(&self) -> u32 {
        self.total
    }

    /// Brings the fill levels up to date and gives out all blocks that changed.
    pub fn finish(&mut self, blocks: &dyn Blocks) -> Result<Changed, PstError> {
        if self.stored > 0 && self.total > self.stored {
            // The block that used to be the last is an inner one now and has to be filled up.
            self.block(self.stored - 1, blocks)?.touch();
        }
        let size = self.block_size;
        let changed: Vec<(u32, u8)> = self
            .loaded
            .iter()
            .filter(|(_, block)| block.is_touched())
            .map(|(index, block)| (*index, level(block.room(size))))
            .collect();
        for (index, level) in changed {
            let (head, place) = place_of_level(index);
            let told = self.block(head, blocks)?.level(place);
            if told.is_some_and(|told| told != level) {
                self.block(head, blocks)?.set_level(place, level);
            }
        }
        let last = self.total.saturating_sub(1);
        let given = self
            .loaded
            .iter_mut()
            .filter(|(_, block)| block.is_touched())
            .map(|(index, block)| (*index, block.give(*index != last, size)))
            .collect();
        self.stored = self.total;
        Ok(Changed { blocks: given, total: self.total })
    }

    /// Forgets loaded blocks that need not be written, so that memory stays bounded by what is being changed.
    pub fn forget_unchanged(&mut self) {
        self.loaded.retain(|_, block| block.is_touched());
    }

    /// Returns a block, reading it the first time.
    fn block(&mut self, index: u32, blocks: &dyn Blocks) -> Result<&mut HeapBlock, PstError> {
        use std::collections::btree_map::Entry;
        match self.loaded.entry(index) {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) if index < self.stored => {
                Ok(entry.insert(HeapBlock::parse(&blocks.block(index)?, index)?))
            }
            Entry::Vacant(_) => {
                Err(damaged("HID", "hidBlockIndex", u64::from(index), "names no block"))
            }
        }
    }

    fn allocate_in(
        &mut self,
        index: u32,
        bytes: &[u8],
        blocks: &dyn Blocks,
    ) -> Result<Option<Hid>, PstError> {
        let size = self.block_size;
        let found = self.block(index, blocks)?.allocate(bytes, size);
        if found.is_some() {
            self.recent = index;
        }
        Ok(found.map(|number| hid(index, number)))
    }

    /// Adds an empty block behind the last.
    fn add_block(&mut self) -> Result<u32, PstError> {
        let index = self.total;
        if index >= MAX_BLOCKS {
            return Err(PstError::TooBig {
                what: "heap",
                size: u64::from(index) + 1,
                limit: u64::from(MAX_BLOCKS),
            });
        }
        self.loaded.insert(index, HeapBlock::empty(index, 0));
        self.total += 1;
        Ok(index)
    }

    /// Lists stored blocks that the fill levels promise to have room, those in memory first; a handful is enough.
    fn promising(&mut self, needed: usize, blocks: &dyn Blocks) -> Result<Vec<u32>, PstError> {
        const ENOUGH: usize = 2;
        if self.levels.is_none() {
            self.levels = Some(self.read_levels(blocks)?);
        }
        let size = self.block_size;
        let levels = self.levels.as_deref().unwrap_or_default();
        let told = |level: u8| FREE_BY_LEVEL.get(usize::from(level)).copied().unwrap_or_default();
        let stored = (0..self.total).zip(levels);
        let stored = stored
            .filter(|(index, level)| told(**level) >= needed && !self.loaded.contains_key(index));
        // What was touched since the heads were read is known better than they tell.
        let loaded = self.loaded.iter().filter(|(_, block)| block.room(size) >= needed);
        let candidates = loaded.map(|(index, _)| *index).chain(stored.map(|(index, _)| index));
        Ok(candidates.take(ENOUGH).collect())
    }

    fn read_levels(&mut self, blocks: &dyn Blocks) -> Result<Vec<u8>, PstError> {
        let mut levels = Vec::new();
        for index in 0..self.total {
            let (head, place) = place_of_level(index);
            levels.push(self.block(head, blocks)?.level(place).unwrap_or(0x0F));
        }
        Ok(levels)
    }
}

/// Says whether a block's head tells fill levels.
pub(super) fn is_bitmap(index: u32) -> bool {
    index >= FIRST_BITMAP && (index - FIRST_BITMAP).is_multiple_of(LEVELS_PER_BITMAP)
}

/// Returns which block's head tells the fill level of a block, and at which place.
pub(super) fn place_of_level(index: u32) -> (u32, usize) {
    if index < FIRST_BITMAP {
        return (0, usize::try_from(index).unwrap_or_default());
    }
    let place = (index - FIRST_BITMAP) % LEVELS_PER_BITMAP;
    (index - place, usize::try_from(place).unwrap_or_default())
}

/// Returns the fill level of a block with so many free bytes.
pub(super) fn level(free: usize) -> u8 {
    let place = FREE_BY_LEVEL.iter().position(|least| free >= *least);
    place.and_then(|place| u8::try_from(place).ok()).unwrap_or(0x0F)
}
