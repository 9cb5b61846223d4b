//! Effect: what observing leaves on pairs: marks that say what has to be looked at again. A mark is durable in the
//! transaction that moves the position or cursor it came from.

use rusqlite::{OptionalExtension, params};

use super::{ItemPresence, Keys, MailboxId, RecordPresence, State, StateError};
use crate::model::{
    FolderId, ItemId, ItemKind, ItemVersion, Module, RecordId, RecordVersion, Token,
};
use crate::reason::Code;

/// A record that a listing or a feed tells of.
#[derive(Clone, Copy, Debug)]
pub struct SeenRecord<'a> {
    /// The record.
    pub record: &'a RecordId,
    /// Its kind.
    pub kind: ItemKind,
    /// Its module.
    pub module: Module,
    /// What it belongs to.
    pub parent: Option<&'a RecordId>,
    /// Its version, where it was told.
    pub version: Option<&'a RecordVersion>,
}

/// Whose an item is that a folder tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownItem {
    /// That of the pair in this row, and not as it was settled.
    Changed(i64),
    /// A pair's as it was settled, or nobody's as it was last read.
    Settled,
    /// Nobody's that is known in this version.
    Unknown,
}

impl State {
    /// Adds records that move, or marks the pairs they have: dirty where the version is not the one last settled.
    pub fn see_records<'a>(
        &self,
        mailbox: MailboxId,
        records: impl Iterator<Item = SeenRecord<'a>>,
    ) -> Result<(), StateError> {
        let mut insert = self.connection.prepare_cached(
                "INSERT INTO pair (mailbox, record, kind, module, parent) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (mailbox, record) DO UPDATE SET
                     parent = ifnull(?5, parent), module = ?4, record_state = 'here',
                     dirty = dirty | CASE WHEN ?6 IS NULL OR record_version IS NOT ?6 OR record_state <> 'here' OR module <> ?4
                         THEN 1 ELSE 0 END
                 WHERE record_state <> 'here' OR module <> ?4 OR parent IS NOT ifnull(?5, parent)
                     OR (dirty & 1 = 0 AND (?6 IS NULL OR record_version IS NOT ?6))",
            )?;
        for seen in records {
            insert.execute(params![
                mailbox.0,
                seen.record.as_str(),
                seen.kind.key(),
                seen.module.key(),
                seen.parent.map(RecordId::as_str),
                seen.version.map(RecordVersion::as_str)
            ])?;
        }
        Ok(())
    }

    /// Marks the pair of a record, where it has one, as outside the filter by what it belongs to now.
    pub fn see_record_outside(
        &self,
        mailbox: MailboxId,
        record: &RecordId,
        parent: Option<&RecordId>,
    ) -> Result<(), StateError> {
        let changed = self
            .connection
            .prepare_cached(
                "UPDATE pair SET parent = ?3, record_state = ?4,
                     dirty = dirty | CASE WHEN record_state <> ?4 THEN 1 ELSE 0 END
                 WHERE mailbox = ?1 AND record = ?2 AND (record_state <> ?4 OR parent IS NOT ?3)",
            )?
            .execute(params![
                mailbox.0,
                record.as_str(),
                parent.map(RecordId::as_str),
                RecordPresence::Left.key()
            ])?;
        if changed > 0 { self.forget_unlinked(mailbox, record) } else { Ok(()) }
    }

    /// Adds the contacts of a module's filter that move and that a listing did not tell of, where it need not tell of all. Of those
    /// that the source said are gone nobody asks again.
    pub fn see_members(&self, mailbox: MailboxId, module: Module) -> Result<(), StateError> {
        self.connection
            .prepare_cached(
                "INSERT INTO pair (mailbox, record, kind, module)
                 SELECT mailbox, record, 'contact', module FROM member
                     WHERE mailbox = ?1 AND module = ?2 AND unread <> 2
                 ON CONFLICT (mailbox, record) DO UPDATE SET record_state = 'here', dirty = dirty | 1
                 WHERE record_state <> 'here'",
            )?
            .execute(params![mailbox.0, module.key()])?;
        Ok(())
    }

    /// Marks a pair's record as left or gone. A pair that never had an item is forgotten.
    pub fn see_record_off(
        &self,
        mailbox: MailboxId,
        record: &RecordId,
        state: RecordPresence,
    ) -> Result<(), StateError> {
        let sql = "UPDATE pair SET record_state = ?3, dirty = dirty | 1
                   WHERE mailbox = ?1 AND record = ?2 AND record_state <> ?3";
        self.connection.prepare_cached(sql)?.execute(params![
            mailbox.0,
            record.as_str(),
            state.key()
        ])?;
        self.forget_unlinked(mailbox, record)
    }

    /// Forgets the pair of a record that never had an item.
    pub fn forget_unlinked(&self, mailbox: MailboxId, record: &RecordId) -> Result<(), StateError> {
        let pair: Option<i64> = self
            .connection
            .prepare_cached(
                "SELECT id FROM pair WHERE mailbox = ?1 AND record = ?2
                     AND record_half IS NULL AND record_state <> 'here'",
            )?
            .query_row(params![mailbox.0, record.as_str()], |row| row.get(0))
            .optional()?;
        let Some(pair) = pair else { return Ok(()) };
        self.set_pair_keys(mailbox, &[(pair, &Keys::default())])?;
        self.connection
            .prepare_cached("DELETE FROM finding WHERE mailbox = ?1 AND record = ?2")?
            .execute(params![mailbox.0, record.as_str()])?;
        self.connection.prepare_cached("DELETE FROM pair WHERE id = ?1")?.execute(params![pair])?;
        Ok(())
    }

    /// Lists the records of pairs that belong to a parent.
    pub fn children(
        &self,
        mailbox: MailboxId,
        parent: &RecordId,
    ) -> Result<Vec<RecordId>, StateError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT record FROM pair WHERE mailbox = ?1 AND parent = ?2")?;
        let rows = statement.query_map(params![mailbox.0, parent.as_str()], |row| {
            Ok(RecordId::new(row.get::<_, String>(0)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Says of each item that a folder tells of whose it is, and whether anything about it is new.
    pub fn known_items(
        &self,
        mailbox: MailboxId,
        items: &[(ItemId, ItemVersion)],
    ) -> Result<Vec<KnownItem>, StateError> {
        let mut select = self.connection.prepare_cached(
            "SELECT id, item_version IS NOT ?3 OR item_state <> 'here' FROM pair
             WHERE mailbox = ?1 AND item = ?2",
        )?;
        let mut known = Vec::with_capacity(items.len());
        for (item, version) in items {
            let pair: Option<(i64, bool)> = select
                .query_row(params![mailbox.0, item.as_str(), version.as_str()], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
                .optional()?;
            known.push(match pair {
                Some((id, true)) => KnownItem::Changed(id),
                Some((_, false)) => KnownItem::Settled,
                None if self.knows_unpaired(mailbox, item, version)? => KnownItem::Settled,
                None => KnownItem::Unknown,
            });
        }
        Ok(known)
    }

    /// Says whether any pair of a mailbox is known.
    pub fn knows_pairs(&self, mailbox: MailboxId) -> Result<bool, StateError> {
        let sql = "SELECT 1 FROM pair WHERE mailbox = ?1";
        Ok(self.connection.prepare_cached(sql)?.exists(params![mailbox.0])?)
    }

    /// Marks a pair's item as changed.
    pub fn mark_item(&self, pair: i64) -> Result<(), StateError> {
        self.connection
            .prepare_cached("UPDATE pair SET dirty = dirty | 2, item_state = 'here' WHERE id = ?1")?
            .execute(params![pair])?;
        Ok(())
    }

    /// Marks a pair's item as not where it was. Returns whether there is such a pair.
    pub fn miss_item(&self, mailbox: MailboxId, item: &ItemId) -> Result<bool, StateError> {
        let changed = self
            .connection
            .prepare_cached(
                "UPDATE pair SET dirty = dirty | 2, item_state = 'missing'
                 WHERE mailbox = ?1 AND item = ?2 AND item_state = 'here'",
            )?
            .execute(params![mailbox.0, item.as_str()])?;
        Ok(changed > 0)
    }

    /// Says where a pair's item was found, or that it is deleted.
    pub fn set_item(
        &self,
        pair: i64,
        state: ItemPresence,
        item: Option<(&ItemId, &FolderId)>,
    ) -> Result<(), StateError> {
        let mut update = self.connection.prepare_cached(
            "UPDATE pair SET item_state = ?2, item = ifnull(?3, item), folder = ifnull(?4, folder),
                 dirty = dirty | 2 WHERE id = ?1",
        )?;
        let (item, folder) = item.unzip();
        self.give_item(pair, item, || {
            update.execute(params![
                pair,
                state.key(),
                item.map(ItemId::as_str),
                folder.map(FolderId::as_str)
            ])
        })
    }

    /// Notes that what is behind the id of a pair's item is not the pair's own, which is to be looked for.
    pub fn lose_item(&self, pair: i64) -> Result<(), StateError> {
        self.connection
            .prepare_cached(
                "UPDATE pair SET item = NULL, folder = NULL, item_version = NULL, item_state = 'missing', dirty = dirty | 2
                 WHERE id = ?1",
            )?
            .execute(params![pair])?;
        Ok(())
    }

    /// Gives a pair an item. Where another pair has its id, the mailbox has given that a second time (a PST file that was put back from
    /// a copy does): what the other pair had is gone.
    pub(super) fn give_item(
        &self,
        pair: i64,
        item: Option<&ItemId>,
        mut give: impl FnMut() -> rusqlite::Result<usize>,
    ) -> Result<(), StateError> {
        let Err(error) = give() else { return Ok(()) };
        let taken = error
            .sqlite_error()
            .is_some_and(|error| error.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE);
        let Some(item) = item.filter(|_| taken) else { return Err(error.into()) };
        self.connection.execute(
            "UPDATE pair SET item = NULL, folder = NULL, item_version = NULL,
                 dirty = dirty | CASE item_state WHEN 'here' THEN 2 ELSE 0 END,
                 item_state = CASE item_state WHEN 'here' THEN 'missing' ELSE item_state END
             WHERE item = ?2 AND id <> ?1 AND mailbox = (SELECT mailbox FROM pair WHERE id = ?1)",
            params![pair, item.as_str()],
        )?;
        give()?;
        Ok(())
    }

    /// Says what became of an item that is not where it was. The marks of its pair stay as they are, so that what is looked at again
    /// is not counted twice (rule D7).
    pub fn set_item_state(&self, pair: i64, state: ItemPresence) -> Result<(), StateError> {
        self.connection
            .prepare_cached("UPDATE pair SET item_state = ?2 WHERE id = ?1")?
            .execute(params![pair, state.key()])?;
        Ok(())
    }

    /// Gives a pair the item that carries its stamp, and says how it came to it.
    pub fn join_item(
        &self,
        pair: i64,
        (item, folder): (&ItemId, &FolderId),
        state: ItemPresence,
        (created, token): (bool, Option<&Token>),
    ) -> Result<(), StateError> {
        let mut update = self.connection.prepare_cached(
            "UPDATE pair SET item = ?2, folder = ?3, item_state = ?4, created = ?5, token = ?6, dirty = dirty | 2
             WHERE id = ?1",
        )?;
        self.give_item(pair, Some(item), || {
            update.execute(params![
                pair,
                item.as_str(),
                folder.as_str(),
                state.key(),
                created,
                token.map(Token::as_str)
            ])
        })
    }

    /// Marks all pairs of a scope, so that the scope is compared as a whole.
    pub fn mark_scope(
        &self,
        mailbox: MailboxId,
        module: Module,
        contacts: bool,
    ) -> Result<(), StateError> {
        self.connection.execute(
            "UPDATE pair SET dirty = dirty | 4
             WHERE mailbox = ?1 AND module = ?2 AND (kind = 'contact') = ?3 AND dirty & 4 = 0",
            params![mailbox.0, module.key(), contacts],
        )?;
        Ok(())
    }

    /// Marks the pairs of a kind in which pairing was in doubt, because an item came or went.
    pub fn mark_doubtful(&self, mailbox: MailboxId, kind: ItemKind) -> Result<(), StateError> {
        self.connection.execute(
            "UPDATE pair SET dirty = dirty | 4
             WHERE mailbox = ?1 AND kind = ?2 AND outcome LIKE 'pair-%' AND dirty & 4 = 0",
            params![mailbox.0, kind.key()],
        )?;
        Ok(())
    }

    /// Marks the pairs of a kind of which this stands.
    pub fn mark_outcome(
        &self,
        mailbox: MailboxId,
        kind: ItemKind,
        outcome: Code,
    ) -> Result<(), StateError> {
        self.connection
            .prepare_cached(
                "UPDATE pair SET dirty = dirty | 4
                 WHERE mailbox = ?1 AND outcome = ?3 AND kind = ?2 AND dirty & 4 = 0",
            )?
            .execute(params![mailbox.0, kind.key(), outcome.code()])?;
        Ok(())
    }

    /// Marks the pairs of a kind whose items carried a stamp and are missing without a proof, so that they are looked for again.
    pub fn mark_unproven(&self, mailbox: MailboxId, kind: ItemKind) -> Result<(), StateError> {
        self.connection
            .prepare_cached(
                "UPDATE pair SET dirty = dirty | 4
                 WHERE mailbox = ?1 AND outcome = ?3 AND kind = ?2 AND item_state = 'missing' AND stamped = 1
                     AND dirty = 0",
            )?
            .execute(params![mailbox.0, kind.key(), Code::MissingUnproven.code()])?;
        Ok(())
    }

    /// Marks the pairs about which this was found.
    pub fn mark_found(&self, mailbox: MailboxId, code: Code) -> Result<(), StateError> {
        self.connection
            .prepare_cached(
                "UPDATE pair SET dirty = dirty | 4 WHERE mailbox = ?1 AND dirty & 4 = 0 AND record IN
                     (SELECT record FROM finding WHERE mailbox = ?1 AND code = ?2)",
            )?
            .execute(params![mailbox.0, code.code()])?;
        Ok(())
    }

    /// Marks one pair.
    pub fn mark_pair(&self, pair: i64) -> Result<(), StateError> {
        self.connection
            .prepare_cached("UPDATE pair SET dirty = dirty | 4 WHERE id = ?1")?
            .execute(params![pair])?;
        Ok(())
    }

    /// Notes what stands of a pair; `stays_dirty` has it looked at again in the next run.
    pub fn set_outcome(
        &self,
        pair: i64,
        outcome: Option<Code>,
        stays_dirty: bool,
    ) -> Result<(), StateError> {
        self.connection
            .prepare_cached(
                "UPDATE pair SET outcome = ?2, dirty = CASE WHEN ?3 THEN dirty | 4 ELSE 0 END
                 WHERE id = ?1 AND (outcome IS NOT ?2 OR (dirty <> 0) <> ?3)",
            )?
            .execute(params![pair, outcome.map(Code::code), stays_dirty])?;
        Ok(())
    }
}
