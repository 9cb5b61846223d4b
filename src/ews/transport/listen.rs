//! A stream of events that is open (effect).

use std::collections::VecDeque;

use crate::ews::error::EwsError;
use crate::ews::operation::Operation as _;
use crate::ews::operation::get_streaming_events::{GetStreamingEvents, StreamPart};
use crate::ews::reply::StreamParser;
use crate::ews::transport::Source;
use crate::ews::version::ServerVersionInfo;
use crate::ews::xml::Limits;

/// What one envelope of a stream may take in memory; a server sends many events in one only after it was silent for long.
const MOST: Limits = Limits { depth: 64, token: 1 << 20, part: 8 << 20 };

/// A stream of events that is open. Dropping it closes the connection; the lane dials again for the next request.
#[derive(Debug)]
pub struct Listening<'a> {
    operation: GetStreamingEvents,
    source: Source<'a>,
    parser: StreamParser,
    parts: VecDeque<StreamPart>,
    ended: bool,
}

impl<'a> Listening<'a> {
    pub(super) fn new(operation: GetStreamingEvents, source: Source<'a>) -> Self {
        let parser = StreamParser::new(MOST);
        Self { operation, source, parser, parts: VecDeque::new(), ended: false }
    }

    /// Returns what comes next; `None` when the server has closed the stream in order.
    ///
    /// It may be dropped before it is done and called again.
    ///
    /// # Errors
    ///
    /// A fault, or whatever cut the stream short, such as silence. After one there is nothing more.
    pub async fn next(&mut self) -> Result<Option<StreamPart>, EwsError> {
        loop {
            if let Some(part) = self.parts.pop_front() {
                return Ok(Some(part));
            }
            if self.ended {
                return Ok(None);
            }
            let more = self.advance().await;
            self.ended = !matches!(more, Ok(true));
            more?;
        }
    }

    /// Reads one piece; `false` at the end. Nothing is lost when it is not waited for to its end, and a conversation that cannot be
    /// read is over then.
    async fn advance(&mut self) -> Result<bool, EwsError> {
        let Some(piece) = self.source.piece().await? else {
            let Err(error) = self.parser.finish() else { return Ok(false) };
            self.ended = true;
            return Err(self.source.unread(&[], error).await);
        };
        if let Err(error) = self.parser.feed(&piece) {
            self.ended = true;
            return Err(self.source.unread(&piece, error).await);
        }
        while let Some(arrival) = self.parser.next_arrival() {
            self.parts.extend(self.operation.part(arrival)?);
        }
        match self.parser.take_fault() {
            Some(fault) => Err(EwsError::Fault(fault)),
            None => Ok(true),
        }
    }

    /// Returns what the server said of itself in the last envelope.
    pub fn server(&self) -> Option<&ServerVersionInfo> {
        self.parser.server()
    }
}
