//! Habits of the house that lints do not know.

use crate::paths::paths;
use crate::tree::{everything, sources};

/// More lines than this need a reason.
const LONG: usize = 500;

#[test]
fn modules_are_named_by_their_file() {
    let wrong: Vec<String> = everything()
        .into_iter()
        .map(|source| source.name)
        .filter(|name| name.ends_with("/mod.rs"))
        .collect();
    assert!(wrong.is_empty(), "foo.rs and foo/, never foo/mod.rs: {wrong:?}");
}

#[test]
fn imports_are_written_out() {
    let mut wrong = Vec::new();
    for source in everything().into_iter().filter(|source| !source.is_test()) {
        for path in paths(&source) {
            // `use super::*` in the tests of a file imports what that file shows.
            if path.parts.last().is_some_and(|part| part == "*")
                && !path.in_tests
                && path.part(0) != "proptest"
            {
                wrong.push(format!("{}:{}: {}", source.name, path.line, path.parts.join("::")));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "the import block shows what a file depends on:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn every_module_says_what_kind_it_is() {
    let kinds = ["pure", "effect", "shell", "seam", "seams", "tests"];
    let wrong: Vec<String> = sources("src")
        .into_iter()
        .filter(|source| !source.is_test() && source.name != "src/lib.rs")
        .filter(|source| !words_of(&source.head()).any(|word| kinds.contains(&word.as_str())))
        .map(|source| source.name)
        .collect();
    assert!(
        wrong.is_empty(),
        "the first lines say pure, effect, shell or seam:\n{}",
        wrong.join("\n")
    );
}

/// What says of itself that it is pure touches neither files, network, processes, threads, nor the clock.
#[test]
fn pure_modules_touch_nothing() {
    let effects = ["fs", "process", "thread", "env"];
    let sockets = ["TcpStream", "TcpListener", "UdpSocket", "ToSocketAddrs"];
    let foreign = ["rusqlite", "tokio", "getrandom"];
    let clocks = ["SystemTime", "Instant", "Timestamp", "Zoned"];
    let mut wrong = Vec::new();
    let mut seen = 0;
    for source in sources("src") {
        let said = source.head().lines().next().map(str::to_owned).unwrap_or_default();
        let is = |kind: &str| words_of(&said).any(|word| word == kind);
        if !is("pure") || is("but") || is("effect") || source.is_test() {
            continue;
        }
        seen += 1;
        for path in paths(&source).into_iter().filter(|path| !path.in_tests) {
            let touches = (path.part(0) == "std" && effects.contains(&path.part(1)))
                || sockets.contains(&path.part(2))
                || foreign.contains(&path.part(0))
                || (path.part(1) == "now" && clocks.contains(&path.part(0)));
            if touches {
                wrong.push(format!("{}:{}: {}", source.name, path.line, path.parts.join("::")));
            }
        }
    }
    assert!(wrong.is_empty(), "pure means values in, values out:\n{}", wrong.join("\n"));
    assert!(seen > 50, "only {seen} pure modules were found");
}

#[test]
fn long_files_say_why() {
    let wrong: Vec<String> = everything()
        .into_iter()
        .map(|source| (source.text.lines().count(), source))
        .filter(|(lines, source)| *lines > LONG && !source.head().contains("Long because"))
        .map(|(lines, source)| format!("{lines} lines: {}", source.name))
        .collect();
    assert!(
        wrong.is_empty(),
        "split it by idea, or say in the head why it is long (`Long because …`):\n{}",
        wrong.join("\n")
    );
}

fn words_of(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphabetic()).map(str::to_lowercase)
}

#[test]
fn names_are_ideas() {
    let never = [
        "common.rs",
        "utils.rs",
        "util.rs",
        "helpers.rs",
        "helper.rs",
        "misc.rs",
        "manager.rs",
        "data.rs",
    ];
    let wrong: Vec<String> = everything()
        .into_iter()
        .map(|source| source.name)
        .filter(|name| never.iter().any(|never| name.rsplit('/').next() == Some(never)))
        .collect();
    assert!(wrong.is_empty(), "a file is named by what it is about: {wrong:?}");
}
