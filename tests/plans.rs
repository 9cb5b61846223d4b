//! The planner against the sync contract: one row of text for each case (`fixtures/plans/*.txt`), and laws that hold for
//! every pair there can be. What a row expects was written down from the contract, never copied from the planner.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is what it is for"
)]

mod plans {
    pub(crate) mod laws;
    pub(crate) mod past;
    pub(crate) mod row;
}

use std::collections::BTreeMap;
use std::path::PathBuf;

use abgleich::engine::plan::plan;

use plans::past::{is_quiet, settled};
use plans::row::{Row, read};

/// Rules that a single pair cannot show: the engine's histories (`tests/histories.rs`) have them.
const ENGINE_ONLY: &[&str] =
    &["g09", "d12", "d13", "d15", "d18", "i01", "i02", "i03", "i06", "i10", "i11", "i12", "i13"];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/plans")
}

fn rows() -> Vec<Row> {
    let mut files: Vec<_> = std::fs::read_dir(folder())
        .expect("fixtures/plans is there")
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    files.sort();
    files.iter().flat_map(|path| read(path)).collect()
}

#[test]
fn every_row_is_decided_as_the_contract_says() {
    let rows = rows();
    let wrong: Vec<String> = rows
        .iter()
        .filter_map(|row| {
            let found = row.outcome(&plan(&row.rules, &row.past.pair()));
            (found != row.expected).then(|| {
                format!(
                    "{}: {}\n    expected  {}\n    found     {found}\n",
                    row.place, row.name, row.expected
                )
            })
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {} rows:\n{}", wrong.len(), rows.len(), wrong.join(""));
}

/// Invariants 4 and 6 for single pairs: once a verdict is carried out, there is nothing left to write.
#[test]
fn i04_after_every_row_the_pair_is_quiet() {
    let wrong: Vec<String> = rows()
        .iter()
        .filter_map(|row| {
            let verdict = plan(&row.rules, &row.past.pair());
            let second = plan(&row.rules, &settled(&row.past, &verdict).pair());
            (!is_quiet(&second)).then(|| format!("{}: {}: {second:?}\n", row.place, row.name))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join(""));
}

#[test]
fn every_rule_of_the_contract_has_at_least_three_rows() {
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for row in rows() {
        *count.entry(row.rule.clone()).or_default() += 1;
        if let Some(other) = names.insert(format!("{} {}", row.rule, row.name), row.place.clone()) {
            panic!("{} and {other} are called the same: {}", row.place, row.name);
        }
    }
    let given = (1..=9).map(|n| format!("g{n:02}"));
    let ours = (1..=20).map(|n| format!("d{n:02}"));
    let invariants = (1..=13).map(|n| format!("i{n:02}"));
    let few: Vec<String> = given
        .chain(ours)
        .chain(invariants)
        .filter(|rule| !ENGINE_ONLY.contains(&rule.as_str()))
        .filter(|rule| count.get(rule).copied().unwrap_or(0) < 3)
        .collect();
    assert!(few.is_empty(), "rules with fewer than three rows: {few:?}");
}
