//! Effect: the verdicts of a run, spooled in a temporary table so that a plan of 100,000 pairs costs little memory. The
//! table lives and dies with the connection and is no part of the state file.

use rusqlite::params;

use super::{State, StateError};
use crate::model::{FieldSet, ItemKind, ItemVersion, RecordVersion, Scope};
use crate::reason::Code;

/// A verdict with what it was decided on.
#[derive(Clone, Debug)]
pub struct SpooledVerdict {
    /// Its row: twice the pair's, and one more for what becomes of a late twin.
    pub id: i64,
    /// The pair.
    pub pair: i64,
    /// The scope.
    pub scope: Scope,
    /// The kind.
    pub kind: ItemKind,
    /// The record's version at planning time.
    pub record_version: Option<RecordVersion>,
    /// The item that the verdict speaks of, where it is not the pair's own: the row of an unpaired item.
    pub candidate: Option<i64>,
    /// The item's version at planning time.
    pub item_version: Option<ItemVersion>,
    /// Number and name, unless private.
    pub label: Option<String>,
    /// The word of the action.
    pub action: String,
    /// Whether a link to the candidate is made first.
    pub link: bool,
    /// Fields that go to the item.
    pub to_item: FieldSet,
    /// Fields that go to the record.
    pub to_record: FieldSet,
    /// Of both, those that clear a value.
    pub cleared: FieldSet,
    /// Fields of the item that get their reference or category back.
    pub decorate: FieldSet,
    /// Fields whose halves move to the present without a write.
    pub settle: FieldSet,
    /// Of those, the ones in which the sides go on to differ.
    pub apart: FieldSet,
    /// Why.
    pub reasons: Vec<(Code, FieldSet)>,
}

impl SpooledVerdict {
    /// Returns the row of what becomes of a pair.
    pub const fn row(pair: i64) -> i64 {
        2 * pair
    }

    /// Returns the row of what becomes of the late twin of a pair's item.
    pub const fn twin_row(pair: i64) -> i64 {
        2 * pair + 1
    }

    /// Says whether it asks for a write; the others are spooled only to be told of.
    pub fn writes(&self) -> bool {
        matches!(self.action.as_str(), "create" | "update" | "delete" | "remove-twin")
    }
}

/// A spooled verdict that asks for a write, with what a brake weighs of it.
#[derive(Clone, Copy, Debug)]
pub struct PlannedWrite<'a> {
    /// The scope.
    pub scope: Scope,
    /// The word of the action.
    pub action: &'a str,
    /// Number and name, unless private.
    pub label: Option<&'a str>,
    /// Fields that go to the item.
    pub to_item: FieldSet,
    /// Fields that go to the record.
    pub to_record: FieldSet,
    /// Of both, those that clear a value.
    pub cleared: FieldSet,
}

/// From how many noted pairs on the keys of a mailbox are walked once, and not looked for one by one.
const MANY: i64 = 500;

const COLUMNS: &str = "id, scope, kind, record_version, candidate, item_version, label, action, link, fields, reasons";

impl State {
    /// Empties the spool, or makes it.
    pub fn open_spool(&self) -> Result<(), StateError> {
        self.connection.execute_batch(
            "CREATE TEMP TABLE IF NOT EXISTS verdict (
                 id INTEGER PRIMARY KEY, scope TEXT NOT NULL, kind TEXT NOT NULL,
                 record_version TEXT, candidate INTEGER, item_version TEXT, label TEXT, action TEXT NOT NULL,
                 link INTEGER NOT NULL, fields BLOB NOT NULL, reasons BLOB NOT NULL);
             CREATE TEMP TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY) WITHOUT ROWID;
             CREATE TEMP TABLE IF NOT EXISTS unlinked (pair INTEGER PRIMARY KEY);
             CREATE TEMP TABLE IF NOT EXISTS suspect (pair INTEGER PRIMARY KEY);
             DELETE FROM temp.verdict; DELETE FROM temp.seen; DELETE FROM temp.unlinked;",
        )?;
        Ok(())
    }

    /// Spools a verdict; one that stands for the pair already is replaced. What becomes of a late twin stands beside it.
    pub fn spool(&self, spooled: &SpooledVerdict) -> Result<(), StateError> {
        let mut reasons = Vec::with_capacity(spooled.reasons.len() * 18);
        for (code, fields) in &spooled.reasons {
            let number = u16::try_from(*code as usize).unwrap_or(u16::MAX);
            reasons.extend_from_slice(&number.to_le_bytes());
            reasons.extend_from_slice(&fields.to_bytes());
        }
        let sets = [
            spooled.to_item,
            spooled.to_record,
            spooled.cleared,
            spooled.decorate,
            spooled.settle,
            spooled.apart,
        ]
        .map(FieldSet::to_bytes);
        self.connection
            .prepare_cached(
                "INSERT OR REPLACE INTO temp.verdict (id, scope, kind, record_version, candidate, item_version, label,
                     action, link, fields, reasons)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            )?
            .execute(params![
                spooled.id,
                spooled.scope.to_string(),
                spooled.kind.key(),
                spooled.record_version.as_ref().map(RecordVersion::as_str),
                spooled.candidate,
                spooled.item_version.as_ref().map(ItemVersion::as_str),
                spooled.label,
                spooled.action,
                spooled.link,
                sets.as_flattened(),
                reasons
            ])?;
        Ok(())
    }

    /// Lists all spooled verdicts, a page at a time, after a row.
    pub fn spooled(&self, after: i64, limit: usize) -> Result<Vec<SpooledVerdict>, StateError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read_spool("id > ?1 ORDER BY id LIMIT ?2", params![after, limit])
    }

    /// Lists the rows of spooled verdicts of a scope and kind with this action, a page at a time, after a row.
    pub fn spooled_rows(
        &self,
        (scope, kind, action): (Scope, ItemKind, &str),
        after: i64,
        limit: usize,
    ) -> Result<Vec<i64>, StateError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id FROM temp.verdict WHERE id > ?1 AND action = ?3 AND kind = ?4 AND scope = ?5 ORDER BY id LIMIT ?2",
        )?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let which = params![after, limit, action, kind.key(), scope.to_string()];
        let rows = statement.query_map(which, |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Returns the spooled verdict in this row.
    pub fn spooled_at(&self, row: i64) -> Result<Option<SpooledVerdict>, StateError> {
        Ok(self.read_spool("id = ?1", params![row])?.pop())
    }

    /// Goes through the spooled verdicts that ask for a write, in the order of their rows.
    pub fn weigh_writes(&self, mut weigh: impl FnMut(PlannedWrite<'_>)) -> Result<(), StateError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT scope, action, label, fields FROM temp.verdict
             WHERE action IN ('create', 'update', 'delete', 'remove-twin') ORDER BY id",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let scope = row.get_ref(0)?.as_str().ok().and_then(Scope::from_key).ok_or_else(bad)?;
            let sets = row.get_ref(3)?.as_blob().map_err(|_| bad())?;
            let ([to_item, to_record, cleared, ..], _) = sets.as_chunks::<16>() else {
                return Err(bad());
            };
            weigh(PlannedWrite {
                scope,
                action: row.get_ref(1)?.as_str().map_err(|_| bad())?,
                label: row.get_ref(2)?.as_str_or_null().map_err(|_| bad())?,
                to_item: FieldSet::from_bytes(*to_item),
                to_record: FieldSet::from_bytes(*to_record),
                cleared: FieldSet::from_bytes(*cleared),
            });
        }
        Ok(())
    }

    /// Lists the spooled verdicts on noted pairs that nobody contested, a page at a time, after a row.
    pub fn spooled_unlinked(
        &self,
        after: i64,
        limit: usize,
    ) -> Result<Vec<SpooledVerdict>, StateError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read_spool(
            "id > ?1 AND id / 2 IN (SELECT pair FROM temp.unlinked) ORDER BY id LIMIT ?2",
            params![after, limit],
        )
    }

    fn read_spool(
        &self,
        tail: &str,
        parameters: impl rusqlite::Params,
    ) -> Result<Vec<SpooledVerdict>, StateError> {
        let sql = format!("SELECT {COLUMNS} FROM temp.verdict WHERE {tail}");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query(parameters)?;
        let mut spooled = Vec::new();
        while let Some(row) = rows.next()? {
            let (id, scope, kind): (i64, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let (sets, reasons): (Vec<u8>, Vec<u8>) = (row.get(9)?, row.get(10)?);
            let (sets, _) = sets.as_chunks::<16>();
            let &[to_item, to_record, cleared, decorate, settle, apart] = sets else {
                return Err(bad());
            };
            spooled.push(SpooledVerdict {
                id,
                pair: id / 2,
                scope: Scope::from_key(&scope).ok_or_else(bad)?,
                kind: ItemKind::from_key(&kind).ok_or_else(bad)?,
                record_version: row.get::<_, Option<String>>(3)?.map(RecordVersion::new),
                candidate: row.get(4)?,
                item_version: row.get::<_, Option<String>>(5)?.map(ItemVersion::new),
                label: row.get(6)?,
                action: row.get(7)?,
                link: row.get(8)?,
                to_item: FieldSet::from_bytes(to_item),
                to_record: FieldSet::from_bytes(to_record),
                cleared: FieldSet::from_bytes(cleared),
                decorate: FieldSet::from_bytes(decorate),
                settle: FieldSet::from_bytes(settle),
                apart: FieldSet::from_bytes(apart),
                reasons: read_reasons(&reasons).ok_or_else(bad)?,
            });
        }
        Ok(spooled)
    }

    /// Counts the spooled verdicts with each of these actions, in one walk.
    pub fn count_spooled<const N: usize>(
        &self,
        actions: [&str; N],
    ) -> Result<[u64; N], StateError> {
        let mut statement = self.connection.prepare_cached("SELECT action FROM temp.verdict")?;
        let mut rows = statement.query([])?;
        let mut counts = [0; N];
        while let Some(row) = rows.next()? {
            let action = row.get_ref(0)?.as_str().map_err(|_| bad())?;
            let counted = actions.iter().zip(&mut counts).find(|(known, _)| **known == action);
            if let Some((_, count)) = counted {
                *count += 1;
            }
        }
        Ok(counts)
    }

    /// Notes pairs without an item, so that [`Self::contested`] can look at them once all keys are known.
    pub fn note_unlinked(&self, pairs: impl Iterator<Item = i64>) -> Result<(), StateError> {
        let mut insert = self
            .connection
            .prepare_cached("INSERT OR IGNORE INTO temp.unlinked (pair) VALUES (?1)")?;
        for pair in pairs {
            insert.execute(params![pair])?;
        }
        Ok(())
    }

    /// Gathers the noted pairs of which [`Self::contested`] has to look at the keys. In a first transfer that would be all of
    /// them: then one walk over the mailbox's keys finds those of which some key is there twice.
    pub fn suspect(&self, mailbox: super::MailboxId) -> Result<(), StateError> {
        self.connection.execute_batch("DELETE FROM temp.suspect")?;
        let noted: i64 = self
            .connection
            .prepare_cached("SELECT count(*) FROM temp.unlinked")?
            .query_row([], |row| row.get(0))?;
        if noted < MANY {
            let sql = "INSERT INTO temp.suspect SELECT pair FROM temp.unlinked";
            self.connection.execute_batch(sql)?;
        } else {
            let mut insert = self.connection.prepare_cached(
                "INSERT OR IGNORE INTO temp.suspect
                 SELECT u.pair FROM match_key k CROSS JOIN temp.unlinked u ON u.pair = k.owner
                 WHERE k.mailbox = ?1 AND k.key = ?2 AND k.side = 0",
            )?;
            for key in self.keys_held_twice(mailbox)? {
                insert.execute(params![mailbox.0, key])?;
            }
        }
        Ok(())
    }

    /// Lists suspect pairs that share a key with an unpaired item, or (contacts) with another record, after a row.
    pub fn contested(
        &self,
        mailbox: super::MailboxId,
        kind: ItemKind,
        after: i64,
        limit: usize,
    ) -> Result<Vec<i64>, StateError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT u.pair FROM temp.suspect u JOIN pair p ON p.id = u.pair
             WHERE u.pair > ?1 AND p.kind = ?2 ORDER BY u.pair",
        )?;
        let mut suspects = statement.query(params![after, kind.key()])?;
        let mut contested = Vec::new();
        while contested.len() < limit
            && let Some(row) = suspects.next()?
        {
            let pair = row.get(0)?;
            if self.shares_key(mailbox, pair, kind)? {
                contested.push(pair);
            }
        }
        Ok(contested)
    }

    /// Takes a note back: the pair's second look was the last.
    pub fn forget_note(&self, pair: i64) -> Result<(), StateError> {
        self.connection
            .prepare_cached("DELETE FROM temp.unlinked WHERE pair = ?1")?
            .execute(params![pair])?;
        Ok(())
    }

    /// Removes the findings about pairing of noted pairs that nobody contests any more.
    pub fn resolve_uncontested(&self, mailbox: super::MailboxId) -> Result<(), StateError> {
        self.connection.execute(
            "DELETE FROM finding WHERE mailbox = ?1 AND code LIKE 'pair-%' AND record IN
                 (SELECT p.record FROM temp.unlinked u JOIN pair p ON p.id = u.pair)",
            params![mailbox.0],
        )?;
        Ok(())
    }

    /// Takes the verdict on a pair back.
    pub fn unspool(&self, pair: i64) -> Result<(), StateError> {
        self.connection
            .prepare_cached("DELETE FROM temp.verdict WHERE id IN (2 * ?1, 2 * ?1 + 1)")?
            .execute(params![pair])?;
        Ok(())
    }

    /// Notes ids as seen in a listing.
    pub fn saw<'a>(&self, ids: impl Iterator<Item = &'a str>) -> Result<(), StateError> {
        let sql = "INSERT OR IGNORE INTO temp.seen (id) VALUES (?1)";
        let mut insert = self.connection.prepare_cached(sql)?;
        for id in ids {
            insert.execute(params![id])?;
        }
        Ok(())
    }

    /// Begins a new listing.
    pub fn forget_seen(&self) -> Result<(), StateError> {
        self.connection.execute_batch("DELETE FROM temp.seen")?;
        Ok(())
    }

    /// Lists what a complete listing of a module's records lacks.
    pub fn unseen_records(
        &self,
        mailbox: super::MailboxId,
        module: crate::model::Module,
    ) -> Result<Vec<String>, StateError> {
        self.strings(
            "SELECT record FROM pair WHERE mailbox = ?1 AND module = ?2 AND record_state <> 'gone'
                 AND record NOT IN (SELECT id FROM temp.seen)",
            params![mailbox.0, module.key()],
        )
    }

    /// Lists what a complete listing of a module's filter lacks.
    pub fn unseen_members(
        &self,
        mailbox: super::MailboxId,
        module: crate::model::Module,
    ) -> Result<Vec<String>, StateError> {
        self.strings(
            "SELECT record FROM member WHERE mailbox = ?1 AND module = ?2
                 AND record NOT IN (SELECT id FROM temp.seen)",
            params![mailbox.0, module.key()],
        )
    }

    /// Lists the paired and unpaired items of a folder that a full listing of it lacks.
    pub fn unseen_items(
        &self,
        mailbox: super::MailboxId,
        kind: ItemKind,
        folder: &crate::model::FolderId,
    ) -> Result<Vec<String>, StateError> {
        self.strings(
            "SELECT item FROM pair WHERE mailbox = ?1 AND kind = ?2 AND folder = ?3 AND item_state = 'here'
                 AND item NOT IN (SELECT id FROM temp.seen)
             UNION ALL
             SELECT item FROM unpaired WHERE mailbox = ?1 AND kind = ?2 AND folder = ?3 AND deleted = 0
                 AND item NOT IN (SELECT id FROM temp.seen)",
            params![mailbox.0, kind.key(), folder.as_str()],
        )
    }

    fn strings(
        &self,
        sql: &str,
        parameters: impl rusqlite::Params,
    ) -> Result<Vec<String>, StateError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(parameters, |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn bad() -> StateError {
    StateError::Corrupt("the spool of verdicts cannot be read".into())
}

fn read_reasons(bytes: &[u8]) -> Option<Vec<(Code, FieldSet)>> {
    let (chunks, rest) = bytes.as_chunks::<18>();
    if !rest.is_empty() {
        return None;
    }
    chunks
        .iter()
        .map(|[low, high, fields @ ..]| {
            let number = usize::from(u16::from_le_bytes([*low, *high]));
            Some((*Code::ALL.get(number)?, FieldSet::from_bytes(*fields)))
        })
        .collect()
}
