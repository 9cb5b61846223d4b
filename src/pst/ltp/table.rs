//! Table contexts: rows of properties (pure). MS-PST 2.3.4.

use std::fmt;
use std::ops::ControlFlow;

use crate::mapi::{PropertyId, PropertyTag, PropertyType, Value};
use crate::pst::bytes::{Bytes, wide};
use crate::pst::error::PstError;
use crate::pst::id::Nid;
use crate::pst::ndb::{DataTree, Node, Nodes, subnode};

use super::bth::{Bth, Record};
use super::content::{Content, Contents, Place};
use super::heap::{Client, Heap, Hid, Piece, size};
use super::value;

/// The column that holds a row's id, `PidTagLtpRowId`.
pub const ROW_ID: PropertyId = PropertyId(0x67F2);
/// The column that holds a row's version, `PidTagLtpRowVer`.
pub const ROW_VERSION: PropertyId = PropertyId(0x67F3);

/// A column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Which property.
    pub tag: PropertyTag,
    /// Where its cell begins in a row, in bytes.
    pub start: usize,
    /// How many bytes its cell takes; sometimes more than its type.
    pub width: usize,
    /// Which bit says whether a row has it; bit 0 is the highest of the first byte.
    pub bit: usize,
}

/// A table.
pub struct TableContext<'a> {
    contents: Contents<'a>,
    columns: Vec<Column>,
    index: Bth,
    matrix: Matrix<'a>,
    apart: Vec<Apart<'a>>,
    row: usize,
    bits: usize,
}

/// A heap of its own for the values of one column. Not published; seen in OST files with pages of 4 KB (Outlook 2013 and later,
/// every table of items): the cells of these columns refer into a heap that is a subnode of the table.
struct Apart<'a> {
    id: PropertyId,
    heap: Heap<'a>,
}

/// Columns whose values are kept apart where the table has the subnode: the conversation id and the sender's name.
const APART: [(PropertyId, Nid); 2] =
    [(PropertyId(0x3013), Nid(0x521)), (PropertyId(0x0042), Nid(0x541))];

enum Matrix<'a> {
    Empty,
    /// All rows in one allocation.
    Piece(Piece),
    /// Rows in blocks, of which each holds whole rows.
    Tree(DataTree<'a>),
}

/// For how many rows an index has room from the start on.
const MOST_ROOM: usize = 1 << 22;

const HEAD: usize = 22;
const COLUMN: usize = 8;

impl<'a> TableContext<'a> {
    /// Opens a table; rows are read when they are asked for.
    pub fn open(nodes: &'a dyn Nodes, node: &Node) -> Result<Self, PstError> {
        let contents = Contents::open(nodes, node)?;
        let heap = contents.heap();
        let info = heap.piece(heap.root())?;
        let bytes = Bytes::new("TCINFO", info.at(), &info);
        for (start, kind) in [(None, heap.client().0), (Some(0), bytes.u8(0, "bType")?)] {
            if Client(kind) != Client::TABLE {
                let start = start.unwrap_or_default();
                return Err(bytes.damaged("bType", start, kind.into(), "is not 0x7c, a table"));
            }
        }
        let count = usize::from(bytes.u8(1, "cCols")?);
        let bits = usize::from(bytes.u16(6, "rgib[TCI_1b]")?);
        let row = usize::from(bytes.u16(8, "rgib[TCI_bm]")?);
        if bits > row || row > nodes.layout().block_payload || row == 0 {
            return Err(bytes.damaged("rgib[TCI_bm]", 8, wide(row), "is no length of a row"));
        }
        let mut columns = Vec::with_capacity(count);
        for start in (HEAD..).step_by(COLUMN).take(count) {
            columns.push(column(&bytes, start, bits, row)?);
        }
        let index = Bth::open(heap, Hid(bytes.u32(10, "hidRowIndex")?))?;
        let matrix = match Place::of(bytes.u32(14, "hnidRows")?) {
            Place::Heap(hid) => Matrix::Piece(heap.piece(hid)?),
            Place::Subnode(nid) => {
                Matrix::Tree(DataTree::open(nodes, contents.subnode(nid, "row matrix")?.data)?)
            }
            Place::Empty | Place::Inline(_) => Matrix::Empty,
        };
        let mut apart = Vec::new();
        if nodes.layout().deflates {
            for (id, nid) in APART {
                if let Some(node) = subnode::find(nodes, node.sub, nid)? {
                    let heap = Heap::open(nodes, &node)?;
                    if heap.client() == Client::COLUMN {
                        apart.push(Apart { id, heap });
                    }
                }
            }
        }
        Ok(Self { contents, columns, index, matrix, apart, row, bits })
    }

    /// Returns the columns, sorted by their tags.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Finds the column of a property, whatever its type.
    pub fn column(&self, id: PropertyId) -> Option<&Column> {
        self.columns.iter().find(|column| column.tag.id == id)
    }

    /// Returns the length of a row, in bytes.
    pub fn row_length(&self) -> usize {
        self.row
    }

    /// Returns the ids of all rows with their numbers, by number: eight bytes of memory for each row.
    pub fn index(&self) -> Result<Vec<(u32, u32)>, PstError> {
        let mut index = Vec::new();
        // A list that is copied to become longer takes twice the memory; what a damaged file says of its rows counts for little.
        index.reserve_exact(self.room().min(MOST_ROOM));
        self.index.each(self.contents.heap(), &mut |record| {
            index.push(entry(&record)?);
            Ok(ControlFlow::Continue(()))
        })?;
        index.sort_unstable_by_key(|(_, number)| *number);
        Ok(index)
    }

    /// Returns how many rows there are bytes for, at most.
    fn room(&self) -> usize {
        match &self.matrix {
            Matrix::Empty => 0,
            Matrix::Piece(piece) => piece.len() / self.row.max(1),
            Matrix::Tree(tree) => {
                let in_block = self.contents.nodes().layout().block_payload / self.row.max(1);
                tree.blocks().saturating_mul(in_block)
            }
        }
    }

    /// Returns all rows one by one, in the order in which they are stored.
    pub fn rows(&self) -> Result<Rows<'_, 'a>, PstError> {
        Ok(Rows { table: self, index: self.index()?.into_iter() })
    }

    /// Finds a row by its id.
    pub fn row(&self, id: u32) -> Result<Option<Row<'_, 'a>>, PstError> {
        let mut number = None;
        self.index.find(self.contents.heap(), id.into(), &mut |record| {
            number = Some(entry(&record)?.1);
            Ok(())
        })?;
        number.map(|number| self.read(id, number)).transpose()
    }

    /// Returns the heap and the subnodes below.
    pub fn contents(&self) -> &Contents<'a> {
        &self.contents
    }

    fn read(&self, id: u32, number: u32) -> Result<Row<'_, 'a>, PstError> {
        let number = size(number);
        let piece = match &self.matrix {
            Matrix::Empty => None,
            Matrix::Piece(piece) => {
                number.checked_mul(self.row).and_then(|start| piece.part(start, self.row))
            }
            Matrix::Tree(tree) => {
                let in_block = self.contents.nodes().layout().block_payload / self.row;
                let start = (number % in_block) * self.row;
                tree.block(number / in_block)?
                    .and_then(|block| Piece::new(block, start..start + self.row))
            }
        };
        let at = self.contents.heap().tree().block(0)?.map_or(0, |block| block.at());
        let damaged = |field, value, rule| PstError::Damaged {
            structure: "TC row index",
            field,
            value,
            rule,
            at,
        };
        let piece = piece.ok_or_else(|| {
            damaged("dwRowIndex", wide(number), "is a row that the table has not")
        })?;
        let row = Row { table: self, id, piece };
        if let Some(column) = self.columns.iter().find(|column| column.tag == row_id())
            && Bytes::new("TC row", row.piece.at(), &row.piece).u32(column.start, "dwRowID")? != id
        {
            return Err(damaged("dwRowID", id.into(), "is not the id of the row it leads to"));
        }
        Ok(row)
    }
}

impl fmt::Debug for TableContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.columns.iter().map(|column| column.tag)).finish()
    }
}

fn row_id() -> PropertyTag {
    ROW_ID.of(PropertyType::INTEGER32)
}

fn column(bytes: &Bytes<'_>, start: usize, bits: usize, row: usize) -> Result<Column, PstError> {
    let tag = PropertyTag::from_bits(bytes.u32(start, "tag")?);
    let column = Column {
        tag,
        start: bytes.u16(start + 4, "ibData")?.into(),
        width: bytes.u8(start + 6, "cbData")?.into(),
        bit: bytes.u8(start + 7, "iBit")?.into(),
    };
    let wrong =
        |field, offset, value, rule| Err(bytes.damaged(field, start + offset, wide(value), rule));
    // Wider cells occur: other programs give PidTagRowid eight bytes.
    if column.width < value::cell(tag.kind) {
        return wrong("cbData", 6, column.width, "is less than its type takes");
    }
    if column.start + column.width > bits {
        return wrong("ibData", 4, column.start, "lies outside of the cells");
    }
    if bits + column.bit / 8 >= row {
        return wrong("iBit", 7, column.bit, "lies outside of the row");
    }
    Ok(column)
}

fn entry(record: &Record<'_>) -> Result<(u32, u32), PstError> {
    let id = Bytes::new("TCROWID", record.at, record.key).u32(0, "dwRowID")?;
    let data = Bytes::new("TCROWID", record.at, record.data);
    let number =
        if data.len() < 4 { data.u16(0, "dwRowIndex")?.into() } else { data.u32(0, "dwRowIndex")? };
    Ok((id, number))
}

/// The rows of a table, one by one.
#[derive(Debug)]
pub struct Rows<'t, 'a> {
    table: &'t TableContext<'a>,
    index: std::vec::IntoIter<(u32, u32)>,
}

impl<'t, 'a> Iterator for Rows<'t, 'a> {
    type Item = Result<Row<'t, 'a>, PstError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (id, number) = self.index.next()?;
        Some(self.table.read(id, number))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.index.size_hint()
    }
}

impl ExactSizeIterator for Rows<'_, '_> {}

impl Rows<'_, '_> {
    /// Returns the id of the row that comes next, which is known where the row itself cannot be read.
    pub fn next_id(&self) -> Option<u32> {
        self.index.as_slice().first().map(|(id, _)| *id)
    }
}

/// A row of a table.
#[derive(Debug)]
pub struct Row<'t, 'a> {
    table: &'t TableContext<'a>,
    id: u32,
    piece: Piece,
}

impl Row<'_, '_> {
    /// Returns its id: in tables of folders, items and attachments the id of their node.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Returns the value of a property, `None` when the row has none.
    pub fn value(&self, id: PropertyId) -> Result<Option<Value>, PstError> {
        match self.table.column(id) {
            Some(column) => self.cell(column),
            None => Ok(None),
        }
    }

    /// Returns the value in a column, `None` when the row has none.
    pub fn cell(&self, column: &Column) -> Result<Option<Value>, PstError> {
        let content = self.content(column)?;
        content.map(|content| value::decode(column.tag.kind, &content, content.at())).transpose()
    }

    /// Returns the bytes of the value in a column as they are stored, `None` when the row has none.
    pub fn content(&self, column: &Column) -> Result<Option<Content>, PstError> {
        let bytes = Bytes::new("TC row", self.piece.at(), &self.piece);
        let mask = bytes.u8(self.table.bits + column.bit / 8, "rgbCEB")?;
        if mask & (0x80 >> (column.bit % 8)) == 0 {
            return Ok(None);
        }
        let kind = column.tag.kind;
        if kind.is_multiple() || kind.width().is_none_or(|width| width > 8) {
            let place = Place::of(bytes.u32(column.start, "HNID")?);
            let apart = self.table.apart.iter().find(|apart| apart.id == column.tag.id);
            return match (apart, place) {
                (Some(apart), Place::Heap(hid)) => {
                    apart.heap.piece(hid).map(Content::Piece).map(Some)
                }
                _ => self.table.contents.content(place).map(Some),
            };
        }
        Ok(self.piece.part(column.start, value::cell(kind)).map(Content::Piece))
    }

    /// Returns all bytes of the row as they are stored.
    pub fn bytes(&self) -> &[u8] {
        &self.piece
    }
}

#[cfg(test)]
mod tests {
    use super::TableContext;
    use crate::mapi::{PropertyId, Value};
    use crate::pst::ltp::heap::tests::{heap, node};
    use crate::pst::ndb::node::tests::Scripted;

    /// Two rows after MS-PST 2.3.4: ids 0x24 and 0x44; the first has no text, the second "x".
    fn table() -> Vec<Vec<u8>> {
        let index = vec![0xB5, 4, 4, 0, 0x60, 0, 0, 0];
        let mut info = vec![0x7C, 4, 12, 0, 12, 0, 13, 0, 14, 0, 0x20, 0, 0, 0, 0x80, 0, 0, 0];
        info.extend([0; 4]);
        info.extend([0x1F, 0, 0x01, 0x30, 8, 0, 4, 2]); // DisplayName
        info.extend([0x0B, 0, 0x0A, 0x36, 12, 0, 1, 3]); // Subfolders
        info.extend([0x03, 0, 0xF2, 0x67, 0, 0, 4, 0]);
        info.extend([0x03, 0, 0xF3, 0x67, 4, 0, 4, 1]);
        let rows = vec![0x24, 0, 0, 0, 1, 0, 0, 0, 0x44, 0, 0, 0, 0, 0, 0, 0];
        let mut matrix = vec![0x44, 0, 0, 0, 7, 0, 0, 0, 0xA0, 0, 0, 0, 1, 0xF0];
        matrix.extend([0x24, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0xC0]);
        vec![index, info, rows, matrix, b"x\0".to_vec()]
    }

    fn nodes(table: &[Vec<u8>]) -> Scripted {
        let allocations: Vec<&[u8]> = table.iter().map(Vec::as_slice).collect();
        Scripted::new([(4, heap(0x7C, 0x40, &allocations))])
    }

    fn plain() -> crate::pst::ndb::Node {
        crate::pst::ndb::Node { sub: None, ..node() }
    }

    #[test]
    fn rows_are_found_by_number_and_by_id() {
        let nodes = nodes(&table());
        let table = TableContext::open(&nodes, &plain()).unwrap();
        let ids: Vec<u32> = table.rows().unwrap().map(|row| row.unwrap().id()).collect();
        assert_eq!(ids, [0x44, 0x24], "as they are stored");
        let row = table.row(0x44).unwrap().unwrap();
        assert_eq!(row.value(PropertyId(0x3001)).unwrap(), Some("x".into()));
        assert_eq!(row.value(PropertyId(0x360A)).unwrap(), Some(Value::Boolean(true)));
        assert_eq!(row.value(PropertyId(0x67F3)).unwrap(), Some(Value::Integer32(7)));
        assert_eq!(row.value(PropertyId(0x3602)).unwrap(), None, "no such column");
        let row = table.row(0x24).unwrap().unwrap();
        assert_eq!(row.value(PropertyId(0x3001)).unwrap(), None, "its bit is not set");
        assert!(table.row(0x64).unwrap().is_none());
    }

    #[test]
    fn a_table_that_contradicts_itself_is_an_error() {
        let mut swapped = table();
        swapped[2][4] = 0;
        swapped[2][12] = 1;
        let scripted = nodes(&swapped);
        let read = TableContext::open(&scripted, &plain()).unwrap();
        assert!(read.row(0x24).is_err(), "the row says that it is another one");
        let mut short = table();
        short[3].truncate(20);
        let scripted = nodes(&short);
        let read = TableContext::open(&scripted, &plain()).unwrap();
        assert!(read.row(0x24).is_err(), "half a row");
        for (at, value) in [(8, 12), (8, 0), (22 + 4, 10), (22 + 6, 2), (22 + 7, 8), (1, 5)] {
            let mut broken = table();
            broken[1][at] = value;
            let scripted = nodes(&broken);
            assert!(TableContext::open(&scripted, &plain()).is_err(), "{at}: {value}");
        }
    }
}
