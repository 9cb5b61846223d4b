//! For tests of damage: reading and writing all that a file has, and bending what is read behind its checksums (effect).
//!
//! A flipped byte in a file fails a checksum, so the layers above never see it. [`Bent`] flips bytes after the checksums were
//! verified: of a block as it is decoded, or of a page of a tree.

use std::cell::Cell;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::ops::ControlFlow;
use std::sync::Arc;

use super::crc::crc;
use super::error::PstError;
use super::id::{Bid, Nid, NidKind, PageRef};
use super::layout::Layout;
use super::messaging::write::{Batch, ItemChange};
use super::messaging::{Attachment, Item, Store};
use super::ndb::write::{WriteError, Writer};
use super::ndb::{Block, DataTree, Ndb, Node, Nodes, PageKind, Pages};
use crate::mapi::entry::{OneOff, StoreEntry};
use crate::mapi::recurrence::{AppointmentRecurrence, RecurrencePattern};
use crate::mapi::zone::{ZoneDefinition, ZoneRule};
use crate::mapi::{FileTime, Value, property};

/// The most bytes of one value that are read here.
const LIMIT: u64 = 64 << 20;

/// Reads everything: the data of all nodes, then folders, items with their properties, texts, recipients and attachments, and series,
/// zones and addresses in any value that could be one.
/// Returns a number that stands for all of it within this process, or the first error.
pub fn read_everything<N: Nodes>(store: &Store<N>) -> Result<u64, PstError> {
    let mut digest = DefaultHasher::new();
    let nodes: &dyn Nodes = store.nodes();
    let mut all = Vec::new();
    nodes.nodes(Nid(0), &mut |node| {
        all.push(node);
        ControlFlow::Continue(())
    })?;
    for node in &all {
        (node.nid.0, node.parent.0).hash(&mut digest);
        let tree = DataTree::open(nodes, node.data)?;
        tree.read_all(LIMIT)?.hash(&mut digest);
    }
    store.record_key()?.hash(&mut digest);
    for below in store.folders_below(Nid::ROOT_FOLDER)? {
        let (depth, nid) = below.whole()?;
        let folder = store.folder(nid)?;
        (depth, nid.0, folder.name()?, folder.class()?).hash(&mut digest);
        if nid.kind() == NidKind::SEARCH_FOLDER {
            continue;
        }
        for row in folder.items()? {
            (row.nid.0, row.version, row.size).hash(&mut digest);
            read_item(&store.item(row.nid)?, &mut digest)?;
        }
    }
    Ok(digest.finish())
}

fn read_item(item: &Item<'_>, digest: &mut DefaultHasher) -> Result<(), PstError> {
    let properties = item.properties().properties()?;
    format!("{properties:?}").hash(digest);
    properties
        .iter()
        .filter_map(|(_, value)| value.as_bytes())
        .for_each(|bytes| blobs(bytes, digest));
    format!("{:?}", item.body()?).hash(digest);
    format!("{:?}", item.recipients()?).hash(digest);
    for attachment in item.attachments()? {
        attachment.name()?.hash(digest);
        if let Some(chunks) = attachment.data()? {
            for chunk in chunks {
                chunk?.hash(digest);
            }
        }
        if let Some(item) = attachment.item()? {
            read_item(&item, digest)?;
        }
    }
    Ok(())
}

/// Reads and writes again what bytes are as each of the blobs that items have. That they are none of them is no error: what a program
/// puts into a value of its own is its affair.
fn blobs(bytes: &[u8], digest: &mut DefaultHasher) {
    AppointmentRecurrence::parse(bytes).map(|series| series.to_bytes()).ok().hash(digest);
    RecurrencePattern::parse(bytes).map(|series| series.to_bytes()).ok().hash(digest);
    ZoneDefinition::parse(bytes).map(|zone| zone.to_bytes()).ok().hash(digest);
    ZoneRule::parse(bytes).map(|rule| rule.to_bytes()).ok().hash(digest);
    OneOff::parse(bytes).map(|entry| entry.map(|entry| entry.to_bytes())).ok().hash(digest);
    StoreEntry::parse(bytes).map(StoreEntry::to_bytes).ok().hash(digest);
}

/// Changes items, moves them to Deleted Items and erases them, each in a batch of its own, and says how often that was done and how
/// often refused. A few of each folder stand for the others.
pub fn write_everything(file: &mut Writer) -> Result<(u64, u64), PstError> {
    type Work = fn(&mut Batch<'_>, Nid, &ItemChange) -> Result<(), WriteError>;
    const FEW: usize = 3;
    const WORKS: [Work; 3] = [
        |batch, nid, change| batch.change_item(nid, change),
        |batch, nid, _| batch.delete_item(nid),
        |batch, nid, _| batch.erase_item(nid),
    ];
    let mut items = Vec::new();
    let store = Store::new(file.nodes());
    for below in store.folders_below(Nid::ROOT_FOLDER)? {
        let (_, folder) = below.whole()?;
        if folder.kind() == NidKind::FOLDER {
            items.extend(store.folder(folder)?.items()?.into_iter().map(|row| row.nid).take(FEW));
        }
    }
    drop(store);
    let (mut done, mut refused) = (0, 0);
    for nid in items {
        let mut change = ItemChange::default();
        change.set.set(property::BODY, Value::String("changed ".repeat(2_000)));
        // Every attachment goes, as the message of an occurrence does that is as in its series again.
        let attachments = Store::new(file.nodes())
            .item(nid)
            .and_then(|item| Ok(item.attachments()?.iter().map(Attachment::nid).collect()));
        change.dropped = attachments.unwrap_or_default();
        for work in WORKS {
            let batch = Batch::begin(file, FileTime(134_000_000_000_000_000));
            let outcome = batch.and_then(|mut batch| {
                work(&mut batch, nid, &change)?;
                batch.commit()
            });
            match outcome {
                Ok(()) => done += 1,
                Err(_) => refused += 1,
            }
        }
    }
    Ok((done, refused))
}

/// A page of a tree or a block in a Unicode file, whose checksum is mended when it is bent.
#[derive(Clone, Copy, Debug)]
pub struct Piece {
    at: usize,
    /// How many bytes the checksum is over.
    pub length: usize,
    /// Where the checksum stands.
    sum: usize,
}

impl Piece {
    /// Lists the pages of the trees and all blocks.
    pub fn all(ndb: &Ndb) -> Result<Vec<Self>, PstError> {
        let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
        let mut pieces = Vec::new();
        for tree in [ndb.node_tree(), ndb.block_tree()] {
            tree.pages(ndb, &mut |page, _| {
                let at = place(page.at);
                pieces.push(Self { at, length: 496, sum: at + 500 });
                Ok::<_, PstError>(())
            })?;
        }
        ndb.block_entries(&mut |entry| {
            let (at, length) = (place(entry.at), usize::from(entry.stored));
            // MS-PST 2.2.2.8.1: the last 16 bytes of the 64 that a block ends with.
            let trailer = at + (length + 16).next_multiple_of(64) - 16;
            pieces.push(Self { at, length, sum: trailer + 4 });
            ControlFlow::Continue(())
        })?;
        Ok(pieces)
    }

    /// Flips bits of a byte in the file, and mends the checksum over it.
    pub fn bend(&self, file: &mut [u8], at: usize, bits: u8) {
        if let Some(byte) = file.get_mut(self.at + at % self.length.max(1)) {
            *byte ^= bits;
        }
        let sum = file.get(self.at..self.at + self.length).map(crc).unwrap_or_default();
        if let Some(place) = file.get_mut(self.sum..self.sum + 4) {
            place.copy_from_slice(&sum.to_le_bytes());
        }
    }
}

/// What is bent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A block, by its id.
    Block(Bid),
    /// A page of a tree, by its offset in the file.
    Page(u64),
}

/// A byte to flip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bend {
    /// In what.
    pub target: Target,
    /// Where in it; counted around where it is shorter.
    pub at: usize,
    /// The bits to flip.
    pub bits: u8,
}

/// A file of which bytes are flipped behind the checksums, and that stops after so many reads.
#[derive(Debug)]
pub struct Bent<'a> {
    ndb: &'a Ndb,
    bends: Vec<Bend>,
    most: u64,
    left: Cell<u64>,
}

impl<'a> Bent<'a> {
    /// Bends what is read from a file; after `reads` pages and blocks everything is an error.
    pub fn new(ndb: &'a Ndb, bends: Vec<Bend>, reads: u64) -> Self {
        Self { ndb, bends, most: reads, left: Cell::new(reads) }
    }

    /// Says whether so much was read that something must be going in circles.
    pub fn is_spent(&self) -> bool {
        self.left.get() == 0
    }

    fn spend(&self) -> Result<(), PstError> {
        let left = self.left.get();
        if left == 0 {
            let (what, size) = ("number of pages and blocks read", self.most.saturating_add(1));
            return Err(PstError::TooBig { what, size, limit: self.most });
        }
        self.left.set(left - 1);
        Ok(())
    }

    fn bend(&self, target: Target, bytes: &[u8]) -> Option<Arc<[u8]>> {
        let bends = || self.bends.iter().filter(|bend| bend.target == target);
        bends().next()?;
        let mut bytes = bytes.to_vec();
        let length = bytes.len().max(1);
        for bend in bends() {
            if let Some(byte) = bytes.get_mut(bend.at % length) {
                *byte ^= bend.bits;
            }
        }
        Some(bytes.into())
    }
}

impl Pages for Bent<'_> {
    fn layout(&self) -> &Layout {
        Pages::layout(self.ndb)
    }

    fn tree_page(&self, kind: PageKind, place: PageRef) -> Result<Arc<[u8]>, PstError> {
        self.spend()?;
        let page = self.ndb.tree_page(kind, place)?;
        Ok(self.bend(Target::Page(place.at), &page).unwrap_or(page))
    }
}

impl Nodes for Bent<'_> {
    fn layout(&self) -> &Layout {
        Nodes::layout(self.ndb)
    }

    #[allow(clippy::redundant_closure_for_method_calls, reason = "a method is not general enough")]
    fn node(&self, nid: Nid) -> Result<Option<Node>, PstError> {
        self.ndb.node_tree().find(self, nid.0.into(), |page, index| page.node(index))
    }

    fn nodes(
        &self,
        from: Nid,
        each: &mut dyn FnMut(Node) -> ControlFlow<()>,
    ) -> Result<(), PstError> {
        let from = from.0.into();
        self.ndb.node_tree().each(self, from, &mut |page, index| Ok(each(page.node(index)?)))
    }

    #[allow(clippy::redundant_closure_for_method_calls, reason = "a method is not general enough")]
    fn block(&self, bid: Bid) -> Result<Block, PstError> {
        self.spend()?;
        let bid = bid.key();
        let found = self.ndb.block_tree().find(self, bid.0, |page, index| page.block(index))?;
        let block = self.ndb.read_block(&found.ok_or(PstError::NoBlock { bid })?)?;
        Ok(match self.bend(Target::Block(bid), &block) {
            Some(bent) => Block::new(block.at(), bent),
            None => block,
        })
    }
}
