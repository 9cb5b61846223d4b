//! Shell: from the command line to the exit code.

use std::io::{self, IsTerminal as _};

use clap::Parser as _;
use clap::error::ErrorKind;
use tracing_subscriber::EnvFilter;

use crate::cli::{Cli, say};
use crate::failure::Exit;

/// Runs the program once.
pub(crate) fn run() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers; they go to standard output and are no failure.
            let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            let printed = error.print();
            return if asked && printed.is_ok() { Exit::Done } else { Exit::Usage };
        }
    };
    log_to_stderr(cli.global.verbose);
    let exit = cli.run();
    // Whoever keeps the output would take a file that was cut off for a good one.
    if say::is_lost() { exit.or_worse(Exit::Down) } else { exit }
}

/// Starts the log. It is silent unless `-v` or `ABGLEICH_LOG` asks for it, and carries ids only: the modules that log keep
/// names and values out.
fn log_to_stderr(verbose: u8) {
    let level = match verbose {
        0 => "off",
        1 => "abgleich=info",
        2 => "abgleich=debug",
        _ => "abgleich=trace",
    };
    let filter = EnvFilter::try_from_env("ABGLEICH_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false)
        .init();
}
