//! The rows of a table, one behind the other: in one allocation while they are few, in a subnode of their own from then on
//! (pure). MS-PST 2.3.4.4.

use std::collections::BTreeMap;

use super::heap::{Changed, Heap, MAX_ALLOCATION};
use super::table::TableSource;
use super::{damaged, is_allocation, too_big};
use crate::pst::PstError;
use crate::pst::id::Nid;
use crate::pst::ltp::heap::Hid;

/// The subnode in which Outlook keeps the rows.
const ROWS: Nid = Nid(0x3F);

/// The rows by number, from 0.
#[derive(Debug)]
pub(super) struct Rows {
    /// The length of a row, in bytes.
    width: usize,
    /// How many rows there are.
    count: u32,
    place: Place,
    /// `hnidRows` as the file has it.
    stored: u32,
    /// How many blocks the subnode of that name has.
    kept: u32,
    /// Blocks of the subnode that were read or made, and whether they changed.
    blocks: BTreeMap<u32, (Vec<u8>, bool)>,
}

/// What holds the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Nowhere,
    Allocation(Hid),
    Subnode(Nid),
}

/// What of the rows has to be written.
pub(super) struct RowChanges {
    /// `hnidRows`.
    pub(super) holder: u32,
    /// The subnode with the rows, if blocks of it changed.
    pub(super) changed: Option<(Nid, Changed)>,
    /// The subnode that is needed no more.
    pub(super) dropped: Option<Nid>,
}

impl Rows {
    /// Starts without rows.
    pub(super) fn new(width: usize) -> Self {
        Self { width, count: 0, place: Place::Nowhere, stored: 0, kept: 0, blocks: BTreeMap::new() }
    }

    /// Opens what `hnidRows` names.
    pub(super) fn open(
        width: usize,
        stored: u32,
        heap: &mut Heap,
        source: &dyn TableSource,
    ) -> Result<Self, PstError> {
        let mut rows = Self { stored, ..Self::new(width) };
        let hid = Hid(stored);
        let count = if stored == 0 {
            0
        } else if is_allocation(hid) {
            rows.place = Place::Allocation(hid);
            heap.read(hid, source)?.len() / width
        } else {
            rows.place = Place::Subnode(Nid(stored));
            rows.kept = source.row_blocks(Nid(stored))?;
            // Blocks before the last need not be full: each has as many rows as fit all the same.
            let inner = rows.kept.saturating_sub(1);
            let last = if rows.kept == 0 { 0 } else { rows.block(inner, source)?.0.len() };
            index(inner).saturating_mul(heap.block_size() / width).saturating_add(last / width)
        };
        rows.count =
            u32::try_from(count).map_err(|_| too_big("number of rows", count, usize::MAX))?;
        Ok(rows)
    }

    /// Returns how many rows there are.
    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// Corrects the number of rows where the last block has room behind them.
    pub(super) fn correct(&mut self, count: u32) {
        self.count = self.count.min(count);
    }

    /// Reads a row.
    pub(super) fn read(
        &mut self,
        number: u32,
        heap: &mut Heap,
        source: &dyn TableSource,
    ) -> Result<Vec<u8>, PstError> {
        let row = match self.place {
            Place::Nowhere => None,
            Place::Allocation(hid) => {
                let start = index(number) * self.width;
                heap.read(hid, source)?.get(start..start + self.width).map(<[u8]>::to_vec)
            }
            Place::Subnode(_) => {
                let (block, start) = self.locate(number, heap);
                let width = self.width;
                self.block(block, source)?.0.get(start..start + width).map(<[u8]>::to_vec)
            }
        };
        row.ok_or_else(|| damaged("TCROWID", "dwRowIndex", u64::from(number), "is no row's number"))
    }

    /// Writes a row in the place of another or behind the last.
    pub(super) fn write(
        &mut self,
        number: u32,
        row: &[u8],
        heap: &mut Heap,
        source: &dyn TableSource,
    ) -> Result<(), PstError> {
        let start = index(number) * self.width;
        match self.place {
            Place::Nowhere => {
                self.place = if row.len() <= MAX_ALLOCATION {
                    Place::Allocation(heap.allocate(row, source)?)
                } else {
                    self.blocks.insert(0, (row.to_vec(), true));
                    Place::Subnode(ROWS)
                };
            }
            Place::Allocation(hid) => {
                let mut all = heap.read(hid, source)?.to_vec();
                all.resize(all.len().max(start + self.width), 0);
                put(&mut all, start, row);
                if all.len() <= MAX_ALLOCATION {
                    self.place = Place::Allocation(heap.replace(hid, &all, source)?);
                } else {
                    heap.free(hid, source)?;
                    self.blocks.insert(0, (all, true));
                    self.place = Place::Subnode(ROWS);
                }
            }
            Place::Subnode(_) => {
                let (number, start) = self.locate(number, heap);
                let end = start + self.width;
                if !self.blocks.contains_key(&number) && number >= self.kept {
                    self.blocks.insert(number, (Vec::new(), true));
                }
                let (block, touched) = self.block(number, source)?;
                if block.get(start..end) != Some(row) {
                    block.resize(block.len().max(end), 0);
                    put(block, start, row);
                    *touched = true;
                }
            }
        }
        self.count = self.count.max(number.saturating_add(1));
        Ok(())
    }

    /// Takes the last row away.
    pub(super) fn pop(
        &mut self,
        heap: &mut Heap,
        source: &dyn TableSource,
    ) -> Result<(), PstError> {
        let last = self.count.saturating_sub(1);
        self.count = last;
        match self.place {
            Place::Nowhere => {}
            Place::Allocation(hid) if last == 0 => {
                heap.free(hid, source)?;
                self.place = Place::Nowhere;
            }
            Place::Allocation(hid) => {
                let mut all = heap.read(hid, source)?.to_vec();
                all.truncate(index(last) * self.width);
                self.place = Place::Allocation(heap.replace(hid, &all, source)?);
            }
            Place::Subnode(_) if last == 0 => {
                // Whatever comes next starts anew, even if it takes the same subnode.
                self.blocks.clear();
                self.kept = 0;
                self.place = Place::Nowhere;
            }
            Place::Subnode(_) => {
                let (number, start) = self.locate(last, heap);
                if start == 0 {
                    self.blocks.remove(&number);
                } else {
                    let (block, touched) = self.block(number, source)?;
                    block.truncate(start);
                    *touched = true;
                }
            }
        }
        Ok(())
    }

    /// Gives out what changed.
    pub(super) fn finish(
        &mut self,
        heap: &Heap,
        source: &dyn TableSource,
    ) -> Result<RowChanges, PstError> {
        let mut changes = RowChanges { holder: 0, changed: None, dropped: None };
        let old = Hid(self.stored);
        let old = if old.0 == 0 || is_allocation(old) { None } else { Some(Nid(old.0)) };
        if let Place::Subnode(nid) = self.place {
            let per_block = self.per_block(heap);
            let total = self.count.div_ceil(per_block);
            if total != self.kept {
                // The block that was the last is filled up when it becomes an inner one; the one that becomes the last loses
                // its filling.
                let edge = total.min(self.kept).saturating_sub(1);
                if self.kept > 0 {
                    self.block(edge, source)?.1 = true;
                }
            }
            let mut written = Changed { blocks: Vec::new(), total };
            let rows_in_last = index(self.count - total.saturating_sub(1) * per_block);
            for (number, (block, touched)) in &mut self.blocks {
                if !std::mem::take(touched) || *number >= total {
                    continue;
                }
                let mut given = block.clone();
                if *number + 1 < total {
                    given.resize(heap.block_size(), 0);
                } else {
                    given.truncate(rows_in_last * self.width);
                }
                written.blocks.push((*number, given));
            }
            changes.holder = nid.0;
            if old != Some(nid) || !written.blocks.is_empty() || total != self.kept {
                changes.changed = Some((nid, written));
            }
            self.kept = total;
        } else {
            if let Place::Allocation(hid) = self.place {
                changes.holder = hid.0;
            }
            changes.dropped = old;
            self.kept = 0;
        }
        self.stored = changes.holder;
        Ok(changes)
    }

    /// Forgets blocks that need not be written.
    pub(super) fn forget_unchanged(&mut self) {
        self.blocks.retain(|_, (_, touched)| *touched);
    }

    fn per_block(&self, heap: &Heap) -> u32 {
        u32::try_from(heap.block_size() / self.width).unwrap_or(u32::MAX).max(1)
    }

    /// Returns the block of a row and its offset there.
    fn locate(&self, number: u32, heap: &Heap) -> (u32, usize) {
        let per_block = self.per_block(heap);
        (number / per_block, index(number % per_block) * self.width)
    }

    fn block(
        &mut self,
        number: u32,
        source: &dyn TableSource,
    ) -> Result<&mut (Vec<u8>, bool), PstError> {
        use std::collections::btree_map::Entry;
        match self.blocks.entry(number) {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => {
                let subnode = Nid(self.stored);
                Ok(entry.insert((source.rows(subnode, number)?.to_vec(), false)))
            }
        }
    }
}

fn put(all: &mut [u8], start: usize, row: &[u8]) {
    let place = all.get_mut(start..).unwrap_or_default();
    place.iter_mut().zip(row).for_each(|(to, from)| *to = *from);
}

/// Row numbers are below four billion, and so are addresses at least.
fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
