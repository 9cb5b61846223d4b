//! Shell: prints one JSON document.

use std::io;

use serde::Serialize;

use crate::cli::say;
use crate::failure::{Exit, Failure};

/// Prints the document to standard output, indented so that people can read it too. A long one is never there as a whole text.
pub(super) fn print(document: &impl Serialize) -> Result<(), Failure> {
    let mut defect = None;
    say::long(|stdout| match serde_json::to_writer_pretty(&mut *stdout, document) {
        Err(error) if !error.is_io() => {
            defect = Some(error);
            Ok(())
        }
        written => written.map_err(io::Error::from).and_then(|()| writeln!(stdout)),
    });
    defect.map_or(Ok(()), |error| Err(Failure::new(Exit::Internal, error)))
}
