//! Effect: the states of items by the rows and nodes that lead to them, without a look at the items.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::place::{self, RowState};
use crate::model::ItemId;
use crate::pst::messaging::Store;
use crate::pst::ndb::{Node, Nodes};
use crate::pst::{Nid, PstError};

/// The states of rows. Few are looked up one by one, many by going through their table once.
pub(super) struct Rows {
    folder: Option<Nid>,
    states: BTreeMap<u32, RowState>,
}

/// From how many on going through the table is the shorter way.
const MANY: usize = 16;

impl Rows {
    /// Gets ready for these ids.
    pub(super) fn prepare<N: Nodes>(store: &Store<N>, ids: &[ItemId]) -> Result<Self, PstError> {
        let mut rows = Self { folder: None, states: BTreeMap::new() };
        let places: Vec<(Nid, Nid)> = ids.iter().filter_map(place::item).collect();
        let Some((folder, _)) = places.first().copied() else { return Ok(rows) };
        let together = places.iter().all(|(other, _)| *other == folder);
        if places.len() >= MANY && together && store.nodes().node(folder)?.is_some() {
            let mut wanted: Vec<u32> = places.iter().map(|(_, item)| item.0).collect();
            wanted.sort_unstable();
            rows.states = states(store, folder, &|item| wanted.binary_search(&item.0).is_ok())?;
            rows.folder = Some(folder);
        }
        Ok(rows)
    }

    /// Returns the state of an item with its node, where it has one; `None` where its folder has no row of it.
    pub(super) fn state<N: Nodes>(
        &self,
        store: &Store<N>,
        (folder, item): (Nid, Nid),
        node: Option<&Node>,
    ) -> Result<Option<RowState>, PstError> {
        if self.folder == Some(folder) {
            return Ok(self.states.get(&item.0).copied());
        }
        if store.nodes().node(folder)?.is_none() {
            return Ok(None);
        }
        let row = store.folder(folder)?.item(item)?;
        Ok(row.map(|row| RowState::of(&row, node)))
    }
}

/// Reads the states of a folder's items: the cost of its table and of their part of the node tree.
pub(super) fn states<N: Nodes>(
    store: &Store<N>,
    folder: Nid,
    is_wanted: &dyn Fn(Nid) -> bool,
) -> Result<BTreeMap<u32, RowState>, PstError> {
    /// How many nodes of others are passed by before the next one is looked up.
    const FAR: u32 = 200;
    let mut states = BTreeMap::new();
    store.folder(folder)?.each_item(&mut |row| {
        if is_wanted(row.nid) {
            states.insert(row.nid.0, RowState::of(&row, None));
        }
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
