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
    /// Takes note of a certificate if it ends soon.
    pub(super) fn saw(&self, certificate: &Certificate, now: Timestamp) {
        if certificate.ends_before(now + ENDS_SOON) {
            let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            *seen = Some(certificate.clone());
        }
    }

    /// Returns the certificate that ends soon, if one did.
    pub fn ending(&self) -> Option<Certificate> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
