//! Pure: what goes wrong in a mailbox in memory, and the count of what was asked of it.

use std::time::Duration;

use crate::mailbox::{ItemError, MailboxError, MailboxErrorKind, Stage, Trouble};

/// The calls of the seam, for counting them and for letting one go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// `Mailbox::open`
    Open,
    /// `Mailbox::person`
    Person,
    /// `Mailbox::folder`
    Folder,
    /// `Mailbox::changes`
    Changes,
    /// `Mailbox::identify`
    Identify,
    /// `Mailbox::fetch`
    Fetch,
    /// `Mailbox::find`
    Find,
    /// `Mailbox::apply`
    Apply,
}

/// What goes wrong with one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Any call: it fails as a whole and nothing was done.
    Down(MailboxErrorKind),
    /// `apply`: the request of the writes with these indices was lost on the way; nothing was done, nobody knows.
    LostBefore(Which),
    /// `apply`: these were done and the answer was lost.
    LostAfter(Which),
    /// `apply`: these are unanswered, and done at the beginning of the next call.
    Late(Which),
    /// `apply`: these are unanswered, and done when [`Store::commit_hanging`](super::store::Store::commit_hanging) says so.
    Hangs(Which),
    /// `apply`: the mailbox is busy; these may be tried again after this long.
    Busy(Which, Duration),
    /// `apply`: all of it was done, and then the connection broke: the call fails as a whole and nobody knows.
    Broken,
    /// `fetch`, `identify`: the mailbox cannot give the items with these indices.
    Unreadable(Which),
    /// `fetch`, `identify`: the items with these indices are left out of the answer.
    Silent(Which),
    /// `changes`: the cursor is worthless and the mailbox says so.
    Restart,
    /// `changes`: the mailbox begins a full listing again without saying so.
    RestartSilently,
    /// `changes`: the page ends after so many changes and claims to be the last one; what is left out is never shown.
    Short(usize),
}

/// Which writes or ids of a call a fault concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// All of them.
    All,
    /// The one with this index.
    Only(usize),
    /// The one with this index and those after it.
    From(usize),
}

impl Which {
    /// Says whether the write or id with this index is concerned.
    pub const fn concerns(self, index: usize) -> bool {
        match self {
            Self::All => true,
            Self::Only(only) => index == only,
            Self::From(first) => index >= first,
        }
    }
}

impl Fault {
    /// Says whether a read answers for the id with this index, or what it answers instead.
    pub(super) fn answers(&self, index: usize) -> Result<bool, ItemError> {
        match self {
            Self::Unreadable(which) if which.concerns(index) => {
                Err(ItemError::Unreadable("ErrorInternalServerError".to_owned()))
            }
            Self::Silent(which) => Ok(!which.concerns(index)),
            _ => Ok(true),
        }
    }
}

/// Makes the error of a call that fails as a whole.
pub(super) fn down(kind: MailboxErrorKind, call: Call) -> MailboxError {
    MailboxError {
        kind,
        stage: if call == Call::Open { Stage::Network } else { Stage::Item },
        trouble: Trouble::Unnamed,
        text: format!("the mailbox in memory was told to fail the call {call:?}"),
        hint: None,
        ambiguous: false,
        source: None,
    }
}

/// Makes the error of a call that was carried out and whose answer never came.
pub(super) fn broken() -> MailboxError {
    let kind = MailboxErrorKind::Transient(Duration::from_secs(1));
    MailboxError { ambiguous: true, ..down(kind, Call::Apply) }
}
