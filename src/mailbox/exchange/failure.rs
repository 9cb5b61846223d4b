//! Pure: errors of EWS, in the words of the seam.

use std::time::Duration;

use crate::ews::transport::{Offer, Trace};
use crate::ews::{
    ConnectError, ErrorKind, EwsError, Refusal, ReplyError, ResponseCode, TlsProblem,
};
use crate::mailbox::exchange::{hints, trouble};
use crate::mailbox::{InRequest, ItemError, MailboxError, MailboxErrorKind, Stage, Trouble, Wrote};

/// How long the engine should leave a mailbox alone when nobody says.
pub(super) const A_WHILE: Duration = Duration::from_mins(1);

/// What an error that passes says of the pause before the next attempt. The greater one holds for several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wish {
    /// Nothing: how long is for us to say, and it concerns nobody else.
    #[default]
    Unsaid,
    /// Nothing was sent, because the budget rests for so long already.
    Resting(Duration),
    /// The server wants to be left alone for the budget, for so long at least; zero where it did not say for how long.
    Alone(Duration),
}

impl Wish {
    /// Returns the time that was named; zero where none was.
    pub(super) fn time(self) -> Duration {
        match self {
            Self::Unsaid => Duration::ZERO,
            Self::Resting(time) | Self::Alone(time) => time,
        }
    }
}

/// Returns what an error wishes, where it is one that passes.
pub(super) fn passes(error: &EwsError) -> Option<Wish> {
    match error {
        EwsError::Resting { left } => Some(Wish::Resting(*left)),
        EwsError::Fault(fault) => wish(error.kind(), Some(&fault.code)),
        _ => wish(error.kind(), None),
    }
}

/// Returns what the "no" to an item, a folder or a page wishes, where it is one that passes.
pub(super) fn refusal_passes(refusal: &Refusal) -> Option<Wish> {
    wish(refusal.kind(), Some(&refusal.code))
}

/// A server that is busy wants to be left alone, whether it says for how long or not (notes.md §3.2 no. 16); other codes do where they
/// name a time, which is zero where the connections are too many (no. 17).
fn wish(kind: ErrorKind, code: Option<&ResponseCode>) -> Option<Wish> {
    let ErrorKind::Transient { retry_after } = kind else { return None };
    Some(match retry_after.filter(|time| !time.is_zero()) {
        Some(time) => Wish::Alone(time),
        None if code == Some(&ResponseCode::ErrorServerBusy) => Wish::Alone(Duration::ZERO),
        None => Wish::Unsaid,
    })
}

/// Lets the engine leave a mailbox alone for no less than the pause that would be next here: its own attempts go on where ours ended.
pub(super) fn after(error: MailboxError, pause: Duration) -> MailboxError {
    match error.kind {
        MailboxErrorKind::Transient(time) => {
            MailboxError { kind: MailboxErrorKind::Transient(time.max(pause)), ..error }
        }
        _ => error,
    }
}

/// Turns a failed call into the seam's error. Never called with `Ok`; a success that lacks what it should bring is malformed.
pub(super) fn of_call(outcome: Result<(), EwsError>, stage: Stage) -> MailboxError {
    match outcome {
        Err(error) => of_error(error, stage),
        Ok(()) => MailboxError {
            kind: MailboxErrorKind::Malformed,
            stage,
            trouble: Trouble::Unnamed,
            text: "the server's answer lacks what was asked for".to_owned(),
            hint: None,
            ambiguous: false,
            source: None,
        },
    }
}

/// A front end that has no server behind it, or has had enough, says so before it asks for a login: the address is right, and the
/// schemes are not known.
pub(super) fn of_offer(offer: Option<&Offer>) -> Option<EwsError> {
    match offer?.status {
        status @ (429 | 502..=504) => Some(EwsError::Unavailable { status, retry_after: None }),
        _ => None,
    }
}

/// Turns an error of EWS into the seam's.
pub(super) fn of_error(error: EwsError, stage: Stage) -> MailboxError {
    let (kind, at) = match &error {
        EwsError::Connect(connect) => (connect_kind(connect), connect_stage(connect)),
        EwsError::LoginRefused { .. } | EwsError::AccountBlocked { .. } => {
            (MailboxErrorKind::Denied, Stage::Login)
        }
        EwsError::Login(_) => (kind_of(error.kind()), Stage::Login),
        EwsError::Redirected { .. } | EwsError::Reply(ReplyError::NotSoap { .. }) => {
            (kind_of(error.kind()), Stage::Network)
        }
        EwsError::Fault(fault) => (kind_of(error.kind()), stage_of(&fault.code, stage)),
        _ => (kind_of(error.kind()), stage),
    };
    // Where and why a connection failed is the news; that the server was not reached follows from it.
    let (text, chained) = match &error {
        EwsError::Connect(connect) => (connect.to_string(), false),
        _ => (error.to_string(), std::error::Error::source(&error).is_some()),
    };
    MailboxError {
        kind,
        stage: at,
        trouble: trouble::of_error(&error),
        text,
        hint: hints::of_error(&error),
        ambiguous: error.ambiguous(),
        source: chained.then(|| error.into()),
    }
}

/// Says in an error by what an administrator finds its request in the logs of the server.
pub(super) fn traced(error: MailboxError, trace: Option<Trace>) -> MailboxError {
    match trace {
        Some(trace) => {
            let request = InRequest { request: trace.to_string(), cause: error.source };
            let source = Some(Box::new(request) as _);
            MailboxError { source, ..error }
        }
        None => error,
    }
}

/// Turns the server's "no" to a folder or a page into the seam's error.
pub(super) fn of_refusal(refusal: &Refusal, stage: Stage) -> MailboxError {
    MailboxError {
        kind: kind_of(refusal.kind()),
        stage: stage_of(&refusal.code, stage),
        trouble: trouble::of_refusal(refusal),
        text: refusal.to_string(),
        hint: hints::of_code(&refusal.code),
        ambiguous: refusal.ambiguous(),
        source: None,
    }
}

/// Codes for "something went wrong here" without a word of what, and those that nobody here knows. They pass, or they come back
/// for ever because of one damaged item (notes.md §3.3), so that nobody else is made to wait for them.
pub(super) const fn may_be_the_item(code: &ResponseCode) -> bool {
    matches!(
        code,
        ResponseCode::ErrorInternalServerError
            | ResponseCode::ErrorInternalServerTransientError
            | ResponseCode::ErrorDataSourceOperation
            | ResponseCode::Other(_)
    )
}

/// Turns the server's "no" to the reading of an item into the seam's error; `None` where it passes.
pub(super) fn of_read(refusal: &Refusal) -> Option<ItemError> {
    let code = refusal.code.to_string();
    match refusal.kind() {
        _ if may_be_the_item(&refusal.code) => Some(ItemError::Unreadable(code)),
        ErrorKind::Transient { .. } => None,
        ErrorKind::Gone => Some(ItemError::Gone),
        ErrorKind::Denied => Some(ItemError::Denied(code)),
        _ => Some(ItemError::Unreadable(code)),
    }
}

/// What becomes of a write to which the server said "no".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It is settled.
    Settled(Wrote),
    /// Nothing was done and it may be tried again.
    Again(Wish),
}

/// Turns the server's "no" to a write into an answer. `repeatable` is false for creates: there, whatever may have been done
/// all the same is unanswered and never repeated (invariant 1).
pub(super) fn of_write(refusal: &Refusal, repeatable: bool, creates: bool) -> Answer {
    let code = || refusal.code.to_string();
    let text = || refusal.text.clone().unwrap_or_default();
    Answer::Settled(match refusal.kind() {
        ErrorKind::Transient { .. } if refusal.ambiguous() && !repeatable => Wrote::Unanswered,
        // Another run may find the server in a better mood; the other items go on.
        ErrorKind::Transient { .. } if may_be_the_item(&refusal.code) => {
            Wrote::Later(Duration::ZERO)
        }
        ErrorKind::Transient { .. } => {
            return Answer::Again(refusal_passes(refusal).unwrap_or_default());
        }
        ErrorKind::Conflict => Wrote::Conflict,
        // A create is told so of its folder.
        ErrorKind::Gone if creates => Wrote::Refused { code: code(), text: text() },
        ErrorKind::Gone => Wrote::Gone,
        ErrorKind::Denied if refusal.code != ResponseCode::ErrorQuotaExceeded => {
            Wrote::Denied(code())
        }
        _ => Wrote::Refused { code: code(), text: text() },
    })
}

fn kind_of(kind: ErrorKind) -> MailboxErrorKind {
    match kind {
        ErrorKind::Transient { retry_after } => {
            MailboxErrorKind::Transient(retry_after.unwrap_or(A_WHILE))
        }
        ErrorKind::Gone => MailboxErrorKind::Gone,
        ErrorKind::Denied => MailboxErrorKind::Denied,
        ErrorKind::Unsupported => MailboxErrorKind::Unsupported,
        // A conflict about a whole request has no meaning of its own.
        ErrorKind::Conflict | ErrorKind::Malformed => MailboxErrorKind::Malformed,
    }
}

const fn connect_kind(error: &ConnectError) -> MailboxErrorKind {
    match error {
        // What the configuration says cannot work; the server was not even tried.
        ConnectError::Roots { .. } | ConnectError::Url { .. } | ConnectError::Login { .. } => {
            MailboxErrorKind::Malformed
        }
        _ => MailboxErrorKind::Unreachable,
    }
}

fn connect_stage(error: &ConnectError) -> Stage {
    let of_certificate = |problem: &TlsProblem| {
        matches!(
            problem,
            TlsProblem::Expired { .. }
                | TlsProblem::UnknownIssuer
                | TlsProblem::WrongName { .. }
                | TlsProblem::BadCertificate { .. }
                | TlsProblem::NotPinned
        )
    };
    match error.stage() {
        _ if matches!(error, ConnectError::Tls { problem, .. } if of_certificate(problem)) => {
            Stage::Certificate
        }
        "dns" => Stage::Dns,
        "tls" => Stage::Tls,
        "login" => Stage::Login,
        _ => Stage::Network,
    }
}

/// Codes that speak of the mailbox as a whole, wherever they come.
const fn is_about_mailbox(code: &ResponseCode) -> bool {
    matches!(
        code,
        ResponseCode::ErrorImpersonateUserDenied
            | ResponseCode::ErrorImpersonationDenied
            | ResponseCode::ErrorImpersonationFailed
            | ResponseCode::ErrorNonExistentMailbox
            | ResponseCode::ErrorCannotFindUser
            | ResponseCode::ErrorAccountDisabled
            | ResponseCode::ErrorMailboxConfiguration
            | ResponseCode::ErrorNonPrimarySmtpAddress
            | ResponseCode::ErrorMailboxMoveInProgress
            | ResponseCode::ErrorMailboxStoreUnavailable
    )
}

const fn stage_of(code: &ResponseCode, stage: Stage) -> Stage {
    match code {
        ResponseCode::ErrorPasswordExpired | ResponseCode::ErrorPasswordChangeRequired => {
            Stage::Login
        }
        code if is_about_mailbox(code) => Stage::Mailbox,
        _ => stage,
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, Wish, of_error, of_offer, of_read, of_write};
    use crate::ews::transport::Offer;
    use crate::ews::{ConnectError, EwsError, Fault, Refusal, ResponseCode};
    use crate::mailbox::{ItemError, MailboxErrorKind, Stage, Wrote};
    use std::time::Duration;

    fn refusal(code: &str) -> Refusal {
        // As a Chinese server says of everything: "The mailbox is full." Only codes decide.
        let text = Some(CHINESE.to_owned());
        Refusal { code: ResponseCode::parse(code), text, details: Vec::new() }
    }

    const CHINESE: &str = "邮箱已满。";

    #[test]
    fn quirk_27_writes_are_answered_by_code_in_whatever_language() {
        let update = |code: &str| of_write(&refusal(code), true, false);
        let create = |code: &str| of_write(&refusal(code), false, true);
        assert_eq!(update("ErrorIrresolvableConflict"), Answer::Settled(Wrote::Conflict));
        assert_eq!(update("ErrorItemNotFound"), Answer::Settled(Wrote::Gone));
        let denied = Wrote::Denied("ErrorAccessDenied".to_owned());
        assert_eq!(update("ErrorAccessDenied"), Answer::Settled(denied));
        let alone = Answer::Again(Wish::Alone(Duration::ZERO));
        assert_eq!(update("ErrorServerBusy"), alone);
        let unsaid = Answer::Again(Wish::Unsaid);
        assert_eq!(update("ErrorTimeoutExpired"), unsaid, "the version protects it");
        for code in ["ErrorQuotaExceeded", "ErrorMessageSizeExceeded", "ErrorFromTheFuture"] {
            let refused = Wrote::Refused { code: code.to_owned(), text: CHINESE.to_owned() };
            assert_eq!(update(code), Answer::Settled(refused));
        }
        let later = Answer::Settled(Wrote::Later(Duration::ZERO));
        assert_eq!(update("ErrorInternalServerError"), later, "it may be the item");
        assert_eq!(create("ErrorServerBusy"), alone);
        assert_eq!(create("ErrorBatchProcessingStopped"), unsaid);
        assert_eq!(
            create("ErrorTimeoutExpired"),
            Answer::Settled(Wrote::Unanswered),
            "invariant 1"
        );
        assert!(matches!(create("ErrorFolderNotFound"), Answer::Settled(Wrote::Refused { .. })));
    }

    #[test]
    fn reads_are_answered_by_code() {
        assert_eq!(of_read(&refusal("ErrorItemNotFound")), Some(ItemError::Gone));
        let corrupt = ItemError::Unreadable("ErrorItemCorrupt".to_owned());
        assert_eq!(of_read(&refusal("ErrorItemCorrupt")), Some(corrupt));
        assert_eq!(of_read(&refusal("ErrorServerBusy")), None);
        assert!(of_read(&refusal("ErrorInternalServerError")).is_some(), "it may be the item");
    }

    #[test]
    fn quirk_03_a_front_end_without_a_server_behind_it_is_down_and_no_wrong_address() {
        let offer = |status| Offer { status, schemes: Vec::new(), location: None };
        for status in [429, 502, 503, 504] {
            let error = of_error(of_offer(Some(&offer(status))).unwrap(), Stage::Network);
            assert_eq!(error.stage, Stage::Network, "{status}");
            assert!(error.text.contains(&status.to_string()) && error.hint.is_some(), "{error}");
        }
        for status in [200, 302, 401, 404, 500] {
            assert!(of_offer(Some(&offer(status))).is_none(), "{status}");
        }
    }

    #[test]
    fn check_learns_the_stage_and_the_next_step() {
        let host = "mail.firma.example".to_owned();
        let name = ConnectError::Name { host, problem: "no such host".to_owned() };
        let error = of_error(EwsError::Connect(name), Stage::Mailbox);
        assert_eq!((error.kind, error.stage), (MailboxErrorKind::Unreachable, Stage::Dns));
        assert!(!error.ambiguous);
        assert!(error.text.contains("mail.firma.example") && error.text.contains("check the URL"));
        let error = of_error(EwsError::LoginRefused { offers: Vec::new() }, Stage::Mailbox);
        assert_eq!((error.kind, error.stage), (MailboxErrorKind::Denied, Stage::Login));
        assert!(error.hint.is_some());
        let error =
            of_error(EwsError::LoginRefused { offers: vec!["NTLM".into()] }, Stage::Mailbox);
        assert!(
            error.hint.is_some_and(|hint| hint.english().contains("`cbt`")),
            "it may be the binding"
        );
        let code = ResponseCode::ErrorImpersonateUserDenied;
        let fault = EwsError::Fault(Fault { code, text: None, details: Vec::new() });
        let error = of_error(fault, Stage::Item);
        assert_eq!((error.kind, error.stage), (MailboxErrorKind::Denied, Stage::Mailbox));
        let lost = of_error(EwsError::TimedOut { waited: Duration::from_secs(9) }, Stage::Item);
        assert!(lost.ambiguous && matches!(lost.kind, MailboxErrorKind::Transient(_)));
    }
}
