//! Shell: the command line. One file per command; this one only lists them.

#[cfg_attr(not(test), expect(dead_code, reason = "the commands that run the engine follow"))]
mod allow;
mod plugin;
#[cfg_attr(
    not(test),
    expect(dead_code, unused_imports, reason = "the commands that run the engine follow")
)]
mod report;
#[cfg_attr(not(test), expect(dead_code, reason = "the commands that run the engine follow"))]
mod scope;

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand};

use crate::failure::{Exit, Failure};

/// Keeps a staffITpro database and Outlook mailboxes in agreement: contacts, appointments and tasks.
#[derive(Parser)]
#[command(name = "abgleich", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Args)]
pub(crate) struct Global {
    /// The configuration file [default: abgleich.toml in this folder, then in the system's place for configuration]
    #[arg(long, global = true, value_name = "PATH")]
    config: Option<PathBuf>,
    /// Log to standard error what happens; -vv logs more. Logs carry ids, never names or values
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Ask an adapter what it is
    #[command(subcommand)]
    Plugin(plugin::Plugin),
}

impl Command {
    /// Does what the command says.
    pub(crate) fn run(self, _: &Global) -> Result<Exit, Failure> {
        match self {
            Self::Plugin(plugin) => plugin.run(),
        }
    }
}
