//! Pure: the fields of a record as they come out of a reply: each is read into its slot at once, without a copy of the JSON in
//! between. A first push reads the records of a whole filter.

use std::fmt;

use abgleich_plugin::messages::Fields;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, de};
use serde_json::Value as Json;

use crate::model::json::{ValueError, from_json, from_text};
use crate::model::{Content, Field, FieldSet, ItemKind, Slot};
use crate::source::messages::{Unknown, field};

/// The fields of one record. Of which kind it is may come after them.
#[derive(Debug, Default)]
pub(super) struct Slots {
    content: Content,
    wrong: Vec<ValueError>,
    /// Words that this version does not know.
    strange: Vec<String>,
}

impl Slots {
    /// Returns the fields as content: absent is unknown, `null` is blank. Fields that this version does not know, or that the
    /// kind does not have, are passed over.
    pub(super) fn content(self, kind: ItemKind, unknown: Unknown<'_>) -> Result<Content, String> {
        for word in self.strange {
            field(kind, &word, unknown);
        }
        if let Some(error) = self.wrong.iter().find(|error| error.field.belongs_to(kind)) {
            return Err(error.to_string());
        }
        let others: FieldSet =
            self.content.known().iter().filter(|known| !known.belongs_to(kind)).collect();
        let of_others = self.wrong.iter().map(|error| error.field);
        for other in others.iter().chain(of_others) {
            field(kind, other.key(), unknown);
        }
        let mut content = self.content;
        if !others.is_empty() {
            content.forget_all(others);
        }
        Ok(content)
    }

    fn put(&mut self, field: Field, slot: Result<Slot, ValueError>) {
        match slot {
            Ok(slot) => self.content.put(field, slot),
            Err(error) => self.wrong.push(error),
        }
    }
}

impl From<&Fields> for Slots {
    fn from(fields: &Fields) -> Self {
        let mut slots = Self::default();
        for (word, value) in fields.iter() {
            match Field::from_key(word) {
                Some(field) => slots.put(field, from_json(field, value)),
                None => slots.strange.push(word.to_owned()),
            }
        }
        slots
    }
}

impl<'de> Deserialize<'de> for Slots {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Object)
    }
}

/// Reads the object of fields.
struct Object;

impl<'de> Visitor<'de> for Object {
    type Value = Slots;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of fields")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Slots, A::Error> {
        let mut slots = Slots::default();
        // Adapters mostly deliver the fields in the order of the table: the next one is tried before any search.
        let mut table = Field::ALL.iter().copied();
        while let Some(word) = map.next_key_seed(Word(table.clone().next()))? {
            match word {
                Ok(field) => {
                    if table.next() != Some(field) {
                        table = Field::ALL.iter().copied();
                        table.by_ref().find(|known| *known == field);
                    }
                    slots.put(field, map.next_value_seed(Cell(field))?);
                }
                Err(strange) => {
                    map.next_value::<de::IgnoredAny>()?;
                    slots.strange.push(strange);
                }
            }
        }
        Ok(slots)
    }
}

/// Reads the word of a field, most likely this one.
struct Word(Option<Field>);

impl<'de> DeserializeSeed<'de> for Word {
    type Value = Result<Field, String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Word {
    type Value = Result<Field, String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the word of a field")
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<Self::Value, E> {
        let likely = self.0.filter(|field| field.key() == word);
        Ok(likely.or_else(|| Field::from_key(word)).ok_or_else(|| word.to_owned()))
    }
}

/// Reads the value of a field.
struct Cell(Field);

impl<'de> DeserializeSeed<'de> for Cell {
    type Value = Result<Slot, ValueError>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Cell {
    type Value = Result<Slot, ValueError>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value of a field")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(Ok(Slot::Blank))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(from_text(self.0, text))
    }

    fn visit_bool<E: de::Error>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(from_json(self.0, &Json::from(flag)))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(from_json(self.0, &Json::from(number)))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(from_json(self.0, &Json::from(number)))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Self::Value, E> {
        Ok(from_json(self.0, &Json::from(number)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        Ok(from_json(self.0, &Json::deserialize(SeqAccessDeserializer::new(seq))?))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        Ok(from_json(self.0, &Json::deserialize(MapAccessDeserializer::new(map))?))
    }
}

#[cfg(test)]
mod tests {
    use super::Slots;
    use crate::model::{Content, Field, ItemKind, Value};

    fn read(json: &str) -> (Result<Content, String>, Vec<String>) {
        let mut strange = Vec::new();
        let slots: Slots = serde_json::from_str(json).unwrap();
        let content = slots.content(ItemKind::Contact, &mut |what| strange.push(what));
        // The other way in, for replies that were read as a whole, says the same.
        let fields: abgleich_plugin::messages::Fields = serde_json::from_str(json).unwrap();
        assert_eq!(Slots::from(&fields).content(ItemKind::Contact, &mut |_| {}), content);
        (content, strange)
    }

    #[test]
    fn d11_absent_null_and_value_are_three_things_and_strange_fields_are_passed_over() {
        let (content, strange) = read(
            r#"{"surname": "M\u00fcller", "company": null, "blood_group": {"a": ["A"]}, "subject": "x",
                "categories": ["Java"], "birthday": "1980-02-29"}"#,
        );
        let content = content.unwrap();
        assert_eq!(content.text(Field::Surname), Some("Müller"));
        assert!(content.slot(Field::Company).unwrap().is_blank());
        assert!(content.slot(Field::GivenName).is_none());
        assert_eq!(content.value(Field::Categories), Some(&Value::List(vec!["Java".into()])));
        let birthday = jiff::civil::date(1980, 2, 29);
        assert_eq!(content.value(Field::Birthday), Some(&Value::Date(birthday)));
        assert_eq!(strange, ["field `blood_group` of `contact`", "field `subject` of `contact`"]);
    }

    #[test]
    fn a_value_of_another_form_names_its_field() {
        for (json, expected) in [
            (r#"{"company": 3}"#, "field `company` is not a string"),
            (r#"{"company": ["A"]}"#, "field `company` is not a string"),
            (r#"{"categories": "A"}"#, "field `categories` is not a list of strings"),
            (r#"{"birthday": "soon"}"#, "field `birthday` is not a date such as 2026-11-22"),
        ] {
            assert_eq!(read(json).0, Err(expected.to_owned()));
        }
    }
}
