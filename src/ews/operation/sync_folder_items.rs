//! `SyncFolderItems`: what changed in a folder since a bookmark (pure).

use crate::ews::error::{Refusal, ReplyError};
use crate::ews::id::{ItemId, SyncState};
use crate::ews::operation::folder::FolderRef;
use crate::ews::operation::{ItemRef, Operation, write};
use crate::ews::property::Property;
use crate::ews::reply::{Arrival, Change, Outcome};
use crate::ews::version::ServerVersion;
use crate::ews::xml::writer::{Ns, Writer};

/// The most changes that a page may have.
pub const MAX_CHANGES: u16 = 512;

/// Asks for one page of changes. A series is listed as its master; what happens to an occurrence
/// shows as an update of the master (grommunio 3.10 does not show it at all).
#[derive(Debug, Clone, PartialEq)]
pub struct SyncFolderItems {
    /// In which folder.
    pub folder: FolderRef,
    /// Since when; `None` is since the beginning.
    pub state: Option<SyncState>,
    /// How many at most, 1 to [`MAX_CHANGES`]; others are brought into that range.
    pub max_changes: u16,
    /// Which properties beside the ids. Each costs the server a look at the item, and some are left
    /// out silently: ask for `item:ItemClass` at most.
    pub properties: Vec<Property>,
    /// Which items to leave out (grommunio 3.10 does not honour it).
    pub ignore: Vec<ItemId>,
}

/// What comes in answer.
#[derive(Debug, Clone, PartialEq)]
pub enum SyncPart {
    /// A change.
    Change(Change),
    /// The page is complete.
    Page {
        /// The new bookmark: keep it only when all that the page brought is kept.
        state: SyncState,
        /// Whether the server says that there is no more.
        last: bool,
        /// How many changes the page had.
        changes: usize,
    },
    /// There is no page.
    Refused(Refusal),
}

impl Operation for SyncFolderItems {
    const NAME: &'static str = "SyncFolderItems";
    const CHANGES: bool = false;
    type Part = SyncPart;

    fn write(&self, xml: &mut Writer, version: ServerVersion) {
        xml.element(Ns::Messages, "SyncFolderItems", &[], |xml| {
            write::item_shape(xml, &self.properties, None, version);
            xml.element(Ns::Messages, "SyncFolderId", &[], |xml| self.folder.write(xml));
            if let Some(state) = &self.state {
                xml.element(Ns::Messages, "SyncState", &[], |xml| xml.characters(state.as_str()));
            }
            if !self.ignore.is_empty() {
                xml.element(Ns::Messages, "Ignore", &[], |xml| {
                    self.ignore.iter().cloned().map(ItemRef::from).for_each(|item| item.write(xml));
                });
            }
            let most = self.max_changes.clamp(1, MAX_CHANGES).to_string();
            xml.element(Ns::Messages, "MaxChangesReturned", &[], |xml| xml.characters(&most));
        });
    }

    fn messages(&self) -> usize {
        1
    }

    fn part(&self, arrival: Arrival) -> Result<Option<Self::Part>, ReplyError> {
        let message = match arrival {
            Arrival::Change { change, .. } => return Ok(Some(SyncPart::Change(change))),
            Arrival::Message(message) => message,
            _ => return Ok(None),
        };
        if let Outcome::Error(refusal) = message.outcome {
            return Ok(Some(SyncPart::Refused(refusal)));
        }
        let lacks = |what| ReplyError::Lacks { message: message.index, what };
        Ok(Some(SyncPart::Page {
            state: message.state.ok_or(lacks("SyncState"))?,
            // Saying "last" without having been told so would end a listing early.
            last: message.last.ok_or(lacks("IncludesLastItemInRange"))?,
            changes: message.parts,
        }))
    }
}
