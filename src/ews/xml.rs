//! XML as EWS uses it: writing requests, and reading answers as they arrive (pure).

pub(crate) mod reader;
pub(crate) mod text;
pub(crate) mod tree;
pub mod writer;

pub use reader::Limits;
pub use writer::Writer;
