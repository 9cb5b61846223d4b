//! Pure: what goes wrong in a mailbox in memory, and the count of what was asked of it.

use std::time::Duration;

use crate::mailbox::{MailboxError, MailboxErrorKind, Stage, Trouble};

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
    /// `apply`: the mailbox is busy; these may be tried again after this long.
    Busy(Which, Duration),
    /// `changes`: the cursor is worthless and the mailbox says so.
    Restart,
    /// `changes`: the mailbox begins a full listing again without saying so.
    RestartSilently,
    /// `changes`: the page ends after so many changes and claims to be the last one; what is left out is never shown.
    Short(usize),
}

/// Which writes of a call a fault concerns.
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
    /// Says whether the write with this index is concerned.
    pub const fn concerns(self, index: usize) -> bool {
        match self {
            Self::All => true,
            Self::Only(only) => index == only,
            Self::From(first) => index >= first,
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
