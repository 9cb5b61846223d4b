//! Effect: items that were listed and could not be read. What cannot be read is never taken for absent: such an item is noted, read
//! again in each run, and nothing of its kind is created that may be it (rule D3).

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::Timestamp;

use crate::engine::session::{Session, Stop};
use crate::mailbox::{By, Found, Identity, Item, ItemError, Wanted, Whereabouts};
use crate::model::{Content, FolderId, ItemId, ItemKind, ItemVersion};
use crate::reason::Code;
use crate::state::{StateError, UnpairedRow};

/// How many items are read again at once.
const PAGE: usize = 100;

/// An item of which no pair is known, as far as it could be read.
pub(super) struct Incoming {
    pub(super) identity: Identity,
    pub(super) folder: Option<FolderId>,
    pub(super) born: Option<Timestamp>,
    /// `None`: it could not be read.
    pub(super) content: Option<Content>,
}

impl Incoming {
    pub(super) fn read(item: Item) -> Self {
        Self {
            identity: item.identity,
            folder: item.folder,
            born: item.created_at,
            content: Some(item.content),
        }
    }

    const fn unread(identity: Identity) -> Self {
        Self { identity, folder: None, born: None, content: None }
    }
}

impl Session<'_> {
    /// Reads the items of a page of which no pair is known. Of one that the mailbox does not give, at least the identity is asked
    /// for: stamp, privacy and kind say whether anybody has to wait for it. One that is gone is left out.
    pub(super) fn fetch_incoming(
        &mut self,
        kind: ItemKind,
        listed: &[(ItemId, ItemVersion)],
        ids: &[ItemId],
    ) -> Result<Vec<Incoming>, Stop> {
        let (mut incoming, unread) = self.fetch_whole(kind, ids)?;
        if unread.is_empty() {
            return Ok(incoming);
        }
        let mut identities = HashMap::new();
        self.mailbox.identify(kind, &unread, &mut |id, identity| {
            identities.insert(id, identity);
        })?;
        for id in unread {
            let identity = match identities.remove(&id) {
                Some(Ok(identity)) => identity,
                Some(Err(ItemError::Gone)) => continue,
                error => {
                    // What a delegate who cannot see private items may not read is one, and nobody's business.
                    let denied = matches!(error, Some(Err(ItemError::Denied(_))));
                    let private = denied && !self.opened.sees_private;
                    // An item may be listed more than once; the last version is the newest.
                    let version = listed.iter().rfind(|(listed, _)| *listed == id);
                    let Some((_, version)) = version else { continue };
                    let version = version.clone();
                    Identity { id, version, kind: Some(kind), private, stamp: None }
                }
            };
            incoming.push(Incoming::unread(identity));
        }
        Ok(incoming)
    }

    /// Finds stamped items in the whole mailbox. What there cannot be read may be any of them, and is noted.
    pub(super) fn search(&mut self, kind: ItemKind, by: By<'_>) -> Result<Vec<Found>, Stop> {
        let wanted = Wanted { tenant: self.job.tenant, user: self.job.user, by };
        let (found, unread): (Vec<Found>, Vec<Found>) = self
            .mailbox
            .find(kind, &wanted)?
            .into_iter()
            .partition(|it| it.identity.stamp.is_some());
        self.state.atomically(|state| {
            // What lies in Deleted Items is deleted, whosever it is.
            for Found { identity, folder, .. } in unread.into_iter().filter(|it| !it.deleted) {
                if state.is_paired(self.id, &identity.id)? {
                    continue;
                }
                tracing::warn!(item = %identity.id, "an item cannot be read while others are looked for");
                let row = UnpairedRow {
                    id: 0,
                    item: identity.id,
                    version: identity.version,
                    kind,
                    folder,
                    record: None,
                    token: None,
                    deleted: false,
                    born: None,
                    unread: true,
                };
                state.put_unpaired(self.id, &row)?;
            }
            Ok::<_, StateError>(())
        })?;
        Ok(found)
    }

    /// Reads whole items. Returns those that came, and the ids of those that are not gone and did not come.
    fn fetch_whole(
        &mut self,
        kind: ItemKind,
        ids: &[ItemId],
    ) -> Result<(Vec<Incoming>, Vec<ItemId>), Stop> {
        if ids.is_empty() {
            return Ok((Vec::new(), Vec::new()));
        }
        let mut incoming = Vec::with_capacity(ids.len());
        let mut settled = HashSet::new();
        self.mailbox.fetch(kind, ids, &mut |id, item| match item {
            Ok(item) => {
                settled.insert(id);
                incoming.push(Incoming::read(item));
            }
            Err(ItemError::Gone) => {
                settled.insert(id);
            }
            Err(error) => log_unread(&id, &error, "an item that is listed cannot be read"),
        })?;
        Ok((incoming, ids.iter().filter(|id| !settled.contains(*id)).cloned().collect()))
    }

    /// Reads once more what earlier runs could not read.
    pub(super) fn read_unread(&mut self, kind: ItemKind) -> Result<(), Stop> {
        let mut after = 0;
        loop {
            let rows = self.state.unread(self.id, kind, after, PAGE)?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.id;
            let ids: Vec<ItemId> = rows.iter().map(|row| row.item.clone()).collect();
            let (items, still) = self.fetch_whole(kind, &ids)?;
            let items: HashMap<&ItemId, &Incoming> =
                items.iter().map(|item| (&item.identity.id, item)).collect();
            let found: Vec<(&UnpairedRow, Option<&Incoming>)> = rows
                .iter()
                .map(|row| (row, items.get(&row.item).copied()))
                .filter(|(row, item)| item.is_some() || still.contains(&row.item))
                .collect();
            let strange = self.strange_folders(kind, &found)?;
            self.state.atomically(|state| {
                for (row, item) in &found {
                    let folder = lies_in(row, *item);
                    match (item, strange.get(folder)) {
                        (Some(item), None) => {
                            self.see_incoming(state, kind, folder, item)?;
                        }
                        // The listing of the folder, which is watched from now on, takes it in.
                        (Some(item), Some(Whereabouts::Kept)) if self.is_ours(&item.identity) => {
                            state.watch_folder(self.id, kind, folder)?;
                            state.forget_unpaired(self.id, &row.item)?;
                        }
                        // It is nobody's where it lies, and deleted whosever it was.
                        (Some(_), Some(Whereabouts::Kept))
                        | (_, Some(Whereabouts::Deleted | Whereabouts::Gone)) => {
                            state.forget_unpaired(self.id, &row.item)?;
                        }
                        (None, None | Some(Whereabouts::Kept)) | (_, Some(Whereabouts::Hidden)) => {
                        }
                    }
                }
                for row in rows.iter().filter(|row| !found.iter().any(|(it, _)| it.id == row.id)) {
                    state.forget_unpaired(self.id, &row.item)?;
                }
                Ok::<_, StateError>(())
            })?;
            if still.len() < ids.len() {
                self.state.mark_doubtful(self.id, kind)?;
            }
        }
    }

    /// Says where those folders are that items lie in and that nobody watches. A search goes through all folders; what it could not
    /// read is taken in like the items of watched folders only where it lies in one.
    fn strange_folders(
        &mut self,
        kind: ItemKind,
        found: &[(&UnpairedRow, Option<&Incoming>)],
    ) -> Result<HashMap<FolderId, Whereabouts>, Stop> {
        let watched: HashSet<FolderId> =
            self.state.folders(self.id, kind)?.into_iter().map(|row| row.id).collect();
        let strange: BTreeSet<FolderId> = found
            .iter()
            .map(|(row, item)| lies_in(row, *item))
            .filter(|folder| !watched.contains(*folder))
            .cloned()
            .collect();
        if strange.is_empty() {
            return Ok(HashMap::new());
        }
        let strange: Vec<FolderId> = strange.into_iter().collect();
        let whereabouts = self.mailbox.whereabouts(&strange)?;
        Ok(strange.into_iter().zip(whereabouts).collect())
    }

    /// Finds out of which kinds nothing may be created, once a person's word is taken into account. Records that waited are looked
    /// at again when there is nothing to wait for any more.
    pub(super) fn weigh_unread(&mut self) -> Result<(), Stop> {
        let mut unread = self.count_unread()?;
        if unread > 0 && self.options.allows("unread", unread) {
            for kind in self.kinds() {
                self.state.pass_unread(self.id, kind)?;
            }
            unread = 0;
        }
        self.unread.clear();
        for kind in self.kinds() {
            if unread > 0 && self.state.count_unread(self.id, kind)? > 0 {
                self.unread.insert(kind);
            } else {
                self.state.mark_outcome(self.id, kind, Code::PairUnread)?;
            }
        }
        Ok(())
    }

    /// Counts the items of all kinds that move and that could not be read.
    pub(super) fn count_unread(&self) -> Result<u64, StateError> {
        self.kinds().into_iter().map(|kind| self.state.count_unread(self.id, kind)).sum()
    }
}

/// Notes in the log which item cannot be read, and why.
pub(super) fn log_unread(item: &ItemId, error: &ItemError, what: &str) {
    if let Some(why) = error.why() {
        tracing::warn!(%item, why, "{what}");
    }
}

/// Returns the folder of an item: where it was read, else where it was noted.
fn lies_in<'a>(row: &'a UnpairedRow, item: Option<&'a Incoming>) -> &'a FolderId {
    item.and_then(|item| item.folder.as_ref()).unwrap_or(&row.folder)
}
