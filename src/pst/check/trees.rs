//! Pages, blocks and references (effect). MS-PST 2.2.2.7 and 2.2.2.8.

use std::collections::HashMap;

use super::report::Report;
use crate::pst::bytes::Bytes;
use crate::pst::id::{Bid, Nid, NidKind, PageRef};
use crate::pst::ndb::{BlockEntry, Ndb, Node, Nodes as _, PageKind, TreePage};

/// What the two trees lead to.
#[derive(Default)]
pub(super) struct Found {
    /// Places that are taken: offset and length in bytes.
    pub(super) taken: Vec<(u64, u64)>,
    pub(super) nodes: Vec<Node>,
}

struct Counted {
    said: u16,
    found: u32,
}

/// Walks both trees, opens every block and counts who refers to it.
pub(super) fn check(ndb: &Ndb, report: &mut Report) -> Found {
    let header = ndb.header();
    let mut found = Found::default();
    let mut blocks: HashMap<Bid, Counted> = HashMap::new();
    let mut entries: Vec<BlockEntry> = Vec::new();
    let mut last = None;
    walk(ndb, PageKind::Blocks, report, &mut found, &mut |report, page, index| {
        if let Some(entry) = report.take("leaf of the block tree", page.block(index)) {
            if last.is_some_and(|last| last >= entry.bid) {
                report.error(format!("block {}", entry.bid), "is not in its place in the tree");
            }
            last = Some(entry.bid);
            entries.push(entry);
        }
    });
    for entry in &entries {
        report.blocks += 1;
        let place = format!("block {}", entry.bid);
        if entry.bid >= header.next_block {
            report.error(&place, "has an id that is still to be given (bidNextB)");
        }
        if !entry.at.is_multiple_of(unit(ndb)) {
            report.error(&place, format!("begins at {:#x}, which is between two slots", entry.at));
        }
        let length = ndb.layout().block_size(entry.stored.into());
        found.taken.push((entry.at, u64::try_from(length).unwrap_or(u64::MAX)));
        // The entry itself counts as a reference.
        blocks.insert(entry.bid, Counted { said: entry.references, found: 1 });
        report.take(&place, ndb.read_block(entry));
    }
    let mut nodes = Vec::new();
    let mut last: Option<Nid> = None;
    walk(ndb, PageKind::Nodes, report, &mut found, &mut |report, page, index| {
        if let Some(node) = report.take("leaf of the node tree", page.node(index)) {
            if last.is_some_and(|last| last >= node.nid) {
                report.error(format!("node {}", node.nid), "is not in its place in the tree");
            }
            last = Some(node.nid);
            nodes.push(node);
        }
    });
    for node in &nodes {
        report.nodes += 1;
        let kind = node.nid.kind();
        let index = usize::try_from(kind.bits()).unwrap_or(0);
        let highest = header.highest.get(index).copied().unwrap_or(0);
        // Single nodes of the store have fixed ids.
        if kind != NidKind::INTERNAL && node.nid.index() > highest {
            let text =
                format!("has an index above the {highest:#x} that rgnid says was given last");
            report.error(format!("node {}", node.nid), text);
        }
        for bid in [node.data, node.sub].into_iter().flatten() {
            refer(ndb, bid, &mut blocks, report);
        }
    }
    for (bid, counted) in &blocks {
        if u32::from(counted.said) != counted.found {
            let text = format!("says {} references and has {}", counted.said, counted.found);
            report.error(format!("block {bid}"), text);
        }
    }
    found.nodes = nodes;
    found
}

/// The slot that blocks begin at: 64 bytes, or 512 in files with large pages.
pub(super) fn unit(ndb: &Ndb) -> u64 {
    u64::try_from(ndb.layout().unit).unwrap_or(64)
}

/// Passes every entry of the leaves.
fn walk(
    ndb: &Ndb,
    kind: PageKind,
    report: &mut Report,
    found: &mut Found,
    each: &mut dyn FnMut(&mut Report, &TreePage<'_>, usize),
) {
    let root = if kind == PageKind::Nodes { ndb.node_tree().root } else { ndb.block_tree().root };
    below(ndb, (kind, root), None, report, found, each);
}

/// Goes down by recursion, which the falling levels bound. `above` is what the page above says: level and first key.
fn below(
    ndb: &Ndb,
    (kind, place): (PageKind, PageRef),
    above: Option<(u8, u64)>,
    report: &mut Report,
    found: &mut Found,
    each: &mut dyn FnMut(&mut Report, &TreePage<'_>, usize),
) {
    let name = format!("{} at {:#x}", kind.structure(), place.at);
    let Some(bytes) = report.take(&name, ndb.page(kind, place)) else { return };
    report.pages += 1;
    found.taken.push((place.at, u64::try_from(bytes.len()).unwrap_or(u64::MAX)));
    if place.id >= ndb.header().next_page {
        report.error(&name, "has an id that is still to be given (bidNextP)");
    }
    let layout = ndb.layout();
    let Some(page) = report.take(&name, TreePage::parse(layout, kind, place.at, &bytes)) else {
        return;
    };
    if page.count == 0 && above.is_some() {
        report.error(&name, "is empty");
    }
    if let Some((level, key)) = above {
        if page.level != level {
            report.error(&name, format!("is on level {} where {level} was expected", page.level));
            return;
        }
        if page.count > 0 && page.key(0).is_ok_and(|first| low(kind, first) != low(kind, key)) {
            report.error(&name, "does not begin with the key that the page above gives for it");
        }
    }
    for index in 0..page.count {
        if page.level == 0 {
            each(report, &page, index);
            continue;
        }
        let (Ok(key), Ok(child)) = (page.key(index), page.child(index)) else { continue };
        below(ndb, (kind, child), Some((page.level - 1, key)), report, found, each);
    }
}

/// Of the key of a node only 32 bits count.
fn low(kind: PageKind, key: u64) -> u64 {
    if kind == PageKind::Nodes { key & 0xFFFF_FFFF } else { key }
}

/// Counts a reference, and with the first one those of the list that the block may be.
fn refer(ndb: &Ndb, bid: Bid, blocks: &mut HashMap<Bid, Counted>, report: &mut Report) {
    let bid = bid.key();
    let Some(counted) = blocks.get_mut(&bid) else {
        report.error(format!("block {bid}"), "is referred to and not there");
        return;
    };
    counted.found += 1;
    if counted.found > 2 || !bid.is_internal() {
        return;
    }
    let Some(block) = report.take(format!("block {bid}"), ndb.block(bid)) else { return };
    let bytes = Bytes::new("list", block.at(), &block);
    let slot = ndb.layout().block_slot;
    let lists = |report: &mut Report| -> Option<Vec<u64>> {
        let place = format!("block {bid}");
        let (kind, level) = (
            report.take(&place, bytes.u8(0, "btype"))?,
            report.take(&place, bytes.u8(1, "cLevel"))?,
        );
        let count = usize::from(report.take(&place, bytes.u16(2, "cEnt"))?);
        // XBLOCK and XXBLOCK have ids alone; SLBLOCK and SIBLOCK the id of the node before one or two of blocks.
        let (head, size, places) = match (kind, level) {
            (1, 1 | 2) => (8, slot, vec![0]),
            (2, 0) => (ndb.layout().list_header, ndb.layout().subnode_entry, vec![slot, 2 * slot]),
            (2, 1) => (ndb.layout().list_header, ndb.layout().sublist_entry, vec![slot]),
            _ => {
                report.error(&place, format!("is a list of unknown kind {kind}.{level}"));
                return None;
            }
        };
        if count == 0 {
            report.error(&place, "is an empty list");
        }
        let (mut all, mut last) = (Vec::new(), None);
        for index in 0..count {
            let start = head + index * size;
            if kind == 2 {
                let nid = report.take(&place, bytes.u32(start, "nid"))?;
                if last.is_some_and(|last| last >= nid) {
                    report.error(&place, "does not have its subnodes in order");
                }
                last = Some(nid);
            }
            for field in &places {
                all.push(report.take(&place, bytes.word(ndb.layout().wide, start + field, "bid"))?);
            }
        }
        Some(all)
    };
    for below in lists(report).unwrap_or_default() {
        if let Some(below) = Bid::reference(below) {
            refer(ndb, below, blocks, report);
        }
    }
}
