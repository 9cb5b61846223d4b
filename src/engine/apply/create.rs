//! Effect: makes items. The stamp with its token travels in the same call, so that a create whose answer is lost is found
//! by it and never made twice (invariant 1).

use crate::engine::apply::content::dressed;
use crate::engine::apply::overtaken::overtaken;
use crate::engine::apply::stamp_fingerprint;
use crate::engine::clock::token;
use crate::engine::dress::{categories, undress};
use crate::engine::kept::{Planned, Work};
use crate::engine::report::Counts;
use crate::engine::session::{Active, Session, Stop};
use crate::mailbox::{Item, Stamp, Write, Wrote};
use crate::model::{Field, FieldSet, FolderId, Half, ItemKind, Token};
use crate::reason::Code;
use crate::state::{OwnCategories, Settlement, StateError};

/// A create on its way.
struct Pending {
    work: Work,
    record_half: Half,
    token: Token,
    own: OwnCategories,
    shown: Vec<String>,
}

impl Session<'_> {
    pub(super) fn create(
        &mut self,
        active: &Active,
        kind: ItemKind,
        work: Vec<Work>,
    ) -> Result<(), Stop> {
        let Some(folder) = self.find_home(active.scope, kind, true)? else { return Ok(()) };
        let (pending, writes, creating) = self.prepare_creates(active, kind, &folder, work)?;
        let answers =
            self.write_under(kind, &writes, |state| state.leave_creates(creating, &[]))?;
        let mut items = self.read_written(kind, &answers)?;
        let mut open = Vec::new();
        self.state.begin()?;
        for ((pending, answer), write) in pending.into_iter().zip(answers).zip(writes) {
            let own = (pending.work.pair.id, pending.token.clone());
            let settled = match answer {
                // Without the read-back the intent stays, and the next run finds the item by its token.
                Wrote::Done { id, version } => match items.remove(&id) {
                    Some(Ok(mut item)) => {
                        let fields = pending.work.verdict.to_item;
                        let edited = overtaken(&write, &version, fields, &mut item);
                        let settled = self.created(kind, pending, item, &folder)?;
                        if edited {
                            self.look_again(active, own.0)?;
                        }
                        settled
                    }
                    unread => {
                        let Planned { verdict, pair, .. } = &*pending.work;
                        self.written_unread(verdict, pair, unread)?;
                        false
                    }
                },
                other => self.not_done(&pending.work, &other)?,
            };
            if !settled {
                open.push(own);
            }
        }
        self.state.leave_creates(creating, &open)?;
        self.state.commit()?;
        Ok(())
    }

    fn prepare_creates(
        &mut self,
        active: &Active,
        kind: ItemKind,
        folder: &FolderId,
        work: Vec<Work>,
    ) -> Result<(Vec<Pending>, Vec<Write>, i64), Stop> {
        let mut pending = Vec::with_capacity(work.len());
        let mut writes = Vec::with_capacity(work.len());
        for mut work in work {
            let half = work.half.take();
            let Some(record) = &work.record else { continue };
            let token = match work.pair.token.clone().filter(|_| work.pair.repeated) {
                Some(token) => token,
                None => token(self.job.entropy).ok_or(Stop::Entropy)?,
            };
            let dress = self.dress(active.scope);
            let shown = dress.shown(record);
            let reminder_past = self.lens(active.scope).reminder_is_past(kind, &record.content);
            let record_half = half.unwrap_or_else(|| Half::of(&record.content));
            let content = dressed(kind, record, work.verdict.to_item, &dress, reminder_past);
            let goes = work.verdict.to_item.contains(Field::Categories);
            let carried = if goes { categories(&record.content) } else { Vec::new() };
            let own = OwnCategories { carried, shown: shown.clone() };
            let stamp = Stamp {
                tenant: self.job.tenant.clone(),
                user: self.job.user.clone(),
                record: work.pair.record.clone(),
                token: token.clone(),
                version: record.version.as_str().to_owned(),
                fingerprint: stamp_fingerprint(&record_half),
            };
            writes.push(Write::Create { folder: folder.clone(), content, stamp });
            pending.push(Pending { work, record_half, token, own, shown });
        }
        let creates: Vec<_> = pending
            .iter()
            .map(|pending| (pending.work.pair.id, &pending.work.pair.record, &pending.token))
            .collect();
        let creating = self.state.durably(|state| {
            state.intend_creates(self.id, &self.run, (kind, &creates), self.now)
        })?;
        Ok((pending, writes, creating))
    }

    /// Settles a pair whose item was made and read back. Returns whether it is settled.
    fn created(
        &mut self,
        kind: ItemKind,
        pending: Pending,
        mut item: Item,
        folder: &FolderId,
    ) -> Result<bool, StateError> {
        let Pending { work, mut record_half, token, own, shown } = pending;
        let Some(record) = &work.record else { return Ok(false) };
        undress(kind, &mut item.content, &own, &shown);
        let lens = self.lens(work.verdict.scope);
        let half = lens.item(&item, kind, Some((&record.content, &record_half))).half;
        // What Outlook does not hold as it is was not settled with it (rule D11).
        record_half.forget(FieldSet::TRAVELLING.difference(work.verdict.to_item));
        let outcome = self.stands(&work)?;
        self.state.settle(
            work.pair.id,
            &Settlement {
                record_version: Some(&record.version),
                item: Some((&item.identity.id, &item.identity.version)),
                stamped: true,
                folder: Some(item.folder.as_ref().unwrap_or(folder)),
                record_half: &record_half,
                item_half: &half,
                apart: FieldSet::EMPTY,
                private: record.private,
                record_changed: record.changed_at,
                categories: &own,
                item_modified: item.modified_at,
                origin: Some((true, Some(&token))),
                outcome,
                stays_dirty: false,
            },
        )?;
        self.remember_effect(work.verdict.scope, Code::BrakeCreated, 1)?;
        let (scope, pair) = (work.verdict.scope, work.pair.id);
        self.tally.touch(scope, pair, |counts: &mut Counts| counts.created += 1);
        self.tally.stands(scope, pair, outcome);
        Ok(true)
    }
}
