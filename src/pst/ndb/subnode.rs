//! The subnodes of a node (pure). MS-PST 2.2.2.8.3.3.

use std::ops::ControlFlow;

use crate::pst::bytes::Bytes;
use crate::pst::error::PstError;
use crate::pst::id::{Bid, Nid};
use crate::pst::layout::Layout;

use super::node::{Block, Node, Nodes};

const HEAD: usize = 2;

/// Finds a subnode below the block that a node refers to.
pub fn find(nodes: &dyn Nodes, sub: Option<Bid>, nid: Nid) -> Result<Option<Node>, PstError> {
    let Some(sub) = sub else { return Ok(None) };
    let block = nodes.block(sub)?;
    let list = List::read(nodes.layout(), &block)?;
    let leaf = if list.level == 0 {
        block
    } else {
        let Some(index) = list.last_up_to(nid)? else { return Ok(None) };
        list.leaf(nodes, index)?
    };
    let leaf = List::read(nodes.layout(), &leaf)?;
    match leaf.last_up_to(nid)? {
        Some(index) => leaf.node(index).map(|node| Some(node).filter(|node| node.nid == nid)),
        None => Ok(None),
    }
}

/// Passes all subnodes, in the order of their ids, until told to stop.
pub fn each(
    nodes: &dyn Nodes,
    sub: Option<Bid>,
    each: &mut dyn FnMut(Node) -> Result<ControlFlow<()>, PstError>,
) -> Result<(), PstError> {
    let Some(sub) = sub else { return Ok(()) };
    let block = nodes.block(sub)?;
    let list = List::read(nodes.layout(), &block)?;
    let mut before = None;
    if list.level == 0 {
        return list.each(&mut before, each).map(|_| ());
    }
    for index in 0..list.count {
        let leaf = list.leaf(nodes, index)?;
        if List::read(nodes.layout(), &leaf)?.each(&mut before, each)?.is_break() {
            break;
        }
    }
    Ok(())
}

/// An SLBLOCK (level 0) or an SIBLOCK (level 1).
struct List<'a> {
    layout: &'a Layout,
    bytes: Bytes<'a>,
    level: u8,
    count: usize,
    entry: usize,
}

impl<'a> List<'a> {
    fn read(layout: &'a Layout, block: &'a Block) -> Result<Self, PstError> {
        let bytes = Bytes::new("SLBLOCK", block.at(), block);
        let kind = bytes.u8(0, "btype")?;
        if kind != 2 {
            return Err(bytes.damaged("btype", 0, kind.into(), "is no list of subnodes"));
        }
        let level = bytes.u8(1, "cLevel")?;
        let entry = match level {
            0 => layout.subnode_entry,
            1 => layout.sublist_entry,
            _ => return Err(bytes.damaged("cLevel", 1, level.into(), "is neither 0 nor 1")),
        };
        let count = usize::from(bytes.u16(HEAD, "cEnt")?);
        bytes.slice(layout.list_header, count * entry, "rgentries")?;
        let list = Self { layout, bytes, level, count, entry };
        let mut before = None;
        for index in 0..count {
            let nid = list.nid(index)?;
            if before >= Some(nid) {
                let (start, value) = (list.start(index), nid.0.into());
                return Err(list.bytes.damaged("nid", start, value, "is out of order"));
            }
            before = Some(nid);
        }
        Ok(list)
    }

    fn start(&self, index: usize) -> usize {
        self.layout.list_header + index * self.entry
    }

    /// Only the lower half counts; Outlook leaves anything in the upper one.
    fn nid(&self, index: usize) -> Result<Nid, PstError> {
        self.bytes.u32(self.start(index), "nid").map(Nid)
    }

    fn node(&self, index: usize) -> Result<Node, PstError> {
        let (size, start) = (self.layout.block_slot, self.start(index));
        let word = |number: usize, field| {
            self.bytes.word(self.layout.wide, start + number * size, field).map(Bid::reference)
        };
        Ok(Node {
            nid: self.nid(index)?,
            data: word(1, "bidData")?,
            sub: word(2, "bidSub")?,
            parent: Nid(0),
        })
    }

    /// Reads the list that an entry of a list of lists leads to.
    fn leaf(&self, nodes: &dyn Nodes, index: usize) -> Result<Block, PstError> {
        let start = self.start(index) + self.layout.block_slot;
        let bits = self.bytes.word(self.layout.wide, start, "bid")?;
        let bid = Bid::reference(bits)
            .ok_or_else(|| self.bytes.damaged("bid", start, bits, "is no block"))?;
        let block = nodes.block(bid)?;
        let level = List::read(self.layout, &block)?.level;
        if level != 0 {
            let bytes = Bytes::new("SLBLOCK", block.at(), &block);
            return Err(bytes.damaged("cLevel", 1, level.into(), "is not 0 below an SIBLOCK"));
        }
        Ok(block)
    }

    fn last_up_to(&self, nid: Nid) -> Result<Option<usize>, PstError> {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.nid(middle)? <= nid {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low.checked_sub(1))
    }

    /// Passes the entries, all behind the one before, so that no list is passed twice.
    fn each(
        &self,
        before: &mut Option<Nid>,
        each: &mut dyn FnMut(Node) -> Result<ControlFlow<()>, PstError>,
    ) -> Result<ControlFlow<()>, PstError> {
        for index in 0..self.count {
            let node = self.node(index)?;
            if before.replace(node.nid) >= Some(node.nid) {
                let (start, value) = (self.start(index), node.nid.0.into());
                return Err(self.bytes.damaged("nid", start, value, "is out of order"));
            }
            if each(node)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::{each, find};
    use crate::pst::id::{Bid, Nid};
    use crate::pst::ndb::node::tests::Scripted;

    fn leaf(nids: &[u32]) -> Vec<u8> {
        let mut bytes = vec![2, 0, u8::try_from(nids.len()).unwrap(), 0, 0, 0, 0, 0];
        for nid in nids {
            // The upper half of an id is garbage, as Outlook leaves it there.
            bytes.extend(nid.to_le_bytes().into_iter().chain([0xAB; 4]));
            bytes.extend((u64::from(*nid) * 4).to_le_bytes());
            bytes.extend(0_u64.to_le_bytes());
        }
        bytes
    }

    fn branch(children: &[(u32, u64)]) -> Vec<u8> {
        let mut bytes = vec![2, 1, u8::try_from(children.len()).unwrap(), 0, 0, 0, 0, 0];
        for (nid, bid) in children {
            bytes.extend(u64::from(*nid).to_le_bytes());
            bytes.extend(bid.to_le_bytes());
        }
        bytes
    }

    /// Layouts after MS-PST 2.2.2.8.3.3.1 and 2.2.2.8.3.3.2.
    #[test]
    fn subnodes_are_found_in_lists_and_lists_of_lists() {
        let nodes = Scripted::new([
            (2, branch(&[(0x21, 6), (0x61, 10)])),
            (6, leaf(&[0x21, 0x41])),
            (10, leaf(&[0x61])),
        ]);
        let node = find(&nodes, Some(Bid(2)), Nid(0x41)).unwrap().unwrap();
        assert_eq!((node.data, node.sub), (Some(Bid(0x104)), None));
        assert!(find(&nodes, Some(Bid(2)), Nid(0x61)).unwrap().is_some());
        for absent in [0x1, 0x22, 0x42, 0x62] {
            assert_eq!(find(&nodes, Some(Bid(2)), Nid(absent)).unwrap(), None);
        }
        let mut seen = Vec::new();
        each(&nodes, Some(Bid(2)), &mut |node| {
            seen.push(node.nid.0);
            Ok(ControlFlow::Continue(()))
        })
        .unwrap();
        assert_eq!(seen, [0x21, 0x41, 0x61]);
    }

    /// A list that cannot be searched must not look as if something were absent.
    #[test]
    fn a_list_out_of_order_is_no_list() {
        let nodes = Scripted::new([(2, leaf(&[0x41, 0x21])), (6, branch(&[(1, 6)]))]);
        assert!(find(&nodes, Some(Bid(2)), Nid(0x21)).is_err());
        assert!(find(&nodes, Some(Bid(6)), Nid(0x21)).is_err(), "a list of itself");
        assert!(find(&nodes, Some(Bid(10)), Nid(0x21)).is_err(), "no such block");
    }
}
