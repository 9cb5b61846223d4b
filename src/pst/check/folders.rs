//! Folders, and the rows that mirror items and folders (effect). MS-PST 2.4.4.

use std::collections::HashSet;
use std::ops::ControlFlow;

use super::place::Place;
use super::report::{Report, Weight};
use super::rule::{Breach, Rule};
use super::{conversations, items};
use crate::mapi::entry::StoreEntry;
use crate::mapi::{PropertyId, PropertyTag, Value, property as p};
use crate::pst::error::PstError;
use crate::pst::id::{Nid, NidKind};
use crate::pst::ltp::{PropertyContext, Row, TableContext};
use crate::pst::messaging::{Object, Store};
use crate::pst::ndb::{Ndb, Node, Nodes as _};

/// Columns that stand in rows alone, or are told by readers.
const ROW_ONLY: [PropertyTag; 7] = [
    p::ROW_ID,
    p::ROW_VERSION,
    p::MESSAGE_STATUS,
    PropertyTag::from_bits(0x0E30_0102),
    PropertyTag::from_bits(0x0E33_0014),
    PropertyTag::from_bits(0x0E34_0102),
    PropertyTag::from_bits(0x0E38_0003),
];

/// Checks all folders with their items.
pub(super) fn check(store: &Store<&Ndb>, report: &mut Report) {
    // MS-PST 2.4.3.1, MS-OXOSFLD 2.2.3.
    let tags = [p::IPM_SUBTREE, p::DELETED_ITEMS, p::FINDER];
    let read = store.properties().and_then(|own| named(store, &own, &tags, report));
    report.take(Place::Node(Nid::STORE), read);
    let tags = [p::DEFAULT_CALENDAR, p::DEFAULT_CONTACTS, p::DEFAULT_TASKS];
    let root = store.root_folder();
    let read = root.and_then(|root| named(store, root.properties(), &tags, report));
    report.take(Place::Folder(Nid::ROOT_FOLDER), read);
    let mut walk = Walk { store, seen: HashSet::new(), listed: HashSet::new(), is_whole: true };
    if walk.below(Nid::ROOT_FOLDER, report).is_none() {
        return;
    }
    // Folders in a table that cannot be read are found by their nodes; nobody finds those that a table leaves out.
    let mut lost = Vec::new();
    let walked = store.nodes().nodes(Nid(0), &mut |node| {
        if FOLDERS.contains(&node.nid.kind()) && !walk.seen.contains(&node.nid) {
            lost.push(node.nid);
        }
        ControlFlow::Continue(())
    });
    report.take(Place::Nodes, walked);
    walk.lost(&lost, report);
    let (mut items, mut settings) = (0_u64, 0_u64);
    let walked = store.nodes().nodes(Nid(0), &mut |node| {
        let is_hidden = !walk.listed.contains(&node.nid);
        let kind = node.nid.kind();
        items += u64::from(is_hidden && kind == NidKind::MESSAGE);
        settings += u64::from(is_hidden && kind == NidKind::ASSOCIATED_MESSAGE);
        ControlFlow::Continue(())
    });
    report.take(Place::Nodes, walked);
    // A table that cannot be read may list them.
    for (hidden, rule) in [(items, Rule::Unlisted), (settings, Rule::UnlistedSettings)] {
        if hidden > 0 && walk.is_whole {
            report.error(Place::Folders, rule.by(&[&hidden]));
        }
    }
}

/// Kinds of nodes that are folders.
const FOLDERS: [NidKind; 2] = [NidKind::FOLDER, NidKind::SEARCH_FOLDER];

/// What is known while the folders are looked at.
struct Walk<'a> {
    store: &'a Store<&'a Ndb>,
    /// The folders that were looked at.
    seen: HashSet<Nid>,
    /// What stands in their tables: items, and views, rules and settings.
    listed: HashSet<Nid>,
    /// Whether all of their tables could be read.
    is_whole: bool,
}

impl Walk<'_> {
    /// Checks a folder and those that its tables lead to; `None` where nothing is known of them.
    fn below(&mut self, top: Nid, report: &mut Report) -> Option<()> {
        for below in report.take(Place::Folders, self.store.folders_below(top))? {
            let nid = below.nid;
            if !self.seen.insert(nid) {
                continue;
            }
            report.folders += 1;
            if nid.kind() != NidKind::SEARCH_FOLDER {
                // What keeps the folders in it from being told is said once.
                let read = folder(self.store, nid, &mut self.listed, report);
                let read = read.and_then(|()| below.whole());
                self.is_whole &= report.take(Place::Folder(nid), read).is_some();
            }
        }
        Some(())
    }

    /// Says which folders no table leads to, and checks them all the same: those first that others of them are in.
    fn lost(&mut self, lost: &[Nid], report: &mut Report) {
        let mut inner = HashSet::new();
        for nid in lost.iter().filter(|nid| nid.kind() == NidKind::FOLDER) {
            // What cannot be read is said where it is looked at.
            let listed = self.store.folder(*nid).and_then(|folder| folder.folders());
            inner.extend(listed.into_iter().flatten().filter(|listed| listed != nid));
        }
        let (inner, tops): (Vec<Nid>, Vec<Nid>) = lost.iter().partition(|nid| inner.contains(nid));
        for nid in tops.into_iter().chain(inner) {
            if !self.seen.contains(&nid) {
                report.error(Place::Folder(nid), Rule::UnlistedFolder);
                self.below(nid, report);
            }
        }
    }
}

/// What an object names by entry ids is a folder of this store. Those of server mailboxes are longer, and not looked at.
fn named(
    store: &Store<&Ndb>,
    object: &Object<'_>,
    tags: &[PropertyTag],
    report: &mut Report,
) -> Result<(), PstError> {
    let own = store.record_key()?;
    for tag in tags {
        let value = object.value(*tag)?;
        let entry = value.as_ref().and_then(Value::as_bytes).map(StoreEntry::parse);
        let Some(Ok(entry)) = entry else { continue };
        if Some(entry.store) != own || store.nodes().node(Nid(entry.node))?.is_none() {
            report.note(Place::Node(object.node().nid), Rule::OtherStore.by(&[tag]));
        }
    }
    Ok(())
}

fn folder(
    store: &Store<&Ndb>,
    nid: Nid,
    listed: &mut HashSet<Nid>,
    report: &mut Report,
) -> Result<(), PstError> {
    let folder = store.folder(nid)?;
    let place = Place::Folder(nid);
    // In its copies of mailboxes Outlook keeps what the server says of an item in the row alone (seen in both sizes of pages).
    let is_copy = store.nodes().header().is_offline_store();
    let mirrors = if is_copy { Weight::Note } else { Weight::Error };
    let (mut rows, mut unread) = (0_i32, Some(0_i32));
    let table = folder.contents()?;
    let mut all = table.rows()?;
    while let (Some(id), Some(row)) = (all.next_id(), all.next()) {
        let place = Place::Item(nid, Nid(id));
        rows += 1;
        listed.insert(Nid(id));
        // One row or item that cannot be read hides none of the others.
        let read = row.and_then(|row| item(store, (nid, mirrors), (&table, &row), report));
        let is_unread = report.take(place, read).flatten();
        unread = unread.zip(is_unread).map(|(unread, one)| unread + i32::from(one));
    }
    let count = |id: PropertyId| -> Result<Option<i32>, PstError> {
        Ok(folder.properties().context().value(id)?.and_then(|value| value.as_i32()))
    };
    if count(p::CONTENT_COUNT.id)? != Some(rows) {
        report.add(mirrors, place, Rule::ItemCount.by(&[&rows]));
    }
    if let Some(unread) = unread
        && count(p::CONTENT_UNREAD_COUNT.id)? != Some(unread)
    {
        report.note(place, Rule::UnreadCount.by(&[&unread]));
    }
    associated(store, nid, listed, report)?;
    for child in folder.folders()? {
        let place = Place::Folder(child);
        let Some(wrong) = report.take(place, below(store, nid, child)) else { continue };
        for breach in wrong {
            report.add(mirrors, place, breach);
        }
    }
    Ok(())
}

/// Checks an item and its row, and says whether it is unread, as far as there is one.
fn item(
    store: &Store<&Ndb>,
    (folder, mirrors): (Nid, Weight),
    (table, row): (&TableContext<'_>, &Row<'_, '_>),
    report: &mut Report,
) -> Result<Option<bool>, PstError> {
    let nid = Nid(row.id());
    let place = Place::Item(folder, nid);
    match store.nodes().node(nid)? {
        None => {
            report.error(place, Rule::NotThere.by(&[&folder]));
            return Ok(None);
        }
        Some(node) if node.parent != folder => {
            report.error(place, Rule::OtherFolder.by(&[&folder, &node.parent]));
        }
        Some(_) => {}
    }
    let item = store.item(nid)?;
    report.items += 1;
    let context = item.properties().context();
    for column in table.columns().iter().filter(|column| !ROW_ONLY.contains(&column.tag)) {
        let cell = row.cell(column)?;
        let own = if column.tag == p::CONVERSATION_ID {
            conversations::id(item.properties())?
        } else {
            own_value(context, column.tag)?
        };
        if cell != own {
            let breach = Rule::ItemRow.by(&[&column.tag]);
            // Outlook lets the size differ for some mails. Others (Aspose) leave an empty text out of the row; readers see the
            // same.
            let is_same = cell.is_none() && own == Some(Value::String(String::new()));
            let is_fine = column.tag == p::MESSAGE_SIZE || is_same;
            report.add(if is_fine { Weight::Note } else { mirrors }, place, breach);
        }
    }
    // In copies of mailboxes what the row alone has is missing in the item, such as the time of its change (3008).
    items::check(&item, place, mirrors, report)?;
    let flags = context.value(p::MESSAGE_FLAGS.id)?.and_then(|flags| flags.as_i32()).unwrap_or(0);
    Ok(Some(flags & 1 == 0))
}

/// Returns what an object has of a property with exactly this type.
fn own_value(context: &PropertyContext<'_>, tag: PropertyTag) -> Result<Option<Value>, PstError> {
    let own = context.property(tag.id).filter(|own| own.kind == tag.kind);
    own.map(|own| context.value_of(own)).transpose()
}

/// The rows of views, rules and settings lead to nodes of the folder.
fn associated(
    store: &Store<&Ndb>,
    nid: Nid,
    listed: &mut HashSet<Nid>,
    report: &mut Report,
) -> Result<(), PstError> {
    let table = nid.with(NidKind::ASSOCIATED_CONTENTS);
    let Some(node) = store.nodes().node(table)? else {
        report.error(Place::Folder(nid), Rule::NoSettings);
        return Ok(());
    };
    for row in TableContext::open(*store.nodes(), &node)?.rows()? {
        let row = Nid(row?.id());
        listed.insert(row);
        if store.nodes().node(row)?.is_none_or(|node| node.parent != nid) {
            report.error(Place::Node(row), Rule::NotThere.by(&[&nid]));
        }
    }
    Ok(())
}

/// Compares a folder and its row in the table above.
fn below(store: &Store<&Ndb>, parent: Nid, child: Nid) -> Result<Vec<Breach>, PstError> {
    let nid = parent.with(NidKind::HIERARCHY);
    let what = "table of folders";
    let node = store.nodes().node(nid)?.ok_or(PstError::NoNode { nid, what })?;
    let table = TableContext::open(*store.nodes(), &node)?;
    let mut wrong = Vec::new();
    // The root folder belongs to itself and stands in no table.
    let is_elsewhere = |node: Node| node.parent != parent || child == parent;
    if store.nodes().node(child)?.is_some_and(is_elsewhere) {
        wrong.push(Rule::OtherParent.by(&[&parent]));
    }
    let folder = store.folder(child)?;
    let context = folder.properties().context();
    let Some(row) = table.row(child.0)? else { return Ok(wrong) };
    for column in table.columns().iter().filter(|column| !ROW_ONLY.contains(&column.tag)) {
        if row.cell(column)? != own_value(context, column.tag)? {
            wrong.push(Rule::FolderRow.by(&[&column.tag]));
        }
    }
    Ok(wrong)
}
