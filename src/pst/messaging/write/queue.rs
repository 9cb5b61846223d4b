//! The queue of changes that Outlook's searches have not seen yet (effect). MS-PST 2.4.8.
//!
//! Only folders that searches refer to are queued; Outlook empties the queue when it opens the store next. What belongs to the
//! searches themselves is never touched.

use crate::pst::PstError;
use crate::pst::id::Nid;
use crate::pst::ndb::write::{DataChange, Transaction, WriteError};
use crate::pst::ndb::{DataTree, Node, Nodes};

use super::node::NodeSource;

/// Something that happened in a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Added { folder: Nid, item: Nid },
    Changed { folder: Nid, item: Nid },
    Removed { folder: Nid, item: Nid },
    Moved { from: Nid, to: Nid, item: Nid },
    FolderAdded { parent: Nid, folder: Nid },
}

impl Event {
    /// Returns the records of the queue, 20 bytes each.
    fn encode(self) -> Vec<u8> {
        let record = |kind: u16, first: Nid, second: Nid, third: Nid| -> Vec<u8> {
            let mut bytes = vec![0, 0];
            bytes.extend(kind.to_le_bytes());
            for nid in [first, second, third, Nid(0)] {
                bytes.extend(nid.0.to_le_bytes());
            }
            bytes
        };
        let none = Nid(0);
        match self {
            Self::Added { folder, item } => record(1, folder, item, none),
            // The row changes with the item.
            Self::Changed { folder, item } => {
                [record(2, folder, item, none), record(0x0C, folder, item, none)].concat()
            }
            Self::Removed { folder, item } => record(3, folder, item, none),
            Self::Moved { from, to, item } => record(4, to, item, from),
            Self::FolderAdded { parent, folder } => record(5, parent, folder, none),
        }
    }
}

/// Events to be queued.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// Indexes of the folders that searches refer to.
    watched: Vec<u32>,
    records: Vec<u8>,
}

impl Queue {
    /// Reads which folders are to be told of.
    pub(super) fn load(tx: &Transaction<'_>) -> Result<Self, PstError> {
        let Some(node) = tx.node(Nid::SEARCH_FOLDERS)? else { return Ok(Self::default()) };
        let bytes = NodeSource::open(tx, &node)?.all()?;
        // The low bits of an entry are a count, not the kind of the node (seen in Outlook's files).
        let watched =
            bytes.as_chunks().0.iter().map(|entry| u32::from_le_bytes(*entry) >> 5).collect();
        Ok(Self { watched, records: Vec::new() })
    }

    /// Queues an event if a folder is watched.
    pub(super) fn add(&mut self, folder: Nid, event: Event) {
        if self.watched.contains(&folder.index()) {
            self.records.extend(event.encode());
        }
    }

    /// Queues a move if one of its folders is watched.
    pub(super) fn add_move(&mut self, from: Nid, to: Nid, item: Nid) {
        let watched = |folder: Nid| self.watched.contains(&folder.index());
        if watched(from) || watched(to) {
            self.records.extend(Event::Moved { from, to, item }.encode());
        }
    }

    /// Brings the events into the transaction, behind those that are queued already, of which the last block alone is read and
    /// written.
    pub(super) fn write(&mut self, tx: &mut Transaction<'_>) -> Result<(), WriteError> {
        let records = std::mem::take(&mut self.records);
        if records.is_empty() {
            return Ok(());
        }
        let Some(node) = tx.node(Nid::SEARCH_QUEUE)? else { return Ok(()) };
        let tree = DataTree::open(tx, node.data)?;
        let keep = tree.blocks().saturating_sub(1);
        let mut end = tree.block(keep)?.map(|last| last.to_vec()).unwrap_or_default();
        end.extend(records);
        let append = end.chunks(tx.layout().block_payload).map(<[u8]>::to_vec).collect();
        let change = DataChange { keep: Some(keep), append, ..DataChange::default() };
        let data = tx.change_data(node.data, &change)?;
        // The parent is how far Outlook has read; it stays.
        tx.set_node(Node { data, ..node })
    }
}

#[cfg(test)]
mod tests {
    use super::{Event, Queue};
    use crate::pst::id::Nid;

    /// MS-PST 2.4.8.4.2, by hand.
    #[test]
    fn events_are_records_of_20_bytes_in_watched_folders_only() {
        let mut queue = Queue { watched: vec![0x404], records: Vec::new() };
        let item = Nid(0x0020_0024);
        queue.add(Nid(0x8082), Event::Added { folder: Nid(0x8082), item });
        queue.add(Nid(0x80A2), Event::Added { folder: Nid(0x80A2), item });
        queue.add_move(Nid(0x8062), Nid(0x8082), item);
        queue.add_move(Nid(0x8062), Nid(0x80A2), item);
        #[rustfmt::skip]
        assert_eq!(queue.records, [
            0, 0, 1, 0, 0x82, 0x80, 0, 0, 0x24, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            0, 0, 4, 0, 0x82, 0x80, 0, 0, 0x24, 0, 0x20, 0, 0x62, 0x80, 0, 0, 0, 0, 0, 0,
        ]);
        assert_eq!(Event::Changed { folder: Nid(0x8082), item }.encode().len(), 40);
    }
}
