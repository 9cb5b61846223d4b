//! A property context that is being changed in place: what is not touched stays as it is, understood or not (pure).
//! MS-PST 2.3.3.

use crate::mapi::{PropertyId, PropertyTag, PropertyType};
use crate::pst::PstError;
use crate::pst::bytes::wide;
use crate::pst::id::Nid;

use super::bth::Bth;
use super::context::{CLIENT, number_field, number_width};
use super::fields::Fields;
use super::heap::{Changed, Heap};
use super::{Blocks, damaged, is_allocation};
use crate::pst::ltp::heap::Hid;

/// A value as the file stores it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// Its bytes.
    Bytes(Vec<u8>),
    /// A subnode that holds them.
    Subnode(Nid),
}

/// What of a property context has to be written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContextChanges {
    /// Blocks of the node's data.
    pub heap: Changed,
    /// Subnodes with big values that are new, ascending.
    pub values: Vec<(Nid, Vec<u8>)>,
    /// Subnodes with big values that are needed no more.
    pub dropped_values: Vec<Nid>,
    /// The highest index that a subnode with a big value has, or was given before.
    pub last_value: u32,
    /// Properties that were set or removed.
    pub touched: Vec<PropertyId>,
}

/// A property context that is being changed.
#[derive(Debug)]
pub struct ContextEdit {
    fields: Fields,
    tree: Bth,
    touched: Vec<PropertyId>,
}

impl ContextEdit {
    /// Opens a context for changes.
    ///
    /// `heap_blocks` tells how many blocks the node's data has, `last_value` an index behind which no subnode with a big value has
    /// one, neither of this node nor of any other that keeps the rule.
    pub fn open(
        heap_blocks: u32,
        block_size: usize,
        last_value: u32,
        blocks: &dyn Blocks,
    ) -> Result<Self, PstError> {
        let mut heap = Heap::open(heap_blocks, block_size);
        let client = heap.client(blocks)?;
        if client != CLIENT {
            return Err(damaged("HNHDR", "bClientSig", u64::from(client), "is no context's"));
        }
        let root = heap.root(blocks)?;
        let tree = Bth::open(&mut heap, root, blocks)?;
        if tree.widths() != (2, 6) {
            let (key, _) = tree.widths();
            return Err(damaged("BTHHEADER", "cbKey", wide(key), "is not that of properties"));
        }
        Ok(Self { fields: Fields::new(heap, last_value), tree, touched: Vec::new() })
    }

    /// Lists the tags of all properties, by id.
    pub fn tags(&mut self, blocks: &dyn Blocks) -> Result<Vec<PropertyTag>, PstError> {
        let records = self.tree.records(&mut self.fields.heap, blocks)?;
        let tag = |record: &Vec<u8>| {
            let [id_low, id_high, kind_low, kind_high] = *record.first_chunk()?;
            let id = PropertyId(u16::from_le_bytes([id_low, id_high]));
            Some(id.of(PropertyType(u16::from_le_bytes([kind_low, kind_high]))))
        };
        Ok(records.iter().filter_map(tag).collect())
    }

    /// Reads a property: its bytes, or the subnode that holds them.
    pub fn read(
        &mut self,
        id: PropertyId,
        blocks: &dyn Blocks,
    ) -> Result<Option<(PropertyTag, Stored)>, PstError> {
        let Some((kind, field)) = self.record(id, blocks)? else { return Ok(None) };
        let value = if let Some(width) = number_width(kind) {
            Stored::Bytes(field.to_le_bytes().get(..width).unwrap_or_default().to_vec())
        } else if field == 0 || is_allocation(Hid(field)) {
            Stored::Bytes(self.fields.read(field, blocks)?)
        } else {
            Stored::Subnode(Nid(field))
        };
        Ok(Some((id.of(kind), value)))
    }

    /// Reads the bytes of a property, wherever they are.
    pub fn bytes(
        &mut self,
        tag: PropertyTag,
        blocks: &dyn Blocks,
    ) -> Result<Option<Vec<u8>>, PstError> {
        match self.read(tag.id, blocks)? {
            Some((found, value)) if found == tag => match value {
                Stored::Bytes(bytes) => Ok(Some(bytes)),
                Stored::Subnode(nid) => self.fields.read(nid.0, blocks).map(Some),
            },
            _ => Ok(None),
        }
    }

    /// Sets a property to bytes, whether it was there or not.
    pub fn set(
        &mut self,
        tag: PropertyTag,
        bytes: &[u8],
        blocks: &dyn Blocks,
    ) -> Result<(), PstError> {
        self.touched.push(tag.id);
        let old = self.record(tag.id, blocks)?;
        // An old number names nothing.
        let old_field =
            old.filter(|(kind, _)| number_width(*kind).is_none()).map_or(0, |old| old.1);
        let field = if let Some(width) = number_width(tag.kind) {
            self.fields.drop_value(old_field, blocks)?;
            number_field(width, bytes)?
        } else {
            self.fields.store(old_field, bytes, blocks)?
        };
        if old == Some((tag.kind, field)) {
            return Ok(());
        }
        let mut value = tag.kind.0.to_le_bytes().to_vec();
        value.extend_from_slice(&field.to_le_bytes());
        self.tree.put(&mut self.fields.heap, u64::from(tag.id.0), &value, blocks)
    }

    /// Removes a property and says whether it was there.
    pub fn remove(&mut self, id: PropertyId, blocks: &dyn Blocks) -> Result<bool, PstError> {
        let Some((kind, field)) = self.record(id, blocks)? else { return Ok(false) };
        if number_width(kind).is_none() {
            self.fields.drop_value(field, blocks)?;
        }
        self.touched.push(id);
        self.tree.remove(&mut self.fields.heap, u64::from(id.0), blocks)
    }

    /// Returns how many bytes the context will have, without its big values.
    pub fn len(&mut self, blocks: &dyn Blocks) -> Result<usize, PstError> {
        self.fields.heap.len(blocks)
    }

    /// Returns how many bytes the big values have that were set and are not in the file yet.
    pub fn new_bytes(&self) -> usize {
        self.fields.new_bytes()
    }

    /// Lists the subnodes with big values that are needed no more.
    pub fn dropped(&self) -> &[Nid] {
        self.fields.dropped()
    }

    /// Gives out all that changed.
    pub fn finish(&mut self, blocks: &dyn Blocks) -> Result<ContextChanges, PstError> {
        let heap = self.fields.heap.finish(blocks)?;
        let (values, dropped_values) = self.fields.finish();
        let last_value = self.fields.last_value;
        let touched = std::mem::take(&mut self.touched);
        Ok(ContextChanges { heap, values, dropped_values, last_value, touched })
    }

    fn record(
        &mut self,
        id: PropertyId,
        blocks: &dyn Blocks,
    ) -> Result<Option<(PropertyType, u32)>, PstError> {
        let found = self.tree.find(&mut self.fields.heap, u64::from(id.0), blocks)?;
        let Some(found) = found else { return Ok(None) };
        match *found.as_slice() {
            [low, high, a, b, c, d] => Ok(Some((
                PropertyType(u16::from_le_bytes([low, high])),
                u32::from_le_bytes([a, b, c, d]),
            ))),
            _ => Err(damaged("BTHHEADER", "cbEnt", u64::from(id.0), "is not 6 in a context")),
        }
    }
}
