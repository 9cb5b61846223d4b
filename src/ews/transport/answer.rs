//! An answer whose head is there (effect).

use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::Response;
use hyper::body::Incoming;
use hyper::header::CONTENT_ENCODING;
use tokio::time::{Instant, timeout, timeout_at};

use crate::ews::error::{EwsError, ReplyError};
use crate::ews::recorder::Tape;
use crate::ews::transport::dial::Connection;
use crate::ews::transport::http::HttpLane;
use crate::ews::transport::inflate::Inflate;
use crate::ews::transport::status::says_locked;

/// An answer whose head is there. Read to its end it gives its connection back to the lane; dropped
/// before, it closes it.
#[derive(Debug)]
pub(super) struct Answer<'a> {
    status: u16,
    started: Instant,
    deadline: Instant,
    read: Duration,
    body: Option<Incoming>,
    packed: Option<Box<Inflate>>,
    connection: Option<Box<Connection>>,
    lane: &'a mut HttpLane,
    /// Who writes down what comes.
    tape: Option<Tape>,
}

impl<'a> Answer<'a> {
    pub(super) fn new(
        lane: &'a mut HttpLane,
        response: Response<Incoming>,
        connection: Box<Connection>,
        started: Instant,
    ) -> Self {
        let timeouts = lane.settings.timeouts;
        let encoding = response.headers().get(CONTENT_ENCODING);
        let packed = encoding
            .is_some_and(|value| [&b"gzip"[..], b"x-gzip"].contains(&value.as_bytes()))
            .then(|| Box::new(Inflate::new()));
        Self {
            status: response.status().as_u16(),
            started,
            deadline: started + timeouts.total,
            read: timeouts.read,
            body: Some(response.into_body()),
            packed,
            connection: Some(connection),
            lane,
            tape: None,
        }
    }

    /// Writes down what comes.
    pub(super) fn onto(self, tape: Option<Tape>) -> Self {
        Self { tape, ..self }
    }

    /// Says what it means that an answer is a page, or something else that is none of EWS: it may be that the account is locked.
    /// `seen` is what came of it last.
    pub(super) async fn foreign(&mut self, seen: &[u8], found: String) -> EwsError {
        let mut page = seen.to_vec();
        page.extend(self.beginning().await);
        match self.status {
            status if says_locked(&page) => self.lane.locked(status),
            // An error page of a proxy or of ASP.NET comes with status 500 as faults do.
            200 => EwsError::Reply(ReplyError::NotSoap { found }),
            status => EwsError::Status { status, excerpt: found },
        }
    }

    /// Takes note that what came could not be read.
    pub(super) fn unread(&mut self, error: &EwsError) {
        if let Some(tape) = &mut self.tape {
            tape.failed(error.stage());
        }
    }

    /// Returns the next piece; `None` at the end.
    pub(super) async fn piece(&mut self) -> Result<Option<Bytes>, EwsError> {
        let outcome = self.plain().await;
        if let Some(tape) = &mut self.tape {
            match &outcome {
                Ok(Some(piece)) => tape.piece(piece),
                Ok(None) => tape.end(),
                Err(error) => tape.failed(error.stage()),
            }
        }
        if outcome.is_err() {
            // What else is on the connection belongs to an answer that nobody reads.
            self.body = None;
            self.packed = None;
            self.connection = None;
        }
        outcome
    }

    async fn plain(&mut self) -> Result<Option<Bytes>, EwsError> {
        let broken = |problem| EwsError::Lost { problem: format!("the packed answer: {problem}") };
        loop {
            if let Some(packed) = &mut self.packed
                && let Some(piece) = packed.unpack().map_err(broken)?
            {
                return Ok(Some(piece));
            }
            match (self.raw().await?, &mut self.packed) {
                (piece, None) => return Ok(piece),
                (Some(piece), Some(packed)) => packed.feed(piece),
                (None, Some(packed)) => {
                    let last = packed.end().map_err(broken)?;
                    if last.is_none() {
                        self.packed = None;
                    }
                    return Ok(last);
                }
            }
        }
    }

    /// Returns the next piece as it came.
    async fn raw(&mut self) -> Result<Option<Bytes>, EwsError> {
        let Some(body) = &mut self.body else { return Ok(None) };
        loop {
            let wait = self.deadline.min(Instant::now() + self.read);
            let Ok(frame) = timeout_at(wait, body.frame()).await else {
                return Err(EwsError::TimedOut { waited: self.started.elapsed() });
            };
            match frame {
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
                Some(Err(error)) => return Err(EwsError::Lost { problem: error.to_string() }),
                None => {
                    self.body = None;
                    self.lane.idle = self.connection.take();
                    return Ok(None);
                }
            }
        }
    }

    /// Returns the first bytes of a page that explains an error; none if it does not come soon.
    pub(super) async fn beginning(&mut self) -> Vec<u8> {
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
