//! Moving, copying and deleting items (effect).

use crate::pst::error::PstError;
use crate::pst::id::{Nid, NidKind};
use crate::pst::ndb::Node;
use crate::pst::ndb::write::WriteError;

use crate::pst::messaging::Store;

use super::batch::Batch;
use super::change::{flags, values_of};
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

    /// Copies an item within its folder, with all that is below it, and returns the copy's id. Both have the same blocks until one
    /// of them is changed.
    pub fn copy_item(&mut self, nid: Nid) -> Result<Nid, WriteError> {
        let node = self.node(nid, "item")?;
        let folder = node.parent;
        let columns = self.columns_of(folder)?;
        let (values, unread) = {
            let source = NodeSource::open(&self.tx, &node)?;
            let mut context = source.context()?;
            let unread = i64::from(flags(&mut context, &source)? & READ == 0);
            (values_of(&mut context, &source, &columns)?, unread)
        };
        let item = self.tx.next_nid(NidKind::MESSAGE)?;
        self.tx.set_node(Node { nid: item, ..node })?;
        self.put_item_row(folder, item, &values, &[])?;
        *self.counts.entry(folder).or_default() += unread;
        self.queue.add(folder, Event::Added { folder, item });
        Ok(item)
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
        let found = Store::new(&self.tx).deleted_items();
        let found = found.map_err(|error| WriteError::from(error).shared())?;
        found.ok_or_else(|| WriteError::from(PstError::NoDeletedItems).shared())
    }
}
