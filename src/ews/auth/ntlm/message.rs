//! The three messages as bytes (pure; MS-NLMP, section 2.2).

use crate::ews::auth::ntlm::Problem;

const SIGNATURE: &[u8; 8] = b"NTLMSSP\0";

/// Unicode, target name, NTLM, always sign, extended session security, target info, version, 128
/// and 56 bits. Key exchange is left out: nothing is sealed with a session key.
const FLAGS: u32 = 0xa288_8205;

/// `NTLMSSP_NEGOTIATE_TARGET_INFO`: the challenge brings a target info.
const TARGET_INFO: u32 = 0x0080_0000;

/// Windows 10 in its first form, NTLM revision 15: some servers want the field to be there.
const VERSION: [u8; 8] = [10, 0, 0, 0, 0, 0, 0, 15];

/// Where the code over all messages stands in the third one.
const CODE: std::ops::Range<usize> = 72..88;

/// The numbers of the pairs that a target info has.
pub(super) mod av {
    pub(in crate::ews::auth::ntlm) const END: u16 = 0;
    pub(in crate::ews::auth::ntlm) const FLAGS: u16 = 6;
    pub(in crate::ews::auth::ntlm) const TIMESTAMP: u16 = 7;
    pub(in crate::ews::auth::ntlm) const TARGET_NAME: u16 = 9;
    pub(in crate::ews::auth::ntlm) const CHANNEL_BINDINGS: u16 = 10;
    /// The third message carries a code.
    pub(in crate::ews::auth::ntlm) const FLAG_CODE: u32 = 2;
}

/// Returns our first message. It has 40 bytes: gss-ntlmssp 1.2 refuses the form without a version.
pub fn negotiate() -> Vec<u8> {
    let mut message = SIGNATURE.to_vec();
    message.extend_from_slice(&1_u32.to_le_bytes());
    message.extend_from_slice(&FLAGS.to_le_bytes());
    // Neither a domain nor a workstation: both may be empty.
    message.extend_from_slice(&[0; 16]);
    message.extend_from_slice(&VERSION);
    message
}

/// The server's message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Challenge<'a> {
    pub(super) flags: u32,
    pub(super) nonce: [u8; 8],
    pub(super) target_info: &'a [u8],
}

impl<'a> Challenge<'a> {
    pub(super) fn read(message: &'a [u8]) -> Result<Self, Problem> {
        if message.get(..8) != Some(SIGNATURE) || number(message, 8) != Some(2) {
            return Err("it is no challenge of NTLM");
        }
        let cut = "the challenge is cut off";
        let flags = number(message, 20).ok_or(cut)?;
        let nonce = message.get(24..32).and_then(|bytes| bytes.try_into().ok()).ok_or(cut)?;
        if flags & 1 == 0 {
            return Err("the server does not speak Unicode");
        }
        let target_info = if flags & TARGET_INFO == 0 {
            &[]
        } else {
            let length = usize::from(short(message, 40).ok_or(cut)?);
            let start = usize::try_from(number(message, 44).ok_or(cut)?).map_err(|_| cut)?;
            let end = start.checked_add(length).ok_or(cut)?;
            message.get(start..end).ok_or(cut)?
        };
        Ok(Self { flags, nonce, target_info })
    }
}

/// The pairs of a target info, in their order.
#[derive(Debug, Clone, Default)]
pub(super) struct Pairs(Vec<(u16, Vec<u8>)>);

impl Pairs {
    pub(super) fn read(mut bytes: &[u8]) -> Result<Self, Problem> {
        let mut pairs = Vec::new();
        while let (Some(id), Some(length)) = (short(bytes, 0), short(bytes, 2)) {
            if id == av::END {
                break;
            }
            let end = 4 + usize::from(length);
            let value = bytes.get(4..end).ok_or("the target info is cut off")?;
            pairs.push((id, value.to_vec()));
            bytes = bytes.get(end..).unwrap_or_default();
        }
        Ok(Self(pairs))
    }

    pub(super) fn find(&self, id: u16) -> Option<&[u8]> {
        self.0.iter().find(|(found, _)| *found == id).map(|(_, value)| value.as_slice())
    }

    pub(super) fn set(&mut self, id: u16, value: Vec<u8>) {
        self.remove(id);
        self.0.push((id, value));
    }

    pub(super) fn remove(&mut self, id: u16) {
        self.0.retain(|(found, _)| *found != id);
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (id, value) in &self.0 {
            bytes.extend_from_slice(&id.to_le_bytes());
            // What was read had a length that fits; ours are short.
            let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
            bytes.extend_from_slice(&length.to_le_bytes());
            bytes.extend_from_slice(value);
        }
        bytes.extend_from_slice(&[0; 4]);
        bytes
    }
}

/// Our answer.
pub(super) struct Authenticate<'a> {
    pub(super) lm: [u8; 24],
    pub(super) nt: &'a [u8],
    pub(super) domain: &'a str,
    pub(super) user: &'a str,
    /// The server's flags.
    pub(super) flags: u32,
}

impl Authenticate<'_> {
    /// Writes the message with zeros where the code belongs.
    pub(super) fn bytes(&self) -> Result<Vec<u8>, Problem> {
        let (domain, user) = (utf16(self.domain), utf16(self.user));
        let mut fields = Vec::new();
        let mut payload = Vec::new();
        // LM, NT, domain, user, workstation, session key; the payload follows a head of 88 bytes.
        for part in [&self.lm[..], self.nt, &domain, &user, &[], &[]] {
            let long = "the login is too long for NTLM";
            let length = u16::try_from(part.len()).map_err(|_| long)?;
            let start = u32::try_from(CODE.end + payload.len()).map_err(|_| long)?;
            fields.extend_from_slice(&length.to_le_bytes());
            fields.extend_from_slice(&length.to_le_bytes());
            fields.extend_from_slice(&start.to_le_bytes());
            payload.extend_from_slice(part);
        }
        let mut message = SIGNATURE.to_vec();
        message.extend_from_slice(&3_u32.to_le_bytes());
        message.extend_from_slice(&fields);
        message.extend_from_slice(&(self.flags & FLAGS).to_le_bytes());
        message.extend_from_slice(&VERSION);
        message.extend_from_slice(&[0; 16]);
        message.extend_from_slice(&payload);
        Ok(message)
    }
}

/// Puts the code over all messages into the third one.
pub(super) fn put_code(message: &mut [u8], code: &[u8; 16]) {
    if let Some(place) = message.get_mut(CODE) {
        place.copy_from_slice(code);
    }
}

pub(super) fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}
