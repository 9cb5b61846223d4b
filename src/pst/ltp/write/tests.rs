//! Heaps, trees, contexts and tables against hand-made bytes and against models.

mod foreign;

use std::cell::RefCell;
use std::collections::BTreeMap;

use proptest::prelude::*;

use super::bth::Bth;
use super::columns::Columns;
use super::context::{NewContext, Property};
use super::heap::{Changed, Heap, MAX_ALLOCATION};
use super::table::{Cell, RowVersion, TableChanges, TableEdit, TableSource};
use super::{Blocks, Given, NoBlocks};
use crate::mapi::PropertyTag;
use crate::pst::PstError;
use crate::pst::id::Nid;
use crate::pst::ltp::heap::Hid;
use crate::pst::ndb::Block;

const BLOCK: usize = 8176;

/// A table as a file would hold it.
#[derive(Default)]
struct File {
    heap: Vec<Vec<u8>>,
    subnodes: BTreeMap<Nid, Vec<Vec<u8>>>,
    /// How many blocks were read.
    reads: RefCell<usize>,
}

impl File {
    /// Takes changes over, as a data tree does: all blocks but the last must be full.
    fn apply(&mut self, changes: TableChanges) -> usize {
        let mut written = changes.heap.blocks.len();
        lay(&mut self.heap, changes.heap);
        if let Some((nid, rows)) = changes.rows {
            written += rows.blocks.len();
            lay(self.subnodes.entry(nid).or_default(), rows);
        }
        if let Some(nid) = changes.dropped_rows {
            assert!(self.subnodes.remove(&nid).is_some(), "{nid} was not there");
        }
        for (nid, value) in changes.values {
            written += value.len().div_ceil(BLOCK);
            assert!(self.subnodes.insert(nid, vec![value]).is_none(), "{nid} was there");
        }
        for nid in changes.dropped_values {
            assert!(self.subnodes.remove(&nid).is_some(), "{nid} was not there");
        }
        written
    }

    fn open(&self) -> TableEdit {
        let last = self.subnodes.keys().map(|nid| nid.index()).fold(0x400, u32::max);
        let blocks = u32::try_from(self.heap.len()).unwrap();
        TableEdit::open(blocks, BLOCK, last, self).unwrap()
    }
}

fn lay(tree: &mut Vec<Vec<u8>>, changed: Changed) {
    tree.resize(usize::try_from(changed.total).unwrap(), Vec::new());
    for (index, block) in changed.blocks {
        tree[usize::try_from(index).unwrap()] = block;
    }
    let (last, inner) = tree.split_last().unwrap();
    assert!(inner.iter().all(|block| block.len() == BLOCK), "an inner block is not full");
    assert!(!last.is_empty() && last.len() <= BLOCK);
}

impl Blocks for File {
    fn block(&self, index: u32) -> Result<Block, PstError> {
        *self.reads.borrow_mut() += 1;
        Ok(Block::new(0, self.heap[usize::try_from(index).unwrap()].as_slice().into()))
    }

    fn value(&self, nid: Nid) -> Result<Vec<u8>, PstError> {
        Ok(self.subnodes[&nid].concat())
    }
}

impl TableSource for File {
    fn row_blocks(&self, rows: Nid) -> Result<u32, PstError> {
        Ok(u32::try_from(self.subnodes[&rows].len()).unwrap())
    }

    fn rows(&self, rows: Nid, index: u32) -> Result<Block, PstError> {
        *self.reads.borrow_mut() += 1;
        Ok(Block::new(0, self.subnodes[&rows][usize::try_from(index).unwrap()].as_slice().into()))
    }
}

fn tag(bits: u32) -> PropertyTag {
    PropertyTag::from_bits(bits)
}

fn given(bits: u32, bytes: &[u8]) -> Property<'_> {
    (tag(bits), Given::Bytes(bytes))
}

/// By hand from MS-PST 2.3.1.2, 2.3.1.5, 2.3.2.1 and 2.3.3.3: a text in an allocation and a number in its record.
#[test]
fn a_context_of_two_properties_byte_for_byte() {
    let properties: [Property<'_>; 3] =
        [given(0x3602_0003, &[5, 0, 0, 0]), given(0x3001_001F, b"H\0i\0"), given(0x0037_001F, &[])];
    let mut made = NewContext::default();
    let values = made.make(properties, 0x400, BLOCK).unwrap();
    #[rustfmt::skip]
    let expected = [
        0x30, 0x00, 0xEC, 0xBC, 0x20, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0xB5, 0x02, 0x06, 0x00, 0x60, 0x00, 0x00, 0x00,
        0x48, 0x00, 0x69, 0x00,
        0x37, 0x00, 0x1F, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x01, 0x30, 0x1F, 0x00, 0x40, 0x00, 0x00, 0x00,
        0x02, 0x36, 0x03, 0x00, 0x05, 0x00, 0x00, 0x00,
        0x03, 0x00, 0x00, 0x00, 0x0C, 0x00, 0x14, 0x00, 0x18, 0x00, 0x30, 0x00,
    ];
    assert_eq!(made.bytes(), expected);
    assert!(values.is_empty());
}

/// By hand from MS-PST 2.3.4.1, 2.3.4.2 and 2.3.4.4: an empty table, and the same with a row.
#[test]
fn a_table_byte_for_byte() {
    let tags = [tag(0x360A_000B), tag(0x3001_001F), tag(0x3602_0003)];
    let mut table = TableEdit::create(&tags, 0x400, BLOCK).unwrap();
    #[rustfmt::skip]
    let info = vec![
        0x7C, 0x05, 0x10, 0x00, 0x10, 0x00, 0x11, 0x00, 0x12, 0x00,
        0x20, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x1F, 0x00, 0x01, 0x30, 0x08, 0x00, 0x04, 0x02,
        0x03, 0x00, 0x02, 0x36, 0x0C, 0x00, 0x04, 0x03,
        0x0B, 0x00, 0x0A, 0x36, 0x10, 0x00, 0x01, 0x04,
        0x03, 0x00, 0xF2, 0x67, 0x00, 0x00, 0x04, 0x00,
        0x03, 0x00, 0xF3, 0x67, 0x04, 0x00, 0x04, 0x01,
    ];
    let head = |map: u8| vec![map, 0, 0xEC, 0x7C, 0x40, 0, 0, 0, 0, 0, 0, 0];
    let empty = [
        head(0x52),
        vec![0xB5, 4, 4, 0, 0, 0, 0, 0],
        info.clone(),
        vec![2, 0, 0, 0, 0x0C, 0, 0x14, 0, 0x52, 0],
    ]
    .concat();
    let changes = table.finish(&NoBlocks).unwrap();
    assert_eq!(changes.heap.blocks, [(0, empty)]);

    let cells = [
        Cell { tag: tag(0x3001_001F), value: b"A\0".into() },
        Cell { tag: tag(0x360A_000B), value: (&[1]).into() },
    ];
    table.put(0x8022, RowVersion(7), &cells, &NoBlocks).unwrap();
    let changes = table.finish(&NoBlocks).unwrap();
    let mut filled = info;
    filled[14] = 0x80;
    let row = [
        &[0x22, 0x80, 0, 0, 7, 0, 0, 0, 0x60, 0, 0, 0, 0, 0, 0, 0, 1][..],
        // The bits of RowId, RowVer, 3001 and 360A.
        &[0b1110_1000],
    ]
    .concat();
    let full = [
        head(0x6E),
        vec![0xB5, 4, 4, 0, 0xA0, 0, 0, 0],
        filled,
        b"A\0".to_vec(),
        row,
        vec![0x22, 0x80, 0, 0, 0, 0, 0, 0],
        vec![5, 0, 0, 0, 0x0C, 0, 0x14, 0, 0x52, 0, 0x54, 0, 0x66, 0, 0x6E, 0],
    ]
    .concat();
    assert_eq!(changes.heap.blocks, [(0, full)]);
    assert!(changes.rows.is_none());
}

/// MS-PST 2.3.1.2 and 2.3.1.4: eight levels in block 0, 128 in block 8, then every 128 blocks.
#[test]
fn fill_levels_stand_in_blocks_0_8_and_136() {
    let mut heap = Heap::new(0xBC, BLOCK);
    // Two of these fill a block but for 1,012 bytes less its head and map.
    for _ in 0..300 {
        heap.allocate(&[7; MAX_ALLOCATION], &NoBlocks).unwrap();
    }
    heap.allocate(&[7; 100], &NoBlocks).unwrap();
    let changed = heap.finish(&NoBlocks).unwrap();
    assert_eq!(changed.total, 150);
    let block = |index: usize| &changed.blocks[index].1;
    // Block 0: 8176 - 12 - 7160 - 4 - 6 = 994 bytes are free, at least 768: level 7; block 1 has ten more. Block 0 is the first
    // with room for the 100 bytes, but the last block was used before: it keeps 994.
    assert_eq!(block(0)[8..12], [0x77, 0x77, 0x77, 0x77]);
    // Block 8 has 940 bytes, and so all 128 have level 7.
    assert_eq!(block(8)[2..66], [0x77; 64]);
    // Block 149 is the last of 14 in the third head: 8176 - 2 - 7260 - 4 - 8 = 902.
    assert_eq!(block(136)[2..9], [0x77; 7]);
    assert!(block(136)[9..66].iter().all(|pair| *pair == 0));
    assert!(changed.blocks[..149].iter().all(|(_, block)| block.len() == BLOCK));
}

/// Freed room is used again, other names stay valid, and only the touched blocks are given out.
#[test]
fn freeing_moves_what_lies_behind_and_keeps_its_name() {
    let mut heap = Heap::new(0xBC, BLOCK);
    let first = heap.allocate(b"first", &NoBlocks).unwrap();
    let second = heap.allocate(b"second", &NoBlocks).unwrap();
    heap.free(first, &NoBlocks).unwrap();
    assert_eq!(heap.read(second, &NoBlocks).unwrap(), b"second");
    let given = heap.finish(&NoBlocks).unwrap().blocks[0].1.clone();
    assert_eq!(given[12..18], *b"second");
    assert_eq!(given[18..], [2, 0, 1, 0, 12, 0, 12, 0, 18, 0]);
    assert_eq!(heap.allocate(b"third", &NoBlocks).unwrap(), first);
    assert_eq!(heap.read(second, &NoBlocks).unwrap(), b"second");
    let given = heap.finish(&NoBlocks).unwrap().blocks[0].1.clone();
    // One byte of alignment before the map.
    assert_eq!(given[12..], *b"thirdsecond\0\x02\0\0\0\x0C\0\x11\0\x17\0");
}

/// Values of more than 3580 bytes live in subnodes; a number is overwritten in its record, whichever leaf that is in. MS-PST
/// 2.3.3.3.
#[test]
fn big_values_go_to_subnodes() {
    let (big, biggest_small) = (vec![b'x'; MAX_ALLOCATION + 2], vec![b'y'; MAX_ALLOCATION]);
    // A record more than one leaf holds comes before the number.
    let ids: Vec<u32> = (0..447).map(|id| id << 16 | 3).collect();
    let many = ids.iter().map(|bits| given(*bits, &[0; 4]));
    let last: [Property<'_>; 4] = [
        given(0x1000_001F, &big),
        given(0x0E08_0003, &[9; 4]),
        given(0x1009_0102, &biggest_small),
        given(0x0E08_0003, &[0; 4]),
    ];
    for properties in [last.to_vec(), many.chain(last).collect()] {
        let mut made = NewContext::default();
        // What it was used for before leaves no trace.
        made.make([given(0x3001_001F, &[1; 100])], 0x400, BLOCK).unwrap();
        let values = made.make(properties, 0x400, BLOCK).unwrap();
        assert_eq!(values, [(Nid(0x803F), Given::Bytes(&big))]);
        let before = made.bytes().to_vec();
        assert!(made.set_number(tag(0x0E08_0003).id, 0x0102_0304));
        assert!(!made.set_number(tag(0x1009_0102).id, 0));
        assert!(!made.set_number(tag(0x7001_0003).id, 0));
        let differing: Vec<_> =
            (0..before.len()).filter(|at| before[*at] != made.bytes()[*at]).collect();
        assert_eq!(differing.len(), 4);
        assert_eq!(made.bytes()[differing[0] - 4..][..8], [0x08, 0x0E, 3, 0, 4, 3, 2, 1]);
    }
}

/// A made tree and one that grew record by record say the same.
#[test]
fn a_tree_grows_levels() {
    let mut heap = Heap::new(0xBC, BLOCK);
    let records: Vec<u8> =
        (0u16..3000).flat_map(|key| [key.to_le_bytes().to_vec(), vec![9; 6]].concat()).collect();
    let mut made = Bth::create(&mut heap, 2, 6).unwrap();
    made.fill(&mut heap, &records).unwrap();
    let mut grown = Bth::create(&mut heap, 4, 4).unwrap();
    let record = |key: u32| [key.to_le_bytes(), (key ^ 1).to_le_bytes()].concat();
    let many: Vec<u8> = (0..199_000).flat_map(record).collect();
    grown.fill(&mut heap, &many).unwrap();
    for key in 199_000u32..201_000 {
        grown.put(&mut heap, u64::from(key), &(key ^ 1).to_le_bytes(), &NoBlocks).unwrap();
    }
    assert_eq!(made.records(&mut heap, &NoBlocks).unwrap().len(), 3000);
    assert_eq!(grown.records(&mut heap, &NoBlocks).unwrap().len(), 201_000);
    // 447 records of 8 bytes to a leaf and as many children above: 450 leaves, two nodes, a root.
    let header = heap.read(grown.header(), &NoBlocks).unwrap();
    assert_eq!(header[..4], [0xB5, 4, 4, 2]);
    let header = heap.read(made.header(), &NoBlocks).unwrap();
    assert_eq!(header[..4], [0xB5, 2, 6, 1]);
    for key in [0u32, 446, 447, 199_809, 200_999] {
        let found = grown.find(&mut heap, u64::from(key), &NoBlocks).unwrap();
        assert_eq!(found, Some((key ^ 1).to_le_bytes().to_vec()));
    }
    assert_eq!(grown.find(&mut heap, 201_000, &NoBlocks).unwrap(), None);
    let mut all: Vec<u64> = (0..3000).collect();
    all.reverse();
    for key in all {
        assert!(made.remove(&mut heap, key, &NoBlocks).unwrap());
        assert!(!made.remove(&mut heap, key, &NoBlocks).unwrap());
    }
    assert_eq!(heap.read(made.header(), &NoBlocks).unwrap(), [0xB5, 2, 6, 0, 0, 0, 0, 0]);
}

/// Guide: adding ten items to a folder of 100,000 writes kilobytes per item, not the table. The row of the removed one at the
/// front costs two blocks of rows.
#[test]
fn a_change_of_a_large_table_touches_few_blocks() {
    let mut table = TableEdit::create(&[tag(0x3001_001F), tag(0x0E08_0003)], 0x400, BLOCK).unwrap();
    let cells = |number: u32| {
        let name: Vec<u8> = format!("Somebody with number {number}")
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        [
            Cell { tag: tag(0x3001_001F), value: name.into() },
            Cell { tag: tag(0x0E08_0003), value: number.to_le_bytes().to_vec().into() },
        ]
    };
    for number in 0..100_000 {
        table.put(0x20_0024 + 32 * number, RowVersion(number), &cells(number), &NoBlocks).unwrap();
    }
    let mut file = File::default();
    file.apply(table.finish(&NoBlocks).unwrap());
    let blocks = file.heap.len() + file.subnodes[&Nid(0x3F)].len();
    assert!(blocks > 900, "{blocks}");

    let mut table = file.open();
    assert_eq!(table.len(), 100_000);
    for number in 100_000..100_010 {
        table.put(0x20_0024 + 32 * number, RowVersion(number), &cells(number), &file).unwrap();
    }
    let changes = table.finish(&file).unwrap();
    let written = file.apply(changes);
    assert!(written <= 6, "{written} blocks for ten rows");

    let mut table = file.open();
    assert!(table.remove(0x20_0024, &file).unwrap());
    let changes = table.finish(&file).unwrap();
    let written = file.apply(changes);
    assert!(written <= 9, "{written} blocks for one row");
    let mut table = file.open();
    assert_eq!(table.len(), 100_009);
    assert!(table.read(0x20_0024, &file).unwrap().is_none());
    for number in [1, 50_000, 100_009] {
        assert_eq!(
            table.read(0x20_0024 + 32 * number, &file).unwrap().unwrap()[1].value,
            cells(number)[0].value
        );
    }
}

/// Step of a history of a table.
#[derive(Clone, Debug)]
enum Step {
    Put(u32, Vec<(usize, Vec<u8>)>),
    Remove(u32),
    /// Write, and open again.
    Reopen,
}

const TAGS: [u32; 6] =
    [0x0037_001F, 0x0E06_0040, 0x0E07_0003, 0x3001_001F, 0x360A_000B, 0x8001_0002];

fn cell() -> impl Strategy<Value = (usize, Vec<u8>)> {
    let width = |place: usize| match TAGS[place] & 0xFFFF {
        0x40 => Some(8usize),
        0x03 => Some(4),
        0x0B => Some(1),
        0x02 => Some(2),
        _ => None,
    };
    (0..TAGS.len()).prop_flat_map(move |place| {
        let length = match width(place) {
            Some(width) => (width..=width).boxed(),
            None => {
                prop_oneof![12 => 0..60usize, 2 => 0..3580usize, 1 => 3500..20_000usize].boxed()
            }
        };
        (Just(place), length.prop_flat_map(|length| (Just(length), any::<u8>())))
            .prop_map(|(place, (length, byte))| (place, vec![byte; length]))
    })
}

fn step() -> impl Strategy<Value = Step> {
    let cells = proptest::collection::vec(cell(), 0..6);
    prop_oneof![
        6 => (0u32..400, cells).prop_map(|(id, cells)| Step::Put(id * 32 + 4, cells)),
        2 => (0u32..400).prop_map(|id| Step::Remove(id * 32 + 4)),
        1 => Just(Step::Reopen),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever is put, changed and removed, and however often the table is written in between: it holds what a map holds.
    #[test]
    fn a_table_is_a_map(steps in proptest::collection::vec(step(), 1..500)) {
        let tags: Vec<PropertyTag> = TAGS.iter().map(|bits| tag(*bits)).collect();
        let mut table = TableEdit::create(&tags, 0x400, BLOCK).unwrap();
        let mut file = File::default();
        file.apply(table.finish(&NoBlocks).unwrap());
        let mut model: BTreeMap<u32, (u32, BTreeMap<u32, Vec<u8>>)> = BTreeMap::new();
        for (version, step) in (1u32..).zip(steps) {
            match step {
                Step::Put(id, cells) => {
                    let cells: BTreeMap<u32, Vec<u8>> =
                        cells.into_iter().map(|(place, value)| (TAGS[place], value)).collect();
                    let row: Vec<Cell<'_>> = cells
                        .iter()
                        .map(|(bits, value)| Cell { tag: tag(*bits), value: value.into() })
                        .collect();
                    table.put(id, RowVersion(version), &row, &file).unwrap();
                    model.insert(id, (version, cells));
                }
                Step::Remove(id) => {
                    let removed = table.remove(id, &file).unwrap();
                    prop_assert_eq!(removed, model.remove(&id).is_some());
                }
                Step::Reopen => {
                    let changes = table.finish(&file).unwrap();
                    file.apply(changes);
                    table = file.open();
                }
            }
            prop_assert_eq!(usize::try_from(table.len()).unwrap(), model.len());
        }
        let changes = table.finish(&file).unwrap();
        file.apply(changes);
        let mut table = file.open();
        for (id, (version, cells)) in &model {
            let mut expected = cells.clone();
            expected.insert(0x67F2_0003, id.to_le_bytes().to_vec());
            expected.insert(0x67F3_0003, version.to_le_bytes().to_vec());
            let found = table.read(*id, &file).unwrap().unwrap();
            let found: BTreeMap<u32, Vec<u8>> =
                found.into_iter().map(|cell| (cell.tag.bits(), cell.value.into_owned())).collect();
            prop_assert_eq!(found, expected);
        }
        // Nothing is left behind that no row names.
        let big = model.values().flat_map(|(_, cells)| cells.values()).filter(|value| value.len() > 3580);
        let rows = usize::from(file.subnodes.contains_key(&Nid(0x3F)));
        prop_assert_eq!(file.subnodes.len(), big.count() + rows);
    }
}

/// A column's place is found again after a table was read.
#[test]
fn columns_are_read_as_they_were_written() {
    let columns = Columns::of(&[tag(0x0E06_0040), tag(0x8001_0002), tag(0x001A_001F)]).unwrap();
    let (read, index, rows) = Columns::parse(&columns.encode(Hid(0x20), 0x3F)).unwrap();
    assert_eq!((read, index, rows), (columns, Hid(0x20), 0x3F));
}
