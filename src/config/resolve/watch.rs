//! Pure: the section `[watch]`.

use std::time::Duration;

use crate::config::resolve::{Notes, quoted};
use crate::config::settings::WatchSettings;
use crate::config::tree::{Node, Table, Value};
use crate::model::schedule::{Quiet, Window};

/// Builds the settings of `sync --watch`; what is not written is at its default.
pub(in crate::config::resolve) fn resolve(notes: &mut Notes, root: &Table) -> WatchSettings {
    let table = root.of("watch").and_then(Node::table);
    let of = |key: &str| table.and_then(|table| table.of(key));
    let standard = WatchSettings::default();
    let flag = of("notifications").and_then(|node| match node.value {
        Value::Flag(on) => Some((on, &node.place)),
        _ => None,
    });
    let notifications = flag.map_or(standard.notifications, |(on, _)| on);
    notes.note("watch", "notifications", notifications, flag.map(|(_, place)| place));
    let mut time = |key: &str, default: Duration, unit: u64| {
        let node = of(key);
        let count = node.and_then(Node::count).map(u64::from);
        let value = count.map_or(default, |count| Duration::from_secs(count * unit));
        notes.note("watch", key, value.as_secs() / unit, node.map(|node| &node.place));
        value
    };
    let every = time("every_minutes", standard.every, 60);
    let jitter = time("jitter_seconds", standard.jitter, 1);
    let debounce = time("debounce_seconds", standard.debounce, 1);
    let staffitpro = time("staffitpro_seconds", standard.staffitpro, 1);
    let pull = time("pull_seconds", standard.pull, 1);
    let quiet = of("quiet");
    let texts = quiet.and_then(Node::texts).unwrap_or_default();
    let listed: Vec<_> = texts.iter().map(|text| quoted(text)).collect();
    notes.note("watch", "quiet", format!("[{}]", listed.join(", ")), quiet.map(|node| &node.place));
    // What is no window was reported by the check.
    let quiet = Quiet::new(texts.iter().filter_map(|text| Window::parse(text)).collect());
    WatchSettings { notifications, every, jitter, debounce, staffitpro, pull, quiet }
}
