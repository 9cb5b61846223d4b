//! Pure: the one table that says in which MAPI property a field of the model lives, and in which form.
//!
//! Reading and writing both walk it. The match is exhaustive, so that a field added to the model does not compile until it
//! has a line here, or is named as absent with its reason.

use crate::mapi::{
    Guid, Named, PropertyKey, PropertyName, PropertyTag, name, named as n, property as p,
};
use crate::model::Field;

/// The set of all named properties of ours, the same as on Exchange, so that an exported mailbox keeps its pairs. Never
/// changed: every stamp lies in it.
pub(super) const OURS: Guid =
    Guid::new(0x8c1f_3b52, 0x64d7, 0x4e0a, [0x9b, 0x1e, 0x2f, 0x7c, 0x55, 0xa0, 0xd3, 0xe6]);

/// A property, by its id or its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A fixed id.
    Tag(PropertyTag),
    /// A number in one of Outlook's sets.
    Named(Named),
    /// The categories.
    Keywords,
    /// A word in our set.
    Ours(&'static str),
}

impl Place {
    /// Returns what the property goes by in a bag of properties.
    pub(super) fn key(self) -> PropertyKey {
        match self {
            Self::Tag(tag) => tag.into(),
            Self::Named(named) => named.into(),
            Self::Keywords => PropertyName::text(name::set::PUBLIC_STRINGS, n::KEYWORDS).into(),
            Self::Ours(word) => PropertyName::text(OURS, word).into(),
        }
    }

    /// Returns the type of the property's value.
    #[cfg(test)]
    pub(super) fn kind(self) -> crate::mapi::PropertyType {
        match self {
            Self::Tag(tag) => tag.kind,
            Self::Named(named) => named.kind,
            Self::Keywords => crate::mapi::PropertyType::MULTIPLE_STRING,
            Self::Ours(_) => crate::mapi::PropertyType::STRING,
        }
    }
}

impl From<PropertyTag> for Place {
    fn from(tag: PropertyTag) -> Self {
        Self::Tag(tag)
    }
}

impl From<Named> for Place {
    fn from(named: Named) -> Self {
        Self::Named(named)
    }
}

/// The properties of one of the three e-mail addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EmailSlot {
    /// 0 to 2.
    pub(super) number: u8,
    /// How it is shown.
    pub(super) display: Named,
    /// The kind of address.
    pub(super) kind: Named,
    /// The address.
    pub(super) address: Named,
    /// What the display was made of.
    pub(super) original_display: Named,
    /// The entry id.
    pub(super) entry: Named,
}

/// The three slots.
pub(super) const EMAILS: [EmailSlot; 3] = [
    EmailSlot {
        number: 0,
        display: n::EMAIL_1_DISPLAY,
        kind: n::EMAIL_1_TYPE,
        address: n::EMAIL_1_ADDRESS,
        original_display: n::EMAIL_1_ORIGINAL_DISPLAY,
        entry: n::EMAIL_1_ORIGINAL_ENTRY_ID,
    },
    EmailSlot {
        number: 1,
        display: n::EMAIL_2_DISPLAY,
        kind: n::EMAIL_2_TYPE,
        address: n::EMAIL_2_ADDRESS,
        original_display: n::EMAIL_2_ORIGINAL_DISPLAY,
        entry: n::EMAIL_2_ORIGINAL_ENTRY_ID,
    },
    EmailSlot {
        number: 2,
        display: n::EMAIL_3_DISPLAY,
        kind: n::EMAIL_3_TYPE,
        address: n::EMAIL_3_ADDRESS,
        original_display: n::EMAIL_3_ORIGINAL_DISPLAY,
        entry: n::EMAIL_3_ORIGINAL_ENTRY_ID,
    },
];

/// How many transactions abgleich has made on a file: a property of the store itself. Never renamed: files out there have it.
pub(super) const TRANSACTIONS: Place = Place::Ours("Transactions");

/// How a field lies in the properties of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Text in a property, and in others that Outlook keeps equal to it.
    Text(Place, &'static [Place]),
    /// An e-mail slot, which may hold something other than an Internet address.
    Email(EmailSlot),
    /// A date that is kept as an instant, and as a date of its own by Outlook 2010 and later.
    Birthday(PropertyTag, Named),
    /// The day of a task, and the property that has its local midnight in UTC.
    Day(Named, Named),
    /// The day on which a task was completed.
    Completed(Named),
    /// Yes or no.
    Flag(Named),
    /// Minutes before the start.
    Minutes(Named),
    /// An instant.
    Instant(Named),
    /// A share of one.
    Share(Named),
    /// A number for a word.
    Choice(Place, &'static [(&'static str, i32)]),
    /// Texts without order.
    List(Place),
    /// Start, end, zone and all-day, which make sense only together (`times.rs`).
    Times,
    /// A series (`series.rs`).
    Series,
    /// Guests, in the table of recipients: read only (`guests.rs`).
    Guests,
    /// Not on an item, and why.
    Absent(&'static str),
}

const SENSITIVITY: &[(&str, i32)] =
    &[("normal", 0), ("personal", 1), ("private", 2), ("confidential", 3)];

const SHOW_AS: &[(&str, i32)] =
    &[("busy", 2), ("free", 0), ("tentative", 1), ("out_of_office", 3), ("working_elsewhere", 4)];

const STATUS: &[(&str, i32)] =
    &[("not_started", 0), ("in_progress", 1), ("completed", 2), ("waiting", 3), ("deferred", 4)];

const PRIORITY: &[(&str, i32)] = &[("normal", 1), ("low", 0), ("high", 2)];

/// Returns where a field lives.
pub(super) const fn way(field: Field) -> Way {
    let [first, second, third] = EMAILS;
    match field {
        Field::Title => text(p::DISPLAY_NAME_PREFIX),
        Field::GivenName => text(p::GIVEN_NAME),
        Field::MiddleName => text(p::MIDDLE_NAME),
        Field::Surname => text(p::SURNAME),
        Field::Suffix => text(p::GENERATION),
        Field::Nickname => text(p::NICKNAME),
        Field::Salutation => Way::Text(Place::Ours("Salutation"), &[]),
        Field::Company => text(p::COMPANY_NAME),
        Field::Department => text(p::DEPARTMENT_NAME),
        Field::JobTitle => text(p::TITLE),
        Field::Manager => text(p::MANAGER_NAME),
        Field::Assistant => text(p::ASSISTANT),
        Field::Spouse => text(p::SPOUSE_NAME),
        Field::Email1 => Way::Email(first),
        Field::Email2 => Way::Email(second),
        Field::Email3 => Way::Email(third),
        Field::Email4 => {
            Way::Absent("Outlook has three e-mail addresses; the fourth stays in staffITpro")
        }
        Field::BusinessPhone => text(p::BUSINESS_PHONE),
        Field::BusinessPhone2 => text(p::BUSINESS_PHONE_2),
        Field::MobilePhone => text(p::MOBILE_PHONE),
        Field::HomePhone => text(p::HOME_PHONE),
        Field::HomePhone2 => text(p::HOME_PHONE_2),
        Field::BusinessFax => text(p::BUSINESS_FAX),
        Field::HomeFax => text(p::HOME_FAX),
        Field::OtherFax => text(p::PRIMARY_FAX),
        Field::CompanyPhone => text(p::COMPANY_PHONE),
        Field::AssistantPhone => text(p::ASSISTANT_PHONE),
        Field::OtherPhone => text(p::OTHER_PHONE),
        Field::PrimaryPhone => text(p::PRIMARY_PHONE),
        Field::Pager => text(p::PAGER),
        Field::CarPhone => text(p::CAR_PHONE),
        Field::Callback => text(p::CALLBACK_PHONE),
        Field::Isdn => text(p::ISDN),
        Field::RadioPhone => text(p::RADIO_PHONE),
        Field::Telex => text(p::TELEX),
        Field::TextPhone => text(p::TTY_PHONE),
        Field::BusinessStreet => named(n::WORK_STREET),
        Field::BusinessPostalCode => named(n::WORK_POSTAL_CODE),
        Field::BusinessCity => named(n::WORK_CITY),
        Field::BusinessState => named(n::WORK_STATE),
        Field::BusinessCountry => named(n::WORK_COUNTRY),
        Field::HomeStreet => text(p::HOME_STREET),
        Field::HomePostalCode => text(p::HOME_POSTAL_CODE),
        Field::HomeCity => text(p::HOME_CITY),
        Field::HomeState => text(p::HOME_STATE),
        Field::HomeCountry => text(p::HOME_COUNTRY),
        Field::OtherStreet => text(p::OTHER_STREET),
        Field::OtherPostalCode => text(p::OTHER_POSTAL_CODE),
        Field::OtherCity => text(p::OTHER_CITY),
        Field::OtherState => text(p::OTHER_STATE),
        Field::OtherCountry => text(p::OTHER_COUNTRY),
        Field::Birthday => Way::Birthday(p::BIRTHDAY, n::BIRTHDAY_LOCAL),
        Field::Anniversary => Way::Birthday(p::WEDDING_ANNIVERSARY, n::ANNIVERSARY_LOCAL),
        Field::WebPage => Way::Text(Place::Tag(p::BUSINESS_HOME_PAGE), &[Place::Named(n::HTML)]),
        Field::Notes | Field::Body => text(p::BODY),
        Field::Subject => text(p::SUBJECT),
        Field::Place => named(n::LOCATION),
        Field::Start | Field::End | Field::Zone | Field::AllDay => Way::Times,
        Field::ShowAs => Way::Choice(Place::Named(n::BUSY_STATUS), SHOW_AS),
        Field::Attendees => Way::Guests,
        Field::TaskStart => Way::Day(n::TASK_START, n::COMMON_START),
        Field::Due => Way::Day(n::TASK_DUE, n::COMMON_END),
        Field::Status => Way::Choice(Place::Named(n::TASK_STATUS), STATUS),
        Field::Percent => Way::Share(n::PERCENT_COMPLETE),
        Field::Completed => Way::Completed(n::TASK_COMPLETED_ON),
        Field::Priority => Way::Choice(Place::Tag(p::IMPORTANCE), PRIORITY),
        Field::ReminderOn => Way::Flag(n::REMINDER_SET),
        Field::ReminderMinutes => Way::Minutes(n::REMINDER_MINUTES),
        Field::ReminderAt => Way::Instant(n::REMINDER_TIME),
        Field::Recurrence => Way::Series,
        Field::Categories => Way::List(Place::Keywords),
        Field::Sensitivity => Way::Choice(Place::Tag(p::SENSITIVITY), SENSITIVITY),
    }
}

const fn text(tag: PropertyTag) -> Way {
    Way::Text(Place::Tag(tag), &[])
}

const fn named(named: Named) -> Way {
    Way::Text(Place::Named(named), &[])
}

#[cfg(test)]
mod tests {
    use super::{OURS, Way, way};
    use crate::mapi::PropertyType;
    use crate::model::{Field, ItemKind, Shape};

    #[test]
    fn every_field_has_a_way_or_a_reason() {
        for field in Field::ALL.iter().copied() {
            let absent = matches!(way(field), Way::Absent(_));
            assert_eq!(absent, !field.fits_outlook(), "{field}");
        }
    }

    #[test]
    fn no_two_fields_of_a_kind_share_a_property() {
        for kind in ItemKind::ALL {
            let mut seen: Vec<(Way, Field)> = Vec::new();
            for field in Field::of(kind).filter(|field| way(*field) != Way::Times) {
                let here = way(field);
                let twin = seen.iter().find(|(other, _)| *other == here);
                assert!(twin.is_none(), "{field} and {twin:?} share a property");
                seen.push((here, field));
            }
        }
    }

    #[test]
    fn texts_lie_in_properties_of_text() {
        for field in Field::ALL.iter().copied() {
            let shape = field.shape();
            let is_text = matches!(shape, Shape::Text | Shape::Body | Shape::Phone);
            if let Way::Text(place, equal) = way(field) {
                assert!(is_text, "{field}");
                for place in [&[place], equal].concat() {
                    assert_eq!(place.kind(), PropertyType::STRING, "{field}");
                }
            } else {
                assert!(!is_text, "{field}");
            }
        }
    }

    #[test]
    fn the_set_is_that_of_the_stamps_on_exchange() {
        assert_eq!(OURS.to_string(), "8c1f3b52-64d7-4e0a-9b1e-2f7c55a0d3e6");
    }
}
