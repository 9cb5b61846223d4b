//! The node database: a file as nodes with data and subnodes (effect). MS-PST 2.2.

pub mod block;
pub mod btree;
pub mod data_tree;
pub mod file;
pub mod header;
pub mod node;
pub mod page;
pub mod subnode;
pub mod write;

mod cache;
mod torn;

pub use btree::{Pages, Tree};
pub use data_tree::DataTree;
pub use file::Ndb;
pub use header::Header;
pub use node::{Block, Node, Nodes};
pub use page::{BlockEntry, PageKind, TreePage};
