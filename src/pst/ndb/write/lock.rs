//! Opening a file so that nobody else writes it (effect).

use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind;
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

/// Opens a file for reading and writing, or says that somebody else writes it.
pub(super) fn open(path: &Path) -> Result<File, WriteError> {
    patiently(|| {
        let mut options = OpenOptions::new();
        share(options.read(true).write(true), READERS);
        let file = options.open(path).map_err(|error| refused(path, true, error))?;
        lock(&file, path, File::try_lock)?;
        Ok(file)
    })
}

/// Opens a file for reading, of which nobody is writing now. Who reads it keeps nobody from writing it then, since a run must not fail
/// because of it: at the end he asks this again, and whether the file was written meanwhile.
pub(super) fn read(path: &Path) -> Result<File, WriteError> {
    patiently(|| {
        let open = |sharing| {
            let mut options = OpenOptions::new();
            share(options.read(true), sharing);
            options.open(path).map_err(|error| refused(path, false, error))
        };
        // On Windows the first one says whether somebody writes, elsewhere the lock.
        let alone = open(READERS)?;
        lock(&alone, path, File::try_lock_shared)?;
        drop(alone);
        open(ALL)
    })
}

/// Outlook has a file open for hours; others for milliseconds: a search index or a guard against viruses looks at what was just
/// written, and a program that this one starts has a copy of its handles until it begins.
fn patiently(attempt: impl Fn() -> Result<File, WriteError>) -> Result<File, WriteError> {
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
    share(&mut options, NOBODY);
    let file = take_over(path, &options, &MAGIC).map_err(|error| refused(path, true, error))?;
    let file = file.ok_or_else(|| WriteError::InTheWay { path: path.to_owned() })?;
    lock(&file, path, File::try_lock)?;
    let failed = |source| WriteError::Beside { action: "empty", path: path.to_owned(), source };
    file.set_len(0).map_err(failed)?;
    Ok(file)
}

/// What others may do to the file meanwhile, as Windows asks it (`FILE_SHARE_READ`, `FILE_SHARE_WRITE`, `FILE_SHARE_DELETE`).
const NOBODY: u32 = 0;
const READERS: u32 = 1;
const ALL: u32 = 1 | 2 | 4;

#[cfg(windows)]
fn share(options: &mut OpenOptions, sharing: u32) {
    std::os::windows::fs::OpenOptionsExt::share_mode(options, sharing);
}

#[cfg(not(windows))]
fn share(_: &mut OpenOptions, _: u32) {}

/// Takes the file's lock. It ends with the file's handle, however the process ends.
#[cfg(not(windows))]
fn lock(
    file: &File,
    path: &Path,
    attempt: fn(&File) -> Result<(), TryLockError>,
) -> Result<(), WriteError> {
    match attempt(file) {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(WriteError::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(source)) => {
            Err(WriteError::Beside { action: "lock", path: path.to_owned(), source })
        }
    }
}

/// A file that nobody else can write needs no lock.
#[cfg(windows)]
#[allow(clippy::unnecessary_wraps, reason = "elsewhere a lock may be refused")]
fn lock(_: &File, _: &Path, _: fn(&File) -> Result<(), TryLockError>) -> Result<(), WriteError> {
    Ok(())
}

fn refused(path: &Path, writes: bool, source: std::io::Error) -> WriteError {
    let is_denied = source.kind() == ErrorKind::PermissionDenied;
    if writes && is_denied && path.metadata().is_ok_and(|file| file.permissions().readonly()) {
        return WriteError::WriteProtected { path: path.to_owned() };
    }
    let path = path.to_owned();
    match PstError::opening(source, cfg!(windows)) {
        PstError::Unopened { source } => WriteError::Beside { action: "open", path, source },
        _ => WriteError::InUse { path },
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{Permissions, set_permissions, write};
    use std::io::ErrorKind;

    use super::{create, open, read, refused};
    use crate::pst::ndb::write::WriteError;

    #[test]
    fn a_file_is_open_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pst");
        let first = create(&path).unwrap();
        assert!(matches!(open(&path), Err(WriteError::InUse { .. })));
        assert!(matches!(create(&path), Err(WriteError::InUse { .. })));
        assert!(matches!(read(&path), Err(WriteError::InUse { .. })));
        drop(first);
        assert!(open(&path).is_ok());
        let missing = open(&folder.path().join("b.pst")).unwrap_err();
        assert!(matches!(missing, WriteError::Beside { action: "open", .. }));
        // Who reads a file that nobody was writing is in nobody's way.
        let _reading = read(&path).unwrap();
        assert!(open(&path).is_ok());
    }

    /// A file's own protection is named: nothing is wrong with the folder then. Tests may run as somebody who is refused nothing.
    #[test]
    fn a_write_protected_file_is_told_from_one_of_somebody_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pst");
        write(&path, "").unwrap();
        let said = |writes| refused(&path, writes, ErrorKind::PermissionDenied.into());
        let usual = path.metadata().unwrap().permissions();
        assert!(matches!(said(true), WriteError::Beside { action: "open", .. }));
        let mut protected: Permissions = usual.clone();
        protected.set_readonly(true);
        set_permissions(&path, protected).unwrap();
        assert!(matches!(said(true), WriteError::WriteProtected { .. }));
        assert!(matches!(said(false), WriteError::Beside { action: "open", .. }));
        // Windows removes no file that is write-protected.
        set_permissions(&path, usual).unwrap();
    }
}
