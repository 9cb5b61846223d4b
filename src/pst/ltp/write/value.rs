//! Values as the file stores them (pure). MS-PST 2.3.3.2 and 2.3.3.4.

use std::borrow::Cow;

use crate::mapi::Value;

/// A value as somebody has it, who keeps it: it becomes what the file stores only where that is going to stay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Given<'v> {
    /// Any value.
    Value(&'v Value),
    /// A text.
    Text(&'v str),
    /// What is stored, as it is.
    Bytes(&'v [u8]),
}

impl<'v> Given<'v> {
    /// Appends what is stored.
    pub fn append(self, to: &mut Vec<u8>) {
        match self {
            Self::Value(value) => append(value, to),
            Self::Text(text) => append_utf16(text, to),
            Self::Bytes(bytes) => to.extend_from_slice(bytes),
        }
    }

    /// Returns what is stored; bytes that are stored as they are given stay where they are.
    pub fn stored(self) -> Cow<'v, [u8]> {
        if let Some(bytes) = self.bytes() {
            return bytes.into();
        }
        let mut bytes = Vec::new();
        self.append(&mut bytes);
        bytes.into()
    }

    /// Returns what is stored; what is not stored as it is given is made in memory that serves for one value after the other.
    pub fn stored_in<'s>(self, scratch: &'s mut Vec<u8>) -> &'s [u8]
    where
        'v: 's,
    {
        if let Some(bytes) = self.bytes() {
            return bytes;
        }
        if let Some(text) = self.text() {
            // What earlier values left there need not be cleared.
            scratch.resize(scratch.len().max(room_for_utf16(text)), 0);
            let length = put_utf16(text, scratch);
            return scratch.get(..length).unwrap_or_default();
        }
        scratch.clear();
        self.append(scratch);
        scratch
    }

    /// Returns the text that is stored as UTF-16.
    #[inline]
    pub(super) fn text(self) -> Option<&'v str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Value(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    /// Returns a number of at most 32 bits, as the field of a property holds it.
    #[inline]
    pub(super) fn number(self) -> Option<u32> {
        match self {
            Self::Value(Value::Integer32(number)) => Some(number.cast_unsigned()),
            Self::Value(Value::Boolean(truth)) => Some((*truth).into()),
            _ => None,
        }
    }

    /// Returns the bytes that are stored as they are given.
    pub(super) fn bytes(self) -> Option<&'v [u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::Value(Value::String8(bytes) | Value::Binary(bytes) | Value::Other(_, bytes)) => {
                Some(bytes)
            }
            _ => None,
        }
    }
}

/// Returns the bytes of a value.
pub fn encode(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    append(value, &mut bytes);
    bytes
}

/// Appends the bytes of a value: numbers in their natural width, text in UTF-16 without a terminator, several values of one
/// length side by side, others behind their offsets.
pub fn append(value: &Value, to: &mut Vec<u8>) {
    match value {
        Value::Integer16(number) => to.extend_from_slice(&number.to_le_bytes()),
        Value::Integer32(number) => to.extend_from_slice(&number.to_le_bytes()),
        Value::Floating32(number) => to.extend_from_slice(&number.to_le_bytes()),
        Value::Floating64(number) | Value::FloatingTime(number) => {
            to.extend_from_slice(&number.to_le_bytes());
        }
        Value::Currency(number) | Value::Integer64(number) => {
            to.extend_from_slice(&number.to_le_bytes());
        }
        Value::ErrorCode(number) => to.extend_from_slice(&number.to_le_bytes()),
        Value::Boolean(truth) => to.push(u8::from(*truth)),
        Value::String8(bytes) | Value::Binary(bytes) | Value::Other(_, bytes) => {
            to.extend_from_slice(bytes);
        }
        Value::String(text) => append_utf16(text, to),
        Value::Time(time) => to.extend_from_slice(&time.0.to_le_bytes()),
        Value::Guid(guid) => to.extend_from_slice(&guid.0),
        Value::Integers16(numbers) => {
            to.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        }
        Value::Integers32(numbers) => {
            to.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        }
        Value::Floatings64(numbers) => {
            to.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        }
        Value::Integers64(numbers) => {
            to.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        }
        Value::Times(times) => to.extend(times.iter().flat_map(|time| time.0.to_le_bytes())),
        Value::Guids(guids) => to.extend(guids.iter().flat_map(|guid| guid.0)),
        Value::Strings(texts) => {
            append_several(&texts.iter().map(|text| utf16(text)).collect::<Vec<_>>(), to);
        }
        Value::Strings8(items) | Value::Binaries(items) => append_several(items, to),
    }
}

/// Returns the UTF-16 of a text, low bytes first.
pub fn utf16(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    append_utf16(text, &mut bytes);
    bytes
}

/// Appends the UTF-16 of a text, low bytes first.
pub fn append_utf16(text: &str, to: &mut Vec<u8>) {
    let before = to.len();
    to.resize(before + room_for_utf16(text), 0);
    let length = put_utf16(text, to.get_mut(before..).unwrap_or_default());
    to.truncate(before + length);
}

/// Returns how many bytes of room the UTF-16 of a text is made in. No text has more units in UTF-16 than bytes in UTF-8; of the
/// last characters eight are written, however many there are.
pub(super) fn room_for_utf16(text: &str) -> usize {
    2 * text.len() + 2 * EIGHT
}

/// Puts the UTF-16 of a text, low bytes first, where there is [room for it](room_for_utf16), and returns how many bytes it has.
/// What stands behind these in the room is of no meaning.
pub(super) fn put_utf16(text: &str, to: &mut [u8]) -> usize {
    let bytes = text.as_bytes();
    let (mut from, mut end) = put_many(bytes, to, (0, 0));
    loop {
        let rest = bytes.get(from..).unwrap_or_default();
        let eight = first_eight(bytes, rest);
        put(to, end, [spread(eight & 0xFFFF_FFFF), spread(eight >> 32)].as_flattened());
        let others = eight & 0x8080_8080_8080_8080;
        if others == 0 {
            if rest.len() <= EIGHT {
                return end + 2 * rest.len();
            }
            (from, end) = put_many(bytes, to, (from + EIGHT, end + 2 * EIGHT));
        } else {
            let ascii = usize::try_from(others.trailing_zeros() / 8).unwrap_or_default();
            (from, end) = put_others(bytes, to, (from + ascii, end + 2 * ascii));
        }
    }
}

/// Puts characters of ASCII as long as there are many; returns where they end, in the text and in its UTF-16.
#[inline]
fn put_many(bytes: &[u8], to: &mut [u8], place: (usize, usize)) -> (usize, usize) {
    let place = if bytes.len() < MOST { place } else { put_ascii::<MOST>(bytes, to, place) };
    put_ascii::<MANY>(bytes, to, place)
}

/// Puts characters of ASCII as long as there are so many.
#[inline]
fn put_ascii<const COUNT: usize>(
    bytes: &[u8],
    to: &mut [u8],
    (mut from, mut end): (usize, usize),
) -> (usize, usize) {
    while let Some(many) = bytes.get(from..).and_then(<[u8]>::first_chunk::<COUNT>)
        && many.is_ascii()
        && let Some(place) = to.get_mut(end..end + 2 * COUNT)
    {
        widen(many, place);
        (from, end) = (from + COUNT, end + 2 * COUNT);
    }
    (from, end)
}

/// Puts characters that are not ASCII as long as there are some; returns where they end, in the text and in its UTF-16.
#[inline]
fn put_others(bytes: &[u8], to: &mut [u8], (mut from, mut end): (usize, usize)) -> (usize, usize) {
    let low = |byte: &u8| u32::from(byte & 0x3F);
    // The letters of most of Europe have two bytes in UTF-8, and where they are many no others are between.
    while let Some([lead @ 0xC2..=0xDF, last, ..]) = bytes.get(from..) {
        put_unit(to, end, (u32::from(lead & 0x1F) << 6) | low(last));
        (from, end) = (from + 2, end + 2);
    }
    loop {
        match bytes.get(from..) {
            Some([lead @ 0xE0..=0xEF, next, last, ..]) => {
                put_unit(to, end, (u32::from(lead & 0x0F) << 12) | (low(next) << 6) | low(last));
                (from, end) = (from + 3, end + 2);
            }
            Some([lead @ 0xF0..=0xF4, next, third, last, ..]) => {
                let bits = (u32::from(lead & 0x07) << 18) | (low(next) << 12);
                let above = (bits | (low(third) << 6) | low(last)).wrapping_sub(0x1_0000);
                put_unit(to, end, 0xD800 | (above >> 10));
                put_unit(to, end + 2, 0xDC00 | (above & 0x3FF));
                (from, end) = (from + 4, end + 4);
            }
            _ => return (from, end),
        }
    }
}

/// Puts a unit of UTF-16.
#[inline]
fn put_unit(to: &mut [u8], end: usize, unit: u32) {
    let [low, high, ..] = unit.to_le_bytes();
    put(to, end, &[low, high]);
}

/// Puts bytes where there is room for them.
#[inline]
fn put(to: &mut [u8], end: usize, bytes: &[u8]) {
    if let Some(place) = to.get_mut(end..).and_then(|rest| rest.get_mut(..bytes.len())) {
        place.copy_from_slice(bytes);
    }
}

/// Characters of ASCII that are widened at once.
const EIGHT: usize = 8;
const MANY: usize = 32;
/// The same of long texts, most of which have none but such.
const MOST: usize = 256;

/// Returns the eight bytes that the rest of some bytes begins with, the first of them lowest, and zeros behind its end.
fn first_eight(all: &[u8], rest: &[u8]) -> u64 {
    if let Some(eight) = rest.first_chunk() {
        return u64::from_le_bytes(*eight);
    }
    if let Some(last) = all.last_chunk() {
        let before = u32::try_from(8 * (EIGHT - rest.len())).unwrap_or(u32::MAX);
        return u64::from_le_bytes(*last).checked_shr(before).unwrap_or_default();
    }
    rest.iter().rev().fold(0, |word, byte| (word << 8) | u64::from(*byte))
}

/// Makes sixteen bits of each of four bytes.
fn spread(four: u64) -> [u8; 8] {
    let two = (four | (four << 16)) & 0x0000_FFFF_0000_FFFF;
    ((two | (two << 8)) & 0x00FF_00FF_00FF_00FF).to_le_bytes()
}

/// Makes sixteen bits of each of many bytes. It stays a function of its own, since only there the compiler takes the processor's
/// instructions for it.
#[inline(never)]
fn widen<const COUNT: usize>(many: &[u8; COUNT], to: &mut [u8]) {
    let bytes = to.as_chunks_mut().0.iter_mut().zip(many);
    bytes.for_each(|(to, byte)| *to = u16::from(*byte).to_le_bytes());
}

/// Puts values of different lengths behind their number and offsets.
fn append_several(items: &[Vec<u8>], to: &mut Vec<u8>) {
    let long = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes();
    to.extend_from_slice(&long(items.len()));
    let mut offset = 4 + 4 * items.len();
    for item in items {
        to.extend_from_slice(&long(offset));
        offset += item.len();
    }
    to.extend(items.iter().flatten());
}

#[cfg(test)]
mod tests {
    use super::utf16;

    /// Against the standard library, with characters of each length at each place of the pieces that are taken at once.
    #[test]
    fn text_becomes_utf16_wherever_characters_are_that_are_not_ascii() {
        for character in ["", "ü", "€", "😀", "ü€😀ü", "üü€€😀😀"] {
            for before in 0..40 {
                for after in [0, 1, 7, 8, 9, 40] {
                    let text = ["a".repeat(before), "b".repeat(after)].join(character);
                    let expected: Vec<u8> =
                        text.encode_utf16().flat_map(u16::to_le_bytes).collect();
                    assert_eq!(utf16(&text), expected, "{text}");
                }
            }
        }
    }
}
