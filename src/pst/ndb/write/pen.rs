//! Putting together what is written, so that few calls write it (effect): a call for each block would cost more than the blocks
//! do.
//!
//! Sections that a transaction adds are nobody's before it is committed. They are put together in memory, whatever order their
//! blocks come in, and are written in one piece, past the system's own memory. In older sections only what is new
//! may be touched: there, neighbours are written together.

use std::collections::BTreeMap;

use super::bits::{SECTION, section_of};
use crate::pst::bytes::wide;
use crate::pst::error::PstError;
use crate::pst::medium::Medium;

/// How many bytes of new sections are held back at most; a batch of a thousand items takes about as many.
const MOST_NEW: usize = 8 << 20;
/// What memory and file are aligned to where the system is to take bytes from here without a copy of its own.
const ALIGNMENT: usize = 4096;
/// How many bytes of older sections are held back at most.
const MOST_OLD: usize = 1 << 20;

/// Bytes on their way into a file.
#[derive(Debug, Default)]
pub(super) struct Pen {
    /// From where on the file consists of new sections that were not written yet; `None` when there are none.
    from: Option<u64>,
    /// These sections as far as they are made, from `begin` to `end`; what stands behind is of no meaning. Both memory and file
    /// are at the same distance from what they are aligned to.
    new: Vec<u8>,
    begin: usize,
    end: usize,
    /// Neighbours in older sections by where they end, and how many bytes these are together.
    old: BTreeMap<u64, Vec<u8>>,
    old_bytes: usize,
}

impl Pen {
    /// Begins a transaction in a file whose new sections begin at an offset.
    pub(super) fn begin(&mut self, new_sections: u64) {
        self.forget();
        self.from = Some(new_sections);
        // With all the memory that there may ever be, it stays where it is. What is not used is not taken from the system.
        self.new.reserve_exact(MOST_NEW.saturating_sub(self.new.len()));
        let within = usize::try_from(new_sections % wide(ALIGNMENT)).unwrap_or_default();
        self.begin = within.wrapping_sub(self.new.as_ptr().addr()) % ALIGNMENT;
        self.end = self.begin;
    }

    /// Returns where so many bytes at an offset are to be put; all of them have to be.
    pub(super) fn place(
        &mut self,
        medium: &mut Medium,
        at: u64,
        size: usize,
    ) -> Result<&mut [u8], PstError> {
        if self.start(at).is_some_and(|start| start + size > MOST_NEW) {
            self.make_room(medium, at)?;
        }
        let Some(start) = self.start(at) else { return self.neighbour(medium, at, size) };
        let end = start + size;
        if self.new.len() < end {
            self.new.resize(end, 0);
        }
        // What was skipped is free room, in which nothing of an earlier transaction should stay.
        if let Some(gap) = self.new.get_mut(self.end..start) {
            gap.fill(0);
        }
        self.end = self.end.max(end);
        Ok(self.new.get_mut(start..end).unwrap_or_default())
    }

    /// Writes bytes at an offset.
    pub(super) fn write(
        &mut self,
        medium: &mut Medium,
        at: u64,
        bytes: &[u8],
    ) -> Result<(), PstError> {
        self.place(medium, at, bytes.len()).map(|to| to.copy_from_slice(bytes))
    }

    /// Hands over all that is held back.
    pub(super) fn finish(&mut self, medium: &mut Medium) -> Result<(), PstError> {
        self.write_old(medium)?;
        if let Some(from) = self.from {
            let new = self.new.get(self.begin..self.end).unwrap_or_default();
            if !new.is_empty() {
                medium.write_past_cache(from, new)?;
            }
        }
        self.forget();
        Ok(())
    }

    /// Drops all that is held back.
    pub(super) fn forget(&mut self) {
        self.from = None;
        self.end = self.begin;
        self.old.clear();
        self.old_bytes = 0;
    }

    /// Returns how many bytes are held back.
    pub(super) fn held_back(&self) -> u64 {
        wide(self.end - self.begin + self.old_bytes)
    }

    /// Returns bytes that are held back, or `None` when they are in the file.
    pub(super) fn held(&self, at: u64, length: usize) -> Option<&[u8]> {
        if let Some(start) = self.start(at) {
            return self.new.get(..self.end)?.get(start..start.checked_add(length)?);
        }
        let (end, bytes) = self.old.range(at + 1..).next()?;
        let start = usize::try_from(at.checked_sub(end - wide(bytes.len()))?).ok()?;
        bytes.get(start..start.checked_add(length)?)
    }

    /// Returns where the place for an offset of the file is in the memory for new sections.
    fn start(&self, at: u64) -> Option<usize> {
        usize::try_from(at.checked_sub(self.from?)?).ok()?.checked_add(self.begin)
    }

    /// Writes new sections but for the one in which an offset is and the one before, where small blocks may still find room.
    fn make_room(&mut self, medium: &mut Medium, at: u64) -> Result<(), PstError> {
        let Some(from) = self.from else { return Ok(()) };
        let cut = section_of(at).saturating_sub(SECTION).max(from);
        let rest = self.start(cut).unwrap_or_default().min(self.end);
        medium.write_past_cache(from, self.new.get(self.begin..rest).unwrap_or_default())?;
        // Sections are whole pages, so what was aligned stays so.
        self.new.copy_within(rest..self.end, self.begin);
        self.end -= rest - self.begin;
        self.from = Some(cut);
        Ok(())
    }

    fn neighbour(
        &mut self,
        medium: &mut Medium,
        at: u64,
        size: usize,
    ) -> Result<&mut [u8], PstError> {
        if self.old_bytes + size > MOST_OLD {
            self.write_old(medium)?;
        }
        self.old_bytes += size;
        let mut bytes = self.old.remove(&at).unwrap_or_default();
        let start = bytes.len();
        bytes.resize(start + size, 0);
        let bytes = self.old.entry(at + wide(size)).or_insert(bytes);
        Ok(bytes.get_mut(start..).unwrap_or_default())
    }

    fn write_old(&mut self, medium: &mut Medium) -> Result<(), PstError> {
        // What could not be written is still held back: a transaction may go on after an error.
        while let Some(first) = self.old.first_entry() {
            medium.write_at(first.key() - wide(first.get().len()), first.get())?;
            self.old_bytes -= first.remove().len();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST_NEW, MOST_OLD, Pen};
    use crate::pst::bytes::wide;
    use crate::pst::medium::{Call, Medium, Recording};
    use crate::pst::ndb::write::bits::{SECTION, section_at};

    fn written(medium: &Medium) -> Vec<(u64, usize)> {
        let Medium::Recording(recording) = medium else { panic!() };
        let call = |(_, call): &(_, Call)| match call {
            Call::Write { at, bytes } => (*at, bytes.len()),
            _ => panic!(),
        };
        recording.calls().iter().map(call).collect()
    }

    #[test]
    fn in_older_sections_neighbours_are_written_together() {
        let mut medium = Medium::Recording(Recording::new(Vec::new()));
        let mut pen = Pen::default();
        pen.begin(section_at(1));
        // Small blocks fill a hole here while others follow each other there.
        pen.write(&mut medium, 64, b"one").unwrap();
        pen.write(&mut medium, 128, b"three").unwrap();
        pen.write(&mut medium, 67, b"two").unwrap();
        assert_eq!(pen.held(66, 2).unwrap(), b"et");
        assert_eq!(pen.held(128, 5).unwrap(), b"three");
        for (at, length) in [(66, 5), (63, 1), (70, 1), (127, 2), (133, 1)] {
            assert_eq!(pen.held(at, length), None, "{length} bytes at {at}");
        }
        pen.write(&mut medium, 133, &vec![7; MOST_OLD]).unwrap();
        assert_eq!(pen.held(64, 3), None);
        pen.finish(&mut medium).unwrap();
        pen.finish(&mut medium).unwrap();
        assert_eq!(written(&medium), [(64, 6), (128, 5), (133, MOST_OLD)]);
    }

    #[test]
    fn new_sections_are_written_in_one_piece_with_zeros_where_nothing_is() {
        let first = section_at(1);
        let mut medium = Medium::Recording(Recording::new(Vec::new()));
        let mut pen = Pen::default();
        for (number, content) in [(0, b"old"), (1, b"new")] {
            pen.begin(first + number * SECTION);
            pen.write(&mut medium, first + number * SECTION + 6, content).unwrap();
            pen.write(&mut medium, first + number * SECTION, b"a").unwrap();
            assert_eq!(pen.held(first + number * SECTION + 5, 2).unwrap()[0], 0);
            pen.finish(&mut medium).unwrap();
        }
        assert_eq!(written(&medium), [(first, 9), (first + SECTION, 9)]);
        let Medium::Recording(recording) = &medium else { panic!() };
        let at = usize::try_from(first + SECTION).unwrap();
        assert_eq!(&recording.bytes()[at..], b"a\0\0\0\0\0new");
    }

    #[test]
    fn memory_is_bounded_and_small_blocks_still_find_room_in_the_section_before() {
        let mut medium = Medium::Recording(Recording::new(Vec::new()));
        let mut pen = Pen::default();
        pen.begin(section_at(0));
        for section in 0..40 {
            pen.write(&mut medium, section_at(section), &[1; 8192]).unwrap();
            if let Some(before) = section.checked_sub(1) {
                pen.write(&mut medium, section_at(before) + SECTION - 64, &[2; 64]).unwrap();
            }
            assert!(pen.held_back() <= wide(MOST_NEW));
        }
        // Into what is written already, which is an older section now.
        pen.write(&mut medium, section_at(2) + 64, b"late").unwrap();
        pen.finish(&mut medium).unwrap();
        let calls = written(&medium);
        assert_eq!(calls.len(), 3, "{calls:?}");
        let late = (section_at(2) + 64, 4);
        assert_eq!(calls[1], late);
        let mut next = section_at(0);
        for (at, length) in calls.iter().filter(|call| **call != late) {
            assert_eq!(*at, next, "nothing is left out");
            next += wide(*length);
        }
        let Medium::Recording(recording) = &medium else { panic!() };
        for section in 0..39 {
            let end = usize::try_from(section_at(section + 1)).unwrap();
            assert_eq!(recording.bytes()[end - 64..end], [2; 64]);
        }
    }
}
