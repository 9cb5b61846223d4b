//! Shell: where the configuration file is, and reading it.

use std::env;
use std::io::ErrorKind;
use std::path::PathBuf;

use abgleich::config::{self, Settings};

use crate::cli::Global;
use crate::failure::Failure;

/// The name of the configuration file.
pub(super) const FILE: &str = "abgleich.toml";

/// Reads the configuration. Warnings go to standard error; every problem is shown at once, each with its place.
pub(super) fn settings(global: &Global) -> Result<Settings, Failure> {
    let path = file(global)?;
    let loaded = config::load(&path).map_err(|problems| {
        Failure::usage(format!("the configuration cannot be used\n{problems}"))
            .hint("put the lines above right; `abgleich init --defaults` prints every setting with what it means")
    })?;
    for warning in &loaded.warnings {
        eprintln!("{}", warning.line(loaded.settings.language));
    }
    Ok(loaded.settings)
}

/// Finds the configuration file: the one named on the command line, or the first that is there.
fn file(global: &Global) -> Result<PathBuf, Failure> {
    if let Some(path) = found(global) {
        return Ok(path);
    }
    if let Some(path) = &global.config {
        return Err(Failure::usage(format!("there is no configuration file {}", path.display()))
            .hint(format!("`abgleich init {}` writes one to start from", path.display())));
    }
    let looked: Vec<_> = places().iter().map(|path| path.display().to_string()).collect();
    Err(Failure::usage(format!("there is no configuration file; looked for {}", looked.join(", ")))
        .hint("`abgleich init` writes one to start from; `--config PATH` names another place"))
}

/// Finds the configuration file if there is one.
pub(super) fn found(global: &Global) -> Option<PathBuf> {
    let named = global.config.as_ref().map(|path| vec![path.clone()]);
    // One that may not be read is there all the same, and reading it says why it cannot be used.
    let is_there = |path: &PathBuf| match path.metadata() {
        Ok(_) => true,
        Err(error) => !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory),
    };
    named.unwrap_or_else(places).into_iter().find(is_there)
}

/// The places that are looked at, in order.
fn places() -> Vec<PathBuf> {
    let mut places = vec![PathBuf::from(FILE)];
    places.extend(system_places().into_iter().map(|folder| folder.join("abgleich").join(FILE)));
    places
}

#[cfg(windows)]
fn system_places() -> Vec<PathBuf> {
    // The service account and the administrator see the same file there.
    from_env("ProgramData").into_iter().collect()
}

#[cfg(not(windows))]
fn system_places() -> Vec<PathBuf> {
    let own = from_env("XDG_CONFIG_HOME").or_else(|| Some(from_env("HOME")?.join(".config")));
    own.into_iter().chain([PathBuf::from("/etc")]).collect()
}

fn from_env(name: &str) -> Option<PathBuf> {
    env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}
