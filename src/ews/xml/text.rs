//! Collects text out of fragments and references (pure).
//!
//! Real mailboxes hold characters that XML cannot: Exchange then sends references such as `&#x0;`
//! or `&#x1A;`, which are not well-formed. They are dropped here, because one such subject would
//! otherwise cost the whole batch; surrogate pairs that come as two references are joined.

use crate::ews::xml::writer::is_legal;

/// Up to how many bytes a text is copied out of where it grew.
const SHORT: usize = 4096;

/// A text that grows.
#[derive(Debug, Default)]
pub(crate) struct TextBuffer {
    text: String,
    /// The last fragment ended in CR, so that LF at the beginning of the next belongs to it.
    after_cr: bool,
    /// The first half of a surrogate pair.
    high: Option<u32>,
}

impl TextBuffer {
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.after_cr = false;
        self.high = None;
    }

    /// Adds a fragment as it stands in the document. Line ends become LF (XML 1.0, 2.11) and bare
    /// forbidden characters are dropped.
    pub(crate) fn fragment(&mut self, raw: &str) {
        if raw.is_empty() {
            return;
        }
        self.high = None;
        let mut rest = raw;
        if std::mem::take(&mut self.after_cr) {
            rest = rest.strip_prefix('\n').unwrap_or(rest);
        }
        // Runs of ordinary characters are copied as a whole.
        while let Some((run, special, after)) = split_at_special(rest) {
            self.text.push_str(run);
            rest = after;
            if special == '\r' {
                self.text.push('\n');
                self.after_cr = rest.is_empty();
                rest = rest.strip_prefix('\n').unwrap_or(rest);
            } else if is_legal(special) {
                self.text.push(special);
            }
        }
        self.text.push_str(rest);
    }

    /// Adds what a reference means; one that means nothing is dropped.
    pub(crate) fn reference(&mut self, name: &str) {
        self.after_cr = false;
        let high = self.high.take();
        let code = match name {
            "amp" => u32::from('&'),
            "lt" => u32::from('<'),
            "gt" => u32::from('>'),
            "quot" => u32::from('"'),
            "apos" => u32::from('\''),
            _ => numeric(name).unwrap_or(0),
        };
        let code = match (high, code) {
            (_, 0xD800..=0xDBFF) => {
                self.high = Some(code);
                return;
            }
            (Some(high), 0xDC00..=0xDFFF) => 0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00),
            _ => code,
        };
        if let Some(character) = char::from_u32(code).filter(|character| is_legal(*character)) {
            self.text.push(character);
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the text, with little memory to spare, and begins a new one.
    pub(crate) fn take(&mut self) -> String {
        // The memory in which short texts grow is kept for the next one.
        if self.text.len() <= SHORT {
            let text = self.text.clone();
            self.clear();
            return text;
        }
        let mut text = std::mem::take(&mut self.text);
        if text.capacity() > text.len() + text.len() / 4 + 16 {
            text.shrink_to_fit();
        }
        self.clear();
        text
    }
}

/// Splits a text at its first character that may have to be changed or dropped.
fn split_at_special(text: &str) -> Option<(&str, char, &str)> {
    let special = |byte: u8| (byte < b' ' && byte != b'\n' && byte != b'\t') || byte == 0xEF;
    // Without a way out in the middle, the compiler compares many bytes at once. U+FFFE and U+FFFF
    // begin with 0xEF.
    if !text.bytes().fold(false, |found, byte| found | special(byte)) {
        return None;
    }
    let (run, tail) = text.split_at_checked(text.bytes().position(special)?)?;
    let mut characters = tail.chars();
    Some((run, characters.next()?, characters.as_str()))
}

fn numeric(name: &str) -> Option<u32> {
    let digits = name.strip_prefix('#')?;
    match digits.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => digits.parse().ok(),
    }
}

/// Unescapes the value of an attribute.
pub(crate) fn unescape(raw: &str) -> String {
    let special = |byte: u8| matches!(byte, b'&' | 0..=0x1F);
    if !raw.bytes().fold(false, |found, byte| found | special(byte)) {
        return raw.to_owned();
    }
    let mut text = TextBuffer::default();
    let mut rest = raw;
    while let Some((before, from)) = rest.split_once('&') {
        text.fragment(before);
        match from.split_once(';') {
            Some((name, after)) if !name.contains([' ', '&']) => {
                text.reference(name);
                rest = after;
            }
            _ => {
                text.fragment("&");
                rest = from;
            }
        }
    }
    text.fragment(rest);
    text.take()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forbidden_references_are_dropped_and_the_rest_survives() {
        // notes.md §3.1 no. 1: references seen in the wild.
        for name in [
            "#x0", "#x1", "#x1A", "#x19", "#0", "#xFFFE", "#xD800", "#x110000", "nbsp", "#", "#xZZ",
        ] {
            assert_eq!(unescape(&format!("a&{name};b")), "ab", "{name}");
        }
        assert_eq!(unescape("&lt;&amp;&gt;&quot;&apos;&#228;&#xDF;"), "<&>\"'\u{e4}\u{df}");
        assert_eq!(unescape("a & b"), "a & b");
    }

    #[test]
    fn surrogate_pairs_in_two_references_are_one_character() {
        assert_eq!(unescape("&#xD83D;&#xDE00;"), "\u{1f600}");
        assert_eq!(unescape("&#xD83D;x&#xDE00;"), "x");
    }

    #[test]
    fn line_ends_become_lf_across_fragments_but_references_stay() {
        let mut text = TextBuffer::default();
        for fragment in ["a\r", "\nb\r", "c\r\n", "\x0b\u{e4}"] {
            text.fragment(fragment);
        }
        text.reference("#13");
        text.fragment("\n");
        assert_eq!(text.take(), "a\nb\nc\n\u{e4}\r\n");
    }
}
