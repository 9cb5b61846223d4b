//! Which hosts may see a login (pure).

use std::fmt;

/// Hosts that an administrator named: an exact name, or `*.firma.example` for everything below a domain.
///
/// What is found by DNS or told by a server is the word of somebody: an unclaimed `autodiscover` name, a web host that
/// answers for every name below a domain. So a login goes to no other host than these (notes.md §3.5).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hosts(Vec<Pattern>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Pattern {
    Host(String),
    /// What stands behind the `*`, with its dot.
    Below(String),
}

impl Hosts {
    /// Reads patterns; the error is the first that is none.
    pub fn parse<T: AsRef<str>>(patterns: &[T]) -> Result<Self, String> {
        let read = |text: &T| Pattern::parse(text.as_ref()).ok_or_else(|| text.as_ref().to_owned());
        patterns.iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// Adds one host.
    pub fn add(&mut self, host: &str) {
        if !self.permit(host) {
            self.0.push(Pattern::Host(host.to_ascii_lowercase()));
        }
    }

    /// Adds those of another list.
    pub fn join(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Says whether a host may see the login.
    pub fn permit(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        self.0.iter().any(|pattern| match pattern {
            Pattern::Host(name) => *name == host,
            Pattern::Below(end) => host.len() > end.len() && host.ends_with(end.as_str()),
        })
    }
}

impl Pattern {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim_end_matches('.').to_ascii_lowercase();
        match text.strip_prefix('*') {
            // `*.example` and `*.com` would be everybody.
            Some(end) => (end.starts_with('.') && end.matches('.').count() > 1)
                .then(|| end.get(1..).is_some_and(is_host))?
                .then(|| Self::Below(end.to_owned())),
            None => is_host(&text).then_some(Self::Host(text)),
        }
    }
}

impl fmt::Display for Hosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, pattern) in self.0.iter().enumerate() {
            f.write_str(if place > 0 { ", " } else { "" })?;
            match pattern {
                Pattern::Host(name) => f.write_str(name)?,
                Pattern::Below(end) => write!(f, "*{end}")?,
            }
        }
        Ok(())
    }
}

/// Says whether a text is the name of a host as DNS has it: labels of letters, digits, `-` and `_`.
pub(super) fn is_host(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    text.len() <= 253 && text.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::Hosts;

    #[test]
    fn a_pattern_covers_a_host_or_what_is_below_a_domain() {
        let hosts = Hosts::parse(&["Mail.Firma.example", "*.intern.firma.example"]).unwrap();
        for host in [
            "mail.firma.example",
            "MAIL.FIRMA.EXAMPLE.",
            "ex1.intern.firma.example",
            "a.b.intern.firma.example",
        ] {
            assert!(hosts.permit(host), "{host}");
        }
        for host in [
            "firma.example",
            "intern.firma.example",
            "xintern.firma.example",
            "mail.firma.example.evil.example",
            "",
        ] {
            assert!(!hosts.permit(host), "{host}");
        }
        assert_eq!(hosts.to_string(), "mail.firma.example, *.intern.firma.example");
    }

    #[test]
    fn a_pattern_for_everybody_is_none() {
        for text in [
            "*",
            "*.com",
            "*.",
            "",
            "mail.*.example",
            "https://mail.firma.example",
            "a b",
            "*firma.example",
            "mail:443",
        ] {
            assert_eq!(Hosts::parse(&[text]), Err(text.to_owned()));
        }
        assert!(!Hosts::default().permit("mail.firma.example"), "nobody is trusted unasked");
    }
}
