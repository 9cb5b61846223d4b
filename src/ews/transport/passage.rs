//! What else is special on the way to a server (pure).

use crate::ews::auth::{BindingMode, Gate};
use crate::ews::recorder::Recorder;
use crate::ews::transport::expiry::Expiry;
use crate::ews::transport::places::Places;
use crate::ews::transport::proxy::Proxy;

/// What is special on the way to a server besides whom it trusts and how long it waits; usually nothing.
#[derive(Debug, Clone, Default)]
pub struct Passage {
    /// What stops all lanes of the account after a refused login. Servers that share an account share its gate.
    pub gate: Gate,
    /// What logins are bound to.
    pub binding: BindingMode,
    /// The proxy on the way.
    pub proxy: Option<Proxy>,
    /// How many connections may stand at once; streams of events have places of their own.
    pub places: Places,
    /// Who writes down what is said, without anything about persons.
    pub recorder: Option<Recorder>,
    /// What was seen of certificates that end soon.
    pub expiry: Expiry,
}
