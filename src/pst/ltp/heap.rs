//! The heap on a node: allocations within the blocks of its data (pure). MS-PST 2.3.1.

use std::cell::RefCell;
use std::fmt;
use std::ops::{Deref, Range};

use crate::pst::bytes::{Bytes, wide};
use crate::pst::error::PstError;
use crate::pst::layout::Layout;
use crate::pst::ndb::{Block, DataTree, Node, Nodes};

/// The id of an allocation: the number of a block, and the number of an allocation in it, counted from one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hid(pub u32);

impl Hid {
    /// Bits that say what kind of id it is; an allocation's are zero.
    const KIND_BITS: u32 = 5;

    /// Makes the id of an allocation.
    pub fn new(layout: &Layout, block: u32, allocation: u32) -> Self {
        Self(
            (block << (Self::KIND_BITS + layout.heap_index_bits)) | (allocation << Self::KIND_BITS),
        )
    }

    /// Returns the number of the block.
    pub fn block(self, layout: &Layout) -> usize {
        size(self.0 >> (Self::KIND_BITS + layout.heap_index_bits))
    }

    /// Returns the number of the allocation in its block, from one on.
    pub fn allocation(self, layout: &Layout) -> usize {
        size((self.0 >> Self::KIND_BITS) & ((1 << layout.heap_index_bits) - 1))
    }
}

impl fmt::Display for Hid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

/// What kind of structure a heap holds, `bClientSig`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Client(pub u8);

impl Client {
    /// Properties.
    pub const PROPERTIES: Self = Self(0xBC);
    /// A table.
    pub const TABLE: Self = Self(0x7C);
    /// The values of one column of a table; not published, seen in OST files.
    pub const COLUMN: Self = Self(0xA5);
}

/// The heap on a node.
pub struct Heap<'a> {
    tree: DataTree<'a>,
    first: Block,
    client: Client,
    root: Hid,
    /// The block behind the first that was asked for last.
    recent: RefCell<Option<(usize, Block)>>,
}

/// What every heap begins with, `bSig`.
const SIGNATURE: u8 = 0xEC;

impl<'a> Heap<'a> {
    /// Opens the heap that is the data of a node.
    pub fn open(nodes: &'a dyn Nodes, node: &Node) -> Result<Self, PstError> {
        let tree = DataTree::open(nodes, node.data)?;
        let first = tree.block(0)?.ok_or(PstError::Empty { nid: node.nid, what: "heap" })?;
        let bytes = Bytes::new("HNHDR", first.at(), &first);
        let signature = bytes.u8(2, "bSig")?;
        if signature != SIGNATURE {
            return Err(bytes.damaged("bSig", 2, signature.into(), "is not 0xec"));
        }
        let client = Client(bytes.u8(3, "bClientSig")?);
        let root = Hid(bytes.u32(4, "hidUserRoot")?);
        Ok(Self { tree, first, client, root, recent: RefCell::default() })
    }

    /// Returns what kind of structure it holds.
    pub fn client(&self) -> Client {
        self.client
    }

    /// Returns the allocation that the structure begins with.
    pub fn root(&self) -> Hid {
        self.root
    }

    /// Returns the data below the heap.
    pub fn tree(&self) -> &DataTree<'a> {
        &self.tree
    }

    /// Returns an allocation.
    pub fn piece(&self, hid: Hid) -> Result<Piece, PstError> {
        let layout = self.tree.nodes().layout();
        let block = self.block(hid.block(layout))?;
        let bytes = Bytes::new("HNPAGEMAP", block.at(), &block);
        let map = usize::from(bytes.u16(0, "ibHnpm")?);
        let count = usize::from(bytes.u16(map, "cAlloc")?);
        let allocation = hid.allocation(layout);
        if allocation == 0 || allocation > count {
            return Err(bytes.damaged("HID", map, hid.0.into(), "is no allocation of its block"));
        }
        let entry = map + 4 + (allocation - 1) * 2;
        let start = usize::from(bytes.u16(entry, "rgibAlloc")?);
        let end = usize::from(bytes.u16(entry + 2, "rgibAlloc")?);
        if start > end || end > map {
            let rule = "ends behind the allocations of its block";
            return Err(bytes.damaged("rgibAlloc", entry, wide(end), rule));
        }
        Ok(Piece { range: start..end, block })
    }

    fn block(&self, index: usize) -> Result<Block, PstError> {
        if index == 0 {
            return Ok(self.first.clone());
        }
        if let Some((number, block)) = &*self.recent.borrow()
            && *number == index
        {
            return Ok(block.clone());
        }
        let block = self.tree.block(index)?.ok_or_else(|| {
            let bytes = Bytes::new("HNHDR", self.first.at(), &self.first);
            bytes.damaged("hidBlockIndex", 0, wide(index), "is a block that the heap has not")
        })?;
        self.recent.replace(Some((index, block.clone())));
        Ok(block)
    }
}

impl fmt::Debug for Heap<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "heap {:02x} of {:?}", self.client.0, self.tree)
    }
}

/// Bytes within a block.
#[derive(Clone, Debug)]
pub struct Piece {
    block: Block,
    range: Range<usize>,
}

impl Piece {
    /// Takes bytes out of a block; `None` where it has not so many.
    pub fn new(block: Block, range: Range<usize>) -> Option<Self> {
        block.get(range.clone())?;
        Some(Self { block, range })
    }

    /// Takes a part of the bytes; `None` where there are not so many.
    pub fn part(&self, start: usize, length: usize) -> Option<Self> {
        let start = self.range.start.checked_add(start)?;
        let end = start.checked_add(length).filter(|end| *end <= self.range.end)?;
        Some(Self { block: self.block.clone(), range: start..end })
    }

    /// Returns their offset in the file.
    pub fn at(&self) -> u64 {
        self.block.at().saturating_add(wide(self.range.start))
    }
}

impl Deref for Piece {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.block.get(self.range.clone()).unwrap_or_default()
    }
}

/// Turns a number of 32 bits into a size; no platform that this runs on has smaller ones.
pub(super) fn size(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
pub(in crate::pst) mod tests {
    use super::{Client, Heap, Hid};
    use crate::pst::id::{Bid, Nid};
    use crate::pst::layout::Layout;
    use crate::pst::ndb::Node;
    use crate::pst::ndb::node::tests::Scripted;

    /// Writes a heap of one block, with the first allocation as its root. MS-PST 2.3.1.2 and 2.3.1.5.
    pub(in crate::pst) fn heap(client: u8, root: u32, allocations: &[&[u8]]) -> Vec<u8> {
        let mut bytes = vec![0, 0, 0xEC, client];
        bytes.extend(root.to_le_bytes());
        bytes.extend([0; 4]);
        let mut map = Vec::new();
        for allocation in allocations {
            map.extend(u16::try_from(bytes.len()).unwrap().to_le_bytes());
            bytes.extend(*allocation);
        }
        let end = u16::try_from(bytes.len()).unwrap().to_le_bytes();
        bytes[..2].copy_from_slice(&end);
        bytes.extend([u8::try_from(allocations.len()).unwrap(), 0, 0, 0]);
        bytes.extend(map);
        bytes.extend(end);
        bytes
    }

    /// A node whose data is block 4 and whose subnodes are in block 2.
    pub(in crate::pst) fn node() -> Node {
        Node { nid: Nid(0x21), data: Some(Bid(4)), sub: Some(Bid(2)), parent: Nid(0) }
    }

    #[test]
    fn allocations_are_found_by_their_ids() {
        let nodes = Scripted::new([(4, heap(0xBC, 0x20, &[b"first", b"", b"third"]))]);
        let heap = Heap::open(&nodes, &node()).unwrap();
        assert_eq!((heap.client(), heap.root()), (Client::PROPERTIES, Hid(0x20)));
        assert_eq!(*heap.piece(Hid(0x20)).unwrap(), *b"first");
        assert_eq!(heap.piece(Hid(0x20)).unwrap().at(), 0x40C);
        assert_eq!(*heap.piece(Hid(0x40)).unwrap(), *b"");
        assert_eq!(*heap.piece(Hid(0x60)).unwrap(), *b"third");
        for absent in [0, 0x80, 0x1_0020] {
            assert!(heap.piece(Hid(absent)).is_err(), "{absent:#x}");
        }
    }

    /// MS-PST 2.3.1.1; in pages of 4 KB the index has three bits more.
    #[test]
    fn ids_of_allocations_depend_on_the_variant() {
        let hid = Hid::new(&Layout::UNICODE, 3, 5);
        assert_eq!(hid, Hid(0x3_00A0));
        assert_eq!((hid.block(&Layout::UNICODE), hid.allocation(&Layout::UNICODE)), (3, 5));
        assert_eq!(Hid(0x0008_0020).block(&Layout::UNICODE_4K), 1);
    }
}
