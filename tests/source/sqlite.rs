//! The adapter `sqlite` as a library, on databases made for each test. The test speaks to the database with plain SQL, as any
//! other program does.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use abgleich::model::{Content, Field, ItemKind, Module, RecordId, UserId, Value};
use abgleich::source::contract::{Backstage, check_all};
use abgleich::source::library::Adapter;
use abgleich::source::plugin::{Limits, PluginSettings, PluginSource};
use abgleich::source::{
    Fetched, Members, Record, RecordUpdate, Source, SourceError, SourceErrorKind, Updated,
};
use rusqlite::{Connection, params};
use serde_json::json;

use crate::built;

const SCHEMA: &str = include_str!("../../plugins/sqlite/schema.sql");

/// Makes an empty database with two users.
fn database(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch(SCHEMA).unwrap();
    connection
        .execute_batch(
            "INSERT INTO meta VALUES ('identity', 'test'), ('filter', 'per_user');
             INSERT INTO user VALUES ('DHO', 'Dora Hoffmann', 'd.hoffmann@firma.example', 1);
             INSERT INTO user VALUES ('CSC', 'Clara Schmidt', NULL, 1);
             PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY;",
        )
        .unwrap();
    connection
}

/// Opens the adapter on a file.
fn open(file: &Path) -> Result<PluginSource, SourceError> {
    PluginSource::open(&PluginSettings {
        tenant: "test".into(),
        adapter: Adapter::Shipped {
            name: "sqlite".to_owned(),
            folder: built::folder().to_path_buf(),
        },
        zone: "Europe/Berlin".to_owned(),
        folder: file.parent().unwrap().to_path_buf(),
        settings: json!({"file": file.file_name().unwrap().to_str().unwrap()})
            .as_object()
            .unwrap()
            .clone(),
        limits: Limits::default(),
    })
}

struct Stage {
    database: Connection,
    source: PluginSource,
    _folder: tempfile::TempDir,
    file: PathBuf,
}

impl Stage {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("staffitpro.db");
        Self { database: database(&file), source: open(&file).unwrap(), file, _folder: folder }
    }

    fn sql(&self, statements: &str) {
        self.database.execute_batch(statements).unwrap();
    }

    fn record(&self, id: &str) -> Record {
        match self.source.fetch(&dho(), &[id.into()]).unwrap().pop() {
            Some(Fetched::Record(record)) => *record,
            other => panic!("{other:?}"),
        }
    }
}

impl Backstage for Stage {
    type Source = PluginSource;

    fn source(&self) -> &PluginSource {
        &self.source
    }

    fn add_contact(&self, id: &str, module: Module, surname: &str) {
        let sql = "INSERT INTO contact (id, module, surname) VALUES (?, ?, ?)";
        self.database
            .prepare_cached(sql)
            .unwrap()
            .execute(params![id, module.key(), surname])
            .unwrap();
    }

    fn add_task(&self, id: &str, module: Module, parent: &str, users: &[&str], subject: &str) {
        let sql = "INSERT INTO task (id, module, parent, subject) VALUES (?, ?, ?, ?)";
        self.database.execute(sql, params![id, module.key(), parent, subject]).unwrap();
        self.assign(id, users);
    }

    fn rename(&self, id: &str, surname: &str) {
        let sql = "UPDATE contact SET surname = ? WHERE id = ?";
        self.database.execute(sql, params![surname, id]).unwrap();
    }

    fn delete(&self, id: &str) {
        self.database.execute("DELETE FROM contact WHERE id = ?", [id]).unwrap();
    }

    fn assign(&self, id: &str, users: &[&str]) {
        self.database.execute("DELETE FROM assignee WHERE activity = ?", [id]).unwrap();
        for user in users {
            self.database.execute("INSERT INTO assignee VALUES (?, ?)", [id, user]).unwrap();
        }
    }

    fn hide(&self, id: &str, user: &str) {
        self.database
            .execute("INSERT INTO permission VALUES (?, ?, 'hidden')", [id, user])
            .unwrap();
    }

    fn make_read_only(&self, id: &str, user: &str) {
        self.database.execute("INSERT INTO permission VALUES (?, ?, 'read')", [id, user]).unwrap();
    }

    fn put_member(&self, user: &str, id: &str, member: bool) {
        let sql = if member {
            "INSERT INTO membership (module, user, record) SELECT module, ?1, id FROM contact WHERE id = ?2"
        } else {
            "DELETE FROM membership WHERE user = ?1 AND record = ?2"
        };
        self.database.prepare_cached(sql).unwrap().execute([user, id]).unwrap();
    }
}

fn dho() -> UserId {
    UserId::from("DHO")
}

#[test]
fn the_adapter_keeps_the_contract() {
    check_all(Stage::new);
}

#[test]
fn contacts_are_fetched_as_they_stand_in_the_database() {
    let stage = Stage::new();
    stage.sql(
        "INSERT INTO contact (id, module, number, surname, company, birthday, business_postal_code, changed_at, changed_by)
         VALUES ('B-1', 'applicants', '4711', 'Müller 🎉', '', '1899-12-30', 01234, '2026-03-29 09:00:00', 'CSC');",
    );
    let record = stage.record("B-1");
    assert_eq!(record.content.text(Field::Surname), Some("Müller 🎉"));
    assert!(record.content.slot(Field::Company).unwrap().is_blank());
    assert!(record.content.slot(Field::Birthday).unwrap().is_blank(), "rules.md §4");
    assert_eq!(record.number.as_deref(), Some("4711"));
    assert_eq!(record.changed_at.unwrap().to_string(), "2026-03-29T07:00:00Z", "summer time");
    let fields: BTreeSet<_> = record.content.known().iter().collect();
    assert_eq!(fields, Field::of(ItemKind::Contact).collect(), "every field of the model is known");
}

#[test]
fn every_field_can_be_written_and_comes_back() {
    let stage = Stage::new();
    stage.sql(
        "INSERT INTO contact (id, module) VALUES ('B-1', 'applicants');
         INSERT INTO appointment (id, module) VALUES ('T-1', 'leads');
         INSERT INTO task (id, module) VALUES ('A-1', 'general');
         INSERT INTO assignee VALUES ('T-1', 'DHO'), ('A-1', 'DHO');",
    );
    let described = stage.source.describe().unwrap();
    for (id, kind) in
        [("B-1", ItemKind::Contact), ("T-1", ItemKind::Appointment), ("A-1", ItemKind::Task)]
    {
        let before = stage.record(id);
        // The adapter's replies are brief: what they leave out is blank as far as it is readable, and unknown beyond.
        assert_eq!(before.content.known(), described.readable(kind), "{id}");
        let mut values = Content::new();
        for field in Field::of(kind).filter(|field| !field.read_only()) {
            assert!(described.writable(kind).contains(field), "{field}");
            values.set(field, sample(field));
        }
        let update = RecordUpdate {
            id: id.into(),
            kind,
            version: before.version.clone(),
            expected: before.content.clone(),
            values: values.clone(),
            edited_at: "2026-11-22T08:00:00.9Z".parse().unwrap(),
        };
        let answers = stage.source.update(&dho(), &[update]).unwrap();
        let [Updated::Applied { stored, .. }] = answers.as_slice() else {
            panic!("{id}: {answers:?}")
        };
        assert_eq!(*stored, values, "{id}");
        let after = stage.record(id);
        assert_eq!(after.content, values, "{id}");
        assert_eq!(after.changed_at.unwrap().to_string(), "2026-11-22T08:00:00Z", "whole seconds");
        assert_eq!(after.changed_by.as_deref(), Some("DHO"));
    }
}

/// A value for a field, by its form.
fn sample(field: Field) -> Value {
    use abgleich::model::{Recurrence, Shape};
    let text = |text: &str| Value::Text(text.to_owned());
    match field.shape() {
        Shape::Text | Shape::Phone | Shape::Email => text(&format!("{} ÄÖÜ 'x'", field.key())),
        Shape::Body => text("erste Zeile\r\nzweite 🎉"),
        Shape::Zone => text("Europe/Berlin"),
        Shape::Choice(words) => text(words.last().unwrap()),
        Shape::Date => Value::Date("2026-03-29".parse().unwrap()),
        Shape::Moment | Shape::Instant => Value::Instant("2026-03-29T01:00:00Z".parse().unwrap()),
        Shape::Flag => Value::Flag(true),
        Shape::Number(_, high) => Value::Number(high),
        Shape::List => Value::List(vec!["Wichtig".to_owned(), "Rückfrage".to_owned()]),
        Shape::Recurrence => {
            let json = json!({"pattern": {"kind": "daily", "every": 2},
                              "range": {"kind": "count", "start": "2026-03-29", "count": 5}});
            let series: Recurrence = serde_json::from_value(json).unwrap();
            Value::Recurrence(Box::new(series))
        }
        Shape::Attendees => unreachable!("never written"),
    }
}

#[test]
fn an_edit_by_plain_sql_is_now_and_by_nobody_known() {
    let stage = Stage::new();
    stage.sql(
        "INSERT INTO contact (id, module, surname, changed_at, changed_by)
         VALUES ('B-1', 'applicants', 'Müller', '2020-01-01T00:00:00Z', 'Clara Schmidt');
         UPDATE contact SET surname = 'Meier' WHERE id = 'B-1';",
    );
    let record = stage.record("B-1");
    let year = record.changed_at.unwrap().to_zoned(jiff::tz::TimeZone::UTC).year();
    assert!(year >= 2026, "{year}");
    assert_eq!(record.changed_by, None);
    stage.sql("UPDATE contact SET surname = 'Maier', changed_at = '2021-02-03T04:05:06Z', changed_by = 'FWE'");
    let record = stage.record("B-1");
    assert_eq!(record.changed_at.unwrap().to_string(), "2021-02-03T04:05:06Z");
    assert_eq!(record.changed_by.as_deref(), Some("FWE"));
}

#[test]
fn an_activity_changes_with_what_it_belongs_to() {
    let stage = Stage::new();
    stage.add_contact("B-1", Module::Applicants, "Müller");
    stage.add_task("A-1", Module::Applicants, "B-1", &["DHO"], "Rückruf");
    let before = stage.record("A-1");
    stage.rename("B-1", "Meier");
    let after = stage.record("A-1");
    assert_ne!(before.version, after.version, "equal versions mean equal content");
    assert_eq!(after.parent.unwrap().name.as_deref(), Some("Meier"));
}

#[test]
fn a_shared_filter_is_everybodys() {
    let stage = Stage::new();
    stage.add_contact("B-1", Module::Applicants, "Müller");
    stage.put_member("", "B-1", true);
    let ids = |user: &str| match stage
        .source
        .members(&user.into(), Module::Applicants, None, None)
        .unwrap()
    {
        Members::Page { ids, .. } => ids,
        Members::Unchanged => panic!("nothing was known"),
    };
    assert!(ids("DHO").is_empty());
    stage.sql("UPDATE meta SET value = 'shared' WHERE key = 'filter'");
    assert_eq!(
        (ids("DHO"), ids("CSC")),
        (vec![RecordId::from("B-1")], vec![RecordId::from("B-1")])
    );
    assert!(!stage.source.describe().unwrap().filter_per_user);
}

#[test]
fn an_unreadable_cell_concerns_its_record_only() {
    let stage = Stage::new();
    stage.sql(
        "INSERT INTO contact (id, module, birthday) VALUES ('B-1', 'applicants', 'im Mai');
         INSERT INTO contact (id, module) VALUES ('B-2', 'applicants');",
    );
    let answers = stage.source.fetch(&dho(), &["B-1".into(), "B-2".into()]).unwrap();
    let [Fetched::Unreadable(_, what), Fetched::Record(_)] = answers.as_slice() else {
        panic!("{answers:?}")
    };
    assert!(what.contains("birthday") && !what.contains("Mai"), "the place, not the value: {what}");
}

/// Plays the other program for the test below, in a process of its own: locks on a file count between processes, and two copies
/// of SQLite in one process (the test's and the plugin's) do not see each other's.
#[test]
#[ignore = "started by another test"]
fn hold_the_database_until_the_input_ends() {
    let Some(file) = std::env::var_os("ABGLEICH_TEST_HOLD") else { return };
    let database = Connection::open(file).unwrap();
    database.execute_batch("BEGIN IMMEDIATE; UPDATE contact SET company = 'x';").unwrap();
    println!("\nHOLDING");
    std::io::stdin().read_line(&mut String::new()).unwrap();
    database.execute_batch("ROLLBACK").unwrap();
}

#[test]
fn while_another_program_writes_updates_are_busy_and_reading_goes_on() {
    let stage = Stage::new();
    stage.add_contact("B-1", Module::Applicants, "Müller");
    let record = stage.record("B-1");
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "sqlite::hold_the_database_until_the_input_ends",
            "--ignored",
            "--nocapture",
        ])
        .env("ABGLEICH_TEST_HOLD", &stage.file)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(holder.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "HOLDING"), "the other program holds the database");
    let mut values = Content::new();
    values.set_text(Field::Surname, "Meier");
    let update = RecordUpdate {
        id: record.id.clone(),
        kind: record.kind,
        version: record.version.clone(),
        expected: Content::new(),
        values,
        edited_at: jiff::Timestamp::UNIX_EPOCH,
    };
    let error = stage.source.update(&dho(), std::slice::from_ref(&update)).unwrap_err();
    assert!(matches!(error.kind, SourceErrorKind::Transient(_)), "{error}");
    assert_eq!(stage.record("B-1").content.text(Field::Surname), Some("Müller"));
    drop(holder.stdin.take());
    assert!(holder.wait().unwrap().success());
    let answers = stage.source.update(&dho(), &[update]).unwrap();
    assert!(matches!(answers.as_slice(), [Updated::Applied { .. }]), "{answers:?}");
    let mark = "SELECT count(*) FROM meta WHERE key = 'connector'";
    let marks: i64 = stage.database.query_row(mark, [], |row| row.get(0)).unwrap();
    assert_eq!(marks, 0, "no mark is left behind");
}

#[test]
fn files_that_are_not_such_a_database_are_refused_with_a_hint() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |name: &str, reason: &str| {
        let Err(error) = open(&folder.path().join(name)) else { panic!("{name} was opened") };
        assert!(error.to_string().contains(reason), "{error}");
        assert!(error.hint.is_some(), "{error}");
        assert_eq!(error.kind, SourceErrorKind::Unreachable);
    };
    refused("missing.db", "there is no database");
    assert!(!folder.path().join("missing.db").exists(), "a database is never made");
    std::fs::write(folder.path().join("text.db"), "x".repeat(5000)).unwrap();
    refused("text.db", "no SQLite database");
    Connection::open(folder.path().join("other.db"))
        .unwrap()
        .execute_batch("CREATE TABLE t (x)")
        .unwrap();
    refused("other.db", "no staffITpro database of this adapter");
    database(&folder.path().join("newer.db")).execute_batch("PRAGMA user_version = 2").unwrap();
    refused("newer.db", "has version 2 of the layout, this adapter reads version 1");
    let broken = database(&folder.path().join("lacking.db"));
    broken.execute_batch("DROP TABLE user").unwrap();
    let source = open(&folder.path().join("lacking.db")).unwrap();
    let error = source.users().unwrap_err();
    assert!(error.to_string().contains("no such table: user") && error.hint.is_some(), "{error}");
}

#[test]
fn a_restored_database_is_listed_again() {
    let stage = Stage::new();
    stage.add_contact("B-1", Module::Applicants, "Müller");
    let backup = stage.file.with_extension("bak");
    stage.database.execute("VACUUM INTO ?", [backup.to_str().unwrap()]).unwrap();
    stage.rename("B-1", "Meier");
    let position = stage.source.list(&dho(), Module::Applicants, None).unwrap().position.unwrap();
    let restored = open(&backup).unwrap();
    assert!(restored.changes(&dho(), Module::Applicants, &position).unwrap().lost, "D7");
}

#[test]
fn every_record_of_the_sample_is_understood() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sample.db");
    staffitpro_sample::create_sample(&file).unwrap();
    let source = open(&file).unwrap();
    let mut kinds = [0; 3];
    for module in Module::ALL {
        let listing = source.list(&dho(), module, None).unwrap();
        assert!(listing.complete && !listing.entries.is_empty(), "{module}");
        let ids: Vec<_> = listing.entries.iter().map(|entry| entry.id.clone()).collect();
        for (entry, answer) in listing.entries.iter().zip(source.fetch(&dho(), &ids).unwrap()) {
            let Fetched::Record(record) = answer else { panic!("{answer:?}") };
            assert_eq!((&record.id, &record.version), (&entry.id, &entry.version));
            assert!(record.name.is_some() && record.number.is_some(), "{}", record.id);
            assert!(
                module == Module::General
                    || record.parent.is_some()
                    || record.kind == ItemKind::Contact
            );
            kinds[match record.kind {
                ItemKind::Contact => 0,
                ItemKind::Appointment => 1,
                ItemKind::Task => 2,
            }] += 1;
        }
    }
    // Counted with the sqlite3 shell in sample.sql.
    assert_eq!(kinds, [237, 55, 48]);
}

/// Rule D7: a database that is put in the place of the opened one is noticed by every instance, and no source reads now this one,
/// now that.
#[cfg(unix)]
#[test]
fn d7_a_file_in_the_place_of_the_opened_one_is_another_database_unless_it_says_that_it_is_the_same()
{
    let stage = Stage::new();
    let instead = |identity: &str| {
        let file = stage.file.with_extension("new");
        let new = database(&file);
        new.execute("UPDATE meta SET value = ? WHERE key = 'identity'", [identity]).unwrap();
        drop(new);
        std::fs::rename(&file, &stage.file).unwrap();
    };
    let fails = || {
        let error = stage.source.users().unwrap_err();
        assert_eq!(error.kind, SourceErrorKind::Unreachable, "{error}");
        error.to_string()
    };
    // A backup that was put back.
    instead("test");
    assert!(fails().contains("no longer the file that was opened"));
    assert_eq!(stage.source.users().unwrap().len(), 2);
    // Another installation.
    instead("other");
    assert!(fails().contains("no longer the file that was opened"));
    for _ in 0..2 {
        assert!(fails().contains("another database stands in the place"));
    }
    assert_eq!(open(&stage.file).unwrap().describe().unwrap().identity, "other");
}
