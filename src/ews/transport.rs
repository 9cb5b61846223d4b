//! Moves requests and answers between us and a server (effect).
//!
//! A [`Lane`] is one TCP connection with one conversation on it at a time, because NTLM and
//! Negotiate authenticate connections and pools do not keep them apart. It adds credentials, keeps
//! cookies, redials a connection that the server closed while it was idle, and turns what HTTP says
//! into errors. It never repeats a request that may have reached the server.

mod answer;
mod certificate;
mod challenge;
mod cookies;
mod date;
mod dial;
mod endpoint;
mod exchange;
mod expiry;
mod facts;
mod http;
mod inflate;
mod knock;
mod listen;
mod login;
mod passage;
mod places;
mod proxy;
#[cfg(any(test, feature = "simulation"))]
pub mod replay;
#[cfg(any(test, feature = "simulation"))]
pub mod scripted;
mod status;
mod trace;
mod trust;

pub use certificate::Certificate;
pub use endpoint::{Endpoint, PlainHttp};
pub use expiry::{ENDS_SOON, Expiry};
pub use facts::{Dialed, LoginFacts, Offer, Page, TlsFacts};
pub use http::{HttpLane, Settings, Timeouts};
pub use knock::knock;
pub use listen::Listening;
pub use passage::Passage;
pub use places::Places;
pub use proxy::Proxy;
pub use trace::Trace;
pub use trust::Trust;

pub use crate::ews::auth::{BindingMode, Gate, Login, Password, Scheme, Ticket};

use std::collections::VecDeque;

use bytes::Bytes;
use jiff::Timestamp;

use crate::ews::envelope::{Header, document};
use crate::ews::error::{EwsError, ReplyError};
use crate::ews::operation::Operation;
use crate::ews::operation::get_streaming_events::GetStreamingEvents;
use crate::ews::reply::ReplyParser;
use crate::ews::version::ServerVersionInfo;
use crate::ews::xml::Limits;

/// One connection to a server, and one conversation on it at a time.
#[derive(Debug)]
pub enum Lane {
    /// To a real server.
    Http(Box<HttpLane>),
    /// To a script, for tests.
    #[cfg(any(test, feature = "simulation"))]
    Scripted(scripted::ScriptedLane),
}

impl Lane {
    /// Sends a request and returns when the head of the answer is there.
    ///
    /// # Errors
    ///
    /// Everything that can go wrong until then; see [`EwsError::ambiguous`].
    pub async fn call<O: Operation>(
        &mut self,
        operation: O,
        header: &Header,
    ) -> Result<Call<'_, O>, EwsError> {
        let request = Bytes::from(document(&operation, header));
        tracing::debug!(operation = O::NAME, bytes = request.len(), "sending an EWS request");
        let source = match self {
            Self::Http(lane) => Source::Http(Box::new(lane.post(O::NAME, request, header).await?)),
            #[cfg(any(test, feature = "simulation"))]
            Self::Scripted(lane) => Source::Scripted(lane.post(&request)?),
        };
        Ok(Call {
            expected: operation.messages(),
            operation,
            source,
            parser: ReplyParser::new(Limits::default()),
            parts: VecDeque::new(),
            server: None,
            ended: false,
        })
    }

    /// Opens a stream of events and returns when the head of its answer is there. Silence ends it after the time
    /// that the lane waits for a piece of an answer.
    ///
    /// # Errors
    ///
    /// Everything that can go wrong until then.
    pub async fn listen(
        &mut self,
        operation: GetStreamingEvents,
        header: &Header,
    ) -> Result<Listening<'_>, EwsError> {
        let request = Bytes::from(document(&operation, header));
        let streams = operation.subscriptions.len();
        tracing::debug!(operation = GetStreamingEvents::NAME, streams, "listening");
        let source = match self {
            Self::Http(lane) => {
                Source::Http(Box::new(lane.post(GetStreamingEvents::NAME, request, header).await?))
            }
            #[cfg(any(test, feature = "simulation"))]
            Self::Scripted(lane) => Source::Scripted(lane.post(&request)?),
        };
        Ok(Listening::new(operation, source))
    }

    /// Sends a request and returns all parts of the answer, which must be complete.
    ///
    /// # Errors
    ///
    /// Everything that can go wrong with a request.
    pub async fn all<O: Operation>(
        &mut self,
        operation: O,
        header: &Header,
    ) -> Result<Vec<O::Part>, EwsError> {
        let mut call = self.call(operation, header).await?;
        let mut parts = Vec::new();
        while let Some(part) = call.next().await? {
            parts.push(part);
        }
        Ok(parts)
    }

    /// Sends a request, hands out each part of the answer as it arrives, and returns what the server said of itself.
    ///
    /// # Errors
    ///
    /// Everything that can go wrong with a request; parts may have been handed out before.
    pub async fn hand_out<O: Operation>(
        &mut self,
        operation: O,
        header: &Header,
        each: &mut dyn FnMut(O::Part),
    ) -> Result<Option<ServerVersionInfo>, EwsError> {
        let mut call = self.call(operation, header).await?;
        while let Some(part) = call.next().await? {
            each(part);
        }
        Ok(call.server().cloned())
    }

    /// Dials if there is no connection, and says where it leads.
    ///
    /// # Errors
    ///
    /// The stage that failed; nothing is sent.
    pub async fn connect(&mut self) -> Result<Option<Dialed>, EwsError> {
        match self {
            Self::Http(lane) => Ok(Some(lane.connect().await?)),
            #[cfg(any(test, feature = "simulation"))]
            Self::Scripted(_) => Ok(None),
        }
    }

    /// Forgets what leads requests to one server: its cookies, which name it for as long as they are sent, and the connection. After
    /// a fail-over that server is gone, or serves the mailbox no more; the next request finds its way by the mailbox.
    pub fn lead_anew(&mut self) {
        match self {
            Self::Http(lane) => lane.lead_anew(),
            #[cfg(any(test, feature = "simulation"))]
            Self::Scripted(_) => {}
        }
    }

    /// Returns the name of the back end that served the last request, in small letters; `None` when the front end
    /// did not tell (`X-CalculatedBETarget`; proxies may take it away).
    pub fn back_end(&self) -> Option<&str> {
        match self {
            Self::Http(lane) => lane.back_end(),
            #[cfg(any(test, feature = "simulation"))]
            Self::Scripted(_) => None,
        }
    }

    /// Returns by what an administrator finds the last request again.
    pub fn trace(&self) -> Option<Trace> {
        match self {
            Self::Http(lane) => lane.trace.clone(),
            #[cfg(any(test, feature = "simulation"))]
            Self::Scripted(_) => None,
        }
    }

    /// Dials if there is no connection and asks for nothing, without logging in: a server then says
    /// which schemes it offers. `None` for a script.
    ///
    /// # Errors
    ///
    /// The stage that failed; no login was tried.
    pub async fn offer(&mut self) -> Result<Option<Offer>, EwsError> {
        match self {
            Self::Http(lane) => Ok(Some(lane.offer().await?)),
            #[cfg(any(test, feature = "simulation"))]
            Self::Scripted(_) => Ok(None),
        }
    }

    /// Returns what the last login on this lane was; `None` before it.
    pub fn login_facts(&self) -> Option<LoginFacts> {
        match self {
            Self::Http(lane) => lane.login_facts(),
            #[cfg(any(test, feature = "simulation"))]
            Self::Scripted(_) => None,
        }
    }

    /// Sends a document that is no EWS request, such as one of Autodiscover, with the lane's login,
    /// and returns the answer whatever its status is, at most `limit` bytes of it. Redirects are
    /// not followed. `None` for a script. `operation` is what a recording calls it.
    ///
    /// # Errors
    ///
    /// Everything that keeps an answer from coming, and a refused login.
    pub async fn page(
        &mut self,
        operation: &'static str,
        document: Bytes,
        limit: usize,
    ) -> Result<Option<Page>, EwsError> {
        match self {
            Self::Http(lane) => Ok(Some(lane.page(operation, document, limit).await?)),
            #[cfg(any(test, feature = "simulation"))]
            Self::Scripted(_) => Ok(None),
        }
    }

    /// Returns what the server's clock shows now, reckoned from the head of its last answer;
    /// `None` when that told no time. It is wrong by half a second at most, and by the time that
    /// the head was under way.
    pub fn server_clock(&self) -> Option<Timestamp> {
        match self {
            Self::Http(lane) => lane.server_clock(),
            #[cfg(any(test, feature = "simulation"))]
            Self::Scripted(_) => None,
        }
    }
}

/// An answer that is arriving.
///
/// Dropping it before its end drops the connection; the lane dials again for the next request.
#[derive(Debug)]
pub struct Call<'a, O: Operation> {
    operation: O,
    expected: usize,
    source: Source<'a>,
    parser: ReplyParser,
    parts: VecDeque<O::Part>,
    server: Option<ServerVersionInfo>,
    ended: bool,
}

#[derive(Debug)]
enum Source<'a> {
    Http(Box<answer::Answer<'a>>),
    #[cfg(any(test, feature = "simulation"))]
    Scripted(scripted::Rest),
}

impl Source<'_> {
    /// Returns the next piece; `None` at the end.
    async fn piece(&mut self) -> Result<Option<Bytes>, EwsError> {
        match self {
            Self::Http(answer) => answer.piece().await,
            #[cfg(any(test, feature = "simulation"))]
            Self::Scripted(rest) => rest.piece(),
        }
    }

    /// Says why an answer cannot be read, of which `seen` came last.
    async fn unread(&mut self, seen: &[u8], error: ReplyError) -> EwsError {
        let error = match (&mut *self, error) {
            (Self::Http(answer), ReplyError::NotSoap { found }) => {
                answer.foreign(seen, found).await
            }
            (_, error) => EwsError::Reply(error),
        };
        match self {
            Self::Http(answer) => answer.unread(&error),
            #[cfg(any(test, feature = "simulation"))]
            Self::Scripted(_) => {}
        }
        error
    }
}

impl<O: Operation> Call<'_, O> {
    /// Returns the next part; `None` when the answer is complete and whole.
    ///
    /// Until then the places of parts in their batch are not certain: a server that leaves out a
    /// message shifts those behind it, which only the end shows. Tell items by their ids, or wait for
    /// the end.
    ///
    /// # Errors
    ///
    /// A fault, or whatever cut the answer short. After one there is nothing more.
    pub async fn next(&mut self) -> Result<Option<O::Part>, EwsError> {
        loop {
            if let Some(part) = self.parts.pop_front() {
                return Ok(Some(part));
            }
            if self.ended {
                return Ok(None);
            }
            match self.advance().await {
                Ok(ended) => self.ended = ended,
                Err(error) => {
                    self.ended = true;
                    return Err(error);
                }
            }
        }
    }

    /// Returns what the server said of itself, once the answer is complete.
    pub fn server(&self) -> Option<&ServerVersionInfo> {
        self.server.as_ref()
    }

    /// Reads one piece; `true` at the end.
    async fn advance(&mut self) -> Result<bool, EwsError> {
        let Some(piece) = self.source.piece().await? else {
            let reply = match self.parser.finish(self.expected) {
                Ok(reply) => reply,
                Err(error) => return Err(self.source.unread(&[], error).await),
            };
            self.server = reply.server;
            return match reply.fault {
                Some(fault) => Err(EwsError::Fault(fault)),
                None => Ok(true),
            };
        };
        if let Err(error) = self.parser.feed(&piece) {
            return Err(self.source.unread(&piece, error).await);
        }
        while let Some(arrival) = self.parser.next_arrival() {
            if let Some(part) = self.operation.part(arrival)? {
                self.parts.push_back(part);
            }
        }
        Ok(false)
    }
}
