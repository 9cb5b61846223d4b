//! Every request that the mailbox can make of a field, against Microsoft's schemas, with xmllint. The table walks all fields of
//! the model: a field added there is a request here.
//!
//! The schemas are not ours to ship. `ABGLEICH_EWS_VALIDATE` names the script that checks documents against them.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::ews::draft::{FieldChange, ItemUpdate, WritableKind};
use crate::ews::envelope::{Header, Impersonation, document};
use crate::ews::operation::create_item::CreateItem;
use crate::ews::operation::delete_item::{DeleteItem, Disposal};
use crate::ews::operation::find_item::{FindItem, Restriction};
use crate::ews::operation::folder::DistinguishedFolder;
use crate::ews::operation::get_item::GetItem;
use crate::ews::operation::update_item::UpdateItem;
use crate::ews::operation::{ItemRef, OccurrenceRef, Operation, Target};
use crate::ews::{BodyType, ItemId, ServerVersion};
use crate::mailbox::contract::sample;
use crate::mailbox::exchange::dialect::Dialect;
use crate::mailbox::exchange::write::Change;
use crate::mailbox::exchange::{stamp, table, write};
use crate::mailbox::zones::Zone;
use crate::model::recurrence::{Exception, ExceptionChange, Moment};
use crate::model::{Block, Content, Field, FieldSet, ItemKind, Value};

struct Documents {
    folder: tempfile::TempDir,
    version: ServerVersion,
    files: Vec<PathBuf>,
}

impl Documents {
    fn add<O: Operation>(&mut self, name: &str, operation: &O) {
        let file = self.folder.path().join(format!("{}-{name}.xml", O::NAME));
        // As a mailbox sends it: in a person's name, and days in the mailbox's zone.
        let header = Header {
            impersonate: Some(Impersonation::PrimarySmtpAddress("eva@firma.example".to_owned())),
            zone: Some("W. Europe Standard Time".to_owned()),
            ..Header::new(self.version)
        };
        std::fs::write(&file, document(operation, &header)).unwrap();
        self.files.push(file);
    }

    fn dialect(&self) -> Dialect {
        Dialect { before_2013: self.version < ServerVersion::V2013, ..Dialect::default() }
    }

    fn create(&mut self, name: &str, kind: ItemKind, content: &Content) {
        let zone = Zone::iana("Europe/Berlin").unwrap();
        let stamp = sample::stamp("A-1", "t1");
        let item = write::new_item(kind, content, &stamp, &zone, self.dialect()).unwrap();
        let folder = DistinguishedFolder::Contacts.into();
        self.add(name, &CreateItem { folder, items: vec![item.load] });
    }

    /// Adds an update; `false` where there is nothing to send.
    fn update(&mut self, name: &str, kind: ItemKind, content: &Content, stamped: bool) -> bool {
        let zone = Zone::iana("Europe/Berlin").unwrap();
        let (id, version, mut before) = ("i".into(), "v".into(), sample::full(kind));
        // A series that stays what it is would not be sent.
        before.set_blank(Field::Recurrence);
        let stamp = stamped.then(|| sample::stamp("A-1", ""));
        let change = Change {
            id: &id,
            version: &version,
            content,
            before: &before,
            stamp: stamp.as_ref(),
            unfinished: None,
        };
        let update = write::update(kind, &change, None, &zone, self.dialect()).unwrap();
        let sent = update.is_some();
        if let Some(update) = update {
            self.add(name, &UpdateItem { updates: vec![update.load] });
        }
        sent
    }
}

fn documents(version: ServerVersion) -> Documents {
    let folder = tempfile::tempdir().unwrap();
    let mut out = Documents { folder, version, files: Vec::new() };
    for kind in ItemKind::ALL {
        let full = sample::full(kind);
        let name = |what: &str| format!("{}-{what}", kind.key());
        out.create(&name("full"), kind, &full);
        assert!(out.update(&name("full"), kind, &full, true));
        let times = full.only(Block::Time.fields());
        for field in Field::of(kind) {
            let mut alone = full.only(FieldSet::of(field));
            if kind == ItemKind::Appointment {
                times.iter().for_each(|(field, slot)| alone.put(field, slot.clone()));
            }
            out.create(&name(field.key()), kind, &alone);
            let absent = !field.fits_outlook() || field.read_only();
            let set = out.update(
                &name(&format!("set-{field}")),
                kind,
                &full.only(FieldSet::of(field)),
                false,
            );
            // The completion date goes with the status, the time of a reminder with its switch.
            let goes_along = field == Field::Completed;
            assert_eq!(set, !absent && !goes_along, "{field}");
            if absent || field.block() == Block::Time {
                continue;
            }
            let mut blank = Content::new();
            blank.set_blank(field);
            let cleared = out.update(&name(&format!("clear-{field}")), kind, &blank, false);
            let goes_along = [Field::Completed, Field::ReminderMinutes, Field::ReminderAt];
            assert_eq!(cleared, !goes_along.contains(&field), "{field}");
        }
        let items: Vec<_> = [ItemId::new("i")].into_iter().map(Into::into).collect();
        let body = Some(BodyType::Text);
        let properties = table::wanted(kind);
        out.add(&name("whole"), &GetItem { items: items.clone(), properties, body });
        out.add(&name("identity"), &GetItem { items, properties: table::identifying(), body });
    }
    series(&mut out);
    let equal = |value: &str| Restriction::IsEqualTo(stamp::RECORD.into(), value.to_owned());
    for (name, restriction) in [
        ("any", Restriction::Exists(stamp::RECORD.into())),
        ("one", equal("A-1")),
        ("more", Restriction::any(vec![equal("A-1"), equal("A-2")]).unwrap()),
    ] {
        let find = FindItem {
            folders: vec![DistinguishedFolder::Tasks.into()],
            restriction: Some(restriction),
            properties: table::identifying(),
            offset: 0,
            page_size: 1000,
        };
        out.add(name, &find);
    }
    out
}

/// A series with exceptions: its first request, and those of its occurrences.
fn series(out: &mut Documents) {
    let kind = ItemKind::Appointment;
    let zone = Zone::iana("Europe/Berlin").unwrap();
    let full = sample::full(kind);
    let Some(Value::Recurrence(series)) = full.value(Field::Recurrence) else { panic!("a series") };
    let mut series = series.clone();
    let original = series.dates().nth(1).unwrap();
    let (start, end) = (Moment::Day(original), Moment::Day(original.tomorrow().unwrap()));
    let (subject, place) = (Some("Ausflug".to_owned()), Some(String::new()));
    let change = ExceptionChange::Changed { start, end, subject, place };
    series.exceptions = vec![Exception { original, change }];
    let mut content = full.clone();
    content.set(Field::Recurrence, Value::Recurrence(series));
    let stamp = sample::stamp("A-1", "t1");
    let new = write::new_item(kind, &content, &stamp, &zone, out.dialect()).unwrap();
    let folder = DistinguishedFolder::Calendar.into();
    out.add("series", &CreateItem { folder, items: vec![new.load] });
    let master = ItemId::new("i");
    let index = new.steps[0].position;
    let items = vec![Target::Occurrence(OccurrenceRef { master, index })];
    out.add("occurrence", &GetItem { items, properties: vec![], body: None });
    let changes = new.steps[0].changes.clone().unwrap();
    assert_eq!(changes.len(), 5, "start, end, all-day, subject, place: {changes:?}");
    let update = ItemUpdate::of_occurrence("o".into(), "k".into(), changes).unwrap();
    out.add("occurrence", &UpdateItem { updates: vec![update] });
    let clear = vec![FieldChange::Clear(table::UNFINISHED.into())];
    let update = ItemUpdate::new(WritableKind::CalendarItem, "i".into(), "k".into(), clear);
    let update = UpdateItem { updates: vec![update.unwrap()] };
    out.add("finished", &update);
    let gone = vec![ItemRef { id: "o".into(), change_key: Some("k".into()) }];
    out.add("occurrence", &DeleteItem { items: gone, to: Disposal::DeletedItems });
}

#[test]
fn requests_of_every_field_are_valid_against_the_schemas() {
    let script = std::env::var_os("ABGLEICH_EWS_VALIDATE").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/ews/validate.sh"),
        PathBuf::from,
    );
    // Header blocks fix their own version in the old schemas, so that only bodies are checked there.
    let rounds: [(ServerVersion, &[&str]); 4] = [
        (ServerVersion::V2016, &["-q"]),
        (ServerVersion::V2013Sp1, &["-q"]),
        (ServerVersion::V2013Sp1, &["-q", "-b", "-V", "2013_SP1"]),
        (ServerVersion::V2010Sp1, &["-q", "-b", "-V", "2010_SP1"]),
    ];
    for (version, options) in rounds {
        let documents = documents(version);
        assert!(documents.files.len() > 200, "each field set and cleared, of three kinds");
        let checker = Command::new("xmllint").arg("--version").output();
        if !script.is_file() || checker.is_err() {
            println!("SKIPPED: there is no {} or no xmllint", script.display());
            continue;
        }
        let output = Command::new(&script).args(options).args(&documents.files).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{options:?}: {said}");
    }
}
