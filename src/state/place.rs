//! Effect: the folder of the state: made so that nobody but its account can look into it, and rid of copies that are older than
//! the journal may be.

use std::fs::{self, DirBuilder};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use super::{FILE_NAME, State};

/// Makes the folder where there is none. On Unix only its owner may enter it; elsewhere it has the rights of the folder above.
pub(super) fn make(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Says whether others than the owner may read a file or enter a folder. On systems where rights are no three digits nobody
/// is known to.
pub fn is_open_to_others(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::metadata(path).is_ok_and(|found| {
            // Whoever may enter a folder opens what is in it by its name, without being able to list it.
            let rights = if found.is_dir() { 0o055 } else { 0o044 };
            found.permissions().mode() & rights != 0
        })
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

impl State {
    /// Removes the copies that were made before a new version of this program changed the state, where they are older than what
    /// the journal keeps: they hold its old values. What cannot be removed is tried again by the next run.
    pub fn forget_copies(&self, from: Timestamp) {
        let Some(folder) = self.path.parent() else { return };
        let from = u64::try_from(from.as_second()).map(Duration::from_secs);
        let Ok(from) = from.map(|from| SystemTime::UNIX_EPOCH + from) else { return };
        let Ok(entries) = fs::read_dir(folder) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let version = name.to_str().and_then(|name| {
                name.strip_prefix(FILE_NAME)?.strip_prefix(".v")?.strip_suffix(".bak")
            });
            if version.is_none_or(|version| version.parse::<u32>().is_err()) {
                continue;
            }
            let made = entry.metadata().and_then(|found| found.modified());
            if made.is_ok_and(|made| made < from) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::time::{Duration, SystemTime};

    use jiff::Timestamp;

    use crate::state::State;

    /// Copies hold the journal of their day: `journal_days` is about them as well.
    #[test]
    fn copies_of_earlier_versions_go_with_the_journal() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::open(folder.path()).unwrap();
        let day = |days: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(86_400 * days);
        for (name, made) in [
            ("abgleich.state.v3.bak", day(100)),
            ("abgleich.state.v4.bak", day(102)),
            ("abgleich.state.mine.bak", day(100)),
            ("notes.v3.bak", day(100)),
        ] {
            let file = File::create(folder.path().join(name)).unwrap();
            file.set_modified(made).unwrap();
        }
        state.forget_copies(Timestamp::from_second(86_400 * 101).unwrap());
        let is_there = |name: &str| folder.path().join(name).exists();
        assert!(!is_there("abgleich.state.v3.bak"));
        assert!(is_there("abgleich.state.v4.bak") && is_there("abgleich.state"));
        assert!(is_there("abgleich.state.mine.bak") && is_there("notes.v3.bak"));
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_look_into_a_new_state() {
        use std::fs;
        use std::os::unix::fs::PermissionsExt as _;

        let above = tempfile::tempdir().unwrap();
        let folder = above.path().join("state");
        drop(State::open(&folder).unwrap());
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        assert!(!super::is_open_to_others(&folder));
        for mode in [0o755, 0o711] {
            fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
            assert!(super::is_open_to_others(&folder), "{mode:o}");
        }
    }
}
