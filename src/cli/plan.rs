//! Shell: `abgleich plan`: what `sync` would do; writes nothing.

use abgleich::model::RecordId;
use clap::Args;

use crate::cli::report::{
    Manner, Run, explanation_text, one_of, plan_document, plan_text, report_text,
};
use crate::cli::work::Work;
use crate::cli::{Global, json, place, say};
use crate::failure::{Exit, Failure};

#[derive(Args)]
pub(crate) struct Plan {
    #[command(flatten)]
    work: Work,
    /// Explain one record: both sides and the base, field by field, and the rules that decide; values with --values
    #[arg(long, value_name = "RECORD")]
    explain: Option<String>,
}

impl Plan {
    pub(super) fn run(&self, global: &Global) -> Result<Exit, Failure> {
        let settings = place::settings(global)?;
        let run = self.work.run(&settings, true, self.explain.clone().map(RecordId::new))?;
        let manner = self.work.manner(settings.language);
        if let Some(record) = &self.explain
            && !self.work.json
        {
            return explain(&run, record, manner);
        }
        if self.work.json {
            json::print(&plan_document(&run, manner))?;
        } else {
            say::text!("{}", plan_text(&run, manner));
        }
        Ok(run.exit(self.work.strict(&settings)))
    }
}

fn explain(run: &Run, record: &str, manner: Manner) -> Result<Exit, Failure> {
    let mut explained = false;
    for ran in &run.mailboxes {
        if let Some(explanation) = &ran.report.explanation {
            say::text!("{}", explanation_text(explanation, ran.report.user.as_str(), manner));
            explained = true;
        }
    }
    if explained {
        return Ok(run.exit(false));
    }
    let stopped = run.mailboxes.iter().any(|ran| !ran.report.stopped.is_empty());
    if stopped {
        say::text!("{}", report_text(run, manner));
        let language = manner.language;
        let unseen = one_of(
            language,
            "ist in keinem dieser Postfächer angesehen worden, weil der Lauf vorher anhielt",
            "was looked at in none of these mailboxes, because the run stopped before",
        );
        say::line!("{record}: {unseen}");
        return Ok(run.exit(false));
    }
    Err(Failure::usage(format!("the record {record} does not move in these mailboxes")).hint(
        "is it in the filter, and does its switch move? `abgleich source show USER RECORD` shows the record",
    ))
}
