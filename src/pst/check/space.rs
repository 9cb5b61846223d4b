//! Who has which room, and whether the maps know it (effect). MS-PST 2.2.2.7.2.

use super::place::Place;
use super::report::Report;
use super::rule::Rule;
use crate::pst::bytes::wide;
use crate::pst::error::PstError;
use crate::pst::id::{PageId, PageRef};
use crate::pst::layout::Layout;
use crate::pst::ndb::{Ndb, Nodes as _, PageKind};

/// Compares what is taken with the maps.
pub(super) fn check(ndb: &Ndb, room: &Room, report: &mut Report) {
    let (header, size) = (ndb.header(), wide(ndb.layout().page));
    if header.file_end != room.length {
        let breach = Rule::FileEnd.by(&[&header.file_end, &room.length]);
        report.error(Place::Header, breach);
    }
    if room.surplus > 0 {
        report.note(Place::Header, Rule::Surplus.by(&[&room.surplus]));
    }
    if room.length < room.first || !(room.length - room.first).is_multiple_of(room.step) {
        report.error(Place::Header, Rule::WholeSections);
    }
    if room.sections().next_back().is_some_and(|(_, last)| header.last_map != last) {
        report.error(Place::Header, Rule::LastMap);
    }
    let mut free = 0;
    for (section, at) in room.sections() {
        for (number, kind) in (0..).zip(reserved(section, ndb.layout())) {
            let place = PageRef { id: PageId(at + size * number), at: at + size * number };
            let name = Place::Page(kind.structure(), place.at);
            let page = report.take(name, ndb.page(kind, place));
            if let Some(page) = page.filter(|_| kind == PageKind::AllocationMap) {
                free += map(ndb, room, at, &page, report);
            }
        }
    }
    if report.lost_bytes > 0 {
        report.note(Place::Maps, Rule::LostRoom.by(&[&report.lost_bytes]));
    }
    if header.maps_valid == 0 {
        report.note(Place::Header, Rule::MapsInvalid);
    } else if free != header.free {
        report.error(Place::Header, Rule::FreeBytes.by(&[&header.free, &free]));
    }
}

/// Compares the map of a section, and returns how many bytes it shows as free.
fn map(ndb: &Ndb, room: &Room, at: u64, page: &[u8], report: &mut Report) -> u64 {
    // One bit for each slot of the section; the narrow form has four bytes before its bits.
    let bytes = usize::try_from(room.step / room.unit / 8).unwrap_or(0);
    let bits = page.get(if ndb.layout().wide { 0 } else { 4 }..).unwrap_or_default();
    let slots =
        bits.iter().take(bytes).flat_map(|byte| (0..8).map(move |bit| byte & (0x80 >> bit) != 0));
    let mut free = 0;
    for (slot, taken) in (0..).zip(slots) {
        let place = at + slot * room.unit;
        match (taken, room.has(place)) {
            (false, true) => {
                let name = Place::Page(PageKind::AllocationMap.structure(), at);
                report.error(name, Rule::ShownFree.by(&[&format_args!("{place:#x}")]));
            }
            (true, false) => report.lost_bytes += room.unit,
            _ => {}
        }
        free += if taken { 0 } else { room.unit };
    }
    free
}

/// The map pages that a section begins with. In files with large pages the one that Outlook's later versions read is the only one
/// (read in such a file: behind the map a block follows at once, and all bits agree).
fn reserved(section: u64, layout: &Layout) -> Vec<PageKind> {
    let mut kinds = vec![PageKind::AllocationMap];
    if layout.page > 512 {
        return kinds;
    }
    if section.is_multiple_of(8) {
        kinds.push(PageKind::PageMap);
    }
    if section >= 128 && (section - 128).is_multiple_of(496) {
        kinds.push(PageKind::FreeMap);
    }
    if layout.wide && section >= 8192 && (section - 8192).is_multiple_of(31744) {
        kinds.push(PageKind::FreePageMap);
    }
    kinds
}

/// Who has which room: one bit for each slot of the file.
pub(super) struct Room {
    first: u64,
    step: u64,
    unit: u64,
    /// Where the file ends, as far as it belongs to anybody: at the latest where its header says so.
    length: u64,
    /// Bytes that stand behind that: a transaction that did not come to its commit left them.
    surplus: u64,
    bits: Vec<u64>,
}

impl Room {
    /// Begins with what sections begin with.
    ///
    /// # Errors
    ///
    /// The file's length cannot be told.
    pub(super) fn of(ndb: &Ndb, report: &mut Report) -> Result<Self, PstError> {
        let layout = ndb.layout();
        let (first, step, unit) = (layout.first_map, layout.map_step, super::trees::unit(ndb));
        let whole = ndb.medium().len()?;
        let length = whole.min(ndb.header().file_end);
        let surplus = whole - length;
        let slots = length.saturating_sub(first) / unit;
        let bits = vec![0; usize::try_from(slots / 64 + 1).unwrap_or(0)];
        let mut room = Self { first, step, unit, length, surplus, bits };
        let size = wide(layout.page);
        for (section, at) in room.sections() {
            for (number, kind) in (0..).zip(reserved(section, layout)) {
                let at = at + size * number;
                room.mark(at, size, Place::Page(kind.structure(), at), report);
            }
        }
        Ok(room)
    }

    /// Takes room that something has.
    pub(super) fn take(&mut self, at: u64, size: u64, name: Place<'_>, report: &mut Report) {
        if at < self.first || at.saturating_add(size) > self.length {
            report.error(name, Rule::Outside);
            return;
        }
        if (at - self.first) % self.step + size > self.step {
            report.error(name, Rule::SectionEnd);
        }
        self.mark(at, size, name, report);
    }

    /// Lists the sections: their numbers, and where they begin.
    fn sections(&self) -> impl DoubleEndedIterator<Item = (u64, u64)> + use<> {
        let (first, step) = (self.first, self.step);
        let count = self.length.saturating_sub(first).div_ceil(step);
        (0..count).map(move |section| (section, first + section * step))
    }

    fn place(&self, at: u64) -> Option<(usize, u64)> {
        let slot = at.checked_sub(self.first)? / self.unit;
        Some((usize::try_from(slot / 64).ok()?, 1 << (slot % 64)))
    }

    fn has(&self, at: u64) -> bool {
        let place = self.place(at);
        place.is_some_and(|(word, bit)| self.bits.get(word).is_some_and(|bits| bits & bit != 0))
    }

    fn mark(&mut self, at: u64, size: u64, name: Place<'_>, report: &mut Report) {
        let mut twice = false;
        let mut next = at;
        while next < at.saturating_add(size) {
            if let Some((word, bit)) = self.place(next)
                && let Some(bits) = self.bits.get_mut(word)
            {
                twice |= *bits & bit != 0;
                *bits |= bit;
            }
            next += self.unit;
        }
        if twice {
            report.error(name, Rule::UsedTwice);
        }
    }
}
