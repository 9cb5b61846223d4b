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

/// Compares the schema of a document with the one in `docs`. With `ABGLEICH_WRITE_DOCS=1` it is written instead.
#[cfg(test)]
pub(super) fn assert_committed(file: &str, schema: &serde_json::Value) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(file);
    let generated = format!("{}\n", serde_json::to_string_pretty(schema).unwrap());
    if std::env::var_os("ABGLEICH_WRITE_DOCS").is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    assert!(
        committed == generated,
        "docs/{file} is out of date; write it with ABGLEICH_WRITE_DOCS=1 cargo test --bin abgleich schema"
    );
}
