//! The plugin host against real libraries: the adapter `sqlite`, the misbehaving `faulty`, the C header, and the sample data.

#[path = "source/built.rs"]
mod built;
#[path = "source/sqlite.rs"]
mod sqlite;
