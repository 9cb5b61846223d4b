//! PST files: what is read is what independent readers read, and damage is told, never guessed over.
//!
//! Files: every folder in `ABGLEICH_PST_FILES` (separated like a search path; default `../shared/pst/files`).
//! Readers: see `fixtures/pst/readers/README.md`; `ABGLEICH_PYTHON` names a Python with libpff-python, `ABGLEICH_PST_EXTRACTOR` the
//! `node_modules` that pst-extractor is in. What is not to be had is skipped with a word, or fails where `ABGLEICH_PST_READERS` is
//! `must`.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panicking"
)]

#[path = "source/built.rs"]
#[allow(dead_code, reason = "adapter libraries are found beside the program")]
mod built;
#[path = "pst/checked.rs"]
mod checked;
#[path = "pst/compare.rs"]
mod compare;
#[path = "pst/crashed.rs"]
mod crashed;
#[path = "pst/cyclic.rs"]
mod cyclic;
#[path = "pst/damage.rs"]
mod damage;
#[path = "pst/demo.rs"]
mod demo;
#[path = "pst/disk.rs"]
mod disk;
#[path = "pst/errors.rs"]
mod errors;
#[path = "pst/excuses.rs"]
mod excuses;
#[path = "pst/files.rs"]
mod files;
#[path = "pst/held.rs"]
mod held;
#[path = "pst/made.rs"]
mod made;
#[path = "pst/numbers.rs"]
mod numbers;
#[path = "pst/readers.rs"]
mod readers;
#[path = "pst/unchanged.rs"]
mod unchanged;
#[path = "pst/written.rs"]
mod written;
