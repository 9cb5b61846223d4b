//! The seam to the staffITpro side: what the engine asks of a source, whatever plugin answers.
//!
//! There is no create and no delete in this vocabulary: rule G6 holds by construction. Every call names the user it is made
//! for (rule D14). Calls block; an adapter is shared by the threads of all mailboxes.

mod channel;
#[cfg(any(test, feature = "simulation"))]
pub mod contract;
pub mod library;
#[cfg(any(test, feature = "simulation"))]
pub mod memory;
mod messages;
pub mod plugin;
mod slots;

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

use crate::model::{
    Content, Field, FieldSet, ItemKind, Module, Position, RecordId, RecordVersion, UserId,
};
use crate::reason::Advice;

/// The greatest number of whole records, or of updates, in one question to an adapter.
pub(crate) const QUESTION: usize = 100;

/// A source of records: an adapter plugin, or the reference in memory.
pub trait Source {
    /// Says what the source is and can do. Asked once a run.
    fn describe(&self) -> Result<Description, SourceError>;

    /// Lists the staffITpro users.
    fn users(&self) -> Result<Vec<User>, SourceError>;

    /// Lists one page of the user's records of a module, contacts and activities: ids and versions only.
    fn list(
        &self,
        user: &UserId,
        module: Module,
        page: Option<&Position>,
    ) -> Result<Listing, SourceError>;

    /// Lists one page of what changed for the user in a module since a position.
    fn changes(
        &self,
        user: &UserId,
        module: Module,
        since: &Position,
    ) -> Result<Changes, SourceError>;

    /// Reads whole records. One answer for each id, in the order of the ids.
    fn fetch(&self, user: &UserId, ids: &[RecordId]) -> Result<Vec<Fetched>, SourceError>;

    /// Lists the user's activities that belong to these records.
    fn activities(&self, user: &UserId, parents: &[RecordId]) -> Result<Vec<Entry>, SourceError>;

    /// Reads one page of the filter „Outlook Synchronisation“ of a module for the user (the user's own where the source keeps
    /// it so, else the shared one). With `known`, the source may answer that nothing changed since.
    fn members(
        &self,
        user: &UserId,
        module: Module,
        known: Option<&Position>,
        page: Option<&Position>,
    ) -> Result<Members, SourceError>;

    /// Moves a record into the filter or out of it; for the command `filter`.
    fn set_member(&self, user: &UserId, record: &RecordId, member: bool)
    -> Result<(), SourceError>;

    /// Updates records. One answer for each update, in order; each is applied whole or not at all (rule D13).
    fn update(&self, user: &UserId, updates: &[RecordUpdate]) -> Result<Vec<Updated>, SourceError>;

    /// Says for which of these users there is anything new since a position of this question; without one it only says the
    /// position of now. It wakes somebody up and moves nothing.
    fn news(&self, users: &[UserId], since: Option<&Position>) -> Result<News, SourceError>;
}

/// What a source says of itself.
#[derive(Clone, Debug)]
pub struct Description {
    /// Tells one database from another; another one behind the same configuration stops the run (rule D7).
    pub identity: String,
    /// The product and version behind the adapter, for reports.
    pub product: String,
    /// Fields the source delivers, by kind.
    pub readable: Vec<(ItemKind, FieldSet)>,
    /// Fields the source accepts in updates, by kind.
    pub writable: Vec<(ItemKind, FieldSet)>,
    /// The greatest length of a text field, in characters.
    pub lengths: Vec<(ItemKind, Field, usize)>,
    /// Whether [`Source::changes`] works; without it every run lists.
    pub feed: bool,
    /// Whether the filter is kept for each user; else it is shared.
    pub filter_per_user: bool,
    /// Whether [`Source::set_member`] works.
    pub filter_writable: bool,
    /// Whether [`Source::news`] works; without it each user has to be asked for.
    pub news: bool,
    /// Whether the source says whose an activity is; one that cannot is a configuration error (rule D14).
    pub assigns: bool,
    /// The source's clock at the time of the answer.
    pub clock: Option<Timestamp>,
}

impl Description {
    /// Returns the fields of a kind that the source delivers.
    pub fn readable(&self, kind: ItemKind) -> FieldSet {
        of_kind(&self.readable, kind)
    }

    /// Returns the fields of a kind that the source accepts in updates.
    pub fn writable(&self, kind: ItemKind) -> FieldSet {
        of_kind(&self.writable, kind)
    }

    /// Returns the greatest length of a text field, in characters, where the source has one.
    pub fn length(&self, kind: ItemKind, field: Field) -> Option<usize> {
        self.lengths.iter().find(|(k, f, _)| (*k, *f) == (kind, field)).map(|(_, _, n)| *n)
    }
}

fn of_kind(sets: &[(ItemKind, FieldSet)], kind: ItemKind) -> FieldSet {
    sets.iter().find(|(k, _)| *k == kind).map_or(FieldSet::EMPTY, |(_, set)| *set)
}

/// A staffITpro user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The id, such as `DHO`.
    pub id: UserId,
    /// The person's name.
    pub name: String,
    /// The e-mail address staffITpro has of the person.
    pub email: Option<String>,
    /// Whether the user may still log in.
    pub active: bool,
}

/// A record in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The record.
    pub id: RecordId,
    /// Its version.
    pub version: RecordVersion,
    /// Its kind.
    pub kind: ItemKind,
    /// The module it is shown in.
    pub module: Module,
    /// The record that an activity belongs to.
    pub parent: Option<RecordId>,
}

/// One page of a listing.
#[derive(Clone, Debug)]
pub struct Listing {
    /// The records.
    pub entries: Vec<Entry>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<Position>,
    /// On the last page: the source vouches that the listing is complete, so what it lacks is gone (rule D4).
    pub complete: bool,
    /// On the last page: where [`Source::changes`] may go on from.
    pub position: Option<Position>,
}

/// One page of changes.
#[derive(Clone, Debug)]
pub struct Changes {
    /// Records that are new or changed.
    pub changed: Vec<Entry>,
    /// Records that are gone, or no longer the user's.
    pub gone: Vec<RecordId>,
    /// Where reading goes on.
    pub position: Position,
    /// Whether there is more to read now.
    pub more: bool,
    /// The position given was worthless: everything must be listed.
    pub lost: bool,
}

/// One page of the filter.
#[derive(Clone, Debug)]
pub enum Members {
    /// The filter is as it was at the known position.
    Unchanged,
    /// A page of its members.
    Page {
        /// The records in the filter.
        ids: Vec<RecordId>,
        /// Where the next page begins; `None` on the last.
        next: Option<Position>,
        /// On the last page: the list is complete, so what it lacks has left the filter (rule D4).
        complete: bool,
        /// On the last page: the position to give as `known` next time.
        position: Option<Position>,
    },
}

/// For whom there is anything new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// Users among those asked for, with the module; too many perhaps, never too few.
    pub stirred: Vec<(UserId, Module)>,
    /// The position to ask from the next time.
    pub position: Position,
    /// The position given was worthless: everybody has to be looked at.
    pub lost: bool,
}

/// The answer for one id.
#[derive(Clone, Debug)]
pub enum Fetched {
    /// The record.
    Record(Box<Record>),
    /// There is no such record any more.
    Gone(RecordId),
    /// It exists and is not this user's, or the user may not see it (rule D14).
    NotYours(RecordId),
    /// The adapter delivered it in a form that cannot be understood.
    Unreadable(RecordId, String),
}

/// A record as it is now.
#[derive(Clone, Debug)]
pub struct Record {
    /// The record.
    pub id: RecordId,
    /// Its kind.
    pub kind: ItemKind,
    /// The module it is shown in.
    pub module: Module,
    /// Its version.
    pub version: RecordVersion,
    /// The number staffITpro shows people.
    pub number: Option<String>,
    /// The name staffITpro shows people.
    pub name: Option<String>,
    /// What an activity belongs to.
    pub parent: Option<Parent>,
    /// Its fields.
    pub content: Content,
    /// When a person last changed it.
    pub changed_at: Option<Timestamp>,
    /// Who that was.
    pub changed_by: Option<String>,
    /// Private in staffITpro: goes to Outlook as a private item (rule D9).
    pub private: bool,
    /// Whether the user may change it (rule D14).
    pub editable: bool,
}

/// What an activity belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parent {
    /// The record.
    pub id: RecordId,
    /// Its module.
    pub module: Module,
    /// Its number.
    pub number: Option<String>,
    /// Its name.
    pub name: Option<String>,
}

/// An update of one record.
#[derive(Clone, Debug)]
pub struct RecordUpdate {
    /// Which.
    pub id: RecordId,
    /// Its kind.
    pub kind: ItemKind,
    /// The version it must still have.
    pub version: RecordVersion,
    /// What the fields to be written must still hold.
    pub expected: Content,
    /// The fields to set, and those to clear (blank).
    pub values: Content,
    /// When the person made the change in Outlook.
    pub edited_at: Timestamp,
}

/// What became of an update.
#[derive(Clone, Debug)]
pub enum Updated {
    /// It was done.
    Applied {
        /// The version now.
        version: RecordVersion,
        /// The written fields as the source stored them.
        stored: Content,
    },
    /// The record has another version or other values by now; nothing was changed.
    Stale,
    /// The source does not take this.
    Refused {
        /// The adapter's code.
        code: String,
        /// The field at fault, where the adapter names one.
        field: Option<Field>,
    },
    /// The user may not.
    Denied,
    /// Nothing was done; it may be tried again.
    Busy(Duration),
    /// There is no such record any more.
    Gone,
}

/// Why a call on a source failed as a whole.
#[derive(Debug)]
pub struct SourceError {
    /// What the engine does about it.
    pub kind: SourceErrorKind,
    /// What happened, in one clause.
    pub text: String,
    /// What the administrator can do about it.
    pub hint: Option<Advice>,
    /// What lies beneath.
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for SourceError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// What the engine does about a failed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceErrorKind {
    /// Try again after this long.
    Transient(Duration),
    /// The database cannot be reached (`sync` ends with exit code 5).
    Unreachable,
    /// The user is unknown or may not.
    Denied,
    /// The source cannot do this.
    Unsupported,
    /// The answer makes no sense: the adapter is broken.
    Broken,
}
