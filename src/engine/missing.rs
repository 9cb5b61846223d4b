//! Effect: finds out what became of items that are no longer where they were, and which item with a pair's stamp is the pair's own
//! (rules D3, D4, D5).

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use crate::engine::observe_outlook::SEARCH;
use crate::engine::report::Counts;
use crate::engine::session::{Session, Stop};
use crate::engine::unread::{Incoming, log_unread};
use crate::mailbox::{By, Found, Identity, Item, ItemError};
use crate::model::{Content, Field, FolderId, ItemId, ItemKind, RecordId, Scope, Slot, Token};
use crate::reason::Code;
use crate::state::{ItemPresence, PairRow, StateError, UnpairedRow};

impl Session<'_> {
    /// Finds out what became of items that are no longer where they were. One that was listed in another folder of late is where it
    /// was moved to; else it is looked for, and a copy of it that is known for longer is the last to take its place.
    pub(super) fn resolve_missing(&mut self, kind: ItemKind) -> Result<(), Stop> {
        if self.sees_everything(kind)? {
            self.state.mark_unproven(self.id, kind)?;
        }
        let missing = self.state.pairs_missing(self.id, kind)?;
        for pairs in missing.chunks(SEARCH) {
            let mut rows: Vec<(&PairRow, UnpairedRow)> = Vec::new();
            for pair in pairs {
                let stamped = self.state.stamped(self.id, &pair.record)?.into_iter();
                rows.extend(stamped.filter(|row| !row.deleted).map(|row| (pair, row)));
            }
            let finished =
                self.finished_copies(kind, rows.iter().map(|(of, it)| (*of, &it.item)))?;
            rows.retain(|(_, row)| !finished.contains(&row.item));
            let mut open = Vec::new();
            for pair in pairs {
                let mut of = rows.iter().filter(|(of, _)| of.id == pair.id);
                match of.find(|(_, row)| self.arrived.contains(&row.item)) {
                    Some((_, row)) => self.follow(pair, &row.item, &row.folder)?,
                    None => open.push(pair),
                }
            }
            if open.is_empty() {
                continue;
            }
            let records: Vec<RecordId> = open.iter().map(|pair| pair.record.clone()).collect();
            let mut found = self.search(kind, By::Records(&records))?;
            found.sort_by_key(|found| (found.deleted, found.created_at));
            let hits = open.iter().flat_map(|pair| {
                let living = found.iter().filter(|found| !found.deleted && is_of(found, pair));
                living.map(|found| (*pair, &found.identity.id))
            });
            let finished = self.finished_copies(kind, hits)?;
            let mut lost = Vec::new();
            for pair in open {
                let known =
                    |found: &Found| rows.iter().any(|(_, row)| row.item == found.identity.id);
                let mut hits = found
                    .iter()
                    .filter(|found| is_of(found, pair) && !finished.contains(&found.identity.id));
                let news = hits.clone().find(|found| !found.deleted && !known(found));
                match news.or_else(|| hits.next()) {
                    Some(found) if !found.deleted => {
                        self.state.watch_folder(self.id, kind, &found.folder)?;
                        self.follow(pair, &found.identity.id, &found.folder)?;
                    }
                    hit => match rows.iter().find(|(of, _)| of.id == pair.id) {
                        Some((_, row)) => self.follow(pair, &row.item, &row.folder)?,
                        None if hit.is_some() => {
                            self.searched.insert(pair.id);
                            self.state.set_item_state(pair.id, ItemPresence::Deleted)?;
                        }
                        None => lost.push(pair),
                    },
                }
            }
            self.resolve_lost(kind, &lost)?;
        }
        Ok(())
    }

    /// Returns which of the items that carry the stamps of these pairs are finished copies of their tasks.
    pub(super) fn finished_copies<'a>(
        &mut self,
        kind: ItemKind,
        items: impl Iterator<Item = (&'a PairRow, &'a ItemId)>,
    ) -> Result<HashSet<ItemId>, Stop> {
        let of_series = items.filter(|(pair, _)| is_recurring_task(pair));
        let ids: Vec<ItemId> = of_series.map(|(_, id)| id.clone()).collect();
        let mut finished = HashSet::new();
        if !ids.is_empty() {
            self.mailbox.fetch(kind, &ids, &mut |id, item| match item {
                Ok(item) if is_finished(&item.content) => {
                    finished.insert(id);
                }
                Ok(_) => {}
                Err(error) => log_unread(&id, &error, "a copy of a task cannot be read"),
            })?;
        }
        Ok(finished)
    }

    /// Of items whose stamp is nowhere: one that still answers under its id was left out of a short listing; one that does
    /// not is deleted, unless there is a part of the mailbox that we cannot see or an item that cannot be read, or it never carried a
    /// stamp to be found by (rule D4). One that the mailbox says nothing about is asked for again.
    fn resolve_lost(&mut self, kind: ItemKind, lost: &[&PairRow]) -> Result<(), Stop> {
        let ids: Vec<ItemId> = lost.iter().filter_map(|pair| pair.item.clone()).collect();
        let mut answers: HashMap<ItemId, Result<Identity, ItemError>> = HashMap::new();
        if !ids.is_empty() {
            self.mailbox.identify(kind, &ids, &mut |id, answer| {
                answers.insert(id, answer);
            })?;
        }
        let sees_everything = !lost.is_empty() && self.sees_everything(kind)?;
        for pair in lost {
            self.searched.insert(pair.id);
            let proof = pair.stamped && sees_everything;
            let gone = if proof { ItemPresence::Deleted } else { ItemPresence::Missing };
            let answer = pair.item.as_ref().map(|id| answers.remove(id));
            if let (Some(id), Some(Some(Err(error)))) = (&pair.item, &answer) {
                log_unread(id, error, "an item that is not where it was cannot be read");
            }
            let state = match answer {
                Some(Some(Ok(_))) => ItemPresence::Here,
                // After `rebind` there is no id to ask for.
                Some(Some(Err(ItemError::Gone))) | None => gone,
                Some(Some(Err(ItemError::Denied(_) | ItemError::Unreadable(_))) | None) => {
                    self.sought.insert(pair.id);
                    ItemPresence::Missing
                }
            };
            self.state.set_item_state(pair.id, state)?;
        }
        Ok(())
    }

    /// Says whether a stamp that is found nowhere is nowhere: no part of the mailbox is hidden, and there is no item of the kind that
    /// cannot be read (rule D4).
    fn sees_everything(&self, kind: ItemKind) -> Result<bool, StateError> {
        let sees = self.opened.sees_private && self.opened.sees_all;
        Ok(sees && self.state.count_unread(self.id, kind)? == 0)
    }

    /// Says whether the item behind a pair's id is another one by now, where ids are given anew: it has not the
    /// stamp that the pair's own had, or it was made after the pair's own was last seen.
    pub(super) fn is_another(&self, pair: &PairRow, item: &Item) -> bool {
        if self.opened.ids_last || !pair.is_linked() {
            return false;
        }
        if pair.stamped {
            return !self.carries_stamp(&item.identity, pair);
        }
        let times = item.created_at.map(Timestamp::as_second).zip(pair.item_modified);
        times.is_some_and(|(made, seen)| made > seen)
    }

    /// Takes an item off a pair that is not the pair's own, and takes it in like any that is new. The pair's own is looked for by
    /// the next run.
    pub(super) fn part(
        &self,
        kind: ItemKind,
        pair: &mut PairRow,
        item: Item,
    ) -> Result<(), StateError> {
        self.state.lose_item(pair.id)?;
        pair.item_state = ItemPresence::Missing;
        pair.item = None;
        let Some(folder) = item.folder.clone().or_else(|| pair.folder.clone()) else {
            return Ok(());
        };
        if self.see_incoming(&self.state, kind, &folder, &Incoming::read(item))? {
            self.state.mark_doubtful(self.id, kind)?;
        }
        Ok(())
    }

    fn follow(&mut self, pair: &PairRow, item: &ItemId, folder: &FolderId) -> Result<(), Stop> {
        self.state.forget_unpaired(self.id, item)?;
        self.state.set_item(pair.id, ItemPresence::Here, Some((item, folder)))?;
        if let Some(scope) = Scope::new(pair.module, pair.kind.switch()) {
            self.tally.touch(scope, pair.id, |counts: &mut Counts| counts.moved += 1);
            self.noticed.insert(pair.id, Code::Moved);
        }
        Ok(())
    }

    /// Joins a record that has no item to one that carries its stamp.
    pub(super) fn join_by_stamp(&self, pair: &mut PairRow) -> Result<(), StateError> {
        let stamped = self.state.stamped(self.id, &pair.record)?;
        let Some(row) = stamped.into_iter().next() else { return Ok(()) };
        if row.kind != pair.kind {
            return Ok(());
        }
        let created = row.token.as_ref().is_some_and(|token| !token.as_str().is_empty());
        let state = if row.deleted { ItemPresence::Deleted } else { ItemPresence::Here };
        self.state.forget_unpaired_row(self.id, row.id)?;
        let token = row.token.as_ref().filter(|_: &&Token| created);
        self.state.join_item(pair.id, (&row.item, &row.folder), state, (created, token))?;
        pair.item_state = state;
        pair.item = Some(row.item);
        pair.folder = Some(row.folder);
        pair.created = created;
        pair.token = row.token;
        Ok(())
    }
}

/// Says whether a pair takes an item that carries its stamp: not while it has one that is there (rule D3).
pub(super) fn joins(pair: &PairRow) -> bool {
    match pair.item_state {
        ItemPresence::Here | ItemPresence::None => false,
        ItemPresence::Deleted | ItemPresence::Removed | ItemPresence::Missing => true,
    }
}

fn is_of(found: &Found, pair: &PairRow) -> bool {
    found.identity.stamp.as_ref().is_some_and(|stamp| stamp.record == pair.record)
}

/// Says whether an item is the copy that Outlook leaves of a recurring task each time that it is finished, with the stamp of the
/// task: it is the person's, whatever becomes of the task (rules D3, D10).
pub(super) fn is_finished_copy(pair: &PairRow, content: &Content) -> bool {
    is_recurring_task(pair) && is_finished(content)
}

fn is_recurring_task(pair: &PairRow) -> bool {
    let series = pair.item_half.as_ref().and_then(|half| half.get(Field::Recurrence));
    pair.kind == ItemKind::Task && series.is_some_and(|series| !series.is_blank())
}

fn is_finished(content: &Content) -> bool {
    content.text(Field::Status) == Some("completed")
        && content.slot(Field::Recurrence).is_some_and(Slot::is_blank)
}
