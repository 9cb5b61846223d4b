//! The blocks of a heap: where its allocations stand, and how full each is said to be (effect). MS-PST 2.3.1.

use std::collections::VecDeque;

use super::place::{Part, Place};
use super::report::{Report, Weight};
use super::rule::Rule;
use crate::pst::bytes::Bytes;
use crate::pst::error::PstError;
use crate::pst::ltp::Heap;

/// The most bytes of one allocation.
const LONGEST: u16 = 3580;

/// Checks each block: its map lies within it, its allocations ascend from the head to the map, and its fill level tells the room
/// that is left, which matters as much as `wrong_levels` says. Outlook 2003 puts new values by these levels.
pub(super) fn check(heap: &Heap<'_>, place: Place<'_>, wrong_levels: Weight, report: &mut Report) {
    let tree = heap.tree();
    let layout = tree.nodes().layout();
    let mut levels = VecDeque::new();
    for index in 0..tree.blocks() {
        let place = Place::Within(&place, Part::HeapBlock(index));
        let Some(Some(block)) = report.take(place, tree.block(index)) else { return };
        let bytes = Bytes::new("HNPAGEMAP", block.at(), &block);
        let said = match index {
            0 => block.get(8..12),
            _ if has_levels(index) => block.get(2..66),
            _ => None,
        };
        levels.extend(said.unwrap_or_default().iter().flat_map(|pair| [pair & 0x0F, pair >> 4]));
        let said = levels.pop_front();
        let read = one(index, &bytes, place, report);
        let Some(Some(used)) = report.take(place, read) else { continue };
        // The scale is made for blocks of 8 KB.
        let (free, is) = match layout.block_payload.checked_sub(used) {
            Some(free) if layout.page <= 512 => (free, level(free)),
            _ => continue,
        };
        if said != Some(is) {
            let said = said.map_or_else(|| "-".to_owned(), |said| said.to_string());
            report.add(wrong_levels, place, Rule::FillLevel.by(&[&said, &free, &is]));
        }
    }
    if levels.into_iter().any(|level| level != 0) {
        report.add(wrong_levels, place, Rule::FillLevels);
    }
}

/// Returns how long the head of a block is: HNHDR, HNBITMAPHDR or HNPAGEHDR.
const fn head(index: usize) -> u16 {
    match index {
        0 => 12,
        _ if has_levels(index) => 66,
        _ => 2,
    }
}

/// Says whether a block's head has the fill levels of 128 blocks, its own first; the head of block 0 has those of 8.
const fn has_levels(index: usize) -> bool {
    index % 128 == 8
}

/// Returns the fill level of a block with so many free bytes. MS-PST 2.3.1.2.
const fn level(free: usize) -> u8 {
    match free {
        3584.. => 0,
        2560.. => 1,
        2048.. => 2,
        1792.. => 3,
        1536.. => 4,
        1280.. => 5,
        1024.. => 6,
        768.. => 7,
        512.. => 8,
        256.. => 9,
        128.. => 10,
        64.. => 11,
        32.. => 12,
        16.. => 13,
        8.. => 14,
        _ => 15,
    }
}

/// Returns how many bytes of a block are used, from its head to the end of its map; `None` where that cannot be told.
fn one(
    index: usize,
    bytes: &Bytes<'_>,
    place: Place<'_>,
    report: &mut Report,
) -> Result<Option<usize>, PstError> {
    let map_offset = bytes.u16(0, "ibHnpm")?;
    let map = usize::from(map_offset);
    let count = usize::from(bytes.u16(map, "cAlloc")?);
    let mut last = bytes.u16(map + 4, "rgibAlloc")?;
    if last != head(index) {
        report.error(place, Rule::FirstAllocation);
    }
    let mut empty = 0;
    for number in 1..=count {
        let end = bytes.u16(map + 4 + 2 * number, "rgibAlloc")?;
        if end < last {
            report.error(place, Rule::AllocationOrder.by(&[&number]));
            return Ok(None);
        }
        if end - last > LONGEST {
            report.error(place, Rule::AllocationLength.by(&[&number, &LONGEST]));
        }
        empty += u16::from(end == last);
        last = end;
    }
    if last > map_offset {
        report.error(place, Rule::AllocationMap);
    }
    let freed = bytes.u16(map + 2, "cFree")?;
    if freed > empty {
        report.error(place, Rule::FreedAllocations.by(&[&freed, &empty]));
    }
    Ok(Some(map + 4 + 2 * (count + 1)))
}
