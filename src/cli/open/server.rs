//! Shell: opens mailboxes on the servers of the configuration. What all mailboxes of a server share (password, certificates) is
//! fetched once.

use std::collections::BTreeMap;
use std::net::{TcpStream, ToSocketAddrs as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use abgleich::config::{Access, MailboxSettings, ServerSettings, Settings, Target};
use abgleich::ews::transport::{Endpoint, Login, Password, PlainHttp};
use abgleich::mailbox::Mailbox;
use abgleich::mailbox::exchange::lane::{ActAs, ExchangeServer, ServerAccess};
use abgleich::mailbox::exchange::wire::Patience;
use abgleich::mailbox::zones::Zone;
use tokio::runtime::{Builder, Runtime};

use crate::failure::{Exit, Failure};

/// The servers that were prepared, and the threads that serve their connections.
pub(in crate::cli) struct Servers {
    runtime: Runtime,
    prepared: Mutex<BTreeMap<String, Arc<ExchangeServer>>>,
    patience: Duration,
}

impl Servers {
    /// Starts without any server. `patience` is how long one call goes on after errors that pass.
    pub(in crate::cli) fn new(patience: Duration) -> Result<Self, Failure> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("abgleich-net")
            .enable_all()
            .build()
            .map_err(|error| Failure::new(Exit::Internal, error))?;
        Ok(Self { runtime, prepared: Mutex::default(), patience })
    }

    /// Starts for a command in front of which somebody waits: a server that stays busy for longer is a finding.
    pub(in crate::cli) fn for_people() -> Result<Self, Failure> {
        Self::new(Duration::from_secs(3))
    }

    /// Fetches what the server of a mailbox needs, unless that was done before. Sends nothing.
    pub(in crate::cli) fn prepare(
        &self,
        settings: &Settings,
        mailbox: &MailboxSettings,
    ) -> Result<Arc<ExchangeServer>, Failure> {
        let Target::Exchange { server: name, .. } = &mailbox.target else {
            return Err(Failure::usage("this version cannot synchronise PST files yet")
                .hint(format!("give {} an Exchange mailbox", mailbox.user)));
        };
        let mut prepared = self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = prepared.get(name) {
            return Ok(Arc::clone(server));
        }
        let server = settings
            .servers
            .get(name)
            .ok_or_else(|| Failure::usage(format!("the configuration has no server {name}")))?;
        let server = Arc::new(self.server(name, server)?);
        prepared.insert(name.clone(), Arc::clone(&server));
        Ok(server)
    }

    /// Makes a mailbox; nothing is sent until it is opened.
    pub(in crate::cli) fn mailbox(
        &self,
        settings: &Settings,
        mailbox: &MailboxSettings,
    ) -> Result<Box<dyn Mailbox>, Failure> {
        let server = self.prepare(settings, mailbox)?;
        let zone = Zone::iana(mailbox.zone.name()).ok_or_else(|| {
            Failure::usage(format!("the zone {} cannot be used with Exchange", mailbox.zone))
        })?;
        Ok(Box::new(server.mailbox(&act_as(settings, mailbox), zone)))
    }

    /// Says whether somebody answers at the server's address, without logging in: the first thing that is known of a server
    /// that is down, and the only one that need not be found out for each mailbox.
    pub(in crate::cli) fn reach(
        settings: &Settings,
        mailbox: &MailboxSettings,
    ) -> Result<(), String> {
        let Target::Exchange { server: name, .. } = &mailbox.target else { return Ok(()) };
        let Some(server) = settings.servers.get(name) else { return Ok(()) };
        // A URL that cannot be read is said by `prepare`, with its reason.
        let Ok(endpoint) = Endpoint::parse(&server.url, PlainHttp::Never) else { return Ok(()) };
        let authority = endpoint.authority();
        let addresses = (endpoint.host(), endpoint.port())
            .to_socket_addrs()
            .map_err(|error| format!("the name of the server {authority} is not known: {error}"))?;
        let mut said = format!("the server {authority} has no address");
        for address in addresses {
            match TcpStream::connect_timeout(&address, server.timeouts.connect) {
                Ok(_) => return Ok(()),
                Err(error) => said = format!("nobody answers at {authority} ({address}): {error}"),
            }
        }
        Err(said)
    }

    fn server(&self, name: &str, server: &ServerSettings) -> Result<ExchangeServer, Failure> {
        let about = format!("it is about the server `{name}` of the configuration");
        let password = server
            .login
            .password
            .resolve()
            .map_err(|error| Failure::usage(error).hint(about.clone()))?;
        let access = ServerAccess {
            url: server.url.clone(),
            login: Login::Basic {
                user: server.login.user.clone(),
                password: Password::new(password.expose()),
            },
            ca_file: server.ca_file.clone(),
            connect_within: server.timeouts.connect,
            reply_within: server.timeouts.reply,
            patience: Patience { longest: self.patience },
        };
        ExchangeServer::new(&access, self.runtime.handle().clone()).map_err(|error| {
            let hint = error.hint.clone();
            Failure::usage(error).hint_of(hint).hint(about)
        })
    }
}

/// Returns as whom the mailbox is opened.
fn act_as(settings: &Settings, mailbox: &MailboxSettings) -> ActAs {
    let Target::Exchange { server, address } = &mailbox.target else { return ActAs::Own };
    match settings.servers.get(server).map(|server| server.access) {
        Some(Access::Impersonation) => ActAs::Owner(address.clone()),
        Some(Access::Delegate) => ActAs::DelegateOf(address.clone()),
        Some(Access::Own) | None => ActAs::Own,
    }
}
