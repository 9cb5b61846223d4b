//! Effect: plans every pair that has to be looked at: reads both sides, asks the pure planner, and spools what is to be
//! done. What needs no write on either side is settled on the spot.
//!
//! Long because what is decided of a pair and what is reported of it hold each other.

use std::collections::HashMap;

use crate::engine::dress::{Dress, undress};
use crate::engine::explain::explain;
use crate::engine::kept::Planned;
use crate::engine::plan::{
    Action, Base, ItemState, ItemView, Pair, RecordState, RecordView, Verdict, plan,
};
use crate::engine::report::{Counts, Phase};
use crate::engine::rules::ClockDifference;
use crate::engine::seen::Seen;
use crate::engine::session::{Active, Session, Stop};
use crate::engine::tally::standing;
use crate::engine::tell::{accompany, label_of};
use crate::mailbox::{Item, ItemError};
use crate::model::{Content, Field, FieldSet, Fingerprint, Half, ItemId, ItemKind};
use crate::reason::Code;
use crate::source::Record;
use crate::state::{
    EditedBy, ItemPresence, PairRow, RecordPresence, Settlement, SpooledVerdict, StateError,
};

/// How many pairs are planned at once. Their keys lie all over the index, so that each transaction writes many of its pages:
/// few and large ones write each page less often.
const PAGE: usize = 1000;

impl Session<'_> {
    /// Plans all active scopes.
    pub(super) fn deliberate(&mut self) -> Result<(), Stop> {
        self.phase(Phase::Planning);
        let mut done = 0;
        for active in self.active.clone() {
            for kind in active.kinds().iter().copied() {
                let mut after = 0;
                loop {
                    self.heed()?;
                    let pairs = self.state.dirty_pairs(
                        self.id,
                        (active.scope.module, kind),
                        after,
                        PAGE,
                    )?;
                    let Some(last) = pairs.last() else { break };
                    after = last.id;
                    done += pairs.len() as u64;
                    self.plan_page(&active, kind, pairs, false)?;
                    self.progress(done, None);
                }
            }
        }
        self.plan_contested()?;
        if self.only.is_none() {
            self.plan_twins()?;
        }
        Ok(())
    }

    /// Plans once more the records without an item that share a key with an item or with one another: only now are the
    /// keys of all of them known (rule D3).
    fn plan_contested(&mut self) -> Result<(), Stop> {
        self.state.suspect(self.id)?;
        for active in self.active.clone() {
            for kind in active.kinds().iter().copied() {
                let mut after = 0;
                loop {
                    let ids = self.state.contested(self.id, kind, after, PAGE)?;
                    let Some(last) = ids.last() else { break };
                    after = *last;
                    let mut pairs = Vec::new();
                    for id in ids {
                        let pair = self.state.pair(self.id, id)?;
                        pairs.extend(pair.filter(|pair| pair.module == active.scope.module));
                    }
                    self.plan_page(&active, kind, pairs, true)?;
                }
            }
        }
        self.tell_uncontested()
    }

    fn plan_page(
        &mut self,
        active: &Active,
        kind: ItemKind,
        mut pairs: Vec<PairRow>,
        contested: bool,
    ) -> Result<(), Stop> {
        if let Some(record) = &self.options.explain {
            pairs.retain(|pair| pair.record == *record);
        }
        if let Some(only) = &self.only {
            pairs.retain(|pair| only.contains(&pair.id));
        }
        for pair in pairs.extract_if(.., |pair| pair.unlinked) {
            self.state.set_outcome(pair.id, Some(Code::Unlinked), false)?;
        }
        for pair in pairs.extract_if(.., |pair| !active.whole && is_asleep(pair)) {
            self.state.set_outcome(pair.id, pair.outcome, false)?;
            self.tally.stands(active.scope, pair.id, pair.outcome);
        }
        if pairs.is_empty() {
            return Ok(());
        }
        let mut page = self.read_records(active, pairs)?;
        self.state.begin()?;
        self.key_records(kind, &mut page)?;
        let stamped = self.state.any_stamped(self.id)?;
        for seen in &mut page {
            if contested {
                self.find_candidate(kind, seen)?;
            } else {
                self.find_stamped(seen, stamped)?;
            }
        }
        let unlinked = page.iter().filter(|seen| seen.first_look).map(|seen| seen.pair.id);
        self.state.note_unlinked(unlinked)?;
        self.state.commit()?;
        self.look_for_deleted(active, kind, &mut page)?;
        let ids: Vec<ItemId> = page
            .iter()
            .filter_map(|seen| match &seen.candidate {
                Some(row) => Some(row.item.clone()),
                None if seen.pair.item_state == ItemPresence::Here => seen.pair.item.clone(),
                None => None,
            })
            .collect();
        let mut items = HashMap::new();
        if !ids.is_empty() {
            self.mailbox.fetch(kind, &ids, &mut |id, item| {
                items.insert(id, item);
            })?;
        }
        self.state.begin()?;
        for seen in page {
            self.plan_pair(active, kind, seen, &mut items)?;
        }
        self.state.commit()?;
        Ok(())
    }

    fn plan_pair(
        &mut self,
        active: &Active,
        kind: ItemKind,
        mut seen: Seen,
        items: &mut HashMap<ItemId, Result<Item, ItemError>>,
    ) -> Result<(), Stop> {
        if seen.second_look {
            // What the first look decided is taken back, whatever the second one finds.
            self.state.unspool(seen.pair.id)?;
            self.kept.take_work(SpooledVerdict::row(seen.pair.id));
            self.state.forget_note(seen.pair.id)?;
        }
        if self.is_outside(&seen)? {
            let parent = seen.record.as_ref().and_then(|record| record.parent.as_ref());
            let parent = parent.map(|parent| &parent.id);
            self.state.see_record_outside(self.id, &seen.pair.record, parent)?;
            if !seen.pair.is_linked() {
                return Ok(());
            }
            seen.pair.record_state = RecordPresence::Left;
        }
        let dress = self.dress(active.scope);
        let lens = self.lens(active.scope);
        let shown = seen.record.as_ref().map(|record| dress.shown(record)).unwrap_or_default();
        let item_id = match &seen.candidate {
            Some(row) => Some(row.item.clone()),
            None => seen.pair.item.clone().filter(|_| seen.pair.item_state == ItemPresence::Here),
        };
        let mut record_view = seen.record.as_ref().map(|record| lens.record(record));
        let answer = item_id.as_ref().and_then(|id| items.remove(id));
        let mut item = None;
        let mut as_read = None;
        let (mut unreadable, mut vanished) = (false, false);
        match answer {
            Some(Ok(read)) if seen.candidate.is_none() && self.is_another(&seen.pair, &read) => {
                self.part(kind, &mut seen.pair, read)?;
                vanished = true;
            }
            Some(Ok(mut read)) => {
                as_read = self.kept.has_room().then(|| read.clone());
                let bare = seen
                    .record
                    .as_ref()
                    .map_or(FieldSet::EMPTY, |record| dress.bare(kind, &read.content, record));
                undress(kind, &mut read.content, &seen.pair.categories, &shown);
                let beside = seen.record.as_ref().zip(record_view.as_ref());
                let beside = beside.map(|(record, view)| (&record.content, &view.half));
                let mut view = lens.item(&read, kind, beside);
                // A body with formatting is replaced only when staffITpro's text changed (rule D11).
                let rich =
                    if read.rich { FieldSet::of(Dress::body(kind)) } else { FieldSet::EMPTY };
                view.bare = bare.difference(rich);
                if read.aside.wants_a_write() {
                    view.bare.insert(Field::Recurrence);
                }
                view.stamped =
                    seen.candidate.is_none() && self.carries_stamp(&read.identity, &seen.pair);
                if let Some(half) = seen.pair.item_half.as_mut().filter(|_| seen.pair.days_in_utc)
                    && reword(half, &read.formerly, &view.half)
                {
                    self.state.reword_item_half(seen.pair.id, half)?;
                }
                item = Some((read, view));
            }
            Some(Err(ItemError::Gone)) => {
                if let Some(id) = &item_id {
                    self.state.miss_item(self.id, id)?;
                    seen.pair.item_state = ItemPresence::Missing;
                    vanished = true;
                }
            }
            Some(Err(ItemError::Denied(why) | ItemError::Unreadable(why))) => {
                let item = item_id.as_ref().map_or("", ItemId::as_str);
                tracing::warn!(item, record = %seen.pair.record, why, "an item cannot be read");
                unreadable = true;
                seen.unread = Some(why);
            }
            None => unreadable = item_id.is_some(),
        }
        if vanished {
            // The next run looks for it before it decides.
            self.sought.insert(seen.pair.id);
        }
        let rules = self.rules(active, kind);
        let mut backwards = 0;
        if let (Some(view), Some(record)) = (&mut record_view, &seen.record) {
            let agrees = item.as_ref().is_some_and(|(_, item)| agree(&seen.pair, view, item));
            let carried = self.date_fields(view, record, &seen.pair, agrees)?;
            if !carried
                && record_runs_backwards(&seen.pair, record)
                && !self.is_carried_time(&seen.pair, record)?
                && !self.state.is_under_way(self.job.tenant, &record.id)?
            {
                backwards += 1;
            }
        }
        let item_state = match (&item, seen.doubt) {
            _ if unreadable => ItemState::Unreadable,
            (_, Some(code)) => ItemState::Doubtful(code),
            (Some((_, view)), None) if seen.candidate.is_some() || !seen.pair.is_linked() => {
                ItemState::Candidate(view)
            }
            (Some((_, view)), None) => ItemState::Here(view),
            (None, None) => match seen.pair.item_state {
                ItemPresence::None | ItemPresence::Here => ItemState::None,
                ItemPresence::Deleted => ItemState::Deleted,
                ItemPresence::Removed => ItemState::Removed,
                ItemPresence::Missing => ItemState::Missing,
            },
        };
        let record_state = match &record_view {
            _ if seen.record_gone => RecordState::Gone,
            Some(_) if seen.pair.record_state == RecordPresence::Left => RecordState::Left,
            Some(view) => RecordState::Here(view),
            None => RecordState::Unreadable,
        };
        let base = base(&seen.pair);
        let pair = Pair {
            record: record_state,
            item: item_state,
            base,
            taken: seen.pair.taken,
            unread: self.unread.contains(&kind),
        };
        let mut verdict = plan(&rules, &pair);
        if seen.pair.outcome == Some(Code::WrittenUnreadable) {
            // It was not left alone, whichever run says so.
            let unreadable =
                verdict.merge.reasons.iter_mut().filter(|(code, _)| *code == Code::ItemUnreadable);
            unreadable.for_each(|(code, _)| *code = Code::WrittenUnreadable);
        }
        verdict.merge.reasons.extend(
            accompany(&seen, &pair, &verdict)
                .chain(self.noticed.remove(&seen.pair.id))
                .map(|code| (code, FieldSet::EMPTY)),
        );
        if let Some((read, _)) = &item
            && runs_backwards(&seen.pair, read)
        {
            backwards += 1;
        }
        seen.backwards = backwards > 0;
        // What is planned once more was counted.
        if self.only.is_none() {
            self.tally.backwards += backwards;
        }
        if seen.record_gone && !seen.pair.is_linked() {
            self.state.see_record_off(self.id, &seen.pair.record, RecordPresence::Gone)?;
            // What may not be seen today may be tomorrow, and nothing else would tell of it.
            if !seen.hidden {
                self.state.miss_member(self.id, &seen.pair.record)?;
            }
            return Ok(());
        }
        let item = item.as_ref().map(|(item, view)| (item, view));
        if self.options.explain.is_some() {
            self.explanation = Some(explain(active, &seen, record_view.as_ref(), item, &verdict));
        }
        let action = verdict.action;
        if matches!(action, Action::Update | Action::Delete)
            && let Some(item) = as_read
        {
            self.kept.keep(item);
        }
        let planned = self.conclude(active, kind, &seen, (record_view.as_ref(), item), &verdict)?;
        // What changes meanwhile is told by the feed; without one the record is read again.
        if let Some(verdict) = planned.filter(|_| self.description.feed && self.kept.has_room())
            && matches!(action, Action::Create | Action::Update)
            && let Some((record, view)) = seen.record.zip(record_view)
        {
            let (record, half) = (Some(record), Some(view.half));
            self.kept.keep_work(Box::new(Planned { verdict, pair: seen.pair, record, half }));
        }
        Ok(())
    }

    /// Gives changed fields of a record the time of their original edit, where it is known (rule D1); a value met for the
    /// first time gets the record's own time. Returns whether the connector carried any of these values there, as it did where the
    /// item `agrees` with all of them: then the record's time is that of an edit in Outlook.
    fn date_fields(
        &self,
        view: &mut RecordView,
        record: &Record,
        pair: &PairRow,
        agrees: bool,
    ) -> Result<bool, StateError> {
        let Some(base) = &pair.record_half else { return Ok(agrees) };
        let mut carried = agrees;
        let changed: Vec<_> = view
            .half
            .iter()
            .filter(|(field, now)| base.get(*field).is_some_and(|then| !now.agrees(then, *field)))
            .collect();
        for (field, fingerprint) in changed {
            let tenant = self.job.tenant;
            let known = self.state.field_time(tenant, &record.id, field, fingerprint)?;
            if let Some((time, by)) = known {
                view.field_times.push((field, time));
                carried |= match by {
                    EditedBy::Person => false,
                    EditedBy::Connector => true,
                    EditedBy::Unknown => {
                        record.changed_at.is_some_and(|at| at.as_second() == time.as_second())
                    }
                };
            }
            let time = known.map(|(time, _)| time).or(record.changed_at);
            if let Some(time) = time.filter(|_| agrees || known.is_none()) {
                let edit = (time, agrees.then_some(self.now));
                self.state.set_field_time(tenant, &record.id, field, fingerprint, edit)?;
            }
        }
        Ok(carried)
    }

    /// Says whether a record's time, which lies before the one it had when it was settled, is that of an edit that the connector has
    /// carried there since, in whichever field.
    fn is_carried_time(&self, pair: &PairRow, record: &Record) -> Result<bool, StateError> {
        let (Some(settled), Some(now)) = (pair.record_changed, record.changed_at) else {
            return Ok(false);
        };
        // The record's time is told by staffITpro's clock, that of the run by ours.
        let since = settled.saturating_sub(ClockDifference::LIMIT.as_secs());
        self.state.was_carried(self.job.tenant, &record.id, now, since)
    }

    /// Settles a verdict that needs no write, spools one that does and returns it.
    fn conclude(
        &mut self,
        active: &Active,
        kind: ItemKind,
        seen: &Seen,
        (record_view, item): (Option<&RecordView>, Option<(&Item, &ItemView)>),
        verdict: &Verdict,
    ) -> Result<Option<SpooledVerdict>, Stop> {
        // Of a record that is gone, what the pair was settled as says whether it was private, and its id is all that names it.
        let private = seen.record.as_ref().map_or(seen.pair.private, |record| record.private)
            || item.is_some_and(|(item, _)| item.identity.private);
        let label = match seen.record.as_deref() {
            _ if private => None,
            Some(record) => label_of(record),
            None => Some(seen.pair.record.to_string()),
        };
        self.report(active, seen, (label.as_deref(), private), item, verdict)?;
        let spooled = SpooledVerdict {
            id: SpooledVerdict::row(seen.pair.id),
            pair: seen.pair.id,
            scope: active.scope,
            kind,
            record_version: record_view.and_then(|view| view.version.clone()),
            candidate: seen.candidate.as_ref().map(|row| row.id),
            item_version: item.map(|(item, _)| item.identity.version.clone()),
            label,
            action: verdict.action.key().to_owned(),
            link: verdict.link,
            to_item: verdict.merge.to_item,
            to_record: verdict.merge.to_record,
            cleared: verdict.merge.cleared,
            decorate: verdict.merge.decorate,
            settle: verdict.merge.settle,
            apart: verdict.merge.apart,
            reasons: verdict.merge.reasons.clone(),
        };
        if seen.first_look {
            self.state.spool(&spooled)?;
        } else {
            self.tell(&seen.pair.record, &spooled);
        }
        let asleep = matches!(verdict.action, Action::Sleep | Action::Hold);
        let outcome = standing(verdict.merge.reasons.iter().map(|(code, _)| *code), asleep);
        self.tally.stands(active.scope, seen.pair.id, outcome);
        let stays_dirty = match outcome {
            Some(Code::RecordUnreadable | Code::ItemUnreadable | Code::WrittenUnreadable) => true,
            Some(Code::MissingUnproven) => self.sought.contains(&seen.pair.id),
            _ => false,
        };
        match verdict.action {
            Action::Create | Action::Update | Action::Delete => {
                if !seen.first_look {
                    self.state.spool(&spooled)?;
                }
                return Ok(Some(spooled));
            }
            // Until a person's word for just this number is given, each run counts the same: what is settled would run backwards no
            // longer. Once the brake has let the run pass, it is planned once more.
            _ if seen.backwards && !self.is_released(Code::BrakeRestored) => {
                self.stale.insert(seen.pair.id);
                self.state.set_outcome(seen.pair.id, seen.pair.outcome, true)?;
                return Ok(None);
            }
            Action::Settle | Action::Nothing => {
                if let (Some(record), Some((item, view)), Some(record_view)) =
                    (&seen.record, item, record_view)
                    && (seen.pair.is_linked() || verdict.link)
                {
                    if verdict.link {
                        let count = |counts: &mut Counts| counts.linked += 1;
                        self.tally.touch(active.scope, seen.pair.id, count);
                        self.tally.stands(active.scope, seen.pair.id, outcome);
                    }
                    let (mut record_half, mut item_half) = halves(&seen.pair);
                    record_half.take(verdict.merge.settle, &record_view.half);
                    item_half.take(verdict.merge.settle, &view.half);
                    self.state.settle(
                        seen.pair.id,
                        &Settlement {
                            record_version: Some(&record.version),
                            item: Some((&item.identity.id, &item.identity.version)),
                            stamped: self.carries_stamp(&item.identity, &seen.pair),
                            folder: item.folder.as_ref(),
                            record_half: &record_half,
                            item_half: &item_half,
                            apart: seen
                                .pair
                                .apart
                                .difference(verdict.merge.settle)
                                .union(verdict.merge.apart),
                            private: record.private,
                            record_changed: record.changed_at,
                            categories: &seen.pair.categories,
                            item_modified: item.modified_at,
                            origin: None,
                            outcome,
                            stays_dirty,
                        },
                    )?;
                    if !stays_dirty {
                        self.remember_absence(active.scope, &seen.pair)?;
                    }
                    return Ok(None);
                }
            }
            // Of a pair's own item the planner never says that it is a twin.
            Action::RemoveTwin | Action::Sleep | Action::Hold => {}
        }
        self.state.set_outcome(seen.pair.id, outcome, stays_dirty)?;
        if !stays_dirty {
            self.remember_absence(active.scope, &seen.pair)?;
        }
        Ok(None)
    }
}

/// Says whether a pair sleeps because its record left the filter: what happens to either side is not read until the record
/// is back, which wakes it (rule D6, invariant 8).
fn is_asleep(pair: &PairRow) -> bool {
    pair.record_state == RecordPresence::Left && pair.outcome == Some(Code::LeftFilterKept)
}

/// Puts a half that holds what a program before this one read of the item into the words of this one: it was no edit of anybody, and
/// only read otherwise. Says whether there was any such field.
fn reword(half: &mut Half, formerly: &Content, now: &Half) -> bool {
    let mut any = false;
    for (field, slot) in formerly.iter() {
        if half.get(field) == Some(Fingerprint::of(field, slot))
            && let Some(now) = now.get(field)
        {
            half.set(field, now);
            any = true;
        }
    }
    any
}

/// Returns the halves of a pair; empty ones where it was never settled.
pub(super) fn halves(pair: &PairRow) -> (Half, Half) {
    (pair.record_half.clone().unwrap_or_default(), pair.item_half.clone().unwrap_or_default())
}

/// Returns the settled past of a pair, where there is one.
pub(super) fn base(pair: &PairRow) -> Option<Base<'_>> {
    let (record, item) = pair.record_half.as_ref().zip(pair.item_half.as_ref())?;
    Some(Base { record, item, apart: pair.apart, created: pair.created, private: pair.private })
}

/// Says whether the item holds every value that the record changed to: an edit that was carried from here and whose answer
/// was lost.
fn agree(pair: &PairRow, record: &RecordView, item: &ItemView) -> bool {
    let Some(base) = &pair.record_half else { return false };
    let mut changed = record
        .half
        .iter()
        .filter(|(field, now)| base.get(*field).is_some_and(|then| !now.agrees(then, *field)))
        .peekable();
    changed.peek().is_some()
        && changed.all(|(field, now)| item.half.get(field).is_some_and(|i| i.agrees(now, field)))
}

/// Says whether a record's time lies before the one it had when it was settled. Unless an edit that the connector carried explains
/// it, its database was restored (rule D7).
fn record_runs_backwards(pair: &PairRow, record: &Record) -> bool {
    pair.record_version.as_ref().is_some_and(|version| *version != record.version)
        && match (pair.record_changed, record.changed_at) {
            (Some(then), Some(now)) => now.as_second() < then,
            _ => false,
        }
}

/// Says whether an item's time lies before the one it had when it was settled: its mailbox was restored (rule D7).
fn runs_backwards(pair: &PairRow, item: &Item) -> bool {
    pair.item_version.as_ref().is_some_and(|version| *version != item.identity.version)
        && match (pair.item_modified, item.modified_at) {
            (Some(then), Some(now)) => now.as_second() < then,
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::reword;
    use crate::model::{Content, Field, FieldSet, Half, Value};

    fn content(due: (i16, i8, i8), subject: &str) -> Content {
        let mut content = Content::new();
        content.set_text(Field::Subject, subject);
        content.set(Field::Due, Value::Date(date(due.0, due.1, due.2)));
        content
    }

    #[test]
    fn a_day_that_was_read_otherwise_before_is_no_edit() {
        let formerly = content((2027, 3, 29), "").only(FieldSet::of(Field::Due));
        let now = Half::of(&content((2027, 3, 30), "Nachfassen"));
        let mut half = Half::of(&content((2027, 3, 29), "Anruf"));
        assert!(reword(&mut half, &formerly, &now));
        assert_eq!(half.get(Field::Due), now.get(Field::Due));
        assert_ne!(half.get(Field::Subject), now.get(Field::Subject), "that is an edit");
        // The person has put it off: what the half holds was never what this item says today.
        let mut half = Half::of(&content((2027, 3, 22), "Anruf"));
        let before = half.clone();
        assert!(!reword(&mut half, &formerly, &now));
        assert_eq!(half, before);
    }
}
