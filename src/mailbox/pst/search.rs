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
use crate::mailbox::{By, Found, MailboxError, Stamp, Wanted};
use crate::mapi::{Value as V, property as p};
use crate::model::{ItemKind, RecordId, Token};
use crate::pst::messaging::Store;
use crate::pst::ndb::Nodes;
use crate::pst::{Nid, PstError};

/// Where stamped items of each kind are.
#[derive(Debug, Default)]
pub(super) struct Stamped {
    kinds: HashMap<ItemKind, HashMap<Nid, Mark>>,
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
        match (stamp, known.get_mut(&item)) {
            (Some(stamp), _) => {
                known.insert(item, Mark::of(folder, &stamp.record, &stamp.token));
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
    let marks = match known.kinds.entry(kind) {
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
    let mut found: Vec<(Nid, Nid)> = marks
        .iter()
        .filter(|(_, mark)| match (&shorts, wanted.by) {
            (None, _) => true,
            (Some(shorts), By::Tokens(_)) => shorts.contains(&mark.token),
            (Some(shorts), _) => shorts.contains(&mark.record),
        })
        .map(|(item, mark)| (*item, mark.folder))
        .collect();
    found.sort_unstable();
    let mut out = Vec::new();
    for (item, folder) in found {
        let Some(place) = places.iter().find(|place| place.folder == folder) else { continue };
        out.extend(look(&store, kind, item, *place).map_err(failure::read)?);
    }
    out.retain(|found| fits(found, wanted));
    Ok(out)
}

/// Looks at every item of the folders.
fn survey<N: Nodes>(
    store: &Store<N>,
    kind: ItemKind,
    places: &[Place],
) -> Result<HashMap<Nid, Mark>, PstError> {
    let mut marks = HashMap::new();
    // Where nobody ever stamped anything, the names of our properties are not known.
    let names = store.names()?;
    let known = stamp::places().iter().all(|place| match place.key() {
        crate::mapi::PropertyKey::Name(name) => names.id(&name).is_some(),
        crate::mapi::PropertyKey::Id(_) => true,
    });
    if !known {
        return Ok(marks);
    }
    for place in places {
        let mut items = Vec::new();
        store.folder(place.folder)?.each_item(&mut |row| {
            if row.class.as_deref().is_none_or(|class| read::kind(class) == Some(kind)) {
                items.push(row.nid);
            }
        })?;
        for item in items {
            // One that cannot be read says nothing of itself, and is no reason to find none of the others.
            let Ok(properties) = identifying(store, item) else { continue };
            if let Some(stamp) = stamp::read(&properties) {
                marks.insert(item, Mark::of(place.folder, &stamp.record, &stamp.token));
            }
        }
    }
    Ok(marks)
}

fn look<N: Nodes>(
    store: &Store<N>,
    kind: ItemKind,
    item: Nid,
    place: Place,
) -> Result<Option<Found>, PstError> {
    let Some(row) = store.folder(place.folder)?.item(item)? else { return Ok(None) };
    let properties = identifying(store, item)?;
    let id = place::item_id(place.folder, item);
    let node = store.nodes().node(item)?;
    let version = place::RowState::of(&row, node.as_ref()).version();
    let folder = place::folder_id(place.folder);
    let looked = Looked {
        properties: &properties,
        recipients: None,
        id: &id,
        version: &version,
        folder: &folder,
    };
    let identity = read::identity(&looked);
    let created = properties.value(p::CREATION_TIME).and_then(V::as_time);
    Ok((identity.kind == Some(kind) && identity.stamp.is_some()).then(|| Found {
        identity,
        folder,
        deleted: place.deleted,
        created_at: created.and_then(times::instant),
    }))
}

fn fits(found: &Found, wanted: &Wanted<'_>) -> bool {
    let Some(stamp) = &found.identity.stamp else { return false };
    let ours = stamp.tenant == *wanted.tenant && stamp.user == *wanted.user;
    ours && match wanted.by {
        By::Any => true,
        By::Records(records) => records.contains(&stamp.record),
        By::Tokens(tokens) => tokens.contains(&stamp.token),
    }
}
