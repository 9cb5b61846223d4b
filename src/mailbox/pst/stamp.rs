//! Pure: the stamp of an item as named properties, the same as on Exchange.

use super::table::Place;
use crate::mailbox::Stamp;
use crate::mailbox::stamp::{self, NAMES};
use crate::mapi::{Properties, PropertyKey, Value};

/// Lists all of them.
pub(super) fn places() -> [Place; 6] {
    NAMES.map(Place::Ours)
}

/// Reads the stamp.
pub(super) fn read(properties: &Properties) -> Option<Stamp> {
    stamp::read(|name| properties.value(Place::Ours(name).key()).and_then(Value::as_text))
}

/// Returns the properties to write; an empty one is cleared.
pub(super) fn write(stamp: &Stamp) -> impl Iterator<Item = (PropertyKey, Option<Value>)> {
    let put = |(name, text): (_, Option<&str>)| (Place::Ours(name).key(), text.map(Value::from));
    stamp::write(stamp).map(put).into_iter()
}

#[cfg(test)]
mod tests {
    use super::{places, read, write};
    use crate::mailbox::contract::sample;
    use crate::mapi::Properties;

    #[test]
    fn a_stamp_comes_back() {
        let stamp = sample::stamp("A-17", "00ff");
        let written: Properties = write(&stamp).filter_map(|(p, v)| Some((p, v?))).collect();
        assert_eq!(read(&written), Some(stamp));
    }

    #[test]
    fn the_set_and_the_names_never_change() {
        let names = places().map(|place| place.key().to_string());
        let set = "8c1f3b52-64d7-4e0a-9b1e-2f7c55a0d3e6";
        let wanted = ["Tenant", "User", "Record", "Token", "Version", "Fingerprint"];
        assert_eq!(names, wanted.map(|name| format!("{set}/{name}")));
    }
}
