//! Pure: items as JSON and as a table.

use std::io::{self, Write};

use abgleich::mailbox::Item;
use abgleich::model::{Field, FieldSet, ItemKind, Slot, json};

/// What the names of a contact are called that are no fields: they are made of others, or what somebody chose.
const NAMES: [&str; 2] = ["display_name", "file_as"];

/// Stands in a table where a field could not be read or understood, which is not the same as blank.
const UNREADABLE: &str = "(unreadable)";

fn names(item: &Item) -> [Option<&str>; 2] {
    [item.aside.display_name(), item.aside.file_as()]
}

/// One JSON array with an object for each item: `id`, `kind`, and `fields` in the form that adapters use; a contact has its names
/// as well. `null` is blank; what could not be read or understood is absent, and named in `unreadable`.
pub(super) struct Json<'a> {
    to: &'a mut dyn Write,
    is_first: bool,
}

impl<'a> Json<'a> {
    pub(super) fn begin(to: &'a mut dyn Write) -> io::Result<Self> {
        to.write_all(b"[")?;
        Ok(Self { to, is_first: true })
    }

    pub(super) fn put(
        &mut self,
        kind: ItemKind,
        item: &Item,
        unreadable: FieldSet,
    ) -> io::Result<()> {
        let fields: serde_json::Map<_, _> = item
            .content
            .iter()
            .map(|(field, slot)| (field.key().to_owned(), json::to_json(slot)))
            .collect();
        let names = names(item).into_iter().filter(|_| kind == ItemKind::Contact);
        let names = NAMES.into_iter().zip(names).map(|(key, name)| (key, name.into()));
        let unreadable = (!unreadable.is_empty())
            .then(|| ("unreadable", unreadable.iter().map(Field::key).collect()));
        let object: serde_json::Map<_, _> = [
            ("id", item.identity.id.as_str().into()),
            ("kind", kind.key().into()),
            ("modified_at", item.modified_at.map(|at| at.to_string()).into()),
            ("fields", fields.into()),
        ]
        .into_iter()
        .chain(names)
        .chain(unreadable)
        .map(|(key, value): (&str, serde_json::Value)| (key.to_owned(), value))
        .collect();
        self.to.write_all(if self.is_first { b"\n" } else { b",\n" })?;
        self.is_first = false;
        serde_json::to_writer(&mut *self.to, &object).map_err(io::Error::from)
    }

    pub(super) fn end(self) -> io::Result<()> {
        self.to.write_all(b"\n]\n")
    }
}

/// A table with a column for each field of one kind, named by the field's key.
pub(super) struct Table<'a> {
    to: csv::Writer<&'a mut dyn Write>,
    kind: ItemKind,
}

impl<'a> Table<'a> {
    pub(super) fn begin(to: &'a mut dyn Write, kind: ItemKind) -> io::Result<Self> {
        let mut to = csv::Writer::from_writer(to);
        let names = Field::of(kind).map(Field::key);
        let shown = if kind == ItemKind::Contact { &NAMES[..] } else { &[] };
        let names = ["id"].into_iter().chain(shown.iter().copied()).chain(names);
        to.write_record(names).map_err(io::Error::from)?;
        Ok(Self { to, kind })
    }

    pub(super) fn put(&mut self, item: &Item, unreadable: FieldSet) -> io::Result<()> {
        let values = Field::of(self.kind).map(|field| match item.content.slot(field) {
            Some(slot) => cell(slot),
            None if unreadable.contains(field) => UNREADABLE.to_owned(),
            None => String::new(),
        });
        let shown = if self.kind == ItemKind::Contact { names(item).to_vec() } else { Vec::new() };
        let shown = shown.into_iter().map(|name| name.unwrap_or_default().to_owned());
        let id = item.identity.id.as_str().to_owned();
        let row = [id].into_iter().chain(shown).chain(values);
        self.to.write_record(row).map_err(io::Error::from)
    }

    pub(super) fn end(mut self) -> io::Result<()> {
        self.to.flush()
    }
}

fn cell(slot: &Slot) -> String {
    match json::to_json(slot) {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text,
        serde_json::Value::Array(list) if list.iter().all(serde_json::Value::is_string) => {
            let entries: Vec<&str> = list.iter().filter_map(serde_json::Value::as_str).collect();
            entries.join("; ")
        }
        other => other.to_string(),
    }
}
