//! Effect: why the state cannot be used, told apart by what a person does about it (rule D20).

use std::fmt;
use std::io;
use std::path::PathBuf;

use rusqlite::{ErrorCode, ffi};

use crate::reason::Code;

/// Why the state cannot be used.
#[derive(Debug)]
pub enum StateError {
    /// The folder cannot be made.
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The folder is on a network share, where file locks and WAL are not safe.
    NetworkShare(PathBuf),
    /// The file cannot be opened, or is no database.
    Open {
        /// Which.
        path: PathBuf,
        /// Why.
        error: rusqlite::Error,
    },
    /// The file may be read and not written.
    ReadOnly(PathBuf),
    /// A newer program made the file.
    Newer {
        /// Which.
        path: PathBuf,
        /// Its version.
        version: usize,
        /// The newest that this program knows.
        known: usize,
    },
    /// What is stored makes no sense.
    Corrupt(String),
    /// The database failed.
    Sql(rusqlite::Error),
    /// The operating system gave no random bytes.
    Entropy,
    /// A file beside the state cannot be made or written.
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl StateError {
    /// Returns the name under which the report says it, with its next step.
    pub fn code(&self) -> Code {
        match self {
            Self::Folder { error, .. } | Self::File { error, .. } => of_io(error),
            Self::Open { error, .. } | Self::Sql(error) => of_sqlite(error),
            Self::ReadOnly(_) => Code::StateRights,
            Self::Corrupt(_) => Code::StateDamaged,
            Self::NetworkShare(_) | Self::Newer { .. } | Self::Entropy => Code::StateFailed,
        }
    }

    /// Says whether no mailbox gets on while this lasts. What else fails may have to do with the mailbox at hand.
    pub fn is_of_all(&self) -> bool {
        match self {
            Self::Sql(_) => self.code() != Code::StateFailed,
            Self::Corrupt(_) | Self::Entropy => false,
            _ => true,
        }
    }

    /// Says whether another connection is in the way for the moment.
    pub(super) fn is_busy(&self) -> bool {
        self.code() == Code::StateLocked
    }
}

fn of_io(error: &io::Error) -> Code {
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Code::StateRights,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Code::StateFull,
        _ => Code::StateFailed,
    }
}

fn of_sqlite(error: &rusqlite::Error) -> Code {
    // The index of the log is made as large as it has to be before it is used, and a full disk shows first there.
    if let rusqlite::Error::SqliteFailure(ffi::Error { extended_code, .. }, _) = error
        && *extended_code == ffi::SQLITE_IOERR_SHMSIZE
    {
        return Code::StateFull;
    }
    match error.sqlite_error_code() {
        Some(
            ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::PermissionDenied
            | ErrorCode::AuthorizationForStatementDenied,
        ) => Code::StateRights,
        Some(ErrorCode::DiskFull) => Code::StateFull,
        Some(
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::FileLockingProtocolFailed,
        ) => Code::StateLocked,
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Code::StateDamaged,
        _ => Code::StateFailed,
    }
}

impl From<rusqlite::Error> for StateError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder { path, .. } => {
                write!(f, "the state folder {} cannot be made", path.display())
            }
            Self::NetworkShare(path) => write!(
                f,
                "the state folder {} is on a network share; choose one on a local disk, since a share cannot lock \
                 the state safely",
                path.display()
            ),
            Self::Open { path, .. } => {
                write!(f, "the state {} cannot be opened", path.display())
            }
            Self::ReadOnly(path) => write!(f, "the state {} may not be written", path.display()),
            Self::Newer { path, version, known } => write!(
                f,
                "the state {} was made by a newer abgleich (version {version}, this one knows {known}); install that one",
                path.display()
            ),
            Self::Corrupt(what) => write!(f, "what the state holds makes no sense: {what}"),
            Self::Sql(_) => f.write_str("the state could not be read or written"),
            Self::Entropy => f.write_str("the operating system gave no random bytes"),
            Self::File { path, .. } => {
                write!(f, "the file {} cannot be made or written", path.display())
            }
        }
    }
}

impl std::error::Error for StateError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Folder { error, .. } | Self::File { error, .. } => Some(error),
            Self::Open { error, .. } | Self::Sql(error) => Some(error),
            Self::NetworkShare(_)
            | Self::ReadOnly(_)
            | Self::Newer { .. }
            | Self::Corrupt(_)
            | Self::Entropy => None,
        }
    }
}
