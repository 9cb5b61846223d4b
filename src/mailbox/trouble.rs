//! Pure: what is the matter with a mailbox as a whole. A trouble has a name of its own in the report (rule D20); it parks its
//! mailbox for the rest of the run and leaves the others alone (invariant 11).

/// What keeps a mailbox from being worked on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Trouble {
    /// Nothing that has a name: the error's own words say what happened.
    #[default]
    Unnamed,
    /// No mailbox has this address here. A mailbox that was moved to another forest looks the same.
    Missing,
    /// The mailbox is somewhere else by now: Exchange Online, another forest, a site that this server does not reach.
    Elsewhere,
    /// The mailbox is being moved, its database is failing over or is not mounted.
    InTransit,
    /// The person's account is disabled, so that nobody may use the mailbox.
    Locked,
    /// The mailbox has no room left: it can be read, and nothing can be written.
    Full,
    /// EWS is switched off for this mailbox or this program (`EwsEnabled`, `EwsApplicationAccessPolicy`).
    Policy,
    /// The login may not act for this person.
    Impersonation,
    /// The login may not open a folder.
    Rights,
    /// The server refuses the login.
    Login,
    /// The login's account is locked.
    LoginLocked,
    /// The server is busy for longer than a run waits.
    Busy,
    /// Something that is no EWS answers: a login form, an error page, a proxy.
    Foreign,
    /// Another program has the file open, for as long as a person works with it.
    InUse,
}

impl Trouble {
    /// All troubles.
    pub const ALL: [Self; 14] = [
        Self::Unnamed,
        Self::Missing,
        Self::Elsewhere,
        Self::InTransit,
        Self::Locked,
        Self::Full,
        Self::Policy,
        Self::Impersonation,
        Self::Rights,
        Self::Login,
        Self::LoginLocked,
        Self::Busy,
        Self::Foreign,
        Self::InUse,
    ];

    /// Says whether every further request of the run would be answered the same: then none is sent.
    pub const fn lasts(self) -> bool {
        match self {
            Self::Missing
            | Self::Elsewhere
            | Self::InTransit
            | Self::Locked
            | Self::Policy
            | Self::Impersonation
            | Self::Login
            | Self::LoginLocked
            | Self::InUse => true,
            // A full mailbox can be read; one folder may be closed and the others open; a busy server gets better; a page may
            // come once.
            Self::Unnamed | Self::Full | Self::Rights | Self::Busy | Self::Foreign => false,
        }
    }
}
