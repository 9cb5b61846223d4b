//! Pure: the JSON schema by which editors complete and check configuration files, made from the table of keys.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::config::keys::{ACTIVITIES, ACTIVITIES_SCOPE, BRAKE, CONTACTS, ROOT};
use crate::config::nearest::fold;
use crate::config::settings::Scheme;
use crate::config::shape::{Key, MODES, Shape, Text};
use crate::model::{Field, ItemKind, Mode};

/// Returns the text of `abgleich.schema.json`, which lies beside a configuration file so that editors find it.
pub const fn schema_file() -> &'static str {
    include_str!("../../config/abgleich.schema.json")
}

/// Returns the JSON schema of configuration files, made anew from the table of keys.
pub fn schema() -> Value {
    let mut schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Configuration of abgleich",
    });
    if let (Value::Object(schema), Value::Object(table)) = (&mut schema, table(ROOT)) {
        schema.extend(table);
        let definitions = [
            ("mode", &Shape::Mode),
            ("contacts", &CONTACTS),
            ("activities", &ACTIVITIES),
            ("brake", &Shape::Table(BRAKE)),
            ("secret", &Shape::Secret),
        ];
        let definitions: Map<_, _> = definitions
            .iter()
            .map(|(name, shape)| ((*name).to_owned(), spelled_out(shape)))
            .collect();
        schema.insert("definitions".to_owned(), Value::Object(definitions));
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

/// Returns the schema of a value; shapes that occur again and again are told once and referred to.
fn shape(shape: &Shape) -> Value {
    let name = match shape {
        Shape::Mode => "mode",
        Shape::Secret => "secret",
        Shape::TextOr { text: Shape::Mode, table, .. } if table.len() == ACTIVITIES_SCOPE.len() => {
            "activities"
        }
        Shape::TextOr { text: Shape::Mode, .. } => "contacts",
        Shape::Table(keys)
            if keys.iter().map(|key| key.name).eq(BRAKE.iter().map(|key| key.name)) =>
        {
            "brake"
        }
        _ => return spelled_out(shape),
    };
    // Beside a bare $ref, draft 7 ignores everything else, the description included.
    json!({ "allOf": [{ "$ref": format!("#/definitions/{name}") }] })
}

fn spelled_out(shape: &Shape) -> Value {
    match shape {
        Shape::Text(rule) => text(*rule),
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::Count { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Shape::CodePage => json!({ "type": "integer", "minimum": 1, "maximum": 65_535 }),
        Shape::Days => {
            json!({ "anyOf": [{ "type": "integer", "minimum": 0, "maximum": 36500 }, { "const": "all" }] })
        }
        Shape::Word(words) => json!({ "enum": words }),
        Shape::Mode => {
            let german = Mode::ALL.map(|mode| mode.german().to_owned());
            let plain = german.clone().map(|word| plain(&word));
            let english = MODES.iter().map(|word| (*word).to_owned());
            enumeration(english.chain(german).chain(plain))
        }
        Shape::Scheme => json!({ "enum": Scheme::KEYS }),
        Shape::Fields(switch) => {
            let kinds = ItemKind::ALL.into_iter().filter(|kind| kind.switch() == *switch);
            let fields: Vec<_> = kinds.flat_map(Field::of).collect();
            let words = fields.iter().map(|field| field.key());
            let words = words.chain(fields.iter().map(|field| field.german()));
            json!({ "type": "array", "items": enumeration(words.map(str::to_owned)) })
        }
        Shape::Texts(rule) => {
            let one = text(*rule);
            json!({ "anyOf": [one.clone(), { "type": "array", "items": one }] })
        }
        Shape::Table(keys) => table(keys),
        Shape::TextOr { text, table: keys, .. } => {
            json!({ "anyOf": [self::shape(text), self::table(keys)] })
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

/// Allows these words, each named once.
fn enumeration(words: impl Iterator<Item = String>) -> Value {
    let mut seen = BTreeSet::new();
    let words: Vec<_> = words.filter(|word| seen.insert(word.clone())).collect();
    json!({ "enum": words })
}

fn text(rule: Text) -> Value {
    let pattern = match rule {
        Text::Address => "^[^@\\s]+@[^@\\s]+$",
        Text::AddressEnd => "^@.",
        Text::Url => "^([hH][tT][tT][pP][sS]://|autodiscover$)",
        Text::HostPattern => "^(\\*\\.)?[A-Za-z0-9_.-]+$",
        Text::Quiet => "^([A-Za-z,-]+ )?([0-9]{1,2}:[0-9]{2}-[0-9]{1,2}:[0-9]{2})?$|^[A-Za-z,-]+$",
        Text::Sid => "^S-1(-[0-9]+)+$",
        Text::Digest => "^[0-9a-fA-F]{64}$",
        Text::Pin => "^([0-9a-fA-F]{2}[: ]?){32}$",
        Text::Binding => "^(auto|off|[0-9a-fA-F: ]{64,})$",
        Text::Proxy => "^([hH][tT][tT][pP]://)?[A-Za-z0-9_.-]+(:[0-9]+)?/?$",
        Text::Adapter => "^[^/\\\\.:]+$",
        Text::Folder => "^[^\\\\]+$",
        Text::Category => "^[^,;\u{61B}\u{FE54}\u{FF1B}]{1,255}$",
        Text::Line | Text::Path | Text::LocalPath | Text::Pattern | Text::Zone => {
            return json!({ "type": "string", "minLength": 1 });
        }
    };
    json!({ "type": "string", "pattern": pattern })
}
