//! Values as the file stores them (pure). MS-PST 2.3.3.2 and 2.3.3.4.

use crate::mapi::Value;

/// Returns the bytes of a value that are stored as they are given.
pub fn given(value: &Value) -> Option<&[u8]> {
    match value {
        Value::String8(bytes) | Value::Binary(bytes) | Value::Other(_, bytes) => Some(bytes),
        _ => None,
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
    let start = to.len();
    // No text has more units in UTF-16 than bytes in UTF-8. Filling whole pairs is several times as fast as appending them.
    to.resize(start + 2 * text.len(), 0);
    let (mut pairs, _) = to.get_mut(start..).unwrap_or_default().as_chunks_mut();
    let mut rest = text;
    while let Some((ascii, behind)) = rest.split_at_checked(ascii_in_front(rest.as_bytes())) {
        let Some((filled, free)) = std::mem::take(&mut pairs).split_at_mut_checked(ascii.len())
        else {
            break;
        };
        filled.iter_mut().zip(ascii.bytes()).for_each(|(pair, byte)| *pair = [byte, 0]);
        pairs = free;
        let mut characters = behind.chars();
        let Some(character) = characters.next() else { break };
        let units = character.len_utf16();
        let Some((filled, free)) = std::mem::take(&mut pairs).split_at_mut_checked(units) else {
            break;
        };
        let mut encoded = [0; 2];
        let encoded = character.encode_utf16(&mut encoded).iter();
        filled.iter_mut().zip(encoded).for_each(|(pair, unit)| *pair = unit.to_le_bytes());
        pairs = free;
        rest = characters.as_str();
    }
    let unused = 2 * pairs.len();
    to.truncate(to.len() - unused);
}

/// Counts the bytes before the first one that is not ASCII, eight at a time.
fn ascii_in_front(bytes: &[u8]) -> usize {
    let mut count = 0;
    let (eights, rest) = bytes.as_chunks();
    for eight in eights {
        let others = u64::from_le_bytes(*eight) & 0x8080_8080_8080_8080;
        if others != 0 {
            return count + usize::try_from(others.trailing_zeros() / 8).unwrap_or_default();
        }
        count += eight.len();
    }
    count + rest.iter().take_while(|byte| byte.is_ascii()).count()
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
