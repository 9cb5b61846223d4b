//! Shell: the Outlook side of the check: the server, the login, the mailbox, its folders and its clock.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use abgleich::config::{MailboxSettings, Settings, Target};
use abgleich::engine::rules::ClockDifference;
use abgleich::mailbox::{Mailbox, MailboxError};
use abgleich::model::{Direction, ItemKind, Mode};
use jiff::Timestamp;

use crate::cli::check::remark::{Remark, Stage, Words};
use crate::cli::open;
use crate::failure::{Exit, Failure};

/// By how many seconds a clock may be off ours before somebody should know (rule D1).
pub(super) const TOLERATED: i64 = 300;

/// What was seen of a mailbox.
#[derive(Default)]
pub(super) struct Outlook {
    /// Whose it is, as the server's directory says.
    pub(super) owner: Option<String>,
    /// By how much its clock is ahead of ours, in seconds.
    pub(super) clock: Option<i64>,
}

/// The servers, and those that failed for one mailbox in a way that concerns all of them. Their other mailboxes are not tried:
/// a wrong password tried two hundred times locks the account.
pub(super) struct Tried {
    servers: open::Servers,
    failed: Mutex<BTreeMap<String, Remark>>,
}

impl Tried {
    /// Starts with nothing tried.
    pub(super) fn new() -> Result<Self, Failure> {
        Ok(Self { servers: open::Servers::for_people()?, failed: Mutex::default() })
    }

    fn failed(&self, server: &str) -> Option<Remark> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).get(server).cloned()
    }

    fn note(&self, server: &str, remark: &Remark) {
        if matches!(
            remark.stage,
            Stage::Config | Stage::Dns | Stage::Network | Stage::Tls | Stage::Login
        ) {
            let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
            failed.entry(server.to_owned()).or_insert_with(|| remark.clone());
        }
    }
}

/// Opens a mailbox and looks at its folders; writes nothing.
pub(super) fn look(
    settings: &Settings,
    tried: &Tried,
    mailbox: &MailboxSettings,
    words: Words,
    remarks: &mut Vec<Remark>,
) -> Outlook {
    let mut seen = Outlook::default();
    // A file stands for itself; what fails at a server concerns all its mailboxes.
    let server = match &mailbox.target {
        Target::Exchange { server, .. } => server.clone(),
        Target::Pst { path } => path.display().to_string(),
    };
    if let Some(remark) = tried.failed(&server) {
        remarks.push(remark);
        return seen;
    }
    let walked = match tried.servers.mailbox(settings, mailbox, open::Usage::Read) {
        Ok(mut opened) => {
            walk(mailbox, opened.as_mut(), words, &mut seen, remarks).map_err(|error| {
                Remark::error(error.stage.into(), (error.text.clone(), error.hint.clone()))
            })
        }
        Err(failure) => {
            let said = (failure.error.to_string(), failure.hints.first().cloned());
            let usage = failure.kind == Exit::Usage;
            Err(Remark::error(if usage { Stage::Config } else { Stage::Discovery }, said))
        }
    };
    if let Err(remark) = walked {
        tried.note(&server, &remark);
        remarks.push(remark);
    }
    seen
}

fn walk(
    settings: &MailboxSettings,
    mailbox: &mut dyn Mailbox,
    words: Words,
    seen: &mut Outlook,
    remarks: &mut Vec<Remark>,
) -> Result<(), MailboxError> {
    let opened = mailbox.open()?;
    seen.clock =
        opened.clock.map(|clock| match ClockDifference::between(Timestamp::now(), Some(clock)) {
            ClockDifference::Within(difference) => difference.as_secs(),
            ClockDifference::Beyond => seconds_between(Timestamp::now(), clock),
        });
    if let Some(seconds) = seen.clock.filter(|seconds| seconds.abs() > TOLERATED) {
        remarks.push(Remark::warning(Stage::Clock, words.clock("Exchange", seconds)));
    }
    match mailbox.person() {
        Ok(person) => seen.owner = person,
        Err(error) => {
            let said = (words.person_untold(&error.text), error.hint);
            remarks.push(Remark::warning(Stage::Mailbox, said));
        }
    }
    if !opened.sees_private {
        remarks.push(Remark::warning(Stage::Mailbox, words.private_hidden()));
    }
    for scope in settings.scopes.iter().filter(|scope| scope.mode != Mode::None) {
        let path: Vec<String> =
            scope.folder.iter().flat_map(|path| path.split('/')).map(str::to_owned).collect();
        for kind in ItemKind::ALL.into_iter().filter(|kind| kind.switch() == scope.scope.switch) {
            let found = mailbox.folder(kind, &path, false)?;
            let made_later = !path.is_empty() && scope.mode.permits(Direction::ToOutlook);
            if found.is_none() && !made_later {
                remarks.push(Remark::error(
                    Stage::Folder,
                    words.no_folder(kind, scope.folder.as_deref()),
                ));
            }
        }
    }
    Ok(())
}

/// Returns by how many seconds a clock is ahead.
pub(super) fn seconds_between(ours: Timestamp, theirs: Timestamp) -> i64 {
    theirs.as_second() - ours.as_second()
}
