//! A lane to a real server (effect).

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{
    ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, HeaderName, HeaderValue,
    LOCATION, SET_COOKIE, USER_AGENT,
};
use hyper::{Request, Response};
use jiff::Timestamp;
use rustls::ClientConfig;
use tokio::time::{Instant, timeout, timeout_at};

use crate::ews::auth::{Login, Scheme};
use crate::ews::envelope::{Header, Impersonation};
use crate::ews::error::{ConnectError, EwsError};
use crate::ews::transport::challenge::offers;
use crate::ews::transport::cookies::Cookies;
use crate::ews::transport::date::ServerClock;
use crate::ews::transport::dial::{Sender, dial};
use crate::ews::transport::endpoint::Endpoint;
use crate::ews::transport::facts::{Dialed, LoginFacts, Offer, Page};
use crate::ews::transport::login::basic;
use crate::ews::transport::status::{Verdict, excerpt, judge};
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
    endpoint: Endpoint,
    authorization: HeaderValue,
    timeouts: Timeouts,
    tls: Option<Arc<ClientConfig>>,
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
        let authorization = match login {
            Login::Basic { user, password } => basic(user, password)?,
            Login::Ntlm { .. } | Login::NtlmOfAccount | Login::Negotiate(_) => {
                return Err(ConnectError::Login { problem: "only Basic can be used yet" });
            }
        };
        let tls = if endpoint.is_tls() { Some(trust.client_config()?) } else { None };
        Ok(Self { endpoint, authorization, timeouts, tls })
    }

    /// Returns the same with other times to wait, such as for a stream that is silent for long.
    #[must_use]
    pub fn with_timeouts(&self, timeouts: Timeouts) -> Self {
        Self { timeouts, ..self.clone() }
    }

    /// Returns where the lanes lead.
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Returns how long to wait.
    pub const fn timeouts(&self) -> Timeouts {
        self.timeouts
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
        }))
    }
}

/// One connection, dialled when needed.
#[derive(Debug)]
pub struct HttpLane {
    settings: Settings,
    cookies: Cookies,
    /// The connection while no request is on it. A request takes it away and puts it back when its
    /// answer was read to the end, so that one that was given up is never used again.
    idle: Option<(Sender, Dialed)>,
    /// The server's clock, as the last answer told it.
    clock: Option<ServerClock>,
    /// The last request.
    pub(super) trace: Option<Trace>,
    /// The back end that served the last request, where the front end told.
    back_end: Option<String>,
    /// What the last login was.
    login: Option<LoginFacts>,
}

pub(super) const AGENT: &str = concat!("abgleich/", env!("CARGO_PKG_VERSION"));

impl HttpLane {
    /// Dials if there is no usable connection.
    pub(super) async fn connect(&mut self) -> Result<Dialed, EwsError> {
        let (sender, dialed, _) = self.connection().await?;
        self.idle = Some((sender, dialed.clone()));
        Ok(dialed)
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
        let (mut sender, dialed, _) = self.connection().await?;
        let mut request = self.request(Bytes::new(), None, &request_id())?;
        request.headers_mut().remove(AUTHORIZATION);
        let limit = self.settings.timeouts.read;
        let response = timeout(limit, sender.send_request(request))
            .await
            .map_err(|_| EwsError::TimedOut { waited: limit })?
            .map_err(|error| EwsError::Lost { problem: error.to_string() })?;
        let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        let offer = Offer {
            status: response.status().as_u16(),
            schemes: offers(response.headers()),
            location: location.map(str::to_owned),
        };
        let mut answer = self.answer(response, (sender, dialed), started);
        // Reading the page to its end keeps the connection for the login.
        answer.beginning().await;
        Ok(offer)
    }

    /// Sends a document of another kind and returns the answer, whatever it is.
    pub(super) async fn page(&mut self, document: Bytes, limit: usize) -> Result<Page, EwsError> {
        let (response, connection, started) = self.send(document, None).await?;
        let text =
            |name| response.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let status = response.status().as_u16();
        if let (401, Verdict::Fail(error)) = (status, judge(status, response.headers())) {
            return Err(error);
        }
        let (location, content_type) =
            (text(LOCATION).map(str::to_owned), text(CONTENT_TYPE).map(str::to_owned));
        let mut answer = self.answer(response, connection, started);
        let mut body = Vec::new();
        while body.len() < limit
            && let Some(piece) = answer.piece().await?
        {
            body.extend_from_slice(&piece);
        }
        body.truncate(limit);
        Ok(Page { status, location, content_type, body })
    }

    /// Takes the idle connection, or dials; `true` when it is a fresh one.
    async fn connection(&mut self) -> Result<(Sender, Dialed, bool), EwsError> {
        if let Some((mut sender, dialed)) = self.idle.take()
            && sender.ready().await.is_ok()
        {
            return Ok((sender, dialed, false));
        }
        let Settings { endpoint, tls, timeouts, .. } = &self.settings;
        let (mut sender, dialed) = dial(endpoint, tls.as_ref(), timeouts.connect).await?;
        tracing::debug!(server = %endpoint.authority(), address = %dialed.address, "connected");
        let lost = |problem: hyper::Error| ConnectError::Tcp {
            authority: endpoint.authority(),
            problem: problem.to_string(),
        };
        sender.ready().await.map_err(lost)?;
        Ok((sender, dialed, true))
    }

    /// Sends a request and returns when the head of its answer is there.
    pub(super) async fn post(
        &mut self,
        body: Bytes,
        header: &Header,
    ) -> Result<Answer<'_>, EwsError> {
        let (response, connection, started) = self.send(body, Some(header)).await?;
        let status = response.status().as_u16();
        match judge(status, response.headers()) {
            Verdict::Read => Ok(self.answer(response, connection, started)),
            Verdict::Fail(error) => Err(error),
            Verdict::Explain => {
                let page = self.answer(response, connection, started).beginning().await;
                Err(EwsError::Status { status, excerpt: excerpt(&page) })
            }
        }
    }

    fn answer(
        &mut self,
        response: Response<Incoming>,
        connection: (Sender, Dialed),
        started: Instant,
    ) -> Answer<'_> {
        Answer {
            status: response.status().as_u16(),
            started,
            deadline: started + self.settings.timeouts.total,
            read: self.settings.timeouts.read,
            body: Some(response.into_body()),
            connection: Some(connection),
            lane: self,
        }
    }

    async fn send(
        &mut self,
        body: Bytes,
        header: Option<&Header>,
    ) -> Result<(Response<Incoming>, (Sender, Dialed), Instant), EwsError> {
        let started = Instant::now();
        let deadline = started + self.settings.timeouts.total;
        let request_id = request_id();
        // A connection that does not come about carries no request.
        self.trace = None;
        let (mut sender, mut dialed, mut fresh) = self.connection().await?;
        self.trace = Some(Trace::new(&request_id));
        let response = loop {
            let request = self.request(body.clone(), header, &request_id)?;
            let wait = deadline.min(Instant::now() + self.settings.timeouts.read);
            let sent = timeout_at(wait, sender.try_send_request(request)).await;
            match sent {
                Err(_) => return Err(EwsError::TimedOut { waited: started.elapsed() }),
                Ok(Ok(response)) => break response,
                Ok(Err(mut error)) => {
                    let problem = error.error().to_string();
                    // hyper hands the request back when not a byte of it was sent, because the
                    // server had closed the idle connection. It is safe to send it again.
                    if error.take_message().is_none() {
                        return Err(EwsError::Lost { problem });
                    }
                    if fresh {
                        let authority = self.settings.endpoint.authority();
                        return Err(ConnectError::Tcp { authority, problem }.into());
                    }
                    tracing::debug!(problem, "the idle connection was closed, dialling again");
                    (sender, dialed, fresh) = self.connection().await?;
                }
            }
        };
        self.remember(&response, &request_id);
        if response.status().as_u16() != 401 {
            self.login =
                Some(LoginFacts { scheme: Scheme::Basic, bound: false, each_request: true });
        }
        Ok((response, (sender, dialed), started))
    }

    fn request(
        &self,
        body: Bytes,
        header: Option<&Header>,
        request_id: &str,
    ) -> Result<Request<Full<Bytes>>, EwsError> {
        let mut request = Request::builder()
            .method("POST")
            .uri(self.settings.endpoint.path())
            .header(HOST, self.settings.endpoint.host_header())
            .header(AUTHORIZATION, self.settings.authorization.clone())
            // hyper leaves it out where there is no body, and IIS then answers 411.
            .header(CONTENT_LENGTH, body.len())
            .header(CONTENT_TYPE, "text/xml; charset=utf-8")
            .header(ACCEPT, if header.is_some() { "text/xml" } else { "*/*" })
            .header(USER_AGENT, AGENT)
            .header(HeaderName::from_static("client-request-id"), request_id)
            .header(HeaderName::from_static("return-client-request-id"), "true");
        if let Some(cookies) = self.cookies.header()
            && let Ok(value) = HeaderValue::try_from(cookies)
        {
            request = request.header(COOKIE, value);
        }
        // It lets the front end find the right back end at once.
        if let Some(who) = header.and_then(anchor)
            && let Ok(value) = HeaderValue::try_from(who)
        {
            request = request.header(HeaderName::from_static("x-anchormailbox"), value);
        }
        if header.is_some_and(|header| header.affinity.is_some()) {
            request = request.header(HeaderName::from_static("x-preferserveraffinity"), "true");
        }
        // The body has a known length, so hyper sends Content-Length: IIS behind some proxies and
        // grommunio 3.10 refuse chunked requests.
        request.body(Full::new(body)).map_err(|_| {
            let url = self.settings.endpoint.authority();
            ConnectError::Url { url, problem: "it cannot be written into a request" }.into()
        })
    }

    fn remember(&mut self, response: &Response<Incoming>, request_id: &str) {
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
            "the head of an EWS answer came"
        );
    }
}

/// Returns the mailbox by which a front end steers a request.
fn anchor(header: &Header) -> Option<&str> {
    let acting = match &header.impersonate {
        Some(Impersonation::PrimarySmtpAddress(who) | Impersonation::SmtpAddress(who)) => Some(who),
        _ => None,
    };
    header.affinity.as_ref().or(acting).or(header.anchor.as_ref()).map(String::as_str)
}

/// An answer whose head is there.
#[derive(Debug)]
pub(super) struct Answer<'a> {
    status: u16,
    started: Instant,
    deadline: Instant,
    read: Duration,
    body: Option<Incoming>,
    connection: Option<(Sender, Dialed)>,
    lane: &'a mut HttpLane,
}

impl Answer<'_> {
    pub(super) fn status(&self) -> u16 {
        self.status
    }

    /// Returns the next piece; `None` at the end.
    pub(super) async fn piece(&mut self) -> Result<Option<Bytes>, EwsError> {
        let Some(body) = &mut self.body else { return Ok(None) };
        loop {
            let wait = self.deadline.min(Instant::now() + self.read);
            let Ok(frame) = timeout_at(wait, body.frame()).await else {
                self.body = None;
                self.connection = None;
                return Err(EwsError::TimedOut { waited: self.started.elapsed() });
            };
            match frame {
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
                Some(Err(error)) => {
                    self.body = None;
                    self.connection = None;
                    return Err(EwsError::Lost { problem: error.to_string() });
                }
                None => {
                    self.body = None;
                    self.lane.idle = self.connection.take();
                    return Ok(None);
                }
            }
        }
    }

    /// Returns the first bytes of a page that explains an error; none if it does not come soon.
    async fn beginning(&mut self) -> Vec<u8> {
        let mut page = Vec::new();
        while page.len() < 4096 {
            match timeout(Duration::from_secs(5), self.piece()).await {
                Ok(Ok(Some(piece))) => page.extend_from_slice(&piece),
                _ => break,
            }
        }
        page
    }
}

/// Makes an id by which an administrator finds a request in the logs of the server.
fn request_id() -> String {
    let mut bytes = [0_u8; 16];
    // Without randomness the id is of no use to an administrator, but harmless.
    let _ = getrandom::fill(&mut bytes);
    let number = u128::from_be_bytes(bytes);
    // Version 4, variant 1 (RFC 9562, section 5.4).
    let number = (number & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    crate::ews::property::Guid::new(number).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_ids_are_random_uuids() {
        let (one, two) = (request_id(), request_id());
        assert_ne!(one, two);
        assert_eq!(one.len(), 36);
        assert_eq!(one.as_bytes()[14], b'4');
        assert!(b"89ab".contains(&one.as_bytes()[19]), "{one}");
    }
}
