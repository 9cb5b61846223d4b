//! Kerberos by the system's GSSAPI library, loaded when it is needed (effect).
//!
//! Ticket caches, keytabs, the search for a domain controller and the renewal of tickets are the
//! library's; nothing of it is needed to build the program, and the program starts where it is
//! missing. Written for MIT Kerberos 1.11 and later (`gss_acquire_cred_from`).

mod library;
mod object;
mod value;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::ews::auth::binding::ChannelBinding;
use crate::ews::auth::error::LoginError;
use crate::ews::auth::gssapi::library::Library;
use crate::ews::auth::gssapi::object::{Credential, Name, Security};
use crate::ews::auth::login::Ticket;
use crate::ews::auth::mechanism::Token;

/// The credential of an account, fetched once and shared by all its lanes: with a password each
/// acquisition is a round trip to the domain controller.
#[derive(Debug)]
pub(super) struct Wallet {
    held: Mutex<Option<Held>>,
    /// The cache in memory for what a password or a key fetches: nobody else's.
    memory: String,
}

#[derive(Debug)]
struct Held {
    credential: Arc<Credential>,
    until: Instant,
}

/// A credential is fetched anew this long before it ends.
const MARGIN: Duration = Duration::from_mins(5);

impl Default for Wallet {
    fn default() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        Self { held: Mutex::default(), memory: format!("MEMORY:abgleich-{number}") }
    }
}

impl Wallet {
    /// Returns the credential, fetched anew if it ends soon. Blocks on the domain controller.
    fn credential(
        &self,
        library: &'static Library,
        ticket: &Ticket,
        service: &str,
    ) -> Result<Arc<Credential>, LoginError> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = &*held
            && held.until > Instant::now()
        {
            return Ok(Arc::clone(&held.credential));
        }
        let (credential, lifetime) = library.acquire(ticket, service, &self.memory)?;
        let credential = Arc::new(credential);
        // One that ends soon is used once; the next login looks for a fresher one.
        let until = Instant::now() + lifetime.saturating_sub(MARGIN);
        *held = Some(Held { credential: Arc::clone(&credential), until });
        Ok(credential)
    }
}

/// One conversation with a server.
#[derive(Debug)]
pub(super) struct Conversation {
    security: Security,
    service: String,
}

impl Conversation {
    /// Prepares a conversation with the service `HTTP` on a host, whose name is taken as it is.
    pub(super) fn begin(
        wallet: &Wallet,
        ticket: &Ticket,
        host: &str,
        binding: Option<ChannelBinding>,
    ) -> Result<Self, LoginError> {
        let service = format!("HTTP/{host}");
        let library = Library::load()?;
        let credential = wallet.credential(library, ticket, &service)?;
        let target = Name::service(library, host).map_err(|status| status.of_ticket(&service))?;
        Ok(Self { security: Security::new(library, credential, target, binding), service })
    }

    /// Says what comes next, given what the server said. Blocks on the domain controller.
    pub(super) fn step(&mut self, input: Option<&[u8]>) -> Result<Token, LoginError> {
        let bytes = self.security.step(input).map_err(|status| status.of_ticket(&self.service))?;
        Ok(Token { bytes, carries_body: true })
    }

    /// Takes the server's last word; without a proof of who it is the login is none.
    pub(super) fn finish(&mut self, input: Option<&[u8]>) -> Result<(), LoginError> {
        if !self.security.is_complete() {
            let Some(input) = input else { return Err(LoginError::NotProven) };
            let more = self.security.step(Some(input)).map_err(|status| {
                tracing::debug!(%status, "the server's last token was not accepted");
                LoginError::NotProven
            })?;
            if !more.is_empty() {
                return Err(LoginError::NotProven);
            }
        }
        if self.security.is_complete() && self.security.is_mutual() {
            Ok(())
        } else {
            Err(LoginError::NotProven)
        }
    }
}
