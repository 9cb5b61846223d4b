//! Shell: a line of the configuration as the engine takes it.

use abgleich::config::{Language, MailboxSettings, Settings, Writes};
use abgleich::engine::Job;
use abgleich::engine::clock::{SystemClock, SystemEntropy};
use abgleich::state::StateFolder;

/// Builds the job of a mailbox. Switching off the writes of the source, the group or the line switches off both sides: a
/// run that writes on one side only would not report what it would do.
pub(in crate::cli) fn job<'a>(
    settings: &'a Settings,
    mailbox: &'a MailboxSettings,
    state: &'a StateFolder,
    address: &'a str,
) -> Job<'a> {
    Job {
        tenant: &mailbox.source,
        user: &mailbox.user,
        address,
        scopes: &mailbox.scopes,
        writes_outlook: mailbox.writes == Writes::On,
        writes_staffitpro: mailbox.writes == Writes::On,
        zone: mailbox.zone.name(),
        german: settings.language == Language::German,
        state,
        clock: &SystemClock,
        entropy: &SystemEntropy,
    }
}
