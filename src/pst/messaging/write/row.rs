//! The row of an item in the table of its folder, which says what the item says (pure). MS-PST 2.4.5.2.

use std::borrow::Cow;

use md5::{Digest, Md5};

use crate::mapi::{PropertyTag, property};
use crate::pst::ltp::write::Cell;

/// What items have of replication stands in rows only; it is kept, and new rows do without.
const REPLICATION: [u32; 4] = [0x0E30_0102, 0x0E33_0014, 0x0E34_0102, 0x0E38_0003];

/// Characters of a conversation's topic that count.
const LONGEST_TOPIC: usize = 255;

/// Returns the cell of an item's row for a column of its folder's table; `old` is the row that is replaced, if there is one.
pub(super) fn cell<'v>(
    tag: PropertyTag,
    old: &[Cell<'_>],
    value: &mut impl FnMut(PropertyTag) -> Option<Cow<'v, [u8]>>,
) -> Option<Cow<'v, [u8]>> {
    match tag {
        property::MESSAGE_STATUS => Some(kept(old, tag).unwrap_or(Cow::Borrowed(&[0; 4]))),
        property::CONVERSATION_ID => conversation(value),
        _ if REPLICATION.contains(&tag.bits()) => kept(old, tag),
        _ => value(tag),
    }
}

fn kept<'v>(old: &[Cell<'_>], tag: PropertyTag) -> Option<Cow<'v, [u8]>> {
    let cell = old.iter().find(|cell| cell.tag == tag)?;
    Some(Cow::Owned(cell.value.to_vec()))
}

/// Returns the id of an item's conversation: from its index where that is said to be kept, otherwise from its topic; MS-OXOMSG
/// 2.2.1.2.
fn conversation<'v>(
    value: &mut impl FnMut(PropertyTag) -> Option<Cow<'v, [u8]>>,
) -> Option<Cow<'v, [u8]>> {
    let topic = value(property::CONVERSATION_TOPIC)?;
    let tracked = value(property::CONVERSATION_INDEX_TRACKING);
    if tracked.is_some_and(|tracked| tracked.first() == Some(&1)) {
        let index = value(property::CONVERSATION_INDEX).unwrap_or_default();
        if index.first() == Some(&1)
            && let Some(id) = index.get(6..22)
        {
            return Some(id.to_vec().into());
        }
    }
    Some(Md5::digest(upper_case(&topic)).to_vec().into())
}

/// Returns a topic in capitals, as far as it counts, both in UTF-16.
fn upper_case(topic: &[u8]) -> Vec<u8> {
    let units = topic.as_chunks().0.iter().take(LONGEST_TOPIC);
    let mut upper = Vec::with_capacity(topic.len().min(2 * LONGEST_TOPIC));
    for character in char::decode_utf16(units.map(|unit| u16::from_le_bytes(*unit))) {
        let unit = match character {
            // Small letters of ASCII and of Western Europe, but for the division sign.
            Ok(small @ ('a'..='z' | '\u{E0}'..='\u{F6}' | '\u{F8}'..='\u{FE}')) => {
                u32::from(small) - 0x20
            }
            Ok(other @ (..='\u{B4}' | '\u{B6}'..='\u{DE}')) => other.into(),
            Ok(character) => {
                let mut upper_case = character.to_uppercase();
                // Windows maps one character to one: the German sharp s stays as it is.
                let single = if upper_case.len() == 1 { upper_case.next() } else { None };
                for unit in single.unwrap_or(character).encode_utf16(&mut [0; 2]) {
                    upper.extend_from_slice(&unit.to_le_bytes());
                }
                continue;
            }
            Err(unpaired) => unpaired.unpaired_surrogate().into(),
        };
        upper.extend_from_slice(&u16::try_from(unit).unwrap_or_default().to_le_bytes());
    }
    upper
}

#[cfg(test)]
mod tests {
    use super::upper_case;

    /// Against the standard library: characters that have one capital letter become it, and all others stay.
    #[test]
    fn a_topic_is_in_capitals() {
        for character in ('\0'..'\u{3000}').chain(['\u{FB00}', '\u{1F600}', '\u{10428}']) {
            let mut capital = character.to_uppercase();
            let capital = if capital.len() == 1 { capital.next() } else { None };
            let bytes = |character: char| -> Vec<u8> {
                character.encode_utf16(&mut [0; 2]).iter().flat_map(|u| u.to_le_bytes()).collect()
            };
            let expected = bytes(capital.unwrap_or(character));
            assert_eq!(upper_case(&bytes(character)), expected, "{character}");
        }
    }
}
