//! A small world: one source, a mailbox for each user, one state, one clock. Steps of histories act on it; nothing in it
//! depends on the machine, its time or chance.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use abgleich::engine::clock::{Clock, Entropy};
use abgleich::engine::report::{Event, Line, MailboxReport, Phase};
use abgleich::engine::{Job, Options, sync_mailbox};
use abgleich::mailbox::memory::MemoryMailbox;
use abgleich::model::rules::{ScopeSettings, Scopes};
use abgleich::model::{Content, Field, Module, Position, RecordId, Scope, TenantName, UserId};
use abgleich::source::memory::MemorySource;
use abgleich::source::{
    Changes, Description, Entry, Fetched, Listing, Members, News, RecordUpdate, Source,
    SourceError, SourceErrorKind, Updated, User,
};
use abgleich::state::StateFolder;

/// The name of the source.
const TENANT: &str = "staffitpro";

/// The calls of the source that a run makes.
pub(crate) const SOURCE_CALLS: [&str; 6] =
    ["members", "activities", "changes", "list", "fetch", "update"];

/// What goes wrong with the next update of the source.
#[derive(Clone, Debug)]
pub(crate) enum Trouble {
    /// It never arrives.
    LostBefore,
    /// It is done and its answer is lost.
    LostAfter,
    /// Nothing is done; try later.
    Busy,
    /// The user may not.
    Denied,
    /// The source does not take a value.
    Refused,
    /// A person edits the record in the moment before.
    Edit(String, Content, Timestamp),
}

/// A record that its user may not see for a while, of which neither the feed nor a listing tells.
pub(crate) struct Concealed {
    /// After how many readings of records.
    pub(crate) after: u32,
    pub(crate) record: RecordId,
    pub(crate) hidden: bool,
}

/// The source with its mishaps, and a book of every update that it was asked for.
#[derive(Default)]
pub(crate) struct Database {
    pub(crate) memory: MemorySource,
    pub(crate) trouble: Mutex<VecDeque<Trouble>>,
    pub(crate) book: Mutex<Vec<(UserId, RecordUpdate)>>,
    pub(crate) concealed: Mutex<Option<Concealed>>,
}

fn lost() -> SourceError {
    SourceError {
        kind: SourceErrorKind::Unreachable,
        text: "the answer was lost".to_owned(),
        hint: None,
        source: None,
    }
}

impl Source for Database {
    fn describe(&self) -> Result<Description, SourceError> {
        self.memory.describe()
    }
    fn users(&self) -> Result<Vec<User>, SourceError> {
        self.memory.users()
    }
    fn list(
        &self,
        user: &UserId,
        module: Module,
        page: Option<&Position>,
    ) -> Result<Listing, SourceError> {
        let mut listing = self.memory.list(user, module, page)?;
        if let Some(concealed) = &*self.concealed.lock().unwrap() {
            listing.entries.retain(|entry| concealed.after > 0 || entry.id != concealed.record);
        }
        Ok(listing)
    }
    fn changes(
        &self,
        user: &UserId,
        module: Module,
        since: &Position,
    ) -> Result<Changes, SourceError> {
        self.memory.changes(user, module, since)
    }
    fn fetch(&self, user: &UserId, ids: &[RecordId]) -> Result<Vec<Fetched>, SourceError> {
        let mut answers = self.memory.fetch(user, ids)?;
        if let Some(concealed) = &mut *self.concealed.lock().unwrap() {
            let Concealed { after, record, hidden } = concealed;
            if *after == 0 && *hidden {
                let is_it = |answer: &Fetched| matches!(answer, Fetched::Record(found) if found.id == *record);
                for answer in answers.iter_mut().filter(|answer| is_it(answer)) {
                    *answer = Fetched::NotYours(record.clone());
                }
            }
            *after = after.saturating_sub(1);
        }
        Ok(answers)
    }
    fn activities(&self, user: &UserId, parents: &[RecordId]) -> Result<Vec<Entry>, SourceError> {
        self.memory.activities(user, parents)
    }
    fn members(
        &self,
        user: &UserId,
        module: Module,
        known: Option<&Position>,
        page: Option<&Position>,
    ) -> Result<Members, SourceError> {
        self.memory.members(user, module, known, page)
    }
    fn set_member(&self, user: &UserId, id: &RecordId, member: bool) -> Result<(), SourceError> {
        self.memory.set_member(user, id, member)
    }
    fn news(&self, users: &[UserId], since: Option<&Position>) -> Result<News, SourceError> {
        self.memory.news(users, since)
    }
    fn update(&self, user: &UserId, updates: &[RecordUpdate]) -> Result<Vec<Updated>, SourceError> {
        let trouble = self.trouble.lock().unwrap().pop_front();
        match trouble {
            Some(Trouble::LostBefore) => return Err(lost()),
            Some(Trouble::Busy) => {
                let later = std::time::Duration::from_secs(1);
                return Ok(updates.iter().map(|_| Updated::Busy(later)).collect());
            }
            Some(Trouble::Denied) => return Ok(updates.iter().map(|_| Updated::Denied).collect()),
            Some(Trouble::Refused) => {
                let refused = |update: &RecordUpdate| Updated::Refused {
                    code: "not_a_number".to_owned(),
                    field: update.values.iter().next().map(|(field, _)| field),
                };
                return Ok(updates.iter().map(refused).collect());
            }
            Some(Trouble::Edit(ref record, ref content, at)) => {
                self.memory.edit(record, "person", at, content);
            }
            Some(Trouble::LostAfter) | None => {}
        }
        let book = updates.iter().map(|update| (user.clone(), update.clone()));
        self.book.lock().unwrap().extend(book);
        let answers = self.memory.update(user, updates)?;
        if matches!(trouble, Some(Trouble::LostAfter)) { Err(lost()) } else { Ok(answers) }
    }
}

struct At(Timestamp);

impl Clock for At {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// Counts up, so that tokens differ and are the same in every repetition.
#[derive(Default)]
pub(crate) struct Counting(AtomicU64);

impl Entropy for Counting {
    fn bits(&self) -> Option<[u8; 16]> {
        let n = self.0.fetch_add(1, Ordering::Relaxed);
        let mut bits = [0; 16];
        // The first bytes name the run, so they must differ too.
        bits[..8].copy_from_slice(&n.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
        bits[8..].copy_from_slice(&n.to_be_bytes());
        Some(bits)
    }
}

/// A staffITpro user with a mailbox.
pub(crate) struct Person {
    pub(crate) mailbox: MemoryMailbox,
    pub(crate) scopes: BTreeMap<String, ScopeSettings>,
    /// How far the mailbox's clock is ahead of ours.
    pub(crate) ahead: SignedDuration,
    pub(crate) writes_outlook: bool,
    pub(crate) writes_staffitpro: bool,
}

/// What a run left behind.
pub(crate) struct Ran {
    pub(crate) report: MailboxReport,
    pub(crate) lines: Vec<Line>,
    pub(crate) phases: Vec<Phase>,
}

/// Everything.
pub(crate) struct World {
    pub(crate) database: Database,
    pub(crate) people: BTreeMap<String, Person>,
    pub(crate) folder: TempDir,
    pub(crate) now: Timestamp,
    entropy: Counting,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            database: Database::default(),
            people: BTreeMap::new(),
            folder: quick_folder(),
            now: "2026-11-23T09:00:00Z".parse().unwrap(),
            entropy: Counting::default(),
        }
    }

    /// Adds a staffITpro user with an empty mailbox.
    pub(crate) fn add(&mut self, user: &str) {
        let address = format!("{}@firma.example", user.to_lowercase());
        self.database.memory.add_user(user, user, &address);
        self.people.insert(
            user.to_owned(),
            Person {
                mailbox: MemoryMailbox::named(user),
                scopes: BTreeMap::new(),
                ahead: SignedDuration::ZERO,
                writes_outlook: true,
                writes_staffitpro: true,
            },
        );
    }

    /// Adds a user whose line leads to the mailbox of another one, under another address.
    pub(crate) fn add_twin(&mut self, user: &str, other: &str) {
        self.add(user);
        let mailbox = self.person(other).mailbox.clone();
        if let Some(person) = self.people.get_mut(user) {
            person.mailbox = mailbox;
        }
    }

    pub(crate) fn person(&self, user: &str) -> &Person {
        self.people.get(user).unwrap_or_else(|| panic!("there is no user {user}"))
    }

    /// Lets time go on to a moment, everywhere.
    pub(crate) fn advance(&mut self, to: Timestamp) {
        self.now = self.now.max(to);
        for person in self.people.values() {
            let theirs = self.now.checked_add(person.ahead).unwrap();
            person.mailbox.with(|store| store.now = theirs);
        }
    }

    /// Runs one mailbox.
    pub(crate) fn run(&mut self, user: &str, options: &Options) -> Ran {
        self.advance(self.now.checked_add(SignedDuration::from_secs(60)).unwrap());
        self.run_now(user, options)
    }

    /// Runs one mailbox without letting time go on.
    pub(crate) fn run_now(&self, user: &str, options: &Options) -> Ran {
        let person = self.person(user);
        let scopes = Scopes::new(|scope| {
            let known = person.scopes.get(&scope.to_string()).cloned();
            known.unwrap_or_else(|| ScopeSettings::default_for(scope))
        });
        let (tenant, name) = (TenantName::from(TENANT), UserId::from(user));
        let address = format!("{}@firma.example", user.to_lowercase());
        let clock = At(self.now);
        let job = Job {
            tenant: &tenant,
            user: &name,
            address: &address,
            scopes: &scopes,
            writes_outlook: person.writes_outlook,
            writes_staffitpro: person.writes_staffitpro,
            zone: "Europe/Berlin",
            german: true,
            state: &StateFolder::new(self.folder.path()),
            clock: &clock,
            entropy: &self.entropy,
        };
        let description = self.database.memory.describe().unwrap();
        let mut lines = Vec::new();
        let phases = Mutex::new(Vec::new());
        let report = sync_mailbox(
            &job,
            options,
            (&self.database, &description),
            &mut person.mailbox.clone(),
            &|event| {
                if let Event::Phase { phase, .. } = event {
                    phases.lock().unwrap().push(phase);
                }
            },
            Some(&mut |line| lines.push(line)),
        );
        Ran { report, lines, phases: phases.into_inner().unwrap() }
    }

    /// Everything in the state but the rows of runs, as text (invariant 4).
    pub(crate) fn state(&self) -> String {
        let mut text = String::new();
        let path = self.folder.path().join(abgleich::state::FILE_NAME);
        if !path.exists() {
            return text;
        }
        let connection = rusqlite::Connection::open(path).unwrap();
        let tables: Vec<String> = connection
            .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'run' ORDER BY name")
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        for table in tables {
            let mut statement = connection.prepare(&format!("SELECT * FROM \"{table}\"")).unwrap();
            let columns = statement.column_count();
            let mut lines: Vec<String> = statement
                .query_map([], |row| {
                    Ok((0..columns).fold(table.clone(), |mut line, column| {
                        let value: rusqlite::types::Value = row.get(column).unwrap();
                        write!(line, " | {value:?}").unwrap();
                        line
                    }))
                })
                .unwrap()
                .map(Result::unwrap)
                .collect();
            lines.sort();
            text.push_str(&lines.join("\n"));
            text.push('\n');
        }
        text
    }

    /// The values that the journal holds (rule D12), as one text.
    pub(crate) fn journal(&self) -> String {
        let connection =
            rusqlite::Connection::open(self.folder.path().join(abgleich::state::FILE_NAME))
                .unwrap();
        let mut statement = connection
            .prepare("SELECT record, side, action, before, edited_by, edited_at FROM journal ORDER BY id")
            .unwrap();
        let rows = statement
            .query_map([], |row| {
                let text = |column| row.get::<_, Option<String>>(column);
                let at: Option<i64> = row.get(5)?;
                Ok(format!(
                    "{:?} {:?} {:?} {} by={} at={at:?}",
                    text(0)?,
                    text(1)?,
                    text(2)?,
                    text(3)?.unwrap_or_default(),
                    text(4)?.unwrap_or_default()
                ))
            })
            .unwrap();
        rows.map(Result::unwrap).collect::<Vec<_>>().join("\n")
    }

    /// The bytes of every file of the state.
    pub(crate) fn state_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for entry in std::fs::read_dir(self.folder.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                bytes.extend(std::fs::read(path).unwrap());
            }
        }
        bytes
    }

    /// Settings of a scope with the first transfer done by itself.
    pub(crate) fn settings(scope: &str) -> ScopeSettings {
        let scope = Scope::from_key(scope).unwrap_or_else(|| panic!("there is no scope {scope}"));
        ScopeSettings::default_for(scope)
    }
}

/// A folder in memory where the system has one: every commit waits for the disk elsewhere.
fn quick_folder() -> TempDir {
    let memory = std::path::Path::new("/dev/shm");
    if memory.is_dir()
        && let Ok(folder) = tempfile::tempdir_in(memory)
    {
        return folder;
    }
    tempfile::tempdir().unwrap()
}

/// Says whether two contents have the same canonical value in a field.
pub(crate) fn same(field: Field, one: &Content, other: &Content) -> bool {
    let canonical = |value| abgleich::model::canonical::canonical(field, value);
    one.value(field).and_then(canonical) == other.value(field).and_then(canonical)
}
