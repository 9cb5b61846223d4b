//! The one-way functions of NTLMv2 (pure).

use hmac::{Hmac, Mac as _};
use md4::Md4;
use md5::{Digest as _, Md5};

use crate::ews::auth::ntlm::message::utf16;

/// What is made of user, domain and password (`NTOWFv2`); as good as the password itself.
pub(super) struct Key([u8; 16]);

impl Key {
    pub(super) fn of(user: &str, domain: &str, password: &str) -> Self {
        let secret: [u8; 16] = Md4::digest(utf16(password)).into();
        let user = utf16(&upper(user));
        Self(hmac_md5(&secret, &[&user, &utf16(domain)]))
    }

    pub(super) fn hmac(&self, parts: &[&[u8]]) -> [u8; 16] {
        hmac_md5(&self.0, parts)
    }
}

pub(super) fn hmac_md5(key: &[u8; 16], parts: &[&[u8]]) -> [u8; 16] {
    // A key of any length is one, so that this never fails; the branch keeps it total.
    let Ok(mut hmac) = Hmac::<Md5>::new_from_slice(key) else { return [0; 16] };
    for part in parts {
        hmac.update(part);
    }
    hmac.finalize().into_bytes().into()
}

/// Returns the value of `MsvAvChannelBindings`: the MD5 of a structure of channel bindings that has
/// application data and nothing else (MS-NLMP, section 2.2.2.1; RFC 2744, section 3.11).
pub(super) fn binding_hash(application_data: &[u8]) -> [u8; 16] {
    let length = u32::try_from(application_data.len()).unwrap_or(u32::MAX);
    let mut hash = Md5::new();
    hash.update([0; 16]);
    hash.update(length.to_le_bytes());
    hash.update(application_data);
    hash.finalize().into()
}

/// Windows turns each letter into one: what has no single capital letter (ß) stays.
fn upper(text: &str) -> String {
    text.chars()
        .map(|letter| {
            let mut capitals = letter.to_uppercase();
            match (capitals.next(), capitals.next()) {
                (Some(capital), None) => capital,
                _ => letter,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::upper;

    #[test]
    fn capitals_are_those_of_windows() {
        assert_eq!(upper("jörg.weiß"), "JÖRG.WEIß");
    }
}
