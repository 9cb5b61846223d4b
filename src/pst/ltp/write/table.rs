//! A table in the making or being changed: rows are put and removed one by one, and only what they touch is loaded and given
//! out (pure). MS-PST 2.3.4.
//!
//! A new row goes to the end of the last block of rows, its texts to the block of the heap that was used last, its number into one
//! leaf of the index: adding to a table of 100,000 rows touches as many blocks as adding to one of ten.
//!
//! A removed row's place is taken by the last row. Outlook moves all later rows up instead; readers find rows by the index and
//! sort by columns, so both are the same table to them, but here a row at the front of a large table costs two blocks of
//! rows instead of all of them.

use std::borrow::Cow;

use crate::mapi::PropertyTag;
use crate::mapi::property::{ROW_ID, ROW_VERSION};
use crate::pst::PstError;
use crate::pst::bytes::wide;
use crate::pst::id::Nid;
use crate::pst::ndb::Block;

use super::bth::Bth;
use super::columns::{Columns, SIGNATURE};
use super::fields::Fields;
use super::heap::{Changed, Heap};
use super::rows::Rows;
use super::{Blocks, NoBlocks, damaged, no_subnode};
use crate::pst::ltp::heap::Hid;

/// The version of a row, out of the file's own counter: whoever sees another one knows that the row was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowVersion(pub u32);

/// A cell: a column and the value in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell<'v> {
    /// The column's property.
    pub tag: PropertyTag,
    /// The value, as a property context would store it.
    pub value: Cow<'v, [u8]>,
}

/// The blocks of a table as they are in the file.
pub trait TableSource: Blocks {
    /// Tells how many blocks the subnode with the rows has.
    fn row_blocks(&self, rows: Nid) -> Result<u32, PstError>;
    /// Reads a block of the subnode with the rows.
    fn rows(&self, rows: Nid, index: u32) -> Result<Block, PstError>;
}

impl TableSource for NoBlocks {
    fn row_blocks(&self, rows: Nid) -> Result<u32, PstError> {
        Err(no_subnode(rows))
    }

    fn rows(&self, rows: Nid, _: u32) -> Result<Block, PstError> {
        Err(no_subnode(rows))
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
    /// The highest index that a subnode with a big value has, or was given before.
    pub last_value: u32,
}

impl TableChanges {
    /// Returns how many bytes are written.
    pub fn bytes(&self) -> usize {
        let rows = self.rows.iter().flat_map(|(_, rows)| &rows.blocks);
        let blocks = self.heap.blocks.iter().chain(rows).map(|(_, block)| block.len());
        blocks.chain(self.values.iter().map(|(_, value)| value.len())).sum()
    }
}

/// A table that is being made or changed.
#[derive(Debug)]
pub struct TableEdit {
    fields: Fields,
    columns: Columns,
    /// The description of the table.
    info: Hid,
    index: Bth,
    /// From where on ids are above all in the index, once that was looked for: new items get such ids.
    above: Option<u64>,
    /// What the index is to get behind it: ids and numbers of new rows, which go into the index leaf by leaf.
    appended: Vec<[[u8; 4]; 2]>,
    rows: Rows,
    /// Where a row is put together.
    row: Vec<u8>,
}

impl TableEdit {
    /// Starts a table with columns for these properties and no rows.
    ///
    /// `last_value` is as in [`TableEdit::open`].
    pub fn create(
        tags: &[PropertyTag],
        last_value: u32,
        block_size: usize,
    ) -> Result<Self, PstError> {
        let columns = Columns::of(tags)?;
        let mut heap = Heap::new(SIGNATURE, block_size);
        // In Outlook's tables the first allocation is the header of the index and the second the description.
        let index = Bth::create(&mut heap, 4, 4)?;
        let info = heap.allocate(&columns.encode(index.header(), 0), &NoBlocks)?;
        heap.set_root(info, &NoBlocks)?;
        let rows = Rows::new(columns.row());
        let fields = Fields::new(heap, last_value);
        let (above, appended) = (Some(0), Vec::new());
        Ok(Self { fields, columns, info, index, above, appended, rows, row: Vec::new() })
    }

    /// Opens a table for changes.
    ///
    /// `heap_blocks` tells how many blocks the node's data has, `last_value` an index behind which no subnode with a big value has
    /// one, neither of this node nor of any other that keeps the rule.
    pub fn open(
        heap_blocks: u32,
        block_size: usize,
        last_value: u32,
        source: &dyn TableSource,
    ) -> Result<Self, PstError> {
        let mut heap = Heap::open(heap_blocks, block_size);
        let client = heap.client(source)?;
        if client != SIGNATURE {
            return Err(damaged("HNHDR", "bClientSig", u64::from(client), "is no table's"));
        }
        let info = heap.root(source)?;
        let (columns, index, holder) = Columns::parse(heap.read(info, source)?)?;
        for (tag, place) in [(ROW_ID, 0), (ROW_VERSION, 4)] {
            if columns.find(tag).is_none_or(|column| column.place != place) {
                let tag = u64::from(tag.bits());
                return Err(damaged("TCOLDESC", "tag", tag, "is not in its place"));
            }
        }
        if columns.row() > block_size {
            let row = wide(columns.row());
            return Err(damaged("TCINFO", "rgib[TCI_bm]", row, "is no length of a row"));
        }
        let index = Bth::open(&mut heap, index, source)?;
        let rows = Rows::open(columns.row(), holder, &mut heap, source)?;
        let fields = Fields::new(heap, last_value);
        let (above, appended) = (None, Vec::new());
        let row = Vec::new();
        let mut table = Self { fields, columns, info, index, above, appended, rows, row };
        table.check_count(source)?;
        Ok(table)
    }

    /// Tells which index was given last to a big value elsewhere while the table was open.
    pub fn raise_last_value(&mut self, last_value: u32) {
        self.fields.last_value = self.fields.last_value.max(last_value);
    }

    /// Returns the highest index that a subnode with a big value has, or was given before.
    pub fn last_value(&self) -> u32 {
        self.fields.last_value
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
    ) -> Result<Option<Vec<Cell<'static>>>, PstError> {
        let Some(number) = self.number(id, source)? else {
            return Ok(None);
        };
        let row = self.row(id, number, source)?;
        let mut cells = Vec::new();
        let columns = self.columns.clone();
        for column in columns.iter().filter(|column| columns.has(&row, column)) {
            let value = if column.is_inline() {
                column.cell(&row).to_vec()
            } else {
                self.fields.read(columns.field(&row, column), source)?
            };
            cells.push(Cell { tag: column.tag, value: value.into() });
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
        cells: &[Cell<'_>],
        source: &dyn TableSource,
    ) -> Result<(), PstError> {
        let cell = |tag| cells.iter().find(|cell| cell.tag == tag);
        self.put_of(id, version, |tag| cell(tag).map(|cell| Cow::Borrowed(&*cell.value)), source)
    }

    /// Puts a row whose cells are asked for, one for each column, in the columns' order: mostly that of their tags.
    pub fn put_of<'v>(
        &mut self,
        id: u32,
        version: RowVersion,
        mut cell: impl FnMut(PropertyTag) -> Option<Cow<'v, [u8]>>,
        source: &dyn TableSource,
    ) -> Result<(), PstError> {
        let existing = self.number(id, source)?;
        let old = match existing {
            Some(number) => self.row(id, number, source)?,
            None => Vec::new(),
        };
        let columns = &self.columns;
        let mut row = std::mem::take(&mut self.row);
        row.clear();
        row.resize(columns.row(), 0);
        for column in columns.iter() {
            let own = match column.tag {
                ROW_ID => Some(id),
                ROW_VERSION => Some(version.0),
                _ => None,
            };
            if let Some(own) = own {
                columns.set(&mut row, column, &own.to_le_bytes());
                continue;
            }
            match cell(column.tag) {
                Some(value) if column.is_inline() => columns.set(&mut row, column, &value),
                Some(value) => {
                    let field = columns.field(&old, column);
                    let field = self.fields.store(field, &value, source)?;
                    columns.set(&mut row, column, &field.to_le_bytes());
                }
                None if existing.is_none() || column.is_inline() => {}
                None => self.fields.drop_value(columns.field(&old, column), source)?,
            }
        }
        let number = existing.unwrap_or(self.rows.count());
        self.rows.write(number, &row, &mut self.fields.heap, source)?;
        self.row = row;
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
        let row = self.row(id, number, source)?;
        let columns = self.columns.clone();
        for column in columns.iter().filter(|column| !column.is_inline()) {
            self.fields.drop_value(columns.field(&row, column), source)?;
        }
        self.settle(source)?;
        self.index.remove(&mut self.fields.heap, u64::from(id), source)?;
        self.above = None;
        let mut last = self.rows.count().saturating_sub(1);
        while number != last {
            let moved = self.rows.read(last, &mut self.fields.heap, source)?;
            let moved_id = id_of(&moved);
            if self.number(moved_id, source)? == Some(last) {
                self.rows.write(number, &moved, &mut self.fields.heap, source)?;
                self.point(moved_id, number, source)?;
                break;
            }
            // A row that the index does not name was somebody's once, and must not come back.
            self.rows.pop(&mut self.fields.heap, source)?;
            last -= 1;
        }
        self.rows.pop(&mut self.fields.heap, source)?;
        Ok(true)
    }

    /// Gives out all that changed. The table can be changed further, once what was given out is in the file.
    pub fn finish(&mut self, source: &dyn TableSource) -> Result<TableChanges, PstError> {
        self.settle(source)?;
        let rows = self.rows.finish(&self.fields.heap, source)?;
        let info = self.columns.encode(self.index.header(), rows.holder);
        // The description keeps its length and with it its name.
        self.info = self.fields.heap.replace(self.info, &info, source)?;
        let heap = self.fields.heap.finish(source)?;
        let (values, dropped_values) = self.fields.finish();
        let (rows, dropped_rows) = (rows.changed, rows.dropped);
        let last_value = self.fields.last_value;
        Ok(TableChanges { heap, rows, dropped_rows, values, dropped_values, last_value })
    }

    /// Forgets what was loaded and need not be written, so that memory stays bounded by what is being changed.
    pub fn forget_unchanged(&mut self) {
        self.fields.heap.forget_unchanged();
        self.rows.forget_unchanged();
    }

    /// Reads the row with an id, which has to say that it is that one.
    fn row(&mut self, id: u32, number: u32, source: &dyn TableSource) -> Result<Vec<u8>, PstError> {
        let row = self.rows.read(number, &mut self.fields.heap, source)?;
        if id_of(&row) != id {
            let rule = "is not the id of the row it leads to";
            return Err(damaged("TC row index", "dwRowID", u64::from(id), rule));
        }
        Ok(row)
    }

    /// Looks up the number of a row.
    fn number(&mut self, id: u32, source: &dyn TableSource) -> Result<Option<u32>, PstError> {
        let number = if self.is_above(id, source)? {
            let last = self.appended.last();
            if last.is_none_or(|[last, _]| u32::from_le_bytes(*last) < id) {
                return Ok(None);
            }
            let found = self.appended.binary_search_by_key(&id, |[id, _]| u32::from_le_bytes(*id));
            found.ok().and_then(|place| self.appended.get(place)).map(|[_, number]| number.to_vec())
        } else {
            self.index.find(&mut self.fields.heap, u64::from(id), source)?
        };
        let Some(number) = number else { return Ok(None) };
        let number = decode(&number);
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

    /// Says whether an id is above all in the index.
    fn is_above(&mut self, id: u32, source: &dyn TableSource) -> Result<bool, PstError> {
        let above = if let Some(above) = self.above {
            above
        } else {
            let last = self.index.last(&mut self.fields.heap, source)?;
            *self.above.insert(last.map_or(0, |last| last.saturating_add(1)))
        };
        Ok(u64::from(id) >= above)
    }

    /// Notes the number of a row.
    fn point(&mut self, id: u32, number: u32, source: &dyn TableSource) -> Result<(), PstError> {
        let bytes = number.to_le_bytes();
        if self.is_above(id, source)? {
            let last = self.appended.last();
            if last.is_none_or(|[last, _]| u32::from_le_bytes(*last) < id) {
                self.appended.push([id.to_le_bytes(), bytes]);
                return Ok(());
            }
            self.settle(source)?;
        }
        let value = fitting(&bytes, self.index.widths().1)?;
        self.index.put(&mut self.fields.heap, u64::from(id), value, source)
    }

    /// Brings the new rows into the index.
    fn settle(&mut self, source: &dyn TableSource) -> Result<(), PstError> {
        let Some([last, _]) = self.appended.last() else { return Ok(()) };
        self.above = Some(u64::from(u32::from_le_bytes(*last)) + 1);
        let (_, width) = self.index.widths();
        let mut records = Vec::with_capacity(8 * self.appended.len());
        for [id, number] in self.appended.drain(..) {
            let number = fitting(&number, width)?;
            self.index.add_record(u32::from_le_bytes(id).into(), number, &mut records)?;
        }
        self.index.append(&mut self.fields.heap, &records, source)
    }

    /// Makes sure that the bytes of the rows end with the last one that the index names. Where the last row is not in the index,
    /// there is room behind the rows, and the index is searched for the highest number.
    fn check_count(&mut self, source: &dyn TableSource) -> Result<(), PstError> {
        let Some(last) = self.rows.count().checked_sub(1) else {
            return Ok(());
        };
        let row = self.rows.read(last, &mut self.fields.heap, source)?;
        if self.number(id_of(&row), source)? != Some(last) {
            let (key, _) = self.index.widths();
            let records = self.index.records(&mut self.fields.heap, source)?;
            let numbers = records.iter().filter_map(|record| record.get(key..)).map(decode);
            self.rows.correct(numbers.max().map_or(0, |highest| highest.saturating_add(1)));
        }
        Ok(())
    }
}

/// Returns the id that a row says it has.
fn id_of(row: &[u8]) -> u32 {
    row.first_chunk().copied().map_or(0, u32::from_le_bytes)
}

/// Reads the number of a row out of the index.
fn decode(number: &[u8]) -> u32 {
    number.iter().rev().fold(0, |number, byte| (number << 8) | u32::from(*byte))
}

/// Returns as many bytes of a row's number as the index has room for; all that matter have to be among them.
fn fitting(number: &[u8; 4], width: usize) -> Result<&[u8], PstError> {
    let (fitting, rest) = number.split_at_checked(width).unwrap_or((number, &[]));
    if rest.iter().all(|byte| *byte == 0) {
        return Ok(fitting);
    }
    Err(super::too_big("number of rows", number.len(), width))
}
