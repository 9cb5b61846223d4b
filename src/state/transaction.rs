//! Effect: transactions of the state, and when what they commit is on the disk.
//!
//! All commits stand in one log, in their order. A crash or a power failure takes from its end and nowhere else, so that what
//! survives is always the state as it was after some commit. That is why only those commits wait for the disk that something
//! outside depends on: intents and before-images, ahead of the effect that they announce; the end of a run that wrote something,
//! ahead of its report; a person's decision. Such a commit carries all earlier ones with it. What is read of either side needs no
//! such wait: with the position or cursor, the marks that came with it are gone as well, and it is read again.

use std::thread;
use std::time::Duration;

use super::{State, StateError};

/// How long a write waits for another connection, in pauses that do not grow: transactions are short, and whoever comes late
/// must not wait the longest.
const PAUSE: Duration = Duration::from_millis(1);
const PAUSES: i32 = 120_000;

/// Waits for another connection; `false` when that took too long.
pub(super) fn wait_for_others(pauses: i32) -> bool {
    thread::sleep(PAUSE);
    pauses < PAUSES
}

impl State {
    /// Runs a piece of work in one transaction: all of it happened when this returns, or none of it.
    pub fn atomically<T, E: From<StateError>>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, E>,
    ) -> Result<T, E> {
        self.begin()?;
        self.end(work(self))
    }

    /// Does the same, and what it leaves is on the disk when this returns, with all that was committed before.
    pub fn durably<T, E: From<StateError>>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, E>,
    ) -> Result<T, E> {
        self.begin_durable()?;
        self.end(work(self))
    }

    /// Runs a piece of work that only reads, at one moment of the state: SQLite takes its locks and finds its place in the log once,
    /// not for each statement.
    pub(crate) fn reading<T, E: From<StateError>>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, E>,
    ) -> Result<T, E> {
        self.connection.execute_batch("BEGIN").map_err(StateError::Sql)?;
        self.end(work(self))
    }

    fn end<T, E: From<StateError>>(&self, outcome: Result<T, E>) -> Result<T, E> {
        let ended = outcome.and_then(|value| Ok(self.commit().map(|()| value)?));
        if ended.is_err() {
            self.abandon();
        }
        ended
    }

    /// Begins a transaction by hand, for work that holds the rest of its owner mutably.
    pub(crate) fn begin(&self) -> Result<(), StateError> {
        Ok(self.connection.execute_batch("BEGIN IMMEDIATE")?)
    }

    /// Begins a transaction that is on the disk, with all that was committed before, when [`Self::commit`] returns.
    pub(crate) fn begin_durable(&self) -> Result<(), StateError> {
        self.durable.set(true);
        self.promised.set(true);
        // SQLite calls this FULL: the commit waits for the disk to have the log.
        Ok(self.connection.execute_batch("PRAGMA synchronous = FULL; BEGIN IMMEDIATE")?)
    }

    /// Ends a transaction that was begun by hand.
    pub(crate) fn commit(&self) -> Result<(), StateError> {
        self.connection.execute_batch("COMMIT")?;
        self.relax()
    }

    /// Takes back what an interrupted piece of work left half done.
    pub(crate) fn abandon(&self) {
        if !self.connection.is_autocommit() {
            // The transaction ends with the connection if this fails.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        // At worst a later commit waits for the disk without need.
        let _ = self.relax();
    }

    /// Says whether anything was committed through this connection that somebody depends on.
    pub(crate) fn has_promised(&self) -> bool {
        self.promised.get()
    }

    /// Has commits leave the disk its time. With the log (WAL), SQLite's NORMAL keeps them whole and in order.
    pub(super) fn relax(&self) -> Result<(), StateError> {
        if self.durable.replace(false) {
            self.connection.pragma_update(None, "synchronous", "NORMAL")?;
        }
        Ok(())
    }

    /// Insists that what is written next is on the disk before anybody acts on it.
    pub(super) fn insist_on_durable(&self) {
        debug_assert!(self.durable.get(), "what announces an effect is made durable before it");
    }
}

#[cfg(test)]
mod tests {
    use crate::state::{State, StateError};

    /// Returns how much SQLite waits for the disk: 1 NORMAL, 2 FULL (<https://sqlite.org/pragma.html#pragma_synchronous>).
    fn waits(state: &State) -> i64 {
        state.connection.pragma_query_value(None, "synchronous", |row| row.get(0)).unwrap()
    }

    /// Rule D12: what announces an effect is on the disk before it.
    #[test]
    fn only_what_somebody_depends_on_waits_for_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::open(folder.path()).unwrap();
        let within = |state: &State| Ok::<_, StateError>(waits(state));
        assert_eq!(state.atomically(within).unwrap(), 1);
        assert_eq!(state.durably(within).unwrap(), 2);
        assert_eq!(state.atomically(within).unwrap(), 1);
        let failed: Result<(), _> = state.durably(|_| Err(StateError::Entropy));
        assert!(failed.is_err());
        assert_eq!(
            (waits(&state), state.atomically(within).unwrap()),
            (1, 1),
            "given up, and over"
        );
    }

    /// Writers of one process and of several take turns; none gives up because others write (invariant 11).
    #[test]
    fn many_write_side_by_side() {
        let folder = tempfile::tempdir().unwrap();
        let (tenant, identity) = ("t".into(), "m".into());
        std::thread::scope(|scope| {
            for writer in 0..8 {
                let (folder, tenant, identity) = (folder.path(), &tenant, &identity);
                scope.spawn(move || {
                    let state = State::open(folder).unwrap();
                    for number in 0..25 {
                        let user = format!("{writer}-{number}").as_str().into();
                        let add = |state: &State| state.add_mailbox(tenant, &user, identity, "a");
                        let added = if number % 5 == 0 {
                            state.durably(add)
                        } else {
                            state.atomically(add)
                        };
                        added.unwrap();
                    }
                });
            }
        });
        let state = State::open(folder.path()).unwrap();
        let count = "SELECT count(*) FROM mailbox";
        let count: i64 = state.connection.query_row(count, [], |row| row.get(0)).unwrap();
        assert_eq!(count, 200);
    }
}
