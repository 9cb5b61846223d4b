//! Property contexts: the properties of one object as a heap (pure). MS-PST 2.3.3.

use crate::mapi::{PropertyId, PropertyTag, PropertyType};
use crate::pst::PstError;
use crate::pst::id::{Nid, NidKind};

use super::bth;
use super::heap::MAX_ALLOCATION;
use super::pack::{FIRST, Pack};
use super::too_big;

/// `bTypePC`.
pub(super) const CLIENT: u8 = 0xBC;
/// The index of the first subnode that holds a big value; smaller ones are left to Outlook's own use.
const FIRST_VALUE: u32 = 0x401;
/// Bytes of a record: id, type, and the value or what names it.
const RECORD: usize = KEY + VALUE;
const KEY: usize = 2;
const VALUE: usize = 6;

/// A property and its value as the file stores it: a number or truth value in its natural width, text in UTF-16 without a
/// terminator, several values with their offsets in front. An object's are the id of its subnode and its size, 4 bytes each.
pub type Property<'v> = (PropertyTag, &'v [u8]);

/// A property context that is made at once. One serves for many, one after the other, and keeps its memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewContext {
    heap: Pack,
    records: Vec<u8>,
    /// Where the leaves with the records begin in the heap.
    leaves: Vec<usize>,
}

impl NewContext {
    /// Makes the context of these properties; of several with one id the last counts. Values of more than 3580 bytes are
    /// returned: they live in subnodes with these ids, ascending.
    pub fn make<'v>(
        &mut self,
        properties: impl IntoIterator<Item = Property<'v>, IntoIter: Clone>,
        block_size: usize,
    ) -> Result<Vec<(Nid, &'v [u8])>, PstError> {
        let properties = properties.into_iter();
        if properties.clone().is_sorted_by(|before, next| before.0.id < next.0.id) {
            return self.make_of_sorted(properties, block_size);
        }
        let mut sorted: Vec<Property<'v>> = properties.collect();
        sorted.sort_by_key(|(tag, _)| tag.id);
        // The sort keeps the order of those with one id, and the last of them is to stay.
        sorted.dedup_by(|later, kept| {
            let is_same = later.0.id == kept.0.id;
            if is_same {
                *kept = *later;
            }
            is_same
        });
        self.make_of_sorted(sorted.into_iter(), block_size)
    }

    fn make_of_sorted<'v>(
        &mut self,
        properties: impl Iterator<Item = Property<'v>>,
        block_size: usize,
    ) -> Result<Vec<(Nid, &'v [u8])>, PstError> {
        self.heap.begin(CLIENT, block_size);
        // The tree's first bytes are known when all is in its place.
        let tree = self.heap.allocate(&bth::header(KEY, VALUE, 0, bth::NOTHING))?;
        self.heap.set_root(tree);
        let mut values = Vec::new();
        let mut next_value = FIRST_VALUE;
        self.records.clear();
        for (tag, bytes) in properties {
            let field = match field_of_number(tag.kind, bytes)? {
                Some(field) => field,
                None if bytes.is_empty() => 0,
                None if bytes.len() <= MAX_ALLOCATION => self.heap.allocate(bytes)?.0,
                None => {
                    let nid = Nid::new(NidKind::VALUE, next_value);
                    next_value += 1;
                    values.push((nid, bytes));
                    nid.0
                }
            };
            let [id_low, id_high] = tag.id.0.to_le_bytes();
            let [kind_low, kind_high] = tag.kind.0.to_le_bytes();
            let [a, b, c, d] = field.to_le_bytes();
            self.records.extend_from_slice(&[id_low, id_high, kind_low, kind_high, a, b, c, d]);
        }
        self.put_records()?;
        self.heap.finish();
        Ok(values)
    }

    /// Returns the bytes of the context, without its big values.
    pub fn bytes(&self) -> &[u8] {
        self.heap.bytes()
    }

    /// Overwrites the value of a property that is a number of at most 32 bits, which does not change any size; says whether
    /// there is such a property.
    pub fn set_number(&mut self, id: PropertyId, number: u32) -> bool {
        let (records, _) = self.records.as_chunks::<RECORD>();
        let found = records
            .binary_search_by_key(&id.0, |[low, high, ..]| u16::from_le_bytes([*low, *high]));
        let Some((place, [_, _, low, high, ..])) =
            found.ok().and_then(|place| Some((place, records.get(place)?)))
        else {
            return false;
        };
        let is_number = number_width(PropertyType(u16::from_le_bytes([*low, *high]))).is_some();
        let leaf = self.leaves.get(place / bth::capacity(RECORD)).filter(|_| is_number);
        let Some(leaf) = leaf else { return false };
        let record = leaf + place % bth::capacity(RECORD) * RECORD;
        self.heap.put(record + 4, &number.to_le_bytes());
        true
    }

    /// Puts the records into leaves, what leads to them above, and says in the tree's first bytes where that is.
    fn put_records(&mut self) -> Result<(), PstError> {
        self.leaves.clear();
        let mut nodes = Vec::new();
        for leaf in self.records.chunks(bth::capacity(RECORD) * RECORD) {
            let hid = self.heap.allocate(leaf)?;
            self.leaves.push(self.heap.end() - leaf.len());
            nodes.push((leaf.get(..KEY).unwrap_or_default(), hid));
        }
        let (levels, root) = bth::put_above(nodes, KEY, &mut |bytes| self.heap.allocate(bytes))?;
        self.heap.put(FIRST, &bth::header(KEY, VALUE, levels, root));
        Ok(())
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
