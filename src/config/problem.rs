//! Pure: a problem with its place, and all the problems of a configuration together.

use std::fmt;

use crate::config::fault::{Broken, Fault};
use crate::config::origin::Place;
use crate::config::settings::Language;
use crate::config::{english, german};

/// Something that is wrong, or probably not meant, in a configuration file.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// Where.
    pub(in crate::config) place: Place,
    /// What.
    pub(in crate::config) fault: Fault,
    /// Whether the configuration can be used all the same.
    warning: bool,
}

impl Problem {
    /// Builds a problem that makes the configuration unusable.
    pub(in crate::config) const fn error(place: Place, fault: Fault) -> Self {
        Self { place, fault, warning: false }
    }

    /// Builds a problem that is only worth a word.
    pub(in crate::config) const fn warning(place: Place, fault: Fault) -> Self {
        Self { place, fault, warning: true }
    }

    /// Says whether the problem is a list or a table that is not closed.
    pub(in crate::config) const fn is_open_bracket(&self) -> bool {
        matches!(self.fault, Fault::Syntax { broken: Broken::OpenList | Broken::OpenTable, .. })
    }

    /// Returns where the problem is.
    pub const fn place(&self) -> &Place {
        &self.place
    }

    /// Says whether the configuration can be used all the same.
    pub const fn is_warning(&self) -> bool {
        self.warning
    }

    /// Shows the problem as one line in a language: `file:line:column: what was found and what to do`.
    pub const fn line(&self, language: Language) -> Line<'_> {
        Line { problem: self, language }
    }
}

/// A problem in a language.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    problem: &'a Problem,
    language: Language,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.problem.place)?;
        let warning = self.problem.warning;
        match self.language {
            Language::English => {
                f.write_str(if warning { "warning: " } else { "" })?;
                english::write(f, &self.problem.fault)
            }
            Language::German => {
                f.write_str(if warning { "Warnung: " } else { "" })?;
                german::write(f, &self.problem.fault)
            }
        }
    }
}

/// Everything that is wrong with a configuration, sorted by file and position, warnings included. Shows as one line
/// for each in the language that the configuration chose.
#[derive(Clone, Debug, PartialEq)]
pub struct Problems {
    language: Language,
    list: Vec<Problem>,
}

impl Problems {
    /// Sorts problems and drops those that were found twice.
    pub(in crate::config) fn new(language: Language, mut list: Vec<Problem>) -> Self {
        list.sort_by(|left, right| left.place.cmp(&right.place));
        list.dedup();
        Self { language, list }
    }

    /// Returns the language that the configuration chose.
    pub const fn language(&self) -> Language {
        self.language
    }

    /// Walks the problems in the order of files and positions.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.list.iter()
    }

    /// Says whether any of them makes the configuration unusable.
    pub(in crate::config) fn has_errors(&self) -> bool {
        self.list.iter().any(|problem| !problem.warning)
    }

    /// Hands out the list.
    pub(in crate::config) fn into_list(self) -> Vec<Problem> {
        self.list
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.list.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{}", problem.line(self.language))?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
