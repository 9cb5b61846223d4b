//! Messaging: a store with folders, items, recipients and attachments (effect). MS-PST 2.4.
//!
//! Everything here is read through [`crate::pst::ndb::Nodes`], so an open file and a transaction on it look alike.

pub mod attachment;
pub mod body;
pub mod code_page;
pub mod folder;
pub mod item;
pub mod names;
pub mod object;
pub mod store;
pub mod write;

pub use attachment::Attachment;
pub use code_page::CodePage;
pub use folder::{Folder, Listed};
pub use item::Item;
pub use names::NameMap;
pub use object::Object;
pub use store::{Below, Store};
