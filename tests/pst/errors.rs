//! The rules that a file breaks, to be compared with those that it broke before.

use std::collections::BTreeSet;

use abgleich::pst::check::{Report, Weight};

/// Returns them. Items are called by their own ids, not by the folders that they are in: what the first writer of a file did wrong
/// in an item stays, and moves with it.
pub(crate) fn errors(report: &Report) -> BTreeSet<String> {
    let errors = report.findings().iter().filter(|finding| finding.weight == Weight::Error);
    let without_folder =
        |said: String| match said.strip_prefix("item ").and_then(|s| s.split_once('.')) {
            Some((_, item)) => format!("item {item}"),
            None => said,
        };
    errors.map(|error| without_folder(error.to_string())).collect()
}
