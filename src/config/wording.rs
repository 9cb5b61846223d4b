//! Pure: what a single text must be: a path, an address, a zone, the address of a server.

use std::path::Path;
use std::str::FromStr;

use windows_timezones::WindowsTimezone;

use crate::cloud::is_exchange_online;
use crate::config::fault::Fault;
use crate::config::settings::{Binding, Digest, Zone};
use crate::config::shape::Text;
use crate::model::schedule::Window;
use crate::model::texts::is_category;

/// A text as it is to be used, and a doubt about it.
type Checked = (String, Option<Fault>);

/// Checks a text. `folder` is where relative paths count from.
pub(in crate::config) fn check(
    key: &str,
    text: &str,
    rule: Text,
    folder: &Path,
) -> Result<Checked, Fault> {
    let is_path = matches!(rule, Text::Path | Text::LocalPath | Text::Pattern);
    if text.chars().any(char::is_control) {
        // A tab may have been typed; the others can only come from a backslash.
        let typed = |letter: char| !letter.is_control() || letter == '\t';
        let backslash = is_path || !text.chars().all(typed);
        return Err(Fault::ControlCharacter { key: key.to_owned(), backslash });
    }
    if text.trim() != text || text.is_empty() {
        return Err(Fault::Blank { key: key.to_owned(), empty: text.trim().is_empty() });
    }
    let found = || text.to_owned();
    let as_it_is = || Ok((text.to_owned(), None));
    match rule {
        Text::LocalPath if is_share(text) => Err(Fault::NetworkShare { path: found() }),
        Text::Path | Text::LocalPath => Ok((join(folder, text), None)),
        Text::Pattern => {
            let text = text.replace('\\', "/");
            match text.rsplit_once('/') {
                Some((folder, _)) if folder.contains(['*', '?']) => {
                    Err(Fault::IncludePattern { pattern: found() })
                }
                _ => Ok((text, None)),
            }
        }
        Text::Zone => {
            if let Some(zone) = Zone::new(text) {
                return Ok((zone.name().to_owned(), None));
            }
            let windows = WindowsTimezone::from_str(text).ok();
            let windows = windows.map(|zone| zone.tzdb_id().to_owned());
            Err(Fault::Zone { found: found(), windows })
        }
        Text::Address if is_address(text) => as_it_is(),
        Text::Address => Err(Fault::Address { found: found() }),
        Text::AddressEnd if text.len() > 1 && text.starts_with('@') => as_it_is(),
        Text::AddressEnd => Err(Fault::AddressEnd { found: found() }),
        Text::Url if text == AUTODISCOVER => as_it_is(),
        Text::Url => url(text),
        Text::HostPattern if is_host_pattern(text) => as_it_is(),
        Text::HostPattern => Err(Fault::HostPattern { found: found() }),
        Text::Quiet if Window::parse(text).is_some() => as_it_is(),
        Text::Quiet => Err(Fault::Quiet { found: found() }),
        Text::Sid if is_sid(text) => as_it_is(),
        Text::Sid => Err(Fault::Sid { found: found() }),
        Text::Folder => outlook_folder(text),
        Text::Category if is_category(text) => as_it_is(),
        Text::Category => Err(Fault::Category { found: found() }),
        Text::Digest if Digest::from_hex(text).is_some() => as_it_is(),
        Text::Digest => Err(Fault::Digest { digits: text.chars().count() }),
        Text::Binding if binding(text).is_some() => as_it_is(),
        Text::Binding => Err(Fault::Binding { found: found() }),
        Text::Pin if Digest::from_hex(&without_colons(text)).is_some() => {
            Ok((without_colons(text), None))
        }
        Text::Pin => Err(Fault::Pin { digits: without_colons(text).chars().count() }),
        // What is mistyped before the host may be a password.
        Text::Proxy if text.contains('@') => Err(Fault::UrlLogin),
        Text::Proxy if is_proxy(text) => as_it_is(),
        Text::Proxy => Err(Fault::Proxy { found: found() }),
        Text::Adapter if text.contains(['/', '\\', '.', ':']) => {
            Err(Fault::AdapterName { found: found() })
        }
        Text::Line | Text::Adapter => as_it_is(),
    }
}

/// The most units of UTF-16 that the name of a folder has in Outlook.
const LONGEST_NAME: usize = 255;
/// What Outlook calls the default folders for contacts, appointments and tasks.
const DEFAULT_FOLDERS: [&str; 6] =
    ["contacts", "calendar", "tasks", "kontakte", "kalender", "aufgaben"];

fn outlook_folder(text: &str) -> Result<Checked, Fault> {
    let mut parts = text.split('/');
    if text.contains('\\') || parts.clone().any(|part| part.trim().is_empty()) {
        return Err(Fault::FolderPath { found: text.to_owned() });
    }
    if let Some(long) = parts.clone().find(|part| part.encode_utf16().count() > LONGEST_NAME) {
        return Err(Fault::FolderName { found: long.to_owned() });
    }
    // Who writes the path as Outlook shows it begins with the folder that it counts from.
    let twice = parts.next().filter(|first| DEFAULT_FOLDERS.contains(&&*first.to_lowercase()));
    Ok((text.to_owned(), twice.map(|first| Fault::FolderTwice { found: first.to_owned() })))
}

/// Reads what a login is bound to; `None` for neither a word nor a hash of a usual length.
pub(in crate::config) fn binding(text: &str) -> Option<Binding> {
    match text {
        "auto" => return Some(Binding::Auto),
        "off" => return Some(Binding::Off),
        _ => {}
    }
    let digits = without_colons(text);
    // SHA-256, SHA-384, SHA-512.
    if ![64, 96, 128].contains(&digits.len()) {
        return None;
    }
    let byte = |at: usize| u8::from_str_radix(digits.get(at * 2..at * 2 + 2)?, 16).ok();
    let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let hash: Option<Vec<u8>> = (0..digits.len() / 2).map(byte).collect();
    hash.filter(|_| is_hex).map(Binding::Hash)
}

/// Windows and openssl write fingerprints with blanks or colons between the bytes.
fn without_colons(text: &str) -> String {
    text.chars().filter(|letter| !matches!(letter, ':' | ' ')).collect()
}

fn is_proxy(text: &str) -> bool {
    let rest = match text.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => rest,
        Some(_) => return false,
        None => text,
    };
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, "8080"));
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    !host.is_empty() && host.bytes().all(legal) && port.parse().is_ok_and(|port: u16| port != 0)
}

/// Says whether a path leads to another machine: `\\server\share`, but not `\\?\C:\folder`.
fn is_share(path: &str) -> bool {
    let path = path.replace('/', "\\");
    match path.strip_prefix(r"\\?\").or_else(|| path.strip_prefix(r"\\.\")) {
        Some(rest) => rest.to_uppercase().starts_with(r"UNC\"),
        None => path.starts_with(r"\\"),
    }
}

/// Says whether a path starts at a root, on Windows or elsewhere, whatever system this is.
fn is_rooted(path: &str) -> bool {
    path.starts_with(['/', '\\'])
        || path.get(1..2) == Some(":")
            && path.starts_with(|drive: char| drive.is_ascii_alphabetic())
}

fn join(folder: &Path, path: &str) -> String {
    if is_rooted(path) {
        return path.to_owned();
    }
    folder.join(path).to_string_lossy().into_owned()
}

fn is_address(text: &str) -> bool {
    let Some((name, domain)) = text.split_once('@') else { return false };
    let odd = |letter: char| letter.is_whitespace() || "<>()[],;:\\\"@".contains(letter);
    !name.is_empty()
        && !text.replacen('@', "", 1).contains(odd)
        && !domain.split('.').any(str::is_empty)
}

/// What stands in place of a server's address where each mailbox is looked for.
pub(in crate::config) const AUTODISCOVER: &str = "autodiscover";

/// Says whether a text is the name of a host, or `*.` and a domain of two labels or more: `*.com` would be everybody.
fn is_host_pattern(text: &str) -> bool {
    let (name, least) = match text.strip_prefix("*.") {
        Some(name) => (name, 2),
        None => (text, 1),
    };
    let label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    name.split('.').all(label) && name.split('.').count() >= least
}

/// Says whether a text is the SID of an account, such as `S-1-5-21-1004336348-1177238915-682003330-512`.
fn is_sid(text: &str) -> bool {
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.strip_prefix("S-1-").is_some_and(|rest| {
        rest.split('-').all(number) && (2..=16).contains(&rest.split('-').count())
    })
}

fn url(text: &str) -> Result<Checked, Fault> {
    let after_scheme = text.split_once("://").map_or(text, |(_, rest)| rest);
    let end = after_scheme.find(['/', '?', '#']).unwrap_or(after_scheme.len());
    let (authority, path) = after_scheme.split_at_checked(end).unwrap_or((after_scheme, ""));
    // Not only before the host: what is mistyped must not be repeated in a message either.
    if text.contains('@') {
        return Err(Fault::UrlLogin);
    }
    let found = || text.to_owned();
    if !text.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://")) {
        return Err(Fault::NotHttps { found: found() });
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let six = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let good_host = match six {
        Some(six) => std::net::Ipv6Addr::from_str(six).is_ok(),
        None => {
            !host.split('.').any(str::is_empty)
                && host
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
        }
    };
    let good_port = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port != 0));
    if !good_host || !good_port {
        return Err(Fault::Host { found: found() });
    }
    let host = host.to_lowercase();
    if is_exchange_online(&host) {
        return Err(Fault::ExchangeOnline { host });
    }
    let usual = path.to_lowercase().ends_with("/exchange.asmx");
    let doubt = (!usual).then(|| Fault::UrlPath { found: path.to_owned() });
    Ok((text.to_owned(), doubt))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{check, is_address, is_rooted, is_share, outlook_folder, url};
    use crate::config::fault::Fault;
    use crate::config::shape::Text;

    #[test]
    fn windows_paths_are_rooted_on_every_system() {
        assert!(["C:\\x", "c:/x", "\\\\server\\share", "/var/x"].into_iter().all(is_rooted));
        assert!(!["x", "x\\y", "ä:\\x", "", "mailboxes/x"].into_iter().any(is_rooted));
        let path = |text| check("file", text, Text::Path, Path::new("/etc/abgleich")).unwrap().0;
        assert_eq!(path(r"D:\staffitpro\demo.db"), r"D:\staffitpro\demo.db");
        assert_eq!(Path::new(&path("geheim.txt")), Path::new("/etc/abgleich/geheim.txt"));
    }

    #[test]
    fn shares_are_told_from_long_local_paths() {
        assert!(
            [r"\\server\share", "//server/share", r"\\?\UNC\server\x"].into_iter().all(is_share)
        );
        assert!(![r"\\?\C:\abgleich", "/var/lib", r"C:\x", r"\x"].into_iter().any(is_share));
    }

    #[test]
    fn hosts_and_identifiers_are_what_they_should_be() {
        assert!(
            ["mail.firma.example", "*.firma.example", "ex1"]
                .into_iter()
                .all(super::is_host_pattern)
        );
        for text in ["*", "*.example", "*firma.example", "https://a.b", "a.*.b", "a b", "a..b", ""]
        {
            assert!(!super::is_host_pattern(text), "{text}");
        }
        assert!(super::is_sid("S-1-5-21-1004336348-1177238915-682003330-512"));
        for text in ["S-1-", "s-1-5-21", "S-1-5-21-", "S-1-5-x", "512"] {
            assert!(!super::is_sid(text), "{text}");
        }
    }

    #[test]
    fn a_folder_has_names_that_outlook_takes() {
        assert_eq!(outlook_folder(&format!("a/{}", "ä".repeat(255))).unwrap().1, None);
        let long = outlook_folder(&format!("a/{}", "😀".repeat(128)));
        assert!(matches!(long, Err(Fault::FolderName { .. })), "{long:?}");
        for text in ["/a", "a//b", "a/ /b", r"a\b"] {
            assert!(matches!(outlook_folder(text), Err(Fault::FolderPath { .. })), "{text}");
        }
        let twice = outlook_folder("KALENDER/Team").unwrap().1;
        assert!(matches!(twice, Some(Fault::FolderTwice { found }) if found == "KALENDER"));
        assert_eq!(outlook_folder("Team/Kalender").unwrap().1, None);
    }

    #[test]
    fn addresses_have_one_at_and_a_domain() {
        assert!(
            ["a@firma.example", "d.o'neill+x@firma", "jörg@firma.example"]
                .into_iter()
                .all(is_address)
        );
        for text in ["a", "@b", "a@", "a@b@c", "a b@c", "A <a@b>", "a@b..c", "a@b,c@d"] {
            assert!(!is_address(text), "{text}");
        }
    }

    #[test]
    fn servers_are_https_and_not_exchange_online() {
        assert_eq!(url("https://[::1]:8443/EWS/Exchange.asmx").unwrap().1, None);
        assert!(url("HTTPS://mail.firma.example/ews/exchange.asmx").unwrap().1.is_none());
        assert!(matches!(
            url("https://mail.firma.example/owa"),
            Ok((_, Some(Fault::UrlPath { .. })))
        ));
        assert!(matches!(url("http://mail.firma.example"), Err(Fault::NotHttps { .. })));
        assert!(matches!(url("https://a:b@c/EWS"), Err(Fault::UrlLogin)));
        assert!(matches!(url("https:/a:b@c/EWS"), Err(Fault::UrlLogin)));
        assert!(matches!(url("https://c:99999/EWS"), Err(Fault::Host { .. })));
        assert!(matches!(url("https:///EWS"), Err(Fault::Host { .. })));
        let online = ["https://outlook.office365.com/EWS/Exchange.asmx", "https://eu.outlook.com/"];
        for text in online {
            assert!(matches!(url(text), Err(Fault::ExchangeOnline { .. })), "{text}");
        }
        assert!(url("https://myoutlook.com/EWS/Exchange.asmx").is_ok());
    }
}
