//! The whole way: the sample database becomes an Outlook data file through the program, and what happens to the file afterwards.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use abgleich::mapi::named::{EMAIL_1_ADDRESS, EMAIL_1_TYPE};
use abgleich::mapi::{FileTime, Properties, PropertyKey, PropertyName, Value, property};
use abgleich::pst::check::check;
use abgleich::pst::messaging::Store;
use abgleich::pst::messaging::write::{Batch, ItemChange, NewItem, NewStore, Role, create};
use abgleich::pst::ndb::write::{Settings, Writer};
use abgleich::pst::{Nid, NidKind};
use tempfile::TempDir;

use crate::built;
use crate::readers::{Item, exported, text};
use crate::written::judged;

const CONFIGURATION: &str = "version = 1
language = 'en'
[state]
folder = 'state'
[sources.staffitpro]
adapter = 'sqlite'
zone = 'Europe/Berlin'
settings = { file = 'staffitpro.db' }
[defaults]
applicants = { contacts = 'sync', activities = 'sync' }
business_contacts = { contacts = 'sync', activities = 'sync' }
[mailboxes.demo]
DHO = { pst = 'demo.pst' }
";

/// The set of our named properties; it never changes (`src/mailbox/pst/table.rs`).
const OURS: abgleich::mapi::Guid = abgleich::mapi::Guid::new(
    0x8c1f_3b52,
    0x64d7,
    0x4e0a,
    [0x9b, 0x1e, 0x2f, 0x7c, 0x55, 0xa0, 0xd3, 0xe6],
);

fn place() -> TempDir {
    built::folder();
    let folder = tempfile::tempdir().unwrap();
    staffitpro_sample::create_sample(&folder.path().join("staffitpro.db")).unwrap();
    fs::write(folder.path().join("abgleich.toml"), CONFIGURATION).unwrap();
    folder
}

fn run(folder: &Path, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_abgleich")).args(words).current_dir(folder).output().unwrap()
}

/// Runs the program, which must end with this code, and returns what it printed.
fn ends_with(code: i32, folder: &Path, words: &[&str]) -> String {
    let output = run(folder, words);
    let (said, aside) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{words:?}\n{said}\n{aside}");
    said.into_owned()
}

/// Of the weekly series of the sample, Tuesdays from 2026-12-01 on at 9:00 in Berlin, two occurrences differ: one is an hour and a half
/// later, one has another subject.
const SERIES: &str = r#"{
    "pattern": {"kind": "weekly", "every": 1, "days": ["tuesday"], "first_day": "monday"},
    "range": {"kind": "count", "start": "2026-12-01", "count": 20},
    "exceptions": [
        {"original": "2026-12-08", "change": {"kind": "changed",
            "start": "2026-12-08T09:30:00Z", "end": "2026-12-08T10:15:00Z"}},
        {"original": "2026-12-15", "change": {"kind": "changed",
            "start": "2026-12-15T08:00:00Z", "end": "2026-12-15T08:45:00Z", "subject": "Anders 🎄"}}
    ]
}"#;

/// Gives the sample its series with changed occurrences, and the configuration their scope.
fn with_occurrences(folder: &Path) {
    let database = rusqlite::Connection::open(folder.join("staffitpro.db")).unwrap();
    let set = "UPDATE appointment SET recurrence = ? WHERE id = 'T-050006'";
    assert_eq!(database.execute(set, [SERIES]).unwrap(), 1);
    let of_contracts = "[defaults]\ncontracts = { activities = 'sync' }";
    let configuration = CONFIGURATION.replace("[defaults]", of_contracts);
    fs::write(folder.join("abgleich.toml"), configuration).unwrap();
}

#[test]
fn the_sample_becomes_a_file_that_every_reader_reads_and_a_second_run_writes_nothing() {
    let folder = place();
    let (folder, path) = (folder.path(), folder.path().join("demo.pst"));
    with_occurrences(folder);
    ends_with(0, folder, &["plan", "--first-transfer"]);
    assert!(!path.exists(), "plan writes nothing");
    ends_with(0, folder, &["sync", "--first-transfer"]);
    let first = fs::read(&path).unwrap();
    ends_with(0, folder, &["sync"]);
    assert!(fs::read(&path).unwrap() == first, "invariant 4: the second run writes nothing");
    let reading = judged(&path);
    assert!(reading.items.len() > 200, "the sample has more than two hundred people in the filter");
    let is_start = |name: &String| name.starts_with("00062002-") && name.ends_with("/820D");
    let start = *reading.names.iter().find(|(_, name)| is_start(name)).expect("a start").0;
    let changed: Vec<_> = reading.items.values().flat_map(Item::messages).collect();
    let starts = changed.iter().map(|message| message[&start].bytes.clone().expect("a time"));
    // By hand: 2026-12-08 09:30 and 2026-12-15 08:00 UTC are 1,796,722,200 and 1,797,321,600 seconds after 1970.
    let expected = [1_796_722_200, 1_797_321_600]
        .map(|seconds| FileTime::from_1970(seconds, 0).expect("a time").0.to_le_bytes().to_vec());
    assert_eq!(starts.collect::<Vec<_>>(), expected);
    let subjects = changed.iter().map(|message| text(message, 0x0037));
    let expected = [None, Some("\u{1}\u{1}Anders 🎄".to_owned())];
    assert_eq!(subjects.collect::<Vec<_>>(), expected);
}

/// Finds the item of an applicant, and the id of his record.
fn applicant(path: &Path) -> (Nid, String) {
    applicants(path).swap_remove(0)
}

fn applicants(path: &Path) -> Vec<(Nid, String)> {
    let store = Store::open(path).unwrap();
    let mut nids = Vec::new();
    abgleich::pst::ndb::Nodes::nodes(store.nodes(), Nid(0), &mut |node| {
        nids.extend((node.nid.kind() == NidKind::MESSAGE).then_some(node.nid));
        std::ops::ControlFlow::Continue(())
    })
    .unwrap();
    let record = PropertyName::text(OURS, "Record");
    let of = |nid: Nid| {
        let item = store.item(nid).unwrap();
        let own = item.class().unwrap() == "IPM.Contact";
        item.properties().text(record.clone()).unwrap().filter(|id| own && id.starts_with("B-"))
    };
    nids.into_iter().filter_map(|nid| Some((nid, of(nid)?))).collect()
}

/// MAPI texts end at a NUL, and some programs store theirs with it: class, name and address are the person's all the same.
#[test]
fn g08_a_contact_whose_texts_end_with_a_nul_is_linked_and_not_made_again() {
    let (theirs, folder) = (place(), place());
    ends_with(0, theirs.path(), &["sync", "--first-transfer"]);
    let (nid, record) = applicant(&theirs.path().join("demo.pst"));
    let store = Store::open(&theirs.path().join("demo.pst")).unwrap();
    let person = store.item(nid).unwrap();
    let mut properties = Properties::new();
    let keys: [PropertyKey; 3] =
        [property::GIVEN_NAME.into(), property::SURNAME.into(), EMAIL_1_ADDRESS.into()];
    for key in keys {
        let text = person.properties().text(key.clone()).unwrap().unwrap();
        properties.set(key, Value::String(text + "\0"));
    }
    properties.set(EMAIL_1_TYPE, Value::from("SMTP\0"));
    properties.set(property::COMPANY_NAME, Value::from("Chef\0Rest"));

    let (folder, path) = (folder.path(), folder.path().join("demo.pst"));
    let (mut file, made) =
        create(&path, &NewStore::german("Vorführung"), &Settings::default()).unwrap();
    let mut batch = Batch::begin(&mut file, FileTime(134_000_000_000_000_000)).unwrap();
    let contact = NewItem::of("IPM.Contact\0", properties);
    let item = batch.add_item(made.role(Role::Contacts).unwrap(), &contact).unwrap();
    batch.commit().unwrap();
    file.close().unwrap();
    if let Some(theirs) = exported(&path) {
        assert_eq!(theirs.unwrap().items.get("Contact"), Some(&1), "pffexport");
    }
    let shown = ends_with(0, folder, &["pst", "show", "demo.pst", &format!("{:#x}", item.0)]);
    assert!(shown.contains("Chef") && !shown.contains("Rest"), "{shown}");
    ends_with(0, folder, &["sync", "--first-transfer"]);
    let all = applicants(&path);
    assert_eq!(all.iter().filter(|(_, id)| *id == record).count(), 1);
    assert!(all.contains(&(item, record)), "the contact that was there is linked");
}

/// The person enters a mobile number in Outlook.
fn calls(path: &Path, item: Nid, number: &str) {
    let mut file = Writer::open(path, &Settings::default(), &|_| Ok(false)).unwrap();
    // Later than all that the sample holds, so that it is the newest.
    let mut batch = Batch::begin(&mut file, FileTime(140_000_000_000_000_000)).unwrap();
    let mut change = ItemChange::default();
    change.set.set(property::MOBILE_PHONE, Value::from(number));
    batch.change_item(item, &change).unwrap();
    batch.commit().unwrap();
    file.close().unwrap();
}

#[test]
fn an_edit_in_the_file_reaches_staffitpro_and_a_file_from_a_copy_stops_its_mailbox() {
    let folder = place();
    let (folder, path) = (folder.path(), folder.path().join("demo.pst"));
    ends_with(0, folder, &["sync", "--first-transfer"]);
    let (item, record) = applicant(&path);
    let copy = fs::read(&path).unwrap();

    calls(&path, item, "+49 151 7654321");
    ends_with(0, folder, &["sync"]);
    let shown = ends_with(0, folder, &["source", "show", "DHO", &record]);
    assert!(shown.contains("+49 151 7654321"), "{shown}");
    assert_eq!(check(&path).unwrap().findings(), []);

    // Rule D7: the file is put back from the copy, and somebody has to say that this is right.
    fs::write(&path, &copy).unwrap();
    let stopped = ends_with(3, folder, &["sync"]);
    assert!(stopped.contains("restored=1"), "{stopped}");
    assert!(fs::read(&path).unwrap() == copy, "nothing was written before the word");
    ends_with(0, folder, &["sync", "--allow", "restored=1"]);

    // A file that is away is not replaced by an empty one, whatever is asked.
    fs::rename(&path, folder.join("elsewhere.pst")).unwrap();
    let any =
        [&["plan"][..], &["sync"], &["check"], &["check", "--write-probe"], &["rebind", "DHO"]];
    for words in any {
        let output = run(folder, words);
        let said =
            String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(
            !output.status.success()
                && said.contains("is the path right? If it is, put the file back"),
            "{words:?} {said}"
        );
        assert!(!path.exists(), "{words:?}");
    }
    fs::rename(folder.join("elsewhere.pst"), &path).unwrap();
    ends_with(0, folder, &["sync"]);

    // The way that the message names leads to a new beginning.
    fs::remove_file(&path).unwrap();
    ends_with(0, folder, &["pst", "create", "demo.pst"]);
    ends_with(3, folder, &["sync"]);
    ends_with(0, folder, &["rebind", "DHO"]);
    ends_with(0, folder, &["check"]);
}

#[test]
fn a_trial_over_a_file_that_is_still_to_be_made_leaves_nothing_behind() {
    let folder = place();
    let (folder, path) = (folder.path(), folder.path().join("demo.pst"));
    let off = CONFIGURATION.replace("adapter = 'sqlite'", "adapter = 'sqlite'\nwrites = 'off'");
    fs::write(folder.join("abgleich.toml"), off).unwrap();
    ends_with(0, folder, &["check", "--write-probe"]);
    // The first transfer is asked for, and that is all: `sync` says the same each time.
    let first = ends_with(3, folder, &["sync"]);
    assert_eq!(ends_with(3, folder, &["sync"]), first);
    assert!(!path.exists(), "nothing is written with writes = off");

    fs::write(folder.join("abgleich.toml"), CONFIGURATION).unwrap();
    let checked = ends_with(0, folder, &["check", "--write-probe", "--json"]);
    assert!(checked.contains("no such file yet") && !path.exists(), "{checked}");
    ends_with(0, folder, &["sync", "--first-transfer"]);
    assert!(path.exists());
    ends_with(0, folder, &["sync"]);
}

/// Rule G9: the configuration cannot see that two spellings are one file, or two addresses one mailbox.
#[test]
fn a_file_behind_two_lines_is_the_first_ones_until_somebody_says_otherwise() {
    let folder = place();
    let (folder, path) = (folder.path(), folder.path().join("demo.pst"));
    fs::write(
        folder.join("abgleich.toml"),
        CONFIGURATION.to_owned() + "CSC = { pst = './demo.pst' }\n",
    )
    .unwrap();
    ends_with(0, folder, &["sync", "--first-transfer", "--mailbox", "DHO"]);
    let first = fs::read(&path).unwrap();
    for (code, command) in [(3, "sync"), (3, "plan"), (4, "check")] {
        let said = ends_with(code, folder, &[command, "--mailbox", "CSC"]);
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains("is that of the user DHO of staffitpro"), "{said}");
        assert!(command == "check" || said.contains("mailbox-taken"), "{said}");
    }
    assert!(fs::read(&path).unwrap() == first, "nothing was written");
    ends_with(0, folder, &["rebind", "CSC"]);
    ends_with(0, folder, &["plan", "--mailbox", "CSC", "--first-transfer"]);
    let said = ends_with(3, folder, &["sync", "--mailbox", "DHO"]);
    assert!(said.contains("mailbox-taken"), "{said}");
}
