//! The slots of a contact's dictionaries (pure).

/// One slot: a dictionary and its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Indexed {
    /// One of three e-mail slots.
    Email(EmailKey),
    /// One part of one of three postal addresses.
    Address(AddressKey, AddressPart),
    /// One telephone slot.
    Phone(PhoneKey),
    /// One of three instant-messaging slots; grommunio 3.10 keeps only the first.
    Im(ImKey),
}

impl Indexed {
    /// Lists every slot, in the order of the schema.
    pub fn all() -> impl Iterator<Item = Self> {
        let emails = EmailKey::ALL.iter().map(|key| Self::Email(*key));
        let addresses = AddressKey::ALL
            .iter()
            .flat_map(|key| AddressPart::ALL.iter().map(|part| Self::Address(*key, *part)));
        let phones = PhoneKey::ALL.iter().map(|key| Self::Phone(*key));
        emails.chain(addresses).chain(phones).chain(ImKey::ALL.iter().map(|key| Self::Im(*key)))
    }

    /// Returns the `FieldURI` of the dictionary.
    pub const fn uri(self) -> &'static str {
        match self {
            Self::Email(_) => "contacts:EmailAddress",
            Self::Phone(_) => "contacts:PhoneNumber",
            Self::Im(_) => "contacts:ImAddress",
            Self::Address(_, AddressPart::Street) => "contacts:PhysicalAddress:Street",
            Self::Address(_, AddressPart::City) => "contacts:PhysicalAddress:City",
            Self::Address(_, AddressPart::State) => "contacts:PhysicalAddress:State",
            Self::Address(_, AddressPart::CountryOrRegion) => {
                "contacts:PhysicalAddress:CountryOrRegion"
            }
            Self::Address(_, AddressPart::PostalCode) => "contacts:PhysicalAddress:PostalCode",
        }
    }

    /// Returns the `FieldIndex`, which is also the key of the entry.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Email(key) => key.name(),
            Self::Address(key, _) => key.name(),
            Self::Phone(key) => key.name(),
            Self::Im(key) => key.name(),
        }
    }

    /// Returns the element of the dictionary.
    pub const fn container(self) -> &'static str {
        match self {
            Self::Email(_) => "EmailAddresses",
            Self::Address(..) => "PhysicalAddresses",
            Self::Phone(_) => "PhoneNumbers",
            Self::Im(_) => "ImAddresses",
        }
    }

    /// How many numbers [`Indexed::number`] may give.
    pub(crate) const NUMBERS: usize = 48;

    /// Returns a number of its own for each slot: an item keeps by it where the slot is.
    pub(crate) const fn number(self) -> usize {
        match self {
            Self::Email(key) => key as usize,
            Self::Im(key) => 4 + key as usize,
            Self::Address(key, part) => 8 + 5 * key as usize + part as usize,
            Self::Phone(key) => 24 + key as usize,
        }
    }

    /// Returns the position of the dictionary in the sequence of the schema.
    pub(crate) const fn order(self) -> u16 {
        match self {
            Self::Email(_) => 209,
            Self::Address(..) => 211,
            Self::Phone(_) => 212,
            Self::Im(_) => 221,
        }
    }
}

macro_rules! keys {
    ($(#[$doc:meta])* $name:ident { $($variant:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $(#[doc = concat!("`", stringify!($variant), "`")] $variant),+ }

        impl $name {
            /// Lists all of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Returns the name in the schema.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant)),+ }
            }

            /// Finds the value of a name of the schema.
            pub fn by_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|key| key.name() == name)
            }
        }
    };
}

keys! {
    /// The e-mail slots. There are three; a fourth address has no place in Outlook.
    EmailKey { EmailAddress1, EmailAddress2, EmailAddress3 }
}

keys! {
    /// The postal addresses.
    AddressKey { Business, Home, Other }
}

keys! {
    /// The parts of a postal address, in the order of the schema.
    AddressPart { Street, City, State, CountryOrRegion, PostalCode }
}

keys! {
    /// The nineteen telephone slots that every server since 2007 has.
    PhoneKey {
        AssistantPhone, BusinessFax, BusinessPhone, BusinessPhone2, Callback, CarPhone,
        CompanyMainPhone, HomeFax, HomePhone, HomePhone2, Isdn, MobilePhone, OtherFax,
        OtherTelephone, Pager, PrimaryPhone, RadioPhone, Telex, TtyTddPhone,
    }
}

keys! {
    /// The instant-messaging slots.
    ImKey { ImAddress1, ImAddress2, ImAddress3 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_slot_has_a_number_of_its_own() {
        let mut numbers: Vec<usize> = Indexed::all().map(Indexed::number).collect();
        assert_eq!(numbers.len(), 3 + 3 * 5 + 19 + 3);
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 40);
        assert!(numbers.iter().all(|number| *number < Indexed::NUMBERS));
    }
}
