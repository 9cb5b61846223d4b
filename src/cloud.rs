//! Pure: Microsoft's cloud, known by its domains. EWS is switched off there (2026-10 to 2027-04) and nobody has a server of his own,
//! so configuration, protocol and mailbox refuse it, each with the same list.

const DOMAINS: [&str; 7] = [
    "outlook.com",
    "office365.com",
    "office.com",
    "onmicrosoft.com",
    "office365.us",
    "outlook.cn",
    "microsoftonline.com",
];

/// Says whether a host lies there.
pub fn is_exchange_online(host: &str) -> bool {
    domain_of(host.trim_end_matches('.')).is_some()
}

/// Returns the domain in which a host or an address lies there, as it is written.
pub(crate) fn domain_of(host: &str) -> Option<&str> {
    DOMAINS.iter().find_map(|domain| {
        let at = host.len().checked_sub(domain.len())?;
        let (before, end) = host.split_at_checked(at)?;
        let whole = before.is_empty() || before.ends_with(['.', '@']);
        (whole && end.eq_ignore_ascii_case(domain)).then_some(end)
    })
}

#[cfg(test)]
mod tests {
    use super::is_exchange_online;

    #[test]
    fn the_cloud_is_known_by_its_domains() {
        for host in [
            "outlook.office365.com",
            "outlook.office365.us",
            "partner.outlook.cn",
            "autodiscover-s.outlook.com",
            "Firma.onmicrosoft.com",
            "outlook.com",
        ] {
            assert!(is_exchange_online(host), "{host}");
        }
        for host in ["mail.firma.example", "notoutlook.com", "outlook.com.firma.example"] {
            assert!(!is_exchange_online(host), "{host}");
        }
    }
}
