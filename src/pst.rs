//! PST files: the format of Outlook's own data files, after MS-PST, usable on its own (effect; the layouts are pure).
//!
//! Three layers, as in the specification: the node database ([`ndb`]: blocks, pages, B-trees), lists, tables and properties
//! on top of it, and messaging (stores, folders, items) on top of that.
//!
//! One [`Layout`] value tells the variants of the format apart. Nothing read from a file can panic, and what cannot be read is
//! an error with its place, never an absence.

pub mod check;
pub mod crc;
pub mod crypt;
#[cfg(any(test, feature = "simulation"))]
pub mod damage;
pub mod error;
pub mod id;
pub mod layout;
pub mod ltp;
pub mod medium;
pub mod messaging;
pub mod ndb;

mod bytes;

pub use error::PstError;
pub use id::{Bid, Nid, NidKind, PageId, PageRef};
pub use layout::Layout;
pub use medium::Medium;
