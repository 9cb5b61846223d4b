//! The node database of an open file, for reading (effect).
//!
//! Pages and blocks are read one by one where they stand, verified once, and kept within a fixed budget of memory.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::pst::bytes::{Bytes, wide};
use crate::pst::error::PstError;
use crate::pst::id::{Bid, Nid, PageRef};
use crate::pst::layout::Layout;
use crate::pst::medium::Medium;

use super::block;
use super::btree::{Pages, Tree};
use super::cache::Cache;
use super::header::Header;
use super::node::{Block, Node, Nodes};
use super::page::{self, BlockEntry, PageKind};

/// The bytes that pages of the trees may take up in memory.
const PAGES: usize = 4 << 20;
/// The bytes that blocks may take up in memory.
const BLOCKS: usize = 4 << 20;

/// An open file as nodes and blocks.
#[derive(Debug)]
pub struct Ndb {
    medium: Medium,
    header: Header,
    length: u64,
    pages: RefCell<Cache<u64, Arc<[u8]>>>,
    blocks: RefCell<Cache<Bid, Block>>,
    scratch: RefCell<Vec<u8>>,
    /// How many pages and blocks were asked for, whether they were in memory or not.
    #[cfg(any(test, feature = "simulation"))]
    asked: std::cell::Cell<u64>,
}

impl Ndb {
    /// Opens a file: reads and verifies its header.
    pub fn open(medium: Medium) -> Result<Self, PstError> {
        let mut start = [0; 564];
        let length = medium.read_at(0, &mut start)?;
        let header = Header::parse(start.get(..length).unwrap_or_default())?;
        Self::with(medium, header)
    }

    /// Opens a file whose header is known.
    pub(super) fn with(medium: Medium, header: Header) -> Result<Self, PstError> {
        let length = medium.len()?;
        Ok(Self {
            medium,
            header,
            length,
            pages: RefCell::new(Cache::new(PAGES)),
            blocks: RefCell::new(Cache::new(BLOCKS)),
            scratch: RefCell::default(),
            #[cfg(any(test, feature = "simulation"))]
            asked: std::cell::Cell::default(),
        })
    }

    /// Returns how many pages and blocks were asked for, whether they were in memory or not: what reading costs, for tests.
    #[cfg(any(test, feature = "simulation"))]
    pub fn asked(&self) -> u64 {
        self.asked.get()
    }

    #[cfg(any(test, feature = "simulation"))]
    fn count(&self) {
        self.asked.set(self.asked.get() + 1);
    }

    #[cfg(not(any(test, feature = "simulation")))]
    #[allow(clippy::unused_self, reason = "in tests it counts")]
    fn count(&self) {}

    /// Returns the header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Returns the medium.
    pub fn medium(&self) -> &Medium {
        &self.medium
    }

    /// Returns the medium for writing. Blocks and pages that a header refers to never change, so what is kept stays right; a
    /// new header is taken over with [`Ndb::turn_to`].
    pub fn medium_mut(&mut self) -> &mut Medium {
        &mut self.medium
    }

    /// Takes over a header that was written, and forgets all pages and blocks, whose places may have been given away again.
    pub fn turn_to(&mut self, header: Header) {
        self.length = header.file_end;
        self.header = header;
        self.pages.get_mut().clear();
        self.blocks.get_mut().clear();
    }

    /// Gives the medium back.
    pub fn into_medium(self) -> Medium {
        self.medium
    }

    /// Returns the node B-tree.
    pub fn node_tree(&self) -> Tree {
        Tree { kind: PageKind::Nodes, root: self.header.nodes }
    }

    /// Returns the block B-tree.
    pub fn block_tree(&self) -> Tree {
        Tree { kind: PageKind::Blocks, root: self.header.blocks }
    }

    /// Finds where a block is.
    #[allow(clippy::redundant_closure_for_method_calls, reason = "a method is not general enough")]
    pub fn block_entry(&self, bid: Bid) -> Result<Option<BlockEntry>, PstError> {
        self.block_tree().find(self, bid.key().0, |page, index| page.block(index))
    }

    /// Passes the entries of all blocks, in the order of their ids, until told to stop.
    pub fn block_entries(
        &self,
        each: &mut dyn FnMut(BlockEntry) -> ControlFlow<()>,
    ) -> Result<(), PstError> {
        self.block_tree().each(self, 0, &mut |page, index| Ok(each(page.block(index)?)))
    }

    /// Reads and verifies a page of any kind, without keeping it.
    pub fn page(&self, kind: PageKind, place: PageRef) -> Result<Arc<[u8]>, PstError> {
        let layout = &self.header.layout;
        let mut scratch = self.scratch.borrow_mut();
        let bytes = self.read(kind.structure(), place.at, layout.page, &mut scratch)?;
        page::verify(layout, kind, place, bytes).map_err(|error| self.judged(error))?;
        Ok(bytes.into())
    }

    /// Reads a block that the block B-tree knows, without keeping it.
    pub fn read_block(&self, entry: &BlockEntry) -> Result<Block, PstError> {
        let layout = &self.header.layout;
        let mut scratch = self.scratch.borrow_mut();
        let size = layout.block_size(usize::from(entry.stored));
        let bytes = self.read("block", entry.at, size, &mut scratch)?;
        block::open(layout, self.header.crypt, entry, bytes).map_err(|error| self.judged(error))
    }

    /// Says whether somebody else has written the file since it was opened. Readers have no lock, and of what they know a later
    /// transaction takes the room.
    pub fn was_written(&self) -> bool {
        let mut start = [0; 564];
        let Ok(length) = self.medium.read_at(0, &mut start) else { return false };
        let now = Header::parse(start.get(..length).unwrap_or_default());
        now.is_ok_and(|now| now.unique != self.header.unique)
    }

    /// Says whether the header in the file is not whole: then what is known of it is from the record beside the file.
    pub fn is_torn(&self) -> Result<bool, PstError> {
        let mut start = [0; 564];
        let length = self.medium.read_at(0, &mut start)?;
        Ok(Header::parse(start.get(..length).unwrap_or_default()).is_err())
    }

    /// Returns an error as it is, unless what looks like damage is what somebody else wrote meanwhile.
    fn judged(&self, error: PstError) -> PstError {
        let is_damage = matches!(error, PstError::Damaged { .. });
        if is_damage && self.was_written() { PstError::Written } else { error }
    }

    fn read<'a>(
        &self,
        structure: &'static str,
        at: u64,
        length: usize,
        scratch: &'a mut Vec<u8>,
    ) -> Result<&'a [u8], PstError> {
        if at.checked_add(wide(length)).is_none_or(|end| end > self.length) {
            let place = Bytes::new(structure, at, &[]);
            return Err(place.damaged("ib", 0, at, "lies beyond the end of the file"));
        }
        scratch.resize(length, 0);
        let read = self.medium.read_at(at, scratch)?;
        Ok(scratch.get(..read).unwrap_or_default())
    }
}

impl Pages for Ndb {
    fn layout(&self) -> &Layout {
        &self.header.layout
    }

    fn tree_page(&self, kind: PageKind, place: PageRef) -> Result<Arc<[u8]>, PstError> {
        self.count();
        let size = |page: &Arc<[u8]>| page.len();
        if let Some(page) = self.pages.borrow_mut().find(place.at, size) {
            // Kept pages were verified, but perhaps as a page of the other tree.
            page::is(&self.header.layout, kind, place, &page)?;
            return Ok(page);
        }
        let page = self.page(kind, place)?;
        self.pages.borrow_mut().keep(place.at, Arc::clone(&page), page.len());
        Ok(page)
    }
}

impl Nodes for Ndb {
    fn layout(&self) -> &Layout {
        &self.header.layout
    }

    #[allow(clippy::redundant_closure_for_method_calls, reason = "a method is not general enough")]
    fn node(&self, nid: Nid) -> Result<Option<Node>, PstError> {
        self.node_tree().find(self, nid.0.into(), |page, index| page.node(index))
    }

    fn nodes(
        &self,
        from: Nid,
        each: &mut dyn FnMut(Node) -> ControlFlow<()>,
    ) -> Result<(), PstError> {
        let from = from.0.into();
        self.node_tree().each(self, from, &mut |page, index| Ok(each(page.node(index)?)))
    }

    fn block(&self, bid: Bid) -> Result<Block, PstError> {
        self.count();
        let bid = bid.key();
        if let Some(block) = self.blocks.borrow_mut().find(bid, |block| block.len()) {
            return Ok(block);
        }
        let entry = self.block_entry(bid)?.ok_or(PstError::NoBlock { bid })?;
        let block = self.read_block(&entry)?;
        self.blocks.borrow_mut().keep(bid, block.clone(), block.len());
        Ok(block)
    }
}
