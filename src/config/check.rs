//! Pure: holds the tree of one file against the table of keys. What comes out has only known keys, in English, and
//! values of the right shape; what was wrong is reported and marked.

use std::collections::BTreeMap;
use std::path::Path;

use crate::config::fault::Fault;
use crate::config::keys::{self, ROOT};
use crate::config::nearest::{fold, nearest};
use crate::config::origin::Place;
use crate::config::problem::Problem;
use crate::config::settings::Scheme;
use crate::config::shape::{Key, MODES, Name, OTHER_SCHEMES, Shape, Text};
use crate::config::tree::{Entry, Node, Table, Value};
use crate::config::{secrecy, wording};
use crate::model::{Field, ItemKind, Mode, Switch};
use crate::pst::messaging::CodePage;

/// Checks the tree of a file that lies in `folder`.
pub(in crate::config) fn check(root: Node, folder: &Path, problems: &mut Vec<Problem>) -> Table {
    match root.value {
        Value::Table(table) => Check { folder, problems }.table("", table, ROOT),
        _ => Table::default(),
    }
}

pub(in crate::config) struct Check<'a> {
    pub(in crate::config) folder: &'a Path,
    pub(in crate::config) problems: &'a mut Vec<Problem>,
}

impl Check<'_> {
    pub(in crate::config) fn report(&mut self, place: &Place, fault: Fault) {
        self.problems.push(Problem::error(place.clone(), fault));
    }

    pub(in crate::config) fn warn(&mut self, place: &Place, fault: Fault) {
        self.problems.push(Problem::warning(place.clone(), fault));
    }

    /// Checks a table. `parent` is the key under which it stands.
    pub(in crate::config) fn table(&mut self, parent: &str, table: Table, keys: &[Key]) -> Table {
        let mut seen: BTreeMap<&str, Place> = BTreeMap::new();
        let mut checked = Vec::new();
        for entry in table.0 {
            let Some(key) = find(keys, &entry.key) else {
                checked.extend(self.unknown(parent, &entry, keys));
                continue;
            };
            if let Some(first) = seen.get(key.name) {
                let first = Some(first.clone());
                self.report(&entry.place, Fault::Twice { key: entry.key, first });
                continue;
            }
            seen.insert(key.name, entry.place.clone());
            let node = self.value(&entry.key, entry.node, &key.shape);
            checked.push(Entry { key: key.name.to_owned(), place: entry.place, node });
        }
        Table(checked)
    }

    /// Reports a key that nobody knows. If another was probably meant, that one counts as present and wrong.
    fn unknown(&mut self, parent: &str, entry: &Entry, keys: &[Key]) -> Option<Entry> {
        let written = fold(&entry.key);
        let mut contacts = std::iter::once(Switch::Contacts.key())
            .chain(Switch::Contacts.german().iter().copied());
        let only_activities = matches!(keys, [only] if only.name == Switch::Activities.key());
        if only_activities && contacts.any(|word| fold(word) == written) {
            let module = parent.to_owned();
            self.report(&entry.place, Fault::NoContacts { module });
            return None;
        }
        let is_mailbox = keys.iter().any(|key| key.name == "pst");
        let words =
            keys.iter().flat_map(|key| std::iter::once(key.name).chain(key.also.iter().copied()));
        let near = nearest(&entry.key, words);
        if is_mailbox && near.is_none() && is_line(&entry.node) {
            let user = format!("{parent}.{}", entry.key);
            self.report(&entry.place, Fault::UserWithDot { user });
            // The line that this was meant to be is not one without an address.
            return Some(wrong("address", &entry.place));
        }
        let fault = Fault::UnknownKey {
            key: entry.key.clone(),
            nearest: near.map(str::to_owned),
            belongs: keys::belongs(&entry.key),
            allowed: keys.iter().map(|key| key.name.to_owned()).collect(),
        };
        self.report(&entry.place, fault);
        let meant = find(keys, near?)?;
        Some(wrong(meant.name, &entry.place))
    }

    /// Checks a value.
    fn value(&mut self, key: &str, node: Node, shape: &Shape) -> Node {
        let place = node.place.clone();
        let value = match (shape, node.value) {
            (_, Value::Wrong) => Value::Wrong,
            (Shape::Text(rule), Value::Text(text)) => self.text(key, &place, &text, *rule),
            (Shape::Flag, Value::Flag(flag)) => Value::Flag(flag),
            (Shape::Count { min, max }, Value::Number(number)) => {
                self.range(key, &place, number, *min, *max)
            }
            (Shape::CodePage, Value::Number(number)) => self.code_page(&place, number),
            (Shape::Days, Value::Number(number)) => self.range(key, &place, number, 0, 36_500),
            (Shape::Days, Value::Text(text)) if text == "all" => Value::Text(text),
            (Shape::Word(words), Value::Text(text)) => self.word(key, &place, text, words),
            (Shape::Mode, Value::Text(text)) => self.mode(key, &place, &text),
            (Shape::Scheme, Value::Text(scheme)) if OTHER_SCHEMES.contains(&scheme.as_str()) => {
                self.report(&place, Fault::OtherScheme { scheme });
                Value::Wrong
            }
            (Shape::Scheme, Value::Text(text)) => self.word(key, &place, text, Scheme::KEYS),
            (Shape::Fields(switch), Value::List(list)) => {
                Value::List(list.into_iter().map(|field| self.field(key, field, *switch)).collect())
            }
            (Shape::Texts(rule), Value::Text(text)) => {
                let value = self.text(key, &place, &text, *rule);
                Value::List(vec![Node { place: place.clone(), value }])
            }
            (Shape::Texts(rule), Value::List(list)) => {
                let shape = Shape::Text(*rule);
                Value::List(list.into_iter().map(|item| self.value(key, item, &shape)).collect())
            }
            (Shape::Table(keys), Value::Table(table)) => Value::Table(self.table(key, table, keys)),
            (Shape::TextOr { table: keys, .. }, Value::Table(table)) => {
                Value::Table(self.table(key, table, keys))
            }
            (Shape::TextOr { key: inner, text: shape, .. }, Value::Text(text)) => {
                let node = Node { place: place.clone(), value: Value::Text(text) };
                let node = self.value(key, node, shape);
                let entry = Entry { key: (*inner).to_owned(), place: place.clone(), node };
                Value::Table(Table(vec![entry]))
            }
            (Shape::Named { name, of }, Value::Table(table)) => {
                Value::Table(self.named(table, *name, of))
            }
            (Shape::Secret, value) => {
                secrecy::place(self, key, Node { place: place.clone(), value })
            }
            (Shape::Unread, value @ Value::Table(_)) => {
                let node = Node { place: place.clone(), value };
                secrecy::look_for_secrets(self, key, &node);
                node.value
            }
            (shape, value) => {
                let node = Node { place: place.clone(), value };
                self.problems.push(Problem::wrong_kind(key, &node, shape.allowed()));
                Value::Wrong
            }
        };
        Node { place, value }
    }

    /// Checks a text; reports what is wrong with it.
    pub(in crate::config) fn text(
        &mut self,
        key: &str,
        place: &Place,
        text: &str,
        rule: Text,
    ) -> Value {
        match wording::check(key, text, rule, self.folder) {
            Ok((text, doubt)) => {
                if let Some(doubt) = doubt {
                    self.warn(place, doubt);
                }
                Value::Text(text)
            }
            Err(fault) => {
                self.report(place, fault);
                Value::Wrong
            }
        }
    }

    fn range(&mut self, key: &str, place: &Place, found: i64, min: u32, max: u32) -> Value {
        if (i64::from(min)..=i64::from(max)).contains(&found) {
            return Value::Number(found);
        }
        self.report(place, Fault::OutOfRange { key: key.to_owned(), found, min, max });
        Value::Wrong
    }

    fn code_page(&mut self, place: &Place, found: i64) -> Value {
        if u32::try_from(found).is_ok_and(|number| CodePage(number).is_known()) {
            return Value::Number(found);
        }
        self.report(place, Fault::CodePage { found });
        Value::Wrong
    }

    fn word(&mut self, key: &str, place: &Place, found: String, words: &[&str]) -> Value {
        if words.contains(&found.as_str()) {
            return Value::Text(found);
        }
        let fault = Fault::UnknownWord {
            key: key.to_owned(),
            nearest: nearest(&found, words.iter().copied()).map(str::to_owned),
            found,
            allowed: words.iter().map(|word| (*word).to_owned()).collect(),
        };
        self.report(place, fault);
        Value::Wrong
    }

    fn mode(&mut self, key: &str, place: &Place, found: &str) -> Value {
        let written = fold(found);
        let mode = Mode::ALL
            .into_iter()
            .find(|mode| mode.key() == written || fold(mode.german()) == written);
        if let Some(mode) = mode {
            return Value::Text(mode.key().to_owned());
        }
        let words = Mode::ALL.into_iter().flat_map(|mode| [mode.key(), mode.german()]);
        let fault = Fault::UnknownWord {
            key: key.to_owned(),
            found: found.to_owned(),
            nearest: nearest(found, words).map(str::to_owned),
            allowed: MODES.iter().map(|word| (*word).to_owned()).collect(),
        };
        self.report(place, fault);
        Value::Wrong
    }

    fn field(&mut self, key: &str, node: Node, switch: Switch) -> Node {
        let Some(found) = node.text() else {
            let allowed = Shape::Text(Text::Line).allowed();
            self.problems.push(Problem::wrong_kind(key, &node, allowed));
            return Node { place: node.place, value: Value::Wrong };
        };
        let written = fold(found);
        let field = fields_of(switch)
            .find(|field| field.key() == written || fold(field.german()) == written);
        let value = if let Some(field) = field {
            Value::Text(field.key().to_owned())
        } else {
            let words = fields_of(switch).flat_map(|field| [field.key(), field.german()]);
            let fault = Fault::Field {
                nearest: nearest(found, words).map(str::to_owned),
                found: found.to_owned(),
                switch,
            };
            self.report(&node.place, fault);
            Value::Wrong
        };
        Node { place: node.place, value }
    }

    fn named(&mut self, table: Table, rule: Name, of: &Shape) -> Table {
        let mut checked = Vec::new();
        for entry in table.0 {
            let Entry { key, place, node } = entry;
            let fault = match rule {
                Name::Plain if !is_plain(&key) => Some(Fault::Name { found: key.clone() }),
                Name::MailboxGroup if is_line(&node) => {
                    Some(Fault::LineOutsideGroup { user: key.clone() })
                }
                _ => wording::check(&key, &key, Text::Line, self.folder).err(),
            };
            let node = match fault {
                Some(fault) => {
                    self.report(&place, fault);
                    Node { place: node.place, value: Value::Wrong }
                }
                None => self.value(&key, node, of),
            };
            checked.push(Entry { key, place, node });
        }
        Table(checked)
    }
}

/// Finds a key by its word, or by a German one in any spelling.
fn find<'a>(keys: &'a [Key], written: &str) -> Option<&'a Key> {
    keys.iter().find(|key| key.name == written).or_else(|| {
        let written = fold(written);
        keys.iter().find(|key| key.also.iter().any(|word| fold(word) == written))
    })
}

/// Says whether a value is what stands behind a user: an address, or a table with one.
fn is_line(node: &Node) -> bool {
    match &node.value {
        Value::Text(text) => text.contains('@'),
        Value::Table(table) => {
            ["address", "pst"].into_iter().any(|key| table.of(key).and_then(Node::text).is_some())
        }
        _ => false,
    }
}

fn is_plain(name: &str) -> bool {
    (1..=40).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// Walks the fields of the kinds of data behind a switch.
fn fields_of(switch: Switch) -> impl Iterator<Item = Field> {
    ItemKind::ALL.into_iter().filter(move |kind| kind.switch() == switch).flat_map(Field::of)
}

fn wrong(key: &str, place: &Place) -> Entry {
    let node = Node { place: place.clone(), value: Value::Wrong };
    Entry { key: key.to_owned(), place: place.clone(), node }
}
