//! Property ids, types and tags (pure). MS-OXCDATA 2.11.1 and MS-OXPROPS.

use std::fmt;

/// The id of a property within its store. Ids from 0x8000 on belong to named properties and differ from store to store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PropertyId(pub u16);

impl PropertyId {
    /// The first id that stands for a name.
    pub const FIRST_NAMED: Self = Self(0x8000);

    /// Says whether the id stands for a name, which only its store can tell.
    pub fn is_named(self) -> bool {
        self >= Self::FIRST_NAMED
    }

    /// Returns the tag of this property with a type.
    pub const fn of(self, kind: PropertyType) -> PropertyTag {
        PropertyTag { id: self, kind }
    }
}

impl fmt::Display for PropertyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

/// The type of a property's value, as its 16-bit code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PropertyType(pub u16);

impl PropertyType {
    /// No type; 0000.
    pub const UNSPECIFIED: Self = Self(0x0000);
    /// No value; 0001.
    pub const NULL: Self = Self(0x0001);
    /// A 16-bit integer.
    pub const INTEGER16: Self = Self(0x0002);
    /// A 32-bit integer.
    pub const INTEGER32: Self = Self(0x0003);
    /// A 32-bit floating-point number.
    pub const FLOATING32: Self = Self(0x0004);
    /// A 64-bit floating-point number.
    pub const FLOATING64: Self = Self(0x0005);
    /// An amount of money in ten-thousandths.
    pub const CURRENCY: Self = Self(0x0006);
    /// Days since 1899-12-30, as a 64-bit floating-point number.
    pub const FLOATING_TIME: Self = Self(0x0007);
    /// An error code.
    pub const ERROR_CODE: Self = Self(0x000A);
    /// True or false.
    pub const BOOLEAN: Self = Self(0x000B);
    /// An embedded object.
    pub const OBJECT: Self = Self(0x000D);
    /// A 64-bit integer.
    pub const INTEGER64: Self = Self(0x0014);
    /// Text in the code page of whoever made the store.
    pub const STRING8: Self = Self(0x001E);
    /// Text in UTF-16.
    pub const STRING: Self = Self(0x001F);
    /// An instant, in 100 nanoseconds since 1601.
    pub const TIME: Self = Self(0x0040);
    /// A GUID.
    pub const GUID: Self = Self(0x0048);
    /// Bytes.
    pub const BINARY: Self = Self(0x0102);
    /// Several 16-bit integers.
    pub const MULTIPLE_INTEGER16: Self = Self(0x1002);
    /// Several 32-bit integers.
    pub const MULTIPLE_INTEGER32: Self = Self(0x1003);
    /// Several 32-bit floating-point numbers.
    pub const MULTIPLE_FLOATING32: Self = Self(0x1004);
    /// Several 64-bit floating-point numbers.
    pub const MULTIPLE_FLOATING64: Self = Self(0x1005);
    /// Several amounts of money.
    pub const MULTIPLE_CURRENCY: Self = Self(0x1006);
    /// Several floating-point times.
    pub const MULTIPLE_FLOATING_TIME: Self = Self(0x1007);
    /// Several 64-bit integers.
    pub const MULTIPLE_INTEGER64: Self = Self(0x1014);
    /// Several texts in a code page.
    pub const MULTIPLE_STRING8: Self = Self(0x101E);
    /// Several texts in UTF-16.
    pub const MULTIPLE_STRING: Self = Self(0x101F);
    /// Several instants.
    pub const MULTIPLE_TIME: Self = Self(0x1040);
    /// Several GUIDs.
    pub const MULTIPLE_GUID: Self = Self(0x1048);
    /// Several runs of bytes.
    pub const MULTIPLE_BINARY: Self = Self(0x1102);

    /// Says whether there may be several values.
    pub fn is_multiple(self) -> bool {
        self.0 & 0x1000 != 0
    }

    /// Returns the type of one of several values; a single one's type is itself.
    #[must_use]
    pub fn single(self) -> Self {
        Self(self.0 & !0x1000)
    }

    /// Returns how many bytes each value takes, where all take the same.
    pub fn width(self) -> Option<usize> {
        match self.single() {
            Self::BOOLEAN => Some(1),
            Self::INTEGER16 => Some(2),
            Self::INTEGER32 | Self::FLOATING32 | Self::ERROR_CODE => Some(4),
            Self::FLOATING64
            | Self::CURRENCY
            | Self::FLOATING_TIME
            | Self::INTEGER64
            | Self::TIME => Some(8),
            Self::GUID => Some(16),
            _ => None,
        }
    }
}

impl fmt::Debug for PropertyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

/// A property's id and type together, as tables name their columns.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PropertyTag {
    /// Which property.
    pub id: PropertyId,
    /// The type of its value.
    pub kind: PropertyType,
}

impl PropertyTag {
    /// Reads a tag from its 32 bits: the id in the upper half, the type in the lower.
    pub const fn from_bits(bits: u32) -> Self {
        let [id_high, id_low, kind_high, kind_low] = bits.to_be_bytes();
        Self {
            id: PropertyId(u16::from_be_bytes([id_high, id_low])),
            kind: PropertyType(u16::from_be_bytes([kind_high, kind_low])),
        }
    }

    /// Returns the 32 bits.
    pub fn bits(self) -> u32 {
        (u32::from(self.id.0) << 16) | u32::from(self.kind.0)
    }
}

impl fmt::Debug for PropertyTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08X}", self.bits())
    }
}

impl fmt::Display for PropertyTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08X}", self.bits())
    }
}

#[cfg(test)]
mod tests {
    use super::{PropertyId, PropertyTag, PropertyType};

    /// MS-OXPROPS: PidTagDisplayName is 0x3001, PtypString 0x001F.
    #[test]
    fn a_tag_is_its_id_and_type() {
        let tag = PropertyTag::from_bits(0x3001_001F);
        assert_eq!(tag, PropertyId(0x3001).of(PropertyType::STRING));
        assert_eq!(tag.bits(), 0x3001_001F);
    }

    #[test]
    fn several_values_have_the_type_of_one() {
        assert_eq!(PropertyType::MULTIPLE_STRING.single(), PropertyType::STRING);
        assert!(PropertyType::MULTIPLE_INTEGER32.is_multiple());
        assert_eq!(PropertyType::MULTIPLE_INTEGER32.width(), Some(4));
        assert_eq!(PropertyType::STRING.width(), None);
    }
}
