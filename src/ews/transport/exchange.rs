//! One request and its answer, with the login that it needs (effect).
//!
//! A connection that the server takes for ours carries requests without a word of login. Where there
//! is none yet, or the server asks again, the login is made on the very connection that the request
//! then travels on. Nothing is repeated that the server may have carried out: a 401 is an answer to a
//! request that it did not look at.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, HeaderName,
    HeaderValue, USER_AGENT,
};
use hyper::{Request, Response};
use tokio::time::{Instant, timeout, timeout_at};

use crate::ews::auth::{Conversation, LoginError, Pass, Refused, Scheme, Token};
use crate::ews::envelope::{Header, Impersonation};
use crate::ews::error::{ConnectError, EwsError};
use crate::ews::transport::challenge::{offers, token};
use crate::ews::transport::dial::Connection;
use crate::ews::transport::facts::LoginFacts;
use crate::ews::transport::http::{AGENT, HttpLane};
use crate::ews::transport::login::sensitive;
use crate::ews::transport::status::{Verdict, is_page, judge, says_locked};
use crate::ews::transport::trace::Trace;

/// A request on its way, with all that is the same however often it sets out.
#[derive(Debug)]
pub(super) struct Outgoing<'a> {
    body: Bytes,
    header: Option<&'a Header>,
    started: Instant,
    deadline: Instant,
    request_id: String,
}

impl<'a> Outgoing<'a> {
    pub(super) fn new(body: Bytes, header: Option<&'a Header>, deadline: Instant) -> Self {
        let (started, request_id) = (Instant::now(), request_id());
        Self { body, header, started, deadline, request_id }
    }
}

/// Why a request has no answer yet.
enum Setback {
    /// It will have none.
    Fail(EwsError),
    /// It did not reach the server, because the connection was closed.
    Unsent { problem: String },
    /// The server closed the connection between two words of the login.
    Interrupted,
    /// The server refused a login that it had accepted a moment ago: once more, alone.
    Doubted,
}

impl<E: Into<EwsError>> From<E> for Setback {
    fn from(error: E) -> Self {
        Self::Fail(error.into())
    }
}

/// How many words a login may have; SPNEGO needs two, NTLM within SPNEGO three.
const WORDS: usize = 6;

/// What of a refusal's page is read, so that the connection can go on.
const PAGE: usize = 256 << 10;

impl HttpLane {
    /// Sends a request, logs in where that is needed, and returns when the head of the answer is
    /// there. It is never a 401.
    pub(super) async fn exchange(
        &mut self,
        outgoing: &Outgoing<'_>,
    ) -> Result<(Response<Incoming>, Box<Connection>), EwsError> {
        let scheme = self.settings.account.login().scheme();
        let (mut interrupted, mut unsent) = (false, 0);
        // A connection that does not come about carries no request.
        self.trace = None;
        let mut connection = self.connection().await?;
        self.trace = Some(Trace::new(&outgoing.request_id));
        loop {
            let outcome = match scheme {
                Scheme::Basic => self.with_password(&mut connection, outgoing).await,
                Scheme::Ntlm | Scheme::Negotiate => self.bound(&mut connection, outgoing).await,
            };
            match outcome {
                Ok(response) => return Ok((response, connection)),
                Err(Setback::Fail(error)) => return Err(error),
                Err(Setback::Doubted) => {}
                Err(Setback::Interrupted) if interrupted => {
                    return Err(LoginError::Interrupted { scheme }.into());
                }
                Err(Setback::Interrupted) => interrupted = true,
                Err(Setback::Unsent { problem }) => {
                    // A fresh connection that takes nothing is none; an old one was idle for long.
                    if !connection.used || unsent == 2 {
                        let authority = self.settings.endpoint.authority();
                        return Err(ConnectError::Tcp { authority, problem }.into());
                    }
                    unsent += 1;
                    tracing::debug!(problem, "the idle connection was closed, dialling again");
                }
            }
            drop(connection);
            connection = self.connection().await?;
        }
    }

    /// Sends a request with the password in it.
    async fn with_password(
        &mut self,
        connection: &mut Connection,
        outgoing: &Outgoing<'_>,
    ) -> Result<Response<Incoming>, Setback> {
        let pass = self.enter(true, outgoing).await?;
        let login = self.settings.basic.clone();
        let response = self.transmit(connection, outgoing.body.clone(), login, outgoing).await?;
        let status = response.status().as_u16();
        if status == 401 {
            return Err(refuse(Scheme::Basic, pass, response, false).await);
        }
        settle(pass, status, &response);
        if !matches!(status, 440 | 456) {
            let scheme = Scheme::Basic;
            self.login = Some(LoginFacts { scheme, bound: false, each_request: true });
        }
        Ok(response)
    }

    /// Sends a request over a connection that is logged in, or is then.
    async fn bound(
        &mut self,
        connection: &mut Connection,
        outgoing: &Outgoing<'_>,
    ) -> Result<Response<Incoming>, Setback> {
        if let Some(refused) = self.settings.gate().refused() {
            return Err(Setback::Fail(refused.into()));
        }
        if connection.logged_in && !self.each_request {
            let body = outgoing.body.clone();
            let response = self.transmit(connection, body, None, outgoing).await?;
            if response.status().as_u16() == 440 {
                self.settings.gate().doubt();
            }
            if response.status().as_u16() != 401 {
                self.asked_again = 0;
                return Ok(response);
            }
            self.asked_again = self.asked_again.saturating_add(1);
            if self.asked_again >= 2 {
                tracing::debug!("the server wants a login with each request");
                self.each_request = true;
            }
            connection.logged_in = false;
            self.settings.gate().doubt();
            if !read_away(response, connection).await {
                // The login is made on another connection then; this request was not looked at.
                return Err(Setback::Unsent { problem: "closed after a 401".to_owned() });
            }
        }
        self.log_in(connection, outgoing).await
    }

    /// Logs in on a connection; the request goes along with the last word.
    async fn log_in(
        &mut self,
        connection: &mut Connection,
        outgoing: &Outgoing<'_>,
    ) -> Result<Response<Incoming>, Setback> {
        let scheme = self.settings.account.login().scheme();
        let pass = self.enter(self.each_request, outgoing).await?;
        let binding = self.settings.binding(connection);
        let bound = binding.is_some();
        let account = Arc::clone(&self.settings.account);
        let host = self.settings.endpoint.host().to_owned();
        let begun = apart(outgoing, move || account.begin(&host, binding)).await;
        let mut conversation = match begun {
            Ok(conversation) => conversation,
            Err(error) => return Err(close(pass, error)),
        };
        let mut heard: Option<Vec<u8>> = None;
        for word in 0..WORDS {
            let (returned, said) = step(conversation, heard.take(), outgoing).await?;
            conversation = returned;
            let Token { bytes, carries_body } = match said {
                Ok(said) => said,
                Err(error) => return Err(close(pass, error)),
            };
            let value = sensitive(&format!("{} {}", scheme.name(), STANDARD.encode(bytes)))?;
            // A large batch is not carried along until the server listens.
            let body = if carries_body { outgoing.body.clone() } else { Bytes::new() };
            let response = self.transmit(connection, body, Some(value), outgoing).await?;
            let status = response.status().as_u16();
            if status != 401 {
                if !carries_body {
                    return Err(unasked(scheme, &response));
                }
                let proven =
                    conversation.finish(token(response.headers(), scheme.name()).as_deref());
                return self.logged_in(connection, pass, proven, bound, response);
            }
            let Some(challenge) = token(response.headers(), scheme.name()) else {
                tracing::debug!(word, scheme = scheme.name(), "the server refused a login");
                return Err(refuse(scheme, pass, response, word > 0).await);
            };
            if !read_away(response, connection).await {
                return Err(Setback::Interrupted);
            }
            heard = Some(challenge);
        }
        let problem = "the conversation does not end".to_owned();
        Err(LoginError::Token { scheme, problem }.into())
    }

    /// The server did not refuse: takes note of what that means.
    fn logged_in(
        &mut self,
        connection: &mut Connection,
        pass: Pass,
        proven: Result<(), LoginError>,
        bound: bool,
        response: Response<Incoming>,
    ) -> Result<Response<Incoming>, Setback> {
        let status = response.status().as_u16();
        // A load balancer that has no server (503) knows nothing of logins.
        if !matches!(judge(status, response.headers()), Verdict::Read) {
            settle(pass, status, &response);
            return Ok(response);
        }
        proven?;
        pass.succeeded();
        match response.headers().get("persistent-auth").map(HeaderValue::as_bytes) {
            Some(b"false") => self.each_request = true,
            Some(b"true") => self.each_request = false,
            _ => {}
        }
        connection.logged_in = true;
        let scheme = self.settings.account.login().scheme();
        let facts = LoginFacts { scheme, bound, each_request: self.each_request };
        if self.login != Some(facts) {
            tracing::debug!(scheme = scheme.name(), bound, "logged in");
        }
        self.login = Some(facts);
        Ok(response)
    }

    /// Waits until the login may be presented.
    async fn enter(
        &self,
        with_each_request: bool,
        outgoing: &Outgoing<'_>,
    ) -> Result<Pass, Setback> {
        let entering = self.settings.gate().enter(with_each_request);
        match timeout_at(outgoing.deadline, entering).await {
            Ok(entered) => entered.map_err(|refused| Setback::Fail(refused.into())),
            Err(_) => Err(EwsError::TimedOut { waited: outgoing.started.elapsed() }.into()),
        }
    }

    /// Sends one request and returns when the head of its answer is there.
    async fn transmit(
        &mut self,
        connection: &mut Connection,
        body: Bytes,
        login: Option<HeaderValue>,
        outgoing: &Outgoing<'_>,
    ) -> Result<Response<Incoming>, Setback> {
        let request = self.request(body, login, outgoing)?;
        let wait = outgoing.deadline.min(Instant::now() + self.settings.timeouts.read);
        match timeout_at(wait, connection.sender.try_send_request(request)).await {
            Err(_) => Err(EwsError::TimedOut { waited: outgoing.started.elapsed() }.into()),
            Ok(Ok(response)) => {
                connection.used = true;
                if response.status().as_u16() == 456 {
                    // It is said on connections that are logged in, too.
                    self.settings.gate().close(Refused::Blocked { status: 456 });
                }
                // A load balancer sets its cookie with the first word already.
                self.remember(&response, &outgoing.request_id);
                Ok(response)
            }
            Ok(Err(mut error)) => {
                let problem = error.error().to_string();
                // hyper hands the request back when not a byte of it was sent, because the server
                // had closed the idle connection. It is safe to send it again.
                Err(match error.take_message() {
                    Some(_) => Setback::Unsent { problem },
                    None => EwsError::Lost { problem }.into(),
                })
            }
        }
    }

    pub(super) fn request(
        &self,
        body: Bytes,
        login: Option<HeaderValue>,
        outgoing: &Outgoing<'_>,
    ) -> Result<Request<Full<Bytes>>, EwsError> {
        let endpoint = &self.settings.endpoint;
        let header = outgoing.header;
        let mut request = Request::builder()
            .method("POST")
            .uri(endpoint.path())
            .header(HOST, endpoint.host_header())
            // hyper leaves it out where there is no body, and IIS then answers 411.
            .header(CONTENT_LENGTH, body.len())
            .header(CONTENT_TYPE, "text/xml; charset=utf-8")
            .header(ACCEPT, if header.is_some() { "text/xml" } else { "*/*" })
            .header(ACCEPT_ENCODING, "gzip")
            .header(USER_AGENT, AGENT)
            .header(HeaderName::from_static("client-request-id"), &outgoing.request_id)
            .header(HeaderName::from_static("return-client-request-id"), "true");
        if let Some(login) = login {
            request = request.header(AUTHORIZATION, login);
        }
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
            let url = endpoint.authority();
            ConnectError::Url { url, problem: "it cannot be written into a request" }.into()
        })
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

/// The last word was refused, unless the server does not know the scheme at all. Where its page says that the account is locked,
/// nobody tries again.
///
/// A server that offers other schemes and not ours has not judged the login, unless it had `spoken` our scheme before. One that offers
/// nothing at all may have: then the login counts as refused, because a lock-out is worse than a word too strong.
async fn refuse(scheme: Scheme, pass: Pass, response: Response<Incoming>, spoken: bool) -> Setback {
    let offers = offers(response.headers());
    if says_locked(&beginning(response).await) {
        return Setback::Fail(pass.locked(401).into());
    }
    let offered = offers.iter().any(|offer| offer.eq_ignore_ascii_case(scheme.name()));
    if !offered && !spoken && !offers.is_empty() {
        return LoginError::NotOffered { scheme, offers }.into();
    }
    let refused = Refused::Server { offers };
    if pass.refused(refused.clone()) { Setback::Fail(refused.into()) } else { Setback::Doubted }
}

/// The login cannot be made. What a domain controller refused is not asked of it again.
fn close(pass: Pass, error: LoginError) -> Setback {
    if error.is_refusal() {
        pass.refused(Refused::Mechanism(error.clone()));
    }
    error.into()
}

/// The server answered the first word of a login, which asks for nothing, as if it had been all.
fn unasked(scheme: Scheme, response: &Response<Incoming>) -> Setback {
    let status = response.status().as_u16();
    match judge(status, response.headers()) {
        Verdict::Fail(error) => Setback::Fail(error),
        Verdict::Read if status == 200 => LoginError::NotAsked { scheme }.into(),
        Verdict::Read | Verdict::Explain => {
            let excerpt = "(answer to the first word of the login)".to_owned();
            EwsError::Status { status, excerpt }.into()
        }
    }
}

/// Takes note of what a status says of the login. A page proves nothing, whatever its status.
fn settle(pass: Pass, status: u16, response: &Response<Incoming>) {
    match (status, judge(status, response.headers())) {
        (440, _) => {
            pass.refused(Refused::Blocked { status });
        }
        (_, Verdict::Read) if !is_page(response.headers()) => pass.succeeded(),
        _ => {}
    }
}

/// Takes the next word of a conversation, which may have to ask a domain controller.
async fn step(
    mut conversation: Conversation,
    heard: Option<Vec<u8>>,
    outgoing: &Outgoing<'_>,
) -> Result<(Conversation, Result<Token, LoginError>), Setback> {
    apart(outgoing, move || {
        let said = conversation.step(heard.as_deref());
        Ok((conversation, said))
    })
    .await
    .map_err(Setback::from)
}

/// Does something that blocks on a thread where that is allowed.
async fn apart<T: Send + 'static>(
    outgoing: &Outgoing<'_>,
    work: impl FnOnce() -> Result<T, LoginError> + Send + 'static,
) -> Result<T, LoginError> {
    let waiting = timeout_at(outgoing.deadline, tokio::task::spawn_blocking(work));
    match waiting.await {
        Ok(Ok(done)) => done,
        Ok(Err(_)) | Err(_) => Err(LoginError::Unusable {
            problem: "the system's login does not come to an end; is a domain controller reachable?",
        }),
    }
}

/// Reads the beginning of the page of a refusal; what comes too late is not waited for.
async fn beginning(response: Response<Incoming>) -> Vec<u8> {
    let (mut body, mut page) = (response.into_body(), Vec::new());
    let reading = async {
        while page.len() < 4096
            && let Some(Ok(frame)) = body.frame().await
        {
            page.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data));
        }
    };
    let _ = timeout(Duration::from_secs(5), reading).await;
    page
}

/// Reads the page of a refusal to its end; `false` when the connection cannot go on.
async fn read_away(response: Response<Incoming>, connection: &mut Connection) -> bool {
    let mut body = response.into_body();
    let reading = async {
        let mut left = PAGE;
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else { return false };
            let length = frame.data_ref().map_or(0, Bytes::len);
            let Some(rest) = left.checked_sub(length) else { return false };
            left = rest;
        }
        connection.sender.ready().await.is_ok()
    };
    timeout(Duration::from_secs(20), reading).await.unwrap_or(false)
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
