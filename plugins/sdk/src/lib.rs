//! Write an adapter plugin for abgleich in safe Rust.
//!
//! An adapter brings records of a staffITpro database to abgleich and takes updates back. It is a library
//! (`crate-type = ["cdylib"]`) with one exported symbol; `plugins/include/abgleich_plugin.h` is the normative description
//! of that edge, and this crate hides all of it: implement [`Adapter`], call [`export!`].
//!
//! A complete adapter over a list in memory:
//!
//! ```
//! use abgleich_plugin::messages::{
//!     AdapterError, Description, Entry, ErrorKind, FetchAnswer, FetchRequest, Fetched, Fields, Found,
//!     Kind, KindFields, ListRequest, Listing, Manifest, Module, OpenConfig, Record, Setting,
//! };
//! use abgleich_plugin::{Adapter, Host};
//!
//! struct Card {
//!     name: String,
//! }
//!
//! impl Adapter for Card {
//!     fn manifest() -> Manifest {
//!         Manifest {
//!             capabilities: vec!["base/1".into()],
//!             settings: vec![Setting {
//!                 name: "name".into(),
//!                 text: "the surname on the card".into(),
//!                 required: true,
//!                 secret: false,
//!             }],
//!             kinds: vec![],
//!         }
//!     }
//!
//!     fn open(config: OpenConfig, _host: Host) -> Result<Self, AdapterError> {
//!         let name = config.settings.get("name").and_then(|name| name.as_str());
//!         match name {
//!             Some(name) => Ok(Card { name: name.into() }),
//!             None => Err(AdapterError::new(ErrorKind::Settings, "no `name` is set")
//!                 .hint("write settings = { name = \"…\" }")),
//!         }
//!     }
//!
//!     fn describe(&mut self) -> Result<Description, AdapterError> {
//!         Ok(Description {
//!             identity: "a card".into(),
//!             product: "example".into(),
//!             capabilities: vec!["base/1".into()],
//!             kinds: vec![KindFields {
//!                 kind: Kind::Contact,
//!                 readable: vec!["surname".into()],
//!                 writable: vec![],
//!                 lengths: Default::default(),
//!             }],
//!             filter_per_user: false,
//!             assigns: true,
//!             clock: None,
//!         })
//!     }
//!
//!     fn list(&mut self, request: ListRequest) -> Result<Listing, AdapterError> {
//!         let entries = match request.module {
//!             Module::Applicants => vec![Entry {
//!                 id: "1".into(),
//!                 version: "1".into(),
//!                 kind: Kind::Contact,
//!                 module: Module::Applicants,
//!                 parent: None,
//!             }],
//!             _ => vec![],
//!         };
//!         Ok(Listing { entries, next: None, complete: true, position: None })
//!     }
//!
//!     fn fetch(&mut self, request: FetchRequest) -> Result<Fetched, AdapterError> {
//!         let mut fields = Fields::new();
//!         fields.insert("surname", self.name.clone());
//!         let found = |id: &str| match id {
//!             "1" => Found::Record(Box::new(Record {
//!                 kind: Kind::Contact,
//!                 module: Module::Applicants,
//!                 version: "1".into(),
//!                 number: None,
//!                 name: Some(self.name.clone()),
//!                 parent: None,
//!                 fields: fields.clone(),
//!                 changed_at: None,
//!                 changed_by: None,
//!                 private: false,
//!                 editable: false,
//!             })),
//!             _ => Found::Gone,
//!         };
//!         let answers = request.ids.iter().map(|id| FetchAnswer { id: id.clone(), found: found(id) });
//!         Ok(Fetched { brief: false, answers: answers.collect() })
//!     }
//! }
//!
//! abgleich_plugin::export!(Card, name: "card", version: "1.0.0", vendor: "Example GmbH");
//! # fn main() {}
//! ```

pub mod abi;
mod adapter;
pub mod ffi;
pub mod fields;
mod host;
pub mod messages;
pub mod recurrence;
pub mod schema;
mod values;

pub use adapter::Adapter;
pub use host::{Host, Level};
