//! Properties of an item on their way into the file (pure).

use crate::mapi::{PropertyId, PropertyTag, Value};
use crate::pst::ltp::write::{Property, Stored, value};

/// Properties as they are stored, each id at most once, ascending: mostly they arrive in that order, and are then
/// only appended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct StoredProperties {
    all: Vec<Property>,
}

impl StoredProperties {
    /// Makes room for so many properties.
    pub(super) fn with_capacity(count: usize) -> Self {
        Self { all: Vec::with_capacity(count) }
    }

    /// Puts a property, in the place of one with the same id.
    pub(super) fn insert(&mut self, property: Property) {
        let id = property.tag.id;
        if self.all.last().is_none_or(|last| last.tag.id < id) {
            return self.all.push(property);
        }
        match self.find(id) {
            Ok(place) => {
                if let Some(old) = self.all.get_mut(place) {
                    *old = property;
                }
            }
            Err(place) => self.all.insert(place, property),
        }
    }

    /// Sets a property.
    pub(super) fn set(&mut self, tag: PropertyTag, value: &Value) {
        self.insert(value::property(tag.id, value));
    }

    /// Sets a property unless there is one with its id.
    pub(super) fn set_if_absent(&mut self, tag: PropertyTag, value: &Value) {
        if let Err(place) = self.find(tag.id) {
            self.all.insert(place, value::property(tag.id, value));
        }
    }

    /// Returns a property with exactly this type.
    pub(super) fn value(&self, tag: PropertyTag) -> Option<&Stored> {
        let property = self.all.get(self.find(tag.id).ok()?)?;
        (property.tag == tag).then_some(&property.value)
    }

    /// Returns the bytes of a property with exactly this type.
    pub(super) fn bytes(&self, tag: PropertyTag) -> Option<&[u8]> {
        match self.value(tag)? {
            Stored::Bytes(bytes) => Some(bytes),
            Stored::Subnode(_) => None,
        }
    }

    /// Lists the properties, by id.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Property> {
        self.all.iter()
    }

    fn find(&self, id: PropertyId) -> Result<usize, usize> {
        self.all.binary_search_by_key(&id, |property| property.tag.id)
    }
}

#[cfg(test)]
mod tests {
    use super::StoredProperties;
    use crate::mapi::{PropertyTag, Value};

    #[test]
    fn whatever_the_order_each_id_is_there_once_with_its_latest_value() {
        let [first, second] = [0x0037_0003, 0x3001_0003].map(PropertyTag::from_bits);
        let mut stored = StoredProperties::default();
        for (tag, number) in [(second, 1), (first, 2), (second, 3)] {
            stored.set(tag, &Value::Integer32(number));
        }
        stored.set_if_absent(first, &Value::Integer32(4));
        assert_eq!(stored.bytes(first), Some(&[2, 0, 0, 0][..]));
        assert_eq!(stored.bytes(second), Some(&[3, 0, 0, 0][..]));
        assert_eq!(stored.bytes(PropertyTag::from_bits(0x3001_001F)), None, "another type");
        let tags: Vec<_> = stored.iter().map(|property| property.tag).collect();
        assert_eq!(tags, [first, second]);
    }
}
