//! All blocks of a file, and what was found about each (pure). There may be millions, so one takes twelve bytes, and no list of them
//! is ever copied to make it longer.

use crate::pst::id::Bid;

/// A block as the block tree knows it, and what was found about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) bid: Bid,
    /// How many references there are; the entry in the tree counts as one.
    pub(super) found: u32,
    /// How many references the tree says.
    pub(super) said: u16,
    /// Bytes of data, inflated.
    pub(super) size: u16,
}

/// The same, with its id as what it is above that of the first of its part.
#[derive(Clone, Copy, Debug)]
struct Kept {
    above: u32,
    found: u32,
    said: u16,
    size: u16,
}

/// Blocks that follow each other.
#[derive(Debug)]
struct Part {
    first: Bid,
    kept: Vec<Kept>,
}

/// How many blocks are in a part at most.
const MOST: usize = 1 << 16;

/// All blocks, by their ids.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    parts: Vec<Part>,
    last: Option<Bid>,
    /// Whether they did not come in their order.
    is_mixed: bool,
    /// Whether something of the trees could not be read: then nobody knows which ones are missing.
    pub(super) has_gaps: bool,
    /// Whether a list is among them: then nobody knows what it refers to.
    pub(super) has_unread_lists: bool,
}

impl Part {
    fn above(&self, bid: Bid) -> Option<u32> {
        bid.0.checked_sub(self.first.0).and_then(|above| u32::try_from(above).ok())
    }

    fn known(&self, kept: &Kept) -> Known {
        let Kept { above, found, said, size } = *kept;
        Known { bid: Bid(self.first.0.saturating_add(above.into())), found, said, size }
    }
}

impl Blocks {
    /// Adds a block. They come in their order, unless the tree is damaged.
    pub(super) fn add(&mut self, known: Known) {
        let Known { bid, found, said, size } = known;
        self.is_mixed |= self.last.is_some_and(|last| last >= bid);
        self.last = Some(bid);
        let room = self.parts.last_mut().filter(|part| part.kept.len() < MOST);
        if let Some((part, above)) =
            room.and_then(|part| part.above(bid).map(|above| (part, above)))
        {
            part.kept.push(Kept { above, found, said, size });
        } else {
            let kept = vec![Kept { above: 0, found, said, size }];
            self.parts.push(Part { first: bid, kept });
        }
    }

    /// Puts them in order when all are there.
    pub(super) fn sort(&mut self) {
        if !self.is_mixed {
            return;
        }
        let mut all: Vec<Known> = self.iter().collect();
        all.sort_by_key(|known| known.bid);
        all.dedup_by_key(|known| known.bid);
        (self.parts, self.last, self.is_mixed) = (Vec::new(), None, false);
        for known in all {
            self.add(known);
        }
    }

    /// Finds a block.
    pub(super) fn find(&self, bid: Bid) -> Option<Known> {
        let (part, place) = self.place(bid)?;
        let part = self.parts.get(part)?;
        part.kept.get(place).map(|kept| part.known(kept))
    }

    /// Counts a reference to a block, and returns how many that makes; `None` where there is no such block.
    pub(super) fn refer(&mut self, bid: Bid) -> Option<u32> {
        let (part, place) = self.place(bid)?;
        let kept = self.parts.get_mut(part)?.kept.get_mut(place)?;
        kept.found += 1;
        Some(kept.found)
    }

    /// Passes all of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = Known> {
        self.parts.iter().flat_map(|part| part.kept.iter().map(|kept| part.known(kept)))
    }

    fn place(&self, bid: Bid) -> Option<(usize, usize)> {
        let number = self.parts.partition_point(|part| part.first <= bid).checked_sub(1)?;
        let part = self.parts.get(number)?;
        let above = part.above(bid)?;
        let place = part.kept.binary_search_by_key(&above, |kept| kept.above).ok()?;
        Some((number, place))
    }
}

#[cfg(test)]
mod tests {
    use super::{Bid, Blocks, Known, MOST};

    /// MS-PST 2.2.2.2: ids have 64 bits and may lie anywhere; a damaged tree has them in any order, and twice.
    #[test]
    fn blocks_are_found_wherever_their_ids_lie() {
        let count = u64::try_from(MOST).unwrap() + 10;
        let far = [1 << 33, (1 << 33) + 4, u64::MAX - 3];
        let mut ids: Vec<u64> = (1..count).map(|number| number * 4).chain(far).collect();
        for is_mixed in [false, true] {
            if is_mixed {
                ids.reverse();
                ids.push(4);
            }
            let mut blocks = Blocks::default();
            for id in &ids {
                blocks.add(Known { bid: Bid(*id), found: 1, said: 2, size: 3 });
            }
            blocks.sort();
            let known = |id| blocks.find(Bid(id)).map(|known| known.bid.0);
            assert!(ids.iter().all(|id| known(*id) == Some(*id)));
            assert_eq!([5, (1 << 33) + 8, u64::MAX].map(known), [None; 3]);
            assert!(blocks.iter().is_sorted_by(|one, other| one.bid < other.bid));
            let found =
                [blocks.refer(Bid(1 << 33)), blocks.refer(Bid(1 << 33)), blocks.refer(Bid(6))];
            assert_eq!(found, [Some(2), Some(3), None]);
        }
    }
}
