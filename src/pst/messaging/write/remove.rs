//! Moving and deleting items (effect).

use crate::mapi::property;
use crate::pst::id::{Nid, NidKind};
use crate::pst::ndb::Node;
use crate::pst::ndb::write::WriteError;

use super::batch::Batch;
use super::change::{flags, values_of};
use super::folder::{entry_node, read_property};
use super::item::READ;
use super::node::NodeSource;
use super::queue::Event;

impl Batch<'_> {
    /// Moves an item to another folder; its id stays.
    pub fn move_item(&mut self, nid: Nid, to: Nid) -> Result<(), WriteError> {
        let node = self.node(nid, "item")?;
        let from = node.parent;
        if from == to {
            return Ok(());
        }
        self.node(to, "folder")?;
        let columns = self.columns_of(to)?;
        let (values, unread) = {
            let source = NodeSource::open(&self.tx, &node)?;
            let mut context = source.context()?;
            let unread = i64::from(flags(&mut context, &source)? & READ == 0);
            (values_of(&mut context, &source, &columns)?, unread)
        };
        self.tx.set_node(Node { parent: to, ..node })?;
        let before = self.take_row(from.with(NidKind::CONTENTS), nid)?.unwrap_or_default();
        self.put_item_row(to, nid, &values, &before)?;
        *self.counts.entry(from).or_default() -= unread;
        *self.counts.entry(to).or_default() += unread;
        self.queue.add_move(from, to, nid);
        Ok(())
    }

    /// Moves an item to Deleted Items. One that is there already stays there.
    pub fn delete_item(&mut self, nid: Nid) -> Result<(), WriteError> {
        let to = self.deleted_items()?;
        self.move_item(nid, to)
    }

    /// Deletes an item for good, with all that only it refers to.
    pub fn erase_item(&mut self, nid: Nid) -> Result<(), WriteError> {
        let node = self.node(nid, "item")?;
        let unread = {
            let source = NodeSource::open(&self.tx, &node)?;
            i64::from(flags(&mut source.context()?, &source)? & READ == 0)
        };
        let folder = node.parent;
        self.tx.remove_node(nid)?;
        self.take_row(folder.with(NidKind::CONTENTS), nid)?;
        *self.counts.entry(folder).or_default() -= unread;
        self.queue.add(folder, Event::Removed { folder, item: nid });
        Ok(())
    }

    /// Finds the folder Deleted Items.
    pub fn deleted_items(&self) -> Result<Nid, WriteError> {
        let bytes = read_property(&self.tx, Nid::STORE, property::DELETED_ITEMS)
            .map_err(|error| WriteError::from(error).shared())?;
        let nid = entry_node(&bytes.unwrap_or_default()).unwrap_or_default();
        let found = self.node(nid, "folder Deleted Items").map_err(WriteError::shared)?;
        Ok(found.nid)
    }
}

#[cfg(test)]
mod tests {
    use super::entry_node;
    use crate::pst::id::Nid;

    /// Guide, 1: four zero bytes, sixteen of the store, four of the node.
    #[test]
    fn an_entry_id_ends_with_the_node() {
        let mut bytes = vec![0; 20];
        bytes.extend([0x62, 0x80, 0, 0]);
        assert_eq!(entry_node(&bytes), Some(Nid(0x8062)));
        assert_eq!(entry_node(&bytes[..23]), None);
    }
}
