//! Values as they are stored (pure). MS-PST 2.3.3.3 and 2.3.3.4, MS-OXCDATA 2.11.1. Texts end at U+0000, whatever stands behind it:
//! there they end for every program that takes them from MAPI. Their bytes are in the file as before.

use encoding_rs::UTF_16LE;

use crate::mapi::{FileTime, Guid, PropertyType, Value};
use crate::pst::bytes::{Bytes, wide};
use crate::pst::error::PstError;

/// Says whether values of a type stand in the record of a property itself.
pub fn is_inline(kind: PropertyType) -> bool {
    matches!(
        kind,
        PropertyType::INTEGER16
            | PropertyType::INTEGER32
            | PropertyType::FLOATING32
            | PropertyType::ERROR_CODE
            | PropertyType::BOOLEAN
    )
}

/// Returns how many bytes the cell of a type takes in a row of a table, which for most is a reference.
pub fn cell(kind: PropertyType) -> usize {
    match kind.width() {
        Some(width) if width <= 8 && !kind.is_multiple() => width,
        _ => 4,
    }
}

/// Reads a value from its bytes at an offset in the file.
pub fn decode(kind: PropertyType, bytes: &[u8], at: u64) -> Result<Value, PstError> {
    let value = Bytes::new("value", at, bytes);
    if kind.is_multiple() {
        return several(kind, &value, bytes);
    }
    Ok(match kind {
        PropertyType::INTEGER16 => Value::Integer16(i16::from_le_bytes(value.array(0, "value")?)),
        PropertyType::INTEGER32 => Value::Integer32(i32::from_le_bytes(value.array(0, "value")?)),
        PropertyType::FLOATING32 => Value::Floating32(f32::from_le_bytes(value.array(0, "value")?)),
        PropertyType::FLOATING64 => Value::Floating64(f64::from_le_bytes(value.array(0, "value")?)),
        PropertyType::CURRENCY => Value::Currency(i64::from_le_bytes(value.array(0, "value")?)),
        PropertyType::FLOATING_TIME => {
            Value::FloatingTime(f64::from_le_bytes(value.array(0, "value")?))
        }
        PropertyType::ERROR_CODE => Value::ErrorCode(value.u32(0, "value")?),
        // Only the lowest byte counts; Outlook leaves anything above it.
        PropertyType::BOOLEAN => Value::Boolean(value.u8(0, "value")? != 0),
        PropertyType::INTEGER64 => Value::Integer64(i64::from_le_bytes(value.array(0, "value")?)),
        PropertyType::TIME => Value::Time(FileTime(value.u64(0, "value")?)),
        PropertyType::GUID => Value::Guid(Guid(value.array(0, "value")?)),
        PropertyType::STRING => Value::String(text(&value, bytes)?),
        PropertyType::STRING8 => Value::String8(until_nul(bytes).to_vec()),
        PropertyType::BINARY => Value::Binary(bytes.to_vec()),
        _ => Value::Other(kind, bytes.to_vec()),
    })
}

fn several(kind: PropertyType, value: &Bytes<'_>, bytes: &[u8]) -> Result<Value, PstError> {
    Ok(match kind {
        PropertyType::MULTIPLE_INTEGER16 => Value::Integers16(packed(value, i16::from_le_bytes)?),
        PropertyType::MULTIPLE_INTEGER32 => Value::Integers32(packed(value, i32::from_le_bytes)?),
        PropertyType::MULTIPLE_FLOATING64 => Value::Floatings64(packed(value, f64::from_le_bytes)?),
        PropertyType::MULTIPLE_INTEGER64 => Value::Integers64(packed(value, i64::from_le_bytes)?),
        PropertyType::MULTIPLE_TIME => {
            Value::Times(packed(value, |bytes| FileTime(u64::from_le_bytes(bytes)))?)
        }
        PropertyType::MULTIPLE_GUID => Value::Guids(packed(value, Guid)?),
        PropertyType::MULTIPLE_STRING => {
            Value::Strings(items(value, |at, item| text(&value.part(at, item), item))?)
        }
        PropertyType::MULTIPLE_STRING8 => {
            Value::Strings8(items(value, |_, item| Ok(until_nul(item).into()))?)
        }
        PropertyType::MULTIPLE_BINARY => Value::Binaries(items(value, |_, item| Ok(item.into()))?),
        _ => Value::Other(kind, bytes.to_vec()),
    })
}

/// Reads values of one width that stand one after the other.
fn packed<const WIDTH: usize, Item>(
    value: &Bytes<'_>,
    read: impl Fn([u8; WIDTH]) -> Item,
) -> Result<Vec<Item>, PstError> {
    if !value.len().is_multiple_of(WIDTH) {
        let rule = "is not the length of several values";
        return Err(value.damaged("value", 0, wide(value.len()), rule));
    }
    (0..value.len()).step_by(WIDTH).map(|start| value.array(start, "value").map(&read)).collect()
}

/// How many values a property has at most: more would take much memory, and mean nothing.
const MOST: u32 = 100_000;

/// Reads values of any length behind their count and offsets.
fn items<Item>(
    value: &Bytes<'_>,
    read: impl Fn(usize, &[u8]) -> Result<Item, PstError>,
) -> Result<Vec<Item>, PstError> {
    if value.len() == 0 {
        return Ok(Vec::new());
    }
    let count = value.u32(0, "ulCount")?;
    if count > MOST {
        let (size, limit) = (count.into(), MOST.into());
        return Err(PstError::TooBig { what: "list of values", size, limit });
    }
    let offsets = usize::try_from(count).ok().and_then(|count| count.checked_mul(4));
    let offsets = value.slice(4, offsets.unwrap_or(usize::MAX), "rgulDataOffsets")?;
    let mut ends: Vec<usize> = offsets
        .chunks_exact(4)
        .map(|offset| offset.iter().rev().fold(0, |all, byte| (all << 8) | usize::from(*byte)))
        .collect();
    ends.push(value.len());
    let mut items = Vec::with_capacity(ends.len());
    for pair in ends.windows(2) {
        let [start, end] = *pair else { continue };
        let length = end.checked_sub(start).ok_or_else(|| {
            value.damaged("rgulDataOffsets", 4, wide(start), "is behind the next one")
        })?;
        items.push(read(start, value.slice(start, length, "rgDataItems")?)?);
    }
    Ok(items)
}

/// Reads text in UTF-16; what is no text in it becomes U+FFFD, as in every program that shows it.
fn text(value: &Bytes<'_>, bytes: &[u8]) -> Result<String, PstError> {
    if !bytes.len().is_multiple_of(2) {
        let rule = "is not the length of text in UTF-16";
        return Err(value.damaged("value", 0, wide(bytes.len()), rule));
    }
    let mut text = UTF_16LE.decode_without_bom_handling(bytes).0.into_owned();
    if let Some(end) = text.find('\0') {
        text.truncate(end);
    }
    Ok(text)
}

/// Cuts text in a code page at its end: in none of them a zero is part of a character.
fn until_nul(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::decode;
    use crate::mapi::{FileTime, PropertyType, Value};

    fn read(kind: PropertyType, bytes: &[u8]) -> Value {
        decode(kind, bytes, 0).unwrap()
    }

    /// By hand after MS-OXCDATA 2.11.1.
    #[test]
    fn single_values_are_read() {
        assert_eq!(read(PropertyType::INTEGER16, &[0xFF, 0xFF, 0, 0]), Value::Integer16(-1));
        assert_eq!(read(PropertyType::INTEGER32, &[0, 1, 0, 0]), Value::Integer32(256));
        assert_eq!(read(PropertyType::BOOLEAN, &[0, 7, 7, 7]), Value::Boolean(false));
        assert_eq!(read(PropertyType::BOOLEAN, &[1, 0, 0, 0]), Value::Boolean(true));
        let half = [0, 0, 0, 0, 0, 0, 0xE0, 0x3F];
        assert_eq!(read(PropertyType::FLOATING64, &half), Value::Floating64(0.5));
        assert_eq!(read(PropertyType::TIME, &[1; 8]), Value::Time(FileTime(0x0101_0101_0101_0101)));
        let emoji = [0x3D, 0xD8, 0x00, 0xDE, 0xE4, 0];
        assert_eq!(read(PropertyType::STRING, &emoji), Value::String("😀ä".to_owned()));
        assert_eq!(read(PropertyType::STRING, &[]), Value::String(String::new()));
        let unknown = PropertyType(0x00FB);
        assert_eq!(read(unknown, &[1, 2]), Value::Other(unknown, vec![1, 2]));
    }

    /// MS-PST 2.3.3.4.
    #[test]
    fn several_values_are_read() {
        let numbers = [1, 0, 0, 0, 0xFE, 0xFF, 0xFF, 0xFF];
        assert_eq!(
            read(PropertyType::MULTIPLE_INTEGER32, &numbers),
            Value::Integers32(vec![1, -2])
        );
        let texts = [3, 0, 0, 0, 16, 0, 0, 0, 18, 0, 0, 0, 18, 0, 0, 0, b'a', 0, b'b', 0, b'c', 0];
        let expected = ["a", "", "bc"].map(str::to_owned).to_vec();
        assert_eq!(read(PropertyType::MULTIPLE_STRING, &texts), Value::Strings(expected));
        assert_eq!(read(PropertyType::MULTIPLE_BINARY, &[]), Value::Binaries(Vec::new()));
    }

    /// What libpff, libpst and pst-extractor make of them.
    #[test]
    fn texts_end_at_a_nul_and_bytes_do_not() {
        let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
        let list = |items: [Vec<u8>; 3]| {
            let ends = [16, 16 + items[0].len(), 16 + items[0].len() + items[1].len()];
            let numbers = [3, ends[0], ends[1], ends[2]].map(|n| u32::try_from(n).unwrap());
            [numbers.map(u32::to_le_bytes).as_flattened(), &items.concat()].concat()
        };
        for (stored, expected) in
            [("a\0", "a"), ("ä\0b", "ä"), ("\0b", ""), ("\0", ""), ("Ā\0", "Ā")]
        {
            let text = Value::String(expected.to_owned());
            assert_eq!(read(PropertyType::STRING, &wide(stored)), text, "{stored:?}");
            let narrow = Value::String8(expected.as_bytes().to_vec());
            assert_eq!(read(PropertyType::STRING8, stored.as_bytes()), narrow, "{stored:?}");
        }
        let (stored, expected) = (["a\0", "b\0c", "\0d"], ["a", "b", ""].map(str::to_owned));
        let texts = Value::Strings(expected.to_vec());
        assert_eq!(read(PropertyType::MULTIPLE_STRING, &list(stored.map(wide))), texts);
        let narrow = Value::Strings8(expected.map(String::into_bytes).to_vec());
        let bytes = list(stored.map(|item| item.as_bytes().to_vec()));
        assert_eq!(read(PropertyType::MULTIPLE_STRING8, &bytes), narrow);
        let whole = Value::Binaries(stored.map(|item| item.as_bytes().to_vec()).to_vec());
        assert_eq!(read(PropertyType::MULTIPLE_BINARY, &bytes), whole);
        assert_eq!(read(PropertyType::BINARY, b"a\0b"), Value::Binary(b"a\0b".to_vec()));
    }

    #[test]
    fn values_that_are_cut_off_or_without_end_are_errors() {
        // More values than any property has, all of them empty.
        let (count, end) = (100_001_u32, 400_008_u32);
        let mut many = count.to_le_bytes().to_vec();
        (0..count).for_each(|_| many.extend(end.to_le_bytes()));
        for (kind, bytes) in [
            (PropertyType::TIME, &[0; 7][..]),
            (PropertyType::GUID, &[0; 15]),
            (PropertyType::STRING, &[0; 3]),
            (PropertyType::MULTIPLE_INTEGER32, &[0; 6]),
            (PropertyType::MULTIPLE_STRING, &[0xFF; 4]),
            (PropertyType::MULTIPLE_STRING, &many),
            (PropertyType::MULTIPLE_STRING, &[1, 0, 0, 0, 9, 0, 0, 0]),
            (PropertyType::MULTIPLE_BINARY, &[2, 0, 0, 0, 13, 0, 0, 0, 12, 0, 0, 0, 0]),
        ] {
            assert!(decode(kind, bytes, 0).is_err(), "{kind:?} {bytes:?}");
        }
    }
}
