//! Effect: how many transactions abgleich has made on a file, which stands in the file itself, as a property of the store.
//!
//! A file that was put back from a copy has fewer than when it was last read. The header's counter tells that as well, but only
//! until another program has written so much that it is past where it was; this one nobody else raises.

use super::table::TRANSACTIONS;
use crate::mapi::{PropertyType, Value};
use crate::pst::messaging::Store;
use crate::pst::messaging::write::Batch;
use crate::pst::ndb::Nodes;
use crate::pst::ndb::write::WriteError;
use crate::pst::{Nid, PstError};

/// Reads it; `None` where the store has none: nothing was written yet, or before there was this count.
pub(super) fn count<N: Nodes>(store: &Store<N>) -> Result<Option<u32>, PstError> {
    let value = store.properties()?.value(TRANSACTIONS.key())?;
    Ok(value.as_ref().and_then(Value::as_i32).map(i32::cast_unsigned))
}

/// Makes a batch durable, and counts it in the same transaction. A kill between this and what the state keeps of it leaves the file
/// with the higher count, as no restore does.
pub(super) fn commit(mut batch: Batch<'_>) -> Result<(), WriteError> {
    raise(&mut batch).map_err(WriteError::shared)?;
    batch.commit()
}

fn raise(batch: &mut Batch<'_>) -> Result<(), WriteError> {
    let before = count(&Store::new(batch.nodes()))?.unwrap_or(0);
    let Some(id) = batch.id_for(&TRANSACTIONS.key())? else {
        // What takes no new name has only the header's counter.
        tracing::debug!("the store takes no name for the count of transactions");
        return Ok(());
    };
    let after = before.saturating_add(1).to_le_bytes();
    batch.set_property(Nid::STORE, id.of(PropertyType::INTEGER32), &after)
}

#[cfg(test)]
mod tests {
    use super::{TRANSACTIONS, commit, count};
    use crate::mapi::{FileTime, Properties, PropertyKey, PropertyName, PropertyType, Value};
    use crate::mapi::{name::set, property};
    use crate::pst::Nid;
    use crate::pst::crypt::Crypt;
    use crate::pst::medium::Medium;
    use crate::pst::messaging::Store;
    use crate::pst::messaging::write::{Batch, NewStore, fill};
    use crate::pst::ndb::write::{Settings, Writer};

    const NOW: FileTime = FileTime(134_000_000_000_000_000);

    fn own(file: &Writer) -> Properties {
        Store::new(file.nodes()).properties().unwrap().properties().unwrap()
    }

    /// What the store says of itself beside the count is as it was, also what nobody here knows; the name comes with the first batch.
    #[test]
    fn each_batch_counts_one_and_changes_nothing_else_of_the_store() {
        let memory = Medium::Memory(Vec::new());
        let mut file = Writer::empty(memory, Crypt::Permute, &Settings::default()).unwrap();
        fill(file.begin().unwrap(), &NewStore::german("Test")).unwrap();
        let theirs: PropertyKey = PropertyName::text(set::PUBLIC_STRINGS, "theirs").into();
        let mut batch = Batch::begin(&mut file, NOW).unwrap();
        let id = batch.id_for(&theirs).unwrap().unwrap();
        let big = [7; 9000];
        batch.set_property(Nid::STORE, id.of(PropertyType::BINARY), &big).unwrap();
        batch.commit().unwrap();
        let before = own(&file);
        assert_eq!(before.value(theirs), Some(&Value::Binary(big.to_vec())));
        assert_eq!(count(&Store::new(file.nodes())).unwrap(), None);
        for wanted in 1..=3_i32 {
            let mut batch = Batch::begin(&mut file, NOW).unwrap();
            batch.set_property(Nid::ROOT_FOLDER, property::COMMENT, &[]).unwrap();
            commit(batch).unwrap();
            let mut after = own(&file);
            assert_eq!(after.remove(TRANSACTIONS.key()), Some(Value::Integer32(wanted)));
            assert_eq!(after, before);
        }
    }

    #[test]
    fn the_name_never_changes() {
        let name = "8c1f3b52-64d7-4e0a-9b1e-2f7c55a0d3e6/Transactions";
        assert_eq!(TRANSACTIONS.key().to_string(), name);
    }
}
