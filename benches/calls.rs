//! How many calls a run makes, counted on the doubles: a settled run over few and over many items, many quiet mailboxes, and
//! a first push. Counts do not depend on the machine, so each of them is asserted.
//!
//! `cargo bench --bench calls` counts up to 100,000 items; with `-- small` it stops at 2,000.

#![allow(
    clippy::cast_precision_loss,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a benchmark fails by panicking, and its figures are rounded anyway"
)]

#[path = "shared/run.rs"]
mod engine;

use std::path::Path;

use abgleich::engine::report::MailboxReport;
use abgleich::mailbox::memory::MemoryMailbox;
use abgleich::mailbox::memory::fault::Call;
use abgleich::mailbox::memory::store::Store;
use abgleich::model::rules::{PastDays, ScopeSettings, Scopes};
use abgleich::model::{Field, ItemKind, Mode, Module, Value};
use abgleich::source::Source;
use abgleich::source::memory::{MemorySettings, MemorySource, NewRecord};
use jiff::civil::date;

use engine::NOW;

/// Folders of a mailbox in which all kinds move: contacts, calendar, tasks.
const FOLDERS: usize = 3;
/// All calls of the source's seam.
const METHODS: [&str; 8] =
    ["describe", "users", "list", "changes", "fetch", "activities", "members", "update"];
const CALLS: [Call; 7] =
    [Call::Open, Call::Folder, Call::Changes, Call::Identify, Call::Fetch, Call::Find, Call::Apply];

fn main() {
    let small = std::env::args().any(|argument| argument == "small");
    for items in [100, if small { 2_000 } else { 100_000 }] {
        one_mailbox(items);
    }
    quiet_mailboxes(if small { 20 } else { 200 });
}

/// A first push of so many items of all kinds and modules, then a run in which nothing changed.
fn one_mailbox(items: usize) {
    let source = MemorySource::new(MemorySettings::default());
    source.add_user("DHO", "Dora Hoffmann", "d.hoffmann@firma.example");
    fill(&source, "DHO", items);
    let mailbox = MemoryMailbox::new();
    // Pages as long as Exchange's: at most 512 changes.
    mailbox.with(|store| store.page = 512);
    let folder = tempfile::tempdir().expect("a folder can be made");

    let report = run(&source, &mailbox, "DHO", folder.path(), true);
    assert_eq!(report.totals().created, items as u64, "{:?}", report.totals());
    let (writes, applied) = mailbox.with(|store| (store.writes(), store.calls(Call::Apply)));
    assert_eq!(writes, items);
    println!("{items} items, first push: {writes} creates in {applied} batches");
    // A batch is cut once per kind and switch, where its last page is not full.
    let (full, switches) = (items.div_ceil(50), 9 + 7);
    assert!((full..=full + switches).contains(&applied), "{applied} batches");

    let before = source_calls(&source);
    mailbox.with(Store::forget_calls);
    let report = run(&source, &mailbox, "DHO", folder.path(), false);
    assert_eq!(report.totals().writes(), 0, "a settled run writes: {:?}", report.totals());
    assert_eq!(report.totals().unchanged, items as u64);
    let mailbox_calls = count(&mailbox);
    let source_calls = difference(&before, &source_calls(&source));
    print(&format!("{items} items, settled run"), &mailbox_calls, &source_calls);
    settled(1, &mailbox_calls, &source_calls);
}

/// Quiet mailboxes, one run each: so many times what one takes, and no more.
fn quiet_mailboxes(mailboxes: usize) {
    let source = MemorySource::new(MemorySettings::default());
    let folder = tempfile::tempdir().expect("a folder can be made");
    let users: Vec<String> = (0..mailboxes).map(|number| format!("U{number:03}")).collect();
    let mut doubles = Vec::new();
    for user in &users {
        source.add_user(user, user, &format!("{user}@firma.example"));
        fill(&source, user, 20);
        doubles.push(MemoryMailbox::named(user));
    }
    for (user, mailbox) in users.iter().zip(&doubles) {
        run(&source, mailbox, user, folder.path(), true);
        mailbox.with(Store::forget_calls);
    }
    let before = source_calls(&source);
    for (user, mailbox) in users.iter().zip(&doubles) {
        let report = run(&source, mailbox, user, folder.path(), false);
        assert_eq!(report.totals().writes(), 0);
        assert_eq!(report.totals().unchanged, 20);
    }
    let mut sum = vec![0; CALLS.len()];
    for mailbox in &doubles {
        for (sum, (_, calls)) in sum.iter_mut().zip(count(mailbox)) {
            *sum += calls;
        }
    }
    let mailbox_calls: Vec<_> = CALLS.into_iter().zip(sum).collect();
    let source_calls = difference(&before, &source_calls(&source));
    print(&format!("{mailboxes} quiet mailboxes"), &mailbox_calls, &source_calls);
    settled(mailboxes, &mailbox_calls, &source_calls);
}

/// Holds the counts of settled runs against the promise: per mailbox one look at each folder, one at the mailbox itself, and
/// of the source the filter (two modules have one) and the changes (seven modules). Asking for a folder is free: where the
/// default folders are is known from opening the mailbox.
fn settled(mailboxes: usize, mailbox: &[(Call, usize)], source: &[(&'static str, u64)]) {
    for (call, calls) in mailbox {
        let wanted = match call {
            Call::Open => mailboxes,
            Call::Changes => FOLDERS * mailboxes,
            Call::Folder => continue,
            _ => 0,
        };
        assert_eq!(*calls, wanted, "{call:?} in {mailboxes} settled runs");
    }
    for (method, calls) in source {
        let wanted = match *method {
            "members" => 2 * mailboxes,
            "changes" => 7 * mailboxes,
            _ => 0,
        };
        assert_eq!(*calls, wanted as u64, "{method} in {mailboxes} settled runs");
    }
}

/// Four of five are contacts in the two modules that have them, the others activities of all seven modules.
fn fill(source: &MemorySource, user: &str, items: usize) {
    let contacts = items * 4 / 5;
    for number in 0..contacts {
        let business = number % 8 == 7;
        let module = if business { Module::BusinessContacts } else { Module::Applicants };
        add_contact(source, user, module, number);
    }
    for number in contacts..items {
        let filtered = number.is_multiple_of(7);
        let module = if filtered { Module::Applicants } else { Module::ALL[2 + number % 5] };
        add_activity(source, user, module, number);
    }
}

fn run(
    source: &MemorySource,
    mailbox: &MemoryMailbox,
    user: &str,
    folder: &Path,
    first_transfer: bool,
) -> MailboxReport {
    // What the source is, is asked once for all mailboxes.
    let description = source.describe().expect("the double answers");
    let mut mailbox = mailbox.clone();
    engine::run(folder, &all_in_sync(), user, (source, &description), &mut mailbox, first_transfer)
}

fn count(mailbox: &MemoryMailbox) -> Vec<(Call, usize)> {
    mailbox.with(|store| CALLS.into_iter().map(|call| (call, store.calls(call))).collect())
}

fn source_calls(source: &MemorySource) -> Vec<(&'static str, u64)> {
    METHODS.into_iter().map(|method| (method, source.calls(method))).collect()
}

fn difference(
    before: &[(&'static str, u64)],
    after: &[(&'static str, u64)],
) -> Vec<(&'static str, u64)> {
    before
        .iter()
        .zip(after)
        .filter(|((method, _), _)| *method != "describe")
        .map(|((method, before), (_, after))| (*method, after - before))
        .collect()
}

fn print(what: &str, mailbox: &[(Call, usize)], source: &[(&'static str, u64)]) {
    let mailbox: Vec<_> = mailbox
        .iter()
        .filter(|(_, calls)| *calls > 0)
        .map(|(call, calls)| format!("{call:?} {calls}"))
        .collect();
    let source: Vec<_> = source
        .iter()
        .filter(|(_, calls)| *calls > 0)
        .map(|(method, calls)| format!("{method} {calls}"))
        .collect();
    println!("{what}: mailbox: {}; source: {}", mailbox.join(", "), source.join(", "));
}

/// Puts a contact with a name and an address into the source, and into the user's filter.
fn add_contact(source: &MemorySource, user: &str, module: Module, number: usize) {
    let id = format!("{user}-C{number}");
    let email = format!("person.{number}.{user}@firma.example");
    source.insert(NewRecord::contact(
        &id,
        module,
        NOW,
        &[
            (Field::GivenName, "Jörg"),
            (Field::Surname, &format!("Grünäcker {number} {user}")),
            (Field::Email1, &email),
        ],
    ));
    source.put_member(user, &id, true);
}

/// Puts an appointment or a task into the source.
fn add_activity(source: &MemorySource, user: &str, module: Module, number: usize) {
    let id = format!("{user}-A{number}");
    let subject = format!("Gespräch {number} {user}");
    let kind = if number.is_multiple_of(2) { ItemKind::Appointment } else { ItemKind::Task };
    let texts = [(Field::Subject, subject.as_str())];
    let mut record = NewRecord::activity(&id, kind, module, user, NOW, &texts);
    let day = date(2026, 12, 1);
    if kind == ItemKind::Appointment {
        record.content.set(Field::AllDay, Value::Flag(true));
        record.content.set(Field::Start, Value::Date(day));
        record.content.set(Field::End, Value::Date(day));
    } else {
        record.content.set(Field::Due, Value::Date(day));
    }
    // The first contacts of a user are in the module that has a filter.
    source.insert(if module.has_filter() { record.of(&format!("{user}-C0")) } else { record });
}

/// Returns settings with every switch in `sync`.
fn all_in_sync() -> Scopes {
    Scopes::new(|scope| {
        let mut settings = ScopeSettings::default_for(scope);
        settings.mode = Mode::Sync;
        settings.past_days = PastDays::All;
        settings
    })
}
