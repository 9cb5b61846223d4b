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
        let key = line.get(into..).unwrap_or_default();
        let key: String = key.chars().take_while(|letter| !" =].\t".contains(*letter)).collect();
        let key = key.trim_matches(['"', '\'']).to_owned();
        let first = tree::earlier(root, &key, &place)
            .cloned()
            .or_else(|| same_line_before(document, line, &place));
        return Problem::error(place, Fault::Twice { key, first });
    }
    Problem::error(place, Fault::Syntax { broken: broken(message), slip: slip(line, into) })
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

/// Finds the same section heading further up: of two sections with one name the tree keeps the last.
fn same_line_before(document: &Document, line: &str, place: &Place) -> Option<Place> {
    let mut start = 0;
    for (number, candidate) in (1..place.line).zip(document.text().split('\n')) {
        debug_assert!(number > 0);
        if candidate.trim() == line.trim() {
            return Some(document.place(start));
        }
        start += candidate.len() + 1;
    }
    None
}

/// Guesses the usual mistake behind a line that does not parse. `into` is where the parser stumbled, in bytes.
fn slip(line: &str, into: usize) -> Option<Slip> {
    let before = line.get(..into).unwrap_or(line);
    let key = line.split('=').next().unwrap_or_default();
    let quoted = key.contains(['"', '\'']);
    if line.contains('\u{a0}') {
        Some(Slip::NoBreakSpace)
    } else if line.contains(['“', '”', '„', '‘', '’', '‚']) {
        Some(Slip::TypographicQuotes)
    } else if before.contains('"') && before.ends_with('\\') || before.contains(":\\") {
        Some(Slip::Backslash)
    } else if !quoted && key.chars().any(|letter| letter.is_alphabetic() && !letter.is_ascii()) {
        Some(Slip::UmlautKey)
    } else if !quoted && line.contains('=') && key.split_whitespace().count() > 1 {
        Some(Slip::BlankInKey)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::slip;
    use crate::config::fault::Slip;

    #[test]
    fn the_usual_slips_are_recognised() {
        assert_eq!(slip("folder = \"C:\\new\"", 13), Some(Slip::Backslash));
        assert_eq!(slip("[Verträge]", 5), Some(Slip::UmlautKey));
        assert_eq!(slip("Aufgaben und Termine = 1", 9), Some(Slip::BlankInKey));
        assert_eq!(slip("a = “x”", 4), Some(Slip::TypographicQuotes));
        assert_eq!(slip("a\u{a0}= 1", 1), Some(Slip::NoBreakSpace));
        assert_eq!(slip("a = [1", 6), None);
        assert_eq!(slip("\"Verträge\" = [1", 16), None);
    }
}
