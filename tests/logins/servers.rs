//! Starts the servers, and stops them when the test ends.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Servers that run until this is dropped.
pub(crate) struct Servers {
    child: Child,
    folder: tempfile::TempDir,
}

/// What must be there besides the acceptor and its Python.
const PROGRAMS: &[&str] =
    &["bash", "openssl", "krb5kdc", "kdb5_util", "kadmin.local", "kinit", "gzip"];

impl Servers {
    /// Starts them; `None`, with a word, where something is missing. With `ABGLEICH_LOGINS=must` that is a failure.
    pub(crate) fn start() -> Option<Self> {
        let skip = |what: &str| {
            assert!(
                std::env::var("ABGLEICH_LOGINS").as_deref() != Ok("must"),
                "the logins are not tested: {what}"
            );
            eprintln!("SKIPPED: logins against real servers: {what}");
            None
        };
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let acceptor = std::env::var_os("ABGLEICH_ACCEPTOR")
            .map_or_else(|| root.join("../shared/ews/acceptor.py"), PathBuf::from);
        if !acceptor.is_file() {
            return skip("there is no acceptor (ABGLEICH_ACCEPTOR)");
        }
        let acceptor = acceptor.canonicalize().unwrap();
        let python = std::env::var("ABGLEICH_LOGINS_PYTHON").unwrap_or("python3".to_owned());
        let modules = Command::new(&python)
            .args(["-c", "import spnego, gssapi, krb5, cryptography"])
            .stderr(Stdio::null())
            .status();
        if !modules.is_ok_and(|status| status.success()) {
            return skip("ABGLEICH_LOGINS_PYTHON has no pyspnego[kerberos] and cryptography");
        }
        for program in PROGRAMS {
            if !is_there(program) {
                return skip(&format!("there is no {program}"));
            }
        }
        if !is_there("apache2") && !is_there("httpd") {
            return skip("there is no Apache");
        }
        let folder = tempfile::tempdir().unwrap();
        let child = Command::new(root.join("fixtures/logins/serve"))
            .arg(folder.path())
            .arg(&acceptor)
            .arg(&python)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut servers = Self { child, folder };
        servers.wait();
        Some(servers)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Waits until they answer. The script watches their ports; a file is how it says that all do.
    fn wait(&mut self) {
        let begun = Instant::now();
        while !self.folder().join("ready").exists() {
            if let Some(status) = self.child.try_wait().unwrap() {
                let mut said = String::new();
                self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
                panic!("the servers did not start ({status}):\n{said}");
            }
            assert!(begun.elapsed() < Duration::from_mins(2), "the servers do not come up");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        // The script stops its servers when nobody holds its input any more.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin")])
        .any(|folder| folder.join(program).is_file())
}

/// The servers as a test inside sees them.
pub(crate) struct Site {
    folder: PathBuf,
    ready: String,
}

impl Site {
    /// Finds them; `None` when the test was not started from outside.
    pub(crate) fn find() -> Option<Self> {
        let Some(folder) = std::env::var_os("ABGLEICH_LOGINS_FOLDER").map(PathBuf::from) else {
            eprintln!("SKIPPED: runs inside of the test that starts the servers");
            return None;
        };
        let ready = fs::read_to_string(folder.join("ready")).unwrap();
        Some(Self { folder, ready })
    }

    /// Returns a port by its name.
    pub(crate) fn port(&self, name: &str) -> u16 {
        let line = self.ready.lines().find_map(|line| line.strip_prefix(&format!("{name}=")));
        line.unwrap().parse().unwrap()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Returns what the acceptor wrote about requests whose path has this mark, in their order. It writes after it has
    /// answered, so that the number which must come is waited for.
    pub(crate) fn seen(&self, mark: &str, wanted: usize) -> Vec<serde_json::Value> {
        let lines = self.lines("acceptor.log", &format!("t={mark}"), wanted);
        lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Returns the lines of a log that have this mark, once there are as many as are wanted.
    pub(crate) fn lines(&self, log: &str, mark: &str, wanted: usize) -> Vec<String> {
        let begun = Instant::now();
        loop {
            let log = fs::read_to_string(self.file(log)).unwrap();
            let whole = log.rfind('\n').map_or("", |end| &log[..end]);
            let lines: Vec<String> = whole
                .lines()
                .filter(|line| {
                    let after = line.split_once(mark).map(|(_, after)| after);
                    // The mark `a1` is not that of `a12`.
                    after.is_some_and(|after| !after.starts_with(|c: char| c.is_alphanumeric()))
                })
                .map(str::to_owned)
                .collect();
            if lines.len() >= wanted || begun.elapsed() > Duration::from_secs(10) {
                return lines;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
