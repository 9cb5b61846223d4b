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
        let count = store.folder(folder)?.properties().value(p::CONTENT_COUNT)?;
        let count = count.and_then(|count| usize::try_from(count.as_i32()?).ok());
        if self.asked.saturating_mul(LOOKUP) < count.unwrap_or(0) && self.states.is_none() {
            return Ok(alone);
        }
        Ok(Rows { folder: Some(folder), states: Some(self.all(store, folder)?) })
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
