//! Effect: does what was planned, batch by batch. For each batch: values are read again under the versions of the plan,
//! intents and before-images become durable, the effect is made, what was written is read back, and only then the halves
//! of the base move (invariants 1 to 3, rules D12 and D13).

mod content;
mod create;
mod delete;
mod overtaken;
mod undone;
mod update;

use std::collections::{HashMap, HashSet};

use crate::engine::kept::{Planned, Work};
use crate::engine::plan::Action;
use crate::engine::report::Phase;
use crate::engine::session::{Active, Session, Stop};
use crate::engine::tally::{found, standing};
use crate::mailbox::{Item, ItemError, MailboxError, Write, Wrote};
use crate::model::json::to_json;
use crate::model::{Content, FieldSet, Half, ItemId, ItemKind, RecordId};
use crate::reason::Code;
use crate::source::{Members, Record};
use crate::state::{Before, PairRow, Side, SpooledVerdict, State, StateError};

/// Bytes of content that one batch holds in memory at most.
const BATCH_BYTES: usize = 2 << 20;

/// What is done, in this order.
const ACTIONS: [Action; 4] = [Action::Create, Action::Update, Action::Delete, Action::RemoveTwin];

impl Session<'_> {
    /// Makes every planned effect.
    pub(super) fn apply(&mut self) -> Result<(), Stop> {
        self.phase(Phase::Writing);
        let counts = self.state.count_spooled(ACTIONS.map(Action::key))?;
        let total = counts.iter().sum();
        let mut done = 0;
        for (action, count) in ACTIONS.into_iter().zip(counts) {
            if count == 0 {
                continue;
            }
            for active in self.active.clone() {
                for kind in active.kinds().iter().copied() {
                    self.apply_all(&active, kind, action, (&mut done, total))?;
                }
            }
        }
        Ok(())
    }

    fn apply_all(
        &mut self,
        active: &Active,
        kind: ItemKind,
        action: Action,
        (done, total): (&mut u64, u64),
    ) -> Result<(), Stop> {
        let mut after = 0;
        self.kept.heard = None;
        loop {
            self.heed()?;
            let which = (active.scope, kind, action.key());
            // Batches grow while all goes well, and shrink when the server is overburdened.
            let size = self.mailbox.batch().max(1);
            let rows = self.state.spooled_rows(which, after, size)?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = *last;
            *done += rows.len() as u64;
            if action == Action::RemoveTwin {
                self.remove_twins(active, kind, &rows)?;
                self.heed_mailbox()?;
            } else {
                for work in by_weight(self.load(active, &rows)?) {
                    match action {
                        Action::Create => self.create(active, kind, work)?,
                        Action::Delete => self.delete(active, kind, work)?,
                        _ => self.update(active, kind, work)?,
                    }
                    self.heed_mailbox()?;
                }
            }
            self.progress(*done, Some(total));
        }
    }

    /// Takes out of what is at hand the records that changed since they were read for the plan.
    fn heed_changes(&mut self, active: &Active) -> Result<(), Stop> {
        if !self.kept.has_work() {
            return Ok(());
        }
        let module = active.scope.module;
        let since = match self.kept.heard.take() {
            Some(since) => Some(since),
            None => self.state.feed(self.id, module)?.0,
        };
        let Some(mut since) = since else {
            self.kept.clear_work();
            return Ok(());
        };
        loop {
            let changes = self.source.changes(self.job.user, module, &since)?;
            if changes.lost || (changes.more && changes.position == since) {
                self.kept.clear_work();
                return Ok(());
            }
            let ids = changes.changed.iter().map(|entry| &entry.id);
            let ids: HashSet<_> = ids.chain(&changes.gone).collect();
            if !ids.is_empty() {
                self.kept.forget_records(&ids);
            }
            since = changes.position;
            if !changes.more {
                self.kept.heard = Some(since);
                return Ok(());
            }
        }
    }

    /// Loads planned pairs with their records: as they were read for the plan, where the source tells that the records are still
    /// like that, else they are read again. One whose version is another by now is planned once more, and so is a planned
    /// delete whose record is back (rule D13); one that is gone is left for the next run.
    fn load(&mut self, active: &Active, rows: &[i64]) -> Result<Vec<Work>, Stop> {
        self.heed_changes(active)?;
        let mut work = Vec::with_capacity(rows.len());
        let mut missing = Vec::new();
        for row in rows {
            match self.kept.take_work(*row) {
                Some(kept) => work.push(kept),
                None => missing.push(*row),
            }
        }
        if missing.is_empty() {
            return Ok(work);
        }
        let mut verdicts = HashMap::with_capacity(missing.len());
        let mut pairs = Vec::with_capacity(missing.len());
        self.state.reading(|state| {
            for row in missing {
                let Some(verdict) = state.spooled_at(row)? else { continue };
                let Some(pair) = state.pair(self.id, verdict.pair)? else { continue };
                verdicts.insert(pair.id, verdict);
                pairs.push(pair);
            }
            Ok::<_, StateError>(())
        })?;
        let back = self.back_in_filter(active, verdicts.values(), &pairs)?;
        for seen in self.read_records(active, pairs)? {
            let Some(verdict) = verdicts.remove(&seen.pair.id) else { continue };
            let stands = if verdict.action == Action::Delete.key() {
                if gone(&verdict) { seen.record_gone } else { !back.contains(keeper(&seen.pair)) }
            } else {
                verdict.record_version.as_ref()
                    == seen.record.as_ref().map(|record| &record.version)
            };
            if !stands {
                if seen.record.is_some() {
                    self.stale.insert(seen.pair.id);
                }
                self.put_off(&verdict, &seen.pair, Code::StaleRecord, None)?;
                continue;
            }
            let (pair, record) = (seen.pair, seen.record);
            work.push(Box::new(Planned { verdict, pair, record, half: None }));
        }
        Ok(work)
    }

    /// Returns the records that are in the filter again, of those whose items are to be deleted because they left it.
    fn back_in_filter<'v>(
        &self,
        active: &Active,
        verdicts: impl Iterator<Item = &'v SpooledVerdict>,
        pairs: &[PairRow],
    ) -> Result<HashSet<RecordId>, Stop> {
        let module = active.scope.module;
        let mut back = HashSet::new();
        let leaves =
            |verdict: &SpooledVerdict| verdict.action == Action::Delete.key() && !gone(verdict);
        if !module.has_filter() || !verdicts.into_iter().any(leaves) {
            return Ok(back);
        }
        let keepers: HashSet<&RecordId> = pairs.iter().map(keeper).collect();
        let (_, known) = self.state.feed(self.id, module)?;
        let mut page = None;
        loop {
            let answer =
                self.source.members(self.job.user, module, known.as_ref(), page.as_ref())?;
            let Members::Page { ids, next, .. } = answer else { return Ok(back) };
            back.extend(ids.into_iter().filter(|id| keepers.contains(id)));
            let Some(next) = next else { return Ok(back) };
            page = Some(next);
        }
    }

    /// Hands writes to the mailbox under their intents. When nothing happened for certain, the intents are taken back, the
    /// pairs stay dirty, and the next run plans them again.
    fn write_under(
        &mut self,
        kind: ItemKind,
        writes: &[Write],
        take_back: impl FnOnce(&State) -> Result<(), StateError>,
    ) -> Result<Vec<Wrote>, Stop> {
        self.write(kind, writes).or_else(|error| {
            self.state.atomically(take_back)?;
            Err(error.into())
        })
    }

    /// Hands writes to the mailbox and returns an answer for each; it is [`Patient`](super::patient::Patient) that sees to that.
    pub(super) fn write(
        &mut self,
        kind: ItemKind,
        writes: &[Write],
    ) -> Result<Vec<Wrote>, MailboxError> {
        if writes.is_empty() {
            return Ok(Vec::new());
        }
        self.tally.wrote.insert(kind);
        self.mailbox.apply(kind, writes)
    }

    /// Reads back what was written.
    fn read_written(
        &mut self,
        kind: ItemKind,
        answers: &[Wrote],
    ) -> Result<HashMap<ItemId, Result<Item, ItemError>>, MailboxError> {
        let ids: Vec<ItemId> = answers
            .iter()
            .filter_map(|answer| match answer {
                Wrote::Done { id, .. } => Some(id.clone()),
                _ => None,
            })
            .collect();
        self.read_back(kind, &ids)
    }

    /// Reads the items of planned writes; those that the plan has left at hand are taken from there.
    fn read_planned(
        &mut self,
        kind: ItemKind,
        ids: &[ItemId],
    ) -> Result<HashMap<ItemId, Result<Item, ItemError>>, MailboxError> {
        let mut items = HashMap::with_capacity(ids.len());
        let mut missing = Vec::new();
        for id in ids {
            match self.kept.take(id) {
                Some(item) => {
                    items.insert(id.clone(), Ok(item));
                }
                None => missing.push(id.clone()),
            }
        }
        items.extend(self.read_back(kind, &missing)?);
        Ok(items)
    }

    /// Reads items.
    pub(super) fn read_back(
        &mut self,
        kind: ItemKind,
        ids: &[ItemId],
    ) -> Result<HashMap<ItemId, Result<Item, ItemError>>, MailboxError> {
        let mut items = HashMap::new();
        if !ids.is_empty() {
            self.mailbox.fetch(kind, ids, &mut |id, item| {
                items.insert(id, item);
            })?;
        }
        Ok(items)
    }

    /// Returns an item as it was read for its write, where it is the one that was planned for. A person or an assistant of the
    /// server may have changed it since (rule D13): then it is planned once more.
    fn still_planned(
        &mut self,
        work: &Planned,
        item: Option<Result<Item, ItemError>>,
    ) -> Result<Option<Item>, StateError> {
        match item {
            Some(Ok(item))
                if Some(&item.identity.version) == work.verdict.item_version.as_ref() =>
            {
                return Ok(Some(item));
            }
            Some(Ok(_)) => {
                self.stale.insert(work.pair.id);
            }
            _ => {}
        }
        self.put_off(&work.verdict, &work.pair, Code::StaleItem, None)?;
        Ok(None)
    }

    /// Returns what stands of a pair that is settled: what the plan said about it. All other findings about it are gone.
    fn stands(&self, work: &Planned) -> Result<Option<Code>, StateError> {
        let codes: Vec<Code> = found(&work.verdict.reasons).collect();
        self.resolve(&work.pair.record, &codes)?;
        self.remember_absence(work.verdict.scope, &work.pair)?;
        Ok(standing(codes.into_iter(), false))
    }

    /// Has a pair planned once more whose item somebody edited right after it was written. A first transfer would take the edit
    /// for an overlap: there the next run does it.
    fn look_again(&mut self, active: &Active, pair: i64) -> Result<(), StateError> {
        if !active.transferring {
            self.stale.insert(pair);
        }
        self.state.mark_pair(pair)
    }

    pub(super) fn remember(&self, before: &Before<'_>) -> Result<(), StateError> {
        self.state.remember(self.id, &self.run, before, self.now)
    }
}

/// Says whether a planned delete is one of an item whose record is gone; else the record left the filter.
fn gone(verdict: &SpooledVerdict) -> bool {
    verdict.reasons.iter().any(|(code, _)| *code == Code::GoneDeleted)
}

/// Returns the record by which a pair is in the filter: an activity is by what it belongs to.
fn keeper(pair: &PairRow) -> &RecordId {
    match (&pair.parent, pair.kind) {
        (Some(parent), ItemKind::Appointment | ItemKind::Task) => parent,
        _ => &pair.record,
    }
}

/// Returns a before-image: what the fields of the set held, JSON by field key.
fn image(content: &Content, fields: FieldSet) -> String {
    let map: serde_json::Map<String, serde_json::Value> = content
        .iter()
        .filter(|(field, _)| fields.contains(*field))
        .map(|(field, slot)| (field.key().to_owned(), to_json(slot)))
        .collect();
    serde_json::Value::Object(map).to_string()
}

/// Returns a before-image of a record.
fn record_before<'a>(pair: &'a PairRow, record: &'a Record, fields: FieldSet) -> Before<'a> {
    Before {
        record: &pair.record,
        kind: pair.kind,
        item: pair.item.as_ref(),
        side: Side::Staffitpro,
        action: "update",
        before: image(&record.content, fields),
        edited_by: record.changed_by.as_deref(),
        edited_at: record.changed_at,
    }
}

/// Returns a before-image of an item.
pub(super) fn item_before<'a>(
    pair: &'a PairRow,
    item: &'a Item,
    action: &'static str,
    fields: FieldSet,
) -> Before<'a> {
    Before {
        record: &pair.record,
        kind: pair.kind,
        item: Some(&item.identity.id),
        side: Side::Outlook,
        action,
        before: image(&item.content, fields),
        edited_by: item.modified_by.as_deref(),
        edited_at: item.modified_at,
    }
}

/// Returns a fingerprint over the fields that were written, for the stamp.
fn stamp_fingerprint(half: &Half) -> String {
    use sha2::{Digest, Sha256};
    use std::fmt::Write;
    let digest = Sha256::digest(half.to_bytes());
    digest.iter().take(8).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Cuts a batch where its values would take too much memory or too large a request.
fn by_weight(work: Vec<Work>) -> Vec<Vec<Work>> {
    let mut batches = Vec::new();
    let mut batch = Vec::with_capacity(work.len());
    let mut bytes = 0;
    for work in work {
        let weight = work.record.as_ref().map_or(0, |record| record.content.weight());
        if bytes + weight > BATCH_BYTES && !batch.is_empty() {
            batches.push(std::mem::take(&mut batch));
            bytes = 0;
        }
        bytes += weight;
        batch.push(work);
    }
    if !batch.is_empty() {
        batches.push(batch);
    }
    batches
}
