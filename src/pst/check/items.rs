//! Folders, the rows that mirror items, and what items must have (effect). MS-PST 2.4.4 and 2.4.5.

use std::collections::HashSet;

use super::report::Report;
use crate::mapi::recurrence::{AppointmentRecurrence, RecurrencePattern};
use crate::mapi::{PropertyId, PropertyTag, Value, named as n, property as p};
use crate::pst::error::PstError;
use crate::pst::id::{Nid, NidKind};
use crate::pst::messaging::{Item, Store};
use crate::pst::ndb::{Ndb, Nodes as _};

/// Columns that stand in rows alone, or are told by readers.
const ROW_ONLY: [PropertyTag; 8] = [
    p::ROW_ID,
    p::ROW_VERSION,
    p::MESSAGE_STATUS,
    p::CONVERSATION_ID,
    PropertyTag::from_bits(0x0E30_0102),
    PropertyTag::from_bits(0x0E33_0014),
    PropertyTag::from_bits(0x0E34_0102),
    PropertyTag::from_bits(0x0E38_0003),
];

/// What every item has.
const REQUIRED: [PropertyTag; 5] = [
    p::MESSAGE_CLASS,
    p::MESSAGE_FLAGS,
    p::CREATION_TIME,
    p::LAST_MODIFICATION_TIME,
    p::SEARCH_KEY,
];

/// Checks all folders with their items.
pub(super) fn check(store: &Store<&Ndb>, report: &mut Report) {
    let Some(folders) = report.take("folders", store.folders_below(Nid::ROOT_FOLDER)) else {
        return;
    };
    let mut listed = HashSet::new();
    for (_, nid) in folders {
        report.folders += 1;
        if nid.kind() != NidKind::SEARCH_FOLDER {
            let read = folder(store, nid, &mut listed, report);
            report.take(format!("folder {nid}"), read);
        }
    }
    let mut hidden = 0_u64;
    let walked = store.nodes().nodes(Nid(0), &mut |node| {
        hidden += u64::from(node.nid.kind() == NidKind::MESSAGE && !listed.contains(&node.nid));
        std::ops::ControlFlow::Continue(())
    });
    report.take("nodes", walked);
    if hidden > 0 {
        report.error("folders", format!("{hidden} items are in no folder's table"));
    }
}

fn folder(
    store: &Store<&Ndb>,
    nid: Nid,
    listed: &mut HashSet<Nid>,
    report: &mut Report,
) -> Result<(), PstError> {
    let folder = store.folder(nid)?;
    let place = format!("folder {nid}");
    let (mut rows, mut unread) = (0_i32, 0_i32);
    let table = folder.contents()?;
    for row in table.rows()? {
        let row = row?;
        let item_nid = Nid(row.id());
        rows += 1;
        let place = format!("item {item_nid}");
        listed.insert(item_nid);
        match store.nodes().node(item_nid)? {
            None => {
                report.error(&place, format!("is listed in folder {nid} and not there"));
                continue;
            }
            Some(node) if node.parent != nid => {
                report.error(
                    &place,
                    format!("is listed in folder {nid} and belongs to {}", node.parent),
                );
            }
            Some(_) => {}
        }
        let Some(item) = report.take(&place, store.item(item_nid)) else { continue };
        report.items += 1;
        let context = item.properties().context();
        for column in table.columns().iter().filter(|column| !ROW_ONLY.contains(&column.tag)) {
            let cell = row.cell(column)?;
            let own = context.property(column.tag.id).filter(|own| own.kind == column.tag.kind);
            let own = own.map(|own| context.value_of(own)).transpose()?;
            if cell != own {
                let text = format!("column {} of its row is not what the item has", column.tag);
                // Outlook lets the size differ for some mails.
                if column.tag == p::MESSAGE_SIZE {
                    report.note(&place, text);
                } else {
                    report.error(&place, text);
                }
            }
        }
        let flags =
            context.value(p::MESSAGE_FLAGS.id)?.and_then(|flags| flags.as_i32()).unwrap_or(0);
        unread += i32::from(flags & 1 == 0);
        let read = one(&item, &place, report);
        report.take(&place, read);
    }
    let count = |id: PropertyId| -> Result<Option<i32>, PstError> {
        Ok(folder.properties().context().value(id)?.and_then(|value| value.as_i32()))
    };
    if count(p::CONTENT_COUNT.id)? != Some(rows) {
        report.error(&place, format!("does not say that it has {rows} items"));
    }
    if count(p::CONTENT_UNREAD_COUNT.id)? != Some(unread) {
        report.note(&place, format!("does not say that {unread} of its items are unread"));
    }
    for child in folder.folders()? {
        let Some(row) = report.take(format!("folder {child}"), below(store, nid, child)) else {
            continue;
        };
        for text in row {
            report.error(format!("folder {child}"), text);
        }
    }
    Ok(())
}

/// Compares a folder's row in the table above with the folder.
fn below(store: &Store<&Ndb>, parent: Nid, child: Nid) -> Result<Vec<String>, PstError> {
    let nid = parent.with(NidKind::HIERARCHY);
    let what = "table of folders";
    let node = store.nodes().node(nid)?.ok_or(PstError::NoNode { nid, what })?;
    let table = crate::pst::ltp::TableContext::open(*store.nodes(), &node)?;
    let folder = store.folder(child)?;
    let context = folder.properties().context();
    let Some(row) = table.row(child.0)? else { return Ok(Vec::new()) };
    let mut wrong = Vec::new();
    for tag in [p::DISPLAY_NAME, p::CONTENT_COUNT, p::CONTENT_UNREAD_COUNT, p::SUBFOLDERS] {
        let Some(column) = table.column(tag.id) else { continue };
        let own = context.property(tag.id).map(|own| context.value_of(own)).transpose()?;
        if row.cell(column)? != own {
            wrong.push(format!("column {tag} of its row is not what the folder has"));
        }
    }
    Ok(wrong)
}

fn one(item: &Item<'_>, place: &str, report: &mut Report) -> Result<(), PstError> {
    let object = item.properties();
    for tag in REQUIRED {
        if object.property(tag.id).is_none() {
            report.note(place, format!("has no property {tag}"));
        }
    }
    if let (Some(Value::Integers32(list)), Some(bits)) = (
        object.value(n::ADDRESS_BOOK_PROVIDER_EMAIL_LIST)?,
        object.value(n::ADDRESS_BOOK_PROVIDER_ARRAY_TYPE)?.and_then(|bits| bits.as_i32()),
    ) {
        let of_list: i32 =
            list.iter().filter_map(|slot| 1_i32.checked_shl(slot.unsigned_abs())).sum();
        if of_list != bits {
            report
                .note(place, "names other e-mail addresses as used in one list than in the other");
        }
    }
    if let Some(Value::Binary(bytes)) = object.value(n::TASK_RECURRENCE)?
        && let Err(error) = RecurrencePattern::parse(&bytes)
    {
        report.error(place, error);
    }
    if let Some(Value::Binary(bytes)) = object.value(n::APPOINTMENT_RECURRENCE)? {
        match AppointmentRecurrence::parse(&bytes) {
            Err(error) => report.error(place, error),
            Ok(series) => {
                let mut messages = 0;
                for attachment in item.attachments()? {
                    let flags = attachment.properties().value(p::ATTACHMENT_FLAGS)?;
                    messages += usize::from(flags.and_then(|flags| flags.as_i32()) == Some(2));
                }
                if messages != series.changes.len() {
                    let text = format!(
                        "its series has {} changed occurrences, and {messages} messages of such",
                        series.changes.len()
                    );
                    report.note(place, text);
                }
            }
        }
    }
    Ok(())
}
