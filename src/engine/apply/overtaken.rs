//! Pure: an item that somebody edited between our write and the look back at it.

use crate::engine::plan::is_filled_in_by_servers;
use crate::mailbox::{Item, Write};
use crate::model::{FieldSet, ItemVersion};

/// Sets an item that was read back to what the mailbox acknowledged, where somebody changed it in between; `fields` are those that
/// went there. What was read is another's edit then, and is planned as one: the half of the base moves to what was written
/// (invariant 3). Says whether it was so.
pub(super) fn overtaken(
    write: &Write,
    acknowledged: &ItemVersion,
    fields: FieldSet,
    item: &mut Item,
) -> bool {
    let (Write::Create { content, .. } | Write::Update { content, .. }) = write else {
        return false;
    };
    // A mailbox that tells no version with its answer leaves the one that is read.
    if acknowledged.as_str().is_empty() || item.identity.version == *acknowledged {
        return false;
    }
    item.identity.version = acknowledged.clone();
    for field in fields.union(content.known()).intersection(item.content.known()).iter() {
        match content.slot(field) {
            Some(slot) => item.content.put(field, slot.clone()),
            None if !is_filled_in_by_servers(field) => item.content.set_blank(field),
            None => {}
        }
    }
    true
}
