//! Pure: items as JSON and as a table.

use std::io::{self, Write};

use abgleich::mailbox::Item;
use abgleich::model::{Field, ItemKind, Slot, json};

/// One JSON array with an object for each item: `id`, `kind`, and `fields` in the form that adapters use. `null` is blank; what
/// could not be read or understood is absent.
pub(super) struct Json<'a> {
    to: &'a mut dyn Write,
    is_first: bool,
}

impl<'a> Json<'a> {
    pub(super) fn begin(to: &'a mut dyn Write) -> io::Result<Self> {
        to.write_all(b"[")?;
        Ok(Self { to, is_first: true })
    }

    pub(super) fn put(&mut self, kind: ItemKind, item: &Item) -> io::Result<()> {
        let fields: serde_json::Map<_, _> = item
            .content
            .iter()
            .map(|(field, slot)| (field.key().to_owned(), json::to_json(slot)))
            .collect();
        let object = serde_json::json!({
            "id": item.identity.id.as_str(),
            "kind": kind.key(),
            "modified_at": item.modified_at.map(|at| at.to_string()),
            "fields": fields,
        });
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
        to.write_record(["id"].into_iter().chain(names)).map_err(io::Error::from)?;
        Ok(Self { to, kind })
    }

    pub(super) fn put(&mut self, item: &Item) -> io::Result<()> {
        let values = Field::of(self.kind)
            .map(|field| item.content.slot(field).map(cell).unwrap_or_default());
        let id = item.identity.id.as_str().to_owned();
        let row = [id].into_iter().chain(values);
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
