//! Effect: an Exchange mailbox behind the seam. It turns the engine's calls into batches of EWS requests, and items into the
//! model's fields. What lies where on an item is in one place, [`table`]; the protocol is `crate::ews`.
//!
//! The same works with grommunio, whose differences are named where they matter.

mod apply;
mod days;
mod exceptions;
mod failure;
mod feed;
mod fetch;
mod folders;
mod guests;
mod kind;
pub mod lane;
mod occurrences;
mod person;
mod read;
mod search;
mod series;
mod stamp;
pub mod table;
mod times;
mod trouble;
pub mod wire;
mod write;

use crate::ews::ServerVersionInfo;
use crate::mailbox::{
    ChangePage, Found, Identity, Item, ItemError, Mailbox, MailboxError, Opened, Wanted, Write,
    Wrote,
};
use crate::model::{Cursor, FolderId, ItemId, ItemKind};

use crate::mailbox::zones::Zone;
use folders::Folders;
use wire::{Patience, Wire};

/// How many writes go into one request.
const WRITES: usize = 50;

/// How many bytes of items go into one request; below every server's limit, and small enough for a slow line.
const BYTES: usize = 1 << 19;

/// How a mailbox is used.
#[derive(Clone, Debug)]
pub struct Manner {
    /// The zone of the person: all-day items begin at its midnights, and it stands in where an item's own zone is unknown.
    pub zone: Zone,
    /// Whose mailbox to open; `None` is that of the one who logs in or is impersonated.
    pub delegate_for: Option<String>,
    /// The SMTP address by which the directory knows the mailbox's person; `None` where only the login is known.
    pub address: Option<String>,
    /// How long to go on after errors that pass.
    pub patience: Patience,
}

/// A mailbox on an Exchange server.
#[derive(Debug)]
pub struct ExchangeMailbox<W> {
    wire: W,
    manner: Manner,
    folders: Folders,
    /// How many items the next request reads; it grows while all goes well and shrinks when the server asks for less.
    reads: usize,
}

impl<W: Wire> ExchangeMailbox<W> {
    /// Makes a mailbox on a connection; nothing is sent yet.
    pub fn new(wire: W, manner: Manner) -> Self {
        let folders = Folders::new(manner.delegate_for.clone());
        Self { wire, manner, folders, reads: fetch::FIRST }
    }

    /// Returns what the server said of itself last.
    pub fn server(&self) -> Option<ServerVersionInfo> {
        self.wire.server()
    }

    /// Says whether the server refuses an update of a version that is no longer there. grommunio 3.10 does not: it takes any
    /// change key.
    fn checks_versions(&self) -> bool {
        !self.is_grommunio()
    }

    /// Says whether the server is grommunio, which calls itself an early Exchange 2013 SP1 with a label that no such server has.
    fn is_grommunio(&self) -> bool {
        self.wire.server().is_some_and(|server| {
            (server.major, server.minor, server.major_build) == (15, 0, 847)
                && server.label.as_deref() == Some("V2017_07_11")
        })
    }
}

impl<W: Wire> Mailbox for ExchangeMailbox<W> {
    fn open(&mut self) -> Result<Opened, MailboxError> {
        self.folders.open(&mut self.wire, self.manner.patience)
    }

    fn person(&mut self) -> Result<Option<String>, MailboxError> {
        let Some(address) = &self.manner.address else { return Ok(None) };
        person::of(&mut self.wire, self.manner.patience, address)
    }

    fn folder(
        &mut self,
        kind: ItemKind,
        path: &[String],
        create: bool,
    ) -> Result<Option<FolderId>, MailboxError> {
        self.folders.find(&mut self.wire, self.manner.patience, kind, path, create)
    }

    fn changes(
        &mut self,
        folder: &FolderId,
        kind: ItemKind,
        since: Option<&Cursor>,
    ) -> Result<ChangePage, MailboxError> {
        feed::page(&mut self.wire, self.manner.patience, folder, kind, since)
    }

    fn identify(
        &mut self,
        _kind: ItemKind,
        ids: &[ItemId],
        each: &mut dyn FnMut(ItemId, Result<Identity, ItemError>),
    ) -> Result<(), MailboxError> {
        let wanted = table::identifying();
        self.read(ids, &wanted, &mut |id, item| each(id, item.map(|item| read::identity(&item))))
    }

    fn fetch(
        &mut self,
        kind: ItemKind,
        ids: &[ItemId],
        each: &mut dyn FnMut(ItemId, Result<Item, ItemError>),
    ) -> Result<(), MailboxError> {
        let wanted = table::wanted(kind);
        let zone = self.manner.zone.clone();
        let none = exceptions::Fetched::new();
        // Changed occurrences are items of their own: a series that has some waits until they were read as well.
        let mut series = Vec::new();
        self.read(ids, &wanted, &mut |id, item| match item {
            Ok(item) if exceptions::changed(&item.properties).next().is_some() => {
                series.push((id, item));
            }
            item => each(id, item.map(|item| read::item(&item, &none, &zone))),
        })?;
        let fetched = self.changed_occurrences(&series)?;
        for (id, item) in series {
            each(id, Ok(read::item(&item, &fetched, &zone)));
        }
        Ok(())
    }

    fn find(&mut self, kind: ItemKind, wanted: &Wanted<'_>) -> Result<Vec<Found>, MailboxError> {
        self.search(kind, wanted)
    }

    fn apply(&mut self, kind: ItemKind, writes: &[Write]) -> Result<Vec<Wrote>, MailboxError> {
        self.write(kind, writes)
    }

    fn batch(&self) -> usize {
        WRITES
    }
}

#[cfg(test)]
mod tests;
