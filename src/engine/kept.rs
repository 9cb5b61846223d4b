//! Pure: what was read for the plan and is wanted again for the write. A verdict carries no values, so that what it writes is
//! loaded a second time; where record and item are still at hand, that costs no call. The memory for it is bounded: a large plan
//! reads again.

use std::collections::HashMap;

use crate::mailbox::Item;
use crate::model::{Content, Half, ItemId, Position, RecordId};
use crate::source::Record;

/// Bytes that are kept at most, of records and items together.
const MOST: usize = 16 << 20;

/// What a record or an item takes besides its content, in bytes: a half as well.
const EACH: usize = 1536;

/// Records and items at hand.
#[derive(Debug, Default)]
pub(super) struct Kept {
    items: HashMap<ItemId, Item>,
    records: HashMap<RecordId, (Record, Half)>,
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
        self.bytes += size(&item.content);
        if let Some(before) = self.items.insert(item.identity.id.clone(), item) {
            self.bytes = self.bytes.saturating_sub(size(&before.content));
        }
    }

    /// Keeps a record in focus with its fingerprints, where it has room.
    pub(super) fn keep_record(&mut self, record: Record, half: Half) {
        if !self.has_room() {
            return;
        }
        self.bytes += size(&record.content);
        if let Some((before, _)) = self.records.insert(record.id.clone(), (record, half)) {
            self.bytes = self.bytes.saturating_sub(size(&before.content));
        }
    }

    /// Says whether any record is at hand.
    pub(super) fn has_records(&self) -> bool {
        !self.records.is_empty()
    }

    /// Hands an item out; it is not kept any longer.
    pub(super) fn take(&mut self, id: &ItemId) -> Option<Item> {
        let item = self.items.remove(id)?;
        self.bytes = self.bytes.saturating_sub(size(&item.content));
        Some(item)
    }

    /// Hands a record out; it is not kept any longer.
    pub(super) fn take_record(&mut self, id: &RecordId) -> Option<(Record, Half)> {
        let kept = self.records.remove(id)?;
        self.bytes = self.bytes.saturating_sub(size(&kept.0.content));
        Some(kept)
    }

    /// Forgets all records.
    pub(super) fn clear_records(&mut self) {
        let bytes: usize = self.records.values().map(|(record, _)| size(&record.content)).sum();
        self.bytes = self.bytes.saturating_sub(bytes);
        self.records.clear();
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

fn size(content: &Content) -> usize {
    content.memory() + EACH
}
