//! Pure: the JSON schema by which editors complete and check configuration files, made from the table of keys.

use serde_json::{Map, Value, json};

use crate::config::keys::ROOT;
use crate::config::nearest::fold;
use crate::config::settings::Scheme;
use crate::config::shape::{Key, MODES, Shape, Text};
use crate::model::{Field, ItemKind, Mode};

/// Returns the JSON schema of configuration files, as committed in `config/abgleich.schema.json`.
pub fn schema() -> Value {
    let mut schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Configuration of abgleich",
    });
    if let (Value::Object(schema), Value::Object(table)) = (&mut schema, table(ROOT)) {
        schema.extend(table);
    }
    schema
}

fn table(keys: &[Key]) -> Value {
    let mut properties = Map::new();
    for key in keys {
        let mut value = shape(&key.shape);
        if let Value::Object(value) = &mut value {
            value.insert("description".to_owned(), key.about.into());
        }
        // Editors compare letters, so both ways of writing an umlaut are spelled out.
        for word in std::iter::once(key.name).chain(key.also.iter().copied()) {
            properties.insert(word.to_owned(), value.clone());
            let plain = plain(word);
            if plain != word {
                properties.insert(plain, value.clone());
            }
        }
    }
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

/// Writes out the umlauts of a word and leaves the rest as it is.
fn plain(word: &str) -> String {
    word.chars()
        .map(
            |letter| if letter.is_ascii() { letter.to_string() } else { fold(&letter.to_string()) },
        )
        .collect()
}

fn shape(shape: &Shape) -> Value {
    match shape {
        Shape::Text(rule) => text(*rule),
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::Count { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Shape::Days => {
            json!({ "anyOf": [{ "type": "integer", "minimum": 0, "maximum": 36500 }, { "const": "all" }] })
        }
        Shape::Word(words) => json!({ "enum": words }),
        Shape::Mode => {
            let german = Mode::ALL.map(Mode::german);
            json!({ "enum": MODES.iter().chain(&german).collect::<Vec<_>>() })
        }
        Shape::Scheme => json!({ "enum": Scheme::KEYS }),
        Shape::Fields(switch) => {
            let kinds = ItemKind::ALL.into_iter().filter(|kind| kind.switch() == *switch);
            let mut keys: Vec<_> = kinds.flat_map(Field::of).map(Field::key).collect();
            keys.sort_unstable();
            keys.dedup();
            json!({ "type": "array", "items": { "enum": keys } })
        }
        Shape::Texts(rule) => {
            let one = text(*rule);
            json!({ "anyOf": [one.clone(), { "type": "array", "items": one }] })
        }
        Shape::Table(keys) => table(keys),
        Shape::TextOr { text, table: keys, .. } => {
            json!({ "anyOf": [self::shape(text), table(keys)] })
        }
        Shape::Named { of, .. } => {
            json!({ "type": "object", "additionalProperties": self::shape(of) })
        }
        Shape::Secret => {
            let one = |key: &str, value: Value| {
                json!({
                    "type": "object",
                    "properties": { key: value },
                    "required": [key],
                    "additionalProperties": false,
                })
            };
            json!({ "anyOf": [
                one("env", json!({ "type": "string" })),
                one("file", json!({ "type": "string" })),
                one("command", json!({ "type": "array", "items": { "type": "string" }, "minItems": 1 })),
            ] })
        }
        Shape::Unread => json!({ "type": "object" }),
    }
}

fn text(rule: Text) -> Value {
    let pattern = match rule {
        Text::Address => "^[^@\\s]+@[^@\\s]+$",
        Text::AddressEnd => "^@.",
        Text::Url => "^[hH][tT][tT][pP][sS]://",
        Text::Digest => "^[0-9a-fA-F]{64}$",
        Text::Adapter => "^[^/\\\\.:]+$",
        Text::Folder => "^[^\\\\]+$",
        Text::Line | Text::Path | Text::LocalPath | Text::Pattern | Text::Zone => {
            return json!({ "type": "string", "minLength": 1 });
        }
    };
    json!({ "type": "string", "pattern": pattern })
}
