//! Effect: moves items to Deleted Items, after all that they hold is durable in the journal (rules D6, D12).

use crate::engine::apply::item_before;
use crate::engine::kept::Work;
use crate::engine::report::Counts;
use crate::engine::session::{Active, Session, Stop};
use crate::mailbox::{Write, Wrote};
use crate::model::{FieldSet, ItemKind};
use crate::reason::Code;
use crate::state::{Intent, ItemPresence};

impl Session<'_> {
    pub(super) fn delete(
        &mut self,
        active: &Active,
        kind: ItemKind,
        work: Vec<Work>,
    ) -> Result<(), Stop> {
        let ids: Vec<_> = work.iter().filter_map(|work| work.pair.item.clone()).collect();
        let mut items = self.read_planned(kind, &ids)?;
        let all = FieldSet::of_kind(kind);
        let mut pending = Vec::new();
        let mut writes = Vec::new();
        self.state.begin_durable()?;
        for work in work {
            let item = work.pair.item.as_ref().and_then(|id| items.remove(id));
            let Some(item) = self.still_planned(&work, item)? else { continue };
            let intent = self.state.intend(
                self.id,
                &self.run,
                &Intent {
                    id: 0,
                    pair: work.pair.id,
                    action: "delete".into(),
                    kind,
                    token: None,
                    item: Some(item.identity.id.clone()),
                    version: Some(item.identity.version.clone()),
                    fields: FieldSet::EMPTY,
                },
                self.now,
            )?;
            self.remember(&item_before(&work.pair, &item, "delete", all))?;
            writes.push(Write::Delete {
                id: item.identity.id.clone(),
                version: item.identity.version.clone(),
            });
            pending.push((work, intent));
        }
        self.state.commit()?;
        let intents: Vec<_> = pending.iter().map(|(_, intent)| *intent).collect();
        let answers = self.write_under(kind, &writes, |state| {
            intents.iter().try_for_each(|id| state.fulfil(*id))
        })?;
        self.state.begin()?;
        for ((work, intent), answer) in pending.into_iter().zip(answers) {
            match answer {
                Wrote::Done { .. } => {
                    self.state.set_item(work.pair.id, ItemPresence::Removed, None)?;
                    self.state.fulfil(intent)?;
                    self.remember_effect(active.scope, Code::BrakeDeleted, 1)?;
                    let outcome = self.stands(&work)?;
                    self.state.set_outcome(work.pair.id, outcome, false)?;
                    let (scope, pair) = (work.verdict.scope, work.pair.id);
                    self.tally
                        .touch(scope, pair, |counts: &mut Counts| counts.deleted_outlook += 1);
                    self.tally.stands(scope, pair, outcome);
                }
                other => {
                    if self.not_done(&work, &other)? {
                        self.state.fulfil(intent)?;
                    }
                }
            }
        }
        self.state.commit()?;
        Ok(())
    }
}
