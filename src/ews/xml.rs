//! XML as EWS uses it: writing requests, and reading answers as they arrive (pure).

pub mod writer;

pub use writer::Writer;
