//! Writing stores: new ones, and folders and items in those that exist (effect). MS-PST 2.4.
//!
//! A [`Batch`] is one transaction: what it does happens whole or not at all when it is committed. What nobody here understands
//! survives: properties are changed in place, attachments and recipients stay in the blocks that they are in, tables keep
//! their columns.
//!
//! ```no_run
//! # use std::path::Path;
//! # use abgleich::mapi::{FileTime, Properties, Value, property};
//! # use abgleich::pst::messaging::write::{Batch, NewItem, NewStore, Role, create};
//! # use abgleich::pst::ndb::write::{Settings, WriteError};
//! # fn example(now: FileTime) -> Result<(), WriteError> {
//! let path = Path::new("demo.pst");
//! let (mut file, folders) = create(path, &NewStore::german("Demo"), &Settings::default())?;
//! let mut batch = Batch::begin(&mut file, now)?;
//! let mut properties = Properties::new();
//! properties.set(property::DISPLAY_NAME, Value::String("Anna Berg".into()));
//! let contacts = folders.role(Role::Contacts).unwrap_or_default();
//! batch.add_item(contacts, &NewItem::of("IPM.Contact", properties))?;
//! batch.commit()?;
//! file.close()
//! # }
//! ```

mod batch;
mod change;
mod folder;
mod intact;
mod item;
mod names;
mod node;
mod occurrence;
mod queue;
mod remove;
pub mod room;
mod row;
mod store;
mod stored;
mod subject;
mod template;
mod used;

pub use batch::Batch;
pub use change::ItemChange;
pub use folder::NewFolder;
pub use item::NewItem;
pub use occurrence::Occurrence;
pub use store::{Made, NewStore, Role, create, fill};

#[cfg(test)]
mod tests;
