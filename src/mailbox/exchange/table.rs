//! Pure: the one table that says where a field of the model lives on an Exchange item, and in which form.
//!
//! Reading, writing and the list of properties to ask for all walk it. The match is exhaustive, so that a field added to the
//! model does not compile until it has a line here, or is named as absent with its reason.

use crate::ews::property::{AddressKey, AddressPart, EmailKey, PhoneKey};
use crate::ews::{self, ExtendedField, ExtendedType, Guid, Indexed, Property, PropertySet};
use crate::model::{Field, ItemKind};

/// The set of all named properties of ours. One set and few names, because every name takes a place of the mailbox for
/// ever (notes.md §2.5). Never changed: every stamp lies in it.
pub const OURS: PropertySet =
    PropertySet::Guid(Guid::new(0x8c1f_3b52_64d7_4e0a_9b1e_2f7c_55a0_d3e6));

/// `PidTagNativeBody`: what the body was written as (MS-OXPROPS 2.799; MS-OXBBODY 2.1.3.1). Exchange and grommunio keep it.
pub(super) const NATIVE_BODY: ExtendedField = ExtendedField::tag(0x1016, ExtendedType::Integer);

/// The name prefix of a contact (PidTagDisplayNamePrefix). EWS shows it read-only within `CompleteName`; as a MAPI
/// property it can be written (notes.md §2.1).
const TITLE: ExtendedField = ExtendedField::tag(0x3A45, ExtendedType::String);

/// The form of address, for which Outlook has no field.
const SALUTATION: ExtendedField = ours("Salutation");

/// On a series whose occurrences are being written: what its recurrence was before and what it is to become, in JSON
/// (`super::unfinished`). It is set with the first request and cleared with the last one, and until then the series counts as
/// being what it was.
pub(super) const UNFINISHED: ExtendedField = ours("Unfinished");

/// Makes a text property in our set.
pub const fn ours(name: &'static str) -> ExtendedField {
    ExtendedField::name(OURS, name, ExtendedType::String)
}

/// How a field lies on an Exchange item.
#[derive(Clone, Debug, PartialEq)]
pub enum Way {
    /// One line of text in a property of its own.
    Text(ews::Field),
    /// One line of text in a MAPI property.
    Extended(ExtendedField),
    /// A telephone slot, or a part of a postal address.
    Slot(Indexed),
    /// An e-mail slot, which may hold something other than an Internet address.
    Email(EmailKey),
    /// The notes of the item, as plain text.
    Body,
    /// A date that is kept as an instant: birthday and anniversary.
    Birthday(ews::Field),
    /// A date that is kept as midnight of that day in the zone of whoever wrote it.
    Day(ews::Field),
    /// An instant.
    Instant(ews::Field),
    /// Yes or no.
    Flag(ews::Field),
    /// A whole number.
    Number(ews::Field),
    /// A share of a hundred, with a fraction.
    Percent(ews::Field),
    /// A word for a word: ours, theirs.
    Choice(ews::Field, &'static [(&'static str, &'static str)]),
    /// Texts without order.
    List(ews::Field),
    /// Start, end, zone and all-day, which make sense only together (`times.rs`).
    Times(ews::Field),
    /// A series (`series.rs`).
    Series,
    /// Guests: read only, from several properties (`guests.rs`).
    Guests,
    /// Not on an Exchange item, and why.
    Absent(&'static str),
}

const SENSITIVITY: &[(&str, &str)] = &[
    ("normal", "Normal"),
    ("personal", "Personal"),
    ("private", "Private"),
    ("confidential", "Confidential"),
];

/// `NoData` is what a calendar shows of times that nobody knows; it is no choice of a person and stays unread.
const SHOW_AS: &[(&str, &str)] = &[
    ("busy", "Busy"),
    ("free", "Free"),
    ("tentative", "Tentative"),
    ("out_of_office", "OOF"),
    ("working_elsewhere", "WorkingElsewhere"),
];

const STATUS: &[(&str, &str)] = &[
    ("not_started", "NotStarted"),
    ("in_progress", "InProgress"),
    ("completed", "Completed"),
    ("waiting", "WaitingOnOthers"),
    ("deferred", "Deferred"),
];

const PRIORITY: &[(&str, &str)] = &[("normal", "Normal"), ("low", "Low"), ("high", "High")];

/// Returns where a field lives.
pub const fn way(field: Field) -> Way {
    use AddressKey::{Business, Home, Other};
    use AddressPart::{City, CountryOrRegion, PostalCode, State, Street};
    use ews::Field as E;
    match field {
        Field::Title => Way::Extended(TITLE),
        Field::GivenName => Way::Text(E::GivenName),
        Field::MiddleName => Way::Text(E::MiddleName),
        Field::Surname => Way::Text(E::Surname),
        Field::Suffix => Way::Text(E::Generation),
        Field::Nickname => Way::Text(E::Nickname),
        Field::Salutation => Way::Extended(SALUTATION),
        Field::Company => Way::Text(E::CompanyName),
        Field::Department => Way::Text(E::Department),
        Field::JobTitle => Way::Text(E::JobTitle),
        Field::Manager => Way::Text(E::Manager),
        Field::Assistant => Way::Text(E::AssistantName),
        Field::Spouse => Way::Text(E::SpouseName),
        Field::Email1 => Way::Email(EmailKey::EmailAddress1),
        Field::Email2 => Way::Email(EmailKey::EmailAddress2),
        Field::Email3 => Way::Email(EmailKey::EmailAddress3),
        Field::Email4 => {
            Way::Absent("Outlook has three e-mail addresses; the fourth stays in staffITpro")
        }
        Field::BusinessPhone => phone(PhoneKey::BusinessPhone),
        Field::BusinessPhone2 => phone(PhoneKey::BusinessPhone2),
        Field::MobilePhone => phone(PhoneKey::MobilePhone),
        Field::HomePhone => phone(PhoneKey::HomePhone),
        Field::HomePhone2 => phone(PhoneKey::HomePhone2),
        Field::BusinessFax => phone(PhoneKey::BusinessFax),
        Field::HomeFax => phone(PhoneKey::HomeFax),
        Field::OtherFax => phone(PhoneKey::OtherFax),
        Field::CompanyPhone => phone(PhoneKey::CompanyMainPhone),
        Field::AssistantPhone => phone(PhoneKey::AssistantPhone),
        Field::OtherPhone => phone(PhoneKey::OtherTelephone),
        Field::PrimaryPhone => phone(PhoneKey::PrimaryPhone),
        Field::Pager => phone(PhoneKey::Pager),
        Field::CarPhone => phone(PhoneKey::CarPhone),
        Field::Callback => phone(PhoneKey::Callback),
        Field::Isdn => phone(PhoneKey::Isdn),
        Field::RadioPhone => phone(PhoneKey::RadioPhone),
        Field::Telex => phone(PhoneKey::Telex),
        Field::TextPhone => phone(PhoneKey::TtyTddPhone),
        Field::BusinessStreet => address(Business, Street),
        Field::BusinessPostalCode => address(Business, PostalCode),
        Field::BusinessCity => address(Business, City),
        Field::BusinessState => address(Business, State),
        Field::BusinessCountry => address(Business, CountryOrRegion),
        Field::HomeStreet => address(Home, Street),
        Field::HomePostalCode => address(Home, PostalCode),
        Field::HomeCity => address(Home, City),
        Field::HomeState => address(Home, State),
        Field::HomeCountry => address(Home, CountryOrRegion),
        Field::OtherStreet => address(Other, Street),
        Field::OtherPostalCode => address(Other, PostalCode),
        Field::OtherCity => address(Other, City),
        Field::OtherState => address(Other, State),
        Field::OtherCountry => address(Other, CountryOrRegion),
        Field::Birthday => Way::Birthday(E::Birthday),
        Field::Anniversary => Way::Birthday(E::WeddingAnniversary),
        Field::WebPage => Way::Text(E::BusinessHomePage),
        Field::Notes | Field::Body => Way::Body,
        Field::Subject => Way::Text(E::Subject),
        Field::Place => Way::Text(E::Location),
        Field::Start => Way::Times(E::Start),
        Field::End => Way::Times(E::End),
        Field::Zone => Way::Times(E::StartTimeZone),
        Field::AllDay => Way::Times(E::IsAllDayEvent),
        Field::ShowAs => Way::Choice(E::LegacyFreeBusyStatus, SHOW_AS),
        Field::Attendees => Way::Guests,
        Field::TaskStart => Way::Day(E::StartDate),
        Field::Due => Way::Day(E::DueDate),
        Field::Status => Way::Choice(E::Status, STATUS),
        Field::Percent => Way::Percent(E::PercentComplete),
        Field::Completed => Way::Day(E::CompleteDate),
        Field::Priority => Way::Choice(E::Importance, PRIORITY),
        Field::ReminderOn => Way::Flag(E::ReminderIsSet),
        Field::ReminderMinutes => Way::Number(E::ReminderMinutesBeforeStart),
        Field::ReminderAt => Way::Instant(E::ReminderDueBy),
        Field::Recurrence => Way::Series,
        Field::Categories => Way::List(E::Categories),
        Field::Sensitivity => Way::Choice(E::Sensitivity, SENSITIVITY),
    }
}

const fn phone(key: PhoneKey) -> Way {
    Way::Slot(Indexed::Phone(key))
}

const fn address(key: AddressKey, part: AddressPart) -> Way {
    Way::Slot(Indexed::Address(key, part))
}

/// Returns the property that carries the series of a kind.
pub const fn series(kind: ItemKind) -> Option<ews::Field> {
    match kind {
        ItemKind::Contact => None,
        ItemKind::Appointment => Some(ews::Field::CalendarRecurrence),
        ItemKind::Task => Some(ews::Field::TaskRecurrence),
    }
}

/// Returns what a write of an item needs to know besides its fields.
pub(super) fn aside(kind: ItemKind) -> Vec<Property> {
    match kind {
        ItemKind::Contact => vec![ews::Field::DisplayName.into(), ews::Field::FileAs.into()],
        ItemKind::Appointment => vec![UNFINISHED.into()],
        ItemKind::Task => Vec::new(),
    }
}

/// Returns the properties to ask for when whole items of a kind are read: those of all fields, and those that say who, when
/// and whose.
pub fn wanted(kind: ItemKind) -> Vec<Property> {
    use ews::Field as E;
    let mut wanted = identifying();
    for field in Field::of(kind) {
        match way(field) {
            Way::Text(of)
            | Way::Birthday(of)
            | Way::Day(of)
            | Way::Instant(of)
            | Way::Flag(of)
            | Way::Number(of)
            | Way::Percent(of)
            | Way::Choice(of, _)
            | Way::List(of)
            | Way::Times(of) => wanted.push(of.into()),
            Way::Extended(of) => wanted.push(of.into()),
            Way::Slot(of) => wanted.push(of.into()),
            Way::Email(key) => wanted.push(Indexed::Email(key).into()),
            Way::Body => wanted.extend([E::Body.into(), NATIVE_BODY.into()]),
            Way::Series => wanted.extend(series(kind).map(Property::from)),
            Way::Guests | Way::Absent(_) => {}
        }
    }
    if kind == ItemKind::Appointment {
        let whose = [
            E::EndTimeZone,
            E::CalendarItemType,
            E::MyResponseType,
            E::Organizer,
            E::RequiredAttendees,
            E::OptionalAttendees,
            E::Resources,
            E::ModifiedOccurrences,
            E::DeletedOccurrences,
        ];
        wanted.extend(whose.map(Property::from));
    }
    wanted.extend(aside(kind));
    let when = [E::ParentFolderId, E::LastModifiedTime, E::LastModifiedName, E::DateTimeCreated];
    wanted.extend(when.map(Property::from));
    // The shape is checked against the schema, which gives each path once.
    let mut seen = Vec::with_capacity(wanted.len());
    wanted.retain(|property| {
        let fresh = !seen.contains(property);
        seen.push(property.clone());
        fresh
    });
    wanted
}

/// Returns the properties to ask for when only identities are read (invariant 8).
pub fn identifying() -> Vec<Property> {
    let mut wanted: Vec<Property> = vec![ews::Field::Sensitivity.into()];
    wanted.extend(super::stamp::properties().map(Property::from));
    wanted
}

#[cfg(test)]
mod tests {
    use super::{Way, wanted, way};
    use crate::ews::Property;
    use crate::model::{Field, ItemKind};

    #[test]
    fn every_field_has_a_way_or_a_reason() {
        let absent: Vec<_> = Field::ALL
            .iter()
            .filter(|field| matches!(way(**field), Way::Absent(_)))
            .map(|field| field.key())
            .collect();
        assert_eq!(absent, ["email_4"]);
        for field in Field::ALL.iter().copied() {
            let absent = matches!(way(field), Way::Absent(_));
            assert_eq!(absent, !field.fits_outlook(), "{field}");
        }
    }

    #[test]
    fn no_two_fields_of_a_kind_share_a_property() {
        for kind in ItemKind::ALL {
            let mut seen: Vec<(Way, Field)> = Vec::new();
            for field in Field::of(kind) {
                let here = way(field);
                let twin = seen.iter().find(|(other, _)| *other == here);
                assert!(twin.is_none(), "{field} and {twin:?} share a property");
                seen.push((here, field));
            }
        }
    }

    #[test]
    fn only_properties_that_items_of_the_kind_have_are_asked_for() {
        for kind in ItemKind::ALL {
            let ews = super::super::kind::writable(kind).item_kind();
            let wanted = wanted(kind);
            for property in &wanted {
                assert!(property.belongs_to(&ews), "{property:?} on {kind:?}");
            }
            let contact = kind == ItemKind::Contact;
            let indexed = wanted.iter().filter(|p| matches!(p, Property::Indexed(_))).count();
            // Nineteen phones, three addresses of five parts, three e-mail slots.
            assert_eq!(indexed, if contact { 37 } else { 0 });
        }
    }
}
