//! Compacting into a copy (effect): node by node and block by block, none of it interpreted, so that what nobody understands
//! comes along as well. What nothing refers to stays behind, and with it the room that it took.
//!
//! Blocks get new ids and places; nodes keep theirs, and the header its counters, its encoding and its unexplained bytes. The
//! copy is compared with the original before it gets its name.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::path::Path;

use super::create::{NewFile, refuse_existing};
use super::error::WriteError;
use super::open::refuse_kinds;
use super::references::places;
use super::transaction::Transaction;
use super::{Settings, lock};
use crate::pst::bytes::wide;
use crate::pst::error::PstError;
use crate::pst::id::{Bid, Nid};
use crate::pst::medium::Medium;
use crate::pst::ndb::file::Ndb;
use crate::pst::ndb::node::{Node, Nodes};
use crate::pst::ndb::page::BlockEntry;

/// What came of compacting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compacted {
    /// How long the original is, in bytes.
    pub before: u64,
    /// How long the copy is, in bytes.
    pub after: u64,
    /// How many nodes were copied.
    pub nodes: u64,
}

/// Copies what is in a file into a new one that has no holes. The original is only read; where somebody writes it meanwhile there is no
/// copy, which would lack what was written.
pub fn compact(original: &Path, copy: &Path, settings: &Settings) -> Result<Compacted, WriteError> {
    refuse_existing(copy)?;
    let from = Ndb::opened(Medium::from(lock::read(original)?), original)?;
    of_open(&from, original, copy, settings)
}

fn of_open(
    from: &Ndb,
    original: &Path,
    copy: &Path,
    settings: &Settings,
) -> Result<Compacted, WriteError> {
    refuse_kinds(from.header())?;
    let before = from.medium().len()?;
    let mut to = NewFile::begin_like(copy, from.header(), settings)?;
    // What is free in the original is not copied, as far as its maps can be believed.
    let free = if from.header().maps_valid == 0 { 0 } else { from.header().free };
    to.ask_for_room(before.saturating_sub(free))?;
    let mut copying = Copying { from, known: HashMap::new(), budget: before, in_batch: 0 };
    let mut nodes = 0;
    let mut next = Some(Nid(0));
    while let Some(first) = next {
        let mut batch = to.change()?;
        let (copied, rest) = copying.batch(&mut batch, first)?;
        batch.commit()?;
        nodes += copied;
        next = rest;
    }
    compare(from, to.nodes()?)?;
    lock::read(original)?;
    if from.was_written() {
        return Err(PstError::Written.into());
    }
    let file = to.finish()?;
    let after = file.nodes().medium().len()?;
    file.close()?;
    Ok(Compacted { before, after, nodes })
}

/// How many nodes go into a transaction, and after how many bytes it ends earlier: a bound of the memory it takes.
const NODES: usize = 4096;
const BYTES: u64 = 64 << 20;

/// How deep blocks may lie below each other. An attached message takes two levels, and nobody attaches so many to each other.
const DEEPEST: u8 = 100;

struct Copying<'a> {
    from: &'a Ndb,
    /// The copies of blocks that are referred to from several places.
    known: HashMap<Bid, Bid>,
    /// How many bytes may be copied more often than they are in the file, which damaged counts of references lead to.
    budget: u64,
    in_batch: u64,
}

impl Copying<'_> {
    /// Copies some nodes; returns how many, and where to go on.
    fn batch(
        &mut self,
        to: &mut Transaction<'_>,
        first: Nid,
    ) -> Result<(u64, Option<Nid>), WriteError> {
        self.in_batch = 0;
        let nodes = some_nodes(self.from, first)?;
        let mut copied = 0;
        for node in nodes {
            let data = node.data.map(|bid| self.block(to, bid, 0)).transpose()?;
            let sub = node.sub.map(|bid| self.block(to, bid, 0)).transpose()?;
            to.set_node(Node { data, sub, ..node })?;
            copied += 1;
            if self.in_batch >= BYTES || copied == wide(NODES) {
                return Ok((copied, after(node.nid)));
            }
        }
        // A full list of nodes ends above.
        Ok((copied, None))
    }

    /// Copies a block with all that it refers to, unless that was done; returns the copy.
    fn block(&mut self, to: &mut Transaction<'_>, bid: Bid, depth: u8) -> Result<Bid, WriteError> {
        let bid = bid.key();
        if let Some(copy) = self.known.get(&bid) {
            return Ok(*copy);
        }
        let entry = entry(self.from, bid, depth)?;
        let block = self.from.read_block(&entry)?;
        let size = wide(block.len());
        self.in_batch += size;
        self.budget = self.budget.checked_sub(size).ok_or(WriteError::Uncounted { bid })?;
        let copy = if bid.is_internal() {
            let mut bytes = block.to_vec();
            for (at, child) in places(&block)? {
                let copy = self.block(to, child, depth + 1)?;
                let copy = to.refer(copy)?.0.to_le_bytes();
                if let Some(place) = bytes.get_mut(at..at + copy.len()) {
                    place.copy_from_slice(&copy);
                }
            }
            to.put_block(&bytes, true)?
        } else {
            to.put_block(&block, false)?
        };
        if is_shared(&entry) {
            self.known.insert(bid, copy);
        }
        Ok(copy)
    }
}

/// Says whether a block is referred to from more than one place; the entry itself counts as well.
fn is_shared(entry: &BlockEntry) -> bool {
    entry.references > 2
}

fn after(nid: Nid) -> Option<Nid> {
    nid.0.checked_add(1).map(Nid)
}

/// Finds a block that a node or another block refers to.
fn entry(ndb: &Ndb, bid: Bid, depth: u8) -> Result<BlockEntry, PstError> {
    if depth > DEEPEST {
        let (size, limit) = (depth.into(), DEEPEST.into());
        return Err(PstError::TooBig { what: "a tree of blocks", size, limit });
    }
    ndb.block_entry(bid)?.ok_or(PstError::NoBlock { bid })
}

/// Returns nodes from an id on, as many as go into a transaction.
fn some_nodes(ndb: &Ndb, first: Nid) -> Result<Vec<Node>, PstError> {
    let mut nodes = Vec::new();
    ndb.nodes(first, &mut |node| {
        nodes.push(node);
        if nodes.len() < NODES { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    Ok(nodes)
}

/// Reads both files and sees to it that all nodes hold the same.
fn compare(original: &Ndb, copy: &Ndb) -> Result<(), WriteError> {
    let mut comparing = Comparing { original, copy, equal: HashSet::new() };
    let mut next = Some(Nid(0));
    while let Some(first) = next {
        let (nodes, others) = (some_nodes(original, first)?, some_nodes(copy, first)?);
        for (index, node) in nodes.iter().enumerate() {
            let unlike = WriteError::Unlike { nid: node.nid };
            let Some(other) = others.get(index) else { return Err(unlike) };
            let same = node.nid == other.nid
                && node.parent == other.parent
                && comparing.same(node.data, other.data, 0)?
                && comparing.same(node.sub, other.sub, 0)?;
            if !same {
                return Err(unlike);
            }
        }
        if let Some(more) = others.get(nodes.len()) {
            return Err(WriteError::Unlike { nid: more.nid });
        }
        next = nodes.last().filter(|_| nodes.len() == NODES).and_then(|last| after(last.nid));
    }
    Ok(())
}

struct Comparing<'a> {
    original: &'a Ndb,
    copy: &'a Ndb,
    /// Blocks that are referred to from several places, with copies that hold the same.
    equal: HashSet<(Bid, Bid)>,
}

impl Comparing<'_> {
    /// Says whether two blocks hold the same, and what they refer to as well.
    fn same(&mut self, one: Option<Bid>, other: Option<Bid>, depth: u8) -> Result<bool, PstError> {
        let (Some(one), Some(other)) = (one, other) else { return Ok(one == other) };
        let (one, other) = (one.key(), other.key());
        if one.is_internal() != other.is_internal() {
            return Ok(false);
        }
        if self.equal.contains(&(one, other)) {
            return Ok(true);
        }
        let (first, second) = (entry(self.original, one, depth)?, entry(self.copy, other, depth)?);
        let (block, copy) = (self.original.read_block(&first)?, self.copy.read_block(&second)?);
        let same = if one.is_internal() {
            let (children, copied) = (places(&block)?, places(&copy)?);
            let mut same = children.len() == copied.len()
                && without(&block, &children) == without(&copy, &copied);
            for ((_, child), (_, copied)) in children.iter().zip(&copied) {
                same = same && self.same(Some(*child), Some(*copied), depth + 1)?;
            }
            same
        } else {
            *block == *copy
        };
        if same && is_shared(&first) {
            self.equal.insert((one, other));
        }
        Ok(same)
    }
}

/// Returns the bytes of a list with zeros in place of what it refers to.
fn without(block: &[u8], places: &[(usize, Bid)]) -> Vec<u8> {
    let mut bytes = block.to_vec();
    for (at, _) in places {
        bytes.iter_mut().skip(*at).take(size_of::<Bid>()).for_each(|byte| *byte = 0);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::super::Writer;
    use super::{
        Medium, Ndb, NewFile, Nid, Node, PstError, Settings, WriteError, compact, lock, of_open,
    };

    /// A run is not kept from a file that is being compacted, and a copy that lacks what it wrote does not come to be.
    #[test]
    fn a_run_goes_before_a_compaction() {
        let folder = tempfile::tempdir().unwrap();
        let (path, copy) = (folder.path().join("a.pst"), folder.path().join("b.pst"));
        let settings = Settings::default();
        NewFile::begin(&path, &settings).unwrap().finish().unwrap().close().unwrap();
        let from = Ndb::opened(Medium::from(lock::read(&path).unwrap()), &path).unwrap();
        let mut writer = Writer::open(&path, &settings, &|_| Ok(false)).unwrap();
        let compacted = |from| of_open(from, &path, &copy, &settings).unwrap_err();
        assert!(matches!(compacted(&from), WriteError::InUse { .. }), "it is going to write");
        let mut batch = writer.begin().unwrap();
        let data = batch.put_data(b"new").unwrap();
        let (nid, parent) = (Nid(0x20_0024), Nid::ROOT_FOLDER);
        batch.set_node(Node { nid, data, sub: None, parent }).unwrap();
        batch.commit().unwrap();
        writer.close().unwrap();
        assert!(matches!(compacted(&from), WriteError::Pst(PstError::Written)));
        assert_eq!(folder.path().read_dir().unwrap().count(), 1, "nothing is left of it");
        assert!(compact(&path, &copy, &settings).is_ok());
    }
}
