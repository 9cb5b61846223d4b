//! Pure: what Outlook derives from the names of a contact: what it shows and files by.

use super::times::Setting;
use crate::mailbox::names::{self, Shown};
use crate::mapi::{Properties, Value as V, named as n, property as p};
use crate::model::Content;

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
        made_of: item.value(n::FILE_UNDER_ID).and_then(V::as_i32),
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
    if let Some(filed) = derived.file_as {
        // Outlook goes on by it when a person changes the name. A format that the person has chosen stays; earlier versions of this
        // program gave none.
        if present.file_as.is_empty() || matches!(present.made_of, None | Some(AS_TYPED)) {
            settings.push((n::FILE_UNDER_ID.into(), Some(V::Integer32(filed.id))));
        }
        settings.push((n::FILE_UNDER.into(), Some(V::String(filed.name))));
    }
    Names { shown: derived.display.unwrap_or(present.display), settings }
}

#[cfg(test)]
mod tests {
    use super::names;
    use crate::mailbox::pst::times::put;
    use crate::mapi::{Properties, Value as V, named as n, property as p};
    use crate::model::{Content, Field};

    #[test]
    fn a_contacts_subject_is_its_name() {
        let anna = Content::of_texts(&[(Field::GivenName, "Anna"), (Field::Surname, "Müller")]);
        let names = names(&anna, &Content::new(), &Properties::new());
        assert_eq!(names.shown, "Anna Müller");
        let item = put(names.settings);
        assert_eq!(item.value(p::SUBJECT), Some(&V::from("Anna Müller")));
        assert_eq!(item.value(n::FILE_UNDER), Some(&V::from("Müller, Anna")));
        // MS-OXOCNTC 2.2.1.1.12: surname, comma, given name.
        assert_eq!(item.value(n::FILE_UNDER_ID), Some(&V::Integer32(0x8017)));
    }
}
