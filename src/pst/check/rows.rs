//! Tables: their columns, and rows without gaps (effect). MS-PST 2.3.4.

use std::mem;

use super::place::{Part, Place};
use super::report::Report;
use super::rule::Rule;
use crate::mapi::property as p;
use crate::pst::bytes::Bytes;
use crate::pst::error::PstError;
use crate::pst::ltp::{self, Piece, TableContext};
use crate::pst::ndb::{DataTree, Ndb, Node, Nodes as _};

/// Where TCINFO says how far the cells of each width and the whole row reach, and where its rows are.
const GROUPS: [(usize, &str); 3] = [(2, "rgib[TCI_4b]"), (4, "rgib[TCI_2b]"), (6, "rgib[TCI_1b]")];
const ROW_END: usize = 8;
const ROWS: usize = 14;

/// Checks a table with every cell.
pub(super) fn check(ndb: &Ndb, node: &Node, place: Place<'_>, report: &mut Report) {
    let Some(table) = report.take(place, TableContext::open(ndb, node)) else { return };
    let columns = table.columns();
    if !columns.windows(2).all(|two| matches!(two, [one, other] if one.tag < other.tag)) {
        report.error(place, Rule::ColumnOrder);
    }
    for (tag, offset, bit) in [(p::ROW_ID, 0, 0), (p::ROW_VERSION, 4, 1)] {
        let fits =
            table.column(tag.id).is_some_and(|column| column.start == offset && column.bit == bit);
        if !fits {
            report.error(place, Rule::ColumnPlace.by(&[&tag]));
        }
    }
    cells(&table, place, report);
    let read = groups(&table, place, report);
    report.take(place, read);
    if let Some(index) = report.take(place, table.index()) {
        let mut seen = vec![false; index.len()];
        let mut numbers = index.iter().map(|(_, number)| *number);
        let place_of = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let mut is_new =
            |number| seen.get_mut(place_of(number)).is_some_and(|seen| !mem::replace(seen, true));
        if !numbers.all(&mut is_new) {
            report.error(place, Rule::RowNumbers);
        }
        let count = stored(ndb, &table);
        if let Some(count) = report.take(place, count)
            && count != index.len()
        {
            report.error(place, Rule::RowRoom.by(&[&count, &index.len()]));
        }
    }
    let Some(rows) = report.take(place, table.rows()) else { return };
    for row in rows {
        let Some(row) = report.take(place, row) else { return };
        for column in columns {
            let cell = Place::Within(&place, Part::Cell(row.id(), column.tag));
            report.take(cell, row.cell(column));
        }
    }
}

/// No two cells share bytes, no two columns a bit, and the row ends with as many bits as there are columns.
fn cells(table: &TableContext<'_>, place: Place<'_>, report: &mut Report) {
    let mut cells: Vec<_> = table.columns().iter().map(|one| (one.start, one.width)).collect();
    cells.sort_unstable();
    if cells.windows(2).any(|two| matches!(two, [one, other] if one.0 + one.1 > other.0)) {
        report.error(place, Rule::CellOverlap);
    }
    let mut bits: Vec<usize> = table.columns().iter().map(|column| column.bit).collect();
    bits.sort_unstable();
    if bits.windows(2).any(|two| matches!(two, [one, other] if one == other)) {
        report.error(place, Rule::ColumnBit);
    }
    let end = cells.last().map_or(0, |last| last.0 + last.1);
    let length = table.row_length();
    if end + bits.len().div_ceil(8) != length {
        report.error(place, Rule::RowLength.by(&[&length, &end]));
    }
}

/// The cells of four and eight bytes come first, then those of two, then those of one, and TCINFO says where each group ends.
fn groups(table: &TableContext<'_>, place: Place<'_>, report: &mut Report) -> Result<(), PstError> {
    let info = info(table)?;
    let bytes = Bytes::new("TCINFO", info.at(), &info);
    let (mut said, mut are, mut end) = (Vec::new(), Vec::new(), 0);
    for ((at, field), narrowest) in GROUPS.into_iter().zip([4, 2, 1]) {
        said.push(usize::from(bytes.u16(at, field)?));
        let group = table.columns().iter().filter(|column| column.width >= narrowest);
        end = group.map(|column| column.start + column.width).fold(end, usize::max);
        are.push(end);
    }
    if said != are {
        let [said, are] = [said, are].map(|ends| format!("{ends:?}"));
        report.error(place, Rule::CellGroups.by(&[&said, &are]));
    }
    Ok(())
}

/// Returns TCINFO.
fn info(table: &TableContext<'_>) -> Result<Piece, PstError> {
    let heap = table.contents().heap();
    heap.piece(heap.root())
}

/// Returns how many rows there are bytes for.
fn stored(ndb: &Ndb, table: &TableContext<'_>) -> Result<usize, PstError> {
    let heap = table.contents().heap();
    let info = info(table)?;
    let bytes = Bytes::new("TCINFO", info.at(), &info);
    let row = usize::from(bytes.u16(ROW_END, "rgib[TCI_bm]")?).max(1);
    Ok(match ltp::Place::of(bytes.u32(ROWS, "hnidRows")?) {
        ltp::Place::Heap(hid) => heap.piece(hid)?.len() / row,
        ltp::Place::Subnode(nid) => {
            let tree = DataTree::open(ndb, table.contents().subnode(nid, "row matrix")?.data)?;
            let Some(before) = tree.blocks().checked_sub(1) else { return Ok(0) };
            let last = tree.block(before)?.map_or(0, |block| block.len());
            before * (ndb.layout().block_payload / row) + last / row
        }
        ltp::Place::Empty | ltp::Place::Inline(_) => 0,
    })
}
