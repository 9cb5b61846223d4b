//! Pure: the three e-mail addresses of a contact. Each takes five properties, and two lists say which ones are in use.

use super::faxes;
use super::renames::{self, Renames};
use super::table::{EMAILS, EmailSlot};
use super::times::Setting;
use crate::mapi::entry::OneOff;
use crate::mapi::{Named, Properties, Value as V, named as n};
use crate::model::{Content, Field, FieldSet, Slot, Value};

const FIELDS: [Field; 3] = [Field::Email1, Field::Email2, Field::Email3];

/// Reads a slot. One that holds something other than an Internet address is fixed (rule D11).
pub(super) fn read(
    field: Field,
    slot: EmailSlot,
    item: &Properties,
    content: &mut Content,
    fixed: &mut FieldSet,
) {
    let text = |of| item.value(of).map_or(Some(""), |value| value.as_text().map(str::trim));
    // What cannot be read is unknown, and no blank that could clear the other side.
    let (Some(kind), Some(address)) = (text(slot.kind), text(slot.address)) else { return };
    if address.is_empty() {
        content.set_blank(field);
    } else if kind.is_empty() || kind.eq_ignore_ascii_case("SMTP") {
        let prefix = address.get(..5).filter(|prefix| prefix.eq_ignore_ascii_case("smtp:"));
        content.set_text(field, address.get(prefix.map_or(0, str::len)..).unwrap_or(address));
    } else {
        fixed.insert(field);
    }
}

/// Writes the slots that a change names, and the names in those that it renames. `was` is what the item holds now, `name` how the
/// person is shown.
pub(super) fn write(
    content: &Content,
    was: &Properties,
    name: &str,
    renames: &Renames,
) -> Vec<Setting> {
    let mut out = Vec::new();
    let mut used = in_use(was);
    for (field, slot) in FIELDS.into_iter().zip(EMAILS) {
        let number = i32::from(slot.number);
        let kind = text(was, slot.kind);
        let holds = !text(was, slot.address).is_empty();
        let is_fixed = holds && !kind.is_empty() && !kind.eq_ignore_ascii_case("SMTP");
        let new = content.slot(field).filter(|_| !is_fixed);
        let filled = match new {
            None => holds,
            Some(slot) => slot.value().is_some(),
        };
        used.retain(|other| *other != number);
        if filled {
            used.push(number);
        }
        match new {
            Some(new) => fill(slot, new, was, (name, renames), &mut out),
            None if is_fixed => {}
            None => rename(slot, was, renames, &mut out),
        }
    }
    let gone = faxes::write(content, was, renames, &mut out);
    if gone.is_empty() && FIELDS.iter().all(|field| content.slot(*field).is_none()) {
        return out;
    }
    used.retain(|number| !gone.contains(number));
    used.sort_unstable();
    used.dedup();
    let bits = used.iter().fold(0, |bits, number| bits | (1 << number));
    let list = (!used.is_empty()).then_some(V::Integers32(used));
    out.push((n::ADDRESS_BOOK_PROVIDER_EMAIL_LIST.into(), list));
    out.push((n::ADDRESS_BOOK_PROVIDER_ARRAY_TYPE.into(), Some(V::Integer32(bits))));
    out
}

/// Slots in use; those from 3 on are faxes.
fn in_use(was: &Properties) -> Vec<i32> {
    match was.value(n::ADDRESS_BOOK_PROVIDER_EMAIL_LIST) {
        Some(V::Integers32(list)) => {
            list.iter().copied().filter(|number| (0..=5).contains(number)).collect()
        }
        _ => Vec::new(),
    }
}

fn fill(
    slot: EmailSlot,
    new: &Slot,
    was: &Properties,
    (name, renames): (&str, &Renames),
    out: &mut Vec<Setting>,
) {
    let Some(address) = new.value().and_then(Value::as_text).map(str::trim) else {
        let all = [slot.display, slot.kind, slot.address, slot.original_display, slot.entry];
        out.extend(all.map(|of| (of.into(), None)));
        return;
    };
    // A way of showing it that the person chose stays.
    let (shown, old) = (text(was, slot.display), text(was, slot.address));
    let chosen = !shown.is_empty() && (old.is_empty() || !shown.contains(old));
    let display = match (chosen, name.is_empty()) {
        (true, _) => renames.name(shown).unwrap_or(shown).to_owned(),
        (false, true) => address.to_owned(),
        (false, false) => renames::display(name, address),
    };
    out.extend([
        (slot.kind.into(), Some(V::from("SMTP"))),
        (slot.address.into(), Some(V::from(address))),
        (slot.original_display.into(), Some(V::from(address))),
        (slot.entry.into(), Some(V::Binary(OneOff::smtp(&display, address).to_bytes()))),
        (slot.display.into(), Some(V::String(display))),
    ]);
}

/// Lets an address that stays follow the name of its contact, where it is shown by that.
fn rename(slot: EmailSlot, was: &Properties, renames: &Renames, out: &mut Vec<Setting>) {
    let address = text(was, slot.address);
    if let Some(display) = renames.shown(text(was, slot.display), address) {
        out.push((slot.display.into(), Some(V::String(display))));
    }
    let entry = renames::entry(was.value(slot.entry), |entry| {
        if let Some(name) = renames.shown(&entry.name, address) {
            entry.name = name;
        }
    });
    out.extend(entry.map(|entry| (slot.entry.into(), Some(entry))));
}

fn text(was: &Properties, of: Named) -> &str {
    was.value(of).and_then(V::as_text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{read, write};
    use crate::mailbox::pst::contact;
    use crate::mailbox::pst::renames::Renames;
    use crate::mailbox::pst::table::EMAILS;
    use crate::mailbox::pst::times::Setting;
    use crate::mapi::entry::OneOff;
    use crate::mapi::{Properties, Value as V, named as n, property as p};
    use crate::model::{Content, Field, FieldSet};

    fn put(was: &Properties, settings: Vec<Setting>) -> Properties {
        let mut item = was.clone();
        for (key, value) in settings {
            match value {
                Some(value) => item.set(key, value),
                None => drop(item.remove(key)),
            }
        }
        item
    }

    fn apply(was: &Properties, content: &Content) -> Properties {
        put(was, write(content, was, "Anna Müller", &Renames::default()))
    }

    fn addresses(item: &Properties) -> (Content, FieldSet) {
        let (mut content, mut fixed) = (Content::new(), FieldSet::EMPTY);
        for (field, slot) in [Field::Email1, Field::Email2, Field::Email3].into_iter().zip(EMAILS) {
            read(field, slot, item, &mut content, &mut fixed);
        }
        (content, fixed)
    }

    #[test]
    fn an_address_takes_five_properties_and_a_place_in_two_lists() {
        let mut content = Content::new();
        content.set_text(Field::Email2, "anna@firma.example");
        let item = apply(&Properties::new(), &content);
        assert_eq!(item.value(n::EMAIL_2_TYPE), Some(&V::from("SMTP")));
        assert_eq!(
            item.value(n::EMAIL_2_DISPLAY),
            Some(&V::from("Anna Müller (anna@firma.example)"))
        );
        assert_eq!(item.value(n::ADDRESS_BOOK_PROVIDER_EMAIL_LIST), Some(&V::Integers32(vec![1])));
        assert_eq!(item.value(n::ADDRESS_BOOK_PROVIDER_ARRAY_TYPE), Some(&V::Integer32(2)));
        assert_eq!(addresses(&item).0.text(Field::Email2), Some("anna@firma.example"));
    }

    #[test]
    fn clearing_the_last_address_empties_the_lists_but_for_faxes() {
        let mut content = Content::new();
        content.set_text(Field::Email1, "anna@firma.example");
        let mut item = apply(&Properties::new(), &content);
        item.set(n::ADDRESS_BOOK_PROVIDER_EMAIL_LIST, V::Integers32(vec![0, 3, 3]));
        content.set_blank(Field::Email1);
        let item = apply(&item, &content);
        assert_eq!(item.value(n::EMAIL_1_ADDRESS), None);
        assert_eq!(item.value(n::ADDRESS_BOOK_PROVIDER_EMAIL_LIST), Some(&V::Integers32(vec![3])));
        assert_eq!(item.value(n::ADDRESS_BOOK_PROVIDER_ARRAY_TYPE), Some(&V::Integer32(8)));
    }

    #[test]
    fn d11_an_entry_of_the_address_book_is_left_alone() {
        let mut item = Properties::new();
        item.set(n::EMAIL_1_TYPE, V::from("EX"));
        item.set(n::EMAIL_1_ADDRESS, V::from("/o=Firma/cn=Recipients/cn=anna"));
        let (content, fixed) = addresses(&item);
        assert_eq!(content.slot(Field::Email1), None);
        assert!(fixed.contains(Field::Email1));
        let mut change = Content::new();
        change.set_text(Field::Email1, "anna@firma.example");
        change.set_text(Field::Email2, "a@b.example");
        let item = apply(&item, &change);
        assert_eq!(item.value(n::EMAIL_1_TYPE), Some(&V::from("EX")));
        assert_eq!(
            item.value(n::ADDRESS_BOOK_PROVIDER_EMAIL_LIST),
            Some(&V::Integers32(vec![0, 1]))
        );
    }

    #[test]
    fn a_chosen_way_of_showing_stays() {
        let mut content = Content::new();
        content.set_text(Field::Email1, "anna@firma.example");
        let mut item = apply(&Properties::new(), &content);
        item.set(n::EMAIL_1_DISPLAY, V::from("Annchen"));
        content.set_text(Field::Email1, "neu@firma.example");
        let item = apply(&item, &content);
        assert_eq!(item.value(n::EMAIL_1_DISPLAY), Some(&V::from("Annchen")));
    }

    /// Outlook's address book lists the display of each address, and the entry id's goes into "To:".
    #[test]
    fn an_address_is_shown_by_the_new_name_where_it_was_by_the_old_one() {
        let parts = [(Field::GivenName, "Anna"), (Field::Surname, "Müller")];
        let addresses = [(Field::Email1, "anna@firma.example"), (Field::Email2, "a@b.example")];
        let before = Content::of_texts(&[parts, addresses].concat());
        let mut item = apply(&Properties::new(), &before);
        item.set(p::DISPLAY_NAME, V::from("Anna Müller"));
        item.set(n::EMAIL_2_DISPLAY, V::from("Annchen (a@b.example)"));
        item.set(n::EMAIL_3_TYPE, V::from("EX"));
        item.set(n::EMAIL_3_ADDRESS, V::from("/o=Firma/cn=Recipients/cn=anna"));
        item.set(n::EMAIL_3_DISPLAY, V::from("Anna Müller"));
        let change = Content::of_texts(&[(Field::Surname, "Schmidt")]);
        let names = contact::names(&change, &before, &item);
        let renames = Renames::of(&change, &before, &item, &names);
        let item = put(&item, write(&change, &item, &names.shown, &renames));
        let display = "Anna Schmidt (anna@firma.example)";
        assert_eq!(item.value(n::EMAIL_1_DISPLAY), Some(&V::from(display)));
        let entry = V::Binary(OneOff::smtp(display, "anna@firma.example").to_bytes());
        assert_eq!(item.value(n::EMAIL_1_ORIGINAL_ENTRY_ID), Some(&entry));
        // Rule D11: what a person chose, and what the address book says, stays.
        assert_eq!(item.value(n::EMAIL_2_DISPLAY), Some(&V::from("Annchen (a@b.example)")));
        assert_eq!(item.value(n::EMAIL_3_DISPLAY), Some(&V::from("Anna Müller")));
        assert_eq!(
            item.value(n::ADDRESS_BOOK_PROVIDER_EMAIL_LIST),
            Some(&V::Integers32(vec![0, 1]))
        );
    }
}
