//! The rescue record beside a PST file, and reading the file through it (effect): its header as it was, as it is marked while the
//! maps change, and as it is going to be. A header is 564 bytes, so a write of it can be torn at byte 512.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::file::Ndb;
use super::header::Header;
use crate::pst::bytes::wide;
use crate::pst::crc::crc;
use crate::pst::error::PstError;
use crate::pst::layout::Layout;
use crate::pst::medium::Medium;

/// What a record begins with: its kind and version.
pub(super) const MAGIC: [u8; 16] = *b"PST rescue 1\r\n\x1A\0";
pub(super) const HEADER: usize = Layout::UNICODE.header;
/// The length of a record, in bytes.
pub(super) const LENGTH: usize = MAGIC.len() + 3 * HEADER + 4;

/// Three headers, 564 bytes each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// The header before the transaction.
    pub(super) old: Vec<u8>,
    /// The same, saying that the maps are not valid.
    pub(super) marked: Vec<u8>,
    /// The header after the transaction.
    pub(super) new: Vec<u8>,
}

/// Says where the record of a file is: beside the file itself, whatever links lead to it, as its lock is.
pub(super) fn beside(path: &Path) -> PathBuf {
    let real = path.canonicalize();
    let path = real.as_deref().unwrap_or(path);
    let mut name = path.file_name().map(OsString::from).unwrap_or_default();
    name.push(".rescue");
    path.with_file_name(name)
}

impl Record {
    /// Reads the record at a path; `None` where there is none that is whole.
    pub(super) fn read(path: &Path) -> io::Result<Option<Self>> {
        let mut bytes = Vec::new();
        match File::open(path) {
            Ok(file) => file.take(wide(LENGTH) + 1).read_to_end(&mut bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(Self::parse(&bytes))
    }

    /// Reads a record; `None` when it is not whole, which means that the writes it is for have not begun.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let (content, sum) = bytes.split_at_checked(LENGTH - 4)?;
        let sound = sum == crc(content).to_le_bytes();
        let mut headers = content.strip_prefix(&MAGIC)?.chunks(HEADER).map(<[u8]>::to_vec);
        let record = Self { old: headers.next()?, marked: headers.next()?, new: headers.next()? };
        sound.then_some(record)
    }

    /// Finds the header that a torn one is to become again. The sectors of a write that was under way are each of before or
    /// of after; the new header may be taken when its first sector arrived, since everything it leads to was durable by then.
    pub(super) fn mend(&self, torn: &[u8]) -> Option<&[u8]> {
        let first = torn.get(..512)?;
        let rest = torn.get(512..HEADER)?;
        let all = [&self.old, &self.marked, &self.new];
        all.iter().find(|header| header.get(512..) == Some(rest))?;
        let found = all.into_iter().find(|header| header.get(..512) == Some(first))?;
        // While the maps may be half-written, the header must not call them valid.
        Some(if *found == self.new { &self.new } else { &self.marked })
    }
}

impl Ndb {
    /// Opens the file at a path for reading. A header that a crash tore is read as the next writer is going to mend it, by the record
    /// beside the file; nothing is written.
    pub fn at(path: &Path) -> Result<Self, PstError> {
        Self::opened(Medium::open(path)?, path)
    }

    /// Reads, as [`Ndb::at`] does, a file that is open already.
    pub(super) fn opened(medium: Medium, path: &Path) -> Result<Self, PstError> {
        let mut torn = [0; HEADER];
        let length = medium.read_at(0, &mut torn)?;
        let torn = torn.get(..length).unwrap_or_default();
        let damage = match Header::parse(torn) {
            Err(error @ PstError::Damaged { .. }) => error,
            header => return Self::with(medium, header?),
        };
        let record = Record::read(&beside(path)).ok().flatten();
        let mended = record.as_ref().and_then(|record| record.mend(torn)).map(Header::parse);
        match mended {
            Some(Ok(header)) => Self::with(medium, header),
            _ => Err(damage),
        }
    }
}
