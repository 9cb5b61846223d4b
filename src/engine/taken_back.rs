//! Effect: looks once more for deleted items before they are made anew. A person may have taken one back into a folder that is not
//! watched, where nothing tells of it (rules D3, D5).

use crate::engine::deliberate::base;
use crate::engine::observe_outlook::SEARCH;
use crate::engine::plan::{Action, ItemState, Pair, RecordState, plan};
use crate::engine::seen::Seen;
use crate::engine::session::{Active, Session, Stop};
use crate::mailbox::By;
use crate::model::{ItemKind, RecordId};
use crate::state::{ItemPresence, RecordPresence, StateError};

impl Session<'_> {
    /// Joins the pairs of a page whose deleted items would be made anew to those that are there after all.
    pub(super) fn look_for_deleted(
        &mut self,
        active: &Active,
        kind: ItemKind,
        page: &mut [Seen],
    ) -> Result<(), Stop> {
        let open: Vec<RecordId> = page
            .iter()
            .filter(|seen| self.is_made_anew(active, kind, seen))
            .map(|seen| seen.pair.record.clone())
            .collect();
        for records in open.chunks(SEARCH) {
            let mut found = self.search(kind, By::Records(records))?;
            found.retain(|found| !found.deleted);
            found.sort_by_key(|found| found.created_at);
            self.state.atomically(|state| {
                for seen in page.iter_mut().filter(|seen| records.contains(&seen.pair.record)) {
                    let hit = found.iter().find(|found| {
                        let stamp = found.identity.stamp.as_ref();
                        stamp.is_some_and(|stamp| stamp.record == seen.pair.record)
                    });
                    let Some(found) = hit else { continue };
                    let (id, folder) = (&found.identity.id, &found.folder);
                    state.forget_unpaired(self.id, id)?;
                    state.set_item(seen.pair.id, ItemPresence::Here, Some((id, folder)))?;
                    state.watch_folder(self.id, kind, folder)?;
                    seen.pair.item_state = ItemPresence::Here;
                    seen.pair.item = Some(id.clone());
                    seen.pair.folder = Some(folder.clone());
                }
                Ok::<_, StateError>(())
            })?;
        }
        Ok(())
    }

    /// Says whether the plan is to make the item of a pair again, and this run has not looked for it.
    fn is_made_anew(&self, active: &Active, kind: ItemKind, seen: &Seen) -> bool {
        let item = match seen.pair.item_state {
            ItemPresence::Deleted => ItemState::Deleted,
            ItemPresence::Removed => ItemState::Removed,
            ItemPresence::None | ItemPresence::Here | ItemPresence::Missing => return false,
        };
        let Some(record) = &seen.record else { return false };
        if seen.pair.record_state == RecordPresence::Left || self.searched.contains(&seen.pair.id) {
            return false;
        }
        let view = self.lens(active.scope).record(record);
        let pair = Pair {
            record: RecordState::Here(&view),
            item,
            base: base(&seen.pair),
            taken: seen.pair.taken,
            unread: self.unread.contains(&kind),
        };
        plan(&self.rules(active, kind), &pair).action == Action::Create
    }
}
