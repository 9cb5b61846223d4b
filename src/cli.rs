//! Shell: the command line. One file per command; this one only lists them.

mod allow;
mod check;
mod config;
mod decide;
mod discover;
mod filter;
mod init;
mod interrupt;
mod json;
mod language;
mod link;
mod open;
mod place;
mod plan;
mod plugin;
mod pool;
mod progress;
mod pst;
mod rebind;
mod report;
pub(crate) mod say;
mod scope;
mod select;
mod source;
mod status;
mod sync;
mod take;
mod unlink;
mod users;
mod value;
mod watch;
mod work;

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
    /// Bring staffITpro and the mailboxes into agreement
    Sync(sync::Sync),
    /// Show what sync would do; write nothing
    Plan(plan::Plan),
    /// Show when each mailbox last ran, and what is open
    Status(status::Status),
    /// Link a record and an item that are the same; without ITEM, list what comes into question
    Link(link::Link),
    /// Take a record and its item apart
    Unlink(unlink::Unlink),
    /// Decide a conflict: say whose values hold
    Take(take::Take),
    /// Go on with another mailbox behind the address
    Rebind(rebind::Rebind),
    /// Write a commented configuration file to start from
    Init(init::Init),
    /// Show the settings in effect
    #[command(subcommand)]
    Config(config::Config),
    /// Look whether all that a run needs is there, without writing anything
    Check(check::Check),
    /// Look for the server of a mailbox, step by step
    Discover(discover::Discover),
    /// List the staffITpro users, or print them as lines for the configuration
    Users(users::Users),
    /// List or change who is in the filter „Outlook Synchronisation“
    #[command(subcommand)]
    Filter(filter::Filter),
    /// Show what the connector understands of a source
    #[command(subcommand)]
    Source(source::Source),
    /// Ask an adapter what it is
    #[command(subcommand)]
    Plugin(plugin::Plugin),
    /// Look at Outlook data files (PST), and make them
    Pst(pst::Pst),
}

impl Cli {
    /// Does what the command line says; where it cannot, it says why and what to do next.
    pub(crate) fn run(self) -> Exit {
        let asked = match &self.command {
            Command::Pst(pst) => pst.language(),
            _ => None,
        };
        self.command.run(&self.global).unwrap_or_else(|failure| {
            let language = language::spoken(asked, &self.global);
            say::aside(format_args!("{}", failure.lines(language)));
            failure.kind
        })
    }
}

impl Command {
    /// Does what the command says.
    pub(crate) fn run(self, global: &Global) -> Result<Exit, Failure> {
        match self {
            Self::Sync(sync) => sync.run(global),
            Self::Plan(plan) => plan.run(global),
            Self::Status(status) => status.run(global),
            Self::Link(link) => link.run(global),
            Self::Unlink(unlink) => unlink.run(global),
            Self::Take(take) => take.run(global),
            Self::Rebind(rebind) => rebind.run(global),
            Self::Init(init) => init.run(global),
            Self::Config(config) => config.run(global),
            Self::Check(check) => check.run(global),
            Self::Discover(discover) => discover.run(global),
            Self::Users(users) => users.run(global),
            Self::Filter(filter) => filter.run(global),
            Self::Source(source) => source.run(global),
            Self::Plugin(plugin) => plugin.run(),
            Self::Pst(pst) => pst.run(global),
        }
    }
}
