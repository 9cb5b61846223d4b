//! Effect: reads what changed in the mailbox, folder by folder (rules D3, D4, D5).

use crate::engine::missing::{is_finished_copy, joins};
use crate::engine::pairing::keys;
use crate::engine::report::{Phase, Stopped};
use crate::engine::rules::ClockDifference;
use crate::engine::session::{Session, Stop};
use crate::engine::unread::Incoming;
use crate::mailbox::{By, Identity, Whereabouts};
use crate::model::{FolderId, ItemId, ItemKind, ItemVersion, Scope};
use crate::reason::Code;
use crate::state::{ItemPresence, Keys, KnownItem, PairRow, State, StateError, UnpairedRow};

/// How many items are looked for at once.
pub(super) const SEARCH: usize = 40;

impl Session<'_> {
    /// Reads the changes of every watched folder: one call a folder when nothing changed.
    pub(super) fn observe_outlook(&mut self) -> Result<(), Stop> {
        self.phase(Phase::ReadingOutlook);
        for kind in self.kinds() {
            self.heed()?;
            self.watch(kind)?;
            self.read_unread(kind)?;
            self.read_folders(kind)?;
            self.resolve_missing(kind)?;
        }
        self.mark_series()?;
        self.weigh_unread()?;
        self.weigh_clock()
    }

    /// Has conflicts looked at again that were held because nobody knew which edit was the newer one, once the clocks agree (rule D1).
    fn weigh_clock(&self) -> Result<(), Stop> {
        match ClockDifference::between(self.now, self.opened.clock) {
            ClockDifference::Within(_) => {
                Ok(self.state.mark_found(self.id, Code::ConflictClock)?)
            }
            ClockDifference::Beyond => Ok(()),
        }
    }

    /// Reads the folders of what was written once more, so that the echoes of this run are behind it.
    pub(super) fn drain(&mut self) -> Result<(), Stop> {
        for kind in self.kinds() {
            if self.tally.wrote.contains(&kind) {
                self.read_folders(kind)?;
            }
        }
        Ok(())
    }

    /// Sees to it that the folders of a kind are watched. The first time, every item with a stamp of ours is looked for in
    /// the whole mailbox: the state may be new where the mailbox is not.
    fn watch(&mut self, kind: ItemKind) -> Result<(), Stop> {
        for folder in self.state.folders(self.id, kind)? {
            if let Some(since) = &folder.cursor
                && self.mailbox.is_behind(since)?
            {
                self.mailbox_restored()?;
            }
        }
        self.follow_folders(kind)?;
        let fresh = self.state.folders(self.id, kind)?.is_empty();
        if fresh && let Some(default) = self.mailbox.folder(kind, &[], false)? {
            self.state.watch_folder(self.id, kind, &default)?;
        }
        let scopes: Vec<Scope> = self
            .active
            .iter()
            .filter(|active| active.kinds().contains(&kind))
            .map(|active| active.scope)
            .collect();
        for scope in scopes {
            self.find_home(scope, kind, false)?;
        }
        if fresh || self.options.full {
            let mut found = self.search(kind, By::Any)?;
            found.sort_by_key(|found| (found.deleted, found.created_at));
            let mut apart = Vec::new();
            for found in found.iter().filter(|found| kind == ItemKind::Task && !found.deleted) {
                let Some(stamp) = &found.identity.stamp else { continue };
                let pair = self.state.pair_of_record(self.id, &stamp.record)?;
                apart.extend(pair.filter(joins).map(|pair| (pair, &found.identity.id)));
            }
            let finished = self.finished_copies(kind, apart.iter().map(|(of, id)| (of, *id)))?;
            self.state.atomically(|state| {
                for found in &found {
                    let Some(stamp) = &found.identity.stamp else { continue };
                    let place = (&found.identity.id, &found.folder);
                    if let Some(pair) = state.pair_of_item(self.id, &found.identity.id)? {
                        if !found.deleted && joins(&pair) {
                            state.set_item(pair.id, ItemPresence::Here, Some(place))?;
                            state.watch_folder(self.id, kind, &found.folder)?;
                        }
                        continue;
                    }
                    if let Some(pair) = state.pair_of_record(self.id, &stamp.record)?
                        && pair.kind == kind
                        && !found.deleted
                        && joins(&pair)
                        && !finished.contains(&found.identity.id)
                    {
                        // Restored; once it counts as known, the folder's listing would pass it over.
                        state.forget_unpaired(self.id, &found.identity.id)?;
                        state.set_item(pair.id, ItemPresence::Here, Some(place))?;
                        state.watch_folder(self.id, kind, &found.folder)?;
                        continue;
                    }
                    let row = UnpairedRow {
                        id: 0,
                        item: found.identity.id.clone(),
                        version: found.identity.version.clone(),
                        kind,
                        folder: found.folder.clone(),
                        record: Some(stamp.record.clone()),
                        token: Some(stamp.token.clone()),
                        deleted: found.deleted,
                        born: found.created_at.map(jiff::Timestamp::as_second),
                        unread: false,
                    };
                    state.put_unpaired(self.id, &row)?;
                    if !found.deleted {
                        state.watch_folder(self.id, kind, &found.folder)?;
                    }
                }
                Ok::<_, StateError>(())
            })?;
        }
        if self.options.full {
            for folder in self.state.folders(self.id, kind)? {
                self.state.set_cursor(self.id, kind, &folder.id, None)?;
            }
        }
        Ok(())
    }

    /// Watches no longer the folders that the person deleted: what was in them is looked for like any item that is not where it
    /// was (rules D4, D5). One that the person takes back is read anew. A default folder is never among them; without it something
    /// is wrong with the mailbox.
    fn follow_folders(&mut self, kind: ItemKind) -> Result<(), Stop> {
        let watched = self.state.folders(self.id, kind)?;
        let discarded = self.state.discarded_folders(self.id, kind)?;
        if watched.is_empty() && discarded.is_empty() {
            return Ok(());
        }
        let default = self.mailbox.folder(kind, &[], false)?;
        let known: Vec<(FolderId, bool)> = watched
            .into_iter()
            .map(|row| (row.id, true))
            .filter(|(id, _)| Some(id) != default.as_ref())
            .chain(discarded.into_iter().map(|id| (id, false)))
            .collect();
        if known.is_empty() {
            return Ok(());
        }
        let ids: Vec<FolderId> = known.iter().map(|(id, _)| id.clone()).collect();
        let whereabouts = self.mailbox.whereabouts(&ids)?;
        for ((folder, watched), found) in known.iter().zip(whereabouts) {
            match (found, watched) {
                (Whereabouts::Kept, false) => self.state.watch_folder(self.id, kind, folder)?,
                (Whereabouts::Deleted, true) => self.leave_folder(kind, folder, true)?,
                (Whereabouts::Gone, _) => self.leave_folder(kind, folder, false)?,
                (Whereabouts::Kept, true)
                | (Whereabouts::Deleted, false)
                | (Whereabouts::Hidden, _) => {}
            }
        }
        Ok(())
    }

    fn leave_folder(
        &mut self,
        kind: ItemKind,
        folder: &FolderId,
        may_come_back: bool,
    ) -> Result<(), Stop> {
        self.state.forget_seen()?;
        let doubt = self.state.atomically(|state| {
            let mut doubt = false;
            for id in state.unseen_items(self.id, kind, folder)? {
                doubt |= self.see_removed(state, &ItemId::new(id))?;
            }
            state.leave_folder(self.id, kind, folder, may_come_back)?;
            Ok::<_, StateError>(doubt)
        })?;
        if doubt {
            self.state.mark_doubtful(self.id, kind)?;
        }
        Ok(())
    }

    /// Returns the folder that new items of a scope go to, and makes it where it is missing and may be made.
    pub(super) fn find_home(
        &mut self,
        scope: Scope,
        kind: ItemKind,
        create: bool,
    ) -> Result<Option<FolderId>, Stop> {
        let Some(path) = self.job.scopes.of(scope).folder.as_deref() else {
            return Ok(self.mailbox.folder(kind, &[], create)?);
        };
        let whole = self.active.iter().any(|active| active.scope == scope && active.whole);
        if !whole && let Some(home) = self.state.home(self.id, scope, kind)? {
            return Ok(Some(home));
        }
        let path: Vec<String> =
            path.split('/').map(|name| name.trim().to_owned()).filter(|n| !n.is_empty()).collect();
        let home = self.mailbox.folder(kind, &path, create)?;
        if let Some(home) = &home {
            self.state.set_home(self.id, scope, kind, home)?;
            self.state.watch_folder(self.id, kind, home)?;
        }
        Ok(home)
    }

    fn read_folders(&mut self, kind: ItemKind) -> Result<(), Stop> {
        for folder in self.state.folders(self.id, kind)? {
            let mut since = folder.cursor;
            let mut listing = since.is_none();
            self.state.forget_seen()?;
            loop {
                let page = self.mailbox.changes(&folder.id, kind, since.as_ref())?;
                if page.restarted && !listing {
                    listing = true;
                    self.state.forget_seen()?;
                }
                let (incoming, marks) = self.weigh_changes(&page.changed)?;
                let items = self.fetch_incoming(kind, &page.changed, &incoming)?;
                let (mut copies, mut arrived) = (Vec::new(), Vec::new());
                let ended = !page.more || since.as_ref() == Some(&page.cursor);
                let doubt = self.state.atomically(|state| {
                    let mut doubt = false;
                    if listing {
                        state.saw(page.changed.iter().map(|(id, _)| id.as_str()))?;
                    }
                    for pair in marks {
                        state.mark_item(pair)?;
                    }
                    for id in &page.removed {
                        doubt |= self.see_removed(state, id)?;
                    }
                    for incoming in &items {
                        let id = &incoming.identity.id;
                        let known = self.is_ours(&incoming.identity)
                            && state.unpaired_item(self.id, id)?.is_some();
                        doubt |= self.see_incoming(state, kind, &folder.id, incoming)?;
                        if let Some(pair) = self.copied(state, &incoming.identity)? {
                            copies.push(pair);
                            arrived.extend((!known).then(|| id.clone()));
                        }
                    }
                    if listing && ended {
                        for id in state.unseen_items(self.id, kind, &folder.id)? {
                            doubt |= self.see_removed(state, &ItemId::new(id))?;
                        }
                    }
                    if since.as_ref() != Some(&page.cursor) {
                        state.set_cursor(self.id, kind, &folder.id, Some(&page.cursor))?;
                    }
                    Ok::<_, StateError>(doubt)
                })?;
                self.arrived.extend(arrived);
                for pair in copies {
                    self.state.mark_pair(pair.id)?;
                    self.noticed.insert(pair.id, Code::CopiesLeftAlone);
                }
                if doubt {
                    self.state.mark_doubtful(self.id, kind)?;
                }
                if ended {
                    break;
                }
                since = Some(page.cursor);
            }
        }
        Ok(())
    }

    /// The mailbox is in an older state than when it was last read: its file was put back from a copy. A word is asked for before
    /// what is missing there is taken for deleted (rule D7).
    fn mailbox_restored(&self) -> Result<(), Stop> {
        if self.options.allows("restored", 1) {
            // The ids of folders that were made since are given a second time as well.
            return Ok(self.state.forget_homes(self.id)?);
        }
        Err(Stop::Waits(vec![Stopped {
            code: Code::BrakeRestored,
            scope: None,
            number: Some(1),
            limit: Some(0),
            examples: Vec::new(),
            text: "the mailbox is in an older state than when it was last read".to_owned(),
            hint: None,
            request: None,
        }]))
    }

    /// Returns the ids on a page that are neither a pair's nor known as unpaired in this version, and the rows of the pairs whose
    /// items changed.
    fn weigh_changes(
        &self,
        changed: &[(ItemId, ItemVersion)],
    ) -> Result<(Vec<ItemId>, Vec<i64>), StateError> {
        let (mut unknown, mut marks) = (Vec::new(), Vec::new());
        let known = self.state.reading(|state| state.known_items(self.id, changed))?;
        for ((id, _), known) in changed.iter().zip(known) {
            match known {
                KnownItem::Changed(pair) => marks.push(pair),
                KnownItem::Settled => {}
                KnownItem::Unknown => unknown.push(id.clone()),
            }
        }
        unknown.dedup();
        Ok((unknown, marks))
    }

    fn see_removed(&self, state: &State, id: &ItemId) -> Result<bool, StateError> {
        if state.miss_item(self.id, id)? {
            return Ok(false);
        }
        state.forget_unpaired(self.id, id)
    }

    /// Takes in an item that belongs to no pair as far as known. Returns whether pairing in doubt may look different now.
    pub(super) fn see_incoming(
        &self,
        state: &State,
        kind: ItemKind,
        folder: &FolderId,
        incoming: &Incoming,
    ) -> Result<bool, StateError> {
        let Incoming { identity, content, .. } = incoming;
        if identity.kind != Some(kind) {
            return state.forget_unpaired(self.id, &identity.id);
        }
        let folder = incoming.folder.as_ref().unwrap_or(folder);
        let ours = identity
            .stamp
            .as_ref()
            .filter(|s| s.tenant == *self.job.tenant && s.user == *self.job.user);
        if let Some(stamp) = ours
            && let Some(pair) = state.pair_of_record(self.id, &stamp.record)?
            && joins(&pair)
            && !content.as_ref().is_some_and(|content| is_finished_copy(&pair, content))
        {
            state.forget_unpaired(self.id, &identity.id)?;
            state.set_item(pair.id, ItemPresence::Here, Some((&identity.id, folder)))?;
            return Ok(false);
        }
        // Stamped items are somebody's already, private ones nobody's business (rules D3, D9): neither gets keys.
        let keyed = identity.stamp.is_none() && !identity.private;
        let row = UnpairedRow {
            id: 0,
            item: identity.id.clone(),
            version: identity.version.clone(),
            kind,
            folder: folder.clone(),
            record: ours.map(|stamp| stamp.record.clone()),
            token: ours.map(|stamp| stamp.token.clone()),
            deleted: false,
            born: incoming.born.map(jiff::Timestamp::as_second),
            unread: content.is_none() && (keyed || ours.is_some()),
        };
        let id = state.put_unpaired(self.id, &row)?;
        let keys = match content {
            Some(content) if keyed => keys(kind, content, &self.salt),
            _ => Keys::default(),
        };
        state.set_unpaired_keys(self.id, id, &keys)?;
        Ok(keyed)
    }

    /// Returns the pair that an item is a copy of: it carries the pair's stamp while the pair's own item is there (rule D3). A late
    /// twin is planned for itself.
    fn copied(&self, state: &State, identity: &Identity) -> Result<Option<PairRow>, StateError> {
        let Some(stamp) = &identity.stamp else { return Ok(None) };
        if stamp.tenant != *self.job.tenant || stamp.user != *self.job.user {
            return Ok(None);
        }
        let pair = state.pair_of_record(self.id, &stamp.record)?;
        Ok(pair.filter(|pair| {
            !(pair.repeated && pair.token.as_ref() == Some(&stamp.token))
                && pair.item_state == ItemPresence::Here
                && pair.item.as_ref().is_some_and(|id| *id != identity.id)
        }))
    }
}
