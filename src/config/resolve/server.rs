//! Pure: a section `[servers.NAME]`.

use std::time::Duration;

use crate::config::fault::Fault;
use crate::config::resolve::{Notes, quoted};
use crate::config::settings::{
    Access, DEFAULT_MAX_LANES, Login, Scheme, ServerSettings, ServerUrl, Timeouts,
};
use crate::config::tree::{Entry, Node, Table, Value};
use crate::config::wording::AUTODISCOVER;

/// Builds the settings of a server; `None` if something that must be there is missing or wrong.
pub(in crate::config::resolve) fn resolve(
    notes: &mut Notes,
    name: &str,
    section: &Entry,
) -> Option<ServerSettings> {
    let table = section.node.table()?;
    let above = format!("servers.{name}");
    let url = notes.needed(section, table, &above, "url").map(|url| match url.as_str() {
        AUTODISCOVER => ServerUrl::Autodiscover,
        _ => ServerUrl::Given(url),
    });
    let hosts = table.of("hosts");
    if let Some(node) = hosts {
        let list = node.texts().unwrap_or_default();
        let list: Vec<_> = list.iter().map(|host| quoted(host)).collect();
        notes.note(&above, "hosts", format!("[{}]", list.join(", ")), Some(&node.place));
    }
    if url == Some(ServerUrl::Autodiscover) && hosts.is_none() {
        let place = table.of("url").map_or(&section.place, |node| &node.place);
        notes.error(place, Fault::NoHosts { server: name.to_owned() });
    }
    let login = login(notes, section, table, &above);
    let access = notes.setting(table, &above, "access", Access::Impersonation, Access::from_key);
    let ca_file = table.of("ca_file").and_then(|node| Some((node.text()?, &node.place)));
    if let Some((path, place)) = ca_file {
        notes.note(&above, "ca_file", quoted(path), Some(place));
    }
    let standard = Timeouts::default();
    let times = table.of("timeouts").and_then(Node::table);
    let mut seconds = |key: &str, default: Duration| {
        let node = times.and_then(|times| times.of(key));
        let time = node.and_then(Node::count).map(|count| Duration::from_secs(count.into()));
        let value = time.unwrap_or(default);
        let key = format!("timeouts.{key}");
        notes.note(&above, &key, value.as_secs(), node.map(|node| &node.place));
        value
    };
    let timeouts = Timeouts {
        connect: seconds("connect_seconds", standard.connect),
        reply: seconds("reply_seconds", standard.reply),
    };
    let lanes = table.of("max_lanes");
    let max_lanes = lanes.and_then(Node::count).unwrap_or(DEFAULT_MAX_LANES);
    notes.note(&above, "max_lanes", max_lanes, lanes.map(|node| &node.place));
    Some(ServerSettings {
        url: url?,
        hosts: hosts.and_then(Node::texts).unwrap_or_default(),
        login: login?,
        access,
        ca_file: ca_file.map(|(path, _)| path.into()),
        timeouts,
        max_lanes,
    })
}

fn login(notes: &mut Notes, section: &Entry, table: &Table, above: &str) -> Option<Login> {
    let Some(node) = table.of("login") else {
        let table = format!("[{above}]");
        notes.error_about_whole(&section.place, Fault::Missing { table, key: "login" });
        return None;
    };
    let login = node.table()?;
    let entry = Entry { key: "login".to_owned(), place: node.place.clone(), node: node.clone() };
    let above = format!("{above}.login");
    let scheme = notes.setting(login, &above, "scheme", Scheme::Basic, Scheme::from_key);
    let user = notes.needed(&entry, login, &above, "user");
    let password = match login.of("password") {
        Some(Node { place, value: Value::Secret(secret) }) => {
            notes.note(&above, "password", secret, Some(place));
            Some(secret.clone())
        }
        Some(_) => None,
        None => {
            let table = format!("[{above}]");
            notes.error_about_whole(&node.place, Fault::Missing { table, key: "password" });
            None
        }
    };
    Some(Login { scheme, user: user?, password: password? })
}
