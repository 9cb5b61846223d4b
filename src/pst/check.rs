//! Checks a whole file (effect): every rule of the format that a writer can break, from the pages up to the items.
//!
//! It reads through the reader and shares nothing with the writer. What breaks a rule is a [`Finding`], and the check goes on:
//! one broken item hides none of the others. What Outlook itself leaves in good files (room that belongs to nobody, counts of
//! old versions) is a note.

mod folders;
mod heaps;
mod items;
mod lists;
mod names;
mod report;
mod rows;
mod space;
mod tables;
mod trees;

use std::path::Path;

use crate::pst::error::PstError;
use crate::pst::medium::Medium;
use crate::pst::messaging::Store;
use crate::pst::ndb::Ndb;

pub use report::{Finding, Report, Weight};

/// Checks the file at a path.
///
/// # Errors
///
/// Only where the file cannot be opened at all: it cannot be read, or is none.
pub fn check(path: &Path) -> Result<Report, PstError> {
    let file =
        std::fs::File::open(path).map_err(|error| PstError::io("open the file", 0, error))?;
    check_medium(Medium::File(file))
}

/// Checks a file in a medium.
///
/// # Errors
///
/// As [`check`].
pub fn check_medium(medium: Medium) -> Result<Report, PstError> {
    let ndb = Ndb::open(medium)?;
    let mut report = Report::default();
    let found = trees::check(&ndb, &mut report);
    space::check(&ndb, &found, &mut report)?;
    // What is above cannot be told from what is below when the trees are broken.
    if report.errors() == 0 {
        let store = Store::new(&ndb);
        names::check(&ndb, &mut report);
        tables::check(&store, &found, &mut report);
        folders::check(&store, &mut report);
    }
    Ok(report)
}

#[cfg(test)]
mod tests;
