//! Why a file is not written, or what became of a write (pure).

use std::error::Error;
use std::fmt;
use std::path::PathBuf;

use crate::pst::error::PstError;
use crate::pst::id::{Bid, Nid};

/// Why a file cannot be opened for writing, or why a transaction was not carried out.
#[derive(Debug)]
pub enum WriteError {
    /// The file could not be read or written, or is damaged. In a transaction: nothing was changed.
    Pst(PstError),
    /// What all items of the store need is damaged or full: a tree, a folder's table, the list of named properties. The same change
    /// of another item would fail alike. In a transaction: nothing was changed.
    Shared(Box<WriteError>),
    /// Another program has the file open, most likely Outlook.
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The file itself says that nobody may write it.
    WriteProtected {
        /// The file.
        path: PathBuf,
    },
    /// The file is on a network share, where neither locks nor the order of writes can be relied on.
    NetworkShare {
        /// The file.
        path: PathBuf,
    },
    /// Files of this kind are read, never written.
    ReadOnlyKind {
        /// What it is: "an ANSI file" …
        what: &'static str,
    },
    /// The store has a password, and nobody said that it may be written all the same.
    Protected,
    /// The file's own maps of what is in use contradict what is in it; writing could destroy something.
    Inconsistent {
        /// What is wrong, as a clause.
        what: &'static str,
        /// Where, in bytes from the file's start.
        at: u64,
    },
    /// The header is damaged, and the rescue record beside the file belongs to another state of it.
    RescueDiffers {
        /// What is wrong with the header.
        header: PstError,
    },
    /// A file of that name exists already.
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A file of somebody else has a name that is needed beside the file.
    InTheWay {
        /// The file.
        path: PathBuf,
    },
    /// The file would grow beyond what was allowed.
    TooLong {
        /// The most that was allowed, in bytes.
        limit: u64,
    },
    /// There is too little room on the disk.
    DiskFull {
        /// The folder that the file grows in.
        folder: PathBuf,
        /// What the file needs at most, in bytes.
        needed: u64,
        /// What the disk has, in bytes.
        available: u64,
    },
    /// The caller asked for something that the format does not allow.
    NotAllowed {
        /// What, as a clause.
        what: &'static str,
        /// The value that is too much or does not fit.
        value: u64,
    },
    /// A folder was to get a name that Outlook does not take.
    FolderName {
        /// What is wrong with it, as the rest of a clause: "is empty".
        what: &'static str,
    },
    /// A name would get an id that something in the store may have for another property already.
    NoNewNames {
        /// The folder, item or table that has an id far beyond those that have names.
        nid: Nid,
        /// Which.
        source: PstError,
    },
    /// A block's count of references in the file is lower than the references that were found to it.
    Uncounted {
        /// The block.
        bid: Bid,
    },
    /// What was copied reads otherwise than the original. The copy was not kept.
    Unlike {
        /// The node whose copy is another one.
        nid: Nid,
    },
    /// There are no more ids for nodes of a kind.
    NoMoreIds {
        /// The last one.
        last: Nid,
    },
    /// Something failed while the change was being made durable. The file holds its old state, but an earlier attempt left
    /// marks in it: it must be opened again, which sets them right.
    Reopen {
        /// What failed.
        source: PstError,
    },
    /// Something failed while the change was being made durable, and putting back the old header failed as well. The file
    /// holds the old or the new state, whole; opening it again tells which.
    Unknown {
        /// What failed first.
        source: PstError,
    },
    /// An earlier transaction failed such that the file must be opened again before it can be written.
    MustReopen,
    /// The operating system refused something beside the file: the lock, the rescue record, the new name.
    Beside {
        /// What was done: "lock", "rename" …
        action: &'static str,
        /// The file it was done to.
        path: PathBuf,
        /// What it said.
        source: std::io::Error,
    },
}

impl WriteError {
    /// Says of an error that it lies in what all items of the store need. A disk that fails is not the store's fault.
    #[must_use]
    pub fn shared(self) -> Self {
        match self {
            Self::Pst(PstError::Io { .. }) => self,
            Self::Pst(_) | Self::NotAllowed { .. } | Self::NoNewNames { .. } => {
                Self::Shared(Box::new(self))
            }
            other => other,
        }
    }
}

impl From<PstError> for WriteError {
    fn from(error: PstError) -> Self {
        Self::Pst(error)
    }
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pst(_) => write!(f, "the file was not written and is as it was"),
            Self::Shared(error) => error.fmt(f),
            Self::InUse { path } => write!(
                f,
                "{} is open in another program, most likely Outlook or a run of abgleich: close it in Outlook (File, \
                 Account Settings, Data Files), or wait until that run is done",
                path.display()
            ),
            Self::WriteProtected { path } => write!(f, "{} is write-protected", path.display()),
            Self::NetworkShare { path } => write!(
                f,
                "{} is on a network share, where a file cannot be written safely: move it to a local disk",
                path.display()
            ),
            Self::ReadOnlyKind { what } => write!(
                f,
                "this is {what}, which is only read: export its items into a new file, or let Outlook do so"
            ),
            Self::Protected => write!(
                f,
                "the store has a password; it is written only when the operator says that it may be"
            ),
            Self::Inconsistent { what, at } => write!(
                f,
                "the file is inconsistent and is not written: {what} at offset {at:#x}; `pst repair` makes a copy in \
                 order"
            ),
            Self::RescueDiffers { .. } => write!(
                f,
                "the header is damaged, and the rescue record beside the file is of another state; restore a copy of \
                 the file, or let Outlook's own repair (SCANPST) see it"
            ),
            Self::Exists { path } => write!(f, "{} exists already", path.display()),
            Self::InTheWay { path } => write!(
                f,
                "{} is in the way: it is none that an earlier attempt left, so it was not touched; give it another name",
                path.display()
            ),
            Self::TooLong { limit } => {
                write!(f, "the file would grow beyond the {limit} bytes that are allowed")
            }
            Self::DiskFull { folder, needed, available } => write!(
                f,
                "the change may need {needed} more bytes, but the disk of {} has only {available} left",
                folder.display()
            ),
            Self::NotAllowed { what, value } => write!(f, "{what}: {value}"),
            Self::FolderName { what } => write!(f, "the name of the new folder {what}"),
            Self::NoNewNames { nid, .. } => write!(
                f,
                "the store cannot be given a new named property, since the ids that are in use are not known for certain because \
                 of node {nid}; `pst check` says what is wrong with the file"
            ),
            Self::Uncounted { bid } => write!(
                f,
                "block {bid} is referred to more often than the file says; nothing was changed"
            ),
            Self::Unlike { nid } => write!(
                f,
                "the copy of node {nid} reads otherwise than the original, so the copy was not kept: look after the disk, \
                 and try again on another one"
            ),
            Self::NoMoreIds { last } => write!(f, "there is no id left after {last}"),
            Self::Reopen { .. } => write!(
                f,
                "the change failed half-way; the file holds its old state and must be opened again"
            ),
            Self::Unknown { .. } => write!(
                f,
                "the change failed at its end; the file holds either its old or its new state and must be opened again"
            ),
            Self::MustReopen => {
                write!(f, "an earlier change failed half-way; the file must be opened again")
            }
            Self::Beside { action, path, .. } => {
                write!(f, "could not {action} {}", path.display())
            }
        }
    }
}

impl Error for WriteError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Pst(source)
            | Self::RescueDiffers { header: source }
            | Self::NoNewNames { source, .. }
            | Self::Reopen { source }
            | Self::Unknown { source } => Some(source),
            Self::Beside { source, .. } => Some(source),
            Self::Shared(error) => error.source(),
            _ => None,
        }
    }
}
