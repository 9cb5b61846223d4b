//! Pure: a section `[sources.NAME]`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Map, Number, Value as Json};

use crate::config::fault::Fault;
use crate::config::resolve::{Notes, quoted};
use crate::config::settings::{Adapter, Digest, SourceSettings, Zone};
use crate::config::tree::{Entry, Node, Table, Value};
use crate::model::rules::Writes;

/// Builds the settings of a source; `None` if something that must be there is missing or wrong.
pub(in crate::config::resolve) fn resolve(
    notes: &mut Notes,
    name: &str,
    section: &Entry,
    folder: PathBuf,
) -> Option<SourceSettings> {
    let table = section.node.table()?;
    let above = format!("sources.{name}");
    let adapter = adapter(notes, section, table, &above);
    let zone = notes.needed(section, table, &above, "zone").and_then(|zone| Zone::new(&zone));
    let writes = notes.setting(table, &above, "writes", Writes::On, Writes::from_key);
    let settings = match table.of("settings") {
        Some(node) => {
            let settings = json(node);
            notes.note(&above, "settings", &settings, Some(&node.place));
            settings
        }
        None => Json::Object(Map::new()),
    };
    let mut secrets = BTreeMap::new();
    for entry in table.of("secrets").and_then(Node::table).into_iter().flat_map(|table| &table.0) {
        if let Value::Secret(secret) = &entry.node.value {
            let key = format!("secrets.{}", entry.key);
            notes.note(&above, &key, secret, Some(&entry.node.place));
            secrets.insert(entry.key.clone(), secret.clone());
        }
    }
    Some(SourceSettings { adapter: adapter?, zone: zone?, writes, settings, secrets, folder })
}

fn adapter(notes: &mut Notes, section: &Entry, table: &Table, above: &str) -> Option<Adapter> {
    let Some(node) = table.of("adapter") else {
        let table = format!("[{above}]");
        notes.error_about_whole(&section.place, Fault::Missing { table, key: "adapter" });
        return None;
    };
    let adapter = node.table()?;
    // Two files may each name one; then the later one is meant.
    let latest = adapter.0.iter().max_by_key(|entry| entry.node.place.order)?;
    if latest.key == "name" {
        let name = latest.node.text()?;
        notes.note(above, "adapter", quoted(name), Some(&latest.node.place));
        return Some(Adapter::Shipped(name.to_owned()));
    }
    let mut part = |key: &'static str| {
        if let Some(node) = adapter.of(key) {
            return node.text().map(|text| (text, &node.place));
        }
        let table = format!("adapter of [{above}]");
        notes.error_about_whole(&node.place, Fault::Missing { table, key });
        None
    };
    let (file, sha256) = (part("file"), part("sha256"));
    let ((file, place), (digits, digits_place)) = (file?, sha256?);
    let sha256 = Digest::from_hex(digits)?;
    notes.note(above, "adapter.file", quoted(file), Some(place));
    notes.note(above, "adapter.sha256", quoted(&sha256.to_string()), Some(digits_place));
    Some(Adapter::File { path: file.into(), sha256 })
}

/// Turns what the file says into what an adapter is opened with.
fn json(node: &Node) -> Json {
    match &node.value {
        Value::Text(text) | Value::Moment(text) => Json::String(text.clone()),
        Value::Number(number) => Json::Number((*number).into()),
        Value::Decimal(number) => Number::from_f64(*number).map_or(Json::Null, Json::Number),
        Value::Flag(flag) => Json::Bool(*flag),
        Value::List(list) => Json::Array(list.iter().map(json).collect()),
        Value::Table(table) => Json::Object(
            table.0.iter().map(|entry| (entry.key.clone(), json(&entry.node))).collect(),
        ),
        Value::Secret(_) | Value::Wrong => Json::Null,
    }
}
