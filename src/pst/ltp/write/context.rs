//! Property contexts: the properties of one object as a heap (pure). MS-PST 2.3.3.

use crate::mapi::{PropertyId, PropertyTag, PropertyType};
use crate::pst::PstError;
use crate::pst::id::{Nid, NidKind};

use super::bth::Bth;
use super::heap::{Heap, MAX_ALLOCATION};
use super::{NoBlocks, too_big};

/// `bTypePC`.
pub(super) const CLIENT: u8 = 0xBC;
/// The index of the first subnode that holds a big value; smaller ones are left to Outlook's own use.
const FIRST_VALUE: u32 = 0x401;
/// Bytes of a record: id, type, and the value or what names it.
const RECORD: usize = 8;

/// A property with its value as the file stores it, so that what nobody here understands survives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    /// Id and type.
    pub tag: PropertyTag,
    /// The value.
    pub value: Stored,
}

impl Property {
    /// Makes a property of bytes.
    pub fn new(tag: PropertyTag, bytes: Vec<u8>) -> Self {
        Self { tag, value: Stored::Bytes(bytes) }
    }
}

/// A value as the file stores it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// Its bytes: a number or truth value in its natural width, text in UTF-16 without a terminator, several values with their
    /// offsets in front. An object's are the id of its subnode and its size, 4 bytes each.
    Bytes(Vec<u8>),
    /// A subnode that holds them already, carried over as it is.
    Subnode(Nid),
}

/// A property context ready to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuiltContext {
    /// The blocks of the node's data, all but the last of them full.
    pub blocks: Vec<Vec<u8>>,
    /// The values that live in subnodes, ascending by id.
    pub subnodes: Vec<(Nid, Vec<u8>)>,
    /// Where the values of the properties stand that the records themselves hold: block and offset.
    inline: Vec<(PropertyId, (usize, usize))>,
}

impl BuiltContext {
    /// Builds the context of these properties; of several with one id the last counts.
    ///
    /// Values of more than 3580 bytes go to subnodes, with ids that none of the carried-over ones has.
    pub fn build<'a>(
        properties: impl IntoIterator<Item = &'a Property>,
        block_size: usize,
    ) -> Result<Self, PstError> {
        let mut sorted: Vec<&Property> = properties.into_iter().collect();
        sorted.sort_by_key(|property| property.tag.id);
        // The sort keeps the order of those with one id, and the last of them is to stay.
        sorted.dedup_by(|later, kept| {
            let is_same = later.tag.id == kept.tag.id;
            if is_same {
                *kept = *later;
            }
            is_same
        });
        let mut next_value = sorted
            .iter()
            .filter_map(|property| match &property.value {
                Stored::Subnode(nid) if nid.kind() == NidKind::VALUE => Some(nid.index() + 1),
                _ => None,
            })
            .fold(FIRST_VALUE, u32::max);
        let mut heap = Heap::new(CLIENT, block_size);
        let mut tree = Bth::create(&mut heap, 2, 6)?;
        heap.set_root(tree.header(), &NoBlocks)?;
        let mut subnodes = Vec::new();
        let mut records = Vec::with_capacity(RECORD * sorted.len());
        for property in &sorted {
            let field = match &property.value {
                Stored::Subnode(nid) => nid.0,
                Stored::Bytes(bytes) => match field_of_number(property.tag.kind, bytes)? {
                    Some(field) => field,
                    None if bytes.is_empty() => 0,
                    None if bytes.len() <= MAX_ALLOCATION => heap.allocate(bytes, &NoBlocks)?.0,
                    None => {
                        let nid = Nid::new(NidKind::VALUE, next_value);
                        next_value += 1;
                        subnodes.push((nid, bytes.clone()));
                        nid.0
                    }
                },
            };
            let tag = property.tag;
            records.extend_from_slice(&tag.id.0.to_le_bytes());
            records.extend_from_slice(&tag.kind.0.to_le_bytes());
            records.extend_from_slice(&field.to_le_bytes());
        }
        let places = tree.fill(&mut heap, &records)?;
        let mut inline = Vec::new();
        for (property, (leaf, offset)) in sorted.iter().zip(places) {
            let place = heap.place(leaf).filter(|_| number_width(property.tag.kind).is_some());
            if let Some((block, start)) = place {
                let block = usize::try_from(block).unwrap_or(usize::MAX);
                inline.push((property.tag.id, (block, start + offset + 4)));
            }
        }
        let blocks = heap.finish(&NoBlocks)?.blocks.into_iter().map(|(_, block)| block).collect();
        Ok(Self { blocks, subnodes, inline })
    }

    /// Returns the bytes of the context itself, without its subnodes.
    pub fn len(&self) -> usize {
        self.blocks.iter().map(Vec::len).sum()
    }

    /// Says whether there are no bytes; there always are.
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// Returns the bytes of the context and its own big values: what counts towards the size of an item.
    pub fn size(&self) -> usize {
        self.len() + self.subnodes.iter().map(|(_, bytes)| bytes.len()).sum::<usize>()
    }

    /// Overwrites the value of a property that is a number of at most 32 bits, which does not change any size; says whether
    /// there is such a property.
    pub fn set_number(&mut self, id: PropertyId, number: u32) -> bool {
        let found = self.inline.iter().find(|(known, _)| *known == id);
        let Some((_, (block, place))) = found else {
            return false;
        };
        let bytes = self.blocks.get_mut(*block).and_then(|block| block.get_mut(*place..place + 4));
        let Some(bytes) = bytes else { return false };
        bytes.copy_from_slice(&number.to_le_bytes());
        true
    }
}

/// Returns the field of a record that holds the value itself.
pub(super) fn field_of_number(kind: PropertyType, bytes: &[u8]) -> Result<Option<u32>, PstError> {
    let Some(width) = number_width(kind) else {
        return Ok(None);
    };
    if bytes.len() > 4 {
        return Err(too_big("number in a property", bytes.len(), width));
    }
    let mut field = [0; 4];
    field.iter_mut().zip(bytes).for_each(|(field, byte)| *field = *byte);
    Ok(Some(u32::from_le_bytes(field)))
}

/// Returns the bytes of values that stand in the record itself.
pub(super) fn number_width(kind: PropertyType) -> Option<usize> {
    kind.width().filter(|width| *width <= 4 && !kind.is_multiple())
}
