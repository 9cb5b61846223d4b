//! The binary in a folder of its own.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A folder in which the program is started.
pub(crate) struct Place {
    folder: TempDir,
    env: BTreeMap<String, String>,
}

/// What a run of the program left.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Place {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder"), env: BTreeMap::new() }
    }

    /// Sets a variable in the environment of the program.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Takes a variable out of the environment of the program.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.env.remove(name);
        self
    }

    /// Writes a file into the folder.
    pub(crate) fn file(self, name: &str, text: &str) -> Self {
        fs::write(self.path(name), text).expect("a writable folder");
        self
    }

    /// Returns a path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Reads a file of the folder.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("a file that the program wrote")
    }

    /// Starts the program in the folder and waits for its end. The folder's own path shows as `.` in what it printed.
    pub(crate) fn run(&self, args: &[&str]) -> Ended {
        let folder: &Path = self.folder.path();
        let output = self.command(args).output().expect("the binary starts");
        let shown = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).expect("the program prints UTF-8");
            text.replace(&folder.display().to_string(), ".")
        };
        Ended {
            code: output.status.code().expect("the program ends by itself"),
            stdout: shown(output.stdout),
            stderr: shown(output.stderr),
        }
    }

    /// Starts the program in the folder, with its standard output in a pipe.
    #[cfg(unix)]
    pub(crate) fn start(&self, args: &[&str]) -> std::process::Child {
        self.command(args).stdout(std::process::Stdio::piped()).spawn().expect("the binary starts")
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let folder: &Path = self.folder.path();
        let mut command = Command::new(env!("CARGO_BIN_EXE_abgleich"));
        command.args(args).current_dir(folder).env("HOME", folder).env("ProgramData", folder);
        for name in ["XDG_CONFIG_HOME", "ABGLEICH_LOG", "RUST_LOG", "LANG", "LC_ALL", "LC_MESSAGES"]
        {
            command.env_remove(name);
        }
        command.envs(&self.env);
        command
    }
}

impl Ended {
    /// What is expected of a run that fails before it prints anything to standard output.
    pub(crate) fn failed(code: i32, stderr: &str) -> Self {
        Self { code, stdout: String::new(), stderr: stderr.to_owned() }
    }
}
