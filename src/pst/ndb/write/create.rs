//! Making a file (effect): under a temporary name, and under its own only when it is whole.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::bits::{Map, Reserved, section_at};
use super::commit::DENSITY_LIST;
use super::error::WriteError;
use super::form::{self, PAGE};
use super::lock;
use super::open::{accept_place, try_folder};
use super::rescue::{folder_of, sync_folder_of};
use super::space::Space;
use super::transaction::Transaction;
use super::tree::{Kind, Page};
use super::{Settings, Writer};
use crate::pst::bytes::wide;
use crate::pst::crypt::Crypt;
use crate::pst::id::{Bid, PageId, PageRef};
use crate::pst::medium::Medium;
use crate::pst::ndb::file::Ndb;
use crate::pst::ndb::header::Header;

/// A file that is being made. It gets its name with [`NewFile::finish`]; when it is dropped before, nothing is left of it.
#[derive(Debug)]
pub struct NewFile {
    writer: Option<Writer>,
    path: PathBuf,
    temporary: PathBuf,
    settings: Settings,
}

impl NewFile {
    /// Begins an empty node database that is going to have a name nobody has yet.
    pub fn begin(path: &Path, settings: &Settings) -> Result<Self, WriteError> {
        Self::begin_with(path, Header::new(Crypt::Permute), first_indices(), settings)
    }

    /// Begins an empty node database with the encoding, the counters and the unexplained bytes of another one's header.
    pub(super) fn begin_like(
        path: &Path,
        header: &Header,
        settings: &Settings,
    ) -> Result<Self, WriteError> {
        Self::begin_with(path, header.clone(), header.highest, settings)
    }

    fn begin_with(
        path: &Path,
        header: Header,
        indices: [u32; 32],
        settings: &Settings,
    ) -> Result<Self, WriteError> {
        let temporary = temporary_of(path);
        refuse_existing(path)?;
        accept_place(path, settings)?;
        try_folder(path)?;
        let file = lock::create(&temporary)?;
        let mut writer = Writer::empty_with(Medium::from(file), header, indices, settings)?;
        writer.folder = Some(folder_of(path).to_owned());
        Ok(Self { writer: Some(writer), path: path.to_owned(), temporary, settings: *settings })
    }

    /// Begins a batch of changes. Batches only bound memory here: the file comes to be with all of them or not at all.
    pub fn change(&mut self) -> Result<Transaction<'_>, WriteError> {
        self.writer.as_mut().ok_or(WriteError::MustReopen)?.begin()
    }

    /// Makes sure that the disk has room for so many bytes.
    pub(super) fn ask_for_room(&self, bytes: u64) -> Result<(), WriteError> {
        self.writer.as_ref().ok_or(WriteError::MustReopen)?.ask_for_room(bytes)
    }

    /// Returns what is in the file so far, for reading.
    pub(super) fn nodes(&self) -> Result<&Ndb, WriteError> {
        self.writer.as_ref().map(Writer::nodes).ok_or(WriteError::MustReopen)
    }

    /// Makes everything durable, gives the file its name, and opens it.
    pub fn finish(mut self) -> Result<Writer, WriteError> {
        let Some(mut writer) = self.writer.take() else { return Err(WriteError::MustReopen) };
        writer.reclaim()?;
        writer.ndb.medium_mut().sync()?;
        // Windows does not rename a file that is open.
        drop(writer);
        give_name(&self.temporary, &self.path)?;
        // Whoever made the store decided about its password.
        let settings = Settings { protected: true, ..self.settings };
        Writer::open(&self.path, &settings, &|_| Ok(false))
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if self.writer.take().is_some() {
            // It is of no use to anybody; if it stays, the next one to make this file takes it over.
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// Returns the name that a file has until it is whole.
pub(super) fn temporary_of(path: &Path) -> PathBuf {
    let mut name = path.file_name().map(OsString::from).unwrap_or_default();
    name.push(".unfinished");
    path.with_file_name(name)
}

/// Gives a durable file its name, which is durable then as well.
pub(super) fn give_name(temporary: &Path, path: &Path) -> Result<(), WriteError> {
    refuse_existing(path)?;
    let failed =
        |source| WriteError::Beside { action: "give its name to", path: path.to_owned(), source };
    fs::rename(temporary, path).map_err(failed)?;
    sync_folder_of(path)
}

/// Refuses a name that a file has already, or a link, wherever it leads: its disk may just be missing.
pub(super) fn refuse_existing(path: &Path) -> Result<(), WriteError> {
    match path.symlink_metadata() {
        Ok(_) => Err(WriteError::Exists { path: path.to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => {
            Err(WriteError::Beside { action: "look for", path: path.to_owned(), source })
        }
    }
}

impl Writer {
    /// Makes an empty node database in a medium; nothing is made durable, since it is nowhere by name yet.
    pub fn empty(medium: Medium, crypt: Crypt, settings: &Settings) -> Result<Self, WriteError> {
        Self::empty_with(medium, Header::new(crypt), first_indices(), settings)
    }

    /// Makes an empty node database of which the header is given, but for what tells of places and blocks.
    fn empty_with(
        mut medium: Medium,
        mut header: Header,
        indices: [u32; 32],
        settings: &Settings,
    ) -> Result<Self, WriteError> {
        let (nodes, blocks) = (page_at(1, 2), page_at(2, 3));
        let mut map = Map::fresh(0);
        map.mark(16, 16, true);
        header.next_block = Bid(4);
        header.next_page = PageId(3);
        header.highest = indices;
        header.maps_valid = 2;
        header.file_end = section_at(1);
        header.last_map = section_at(0);
        header.free = u64::from(map.free()) * 64;
        (header.nodes, header.blocks) = (nodes, blocks);
        let empty = Page { level: 0, entries: Vec::new() };
        let list = PageRef { id: header.next_page, at: DENSITY_LIST };
        medium.set_len(header.file_end)?;
        medium.write_at(0, &header.encode())?;
        let pages = [
            form::density_list(list),
            form::allocation_map(section_at(0), &map),
            form::reserved_page(Reserved::Pages, section_at(0) + wide(PAGE)),
            form::tree_page(Kind::Nodes, &empty, nodes),
            form::tree_page(Kind::Blocks, &empty, blocks),
        ];
        medium.write_at(DENSITY_LIST, pages.as_flattened())?;
        let longest = u8::try_from(map.longest()).unwrap_or(u8::MAX);
        Ok(Self {
            space: Space::new(vec![longest], map.free().into()),
            longest: settings.longest,
            has_density_list: false,
            is_durable: false,
            ..Self::unchecked(Ndb::open(medium)?)
        })
    }
}

/// The page of the first section at a number of pages behind its allocation map.
fn page_at(id: u64, number: u64) -> PageRef {
    PageRef { id: PageId(id), at: section_at(0) + number * wide(PAGE) }
}

/// The counters of ids that Outlook starts a file with. MS-PST 2.2.2.6.
fn first_indices() -> [u32; 32] {
    std::array::from_fn(|kind| match kind {
        3 => 0x4000,
        4 => 0x1_0000,
        8 => 0x8000,
        _ => 0x400,
    })
}
