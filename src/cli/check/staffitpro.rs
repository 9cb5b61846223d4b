//! Shell: the staffITpro side of the check: the adapter, the database, its users and the filter.

use std::collections::BTreeSet;

use abgleich::config::{MailboxSettings, Settings};
use abgleich::model::{Mode, Module, RecordId, TenantName};
use abgleich::source::plugin::PluginSource;
use abgleich::source::{Description, Members, Source as _, SourceError, SourceErrorKind, User};
use jiff::Timestamp;

use crate::cli::check::outlook::{TOLERATED, seconds_between};
use crate::cli::check::remark::Remark;
use crate::cli::check::stage::Stage;
use crate::cli::check::words::Words;
use crate::cli::open;
use crate::failure::{Exit, Failure};

/// What was seen of one source.
pub(super) struct Side {
    source: Option<PluginSource>,
    /// What the source says of itself.
    pub(super) described: Option<Description>,
    /// The staffITpro users.
    pub(super) users: Vec<User>,
    /// By how much its clock is ahead of ours, in seconds.
    pub(super) clock: Option<i64>,
    /// What is to be said.
    pub(super) remarks: Vec<Remark>,
}

impl Side {
    /// Opens a source and asks it what it is and whom it knows.
    pub(super) fn look(settings: &Settings, name: &TenantName, words: Words) -> Self {
        let mut side = Self {
            source: None,
            described: None,
            users: Vec::new(),
            clock: None,
            remarks: Vec::new(),
        };
        match open::source(settings, name) {
            Ok(source) => side.ask(name, source, words),
            Err(failure) => side.remarks.push(of_failure(&failure)),
        }
        side
    }

    fn ask(&mut self, name: &TenantName, source: PluginSource, words: Words) {
        match source.describe() {
            Ok(described) => {
                if !described.assigns {
                    self.remarks.push(Remark::error(Stage::Plugin, words.no_owners()));
                }
                self.clock = described.clock.map(|clock| seconds_between(Timestamp::now(), clock));
                if let Some(seconds) = self.clock.filter(|seconds| seconds.abs() > TOLERATED) {
                    let said = words.clock(name.as_str(), seconds);
                    self.remarks.push(Remark::warning(Stage::Clock, said));
                }
                self.described = Some(described);
            }
            Err(error) => self.remarks.push(of_error(&error, "describe")),
        }
        match source.users() {
            Ok(users) => self.users = users,
            Err(error) => self.remarks.push(of_error(&error, "users")),
        }
        self.source = Some(source);
    }

    /// Finds the person of a mailbox among the users.
    pub(super) fn user(
        &self,
        mailbox: &MailboxSettings,
        words: Words,
        remarks: &mut Vec<Remark>,
    ) -> Option<&User> {
        if self.users.is_empty() {
            // Said once for the source, not for every mailbox.
            return None;
        }
        let user = self.users.iter().find(|user| user.id == mailbox.user);
        match user {
            None => {
                remarks.push(Remark::error(Stage::User, words.no_such_user(mailbox.user.as_str())));
            }
            Some(user) if !user.active => {
                remarks.push(Remark::error(Stage::User, words.inactive(mailbox.user.as_str())));
            }
            Some(_) => {}
        }
        user
    }

    /// Returns what is in the filter of a module for a user; `None` where it cannot be told.
    pub(super) fn members(
        &self,
        mailbox: &MailboxSettings,
        module: Module,
    ) -> Option<BTreeSet<RecordId>> {
        let source = self.source.as_ref()?;
        let (mut all, mut page) = (BTreeSet::new(), None);
        loop {
            match source.members(&mailbox.user, module, None, page.as_ref()) {
                Ok(Members::Page { ids, next, .. }) => {
                    let fresh = ids.into_iter().filter(|id| all.insert(id.clone())).count();
                    page = next;
                    // A source that begins anew for ever would keep the check from ending.
                    if page.is_none() || fresh == 0 {
                        return Some(all);
                    }
                }
                Ok(Members::Unchanged) | Err(_) => return None,
            }
        }
    }

    /// Looks whether anything is in the filter of the modules that have one and are switched on (rule G2).
    pub(super) fn look_at_filter(
        &self,
        mailbox: &MailboxSettings,
        words: Words,
        remarks: &mut Vec<Remark>,
    ) {
        let Some(source) = &self.source else { return };
        for module in Module::ALL.into_iter().filter(|module| module.has_filter()) {
            let on =
                mailbox.scopes.iter().any(|s| s.scope.module == module && s.mode != Mode::None);
            if !on {
                continue;
            }
            match source.members(&mailbox.user, module, None, None) {
                Ok(Members::Page { ids, .. }) if ids.is_empty() => {
                    remarks.push(Remark::warning(Stage::Filter, words.empty_filter(module)));
                }
                Ok(_) => {}
                Err(error) => {
                    let remark = of_error(&error, "members");
                    remarks.push(Remark { stage: Stage::Filter, ..remark });
                }
            }
        }
    }
}

fn of_error(error: &SourceError, method: &str) -> Remark {
    let stage = match error.kind {
        SourceErrorKind::Transient(_) | SourceErrorKind::Unreachable => Stage::Source,
        SourceErrorKind::Denied | SourceErrorKind::Unsupported | SourceErrorKind::Broken => {
            Stage::Plugin
        }
    };
    let ticket = Some(in_a_ticket(error, method));
    Remark { ticket, ..Remark::error(stage, (error.text.clone(), error.hint.clone())) }
}

fn of_failure(failure: &Failure) -> Remark {
    let stage = if failure.kind == Exit::Down { Stage::Source } else { Stage::Plugin };
    let error = failure.error.downcast_ref::<SourceError>();
    let ticket = error.map(|error| in_a_ticket(error, "open"));
    // An error of the source has its own advice or none; that of the shell would be to run `abgleich check`.
    let advice = match error {
        Some(error) => error.hint.clone(),
        None => failure.advice(),
    };
    Remark { ticket, ..Remark::error(stage, (failure.told(), advice)) }
}

/// An adapter may put anything into its words: a path, a person's name.
fn in_a_ticket(error: &SourceError, method: &str) -> String {
    let kind = match error.kind {
        SourceErrorKind::Transient(_) => "busy",
        SourceErrorKind::Unreachable => "unreachable",
        SourceErrorKind::Denied => "denied",
        SourceErrorKind::Unsupported => "unsupported",
        SourceErrorKind::Broken => "broken",
    };
    format!("the source fails when it is asked for `{method}` ({kind})")
}
