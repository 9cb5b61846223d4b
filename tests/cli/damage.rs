//! `abgleich pst` over files of which a part is damaged: it is named, it hides nothing else, and it never looks as if it were absent.

use std::ops::ControlFlow;
use std::path::Path;

use abgleich::mapi::{FileTime, Properties, Value as MapiValue, property};
use abgleich::pst::messaging::Store;
use abgleich::pst::messaging::write::{Batch, NewFolder, NewItem};
use abgleich::pst::ndb::write::{Settings, Writer};
use abgleich::pst::ndb::{Ndb, Nodes as _, subnode};
use abgleich::pst::{Nid, NidKind};
use rusqlite::Connection;

use crate::office::Office;
use crate::program::Place;
use crate::pst::{configured, folder_of};

/// Bends a byte of the block that a node's data begin in, so that its checksum is wrong (MS-PST 2.2.2.8.1).
fn bend(whole: &Path, nid: Nid, into: &Path) {
    let ndb = Ndb::at(whole).unwrap();
    let node = ndb.node(nid).unwrap().unwrap();
    let at = ndb.block(node.data.unwrap()).unwrap().at();
    let mut bytes = std::fs::read(whole).unwrap();
    bytes[usize::try_from(at).unwrap()] ^= 1;
    std::fs::write(into, bytes).unwrap();
}

/// A file with a contact, a contact in a folder below, and a task; and which nodes these are.
struct Filled {
    top: Nid,
    contacts: Nid,
    below: Nid,
    contact: Nid,
}

fn filled(place: &Place) -> Filled {
    assert_eq!(place.run(&["pst", "create", "a.pst", "--language", "en"]).code, 0);
    let mut file =
        Writer::open(&place.path("a.pst"), &Settings::default(), &|_| Ok(false)).unwrap();
    let (contacts, tasks) =
        (folder_of(file.nodes(), "IPF.Contact"), folder_of(file.nodes(), "IPF.Task"));
    let top = Store::new(file.nodes()).top_folder().unwrap().nid();
    let mut batch = Batch::begin(&mut file, FileTime(134_000_000_000_000_000)).unwrap();
    let below = batch.create_folder(contacts, &NewFolder::new("Kunden", "IPF.Contact")).unwrap();
    let mut add = |folder, class: &str, subject: &str| {
        let mut properties = Properties::new();
        properties.set(property::SUBJECT.id, MapiValue::String(subject.to_owned()));
        batch.add_item(folder, &NewItem::of(class, properties)).unwrap()
    };
    let contact = add(contacts, "IPM.Contact", "Zwetschge");
    add(below, "IPM.Contact", "Mirabelle");
    add(tasks, "IPM.Task", "Aufgabe");
    batch.commit().unwrap();
    file.close().unwrap();
    Filled { top, contacts, below, contact }
}

/// What a folder is, the table of its items and that of the folders in it: whichever is damaged, the folder is named, and all that
/// is in other folders is listed, counted and exported. The folders in it are found by `nidParent` (MS-PST 2.2.2.7.7.4).
#[test]
fn a_damaged_folder_hides_no_other() {
    let place = Place::new();
    let Filled { top, contacts, below, .. } = filled(&place);
    let run = |words: &[&str]| place.run(&[&["pst"], words].concat());
    let id = |nid: Nid| format!("{:x}", nid.0);
    for (named, nid, left) in [
        (contacts, contacts, &["Mirabelle", "Aufgabe"][..]),
        (contacts, contacts.with(NidKind::CONTENTS), &["Mirabelle", "Aufgabe"]),
        (contacts, contacts.with(NidKind::HIERARCHY), &["Zwetschge", "Mirabelle", "Aufgabe"]),
        (top, top.with(NidKind::HIERARCHY), &["Zwetschge", "Mirabelle", "Aufgabe"]),
        (below, below, &["Zwetschge", "Aufgabe"]),
    ] {
        bend(&place.path("a.pst"), nid, &place.path("b.pst"));
        let list = run(&["ls", "b.pst"]);
        assert_eq!(list.code, 4, "{nid}: {list:?}");
        assert!(list.stderr.starts_with(&format!("{} ", id(named))), "{nid}: {list:?}");
        assert_eq!(list.stderr.matches(": cannot be read: damaged block").count(), 1, "{list:?}");
        for other in [contacts, below] {
            assert!(list.stdout.contains(&format!("{}  ", id(other))), "{nid}: {list:?}");
        }
        let tasks = run(&["ls", "b.pst", "Tasks"]);
        assert!(tasks.code == 0 && tasks.stdout.contains("Aufgabe"), "{nid}: {tasks:?}");
        let info = run(&["info", "b.pst"]);
        assert_eq!(info.code, 4, "{nid}: {info:?}");
        assert!(info.stdout.contains("1 folder, wholly or in part"), "{nid}: {info:?}");
        let counted = format!("{:>8}  IPM.Contact\n", left.len() - 1);
        assert!(info.stdout.contains(&counted), "{nid}: {info:?}");
        let export = run(&["export", "b.pst", "--format", "json"]);
        let said = format!("\ncannot be read: {}: damaged block", id(named));
        assert!(export.code == 4 && export.stderr.contains(&said), "{nid}: {export:?}");
        for item in ["Zwetschge", "Mirabelle", "Aufgabe"] {
            assert_eq!(export.stdout.contains(item), left.contains(&item), "{nid}: {export:?}");
        }
        // It is found one by one, as the others are.
        let checked = run(&["check", "b.pst"]);
        assert!(checked.stdout.contains(&format!("error folder {named}: ")), "{checked:?}");
    }
}

/// Issue 4: absent and unreadable never look alike, neither in the list nor in how the command ends.
#[test]
fn what_cannot_be_read_is_told_from_what_is_not_there() {
    let place = Place::new();
    let Filled { contacts, contact, .. } = filled(&place);
    let (contacts, name) = (contacts.0, format!("{:x}", contact.0));
    let run = |words: &[&str]| place.run(&[&["pst"], words].concat());
    bend(&place.path("a.pst"), contact, &place.path("b.pst"));
    let list = run(&["ls", "b.pst", "Contacts"]);
    assert_eq!(list.code, 4, "{list:?}");
    assert!(list.stdout.trim_end().ends_with("IPM.Contact       ?"), "{list:?}");
    assert!(
        list.stderr.starts_with(&format!("{contacts:x}.{name}: cannot be read: damaged block")),
        "{list:?}"
    );
    let json = run(&["ls", "b.pst", "Contacts", "--json", "--language", "de"]);
    let rows: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((json.code, &rows["items"][0]["name"]), (4, &serde_json::Value::Null), "{json:?}");
    let problem = rows["items"][0]["problem"].as_str().unwrap();
    assert!(problem.starts_with("damaged block"), "{problem}");
    let whole = run(&["ls", "a.pst", "Contacts", "--json"]);
    let rows: serde_json::Value = serde_json::from_str(&whole.stdout).unwrap();
    assert_eq!((whole.code, &rows["items"][0]["name"]), (0, &serde_json::json!("Zwetschge")));
    assert!(rows["items"][0].get("problem").is_none(), "{rows}");

    // Ids are taken as `export` prints them as well, and what to do next is said in the reader's language.
    let shown = run(&["show", "b.pst", &format!("{contacts:x}.{name}"), "--language", "de"]);
    assert!(shown.code == 4 && shown.stderr.contains("`--properties` zeigt"), "{shown:?}");
    let shown = run(&["show", "a.pst", &format!("{contacts:x}.{name}")]);
    assert!(shown.code == 0 && shown.stdout.contains("contact"), "{shown:?}");
    let missing = run(&["show", "a.pst", "4711", "--language", "de"]);
    assert!(missing.stderr.contains("listet die Elemente"), "{missing:?}");

    // A folder whose name cannot be read may be the one that is wanted.
    bend(&place.path("a.pst"), Nid(contacts), &place.path("b.pst"));
    let wanted = run(&["ls", "b.pst", "Contacts"]);
    assert_eq!(wanted.code, 4, "{wanted:?}");
    assert!(wanted.stderr.contains(&format!("whose names cannot: {contacts:x}")), "{wanted:?}");
    assert_eq!(run(&["ls", "a.pst", "Kontakte"]).code, 2);
}

/// Rule D20, invariant 3: an item of which a value is damaged is written by no run. Each says so, the finding stays the first one,
/// and all others are counted. The log has the item and the place in the file.
#[test]
fn an_item_that_cannot_be_written_is_found_once_and_counted_once() {
    let office = Office::of_one();
    let place = &office.place;
    configured(place, "c.pst", "");
    let database = Connection::open(place.path("demo.db")).unwrap();
    let edit = |set: &str| database.execute(&format!("UPDATE contact SET {set}"), []).unwrap();
    // Longer than what a heap takes (MS-PST 2.3.3.3): each has a subnode of its own.
    edit("notes = hex(zeroblob(3000))");
    assert_eq!(place.run(&["sync", "--first-transfer"]).code, 0);
    let (_, quiet) = office.json(&["sync"]);
    let path = place.path("c.pst");
    let ndb = Ndb::at(&path).unwrap();
    let contacts: Vec<_> = Store::new(&ndb)
        .folder(folder_of(&ndb, "IPF.Contact"))
        .unwrap()
        .items()
        .unwrap()
        .iter()
        .map(|listed| ndb.node(listed.nid).unwrap().unwrap())
        .collect();
    let mut notes = None;
    subnode::each(&ndb, contacts[0].sub, &mut |below| {
        notes = notes.or_else(|| below.data.filter(|_| below.nid.kind() == NidKind::VALUE));
        Ok(ControlFlow::Continue(()))
    })
    .unwrap();
    let block = notes.expect("the notes are a subnode");
    // A value of one is damaged, and another as a whole.
    let places = [block, contacts[1].data.unwrap()].map(|bid| ndb.block(bid).unwrap().at());
    drop(ndb);
    let mut bytes = std::fs::read(&path).unwrap();
    for at in places {
        bytes[usize::try_from(at).unwrap()] ^= 1;
    }
    std::fs::write(&path, bytes).unwrap();
    edit("business_city = 'Görlitz'");
    let found = |report: &serde_json::Value| -> Vec<(String, serde_json::Value)> {
        let findings = report["mailboxes"][0]["findings"].as_array().unwrap();
        let unread = findings.iter().filter(|finding| finding["code"] == "item-unreadable");
        unread
            .map(|it| (it["record"].as_str().unwrap().to_owned(), it["first_seen"].clone()))
            .collect()
    };
    let (_, first) = office.json(&["sync"]);
    assert_eq!(found(&first).len(), 2, "{first:#}");
    for _ in 0..2 {
        let (code, again) = office.json(&["sync"]);
        assert_eq!((code, found(&again)), (0, found(&first)), "{again:#}");
        let findings = again["mailboxes"][0]["findings"].as_array().unwrap();
        assert!(findings.iter().all(|finding| finding["new"] == false), "{again:#}");
        let all = quiet["totals"]["unchanged"].as_u64().unwrap();
        assert_eq!(again["totals"]["unchanged"], all - 2, "{again:#}");
    }
    let log = place.run(&["-v", "sync"]).stderr;
    let lines: Vec<_> = log.lines().filter(|line| line.contains("offset 0x")).collect();
    for item in &contacts[..2] {
        let named = format!("item=\"{:x}.{:x}\"", item.parent.0, item.nid.0);
        assert_eq!(lines.iter().filter(|line| line.contains(&named)).count(), 1, "{named}: {log}");
    }
}

/// Rule D20: where a run names `pst repair`, that command makes a copy that is whole; where it cannot, it is not named.
#[test]
fn a_run_names_what_helps_against_its_damage() {
    let office = Office::of_one();
    let place = &office.place;
    configured(place, "a.pst", "");
    assert_eq!(place.run(&["pst", "create", "a.pst"]).code, 0);
    let whole = std::fs::read(place.path("a.pst")).unwrap();
    let tree = Ndb::at(&place.path("a.pst")).unwrap().node_tree().root.at;
    let bent = |at: u64| {
        let mut bytes = whole.clone();
        bytes[usize::try_from(at).unwrap()] ^= 1;
        bytes
    };
    // MS-PST 2.2.2.6: the first allocation map lies at 0x4400; the header's first sector has a checksum of its own at 4.
    for (bytes, hint, mends) in [
        (bent(0x4400 + 100), "`abgleich pst repair FILE INTO` makes", true),
        (bent(524), "`abgleich pst repair FILE INTO` makes", true),
        (bent(tree), "a copy from before", false),
        (bent(100), "take the file from a backup", false),
        (b"Dear Sir".to_vec(), "is the path right?", false),
        (Vec::new(), "is the path right?", false),
    ] {
        std::fs::write(place.path("a.pst"), bytes).unwrap();
        let ended = place.run(&["sync", "--first-transfer"]);
        let said = ended.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(ended.code == 4 && said.contains(hint), "{hint}: {ended:?}");
        assert_eq!(said.contains("pst repair"), mends, "{hint}: {ended:?}");
        let checked = place.run(&["pst", "check", "a.pst"]).stdout;
        let skipped = "names, folders and items were not looked at";
        assert_eq!(checked.contains(skipped), hint == "a copy from before", "{hint}: {checked}");
        let repaired = place.run(&["pst", "repair", "a.pst", "b.pst"]);
        assert_eq!(repaired.code == 0, mends, "{hint}: {repaired:?}");
        let _ = std::fs::remove_file(place.path("b.pst"));
    }
}
