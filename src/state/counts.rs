//! Effect: counts over pairs, for the brake and the report.

use rusqlite::params;

use super::{MailboxId, State, StateError};
use crate::model::Module;
use crate::reason::Code;

impl State {
    /// Counts pairs that satisfy a condition over the columns of `pair`; `?2` is the module, `?3` the kinds. The index is
    /// named, because left to itself SQLite reads every row with its base.
    fn count(
        &self,
        mailbox: MailboxId,
        module: Module,
        contacts: bool,
        (index, tail): (&str, &str),
    ) -> Result<u64, StateError> {
        let sql = format!(
            "SELECT count(*) FROM pair INDEXED BY {index}
             WHERE mailbox = ?1 AND module = ?2 AND (kind = 'contact') = ?3 AND {tail}"
        );
        Ok(self
            .connection
            .prepare_cached(&sql)?
            .query_row(params![mailbox.0, module.key(), contacts], |row| row.get(0))?)
    }

    /// Counts a scope's linked pairs.
    pub fn count_linked(
        &self,
        mailbox: MailboxId,
        module: Module,
        contacts: bool,
    ) -> Result<u64, StateError> {
        let linked = ("pair_scope", "linked AND record_state = 'here'");
        self.count(mailbox, module, contacts, linked)
    }

    /// Counts a scope's pairs whose item was found missing and not decided since.
    pub fn count_missing(
        &self,
        mailbox: MailboxId,
        module: Module,
        contacts: bool,
    ) -> Result<u64, StateError> {
        let missing = "item_state IN ('deleted', 'missing') AND dirty <> 0 AND dirty & 2 <> 0 AND record_state = 'here'";
        self.count(mailbox, module, contacts, ("pair_dirty", missing))
    }

    /// Counts a module's records that left the filter and were not decided since.
    pub fn count_leaving(
        &self,
        mailbox: MailboxId,
        module: Module,
        contacts: bool,
    ) -> Result<u64, StateError> {
        let leaving = "record_state = 'left' AND dirty <> 0 AND dirty & 1 <> 0";
        self.count(mailbox, module, contacts, ("pair_dirty", leaving))
    }

    /// Counts what stands in a scope, by code; settled pairs count under `None`.
    pub fn standing(
        &self,
        mailbox: MailboxId,
        module: Module,
        contacts: bool,
    ) -> Result<Vec<(Option<Code>, u64)>, StateError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT outcome, count(*) FROM pair INDEXED BY pair_scope
             WHERE mailbox = ?1 AND module = ?2 AND (kind = 'contact') = ?3
                 AND (linked OR outcome IS NOT NULL)
             GROUP BY outcome ORDER BY outcome",
        )?;
        let rows = statement.query_map(params![mailbox.0, module.key(), contacts], |row| {
            Ok((row.get::<_, Option<String>>(0)?, row.get(1)?))
        })?;
        let mut standing = Vec::new();
        for row in rows {
            let (code, count) = row?;
            standing.push((code.as_deref().and_then(Code::from_code), count));
        }
        Ok(standing)
    }
}
