//! Pure: what a mailbox sees of an item beside its fields when it reads it, and needs again when it writes it. The engine hands it
//! back and does not look into it, so that nothing is read twice.

use crate::mailbox::names::Shown;

/// What a mailbox saw of an item beside its fields; what was not looked at is `None`, and the mailbox looks itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aside {
    /// The names that the contact is shown and filed by.
    pub(super) shown: Option<Shown>,
    /// The mark on a series of which an earlier write did not reach every occurrence; blank where there is none.
    pub(super) unfinished: Option<String>,
}
