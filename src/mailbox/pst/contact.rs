//! Pure: what Outlook derives from the parts of a contact: the names it shows and files by, and addresses in one text.

use super::times::Setting;
use super::write::newlines;
use crate::mailbox::names::{self, Shown};
use crate::mapi::{Named, Properties, PropertyTag, Value as V, named as n, property as p};
use crate::model::{Block, Content, Field};

/// `PidTagIconIndex` of a contact.
const ICON: i32 = 0x200;
/// `PidLidSideEffects` of a contact.
const SIDE_EFFECTS: i32 = 0x10;
/// `PidLidFileUnderId`: the text is as it was typed.
const AS_TYPED: i32 = -1;

/// Returns what a new contact has besides its fields.
pub(super) fn fresh() -> Vec<Setting> {
    vec![
        (p::ICON_INDEX.into(), Some(V::Integer32(ICON))),
        (n::SIDE_EFFECTS.into(), Some(V::Integer32(SIDE_EFFECTS))),
        (n::FILE_UNDER_ID.into(), Some(V::Integer32(AS_TYPED))),
        (n::POSTAL_ADDRESS_ID.into(), Some(V::Integer32(0))),
        (n::REMINDER_SET.into(), Some(V::Boolean(false))),
    ]
}

/// The names of a contact after a change.
pub(super) struct Names {
    /// How it is shown.
    pub(super) shown: String,
    /// What to write of it.
    pub(super) settings: Vec<Setting>,
}

/// Returns the names that a contact is shown and filed by. Its subject is its name as well, and some programs write no other.
pub(super) fn shown(item: &Properties) -> Shown {
    let display = text(item.value(p::DISPLAY_NAME));
    Shown {
        display: if display.is_empty() { text(item.value(p::SUBJECT)) } else { display },
        file_as: text(item.value(n::FILE_UNDER)),
    }
}

fn text(value: Option<&V>) -> String {
    value.and_then(V::as_text).unwrap_or_default().to_owned()
}

/// Follows up the names where a change touches what they are made of.
pub(super) fn names(content: &Content, before: &Content, was: &Properties) -> Names {
    let present = Shown { display: text(was.value(p::DISPLAY_NAME)), ..shown(was) };
    if !names::concerns(content) {
        return Names { shown: present.display, settings: Vec::new() };
    }
    let derived = names::follow(content, before, &present);
    let mut settings: Vec<Setting> = Vec::new();
    if let Some(display) = &derived.display {
        // A contact's subject is its name.
        for of in [p::DISPLAY_NAME, p::SUBJECT] {
            settings.push((of.into(), Some(V::from(display.as_str()))));
        }
    }
    if let Some(file_as) = derived.file_as {
        settings.push((n::FILE_UNDER.into(), Some(V::String(file_as))));
    }
    Names { shown: derived.display.unwrap_or(present.display), settings }
}

/// One of the three postal addresses.
struct Address {
    block: Block,
    /// `PidLidPostalAddressId`.
    number: i32,
    /// The whole address in one text.
    whole: Named,
    street: Field,
    postal_code: Field,
    city: Field,
    state: Field,
    country: Field,
}

/// In the order in which mail goes to them.
const ADDRESSES: [Address; 3] = [
    Address {
        block: Block::BusinessAddress,
        number: 2,
        whole: n::WORK_ADDRESS,
        street: Field::BusinessStreet,
        postal_code: Field::BusinessPostalCode,
        city: Field::BusinessCity,
        state: Field::BusinessState,
        country: Field::BusinessCountry,
    },
    Address {
        block: Block::HomeAddress,
        number: 1,
        whole: n::HOME_ADDRESS,
        street: Field::HomeStreet,
        postal_code: Field::HomePostalCode,
        city: Field::HomeCity,
        state: Field::HomeState,
        country: Field::HomeCountry,
    },
    Address {
        block: Block::OtherAddress,
        number: 3,
        whole: n::OTHER_ADDRESS,
        street: Field::OtherStreet,
        postal_code: Field::OtherPostalCode,
        city: Field::OtherCity,
        state: Field::OtherState,
        country: Field::OtherCountry,
    },
];

/// Follows up the addresses in one text, and the copies of the one that mail goes to: the first one, unless somebody chose.
pub(super) fn addresses(content: &Content, before: &Content, was: &Properties) -> Vec<Setting> {
    let mut out = Vec::new();
    let mailing = was.value(n::POSTAL_ADDRESS_ID).and_then(V::as_i32).unwrap_or(0);
    let is_there = |address: &Address| {
        address.block.fields().iter().any(|field| before.value(field).is_some())
    };
    let mut open = mailing == 0 && !ADDRESSES.iter().any(is_there);
    for address in &ADDRESSES {
        if !content.iter().any(|(field, _)| field.block() == address.block) {
            continue;
        }
        let part = |field: Field| {
            let of = if content.slot(field).is_some() { content } else { before };
            of.text(field).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let whole = address.whole_text(part);
        let is_first = open && whole.is_some();
        out.push((address.whole.into(), whole.clone().map(V::String)));
        if is_first {
            out.push((n::POSTAL_ADDRESS_ID.into(), Some(V::Integer32(address.number))));
            open = false;
        }
        if mailing == address.number || is_first {
            out.extend(address.copies(part));
            out.push((p::POSTAL_ADDRESS.into(), whole.map(V::String)));
        }
    }
    out
}

impl Address {
    /// The street, then postal code and city, then state and country, a line each.
    fn whole_text(&self, part: impl Fn(Field) -> Option<String>) -> Option<String> {
        let city: Vec<String> =
            [part(self.postal_code), part(self.city)].into_iter().flatten().collect();
        let city = (!city.is_empty()).then(|| city.join(" "));
        let lines: Vec<String> = [part(self.street), city, part(self.state), part(self.country)]
            .into_iter()
            .flatten()
            .collect();
        (!lines.is_empty()).then(|| newlines(&lines.join("\n")))
    }

    fn copies(&self, part: impl Fn(Field) -> Option<String>) -> Vec<Setting> {
        let copies: [(PropertyTag, Field); 5] = [
            (p::MAIL_STREET, self.street),
            (p::MAIL_POSTAL_CODE, self.postal_code),
            (p::MAIL_CITY, self.city),
            (p::MAIL_STATE, self.state),
            (p::MAIL_COUNTRY, self.country),
        ];
        let text = |field| part(field).map(|text| V::String(newlines(&text)));
        copies.map(|(copy, field)| (copy.into(), text(field))).to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::{ADDRESSES, addresses, names};
    use crate::mailbox::pst::times::Setting;
    use crate::mapi::{Properties, Value as V, named as n, property as p};
    use crate::model::{Block, Content, Field};

    fn content(parts: &[(Field, &str)]) -> Content {
        let mut content = Content::new();
        for (field, text) in parts {
            content.set_text(*field, *text);
        }
        content
    }

    fn put(settings: Vec<Setting>) -> Properties {
        settings.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
    }

    #[test]
    fn the_table_of_addresses_names_the_fields_of_their_blocks() {
        for address in &ADDRESSES {
            let parts =
                [address.street, address.postal_code, address.city, address.state, address.country];
            for field in parts {
                assert_eq!(field.block(), address.block);
            }
            assert_eq!(address.block.fields().len(), 5);
        }
        assert_eq!(Block::BusinessAddress, ADDRESSES[0].block);
    }

    #[test]
    fn mail_goes_to_the_first_address_of_a_new_contact() {
        let home = content(&[
            (Field::HomeStreet, "Hauptstr. 1\nHinterhaus"),
            (Field::HomePostalCode, "80331"),
            (Field::HomeCity, "München"),
            (Field::HomeCountry, "Deutschland"),
        ]);
        // The same where it gets its first one later.
        let mut without = Properties::new();
        without.set(n::POSTAL_ADDRESS_ID, V::Integer32(0));
        for was in [Properties::new(), without.clone()] {
            let item = put(addresses(&home, &Content::new(), &was));
            let whole = "Hauptstr. 1\r\nHinterhaus\r\n80331 München\r\nDeutschland";
            assert_eq!(item.value(n::POSTAL_ADDRESS_ID), Some(&V::Integer32(1)));
            assert_eq!(item.value(n::HOME_ADDRESS), Some(&V::from(whole)));
            assert_eq!(item.value(p::POSTAL_ADDRESS), Some(&V::from(whole)));
            assert_eq!(item.value(p::MAIL_CITY), Some(&V::from("München")));
        }
        // Where there was one and mail goes to none, somebody wanted it so.
        let before = content(&[(Field::OtherCity, "Wien")]);
        let item = put(addresses(&home, &before, &without));
        assert_eq!(item.value(n::POSTAL_ADDRESS_ID), None);
        assert_eq!(item.value(p::MAIL_CITY), None);
    }

    #[test]
    fn an_address_that_mail_does_not_go_to_leaves_the_copies() {
        let mut was = Properties::new();
        was.set(n::POSTAL_ADDRESS_ID, V::Integer32(2));
        let home = content(&[(Field::HomeCity, "München")]);
        let before = content(&[(Field::HomeStreet, "Hauptstr. 1")]);
        let settings = addresses(&home, &before, &was);
        let item = put(settings);
        assert_eq!(item.value(n::HOME_ADDRESS), Some(&V::from("Hauptstr. 1\r\nMünchen")));
        assert_eq!(item.value(p::MAIL_CITY), None);
    }

    #[test]
    fn a_contacts_subject_is_its_name() {
        let anna = content(&[(Field::GivenName, "Anna"), (Field::Surname, "Müller")]);
        let names = names(&anna, &Content::new(), &Properties::new());
        assert_eq!(names.shown, "Anna Müller");
        let item = put(names.settings);
        assert_eq!(item.value(p::SUBJECT), Some(&V::from("Anna Müller")));
        assert_eq!(item.value(n::FILE_UNDER), Some(&V::from("Müller, Anna")));
    }
}
