//! The libraries under test, built once by the cargo that runs this test, into the target folder of this test.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use abgleich::source::library::file_name;

/// Returns the folder in which the adapter libraries lie, beside the executable.
pub(crate) fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let executable = Path::new(env!("CARGO_BIN_EXE_abgleich"));
        let profile = executable.parent().unwrap();
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "-p", "abgleich-sqlite", "-p", "abgleich-faulty"]);
        cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
        cargo.arg("--target-dir").arg(profile.parent().unwrap());
        if profile.file_name().is_some_and(|name| name == "release") {
            cargo.arg("--release");
        }
        assert!(cargo.status().unwrap().success(), "the adapter libraries do not build");
        profile.to_path_buf()
    })
}

/// Returns the path of an adapter library.
pub(crate) fn library(name: &str) -> PathBuf {
    let path = folder().join(file_name(name));
    assert!(path.is_file(), "{} was not built", path.display());
    path
}
