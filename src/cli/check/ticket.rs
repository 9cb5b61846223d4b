//! Shell: `check --ticket`: what support needs, and nothing that is about persons: no names, addresses, accounts or secrets. Hosts
//! and request ids are in it, because the logs of the server cannot be searched without them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use abgleich::config::{Adapter, Owner, Proof, SecretRef, Settings, Target};
use jiff::Timestamp;
use serde_json::Value;

use crate::cli::check::Seen;
use crate::cli::check::show::grouped;
use crate::cli::check::stage::{Stage, Walked};

/// Writes the ticket. It is in English, whatever the language of the configuration: it goes to whoever helps.
pub(super) fn text(settings: &Settings, seen: &Seen) -> String {
    let known = personal(settings, seen);
    let mut out = format!(
        "abgleich {} on {} {}, {}\n",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH,
        Timestamp::now().strftime("%Y-%m-%d %H:%M UTC")
    );
    for (name, side) in &seen.sources {
        let product = side.described.as_ref().map_or("no answer", |known| known.product.as_str());
        let _ = writeln!(out, "source {name}: {product}, {} users", side.users.len());
    }
    for way in &seen.ways {
        let access = settings.servers.get(&way.name).map_or("?", |server| server.access.key());
        let _ = writeln!(out, "server {}: {}, access {access}", way.name, way.url);
        for walked in &way.walked {
            // The login names the account.
            let seen = walked.seen.as_ref().filter(|_| walked.stage != Stage::Login);
            let _ = writeln!(out, "  {}", line(walked, seen, &known));
        }
    }
    for (number, looked) in seen.mailboxes.iter().enumerate() {
        let ended = looked.outlook.walked.iter().find(|walked| !walked.passed);
        let version = looked.outlook.version.as_deref().unwrap_or("?");
        let contract = looked.outlook.contract.unwrap_or("?");
        let state = match ended {
            Some(walked) => format!("failed at {}", walked.stage.key()),
            None if looked.remarks.iter().all(|remark| remark.warning) => "ok".to_owned(),
            None => "failed".to_owned(),
        };
        let _ = writeln!(out, "mailbox {}: {state}, {version}, {contract}", number + 1);
        if let Some(request) = &looked.outlook.request {
            let _ = writeln!(out, "  {request}");
        }
    }
    for group in grouped(seen) {
        let level = if group.remark.warning { "warning" } else { "error" };
        let said = group.remark.ticket.as_ref().unwrap_or(&group.remark.text);
        let text = scrubbed(said, &known);
        let concerned = match group.users.len() {
            0 => String::new(),
            number => format!(" ({number} of {} mailboxes)", seen.mailboxes.len()),
        };
        let _ = writeln!(out, "{level} at {}: {text}{concerned}", group.remark.stage.key());
    }
    out
}

fn line(walked: &Walked, seen: Option<&String>, known: &BTreeMap<String, &'static str>) -> String {
    let passed = if walked.passed { "passed" } else { "failed" };
    match seen {
        Some(seen) => format!("{}: {passed}, {}", walked.stage.key(), scrubbed(seen, known)),
        None => format!("{}: {passed}", walked.stage.key()),
    }
}

/// Everything personal that this configuration and this check know, each with what stands in its place.
fn personal(settings: &Settings, seen: &Seen) -> BTreeMap<String, &'static str> {
    let mut known = BTreeMap::new();
    let mut add = |text: &str, word| {
        if !text.trim().is_empty() {
            known.insert(text.to_lowercase(), word);
        }
    };
    for file in files(settings) {
        add(&file, "FILE");
    }
    for server in settings.servers.values() {
        add(&server.login.account(), "ACCOUNT");
        if let Some((user, _)) = server.proxy.as_ref().and_then(|proxy| proxy.login.as_ref()) {
            add(user, "ACCOUNT");
        }
    }
    add(&settings.state.folder.display().to_string(), "FOLDER");
    for source in settings.sources.values() {
        add(&source.folder.display().to_string(), "FOLDER");
    }
    for mailbox in &settings.mailboxes {
        add(mailbox.user.as_str(), "USER");
        match &mailbox.owner {
            Owner::Address => {}
            Owner::Upn(upn) => add(upn, "ADDRESS"),
            Owner::Sid(sid) => add(sid, "SID"),
        }
        match &mailbox.target {
            Target::Exchange { address, .. } => add(address, "ADDRESS"),
            // Files are often named after people.
            Target::Pst { path, .. } => add(&path.display().to_string(), "FILE"),
        }
    }
    for looked in &seen.mailboxes {
        for name in [&looked.person, &looked.outlook.owner].into_iter().flatten() {
            add(name, "NAME");
        }
    }
    for user in seen.sources.values().flat_map(|side| &side.users) {
        add(&user.name, "NAME");
        add(user.id.as_str(), "USER");
        add(user.email.as_deref().unwrap_or_default(), "ADDRESS");
    }
    known
}

/// The files that the configuration names, and whatever else an adapter is opened with: many lie in somebody's folder.
fn files(settings: &Settings) -> Vec<String> {
    let mut files = Vec::new();
    let mut secrets: Vec<&SecretRef> = Vec::new();
    for server in settings.servers.values() {
        files.extend(server.ca_file.as_ref().map(|path| path.display().to_string()));
        secrets
            .extend(server.proxy.as_ref().and_then(|proxy| proxy.login.as_ref()).map(|it| &it.1));
        match &server.login.proof {
            Proof::Password { password, .. } => secrets.push(password),
            Proof::Keytab { file, .. } => files.push(file.display().to_string()),
            Proof::TicketCache(cache) => files.push(cache.clone()),
            Proof::OfAccount => {}
        }
    }
    for source in settings.sources.values() {
        secrets.extend(source.secrets.values());
        texts(&source.settings, &mut files);
        if let Adapter::File { path, .. } = &source.adapter {
            files.push(path.display().to_string());
        }
    }
    for secret in secrets {
        match secret {
            SecretRef::Env(_) => {}
            SecretRef::File(path) => files.push(path.display().to_string()),
            SecretRef::Command(words) => files.extend(words.iter().cloned()),
        }
    }
    // A plain word, such as a table's name, may stand in sentences of ours.
    files.retain(|text| text.contains(['/', '\\', '.', '@', ' ']));
    files
}

/// Gathers the texts in a value.
fn texts(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::String(text) => into.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| texts(value, into)),
        Value::Object(values) => values.values().for_each(|value| texts(value, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// How our errors introduce what a server said.
const SAID: [&str; 3] = [
    "the server refused the request with ",
    "the server answered with status ",
    "the server answered ",
];

/// Leaves out the words of a server, in which it may name anybody: what follows its code, and the end of a URL.
fn in_our_words(text: &str) -> String {
    let mut out = text.to_owned();
    let said = SAID.iter().find_map(|said| Some(text.find(said)? + said.len()));
    if let Some((code, words)) =
        said.and_then(|at| text.get(at..)).and_then(|rest| rest.split_once(": "))
    {
        // By what the request is found again stands behind them.
        let request = words.rfind(" (request ").and_then(|at| words.get(at..)).unwrap_or_default();
        let before = text.len() - code.len() - words.len() - 2;
        out = format!("{}{code}{request}", text.get(..before).unwrap_or_default());
    }
    let whole = |part: &str| {
        part.split_once('?')
            .filter(|(url, _)| url.contains("://"))
            .map_or(part.to_owned(), |(url, _)| format!("{url}?…"))
    };
    out.split(' ').map(whole).collect::<Vec<_>>().join(" ")
}

/// Replaces what is known to be personal, the longest first, and then whatever looks like an address or a path.
fn scrubbed(text: &str, known: &BTreeMap<String, &'static str>) -> String {
    let text = &in_our_words(text);
    let mut longest: Vec<_> = known.iter().collect();
    longest.sort_by_key(|(text, _)| std::cmp::Reverse(text.chars().count()));
    let mut out = text.to_owned();
    for (text, word) in longest {
        out = replaced(&out, text, word);
    }
    let parts = out.split(' ').map(|part| match part {
        _ if part.contains('@') => "ADDRESS",
        _ if is_path(part) => "FILE",
        _ => part,
    });
    parts.collect::<Vec<_>>().join(" ")
}

/// Says whether a word is a path, or an account of a domain. Paths on a server are not somebody's.
fn is_path(word: &str) -> bool {
    let word = word.trim_start_matches(['\'', '"', '`', '(', '„', '“']);
    word.contains('\\') || word.len() > 1 && word.starts_with('/') && !word.starts_with("/EWS")
}

/// Replaces whole words in any case: a user called `a` is no part of `have`.
fn replaced(text: &str, wanted: &str, word: &str) -> String {
    let (letters, wanted): (Vec<char>, Vec<char>) =
        (text.chars().collect(), wanted.chars().collect());
    let is_letter = |place: Option<&char>| place.is_some_and(|letter| letter.is_alphanumeric());
    let mut out = String::new();
    let mut at = 0;
    while let Some(letter) = letters.get(at) {
        let end = at + wanted.len();
        let here = letters.get(at..end).is_some_and(|here| {
            here.iter().zip(&wanted).all(|(one, other)| one.to_lowercase().eq(other.to_lowercase()))
        });
        let before = at.checked_sub(1).and_then(|before| letters.get(before));
        if here && !wanted.is_empty() && !is_letter(before) && !is_letter(letters.get(end)) {
            out.push_str(word);
            at = end;
        } else {
            out.push(*letter);
            at += 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::scrubbed;

    #[test]
    fn nothing_personal_is_left() {
        let known: BTreeMap<_, _> = [
            (r"firma\svc-abgleich", "ACCOUNT"),
            ("d.hoffmann@firma.example", "ADDRESS"),
            ("hoffmann, dora", "NAME"),
            ("a", "USER"),
        ]
        .into_iter()
        .map(|(text, word)| (text.to_owned(), word))
        .collect();
        for (text, left) in [
            (r"Basic, FIRMA\svc-abgleich", "Basic, ACCOUNT"),
            (
                "the mailbox of D.Hoffmann@firma.example belongs to Hoffmann, Dora",
                "the mailbox of ADDRESS belongs to NAME",
            ),
            ("somebody.else@firma.example has no mailbox", "ADDRESS has no mailbox"),
            ("user A has a mailbox", "user USER has USER mailbox"),
            ("we have what TLS 1.2 wants", "we have what TLS 1.2 wants"),
            // Files that nobody told us of.
            (r"C:\Users\f.weber\none.pem cannot be read", "FILE cannot be read"),
            ("no key in ('/home/frank.weber/x' or below)", "no key in FILE or below)"),
            ("it ends in /EWS/Exchange.asmx / or so", "it ends in /EWS/Exchange.asmx / or so"),
            // A server names whom it likes.
            (
                "the server refused the request with ErrorImpersonationFailed: CN=Weber, Frank may not (request 1f, at EX01)",
                "the server refused the request with ErrorImpersonationFailed (request 1f, at EX01)",
            ),
            (
                "the server answered ErrorOther: S-1-5-21-7 is gone",
                "the server answered ErrorOther",
            ),
            (
                "the server answered with status 500: Frank Weber, Fehler in /EWS",
                "the server answered with status 500",
            ),
            (
                "the server redirects to 'https://proxy/login?user=weber'; check the URL",
                "the server redirects to 'https://proxy/login?… check the URL",
            ),
        ] {
            assert_eq!(scrubbed(text, &known), left);
        }
    }
}
