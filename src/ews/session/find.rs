//! Reading all pages of a search (pure).

use std::collections::HashSet;
use std::hash::Hash;

/// Drives `FindItem` or `FindFolder` over several folders at once until all of them are exhausted.
///
/// Offsets count in a folder that may change while it is read: entries that slip onto the next page
/// come twice and are dropped here, and a page that brings nothing new ends a folder, whatever the
/// server says of more.
#[derive(Debug)]
pub struct FindPager<K> {
    seen: HashSet<K>,
    offset: u32,
    size: u32,
    /// Whether a folder of the present page has more.
    more: bool,
    /// How many entries of the present page were new.
    fresh: u32,
}

impl<K: Hash + Eq> FindPager<K> {
    /// Begins with pages of so many entries.
    pub fn new(size: u32) -> Self {
        Self { seen: HashSet::new(), offset: 0, size: size.max(1), more: false, fresh: 0 }
    }

    /// Returns where the present page begins.
    pub fn offset(&self) -> u32 {
        self.offset
    }

    /// Returns how many entries a page has for each folder.
    pub fn size(&self) -> u32 {
        self.size
    }

    /// Takes the id of an entry; `true` when it is new.
    pub fn entry(&mut self, id: K) -> bool {
        let new = self.seen.insert(id);
        self.fresh += u32::from(new);
        new
    }

    /// Learns that the page of one folder is complete.
    pub fn folder_done(&mut self, last: bool) {
        self.more |= !last;
    }

    /// Goes on to the next page; `false` when there is none. Servers may return fewer entries than
    /// asked for, so the next page begins after those that really came: `entries` is the least
    /// number that a folder with more brought.
    pub fn next_page(&mut self, entries: u32) -> bool {
        let goes_on = self.more && self.fresh > 0 && entries > 0;
        self.offset = self.offset.saturating_add(entries);
        self.more = false;
        self.fresh = 0;
        goes_on
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_go_on_until_every_folder_is_exhausted() {
        let mut pager = FindPager::new(2);
        assert!(pager.entry("a") && pager.entry("b") && pager.entry("x"));
        pager.folder_done(false);
        pager.folder_done(true);
        assert!(pager.next_page(2));
        assert_eq!(pager.offset(), 2);
        assert!(!pager.entry("b"), "an entry that slipped onto the next page comes once");
        assert!(pager.entry("c"));
        pager.folder_done(true);
        pager.folder_done(true);
        assert!(!pager.next_page(2));
    }

    #[test]
    fn a_server_that_repeats_itself_is_not_asked_for_ever() {
        let mut pager = FindPager::new(1);
        assert!(pager.entry("a"));
        pager.folder_done(false);
        assert!(pager.next_page(1));
        assert!(!pager.entry("a"));
        pager.folder_done(false);
        assert!(!pager.next_page(1));
    }
}
