//! Pure: what an error of SQLite means to the caller.

use abgleich_plugin::messages::{AdapterError, ErrorKind};
use rusqlite::ErrorCode;

/// Turns an error of SQLite into the adapter's.
pub(crate) fn failed(error: &rusqlite::Error) -> AdapterError {
    // Texts of SQLite name tables, columns and constraints, never values.
    let make = |kind, what: &str| AdapterError::new(kind, format!("{what}: {error}"));
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            let mut busy = make(ErrorKind::Busy, "another program holds the database");
            busy.retry_after = Some(2);
            busy
        }
        Some(ErrorCode::OperationInterrupted) => {
            make(ErrorKind::Cancelled, "the query was interrupted")
        }
        Some(
            ErrorCode::ReadOnly
            | ErrorCode::PermissionDenied
            | ErrorCode::AuthorizationForStatementDenied,
        ) => make(ErrorKind::Denied, "the database may not be written")
            .hint("give the account of abgleich the right to write the file and its folder"),
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            make(ErrorKind::Unreachable, "the file is damaged or no SQLite database")
                .hint("check it with: sqlite3 FILE \"pragma integrity_check\"")
        }
        Some(ErrorCode::SystemIoFailure | ErrorCode::DiskFull | ErrorCode::CannotOpen) => {
            make(ErrorKind::Unreachable, "the database cannot be read or written")
                .hint("check the disk and the rights of the file and its folder")
        }
        _ if error.to_string().contains("no such") => {
            make(ErrorKind::Settings, "the database has not the layout that this adapter reads")
                .hint("plugins/sqlite/schema.sql describes it")
        }
        _ => make(ErrorKind::Unreachable, "the database does not answer as it should"),
    }
}
