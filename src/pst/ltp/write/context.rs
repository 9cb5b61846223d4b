//! Property contexts: the properties of one object as a heap (pure). MS-PST 2.3.3.

use std::ops::Range;

use crate::mapi::{PropertyId, PropertyTag, PropertyType};
use crate::pst::PstError;
use crate::pst::id::Nid;

use super::bth;
use super::heap::MAX_ALLOCATION;
use super::pack::{FIRST, Pack};
use super::value::Given;
use super::{is_allocation, next_value, too_big};
use crate::pst::ltp::heap::Hid;

/// `bTypePC`.
pub(super) const CLIENT: u8 = 0xBC;
/// Bytes of a record: id, type, and the value or what names it.
const RECORD: usize = KEY + VALUE;
const KEY: usize = 2;
const VALUE: usize = 6;

/// A property and its value. Where the bytes that the file stores are given: a number or truth value in its natural width, text
/// in UTF-16 without a terminator, several values with their offsets in front. An object's are the id of its subnode and its
/// size, 4 bytes each.
pub type Property<'v> = (PropertyTag, Given<'v>);

/// A property context that is made at once. One serves for many, one after the other, and keeps its memory.
#[derive(Clone, Debug, Default)]
pub struct NewContext {
    heap: Pack,
    /// By id, as the tree has them.
    records: Vec<[u8; RECORD]>,
    /// Where the allocations that they name are in the heap.
    places: Vec<Range<usize>>,
    /// Where the leaves with the records begin in the heap.
    leaves: Vec<usize>,
    /// Where values are encoded that are neither text nor bytes.
    scratch: Vec<u8>,
}

/// Where the value of a property is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place<'s> {
    /// In the context: its bytes.
    Here(&'s [u8]),
    /// In a subnode.
    Subnode(Nid),
}

/// What became of a value.
enum Put {
    /// The record's field holds it.
    Number(u32),
    /// It is the last allocation of the heap, of so many bytes.
    Allocation(Hid, usize),
    /// It is too big for the heap.
    Nowhere,
}

impl NewContext {
    /// Makes the context of these properties; of several with one id the last counts. Values of more than 3580 bytes are
    /// returned: they live in subnodes with these ids, which ascend behind `last_value`, the last index that was given to any in
    /// the file.
    pub fn make<'v>(
        &mut self,
        properties: impl IntoIterator<Item = Property<'v>, IntoIter: Clone>,
        last_value: u32,
        block_size: usize,
    ) -> Result<Vec<(Nid, Given<'v>)>, PstError> {
        let properties = properties.into_iter();
        if properties.clone().is_sorted_by(|before, next| before.0.id < next.0.id) {
            return self.make_of_ascending(properties, last_value, block_size);
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
        self.make_of_ascending(sorted.into_iter(), last_value, block_size)
    }

    /// Makes the context of properties whose ids ascend, each there once.
    pub fn make_of_ascending<'v>(
        &mut self,
        properties: impl Iterator<Item = Property<'v>>,
        mut last_value: u32,
        block_size: usize,
    ) -> Result<Vec<(Nid, Given<'v>)>, PstError> {
        self.heap.begin(CLIENT, block_size);
        // The tree's first bytes are known when all is in its place.
        let tree = self.heap.allocate(&bth::header(KEY, VALUE, 0, bth::NOTHING));
        self.heap.set_root(tree);
        self.records.clear();
        self.places.clear();
        let mut values = Vec::new();
        for (tag, given) in properties {
            let put = match given.text() {
                Some(text) => self.put_text(text),
                None => self.put(tag, given)?,
            };
            let (field, length) = match put {
                Put::Number(number) => (number, 0),
                Put::Allocation(name, length) => (name.0, length),
                Put::Nowhere => {
                    let nid = next_value(&mut last_value)?;
                    values.push((nid, given));
                    (nid.0, 0)
                }
            };
            let end = self.heap.end();
            let [id_low, id_high] = tag.id.0.to_le_bytes();
            let [kind_low, kind_high] = tag.kind.0.to_le_bytes();
            let [a, b, c, d] = field.to_le_bytes();
            self.records.push([id_low, id_high, kind_low, kind_high, a, b, c, d]);
            self.places.push(end - length..end);
        }
        self.put_records()?;
        self.heap.finish()?;
        Ok(values)
    }

    /// Puts a text where it belongs.
    #[inline]
    fn put_text(&mut self, text: &str) -> Put {
        // Three bytes of UTF-8 may be two of UTF-16, and four are four.
        if text.len() / 3 * 2 > MAX_ALLOCATION {
            return Put::Nowhere;
        }
        if text.is_empty() {
            return Put::Allocation(bth::NOTHING, 0);
        }
        let (name, length) = self.heap.allocate_text(text);
        if length > MAX_ALLOCATION { Put::Nowhere } else { Put::Allocation(name, length) }
    }

    /// Puts a value that is no text where it belongs.
    fn put(&mut self, tag: PropertyTag, given: Given<'_>) -> Result<Put, PstError> {
        let (name, length) = if let Some(number) = given.number() {
            return Ok(Put::Number(number));
        } else if let Some(width) = number_width(tag.kind) {
            self.scratch.clear();
            given.append(&mut self.scratch);
            return number_field(width, &self.scratch).map(Put::Number);
        } else if let Some(bytes) = given.bytes() {
            let name = if bytes.is_empty() { bth::NOTHING } else { self.heap.allocate(bytes) };
            (name, bytes.len())
        } else {
            self.scratch.clear();
            given.append(&mut self.scratch);
            let bytes = &self.scratch;
            let name = if bytes.is_empty() { bth::NOTHING } else { self.heap.allocate(bytes) };
            (name, bytes.len())
        };
        Ok(if length > MAX_ALLOCATION { Put::Nowhere } else { Put::Allocation(name, length) })
    }

    /// Returns the bytes of the context, without its big values.
    pub fn bytes(&self) -> &[u8] {
        self.heap.bytes()
    }

    /// Returns where the values of properties with exactly these types are, one after the other. Asking in the order of ids is
    /// fast.
    pub fn seek<'s>(&'s self) -> impl FnMut(PropertyTag) -> Option<Place<'s>> {
        let mut next = 0;
        move |tag| {
            let is_before =
                |at: usize| self.records.get(at).is_some_and(|record| id(*record) < tag.id);
            if next > 0 && !is_before(next - 1) {
                next = self.find(tag.id).unwrap_or_else(|place| place);
            }
            while is_before(next) {
                next += 1;
            }
            self.value(next, tag)
        }
    }

    /// Returns where the value of a record is, if it is of a property.
    fn value(&self, at: usize, tag: PropertyTag) -> Option<Place<'_>> {
        let record =
            self.records.get(at).filter(|record| id(**record).of(kind(**record)) == tag)?;
        let (_, field) = record.split_last_chunk()?;
        let hid = Hid(u32::from_le_bytes(*field));
        Some(if let Some(width) = number_width(tag.kind) {
            Place::Here(field.get(..width)?)
        } else if hid == bth::NOTHING || is_allocation(hid) {
            Place::Here(self.heap.bytes().get(self.places.get(at)?.clone())?)
        } else {
            Place::Subnode(Nid(hid.0))
        })
    }

    /// Overwrites the value of a property that is a number of at most 32 bits, which does not change any size; says whether
    /// there is such a property.
    pub fn set_number(&mut self, id: PropertyId, number: u32) -> bool {
        let Ok(at) = self.find(id) else { return false };
        let Some(record) = self.records.get_mut(at) else { return false };
        let leaf = self.leaves.get(at / bth::capacity(RECORD));
        let Some(leaf) = leaf.filter(|_| number_width(kind(*record)).is_some()) else {
            return false;
        };
        if let Some((_, field)) = record.split_last_chunk_mut() {
            *field = number.to_le_bytes();
        }
        let place = leaf + at % bth::capacity(RECORD) * RECORD;
        self.heap.put(place, record);
        true
    }

    fn find(&self, wanted: PropertyId) -> Result<usize, usize> {
        self.records.binary_search_by_key(&wanted, |record| id(*record))
    }

    /// Puts the records into leaves, what leads to them above, and says in the tree's first bytes where that is.
    fn put_records(&mut self) -> Result<(), PstError> {
        self.leaves.clear();
        let mut nodes = Vec::new();
        let (mut levels, mut root) = (0, bth::NOTHING);
        for leaf in self.records.chunks(bth::capacity(RECORD)) {
            let leaf = leaf.as_flattened();
            root = self.heap.allocate(leaf);
            self.leaves.push(self.heap.end() - leaf.len());
            if self.records.len() > bth::capacity(RECORD) {
                nodes.push((leaf.get(..KEY).unwrap_or_default(), root));
            }
        }
        if !nodes.is_empty() {
            (levels, root) =
                bth::put_above(nodes, KEY, &mut |bytes| Ok(self.heap.allocate(bytes)))?;
        }
        self.heap.put(FIRST, &bth::header(KEY, VALUE, levels, root));
        Ok(())
    }
}

fn id([low, high, ..]: [u8; RECORD]) -> PropertyId {
    PropertyId(u16::from_le_bytes([low, high]))
}

fn kind([_, _, low, high, ..]: [u8; RECORD]) -> PropertyType {
    PropertyType(u16::from_le_bytes([low, high]))
}

/// Returns the field of a record that holds the value itself, a number of so many bytes.
pub(super) fn number_field(width: usize, bytes: &[u8]) -> Result<u32, PstError> {
    if bytes.len() > 4 {
        return Err(too_big("number in a property", bytes.len(), width));
    }
    let mut field = [0; 4];
    field.iter_mut().zip(bytes).for_each(|(field, byte)| *field = *byte);
    Ok(u32::from_le_bytes(field))
}

/// Returns the bytes of values that stand in the record itself.
#[inline]
pub(super) fn number_width(kind: PropertyType) -> Option<usize> {
    kind.width().filter(|width| *width <= 4 && !kind.is_multiple())
}
