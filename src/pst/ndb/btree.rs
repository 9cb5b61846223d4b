//! Finding and listing the entries of the two B-trees (pure). MS-PST 2.2.2.7.7.
//!
//! Levels fall strictly from page to page and keys stay within what the page above promises, so a damaged tree can neither
//! send a search in circles nor hide an entry.

use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use crate::pst::error::PstError;
use crate::pst::id::PageRef;
use crate::pst::layout::Layout;

use super::page::{PageKind, TreePage};

/// The deepest tree that is accepted; three levels of 20 already hold 8,000 entries.
const DEEPEST: u8 = 8;

/// Whoever has the verified pages of the trees.
pub trait Pages {
    /// Returns the variant of the format.
    fn layout(&self) -> &Layout;

    /// Returns a page of a tree, verified.
    fn tree_page(&self, kind: PageKind, place: PageRef) -> Result<Arc<[u8]>, PstError>;
}

/// Takes an entry of a leaf, by its page and its place there, and says whether to go on.
pub type Each<'a> = dyn FnMut(&TreePage<'_>, usize) -> Result<ControlFlow<()>, PstError> + 'a;

/// One of the two trees of a file.
#[derive(Clone, Copy, Debug)]
pub struct Tree {
    /// Which one: [`PageKind::Nodes`] or [`PageKind::Blocks`].
    pub kind: PageKind,
    /// Its uppermost page.
    pub root: PageRef,
}

/// What the page above says about a page.
struct Expected {
    level: Option<u8>,
    keys: Range<u64>,
}

impl Expected {
    fn root() -> Self {
        Self { level: None, keys: 0..u64::MAX }
    }
}

impl Tree {
    /// Finds the leaf's entry with a key and reads it.
    pub fn find<Entry>(
        &self,
        pages: &(impl Pages + ?Sized),
        key: u64,
        read: impl Fn(&TreePage<'_>, usize) -> Result<Entry, PstError>,
    ) -> Result<Option<Entry>, PstError> {
        let (mut place, mut expected) = (self.root, Expected::root());
        loop {
            let bytes = pages.tree_page(self.kind, place)?;
            let page = self.open(pages.layout(), place, &bytes, &expected)?;
            let Some(index) = self.last_up_to(&page, key)? else { return Ok(None) };
            if page.level == 0 {
                let found = self.key(&page, index)? == key;
                return if found { read(&page, index).map(Some) } else { Ok(None) };
            }
            (place, expected) = self.step(&page, index, &expected)?;
        }
    }

    /// Reads the entries of the leaves with keys from `from` on, in order, until told to stop.
    pub fn each(
        &self,
        pages: &(impl Pages + ?Sized),
        from: u64,
        each: &mut Each<'_>,
    ) -> Result<(), PstError> {
        self.each_below(pages, self.root, &Expected::root(), from, each).map(|_| ())
    }

    /// Passes every page of the tree with its place, parents first.
    ///
    /// # Errors
    ///
    /// What cannot be read, or what `each` says, which ends the walk.
    pub fn pages<E: From<PstError>>(
        &self,
        pages: &(impl Pages + ?Sized),
        each: &mut dyn FnMut(PageRef, &TreePage<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.pages_below(pages, self.root, &Expected::root(), each)
    }

    /// Goes down by recursion, which the falling levels bound.
    fn each_below(
        &self,
        pages: &(impl Pages + ?Sized),
        place: PageRef,
        expected: &Expected,
        from: u64,
        each: &mut Each<'_>,
    ) -> Result<ControlFlow<()>, PstError> {
        let bytes = pages.tree_page(self.kind, place)?;
        let page = self.open(pages.layout(), place, &bytes, expected)?;
        let first = self.last_up_to(&page, from)?.unwrap_or(0);
        for index in first..page.count {
            let flow = if page.level > 0 {
                let (child, expected) = self.step(&page, index, expected)?;
                self.each_below(pages, child, &expected, from, each)?
            } else if self.key(&page, index)? < from {
                ControlFlow::Continue(())
            } else {
                each(&page, index)?
            };
            if flow.is_break() {
                return Ok(flow);
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn pages_below<E: From<PstError>>(
        &self,
        pages: &(impl Pages + ?Sized),
        place: PageRef,
        expected: &Expected,
        each: &mut dyn FnMut(PageRef, &TreePage<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let bytes = pages.tree_page(self.kind, place)?;
        let page = self.open(pages.layout(), place, &bytes, expected)?;
        each(place, &page)?;
        if page.level > 0 {
            for index in 0..page.count {
                let (child, expected) = self.step(&page, index, expected)?;
                self.pages_below(pages, child, &expected, each)?;
            }
        }
        Ok(())
    }

    /// Reads a page and checks it against what the page above says.
    fn open<'a>(
        &self,
        layout: &'a Layout,
        place: PageRef,
        bytes: &'a [u8],
        expected: &Expected,
    ) -> Result<TreePage<'a>, PstError> {
        let page = TreePage::parse(layout, self.kind, place.at, bytes)?;
        match expected.level {
            Some(level) if page.level != level => {
                let rule = "is not one below the page above";
                return Err(page.damaged("cLevel", 0, page.level.into(), rule));
            }
            None if page.level > DEEPEST => {
                return Err(page.damaged("cLevel", 0, page.level.into(), "is too deep"));
            }
            _ => {}
        }
        let mut least = expected.keys.start;
        for index in 0..page.count {
            let key = self.key(&page, index)?;
            if key < least || key >= expected.keys.end {
                let rule = "is out of order";
                return Err(page.damaged("btkey", index, key, rule));
            }
            least = key.saturating_add(1);
        }
        Ok(page)
    }

    /// Returns the child of an entry and what is expected of it.
    fn step(
        &self,
        page: &TreePage<'_>,
        index: usize,
        expected: &Expected,
    ) -> Result<(PageRef, Expected), PstError> {
        let start = self.key(page, index)?;
        let end =
            if index + 1 < page.count { self.key(page, index + 1)? } else { expected.keys.end };
        let level = page.level.checked_sub(1);
        Ok((page.child(index)?, Expected { level, keys: start..end }))
    }

    /// Returns a key as it is compared: of nodes the lower 32 bits, of blocks all but bit 0.
    fn key(&self, page: &TreePage<'_>, index: usize) -> Result<u64, PstError> {
        let key = page.key(index)?;
        Ok(if self.kind == PageKind::Nodes { key & 0xFFFF_FFFF } else { key & !1 })
    }

    /// Returns the last entry whose key is at most `key`.
    fn last_up_to(&self, page: &TreePage<'_>, key: u64) -> Result<Option<usize>, PstError> {
        let (mut low, mut high) = (0, page.count);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.key(page, middle)? <= key {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low.checked_sub(1))
    }
}
