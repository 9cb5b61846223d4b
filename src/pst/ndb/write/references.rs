//! How often blocks are referred to (pure): counted while a transaction runs, settled when it is committed. MS-PST 2.2.2.7.7.3.1.

use std::collections::BTreeMap;

use crate::pst::bytes::Bytes;
use crate::pst::error::PstError;
use crate::pst::id::Bid;
use crate::pst::layout::Layout;
use crate::pst::ndb::node::Block;

/// From how many references on a block is copied instead of being referred to once more. The file counts with 16 bits; sharing
/// one empty table between 170,000 items overflowed them.
pub(super) const MOST: u32 = 30_000;

/// A block that a transaction made.
#[derive(Clone, Copy, Debug)]
pub(super) struct NewBlock {
    /// Which; 0 once nothing refers to it any longer and that was dealt with.
    pub(super) bid: Bid,
    /// Where it is, in bytes from the file's start.
    pub(super) at: u64,
    /// Bytes of data.
    pub(super) size: u16,
    /// How often it is referred to.
    pub(super) references: u32,
}

/// The blocks that a transaction made, and by how much it changed the references to others.
#[derive(Debug)]
pub(super) struct References {
    first: u64,
    new: Vec<NewBlock>,
    others: BTreeMap<Bid, i64>,
}

impl References {
    /// Starts with the next free id.
    pub(super) fn new(next: Bid) -> Self {
        // Ids advance by four; the two lowest bits have meanings of their own.
        let first = (next.0 | 3) - 3;
        let first = if first < next.0 { first + 4 } else { first }.max(4);
        Self { first, new: Vec::new(), others: BTreeMap::new() }
    }

    /// Returns the next free id.
    pub(super) fn next(&self, is_internal: bool) -> Bid {
        let count = crate::pst::bytes::wide(self.new.len());
        Bid(self.first + 4 * count + if is_internal { 2 } else { 0 })
    }

    /// Adds a block under the next id. Nothing refers to it yet.
    pub(super) fn add(&mut self, block: NewBlock) {
        self.new.push(block);
    }

    /// Returns a block that the transaction made.
    pub(super) fn find(&self, bid: Bid) -> Option<&NewBlock> {
        self.new.get(self.index(bid)?)
    }

    /// Counts one reference more.
    pub(super) fn raise(&mut self, bid: Bid) {
        match self.index(bid).and_then(|index| self.new.get_mut(index)) {
            Some(block) => block.references += 1,
            None => *self.others.entry(bid.key()).or_default() += 1,
        }
    }

    /// Counts one reference less.
    pub(super) fn lower(&mut self, bid: Bid) {
        match self.index(bid).and_then(|index| self.new.get_mut(index)) {
            Some(block) => block.references = block.references.saturating_sub(1),
            None => *self.others.entry(bid.key()).or_default() -= 1,
        }
    }

    /// Returns by how much the references to a block of the file were changed.
    pub(super) fn change(&self, bid: Bid) -> i64 {
        self.others.get(&bid.key()).copied().unwrap_or_default()
    }

    /// Returns the blocks of the file whose references were changed, by their ids.
    pub(super) fn others(&self) -> impl Iterator<Item = (Bid, i64)> {
        self.others.iter().map(|(bid, change)| (*bid, *change))
    }

    /// Returns the blocks that the transaction made, in the order of their ids.
    pub(super) fn made(&self) -> impl Iterator<Item = &NewBlock> {
        self.new.iter()
    }

    /// Says whether nothing happened.
    pub(super) fn is_untouched(&self) -> bool {
        self.new.is_empty() && self.others.is_empty()
    }

    fn index(&self, bid: Bid) -> Option<usize> {
        let index = usize::try_from(bid.0.checked_sub(self.first)? / 4).ok()?;
        (index < self.new.len()).then_some(index)
    }
}

/// Returns what a list (XBLOCK, XXBLOCK, SLBLOCK, SIBLOCK) refers to, in its order and as often as it does.
pub(super) fn children(block: &Block) -> Result<Vec<Bid>, PstError> {
    places(block).map(|places| places.into_iter().map(|(_, bid)| bid).collect())
}

/// Returns where in a list its references stand, in bytes from its start, with what they refer to. References to nothing are
/// left out.
pub(super) fn places(block: &Block) -> Result<Vec<(usize, Bid)>, PstError> {
    let layout = &Layout::UNICODE;
    let bytes = Bytes::new("list", block.at(), block);
    let (kind, level) = (bytes.u8(0, "btype")?, bytes.u8(1, "cLevel")?);
    let count = usize::from(bytes.u16(2, "cEnt")?);
    let (size, within): (usize, &[usize]) = match (kind, level) {
        (1, 1 | 2) => (layout.block_slot, &[0]),
        (2, 0) => (layout.subnode_entry, &[8, 16]),
        (2, 1) => (layout.sublist_entry, &[8]),
        _ => return Err(bytes.damaged("btype", 0, kind.into(), "is no list that is known")),
    };
    let mut places = Vec::with_capacity(count);
    for index in 0..count {
        for place in within {
            let start = layout.list_header + index * size + place;
            places.extend(Bid::reference(bytes.u64(start, "bid")?).map(|bid| (start, bid)));
        }
    }
    Ok(places)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{NewBlock, References, children};
    use crate::pst::id::Bid;
    use crate::pst::ndb::node::Block;

    #[test]
    fn ids_advance_by_four_and_tell_what_they_are_of() {
        let mut references = References::new(Bid(0x1235));
        assert_eq!(references.next(false), Bid(0x1238));
        assert_eq!(References::new(Bid(0x1234)).next(true), Bid(0x1236));
        assert_eq!(References::new(Bid(0)).next(false), Bid(4), "0 means that there is nothing");
        let bid = references.next(true);
        references.add(NewBlock { bid, at: 0, size: 0, references: 0 });
        assert_eq!(references.next(false), Bid(0x123C));
        references.raise(Bid(0x123A));
        references.raise(Bid(0x1234));
        references.raise(Bid(0x1235));
        assert_eq!(references.find(bid).unwrap().references, 1);
        assert_eq!(references.change(Bid(0x1234)), 2, "bit 0 says nothing");
        assert!(references.find(Bid(0x123C)).is_none());
    }

    /// The four lists of MS-PST 2.2.2.8.3, written by hand.
    #[test]
    fn lists_say_what_they_refer_to() {
        let list = |bytes: &[u8]| children(&Block::new(0, Arc::from(bytes)));
        let mut bytes = vec![1, 1, 2, 0, 0, 0, 0, 0];
        bytes.extend([8, 0, 0, 0, 0, 0, 0, 0, 13, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(list(&bytes).unwrap(), [Bid(8), Bid(12)]);
        let mut bytes = vec![2, 0, 1, 0, 0, 0, 0, 0];
        bytes.extend([9; 8]);
        bytes.extend([4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(list(&bytes).unwrap(), [Bid(4)]);
        let mut bytes = vec![2, 1, 1, 0, 0, 0, 0, 0];
        bytes.extend([9; 8]);
        bytes.extend([6, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(list(&bytes).unwrap(), [Bid(6)]);
        assert!(list(&bytes[..20]).is_err());
        assert!(list(&[3, 1, 0, 0, 0, 0, 0, 0]).is_err());
    }
}
