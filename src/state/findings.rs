//! Effect: findings, and effects of the last day.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};
use rusqlite::params;

use super::{MailboxId, State, StateError, instant};
use crate::model::{FieldSet, RecordId, RunId, Scope};
use crate::reason::Code;

/// How much of a detail is kept, in characters: it comes from outside.
const LONGEST_DETAIL: usize = 200;

/// A finding as the state has it.
#[derive(Clone, Debug)]
pub struct FindingRow {
    /// The reason.
    pub code: Code,
    /// The record, blank for the mailbox as a whole.
    pub record: RecordId,
    /// The scope.
    pub scope: Option<Scope>,
    /// Number and name, unless private.
    pub label: Option<String>,
    /// The fields.
    pub fields: FieldSet,
    /// Why, in the words of the side that did not take or give something: a code or a clause, without values.
    pub detail: Option<String>,
    /// When it was first made.
    pub first_seen: Timestamp,
    /// The run that made it first.
    pub run: RunId,
}

impl State {
    /// Makes a finding, or says that it still stands.
    pub fn find(
        &self,
        mailbox: MailboxId,
        run: &RunId,
        finding: &FindingRow,
    ) -> Result<(), StateError> {
        let seen = finding.first_seen.as_second();
        let detail = finding.detail.as_deref();
        let detail = detail.map(|text| text.chars().take(LONGEST_DETAIL).collect::<String>());
        self.connection
            .prepare_cached(
                "INSERT INTO finding (mailbox, code, record, scope, label, fields, first_seen, last_seen, run, detail)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8, ?9)
                 ON CONFLICT (mailbox, record, code) DO UPDATE SET label = ?5, fields = ?6, last_seen = ?7, detail = ?9",
            )?
            .execute(params![
                mailbox.0,
                finding.code.code(),
                finding.record.as_str(),
                finding.scope.map(|scope| scope.to_string()),
                finding.label,
                finding.fields.to_bytes(),
                seen,
                run.as_str(),
                detail
            ])?;
        Ok(())
    }

    /// Removes the findings about a record but those with these codes.
    pub fn resolve(
        &self,
        mailbox: MailboxId,
        record: &RecordId,
        standing: &[Code],
    ) -> Result<(), StateError> {
        let codes: Vec<_> = self
            .connection
            .prepare_cached("SELECT code FROM finding WHERE mailbox = ?1 AND record = ?2")?
            .query_map(params![mailbox.0, record.as_str()], |row| row.get::<_, String>(0))?
            .collect::<Result<_, _>>()?;
        for code in codes {
            if !standing.iter().any(|standing| standing.code() == code) {
                self.connection
                    .prepare_cached(
                        "DELETE FROM finding WHERE mailbox = ?1 AND record = ?2 AND code = ?3",
                    )?
                    .execute(params![mailbox.0, record.as_str(), code])?;
            }
        }
        Ok(())
    }

    /// Lists the records of a mailbox about which there are findings.
    pub fn records_with_findings(
        &self,
        mailbox: MailboxId,
    ) -> Result<HashSet<RecordId>, StateError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT DISTINCT record FROM finding WHERE mailbox = ?1")?;
        let rows = statement
            .query_map(params![mailbox.0], |row| Ok(RecordId::new(row.get::<_, String>(0)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Lists the findings of a mailbox, the newest first.
    pub fn findings(&self, mailbox: MailboxId) -> Result<Vec<FindingRow>, StateError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT code, record, scope, label, fields, first_seen, run, detail FROM finding
             WHERE mailbox = ?1 ORDER BY first_seen DESC, code, record",
        )?;
        let mut rows = statement.query(params![mailbox.0])?;
        let mut findings = Vec::new();
        while let Some(row) = rows.next()? {
            let code: String = row.get(0)?;
            // A code that only a newer program gave is left for that program to speak of.
            let Some(code) = Code::from_code(&code) else { continue };
            findings.push(FindingRow {
                code,
                record: RecordId::new(row.get::<_, String>(1)?),
                scope: row.get::<_, Option<String>>(2)?.as_deref().and_then(Scope::from_key),
                label: row.get(3)?,
                fields: FieldSet::from_bytes(row.get(4)?),
                first_seen: instant(row.get(5)?)?,
                run: RunId::new(row.get::<_, String>(6)?),
                detail: row.get(7)?,
            });
        }
        Ok(findings)
    }

    /// Adds effects of this run, for the brake.
    pub fn add_effects(
        &self,
        mailbox: MailboxId,
        scope: Scope,
        what: &str,
        count: u64,
        at: Timestamp,
    ) -> Result<(), StateError> {
        self.connection
            .prepare_cached(
                "INSERT INTO effect (mailbox, scope, what, count, at) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                mailbox.0,
                scope.to_string(),
                what,
                i64::try_from(count).unwrap_or(i64::MAX),
                at.as_second()
            ])?;
        self.connection
            .prepare_cached("DELETE FROM effect WHERE mailbox = ?1 AND at < ?2")?
            .execute(params![mailbox.0, day_before(at)])?;
        Ok(())
    }

    /// Counts effects of the last 24 hours in a scope.
    pub fn effects(
        &self,
        mailbox: MailboxId,
        scope: Scope,
        what: &str,
        now: Timestamp,
    ) -> Result<u64, StateError> {
        Ok(self
            .connection
            .prepare_cached(
                "SELECT ifnull(sum(count), 0) FROM effect
                 WHERE mailbox = ?1 AND scope = ?2 AND what = ?3 AND at >= ?4",
            )?
            .query_row(params![mailbox.0, scope.to_string(), what, day_before(now)], |row| {
                row.get(0)
            })?)
    }
}

fn day_before(at: Timestamp) -> i64 {
    at.checked_sub(SignedDuration::from_hours(24)).map_or(i64::MIN, Timestamp::as_second)
}
