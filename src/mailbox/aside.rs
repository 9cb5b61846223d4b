//! Pure: what a mailbox sees of an item beside its fields when it reads it, and needs again when it writes it. The engine hands it
//! back, so that nothing is read twice, and asks it one thing alone.

use crate::mailbox::names::Shown;

/// What a mailbox saw of an item beside its fields; what was not looked at is `None`, and the mailbox looks itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aside {
    /// The names that the contact is shown and filed by.
    pub(super) shown: Option<Shown>,
    /// The mark on a series of which an earlier write did not reach every occurrence; blank where there is none.
    pub(super) unfinished: Option<String>,
    /// See [`Self::wants_a_write`].
    pub(super) wants_a_write: bool,
}

impl Aside {
    /// Returns the name that a contact is shown by, where it has one and it was looked at.
    pub fn display_name(&self) -> Option<&str> {
        self.shown
            .as_ref()
            .map(|shown| shown.display.as_str())
            .filter(|name| !name.trim().is_empty())
    }

    /// Returns the name that a contact is filed under, where it has one and it was looked at.
    pub fn file_as(&self) -> Option<&str> {
        self.shown
            .as_ref()
            .map(|shown| shown.file_as.as_str())
            .filter(|name| !name.trim().is_empty())
    }

    /// Says whether an earlier write of ours broke off within the series, which counts as what it was: any write makes it that.
    pub const fn wants_a_write(&self) -> bool {
        self.wants_a_write
    }
}
