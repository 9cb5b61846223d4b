//! The plugin host against real libraries: the adapter `sqlite`, the misbehaving `faulty`, the C header, and the sample data.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panicking"
)]

#[path = "source/abi.rs"]
mod abi;
#[path = "source/built.rs"]
mod built;
#[path = "source/faulty.rs"]
mod faulty;
#[path = "source/sqlite.rs"]
mod sqlite;
