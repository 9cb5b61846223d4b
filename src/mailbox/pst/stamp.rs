//! Pure: the stamp of an item as named properties, the same as on Exchange, so that an exported mailbox keeps its pairs.

use super::table::Place;
use crate::mailbox::Stamp;
use crate::mapi::{Properties, PropertyKey, Value};

/// The source's name.
const TENANT: Place = Place::Ours("Tenant");
/// The staffITpro user.
const USER: Place = Place::Ours("User");
/// The record.
pub(super) const RECORD: Place = Place::Ours("Record");
/// The create token.
pub(super) const TOKEN: Place = Place::Ours("Token");
/// The record's version when we last wrote.
const VERSION: Place = Place::Ours("Version");
/// The fingerprint of what we last wrote.
const FINGERPRINT: Place = Place::Ours("Fingerprint");

/// All of them. None is ever renamed.
pub(super) const PROPERTIES: [Place; 6] = [TENANT, USER, RECORD, TOKEN, VERSION, FINGERPRINT];

/// Reads the stamp. Without tenant, user and record it is none of ours, or what a program left of it.
pub(super) fn read(properties: &Properties) -> Option<Stamp> {
    let text = |place: Place| {
        let text = properties.value(place.key()).and_then(Value::as_text)?;
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
pub(super) fn write(stamp: &Stamp) -> impl Iterator<Item = (PropertyKey, Option<Value>)> {
    let parts = [
        (TENANT, stamp.tenant.as_str()),
        (USER, stamp.user.as_str()),
        (RECORD, stamp.record.as_str()),
        (TOKEN, stamp.token.as_str()),
        (VERSION, stamp.version.as_str()),
        (FINGERPRINT, stamp.fingerprint.as_str()),
    ];
    parts.map(|(of, text)| (of.key(), (!text.is_empty()).then(|| Value::from(text)))).into_iter()
}

#[cfg(test)]
mod tests {
    use super::{PROPERTIES, read, write};
    use crate::mailbox::contract::sample;
    use crate::mapi::Properties;

    #[test]
    fn a_stamp_comes_back() {
        let stamp = sample::stamp("A-17", "00ff");
        let written: Properties = write(&stamp).filter_map(|(p, v)| Some((p, v?))).collect();
        assert_eq!(written.len(), 6);
        assert_eq!(read(&written), Some(stamp));
        assert_eq!(read(&Properties::new()), None);
    }

    #[test]
    fn the_names_never_change() {
        let names = PROPERTIES.map(|place| place.key().to_string());
        let set = "8c1f3b52-64d7-4e0a-9b1e-2f7c55a0d3e6";
        let wanted = ["Tenant", "User", "Record", "Token", "Version", "Fingerprint"];
        assert_eq!(names, wanted.map(|name| format!("{set}/{name}")));
    }
}
