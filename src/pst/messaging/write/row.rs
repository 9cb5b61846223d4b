//! The row of an item in the table of its folder, which says what the item says (pure). MS-PST 2.4.5.2.

use md5::{Digest, Md5};

use crate::mapi::{PropertyTag, property};
use crate::pst::PstError;
use crate::pst::ltp::write::{Cell, Columns};

/// What items have of replication stands in rows only; it is kept, and new rows do without.
const REPLICATION: [u32; 4] = [0x0E30_0102, 0x0E33_0014, 0x0E34_0102, 0x0E38_0003];

/// Returns the cells of an item's row, for every column of its folder's table.
///
/// `value` tells the item's value of a property with exactly that type; `old` is the row that is replaced, if there is one.
pub(super) fn cells(
    columns: &Columns,
    old: &[Cell],
    value: &mut dyn FnMut(PropertyTag) -> Result<Option<Vec<u8>>, PstError>,
) -> Result<Vec<Cell>, PstError> {
    let mut cells = Vec::new();
    for column in columns.iter() {
        let tag = column.tag;
        let bytes = match tag {
            property::ROW_ID | property::ROW_VERSION => None,
            property::MESSAGE_STATUS => {
                Some(kept(old, tag).unwrap_or_else(|| 0_u32.to_le_bytes().to_vec()))
            }
            property::CONVERSATION_ID => conversation(value)?,
            _ if REPLICATION.contains(&tag.bits()) => kept(old, tag),
            _ => value(tag)?,
        };
        cells.extend(bytes.map(|value| Cell { tag, value }));
    }
    Ok(cells)
}

fn kept(old: &[Cell], tag: PropertyTag) -> Option<Vec<u8>> {
    old.iter().find(|cell| cell.tag == tag).map(|cell| cell.value.clone())
}

/// Returns the id of an item's conversation: from its index where that is said to be kept, otherwise from its topic; MS-OXOMSG
/// 2.2.1.2.
fn conversation(
    value: &mut dyn FnMut(PropertyTag) -> Result<Option<Vec<u8>>, PstError>,
) -> Result<Option<Vec<u8>>, PstError> {
    /// Characters of the topic that count.
    const LONGEST: usize = 255;
    let Some(topic) = value(property::CONVERSATION_TOPIC)? else { return Ok(None) };
    let tracked = value(property::CONVERSATION_INDEX_TRACKING)?;
    if tracked.is_some_and(|tracked| tracked.first() == Some(&1)) {
        let index = value(property::CONVERSATION_INDEX)?.unwrap_or_default();
        if index.first() == Some(&1)
            && let Some(id) = index.get(6..22)
        {
            return Ok(Some(id.to_vec()));
        }
    }
    let mut hash = Md5::new();
    let units = topic.as_chunks().0.iter().take(LONGEST).map(|unit| u16::from_le_bytes(*unit));
    for character in char::decode_utf16(units) {
        match character {
            Ok(character) => {
                let mut upper = character.to_uppercase();
                // Windows maps one character to one: the German sharp s stays as it is.
                let single = if upper.len() == 1 { upper.next() } else { None };
                let mut pair = [0; 2];
                let units = single.unwrap_or(character).encode_utf16(&mut pair);
                for unit in units.iter() {
                    hash.update(unit.to_le_bytes());
                }
            }
            Err(unpaired) => hash.update(unpaired.unpaired_surrogate().to_le_bytes()),
        }
    }
    Ok(Some(hash.finalize().to_vec()))
}
