//! The blocks of a heap: where its allocations stand (effect). MS-PST 2.3.1.

use super::report::Report;
use crate::pst::bytes::Bytes;
use crate::pst::error::PstError;
use crate::pst::ltp::Heap;

/// The most bytes of one allocation.
const LONGEST: u16 = 3580;

/// Checks each block: its map lies within it, and its allocations ascend from the head to the map.
pub(super) fn check(heap: &Heap<'_>, place: &str, report: &mut Report) {
    let tree = heap.tree();
    for index in 0..tree.blocks() {
        let place = format!("{place}, block {index} of its heap");
        let Some(Some(block)) = report.take(&place, tree.block(index)) else { return };
        let bytes = Bytes::new("HNPAGEMAP", block.at(), &block);
        let read = one(index, &bytes, &place, report);
        report.take(&place, read);
    }
}

/// Returns how long the head of a block is: HNHDR, HNBITMAPHDR or HNPAGEHDR.
const fn head(index: usize) -> u16 {
    match index {
        0 => 12,
        _ if index % 128 == 8 => 66,
        _ => 2,
    }
}

fn one(index: usize, bytes: &Bytes<'_>, place: &str, report: &mut Report) -> Result<(), PstError> {
    let map_offset = bytes.u16(0, "ibHnpm")?;
    let map = usize::from(map_offset);
    let count = usize::from(bytes.u16(map, "cAlloc")?);
    let mut last = bytes.u16(map + 4, "rgibAlloc")?;
    if last != head(index) {
        report.error(place, "its first allocation does not begin behind its head");
    }
    let mut empty = 0;
    for number in 1..=count {
        let end = bytes.u16(map + 4 + 2 * number, "rgibAlloc")?;
        if end < last {
            report.error(place, format!("allocation {number} ends before it begins"));
            return Ok(());
        }
        if end - last > LONGEST {
            report.error(place, format!("allocation {number} is longer than {LONGEST} bytes"));
        }
        empty += u16::from(end == last);
        last = end;
    }
    if last > map_offset {
        report.error(place, "its allocations reach into their map");
    }
    let freed = bytes.u16(map + 2, "cFree")?;
    if freed > empty {
        let text = format!("says that {freed} allocations were given back, and {empty} are empty");
        report.error(place, text);
    }
    Ok(())
}
