//! Shell: prints one JSON document.

use serde::Serialize;

use crate::cli::say;
use crate::failure::{Exit, Failure};

/// Prints the document to standard output, indented so that people can read it too.
pub(super) fn print(document: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(document)
        .map_err(|error| Failure::new(Exit::Internal, error))?;
    say::line!("{text}");
    Ok(())
}
