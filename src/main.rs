//! Shell: the program `abgleich`.

mod cli;
mod failure;
mod run;

use std::process::ExitCode;

/// A run makes and drops some hundreds of short texts for each record, on threads that hand them to each other.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    run::run().into()
}
