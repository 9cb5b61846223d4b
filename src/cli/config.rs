//! Shell: `abgleich config show USER`: the settings in effect, each with the line that it came from.

use abgleich::config::{Explained, Settings};
use abgleich::model::{Mode, Scope};
use clap::{Args, Subcommand};

use crate::cli::{Global, place, say};
use crate::failure::{Exit, Failure};

#[derive(Subcommand)]
pub(crate) enum Config {
    /// Show every setting that is in effect for a user, with the file and line that it came from
    Show(Show),
}

#[derive(Args)]
pub(crate) struct Show {
    /// The staffITpro user, such as DHO
    user: String,
    /// Show the settings of switches that are set to none too
    #[arg(long)]
    all: bool,
}

impl Config {
    pub(super) fn run(&self, global: &Global) -> Result<Exit, Failure> {
        let Self::Show(show) = self;
        let settings = place::settings(global)?;
        let mut rows =
            settings.explain(&show.user).ok_or_else(|| unknown_user(&settings, &show.user))?;
        if !show.all {
            let off = switched_off(&rows);
            // Of a switch that moves nothing only its mode says something.
            rows.retain(|row| !off.iter().any(|scope| below(&row.key, *scope)));
        }
        let keys = rows.iter().map(|row| row.key.chars().count()).max().unwrap_or(0);
        let values = rows.iter().map(|row| row.value.chars().count()).max().unwrap_or(0).min(48);
        for row in &rows {
            say::line!("{:keys$}  {:values$}  {}", row.key, row.value, row.origin);
        }
        Ok(Exit::Done)
    }
}

/// Returns the scopes whose mode is `none`.
fn switched_off(rows: &[Explained]) -> Vec<Scope> {
    let off = |scope: &Scope| {
        let mode = format!("{scope}.mode");
        rows.iter().any(|row| row.key == mode && row.value.trim_matches('"') == Mode::None.key())
    };
    Scope::ALL.into_iter().filter(off).collect()
}

fn below(key: &str, scope: Scope) -> bool {
    key.strip_prefix(&format!("{scope}.")).is_some_and(|setting| setting != "mode")
}

/// Builds the failure for a user about whom the configuration says nothing.
pub(super) fn unknown_user(settings: &Settings, user: &str) -> Failure {
    let known: Vec<_> = settings.mailboxes.iter().map(|mailbox| mailbox.user.as_str()).collect();
    let shown = known.iter().take(12).copied().collect::<Vec<_>>().join(", ");
    let more = if known.len() > 12 { ", …" } else { "" };
    let listed = if known.is_empty() { "nobody yet".to_owned() } else { format!("{shown}{more}") };
    Failure::usage(format!("no line of the configuration is about the user {user}"))
        .hint(format!("configured are: {listed}; `abgleich users --toml` prints lines to paste"))
}
