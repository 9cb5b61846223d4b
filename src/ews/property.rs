//! Paths to the properties of an item (pure).
//!
//! Exchange knows three kinds of path: plain ones with a name of their own ([`Field`]), the slots
//! of a contact's dictionaries ([`Indexed`]) and MAPI properties ([`ExtendedField`]).

mod extended;
mod field;
mod indexed;

pub use extended::{
    DistinguishedSet, ExtendedField, ExtendedPath, ExtendedType, Guid, PropertySet,
};
pub(crate) use field::FieldFinder;
pub use field::{Access, Field, FieldSpec, Home, Shape};
pub use indexed::{AddressKey, AddressPart, EmailKey, ImKey, Indexed, PhoneKey};

use crate::ews::item::ItemKind;

/// The path to one property of an item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Property {
    /// A property with a name of its own.
    Field(Field),
    /// One slot of a dictionary of a contact.
    Indexed(Indexed),
    /// A MAPI property, by tag or by name.
    Extended(ExtendedField),
}

/// Where extended properties stand in the sequence of `t:ItemType`: after `HasAttachments` and
/// before everything that belongs to contacts, appointments or tasks.
const EXTENDED_ORDER: u16 = 30;

impl Property {
    /// Returns the position in the sequence of the schema, which servers enforce
    /// (`ErrorSchemaValidation`). Slots of one dictionary share the position of their container.
    pub fn order(&self) -> u16 {
        match self {
            Self::Field(field) => field.spec().order,
            Self::Indexed(indexed) => indexed.order(),
            Self::Extended(_) => EXTENDED_ORDER,
        }
    }

    /// Says whether items of a kind have this property.
    pub fn belongs_to(&self, kind: &ItemKind) -> bool {
        match self {
            Self::Field(field) => field.spec().home.covers(kind),
            Self::Indexed(_) => *kind == ItemKind::Contact,
            Self::Extended(_) => true,
        }
    }

    /// Says in which requests the property may be written.
    pub fn access(&self) -> Access {
        match self {
            Self::Field(field) => field.spec().access,
            Self::Indexed(_) | Self::Extended(_) => Access::Writable,
        }
    }
}

impl From<Field> for Property {
    fn from(field: Field) -> Self {
        Self::Field(field)
    }
}

impl From<Indexed> for Property {
    fn from(indexed: Indexed) -> Self {
        Self::Indexed(indexed)
    }
}

impl From<ExtendedField> for Property {
    fn from(extended: ExtendedField) -> Self {
        Self::Extended(extended)
    }
}

impl From<&Property> for Property {
    fn from(property: &Property) -> Self {
        property.clone()
    }
}
