//! Where the bytes of values are, and getting them: inline, in the heap, or in a subnode (pure). MS-PST 2.3.3.2.

use std::fmt;
use std::ops::Deref;

use crate::pst::bytes::wide;
use crate::pst::error::PstError;
use crate::pst::id::{Bid, Nid};
use crate::pst::ndb::{Block, DataTree, Node, Nodes, subnode};

use super::heap::{Heap, Hid, Piece};

/// The most bytes of one value that are held in memory; bigger ones are read with [`Contents::chunks`].
pub const LIMIT: u64 = 32 << 20;

/// Where the bytes of a value are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Nowhere: the value is empty.
    Empty,
    /// In the record itself.
    Inline([u8; 4]),
    /// In the heap.
    Heap(Hid),
    /// In the data of a subnode.
    Subnode(Nid),
}

impl Place {
    /// Reads an HNID: ids whose five lowest bits are zero are the heap's.
    pub fn of(hnid: u32) -> Self {
        match hnid {
            0 => Self::Empty,
            _ if Nid(hnid).kind().bits() == 0 => Self::Heap(Hid(hnid)),
            _ => Self::Subnode(Nid(hnid)),
        }
    }
}

/// The heap and the subnodes of a node, where values are.
pub struct Contents<'a> {
    heap: Heap<'a>,
    nodes: &'a dyn Nodes,
    sub: Option<Bid>,
}

impl<'a> Contents<'a> {
    /// Opens the heap of a node.
    pub fn open(nodes: &'a dyn Nodes, node: &Node) -> Result<Self, PstError> {
        Ok(Self { heap: Heap::open(nodes, node)?, nodes, sub: node.sub })
    }

    /// Returns the heap.
    pub fn heap(&self) -> &Heap<'a> {
        &self.heap
    }

    /// Returns the nodes it was opened with.
    pub fn nodes(&self) -> &'a dyn Nodes {
        self.nodes
    }

    /// Returns a subnode that must be there.
    pub fn subnode(&self, nid: Nid, what: &'static str) -> Result<Node, PstError> {
        subnode::find(self.nodes, self.sub, nid)?.ok_or(PstError::NoNode { nid, what })
    }

    /// Returns the bytes of a value of at most [`LIMIT`].
    pub fn content(&self, place: Place) -> Result<Content, PstError> {
        match place {
            Place::Empty => Ok(Content::Inline([0; 4], 0)),
            Place::Inline(bytes) => Ok(Content::Inline(bytes, 4)),
            Place::Heap(hid) => self.heap.piece(hid).map(Content::Piece),
            Place::Subnode(nid) => {
                let tree = self.tree(nid)?;
                match (tree.blocks(), tree.block(0)?) {
                    (1, Some(block)) => {
                        let range = 0..block.len();
                        Ok(Piece::new(block, range).map_or(Content::EMPTY, Content::Piece))
                    }
                    (_, first) => {
                        let at = first.map_or(0, |block| block.at());
                        Ok(Content::Whole(tree.read_all(LIMIT)?, at))
                    }
                }
            }
        }
    }

    /// Returns the bytes of a value of any length, chunk by chunk.
    pub fn chunks(&self, place: Place) -> Result<Chunks<'a>, PstError> {
        Ok(match place {
            Place::Subnode(nid) => Chunks { small: None, tree: Some(self.tree(nid)?), next: 0 },
            _ => Chunks { small: Some(self.content(place)?), tree: None, next: 0 },
        })
    }

    /// Returns how many bytes a value has.
    pub fn size(&self, place: Place) -> Result<u64, PstError> {
        match place {
            Place::Subnode(nid) => Ok(self.tree(nid)?.len()),
            _ => self.content(place).map(|content| wide(content.len())),
        }
    }

    fn tree(&self, nid: Nid) -> Result<DataTree<'a>, PstError> {
        DataTree::open(self.nodes, self.subnode(nid, "value")?.data)
    }
}

impl fmt::Debug for Contents<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.heap.fmt(f)
    }
}

/// The bytes of a value.
#[derive(Clone)]
pub enum Content {
    /// In the record; so many of them.
    Inline([u8; 4], usize),
    /// In a block.
    Piece(Piece),
    /// Out of several blocks, with the offset of the first in the file.
    Whole(Vec<u8>, u64),
}

impl Content {
    const EMPTY: Self = Self::Inline([0; 4], 0);

    /// Returns their offset in the file, as far as one can be told.
    pub fn at(&self) -> u64 {
        match self {
            Self::Inline(..) => 0,
            Self::Piece(piece) => piece.at(),
            Self::Whole(_, at) => *at,
        }
    }
}

impl Deref for Content {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Inline(bytes, length) => bytes.get(..*length).unwrap_or_default(),
            Self::Piece(piece) => piece,
            Self::Whole(bytes, _) => bytes,
        }
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes at {:#x}", self.len(), self.at())
    }
}

/// The bytes of a value, chunk by chunk; none is longer than a block.
#[derive(Debug)]
pub struct Chunks<'a> {
    small: Option<Content>,
    tree: Option<DataTree<'a>>,
    next: usize,
}

impl Iterator for Chunks<'_> {
    type Item = Result<Content, PstError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(small) = self.small.take() {
            return Some(Ok(small));
        }
        let block = self.tree.as_ref()?.block(self.next).transpose()?;
        self.next += 1;
        if block.is_err() {
            self.tree = None;
        }
        Some(block.map(whole_block))
    }
}

fn whole_block(block: Block) -> Content {
    let range = 0..block.len();
    Piece::new(block, range).map_or(Content::EMPTY, Content::Piece)
}
