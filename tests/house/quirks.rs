//! `docs/quirks.md`: every quirk of real servers stands in it once, and the tests that it names are there.

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

#[test]
fn every_quirk_has_its_tests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut known = BTreeSet::new();
    functions(&root.join("src"), &mut known);
    functions(&root.join("tests"), &mut known);
    let page = fs::read_to_string(root.join("docs/quirks.md")).expect("the page is there");
    let mut numbers = Vec::new();
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
        for test in cells[3].split(", ") {
            let name = test.trim_matches('`');
            assert!(known.contains(name), "quirk {number} names a test that is not there: {name}");
        }
    }
    assert_eq!(numbers, (1..=QUIRKS).collect::<Vec<_>>(), "each quirk once, in its order");
}
