//! What is known of the way to a server, for `check` and for logs (pure).

use std::net::SocketAddr;

use crate::ews::auth::Scheme;
use crate::ews::transport::certificate::Certificate;

/// Where a connection leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialed {
    /// The address that took it: the server's, or the proxy's.
    pub address: SocketAddr,
    /// Our own end, by which an administrator finds the connection in the server's log.
    pub local: SocketAddr,
    /// How it is encrypted; `None` for plain http on this machine.
    pub tls: Option<TlsFacts>,
}

/// How a connection is encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFacts {
    /// The version, such as `TLS 1.3`.
    pub protocol: String,
    /// The server's certificate; it was accepted.
    pub certificate: Certificate,
}

/// What a server says to somebody who has not logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The status; 401 when it wants a login.
    pub status: u16,
    /// The schemes that it offers, in its order and spelling: `Negotiate`, `NTLM`, `Basic`.
    pub schemes: Vec<String>,
    /// Where a redirect leads.
    pub location: Option<String>,
}

/// What the last login on a lane was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoginFacts {
    /// The scheme.
    pub scheme: Scheme,
    /// Whether the login was bound to the TLS connection by a channel binding.
    pub bound: bool,
    /// Whether the server wants a login with each request, as some do with Negotiate.
    pub each_request: bool,
}

/// An answer that is no EWS answer, such as one of Autodiscover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The status.
    pub status: u16,
    /// Where a redirect leads.
    pub location: Option<String>,
    /// The type of the body.
    pub content_type: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}
