//! Effect: late twins. A create whose answer was lost may be committed after it was repeated; what is made late carries the same
//! token. The untouched twin goes to Deleted Items (invariant 1), under the planner's rules and the brake like any other delete.

use std::collections::HashMap;

use crate::engine::apply::item_before;
use crate::engine::deliberate::base;
use crate::engine::dress::undress;
use crate::engine::plan::{Action, ItemState, Pair, RecordState, plan};
use crate::engine::session::{Active, Session, Stop};
use crate::engine::unread::log_unread;
use crate::mailbox::{Item, ItemError, Write, Wrote};
use crate::model::{FieldSet, ItemId, ItemKind};
use crate::reason::Code;
use crate::state::{PairRow, SpooledVerdict, StateError, UnpairedRow};

/// How many twins are planned at once.
const PAGE: usize = 100;

impl Session<'_> {
    /// Plans what becomes of late twins; after the pairs, whose halves they are compared with.
    pub(super) fn plan_twins(&mut self) -> Result<(), Stop> {
        for active in self.active.clone() {
            for kind in active.kinds().iter().copied() {
                let twins = self.twins_of(&active, kind)?;
                for page in twins.chunks(PAGE) {
                    let ids: Vec<ItemId> = page.iter().map(|(row, _)| row.item.clone()).collect();
                    let mut items = HashMap::new();
                    self.mailbox.fetch(kind, &ids, &mut |id, item| {
                        items.insert(id, item);
                    })?;
                    for (row, pair) in page {
                        match items.remove(&row.item) {
                            Some(Ok(item)) => self.plan_twin(&active, kind, (row, pair), item)?,
                            Some(Err(ItemError::Gone)) => {
                                self.state.forget_unpaired(self.id, &row.item)?;
                            }
                            // The next run asks again.
                            Some(Err(error)) => {
                                let what = "the late twin of an item cannot be read";
                                log_unread(&row.item, &error, what);
                            }
                            None => {}
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn twins_of(
        &self,
        active: &Active,
        kind: ItemKind,
    ) -> Result<Vec<(UnpairedRow, PairRow)>, StateError> {
        let mut twins = Vec::new();
        for row in self.state.twins(self.id, kind)? {
            let Some(record) = &row.record else { continue };
            let pair = self.state.pair_of_record(self.id, record)?;
            let wanted = self.options.explain.as_ref().is_none_or(|explained| explained == record);
            twins.extend(
                pair.filter(|pair| wanted && pair.module == active.scope.module)
                    .map(|pair| (row, pair)),
            );
        }
        Ok(twins)
    }

    fn plan_twin(
        &mut self,
        active: &Active,
        kind: ItemKind,
        (row, pair): (&UnpairedRow, &PairRow),
        mut item: Item,
    ) -> Result<(), Stop> {
        undress(kind, &mut item.content, &pair.categories, &[]);
        let view = self.lens(active.scope).item(&item, kind, None);
        let seen = Pair {
            record: RecordState::Unreadable,
            item: ItemState::Twin(&view),
            base: base(pair),
            taken: None,
            unread: false,
        };
        let verdict = plan(&self.rules(active, kind), &seen);
        match (verdict.action, verdict.code()) {
            (_, Some(code @ Code::CopiesLeftAlone)) => {
                self.state.leave_twin(row.id)?;
                self.name(active.scope, pair, (code, FieldSet::EMPTY), None, Vec::new());
            }
            (Action::RemoveTwin, _) => {
                let spooled = SpooledVerdict {
                    id: SpooledVerdict::twin_row(pair.id),
                    pair: pair.id,
                    scope: active.scope,
                    kind,
                    record_version: None,
                    candidate: Some(row.id),
                    item_version: Some(item.identity.version),
                    label: None,
                    action: verdict.action.key().to_owned(),
                    link: false,
                    to_item: FieldSet::EMPTY,
                    to_record: FieldSet::EMPTY,
                    cleared: FieldSet::EMPTY,
                    decorate: FieldSet::EMPTY,
                    settle: FieldSet::EMPTY,
                    apart: FieldSet::EMPTY,
                    reasons: verdict.merge.reasons,
                };
                self.tell(&pair.record, &spooled);
                self.state.spool(&spooled)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Moves late twins to Deleted Items, where they are still what was planned for.
    pub(super) fn remove_twins(
        &mut self,
        active: &Active,
        kind: ItemKind,
        verdicts: &[i64],
    ) -> Result<(), Stop> {
        let mut twins = Vec::new();
        for verdict in verdicts {
            let Some(verdict) = self.state.spooled_at(*verdict)? else { continue };
            let Some(row) = verdict.candidate.map(|id| self.state.unpaired(id)).transpose()? else {
                continue;
            };
            let pair = self.state.pair(self.id, verdict.pair)?;
            twins.extend(row.zip(pair).map(|(row, pair)| (verdict, row, pair)));
        }
        let ids: Vec<ItemId> = twins.iter().map(|(_, row, _)| row.item.clone()).collect();
        let mut items = self.read_back(kind, &ids)?;
        let all = FieldSet::of_kind(kind);
        let mut writes = Vec::new();
        let mut removed = Vec::new();
        self.state.begin_durable()?;
        for (verdict, row, pair) in twins {
            let Some(Ok(item)) = items.remove(&row.item) else { continue };
            let version = item.identity.version.clone();
            if verdict.item_version.as_ref() != Some(&version)
                || pair.item.as_ref() == Some(&row.item)
            {
                continue;
            }
            self.remember(&item_before(&pair, &item, "delete", all))?;
            writes.push(Write::Delete { id: row.item.clone(), version });
            removed.push((row, pair));
        }
        self.state.commit()?;
        let answers = self.write(kind, &writes)?;
        self.state.begin()?;
        for ((row, pair), answer) in removed.into_iter().zip(answers) {
            let Wrote::Done { .. } = answer else { continue };
            self.state.forget_unpaired(self.id, &row.item)?;
            if let Some(token) = &pair.token {
                self.state.set_repeated(pair.id, token, false)?;
            }
            self.remember_effect(active.scope, Code::BrakeDeleted, 1)?;
            self.tally.scope(active.scope).deleted_outlook += 1;
            let twin = (Code::LateTwinRemoved, FieldSet::EMPTY);
            self.name(active.scope, &pair, twin, None, Vec::new());
        }
        self.state.commit()?;
        Ok(())
    }
}
