//! Writing a file safely (effect): transactions that copy what they change, MS-PST 2.6 and the order of writes that survives a
//! crash at any moment.
//!
//! Nothing that the committed header reaches is ever overwritten; the header is written last, in one write, and a record beside
//! the file mends it if that write is torn. Only Unicode files are written. Whoever calls puts data and subnodes, sets nodes
//! and commits; ids, room, references and maps are counted here.
//!
//! ```no_run
//! # use abgleich::pst::ndb::node::{Node, Nodes};
//! # use abgleich::pst::ndb::write::{Settings, WriteError, Writer};
//! # use abgleich::pst::id::{Nid, NidKind};
//! # fn example() -> Result<(), WriteError> {
//! let mut file = Writer::open("Mail.pst".as_ref(), &Settings::default(), &|_| Ok(false))?;
//! let mut change = file.begin()?;
//! let data = change.put_data(b"a heap, for example")?;
//! let nid = change.next_nid(NidKind::MESSAGE)?;
//! change.set_node(Node { nid, data, sub: None, parent: Nid::ROOT_FOLDER })?;
//! change.commit()?;
//! file.close()
//! # }
//! ```

mod bits;
mod changed;
mod commit;
mod compact;
mod create;
mod data_tree;
mod error;
mod form;
mod lock;
mod open;
mod pages;
mod pen;
mod place;
mod references;
mod repair;
mod rescue;
mod space;
mod subnodes;
mod survey;
mod transaction;
mod tree;

use std::path::{Path, PathBuf};

use bits::{Run, SECTION};
use pen::{MOST_NEW, Pen};
use rescue::Rescue;
use space::{Room, Space};
use survey::Highest;
use tree::{Kind, Page};

use super::btree::Pages;
use super::file::Ndb;
use crate::pst::bytes::{Bytes, wide};
use crate::pst::error::PstError;
use crate::pst::id::PageRef;
use crate::pst::layout::Layout;

pub use compact::{Compacted, compact};
pub use create::NewFile;
pub use data_tree::DataChange;
pub use error::WriteError;
pub use open::{IsProtected, only_read};
pub use place::{Concern, concerns};
pub use repair::{Repaired, repair};
pub use transaction::Transaction;

/// What is allowed when a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The most bytes that the file may grow to; Outlook's own default limit is 50 GB.
    pub longest: u64,
    /// Whether a store with a password may be written: the operator's word.
    pub protected: bool,
    /// Whether a file on a network share may be written: the operator's word.
    pub shares: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { longest: 50 << 30, protected: false, shares: false }
    }
}

/// A file that is open for writing, by nobody else.
#[derive(Debug)]
pub struct Writer {
    ndb: Ndb,
    space: Space,
    /// What a transaction has not written yet.
    pen: Pen,
    rescue: Rescue,
    /// The highest ids that were in use when the file was opened; its counters may lag behind.
    highest: Highest,
    /// The highest id of a named property that anything in the file has beside those that its map names, as the layers above found
    /// it. It takes a look at every item, so it is kept.
    highest_named: Option<u16>,
    longest: u64,
    /// Up to where the disk was found to have room for the file in the running transaction.
    room_until: u64,
    /// The folder whose disk the file grows on; none for a file in memory.
    folder: Option<PathBuf>,
    /// Whether the density list may name room that is not free.
    has_density_list: bool,
    /// Whether writes are made durable one after the other; not so in a file that has no name yet.
    is_durable: bool,
    must_reopen: bool,
}

/// What must remain free on the disk, in bytes: the rescue record, and what the file system itself needs.
const SPARE: u64 = 1 << 20;

impl Writer {
    /// Returns the file as it is committed, for reading.
    pub fn nodes(&self) -> &Ndb {
        &self.ndb
    }

    /// Keeps the highest id of a named property that anything in the file has, and that its map may not name.
    pub fn note_highest_named(&mut self, id: u16) {
        self.highest_named = Some(id);
    }

    /// Begins a batch of changes.
    pub fn begin(&mut self) -> Result<Transaction<'_>, WriteError> {
        if self.must_reopen {
            return Err(WriteError::MustReopen);
        }
        self.room_until = 0;
        Ok(Transaction::new(self))
    }

    /// Makes sure that the disk has room for a number of bytes more. Asked with the most that a batch can need, it says that the
    /// disk is too full before anything was done; the file asks again as it grows.
    pub fn ask_for_room(&self, bytes: u64) -> Result<(), WriteError> {
        self.folder.as_deref().map_or(Ok(()), |folder| ask_for_room(folder, bytes))
    }

    /// Closes the file: tells its maps what the last transaction freed, and removes the rescue record. A file that is just
    /// dropped is whole as well; a little of its room is then lost until it is repaired or compacted.
    pub fn close(mut self) -> Result<(), WriteError> {
        if self.must_reopen {
            return Err(WriteError::MustReopen);
        }
        self.reclaim()?;
        self.rescue.remove()
    }

    /// Tells the maps what the last transaction freed.
    fn reclaim(&mut self) -> Result<(), WriteError> {
        if self.space.changed().next().is_none() {
            return Ok(());
        }
        let header = self.ndb.header().clone();
        self.flip(header, &[])
    }

    /// Takes room, in a new section when there is no other.
    fn take(&mut self, room: Room) -> Result<Run, WriteError> {
        loop {
            let ndb = &self.ndb;
            let mut load = |section| transaction::load(ndb, section);
            if let Some(run) = self.space.take(room, &mut load)? {
                return Ok(run);
            }
            self.grow()?;
        }
    }

    fn grow(&mut self) -> Result<(), WriteError> {
        let end = self.space.end() + SECTION;
        if end > self.longest {
            return Err(WriteError::TooLong { limit: self.longest });
        }
        if end > self.room_until {
            // Often enough for what the pen holds back; on a disk that is nearly full for each section.
            let ahead = end.saturating_add(wide(MOST_NEW)).min(self.longest);
            let needed = |until| self.pen.held_back() + until - self.space.end();
            self.room_until = match self.ask_for_room(needed(ahead)) {
                Ok(()) => ahead,
                Err(_) => self.ask_for_room(needed(end)).map(|()| end)?,
            };
        }
        self.space.grow();
        Ok(())
    }

    /// Gives back what a transaction took that was not committed.
    fn undo(&mut self) {
        self.pen.forget();
        let grew = self.space.end() > self.space.committed_end();
        self.space.undo();
        if grew && !self.must_reopen {
            // If this fails, the file is longer than its header says, which the next transaction sets right.
            let _ = self.ndb.medium_mut().set_len(self.space.committed_end());
        }
    }

    /// Reads a page of a tree.
    fn tree_page(&self, kind: Kind, place: PageRef) -> Result<Page, PstError> {
        let page = self.ndb.tree_page(kind.page(), place)?;
        let bytes = Bytes::new(kind.page().structure(), place.at, &page);
        let head = Layout::UNICODE.tree_entries;
        let (count, length) = (bytes.u8(head, "cEnt")?, bytes.u8(head + 2, "cbEnt")?);
        let level = bytes.u8(head + 3, "cLevel")?;
        if usize::from(length) != kind.entry(level) {
            let rule = "is not the length that Outlook gives its entries";
            return Err(bytes.damaged("cbEnt", head + 2, length.into(), rule));
        }
        let entries = bytes.slice(0, usize::from(count) * usize::from(length), "rgentries")?;
        Ok(Page { level, entries: entries.to_vec() })
    }
}

/// Makes sure that the disk of a folder has room for a number of bytes more. Where the system does not say what is left,
/// writing will.
fn ask_for_room(folder: &Path, bytes: u64) -> Result<(), WriteError> {
    let needed = bytes.saturating_add(SPARE);
    match fs4::available_space(folder) {
        Ok(available) if available < needed => {
            Err(WriteError::DiskFull { folder: folder.to_owned(), needed, available })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{NewFile, Settings, WriteError};

    #[test]
    fn a_disk_that_is_too_full_is_told_with_its_folder_and_both_numbers() {
        let folder = tempfile::tempdir().unwrap();
        let new = NewFile::begin(&folder.path().join("a.pst"), &Settings::default()).unwrap();
        let file = new.finish().unwrap();
        file.ask_for_room(1 << 10).unwrap();
        let error = file.ask_for_room(u64::MAX / 2).unwrap_err();
        let WriteError::DiskFull { folder: of, needed, available } = &error else {
            panic!("{error:?}")
        };
        assert_eq!(of, folder.path());
        assert!(*needed > u64::MAX / 2 && (1..u64::MAX / 2).contains(available));
        let text = error.to_string();
        for part in [&needed.to_string(), &available.to_string(), &of.display().to_string()] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
    }
}
