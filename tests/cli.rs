//! Runs of the binary from end to end, with exact outputs. Each test has a folder of its own and sees nothing of the
//! machine: no configuration of the person who runs it, no log settings.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

#[path = "source/built.rs"]
mod built;
#[path = "cli/check.rs"]
mod check;
#[path = "cli/configuration.rs"]
mod configuration;
#[path = "cli/damage.rs"]
mod damage;
#[path = "cli/discover.rs"]
mod discover;
#[path = "cli/export.rs"]
mod export;
#[path = "cli/file.rs"]
mod file;
#[path = "cli/office.rs"]
mod office;
#[path = "cli/program.rs"]
mod program;
#[path = "cli/pst.rs"]
mod pst;
#[path = "cli/record.rs"]
mod record;
#[path = "cli/runs.rs"]
mod runs;
#[path = "cli/script.rs"]
mod script;
#[path = "source/settings.rs"]
mod settings;
#[path = "cli/setup.rs"]
mod setup;
#[path = "cli/usage.rs"]
mod usage;
#[cfg(unix)]
#[path = "cli/watch.rs"]
mod watch;
