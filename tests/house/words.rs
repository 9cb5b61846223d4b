//! Rust as a row of words: comments, texts and characters are gone, so that nothing in them can be mistaken for code.

use std::iter::Peekable;
use std::str::Chars;

/// A name, a number or a sign; `::` is one sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    /// The line, from 1.
    pub(crate) line: usize,
    /// As it is written.
    pub(crate) text: String,
}

impl Word {
    /// Whether it is a name (a number counts as one: it leads no path).
    pub(crate) fn is_name(&self) -> bool {
        self.text.starts_with(|c: char| c.is_alphanumeric() || c == '_')
    }
}

/// Takes a file apart.
pub(crate) fn words(text: &str) -> Vec<Word> {
    let mut reader = Reader { rest: text.chars().peekable(), line: 1, words: Vec::new() };
    while let Some(first) = reader.next() {
        reader.word(first);
    }
    reader.words
}

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
    line: usize,
    words: Vec<Word>,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let next = self.rest.next();
        self.line += usize::from(next == Some('\n'));
        next
    }

    fn word(&mut self, first: char) {
        let line = self.line;
        match first {
            '/' if self.rest.peek() == Some(&'/') => {
                while self.next().is_some_and(|c| c != '\n') {}
            }
            '/' if self.rest.peek() == Some(&'*') => self.block_comment(),
            '"' => self.quoted('"'),
            '\'' => self.character_or_lifetime(),
            c if c.is_alphanumeric() || c == '_' => {
                let mut name = String::from(c);
                while let Some(c) = self.rest.next_if(|c| c.is_alphanumeric() || *c == '_') {
                    name.push(c);
                }
                match (name.as_str(), self.rest.peek()) {
                    ("r" | "br" | "cr", Some('"' | '#')) => self.raw(),
                    // `b"…"` and `c"…"`: the quotation mark comes next by itself.
                    ("b" | "c", Some('"' | '\'')) => {}
                    _ => self.words.push(Word { line, text: name }),
                }
            }
            ':' if self.rest.next_if_eq(&':').is_some() => {
                self.words.push(Word { line, text: "::".to_owned() });
            }
            c if c.is_whitespace() => {}
            c => self.words.push(Word { line, text: c.to_string() }),
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 1;
        self.next();
        while depth > 0 {
            match self.next() {
                Some('/') if self.rest.peek() == Some(&'*') => depth += 1,
                Some('*') if self.rest.peek() == Some(&'/') => depth -= 1,
                Some(_) => continue,
                None => return,
            }
            self.next();
        }
    }

    fn quoted(&mut self, end: char) {
        while let Some(c) = self.next() {
            match c {
                '\\' => drop(self.next()),
                c if c == end => return,
                _ => {}
            }
        }
    }

    /// `'a'` and `'\n'` are characters, `'a` is a lifetime.
    fn character_or_lifetime(&mut self) {
        let mut ahead = self.rest.clone();
        match (ahead.next(), ahead.next()) {
            (Some('\\'), _) | (Some(_), Some('\'')) => self.quoted('\''),
            _ => {}
        }
    }

    /// `r"…"` and `r#"…"#`, after the `r`. A raw name such as `r#type` is one sign and a name: good enough here.
    fn raw(&mut self) {
        let mut hashes = 0;
        while self.rest.next_if_eq(&'#').is_some() {
            hashes += 1;
        }
        if self.rest.next_if_eq(&'"').is_none() {
            return;
        }
        let mut matched = None;
        while let Some(c) = self.next() {
            matched = match (c, matched) {
                ('"', _) => Some(0),
                ('#', Some(n)) => Some(n + 1),
                _ => None,
            };
            if matched == Some(hashes) {
                return;
            }
        }
    }
}

#[test]
fn comments_texts_and_characters_are_no_words() {
    let text = r##"
        /* print!() /* nested */ unsafe */ fn f<'a>(x: &'a str) -> char { // unsafe
            let s = "unsafe \" {"; let r = r#"a " unsafe"#; let b = b"unsafe"; '\'' ; '{' ; a::b }
    "##;
    let found: Vec<String> = words(text).into_iter().map(|word| word.text).collect();
    let expected =
        "fn f < a > ( x : & a str ) - > char { let s = ; let r = ; let b = ; ; ; a :: b }";
    assert_eq!(found.join(" "), expected);
    assert_eq!(words("a\n\"\n\"\nb").last().map(|word| word.line), Some(4));
}
