//! Pure: items as JSON and as a table.

use std::io::{self, Write};

use abgleich::mailbox::Item;
use abgleich::model::{Field, FieldSet, ItemKind, Slot, json};

use crate::cli::pst::document::{Document, Exported, Names};

/// What the names of a contact are called that are no fields: they are made of others, or what somebody chose.
const NAMES: [&str; 2] = ["display_name", "file_as"];

/// Stands in a table where a field could not be read or understood, which is not the same as blank.
const UNREADABLE: &str = "(unreadable)";

fn names(item: &Item) -> [Option<&str>; 2] {
    [item.aside.display_name(), item.aside.file_as()]
}

/// Returns an item with its content. What could not be read or understood is absent, and named in `unreadable`.
pub(in crate::cli::pst) fn exported(item: &Item, unreadable: FieldSet) -> Exported {
    let kind = item.identity.kind;
    let names = (kind == Some(ItemKind::Contact)).then(|| {
        let [display_name, file_as] = names(item).map(|name| name.map(str::to_owned));
        Names { display_name, file_as }
    });
    let fields = item.content.iter().filter(|_| kind.is_some());
    Exported {
        id: item.identity.id.as_str().to_owned(),
        kind: kind.map(ItemKind::key),
        modified_at: item.modified_at.map(|at| at.to_string()),
        fields: fields.map(|(field, slot)| (field.key().to_owned(), json::to_json(slot))).collect(),
        names,
        unreadable: unreadable.iter().map(Field::key).collect(),
    }
}

/// One document with all items, of which each is written as it comes.
pub(super) struct Json<'a> {
    to: &'a mut dyn Write,
    is_first: bool,
}

/// What the document ends with.
const END: &str = "]}";

impl<'a> Json<'a> {
    pub(super) fn begin(to: &'a mut dyn Write) -> io::Result<Self> {
        let empty = serde_json::to_string(&Document::Export { items: Vec::new() })?;
        to.write_all(empty.strip_suffix(END).unwrap_or_default().as_bytes())?;
        Ok(Self { to, is_first: true })
    }

    pub(super) fn put(&mut self, item: &Item, unreadable: FieldSet) -> io::Result<()> {
        self.to.write_all(if self.is_first { b"\n" } else { b",\n" })?;
        self.is_first = false;
        serde_json::to_writer(&mut *self.to, &exported(item, unreadable)).map_err(io::Error::from)
    }

    pub(super) fn end(self) -> io::Result<()> {
        writeln!(self.to, "\n{END}")
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
