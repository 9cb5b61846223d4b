//! New items (effect). MS-PST 2.4.5 and 2.4.6.

use std::borrow::Cow;

use crate::mapi::{Properties, PropertyKey, PropertyTag, Value, named, property};
use crate::pst::PstError;
use crate::pst::id::{Bid, Nid, NidKind};
use crate::pst::ltp::write::{Given, NoBlocks, Place, Property};
use crate::pst::ndb::write::WriteError;
use crate::pst::ndb::{DataTree, Node, Nodes};

use super::batch::Batch;
use super::node::{NodeSource, bytes, put_given, told};
use super::occurrence::{Attachments, Occurrence};
use super::queue::Event;
use super::row;
use super::stored::StoredProperties;
use super::subject::Subject;
use super::template::RECIPIENTS;

/// `MSGFLAG_READ` and `MSGFLAG_HASATTACH`.
pub(super) const READ: u32 = 1;
pub(super) const HAS_ATTACHMENTS: u32 = 0x10;

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
            self.node(folder, "folder").map_err(WriteError::shared)?;
            self.node(contents, "contents table").map_err(WriteError::shared)?;
        }
        let nid = self.tx.next_nid(NidKind::MESSAGE)?;
        let attachments = self.put_occurrences(&item.occurrences)?;
        let (subject, flags) = first(&item.properties);
        let flags = if item.occurrences.is_empty() { flags } else { flags | HAS_ATTACHMENTS };
        let flags_stored = flags.to_le_bytes();
        let subject = Subject::of(subject);
        let usual = self.usual()?;
        let no_clip = Value::Boolean(true);
        let mut properties =
            self.stored(&item.properties, subject.as_ref(), &usual.of(&item.class))?;
        if !item.occurrences.is_empty() {
            properties.put(self.no_clip()?, Given::Value(&no_clip));
        }
        properties.put(property::MESSAGE_CLASS, Given::Text(&item.class));
        properties.put(property::MESSAGE_FLAGS, Given::Bytes(&flags_stored));
        let Message { data, sub, .. } = self.put_message(&mut properties, attachments)?;
        self.tx.set_node(Node { nid, data, sub, parent: folder })?;
        let context = std::mem::take(&mut self.context);
        {
            let mut place = context.seek();
            let mut value = |tag| match place(tag)? {
                Place::Here(bytes) => Some(Cow::Borrowed(bytes)),
                Place::Subnode(_) => properties.bytes(tag),
            };
            self.put_row(contents, nid, |tag, old| row::cell(tag, old, &mut value))?;
        }
        self.context = context;
        self.stored = properties.into_memory();
        let unread = i64::from(flags & READ == 0);
        *self.counts.entry(folder).or_default() += unread;
        self.queue.add(folder, Event::Added { folder, item: nid });
        Ok(nid)
    }

    /// Turns properties into what is stored: names into the store's ids, the subject with its lead-in. What is usual, by id, is
    /// there where it is not given.
    pub(super) fn stored<'v>(
        &mut self,
        properties: &'v Properties,
        subject: Option<&'v Subject<'v>>,
        usual: &[Property<'v>],
    ) -> Result<StoredProperties<'v>, WriteError> {
        let mut stored: StoredProperties<'v> = std::mem::take(&mut self.stored);
        stored.reserve(properties.len() + usual.len() + 2);
        let topic = subject.map(|of| (property::CONVERSATION_TOPIC, Given::Text(of.topic)));
        let before_topic = |(tag, _): &Property<'v>| tag.id < property::CONVERSATION_TOPIC.id;
        let (first, others) = usual.split_at(usual.partition_point(before_topic));
        let mut usual = first.iter().copied().chain(topic).chain(others.iter().copied());
        let (mut due, mut before) = (usual.next(), None);
        for (key, value) in properties.iter() {
            let id = match key {
                PropertyKey::Id(id) => *id,
                PropertyKey::Name(name) => {
                    let id = match self.names.known_behind(before, name) {
                        Some(id) => id,
                        None => self
                            .names
                            .id_behind(before, name, &mut self.tx)
                            .map_err(WriteError::shared)?,
                    };
                    *before.insert(id)
                }
            };
            while let Some((tag, value)) = due.filter(|(tag, _)| tag.id <= id) {
                stored.put(tag, value);
                due = usual.next();
            }
            stored.put(id.of(value.kind()), Given::Value(value));
        }
        due.into_iter().chain(usual).for_each(|(tag, value)| stored.put(tag, value));
        if let Some(subject) = subject {
            stored.put(property::SUBJECT, Given::Text(&subject.stored));
        }
        Ok(stored)
    }

    /// Returns what says that nobody sees any of an item's attachments (MS-OXCMSG 2.2.1.14): the messages of occurrences are hidden,
    /// and without it the series would show a paper clip.
    pub(super) fn no_clip(&mut self) -> Result<PropertyTag, WriteError> {
        let named = named::SMART_NO_ATTACH;
        let id = self.names.id(&named.name(), &mut self.tx).map_err(WriteError::shared)?;
        Ok(id.of(named.kind))
    }

    /// Makes what every message has.
    pub(super) fn usual(&mut self) -> Result<Usual, WriteError> {
        Ok(Usual { now: self.now.0.to_le_bytes(), search_key: self.search_key()? })
    }

    /// Returns bytes that no item anywhere has: random ones for the first of a batch, and the next number for each behind it, since to
    /// ask the system for each would take longer than to store it.
    fn search_key(&mut self) -> Result<SearchKey, WriteError> {
        let key = if let Some(last) = self.last_key {
            last.wrapping_add(1)
        } else {
            let mut random = SearchKey::default();
            getrandom::fill(&mut random).map_err(|error| {
                let source = std::io::Error::other(error.to_string());
                PstError::io("get random bytes", 0, source)
            })?;
            u128::from_be_bytes(random)
        };
        Ok(self.last_key.insert(key).to_be_bytes())
    }

    /// Puts a message with an empty table of recipients and the given attachments, and tells its size in it.
    pub(super) fn put_message(
        &mut self,
        properties: &mut StoredProperties<'_>,
        attachments: Attachments,
    ) -> Result<Message, WriteError> {
        properties.put(property::MESSAGE_SIZE, Given::Bytes(&[0; 4]));
        let (last, size) = (self.tx.highest(NidKind::VALUE), self.tx.layout().block_payload);
        let values = self.context.make_of_ascending(properties.iter(), last, size)?;
        let (mut subnodes, big) = put_given(&mut self.tx, &values, &mut self.scratch)?;
        let (recipients, recipients_size) = self.put_recipients()?;
        let size = bytes(self.context.bytes().len()) + big + recipients_size + attachments.size;
        self.context.set_number(property::MESSAGE_SIZE.id, told(size));
        let data = self.tx.put_data(self.context.bytes())?;
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
            let (last, size) = (self.tx.highest(NidKind::VALUE), self.tx.layout().block_payload);
            let heap = RECIPIENTS.table(last, size)?.finish(&NoBlocks)?.heap;
            let blocks: Vec<Vec<u8>> = heap.blocks.into_iter().map(|(_, block)| block).collect();
            self.tx.put_blocks(&blocks)?
        };
        let node = super::node::entry(Nid::RECIPIENTS, data, None);
        let size = DataTree::open(&self.tx, data)?.len();
        Ok(*self.recipients.insert((node, size)))
    }
}

/// Sixteen bytes that stay with an item and are nobody else's (`PidTagSearchKey`).
type SearchKey = [u8; 16];

/// What every message has where it is not given.
pub(super) struct Usual {
    now: [u8; 8],
    search_key: SearchKey,
}

impl Usual {
    /// Lists the properties, by id, for a message of a class.
    pub(super) fn of<'v>(&'v self, class: &'v str) -> [Property<'v>; 6] {
        [
            (property::MESSAGE_CLASS, Given::Text(class)),
            (property::MESSAGE_FLAGS, Given::Bytes(&[1, 0, 0, 0])),
            (property::MESSAGE_SIZE, Given::Bytes(&[0; 4])),
            (property::CREATION_TIME, Given::Bytes(&self.now)),
            (property::LAST_MODIFICATION_TIME, Given::Bytes(&self.now)),
            (property::SEARCH_KEY, Given::Bytes(&self.search_key)),
        ]
    }
}

/// Returns the subject and the flags that an item is given; without any flags it counts as read. Both are among its first
/// properties, so that the others need not be searched.
fn first(properties: &Properties) -> (Option<&Value>, u32) {
    let (mut subject, mut flags) = (None, READ);
    for (key, value) in properties.iter() {
        match key {
            PropertyKey::Id(id) if *id == property::SUBJECT.id => subject = Some(value),
            PropertyKey::Id(id) if *id == property::MESSAGE_FLAGS.id => {
                flags = if let Value::Integer32(flags) = value { flags.cast_unsigned() } else { 0 };
            }
            PropertyKey::Id(id) if *id < property::MESSAGE_FLAGS.id => {}
            _ => break,
        }
    }
    (subject, flags)
}
