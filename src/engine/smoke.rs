//! Tests: the engine end to end on the memory doubles, in its simplest form; the histories in `tests/` go further.

use std::path::Path;

use jiff::Timestamp;

use crate::engine::clock::{Clock, SystemEntropy};
use crate::engine::report::{MailboxReport, Outcome};
use crate::engine::{Job, Options, sync_mailbox};
use crate::mailbox::memory::MemoryMailbox;
use crate::model::rules::{ScopeSettings, Scopes};
use crate::model::{Field, Mode, Module, Scope, TenantName, UserId};
use crate::source::Source;
use crate::source::memory::{MemorySettings, MemorySource, NewRecord};

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
    let scopes = Scopes::new(|scope| {
        let mut settings = ScopeSettings::default_for(scope);
        settings.mode = mode;
        settings
    });
    let description = source.describe().unwrap();
    let clock = At(at("2026-11-22T12:00:00Z"));
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
        state_folder: folder,
        clock: &clock,
        entropy: &SystemEntropy,
    };
    let report = sync_mailbox(&job, options, (source, &description), mailbox, &|_| {}, &mut |_| {});
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
