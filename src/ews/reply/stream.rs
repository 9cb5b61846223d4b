//! Answers that follow one another in one body (pure).
//!
//! `GetStreamingEvents` is answered with one complete envelope after the other, for as long as the
//! connection lasts. Some begin with an XML declaration, most do not; some servers write
//! `<Envelope>` without a prefix. An envelope is found by its closing tag, whatever the pieces in
//! which the bytes come.

use std::collections::VecDeque;

use crate::ews::error::{Fault, ReplyError};
use crate::ews::reply::{Arrival, ReplyParser};
use crate::ews::version::ServerVersionInfo;
use crate::ews::xml::Limits;

/// Takes the envelopes of a stream in pieces of any size and hands out what is complete.
#[derive(Debug)]
pub struct StreamParser {
    limits: Limits,
    envelopes: Envelopes,
    /// The envelope that is arriving.
    parser: Option<ReplyParser>,
    arrivals: VecDeque<Arrival>,
    server: Option<ServerVersionInfo>,
    fault: Option<Fault>,
}

impl StreamParser {
    /// Makes a parser.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            envelopes: Envelopes::default(),
            parser: None,
            arrivals: VecDeque::new(),
            server: None,
            fault: None,
        }
    }

    /// Takes the next piece.
    ///
    /// # Errors
    ///
    /// See [`ReplyError`]. After one, the parser must not be fed again.
    pub fn feed(&mut self, mut bytes: &[u8]) -> Result<(), ReplyError> {
        loop {
            if self.parser.is_none() {
                bytes = bytes.trim_ascii_start();
            }
            if bytes.is_empty() {
                return Ok(());
            }
            let end = self.envelopes.end(bytes);
            let (now, after) =
                bytes.split_at_checked(end.unwrap_or(bytes.len())).unwrap_or((bytes, &[]));
            let limits = self.limits;
            let parser = self.parser.get_or_insert_with(|| ReplyParser::new(limits));
            parser.feed(now)?;
            while let Some(arrival) = parser.next_arrival() {
                self.arrivals.push_back(arrival);
            }
            if end.is_some() {
                let reply = parser.finish(parser.messages())?;
                self.server = reply.server.or(self.server.take());
                self.fault = reply.fault.or(self.fault.take());
                self.parser = None;
            }
            bytes = after;
        }
    }

    /// Hands out the next thing that is complete.
    pub fn next_arrival(&mut self) -> Option<Arrival> {
        self.arrivals.pop_front()
    }

    /// Hands out the fault that stood in place of an answer.
    pub fn take_fault(&mut self) -> Option<Fault> {
        self.fault.take()
    }

    /// Returns what the server said of itself.
    pub fn server(&self) -> Option<&ServerVersionInfo> {
        self.server.as_ref()
    }

    /// Ends the stream.
    ///
    /// # Errors
    ///
    /// When it was cut off within an envelope.
    pub fn finish(&self) -> Result<(), ReplyError> {
        match &self.parser {
            Some(parser) => parser.finish(parser.messages()).map(|_| ()),
            None => Ok(()),
        }
    }
}

/// The name that an envelope closes with, without its prefix.
const NAME: &[u8] = b"Envelope";

/// Finds where envelopes end. It knows of XML only what could hide a closing tag.
#[derive(Debug, Default)]
pub(crate) struct Envelopes {
    at: At,
}

#[derive(Debug, Default, Clone, Copy)]
enum At {
    /// Between tags.
    #[default]
    Text,
    /// Behind `<`.
    Opened,
    /// Within a tag that is no closing one, perhaps between quotes.
    Tag(Option<u8>),
    /// Within the name of a closing tag: how much of the name has matched, `None` when it does not.
    Closing(Option<usize>),
    /// Behind the name of a closing tag; whether it is the one.
    Closed(bool),
    /// Behind `<!`, and how many of `-` or `[` came.
    Bang(u8),
    /// Within a comment, behind so many `-`.
    Comment(u8),
    /// Within `<![CDATA[`, behind so many `]`.
    Characters(u8),
    /// Within `<?`, whether behind `?`.
    Instruction(bool),
}

impl Envelopes {
    /// Returns how many bytes belong to the envelope that ends first in them.
    pub(crate) fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        for (place, byte) in bytes.iter().enumerate() {
            let (at, ended) = step(self.at, *byte);
            self.at = at;
            if ended {
                return Some(place + 1);
            }
        }
        None
    }
}

/// Goes on by one byte; `true` when an envelope ends with it.
#[expect(clippy::match_same_arms, reason = "a table of states is read by its first column")]
fn step(at: At, byte: u8) -> (At, bool) {
    let next = match (at, byte) {
        (At::Text, b'<') => At::Opened,
        (At::Text, _) => At::Text,
        (At::Opened, b'/') => At::Closing(Some(0)),
        (At::Opened, b'!') => At::Bang(0),
        (At::Opened, b'?') => At::Instruction(false),
        (At::Opened | At::Tag(None), b'>') => At::Text,
        (At::Tag(None), b'"' | b'\'') => At::Tag(Some(byte)),
        (At::Tag(Some(quote)), _) => At::Tag((byte != quote).then_some(quote)),
        (At::Opened | At::Tag(None), _) => At::Tag(None),
        (At::Closing(matched), b'>') => return (At::Text, matched == Some(NAME.len())),
        // What comes before a colon was the prefix.
        (At::Closing(_), b':') => At::Closing(Some(0)),
        (At::Closing(matched), _) if byte.is_ascii_whitespace() => {
            At::Closed(matched == Some(NAME.len()))
        }
        (At::Closing(matched), _) => {
            At::Closing(matched.filter(|n| NAME.get(*n) == Some(&byte)).map(|n| n + 1))
        }
        (At::Closed(it), b'>') => return (At::Text, it),
        (At::Closed(it), _) => At::Closed(it),
        (At::Bang(0), b'-') => At::Bang(1),
        (At::Bang(1), b'-') => At::Comment(0),
        (At::Bang(0), b'[') => At::Characters(0),
        (At::Bang(_), b'>') => At::Text,
        (At::Bang(_), _) => At::Tag(None),
        (At::Comment(2) | At::Characters(2), b'>') => At::Text,
        (At::Comment(dashes), b'-') => At::Comment((dashes + 1).min(2)),
        (At::Comment(_), _) => At::Comment(0),
        (At::Characters(brackets), b']') => At::Characters((brackets + 1).min(2)),
        (At::Characters(_), _) => At::Characters(0),
        (At::Instruction(true), b'>') => At::Text,
        (At::Instruction(_), _) => At::Instruction(byte == b'?'),
    };
    (next, false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ews::code::ResponseCode;

    fn read(bytes: &[u8], piece: usize) -> (StreamParser, Vec<Arrival>) {
        let mut parser = StreamParser::new(Limits::default());
        let mut arrivals = Vec::new();
        for piece in bytes.chunks(piece) {
            parser.feed(piece).unwrap();
            arrivals.extend(std::iter::from_fn(|| parser.next_arrival()));
        }
        (parser, arrivals)
    }

    fn envelope(prefix: &str, inside: &str) -> String {
        format!(
            "<{prefix}Envelope xmlns:s='s'><{prefix}Body><m:GetStreamingEventsResponse><m:ResponseMessages>\
             <m:GetStreamingEventsResponseMessage ResponseClass='Success'><m:ResponseCode>NoError</m:ResponseCode>\
             {inside}</m:GetStreamingEventsResponseMessage></m:ResponseMessages></m:GetStreamingEventsResponse>\
             </{prefix}Body></{prefix}Envelope>"
        )
    }

    #[test]
    fn envelopes_end_at_their_closing_tag_whatever_the_pieces() {
        // notes.md §1.9: declarations and prefixes vary within one stream. What looks like an end and is none stands in
        // a comment, in CDATA, in an attribute and in an instruction.
        let stream = format!(
            "<?xml version='1.0'?>{}\r\n{}<?xml version='1.0'?><?pi </Envelope>?>{}{}",
            envelope("s:", "<m:ConnectionStatus>OK</m:ConnectionStatus>"),
            envelope("", "<!-- </Envelope> --><x a='</Envelope>'/><![CDATA[</Envelope>]]>"),
            envelope("SOAP-ENV:", "<m:Notifications/>"),
            envelope("s:", "<m:ConnectionStatus>Closed</m:ConnectionStatus>")
                .replace("</s:Envelope>", "</s:Envelope \n>"),
        );
        for piece in 1..80 {
            let (parser, arrivals) = read(stream.as_bytes(), piece);
            let closed: Vec<_> = arrivals
                .iter()
                .map(|arrival| match arrival {
                    Arrival::Message(message) => message.closed,
                    other => panic!("{other:?}"),
                })
                .collect();
            assert_eq!(closed, [Some(false), None, None, Some(true)], "in pieces of {piece}");
            assert_eq!(parser.finish(), Ok(()), "in pieces of {piece}");
        }
    }

    #[test]
    fn a_stream_that_breaks_off_says_so() {
        let whole = format!("{0}{0}", envelope("s:", ""));
        let half = envelope("s:", "").len();
        for length in 0..whole.len() {
            let (parser, _) = read(&whole.as_bytes()[..length], 7);
            let between = length == 0 || length == half;
            assert_eq!(parser.finish().is_ok(), between, "after {length} bytes");
        }
    }

    #[test]
    fn a_fault_in_a_stream_is_handed_out() {
        let fault = "<s:Envelope xmlns:s='s'><s:Body><s:Fault><faultcode>a:ErrorServerBusy</faultcode>\
                     <faultstring>busy</faultstring></s:Fault></s:Body></s:Envelope>";
        let (mut parser, _) = read(format!("{}{fault}", envelope("s:", "")).as_bytes(), 11);
        assert_eq!(parser.take_fault().unwrap().code, ResponseCode::ErrorServerBusy);
        assert!(parser.take_fault().is_none());
    }

    #[test]
    fn a_page_is_no_stream() {
        let mut parser = StreamParser::new(Limits::default());
        let error = parser.feed(b"<!DOCTYPE html><html><body>Outlook</body></html>").unwrap_err();
        assert!(matches!(error, ReplyError::NotSoap { .. }), "{error:?}");
    }
}
