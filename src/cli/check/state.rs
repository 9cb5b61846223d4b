//! Shell: the check of the state: whether this account can use it.

use std::error::Error as _;

use abgleich::config::Settings;
use abgleich::reason::Facts;
use abgleich::state::State;

use crate::cli::check::remark::Remark;
use crate::cli::check::stage::Stage;
use crate::cli::report::say;

/// Tries the state out and returns what is wrong with it.
pub(super) fn look(settings: &Settings) -> Option<Remark> {
    let error = State::try_out(&settings.state.folder).err()?;
    let (language, facts, code) = (settings.language, Facts::default(), error.code());
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    let text = format!("{} ({error}{cause})", say(language, code.said(), &facts));
    let next = code.next().map(|next| say(language, next, &facts));
    Some(Remark::error(Stage::State, (text, next)))
}
