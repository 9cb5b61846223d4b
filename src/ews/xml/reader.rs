//! Reads XML that arrives in pieces (pure).
//!
//! quick-xml tokenizes what is there; a token that is not complete yet is kept until more bytes
//! come. Texts are handed over in fragments, so the memory that is needed does not depend on the
//! length of a document or of a text, only on that of a tag, and is bounded.

mod attributes;
mod plain;

use std::borrow::Cow;
use std::io::BufRead as _;

use memchr::memchr;
use quick_xml::Reader;
use quick_xml::errors::{Error, IllFormedError};
use quick_xml::events::{BytesStart, Event};

use crate::ews::error::ReplyError;
use crate::ews::xml::reader::attributes::Attributes;

/// Receives the structure of a document, names without their prefixes.
pub(crate) trait Handler {
    /// An element opens.
    fn start(&mut self, element: &Tag<'_>, offset: u64) -> Result<(), ReplyError>;

    /// A fragment of text, as it stands in the document.
    fn text(&mut self, raw: &str, offset: u64) -> Result<(), ReplyError>;

    /// A reference (`&amp;`, `&#x1F600;`) without `&` and `;`.
    fn reference(&mut self, name: &str);

    /// The innermost open element closes.
    fn end(&mut self);
}

/// An opening tag.
pub(crate) struct Tag<'a> {
    whole: &'a str,
    name: &'a str,
    attributes: &'a str,
    /// Whether the attributes are written in the plain way.
    plain: bool,
}

impl<'a> Tag<'a> {
    fn of(tag: &'a BytesStart<'_>) -> Self {
        let whole = tag.name().into_inner();
        Self { whole, name: local(whole), attributes: tag.attributes_raw(), plain: false }
    }

    /// Returns the name without its prefix.
    pub(crate) fn name(&self) -> &'a str {
        self.name
    }

    /// Returns the name as it stands in the document.
    pub(crate) fn whole_name(&self) -> &'a str {
        self.whole
    }

    /// Walks the attributes: name and value as they stand in the document. What follows a malformed
    /// attribute is not read.
    pub(crate) fn whole_attributes(&self) -> Attributes<'a> {
        if self.plain {
            Attributes::Plain(self.attributes)
        } else {
            Attributes::any(self.attributes)
        }
    }

    /// Walks the attributes: name without prefix, value as it stands in the document. What follows
    /// a malformed attribute is not read.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = (&'a str, Cow<'a, str>)> {
        self.whole_attributes().map(|(key, value)| (local(key), value))
    }

    /// Returns all attributes as they stand in the document.
    pub(crate) fn raw_attributes(&self) -> &'a str {
        self.attributes
    }

    /// Returns the value of an attribute, unescaped.
    pub(crate) fn attribute(&self, name: &str) -> Option<String> {
        self.attributes()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| super::text::unescape(&value))
    }
}

/// Returns a name without its prefix.
fn local(name: &str) -> &str {
    // Servers write `t:` and `m:`; any other prefix, or none, takes the longer way.
    match name.as_bytes() {
        [_, b':', ..] => name.get(2..).unwrap_or(name),
        bytes => memchr(b':', bytes).and_then(|colon| name.get(colon + 1..)).unwrap_or(name),
    }
}

/// Up to where a document may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How deep elements may nest.
    pub depth: usize,
    /// How many bytes a tag, comment or CDATA section may have.
    pub token: usize,
    /// How many bytes one item, folder or change may take in memory.
    pub part: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 64, token: 4 << 20, part: 64 << 20 }
    }
}

/// Takes a document in pieces.
#[derive(Debug)]
pub(crate) struct PushReader {
    limits: Limits,
    /// The beginning of a token whose end has not arrived.
    kept: Vec<u8>,
    /// Where `kept` and the piece that follows it are joined; its memory serves every piece.
    joined: Vec<u8>,
    /// How many bytes lie before `kept`.
    offset: u64,
    /// The open elements, each by the mark of its name.
    open: Vec<(usize, u64)>,
    /// Whether the beginning was looked at for a byte order mark.
    begun: bool,
    /// Whether the outermost element has been closed.
    ended: bool,
}

/// How reading tokens ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// No token is complete any more.
    Done,
    /// The next one holds bytes that are no UTF-8.
    NotUtf8,
}

impl PushReader {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            kept: Vec::new(),
            joined: Vec::new(),
            offset: 0,
            open: Vec::with_capacity(16),
            begun: false,
            ended: false,
        }
    }

    /// Takes the next piece.
    pub(crate) fn feed(
        &mut self,
        bytes: &[u8],
        handler: &mut impl Handler,
    ) -> Result<(), ReplyError> {
        if self.kept.is_empty() {
            return self.piece(bytes, handler);
        }
        let mut joined = std::mem::take(&mut self.joined);
        joined.clear();
        joined.append(&mut self.kept);
        joined.extend_from_slice(bytes);
        let result = self.piece(&joined, handler);
        self.joined = joined;
        result
    }

    /// Takes what is there; `kept` is empty before, and holds what is incomplete after.
    fn piece(&mut self, mut bytes: &[u8], handler: &mut impl Handler) -> Result<(), ReplyError> {
        if !self.begun {
            match bytes {
                [0xFE | 0xFF, ..] => {
                    return Err(self.syntax("it is UTF-16, which EWS never is".to_owned()));
                }
                [0xEF, 0xBB, 0xBF, rest @ ..] => {
                    self.offset += 3;
                    bytes = rest;
                }
                // What begins like a byte order mark may become one.
                [] | [0xEF] | [0xEF, 0xBB] => {
                    self.kept.extend_from_slice(bytes);
                    return Ok(());
                }
                _ => {}
            }
            self.begun = true;
        }
        let (whole, partial) = split_partial(bytes);
        let (progress, rest) = self.tokens(whole, handler)?;
        if progress == Progress::NotUtf8 {
            // Rare, and not worth losing a batch for: the bytes in question become U+FFFD.
            let text = String::from_utf8_lossy(rest);
            let (_, rest) = self.tokens(text.as_bytes(), handler)?;
            self.kept.extend_from_slice(rest);
        } else {
            self.kept.extend_from_slice(rest);
        }
        self.kept.extend_from_slice(partial);
        if self.kept.len() > self.limits.token {
            return Err(ReplyError::TooLarge { offset: self.offset, limit: "one token" });
        }
        Ok(())
    }

    /// Ends the document: whether it is complete, or how it is not.
    pub(crate) fn finish(&self) -> Result<(), ReplyError> {
        if self.ended {
            Ok(())
        } else {
            Err(ReplyError::Truncated { offset: self.offset + self.kept.len() as u64 })
        }
    }

    /// Reads the tokens that are complete and returns the bytes behind them.
    fn tokens<'a>(
        &mut self,
        input: &'a [u8],
        handler: &mut impl Handler,
    ) -> Result<(Progress, &'a [u8]), ReplyError> {
        // Text that goes on from the last piece is not shown to quick-xml, which would take the
        // bytes of U+FEFF at the beginning of its input for a byte order mark.
        let markup =
            input.iter().position(|byte| matches!(byte, b'<' | b'&')).unwrap_or(input.len());
        let (text, rest) = input.split_at_checked(markup).unwrap_or((input, &[]));
        if !text.is_empty() {
            self.text(&String::from_utf8_lossy(text), handler)?;
            self.offset += text.len() as u64;
        }
        // Checked once as a whole; what is no UTF-8 is left to quick-xml, which says where.
        let valid = std::str::from_utf8(rest).ok();
        let mut reader = Reader::from_reader(rest);
        let config = reader.config_mut();
        // Names are compared here, because quick-xml knows only this piece of the document.
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        let base = self.offset;
        let mut used = 0;
        // Whether quick-xml expects text or markup, as opposed to the rest of what it has begun.
        let mut between = false;
        let progress = loop {
            if between && let Some(text) = valid.and_then(|text| text.get(used..)) {
                let length = self.plain(text, handler)?;
                if length > 0 {
                    reader.stream().consume(length);
                    used += length;
                }
            }
            let event = reader.read_event();
            between = !matches!(event, Ok(Event::Text(_)) | Err(_));
            match event {
                Ok(Event::Start(tag)) => {
                    self.open(tag.name().into_inner())?;
                    handler.start(&Tag::of(&tag), self.offset)?;
                }
                Ok(Event::End(tag)) => {
                    self.close(tag.name().into_inner())?;
                    handler.end();
                }
                Ok(Event::Empty(tag)) => {
                    if self.open.is_empty() {
                        let name = tag.name().into_inner().to_owned();
                        self.open(&name)?;
                        handler.start(&Tag::of(&tag), self.offset)?;
                        self.close(&name)?;
                    } else {
                        self.check_depth()?;
                        handler.start(&Tag::of(&tag), self.offset)?;
                    }
                    handler.end();
                }
                Ok(Event::Text(text)) => self.text(&text, handler)?,
                Ok(Event::CData(text)) => self.text(&text, handler)?,
                Ok(Event::GeneralRef(name)) => handler.reference(&name),
                Ok(Event::Decl(declaration)) => {
                    if let Some(Ok(encoding)) = declaration.encoding()
                        && !encoding.eq_ignore_ascii_case("utf-8")
                    {
                        return Err(
                            self.syntax(format!("its encoding is {encoding} and not UTF-8"))
                        );
                    }
                }
                // SOAP forbids them; what has one is an HTML page.
                Ok(Event::DocType(_)) => {
                    return Err(ReplyError::NotSoap { found: "<!DOCTYPE".to_owned() });
                }
                Ok(Event::Comment(_) | Event::PI(_)) => {}
                Ok(Event::Eof) => break Progress::Done,
                Err(Error::Encoding(_)) => break Progress::NotUtf8,
                Err(error) => {
                    let tail = rest.get(used..).unwrap_or_default();
                    if may_be_incomplete(&error, tail) {
                        break Progress::Done;
                    }
                    return Err(self.syntax(error.to_string()));
                }
            }
            used = usize::try_from(reader.buffer_position()).unwrap_or(rest.len()).min(rest.len());
            self.offset = base + used as u64;
        };
        Ok((progress, rest.get(used..).unwrap_or_default()))
    }

    fn text(&self, raw: &str, handler: &mut impl Handler) -> Result<(), ReplyError> {
        if !self.open.is_empty() {
            return handler.text(raw, self.offset);
        }
        // Outside the outermost element only blanks may stand; after it, anything is ignored.
        if self.ended || raw.trim_ascii().is_empty() {
            Ok(())
        } else {
            Err(ReplyError::NotSoap { found: excerpt(raw) })
        }
    }

    fn open(&mut self, name: &str) -> Result<(), ReplyError> {
        if self.ended {
            return Err(self.syntax("another element follows the envelope".to_owned()));
        }
        self.check_depth()?;
        self.open.push(mark(name));
        Ok(())
    }

    fn check_depth(&self) -> Result<(), ReplyError> {
        if self.open.len() >= self.limits.depth {
            return Err(ReplyError::TooLarge { offset: self.offset, limit: "nested elements" });
        }
        Ok(())
    }

    fn close(&mut self, name: &str) -> Result<(), ReplyError> {
        if self.open.pop() != Some(mark(name)) {
            return Err(self.syntax(format!("'</{name}>' closes an element that is not open")));
        }
        self.ended = self.open.is_empty();
        Ok(())
    }

    fn syntax(&self, problem: String) -> ReplyError {
        ReplyError::Syntax { offset: self.offset, problem }
    }
}

/// Marks a name by its length and its last eight bytes. Two names of EWS with the same mark could
/// only be mixed up by a server that writes no XML at all, and comparing marks is far cheaper than
/// keeping the names.
fn mark(name: &str) -> (usize, u64) {
    let tail = match name.as_bytes().last_chunk() {
        Some(tail) => u64::from_le_bytes(*tail),
        None => name.bytes().fold(0, |mark, byte| (mark << 8) | u64::from(byte)),
    };
    (name.len(), tail)
}

/// Says whether more bytes may mend an error: the token was cut off.
fn may_be_incomplete(error: &Error, tail: &[u8]) -> bool {
    match error {
        Error::Syntax(_) => true,
        Error::IllFormed(IllFormedError::UnclosedReference) => {
            !tail.iter().skip(1).any(|byte| matches!(byte, b'<' | b'&' | b' ' | b'\n'))
        }
        _ => false,
    }
}

/// Returns the beginning of a text, for a message.
fn excerpt(text: &str) -> String {
    text.trim().chars().filter(|character| !character.is_control()).take(60).collect()
}

/// Splits off the beginning of a character whose end has not arrived.
fn split_partial(bytes: &[u8]) -> (&[u8], &[u8]) {
    let incomplete = |tail: &[u8]| matches!(std::str::from_utf8(tail), Err(error) if error.valid_up_to() == 0 && error.error_len().is_none());
    (1..=3)
        .filter_map(|length| bytes.split_at_checked(bytes.len().checked_sub(length)?))
        .find(|(_, tail)| incomplete(tail))
        .unwrap_or((bytes, &[]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_utf8_do_not_depend_on_how_they_are_cut() {
        // A lone continuation, an overlong form, a cut emoji, a complete one.
        let bytes = b"a\x80b\xC0\xAFc\xF0\x9F\x98d\xF0\x9F\x98\x80e\xF0\x9F";
        let whole = String::from_utf8_lossy(bytes);
        for first in 0..=bytes.len() {
            for second in first..=bytes.len() {
                let mut out = String::new();
                let mut partial = Vec::new();
                for piece in [&bytes[..first], &bytes[first..second], &bytes[second..]] {
                    partial.extend_from_slice(piece);
                    let joined = std::mem::take(&mut partial);
                    let (text, rest) = split_partial(&joined);
                    out.push_str(&String::from_utf8_lossy(text));
                    partial = rest.to_vec();
                }
                out.push_str(&String::from_utf8_lossy(&partial));
                assert_eq!(out, whole, "cut at {first} and {second}");
            }
        }
    }
}
