//! Pure: the fields of a record with their values.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

/// The fields of a record by their words, see [`crate::fields`]: `null` is blank, what is not there is unknown.
///
/// An adapter fills one for each record that it reads, sixty fields and more, so that the words of the table are borrowed.
#[derive(Clone, Debug, Default)]
pub struct Fields(Vec<(Cow<'static, str>, Value)>);

impl Fields {
    /// Makes fields of which none is known.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a field. One that was set before is replaced.
    pub fn insert(&mut self, word: impl Into<Cow<'static, str>>, value: impl Into<Value>) {
        let (word, value) = (word.into(), value.into());
        match self.0.iter_mut().find(|(known, _)| *known == word) {
            Some(entry) => entry.1 = value,
            None => self.0.push((word, value)),
        }
    }

    /// Returns the value of a field that is known.
    pub fn get(&self, word: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| known == word).map(|(_, value)| value)
    }

    /// Goes through the known fields in the order in which they were set.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(word, value)| (word.as_ref(), value))
    }

    /// Keeps the fields of which this is said.
    pub fn retain(&mut self, mut keep: impl FnMut(&str) -> bool) {
        self.0.retain(|(word, _)| keep(word));
    }
}

/// Fields are equal in any order.
impl PartialEq for Fields {
    fn eq(&self, other: &Self) -> bool {
        self.0.len() == other.0.len()
            && self.iter().all(|(word, value)| other.get(word) == Some(value))
    }
}

/// Gathers fields; each word comes once.
impl FromIterator<(Cow<'static, str>, Value)> for Fields {
    fn from_iter<I: IntoIterator<Item = (Cow<'static, str>, Value)>>(fields: I) -> Self {
        Self(fields.into_iter().collect())
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of fields")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields: Vec<(Cow<'static, str>, Value)> = Vec::new();
                while let Some((word, value)) = map.next_entry::<String, Value>()? {
                    fields.push((Cow::Owned(word), value));
                }
                let words: HashSet<&str> = fields.iter().map(|(word, _)| word.as_ref()).collect();
                if words.len() == fields.len() {
                    return Ok(Fields(fields));
                }
                // Of a word that comes twice the last value counts, as with any object.
                let mut last = Fields::new();
                for (word, value) in fields {
                    last.insert(word, value);
                }
                Ok(last)
            }
        }

        deserializer.deserialize_map(Reader)
    }
}

impl JsonSchema for Fields {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Map::<String, Value>::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Map::<String, Value>::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::Fields;
    use serde_json::{Value, json};

    #[test]
    fn fields_are_an_object_in_any_order() {
        let mut fields = Fields::new();
        fields.insert("surname", "Müller");
        fields.insert("company", "A");
        fields.insert("company", Value::Null);
        let text = serde_json::to_string(&fields).unwrap();
        assert_eq!(text, r#"{"surname":"Müller","company":null}"#);
        let read: Fields = serde_json::from_str(r#"{"company":null,"surname":"Müller"}"#).unwrap();
        assert_eq!(read, fields);
        assert_eq!(read.get("surname"), Some(&json!("Müller")));
        assert_ne!(read, Fields::new());
        let twice: Fields =
            serde_json::from_str(r#"{"company":"A","surname":"Müller","company":null}"#).unwrap();
        assert_eq!(twice, fields, "the last one counts");
    }
}
