//! Effect: the members of the filter „Outlook Synchronisation“, as last read.

use rusqlite::params;

use super::{MailboxId, State, StateError};
use crate::model::{Module, RecordId};

impl State {
    /// Says whether a record is in the filter, as last read.
    pub fn is_member(&self, mailbox: MailboxId, record: &RecordId) -> Result<bool, StateError> {
        Ok(self
            .connection
            .prepare_cached("SELECT 1 FROM member WHERE mailbox = ?1 AND record = ?2")?
            .exists(params![mailbox.0, record.as_str()])?)
    }

    /// Counts the members of a module's filter.
    pub fn count_members(&self, mailbox: MailboxId, module: Module) -> Result<u64, StateError> {
        Ok(self.connection.query_row(
            "SELECT count(*) FROM member WHERE mailbox = ?1 AND module = ?2",
            params![mailbox.0, module.key()],
            |row| row.get(0),
        )?)
    }

    /// Adds a record to the filter as we know it. Returns whether it is new there.
    pub fn add_member(
        &self,
        mailbox: MailboxId,
        module: Module,
        record: &RecordId,
    ) -> Result<bool, StateError> {
        let added = self
            .connection
            .prepare_cached(
                "INSERT OR IGNORE INTO member (mailbox, record, module) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![mailbox.0, record.as_str(), module.key()])?;
        Ok(added > 0)
    }

    /// Takes a record out of the filter as we know it.
    pub fn remove_member(&self, mailbox: MailboxId, record: &RecordId) -> Result<(), StateError> {
        self.connection
            .prepare_cached("DELETE FROM member WHERE mailbox = ?1 AND record = ?2")?
            .execute(params![mailbox.0, record.as_str()])?;
        Ok(())
    }
}
