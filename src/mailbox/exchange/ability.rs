//! Effect: what the login may do in a mailbox, without changing anything in it; for `check`.

use std::time::Duration;

use crate::ews::Refusal;
use crate::ews::operation::folder::{DistinguishedFolder, FolderRef, FolderRights};
use crate::ews::operation::subscribe::{Delivery, Subscribe, Subscribed};
use crate::ews::operation::unsubscribe::Unsubscribe;
use crate::mailbox::exchange::lane::LaneWire;
use crate::mailbox::exchange::wire::{Wire, ask};
use crate::mailbox::exchange::{ExchangeMailbox, Whose, failure};
use crate::mailbox::{MailboxError, Stage};
use crate::model::FolderId;

/// How long the first envelope of a stream may take; Exchange and grommunio send it at once.
const FIRST_WORD: Duration = Duration::from_secs(10);

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
}

impl ExchangeMailbox<LaneWire> {
    /// Asks to be told of changes, listens for a first word, and takes it back. Returns why no stream comes through where that is
    /// all that is wrong: such a mailbox is asked in turns. One without subscriptions is looked at from time to time.
    ///
    /// # Errors
    ///
    /// When the server does not let us subscribe, or cannot.
    pub fn listen_and_leave(&mut self) -> Result<Option<MailboxError>, MailboxError> {
        let mailbox = match &self.manner.whose {
            Whose::Of(address) => Some(address.clone()),
            Whose::Own | Whose::OwnOf(_) => None,
        };
        let folder = FolderRef::Distinguished { folder: DistinguishedFolder::Contacts, mailbox };
        let operation = Subscribe { folders: vec![folder], delivery: Delivery::Streaming };
        let asked = ask(&mut self.wire, self.manner.patience, Stage::Mailbox, &operation, refused);
        let asked = asked.map_err(|error| failure::traced(error, self.wire.trace()))?;
        let mut mute = None;
        for subscribed in asked {
            let subscription = subscribed
                .map_err(|no| failure::of_refusal(&no, Stage::Mailbox))
                .map_err(|error| failure::traced(error, self.wire.trace()))?
                .id;
            if let Err(error) = self.wire.first_word(subscription.clone(), FIRST_WORD) {
                let error = failure::of_error(error, Stage::Mailbox);
                mute = Some(failure::traced(error, self.wire.trace()));
            }
            // One that is left behind ends by itself after half an hour.
            let _ = self.wire.call(&Unsubscribe { subscription }, &mut |_| {});
        }
        Ok(mute)
    }
}

fn refused(part: &Result<Subscribed, Refusal>) -> Option<&Refusal> {
    part.as_ref().err()
}
