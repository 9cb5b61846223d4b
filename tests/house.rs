//! The architecture as a test: reads the sources and fails on a wrong edge (`src/lib.rs` tells why the edges are as they are).
//! It shares no code with what it reads, and it knows Rust only as far as words, paths and braces.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

#[path = "house/edges.rs"]
mod edges;
#[path = "house/habits.rs"]
mod habits;
#[path = "house/paths.rs"]
mod paths;
#[path = "house/quirks.rs"]
mod quirks;
#[path = "house/tree.rs"]
mod tree;
#[path = "house/words.rs"]
mod words;
