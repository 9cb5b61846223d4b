//! Shell: the check of the state: whether this account can use it.

use std::error::Error as _;

use abgleich::config::Settings;
use abgleich::reason::{Advice, Facts};
use abgleich::state::{State, StateError, is_open_to_others};

use crate::cli::check::remark::Remark;
use crate::cli::check::stage::Stage;
use crate::cli::check::words::Words;
use crate::cli::report::say;

/// Tries the state out and returns what is to be said of it.
pub(super) fn look(settings: &Settings, words: Words) -> Option<Remark> {
    let error = match State::try_out(&settings.state.folder) {
        Ok(is_older) => return is_older.then(|| Remark::warning(Stage::State, words.old_state())),
        Err(error) => error,
    };
    let (language, facts, code) = (settings.language, Facts::default(), error.code());
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    let text = format!("{} ({error}{cause})", say(language, code.said(), &facts));
    Some(Remark::error(Stage::State, (text, next(&error))))
}

/// Warns of what others on this machine can read and should not: the state, and files with secrets.
pub(super) fn open_to_others(settings: &Settings, words: Words) -> Vec<Remark> {
    let state =
        is_open_to_others(&settings.state.folder).then(|| words.open_state(&settings.state.folder));
    let files = settings.secret_files().into_iter().filter(|file| is_open_to_others(file));
    let secrets = files.map(|file| words.open_secret(file));
    state.into_iter().chain(secrets).map(|said| Remark::warning(Stage::State, said)).collect()
}

/// Returns what to do about an error of the state.
pub(super) fn next(error: &StateError) -> Option<Advice> {
    let facts = Facts::default();
    error.code().next().map(|next| Advice::naming(next.german(&facts), next.english(&facts)))
}
