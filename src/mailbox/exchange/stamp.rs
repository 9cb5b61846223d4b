//! Pure: the stamp of an item as named properties, so that it survives moves and edits (notes.md §2.5).

use crate::ews::item::Properties;
use crate::ews::{ExtendedField, Property, Value};
use crate::mailbox::Stamp;
use crate::mailbox::exchange::table::ours;
use crate::mailbox::stamp::{self, NAMES};

/// The record; searched for.
pub(super) const RECORD: ExtendedField = ours(stamp::RECORD);
/// The create token; searched for.
pub(super) const TOKEN: ExtendedField = ours(stamp::TOKEN);

/// Lists all of them.
pub(super) fn properties() -> [ExtendedField; 6] {
    NAMES.map(ours)
}

/// Reads the stamp.
pub(super) fn read(properties: &Properties) -> Option<Stamp> {
    stamp::read(|name| properties.value(ours(name)).and_then(Value::as_text))
}

/// Returns the properties to write; an empty one is cleared.
pub(super) fn write(stamp: &Stamp) -> impl Iterator<Item = (Property, Option<Value>)> {
    stamp::write(stamp).into_iter().map(|(name, text)| (ours(name).into(), text.map(Value::from)))
}

#[cfg(test)]
mod tests {
    use super::{properties, read, write};
    use crate::ews::item::Properties;
    use crate::ews::{ExtendedPath, PropertySet};
    use crate::mailbox::contract::sample;
    use crate::mailbox::exchange::table::OURS;

    #[test]
    fn a_stamp_comes_back() {
        let stamp = sample::stamp("A-17", "00ff");
        let written: Properties = write(&stamp).filter_map(|(p, v)| Some((p, v?))).collect();
        assert_eq!(read(&written), Some(stamp));
    }

    #[test]
    fn the_set_and_the_names_never_change() {
        // Stamps in mailboxes out there are found by exactly these; the id is in lower case (notes.md §2.5).
        let PropertySet::Guid(guid) = OURS else { panic!("our set has an id") };
        assert_eq!(guid.to_string(), "8c1f3b52-64d7-4e0a-9b1e-2f7c55a0d3e6");
        let names: Vec<_> = properties()
            .iter()
            .map(|property| match &property.path {
                ExtendedPath::Name(set, name) if *set == OURS => name.to_string(),
                other => panic!("{other:?} is not in our set"),
            })
            .collect();
        assert_eq!(names, ["Tenant", "User", "Record", "Token", "Version", "Fingerprint"]);
    }
}
