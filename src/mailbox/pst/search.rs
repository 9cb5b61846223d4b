//! Effect: finds stamped items in all folders of a kind and in Deleted Items.
//!
//! A file has no index of named properties. Every item of these folders is looked at once, and where the stamps are is
//! remembered as long as the file is open; nobody else can write it meanwhile.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::ControlFlow;

use super::fetch::identifying;
use super::folders::{Place, places};
use super::place;
use super::read::{self, Found as Looked};
use super::{PstMailbox, failure, stamp, times};
use crate::mailbox::{By, Found, Identity, MailboxError, Stamp, Wanted};
use crate::mapi::{Value as V, property as p};
use crate::model::{ItemKind, ItemVersion, RecordId, Token};
use crate::pst::messaging::Store;
use crate::pst::ndb::Nodes;
use crate::pst::{Nid, NidKind, PstError};

/// Where stamped items of each kind are.
#[derive(Debug, Default)]
pub(super) struct Stamped {
    kinds: HashMap<ItemKind, Survey>,
}

/// What the folders of one kind hold.
#[derive(Debug, Default)]
struct Survey {
    marks: HashMap<Nid, Mark>,
    /// Items that cannot be read or whose folder cannot, each with its folder: they may carry any stamp.
    unread: Vec<(Nid, Nid)>,
}

/// A stamped item, in few bytes: there may be a hundred thousand.
#[derive(Clone, Copy, Debug)]
struct Mark {
    folder: Nid,
    record: u64,
    token: u64,
}

impl Stamped {
    /// Notes what became of an item that we wrote.
    pub(super) fn note(&mut self, kind: ItemKind, item: Nid, folder: Nid, stamp: Option<&Stamp>) {
        let Some(known) = self.kinds.get_mut(&kind) else { return };
        match (stamp, known.marks.get_mut(&item)) {
            (Some(stamp), _) => {
                known.marks.insert(item, Mark::of(folder, &stamp.record, &stamp.token));
            }
            (None, Some(mark)) => mark.folder = folder,
            (None, None) => {}
        }
    }
}

impl Mark {
    fn of(folder: Nid, record: &RecordId, token: &Token) -> Self {
        Self { folder, record: short(record.as_str()), token: short(token.as_str()) }
    }
}

/// A hash that lives only as long as the file is open.
fn short(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// Finds the items.
pub(super) fn find(
    mailbox: &mut PstMailbox,
    kind: ItemKind,
    wanted: &Wanted<'_>,
) -> Result<Vec<Found>, MailboxError> {
    mailbox.file()?;
    let PstMailbox { file: Some(file), stamped, .. } = mailbox else {
        return Err(failure::closed());
    };
    let store = file.store();
    let places = places(&store, kind).map_err(failure::read)?;
    let known = stamped.get_or_insert_default();
    let known = match known.kinds.entry(kind) {
        std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
        std::collections::hash_map::Entry::Vacant(entry) => {
            entry.insert(survey(&store, kind, &places).map_err(failure::read)?)
        }
    };
    let records = |records: &[RecordId]| records.iter().map(|id| short(id.as_str())).collect();
    let tokens = |tokens: &[Token]| tokens.iter().map(|id| short(id.as_str())).collect();
    let shorts: Option<Vec<u64>> = match wanted.by {
        By::Any => None,
        By::Records(ids) => Some(records(ids)),
        By::Tokens(ids) => Some(tokens(ids)),
    };
    let mut found: Vec<(Nid, Nid)> = known
        .marks
        .iter()
        .filter(|(_, mark)| match (&shorts, wanted.by) {
            (None, _) => true,
            (Some(shorts), By::Tokens(_)) => shorts.contains(&mark.token),
            (Some(shorts), _) => shorts.contains(&mark.record),
        })
        .map(|(item, mark)| (*item, mark.folder))
        .chain(known.unread.iter().copied())
        .collect();
    found.sort_unstable();
    let mut out = Vec::new();
    for (item, folder) in found {
        let Some(place) = places.iter().find(|place| place.folder == folder) else { continue };
        out.extend(look(&store, kind, item, *place, wanted).map_err(failure::read)?);
    }
    Ok(out)
}

/// Looks at every item of the folders.
fn survey<N: Nodes>(
    store: &Store<N>,
    kind: ItemKind,
    places: &[Place],
) -> Result<Survey, PstError> {
    let mut survey = Survey::default();
    // Where nobody ever stamped anything, the names of our properties are not known.
    let names = store.names()?;
    let known = stamp::places().iter().all(|place| match place.key() {
        crate::mapi::PropertyKey::Name(name) => names.id(&name).is_some(),
        crate::mapi::PropertyKey::Id(_) => true,
    });
    if !known {
        return Ok(survey);
    }
    for place in places {
        let mut items = Vec::new();
        let listed = store.folder(place.folder).and_then(|folder| {
            folder.each_item(&mut |row| {
                if row.class.as_deref().is_none_or(|class| read::kind(class) == Some(kind)) {
                    items.push(row.nid);
                }
            })
        });
        match listed {
            Ok(()) => {}
            Err(error) if error.is_of_system() => return Err(error),
            Err(_) => {
                let unlisted = unlisted(store, kind, place.folder)?;
                survey.unread.extend(unlisted.into_iter().map(|item| (item, place.folder)));
                continue;
            }
        }
        for item in items {
            match identifying(store, item) {
                Ok(properties) => {
                    if let Some(stamp) = stamp::read(&properties) {
                        let mark = Mark::of(place.folder, &stamp.record, &stamp.token);
                        survey.marks.insert(item, mark);
                    }
                }
                // The next run may well read it: nothing is wrong with the item.
                Err(error @ PstError::Io { .. }) => return Err(error),
                // No reason to find none of the others.
                Err(_) => survey.unread.push((item, place.folder)),
            }
        }
    }
    Ok(survey)
}

/// Finds the items of a folder that does not tell its items, by their nodes: those with a stamp, and those that cannot be read
/// either.
fn unlisted<N: Nodes>(store: &Store<N>, kind: ItemKind, folder: Nid) -> Result<Vec<Nid>, PstError> {
    let mut items = Vec::new();
    store.nodes().nodes(Nid(0), &mut |node| {
        if node.parent == folder && node.nid.kind() == NidKind::MESSAGE {
            items.push(node.nid);
        }
        ControlFlow::Continue(())
    })?;
    let mut found = Vec::new();
    for item in items {
        let may_be_ours = match identifying(store, item) {
            Ok(properties) => {
                let class = properties.value(p::MESSAGE_CLASS).and_then(V::as_text);
                class.is_none_or(|class| read::kind(class) == Some(kind))
                    && stamp::read(&properties).is_some()
            }
            Err(error) if error.is_of_system() => return Err(error),
            Err(_) => true,
        };
        if may_be_ours {
            found.push(item);
        }
    }
    Ok(found)
}

/// Looks at an item; `None` where it is gone or not wanted.
fn look<N: Nodes>(
    store: &Store<N>,
    kind: ItemKind,
    item: Nid,
    place: Place,
    wanted: &Wanted<'_>,
) -> Result<Option<Found>, PstError> {
    let id = place::item_id(place.folder, item);
    let folder = place::folder_id(place.folder);
    let Place { deleted, .. } = place;
    let row = match store.folder(place.folder).and_then(|folder| folder.item(item)) {
        Ok(Some(row)) => Some(row),
        Ok(None) => return Ok(None),
        Err(error) if error.is_of_system() => return Err(error),
        // Its folder does not tell in which version it is.
        Err(_) => None,
    };
    let properties = match identifying(store, item) {
        Ok(properties) => Some(properties),
        Err(error) if error.is_of_system() => return Err(error),
        Err(_) => None,
    };
    let Some((row, properties)) = row.as_ref().zip(properties) else {
        let version = row.map(|row| place::RowState::of(&row, None).version());
        let version = version.unwrap_or_else(|| ItemVersion::new(""));
        let identity = Identity { id, version, kind: Some(kind), private: false, stamp: None };
        return Ok(Some(Found { identity, folder, deleted, created_at: None }));
    };
    let node = store.nodes().node(item)?;
    let version = place::RowState::of(row, node.as_ref()).version();
    let looked = Looked {
        properties: &properties,
        recipients: None,
        id: &id,
        version: &version,
        folder: &folder,
    };
    let identity = read::identity(&looked);
    let created = properties.value(p::CREATION_TIME).and_then(V::as_time);
    let fits = identity.kind == Some(kind)
        && identity.stamp.as_ref().is_some_and(|stamp| fits(stamp, wanted));
    Ok(fits.then(|| Found {
        identity,
        folder,
        deleted,
        created_at: created.and_then(times::instant),
    }))
}

fn fits(stamp: &Stamp, wanted: &Wanted<'_>) -> bool {
    let ours = stamp.tenant == *wanted.tenant && stamp.user == *wanted.user;
    ours && match wanted.by {
        By::Any => true,
        By::Records(records) => records.contains(&stamp.record),
        By::Tokens(tokens) => tokens.contains(&stamp.token),
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::ops::ControlFlow;

    use super::{look, places, survey};
    use crate::mailbox::contract::sample;
    use crate::mailbox::pst::{PstMailbox, place};
    use crate::mailbox::{By, ItemError, Mailbox, Wanted, Whereabouts, Write, Wrote};
    use crate::mapi::FileTime;
    use crate::model::ItemKind;
    use crate::pst::messaging::Store;
    use crate::pst::messaging::write::{Batch, NewFolder};
    use crate::pst::ndb::{Block, Ndb, Node, Nodes};
    use crate::pst::{Bid, Layout, Nid, NidKind, PstError};

    /// A file on a share that does not answer when a node is asked for.
    struct Hiccup<N>(N, Nid);

    impl<N: Nodes> Nodes for Hiccup<N> {
        fn layout(&self) -> &Layout {
            self.0.layout()
        }

        fn node(&self, nid: Nid) -> Result<Option<Node>, PstError> {
            if nid == self.1 {
                return Err(PstError::io("read", 0, io::ErrorKind::TimedOut.into()));
            }
            self.0.node(nid)
        }

        fn nodes(
            &self,
            from: Nid,
            each: &mut dyn FnMut(Node) -> ControlFlow<()>,
        ) -> Result<(), PstError> {
            self.0.nodes(from, each)
        }

        fn block(&self, bid: Bid) -> Result<Block, PstError> {
            self.0.block(bid)
        }
    }

    #[test]
    fn d4_what_does_not_answer_is_no_item_that_cannot_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let mut mailbox = PstMailbox::fresh(folder.path());
        let kind = ItemKind::Contact;
        let home = mailbox.folder(kind, &[], false).unwrap().unwrap();
        let (content, stamp) = (sample::full(kind), sample::stamp("A-1", "t1"));
        let create = Write::Create { folder: home, content, stamp: stamp.clone() };
        let Wrote::Done { id, .. } = mailbox.apply(kind, &[create]).unwrap().remove(0) else {
            panic!("it is not made");
        };
        let (_, item) = place::item(&id).unwrap();
        let nodes = mailbox.file().unwrap().nodes();
        let wanted = Wanted { tenant: &stamp.tenant, user: &stamp.user, by: By::Any };
        for (of, fails) in [(item, true), (Nid(item.0 + 32), false)] {
            let store = Store::new(Hiccup(nodes, of));
            let places = places(&store, kind).unwrap();
            assert_eq!(survey(&store, kind, &places).is_err(), fails);
            let home = places.into_iter().find(|place| !place.deleted).unwrap();
            assert_eq!(look(&store, kind, item, home, &wanted).is_err(), fails);
        }
    }

    /// An item is found however deep the folder lies that a person moved it into.
    #[test]
    fn d4_no_folder_is_too_deep_to_be_looked_at() {
        let place = tempfile::tempdir().unwrap();
        let mut mailbox = PstMailbox::fresh(place.path());
        let kind = ItemKind::Contact;
        let path: Vec<String> = (1..=150).map(|level| format!("Ebene {level}")).collect();
        let folder = mailbox.folder(kind, &path, true).unwrap().unwrap();
        let (content, stamp) = (sample::full(kind), sample::stamp("A-1", "t1"));
        let wanted = Wanted { tenant: &stamp.tenant, user: &stamp.user, by: By::Any };
        let create = Write::Create { folder: folder.clone(), content, stamp: stamp.clone() };
        mailbox.apply(kind, &[create]).unwrap();
        let found = mailbox.find(kind, &wanted).unwrap();
        assert!(matches!(&found[..], [one] if one.folder == folder && !one.deleted), "{found:?}");
        assert_eq!(mailbox.whereabouts(&[folder]).unwrap(), [Whereabouts::Kept]);
    }

    /// Outlook lets no two folders differ in case alone, and other programs do.
    #[test]
    fn a_folder_that_is_written_exactly_so_goes_before_those_that_differ_in_case() {
        let place = tempfile::tempdir().unwrap();
        let mut mailbox = PstMailbox::fresh(place.path());
        let kind = ItemKind::Contact;
        let home = mailbox.folder(kind, &[], true).unwrap().unwrap();
        let home = place::folder(&home).unwrap();
        let made = {
            let writer = mailbox.file().unwrap().writer().unwrap();
            let mut batch = Batch::begin(writer, FileTime(134_000_000_000_000_000)).unwrap();
            let made = ["Fall", "FALL", "fall", "Anderes"].map(|name| {
                batch.create_folder(home, &NewFolder::new(name, "IPF.Contact")).unwrap()
            });
            batch.commit().unwrap();
            made
        };
        let mut found = |name: &str| {
            let found = mailbox.folder(kind, &[name.to_owned()], false);
            found.map(|id| id.and_then(|id| place::folder(&id)))
        };
        for (name, nid) in ["Fall", "FALL", "fall", "anDERES"].into_iter().zip(made) {
            assert_eq!(found(name).unwrap(), Some(nid), "{name}");
        }
        let error = found("fALL").unwrap_err();
        assert!(error.text.ends_with(r#""Fall", "FALL", "fall""#), "{}", error.text);
    }

    /// Issue 4, "absent and unreadable never look alike": a folder that nobody works in keeps no mailbox from its run, whatever of it is damaged. Its
    /// items may carry any stamp (rule D3), so that those that do are told as such that cannot be read.
    #[test]
    fn d03_a_damaged_folder_stops_nobody_and_hides_no_stamp() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("a.pst");
        let kind = ItemKind::Contact;
        let (home, archive, bin) = {
            let mut mailbox = PstMailbox::fresh(place.path());
            let home = mailbox.folder(kind, &[], false).unwrap().unwrap();
            let archive = mailbox.folder(kind, &["Archiv".to_owned()], true).unwrap().unwrap();
            for (folder, record) in [(&home, "A-1"), (&archive, "A-2")] {
                let (content, stamp) = (sample::full(kind), sample::stamp(record, record));
                let folder = folder.clone();
                let create = Write::Create { folder, content, stamp };
                let answer = mailbox.apply(kind, &[create]).unwrap().remove(0);
                assert!(matches!(answer, Wrote::Done { .. }), "{answer:?}");
            }
            let bin = mailbox.file().unwrap().store().deleted_items();
            mailbox.close().unwrap();
            (home, place::folder(&archive).unwrap(), bin.unwrap().unwrap())
        };
        let whole = std::fs::read(&path).unwrap();
        let stamp = sample::stamp("A-1", "A-1");
        let bend = |damaged: Nid| {
            std::fs::write(&path, &whole).unwrap();
            let at = {
                let ndb = Ndb::at(&path).unwrap();
                let node = ndb.node(damaged).unwrap().unwrap();
                usize::try_from(ndb.block(node.data.unwrap()).unwrap().at()).unwrap()
            };
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            std::fs::write(&path, bytes).unwrap();
        };
        for (damaged, readable) in [
            (archive, 1),
            (archive.with(NidKind::CONTENTS), 1),
            (archive.with(NidKind::HIERARCHY), 2),
            (bin, 2),
            (bin.with(NidKind::CONTENTS), 2),
        ] {
            bend(damaged);
            let mut mailbox = PstMailbox::fresh(place.path());
            assert_eq!(mailbox.folder(kind, &[], true).unwrap(), Some(home.clone()), "{damaged}");
            assert_eq!(mailbox.changes(&home, kind, None).unwrap().changed.len(), 1);
            let wanted = Wanted { tenant: &stamp.tenant, user: &stamp.user, by: By::Any };
            let found = mailbox.find(kind, &wanted).unwrap();
            let ours = found.iter().filter(|found| found.identity.stamp.is_some()).count();
            assert_eq!((found.len(), ours), (2, readable), "{damaged}");
            // Later runs ask for it again, and are not stopped by it either.
            for found in found.into_iter().filter(|found| found.identity.stamp.is_none()) {
                let mut answers = Vec::new();
                mailbox
                    .fetch(kind, &[found.identity.id], &mut |_, item| answers.push(item.err()))
                    .unwrap();
                assert!(matches!(answers[..], [Some(ItemError::Unreadable(_))]), "{answers:?}");
            }
        }
        // A folder that is wanted and may be the one whose name cannot be read is not made once more.
        let named = |name: &str| {
            let mut mailbox = PstMailbox::fresh(place.path());
            mailbox.folder(kind, &[name.to_owned()], false)
        };
        std::fs::write(&path, &whole).unwrap();
        assert_eq!(named("Anderes").unwrap(), None);
        bend(archive);
        named("Anderes").unwrap_err();
    }
}
