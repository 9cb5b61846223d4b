//! What can go wrong with a file: situations with the value and its place (pure).

use std::{fmt, io};

use super::id::{Bid, Nid};

/// Why something of a file could not be read or written.
#[derive(Debug)]
pub enum PstError {
    /// The operating system refused or failed.
    Io {
        /// What was done: "read", "write" …
        action: &'static str,
        /// The offset in the file, in bytes.
        at: u64,
        /// What it said.
        source: io::Error,
    },
    /// The file could not be opened.
    Unopened {
        /// What the system said.
        source: io::Error,
    },
    /// Another program has the file open and keeps it to itself.
    InUse,
    /// Another program has written the file since it was opened here, and given away the room of what was to be read.
    Written,
    /// The file does not begin as a PST or OST file does.
    NotPst {
        /// Its first bytes, as many of four as there are.
        found: Vec<u8>,
    },
    /// The file is of a kind that is not read or not written here.
    Unsupported {
        /// What it is: "version", "encryption" …
        what: &'static str,
        /// The value that says so.
        value: u64,
        /// The offset of the value in the file, in bytes.
        at: u64,
    },
    /// The file is encrypted by Windows Information Protection.
    Enlightened,
    /// A structure breaks a rule of the format.
    Damaged {
        /// The structure by its name in MS-PST, such as `BTPAGE`.
        structure: &'static str,
        /// The field by its name in MS-PST, such as `cEnt`.
        field: &'static str,
        /// What stands there.
        value: u64,
        /// The rule that it breaks, as a clause: "is more than the page holds".
        rule: &'static str,
        /// The offset in the file, in bytes.
        at: u64,
    },
    /// Something refers to a block that the file does not have.
    NoBlock {
        /// The block.
        bid: Bid,
    },
    /// A node that must be there is not.
    NoNode {
        /// The node.
        nid: Nid,
        /// What it would be: "store", "contents table" …
        what: &'static str,
    },
    /// The store names no folder as Deleted Items, or one that cannot be it.
    NoDeletedItems,
    /// A node has no data where some must be.
    Empty {
        /// The node.
        nid: Nid,
        /// What belongs there: "heap" …
        what: &'static str,
    },
    /// A value is bigger, or nested deeper, than its reader accepts.
    TooBig {
        /// What it is.
        what: &'static str,
        /// How big it is, in bytes or levels.
        size: u64,
        /// The most that is accepted.
        limit: u64,
    },
}

impl PstError {
    /// Makes the error of an operation on the file.
    pub fn io(action: &'static str, at: u64, source: io::Error) -> Self {
        Self::Io { action, at, source }
    }

    /// Says whether the system failed, such as a disk, and the file is not known to be damaged.
    pub fn is_of_system(&self) -> bool {
        matches!(self, Self::Io { .. } | Self::Unopened { .. } | Self::InUse | Self::Written)
    }

    /// Says whether there was no room to write to.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Io { source, .. } if is_full(source))
    }

    /// Says whether a copy can be made in which this is right: maps are made anew by what is in the file, and what of the header's
    /// second sector changes is told by it as well.
    pub fn is_mendable(&self) -> bool {
        let maps = ["AMap page", "PMap page", "FMap page", "FPMap page"];
        matches!(self, Self::Damaged { structure, field, .. }
            if maps.contains(structure) || (*structure, *field) == ("HEADER", "dwCRCFull"))
    }

    /// Says whether something could not be written. Then the file is at fault that is being made.
    pub fn is_of_writing(&self) -> bool {
        let read = ["read", "ask for the length", "ask for the file's length"];
        matches!(self, Self::Io { action, .. } if !read.contains(action))
    }

    /// Makes the error of opening a file; `is_windows` says how its codes are to be read.
    pub fn opening(source: io::Error, is_windows: bool) -> Self {
        // ERROR_SHARING_VIOLATION and ERROR_LOCK_VIOLATION.
        match source.raw_os_error() {
            Some(32 | 33) if is_windows => Self::InUse,
            _ => Self::Unopened { source },
        }
    }
}

/// Says whether the disk has no room, or the account has none left on it.
pub fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

impl fmt::Display for PstError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { action, at, .. } => write!(f, "could not {action} at offset {at:#x}"),
            Self::Unopened { .. } => write!(f, "could not open the file"),
            Self::InUse => write!(
                f,
                "another program has the file open, most likely Outlook or a run of abgleich: close it in Outlook (File, \
                 Account Settings, Data Files), or wait until that run is done"
            ),
            Self::Written => {
                write!(
                    f,
                    "another program wrote the file while it was read; nothing is known to be damaged"
                )
            }
            Self::NotPst { found } if found.is_empty() => write!(f, "the file is empty"),
            Self::NotPst { found } => {
                write!(f, "this is no PST or OST file: it begins with")?;
                found.iter().try_for_each(|byte| write!(f, " {byte:02X}"))?;
                write!(f, " instead of 21 42 44 4E")
            }
            Self::Unsupported { what, value, at } => {
                write!(f, "{what} {value:#x} at offset {at:#x} is not supported")
            }
            Self::Enlightened => write!(
                f,
                "the file is under Windows Information Protection, which encrypts it for one organisation"
            ),
            Self::Damaged { structure, field, value, rule, at } => {
                write!(f, "damaged {structure} at offset {at:#x}: {field} {value:#x} {rule}")
            }
            Self::NoBlock { bid } => write!(f, "block {bid} is referred to, but the file has none"),
            Self::NoNode { nid, what } => write!(f, "there is no node {nid}, the {what}"),
            Self::NoDeletedItems => {
                write!(f, "the store names no folder of its own that can be Deleted Items")
            }
            Self::Empty { nid, what } => {
                write!(f, "node {nid} has no data where a {what} belongs")
            }
            Self::TooBig { what, size, limit } => {
                write!(f, "{what} of {size} is over the limit of {limit}")
            }
        }
    }
}

impl std::error::Error for PstError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } | Self::Unopened { source } => Some(source),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PstError;

    /// What Windows answers where another program does not share a file (winerror.h); elsewhere 32 is a broken pipe.
    #[test]
    fn a_file_that_somebody_keeps_is_told_from_one_that_cannot_be_opened() {
        for code in [32, 33] {
            let said = || std::io::Error::from_raw_os_error(code);
            assert!(matches!(PstError::opening(said(), true), PstError::InUse));
            assert!(matches!(PstError::opening(said(), false), PstError::Unopened { .. }));
        }
        let missing = PstError::opening(std::io::ErrorKind::NotFound.into(), true);
        assert!(matches!(missing, PstError::Unopened { .. }));
    }

    /// House style: one lower-case clause with structure, field, value and place.
    #[test]
    fn damage_is_told_with_value_and_place() {
        let error = PstError::Damaged {
            structure: "BTPAGE",
            field: "cEnt",
            value: 21,
            rule: "is more than the page holds",
            at: 0x4600,
        };
        assert_eq!(
            error.to_string(),
            "damaged BTPAGE at offset 0x4600: cEnt 0x15 is more than the page holds"
        );
    }
}
