//! Effect: a copy of what the state knows: what `plan` and `check` work on, since they write nothing.
//!
//! The copy is one of SQLite's temporary databases. It has no name in any folder, and the system takes it back with the process,
//! however that ends: nothing of it is left behind. Where the state is that of an earlier program, which may be running, the copy is
//! brought up to date and the state is not.

use std::path::Path;

use rusqlite::{Connection, params};

use super::{FILE_NAME, State, StateError, migrations, refuse_network_share};
use crate::model::{TenantName, UserId};

/// What a copy is to have.
#[derive(Clone, Copy)]
enum Wanted<'a> {
    /// What a run over the mailbox of a user reads, and no before-images.
    Run(&'a TenantName, &'a UserId),
    /// Which mailboxes there are.
    Mailboxes,
}

impl State {
    /// Opens a copy that has what a run over this mailbox reads, and no before-images. Where there is no state yet, none is made.
    pub fn open_copy(
        folder: &Path,
        tenant: &TenantName,
        user: &UserId,
    ) -> Result<Self, StateError> {
        Self::copied(folder, Wanted::Run(tenant, user))
    }

    /// Opens a copy that has the mailboxes and nothing else.
    pub fn open_copy_of_mailboxes(folder: &Path) -> Result<Self, StateError> {
        Self::copied(folder, Wanted::Mailboxes)
    }

    fn copied(folder: &Path, wanted: Wanted<'_>) -> Result<Self, StateError> {
        refuse_network_share(folder)?;
        let path = folder.join(FILE_NAME);
        let connection = Connection::open("")?;
        let copy = Self::over(connection, &path);
        copy.prepare()?;
        copy.relax()?;
        if path.exists() {
            // Says what is wrong with it, and stays open so that its log stays where it is.
            let _original = Self::opened(&path, |state| state.version().map(|_| ()))?;
            copy.connection.execute("ATTACH ?1 AS original", params![path.to_string_lossy()])?;
            // Of the original this only reads, and all of one moment.
            copy.reading(|copy| copy.take_over(wanted))?;
            copy.connection.execute_batch("DETACH original")?;
        }
        copy.atomically(|copy| copy.raise(migrations::MIGRATIONS.len()))?;
        Ok(copy)
    }

    /// Takes rows from the database `original` into tables of its version.
    fn take_over(&self, wanted: Wanted<'_>) -> Result<(), StateError> {
        let version = self.version_of("original")?;
        self.raise(version)?;
        // The tables of an earlier version are not asked for what only those of this one have.
        let is_older = version < migrations::MIGRATIONS.len();
        let mailbox = match wanted {
            Wanted::Run(tenant, user) if !is_older => self.connection.query_row(
                "SELECT coalesce(max(id), 0) FROM original.mailbox WHERE tenant = ?1 AND user = ?2",
                params![tenant.as_str(), user.as_str()],
                |row| row.get::<_, i64>(0),
            )?,
            Wanted::Run(..) | Wanted::Mailboxes => 0,
        };
        let tables = "SELECT name FROM original.sqlite_schema WHERE type = 'table'";
        let tables: Vec<String> = self
            .connection
            .prepare(tables)?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for table in tables {
            let rows = match (wanted, table.as_str()) {
                // `source` is where early versions have what a mailbox was settled with.
                (Wanted::Mailboxes, "meta" | "mailbox" | "source") => "true".to_owned(),
                // The last two are what nobody asks before a write, and what is made while planning.
                (Wanted::Mailboxes, _) | (_, "journal" | "run") => continue,
                _ if is_older => "true".to_owned(),
                // Few rows, and other mailboxes of the same database are looked at.
                (_, "meta" | "mailbox" | "intent") => "true".to_owned(),
                (_, "creating") => "open <> '[]'".to_owned(),
                (_, "pair") => {
                    format!("mailbox = {mailbox} OR id IN (SELECT pair FROM original.intent)")
                }
                (_, "field_time") => format!(
                    "tenant = (SELECT tenant FROM original.mailbox WHERE id = {mailbox})
                     AND record IN (SELECT record FROM original.pair WHERE mailbox = {mailbox})"
                ),
                _ => format!("mailbox = {mailbox}"),
            };
            // Both have the same layout, with the columns in the same order.
            let copy = format!(
                "INSERT OR REPLACE INTO main.{table} SELECT * FROM original.{table} WHERE {rows}"
            );
            self.connection.execute(&copy, [])?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use rusqlite::Connection;

    use super::{FILE_NAME, State, StateError};
    use crate::model::{MailboxIdentity, RecordId, TenantName, UserId};

    fn count(state: &State, table: &str) -> i64 {
        let count = format!("SELECT count(*) FROM {table}");
        state.connection.query_row(&count, [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn invariant_10_a_copy_has_the_rows_of_its_mailbox_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let (tenant, user) = (TenantName::from("t"), UserId::from("DHO"));
        let open = || State::open_copy(folder.path(), &tenant, &user).unwrap();
        drop(open());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);

        let state = State::open(folder.path()).unwrap();
        let filled: Result<(), StateError> = state.durably(|state| {
            for (user, record) in [("DHO", "BEW-1"), ("CSC", "BEW-2")] {
                let identity = MailboxIdentity::from(user);
                let id = state.add_mailbox(&tenant, &UserId::from(user), &identity, "a")?.0;
                state.connection.execute_batch(&format!(
                    "INSERT INTO pair (mailbox, record, kind, module) VALUES ({id}, '{record}', 'contact', 'applicants');
                     INSERT INTO field_time (tenant, record, field, fingerprint, edited) VALUES ('t', '{record}', 1, x'00', 0);
                     INSERT INTO member (mailbox, record, module) VALUES ({id}, '{record}', 'applicants');
                     INSERT INTO journal (run, mailbox, record, kind, side, action, at)
                         VALUES ('r', {id}, '{record}', 'contact', 'outlook', 'update', 0);"
                ))?;
            }
            Ok(())
        });
        filled.unwrap();
        let copy = open();
        assert_eq!(copy.salt().unwrap(), state.salt().unwrap());
        let counts = ["mailbox", "pair", "field_time", "member", "journal"];
        assert_eq!(counts.map(|table| count(&copy, table)), [2, 1, 1, 1, 0]);
        assert_eq!(counts.map(|table| count(&state, table)), [2; 5]);
        // What is written to the copy stays there.
        copy.connection.execute_batch("DELETE FROM pair").unwrap();
        assert_eq!(count(&state, "pair"), 2);
        let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(names.len(), 3, "the state and its log: {names:?}");
        let mailboxes = State::open_copy_of_mailboxes(folder.path()).unwrap();
        assert_eq!(counts.map(|table| count(&mailboxes, table)), [2, 0, 0, 0, 0]);
    }

    /// The service that made it may be running, and would not find its own tables in it any more.
    #[test]
    fn invariant_10_a_state_of_an_earlier_version_is_read_and_stays_as_it_is() {
        let (tenant, user) = (TenantName::from("staffitpro"), UserId::from("DHO"));
        let sql = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/state/v1.sql");
        let sql = std::fs::read_to_string(sql).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        let old = Connection::open(&path).unwrap();
        old.execute_batch(&format!("PRAGMA journal_mode = WAL; {sql}")).unwrap();
        drop(old);
        let before = std::fs::read(&path).unwrap();
        assert!(State::try_out(folder.path()).unwrap(), "a run would bring it up to date");
        let mailboxes = State::open_copy_of_mailboxes(folder.path()).unwrap();
        let known = mailboxes.mailbox(&tenant, &user).unwrap().unwrap();
        assert_eq!(count(&mailboxes, "pair"), 0);
        let copy = State::open_copy(folder.path(), &tenant, &user).unwrap();
        let pair = copy.pair_of_record(known.id, &RecordId::from("BEW-1")).unwrap().unwrap();
        assert!(pair.record_half.is_some());
        assert_eq!(copy.intents(known.id).unwrap().len(), 1);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "and no copy beside it");
        assert!(std::fs::read(&path).unwrap() == before);
        let brought = State::open(folder.path()).unwrap();
        assert_eq!(copy.salt().unwrap(), brought.salt().unwrap());
        drop(brought);
        assert!(!State::try_out(folder.path()).unwrap());
    }
}
