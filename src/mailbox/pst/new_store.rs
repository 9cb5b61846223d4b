//! Pure: the store that is made where there is none yet.

use std::collections::BTreeSet;

use super::stamp;
use super::table::{Place, TRANSACTIONS, Way, way};
use crate::mapi::{PropertyKey, PropertyName, named as n};
use crate::model::Field;
use crate::pst::messaging::write::NewStore;

/// Describes a new store with German or English folder names. It has from the beginning every name of a property that is ever
/// written here: before a name is added to a store, all of it is looked through for values that have its number already.
pub fn new_store(name: &str, german: bool) -> NewStore {
    let store = if german { NewStore::german(name) } else { NewStore::english(name) };
    NewStore { names: names(), ..store }
}

/// Returns those names in the order in which items have them, so that their numbers rise in it.
pub(super) fn names() -> Vec<PropertyName> {
    let of_fields = Field::ALL.iter().filter_map(|field| match way(*field) {
        Way::Text(place, _) => Some(place),
        _ => None,
    });
    let ours = of_fields.chain(stamp::places()).chain([TRANSACTIONS, Place::Keywords]);
    let ours = ours.filter_map(|place| match place.key() {
        PropertyKey::Name(name) => Some(name),
        PropertyKey::Id(_) => None,
    });
    let all: BTreeSet<_> = n::ALL.iter().map(|named| named.name()).chain(ours).collect();
    all.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use jiff::ToSpan;
    use jiff::civil::date;

    use crate::mailbox::contract::sample;
    use crate::mailbox::pst::PstMailbox;
    use crate::mailbox::{Mailbox, Write, Wrote};
    use crate::mapi::PropertyName;
    use crate::model::recurrence::{Exception, ExceptionChange, Moment, Pattern, Range};
    use crate::model::{Content, Field, ItemKind, Recurrence, Value};
    use crate::pst::messaging::write::{NewStore, create};
    use crate::pst::ndb::write::Settings;

    fn put(mailbox: &mut PstMailbox, kind: ItemKind, contents: impl Iterator<Item = Content>) {
        let folder = mailbox.folder(kind, &[], false).unwrap().unwrap();
        let stamp = sample::stamp("A-1", "00ff");
        let create =
            |content| Write::Create { folder: folder.clone(), content, stamp: stamp.clone() };
        let writes: Vec<Write> = contents.map(create).collect();
        let wrote = mailbox.apply(kind, &writes).unwrap();
        assert!(wrote.iter().all(|one| matches!(one, Wrote::Done { .. })), "{wrote:?}");
    }

    /// Everything that an item can have, and a series with a changed occurrence.
    fn full(kind: ItemKind) -> Vec<Content> {
        let mut all = vec![sample::full(kind)];
        if kind == ItemKind::Appointment {
            let start = date(2027, 3, 27);
            let day = |days: i64| Moment::Day(start.saturating_add(days.days()));
            let change = ExceptionChange::Changed {
                start: day(1),
                end: day(2),
                subject: Some("anders".to_owned()),
                place: Some("anderswo".to_owned()),
            };
            let series = Recurrence {
                pattern: Pattern::Daily { every: 7 },
                range: Range::Forever { start },
                exceptions: vec![Exception { original: start, change }],
            };
            let mut content = sample::all_day();
            content.set(Field::Recurrence, Value::Recurrence(Box::new(series)));
            all.push(content);
        }
        all
    }

    #[test]
    fn every_name_that_is_written_is_there_from_the_beginning() {
        let folder = tempfile::tempdir().unwrap();
        let mut mailbox = PstMailbox::fresh(folder.path());
        let names = |mailbox: &mut PstMailbox| {
            let store = mailbox.file().unwrap().store();
            let mut names: Vec<_> =
                store.names().unwrap().iter().map(|(id, name)| (id, name.clone())).collect();
            names.sort();
            names
        };
        let before = names(&mut mailbox);
        assert!(before.windows(2).all(|two| two[0].1 < two[1].1), "numbers rise with the names");
        for kind in ItemKind::ALL {
            put(&mut mailbox, kind, full(kind).into_iter());
        }
        assert_eq!(names(&mut mailbox), before);
    }

    /// A store of another program gets all of them with the first that it lacks.
    #[test]
    fn the_look_at_all_that_a_store_holds_is_had_once() {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings::default();
        let bare = create(&folder.path().join("a.pst"), &NewStore::german("A"), &settings).unwrap();
        bare.0.close().unwrap();
        let mut mailbox = PstMailbox::fresh(folder.path());
        put(&mut mailbox, ItemKind::Contact, full(ItemKind::Contact).into_iter());
        let store = mailbox.file().unwrap().store();
        let missing = |name: &&PropertyName| store.names().unwrap().id(name).is_none();
        let all = super::names();
        assert_eq!(all.iter().find(missing), None);
    }

    /// Asks for an appointment in a store that has had contacts alone, and returns how many pages and blocks were read for it.
    fn read_for_the_first_appointment(folder: &Path, contacts: usize) -> u64 {
        let mut mailbox = PstMailbox::fresh(folder);
        let contacts = std::iter::repeat_with(|| sample::full(ItemKind::Contact)).take(contacts);
        put(&mut mailbox, ItemKind::Contact, contacts);
        mailbox.close().unwrap();
        let mut mailbox = PstMailbox::fresh(folder);
        let before = mailbox.file().unwrap().nodes().asked();
        put(&mut mailbox, ItemKind::Appointment, full(ItemKind::Appointment).into_iter());
        mailbox.file().unwrap().nodes().asked() - before
    }

    /// Issue 4, "Speed": what is added costs what it is, and not what the file holds.
    #[test]
    fn the_first_item_of_a_kind_costs_no_look_at_all_others() {
        let read = |contacts| {
            let folder = tempfile::tempdir().unwrap();
            read_for_the_first_appointment(folder.path(), contacts)
        };
        let (few, many) = (read(10), read(400));
        // The trees are higher by a level or so.
        assert!(many < 2 * few, "{few} reads beside 10 contacts, {many} beside 400");
    }
}
