//! What must be right in a file before it is written (effect): both trees whole, nothing in two places, and all of it shown as
//! in use by the allocation maps. Costs what the trees and the maps cost, not what the file holds.
//!
//! Reference counts and contents are not looked at, which would take reading every list in the file: that is `pst check`. A
//! transaction refuses a count that is lower than the references it takes away itself. One that is too low for references that it
//! does not meet would let it free a block that somebody still needs.

use super::bits::{MAP_BYTES, Map, PAGE_SLOTS, Run, section_at};
use super::error::WriteError;
use super::form::PAGE;
use super::space::Space;
use super::transaction::load;
use crate::pst::bytes::wide;
use crate::pst::error::PstError;
use crate::pst::id::{Bid, Nid, NidKind, PageId, PageRef};
use crate::pst::layout::Layout;
use crate::pst::ndb::file::Ndb;
use crate::pst::ndb::header::Header;
use crate::pst::ndb::page::{PageKind, TreePage};

/// How many sections are looked at in one walk of the trees: 16 GB of the file, whose maps take up 32 MB of memory.
const WINDOW: u32 = 1 << 16;

/// Behind which index attachments and big values are counted in a file that was there.
///
/// Outlook numbers these by the file's counters, whatever item they are of. The format does not ask for it, and there are files in
/// which they are counted in each item: this program did so at first, from 0x401 on and one further with each change, and left the
/// counters where they were, mostly at 0x400. What Outlook puts next into such an item would get an id that is taken. To find the
/// highest one in use would take reading what is below every item. Those files have none that is higher than this, and of 27 bits it
/// takes nothing away: messages are counted from there as well.
const COUNTED_IN_ITEMS: u32 = 0x1_0000;

/// What was found.
#[derive(Debug)]
pub(super) struct Survey {
    /// The room in the file. Maps that had to be made again are among its changed ones.
    pub(super) space: Space,
    /// The highest ids in use.
    pub(super) highest: Highest,
    /// How many maps had to be made again.
    pub(super) remade: usize,
}

/// The highest ids in use.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Highest {
    /// Of each of the 32 kinds of nodes, the highest index.
    pub(super) indices: [u32; 32],
    /// The highest id of a block.
    pub(super) block: Bid,
    /// The highest id of a page of a tree.
    pub(super) page: PageId,
}

/// Looks through a file. When its maps are not to be trusted they are made again from what is in the file.
pub(super) fn survey(ndb: &Ndb, trusted: bool) -> Result<Survey, WriteError> {
    let header = ndb.header();
    let sections = Run::of(header.last_map, 64).filter(|run| run.slot == 0);
    let sections = sections.map_or(0, |run| run.section + 1);
    if sections == 0 || header.file_end != section_at(sections) {
        return Err(inconsistent("ibFileEof and ibAMapLast do not fit together", 184));
    }
    if ndb.medium().len()? < header.file_end {
        return Err(inconsistent("the file ends before the end its header names", header.file_end));
    }
    let mut longest = Vec::new();
    let mut free = 0;
    let mut remade = Vec::new();
    let mut highest = Highest::default();
    for first in (0..sections).step_by(usize::try_from(WINDOW).unwrap_or(usize::MAX)) {
        let count = WINDOW.min(sections - first);
        let mut owned =
            Owned { first, sections, maps: (first..first + count).map(Map::fresh).collect() };
        owned.walk(ndb, &mut highest)?;
        for (section, needed) in (first..).zip(owned.maps) {
            let map = if trusted {
                let map = load(ndb, section)?;
                if !map.covers(&needed) {
                    let what = "an allocation map shows something as free that is in use,";
                    return Err(inconsistent(what, section_at(section)));
                }
                map
            } else {
                let (map, is_new) = remake(ndb, section, needed)?;
                if is_new {
                    remade.push((section, map.clone()));
                }
                map
            };
            longest.push(u8::try_from(map.longest()).unwrap_or(u8::MAX));
            free += u64::from(map.free());
        }
    }
    let mut space = Space::new(longest, free);
    let count = remade.len();
    for (section, map) in remade {
        space.put(section, map);
    }
    Ok(Survey { space, highest, remade: count })
}

/// Makes the map of a section again, and says whether it differs from the one in the file.
///
/// Files of Outlook 2003 and 2007 hold runs that belong to nothing: pages kept in reserve, which their `PMap` knows of. These
/// stay in use. What else belongs to nothing is what a crash left.
fn remake(ndb: &Ndb, section: u32, mut needed: Map) -> Result<(Map, bool), WriteError> {
    let found = match load(ndb, section) {
        Ok(found) => Some(found),
        Err(PstError::Damaged { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    match (&found, page_map(ndb, section)?) {
        (Some(found), Some(_)) => needed.join(found),
        // Which runs were kept nobody knows; which of their pages nothing is in, the other map does.
        (None, Some(pages)) => {
            let own = usize::try_from(section % 8).unwrap_or_default() * PAGES.div_ceil(8);
            let is_in_reserve = |page: &usize| {
                let byte = pages.get(own + page / 8);
                byte.is_some_and(|byte| byte & (0x80 >> (page % 8)) == 0)
            };
            let slots = (0..).step_by(PAGE_SLOTS.into());
            for (_, slot) in (0..PAGES).zip(slots).filter(|(page, _)| is_in_reserve(page)) {
                needed.mark(slot, PAGE_SLOTS, true);
            }
        }
        (_, None) => {}
    }
    let is_new = found.is_none_or(|found| found != needed);
    Ok((needed, is_new))
}

/// How many pages a section has: as many as its map has bytes, since a page takes up eight slots.
const PAGES: usize = MAP_BYTES;

/// Returns the map of pages that a section belongs to, where it is one of those that Outlook still kept: a bit for each page of eight
/// sections, the highest bit of the first byte first, and not set where the page is kept in reserve. MS-PST 2.2.2.7.3.
fn page_map(ndb: &Ndb, section: u32) -> Result<Option<Vec<u8>>, WriteError> {
    let at = section_at(section - section % 8) + wide(PAGE);
    match ndb.page(PageKind::PageMap, PageRef { id: PageId(at), at }) {
        Ok(page) => {
            let bits: Vec<u8> = page.iter().take(MAP_BYTES).copied().collect();
            Ok(Some(bits).filter(|bits| bits.iter().any(|byte| *byte != 0xFF)))
        }
        Err(PstError::Damaged { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Who owns what in some sections.
struct Owned {
    first: u32,
    /// How many sections the file has.
    sections: u32,
    maps: Vec<Map>,
}

impl Owned {
    fn walk(&mut self, ndb: &Ndb, highest: &mut Highest) -> Result<(), WriteError> {
        ndb.node_tree().pages(ndb, &mut |place, page| {
            self.own(place.at, PAGE)?;
            highest.page = highest.page.max(place.id);
            if page.level == 0 {
                highest.note_indices(page)?;
            }
            Ok::<_, WriteError>(())
        })?;
        ndb.block_tree().pages(ndb, &mut |place, page| {
            self.own(place.at, PAGE)?;
            highest.page = highest.page.max(place.id);
            self.own_blocks(page, highest)
        })
    }

    fn own_blocks(&mut self, page: &TreePage<'_>, highest: &mut Highest) -> Result<(), WriteError> {
        if page.level > 0 {
            return Ok(());
        }
        let layout = &Layout::UNICODE;
        for index in 0..page.count {
            let block = page.block(index)?;
            highest.block = highest.block.max(block.bid);
            let size = usize::from(block.stored);
            if size == 0 || size > layout.block_payload {
                return Err(inconsistent("a block has an impossible length", block.at));
            }
            self.own(block.at, layout.block_size(size))?;
        }
        Ok(())
    }

    /// Notes that some bytes belong to somebody.
    fn own(&mut self, at: u64, size: usize) -> Result<(), WriteError> {
        let run = Run::of(at, wide(size)).filter(|run| run.section < self.sections);
        let Some(run) = run else {
            return Err(inconsistent("a page or block lies where none can", at));
        };
        let within = run.section.checked_sub(self.first).and_then(|n| usize::try_from(n).ok());
        let Some(map) = within.and_then(|index| self.maps.get_mut(index)) else {
            return Ok(());
        };
        if !map.all_free(run.slot, run.slots) {
            return Err(inconsistent("two pages or blocks are in the same place,", at));
        }
        map.mark(run.slot, run.slots, true);
        Ok(())
    }
}

impl Highest {
    fn note_indices(&mut self, page: &TreePage<'_>) -> Result<(), PstError> {
        for index in 0..page.count {
            self.note(page.node(index)?.nid);
        }
        Ok(())
    }

    fn note(&mut self, nid: Nid) {
        let place = usize::try_from(nid.kind().bits()).unwrap_or_default();
        // Ids of internal nodes are given away by the specification, not by a counter.
        if let Some(highest) = self.indices.get_mut(place)
            && nid.kind() != NidKind::INTERNAL
        {
            *highest = (*highest).max(nid.index());
        }
    }

    /// Returns these ids with those that may be counted in each item.
    pub(super) fn above_items(mut self) -> Self {
        for kind in [NidKind::ATTACHMENT, NidKind::VALUE] {
            self.note(Nid::new(kind, COUNTED_IN_ITEMS));
        }
        self
    }

    /// Raises the counters of a header that lag behind what is in the file.
    pub(super) fn raise(&self, header: &mut Header) {
        header.next_block = header.next_block.max(Bid((self.block.0 | 3) + 1));
        header.next_page = header.next_page.max(PageId(self.page.0 + 1));
        for (index, found) in header.highest.iter_mut().zip(self.indices) {
            *index = (*index).max(found);
        }
    }
}

fn inconsistent(what: &'static str, at: u64) -> WriteError {
    WriteError::Inconsistent { what, at }
}
