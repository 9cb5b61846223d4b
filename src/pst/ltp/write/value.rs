//! Values as the file stores them (pure). MS-PST 2.3.3.2 and 2.3.3.4.

use crate::mapi::{PropertyId, PropertyTag, Value};

use super::Property;

/// Makes a property of an id and a value.
pub fn property(id: PropertyId, value: &Value) -> Property {
    Property::new(PropertyTag { id, kind: value.kind() }, encode(value))
}

/// Returns the bytes of a value: numbers in their natural width, text in UTF-16 without a terminator, several values of one
/// length side by side, others behind their offsets.
pub fn encode(value: &Value) -> Vec<u8> {
    match value {
        Value::Integer16(number) => number.to_le_bytes().to_vec(),
        Value::Integer32(number) => number.to_le_bytes().to_vec(),
        Value::Floating32(number) => number.to_le_bytes().to_vec(),
        Value::Floating64(number) | Value::FloatingTime(number) => number.to_le_bytes().to_vec(),
        Value::Currency(number) | Value::Integer64(number) => number.to_le_bytes().to_vec(),
        Value::ErrorCode(number) => number.to_le_bytes().to_vec(),
        Value::Boolean(truth) => vec![u8::from(*truth)],
        Value::String8(bytes) | Value::Binary(bytes) | Value::Other(_, bytes) => bytes.clone(),
        Value::String(text) => utf16(text),
        Value::Time(time) => time.0.to_le_bytes().to_vec(),
        Value::Guid(guid) => guid.0.to_vec(),
        Value::Integers16(numbers) => {
            numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
        }
        Value::Integers32(numbers) => {
            numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
        }
        Value::Floatings64(numbers) => {
            numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
        }
        Value::Integers64(numbers) => {
            numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
        }
        Value::Times(times) => times.iter().flat_map(|time| time.0.to_le_bytes()).collect(),
        Value::Guids(guids) => guids.iter().flat_map(|guid| guid.0).collect(),
        Value::Strings(texts) => several(&texts.iter().map(|text| utf16(text)).collect::<Vec<_>>()),
        Value::Strings8(items) | Value::Binaries(items) => several(items),
    }
}

/// Returns the UTF-16 of a text, low bytes first.
pub fn utf16(text: &str) -> Vec<u8> {
    // No text has more units in UTF-16 than bytes in UTF-8. Filling whole pairs is several times as fast as appending them.
    let mut bytes = vec![0; 2 * text.len()];
    let (pairs, _) = bytes.as_chunks_mut();
    if text.is_ascii() {
        pairs.iter_mut().zip(text.bytes()).for_each(|(pair, byte)| *pair = [byte, 0]);
        return bytes;
    }
    let mut count = 0;
    for (pair, unit) in pairs.iter_mut().zip(text.encode_utf16()) {
        *pair = unit.to_le_bytes();
        count += 1;
    }
    bytes.truncate(2 * count);
    bytes
}

/// Puts values of different lengths behind their number and offsets.
fn several(items: &[Vec<u8>]) -> Vec<u8> {
    let long = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes();
    let mut bytes = long(items.len()).to_vec();
    let mut offset = 4 + 4 * items.len();
    for item in items {
        bytes.extend_from_slice(&long(offset));
        offset += item.len();
    }
    bytes.extend(items.iter().flatten());
    bytes
}
