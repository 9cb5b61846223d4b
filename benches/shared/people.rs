//! Invented persons and activities for benchmarks, and the settings of a run over them.

use std::path::Path;

use abgleich::engine::clock::{Clock, SystemEntropy};
use abgleich::engine::report::{MailboxReport, Outcome};
use abgleich::engine::{Job, Options, sync_mailbox};
use abgleich::mailbox::Mailbox;
use abgleich::model::rules::{PastDays, ScopeSettings, Scopes};
use abgleich::model::{
    Content, Field, ItemKind, Mode, Module, Scope, Shape, TenantName, UserId, Value,
};
use abgleich::source::memory::{MemorySource, NewRecord};
use abgleich::source::{Description, Source};
use jiff::Timestamp;
use jiff::civil::date;

/// The present of every run in a benchmark.
pub const NOW: Timestamp = Timestamp::constant(1_795_348_800, 0);

/// How many fields of a contact [`full_contact`] fills.
pub const FIELDS: usize = 40;

struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        NOW
    }
}

/// Fills the first forty fields of a contact.
pub fn full_contact(number: usize) -> Content {
    let mut content = Content::new();
    let wanted = Field::of(ItemKind::Contact)
        .filter(|field| !matches!(field, Field::Email4 | Field::Sensitivity | Field::Categories));
    for field in wanted.take(FIELDS) {
        let key = field.key();
        match field.shape() {
            Shape::Phone => content.set_text(field, format!("+49 911 {:07}", number * 10)),
            Shape::Email => content.set_text(field, format!("{key}.{number}@firma.example")),
            Shape::Date => content.set(field, Value::Date(date(1980, 5, 17))),
            _ => content.set_text(field, format!("{key} Grünäcker {number}")),
        }
    }
    content
}

/// Puts a contact with a name and an address into the source, and into the user's filter.
pub fn add_contact(source: &MemorySource, user: &str, module: Module, number: usize) {
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
pub fn add_activity(source: &MemorySource, user: &str, module: Module, number: usize) {
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
pub fn all_in_sync() -> Scopes {
    Scopes::new(|scope| {
        let mut settings = ScopeSettings::default_for(scope);
        settings.mode = Mode::Sync;
        settings.past_days = PastDays::All;
        settings
    })
}

/// Returns settings in which only the contacts of applicants move.
pub fn applicants_only() -> Scopes {
    Scopes::new(|scope| {
        let mut settings = ScopeSettings::default_for(scope);
        if scope == Scope::ALL[0] {
            settings.mode = Mode::Sync;
        }
        settings
    })
}

/// Runs one mailbox to its end; a benchmark of a run that stops measures nothing, so that is an error.
pub fn run(
    folder: &Path,
    scopes: &Scopes,
    user: &str,
    (source, description): (&dyn Source, &Description),
    mailbox: &mut dyn Mailbox,
    first_transfer: bool,
) -> MailboxReport {
    let (tenant, user) = (TenantName::from("staffitpro"), UserId::from(user));
    let address = format!("{user}@firma.example");
    let job = Job {
        tenant: &tenant,
        user: &user,
        address: &address,
        scopes,
        writes_outlook: true,
        writes_staffitpro: true,
        zone: "Europe/Berlin",
        german: true,
        state_folder: folder,
        clock: &Fixed,
        entropy: &SystemEntropy,
    };
    let options = Options { first_transfer, ..Options::default() };
    let report =
        sync_mailbox(&job, &options, (source, description), mailbox, &|_| {}, &mut |_| {});
    assert_eq!(report.outcome, Outcome::Done, "{user}: {:?}", report.stopped);
    report
}
