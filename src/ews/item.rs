//! An item as a bag of properties (pure).

use crate::ews::id::{ChangeKey, ItemId};
use crate::ews::property::{ExtendedField, Field, Indexed, Property};
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
/// Items carry at most some sixty properties, so a vector beats a hash table. Where each plain property and each slot stands in it is
/// kept beside it: an item is asked for all that it may have, and most of that is not there.
#[derive(Debug, Clone, PartialEq)]
pub struct Properties {
    list: Vec<(Property, Value)>,
    /// By the numbers of fields and of slots: the place in the list, counted from 1; 0 where it is not there.
    fields: [u8; Field::ALL.len()],
    slots: [u8; Indexed::NUMBERS],
    /// At which of the first places MAPI properties stand, in bits.
    extended: u128,
}

/// Whatever stands at this place or behind it is looked for. Only who tells more MAPI properties than anybody asks for gets there.
const FAR: u8 = u8::MAX;

impl Default for Properties {
    fn default() -> Self {
        Self::new()
    }
}

impl Properties {
    /// Makes an empty one.
    pub const fn new() -> Self {
        let (fields, slots) = ([0; Field::ALL.len()], [0; Indexed::NUMBERS]);
        Self { list: Vec::new(), fields, slots, extended: 0 }
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
        let noted = match &property {
            Property::Field(field) => self.fields.get_mut(*field as usize),
            Property::Indexed(slot) => self.slots.get_mut(slot.number()),
            Property::Extended(_) => {
                let bit = u32::try_from(self.list.len()).ok().and_then(|at| 1_u128.checked_shl(at));
                self.extended |= bit.unwrap_or_default();
                None
            }
        };
        if let Some(noted) = noted {
            *noted = u8::try_from(self.list.len() + 1).unwrap_or(FAR);
        }
        self.list.push((property, value));
    }

    fn place(&self, wanted: &Property) -> Option<usize> {
        let noted = match wanted {
            Property::Field(field) => self.fields.get(*field as usize).copied()?,
            Property::Indexed(slot) => self.slots.get(slot.number()).copied()?,
            Property::Extended(wanted) => return self.place_extended(wanted),
        };
        match noted {
            0 => None,
            FAR => self.list.iter().position(|(known, _)| known == wanted),
            noted => Some(usize::from(noted) - 1),
        }
    }

    fn place_extended(&self, wanted: &ExtendedField) -> Option<usize> {
        let is_wanted = |at: usize| {
            let known = self.list.get(at).map(|(known, _)| known);
            matches!(known, Some(Property::Extended(known)) if known == wanted)
        };
        let mut bits = self.extended;
        while bits != 0 {
            let at = bits.trailing_zeros() as usize;
            if is_wanted(at) {
                return Some(at);
            }
            bits &= bits - 1;
        }
        (u128::BITS as usize..self.list.len()).find(|at| is_wanted(*at))
    }

    /// Returns the value of a property.
    pub fn value(&self, property: impl Into<Property>) -> Option<&Value> {
        let at = self.place(&property.into())?;
        self.list.get(at).map(|(_, value)| value)
    }

    /// Returns the value of a property, to be taken out of it.
    pub(crate) fn value_mut(&mut self, property: &Property) -> Option<&mut Value> {
        let at = self.place(property)?;
        self.list.get_mut(at).map(|(_, value)| value)
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
        let pairs = pairs.into_iter();
        // Few items have more.
        let mut properties = Self::with_capacity(pairs.size_hint().1.unwrap_or(0).min(64));
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

#[cfg(test)]
mod tests {
    use super::Properties;
    use crate::ews::{ExtendedField, ExtendedType, Field, Property, Value};

    #[test]
    fn a_property_is_found_wherever_it_stands() {
        let tags = (0..300).map(|tag| ExtendedField::tag(tag, ExtendedType::Integer));
        let all: Vec<Property> = std::iter::once(Field::Subject.into())
            .chain(tags.map(Property::from))
            .chain([Field::Surname, Field::GivenName].map(Property::from))
            .collect();
        let mut properties = Properties::new();
        for (number, property) in (0_i64..).zip(&all) {
            properties.add(property.clone(), Value::Integer(number));
            properties.add(property.clone(), Value::Integer(-1));
        }
        assert_eq!(properties.len(), all.len(), "each is there once, and the first stays");
        for (number, property) in (0_i64..).zip(&all) {
            assert_eq!(properties.value(property), Some(&Value::Integer(number)), "{property:?}");
        }
        assert_eq!(properties.value(Field::Nickname), None);
        properties.set(Field::Surname, Value::Integer(7));
        assert_eq!(properties.value(Field::Surname), Some(&Value::Integer(7)));
        assert_eq!(properties.len(), all.len());
    }
}
