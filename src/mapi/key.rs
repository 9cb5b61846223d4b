//! Which property is meant, whatever id a store gives it, and a bag of properties (pure).

use std::collections::BTreeMap;
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
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Properties {
    values: BTreeMap<PropertyKey, Value>,
}

impl Properties {
    /// Makes an empty bag.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a property.
    pub fn set(&mut self, key: impl Into<PropertyKey>, value: Value) {
        self.values.insert(key.into(), value);
    }

    /// Takes a property out.
    pub fn remove(&mut self, key: impl Into<PropertyKey>) -> Option<Value> {
        self.values.remove(&key.into())
    }

    /// Returns a property's value.
    pub fn value(&self, key: impl Into<PropertyKey>) -> Option<&Value> {
        self.values.get(&key.into())
    }

    /// Goes through all properties, fixed ids first.
    pub fn iter(&self) -> impl Iterator<Item = (&PropertyKey, &Value)> {
        self.values.iter()
    }

    /// Returns how many there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Says whether there is none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

impl FromIterator<(PropertyKey, Value)> for Properties {
    fn from_iter<I: IntoIterator<Item = (PropertyKey, Value)>>(values: I) -> Self {
        Self { values: values.into_iter().collect() }
    }
}

impl IntoIterator for Properties {
    type Item = (PropertyKey, Value);
    type IntoIter = std::collections::btree_map::IntoIter<PropertyKey, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.values.into_iter()
    }
}
