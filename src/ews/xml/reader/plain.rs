//! The short way through an answer: texts, and tags as every server writes them (pure).
//!
//! Nearly all tokens of an answer are such, and none needs a tokenizer. What is any different is
//! left to quick-xml; that both read the same is tested below.

use memchr::memchr2;

use crate::ews::error::ReplyError;
use crate::ews::xml::reader::{Handler, PushReader, Tag, local, mark};

impl PushReader {
    /// Reads what most of an answer is, as long as it is that: texts, and tags with attributes in double
    /// quotes. Returns how many bytes that was.
    ///
    /// Whatever is any different (references, other blanks in a tag, a tag that the piece cuts off) is left
    /// to quick-xml, which then stands at its beginning.
    pub(super) fn plain(
        &mut self,
        input: &str,
        handler: &mut impl Handler,
    ) -> Result<usize, ReplyError> {
        let begin = self.offset;
        let mut rest = input;
        loop {
            let after = match rest.as_bytes() {
                [b'<', b'/', ..] if !self.open.is_empty() => {
                    let Some((name, after)) = plain_name(rest, 2) else { break };
                    self.close(name)?;
                    handler.end();
                    after
                }
                [b'<', ..] if !self.open.is_empty() => {
                    let Some((tag, closed, after)) = plain_tag(rest) else { break };
                    self.check_depth()?;
                    handler.start(&tag, self.offset)?;
                    let name = tag.whole_name();
                    if closed {
                        handler.end();
                        after
                    } else if let Some((text, end)) = leaf(after, name) {
                        self.offset = begin + (input.len() - after.len()) as u64;
                        if !text.is_empty() {
                            handler.text(text, self.offset)?;
                        }
                        handler.end();
                        end
                    } else {
                        self.open.push(mark(name));
                        after
                    }
                }
                [b'<' | b'&', ..] => break,
                _ => {
                    let Some((text, after)) = plain_text(rest) else { break };
                    self.text(text, handler)?;
                    after
                }
            };
            rest = after;
            self.offset = begin + (input.len() - rest.len()) as u64;
        }
        Ok(input.len() - rest.len())
    }
}

/// Whether a byte may be in a name; what else may be hardly ever is.
#[expect(clippy::indexing_slicing, reason = "the compiler walks it")]
const IN_NAMES: [bool; 256] = {
    let mut in_names = [false; 256];
    let mut byte = u8::MIN;
    loop {
        in_names[byte as usize] =
            byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'_' | b'-');
        if byte == u8::MAX {
            break in_names;
        }
        byte += 1;
    }
};

/// Returns how long the name is that stands at the beginning; `None` where none is, or it may go on.
fn name_length(text: &[u8]) -> Option<usize> {
    let is_name = |byte: &u8| IN_NAMES.get(usize::from(*byte)).copied().unwrap_or_default();
    text.iter().position(|byte| !is_name(byte)).filter(|length| *length > 0)
}

/// Splits a closing tag that is a name and nothing else, which begins at `begin`, off what follows it.
fn plain_name(tag: &str, begin: usize) -> Option<(&str, &str)> {
    let tag = tag.get(begin..)?;
    let (name, rest) = tag.split_at_checked(name_length(tag.as_bytes())?)?;
    Some((name, rest.strip_prefix('>')?))
}

/// Splits an opening tag off what follows it, and says whether it closes itself. Before each attribute is one blank and nothing else,
/// and its value is in double quotes.
fn plain_tag(markup: &str) -> Option<(Tag<'_>, bool, &str)> {
    let tag = markup.get(1..)?;
    let (whole, behind) = tag.split_at_checked(name_length(tag.as_bytes())?)?;
    let mut rest = behind.as_bytes();
    let (written, closed, end) = loop {
        let length = behind.len() - rest.len();
        match rest {
            [b'>', ..] => break (length, false, length + 1),
            [b'/', b'>', ..] => break (length, true, length + 2),
            [b' ', attribute @ ..] => {
                let (_, value) = attribute.split_at_checked(name_length(attribute)?)?;
                let [b'=', b'"', value @ ..] = value else { return None };
                let (_, quote) = value.split_at_checked(memchr2(b'"', b'<', value)?)?;
                let [b'"', after @ ..] = quote else { return None };
                rest = after;
            }
            _ => return None,
        }
    };
    let (attributes, after) = (behind.get(..written)?, behind.get(end..)?);
    Some((Tag { whole, name: local(whole), attributes, plain: true }, closed, after))
}

/// Splits off text up to the next markup or reference.
fn plain_text(input: &str) -> Option<(&str, &str)> {
    input.split_at_checked(memchr2(b'<', b'&', input.as_bytes())?)
}

/// Splits off the rest of an element that holds text and nothing else, as nearly all do.
fn leaf<'a>(input: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    let (text, markup) = plain_text(input)?;
    let after = markup.strip_prefix("</")?.strip_prefix(name)?.strip_prefix('>')?;
    Some((text, after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ews::xml::reader::Limits;

    /// Writes down what it is told; texts that follow each other are one.
    #[derive(Debug, Default, PartialEq)]
    struct Log(Vec<String>);

    impl Handler for Log {
        fn start(&mut self, tag: &Tag<'_>, offset: u64) -> Result<(), ReplyError> {
            let attributes: Vec<_> = tag.attributes().collect();
            self.0.push(format!(
                "<{}{}> at {offset}: {attributes:?}",
                tag.name(),
                tag.raw_attributes()
            ));
            Ok(())
        }

        fn text(&mut self, raw: &str, _: u64) -> Result<(), ReplyError> {
            match self.0.last_mut() {
                Some(last) if last.starts_with('"') => last.push_str(raw),
                _ => self.0.push(format!("\"{raw}")),
            }
            Ok(())
        }

        fn reference(&mut self, name: &str) {
            self.0.push(format!("&{name};"));
        }

        fn end(&mut self) {
            self.0.push("end".to_owned());
        }
    }

    fn read(document: &[u8], piece: usize) -> (Log, Result<(), ReplyError>) {
        let mut reader = PushReader::new(Limits { depth: 4, token: 1000, part: 1000 });
        let mut log = Log::default();
        let result = document
            .chunks(piece)
            .try_for_each(|piece| reader.feed(piece, &mut log))
            .and_then(|()| reader.finish());
        (log, result)
    }

    #[test]
    fn plain_markup_is_read_as_quick_xml_reads_it() {
        // A token that comes in pieces of one byte is always left to quick-xml; a document that
        // comes as a whole takes the short way wherever it may.
        for document in [
            "<s:a><t:b>eins</t:b><t:b></t:b><c/>zwei<c></c>\n</s:a>\n",
            "<a>\u{feff}<b>\u{feff}\u{e4}</b>\u{feff}<b>&amp;\u{fc}&lt;</b></a>",
            "<a><b >x</b ><b\t>y</b\n><b k=\"v>\">z</b></a>",
            "<a><b k=\"v\" l=\"&amp;\u{e4}>\" m=\"\"/><b k=\"v\"></b><t:c t:k=\"v\">x</t:c></a>",
            "<a><b k='v'/><b  k=\"v\"/><b k=\"v\" /><b k =\"v\"/><b k= \"v\"/><b k/><b k=v/></a>",
            "<a><b k=\"v\"l=\"w\"/><b k=\"<\"/><b k=\"v\"\n/><b \u{e4}=\"v\"/><b k=\"/>\"/></a>",
            "<a><b k=\"v\">x</c></a>",
            "<a><b k=\"v",
            "<a><b k=\"v\"/",
            "<a><b><c><d k=\"v\"/></c></b></a>",
            "<a><b><c><d><e k=\"v\"/></d></c></b></a>",
            "<a><b><![CDATA[<b>]]></b><!-- <b> --><?pi <b>?><b>]]></b></a>",
            "<a><b.c>x</b.c><b>x<c>y</c>z</b><\u{e4}>x</\u{e4}></a>",
            "<a><b>x</c></a>",
            "<a><b>x</b></c>",
            "<a><b><c><d>x</d></c></b></a>",
            "<a><b><c><d><e>x</e></d></c></b></a>",
            "<a><b>x</b></a>trailer",
            "<a><b>x</b></a><a/>",
            "<a><b>x</b></a></a>",
            "  <a></a>",
            "t<a></a>",
            "<a><b>x</b>",
            "<a><b>x & y</b></a>",
            "<a><>x</></a>",
            "<a></ a></a>",
            "<a><b>x</b",
        ] {
            let whole = read(document.as_bytes(), usize::MAX);
            let bytewise = read(document.as_bytes(), 1);
            assert_eq!(whole, bytewise, "{document}");
        }
        let (log, result) = read(b"<s:a><t:b>eins</t:b>zwei</s:a>", usize::MAX);
        assert_eq!(log.0, ["<a> at 0: []", "<b> at 5: []", "\"eins", "end", "\"zwei", "end"]);
        assert!(result.is_ok());
    }

    #[test]
    fn bytes_that_are_no_utf8_cost_only_themselves() {
        let (log, result) = read(b"<a><b>x</b><b>\xFC</b><b>y</b></a>", usize::MAX);
        let texts: Vec<_> = log.0.iter().filter(|line| line.starts_with('"')).collect();
        assert_eq!(texts, ["\"x", "\"\u{fffd}", "\"y"]);
        assert!(result.is_ok());
    }
}
