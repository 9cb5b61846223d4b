//! Shell: `abgleich status`: what is known without asking anybody: when each mailbox last ran, and what is open.

use abgleich::config::{MailboxSettings, Settings};
use abgleich::engine::decide;
use clap::Args;

use crate::cli::decide::{failed, whose};
use crate::cli::report::{Manner, Standing, one_of, standing_text};
use crate::cli::select::Selection;
use crate::cli::{Global, open, place, say};
use crate::failure::{Exit, Failure};

#[derive(Args)]
pub(crate) struct Status {
    /// Only this staffITpro user
    user: Option<String>,
    #[command(flatten)]
    selection: Selection,
    /// List all findings by name
    #[arg(long)]
    findings: bool,
}

impl Status {
    pub(super) fn run(&self, global: &Global) -> Result<Exit, Failure> {
        let settings = place::settings(global)?;
        let chosen = match &self.user {
            Some(user) => vec![open::mailbox_of(&settings, user)?],
            None => self.selection.of(&settings)?,
        };
        for mailbox in chosen {
            say::text!("{}", self.text(&settings, mailbox)?);
        }
        Ok(Exit::Done)
    }

    fn text(&self, settings: &Settings, mailbox: &MailboxSettings) -> Result<String, Failure> {
        let language = settings.language;
        let known =
            decide::status(whose(settings, mailbox)).map_err(|error| failed(mailbox, error))?;
        let Some(known) = known else {
            let never = one_of(language, "noch nie abgeglichen", "never synchronised");
            return Ok(format!("{} · {} — {never}\n", mailbox.user, mailbox.target));
        };
        let manner = Manner { language, values: false, all: self.findings };
        let standing = Standing {
            user: &mailbox.user,
            address: mailbox.target.to_string(),
            zone: mailbox.zone.name(),
            known,
        };
        Ok(standing_text(standing, manner))
    }
}
