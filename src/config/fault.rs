//! Pure: every situation in which a configuration is wrong or doubtful. The sentences are in `english` and `german`.

use crate::config::origin::Place;
use crate::model::Switch;

/// What is wrong. Secrets are in none of the variants, whatever the file says.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::config) enum Fault {
    // Files.
    /// The file cannot be read.
    Unreadable { path: String, reason: String },
    /// The file is UTF-16.
    Utf16,
    /// The file is neither UTF-8 nor UTF-16.
    NotUtf8,
    /// The file includes one by which it is itself included.
    IncludeCycle { path: String, includer: String },
    /// No file has a name like this.
    IncludeNothing { pattern: String },
    /// A pattern stands in the folder part.
    IncludePattern { pattern: String },
    /// The line is no TOML.
    Syntax { broken: Broken, slip: Option<Slip> },

    // Keys and values.
    /// Nobody knows this key here.
    UnknownKey {
        key: String,
        nearest: Option<String>,
        belongs: Option<String>,
        allowed: Vec<String>,
    },
    /// A key stands in a table twice, perhaps once in German.
    Twice { key: String, first: Option<Place> },
    /// A user name with a dot stands without quotes and became a table.
    UserWithDot { user: String },
    /// A line stands in `[mailboxes]` itself, outside any group.
    LineOutsideGroup { user: String },
    /// The value is of the wrong sort.
    WrongKind { key: String, found: Kind, allowed: Allowed },
    /// The word is none of those allowed.
    UnknownWord { key: String, found: String, nearest: Option<String>, allowed: Vec<String> },
    /// The number is too small or too large.
    OutOfRange { key: String, found: i64, min: u32, max: u32 },
    /// The text is empty, or starts or ends with a blank.
    Blank { key: String, empty: bool },
    /// The text contains a control character, most likely from `"C:\new"`.
    ControlCharacter { key: String, backslash: bool },
    /// A key is missing that has no default.
    Missing { table: String, key: &'static str },
    /// `version` is one that this program does not know.
    Version { found: i64 },
    /// The name of a source or server has characters that it must not have.
    Name { found: String },
    /// The module has no contacts (rule G1).
    NoContacts { module: String },
    /// The time zone does not exist.
    Zone { found: String, windows: Option<String> },
    /// The digest is not 64 hexadecimal digits.
    Digest { digits: usize },
    /// The text is no mail address.
    Address { found: String },
    /// What addresses must end with does not start with `@`.
    AddressEnd { found: String },
    /// The address does not end as it must.
    AddressMust { address: String, ends: Vec<String>, rule: Place },
    /// The Outlook folder is written with backslashes or has an empty part.
    FolderPath { found: String },
    /// A part of the path is longer than Outlook's names of folders.
    FolderName { found: String },
    /// The path begins with the name of a default folder, below which it counts anyway.
    FolderTwice { found: String },
    /// Outlook would make several categories of it, or cut it.
    Category { found: String },
    /// The field does not exist for this kind of data.
    Field { found: String, nearest: Option<String>, switch: Switch },
    /// The adapter is named like a file.
    AdapterName { found: String },
    /// The state may not be on a network share.
    NetworkShare { path: String },

    // Secrets.
    /// A secret stands in the file.
    SecretInline { key: String },
    /// The place of a secret is not exactly one of `env`, `file` and `command`.
    SecretPlace { key: String },
    /// A setting of the adapter looks like a secret.
    SecretInSettings { key: String },

    // Servers.
    /// The address is no `https://` one.
    NotHttps { found: String },
    /// The server is Exchange Online.
    ExchangeOnline { host: String },
    /// The address has no valid host or port.
    Host { found: String },
    /// The address contains a user name or a password.
    UrlLogin,
    /// The path of the address is not the usual one.
    UrlPath { found: String },
    /// The way of logging in has another name here, or is none.
    OtherScheme { scheme: String },
    /// The key says nothing under this way of logging in.
    LoginKey { key: &'static str, scheme: &'static str },
    /// Two keys each say where the ticket comes from.
    TwoTickets { first: &'static str, second: &'static str },
    /// A certificate is pinned, and others are to be trusted besides.
    PinAndFile,
    /// What a login is to be bound to is neither a word nor a hash.
    Binding { found: String },
    /// The fingerprint of a certificate has not 64 digits.
    Pin { digits: usize },
    /// The address of the proxy cannot be used.
    Proxy { found: String },
    /// What is to be a host is none, or would be everybody.
    HostPattern { found: String },
    /// Mailboxes are looked for, and no host may see the login.
    NoHosts { server: String },
    /// The account's own mailbox cannot be several.
    OwnMailbox { server: String, first: Place },

    // What refers to what.
    /// There is no source at all.
    NoSource,
    /// There is no server at all, but a mailbox on one.
    NoServer { user: String },
    /// There are several sources or servers and the mailbox does not say which.
    Which { key: &'static str, user: String, names: Vec<String> },
    /// No source or server has this name.
    UnknownName { key: &'static str, found: String, nearest: Option<String>, names: Vec<String> },
    /// A user has two lines.
    UserTwice { user: String, first: Place },
    /// A mailbox has two lines.
    MailboxTwice { target: String, first: Place },
    /// A line names both an address and a PST file.
    BothTargets { user: String },
    /// A key about a PST file stands in the line of an Exchange mailbox.
    WithoutFile { key: &'static str, user: String },
    /// What is to be a security identifier is none.
    Sid { found: String },
    /// No texts can be read in this code page.
    CodePage { found: i64 },
    /// These are no hours of quiet.
    Quiet { found: String },
    /// A line names both a user principal name and a security identifier.
    BothIdentities { user: String },
    /// A line names neither an address nor a PST file.
    NoTarget { user: String },

    // Doubts.
    /// Outlook cannot overwrite business contacts (rule G7).
    MovesNothing { scope: String },
    /// No mailbox is in this group.
    GroupUnused { group: String, nearest: Option<String> },
    /// There is no mailbox.
    NoMailboxes,
    /// No switch of any mailbox is on.
    NothingOn,
}

/// What the TOML parser stumbled over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::config) enum Broken {
    /// An unknown character follows a backslash.
    Escape,
    /// A text has no quotes.
    NoQuotes,
    /// A text does not end on its line, or has a control character.
    OpenText,
    /// A key has a letter that only keys in quotes may have.
    KeyLetter,
    /// A key has no value.
    NoValue,
    /// The key is missing.
    NoKey,
    /// The bracket of a section is not closed.
    OpenSection,
    /// The bracket of a list is not closed.
    OpenList,
    /// The brace of a table is not closed.
    OpenTable,
    /// A comma is missing.
    NoComma,
    /// Something follows the value.
    AfterValue,
    /// A number starts with a zero.
    LeadingZero,
    /// Anything else, in the parser's words.
    Other(String),
}

/// The usual mistake behind a line that is no TOML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) enum Slip {
    /// `"C:\new"`.
    Backslash,
    /// `Verträge = …` without quotes around the key.
    UmlautKey,
    /// `Aufgaben und Termine = …` without quotes around the key.
    BlankInKey,
    /// Quotes from a word processor.
    TypographicQuotes,
    /// A blank that must not break, from a web page.
    NoBreakSpace,
}

/// What sort of value was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) enum Kind {
    /// `"…"`.
    Text,
    /// `3`.
    Number,
    /// `3.5`.
    Decimal,
    /// `true`.
    Flag,
    /// `2026-01-01`.
    Moment,
    /// `[…]`.
    List,
    /// `{…}` or a section.
    Table,
}

/// What sort of value a key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) enum Allowed {
    /// A text.
    Text,
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Count { min: u32, max: u32 },
    /// A whole number or `"all"`.
    Days,
    /// One of these words.
    Words(&'static [&'static str]),
    /// A list of texts.
    List,
    /// A text or a list of texts.
    TextOrList,
    /// A table.
    Table,
    /// A text or a table.
    TextOrTable,
    /// A table that says where a secret is kept.
    Secret,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;
    use std::{fs, io};

    use crate::config::load::Disk;
    use crate::config::read::{Files, gather};
    use crate::config::resolve::resolve;

    /// Lists the variants of an enum of this file.
    fn variants(name: &str) -> BTreeSet<String> {
        let source = include_str!("fault.rs");
        let (_, rest) = source.split_once(&format!("enum {name} {{\n")).unwrap();
        let (body, _) = rest.split_once("\n}").unwrap();
        let word = |line: &str| -> String {
            line.trim_start().chars().take_while(char::is_ascii_alphanumeric).collect()
        };
        body.lines()
            .filter(|line| line.starts_with("    ") && line.as_bytes()[4].is_ascii_uppercase())
            .map(word)
            .collect()
    }

    #[test]
    fn every_situation_has_a_fixture() -> io::Result<()> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/config");
        let (mut faults, mut slips) = (BTreeSet::new(), BTreeSet::new());
        // What the parser may say one day has no fixture.
        let mut brokens = BTreeSet::from(["Other".to_owned()]);
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            let main = if path.is_dir() { path.join("abgleich.toml") } else { path };
            if main.extension().is_none_or(|extension| extension != "toml") {
                continue;
            }
            assert!(Disk.read(&main).is_ok());
            let (_, problems) = resolve(gather(&main, &Disk));
            for problem in problems {
                let shown = format!("{:?}", problem.fault);
                if let super::Fault::Syntax { broken, slip } = &problem.fault {
                    brokens.insert(format!("{broken:?}"));
                    slips.extend(slip.map(|slip| format!("{slip:?}")));
                }
                faults.insert(shown.chars().take_while(char::is_ascii_alphanumeric).collect());
            }
        }
        for (name, found) in [("Fault", faults), ("Slip", slips), ("Broken", brokens)] {
            let all = variants(name);
            assert!(all.len() > 4, "{name}: the test reads the list of variants");
            let missing: Vec<_> = all.difference(&found).collect();
            assert!(missing.is_empty(), "{name} without a fixture: {missing:?}");
        }
        Ok(())
    }
}
