//! Occurrences of a series that differ from it: messages embedded in hidden attachments (effect). MS-OXOCAL 2.2.10.

use crate::mapi::{FileTime, Properties, PropertyKey, PropertyTag, PropertyType, Value, property};
use crate::pst::PstError;
use crate::pst::id::{Nid, NidKind};
use crate::pst::ltp::write::{Cell, ContextEdit, Given, NoBlocks, RowVersion};
use crate::pst::ndb::write::WriteError;
use crate::pst::ndb::{Node, Nodes};

use super::batch::Batch;
use super::change::edit;
use super::folder::{given, number};
use super::node::{
    NodeSource, apply_context, apply_table, bytes, entry, put_given, size_below, told,
};
use super::stored::StoredProperties;
use super::subject::Subject;
use super::template::ATTACHMENTS;

/// What an embedded occurrence is.
const CLASS: &str = "IPM.OLE.CLASS.{00061055-0000-0000-C000-000000000046}";
/// The id that every embedded message once got here, and that Outlook gives the first item of a file.
const OF_ALL: Nid = Nid::new(NidKind::MESSAGE, 0x1_0001);
/// `afEmbeddedMessage`.
const EMBEDDED_MESSAGE: i32 = 5;
/// `afException`.
const EXCEPTION: i32 = 2;

/// An occurrence of a series that differs from it. The series' recurrence names it as well.
#[derive(Clone, Debug, PartialEq)]
pub struct Occurrence {
    /// The attachment that holds its message already; `None` where it has none yet. Such a message is changed where it is, so
    /// that its text, its recipients and what is attached to it stay byte for byte.
    pub held: Option<Nid>,
    /// When it would have started, as its attachment tells it: local time of the series as if it were UTC, as Outlook does, or
    /// UTC, as MS-OXOCAL 2.2.10.1.6 has it.
    pub original_start: FileTime,
    /// When it starts: local time of the series as if it were UTC.
    pub start: FileTime,
    /// When it ends, likewise.
    pub end: FileTime,
    /// The properties of the embedded message: its times in UTC, and what differs from the series.
    pub properties: Properties,
    /// Properties that a message held already loses.
    pub remove: Vec<PropertyKey>,
}

impl Occurrence {
    /// Describes an occurrence that has no message yet: when it would have started, when it starts and ends, and what its message
    /// holds.
    pub const fn new(
        original_start: FileTime,
        start: FileTime,
        end: FileTime,
        properties: Properties,
    ) -> Self {
        Self { held: None, original_start, start, end, properties, remove: Vec::new() }
    }
}

/// Attachments that were put into the file, but that no item refers to yet.
#[derive(Debug, Default)]
pub(super) struct Attachments {
    /// Their table and themselves.
    pub(super) subnodes: Vec<Node>,
    /// The bytes of all their data.
    pub(super) size: u64,
}

/// One attachment that was put into the file.
pub(super) struct Attachment {
    pub(super) node: Node,
    /// Its row in the table of attachments, which says what it says itself.
    pub(super) cells: Vec<Cell<'static>>,
    /// The bytes of its data and of all below it.
    pub(super) size: u64,
}

impl Batch<'_> {
    /// Puts the attachments of a new item, with their table.
    pub(super) fn put_occurrences(
        &mut self,
        occurrences: &[Occurrence],
    ) -> Result<Attachments, WriteError> {
        if occurrences.is_empty() {
            return Ok(Attachments::default());
        }
        let mut made = Attachments::default();
        let columns = ATTACHMENTS.tags();
        let put = occurrences.iter().map(|occurrence| self.put_occurrence(occurrence, &columns));
        let put = put.collect::<Result<Vec<_>, _>>()?;
        let (last, size) = (self.tx.highest(NidKind::VALUE), self.tx.layout().block_payload);
        let mut table = ATTACHMENTS.table(last, size)?;
        for attachment in put {
            let version = RowVersion(self.tx.unique());
            table.put(attachment.node.nid.0, version, &attachment.cells, &NoBlocks)?;
            made.subnodes.push(attachment.node);
            made.size += attachment.size;
        }
        let changes = table.finish(&NoBlocks)?;
        made.size += bytes(changes.bytes());
        let node = apply_table(&mut self.tx, entry(Nid::ATTACHMENTS, None, None), changes)?;
        made.subnodes.push(node);
        Ok(made)
    }

    /// Puts an attachment with an embedded message, for a table with these columns.
    pub(super) fn put_occurrence(
        &mut self,
        occurrence: &Occurrence,
        columns: &[PropertyTag],
    ) -> Result<Attachment, WriteError> {
        let subject = Subject::of(occurrence.properties.value(property::SUBJECT));
        let usual = self.usual()?;
        let mut properties =
            self.stored(&occurrence.properties, subject.as_ref(), &usual.of(CLASS))?;
        let message = self.put_message(&mut properties, Attachments::default())?;
        // Some readers (libpff) look for a message by its id in the whole file, and Outlook gives no id twice.
        let embedded = self.tx.next_nid(NidKind::MESSAGE)?;

        let values = [
            (property::ATTACH_METHOD, Value::Integer32(EMBEDDED_MESSAGE)),
            (property::ATTACH_RENDERING_POSITION, Value::Integer32(-1)),
            (property::ATTACH_FLAGS, Value::Integer32(0)),
            (property::DISPLAY_NAME, Value::String("Untitled".to_owned())),
            (property::ATTACH_LINK_ID, Value::Integer32(0)),
            (property::EXCEPTION_START, Value::Time(occurrence.start)),
            (property::EXCEPTION_END, Value::Time(occurrence.end)),
            (property::EXCEPTION_REPLACE_TIME, Value::Time(occurrence.original_start)),
            (property::ATTACHMENT_FLAGS, Value::Integer32(EXCEPTION)),
            (property::ATTACHMENT_HIDDEN, Value::Boolean(true)),
            (property::ATTACHMENT_CONTACT_PHOTO, Value::Boolean(false)),
            (property::ATTACH_SIZE, Value::Integer32(0)),
        ];
        // The size is that of the values; the embedded message counts with all that it holds.
        let own: usize = given(&values).map(|(_, value)| value.stored().len()).sum();
        let told_size = told(bytes(own) + message.size).to_le_bytes();
        let object = [embedded.0.to_le_bytes(), told(message.size).to_le_bytes()].concat();
        let mut properties = StoredProperties::with_capacity(values.len() + 1);
        given(&values).for_each(|(tag, value)| properties.put(tag, value));
        properties.put(property::ATTACH_SIZE, Given::Bytes(&told_size));
        properties.put(property::ATTACH_OBJECT, Given::Bytes(&object));

        let (last, size) = (self.tx.highest(NidKind::VALUE), self.tx.layout().block_payload);
        let values = self.context.make(properties.iter(), last, size)?;
        let (mut subnodes, big) = put_given(&mut self.tx, &values, &mut self.scratch)?;
        let size = bytes(self.context.bytes().len()) + big + message.size;
        let data = self.tx.put_data(self.context.bytes())?;
        subnodes.push(entry(embedded, message.data, message.sub));
        let sub = self.tx.put_subnodes(&subnodes)?;
        let node = entry(self.tx.next_nid(NidKind::ATTACHMENT)?, data, sub);
        let cells = columns.iter().filter_map(|tag| {
            let value = properties.bytes(*tag)?.into_owned().into();
            Some(Cell { tag: *tag, value })
        });
        Ok(Attachment { node, cells: cells.collect(), size })
    }
}

impl Batch<'_> {
    /// Changes the message of an occurrence and its attachment where they are, for a table with these columns.
    pub(super) fn change_occurrence(
        &mut self,
        attachment: &Node,
        occurrence: &Occurrence,
        columns: &[PropertyTag],
    ) -> Result<Attachment, WriteError> {
        let source = NodeSource::open(&self.tx, attachment)?;
        let object = source.context()?.bytes(property::ATTACH_OBJECT, &source)?;
        let nid = Nid(number(&object.unwrap_or_default()));
        let found = source.subnodes()?.into_iter().find(|sub| sub.nid == nid);
        let what = "embedded message";
        let message = found.ok_or(PstError::NoNode { nid, what })?;
        let (message, size) = self.change_message(message, occurrence)?;
        let is_of_another = nid == OF_ALL || self.tx.node(nid)?.is_some();
        let own = if is_of_another { self.tx.next_nid(NidKind::MESSAGE)? } else { nid };

        let source = NodeSource::open(&self.tx, attachment)?;
        let mut context = source.context()?;
        let object = [own.0.to_le_bytes(), told(size).to_le_bytes()].concat();
        for (tag, value) in [
            (property::EXCEPTION_START, occurrence.start.0.to_le_bytes().to_vec()),
            (property::EXCEPTION_END, occurrence.end.0.to_le_bytes().to_vec()),
            (property::EXCEPTION_REPLACE_TIME, occurrence.original_start.0.to_le_bytes().to_vec()),
            (property::ATTACH_SIZE, vec![0; 4]),
            (property::ATTACH_OBJECT, object),
        ] {
            context.set(tag, &value, &source)?;
        }
        let told_size = told(size_of_values(&mut context, &source)?).to_le_bytes();
        context.set(property::ATTACH_SIZE, &told_size, &source)?;
        let mut cells = Vec::new();
        for tag in columns {
            let value = context.bytes(*tag, &source)?;
            cells.extend(value.map(|value| Cell { tag: *tag, value: value.into() }));
        }
        let without = |sub: Nid| sub == nid || context.dropped().contains(&sub);
        let kept = size_below(&self.tx, attachment.sub, &without)?;
        let size = size + kept + bytes(context.len(&source)? + context.new_bytes());
        let changes = context.finish(&source)?;
        drop(source);
        // The later of two for one id is what counts.
        let below = vec![(nid, None), (own, Some(Node { nid: own, ..message }))];
        let node = apply_context(&mut self.tx, *attachment, changes, below)?;
        Ok(Attachment { node, cells, size })
    }

    /// Changes an embedded message; returns it and the bytes of its data and of all below it.
    fn change_message(
        &mut self,
        message: Node,
        occurrence: &Occurrence,
    ) -> Result<(Node, u64), WriteError> {
        let subject = Subject::of(occurrence.properties.value(property::SUBJECT));
        let now = self.now.0.to_le_bytes();
        let usual = [(property::LAST_MODIFICATION_TIME, Given::Bytes(&now))];
        let set = self.stored(&occurrence.properties, subject.as_ref(), &usual)?;
        let remove: Vec<_> =
            occurrence.remove.iter().filter_map(|key| self.names.known(key)).collect();
        let source = NodeSource::open(&self.tx, &message)?;
        let mut context = source.context()?;
        edit(&mut context, &source, &set, &remove)?;
        // The size has the same width whatever it is.
        context.set(property::MESSAGE_SIZE, &[0; 4], &source)?;
        let kept = size_below(&self.tx, message.sub, &|nid| context.dropped().contains(&nid))?;
        let size = bytes(context.len(&source)? + context.new_bytes()) + kept;
        context.set(property::MESSAGE_SIZE, &told(size).to_le_bytes(), &source)?;
        let changes = context.finish(&source)?;
        drop(source);
        Ok((apply_context(&mut self.tx, message, changes, Vec::new())?, size))
    }
}

/// Reckons the size that an attachment tells of itself: that of its values, and an object counts with what it says it holds.
fn size_of_values(context: &mut ContextEdit, source: &NodeSource<'_>) -> Result<u64, PstError> {
    let mut size = 0;
    for tag in context.tags(source)? {
        let value = context.bytes(tag, source)?.unwrap_or_default();
        size += match (tag.kind, value.get(4..)) {
            (PropertyType::OBJECT, Some(told)) => u64::from(number(told)),
            _ => bytes(value.len()),
        };
    }
    Ok(size)
}
