//! Round trips, counted on the server's own log: those that moving N changes takes at least, and one look back for each batch
//! that was written.

use std::collections::BTreeMap;

use exchange_sim::named_string;
use staffitpro_sample::{Options, create};

use crate::document::{self, counts, mailbox};
use crate::place::{PEOPLE, Place, STAMP};

/// How many items one request carries at the beginning of a run.
const BATCH: u64 = 100;
/// How many changes one page of `SyncFolderItems` carries.
const PAGE: u64 = 512;

/// Folders that are read: contacts, calendar and tasks.
const FOLDERS: u64 = 3;

/// A place with so many contacts in one mailbox, each with a name of its own.
fn contacts(records: u32) -> Place {
    Place::with(|file| {
        let mut options = Options::of(records, 1, 2026);
        (options.outside, options.activities) = (0, 0);
        create(file, &options).expect("the sample is made");
        let database = rusqlite::Connection::open(file).expect("the sample opens");
        let distinct = "UPDATE contact SET surname = surname || ' ' || rowid";
        database.execute(distinct, []).expect("the names can be changed");
    })
}

/// Runs the program over the one mailbox, and returns the requests that it took and the counts of the scopes.
fn run(place: &Place, options: &[&str], count: &str) -> (BTreeMap<String, u64>, Vec<u64>) {
    place.server.clear_log();
    let words: Vec<&str> =
        ["sync", "--json", "--mailbox", "DHO"].iter().chain(options).copied().collect();
    let report = document::read(&place.run(&words).expect(0));
    let mut calls = BTreeMap::new();
    for entry in place.server.log() {
        *calls.entry(entry.operation).or_insert(0) += 1;
    }
    (calls, counts(mailbox(&report, "DHO"), count).into_values().collect())
}

/// The requests that a run is to take.
fn wanted(calls: &[(&str, u64)]) -> BTreeMap<String, u64> {
    calls.iter().map(|(name, calls)| ((*name).to_owned(), *calls)).collect()
}

/// Requests for so many items in each scope.
fn batches(scopes: &[u64]) -> u64 {
    scopes.iter().map(|items| items.div_ceil(BATCH)).sum()
}

/// Invariant 13.
#[test]
fn i13_round_trips_are_the_fewest_and_one_look_back_for_each_written_batch() {
    let place = contacts(230);
    let (calls, created) = run(&place, &["--first-transfer"], "created");
    let all: u64 = created.iter().sum();
    assert!(all == 230 && created.len() == 2, "{created:?}");
    // The first time the folders are listed, and each kind is searched for stamps.
    let once = [("GetFolder", 1), ("FindFolder", 1), ("FindItem", FOLDERS)];
    let push = [
        ("CreateItem", batches(&created)),
        ("GetItem", batches(&created)),
        // Each folder once before, and the one that was written to once for the echoes.
        ("SyncFolderItems", FOLDERS + all.div_ceil(PAGE)),
    ];
    assert_eq!(calls, wanted(&[&once[..], &push[..]].concat()), "first push of {created:?}");

    // Every record changes, what shown names are made of as well. What is overwritten is read once before, for the journal (rule
    // D12), and its names come along.
    let people = "UPDATE contact SET business_city = 'Görlitz', surname = 'von ' || surname,
                      email_1 = 'neu.' || rowid || '@kunde.example'";
    place.database().execute(people, []).unwrap();
    let (calls, updated) = run(&place, &[], "updated_outlook");
    assert_eq!(updated.iter().sum::<u64>(), all, "{updated:?}");
    let update = [
        ("GetFolder", 1),
        ("SyncFolderItems", FOLDERS + all.div_ceil(PAGE)),
        ("UpdateItem", batches(&updated)),
        ("GetItem", 2 * batches(&updated)),
    ];
    assert_eq!(calls, wanted(&update), "update of {updated:?}");
    let outlook = place.server.outlook(PEOPLE[0].1);
    let items = outlook.items("contacts").expect("the folder");
    let follows = |name: &str| items.iter().all(|item| item.text(name).unwrap().contains("von "));
    assert!(follows("contacts:DisplayName") && follows("contacts:FileAs"));

    // Items of applicants change, fewer than would hold the brake (rule D7): all are read in one request, and nothing is written
    // to Outlook.
    let stamp = named_string(STAMP, "Record");
    let applicants =
        items.iter().filter(|item| item.text(&stamp).is_some_and(|r| r.starts_with('B')));
    for (number, item) in applicants.take(40).enumerate() {
        let phone = format!("+49 30 {number:06}");
        outlook.edit(&item.id, &[("contacts:PhoneNumber/MobilePhone", Some(&phone))]).unwrap();
    }
    let (calls, flowed) = run(&place, &[], "updated_staffitpro");
    assert!(flowed.iter().sum::<u64>() > 0, "{flowed:?}");
    let pull = [("GetFolder", 1), ("SyncFolderItems", FOLDERS), ("GetItem", 1)];
    assert_eq!(calls, wanted(&pull), "pull of 40");

    // Nothing changes.
    let (calls, _) = run(&place, &[], "updated_outlook");
    assert_eq!(calls, wanted(&[("GetFolder", 1), ("SyncFolderItems", FOLDERS)]), "a quiet run");
}

/// Invariant 13: more than one page of changes, and deletions.
#[test]
fn i13_pages_of_changes_and_batches_of_deletions_are_the_fewest() {
    let place = contacts(600);
    let leave = |config: &mut String| {
        let (from, to) = ("contacts = 'sync'", "contacts = { mode = 'sync', on_leave = 'delete' }");
        *config = config.replace(from, to);
    };
    place.configure(leave);
    let (calls, created) = run(&place, &["--first-transfer"], "created");
    let all: u64 = created.iter().sum();
    assert!(all == 600 && all.div_ceil(PAGE) == 2, "{created:?}");
    assert_eq!(calls["SyncFolderItems"], FOLDERS + 2, "the echoes have two pages: {calls:?}");

    // Records leave the filter, whose items are deleted: each is read when that is decided, since nobody may have edited it (rule D6),
    // and once before, for the journal (rule D12).
    let left = "DELETE FROM membership WHERE user = 'DHO' AND record IN
                    (SELECT record FROM membership WHERE user = 'DHO' ORDER BY record LIMIT 120)";
    place.database().execute(left, []).unwrap();
    let (calls, deleted) = run(&place, &["--allow", "deleted=120"], "deleted_outlook");
    assert_eq!(deleted.iter().sum::<u64>(), 120, "{deleted:?}");
    let delete = [
        ("GetFolder", 1),
        ("SyncFolderItems", FOLDERS + 1),
        ("GetItem", 2 * batches(&deleted)),
        ("DeleteItem", batches(&deleted)),
    ];
    assert_eq!(calls, wanted(&delete), "deletion of {deleted:?}");
}

#[test]
fn batches_grow_while_all_goes_well() {
    // Up to 200 items, as far as they fit into a mebibyte.
    let place = contacts(800);
    let (calls, created) = run(&place, &["--first-transfer"], "created");
    assert_eq!(created.iter().sum::<u64>(), 800, "{created:?}");
    let requests = calls["CreateItem"];
    assert!(requests < batches(&created), "{requests} for {created:?}");
    assert_eq!(calls["GetItem"], requests, "one look back for each");
}
