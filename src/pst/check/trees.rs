//! Pages, blocks and references (effect). MS-PST 2.2.2.7 and 2.2.2.8.

use std::collections::HashSet;

use super::blocks::{Blocks, Known};
use super::lists::refer;
use super::place::Place;
use super::report::{Report, Weight};
use super::rule::{Breach, Rule};
use super::space::Room;
use crate::pst::bytes::{Bytes, wide};
use crate::pst::error::PstError;
use crate::pst::id::{Nid, NidKind, PageRef};
use crate::pst::layout::Layout;
use crate::pst::ndb::{BlockEntry, Ndb, Node, Nodes as _, PageKind, TreePage};

/// What is kept while both trees are walked.
struct Walk<'a> {
    ndb: &'a Ndb,
    room: &'a mut Room,
    report: &'a mut Report,
    /// Where pages are that were seen: a damaged tree may lead to one again and again.
    seen: HashSet<u64>,
    /// Whether a page could not be read, with all that is below it.
    has_gaps: bool,
}

/// Walks both trees, opens every block and counts who refers to it.
pub(super) fn check(ndb: &Ndb, room: &mut Room, report: &mut Report) -> Blocks {
    let mut walk = Walk { ndb, room, report, seen: HashSet::new(), has_gaps: false };
    let mut blocks = Blocks::default();
    let mut last = None;
    walk.each(PageKind::Blocks, &mut |walk, page, index| {
        let Some(entry) = walk.report.take(Place::LeafOfBlocks, page.block(index)) else {
            walk.has_gaps = true;
            return;
        };
        if last.is_some_and(|last| last >= entry.bid) {
            walk.report.error(Place::Block(entry.bid), Rule::TreeOrder);
        }
        last = Some(entry.bid);
        walk.block(&entry);
        // The entry itself counts as a reference.
        let known = Known { bid: entry.bid, said: entry.references, found: 1, size: entry.size };
        blocks.add(known);
    });
    blocks.sort();
    blocks.has_gaps = walk.has_gaps;
    let mut last: Option<Nid> = None;
    walk.each(PageKind::Nodes, &mut |walk, page, index| {
        let Some(node) = walk.report.take(Place::LeafOfNodes, page.node(index)) else {
            walk.has_gaps = true;
            return;
        };
        if last.is_some_and(|last| last >= node.nid) {
            walk.report.error(Place::Node(node.nid), Rule::TreeOrder);
        }
        last = Some(node.nid);
        walk.node(&node);
        for bid in [node.data, node.sub].into_iter().flatten() {
            refer(ndb, bid, &mut blocks, walk.report);
        }
    });
    // What a page or a list that cannot be read refers to is not counted.
    blocks.has_gaps = walk.has_gaps;
    if !blocks.has_gaps && !blocks.has_unread_lists {
        count(ndb, &blocks, walk.report);
    }
    blocks
}

/// Says whether the trees lead to all that is in them. Where they do not, what is above would be told to be missing.
pub(super) fn are_whole(blocks: &Blocks, report: &Report) -> bool {
    let broken = [
        Rule::TreeOrder,
        Rule::PageTwice,
        Rule::PageHead,
        Rule::PageEmpty,
        Rule::PageLevel,
        Rule::FirstKey,
    ];
    let is_broken = |rule: Rule| broken.contains(&rule);
    !blocks.has_gaps && !report.rules().iter().any(|(_, rule, _)| is_broken(*rule))
}

/// Compares how often blocks are referred to with what the tree says.
fn count(ndb: &Ndb, blocks: &Blocks, report: &mut Report) {
    for known in blocks.iter() {
        let (bid, said) = (known.bid, u32::from(known.said));
        if said == known.found {
            if said == 1 {
                report.note(Place::Block(bid), Rule::Unowned);
            }
            continue;
        }
        let breach = Rule::References.by(&[&said, &known.found]);
        // Outlook leaves blocks behind in its own copies of mailboxes (seen in both sizes of pages): room is lost, no more.
        let is_room = ndb.header().is_offline_store() && said > known.found;
        let weight = if is_room { Weight::Note } else { Weight::Error };
        report.add(weight, Place::Block(bid), breach);
    }
}

/// The slot that blocks begin at: 64 bytes, or 512 in files with large pages.
pub(super) fn unit(ndb: &Ndb) -> u64 {
    u64::try_from(ndb.layout().unit).unwrap_or(64)
}

/// What is done with an entry of a leaf.
type Each<'e> = &'e mut dyn FnMut(&mut Walk<'_>, &TreePage<'_>, usize);

impl Walk<'_> {
    /// Passes every entry of the leaves of a tree.
    fn each(&mut self, kind: PageKind, each: Each<'_>) {
        let nodes = kind == PageKind::Nodes;
        let root = if nodes { self.ndb.node_tree().root } else { self.ndb.block_tree().root };
        self.below((kind, root), None, each);
    }

    /// Goes down by recursion, which the falling levels bound. `above` is what the page above says: level and first key.
    fn below(
        &mut self,
        (kind, place): (PageKind, PageRef),
        above: Option<(u8, u64)>,
        each: Each<'_>,
    ) {
        let (layout, name) = (self.ndb.layout(), Place::Page(kind.structure(), place.at));
        if !self.seen.insert(place.at) {
            self.report.error(name, Rule::PageTwice);
            return;
        }
        let Some(bytes) = self.report.take(name, self.ndb.page(kind, place)) else {
            self.has_gaps = true;
            return;
        };
        self.report.pages += 1;
        self.room.take(place.at, wide(bytes.len()), name, self.report);
        if place.id >= self.ndb.header().next_page {
            self.report.error(name, Rule::FuturePage);
        }
        let parsed = TreePage::parse(layout, kind, place.at, &bytes);
        let Some(page) = self.report.take(name, parsed) else {
            self.has_gaps = true;
            return;
        };
        if !place.at.is_multiple_of(wide(layout.page)) {
            self.report.error(name, Rule::PagePlace);
        }
        let read = head(layout, kind, page.level, &Bytes::new(kind.structure(), place.at, &bytes));
        if let Some(Some(breach)) = self.report.take(name, read) {
            self.report.error(name, breach);
        }
        if page.count == 0 && above.is_some() {
            self.report.error(name, Rule::PageEmpty);
        }
        if let Some((level, key)) = above {
            if page.level != level {
                self.report.error(name, Rule::PageLevel.by(&[&page.level, &level]));
                return;
            }
            if page.count > 0 && page.key(0).is_ok_and(|first| low(kind, first) != low(kind, key)) {
                self.report.error(name, Rule::FirstKey);
            }
        }
        for index in 0..page.count {
            if page.level == 0 {
                each(self, &page, index);
                continue;
            }
            let (Ok(key), Ok(child)) = (page.key(index), page.child(index)) else { continue };
            self.below((kind, child), Some((page.level - 1, key)), each);
        }
    }

    /// Checks a block: its entry, its room, and itself.
    fn block(&mut self, entry: &BlockEntry) {
        self.report.blocks += 1;
        let place = Place::Block(entry.bid);
        if entry.bid != entry.bid.key() {
            self.report.error(place, Rule::ReservedBit);
        }
        if entry.bid >= self.ndb.header().next_block {
            self.report.error(place, Rule::FutureBlock);
        }
        if !entry.at.is_multiple_of(unit(self.ndb)) {
            let breach = Rule::BlockPlace.by(&[&format_args!("{:#x}", entry.at)]);
            self.report.error(place, breach);
        }
        let layout = self.ndb.layout();
        if usize::from(entry.size) > layout.block_payload || entry.size == 0 {
            self.report.error(place, Rule::BlockSize.by(&[&entry.size]));
        }
        let length = wide(layout.block_size(entry.stored.into()));
        self.room.take(entry.at, length, place, self.report);
        self.report.take(place, self.ndb.read_block(entry));
    }

    /// Checks the id of a node.
    fn node(&mut self, node: &Node) {
        self.report.nodes += 1;
        if let Some(last) = given_last_before(self.ndb, node.nid) {
            let breach = Rule::FutureNode.by(&[&format_args!("{last:#x}")]);
            self.report.error(Place::Node(node.nid), breach);
        }
    }
}

/// Returns the index that was given last to a node of its kind, where that of the node is higher.
pub(super) fn given_last_before(ndb: &Ndb, nid: Nid) -> Option<u32> {
    let kind = nid.kind();
    let place = usize::try_from(kind.bits()).unwrap_or(0);
    let last = ndb.header().highest.get(place).copied().unwrap_or(0);
    // Single nodes of the store have fixed ids.
    (kind != NidKind::INTERNAL && nid.index() > last).then_some(last)
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
