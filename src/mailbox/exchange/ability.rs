//! Effect: what the login may do in a mailbox, without changing anything in it; for `check`.

use crate::ews::Refusal;
use crate::ews::operation::folder::{DistinguishedFolder, FolderRef, FolderRights};
use crate::ews::operation::subscribe::{Delivery, Subscribe, Subscribed};
use crate::ews::operation::unsubscribe::Unsubscribe;
use crate::mailbox::exchange::wire::{Wire, ask};
use crate::mailbox::exchange::{ExchangeMailbox, Whose, failure};
use crate::mailbox::{MailboxError, Stage};
use crate::model::FolderId;

/// What the login may do in a folder, as the server says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rights {
    /// Make items.
    pub create: bool,
    /// Change items.
    pub change: bool,
    /// Delete items.
    pub delete: bool,
}

impl From<FolderRights> for Rights {
    fn from(rights: FolderRights) -> Self {
        Self { create: rights.create_contents, change: rights.modify, delete: rights.delete }
    }
}

impl<W: Wire> ExchangeMailbox<W> {
    /// Returns the rights on a folder that was opened or found before; `None` where the server does not tell them.
    pub fn rights(&self, folder: &FolderId) -> Option<Rights> {
        self.folders.rights(folder).map(Rights::from)
    }

    /// Returns the rights on Deleted Items, where deleted items go.
    pub fn rights_on_deleted(&self) -> Option<Rights> {
        self.folders.rights_on_deleted().map(Rights::from)
    }

    /// Asks to be told of changes, and takes it back at once. A mailbox without it is asked from time to time.
    ///
    /// # Errors
    ///
    /// When the server does not let us, or cannot.
    pub fn subscribe_and_leave(&mut self) -> Result<(), MailboxError> {
        let mailbox = match &self.manner.whose {
            Whose::Of(address) => Some(address.clone()),
            Whose::Own | Whose::OwnOf(_) => None,
        };
        let folder = FolderRef::Distinguished { folder: DistinguishedFolder::Contacts, mailbox };
        let operation = Subscribe { folders: vec![folder], delivery: Delivery::Streaming };
        let asked = ask(&mut self.wire, self.manner.patience, Stage::Mailbox, &operation, refused);
        let asked = asked.map_err(|error| failure::traced(error, self.wire.trace()))?;
        for subscribed in asked {
            let subscription = subscribed
                .map_err(|no| failure::of_refusal(&no, Stage::Mailbox))
                .map_err(|error| failure::traced(error, self.wire.trace()))?
                .id;
            // One that is left behind ends by itself after half an hour.
            let _ = self.wire.call(&Unsubscribe { subscription }, &mut |_| {});
        }
        Ok(())
    }
}

fn refused(part: &Result<Subscribed, Refusal>) -> Option<&Refusal> {
    part.as_ref().err()
}
