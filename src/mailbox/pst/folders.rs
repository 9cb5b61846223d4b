//! Effect: finds the folders of a store, and makes those that are missing. A folder that is damaged concerns nobody who does not
//! need that very one.

use std::ops::ControlFlow;

use super::file::StoreFile;
use super::{count, failure, place};
use crate::mailbox::{MailboxError, Whereabouts};
use crate::mapi::entry::StoreEntry;
use crate::mapi::{FileTime, PropertyTag, Value as V, property as p};
use crate::model::{FolderId, ItemKind};
use crate::pst::messaging::write::{Batch, NewFolder};
use crate::pst::messaging::{Below, Folder, Store};
use crate::pst::ndb::Nodes;
use crate::pst::{Nid, NidKind, PstError};

/// A folder that items of ours may be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Which.
    pub(super) folder: Nid,
    /// Whether it is Deleted Items or a folder in it.
    pub(super) deleted: bool,
}

/// The class of folders for items of a kind.
pub(super) const fn class(kind: ItemKind) -> &'static str {
    match kind {
        ItemKind::Contact => "IPF.Contact",
        ItemKind::Appointment => "IPF.Appointment",
        ItemKind::Task => "IPF.Task",
    }
}

/// What Outlook calls the default folder of a kind.
const fn name(kind: ItemKind, german: bool) -> &'static str {
    match (kind, german) {
        (ItemKind::Contact, true) => "Kontakte",
        (ItemKind::Contact, false) => "Contacts",
        (ItemKind::Appointment, true) => "Kalender",
        (ItemKind::Appointment, false) => "Calendar",
        (ItemKind::Task, true) => "Aufgaben",
        (ItemKind::Task, false) => "Tasks",
    }
}

const fn default_of(kind: ItemKind) -> PropertyTag {
    match kind {
        ItemKind::Contact => p::DEFAULT_CONTACTS,
        ItemKind::Appointment => p::DEFAULT_CALENDAR,
        ItemKind::Task => p::DEFAULT_TASKS,
    }
}

/// Finds the default folder of a kind, or the one at a path of names below it. What is missing is made where that is asked for
/// and the file may be written.
pub(super) fn find(
    file: &mut StoreFile,
    kind: ItemKind,
    path: &[String],
    create: bool,
    german: bool,
) -> Result<Option<Nid>, MailboxError> {
    let mut found = default_folder(&file.store(), kind).map_err(failure::read)?;
    if found.is_none() && create {
        let top = file.store().top_folder().map_err(failure::read)?.nid();
        found = make(file, top, name(kind, german), kind)?;
    }
    for name in path {
        let Some(parent) = found else { return Ok(None) };
        found = child(&file.store(), parent, name)?;
        if found.is_none() && create {
            found = make(file, parent, name, kind)?;
        }
    }
    Ok(found)
}

/// Outlook names its default folders on the root folder or on the inbox; files that hold nothing but, say, an archive do not, and
/// there the first folder of just that class is taken. One in Deleted Items is none, whoever names it: Outlook keeps people from
/// deleting the default folders of the default store alone. Nor is one that a copied inbox names, which is of another store, or one
/// of another class.
fn default_folder<N: Nodes>(store: &Store<N>, kind: ItemKind) -> Result<Option<Nid>, PstError> {
    let (bin, own) = (in_deleted_items(store)?, store.record_key()?);
    let named = |folder: &Folder<'_>| -> Result<Option<Nid>, PstError> {
        let value = folder.properties().value(default_of(kind))?;
        let entry = value.as_ref().and_then(V::as_bytes).map(StoreEntry::parse);
        let Some(Ok(entry)) = entry else { return Ok(None) };
        let nid = Nid(entry.node);
        let is_there = own == Some(entry.store)
            && nid.kind() == NidKind::FOLDER
            && !bin.contains(&nid)
            && store.nodes().node(nid)?.is_some();
        if !is_there {
            return Ok(None);
        }
        let folder = store.folder(nid)?;
        let fits = folder.class()?.is_none_or(|class| class.is_empty()) || is_of(&folder, kind)?;
        Ok(fits.then_some(nid))
    };
    if let Some(found) = named(&store.root_folder()?)? {
        return Ok(Some(found));
    }
    let top = store.top_folder()?.nid();
    let (mut first, mut unread) = (None, None);
    for Below { nid, .. } in store.folders_below(top)? {
        let read = store.folder(nid).and_then(|folder| Ok((folder.class()?, folder)));
        let Some((class_of, folder)) = or_unread(read, &mut unread)? else { continue };
        if let Some(found) = named(&folder)? {
            return Ok(Some(found));
        }
        if !bin.contains(&nid) && class_of.unwrap_or_default().eq_ignore_ascii_case(class(kind)) {
            first.get_or_insert(nid);
        }
    }
    // One that cannot be read may name it, or be it.
    unread.map_or(Ok(first), Err)
}

/// Takes what was read of a folder, and goes on where that folder is damaged. The first such damage is kept for where it matters.
fn or_unread<T>(
    read: Result<T, PstError>,
    unread: &mut Option<PstError>,
) -> Result<Option<T>, PstError> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_of_system() => Err(error),
        Err(error) => {
            unread.get_or_insert(error);
            Ok(None)
        }
    }
}

fn is_of(folder: &Folder<'_>, kind: ItemKind) -> Result<bool, PstError> {
    let own = folder.class()?.unwrap_or_default();
    let wanted = class(kind);
    let head = own.get(..wanted.len());
    let rest = own.get(wanted.len()..).unwrap_or_default();
    Ok(head.is_some_and(|head| head.eq_ignore_ascii_case(wanted))
        && (rest.is_empty() || rest.starts_with('.')))
}

/// Finds a folder in another one by its name. Outlook sees to it that no two differ in case alone; other programs do not, and then it
/// is the one that is written exactly so.
fn child<N: Nodes>(store: &Store<N>, parent: Nid, name: &str) -> Result<Option<Nid>, MailboxError> {
    let (mut alike, mut unread) = (Vec::new(), None);
    let inner = store.folder(parent).and_then(|folder| folder.folders());
    for nid in inner.map_err(failure::read)? {
        let read = store.folder(nid).and_then(|folder| folder.name());
        match or_unread(read, &mut unread).map_err(failure::read)? {
            Some(own) if own == name => return Ok(Some(nid)),
            Some(own) if own.to_lowercase() == name.to_lowercase() => alike.push((nid, own)),
            Some(_) | None => {}
        }
    }
    match alike[..] {
        [(nid, _)] => Ok(Some(nid)),
        // It may be one whose name cannot be read.
        [] => unread.map_or(Ok(None), |error| Err(failure::read(error))),
        [..] => {
            let names: Vec<String> = alike.into_iter().map(|(_, own)| own).collect();
            Err(failure::alike(name, &names))
        }
    }
}

/// Says where folders are.
pub(super) fn whereabouts<N: Nodes>(
    store: &Store<N>,
    folders: &[FolderId],
) -> Result<Vec<Whereabouts>, PstError> {
    let bin = in_deleted_items(store)?;
    let whereabouts = |id: &FolderId| match place::folder(id) {
        Some(nid) if bin.contains(&nid) => Ok(Whereabouts::Deleted),
        Some(nid) if store.nodes().node(nid)?.is_some() => Ok(Whereabouts::Kept),
        Some(_) | None => Ok(Whereabouts::Gone),
    };
    folders.iter().map(whereabouts).collect()
}

/// Lists Deleted Items and all folders in it, damaged ones too.
///
/// # Errors
///
/// What of the store cannot be read.
pub fn in_deleted_items<N: Nodes>(store: &Store<N>) -> Result<Vec<Nid>, PstError> {
    match store.deleted_items()? {
        Some(bin) => Ok(store.folders_below(bin)?.into_iter().map(|below| below.nid).collect()),
        None => Ok(Vec::new()),
    }
}

/// Lists all folders that items of a kind may be in: those of its class or of one that cannot be read, and Deleted Items with all
/// folders in it.
pub(super) fn places<N: Nodes>(store: &Store<N>, kind: ItemKind) -> Result<Vec<Place>, PstError> {
    let bin = in_deleted_items(store)?;
    let mut places: Vec<Place> =
        bin.iter().map(|folder| Place { folder: *folder, deleted: true }).collect();
    let top = store.top_folder()?.nid();
    let mut unread = None;
    for below in store.folders_below(top)? {
        let nid = below.nid;
        if nid.kind() != NidKind::FOLDER || bin.contains(&nid) {
            continue;
        }
        let read = store.folder(nid).and_then(|folder| is_of(&folder, kind));
        if or_unread(read, &mut unread)?.unwrap_or(true) {
            places.push(Place { folder: nid, deleted: false });
        }
        unread = unread.or(below.unread);
    }
    if unread.is_some() {
        // The folders in a damaged one are found by the tree of nodes: where that is damaged too, nobody knows where items may be.
        store.nodes().nodes(Nid(0), &mut |_| ControlFlow::Continue(()))?;
    }
    Ok(places)
}

fn make(
    file: &mut StoreFile,
    parent: Nid,
    name: &str,
    kind: ItemKind,
) -> Result<Option<Nid>, MailboxError> {
    let now = jiff::Timestamp::now();
    let now = FileTime::from_1970(now.as_second(), 0).unwrap_or(FileTime(0));
    let Some(writer) = file.writer() else { return Ok(None) };
    let mut batch = Batch::begin(writer, now).map_err(failure::write)?;
    let nid =
        batch.create_folder(parent, &NewFolder::new(name, class(kind))).map_err(failure::write)?;
    count::commit(batch).map_err(failure::write)?;
    Ok(Some(nid))
}
