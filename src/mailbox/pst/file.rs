//! Effect: the open file: for writing, and then locked, or for reading only.

use std::fs;

use super::PstAccess;
use super::failure;
use super::new_store::new_store;
use crate::mailbox::MailboxError;
use crate::mapi::property as p;
use crate::pst::medium::Medium;
use crate::pst::messaging::write::{create, fill};
use crate::pst::messaging::{CodePage, Store};
use crate::pst::ndb::Ndb;
use crate::pst::ndb::write::{Settings, Writer};
use crate::pst::{PstError, crypt::Crypt};

/// An open file.
#[derive(Debug)]
pub(super) struct StoreFile {
    open: Open,
    /// The code page of texts that are not in Unicode, where the file does not say it.
    code_page: CodePage,
}

#[derive(Debug)]
enum Open {
    Read(Box<Ndb>),
    Write(Box<Writer>),
    /// An empty store in memory stands for the file that is still to be made.
    ToBeMade(Box<Writer>),
}

impl StoreFile {
    /// Opens the file. One that does not exist is made where that is allowed; where it is not, an empty store in memory stands
    /// for what would be made. One that is known from before is never replaced by an empty one.
    pub(super) fn open(access: &PstAccess, is_known: bool) -> Result<Self, MailboxError> {
        Ok(Self { open: open(access, is_known)?, code_page: access.code_page })
    }

    /// Returns the file as it is committed.
    pub(super) fn nodes(&self) -> &Ndb {
        match &self.open {
            Open::Read(ndb) => ndb,
            Open::Write(writer) | Open::ToBeMade(writer) => writer.nodes(),
        }
    }

    /// Says whether the file is there.
    pub(super) fn exists(&self) -> bool {
        !matches!(self.open, Open::ToBeMade(_))
    }

    /// Returns it as a store.
    pub(super) fn store(&self) -> Store<&Ndb> {
        Store::new(self.nodes()).with_code_page(self.code_page)
    }

    /// Returns the file for writing; `None` where it was opened for reading.
    pub(super) fn writer(&mut self) -> Option<&mut Writer> {
        match &mut self.open {
            Open::Read(_) => None,
            Open::Write(writer) | Open::ToBeMade(writer) => Some(writer),
        }
    }

    /// Returns what tells this store from all others.
    pub(super) fn record_key(&self) -> Result<Vec<u8>, MailboxError> {
        let key = self.store().record_key().map_err(failure::read)?;
        // Every Outlook writes one; without it nobody could tell a file from its successor (rule D15).
        let missing =
            || failure::read(PstError::Empty { nid: crate::pst::Nid::STORE, what: "record key" });
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
        match self.open {
            Open::Read(_) => Ok(()),
            Open::Write(writer) | Open::ToBeMade(writer) => writer.close().map_err(failure::write),
        }
    }
}

fn open(access: &PstAccess, is_known: bool) -> Result<Open, MailboxError> {
    let path = &access.path;
    let missing = !path
        .try_exists()
        .map_err(|error| failure::read(PstError::opening(error, cfg!(windows))))?;
    if missing && is_known {
        return Err(failure::missing(path));
    }
    let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let new = || new_store(&name, access.german);
    if access.writes {
        let writer = if missing {
            create(path, &new(), &access.settings).map_err(failure::write)?.0
        } else {
            Writer::open(path, &access.settings, &|nodes| Store::new(nodes).has_password())
                .map_err(failure::write)?
        };
        return Ok(Open::Write(Box::new(writer)));
    }
    if missing {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        if let Some(folder) = folder {
            // What could not be made is not shown as if it could.
            fs::metadata(folder).map_err(|source| failure::no_place(folder, source))?;
        }
        let memory = Medium::Memory(Vec::new());
        let mut writer =
            Writer::empty(memory, Crypt::Permute, &Settings::default()).map_err(failure::write)?;
        let tx = writer.begin().map_err(failure::write)?;
        fill(tx, &new()).map_err(failure::write)?;
        return Ok(Open::ToBeMade(Box::new(writer)));
    }
    let ndb = Ndb::at(path).map_err(failure::read)?;
    Ok(Open::Read(Box::new(ndb)))
}
