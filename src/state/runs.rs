//! Effect: the runs over a mailbox, and what is forgotten of them after a while. Of runs that wrote nothing the last hundred are kept;
//! one that wrote is kept as long as the journal of it is.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

use super::{MailboxId, State, StateError, instant};
use crate::model::RunId;

/// How many runs of a mailbox are kept that wrote nothing.
const QUIET: u32 = 100;

/// A run over a mailbox.
#[derive(Clone, Debug)]
pub struct RunRow {
    /// The run.
    pub id: String,
    /// When it began.
    pub started: Timestamp,
    /// When it ended; `None`: it was interrupted, or is running.
    pub finished: Option<Timestamp>,
    /// How it ended.
    pub outcome: Option<String>,
    /// What it did, JSON by scope.
    pub counts: Option<String>,
}

impl State {
    /// Notes that a run began.
    pub fn begin_run(
        &self,
        mailbox: MailboxId,
        run: &RunId,
        at: Timestamp,
    ) -> Result<(), StateError> {
        self.connection
            .prepare_cached("INSERT INTO run (id, started, mailbox) VALUES (?1, ?2, ?3)")?
            .execute(params![run.as_str(), at.as_second(), mailbox.0])?;
        Ok(())
    }

    /// Notes how a run ended.
    pub fn end_run(
        &self,
        run: &RunId,
        at: Timestamp,
        outcome: &str,
        counts: &str,
    ) -> Result<(), StateError> {
        self.connection
            .prepare_cached(
                "UPDATE run SET finished = ?2, outcome = ?3, counts = ?4,
                     quiet = NOT EXISTS (SELECT 1 FROM journal WHERE run = ?1)
                         AND NOT EXISTS (SELECT 1 FROM creating WHERE run = ?1)
                 WHERE id = ?1",
            )?
            .execute(params![run.as_str(), at.as_second(), outcome, counts])?;
        Ok(())
    }

    /// Forgets what the journal has of runs that began earlier than this, where anything is to be forgotten, and quiet runs beyond the last.
    pub fn forget_runs(
        &self,
        mailbox: MailboxId,
        journal_from: Option<Timestamp>,
    ) -> Result<(), StateError> {
        if let Some(from) = journal_from {
            let old: Vec<String> = self
                .connection
                .prepare_cached(
                    "SELECT id FROM run WHERE mailbox = ?1 AND started < ?2 AND quiet = 0",
                )?
                .query_map(params![mailbox.0, from.as_second()], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            for sql in [
                "DELETE FROM journal WHERE run = ?1",
                // What is not settled yet is needed, however old it is.
                "DELETE FROM creating WHERE run = ?1 AND open = '[]'",
                "UPDATE run SET quiet = NOT EXISTS (SELECT 1 FROM creating WHERE run = ?1) WHERE id = ?1",
            ] {
                for run in &old {
                    self.connection.prepare_cached(sql)?.execute([run])?;
                }
            }
        }
        self.connection
            .prepare_cached(
                "DELETE FROM run WHERE id IN (
                     SELECT id FROM run WHERE mailbox = ?1 AND quiet = 1
                     ORDER BY started DESC, id DESC LIMIT -1 OFFSET ?2)",
            )?
            .execute(params![mailbox.0, QUIET])?;
        Ok(())
    }

    /// Returns the last run over a mailbox.
    pub fn last_run(&self, mailbox: MailboxId) -> Result<Option<RunRow>, StateError> {
        let row = self
            .connection
            .query_row(LAST, params![mailbox.0], |row| {
                Ok((
                    row.get::<_, String>(0)?,
                    row.get::<_, i64>(1)?,
                    row.get::<_, Option<i64>>(2)?,
                    row.get::<_, Option<String>>(3)?,
                    row.get::<_, Option<String>>(4)?,
                ))
            })
            .optional()?;
        row.map(|(id, started, finished, outcome, counts)| {
            Ok(RunRow {
                id,
                started: instant(started)?,
                finished: finished.map(instant).transpose()?,
                outcome,
                counts,
            })
        })
        .transpose()
    }
}

const LAST: &str = "SELECT id, started, finished, outcome, counts FROM run
     WHERE mailbox = ?1 ORDER BY started DESC, id DESC LIMIT 1";

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};
    use rusqlite::params;

    use super::{LAST, QUIET};
    use crate::model::{RunId, TenantName};
    use crate::state::{MailboxId, State};

    const DAY: i64 = 86_400;

    fn state() -> (State, Vec<MailboxId>, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let state = State::open(folder.path()).unwrap();
        let add = |user: &str| {
            state.add_mailbox(&TenantName::from("t"), &user.into(), &user.into(), "a").unwrap()
        };
        let mailboxes = vec![add("DHO"), add("CSC")];
        (state, mailboxes, folder)
    }

    /// A run on a day, which wrote something or not, and what is forgotten after it.
    fn run(state: &State, mailbox: MailboxId, day: i64, wrote: bool, journal_days: i64) {
        let at = Timestamp::from_second(day * DAY).unwrap();
        let run = RunId::new(format!("{}-{day}", mailbox.0));
        state.begin_run(mailbox, &run, at).unwrap();
        if wrote {
            let sql = "INSERT INTO journal (run, mailbox, record, kind, side, action, at)
                 VALUES (?1, ?2, 'BEW-1', 'contact', 'outlook', 'update', ?3)";
            let row = params![run.as_str(), mailbox.0, at.as_second()];
            state.connection.execute(sql, row).unwrap();
            let sql = "INSERT INTO creating (run, mailbox, kind, records, open, at) VALUES (?1, ?2, 'contact', '[]', ?4, ?3)";
            for open in ["[]", "[[1,\"token\"]]"] {
                let row = params![run.as_str(), mailbox.0, at.as_second(), open];
                state.connection.execute(sql, row).unwrap();
            }
        }
        state.end_run(&run, at, "done", "{}").unwrap();
        let from = at - SignedDuration::from_hours(24 * journal_days);
        state.forget_runs(mailbox, Some(from)).unwrap();
    }

    fn days(state: &State, mailbox: MailboxId, table: &str) -> Vec<i64> {
        let column = if table == "run" { "started" } else { "at" };
        let sql = format!("SELECT {column} FROM {table} WHERE mailbox = ?1 ORDER BY 1");
        let mut statement = state.connection.prepare(&sql).unwrap();
        let rows = statement.query_map([mailbox.0], |row| row.get::<_, i64>(0)).unwrap();
        rows.map(|second| second.unwrap() / DAY).collect()
    }

    #[test]
    fn of_quiet_runs_the_last_hundred_stay_and_one_that_wrote_stays_with_its_before_images() {
        let (state, mailboxes, _folder) = state();
        let (one, other) = (mailboxes[0], mailboxes[1]);
        run(&state, other, 0, false, 1000);
        for day in 0..400 {
            run(&state, one, day, day == 5, 1000);
        }
        let last: Vec<i64> = (300..400).collect();
        assert_eq!(last.len(), QUIET as usize);
        assert_eq!(days(&state, one, "run"), [vec![5], last].concat());
        assert_eq!(days(&state, one, "journal"), [5]);
        assert_eq!(days(&state, other, "run"), [0], "each mailbox has its own");
        // Day 5 is kept for a thousand days.
        run(&state, one, 1005, false, 1000);
        assert_eq!(days(&state, one, "journal"), [5]);
        run(&state, one, 1006, false, 1000);
        assert!(days(&state, one, "journal").is_empty());
        // A create whose answer never came is needed until it is settled, and its run is remembered as long.
        assert_eq!(days(&state, one, "creating"), [5]);
        assert_eq!(days(&state, one, "run").first(), Some(&5));
        state.connection.execute("UPDATE creating SET open = '[]'", []).unwrap();
        run(&state, one, 1007, false, 1000);
        assert!(days(&state, one, "creating").is_empty());
        assert_eq!(days(&state, one, "run").len(), QUIET as usize);
        assert!(!days(&state, one, "run").contains(&5));
        assert_eq!(state.last_run(one).unwrap().unwrap().id, "1-1007");
    }

    #[test]
    fn the_last_run_is_found_without_a_walk() {
        let (state, ..) = state();
        let plan = |sql: &str| {
            let mut statement =
                state.connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let rows = statement.query_map([1], |row| row.get::<_, String>(3)).unwrap();
            rows.map(Result::unwrap).collect::<Vec<_>>().join("; ")
        };
        let last = plan(LAST);
        assert!(last.starts_with("SEARCH run USING INDEX run_mailbox"), "{last}");
        assert!(!last.contains("TEMP B-TREE"), "{last}");
    }
}
