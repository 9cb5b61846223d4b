//! Lists of blocks and of subnodes, and who refers to which block (effect). MS-PST 2.2.2.8.3.

use super::blocks::Blocks;
use super::place::Place;
use super::report::Report;
use super::rule::Rule;
use crate::pst::bytes::Bytes;
use crate::pst::error::PstError;
use crate::pst::id::Bid;
use crate::pst::ndb::{Block, Ndb, Nodes as _};

/// Counts a reference, and with the first one to a list those of the list. Nothing recurses here: lists of a damaged file may
/// lead on and on.
pub(super) fn refer(ndb: &Ndb, bid: Bid, blocks: &mut Blocks, report: &mut Report) {
    let mut next = vec![bid.key()];
    while let Some(bid) = next.pop() {
        let Some(found) = blocks.refer(bid) else {
            if !blocks.has_gaps {
                report.error(Place::Block(bid), Rule::MissingBlock);
            }
            continue;
        };
        if found > 2 || !bid.is_internal() {
            continue;
        }
        let place = Place::Block(bid);
        let Some(block) = report.take(place, ndb.block(bid)) else {
            blocks.has_unread_lists = true;
            continue;
        };
        let list = List { ndb, blocks, bytes: Bytes::new("list", block.at(), &block), place };
        let read = list.read(report);
        if let Some(below) = report.take(place, read) {
            next.extend(below);
        }
    }
}

/// Returns how many bytes the data of a node have, as its list says; 0 for a block that is not there.
pub(super) fn data_size(ndb: &Ndb, blocks: &Blocks, data: Option<Bid>) -> u64 {
    let Some(bid) = data else { return 0 };
    if bid.is_internal() {
        let total = |block: Block| Bytes::new("XBLOCK", block.at(), &block).u32(4, "lcbTotal");
        return ndb.block(bid).and_then(total).map_or(0, u64::from);
    }
    blocks.find(bid.key()).map_or(0, |known| known.size.into())
}

struct List<'a> {
    ndb: &'a Ndb,
    blocks: &'a Blocks,
    bytes: Bytes<'a>,
    place: Place<'a>,
}

impl List<'_> {
    /// Returns what it leads to, and reports the rules it breaks.
    fn read(&self, report: &mut Report) -> Result<Vec<Bid>, PstError> {
        let (kind, level) = (self.bytes.u8(0, "btype")?, self.bytes.u8(1, "cLevel")?);
        let count = usize::from(self.bytes.u16(2, "cEnt")?);
        if count == 0 {
            report.error(self.place, Rule::ListEmpty);
        }
        match (kind, level) {
            (1, 1 | 2) => self.of_blocks(level, count, report),
            (2, 0 | 1) => self.of_subnodes(level, count, report),
            _ => {
                report.error(self.place, Rule::ListKind.by(&[&kind, &level]));
                Ok(Vec::new())
            }
        }
    }

    fn word(&self, start: usize) -> Result<u64, PstError> {
        self.bytes.word(self.ndb.layout().wide, start, "bid")
    }

    /// An XBLOCK or an XXBLOCK: its sum is right, and all below but the last is full.
    fn of_blocks(
        &self,
        level: u8,
        count: usize,
        report: &mut Report,
    ) -> Result<Vec<Bid>, PstError> {
        let layout = self.ndb.layout();
        let full = u64::try_from(layout.block_payload).unwrap_or(u64::MAX);
        let said = u64::from(self.bytes.u32(4, "lcbTotal")?);
        let (mut below, mut sum) = (Vec::with_capacity(count), 0);
        for index in 0..count {
            let Some(bid) = Bid::reference(self.word(8 + index * layout.block_slot)?) else {
                report.error(self.place, Rule::ListNothing);
                continue;
            };
            if bid.is_internal() != (level == 2) {
                report.error(self.place, Rule::ListOther.by(&[&bid]));
                continue;
            }
            let size = data_size(self.ndb, self.blocks, Some(bid));
            let whole = if level == 1 { full } else { self.entries(bid)? * full };
            if index + 1 < count && size != whole {
                report.error(self.place, Rule::ListNotFull.by(&[&bid]));
            }
            sum += size;
            below.push(bid);
        }
        if sum != said {
            report.error(self.place, Rule::ListTotal.by(&[&said, &sum]));
        }
        Ok(below)
    }

    /// Returns how many entries the list below has.
    fn entries(&self, bid: Bid) -> Result<u64, PstError> {
        let block = self.ndb.block(bid)?;
        Bytes::new("XBLOCK", block.at(), &block).u16(2, "cEnt").map(u64::from)
    }

    /// An SLBLOCK or an SIBLOCK: its ids ascend, and those of the latter are the first ids below.
    fn of_subnodes(
        &self,
        level: u8,
        count: usize,
        report: &mut Report,
    ) -> Result<Vec<Bid>, PstError> {
        let layout = self.ndb.layout();
        let slot = layout.block_slot;
        let (size, fields) = if level == 0 {
            (layout.subnode_entry, vec![slot, 2 * slot])
        } else {
            (layout.sublist_entry, vec![slot])
        };
        let (mut below, mut last) = (Vec::new(), None);
        for index in 0..count {
            let start = layout.list_header + index * size;
            // Only the lower half counts; Outlook leaves anything in the upper one.
            let nid = self.bytes.u32(start, "nid")?;
            if last.is_some_and(|last| last >= nid) {
                report.error(self.place, Rule::SubnodeOrder);
            }
            last = Some(nid);
            for field in &fields {
                below.extend(Bid::reference(self.word(start + field)?));
            }
            if level == 1
                && let Some(bid) = below.last()
            {
                let block = self.ndb.block(*bid)?;
                let leaf = Bytes::new("SLBLOCK", block.at(), &block);
                if leaf.u32(layout.list_header, "nid")? != nid {
                    report.error(self.place, Rule::FirstSubnode.by(&[bid]));
                }
            }
        }
        Ok(below)
    }
}
