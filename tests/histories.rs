//! Histories: what people and servers do over days, run by run, against the real engine and state, with the two sides in
//! memory. Scripts are in `fixtures/plans/histories/`; what they expect was written down from the sync contract.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is what it is for"
)]

mod histories {
    pub(crate) mod random;
    pub(crate) mod script;
    pub(crate) mod world;
}

use std::collections::BTreeMap;
use std::path::PathBuf;

use histories::script::{History, play, read};

/// The rules that a row of the planner cannot show.
const ENGINE_ONLY: &[&str] =
    &["g09", "d12", "d13", "d15", "d18", "i01", "i02", "i03", "i06", "i10", "i11", "i12", "i13"];

fn scripts() -> Vec<History> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/plans/histories");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    files.sort();
    files.iter().flat_map(|path| read(path)).collect()
}

#[test]
fn every_history_ends_as_the_contract_says() {
    let scripts = scripts();
    let only = std::env::var("ABGLEICH_HISTORY").ok();
    let wrong: Vec<String> = scripts
        .iter()
        .filter(|history| only.as_ref().is_none_or(|only| history.name.contains(only)))
        .filter_map(|history| play(history).err())
        .collect();
    assert!(
        wrong.is_empty(),
        "{} of {} histories:\n{}",
        wrong.len(),
        scripts.len(),
        wrong.join("\n")
    );
}

#[test]
fn quirk_24_what_an_assistant_touches_is_no_edit() {
    // The server gives a new version and nothing else (notes.md §3.3 no. 24).
    let scripts = scripts();
    let touched: Vec<_> =
        scripts.iter().filter(|history| history.name.contains("assistant touches")).collect();
    assert!(!touched.is_empty());
    for history in touched {
        play(history).unwrap();
    }
}

#[test]
fn rules_that_only_the_engine_shows_have_three_histories_each() {
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    let scripts = scripts();
    for history in &scripts {
        *count.entry(&history.rule).or_default() += 1;
    }
    let few: Vec<_> = ENGINE_ONLY.iter().filter(|r| count.get(*r).is_none_or(|n| *n < 3)).collect();
    assert!(few.is_empty(), "rules with fewer than three histories: {few:?}");
}
