//! Shell: the counts of one mailbox as an aligned table.

use std::collections::BTreeMap;

use abgleich::engine::report::Counts;
use abgleich::model::Scope;

use crate::cli::report::Manner;
use crate::cli::report::words::{counted, one_of, scope_name};
use crate::cli::report::wrap::{WIDTH, wrap};

/// Appends one row per scope with something to count, and a row of totals where there are several. Columns of zeros are left
/// out; a table that would be wider than the screen becomes one sentence per scope.
pub(super) fn write(
    out: &mut String,
    scopes: &BTreeMap<Scope, Counts>,
    totals: &Counts,
    manner: Manner,
) {
    let language = manner.language;
    let mut rows: Vec<(String, Counts)> = scopes
        .iter()
        .filter(|(_, counts)| **counts != Counts::default())
        .map(|(scope, counts)| (scope_name(language, *scope), *counts))
        .collect();
    if rows.len() > 1 {
        rows.push((one_of(language, "zusammen", "together").to_owned(), *totals));
    }
    let columns: Vec<usize> = counted(language, totals)
        .iter()
        .enumerate()
        .filter(|(_, (_, number))| *number > 0)
        .map(|(index, _)| index)
        .collect();
    let table = aligned(&rows, &columns, manner);
    if table.lines().all(|line| line.chars().count() <= WIDTH) {
        out.push_str(&table);
        return;
    }
    for (name, counts) in rows {
        wrap(out, &format!("  {name}: "), &sentence(&counts, manner));
    }
}

/// Returns the counts that are not zero in one line.
pub(in crate::cli) fn sentence(counts: &Counts, manner: Manner) -> String {
    let parts: Vec<_> = counted(manner.language, counts)
        .iter()
        .filter(|(_, number)| *number > 0)
        .map(|(word, number)| format!("{number} {word}"))
        .collect();
    if parts.is_empty() {
        return one_of(manner.language, "nichts zu tun", "nothing to do").to_owned();
    }
    parts.join(", ")
}

fn aligned(rows: &[(String, Counts)], columns: &[usize], manner: Manner) -> String {
    let names = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let mut lines = vec![format!("  {:names$}", "")];
    lines.extend(rows.iter().map(|(name, _)| format!("  {name:names$}")));
    for column in columns.iter().copied() {
        let (word, _) = nth(&Counts::default(), column, manner);
        let mut cells = vec![word.to_owned()];
        cells.extend(rows.iter().map(|(_, counts)| match nth(counts, column, manner).1 {
            0 => "·".to_owned(),
            number => number.to_string(),
        }));
        let width = cells.iter().map(|cell| cell.chars().count()).max().unwrap_or(0);
        for (line, cell) in lines.iter_mut().zip(cells) {
            line.push_str(&" ".repeat(2 + width - cell.chars().count()));
            line.push_str(&cell);
        }
    }
    let mut table = String::new();
    for line in lines {
        table.push_str(line.trim_end());
        table.push('\n');
    }
    table
}

fn nth(counts: &Counts, column: usize, manner: Manner) -> (&'static str, u64) {
    counted(manner.language, counts).get(column).copied().unwrap_or_default()
}
