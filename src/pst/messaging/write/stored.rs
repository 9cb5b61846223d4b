//! Properties of an item on their way into the file (pure).

use crate::mapi::{PropertyId, PropertyTag, Value};
use crate::pst::ltp::write::{Property, value};

/// Properties as they are stored, each id at most once, ascending: mostly they arrive in that order, and are then
/// only appended. Bytes that are stored as they are given stay where they are; all others share one piece of memory.
#[derive(Clone, Debug, Default)]
pub(super) struct StoredProperties<'v> {
    memory: Memory,
    given: Vec<&'v [u8]>,
}

/// What the properties of one item after the other are in, so that none of them asks for memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    all: Vec<(PropertyTag, Place)>,
    bytes: Vec<u8>,
}

/// Where a value is.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// Which one it is of those that stay where they are.
    Given(usize),
    /// In the shared memory, from where to where.
    Shared(usize, usize),
}

impl<'v> StoredProperties<'v> {
    /// Begins in memory that others had.
    pub(super) fn within(mut memory: Memory) -> Self {
        memory.all.clear();
        memory.bytes.clear();
        Self { memory, given: Vec::new() }
    }

    /// Gives the memory back, for others.
    pub(super) fn into_memory(self) -> Memory {
        self.memory
    }

    /// Puts a property, in the place of one with the same id. Its bytes may stay with whoever gives it.
    pub(super) fn put(&mut self, id: PropertyId, given: &'v Value) {
        let place = match value::given(given) {
            Some(bytes) => {
                self.given.push(bytes);
                Place::Given(self.given.len() - 1)
            }
            None => self.share(|bytes| value::append(given, bytes)),
        };
        self.insert(id.of(given.kind()), place);
    }

    /// Sets a property.
    pub(super) fn set(&mut self, tag: PropertyTag, new: &Value) {
        let place = self.share(|bytes| value::append(new, bytes));
        self.insert(tag.id.of(new.kind()), place);
    }

    /// Sets a property to bytes.
    pub(super) fn set_bytes(&mut self, tag: PropertyTag, new: &[u8]) {
        let place = self.share(|bytes| bytes.extend_from_slice(new));
        self.insert(tag, place);
    }

    /// Sets a property unless there is one with its id.
    pub(super) fn set_if_absent(&mut self, tag: PropertyTag, value: &Value) {
        if self.find(tag.id).is_err() {
            self.set(tag, value);
        }
    }

    /// Returns the bytes of a property with exactly this type.
    pub(super) fn bytes(&self, tag: PropertyTag) -> Option<&[u8]> {
        let (found, place) = self.memory.all.get(self.find(tag.id).ok()?)?;
        (*found == tag).then(|| self.at(*place))
    }

    /// Lists the properties, by id.
    pub(super) fn iter(&self) -> impl Iterator<Item = Property<'_>> + Clone {
        self.memory.all.iter().map(|(tag, place)| (*tag, self.at(*place)))
    }

    /// Returns the bytes of properties with exactly these types, one after the other. Asking in the order of ids is fast.
    pub(super) fn seek<'s>(&'s self) -> impl FnMut(PropertyTag) -> Option<&'s [u8]> {
        let all = &self.memory.all;
        let mut place = 0;
        move |tag| {
            let is_before = |at: usize| all.get(at).is_some_and(|(found, _)| found.id < tag.id);
            if place > 0 && !is_before(place - 1) {
                place = self.find(tag.id).unwrap_or_else(|place| place);
            }
            while is_before(place) {
                place += 1;
            }
            let (found, value) = all.get(place)?;
            (*found == tag).then(|| self.at(*value))
        }
    }

    fn at(&self, place: Place) -> &[u8] {
        match place {
            Place::Given(which) => self.given.get(which).copied().unwrap_or_default(),
            Place::Shared(start, end) => self.memory.bytes.get(start..end).unwrap_or_default(),
        }
    }

    fn share(&mut self, append: impl FnOnce(&mut Vec<u8>)) -> Place {
        let start = self.memory.bytes.len();
        append(&mut self.memory.bytes);
        Place::Shared(start, self.memory.bytes.len())
    }

    fn insert(&mut self, tag: PropertyTag, place: Place) {
        let all = &mut self.memory.all;
        if all.last().is_none_or(|(last, _)| last.id < tag.id) {
            return all.push((tag, place));
        }
        match self.find(tag.id) {
            Ok(found) => {
                if let Some(old) = self.memory.all.get_mut(found) {
                    *old = (tag, place);
                }
            }
            Err(found) => self.memory.all.insert(found, (tag, place)),
        }
    }

    fn find(&self, id: PropertyId) -> Result<usize, usize> {
        self.memory.all.binary_search_by_key(&id, |(tag, _)| tag.id)
    }
}

impl FromIterator<(PropertyTag, Value)> for StoredProperties<'_> {
    fn from_iter<I: IntoIterator<Item = (PropertyTag, Value)>>(properties: I) -> Self {
        let mut stored = Self::default();
        properties.into_iter().for_each(|(tag, value)| stored.set(tag, &value));
        stored
    }
}

#[cfg(test)]
mod tests {
    use super::StoredProperties;
    use crate::mapi::{PropertyTag, Value};

    #[test]
    fn whatever_the_order_each_id_is_there_once_with_its_latest_value() {
        let [first, second] = [0x0037_0003, 0x3001_0003].map(PropertyTag::from_bits);
        let third = PropertyTag::from_bits(0x300B_0102);
        let given = Value::Binary(vec![7; 5]);
        let mut stored = StoredProperties::default();
        stored.put(third.id, &given);
        for (tag, number) in [(second, 1), (first, 2), (second, 3)] {
            stored.set(tag, &Value::Integer32(number));
        }
        stored.set_if_absent(first, &Value::Integer32(4));
        assert_eq!(stored.bytes(first), Some(&[2, 0, 0, 0][..]));
        assert_eq!(stored.bytes(second), Some(&[3, 0, 0, 0][..]));
        assert_eq!(stored.bytes(third), Some(&[7; 5][..]));
        assert_eq!(stored.bytes(PropertyTag::from_bits(0x3001_001F)), None, "another type");
        let mut seek = stored.seek();
        for tag in [first, third, second, second, first, PropertyTag::from_bits(1), third] {
            assert_eq!(seek(tag), stored.bytes(tag), "{tag}");
        }
        let tags: Vec<_> = stored.iter().map(|(tag, _)| tag).collect();
        assert_eq!(tags, [first, second, third]);
    }
}
