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

    /// Returns a number of bytes that what is stored has at least.
    pub fn at_least(self) -> usize {
        match (self, self.bytes()) {
            (_, Some(bytes)) => bytes.len(),
            // Three bytes of UTF-8 may be two of UTF-16, and four are four.
            (Self::Text(text), _) => text.len() / 3 * 2,
            (Self::Value(Value::String(text)), _) => text.len() / 3 * 2,
            _ => 0,
        }
    }

    /// Returns the bytes that are stored as they are given.
    fn bytes(self) -> Option<&'v [u8]> {
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
    // No text has more units in UTF-16 than bytes in UTF-8; of the last characters, eight are added and some taken back.
    to.reserve(2 * text.len() + 16);
    let mut rest = text;
    loop {
        let ascii = append_ascii(rest.as_bytes(), to);
        let mut behind = rest.get(ascii..).unwrap_or_default().chars();
        let Some(character) = behind.next() else { return };
        for unit in character.encode_utf16(&mut [0; 2]) {
            to.extend_from_slice(&unit.to_le_bytes());
        }
        rest = behind.as_str();
    }
}

/// Appends the UTF-16 of the ASCII that bytes begin with, and returns how many these are.
fn append_ascii(bytes: &[u8], to: &mut Vec<u8>) -> usize {
    let mut count = 0;
    for many in bytes.as_chunks::<32>().0 {
        if !many.is_ascii() {
            break;
        }
        to.extend_from_slice(many.map(wide).as_flattened());
        count += many.len();
    }
    let (eights, rest) = bytes.get(count..).unwrap_or_default().as_chunks();
    for eight in eights {
        let ascii = append_eight(*eight, to);
        count += ascii;
        if ascii < eight.len() {
            return count;
        }
    }
    let mut last = [u8::MAX; 8];
    last.iter_mut().zip(rest).for_each(|(last, byte)| *last = *byte);
    count + append_eight(last, to)
}

/// Appends the ASCII that eight bytes begin with, whose number it returns: eight at once are faster than a few one by one.
fn append_eight(eight: [u8; 8], to: &mut Vec<u8>) -> usize {
    to.extend_from_slice(eight.map(wide).as_flattened());
    let others = u64::from_le_bytes(eight) & 0x8080_8080_8080_8080;
    let ascii = usize::try_from(others.trailing_zeros() / 8).unwrap_or_default();
    to.truncate(to.len() - 2 * (eight.len() - ascii));
    ascii
}

fn wide(byte: u8) -> [u8; 2] {
    u16::from(byte).to_le_bytes()
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
        for character in ["", "ü", "€", "😀", "ü€😀ü"] {
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
