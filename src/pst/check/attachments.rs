//! The attachments of an item, and the rows that mirror them (effect). MS-PST 2.4.6.
//!
//! Outlook shows attachments and finds the changed occurrences of a series by these rows.

use super::place::{Part, Place};
use super::report::{Report, Weight};
use super::rule::Rule;
use crate::mapi::{PropertyTag, Value, property as p};
use crate::pst::error::PstError;
use crate::pst::id::{Nid, NidKind};
use crate::pst::ltp::{PropertyContext, TableContext};
use crate::pst::ndb::{Ndb, Node};

/// Columns that stand in rows alone.
const ROW_ONLY: [PropertyTag; 2] = [p::ROW_ID, p::ROW_VERSION];

/// Checks the attachments among the subnodes of an item or of a message within one.
pub(super) fn check(ndb: &Ndb, below: &[Node], place: Place<'_>, report: &mut Report) {
    let is_attachment = |node: &&Node| node.nid.kind() == NidKind::ATTACHMENT;
    let attachments: Vec<&Node> = below.iter().filter(is_attachment).collect();
    let Some(table) = below.iter().find(|node| node.nid == Nid::ATTACHMENTS) else {
        for attachment in attachments {
            let place = Place::Within(&place, Part::Subnode(attachment.nid));
            report.error(place, Rule::AttachmentUnlisted);
        }
        return;
    };
    let read = compare(ndb, table, &attachments, place, report);
    report.take(place, read);
}

fn compare(
    ndb: &Ndb,
    table: &Node,
    attachments: &[&Node],
    place: Place<'_>,
    report: &mut Report,
) -> Result<(), PstError> {
    let table = TableContext::open(ndb, table)?;
    let mut listed = Vec::new();
    for row in table.rows()? {
        let row = row?;
        let place = Place::Within(&place, Part::Subnode(Nid(row.id())));
        listed.push(Nid(row.id()));
        let Some(node) = attachments.iter().find(|node| node.nid.0 == row.id()) else {
            report.error(place, Rule::AttachmentMissing);
            continue;
        };
        let context = PropertyContext::open(ndb, node)?;
        for column in table.columns().iter().filter(|column| !ROW_ONLY.contains(&column.tag)) {
            let tag = column.tag;
            let own = context.property(tag.id).filter(|own| own.kind == tag.kind);
            let (cell, own) = (row.cell(column)?, own.map(|own| context.value_of(own)));
            let own = own.transpose()?;
            if cell != own {
                // Readers see the same where an empty text is left out.
                let is_same = cell.is_none() && own == Some(Value::String(String::new()));
                let weight = if is_same { Weight::Note } else { Weight::Error };
                report.add(weight, place, Rule::AttachmentRow.by(&[&tag]));
            }
        }
    }
    for attachment in attachments.iter().filter(|node| !listed.contains(&node.nid)) {
        let place = Place::Within(&place, Part::Subnode(attachment.nid));
        report.error(place, Rule::AttachmentUnlisted);
    }
    Ok(())
}
