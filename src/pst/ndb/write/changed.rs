//! What becomes of nodes in a transaction (pure). New items have ids above all others, one after the other: those stand in a list, which
//! takes a fifth of the time of a tree.

use std::collections::BTreeMap;

use crate::pst::id::Nid;
use crate::pst::ndb::node::Node;

/// Nodes that are set, or go, by their ids.
#[derive(Debug, Default)]
pub(super) struct ChangedNodes {
    /// Each with an id above those before it.
    appended: Vec<(Nid, Option<Node>)>,
    /// All others.
    rest: BTreeMap<Nid, Option<Node>>,
}

impl ChangedNodes {
    pub(super) fn is_empty(&self) -> bool {
        self.appended.is_empty() && self.rest.is_empty()
    }

    /// Returns what becomes of a node, where something does; nothing of one that goes.
    pub(super) fn get(&self, nid: Nid) -> Option<&Option<Node>> {
        if self.appended.last().is_some_and(|(last, _)| *last >= nid)
            && let Ok(place) = self.find(nid)
        {
            return self.appended.get(place).map(|(_, node)| node);
        }
        self.rest.get(&nid)
    }

    /// Says what becomes of a node.
    pub(super) fn set(&mut self, nid: Nid, node: Option<Node>) {
        if self.appended.last().is_none_or(|(last, _)| *last < nid) && !self.rest.contains_key(&nid)
        {
            self.appended.push((nid, node));
        } else if let Some((_, known)) =
            self.find(nid).ok().and_then(|place| self.appended.get_mut(place))
        {
            *known = node;
        } else {
            self.rest.insert(nid, node);
        }
    }

    /// Lists what becomes of nodes from an id on, by id.
    pub(super) fn from(&self, nid: Nid) -> impl Iterator<Item = (Nid, Option<Node>)> {
        let start = self.find(nid).unwrap_or_else(|place| place);
        let mut appended = self.appended.iter().skip(start).copied().peekable();
        let mut rest = self.rest.range(nid..).map(|(nid, node)| (*nid, *node)).peekable();
        std::iter::from_fn(move || match (appended.peek(), rest.peek()) {
            (Some((one, _)), Some((other, _))) if other < one => rest.next(),
            (None, _) => rest.next(),
            _ => appended.next(),
        })
    }

    fn find(&self, nid: Nid) -> Result<usize, usize> {
        self.appended.binary_search_by_key(&nid, |(known, _)| *known)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::ChangedNodes;
    use crate::pst::id::Nid;
    use crate::pst::ndb::node::Node;

    proptest! {
        /// Against a map of the standard library, whatever order the ids come in.
        #[test]
        fn it_is_a_map(ids in proptest::collection::vec((0..40_u32, any::<bool>()), 0..60), from in 0..45_u32) {
            let (mut changed, mut map) = (ChangedNodes::default(), BTreeMap::new());
            for (number, (id, stays)) in (1..).zip(ids) {
                let node = Node { nid: Nid(id), data: None, sub: None, parent: Nid(number) };
                changed.set(Nid(id), stays.then_some(node));
                map.insert(Nid(id), stays.then_some(node));
            }
            prop_assert_eq!(changed.is_empty(), map.is_empty());
            for id in (0..45).map(Nid) {
                prop_assert_eq!(changed.get(id), map.get(&id));
            }
            let expected: Vec<_> = map.range(Nid(from)..).map(|(nid, node)| (*nid, *node)).collect();
            prop_assert_eq!(changed.from(Nid(from)).collect::<Vec<_>>(), expected);
        }
    }
}
