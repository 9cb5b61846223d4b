//! Occurrences of a series that differ from it: messages embedded in hidden attachments (effect). MS-OXOCAL 2.2.10.

use crate::mapi::{FileTime, Properties, Value, property};
use crate::pst::id::{Nid, NidKind};
use crate::pst::ltp::write::{Cell, NoBlocks, RowVersion};
use crate::pst::ndb::write::WriteError;
use crate::pst::ndb::{Node, Nodes};

use super::batch::Batch;
use super::node::{apply_table, bytes, entry, put_values, told};
use super::stored::StoredProperties;
use super::template::ATTACHMENTS;

/// What an embedded occurrence is.
const CLASS: &str = "IPM.OLE.CLASS.{00061055-0000-0000-C000-000000000046}";
/// The index of an item's first attachment.
const FIRST_ATTACHMENT: u32 = 0x401;
/// The embedded message, below its attachment.
const EMBEDDED: Nid = Nid::new(NidKind::MESSAGE, 0x1_0001);
/// `afEmbeddedMessage`.
pub(super) const EMBEDDED_MESSAGE: i32 = 5;
/// `afException`.
pub(super) const EXCEPTION: i32 = 2;

/// An occurrence of a series that differs from it. The series' recurrence names it as well.
#[derive(Clone, Debug, PartialEq)]
pub struct Occurrence {
    /// When it would have started: local time of the series as if it were UTC.
    pub original_start: FileTime,
    /// When it starts: local time of the series as if it were UTC.
    pub start: FileTime,
    /// When it ends, likewise.
    pub end: FileTime,
    /// The properties of the embedded message: its times in UTC, and what differs from the series.
    pub properties: Properties,
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
    /// Its row in the table of attachments.
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
        let mut table = ATTACHMENTS.table(self.tx.layout().block_payload)?;
        for (index, occurrence) in (FIRST_ATTACHMENT..).zip(occurrences) {
            let attachment = self.put_occurrence(index, occurrence)?;
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

    /// Puts an attachment with an embedded message.
    pub(super) fn put_occurrence(
        &mut self,
        index: u32,
        occurrence: &Occurrence,
    ) -> Result<Attachment, WriteError> {
        let mut properties = self.stored(&occurrence.properties)?;
        let class = Value::String(CLASS.to_owned());
        properties.set_if_absent(property::MESSAGE_CLASS, &class);
        self.complete(&mut properties)?;
        let message = self.put_message(&mut properties, Attachments::default())?;

        let mut properties = StoredProperties::default();
        for (tag, value) in [
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
        ] {
            properties.set(tag, &value);
        }
        // The size is that of the values; the embedded message counts with all that it holds.
        let values: usize = properties.iter().map(|(_, value)| value.len()).sum();
        let told_size = told(bytes(values) + message.size);
        properties.set_bytes(property::ATTACH_SIZE, &told_size.to_le_bytes());
        let object = [EMBEDDED.0.to_le_bytes(), told(message.size).to_le_bytes()].concat();
        properties.set_bytes(property::ATTACH_OBJECT, &object);

        let values = self.context.make(properties.iter(), self.tx.layout().block_payload)?;
        let big: usize = values.iter().map(|(_, value)| value.len()).sum();
        let size = bytes(self.context.bytes().len() + big) + message.size;
        let data = self.tx.put_data(self.context.bytes())?;
        let mut subnodes = put_values(&mut self.tx, &values)?;
        subnodes.push(entry(EMBEDDED, message.data, message.sub));
        let sub = self.tx.put_subnodes(&subnodes)?;
        let node = entry(Nid::new(NidKind::ATTACHMENT, index), data, sub);
        let cells = ATTACHMENTS.columns.iter().filter_map(|bits| {
            let tag = crate::mapi::PropertyTag::from_bits(*bits);
            properties.bytes(tag).map(|value| Cell { tag, value: value.to_vec().into() })
        });
        Ok(Attachment { node, cells: cells.collect(), size })
    }
}

/// Returns the index for the next attachment of an item.
pub(super) fn next_index(attachments: &[Node]) -> u32 {
    let used = attachments.iter().map(|attachment| attachment.nid.index() + 1);
    used.fold(FIRST_ATTACHMENT, u32::max)
}
