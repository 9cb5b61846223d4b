//! Shell: `abgleich pst check FILE`.

use std::path::PathBuf;

use abgleich::pst::check::{Report, Weight, check};
use clap::Args;
use serde::Serialize;

use super::{size, unreadable};
use crate::cli::value::one_line;
use crate::cli::{json, say};
use crate::failure::{Exit, Failure};

#[derive(Args)]
pub(crate) struct Check {
    /// The file
    file: PathBuf,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

/// What is said of a file.
#[derive(Serialize)]
struct Document<'a> {
    errors: u64,
    notes: u64,
    pages: u64,
    blocks: u64,
    nodes: u64,
    folders: u64,
    items: u64,
    lost_bytes: u64,
    findings: Vec<Line<'a>>,
}

#[derive(Serialize)]
struct Line<'a> {
    weight: &'static str,
    place: &'a str,
    text: &'a str,
}

impl Check {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        let report = check(&self.file).map_err(|error| unreadable(&self.file, error))?;
        if self.json {
            json::print(&document(&report))?;
        } else {
            say::text!("{}", text(&report));
        }
        Ok(if report.errors() == 0 { Exit::Done } else { Exit::MailboxFailed })
    }
}

fn document(report: &Report) -> Document<'_> {
    let lines = report.findings().iter().map(|finding| Line {
        weight: weight(finding.weight),
        place: &finding.place,
        text: &finding.text,
    });
    Document {
        errors: report.errors(),
        notes: report.notes(),
        pages: report.pages,
        blocks: report.blocks,
        nodes: report.nodes,
        folders: report.folders,
        items: report.items,
        lost_bytes: report.lost_bytes,
        findings: lines.collect(),
    }
}

const fn weight(weight: Weight) -> &'static str {
    match weight {
        Weight::Note => "note",
        Weight::Error => "error",
    }
}

fn text(report: &Report) -> String {
    let mut lines: Vec<String> = report
        .findings()
        .iter()
        .map(|finding| format!("{:<6}{}", weight(finding.weight), one_line(&finding.to_string())))
        .collect();
    let shown = u64::try_from(report.findings().len()).unwrap_or(u64::MAX);
    let more = (report.errors() + report.notes()).saturating_sub(shown);
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    let Report { folders, items, nodes, blocks, pages, lost_bytes, .. } = report;
    let lost = match lost_bytes {
        0 => String::new(),
        lost => format!("; {} belong to nobody", size(*lost)),
    };
    lines.push(format!(
        "{folders} folders, {items} items, {nodes} nodes, {blocks} blocks, {pages} pages were looked at{lost}"
    ));
    let help = "take the file from a backup, or make a mended copy with `abgleich pst repair`";
    lines.push(match report.errors() {
        0 => "no rule is broken".to_owned(),
        1 => format!("one rule is broken; {help}"),
        errors => format!("{errors} rules are broken; {help}"),
    });
    lines.join("\n") + "\n"
}
