//! Which property is meant, whatever id a store gives it, and a bag of properties (pure).

use std::fmt;

use super::name::PropertyName;
use super::named::Named;
use super::tag::{PropertyId, PropertyTag};
use super::value::Value;

/// Which property: one with a fixed id, or one that each store gives an id of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PropertyKey {
    /// By its id, below 0x8000.
    Id(PropertyId),
    /// By its name.
    Name(PropertyName),
}

impl From<PropertyTag> for PropertyKey {
    fn from(tag: PropertyTag) -> Self {
        Self::Id(tag.id)
    }
}

impl From<PropertyId> for PropertyKey {
    fn from(id: PropertyId) -> Self {
        Self::Id(id)
    }
}

impl From<Named> for PropertyKey {
    fn from(named: Named) -> Self {
        Self::Name(named.name())
    }
}

impl From<PropertyName> for PropertyKey {
    fn from(name: PropertyName) -> Self {
        Self::Name(name)
    }
}

impl fmt::Display for PropertyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

/// Properties of one object, each at most once.
///
/// They lie side by side in the order of their keys, so that whoever reads them all finds the next one near. Mostly they come in
/// that order as well.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Properties {
    values: Vec<(PropertyKey, Value)>,
}

impl Properties {
    /// Makes an empty bag.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a property.
    pub fn set(&mut self, key: impl Into<PropertyKey>, value: Value) {
        let key = key.into();
        if self.values.last().is_none_or(|(last, _)| *last < key) {
            self.values.push((key, value));
            return;
        }
        match self.find(&key) {
            Ok(place) => {
                if let Some((_, old)) = self.values.get_mut(place) {
                    *old = value;
                }
            }
            Err(place) => self.values.insert(place, (key, value)),
        }
    }

    /// Takes a property out.
    pub fn remove(&mut self, key: impl Into<PropertyKey>) -> Option<Value> {
        let place = self.find(&key.into()).ok()?;
        Some(self.values.remove(place).1)
    }

    /// Returns a property's value.
    pub fn value(&self, key: impl Into<PropertyKey>) -> Option<&Value> {
        let place = self.find(&key.into()).ok()?;
        self.values.get(place).map(|(_, value)| value)
    }

    /// Goes through all properties, fixed ids first.
    pub fn iter(&self) -> impl Iterator<Item = (&PropertyKey, &Value)> {
        self.values.iter().map(|(key, value)| (key, value))
    }

    /// Returns how many there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Says whether there is none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Returns where a property is, or where it would be.
    fn find(&self, key: &PropertyKey) -> Result<usize, usize> {
        self.values.binary_search_by(|(other, _)| other.cmp(key))
    }
}

impl FromIterator<(PropertyKey, Value)> for Properties {
    /// Of several values of one property the last counts.
    fn from_iter<I: IntoIterator<Item = (PropertyKey, Value)>>(values: I) -> Self {
        let mut values: Vec<_> = values.into_iter().collect();
        if !values.is_sorted_by(|(before, _), (next, _)| before < next) {
            values.sort_by(|(one, _), (other, _)| one.cmp(other));
            values.dedup_by(|later, kept| {
                let is_same = later.0 == kept.0;
                if is_same {
                    std::mem::swap(later, kept);
                }
                is_same
            });
        }
        Self { values }
    }
}

impl IntoIterator for Properties {
    type Item = (PropertyKey, Value);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.values.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::{Properties, PropertyKey};
    use crate::mapi::name::set;
    use crate::mapi::{PropertyId, PropertyName, Value};

    /// Against a map, with keys in any order and more than once, set one by one and all at once.
    #[test]
    fn each_property_is_there_once_with_its_latest_value() {
        let key = |number: u16| match number % 3 {
            0 => PropertyKey::Id(PropertyId(number)),
            1 => PropertyName::number(set::COMMON, number.into()).into(),
            _ => PropertyName::text(set::PUBLIC_STRINGS, &format!("{number}")).into(),
        };
        let numbers = (0..200_u16).map(|step| step * 67 % 41);
        let all: Vec<_> =
            (0..).zip(numbers).map(|(at, number)| (key(number), Value::Integer32(at))).collect();
        let expected: std::collections::BTreeMap<_, _> = all.iter().cloned().collect();
        let mut set = Properties::new();
        for (key, value) in &all {
            set.set(key.clone(), value.clone());
        }
        assert_eq!(set, all.iter().cloned().collect());
        assert!(set.iter().eq(&expected));
        assert!(expected.iter().all(|(key, value)| set.value(key.clone()) == Some(value)));
        assert_eq!(set.remove(key(40)), expected.get(&key(40)).cloned());
        assert_eq!((set.value(key(40)), set.len()), (None, 40));
        assert!(set.into_iter().eq(expected.into_iter().filter(|(other, _)| *other != key(40))));
    }
}
