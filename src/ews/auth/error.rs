//! Why a login did not come about (pure).

use std::error::Error;
use std::fmt;

use crate::ews::auth::login::Scheme;

/// Why a login did not come about, apart from the server's plain refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginError {
    /// The server does not offer the scheme that is configured; no other is tried in its place.
    NotOffered {
        /// What is configured.
        scheme: Scheme,
        /// What the server offers.
        offers: Vec<String>,
    },
    /// The server answered without asking for a login, which no Exchange does.
    NotAsked {
        /// What is configured.
        scheme: Scheme,
    },
    /// The login cannot be used as it is configured.
    Unusable {
        /// What is wrong with it; never the value.
        problem: &'static str,
    },
    /// The system's library for Kerberos was not found.
    Library {
        /// What the system says.
        problem: String,
    },
    /// Kerberos has no ticket for the server, or refuses the password or key.
    Ticket {
        /// The service that the ticket is for, such as `HTTP/mail.firma.example`.
        service: String,
        /// What the system says.
        problem: String,
        /// Whether the domain controller judged the account or its secret: then another attempt
        /// with the same may lock the account.
        refused: bool,
    },
    /// Windows would have used NTLM in place of Kerberos.
    NoKerberos {
        /// The service that there is no ticket for.
        service: String,
    },
    /// The server did not prove that it is the one that the ticket is for.
    NotProven,
    /// What the server says in the conversation cannot be read.
    Token {
        /// The scheme.
        scheme: Scheme,
        /// What is wrong with it.
        problem: String,
    },
    /// The connection was closed in the middle of the conversation, twice.
    Interrupted {
        /// The scheme.
        scheme: Scheme,
    },
}

impl LoginError {
    /// Says whether another attempt with the same login could lock the account.
    pub const fn is_refusal(&self) -> bool {
        matches!(self, Self::Ticket { refused: true, .. })
    }

    /// Says whether another attempt may succeed although nobody changes anything.
    pub const fn passes(&self) -> bool {
        matches!(self, Self::Ticket { refused: false, .. } | Self::Interrupted { .. })
    }
}

impl fmt::Display for LoginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotOffered { scheme, offers } => {
                let offers =
                    if offers.is_empty() { "no scheme".to_owned() } else { offers.join(", ") };
                write!(
                    f,
                    "the server does not offer {}; it offers {offers} (switch {} on at the \
                     server, or set `scheme` to one that it offers; nothing weaker is tried by itself)",
                    scheme.name(),
                    scheme.name()
                )
            }
            Self::NotAsked { scheme } => write!(
                f,
                "the server answered without asking for the login by {}; check the URL, and \
                 whether a proxy logs in by itself",
                scheme.name()
            ),
            Self::Unusable { problem } => write!(f, "the login cannot be used: {problem}"),
            Self::Library { problem } => write!(
                f,
                "the system's library for Kerberos was not found ({problem}); install it: \
                 libgssapi-krb5-2 on Debian, krb5-libs on Red Hat"
            ),
            Self::Ticket { service, problem, refused: true } => write!(
                f,
                "Kerberos refused the login for {service} ({problem}); check user, password or \
                 keytab before the next attempt"
            ),
            Self::Ticket { service, problem, refused: false } => {
                write!(
                    f,
                    "there is no Kerberos ticket for {service} ({problem}); check the ticket or \
                     keytab, the service principal name, the realm and the clock"
                )
            }
            Self::NoKerberos { service } => write!(
                f,
                "Windows has no Kerberos ticket for {service} and would use NTLM in its place; \
                 give the server this service principal name, or set `scheme = \"ntlm\"`"
            ),
            Self::NotProven => write!(
                f,
                "the server did not prove that it is the one that the Kerberos ticket is for; \
                 does a proxy stand in between?"
            ),
            Self::Token { scheme, problem } => write!(
                f,
                "what the server says in the login by {} cannot be read ({problem})",
                scheme.name()
            ),
            Self::Interrupted { scheme } => write!(
                f,
                "the connection is closed in the middle of the login by {}; a proxy or load \
                 balancer in between must keep connections",
                scheme.name()
            ),
        }
    }
}

impl Error for LoginError {}
