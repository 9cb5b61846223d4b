//! Effect: writes fields of items and of records. The item goes first and is read back; then the record. What the one
//! side acknowledged moves in the base even when the other side refuses.

use std::collections::HashMap;

use crate::engine::apply::content::Changes;
use crate::engine::apply::overtaken::overtaken;
use crate::engine::apply::undone::{refusal, went};
use crate::engine::apply::{item_before, record_before, stamp_fingerprint};
use crate::engine::deliberate::halves;
use crate::engine::dress::{categories, undress};
use crate::engine::kept::Work;
use crate::engine::report::Counts;
use crate::engine::rules::ClockDifference;
use crate::engine::session::{Active, Session, Stop};
use crate::mailbox::{Item, Stamp, Write, Wrote};
use crate::model::{Content, Field, FieldSet, Half, ItemKind, Token};
use crate::reason::Code;
use crate::source::{Record, RecordUpdate, Updated};
use crate::state::{Intent, OwnCategories, Settlement, StateError};

/// An update on its way.
struct Pending {
    work: Work,
    record: Record,
    record_half: Half,
    /// The item as it was read for this batch, reference and shown categories taken off.
    item: Item,
    own: OwnCategories,
    shown: Vec<String>,
    intent: i64,
    /// Where the write to the item stands among the writes.
    write: Option<usize>,
    /// That the mailbox does not take that write, and why.
    refused: Option<(Code, String)>,
    /// Somebody edited the item before what was written could be read back.
    overtaken: bool,
}

impl Session<'_> {
    pub(super) fn update(
        &mut self,
        active: &Active,
        kind: ItemKind,
        work: Vec<Work>,
    ) -> Result<(), Stop> {
        let (pending, writes) = self.prepare_updates(active, kind, work)?;
        let intents: Vec<_> = pending.iter().map(|pending| pending.intent).collect();
        let answers = self.write_under(kind, &writes, |state| {
            intents.iter().try_for_each(|id| state.fulfil(*id))
        })?;
        let mut written = self.read_written(kind, &answers)?;
        let mut ready = Vec::new();
        let mut edited = Vec::new();
        self.state.begin()?;
        for mut pending in pending {
            let answer = pending.write.and_then(|at| answers.get(at));
            let back = match answer {
                None => None,
                // What the mailbox does not take keeps nothing back that goes to staffITpro; only a pair that is not linked stays
                // as it is.
                Some(answer) if answer.why().is_some() && !pending.work.verdict.link => {
                    pending.refused = refusal(&pending.work.pair, answer);
                    None
                }
                Some(Wrote::Done { id, version }) => {
                    let mut item = match written.remove(id) {
                        Some(Ok(item)) => item,
                        unread => {
                            let (verdict, pair) = (&pending.work.verdict, &pending.work.pair);
                            self.written_unread(verdict, pair, unread)?;
                            continue;
                        }
                    };
                    let fields = pending.work.verdict.to_item;
                    let write = pending.write.and_then(|at| writes.get(at));
                    pending.overtaken =
                        write.is_some_and(|write| overtaken(write, version, fields, &mut item));
                    if pending.overtaken {
                        edited.push(pending.work.pair.id);
                    }
                    Some(item)
                }
                Some(other) => {
                    if self.not_done(&pending.work, other)? {
                        self.state.fulfil(pending.intent)?;
                    }
                    continue;
                }
            };
            ready.push((pending, back));
        }
        self.state.commit()?;
        drop(writes);
        let outcomes = self.update_records(kind, &ready)?;
        self.state.begin()?;
        for ((pending, back), outcome) in ready.into_iter().zip(outcomes) {
            self.updated(active, kind, pending, back, outcome)?;
        }
        for pair in edited {
            self.look_again(active, pair)?;
        }
        self.state.commit()?;
        Ok(())
    }

    /// Reads the items again under the versions of the plan, and makes before-images and intents durable.
    fn prepare_updates(
        &mut self,
        active: &Active,
        kind: ItemKind,
        work: Vec<Work>,
    ) -> Result<(Vec<Pending>, Vec<Write>), Stop> {
        let mut targets = HashMap::new();
        for work in &work {
            let id = match work.verdict.candidate {
                Some(row) => self.state.unpaired(row)?.map(|row| row.item),
                None => work.pair.item.clone(),
            };
            targets.extend(id.map(|id| (work.pair.id, id)));
        }
        let ids: Vec<_> = targets.values().cloned().collect();
        let mut items = self.read_planned(kind, &ids)?;
        let mut pending = Vec::new();
        let mut writes = Vec::new();
        self.state.begin_durable()?;
        for mut work in work {
            let Some(record) = work.record.take() else { continue };
            let item = targets.get(&work.pair.id).and_then(|id| items.remove(id));
            let Some(item) = self.still_planned(&work, item)? else { continue };
            let prepared = self.prepare_update(active, kind, work, *record, item, &mut writes)?;
            pending.push(prepared);
        }
        self.state.commit()?;
        Ok((pending, writes))
    }

    fn prepare_update(
        &mut self,
        active: &Active,
        kind: ItemKind,
        mut work: Work,
        record: Record,
        mut item: Item,
        writes: &mut Vec<Write>,
    ) -> Result<Pending, Stop> {
        let dress = self.dress(active.scope);
        let shown = dress.shown(&record);
        let raw = item.content.clone();
        undress(kind, &mut item.content, &work.pair.categories, &shown);
        let record_half = work.half.take().unwrap_or_else(|| Half::of(&record.content));
        let verdict = &work.verdict;
        let to_item = verdict.to_item.union(verdict.decorate);
        let mut write = None;
        // The stamp of a link is a write, and an item with guests is never written (rule D8): that pair lives in the state alone.
        if (verdict.link && !item.has_guests) || !to_item.is_empty() {
            let carried = if verdict.to_item.contains(Field::Categories) {
                categories(&record.content)
            } else {
                work.pair.categories.carried.clone()
            };
            let reminder_past = self.lens(active.scope).reminder_is_past(kind, &record.content);
            let content = Changes {
                kind,
                record: &record,
                item: &item.content,
                raw: &raw,
                own: &work.pair.categories,
                carried: &carried,
                shown: &shown,
                dress: &dress,
                reminder_past,
            }
            .content(verdict.to_item, verdict.decorate);
            let stamp = Stamp {
                tenant: self.job.tenant.clone(),
                user: self.job.user.clone(),
                record: work.pair.record.clone(),
                token: work.pair.token.clone().unwrap_or_else(|| Token::new("")),
                version: record.version.as_str().to_owned(),
                fingerprint: stamp_fingerprint(&record_half),
            };
            write = Some(writes.len());
            writes.push(Write::Update {
                id: item.identity.id.clone(),
                version: item.identity.version.clone(),
                content,
                before: raw.clone(),
                aside: item.aside.clone(),
                stamp: Some(stamp),
            });
            let mut before = item.clone();
            before.content = raw;
            self.remember(&item_before(&work.pair, &before, "update", to_item))?;
        }
        if !verdict.to_record.is_empty() {
            self.remember(&record_before(&work.pair, &record, verdict.to_record))?;
        }
        let intent = self.state.intend(
            self.id,
            &self.run,
            &Intent {
                id: 0,
                pair: work.pair.id,
                action: "update".into(),
                kind,
                token: None,
                item: Some(item.identity.id.clone()),
                version: Some(item.identity.version.clone()),
                fields: to_item.union(verdict.to_record),
            },
            self.now,
        )?;
        let own = OwnCategories {
            carried: if verdict.to_item.contains(Field::Categories) {
                categories(&record.content)
            } else {
                work.pair.categories.carried.clone()
            },
            shown: if write.is_some() && to_item.contains(Field::Categories) {
                shown.clone()
            } else {
                work.pair.categories.shown.clone()
            },
        };
        let (refused, overtaken) = (None, false);
        Ok(Pending {
            work,
            record,
            record_half,
            item,
            own,
            shown,
            intent,
            write,
            refused,
            overtaken,
        })
    }

    /// Sends what goes to staffITpro. One outcome for each pending update; `None` where nothing goes there.
    fn update_records(
        &mut self,
        kind: ItemKind,
        ready: &[(Pending, Option<Item>)],
    ) -> Result<Vec<Option<Updated>>, Stop> {
        let mut updates = Vec::new();
        for (pending, _) in ready {
            let fields = pending.work.verdict.to_record;
            if fields.is_empty() {
                continue;
            }
            updates.push(RecordUpdate {
                id: pending.record.id.clone(),
                kind,
                version: pending.record.version.clone(),
                expected: pending.record.content.only(fields),
                values: pending.item.content.only(fields),
                edited_at: self.edit_time(&pending.item),
            });
        }
        let mut answers = Vec::new();
        if !updates.is_empty() {
            answers = self.source.update(self.job.user, &updates)?;
        }
        let mut answers = answers.into_iter();
        Ok(ready
            .iter()
            .map(|(pending, _)| {
                if pending.work.verdict.to_record.is_empty() {
                    None
                } else {
                    // A source that answers too few has not said that it did it.
                    Some(answers.next().unwrap_or(Updated::Stale))
                }
            })
            .collect())
    }

    /// Returns when the person made the change in Outlook, by our clock. A difference that is too great to decide a conflict
    /// by is still the best that is known of a change on one side.
    fn edit_time(&self, item: &Item) -> jiff::Timestamp {
        let difference = match ClockDifference::between(self.now, self.opened.clock) {
            ClockDifference::Within(difference) => Some(difference),
            ClockDifference::Beyond => {
                self.opened.clock.map(|clock| clock.duration_since(self.now))
            }
        };
        let time = item.modified_at.unwrap_or(self.now);
        difference.and_then(|d| time.checked_sub(d).ok()).unwrap_or(time).min(self.now)
    }

    fn updated(
        &mut self,
        active: &Active,
        kind: ItemKind,
        pending: Pending,
        back: Option<Item>,
        outcome: Option<Updated>,
    ) -> Result<(), StateError> {
        let Pending { work, record, record_half: record_now, item, shown, intent, .. } = pending;
        let (refused, why) = pending.refused.unzip();
        let overtaken = pending.overtaken;
        let own = if refused.is_some() { work.pair.categories.clone() } else { pending.own };
        let verdict = &work.verdict;
        let wrote_item = back.is_some();
        let lens = self.lens(active.scope);
        let beside = Some((&record.content, &record_now));
        let before_half = lens.item(&item, kind, beside).half;
        let (mut record_half, mut item_half) = halves(&work.pair);
        record_half.take(verdict.settle, &record_now);
        item_half.take(verdict.settle, &before_half);
        let mut apart = work.pair.apart.difference(verdict.settle).union(verdict.apart);
        let mut last = (item.identity.clone(), item.folder.clone(), item.modified_at);
        let mut decorated = None;
        if let Some(mut back) = back {
            undress(kind, &mut back.content, &own, &shown);
            let half = lens.item(&back, kind, beside).half;
            record_half.take(verdict.to_item, &record_now);
            if !overtaken {
                // What a server brings into line with them is no edit of anybody (invariant 5).
                let both = before_half.known().intersection(item_half.known());
                let quiet = both.difference(before_half.differing(&item_half));
                let mut of_mailbox = blocks(verdict.to_item);
                if verdict.to_item.contains(Field::Status)
                    && goes_on(&record.content, &back.content)
                {
                    of_mailbox = of_mailbox.union(blocks(DATES_OF_TASKS.iter().copied().collect()));
                }
                item_half.take(of_mailbox.intersection(quiet), &half);
            }
            // What is on its way to staffITpro as well moves with its answer.
            let stands = verdict.decorate.difference(verdict.to_record);
            item_half.take(verdict.to_item.union(stands), &half);
            apart = apart.difference(verdict.to_item);
            decorated = Some(half);
            last = (back.identity.clone(), back.folder.clone(), back.modified_at);
        }
        let mut version = record.version.clone();
        let (mut trouble, mut detail) = (None, None);
        let mut wrote_record = false;
        match outcome {
            None => {}
            Some(Updated::Applied { version: now, stored }) => {
                let mut half = Half::of(&item.content.only(verdict.to_record));
                half.take(verdict.to_record, &Half::of(&stored));
                record_half.take(verdict.to_record, &half);
                item_half.take(verdict.to_record, &before_half);
                if let Some(decorated) = &decorated {
                    item_half.take(verdict.to_record.intersection(verdict.decorate), decorated);
                }
                apart = apart.difference(verdict.to_record);
                version = now;
                wrote_record = true;
                let time = self.edit_time(&item);
                for (field, fingerprint) in half.iter() {
                    let tenant = self.job.tenant;
                    let edit = (time, Some(self.now));
                    self.state.set_field_time(tenant, &record.id, field, fingerprint, edit)?;
                }
            }
            Some(Updated::Stale) => {
                // It may be our own doing: an activity shows whom it belongs to, and changes with that.
                self.stale.insert(work.pair.id);
                trouble = Some((Code::StaleRecord, true));
            }
            Some(Updated::Gone) => trouble = Some((Code::StaleRecord, true)),
            Some(Updated::Busy(_)) => trouble = Some((Code::Busy, true)),
            Some(Updated::Denied) => trouble = Some((Code::NotEditable, false)),
            Some(Updated::Refused { code, field }) => {
                tracing::warn!(record = %record.id, code, ?field, "staffITpro refused an update");
                trouble = Some((Code::RefusedStaffitpro, false));
                detail = Some(match field {
                    Some(field) => format!("{code} ({field})"),
                    None => code,
                });
            }
        }
        let mut origin = None;
        if let Some(row) = verdict.candidate
            && let Some(row) = self.state.unpaired(row)?
        {
            self.state.forget_unpaired(self.id, &row.item)?;
            origin = Some((false, None));
        }
        let (outcome, stays_dirty) = match (trouble, refused) {
            (None, Some(code)) => (Some(code), code == Code::ItemUnreadable),
            (None, None) => (self.stands(&work)?, false),
            (Some((code, again)), refused) => {
                (Some(code), again || refused == Some(Code::ItemUnreadable))
            }
        };
        let (identity, folder, item_modified) = last;
        self.state.settle(
            work.pair.id,
            &Settlement {
                record_version: Some(&version),
                item: Some((&identity.id, &identity.version)),
                stamped: self.carries_stamp(&identity, &work.pair),
                folder: folder.as_ref(),
                record_half: &record_half,
                item_half: &item_half,
                apart,
                private: record.private,
                record_changed: record.changed_at,
                categories: &own,
                item_modified,
                origin,
                outcome,
                stays_dirty,
            },
        )?;
        self.state.fulfil(intent)?;
        let updated_item =
            wrote_item && !verdict.link && !verdict.to_item.union(verdict.decorate).is_empty();
        self.remember_effect(active.scope, Code::BrakeUpdatedOutlook, u64::from(updated_item))?;
        self.remember_effect(active.scope, Code::BrakeUpdatedStaffitpro, u64::from(wrote_record))?;
        let cleared = verdict.cleared.intersection(
            if wrote_item { verdict.to_item } else { FieldSet::EMPTY }.union(if wrote_record {
                verdict.to_record
            } else {
                FieldSet::EMPTY
            }),
        );
        self.remember_effect(active.scope, Code::BrakeCleared, u64::from(cleared.len()))?;
        let linked = verdict.link;
        let touched = |counts: &mut Counts| {
            counts.linked += u64::from(linked);
            counts.updated_outlook += u64::from(updated_item);
            counts.updated_staffitpro += u64::from(wrote_record);
        };
        self.tally.touch(verdict.scope, work.pair.id, touched);
        self.tally.stands(verdict.scope, work.pair.id, outcome);
        let trouble = trouble.map(|(code, again)| {
            let fields = if again { FieldSet::EMPTY } else { verdict.to_record };
            ((code, fields), detail)
        });
        let refused = refused.map(|code| {
            let unread = code == Code::ItemUnreadable;
            ((code, if unread { FieldSet::EMPTY } else { went(verdict) }), why)
        });
        let failed: Vec<_> = trouble.into_iter().chain(refused).collect();
        if !failed.is_empty() && !stays_dirty {
            self.remember_absence(verdict.scope, &work.pair)?;
        }
        self.failed(verdict, &work.pair, failed)
    }
}

/// One field of each block that moves along when a task of a series goes on to its next date.
const DATES_OF_TASKS: [Field; 2] = [Field::Due, Field::ReminderAt];

/// Says whether the mailbox let a task of a series, as it was completed, go on to its next date. The record is about the one that is
/// completed, and keeps its dates (rule D10).
fn goes_on(written: &Content, back: &Content) -> bool {
    let is_done = |content: &Content| content.text(Field::Status) == Some("completed");
    is_done(written) && !is_done(back) && back.value(Field::Recurrence).is_some()
}

/// Returns the fields of all blocks that the given ones belong to.
fn blocks(fields: FieldSet) -> FieldSet {
    fields.iter().fold(FieldSet::EMPTY, |all, field| all.union(field.block().fields()))
}
