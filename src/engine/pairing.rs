//! Pure: the keys by which a record and an unpaired item recognise each other (rule D3).
//!
//! | kind | exact keys |
//! |---|---|
//! | contact | each e-mail address (where names do not contradict); full name + birthday; full name + each phone; full name + company |
//! | appointment | subject + start + end |
//! | task | subject + due date |
//!
//! The full name alone is a weak key: enough to hold a record, never enough to pair it.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use crate::model::canonical::{canonical, line};
use crate::model::{Content, Field, ItemKind, Shape};
use crate::state::{Keys, MatchKey};

/// Returns the salted keys of a record or an item.
pub fn keys(kind: ItemKind, content: &Content, salt: &[u8]) -> Keys {
    let hash = Salted(salt);
    match kind {
        ItemKind::Contact => contact(content, &hash),
        ItemKind::Appointment => {
            let parts =
                [Field::Subject, Field::Start, Field::End].map(|field| text(content, field));
            let key = hash.all("appointment", parts.each_ref().map(Option::as_deref));
            Keys { strong: key.into_iter().collect(), ..Keys::default() }
        }
        ItemKind::Task => {
            let subject = text(content, Field::Subject);
            let due = text(content, Field::Due).unwrap_or_default();
            let key = hash.all("task", [subject.as_deref(), Some(&due)]);
            Keys { strong: key.into_iter().collect(), ..Keys::default() }
        }
    }
}

fn contact(content: &Content, hash: &Salted<'_>) -> Keys {
    let lower = |field| text(content, field).map(|text| text.to_lowercase());
    let (given, surname) = (lower(Field::GivenName), lower(Field::Surname));
    let mut strong = Vec::new();
    for field in [Field::Email1, Field::Email2, Field::Email3, Field::Email4] {
        strong.extend(hash.all("mail", [text(content, field).as_deref()]));
    }
    let full =
        given.as_ref().zip(surname.as_ref()).map(|(given, surname)| format!("{given} {surname}"));
    if let Some(full) = &full {
        let mut with =
            |what, other: Option<&str>| strong.extend(hash.all(what, [Some(full), other]));
        with("birthday", text(content, Field::Birthday).as_deref());
        with("company", lower(Field::Company).as_deref());
        for field in Field::of(ItemKind::Contact).filter(|field| field.shape() == Shape::Phone) {
            with("phone", text(content, field).as_deref());
        }
    }
    strong.sort_unstable();
    strong.dedup();
    Keys {
        strong,
        weak: full.map(|full| hash.key("name", &[&full])),
        given: given.map(|given| hash.key("given", &[&given])),
        surname: surname.map(|surname| hash.key("surname", &[&surname])),
    }
}

fn text(content: &Content, field: Field) -> Option<Cow<'_, str>> {
    Some(match canonical(field, content.value(field)?)? {
        Cow::Borrowed(text) => line(text),
        Cow::Owned(text) => Cow::Owned(line(&text).into_owned()),
    })
}

struct Salted<'a>(&'a [u8]);

impl Salted<'_> {
    /// Returns the key, where all of its parts are known.
    fn all<const N: usize>(&self, what: &str, parts: [Option<&str>; N]) -> Option<MatchKey> {
        let known = parts.map(Option::unwrap_or_default);
        parts.iter().all(Option::is_some).then(|| self.key(what, &known))
    }

    fn key(&self, what: &str, parts: &[&str]) -> MatchKey {
        let mut hash = Sha256::new();
        hash.update(self.0);
        hash.update(what);
        for part in parts {
            hash.update([0]);
            hash.update(part);
        }
        let mut key = MatchKey::default();
        for (to, from) in key.iter_mut().zip(hash.finalize()) {
            *to = from;
        }
        key
    }
}

#[cfg(test)]
mod tests {
    use super::keys;
    use crate::model::{Content, Field, ItemKind, Value};

    fn person(given: &str, surname: &str, email: &str, phone: &str) -> Content {
        let mut content = Content::new();
        content.set_text(Field::GivenName, given);
        content.set_text(Field::Surname, surname);
        content.set_text(Field::Email1, email);
        content.set_text(Field::MobilePhone, phone);
        content
    }

    #[test]
    fn d3_phones_match_by_digits_and_addresses_without_case() {
        let one =
            keys(ItemKind::Contact, &person("Anna", "Müller", "A@x.example", "+49 170 1"), b"s");
        let two =
            keys(ItemKind::Contact, &person("ANNA", "müller", "a@X.example", "0049170/1"), b"s");
        assert_eq!(one, two);
    }

    #[test]
    fn d3_a_name_alone_is_weak() {
        let keys = keys(ItemKind::Contact, &person("Anna", "Müller", "", ""), b"s");
        assert!(keys.strong.is_empty());
        assert!(keys.weak.is_some());
    }

    #[test]
    fn d3_a_subject_alone_is_no_key_of_an_appointment() {
        let mut content = Content::new();
        content.set_text(Field::Subject, "Interview");
        assert!(keys(ItemKind::Appointment, &content, b"s").strong.is_empty());
        content.set(Field::Start, Value::Date(jiff::civil::date(2026, 11, 22)));
        content.set(Field::End, Value::Date(jiff::civil::date(2026, 11, 23)));
        assert_eq!(keys(ItemKind::Appointment, &content, b"s").strong.len(), 1);
    }

    #[test]
    fn the_salt_makes_hashes_of_two_installations_differ() {
        let content = person("Anna", "Müller", "a@x.example", "");
        assert_ne!(
            keys(ItemKind::Contact, &content, b"1"),
            keys(ItemKind::Contact, &content, b"2")
        );
    }
}
