//! Identifiers that the server hands out (pure).
//!
//! All of them are opaque and case-sensitive: compare for equality only, store byte for byte
//! ("EWS identifiers in Exchange").

use std::fmt;

macro_rules! opaque {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// Wraps a value exactly as the server sent it.
            pub fn new(value: impl Into<Box<str>>) -> Self {
                Self(value.into())
            }

            /// Returns the value as the server sent it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl From<String> for $name {
            fn from(value: String) -> Self {
                Self(value.into())
            }
        }

        impl From<&str> for $name {
            fn from(value: &str) -> Self {
                Self(value.into())
            }
        }
    )+};
}

opaque! {
    /// The id of an item in one folder; a move gives the item a new one.
    ItemId;
    /// The version of an item: equal or not equal, nothing else can be told from it.
    ChangeKey;
    /// The id of a folder; it stays when the folder is renamed or moved within its mailbox.
    FolderId;
    /// The bookmark of `SyncFolderItems`: base64 of any length, from 70 bytes (grommunio 3.10) to
    /// more than 100 kB (Exchange). A shortened one is an invalid one.
    SyncState;
    /// The id of a subscription, which lives on one server and dies with it.
    SubscriptionId;
    /// Up to where the events of a pull subscription were read; grommunio 3.10 sends none.
    Watermark;
}
