//! Shell: what is wrong, or probably not meant.

use abgleich::config::{MailboxSettings, Writes};
use abgleich::model::Mode;
use abgleich::reason::Advice;

use crate::cli::check::stage::Stage;
use crate::cli::check::words::Words;
use crate::cli::report::scope_name;
use crate::failure::Exit;

/// Something that is wrong, or probably not meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Remark {
    /// Whether a run would work all the same.
    pub(super) warning: bool,
    /// Where on the way it is.
    pub(super) stage: Stage,
    /// What it is.
    pub(super) text: String,
    /// What to do.
    pub(super) next: Option<Advice>,
    /// What a ticket says in place of the text, where that has words of somebody else, who may name anybody.
    pub(super) ticket: Option<String>,
}

impl Remark {
    /// Something without which a run cannot work.
    pub(super) fn error(stage: Stage, (text, next): (String, Option<impl Into<Advice>>)) -> Self {
        Self { warning: false, stage, text, next: next.map(Into::into), ticket: None }
    }

    /// Something that is probably not meant.
    pub(super) fn warning(stage: Stage, (text, next): (String, Option<impl Into<Advice>>)) -> Self {
        Self { warning: true, stage, text, next: next.map(Into::into), ticket: None }
    }

    /// Returns how a run would end because of it.
    pub(super) const fn exit(&self) -> Exit {
        match self.stage {
            _ if self.warning => Exit::Findings,
            Stage::Config | Stage::Plugin => Exit::Usage,
            Stage::State
            | Stage::Source
            | Stage::Dns
            | Stage::Network
            | Stage::Tls
            | Stage::Certificate => Exit::Down,
            Stage::User
            | Stage::Filter
            | Stage::Discovery
            | Stage::Schemes
            | Stage::Login
            | Stage::Binding
            | Stage::Version
            | Stage::Impersonation
            | Stage::Mailbox
            | Stage::Folder
            | Stage::Item
            | Stage::Probe
            | Stage::Streaming
            | Stage::Clock => Exit::MailboxFailed,
            Stage::Internal => Exit::Internal,
        }
    }
}

/// Looks at the settings of a mailbox for what is probably not meant.
pub(super) fn about_settings(mailbox: &MailboxSettings, words: Words) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let mut warn = |said| remarks.push(Remark::warning(Stage::Config, said));
    for scope in &mailbox.scopes {
        let turned = scope.mode == Mode::OutlookOverwritesStaffitpro;
        if turned && !scope.scope.may_write_staffitpro() {
            warn(words.moves_nothing(&scope_name(words.language, scope.scope)));
        }
    }
    if mailbox.scopes.iter().all(|scope| scope.mode == Mode::None) {
        warn(words.all_off(mailbox));
    }
    if mailbox.writes == Writes::Off {
        warn(words.writes_off(mailbox));
    }
    remarks
}
