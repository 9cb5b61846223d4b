//! Effect: a copy of what the state knows of one mailbox: what `plan` works on, since it writes nothing.
//!
//! The copy is one of SQLite's temporary databases. It has no name in any folder, and the system takes it back with the process,
//! however that ends: nothing of it is left behind.

use std::path::Path;

use rusqlite::{Connection, params};

use super::{FILE_NAME, State, StateError, refuse_network_share};
use crate::model::{TenantName, UserId};

impl State {
    /// Opens a copy that has what a run over this mailbox reads, and no before-images. Where there is no state yet, none is made.
    pub fn open_copy(
        folder: &Path,
        tenant: &TenantName,
        user: &UserId,
    ) -> Result<Self, StateError> {
        refuse_network_share(folder)?;
        let path = folder.join(FILE_NAME);
        let connection = Connection::open("")?;
        let mut copy = Self::over(connection, &path);
        copy.prepare()?;
        copy.migrate()?;
        copy.relax()?;
        if path.exists() {
            // Brings an older one up to date first, and stays open so that its log stays where it is.
            let original = Self::open(folder)?;
            copy.connection.execute("ATTACH ?1 AS original", params![path.to_string_lossy()])?;
            let known = original.mailbox(tenant, user)?;
            copy.atomically(|copy| copy.take_over(known.map_or(0, |known| known.id.0)))?;
            copy.connection.execute_batch("DETACH original")?;
        }
        Ok(copy)
    }

    /// Takes the rows of a mailbox from the database `original`, all of one moment.
    fn take_over(&self, mailbox: i64) -> Result<(), StateError> {
        let tables = "SELECT name FROM original.sqlite_schema WHERE type = 'table'";
        let tables: Vec<String> = self
            .connection
            .prepare(tables)?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for table in tables {
            let rows = match table.as_str() {
                // What nobody asks before a write, and what is made while planning.
                "journal" | "run" => continue,
                // Few rows, and other mailboxes of the same database are looked at.
                "meta" | "mailbox" | "intent" => "true".to_owned(),
                "creating" => "open <> '[]'".to_owned(),
                "pair" => {
                    format!("mailbox = {mailbox} OR id IN (SELECT pair FROM original.intent)")
                }
                "field_time" => format!(
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
    use super::{State, StateError};
    use crate::model::{MailboxIdentity, TenantName, UserId};

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
    }
}
