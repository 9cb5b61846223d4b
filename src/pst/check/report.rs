//! What a check found (pure).

use std::fmt;

use super::place::Place;
use super::rule::{Breach, Rule, Said};
use crate::pst::error::PstError;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Good files have it too: lost room, counts of old versions.
    Note,
    /// A rule of the format is broken.
    Error,
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

/// What was found in a file, and how much was looked at.
#[derive(Clone, Debug, Default)]
pub struct Report {
    findings: Vec<Finding>,
    errors: u64,
    notes: u64,
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
    /// Returns the findings, the first thousand of them.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Returns how many rules are broken.
    pub fn errors(&self) -> u64 {
        self.errors
    }

    /// Returns how many notes there are.
    pub fn notes(&self) -> u64 {
        self.notes
    }

    pub(super) fn error(&mut self, place: Place<'_>, breach: impl Into<Breach>) {
        self.add(Weight::Error, place, breach);
    }

    pub(super) fn note(&mut self, place: Place<'_>, breach: impl Into<Breach>) {
        self.add(Weight::Note, place, breach);
    }

    /// Adds a finding of a weight.
    pub(super) fn add(&mut self, weight: Weight, place: Place<'_>, breach: impl Into<Breach>) {
        match weight {
            Weight::Note => self.notes += 1,
            Weight::Error => self.errors += 1,
        }
        if self.findings.len() < KEPT {
            let Breach { rule, said: text } = breach.into();
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
