//! Where the rescue record is kept (effect): beside the PST file, while that is open for writing.
//!
//! The record is durable before the first write of a header begins. It is kept as long as the file is open and removed when it
//! is closed; a record that is left over is ignored when the header is sound.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::error::WriteError;
use crate::pst::bytes::wide;
use crate::pst::crc::crc;
use crate::pst::error::PstError;
use crate::pst::medium::Medium;
use crate::pst::ndb::torn::{self, HEADER, LENGTH, MAGIC, Record};

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
    /// Says where the record of a file is: beside the file itself, whatever links lead to it, as its lock is.
    pub(super) fn beside(path: &Path) -> Self {
        Self::Beside(torn::beside(path), None)
    }

    /// Reads the record, if there is one and it is whole.
    pub(super) fn read(&self) -> Result<Option<Record>, WriteError> {
        match self {
            Self::Nowhere => Ok(None),
            Self::Beside(path, _) => {
                Record::read(path).map_err(|source| beside("read", path, source))
            }
            #[cfg(any(test, feature = "simulation"))]
            Self::Kept(medium) => {
                let mut bytes = vec![0; LENGTH + 1];
                let read = medium.read_at(0, &mut bytes)?;
                Ok(bytes.get(..read).and_then(Record::parse))
            }
        }
    }

    /// Makes a record durable in place of the one before.
    pub(super) fn write(&mut self, record: &Record) -> Result<(), WriteError> {
        self.write_with(record, &sync_folder_of)
    }

    fn write_with(
        &mut self,
        record: &Record,
        sync: &dyn Fn(&Path) -> Result<(), WriteError>,
    ) -> Result<(), WriteError> {
        let medium = match self {
            Self::Nowhere => return Ok(()),
            Self::Beside(_, Some(medium)) => medium,
            Self::Beside(path, open) => {
                let mut options = OpenOptions::new();
                options.read(true).write(true).create(true).truncate(false);
                let file = take_over(path, &options, &MAGIC)
                    .map_err(|error| beside("write", path, error))?
                    .ok_or_else(|| WriteError::InTheWay { path: path.clone() })?;
                // The name must be as durable as the content; what failed once is tried again.
                sync(path)?;
                open.insert(Medium::from(file))
            }
            #[cfg(any(test, feature = "simulation"))]
            Self::Kept(medium) => medium,
        };
        let bytes = record.encode();
        medium.write_at(0, &bytes)?;
        if medium.len()? != wide(LENGTH) {
            medium.set_len(wide(LENGTH))?;
        }
        medium.sync()?;
        Ok(())
    }

    /// Removes the record, of which there is no more need. A file of somebody else stays.
    pub(super) fn remove(&mut self) -> Result<(), WriteError> {
        match self {
            Self::Nowhere => Ok(()),
            Self::Beside(path, open) => {
                *open = None;
                // Windows does not remove a file that is open, so it is closed after the look.
                let found = take_over(path, OpenOptions::new().read(true), &MAGIC);
                let removed = found
                    .map(|found| found.is_some())
                    .and_then(|is_ours| if is_ours { fs::remove_file(&*path) } else { Ok(()) });
                match removed {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                    removed => removed.map_err(|error| beside("remove", path, error)),
                }
            }
            #[cfg(any(test, feature = "simulation"))]
            Self::Kept(medium) => Ok(medium.set_len(0)?),
        }
    }
}

/// Opens a file that may be there already, only where it is what an earlier attempt left: no link, and empty, or beginning as
/// files of ours do as far as it was written. `None` for a file of somebody else.
pub(super) fn take_over(
    path: &Path,
    options: &OpenOptions,
    magic: &[u8],
) -> io::Result<Option<File>> {
    if path.symlink_metadata().is_ok_and(|found| !found.is_file()) {
        return Ok(None);
    }
    let file = options.open(path)?;
    let mut head = Vec::new();
    (&file).take(wide(magic.len())).read_to_end(&mut head)?;
    // A length that arrived before the bytes shows as zeros.
    let is_ours = magic.starts_with(&head) || head.iter().all(|byte| *byte == 0);
    Ok(is_ours.then_some(file))
}

/// Refuses a name beside a file that a file of somebody else has; nothing is touched.
pub(super) fn refuse_in_the_way(path: &Path, magic: &[u8]) -> Result<(), WriteError> {
    match take_over(path, OpenOptions::new().read(true), magic) {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err(WriteError::InTheWay { path: path.to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(beside("read", path, error)),
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

fn beside(action: &'static str, path: &Path, source: io::Error) -> WriteError {
    WriteError::Beside { action, path: path.to_owned(), source }
}

/// Reads the header's bytes as they stand.
pub(super) fn header_bytes(medium: &Medium) -> Result<Vec<u8>, PstError> {
    let mut bytes = vec![0; HEADER];
    let read = medium.read_at(0, &mut bytes)?;
    bytes.truncate(read);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::path::Path;

    use super::{Rescue, beside};
    use crate::pst::ndb::torn::{HEADER, Record};

    /// The record's name is durable before the header is touched, however often that has to be tried.
    #[test]
    fn a_folder_that_could_not_be_made_durable_is_tried_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut rescue = Rescue::beside(&folder.path().join("a.pst"));
        let header = vec![7; HEADER];
        let record = Record { old: header.clone(), marked: header.clone(), new: header };
        let synced = Cell::new(0);
        let sync = |path: &Path| {
            synced.set(synced.get() + 1);
            let failed = std::io::ErrorKind::InvalidInput.into();
            if synced.get() > 2 { Ok(()) } else { Err(beside("sync", path, failed)) }
        };
        for times in 1..=2 {
            assert!(rescue.write_with(&record, &sync).is_err());
            assert_eq!(synced.get(), times);
        }
        for _ in 0..2 {
            rescue.write_with(&record, &sync).unwrap();
            assert_eq!(synced.get(), 3, "once is enough");
        }
        assert_eq!(rescue.read().unwrap(), Some(record));
        rescue.remove().unwrap();
        assert!(!folder.path().join("a.pst.rescue").exists());
    }
}
