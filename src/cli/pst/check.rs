//! Shell: `abgleich pst check FILE`.

use std::path::PathBuf;

use abgleich::config::Language;
use abgleich::pst::check::{Finding, Report, Weight, check};
use clap::Args;
use serde::Serialize;

use super::{size, unreadable};
use crate::cli::report::one_of;
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
    rule: &'static str,
    place: &'a str,
    text: &'a str,
}

impl Check {
    pub(super) fn run(&self, language: Language) -> Result<Exit, Failure> {
        let report = check(&self.file).map_err(|error| unreadable(&self.file, error))?;
        if self.json {
            json::print(&document(&report))?;
        } else {
            say::text!("{}", text(language, &report));
        }
        Ok(if report.errors() == 0 { Exit::Done } else { Exit::MailboxFailed })
    }
}

fn document(report: &Report) -> Document<'_> {
    let lines = report.findings().iter().map(|finding| Line {
        weight: weight(finding.weight),
        rule: finding.rule.id(),
        place: &finding.place.en,
        text: &finding.text.en,
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

fn text(language: Language, report: &Report) -> String {
    let of = |de, en| one_of(language, de, en);
    let shown_weight = |weight| match weight {
        Weight::Note => of("Hinweis", "note"),
        Weight::Error => of("Fehler", "error"),
    };
    let width = of("Hinweis ", "error ").len();
    let line = |finding: &Finding| {
        let said = match language {
            Language::German => finding.german(),
            Language::English => finding.to_string(),
        };
        format!("{:width$}{}", shown_weight(finding.weight), one_line(&said))
    };
    let mut lines: Vec<String> = report.findings().iter().map(line).collect();
    let shown = u64::try_from(report.findings().len()).unwrap_or(u64::MAX);
    let more = (report.errors() + report.notes()).saturating_sub(shown);
    if more > 0 {
        lines.push(match language {
            Language::German => format!("und {more} weitere"),
            Language::English => format!("and {more} more"),
        });
    }
    let Report { folders, items, nodes, blocks, pages, lost_bytes, .. } = report;
    let lost = match lost_bytes {
        0 => String::new(),
        lost => {
            format!("; {} {}", size(language, *lost), of("gehören niemandem", "belong to nobody"))
        }
    };
    lines.push(match language {
        Language::German => format!(
            "angesehen: {folders} Ordner, {items} Elemente, {nodes} Knoten, {blocks} Blöcke, {pages} Seiten{lost}"
        ),
        Language::English => format!(
            "{folders} folders, {items} items, {nodes} nodes, {blocks} blocks, {pages} pages were looked at{lost}"
        ),
    });
    let help = of(
        "die Datei aus einer Sicherung nehmen, oder mit `abgleich pst repair` eine geordnete Kopie machen",
        "take the file from a backup, or make a mended copy with `abgleich pst repair`",
    );
    lines.push(match (report.errors(), language) {
        (0, _) => of("keine Regel ist verletzt", "no rule is broken").to_owned(),
        (1, _) => format!("{}; {help}", of("eine Regel ist verletzt", "one rule is broken")),
        (errors, Language::German) => format!("{errors} Regeln sind verletzt; {help}"),
        (errors, Language::English) => format!("{errors} rules are broken; {help}"),
    });
    lines.join("\n") + "\n"
}
