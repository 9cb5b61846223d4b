//! A lane to a real server (effect).

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::Response;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue, LOCATION, SET_COOKIE};
use jiff::Timestamp;
use rustls::ClientConfig;
use tokio::time::{Instant, timeout};

use crate::ews::auth::{Account, BindingMode, ChannelBinding, Gate, Login, Refused};
use crate::ews::envelope::Header;
use crate::ews::error::{ConnectError, EwsError};
use crate::ews::recorder::{Recorder, Tape};
use crate::ews::transport::answer::Answer;
use crate::ews::transport::challenge::offers;
use crate::ews::transport::cookies::Cookies;
use crate::ews::transport::date::ServerClock;
use crate::ews::transport::dial::{Connection, Way, dial};
use crate::ews::transport::endpoint::Endpoint;
use crate::ews::transport::exchange::Outgoing;
use crate::ews::transport::expiry::Expiry;
use crate::ews::transport::facts::{Dialed, LoginFacts, Offer, Page};
use crate::ews::transport::login::basic;
use crate::ews::transport::passage::Passage;
use crate::ews::transport::places::Places;
use crate::ews::transport::proxy::Proxy;
use crate::ews::transport::status::{Verdict, excerpt, judge, says_locked};
use crate::ews::transport::trace::Trace;
use crate::ews::transport::trust::Trust;

/// How long to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For each stage of connecting.
    pub connect: Duration,
    /// For the head of an answer, and for each further piece of it. A batch of 500 contacts was
    /// seen to take a server more than a minute.
    pub read: Duration,
    /// For a whole answer.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(20),
            read: Duration::from_mins(2),
            total: Duration::from_mins(10),
        }
    }
}

/// What all lanes to one server with one account have in common.
#[derive(Debug, Clone)]
pub struct Settings {
    pub(super) endpoint: Endpoint,
    pub(super) account: Arc<Account>,
    /// The header of Basic, made once.
    pub(super) basic: Option<HeaderValue>,
    pub(super) timeouts: Timeouts,
    tls: Option<Arc<ClientConfig>>,
    proxy: Option<Proxy>,
    binding: BindingMode,
    places: Places,
    pub(super) recorder: Option<Recorder>,
    expiry: Expiry,
}

impl Settings {
    /// Prepares lanes. Do it once: reading the system's certificates takes a while.
    ///
    /// # Errors
    ///
    /// When the login cannot be sent or the certificates cannot be read.
    pub fn new(
        endpoint: Endpoint,
        login: &Login,
        trust: &Trust,
        timeouts: Timeouts,
    ) -> Result<Self, ConnectError> {
        let basic = match login {
            Login::Basic { user, password } => Some(basic(user, password)?),
            Login::Ntlm { .. } | Login::NtlmOfAccount | Login::Negotiate(_) => None,
        };
        let tls = if endpoint.is_tls() { Some(trust.client_config()?) } else { None };
        Ok(Self {
            endpoint,
            account: Arc::new(Account::new(login.clone(), Gate::default())),
            basic,
            timeouts,
            tls,
            proxy: None,
            binding: BindingMode::Auto,
            places: Places::default(),
            recorder: None,
            expiry: Expiry::default(),
        })
    }

    /// Takes what is special on the way. Plain http to this machine never goes through a proxy.
    #[must_use]
    pub fn through(mut self, passage: &Passage) -> Self {
        let Passage { gate, binding, proxy, places, recorder, expiry } = passage.clone();
        self.account = Arc::new(Account::new(self.account.login().clone(), gate));
        self.binding = binding;
        self.places = places;
        self.recorder = recorder;
        self.expiry = expiry;
        self.proxy = proxy.filter(|_| self.endpoint.is_tls());
        self
    }

    /// Returns the same for streams of events, which are silent for long and do not take the places of other connections.
    #[must_use]
    pub fn for_streams(&self, timeouts: Timeouts) -> Self {
        Self { timeouts, places: Places::default(), ..self.clone() }
    }

    /// Returns how many connections may stand at once; `None` where nobody counts.
    pub fn connections(&self) -> Option<usize> {
        self.places.most()
    }

    /// Returns where the lanes lead.
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Returns how long to wait.
    pub const fn timeouts(&self) -> Timeouts {
        self.timeouts
    }

    /// Returns what stops all lanes of the account after a refused login.
    pub fn gate(&self) -> &Gate {
        self.account.gate()
    }

    /// Makes a lane, which dials when it is first used.
    pub fn lane(&self) -> super::Lane {
        super::Lane::Http(Box::new(HttpLane {
            settings: self.clone(),
            cookies: Cookies::default(),
            idle: None,
            clock: None,
            trace: None,
            back_end: None,
            login: None,
            each_request: false,
            asked_again: 0,
        }))
    }

    /// Returns what a login on a connection is bound to.
    pub(super) fn binding(&self, connection: &Connection) -> Option<ChannelBinding> {
        let end_point = connection.end_point.as_ref()?;
        match &self.binding {
            BindingMode::Auto => Some(ChannelBinding::of_hash(end_point)),
            BindingMode::Off => None,
            BindingMode::Hash(hash) => Some(ChannelBinding::of_hash(hash)),
        }
    }

    async fn dial(&self) -> Result<Box<Connection>, ConnectError> {
        // Whoever has a place is at work and gives it back; there is no need for a limit of its own.
        let place = self.places.take().await;
        let mut connection = dial(Way {
            endpoint: &self.endpoint,
            proxy: self.proxy.as_ref(),
            tls: self.tls.as_ref(),
            limit: self.timeouts.connect,
        })
        .await?;
        let Dialed { address, local, tls } = &connection.dialed;
        tracing::debug!(server = %self.endpoint.authority(), %address, %local, "connected");
        if let Some(tls) = tls {
            self.expiry.saw(&tls.certificate, Timestamp::now());
        }
        connection.place = place;
        Ok(Box::new(connection))
    }
}

/// One connection, dialled when needed.
#[derive(Debug)]
pub struct HttpLane {
    pub(super) settings: Settings,
    pub(super) cookies: Cookies,
    /// The connection while no request is on it. A request takes it away and puts it back when its
    /// answer was read to the end, so that one that was given up is never used again.
    pub(super) idle: Option<Box<Connection>>,
    /// The server's clock, as the last answer told it.
    clock: Option<ServerClock>,
    /// The last request.
    pub(super) trace: Option<Trace>,
    /// The back end that served the last request, where the front end told.
    back_end: Option<String>,
    /// What the last login was.
    pub(super) login: Option<LoginFacts>,
    /// Whether the server wants a login with each request.
    pub(super) each_request: bool,
    /// How many times in a row the server asked for a login on a connection that had one.
    pub(super) asked_again: u8,
}

/// Takes note of an exchange that failed.
fn told<T>(tape: &mut Option<Tape>, outcome: Result<T, EwsError>) -> Result<T, EwsError> {
    if let (Some(tape), Err(error)) = (tape, &outcome) {
        tape.failed(error.stage());
    }
    outcome
}

pub(super) const AGENT: &str = concat!("abgleich/", env!("CARGO_PKG_VERSION"));

impl HttpLane {
    /// Dials if there is no usable connection.
    pub(super) async fn connect(&mut self) -> Result<Dialed, EwsError> {
        let connection = self.connection().await?;
        let dialed = connection.dialed.clone();
        self.idle = Some(connection);
        Ok(dialed)
    }

    /// Forgets the connection, and by what requests are led to one server and no other.
    pub(super) fn lead_anew(&mut self) {
        self.cookies = Cookies::default();
        self.idle = None;
    }

    /// Returns what the server's clock shows now, as far as its last answer told.
    pub(super) fn server_clock(&self) -> Option<Timestamp> {
        self.clock?.at(std::time::Instant::now())
    }

    /// Returns the back end that served the last request, where the front end told.
    pub(super) fn back_end(&self) -> Option<&str> {
        self.back_end.as_deref()
    }

    /// Returns what the last login was.
    pub(super) fn login_facts(&self) -> Option<LoginFacts> {
        self.login
    }

    /// Asks for nothing without logging in: a server then says what it offers.
    pub(super) async fn offer(&mut self) -> Result<Offer, EwsError> {
        let started = Instant::now();
        // What comes over a connection with a login is taken for ours.
        self.idle.take_if(|idle| idle.logged_in);
        let mut connection = self.connection().await?;
        let outgoing = Outgoing::new(Bytes::new(), None, started + self.settings.timeouts.total);
        let request = self.request(Bytes::new(), None, &outgoing)?;
        let limit = self.settings.timeouts.read;
        let response = timeout(limit, connection.sender.send_request(request))
            .await
            .map_err(|_| EwsError::TimedOut { waited: limit })?
            .map_err(|error| EwsError::Lost { problem: error.to_string() })?;
        let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        let offer = Offer {
            status: response.status().as_u16(),
            schemes: offers(response.headers()),
            location: location.map(str::to_owned),
        };
        // Reading the page to its end keeps the connection for the login.
        Answer::new(self, response, connection, started).beginning().await;
        Ok(offer)
    }

    /// Sends a document of another kind and returns the answer, whatever it is.
    pub(super) async fn page(
        &mut self,
        operation: &'static str,
        document: Bytes,
        limit: usize,
    ) -> Result<Page, EwsError> {
        let started = Instant::now();
        let mut tape = self.tape(operation, &document);
        let outgoing = Outgoing::new(document, None, started + self.settings.timeouts.total);
        let (response, connection) = told(&mut tape, self.exchange(&outgoing).await)?;
        let text = |name| {
            let value: Option<&HeaderValue> = response.headers().get(name);
            value.and_then(|value| value.to_str().ok()).map(str::to_owned)
        };
        let status = response.status().as_u16();
        let (location, content_type) = (text(LOCATION), text(CONTENT_TYPE));
        if let Some(tape) = &mut tape {
            tape.head(status);
            if let Some(location) = &location {
                tape.leads(location);
            }
        }
        let mut answer = Answer::new(self, response, connection, started).onto(tape);
        let mut body = Vec::new();
        while body.len() < limit
            && let Some(piece) = answer.piece().await?
        {
            body.extend_from_slice(&piece);
        }
        body.truncate(limit);
        drop(answer);
        if status != 200 && says_locked(&body) {
            return Err(self.locked(status));
        }
        Ok(Page { status, location, content_type, body })
    }

    /// Sends a request and returns when the head of its answer is there.
    pub(super) async fn post(
        &mut self,
        operation: &'static str,
        body: Bytes,
        header: &Header,
    ) -> Result<Answer<'_>, EwsError> {
        let started = Instant::now();
        let recorder = self.settings.recorder.as_ref();
        let mut tape = recorder.map(|recorder| recorder.begin(operation, &body));
        let outgoing = Outgoing::new(body, Some(header), started + self.settings.timeouts.total);
        let (response, connection) = told(&mut tape, self.exchange(&outgoing).await)?;
        let status = response.status().as_u16();
        if let Some(tape) = &mut tape {
            tape.head(status);
        }
        match judge(status, response.headers()) {
            Verdict::Read => Ok(Answer::new(self, response, connection, started).onto(tape)),
            Verdict::Fail(error) => told(&mut tape, Err(error)),
            Verdict::Explain => {
                let page = Answer::new(self, response, connection, started).beginning().await;
                let error = if says_locked(&page) {
                    self.locked(status)
                } else {
                    EwsError::Status { status, excerpt: excerpt(&page) }
                };
                told(&mut tape, Err(error))
            }
        }
    }

    /// The server said on a page that the account is locked: nobody presents the login any more.
    pub(super) fn locked(&self, status: u16) -> EwsError {
        let refused = Refused::Blocked { status };
        self.settings.gate().close(refused.clone());
        refused.into()
    }

    /// Begins to record a document that has an address of its own.
    fn tape(&self, operation: &'static str, document: &[u8]) -> Option<Tape> {
        let recorder = self.settings.recorder.as_ref()?;
        Some(recorder.begin(operation, document).to(&self.settings.endpoint.url()))
    }

    /// Takes the idle connection, or dials.
    pub(super) async fn connection(&mut self) -> Result<Box<Connection>, EwsError> {
        if let Some(mut connection) = self.idle.take()
            && connection.sender.ready().await.is_ok()
        {
            return Ok(connection);
        }
        let mut connection = self.settings.dial().await?;
        let lost = |problem: hyper::Error| ConnectError::Tcp {
            authority: self.settings.endpoint.authority(),
            problem: problem.to_string(),
        };
        connection.sender.ready().await.map_err(lost)?;
        Ok(connection)
    }

    pub(super) fn remember(&mut self, response: &Response<Incoming>, request_id: &str) {
        self.clock = ServerClock::of(response.headers(), std::time::Instant::now());
        for cookie in response.headers().get_all(SET_COOKIE) {
            if let Ok(cookie) = cookie.to_str() {
                self.cookies.set(cookie);
            }
        }
        let text =
            |name| response.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        if let Some(trace) = &mut self.trace {
            trace.answered(response.headers());
        }
        self.back_end = text("x-calculatedbetarget").map(str::to_ascii_lowercase);
        tracing::debug!(
            status = response.status().as_u16(),
            client_request_id = request_id,
            request_id = text("request-id"),
            front_end = text("x-feserver"),
            back_end = text("x-calculatedbetarget"),
            diagnosis = text("x-diaginfo"),
            cas_error = text("x-caserrorcode"),
            "the head of an EWS answer came"
        );
    }
}
