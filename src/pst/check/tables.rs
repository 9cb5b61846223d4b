//! Heaps, property contexts and tables of all nodes (effect). MS-PST 2.3.

use std::ops::ControlFlow;

use super::report::Report;
use super::trees::Found;
use crate::mapi::{PropertyType, property as p};
use crate::pst::id::{Nid, NidKind};
use crate::pst::ltp::{PropertyContext, TableContext};
use crate::pst::messaging::Store;
use crate::pst::ndb::{DataTree, Ndb, Node, subnode};

/// Tables within attachments within items: no deeper than this.
const DEEPEST: usize = 16;

/// Reads every value of every node.
pub(super) fn check(store: &Store<&Ndb>, found: &Found, report: &mut Report) {
    for node in &found.nodes {
        whole(store.nodes(), node, report, 0);
    }
}

fn is_context(nid: Nid) -> bool {
    matches!(nid, Nid::STORE | Nid::NAME_MAP)
        || [
            NidKind::FOLDER,
            NidKind::SEARCH_FOLDER,
            NidKind::MESSAGE,
            NidKind::ASSOCIATED_MESSAGE,
            NidKind::ATTACHMENT,
        ]
        .contains(&nid.kind())
}

fn is_table(nid: Nid) -> bool {
    [
        NidKind::HIERARCHY,
        NidKind::CONTENTS,
        NidKind::ASSOCIATED_CONTENTS,
        NidKind::SEARCH_CONTENTS,
        NidKind::ATTACHMENTS,
        NidKind::RECIPIENTS,
    ]
    .contains(&nid.kind())
}

fn whole(ndb: &Ndb, node: &Node, report: &mut Report, depth: usize) {
    let place = format!("node {}", node.nid);
    if depth > DEEPEST {
        report.error(place, "is nested too deeply");
        return;
    }
    data(ndb, node, &place, report);
    if is_context(node.nid) {
        if let Some(context) = report.take(&place, PropertyContext::open(ndb, node)) {
            for property in context.properties() {
                if property.kind != PropertyType::OBJECT {
                    let place = format!("{place}, property {}", property.id);
                    report.take(place, context.value_of(property));
                }
            }
        }
    } else if is_table(node.nid) && node.data.is_some() {
        table(ndb, node, &place, report);
    }
    let mut below = Vec::new();
    let walked = subnode::each(ndb, node.sub, &mut |node| {
        below.push(node);
        Ok(ControlFlow::Continue(()))
    });
    report.take(&place, walked);
    for node in &below {
        whole(ndb, node, report, depth + 1);
    }
}

/// All blocks of a tree but the last are full, and the list tells the sum.
fn data(ndb: &Ndb, node: &Node, place: &str, report: &mut Report) {
    let Some(tree) = report.take(place, DataTree::open(ndb, node.data)) else { return };
    let full = crate::pst::ndb::Nodes::layout(ndb).block_payload;
    let (count, mut sum) = (tree.blocks(), 0);
    for index in 0..count {
        let Some(Some(block)) = report.take(place, tree.block(index)) else { return };
        sum += u64::try_from(block.len()).unwrap_or(0);
        if index + 1 < count && block.len() != full {
            report.error(place, format!("block {index} of its data is not full"));
        }
    }
    if sum != tree.len() {
        report.error(place, format!("its data are {sum} bytes and the list says {}", tree.len()));
    }
}

fn table(ndb: &Ndb, node: &Node, place: &str, report: &mut Report) {
    let Some(table) = report.take(place, TableContext::open(ndb, node)) else { return };
    let columns = table.columns();
    if !columns.windows(2).all(|two| matches!(two, [one, other] if one.tag < other.tag)) {
        report.error(place, "does not have its columns in order");
    }
    for (tag, offset, bit) in [(p::ROW_ID, 0, 0), (p::ROW_VERSION, 4, 1)] {
        let fits =
            table.column(tag.id).is_some_and(|column| column.start == offset && column.bit == bit);
        if !fits {
            report.error(place, format!("has its column {tag} in an unusual place"));
        }
    }
    if let Some(index) = report.take(place, table.index()) {
        let mut numbers: Vec<usize> = index.iter().map(|(_, number)| *number).collect();
        numbers.sort_unstable();
        if numbers.iter().enumerate().any(|(expected, number)| expected != *number) {
            report.error(place, "has gaps in the numbers of its rows");
        }
    }
    let Some(rows) = report.take(place, table.rows()) else { return };
    for row in rows {
        let Some(row) = report.take(place, row) else { return };
        for column in columns {
            report.take(
                format!("{place}, row {:#x}, column {}", row.id(), column.tag),
                row.cell(column),
            );
        }
    }
}
