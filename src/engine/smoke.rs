//! Tests: the engine end to end on the memory doubles, in its simplest form; the histories in `tests/` go further.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use crate::engine::clock::{Clock, SystemEntropy};
use crate::engine::report::{MailboxReport, Outcome};
use crate::engine::{Job, Options, sync_mailbox};
use crate::mailbox::Mailbox as _;
use crate::mailbox::contract::sample;
use crate::mailbox::memory::MemoryMailbox;
use crate::mailbox::memory::store::default_folder;
use crate::model::rules::{ScopeSettings, Scopes};
use crate::model::{Field, ItemKind, Mode, Module, Scope, TenantName, UserId};
use crate::reason::Code;
use crate::source::Source;
use crate::source::memory::{MemorySettings, MemorySource, NewRecord};
use crate::state::StateFolder;

/// When all runs take place.
const NOW: &str = "2026-11-22T12:00:00Z";

struct At(Timestamp);

impl Clock for At {
    fn now(&self) -> Timestamp {
        self.0
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn run(
    folder: &Path,
    source: &MemorySource,
    mailbox: &mut MemoryMailbox,
    mode: Mode,
    options: &Options,
) -> MailboxReport {
    run_at(at(NOW), folder, source, mailbox, (mode, options))
}

/// Runs at another time.
pub(super) fn run_at(
    now: Timestamp,
    folder: &Path,
    source: &MemorySource,
    mailbox: &mut MemoryMailbox,
    (mode, options): (Mode, &Options),
) -> MailboxReport {
    let scopes = Scopes::new(|scope| {
        let mut settings = ScopeSettings::default_for(scope);
        settings.mode = mode;
        settings
    });
    let description = source.describe().unwrap();
    let clock = At(now);
    let (tenant, user) = (TenantName::from("staffitpro"), UserId::from("DHO"));
    let job = Job {
        tenant: &tenant,
        user: &user,
        address: "d.hoffmann@firma.example",
        scopes: &scopes,
        writes_outlook: true,
        writes_staffitpro: true,
        zone: "Europe/Berlin",
        german: true,
        state: &StateFolder::new(folder),
        clock: &clock,
        entropy: &SystemEntropy,
    };
    let report = sync_mailbox(&job, options, (source, &description), mailbox, &|_| {}, None);
    assert!(matches!(report.outcome, Outcome::Done | Outcome::Waits), "{:?}", report.stopped);
    report
}

fn people() -> MemorySource {
    let source = MemorySource::new(MemorySettings::default());
    source.add_user("DHO", "Dora Hoffmann", "d.hoffmann@firma.example");
    for (number, (given, surname)) in
        [("Anna", "Müller"), ("Bernd", "Schäfer"), ("Çelik", "Öztürk")].into_iter().enumerate()
    {
        let id = format!("BEW-{number}");
        let email = format!("{}@firma.example", given.to_lowercase());
        source.insert(NewRecord::contact(
            &id,
            Module::Applicants,
            at("2026-11-20T10:00:00Z"),
            &[(Field::GivenName, given), (Field::Surname, surname), (Field::Email1, &email)],
        ));
        source.put_member("DHO", &id, true);
    }
    source
}

#[test]
fn first_transfer_creates_then_nothing_then_edits_travel_both_ways() {
    let folder = tempfile::tempdir().unwrap();
    let source = people();
    let mut mailbox = MemoryMailbox::new();
    let first = Options { first_transfer: true, ..Options::default() };
    let scope = Scope::ALL[0];
    let waits = run(folder.path(), &source, &mut mailbox, Mode::Sync, &Options::default());
    assert_eq!(waits.scopes[&scope].waiting, 3, "D2: {:?}", waits.scopes[&scope]);
    assert_eq!(waits.outcome, Outcome::Waits, "D2: `sync` says which command moves them");
    let report = run(folder.path(), &source, &mut mailbox, Mode::Sync, &first);
    assert_eq!(report.scopes[&scope].created, 3, "{:?}", report.scopes[&scope]);
    let report = run(folder.path(), &source, &mut mailbox, Mode::Sync, &Options::default());
    assert_eq!(report.totals().writes(), 0, "invariant 4: {:?}", report.scopes[&scope]);
    assert_eq!(report.scopes[&scope].unchanged, 3);

    let item = mailbox.with(|store| store.item_of("BEW-0")).unwrap();
    mailbox.with(|store| {
        store.person_types(&item, Field::JobTitle, "Leiterin", at("2026-11-22T11:00:00Z"))
    });
    let mut change = crate::model::Content::new();
    change.set_text(Field::Company, "Öztürk GmbH");
    source.edit("BEW-2", "DHO", at("2026-11-22T11:30:00Z"), &change);
    let report = run(folder.path(), &source, &mut mailbox, Mode::Sync, &Options::default());
    assert_eq!(report.scopes[&scope].updated_staffitpro, 1, "{:?}", report.scopes[&scope]);
    assert_eq!(report.scopes[&scope].updated_outlook, 1);
    assert_eq!(source.record("BEW-0").unwrap().content.text(Field::JobTitle), Some("Leiterin"));
    let item = mailbox.with(|store| store.item_of("BEW-2")).unwrap();
    let company = mailbox.with(|store| {
        store.item(&item).unwrap().content.text(Field::Company).map(ToOwned::to_owned)
    });
    assert_eq!(company.as_deref(), Some("Öztürk GmbH"));
    let report = run(folder.path(), &source, &mut mailbox, Mode::Sync, &Options::default());
    assert_eq!(report.totals().writes(), 0, "invariant 6: {:?}", report.scopes[&scope]);
}

#[test]
fn d9_a_record_that_is_confidential_by_its_sensitivity_keeps_flowing() {
    let folder = tempfile::tempdir().unwrap();
    let source = people();
    let mut confidential = crate::model::Content::new();
    confidential.set_text(Field::Sensitivity, "confidential");
    source.edit("BEW-1", "DHO", at("2026-11-20T11:00:00Z"), &confidential);
    let mut mailbox = MemoryMailbox::new();
    let first = Options { first_transfer: true, ..Options::default() };
    run(folder.path(), &source, &mut mailbox, Mode::Sync, &first);
    let mut change = crate::model::Content::new();
    change.set_text(Field::Company, "Schäfer & Söhne");
    source.edit("BEW-1", "DHO", at("2026-11-22T11:30:00Z"), &change);
    let report = run(folder.path(), &source, &mut mailbox, Mode::Sync, &Options::default());
    assert_eq!(report.totals().updated_outlook, 1, "{:?}", report.scopes);
    assert_eq!(report.totals().skipped, 0);
}

/// Lets both sides change one field of one pair, the mailbox's clock being some minutes ahead; the person types in Outlook at
/// `typed` by that clock, staffITpro's edit is of 11:30:10. Returns the report and what both sides hold then.
fn both_change(ahead: SignedDuration, typed: &str) -> (MailboxReport, [Option<String>; 2]) {
    let folder = tempfile::tempdir().unwrap();
    let source = people();
    let mut mailbox = MemoryMailbox::new();
    // The items are from before, since times that run backwards stop a run (rule D7).
    mailbox.with(|store| store.now = at("2026-11-22T09:00:00Z"));
    let first = Options { first_transfer: true, ..Options::default() };
    run(folder.path(), &source, &mut mailbox, Mode::Sync, &first);
    mailbox.with(|store| store.now = at(NOW) + ahead);
    let item = mailbox.with(|store| store.item_of("BEW-0")).unwrap();
    mailbox.with(|store| store.person_types(&item, Field::JobTitle, "von Outlook", at(typed)));
    let mut change = crate::model::Content::new();
    change.set_text(Field::JobTitle, "von staffITpro");
    source.edit("BEW-0", "DHO", at("2026-11-22T11:30:10Z"), &change);
    let report = run(folder.path(), &source, &mut mailbox, Mode::Sync, &Options::default());
    let record = source.record("BEW-0").unwrap().content;
    let item = mailbox.with(|store| store.item(&item).unwrap().content.clone());
    let titles = [record, item].map(|side| side.text(Field::JobTitle).map(ToOwned::to_owned));
    (report, titles)
}

#[test]
fn d1_a_clock_that_is_a_minute_ahead_is_corrected_and_the_really_newer_one_wins() {
    let ahead = SignedDuration::from_mins(1);
    let both = |title: &str| [Some(title.to_owned()), Some(title.to_owned())];
    // 11:30:50 by the clock of the mailbox was 11:29:50.
    let (report, titles) = both_change(ahead, "2026-11-22T11:30:50Z");
    assert_eq!(titles, both("von staffITpro"), "{:?}", report.stopped);
    let (report, titles) = both_change(ahead, "2026-11-22T11:31:30Z");
    assert_eq!(titles, both("von Outlook"), "{:?}", report.findings);
    // Behind, the same: 11:29:20 by its clock was 11:30:20.
    let (report, titles) = both_change(-ahead, "2026-11-22T11:29:20Z");
    assert_eq!(titles, both("von Outlook"), "{:?}", report.findings);
}

#[test]
fn d1_a_clock_that_is_ten_minutes_ahead_decides_nothing() {
    let (report, titles) = both_change(SignedDuration::from_mins(10), "2026-11-22T11:55:00Z");
    let apart = ["von staffITpro", "von Outlook"].map(|title| Some(title.to_owned()));
    assert_eq!(titles, apart, "neither is overwritten");
    let codes: Vec<_> = report.findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [Code::ConflictClock]);
    assert_eq!((report.totals().held, report.totals().writes()), (1, 0));
}

/// Somebody makes a contact and throws it away, all between two runs.
#[test]
fn quirk_25_the_deletion_of_an_item_that_was_never_seen_is_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let source = people();
    let mut mailbox = MemoryMailbox::new();
    let first = Options { first_transfer: true, ..Options::default() };
    run(folder.path(), &source, &mut mailbox, Mode::Sync, &first);
    let (home, kind) = (default_folder(ItemKind::Contact), ItemKind::Contact);
    let cursor = mailbox.changes(&home, kind, None).unwrap().cursor;
    let noon = at("2026-11-22T11:00:00Z");
    let id = mailbox.with(|store| {
        let id = store.person_creates(kind, sample::full(kind), noon);
        store.person_purges(&id);
        id
    });
    let page = mailbox.changes(&home, kind, Some(&cursor)).unwrap();
    assert!(page.changed.is_empty() && page.removed == [id], "the feed tells of nothing else");
    let report = run(folder.path(), &source, &mut mailbox, Mode::Sync, &Options::default());
    assert_eq!((report.outcome, report.totals().writes()), (Outcome::Done, 0));
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    assert_eq!(report.totals().unchanged, 3, "{:?}", report.scopes);
}
