//! The value of `Authorization` for Basic (pure).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header::HeaderValue;

use crate::ews::auth::Password;
use crate::ews::error::ConnectError;

/// Writes user and password (RFC 7617), marked so that nothing prints them.
pub(super) fn basic(user: &str, password: &Password) -> Result<HeaderValue, ConnectError> {
    if user.contains(':') {
        return Err(ConnectError::Login { problem: "a user name for Basic cannot have a colon" });
    }
    let pair = STANDARD.encode(format!("{user}:{}", password.expose()));
    sensitive(&format!("Basic {pair}"))
}

/// Makes a header that nothing prints.
pub(super) fn sensitive(value: &str) -> Result<HeaderValue, ConnectError> {
    let mut value = HeaderValue::try_from(value)
        .map_err(|_| ConnectError::Login { problem: "it cannot be written into a header" })?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_is_utf8_and_cannot_be_printed() {
        // RFC 7617, section 2.1: "test" with "123£" in UTF-8 is "dGVzdDoxMjPCow==".
        let value = basic("test", &Password::new("123£")).unwrap();
        assert_eq!(value.to_str().unwrap(), "Basic dGVzdDoxMjPCow==");
        assert!(value.is_sensitive());
        assert!(!format!("{value:?}").contains("dGVz"));
        assert!(!format!("{:?}", Password::new("123£")).contains("123"));
    }

    #[test]
    fn a_colon_in_the_user_name_is_refused() {
        assert!(basic("a:b", &Password::new("x")).is_err());
    }
}
