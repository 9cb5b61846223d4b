//! A run of the engine over one mailbox, at a fixed moment.

use std::path::Path;

use abgleich::engine::clock::{Clock, SystemEntropy};
use abgleich::engine::report::{MailboxReport, Outcome};
use abgleich::engine::{Job, Options, sync_mailbox};
use abgleich::mailbox::Mailbox;
use abgleich::model::rules::Scopes;
use abgleich::model::{TenantName, UserId};
use abgleich::source::{Description, Source};
use abgleich::state::StateFolder;
use jiff::Timestamp;

/// The present of every run in a benchmark.
pub(crate) const NOW: Timestamp = Timestamp::constant(1_795_348_800, 0);

struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        NOW
    }
}

/// Runs one mailbox to its end; a benchmark of a run that stops measures nothing, so that is an error.
pub(crate) fn run(
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
        state: &StateFolder::new(folder),
        clock: &Fixed,
        entropy: &SystemEntropy,
    };
    let options = Options { first_transfer, ..Options::default() };
    let report = sync_mailbox(&job, &options, (source, description), mailbox, &|_| {}, None);
    assert_eq!(report.outcome, Outcome::Done, "{user}: {:?}", report.stopped);
    report
}
