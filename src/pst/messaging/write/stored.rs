//! Properties of an item on their way into the file (pure).

use std::borrow::Cow;

use crate::mapi::{PropertyId, PropertyTag};
use crate::pst::ltp::write::{Given, Property};

/// Properties under the ids that the store gives them, each id at most once, ascending: mostly they arrive in that order, and are
/// then only appended. Their values stay with whoever gives them.
#[derive(Clone, Debug, Default)]
pub(super) struct StoredProperties<'v>(Vec<Property<'v>>);

impl<'v> StoredProperties<'v> {
    /// Begins with room for so many.
    pub(super) fn with_capacity(count: usize) -> Self {
        Self(Vec::with_capacity(count))
    }

    /// Sees to it that there is room for so many more.
    pub(super) fn reserve(&mut self, count: usize) {
        self.0.reserve(count);
    }

    /// Forgets all properties, and leaves their memory to others: a vector that is collected from another one's iterator stays where
    /// that was.
    pub(super) fn into_memory(mut self) -> StoredProperties<'static> {
        self.0.clear();
        StoredProperties(self.0.into_iter().map_while(|_| None).collect())
    }

    /// Puts a property, in the place of one with the same id.
    #[inline]
    pub(super) fn put(&mut self, tag: PropertyTag, value: Given<'v>) {
        if self.0.last().is_none_or(|(last, _)| last.id < tag.id) {
            self.0.push((tag, value));
        } else {
            self.put_among(tag, value);
        }
    }

    fn put_among(&mut self, tag: PropertyTag, value: Given<'v>) {
        match self.find(tag.id) {
            Ok(found) => {
                if let Some(old) = self.0.get_mut(found) {
                    *old = (tag, value);
                }
            }
            Err(found) => self.0.insert(found, (tag, value)),
        }
    }

    /// Returns what is stored of a property with exactly this type.
    pub(super) fn bytes(&self, tag: PropertyTag) -> Option<Cow<'v, [u8]>> {
        let (found, value) = self.0.get(self.find(tag.id).ok()?)?;
        (*found == tag).then(|| value.stored())
    }

    /// Lists the properties, by id.
    pub(super) fn iter(&self) -> impl Iterator<Item = Property<'v>> + Clone {
        self.0.iter().copied()
    }

    fn find(&self, id: PropertyId) -> Result<usize, usize> {
        self.0.binary_search_by_key(&id, |(tag, _)| tag.id)
    }
}

#[cfg(test)]
mod tests {
    use super::StoredProperties;
    use crate::mapi::{PropertyTag, Value};
    use crate::pst::ltp::write::Given;

    #[test]
    fn whatever_the_order_each_id_is_there_once_with_its_latest_value() {
        let [first, second] = [0x0037_0003, 0x3001_0003].map(PropertyTag::from_bits);
        let third = PropertyTag::from_bits(0x300B_0102);
        let numbers = [1, 2, 3].map(Value::Integer32);
        let given = Value::Binary(vec![7; 5]);
        let mut stored = StoredProperties::with_capacity(3);
        stored.put(third, Given::Value(&given));
        for (tag, number) in [second, first, second].into_iter().zip(&numbers) {
            stored.put(tag, Given::Value(number));
        }
        assert_eq!(stored.bytes(first).as_deref(), Some(&[2, 0, 0, 0][..]));
        assert_eq!(stored.bytes(second).as_deref(), Some(&[3, 0, 0, 0][..]));
        assert_eq!(stored.bytes(third).as_deref(), Some(&[7; 5][..]));
        assert_eq!(stored.bytes(PropertyTag::from_bits(0x3001_001F)), None, "another type");
        let tags: Vec<_> = stored.iter().map(|(tag, _)| tag).collect();
        assert_eq!(tags, [first, second, third]);
    }
}
