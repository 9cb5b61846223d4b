//! Shell: the way to a server: its secrets are fetched, and each is known by a fingerprint, so that one that was refused is not
//! presented again and another one is noticed.

use std::collections::BTreeMap;
use std::fs;
use std::sync::{Mutex, PoisonError};

use abgleich::config::{
    self, Binding, Proof, ProxySettings, Scheme, SecretRef, ServerSettings, Settings,
};
use abgleich::ews::transport::{
    BindingMode, Expiry, Gate, Login, Passage, Password, Places, Proxy, Ticket,
};
use abgleich::mailbox::exchange::lane::ServerAccess;
use abgleich::mailbox::exchange::wire::Patience;
use sha2::{Digest as _, Sha256};

use crate::cli::open::server::{Servers, about};
use crate::failure::Failure;

/// By what one secret is told from another. It is never shown.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fingerprint(Option<[u8; 32]>);

impl Fingerprint {
    /// Reads a secret. A file that cannot be read, and being somebody, have none.
    fn of(login: &Login) -> Self {
        let of_file = |file: &str| fs::read(file.strip_prefix("FILE:").unwrap_or(file)).ok();
        let secret = match login {
            Login::Basic { password, .. }
            | Login::Ntlm { password, .. }
            | Login::Negotiate(Ticket::Password { password, .. }) => {
                return Self(Some(Sha256::digest(password.expose()).into()));
            }
            Login::Negotiate(Ticket::Keytab { file, .. }) => fs::read(file).ok(),
            Login::Negotiate(Ticket::Present { cache: Some(cache) }) => of_file(cache),
            Login::Negotiate(Ticket::Present { cache: None }) | Login::NtlmOfAccount => None,
        };
        Self(secret.map(|secret| Sha256::digest(secret).into()))
    }
}

/// The gates of all logins. Servers that are reached with the same account and secret share one: a directory counts wrong
/// passwords by account, whichever server they come from. Another secret is another login, with a gate of its own: that of a
/// secret that was refused stays closed, whoever still holds it.
#[derive(Default)]
pub(super) struct Gates(Mutex<BTreeMap<(String, Fingerprint), Gate>>);

impl Gates {
    fn of(&self, account: &str, proof: &Fingerprint) -> Gate {
        let mut gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        gates.entry((account.to_lowercase(), proof.clone())).or_default().clone()
    }
}

impl Servers {
    /// Makes the way to a server, and what its secret is known by.
    pub(super) fn access(
        &self,
        name: &str,
        server: &ServerSettings,
    ) -> Result<(ServerAccess, Fingerprint), Failure> {
        let secret = |place: &SecretRef| {
            let secret = place.resolve();
            let secret = secret.map_err(|error| Failure::usage(error).hint(about(name)))?;
            Ok::<_, Failure>(Password::new(secret.expose()))
        };
        let proxy = match &server.proxy {
            None => None,
            Some(ProxySettings { url, login }) => {
                let login = match login {
                    Some((user, place)) => Some((user.as_str(), secret(place)?)),
                    None => None,
                };
                let login = login.as_ref().map(|(user, password)| (*user, password));
                let proxy = Proxy::new(url, login);
                Some(proxy.map_err(|error| Failure::usage(error).hint(about(name)))?)
            }
        };
        let binding = match &server.binding {
            Binding::Auto => BindingMode::Auto,
            Binding::Off => BindingMode::Off,
            Binding::Hash(hash) => BindingMode::Hash(hash.clone()),
        };
        let login = login(&server.login, secret)?;
        let proof = Fingerprint::of(&login);
        let access = ServerAccess {
            url: String::new(),
            login,
            ca_file: server.ca_file.clone(),
            pin: server.pin.map(|pin| *pin.bytes()),
            passage: Passage {
                gate: self.gates.of(&server.login.account(), &proof),
                binding,
                proxy,
                places: Places::of(usize::try_from(server.max_lanes).unwrap_or(1)),
                recorder: self.recorder.clone(),
                expiry: Expiry::default(),
            },
            connect_within: server.timeouts.connect,
            reply_within: server.timeouts.reply,
            patience: Patience::of(self.patience),
        };
        Ok((access, proof))
    }

    /// Returns where the secret of a server is kept, if it can become another one while the program runs.
    pub(in crate::cli) fn kept_in(settings: &Settings, name: &str) -> Option<String> {
        match &settings.servers.get(name)?.login.proof {
            Proof::Password { password: SecretRef::Env(_), .. } | Proof::OfAccount => None,
            Proof::Password { password, .. } => Some(password.to_string()),
            Proof::Keytab { file, .. } => Some(format!("keytab {}", file.display())),
            Proof::TicketCache(cache) => Some(cache.clone()),
        }
    }
}

/// Makes the login that the configuration describes.
fn login(
    login: &config::Login,
    secret: impl Fn(&SecretRef) -> Result<Password, Failure>,
) -> Result<Login, Failure> {
    Ok(match (login.scheme, &login.proof) {
        (Scheme::Negotiate, Proof::Password { user, password }) => {
            let (user, password) = (user.clone(), secret(password)?);
            Login::Negotiate(Ticket::Password { user, password })
        }
        (Scheme::Negotiate, Proof::Keytab { user, file }) => {
            Login::Negotiate(Ticket::Keytab { user: user.clone(), file: file.clone() })
        }
        (Scheme::Negotiate, Proof::TicketCache(cache)) => {
            Login::Negotiate(Ticket::Present { cache: Some(cache.clone()) })
        }
        (Scheme::Negotiate, Proof::OfAccount) => Login::Negotiate(Ticket::Present { cache: None }),
        (Scheme::Basic, Proof::Password { user, password }) => {
            Login::Basic { user: user.clone(), password: secret(password)? }
        }
        (Scheme::Ntlm, Proof::Password { user, password }) => {
            Login::Ntlm { user: user.clone(), password: secret(password)? }
        }
        // Keytabs and caches are refused for these when the configuration is read.
        (Scheme::Ntlm, _) => Login::NtlmOfAccount,
        (Scheme::Basic, _) => return Err(Failure::usage("basic needs a user and a password")),
    })
}

#[cfg(test)]
mod tests {
    use abgleich::ews;

    use super::*;

    #[tokio::test]
    async fn a_secret_that_was_refused_stays_shut_out_and_another_one_has_a_gate_of_its_own() {
        let gates = Gates::default();
        let login = |user: &str, password: &str| Login::Basic {
            user: user.to_owned(),
            password: Password::new(password),
        };
        let gate = |user: &str, password: &str| {
            let proof = Fingerprint::of(&login(user, password));
            gates.of(user, &proof)
        };
        let no = || ews::auth::Refused::Server { offers: vec!["Basic".to_owned()] };
        let pass = gate(r"FIRMA\svc", "falsch").enter(false).await.unwrap();
        assert!(pass.refused(no()));
        assert!(gate(r"firma\SVC", "falsch").enter(false).await.is_err(), "the same account");
        assert!(gate(r"FIRMA\svc", "richtig").enter(false).await.is_ok());
        assert!(
            gate(r"FIRMA\svc", "falsch").enter(false).await.is_err(),
            "put back, and still shut out"
        );
    }

    #[test]
    fn a_keytab_is_known_by_what_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("svc.keytab");
        let proof = || {
            Fingerprint::of(&Login::Negotiate(Ticket::Keytab { user: None, file: file.clone() }))
        };
        assert!(proof() == Fingerprint(None), "it is not there");
        fs::write(&file, "one").unwrap();
        let one = proof();
        fs::write(&file, "two").unwrap();
        assert!(one == Fingerprint(one.0) && proof() != one);
    }
}
