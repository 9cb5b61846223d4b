//! Effect: connections to the state that stay open from run to run. Opening one and preparing its statements costs more than a look
//! at a mailbox in which nothing happened.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::{State, StateError};

/// The folder of the state, with the connections that nobody uses at present.
#[derive(Debug)]
pub struct StateFolder {
    path: PathBuf,
    idle: Mutex<Vec<State>>,
}

impl StateFolder {
    /// Names a folder. Nothing is opened or made.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), idle: Mutex::default() }
    }

    /// Returns where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns a connection that is not in use, or opens one.
    pub fn take(&self) -> Result<State, StateError> {
        loop {
            let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            match idle {
                // One to a file that was put away meanwhile is closed: the state is the one that lies there now.
                Some(state) if state.file.is_there(&state.path) => {
                    state.promised.set(false);
                    return Ok(state);
                }
                Some(_) => {}
                None => return State::open(&self.path),
            }
        }
    }

    /// Keeps a connection for whoever comes next. One in the midst of something is closed, which takes that back.
    pub fn give_back(&self, state: State) {
        if state.connection.is_autocommit() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(state);
        }
    }
}

/// Which file a path led to when it was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileMark(Option<(u64, u64)>);

impl FileMark {
    /// Looks at the file that a path leads to. Windows lets nobody put a file away that is open, so that there is nothing to look
    /// at.
    pub(super) fn of(path: &Path) -> Self {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            Self(std::fs::metadata(path).ok().map(|file| (file.dev(), file.ino())))
        }
        #[cfg(not(unix))]
        {
            let _ = path;
            Self(None)
        }
    }

    fn is_there(self, path: &Path) -> bool {
        self == Self::of(path)
    }
}

#[cfg(test)]
mod tests {
    use super::StateFolder;

    #[test]
    fn a_connection_is_used_again_and_one_in_the_midst_of_something_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let folder = StateFolder::new(folder.path());
        let first = folder.take().unwrap();
        first.connection.execute_batch("CREATE TEMP TABLE mine (id INTEGER)").unwrap();
        let is_first = |state: &crate::state::State| {
            state.connection.prepare("SELECT id FROM temp.mine").is_ok()
        };
        folder.give_back(first);
        let again = folder.take().unwrap();
        assert!(is_first(&again));
        let second = folder.take().unwrap();
        assert!(!is_first(&second), "one at a time");
        again.begin().unwrap();
        folder.give_back(again);
        assert!(!is_first(&folder.take().unwrap()));
    }

    /// Somebody puts the state away, or another in its place, while the program stays.
    #[cfg(unix)]
    #[test]
    fn the_state_is_the_file_that_lies_there() {
        use crate::model::{TenantName, UserId};
        use crate::state::{FILE_NAME, StateError};

        let place = tempfile::tempdir().unwrap();
        let folder = StateFolder::new(place.path());
        let (tenant, user) = (TenantName::from("t"), UserId::from("DHO"));
        let state = folder.take().unwrap();
        let added: Result<_, StateError> =
            state.durably(|state| state.add_mailbox(&tenant, &user, &"m".into(), "a"));
        added.unwrap();
        folder.give_back(state);
        std::fs::rename(place.path().join(FILE_NAME), place.path().join("away")).unwrap();
        for rest in ["-wal", "-shm"] {
            std::fs::remove_file(place.path().join(format!("{FILE_NAME}{rest}"))).unwrap();
        }
        assert!(folder.take().unwrap().mailbox(&tenant, &user).unwrap().is_none());
    }
}
