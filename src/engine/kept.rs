//! Pure: items that were read for the plan and are wanted again for the write. A verdict carries no values, so that what it
//! writes is loaded a second time; where the item is still at hand, that costs no request. The memory for it is bounded: a
//! large plan reads again.

use std::collections::HashMap;

use crate::mailbox::Item;
use crate::model::ItemId;

/// Bytes of content that are kept at most.
const MOST: usize = 8 << 20;

/// What an item takes besides its content, in bytes.
const EACH: usize = 512;

/// Items at hand.
#[derive(Debug, Default)]
pub(super) struct Kept {
    items: HashMap<ItemId, Item>,
    bytes: usize,
}

impl Kept {
    /// Says whether another item has room.
    pub(super) fn has_room(&self) -> bool {
        self.bytes < MOST
    }

    /// Keeps an item as it was read.
    pub(super) fn keep(&mut self, item: Item) {
        self.bytes += item.content.weight() + EACH;
        if let Some(before) = self.items.insert(item.identity.id.clone(), item) {
            self.bytes = self.bytes.saturating_sub(before.content.weight() + EACH);
        }
    }

    /// Hands an item out; it is not kept any longer.
    pub(super) fn take(&mut self, id: &ItemId) -> Option<Item> {
        let item = self.items.remove(id)?;
        self.bytes = self.bytes.saturating_sub(item.content.weight() + EACH);
        Some(item)
    }

    /// Forgets all of them.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}
