//! Pure: the lines of all persons.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::config::fault::Fault;
use crate::config::layers::{Layer, Layers};
use crate::config::nearest::nearest;
use crate::config::origin::Place;
use crate::config::read::Line;
use crate::config::resolve::Notes;
use crate::config::resolve::scope;
use crate::config::settings::{
    Access, MailboxSettings, Owner, PstLimits, ServerSettings, SourceSettings, Target, Zone,
};
use crate::config::tree::{Node, Table, Value};
use crate::model::rules::{Scopes, Writes};
use crate::model::{TenantName, UserId};
use crate::pst::messaging::CodePage;

/// What the lines refer to.
pub(in crate::config::resolve) struct Known<'a> {
    /// The names of all sources, `None` if that is not known for a mistake elsewhere.
    pub(in crate::config::resolve) sources: Option<Vec<String>>,
    /// The names of all servers, likewise.
    pub(in crate::config::resolve) servers: Option<Vec<String>>,
    /// The sources without mistakes.
    pub(in crate::config::resolve) resolved_sources: &'a BTreeMap<TenantName, SourceSettings>,
    /// The servers without mistakes.
    pub(in crate::config::resolve) resolved_servers: &'a BTreeMap<String, ServerSettings>,
}

/// Builds the mailboxes and says how many lines there are.
pub(in crate::config::resolve) fn resolve(
    notes: &mut Notes,
    lines: Vec<Line>,
    below: &[Arc<Layer>],
    groups: &BTreeMap<String, Arc<Layer>>,
    known: &Known<'_>,
) -> (Vec<MailboxSettings>, usize) {
    let count = lines.len();
    let mut seen = Seen::default();
    let mut mailboxes = Vec::new();
    for line in lines {
        let Value::Table(table) = &line.node.value else { continue };
        let mut layers = below.to_vec();
        layers.extend(groups.get(&line.group).cloned());
        layers.push(Arc::new(Layer::new(table)));
        mailboxes.extend(mailbox(notes, line, Layers(layers), known, &mut seen));
    }
    (mailboxes, count)
}

/// Where each user and each mailbox stands first.
#[derive(Default)]
struct Seen {
    users: BTreeMap<(String, String), Place>,
    targets: BTreeMap<String, Place>,
    /// The first mailbox of each server that opens only its own, and how many were seen, up to two.
    own: BTreeMap<String, (Place, u32)>,
    /// The modes that have been doubted, so that one line in `[defaults]` gives one warning.
    doubted: Vec<Place>,
}

fn mailbox(
    notes: &mut Notes,
    line: Line,
    layers: Layers,
    known: &Known<'_>,
    seen: &mut Seen,
) -> Option<MailboxSettings> {
    let Line { group, user, place, node } = line;
    let pick = |notes: &mut Notes, key: &'static str, names: Option<&Vec<String>>| {
        choose(notes, &layers, key, &user, &place, names)
    };
    let source = pick(notes, "source", known.sources.as_ref());
    let own = node.table()?;
    let (address, pst) = (own.of("address"), own.of("pst"));
    let target = match (address, pst) {
        (Some(_), Some(pst)) => {
            notes.error(&pst.place, Fault::BothTargets { user: user.clone() });
            None
        }
        (None, None) => {
            notes.error_about_whole(&place, Fault::NoTarget { user: user.clone() });
            None
        }
        (None, Some(pst)) => {
            let limits = pst_limits(own);
            pst.text().map(|path| Target::Pst { path: PathBuf::from(path), limits })
        }
        (Some(address), None) => {
            let server = pick(notes, "server", known.servers.as_ref());
            let found = address.text().map(str::to_owned);
            pst_keys_without_file(notes, own, &user);
            if let Some(found) = &found {
                address_must(notes, &layers, found, &address.place);
            }
            // Twins are found even where the server is not clear.
            match (server, found) {
                (Some(server), Some(address)) => Some(Target::Exchange { server, address }),
                (None, Some(address)) => {
                    twins(notes, seen, &address, &place);
                    None
                }
                _ => None,
            }
        }
    };
    let owner = match (own.of("upn").map(|node| (node.text(), &node.place)), own.of("sid")) {
        (Some((_, place)), Some(_)) => {
            notes.error(place, Fault::BothIdentities { user: user.clone() });
            Owner::Address
        }
        (Some((upn, _)), None) => upn.map(|upn| Owner::Upn(upn.to_owned())).unwrap_or_default(),
        (None, Some(sid)) => sid.text().map(|sid| Owner::Sid(sid.to_owned())).unwrap_or_default(),
        (None, None) => Owner::Address,
    };
    let scopes = Scopes::new(|scope| scope::resolve(&layers, scope));
    scope::doubts(notes, &layers, &scopes, &mut seen.doubted);

    let tenant = source.clone().unwrap_or_default();
    match seen.users.get(&(tenant.clone(), user.to_lowercase())) {
        Some(first) => {
            let first = first.clone();
            notes.error(&place, Fault::UserTwice { user: user.clone(), first });
        }
        None => {
            seen.users.insert((tenant, user.to_lowercase()), place.clone());
        }
    }
    let target = target?;
    twins(notes, seen, &target.to_string(), &place);
    if let Target::Exchange { server, .. } = &target
        && known.resolved_servers.get(server).is_some_and(|known| known.access == Access::Own)
    {
        match seen.own.get_mut(server) {
            // One word for the server, not one for each mailbox after the first.
            Some((first, 1)) => {
                let fault = Fault::OwnMailbox { server: server.clone(), first: first.clone() };
                notes.error(&place, fault);
                seen.own.entry(server.clone()).and_modify(|(_, count)| *count += 1);
            }
            Some(_) => {}
            None => {
                seen.own.insert(server.clone(), (place.clone(), 1));
            }
        }
    }
    let source = TenantName::new(source?);
    let of_source = known.resolved_sources.get(&source)?;
    let zone = layers.common("zone").and_then(Node::text).and_then(Zone::new);
    let written = layers.common("writes").and_then(Node::text).and_then(Writes::from_key);
    let writes =
        if of_source.writes == Writes::Off { Writes::Off } else { written.unwrap_or(Writes::On) };
    Some(MailboxSettings {
        user: UserId::new(user),
        target,
        group,
        source,
        writes,
        zone: zone.unwrap_or_else(|| of_source.zone.clone()),
        scopes,
        owner,
        layers,
        place,
    })
}

/// Reads what the operator allows for a PST file.
fn pst_limits(line: &Table) -> PstLimits {
    let of = |key: &str| line.of(key).map(|node| &node.value);
    let allows = |key: &str| matches!(of(key), Some(Value::Flag(true)));
    let number = |key: &str| match of(key) {
        Some(Value::Number(number)) => u32::try_from(*number).ok(),
        _ => None,
    };
    let usual = PstLimits::default();
    PstLimits {
        with_password: allows("pst_with_password"),
        on_share: allows("pst_on_share"),
        max_gb: number("pst_max_gb").unwrap_or(usual.max_gb),
        code_page: number("pst_code_page").map_or(usual.code_page, CodePage),
    }
}

/// Reports what is said of a PST file where there is none.
fn pst_keys_without_file(notes: &mut Notes, line: &Table, user: &str) {
    for key in ["pst_with_password", "pst_on_share", "pst_max_gb", "pst_code_page"] {
        if let Some(entry) = line.0.iter().find(|entry| entry.key == key) {
            notes.error(&entry.place, Fault::WithoutFile { key, user: user.to_owned() });
        }
    }
}

/// Reports a mailbox that has two lines.
fn twins(notes: &mut Notes, seen: &mut Seen, target: &str, place: &Place) {
    match seen.targets.get(&target.to_lowercase()) {
        Some(first) => {
            let fault = Fault::MailboxTwice { target: target.to_owned(), first: first.clone() };
            notes.error(place, fault);
        }
        None => {
            seen.targets.insert(target.to_lowercase(), place.clone());
        }
    }
}

/// Finds out which source or server a line means: the one it names, or the only one.
fn choose(
    notes: &mut Notes,
    layers: &Layers,
    key: &'static str,
    user: &str,
    place: &Place,
    names: Option<&Vec<String>>,
) -> Option<String> {
    if let Some(node) = layers.common(key) {
        let found = node.text()?.to_owned();
        if names?.contains(&found) {
            return Some(found);
        }
        let names = names?.clone();
        let nearest = nearest(&found, names.iter().map(String::as_str)).map(str::to_owned);
        notes.error_about_whole(&node.place, Fault::UnknownName { key, found, nearest, names });
        return None;
    }
    match names?.as_slice() {
        [only] => Some(only.clone()),
        [] => {
            // A missing source is reported once, for the whole; a server is needed by some lines only.
            if key == "server" {
                notes.error_about_whole(place, Fault::NoServer { user: user.to_owned() });
            }
            None
        }
        several => {
            let fault = Fault::Which { key, user: user.to_owned(), names: several.to_vec() };
            notes.error_about_whole(place, fault);
            None
        }
    }
}

/// Holds an address against `address_must`.
fn address_must(notes: &mut Notes, layers: &Layers, address: &str, place: &Place) {
    let Some(rule) = layers.common("address_must") else { return };
    let ends = rule.texts().unwrap_or_default();
    let lower = address.to_lowercase();
    if !ends.is_empty() && !ends.iter().any(|end| lower.ends_with(&end.to_lowercase())) {
        let rule = rule.place.clone();
        notes.error(place, Fault::AddressMust { address: address.to_owned(), ends, rule });
    }
}
