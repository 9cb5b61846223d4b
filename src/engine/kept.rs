//! Pure: what was read for the plan and is wanted again for the write. A spooled verdict carries no values, so that what it writes
//! is loaded a second time; where it is still at hand, with its pair, record and item, that costs no call and no look into the
//! state. The memory for it is bounded: a large plan reads again.

use std::collections::{HashMap, HashSet};

use crate::mailbox::Item;
use crate::model::{Half, ItemId, Position, RecordId};
use crate::source::Record;
use crate::state::{PairRow, SpooledVerdict};

/// Bytes that are kept at most, of planned pairs and items together: some ten thousand contacts.
const MOST: usize = 28 << 20;

/// What ids, versions and names take of a planned pair, in bytes.
const NAMES: usize = 192;

/// What an item takes besides its fields, in bytes: ids and the stamp.
const ITEM: usize = 1024;

/// A planned pair with its values, in a box: whole batches of them are handed on.
pub(super) type Work = Box<Planned>;

/// What a [`Work`] holds.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) verdict: SpooledVerdict,
    pub(super) pair: PairRow,
    pub(super) record: Option<Box<Record>>,
    /// The record's fingerprints, where they were taken for the plan.
    pub(super) half: Option<Half>,
}

/// Planned pairs and items at hand.
#[derive(Debug, Default)]
pub(super) struct Kept {
    items: HashMap<ItemId, Item>,
    /// By the row of the verdict.
    work: HashMap<i64, Work>,
    /// Up to where the changes of the scope's module were read since its records were; `None`: not yet in this scope.
    pub(super) heard: Option<Position>,
    bytes: usize,
}

impl Kept {
    /// Says whether something more has room.
    pub(super) fn has_room(&self) -> bool {
        self.bytes < MOST
    }

    /// Keeps an item as it was read.
    pub(super) fn keep(&mut self, item: Item) {
        self.bytes += item_size(&item);
        if let Some(before) = self.items.insert(item.identity.id.clone(), item) {
            self.bytes = self.bytes.saturating_sub(item_size(&before));
        }
    }

    /// Keeps a planned pair as it was decided on.
    pub(super) fn keep_work(&mut self, work: Work) {
        self.bytes += work_size(&work);
        if let Some(before) = self.work.insert(work.verdict.id, work) {
            self.bytes = self.bytes.saturating_sub(work_size(&before));
        }
    }

    /// Says whether any planned pair is at hand.
    pub(super) fn has_work(&self) -> bool {
        !self.work.is_empty()
    }

    /// Hands an item out; it is not kept any longer.
    pub(super) fn take(&mut self, id: &ItemId) -> Option<Item> {
        let item = self.items.remove(id)?;
        self.bytes = self.bytes.saturating_sub(item_size(&item));
        Some(item)
    }

    /// Hands the pair of a verdict out; it is not kept any longer.
    pub(super) fn take_work(&mut self, verdict: i64) -> Option<Work> {
        let work = self.work.remove(&verdict)?;
        self.bytes = self.bytes.saturating_sub(work_size(&work));
        Some(work)
    }

    /// Forgets the pairs of these records.
    pub(super) fn forget_records(&mut self, records: &HashSet<&RecordId>) {
        let bytes = &mut self.bytes;
        self.work.retain(|_, work| {
            let stays = !records.contains(&work.pair.record);
            if !stays {
                *bytes = bytes.saturating_sub(work_size(work));
            }
            stays
        });
    }

    /// Forgets all planned pairs.
    pub(super) fn clear_work(&mut self) {
        let bytes: usize = self.work.values().map(|work| work_size(work)).sum();
        self.bytes = self.bytes.saturating_sub(bytes);
        self.work.clear();
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

fn work_size(work: &Planned) -> usize {
    let record = work.record.as_ref().map_or(0, |record| record.content.memory());
    let halves = [&work.half, &work.pair.record_half, &work.pair.item_half];
    let halves: usize = halves.into_iter().flatten().map(Half::memory).sum();
    size_of::<Planned>() + size_of::<Record>() + record + halves + NAMES
}

fn item_size(item: &Item) -> usize {
    item.content.memory() + ITEM
}
