//! Pure: the stamp of an item as named properties, so that it survives moves and edits (notes.md §2.5).

use crate::ews::item::Properties;
use crate::ews::{ExtendedField, Property, Value};
use crate::mailbox::Stamp;
use crate::mailbox::exchange::table::ours;

/// The source's name.
const TENANT: ExtendedField = ours("Tenant");
/// The staffITpro user.
const USER: ExtendedField = ours("User");
/// The record; searched for.
pub(super) const RECORD: ExtendedField = ours("Record");
/// The create token; searched for.
pub(super) const TOKEN: ExtendedField = ours("Token");
/// The record's version when we last wrote.
const VERSION: ExtendedField = ours("Version");
/// The fingerprint of what we last wrote.
const FINGERPRINT: ExtendedField = ours("Fingerprint");

/// All of them. Each name takes a place of the mailbox for ever; none is ever renamed.
pub(super) const PROPERTIES: [ExtendedField; 6] =
    [TENANT, USER, RECORD, TOKEN, VERSION, FINGERPRINT];

/// Reads the stamp. Without tenant, user and record it is none of ours, or what a program left of it.
pub(super) fn read(properties: &Properties) -> Option<Stamp> {
    let text = |of: ExtendedField| {
        let text = properties.value(of).and_then(Value::as_text)?;
        (!text.is_empty()).then(|| text.to_owned())
    };
    Some(Stamp {
        tenant: text(TENANT)?.as_str().into(),
        user: text(USER)?.as_str().into(),
        record: text(RECORD)?.as_str().into(),
        token: text(TOKEN).unwrap_or_default().as_str().into(),
        version: text(VERSION).unwrap_or_default(),
        fingerprint: text(FINGERPRINT).unwrap_or_default(),
    })
}

/// Returns the properties to write; an empty one is cleared.
pub(super) fn write(stamp: &Stamp) -> impl Iterator<Item = (Property, Option<Value>)> {
    let parts = [
        (TENANT, stamp.tenant.as_str()),
        (USER, stamp.user.as_str()),
        (RECORD, stamp.record.as_str()),
        (TOKEN, stamp.token.as_str()),
        (VERSION, stamp.version.as_str()),
        (FINGERPRINT, stamp.fingerprint.as_str()),
    ];
    parts.map(|(of, text)| (of.into(), (!text.is_empty()).then(|| Value::from(text)))).into_iter()
}

#[cfg(test)]
mod tests {
    use super::{PROPERTIES, read, write};
    use crate::ews::item::Properties;
    use crate::ews::{ExtendedPath, PropertySet};
    use crate::mailbox::contract::sample;
    use crate::mailbox::exchange::table::OURS;

    #[test]
    fn a_stamp_comes_back() {
        let stamp = sample::stamp("A-17", "00ff");
        let written: Properties = write(&stamp).filter_map(|(p, v)| Some((p, v?))).collect();
        assert_eq!(written.len(), 6);
        assert_eq!(read(&written), Some(stamp));
        assert_eq!(read(&Properties::new()), None);
    }

    #[test]
    fn the_set_and_the_names_never_change() {
        // Stamps in mailboxes out there are found by exactly these; the id is in lower case (notes.md §2.5).
        let PropertySet::Guid(guid) = OURS else { panic!("our set has an id") };
        assert_eq!(guid.to_string(), "8c1f3b52-64d7-4e0a-9b1e-2f7c55a0d3e6");
        let names: Vec<_> = PROPERTIES
            .iter()
            .map(|property| match &property.path {
                ExtendedPath::Name(set, name) if *set == OURS => name.to_string(),
                other => panic!("{other:?} is not in our set"),
            })
            .collect();
        assert_eq!(names, ["Tenant", "User", "Record", "Token", "Version", "Fingerprint"]);
    }
}
