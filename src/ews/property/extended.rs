//! MAPI properties by tag or by name (pure).

use std::borrow::Cow;
use std::fmt;

/// A MAPI property: where it is and what type it has. Both must agree in every request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExtendedField {
    /// Where it is.
    pub path: ExtendedPath,
    /// What type it has.
    pub kind: ExtendedType,
}

/// Where a MAPI property is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExtendedPath {
    /// By the upper half of its tag, below 0x8000.
    Tag(u16),
    /// By a number within a set.
    Id(PropertySet, u32),
    /// By a name within a set. Each new name takes a slot of the mailbox for ever (at most some
    /// 8,000 to 32,000): never put an id into a name.
    Name(PropertySet, Cow<'static, str>),
}

impl ExtendedField {
    /// Makes a property by tag, for example 0x3A45 for the title of a contact.
    pub const fn tag(tag: u16, kind: ExtendedType) -> Self {
        Self { path: ExtendedPath::Tag(tag), kind }
    }

    /// Makes a property by number.
    pub const fn id(set: PropertySet, id: u32, kind: ExtendedType) -> Self {
        Self { path: ExtendedPath::Id(set, id), kind }
    }

    /// Makes a property by name.
    pub const fn name(set: PropertySet, name: &'static str, kind: ExtendedType) -> Self {
        Self { path: ExtendedPath::Name(set, Cow::Borrowed(name)), kind }
    }
}

/// A set of named properties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PropertySet {
    /// One that Exchange has a word for.
    Distinguished(DistinguishedSet),
    /// Any other.
    Guid(Guid),
}

/// The id of a set of named properties.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guid([u8; 16]);

impl Guid {
    /// Makes an id of its digits: `Guid::new(0x7f0a5c5e_1b7f_4bb2_9c36_0d9a6c0c5a11)`.
    pub const fn new(digits: u128) -> Self {
        // Bytes and not a number, because a `u128` would align every property to 16 bytes.
        Self(digits.to_be_bytes())
    }

    /// Reads the form with hyphens, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let hyphens = [8, 13, 18, 23];
        let mut digits: u128 = 0;
        for (index, byte) in text.bytes().enumerate() {
            if hyphens.contains(&index) {
                if byte != b'-' {
                    return None;
                }
            } else {
                digits = (digits << 4) | u128::from(char::from(byte).to_digit(16)?);
            }
        }
        (text.len() == 36).then_some(Self::new(digits))
    }
}

impl Guid {
    /// Returns the form with hyphens. It is in lower case, because servers compare ids of sets by their letters.
    pub(crate) fn text(self) -> GuidText {
        // Four hyphens stand between the bytes.
        const PLACES: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
        let mut text = [b'-'; 36];
        for (place, byte) in PLACES.into_iter().zip(self.0) {
            let digits = HEX.get(usize::from(byte)).copied().unwrap_or_default();
            if let Some(places) = text.get_mut(place..place + 2) {
                places.copy_from_slice(&digits);
            }
        }
        GuidText(text)
    }
}

/// The two digits of each byte.
#[expect(clippy::indexing_slicing, reason = "the compiler walks it")]
const HEX: [[u8; 2]; 256] = {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut hex = [[0; 2]; 256];
    let mut byte = 0;
    while byte < hex.len() {
        hex[byte] = [DIGITS[byte / 16], DIGITS[byte % 16]];
        byte += 1;
    }
    hex
};

/// The written form of a [`Guid`], without an allocation: every named property of a request has one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GuidText([u8; 36]);

impl GuidText {
    pub(crate) fn as_str(&self) -> &str {
        // Hyphens and digits are ASCII.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text().as_str())
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Guid({self})")
    }
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $(#[doc = concat!("`", $word, "`")] $variant),+ }

        impl $name {
            /// Lists all of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Returns the word of the schema.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// Finds the value of a word of the schema.
            pub fn by_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.word() == word)
            }
        }
    };
}

words! {
    /// The sets that Exchange has a word for.
    DistinguishedSet {
        Meeting = "Meeting",
        Appointment = "Appointment",
        Common = "Common",
        PublicStrings = "PublicStrings",
        Address = "Address",
        InternetHeaders = "InternetHeaders",
        CalendarAssistant = "CalendarAssistant",
        UnifiedMessaging = "UnifiedMessaging",
        Task = "Task",
    }
}

words! {
    /// The types of MAPI properties that we exchange. Binary and CLSID are left out: grommunio
    /// 3.10 answers a `CreateItem` that has one with a fault for the whole batch.
    ExtendedType {
        String = "String",
        StringArray = "StringArray",
        Boolean = "Boolean",
        Short = "Short",
        Integer = "Integer",
        Long = "Long",
        Double = "Double",
        SystemTime = "SystemTime",
        Binary = "Binary",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_sets_are_written_in_lower_case() {
        let guid = Guid::parse("7F0A5C5E-1B7F-4BB2-9C36-0D9A6C0C5A11").unwrap();
        assert_eq!(guid, Guid::new(0x7f0a_5c5e_1b7f_4bb2_9c36_0d9a_6c0c_5a11));
        assert_eq!(guid.to_string(), "7f0a5c5e-1b7f-4bb2-9c36-0d9a6c0c5a11");
        assert_eq!(Guid::parse("7F0A5C5E1B7F4BB29C360D9A6C0C5A11"), None);
        assert_eq!(Guid::parse("7F0A5C5E-1B7F-4BB2-9C36-0D9A6C0C5A1"), None);
    }
}
