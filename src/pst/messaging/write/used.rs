//! Which ids of named properties the objects of a store have, whether its map has names for them or not (effect).
//!
//! Another program (Aspose, seen in contacts it wrote) leaves items whose ids the map does not reach. A new name with such an id
//! would be given their values. The look reads what each object has, no values.

use std::ops::ControlFlow;

use crate::mapi::PropertyId;
use crate::pst::PstError;
use crate::pst::id::{Bid, Nid, NidKind};
use crate::pst::ltp::{PropertyContext, TableContext};
use crate::pst::ndb::write::WriteError;
use crate::pst::ndb::{Node, Nodes, subnode};

/// Embedded messages have attachments that are messages; a deeper nest is no item.
const DEEPEST: u64 = 16;
/// Nor is one of so many subnodes: lists that lead to the same lists again and again have them.
const MOST: u64 = 100_000;

/// What is known of the ids that are in use.
pub(super) struct Used {
    /// The highest id that an item, a folder, an attachment or a table of such has.
    pub(super) highest: PropertyId,
    /// The node that it was found in.
    pub(super) nid: Nid,
    /// Whether some of them could not be read, and may have any id.
    pub(super) is_partly_unknown: bool,
}

/// Looks over all that a store has. One that is damaged hides none of the others.
pub(super) fn look(nodes: &dyn Nodes) -> Result<Used, WriteError> {
    let mut look = Look { nodes, highest: PropertyId(0), table: None, seen: 0 };
    let mut used = Used { highest: PropertyId(0), nid: Nid(0), is_partly_unknown: false };
    let mut failed = None;
    nodes.nodes(Nid(0), &mut |node| {
        look.seen = 0;
        match look.whole(&node, 0) {
            Err(error) if error.is_of_system() => {
                failed = Some(error);
                return ControlFlow::Break(());
            }
            Err(_) => used.is_partly_unknown = true,
            Ok(()) => {}
        }
        if look.highest > used.highest {
            (used.highest, used.nid) = (look.highest, node.nid);
        }
        ControlFlow::Continue(())
    })?;
    failed.map_or(Ok(used), |error| Err(error.into()))
}

struct Look<'a> {
    nodes: &'a dyn Nodes,
    highest: PropertyId,
    /// The data of the table before: most items share one empty table of recipients.
    table: Option<Bid>,
    /// How many subnodes of the node there were.
    seen: u64,
}

impl Look<'_> {
    fn whole(&mut self, node: &Node, depth: u64) -> Result<(), PstError> {
        if node.data.is_none() {
            return Ok(());
        }
        let kind = node.nid.kind();
        if is_table(kind) {
            if self.table != node.data {
                let table = TableContext::open(self.nodes, node)?;
                table.columns().iter().for_each(|column| self.note(column.tag.id));
                self.table = node.data;
            }
            return Ok(());
        }
        if !is_object(node.nid) {
            return Ok(());
        }
        // They are in the order of their ids.
        if let Some(last) = PropertyContext::open(self.nodes, node)?.properties().last() {
            self.note(last.id);
        }
        if [NidKind::FOLDER, NidKind::SEARCH_FOLDER].contains(&kind) {
            return Ok(());
        }
        if depth > DEEPEST {
            let what = "nest of subnodes";
            return Err(PstError::TooBig { what, size: depth, limit: DEEPEST });
        }
        subnode::each(self.nodes, node.sub, &mut |below| {
            self.seen += 1;
            if self.seen > MOST {
                let what = "item of subnodes";
                return Err(PstError::TooBig { what, size: self.seen, limit: MOST });
            }
            self.whole(&below, depth + 1)?;
            Ok(ControlFlow::Continue(()))
        })
    }

    fn note(&mut self, id: PropertyId) {
        self.highest = self.highest.max(id);
    }
}

fn is_object(nid: Nid) -> bool {
    nid == Nid::STORE
        || [
            NidKind::FOLDER,
            NidKind::SEARCH_FOLDER,
            NidKind::MESSAGE,
            NidKind::ASSOCIATED_MESSAGE,
            NidKind::ATTACHMENT,
        ]
        .contains(&nid.kind())
}

fn is_table(kind: NidKind) -> bool {
    [
        NidKind::HIERARCHY,
        NidKind::CONTENTS,
        NidKind::ASSOCIATED_CONTENTS,
        NidKind::ATTACHMENTS,
        NidKind::RECIPIENTS,
    ]
    .contains(&kind)
}
