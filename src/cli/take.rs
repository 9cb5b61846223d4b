//! Shell: `abgleich take USER RECORD staffitpro|outlook`: says which side prevails, once (rule D1).

use abgleich::engine::decide;
use abgleich::model::{Direction, RecordId};
use clap::{Args, ValueEnum};

use crate::cli::decide::{failed, noted, whose};
use crate::cli::{Global, open, place};
use crate::failure::{Exit, Failure};

#[derive(Args)]
pub(crate) struct Take {
    /// The staffITpro user, such as DHO
    user: String,
    /// The record, as reports name it
    record: String,
    /// Whose values prevail
    side: Side,
}

#[derive(Clone, Copy, ValueEnum)]
enum Side {
    Staffitpro,
    Outlook,
}

impl Take {
    pub(super) fn run(&self, global: &Global) -> Result<Exit, Failure> {
        let settings = place::settings(global)?;
        let mailbox = open::mailbox_of(&settings, &self.user)?;
        let (direction, de, en) = match self.side {
            Side::Staffitpro => {
                (Direction::ToOutlook, "Es gilt staffITpro.", "staffITpro's values hold.")
            }
            Side::Outlook => {
                (Direction::ToStaffitpro, "Es gilt Outlook.", "Outlook's values hold.")
            }
        };
        decide::take(whose(&settings, mailbox), &RecordId::new(self.record.clone()), direction)
            .map_err(|error| failed(mailbox, error))?;
        noted(settings.language, mailbox, de, en);
        Ok(Exit::Done)
    }
}
