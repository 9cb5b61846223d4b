//! Takes a text apart into what is kept and what is invented (pure).
//!
//! Whoever invents and whoever puts the values back must see the same parts, in the value as it was and in the one that was invented
//! for it: each part is known by its form alone, and inventing keeps the form.

use jiff::civil::Date;

use crate::cloud::domain_of;
use crate::ews::recorder::words::Treatment;

/// A part of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part<'a> {
    /// It is the protocol's own, or says nothing.
    Fixed(&'a str),
    /// A character between words. Those that most languages write with are kept, the others may say something.
    Between(char),
    /// A run of letters and digits.
    Word(&'a str),
    /// A run within something that only the server understands, such as an id.
    Token(&'a str),
    /// A day, `1984-02-29`.
    Day(&'a str),
    /// A line of a text as a whole, so that words which come often in a language cannot be told by their number.
    Prose(&'a str),
}

/// Whatever puts something in the place of the parts of a text.
pub(crate) trait Rewrite {
    /// Returns what stands in place of a part.
    fn part(&self, part: Part<'_>) -> String;

    /// Returns what stands in place of a text.
    fn text(&self, treatment: Treatment, text: &str) -> String {
        parts(treatment, text).into_iter().map(|part| self.part(part)).collect()
    }
}

/// Takes a text apart.
pub(crate) fn parts(treatment: Treatment, text: &str) -> Vec<Part<'_>> {
    let mut out = Vec::new();
    match treatment {
        _ if is_silent(text) => out.push(Part::Fixed(text)),
        Treatment::Keep if is_of_the_protocol(text) => out.push(Part::Fixed(text)),
        Treatment::Days if text.split_whitespace().all(is_of_the_protocol) => {
            out.push(Part::Fixed(text));
        }
        Treatment::Name if !text.contains('@') && text.len() <= LONGEST => {
            out.push(Part::Fixed(text));
        }
        Treatment::Number if text.trim().bytes().all(|byte| byte.is_ascii_digit()) => {
            out.push(Part::Fixed(text));
        }
        Treatment::Day => match text.split_at_checked(10) {
            Some((day, time)) if day.parse::<Date>().is_ok() && is_of_the_protocol(time) => {
                out.extend([Part::Day(day), Part::Fixed(time)]);
            }
            _ => words(text, Part::Word, &mut out),
        },
        // Line by line, because servers write line breaks in their own way.
        Treatment::Prose => {
            for piece in text.split_inclusive(['\r', '\n']) {
                let line = piece.trim_end_matches(['\r', '\n']);
                out.extend((!line.is_empty()).then_some(Part::Prose(line)));
                out.extend(piece.chars().skip(line.chars().count()).map(Part::Between));
            }
        }
        Treatment::Url => url(text, &mut out),
        Treatment::Token => words(text, Part::Token, &mut out),
        _ => words(text, Part::Word, &mut out),
    }
    out
}

/// Names of time zones have up to 80 letters.
const LONGEST: usize = 128;

/// Blanks, and a switch that is on or off.
fn is_silent(text: &str) -> bool {
    let text = text.trim();
    text.is_empty() || ["true", "false"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Says whether a text has the form of a word, a number or a time of the protocol. A server that writes a sentence or an address where
/// a code belongs is not believed.
fn is_of_the_protocol(text: &str) -> bool {
    let text = text.trim();
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-+.:_/#".contains(&byte);
    text.len() <= LONGEST && text.bytes().all(fits)
}

/// Each run of letters and digits is a part, and each character between them.
fn words<'a>(text: &'a str, part: fn(&'a str) -> Part<'a>, out: &mut Vec<Part<'a>>) {
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if !first.is_alphanumeric() {
            out.push(Part::Between(first));
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
            continue;
        }
        let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
        let (run, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        out.push(part(run));
        rest = after;
    }
}

/// The paths that every server has.
const PATHS: [&str; 3] =
    ["/ews/exchange.asmx", "/autodiscover/autodiscover.xml", "/autodiscover/autodiscover.svc"];

/// Labels of hosts that are the protocol's own, or everybody's.
const LABELS: [&str; 7] =
    ["autodiscover", "autodiscover-s", "outlook", "mail", "_autodiscover", "_tcp", "localhost"];

/// A URL, a host or a mail address: scheme, port, the names of the protocol and the domains of Exchange Online are kept.
fn url<'a>(text: &'a str, out: &mut Vec<Part<'a>>) {
    let mut rest = text;
    for scheme in ["https://", "http://"] {
        if let Some(after) = text.strip_prefix(scheme) {
            out.push(Part::Fixed(scheme));
            rest = after;
        }
    }
    let (authority, path) =
        rest.split_at_checked(rest.find(['/', '?']).unwrap_or(rest.len())).unwrap_or((rest, ""));
    let (name, port) = match authority.rsplit_once(':') {
        Some((name, port))
            if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            (name, authority.get(name.len()..).unwrap_or_default())
        }
        _ => (authority, ""),
    };
    // What stands before it is the name of a company.
    let online = domain_of(name).unwrap_or_default();
    let own = name.strip_suffix(online).unwrap_or(name);
    for (place, label) in own.split('.').enumerate() {
        if place > 0 {
            out.push(Part::Between('.'));
        }
        if LABELS.contains(&label) {
            out.push(Part::Fixed(label));
        } else {
            words(label, Part::Word, out);
        }
    }
    if !online.is_empty() {
        out.push(Part::Fixed(online));
    }
    if !port.is_empty() {
        out.push(Part::Fixed(port));
    }
    if PATHS.iter().any(|known| path.eq_ignore_ascii_case(known)) {
        out.push(Part::Fixed(path));
    } else {
        words(path, Part::Word, out);
    }
}

#[cfg(test)]
mod tests {
    use super::{Part, parts};
    use crate::ews::recorder::words::Treatment;

    #[test]
    fn a_code_that_is_a_sentence_is_none() {
        for (text, kept) in [
            ("NoError", true),
            ("2026-03-01T09:00:00Z", true),
            ("-PT60M", true),
            ("Kein Zugriff", false),
            ("d.hofer@firma.example", false),
            ("Müller", false),
        ] {
            let parts = parts(Treatment::Keep, text);
            assert_eq!(parts == [Part::Fixed(text)], kept, "{text}: {parts:?}");
        }
    }

    #[test]
    fn of_a_url_the_protocols_own_names_are_kept() {
        use Part::{Between, Fixed, Word};
        let url = |text| parts(Treatment::Url, text);
        assert_eq!(
            url("https://autodiscover.firma.example:444/autodiscover/autodiscover.xml"),
            [
                Fixed("https://"),
                Fixed("autodiscover"),
                Between('.'),
                Word("firma"),
                Between('.'),
                Word("example"),
                Fixed(":444"),
                Fixed("/autodiscover/autodiscover.xml"),
            ]
        );
        assert_eq!(
            url("d.hofer@firma.mail.onmicrosoft.com")[2..],
            [
                Word("hofer"),
                Between('@'),
                Word("firma"),
                Between('.'),
                Fixed("mail"),
                Between('.'),
                Fixed("onmicrosoft.com")
            ]
        );
        for odd in
            ["http://svc:geheim@mail/x?token=geheim", "https://svc:geheim@outlook.office365.com/"]
        {
            let parts = url(odd);
            let told =
                parts.iter().any(|part| matches!(part, Fixed(text) if text.contains("geheim")));
            assert!(!told, "{parts:?}");
        }
    }
}
