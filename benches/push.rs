//! What a first push costs in the engine itself, beside what it cannot do without: the same rows put into SQLite, in as many
//! durable transactions. Both happen in turns in one run; source and mailbox are the doubles, so no network is in it.
//!
//! `cargo bench --bench push` pushes 10,000 contacts of forty fields; with `-- small` 1,000.

#![allow(
    clippy::cast_precision_loss,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a benchmark fails by panicking, and its figures are rounded anyway"
)]

#[path = "shared/contact.rs"]
mod contact;
#[path = "shared/run.rs"]
mod engine;

use std::path::Path;
use std::time::{Duration, Instant};

use abgleich::mailbox::memory::MemoryMailbox;
use abgleich::model::rules::{ScopeSettings, Scopes};
use abgleich::model::{Field, Half, Mode, Module, Scope};
use abgleich::source::Source;
use abgleich::source::memory::{MemorySettings, MemorySource, NewRecord};
use rusqlite::{Connection, params};

use contact::{FIELDS, full_contact};
use engine::NOW;

/// How many pairs the engine settles at once.
const BATCH: usize = 50;
/// Durable transactions for one batch: intents before the effect, halves after it.
const COMMITS: usize = 2;

fn main() {
    let records = if std::env::args().any(|argument| argument == "small") { 1_000 } else { 10_000 };
    let few = measure(records / 10);
    let many = measure(records);
    println!("a contact at {records} / at {}: {:.1}", records / 10, many / few);
    // A search that walks a whole table for each contact shows as ten times as much.
    assert!(many / few < 4.0, "what a contact costs grows with their number");
}

/// Measures a first push of so many contacts; returns microseconds a contact.
fn measure(records: usize) -> f64 {
    let source = people(records);
    let (engine, second) = push(&source, records);
    let bare = bare(records);
    let each = |time: Duration| time.as_secs_f64() * 1e6 / records as f64;
    println!("{records} contacts of {FIELDS} fields, microseconds a contact:");
    println!("  first push, engine and doubles: {:7.1}", each(engine));
    println!("  the same rows in bare SQLite:   {:7.1}", each(bare));
    println!("  settled run:                    {:7.2}", each(second));
    println!("  first push / bare inserts: {:.1}", engine.as_secs_f64() / bare.as_secs_f64());
    println!("  settled run / first push: {:.4}", second.as_secs_f64() / engine.as_secs_f64());
    each(engine)
}

fn people(records: usize) -> MemorySource {
    let source = MemorySource::new(MemorySettings::default());
    source.add_user("DHO", "Dora Hoffmann", "d.hoffmann@firma.example");
    for number in 0..records {
        let id = format!("BEW-{number:06}");
        let mut record = NewRecord::contact(&id, Module::Applicants, NOW, &[]);
        record.content = full_contact(number);
        // A long note, as people write them.
        let notes = "Gespräch am 12.10.: sucht ab sofort, Gehalt 70.000, zwei Kinder.\n".repeat(6);
        record.content.set_text(Field::Notes, notes);
        source.insert(record);
        source.put_member("DHO", &id, true);
    }
    source
}

/// Pushes everything, then runs once more; returns the time of each run.
fn push(source: &MemorySource, records: usize) -> (Duration, Duration) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let description = source.describe().expect("the double answers");
    let mailbox = MemoryMailbox::new();
    mailbox.with(|store| (store.page, store.batch) = (512, BATCH));
    let scopes = applicants_only();
    let run = |first| {
        let mut mailbox = mailbox.clone();
        let start = Instant::now();
        let report =
            engine::run(folder.path(), &scopes, "DHO", (source, &description), &mut mailbox, first);
        (start.elapsed(), report.totals())
    };
    let (first, counts) = run(true);
    assert_eq!(counts.created, records as u64);
    let (second, counts) = run(false);
    assert_eq!((counts.writes(), counts.unchanged), (0, records as u64));
    (first, second)
}

/// Puts rows with two halves of a base into a table with the indexes of a pair, as durably and as often as the engine commits.
fn bare(records: usize) -> Duration {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let connection = open(folder.path());
    let halves: Vec<Vec<u8>> =
        (0..BATCH).map(|number| Half::of(&full_contact(number)).to_bytes()).collect();
    let start = Instant::now();
    for first in (0..records).step_by(BATCH) {
        for commit in 0..COMMITS {
            connection.execute_batch("BEGIN IMMEDIATE").expect("a transaction begins");
            for (number, half) in (first..records).zip(&halves) {
                let text = format!("{number:032}");
                let sql = if commit == 0 {
                    "INSERT INTO row (record, token, item, version, one, other) VALUES (?1, ?2, NULL, NULL, NULL, NULL)"
                } else {
                    "UPDATE row SET item = ?1, version = ?2, one = ?3, other = ?3 WHERE record = ?1"
                };
                let mut statement = connection.prepare_cached(sql).expect("the statement is sound");
                let done = if commit == 0 {
                    statement.execute(params![text, text])
                } else {
                    statement.execute(params![text, text, half])
                };
                assert_eq!(done.expect("the row can be written"), 1);
            }
            connection.execute_batch("COMMIT").expect("a transaction ends");
        }
    }
    start.elapsed()
}

fn open(folder: &Path) -> Connection {
    let connection = Connection::open(folder.join("bare.db")).expect("a database can be made");
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             CREATE TABLE row (id INTEGER PRIMARY KEY, record TEXT UNIQUE, token TEXT, item TEXT UNIQUE,
                 version TEXT, one BLOB, other BLOB);",
        )
        .expect("the table can be made");
    connection
}

/// Returns settings in which only the contacts of applicants move.
fn applicants_only() -> Scopes {
    Scopes::new(|scope| {
        let mut settings = ScopeSettings::default_for(scope);
        if scope == Scope::ALL[0] {
            settings.mode = Mode::Sync;
        }
        settings
    })
}
