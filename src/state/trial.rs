//! Effect: whether the state can be used, for `check`: found out without making a state, bringing one up to date, or leaving anything
//! behind.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use super::{FILE_NAME, State, StateError, migrations, refuse_network_share};

/// A file beside the state that is there for a moment.
const TRIAL: &str = "abgleich.trial";

/// How much room there has to be at least.
const ROOM: usize = 1 << 20;

impl State {
    /// Writes beside the state in a folder, and opens it. A folder that is not there yet is made by the first run. Returns whether
    /// a run would bring the state up to date first, after which earlier programs cannot read it.
    pub fn try_out(folder: &Path) -> Result<bool, StateError> {
        refuse_network_share(folder)?;
        if !folder.exists() {
            return Ok(false);
        }
        let file = folder.join(TRIAL);
        let written = write(&file);
        // What cannot be removed could not be made, or is written over by the next trial.
        let _ = fs::remove_file(&file);
        written.map_err(|error| StateError::File { path: file, error })?;
        let path = folder.join(FILE_NAME);
        if !path.exists() {
            return Ok(false);
        }
        let state = Self::opened(&path, |state| state.version().map(|_| ()))?;
        state.begin()?;
        state.abandon();
        Ok(state.version()? < migrations::MIGRATIONS.len())
    }
}

fn write(file: &Path) -> io::Result<()> {
    let mut file = File::create(file)?;
    file.write_all(&vec![0; ROOM])?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::{FILE_NAME, State};
    use crate::reason::Code;

    #[test]
    fn a_trial_makes_nothing_and_leaves_nothing_behind() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("state");
        State::try_out(&folder).unwrap();
        assert!(!folder.exists());
        std::fs::create_dir(&folder).unwrap();
        State::try_out(&folder).unwrap();
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
        drop(State::open(&folder).unwrap());
        let before = std::fs::read(folder.join(FILE_NAME)).unwrap();
        State::try_out(&folder).unwrap();
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
        assert_eq!(std::fs::read(folder.join(FILE_NAME)).unwrap(), before);
    }

    #[test]
    fn a_trial_finds_what_a_run_would_find() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        std::fs::write(&path, "these are somebody's notes".repeat(40)).unwrap();
        assert_eq!(State::try_out(folder.path()).unwrap_err().code(), Code::StateDamaged);
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert_eq!(State::try_out(folder.path()).unwrap_err().code(), Code::StateRights);
    }
}
