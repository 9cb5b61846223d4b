//! New items (effect). MS-PST 2.4.5 and 2.4.6.

use std::borrow::Cow;

use crate::mapi::{Properties, PropertyKey, Value, property};
use crate::pst::PstError;
use crate::pst::id::{Bid, Nid, NidKind};
use crate::pst::ltp::write::NoBlocks;
use crate::pst::ndb::write::WriteError;
use crate::pst::ndb::{DataTree, Node, Nodes};

use super::batch::Batch;
use super::node::{NodeSource, bytes, put_values, told};
use super::occurrence::{Attachments, Occurrence};
use super::queue::Event;
use super::stored::StoredProperties;
use super::template::RECIPIENTS;
use super::{row, subject};

/// `MSGFLAG_READ` and `MSGFLAG_HASATTACH`.
pub(super) const READ: u32 = 1;
pub(super) const HAS_ATTACHMENTS: u32 = 0x10;
/// Random bytes are asked for in such portions, since a call of the system costs more than the bytes.
const RANDOM: usize = 1024;

/// An item to be added.
#[derive(Clone, Debug, PartialEq)]
pub struct NewItem {
    /// What it is, such as `IPM.Contact`.
    pub class: String,
    /// Its properties. The subject is given as people see it. Size, search key and the times of creation and change are added
    /// where they are not given; without flags it counts as read.
    pub properties: Properties,
    /// Occurrences of a series that differ from it.
    pub occurrences: Vec<Occurrence>,
}

impl NewItem {
    /// Describes an item without changed occurrences.
    pub fn of(class: &str, properties: Properties) -> Self {
        Self { class: class.to_owned(), properties, occurrences: Vec::new() }
    }
}

/// A message that was put into the file, but that no node refers to yet.
pub(super) struct Message {
    pub(super) data: Option<Bid>,
    pub(super) sub: Option<Bid>,
    /// The bytes of its data and of all below it.
    pub(super) size: u64,
}

impl Batch<'_> {
    /// Adds an item to a folder and returns its id.
    pub fn add_item(&mut self, folder: Nid, item: &NewItem) -> Result<Nid, WriteError> {
        let contents = folder.with(NidKind::CONTENTS);
        if !self.is_open(contents) {
            self.node(folder, "folder")?;
            self.node(contents, "contents table")?;
        }
        let mut properties = self.stored(&item.properties)?;
        properties.set(property::MESSAGE_CLASS, &Value::String(item.class.clone()));
        self.complete(&mut properties)?;
        let attachments = self.put_occurrences(&item.occurrences)?;
        let flags = flags(&properties);
        let flags = if item.occurrences.is_empty() { flags } else { flags | HAS_ATTACHMENTS };
        properties.set_bytes(property::MESSAGE_FLAGS, &flags.to_le_bytes());
        let message = self.put_message(&mut properties, attachments)?;
        let nid = self.tx.next_nid(NidKind::MESSAGE)?;
        let Message { data, sub, .. } = message;
        self.tx.set_node(Node { nid, data, sub, parent: folder })?;
        self.put_row(contents, nid, |table, old| {
            let mut value = properties.seek();
            row::cells(table.columns(), old, &mut |tag| Ok(value(tag).map(Cow::Borrowed)))
        })?;
        self.memory = properties.into_memory();
        let unread = i64::from(flags & READ == 0);
        *self.counts.entry(folder).or_default() += unread;
        self.queue.add(folder, Event::Added { folder, item: nid });
        Ok(nid)
    }

    /// Turns properties into what is stored: names into the store's ids, the subject with its lead-in.
    pub(super) fn stored<'v>(
        &mut self,
        properties: &'v Properties,
    ) -> Result<StoredProperties<'v>, WriteError> {
        let mut stored = StoredProperties::within(std::mem::take(&mut self.memory));
        let mut before = None;
        for (key, value) in properties.iter() {
            let id = match key {
                PropertyKey::Id(id) => *id,
                PropertyKey::Name(name) => *before.insert(self.names.id_behind(before, name)?),
            };
            stored.put(id, value);
        }
        if let Some(Value::String(text)) = properties.value(property::SUBJECT) {
            stored.set(property::SUBJECT, &Value::String(subject::stored(text)));
            if properties.value(PropertyKey::from(property::CONVERSATION_TOPIC)).is_none() {
                let topic = Value::String(subject::topic(text));
                stored.set(property::CONVERSATION_TOPIC, &topic);
            }
        }
        Ok(stored)
    }

    /// Adds what every message has.
    pub(super) fn complete(
        &mut self,
        properties: &mut StoredProperties<'_>,
    ) -> Result<(), WriteError> {
        let now = Value::Time(self.now);
        let key = self.search_key()?;
        for (tag, value) in [
            (property::MESSAGE_FLAGS, Value::Integer32(1)),
            (property::CREATION_TIME, now.clone()),
            (property::LAST_MODIFICATION_TIME, now),
            (property::SEARCH_KEY, Value::Binary(key)),
        ] {
            properties.set_if_absent(tag, &value);
        }
        Ok(())
    }

    /// Returns 16 random bytes.
    fn search_key(&mut self) -> Result<Vec<u8>, WriteError> {
        const LENGTH: usize = 16;
        if self.random.len() < LENGTH {
            self.random.resize(RANDOM, 0);
            getrandom::fill(&mut self.random).map_err(|error| {
                let source = std::io::Error::other(error.to_string());
                PstError::io("get random bytes", 0, source)
            })?;
        }
        Ok(self.random.split_off(self.random.len() - LENGTH))
    }

    /// Puts a message with an empty table of recipients and the given attachments, and tells its size in it.
    pub(super) fn put_message(
        &mut self,
        properties: &mut StoredProperties<'_>,
        attachments: Attachments,
    ) -> Result<Message, WriteError> {
        properties.set_bytes(property::MESSAGE_SIZE, &[0; 4]);
        let values = self.context.make(properties.iter(), self.tx.layout().block_payload)?;
        let (recipients, recipients_size) = self.put_recipients()?;
        let big: usize = values.iter().map(|(_, value)| value.len()).sum();
        let size = bytes(self.context.bytes().len() + big) + recipients_size + attachments.size;
        self.context.set_number(property::MESSAGE_SIZE.id, told(size));
        let data = self.tx.put_data(self.context.bytes())?;
        let mut subnodes = put_values(&mut self.tx, &values)?;
        properties.set_bytes(property::MESSAGE_SIZE, &told(size).to_le_bytes());
        subnodes.push(recipients);
        subnodes.extend(attachments.subnodes);
        let sub = self.tx.put_subnodes(&subnodes)?;
        Ok(Message { data, sub, size })
    }

    /// Returns an empty table of recipients and its size: the store's own template, or else a new one for this batch.
    fn put_recipients(&mut self) -> Result<(Node, u64), WriteError> {
        if let Some(known) = self.recipients {
            return Ok(known);
        }
        let own = match self.tx.node(RECIPIENTS.nid)? {
            Some(own) if own.sub.is_none() => {
                let table = NodeSource::open(&self.tx, &own)?.table();
                own.data.filter(|_| table.is_ok_and(|table| table.is_empty()))
            }
            _ => None,
        };
        let data = if own.is_some() {
            own
        } else {
            let size = self.tx.layout().block_payload;
            let heap = RECIPIENTS.table(size)?.finish(&NoBlocks)?.heap;
            let blocks: Vec<Vec<u8>> = heap.blocks.into_iter().map(|(_, block)| block).collect();
            self.tx.put_blocks(&blocks)?
        };
        let node = super::node::entry(Nid::RECIPIENTS, data, None);
        let size = DataTree::open(&self.tx, data)?.len();
        Ok(*self.recipients.insert((node, size)))
    }
}

fn flags(properties: &StoredProperties<'_>) -> u32 {
    super::folder::number(properties.bytes(property::MESSAGE_FLAGS).unwrap_or_default())
}
