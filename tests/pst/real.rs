//! Real files: folders named in `ABGLEICH_PST_FILES`, by default the one beside the repository.

use std::path::{Path, PathBuf};

/// Returns the Unicode PST files of at most so many bytes that the product may write.
pub(crate) fn writable(longest: u64) -> Vec<(String, Vec<u8>)> {
    // Version 23; one file of the collection is damaged on purpose.
    let mut files = all(longest);
    files.retain(|(name, bytes)| bytes[8..11] == *b"SM\x17" && !name.contains("AddingBulk"));
    files
}

/// Returns all files of at most so many bytes with their names, or says that the test is skipped.
pub(crate) fn all(longest: u64) -> Vec<(String, Vec<u8>)> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/pst/files");
    let folders: Vec<PathBuf> = std::env::var_os("ABGLEICH_PST_FILES")
        .map_or_else(|| vec![default], |names| std::env::split_paths(&names).collect());
    let mut files: Vec<PathBuf> = folders
        .iter()
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flat_map(|entries| entries.map(|entry| entry.unwrap().path()))
        .filter(|path| path.extension().is_some_and(|kind| kind == "pst" || kind == "ost"))
        .filter(|path| path.metadata().unwrap().len() <= longest)
        .collect();
    files.sort();
    if files.is_empty() {
        println!(
            "SKIPPED: there are no PST files in {folders:?}; ABGLEICH_PST_FILES names a folder"
        );
    }
    let read = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, std::fs::read(path).unwrap())
    };
    files.iter().map(read).collect()
}
