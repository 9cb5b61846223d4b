//! Effect: what changed in a folder.

use crate::ews::operation::folder::FolderRef;
use crate::ews::operation::sync_folder_items::{MAX_CHANGES, SyncFolderItems, SyncPart};
use crate::ews::reply::Change;
use crate::ews::{FolderId as EwsFolderId, Refusal, ResponseCode, SyncState};
use crate::mailbox::exchange::wire::{Patience, Wire, ask};
use crate::mailbox::exchange::{failure, kind};
use crate::mailbox::{ChangePage, MailboxError, Stage};
use crate::model::{Cursor, FolderId, ItemKind};

/// Reads one page. A worthless state is dropped, and the answer says that the listing began again.
pub(super) fn page<W: Wire>(
    wire: &mut W,
    patience: Patience,
    folder: &FolderId,
    kind: ItemKind,
    since: Option<&Cursor>,
) -> Result<ChangePage, MailboxError> {
    let state = since.map(|cursor| SyncState::new(cursor.as_str()));
    match one(wire, patience, folder, kind, state.as_ref())? {
        Ok(page) => Ok(page),
        Err(refusal) if state.is_some() && is_worthless(&refusal) => {
            match one(wire, patience, folder, kind, None)? {
                Ok(page) => Ok(ChangePage { restarted: true, ..page }),
                Err(refusal) => Err(failure::of_refusal(&refusal, Stage::Folder)),
            }
        }
        Err(refusal) => Err(failure::of_refusal(&refusal, Stage::Folder)),
    }
}

/// A state from before the mailbox was moved or restored, of another folder, or damaged.
fn is_worthless(refusal: &Refusal) -> bool {
    refusal.code == ResponseCode::ErrorInvalidSyncStateData
}

fn one<W: Wire>(
    wire: &mut W,
    patience: Patience,
    folder: &FolderId,
    of: ItemKind,
    state: Option<&SyncState>,
) -> Result<Result<ChangePage, Refusal>, MailboxError> {
    let operation = SyncFolderItems {
        folder: FolderRef::Id(EwsFolderId::new(folder.as_str())),
        state: state.cloned(),
        max_changes: MAX_CHANGES,
        properties: Vec::new(),
        ignore: Vec::new(),
    };
    let parts = ask(wire, patience, Stage::Folder, &operation, refused)?;
    let (mut changed, mut removed, mut end) = (Vec::new(), Vec::new(), None);
    for part in parts {
        match part {
            SyncPart::Change(Change::Created(item) | Change::Updated(item)) => {
                if kind::of(&item.kind) == Some(of) {
                    changed.push((item.id.as_str().into(), item.change_key.as_str().into()));
                }
            }
            SyncPart::Change(Change::Deleted(id)) => removed.push(id.as_str().into()),
            SyncPart::Change(Change::ReadFlag(_)) => {}
            SyncPart::Page { state, last, changes } => end = Some((state, last, changes)),
            SyncPart::Refused(refusal) => return Ok(Err(refusal)),
        }
    }
    let (next, last, count) = end.ok_or_else(|| failure::of_call(Ok(()), Stage::Folder))?;
    // grommunio 3.10 calls a page the last although deletes were cut off, so a full page is followed by another. Exchange means what
    // it says there, but has been seen to say "not the last" with the same state for ever; a state that stands still is the end.
    let full = count >= usize::from(MAX_CHANGES) && !wire.is_exchange();
    let more = (!last || full) && state != Some(&next);
    let cursor = Cursor::new(next.as_str());
    Ok(Ok(ChangePage { changed, removed, cursor, more, restarted: false }))
}

const fn refused(part: &SyncPart) -> Option<&Refusal> {
    match part {
        SyncPart::Refused(refusal) => Some(refusal),
        SyncPart::Change(_) | SyncPart::Page { .. } => None,
    }
}
