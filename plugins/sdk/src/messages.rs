//! Pure: the messages between abgleich and an adapter, as `plugins/include/schemas` publishes them.
//!
//! A request is an object with the key `method` and the keys of that method. A reply is `{"ok": …}` or `{"error": …}`. Keys
//! that the reader does not know are passed over, so that later minor versions can append. In the fields of a record an
//! absent key means *unknown*, `null` means *blank*. Ids, versions and positions are opaque text; abgleich never looks inside.
//!
//! What carries the fields of a fetched record is a parameter: [`Fields`] for an adapter, for a host whatever it reads them into.
//!
//! Long because the messages are one vocabulary: whoever writes an adapter reads them once from top to bottom.

use std::ops::Not;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use crate::values::Fields;

/// A module of staffITpro.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Module {
    /// Bewerber: contacts and activities.
    Applicants,
    /// Geschäftskontakte: contacts and activities.
    BusinessContacts,
    /// Leads: activities only.
    Leads,
    /// Positionen: activities only.
    Positions,
    /// Verträge: activities only.
    Contracts,
    /// Angebote: activities only.
    Offers,
    /// Allgemeine: activities only.
    General,
}

/// A kind of record.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A person.
    Contact,
    /// An entry in a calendar.
    Appointment,
    /// Something to do.
    Task,
}

/// What `open` is given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OpenConfig {
    /// The name of the source in abgleich's configuration.
    pub tenant: String,
    /// The IANA zone of times that the database keeps without one.
    pub zone: String,
    /// The folder that relative paths in the settings count from.
    pub folder: String,
    /// The settings of the adapter from the configuration, secrets among them.
    pub settings: Map<String, Value>,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "method", rename_all = "snake_case")]
pub enum Request {
    /// What can this adapter do? The only request that is made without an instance. Reply: [`Manifest`].
    Manifest,
    /// What is this source? Reply: [`Description`].
    Describe,
    /// Who are the staffITpro users? Capability `users/1`. Reply: [`Users`].
    Users,
    /// One page of the user's records of a module. Reply: [`Listing`].
    List(ListRequest),
    /// One page of what changed since a position. Capability `changes/1`. Reply: [`Changes`].
    Changes(ChangesRequest),
    /// Whole records. Reply: [`Fetched`].
    Fetch(FetchRequest),
    /// The user's activities of these records. Capability `activities/1`. Reply: [`Entries`].
    Activities(ActivitiesRequest),
    /// One page of the filter. Capability `members/1`. Reply: [`Members`].
    Members(MembersRequest),
    /// Into the filter or out of it. Capability `set_member/1`. Reply: [`Done`].
    SetMember(SetMemberRequest),
    /// Update records. Capability `update/1`. Reply: [`Updated`].
    Update(UpdateRequest),
    /// For whom is there anything new? Capability `news/1`, since 1.1. Reply: [`News`].
    News(NewsRequest),
}

/// The words of all methods of this version.
pub const METHODS: &[&str] = &[
    "manifest",
    "describe",
    "users",
    "list",
    "changes",
    "fetch",
    "activities",
    "members",
    "set_member",
    "update",
    "news",
];

/// A reply.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reply<T> {
    /// The call did what was asked.
    Ok(T),
    /// The call failed as a whole.
    Error(AdapterError),
}

/// Why a call failed as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AdapterError {
    /// What abgleich does about it.
    pub kind: ErrorKind,
    /// What happened, in one clause, for the administrator; no values of records.
    pub text: String,
    /// What the administrator can do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// With `busy`: after how many seconds it may be tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
}

impl AdapterError {
    /// Makes an error.
    pub fn new(kind: ErrorKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), hint: None, retry_after: None }
    }

    /// Adds what the administrator can do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says that the adapter does not implement a method.
    pub fn unsupported(method: &str) -> Self {
        Self::new(ErrorKind::Unsupported, format!("the adapter does not implement `{method}`"))
    }
}

impl std::fmt::Display for AdapterError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for AdapterError {}

/// What abgleich does about a failed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// Nothing was done; it may be tried again after a while.
    Busy,
    /// The database cannot be reached.
    Unreachable,
    /// A setting is missing or wrong.
    Settings,
    /// The user is unknown or may not.
    Denied,
    /// The adapter or the database cannot do this.
    Unsupported,
    /// The call was ended because abgleich asked for it.
    Cancelled,
    /// The adapter itself is at fault. The instance is closed and another one opened.
    Internal,
    /// A kind of a later version.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// What an adapter says of itself without a database.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Manifest {
    /// What it implements, as `name/revision`; `base/1` is describe, list and fetch.
    pub capabilities: Vec<String>,
    /// The settings that it takes.
    #[serde(default)]
    pub settings: Vec<Setting>,
    /// The fields that it can deliver, by kind.
    #[serde(default)]
    pub kinds: Vec<KindFields>,
}

/// A setting of an adapter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Setting {
    /// Its key.
    pub name: String,
    /// What it is for.
    pub text: String,
    /// Whether the adapter cannot be opened without it.
    #[serde(default)]
    pub required: bool,
    /// Whether it belongs under `secrets`.
    #[serde(default)]
    pub secret: bool,
}

/// The fields of a kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KindFields {
    /// The kind.
    pub kind: Kind,
    /// Fields that are delivered.
    pub readable: Vec<String>,
    /// Fields that are accepted in updates.
    #[serde(default)]
    pub writable: Vec<String>,
    /// The greatest lengths of text fields, in characters.
    #[serde(default)]
    pub lengths: std::collections::BTreeMap<String, u64>,
}

/// What an opened source is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Description {
    /// Tells one database from another and stays the same as long as it is this database.
    pub identity: String,
    /// The product and version behind the adapter, for reports.
    pub product: String,
    /// What works with this database, as `name/revision`.
    pub capabilities: Vec<String>,
    /// The fields, by kind. A kind that is absent has no records.
    pub kinds: Vec<KindFields>,
    /// Whether the filter is kept for each user; else it is shared.
    #[serde(default)]
    pub filter_per_user: bool,
    /// Whether the source says whose an activity is.
    #[serde(default)]
    pub assigns: bool,
    /// The database's clock now, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<String>,
}

/// The staffITpro users.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Users {
    /// All of them.
    pub users: Vec<User>,
}

/// A staffITpro user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct User {
    /// The id, such as `DHO`.
    pub id: String,
    /// The person's name.
    pub name: String,
    /// The person's e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether the user may still log in.
    pub active: bool,
}

/// Asks for a page of a listing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListRequest {
    /// For whom: contacts that the user may see, activities that are assigned to the user.
    pub user: String,
    /// The module.
    pub module: Module,
    /// Where the page begins; absent for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// The greatest number of entries in the reply.
    pub limit: u32,
}

/// A record in a listing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Entry {
    /// The record; unique over all modules and kinds.
    pub id: String,
    /// Its version; equal versions mean equal content.
    pub version: String,
    /// Its kind.
    pub kind: Kind,
    /// The module.
    pub module: Module,
    /// The record that an activity belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
}

/// A page of a listing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Listing {
    /// The records.
    pub entries: Vec<Entry>,
    /// Where the next page begins; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// On the last page: the listing is complete, so that what it lacks is gone. Only say so when it is certain.
    #[serde(default)]
    pub complete: bool,
    /// On the last page: where `changes` may go on from. Nothing that happened since the first page may be missed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
}

/// Asks what changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChangesRequest {
    /// For whom.
    pub user: String,
    /// The module.
    pub module: Module,
    /// A position that an earlier reply gave.
    pub since: String,
    /// The greatest number of records in the reply.
    pub limit: u32,
}

/// A page of changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Changes {
    /// Records that are new or changed.
    pub changed: Vec<Entry>,
    /// Records that are gone or no longer the user's.
    pub gone: Vec<String>,
    /// Where reading goes on.
    pub position: String,
    /// Whether there is more to read now.
    #[serde(default)]
    pub more: bool,
    /// The position given was worthless: everything must be listed.
    #[serde(default)]
    pub lost: bool,
}

/// Asks for whole records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FetchRequest {
    /// For whom.
    pub user: String,
    /// Which.
    pub ids: Vec<String>,
    /// Blank fields may be left out, see [`Fetched::brief`]. Since 1.2.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub brief: bool,
}

/// Whole records: one answer for each id, in the order of the ids.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Fetched")]
pub struct Fetched<F = Fields> {
    /// Fields that the description calls readable and that a record does not name are blank. Only where the request allows it: most
    /// fields of most people are blank. Since 1.2.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub brief: bool,
    /// The answers.
    pub answers: Vec<FetchAnswer<F>>,
}

/// The answer for one id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "FetchAnswer")]
pub struct FetchAnswer<F = Fields> {
    /// The id that was asked for.
    pub id: String,
    /// What there is.
    pub found: Found<F>,
}

/// What there is under an id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Found")]
pub enum Found<F = Fields> {
    /// The record.
    Record(Box<Record<F>>),
    /// There is no such record any more.
    Gone,
    /// It exists and is not this user's, or the user may not see it.
    NotYours,
    /// It exists and cannot be delivered, for this reason.
    Unreadable(String),
}

/// A record as it is now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Record")]
pub struct Record<F = Fields> {
    /// Its kind.
    pub kind: Kind,
    /// The module.
    pub module: Module,
    /// Its version.
    pub version: String,
    /// The number staffITpro shows people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// The name staffITpro shows people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What an activity belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// Its fields: absent is unknown, unless the reply is brief, `null` is blank.
    pub fields: F,
    /// When a person last changed it, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<String>,
    /// Who that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_by: Option<String>,
    /// Private in staffITpro.
    #[serde(default)]
    pub private: bool,
    /// Whether the user may change it.
    pub editable: bool,
}

/// What an activity belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Parent {
    /// The record.
    pub id: String,
    /// Its module.
    pub module: Module,
    /// Its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Asks for the user's activities of some records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ActivitiesRequest {
    /// For whom.
    pub user: String,
    /// The records.
    pub parents: Vec<String>,
}

/// Records without their content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Entries {
    /// The records.
    pub entries: Vec<Entry>,
}

/// Asks for a page of the filter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MembersRequest {
    /// For whom.
    pub user: String,
    /// The module.
    pub module: Module,
    /// The position of an earlier reply: if nothing changed since, answer `unchanged`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<String>,
    /// Where the page begins; absent for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// The greatest number of ids in the reply.
    pub limit: u32,
}

/// A page of the filter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Members {
    /// The filter is as it was at the known position; nothing else is in the reply.
    #[serde(default)]
    pub unchanged: bool,
    /// The records in the filter.
    #[serde(default)]
    pub ids: Vec<String>,
    /// Where the next page begins; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// On the last page: the list is complete, so that what it lacks has left the filter.
    #[serde(default)]
    pub complete: bool,
    /// On the last page: the position to give as `known` next time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
}

/// Asks to move a record into the filter or out of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SetMemberRequest {
    /// For whom.
    pub user: String,
    /// Which.
    pub record: String,
    /// In or out.
    pub member: bool,
}

/// It was done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Done {}

/// Asks to update records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UpdateRequest {
    /// For whom; becomes the last editor.
    pub user: String,
    /// The updates; each is done whole or not at all.
    pub updates: Vec<Update>,
}

/// An update of one record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Update {
    /// Which.
    pub id: String,
    /// Its kind.
    pub kind: Kind,
    /// The version it must still have.
    pub version: String,
    /// What the fields to be written must still hold.
    pub expected: Fields,
    /// The fields to set; `null` makes a field blank.
    pub values: Fields,
    /// When the person made the change in Outlook, RFC 3339; becomes the record's `changed_at`.
    pub edited_at: String,
}

/// What became of the updates: one answer for each, in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Updated {
    /// The answers.
    pub answers: Vec<UpdateAnswer>,
}

/// The answer for one update.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UpdateAnswer {
    /// The record.
    pub id: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of an update.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done.
    Applied {
        /// The version now.
        version: String,
        /// Every written field as it is stored now.
        stored: Fields,
    },
    /// The record has another version or other values by now; nothing was changed.
    Stale,
    /// The database does not take this; nothing was changed.
    Refused {
        /// A word for the reason, such as `too_long`.
        code: String,
        /// The field at fault.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        field: Option<String>,
    },
    /// The user may not.
    Denied,
    /// Nothing was done; it may be tried again after so many seconds.
    Busy {
        /// The seconds.
        retry_after: u64,
    },
    /// There is no such record any more.
    Gone,
}

/// Asks for whom there is anything new: one question for many users, so that a program that watches them need not ask `changes` and
/// `members` for each. It is about what a run would have to look at, and only wakes somebody up: what is true is told by `changes`
/// and `members`, whose positions this question neither uses nor moves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NewsRequest {
    /// For whom; all users that are watched.
    pub users: Vec<String>,
    /// The position of an earlier reply to this question. Absent the first time: then nothing is new, and the position of now is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
}

/// For whom there is anything new.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct News {
    /// Users among those asked for, with the module. In it, since the position, a contact that is in the user's filter has changed,
    /// or an activity that is or was the user's, or the filter itself. Too many may be named, never too few.
    pub stirred: Vec<Stirred>,
    /// The position to ask from the next time. Nothing that happened before it and after the position given may be missing.
    pub position: String,
    /// The position given was worthless: everybody has to be looked at.
    #[serde(default)]
    pub lost: bool,
}

/// A user for whom there is something new in a module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Stirred {
    /// The user.
    pub user: String,
    /// The module.
    pub module: Module,
}
