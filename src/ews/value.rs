//! What a property can hold (pure).

use crate::ews::datetime::DateTime;
use crate::ews::id::{ChangeKey, FolderId, ItemId};
use crate::ews::recurrence::Recurrence;

/// The value of one property of an item.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Text, and every closed set of words (sensitivity, status…), because servers invent words.
    Text(String),
    /// A yes or no.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Double(f64),
    /// A date or a moment, as written.
    DateTime(DateTime),
    /// A list of texts: categories, children, companies.
    Strings(Vec<String>),
    /// The notes of an item.
    Body(Body),
    /// One e-mail slot of a contact.
    Email(EmailEntry),
    /// How it repeats.
    Recurrence(Recurrence),
    /// People of a meeting; is read, never written.
    Attendees(Vec<Attendee>),
    /// One person; is read, never written.
    Mailbox(Mailbox),
    /// Changed occurrences of a series; is read, never written.
    Occurrences(Vec<Occurrence>),
    /// Original starts of the deleted occurrences of a series; is read, never written.
    DeletedOccurrences(Vec<DateTime>),
    /// The parts that the server made of a name; is read, never written.
    CompleteName(Box<CompleteName>),
    /// A zone by its Windows id (some servers store IANA names, `tzone://Microsoft/Utc` or an
    /// empty text).
    TimeZone {
        /// The id as sent.
        id: String,
        /// Its rules in the form of POSIX `TZ`, where the server sent some that read; never written.
        rules: Option<Box<str>>,
    },
    /// A folder; is read, never written.
    Folder(FolderId),
    /// A value that is there but does not read as what it should be. It is neither absent nor
    /// blank: whoever maps it must leave the property untouched.
    Unreadable(String),
}

impl Value {
    /// Returns the text of [`Value::Text`].
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// Returns the value of [`Value::Bool`].
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(value) = self { Some(*value) } else { None }
    }

    /// Returns the value of [`Value::Integer`].
    pub fn as_integer(&self) -> Option<i64> {
        if let Self::Integer(value) = self { Some(*value) } else { None }
    }

    /// Returns the value of [`Value::Double`].
    pub fn as_double(&self) -> Option<f64> {
        if let Self::Double(value) = self { Some(*value) } else { None }
    }

    /// Returns the value of [`Value::DateTime`].
    pub fn as_datetime(&self) -> Option<DateTime> {
        if let Self::DateTime(value) = self { Some(*value) } else { None }
    }
}

impl Value {
    /// Makes a zone of an id, without rules.
    pub fn zone(id: impl Into<String>) -> Self {
        Self::TimeZone { id: id.into(), rules: None }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<DateTime> for Value {
    fn from(value: DateTime) -> Self {
        Self::DateTime(value)
    }
}

/// The notes of an item and the kind of text that they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// Plain text or HTML.
    pub kind: BodyType,
    /// The text itself.
    pub text: String,
}

/// The kind of text of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BodyType {
    /// Plain text.
    Text,
    /// HTML.
    Html,
}

impl BodyType {
    /// Returns the word of the schema.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "Text",
            Self::Html => "HTML",
        }
    }
}

/// One e-mail slot of a contact.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EmailEntry {
    /// The address as sent. With routing type `EX` it is a directory path and not an SMTP address:
    /// such a slot belongs to the address book and must stay as it is.
    pub address: String,
    /// The shown name (2010 and later; grommunio 3.10 never returns it).
    pub name: Option<Box<str>>,
    /// `SMTP`, `EX` or something else.
    pub routing_type: Option<Box<str>>,
    /// `Mailbox`, `Contact`, `OneOff`…
    pub mailbox_type: Option<Box<str>>,
}

impl EmailEntry {
    /// Makes a slot of a plain address; the server derives the shown name.
    pub fn new(address: impl Into<String>) -> Self {
        Self { address: address.into(), ..Self::default() }
    }

    /// Says whether the slot points into the address book.
    pub fn is_directory_entry(&self) -> bool {
        self.routing_type.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("EX"))
            || self.address.starts_with("/o=")
            || self.address.starts_with("/O=")
    }
}

/// A person as meetings name them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mailbox {
    /// The shown name.
    pub name: Option<String>,
    /// The address as sent, which with routing type `EX` is a directory path.
    pub address: Option<String>,
    /// `SMTP`, `EX` or something else.
    pub routing_type: Option<String>,
}

/// A guest of a meeting.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attendee {
    /// Who.
    pub mailbox: Mailbox,
    /// `Accept`, `Tentative`, `Decline`, `Unknown`, `NoResponseReceived`…
    pub response: Option<String>,
}

/// A changed occurrence of a series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    /// Its own id, by which it can be fetched.
    pub id: ItemId,
    /// Its own version.
    pub change_key: Option<ChangeKey>,
    /// When it starts now.
    pub start: DateTime,
    /// When it ends now.
    pub end: DateTime,
    /// When it started before the change. grommunio 3.10 sends local midnight of that day.
    pub original_start: DateTime,
}

/// The parts of a name, as the server cut it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CompleteName {
    /// Dr., Prof.…
    pub title: Option<String>,
    /// First name.
    pub first: Option<String>,
    /// Middle name.
    pub middle: Option<String>,
    /// Last name.
    pub last: Option<String>,
    /// Jr., III…
    pub suffix: Option<String>,
    /// Initials.
    pub initials: Option<String>,
    /// The whole name.
    pub full: Option<String>,
    /// Nickname.
    pub nickname: Option<String>,
}
