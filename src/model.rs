//! Pure: the words both sides speak. A record of staffITpro and an item of Outlook have the same shape here, a map
//! from [`Field`] to [`Slot`]. Nothing in this module knows of EWS, PST, plugins, configuration or the engine.

pub mod canonical;
pub mod content;
pub mod field;
pub mod fingerprint;
pub mod ids;
pub mod json;
pub(crate) mod keyed;
pub mod recurrence;
pub mod rules;
pub mod schedule;
pub mod scope;
pub mod texts;
pub mod value;

pub use content::{Content, Slot};
pub use field::{Block, Field, FieldSet, ItemKind, Shape};
pub use fingerprint::{Fingerprint, Half};
pub use ids::{
    Cursor, FolderId, ItemId, ItemVersion, MailboxIdentity, Position, RecordId, RecordVersion,
    RunId, TenantName, Token, UserId,
};
pub use recurrence::Recurrence;
pub use scope::{Direction, Mode, Module, Scope, Switch};
pub use value::{Attendee, Value};
