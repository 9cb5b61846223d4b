//! What arrives while an answer streams in (pure).
//!
//! [`ReplyParser`] takes bytes in whatever pieces the network brings and hands out each item,
//! folder and change as soon as it is complete, so that an answer is never in memory as a whole.

mod convert;
mod item;
mod notification;
mod parser;
mod stream;
mod zone;

pub use notification::{Event, EventKind, Notification};
pub use parser::{Reply, ReplyParser};
pub(crate) use stream::Envelopes;
pub use stream::StreamParser;

use crate::ews::error::Refusal;
use crate::ews::id::{ItemId, SubscriptionId, SyncState, Watermark};
use crate::ews::item::Item;
use crate::ews::operation::folder::Folder;
use crate::ews::operation::resolve_names::Resolution;

/// One thing that arrived.
#[derive(Debug, Clone, PartialEq)]
pub enum Arrival {
    /// An item of a message.
    Item {
        /// Which message, counted from 0.
        message: usize,
        /// The item; in answers to writes it has an id and nothing else.
        item: Item,
    },
    /// A folder of a message.
    Folder {
        /// Which message, counted from 0.
        message: usize,
        /// The folder.
        folder: Folder,
    },
    /// A change of a message of `SyncFolderItems`.
    Change {
        /// Which message, counted from 0.
        message: usize,
        /// What happened.
        change: Change,
    },
    /// Somebody of a message of `ResolveNames`.
    Resolution {
        /// Which message, counted from 0.
        message: usize,
        /// Who; boxed because it is rare and large.
        resolution: Box<Resolution>,
    },
    /// What happened for a subscription, of a message of `GetStreamingEvents` or `GetEvents`.
    Notification {
        /// Which message, counted from 0.
        message: usize,
        /// What happened.
        notification: Notification,
    },
    /// A message is complete.
    Message(Message),
}

/// What happened to an item since a sync state.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// It is new, or the state was: treat it as "is there".
    Created(Item),
    /// Something of it changed; it may be unknown to us.
    Updated(Item),
    /// It is no longer in this folder.
    Deleted(ItemId),
    /// Its read flag changed. Servers send this in contact folders too.
    ReadFlag(ItemId),
}

/// The end of a response message: whether it succeeded, and what it said beside its items.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Message {
    /// Which message, counted from 0.
    pub index: usize,
    /// How many items, folders, changes or people it had.
    pub parts: usize,
    /// `Err` for `ResponseClass="Error"`, and for a warning with a code.
    pub outcome: Outcome,
    /// `SyncFolderItems`: the new bookmark.
    pub state: Option<SyncState>,
    /// `SyncFolderItems`, `FindItem`, `FindFolder`: whether this is the last page.
    pub last: Option<bool>,
    /// `FindItem`, `FindFolder`: how many there are in all.
    pub total: Option<u32>,
    /// `FindItem`, `FindFolder`: where the next page begins.
    pub next_offset: Option<u32>,
    /// `UpdateItem`: how many properties were merged with somebody else's change.
    pub conflicts: Option<u32>,
    /// `Subscribe`: the id of the subscription.
    pub subscription: Option<SubscriptionId>,
    /// `Subscribe` for pulling: where reading events begins.
    pub watermark: Option<Watermark>,
    /// `GetStreamingEvents`: the subscriptions that the server cannot serve.
    pub lost: Vec<SubscriptionId>,
    /// `GetStreamingEvents`: whether the server says that it ends the stream; `None` when it says nothing.
    pub closed: Option<bool>,
}

/// Whether a response message succeeded.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Outcome {
    /// It did.
    #[default]
    Success,
    /// It did, with a remark.
    Warning(Refusal),
    /// It did not.
    Error(Refusal),
}
