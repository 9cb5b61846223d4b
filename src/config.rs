//! Configuration: TOML files in, valid settings out, or every problem at once with its place.
//!
//! Pure, but for [`secret::resolve`], which fetches secrets. It must not know the engine, the
//! mailboxes or the sources: it names them, and whoever opens them asks here.

mod keyed;
mod origin;
pub mod rules;
pub mod secret;
mod settings;

pub use origin::{Explained, Origin, Place};
pub use rules::{
    Adopt, BrakeLimits, Conflict, FirstTransfer, Leftover, PastDays, Reference, ScopeSettings,
    Scopes, Writes,
};
pub use secret::{Secret, SecretRef};
pub use settings::{
    Access, Adapter, Digest, Language, Login, MailboxSettings, Scheme, ServerSettings, Settings,
    SourceSettings, StateSettings, Target, Timeouts, Zone,
};
