//! Where in the file there is room (pure): the allocation maps that were looked at, and for every other section an upper bound
//! of its longest free run, one byte each. A file of 50 GB costs 210 KB.
//!
//! What a transaction takes is noted, so that it can be given back; what it frees is told only when it is committed, so nothing
//! that the committed header reaches can be taken.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::bits::{Map, Run, SLOTS, reserved_slots, section_at};
use crate::pst::error::PstError;

/// Slots of the biggest block.
const BIGGEST: u16 = 128;
/// Room is scarce where less than this part of the file is free: holes of older sections are filled one by one, each by a write of
/// its own, which costs a large transaction more than so little room is worth. Where there is more, all of it is used again, or the
/// file would grow for ever.
const SCARCE: u64 = 8;
/// Where room is scarce, the transaction that comes behind one that added so many sections is expected to be as large, and goes on
/// where that ended.
const LARGE: u32 = 4;
/// Where room is scarce, so many holes are looked for on behalf of one transaction at most.
const HOLES: usize = 256;
/// How many maps that nobody changed are remembered; 500 bytes each.
const REMEMBERED: usize = 2048;

/// Room for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// For a block that takes up so many slots, 1 to 128.
    Block(u16),
    /// For a page, which begins at a multiple of its size.
    Page,
}

impl Room {
    fn slots(self) -> u16 {
        match self {
            Self::Block(slots) => slots.clamp(1, BIGGEST),
            Self::Page => 8,
        }
    }

    fn align(self) -> u16 {
        if self == Self::Page { 8 } else { 1 }
    }
}

/// A map in memory.
#[derive(Debug)]
struct Loaded {
    map: Map,
    /// Before this slot nothing is free.
    from: u16,
    /// Whether the file has another map there.
    changed: bool,
}

impl Loaded {
    /// Takes slots that are free.
    fn take(&mut self, slot: u16, slots: u16) {
        self.changed = true;
        self.map.mark(slot, slots, true);
        if self.from == slot {
            self.from = slot + slots;
        }
    }
}

/// For each kind of room, the first section and slot that might have it.
type Hints = Vec<(u32, u16)>;

/// The room in a file.
#[derive(Debug)]
pub(super) struct Space {
    /// For each section, at least as many slots as its longest free run has; 255 stands for more.
    longest: Vec<u8>,
    loaded: BTreeMap<u32, Loaded>,
    /// Free slots of all sections.
    free: u64,
    /// Where there might be room in the whole file.
    hints: Hints,
    /// The same among the sections in which a large transaction looks for room.
    late: Hints,
    /// What the running transaction took.
    taken: Vec<Run>,
    /// Sections of the committed file.
    committed: u32,
    /// The first section in which the running transaction looks for room.
    from: u32,
    /// Whether room was scarce when the running transaction began.
    is_scarce: bool,
}

impl Space {
    /// Starts from the longest free run of each section and the number of all free slots.
    pub(super) fn new(longest: Vec<u8>, free: u64) -> Self {
        let committed = u32::try_from(longest.len()).unwrap_or(u32::MAX);
        let hints = vec![(0, 0); usize::from(BIGGEST) + 2];
        Self {
            longest,
            loaded: BTreeMap::new(),
            free,
            late: hints.clone(),
            hints,
            taken: Vec::new(),
            committed,
            from: 0,
            is_scarce: is_scarce(free, committed),
        }
    }

    /// Puts a map in place of the one that the file has.
    pub(super) fn put(&mut self, section: u32, map: Map) {
        self.loaded.insert(section, Loaded { map, from: 0, changed: true });
    }

    /// Returns how many sections there are, new ones included.
    pub(super) fn sections(&self) -> u32 {
        u32::try_from(self.longest.len()).unwrap_or(u32::MAX)
    }

    /// Returns where the file ends, in bytes.
    pub(super) fn end(&self) -> u64 {
        section_at(self.sections())
    }

    /// Returns where the committed file ends, in bytes.
    pub(super) fn committed_end(&self) -> u64 {
        section_at(self.committed)
    }

    /// Returns from where on nothing is in use, as far as is known without looking at a map of the file.
    pub(super) fn unused_from(&self) -> u64 {
        let last = self.sections().saturating_sub(1);
        let used = self.loaded.get(&last).map(|last| last.map.used());
        used.map_or(self.end(), |slots| Run { section: last, slot: slots, slots: 0 }.at())
    }

    /// Returns how many bytes are free.
    pub(super) fn free_bytes(&self) -> u64 {
        self.free * 64
    }

    /// Adds a section that holds nothing yet.
    pub(super) fn grow(&mut self) -> u32 {
        let section = self.sections();
        if self.is_scarce {
            self.look_from(self.from.max(self.committed.saturating_sub(1)));
        }
        self.longest.push(u8::MAX);
        self.free += u64::from(SLOTS - reserved_slots(section));
        self.loaded.insert(section, Loaded { map: Map::fresh(section), from: 0, changed: true });
        section
    }

    /// Takes room where there is some, or returns `None`. Maps that are not in memory are read by `load`.
    pub(super) fn take(
        &mut self,
        room: Room,
        load: &mut dyn FnMut(u32) -> Result<Map, PstError>,
    ) -> Result<Option<Run>, PstError> {
        if self.is_scarce && self.from == 0 && self.taken.len() >= HOLES {
            self.look_from(self.committed.saturating_sub(1));
        }
        let (slots, align) = (room.slots(), room.align());
        let class = if room == Room::Page { 0 } else { usize::from(slots) };
        let (mut section, mut first) = self.hints().get(class).copied().unwrap_or_default();
        while let Some(longest) = usize::try_from(section).ok().and_then(|s| self.longest.get(s)) {
            if u16::from(*longest) >= slots {
                let known = loaded(&mut self.loaded, section, load)?;
                if let Some(slot) = known.map.find(slots, align, known.from.max(first)) {
                    known.take(slot, slots);
                    self.free = self.free.saturating_sub(u64::from(slots));
                    self.put_hint(class, (section, slot + slots));
                    let run = Run { section, slot, slots };
                    self.taken.push(run);
                    return Ok(Some(run));
                }
                // Others that are too long for it need not look into this map any more.
                let longest = u8::try_from(known.map.longest()).unwrap_or(u8::MAX);
                self.bound(section, |_| longest);
            }
            (section, first) = (section + 1, 0);
        }
        self.put_hint(class, (section, 0));
        Ok(None)
    }

    /// Gives back what the running transaction took, new sections included.
    pub(super) fn undo(&mut self) {
        for run in std::mem::take(&mut self.taken) {
            if run.section < self.committed {
                self.give_back(run);
            }
        }
        while self.sections() > self.committed {
            self.look_from(0);
            let section = self.sections() - 1;
            if let Some(lost) = self.loaded.remove(&section) {
                self.free = self.free.saturating_sub(u64::from(lost.map.free()));
            }
            self.longest.pop();
        }
        let end = (self.sections(), 0);
        self.hints.iter_mut().chain(&mut self.late).for_each(|hint| *hint = (*hint).min(end));
    }

    /// Sees to it that the maps of some runs are in memory, so that [`Space::keep`] cannot fail.
    pub(super) fn look_at(
        &mut self,
        runs: &[Run],
        load: &mut dyn FnMut(u32) -> Result<Map, PstError>,
    ) -> Result<(), PstError> {
        runs.iter().try_for_each(|run| loaded(&mut self.loaded, run.section, load).map(|_| ()))
    }

    /// Keeps what the running transaction took, and frees what nothing reaches any longer (all [looked at](Space::look_at)).
    /// The file learns of the latter with the next transaction; until then its maps show more in use than there is, which
    /// harms nobody.
    pub(super) fn keep(&mut self, freed: &[Run]) {
        self.taken.clear();
        let is_large = self.sections() - self.committed >= LARGE;
        self.committed = self.sections();
        for loaded in self.loaded.values_mut() {
            loaded.changed = false;
        }
        for run in freed {
            self.give_back(*run);
        }
        self.is_scarce = is_scarce(self.free, self.committed);
        // Smaller transactions find the room that large ones leave.
        self.look_from(if is_large && self.is_scarce { self.committed - 1 } else { 0 });
        let mut spare = self.loaded.len().saturating_sub(REMEMBERED);
        self.loaded.retain(|_, loaded| {
            let drop = spare > 0 && !loaded.changed;
            spare -= usize::from(drop);
            !drop
        });
    }

    /// Returns the maps that differ from those in the file, with the number of their section.
    pub(super) fn changed(&self) -> impl Iterator<Item = (u32, &Map)> {
        let changed = self.loaded.iter().filter(|(_, loaded)| loaded.changed);
        changed.map(|(section, loaded)| (*section, &loaded.map))
    }

    /// Hands the maps of new sections that changed to whoever puts them into the file, and asks whether that was done.
    pub(super) fn put_new_maps(
        &mut self,
        put: &mut dyn FnMut(u32, &Map) -> Result<bool, PstError>,
    ) -> Result<(), PstError> {
        for (section, loaded) in self.loaded.range_mut(self.committed..) {
            if loaded.changed {
                loaded.changed = !put(*section, &loaded.map)?;
            }
        }
        Ok(())
    }

    /// Returns the first section that the committed file does not have.
    pub(super) fn first_new(&self) -> u32 {
        self.committed
    }

    /// Frees slots of a map that is in memory.
    fn give_back(&mut self, run: Run) {
        let Some(loaded) = self.loaded.get_mut(&run.section) else {
            return;
        };
        loaded.changed = true;
        loaded.map.mark(run.slot, run.slots, false);
        self.free += u64::from(run.slots);
        loaded.from = loaded.from.min(run.slot);
        let longest = u8::try_from(loaded.map.longest()).unwrap_or(u8::MAX);
        self.bound(run.section, |_| longest);
        let lower = |hints: &mut Hints, section: u32| {
            for hint in hints.iter_mut() {
                *hint = (*hint).min((section, 0));
            }
        };
        lower(&mut self.hints, run.section);
        lower(&mut self.late, run.section.max(self.from));
    }

    fn bound(&mut self, section: u32, change: impl FnOnce(u8) -> u8) {
        let section = usize::try_from(section).unwrap_or(usize::MAX);
        if let Some(longest) = self.longest.get_mut(section) {
            *longest = change(*longest);
        }
    }

    fn put_hint(&mut self, class: usize, place: (u32, u16)) {
        if let Some(hint) = self.hints().get_mut(class) {
            *hint = place;
        }
    }

    /// Sets the first section in which room is looked for.
    fn look_from(&mut self, section: u32) {
        if self.from != section {
            self.from = section;
            self.late.fill((section, 0));
        }
    }

    fn hints(&mut self) -> &mut Hints {
        if self.from == 0 { &mut self.hints } else { &mut self.late }
    }
}

/// Says whether so many free slots are little room for a file of so many sections. The last one may have nothing in it yet, and does not
/// count.
fn is_scarce(free: u64, sections: u32) -> bool {
    let holes = free.saturating_sub(u64::from(SLOTS));
    holes.saturating_mul(SCARCE) < u64::from(sections) * u64::from(SLOTS)
}

/// Returns the map of a section, reading it the first time.
fn loaded<'a>(
    maps: &'a mut BTreeMap<u32, Loaded>,
    section: u32,
    load: &mut dyn FnMut(u32) -> Result<Map, PstError>,
) -> Result<&'a mut Loaded, PstError> {
    match maps.entry(section) {
        Entry::Occupied(entry) => Ok(entry.into_mut()),
        Entry::Vacant(entry) => {
            Ok(entry.insert(Loaded { map: load(section)?, from: 0, changed: false }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{HOLES, LARGE, Room, Space};
    use crate::pst::ndb::write::bits::Run;

    /// Takes room for a block, in a new section when there is no other.
    fn take(space: &mut Space, slots: u16) -> Run {
        loop {
            let mut load = |_| panic!("all maps are in memory");
            if let Some(run) = space.take(Room::Block(slots), &mut load).unwrap() {
                return run;
            }
            space.grow();
        }
    }

    #[test]
    fn behind_a_large_transaction_holes_wait_for_a_small_one() {
        let mut space = Space::new(Vec::new(), 0);
        let hole = take(&mut space, 8);
        while space.sections() <= LARGE {
            take(&mut space, 128);
        }
        space.keep(&[hole]);
        assert_eq!(take(&mut space, 8).section, LARGE, "it goes on where the large one ended");
        space.keep(&[]);
        assert_eq!(take(&mut space, 8), hole);
    }

    /// A transaction that turns out to be large fills some holes, not all that there are in a large file of which little is free.
    #[test]
    fn where_room_is_scarce_one_transaction_fills_so_many_holes() {
        let mut space = Space::new(Vec::new(), 0);
        let mut holes = Vec::new();
        while space.sections() <= LARGE {
            holes.push(take(&mut space, 1));
            take(&mut space, 11);
        }
        space.keep(&holes);
        space.keep(&[]);
        for hole in &holes[..HOLES] {
            assert_eq!(take(&mut space, 1), *hole);
        }
        assert!(take(&mut space, 1).section >= LARGE);
        space.keep(&[]);
        assert_eq!(take(&mut space, 1), holes[HOLES], "the next one goes on there");
    }

    /// However large transactions are and whatever the pieces: where much is free, nothing is added before it is used up.
    #[test]
    fn a_file_of_which_much_is_free_does_not_grow() {
        for (piece, between) in [(128, 0), (8, 0), (8, 16)] {
            let mut space = Space::new(Vec::new(), 0);
            let mut pieces = Vec::new();
            while space.sections() <= 5 * LARGE {
                pieces.push(take(&mut space, piece));
                if between > 0 {
                    take(&mut space, between);
                }
            }
            space.keep(&[]);
            let sections = space.sections();
            for round in 0..3 {
                space.keep(&pieces);
                pieces = pieces.iter().map(|_| take(&mut space, piece)).collect();
                assert_eq!(space.sections(), sections, "round {round} of pieces of {piece}");
            }
        }
    }

    /// What fits nowhere makes the file longer, and what fits into holes still goes there.
    #[test]
    fn a_file_that_has_to_grow_uses_what_is_free_all_the_same() {
        let mut space = Space::new(Vec::new(), 0);
        let mut holes = Vec::new();
        while space.sections() <= LARGE {
            holes.push(take(&mut space, 8));
            take(&mut space, 8);
        }
        space.keep(&holes);
        assert!(take(&mut space, 128).section >= LARGE);
        assert_eq!(take(&mut space, 8), holes[0]);
    }

    #[test]
    fn what_was_taken_and_given_back_is_found_again() {
        let mut space = Space::new(Vec::new(), 0);
        let first = take(&mut space, 100);
        space.keep(&[]);
        let free = space.free_bytes();
        let second = take(&mut space, 100);
        while space.sections() < 2 * LARGE {
            take(&mut space, 128);
        }
        space.undo();
        assert_eq!((space.sections(), space.free_bytes()), (1, free));
        let end = Run { slot: first.slot + first.slots, ..first }.at();
        assert_eq!(space.unused_from(), end, "what was given back is in use by nobody");
        assert_eq!(take(&mut space, 100), second);
        assert_ne!(first, second);
    }
}
