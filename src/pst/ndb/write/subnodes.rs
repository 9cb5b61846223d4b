//! Lists of subnodes, written and changed list by list (effect). MS-PST 2.2.2.8.3.3.

use std::collections::BTreeMap;

use super::error::WriteError;
use super::references::children;
use super::transaction::Transaction;
use crate::pst::bytes::wide;
use crate::pst::error::PstError;
use crate::pst::id::{Bid, Nid};
use crate::pst::layout::Layout;
use crate::pst::ndb::node::{Node, Nodes};

const ENTRY: usize = Layout::UNICODE.subnode_entry;
const HEAD: usize = Layout::UNICODE.list_header;

/// An entry as it is stored: id, data, subnodes. Of the id, the upper half means nothing and is kept.
type Entry = [u8; ENTRY];

/// A list of subnodes that exists, or is to be made.
enum List {
    /// It stays as it is.
    Kept { first: u32, bid: Bid },
    /// Its entries, some of which changed.
    Changed(Vec<Entry>),
}

impl Transaction<'_> {
    /// Writes the subnodes of a node; `None` when there are none. Parents are not stored. The order does not matter, but no
    /// id may be there twice.
    pub fn put_subnodes(&mut self, subnodes: &[Node]) -> Result<Option<Bid>, WriteError> {
        if let [only] = subnodes {
            // Most items have no other than their recipients.
            let mut list = [0; HEAD + ENTRY];
            (list[0], list[2]) = (2, 1);
            let entry = self.subnode_entry(&[], *only)?;
            if let Some(to) = list.last_chunk_mut() {
                *to = entry;
            }
            return self.put_block(&list, true).map(Some);
        }
        let mut sorted = subnodes.to_vec();
        sorted.sort_unstable_by_key(|node| node.nid);
        if !sorted.is_sorted_by(|before, next| before.nid < next.nid) {
            let what = "a subnode is there twice among so many";
            return Err(WriteError::NotAllowed { what, value: wide(subnodes.len()) });
        }
        let mut entries = Vec::with_capacity(sorted.len());
        for node in sorted {
            entries.push(self.subnode_entry(&[], node)?);
        }
        let mut lists = Vec::new();
        self.put_subnode_lists(&mut entries, &mut lists)?;
        self.lead_to(&lists)
    }

    /// Adds, replaces and removes subnodes, and returns what the node is to refer to from now on; `None` when none is left.
    /// Only the lists that change are written. The subnodes as they were stay until no node refers to them.
    pub fn change_subnodes(
        &mut self,
        sub: Option<Bid>,
        changes: &BTreeMap<Nid, Option<Node>>,
    ) -> Result<Option<Bid>, WriteError> {
        if changes.is_empty() {
            return Ok(sub);
        }
        let lists = self.subnode_lists(sub, changes)?;
        let mut made: Vec<(u32, Bid)> = Vec::new();
        let mut waiting: Vec<Entry> = Vec::new();
        for list in lists {
            match list {
                List::Changed(entries) => waiting.extend(entries),
                List::Kept { first, bid } => {
                    self.put_subnode_lists(&mut waiting, &mut made)?;
                    made.push((first, bid));
                }
            }
        }
        self.put_subnode_lists(&mut waiting, &mut made)?;
        self.lead_to(&made)
    }

    /// Returns what leads to some lists.
    fn lead_to(&mut self, lists: &[(u32, Bid)]) -> Result<Option<Bid>, WriteError> {
        match lists {
            [] => Ok(None),
            [(_, bid)] => Ok(Some(*bid)),
            lists if lists.len() > Layout::UNICODE.sublists_in_list() => {
                let what = "so many lists of subnodes are too many";
                Err(WriteError::NotAllowed { what, value: wide(lists.len()) })
            }
            lists => self.put_list_of_lists(lists).map(Some),
        }
    }

    /// Returns the lists that there are, those that changes belong to with the changes made.
    fn subnode_lists(
        &mut self,
        sub: Option<Bid>,
        changes: &BTreeMap<Nid, Option<Node>>,
    ) -> Result<Vec<List>, WriteError> {
        let mut changes = changes.iter().peekable();
        let lists = self.lists_below(sub)?;
        let mut found = Vec::with_capacity(lists.len());
        for (index, (first, bid)) in lists.iter().enumerate() {
            let end = lists.get(index + 1).map(|(next, _)| *next);
            let is_below = |nid: &Nid| end.is_none_or(|end| nid.0 < end);
            if !changes.peek().is_some_and(|(nid, _)| is_below(nid)) {
                found.push(List::Kept { first: *first, bid: *bid });
                continue;
            }
            let mut entries = Vec::new();
            for entry in self.entries(*bid)? {
                let nid = Nid(low(entry));
                while let Some((_, new)) = changes.next_if(|(other, _)| **other < nid) {
                    self.add_entry(&[], *new, &mut entries)?;
                }
                if let Some((_, new)) = changes.next_if(|(other, _)| **other == nid) {
                    let before: Vec<Bid> = refs(&entry).collect();
                    self.add_entry(&before, *new, &mut entries)?;
                } else {
                    refs(&entry).for_each(|bid| self.references.raise(bid));
                    entries.push(entry);
                }
            }
            while let Some((_, new)) = changes.next_if(|(nid, _)| is_below(nid)) {
                self.add_entry(&[], *new, &mut entries)?;
            }
            found.push(List::Changed(entries));
        }
        let mut entries = Vec::new();
        for (_, new) in changes {
            self.add_entry(&[], *new, &mut entries)?;
        }
        found.push(List::Changed(entries));
        Ok(found)
    }

    /// Adds an entry for a subnode, unless that goes.
    fn add_entry(
        &mut self,
        before: &[Bid],
        node: Option<Node>,
        to: &mut Vec<Entry>,
    ) -> Result<(), WriteError> {
        let entry = node.map(|node| self.subnode_entry(before, node)).transpose()?;
        to.extend(entry);
        Ok(())
    }

    /// Makes an entry in the place of one that referred to some blocks, and counts what it refers to.
    fn subnode_entry(&mut self, before: &[Bid], node: Node) -> Result<Entry, WriteError> {
        let mut entry = [0; ENTRY];
        let (nid, bids) = entry.split_at_mut(8);
        nid.copy_from_slice(&u64::from(node.nid.0).to_le_bytes());
        for (to, bid) in bids.as_chunks_mut().0.iter_mut().zip([node.data, node.sub]) {
            let bid = match bid.map(Bid::key) {
                None => continue,
                // The list as it was goes as soon as no node refers to it, so this is no reference more.
                Some(bid) if before.contains(&bid) => {
                    self.references.raise(bid);
                    bid
                }
                Some(bid) => self.refer(bid)?,
            };
            *to = bid.0.to_le_bytes();
        }
        Ok(entry)
    }

    /// Writes as many lists as some entries take; the entries' blocks are counted already.
    fn put_subnode_lists(
        &mut self,
        entries: &mut Vec<Entry>,
        made: &mut Vec<(u32, Bid)>,
    ) -> Result<(), WriteError> {
        let most = Layout::UNICODE.subnodes_in_list();
        for entries in std::mem::take(entries).chunks(most) {
            let count = u16::try_from(entries.len()).unwrap_or(u16::MAX);
            let mut bytes = Vec::with_capacity(HEAD + size_of_val(entries));
            bytes.extend_from_slice(&[2, 0]);
            bytes.extend_from_slice(&count.to_le_bytes());
            bytes.resize(HEAD, 0);
            bytes.extend_from_slice(entries.as_flattened());
            let first = entries.first().map(low).unwrap_or_default();
            made.push((first, self.put_block(&bytes, true)?));
        }
        Ok(())
    }

    fn put_list_of_lists(&mut self, lists: &[(u32, Bid)]) -> Result<Bid, WriteError> {
        let count = u16::try_from(lists.len()).unwrap_or(u16::MAX);
        let mut bytes = vec![2, 1];
        bytes.extend(count.to_le_bytes());
        bytes.resize(HEAD, 0);
        for (first, bid) in lists {
            bytes.extend(u64::from(*first).to_le_bytes());
            bytes.extend(bid.0.to_le_bytes());
            self.references.raise(*bid);
        }
        self.put_block(&bytes, true)
    }

    /// Returns the lists of entries, each with its first id.
    fn lists_below(&self, sub: Option<Bid>) -> Result<Vec<(u32, Bid)>, WriteError> {
        let Some(sub) = sub else { return Ok(Vec::new()) };
        let block = self.block(sub)?;
        let bids = children(&block)?;
        match (block.first(), block.get(1)) {
            (Some(2), Some(0)) => Ok(vec![(0, sub)]),
            (Some(2), Some(1)) => {
                let size = Layout::UNICODE.sublist_entry;
                let firsts = block.get(HEAD..).unwrap_or_default().chunks_exact(size).map(low);
                Ok(firsts.zip(bids).collect())
            }
            _ => Err(not_subnodes(block.at()).into()),
        }
    }

    /// Returns the entries of a list.
    fn entries(&self, bid: Bid) -> Result<Vec<Entry>, WriteError> {
        let block = self.block(bid)?;
        if block.get(..2) != Some(&[2, 0]) {
            return Err(not_subnodes(block.at()).into());
        }
        // The number of entries was checked when their blocks were listed.
        children(&block)?;
        let count = block.get(2..4).and_then(<[u8]>::first_chunk).copied().map(u16::from_le_bytes);
        let (entries, _) = block.get(HEAD..).unwrap_or_default().as_chunks();
        Ok(entries.iter().take(count.unwrap_or_default().into()).copied().collect())
    }
}

fn not_subnodes(at: u64) -> PstError {
    PstError::Damaged {
        structure: "SLBLOCK",
        field: "btype",
        value: 0,
        rule: "is no list of subnodes",
        at,
    }
}

/// Returns the lower half of the id that an entry begins with.
fn low(entry: impl AsRef<[u8]>) -> u32 {
    entry.as_ref().first_chunk().copied().map_or(0, u32::from_le_bytes)
}

/// Returns the blocks that an entry refers to.
fn refs(entry: &Entry) -> impl Iterator<Item = Bid> {
    let words = entry.as_chunks().0.iter().skip(1);
    words.filter_map(|word| Bid::reference(u64::from_le_bytes(*word)))
}
