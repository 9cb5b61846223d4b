//! The conversation by which a login is made on one connection (effect: asks the system).

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::ews::auth::binding::ChannelBinding;
use crate::ews::auth::error::LoginError;
use crate::ews::auth::gate::Gate;
#[cfg(unix)]
use crate::ews::auth::gssapi;
use crate::ews::auth::login::{Login, Scheme, Ticket};
use crate::ews::auth::ntlm;
use crate::ews::auth::password::Password;
#[cfg(windows)]
use crate::ews::auth::sspi;

/// A login, and what all lanes that use it share.
#[derive(Debug)]
pub struct Account {
    login: Login,
    gate: Gate,
    #[cfg(unix)]
    wallet: gssapi::Wallet,
}

impl Account {
    /// Makes one; nothing is asked or sent.
    pub fn new(login: Login, gate: Gate) -> Self {
        Self {
            login,
            gate,
            #[cfg(unix)]
            wallet: gssapi::Wallet::default(),
        }
    }

    /// Returns who logs in, and how.
    pub const fn login(&self) -> &Login {
        &self.login
    }

    /// Returns what stops all lanes after a refusal.
    pub const fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Begins to log in at a host, on a connection with this binding. May block on a domain
    /// controller.
    ///
    /// # Errors
    ///
    /// Why the login cannot be made.
    pub fn begin(
        self: &Arc<Self>,
        host: &str,
        binding: Option<ChannelBinding>,
    ) -> Result<Conversation, LoginError> {
        match &self.login {
            Login::Basic { .. } => {
                Err(LoginError::Unusable { problem: "Basic has no conversation" })
            }
            Login::Ntlm { user, password } => {
                Ok(Conversation(Kind::Ntlm(Ntlm::begin(user, password, host, binding))))
            }
            Login::NtlmOfAccount => Self::of_account(host, binding),
            Login::Negotiate(ticket) => self.negotiate(ticket, host, binding),
        }
    }

    #[cfg(unix)]
    fn of_account(_: &str, _: Option<ChannelBinding>) -> Result<Conversation, LoginError> {
        Err(LoginError::Unusable { problem: "NTLM needs a user and a password on this system" })
    }

    #[cfg(windows)]
    fn of_account(host: &str, binding: Option<ChannelBinding>) -> Result<Conversation, LoginError> {
        let conversation = sspi::Conversation::begin(sspi::Package::Ntlm, None, host, binding)?;
        Ok(Conversation(Kind::Sspi(conversation)))
    }

    #[cfg(unix)]
    fn negotiate(
        &self,
        ticket: &Ticket,
        host: &str,
        binding: Option<ChannelBinding>,
    ) -> Result<Conversation, LoginError> {
        let conversation = gssapi::Conversation::begin(&self.wallet, ticket, host, binding)?;
        Ok(Conversation(Kind::Gssapi(conversation)))
    }

    #[cfg(windows)]
    #[expect(clippy::unused_self, reason = "called alike on every system")]
    fn negotiate(
        &self,
        ticket: &Ticket,
        host: &str,
        binding: Option<ChannelBinding>,
    ) -> Result<Conversation, LoginError> {
        let identity = match ticket {
            Ticket::Present { cache: None } => None,
            Ticket::Password { user, password } => Some((user.as_str(), password)),
            Ticket::Present { cache: Some(_) } | Ticket::Keytab { .. } => {
                return Err(LoginError::Unusable {
                    problem: "Windows has neither ticket caches in files nor keytabs",
                });
            }
        };
        let package = sspi::Package::Negotiate;
        let conversation = sspi::Conversation::begin(package, identity, host, binding)?;
        Ok(Conversation(Kind::Sspi(conversation)))
    }
}

/// What is to be said next.
#[derive(Debug)]
pub struct Token {
    /// The token; empty for nothing.
    pub bytes: Vec<u8>,
    /// Whether it may be the last one, so that the request goes along with it.
    pub carries_body: bool,
}

/// A login in the making, on one connection.
#[derive(Debug)]
pub struct Conversation(Kind);

#[derive(Debug)]
enum Kind {
    Ntlm(Ntlm),
    #[cfg(unix)]
    Gssapi(gssapi::Conversation),
    #[cfg(windows)]
    Sspi(sspi::Conversation),
}

impl Conversation {
    /// Says what comes next; `None` stands for the beginning. May block on a domain controller.
    ///
    /// # Errors
    ///
    /// Why the login cannot be made.
    pub fn step(&mut self, input: Option<&[u8]>) -> Result<Token, LoginError> {
        match &mut self.0 {
            Kind::Ntlm(conversation) => conversation.step(input),
            #[cfg(unix)]
            Kind::Gssapi(conversation) => conversation.step(input),
            #[cfg(windows)]
            Kind::Sspi(conversation) => conversation.step(input),
        }
    }

    /// Takes what came along with the server's consent; `None` when nothing came.
    ///
    /// # Errors
    ///
    /// [`LoginError::NotProven`] when the mechanism asks the server for a proof and none came.
    pub fn finish(&mut self, input: Option<&[u8]>) -> Result<(), LoginError> {
        match &mut self.0 {
            // NTLM has no proof of the server; the channel binding and TLS stand in for it.
            Kind::Ntlm(_) => Ok(()),
            #[cfg(unix)]
            Kind::Gssapi(conversation) => conversation.finish(input),
            #[cfg(windows)]
            Kind::Sspi(conversation) => conversation.finish(input),
        }
    }
}

/// NTLM by our own means.
#[derive(Debug)]
struct Ntlm {
    identity: ntlm::Identity,
    service: String,
    binding: Option<ChannelBinding>,
    sent: Vec<u8>,
}

impl Ntlm {
    fn begin(user: &str, password: &Password, host: &str, binding: Option<ChannelBinding>) -> Self {
        let identity = ntlm::Identity::new(user, password.clone());
        Self { identity, service: format!("HTTP/{host}"), binding, sent: Vec::new() }
    }

    fn step(&mut self, input: Option<&[u8]>) -> Result<Token, LoginError> {
        let Some(challenge) = input else {
            self.sent = ntlm::negotiate();
            return Ok(Token { bytes: self.sent.clone(), carries_body: false });
        };
        let mut nonce = [0; 8];
        getrandom::fill(&mut nonce)
            .map_err(|_| LoginError::Unusable { problem: "the system has no random numbers" })?;
        let circumstances = ntlm::Circumstances {
            service: &self.service,
            binding: self.binding.as_ref(),
            nonce,
            now: windows_time(SystemTime::now()),
        };
        ntlm::authenticate(&self.identity, &self.sent, challenge, &circumstances)
            .map(|bytes| Token { bytes, carries_body: true })
            .map_err(|problem| LoginError::Token {
                scheme: Scheme::Ntlm,
                problem: problem.to_owned(),
            })
    }
}

/// Counts tenths of a microsecond since 1601.
fn windows_time(now: SystemTime) -> u64 {
    const SECONDS_TO_1970: u64 = 11_644_473_600;
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    (since.as_secs() + SECONDS_TO_1970) * 10_000_000 + u64::from(since.subsec_nanos()) / 100
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn windows_counts_from_1601() {
        // 1970-01-01 is 116444736000000000 there (MS-DTYP, section 2.3.3).
        assert_eq!(windows_time(UNIX_EPOCH), 116_444_736_000_000_000);
        let later = UNIX_EPOCH + Duration::from_nanos(1_000_000_700);
        assert_eq!(windows_time(later), 116_444_736_010_000_007);
    }
}
