//! How much room changes take at most, so that a disk that is too full is told before the first of them (pure).
//!
//! Blocks are copied when they change, so what counts is what is touched. The bounds are wide: it is better to ask for a few
//! megabytes that are not used than to find the disk full in the middle.

use super::{ItemChange, NewItem, Occurrence};
use crate::mapi::{Properties, Value};
use crate::pst::bytes::wide;

/// A full block, with its trailer.
const BLOCK: u64 = 8192;
/// What an item takes beside its values: blocks of its context, its subnodes and its recipients, of the tables that have a row
/// of it, and pages of both trees, all levels of them, for each of these.
const ITEM: u64 = 24 * BLOCK;
/// What an occurrence takes beside its values: a message and an attachment.
const OCCURRENCE: u64 = 2 * ITEM;
/// What a batch takes once: names, properties of the store, counts of folders, the search queue, and a section with its maps.
pub const BATCH: u64 = 128 * BLOCK;
/// What deleting or moving an item takes.
pub const MOVE: u64 = ITEM;

impl NewItem {
    /// Returns how many bytes of the file the item takes at most.
    pub fn most_room(&self) -> u64 {
        ITEM + of_properties(&self.properties) + of_occurrences(&self.occurrences)
    }
}

impl ItemChange {
    /// Returns how many bytes of the file the change takes at most.
    pub fn most_room(&self) -> u64 {
        let touched = BLOCK * wide(self.set.len() + self.remove.len());
        ITEM + touched + of_properties(&self.set) + of_occurrences(&self.occurrences)
    }
}

fn of_occurrences(occurrences: &[Occurrence]) -> u64 {
    occurrences.iter().map(|occurrence| OCCURRENCE + of_properties(&occurrence.properties)).sum()
}

/// A heap may leave nearly half of its blocks empty, and a big value has blocks of its own, with lists of them.
fn of_properties(properties: &Properties) -> u64 {
    properties.iter().map(|(_, value)| 64 + 2 * of_value(value)).sum()
}

fn of_value(value: &Value) -> u64 {
    let texts = |texts: &[String]| texts.iter().map(|text| 4 + 2 * wide(text.len())).sum();
    let big = |bytes: u64| if bytes > 3580 { bytes + 2 * BLOCK } else { bytes };
    big(match value {
        Value::String(text) => 2 * wide(text.len()),
        Value::Strings(many) => texts(many),
        Value::Binary(bytes) | Value::String8(bytes) | Value::Other(_, bytes) => wide(bytes.len()),
        Value::Binaries(many) | Value::Strings8(many) => {
            many.iter().map(|bytes| 4 + wide(bytes.len())).sum()
        }
        Value::Integers16(many) => 2 * wide(many.len()),
        Value::Integers32(many) => 4 * wide(many.len()),
        Value::Floatings64(many) => 8 * wide(many.len()),
        Value::Integers64(many) => 8 * wide(many.len()),
        Value::Times(many) => 8 * wide(many.len()),
        Value::Guids(many) => 16 * wide(many.len()),
        _ => 16,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, prop_assert, proptest};

    use super::BATCH;
    use crate::mapi::{FileTime, Properties, Value, property};
    use crate::pst::bytes::wide;
    use crate::pst::id::Nid;
    use crate::pst::messaging::write::{
        Batch, ItemChange, NewItem, NewStore, Occurrence, Role, create,
    };
    use crate::pst::ndb::write::{Settings, Writer};

    /// 2026-11-22 12:00 UTC.
    const NOW: FileTime = FileTime(134_397_504_000_000_000);

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        /// What a batch asks the disk for is never less than what it takes: blocks of the old state count until the next batch.
        #[test]
        fn a_batch_takes_no_more_room_than_it_asks_for(
            lengths in proptest::collection::vec((0_usize..20_000, 0_usize..9000), 1..12),
            changed in 0_usize..9000,
        ) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("a.pst");
            let new = NewStore::german("Vorführung");
            let (mut file, made) = create(&path, &new, &Settings::default()).unwrap();
            let contacts = made.role(Role::Contacts).unwrap();
            let taken = |file: &Writer| file.nodes().header().file_end - file.nodes().header().free;
            let items: Vec<NewItem> = lengths
                .iter()
                .map(|(body, note)| {
                    let mut item = NewItem::of("IPM.Contact", Properties::new());
                    item.properties.set(property::BODY, Value::String("ä".repeat(*body)));
                    item.properties.set(property::COMPANY_NAME, Value::String("x".repeat(*note)));
                    item.occurrences =
                        vec![Occurrence::new(NOW, NOW, NOW, item.properties.clone()); body % 3];
                    item
                })
                .collect();
            let before = taken(&file);
            let mut batch = Batch::begin(&mut file, NOW).unwrap();
            let nids: Vec<Nid> =
                items.iter().map(|item| batch.add_item(contacts, item).unwrap()).collect();
            batch.commit().unwrap();
            let asked = BATCH + items.iter().map(NewItem::most_room).sum::<u64>();
            prop_assert!(taken(&file) - before <= asked);

            let mut change = ItemChange::default();
            change.set.set(property::BODY, Value::String("ö".repeat(changed)));
            change.remove.push(property::COMPANY_NAME.into());
            let before = taken(&file);
            let mut batch = Batch::begin(&mut file, NOW).unwrap();
            for nid in &nids {
                batch.change_item(*nid, &change).unwrap();
            }
            batch.commit().unwrap();
            // The maps learn with this batch of what the one before freed.
            let asked = BATCH + change.most_room() * wide(nids.len());
            prop_assert!(taken(&file) <= before + asked);
        }
    }
}
