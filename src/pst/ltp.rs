//! Lists, tables and properties on nodes (pure). MS-PST 2.3.

pub mod write;
