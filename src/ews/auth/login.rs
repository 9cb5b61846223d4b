//! Who logs in, and how (pure).

use std::path::PathBuf;

use crate::ews::auth::password::Password;

/// A way to log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// The password itself, inside TLS.
    Basic,
    /// NTLMv2.
    Ntlm,
    /// SPNEGO with Kerberos.
    Negotiate,
}

impl Scheme {
    /// Returns the word that stands in HTTP headers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Basic => "Basic",
            Self::Ntlm => "NTLM",
            Self::Negotiate => "Negotiate",
        }
    }
}

/// Who logs in, and how. The scheme is used as it is configured; nothing ever falls back to a
/// weaker one.
#[derive(Debug, Clone)]
pub enum Login {
    /// `Authorization: Basic`, with each request.
    Basic {
        /// The user: `FIRMA\name`, `name@firma.example` or `name`.
        user: String,
        /// The password.
        password: Password,
    },
    /// NTLMv2 with channel binding, once for each connection.
    Ntlm {
        /// The user: `FIRMA\name`, `name@firma.example` or `name`.
        user: String,
        /// The password.
        password: Password,
    },
    /// NTLM as the account that runs the program, by Windows; other systems cannot do it.
    NtlmOfAccount,
    /// Kerberos, by the system's library.
    Negotiate(Ticket),
}

/// Where Kerberos takes its ticket from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ticket {
    /// What is there already: on Windows that of the account which runs the program, elsewhere that
    /// of a ticket cache.
    Present {
        /// The cache, such as `FILE:/run/abgleich/ticket`; `None` is the system's usual one.
        cache: Option<String>,
    },
    /// One that is fetched with a password.
    Password {
        /// The user: `name@FIRMA.EXAMPLE`, or on Windows `FIRMA\name` too.
        user: String,
        /// The password.
        password: Password,
    },
    /// One that is fetched with the key in a file; not on Windows.
    Keytab {
        /// The user; `None` is the first one of the file.
        user: Option<String>,
        /// The file.
        file: PathBuf,
    },
}

impl Login {
    /// Returns the scheme.
    pub const fn scheme(&self) -> Scheme {
        match self {
            Self::Basic { .. } => Scheme::Basic,
            Self::Ntlm { .. } | Self::NtlmOfAccount => Scheme::Ntlm,
            Self::Negotiate(_) => Scheme::Negotiate,
        }
    }

    /// Returns whose login it is, for messages; never a secret.
    pub fn account(&self) -> String {
        match self {
            Self::Basic { user, .. }
            | Self::Ntlm { user, .. }
            | Self::Negotiate(
                Ticket::Password { user, .. } | Ticket::Keytab { user: Some(user), .. },
            ) => user.clone(),
            Self::Negotiate(Ticket::Keytab { user: None, file }) => {
                format!("the key in {}", file.display())
            }
            Self::Negotiate(Ticket::Present { cache: Some(cache) }) => {
                format!("the ticket in {cache}")
            }
            Self::NtlmOfAccount | Self::Negotiate(Ticket::Present { cache: None }) => {
                "the account that runs abgleich".to_owned()
            }
        }
    }
}
