//! Pure: what was read for the plan and is wanted again for the write. A verdict carries no values, so that what it writes is
//! loaded a second time; where record and item are still at hand, that costs no call. The memory for it is bounded: a large plan
//! reads again.

use std::collections::HashMap;

use crate::mailbox::Item;
use crate::model::{Half, ItemId, Position, RecordId};
use crate::source::Record;

/// Bytes that are kept at most, of records and items together.
const MOST: usize = 16 << 20;

/// What a record takes besides its fields, in bytes: ids and names.
const RECORD: usize = 512;

/// What an item takes besides its fields, in bytes: ids and the stamp.
const ITEM: usize = 1024;

/// Records and items at hand.
#[derive(Debug, Default)]
pub(super) struct Kept {
    items: HashMap<ItemId, Item>,
    records: HashMap<RecordId, Box<(Record, Half)>>,
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

    /// Keeps a record in focus with its fingerprints, where it has room.
    pub(super) fn keep_record(&mut self, record: Record, half: Half) {
        if !self.has_room() {
            return;
        }
        self.bytes += record_size(&record, &half);
        let kept = Box::new((record, half));
        if let Some(before) = self.records.insert(kept.0.id.clone(), kept) {
            self.bytes = self.bytes.saturating_sub(record_size(&before.0, &before.1));
        }
    }

    /// Says whether any record is at hand.
    pub(super) fn has_records(&self) -> bool {
        !self.records.is_empty()
    }

    /// Hands an item out; it is not kept any longer.
    pub(super) fn take(&mut self, id: &ItemId) -> Option<Item> {
        let item = self.items.remove(id)?;
        self.bytes = self.bytes.saturating_sub(item_size(&item));
        Some(item)
    }

    /// Hands a record out; it is not kept any longer.
    pub(super) fn take_record(&mut self, id: &RecordId) -> Option<(Record, Half)> {
        let (record, half) = *self.records.remove(id)?;
        self.bytes = self.bytes.saturating_sub(record_size(&record, &half));
        Some((record, half))
    }

    /// Forgets all records.
    pub(super) fn clear_records(&mut self) {
        let kept = self.records.values();
        let bytes: usize = kept.map(|kept| record_size(&kept.0, &kept.1)).sum();
        self.bytes = self.bytes.saturating_sub(bytes);
        self.records.clear();
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

fn record_size(record: &Record, half: &Half) -> usize {
    record.content.memory() + half.memory() + RECORD
}

fn item_size(item: &Item) -> usize {
    item.content.memory() + ITEM
}
