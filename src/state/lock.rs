//! Effect: one process at a time for each mailbox (invariant 12), by a file that the operating system locks; the lock
//! ends with the process, however it ends.

use std::fmt::Write;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::StateError;
use crate::model::{MailboxIdentity, TenantName, UserId};

/// The lock of one mailbox; held as long as this value lives.
#[derive(Debug)]
pub struct MailboxLock {
    _file: File,
}

impl MailboxLock {
    /// Takes the lock, or returns `None` when another process has it.
    pub fn take(
        folder: &Path,
        tenant: &TenantName,
        user: &UserId,
    ) -> Result<Option<Self>, StateError> {
        Self::of(folder, &format!("{tenant}\n{user}"))
    }

    /// Takes the lock of a mailbox, whosever it is: two users of one are not served at once.
    pub fn take_mailbox(
        folder: &Path,
        identity: &MailboxIdentity,
    ) -> Result<Option<Self>, StateError> {
        Self::of(folder, &format!("mailbox\n\n{identity}"))
    }

    fn of(folder: &Path, what: &str) -> Result<Option<Self>, StateError> {
        // Names of tenants and users may hold characters that no file name takes.
        let digest = Sha256::digest(what);
        let mut name = String::new();
        for byte in digest.iter().take(8) {
            let _ = write!(name, "{byte:02x}");
        }
        let path = folder.join(format!("{name}.lock"));
        let failed = |error| StateError::File { path: path.clone(), error };
        super::place::make(folder).map_err(failed)?;
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::MailboxLock;
    use crate::model::{TenantName, UserId};

    #[test]
    fn invariant_12_the_second_does_not_get_it() {
        let folder = tempfile::tempdir().unwrap();
        let take = |user: &str| {
            MailboxLock::take(folder.path(), &TenantName::from("t"), &UserId::from(user)).unwrap()
        };
        let first = take("DHO");
        assert!(first.is_some());
        assert!(take("DHO").is_none());
        assert!(take("CSC").is_some());
        drop(first);
        assert!(take("DHO").is_some());
    }
}
