//! Pure: where each setting came from, for `config show USER`.

use std::fmt;
use std::sync::Arc;

use crate::config::settings::{MailboxSettings, Target};

/// A spot in a configuration file. Ordered by file, in the order of reading, then by position.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// When the file was read: 0 is the built-in default, 1 the main file.
    pub order: u32,
    /// The file as it was named.
    pub file: Arc<str>,
    /// The line, from 1; 0 if the file as a whole is meant.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.column) {
            (0, _) => f.write_str(&self.file),
            (line, column) => write!(f, "{}:{line}:{column}", self.file),
        }
    }
}

/// Where a setting came from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// No file says anything.
    Default,
    /// This line of a file.
    File(Place),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(place) => write!(f, "{}:{}", place.file, place.line),
        }
    }
}

/// One setting in effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// The dotted key, such as `applicants.contacts.mode`.
    pub key: String,
    /// The value as a file would write it; of a secret, where it is kept.
    pub value: String,
    /// Where it came from.
    pub origin: Origin,
}

/// The origins of a group of settings.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::config) struct Origins(Vec<Explained>);

impl Origins {
    /// Notes a setting.
    pub(in crate::config) fn note(
        &mut self,
        key: impl Into<String>,
        value: impl fmt::Display,
        origin: Origin,
    ) {
        self.0.push(Explained { key: key.into(), value: value.to_string(), origin });
    }

    /// Walks all of them in the order of noting.
    pub(in crate::config) fn all(&self) -> impl Iterator<Item = &Explained> {
        self.0.iter()
    }

    /// Walks those that concern a mailbox: of all sources and servers only its own.
    pub(in crate::config) fn for_mailbox<'a>(
        &'a self,
        mailbox: &'a MailboxSettings,
    ) -> impl Iterator<Item = &'a Explained> {
        self.0.iter().filter(|row| {
            let mut parts = row.key.splitn(3, '.');
            match (parts.next(), parts.next(), &mailbox.target) {
                (Some("sources"), Some(name), _) => name == mailbox.source.as_str(),
                (Some("servers"), Some(name), Target::Exchange { server, .. }) => name == server,
                (Some("servers"), ..) => false,
                _ => true,
            }
        })
    }
}
