//! The map of named properties, with names added to it (effect). MS-PST 2.4.7.
//!
//! Nothing is ever removed or renumbered: items refer to names by their place.

use std::collections::{BTreeMap, HashMap};

use crate::mapi::name::set;
use crate::mapi::{Guid, Name, PropertyId, PropertyKey, PropertyName, PropertyTag};
use crate::pst::PstError;
use crate::pst::bytes::wide;
use crate::pst::crc::crc;
use crate::pst::id::Nid;
use crate::pst::ltp::write::ContextEdit;
use crate::pst::ltp::write::value::utf16;
use crate::pst::ndb::Nodes;
use crate::pst::ndb::write::{Transaction, WriteError};

use super::node::{NodeSource, apply_context};
use super::used::{self, Used};

/// How many buckets there are.
const BUCKETS: PropertyTag = PropertyTag::from_bits(0x0001_0003);
/// 16 bytes for each set after the two that need none.
const SETS: PropertyTag = PropertyTag::from_bits(0x0002_0102);
/// 8 bytes for each name.
const ENTRIES: PropertyTag = PropertyTag::from_bits(0x0003_0102);
/// The texts of names that are words.
const TEXTS: PropertyTag = PropertyTag::from_bits(0x0004_0102);
/// Bytes of a name's entry.
const ENTRY: usize = 8;
/// The first bucket.
const FIRST_BUCKET: u16 = 0x1000;
/// What Outlook uses.
const BUCKET_COUNT: u32 = 251;
/// Ids are 0x8000 and the place of the name.
const MOST_NAMES: usize = 0x7FFF;
/// The most ids behind the map that are given names of nothing, so that new names come behind them. No program counts so far ahead.
const MOST_UNNAMED: usize = 0x1000;
/// How many such names there are behind the map where something cannot be read: ids that others left without a name stand right
/// behind it (seen in contacts of Aspose).
const GAP: usize = 0x400;
/// What such a name begins with.
const UNNAMED: &str = "unnamed-";

/// Names and the ids that this store gives them.
#[derive(Debug)]
pub(super) struct NameMap {
    ids: HashMap<PropertyName, PropertyId>,
    /// The name that came first last time, and then the one that came behind each by its place: items of one kind have their
    /// names in one order.
    behind: Vec<Option<(PropertyName, PropertyId)>>,
    buckets: u32,
    sets: Vec<u8>,
    entries: Vec<u8>,
    texts: Vec<u8>,
    /// Records that buckets have to get.
    added: BTreeMap<u16, Vec<u8>>,
    /// Names that are added together with the first that the store lacks.
    expected: Option<fn() -> Vec<PropertyName>>,
}

impl NameMap {
    /// Makes the map of a new store that has these names from the beginning.
    ///
    /// A map without any name makes libpff, java-libpst and pst-extractor refuse the file, so there is one of each kind.
    pub(super) fn create(names: &[PropertyName]) -> Result<Self, WriteError> {
        let mut map = Self {
            ids: HashMap::new(),
            behind: Vec::new(),
            buckets: BUCKET_COUNT,
            sets: Vec::new(),
            entries: Vec::new(),
            texts: Vec::new(),
            added: BTreeMap::new(),
            expected: None,
        };
        let each_kind = [
            PropertyName::number(set::COMMON, 0x8510),
            PropertyName::text(set::PUBLIC_STRINGS, "Keywords"),
        ];
        for name in names.iter().chain(&each_kind) {
            if !map.ids.contains_key(name) {
                map.add(name)?;
            }
        }
        Ok(map)
    }

    /// Returns the properties of a new map's node, by id.
    pub(super) fn properties(&self) -> Vec<(PropertyTag, Vec<u8>)> {
        let mut all = vec![
            (BUCKETS, self.buckets.to_le_bytes().to_vec()),
            (SETS, self.sets.clone()),
            (ENTRIES, self.entries.clone()),
            (TEXTS, self.texts.clone()),
        ];
        let bucket = |(bucket, records): (&u16, &Vec<u8>)| (bucket_tag(*bucket), records.clone());
        all.extend(self.added.iter().map(bucket));
        all
    }

    /// Reads the map. One that numbers its names otherwise than by their places is not written by: an id of ours could be that
    /// of another name.
    pub(super) fn load(tx: &Transaction<'_>) -> Result<Self, WriteError> {
        let what = "map of named properties";
        let nid = Nid::NAME_MAP;
        let node = tx.node(nid)?.ok_or(PstError::NoNode { nid, what })?;
        let source = NodeSource::open(tx, &node)?;
        let mut context = source.context()?;
        let mut stream = |tag: PropertyTag| match context.read(tag.id, &source)? {
            None => Ok(Vec::new()),
            // As if it were not there it would be written anew.
            Some((other, _)) if other != tag => {
                Err(damaged("wPropType", other.bits().into(), "is not the type of a stream"))
            }
            Some(_) => context.bytes(tag, &source).map(Option::unwrap_or_default),
        };
        let count = stream(BUCKETS)?;
        let mut map = Self {
            ids: HashMap::new(),
            behind: Vec::new(),
            buckets: count.first_chunk().copied().map_or(BUCKET_COUNT, u32::from_le_bytes).max(1),
            sets: stream(SETS)?,
            entries: stream(ENTRIES)?,
            texts: stream(TEXTS)?,
            added: BTreeMap::new(),
            expected: None,
        };
        if !map.entries.len().is_multiple_of(ENTRY) {
            let (length, rule) = (wide(map.entries.len()), "is not a number of entries");
            return Err(damaged("PidTagNameidStreamEntry", length, rule).into());
        }
        for (place, entry) in map.entries.as_chunks().0.iter().enumerate() {
            let [a, b, c, d, low, high, ordinal_low, ordinal_high] = *entry;
            let ordinal = u16::from_le_bytes([ordinal_low, ordinal_high]);
            if usize::from(ordinal) != place || place >= MOST_NAMES {
                let what = "the store numbers its named properties otherwise than in their order, so that none can be \
                    written safely; the first such";
                return Err(WriteError::NotAllowed { what, value: wide(place) });
            }
            let which = u16::from_le_bytes([low, high]);
            let number = u32::from_le_bytes([a, b, c, d]);
            let name = if which & 1 == 0 { Some(Name::Number(number)) } else { map.text(number) };
            // A name that cannot be read is nobody's; its place is kept.
            if let (Some(set), Some(name)) = (map.set(which >> 1), name) {
                let id = PropertyId(PropertyId::FIRST_NAMED.0 + ordinal);
                map.ids.entry(PropertyName { set, name }).or_insert(id);
            }
        }
        Ok(map)
    }

    /// Returns the id of a name that came behind another one last time as well.
    #[inline]
    pub(super) fn known_behind(
        &self,
        before: Option<PropertyId>,
        name: &PropertyName,
    ) -> Option<PropertyId> {
        let (known, id) = self.behind.get(place_behind(before))?.as_ref()?;
        (known == name).then_some(*id)
    }

    /// Returns the id of a name that an item has behind another one, adding it where the store does not have it, and notes that it
    /// comes there.
    pub(super) fn id_behind(
        &mut self,
        before: Option<PropertyId>,
        name: &PropertyName,
        tx: &mut Transaction<'_>,
    ) -> Result<PropertyId, WriteError> {
        let place = place_behind(before);
        let id = self.id(name, tx)?;
        if self.behind.len() <= place {
            self.behind.resize(place + 1, None);
        }
        if let Some(known) = self.behind.get_mut(place) {
            *known = Some((name.clone(), id));
        }
        Ok(id)
    }

    /// Returns the id of a property, if the store has it.
    pub(super) fn known(&self, key: &PropertyKey) -> Option<PropertyId> {
        match key {
            PropertyKey::Id(id) => Some(*id),
            PropertyKey::Name(name) => self.ids.get(name).copied(),
        }
    }

    /// Returns the id of a name, adding it where the store does not have it.
    pub(super) fn id(
        &mut self,
        name: &PropertyName,
        tx: &mut Transaction<'_>,
    ) -> Result<PropertyId, WriteError> {
        if let Some(id) = self.ids.get(name) {
            return Ok(*id);
        }
        self.pass_used(tx)?;
        for expected in self.expected.take().map(|names| names()).unwrap_or_default() {
            if !self.ids.contains_key(&expected) {
                self.add(&expected)?;
            }
        }
        self.ids.get(name).copied().map_or_else(|| self.add(name), Ok)
    }

    /// Says which names may be wanted sooner or later: the first that is added costs a look at all that the store holds, and the
    /// others come along.
    pub(super) fn expect(&mut self, names: fn() -> Vec<PropertyName>) {
        self.expected = Some(names);
    }

    /// Gives names that mean nothing to all ids up to the highest one in use, so that the next name gets an id that nothing in the
    /// store has. Whether there are such ids is looked for once while a file is open.
    fn pass_used(&mut self, tx: &mut Transaction<'_>) -> Result<(), WriteError> {
        let first = usize::from(PropertyId::FIRST_NAMED.0);
        let end = first + self.entries.len() / ENTRY;
        let used = if let Some(used) = tx.highest_named() {
            used.into()
        } else {
            let Used { highest: PropertyId(highest), nid, is_partly_unknown } = used::look(tx)?;
            if usize::from(highest) >= end + MOST_UNNAMED {
                let rule = "is far beyond the ids that the store has names for";
                let source = damaged("wPropId", highest.into(), rule);
                return Err(WriteError::NoNewNames { nid, source });
            }
            // A gap is left once: what cannot be read is older than it.
            let gap = if is_partly_unknown && !self.has_gap() { GAP } else { 0 };
            let used = usize::from(highest).max(end + gap - 1);
            tx.note_highest_named(u16::try_from(used).unwrap_or(u16::MAX));
            used
        };
        for id in end..=used {
            self.add(&PropertyName::text(set::PUBLIC_STRINGS, &format!("{UNNAMED}{id:04x}")))?;
        }
        Ok(())
    }

    /// Says whether there are names of nothing for all ids that something may have that cannot be read.
    fn has_gap(&self) -> bool {
        let is_of_nothing = |name: &&PropertyName| match &name.name {
            Name::Text(text) => name.set == set::PUBLIC_STRINGS && text.starts_with(UNNAMED),
            Name::Number(_) => false,
        };
        self.ids.keys().filter(is_of_nothing).count() >= GAP
    }

    /// Adds a name behind all others.
    fn add(&mut self, name: &PropertyName) -> Result<PropertyId, WriteError> {
        let place = self.entries.len() / ENTRY;
        let ordinal = u16::try_from(place).ok().filter(|_| place < MOST_NAMES);
        let Some(ordinal) = ordinal else {
            let what = "a store cannot name so many properties";
            return Err(WriteError::NotAllowed { what, value: wide(place) });
        };
        let (number, hashed, is_text) = match &name.name {
            Name::Number(number) => (*number, *number, 0),
            Name::Text(text) => {
                let bytes = utf16(text);
                (self.add_text(&bytes), crc(&bytes), 1)
            }
        };
        let which = (self.set_index(name.set) << 1) | is_text;
        let record = |number: u32| -> Vec<u8> {
            let words = which.to_le_bytes().into_iter().chain(ordinal.to_le_bytes());
            number.to_le_bytes().into_iter().chain(words).collect()
        };
        self.entries.extend(record(number));
        let bucket = (hashed ^ u32::from(which)) % self.buckets;
        let bucket = u16::try_from(bucket).unwrap_or_default();
        self.added.entry(bucket).or_default().extend(record(hashed));
        let id = PropertyId(PropertyId::FIRST_NAMED.0 + ordinal);
        self.ids.insert(name.clone(), id);
        Ok(id)
    }

    /// Brings what was added into the transaction.
    pub(super) fn write(&mut self, tx: &mut Transaction<'_>) -> Result<(), WriteError> {
        if self.added.is_empty() {
            return Ok(());
        }
        let nid = Nid::NAME_MAP;
        let what = "map of named properties";
        let node = tx.node(nid)?.ok_or(PstError::NoNode { nid, what })?;
        let source = NodeSource::open(tx, &node)?;
        let mut context = source.context()?;
        context.set(SETS, &self.sets, &source)?;
        context.set(ENTRIES, &self.entries, &source)?;
        context.set(TEXTS, &self.texts, &source)?;
        for (bucket, records) in std::mem::take(&mut self.added) {
            add_records(&mut context, bucket_tag(bucket), &records, &source)?;
        }
        let changes = context.finish(&source)?;
        let node = apply_context(tx, node, changes, Vec::new())?;
        tx.set_node(node)
    }

    fn add_text(&mut self, bytes: &[u8]) -> u32 {
        self.texts.resize(self.texts.len().next_multiple_of(4), 0);
        let place = self.texts.len();
        let length = u32::try_from(bytes.len()).unwrap_or_default();
        self.texts.extend(length.to_le_bytes());
        self.texts.extend(bytes);
        self.texts.resize(self.texts.len().next_multiple_of(4), 0);
        u32::try_from(place).unwrap_or_default()
    }

    fn text(&self, place: u32) -> Option<Name> {
        let rest = self.texts.get(usize::try_from(place).ok()?..)?;
        let length = rest.first_chunk().copied().map(u32::from_le_bytes)?;
        let text = rest.get(4..)?.get(..usize::try_from(length).ok()?)?;
        let units: Vec<u16> =
            text.as_chunks().0.iter().map(|unit| u16::from_le_bytes(*unit)).collect();
        String::from_utf16(&units).ok().map(Name::Text)
    }

    fn set(&self, index: u16) -> Option<Guid> {
        match index {
            1 => Some(set::MAPI),
            2 => Some(set::PUBLIC_STRINGS),
            _ => {
                let start = usize::from(index.checked_sub(3)?) * 16;
                self.sets.get(start..)?.first_chunk().copied().map(Guid)
            }
        }
    }

    fn set_index(&mut self, wanted: Guid) -> u16 {
        if wanted == set::MAPI {
            return 1;
        }
        if wanted == set::PUBLIC_STRINGS {
            return 2;
        }
        let found = self.sets.chunks_exact(16).position(|bytes| bytes == wanted.0);
        let place = found.unwrap_or_else(|| {
            // Part of a set behind the others is none.
            self.sets.resize(self.sets.len().next_multiple_of(16), 0);
            self.sets.extend(wanted.0);
            self.sets.len() / 16 - 1
        });
        u16::try_from(place + 3).unwrap_or(u16::MAX)
    }
}

fn add_records(
    context: &mut ContextEdit,
    tag: PropertyTag,
    records: &[u8],
    source: &NodeSource<'_>,
) -> Result<(), PstError> {
    let mut all = context.bytes(tag, source)?.unwrap_or_default();
    all.extend(records);
    context.set(tag, &all, source)
}

fn damaged(field: &'static str, value: u64, rule: &'static str) -> PstError {
    PstError::Damaged { structure: "NAMEID", field, value, rule, at: 0 }
}

/// Returns where it is noted which name came behind one.
fn place_behind(before: Option<PropertyId>) -> usize {
    usize::from(before.map_or(0, |id| id.0 - PropertyId::FIRST_NAMED.0 + 1))
}

fn bucket_tag(bucket: u16) -> PropertyTag {
    PropertyId(FIRST_BUCKET.saturating_add(bucket)).of(crate::mapi::PropertyType::BINARY)
}

#[cfg(test)]
mod tests {
    use super::NameMap;
    use crate::mapi::name::set;
    use crate::mapi::{PropertyId, PropertyName};

    /// Guide, test vectors: "Keywords" in set 2 is in bucket 101; MS-PST 2.4.7 for the rest, by hand: LID 0x8510 XOR w 6 is
    /// 0x8516 = 34,070 = 135 x 251 + 185.
    #[test]
    fn the_names_of_a_new_store() {
        let mut map = NameMap::create(&[]).unwrap();
        assert_eq!(map.sets, set::COMMON.0);
        assert_eq!(map.entries, [0x10, 0x85, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 5, 0, 1, 0]);
        assert_eq!(map.texts, *b"\x10\0\0\0K\0e\0y\0w\0o\0r\0d\0s\0");
        assert_eq!(map.added.keys().copied().collect::<Vec<_>>(), [101, 185]);
        assert_eq!(map.added[&101], [0x3B, 0x4D, 0xDA, 0x2E, 5, 0, 1, 0]);
        assert_eq!(map.added[&185], [0x10, 0x85, 0, 0, 6, 0, 0, 0]);
        // A name that is there gets no second id, another one the next.
        let keywords = PropertyName::text(set::PUBLIC_STRINGS, "Keywords");
        assert_eq!(map.ids[&keywords], PropertyId(0x8001));
        let task = PropertyName::number(set::TASK, 0x8101);
        assert_eq!(map.add(&task).unwrap(), PropertyId(0x8002));
        assert_eq!(map.entries[16..], [0x01, 0x81, 0, 0, 8, 0, 2, 0]);
        // Words are told apart by their case.
        let other = PropertyName::text(set::PUBLIC_STRINGS, "keywords");
        assert_eq!(map.add(&other).unwrap(), PropertyId(0x8003));
        assert_eq!(map.entries[24..28], [20, 0, 0, 0]);
    }
}
