//! Shell: which mailboxes a command is about.

use abgleich::config::{MailboxSettings, Settings};
use clap::Args;

use crate::cli::config::unknown_user;
use crate::failure::Failure;

#[derive(Args)]
pub(crate) struct Selection {
    /// Only this staffITpro user; may be given several times [default: every line of the configuration]
    #[arg(long, value_name = "USER")]
    mailbox: Vec<String>,
    /// Only the mailboxes of this group; may be given several times
    #[arg(long, value_name = "GROUP")]
    group: Vec<String>,
}

impl Selection {
    /// Says whether every line of the configuration is meant.
    pub(super) fn is_all(&self) -> bool {
        self.mailbox.is_empty() && self.group.is_empty()
    }

    /// Returns the mailboxes chosen, in the order of the configuration. A user or group that is not there is an error, so
    /// that a slip of the pen never looks like success.
    pub(super) fn of<'a>(
        &self,
        settings: &'a Settings,
    ) -> Result<Vec<&'a MailboxSettings>, Failure> {
        for user in &self.mailbox {
            if settings.mailbox(user).is_none() {
                return Err(unknown_user(settings, user));
            }
        }
        for group in &self.group {
            if !settings.mailboxes.iter().any(|mailbox| same(&mailbox.group, group)) {
                return Err(unknown_group(settings, group));
            }
        }
        let all = self.is_all();
        let wanted = |mailbox: &&MailboxSettings| {
            all || self.mailbox.iter().any(|user| same(mailbox.user.as_str(), user))
                || self.group.iter().any(|group| same(&mailbox.group, group))
        };
        let chosen: Vec<_> = settings.mailboxes.iter().filter(wanted).collect();
        if chosen.is_empty() {
            return Err(Failure::usage("the configuration has no mailbox yet").hint(
                "`abgleich users --toml` prints a line for each staffITpro user, to paste into it",
            ));
        }
        Ok(chosen)
    }
}

fn same(left: &str, right: &str) -> bool {
    left.to_lowercase() == right.to_lowercase()
}

fn unknown_group(settings: &Settings, group: &str) -> Failure {
    let mut known: Vec<_> =
        settings.mailboxes.iter().map(|mailbox| mailbox.group.as_str()).collect();
    known.dedup();
    Failure::usage(format!("no mailbox of the configuration is in the group {group}"))
        .hint(format!("groups with mailboxes are: {}", known.join(", ")))
}
