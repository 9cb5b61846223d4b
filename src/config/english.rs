//! Pure: every fault of a configuration in English: what was found, what is allowed, what to do.

use std::fmt::{self, Formatter};

use crate::config::fault::{Allowed, Broken, Fault, Kind, Slip};
use crate::config::shown::{list, shown};

/// Writes the sentence.
pub(in crate::config) fn write(f: &mut Formatter<'_>, fault: &Fault) -> fmt::Result {
    match fault {
        Fault::Unreadable { path, reason } => write!(
            f,
            "the file {} cannot be read: {}; check its name and that the account that runs abgleich may read it",
            shown(path),
            shown(reason)
        ),
        Fault::Utf16 => f.write_str(
            "the file is saved as UTF-16; save it as UTF-8 (in Notepad: Save as, Encoding: UTF-8)",
        ),
        Fault::NotUtf8 => f.write_str(
            "here is a character that is not UTF-8; save the file as UTF-8 (in Notepad: Save as, Encoding: UTF-8)",
        ),
        Fault::IncludeCycle { path, includer } => write!(
            f,
            "{} is included here, but it is what includes {}, directly or not; take one of the two out",
            shown(path),
            shown(includer)
        ),
        Fault::IncludeNothing { pattern } => {
            write!(f, "no file has a name like {}; nothing is included", shown(pattern))
        }
        Fault::IncludePattern { pattern } => write!(
            f,
            "in \"{}\" a * or ? stands in a folder; they are allowed in the file name only",
            shown(pattern)
        ),
        Fault::Syntax { broken, slip } => {
            f.write_str("this is not valid TOML: ")?;
            // The usual mistake says more than what the parser made of it.
            match slip {
                Some(slip) => f.write_str(slip_hint(*slip)),
                None => write_broken(f, broken),
            }
        }
        Fault::UnknownKey { key, nearest, belongs, allowed } => {
            write!(f, "unknown key \"{}\"", shown(key))?;
            if let Some(nearest) = nearest {
                write!(f, ", did you mean \"{nearest}\"?")?;
            } else if let Some(belongs) = belongs {
                write!(f, ", it belongs in {belongs}")?;
            }
            write!(f, " (allowed here: {})", list(allowed))
        }
        Fault::Twice { key, first: Some(first) } => write!(
            f,
            "\"{}\" stands here a second time, first at {first}; keep one of them",
            shown(key)
        ),
        Fault::Twice { key, first: None } => {
            write!(f, "\"{}\" stands here a second time; keep one of them", shown(key))
        }
        Fault::UserWithDot { user } => write!(
            f,
            "a user name with a dot needs quotes: \"{}\" = …",
            shown(user)
        ),
        Fault::LineOutsideGroup { user } => write!(
            f,
            "the line of {} stands in [mailboxes] itself; put it into a group, such as [mailboxes.all]",
            shown(user)
        ),
        Fault::WrongKind { key, found, allowed } => {
            write!(f, "\"{}\" is {}, but must be ", shown(key), kind(*found))?;
            write_allowed(f, *allowed)
        }
        Fault::UnknownWord { key, found, nearest, allowed } => {
            write!(f, "\"{}\" is \"{}\"", shown(key), shown(found))?;
            if let Some(nearest) = nearest {
                write!(f, ", did you mean \"{nearest}\"?")?;
            }
            write!(f, " (allowed: {})", list(allowed))
        }
        Fault::OutOfRange { key, found, min, max } => write!(
            f,
            "\"{}\" is {found}, but must be a number from {min} to {max}",
            shown(key)
        ),
        Fault::Blank { key, empty: true } => {
            write!(f, "\"{}\" is empty; write a value or take the line out", shown(key))
        }
        Fault::Blank { key, empty: false } => write!(
            f,
            "\"{}\" starts or ends with a blank; take the blank out",
            shown(key)
        ),
        Fault::ControlCharacter { key, backslash: true } => write!(
            f,
            "in \"{}\" a backslash was read as a control character; write paths in single quotes: 'C:\\new'",
            shown(key)
        ),
        Fault::ControlCharacter { key, backslash: false } => write!(
            f,
            "\"{}\" contains a tab, a line break or another control character; take it out",
            shown(key)
        ),
        Fault::Missing { table, key } => {
            write!(f, "\"{key}\" is missing in {}; it has no default", shown(table))
        }
        Fault::Version { found } => write!(
            f,
            "version {found} of the configuration is not known to this abgleich; it reads version 1"
        ),
        Fault::Name { found } => write!(
            f,
            "\"{}\" cannot be a name here; use letters a-z, digits, - and _, at most 40",
            shown(found)
        ),
        Fault::NoContacts { module } => write!(
            f,
            "{module} has no contacts in staffITpro; only applicants and business_contacts do (rule G1); take the key out"
        ),
        Fault::Zone { found, windows: Some(name) } => write!(
            f,
            "\"{}\" is the Windows name of a time zone; write \"{name}\"",
            shown(found)
        ),
        Fault::Zone { found, windows: None } => write!(
            f,
            "there is no time zone \"{}\"; write an IANA name such as \"Europe/Berlin\"",
            shown(found)
        ),
        Fault::Digest { digits } => write!(
            f,
            "a SHA-256 has 64 hexadecimal digits, this has {digits} characters; `abgleich plugin inspect FILE` prints the right one"
        ),
        Fault::Address { found } => write!(
            f,
            "\"{}\" is not a mail address; write it as name@firma.example (a PST file: {{ pst = '…' }})",
            shown(found)
        ),
        Fault::AddressEnd { found } => write!(
            f,
            "\"{}\" must start with @, such as \"@firma.example\"",
            shown(found)
        ),
        Fault::AddressMust { address, ends, rule } => write!(
            f,
            "{} does not end with {}, as address_must at {rule} asks; correct the address or the rule",
            shown(address),
            list(ends)
        ),
        Fault::Category { found } => write!(
            f,
            "\"{}\" is not one category in Outlook; it has at most 255 characters, and no comma or semicolon",
            shown(found)
        ),
        Fault::FolderPath { found } => write!(
            f,
            "\"{}\" is not a folder below the default folder; write its parts with / between them, such as \"staffITpro/Bewerber\"",
            shown(found)
        ),
        Fault::FolderName { found } => write!(
            f,
            "the folder \"{}\" has a name that is too long for Outlook; write at most 255 characters for each part",
            shown(found)
        ),
        Fault::FolderTwice { found } => write!(
            f,
            "\"{}\" is a folder within the default folder, and not that folder itself; leave it out unless there is to be one more of that name",
            shown(found)
        ),
        Fault::Field { found, nearest, switch } => {
            write!(f, "{} have no field \"{}\"", switch.key(), shown(found))?;
            match nearest {
                Some(nearest) => write!(f, ", did you mean \"{nearest}\"?"),
                None => f.write_str("; the comments of the default file list the fields"),
            }
        }
        Fault::AdapterName { found } => write!(
            f,
            "\"{}\" looks like a file; a vendor's adapter is written adapter = {{ file = '…', sha256 = \"…\" }}",
            shown(found)
        ),
        Fault::NetworkShare { path } => write!(
            f,
            "{} is on a network share, where the state is not safe; choose a folder on a local disk",
            shown(path)
        ),
        Fault::SecretInline { key } => write!(
            f,
            "\"{}\" is a secret and must not stand in the file; write {{ env = \"NAME\" }}, {{ file = '…' }} or {{ command = [\"…\"] }}, and change the secret",
            shown(key)
        ),
        Fault::SecretPlace { key } => write!(
            f,
            "\"{}\" must have exactly one of env, file and command, such as {{ env = \"NAME\" }}",
            shown(key)
        ),
        Fault::SecretInSettings { key } => write!(
            f,
            "\"{}\" looks like a secret; move it from settings to secrets: secrets = {{ {} = {{ env = \"NAME\" }} }}",
            shown(key),
            shown(key)
        ),
        Fault::NotHttps { found } => write!(
            f,
            "\"{}\" must start with https://; passwords and mail go over encrypted connections only",
            shown(found)
        ),
        Fault::ExchangeOnline { host } => write!(
            f,
            "{} is Exchange Online, where Microsoft switches EWS off; abgleich needs an Exchange server of your own (2013 to SE)",
            shown(host)
        ),
        Fault::Host { found } => write!(
            f,
            "\"{}\" has no valid host name; write https://mail.firma.example/EWS/Exchange.asmx",
            shown(found)
        ),
        Fault::UrlLogin => f.write_str(
            "the address contains a user name or password; write them in login and take them out here",
        ),
        Fault::UrlPath { found } => write!(
            f,
            "the path of the address is \"{}\"; the web service is usually at /EWS/Exchange.asmx",
            shown(found)
        ),
        Fault::OtherScheme { scheme } => write!(
            f,
            "\"{}\" is no way of logging in here; Kerberos is \"negotiate\", the others are \"ntlm\" and \"basic\"",
            shown(scheme)
        ),
        Fault::LoginKey { key, scheme } => {
            write!(f, "{key} says nothing under scheme = \"{scheme}\"; take it out")
        }
        Fault::TwoTickets { first, second } => write!(
            f,
            "{first} and {second} do not go together: the Kerberos ticket comes from one place; leave one of them"
        ),
        Fault::PinAndFile => f.write_str(
            "pin trusts one certificate and no other, so that ca_file says nothing; leave one of them",
        ),
        Fault::Binding { found } => write!(
            f,
            "cbt is \"auto\", \"off\" or the hash of a certificate in hexadecimal, not \"{}\"",
            shown(found)
        ),
        Fault::Pin { digits } => write!(
            f,
            "the SHA-256 of a certificate has 64 hexadecimal digits, this has {digits}; on the server `certutil -hashfile FILE.cer SHA256` tells it (of the certificate exported as DER)"
        ),
        Fault::Proxy { found } => write!(
            f,
            "\"{}\" is no proxy; write it as http://proxy.firma.example:8080, its login as user and password beside url",
            shown(found)
        ),
        Fault::HostPattern { found } => write!(
            f,
            "\"{}\" is no host; write a name such as \"mail.firma.example\", or \"*.firma.example\" for all below a domain",
            shown(found)
        ),
        Fault::NoHosts { server } => write!(
            f,
            "url = \"autodiscover\" needs to know which hosts may see the login; add hosts = [\"…\"] at [servers.{server}] (`abgleich discover ADDRESS` names them)"
        ),
        Fault::Quiet { found } => write!(
            f,
            "\"{}\" are no hours of quiet; write \"22:00-05:00\", \"Sat-Sun\" or \"Mon-Fri 12:00-13:00\"",
            shown(found)
        ),
        Fault::Sid { found } => write!(
            f,
            "\"{}\" is no security identifier; it looks like S-1-5-21-1004336348-1177238915-682003330-1107",
            shown(found)
        ),
        Fault::CodePage { found } => write!(
            f,
            "{found} is no code page that is known here; it is one such as 1250, 1251, 932 or 65001 (UTF-8)"
        ),
        Fault::BothIdentities { user } => write!(
            f,
            "the line of {} has both upn and sid; keep one of them",
            shown(user)
        ),
        Fault::OwnMailbox { server, first } => write!(
            f,
            "access = \"own\" at [servers.{}] opens one mailbox only, the one at {first}; use impersonation or delegate for several",
            shown(server)
        ),
        Fault::NoSource => f.write_str(
            "no source is configured; write a section [sources.staffitpro] with adapter and zone",
        ),
        Fault::NoServer { user } => write!(
            f,
            "no server is configured for the mailbox of {}; write a section [servers.exchange] with url and login",
            shown(user)
        ),
        Fault::Which { key, user, names } => write!(
            f,
            "the line of {} does not say which {key} it means; add {key} = … here, in its group or in [defaults] (there are: {})",
            shown(user),
            list(names)
        ),
        Fault::UnknownName { key, found, nearest, names } => {
            write!(f, "there is no {key} \"{}\"", shown(found))?;
            if let Some(nearest) = nearest {
                write!(f, ", did you mean \"{}\"?", shown(nearest))?;
            }
            write!(f, " (there are: {})", list(names))
        }
        Fault::UserTwice { user, first } => write!(
            f,
            "the user {} has a second line here, the first is at {first}; a user has one mailbox, keep one of them",
            shown(user)
        ),
        Fault::MailboxTwice { target, first } => write!(
            f,
            "the mailbox {} belongs to a second user here, the first is at {first}; a mailbox belongs to one user, correct one of them",
            shown(target)
        ),
        Fault::BothTargets { user } => write!(
            f,
            "the line of {} has both address and pst; keep one of them",
            shown(user)
        ),
        Fault::WithoutFile { key, user } => write!(
            f,
            "{key} is about a PST file, and the line of {} has an address; take it out",
            shown(user)
        ),
        Fault::NoTarget { user } => write!(
            f,
            "the line of {} has neither address nor pst; add address = \"name@firma.example\"",
            shown(user)
        ),
        Fault::MovesNothing { scope } => write!(
            f,
            "outlook-overwrites-staffitpro moves nothing in {scope}: business contacts never change in staffITpro (rule G7); choose sync or staffitpro-overwrites-outlook"
        ),
        Fault::GroupUnused { group, nearest } => {
            write!(f, "no mailbox is in the group \"{}\"", shown(group))?;
            match nearest {
                Some(nearest) => write!(f, ", did you mean \"{}\"?", shown(nearest)),
                None => write!(f, "; add [mailboxes.{}] or take the group out", shown(group)),
            }
        }
        Fault::NoMailboxes => f.write_str(
            "no mailbox is configured, so there is nothing to do; `abgleich users --toml` prints lines for [mailboxes.all]",
        ),
        Fault::NothingOn => f.write_str(
            "all switches of all mailboxes are none, so nothing will move; choose modes in [defaults]",
        ),
    }
}

fn write_broken(f: &mut Formatter<'_>, broken: &Broken) -> fmt::Result {
    f.write_str(match broken {
        Broken::Escape => {
            "after a backslash in \"…\" stands none of the letters that may stand there"
        }
        Broken::NoQuotes => "texts need quotes",
        Broken::OpenText => "the text has no closing quote, or a control character in it",
        Broken::KeyLetter => "keys without quotes consist of a-z, A-Z, digits, - and _",
        Broken::NoValue => "after the key = and a value are missing",
        Broken::NoKey => "the key is missing",
        Broken::OpenSection => "the closing ] of the section is missing",
        Broken::OpenList => "the list above is not closed, a ] is missing",
        Broken::OpenTable => "the table above is not closed, a } is missing",
        Broken::NoComma => "a comma is missing",
        Broken::AfterValue => "the line should end here",
        Broken::LeadingZero => "numbers do not start with 0",
        Broken::Other(message) => return write!(f, "{}", shown(message)),
    })
}

const fn slip_hint(slip: Slip) -> &'static str {
    match slip {
        Slip::Backslash => {
            "a backslash in \"…\" starts a special character; write paths in single quotes: 'C:\\new'"
        }
        Slip::UmlautKey => {
            "keys with umlauts need quotes: \"Verträge\" = …, [defaults.\"Verträge\"]"
        }
        Slip::BlankInKey => "keys with blanks need quotes: \"Aufgaben und Termine\" = …",
        Slip::TypographicQuotes => "use straight quotes: \"…\" or '…'",
        Slip::NoBreakSpace => {
            "the line contains a no-break space, as web pages do; type the blanks anew"
        }
    }
}

const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "a text",
        Kind::Number => "a number",
        Kind::Decimal => "a decimal number",
        Kind::Flag => "true or false",
        Kind::Moment => "a date or time",
        Kind::List => "a list",
        Kind::Table => "a table",
    }
}

fn write_allowed(f: &mut Formatter<'_>, allowed: Allowed) -> fmt::Result {
    match allowed {
        Allowed::Text => f.write_str("a text in quotes"),
        Allowed::Flag => f.write_str("true or false, without quotes"),
        Allowed::Count { min, max } => {
            write!(f, "a whole number from {min} to {max}, without quotes")
        }
        Allowed::Days => f.write_str("a whole number of days, or \"all\""),
        Allowed::Words(words) => write!(f, "one of {}, in quotes", words.join(", ")),
        Allowed::List => f.write_str("a list of texts: [\"…\", \"…\"]"),
        Allowed::TextOrList => f.write_str("a text or a list of texts: [\"…\", \"…\"]"),
        Allowed::Table => f.write_str("a table: { key = … } or a section of its own"),
        Allowed::TextOrTable => f.write_str("a text in quotes or a table: { key = … }"),
        Allowed::Secret => f.write_str(
            "a table that says where the secret is kept: { env = \"NAME\" }, { file = '…' } or { command = [\"…\"] }",
        ),
    }
}
