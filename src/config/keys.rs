//! Pure: the table of every key that a configuration may have. The check, the nearest-key hints, the JSON schema for
//! editors and the test of the default file all read this table.

use crate::config::settings::{Access, Language};
use crate::config::shape::{Key, Name, Shape, Text};
use crate::model::rules::{Adopt, Conflict, FirstTransfer, Leftover, Reference, Writes};
use crate::model::{Module, Switch};

/// The keys of a file.
pub(in crate::config) const ROOT: &[Key] = &[
    key("version", Shape::Count { min: 1, max: u32::MAX }, "The version of the format; 1."),
    key("language", Shape::Word(Language::KEYS), "The language of reports and messages."),
    key("strict", Shape::Flag, "Whether a run with findings ends with exit code 10."),
    key("include", Shape::Texts(Text::Pattern), "More files; * and ? may stand in the file name."),
    key("state", Shape::Table(STATE), "Where abgleich keeps what it must remember."),
    german("watch", &["Überwachung"], Shape::Table(WATCH), "How `sync --watch` watches."),
    key(
        "sources",
        Shape::Named { name: Name::Plain, of: &Shape::Table(SOURCE) },
        "The staffITpro sides by name; the name is part of every stamp, so never change it.",
    ),
    key(
        "servers",
        Shape::Named { name: Name::Plain, of: &Shape::Table(SERVER) },
        "The Exchange servers by name.",
    ),
    key("defaults", Shape::Table(BLOCK), "What holds for all mailboxes."),
    key(
        "groups",
        Shape::Named { name: Name::Free, of: &Shape::Table(BLOCK) },
        "What holds for the mailboxes of a group; wins over defaults.",
    ),
    key(
        "mailboxes",
        Shape::Named {
            name: Name::MailboxGroup,
            of: &Shape::Named { name: Name::Free, of: &MAILBOX },
        },
        "The persons of each group: staffITpro user = Outlook mailbox.",
    ),
];

const STATE: &[Key] = &[
    key("folder", Shape::Text(Text::LocalPath), "The folder of the state; on a local disk."),
    key("journal_days", Shape::Count { min: 30, max: 36_500 }, "How many days old values stay."),
];

const WATCH: &[Key] = &[
    german(
        "notifications",
        &["Benachrichtigungen"],
        Shape::Flag,
        "Whether Exchange is asked to tell what happens.",
    ),
    german(
        "every_minutes",
        &["alle_Minuten"],
        Shape::Count { min: 1, max: 10_080 },
        "After how long at most a mailbox is looked at again, whatever was told.",
    ),
    german(
        "jitter_seconds",
        &["Streuung_Sekunden"],
        Shape::Count { min: 0, max: 86_400 },
        "Up to how much later that is, differently for each mailbox.",
    ),
    german("quiet", &["Ruhezeiten"], Shape::Texts(Text::Quiet), "When nothing is run."),
    german(
        "debounce_seconds",
        &["sammeln_Sekunden"],
        Shape::Count { min: 0, max: 60 },
        "How long hints are gathered before a run.",
    ),
    german(
        "staffitpro_seconds",
        &["staffITpro_Sekunden"],
        Shape::Count { min: 1, max: 86_400 },
        "How often staffITpro is asked whether something changed.",
    ),
    german(
        "pull_seconds",
        &["Abfrage_Sekunden"],
        Shape::Count { min: 10, max: 86_400 },
        "How often a mailbox is asked that cannot be told of by a stream.",
    ),
];

const SOURCE: &[Key] = &[
    key(
        "adapter",
        Shape::TextOr {
            key: "name",
            text: &Shape::Text(Text::Adapter),
            table: &[
                key("file", Shape::Text(Text::Path), "A vendor's adapter library."),
                key("sha256", Shape::Text(Text::Digest), "The SHA-256 of that library."),
            ],
        },
        "The adapter: the name of one that ships with abgleich, or { file, sha256 } of a vendor's.",
    ),
    key("zone", Shape::Text(Text::Zone), "The IANA time zone of times kept without one."),
    key("writes", Shape::Word(Writes::KEYS), "off: runs report and write nothing."),
    key("settings", Shape::Unread, "What the adapter asks for; abgleich does not read it."),
    key(
        "secrets",
        Shape::Named { name: Name::Plain, of: &Shape::Secret },
        "Secrets for the adapter by name: { env }, { file } or { command }.",
    ),
];

const SERVER: &[Key] = &[
    key(
        "url",
        Shape::Text(Text::Url),
        "The address of the web service, https://…/EWS/Exchange.asmx; or autodiscover.",
    ),
    key(
        "hosts",
        Shape::Texts(Text::HostPattern),
        "Hosts that Autodiscover may bring the login to.",
    ),
    key(
        "login",
        Shape::Table(&[
            key("scheme", Shape::Scheme, "How to log in."),
            key("user", Shape::Text(Text::Line), "The account."),
            key("password", Shape::Secret, "Where its password is kept."),
            key("keytab", Shape::Text(Text::Path), "A file with the account's Kerberos key."),
            key("ticket_cache", Shape::Text(Text::Line), "A Kerberos ticket cache, FILE:/…"),
        ]),
        "Who logs in, and how.",
    ),
    key("access", Shape::Word(Access::KEYS), "How mailboxes of other people are opened."),
    key("ca_file", Shape::Text(Text::Path), "Certificates (PEM) of your own authority."),
    key("pin", Shape::Text(Text::Pin), "The SHA-256 of the only certificate to believe."),
    key("cbt", Shape::Text(Text::Binding), "The channel binding: auto, off, or a hash."),
    key(
        "proxy",
        Shape::TextOr {
            key: "url",
            text: &Shape::Text(Text::Proxy),
            table: &[
                key("url", Shape::Text(Text::Proxy), "The proxy, http://host:port."),
                key("user", Shape::Text(Text::Line), "The account at the proxy."),
                key("password", Shape::Secret, "Where its password is kept."),
            ],
        },
        "The HTTP proxy on the way to the server.",
    ),
    key(
        "timeouts",
        Shape::Table(&[
            key("connect_seconds", Shape::Count { min: 1, max: 600 }, "Until a connection stands."),
            key(
                "reply_seconds",
                Shape::Count { min: 5, max: 3600 },
                "Until an answer is complete.",
            ),
        ]),
        "How long to wait.",
    ),
    key(
        "max_lanes",
        Shape::Count { min: 1, max: 64 },
        "How many connections at once, besides streams of notifications.",
    ),
    key(
        "max_streams",
        Shape::Count { min: 0, max: 1000 },
        "How many streams of notifications at once; left out, as many as its version allows.",
    ),
];

macro_rules! block {
    ($($first:expr,)*) => {
        &[
            $($first,)*
            key("source", Shape::Text(Text::Line), "Which source, if there are several."),
            key("server", Shape::Text(Text::Line), "Which server, if there are several."),
            key("writes", Shape::Word(Writes::KEYS), "off: runs report and write nothing."),
            key("zone", Shape::Text(Text::Zone), "The time zone; the source's if not written."),
            key("address_must", Shape::Texts(Text::AddressEnd), "What every mail address must end with."),
            key("first_transfer", Shape::Word(FirstTransfer::KEYS), "Whether the first transfer waits for a word."),
            Key { name: Switch::Contacts.key(), also: Switch::Contacts.german(), shape: CONTACTS, about: "The contacts of all modules." },
            Key { name: Switch::Activities.key(), also: Switch::Activities.german(), shape: ACTIVITIES, about: "The tasks and appointments of all modules." },
            module(Module::Applicants),
            module(Module::BusinessContacts),
            module(Module::Leads),
            module(Module::Positions),
            module(Module::Contracts),
            module(Module::Offers),
            module(Module::General),
        ]
    };
}

const BLOCK: &[Key] = block![];

/// The line of a person: an address, or a table.
const MAILBOX: Shape = Shape::TextOr {
    key: "address",
    text: &Shape::Text(Text::Address),
    table: block![
        key("address", Shape::Text(Text::Address), "The mail address of the Exchange mailbox."),
        key("upn", Shape::Text(Text::Address), "The user principal name, to impersonate by it."),
        key("sid", Shape::Text(Text::Sid), "The security identifier, to impersonate by it."),
        key("pst", Shape::Text(Text::Path), "A PST file in place of an Exchange mailbox."),
        german(
            "pst_with_password",
            &["pst_mit_Passwort"],
            Shape::Flag,
            "Whether the file may be written although it has a password.",
        ),
        german(
            "pst_on_share",
            &["pst_auf_Freigabe"],
            Shape::Flag,
            "Whether the file may be written although it is on a network share.",
        ),
        german(
            "pst_max_gb",
            &["pst_höchstens_GB"],
            Shape::Count { min: 1, max: 65_536 },
            "How long the file may become, in GB of 1,073,741,824 bytes.",
        ),
        german(
            "pst_code_page",
            &["pst_Codepage"],
            Shape::CodePage,
            "The code page of texts that are not in Unicode, where the file does not say it.",
        ),
    ],
};

/// A switch for contacts: a mode, or a table.
pub(in crate::config) const CONTACTS: Shape =
    Shape::TextOr { key: "mode", text: &Shape::Mode, table: CONTACTS_SCOPE };

/// A switch for activities: a mode, or a table.
pub(in crate::config) const ACTIVITIES: Shape =
    Shape::TextOr { key: "mode", text: &Shape::Mode, table: ACTIVITIES_SCOPE };

macro_rules! scope {
    ($switch:expr, $($first:expr,)*) => {
        &[
            key("mode", Shape::Mode, "What the switch does."),
            key("except", Shape::Fields($switch), "Fields that do not travel."),
            key("folder", Shape::Text(Text::Folder), "A folder below the default folder, parts separated by /."),
            key("category", Shape::Text(Text::Category), "A category that the items carry."),
            key("reference", Shape::Word(Reference::KEYS), "Where an item shows its record."),
            $($first,)*
            key("conflict", Shape::Word(Conflict::KEYS), "Who wins where both sides changed."),
            key("on_leave", Shape::Word(Leftover::KEYS), "What becomes of the item when its record left the filter."),
            key("on_gone", Shape::Word(Leftover::KEYS), "What becomes of the item when its record is gone or reassigned."),
            key("adopt", Shape::Word(Adopt::KEYS), "Whether items that were there before may be paired."),
            key("create_missing", Shape::Flag, "Whether sync creates items for new records after the first transfer."),
            key("first_transfer", Shape::Word(FirstTransfer::KEYS), "Whether the first transfer waits for a word."),
            key("brake", Shape::Table(BRAKE), "How much a run may do before it stops and asks."),
        ]
    };
}

/// The settings of a switch for contacts.
const CONTACTS_SCOPE: &[Key] = scope![Switch::Contacts,];

/// The settings of a switch for activities.
pub(in crate::config) const ACTIVITIES_SCOPE: &[Key] = scope![
    Switch::Activities,
    key("past_days", Shape::Days, "How old an activity may be when it is created."),
];

const LIMIT: Shape = Shape::Count { min: 0, max: 1_000_000_000 };
const PERCENT: Shape = Shape::Count { min: 0, max: 100 };

/// The limits of the brake.
pub(in crate::config) const BRAKE: &[Key] = &[
    key("created", LIMIT, "Items created, outside a first transfer."),
    key("updated_outlook", LIMIT, "Items updated in Outlook; together with the percentage."),
    key("updated_outlook_percent", PERCENT, "Per cent of the pairs updated in Outlook."),
    key(
        "updated_staffitpro",
        LIMIT,
        "Records updated in staffITpro; together with the percentage.",
    ),
    key("updated_staffitpro_percent", PERCENT, "Per cent of the pairs updated in staffITpro."),
    key("cleared", LIMIT, "Values replaced by blanks."),
    key("deleted", LIMIT, "Items deleted; this or the percentage, whichever is smaller."),
    key("deleted_percent", PERCENT, "Per cent of the pairs deleted."),
    key(
        "missing",
        LIMIT,
        "Items missing in Outlook; this or the percentage, whichever is smaller.",
    ),
    key("missing_percent", PERCENT, "Per cent of the pairs missing in Outlook."),
    key("filter_lost_percent", PERCENT, "Per cent of its members that the filter may lose."),
];

const BOTH: &[Key] = &[
    Key {
        name: Switch::Contacts.key(),
        also: Switch::Contacts.german(),
        shape: CONTACTS,
        about: "The contacts of this module.",
    },
    ACTIVITIES_KEY,
];

const ACTIVITIES_ONLY: &[Key] = &[ACTIVITIES_KEY];

const ACTIVITIES_KEY: Key = Key {
    name: Switch::Activities.key(),
    also: Switch::Activities.german(),
    shape: ACTIVITIES,
    about: "The tasks and appointments of this module.",
};

/// Says where a key belongs that somebody wrote in another table; `None` if it belongs nowhere.
pub(in crate::config) fn belongs(name: &str) -> Option<String> {
    fn search(name: &str, keys: &[Key], path: &str) -> Option<String> {
        let joined =
            |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        if !path.is_empty() && keys.iter().any(|key| key.name == name) {
            return Some(path.to_owned());
        }
        keys.iter().find_map(|key| inside(name, &key.shape, &joined(key.name)))
    }
    fn inside(name: &str, shape: &Shape, path: &str) -> Option<String> {
        match shape {
            Shape::Table(keys) | Shape::TextOr { table: keys, .. } => search(name, keys, path),
            Shape::Named { of, .. } => inside(name, of, &format!("{path}.NAME")),
            _ => None,
        }
    }
    search(name, ROOT, "").map(|path| format!("[{path}]"))
}

const fn key(name: &'static str, shape: Shape, about: &'static str) -> Key {
    Key { name, also: &[], shape, about }
}

const fn german(
    name: &'static str,
    also: &'static [&'static str],
    shape: Shape,
    about: &'static str,
) -> Key {
    Key { name, also, shape, about }
}

const fn module(module: Module) -> Key {
    let (keys, about) = if module.has_contacts() {
        (BOTH, "The switches of this module.")
    } else {
        (ACTIVITIES_ONLY, "The switch of this module; it has no contacts (rule G1).")
    };
    Key { name: module.key(), also: module.german(), shape: Shape::Table(keys), about }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::{ROOT, belongs};
    use crate::config::check::check;
    use crate::config::layers::{Layer, Layers};
    use crate::config::resolve::scope;
    use crate::config::shape::{Key, Shape};
    use crate::config::start;
    use crate::config::text::Document;
    use crate::config::tree::{Node, Table, parse};
    use crate::model::rules::ScopeSettings;
    use crate::model::{Field, Scope};

    fn default_file(with_suggestions: bool) -> Table {
        let mut text = String::new();
        for line in start::default_file().lines() {
            let suggestion = line.strip_prefix('#').filter(|rest| !rest.starts_with(' '));
            text.push_str(if with_suggestions { suggestion.unwrap_or(line) } else { line });
            text.push('\n');
        }
        let document = Document::decode(0, "default.toml", text.into_bytes()).unwrap();
        let (root, mut problems) = parse(&document);
        let table = check(root, Path::new(""), &mut problems);
        assert_eq!(problems, [], "the default file has no mistake and no unknown key");
        table
    }

    /// Lists every key of the table, `NAME` standing for names that people choose.
    fn all(keys: &[Key], above: &str, found: &mut BTreeSet<String>) {
        for key in keys {
            let path = format!("{above}{}", key.name);
            all_below(&key.shape, &path, found);
            found.insert(path);
        }
    }

    fn all_below(shape: &Shape, path: &str, found: &mut BTreeSet<String>) {
        match shape {
            Shape::Table(keys) | Shape::TextOr { table: keys, .. } => {
                all(keys, &format!("{path}."), found);
            }
            Shape::Named { of, .. } => all_below(of, &format!("{path}.NAME"), found),
            _ => {}
        }
    }

    /// Lists every key of a file in the same spelling.
    fn written(keys: &[Key], table: &Table, above: &str, found: &mut BTreeSet<String>) {
        for key in keys {
            if let Some(node) = table.of(key.name) {
                let path = format!("{above}{}", key.name);
                written_below(&key.shape, node, &path, found);
                found.insert(path);
            }
        }
    }

    fn written_below(shape: &Shape, node: &Node, path: &str, found: &mut BTreeSet<String>) {
        let Some(table) = node.table() else { return };
        match shape {
            Shape::Table(keys) | Shape::TextOr { table: keys, .. } => {
                written(keys, table, &format!("{path}."), found);
            }
            Shape::Named { of, .. } => {
                for entry in &table.0 {
                    written_below(of, &entry.node, &format!("{path}.NAME"), found);
                }
            }
            _ => {}
        }
    }

    #[test]
    fn every_key_is_documented_in_the_default_file() {
        let (mut wanted, mut found) = (BTreeSet::new(), BTreeSet::new());
        all(ROOT, "", &mut wanted);
        written(ROOT, &default_file(true), "", &mut found);
        // Groups and lines take the keys of [defaults]; each switch of a module those of all.
        let repeated = |path: &String| {
            let mut parts = path.split('.');
            let block = match parts.next() {
                Some("groups") => parts.nth(1).is_some(),
                Some("mailboxes") => {
                    !parts.nth(2).is_none_or(|key| key == "address" || key.starts_with("pst"))
                }
                _ => false,
            };
            let parts: Vec<_> = path.split('.').collect();
            block
                || parts.len() > 3
                    && parts[0] == "defaults"
                    && Scope::from_key(&parts[1..3].join(".")).is_some()
        };
        // The adapter of a vendor is told in words: a source has only one.
        let missing: Vec<_> = wanted
            .difference(&found)
            .filter(|path| !repeated(path))
            .filter(|path| !path.starts_with("sources.NAME.adapter."))
            // So are the ways to log in: a server has only one.
            .filter(|path| !path.starts_with("servers.NAME.login.k"))
            .filter(|path| !path.starts_with("servers.NAME.login.t"))
            .filter(|path| !path.starts_with("servers.NAME.proxy."))
            .collect();
        assert!(missing.is_empty(), "not in config/default.toml: {missing:?}");
        for words in
            ["{ file = 'x.dll', sha256 =", "keytab = '", "ticket_cache = \"", "proxy = { url ="]
        {
            assert!(start::default_file().contains(words), "{words}");
        }
        let fields = Field::ALL.iter().filter(|field| !start::default_file().contains(field.key()));
        assert_eq!(fields.collect::<Vec<_>>(), Vec::<&Field>::new(), "fields in the default file");
    }

    #[test]
    fn the_default_file_says_what_the_contract_says() {
        let table = default_file(false);
        let defaults = table.of("defaults").and_then(|node| node.table()).unwrap();
        let layers = Layers(vec![Layer::new(defaults).into()]);
        for scope in Scope::ALL {
            assert_eq!(scope::resolve(&layers, scope), ScopeSettings::default_for(scope));
            for key in ["mode", "reference", "conflict", "on_leave", "on_gone", "adopt"] {
                assert!(layers.of(scope, key).is_some(), "{scope}.{key} is written out");
            }
        }
    }

    #[test]
    fn a_key_in_the_wrong_table_is_sent_home() {
        assert_eq!(belongs("sha256").unwrap(), "[sources.NAME.adapter]");
        assert_eq!(belongs("past_days").unwrap(), "[defaults.activities]");
        assert_eq!(belongs("colour"), None);
        // A key of a file itself has no table to belong to.
        assert_eq!(belongs("include"), None);
    }
}
