//! Effect: the members of the filter „Outlook Synchronisation“, as last read.

use std::iter;

use rusqlite::params;

use super::{MailboxId, State, StateError};
use crate::model::{Module, RecordId};

impl State {
    /// Says whether a record is in the filter, as last read.
    pub fn is_member(&self, mailbox: MailboxId, record: &RecordId) -> Result<bool, StateError> {
        Ok(self.are_members(mailbox, iter::once(Some(record)))?.contains(&true))
    }

    /// Says of each of these records whether it is in the filter, as last read; none is not.
    pub fn are_members<'a>(
        &self,
        mailbox: MailboxId,
        records: impl Iterator<Item = Option<&'a RecordId>>,
    ) -> Result<Vec<bool>, StateError> {
        let sql = "SELECT 1 FROM member WHERE mailbox = ?1 AND record = ?2";
        let mut select = self.connection.prepare_cached(sql)?;
        let members = records.map(|record| match record {
            Some(record) => select.exists(params![mailbox.0, record.as_str()]),
            None => Ok(false),
        });
        Ok(members.collect::<Result<_, _>>()?)
    }

    /// Counts the members of a module's filter.
    pub fn count_members(&self, mailbox: MailboxId, module: Module) -> Result<u64, StateError> {
        Ok(self.connection.query_row(
            "SELECT count(*) FROM member WHERE mailbox = ?1 AND module = ?2",
            params![mailbox.0, module.key()],
            |row| row.get(0),
        )?)
    }

    /// Adds records to the filter as we know it; `unread`: their activities are still to be asked for. Returns those that are new
    /// there.
    pub fn add_members<'a>(
        &self,
        mailbox: MailboxId,
        module: Module,
        (records, unread): (&'a [RecordId], bool),
    ) -> Result<Vec<&'a RecordId>, StateError> {
        let mut insert = self.connection.prepare_cached(
            "INSERT OR IGNORE INTO member (mailbox, record, module, unread) VALUES (?1, ?2, ?3, ?4)",
        )?;
        let mut added = Vec::new();
        for record in records {
            if insert.execute(params![mailbox.0, record.as_str(), module.key(), unread])? > 0 {
                added.push(record);
            }
        }
        Ok(added)
    }

    /// Lists members of a module's filter whose activities are still to be asked for.
    pub fn unread_members(
        &self,
        mailbox: MailboxId,
        module: Module,
        limit: usize,
    ) -> Result<Vec<RecordId>, StateError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT record FROM member INDEXED BY member_unread
             WHERE mailbox = ?1 AND module = ?2 AND unread = 1 ORDER BY record LIMIT ?3",
        )?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![mailbox.0, module.key(), limit], |row| {
            Ok(RecordId::new(row.get::<_, String>(0)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Notes that the source says of a record in the filter that it is gone.
    pub fn miss_member(&self, mailbox: MailboxId, record: &RecordId) -> Result<(), StateError> {
        self.connection
            .prepare_cached(
                "UPDATE member SET unread = 2 WHERE mailbox = ?1 AND record = ?2 AND unread <> 2",
            )?
            .execute(params![mailbox.0, record.as_str()])?;
        Ok(())
    }

    /// Forgets of which records in a module's filter the source said that they are gone.
    pub fn recall_members(&self, mailbox: MailboxId, module: Module) -> Result<(), StateError> {
        self.connection
            .prepare_cached(
                "UPDATE member SET unread = 0 WHERE mailbox = ?1 AND module = ?2 AND unread = 2",
            )?
            .execute(params![mailbox.0, module.key()])?;
        Ok(())
    }

    /// Notes that the activities of a member were read.
    pub fn read_member(&self, mailbox: MailboxId, record: &RecordId) -> Result<(), StateError> {
        self.connection
            .prepare_cached("UPDATE member SET unread = 0 WHERE mailbox = ?1 AND record = ?2")?
            .execute(params![mailbox.0, record.as_str()])?;
        Ok(())
    }

    /// Notes that the activities of all members of a module's filter were read.
    pub fn read_members(&self, mailbox: MailboxId, module: Module) -> Result<(), StateError> {
        self.connection
            .prepare_cached(
                "UPDATE member INDEXED BY member_unread SET unread = 0
                 WHERE mailbox = ?1 AND module = ?2 AND unread = 1",
            )?
            .execute(params![mailbox.0, module.key()])?;
        Ok(())
    }

    /// Takes a record out of the filter as we know it.
    pub fn remove_member(&self, mailbox: MailboxId, record: &RecordId) -> Result<(), StateError> {
        self.connection
            .prepare_cached("DELETE FROM member WHERE mailbox = ?1 AND record = ?2")?
            .execute(params![mailbox.0, record.as_str()])?;
        Ok(())
    }
}
