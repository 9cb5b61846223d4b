//! Shell: opens mailboxes on the servers of the configuration. What all mailboxes of a server share (password, certificates) is
//! fetched once.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::net::{TcpStream, ToSocketAddrs as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use abgleich::config::{
    Access, Language, MailboxSettings, Owner, ServerSettings, ServerUrl, Settings, Target, Writes,
};
use abgleich::ews::autodiscover::{Finder, Found, Hosts, Outcome, Walk};
use abgleich::ews::recorder::Recorder;
use abgleich::ews::transport::{Endpoint, PlainHttp};
use abgleich::ews::{self, Impersonation};
use abgleich::mailbox::Mailbox;
use abgleich::mailbox::exchange::ExchangeMailbox;
use abgleich::mailbox::exchange::lane::{ActAs, ExchangeServer, LaneWire, ServerAccess};
use abgleich::mailbox::pst::{PstAccess, PstMailbox};
use abgleich::mailbox::zones::Zone;
use abgleich::pst::ndb::write::{Concern, concerns};
use jiff::Timestamp;
use tokio::runtime::{Builder, Runtime};

use crate::cli::open::access::{Fingerprint, Gates};
use crate::cli::open::discovered::Discovered;
use crate::failure::{Exit, Failure};

/// The servers that were prepared, and the threads that serve their connections.
pub(in crate::cli) struct Servers {
    runtime: Runtime,
    pub(super) prepared: Arc<Mutex<BTreeMap<String, Arc<Prepared>>>>,
    pub(super) gates: Gates,
    pub(super) patience: Duration,
    /// Who writes down what is said with servers.
    pub(super) recorder: Option<Recorder>,
    /// Why it cannot be remembered where a mailbox was found.
    pub(super) forgotten: Mutex<Option<String>>,
    /// Files that are written where it is not safe.
    pub(super) places: Mutex<BTreeSet<(PathBuf, Concern)>>,
}

/// What all mailboxes of a server share.
pub(super) struct Prepared {
    pub(super) name: String,
    /// Where the server is, if the configuration says it.
    url: Option<String>,
    /// The way to it; its URL is filled in by where the mailbox is.
    pub(super) access: ServerAccess,
    /// By what one secret is told from another.
    proof: Fingerprint,
    /// Hosts that may see the login when Autodiscover leads there.
    hosts: Hosts,
    /// What was made of each URL.
    by_url: Mutex<BTreeMap<String, Arc<ExchangeServer>>>,
    /// Why no further mailbox is to be looked for: the login was refused, and each attempt counts towards a lock-out.
    refused: Mutex<Option<String>>,
    /// Addresses whose server was looked for by this program, not remembered from another one.
    walked: Mutex<BTreeSet<String>>,
}

impl Prepared {
    fn is_refused(&self) -> bool {
        let found = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        found.is_some() || self.access.passage.gate.refused().is_some()
    }
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
        let (prepared, gates) = (Arc::default(), Gates::default());
        let (forgotten, places) = (Mutex::default(), Mutex::default());
        Ok(Self { runtime, prepared, gates, patience, recorder: None, forgotten, places })
    }

    /// Writes down what is said with the servers, if somebody named a folder for it. Before the first server is prepared.
    pub(in crate::cli) fn recorded(self, folder: Option<&Path>) -> Result<Self, Failure> {
        let Some(folder) = folder else { return Ok(self) };
        let recorder = Recorder::begin_in(folder).map_err(|error| {
            let folder = folder.display();
            Failure::usage(format!("the folder {folder} takes no recording: {error}"))
                .hint("name a new folder: each recording has one of its own")
        })?;
        Ok(Self { recorder: Some(recorder), ..self })
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
    ) -> Result<(), Failure> {
        match &mailbox.target {
            Target::Exchange { .. } => self.prepared(settings, mailbox).map(|_| ()),
            // A file needs no server.
            Target::Pst { .. } => Ok(()),
        }
    }

    fn prepared(
        &self,
        settings: &Settings,
        mailbox: &MailboxSettings,
    ) -> Result<Arc<Prepared>, Failure> {
        let Target::Exchange { server: name, .. } = &mailbox.target else {
            return Err(Failure::usage(format!(
                "{} has a PST file, which needs no server",
                mailbox.user
            ))
            .hint(format!("give {} an Exchange mailbox for this", mailbox.user)));
        };
        self.prepared_server(settings, name)
    }

    fn prepared_server(&self, settings: &Settings, name: &str) -> Result<Arc<Prepared>, Failure> {
        let mut prepared = self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = prepared.get(name) {
            return Ok(Arc::clone(server));
        }
        let way = self.way(settings, name)?;
        let server = Arc::new(self.make(settings, name, way)?);
        prepared.insert(name.to_owned(), Arc::clone(&server));
        Ok(server)
    }

    fn way(&self, settings: &Settings, name: &str) -> Result<(ServerAccess, Fingerprint), Failure> {
        self.access(name, configured(settings, name)?)
    }

    fn make(
        &self,
        settings: &Settings,
        name: &str,
        (access, proof): (ServerAccess, Fingerprint),
    ) -> Result<Prepared, Failure> {
        let server = configured(settings, name)?;
        let server = Prepared {
            name: name.to_owned(),
            url: match &server.url {
                ServerUrl::Given(url) => Some(url.clone()),
                ServerUrl::Autodiscover => None,
            },
            access,
            proof,
            hosts: Hosts::parse(&server.hosts)
                .map_err(|host| Failure::usage(format!("\"{host}\" is no host")))?,
            by_url: Mutex::default(),
            refused: Mutex::default(),
            walked: Mutex::default(),
        };
        if let Some(url) = &server.url {
            self.at(&server, url)?;
        }
        Ok(server)
    }

    /// Says whether a server has refused the login, so that nothing more is sent to it.
    pub(in crate::cli) fn is_refused(&self, name: &str) -> bool {
        // The map is given back first: whoever walks to this server holds its answer, for as long as that takes.
        let server = {
            let prepared = self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
            prepared.get(name).cloned()
        };
        server.is_some_and(|server| server.is_refused())
    }

    /// Looks whether the secret of a login that was refused is another one by now, and takes it if so. What was refused once is
    /// never tried again, even if it comes back later: each attempt counts towards a lock-out.
    pub(in crate::cli) fn mend(&self, settings: &Settings, name: &str) -> bool {
        // A secret that cannot be read at the moment is no other one.
        let Ok((access, proof)) = self.way(settings, name) else { return false };
        let mut prepared = self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        let known = prepared.get(name);
        if known.is_some_and(|known| known.proof == proof)
            || access.passage.gate.refused().is_some()
        {
            return false;
        }
        let Ok(fresh) = self.make(settings, name, (access, proof)) else { return false };
        prepared.insert(name.to_owned(), Arc::new(fresh));
        true
    }

    /// Returns what has servers asked again that want to be left alone: an administrator says that they are well.
    pub(in crate::cli) fn hurried(&self) -> impl Fn() + Send + 'static {
        let prepared = Arc::clone(&self.prepared);
        move || {
            for server in prepared.lock().unwrap_or_else(PoisonError::into_inner).values() {
                let by_url = server.by_url.lock().unwrap_or_else(PoisonError::into_inner);
                by_url.values().for_each(|server| server.hurry());
            }
        }
    }

    /// Returns the server at a URL.
    fn at(&self, prepared: &Prepared, url: &str) -> Result<Arc<ExchangeServer>, Failure> {
        let mut by_url = prepared.by_url.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = by_url.get(url) {
            return Ok(Arc::clone(server));
        }
        let access = ServerAccess { url: url.to_owned(), ..prepared.access.clone() };
        let server =
            ExchangeServer::new(&access, self.runtime.handle().clone()).map_err(|error| {
                let hint = error.hint.clone();
                Failure::usage(error).hint_of(hint).hint(about(&prepared.name))
            })?;
        let server = Arc::new(server);
        by_url.insert(url.to_owned(), Arc::clone(&server));
        Ok(server)
    }

    /// Makes a mailbox; nothing is sent until it is opened, unless its server has to be found first.
    pub(in crate::cli) fn mailbox(
        &self,
        settings: &Settings,
        mailbox: &MailboxSettings,
        usage: Usage,
    ) -> Result<Box<dyn Mailbox>, Failure> {
        match file(settings, mailbox, usage)? {
            Some(access) => {
                self.note_place(&access);
                Ok(Box::new(PstMailbox::new(access)))
            }
            None => Ok(Box::new(self.exchange(settings, mailbox)?)),
        }
    }

    /// Takes note of what speaks against the place of a file that is to be written. A share that is not allowed is refused when the
    /// file is opened.
    fn note_place(&self, access: &PstAccess) {
        if !access.writes {
            return;
        }
        let told = concerns(&access.path).into_iter();
        let told = told.filter(|it| access.settings.shares || *it != Concern::NetworkShare);
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.extend(told.map(|concern| (access.path.clone(), concern)));
    }

    /// The same, with all that an Exchange mailbox tells of itself.
    pub(in crate::cli) fn exchange(
        &self,
        settings: &Settings,
        mailbox: &MailboxSettings,
    ) -> Result<ExchangeMailbox<LaneWire>, Failure> {
        let server = self.server(settings, mailbox)?;
        let zone = Zone::iana(mailbox.zone.name()).ok_or_else(|| {
            Failure::usage(format!("the zone {} cannot be used with Exchange", mailbox.zone))
        })?;
        Ok(server.mailbox(&act_as(settings, mailbox), zone))
    }

    /// Returns the server of a mailbox: the configured one, else the one that Autodiscover finds or has found.
    pub(in crate::cli) fn server(
        &self,
        settings: &Settings,
        mailbox: &MailboxSettings,
    ) -> Result<Arc<ExchangeServer>, Failure> {
        let prepared = self.prepared(settings, mailbox)?;
        match (&prepared.url, &mailbox.target) {
            (None, Target::Exchange { address, .. }) => {
                let found = self.found(settings, &prepared, address)?;
                let server = self.at(&prepared, &found.url)?;
                server.note_group(&act_as(settings, mailbox), found.grouping);
                Ok(server)
            }
            (url, _) => self.at(&prepared, url.as_deref().unwrap_or_default()),
        }
    }

    /// Returns by which scheme and as whom abgleich logs in at the server of a mailbox.
    pub(in crate::cli) fn login(
        &self,
        settings: &Settings,
        mailbox: &MailboxSettings,
    ) -> Result<(ews::Scheme, String), Failure> {
        let prepared = self.prepared(settings, mailbox)?;
        Ok((prepared.access.login.scheme(), prepared.access.login.account()))
    }

    /// Finds the server of an address, or remembers it.
    fn found(
        &self,
        settings: &Settings,
        prepared: &Prepared,
        address: &str,
    ) -> Result<Found, Failure> {
        let memory = Discovered::at(&settings.state.folder);
        let name = &prepared.name;
        if let Some(known) = memory.known(name, address, Timestamp::now())
            && let Ok(endpoint) = Endpoint::parse(&known.url, PlainHttp::Never)
            && prepared.hosts.permit(endpoint.host())
            && (prepared.access.passage.proxy.is_some()
                || answers(&endpoint, prepared.access.connect_within).is_ok())
        {
            return Ok(known);
        }
        // Held for the whole walk: whoever waits hears whether the login was refused before it tries as well.
        let mut refused = prepared.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(said) = refused.as_ref() {
            return Err(Failure::new(Exit::MailboxFailed, said.clone()).hint(about(name)));
        }
        let mut walk = Walk::new(address, prepared.hosts.clone(), None).map_err(Failure::usage)?;
        match self.walk(prepared, &mut walk, &mut |_, _| false) {
            Outcome::Found(found) => {
                // What cannot be remembered is looked for again; that is all.
                self.note_memory(memory.note(name, address, &found, Timestamp::now()));
                let mut walked = prepared.walked.lock().unwrap_or_else(PoisonError::into_inner);
                walked.insert(address.to_owned());
                Ok(found)
            }
            outcome => {
                let _ = memory.forget(name, address);
                let said = match &outcome {
                    Outcome::Online { host } => format!(
                        "the mailbox {address} is in Exchange Online ({host}), where Microsoft switches EWS off"
                    ),
                    Outcome::LoginRefused { host, .. } => {
                        let said = format!("{host} refused the login");
                        *refused = Some(said.clone());
                        said
                    }
                    _ => format!("Autodiscover finds no server for {address}"),
                };
                Err(Failure::new(Exit::MailboxFailed, said)
                    .hint(format!("`abgleich discover {address}` shows the way step by step")))
            }
        }
    }

    /// Forgets where the mailbox was found, because it is not there any more. Says whether it is worth to look for it at once: it
    /// was remembered from another run.
    pub(in crate::cli) fn forget(&self, settings: &Settings, mailbox: &MailboxSettings) -> bool {
        let Target::Exchange { address, .. } = &mailbox.target else { return false };
        let Ok(prepared) = self.prepared(settings, mailbox) else { return false };
        if prepared.url.is_some() {
            return false;
        }
        let memory = Discovered::at(&settings.state.folder);
        if !self.note_memory(memory.forget(&prepared.name, address)) {
            return false;
        }
        let mut walked = prepared.walked.lock().unwrap_or_else(PoisonError::into_inner);
        !walked.remove(address)
    }

    /// Takes note of a memory that cannot be written, and says whether it could.
    fn note_memory<E: Display>(&self, written: Result<(), E>) -> bool {
        let Err(error) = written else { return true };
        let mut forgotten = self.forgotten.lock().unwrap_or_else(PoisonError::into_inner);
        *forgotten = Some(error.to_string());
        false
    }

    /// Walks to the server of an address.
    fn walk(
        &self,
        prepared: &Prepared,
        walk: &mut Walk,
        permit: &mut (dyn FnMut(&str, bool) -> bool + Send),
    ) -> Outcome {
        let finder = Finder {
            login: prepared.access.login.clone(),
            trust: prepared.access.trust(),
            timeouts: prepared.access.timeouts(),
            passage: prepared.access.passage.clone(),
        };
        self.runtime.block_on(finder.follow(walk, permit))
    }

    /// Walks to the server of an address for somebody who watches, and remembers what was found where runs look for it.
    pub(in crate::cli) fn discover(
        &self,
        settings: &Settings,
        server: &str,
        walk: impl FnOnce(Hosts) -> Result<Walk, String>,
        address: &str,
        permit: &mut (dyn FnMut(&str, bool) -> bool + Send),
    ) -> Result<(Walk, Outcome), Failure> {
        let prepared = self.prepared_server(settings, server)?;
        let mut walk = walk(prepared.hosts.clone()).map_err(Failure::usage)?;
        let outcome = self.walk(&prepared, &mut walk, permit);
        if let (Outcome::Found(found), None) = (&outcome, &prepared.url) {
            let memory = Discovered::at(&settings.state.folder);
            memory
                .note(server, address, found, Timestamp::now())
                .map_err(|error| Failure::new(Exit::Internal, error))?;
        }
        Ok((walk, outcome))
    }

    /// Says whether somebody answers at the server's address, without logging in: the first thing that is known of a server
    /// that is down, and the only one that need not be found out for each mailbox.
    pub(in crate::cli) fn reach(
        settings: &Settings,
        mailbox: &MailboxSettings,
    ) -> Result<(), String> {
        let Target::Exchange { server: name, .. } = &mailbox.target else { return Ok(()) };
        let Some(server) = settings.servers.get(name) else { return Ok(()) };
        // Where each mailbox is looked for, there is no one server.
        let ServerUrl::Given(url) = &server.url else { return Ok(()) };
        // A URL that cannot be read is said by `prepare`, with its reason.
        let Ok(endpoint) = Endpoint::parse(url, PlainHttp::Never) else { return Ok(()) };
        // Behind a proxy only the proxy knows whether somebody answers.
        if server.proxy.is_some() {
            return Ok(());
        }
        answers(&endpoint, server.timeouts.connect)
    }
}

fn configured<'a>(settings: &'a Settings, name: &str) -> Result<&'a ServerSettings, Failure> {
    let server = settings.servers.get(name);
    server.ok_or_else(|| Failure::usage(format!("the configuration has no server {name}")))
}

pub(super) fn about(name: &str) -> String {
    format!("it is about the server `{name}` of the configuration")
}

/// Says whether somebody takes a connection.
fn answers(endpoint: &Endpoint, limit: Duration) -> Result<(), String> {
    let authority = endpoint.authority();
    let addresses = (endpoint.host(), endpoint.port())
        .to_socket_addrs()
        .map_err(|error| format!("the name of the server {authority} is not known: {error}"))?;
    let mut said = format!("the server {authority} has no address");
    for address in addresses {
        match TcpStream::connect_timeout(&address, limit) {
            Ok(_) => return Ok(()),
            Err(error) => said = format!("nobody answers at {authority} ({address}): {error}"),
        }
    }
    Err(said)
}

/// What a mailbox is opened for. A PST file that is only read is neither locked nor made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Usage {
    /// For reading.
    Read,
    /// For writing.
    Write,
}

/// Returns how the PST file of a mailbox is used; `None` where the mailbox is on a server.
pub(in crate::cli) fn file(
    settings: &Settings,
    mailbox: &MailboxSettings,
    usage: Usage,
) -> Result<Option<PstAccess>, Failure> {
    let Target::Pst { path, limits } = &mailbox.target else { return Ok(None) };
    let zone = Zone::iana(mailbox.zone.name())
        .ok_or_else(|| Failure::usage(format!("the zone {} is not known", mailbox.zone)))?;
    Ok(Some(PstAccess {
        path: path.clone(),
        writes: usage == Usage::Write && mailbox.writes == Writes::On,
        german: settings.language == Language::German,
        zone,
        settings: abgleich::pst::ndb::write::Settings {
            longest: u64::from(limits.max_gb) << 30,
            protected: limits.with_password,
            shares: limits.on_share,
        },
        code_page: limits.code_page,
    }))
}

/// Returns as whom the mailbox is opened.
pub(in crate::cli) fn act_as(settings: &Settings, mailbox: &MailboxSettings) -> ActAs {
    let Target::Exchange { server, address } = &mailbox.target else { return ActAs::Own };
    let address = address.clone();
    match settings.servers.get(server).map(|server| server.access) {
        Some(Access::Impersonation) => match &mailbox.owner {
            Owner::Address => ActAs::Owner(address),
            Owner::Upn(upn) => {
                ActAs::OwnerBy { address, person: Impersonation::PrincipalName(upn.clone()) }
            }
            Owner::Sid(sid) => ActAs::OwnerBy { address, person: Impersonation::Sid(sid.clone()) },
        },
        Some(Access::Delegate) => ActAs::DelegateOf(address),
        Some(Access::Own) => ActAs::OwnOf(address),
        None => ActAs::Own,
    }
}
