//! Shell: the program `abgleich`.

mod cli;
mod failure;
mod run;

use std::process::ExitCode;

fn main() -> ExitCode {
    run::run().into()
}
