//! Pure: a section `[servers.NAME]`.

use std::time::Duration;

use crate::config::fault::Fault;
use crate::config::origin::Place;
use crate::config::resolve::{Notes, quoted};
use crate::config::secret::SecretRef;
use crate::config::settings::{
    Access, DEFAULT_MAX_LANES, Digest, Login, Proof, ProxySettings, Scheme, ServerSettings,
    ServerUrl, Timeouts,
};
use crate::config::tree::{Entry, Node, Table, Value};
use crate::config::wording::{AUTODISCOVER, binding};

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
    let pin = table.of("pin").and_then(|node| Some((node.text()?, &node.place)));
    if let Some((pin, place)) = pin {
        notes.note(&above, "pin", quoted(pin), Some(place));
        if ca_file.is_some() {
            notes.error(place, Fault::PinAndFile);
        }
    }
    let cbt = table.of("cbt").and_then(|node| Some((node.text()?, &node.place)));
    let word = cbt.map_or("auto", |(word, _)| word);
    notes.note(&above, "cbt", quoted(word), cbt.map(|(_, place)| place));
    let proxy = table.of("proxy").map(|node| proxy(notes, node, &above));
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
    let streams = table.of("max_streams");
    let max_streams = streams.and_then(Node::count);
    if let Some(most) = max_streams {
        notes.note(&above, "max_streams", most, streams.map(|node| &node.place));
    }
    Some(ServerSettings {
        url: url?,
        hosts: hosts.and_then(Node::texts).unwrap_or_default(),
        login: login?,
        access,
        ca_file: ca_file.map(|(path, _)| path.into()),
        pin: pin.and_then(|(pin, _)| Digest::from_hex(pin)),
        binding: binding(word).unwrap_or_default(),
        proxy: match proxy {
            Some(proxy) => Some(proxy?),
            None => None,
        },
        timeouts,
        max_lanes,
        max_streams,
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
    // What else is missing depends on the scheme that was meant.
    if login.of("scheme").is_some_and(|node| node.value == Value::Wrong) {
        return None;
    }
    let proof = match scheme {
        Scheme::Negotiate => ticket(notes, &entry, login, &above)?,
        Scheme::Basic | Scheme::Ntlm => {
            for key in ["keytab", "ticket_cache"] {
                if let Some(node) = login.of(key) {
                    notes.error(&node.place, Fault::LoginKey { key, scheme: scheme.key() });
                }
            }
            let nobody = login.of("user").is_none() && login.of("password").is_none();
            if scheme == Scheme::Ntlm && nobody {
                Proof::OfAccount
            } else {
                with_password(notes, &entry, login, &above)?
            }
        }
    };
    Some(Login { scheme, proof })
}

/// Where the ticket of Kerberos comes from: one of four places.
fn ticket(notes: &mut Notes, entry: &Entry, login: &Table, above: &str) -> Option<Proof> {
    let mut given = ["password", "keytab", "ticket_cache"]
        .into_iter()
        .filter_map(|key| Some((key, login.of(key)?)));
    let Some((first, node)) = given.next() else {
        // A user alone would be taken for an account that is then not used.
        return match login.of("user") {
            Some(_) => with_password(notes, entry, login, above),
            None => Some(Proof::OfAccount),
        };
    };
    if let Some((second, node)) = given.next() {
        notes.error(&node.place, Fault::TwoTickets { first, second });
        return None;
    }
    let mut written = |key: &str, node: &Node| {
        let text = node.text()?;
        notes.note(above, key, quoted(text), Some(&node.place));
        Some(text.to_owned())
    };
    match first {
        "password" => with_password(notes, entry, login, above),
        "keytab" => {
            let user = match login.of("user") {
                Some(user) => Some(written("user", user)?),
                None => None,
            };
            Some(Proof::Keytab { user, file: written("keytab", node)?.into() })
        }
        _ => {
            if let Some(user) = login.of("user") {
                let (first, second) = ("ticket_cache", "user");
                notes.error(&user.place, Fault::TwoTickets { first, second });
                return None;
            }
            written("ticket_cache", node).map(Proof::TicketCache)
        }
    }
}

fn with_password(notes: &mut Notes, entry: &Entry, login: &Table, above: &str) -> Option<Proof> {
    let user = notes.needed(entry, login, above, "user");
    let password = password(notes, &entry.place, login, above);
    Some(Proof::Password { user: user?, password: password? })
}

fn password(notes: &mut Notes, place: &Place, table: &Table, above: &str) -> Option<SecretRef> {
    match table.of("password") {
        Some(Node { place, value: Value::Secret(secret) }) => {
            notes.note(above, "password", secret, Some(place));
            Some(secret.clone())
        }
        Some(_) => None,
        None => {
            let table = format!("[{above}]");
            notes.error_about_whole(place, Fault::Missing { table, key: "password" });
            None
        }
    }
}

fn proxy(notes: &mut Notes, node: &Node, above: &str) -> Option<ProxySettings> {
    let table = node.table()?;
    let above = format!("{above}.proxy");
    let entry = Entry { key: "proxy".to_owned(), place: node.place.clone(), node: node.clone() };
    let url = notes.needed(&entry, table, &above, "url")?;
    if table.of("user").is_none() && table.of("password").is_none() {
        return Some(ProxySettings { url, login: None });
    }
    let user = notes.needed(&entry, table, &above, "user");
    let password = password(notes, &node.place, table, &above);
    Some(ProxySettings { url, login: Some((user?, password?)) })
}
