//! NTLMv2 as a client (pure): MS-NLMP, without anything older than version 2.
//!
//! The answer to the server's challenge names the service that it is meant for (`MsvAvTargetName`),
//! the TLS connection that it is made on (`MsvAvChannelBindings`) and carries a code over all three
//! messages (MIC), so that nobody in between can use it elsewhere. Signing and sealing of what
//! follows are not offered: TLS does that.

mod digest;
mod message;

use crate::ews::auth::binding::ChannelBinding;
use crate::ews::auth::ntlm::digest::{Key, binding_hash, hmac_md5};
use crate::ews::auth::ntlm::message::{Authenticate, Challenge, Pairs, av};
use crate::ews::auth::password::Password;

pub use message::negotiate;

/// Whose login it is.
#[derive(Debug, Clone)]
pub struct Identity {
    domain: String,
    user: String,
    password: Password,
}

impl Identity {
    /// Takes a user apart: `FIRMA\name` has a domain; `name@firma.example` is sent as it is.
    pub fn new(user: &str, password: Password) -> Self {
        let (domain, user) = user.split_once('\\').unwrap_or(("", user));
        Self { domain: domain.to_owned(), user: user.to_owned(), password }
    }
}

/// What the answer depends on besides the messages: time and chance are the caller's.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// The service, such as `HTTP/mail.firma.example`.
    pub service: &'a str,
    /// The TLS connection; `None` leaves it out, which is not the same as one of zeros.
    pub binding: Option<&'a ChannelBinding>,
    /// Eight random bytes.
    pub nonce: [u8; 8],
    /// Now, in tenths of a microsecond since 1601; used when the server tells no time.
    pub now: u64,
}

/// Why a challenge cannot be answered.
pub type Problem = &'static str;

/// Answers the server's challenge. `negotiate` is our first message, as it was sent.
///
/// # Errors
///
/// What cannot be read in the challenge.
pub fn authenticate(
    identity: &Identity,
    negotiate: &[u8],
    challenge: &[u8],
    circumstances: &Circumstances<'_>,
) -> Result<Vec<u8>, Problem> {
    let read = Challenge::read(challenge)?;
    let key = Key::of(&identity.user, &identity.domain, identity.password.expose());
    let theirs = Pairs::read(read.target_info)?;
    let server_time = theirs.find(av::TIMESTAMP).and_then(|value| value.try_into().ok());
    let pairs = ours(&theirs, server_time.is_some(), circumstances);

    let time = server_time.map_or(circumstances.now, u64::from_le_bytes);
    let response = Response::new(&key, read.nonce, circumstances.nonce, time, &pairs.bytes());
    let mut message = Authenticate {
        // A server that tells the time expects no LM answer (MS-NLMP, section 3.1.5.1.2).
        lm: if server_time.is_some() { [0; 24] } else { response.lm },
        nt: &response.nt,
        domain: &identity.domain,
        user: &identity.user,
        flags: read.flags,
    }
    .bytes()?;
    // Without key exchange the session key is the one that the code is made with.
    let code = hmac_md5(&response.session_key, &[negotiate, challenge, &message]);
    if server_time.is_some() {
        message::put_code(&mut message, &code);
    }
    Ok(message)
}

/// The server's pairs with ours: those that we do not know are kept as they came.
fn ours(theirs: &Pairs, with_code: bool, circumstances: &Circumstances<'_>) -> Pairs {
    let mut pairs = theirs.clone();
    if with_code {
        let flags = theirs.find(av::FLAGS).and_then(|value| value.try_into().ok());
        let flags = flags.map_or(0, u32::from_le_bytes) | av::FLAG_CODE;
        pairs.set(av::FLAGS, flags.to_le_bytes().to_vec());
    }
    pairs.set(av::TARGET_NAME, message::utf16(circumstances.service));
    match circumstances.binding {
        Some(binding) => {
            pairs.set(av::CHANNEL_BINDINGS, binding_hash(binding.application_data()).to_vec());
        }
        None => pairs.remove(av::CHANNEL_BINDINGS),
    }
    pairs
}

/// The two answers and the key of the session (MS-NLMP, section 3.3.2).
struct Response {
    lm: [u8; 24],
    nt: Vec<u8>,
    session_key: [u8; 16],
}

impl Response {
    fn new(key: &Key, server: [u8; 8], client: [u8; 8], time: u64, target_info: &[u8]) -> Self {
        let mut temp = vec![1, 1, 0, 0, 0, 0, 0, 0];
        temp.extend_from_slice(&time.to_le_bytes());
        temp.extend_from_slice(&client);
        temp.extend_from_slice(&[0; 4]);
        temp.extend_from_slice(target_info);
        temp.extend_from_slice(&[0; 4]);
        let proof = key.hmac(&[&server, &temp]);
        let mut lm = [0; 24];
        for (to, from) in lm.iter_mut().zip(key.hmac(&[&server, &client]).iter().chain(&client)) {
            *to = *from;
        }
        Self { lm, nt: [&proof[..], &temp].concat(), session_key: key.hmac(&[&proof]) }
    }
}

#[cfg(test)]
mod tests;
