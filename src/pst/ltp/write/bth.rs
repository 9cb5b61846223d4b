//! B-trees on a heap, made whole or changed in place (pure). MS-PST 2.3.2.
//!
//! Keys of 2, 4 or 8 bytes are compared as numbers; those are all that Outlook's properties and tables use. What the reader takes
//! for records is taken for records here as well, and nothing is stored that it would not read again.

use super::heap::{Heap, MAX_ALLOCATION};
use super::{Blocks, damaged};
use crate::pst::PstError;
use crate::pst::bytes::wide;
use crate::pst::ltp::heap::Hid;

/// `bTypeBTH`.
const SIGNATURE: u8 = 0xB5;
/// Names no allocation: the root of a tree without records.
pub(super) const NOTHING: Hid = Hid(0);
/// A child's HID.
const CHILD: usize = 4;
/// Four billion records need four levels of full nodes; a deeper tree is a loop.
const MAX_LEVELS: u8 = 8;

/// A B-tree on a heap, by its header.
#[derive(Clone, Copy, Debug)]
pub struct Bth {
    header: Hid,
    key: usize,
    value: usize,
    levels: u8,
    root: Hid,
}

/// One step on the way from the root to a leaf.
struct Step {
    /// The node.
    hid: Hid,
    /// The place of the child that was taken.
    place: usize,
}

impl Bth {
    /// Makes an empty tree whose keys and values have so many bytes.
    pub fn create(heap: &mut Heap, key: u8, value: u8) -> Result<Self, PstError> {
        let mut tree = Self {
            header: NOTHING,
            key: usize::from(key),
            value: usize::from(value),
            levels: 0,
            root: NOTHING,
        };
        tree.header = heap.allocate(&tree.encode(), &super::NoBlocks)?;
        Ok(tree)
    }

    /// Opens a tree by its header.
    pub fn open(heap: &mut Heap, header: Hid, blocks: &dyn Blocks) -> Result<Self, PstError> {
        let bytes = heap.read(header, blocks)?;
        let Some(&[SIGNATURE, key, value, levels, a, b, c, d]) = bytes.first_chunk() else {
            let found = bytes.first().copied().map_or(0, u64::from);
            return Err(damaged("BTHHEADER", "bType", found, "is not 0xb5"));
        };
        if ![2, 4, 8].contains(&key) {
            return Err(damaged("BTHHEADER", "cbKey", u64::from(key), "is not 2, 4 or 8"));
        }
        if levels > MAX_LEVELS {
            return Err(damaged("BTHHEADER", "bIdxLevels", u64::from(levels), "is over 8"));
        }
        let root = Hid(u32::from_le_bytes([a, b, c, d]));
        Ok(Self { header, key: usize::from(key), value: usize::from(value), levels, root })
    }

    /// Returns the allocation that is the tree's header.
    pub fn header(&self) -> Hid {
        self.header
    }

    /// Returns how many bytes a key and a value have.
    pub fn widths(&self) -> (usize, usize) {
        (self.key, self.value)
    }

    /// Fills an empty tree with records that ascend by key, one behind the other, each a key and its value.
    pub fn fill(&mut self, heap: &mut Heap, records: &[u8]) -> Result<(), PstError> {
        let none = &super::NoBlocks;
        let width = self.key + self.value;
        let mut nodes = Vec::new();
        for leaf in records.chunks(capacity(width) * width) {
            nodes.push((leaf.get(..self.key).unwrap_or_default(), heap.allocate(leaf, none)?));
        }
        (self.levels, self.root) =
            put_above(nodes, self.key, &mut |bytes| heap.allocate(bytes, none))?;
        self.save(heap, none)
    }

    /// Adds records whose keys ascend and are above all that there are, leaf by leaf.
    pub fn append(
        &mut self,
        heap: &mut Heap,
        mut records: &[u8],
        blocks: &dyn Blocks,
    ) -> Result<(), PstError> {
        let width = self.key + self.value;
        while let Some((first, value)) = records.get(..width).map(|first| first.split_at(self.key))
        {
            let (path, leaf) = match self.root {
                NOTHING => (Vec::new(), NOTHING),
                _ => self.descend(heap, u64::MAX, blocks)?,
            };
            let old = if leaf == NOTHING { &[][..] } else { entries(heap, leaf, width, blocks)? };
            let room = (capacity(width) * width).saturating_sub(old.len());
            if old.is_empty() || room < width {
                // This makes the tree's first leaf, or one more.
                self.put(heap, decode_key(first), value, blocks)?;
                records = records.get(width..).unwrap_or_default();
                continue;
            }
            let (more, rest) = records.split_at(records.len().min(room / width * width));
            let bytes = [old, more].concat();
            self.store(heap, path, leaf, bytes, width, blocks)?;
            records = rest;
        }
        Ok(())
    }

    /// Returns the highest key, or, where the last leaf is empty, one that is above all.
    pub fn last(&self, heap: &mut Heap, blocks: &dyn Blocks) -> Result<Option<u64>, PstError> {
        if self.root == NOTHING {
            return Ok(None);
        }
        let (path, leaf) = self.descend(heap, u64::MAX, blocks)?;
        let mut nodes = vec![(leaf, self.key + self.value)];
        nodes.extend(path.iter().rev().map(|step| (step.hid, self.key + CHILD)));
        for (node, width) in nodes {
            let last = entries(heap, node, width, blocks)?.chunks_exact(width).next_back();
            if let Some(key) = last.and_then(|entry| entry.get(..self.key)) {
                return Ok(Some(decode_key(key)));
            }
        }
        Ok(None)
    }

    /// Looks a key up.
    pub fn find(
        &self,
        heap: &mut Heap,
        key: u64,
        blocks: &dyn Blocks,
    ) -> Result<Option<Vec<u8>>, PstError> {
        if self.root == NOTHING {
            return Ok(None);
        }
        let (_, leaf) = self.descend(heap, key, blocks)?;
        let width = self.key + self.value;
        let bytes = entries(heap, leaf, width, blocks)?;
        Ok(match self.search(bytes, width, key) {
            Ok(place) => {
                bytes.get(place * width + self.key..(place + 1) * width).map(<[u8]>::to_vec)
            }
            Err(_) => None,
        })
    }

    /// Sets the value of a key, whether it was there or not.
    pub fn put(
        &mut self,
        heap: &mut Heap,
        key: u64,
        value: &[u8],
        blocks: &dyn Blocks,
    ) -> Result<(), PstError> {
        let width = self.key + self.value;
        let mut record = Vec::with_capacity(width);
        self.add_record(key, value, &mut record)?;
        if self.root == NOTHING {
            self.root = heap.allocate(&record, blocks)?;
            self.levels = 0;
            return self.save(heap, blocks);
        }
        let (path, leaf) = self.descend(heap, key, blocks)?;
        let mut bytes = entries(heap, leaf, width, blocks)?.to_vec();
        let replaced = match self.search(&bytes, width, key) {
            Ok(place) => place * width..(place + 1) * width,
            Err(place) => place * width..place * width,
        };
        bytes.splice(replaced, record);
        self.store(heap, path, leaf, bytes, width, blocks)
    }

    /// Removes a key and says whether it was there.
    pub fn remove(
        &mut self,
        heap: &mut Heap,
        key: u64,
        blocks: &dyn Blocks,
    ) -> Result<bool, PstError> {
        if self.root == NOTHING {
            return Ok(false);
        }
        let width = self.key + self.value;
        let (mut path, mut node) = self.descend(heap, key, blocks)?;
        let mut bytes = entries(heap, node, width, blocks)?.to_vec();
        let Ok(place) = self.search(&bytes, width, key) else {
            return Ok(false);
        };
        bytes.drain(place * width..(place + 1) * width);
        let mut node_width = width;
        // A node without entries goes, and with it its entry above.
        while bytes.is_empty() {
            heap.free(node, blocks)?;
            let Some(step) = path.pop() else {
                self.root = NOTHING;
                self.levels = 0;
                self.save(heap, blocks)?;
                return Ok(true);
            };
            node_width = self.key + CHILD;
            node = step.hid;
            bytes = entries(heap, node, node_width, blocks)?.to_vec();
            bytes.drain(step.place * node_width..(step.place + 1) * node_width);
        }
        self.store(heap, path, node, bytes, node_width, blocks)?;
        Ok(true)
    }

    /// Lists the records, each a key and its value, reading the whole tree.
    pub fn records(&self, heap: &mut Heap, blocks: &dyn Blocks) -> Result<Vec<Vec<u8>>, PstError> {
        let width = self.key + self.value;
        let mut records = Vec::new();
        for leaf in self.leaves(heap, blocks)? {
            let bytes = entries(heap, leaf, width, blocks)?;
            records.extend(bytes.chunks_exact(width).map(<[u8]>::to_vec));
        }
        Ok(records)
    }

    fn leaves(&self, heap: &mut Heap, blocks: &dyn Blocks) -> Result<Vec<Hid>, PstError> {
        let mut nodes = if self.root == NOTHING { Vec::new() } else { vec![self.root] };
        for _ in 0..self.levels {
            let mut below = Vec::new();
            for node in nodes {
                let bytes = entries(heap, node, self.key + CHILD, blocks)?;
                let children = bytes.chunks_exact(self.key + CHILD);
                below.extend(children.filter_map(|entry| {
                    entry.get(self.key..)?.first_chunk().copied().map(u32::from_le_bytes).map(Hid)
                }));
            }
            nodes = below;
        }
        Ok(nodes)
    }

    /// Goes down to the leaf that has or would have a key.
    fn descend(
        &self,
        heap: &mut Heap,
        key: u64,
        blocks: &dyn Blocks,
    ) -> Result<(Vec<Step>, Hid), PstError> {
        let width = self.key + CHILD;
        let mut path = Vec::new();
        let mut node = self.root;
        for _ in 0..self.levels {
            let bytes = entries(heap, node, width, blocks)?;
            let place = match self.search(bytes, width, key) {
                Ok(place) => place,
                Err(place) => place.saturating_sub(1),
            };
            let child = bytes.get(place * width + self.key..).and_then(|rest| rest.first_chunk());
            let child = child.copied().map(u32::from_le_bytes).ok_or(damaged(
                "BTH",
                "rgIndex",
                u64::from(node.0),
                "has no entries",
            ))?;
            path.push(Step { hid: node, place });
            node = Hid(child);
        }
        Ok((path, node))
    }

    /// Stores a node that has at most one entry more than it may have, splits it if need be, and mends what is above.
    fn store(
        &mut self,
        heap: &mut Heap,
        mut path: Vec<Step>,
        mut node: Hid,
        mut bytes: Vec<u8>,
        mut width: usize,
        blocks: &dyn Blocks,
    ) -> Result<(), PstError> {
        loop {
            // A search in what does not ascend misses entries, so such a node is as lost as it was.
            let keys = bytes.chunks_exact(width).filter_map(|entry| entry.get(..self.key));
            if !keys.map(decode_key).is_sorted_by(|before, next| before < next) {
                let rule = "has keys that are out of order";
                return Err(damaged("BTH", "key", u64::from(node.0), rule));
            }
            let count = bytes.len() / width;
            let right = if count > capacity(width) {
                // Tables grow at the end, so a full last node stays full; one in the middle is halved.
                let keep = if self.is_last(heap, &path, blocks)? { count - 1 } else { count / 2 };
                let rest = bytes.split_off(keep * width);
                let key = rest.get(..self.key).unwrap_or_default().to_vec();
                Some((key, heap.allocate(&rest, blocks)?))
            } else {
                None
            };
            let stored = heap.replace(node, &bytes, blocks)?;
            let first = bytes.get(..self.key).unwrap_or_default().to_vec();
            let entry = |key: &[u8], hid: Hid| [key, &hid.0.to_le_bytes()].concat();
            let Some(step) = path.pop() else {
                let old = self.root;
                self.root = stored;
                if let Some((key, hid)) = right {
                    if self.levels >= MAX_LEVELS {
                        return Err(super::too_big("BTH", usize::from(self.levels), 8));
                    }
                    let above = [entry(&first, stored), entry(&key, hid)].concat();
                    self.root = heap.allocate(&above, blocks)?;
                    self.levels += 1;
                }
                return if self.root == old { Ok(()) } else { self.save(heap, blocks) };
            };
            width = self.key + CHILD;
            let above = entries(heap, step.hid, width, blocks)?.to_vec();
            let mut changed = above.clone();
            let mut entries = entry(&first, stored);
            if let Some((key, hid)) = right {
                entries.extend(entry(&key, hid));
            }
            changed.splice(step.place * width..(step.place + 1) * width, entries);
            if changed == above {
                return Ok(());
            }
            node = step.hid;
            bytes = changed;
        }
    }

    /// Says whether a path leads along the last children.
    fn is_last(
        &self,
        heap: &mut Heap,
        path: &[Step],
        blocks: &dyn Blocks,
    ) -> Result<bool, PstError> {
        for step in path {
            let width = self.key + CHILD;
            let count = entries(heap, step.hid, width, blocks)?.len() / width;
            if step.place + 1 != count {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Finds a key among entries of a width, or the place where it belongs.
    fn search(&self, bytes: &[u8], width: usize, key: u64) -> Result<usize, usize> {
        let (mut low, mut high) = (0, bytes.len() / width);
        while low < high {
            let middle = low.midpoint(high);
            let entry = bytes.get(middle * width..middle * width + self.key).unwrap_or_default();
            match decode_key(entry).cmp(&key) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Equal => return Ok(middle),
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        Err(low)
    }

    /// Appends a record to others.
    pub fn add_record(&self, key: u64, value: &[u8], to: &mut Vec<u8>) -> Result<(), PstError> {
        if value.len() != self.value {
            return Err(super::too_big("BTH value", value.len(), self.value));
        }
        to.extend(key.to_le_bytes().iter().take(self.key));
        to.extend_from_slice(value);
        Ok(())
    }

    fn encode(&self) -> [u8; 8] {
        header(self.key, self.value, self.levels, self.root)
    }

    fn save(&mut self, heap: &mut Heap, blocks: &dyn Blocks) -> Result<(), PstError> {
        // The header keeps its length and with it its name.
        heap.replace(self.header, &self.encode(), blocks).map(|_| ())
    }
}

/// Returns the entries of a node. As for the reader, zeros behind the last one are none (Aspose, seen in items it wrote); what is
/// stored again has none.
fn entries<'h>(
    heap: &'h mut Heap,
    node: Hid,
    width: usize,
    blocks: &dyn Blocks,
) -> Result<&'h [u8], PstError> {
    let mut bytes = heap.read(node, blocks)?;
    if !bytes.len().is_multiple_of(width) {
        return Err(damaged("BTH", "records", wide(bytes.len()), "is not a number of them"));
    }
    while let Some((before, last)) = bytes.split_at_checked(bytes.len().saturating_sub(width))
        && !before.is_empty()
        && last.iter().all(|byte| *byte == 0)
    {
        bytes = before;
    }
    Ok(bytes)
}

/// Makes the header of a tree whose keys and values have so many bytes.
pub(super) fn header(key: usize, value: usize, levels: u8, root: Hid) -> [u8; 8] {
    let byte = |width: usize| u8::try_from(width).unwrap_or_default();
    let [a, b, c, d] = root.0.to_le_bytes();
    [SIGNATURE, byte(key), byte(value), levels, a, b, c, d]
}

/// Puts what leads to some leaves, each of them with its first key; returns how many levels that takes, and the root.
pub(super) fn put_above(
    leaves: Vec<(&[u8], Hid)>,
    key: usize,
    allocate: &mut dyn FnMut(&[u8]) -> Result<Hid, PstError>,
) -> Result<(u8, Hid), PstError> {
    let mut levels = 0;
    let mut nodes = leaves;
    while nodes.len() > 1 {
        levels += 1;
        let mut above = Vec::new();
        for children in nodes.chunks(capacity(key + CHILD)) {
            let bytes: Vec<u8> = children
                .iter()
                .flat_map(|(key, hid)| key.iter().copied().chain(hid.0.to_le_bytes()))
                .collect();
            let first = children.first().map_or(&[][..], |(key, _)| key);
            above.push((first, allocate(&bytes)?));
        }
        nodes = above;
    }
    Ok((levels, nodes.first().map_or(NOTHING, |(_, hid)| *hid)))
}

fn decode_key(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |key, byte| (key << 8) | u64::from(*byte))
}

/// Returns how many entries of a width fit into one allocation.
pub(super) fn capacity(width: usize) -> usize {
    MAX_ALLOCATION / width
}
