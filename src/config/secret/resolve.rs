//! Effect: fetches a secret from where the configuration says it is kept.

use std::env;
use std::fs;
use std::io::{self, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::config::secret::{Secret, SecretRef};

/// How long a command may take to print a secret.
pub const COMMAND_LIMIT: Duration = Duration::from_secs(30);

/// Secrets are passwords and tokens; anything larger is the wrong file or the wrong program.
const MAX_BYTES: u64 = 64 * 1024;

/// Why a secret could not be had.
#[derive(Debug)]
pub enum SecretError {
    /// The environment variable is not set.
    NoVariable(String),
    /// The environment variable is no text.
    VariableNotText(String),
    /// The file could not be read.
    File(PathBuf, io::Error),
    /// The program could not be started.
    Start(String, io::Error),
    /// The program did not end in time.
    TimedOut(String, Duration),
    /// The program ended with an error; its exit code where there is one. What it printed is not kept.
    Failed(String, Option<i32>),
    /// The place holds nothing.
    Empty(String),
    /// The place holds more than a secret can be.
    TooLong(String),
    /// The place holds bytes that are no UTF-8 text.
    NotText(String),
    /// The place holds more than one line.
    ManyLines(String),
}

impl std::fmt::Display for SecretError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoVariable(name) => write!(
                f,
                "the environment variable {name} is not set; set it for the account that runs abgleich"
            ),
            Self::VariableNotText(name) => {
                write!(f, "the environment variable {name} holds no valid text")
            }
            Self::File(path, _) => write!(
                f,
                "the secret file {} cannot be read; check that it exists and that the account that runs abgleich may read it",
                path.display()
            ),
            Self::Start(program, _) => write!(
                f,
                "the program {program} cannot be started; name it by its full path and check its rights"
            ),
            Self::TimedOut(program, limit) => write!(
                f,
                "the program {program} printed no secret within {} seconds; run it by hand to see what it waits for",
                limit.as_secs()
            ),
            Self::Failed(program, Some(code)) => write!(
                f,
                "the program {program} ended with exit code {code}; run it by hand to see why"
            ),
            Self::Failed(program, None) => {
                write!(f, "the program {program} was stopped; run it by hand to see why")
            }
            Self::Empty(place) => write!(f, "{place} is empty; put the secret there"),
            Self::TooLong(place) => {
                write!(f, "{place} holds more than {MAX_BYTES} bytes and cannot be a secret")
            }
            Self::NotText(place) => {
                write!(f, "{place} holds no UTF-8 text; save the secret as UTF-8")
            }
            Self::ManyLines(place) => {
                write!(f, "{place} holds more than one line; put the secret there alone")
            }
        }
    }
}

impl std::error::Error for SecretError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File(_, error) | Self::Start(_, error) => Some(error),
            _ => None,
        }
    }
}

impl SecretRef {
    /// Fetches the secret; one line break at its end is cut off.
    pub fn resolve(&self) -> Result<Secret, SecretError> {
        self.resolve_within(COMMAND_LIMIT)
    }

    /// Fetches the secret; a command is stopped when it takes longer than `limit`.
    pub fn resolve_within(&self, limit: Duration) -> Result<Secret, SecretError> {
        match self {
            Self::Env(name) => match env::var(name) {
                Ok(text) => single_line(text, &format!("the environment variable {name}")),
                Err(env::VarError::NotPresent) => Err(SecretError::NoVariable(name.clone())),
                Err(env::VarError::NotUnicode(_)) => {
                    Err(SecretError::VariableNotText(name.clone()))
                }
            },
            Self::File(path) => {
                let failed = |error| SecretError::File(path.clone(), error);
                let place = format!("the secret file {}", path.display());
                let file = fs::File::open(path).map_err(failed)?;
                text(read_some(file).map_err(failed)?, &place)
            }
            Self::Command(words) => run(words, limit),
        }
    }
}

/// Runs a program without a shell and takes what it prints.
fn run(words: &[String], limit: Duration) -> Result<Secret, SecretError> {
    let (program, arguments) = match words.split_first() {
        Some((program, arguments)) => (program.clone(), arguments),
        None => (String::new(), words),
    };
    let start = |error| SecretError::Start(program.clone(), error);
    let mut child = Command::new(&program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(start)?;
    let Some(output) = child.stdout.take() else {
        stop(&mut child);
        return Err(SecretError::Start(program, io::Error::from(io::ErrorKind::BrokenPipe)));
    };
    // A reader of its own: a grandchild that keeps the pipe open must not hold us up.
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(read_some(output)));
    let deadline = Instant::now() + limit;
    let bytes = match receiver.recv_timeout(limit) {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(error)) => {
            stop(&mut child);
            return Err(start(error));
        }
        Err(_) => {
            stop(&mut child);
            return Err(SecretError::TimedOut(program, limit));
        }
    };
    let status = loop {
        match child.try_wait().map_err(start)? {
            Some(status) => break status,
            None if Instant::now() >= deadline => {
                stop(&mut child);
                return Err(SecretError::TimedOut(program, limit));
            }
            None => thread::sleep(Duration::from_millis(5)),
        }
    };
    if !status.success() {
        return Err(SecretError::Failed(program, status.code()));
    }
    text(bytes, &format!("the output of the program {program}"))
}

/// Ends a child for good. Failing to means that it has ended already.
fn stop(child: &mut Child) {
    drop(child.kill());
    drop(child.wait());
}

fn read_some(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn text(bytes: Vec<u8>, place: &str) -> Result<Secret, SecretError> {
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MAX_BYTES {
        return Err(SecretError::TooLong(place.to_owned()));
    }
    let text = String::from_utf8(bytes).map_err(|_| SecretError::NotText(place.to_owned()))?;
    let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
    single_line(text, place)
}

fn single_line(mut text: String, place: &str) -> Result<Secret, SecretError> {
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    if text.is_empty() {
        return Err(SecretError::Empty(place.to_owned()));
    }
    if text.contains(['\n', '\r', '\0']) {
        return Err(SecretError::ManyLines(place.to_owned()));
    }
    Ok(Secret::new(text))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use super::SecretError;
    use crate::config::secret::SecretRef;

    fn file(bytes: &[u8]) -> Result<String, SecretError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        fs::write(&path, bytes).unwrap();
        SecretRef::File(path).resolve().map(|secret| secret.expose().to_owned())
    }

    #[test]
    fn one_line_break_is_cut_and_blanks_are_kept() {
        assert_eq!(file(b" ge heim \r\n").unwrap(), " ge heim ");
        assert_eq!(file(b"geheim\n").unwrap(), "geheim");
        assert_eq!(file("\u{feff}geheim".as_bytes()).unwrap(), "geheim");
    }

    #[test]
    fn what_cannot_be_a_secret_is_refused_without_showing_it() {
        assert!(matches!(file(b"\n"), Err(SecretError::Empty(_))));
        assert!(matches!(file(b"geheim\nzweite\n"), Err(SecretError::ManyLines(_))));
        assert!(matches!(file(&[0xff, 0xfe]), Err(SecretError::NotText(_))));
        assert!(matches!(file(&vec![b'x'; 70_000]), Err(SecretError::TooLong(_))));
        let message = file(b"geheim\nzweite\n").unwrap_err().to_string();
        assert!(!message.contains("geheim"), "{message}");
    }

    #[test]
    fn a_missing_variable_is_named() {
        let error = SecretRef::Env("ABGLEICH_NO_SUCH_VARIABLE".to_owned()).resolve().unwrap_err();
        assert!(error.to_string().contains("ABGLEICH_NO_SUCH_VARIABLE is not set"));
    }

    #[cfg(unix)]
    fn print(argument: &str) -> Vec<String> {
        ["/bin/sh", "-c", argument].map(str::to_owned).to_vec()
    }

    #[cfg(windows)]
    fn print(argument: &str) -> Vec<String> {
        ["cmd", "/C", argument].map(str::to_owned).to_vec()
    }

    #[test]
    fn a_command_prints_the_secret() {
        let secret = SecretRef::Command(print("echo geheim")).resolve().unwrap();
        assert_eq!(secret.expose(), "geheim");
    }

    #[test]
    fn a_command_that_fails_says_its_exit_code() {
        let error = SecretRef::Command(print("exit 3")).resolve().unwrap_err();
        assert!(matches!(error, SecretError::Failed(_, Some(3))), "{error}");
    }

    #[test]
    fn a_command_that_hangs_is_stopped() {
        let hang = if cfg!(windows) { "ping -n 60 127.0.0.1 >NUL" } else { "sleep 60" };
        let within = Duration::from_millis(50);
        let error = SecretRef::Command(print(hang)).resolve_within(within).unwrap_err();
        assert!(matches!(error, SecretError::TimedOut(..)), "{error}");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let words = vec!["/no/such/program".to_owned()];
        let error = SecretRef::Command(words).resolve().unwrap_err();
        assert!(matches!(error, SecretError::Start(..)), "{error}");
    }
}
