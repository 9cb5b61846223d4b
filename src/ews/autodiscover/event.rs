//! What happened on the walk (pure): values, so that whoever prints chooses the language.

use crate::ews::autodiscover::srv::Srv;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The URL, the name or the host that was asked.
    pub place: String,
    /// What came of it.
    pub what: What,
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Nobody answered, or not so that it helps; in words.
    Failed(String),
    /// Somebody answered, but no Autodiscover service.
    NoService(u16),
    /// A service is there and wants a login; the schemes that it offers.
    AsksForLogin(Vec<String>),
    /// The host may not see the login.
    NotPermitted,
    /// The login was refused; the schemes that are offered.
    LoginRefused(Vec<String>),
    /// It leads elsewhere.
    Redirected(String),
    /// It leads to something else than an Autodiscover service.
    OddPath(String),
    /// It leads where we have been.
    Circle,
    /// It leads on and on.
    TooManyHops,
    /// The records of DNS, the preferred one first.
    Records(Vec<Srv>),
    /// The mailbox has another address.
    OtherAddress(String),
    /// The service says no.
    Refused {
        /// The code.
        code: String,
        /// In the server's words.
        text: Option<String>,
    },
    /// The service says where the mailbox is.
    Named {
        /// Inside the network.
        internal: Option<String>,
        /// From outside.
        external: Option<String>,
    },
    /// It is Exchange Online.
    Online,
    /// The server answers there.
    Reached,
}
