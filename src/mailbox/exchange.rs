//! Effect: an Exchange mailbox behind the seam. It turns the engine's calls into batches of EWS requests, and items into the
//! model's fields. What lies where on an item is in one place, [`table`]; the protocol is `crate::ews`.
//!
//! The same works with grommunio, whose differences are named where they matter.

pub mod ability;
mod apply;
mod blame;
mod contracts;
mod days;
mod dialect;
mod driver;
mod exceptions;
mod failure;
mod feed;
mod fetch;
mod folders;
pub mod gate;
mod guests;
mod hints;
mod homes;
mod kind;
pub mod lane;
pub mod listen;
mod occurrences;
mod person;
mod read;
mod search;
mod send;
mod series;
mod stamp;
mod steps;
pub mod table;
mod times;
mod trouble;
mod unfinished;
pub mod wire;
mod write;

use crate::ews::session::Batcher;
use crate::ews::transport::{LoginFacts, Trace};
use crate::ews::{ServerVersion, ServerVersionInfo};
use crate::mailbox::{
    ChangePage, Found, Identity, Item, ItemError, Mailbox, MailboxError, Opened, Wanted,
    Whereabouts, Write, Wrote,
};
use crate::model::{Cursor, FieldSet, FolderId, ItemId, ItemKind};

use crate::mailbox::zones::Zone;
use folders::Folders;
pub use folders::Whose;
use trouble::Parked;
use wire::{Patience, Wire};

/// How many occurrences of series one request looks for.
const OCCURRENCES: usize = 50;

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
    /// How many items the next request reads; they grow while all goes well and shrink when the server asks for less.
    reads: Batcher,
    /// How many the next one writes.
    writes: Batcher,
    /// What ends the work on this mailbox: every further call is answered with it, and nothing is sent.
    parked: Option<Parked>,
    /// Whether it takes nothing more: nothing that takes room is sent again.
    full: bool,
    /// What single writes told of the mailbox as a whole, until it is asked for.
    told: Option<MailboxError>,
}

impl<W: Wire> ExchangeMailbox<W> {
    /// Makes a mailbox on a connection; nothing is sent yet.
    pub fn new(wire: W, manner: Manner) -> Self {
        let folders = Folders::new(manner.whose.clone());
        let (reads, writes) = (Batcher::default(), Batcher::default());
        Self { wire, manner, folders, reads, writes, parked: None, full: false, told: None }
    }

    /// Returns what the server said of itself last.
    pub fn server(&self) -> Option<ServerVersionInfo> {
        self.wire.server()
    }

    /// Returns by what an administrator finds the last request again.
    pub fn trace(&self) -> Option<Trace> {
        self.wire.trace()
    }

    /// Makes a call unless the mailbox is parked, and parks it where the call shows that every further one would fail the same:
    /// a locked account is not knocked at again, and a mailbox on its way is not chased. An error says by what an administrator
    /// finds its request in the logs of the server.
    fn guarded<T>(
        &mut self,
        call: impl FnOnce(&mut Self) -> Result<T, MailboxError>,
    ) -> Result<T, MailboxError> {
        if let Some(parked) = &self.parked {
            return Err(parked.again());
        }
        call(self).map_err(|error| {
            let error = failure::traced(error, self.wire.trace());
            self.park(&error);
            error
        })
    }

    fn park(&mut self, error: &MailboxError) {
        if self.parked.is_none() && error.trouble.lasts() {
            self.parked = Some(Parked::of(error));
        }
    }

    /// Says whether the server refuses an update of a version that is no longer there. Exchange does, and shows in the heads of its
    /// answers that it is Exchange. Whoever does not show that is not trusted: every item is looked at before it is written, which
    /// costs a read and loses nothing. grommunio 3.10 takes any change key.
    fn checks_versions(&self) -> bool {
        self.wire.is_exchange()
    }

    /// Says whether the server is grommunio. Its ids are entry ids as MAPI has them; by default it calls itself an early Exchange
    /// 2013 SP1 with a label that no such server has, but an administrator may set that (`reported_server_version`).
    fn is_grommunio(&self) -> bool {
        let labelled = |server: ServerVersionInfo| {
            (server.major, server.minor, server.major_build) == (15, 0, 847)
                && server.label.as_deref() == Some("V2017_07_11")
        };
        !self.wire.is_exchange()
            && (self.folders.have_entry_ids() || self.wire.server().is_some_and(labelled))
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
        self.guarded(|it| it.folders.open(&mut it.wire, it.manner.patience))
    }

    fn person(&mut self) -> Result<Option<String>, MailboxError> {
        let Some(address) = self.manner.address.clone() else { return Ok(None) };
        self.guarded(|it| person::of(&mut it.wire, it.manner.patience, &address))
    }

    fn folder(
        &mut self,
        kind: ItemKind,
        path: &[String],
        create: bool,
    ) -> Result<Option<FolderId>, MailboxError> {
        self.guarded(|it| it.folders.find(&mut it.wire, it.manner.patience, kind, path, create))
    }

    fn whereabouts(&mut self, folders: &[FolderId]) -> Result<Vec<Whereabouts>, MailboxError> {
        self.guarded(|it| it.folders.whereabouts(&mut it.wire, it.manner.patience, folders))
    }

    fn changes(
        &mut self,
        folder: &FolderId,
        kind: ItemKind,
        since: Option<&Cursor>,
    ) -> Result<ChangePage, MailboxError> {
        self.guarded(|it| feed::page(&mut it.wire, it.manner.patience, folder, kind, since))
    }

    fn identify(
        &mut self,
        _kind: ItemKind,
        ids: &[ItemId],
        each: &mut dyn FnMut(ItemId, Result<Identity, ItemError>),
    ) -> Result<(), MailboxError> {
        let wanted = table::identifying();
        self.guarded(|it| {
            it.read(ids, &wanted, &mut |id, item| each(id, item.map(|item| read::identity(&item))))
        })
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
        self.guarded(|it| {
            // There a write of anything else would not make a series whole (`write::update`), and new dates of a task of a series are
            // taken as they are (grommunio 3.10).
            let grommunio = it.is_grommunio();
            let mut each = |id, item: Result<Item, ItemError>| {
                let item = item.map(|mut item| {
                    item.aside.wants_a_write &= !grommunio;
                    if grommunio {
                        item.read_only = FieldSet::EMPTY;
                    }
                    item
                });
                each(id, item);
            };
            // Changed occurrences are items of their own: a series that has some waits until they were read as well.
            let mut series = Vec::new();
            it.read(ids, &wanted, &mut |id, item| match item {
                Ok(item) if exceptions::changed(&item.properties).next().is_some() => {
                    series.push((id, item));
                }
                item => each(id, item.map(|item| read::item(item, &none, &zone))),
            })?;
            let fetched = it.changed_occurrences(&series)?;
            for (id, item) in series {
                each(id, Ok(read::item(item, &fetched, &zone)));
            }
            Ok(())
        })
    }

    fn find(&mut self, kind: ItemKind, wanted: &Wanted<'_>) -> Result<Vec<Found>, MailboxError> {
        self.guarded(|it| it.search(kind, wanted))
    }

    fn apply(&mut self, kind: ItemKind, writes: &[Write]) -> Result<Vec<Wrote>, MailboxError> {
        self.guarded(|it| it.write(kind, writes))
    }

    fn batch(&self) -> usize {
        self.writes.size()
    }

    fn hides_occurrences(&self) -> bool {
        !self.wire.is_exchange()
    }

    fn parked(&mut self) -> Option<MailboxError> {
        self.told.take()
    }
}

#[cfg(test)]
mod tests;
