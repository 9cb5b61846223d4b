//! The paths (`crate::model::Field`, `super::x`, `use a::{b, c::d}`) in a file, spread out and made absolute.

use crate::tree::Source;
use crate::words::{Word, words};

/// One path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    /// The line on which it begins.
    pub(crate) line: usize,
    /// Its parts; `self` and `super` are already resolved into `crate` and the modules below it.
    pub(crate) parts: Vec<String>,
    /// Whether it stands in a module `tests` of the file.
    pub(crate) in_tests: bool,
}

impl Path {
    /// Where it leads, first the crate or `crate`, then what is in it.
    pub(crate) fn part(&self, number: usize) -> &str {
        self.parts.get(number).map_or("", String::as_str)
    }
}

/// Finds all paths of a file.
pub(crate) fn paths(source: &Source) -> Vec<Path> {
    find(&source.words(), &source.module())
}

/// An inline module that is open: its name, and how many braces were open around it.
struct Inline {
    name: String,
    braces: usize,
}

fn find(words: &[Word], file: &[String]) -> Vec<Path> {
    let mut found = Vec::new();
    let mut inline: Vec<Inline> = Vec::new();
    let mut braces = 0;
    let text = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
    let mut at = 0;
    while let Some(word) = words.get(at) {
        match word.text.as_str() {
            "{" => braces += 1,
            "}" => {
                braces -= 1;
                inline.retain(|module| module.braces < braces);
            }
            "mod" if text(at + 2) == "{" => {
                inline.push(Inline { name: text(at + 1).to_owned(), braces });
            }
            _ => {}
        }
        let leads = word.is_name() && text(at + 1) == "::" && (at == 0 || text(at - 1) != "::");
        let alone = word.is_name()
            && at > 0
            && ["use", "crate"].contains(&text(at - 1))
            && text(at + 1) != "::";
        if leads || alone {
            let module: Vec<String> = file
                .iter()
                .cloned()
                .chain(inline.iter().map(|inline| inline.name.clone()))
                .collect();
            let in_tests = inline.iter().any(|module| module.name == "tests");
            let line = word.line;
            let mut spread = Vec::new();
            at = spread_out(words, at, &mut Vec::new(), &mut spread);
            let absolute = spread.into_iter().map(|parts| absolute(parts, &module));
            found.extend(absolute.map(|parts| Path { line, parts, in_tests }));
        } else {
            at += 1;
        }
    }
    found
}

/// Follows a path from the name at `at`, and each branch of its braces. Returns the place behind it.
fn spread_out(
    words: &[Word],
    mut at: usize,
    before: &mut Vec<String>,
    found: &mut Vec<Vec<String>>,
) -> usize {
    let depth = before.len();
    let text = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
    loop {
        before.push(text(at).to_owned());
        at += 1;
        let follows = words.get(at + 1).is_some_and(|word| word.is_name() || word.text == "*");
        if text(at) == "::" && follows {
            at += 1;
        } else if text(at) == "::" && text(at + 1) == "{" {
            at += 2;
            while !["}", ""].contains(&text(at)) {
                at = if text(at) == "," { at + 1 } else { spread_out(words, at, before, found) };
            }
            at += 1;
            break;
        } else {
            found.push(before.clone());
            break;
        }
    }
    // `as name` belongs to nobody's path.
    if text(at) == "as" {
        at += 2;
    }
    before.truncate(depth);
    at
}

/// Makes `self::x` and `super::x` begin with `crate`.
fn absolute(parts: Vec<String>, module: &[String]) -> Vec<String> {
    let ups = parts.iter().take_while(|part| *part == "super").count();
    let relative = usize::from(parts.first().is_some_and(|part| part == "self"));
    if ups + relative == 0 {
        return parts;
    }
    let stays = module.len().saturating_sub(ups);
    let here = module.iter().take(stays).cloned();
    std::iter::once("crate".to_owned())
        .chain(here)
        .chain(parts.into_iter().skip(ups + relative))
        .collect()
}

#[test]
fn braces_are_spread_out_and_relative_paths_made_absolute() {
    let text = "
        use std::{fs, io::{self, Write as _}};
        use super::{id::ItemId, *};
        use serde_json;
        fn f() { crate::model::Field::all::<u8>() }
        mod tests { use super::inner; mod deep { use super::super::x; } }
        use self::below::Thing;
    ";
    let module = ["ews".to_owned(), "item".to_owned()];
    let found: Vec<String> = find(&words(text), &module)
        .into_iter()
        .map(|path| format!("{}{}", path.parts.join("::"), if path.in_tests { " T" } else { "" }))
        .collect();
    let expected = [
        "std::fs",
        "std::io::self",
        "std::io::Write",
        "crate::ews::id::ItemId",
        "crate::ews::*",
        "serde_json",
        "crate::model::Field::all",
        "crate::ews::item::inner T",
        "crate::ews::item::x T",
        "crate::ews::item::below::Thing",
    ];
    assert_eq!(found, expected);
}
