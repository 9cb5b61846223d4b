//! Shell: the check of the state: whether this account can use it.

use std::error::Error as _;

use abgleich::config::Settings;
use abgleich::reason::{Advice, Facts};
use abgleich::state::{State, StateError};

use crate::cli::check::remark::Remark;
use crate::cli::check::stage::Stage;
use crate::cli::report::say;

/// Tries the state out and returns what is wrong with it.
pub(super) fn look(settings: &Settings) -> Option<Remark> {
    let error = State::try_out(&settings.state.folder).err()?;
    let (language, facts, code) = (settings.language, Facts::default(), error.code());
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    let text = format!("{} ({error}{cause})", say(language, code.said(), &facts));
    Some(Remark::error(Stage::State, (text, next(&error))))
}

/// Returns what to do about an error of the state.
pub(super) fn next(error: &StateError) -> Option<Advice> {
    let facts = Facts::default();
    error.code().next().map(|next| Advice::naming(next.german(&facts), next.english(&facts)))
}
