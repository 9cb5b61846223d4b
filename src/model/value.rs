//! Pure: a single value of a field.

use jiff::Timestamp;
use jiff::civil::Date;

use super::recurrence::Recurrence;

/// A value that a field holds. *Unknown* and *blank* are not values: see [`super::Slot`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Text, a phone number, an address, a zone name, or a word of a closed set.
    Text(String),
    /// A date without a zone: birthdays, task dates, all-day appointments (rules.md §4).
    Date(Date),
    /// An instant.
    Instant(Timestamp),
    /// Yes or no.
    Flag(bool),
    /// A whole number; the field says in which unit.
    Number(i64),
    /// Categories.
    List(Vec<String>),
    /// A series.
    Recurrence(Box<Recurrence>),
    /// People invited to an appointment; read, never written (rule D8).
    Attendees(Vec<Attendee>),
}

impl Value {
    /// Returns the text of a textual value.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the flag of a yes-or-no value.
    pub const fn as_flag(&self) -> Option<bool> {
        match self {
            Self::Flag(flag) => Some(*flag),
            _ => None,
        }
    }
}

/// Somebody invited to an appointment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Attendee {
    /// The e-mail address, as the mailbox gives it.
    pub address: String,
    /// The displayed name, blank where the mailbox has none.
    #[serde(default)]
    pub name: String,
}
