//! Pure: where a secret is kept, and a value that nobody can print by accident.

pub mod resolve;

use std::fmt;
use std::path::PathBuf;

use serde::{Serialize, Serializer};

/// Where a secret is to be found. Configuration files never contain the secret itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretRef {
    /// In this environment variable.
    Env(String),
    /// In this file, alone.
    File(PathBuf),
    /// On the standard output of this program, started with these arguments and without a shell.
    Command(Vec<String>),
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "env {name}"),
            Self::File(path) => write!(f, "file {}", path.display()),
            // Arguments may be sensitive themselves, a program's name is not.
            Self::Command(words) => {
                write!(f, "command {}", words.first().map_or("", String::as_str))
            }
        }
    }
}

/// A secret in memory. It shows as `(secret)` wherever it is printed or written, in every kind of build.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a secret into custody.
    pub const fn new(secret: String) -> Self {
        Self(secret)
    }

    /// Hands out the secret itself. Every use of it in the code is found by searching for this word.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

const REDACTED: &str = "(secret)";

impl Drop for Secret {
    /// Overwrites the secret, so that it is not found in freed memory.
    fn drop(&mut self) {
        let mut bytes = std::mem::take(&mut self.0).into_bytes();
        bytes.fill(0);
        // Without this the compiler may leave out a write that nobody reads.
        std::hint::black_box(&bytes);
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(REDACTED)
    }
}

#[cfg(test)]
mod tests {
    use super::{Secret, SecretRef};

    #[test]
    fn no_way_of_printing_shows_a_secret() {
        let secret = Secret::new("Wachtmeister".to_owned());
        assert_eq!(format!("{secret} {secret:?} {secret:#?}"), "(secret) (secret) (secret)");
        assert_eq!(serde_json::to_string(&secret).unwrap(), "\"(secret)\"");
        assert_eq!(secret.expose(), "Wachtmeister");
    }

    #[test]
    fn a_command_shows_its_program_only() {
        let words = ["pass", "show", "exchange/token-4711"].map(str::to_owned).to_vec();
        assert_eq!(SecretRef::Command(words).to_string(), "command pass");
    }
}
