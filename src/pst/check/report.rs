//! What a check found (pure).

use std::fmt;

use super::place::Place;
use super::rule::{Breach, Rule, Said};
use crate::pst::error::PstError;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Good files have it too: lost room, sizes by the count of old versions.
    Note,
    /// A rule of the format is broken.
    Error,
}

/// What helps against a broken rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Remedy {
    /// Nothing is lost or hidden by it, and who reads and writes the file can do so all the same.
    Leave,
    /// `crate::pst::ndb::write::repair` makes a copy in which it is right.
    Repair,
    /// Neither: another copy of the file, or Outlook's own repair.
    Replace,
}

/// A rule that a file breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How much it matters.
    pub weight: Weight,
    /// Which rule.
    pub rule: Rule,
    /// What it is about: `block 0x1234`, `folder 0x8082`.
    pub place: Said,
    /// What is wrong, as a clause.
    pub text: Said,
}

impl Finding {
    /// Says in German where what is wrong.
    pub fn german(&self) -> String {
        format!("{}: {}", self.place.de, self.text.de)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place.en, self.text.en)
    }
}

/// How many findings are kept; a file that is broken through and through has no end of them.
const KEPT: usize = 1_000;

/// How many of each rule are kept beyond that.
const OF_EACH: u64 = 3;

/// What was found in a file, and how much was looked at.
#[derive(Clone, Debug, Default)]
pub struct Report {
    findings: Vec<Finding>,
    errors: u64,
    notes: u64,
    /// How often each rule was broken, in the order in which that was found.
    rules: Vec<(Weight, Rule, u64)>,
    remedy: Option<Remedy>,
    leaves: bool,
    /// Whether names, folders and items were looked at, for which the trees have to be whole.
    pub looked_at_folders: bool,
    /// Pages of both trees.
    pub pages: u64,
    /// Blocks.
    pub blocks: u64,
    /// Nodes.
    pub nodes: u64,
    /// Folders.
    pub folders: u64,
    /// Items.
    pub items: u64,
    /// Bytes that are shown as in use and belong to nobody.
    pub lost_bytes: u64,
}

impl Report {
    /// Returns the findings: the first thousand, and the first three of each rule.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Returns how often rules are broken.
    pub fn errors(&self) -> u64 {
        self.errors
    }

    /// Returns how many notes there are.
    pub fn notes(&self) -> u64 {
        self.notes
    }

    /// Returns how often each rule was broken, in the order in which that was found.
    pub fn rules(&self) -> &[(Weight, Rule, u64)] {
        &self.rules
    }

    /// Returns what helps against all errors; `None` where there are none.
    pub fn remedy(&self) -> Option<Remedy> {
        self.remedy
    }

    /// Says whether something breaks a rule that no remedy but Outlook's own repair puts in order, and that hides or loses nothing.
    pub fn leaves(&self) -> bool {
        self.leaves
    }

    pub(super) fn error(&mut self, place: Place<'_>, breach: impl Into<Breach>) {
        self.add(Weight::Error, place, breach);
    }

    pub(super) fn note(&mut self, place: Place<'_>, breach: impl Into<Breach>) {
        self.add(Weight::Note, place, breach);
    }

    /// Adds a finding of a weight.
    pub(super) fn add(&mut self, weight: Weight, place: Place<'_>, breach: impl Into<Breach>) {
        let Breach { rule, said: text } = breach.into();
        match weight {
            Weight::Note => self.notes += 1,
            Weight::Error => {
                self.errors += 1;
                let remedy = remedy(rule, place);
                self.remedy = self.remedy.max(Some(remedy));
                self.leaves |= remedy == Remedy::Leave;
            }
        }
        let known = self.rules.iter_mut().find(|known| (known.0, known.1) == (weight, rule));
        let times = if let Some((_, _, times)) = known {
            *times += 1;
            *times
        } else {
            self.rules.push((weight, rule, 1));
            1
        };
        if self.findings.len() < KEPT || times <= OF_EACH {
            self.findings.push(Finding { weight, rule, place: place.said(), text });
        }
    }

    /// Takes the value, or what kept it from being read as a finding.
    pub(super) fn take<T>(&mut self, place: Place<'_>, read: Result<T, PstError>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(error) => {
                self.error(place, Rule::Unreadable.by(&[&error]));
                None
            }
        }
    }
}

fn remedy(rule: Rule, place: Place<'_>) -> Remedy {
    match rule {
        Rule::FileEnd
        | Rule::WholeSections
        | Rule::LastMap
        | Rule::ShownFree
        | Rule::FreeBytes
        | Rule::FutureBlock
        | Rule::FuturePage
        | Rule::FutureNode => Remedy::Repair,
        // Such pages are made anew; those of the trees are not.
        Rule::Unreadable if place.is_map() => Remedy::Repair,
        Rule::FillLevel
        | Rule::FillLevels
        | Rule::FreedAllocations
        | Rule::ItemRow
        | Rule::FolderRow
        | Rule::AttachmentRow
        | Rule::ItemCount
        | Rule::UnreadCount
        | Rule::Required
        | Rule::UsedAddresses
        | Rule::LoneAddresses
        | Rule::ChangedDays
        | Rule::Occurrences
        | Rule::BucketTwice
        | Rule::BucketBeyond
        | Rule::Ordinal
        | Rule::NoBucket
        | Rule::OtherBucket => Remedy::Leave,
        _ => Remedy::Replace,
    }
}
