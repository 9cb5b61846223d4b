//! Changes of items (effect).
//!
//! An item keeps its id, and everything that is not named in the change: properties are changed in place, recipients and
//! attachments stay in the blocks that they are in.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::mapi::{Properties, PropertyId, PropertyKey, PropertyTag, property};
use crate::pst::PstError;
use crate::pst::id::{Nid, NidKind};
use crate::pst::ltp::write::{Cell, ContextEdit, Given, RowVersion};
use crate::pst::ndb::write::WriteError;
use crate::pst::ndb::{DataTree, Node, Nodes};

use super::batch::Batch;
use super::folder::number;
use super::item::{HAS_ATTACHMENTS, READ};
use super::node::{
    NodeSource, SubnodeChange, apply_context, apply_table, bytes, entry, size_below, told,
};
use super::occurrence::Occurrence;
use super::queue::Event;
use super::row;
use super::stored::StoredProperties;
use super::subject::Subject;
use super::template::ATTACHMENTS;

/// Whether the compressed RTF was made from the same text as the plain one.
const RTF_IN_SYNC: PropertyTag = PropertyTag::from_bits(0x0E1F_000B);
/// The length of what a plain text begins with in Outlook's files, in units of UTF-16.
const BEGINNING: usize = 255;

/// What of an item is to be changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ItemChange {
    /// Properties to be set. The subject is given as people see it. A new plain text removes an old rich one, unless a new
    /// rich one is given as well.
    pub set: Properties,
    /// Properties to be removed. A plain text goes with its rich one, and a subject with the topic that was made of it.
    pub remove: Vec<PropertyKey>,
    /// Occurrences of a series that differ from it, as far as their messages are new or change.
    pub occurrences: Vec<Occurrence>,
    /// Attachments that go: the messages of occurrences that are as in the series again. All others stay.
    pub dropped: Vec<Nid>,
}

impl Batch<'_> {
    /// Changes an item, its time of change, its size and its row.
    pub fn change_item(&mut self, nid: Nid, change: &ItemChange) -> Result<(), WriteError> {
        let node = self.node(nid, "item")?;
        let subject = Subject::of(change.set.value(property::SUBJECT));
        let now = self.now.0.to_le_bytes();
        let usual = [(property::LAST_MODIFICATION_TIME, Given::Bytes(&now))];
        let set = self.stored(&change.set, subject.as_ref(), &usual)?;
        let remove: Vec<_> = change.remove.iter().filter_map(|key| self.names.known(key)).collect();
        let attachments = if change.occurrences.is_empty() && change.dropped.is_empty() {
            None
        } else {
            Some(self.change_occurrences(&node, &change.occurrences, &change.dropped)?)
        };
        let columns = self.columns_of(node.parent)?;
        let no_clip = if attachments.is_some() { Some(self.no_clip()?) } else { None };

        let source = NodeSource::open(&self.tx, &node)?;
        let mut context = source.context()?;
        let old_flags = flags(&mut context, &source)?;
        edit(&mut context, &source, &set, &remove)?;
        let mut flags = flags(&mut context, &source)?;
        let mut subnodes: Vec<SubnodeChange> = Vec::new();
        let mut new_below = 0;
        if let Some(attachments) = attachments {
            flags =
                if attachments.is_any { flags | HAS_ATTACHMENTS } else { flags & !HAS_ATTACHMENTS };
            context.set(property::MESSAGE_FLAGS, &flags.to_le_bytes(), &source)?;
            let is_hidden = attachments.is_any && !attachments.is_seen;
            if let Some(tag) = no_clip
                && (is_hidden || context.bytes(tag, &source)?.is_some())
            {
                context.set(tag, &[u8::from(is_hidden)], &source)?;
            }
            subnodes = attachments.changes;
            new_below = attachments.new_size;
        }
        // The size stands in the context itself and has the same width whatever it is.
        context.set(property::MESSAGE_SIZE, &[0; 4], &source)?;
        let without = |nid: Nid| {
            context.dropped().contains(&nid) || subnodes.iter().any(|(changed, _)| *changed == nid)
        };
        let kept = size_below(&self.tx, node.sub, &without)?;
        let own = context.len(&source)? + context.new_bytes();
        let size = told(bytes(own) + kept + new_below);
        context.set(property::MESSAGE_SIZE, &size.to_le_bytes(), &source)?;
        let values = values_of(&mut context, &source, &columns)?;
        let changes = context.finish(&source)?;
        drop(source);

        let node = apply_context(&mut self.tx, node, changes, subnodes)?;
        self.tx.set_node(node)?;
        self.put_item_row(node.parent, nid, &values, &[])?;
        let unread = |flags: u32| i64::from(flags & READ == 0);
        *self.counts.entry(node.parent).or_default() += unread(flags) - unread(old_flags);
        self.queue.add(node.parent, Event::Changed { folder: node.parent, item: nid });
        Ok(())
    }

    /// Lists the columns of a folder's contents table.
    pub(super) fn columns_of(&mut self, folder: Nid) -> Result<Vec<PropertyTag>, WriteError> {
        self.with_table(folder.with(NidKind::CONTENTS), |table, _| {
            Ok(table.columns().iter().map(|column| column.tag).collect())
        })
    }

    /// Puts the row of an item into its folder's table. `before` is the row that it had in another folder.
    pub(super) fn put_item_row(
        &mut self,
        folder: Nid,
        nid: Nid,
        values: &BTreeMap<PropertyTag, Vec<u8>>,
        before: &[Cell<'_>],
    ) -> Result<(), WriteError> {
        let mut value = |tag| values.get(&tag).map(|value| Cow::Borrowed(value.as_slice()));
        self.put_row(folder.with(NidKind::CONTENTS), nid, |tag, old| {
            row::cell(tag, if old.is_empty() { before } else { old }, &mut value)
        })
    }

    /// Puts messages of occurrences, changes those that there are already, and drops some; other attachments stay.
    fn change_occurrences(
        &mut self,
        node: &Node,
        occurrences: &[Occurrence],
        dropped: &[Nid],
    ) -> Result<AttachmentChanges, WriteError> {
        let all = NodeSource::open(&self.tx, node)?.subnodes()?;
        let attachments: Vec<Node> =
            all.iter().copied().filter(|sub| sub.nid.kind() == NidKind::ATTACHMENT).collect();
        let mut changes: Vec<SubnodeChange> = attachments
            .iter()
            .filter(|attachment| dropped.contains(&attachment.nid))
            .map(|attachment| (attachment.nid, None))
            .collect();
        let is_any = attachments.len() > changes.len() || !occurrences.is_empty();
        let mut is_seen = false;
        for attachment in attachments.iter().filter(|one| !dropped.contains(&one.nid)) {
            let source = NodeSource::open(&self.tx, attachment)?;
            let hidden = source.context()?.bytes(property::ATTACHMENT_HIDDEN, &source)?;
            is_seen |= hidden.is_none_or(|hidden| hidden.first() == Some(&0));
        }
        let old_table = all.iter().copied().find(|sub| sub.nid == Nid::ATTACHMENTS);
        let columns = match old_table {
            // Outlook adds the columns that it asks for, and finds occurrences by them.
            Some(table) => {
                let table = NodeSource::open(&self.tx, &table)?.table()?;
                table.columns().iter().map(|column| column.tag).collect()
            }
            None => ATTACHMENTS.tags(),
        };
        // They may be counted in each item, beyond what the file has counted.
        for attachment in &attachments {
            self.tx.raise(attachment.nid);
        }
        let mut made = Vec::new();
        for occurrence in occurrences {
            made.push(if let Some(nid) = occurrence.held {
                let found = attachments.iter().find(|attachment| attachment.nid == nid);
                let what = "attachment of a changed occurrence";
                let attachment = found.ok_or(PstError::NoNode { nid, what })?;
                self.change_occurrence(attachment, occurrence, &columns)?
            } else {
                self.put_occurrence(occurrence, &columns)?
            });
        }
        if old_table.is_none() && made.is_empty() {
            return Ok(AttachmentChanges { changes, is_any, is_seen, new_size: 0 });
        }
        let versions: Vec<RowVersion> = made.iter().map(|_| RowVersion(self.tx.unique())).collect();
        let table_node = old_table.unwrap_or(entry(Nid::ATTACHMENTS, None, None));
        let source = NodeSource::open(&self.tx, &table_node)?;
        let mut table = if old_table.is_some() {
            source.table()?
        } else {
            let (last, size) = (self.tx.highest(NidKind::VALUE), self.tx.layout().block_payload);
            ATTACHMENTS.table(last, size)?
        };
        for (attachment, _) in &changes {
            table.remove(attachment.0, &source)?;
        }
        for (attachment, version) in made.iter().zip(versions) {
            let row = attachment.node.nid.0;
            // What a row says beyond its attachment stays.
            let old = table.read(row, &source)?.unwrap_or_default();
            let is_told = |old: &Cell<'_>| attachment.cells.iter().any(|cell| cell.tag == old.tag);
            let kept = old.into_iter().filter(|old| !is_told(old));
            let cells: Vec<_> = attachment.cells.iter().cloned().chain(kept).collect();
            table.put(row, version, &cells, &source)?;
        }
        let table_changes = table.finish(&source)?;
        drop(source);
        let table_node = apply_table(&mut self.tx, table_node, table_changes)?;
        let mut new_size = DataTree::open(&self.tx, table_node.data)?.len();
        new_size += size_below(&self.tx, table_node.sub, &|_| false)?;
        changes.push((table_node.nid, Some(table_node)));
        for attachment in made {
            new_size += attachment.size;
            changes.push((attachment.node.nid, Some(attachment.node)));
        }
        Ok(AttachmentChanges { changes, is_any, is_seen, new_size })
    }
}

/// What becomes of an item's attachments.
struct AttachmentChanges {
    changes: Vec<SubnodeChange>,
    /// Whether there are attachments afterwards.
    is_any: bool,
    /// Whether people see one of them.
    is_seen: bool,
    /// The bytes of what is new.
    new_size: u64,
}

/// Sets and removes properties of a message.
pub(super) fn edit(
    context: &mut ContextEdit,
    source: &NodeSource<'_>,
    set: &StoredProperties<'_>,
    remove: &[PropertyId],
) -> Result<(), PstError> {
    // A text that only stands in a rich form has no plain one to be removed.
    let is_other = match set.bytes(property::BODY) {
        Some(new) => context.bytes(property::BODY, source)?.as_deref() != Some(&*new),
        None => remove.contains(&property::BODY.id),
    };
    if is_other {
        let rich = [property::RTF_COMPRESSED, RTF_IN_SYNC, property::HTML, property::NATIVE_BODY];
        for tag in rich {
            context.remove(tag.id, source)?;
        }
        match set.bytes(property::BODY) {
            Some(new) if context.bytes(property::BODY_PREFIX, source)?.is_some() => {
                context.set(property::BODY_PREFIX, beginning(&new), source)?;
            }
            _ => {
                context.remove(property::BODY_PREFIX.id, source)?;
            }
        }
    }
    for id in remove {
        context.remove(*id, source)?;
    }
    if remove.contains(&property::SUBJECT.id) {
        let others =
            [property::CONVERSATION_TOPIC, property::NORMALIZED_SUBJECT, property::SUBJECT_PREFIX];
        for tag in others {
            context.remove(tag.id, source)?;
        }
    }
    for (tag, value) in set.iter() {
        context.set(tag, &value.stored(), source)?;
    }
    let (subject, topic) = (set.bytes(property::SUBJECT), set.bytes(property::CONVERSATION_TOPIC));
    if let (Some(subject), Some(topic)) = (subject, topic) {
        for (tag, value) in subject_in_parts(&subject, &topic) {
            // Some programs store it in parts as well, and some readers go by these.
            if context.bytes(tag, source)?.is_some() {
                context.set(tag, value, source)?;
            }
        }
    }
    Ok(())
}

/// Returns the first 255 characters of a text, as Outlook keeps them, without half of a pair.
fn beginning(text: &[u8]) -> &[u8] {
    let length = match text.get(2 * BEGINNING - 1) {
        Some(0xD8..=0xDB) => 2 * BEGINNING - 2,
        _ => text.len().min(2 * BEGINNING),
    };
    text.get(..length).unwrap_or_default()
}

/// Returns the two parts of a subject that is stored with its lead-in: what it begins with, such as `RE: `, and the topic.
fn subject_in_parts<'s>(subject: &'s [u8], topic: &'s [u8]) -> [(PropertyTag, &'s [u8]); 2] {
    let text = subject.strip_prefix(&[1, 0]).and_then(|text| text.get(2..)).unwrap_or(subject);
    let prefix = text.strip_suffix(topic).unwrap_or_default();
    [(property::NORMALIZED_SUBJECT, topic), (property::SUBJECT_PREFIX, prefix)]
}

/// Reads the values that a table with these columns tells of an item.
pub(super) fn values_of(
    context: &mut ContextEdit,
    source: &NodeSource<'_>,
    columns: &[PropertyTag],
) -> Result<BTreeMap<PropertyTag, Vec<u8>>, PstError> {
    let mut values = BTreeMap::new();
    let index = [
        property::CONVERSATION_TOPIC,
        property::CONVERSATION_INDEX,
        property::CONVERSATION_INDEX_TRACKING,
    ];
    for tag in columns.iter().copied().chain(index) {
        if let Some(value) = context.bytes(tag, source)? {
            values.insert(tag, value);
        }
    }
    Ok(values)
}

/// Reads an item's flags.
pub(super) fn flags(context: &mut ContextEdit, source: &NodeSource<'_>) -> Result<u32, PstError> {
    Ok(number(&context.bytes(property::MESSAGE_FLAGS, source)?.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::beginning;
    use crate::pst::ltp::write::value::utf16 as stored;

    /// Outlook's own files have 255 characters; U+1F600 takes two, which belong together.
    #[test]
    fn a_text_begins_with_whole_characters() {
        for (text, characters) in
            [("a".repeat(300), 255), ("a".repeat(254) + "😀", 254), ("a".repeat(253) + "😀b", 255)]
        {
            assert_eq!(beginning(&stored(&text)).len(), 2 * characters, "{text}");
        }
        assert_eq!(beginning(&stored("ab")), stored("ab"));
        assert!(beginning(&[]).is_empty());
    }
}
