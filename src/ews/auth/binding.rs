//! What ties a login to the TLS connection that it is made on (pure).

use std::fmt;

/// The application data of a channel binding of the kind `tls-server-end-point` (RFC 5929): the
/// prefix and the hash of the server's certificate. A server with Extended Protection refuses a
/// login that was bound to another certificate, because somebody may stand in between.
#[derive(Clone, PartialEq, Eq)]
pub struct ChannelBinding(Vec<u8>);

const PREFIX: &[u8] = b"tls-server-end-point:";

impl ChannelBinding {
    /// Makes one of the hash of a certificate.
    pub fn of_hash(hash: &[u8]) -> Self {
        Self([PREFIX, hash].concat())
    }

    /// Returns the prefix and the hash.
    pub fn application_data(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for ChannelBinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChannelBinding({} bytes)", self.0.len())
    }
}

/// Which channel binding is sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum BindingMode {
    /// That of the server's certificate.
    #[default]
    Auto,
    /// None: a server that demands one refuses the login.
    Off,
    /// That of another certificate, by its hash: the one behind a proxy that ends TLS.
    Hash(Vec<u8>),
}
