//! Shell: `abgleich rebind USER`: the mailbox behind the address is another one, and that is right (rule D15).

use abgleich::engine::decide;
use clap::Args;

use crate::cli::decide::{failed, noted, whose};
use crate::cli::{Global, open, place};
use crate::failure::{Exit, Failure};

#[derive(Args)]
pub(crate) struct Rebind {
    /// The staffITpro user, such as DHO
    user: String,
}

impl Rebind {
    pub(super) fn run(&self, global: &Global) -> Result<Exit, Failure> {
        let settings = place::settings(global)?;
        let mailbox = open::mailbox_of(&settings, &self.user)?;
        let servers = open::Servers::for_people()?;
        let mut outlook = servers.mailbox(&settings, mailbox, open::Usage::Read)?;
        let address = mailbox.target.to_string();
        decide::rebind(whose(&settings, mailbox), &address, outlook.as_mut())
            .map_err(|error| failed(mailbox, error))?;
        let (de, en) = (
            "Das Postfach ist neu gebunden; seine Elemente werden an ihren Kennzeichnungen wiedererkannt.",
            "The mailbox is bound anew; its items will be recognised by their stamps.",
        );
        noted(settings.language, mailbox, de, en);
        Ok(Exit::Done)
    }
}
