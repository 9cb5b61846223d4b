//! Nodes as the builders below ask for them, and their changes brought into a transaction (effect).

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

use crate::pst::PstError;
use crate::pst::bytes::wide;
use crate::pst::id::{Bid, Nid, NidKind};
use crate::pst::ltp::write::{
    Blocks, Changed, ContextChanges, ContextEdit, Given, TableChanges, TableEdit, TableSource,
};
use crate::pst::ndb::write::{DataChange, Transaction, WriteError};
use crate::pst::ndb::{Block, DataTree, Node, Nodes, subnode};

use super::intact::Seen;

/// The most bytes of one value that are taken into memory.
const LARGEST_VALUE: u64 = 1 << 30;

/// The data and subnodes of one node, as the file or the transaction has them now.
pub(super) struct NodeSource<'a> {
    tx: &'a Transaction<'a>,
    node: Node,
    data: OnceCell<DataTree<'a>>,
}

impl<'a> NodeSource<'a> {
    pub(super) fn open(tx: &'a Transaction<'a>, node: &Node) -> Result<Self, PstError> {
        let source = Self::unread(tx, *node);
        source.data()?;
        Ok(source)
    }

    /// Makes a source that reads nothing before it is asked: what is open already mostly has what it needs.
    pub(super) fn unread(tx: &'a Transaction<'a>, node: Node) -> Self {
        Self { tx, node, data: OnceCell::new() }
    }

    /// Opens the node's data as a property context. No ids may be given to values of other nodes before its changes are in the
    /// transaction, since it counts on from those that were given until now.
    pub(super) fn context(&self) -> Result<ContextEdit, PstError> {
        let (blocks, size) = (self.blocks()?, self.tx.layout().block_payload);
        ContextEdit::open(blocks, size, self.last_value()?, self)
    }

    /// Opens the node's data as a table. One that stays open is told what other nodes are given.
    pub(super) fn table(&self) -> Result<TableEdit, PstError> {
        let (blocks, size) = (self.blocks()?, self.tx.layout().block_payload);
        TableEdit::open(blocks, size, self.last_value()?, self)
    }

    /// Reads all of the node's data.
    pub(super) fn all(&self) -> Result<Vec<u8>, PstError> {
        self.data()?.read_all(LARGEST_VALUE)
    }

    /// Lists the subnodes.
    pub(super) fn subnodes(&self) -> Result<Vec<Node>, PstError> {
        let mut found = Vec::new();
        subnode::each(self.tx, self.node.sub, &mut |node| {
            found.push(node);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(found)
    }

    fn data(&self) -> Result<&DataTree<'a>, PstError> {
        if let Some(data) = self.data.get() {
            return Ok(data);
        }
        let data = DataTree::open(self.tx, self.node.data)?;
        Ok(self.data.get_or_init(|| data))
    }

    fn blocks(&self) -> Result<u32, PstError> {
        Ok(u32::try_from(self.data()?.blocks()).unwrap_or(u32::MAX))
    }

    /// Returns the index that was given last to a subnode with a value: as the file counts them, and not below those of this node.
    /// What changes takes the file's counter above its own that way, however they came about.
    fn last_value(&self) -> Result<u32, PstError> {
        let mut last = self.tx.highest(NidKind::VALUE);
        subnode::each(self.tx, self.node.sub, &mut |node| {
            if node.nid.kind() == NidKind::VALUE {
                last = last.max(node.nid.index());
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(last)
    }

    fn sub_data(&self, nid: Nid) -> Result<DataTree<'a>, PstError> {
        let found = subnode::find(self.tx, self.node.sub, nid)?;
        let node = found.ok_or(PstError::NoNode { nid, what: "subnode with a value" })?;
        DataTree::open(self.tx, node.data)
    }
}

impl Blocks for NodeSource<'_> {
    fn block(&self, index: u32) -> Result<Block, PstError> {
        block(self.data()?, index)
    }

    fn value(&self, nid: Nid) -> Result<Vec<u8>, PstError> {
        self.sub_data(nid)?.read_all(LARGEST_VALUE)
    }
}

impl TableSource for NodeSource<'_> {
    fn row_blocks(&self, rows: Nid) -> Result<u32, PstError> {
        Ok(u32::try_from(self.sub_data(rows)?.blocks()).unwrap_or(u32::MAX))
    }

    fn rows(&self, rows: Nid, index: u32) -> Result<Block, PstError> {
        block(&self.sub_data(rows)?, index)
    }
}

fn block(tree: &DataTree<'_>, index: u32) -> Result<Block, PstError> {
    let block = tree.block(place(index))?;
    block.ok_or(PstError::Damaged {
        structure: "HID",
        field: "hidBlockIndex",
        value: u64::from(index),
        rule: "names a block that is not there",
        at: 0,
    })
}

/// A subnode that is to be set, or, without a node, removed.
pub(super) type SubnodeChange = (Nid, Option<Node>);

/// Makes the entry of a subnode.
pub(super) fn entry(nid: Nid, data: Option<Bid>, sub: Option<Bid>) -> Node {
    Node { nid, data, sub, parent: Nid(0) }
}

/// Stores values as subnodes.
fn put_values(
    tx: &mut Transaction<'_>,
    values: &[(Nid, Vec<u8>)],
) -> Result<Vec<Node>, WriteError> {
    values.iter().map(|(nid, bytes)| Ok(entry(*nid, tx.put_data(bytes)?, None))).collect()
}

/// Stores values of a new context as subnodes; returns these and how many bytes they have together.
pub(super) fn put_given(
    tx: &mut Transaction<'_>,
    values: &[(Nid, Given<'_>)],
    scratch: &mut Vec<u8>,
) -> Result<(Vec<Node>, u64), WriteError> {
    let mut size = 0;
    let mut nodes = Vec::with_capacity(values.len() + 1);
    for (nid, value) in values {
        let value = value.stored_in(scratch);
        size += bytes(value.len());
        nodes.push(entry(*nid, tx.put_data(value)?, None));
        tx.raise(*nid);
    }
    Ok((nodes, size))
}

/// Brings the changes of a context into the transaction and returns the node as it is then. The caller sets it. An error where
/// the reader does not find in it what was not to be changed.
pub(super) fn apply_context(
    tx: &mut Transaction<'_>,
    node: Node,
    changes: ContextChanges,
    mut more: Vec<SubnodeChange>,
) -> Result<Node, WriteError> {
    let seen = Seen::of(tx, &node)?;
    let data = apply_blocks(tx, node.data, changes.heap)?;
    tx.raise(Nid::new(NidKind::VALUE, changes.last_value));
    let new = put_values(tx, &changes.values)?;
    more.extend(new.into_iter().map(|node| (node.nid, Some(node))));
    more.extend(changes.dropped_values.iter().map(|nid| (*nid, None)));
    let sub = apply_subnodes(tx, node.sub, more)?;
    let after = Node { data, sub, ..node };
    seen.is_kept(changes.touched, tx, &after)?;
    Ok(after)
}

/// Brings the changes of a table into the transaction and returns the node as it is then. The caller sets it.
pub(super) fn apply_table(
    tx: &mut Transaction<'_>,
    node: Node,
    changes: TableChanges,
) -> Result<Node, WriteError> {
    let data = apply_blocks(tx, node.data, changes.heap)?;
    let mut subnodes: Vec<SubnodeChange> = Vec::new();
    if let Some((nid, rows)) = changes.rows {
        let old = subnode::find(tx, node.sub, nid)?.and_then(|old| old.data);
        let rows = apply_blocks(tx, old, rows)?;
        subnodes.push((nid, Some(entry(nid, rows, None))));
    }
    tx.raise(Nid::new(NidKind::VALUE, changes.last_value));
    let new = put_values(tx, &changes.values)?;
    subnodes.extend(new.into_iter().map(|node| (node.nid, Some(node))));
    let dropped = changes.dropped_rows.iter().chain(&changes.dropped_values);
    subnodes.extend(dropped.map(|nid| (*nid, None)));
    let sub = apply_subnodes(tx, node.sub, subnodes)?;
    Ok(Node { data, sub, ..node })
}

fn apply_blocks(
    tx: &mut Transaction<'_>,
    tree: Option<Bid>,
    changed: Changed,
) -> Result<Option<Bid>, WriteError> {
    let before = DataTree::open(tx, tree)?.blocks();
    let total = place(changed.total);
    let mut change =
        DataChange { keep: (total < before).then_some(total), ..DataChange::default() };
    for (index, block) in changed.blocks {
        let index = place(index);
        if index < before {
            change.replace.insert(index, block);
        } else {
            change.append.push(block);
        }
    }
    if change.replace.is_empty() && change.append.is_empty() && change.keep.is_none() {
        return Ok(tree);
    }
    tx.change_data(tree, &change)
}

pub(super) fn apply_subnodes(
    tx: &mut Transaction<'_>,
    sub: Option<Bid>,
    changes: Vec<SubnodeChange>,
) -> Result<Option<Bid>, WriteError> {
    let changes: BTreeMap<Nid, Option<Node>> = changes.into_iter().collect();
    tx.change_subnodes(sub, &changes)
}

/// Blocks are numbered with fewer bits than any address has.
fn place(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Returns how many bytes of data the subnodes of a node have, and theirs, without those that are left out.
pub(super) fn size_below(
    nodes: &dyn Nodes,
    sub: Option<Bid>,
    without: &dyn Fn(Nid) -> bool,
) -> Result<u64, PstError> {
    /// Embedded messages have attachments that are messages; a deeper nest is no item.
    const DEEPEST: u8 = 16;
    /// Nor is one of so many subnodes: lists that lead to the same lists again and again have them.
    const MOST: u64 = 100_000;
    fn size(
        nodes: &dyn Nodes,
        sub: Option<Bid>,
        without: &dyn Fn(Nid) -> bool,
        (depth, seen): (u8, &mut u64),
    ) -> Result<u64, PstError> {
        if depth > DEEPEST {
            let (size, limit) = (u64::from(depth), u64::from(DEEPEST));
            return Err(PstError::TooBig { what: "nest of subnodes", size, limit });
        }
        let mut total: u64 = 0;
        subnode::each(nodes, sub, &mut |node| {
            *seen += 1;
            if *seen > MOST {
                return Err(PstError::TooBig {
                    what: "item of subnodes",
                    size: *seen,
                    limit: MOST,
                });
            }
            if !without(node.nid) {
                let own = DataTree::open(nodes, node.data)?.len();
                let below = size(nodes, node.sub, &|_| false, (depth + 1, &mut *seen))?;
                total = total.saturating_add(own).saturating_add(below);
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(total)
    }
    size(nodes, sub, without, (0, &mut 0))
}

/// Widens a count of bytes to what properties tell.
pub(super) fn told(size: u64) -> u32 {
    u32::try_from(size.min(u64::from(u32::MAX >> 1))).unwrap_or_default()
}

/// Widens a length.
pub(super) fn bytes(length: usize) -> u64 {
    wide(length)
}
