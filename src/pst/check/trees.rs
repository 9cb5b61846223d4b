//! Pages, blocks and references (effect). MS-PST 2.2.2.7 and 2.2.2.8.

use std::collections::HashSet;

use super::lists::{Blocks, Known, refer};
use super::place::Place;
use super::report::{Report, Weight};
use super::rule::{Breach, Rule};
use crate::pst::bytes::Bytes;
use crate::pst::error::PstError;
use crate::pst::id::{Nid, NidKind, PageRef};
use crate::pst::layout::Layout;
use crate::pst::ndb::{BlockEntry, Ndb, Node, Nodes as _, PageKind, TreePage};

/// What the two trees lead to.
#[derive(Default)]
pub(super) struct Found {
    /// Places that are taken: offset and length in bytes.
    pub(super) taken: Vec<(u64, u64)>,
    pub(super) nodes: Vec<Node>,
    pub(super) blocks: Blocks,
    /// Where pages are that were seen: a damaged tree may lead to one again and again.
    seen: HashSet<u64>,
}

/// Walks both trees, opens every block and counts who refers to it.
pub(super) fn check(ndb: &Ndb, report: &mut Report) -> Found {
    let header = ndb.header();
    let mut found = Found::default();
    let mut blocks = Blocks::new();
    let mut entries: Vec<BlockEntry> = Vec::new();
    let mut last = None;
    walk(ndb, PageKind::Blocks, report, &mut found, &mut |report, page, index| {
        if let Some(entry) = report.take(Place::LeafOfBlocks, page.block(index)) {
            if last.is_some_and(|last| last >= entry.bid) {
                report.error(Place::Block(entry.bid), Rule::TreeOrder);
            }
            last = Some(entry.bid);
            entries.push(entry);
        }
    });
    for entry in &entries {
        report.blocks += 1;
        let place = Place::Block(entry.bid);
        if entry.bid != entry.bid.key() {
            report.error(place, Rule::ReservedBit);
        }
        if entry.bid >= header.next_block {
            report.error(place, Rule::FutureBlock);
        }
        if !entry.at.is_multiple_of(unit(ndb)) {
            report.error(place, Rule::BlockPlace.by(&[&format_args!("{:#x}", entry.at)]));
        }
        if usize::from(entry.size) > ndb.layout().block_payload || entry.size == 0 {
            report.error(place, Rule::BlockSize.by(&[&entry.size]));
        }
        let length = ndb.layout().block_size(entry.stored.into());
        found.taken.push((entry.at, u64::try_from(length).unwrap_or(u64::MAX)));
        // The entry itself counts as a reference.
        let known = Known { said: entry.references, found: 1, size: entry.size };
        blocks.insert(entry.bid, known);
        report.take(place, ndb.read_block(entry));
    }
    // There are as many as blocks, and what is needed of them is noted.
    drop(entries);
    let mut nodes = Vec::new();
    let mut last: Option<Nid> = None;
    walk(ndb, PageKind::Nodes, report, &mut found, &mut |report, page, index| {
        if let Some(node) = report.take(Place::LeafOfNodes, page.node(index)) {
            if last.is_some_and(|last| last >= node.nid) {
                report.error(Place::Node(node.nid), Rule::TreeOrder);
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
            let breach = Rule::FutureNode.by(&[&format_args!("{highest:#x}")]);
            report.error(Place::Node(node.nid), breach);
        }
        for bid in [node.data, node.sub].into_iter().flatten() {
            refer(ndb, bid, &mut blocks, report);
        }
    }
    count(ndb, &blocks, report);
    found.nodes = nodes;
    found.blocks = blocks;
    found
}

/// Compares how often blocks are referred to with what the tree says.
fn count(ndb: &Ndb, blocks: &Blocks, report: &mut Report) {
    let mut odd: Vec<_> = blocks
        .iter()
        .filter(|(_, known)| known.said == 1 || u32::from(known.said) != known.found)
        .collect();
    // In an order that is the same each time.
    odd.sort_unstable_by_key(|(bid, _)| **bid);
    for (bid, known) in odd {
        let said = u32::from(known.said);
        if said == known.found {
            if said == 1 {
                report.note(Place::Block(*bid), Rule::Unowned);
            }
            continue;
        }
        let breach = Rule::References.by(&[&said, &known.found]);
        // Outlook leaves blocks behind in its own copies of mailboxes (seen in both sizes of pages): room is lost, no more.
        let is_room = ndb.header().is_offline_store() && said > known.found;
        let weight = if is_room { Weight::Note } else { Weight::Error };
        report.add(weight, Place::Block(*bid), breach);
    }
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
    let name = Place::Page(kind.structure(), place.at);
    if !found.seen.insert(place.at) {
        report.error(name, Rule::PageTwice);
        return;
    }
    let Some(bytes) = report.take(name, ndb.page(kind, place)) else { return };
    report.pages += 1;
    found.taken.push((place.at, u64::try_from(bytes.len()).unwrap_or(u64::MAX)));
    if place.id >= ndb.header().next_page {
        report.error(name, Rule::FuturePage);
    }
    let layout = ndb.layout();
    let Some(page) = report.take(name, TreePage::parse(layout, kind, place.at, &bytes)) else {
        return;
    };
    if !place.at.is_multiple_of(u64::try_from(layout.page).unwrap_or(512)) {
        report.error(name, Rule::PagePlace);
    }
    let read = head(layout, kind, page.level, &Bytes::new(kind.structure(), place.at, &bytes));
    if let Some(Some(breach)) = report.take(name, read) {
        report.error(name, breach);
    }
    if page.count == 0 && above.is_some() {
        report.error(name, Rule::PageEmpty);
    }
    if let Some((level, key)) = above {
        if page.level != level {
            report.error(name, Rule::PageLevel.by(&[&page.level, &level]));
            return;
        }
        if page.count > 0 && page.key(0).is_ok_and(|first| low(kind, first) != low(kind, key)) {
            report.error(name, Rule::FirstKey);
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

/// Says what is wrong with the sizes in the head of a page: programs other than this one trust them.
fn head(
    layout: &Layout,
    kind: PageKind,
    level: u8,
    page: &Bytes<'_>,
) -> Result<Option<Breach>, PstError> {
    let entry = match (level, kind) {
        (0, PageKind::Nodes) => layout.node_entry,
        (0, _) => layout.block_entry,
        _ => layout.branch_entry,
    };
    let most = layout.tree_entries / entry;
    let at = layout.tree_entries;
    // The numbers of large pages have 16 bits.
    let (most_said, said) = if layout.page > 512 {
        (page.u16(at + 2, "cEntMax")?, page.u8(at + 4, "cbEnt")?)
    } else {
        (page.u8(at + 1, "cEntMax")?.into(), page.u8(at + 2, "cbEnt")?)
    };
    let fits = usize::from(most_said) == most && usize::from(said) == entry;
    Ok((!fits).then(|| Rule::PageHead.by(&[&most_said, &said, &most, &entry])))
}

/// Of the key of a node only 32 bits count.
fn low(kind: PageKind, key: u64) -> u64 {
    if kind == PageKind::Nodes { key & 0xFFFF_FFFF } else { key }
}
