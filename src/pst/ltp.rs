//! Lists, tables and properties: what the data of nodes holds (pure). MS-PST 2.3.

pub mod bth;
pub mod content;
pub mod heap;
pub mod property;
pub mod table;
pub mod value;
pub mod write;

pub use bth::Bth;
pub use content::{Chunks, Content, Contents, Place};
pub use heap::{Heap, Hid, Piece};
pub use property::{Property, PropertyContext};
pub use table::{Column, Row, TableContext};
