//! Effect: finds stamped items in all folders of a kind and in Deleted Items.
//!
//! A file has no index of named properties. Every item of these folders is looked at once, and where the stamps are is
//! remembered as long as the file is open; nobody else can write it meanwhile.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::fetch::identifying;
use super::folders::{Place, places};
use super::place;
use super::read::{self, Found as Looked};
use super::{PstMailbox, failure, stamp, times};
use crate::mailbox::{By, Found, Identity, MailboxError, Stamp, Wanted};
use crate::mapi::{Value as V, property as p};
use crate::model::{ItemKind, RecordId, Token};
use crate::pst::messaging::Store;
use crate::pst::ndb::Nodes;
use crate::pst::{Nid, PstError};

/// Where stamped items of each kind are.
#[derive(Debug, Default)]
pub(super) struct Stamped {
    kinds: HashMap<ItemKind, Survey>,
}

/// What the folders of one kind hold.
#[derive(Debug, Default)]
struct Survey {
    marks: HashMap<Nid, Mark>,
    /// Items that cannot be read, each with its folder: they may carry any stamp.
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
        store.folder(place.folder)?.each_item(&mut |row| {
            if row.class.as_deref().is_none_or(|class| read::kind(class) == Some(kind)) {
                items.push(row.nid);
            }
        })?;
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

/// Looks at an item; `None` where it is gone or not wanted.
fn look<N: Nodes>(
    store: &Store<N>,
    kind: ItemKind,
    item: Nid,
    place: Place,
    wanted: &Wanted<'_>,
) -> Result<Option<Found>, PstError> {
    let Some(row) = store.folder(place.folder)?.item(item)? else { return Ok(None) };
    let id = place::item_id(place.folder, item);
    let folder = place::folder_id(place.folder);
    let Place { deleted, .. } = place;
    let properties = match identifying(store, item) {
        Ok(properties) => properties,
        Err(error @ PstError::Io { .. }) => return Err(error),
        Err(_) => {
            let version = place::RowState::of(&row, None).version();
            let identity = Identity { id, version, kind: Some(kind), private: false, stamp: None };
            return Ok(Some(Found { identity, folder, deleted, created_at: None }));
        }
    };
    let node = store.nodes().node(item)?;
    let version = place::RowState::of(&row, node.as_ref()).version();
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
    use crate::mailbox::{By, Mailbox, Wanted, Write, Wrote};
    use crate::model::ItemKind;
    use crate::pst::messaging::Store;
    use crate::pst::ndb::{Block, Node, Nodes};
    use crate::pst::{Bid, Layout, Nid, PstError};

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
}
