//! Shell: `abgleich sync`: brings mailboxes and staffITpro into agreement.

use clap::Args;

use crate::cli::report::{report_document, report_text};
use crate::cli::work::Work;
use crate::cli::{Global, json, place, say, watch};
use crate::failure::{Exit, Failure};

#[derive(Args)]
pub(crate) struct Sync {
    #[command(flatten)]
    work: Work,
    /// Stay, and keep the mailboxes in agreement: within seconds where Exchange tells what happens, and by the schedule of
    /// [watch]. Ends in order with Ctrl-C or SIGTERM. With --json each line of the output is a document
    #[arg(long)]
    watch: bool,
}

impl Sync {
    pub(super) fn run(&self, global: &Global) -> Result<Exit, Failure> {
        let settings = place::settings(global)?;
        if self.watch {
            return watch::watch(&self.work, &settings, self.work.json);
        }
        let run = self.work.run(&settings, false, None)?;
        let manner = self.work.manner(settings.language);
        if self.work.json {
            json::print(&report_document(&run, manner))?;
        } else {
            say::text!("{}", report_text(&run, manner));
        }
        Ok(run.exit(self.work.strict(&settings)))
    }
}
