//! An item as a bag of properties (pure).

use crate::ews::id::{ChangeKey, ItemId};
use crate::ews::property::Property;
use crate::ews::value::Value;

/// The kind of an item, by the element that carries it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ItemKind {
    /// `t:Contact`
    Contact,
    /// `t:CalendarItem`
    CalendarItem,
    /// `t:Task`
    Task,
    /// `t:DistributionList`, which lives in contact folders.
    DistributionList,
    /// `t:Message`
    Message,
    /// Any other, by its element name: meeting requests, posts, what a server may invent.
    Other(Box<str>),
}

impl ItemKind {
    /// Finds the kind of an element name.
    pub fn by_element(name: &str) -> Self {
        match name {
            "Contact" => Self::Contact,
            "CalendarItem" => Self::CalendarItem,
            "Task" => Self::Task,
            "DistributionList" => Self::DistributionList,
            "Message" => Self::Message,
            other => Self::Other(other.into()),
        }
    }

    /// Returns the element name.
    pub fn element(&self) -> &str {
        match self {
            Self::Contact => "Contact",
            Self::CalendarItem => "CalendarItem",
            Self::Task => "Task",
            Self::DistributionList => "DistributionList",
            Self::Message => "Message",
            Self::Other(name) => name,
        }
    }
}

/// An item as a server delivered it: what was not asked for or not delivered is not in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// What it is.
    pub kind: ItemKind,
    /// Where it is.
    pub id: ItemId,
    /// Which version it is.
    pub change_key: ChangeKey,
    /// What was delivered of it, each property once, in the order of the answer.
    pub properties: Properties,
}

impl Item {
    /// Returns the value of a property, or `None` when it was not delivered.
    pub fn value(&self, property: impl Into<Property>) -> Option<&Value> {
        self.properties.value(property)
    }
}

/// A small map from property to value that keeps its order.
///
/// Items carry at most some sixty properties, so a vector beats a hash table. Most that an item is asked for are not there, which
/// two sets of bits tell.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Properties {
    list: Vec<(Property, Value)>,
    fields: u128,
    slots: u64,
}

impl Properties {
    /// Makes an empty one.
    pub const fn new() -> Self {
        Self { list: Vec::new(), fields: 0, slots: 0 }
    }

    /// Makes an empty one with room.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { list: Vec::with_capacity(capacity), ..Self::new() }
    }

    /// Sets a property, in place of an earlier value.
    ///
    /// grommunio 3.10 returns every extended property of appointments and tasks twice: the second
    /// one lands on the first.
    pub fn set(&mut self, property: impl Into<Property>, value: impl Into<Value>) {
        let (property, value) = (property.into(), value.into());
        match self.place(&property) {
            Some(at) => {
                if let Some((_, old)) = self.list.get_mut(at) {
                    *old = value;
                }
            }
            None => self.push(property, value),
        }
    }

    /// Adds a property, unless it is there: an earlier value stays.
    pub(crate) fn add(&mut self, property: Property, value: Value) {
        if self.place(&property).is_none() {
            self.push(property, value);
        }
    }

    fn push(&mut self, property: Property, value: Value) {
        match &property {
            Property::Field(field) => self.fields |= 1 << *field as u32,
            Property::Indexed(slot) => self.slots |= 1 << slot.number(),
            Property::Extended(_) => {}
        }
        self.list.push((property, value));
    }

    fn place(&self, wanted: &Property) -> Option<usize> {
        let may_be_there = match wanted {
            Property::Field(field) => self.fields & 1 << *field as u32 != 0,
            Property::Indexed(slot) => self.slots & 1 << slot.number() != 0,
            Property::Extended(_) => true,
        };
        let at = || self.list.iter().position(|(known, _)| known == wanted);
        may_be_there.then(at).flatten()
    }

    /// Returns the value of a property.
    pub fn value(&self, property: impl Into<Property>) -> Option<&Value> {
        let at = self.place(&property.into())?;
        self.list.get(at).map(|(_, value)| value)
    }

    /// Walks the properties in their order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Property, &Value)> {
        self.list.iter().map(|(property, value)| (property, value))
    }

    /// Returns how many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Says whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

impl FromIterator<(Property, Value)> for Properties {
    fn from_iter<I: IntoIterator<Item = (Property, Value)>>(pairs: I) -> Self {
        let mut properties = Self::new();
        for (property, value) in pairs {
            properties.set(property, value);
        }
        properties
    }
}

impl IntoIterator for Properties {
    type Item = (Property, Value);
    type IntoIter = std::vec::IntoIter<(Property, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}
