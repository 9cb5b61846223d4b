//! Shell: how a check is shown as text.

use std::collections::BTreeMap;

use abgleich::config::Settings;

use crate::cli::check::remark::Remark;
use crate::cli::check::server::Way;
use crate::cli::check::{Looked, Seen};
use crate::cli::report::{advised, one_of, several, wrap};

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
    for way in &seen.ways {
        server(&mut out, settings, way);
    }
    if !seen.mailboxes.is_empty() {
        out.push_str(&table(settings, seen));
    }
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
                wrap(&mut out, "    → ", advised(language, next));
            }
            if let Some(request) = &group.request {
                wrap(&mut out, "    ", &format!("({request})"));
            }
        }
    }
    if groups.is_empty() {
        let text = one_of(language, "Alles in Ordnung.", "Everything is in order.");
        wrap(&mut out, "", text);
    }
    out
}

/// The server and what was seen on the way to it, one stage a line.
fn server(out: &mut String, settings: &Settings, way: &Way) {
    wrap(out, "", &format!("{} · {}", way.name, way.url));
    let language = settings.language;
    let passed: Vec<_> = way
        .walked
        .iter()
        .filter(|walked| walked.passed)
        .filter_map(|walked| Some((walked.stage.name(language), walked.seen.as_ref()?)))
        .collect();
    let width = passed.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    for (name, seen) in passed {
        wrap(out, &format!("  {name:width$}  "), seen);
    }
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
pub(super) struct Group {
    /// The cause.
    pub(super) remark: Remark,
    /// The users.
    pub(super) users: Vec<String>,
    /// By what an administrator finds the first request that failed so.
    pub(super) request: Option<String>,
}

/// Leaves out of a text whom it is about.
fn impersonal(text: &str, looked: &Looked) -> String {
    text.replace(&looked.address, "…").replace(&format!(" {}", looked.user), " …")
}

/// Brings the same remark of many mailboxes together. An address in a text keeps two from being the same, so it is left out
/// of the comparison.
pub(super) fn grouped(seen: &Seen) -> Vec<Group> {
    let mut groups: BTreeMap<(bool, Remark), Group> = BTreeMap::new();
    let sources = seen.sources.values().flat_map(|side| &side.remarks).map(|remark| (remark, None));
    let servers = seen.ways.iter().flat_map(|way| &way.remarks).map(|remark| (remark, None));
    let overlaps = seen.overlaps.iter().map(|remark| (remark, None));
    let mailboxes = seen
        .mailboxes
        .iter()
        .flat_map(|looked| looked.remarks.iter().map(move |remark| (remark, Some(looked))));
    let state = seen.state.iter().map(|remark| (remark, None));
    for (remark, looked) in state.chain(sources).chain(servers).chain(overlaps).chain(mailboxes) {
        let mut key = remark.clone();
        if let Some(looked) = looked {
            key.text = impersonal(&key.text, looked);
            key.next = key.next.map(|next| next.map(|text| impersonal(text, looked)));
        }
        let group = groups.entry((remark.warning, key.clone())).or_insert_with(|| Group {
            remark: remark.clone(),
            users: Vec::new(),
            request: None,
        });
        if group.request.is_none() {
            group.request = looked.and_then(|looked| request_of(looked, remark));
        }
        if let Some(looked) = looked.filter(|looked| !group.users.contains(&looked.user)) {
            group.users.push(looked.user.clone());
        }
        if group.users.len() > 1 {
            group.remark = key;
        }
    }
    groups.into_values().collect()
}

/// The request belongs to what the walk ended with.
fn request_of(looked: &Looked, remark: &Remark) -> Option<String> {
    let ended =
        looked.outlook.walked.iter().any(|walked| !walked.passed && walked.stage == remark.stage);
    looked.outlook.request.clone().filter(|_| ended && !remark.warning)
}

fn whom(settings: &Settings, users: &[String]) -> String {
    match users {
        [] => String::new(),
        [user] => format!(" ({user})"),
        users => {
            let users: Vec<_> = users.iter().map(String::as_str).collect();
            format!(" ({})", several(settings.language, &users))
        }
    }
}
