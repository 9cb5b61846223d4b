//! Pure: a contact as vCard 4.0 (RFC 6350).

use std::io::{self, Write};

use abgleich::mailbox::Item;
use abgleich::model::{Field, Value};

use super::line::{Card, bound, card};

/// Phone numbers with the types that vCard has for them (RFC 6350 6.4.1).
const PHONES: &[(Field, &[&str])] = &[
    (Field::BusinessPhone, &["work", "voice"]),
    (Field::BusinessPhone2, &["work", "voice"]),
    (Field::MobilePhone, &["cell"]),
    (Field::HomePhone, &["home", "voice"]),
    (Field::HomePhone2, &["home", "voice"]),
    (Field::BusinessFax, &["work", "fax"]),
    (Field::HomeFax, &["home", "fax"]),
    (Field::OtherFax, &["fax"]),
    (Field::CompanyPhone, &["work"]),
    (Field::AssistantPhone, &["x-assistant"]),
    (Field::OtherPhone, &["voice"]),
    (Field::PrimaryPhone, &["voice"]),
    (Field::Pager, &["pager"]),
    (Field::CarPhone, &["x-car"]),
    (Field::Callback, &["x-callback"]),
    (Field::Isdn, &["x-isdn"]),
    (Field::RadioPhone, &["x-radio"]),
    (Field::Telex, &["x-telex"]),
    (Field::TextPhone, &["textphone"]),
];

/// Addresses: street, city, state, postal code, country.
const ADDRESSES: &[(&[&str], [Field; 5])] = &[
    (
        &["work"],
        [
            Field::BusinessStreet,
            Field::BusinessCity,
            Field::BusinessState,
            Field::BusinessPostalCode,
            Field::BusinessCountry,
        ],
    ),
    (
        &["home"],
        [
            Field::HomeStreet,
            Field::HomeCity,
            Field::HomeState,
            Field::HomePostalCode,
            Field::HomeCountry,
        ],
    ),
    (
        &[],
        [
            Field::OtherStreet,
            Field::OtherCity,
            Field::OtherState,
            Field::OtherPostalCode,
            Field::OtherCountry,
        ],
    ),
];

/// Fields that are one property each. What vCard has no word for is an `X-` property.
const SINGLE: &[(Field, Card)] = &[
    (Field::Nickname, Card::Nickname),
    (Field::JobTitle, Card::Title),
    (Field::WebPage, Card::Url),
    (Field::Notes, Card::Note),
];

const OWN: &[(Field, &str)] = &[
    (Field::Salutation, "X-SALUTATION"),
    (Field::Manager, "X-MANAGER"),
    (Field::Assistant, "X-ASSISTANT"),
    (Field::Spouse, "X-SPOUSE"),
    (Field::Sensitivity, "X-CLASS"),
];

/// Writes contacts one after the other.
pub(super) struct Cards<'a> {
    to: &'a mut dyn Write,
    origin: String,
}

impl<'a> Cards<'a> {
    pub(super) fn new(to: &'a mut dyn Write, origin: String) -> Self {
        Self { to, origin }
    }

    pub(super) fn put(&mut self, item: &Item) -> io::Result<()> {
        let (to, content) = (&mut *self.to, &item.content);
        let text = |field| content.text(field).unwrap_or_default();
        bound(to, "BEGIN:VCARD")?;
        bound(to, "VERSION:4.0")?;
        card(
            to,
            Card::Uid,
            &[],
            &[&format!("urn:x-abgleich:{}.{}", item.identity.id.as_str(), self.origin)],
        )?;
        card(to, Card::Fn, &[], &[&shown_name(item)])?;
        let name =
            [Field::Surname, Field::GivenName, Field::MiddleName, Field::Title, Field::Suffix];
        let name = name.map(text);
        if name.iter().any(|part| !part.is_empty()) {
            card(to, Card::N, &[], &name)?;
        }
        match (text(Field::Company), text(Field::Department)) {
            ("", "") => {}
            (company, "") => card(to, Card::Org, &[], &[company])?,
            (company, department) => card(to, Card::Org, &[], &[company, department])?,
        }
        for field in [Field::Email1, Field::Email2, Field::Email3] {
            if let Some(address) = content.text(field) {
                card(to, Card::Email, &[], &[address])?;
            }
        }
        for (field, types) in PHONES {
            if let Some(number) = content.text(*field) {
                card(to, Card::Tel, types, &[number])?;
            }
        }
        for (types, fields) in ADDRESSES {
            let [street, city, state, code, country] = fields.map(text);
            if [street, city, state, code, country].iter().any(|part| !part.is_empty()) {
                // The post office box and the extended address stay blank, as RFC 6350 6.3.1 recommends.
                card(to, Card::Adr, types, &["", "", street, city, state, code, country])?;
            }
        }
        for (field, property) in
            [(Field::Birthday, Card::Bday), (Field::Anniversary, Card::Anniversary)]
        {
            if let Some(Value::Date(date)) = content.value(field) {
                card(to, property, &[], &[&date.strftime("%Y%m%d").to_string()])?;
            }
        }
        for (field, property) in SINGLE {
            if let Some(value) = content.text(*field) {
                card(to, property.clone(), &[], &[value])?;
            }
        }
        if let Some(Value::List(entries)) = content.value(Field::Categories) {
            let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
            card(to, Card::Categories, &[], &entries)?;
        }
        for (field, name) in OWN {
            if let Some(value) = content.text(*field).filter(|value| *value != "normal") {
                card(to, Card::Other((*name).to_owned()), &[], &[value])?;
            }
        }
        if let Some(at) = item.modified_at {
            card(to, Card::Rev, &[], &[&at.strftime("%Y%m%dT%H%M%SZ").to_string()])?;
        }
        bound(to, "END:VCARD")
    }
}

/// Returns the name that a person is shown by, which vCard demands: as Outlook shows it, else the full name, else as it is filed, else
/// the firm, else an address.
fn shown_name(item: &Item) -> String {
    if let Some(name) = item.aside.display_name() {
        return name.to_owned();
    }
    let content = &item.content;
    let parts = [Field::Title, Field::GivenName, Field::MiddleName, Field::Surname, Field::Suffix];
    let parts: Vec<&str> = parts.iter().filter_map(|field| content.text(*field)).collect();
    if !parts.is_empty() {
        return parts.join(" ");
    }
    if let Some(name) = item.aside.file_as() {
        return name.to_owned();
    }
    let other = [Field::Company, Field::Email1, Field::Nickname];
    other.iter().find_map(|field| content.text(*field)).unwrap_or("?").to_owned()
}
