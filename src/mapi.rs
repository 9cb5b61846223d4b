//! MAPI: property tags, values, names, and the binary forms that some values have inside (pure).
//!
//! Outlook's own vocabulary, whatever carries it: a PST file stores it, and Exchange shows parts of it as extended
//! properties. Nothing here knows a file or a protocol.

pub mod blob;
pub mod entry;
pub mod key;
pub mod name;
pub mod named;
pub mod property;
pub mod recurrence;
pub mod tag;
pub mod value;
pub mod zone;

pub use blob::{BlobError, BlobFault};
pub use key::{Properties, PropertyKey};
pub use name::{Guid, Name, PropertyName};
pub use named::Named;
pub use tag::{PropertyId, PropertyTag, PropertyType};
pub use value::{FileTime, Value};
