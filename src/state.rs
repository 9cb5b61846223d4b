//! Effect: what must survive from run to run, in one SQLite file: pairs and their bases, keys of unpaired items, cursors,
//! edit times, intents, before-images, findings, runs.
//!
//! One file serves all mailboxes of an installation. Each mailbox's thread has a connection of its own; SQLite's log (WAL)
//! lets them read side by side and write one after the other, and what announces an effect is durable before it
//! ([`State::durably`]). An unreadable or newer file is refused, never taken for an empty one.

mod connections;
mod copy;
mod counts;
mod error;
mod findings;
mod folders;
mod holder;
mod journal;
mod keys;
mod lock;
mod marks;
mod members;
mod migrations;
mod pairs;
mod place;
mod runs;
mod schema;
mod series;
mod spool;
mod transaction;
mod trial;
mod unpaired;

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension, params};

use crate::model::{MailboxIdentity, Scope, Switch, TenantName, UserId};

pub use connections::StateFolder;
pub use counts::Lost;
pub use error::StateError;
pub use findings::FindingRow;
pub use folders::{FolderRow, ScopeMark};
pub use holder::Holder;
pub use journal::{Before, Creating, EditedBy, Intent, Side};
pub use keys::{Claim, Keys, MatchKey};
pub use lock::MailboxLock;
pub use marks::{KnownItem, SeenRecord};
pub use pairs::{Dirty, ItemPresence, OwnCategories, PairRow, RecordPresence, Settlement};
pub use place::is_open_to_others;
pub use runs::RunRow;
pub use series::SeriesRound;
pub use spool::{PlannedWrite, SpooledVerdict};
pub use unpaired::UnpairedRow;

use connections::FileMark;

/// The file name of the state within its folder.
pub const FILE_NAME: &str = "abgleich.state";

/// A connection to the state.
#[derive(Debug)]
pub struct State {
    connection: Connection,
    path: PathBuf,
    /// Which file that was.
    file: FileMark,
    /// Commits wait for the disk at present.
    durable: Cell<bool>,
    /// One has.
    promised: Cell<bool>,
}

/// A mailbox's row in the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MailboxId(i64);

/// A mailbox as the state knows it.
#[derive(Clone, Debug)]
pub struct KnownMailbox {
    /// Its row.
    pub id: MailboxId,
    /// Which mailbox it was when it was last settled.
    pub identity: MailboxIdentity,
    /// The address it had.
    pub address: String,
    /// The latest modification seen in it.
    pub newest: Option<Timestamp>,
    /// The identity of the database that it was last settled with.
    pub source: Option<String>,
}

/// Whose turn it is to open a state in this process.
static OPENING: Mutex<()> = Mutex::new(());

/// How often a state is tried that another process is opening, and the pause between.
const OPENING_TRIES: u32 = 200;
const OPENING_PAUSE: Duration = Duration::from_millis(50);

impl State {
    /// Opens the state in a folder, makes it where there is none, and brings it up to this program's version after a
    /// copy was put beside it.
    pub fn open(folder: &Path) -> Result<Self, StateError> {
        refuse_network_share(folder)?;
        place::make(folder)
            .map_err(|error| StateError::Folder { path: folder.to_owned(), error })?;
        Self::opened(&folder.join(FILE_NAME), Self::migrate)
    }

    /// Opens the file of a state and does something with it before anything else is done.
    fn opened(
        path: &Path,
        first: impl Fn(&mut Self) -> Result<(), StateError>,
    ) -> Result<Self, StateError> {
        // While a new file turns to WAL and gets its tables, SQLite refuses others without asking them to wait. Threads take
        // turns here, and of several processes the later ones try again.
        let _turn = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
        let mut tries = 0;
        loop {
            let connection = Connection::open(path)
                .map_err(|error| StateError::Open { path: path.to_owned(), error })?;
            let mut state = Self::over(connection, path);
            let prepared = state.prepare().and_then(|()| first(&mut state));
            match prepared.and_then(|()| state.relax()) {
                Err(error) if error.is_busy() && tries < OPENING_TRIES => {
                    tries += 1;
                    std::thread::sleep(OPENING_PAUSE);
                }
                opened => return opened.map(|()| state),
            }
        }
    }

    /// Makes one of a connection, which is to be prepared.
    fn over(connection: Connection, path: &Path) -> Self {
        let (durable, promised) = (Cell::new(true), Cell::new(false));
        Self { connection, path: path.to_owned(), file: FileMark::of(path), durable, promised }
    }

    fn prepare(&self) -> Result<(), StateError> {
        self.connection.busy_handler(Some(transaction::wait_for_others))?;
        // A state that is new gets pages of 8 KiB, twice SQLite's own: rows of a pair take a kilobyte, and half as many pages are written.
        self.connection.pragma_update(None, "page_size", 8192)?;
        let opened = self
            .connection
            .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0));
        opened.map_err(|error| StateError::Open { path: self.path.clone(), error })?;
        if self.connection.is_readonly("main")? {
            return Err(StateError::ReadOnly(self.path.clone()));
        }
        self.connection.pragma_update(None, "synchronous", "FULL")?;
        self.connection.pragma_update(None, "temp_store", "FILE")?;
        // Pages held in memory, in KiB: enough for the index pages that a batch touches.
        self.connection.pragma_update(None, "cache_size", -8192)?;
        // A page that changes again and again goes from the log into the file once in so many pages, not in a thousand.
        self.connection.pragma_update(None, "wal_autocheckpoint", 4000)?;
        self.connection.set_prepared_statement_cache_capacity(128);
        // A statement is planned once, not again for each page size or row that is bound to it.
        self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        Ok(())
    }

    /// Returns the version of its tables, which is one that this program knows.
    fn version(&self) -> Result<usize, StateError> {
        self.version_of("main")
    }

    /// Returns the version of a database of the connection.
    fn version_of(&self, database: &str) -> Result<usize, StateError> {
        let version: i64 =
            self.connection.pragma_query_value(Some(database), "user_version", |row| row.get(0))?;
        let version = usize::try_from(version)
            .map_err(|_| StateError::Corrupt("its version is negative".into()))?;
        let known = migrations::MIGRATIONS.len();
        if version > known {
            return Err(StateError::Newer { path: self.path.clone(), version, known });
        }
        Ok(version)
    }

    fn migrate(&mut self) -> Result<(), StateError> {
        let known = migrations::MIGRATIONS.len();
        let version = self.version()?;
        if version == known {
            return Ok(());
        }
        if version > 0 {
            let copy = self.path.with_extension(format!("state.v{version}.bak"));
            if !copy.exists() {
                self.connection
                    .execute("VACUUM INTO ?1", params![copy.to_string_lossy()])
                    .map_err(StateError::Sql)?;
            }
        }
        // Another process may have done it meanwhile.
        self.atomically(|state| state.raise(known))
    }

    /// Brings the tables from the version that they have to another, within a transaction.
    fn raise(&self, version: usize) -> Result<(), StateError> {
        let done = self.version()?;
        if done == 0 && version == migrations::MIGRATIONS.len() {
            self.connection.execute_batch(schema::NEWEST)?;
        } else {
            for migration in migrations::MIGRATIONS.iter().take(version).skip(done) {
                self.connection.execute_batch(migration)?;
            }
        }
        if done == 0 && version > 0 {
            let mut salt = [0_u8; 16];
            getrandom::fill(&mut salt).map_err(|_| StateError::Entropy)?;
            self.connection
                .execute("INSERT INTO meta (key, value) VALUES ('salt', ?1)", params![salt])?;
        }
        let version = i64::try_from(version.max(done)).unwrap_or(i64::MAX);
        Ok(self.connection.pragma_update(None, "user_version", version)?)
    }

    /// Returns the salt of this state's key hashes.
    pub fn salt(&self) -> Result<Vec<u8>, StateError> {
        Ok(self
            .connection
            .query_row("SELECT value FROM meta WHERE key = 'salt'", [], |row| row.get(0))?)
    }

    /// Finds the mailbox of a user.
    pub fn mailbox(
        &self,
        tenant: &TenantName,
        user: &UserId,
    ) -> Result<Option<KnownMailbox>, StateError> {
        let row = self
            .connection
            .query_row(
                "SELECT id, identity, address, newest, source FROM mailbox
                 WHERE tenant = ?1 AND user = ?2",
                params![tenant.as_str(), user.as_str()],
                |row| {
                    Ok((
                        row.get::<_, i64>(0)?,
                        row.get::<_, String>(1)?,
                        row.get::<_, String>(2)?,
                        row.get::<_, Option<i64>>(3)?,
                        row.get::<_, Option<String>>(4)?,
                    ))
                },
            )
            .optional()?;
        row.map(|(id, identity, address, newest, source)| {
            Ok(KnownMailbox {
                id: MailboxId(id),
                identity: MailboxIdentity::new(identity),
                address,
                newest: newest.map(instant).transpose()?,
                source,
            })
        })
        .transpose()
    }

    /// Adds a mailbox.
    pub fn add_mailbox(
        &self,
        tenant: &TenantName,
        user: &UserId,
        identity: &MailboxIdentity,
        address: &str,
    ) -> Result<MailboxId, StateError> {
        self.connection.execute(
            "INSERT INTO mailbox (tenant, user, identity, address) VALUES (?1, ?2, ?3, ?4)",
            params![tenant.as_str(), user.as_str(), identity.as_str(), address],
        )?;
        Ok(MailboxId(self.connection.last_insert_rowid()))
    }

    /// Notes the latest modification seen in a mailbox.
    pub fn set_newest(&self, mailbox: MailboxId, newest: Timestamp) -> Result<(), StateError> {
        self.connection.execute(
            "UPDATE mailbox SET newest = ?2 WHERE id = ?1 AND (newest IS NULL OR newest < ?2)",
            params![mailbox.0, newest.as_second()],
        )?;
        Ok(())
    }

    /// Binds the user's state to another mailbox (`rebind`): item ids, cursors and unpaired items are forgotten, and
    /// every pair is joined again by its stamp (rule D15). Bases and findings stay.
    pub fn rebind(
        &self,
        mailbox: MailboxId,
        identity: &MailboxIdentity,
        address: &str,
    ) -> Result<(), StateError> {
        for sql in [
            "DELETE FROM folder WHERE mailbox = ?1",
            "DELETE FROM home WHERE mailbox = ?1",
            "DELETE FROM match_key WHERE mailbox = ?1 AND side = 1",
            "DELETE FROM keyed WHERE mailbox = ?1 AND side = 1",
            "DELETE FROM unpaired WHERE mailbox = ?1",
            "DELETE FROM intent WHERE mailbox = ?1",
            "UPDATE creating SET open = '[]' WHERE mailbox = ?1 AND open <> '[]'",
            "UPDATE pair SET item = NULL, folder = NULL, item_version = NULL, dirty = dirty | 6,
                 item_state = CASE item_state WHEN 'here' THEN 'missing' ELSE item_state END
             WHERE mailbox = ?1",
        ] {
            self.connection.execute(sql, params![mailbox.0])?;
        }
        self.connection.execute(
            "UPDATE mailbox SET identity = ?2, address = ?3, newest = NULL WHERE id = ?1",
            params![mailbox.0, identity.as_str(), address],
        )?;
        Ok(())
    }

    /// Has a scope begin anew in the mailbox that a user's state is bound to now: no record has an item there, and the first transfer is
    /// still to come (rule D2). What a person took apart stays apart.
    pub fn begin_anew(&self, mailbox: MailboxId, scope: Scope) -> Result<(), StateError> {
        self.connection.execute(
            "UPDATE pair SET item_state = 'none', linked = 0, record_half = NULL, item_half = NULL, apart = NULL, created = 0,
                 stamped = 0, token = NULL, repeated = 0, item_modified = NULL, record_version = NULL, categories = NULL,
                 outcome = NULL, taken = CASE taken WHEN ?4 THEN taken END
             WHERE mailbox = ?1 AND module = ?2 AND (kind = 'contact') = ?3",
            params![
                mailbox.0,
                scope.module.key(),
                scope.switch == Switch::Contacts,
                pairs::UNLINKED
            ],
        )?;
        self.connection.execute(
            "UPDATE scope SET transferred = NULL WHERE mailbox = ?1 AND scope = ?2",
            params![mailbox.0, scope.to_string()],
        )?;
        Ok(())
    }

    /// Notes the identity of the database that a mailbox was settled with.
    pub fn set_source(&self, mailbox: MailboxId, identity: &str) -> Result<(), StateError> {
        self.connection.execute(
            "UPDATE mailbox SET source = ?2 WHERE id = ?1 AND source IS NOT ?2",
            params![mailbox.0, identity],
        )?;
        Ok(())
    }
}

fn instant(seconds: i64) -> Result<Timestamp, StateError> {
    Timestamp::from_second(seconds)
        .map_err(|_| StateError::Corrupt(format!("{seconds} is no instant")))
}

fn refuse_network_share(folder: &Path) -> Result<(), StateError> {
    let text = folder.to_string_lossy();
    if text.starts_with(r"\\") && !text.starts_with(r"\\?\") || text.starts_with("//") {
        return Err(StateError::NetworkShare(folder.to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{State, StateError};
    use crate::model::{MailboxIdentity, TenantName, UserId};
    use crate::reason::Code;

    /// Three mailboxes of a first run open a state that does not exist yet.
    #[test]
    fn a_new_state_is_opened_by_many_at_once() {
        for _ in 0..10 {
            let folder = tempfile::tempdir().unwrap();
            let opened = std::thread::scope(|scope| {
                let open = || scope.spawn(|| State::open(folder.path()).map(|_| ()));
                let threads: Vec<_> = (0..8).map(|_| open()).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
            });
            assert!(opened.iter().all(Result::is_ok), "{opened:?}");
        }
    }

    #[test]
    fn a_newer_state_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        drop(State::open(folder.path()).unwrap());
        let path = folder.path().join(super::FILE_NAME);
        let raw = rusqlite::Connection::open(&path).unwrap();
        raw.pragma_update(None, "user_version", 99).unwrap();
        drop(raw);
        assert!(matches!(State::open(folder.path()), Err(StateError::Newer { version: 99, .. })));
    }

    #[test]
    fn an_unreadable_state_is_not_an_empty_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(super::FILE_NAME);
        std::fs::write(&path, "this is no database, but somebody's notes".repeat(40)).unwrap();
        assert_eq!(State::open(folder.path()).unwrap_err().code(), Code::StateDamaged);
        assert!(std::fs::read_to_string(&path).unwrap().starts_with("this is no database"));
    }

    /// Rule D20: only a file that is damaged is put away; whatever else is wrong, the state in it is sound.
    #[test]
    fn what_is_wrong_is_told_apart() {
        use rusqlite::ffi::{
            SQLITE_BUSY, SQLITE_CANTOPEN, SQLITE_CONSTRAINT, SQLITE_CORRUPT, SQLITE_FULL,
            SQLITE_IOERR_SHMSIZE, SQLITE_NOTADB, SQLITE_READONLY_CANTINIT,
        };

        let folder = tempfile::tempdir().unwrap();
        // What lies there cannot be opened, as with a right that is missing.
        std::fs::create_dir(folder.path().join(super::FILE_NAME)).unwrap();
        assert_eq!(State::open(folder.path()).unwrap_err().code(), Code::StateRights);
        // A file where the folder should be.
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert_eq!(State::open(&file).unwrap_err().code(), Code::StateFailed);

        let failed = |code| {
            let error = rusqlite::ffi::Error::new(code);
            StateError::Sql(rusqlite::Error::SqliteFailure(error, None)).code()
        };
        for (code, told) in [
            (SQLITE_CANTOPEN, Code::StateRights),
            (SQLITE_READONLY_CANTINIT, Code::StateRights),
            (SQLITE_FULL, Code::StateFull),
            (SQLITE_IOERR_SHMSIZE, Code::StateFull),
            (SQLITE_BUSY, Code::StateLocked),
            (SQLITE_NOTADB, Code::StateDamaged),
            (SQLITE_CORRUPT, Code::StateDamaged),
            (SQLITE_CONSTRAINT, Code::StateFailed),
        ] {
            assert_eq!(failed(code), told);
        }
    }

    #[test]
    fn a_share_is_refused() {
        let error = State::open(std::path::Path::new(r"\\server\share\state")).unwrap_err();
        assert!(error.to_string().contains("local disk"), "{error}");
    }

    #[test]
    fn what_fails_half_way_did_not_happen() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::open(folder.path()).unwrap();
        let (tenant, user) = (TenantName::from("t"), UserId::from("DHO"));
        let failed: Result<(), StateError> = state.atomically(|state| {
            state.add_mailbox(&tenant, &user, &MailboxIdentity::from("m"), "a@firma.example")?;
            Err(StateError::Entropy)
        });
        assert!(failed.is_err());
        assert!(state.mailbox(&tenant, &user).unwrap().is_none());
    }
}
