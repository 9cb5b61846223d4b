//! The row of an item in the table of its folder, which says what the item says (pure). MS-PST 2.4.5.2.

use std::borrow::Cow;

use md5::{Digest, Md5};

use crate::mapi::{PropertyTag, property};
use crate::pst::PstError;
use crate::pst::ltp::write::{Cell, Columns};

/// What items have of replication stands in rows only; it is kept, and new rows do without.
const REPLICATION: [u32; 4] = [0x0E30_0102, 0x0E33_0014, 0x0E34_0102, 0x0E38_0003];

/// Characters of a conversation's topic that count.
const LONGEST_TOPIC: usize = 255;

/// Tells the bytes of an item's property with exactly that type.
pub(super) type Values<'f, 'v> =
    &'f mut dyn FnMut(PropertyTag) -> Result<Option<Cow<'v, [u8]>>, PstError>;

/// Returns the cells of an item's row, for every column of its folder's table; `old` is the row that is replaced, if there is
/// one.
pub(super) fn cells<'v>(
    columns: &Columns,
    old: &[Cell<'_>],
    value: Values<'_, 'v>,
) -> Result<Vec<Cell<'v>>, PstError> {
    let mut cells = Vec::with_capacity(columns.iter().len());
    for column in columns.iter() {
        let tag = column.tag;
        let bytes = match tag {
            property::ROW_ID | property::ROW_VERSION => None,
            property::MESSAGE_STATUS => Some(kept(old, tag).unwrap_or(Cow::Borrowed(&[0; 4]))),
            property::CONVERSATION_ID => conversation(value)?,
            _ if REPLICATION.contains(&tag.bits()) => kept(old, tag),
            _ => value(tag)?,
        };
        cells.extend(bytes.map(|value| Cell { tag, value }));
    }
    Ok(cells)
}

fn kept<'v>(old: &[Cell<'_>], tag: PropertyTag) -> Option<Cow<'v, [u8]>> {
    let cell = old.iter().find(|cell| cell.tag == tag)?;
    Some(Cow::Owned(cell.value.to_vec()))
}

/// Returns the id of an item's conversation: from its index where that is said to be kept, otherwise from its topic; MS-OXOMSG
/// 2.2.1.2.
fn conversation<'v>(value: Values<'_, 'v>) -> Result<Option<Cow<'v, [u8]>>, PstError> {
    let Some(topic) = value(property::CONVERSATION_TOPIC)? else { return Ok(None) };
    let tracked = value(property::CONVERSATION_INDEX_TRACKING)?;
    if tracked.is_some_and(|tracked| tracked.first() == Some(&1)) {
        let index = value(property::CONVERSATION_INDEX)?.unwrap_or_default();
        if index.first() == Some(&1)
            && let Some(id) = index.get(6..22)
        {
            return Ok(Some(id.to_vec().into()));
        }
    }
    Ok(Some(Md5::digest(upper_case(&topic)).to_vec().into()))
}

/// Returns a topic in capitals, as far as it counts, both in UTF-16.
fn upper_case(topic: &[u8]) -> Vec<u8> {
    let units = topic.as_chunks().0.iter().take(LONGEST_TOPIC);
    let mut upper = Vec::with_capacity(2 * LONGEST_TOPIC);
    for character in char::decode_utf16(units.map(|unit| u16::from_le_bytes(*unit))) {
        let mut pair = [0; 2];
        let units = match character {
            Ok(character) if character.is_ascii() => {
                character.to_ascii_uppercase().encode_utf16(&mut pair)
            }
            Ok(character) => {
                let mut upper = character.to_uppercase();
                // Windows maps one character to one: the German sharp s stays as it is.
                let single = if upper.len() == 1 { upper.next() } else { None };
                single.unwrap_or(character).encode_utf16(&mut pair)
            }
            Err(unpaired) => {
                pair[0] = unpaired.unpaired_surrogate();
                &mut pair[..1]
            }
        };
        upper.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
    }
    upper
}
