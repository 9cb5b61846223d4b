//! Names of properties (pure). MS-OXPROPS 1.3.2, MS-OXCDATA 2.6.

use std::fmt;

/// A GUID, kept as it is stored: the first three groups little-endian.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Guid(pub [u8; 16]);

impl Guid {
    /// Makes a GUID from its groups as people write them.
    pub const fn new(first: u32, second: u16, third: u16, rest: [u8; 8]) -> Self {
        let (first, second, third) =
            (first.to_le_bytes(), second.to_le_bytes(), third.to_le_bytes());
        Self([
            first[0], first[1], first[2], first[3], second[0], second[1], third[0], third[1],
            rest[0], rest[1], rest[2], rest[3], rest[4], rest[5], rest[6], rest[7],
        ])
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = &self.0;
        let first = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        let second = u16::from_le_bytes([bytes[4], bytes[5]]);
        let third = u16::from_le_bytes([bytes[6], bytes[7]]);
        let fourth = u16::from_be_bytes([bytes[8], bytes[9]]);
        write!(formatter, "{first:08x}-{second:04x}-{third:04x}-{fourth:04x}-")?;
        bytes[10..].iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The tail that Outlook's own sets share.
const OUTLOOK: [u8; 8] = [0xC0, 0, 0, 0, 0, 0, 0, 0x46];

/// Sets of names.
pub mod set {
    use super::{Guid, OUTLOOK};

    /// `PS_MAPI`, set 1 of every store.
    pub const MAPI: Guid = Guid::new(0x0002_0328, 0, 0, OUTLOOK);
    /// `PS_PUBLIC_STRINGS`, set 2 of every store.
    pub const PUBLIC_STRINGS: Guid = Guid::new(0x0002_0329, 0, 0, OUTLOOK);
    /// `PSETID_Common`: what items of all kinds have.
    pub const COMMON: Guid = Guid::new(0x0006_2008, 0, 0, OUTLOOK);
    /// `PSETID_Address`: contacts.
    pub const ADDRESS: Guid = Guid::new(0x0006_2004, 0, 0, OUTLOOK);
    /// `PSETID_Appointment`.
    pub const APPOINTMENT: Guid = Guid::new(0x0006_2002, 0, 0, OUTLOOK);
    /// `PSETID_Task`.
    pub const TASK: Guid = Guid::new(0x0006_2003, 0, 0, OUTLOOK);
    /// `PSETID_Meeting`.
    pub const MEETING: Guid =
        Guid::new(0x6ED8_DA90, 0x450B, 0x101B, [0x98, 0xDA, 0, 0xAA, 0, 0x3F, 0x13, 0x05]);
}

/// What a property is called within its set.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Name {
    /// A number, called LID.
    Number(u32),
    /// Words, compared with their case.
    Text(String),
}

/// The full name of a named property.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PropertyName {
    /// The set.
    pub set: Guid,
    /// The name in it.
    pub name: Name,
}

impl PropertyName {
    /// Makes a name that is a number.
    pub const fn number(set: Guid, number: u32) -> Self {
        Self { set, name: Name::Number(number) }
    }

    /// Makes a name that is words.
    pub fn text(set: Guid, text: &str) -> Self {
        Self { set, name: Name::Text(text.to_owned()) }
    }
}

impl fmt::Display for PropertyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Name::Number(number) => write!(f, "{}/{number:04X}", self.set),
            Name::Text(text) => write!(f, "{}/{text}", self.set),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::set;

    /// MS-OXPROPS 1.3.2.
    #[test]
    fn sets_are_written_as_the_specification_writes_them() {
        assert_eq!(set::ADDRESS.to_string(), "00062004-0000-0000-c000-000000000046");
        assert_eq!(set::MEETING.to_string(), "6ed8da90-450b-101b-98da-00aa003f1305");
        assert_eq!(set::ADDRESS.0[..8], [0x04, 0x20, 0x06, 0, 0, 0, 0, 0]);
    }
}
