//! Pure: bytes of a configuration file to text with lines and columns. A byte order mark is accepted, anything but
//! UTF-8 is refused with a word that an administrator understands.

use std::sync::Arc;

use crate::config::fault::Fault;
use crate::config::origin::Place;
use crate::config::problem::Problem;

/// A configuration file in memory.
pub(in crate::config) struct Document {
    order: u32,
    name: Arc<str>,
    text: String,
    /// Where each line starts, in bytes.
    lines: Vec<usize>,
}

impl Document {
    /// Decodes a file. `order` says when it was read.
    pub(in crate::config) fn decode(
        order: u32,
        name: &str,
        bytes: Vec<u8>,
    ) -> Result<Self, Box<Problem>> {
        let name: Arc<str> = name.into();
        let refuse = |line, column, fault| {
            let place = Place { order, file: Arc::clone(&name), line, column };
            Err(Box::new(Problem::error(place, fault)))
        };
        // A NUL in the first bytes is UTF-16 without its mark: TOML starts with an ASCII character.
        if bytes.starts_with(&[0xff, 0xfe])
            || bytes.starts_with(&[0xfe, 0xff])
            || bytes.iter().take(2).any(|byte| *byte == 0)
        {
            return refuse(0, 0, Fault::Utf16);
        }
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let good = error.utf8_error().valid_up_to();
                let before = error.as_bytes().get(..good).unwrap_or_default();
                let before = String::from_utf8_lossy(before);
                let line = before.matches('\n').count() + 1;
                let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
                return refuse(narrow(line), narrow(column), Fault::NotUtf8);
            }
        };
        let text = match text.strip_prefix('\u{feff}') {
            Some(rest) => rest.to_owned(),
            None => text,
        };
        let lines =
            std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Ok(Self { order, name, text, lines })
    }

    /// Returns the text without its byte order mark.
    pub(in crate::config) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the spot at this byte.
    pub(in crate::config) fn place(&self, at: usize) -> Place {
        let at = self.text.floor_char_boundary(at);
        let line = self.lines.partition_point(|start| *start <= at);
        let start = self.start_of(line);
        let column = self.text.get(start..at).unwrap_or_default().chars().count() + 1;
        let file = Arc::clone(&self.name);
        Place { order: self.order, file, line: narrow(line), column: narrow(column) }
    }

    /// Returns the file as a whole.
    pub(in crate::config) fn whole(&self) -> Place {
        Place { order: self.order, file: Arc::clone(&self.name), line: 0, column: 0 }
    }

    /// Returns the line that contains this byte, and how far into it the byte is.
    pub(in crate::config) fn line_around(&self, at: usize) -> (&str, usize) {
        let at = self.text.floor_char_boundary(at);
        let start = self.start_of(self.lines.partition_point(|start| *start <= at));
        let rest = self.text.get(start..).unwrap_or_default();
        (rest.split(['\n', '\r']).next().unwrap_or_default(), at - start)
    }

    fn start_of(&self, line: usize) -> usize {
        line.checked_sub(1).and_then(|index| self.lines.get(index)).copied().unwrap_or(0)
    }
}

fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::Document;

    #[test]
    fn places_count_lines_and_characters_from_one() {
        let text = "\u{feff}a = 1\r\n\"ü\" = 2\n";
        let document = Document::decode(0, "x.toml", text.as_bytes().to_vec()).unwrap();
        let at = document.text().find('2').unwrap();
        assert_eq!(document.place(at).to_string(), "x.toml:2:7");
        assert_eq!(document.place(0).to_string(), "x.toml:1:1");
        assert_eq!(document.line_around(at), ("\"ü\" = 2", 7));
        assert_eq!(document.place(10_000).to_string(), "x.toml:3:1");
    }

    #[test]
    fn other_encodings_are_refused_where_they_start() {
        let refused =
            |bytes: &[u8]| Document::decode(0, "x.toml", bytes.to_vec()).err().unwrap().place;
        assert_eq!(refused(b"\xff\xfea\0").to_string(), "x.toml");
        assert_eq!(refused(b"\0a\0=").to_string(), "x.toml");
        assert_eq!(refused(b"a = 1\n# M\xfcller").to_string(), "x.toml:2:4");
    }
}
