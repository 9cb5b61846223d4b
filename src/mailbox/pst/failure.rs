//! Pure: errors of the file in the words of the seam.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use crate::mailbox::{ItemError, MailboxError, MailboxErrorKind, Stage, Trouble, Wrote};
use crate::pst::PstError;
use crate::pst::ndb::write::WriteError;

/// How long another program may need the file before it is worth another try.
const IN_USE: Duration = Duration::from_secs(30);

const CLOSE: &str = "close it there, then run again";

/// Turns what went wrong with reading into an error of the mailbox.
#[expect(clippy::needless_pass_by_value, reason = "`map_err` gives it away")]
pub(super) fn read(error: PstError) -> MailboxError {
    let (kind, hint) = match &error {
        PstError::InUse => (MailboxErrorKind::Transient(IN_USE), CLOSE),
        PstError::Unopened { .. } => (
            MailboxErrorKind::Unreachable,
            "is the path right, and may this account read the file?",
        ),
        _ => (
            MailboxErrorKind::Malformed,
            "`abgleich pst check` says what else is wrong with the file; a copy from before is the surest help",
        ),
    };
    MailboxError {
        kind,
        stage: Stage::Mailbox,
        trouble: Trouble::Unnamed,
        text: chain(&error),
        hint: Some(hint.to_owned()),
        ambiguous: false,
        source: None,
    }
}

/// Turns what went wrong with opening or writing into an error of the mailbox.
#[expect(clippy::needless_pass_by_value, reason = "`map_err` gives it away")]
pub(super) fn write(error: WriteError) -> MailboxError {
    let cause = if let WriteError::Shared(cause) = &error { cause } else { &error };
    let (kind, hint) = match cause {
        WriteError::InUse { .. } => (MailboxErrorKind::Transient(IN_USE), Some(CLOSE)),
        WriteError::NetworkShare { .. } => {
            let hint = "move the file to a local disk; where that cannot be, `pst_on_share = true` beside `pst` in the \
                configuration writes it all the same, at the risk that a broken connection leaves the file damaged";
            (MailboxErrorKind::Unsupported, Some(hint))
        }
        WriteError::ReadOnlyKind { .. } => (
            MailboxErrorKind::Unsupported,
            Some("export it from Outlook into a new Outlook data file (.pst), and name that one"),
        ),
        WriteError::Protected => (
            MailboxErrorKind::Denied,
            Some(
                "`pst_with_password = true` beside `pst` in the configuration allows it (such a password is a checksum in \
                 the file and encrypts nothing), or take the password off in Outlook (File, Account Settings, Data Files)",
            ),
        ),
        WriteError::Inconsistent { .. } | WriteError::Uncounted { .. } | WriteError::Pst(_) => (
            MailboxErrorKind::Malformed,
            Some(
                "`abgleich pst check` says what is wrong, `abgleich pst repair` makes a mended copy",
            ),
        ),
        WriteError::RescueDiffers { .. } => (
            MailboxErrorKind::Malformed,
            Some("take the file from a backup, with the record beside it from the same moment"),
        ),
        WriteError::TooLong { .. } => (
            MailboxErrorKind::Unsupported,
            Some(
                "make room with `abgleich pst compact`, begin a new file, or allow more with `pst_max_gb` beside `pst` in \
                 the configuration",
            ),
        ),
        WriteError::DiskFull { .. } => {
            (MailboxErrorKind::Unreachable, Some("make room on the disk, then run again"))
        }
        WriteError::Reopen { .. } | WriteError::Unknown { .. } | WriteError::MustReopen => {
            (MailboxErrorKind::Unreachable, Some("run again; the file is mended when it is opened"))
        }
        WriteError::NotAllowed { .. } | WriteError::NoMoreIds { .. } => (
            MailboxErrorKind::Unsupported,
            Some("let Outlook make a new data file and copy everything into it, and name that one"),
        ),
        WriteError::Exists { .. }
        | WriteError::InTheWay { .. }
        | WriteError::Shared(_)
        | WriteError::Unlike { .. }
        | WriteError::Beside { .. } => (MailboxErrorKind::Unreachable, None),
    };
    MailboxError {
        kind,
        stage: Stage::Mailbox,
        trouble: Trouble::Unnamed,
        text: chain(&error),
        hint: hint.map(str::to_owned),
        ambiguous: matches!(error, WriteError::Unknown { .. }),
        source: None,
    }
}

/// Returns the answer to a single write where what went wrong concerns its item alone; `None` where it concerns more.
pub(super) fn of_one(error: &WriteError) -> Option<Wrote> {
    match error {
        WriteError::Pst(PstError::Io { .. }) => None,
        WriteError::Pst(_) | WriteError::Uncounted { .. } => Some(Wrote::Unreadable(chain(error))),
        WriteError::NotAllowed { .. } => {
            Some(Wrote::Refused { code: "pst-format".to_owned(), text: chain(error) })
        }
        _ => None,
    }
}

/// Tells an error with all that lies beneath it.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text = format!("{text}: {error}");
        next = error.source();
    }
    text
}

/// Turns what went wrong with one item into its error. What cannot be read is never taken for absent.
pub(super) fn item(error: &PstError) -> ItemError {
    ItemError::Unreadable(error.to_string())
}

/// The file was closed by an error before.
pub(super) fn closed() -> MailboxError {
    write(WriteError::MustReopen)
}

/// A file that was there and is not.
pub(super) fn missing(path: &Path) -> MailboxError {
    MailboxError {
        kind: MailboxErrorKind::Unreachable,
        stage: Stage::Mailbox,
        trouble: Trouble::Unnamed,
        text: format!(
            "{} is not there any more, and no other file is made in its place",
            path.display()
        ),
        hint: Some(format!(
            "put the file back; if a new one is to begin under its name, `abgleich pst create {}` makes it, and \
             `abgleich rebind USER` says that it is the right one",
            path.display()
        )),
        ambiguous: false,
        source: None,
    }
}

/// A folder that is not there.
pub(super) fn no_folder(folder: &str) -> MailboxError {
    MailboxError {
        kind: MailboxErrorKind::Gone,
        stage: Stage::Folder,
        trouble: Trouble::Unnamed,
        text: format!("the file has no folder {folder}"),
        hint: None,
        ambiguous: false,
        source: None,
    }
}
