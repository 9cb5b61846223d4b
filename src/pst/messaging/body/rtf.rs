//! Takes the text out of RTF (pure). Rich Text Format 1.9.1.
//!
//! Groups that are no text (fonts, colours, pictures, everything marked with `\*`) are left out. Nothing is an error: what
//! makes no sense is no text.

use std::collections::HashMap;

use crate::pst::messaging::code_page::CodePage;

/// Groups whose content is no text.
const SILENT: [&[u8]; 17] = [
    b"fonttbl",
    b"colortbl",
    b"stylesheet",
    b"info",
    b"pict",
    b"object",
    b"themedata",
    b"header",
    b"footer",
    b"headerl",
    b"headerr",
    b"headerf",
    b"footerl",
    b"footerr",
    b"footerf",
    b"listtable",
    b"fldinst",
];

/// How many groups within each other keep what they have of their own. Nobody writes so many; deeper ones are counted only.
const DEEPEST: usize = 500;

/// Returns the text of RTF; `page` is for files that name none.
pub(super) fn text(rtf: &[u8], page: CodePage) -> String {
    let mut reader = Reader::new(rtf, page);
    while reader.step() {}
    reader.flush();
    reader.out
}

/// What a group inherits and gives back at its end.
#[derive(Clone, Copy)]
struct Group {
    silent: bool,
    fonts: bool,
    font: i32,
    /// How many characters follow a `\u` for readers that do not know it.
    skip: usize,
}

struct Reader<'a> {
    rest: &'a [u8],
    out: String,
    groups: Vec<Group>,
    /// Open groups beyond the deepest.
    deeper: usize,
    now: Group,
    page: CodePage,
    fonts: HashMap<i32, CodePage>,
    /// The font of text for which none is named.
    default: i32,
    /// Bytes in the code page, waiting until the run ends.
    bytes: Vec<u8>,
    /// The first half of a pair of UTF-16.
    high: Option<u16>,
    /// Characters still to leave out behind a `\u`.
    leave: usize,
}

impl<'a> Reader<'a> {
    fn new(rest: &'a [u8], page: CodePage) -> Self {
        Self {
            rest,
            out: String::new(),
            groups: Vec::new(),
            deeper: 0,
            now: Group { silent: false, fonts: false, font: -1, skip: 1 },
            page,
            fonts: HashMap::new(),
            default: -1,
            bytes: Vec::new(),
            high: None,
            leave: 0,
        }
    }

    /// Reads one token; false at the end.
    fn step(&mut self) -> bool {
        let Some((first, rest)) = self.rest.split_first() else { return false };
        self.rest = rest;
        match first {
            b'{' => {
                self.flush();
                self.leave = 0;
                if self.groups.len() < DEEPEST {
                    self.groups.push(self.now);
                } else {
                    self.deeper += 1;
                }
            }
            b'}' => {
                self.flush();
                self.leave = 0;
                if self.deeper > 0 {
                    self.deeper -= 1;
                } else if let Some(outer) = self.groups.pop() {
                    self.now = outer;
                }
            }
            b'\\' => self.control(),
            b'\r' | b'\n' => {}
            byte => self.byte(*byte),
        }
        true
    }

    fn control(&mut self) {
        let Some((first, rest)) = self.rest.split_first() else { return };
        if !first.is_ascii_alphabetic() {
            self.rest = rest;
            match first {
                b'\'' => self.hex(),
                b'*' => self.now.silent = true,
                b'~' => self.put('\u{A0}'),
                b'_' => self.put('\u{2011}'),
                b'\r' | b'\n' => self.line(),
                b'\\' | b'{' | b'}' => self.byte(*first),
                _ => {}
            }
            return;
        }
        let length = self.rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let (word, rest) = self.rest.split_at_checked(length).unwrap_or_default();
        self.rest = rest;
        let number = self.number();
        if let Some((b' ', rest)) = self.rest.split_first() {
            self.rest = rest;
        }
        self.word(word, number);
    }

    fn number(&mut self) -> Option<i32> {
        let minus = self.rest.first() == Some(&b'-');
        let digits = self.rest.get(usize::from(minus)..).unwrap_or_default();
        let length = digits.iter().take_while(|byte| byte.is_ascii_digit()).count().min(10);
        let (digits, rest) = digits.split_at_checked(length).unwrap_or_default();
        if digits.is_empty() {
            return None;
        }
        self.rest = rest;
        let number: i32 = std::str::from_utf8(digits).ok()?.parse().ok()?;
        Some(if minus { -number } else { number })
    }

    fn word(&mut self, word: &[u8], number: Option<i32>) {
        match word {
            b"par" | b"line" | b"row" | b"sect" | b"page" => self.line(),
            b"tab" | b"cell" => self.put('\t'),
            b"emdash" => self.put('\u{2014}'),
            b"endash" => self.put('\u{2013}'),
            b"lquote" => self.put('\u{2018}'),
            b"rquote" => self.put('\u{2019}'),
            b"ldblquote" => self.put('\u{201C}'),
            b"rdblquote" => self.put('\u{201D}'),
            b"bullet" => self.put('\u{2022}'),
            b"u" => self.unicode(number.unwrap_or_default()),
            b"uc" => {
                self.now.skip = number.and_then(|skip| skip.try_into().ok()).unwrap_or(1);
            }
            b"bin" => {
                let length = number.and_then(|length| length.try_into().ok()).unwrap_or(0);
                self.rest = self.rest.get(length..).unwrap_or_default();
            }
            b"ansicpg" => {
                if let Some(page) = number.and_then(|page| page.try_into().ok()).map(CodePage) {
                    self.page = if page.is_known() { page } else { self.page };
                }
            }
            b"pc" => self.page = CodePage(437),
            b"pca" => self.page = CodePage(850),
            b"f" => {
                self.flush();
                self.now.font = number.unwrap_or(-1);
            }
            b"deff" => {
                self.default = number.unwrap_or(-1);
                self.now.font = self.default;
            }
            b"plain" => {
                self.flush();
                self.now.font = self.default;
            }
            b"fcharset" if self.now.fonts => {
                if let Some(page) = number.and_then(page_of_charset) {
                    self.fonts.insert(self.now.font, page);
                }
            }
            _ if SILENT.contains(&word) => {
                self.now.silent = true;
                self.now.fonts |= word == b"fonttbl";
            }
            _ => {}
        }
    }

    /// A character in UTF-16 (as a signed number), which the next ones repeat for readers that do not know it.
    fn unicode(&mut self, number: i32) {
        let Ok(unit) = u16::try_from(number & 0xFFFF) else { return };
        self.flush();
        self.leave = self.now.skip;
        if self.now.silent {
            return;
        }
        let units = [self.high.take(), Some(unit)];
        if (0xD800..0xDC00).contains(&unit) {
            self.high = Some(unit);
            return;
        }
        let decoded = char::decode_utf16(units.into_iter().flatten());
        self.out.extend(decoded.map(|decoded| decoded.unwrap_or('\u{FFFD}')));
    }

    fn hex(&mut self) {
        let Some((digits, rest)) = self.rest.split_at_checked(2) else {
            self.rest = &[];
            return;
        };
        let byte =
            std::str::from_utf8(digits).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok());
        if let Some(byte) = byte {
            self.rest = rest;
            self.byte(byte);
        }
    }

    /// A character of the code page, or half of one.
    fn byte(&mut self, byte: u8) {
        if self.leave > 0 {
            self.leave -= 1;
        } else if !self.now.silent {
            self.bytes.push(byte);
        }
    }

    fn put(&mut self, character: char) {
        self.flush();
        if self.leave > 0 {
            self.leave -= 1;
        } else if !self.now.silent {
            self.out.push(character);
        }
    }

    fn line(&mut self) {
        self.flush();
        self.leave = 0;
        if !self.now.silent {
            self.out.push_str("\r\n");
        }
    }

    fn flush(&mut self) {
        if !self.bytes.is_empty() {
            let page = self.fonts.get(&self.now.font).copied().unwrap_or(self.page);
            self.out.push_str(&page.decode(&self.bytes));
            self.bytes.clear();
        }
    }
}

/// Returns the code page of a font's character set; `None` for the default and for symbols.
fn page_of_charset(charset: i32) -> Option<CodePage> {
    let page = match charset {
        0 => 1252,
        77 => 10000,
        128 => 932,
        129 => 949,
        134 => 936,
        136 => 950,
        161 => 1253,
        162 => 1254,
        163 => 1258,
        177 => 1255,
        178 => 1256,
        186 => 1257,
        204 => 1251,
        222 => 874,
        238 => 1250,
        254 => 437,
        _ => return None,
    };
    Some(CodePage(page))
}

#[cfg(test)]
mod tests {
    use super::{Reader, text};
    use crate::pst::messaging::code_page::CodePage;

    fn plain(rtf: &str) -> String {
        text(rtf.as_bytes(), CodePage::WESTERN)
    }

    #[test]
    fn text_is_taken_and_the_rest_left() {
        let rtf = "{\\rtf1\\ansi{\\fonttbl{\\f0\\fswiss Arial;}}{\\colortbl\\red0;}{\\*\\generator X;}\r\n\
                   \\pard\\f0\\fs20 First \\b line\\b0\\par\r\nsecond\\tab{\\i x}\\{\\}\\\\\\par}";
        assert_eq!(plain(rtf), "First line\r\nsecond\tx{}\\\r\n");
    }

    #[test]
    fn characters_are_read_in_every_way_they_are_written() {
        assert_eq!(plain(r"{\rtf1 M\'fcller \u8364?\u8364\'80 \~}"), "Müller €€ \u{A0}");
        assert_eq!(plain(r"{\rtf1\uc0\u-10179\u-8704 x}"), "😀x");
        let cyrillic =
            r"{\rtf1\ansicpg1252{\fonttbl{\f0\fcharset0 A;}{\f1\fcharset204 B;}}\f1\'cf\f0\'cf}";
        assert_eq!(plain(cyrillic), "ПÏ");
        assert_eq!(plain(r"{\rtf1\ansicpg932\'93\'fa}"), "日");
        assert_eq!(
            plain(r"{\rtf1\pca M\'81ller {\fonttbl{\f1\fcharset254 B;}}\f1\'9b}"),
            "Müller ¢"
        );
        let by_default = r"{\rtf1\ansicpg1252\deff1{\fonttbl{\f0\fcharset0 A;}{\f1\fcharset204 B;}}\'cf{\f0\'cf\plain\'cf}}";
        assert_eq!(plain(by_default), "ПÏП");
    }

    /// Memory is bounded: of 100,000 groups 500 are kept, and what is behind them is as before them.
    #[test]
    fn groups_without_end_take_no_memory_without_end() {
        let (open, close) = ("{".repeat(100_000), "}".repeat(100_000));
        let rtf = format!(r"{{\rtf1 a{{\*\x {open}b");
        let mut reader = Reader::new(rtf.as_bytes(), CodePage::WESTERN);
        while reader.step() {}
        assert_eq!((reader.groups.len(), reader.deeper), (500, 99_502));
        assert_eq!(plain(&format!("{rtf}{close}}}c}}d")), "acd");
    }

    #[test]
    fn what_makes_no_sense_is_no_text() {
        for rtf in
            ["", "}", "}}}x", "{\\", "{\\'", "{\\'f", "\\bin99999999999 x", "{\\u", "\\uc-5\\u65 b"]
        {
            let _ = plain(rtf);
        }
        assert_eq!(plain(r"{\rtf1{\pict\bin3 }}}x}y"), "y");
    }
}
