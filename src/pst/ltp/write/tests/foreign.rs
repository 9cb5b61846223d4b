//! What other programs write otherwise than we do, and what becomes of it when it is changed.

use super::{BLOCK, File, lay, tag};
use crate::pst::id::Nid;
use crate::pst::ltp::heap::Hid;
use crate::pst::ltp::heap::tests::heap;
use crate::pst::ltp::write::bth::Bth;
use crate::pst::ltp::write::heap::Heap;
use crate::pst::ltp::write::table::{Cell, RowVersion, TableEdit};
use crate::pst::ltp::write::{ContextEdit, NoBlocks};

/// Aspose leaves room behind the last record, filled with zeros: no records, as the reader takes it (MS-PST 2.3.2, 2.3.3.3). What
/// is stored again has none, and a key is neither looked for among them nor put behind them.
#[test]
fn zeros_behind_the_last_record_are_no_records() {
    let record = |id: u16, value: u8| [&id.to_le_bytes()[..], &[3, 0, value, 0, 0, 0]].concat();
    let leaf = [record(0x17, 1), record(0x37, 2), record(0x0E08, 3), vec![0; 16]].concat();
    let root = [0xB5, 2, 6, 0, 0x40, 0, 0, 0];
    let mut file = File { heap: vec![heap(0xBC, 0x20, &[&root, &leaf])], ..File::default() };
    let mut context = ContextEdit::open(1, BLOCK, 0, &file).unwrap();
    let size = tag(0x0E08_0003);
    assert_eq!(context.bytes(size, &file).unwrap(), Some(vec![3, 0, 0, 0]));
    context.set(size, &[4, 0, 0, 0], &file).unwrap();
    context.set(tag(0x8001_0003), &[5, 0, 0, 0], &file).unwrap();
    assert!(context.remove(tag(0x0017_0003).id, &file).unwrap());
    let changes = context.finish(&file).unwrap();
    lay(&mut file.heap, changes.heap);
    let after = [record(0x37, 2), record(0x0E08, 4), record(0x8001, 5)].concat();
    assert_eq!(file.heap[0][20..], [&after[..], &[2, 0, 0, 0, 12, 0, 20, 0, 44, 0]].concat());

    // The same on two levels, of keys of 2 bytes.
    let root = [0xB5, 2, 2, 1, 0x40, 0, 0, 0];
    let above = [0x10, 0, 0x60, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let leaf = [0x10, 0, 1, 0, 0x11, 0, 2, 0, 0, 0, 0, 0];
    let file = File { heap: vec![heap(0xBC, 0x20, &[&root, &above, &leaf])], ..File::default() };
    let mut heap = Heap::open(1, BLOCK);
    let mut tree = Bth::open(&mut heap, Hid(0x20), &file).unwrap();
    assert_eq!(tree.last(&mut heap, &file).unwrap(), Some(0x11));
    assert_eq!(tree.find(&mut heap, 0x11, &file).unwrap(), Some(vec![2, 0]));
    tree.put(&mut heap, 0x12, &[3, 0], &file).unwrap();
    let all = [[0x10, 0, 1, 0], [0x11, 0, 2, 0], [0x12, 0, 3, 0]];
    assert_eq!(tree.records(&mut heap, &file).unwrap(), all);
}

/// Keys that are out of order cannot be searched, so nothing is put among them.
#[test]
fn a_tree_out_of_order_is_not_written() {
    let head = [0xB5, 2, 6, 0, 0x40, 0, 0, 0];
    let leaf = [[0x37, 0, 3, 0, 1, 0, 0, 0], [0x17, 0, 3, 0, 2, 0, 0, 0]].concat();
    let file = File { heap: vec![heap(0xBC, 0x20, &[&head, &leaf])], ..File::default() };
    let mut context = ContextEdit::open(1, BLOCK, 0, &file).unwrap();
    assert!(context.set(tag(0x3001_0003), &[1, 0, 0, 0], &file).is_err());
}

/// MS-PST 2.3.4.1: columns are sorted by tag, and Aspose puts some behind. A row keeps its cells all the same.
#[test]
fn columns_out_of_order_lose_no_cells() {
    let tags = [tag(0x360A_000B), tag(0x3001_001F), tag(0x3602_0003)];
    let mut table = TableEdit::create(&tags, 0x400, BLOCK).unwrap();
    let cells = [
        Cell { tag: tag(0x3001_001F), value: b"A\0".into() },
        Cell { tag: tag(0x3602_0003), value: (&[5, 0, 0, 0]).into() },
    ];
    table.put(0x8022, RowVersion(7), &cells, &NoBlocks).unwrap();
    let mut file = File::default();
    file.apply(table.finish(&NoBlocks).unwrap());
    // Behind the heads of the block, of the index and of the table: 3001, 3602, 360A. The last two change places.
    file.heap[0][50..66].rotate_left(8);
    assert_eq!(file.heap[0][50..54], [0x0B, 0, 0x0A, 0x36]);
    let mut table = file.open();
    table.put(0x8022, RowVersion(8), &cells, &file).unwrap();
    let row = table.read(0x8022, &file).unwrap().unwrap();
    assert_eq!(row[..2], cells);
    // Where two cells share a bit, one cannot be set without the other.
    let changes = table.finish(&file).unwrap();
    file.apply(changes);
    file.heap[0][57] = 3;
    file.heap[0][65] = 3;
    assert!(TableEdit::open(1, BLOCK, 0, &file).is_err());
}

/// MS-PST 2.3.4.3: rows are those that the index names. Others between and behind them were somebody's once: they are neither
/// counted instead of those behind them, nor do they come back when one before them goes.
#[test]
fn rows_that_the_index_does_not_name_stay_away() {
    let index = [0xB5, 4, 4, 0, 0x60, 0, 0, 0];
    let mut info = vec![0x7C, 2, 8, 0, 8, 0, 8, 0, 9, 0, 0x20, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0];
    info.extend([3, 0, 0xF2, 0x67, 0, 0, 4, 0, 3, 0, 0xF3, 0x67, 4, 0, 4, 1]);
    let named = [0x24, 0, 0, 0, 0, 0, 0, 0, 0x64, 0, 0, 0, 2, 0, 0, 0];
    let rows = [0x24, 0x44, 0x64, 0x84].map(|id| [id, 0, 0, 0, 1, 0, 0, 0, 0xC0]).concat();
    let bytes = heap(0x7C, 0x40, &[&index, &info, &named, &rows]);
    let file = File { heap: vec![bytes], ..File::default() };
    let mut table = file.open();
    table.put(0xA4, RowVersion(2), &[], &file).unwrap();
    let there = |table: &mut TableEdit| {
        let ids = [0x24, 0x44, 0x64, 0x84, 0xA4];
        ids.into_iter().filter(|id| table.read(*id, &file).unwrap().is_some()).collect::<Vec<_>>()
    };
    assert_eq!(there(&mut table), [0x24, 0x64, 0xA4]);
    assert!(table.remove(0x24, &file).unwrap());
    assert_eq!(there(&mut table), [0x64, 0xA4]);
    assert!(table.remove(0x64, &file).unwrap());
    assert!(table.remove(0xA4, &file).unwrap());
    assert_eq!(there(&mut table), [0; 0]);
    assert!(table.is_empty());
}

/// Blocks of rows before the last need not be full to be read, so their rows are not counted by bytes.
#[test]
fn rows_in_blocks_that_are_not_full_are_counted() {
    let mut table = TableEdit::create(&[tag(0x0E08_0003)], 0x400, BLOCK).unwrap();
    for number in 0..1500 {
        table.put(0x24 + 32 * number, RowVersion(1), &[], &NoBlocks).unwrap();
    }
    let mut file = File::default();
    file.apply(table.finish(&NoBlocks).unwrap());
    // A row has 13 bytes, and a block 628 of them.
    let blocks = file.subnodes.get_mut(&Nid(0x3F)).unwrap();
    blocks[0].truncate(628 * 13);
    blocks[1].truncate(628 * 13);
    assert_eq!(file.open().len(), 1500);
}
