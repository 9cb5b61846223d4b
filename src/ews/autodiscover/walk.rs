//! The walk from a mail address to the URL of its server (pure): says what to do next, and is told what came of it.
//!
//! The order is that of [MS-OXDISCO] 3.1.5, but for the first two: the bare domain is most often a web host's, so the name
//! that is made for the purpose is asked first. The directory of the domain (SCP) is not asked: it wants LDAP.
//!
//! Three rules keep the login where it belongs (notes.md §3.5). A label is never taken off the domain. Whoever is asked first is asked
//! without the login and without the address, and only over https. The login goes to hosts on the list and to no other, and to none
//! any more once it was refused.

use std::collections::{BTreeSet, VecDeque};

use crate::cloud::is_exchange_online;
use crate::ews::autodiscover::answer::{Answer, Endpoints};
use crate::ews::autodiscover::event::{Event, What};
use crate::ews::autodiscover::hosts::{Hosts, is_host};
use crate::ews::autodiscover::request::Dialect;
use crate::ews::autodiscover::srv::Srv;
use crate::ews::transport::{Endpoint, PlainHttp};

/// How often one may be sent on, from server to server and from address to address together.
const HOPS: u32 = 10;

/// How many hosts of SRV records are asked.
const RECORDS: usize = 5;

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// POST nothing, without a login: who is there?
    Probe(Endpoint),
    /// GET `http://HOST/autodiscover/autodiscover.xml`, without a login, only to learn where it leads.
    Knock(String),
    /// Ask DNS for the SRV records of a name.
    LookUp(String),
    /// Ask an administrator whether the host may see the login.
    Permit {
        /// The host.
        host: String,
        /// Whether it is the server found, or only the one that is to tell of it.
        found: bool,
    },
    /// POST the question about an address with the login.
    Ask {
        /// Where.
        url: Endpoint,
        /// In which words.
        dialect: Dialect,
        /// About which address.
        address: String,
    },
    /// Connect, without sending anything: the inner address of a server is of no use outside.
    Reach(Endpoint),
    /// Nothing more.
    Done(Outcome),
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// Somebody answered a probe or a knock.
    Status {
        /// The status.
        status: u16,
        /// Where it leads.
        location: Option<String>,
        /// The schemes of a login that it offers.
        offers: Vec<String>,
    },
    /// Nobody answered, or not so that it helps; in words.
    Failed(String),
    /// The records, in the order in which they are to be tried.
    Records(Vec<Srv>),
    /// The administrator's word.
    Permitted(bool),
    /// The answer to the question.
    Answer(Answer),
    /// The question was answered by sending us elsewhere.
    Redirected(String),
    /// The login was refused.
    LoginRefused {
        /// The schemes that are offered.
        offers: Vec<String>,
    },
    /// The connection stands.
    Reached,
}

impl Told {
    /// Names what it is, for logs.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Status { .. } => "status",
            Self::Failed(_) => "failed",
            Self::Records(_) => "records",
            Self::Permitted(_) => "permitted",
            Self::Answer(_) => "answer",
            Self::Redirected(_) => "redirected",
            Self::LoginRefused { .. } => "login-refused",
            Self::Reached => "reached",
        }
    }
}

/// How a walk ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The server is known.
    Found(Found),
    /// The mailbox is in Exchange Online, which takes no EWS.
    Online {
        /// Who said so, or where it leads.
        host: String,
    },
    /// The login was refused; it was tried nowhere else, because each attempt counts towards a lock-out.
    LoginRefused {
        /// By whom.
        host: String,
        /// The schemes that it offers.
        offers: Vec<String>,
    },
    /// None of the ways led to a server.
    NotFound,
}

/// The server of a mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The address of its web service.
    pub url: String,
    /// The address under which the mailbox was found; another than the one asked for after a redirect.
    pub address: String,
    /// Mailboxes with the same value may share a stream.
    pub grouping: Option<String>,
    /// The version of the server that answered.
    pub server: Option<String>,
}

/// A walk under way.
#[derive(Debug)]
pub struct Walk {
    address: String,
    hosts: Hosts,
    denied: BTreeSet<String>,
    tasks: VecDeque<Task>,
    /// The task that was handed out last.
    pending: Option<Task>,
    seen: BTreeSet<String>,
    hops: u32,
    events: Vec<Event>,
    outcome: Option<Outcome>,
}

#[derive(Debug, Clone)]
enum Task {
    Probe(Endpoint),
    Knock(String),
    LookUp(String),
    Permit { host: String, found: bool, then: Box<Task> },
    Ask(Endpoint, Dialect),
    Take(Endpoint, Endpoints),
}

impl Walk {
    /// Begins a walk for an address. `at` is an Autodiscover URL to begin with; then no other way is tried.
    ///
    /// # Errors
    ///
    /// When the address has no domain, or `at` is no https URL; in words.
    pub fn new(address: &str, hosts: Hosts, at: Option<&str>) -> Result<Self, String> {
        let mut walk = Self {
            address: String::new(),
            hosts,
            denied: BTreeSet::new(),
            tasks: VecDeque::new(),
            pending: None,
            seen: BTreeSet::new(),
            hops: 0,
            events: Vec::new(),
            outcome: None,
        };
        let tasks = match at {
            Some(at) => {
                let url =
                    Endpoint::parse(at, PlainHttp::Never).map_err(|error| error.to_string())?;
                domain(address)?;
                vec![Task::Probe(url)]
            }
            None => ways(&domain(address)?),
        };
        walk.begin(address, tasks);
        Ok(walk)
    }

    fn begin(&mut self, address: &str, tasks: Vec<Task>) {
        address.clone_into(&mut self.address);
        self.seen.insert(address.to_lowercase());
        self.tasks = tasks.into();
    }

    /// Returns what happened so far, in order.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Says what to do next; the same again until [`Walk::told`] was told what came of it.
    pub fn step(&mut self) -> Step {
        loop {
            if let Some(outcome) = &self.outcome {
                return Step::Done(outcome.clone());
            }
            if let Some(task) = &self.pending {
                return self.step_of(task);
            }
            match self.tasks.pop_front() {
                None => self.outcome = Some(Outcome::NotFound),
                Some(task) => self.pending = self.admitted(task),
            }
        }
    }

    /// Puts the question of permission before a task that would bring the login to a host.
    fn admitted(&mut self, task: Task) -> Option<Task> {
        let (host, found) = match &task {
            Task::Ask(url, _) => (url.host().to_owned(), false),
            Task::Take(url, _) => (url.host().to_owned(), true),
            _ => return Some(task),
        };
        if self.hosts.permit(&host) {
            return Some(task);
        }
        if self.denied.contains(&host) {
            // It was said when it was asked.
            return None;
        }
        Some(Task::Permit { host, found, then: Box::new(task) })
    }

    fn step_of(&self, task: &Task) -> Step {
        match task {
            Task::Probe(url) => Step::Probe(url.clone()),
            Task::Knock(host) => Step::Knock(host.clone()),
            Task::LookUp(name) => Step::LookUp(name.clone()),
            Task::Permit { host, found, .. } => Step::Permit { host: host.clone(), found: *found },
            Task::Ask(url, dialect) => {
                let (url, dialect) = (in_words_of(url, *dialect), *dialect);
                Step::Ask { url, dialect, address: self.address.clone() }
            }
            Task::Take(url, _) => Step::Reach(url.clone()),
        }
    }

    /// Takes what came of the last step.
    pub fn told(&mut self, told: Told) {
        let Some(task) = self.pending.take() else { return };
        let place = place(&task);
        match (task, told) {
            (Task::Permit { host, then, .. }, Told::Permitted(true)) => {
                self.hosts.add(&host);
                self.tasks.push_front(*then);
            }
            (Task::Permit { host, .. }, _) => {
                self.note(&place, What::NotPermitted);
                self.denied.insert(host);
            }
            (Task::Probe(url), Told::Status { status: 401, offers, .. }) => {
                self.note(&place, What::AsksForLogin(offers));
                // SOAP knows more; whoever does not know it is asked in plain XML.
                self.tasks.push_front(Task::Ask(url, Dialect::Soap));
            }
            (
                Task::Probe(url),
                Told::Status { location: Some(location), status: 300..=399, .. },
            ) => {
                self.follow(&place, &location, Some(&url));
            }
            (Task::Knock(_), Told::Status { location: Some(location), status: 300..=399, .. }) => {
                self.follow(&place, &location, None);
            }
            (Task::Probe(_) | Task::Knock(_), Told::Status { status, .. }) => {
                self.note(&place, What::NoService(status));
            }
            (Task::LookUp(_), Told::Records(records)) => self.records(&place, records),
            (Task::Ask(url, dialect), told) => self.asked(&place, &url, dialect, told),
            (Task::Take(url, endpoints), Told::Reached) => self.found(&place, &url, endpoints),
            (_, Told::Failed(text)) => self.note(&place, What::Failed(text)),
            // The driver answered another question than the one that was put; the way is given up.
            (_, other) => self.note(&place, What::Failed(format!("{other:?}"))),
        }
    }

    fn asked(&mut self, place: &str, url: &Endpoint, dialect: Dialect, told: Told) {
        let text = match told {
            Told::Answer(Answer::Settings(endpoints)) => return self.settings(place, &endpoints),
            Told::Answer(Answer::RedirectAddress(address)) => {
                return self.other_address(place, &address);
            }
            Told::Answer(Answer::RedirectUrl(location)) | Told::Redirected(location) => {
                return self.follow(place, &location, Some(url));
            }
            Told::LoginRefused { offers } => {
                self.note(place, What::LoginRefused(offers.clone()));
                let host = url.host().to_owned();
                self.outcome = Some(Outcome::LoginRefused { host, offers });
                return;
            }
            Told::Answer(Answer::Refused { code, text }) => What::Refused { code, text },
            Told::Failed(text) => What::Failed(text),
            other => What::Failed(format!("{other:?}")),
        };
        self.note(place, text);
        if dialect == Dialect::Soap {
            self.tasks.push_front(Task::Ask(url.clone(), Dialect::Pox));
        }
    }

    /// Takes the addresses of a server, the inner one first: who is inside is to stay there.
    fn settings(&mut self, place: &str, endpoints: &Endpoints) {
        let (internal, external) = (endpoints.internal.clone(), endpoints.external.clone());
        self.note(place, What::Named { internal: internal.clone(), external: external.clone() });
        let mut takes = Vec::new();
        for url in [internal, external.filter(|url| Some(url) != endpoints.internal.as_ref())] {
            let Some(url) = url else { continue };
            if host_of(&url).is_some_and(|host| is_exchange_online(&host)) || endpoints.online {
                return self.online(place, &host_of(&url).unwrap_or_default());
            }
            match Endpoint::parse(&url, PlainHttp::Never) {
                Ok(url) => takes.push(Task::Take(url, endpoints.clone())),
                Err(error) => self.note(place, What::Failed(error.to_string())),
            }
        }
        if endpoints.online {
            return self.online(place, place);
        }
        for take in takes.into_iter().rev() {
            self.tasks.push_front(take);
        }
    }

    fn found(&mut self, place: &str, url: &Endpoint, endpoints: Endpoints) {
        self.note(place, What::Reached);
        self.outcome = Some(Outcome::Found(Found {
            url: url.url(),
            address: self.address.clone(),
            grouping: endpoints.grouping,
            server: endpoints.server,
        }));
    }

    fn online(&mut self, place: &str, host: &str) {
        self.note(place, What::Online);
        self.outcome = Some(Outcome::Online { host: host.to_owned() });
    }

    fn records(&mut self, place: &str, mut records: Vec<Srv>) {
        self.note(place, What::Records(records.clone()));
        records.truncate(RECORDS);
        for record in records.into_iter().rev() {
            let url = format!("https://{}:{}{PATH}", record.host, record.port);
            // A host that is none leads nowhere; that it was named is noted.
            if is_host(&record.host) {
                self.to(place, &url);
            }
        }
    }

    /// Follows where a server leads: to an Autodiscover service over https, and never in a circle.
    fn follow(&mut self, place: &str, location: &str, from: Option<&Endpoint>) {
        let absolute = match (location.strip_prefix('/'), from) {
            // A location without a host stays on the same one.
            (Some(path), Some(from)) if !path.starts_with('/') => {
                format!("https://{}/{path}", from.authority())
            }
            _ => location.to_owned(),
        };
        self.note(place, What::Redirected(absolute.clone()));
        self.hops += 1;
        if self.hops > HOPS {
            return self.too_far(place);
        }
        self.to(place, &absolute);
    }

    fn to(&mut self, place: &str, url: &str) {
        if host_of(url).is_some_and(|host| is_exchange_online(&host)) {
            return self.online(place, &host_of(url).unwrap_or_default());
        }
        let target = match Endpoint::parse(url, PlainHttp::Never) {
            Ok(target) => target,
            Err(error) => return self.note(place, What::Failed(error.to_string())),
        };
        let path = target.path().split('?').next().unwrap_or_default().to_ascii_lowercase();
        if path != "/autodiscover/autodiscover.xml" && path != "/autodiscover/autodiscover.svc" {
            return self.note(place, What::OddPath(target.url()));
        }
        if self.seen.insert(target.url().to_lowercase()) {
            self.tasks.push_front(Task::Probe(target));
        } else {
            self.note(place, What::Circle);
        }
    }

    fn other_address(&mut self, place: &str, address: &str) {
        self.note(place, What::OtherAddress(address.to_owned()));
        self.hops += 1;
        if self.hops > HOPS {
            return self.too_far(place);
        }
        // A mailbox that was moved to Exchange Online leaves an address of the tenant behind.
        let behind = address.rsplit_once('@').map(|(_, domain)| domain.to_ascii_lowercase());
        if let Some(host) = behind.filter(|domain| is_exchange_online(domain)) {
            return self.online(place, &host);
        }
        match domain(address) {
            Ok(_) if self.seen.contains(&address.to_lowercase()) => self.note(place, What::Circle),
            Ok(domain) => self.begin(address, ways(&domain)),
            Err(problem) => self.note(place, What::Failed(problem)),
        }
    }

    /// Whoever sends on for ever is not asked in another way.
    fn too_far(&mut self, place: &str) {
        self.note(place, What::TooManyHops);
        self.tasks.clear();
    }

    fn note(&mut self, place: &str, what: What) {
        self.events.push(Event { place: place.to_owned(), what });
    }
}

const PATH: &str = "/autodiscover/autodiscover.xml";

/// The ways that lead from a domain, in order.
fn ways(domain: &str) -> Vec<Task> {
    let made = format!("autodiscover.{domain}");
    let probe = |host: &str| {
        let url = format!("https://{host}{PATH}");
        Endpoint::parse(&url, PlainHttp::Never).ok().map(Task::Probe)
    };
    let mut ways: Vec<_> = probe(&made).into_iter().chain(probe(domain)).collect();
    ways.push(Task::Knock(made));
    ways.push(Task::LookUp(format!("_autodiscover._tcp.{domain}")));
    ways
}

/// Returns what stands behind the `@`, whole.
fn domain(address: &str) -> Result<String, String> {
    let domain = address.rsplit_once('@').map(|(_, domain)| domain.to_ascii_lowercase());
    match domain {
        Some(domain) if is_exchange_online(&domain) => {
            Err(format!("'{domain}' is Exchange Online, which takes no EWS"))
        }
        Some(domain) if is_host(&domain) => Ok(domain),
        _ => Err("it is no mail address whose domain DNS could know".to_owned()),
    }
}

fn host_of(url: &str) -> Option<String> {
    let rest = url.split_once("://")?.1;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?.split(':').next()?;
    Some(host.to_ascii_lowercase())
}

/// Changes the end of the path to what the words want.
fn in_words_of(url: &Endpoint, dialect: Dialect) -> Endpoint {
    let path = match dialect {
        Dialect::Soap => "/autodiscover/autodiscover.svc",
        Dialect::Pox => PATH,
    };
    Endpoint::parse(&format!("https://{}{path}", url.authority()), PlainHttp::Never)
        .unwrap_or_else(|_| url.clone())
}

fn place(task: &Task) -> String {
    match task {
        Task::Probe(url) | Task::Take(url, _) => url.url(),
        Task::Ask(url, dialect) => in_words_of(url, *dialect).url(),
        Task::Knock(host) => format!("http://{host}{PATH}"),
        Task::LookUp(name) => name.clone(),
        Task::Permit { host, .. } => host.clone(),
    }
}

#[cfg(test)]
mod tests;
