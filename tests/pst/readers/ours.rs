//! The product's own reader.

use std::collections::BTreeMap;
use std::path::Path;

use abgleich::pst::ltp::table::TableContext;
use abgleich::pst::messaging::{Item, Object, Store};
use abgleich::pst::ndb::{Ndb, subnode};
use abgleich::pst::{Nid, PstError};

use super::{Attachment, Folder, Properties, Reading, Value, is_search};

/// Reads a file from its root folder down.
pub(super) fn read(file: &Path) -> Reading {
    let mut reading = Reading::default();
    let outcome = Store::open(file).and_then(|store| walk(&store, &mut reading));
    if let Err(error) = outcome {
        reading.errors.push((None, error.to_string()));
    }
    reading
}

fn walk(store: &Store<Ndb>, reading: &mut Reading) -> Result<(), PstError> {
    let names = store.names()?.iter();
    reading.names = names.map(|(id, name)| (id.0, name.to_string())).collect();
    let mut path: Vec<String> = Vec::new();
    for below in store.folders_below(Nid::ROOT_FOLDER)? {
        let (depth, nid) = below.whole()?;
        if is_search(nid.0) {
            continue;
        }
        let folder = store.folder(nid)?;
        path.truncate(depth.saturating_sub(1));
        if depth > 0 {
            path.push(folder.name()?);
        }
        let listed = folder.items()?;
        let count = u64::try_from(listed.len()).ok();
        reading.folders.insert(nid.0, Folder { path: path.clone(), items: count });
        for row in listed {
            match store.item(row.nid).and_then(|item| of(store.nodes(), &item, nid)) {
                Ok(item) => {
                    reading.items.insert(row.nid.0, item);
                }
                Err(error) => reading.errors.push((Some(row.nid.0), error.to_string())),
            }
        }
    }
    Ok(())
}

fn of(nodes: &Ndb, item: &Item<'_>, folder: Nid) -> Result<super::Item, PstError> {
    let mut below = BTreeMap::new();
    for attachment in item.attachments()? {
        let message = attachment.item()?.map(|message| properties(message.properties()));
        let own = properties(attachment.properties())?;
        let found = Attachment { properties: own, message: message.transpose()? };
        below.insert(attachment.nid().0, found);
    }
    let attachments = u64::try_from(below.len()).ok();
    let properties = properties(item.properties())?;
    let recipients = recipients(nodes, item)?;
    assert_eq!(item.recipients()?.len(), recipients.len());
    let (below, recipients) = (Some(below), Some(recipients));
    Ok(super::Item { folder: folder.0, attachments, properties, below, recipients })
}

fn recipients(nodes: &Ndb, item: &Item<'_>) -> Result<BTreeMap<u32, Properties>, PstError> {
    let sub = item.properties().node().sub;
    let Some(node) = subnode::find(nodes, sub, Nid::RECIPIENTS)? else {
        return Ok(BTreeMap::new());
    };
    let table = TableContext::open(nodes, &node)?;
    let mut found = BTreeMap::new();
    for row in table.rows()? {
        let row = row?;
        let mut properties = Properties::new();
        for column in table.columns() {
            if let Some(stored) = row.content(column)? {
                let kind = column.tag.kind;
                let width = kind.width().filter(|_| !kind.is_multiple()).unwrap_or(stored.len());
                let bytes = stored[..width.min(stored.len())].to_vec();
                properties.insert(column.tag.id.0, Value { kind: kind.0, bytes: Some(bytes) });
            }
        }
        found.insert(row.id(), properties);
    }
    Ok(found)
}

fn properties(object: &Object<'_>) -> Result<Properties, PstError> {
    let context = object.context();
    let mut properties = Properties::new();
    for property in context.properties() {
        let stored = context.content(property)?;
        let width = property.kind.width().filter(|_| !property.kind.is_multiple());
        let bytes = stored[..width.unwrap_or(stored.len()).min(stored.len())].to_vec();
        properties.insert(property.id.0, Value { kind: property.kind.0, bytes: Some(bytes) });
    }
    Ok(properties)
}
