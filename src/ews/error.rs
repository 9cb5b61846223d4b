//! What can go wrong, from the name look-up to one item of a batch (pure).
//!
//! Long because every layer of one call ends here, and the sentences of one situation stand beside its classification.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::ews::auth::LoginError;
use crate::ews::code::ResponseCode;

/// What a caller can do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// Try again later, at the earliest after the time that the server asked for.
    Transient {
        /// How long the server wants to be left alone; `None` when it did not say.
        retry_after: Option<Duration>,
    },
    /// Somebody else changed it: read again and plan again.
    Conflict,
    /// It is not there any more.
    Gone,
    /// The account may not do this.
    Denied,
    /// The server cannot do this; a lower version or another request may help.
    Unsupported,
    /// Repeating it will not help: the request, the item or the answer is not what it should be.
    Malformed,
}

/// The answer "no" to one item, folder or page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub code: ResponseCode,
    /// In words, in the language of the server: for people only.
    pub text: Option<String>,
    /// What `MessageXml` said, as pairs of name and value.
    pub details: Vec<(String, String)>,
}

impl Refusal {
    /// Returns the back-off that the server asked for.
    pub fn back_off(&self) -> Option<Duration> {
        back_off(&self.details, self.text.as_deref())
    }

    /// Returns what the caller can do.
    pub fn kind(&self) -> ErrorKind {
        self.code.kind(self.back_off())
    }

    /// Says whether a write may have been carried out all the same.
    pub fn ambiguous(&self) -> bool {
        self.code.leaves_doubt()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server answered {}", self.code)?;
        match &self.text {
            Some(text) => write!(f, ": {text}"),
            None => Ok(()),
        }
    }
}

impl Error for Refusal {}

/// The answer "no" to a whole request.
///
/// Exchange sends it with status 500 and details; grommunio 3.10 with status 200, the code in
/// `faultcode` and no details.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Why: `detail/ResponseCode`, else what follows the colon of `faultcode`.
    pub code: ResponseCode,
    /// In words: `detail/Message`, else `faultstring`.
    pub text: Option<String>,
    /// What the details said, as pairs of name and value.
    pub details: Vec<(String, String)>,
}

impl Fault {
    /// Returns the back-off that the server asked for.
    pub fn back_off(&self) -> Option<Duration> {
        back_off(&self.details, self.text.as_deref())
    }
}

/// The name of the server's wish to be left alone.
const BACK_OFF: &str = "BackOffMilliseconds";

/// Finds the server's wish to be left alone: as a detail of that name, or within the text of another detail or of the message
/// (seen as `Name: BackOffMilliseconds178510`, mguessan/davmail#161). The word is no translation, so that looking for it is
/// no matching of texts. A value that is no number is no wish.
fn back_off(details: &[(String, String)], text: Option<&str>) -> Option<Duration> {
    let named = details.iter().find(|(name, _)| name == BACK_OFF);
    let value = match named {
        Some((_, value)) => value.trim().parse().ok(),
        None => details.iter().map(|(_, value)| value.as_str()).chain(text).find_map(within),
    };
    value.map(Duration::from_millis)
}

fn within(text: &str) -> Option<u64> {
    let (_, behind) = text.split_once(BACK_OFF)?;
    let digits = behind.trim_start_matches(|character: char| !character.is_ascii_digit());
    // What separates the word from its number is a few characters; a number further on is another.
    let near = behind.len() - digits.len() <= 8;
    let end = digits.find(|character: char| !character.is_ascii_digit()).unwrap_or(digits.len());
    digits.get(..end)?.parse().ok().filter(|_| near)
}

/// Why an answer could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplyError {
    /// The bytes are no XML.
    Syntax {
        /// How many bytes into the answer.
        offset: u64,
        /// What the XML reader says.
        problem: String,
    },
    /// The answer ended before its envelope did.
    Truncated {
        /// How many bytes had arrived.
        offset: u64,
    },
    /// The answer is something else: a login form, an error page.
    NotSoap {
        /// The element it begins with, or the beginning of the text.
        found: String,
    },
    /// A limit was exceeded: of depth, of one token, or of one part.
    TooLarge {
        /// How many bytes into the answer.
        offset: u64,
        /// Which limit.
        limit: &'static str,
    },
    /// The answer has more or fewer messages than were asked for, so that none can be matched.
    Count {
        /// How many were asked for.
        expected: usize,
        /// How many came.
        found: usize,
    },
    /// A message says success and lacks what it should bring.
    Lacks {
        /// Which message, counted from 0.
        message: usize,
        /// What it lacks.
        what: &'static str,
    },
    /// The envelope held neither an answer nor a fault.
    Empty,
}

impl fmt::Display for ReplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { offset, problem } => {
                write!(f, "the answer is not well-formed XML at byte {offset}: {problem}")
            }
            Self::Truncated { offset } => {
                write!(f, "the answer broke off after {offset} bytes")
            }
            Self::NotSoap { found } => write!(
                f,
                "the answer is no EWS answer but begins with '{found}' (a login form or an error \
                 page: check the URL, and whether a proxy stands before the server)"
            ),
            Self::TooLarge { offset, limit } => {
                write!(f, "the answer exceeds the limit of {limit} at byte {offset}")
            }
            Self::Count { expected, found } => write!(
                f,
                "the answer has {found} messages for {expected} requested ones, so that none can be \
                 matched"
            ),
            Self::Lacks { message, what } => {
                write!(f, "message {message} of the answer says success but has no {what}")
            }
            Self::Empty => write!(f, "the envelope of the answer has no answer in it"),
        }
    }
}

impl Error for ReplyError {}

/// Everything that can go wrong with one request.
#[derive(Debug)]
pub enum EwsError {
    /// The server was not reached, or not safely: nothing was sent.
    Connect(ConnectError),
    /// The connection was lost or fell silent after the request had begun to travel.
    Lost {
        /// What the transport says.
        problem: String,
    },
    /// No answer, or no more of it, within the time allowed.
    TimedOut {
        /// How long was waited.
        waited: Duration,
    },
    /// The server refused the login (401).
    LoginRefused {
        /// The schemes that it offers.
        offers: Vec<String>,
    },
    /// The login did not come about for another reason; see [`LoginError`].
    Login(LoginError),
    /// The server wants its login form filled in (440), or the account is locked (456, and others where their page says so).
    AccountBlocked {
        /// The status.
        status: u16,
    },
    /// The server sent us elsewhere (301, 302…), which EWS never does on a healthy path.
    Redirected {
        /// Where to.
        location: String,
    },
    /// The server does not take requests at the moment (429, 503), or a proxy had no answer (502, 504).
    Unavailable {
        /// The status.
        status: u16,
        /// How long the server wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// The server asked to be left alone, so that nothing is sent until then: requests during a
    /// back-off prolong it.
    Resting {
        /// How long it still is.
        left: Duration,
    },
    /// The request is larger than the server takes (413): halve the batch.
    RequestTooLarge,
    /// Any other status that is no success and brings no fault.
    Status {
        /// The status.
        status: u16,
        /// The beginning of the answer, for people.
        excerpt: String,
    },
    /// The server refused the whole request.
    Fault(Fault),
    /// The answer could not be read.
    Reply(ReplyError),
}

impl EwsError {
    /// Returns what the caller can do.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Connect(error) => error.kind(),
            Self::Fault(fault) => fault.code.kind(fault.back_off()),
            Self::Unavailable { retry_after, .. } => {
                ErrorKind::Transient { retry_after: *retry_after }
            }
            Self::Resting { left } => ErrorKind::Transient { retry_after: Some(*left) },
            Self::Lost { .. }
            | Self::TimedOut { .. }
            | Self::Reply(ReplyError::Truncated { .. }) => {
                ErrorKind::Transient { retry_after: None }
            }
            Self::Login(error) if error.passes() => ErrorKind::Transient { retry_after: None },
            Self::LoginRefused { .. }
            | Self::Login(_)
            | Self::AccountBlocked { .. }
            | Self::Status { status: 401 | 403, .. } => ErrorKind::Denied,
            // The error page of Exchange's front end is temporary; a proxy's login page is not.
            Self::Redirected { location } => {
                if location.to_ascii_lowercase().contains("genericerrorpage") {
                    ErrorKind::Transient { retry_after: None }
                } else {
                    ErrorKind::Unsupported
                }
            }
            // An error page of IIS or ASP.NET ("Server Error in '/EWS' Application") comes under load and passes.
            Self::Status { status: 500..=599, .. } => ErrorKind::Transient { retry_after: None },
            Self::RequestTooLarge | Self::Status { .. } | Self::Reply(_) => ErrorKind::Malformed,
        }
    }

    /// Says whether the request may have been led to a server that is not there any more, or serves the mailbox no more.
    pub fn is_led_astray(&self) -> bool {
        match self {
            Self::Unavailable { status: 502..=504, .. } => true,
            Self::Fault(fault) => fault.code.as_str().starts_with("ErrorProxy"),
            _ => false,
        }
    }

    /// Returns the stage that failed, for `check`: those of [`ConnectError::stage`], then `login`,
    /// `http` for what is no EWS answer, and `ews` for what EWS itself said.
    pub fn stage(&self) -> &'static str {
        match self {
            Self::Connect(error) => error.stage(),
            Self::LoginRefused { .. } | Self::AccountBlocked { .. } | Self::Login(_) => "login",
            Self::Lost { .. }
            | Self::TimedOut { .. }
            | Self::Redirected { .. }
            | Self::Unavailable { .. }
            | Self::RequestTooLarge
            | Self::Status { .. }
            | Self::Reply(ReplyError::NotSoap { .. }) => "http",
            Self::Fault(_) | Self::Reply(_) | Self::Resting { .. } => "ews",
        }
    }

    /// Says whether the server may have carried the request out: a write that failed so must be
    /// looked for before it is repeated.
    pub fn ambiguous(&self) -> bool {
        match self {
            Self::Connect(_)
            | Self::LoginRefused { .. }
            | Self::AccountBlocked { .. }
            | Self::Resting { .. }
            | Self::RequestTooLarge
            // A front end that has had enough (429) or refuses (4xx) hands nothing on.
            | Self::Unavailable { status: 429, .. }
            | Self::Status { status: 400..=499, .. } => false,
            Self::Lost { .. }
            | Self::TimedOut { .. }
            | Self::Redirected { .. }
            | Self::Unavailable { .. }
            | Self::Status { .. }
            | Self::Reply(_) => true,
            // The request went along with the ticket, to whoever it was.
            Self::Login(error) => *error == LoginError::NotProven,
            Self::Fault(fault) => fault.code.leaves_doubt(),
        }
    }
}

impl fmt::Display for EwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(_) => write!(f, "the Exchange server was not reached"),
            Self::Lost { problem } => {
                write!(f, "the connection broke before the answer was complete ({problem})")
            }
            Self::TimedOut { waited } => {
                write!(f, "the server did not answer within {} s", waited.as_secs())
            }
            Self::LoginRefused { offers } => write!(
                f,
                "the server refused the login (status 401); it offers {}",
                if offers.is_empty() { "no scheme".to_owned() } else { offers.join(", ") }
            ),
            Self::AccountBlocked { status: 440 } => {
                write!(f, "the server asks for its login form (status 440); check the URL")
            }
            Self::AccountBlocked { status } => {
                write!(
                    f,
                    "the account is locked (status {status}); unlock it before the next attempt"
                )
            }
            Self::Redirected { location } => {
                write!(f, "the server redirects to '{location}'; check the URL and proxies")
            }
            Self::Unavailable { status, .. } => {
                write!(f, "the server takes no requests at the moment (status {status})")
            }
            Self::Resting { left } => {
                let seconds = left.as_millis().div_ceil(1000);
                write!(f, "the server is busy and asked to be left alone, {seconds} s more")
            }
            Self::RequestTooLarge => {
                write!(f, "the request is larger than the server takes (status 413)")
            }
            Self::Status { status, excerpt } => {
                write!(f, "the server answered with status {status}: {excerpt}")
            }
            Self::Fault(fault) => {
                write!(f, "the server refused the request with {}", fault.code)?;
                fault.text.as_ref().map_or(Ok(()), |text| write!(f, ": {text}"))
            }
            Self::Login(error) => error.fmt(f),
            Self::Reply(_) => write!(f, "the answer of the server could not be read"),
        }
    }
}

impl Error for EwsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Connect(error) => Some(error),
            Self::Reply(error) => Some(error),
            _ => None,
        }
    }
}

impl From<ReplyError> for EwsError {
    fn from(error: ReplyError) -> Self {
        Self::Reply(error)
    }
}

impl From<LoginError> for EwsError {
    fn from(error: LoginError) -> Self {
        Self::Login(error)
    }
}

impl From<ConnectError> for EwsError {
    fn from(error: ConnectError) -> Self {
        Self::Connect(error)
    }
}

/// Why the server was not reached, by the stage that failed. Nothing was sent in any of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConnectError {
    /// The name has no address.
    Name {
        /// The host as configured.
        host: String,
        /// What the resolver says.
        problem: String,
    },
    /// Nobody takes the connection.
    Tcp {
        /// Host and port.
        authority: String,
        /// What the system says.
        problem: String,
    },
    /// The proxy does not lead to the server.
    Proxy {
        /// Host and port of the proxy.
        proxy: String,
        /// Why.
        problem: ProxyProblem,
    },
    /// The connection is not safe.
    Tls {
        /// Host and port.
        authority: String,
        /// Why.
        problem: TlsProblem,
        /// The certificate that is to blame, in words: whose, issued by whom, for which names and
        /// dates. `None` when it did not come to certificates.
        certificate: Option<String>,
    },
    /// A stage took too long.
    TimedOut {
        /// Host and port.
        authority: String,
        /// Which stage.
        stage: &'static str,
        /// How long was waited.
        waited: Duration,
    },
    /// The file with additional certificates cannot be used.
    Roots {
        /// Where they were to come from.
        from: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The URL cannot be used.
    Url {
        /// The URL as configured.
        url: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The user name or the password cannot be sent.
    Login {
        /// What is wrong with it; never the value.
        problem: &'static str,
    },
}

/// Why a proxy does not lead to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProxyProblem {
    /// It wants a login, or another one (407).
    Login,
    /// It answered with another status.
    Status(u16),
    /// It was not reached, or does not speak HTTP.
    Broken(String),
}

/// Why TLS failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsProblem {
    /// The certificate is out of date, or not valid yet.
    Expired {
        /// Until when, or from when; in words.
        detail: String,
    },
    /// Nobody we trust signed the certificate.
    UnknownIssuer,
    /// The certificate belongs to other names.
    WrongName {
        /// The names that it has.
        names: Vec<String>,
    },
    /// The certificate is bad in another way.
    BadCertificate {
        /// In words.
        detail: String,
    },
    /// The certificate is not the one that the configuration pins.
    NotPinned,
    /// The server knows TLS, but none of the ciphers that are safe: Windows Server 2012 R2 with an
    /// RSA certificate has none.
    NoCommonCipher,
    /// The server knows no TLS later than 1.1.
    OldProtocol,
    /// The two sides do not understand each other otherwise, or the peer speaks no TLS.
    Handshake {
        /// In words.
        detail: String,
    },
}

impl ConnectError {
    /// Returns what the caller can do.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Name { .. }
            | Self::Tcp { .. }
            | Self::TimedOut { .. }
            | Self::Proxy { problem: ProxyProblem::Status(_) | ProxyProblem::Broken(_), .. } => {
                ErrorKind::Transient { retry_after: None }
            }
            Self::Tls { .. } | Self::Proxy { problem: ProxyProblem::Login, .. } => {
                ErrorKind::Denied
            }
            Self::Roots { .. } | Self::Url { .. } | Self::Login { .. } => ErrorKind::Malformed,
        }
    }

    /// Returns the stage that failed, for `check`: `url`, `dns`, `tcp`, `proxy`, `tls` or
    /// `login`.
    pub fn stage(&self) -> &'static str {
        match self {
            Self::Url { .. } => "url",
            Self::Name { .. } => "dns",
            Self::Tcp { .. } => "tcp",
            Self::TimedOut { stage, .. } => stage,
            Self::Proxy { .. } => "proxy",
            Self::Tls { .. } | Self::Roots { .. } => "tls",
            Self::Login { .. } => "login",
        }
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name { host, problem } => {
                write!(
                    f,
                    "the name '{host}' was not resolved ({problem}); check the URL and the DNS"
                )
            }
            Self::Tcp { authority, problem } => write!(
                f,
                "no connection to {authority} ({problem}); check the URL, the firewall and the server"
            ),
            Self::Proxy { proxy, problem: ProxyProblem::Login } => {
                write!(f, "the proxy {proxy} wants a login, or another one (status 407)")
            }
            Self::Proxy { proxy, problem: ProxyProblem::Status(status) } => write!(
                f,
                "the proxy {proxy} does not lead to the server (status {status}); does it allow \
                 this host and port?"
            ),
            Self::Proxy { proxy, problem: ProxyProblem::Broken(problem) } => {
                write!(f, "the proxy {proxy} cannot be used ({problem})")
            }
            Self::Tls { authority, problem, certificate } => {
                write!(f, "no safe connection to {authority}: {problem}")?;
                match certificate {
                    Some(certificate) => write!(f, " (the certificate: {certificate})"),
                    None => Ok(()),
                }
            }
            Self::TimedOut { authority, stage, waited } => {
                write!(
                    f,
                    "{authority} did not answer within {} s (stage {stage})",
                    waited.as_secs()
                )
            }
            Self::Roots { from, problem } => {
                write!(f, "the trusted certificates from {from} cannot be used: {problem}")
            }
            Self::Url { url, problem } => write!(f, "the URL '{url}' cannot be used: {problem}"),
            Self::Login { problem } => write!(f, "the login cannot be used: {problem}"),
        }
    }
}

impl Error for ConnectError {}

impl fmt::Display for TlsProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired { detail } => {
                write!(
                    f,
                    "the server's certificate is not valid at this time ({detail}); renew it, or set the clock"
                )
            }
            Self::UnknownIssuer => write!(
                f,
                "nobody we trust issued the server's certificate; name the company's root \
                 certificate (PEM) in the configuration"
            ),
            Self::WrongName { names } => write!(
                f,
                "the server's certificate is for {}; use one of these names in the URL",
                if names.is_empty() { "no name at all".to_owned() } else { names.join(", ") }
            ),
            Self::BadCertificate { detail } => {
                write!(f, "the server's certificate is not accepted ({detail})")
            }
            Self::NotPinned => write!(
                f,
                "the server's certificate is not the one that `pin` names; if it was renewed, \
                 compare the fingerprint on the server and change `pin`"
            ),
            Self::NoCommonCipher => write!(
                f,
                "the server offers no cipher that is safe (ECDHE with AES-GCM is needed), as \
                 Windows Server 2012 R2 does with an RSA certificate; docs/authentication.md says \
                 what helps"
            ),
            Self::OldProtocol => write!(
                f,
                "the server offers no TLS later than 1.1; switch TLS 1.2 on at the server"
            ),
            Self::Handshake { detail } => write!(
                f,
                "TLS did not come about ({detail}); is this the port for https, and does nobody \
                 stand in between?"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(code: &str, details: &[(&str, &str)]) -> EwsError {
        let details = details.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        EwsError::Fault(Fault { code: ResponseCode::parse(code), text: None, details })
    }

    #[test]
    fn creates_are_never_repeated_blindly() {
        // rules.md, invariant 1: whatever may have been carried out is ambiguous.
        assert!(EwsError::Lost { problem: String::new() }.ambiguous());
        assert!(EwsError::Reply(ReplyError::Truncated { offset: 9 }).ambiguous());
        assert!(EwsError::Unavailable { status: 504, retry_after: None }.ambiguous());
        assert!(fault("ErrorTimeoutExpired", &[]).ambiguous());
        assert!(!fault("ErrorServerBusy", &[]).ambiguous());
        assert!(!EwsError::RequestTooLarge.ambiguous());
        assert!(!EwsError::LoginRefused { offers: vec![] }.ambiguous());
    }

    #[test]
    fn a_fault_brings_its_back_off() {
        let kind = |value| fault("ErrorServerBusy", &[("BackOffMilliseconds", value)]).kind();
        assert_eq!(
            kind("297749"),
            ErrorKind::Transient { retry_after: Some(Duration::from_millis(297_749)) }
        );
        assert_eq!(kind("soon"), ErrorKind::Transient { retry_after: None });
    }

    #[test]
    fn quirk_16_the_back_off_stands_in_a_detail_or_in_a_text_or_nowhere() {
        let kind = |details: &[(&str, &str)]| fault("ErrorServerBusy", details).kind();
        let wait =
            |millis| ErrorKind::Transient { retry_after: Some(Duration::from_millis(millis)) };
        // As davmail met it (mguessan/davmail#161).
        assert_eq!(kind(&[("Value", "Name: BackOffMilliseconds178510")]), wait(178_510));
        assert_eq!(kind(&[]), ErrorKind::Transient { retry_after: None });
        let text = |text: &str| {
            let code = ResponseCode::ErrorServerBusy;
            Fault { code, text: Some(text.to_owned()), details: Vec::new() }.back_off()
        };
        assert_eq!(text("Busy. BackOffMilliseconds: 25"), Some(Duration::from_millis(25)));
        assert_eq!(text("BackOffMilliseconds unknown; 16 sessions are open"), None);
        assert_eq!(text("BackOffMilliseconds"), None);
    }

    #[test]
    fn quirk_03_error_pages_of_the_server_pass_and_refusals_of_the_front_end_do_not() {
        let status = |status| EwsError::Status { status, excerpt: String::new() };
        assert_eq!(status(500).kind(), ErrorKind::Transient { retry_after: None });
        assert_eq!(status(403).kind(), ErrorKind::Denied);
        assert!(status(500).ambiguous() && !status(403).ambiguous());
        assert!(!EwsError::Unavailable { status: 429, retry_after: None }.ambiguous());
    }

    #[test]
    fn the_error_page_of_the_front_end_is_temporary_and_a_login_page_is_not() {
        let at = |location: &str| EwsError::Redirected { location: location.to_owned() }.kind();
        assert_eq!(at("/ews/GenericErrorPage.htm"), ErrorKind::Transient { retry_after: None });
        assert_eq!(at("https://x/internalsite/login"), ErrorKind::Unsupported);
    }
}
