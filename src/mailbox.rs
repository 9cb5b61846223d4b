//! The seam to the Outlook side: what the engine asks of a mailbox, whatever keeps it.
//!
//! A mailbox is driven by one thread at a time and its calls block; an implementation that talks over a network drives its
//! own asynchronous parts. It knows nothing of bases, rules or the state. Nothing in this vocabulary can send mail, delete
//! for good, or write attendees: rule D8 and D5 hold by construction.

mod aside;
mod birthday;
#[cfg(any(test, feature = "simulation"))]
pub mod contract;
pub mod exchange;
mod limits;
#[cfg(any(test, feature = "simulation"))]
pub mod memory;
mod names;
pub mod pst;
mod span;
mod stamp;
mod trouble;
pub mod zones;

pub use aside::Aside;
pub use trouble::Trouble;

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

use crate::model::{
    Content, Cursor, Field, FieldSet, FolderId, ItemId, ItemKind, ItemVersion, MailboxIdentity,
    RecordId, TenantName, Token, UserId,
};
use crate::reason::Advice;

/// A mailbox: Exchange over EWS, a PST file, or the reference in memory.
pub trait Mailbox {
    /// Says before it is opened that there is a state about this mailbox: where it is away now, no empty one is made in its place.
    fn must_exist(&mut self) {}

    /// Opens the mailbox and says which one it is (rule D15). Costs one call.
    fn open(&mut self) -> Result<Opened, MailboxError>;

    /// Says whose mailbox it is, as people know the person; for `check`, since it costs a call. `None` where nobody can be told.
    fn person(&mut self) -> Result<Option<String>, MailboxError>;

    /// Finds the folder for items of a kind: the default folder, or a path of names below it, created where it is missing and
    /// `create` says so. Returns `None` where it is missing and may not be created.
    fn folder(
        &mut self,
        kind: ItemKind,
        path: &[String],
        create: bool,
    ) -> Result<Option<FolderId>, MailboxError>;

    /// Says where each of these folders is, in their order. What is in a deleted one is deleted only where rule D4 says so.
    fn whereabouts(&mut self, folders: &[FolderId]) -> Result<Vec<Whereabouts>, MailboxError>;

    /// Reads one page of what changed in a folder since a cursor; without one, one page of all that the folder holds.
    fn changes(
        &mut self,
        folder: &FolderId,
        kind: ItemKind,
        since: Option<&Cursor>,
    ) -> Result<ChangePage, MailboxError>;

    /// Says whether the mailbox is in an older state than when it gave a cursor, as a file is that was put back from a copy (rule D7).
    /// A server's never is: it tells by another identity.
    fn is_behind(&mut self, since: &Cursor) -> Result<bool, MailboxError> {
        let _ = since;
        Ok(false)
    }

    /// Reads identities only: id, version, kind, sensitivity and stamp (invariant 8). One answer for each id, in any order.
    fn identify(
        &mut self,
        kind: ItemKind,
        ids: &[ItemId],
        each: &mut dyn FnMut(ItemId, Result<Identity, ItemError>),
    ) -> Result<(), MailboxError>;

    /// Reads whole items. One answer for each id, in any order. The items are handed out as they arrive.
    fn fetch(
        &mut self,
        kind: ItemKind,
        ids: &[ItemId],
        each: &mut dyn FnMut(ItemId, Result<Item, ItemError>),
    ) -> Result<(), MailboxError>;

    /// Finds stamped items in all folders of a kind and in Deleted Items. One there that cannot be read is handed out without a
    /// stamp: it may be any of those that are wanted.
    fn find(&mut self, kind: ItemKind, wanted: &Wanted<'_>) -> Result<Vec<Found>, MailboxError>;

    /// Applies writes of one kind and answers each of them, in order. A write is applied whole or not at all; an expected
    /// version that is no longer the item's gives [`Wrote::Conflict`] and changes nothing (rule D13). The mailbox may cut the
    /// writes into batches of its own.
    fn apply(&mut self, kind: ItemKind, writes: &[Write]) -> Result<Vec<Wrote>, MailboxError>;

    /// Returns how many writes the engine should hand over at once.
    fn batch(&self) -> usize;

    /// Says whether changes of single occurrences of a series show in no feed (grommunio): series are then compared from time to
    /// time. Known once the mailbox is open.
    fn hides_occurrences(&self) -> bool {
        false
    }

    /// Hands out what the answers to single writes told of the mailbox as a whole, such as that it is full: the run over it
    /// ends when its batch is settled.
    fn parked(&mut self) -> Option<MailboxError> {
        None
    }
}

/// What opening a mailbox tells.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Which mailbox is behind the address.
    pub identity: MailboxIdentity,
    /// Whether it is there. One that is still to be made stands in memory, and no mailbox will ever have the identity that it has
    /// there: nothing of it is to be remembered.
    pub exists: bool,
    /// What the mailbox's clock shows at the moment of returning, where it tells a time; for rule D1's clock difference. Exchange
    /// tells whole seconds, so that it may be wrong by about one.
    pub clock: Option<Timestamp>,
    /// Whether private items can be seen; a delegate often cannot, and then absence is never evidence (rule D4).
    pub sees_private: bool,
    /// Whether all of the person's folders can be seen. A delegate may see the default folders alone, and an item that was filed in
    /// another one is then nowhere (rule D4).
    pub sees_all: bool,
    /// Whether the id of an item that is gone is never given to another one. A PST file that was put back from a copy gives ids anew,
    /// and what is behind one may be somebody else's.
    pub ids_last: bool,
}

/// Where a folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whereabouts {
    /// Among those that the person keeps.
    Kept,
    /// It is Deleted Items or lies there: the person may take it out again.
    Deleted,
    /// There is none any more.
    Gone,
    /// It cannot be looked at.
    Hidden,
}

/// One page of a folder's changes.
#[derive(Clone, Debug)]
pub struct ChangePage {
    /// Items that are new or changed; an item may come more than once.
    pub changed: Vec<(ItemId, ItemVersion)>,
    /// Ids that are no longer in the folder. Not evidence of a deletion by itself (rule D4).
    pub removed: Vec<ItemId>,
    /// Where reading goes on.
    pub cursor: Cursor,
    /// Whether there is more to read now.
    pub more: bool,
    /// The cursor given was worthless and this is the beginning of a full listing.
    pub restarted: bool,
}

/// Who and what an item is, without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The id, valid in the folder the item is in now.
    pub id: ItemId,
    /// The version.
    pub version: ItemVersion,
    /// The kind, or `None` for something else that lives in such a folder, such as a distribution list.
    pub kind: Option<ItemKind>,
    /// Whether it is private or confidential (rule D9).
    pub private: bool,
    /// The stamp, where the item carries one.
    pub stamp: Option<Stamp>,
}

/// An item as it is now.
#[derive(Clone, Debug)]
pub struct Item {
    /// Who it is.
    pub identity: Identity,
    /// The folder it is in, where the mailbox tells.
    pub folder: Option<FolderId>,
    /// Its mapped fields. A field that the mailbox could not read is unknown.
    pub content: Content,
    /// When it was last modified, by anybody.
    pub modified_at: Option<Timestamp>,
    /// Who modified it last.
    pub modified_by: Option<String>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// Somebody besides the owner is invited: read, never written or deleted (rule D8).
    pub has_guests: bool,
    /// The body has formatting, which a text of ours would take away (D11).
    pub rich: bool,
    /// E-mail slots that hold something other than an Internet address (`RoutingType=EX`); they are left alone (D11).
    pub fixed: FieldSet,
    /// Fields that are read and must not be written, such as the dates of a task of a series (D10).
    pub read_only: FieldSet,
    /// Fields that hold something this model cannot represent, such as a series with an unreadable pattern (D10).
    pub unsupported: FieldSet,
    /// What programs before this one read in fields that they read otherwise: a base that holds it says nothing of an edit.
    pub formerly: Content,
    /// What the mailbox wants to be told again when the item is written.
    pub aside: Aside,
}

impl Item {
    /// Returns the fields of its kind that could not be read or understood. What is [`Self::unsupported`] or [`Self::fixed`] was.
    pub fn unread(&self) -> FieldSet {
        let fields = self.identity.kind.into_iter().flat_map(Field::of);
        let unknown = fields
            .filter(|field| field.fits_outlook() && self.content.slot(*field).is_none())
            .collect::<FieldSet>();
        unknown.difference(self.unsupported).difference(self.fixed)
    }
}

/// The named properties on an item that say which record it belongs to, and what we last wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The source's name in the configuration.
    pub tenant: TenantName,
    /// The staffITpro user.
    pub user: UserId,
    /// The record.
    pub record: RecordId,
    /// The token of the create that made the item, blank for one that was adopted.
    pub token: Token,
    /// The record's version when we last wrote.
    pub version: String,
    /// A fingerprint of what we last wrote, in hexadecimal; tells an untouched twin from one a person has edited.
    pub fingerprint: String,
}

/// What [`Mailbox::find`] looks for. Only items stamped for this tenant and user are wanted.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The tenant in the stamp.
    pub tenant: &'a TenantName,
    /// The user in the stamp.
    pub user: &'a UserId,
    /// What narrows the search.
    pub by: By<'a>,
}

/// What narrows a search.
#[derive(Clone, Copy, Debug)]
pub enum By<'a> {
    /// Every item with a stamp of ours.
    Any,
    /// Items of these records.
    Records(&'a [RecordId]),
    /// Items made by these creates.
    Tokens(&'a [Token]),
}

/// A stamped item somewhere in the mailbox, or one that may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Who it is; the stamp is there unless it cannot be read.
    pub identity: Identity,
    /// Where it is.
    pub folder: FolderId,
    /// Whether that is Deleted Items or a folder below it.
    pub deleted: bool,
    /// When it was created; the oldest of several counts (rule D3).
    pub created_at: Option<Timestamp>,
}

/// A write to one item.
#[derive(Clone, Debug)]
pub enum Write {
    /// Makes an item; its stamp travels in the same call.
    Create {
        /// Where.
        folder: FolderId,
        /// What it holds; blank and unknown fields are left out.
        content: Content,
        /// The stamp, with the token that an unanswered create is found by.
        stamp: Stamp,
    },
    /// Changes fields of an item.
    Update {
        /// Which.
        id: ItemId,
        /// The version it must still have.
        version: ItemVersion,
        /// The fields to set, and those to clear (blank). All others stay as they are (rule D11).
        content: Content,
        /// What the item held before, for values that the mailbox derives from others (file-as, display names).
        before: Content,
        /// What it was seen with in that version, where it was read by this mailbox.
        aside: Aside,
        /// The new stamp; `None` leaves it as it is.
        stamp: Option<Stamp>,
    },
    /// Moves an item to Deleted Items.
    Delete {
        /// Which.
        id: ItemId,
        /// The version it must still have.
        version: ItemVersion,
    },
}

/// What became of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrote {
    /// It was done; the item has this id and version now. After a delete the id is the one given.
    Done {
        /// The id.
        id: ItemId,
        /// The version.
        version: ItemVersion,
    },
    /// The item has another version by now; nothing was changed.
    Conflict,
    /// There is no such item any more.
    Gone,
    /// The mailbox does not let us.
    Denied(String),
    /// The mailbox does not take this: its code and its words.
    Refused {
        /// The code, such as an EWS response code.
        code: String,
        /// The mailbox's own words, possibly with values in them; not for logs.
        text: String,
    },
    /// What is to be written has no form in this mailbox, and was not sent: why, in words of ours that have no values in them.
    Unfit(String),
    /// What the mailbox holds of the item is damaged, so that nothing was changed: code and words, as [`ItemError::Unreadable`] has
    /// them. Once it is mended, the same write may be done.
    Unreadable(String),
    /// Nothing was done; it may be tried again after so long. Nothing at all means that waiting does not help and that the
    /// next run plans it again.
    Later(Duration),
    /// It is not known whether it was done: the answer was lost. Never repeated blindly (invariant 1).
    Unanswered,
}

impl Wrote {
    /// Returns why the mailbox did not take it, by the code or in words that have no values in them.
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Denied(why)
            | Self::Refused { code: why, .. }
            | Self::Unfit(why)
            | Self::Unreadable(why) => Some(why),
            Self::Done { .. } | Self::Conflict | Self::Gone | Self::Later(_) | Self::Unanswered => {
                None
            }
        }
    }
}

/// Why a single item could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemError {
    /// There is no such item under this id any more.
    Gone,
    /// The mailbox does not let us see it.
    Denied(String),
    /// The mailbox cannot give it, or gave something that cannot be understood: code and words.
    Unreadable(String),
}

impl ItemError {
    /// Returns why it is not readable, by the code or in words that have no values in them.
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Gone => None,
            Self::Denied(why) | Self::Unreadable(why) => Some(why),
        }
    }
}

impl fmt::Display for ItemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone => f.write_str("the item is not there any more"),
            Self::Denied(code) => write!(f, "the mailbox does not let us see the item ({code})"),
            Self::Unreadable(code) => write!(f, "the mailbox cannot give the item ({code})"),
        }
    }
}

impl std::error::Error for ItemError {}

/// Why a call on a mailbox failed as a whole.
#[derive(Debug)]
pub struct MailboxError {
    /// What the engine does about it.
    pub kind: MailboxErrorKind,
    /// At which stage of reaching the mailbox it happened.
    pub stage: Stage,
    /// What is the matter with the mailbox as a whole, where that has a name.
    pub trouble: Trouble,
    /// What happened, in one clause.
    pub text: String,
    /// What the administrator can do about it.
    pub hint: Option<Advice>,
    /// Whether the request may have been executed all the same.
    pub ambiguous: bool,
    /// What lies beneath.
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// In which request an error came up; a link in the chain of its causes.
#[derive(Debug)]
pub struct InRequest {
    /// By what an administrator finds the request in the logs of the server.
    pub request: String,
    /// What lies beneath.
    pub cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl fmt::Display for InRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.request)
    }
}

impl std::error::Error for InRequest {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

impl fmt::Display for MailboxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for MailboxError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// What the engine does about a failed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailboxErrorKind {
    /// Try again after this long.
    Transient(Duration),
    /// The mailbox or the folder is not there.
    Gone,
    /// We may not.
    Denied,
    /// The mailbox cannot do this.
    Unsupported,
    /// The answer makes no sense.
    Malformed,
    /// The mailbox cannot be reached at all (`sync` ends with exit code 5).
    Unreachable,
}

/// The stages on the way to a mailbox; `check` names the one that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// Finding the address of the server.
    Dns,
    /// Connecting.
    Network,
    /// TLS.
    Tls,
    /// The certificate of the server.
    Certificate,
    /// Logging in.
    Login,
    /// Finding and entering the mailbox.
    Mailbox,
    /// Folders and rights on them.
    Folder,
    /// Reading and writing items.
    Item,
}
