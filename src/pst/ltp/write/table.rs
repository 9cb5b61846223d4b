//! A table in the making or being changed: rows are put and removed one by one, and only what they touch is loaded and given
//! out (pure). MS-PST 2.3.4.
//!
//! A new row goes to the end of the last block of rows, its texts to the block of the heap that was used last, its number into one
//! leaf of the index: adding to a table of 100,000 rows touches as many blocks as adding to one of ten.
//!
//! A removed row's place is taken by the last row. Outlook moves all later rows up instead; readers find rows by the index and
//! sort by columns, so both are the same table to them, but here a row at the front of a large table costs two blocks of
//! rows instead of all of them.

use std::collections::BTreeMap;

use crate::mapi::PropertyTag;
use crate::pst::PstError;
use crate::pst::id::{Nid, NidKind};
use crate::pst::ndb::Block;

use super::bth::Bth;
use super::columns::{Columns, ROW_ID, ROW_VERSION, SIGNATURE};
use super::heap::{Changed, Heap, MAX_ALLOCATION};
use super::rows::{HeapOf, Rows};
use super::{Blocks, Hid, NoBlocks, damaged};

/// The index of the first subnode for a big value.
const FIRST_VALUE: u32 = 0x401;

/// The version of a row, out of the file's own counter: whoever sees another one knows that the row was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowVersion(pub u32);

/// A cell: a column and the value in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The column's property.
    pub tag: PropertyTag,
    /// The value, as a property context would store it.
    pub value: Vec<u8>,
}

/// The blocks of a table as they are in the file.
pub trait TableSource {
    /// Reads a block of the heap.
    fn heap(&self, index: u32) -> Result<Block, PstError>;
    /// Tells how many blocks and how many bytes the subnode with the rows has.
    fn size(&self, rows: Nid) -> Result<(u32, usize), PstError>;
    /// Reads a block of the subnode with the rows.
    fn rows(&self, rows: Nid, index: u32) -> Result<Block, PstError>;
    /// Reads a value that lives in a subnode.
    fn value(&self, nid: Nid) -> Result<Vec<u8>, PstError>;
}

impl TableSource for NoBlocks {
    fn heap(&self, index: u32) -> Result<Block, PstError> {
        self.block(index)
    }

    fn size(&self, rows: Nid) -> Result<(u32, usize), PstError> {
        Err(no_subnode(rows))
    }

    fn rows(&self, rows: Nid, _: u32) -> Result<Block, PstError> {
        Err(no_subnode(rows))
    }

    fn value(&self, nid: Nid) -> Result<Vec<u8>, PstError> {
        Err(no_subnode(nid))
    }
}

/// What of a table has to be written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableChanges {
    /// Blocks of the node's data.
    pub heap: Changed,
    /// The subnode that holds the rows, and its blocks, if it is new or changed.
    pub rows: Option<(Nid, Changed)>,
    /// The subnode that held the rows and is needed no more.
    pub dropped_rows: Option<Nid>,
    /// Subnodes with big values that are new, ascending.
    pub values: Vec<(Nid, Vec<u8>)>,
    /// Subnodes with big values that are needed no more.
    pub dropped_values: Vec<Nid>,
}

/// A table that is being made or changed.
#[derive(Debug)]
pub struct TableEdit {
    heap: Heap,
    columns: Columns,
    /// The description of the table.
    info: Hid,
    index: Bth,
    rows: Rows,
    next_value: u32,
    values: BTreeMap<Nid, Vec<u8>>,
    dropped_values: Vec<Nid>,
}

impl TableEdit {
    /// Starts a table with columns for these properties and no rows.
    pub fn create(tags: &[PropertyTag], block_size: usize) -> Result<Self, PstError> {
        let columns = Columns::of(tags)?;
        let mut heap = Heap::new(SIGNATURE, block_size);
        // In Outlook's tables the first allocation is the header of the index and the second the description.
        let index = Bth::create(&mut heap, 4, 4)?;
        let info = heap.allocate(&columns.encode(index.header(), 0), &NoBlocks)?;
        heap.set_root(info, &NoBlocks)?;
        let rows = Rows::new(columns.row());
        Ok(Self::with(heap, columns, info, index, rows, FIRST_VALUE))
    }

    /// Opens a table for changes.
    ///
    /// `heap_blocks` tells how many blocks the node's data has, `next_value` an index above those of all its subnodes that hold
    /// big values.
    pub fn open(
        heap_blocks: u32,
        block_size: usize,
        next_value: u32,
        source: &dyn TableSource,
    ) -> Result<Self, PstError> {
        let blocks = HeapOf(source);
        let mut heap = Heap::open(heap_blocks, block_size);
        let client = heap.client(&blocks)?;
        if client != SIGNATURE {
            return Err(damaged("HNHDR", "bClientSig", u64::from(client), "is no table's"));
        }
        let info = heap.root(&blocks)?;
        let (columns, index, holder) = Columns::parse(heap.read(info, &blocks)?)?;
        for (tag, place) in [(ROW_ID, 0), (ROW_VERSION, 4)] {
            if columns.find(tag).is_none_or(|column| column.place != place) {
                let tag = u64::from(tag.bits());
                return Err(damaged("TCOLDESC", "tag", tag, "is not in its place"));
            }
        }
        let index = Bth::open(&mut heap, index, &blocks)?;
        let rows = Rows::open(columns.row(), holder, &mut heap, source)?;
        let mut table = Self::with(heap, columns, info, index, rows, next_value.max(FIRST_VALUE));
        table.check_count(source)?;
        Ok(table)
    }

    fn with(
        heap: Heap,
        columns: Columns,
        info: Hid,
        index: Bth,
        rows: Rows,
        next_value: u32,
    ) -> Self {
        let (values, dropped_values) = (BTreeMap::new(), Vec::new());
        Self { heap, columns, info, index, rows, next_value, values, dropped_values }
    }

    /// Returns the columns.
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// Returns how many rows there are.
    pub fn len(&self) -> u32 {
        self.rows.count()
    }

    /// Says whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Says whether there is a row with an id.
    pub fn contains(&mut self, id: u32, source: &dyn TableSource) -> Result<bool, PstError> {
        Ok(self.number(id, source)?.is_some())
    }

    /// Reads the cells of a row, with their values in full; `None` where there is no such row.
    pub fn read(
        &mut self,
        id: u32,
        source: &dyn TableSource,
    ) -> Result<Option<Vec<Cell>>, PstError> {
        let Some(number) = self.number(id, source)? else {
            return Ok(None);
        };
        let row = self.rows.read(number, &mut self.heap, source)?;
        let mut cells = Vec::new();
        let columns = self.columns.clone();
        for column in columns.iter().filter(|column| columns.has(&row, column)) {
            let value = if column.is_inline() {
                column.cell(&row).to_vec()
            } else {
                self.value(columns.field(&row, column), source)?
            };
            cells.push(Cell { tag: column.tag, value });
        }
        Ok(Some(cells))
    }

    /// Puts a row: a new one, or in the place of the one with the same id.
    ///
    /// The row gets exactly these cells; those of properties for which the table has no column are left out.
    pub fn put(
        &mut self,
        id: u32,
        version: RowVersion,
        cells: &[Cell],
        source: &dyn TableSource,
    ) -> Result<(), PstError> {
        let existing = self.number(id, source)?;
        let old = match existing {
            Some(number) => self.rows.read(number, &mut self.heap, source)?,
            None => vec![0; self.columns.row()],
        };
        let columns = self.columns.clone();
        let mut row = vec![0; columns.row()];
        for column in columns.iter() {
            let cell = cells.iter().find(|cell| cell.tag == column.tag);
            let field = match column.tag {
                ROW_ID => Some(id.to_le_bytes().to_vec()),
                ROW_VERSION => Some(version.0.to_le_bytes().to_vec()),
                _ if column.is_inline() => cell.map(|cell| cell.value.clone()),
                _ => {
                    let field = columns.field(&old, column);
                    if let Some(cell) = cell {
                        Some(self.store(field, &cell.value, source)?.to_le_bytes().to_vec())
                    } else {
                        self.drop_value(field, source)?;
                        None
                    }
                }
            };
            if let Some(field) = field {
                columns.set(&mut row, column, &field);
            }
        }
        let number = existing.unwrap_or(self.rows.count());
        self.rows.write(number, &row, &mut self.heap, source)?;
        if existing.is_none() {
            self.point(id, number, source)?;
        }
        Ok(())
    }

    /// Removes a row and says whether it was there.
    pub fn remove(&mut self, id: u32, source: &dyn TableSource) -> Result<bool, PstError> {
        let Some(number) = self.number(id, source)? else {
            return Ok(false);
        };
        let row = self.rows.read(number, &mut self.heap, source)?;
        let columns = self.columns.clone();
        for column in columns.iter().filter(|column| !column.is_inline()) {
            self.drop_value(columns.field(&row, column), source)?;
        }
        self.index.remove(&mut self.heap, u64::from(id), &HeapOf(source))?;
        let last = self.rows.count().saturating_sub(1);
        if number != last {
            let moved = self.rows.read(last, &mut self.heap, source)?;
            self.rows.write(number, &moved, &mut self.heap, source)?;
            let moved_id = moved.first_chunk().copied().map_or(0, u32::from_le_bytes);
            self.point(moved_id, number, source)?;
        }
        self.rows.pop(&mut self.heap, source)?;
        Ok(true)
    }

    /// Gives out all that changed. The table can be changed further, once what was given out is in the file.
    pub fn finish(&mut self, source: &dyn TableSource) -> Result<TableChanges, PstError> {
        let rows = self.rows.finish(&self.heap, source)?;
        let info = self.columns.encode(self.index.header(), rows.holder);
        // The description keeps its length and with it its name.
        self.info = self.heap.replace(self.info, &info, &HeapOf(source))?;
        Ok(TableChanges {
            heap: self.heap.finish(&HeapOf(source))?,
            rows: rows.changed,
            dropped_rows: rows.dropped,
            values: std::mem::take(&mut self.values).into_iter().collect(),
            dropped_values: std::mem::take(&mut self.dropped_values),
        })
    }

    /// Forgets what was loaded and need not be written, so that memory stays bounded by what is being changed.
    pub fn forget_unchanged(&mut self) {
        self.heap.forget_unchanged();
        self.rows.forget_unchanged();
    }

    /// Looks up the number of a row.
    fn number(&mut self, id: u32, source: &dyn TableSource) -> Result<Option<u32>, PstError> {
        let value = self.index.find(&mut self.heap, u64::from(id), &HeapOf(source))?;
        let Some(value) = value else { return Ok(None) };
        let number = value.iter().rev().fold(0, |number, byte| (number << 8) | u32::from(*byte));
        if number >= self.rows.count() {
            return Err(damaged(
                "TCROWID",
                "dwRowIndex",
                u64::from(number),
                "is over the last row",
            ));
        }
        Ok(Some(number))
    }

    /// Notes the number of a row.
    fn point(&mut self, id: u32, number: u32, source: &dyn TableSource) -> Result<(), PstError> {
        let bytes = number.to_le_bytes();
        let value = bytes.get(..self.index.value_width()).unwrap_or(&bytes);
        self.index.put(&mut self.heap, u64::from(id), value, &HeapOf(source))
    }

    /// Makes sure that the bytes of the rows hold as many as the index names. Where the last row is not in the index, there is
    /// room behind the rows, and the index is counted.
    fn check_count(&mut self, source: &dyn TableSource) -> Result<(), PstError> {
        let Some(last) = self.rows.count().checked_sub(1) else {
            return Ok(());
        };
        let row = self.rows.read(last, &mut self.heap, source)?;
        let id = row.first_chunk().copied().map_or(0, u32::from_le_bytes);
        if self.number(id, source)? != Some(last) {
            let count = self.index.count(&mut self.heap, &HeapOf(source))?;
            self.rows.correct(u32::try_from(count).unwrap_or(u32::MAX));
        }
        Ok(())
    }

    /// Stores a value in the place of what a field names and returns the field.
    fn store(
        &mut self,
        field: u32,
        bytes: &[u8],
        source: &dyn TableSource,
    ) -> Result<u32, PstError> {
        let old = Hid(field);
        if old.is_one() && !bytes.is_empty() && bytes.len() <= MAX_ALLOCATION {
            return Ok(self.heap.replace(old, bytes, &HeapOf(source))?.0);
        }
        if field != 0 && bytes.len() > MAX_ALLOCATION && self.value(field, source)? == bytes {
            return Ok(field);
        }
        self.drop_value(field, source)?;
        if bytes.is_empty() {
            return Ok(0);
        }
        if bytes.len() <= MAX_ALLOCATION {
            return Ok(self.heap.allocate(bytes, &HeapOf(source))?.0);
        }
        let nid = Nid::new(NidKind::VALUE, self.next_value);
        self.next_value += 1;
        self.values.insert(nid, bytes.to_vec());
        Ok(nid.0)
    }

    /// Reads the value that a field names.
    fn value(&mut self, field: u32, source: &dyn TableSource) -> Result<Vec<u8>, PstError> {
        if field == 0 {
            return Ok(Vec::new());
        }
        if Hid(field).is_one() {
            return Ok(self.heap.read(Hid(field), &HeapOf(source))?.to_vec());
        }
        match self.values.get(&Nid(field)) {
            Some(value) => Ok(value.clone()),
            None => source.value(Nid(field)),
        }
    }

    /// Frees what a field names.
    fn drop_value(&mut self, field: u32, source: &dyn TableSource) -> Result<(), PstError> {
        if Hid(field).is_one() {
            self.heap.free(Hid(field), &HeapOf(source))?;
        } else if field != 0 && self.values.remove(&Nid(field)).is_none() {
            self.dropped_values.push(Nid(field));
        }
        Ok(())
    }
}

fn no_subnode(nid: Nid) -> PstError {
    damaged("HNID", "nid", u64::from(nid.0), "names a subnode that is not there")
}
