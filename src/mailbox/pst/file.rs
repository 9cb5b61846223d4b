//! Effect: the open file: for writing, and then locked, or for reading only.

use std::fs::File;

use super::PstAccess;
use super::failure;
use crate::mailbox::MailboxError;
use crate::mapi::property as p;
use crate::pst::medium::Medium;
use crate::pst::messaging::Store;
use crate::pst::messaging::write::{NewStore, create, fill};
use crate::pst::ndb::Ndb;
use crate::pst::ndb::write::{Settings, Writer};
use crate::pst::{PstError, crypt::Crypt};

/// An open file.
#[derive(Debug)]
pub(super) enum StoreFile {
    /// For reading.
    Read(Box<Ndb>),
    /// For writing.
    Write(Box<Writer>),
}

impl StoreFile {
    /// Opens the file. One that does not exist is made where that is allowed; where it is not, an empty store in memory stands
    /// for what would be made.
    pub(super) fn open(access: &PstAccess) -> Result<Self, MailboxError> {
        let path = &access.path;
        let missing = !path
            .try_exists()
            .map_err(|error| failure::read(PstError::io("look for the file", 0, error)))?;
        let name =
            path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let new = || if access.german { NewStore::german(&name) } else { NewStore::english(&name) };
        if access.writes {
            let writer = if missing {
                create(path, &new(), &access.settings).map_err(failure::write)?.0
            } else {
                Writer::open(path, &access.settings, &|nodes| Store::new(nodes).has_password())
                    .map_err(failure::write)?
            };
            return Ok(Self::Write(Box::new(writer)));
        }
        if missing {
            let memory = Medium::Memory(Vec::new());
            let mut writer = Writer::empty(memory, Crypt::Permute, &Settings::default())
                .map_err(failure::write)?;
            let tx = writer.begin().map_err(failure::write)?;
            fill(tx, &new()).map_err(failure::write)?;
            return Ok(Self::Write(Box::new(writer)));
        }
        let file = File::open(path)
            .map_err(|error| failure::read(PstError::io("open the file", 0, error)))?;
        let ndb = Ndb::open(Medium::File(file)).map_err(failure::read)?;
        Ok(Self::Read(Box::new(ndb)))
    }

    /// Returns the file as it is committed.
    pub(super) fn nodes(&self) -> &Ndb {
        match self {
            Self::Read(ndb) => ndb,
            Self::Write(writer) => writer.nodes(),
        }
    }

    /// Returns it as a store.
    pub(super) fn store(&self) -> Store<&Ndb> {
        Store::new(self.nodes())
    }

    /// Returns the file for writing; `None` where it was opened for reading.
    pub(super) fn writer(&mut self) -> Option<&mut Writer> {
        match self {
            Self::Read(_) => None,
            Self::Write(writer) => Some(writer),
        }
    }

    /// Returns what tells this store from all others.
    pub(super) fn record_key(&self) -> Result<Vec<u8>, MailboxError> {
        let key = self.store().record_key().map_err(failure::read)?;
        // Every Outlook writes one; without it nobody could tell a file from its successor (rule D15).
        let missing =
            || failure::read(PstError::NoNode { nid: crate::pst::Nid::STORE, what: "record key" });
        key.map(|key| key.to_vec()).ok_or_else(missing)
    }

    /// Returns the name that people see.
    pub(super) fn name(&self) -> Result<Option<String>, MailboxError> {
        let store = self.store();
        let properties = store.properties().map_err(failure::read)?;
        properties.text(p::DISPLAY_NAME).map_err(failure::read)
    }

    /// Closes the file.
    pub(super) fn close(self) -> Result<(), MailboxError> {
        match self {
            Self::Read(_) => Ok(()),
            Self::Write(writer) => writer.close().map_err(failure::write),
        }
    }
}
