//! Effect: the database file: finding it, checking that it is one, transactions.

use std::path::{Path, PathBuf};
use std::time::Duration;

use abgleich_plugin::messages::{AdapterError, ErrorKind, OpenConfig};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::config::DbConfig;
use rusqlite::{
    Connection, InterruptHandle, OpenFlags, OptionalExtension, Transaction, TransactionBehavior,
};

use crate::cell::seconds;
use crate::failure::failed;

/// `PRAGMA application_id` of `schema.sql`.
const APPLICATION: i64 = 0x7349_5470;

/// `PRAGMA user_version` of `schema.sql`.
const VERSION: i64 = 1;

/// How long a statement waits for others before the call is answered with `busy`: some two seconds, in pauses that do not grow,
/// because several instances of the adapter work side by side and whoever comes late must not wait the longest.
const PAUSE: Duration = Duration::from_millis(1);
const PAUSES: i32 = 2000;

/// An opened database.
pub(crate) struct Database {
    connection: Connection,
    pub(crate) zone: TimeZone,
    read_only: bool,
    path: PathBuf,
    /// Which file that was.
    file: FileMark,
}

/// What the database says of itself.
pub(crate) struct About {
    pub(crate) identity: String,
    pub(crate) product: String,
    pub(crate) filter_per_user: bool,
    pub(crate) clock: String,
}

impl Database {
    /// Opens the file that the settings name. A file that is not there is never made.
    pub(crate) fn open(config: &OpenConfig) -> Result<Self, AdapterError> {
        let file = config.settings.get("file").and_then(|file| file.as_str());
        let Some(file) = file.filter(|file| !file.trim().is_empty()) else {
            return Err(AdapterError::new(ErrorKind::Settings, "no `file` is set")
                .hint("name the database: settings = { file = '…' }"));
        };
        let path = Path::new(&config.folder).join(file);
        let zone = TimeZone::get(&config.zone).map_err(|_| {
            AdapterError::new(ErrorKind::Settings, format!("there is no zone `{}`", config.zone))
        })?;
        // Before it is opened: one that is put in its place meanwhile is another then.
        let file = FileMark::of(&path);
        let (connection, read_only) = connect(&path)?;
        connection.busy_handler(Some(wait_for_others)).map_err(|error| failed(&error))?;
        let database = Self { connection, zone, read_only, path, file };
        database.check()?;
        Ok(database)
    }

    fn check(&self) -> Result<(), AdapterError> {
        let path = &self.path;
        let pragma = |name: &str| -> Result<i64, AdapterError> {
            let query = format!("PRAGMA {name}");
            self.connection.query_row(&query, [], |row| row.get(0)).map_err(|error| {
                let mut error = failed(&error);
                error.text = format!("{}: {}", path.display(), error.text);
                error
            })
        };
        if pragma("application_id")? != APPLICATION {
            let text = format!("{} is no staffITpro database of this adapter", path.display());
            return Err(AdapterError::new(ErrorKind::Settings, text)
                .hint("plugins/sqlite/schema.sql describes the layout that is expected"));
        }
        let version = pragma("user_version")?;
        if version != VERSION {
            let text = format!(
                "{} has version {version} of the layout, this adapter reads version {VERSION}",
                path.display()
            );
            let hint =
                if version > VERSION { "update abgleich" } else { "bring the database up to date" };
            return Err(AdapterError::new(ErrorKind::Settings, text).hint(hint));
        }
        Ok(())
    }

    /// Reads what the database says of itself.
    pub(crate) fn about(&mut self) -> Result<About, AdapterError> {
        let read = self.read()?;
        let meta = |key: &str| -> Result<Option<String>, AdapterError> {
            read.query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| row.get(0))
                .optional()
                .map_err(|error| failed(&error))
        };
        let identity = meta("identity")?.filter(|identity| !identity.is_empty()).ok_or_else(|| {
            AdapterError::new(ErrorKind::Settings, "the table `meta` has no `identity`")
                .hint("give the database one: INSERT INTO meta VALUES ('identity', lower(hex(randomblob(16))))")
        })?;
        Ok(About {
            identity,
            product: meta("product")?.unwrap_or_else(|| "staffITpro in SQLite".to_owned()),
            filter_per_user: meta("filter")?.as_deref() != Some("shared"),
            clock: seconds(Timestamp::now()),
        })
    }

    /// Begins to read: everything read within is of one moment.
    pub(crate) fn read(&mut self) -> Result<Transaction<'_>, AdapterError> {
        self.begin(TransactionBehavior::Deferred)
    }

    /// Begins to write: nobody else writes within.
    pub(crate) fn write(&mut self) -> Result<Transaction<'_>, AdapterError> {
        if self.read_only {
            return Err(AdapterError::new(ErrorKind::Denied, "the database may not be written")
                .hint("give the account of abgleich the right to write the file and its folder"));
        }
        self.begin(TransactionBehavior::Immediate)
    }

    fn begin(&mut self, behavior: TransactionBehavior) -> Result<Transaction<'_>, AdapterError> {
        if FileMark::of(&self.path) != self.file {
            // The connection would go on with the old one, which nobody else sees any more.
            let text = format!("{} is no longer the file that was opened", self.path.display());
            return Err(AdapterError::new(ErrorKind::Unreachable, text)
                .hint("the next call opens the one that is there now"));
        }
        self.connection.transaction_with_behavior(behavior).map_err(|error| failed(&error))
    }

    /// Returns what interrupts a running query from another thread.
    pub(crate) fn interrupt(&self) -> InterruptHandle {
        self.connection.get_interrupt_handle()
    }
}

/// Which file a path leads to.
#[derive(Clone, Copy, PartialEq, Eq)]
struct FileMark(Option<(u64, u64)>);

impl FileMark {
    /// Looks at the file that a path leads to. Windows lets nobody put a file away that is open, so that there is nothing to look
    /// at.
    fn of(path: &Path) -> Self {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            Self(std::fs::metadata(path).ok().map(|file| (file.dev(), file.ino())))
        }
        #[cfg(not(unix))]
        {
            let _ = path;
            Self(None)
        }
    }
}

/// Waits for whoever holds the database; `false` when that took too long.
fn wait_for_others(pauses: i32) -> bool {
    std::thread::sleep(PAUSE);
    pauses < PAUSES
}

/// Opens for writing, or for reading where the file may not be written.
fn connect(path: &PathBuf) -> Result<(Connection, bool), AdapterError> {
    if !path.is_file() {
        let text = format!("there is no database {}", path.display());
        return Err(AdapterError::new(ErrorKind::Settings, text)
            .hint("check `file` in the settings of the source; a database is never made here"));
    }
    let flags = OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = |mode| Connection::open_with_flags(path, flags | mode);
    let connection =
        open(OpenFlags::SQLITE_OPEN_READ_WRITE).or_else(|_| open(OpenFlags::SQLITE_OPEN_READ_ONLY));
    let connection = connection.map_err(|error| failed(&error))?;
    // A statement is planned once, not again for each position that is bound to it.
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map_err(|error| failed(&error))?;
    let read_only = connection.is_readonly("main").map_err(|error| failed(&error))?;
    Ok((connection, read_only))
}

/// Says whether there is such a user.
pub(crate) fn known_user(read: &Transaction<'_>, user: &str) -> Result<(), AdapterError> {
    let found = read
        .prepare_cached("SELECT 1 FROM user WHERE id = ?1")
        .and_then(|mut query| query.exists([user]))
        .map_err(|error| failed(&error))?;
    if found {
        return Ok(());
    }
    Err(AdapterError::new(ErrorKind::Denied, format!("there is no staffITpro user `{user}`"))
        .hint("`abgleich users` lists them; ids are case-sensitive"))
}
