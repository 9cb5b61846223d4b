//! The columns of a table (pure). MS-PST 2.3.4.1 and 2.3.4.2.

use crate::mapi::property::{ROW_ID, ROW_VERSION};
use crate::mapi::{PropertyTag, PropertyType};
use crate::pst::PstError;
use crate::pst::bytes::wide;

use super::{damaged, too_big};
use crate::pst::ltp::heap::Hid;

/// `bType` of `TCINFO`.
pub(super) const SIGNATURE: u8 = 0x7C;
/// `TCINFO` before its columns, and one column.
const HEAD: usize = 22;
const DESCRIPTION: usize = 8;
/// Columns are counted with a byte.
const MAX_COLUMNS: usize = 255;

/// Where the cells of a property are in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Which property.
    pub tag: PropertyTag,
    /// The offset of its cell in the row, in bytes.
    pub place: usize,
    /// The bytes of its cell: 1, 2, 4 or 8, sometimes more than its type has.
    pub width: usize,
    /// Its bit in the row's existence bitmap, from the highest bit of the first byte.
    pub bit: usize,
}

impl Column {
    /// Says whether the cell holds the value itself; otherwise it names an allocation or a subnode.
    #[inline]
    pub fn is_inline(&self) -> bool {
        inline_width(self.tag.kind).is_some()
    }

    /// Returns the bytes of this cell of a row.
    pub(super) fn cell<'a>(&self, row: &'a [u8]) -> &'a [u8] {
        row.get(self.place..self.place + cell_width(self.tag.kind)).unwrap_or_default()
    }
}

/// The columns of a table and the shape of its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    /// Sorted by tag where we made them; others (Aspose) put some behind.
    all: Vec<Column>,
    /// `rgib`: where the cells of 4 and 8 bytes end, of 2, of 1, and the row.
    ends: [usize; 4],
    /// `hidIndex`, which means nothing any more and is kept.
    unused: [u8; 4],
}

impl Columns {
    /// Lays out columns for these properties; the id and the version of the row are added.
    ///
    /// Cells stand in the order 8 and 4, 2, 1 bytes, after the row's id and version (MS-PST 2.3.4.4.1).
    pub fn of(tags: &[PropertyTag]) -> Result<Self, PstError> {
        let mut sorted: Vec<PropertyTag> =
            tags.iter().copied().filter(|tag| ![ROW_ID, ROW_VERSION].contains(tag)).collect();
        sorted.sort();
        sorted.dedup();
        let count = sorted.len() + 2;
        if count > MAX_COLUMNS {
            return Err(too_big("number of columns", count, MAX_COLUMNS));
        }
        let mut columns = Vec::new();
        let mut ends = [0; 4];
        let mut place = 0;
        let mut add = |tag: PropertyTag, width: usize, place: &mut usize| {
            columns.push(Column { tag, place: *place, width, bit: columns.len() });
            *place += width;
        };
        add(ROW_ID, 4, &mut place);
        add(ROW_VERSION, 4, &mut place);
        for (end, widths) in [&[8, 4][..], &[2], &[1]].into_iter().enumerate() {
            for width in widths {
                for tag in sorted.iter().filter(|tag| cell_width(tag.kind) == *width) {
                    add(*tag, *width, &mut place);
                }
            }
            if let Some(slot) = ends.get_mut(end) {
                *slot = place;
            }
        }
        ends[3] = place + count.div_ceil(8);
        columns.sort_by_key(|column| column.tag);
        Ok(Self { all: columns, ends, unused: [0; 4] })
    }

    /// Reads `TCINFO`: the columns, the index of rows, and what holds the rows (an allocation, a subnode, or nothing).
    pub fn parse(bytes: &[u8]) -> Result<(Self, Hid, u32), PstError> {
        let cut = || damaged("TCINFO", "cCols", wide(bytes.len()), "does not fit the allocation");
        let word = |at: usize| -> Result<usize, PstError> {
            let pair = bytes.get(at..at + 2).and_then(|pair| pair.try_into().ok());
            pair.map(u16::from_le_bytes).map(usize::from).ok_or_else(cut)
        };
        let long = |at: usize| -> Result<u32, PstError> {
            let four = bytes.get(at..at + 4).and_then(|four| four.try_into().ok());
            four.map(u32::from_le_bytes).ok_or_else(cut)
        };
        let [kind, count] = *bytes.first_chunk().ok_or_else(cut)?;
        if kind != SIGNATURE {
            return Err(damaged("TCINFO", "bType", u64::from(kind), "is not 0x7c"));
        }
        let ends = [word(2)?, word(4)?, word(6)?, word(8)?];
        let mut columns = Vec::new();
        for number in 0..usize::from(count) {
            let at = HEAD + number * DESCRIPTION;
            let [width, bit] =
                bytes.get(at + 6..).and_then(|rest| rest.first_chunk().copied()).ok_or_else(cut)?;
            let column = Column {
                tag: PropertyTag::from_bits(long(at)?),
                place: word(at + 4)?,
                width: usize::from(width),
                bit: usize::from(bit),
            };
            let expected = cell_width(column.tag.kind);
            // Some tables give values more room than they take (seen in Outlook's files).
            if column.width < expected || column.place + column.width > ends[2] {
                let tag = u64::from(column.tag.bits());
                return Err(damaged("TCOLDESC", "ibData", tag, "has a cell outside of the row"));
            }
            if ends[2] + column.bit / 8 >= ends[3] {
                return Err(damaged(
                    "TCOLDESC",
                    "iBit",
                    u64::from(bit),
                    "is outside of the bitmap",
                ));
            }
            columns.push(column);
        }
        is_apart(&columns)?;
        let unused = long(18)?.to_le_bytes();
        Ok((Self { all: columns, ends, unused }, Hid(long(10)?), long(14)?))
    }

    /// Writes `TCINFO`.
    pub(super) fn encode(&self, index: Hid, rows: u32) -> Vec<u8> {
        let word = |number: usize| u16::try_from(number).unwrap_or(u16::MAX).to_le_bytes();
        let byte = |number: usize| u8::try_from(number).unwrap_or(u8::MAX);
        let mut bytes = vec![SIGNATURE, byte(self.all.len())];
        bytes.extend(self.ends.iter().flat_map(|end| word(*end)));
        bytes.extend_from_slice(&index.0.to_le_bytes());
        bytes.extend_from_slice(&rows.to_le_bytes());
        bytes.extend_from_slice(&self.unused);
        for column in &self.all {
            bytes.extend_from_slice(&column.tag.bits().to_le_bytes());
            bytes.extend_from_slice(&word(column.place));
            bytes.extend_from_slice(&[byte(column.width), byte(column.bit)]);
        }
        bytes
    }

    /// Lists the columns, as they are stored.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Column> {
        self.all.iter()
    }

    /// Finds the column of a property.
    pub fn find(&self, tag: PropertyTag) -> Option<&Column> {
        self.all.iter().find(|column| column.tag == tag)
    }

    /// Returns the length of a row, in bytes.
    pub fn row(&self) -> usize {
        self.ends[3]
    }

    /// Says whether a row has a value in a column.
    pub(super) fn has(&self, row: &[u8], column: &Column) -> bool {
        let byte = row.get(self.ends[2] + column.bit / 8).copied().unwrap_or_default();
        byte & (0x80 >> (column.bit % 8)) != 0
    }

    /// Returns what a cell names that does not hold the value itself; nothing where the row has no value.
    pub(super) fn field(&self, row: &[u8], column: &Column) -> u32 {
        let bytes = column.cell(row).first_chunk().copied().filter(|_| self.has(row, column));
        bytes.map_or(0, u32::from_le_bytes)
    }

    /// Sets a cell; bytes above its width are left out.
    pub(super) fn set(&self, row: &mut [u8], column: &Column, bytes: &[u8]) {
        let cell = row.get_mut(column.place..column.place + column.width).unwrap_or_default();
        // Most cells have four bytes, and so has what most of them get.
        if let (Ok(to), Ok(from)) = (<&mut [u8; 4]>::try_from(&mut *cell), bytes.try_into()) {
            *to = from;
        } else {
            cell.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        }
        if let Some(byte) = row.get_mut(self.ends[2] + column.bit / 8) {
            *byte |= 0x80 >> (column.bit % 8);
        }
    }
}

/// Makes sure that setting one cell sets no other: no two share bytes or the bit that says whether a row has them.
fn is_apart(columns: &[Column]) -> Result<(), PstError> {
    let mut cells: Vec<_> =
        columns.iter().map(|column| (column.place, column.place + column.width)).collect();
    let mut bits: Vec<_> = columns.iter().map(|column| column.bit).collect();
    cells.sort_unstable();
    bits.sort_unstable();
    let are_apart = cells.is_sorted_by(|before, next| before.1 <= next.0)
        && bits.is_sorted_by(|before, next| before < next);
    if are_apart {
        return Ok(());
    }
    Err(damaged("TCOLDESC", "ibData", wide(columns.len()), "has cells that share bytes or bits"))
}

/// Returns the bytes of a cell of a type.
fn cell_width(kind: PropertyType) -> usize {
    inline_width(kind).unwrap_or(4)
}

/// Returns the bytes of values that stand in the cell itself.
#[inline]
fn inline_width(kind: PropertyType) -> Option<usize> {
    if kind.is_multiple() { None } else { kind.width().filter(|width| *width <= 8) }
}
