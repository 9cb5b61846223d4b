//! Shell: `abgleich unlink USER RECORD`: takes a record and its item apart; both stay as they are.

use abgleich::engine::decide;
use abgleich::model::RecordId;
use clap::Args;

use crate::cli::decide::{failed, noted, whose};
use crate::cli::{Global, open, place};
use crate::failure::{Exit, Failure};

#[derive(Args)]
pub(crate) struct Unlink {
    /// The staffITpro user, such as DHO
    user: String,
    /// The record, as reports name it
    record: String,
}

impl Unlink {
    pub(super) fn run(&self, global: &Global) -> Result<Exit, Failure> {
        let settings = place::settings(global)?;
        let mailbox = open::mailbox_of(&settings, &self.user)?;
        decide::unlink(whose(&settings, mailbox), &RecordId::new(self.record.clone()))
            .map_err(|error| failed(mailbox, error))?;
        let (de, en) = (
            "Getrennt. Datensatz und Element bleiben, wie sie sind.",
            "Taken apart. Record and item stay as they are.",
        );
        noted(settings.language, mailbox, de, en);
        Ok(Exit::Done)
    }
}
