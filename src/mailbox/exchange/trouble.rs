//! Pure: which answers of a server say something of the mailbox as a whole, and what (notes.md §3.2 and §3.3 no. 28).

use crate::cloud::is_exchange_online;
use crate::ews::{EwsError, Refusal, ReplyError, ResponseCode};
use crate::mailbox::{MailboxError, MailboxErrorKind, Stage, Trouble};
use crate::reason::Advice;

/// Why a mailbox is left alone for the rest of the run.
#[derive(Debug)]
pub(super) struct Parked {
    kind: MailboxErrorKind,
    stage: Stage,
    trouble: Trouble,
    text: String,
    hint: Option<Advice>,
}

impl Parked {
    /// Keeps what is needed to say it again.
    pub(super) fn of(error: &MailboxError) -> Self {
        let MailboxError { kind, stage, trouble, text, hint, .. } = error;
        let (text, hint) = (text.clone(), hint.clone());
        Self { kind: *kind, stage: *stage, trouble: *trouble, text, hint }
    }

    /// Says it again. Nothing was sent this time.
    pub(super) fn again(&self) -> MailboxError {
        MailboxError {
            kind: self.kind,
            stage: self.stage,
            trouble: self.trouble,
            text: self.text.clone(),
            hint: self.hint.clone(),
            ambiguous: false,
            source: None,
        }
    }
}

/// Says what the error of a whole request tells of the mailbox.
pub(super) fn of_error(error: &EwsError) -> Trouble {
    match error {
        EwsError::LoginRefused { .. } => Trouble::Login,
        EwsError::AccountBlocked { status: 440 } => Trouble::Foreign,
        EwsError::AccountBlocked { .. } => Trouble::LoginLocked,
        EwsError::Redirected { location } if is_online(location) => Trouble::Elsewhere,
        EwsError::Redirected { .. } | EwsError::Reply(ReplyError::NotSoap { .. }) => {
            Trouble::Foreign
        }
        // Blocked programs and mailboxes without EWS are told so by IIS, not by EWS.
        EwsError::Status { status: 403, .. } => Trouble::Policy,
        EwsError::Status { status: 507, .. } => Trouble::Full,
        EwsError::Unavailable { .. } | EwsError::Resting { .. } => Trouble::Busy,
        EwsError::Fault(fault) => of_code(&fault.code),
        _ => Trouble::Unnamed,
    }
}

/// Says what the server's "no" to an item, a folder or a page tells of the mailbox.
pub(super) fn of_refusal(refusal: &Refusal) -> Trouble {
    of_code(&refusal.code)
}

/// Says what a code tells of the mailbox.
pub(super) fn of_code(code: &ResponseCode) -> Trouble {
    match code {
        ResponseCode::ErrorNonExistentMailbox
        | ResponseCode::ErrorCannotFindUser
        | ResponseCode::ErrorNonPrimarySmtpAddress => Trouble::Missing,
        ResponseCode::ErrorProxyRequestNotAllowed
        | ResponseCode::ErrorProxyServiceDiscoveryFailed
        | ResponseCode::ErrorNoApplicableProxyCASServersAvailable
        | ResponseCode::ErrorServiceDiscoveryFailed
        | ResponseCode::ErrorCrossSiteRequest => Trouble::Elsewhere,
        ResponseCode::ErrorPasswordExpired | ResponseCode::ErrorPasswordChangeRequired => {
            Trouble::Login
        }
        ResponseCode::ErrorMailboxMoveInProgress
        | ResponseCode::ErrorMailboxStoreUnavailable
        | ResponseCode::ErrorMailboxFailover => Trouble::InTransit,
        ResponseCode::ErrorAccountDisabled => Trouble::Locked,
        ResponseCode::ErrorQuotaExceeded
        | ResponseCode::ErrorMessagePerFolderCountReceiveQuotaExceeded => Trouble::Full,
        ResponseCode::ErrorUserNotAllowedByPolicy
        | ResponseCode::ErrorOrganizationAccessBlocked => Trouble::Policy,
        ResponseCode::ErrorImpersonateUserDenied
        | ResponseCode::ErrorImpersonationDenied
        | ResponseCode::ErrorImpersonationFailed => Trouble::Impersonation,
        ResponseCode::ErrorAccessDenied
        | ResponseCode::ErrorCreateItemAccessDenied
        | ResponseCode::ErrorDeleteItemAccessDenied => Trouble::Rights,
        code if code.asks_for_less() => Trouble::Busy,
        _ => Trouble::Unnamed,
    }
}

/// A hybrid server sends people there whose mailbox has moved.
fn is_online(location: &str) -> bool {
    let host = location.split_once("://").map_or(location, |(_, rest)| rest);
    is_exchange_online(host.split(['/', '?', ':']).next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::{is_online, of_code, of_error};
    use crate::ews::{EwsError, ReplyError, ResponseCode};
    use crate::mailbox::Trouble;

    #[test]
    fn quirk_28_codes_about_the_mailbox_have_a_name_each() {
        // notes.md §3.3 no. 28; what the codes mean: ResponseCodeType of the schema of Exchange SE.
        for (code, trouble) in [
            ("ErrorNonExistentMailbox", Trouble::Missing),
            ("ErrorCannotFindUser", Trouble::Missing),
            ("ErrorProxyServiceDiscoveryFailed", Trouble::Elsewhere),
            ("ErrorServiceDiscoveryFailed", Trouble::Elsewhere),
            ("ErrorCrossSiteRequest", Trouble::Elsewhere),
            ("ErrorPasswordExpired", Trouble::Login),
            ("ErrorPasswordChangeRequired", Trouble::Login),
            ("ErrorMailboxMoveInProgress", Trouble::InTransit),
            ("ErrorMailboxStoreUnavailable", Trouble::InTransit),
            ("ErrorAccountDisabled", Trouble::Locked),
            ("ErrorQuotaExceeded", Trouble::Full),
            ("ErrorUserNotAllowedByPolicy", Trouble::Policy),
            ("ErrorImpersonateUserDenied", Trouble::Impersonation),
            ("ErrorAccessDenied", Trouble::Rights),
            ("ErrorServerBusy", Trouble::Busy),
            ("ErrorItemNotFound", Trouble::Unnamed),
            ("ErrorFromTheFuture", Trouble::Unnamed),
        ] {
            assert_eq!(of_code(&ResponseCode::parse(code)), trouble, "{code}");
        }
    }

    #[test]
    fn quirk_03_what_is_no_ews_answer_has_a_name_too() {
        let status = |status| EwsError::Status { status, excerpt: String::new() };
        let redirected = |to: &str| EwsError::Redirected { location: to.to_owned() };
        for (error, trouble) in [
            (EwsError::LoginRefused { offers: Vec::new() }, Trouble::Login),
            (EwsError::AccountBlocked { status: 456 }, Trouble::LoginLocked),
            (EwsError::AccountBlocked { status: 500 }, Trouble::LoginLocked),
            (EwsError::AccountBlocked { status: 440 }, Trouble::Foreign),
            (redirected("https://proxy.firma.example/internalsite/"), Trouble::Foreign),
            (redirected("https://outlook.office365.com/EWS/Exchange.asmx"), Trouble::Elsewhere),
            (redirected("https://outlook.office365.us/EWS/Exchange.asmx"), Trouble::Elsewhere),
            (redirected("https://partner.outlook.cn/EWS/Exchange.asmx"), Trouble::Elsewhere),
            (ReplyError::NotSoap { found: "<html".to_owned() }.into(), Trouble::Foreign),
            (EwsError::Unavailable { status: 503, retry_after: None }, Trouble::Busy),
            (status(403), Trouble::Policy),
            (status(507), Trouble::Full),
            (EwsError::RequestTooLarge, Trouble::Unnamed),
        ] {
            assert_eq!(of_error(&error), trouble, "{error}");
        }
        assert!(!is_online("https://outlook.com.firma.example/"), "only the host's end counts");
    }
}
