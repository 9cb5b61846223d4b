//! Pure: a TOML document as a tree whose every key and value knows its place. The parser goes on after a mistake, so
//! that one missing quote does not hide the other nine.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::fault::{Fault, Kind};
use crate::config::origin::Place;
use crate::config::problem::Problem;
use crate::config::secret::SecretRef;
use crate::config::syntax;
use crate::config::text::Document;

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::config) struct Node {
    pub(in crate::config) place: Place,
    pub(in crate::config) value: Value,
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::config) enum Value {
    Text(String),
    Number(i64),
    Decimal(f64),
    Flag(bool),
    /// A date or time, as it was written.
    Moment(String),
    List(Vec<Node>),
    Table(Table),
    /// Where a secret is kept. The parser never makes one, the check does.
    Secret(SecretRef),
    /// Something wrong that has been reported, so that nobody reports it as missing.
    Wrong,
}

/// The entries of a table in the order of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::config) struct Table(pub(in crate::config) Vec<Entry>);

/// A key, where it stands, and its value.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::config) struct Entry {
    pub(in crate::config) key: String,
    pub(in crate::config) place: Place,
    pub(in crate::config) node: Node,
}

impl Node {
    /// Says what sort of value this is, for messages.
    pub(in crate::config) const fn kind(&self) -> Kind {
        match self.value {
            Value::Text(_) => Kind::Text,
            Value::Number(_) => Kind::Number,
            Value::Decimal(_) => Kind::Decimal,
            Value::Flag(_) => Kind::Flag,
            Value::Moment(_) => Kind::Moment,
            Value::List(_) => Kind::List,
            Value::Table(_) | Value::Secret(_) | Value::Wrong => Kind::Table,
        }
    }

    /// Returns the text, if it is one.
    pub(in crate::config) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the number, if it is one that counts something.
    pub(in crate::config) fn count(&self) -> Option<u32> {
        match self.value {
            Value::Number(number) => u32::try_from(number).ok(),
            _ => None,
        }
    }

    /// Returns the table, if it is one.
    pub(in crate::config) fn table(&self) -> Option<&Table> {
        match &self.value {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }

    /// Returns the texts of a list, if it is one.
    pub(in crate::config) fn texts(&self) -> Option<Vec<String>> {
        match &self.value {
            Value::List(list) => {
                Some(list.iter().filter_map(Self::text).map(str::to_owned).collect())
            }
            _ => None,
        }
    }

    /// Lays another value over this one. Tables are joined key by key, anything else is replaced.
    pub(in crate::config) fn overlay(&mut self, later: Self) {
        match (&mut self.value, later) {
            (Value::Table(ours), Self { value: Value::Table(theirs), .. }) => {
                for entry in theirs.0 {
                    match ours.0.iter_mut().find(|known| known.key == entry.key) {
                        Some(known) => known.node.overlay(entry.node),
                        None => ours.0.push(entry),
                    }
                }
            }
            (_, later) => *self = later,
        }
    }
}

impl Table {
    /// Finds the value of a key.
    pub(in crate::config) fn of(&self, key: &str) -> Option<&Node> {
        self.0.iter().find(|entry| entry.key == key).map(|entry| &entry.node)
    }

    /// Takes the value of a key out of the table.
    pub(in crate::config) fn take(&mut self, key: &str) -> Option<Node> {
        let index = self.0.iter().position(|entry| entry.key == key)?;
        Some(self.0.remove(index).node)
    }
}

/// Reads a document. Where it is not well-formed, the tree is what could be understood, and there is one problem per
/// line.
pub(in crate::config) fn parse(document: &Document) -> (Node, Vec<Problem>) {
    let (root, errors) = DeTable::parse_recoverable(document.text());
    let root =
        Node { place: document.whole(), value: Value::Table(table(document, root.get_ref())) };
    let errors = errors
        .iter()
        .map(|error| (error.span().map_or(0, |span| span.start), error.message().to_owned()));
    let problems = syntax::problems(document, &root, errors.collect());
    (root, problems)
}

fn table(document: &Document, from: &DeTable<'_>) -> Table {
    let mut entries: Vec<_> = from
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            place: document.place(key.span().start),
            node: node(document, value),
        })
        .collect();
    entries.sort_by(|left, right| left.place.cmp(&right.place));
    Table(entries)
}

fn node(document: &Document, from: &Spanned<DeValue<'_>>) -> Node {
    let value = match from.get_ref() {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => {
            match i64::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) => Value::Number(number),
                // Too large for any setting; the check says which numbers are allowed.
                Err(_) => Value::Number(i64::MAX),
            }
        }
        DeValue::Float(number) => Value::Decimal(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Datetime(moment) => Value::Moment(moment.to_string()),
        DeValue::Array(list) => Value::List(list.iter().map(|item| node(document, item)).collect()),
        DeValue::Table(inner) => Value::Table(table(document, inner)),
    };
    Node { place: document.place(from.span().start), value }
}

/// Finds the last entry with this key before a spot; the parser tells only where a key stands the second time.
pub(in crate::config) fn earlier<'a>(
    root: &'a Node,
    key: &str,
    before: &Place,
) -> Option<&'a Place> {
    let Value::Table(table) = &root.value else { return None };
    table
        .0
        .iter()
        .flat_map(|entry| {
            let own = (entry.key == key && entry.place < *before).then_some(&entry.place);
            own.into_iter().chain(earlier(&entry.node, key, before))
        })
        .max()
}

impl Problem {
    /// Builds the problem of a value of the wrong sort.
    pub(in crate::config) fn wrong_kind(
        key: &str,
        node: &Node,
        allowed: crate::config::fault::Allowed,
    ) -> Self {
        let fault = Fault::WrongKind { key: key.to_owned(), found: node.kind(), allowed };
        Self::error(node.place.clone(), fault)
    }
}
