//! Effect: the states of items by the rows and nodes that lead to them, without a look at the items.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::place::{self, RowState};
use crate::mapi::property as p;
use crate::model::ItemId;
use crate::pst::messaging::Store;
use crate::pst::ndb::{Ndb, Node, Nodes};
use crate::pst::{Nid, PstError};

/// How many rows a walk through the table passes in the time in which one is looked up by itself.
const LOOKUP: usize = 16;

/// What is known of a folder's rows, as long as the file is as it was when they were read.
#[derive(Debug, Default)]
pub(super) struct Known {
    folder: Option<Nid>,
    /// The header's counter then.
    unique: u32,
    /// How many rows were asked for since.
    asked: usize,
    states: Option<BTreeMap<u32, RowState>>,
}

impl Known {
    /// Returns the states of all rows of a folder.
    pub(super) fn all(
        &mut self,
        store: &Store<&Ndb>,
        folder: Nid,
    ) -> Result<&BTreeMap<u32, RowState>, PstError> {
        self.turn_to(store, folder);
        let states = match self.states.take() {
            Some(states) => states,
            None => states(store, folder)?,
        };
        Ok(self.states.insert(states))
    }

    /// Gets ready for these ids. Few rows are looked up one by one; once so many were that going through the table had been
    /// the shorter way, that is done.
    pub(super) fn of(&mut self, store: &Store<&Ndb>, ids: &[ItemId]) -> Result<Rows<'_>, PstError> {
        let places: Vec<(Nid, Nid)> = ids.iter().filter_map(place::item).collect();
        let alone = Rows { folder: None, states: None };
        let Some((folder, _)) = places.first().copied() else { return Ok(alone) };
        let together = places.iter().all(|(other, _)| *other == folder);
        if !together || store.nodes().node(folder)?.is_none() {
            return Ok(alone);
        }
        self.turn_to(store, folder);
        self.asked = self.asked.saturating_add(places.len());
        let count = store
            .folder(folder)
            .and_then(|folder| folder.properties().value(p::CONTENT_COUNT))
            .map(|count| count.and_then(|count| usize::try_from(count.as_i32()?).ok()));
        let asked = self.asked.saturating_mul(LOOKUP);
        match count {
            Ok(count) if asked < count.unwrap_or(0) && self.states.is_none() => return Ok(alone),
            Ok(_) => {}
            // Each item is answered for by itself, and then it is one that cannot be read.
            Err(error) if !error.is_of_system() => return Ok(alone),
            Err(error) => return Err(error),
        }
        match self.all(store, folder) {
            Ok(states) => Ok(Rows { folder: Some(folder), states: Some(states) }),
            Err(error) if !error.is_of_system() => Ok(alone),
            Err(error) => Err(error),
        }
    }

    fn turn_to(&mut self, store: &Store<&Ndb>, folder: Nid) {
        let unique = store.nodes().header().unique;
        if (self.folder, self.unique) != (Some(folder), unique) {
            *self = Self { folder: Some(folder), unique, asked: 0, states: None };
        }
    }
}

/// The states of rows.
pub(super) struct Rows<'a> {
    folder: Option<Nid>,
    states: Option<&'a BTreeMap<u32, RowState>>,
}

impl Rows<'_> {
    /// Returns the state of an item with its node, where it has one; `None` where its folder has no row of it.
    pub(super) fn state<N: Nodes>(
        &self,
        store: &Store<N>,
        (folder, item): (Nid, Nid),
        node: Option<&Node>,
    ) -> Result<Option<RowState>, PstError> {
        if let Some(states) = self.states.filter(|_| self.folder == Some(folder)) {
            return Ok(states.get(&item.0).copied());
        }
        if store.nodes().node(folder)?.is_none() {
            return Ok(None);
        }
        let row = store.folder(folder)?.item(item)?;
        Ok(row.map(|row| RowState::of(&row, node)))
    }
}

/// Reads the states of a folder's items: the cost of its table and of their part of the node tree.
fn states(store: &Store<&Ndb>, folder: Nid) -> Result<BTreeMap<u32, RowState>, PstError> {
    /// How many nodes of others are passed by before the next one is looked up.
    const FAR: u32 = 200;
    let mut states = BTreeMap::new();
    store.folder(folder)?.each_item(&mut |row| {
        states.insert(row.nid.0, RowState::of(&row, None));
    })?;
    let mut left = states.iter_mut().peekable();
    while let Some(first) = left.peek().map(|(nid, _)| **nid) {
        let mut passed = 0;
        store.nodes().nodes(Nid(first), &mut |node| {
            // A row that leads nowhere is as it is.
            while left.next_if(|(nid, _)| **nid < node.nid.0).is_some() {}
            match left.next_if(|(nid, _)| **nid == node.nid.0) {
                Some((_, state)) => {
                    *state = state.with(&node);
                    passed = 0;
                }
                None => passed += 1,
            }
            if passed > FAR || left.peek().is_none() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })?;
        // There is no node from here on.
        left.next_if(|(nid, _)| **nid == first);
    }
    Ok(states)
}

#[cfg(test)]
mod tests {
    use crate::mailbox::Mailbox;
    use crate::mailbox::pst::PstMailbox;
    use crate::mapi::{FileTime, Properties, Value, property};
    use crate::model::{ItemId, ItemKind};
    use crate::pst::messaging::write::{Batch, NewItem};

    /// Issue 4, point 5: what a folder costs grows as the folder does, and not with its square.
    #[test]
    fn a_folder_of_twice_as_many_items_takes_twice_as_many_pages_and_blocks() {
        let cost = |count: u32| {
            let place = tempfile::tempdir().unwrap();
            let mut mailbox = PstMailbox::fresh(place.path());
            let kind = ItemKind::Contact;
            let id = mailbox.folder(kind, &[], false).unwrap().unwrap();
            let folder = super::place::folder(&id).unwrap();
            let writer = mailbox.file().unwrap().writer().unwrap();
            let mut batch = Batch::begin(writer, FileTime(134_000_000_000_000_000)).unwrap();
            for number in 0..count {
                let mut properties = Properties::new();
                properties.set(property::DISPLAY_NAME, Value::from(format!("{number}").as_str()));
                batch.add_item(folder, &NewItem::of("IPM.Contact", properties)).unwrap();
            }
            batch.commit().unwrap();
            let before = mailbox.file().unwrap().nodes().asked();
            let (mut since, mut found, mut more) = (None, 0, true);
            while more {
                let page = mailbox.changes(&id, kind, since.as_ref()).unwrap();
                let ids: Vec<ItemId> = page.changed.into_iter().map(|(id, _)| id).collect();
                // As `pst export` asks, in small portions.
                for some in ids.chunks(20) {
                    let each = &mut |_, item: Result<_, _>| found += u32::from(item.is_ok());
                    mailbox.identify(kind, some, each).unwrap();
                }
                (since, more) = (Some(page.cursor), page.more);
            }
            assert_eq!(found, count);
            mailbox.file().unwrap().nodes().asked() - before
        };
        let (one, two) = (cost(1_500), cost(3_000));
        assert!(two * 10 <= one * 22, "pages and blocks: {one} for 1,500 items, {two} for 3,000");
    }
}
