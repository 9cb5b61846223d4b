//! Reads XML that arrives in pieces (pure).
//!
//! quick-xml tokenizes what is there; a token that is not complete yet is kept until more bytes
//! come. Texts are handed over in fragments, so the memory that is needed does not depend on the
//! length of a document or of a text, only on that of a tag, and is bounded.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::errors::{Error, IllFormedError};
use quick_xml::events::{BytesStart, Event};

use crate::ews::error::ReplyError;

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
pub(crate) struct Tag<'a>(BytesStart<'a>);

impl Tag<'_> {
    /// Returns the name without its prefix.
    pub(crate) fn name(&self) -> &str {
        self.0.local_name().into_inner()
    }

    /// Walks the attributes: name without prefix, value as it stands in the document. What follows
    /// a malformed attribute is not read.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
        let mut attributes = self.0.attributes();
        attributes.with_checks(false);
        attributes
            .map_while(Result::ok)
            .map(|attribute| (attribute.key.local_name().into_inner(), attribute.value))
    }

    /// Returns the value of an attribute, unescaped.
    pub(crate) fn attribute(&self, name: &str) -> Option<String> {
        self.attributes()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| super::text::unescape(&value))
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
    /// The beginning of a character whose end has not arrived.
    partial: Vec<u8>,
    /// The beginning of a token whose end has not arrived.
    kept: String,
    /// How many bytes lie before `kept`.
    offset: u64,
    /// The names of the open elements one after the other, with prefixes.
    names: String,
    /// Where each of them begins.
    starts: Vec<usize>,
    /// Whether the beginning was looked at for a byte order mark.
    begun: bool,
    /// Whether the outermost element has been closed.
    ended: bool,
}

impl PushReader {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            partial: Vec::new(),
            kept: String::new(),
            offset: 0,
            names: String::new(),
            starts: Vec::new(),
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
        let joined;
        let bytes = if self.partial.is_empty() {
            bytes
        } else {
            self.partial.extend_from_slice(bytes);
            joined = std::mem::take(&mut self.partial);
            &joined
        };
        let (text, partial) = decode(bytes);
        self.partial = partial.to_vec();
        let mut text = &*text;
        if !self.begun && !bytes.is_empty() {
            if let [0xFE | 0xFF, ..] = bytes {
                return Err(self.syntax("it is UTF-16, which EWS never is".to_owned()));
            }
            if text.is_empty() {
                return Ok(());
            }
            self.begun = true;
            if let Some(rest) = text.strip_prefix('\u{FEFF}') {
                self.offset += (text.len() - rest.len()) as u64;
                text = rest;
            }
        }
        if self.kept.is_empty() {
            let used = self.tokens(text, handler)?;
            self.kept.push_str(text.get(used..).unwrap_or_default());
        } else {
            self.kept.push_str(text);
            let kept = std::mem::take(&mut self.kept);
            let used = self.tokens(&kept, handler)?;
            self.kept = kept;
            self.kept.drain(..used);
        }
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
            let missing = self.kept.len() + self.partial.len();
            Err(ReplyError::Truncated { offset: self.offset + missing as u64 })
        }
    }

    /// Reads the tokens that are complete and returns how many bytes they have.
    fn tokens(&mut self, input: &str, handler: &mut impl Handler) -> Result<usize, ReplyError> {
        // Text that goes on from the last piece is not shown to quick-xml, which would take the
        // bytes of U+FEFF at the beginning of its input for a byte order mark.
        let markup = input.find(['<', '&']).unwrap_or(input.len());
        let (text, rest) = input.split_at_checked(markup).unwrap_or((input, ""));
        if !text.is_empty() {
            self.text(text, handler)?;
            self.offset += text.len() as u64;
        }
        let mut reader = Reader::from_str(rest);
        let config = reader.config_mut();
        // Names are compared here, because quick-xml knows only this piece of the document.
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        let base = self.offset;
        let mut used = 0;
        loop {
            match reader.read_event() {
                Ok(Event::Start(tag)) => {
                    self.open(tag.name().into_inner())?;
                    handler.start(&Tag(tag), self.offset)?;
                }
                Ok(Event::End(tag)) => {
                    self.close(tag.name().into_inner())?;
                    handler.end();
                }
                Ok(Event::Empty(tag)) => {
                    let name = tag.name().into_inner();
                    self.open(name)?;
                    let name = name.to_owned();
                    handler.start(&Tag(tag), self.offset)?;
                    self.close(&name)?;
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
                Ok(Event::Eof) => break,
                Err(error) => {
                    let tail = rest.get(used..).unwrap_or_default();
                    if may_be_incomplete(&error, tail.as_bytes()) {
                        break;
                    }
                    return Err(self.syntax(error.to_string()));
                }
            }
            used = usize::try_from(reader.buffer_position()).unwrap_or(rest.len()).min(rest.len());
            self.offset = base + used as u64;
        }
        Ok(text.len() + used)
    }

    fn text(&self, raw: &str, handler: &mut impl Handler) -> Result<(), ReplyError> {
        if !self.starts.is_empty() {
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
        if self.starts.len() >= self.limits.depth {
            return Err(ReplyError::TooLarge { offset: self.offset, limit: "nested elements" });
        }
        self.starts.push(self.names.len());
        self.names.push_str(name);
        Ok(())
    }

    fn close(&mut self, name: &str) -> Result<(), ReplyError> {
        let start = self.starts.pop();
        let open = start.and_then(|start| self.names.get(start..));
        if open != Some(name) {
            return Err(self.syntax(format!("'</{name}>' closes an element that is not open")));
        }
        self.names.truncate(start.unwrap_or_default());
        self.ended = self.starts.is_empty();
        Ok(())
    }

    fn syntax(&self, problem: String) -> ReplyError {
        ReplyError::Syntax { offset: self.offset, problem }
    }
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

/// Reads bytes as UTF-8. What is none becomes U+FFFD; what may become a character with the next
/// bytes is returned as the second half.
fn decode(bytes: &[u8]) -> (Cow<'_, str>, &[u8]) {
    let (valid, rest) = match std::str::from_utf8(bytes) {
        Ok(text) => return (Cow::Borrowed(text), &[]),
        Err(error) => bytes.split_at_checked(error.valid_up_to()).unwrap_or((bytes, &[])),
    };
    let incomplete = |tail: &[u8]| matches!(std::str::from_utf8(tail), Err(error) if error.valid_up_to() == 0 && error.error_len().is_none());
    if incomplete(rest) {
        return (String::from_utf8_lossy(valid), rest);
    }
    // Bytes that are no UTF-8 lie in between; at most three at the end are left for the next time.
    let mut tails =
        (1..=3).filter_map(|length| bytes.split_at_checked(bytes.len().checked_sub(length)?));
    let (head, tail) = tails.rfind(|(_, tail)| incomplete(tail)).unwrap_or((bytes, &[]));
    (String::from_utf8_lossy(head), tail)
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
                    let (text, rest) = decode(&joined);
                    out.push_str(&text);
                    partial = rest.to_vec();
                }
                out.push_str(&String::from_utf8_lossy(&partial));
                assert_eq!(out, whole, "cut at {first} and {second}");
            }
        }
    }
}
