//! Shell: the Outlook side of the check where it is a file.

use abgleich::config::{MailboxSettings, Settings};
use abgleich::pst::check::check;

use super::{Entered, Kept, Outlook, Tried, of, refused};
use crate::cli::check::remark::Remark;
use crate::cli::check::stage::{Stage, Walked};
use crate::cli::check::words::Words;
use crate::cli::open;
use crate::cli::pst::place_of_file;

/// Opens a PST file; for writing only where a probe is to write. Whether a run could write it is looked at without writing, and
/// none is made.
pub(super) fn enter_file(
    settings: &Settings,
    tried: &Tried,
    (line, is_known): (&MailboxSettings, bool),
    words: Words,
    seen: &mut Outlook,
    remarks: &mut Vec<Remark>,
) -> Result<Entered, Remark> {
    let access = open::file(settings, line, open::Usage::Write).map_err(|failure| of(&failure))?;
    let is_there = access.as_ref().is_some_and(|access| access.path.exists());
    if let Some(access) = access.filter(|access| access.writes) {
        let concerns = access
            .look()
            .map_err(|error| Remark::error(Stage::Mailbox, (error.text, error.hint)))?;
        for concern in concerns {
            let (text, next) = place_of_file(words.language, &concern);
            remarks.push(Remark::warning(Stage::Mailbox, (text, Some(next))));
        }
        // Whether the file's counts and tables are right takes reading all of it, which is done here and not in each run.
        let report = is_there.then(|| check(&access.path));
        if let Some(Ok(report)) = report
            && let Some(remedy) = report.remedy()
        {
            let said = words.broken_file(&access.path, report.errors(), remedy);
            remarks.push(Remark::warning(Stage::Mailbox, said));
        }
    }
    let usage = if tried.probe && is_there { open::Usage::Write } else { open::Usage::Read };
    let mut mailbox =
        tried.servers.mailbox(settings, line, usage).map_err(|failure| of(&failure))?;
    if is_known {
        mailbox.must_exist();
    }
    let opened = mailbox.open().map_err(|error| refused(&error))?;
    seen.walked.push(if opened.exists {
        Walked::quietly(Stage::Mailbox)
    } else {
        Walked::passed(Stage::Mailbox, words.to_be_made())
    });
    Ok(Entered { mailbox: Kept::InFile(mailbox), opened })
}
