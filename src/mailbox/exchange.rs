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
mod homes;
mod kind;
pub mod lane;
pub mod listen;
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

use crate::ews::transport::{LoginFacts, Trace};
use crate::ews::{ServerVersion, ServerVersionInfo};
use crate::mailbox::{
    ChangePage, Found, Identity, Item, ItemError, Mailbox, MailboxError, Opened, Wanted, Write,
    Wrote,
};
use crate::model::{Cursor, FolderId, ItemId, ItemKind};

use crate::mailbox::zones::Zone;
use folders::Folders;
pub use folders::Whose;
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
    /// Whose mailbox to open.
    pub whose: Whose,
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
        let folders = Folders::new(manner.whose.clone());
        Self { wire, manner, folders, reads: fetch::FIRST }
    }

    /// Returns what the server said of itself last.
    pub fn server(&self) -> Option<ServerVersionInfo> {
        self.wire.server()
    }

    /// Returns by what an administrator finds the last request again.
    pub fn trace(&self) -> Option<Trace> {
        self.wire.trace()
    }

    /// Says in an error by what an administrator finds its request in the logs of the server.
    fn traced<T>(&self, outcome: Result<T, MailboxError>) -> Result<T, MailboxError> {
        outcome.map_err(|error| failure::traced(error, self.wire.trace()))
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

impl ExchangeMailbox<lane::LaneWire> {
    /// Returns the contract that requests keep to.
    pub fn contract(&self) -> ServerVersion {
        self.wire.contract()
    }

    /// Returns how the login went; `None` before the first answer.
    pub fn login(&self) -> Option<LoginFacts> {
        self.wire.login()
    }
}

impl<W: Wire> Mailbox for ExchangeMailbox<W> {
    fn open(&mut self) -> Result<Opened, MailboxError> {
        let opened = self.folders.open(&mut self.wire, self.manner.patience);
        self.traced(opened)
    }

    fn person(&mut self) -> Result<Option<String>, MailboxError> {
        let Some(address) = &self.manner.address else { return Ok(None) };
        let person = person::of(&mut self.wire, self.manner.patience, address);
        self.traced(person)
    }

    fn folder(
        &mut self,
        kind: ItemKind,
        path: &[String],
        create: bool,
    ) -> Result<Option<FolderId>, MailboxError> {
        let found = self.folders.find(&mut self.wire, self.manner.patience, kind, path, create);
        self.traced(found)
    }

    fn changes(
        &mut self,
        folder: &FolderId,
        kind: ItemKind,
        since: Option<&Cursor>,
    ) -> Result<ChangePage, MailboxError> {
        let page = feed::page(&mut self.wire, self.manner.patience, folder, kind, since);
        self.traced(page)
    }

    fn identify(
        &mut self,
        _kind: ItemKind,
        ids: &[ItemId],
        each: &mut dyn FnMut(ItemId, Result<Identity, ItemError>),
    ) -> Result<(), MailboxError> {
        let wanted = table::identifying();
        let read = self.read(ids, &wanted, &mut |id, item| {
            each(id, item.map(|item| read::identity(&item)));
        });
        self.traced(read)
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
        let read = self.read(ids, &wanted, &mut |id, item| match item {
            Ok(item) if exceptions::changed(&item.properties).next().is_some() => {
                series.push((id, item));
            }
            item => each(id, item.map(|item| read::item(&item, &none, &zone))),
        });
        self.traced(read)?;
        let fetched = self.changed_occurrences(&series);
        let fetched = self.traced(fetched)?;
        for (id, item) in series {
            each(id, Ok(read::item(&item, &fetched, &zone)));
        }
        Ok(())
    }

    fn find(&mut self, kind: ItemKind, wanted: &Wanted<'_>) -> Result<Vec<Found>, MailboxError> {
        let found = self.search(kind, wanted);
        self.traced(found)
    }

    fn apply(&mut self, kind: ItemKind, writes: &[Write]) -> Result<Vec<Wrote>, MailboxError> {
        let wrote = self.write(kind, writes);
        self.traced(wrote)
    }

    fn batch(&self) -> usize {
        WRITES
    }
}

#[cfg(test)]
mod tests;
