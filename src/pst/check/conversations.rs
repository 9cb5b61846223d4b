//! Which conversation the row of an item must say it belongs to (pure). MS-OXOMSG 2.2.1.2.

use std::char::DecodeUtf16Error;

use md5::{Digest, Md5};

use crate::mapi::{PropertyType, Value, property as p};
use crate::pst::error::PstError;
use crate::pst::messaging::Object;

/// Characters of the topic that count.
const TOPIC: usize = 255;

/// Returns the id: out of the item's conversation index where the item says that this one is kept, else the hash of its topic in
/// capitals; `None` for an item without a topic.
pub(super) fn id(item: &Object<'_>) -> Result<Option<Value>, PstError> {
    let Some(topic) = item.property(p::CONVERSATION_TOPIC) else { return Ok(None) };
    if item.value(p::CONVERSATION_INDEX_TRACKING)? == Some(Value::Boolean(true))
        && let Some(Value::Binary(index)) = item.value(p::CONVERSATION_INDEX)?
        && let (Some(1), Some(id)) = (index.first(), index.get(6..22))
    {
        return Ok(Some(Value::Binary(id.to_vec())));
    }
    let units: Vec<u16> = if topic.kind == PropertyType::STRING {
        let topic = item.context().content(topic)?;
        topic.as_chunks().0.iter().map(|unit| u16::from_le_bytes(*unit)).collect()
    } else {
        // Older than Unicode, and decoded by the item's code page.
        item.text(p::CONVERSATION_TOPIC)?.unwrap_or_default().encode_utf16().collect()
    };
    let characters = char::decode_utf16(units.into_iter().take(TOPIC));
    let capitals = characters.flat_map(capital).flat_map(u16::to_le_bytes);
    Ok(Some(Value::Binary(Md5::digest(capitals.collect::<Vec<u8>>()).to_vec())))
}

/// Windows maps one character to one: the German sharp s stays as it is.
fn capital(unit: Result<char, DecodeUtf16Error>) -> Vec<u16> {
    let small = match unit {
        Ok(small) => small,
        Err(unpaired) => return vec![unpaired.unpaired_surrogate()],
    };
    let mut large = small.to_uppercase();
    let one = large.next().filter(|_| large.len() == 0).unwrap_or(small);
    one.encode_utf16(&mut [0; 2]).to_vec()
}
