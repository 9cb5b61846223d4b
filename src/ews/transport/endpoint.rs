//! Where a server is (pure).

use std::net::IpAddr;

use crate::cloud::is_exchange_online;
use crate::ews::error::ConnectError;

/// The URL of an EWS endpoint, to which it is safe to send credentials.
///
/// There is no way to make one of an `http` URL but with [`PlainHttp::OnLoopback`], and then only
/// of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    host: String,
    port: u16,
    path: String,
    tls: bool,
}

/// Whether `http` without TLS is allowed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PlainHttp {
    /// Never.
    #[default]
    Never,
    /// To this machine only, for tests and the demo.
    OnLoopback,
}

impl Endpoint {
    /// Reads a URL such as `https://mail.firma.example/EWS/Exchange.asmx`.
    ///
    /// # Errors
    ///
    /// [`ConnectError::Url`] with the reason.
    pub fn parse(url: &str, plain: PlainHttp) -> Result<Self, ConnectError> {
        let refuse = |problem| Err(ConnectError::Url { url: redacted(url), problem });
        let Some((scheme, rest)) = url.trim().split_once("://") else {
            return refuse("it does not begin with https://");
        };
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return refuse("it does not begin with https://"),
        };
        let split = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(split).unwrap_or((rest, ""));
        if authority.contains('@') {
            return refuse("a user or password does not belong into it");
        }
        if !path.bytes().all(|byte| byte.is_ascii_graphic()) || path.contains('#') {
            return refuse("its path has characters that a URL cannot have");
        }
        let (host, port) = match split_authority(authority) {
            Some((host, port)) => (host, port.unwrap_or(if tls { 443 } else { 80 })),
            None => return refuse("the host or the port cannot be read"),
        };
        if is_exchange_online(&host) {
            return refuse("Exchange Online takes no EWS; only servers of your own do");
        }
        if !tls && plain == PlainHttp::Never {
            return refuse("a password is sent over https only");
        }
        if !tls && !is_loopback(&host) {
            return refuse("http is for this machine only (127.0.0.1, ::1, localhost)");
        }
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Ok(Self { host, port, path, tls })
    }

    /// Returns the host, without the brackets of an IPv6 address.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the path and the query.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Says whether the connection is encrypted.
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    /// Returns the whole URL, without a port that is the usual one.
    pub fn url(&self) -> String {
        format!("{}://{}{}", if self.tls { "https" } else { "http" }, self.host_header(), self.path)
    }

    /// Returns host and port for messages.
    pub fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// Returns the value of the `Host` header.
    pub(super) fn host_header(&self) -> String {
        let usual = if self.tls { 443 } else { 80 };
        let host =
            if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == usual { host } else { format!("{host}:{}", self.port) }
    }
}

pub(super) fn split_authority(authority: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
        let (host, after) = rest.split_once(']')?;
        host.parse::<std::net::Ipv6Addr>().ok()?;
        (host, if after.is_empty() { None } else { Some(after.strip_prefix(':')?) })
    } else {
        match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        }
    };
    let legal =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':');
    if host.is_empty() || !host.bytes().all(legal) {
        return None;
    }
    let port = match port {
        None => None,
        Some(port) => Some(port.parse().ok().filter(|port| *port != 0)?),
    };
    Some((host.to_owned(), port))
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

/// Hides what stands before an `@`, in case somebody put a password there.
fn redacted(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(start), Some(end)) if end > start => {
            let scheme = url.get(..start + 3).unwrap_or_default();
            let host = url.get(end..).unwrap_or_default();
            format!("{scheme}…{host}")
        }
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(url: &str, plain: PlainHttp) -> String {
        Endpoint::parse(url, plain)
            .map_or_else(|error| error.to_string(), |endpoint| format!("{endpoint:?}"))
    }

    #[test]
    fn reads_the_usual_forms() {
        let endpoint =
            Endpoint::parse("https://mail.firma.example/EWS/Exchange.asmx", PlainHttp::Never)
                .unwrap();
        assert_eq!(
            (endpoint.host(), endpoint.port(), endpoint.path()),
            ("mail.firma.example", 443, "/EWS/Exchange.asmx")
        );
        assert_eq!(endpoint.host_header(), "mail.firma.example");
        let endpoint = Endpoint::parse("HTTPS://[::1]:8443", PlainHttp::Never).unwrap();
        assert_eq!((endpoint.host(), endpoint.port(), endpoint.path()), ("::1", 8443, "/"));
        assert_eq!(endpoint.host_header(), "[::1]:8443");
    }

    #[test]
    fn quirk_33_credentials_never_travel_in_the_clear() {
        assert!(problem("http://mail.firma.example/", PlainHttp::Never).contains("https only"));
        assert!(problem("http://127.0.0.1:80/", PlainHttp::Never).contains("https only"));
        assert!(
            problem("http://mail.firma.example/", PlainHttp::OnLoopback)
                .contains("this machine only")
        );
        assert!(
            problem("http://127.0.0.1.firma.example/", PlainHttp::OnLoopback)
                .contains("this machine only")
        );
        assert!(Endpoint::parse("http://127.0.0.1:8080/x", PlainHttp::OnLoopback).is_ok());
        assert!(Endpoint::parse("http://localhost:8080/x", PlainHttp::OnLoopback).is_ok());
    }

    #[test]
    fn a_password_in_the_url_is_refused_and_not_repeated() {
        let problem = problem("https://eva:geheim@mail.firma.example/", PlainHttp::Never);
        assert!(problem.contains("does not belong") && !problem.contains("geheim"), "{problem}");
    }

    #[test]
    fn nonsense_is_refused() {
        for url in [
            "",
            "mail.firma.example",
            "ftp://x/",
            "https://",
            "https://x:0/",
            "https://x:99999/",
            "https://x y/",
            "https://[::1/",
            "https://x/a b",
            "https://outlook.office365.com/EWS/Exchange.asmx",
            "https://x/\r\nA: b",
        ] {
            assert!(Endpoint::parse(url, PlainHttp::OnLoopback).is_err(), "{url}");
        }
    }
}
