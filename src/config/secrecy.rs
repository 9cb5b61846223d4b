//! Pure: the check of secrets. None may stand in a file, and no message may repeat what looks like one.

use crate::config::check::Check;
use crate::config::fault::{Allowed, Fault};
use crate::config::problem::Problem;
use crate::config::secret::SecretRef;
use crate::config::shape::Text;
use crate::config::tree::{Node, Value};

const PLACES: [&str; 3] = ["env", "file", "command"];

/// Checks the place of a secret.
pub(in crate::config) fn place(check: &mut Check<'_>, key: &str, node: Node) -> Value {
    let key = key.to_owned();
    let table = match node.value {
        Value::Table(table) => table,
        Value::Text(_) | Value::Number(_) | Value::Decimal(_) => {
            check.report(&node.place, Fault::SecretInline { key });
            return Value::Wrong;
        }
        value => {
            let node = Node { place: node.place, value };
            check.problems.push(Problem::wrong_kind(&key, &node, Allowed::Secret));
            return Value::Wrong;
        }
    };
    let mut known = true;
    for entry in table.0.iter().filter(|entry| !PLACES.contains(&entry.key.as_str())) {
        known = false;
        let fault = Fault::UnknownKey {
            key: entry.key.clone(),
            nearest: crate::config::nearest::nearest(&entry.key, PLACES).map(str::to_owned),
            belongs: None,
            allowed: PLACES.map(str::to_owned).to_vec(),
        };
        check.report(&entry.place, fault);
    }
    if !known {
        return Value::Wrong;
    }
    let [entry] = table.0.as_slice() else {
        check.report(&node.place, Fault::SecretPlace { key });
        return Value::Wrong;
    };
    let found = &entry.node;
    let secret = match (entry.key.as_str(), &found.value) {
        ("env", Value::Text(text)) => match check.text("env", &found.place, text, Text::Line) {
            Value::Text(name) if is_variable(&name) => Some(SecretRef::Env(name)),
            Value::Text(_) => {
                // Most likely the secret itself, which no later message may repeat as a variable's name.
                check.report(&found.place, Fault::SecretInline { key: "env".to_owned() });
                return Value::Wrong;
            }
            _ => return Value::Wrong,
        },
        ("file", Value::Text(text)) => match check.text("file", &found.place, text, Text::Path) {
            Value::Text(path) => Some(SecretRef::File(path.into())),
            _ => return Value::Wrong,
        },
        ("command", Value::List(list)) if list.is_empty() => {
            check.report(&found.place, Fault::Blank { key: "command".to_owned(), empty: true });
            return Value::Wrong;
        }
        ("command", Value::List(list)) => {
            let words: Option<Vec<_>> =
                list.iter().map(|word| word.text().map(str::to_owned)).collect();
            words
                .filter(|words| words.first().is_some_and(|program| !program.is_empty()))
                .map(SecretRef::Command)
        }
        _ => None,
    };
    if let Some(secret) = secret {
        return Value::Secret(secret);
    }
    let allowed = if entry.key == "command" { Allowed::List } else { Allowed::Text };
    check.problems.push(Problem::wrong_kind(&entry.key, found, allowed));
    Value::Wrong
}

/// Looks through the settings of an adapter for what should not be there: secrets, and paths broken by backslashes.
/// `key` is the name of the value.
pub(in crate::config) fn look_for_secrets(check: &mut Check<'_>, key: &str, node: &Node) {
    match &node.value {
        Value::Table(table) => {
            for entry in &table.0 {
                look_for_secrets(check, &entry.key, &entry.node);
            }
        }
        Value::List(list) => {
            for item in list {
                look_for_secrets(check, key, item);
            }
        }
        Value::Text(text) if !text.is_empty() => {
            let key = key.to_owned();
            if sounds_secret(&key.to_lowercase()) || holds_password(text) {
                check.report(&node.place, Fault::SecretInSettings { key });
            } else if broken_path(text) {
                check.report(&node.place, Fault::ControlCharacter { key, backslash: true });
            }
        }
        _ => {}
    }
}

/// Says whether a text can be the name of an environment variable, Windows' `ProgramFiles(x86)` included.
fn is_variable(name: &str) -> bool {
    name.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-.()".contains(letter))
}

fn sounds_secret(key: &str) -> bool {
    [
        "password",
        "passwort",
        "kennwort",
        "passphrase",
        "secret",
        "token",
        "pwd",
        "api_key",
        "apikey",
    ]
    .into_iter()
    .any(|word| key.contains(word))
}

/// Recognises connection strings such as `Server=db;Uid=x;Pwd=…`.
fn holds_password(text: &str) -> bool {
    text.split(';').any(|part| {
        part.split_once('=').is_some_and(|(name, value)| {
            let name = name.trim().to_lowercase();
            !value.trim().is_empty()
                && matches!(name.as_str(), "password" | "pwd" | "passwort" | "kennwort")
        })
    })
}

/// Recognises `"C:\new"`, whose `\n` became a line break.
fn broken_path(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next().is_some_and(|drive| drive.is_ascii_alphabetic())
        && letters.next() == Some(':')
        && text.chars().any(char::is_control)
}
