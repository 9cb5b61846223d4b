//! The node database: a file as nodes with data and subnodes (effect). MS-PST 2.2.

pub mod header;
pub mod node;

pub use header::Header;
pub use node::{Block, Node, Nodes};
