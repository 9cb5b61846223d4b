//! The map of named properties (pure). MS-PST 2.4.7.

use std::collections::HashMap;

use crate::mapi::name::set;
use crate::mapi::{Guid, Name, PropertyId, PropertyName};
use crate::pst::bytes::{Bytes, wide};
use crate::pst::error::PstError;
use crate::pst::id::Nid;
use crate::pst::ltp::{Content, PropertyContext};
use crate::pst::ndb::Nodes;

/// Which ids the named properties have in a store.
#[derive(Clone, Debug, Default)]
pub struct NameMap {
    names: HashMap<PropertyId, PropertyName>,
    ids: HashMap<PropertyName, PropertyId>,
}

/// `PidTagNameidStreamGuid`.
const SETS: PropertyId = PropertyId(0x0002);
/// `PidTagNameidStreamEntry`.
const ENTRIES: PropertyId = PropertyId(0x0003);
/// `PidTagNameidStreamString`.
const TEXTS: PropertyId = PropertyId(0x0004);
const ENTRY: usize = 8;

impl NameMap {
    /// Reads the map of a store.
    pub fn read(nodes: &dyn Nodes) -> Result<Self, PstError> {
        let what = "map of named properties";
        let node =
            nodes.node(Nid::NAME_MAP)?.ok_or(PstError::NoNode { nid: Nid::NAME_MAP, what })?;
        let context = PropertyContext::open(nodes, &node)?;
        let stream = |id| context.property(id).map(|found| context.content(found)).transpose();
        let (sets, entries, texts) = (stream(SETS)?, stream(ENTRIES)?, stream(TEXTS)?);
        let mut map = Self::default();
        let Some(entries) = entries else { return Ok(map) };
        let bytes = Bytes::new("NAMEID", entries.at(), &entries);
        for start in (0..entries.len()).step_by(ENTRY) {
            let number = bytes.u32(start, "dwPropertyID")?;
            let guid = bytes.u16(start + 4, "wGuid")?;
            let ordinal = bytes.u16(start + 6, "wPropIdx")?;
            let Some(set) = set_of(guid >> 1, sets.as_ref())? else { continue };
            let name = if guid & 1 == 1 {
                Name::Text(text_at(texts.as_ref(), number, &bytes, start)?)
            } else {
                Name::Number(number)
            };
            let id = PropertyId(PropertyId::FIRST_NAMED.0.saturating_add(ordinal));
            let name = PropertyName { set, name };
            // Where a name stands twice, Outlook finds the first.
            map.ids.entry(name.clone()).or_insert(id);
            map.names.insert(id, name);
        }
        Ok(map)
    }

    /// Returns the id of a name, `None` when the store has never used it.
    pub fn id(&self, name: &PropertyName) -> Option<PropertyId> {
        self.ids.get(name).copied()
    }

    /// Returns the name of an id.
    pub fn name(&self, id: PropertyId) -> Option<&PropertyName> {
        self.names.get(&id)
    }

    /// Goes through all names with their ids, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (PropertyId, &PropertyName)> {
        self.names.iter().map(|(id, name)| (*id, name))
    }
}

/// Returns a set by its index: 1 and 2 are fixed, from 3 on they stand in a stream, and 0 is none.
fn set_of(index: u16, sets: Option<&Content>) -> Result<Option<Guid>, PstError> {
    let index = match index {
        0 => return Ok(None),
        1 => return Ok(Some(set::MAPI)),
        2 => return Ok(Some(set::PUBLIC_STRINGS)),
        index => usize::from(index) - 3,
    };
    let (at, sets) = sets.map_or((0, &[][..]), |sets| (sets.at(), sets));
    Bytes::new("GUID stream", at, sets).array(index * 16, "wGuid").map(|guid| Some(Guid(guid)))
}

fn text_at(
    texts: Option<&Content>,
    offset: u32,
    entries: &Bytes<'_>,
    entry: usize,
) -> Result<String, PstError> {
    let (at, texts) = texts.map_or((0, &[][..]), |texts| (texts.at(), texts));
    let bytes = Bytes::new("string stream", at, texts);
    let start = usize::try_from(offset).unwrap_or(usize::MAX);
    if start > texts.len() {
        let rule = "lies outside of the string stream";
        return Err(entries.damaged("dwPropertyID", entry, offset.into(), rule));
    }
    let length = usize::try_from(bytes.u32(start, "length")?).unwrap_or(usize::MAX);
    let text = bytes.slice(start + 4, length, "name")?;
    if !length.is_multiple_of(2) {
        let rule = "is not the length of text in UTF-16";
        return Err(bytes.damaged("length", start, wide(length), rule));
    }
    Ok(encoding_rs::UTF_16LE.decode_without_bom_handling(text).0.into_owned())
}
