//! A server's certificate that will not be valid for much longer (effect: memory that lanes share).

use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::ews::transport::certificate::Certificate;

/// A certificate that ends within this time is told of: renewing takes days in some companies, and an authority of one's own longer.
pub const ENDS_SOON: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What the lanes to a server saw of certificates that end soon, for whoever tells people.
#[derive(Debug, Clone, Default)]
pub struct Expiry(Arc<Mutex<Option<Certificate>>>);

impl Expiry {
    /// Takes note of a certificate if it ends soon; one that was renewed ends the matter.
    pub(super) fn saw(&self, certificate: &Certificate, now: Timestamp) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *seen = certificate.ends_before(now + ENDS_SOON).then(|| certificate.clone());
    }

    /// Returns the certificate that was seen last, if it ends soon.
    pub fn ending(&self) -> Option<Certificate> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::Expiry;
    use crate::ews::transport::certificate::Certificate;

    #[test]
    fn a_certificate_that_was_renewed_ends_soon_no_more() {
        let now: Timestamp = "2026-11-29T12:00:00Z".parse().unwrap();
        let ends_in = |days: i64| Certificate {
            subject: "CN=mail.firma.example".to_owned(),
            issuer: "CN=ca".to_owned(),
            names: Vec::new(),
            not_before: None,
            not_after: Some(now + SignedDuration::from_hours(24 * days)),
            sha256: String::new(),
        };
        let expiry = Expiry::default();
        expiry.saw(&ends_in(31), now);
        assert_eq!(expiry.ending(), None);
        expiry.saw(&ends_in(29), now);
        assert_eq!(expiry.ending(), Some(ends_in(29)));
        expiry.saw(&ends_in(394), now);
        assert_eq!(expiry.ending(), None);
    }
}
