//! Nodes, blocks, and what the layers above ask of whoever has them (seam, pure).

use std::fmt;
use std::ops::{ControlFlow, Deref};
use std::sync::Arc;

use crate::pst::error::PstError;
use crate::pst::id::{Bid, Nid};
use crate::pst::layout::Layout;

/// A node: an entry of the node B-tree, or of a tree of subnodes. MS-PST 2.2.2.7.7.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// Which node.
    pub nid: Nid,
    /// Its data: a block, or the root of a tree of blocks.
    pub data: Option<Bid>,
    /// Its subnodes.
    pub sub: Option<Bid>,
    /// The folder that an item or a folder is in; zero for tables, internal nodes and subnodes.
    pub parent: Nid,
}

/// The data of a block: verified, inflated and decoded.
#[derive(Clone)]
pub struct Block {
    at: u64,
    bytes: Arc<[u8]>,
}

impl Block {
    /// Makes a block of bytes that stand, or will stand, at an offset in the file.
    pub fn new(at: u64, bytes: Arc<[u8]>) -> Self {
        Self { at, bytes }
    }

    /// Returns its offset in the file, in bytes; errors about its content count from there.
    pub fn at(&self) -> u64 {
        self.at
    }
}

impl Deref for Block {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes at {:#x}", self.bytes.len(), self.at)
    }
}

/// Nodes and blocks, of an open file or of a transaction on it: what the layers above read through.
pub trait Nodes {
    /// Returns the variant of the format.
    fn layout(&self) -> &Layout;

    /// Returns a node, or `None` when the file has none of that id.
    fn node(&self, nid: Nid) -> Result<Option<Node>, PstError>;

    /// Passes the nodes from an id on, in the order of their ids, until told to stop.
    fn nodes(
        &self,
        from: Nid,
        each: &mut dyn FnMut(Node) -> ControlFlow<()>,
    ) -> Result<(), PstError>;

    /// Returns a block. One that does not exist is an error, since a reference to it does.
    fn block(&self, bid: Bid) -> Result<Block, PstError>;
}

impl<N: Nodes + ?Sized> Nodes for &N {
    fn layout(&self) -> &Layout {
        (**self).layout()
    }

    fn node(&self, nid: Nid) -> Result<Option<Node>, PstError> {
        (**self).node(nid)
    }

    fn nodes(
        &self,
        from: Nid,
        each: &mut dyn FnMut(Node) -> ControlFlow<()>,
    ) -> Result<(), PstError> {
        (**self).nodes(from, each)
    }

    fn block(&self, bid: Bid) -> Result<Block, PstError> {
        (**self).block(bid)
    }
}

#[cfg(test)]
pub(in crate::pst) mod tests {
    use std::collections::BTreeMap;
    use std::ops::ControlFlow;

    use super::{Block, Node, Nodes};
    use crate::pst::error::PstError;
    use crate::pst::id::{Bid, Nid};
    use crate::pst::layout::Layout;

    /// Nodes and blocks that a test wrote down.
    pub(in crate::pst) struct Scripted {
        pub(in crate::pst) nodes: BTreeMap<Nid, Node>,
        blocks: BTreeMap<Bid, Vec<u8>>,
    }

    impl Scripted {
        pub(in crate::pst) fn new(blocks: impl IntoIterator<Item = (u64, Vec<u8>)>) -> Self {
            let blocks = blocks.into_iter().map(|(bid, bytes)| (Bid(bid), bytes)).collect();
            Self { nodes: BTreeMap::new(), blocks }
        }
    }

    impl Nodes for Scripted {
        fn layout(&self) -> &Layout {
            &Layout::UNICODE
        }

        fn node(&self, nid: Nid) -> Result<Option<Node>, PstError> {
            Ok(self.nodes.get(&nid).copied())
        }

        fn nodes(
            &self,
            from: Nid,
            each: &mut dyn FnMut(Node) -> ControlFlow<()>,
        ) -> Result<(), PstError> {
            let _ = self.nodes.range(from..).try_for_each(|(_, node)| each(*node));
            Ok(())
        }

        fn block(&self, bid: Bid) -> Result<Block, PstError> {
            let block = self.blocks.get(&bid.key()).ok_or(PstError::NoBlock { bid })?;
            Ok(Block::new(bid.0 * 0x100, block.as_slice().into()))
        }
    }
}
