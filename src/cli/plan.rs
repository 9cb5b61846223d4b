//! Shell: `abgleich plan`: what `sync` would do; writes nothing.

use clap::Args;

use crate::cli::report::{plan_document, plan_text};
use crate::cli::work::Work;
use crate::cli::{Global, json, place};
use crate::failure::{Exit, Failure};

#[derive(Args)]
pub(crate) struct Plan {
    #[command(flatten)]
    work: Work,
}

impl Plan {
    pub(super) fn run(&self, global: &Global) -> Result<Exit, Failure> {
        let settings = place::settings(global)?;
        let run = self.work.run(&settings, true)?;
        let manner = self.work.manner(settings.language);
        if self.work.json {
            json::print(&plan_document(&run, manner))?;
        } else {
            print!("{}", plan_text(&run, manner));
        }
        Ok(run.exit(self.work.strict(&settings)))
    }
}
