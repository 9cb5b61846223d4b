//! The data of a node: one block, or a tree of blocks (pure). MS-PST 2.2.2.8.3.2.

use std::fmt;

use crate::pst::bytes::{Bytes, wide};
use crate::pst::error::PstError;
use crate::pst::id::Bid;

use super::node::{Block, Nodes};

/// The data of a node, block by block.
///
/// Of big data only the list of lists is held; lists and blocks are read when they are asked for.
#[derive(Clone)]
pub struct DataTree<'a> {
    nodes: &'a dyn Nodes,
    shape: Shape,
    length: u64,
}

#[derive(Clone, Debug)]
enum Shape {
    Empty,
    /// One block without a list.
    One(Bid),
    /// Lists of blocks (XBLOCK), one after the other.
    Lists(Vec<List>),
}

#[derive(Clone, Copy, Debug)]
struct List {
    bid: Bid,
    /// The number of its first block within the tree.
    first: usize,
    count: usize,
}

/// What the first byte of both lists says.
const LIST: u8 = 1;
const HEAD: usize = 8;

impl<'a> DataTree<'a> {
    /// Opens the data that a node refers to.
    pub fn open(nodes: &'a dyn Nodes, data: Option<Bid>) -> Result<Self, PstError> {
        let (shape, length) = match data {
            None => (Shape::Empty, 0),
            Some(bid) if !bid.is_internal() => (Shape::One(bid), wide(nodes.block(bid)?.len())),
            Some(bid) => {
                let block = nodes.block(bid)?;
                let head = Head::read(nodes, &block)?;
                let lists = if head.level == 1 {
                    vec![List { bid, first: 0, count: head.count }]
                } else {
                    lists(nodes, &block, &head)?
                };
                (Shape::Lists(lists), head.total)
            }
        };
        Ok(Self { nodes, shape, length })
    }

    /// Returns how many bytes there are, as the tree says.
    pub fn len(&self) -> u64 {
        self.length
    }

    /// Says whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Returns the nodes it was opened with.
    pub fn nodes(&self) -> &'a dyn Nodes {
        self.nodes
    }

    /// Returns how many blocks there are.
    pub fn blocks(&self) -> usize {
        match &self.shape {
            Shape::Empty => 0,
            Shape::One(_) => 1,
            Shape::Lists(lists) => lists.last().map_or(0, |last| last.first + last.count),
        }
    }

    /// Returns the id of a block, counted from zero; `None` behind the last.
    pub fn bid(&self, index: usize) -> Result<Option<Bid>, PstError> {
        match &self.shape {
            Shape::Empty => Ok(None),
            Shape::One(bid) => Ok((index == 0).then_some(*bid)),
            Shape::Lists(lists) => {
                let after = lists.partition_point(|list| list.first <= index);
                let Some(list) = after.checked_sub(1).and_then(|before| lists.get(before)) else {
                    return Ok(None);
                };
                let within = index - list.first;
                if within >= list.count {
                    return Ok(None);
                }
                let block = self.nodes.block(list.bid)?;
                let bid = Head::read(self.nodes, &block)?.bid(self.nodes, &block, within)?;
                if bid.is_internal() {
                    let bytes = Bytes::new("XBLOCK", block.at(), &block);
                    return Err(bytes.damaged("rgbid", HEAD, bid.0, "is a list, not data"));
                }
                Ok(Some(bid))
            }
        }
    }

    /// Returns a block, counted from zero; `None` behind the last.
    pub fn block(&self, index: usize) -> Result<Option<Block>, PstError> {
        self.bid(index)?.map(|bid| self.nodes.block(bid)).transpose()
    }

    /// Returns all bytes, or an error when there are more than `limit`.
    pub fn read_all(&self, limit: u64) -> Result<Vec<u8>, PstError> {
        if self.length > limit {
            return Err(PstError::TooBig { what: "data", size: self.length, limit });
        }
        let mut all = Vec::with_capacity(usize::try_from(self.length).unwrap_or_default());
        let mut index = 0;
        while let Some(block) = self.block(index)? {
            all.extend_from_slice(&block);
            if wide(all.len()) > self.length {
                break;
            }
            index += 1;
        }
        if wide(all.len()) == self.length { Ok(all) } else { Err(self.unequal(wide(all.len()))) }
    }

    /// Makes the error of a tree whose blocks do not add up to what its list says.
    fn unequal(&self, found: u64) -> PstError {
        PstError::Damaged {
            structure: "XBLOCK",
            field: "lcbTotal",
            value: self.length,
            rule: "is not the sum of its blocks",
            at: self.place().unwrap_or(found),
        }
    }

    fn place(&self) -> Option<u64> {
        let Shape::Lists(lists) = &self.shape else { return None };
        self.nodes.block(lists.first()?.bid).ok().map(|block| block.at())
    }
}

impl fmt::Debug for DataTree<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes in {:?}", self.length, self.shape)
    }
}

/// Reads the head of each list in a list of lists (XXBLOCK).
fn lists(nodes: &dyn Nodes, block: &Block, head: &Head) -> Result<Vec<List>, PstError> {
    let mut lists = Vec::with_capacity(head.count);
    let mut first: usize = 0;
    let mut total: u64 = 0;
    for index in 0..head.count {
        let bid = head.bid(nodes, block, index)?;
        let list = nodes.block(bid)?;
        let below = Head::read(nodes, &list)?;
        if !bid.is_internal() || below.level != 1 {
            let bytes = Bytes::new("XXBLOCK", list.at(), &list);
            return Err(bytes.damaged(
                "cLevel",
                1,
                below.level.into(),
                "is not 1 below an XXBLOCK",
            ));
        }
        lists.push(List { bid, first, count: below.count });
        first = first.saturating_add(below.count);
        total = total.saturating_add(below.total);
    }
    if total != head.total {
        let bytes = Bytes::new("XXBLOCK", block.at(), block);
        return Err(bytes.damaged("lcbTotal", 4, head.total, "is not the sum of its lists"));
    }
    Ok(lists)
}

/// The head of an XBLOCK or XXBLOCK.
struct Head {
    level: u8,
    count: usize,
    total: u64,
}

impl Head {
    fn read(nodes: &dyn Nodes, block: &Block) -> Result<Self, PstError> {
        let bytes = Bytes::new("XBLOCK", block.at(), block);
        let kind = bytes.u8(0, "btype")?;
        if kind != LIST {
            return Err(bytes.damaged("btype", 0, kind.into(), "is no list of blocks"));
        }
        let level = bytes.u8(1, "cLevel")?;
        if !(1..=2).contains(&level) {
            return Err(bytes.damaged("cLevel", 1, level.into(), "is neither 1 nor 2"));
        }
        let count = usize::from(bytes.u16(2, "cEnt")?);
        bytes.slice(HEAD, count * nodes.layout().block_slot, "rgbid")?;
        Ok(Self { level, count, total: bytes.u32(4, "lcbTotal")?.into() })
    }

    fn bid(&self, nodes: &dyn Nodes, block: &Block, index: usize) -> Result<Bid, PstError> {
        let (layout, bytes) = (nodes.layout(), Bytes::new("XBLOCK", block.at(), block));
        let start = HEAD + index * layout.block_slot;
        let bits = bytes.word(layout.wide, start, "rgbid")?;
        Bid::reference(bits)
            .filter(|_| index < self.count)
            .ok_or_else(|| bytes.damaged("rgbid", start, bits, "is no block"))
    }
}

#[cfg(test)]
mod tests {
    use super::DataTree;
    use crate::pst::id::Bid;
    use crate::pst::ndb::node::tests::Scripted;

    fn list(level: u8, total: u32, bids: &[u64]) -> Vec<u8> {
        let mut bytes = vec![1, level, u8::try_from(bids.len()).unwrap(), 0];
        bytes.extend(total.to_le_bytes());
        bytes.extend(bids.iter().flat_map(|bid| bid.to_le_bytes()));
        bytes
    }

    /// Layouts after MS-PST 2.2.2.8.3.2.1 and 2.2.2.8.3.2.2.
    #[test]
    fn data_is_one_block_or_lists_of_blocks() {
        let nodes = Scripted::new([
            (4, b"abc".to_vec()),
            (8, b"de".to_vec()),
            (2, list(1, 5, &[4, 8])),
            (6, list(1, 3, &[4])),
            (10, list(2, 8, &[6, 2])),
        ]);
        let read = |bid| DataTree::open(&nodes, Some(Bid(bid))).unwrap().read_all(100).unwrap();
        assert_eq!(read(4), b"abc");
        assert_eq!(read(2), b"abcde");
        assert_eq!(read(10), b"abcabcde");
        let tree = DataTree::open(&nodes, Some(Bid(10))).unwrap();
        assert_eq!((tree.blocks(), tree.len()), (3, 8));
        assert_eq!(tree.block(2).unwrap().as_deref(), Some(b"de".as_slice()));
        assert!(tree.block(3).unwrap().is_none());
        assert!(tree.read_all(7).is_err(), "more than the limit");
        let empty = DataTree::open(&nodes, None).unwrap();
        assert!(empty.is_empty() && empty.read_all(0).unwrap().is_empty());
    }

    #[test]
    fn lists_that_lead_nowhere_are_errors() {
        let nodes = Scripted::new([
            (4, b"abc".to_vec()),
            (2, list(1, 4, &[4])),
            (6, list(2, 3, &[6])),
            (10, list(1, 3, &[2])),
            (14, list(1, 3, &[0])),
            (18, list(2, 9, &[2])),
            (22, vec![1, 1, 2, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0]),
            (26, vec![2, 0, 0, 0, 0, 0, 0, 0]),
        ]);
        for (bid, why) in [
            (2, "the sum is wrong"),
            (6, "a list of itself"),
            (10, "a list where data belongs"),
            (14, "no block"),
            (18, "the sum of sums is wrong"),
            (22, "a list that is cut off"),
            (26, "a list of subnodes"),
            (30, "no such block"),
        ] {
            let all = DataTree::open(&nodes, Some(Bid(bid))).and_then(|tree| tree.read_all(100));
            assert!(all.is_err(), "{why}");
        }
    }
}
