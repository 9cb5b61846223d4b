//! Opening a file so that nobody else writes it (effect).

use std::fs::{File, OpenOptions};
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::error::WriteError;
use super::rescue::take_over;
use crate::pst::error::PstError;
use crate::pst::ndb::header::MAGIC;

/// How often a file that somebody else has open is tried again, and after which pause.
const AGAIN: u32 = 5;
const PAUSE: Duration = Duration::from_millis(20);

/// Opens a file for reading and writing, or says that somebody else has it open.
pub(super) fn open(path: &Path) -> Result<File, WriteError> {
    existing(path, OpenOptions::new().read(true).write(true))
}

/// Opens a file for reading, while nobody writes it.
pub(super) fn read(path: &Path) -> Result<File, WriteError> {
    existing(path, OpenOptions::new().read(true))
}

/// Outlook has a file open for hours; others for milliseconds: a search index or a guard against viruses looks at what was just
/// written, and a program that this one starts has a copy of its handles until it begins.
fn existing(path: &Path, options: &mut OpenOptions) -> Result<File, WriteError> {
    alone(options);
    let attempt = || {
        let file = options.open(path).map_err(|error| refused(path, error))?;
        lock(&file, path)?;
        Ok(file)
    };
    for _ in 0..AGAIN {
        match attempt() {
            Err(WriteError::InUse { .. }) => thread::sleep(PAUSE),
            other => return other,
        }
    }
    attempt()
}

/// Creates a file, or takes over one that an earlier attempt left, and empties it. A file of somebody else stays.
pub(super) fn create(path: &Path) -> Result<File, WriteError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    alone(&mut options);
    let file = take_over(path, &options, &MAGIC).map_err(|error| refused(path, error))?;
    let file = file.ok_or_else(|| WriteError::InTheWay { path: path.to_owned() })?;
    lock(&file, path)?;
    let failed = |source| WriteError::Beside { action: "empty", path: path.to_owned(), source };
    file.set_len(0).map_err(failed)?;
    Ok(file)
}

/// Keeps everybody else from opening the file at all, as Outlook does itself.
#[cfg(windows)]
fn alone(options: &mut OpenOptions) {
    std::os::windows::fs::OpenOptionsExt::share_mode(options, 0);
}

#[cfg(not(windows))]
fn alone(_: &mut OpenOptions) {}

/// Takes the file's lock. It ends with the file's handle, however the process ends.
#[cfg(not(windows))]
fn lock(file: &File, path: &Path) -> Result<(), WriteError> {
    use std::fs::TryLockError;

    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(WriteError::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(source)) => {
            Err(WriteError::Beside { action: "lock", path: path.to_owned(), source })
        }
    }
}

/// A file that nobody else can open needs no lock.
#[cfg(windows)]
#[allow(clippy::unnecessary_wraps, reason = "elsewhere a lock may be refused")]
fn lock(_: &File, _: &Path) -> Result<(), WriteError> {
    Ok(())
}

fn refused(path: &Path, source: std::io::Error) -> WriteError {
    let path = path.to_owned();
    match PstError::opening(source, cfg!(windows)) {
        PstError::Unopened { source } => WriteError::Beside { action: "open", path, source },
        _ => WriteError::InUse { path },
    }
}

#[cfg(test)]
mod tests {
    use super::{create, open};
    use crate::pst::ndb::write::WriteError;

    #[test]
    fn a_file_is_open_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pst");
        let first = create(&path).unwrap();
        assert!(matches!(open(&path), Err(WriteError::InUse { .. })));
        assert!(matches!(create(&path), Err(WriteError::InUse { .. })));
        drop(first);
        assert!(open(&path).is_ok());
        let missing = open(&folder.path().join("b.pst")).unwrap_err();
        assert!(matches!(missing, WriteError::Beside { action: "open", .. }));
    }
}
