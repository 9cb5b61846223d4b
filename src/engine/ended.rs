//! Pure: why a run over a mailbox ended early, as the report says it: an outcome, and a reason with a name (rule D20).

use crate::engine::report::{Outcome, Stopped};
use crate::engine::session::Stop;
use crate::mailbox::{InRequest, MailboxErrorKind, Trouble};
use crate::reason::{Advice, Code};
use crate::source::SourceErrorKind;

/// Turns the reason for an early end into what the report says.
pub(super) fn explain(stop: Stop) -> (Outcome, Vec<Stopped>) {
    let failed = |code, text: String, hint: Option<Advice>| Stopped {
        code,
        scope: None,
        number: None,
        limit: None,
        examples: Vec::new(),
        text,
        hint,
        request: None,
    };
    match stop {
        Stop::Waits(stops) => (Outcome::Waits, stops),
        Stop::Busy => {
            let text = "another run is at this mailbox".to_owned();
            (Outcome::Busy, vec![failed(Code::MailboxBusy, text, None)])
        }
        Stop::Asked => (Outcome::Interrupted, vec![failed(Code::RunEnded, String::new(), None)]),
        Stop::Entropy => {
            let text = "the operating system gave no random bytes".to_owned();
            (Outcome::Failed, vec![failed(Code::MailboxFailed, text, None)])
        }
        Stop::Mailbox(error) => {
            let outcome = match error.kind {
                MailboxErrorKind::Unreachable => Outcome::Unreachable,
                _ => Outcome::Failed,
            };
            // What has a name has its next step in the catalogue, in both languages.
            let hint = error.hint.clone().filter(|_| error.trouble == Trouble::Unnamed);
            let beneath = error.source.as_deref();
            let request = beneath.and_then(|source| source.downcast_ref::<InRequest>());
            let request = request.map(ToString::to_string);
            let stopped = failed(code_of(error.trouble), chain(&error), hint);
            (outcome, vec![Stopped { request, ..stopped }])
        }
        Stop::Source(error) => {
            let outcome = match error.kind {
                SourceErrorKind::Transient(_) | SourceErrorKind::Unreachable => Outcome::SourceDown,
                // The database answers, and others may have no trouble with it.
                SourceErrorKind::Denied
                | SourceErrorKind::Unsupported
                | SourceErrorKind::Broken => Outcome::Failed,
            };
            let hint = error.hint.clone();
            (outcome, vec![failed(Code::SourceFailed, chain(&error), hint)])
        }
        Stop::State(error) => {
            let outcome = if error.is_of_all() { Outcome::StateFailed } else { Outcome::Failed };
            (outcome, vec![failed(error.code(), chain(&error), None)])
        }
    }
}

/// Returns the name under which a mailbox with a trouble is parked.
const fn code_of(trouble: Trouble) -> Code {
    match trouble {
        Trouble::Unnamed => Code::MailboxFailed,
        Trouble::Missing => Code::MailboxMissing,
        Trouble::Elsewhere => Code::MailboxElsewhere,
        Trouble::InTransit => Code::MailboxInTransit,
        Trouble::Locked => Code::MailboxLocked,
        Trouble::Full => Code::MailboxFull,
        Trouble::Policy => Code::EwsNotAllowed,
        Trouble::Impersonation => Code::ImpersonationRefused,
        Trouble::Rights => Code::RightsMissing,
        Trouble::Login => Code::LoginRefused,
        Trouble::LoginLocked => Code::LoginLocked,
        Trouble::Busy => Code::ServerBusy,
        Trouble::Foreign => Code::NoEwsAnswer,
        Trouble::InUse => Code::FileInUse,
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text.push_str(": ");
        text.push_str(&error.to_string());
        next = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::code_of;
    use crate::mailbox::Trouble;
    use crate::reason::Class;

    #[test]
    fn quirk_28_every_trouble_parks_its_mailbox_under_a_name_of_its_own() {
        let codes: BTreeSet<_> = Trouble::ALL.into_iter().map(code_of).collect();
        assert_eq!(codes.len(), Trouble::ALL.len());
        for code in codes {
            assert_eq!(code.class(), Class::Failed, "{}", code.code());
            assert!(code.next().is_some(), "{}: no next step", code.code());
        }
    }
}
