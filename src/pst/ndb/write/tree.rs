//! Changing a B-tree without changing a page of it (pure): the pages on the way to what changes are written anew, the others
//! are referred to as they are. MS-PST 2.6.2 and 2.2.2.7.7.
//!
//! Changes come in the order of their keys and are merged with the leaves from left to right, so any number of them costs
//! one walk and two pages of memory for each level. Entries that do not change are carried over as bytes.

use std::iter::Peekable;

use crate::pst::error::PstError;
use crate::pst::id::{PageId, PageRef};
use crate::pst::layout::Layout;
use crate::pst::ndb::page::PageKind;

/// The deepest tree that is walked; real ones have five levels at most.
pub(super) const DEEPEST: u8 = 8;
/// The longest entry of a leaf, in bytes.
pub(super) const LONGEST: usize = 32;
const BRANCH: usize = Layout::UNICODE.branch_entry;

/// Which of the two trees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The node B-tree.
    Nodes,
    /// The block B-tree.
    Blocks,
}

impl Kind {
    /// Returns what its pages are.
    pub(super) fn page(self) -> PageKind {
        match self {
            Self::Nodes => PageKind::Nodes,
            Self::Blocks => PageKind::Blocks,
        }
    }

    /// Returns how long an entry is at a level, in bytes.
    pub(super) fn entry(self, level: u8) -> usize {
        match self {
            Self::Nodes if level == 0 => Layout::UNICODE.node_entry,
            Self::Blocks if level == 0 => Layout::UNICODE.block_entry,
            _ => BRANCH,
        }
    }

    /// Returns the key that an entry begins with. Of a node's, only 32 bits count; of a block's, all but the lowest.
    pub(super) fn key(self, entry: &[u8]) -> u64 {
        let bits = entry.first_chunk().copied().map_or(0, u64::from_le_bytes);
        match self {
            Self::Nodes => bits & u64::from(u32::MAX),
            Self::Blocks => bits & !1,
        }
    }
}

/// What becomes of an entry.
pub(super) struct Change {
    /// Its key.
    pub(super) key: u64,
    /// What it is from now on, as many bytes as the tree's entries have; `None` when it goes.
    pub(super) entry: Option<[u8; LONGEST]>,
}

/// A page of a tree.
pub(super) struct Page {
    /// 0 for a leaf.
    pub(super) level: u8,
    /// The entries, one after the other.
    pub(super) entries: Vec<u8>,
}

/// Where pages come from and go to.
pub(super) trait Pages {
    /// Reads a page, which has entries of the length for its level.
    fn read(&mut self, kind: Kind, page: PageRef) -> Result<Page, PstError>;
    /// Writes a new page somewhere.
    fn write(&mut self, kind: Kind, page: &Page) -> Result<PageRef, PstError>;
    /// Notes that the changed tree no longer has a page.
    fn replaced(&mut self, page: PageRef);
}

/// Makes the changes, which are in the order of their keys, and returns the new root.
pub(super) fn change(
    kind: Kind,
    root: PageRef,
    changes: impl Iterator<Item = Change>,
    pages: &mut impl Pages,
) -> Result<PageRef, PstError> {
    let mut changes = changes.peekable();
    if changes.peek().is_none() {
        return Ok(root);
    }
    let top = pages.read(kind, root)?;
    if top.level > DEEPEST {
        let (size, limit) = (top.level.into(), DEEPEST.into());
        return Err(PstError::TooBig { what: "B-tree", size, limit });
    }
    let mut walk = Walk { kind, changes, pages, waiting: Vec::new() };
    walk.page(&top, None)?;
    walk.pages.replaced(root);
    walk.finish()
}

struct Walk<'a, I: Iterator<Item = Change>, P> {
    kind: Kind,
    changes: Peekable<I>,
    pages: &'a mut P,
    /// For each level, the entries that are not yet in a page.
    waiting: Vec<Vec<u8>>,
}

impl<I: Iterator<Item = Change>, P: Pages> Walk<'_, I, P> {
    /// Takes over the entries of a page and of what is below it, changed where they are to be. Keys from `upper` on are not
    /// the page's.
    fn page(&mut self, page: &Page, upper: Option<u64>) -> Result<(), PstError> {
        let entries = page.entries.chunks_exact(self.kind.entry(page.level));
        let Some(below) = page.level.checked_sub(1) else {
            return self.leaf(entries, upper);
        };
        let nexts = entries.clone().skip(1).map(|next| Some(self.kind.key(next))).chain([upper]);
        for (entry, end) in entries.zip(nexts.collect::<Vec<_>>()) {
            let touched =
                self.changes.peek().is_some_and(|next| end.is_none_or(|end| next.key < end));
            if touched || self.is_starving(below) {
                let child = branch(entry);
                let found = self.pages.read(self.kind, child)?;
                if found.level != below {
                    return Err(PstError::Damaged {
                        structure: "BTPAGE",
                        field: "cLevel",
                        value: found.level.into(),
                        rule: "is not one less than that of the page above",
                        at: child.at,
                    });
                }
                self.page(&found, end)?;
                self.pages.replaced(child);
            } else {
                self.flush(below)?;
                self.push(page.level, entry)?;
            }
        }
        self.flush(below)
    }

    fn leaf<'e>(
        &mut self,
        entries: impl Iterator<Item = &'e [u8]>,
        upper: Option<u64>,
    ) -> Result<(), PstError> {
        for entry in entries {
            let key = self.kind.key(entry);
            while let Some(change) = self.changes.next_if(|change| change.key < key) {
                self.put(&change)?;
            }
            match self.changes.next_if(|change| change.key == key) {
                Some(change) => self.put(&change)?,
                None => self.push(0, entry)?,
            }
        }
        while let Some(change) =
            self.changes.next_if(|change| upper.is_none_or(|upper| change.key < upper))
        {
            self.put(&change)?;
        }
        Ok(())
    }

    fn put(&mut self, change: &Change) -> Result<(), PstError> {
        let length = self.kind.entry(0);
        let entry = change.entry.as_ref().and_then(|entry| entry.get(..length));
        entry.map_or(Ok(()), |entry| self.push(0, entry))
    }

    /// Adds an entry at a level, and writes a page when there are enough for two: what remains then never makes a small one.
    fn push(&mut self, level: u8, entry: &[u8]) -> Result<(), PstError> {
        let full = self.fill(level);
        let waiting = self.waiting(level);
        waiting.extend_from_slice(entry);
        if waiting.len() < 2 * full {
            return Ok(());
        }
        let rest = waiting.split_off(full);
        let entries = std::mem::replace(waiting, rest);
        self.write(level, entries)
    }

    /// Writes the entries that wait at a level, in one page or in two of about the same size.
    fn flush(&mut self, level: u8) -> Result<(), PstError> {
        let mut entries = std::mem::take(self.waiting(level));
        let size = self.kind.entry(level);
        if entries.len() > Layout::UNICODE.tree_entries / size * size {
            let half = (entries.len() / size).div_ceil(2) * size;
            let rest = entries.split_off(half);
            self.write(level, entries)?;
            entries = rest;
        }
        if entries.is_empty() { Ok(()) } else { self.write(level, entries) }
    }

    /// Writes a page and refers to it at the level above.
    fn write(&mut self, level: u8, entries: Vec<u8>) -> Result<(), PstError> {
        let page = Page { level, entries };
        let at = self.pages.write(self.kind, &page)?;
        let mut entry = [0; BRANCH];
        let key = page.entries.first_chunk().copied().unwrap_or_default();
        let parts = [key, at.id.0.to_le_bytes(), at.at.to_le_bytes()];
        entry.as_chunks_mut().0.copy_from_slice(&parts);
        self.push(level + 1, &entry)
    }

    /// Writes what still waits, level by level, until one page is left: the root.
    fn finish(mut self) -> Result<PageRef, PstError> {
        let mut level = 0;
        loop {
            let is_top = self.waiting.iter().skip(usize::from(level) + 1).all(Vec::is_empty);
            let size = self.kind.entry(level);
            let waiting = self.waiting(level);
            if is_top && level > 0 && waiting.len() == size {
                // A page with a single entry leads nowhere else than its child does.
                return Ok(branch(waiting));
            }
            if is_top && waiting.len() <= Layout::UNICODE.tree_entries / size * size {
                // A tree without entries is one empty leaf.
                let level = if waiting.is_empty() { 0 } else { level };
                let entries = std::mem::take(waiting);
                return self.pages.write(self.kind, &Page { level, entries });
            }
            self.flush(level)?;
            level += 1;
        }
    }

    /// Says whether entries wait at a level that are too few for a page of their own.
    fn is_starving(&mut self, level: u8) -> bool {
        let few = Layout::UNICODE.tree_entries / 3;
        let waiting = self.waiting(level);
        !waiting.is_empty() && waiting.len() < few
    }

    /// Returns how many bytes of entries a page is filled with: nine tenths, so that the next change finds room.
    fn fill(&self, level: u8) -> usize {
        let size = self.kind.entry(level);
        Layout::UNICODE.tree_entries / size * 9 / 10 * size
    }

    #[allow(clippy::indexing_slicing, reason = "there are more levels than the one asked for")]
    fn waiting(&mut self, level: u8) -> &mut Vec<u8> {
        let level = usize::from(level);
        if self.waiting.len() <= level {
            self.waiting.resize_with(level + 1, Vec::new);
        }
        &mut self.waiting[level]
    }
}

/// Reads where an entry above the leaves leads.
pub(super) fn branch(entry: &[u8]) -> PageRef {
    let word = |at: usize| {
        entry.get(at..).and_then(|rest| rest.first_chunk()).copied().map_or(0, u64::from_le_bytes)
    };
    PageRef { id: PageId(word(8)), at: word(16) }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::{Change, DEEPEST, Kind, LONGEST, Page, Pages, branch, change};
    use crate::pst::error::PstError;
    use crate::pst::id::{PageId, PageRef};

    /// Pages in memory.
    #[derive(Default)]
    struct Shelf {
        pages: BTreeMap<u64, Page>,
        written: u64,
        replaced: BTreeSet<u64>,
    }

    impl Pages for Shelf {
        fn read(&mut self, _: Kind, page: PageRef) -> Result<Page, PstError> {
            let found = &self.pages[&page.at];
            Ok(Page { level: found.level, entries: found.entries.clone() })
        }

        fn write(&mut self, _: Kind, page: &Page) -> Result<PageRef, PstError> {
            self.written += 1;
            let copy = Page { level: page.level, entries: page.entries.clone() };
            self.pages.insert(self.written, copy);
            Ok(PageRef { id: PageId(self.written), at: self.written })
        }

        fn replaced(&mut self, page: PageRef) {
            assert!(self.replaced.insert(page.at), "page {} was replaced twice", page.at);
        }
    }

    fn entry(key: u64, value: u64) -> [u8; LONGEST] {
        let mut entry = [0; LONGEST];
        entry[..8].copy_from_slice(&key.to_le_bytes());
        entry[8..16].copy_from_slice(&value.to_le_bytes());
        entry
    }

    /// Walks a tree as a reader does, checks the rules of the format, and returns keys, values and pages.
    fn walk(
        shelf: &Shelf,
        kind: Kind,
        at: PageRef,
        level: Option<u8>,
        found: &mut (Vec<(u64, u64)>, BTreeSet<u64>),
    ) {
        let page = &shelf.pages[&at.at];
        let size = kind.entry(page.level);
        assert_eq!(page.entries.len() % size, 0);
        let count = page.entries.len() / size;
        assert!(count <= 488 / size);
        assert!(count > 0 || level.is_none(), "only a root may be empty");
        assert!(level.is_none_or(|level| level == page.level));
        assert!(level.is_some() || page.level == 0 || count > 1, "a root leads to two at least");
        assert!(found.1.insert(at.at));
        for entry in page.entries.chunks(size) {
            if page.level == 0 {
                let value = u64::from_le_bytes(entry[8..16].try_into().unwrap());
                found.0.push((kind.key(entry), value));
            } else {
                let child = branch(entry);
                assert_eq!(entry[..8], shelf.pages[&child.at].entries[..8], "btkeyMin mismatch");
                walk(shelf, kind, child, Some(page.level - 1), found);
            }
        }
    }

    /// A generator of numbers for tests, which must be the same on every run.
    fn numbers(mut seed: u64) -> impl FnMut(u64) -> u64 {
        move |below| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) % below
        }
    }

    fn grow_and_shrink(kind: Kind, seed: u64, step: u64) {
        let mut random = numbers(seed);
        let mut shelf = Shelf::default();
        let mut root = shelf.write(kind, &Page { level: 0, entries: Vec::new() }).unwrap();
        let mut model = BTreeMap::new();
        for round in 0..60 {
            let mut changes = BTreeMap::new();
            for _ in 0..random(400) {
                let key = random(2000) * step;
                // It grows at first and shrinks to nothing in the end.
                let value = (random(60) > round).then(|| random(1 << 20));
                changes.insert(key, value);
            }
            if round == 59 {
                changes = (0..2000).map(|key| (key * step, None)).collect();
            }
            let list = changes.iter().map(|(key, value)| Change {
                key: *key,
                entry: value.map(|value| entry(*key, value)),
            });
            shelf.replaced.clear();
            let before: BTreeSet<u64> = {
                let mut found = Default::default();
                walk(&shelf, kind, root, None, &mut found);
                found.1
            };
            let first = shelf.written;
            root = change(kind, root, list, &mut shelf).unwrap();
            for (key, value) in changes {
                match value {
                    Some(value) => model.insert(key, value),
                    None => model.remove(&key),
                };
            }
            let mut found = Default::default();
            walk(&shelf, kind, root, None, &mut found);
            assert_eq!(found.0, model.iter().map(|(k, v)| (*k, *v)).collect::<Vec<_>>());
            let gone: BTreeSet<u64> = before.difference(&found.1).copied().collect();
            assert_eq!(gone, shelf.replaced, "what is gone is freed, and nothing else");
            let new = found.1.iter().filter(|at| **at > first).count();
            assert_eq!(u64::try_from(new).unwrap(), shelf.written - first, "no page is wasted");
        }
        assert!(model.is_empty());
        assert_eq!(shelf.pages[&root.at].level, 0);
    }

    #[test]
    fn trees_grow_and_shrink_by_the_rules() {
        for seed in 0..8 {
            grow_and_shrink(Kind::Nodes, seed, 32);
            grow_and_shrink(Kind::Blocks, seed, 4);
        }
    }

    /// Rule of the format: "keep at most 90 % full when splitting"; and a tree made at once is nearly that full.
    #[test]
    fn a_tree_that_is_made_at_once_is_nine_tenths_full() {
        let mut shelf = Shelf::default();
        let root = shelf.write(Kind::Blocks, &Page { level: 0, entries: Vec::new() }).unwrap();
        let all = (1..=18_000).map(|key| Change { key: key * 4, entry: Some(entry(key * 4, key)) });
        let root = change(Kind::Blocks, root, all, &mut shelf).unwrap();
        let mut found = Default::default();
        walk(&shelf, Kind::Blocks, root, None, &mut found);
        assert_eq!(found.0.len(), 18_000);
        let leaves = found.1.iter().filter(|at| shelf.pages[at].level == 0).count();
        assert_eq!(leaves, 1000);
        assert_eq!(shelf.pages[&root.at].level, 3);
    }

    #[test]
    fn one_change_rewrites_one_path() {
        let mut shelf = Shelf::default();
        let root = shelf.write(Kind::Blocks, &Page { level: 0, entries: Vec::new() }).unwrap();
        let all = (1..=8000).map(|key| Change { key: key * 4, entry: Some(entry(key * 4, key)) });
        let root = change(Kind::Blocks, root, all, &mut shelf).unwrap();
        let first = shelf.written;
        let one = Change { key: 4000, entry: Some(entry(4000, 9)) };
        change(Kind::Blocks, root, [one].into_iter(), &mut shelf).unwrap();
        assert_eq!(shelf.written - first, u64::from(shelf.pages[&root.at].level) + 1);
    }

    #[test]
    fn a_tree_that_is_too_deep_is_refused() {
        let mut shelf = Shelf::default();
        let root = shelf.write(Kind::Nodes, &Page { level: DEEPEST + 1, entries: Vec::new() });
        let change = super::change(
            Kind::Nodes,
            root.unwrap(),
            [Change { key: 1, entry: None }].into_iter(),
            &mut shelf,
        );
        assert!(matches!(change, Err(PstError::TooBig { .. })));
    }
}
