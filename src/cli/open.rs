//! Shell: opens what the configuration names: sources behind adapters, mailboxes on servers.

mod access;
mod concern;
mod discovered;
mod job;
mod server;
mod source;

use abgleich::config::{MailboxSettings, Settings};

use crate::cli::config::unknown_user;
use crate::failure::Failure;

pub(super) use concern::{Concern, Told};
pub(super) use job::job;
pub(super) use server::{Servers, Usage, act_as, file};
pub(super) use source::{failed, source};

/// Finds the line of the configuration that is about a user.
pub(super) fn mailbox_of<'a>(
    settings: &'a Settings,
    user: &str,
) -> Result<&'a MailboxSettings, Failure> {
    settings.mailbox(user).ok_or_else(|| unknown_user(settings, user))
}
