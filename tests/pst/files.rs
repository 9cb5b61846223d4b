//! The files that the tests read.

use std::path::{Path, PathBuf};
use std::{env, fs};

/// Returns all PST and OST files of the folders, sorted by name; says so where there are none.
pub(crate) fn files() -> Vec<PathBuf> {
    let named = env::var_os("ABGLEICH_PST_FILES");
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/pst/files");
    let folders: Vec<PathBuf> =
        named.map_or_else(|| vec![beside()], |named| env::split_paths(&named).collect());
    let mut files: Vec<PathBuf> = folders
        .iter()
        .filter_map(|folder| fs::read_dir(folder).ok())
        .flatten()
        .map(|entry| entry.expect("an entry of the folder").path())
        .filter(|path| path.extension().is_some_and(|end| end == "pst" || end == "ost"))
        .collect();
    files.sort();
    if files.is_empty() {
        println!("SKIPPED: there are no PST files in {folders:?} (ABGLEICH_PST_FILES)");
    }
    files
}

/// Returns the file of a name; says so where it is not in any of the folders.
pub(crate) fn named(wanted: &str) -> Option<PathBuf> {
    let found = files().into_iter().find(|path| name(path) == wanted);
    if found.is_none() {
        println!("SKIPPED: there is no {wanted} in the folders of ABGLEICH_PST_FILES");
    }
    found
}

/// Returns the name of a file.
pub(crate) fn name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}
