//! A PST file is put back from a copy, and goes on: its ids are given a second time.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use abgleich::mapi::{FileTime, Guid, Properties, PropertyName, Value, property};
use abgleich::pst::Nid;
use abgleich::pst::check::check;
use abgleich::pst::messaging::Store;
use abgleich::pst::messaging::write::{Batch, ItemChange, NewFolder, NewItem};
use abgleich::pst::ndb::Ndb;
use abgleich::pst::ndb::write::{Settings, Writer};

use crate::document;
use crate::place::{PEOPLE, Place};

/// The property set of the stamp (`src/mailbox/pst/stamp.rs` never changes it).
const OURS: Guid =
    Guid::new(0x8c1f_3b52, 0x64d7, 0x4e0a, [0x9b, 0x1e, 0x2f, 0x7c, 0x55, 0xa0, 0xd3, 0xe6]);
/// Records that come into the user's filter late.
const LATE: [&str; 2] = ["B-010000", "B-010001"];

/// A file with all of a user's records but the late ones, with a copy beside it.
fn with_copy() -> (Place, [&'static str; 5]) {
    let place = Place::sample();
    let (user, _) = PEOPLE[0];
    in_file(&place, "");
    for record in LATE {
        let away = "DELETE FROM membership WHERE record = ?1 AND user = ?2";
        assert_eq!(place.database().execute(away, [record, user]).unwrap(), 1);
    }
    place.run(&["sync", "--mailbox", user, "--first-transfer"]).expect(0);
    fs::copy(place.path("a.pst"), place.path("copy.pst")).unwrap();
    (place, ["sync", "--mailbox", user, "--json", "--full"])
}

/// Has the user's mailbox in the file, with more in its line.
fn in_file(place: &Place, more: &str) {
    let (user, address) = PEOPLE[0];
    place.configure(|text| {
        let (from, to) =
            (format!("{user} = '{address}'"), format!("{user} = {{ pst = 'a.pst'{more} }}"));
        *text = text.replace(&from, &to);
    });
}

/// The copy is put back after the first of the late records has come.
fn put_back(place: &Place, sync: &[&str]) {
    comes(place, LATE[0]);
    place.run(sync).expect(0);
    assert_eq!(stamped(&place.path("a.pst"), LATE[0]).len(), 1);
    fs::copy(place.path("copy.pst"), place.path("a.pst")).unwrap();
}

fn comes(place: &Place, record: &str) {
    let add = "INSERT INTO membership (module, user, record) VALUES ('applicants', ?1, ?2)";
    place.database().execute(add, [PEOPLE[0].0, record]).unwrap();
}

/// The contacts with the stamp of a record, each with the name of its folder.
fn stamped(path: &Path, record: &str) -> Vec<(String, Nid)> {
    let stamp = PropertyName::text(OURS, "Record");
    let store = Store::open(path).unwrap();
    let mut found = Vec::new();
    for folder in contacts(path) {
        let folder = store.folder(folder).unwrap();
        for listed in folder.items().unwrap() {
            let item = store.item(listed.nid).unwrap();
            if item.properties().text(stamp.clone()).unwrap().as_deref() == Some(record) {
                found.push((folder.name().unwrap(), listed.nid));
            }
        }
    }
    found
}

/// The folders for contacts, the default one first.
fn contacts(path: &Path) -> Vec<Nid> {
    let store = Store::open(path).unwrap();
    let top = store.top_folder().unwrap().nid();
    let folders = store.folders_below(top).unwrap().into_iter().map(|found| found.nid);
    let class = |nid| store.folder(nid).unwrap().class().unwrap();
    folders.filter(|nid| class(*nid).as_deref() == Some("IPF.Contact")).collect()
}

/// Somebody changes the file a minute from now.
fn by_somebody<T>(path: &Path, work: impl FnOnce(&mut Batch<'_>) -> T) -> T {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() + 60;
    let now = FileTime::from_1970(i64::try_from(since).unwrap(), 0).unwrap();
    let mut file = Writer::open(path, &Settings::default(), &|_| Ok(false)).unwrap();
    let mut batch = Batch::begin(&mut file, now).unwrap();
    let done = work(&mut batch);
    batch.commit().unwrap();
    file.close().unwrap();
    done
}

/// Somebody makes a contact; another installation puts its stamp on it.
fn stranger(path: &Path, tenant: Option<&str>) -> Nid {
    let folder = contacts(path)[0];
    let mut properties = Properties::new();
    for (tag, text) in [
        (property::GIVEN_NAME, "Fremde"),
        (property::SURNAME, "Person"),
        (property::COMPANY_NAME, "Fremdfirma"),
        (property::SUBJECT, "Fremde Person"),
    ] {
        properties.set(tag, Value::from(text));
    }
    if let Some(tenant) = tenant {
        for (name, value) in
            [("Tenant", tenant), ("User", "XYZ"), ("Record", "B-999999"), ("Token", "")]
        {
            properties.set(PropertyName::text(OURS, name), Value::from(value));
        }
    }
    by_somebody(path, |batch| {
        batch.add_item(folder, &NewItem::of("IPM.Contact", properties)).unwrap()
    })
}

/// Rules D3 and D15: an item that got the id of one that was lost is not the record's, whatever id it has.
#[test]
fn d3_an_item_with_an_id_that_was_given_before_is_nobodys() {
    for tenant in [None, Some("another")] {
        let (place, sync) = with_copy();
        put_back(&place, &sync);
        let path = place.path("a.pst");
        let nid = stranger(&path, tenant);
        let told =
            "SELECT given_name || ' ' || surname || ' ' || company FROM contact WHERE id = ?1";
        let company = |place: &Place| -> Option<String> {
            place.database().query_row(told, [LATE[0]], |row| row.get(0)).unwrap()
        };
        let before = company(&place);
        place.run(&sync).expect(3).says(&["brake-restored"]);
        let word = ["--allow", "restored=1"];
        for (run, more) in [("first", &word[..]), ("second", &[]), ("third", &[])] {
            document::read(&place.run(&[&sync[..], more].concat()).expect(0));
            assert_eq!(company(&place), before, "{run}: {tenant:?}");
            let store = Store::open(&path).unwrap();
            let subject = store.item(nid).unwrap().subject().unwrap();
            assert_eq!(subject.as_deref(), Some("Fremde Person"), "{run}: {tenant:?}");
            assert!(stamped(&path, LATE[0]).is_empty(), "{run}: {tenant:?}");
        }
        assert_eq!(check(&path).unwrap().errors(), 0);
    }
}

/// Rule D7: a program that works in the file that was put back moves the header's counter past where it was. The count of our own
/// transactions tells all the same, before what an item held formerly is taken for a person's edit.
#[test]
fn d7_a_file_that_was_put_back_is_noticed_whoever_worked_in_it_since() {
    let (place, sync) = with_copy();
    let sync = &sync[..4];
    let (path, record) = (place.path("a.pst"), "B-010003");
    let position = |place: &Place| -> String {
        let told = "SELECT job_title FROM contact WHERE id = ?1";
        place.database().query_row(told, [record], |row| row.get(0)).unwrap()
    };
    let before = position(&place);
    let change = "UPDATE contact SET job_title = 'Leiterin' WHERE id = ?1";
    assert_eq!(place.database().execute(change, [record]).unwrap(), 1);
    place.run(sync).expect(0);
    let unique = || Ndb::at(&path).unwrap().header().unique;
    let then = unique();
    fs::copy(place.path("copy.pst"), &path).unwrap();
    assert!(unique() < then);
    let (_, item) = stamped(&path, record)[0];
    while unique() <= then {
        let mut edit = ItemChange::default();
        edit.set.set(property::COMPANY_NAME, Value::from("Neue Firma"));
        by_somebody(&path, |batch| batch.change_item(item, &edit).unwrap());
        stranger(&path, None);
    }
    for _ in 0..2 {
        place.run(sync).expect(3).says(&["brake-restored"]);
        assert_eq!(position(&place), "Leiterin");
    }
    // The word says that the file is right, and with it what stands in it.
    place.run(&[sync, &["--allow", "restored=1"]].concat()).expect(0);
    assert_eq!(position(&place), before);
    document::wrote_nothing(&document::read(&place.run(sync).expect(0)));
    assert_eq!(check(&path).unwrap().errors(), 0);
}

/// Rule D7: after the word the mailbox goes on, also where a new item gets the id of one that was lost.
#[test]
fn d7_a_file_that_was_put_back_goes_on() {
    let (place, sync) = with_copy();
    put_back(&place, &sync);
    let path = place.path("a.pst");
    place.run(&sync).expect(3).says(&["brake-restored"]);
    comes(&place, LATE[1]);
    let ended = place.run(&[&sync[..], &["--allow", "restored=1"]].concat()).expect(0);
    assert_eq!(document::read(&ended)["totals"]["created"], 1);
    assert_eq!(stamped(&path, LATE[1]).len(), 1);
    let ended = place.run(&sync).expect(0);
    document::wrote_nothing(&document::read(&ended));
    assert_eq!(check(&path).unwrap().findings(), []);
}

/// Rule D7: a folder that got the id of one that was lost is not the one that the line names.
#[test]
fn d7_a_folder_with_an_id_that_was_given_before_is_nobodys() {
    let (place, sync) = with_copy();
    let path = place.path("a.pst");
    // Without `--full`, which looks for every folder anyway.
    let sync = &sync[..4];
    in_file(&place, ", applicants = { contacts = { mode = 'sync', folder = 'Bewerber' } }");
    put_back(&place, sync);
    let theirs = by_somebody(&path, |batch| {
        let private = NewFolder::new("Privat", "IPF.Contact");
        batch.create_folder(contacts(&path)[0], &private).unwrap()
    });
    place.run(sync).expect(3).says(&["brake-restored"]);
    comes(&place, LATE[1]);
    place.run(&[sync, &["--allow", "restored=1"]].concat()).expect(0);
    let names: Vec<String> = stamped(&path, LATE[1]).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["Bewerber"]);
    let store = Store::open(&path).unwrap();
    assert_eq!(store.folder(theirs).unwrap().items().unwrap().len(), 0);
}
