//! Pure: the stamp as six texts with names, whatever carries them: a mailbox that was exported from Exchange into a PST file keeps
//! its pairs.

use super::Stamp;

/// The source's name.
const TENANT: &str = "Tenant";
/// The staffITpro user.
const USER: &str = "User";
/// The record; searched for.
pub(in crate::mailbox) const RECORD: &str = "Record";
/// The create token; searched for.
pub(in crate::mailbox) const TOKEN: &str = "Token";
/// The record's version when we last wrote.
const VERSION: &str = "Version";
/// The fingerprint of what we last wrote.
const FINGERPRINT: &str = "Fingerprint";

/// All of them. Each name takes a place of the mailbox for ever; none is ever renamed.
pub(in crate::mailbox) const NAMES: [&str; 6] = [TENANT, USER, RECORD, TOKEN, VERSION, FINGERPRINT];

/// Reads the stamp. Without tenant, user and record it is none of ours, or what a program left of it.
pub(in crate::mailbox) fn read<'a>(
    property: impl Fn(&'static str) -> Option<&'a str>,
) -> Option<Stamp> {
    let text = |name| property(name).filter(|text| !text.is_empty());
    Some(Stamp {
        tenant: text(TENANT)?.into(),
        user: text(USER)?.into(),
        record: text(RECORD)?.into(),
        token: text(TOKEN).unwrap_or_default().into(),
        version: text(VERSION).unwrap_or_default().to_owned(),
        fingerprint: text(FINGERPRINT).unwrap_or_default().to_owned(),
    })
}

/// Returns the texts to write by their names; an empty one is cleared.
pub(in crate::mailbox) fn write(stamp: &Stamp) -> [(&'static str, Option<&str>); 6] {
    [
        (TENANT, stamp.tenant.as_str()),
        (USER, stamp.user.as_str()),
        (RECORD, stamp.record.as_str()),
        (TOKEN, stamp.token.as_str()),
        (VERSION, stamp.version.as_str()),
        (FINGERPRINT, stamp.fingerprint.as_str()),
    ]
    .map(|(name, text)| (name, (!text.is_empty()).then_some(text)))
}

#[cfg(test)]
mod tests {
    use super::{NAMES, read, write};
    use crate::mailbox::contract::sample;

    #[test]
    fn a_stamp_comes_back() {
        let stamp = sample::stamp("A-17", "00ff");
        let written = write(&stamp);
        let found = read(|wanted| written.iter().find(|(name, _)| *name == wanted)?.1);
        assert_eq!(found.as_ref(), Some(&stamp));
        assert_eq!(read(|_| None), None);
        assert_eq!(read(|name| (name != "Record").then_some("x")), None, "nobody's record");
    }

    #[test]
    fn the_names_never_change() {
        // Stamps in mailboxes out there are found by exactly these.
        assert_eq!(NAMES, ["Tenant", "User", "Record", "Token", "Version", "Fingerprint"]);
    }
}
