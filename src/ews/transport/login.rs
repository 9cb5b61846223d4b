//! Who logs in (pure).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header::HeaderValue;

use crate::ews::error::ConnectError;

/// How to log in. More schemes will follow (NTLM, Kerberos).
#[derive(Debug, Clone)]
pub enum Login {
    /// `Authorization: Basic`, with each request.
    Basic {
        /// The user: `FIRMA\name`, `name@firma.example` or `name`.
        user: String,
        /// The password.
        password: Password,
    },
}

/// A password, which cannot be printed.
#[derive(Clone)]
pub struct Password(String);

impl Password {
    /// Wraps a password.
    pub fn new(password: impl Into<String>) -> Self {
        Self(password.into())
    }

    /// Returns the password itself. Every use of it can be found by this name.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

impl Login {
    /// Returns the value of `Authorization`, marked so that nothing prints it.
    pub(super) fn authorization(&self) -> Result<HeaderValue, ConnectError> {
        let Self::Basic { user, password } = self;
        if user.contains(':') {
            return Err(ConnectError::Login {
                problem: "a user name for Basic cannot have a colon",
            });
        }
        let pair = STANDARD.encode(format!("{user}:{}", password.expose()));
        let mut value = HeaderValue::try_from(format!("Basic {pair}"))
            .map_err(|_| ConnectError::Login { problem: "it cannot be written into a header" })?;
        value.set_sensitive(true);
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_is_utf8_and_cannot_be_printed() {
        // RFC 7617, section 2.1: "test" with "123£" in UTF-8 is "dGVzdDoxMjPCow==".
        let login = Login::Basic { user: "test".into(), password: Password::new("123£") };
        let value = login.authorization().unwrap();
        assert_eq!(value.to_str().unwrap(), "Basic dGVzdDoxMjPCow==");
        assert!(value.is_sensitive());
        assert!(!format!("{login:?}").contains("123"));
        assert!(!format!("{value:?}").contains("dGVz"));
    }

    #[test]
    fn a_colon_in_the_user_name_is_refused() {
        let login = Login::Basic { user: "a:b".into(), password: Password::new("x") };
        assert!(login.authorization().is_err());
    }
}
