//! Pure: newtypes for every id, version and identity, so that none is mistaken for another.
//!
//! All of them are opaque and case-sensitive: they are compared for equality and never parsed, ordered by meaning,
//! or changed in case. EWS ids differ in letter case alone (EWS identifiers page), so no column or map may fold it.

use std::fmt;

macro_rules! opaque {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps the text as it came from outside.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// Returns the text exactly as it came.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    )+};
}

opaque! {
    /// The name of a source in the configuration; the tenant in every stamp.
    TenantName,
    /// A staffITpro user, such as `DHO`.
    UserId,
    /// A record of staffITpro, unique within its tenant over all modules and kinds.
    RecordId,
    /// The version of a record; equal versions mean equal content.
    RecordVersion,
    /// An item in a mailbox; changes when the item is moved to another folder (EWS).
    ItemId,
    /// The version of an item: EWS change key, or the row version of a PST.
    ItemVersion,
    /// A folder in a mailbox.
    FolderId,
    /// A mailbox behind its address: ids of the default folders (Exchange) or record key of the store (PST), rule D15.
    MailboxIdentity,
    /// A create token: 128 random bits in hexadecimal, carried in the stamp of the item it created (invariant 1).
    Token,
    /// Where reading a folder's changes goes on; opaque, of any length.
    Cursor,
    /// Where reading a source's changes goes on; opaque, of any length.
    Position,
    /// One run of the connector over its mailboxes.
    RunId,
}
