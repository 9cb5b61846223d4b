//! Pure: the fax numbers of a contact as addresses, which Outlook makes for its address book: a name, `@`, and the number
//! (MS-OXOCNTC 2.2.1.2.8). What is there is kept in step; where there is none, Outlook makes it when it saves the contact.

use super::renames::{self, Renames};
use super::times::Setting;
use crate::mapi::{Named, Properties, PropertyTag, Value as V, named as n, property as p};
use crate::model::{Content, Field, Slot, Value};

/// The properties of a fax.
struct FaxSlot {
    field: Field,
    /// The number.
    number: PropertyTag,
    /// What stands for it in the lists of addresses in use. Their order is not that of the slots.
    listed: i32,
    kind: Named,
    address: Named,
    original_display: Named,
    entry: Named,
}

const FAXES: [FaxSlot; 3] = [
    FaxSlot {
        field: Field::OtherFax,
        number: p::PRIMARY_FAX,
        listed: 5,
        kind: n::FAX_1_TYPE,
        address: n::FAX_1_ADDRESS,
        original_display: n::FAX_1_ORIGINAL_DISPLAY,
        entry: n::FAX_1_ORIGINAL_ENTRY_ID,
    },
    FaxSlot {
        field: Field::BusinessFax,
        number: p::BUSINESS_FAX,
        listed: 3,
        kind: n::FAX_2_TYPE,
        address: n::FAX_2_ADDRESS,
        original_display: n::FAX_2_ORIGINAL_DISPLAY,
        entry: n::FAX_2_ORIGINAL_ENTRY_ID,
    },
    FaxSlot {
        field: Field::HomeFax,
        number: p::HOME_FAX,
        listed: 4,
        kind: n::FAX_3_TYPE,
        address: n::FAX_3_ADDRESS,
        original_display: n::FAX_3_ORIGINAL_DISPLAY,
        entry: n::FAX_3_ORIGINAL_ENTRY_ID,
    },
];

/// Writes what a change makes of the faxes that `was` has as addresses. Returns what stands in the lists for those that go.
pub(super) fn write(
    content: &Content,
    was: &Properties,
    renames: &Renames,
    out: &mut Vec<Setting>,
) -> Vec<i32> {
    FAXES
        .iter()
        .filter(|fax| !keep(fax, content, was, renames, out))
        .map(|fax| fax.listed)
        .collect()
}

/// Keeps a fax in step; says that it does not where it goes.
fn keep(
    fax: &FaxSlot,
    content: &Content,
    was: &Properties,
    renames: &Renames,
    out: &mut Vec<Setting>,
) -> bool {
    let text = |of| was.value(of).and_then(V::as_text).unwrap_or_default();
    let address = text(fax.address);
    let Some((name, dialled)) = address.rsplit_once('@') else { return true };
    if !text(fax.kind).eq_ignore_ascii_case("FAX") {
        return true;
    }
    let old = was.value(fax.number).and_then(V::as_text).unwrap_or_default();
    let told = content.slot(fax.field).filter(|_| dials(dialled, old)).map(Slot::value);
    let number = match told.map(|value| value.and_then(Value::as_text)) {
        Some(None) => {
            let all = [fax.kind, fax.address, fax.original_display, fax.entry];
            out.extend(all.map(|of| (of.into(), None)));
            return false;
        }
        Some(Some(new)) if new != old => new,
        _ => dialled,
    };
    let now = format!("{}@{number}", renames.name(name).unwrap_or(name));
    let entry = renames::entry(was.value(fax.entry), |entry| {
        if let Some(name) = renames.name(&entry.name) {
            entry.name = name.to_owned();
        }
        if entry.address == address {
            entry.address.clone_from(&now);
        }
    });
    let display = renames.name(text(fax.original_display)).map(V::from);
    let settings =
        [(fax.address, Some(V::String(now))), (fax.original_display, display), (fax.entry, entry)];
    out.extend(
        settings.into_iter().filter(|(_, value)| value.is_some()).map(|(of, v)| (of.into(), v)),
    );
    true
}

/// Says whether an address dials a number: Outlook puts the code of the country before it, and may take its first zero away.
fn dials(dialled: &str, number: &str) -> bool {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let number = digits(number);
    let number = number.trim_start_matches('0');
    !number.is_empty() && digits(dialled).ends_with(number)
}

#[cfg(test)]
mod tests {
    use super::write;
    use crate::mailbox::pst::contact;
    use crate::mailbox::pst::people;
    use crate::mailbox::pst::renames::Renames;
    use crate::mailbox::pst::times::put;
    use crate::mapi::entry::OneOff;
    use crate::mapi::{Properties, Value as V, named as n, property as p};
    use crate::model::{Content, Field};

    const NAME: &str = "コム ドット イグザンプル 殿";

    fn parts() -> Content {
        Content::of_texts(&[
            (Field::Title, "Mr."),
            (Field::GivenName, "コム"),
            (Field::MiddleName, "ドット"),
            (Field::Surname, "イグザンプル"),
            (Field::Suffix, "殿"),
        ])
    }

    /// The contact of `HiraokaHyperTools__contacts.pst`, as Outlook 2013 made it: its name is shown in the order of the East, its
    /// addresses have the other.
    fn made_by_outlook() -> Properties {
        let address = format!("{NAME}@+81 06-0001-0003");
        let entry = OneOff {
            name: NAME.to_owned(),
            kind: "FAX".to_owned(),
            address: address.clone(),
            flags: 0x8000,
        };
        let settings = [
            (p::DISPLAY_NAME.into(), Some(V::from("Mr. イグザンプル ドット コム 殿"))),
            (p::SUBJECT.into(), Some(V::from(NAME))),
            (p::BUSINESS_FAX.into(), Some(V::from("06-0001-0003"))),
            (n::EMAIL_1_TYPE.into(), Some(V::from("SMTP"))),
            (n::EMAIL_1_ADDRESS.into(), Some(V::from("test@example.com"))),
            (n::EMAIL_1_DISPLAY.into(), Some(V::String(format!("{NAME} (test@example.com)")))),
            (n::FAX_1_TYPE.into(), Some(V::from("FAX"))),
            (n::FAX_1_ADDRESS.into(), Some(V::from(""))),
            (n::FAX_2_TYPE.into(), Some(V::from("FAX"))),
            (n::FAX_2_ADDRESS.into(), Some(V::String(address))),
            (n::FAX_2_ORIGINAL_DISPLAY.into(), Some(V::from(NAME))),
            (n::FAX_2_ORIGINAL_ENTRY_ID.into(), Some(V::Binary(entry.to_bytes()))),
            (n::ADDRESS_BOOK_PROVIDER_EMAIL_LIST.into(), Some(V::Integers32(vec![0, 3]))),
            (n::ADDRESS_BOOK_PROVIDER_ARRAY_TYPE.into(), Some(V::Integer32(9))),
        ];
        put(settings.to_vec())
    }

    fn apply(content: &Content, was: &Properties) -> Properties {
        let names = contact::names(content, &parts(), was);
        let renames = Renames::of(content, &parts(), was, &names);
        let mut item = was.clone();
        for (key, value) in people::write(content, was, &names.shown, &renames) {
            match value {
                Some(value) => item.set(key, value),
                None => drop(item.remove(key)),
            }
        }
        item
    }

    fn fax(item: &Properties) -> OneOff {
        let bytes = item.value(n::FAX_2_ORIGINAL_ENTRY_ID).and_then(V::as_bytes).unwrap();
        OneOff::parse(bytes).unwrap().unwrap()
    }

    /// MS-OXOCNTC 2.2.1.2.7 to 2.2.1.2.10.
    #[test]
    fn a_fax_follows_its_number_and_its_name() {
        let was = made_by_outlook();
        let change = [(Field::BusinessFax, "+49 89 999"), (Field::Surname, "Neu")];
        let item = apply(&Content::of_texts(&change), &was);
        let (name, address) = ("コム ドット Neu 殿", "コム ドット Neu 殿@+49 89 999");
        assert_eq!(item.value(n::FAX_2_ADDRESS), Some(&V::from(address)));
        assert_eq!(item.value(n::FAX_2_ORIGINAL_DISPLAY), Some(&V::from(name)));
        let entry = fax(&item);
        assert_eq!((&*entry.name, &*entry.kind, &*entry.address), (name, "FAX", address));
        assert_eq!(entry.flags, 0x8000);
        let display = V::from("コム ドット Neu 殿 (test@example.com)");
        assert_eq!(item.value(n::EMAIL_1_DISPLAY), Some(&display));
        // Slots without a number stay so, and the lists name what they named.
        assert_eq!(item.value(n::FAX_1_ADDRESS), Some(&V::from("")));
        let list = n::ADDRESS_BOOK_PROVIDER_EMAIL_LIST;
        assert_eq!(item.value(list), was.value(list));
    }

    /// MS-OXOCNTC 2.2.1.2.11 and 2.2.1.2.12: 3 and the bit 8 are the fax at work.
    #[test]
    fn a_fax_that_goes_leaves_the_address_book() {
        let mut change = Content::new();
        change.set_blank(Field::BusinessFax);
        let item = apply(&change, &made_by_outlook());
        for of in [n::FAX_2_TYPE, n::FAX_2_ADDRESS, n::FAX_2_ORIGINAL_DISPLAY] {
            assert_eq!(item.value(of), None, "{of:?}");
        }
        assert_eq!(item.value(n::FAX_2_ORIGINAL_ENTRY_ID), None);
        assert_eq!(item.value(n::ADDRESS_BOOK_PROVIDER_EMAIL_LIST), Some(&V::Integers32(vec![0])));
        assert_eq!(item.value(n::ADDRESS_BOOK_PROVIDER_ARRAY_TYPE), Some(&V::Integer32(1)));
    }

    #[test]
    fn d11_a_fax_with_a_number_of_its_own_stays() {
        let mut was = made_by_outlook();
        was.set(n::FAX_2_ADDRESS, V::from("Empfang@+81 06-7777-0000"));
        let mut change = Content::of_texts(&[(Field::BusinessFax, "+49 89 999")]);
        assert_eq!(apply(&change, &was), was);
        change.set_blank(Field::BusinessFax);
        assert_eq!(apply(&change, &was), was);
        let mut out = Vec::new();
        let number = Content::of_texts(&[(Field::HomeFax, "089 999")]);
        assert!(write(&number, &Properties::new(), &Renames::default(), &mut out).is_empty());
        assert_eq!(out, [], "no fax is made where Outlook made none");
    }
}
