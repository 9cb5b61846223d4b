//! Effect: counts over pairs, for the brake and the report.

use rusqlite::params;

use super::{MailboxId, State, StateError};
use crate::model::Module;
use crate::reason::Code;

/// What a scope lost.
#[derive(Clone, Copy, Debug)]
pub struct Lost {
    /// The module of the scope.
    pub module: Module,
    /// Whether its contacts are meant; else its activities.
    pub contacts: bool,
    /// Pairs whose item was found missing.
    pub missing: u64,
    /// Records that left the filter.
    pub leaving: u64,
}

impl State {
    /// Counts a scope's linked pairs. The index is named, here and below, because left to itself SQLite reads every row with its
    /// base.
    pub fn count_linked(
        &self,
        mailbox: MailboxId,
        module: Module,
        contacts: bool,
    ) -> Result<u64, StateError> {
        let sql = "SELECT count(*) FROM pair INDEXED BY pair_scope
             WHERE mailbox = ?1 AND module = ?2 AND (kind = 'contact') = ?3
                 AND (linked OR outcome IS NOT NULL) AND linked AND record_state = 'here'";
        let mut select = self.connection.prepare_cached(sql)?;
        Ok(select.query_row(params![mailbox.0, module.key(), contacts], |row| row.get(0))?)
    }

    /// Counts what is no longer where it was and was not decided since, in one walk for all scopes that have any.
    pub fn lost(&self, mailbox: MailboxId) -> Result<Vec<Lost>, StateError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT module, kind = 'contact',
                 sum(item_state IN ('deleted', 'missing') AND dirty & 2 <> 0 AND record_state = 'here'),
                 sum(record_state = 'left' AND dirty & 1 <> 0)
             FROM pair INDEXED BY pair_dirty
             WHERE mailbox = ?1 AND dirty <> 0 AND (item_state IN ('deleted', 'missing') OR record_state = 'left')
             GROUP BY 1, 2",
        )?;
        let mut rows = statement.query(params![mailbox.0])?;
        let mut lost = Vec::new();
        while let Some(row) = rows.next()? {
            let module: String = row.get(0)?;
            lost.push(Lost {
                module: Module::from_key(&module)
                    .ok_or_else(|| StateError::Corrupt(format!("`{module}` is no module")))?,
                contacts: row.get(1)?,
                missing: row.get(2)?,
                leaving: row.get(3)?,
            });
        }
        Ok(lost)
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
