//! Who has which room, and whether the maps know it (effect). MS-PST 2.2.2.7.2.

use super::place::Place;
use super::report::Report;
use super::rule::Rule;
use super::trees::Found;
use crate::pst::bytes::wide;
use crate::pst::error::PstError;
use crate::pst::id::{PageId, PageRef};
use crate::pst::layout::Layout;
use crate::pst::ndb::{Ndb, Nodes as _, PageKind};

/// Compares all that is taken with the maps.
///
/// # Errors
///
/// The file's length cannot be told.
pub(super) fn check(ndb: &Ndb, found: &Found, report: &mut Report) -> Result<(), PstError> {
    let layout = ndb.layout();
    let header = ndb.header();
    let length = ndb.medium().len()?;
    if header.file_end != length {
        report.error(Place::Header, Rule::FileEnd.by(&[&header.file_end, &length]));
    }
    let (first, step) = (layout.first_map, layout.map_step);
    if length < first || !(length - first).is_multiple_of(step) {
        report.error(Place::Header, Rule::WholeSections);
    }
    let sections = length.saturating_sub(first).div_ceil(step);
    if sections > 0 && header.last_map != first + (sections - 1) * step {
        report.error(Place::Header, Rule::LastMap);
    }
    let (unit, size) = (super::trees::unit(ndb), wide(layout.page));
    // One bit for each slot of the section.
    let bytes = usize::try_from(step / unit / 8).unwrap_or(0);
    let mut owned = Owned::new(first, unit, length);
    let mut free = 0;
    let mut maps = Vec::new();
    for section in 0..sections {
        let at = first + section * step;
        for (number, kind) in (0..).zip(reserved(section, layout)) {
            let place = PageRef { id: PageId(at + size * number), at: at + size * number };
            let name = Place::Page(kind.structure(), place.at);
            owned.take(place.at, size, name, report);
            let page = report.take(name, ndb.page(kind, place));
            if kind == PageKind::AllocationMap {
                maps.push((at, page));
            }
        }
    }
    for (at, size) in &found.taken {
        let name = Place::Room(*at);
        if *at < first || at.saturating_add(*size) > length {
            report.error(name, Rule::Outside);
            continue;
        }
        if (at - first) % step + size > step {
            report.error(name, Rule::SectionEnd);
        }
        owned.take(*at, *size, name, report);
    }
    for (at, page) in maps {
        let Some(page) = page else { continue };
        // The narrow form has four bytes before its bits.
        let bits = page.get(if layout.wide { 0 } else { 4 }..).unwrap_or_default();
        let slots = bits
            .iter()
            .take(bytes)
            .flat_map(|byte| (0..8).map(move |bit| byte & (0x80 >> bit) != 0));
        for (slot, taken) in (0..).zip(slots) {
            let place = at + slot * unit;
            match (taken, owned.has(place)) {
                (false, true) => {
                    let name = Place::Page(PageKind::AllocationMap.structure(), at);
                    report.error(name, Rule::ShownFree.by(&[&format_args!("{place:#x}")]));
                }
                (true, false) => report.lost_bytes += unit,
                _ => {}
            }
            free += if taken { 0 } else { unit };
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
    Ok(())
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

/// One bit for each slot of the file.
struct Owned {
    first: u64,
    unit: u64,
    bits: Vec<u64>,
}

impl Owned {
    fn new(first: u64, unit: u64, length: u64) -> Self {
        let slots = length.saturating_sub(first) / unit;
        let words = usize::try_from(slots / 64 + 1).unwrap_or(0);
        Self { first, unit, bits: vec![0; words] }
    }

    fn place(&self, at: u64) -> Option<(usize, u64)> {
        let slot = at.checked_sub(self.first)? / self.unit;
        Some((usize::try_from(slot / 64).ok()?, 1 << (slot % 64)))
    }

    fn has(&self, at: u64) -> bool {
        let place = self.place(at);
        place.is_some_and(|(word, bit)| self.bits.get(word).is_some_and(|bits| bits & bit != 0))
    }

    fn take(&mut self, at: u64, size: u64, name: Place<'_>, report: &mut Report) {
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
