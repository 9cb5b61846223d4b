//! The allocation map of one section: a bit for each 64 bytes (pure). MS-PST 2.2.2.7.2.

use crate::pst::layout::Layout;

/// Slots of 64 bytes in a section.
pub(super) const SLOTS: u16 = 3968;
/// Bytes of a section.
pub(super) const SECTION: u64 = Layout::UNICODE.map_step;
/// Slots of a page.
pub(super) const PAGE_SLOTS: u16 = 8;

/// Bytes of the map.
pub(super) const MAP_BYTES: usize = 496;
const WORDS: usize = MAP_BYTES / 8;
const SLOT: u64 = 64;

/// Some slots in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Run {
    /// The number of the section, from 0.
    pub(super) section: u32,
    /// The first slot, counted from the section's start.
    pub(super) slot: u16,
    /// How many slots.
    pub(super) slots: u16,
}

impl Run {
    /// Finds the slots that some bytes of the file take up; `None` when they lie before the first section, do not begin at a
    /// slot, or reach into another section.
    pub(super) fn of(at: u64, size: u64) -> Option<Self> {
        let from = at.checked_sub(Layout::UNICODE.first_map)?;
        let within = from % SECTION;
        let fits = from % SLOT == 0 && within.checked_add(size)? <= SECTION;
        let section = u32::try_from(from / SECTION).ok()?;
        let slot = u16::try_from(within / SLOT).ok()?;
        let slots = u16::try_from(size.div_ceil(SLOT)).ok()?;
        fits.then_some(Self { section, slot, slots })
    }

    /// Returns the offset in the file, in bytes.
    pub(super) fn at(self) -> u64 {
        section_at(self.section) + u64::from(self.slot) * SLOT
    }
}

/// Returns the offset of a section, which is that of its allocation map, in bytes.
pub(super) fn section_at(section: u32) -> u64 {
    Layout::UNICODE.first_map + u64::from(section) * SECTION
}

/// Returns the offset of the section in which an offset is, in bytes.
pub(super) fn section_of(at: u64) -> u64 {
    let within = at.saturating_sub(Layout::UNICODE.first_map) % SECTION;
    at - within
}

/// What kinds of pages the format reserves at the start of sections, beside the allocation map that each begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reserved {
    /// `PMap`, every eighth section.
    Pages,
    /// `FMap`, every 496th from the 128th on.
    Free,
    /// `FPMap`, every 31,744th from the 8,192nd on, where the specification's own picture is misread by some: it stands
    /// directly behind the `PMap`, and never meets an `FMap`.
    FreePages,
}

/// Returns the pages that the format reserves at a section's start behind the allocation map, in their order.
pub(super) fn reserved(section: u32) -> impl Iterator<Item = Reserved> {
    let every = |first: u32, step: u32| section >= first && (section - first).is_multiple_of(step);
    let kinds = [
        (every(0, 8), Reserved::Pages),
        (every(128, 496), Reserved::Free),
        (every(8192, 31_744), Reserved::FreePages),
    ];
    kinds.into_iter().filter_map(|(is, kind)| is.then_some(kind))
}

/// Returns how many slots the map and the other reserved pages take up.
pub(super) fn reserved_slots(section: u32) -> u16 {
    reserved(section).fold(PAGE_SLOTS, |slots, _| slots + PAGE_SLOTS)
}

/// The bits of one section; a set bit is a slot in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Map([u64; WORDS]);

impl Map {
    /// Makes the map of a section that holds nothing but its reserved pages.
    pub(super) fn fresh(section: u32) -> Self {
        let mut map = Self([0; WORDS]);
        map.mark(0, reserved_slots(section), true);
        map
    }

    /// Reads the 496 bytes of a map; the first slot is the highest bit of the first byte.
    pub(super) fn parse(bytes: &[u8; MAP_BYTES]) -> Self {
        let mut words = [0; WORDS];
        for (word, chunk) in words.iter_mut().zip(bytes.as_chunks().0) {
            *word = u64::from_be_bytes(*chunk);
        }
        Self(words)
    }

    /// Returns the 496 bytes.
    pub(super) fn bytes(&self) -> [u8; MAP_BYTES] {
        let mut bytes = [0; MAP_BYTES];
        for (chunk, word) in bytes.as_chunks_mut().0.iter_mut().zip(self.0) {
            *chunk = word.to_be_bytes();
        }
        bytes
    }

    /// Counts the free slots.
    pub(super) fn free(&self) -> u32 {
        self.0.iter().map(|word| word.count_zeros()).sum()
    }

    /// Returns how many slots there are up to the last one in use.
    pub(super) fn used(&self) -> u16 {
        let last = self.0.iter().rposition(|word| *word != 0);
        let slots = last.zip(last.and_then(|last| self.0.get(last)));
        let used = slots.map(|(last, word)| {
            last * 64 + 64 - usize::try_from(word.trailing_zeros()).unwrap_or_default()
        });
        used.and_then(|used| u16::try_from(used).ok()).unwrap_or_default()
    }

    /// Sets or clears the bits of some slots.
    pub(super) fn mark(&mut self, slot: u16, slots: u16, taken: bool) {
        for (index, mask) in masks(slot, slots) {
            if let Some(word) = self.0.get_mut(index) {
                if taken { *word |= mask } else { *word &= !mask }
            }
        }
    }

    /// Says whether all of some slots are in use.
    #[cfg(test)]
    fn all_taken(&self, slot: u16, slots: u16) -> bool {
        masks(slot, slots).all(|(index, mask)| self.0.get(index).is_some_and(|w| w & mask == mask))
    }

    /// Says whether all of some slots are free.
    pub(super) fn all_free(&self, slot: u16, slots: u16) -> bool {
        masks(slot, slots).all(|(index, mask)| self.0.get(index).is_some_and(|w| w & mask == 0))
    }

    /// Adds the bits of another map to this one.
    pub(super) fn join(&mut self, other: &Self) {
        for (word, more) in self.0.iter_mut().zip(other.0) {
            *word |= more;
        }
    }

    /// Says whether each bit that is set in another map is set here.
    pub(super) fn covers(&self, other: &Self) -> bool {
        self.0.iter().zip(other.0).all(|(word, other)| other & !word == 0)
    }

    /// Finds the first `slots` free slots in a row from `from` on, which begin at a multiple of `align`.
    pub(super) fn find(&self, slots: u16, align: u16, from: u16) -> Option<u16> {
        let mut start = self.next(from, false)?;
        loop {
            let begin = start.next_multiple_of(align);
            let end = begin.saturating_add(slots);
            if end <= SLOTS && self.all_free(begin, slots) {
                return Some(begin);
            }
            start = self.next(self.next(start, true)?, false)?;
        }
    }

    /// Returns the length of the longest row of free slots.
    pub(super) fn longest(&self) -> u16 {
        let mut longest = 0;
        let mut from = 0;
        while let Some(start) = self.next(from, false) {
            from = self.next(start, true).unwrap_or(SLOTS);
            longest = longest.max(from - start);
        }
        longest
    }

    /// Finds the next slot from `from` on that is in use, or that is free.
    fn next(&self, from: u16, taken: bool) -> Option<u16> {
        let first = usize::from(from / 64);
        let mut before = u64::MAX >> (from % 64);
        for (index, word) in self.0.iter().enumerate().skip(first) {
            let wanted = if taken { *word } else { !*word } & before;
            if wanted != 0 {
                let bit = u16::try_from(wanted.leading_zeros()).unwrap_or_default();
                return u16::try_from(index * 64).ok().map(|slot| slot + bit);
            }
            before = u64::MAX;
        }
        None
    }
}

/// Returns the words that some slots touch, each with the mask of those slots.
fn masks(slot: u16, slots: u16) -> impl Iterator<Item = (usize, u64)> {
    let (from, end) = (u32::from(slot), u32::from(slot) + u32::from(slots));
    (from / 64..end.div_ceil(64)).map(move |word| {
        let first = from.max(word * 64) - word * 64;
        let last = end.min(word * 64 + 64) - word * 64;
        let mask = u64::MAX.checked_shl(64 - (last - first)).unwrap_or_default() >> first;
        (usize::try_from(word).unwrap_or(usize::MAX), mask)
    })
}

#[cfg(test)]
mod tests {
    use super::{MAP_BYTES, Map, Reserved, Run, SLOTS, reserved, section_at};

    /// MS-PST 2.2.2.7: the first map at 0x4400, then every 253,952 bytes; the pages beside it after the guide to the format,
    /// counted by hand.
    #[test]
    fn reserved_pages_stand_where_the_format_puts_them() {
        assert_eq!(section_at(1), 0x4400 + 253_952);
        let kinds = |section| reserved(section).collect::<Vec<_>>();
        assert_eq!(kinds(0), [Reserved::Pages]);
        assert_eq!(kinds(7), []);
        assert_eq!(kinds(128), [Reserved::Pages, Reserved::Free]);
        assert_eq!(kinds(496), [Reserved::Pages]);
        assert_eq!(kinds(624), [Reserved::Pages, Reserved::Free]);
        assert_eq!(kinds(8192), [Reserved::Pages, Reserved::FreePages]);
        assert_eq!(kinds(8192 + 31_744), [Reserved::Pages, Reserved::FreePages]);
    }

    #[test]
    fn bits_count_from_the_highest_of_the_first_byte() {
        let mut bytes = [0; MAP_BYTES];
        bytes[0] = 0xFF;
        bytes[1] = 0x80;
        let map = Map::parse(&bytes);
        assert!(map.all_taken(0, 9));
        assert!(!map.all_taken(0, 10));
        assert!(map.all_free(9, SLOTS - 9));
        assert_eq!((map.free(), map.used()), (u32::from(SLOTS) - 9, 9));
        assert_eq!(map.bytes(), bytes);
        assert_eq!(Map::fresh(1).bytes()[..2], [0xFF, 0]);
        assert_eq!(Map::fresh(128).bytes()[..4], [0xFF, 0xFF, 0xFF, 0]);
    }

    #[test]
    fn room_is_found_first_fit_and_aligned() {
        let mut map = Map::fresh(1);
        assert_eq!(map.find(1, 1, 0), Some(8));
        map.mark(8, 1, true);
        assert_eq!(map.find(8, 8, 0), Some(16), "pages begin at multiples of 512");
        assert_eq!(map.find(128, 1, 0), Some(9));
        map.mark(9, 200, true);
        assert_eq!(map.find(1, 1, 0), Some(209));
        map.mark(100, 60, false);
        assert_eq!(map.find(60, 1, 0), Some(100));
        assert_eq!(map.find(61, 1, 0), Some(209));
        map.mark(209, SLOTS - 209, true);
        assert_eq!((map.longest(), map.free()), (60, 60));
        assert_eq!(map.find(61, 1, 0), None);
        assert_eq!(map.find(1, 1, 160), None);
        assert_eq!(map.used(), SLOTS);
        map.mark(SLOTS - 1, 1, false);
        assert_eq!(map.find(1, 1, 160), Some(SLOTS - 1));
        assert_eq!(map.used(), SLOTS - 1);
    }

    #[test]
    fn runs_lie_within_a_section() {
        let run = Run::of(0x4400 + 253_952 + 640, 512).unwrap();
        assert_eq!((run.section, run.slot, run.slots), (1, 10, 8));
        assert_eq!(run.at(), 0x4400 + 253_952 + 640);
        assert_eq!(Run::of(0x4200, 512), None);
        assert_eq!(Run::of(0x4401, 64), None);
        assert_eq!(Run::of(0x4400 + 253_952 - 64, 128), None);
        assert!(Run::of(0x4400 + 253_952 - 64, 64).is_some());
        assert_eq!(Run::of(u64::MAX - 63, 64), None);
    }
}
