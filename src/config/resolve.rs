//! Pure: from the checked trees to settings: defaults filled in, names looked up, every person matched with a source
//! and a server.

mod mailbox;
pub(in crate::config) mod scope;
mod server;
mod source;
mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::config::fault::Fault;
use crate::config::layers::Layer;
use crate::config::nearest::nearest;
use crate::config::origin::{Origin, Origins, Place};
use crate::config::problem::Problem;
use crate::config::read::Gathered;
use crate::config::settings::{Language, Settings, StateSettings};
use crate::config::tree::{Entry, Node, Table, Value};
use crate::model::{Mode, TenantName};

/// Builds the settings. They are complete if there is no error among the problems.
pub(in crate::config) fn resolve(gathered: Gathered) -> (Settings, Vec<Problem>) {
    let Gathered { root, builtin, lines, folders, main, problems, incomplete } = gathered;
    let mut notes = Notes { origins: Origins::default(), problems, main, incomplete };

    if let Some(Node { place, value: Value::Number(found) }) = root.of("version")
        && *found != 1
    {
        // What was read so far may be right in that version.
        notes.problems.clear();
        notes.incomplete = true;
        notes.error(place, Fault::Version { found: *found });
    }
    let language = notes.setting(&root, "", "language", Language::German, Language::from_key);
    let strict = match root.of("strict") {
        Some(Node { place, value: Value::Flag(strict) }) => {
            notes.origins.note("strict", strict, origin(place));
            *strict
        }
        _ => false,
    };
    let of_state = |key| root.of("state").and_then(Node::table).and_then(|state| state.of(key));
    let mut state = StateSettings { folder: "state".into(), journal_days: 1095 };
    if let Some((folder, place)) = of_state("folder").and_then(|n| Some((n.text()?, &n.place))) {
        notes.origins.note("state.folder", quoted(folder), origin(place));
        state.folder = folder.into();
    }
    if let Some((days, place)) = of_state("journal_days").and_then(|n| Some((n.count()?, &n.place)))
    {
        notes.origins.note("state.journal_days", days, origin(place));
        state.journal_days = days;
    }

    let watch = watch::resolve(&mut notes, &root);
    let mut sources = BTreeMap::new();
    for (name, entry) in sections(&root, "sources") {
        let settings = entry.node.table().and_then(|table| table.of("settings"));
        let place = settings.map_or(&entry.place, |node| &node.place);
        let folder = folders.get(&place.order).cloned().unwrap_or_default();
        if let Some(source) = source::resolve(&mut notes, &name, entry, folder) {
            sources.insert(TenantName::new(name), source);
        }
    }
    let mut servers = BTreeMap::new();
    for (name, entry) in sections(&root, "servers") {
        if let Some(server) = server::resolve(&mut notes, &name, entry) {
            servers.insert(name, server);
        }
    }
    // Sections that are wrong elsewhere still exist, so that nobody reports them as unknown here.
    let known = mailbox::Known {
        sources: names(&root, "sources"),
        servers: names(&root, "servers"),
        resolved_sources: &sources,
        resolved_servers: &servers,
    };

    let defaults = root.of("defaults").and_then(Node::table).cloned().unwrap_or_default();
    let below = [Arc::new(Layer::new(&builtin)), Arc::new(Layer::new(&defaults))];
    let groups: BTreeMap<String, Arc<Layer>> = sections(&root, "groups")
        .filter_map(|(name, entry)| Some((name, Arc::new(Layer::new(entry.node.table()?)))))
        .collect();
    let used: BTreeSet<&str> = lines.iter().map(|line| line.group.as_str()).collect();
    for (group, entry) in sections(&root, "groups") {
        if !used.contains(group.as_str()) {
            let nearest = nearest(&group, used.iter().copied()).map(str::to_owned);
            // What looks like a slip would leave mailboxes without what their group says, such as writes = "off".
            if nearest.is_some() {
                notes.error_about_whole(&entry.place, Fault::GroupUnused { group, nearest });
            } else {
                notes.doubt_about_whole(&entry.place, Fault::GroupUnused { group, nearest });
            }
        }
    }

    let (mailboxes, places) = mailbox::resolve(&mut notes, lines, &below, &groups, &known);
    let whole = notes.main.clone();
    if sections(&root, "sources").next().is_none() && root.of("sources").is_none_or(Node::is_right)
    {
        notes.error_about_whole(&whole, Fault::NoSource);
    }
    let off = |mode| mode == Mode::None;
    if notes.has_errors() {
        // A doubt about the whole would only be an echo.
    } else if places == 0 {
        notes.doubt_about_whole(&whole, Fault::NoMailboxes);
    } else if !mailboxes.is_empty()
        && mailboxes.iter().all(|mailbox| mailbox.scopes.iter().all(|scope| off(scope.mode)))
    {
        notes.doubt_about_whole(&whole, Fault::NothingOn);
    }

    let Notes { origins, problems, .. } = notes;
    (Settings { language, strict, state, watch, sources, servers, mailboxes, origins }, problems)
}

/// What is gathered on the way.
struct Notes {
    origins: Origins,
    problems: Vec<Problem>,
    main: Place,
    incomplete: bool,
}

impl Notes {
    fn has_errors(&self) -> bool {
        self.problems.iter().any(|problem| !problem.is_warning())
    }

    fn error(&mut self, place: &Place, fault: Fault) {
        self.problems.push(Problem::error(place.clone(), fault));
    }

    /// Reports an error that may only come from a part that could not be read; then that part is the error.
    fn error_about_whole(&mut self, place: &Place, fault: Fault) {
        if !self.incomplete {
            self.error(place, fault);
        }
    }

    fn doubt(&mut self, place: &Place, fault: Fault) {
        self.problems.push(Problem::warning(place.clone(), fault));
    }

    fn doubt_about_whole(&mut self, place: &Place, fault: Fault) {
        if !self.incomplete {
            self.doubt(place, fault);
        }
    }

    /// Reads a setting that is one of a few words, and notes where it came from.
    fn setting<T: Copy + std::fmt::Display>(
        &mut self,
        table: &Table,
        above: &str,
        key: &str,
        default: T,
        from_key: impl Fn(&str) -> Option<T>,
    ) -> T {
        let found = table.of(key).and_then(|node| Some((from_key(node.text()?)?, &node.place)));
        let (value, origin) = match found {
            Some((value, place)) => (value, origin(place)),
            None => (default, Origin::Default),
        };
        self.origins.note(dotted(above, key), quoted(&value.to_string()), origin);
        value
    }

    /// Reads a text that must be there, and notes where it came from.
    fn needed(
        &mut self,
        section: &Entry,
        table: &Table,
        above: &str,
        key: &'static str,
    ) -> Option<String> {
        let Some(node) = table.of(key) else {
            let table = format!("[{above}]");
            self.error_about_whole(&section.place, Fault::Missing { table, key });
            return None;
        };
        let text = node.text()?;
        self.origins.note(dotted(above, key), quoted(text), origin(&node.place));
        Some(text.to_owned())
    }

    /// Notes a setting of which only the place may be shown, or which is shown in a way of its own.
    fn note(
        &mut self,
        above: &str,
        key: &str,
        value: impl std::fmt::Display,
        place: Option<&Place>,
    ) {
        self.origins.note(dotted(above, key), value, place.map_or(Origin::Default, origin));
    }
}

impl Node {
    /// Says whether the value is one that was not reported as wrong.
    fn is_right(&self) -> bool {
        self.value != Value::Wrong
    }
}

/// Returns where a value came from; the first file read is the built-in default.
pub(in crate::config) fn origin(place: &Place) -> Origin {
    if place.order == 0 { Origin::Default } else { Origin::File(place.clone()) }
}

/// Writes a text as a file would.
pub(in crate::config) fn quoted(text: &str) -> String {
    let quote = if text.contains(['"', '\\']) { '\'' } else { '"' };
    format!("{quote}{text}{quote}")
}

fn dotted(above: &str, key: &str) -> String {
    if above.is_empty() { key.to_owned() } else { format!("{above}.{key}") }
}

/// Walks the named sections of a kind, such as all of `[sources.…]`.
fn sections<'a>(root: &'a Table, key: &str) -> impl Iterator<Item = (String, &'a Entry)> {
    let table = root.of(key).and_then(Node::table);
    table.into_iter().flat_map(|table| &table.0).map(|entry| (entry.key.clone(), entry))
}

fn names(root: &Table, key: &str) -> Option<Vec<String>> {
    if root.of(key).is_some_and(|node| !node.is_right()) {
        return None;
    }
    Some(sections(root, key).map(|(name, _)| name).collect())
}
