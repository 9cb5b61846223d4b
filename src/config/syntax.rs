//! Pure: what is wrong with a line that is no TOML, in words that help: backslashes, umlauts, quotes from a word
//! processor.

use crate::config::fault::{Broken, Fault, Slip};
use crate::config::origin::Place;
use crate::config::problem::Problem;
use crate::config::text::Document;
use crate::config::tree::{self, Node};

/// Turns the errors of the TOML parser, each with the byte at which it was noticed, into problems: the first of each
/// line. `root` is what could be read of the document.
pub(in crate::config) fn problems(
    document: &Document,
    root: &Node,
    mut errors: Vec<(usize, String)>,
) -> Vec<Problem> {
    errors.sort_by_key(|(at, _)| *at);
    let mut found: Vec<Problem> = Vec::new();
    // A bracket that nobody closed is noticed at the end of the file, after every line that it swallowed was called a
    // missing comma. The first of these is where the bracket should have been closed.
    let open = errors
        .iter()
        .map(|(_, message)| broken(message))
        .find(|broken| matches!(broken, Broken::OpenList | Broken::OpenTable));
    let mut swallowing = false;
    for (at, message) in errors {
        let place = document.place(at);
        if swallowing || found.last().is_some_and(|last| last.place.line == place.line) {
            continue;
        }
        match (&open, broken(&message)) {
            (Some(open), Broken::NoComma) => {
                swallowing = true;
                let fault = Fault::Syntax { broken: open.clone(), slip: None };
                found.push(Problem::error(place, fault));
            }
            _ => found.push(problem(document, root, at, place, &message)),
        }
    }
    found
}

fn problem(document: &Document, root: &Node, at: usize, place: Place, message: &str) -> Problem {
    let (line, into) = document.line_around(at);
    if message == "duplicate key" {
        let key = key_at(line.get(into..).unwrap_or_default()).to_owned();
        let first = tree::earlier(root, &key, &place)
            .cloned()
            .or_else(|| same_line_before(document, line, &place));
        return Problem::error(place, Fault::Twice { key, first });
    }
    let broken = broken(message);
    let slip = slip(&broken, line, into);
    Problem::error(place, Fault::Syntax { broken, slip })
}

/// Recognises the messages of the parser (toml 1.2); one that it rewords one day is shown as it is.
fn broken(message: &str) -> Broken {
    match message.split(", expected").next().unwrap_or(message) {
        "missing escaped value" | "too few unicode value digits" | "value is out of range" => {
            Broken::Escape
        }
        "string values must be quoted" => Broken::NoQuotes,
        "invalid basic string" | "invalid literal string" => Broken::OpenText,
        "invalid unquoted key" => Broken::KeyLetter,
        "key with no value" => Broken::NoValue,
        "unquoted keys cannot be empty" => Broken::NoKey,
        "unclosed table" => Broken::OpenSection,
        "unclosed array" => Broken::OpenList,
        "unclosed inline table" => Broken::OpenTable,
        "missing comma between key-value pairs" | "missing comma between array elements" => {
            Broken::NoComma
        }
        "unexpected key or value" => Broken::AfterValue,
        "unexpected leading zero" => Broken::LeadingZero,
        other => Broken::Other(other.to_owned()),
    }
}

/// Returns the key at the start of a text, without its quotes.
fn key_at(text: &str) -> &str {
    let quoted = text.strip_prefix('"').or_else(|| text.strip_prefix('\''));
    match quoted {
        Some(rest) => rest.split(['"', '\'']).next().unwrap_or(rest),
        None => text.split([' ', '\t', '=', '.', ']']).next().unwrap_or(text),
    }
}

/// Finds the same section heading further up: of two sections with one name the tree keeps the last.
fn same_line_before(document: &Document, line: &str, place: &Place) -> Option<Place> {
    let mut start = 0;
    for (_, candidate) in (1..place.line).zip(document.text().split('\n')) {
        if candidate.trim() == line.trim() {
            return Some(document.place(start));
        }
        start += candidate.len() + 1;
    }
    None
}

/// Guesses the usual mistake behind a line that does not parse. `into` is where the parser stumbled, in bytes.
fn slip(broken: &Broken, line: &str, into: usize) -> Option<Slip> {
    let (before, after) = line.split_at_checked(into).unwrap_or((line, ""));
    let next = after.chars().next();
    let is_typographic = |letter| "“”„‘’‚«»".contains(letter);
    match broken {
        Broken::Escape => Some(Slip::Backslash),
        // "C:\" has no end, because its last quote belongs to the backslash.
        Broken::OpenText if before.contains('"') && before.contains(":\\") => Some(Slip::Backslash),
        Broken::KeyLetter | Broken::NoQuotes | Broken::AfterValue | Broken::NoValue
            if after.split(['=', '"', '\'', '#']).next()?.contains('\u{a0}') =>
        {
            Some(Slip::NoBreakSpace)
        }
        Broken::KeyLetter | Broken::NoQuotes if next.is_some_and(is_typographic) => {
            Some(Slip::TypographicQuotes)
        }
        Broken::KeyLetter if next.is_some_and(char::is_alphabetic) => Some(Slip::UmlautKey),
        // The parser stumbles behind the first word.
        Broken::NoValue => {
            let rest = after.split('=').next().filter(|_| after.contains('='))?;
            (!rest.trim().is_empty() && !rest.contains(['"', '\'', '#']))
                .then_some(Slip::BlankInKey)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{broken, slip};
    use crate::config::fault::{Broken, Slip};
    use crate::config::text::Document;
    use crate::config::tree::parse;

    #[test]
    fn the_usual_slips_are_recognised() {
        assert_eq!(slip(&Broken::Escape, "a = \"C:\\s\"", 8), Some(Slip::Backslash));
        assert_eq!(slip(&Broken::OpenText, "a = \"C:\\\"", 9), Some(Slip::Backslash));
        assert_eq!(slip(&Broken::KeyLetter, "[Verträge]", 5), Some(Slip::UmlautKey));
        let key = "Aufgaben und Termine = 1";
        assert_eq!(slip(&Broken::NoValue, key, 8), Some(Slip::BlankInKey));
        assert_eq!(slip(&Broken::NoQuotes, "a = “x”", 4), Some(Slip::TypographicQuotes));
        assert_eq!(slip(&Broken::KeyLetter, "a\u{a0}= 1", 1), Some(Slip::NoBreakSpace));
    }

    #[test]
    fn what_stands_elsewhere_in_the_line_is_not_blamed() {
        assert_eq!(slip(&Broken::NoQuotes, "a = x # „C:\\x“", 4), None);
        assert_eq!(slip(&Broken::OpenText, "a = \"x", 6), None);
        assert_eq!(slip(&Broken::AfterValue, "\"Verträge\" = 'a\u{a0}' 1", 19), None);
        assert_eq!(slip(&Broken::NoValue, "[a] # b = c", 3), None);
    }

    #[test]
    fn the_messages_of_the_parser_are_those_that_we_know() {
        let lines = [
            ("a = \"\\s\"", Broken::Escape),
            ("a = \"\\u12\"", Broken::Escape),
            ("a = b", Broken::NoQuotes),
            ("a = 'b", Broken::OpenText),
            ("ä = 1", Broken::KeyLetter),
            ("a", Broken::NoValue),
            ("= 1", Broken::NoKey),
            ("[a", Broken::OpenSection),
            ("a = [1", Broken::OpenList),
            ("a = {b = 1", Broken::OpenTable),
            ("a = ['x' 'y']", Broken::NoComma),
            ("a = 1 b = 2", Broken::AfterValue),
            ("a = 01", Broken::LeadingZero),
        ];
        for (line, wanted) in lines {
            let errors = toml::de::DeTable::parse_recoverable(line).1;
            assert_eq!(broken(errors[0].message()), wanted, "{line}");
        }
    }

    #[test]
    fn an_open_bracket_is_one_problem() {
        let text = b"a = [ 1\nb = 2\nc = 3\n[d]\n".to_vec();
        let document = Document::decode(0, "x.toml", text).unwrap();
        let problems = parse(&document).1;
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].place.to_string(), "x.toml:2:1");
    }
}
