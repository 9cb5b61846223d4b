//! The adapter `sqlite` as a library, on databases made for each test.

use std::path::Path;

use abgleich::model::{Field, Module, UserId};
use abgleich::source::library::Adapter;
use abgleich::source::plugin::{Limits, PluginSettings, PluginSource};
use abgleich::source::{Fetched, Members, Source, SourceError};
use rusqlite::Connection;
use serde_json::json;

use crate::built;

const SCHEMA: &str = include_str!("../../plugins/sqlite/schema.sql");

/// Makes an empty database with two users.
pub(crate) fn database(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch(SCHEMA).unwrap();
    connection
        .execute_batch(
            "INSERT INTO meta VALUES ('identity', 'test'), ('filter', 'per_user');
             INSERT INTO user VALUES ('DHO', 'Dora Hoffmann', 'd.hoffmann@firma.example', 1);
             INSERT INTO user VALUES ('CSC', 'Clara Schmidt', NULL, 1);",
        )
        .unwrap();
    connection
}

/// Opens the adapter on a file.
pub(crate) fn open(file: &Path) -> Result<PluginSource, SourceError> {
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

#[test]
fn contacts_are_listed_and_fetched_as_they_stand_in_the_database() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("s.db");
    let database = database(&file);
    database
        .execute_batch(
            "INSERT INTO contact (id, module, number, surname, company, birthday, changed_at, changed_by)
                 VALUES ('B-1', 'applicants', '4711', 'Müller 🎉', '', '1899-12-30', '2026-03-29 09:00:00', 'CSC');
             INSERT INTO membership (module, user, record) VALUES ('applicants', 'DHO', 'B-1');",
        )
        .unwrap();
    let source = open(&file).unwrap();
    let user = UserId::from("DHO");
    let listing = source.list(&user, Module::Applicants, None).unwrap();
    assert_eq!(listing.entries.len(), 1);
    assert!(listing.complete && listing.next.is_none() && listing.position.is_some());
    let fetched = source.fetch(&user, &["B-1".into(), "B-2".into()]).unwrap();
    let [Fetched::Record(record), Fetched::Gone(_)] = fetched.as_slice() else {
        panic!("{fetched:?}")
    };
    assert_eq!(record.content.text(Field::Surname), Some("Müller 🎉"));
    assert!(record.content.slot(Field::Company).unwrap().is_blank());
    assert!(record.content.slot(Field::Birthday).unwrap().is_blank(), "rules.md §4");
    assert_eq!(record.number.as_deref(), Some("4711"));
    assert_eq!(record.changed_at.unwrap().to_string(), "2026-03-29T07:00:00Z", "summer time");
    let Members::Page { ids, position, complete: true, .. } =
        source.members(&user, Module::Applicants, None, None).unwrap()
    else {
        panic!("no complete page")
    };
    assert_eq!(ids, ["B-1".into()]);
    let again = source.members(&user, Module::Applicants, position.as_ref(), None).unwrap();
    assert!(matches!(again, Members::Unchanged));
}
