//! Takes the text out of HTML (pure).
//!
//! Enough for the bodies that mail programs write: blocks begin lines, a tab is between cells, white space is one space, references
//! are characters. It is no browser, and nothing is an error.

use super::reference;

/// Elements whose content is no text.
const SILENT: [&str; 4] = ["head", "style", "script", "title"];

/// Elements that begin and end lines.
const BLOCKS: [&str; 18] = [
    "p",
    "div",
    "br",
    "tr",
    "li",
    "ul",
    "ol",
    "table",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "blockquote",
    "hr",
    "pre",
    "body",
];

/// Returns the text of HTML.
pub(super) fn text(html: &str) -> String {
    let mut writer = Writer::default();
    let mut rest = html;
    let mut silent: Option<&str> = None;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("<!--") {
            rest = after.split_once("-->").map_or("", |(_, after)| after);
        } else if let Some(tag) = tag(rest) {
            rest = tag.after;
            match silent {
                Some(open) if tag.closes && open.eq_ignore_ascii_case(tag.name) => silent = None,
                Some(_) => {}
                None if tag.closes => writer.element(tag.name, true),
                None => {
                    silent = SILENT.into_iter().find(|name| name.eq_ignore_ascii_case(tag.name));
                    writer.element(tag.name, false);
                }
            }
        } else {
            let next = rest.char_indices().skip(1).find(|(_, c)| *c == '<' || *c == '&');
            let (run, after) = rest.split_at(next.map_or(rest.len(), |(at, _)| at));
            rest = after;
            if silent.is_some() {
                continue;
            }
            match run.strip_prefix('&').and_then(reference::read) {
                Some((character, behind)) => {
                    writer.exactly(character);
                    writer.run(behind);
                }
                None => writer.run(run),
            }
        }
    }
    writer.finish()
}

struct Tag<'a> {
    name: &'a str,
    closes: bool,
    after: &'a str,
}

/// Reads a tag at the beginning of the text; `None` where a `<` is only a character.
fn tag(text: &str) -> Option<Tag<'_>> {
    let inner = text.strip_prefix('<')?;
    let (closes, inner) = inner.strip_prefix('/').map_or((false, inner), |inner| (true, inner));
    if !inner.starts_with(|c: char| c.is_ascii_alphabetic() || c == '!' || c == '?') {
        return None;
    }
    let end = inner.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(inner.len());
    let (name, rest) = inner.split_at(end);
    // A `>` within quotation marks does not end the tag.
    let mut quote = None;
    let close = rest.char_indices().find(|(_, c)| match (quote, c) {
        (None, '>') => true,
        (None, '"' | '\'') => {
            quote = Some(*c);
            false
        }
        (Some(open), c) if open == *c => {
            quote = None;
            false
        }
        _ => false,
    });
    let after = close.and_then(|(at, _)| rest.get(at + 1..)).unwrap_or_default();
    Some(Tag { name, closes, after })
}

/// Collects text: white space shrinks, blocks begin lines, cells of a row stay in one.
#[derive(Default)]
struct Writer {
    out: String,
    space: bool,
    lines: usize,
    kept: bool,
    /// Whether a row, or a table within a cell, stands between the last text and what comes.
    row: bool,
    /// Cells that began since the last text.
    tabs: usize,
}

impl Writer {
    fn element(&mut self, name: &str, closes: bool) {
        if name.eq_ignore_ascii_case("td") || name.eq_ignore_ascii_case("th") {
            self.space = false;
            // The first cell of a row is where its line begins; a paragraph that ended with its cell ends no line.
            if !closes && !self.row {
                (self.lines, self.tabs) = (0, self.tabs + 1);
            }
            return;
        }
        let Some(name) = BLOCKS.iter().find(|block| block.eq_ignore_ascii_case(name)) else {
            return;
        };
        self.space = false;
        match *name {
            "p" | "div" if !closes && self.tabs > 0 => {}
            "tr" | "table" => {
                (self.row, self.tabs) = (true, 0);
                self.lines = self.lines.max(1);
            }
            "br" => self.lines += 1,
            "p" if !closes => self.lines = self.lines.max(2),
            "pre" => {
                self.kept = !closes;
                self.lines = self.lines.max(1);
            }
            _ => self.lines = self.lines.max(1),
        }
    }

    fn run(&mut self, run: &str) {
        for character in run.chars() {
            match character {
                '\r' if self.kept => {}
                '\n' if self.kept => self.lines += 1,
                ' ' | '\t' | '\r' | '\n' if !self.kept => self.space = true,
                _ => self.exactly(character),
            }
        }
    }

    fn exactly(&mut self, character: char) {
        if !self.out.is_empty() {
            (0..self.lines).for_each(|_| self.out.push_str("\r\n"));
            let cells = if self.lines == 0 { self.tabs } else { 0 };
            (0..cells).for_each(|_| self.out.push('\t'));
            if self.space && self.lines == 0 && cells == 0 {
                self.out.push(' ');
            }
        }
        (self.space, self.lines, self.row, self.tabs) = (false, 0, false, 0);
        self.out.push(character);
    }

    fn finish(self) -> String {
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn blocks_are_lines_and_references_characters() {
        let html = "<html><head><title>x</title><style>p {a:b}</style></head><body>\r\n<p class='>'>Gr&uuml;&szlig;e\r\n \
                    an&nbsp;&#8364;&#x1F600;</p><div>a<br>b &amp;&lt;i></div><!-- no --><p>c</p></body></html>";
        assert_eq!(text(html), "Grüße an\u{A0}€😀\r\na\r\nb &<i>\r\n\r\nc");
    }

    /// The second form is how Word writes a table.
    #[test]
    fn a_row_is_a_line_and_a_tab_is_between_its_cells() {
        let plain = "<table><tr><th>Name</th><td>Weber</td></tr>\n<tr><td>Telefon</td> <td></td> <td>030</td></tr></table>x";
        assert_eq!(text(plain), "Name\tWeber\r\nTelefon\t\t030\r\nx");
        let word = "<table><tr><td><p>Name</p>\n</td><td><p>Weber</p><p>Jena</p></td></tr><tr><td></td><td><p>x</p></td></tr></table>";
        assert_eq!(text(word), "Name\tWeber\r\n\r\nJena\r\n\r\nx");
        let nested = "<td>a<table><tr><td>b<td>c</table></td><td>d";
        assert_eq!(text(nested), "a\r\nb\tc\r\nd");
    }

    #[test]
    fn anything_is_some_text() {
        assert_eq!(text("1 < 2 & 3 > 2"), "1 < 2 & 3 > 2");
        assert_eq!(text("&;&#;&#x110000;&unknown;"), "&;&#;&#x110000;&unknown;");
        assert_eq!(text("a<b"), "a");
        assert_eq!(text("<!--"), "");
        assert_eq!(text("<script>x"), "");
        assert_eq!(text("<pre>a\r\n  b</pre>"), "a\r\n  b");
        assert_eq!(text(""), "");
    }
}
