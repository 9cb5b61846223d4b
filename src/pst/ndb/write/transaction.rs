//! A batch of changes that happens whole or not at all (effect). MS-PST 2.6.
//!
//! Blocks go into the file at once, into room that nothing committed uses; nodes, references and the trees wait for
//! [`Transaction::commit`]. A transaction that is dropped before has not happened.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::Writer;
use super::bits::{Map, Run};
use super::changed::ChangedNodes;
use super::error::WriteError;
use super::form;
use super::references::{self, NewBlock, References};
use super::space::Room;
use crate::pst::bytes::wide;
use crate::pst::error::PstError;
use crate::pst::id::{Bid, Nid, NidKind, PageId};
use crate::pst::layout::Layout;
use crate::pst::ndb::block;
use crate::pst::ndb::cache::Cache;
use crate::pst::ndb::file::Ndb;
use crate::pst::ndb::node::{Block, Node, Nodes};
use crate::pst::ndb::page::{BlockEntry, PageKind};

/// The bytes that new blocks may take up in memory after they were read again.
const CACHED: usize = 1 << 20;

/// Changes to a file that is open for writing. What it holds can be read through [`Nodes`] at any time, changes included.
pub struct Transaction<'a> {
    pub(super) file: &'a mut Writer,
    pub(super) references: References,
    /// What becomes of nodes; `None` for those that go.
    pub(super) nodes: ChangedNodes,
    /// For each kind of node, the highest index in use.
    pub(super) highest: [u32; 32],
    /// The same in the committed file.
    committed: [u32; 32],
    /// The last number that [`Transaction::unique`] gave away.
    pub(super) unique: u32,
    /// The next id for a page.
    pub(super) next_page: PageId,
    /// What nothing refers to once the transaction is committed.
    pub(super) freed: Vec<Run>,
    /// Copies of blocks that are referred to as often as they may be.
    copies: BTreeMap<Bid, Bid>,
    /// How often the committed file refers to the blocks that were asked for: an empty table is shared by thousands of items.
    counted: RefCell<BTreeMap<Bid, i64>>,
    cache: RefCell<Cache<Bid, Block>>,
}

impl<'a> Transaction<'a> {
    pub(super) fn new(file: &'a mut Writer) -> Self {
        let mut header = file.ndb.header().clone();
        file.highest.raise(&mut header);
        file.pen.begin(file.space.unused_from());
        Self {
            references: References::new(header.next_block),
            nodes: ChangedNodes::default(),
            highest: header.highest,
            committed: header.highest,
            unique: header.unique,
            next_page: header.next_page,
            freed: Vec::new(),
            copies: BTreeMap::new(),
            counted: RefCell::default(),
            cache: RefCell::new(Cache::new(CACHED)),
            file,
        }
    }

    /// Adds a node or replaces the one of the same id: its data, its subnodes and its parent.
    ///
    /// Blocks that are referred to 30,000 times are copied, so the node may in the end refer to other blocks of the same
    /// content.
    pub fn set_node(&mut self, mut node: Node) -> Result<(), WriteError> {
        let before = self.node(node.nid)?;
        let (data, sub) = before.map_or((None, None), |before| (before.data, before.sub));
        node.data = self.refer_again(data, node.data)?;
        node.sub = self.refer_again(sub, node.sub)?;
        self.raise(node.nid);
        self.nodes.set(node.nid, Some(node));
        Ok(())
    }

    /// Removes a node with all that only it refers to; says whether there was one.
    pub fn remove_node(&mut self, nid: Nid) -> Result<bool, WriteError> {
        let Some(before) = self.node(nid)? else { return Ok(false) };
        before.data.into_iter().chain(before.sub).for_each(|bid| self.references.lower(bid));
        self.nodes.set(nid, None);
        Ok(true)
    }

    /// Returns an id that no node of the kind has or, as far as the file tells, ever had.
    pub fn next_nid(&mut self, kind: NidKind) -> Result<Nid, WriteError> {
        let place = usize::try_from(kind.bits()).unwrap_or_default();
        let highest = self.highest.get_mut(place).filter(|highest| **highest < Nid::HIGHEST_INDEX);
        let Some(highest) = highest else {
            return Err(WriteError::NoMoreIds { last: Nid::new(kind, Nid::HIGHEST_INDEX) });
        };
        *highest += 1;
        Ok(Nid::new(kind, *highest))
    }

    /// Returns the index that was given last to a node or subnode of a kind. Whoever gives those behind it says so by
    /// [`Transaction::raise`].
    pub fn highest(&self, kind: NidKind) -> u32 {
        let place = usize::try_from(kind.bits()).unwrap_or_default();
        self.highest.get(place).copied().unwrap_or_default()
    }

    /// Notes that an id is in use, so that all that are given later are above it.
    pub fn raise(&mut self, nid: Nid) {
        let place = usize::try_from(nid.kind().bits()).unwrap_or_default();
        // Ids of internal nodes are given away by the specification, not by a counter.
        if nid.kind() != NidKind::INTERNAL
            && let Some(highest) = self.highest.get_mut(place)
        {
            *highest = (*highest).max(nid.index());
        }
    }

    /// Returns a number that no row of a table has yet: the version of a row that is added or changed.
    pub fn unique(&mut self) -> u32 {
        self.unique = self.unique.wrapping_add(1);
        self.unique
    }

    /// Returns the highest id of a named property that anything in the file has, where that was noted since the file was opened.
    pub fn highest_named(&self) -> Option<u16> {
        self.file.highest_named
    }

    /// Keeps that id until the file is closed, whatever becomes of the transaction.
    pub fn note_highest_named(&mut self, id: u16) {
        self.file.note_highest_named(id);
    }

    /// Writes a block of at most 8,176 bytes, to which nothing refers yet.
    pub(super) fn put_block(&mut self, data: &[u8], is_internal: bool) -> Result<Bid, WriteError> {
        let layout = &Layout::UNICODE;
        let size = u16::try_from(data.len()).ok().filter(|_| data.len() <= layout.block_payload);
        let Some(size) = size else {
            let what = "a block cannot hold so many bytes";
            return Err(WriteError::NotAllowed { what, value: wide(data.len()) });
        };
        let length = layout.block_size(data.len());
        let slots = u16::try_from(length / layout.unit).unwrap_or(u16::MAX);
        let at = self.file.take(Room::Block(slots))?.at();
        let bid = self.references.next(is_internal);
        let crypt = self.file.ndb.header().crypt;
        let to = self.file.place(at, length)?;
        form::block(crypt, bid, at, data, to);
        self.references.add(NewBlock { bid, at, size, references: 0 });
        Ok(bid)
    }

    /// Counts a reference to a block, or to a copy of it when it is referred to often enough; returns which.
    pub(super) fn refer(&mut self, bid: Bid) -> Result<Bid, WriteError> {
        let mut bid = bid.key();
        if let Some(copy) = self.copies.get(&bid) {
            bid = *copy;
        }
        if self.count(bid)? >= references::MOST {
            let copy = self.copy(bid)?;
            self.copies.insert(bid, copy);
            bid = copy;
        }
        self.references.raise(bid);
        Ok(bid)
    }

    /// Counts a reference that takes the place of another one.
    pub(super) fn refer_again(
        &mut self,
        before: Option<Bid>,
        after: Option<Bid>,
    ) -> Result<Option<Bid>, WriteError> {
        if before.map(Bid::key) == after.map(Bid::key) {
            return Ok(before);
        }
        let after = after.map(|bid| self.refer(bid)).transpose()?;
        if let Some(before) = before {
            self.references.lower(before);
        }
        Ok(after)
    }

    /// Returns how often a block is referred to.
    fn count(&self, bid: Bid) -> Result<u32, PstError> {
        if let Some(new) = self.references.find(bid) {
            return Ok(new.references);
        }
        let known = self.counted.borrow().get(&bid).copied();
        let committed = if let Some(count) = known {
            count
        } else {
            let entry = self.file.ndb.block_entry(bid)?.ok_or(PstError::NoBlock { bid })?;
            let count = i64::from(entry.references) - 1;
            self.counted.borrow_mut().insert(bid, count);
            count
        };
        Ok(u32::try_from(committed + self.references.change(bid)).unwrap_or_default())
    }

    /// Says whether an id is above all of its kind in the committed file, so that no tree need be asked for it.
    fn is_new(&self, nid: Nid) -> bool {
        let place = usize::try_from(nid.kind().bits()).unwrap_or_default();
        let highest = self.committed.get(place);
        nid.kind() != NidKind::INTERNAL && highest.is_some_and(|highest| nid.index() > *highest)
    }

    /// Writes a block of the same content under an id of its own.
    fn copy(&mut self, bid: Bid) -> Result<Bid, WriteError> {
        let block = self.block(bid)?;
        let copy = self.put_block(&block, bid.is_internal())?;
        if bid.is_internal() {
            references::children(&block)?.into_iter().for_each(|bid| self.references.raise(bid));
        }
        // Later references to the original find the latest copy at once.
        for latest in self.copies.values_mut().filter(|latest| **latest == bid) {
            *latest = copy;
        }
        Ok(copy)
    }

    /// Reads back a block that the transaction wrote.
    fn read(&self, new: &NewBlock) -> Result<Block, PstError> {
        if let Some(block) = self.cache.borrow_mut().find(new.bid, |block| block.len()) {
            return Ok(block);
        }
        let layout = &Layout::UNICODE;
        let length = layout.block_size(usize::from(new.size));
        let references = u16::try_from(new.references + 1).unwrap_or(u16::MAX);
        let (bid, at, size) = (new.bid, new.at, new.size);
        let entry = BlockEntry { bid, at, stored: size, size, references };
        let crypt = self.file.ndb.header().crypt;
        let block = if let Some(held) = self.file.pen.held(at, length) {
            block::open(layout, crypt, &entry, held)?
        } else {
            let mut bytes = vec![0; length];
            let read = self.file.ndb.medium().read_at(at, &mut bytes)?;
            block::open(layout, crypt, &entry, bytes.get(..read).unwrap_or_default())?
        };
        self.cache.borrow_mut().keep(bid, block.clone(), block.len());
        Ok(block)
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        // After a commit nothing is left to be undone.
        self.file.undo();
    }
}

impl Nodes for Transaction<'_> {
    fn layout(&self) -> &Layout {
        &Layout::UNICODE
    }

    fn node(&self, nid: Nid) -> Result<Option<Node>, PstError> {
        match self.nodes.get(nid) {
            Some(changed) => Ok(*changed),
            None if self.is_new(nid) => Ok(None),
            None => self.file.ndb.node(nid),
        }
    }

    fn nodes(
        &self,
        from: Nid,
        each: &mut dyn FnMut(Node) -> ControlFlow<()>,
    ) -> Result<(), PstError> {
        let mut changed = self.nodes.from(from).peekable();
        let mut stopped = false;
        self.file.ndb.nodes(from, &mut |node| {
            while let Some((_, new)) = changed.next_if(|(nid, _)| *nid < node.nid) {
                if new.is_some_and(|new| each(new).is_break()) {
                    stopped = true;
                    return ControlFlow::Break(());
                }
            }
            let node = match changed.next_if(|(nid, _)| *nid == node.nid) {
                Some((_, new)) => new,
                None => Some(node),
            };
            stopped = node.is_some_and(|node| each(node).is_break());
            if stopped { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        if !stopped {
            let _ = changed.filter_map(|(_, new)| new).try_for_each(each);
        }
        Ok(())
    }

    fn block(&self, bid: Bid) -> Result<Block, PstError> {
        match self.references.find(bid) {
            Some(new) => self.read(new),
            None => self.file.ndb.block(bid),
        }
    }
}

/// Reads the allocation map of a section.
pub(super) fn load(ndb: &Ndb, section: u32) -> Result<Map, PstError> {
    let at = super::bits::section_at(section);
    let place = crate::pst::id::PageRef { id: PageId(at), at };
    let page = ndb.page(PageKind::AllocationMap, place)?;
    let body = page.first_chunk().copied().unwrap_or([0xFF; super::bits::MAP_BYTES]);
    Ok(Map::parse(&body))
}
