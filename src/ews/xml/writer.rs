//! Writes requests: elements that always close, text that is always escaped and legal (pure).

use std::fmt::{Display, Write as _};

/// Which namespace an element belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ns {
    /// `http://schemas.xmlsoap.org/soap/envelope/`
    Soap,
    /// `…/2006/messages`
    Messages,
    /// `…/2006/types`
    Types,
}

impl Ns {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Soap => "s:",
            Self::Messages => "m:",
            Self::Types => "t:",
        }
    }
}

/// A growing document.
#[derive(Debug, Default)]
pub struct Writer {
    out: String,
}

impl Writer {
    /// Makes an empty document.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes an empty document with room.
    pub fn with_capacity(bytes: usize) -> Self {
        Self { out: String::with_capacity(bytes) }
    }

    /// Makes room for so many more bytes, so that a large document does not move while it grows.
    pub(crate) fn reserve(&mut self, bytes: usize) {
        self.out.reserve(bytes);
    }

    /// Returns what was written.
    pub fn finish(self) -> String {
        self.out
    }

    /// Returns how many bytes were written.
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// Says whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    /// Writes an element with what `inside` writes.
    pub fn element(
        &mut self,
        ns: Ns,
        name: &str,
        attributes: &[(&str, &str)],
        inside: impl FnOnce(&mut Self),
    ) {
        self.tag(ns, name, attributes);
        self.out.push('>');
        inside(self);
        self.out.push_str("</");
        self.out.push_str(ns.prefix());
        self.out.push_str(name);
        self.out.push('>');
    }

    /// Writes an element without content.
    pub fn empty(&mut self, ns: Ns, name: &str, attributes: &[(&str, &str)]) {
        self.tag(ns, name, attributes);
        self.out.push_str("/>");
    }

    /// Writes an element of `t:` that holds text.
    pub fn text(&mut self, name: &str, text: &str) {
        self.element(Ns::Types, name, &[], |xml| xml.characters(text));
    }

    /// Writes an element of `t:` that holds a number, a date or a word.
    pub fn display(&mut self, name: &str, value: impl Display) {
        self.element(Ns::Types, name, &[], |xml| {
            // Numbers, dates and booleans have no character that needs escaping, and a `String`
            // takes everything that is written to it.
            let _ = write!(xml.out, "{value}");
        });
    }

    /// Writes text. Characters that XML 1.0 cannot hold are left out: texts that came out of Word
    /// and CVs contain U+000B and U+000C, and one of them would make servers refuse the batch.
    pub fn characters(&mut self, text: &str) {
        self.escaped(text, false);
    }

    /// Writes text of an attribute.
    pub(crate) fn in_attribute(&mut self, text: &str) {
        self.escaped(text, true);
    }

    pub(crate) fn raw(&mut self, markup: &str) {
        self.out.push_str(markup);
    }

    fn tag(&mut self, ns: Ns, name: &str, attributes: &[(&str, &str)]) {
        self.out.push('<');
        self.out.push_str(ns.prefix());
        self.out.push_str(name);
        for (key, value) in attributes {
            self.out.push(' ');
            self.out.push_str(key);
            self.out.push_str("=\"");
            self.escaped(value, true);
            self.out.push('"');
        }
    }

    fn escaped(&mut self, text: &str, in_attribute: bool) {
        // Nearly all texts are ordinary as a whole. Without a way out in the middle, the compiler compares many bytes at once.
        if !text.bytes().fold(false, |found, byte| found | is_special(byte)) {
            return self.out.push_str(text);
        }
        // Runs of ordinary characters are copied as a whole.
        let mut rest = text;
        while let Some(at) = rest.bytes().position(is_special)
            && let Some((run, from)) = rest.split_at_checked(at)
        {
            self.out.push_str(run);
            let mut characters = from.chars();
            match characters.next() {
                Some('&') => self.out.push_str("&amp;"),
                Some('<') => self.out.push_str("&lt;"),
                Some('>') => self.out.push_str("&gt;"),
                Some('"') if in_attribute => self.out.push_str("&quot;"),
                // A parser would turn a bare CR into LF, and blanks in attributes into spaces.
                Some('\r') => self.out.push_str("&#13;"),
                Some('\n') if in_attribute => self.out.push_str("&#10;"),
                Some('\t') if in_attribute => self.out.push_str("&#9;"),
                Some(legal) if is_legal(legal) => self.out.push(legal),
                _ => {}
            }
            rest = characters.as_str();
        }
        self.out.push_str(rest);
    }
}

/// Says whether a character that begins with this byte may have to be escaped or left out. U+FFFE and U+FFFF begin with 0xEF.
const fn is_special(byte: u8) -> bool {
    matches!(byte, b'&' | b'<' | b'>' | b'"' | 0..=0x1F | 0xEF)
}

/// Says whether XML 1.0 can hold a character (production 2, `Char`).
pub(crate) fn is_legal(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | '\u{20}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_illegal_characters_are_left_out() {
        let mut xml = Writer::new();
        xml.text("Subject", "a\u{0}b\u{b}c\u{fffe} <Müller & Söhne>\r\n\u{1f600}");
        assert_eq!(
            xml.finish(),
            "<t:Subject>abc &lt;Müller &amp; Söhne&gt;&#13;\n\u{1f600}</t:Subject>"
        );
    }

    #[test]
    fn attributes_keep_their_blanks_and_quotes() {
        let mut xml = Writer::new();
        xml.empty(Ns::Messages, "X", &[("Id", "a\"b\n<\t")]);
        assert_eq!(xml.finish(), "<m:X Id=\"a&quot;b&#10;&lt;&#9;\"/>");
    }
}
