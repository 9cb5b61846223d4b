//! Shell: how a check is shown: as text, or as one JSON document.

use std::collections::BTreeMap;

use abgleich::config::Settings;
use serde_json::{Value, json};

use crate::cli::check::Seen;
use crate::cli::check::remark::Remark;
use crate::cli::report::{one_of, wrap};

/// How many users are named where many share a cause.
const NAMED: usize = 8;

/// Returns the check as text: the sources, the mailboxes with both persons side by side, and the remarks, each cause once.
pub(super) fn text(settings: &Settings, seen: &Seen) -> String {
    let language = settings.language;
    let mut out = String::new();
    for (name, side) in &seen.sources {
        let active = side.users.iter().filter(|user| user.active).count();
        let product = side.described.as_ref().map_or("–", |described| described.product.as_str());
        let users = one_of(language, "Benutzer, davon aktiv", "users, active among them");
        wrap(&mut out, "", &format!("{name} · {product} · {} {users}: {active}", side.users.len()));
    }
    out.push_str(&table(settings, seen));
    let groups = grouped(seen);
    for (warnings, de, en) in [(false, "Fehler", "errors"), (true, "Warnungen", "warnings")] {
        let of_kind: Vec<_> =
            groups.iter().filter(|group| group.remark.warning == warnings).collect();
        if of_kind.is_empty() {
            continue;
        }
        wrap(&mut out, "", &format!("{} ({})", one_of(language, de, en), of_kind.len()));
        for group in of_kind {
            let whom = whom(settings, &group.users);
            let stage = group.remark.stage.name(language);
            wrap(&mut out, "  ", &format!("{stage}: {}{whom}", group.remark.text));
            if let Some(next) = &group.remark.next {
                wrap(&mut out, "    → ", next);
            }
        }
    }
    if groups.is_empty() {
        let text = one_of(language, "Alles in Ordnung.", "Everything is in order.");
        wrap(&mut out, "", text);
    }
    out
}

fn table(settings: &Settings, seen: &Seen) -> String {
    let language = settings.language;
    let mut rows = vec![[
        one_of(language, "Benutzer", "user").to_owned(),
        one_of(language, "Person in staffITpro", "person in staffITpro").to_owned(),
        one_of(language, "Postfach", "mailbox").to_owned(),
        one_of(language, "Person des Postfachs", "person of the mailbox").to_owned(),
        String::new(),
    ]];
    for looked in &seen.mailboxes {
        let failed =
            looked.remarks.iter().filter(|remark| !remark.warning).map(|remark| remark.stage).min();
        let ended = match failed {
            Some(stage) => stage.name(language),
            None if looked.remarks.is_empty() => one_of(language, "in Ordnung", "in order"),
            None => one_of(language, "mit Warnung", "with a warning"),
        };
        let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".to_owned());
        rows.push([
            looked.user.clone(),
            or_none(&looked.person),
            looked.address.clone(),
            or_none(&looked.outlook.owner),
            ended.to_owned(),
        ]);
    }
    let mut widths = [0; 5];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut out = String::new();
    for row in rows {
        let cells: Vec<_> =
            row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        out.push_str("  ");
        out.push_str(cells.join("  ").trim_end());
        out.push('\n');
    }
    out
}

/// One cause, and whom it concerns.
struct Group {
    remark: Remark,
    users: Vec<String>,
}

/// Brings the same remark of many mailboxes together. An address in a text keeps two from being the same, so it is left out
/// of the comparison.
fn grouped(seen: &Seen) -> Vec<Group> {
    let mut groups: BTreeMap<(bool, Remark), Group> = BTreeMap::new();
    let sources = seen.sources.values().flat_map(|side| &side.remarks).map(|remark| (remark, None));
    let mailboxes = seen
        .mailboxes
        .iter()
        .flat_map(|looked| looked.remarks.iter().map(move |remark| (remark, Some(looked))));
    for (remark, looked) in sources.chain(mailboxes) {
        let mut key = remark.clone();
        if let Some(looked) = looked {
            for text in [Some(&mut key.text), key.next.as_mut()].into_iter().flatten() {
                *text =
                    text.replace(&looked.address, "…").replace(&format!(" {}", looked.user), " …");
            }
        }
        let group = groups
            .entry((remark.warning, key.clone()))
            .or_insert_with(|| Group { remark: remark.clone(), users: Vec::new() });
        if let Some(looked) = looked.filter(|looked| !group.users.contains(&looked.user)) {
            group.users.push(looked.user.clone());
        }
        if group.users.len() > 1 {
            group.remark = key;
        }
    }
    groups.into_values().collect()
}

fn whom(settings: &Settings, users: &[String]) -> String {
    let named = users.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match users.len() {
        0 => String::new(),
        1 => format!(" ({named})"),
        number => {
            let mailboxes = one_of(settings.language, "Postfächer", "mailboxes");
            let more = if number > NAMED { ", …" } else { "" };
            format!(" ({number} {mailboxes}: {named}{more})")
        }
    }
}

/// Returns the check as a JSON document.
pub(super) fn document(seen: &Seen) -> Value {
    let sources: Vec<_> = seen
        .sources
        .iter()
        .map(|(name, side)| {
            json!({
                "name": name.as_str(),
                "product": side.described.as_ref().map(|described| &described.product),
                "users": side.users.len(),
                "clock_seconds": side.clock,
            })
        })
        .collect();
    let mailboxes: Vec<_> = seen
        .mailboxes
        .iter()
        .map(|looked| {
            json!({
                "user": looked.user,
                "person": looked.person,
                "address": looked.address,
                "owner": looked.outlook.owner,
                "clock_seconds": looked.outlook.clock,
                "ok": looked.remarks.iter().all(|remark| remark.warning),
            })
        })
        .collect();
    let remarks: Vec<_> = grouped(seen)
        .iter()
        .map(|group| {
            json!({
                "level": if group.remark.warning { "warning" } else { "error" },
                "stage": group.remark.stage.key(),
                "text": group.remark.text,
                "next": group.remark.next,
                "users": group.users,
            })
        })
        .collect();
    json!({
        "schema": "abgleich-check/1",
        "sources": sources,
        "mailboxes": mailboxes,
        "remarks": remarks,
    })
}
