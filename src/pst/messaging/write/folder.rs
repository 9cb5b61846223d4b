//! Folders: new ones, their counts, and their rows in the tables of the folders above (effect). MS-PST 2.4.4.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::mapi::{PropertyTag, Value, property};
use crate::pst::id::{Nid, NidKind};
use crate::pst::ltp::write::{Given, NewContext, NoBlocks, Property};
use crate::pst::ndb::write::{Transaction, WriteError};
use crate::pst::ndb::{Node, Nodes};

use super::batch::Batch;
use super::node::{NodeSource, apply_context, apply_table, entry, put_given};
use super::queue::Event;
use super::template::{ASSOCIATED, CONTENTS, HIERARCHY, Template};

/// A folder to be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFolder {
    /// The name that people see.
    pub name: String,
    /// What it is for, such as `IPF.Contact`; nothing for a folder that only holds folders.
    pub class: Option<String>,
}

impl NewFolder {
    /// Describes a folder.
    pub fn new(name: &str, class: &str) -> Self {
        Self { name: name.to_owned(), class: Some(class.to_owned()) }
    }
}

/// The most units of UTF-16 that a folder's name has in Outlook.
const LONGEST_NAME: usize = 255;

impl Batch<'_> {
    /// Creates a folder in another one. Its name is one that Outlook takes as well.
    pub fn create_folder(&mut self, parent: Nid, folder: &NewFolder) -> Result<Nid, WriteError> {
        if let Some(what) = wrong_with(&folder.name) {
            return Err(WriteError::FolderName { what });
        }
        self.node(parent, "folder")?;
        let nid = self.tx.next_nid(NidKind::FOLDER)?;
        put_folder(&mut self.tx, nid, parent, folder, false)?;
        self.enter_folder(nid, parent)?;
        self.queue.add(parent, Event::FolderAdded { parent, folder: nid });
        Ok(nid)
    }

    /// Shows a new folder in the tables above it.
    pub(super) fn enter_folder(&mut self, nid: Nid, parent: Nid) -> Result<(), WriteError> {
        self.mirror_folder(nid, parent)?;
        self.set_property(parent, property::SUBFOLDERS, &[1])?;
        let node = self.node(parent, "folder")?;
        if node.parent != parent {
            self.mirror_folder(parent, node.parent)?;
        }
        Ok(())
    }

    /// Makes a folder's row in the table of the folder above say what the folder says.
    fn mirror_folder(&mut self, nid: Nid, parent: Nid) -> Result<(), WriteError> {
        let table = parent.with(NidKind::HIERARCHY);
        if self.tx.node(table)?.is_none() {
            return Ok(());
        }
        let node = self.node(nid, "folder")?;
        let tags = self.with_table(table, |table, _| {
            Ok(table.columns().iter().map(|column| column.tag).collect::<Vec<_>>())
        })?;
        let mut values = BTreeMap::new();
        {
            let source = NodeSource::open(&self.tx, &node)?;
            let mut context = source.context()?;
            for tag in tags {
                if let Some(value) = context.bytes(tag, &source)? {
                    values.insert(tag, value);
                }
            }
        }
        self.put_row(table, nid, |tag, old| {
            if let Some(value) = values.get(&tag) {
                return Some(Cow::Borrowed(value.as_slice()));
            }
            // What a row has besides its folder's properties is about replication and is kept.
            let kept = old.iter().find(|cell| cell.tag == tag && tag.id.0 < 0x0F00);
            kept.map(|cell| cell.value.to_vec().into())
        })
    }

    /// Writes the counts of the folders whose contents changed, in the folders and in the tables above them.
    pub(super) fn write_counts(&mut self) -> Result<(), WriteError> {
        for (nid, unread) in std::mem::take(&mut self.counts) {
            let count = self.with_table(nid.with(NidKind::CONTENTS), |table, _| Ok(table.len()))?;
            let node = self.node(nid, "folder")?;
            let changes = {
                let source = NodeSource::open(&self.tx, &node)?;
                let mut context = source.context()?;
                let old = context.bytes(property::CONTENT_UNREAD_COUNT, &source)?;
                let old = number(&old.unwrap_or_default());
                let unread = (i64::from(old) + unread).clamp(0, i64::from(count));
                let unread = u32::try_from(unread).unwrap_or_default();
                context.set(property::CONTENT_COUNT, &count.to_le_bytes(), &source)?;
                context.set(property::CONTENT_UNREAD_COUNT, &unread.to_le_bytes(), &source)?;
                context.finish(&source)?
            };
            let node = apply_context(&mut self.tx, node, changes, Vec::new())?;
            self.tx.set_node(node)?;
            if node.parent != nid {
                self.mirror_folder(nid, node.parent)?;
            }
        }
        Ok(())
    }
}

/// Says what keeps Outlook from taking a folder's name.
fn wrong_with(name: &str) -> Option<&'static str> {
    if name.trim().is_empty() {
        Some("is empty")
    } else if name.contains(char::is_control) {
        Some("has a control character")
    } else if name.encode_utf16().count() > LONGEST_NAME {
        Some("has more than 255 units of UTF-16")
    } else {
        None
    }
}

/// Puts a folder and its three tables, without rows.
pub(super) fn put_folder(
    tx: &mut Transaction<'_>,
    nid: Nid,
    parent: Nid,
    folder: &NewFolder,
    has_folders: bool,
) -> Result<(), WriteError> {
    let properties = [
        (property::DISPLAY_NAME, Value::String(folder.name.clone())),
        (property::CONTENT_COUNT, Value::Integer32(0)),
        (property::CONTENT_UNREAD_COUNT, Value::Integer32(0)),
        (property::SUBFOLDERS, Value::Boolean(has_folders)),
    ];
    let class = folder.class.iter().map(|class| (property::CONTAINER_CLASS, Given::Text(class)));
    put_context(tx, nid, parent, given(&properties).chain(class))?;
    for (kind, template) in [
        (NidKind::HIERARCHY, &HIERARCHY),
        (NidKind::CONTENTS, &CONTENTS),
        (NidKind::ASSOCIATED_CONTENTS, &ASSOCIATED),
    ] {
        put_table(tx, nid.with(kind), template)?;
    }
    Ok(())
}

/// Puts a node with properties; big values go to its subnodes.
pub(super) fn put_context<'v>(
    tx: &mut Transaction<'_>,
    nid: Nid,
    parent: Nid,
    properties: impl IntoIterator<Item = Property<'v>, IntoIter: Clone>,
) -> Result<(), WriteError> {
    let mut context = NewContext::default();
    let (last, size) = (tx.highest(NidKind::VALUE), tx.layout().block_payload);
    let values = context.make(properties, last, size)?;
    let data = tx.put_data(context.bytes())?;
    let (values, _) = put_given(tx, &values, &mut Vec::new())?;
    let sub = tx.put_subnodes(&values)?;
    tx.set_node(Node { nid, data, sub, parent })
}

/// Gives properties as they are.
pub(super) fn given(
    properties: &[(PropertyTag, Value)],
) -> impl Iterator<Item = Property<'_>> + Clone {
    properties.iter().map(|(tag, value)| (*tag, Given::Value(value)))
}

/// Puts an empty table: the store's own template, if it has one without rows, which then has the columns that its Outlook
/// likes, or else the usual columns.
pub(super) fn put_table(
    tx: &mut Transaction<'_>,
    nid: Nid,
    template: &Template,
) -> Result<(), WriteError> {
    let node = entry(nid, None, None);
    if let Some(own) = tx.node(template.nid)?
        && own.sub.is_none()
        && NodeSource::open(tx, &own)?.table()?.is_empty()
    {
        return tx.set_node(Node { data: own.data, ..node });
    }
    let (last, size) = (tx.highest(NidKind::VALUE), tx.layout().block_payload);
    let changes = template.table(last, size)?.finish(&NoBlocks)?;
    let node = apply_table(tx, node, changes)?;
    tx.set_node(node)
}

/// Reads a number of 32 bits.
pub(super) fn number(bytes: &[u8]) -> u32 {
    bytes.first_chunk().copied().map_or(0, u32::from_le_bytes)
}
