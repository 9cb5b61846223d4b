//! Putting together what is written, so that few calls write it (effect): a call for each block would cost more than the blocks
//! do.
//!
//! What stands behind the last thing in use is nobody's before the transaction is committed: the end of the last section, and the
//! sections that are added. It is put together in memory, whatever order the blocks come in, and is written in one piece, past the
//! system's own memory. Before it only what is new may be touched: there, neighbours are written together.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;

use super::bits::{SECTION, section_of};
use super::pages::Pages;
use crate::pst::bytes::wide;
use crate::pst::error::PstError;
use crate::pst::medium::Medium;

/// How many bytes of the file's new end are held back at most; a batch of a thousand items takes about as many.
pub(super) const MOST_NEW: usize = 8 << 20;
/// Room behind them in bytes, for the map of a section in which nothing was put yet.
const SPARE: usize = 2 << 20;
/// What memory and file are aligned to where the system is to take bytes from here without a copy of its own.
const ALIGNMENT: usize = 4096;
/// How many bytes before that are held back at most.
const MOST_OLD: usize = 1 << 20;

/// Bytes on their way into a file.
#[derive(Debug, Default)]
pub(super) struct Pen {
    /// From where on nothing in the file is in use or was written yet; `None` when there is no transaction.
    from: Option<u64>,
    /// This new end of the file as far as it is made, from `begin` to `end`; what stands behind is of no meaning. Both memory and
    /// file are at the same distance from what they are aligned to.
    new: Pages,
    begin: usize,
    end: usize,
    /// Neighbours before that by where they end, and how many bytes these are together.
    old: BTreeMap<u64, Vec<u8>>,
    old_bytes: usize,
}

impl Pen {
    /// Begins a transaction in a file in which nothing is in use from an offset on.
    pub(super) fn begin(&mut self, unused_from: u64) {
        self.forget();
        self.from = Some(unused_from);
        if self.new.is_empty() {
            self.new = Pages::of(MOST_NEW + SPARE);
        }
        self.begin = self.aligned_like(unused_from);
        self.end = self.begin;
    }

    /// Returns what of the file's new end has to be handed over before so many bytes at an offset find room; `None` while there is
    /// room.
    pub(super) fn must_hand_over(&self, at: u64, size: usize) -> Option<Range<u64>> {
        let from = self.from?;
        let is_full = self.start(at)?.saturating_add(size) > MOST_NEW;
        // Not the section in which they are and the one before, where small blocks may still find room; and whole sections: a block
        // that comes later lies before what is still held back or in it, never in both.
        is_full.then(|| from..section_of(at).saturating_sub(SECTION).max(from))
    }

    /// Writes the file's new end up to an offset.
    pub(super) fn hand_over(&mut self, medium: &mut Medium, until: u64) -> Result<(), PstError> {
        let Some(from) = self.from else { return Ok(()) };
        let rest = self.start(until).unwrap_or_default().min(self.end);
        let new = self.new.get(self.begin..rest).unwrap_or_default();
        medium.write_past_cache(from, new, false)?;
        let begin = self.aligned_like(until);
        self.new.copy_within(rest..self.end, begin);
        self.end = begin + (self.end - rest);
        self.begin = begin;
        self.from = Some(until);
        Ok(())
    }

    /// Returns where so many bytes at an offset are to be put; all of them have to be. What [must be handed
    /// over](Self::must_hand_over) before was.
    pub(super) fn place(
        &mut self,
        medium: &mut Medium,
        at: u64,
        size: usize,
    ) -> Result<&mut [u8], PstError> {
        let Some(start) = self.start(at) else {
            debug_assert!(self.from.is_none_or(|from| at + wide(size) <= from), "it is in both");
            return self.neighbour(medium, at, size);
        };
        self.fill_up(start);
        let end = start + size;
        let Some(to) = self.new.get_mut(start..end) else {
            return Err(PstError::io("write", at, io::ErrorKind::OutOfMemory.into()));
        };
        self.end = self.end.max(end);
        Ok(to)
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

    /// Writes all that is held back into a file that ends at an offset. The last page is filled up with zeros: nothing is in use
    /// there, and a whole page need not be put together by the system.
    pub(super) fn finish(&mut self, medium: &mut Medium, file_end: u64) -> Result<(), PstError> {
        self.write_old(medium)?;
        if let Some(from) = self.from.filter(|_| self.end > self.begin) {
            let end = from + wide(self.end - self.begin);
            let filled = end.next_multiple_of(wide(ALIGNMENT)).min(file_end);
            if let Some(filled) = self.start(filled).filter(|filled| *filled <= MOST_NEW) {
                self.fill_up(filled);
            }
            let new = self.new.get(self.begin..self.end).unwrap_or_default();
            medium.write_past_cache(from, new, true)?;
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

    /// Returns the first place in memory that is as far from what it is aligned to as an offset of the file.
    fn aligned_like(&self, at: u64) -> usize {
        let within = usize::try_from(at % wide(ALIGNMENT)).unwrap_or_default();
        within.wrapping_sub(self.new.as_ptr().addr()) % ALIGNMENT
    }

    /// Makes the new end reach up to a place in memory. What was skipped is free room, in which nothing of an earlier transaction
    /// should stay.
    fn fill_up(&mut self, to: usize) {
        let to = to.min(self.new.len());
        if let Some(gap) = self.new.get_mut(self.end..to) {
            gap.fill(0);
        }
        self.end = self.end.max(to);
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
    use crate::pst::ndb::write::bits::{SECTION, section_at, section_of};

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
        pen.begin(section_at(8));
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
        pen.finish(&mut medium, section_at(8)).unwrap();
        pen.finish(&mut medium, section_at(8)).unwrap();
        assert_eq!(written(&medium), [(64, 6), (128, 5), (133, MOST_OLD)]);
    }

    /// The first page of the file's new end begins where something is in use; the last one is filled up.
    #[test]
    fn the_new_end_is_written_in_one_piece_with_zeros_where_nothing_is() {
        let first = section_at(1) + 64;
        let mut medium = Medium::Recording(Recording::new(Vec::new()));
        let mut pen = Pen::default();
        for (number, content) in [(0, b"old"), (1, b"new")] {
            let from = first + number * SECTION;
            pen.begin(from);
            pen.write(&mut medium, from + 6, content).unwrap();
            pen.write(&mut medium, from, b"a").unwrap();
            assert_eq!(pen.held(from + 5, 2).unwrap()[0], 0);
            pen.finish(&mut medium, from - 64 + SECTION).unwrap();
        }
        // A section begins 1,024 bytes behind the start of a page.
        let length = 4096 - 1024 - 64;
        assert_eq!(written(&medium), [(first, length), (first + SECTION, length)]);
        let Medium::Recording(recording) = &medium else { panic!() };
        let at = usize::try_from(first + SECTION).unwrap();
        let (content, rest) = recording.bytes()[at..].split_at(9);
        assert_eq!(content, b"a\0\0\0\0\0new");
        assert!(rest.iter().all(|byte| *byte == 0));
    }

    #[test]
    fn memory_is_bounded_and_small_blocks_still_find_room_in_the_section_before() {
        let mut medium = Medium::Recording(Recording::new(Vec::new()));
        let mut pen = Pen::default();
        pen.begin(section_at(0) + 640);
        for section in 0..40 {
            let at = section_at(section) + 640;
            if let Some(part) = pen.must_hand_over(at, 8192) {
                assert!(part.end == section_of(part.end) && part.end <= at - SECTION);
                pen.hand_over(&mut medium, part.end).unwrap();
            }
            pen.write(&mut medium, at, &[1; 8192]).unwrap();
            if let Some(before) = section.checked_sub(1) {
                pen.write(&mut medium, section_at(before) + SECTION - 64, &[2; 64]).unwrap();
            }
            assert!(pen.held_back() <= wide(MOST_NEW));
        }
        // Into what is written already, which is an older section now.
        pen.write(&mut medium, section_at(2) + 64, b"late").unwrap();
        pen.finish(&mut medium, section_at(40)).unwrap();
        let calls = written(&medium);
        assert_eq!(calls.len(), 3, "{calls:?}");
        let late = (section_at(2) + 64, 4);
        assert_eq!(calls[1], late);
        let mut next = section_at(0) + 640;
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

    /// A hole at the end of a section may be filled when a part of the new end has gone to the disk: what is written behind must not
    /// reach into it.
    #[test]
    fn a_block_that_comes_late_is_whole() {
        let mut medium = Medium::Recording(Recording::new(Vec::new()));
        let mut pen = Pen::default();
        pen.begin(section_at(0) + 640);
        let mut late = Vec::new();
        for section in 0..80 {
            let at = section_at(section) + 640;
            if let Some(part) = pen.must_hand_over(at, 8192) {
                pen.hand_over(&mut medium, part.end).unwrap();
                // Over the start of the last page of a section, 1,024 bytes before its end.
                let hole = section_at(section - 1) - 1024 - 64;
                pen.write(&mut medium, hole, &[3; 128]).unwrap();
                late.push(usize::try_from(hole).unwrap());
            }
            pen.write(&mut medium, at, &[1; 8192]).unwrap();
        }
        pen.finish(&mut medium, section_at(80)).unwrap();
        let Medium::Recording(recording) = &medium else { panic!() };
        let bytes = recording.bytes();
        assert!(late.len() > 1 && late.iter().all(|hole| bytes[*hole..][..128] == [3; 128]));
    }
}
