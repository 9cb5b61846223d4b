//! Shell: `abgleich pst check FILE`.

use std::path::PathBuf;

use abgleich::config::Language;
use abgleich::pst::check::{Finding, Remedy, Report, Weight, check};
use abgleich::pst::messaging::Store;
use abgleich::pst::ndb::write::only_read;
use clap::Args;

use super::document::{Broken, Checked, Document, Line};
use super::{size, unreadable};
use crate::cli::report::one_of;
use crate::cli::value::one_line;
use crate::cli::{json, say};
use crate::failure::{Exit, Failure};

#[derive(Args)]
pub(crate) struct Check {
    /// The file
    file: PathBuf,
    /// End with exit code 10 where there are notes; a file that abgleich made has none
    #[arg(long)]
    strict: bool,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

impl Check {
    pub(super) fn run(&self, language: Language, verbose: bool) -> Result<Exit, Failure> {
        let failed = |error| unreadable(&self.file, error);
        let report = check(&self.file).map_err(failed)?;
        let store = Store::open(&self.file).map_err(failed)?;
        let only_read = only_read(store.nodes().header()).is_some();
        if self.json {
            json::print(&Document::Check(document(language, &report, only_read)))?;
        } else {
            let limit = if verbose { usize::MAX } else { SHOWN };
            say::text!("{}", text(language, &report, limit, only_read));
        }
        Ok(match (report.errors(), report.notes()) {
            (0, notes) if self.strict && notes > 0 => Exit::Findings,
            (0, _) => Exit::Done,
            _ => Exit::MailboxFailed,
        })
    }
}

fn document(language: Language, report: &Report, only_read: bool) -> Checked {
    let lines = report.findings().iter().map(|finding| Line {
        weight: weight(finding.weight),
        rule: finding.rule.id(),
        place: finding.place.en.clone(),
        text: finding.text.en.clone(),
    });
    let rules = report.rules().iter().map(|(of, rule, times)| Broken {
        weight: weight(*of),
        rule: rule.id(),
        times: *times,
    });
    let next = report.remedy().map(|remedy| helps(language, (remedy, report.leaves()), only_read));
    Checked {
        errors: report.errors(),
        notes: report.notes(),
        pages: report.pages,
        blocks: report.blocks,
        nodes: report.nodes,
        folders: report.folders,
        items: report.items,
        lost_bytes: report.lost_bytes,
        looked_at_folders: report.looked_at_folders,
        remedy: report.remedy().map(|remedy| match remedy {
            Remedy::Leave => "leave",
            Remedy::Repair => "repair",
            Remedy::Replace => "replace",
        }),
        next: next.map(str::to_owned),
        rules: rules.collect(),
        findings: lines.collect(),
    }
}

const fn weight(weight: Weight) -> &'static str {
    match weight {
        Weight::Note => "note",
        Weight::Error => "error",
    }
}

/// How many findings of a rule are shown where not all are asked for.
pub(super) const SHOWN: usize = 3;

/// Says what was found, and what helps.
pub(super) fn text(language: Language, report: &Report, limit: usize, only_read: bool) -> String {
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
    let mut lines = Vec::new();
    for (weight, rule, times) in report.rules() {
        let of_rule =
            report.findings().iter().filter(|one| (one.weight, one.rule) == (*weight, *rule));
        let shown: Vec<String> = of_rule.take(limit).map(line).collect();
        let more = times.saturating_sub(u64::try_from(shown.len()).unwrap_or(u64::MAX));
        lines.extend(shown);
        if more > 0 {
            let same = of("weitere dieser Art", "more of this kind");
            lines.push(format!("{:width$}… {more} {same} ({})", "", rule.id()));
        }
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
    if !report.looked_at_folders {
        let skipped = of(
            "Namen, Ordner und Elemente wurden nicht angesehen: die Bäume, die zu ihnen führen, sind nicht heil",
            "names, folders and items were not looked at: the trees that lead to them are not whole",
        );
        lines.push(skipped.to_owned());
    }
    let broken = report.rules().iter().filter(|(weight, _, _)| *weight == Weight::Error).count();
    let errors = report.errors();
    let Some(remedy) = report.remedy() else {
        lines.push(of("keine Regel ist verletzt", "no rule is broken").to_owned());
        return lines.join("\n") + "\n";
    };
    lines.push(match (broken, errors, language) {
        (1, 1, _) => of("eine Regel ist verletzt", "one rule is broken").to_owned(),
        (1, _, Language::German) => format!("eine Regel ist verletzt, an {errors} Stellen"),
        (1, _, Language::English) => format!("one rule is broken, in {errors} places"),
        (_, _, Language::German) => format!("{broken} Regeln sind verletzt, an {errors} Stellen"),
        (_, _, Language::English) => format!("{broken} rules are broken, in {errors} places"),
    });
    let next = helps(language, (remedy, report.leaves()), only_read);
    lines.push(format!("{}: {next}", of("weiter", "next")));
    lines.join("\n") + "\n"
}

/// Returns what to do about a file's errors. `repair` is named only where it helps.
fn helps(language: Language, (remedy, leaves): (Remedy, bool), only_read: bool) -> &'static str {
    let of = |de, en| one_of(language, de, en);
    match remedy {
        Remedy::Leave if only_read => of(
            "nichts von dem, was darin ist, fehlt deswegen: die Datei lässt sich lesen, wie sie ist",
            "nothing that is in it is lost by this: the file can be read as it is",
        ),
        Remedy::Leave => of(
            "nichts von dem, was darin ist, fehlt deswegen: die Datei lässt sich lesen und schreiben, wie sie ist; Outlooks eigene \
             Reparatur (SCANPST) bringt es in einer Kopie in Ordnung",
            "nothing that is in it is lost by this: the file can be read and written as it is; Outlook's own repair (SCANPST) puts it \
             in order in a copy",
        ),
        Remedy::Repair if !only_read && leaves => of(
            "`abgleich pst repair DATEI KOPIE` macht eine Kopie, in der Kopf, Länge und Karten in Ordnung sind; das andere bleibt darin, \
             wie es ist, und nichts fehlt deswegen",
            "`abgleich pst repair FILE INTO` makes a copy in which header, length and maps are right; the rest stays in it as it is, and \
             nothing is lost by that",
        ),
        Remedy::Repair if !only_read => of(
            "`abgleich pst repair DATEI KOPIE` macht eine Kopie, in der es in Ordnung ist",
            "`abgleich pst repair FILE INTO` makes a copy in which it is right",
        ),
        Remedy::Repair | Remedy::Replace => of(
            "die Datei aus einer Sicherung nehmen, oder Outlooks eigene Reparatur (SCANPST) an einer Kopie arbeiten lassen",
            "take the file from a backup, or let Outlook's own repair (SCANPST) work on a copy",
        ),
    }
}
