//! What fields name: allocations of the heap, or subnodes for values that are too big for one (pure). MS-PST 2.3.3.2.

use std::collections::BTreeMap;

use super::heap::{Heap, MAX_ALLOCATION};
use super::{Blocks, is_allocation, next_value};
use crate::pst::PstError;
use crate::pst::id::Nid;
use crate::pst::ltp::heap::Hid;

/// The heap of a context or a table, and the big values beside it.
#[derive(Debug)]
pub(super) struct Fields {
    pub(super) heap: Heap,
    /// The index that was given last to a subnode with a big value.
    pub(super) last_value: u32,
    /// Big values that are not in the file yet.
    new: BTreeMap<Nid, Vec<u8>>,
    /// Big values of the file that nothing names any more.
    dropped: Vec<Nid>,
}

impl Fields {
    /// Wraps a heap; behind the index `last_value` no subnode with a big value has one.
    pub(super) fn new(heap: Heap, last_value: u32) -> Self {
        Self { heap, last_value, new: BTreeMap::new(), dropped: Vec::new() }
    }

    /// Stores a value in the place of what a field names and returns the field.
    pub(super) fn store(
        &mut self,
        field: u32,
        bytes: &[u8],
        blocks: &dyn Blocks,
    ) -> Result<u32, PstError> {
        let old = Hid(field);
        if is_allocation(old) && !bytes.is_empty() && bytes.len() <= MAX_ALLOCATION {
            return Ok(self.heap.replace(old, bytes, blocks)?.0);
        }
        let is_kept = bytes.len() > MAX_ALLOCATION && field != 0 && !is_allocation(old);
        if is_kept && self.read(field, blocks)? == bytes {
            return Ok(field);
        }
        self.drop_value(field, blocks)?;
        if bytes.is_empty() {
            return Ok(0);
        }
        if bytes.len() <= MAX_ALLOCATION {
            return Ok(self.heap.allocate(bytes, blocks)?.0);
        }
        let nid = next_value(&mut self.last_value)?;
        self.new.insert(nid, bytes.to_vec());
        Ok(nid.0)
    }

    /// Reads the value that a field names.
    pub(super) fn read(&mut self, field: u32, blocks: &dyn Blocks) -> Result<Vec<u8>, PstError> {
        if field == 0 {
            return Ok(Vec::new());
        }
        if is_allocation(Hid(field)) {
            return Ok(self.heap.read(Hid(field), blocks)?.to_vec());
        }
        match self.new.get(&Nid(field)) {
            Some(value) => Ok(value.clone()),
            None => blocks.value(Nid(field)),
        }
    }

    /// Frees what a field names.
    pub(super) fn drop_value(&mut self, field: u32, blocks: &dyn Blocks) -> Result<(), PstError> {
        if is_allocation(Hid(field)) {
            self.heap.free(Hid(field), blocks)?;
        } else if field != 0 && self.new.remove(&Nid(field)).is_none() {
            self.dropped.push(Nid(field));
        }
        Ok(())
    }

    /// Hands out the new big values, ascending, and those that are needed no more.
    pub(super) fn finish(&mut self) -> (Vec<(Nid, Vec<u8>)>, Vec<Nid>) {
        (std::mem::take(&mut self.new).into_iter().collect(), std::mem::take(&mut self.dropped))
    }

    /// Returns how many bytes the new big values have.
    pub(super) fn new_bytes(&self) -> usize {
        self.new.values().map(Vec::len).sum()
    }

    /// Lists the big values of the file that nothing names any more.
    pub(super) fn dropped(&self) -> &[Nid] {
        &self.dropped
    }
}
