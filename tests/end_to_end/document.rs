//! The document that `--json` prints, held against the words and the committed schema.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::expected::Counts;
use crate::place::Ended;

/// The counts of a scope and of the totals, as they are promised.
pub(crate) const TALLY: [&str; 12] = [
    "created",
    "linked",
    "updated_outlook",
    "updated_staffitpro",
    "deleted_outlook",
    "moved",
    "unchanged",
    "kept",
    "waiting",
    "held",
    "skipped",
    "failed",
];

/// The counts that stand for a write.
const WRITES: [&str; 5] =
    ["created", "linked", "updated_outlook", "updated_staffitpro", "deleted_outlook"];

/// Reads the one document that a run printed.
#[track_caller]
pub(crate) fn read(ended: &Ended) -> Value {
    let document: Value = serde_json::from_str(&ended.stdout)
        .unwrap_or_else(|error| panic!("{error}\n{}\n{}", ended.stdout, ended.stderr));
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/report.schema.json");
    let schema: Value = serde_json::from_str(&fs::read_to_string(schema).unwrap()).unwrap();
    hold(&document, &schema, &schema, "document");
    let plan = document["schema"].as_str().unwrap().starts_with("abgleich-plan/");
    assert_eq!(
        keys(&document),
        ["schema", "run", "started", "finished", "totals", "mailboxes", "remarks"]
    );
    assert_eq!(keys(&document["totals"]), TALLY);
    for mailbox in document["mailboxes"].as_array().unwrap() {
        let mut expected = vec!["user", "address", "outcome", "stopped", "scopes", "findings"];
        expected.extend(plan.then_some("lines"));
        assert_eq!(keys(mailbox), expected);
        for scope in mailbox["scopes"].as_array().unwrap() {
            let (first, counts) = (keys(scope)[0], &keys(scope)[1..]);
            assert_eq!((first, counts), ("scope", &TALLY[..]));
        }
    }
    for count in TALLY {
        let scopes = document["mailboxes"].as_array().unwrap().iter();
        let scopes = scopes.flat_map(|mailbox| mailbox["scopes"].as_array().unwrap());
        let sum: u64 = scopes.map(|scope| scope[count].as_u64().unwrap()).sum();
        assert_eq!(document["totals"][count], sum, "the total of {count}");
    }
    document
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// Returns what is said of one user's mailbox.
pub(crate) fn mailbox<'a>(document: &'a Value, user: &str) -> &'a Value {
    let mut all = document["mailboxes"].as_array().unwrap().iter();
    all.find(|mailbox| mailbox["user"] == user).unwrap_or_else(|| panic!("{user} is missing"))
}

/// Returns one count of each scope where it is not zero.
pub(crate) fn counts(mailbox: &Value, count: &str) -> Counts {
    let scopes = mailbox["scopes"].as_array().unwrap().iter();
    scopes
        .map(|scope| (scope["scope"].as_str().unwrap().to_owned(), scope[count].as_u64().unwrap()))
        .filter(|(_, count)| *count > 0)
        .collect()
}

/// Every kind of write must be zero, in the totals and in every scope.
#[track_caller]
pub(crate) fn wrote_nothing(document: &Value) {
    for count in WRITES {
        assert_eq!(document["totals"][count], 0, "{count}: {document:#}");
    }
}

/// Holds a value against a schema. Knows the words that the committed schema uses, and no others.
fn hold(value: &Value, schema: &Value, root: &Value, place: &str) {
    for (word, rule) in schema.as_object().unwrap() {
        match word.as_str() {
            "$ref" => {
                let pointer = rule.as_str().unwrap().strip_prefix('#').unwrap();
                hold(value, root.pointer(pointer).unwrap(), root, place);
            }
            "type" => {
                let is = |name: &Value| match name.as_str().unwrap() {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "boolean" => value.is_boolean(),
                    "integer" => value.is_u64() || value.is_i64(),
                    "null" => value.is_null(),
                    other => panic!("unknown type {other}"),
                };
                let fits = rule.as_array().map_or_else(|| is(rule), |names| names.iter().any(is));
                assert!(fits, "{place} is not {rule}: {value}");
            }
            "properties" => {
                for (name, rule) in rule.as_object().unwrap() {
                    if let Some(value) = value.get(name) {
                        hold(value, rule, root, &format!("{place}.{name}"));
                    }
                }
            }
            "required" => {
                for name in rule.as_array().unwrap() {
                    assert!(value.get(name.as_str().unwrap()).is_some(), "{place} lacks {name}");
                }
            }
            "additionalProperties" => {
                assert_eq!(*rule, false, "only the simplest form is known here");
                let known = schema["properties"].as_object().unwrap();
                let strange = keys(value).into_iter().find(|key| !known.contains_key(*key));
                assert_eq!(strange, None, "in {place}");
            }
            "items" => {
                for (number, value) in value.as_array().into_iter().flatten().enumerate() {
                    hold(value, rule, root, &format!("{place}[{number}]"));
                }
            }
            "anyOf" => {
                // Written for an optional object only.
                if !value.is_null() {
                    let mut others =
                        rule.as_array().unwrap().iter().filter(|rule| rule["type"] != "null");
                    hold(value, others.next().unwrap(), root, place);
                }
            }
            "minimum" => {
                assert!(value.as_i64() >= rule.as_i64() || value.is_null(), "{place}: {value}");
            }
            "format" | "description" | "title" | "$schema" | "$defs" => {}
            other => panic!("the schema uses {other}, which this test does not know"),
        }
    }
}
