//! The SQLite adapter, which lies beside the program.

use std::path::PathBuf;
use std::process::Command;

use abgleich::source::library::file_name;

/// Has the cargo that runs this benchmark put the adapter beside the program.
pub(crate) fn build() {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_abgleich"));
    let folder = program.parent().expect("a program lies in a folder");
    let profile = if folder.ends_with("debug") { "dev" } else { "release" };
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--profile", profile, "-p", "abgleich-sqlite", "--target-dir"])
        .arg(folder.parent().expect("the profile lies in the target folder"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status();
    assert!(status.is_ok_and(|status| status.success()), "the adapter does not build");
    assert!(folder.join(file_name("sqlite")).is_file(), "the adapter was not built");
}
