//! The rescue record (effect): a small file beside the PST file that holds its header as it was, as it is marked while the maps
//! change, and as it is going to be. A header is 564 bytes, so a write of it can be torn at byte 512.
//!
//! The record is durable before the first of these writes begins. It is kept as long as the file is open and removed when it
//! is closed; a record that is left over is ignored when the header is sound.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};

use super::error::WriteError;
use crate::pst::crc::crc;
use crate::pst::error::PstError;
use crate::pst::layout::Layout;
use crate::pst::medium::Medium;

/// What a record begins with: its kind and version.
const MAGIC: [u8; 16] = *b"PST rescue 1\r\n\x1A\0";
const HEADER: usize = Layout::UNICODE.header;
/// The length of a record, in bytes.
const LENGTH: usize = MAGIC.len() + 3 * HEADER + 4;

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

impl Record {
    fn encode(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        for header in [&self.old, &self.marked, &self.new] {
            bytes.extend_from_slice(header);
        }
        let sum = crc(&bytes);
        bytes.extend(sum.to_le_bytes());
        bytes
    }

    /// Reads a record; `None` when it is not whole, which means that the writes it is for have not begun.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let (content, rest) = bytes.split_at_checked(LENGTH - 4)?;
        let sound = rest == crc(content).to_le_bytes();
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

/// Where the record is.
#[derive(Debug)]
pub(super) enum Rescue {
    /// There is none: a file that is being made, or one in memory.
    Nowhere,
    /// A file of this name beside the PST file, open once it was needed.
    Beside(PathBuf, Option<Medium>),
    /// In a medium of its own, for tests.
    #[cfg(any(test, feature = "simulation"))]
    Kept(Medium),
}

impl Rescue {
    /// Says where the record of a file is.
    pub(super) fn beside(path: &Path) -> Self {
        let mut name = path.file_name().map(OsString::from).unwrap_or_default();
        name.push(".rescue");
        Self::Beside(path.with_file_name(name), None)
    }

    /// Reads the record, if there is one and it is whole.
    pub(super) fn read(&self) -> Result<Option<Record>, WriteError> {
        let mut bytes = vec![0; LENGTH + 1];
        let read = match self {
            Self::Nowhere => return Ok(None),
            Self::Beside(path, _) => match File::open(path) {
                Ok(file) => Medium::File(file).read_at(0, &mut bytes)?,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
                Err(source) => return Err(beside("read", path, source)),
            },
            #[cfg(any(test, feature = "simulation"))]
            Self::Kept(medium) => medium.read_at(0, &mut bytes)?,
        };
        Ok((read == LENGTH).then(|| Record::parse(bytes.get(..LENGTH)?)).flatten())
    }

    /// Makes a record durable in place of the one before.
    pub(super) fn write(&mut self, record: &Record) -> Result<(), WriteError> {
        let medium = match self {
            Self::Nowhere => return Ok(()),
            Self::Beside(_, Some(medium)) => medium,
            Self::Beside(path, open) => {
                let options = OpenOptions::new().create(true).truncate(false).write(true).clone();
                let file = options.open(&*path).map_err(|error| beside("write", path, error))?;
                let medium = open.insert(Medium::File(file));
                // The name must be as durable as the content.
                sync_folder_of(path)?;
                medium
            }
            #[cfg(any(test, feature = "simulation"))]
            Self::Kept(medium) => medium,
        };
        let bytes = record.encode();
        medium.write_at(0, &bytes)?;
        if medium.len()? != crate::pst::bytes::wide(LENGTH) {
            medium.set_len(crate::pst::bytes::wide(LENGTH))?;
        }
        medium.sync()?;
        Ok(())
    }

    /// Removes the record, of which there is no more need.
    pub(super) fn remove(&mut self) -> Result<(), WriteError> {
        match self {
            Self::Nowhere => Ok(()),
            Self::Beside(path, open) => {
                *open = None;
                match fs::remove_file(&*path) {
                    Ok(()) => Ok(()),
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
                    Err(error) => Err(beside("remove", path, error)),
                }
            }
            #[cfg(any(test, feature = "simulation"))]
            Self::Kept(medium) => Ok(medium.set_len(0)?),
        }
    }
}

/// Makes the names in a file's folder durable. Windows does so by itself.
pub(super) fn sync_folder_of(path: &Path) -> Result<(), WriteError> {
    if cfg!(windows) {
        return Ok(());
    }
    let folder = folder_of(path);
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| beside("make durable the names in", folder, error))
}

/// Returns the folder that a file is in.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."))
}

fn beside(action: &'static str, path: &Path, source: std::io::Error) -> WriteError {
    WriteError::Beside { action, path: path.to_owned(), source }
}

/// Reads the header's bytes as they stand.
pub(super) fn header_bytes(medium: &Medium) -> Result<Vec<u8>, PstError> {
    let mut bytes = vec![0; HEADER];
    let read = medium.read_at(0, &mut bytes)?;
    bytes.truncate(read);
    Ok(bytes)
}
