//! `docs/quirks.md`: every quirk of real servers stands in it once, the tests that it names are there, and one at least has its number
//! in its name.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// How many quirks the notes on the protocol number.
const QUIRKS: usize = 38;

/// Collects the names of all functions below a folder.
fn functions(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder of the repository").flatten() {
        let path = entry.path();
        if path.is_dir() {
            functions(&path, names);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a source is text");
            let of =
                |line: &str| Some(line.split_once("fn ")?.1.split(['(', '<']).next()?.to_owned());
            names.extend(text.lines().filter_map(of));
        }
    }
}

/// Returns the numbers that stand in the name of a test: `quirk_04_13_…` is one of two.
fn quirks_of(test: &str) -> Vec<usize> {
    let Some(rest) = test.strip_prefix("quirk_") else { return Vec::new() };
    rest.split('_').map_while(|part| part.parse().ok()).collect()
}

#[test]
fn every_quirk_has_its_tests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut known = BTreeSet::new();
    functions(&root.join("src"), &mut known);
    functions(&root.join("tests"), &mut known);
    let page = fs::read_to_string(root.join("docs/quirks.md")).expect("the page is there");
    let mut numbers = Vec::new();
    let mut named_by_page = BTreeSet::new();
    for line in page.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let number = cells[0];
        match (number.parse::<usize>(), number.strip_prefix('S')) {
            (Ok(number), _) => numbers.push(number),
            (_, Some(more)) if more.parse::<usize>().is_ok() => {}
            _ => continue,
        }
        assert_eq!(cells.len(), 4, "quirk {number}: {line}");
        if cells[3] == "–" {
            assert!(cells[2].starts_with("– "), "quirk {number} has neither a test nor a reason");
            continue;
        }
        let tests: Vec<&str> = cells[3].split(", ").map(|test| test.trim_matches('`')).collect();
        for name in &tests {
            assert!(known.contains(*name), "quirk {number} names a test that is not there: {name}");
        }
        if let Ok(number) = number.parse() {
            let named = tests.iter().any(|name| quirks_of(name).contains(&number));
            assert!(named, "no test of quirk {number} has it in its name");
            named_by_page.extend(tests.into_iter().map(str::to_owned));
        }
    }
    let unlisted: Vec<_> = known
        .iter()
        .filter(|name| !quirks_of(name).is_empty() && !named_by_page.contains(*name))
        .collect();
    assert!(unlisted.is_empty(), "tests of quirks that the page does not name: {unlisted:?}");
    assert_eq!(numbers, (1..=QUIRKS).collect::<Vec<_>>(), "each quirk once, in its order");
}
