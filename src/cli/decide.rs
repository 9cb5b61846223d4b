//! Shell: what the decisions of people (`link`, `unlink`, `take`, `rebind`) have in common. They change the state only; the next
//! run acts on them.

use abgleich::config::{Language, MailboxSettings, Settings};
use abgleich::engine::decide::{DecideError, Whose};
use abgleich::mailbox::MailboxErrorKind;
use abgleich::reason::Facts;

use crate::cli::open;
use crate::cli::report::one_of;
use crate::cli::say;
use crate::failure::{Exit, Failure};

/// Says whose state a decision is about.
pub(super) fn whose<'a>(settings: &'a Settings, mailbox: &'a MailboxSettings) -> Whose<'a> {
    Whose { folder: &settings.state.folder, tenant: &mailbox.source, user: &mailbox.user }
}

/// Turns a decision that cannot be carried out into a failure of the command.
pub(super) fn failed(mailbox: &MailboxSettings, error: DecideError) -> Failure {
    match error {
        DecideError::Source(error) => open::failed(&mailbox.source, error),
        DecideError::Mailbox(error) => {
            let kind = match error.kind {
                MailboxErrorKind::Unreachable | MailboxErrorKind::Transient(_) => Exit::Down,
                _ => Exit::MailboxFailed,
            };
            let hint = error.hint.clone();
            Failure::new(kind, error)
                .hint_of(hint)
                .hint(format!("`abgleich check --mailbox {}` names the stage", mailbox.user))
        }
        DecideError::Busy => Failure::new(Exit::Busy, error),
        DecideError::State(ref state) => {
            let next = state.code().next().map(|next| next.english(&Facts::default()));
            let kind = if state.is_of_all() { Exit::Down } else { Exit::MailboxFailed };
            Failure::new(kind, error).hint_of(next)
        }
        DecideError::NoSuchRecord(ref record) | DecideError::Linked(ref record) => {
            let hint = format!("`abgleich source show {} {record}` shows the record", mailbox.user);
            Failure::usage(error).hint(hint)
        }
        DecideError::NotLinked(ref record) => {
            let user = &mailbox.user;
            let hint = format!(
                "`abgleich plan --mailbox {user} --explain {record}` says why; `abgleich link {user} {record}` lists items for it"
            );
            Failure::usage(error).hint(hint)
        }
        DecideError::ItemTaken(ref record) => {
            let hint = format!("`abgleich unlink {} {record}` takes them apart", mailbox.user);
            Failure::usage(error).hint(hint)
        }
        DecideError::NeverRan
        | DecideError::NoSuchItem(_)
        | DecideError::Unfit(_)
        | DecideError::SameMailbox => Failure::usage(error),
    }
}

/// Says that a decision was noted, and what acts on it.
pub(super) fn noted(language: Language, mailbox: &MailboxSettings, de: &str, en: &str) {
    let user = &mailbox.user;
    let next = match language {
        Language::German => {
            format!("Der nächste Lauf richtet sich danach: `abgleich sync --mailbox {user}`.")
        }
        Language::English => format!("The next run acts on it: `abgleich sync --mailbox {user}`."),
    };
    say::line!("{}\n{next}", one_of(language, de, en));
}
