//! Configuration: TOML files in, valid settings out, or every problem at once with its place.
//!
//! Pure, but for two small effects: `load` reads files and [`secret::resolve`] fetches secrets. It must not know the
//! engine, the mailboxes or the sources: it names them, and whoever opens them asks here.
//!
//! The way of a file: bytes → `text` (UTF-8, lines) → `tree` (TOML with places) → `check` (held against the table of
//! `keys`) → `read` (included files laid over each other) → `layers` and `resolve` (defaults, groups, lines) →
//! [`Settings`].

mod check;
mod english;
mod explain;
mod fault;
mod german;
mod keys;
mod layers;
mod load;
mod nearest;
mod origin;
mod problem;
mod read;
mod resolve;
mod schema;
mod secrecy;
pub mod secret;
mod settings;
mod shape;
mod shown;
mod start;
mod syntax;
mod text;
mod tree;
mod wording;

use std::path::Path;

pub use crate::model::rules::{
    Adopt, BrakeLimits, Conflict, FirstTransfer, Leftover, PastDays, Reference, ScopeSettings,
    Scopes, Writes,
};
pub use origin::{Explained, Origin, Place};
pub use problem::{Line, Problem, Problems};
pub use read::Files;
pub use schema::{schema, schema_file};
pub use secret::{Secret, SecretRef};
pub use settings::{
    Access, Adapter, Binding, Digest, Language, Login, MailboxSettings, Owner, Proof,
    ProxySettings, PstLimits, Scheme, ServerSettings, ServerUrl, Settings, SourceSettings,
    StateSettings, Target, Timeouts, Zone,
};
pub use start::{default_file, starting_file};

/// A configuration that can be used.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// What is probably not meant, sorted by file and position.
    pub warnings: Vec<Problem>,
}

/// Reads the configuration file at `path` and everything that it includes.
pub fn load(path: &Path) -> Result<Loaded, Problems> {
    read(path, &load::Disk)
}

/// Reads a configuration from files that need not be on a disk.
pub fn read(path: &Path, files: &dyn Files) -> Result<Loaded, Problems> {
    let (settings, problems) = resolve::resolve(read::gather(path, files));
    let problems = Problems::new(settings.language, problems);
    if problems.has_errors() {
        return Err(problems);
    }
    Ok(Loaded { settings, warnings: problems.into_list() })
}
