//! The data of nodes, written and changed block by block (effect). MS-PST 2.2.2.8.3.2.
//!
//! A change writes the blocks that differ and the lists that lead to them; every other block is referred to as it is.

use std::collections::BTreeMap;

use super::error::WriteError;
use super::references::children;
use super::transaction::Transaction;
use crate::pst::bytes::wide;
use crate::pst::error::PstError;
use crate::pst::id::Bid;
use crate::pst::layout::Layout;
use crate::pst::ndb::data_tree::DataTree;
use crate::pst::ndb::node::Nodes;

/// The most bytes in a block.
const FULL: usize = Layout::UNICODE.block_payload;

/// A change of data, block by block.
#[derive(Clone, Debug, Default)]
pub struct DataChange {
    /// Blocks by their number, each with its new bytes.
    pub replace: BTreeMap<usize, Vec<u8>>,
    /// How many of the blocks stay, from the first on; `None` for all.
    pub keep: Option<usize>,
    /// Blocks behind the last one that stays.
    pub append: Vec<Vec<u8>>,
}

/// Data on its way into the file.
#[derive(Default)]
struct Growing {
    /// Blocks that no list refers to yet, and how many bytes they hold together.
    blocks: Vec<Bid>,
    total: u64,
    /// The last block's length, when it is a new one.
    last: Option<u64>,
    /// Lists that are whole, each with how many bytes its blocks hold.
    lists: Vec<(Bid, u64)>,
}

impl Transaction<'_> {
    /// Writes data; `None` when there is none. Nothing refers to it until a node or a subnode does.
    pub fn put_data(&mut self, bytes: &[u8]) -> Result<Option<Bid>, WriteError> {
        if (1..=FULL).contains(&bytes.len()) {
            return self.put_block(bytes, false).map(Some);
        }
        self.put_pieces(bytes.chunks(FULL))
    }

    /// Writes data that comes in blocks, as heaps and tables do. All but the last must be full, 8,176 bytes: Outlook 2003
    /// relies on it.
    pub fn put_blocks(&mut self, blocks: &[impl AsRef<[u8]>]) -> Result<Option<Bid>, WriteError> {
        self.put_pieces(blocks.iter().map(AsRef::as_ref))
    }

    fn put_pieces<'b>(
        &mut self,
        blocks: impl Iterator<Item = &'b [u8]>,
    ) -> Result<Option<Bid>, WriteError> {
        let mut lists = Growing::default();
        for block in blocks.filter(|block| !block.is_empty()) {
            lists.block(self, block)?;
        }
        lists.finish(self)
    }

    /// Changes data block by block and returns what a node is to refer to from now on; `None` when nothing is left. The data
    /// as it was stays until no node refers to it.
    pub fn change_data(
        &mut self,
        data: Option<Bid>,
        change: &DataChange,
    ) -> Result<Option<Bid>, WriteError> {
        let lists = self.lists(data)?;
        let count: usize = lists.iter().map(|list| list.blocks.len()).sum();
        let keep = change.keep.unwrap_or(count).min(count);
        if let Some((number, _)) = change.replace.range(keep..).next() {
            let what = "there is no block of this number to replace";
            return Err(WriteError::NotAllowed { what, value: wide(*number) });
        }
        let mut made = Growing::default();
        let mut end = 0;
        for list in &lists {
            let first = end;
            end += list.blocks.len();
            let goes_on = end >= keep && !change.append.is_empty();
            let is_changed = change.replace.range(first..end).next().is_some() || end > keep;
            match list.bid {
                Some(bid) if !is_changed && !goes_on => made.lists.push((bid, list.total)),
                _ => self.change_list(list, (first, keep), change, &mut made)?,
            }
            if end < keep {
                made.close_list(self)?;
            }
        }
        if let (Some(last), None, false) = (made.blocks.last(), made.last, change.append.is_empty())
        {
            made.last = Some(self.length(*last)?);
        }
        for block in change.append.iter().filter(|block| !block.is_empty()) {
            made.block(self, block)?;
        }
        made.finish(self)
    }

    /// Takes over the blocks of a list, those that are replaced with their new bytes. Blocks that stay are not looked at.
    fn change_list(
        &mut self,
        list: &List,
        (first, keep): (usize, usize),
        change: &DataChange,
        made: &mut Growing,
    ) -> Result<(), WriteError> {
        made.total += list.total;
        for (number, bid) in (first..).zip(&list.blocks) {
            let replaced = change.replace.get(&number);
            if number >= keep || replaced.is_some() {
                made.total = made.total.saturating_sub(self.length(*bid)?);
            }
            match replaced {
                _ if number >= keep => {}
                Some(bytes) => made.block(self, bytes)?,
                None => made.carry(*bid)?,
            }
        }
        Ok(())
    }

    /// Returns the lists that data consists of; data of one block is a list that does not exist.
    fn lists(&self, data: Option<Bid>) -> Result<Vec<List>, WriteError> {
        let Some(data) = data else { return Ok(Vec::new()) };
        if !data.is_internal() {
            let total = self.length(data)?;
            return Ok(vec![List { bid: None, total, blocks: vec![data] }]);
        }
        let root = self.block(data)?;
        let lists = if root.get(1) == Some(&1) { vec![data] } else { children(&root)? };
        let list = |bid: Bid| {
            let total = DataTree::open(self, Some(bid))?.len();
            Ok(List { bid: Some(bid), total, blocks: children(&self.block(bid)?)? })
        };
        lists.into_iter().map(list).collect()
    }
}

/// A list of blocks that exists: where, how many bytes its blocks hold, and the blocks.
struct List {
    bid: Option<Bid>,
    total: u64,
    blocks: Vec<Bid>,
}

impl Growing {
    /// Adds a new block.
    fn block(&mut self, to: &mut Transaction<'_>, bytes: &[u8]) -> Result<(), WriteError> {
        self.is_last_full()?;
        if self.blocks.len() >= Layout::UNICODE.blocks_in_list() {
            self.close_list(to)?;
        }
        self.blocks.push(to.put_block(bytes, false)?);
        self.total += wide(bytes.len());
        self.last = Some(wide(bytes.len()));
        Ok(())
    }

    /// Adds a block that is there already, of a list whose bytes are counted already.
    fn carry(&mut self, bid: Bid) -> Result<(), WriteError> {
        self.is_last_full()?;
        self.blocks.push(bid);
        self.last = None;
        Ok(())
    }

    /// Sees to it that another block may follow.
    fn is_last_full(&self) -> Result<(), WriteError> {
        match self.last {
            Some(length) if length != wide(FULL) => {
                let what = "a block that is not the last must hold 8176 bytes, but this one holds";
                Err(WriteError::NotAllowed { what, value: length })
            }
            _ => Ok(()),
        }
    }

    fn close_list(&mut self, to: &mut Transaction<'_>) -> Result<(), WriteError> {
        let blocks = std::mem::take(&mut self.blocks);
        if !blocks.is_empty() {
            let total = std::mem::take(&mut self.total);
            self.lists.push((to.put_list(1, &blocks, total)?, total));
        }
        Ok(())
    }

    fn finish(mut self, to: &mut Transaction<'_>) -> Result<Option<Bid>, WriteError> {
        if self.lists.is_empty()
            && let [] | [_] = self.blocks.as_slice()
        {
            return Ok(self.blocks.first().copied());
        }
        self.close_list(to)?;
        match self.lists.as_slice() {
            [(bid, _)] => Ok(Some(*bid)),
            lists if lists.len() > Layout::UNICODE.blocks_in_list() => {
                let what = "data of so many lists of blocks is too big";
                Err(WriteError::NotAllowed { what, value: wide(lists.len()) })
            }
            lists => {
                let total = lists.iter().map(|(_, total)| total).sum();
                let lists: Vec<Bid> = lists.iter().map(|(bid, _)| *bid).collect();
                to.put_list(2, &lists, total).map(Some)
            }
        }
    }
}

impl Transaction<'_> {
    /// Returns the length of a block of data, in bytes.
    fn length(&self, bid: Bid) -> Result<u64, WriteError> {
        if let Some(new) = self.references.find(bid) {
            return Ok(new.size.into());
        }
        let entry = self.file.ndb.block_entry(bid)?.ok_or(PstError::NoBlock { bid })?;
        Ok(entry.size.into())
    }

    /// Writes a list of blocks (level 1, XBLOCK) or of lists (level 2, XXBLOCK) that hold so many bytes together.
    fn put_list(&mut self, level: u8, below: &[Bid], total: u64) -> Result<Bid, WriteError> {
        let Ok(length) = u32::try_from(total) else {
            let what = "data of so many bytes is too big";
            return Err(WriteError::NotAllowed { what, value: total });
        };
        let count = u16::try_from(below.len()).unwrap_or(u16::MAX);
        let mut bytes = vec![1, level];
        bytes.extend(count.to_le_bytes());
        bytes.extend(length.to_le_bytes());
        for bid in below {
            bytes.extend(bid.0.to_le_bytes());
            self.references.raise(*bid);
        }
        self.put_block(&bytes, true)
    }
}
