//! Effect: a PST file as a mailbox behind the seam. What lies in which property of an item is in one place, `table`; the format
//! is `crate::pst`.
//!
//! There is no server that keeps a feed: what changed is found by the row versions in the folders' contents tables. The file
//! is locked from the first call to the last, and a batch of writes is one transaction on it.

mod address;
pub mod advice;
mod apply;
mod appointment;
mod contact;
mod count;
mod failure;
mod faxes;
mod feed;
mod fetch;
mod file;
mod folders;
mod guests;
mod new_store;
mod next_task;
mod occurrences;
mod people;
mod place;
mod read;
mod ready;
mod renames;
mod rows;
mod search;
mod series;
mod stamp;
mod table;
mod task;
mod times;
mod write;
mod zone_rule;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use crate::mailbox::zones::Zone;
use crate::mailbox::{
    ChangePage, Found, Identity, Item, ItemError, Mailbox, MailboxError, Opened, Wanted,
    Whereabouts, Write, Wrote,
};
use crate::model::{Cursor, FolderId, ItemId, ItemKind, MailboxIdentity};
use crate::pst::messaging::{CodePage, Store};
use crate::pst::ndb::write::{Concern, Settings, Writer};

pub use folders::in_deleted_items;
pub use new_store::new_store;

use feed::Snapshot;
use file::StoreFile;
use rows::Known;
use search::Stamped;

/// How many writes go into one transaction.
const WRITES: usize = 200;

/// How a PST file is used.
#[derive(Clone, Debug)]
pub struct PstAccess {
    /// Where it is.
    pub path: PathBuf,
    /// Whether it may be written, and made where there is none. A file that is only read is not locked.
    pub writes: bool,
    /// Whether folders that have to be made get German names.
    pub german: bool,
    /// The zone of the person who looks.
    pub zone: Zone,
    /// The code page of texts that are not in Unicode, where the file does not say it.
    pub code_page: CodePage,
    /// What is allowed when it is written.
    pub settings: Settings,
}

impl PstAccess {
    /// Looks whether a run could write the file, and returns what is to be said about its place; writes nothing.
    ///
    /// # Errors
    ///
    /// What would keep a run from writing it: somebody has it open, it has a password, it is of a kind that is only read …
    pub fn look(&self) -> Result<Vec<Concern>, MailboxError> {
        Writer::look(&self.path, &self.settings, &|nodes| Store::new(nodes).has_password())
            .map_err(failure::write)
    }
}

/// A mailbox in a PST file.
#[derive(Debug)]
pub struct PstMailbox {
    access: PstAccess,
    file: Option<StoreFile>,
    /// What a listing that is under way is compared with.
    listing: Option<(u64, Snapshot)>,
    listings: u64,
    /// The states of the rows that were read last.
    known: Known,
    /// Where the stamps are, once somebody asked.
    stamped: Option<Stamped>,
    /// What befell the file as a whole while some writes were answered already.
    parked: Option<MailboxError>,
    /// Whether the file was there before.
    must_exist: bool,
}

impl PstMailbox {
    /// Makes a mailbox; nothing is opened until the first call.
    pub fn new(access: PstAccess) -> Self {
        Self {
            access,
            file: None,
            listing: None,
            listings: 0,
            known: Known::default(),
            stamped: None,
            parked: None,
            must_exist: false,
        }
    }

    /// Makes one in a folder, whose file is still to be made.
    #[cfg(test)]
    fn fresh(folder: &std::path::Path) -> Self {
        Self::new(PstAccess {
            path: folder.join("a.pst"),
            writes: true,
            german: true,
            zone: Zone::iana("Europe/Berlin").unwrap(),
            code_page: CodePage::WESTERN,
            settings: Settings::default(),
        })
    }

    /// Closes the file, so that its room is accounted for and nothing is left beside it. A mailbox that is just dropped leaves
    /// a file that is whole as well.
    ///
    /// # Errors
    ///
    /// The file could not be written; it holds what was written before.
    pub fn close(mut self) -> Result<(), MailboxError> {
        match self.file.take() {
            Some(file) => file.close(),
            None => Ok(()),
        }
    }

    fn file(&mut self) -> Result<&mut StoreFile, MailboxError> {
        if self.file.is_none() {
            self.file = Some(StoreFile::open(&self.access, self.must_exist)?);
            self.stamped = None;
            self.known = Known::default();
            // What was there once in a run is not made anew in it.
            self.must_exist |= self.access.writes;
        }
        self.file.as_mut().ok_or_else(failure::closed)
    }
}

impl Drop for PstMailbox {
    fn drop(&mut self) {
        if let Some(file) = self.file.take()
            && let Err(error) = file.close()
        {
            tracing::warn!(%error, "the PST file could not be closed; it is whole, and the next run mends its maps");
        }
    }
}

impl Mailbox for PstMailbox {
    fn must_exist(&mut self) {
        self.must_exist = true;
    }

    fn open(&mut self) -> Result<Opened, MailboxError> {
        let file = self.file()?;
        let (key, exists) = (file.record_key()?, file.exists());
        let identity = MailboxIdentity::new(key.iter().fold("pst/".to_owned(), |text, byte| {
            let digit = |half: u8| char::from_digit(half.into(), 16).unwrap_or('0');
            text + &String::from_iter([digit(byte >> 4), digit(byte & 15)])
        }));
        // The file has no clock of its own, and no delegates.
        Ok(Opened {
            identity,
            exists,
            clock: None,
            sees_private: true,
            sees_all: true,
            ids_last: false,
        })
    }

    fn person(&mut self) -> Result<Option<String>, MailboxError> {
        self.file()?.name()
    }

    fn folder(
        &mut self,
        kind: ItemKind,
        path: &[String],
        create: bool,
    ) -> Result<Option<FolderId>, MailboxError> {
        let german = self.access.german;
        let found = folders::find(self.file()?, kind, path, create, german)?;
        Ok(found.map(place::folder_id))
    }

    fn whereabouts(&mut self, folders: &[FolderId]) -> Result<Vec<Whereabouts>, MailboxError> {
        folders::whereabouts(&self.file()?.store(), folders).map_err(failure::read)
    }

    fn changes(
        &mut self,
        folder: &FolderId,
        _kind: ItemKind,
        since: Option<&Cursor>,
    ) -> Result<ChangePage, MailboxError> {
        feed::changes(self, folder, since)
    }

    fn is_behind(&mut self, since: &Cursor) -> Result<bool, MailboxError> {
        feed::is_behind(self, since)
    }

    fn identify(
        &mut self,
        _kind: ItemKind,
        ids: &[ItemId],
        each: &mut dyn FnMut(ItemId, Result<Identity, ItemError>),
    ) -> Result<(), MailboxError> {
        self.file()?;
        let Self { file: Some(file), known, .. } = self else { return Err(failure::closed()) };
        fetch::identities(file, known, ids, each)
    }

    fn fetch(
        &mut self,
        _kind: ItemKind,
        ids: &[ItemId],
        each: &mut dyn FnMut(ItemId, Result<Item, ItemError>),
    ) -> Result<(), MailboxError> {
        self.file()?;
        let Self { file: Some(file), known, access, .. } = self else {
            return Err(failure::closed());
        };
        fetch::items(file, known, ids, &access.zone, each)
    }

    fn find(&mut self, kind: ItemKind, wanted: &Wanted<'_>) -> Result<Vec<Found>, MailboxError> {
        search::find(self, kind, wanted)
    }

    fn apply(&mut self, kind: ItemKind, writes: &[Write]) -> Result<Vec<Wrote>, MailboxError> {
        apply::apply(self, kind, writes)
    }

    fn batch(&self) -> usize {
        WRITES
    }

    fn parked(&mut self) -> Option<MailboxError> {
        self.parked.take()
    }
}
