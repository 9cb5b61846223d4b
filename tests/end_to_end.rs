//! The whole program, from the command line to the simulated Exchange and back: the README's promises on the sample, the
//! judgement of a reader that is not ours, and what happens when something is wrong. Few tests and long ones: each starts a
//! server and runs the binary several times.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panicking"
)]

#[path = "source/built.rs"]
mod built;
#[path = "end_to_end/document.rs"]
mod document;
#[path = "end_to_end/expected.rs"]
mod expected;
#[path = "end_to_end/exported.rs"]
mod exported;
#[path = "end_to_end/judge.rs"]
mod judge;
#[path = "end_to_end/place.rs"]
mod place;
#[path = "end_to_end/promises.rs"]
mod promises;
#[path = "end_to_end/put_back.rs"]
mod put_back;
#[path = "source/settings.rs"]
mod settings;
#[path = "end_to_end/trips.rs"]
mod trips;
#[path = "end_to_end/trouble.rs"]
mod trouble;
