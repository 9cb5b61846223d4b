//! A folder with a database and a configuration, and a simulated Exchange beside it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use exchange_sim::{Item, Login, Options, Running, Server, named_string};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::built;
use crate::settings::Installation;

/// The service account.
pub(crate) const LOGIN: &str = r"FIRMA\svc-abgleich";
/// Its password.
pub(crate) const PASSWORD: &str = "correct horse";
/// The users with a mailbox, and their addresses.
pub(crate) const PEOPLE: [(&str, &str); 3] = [
    ("DHO", "d.hoffmann@firma.example"),
    ("CSC", "c.schmidt@firma.example"),
    ("FWE", "f.weber@firma.example"),
];
/// The nine switches, all of them both ways.
const SWITCHES: &str = "[defaults]
applicants = { contacts = 'sync', activities = 'sync' }
business_contacts = { contacts = 'sync', activities = 'sync' }
leads = { activities = 'sync' }
positions = { activities = 'sync' }
contracts = { activities = 'sync' }
offers = { activities = 'sync' }
general = { activities = 'sync' }
";
/// The property set of the stamp, as it stands in mailboxes (`src/mailbox/exchange/stamp.rs` never changes it).
pub(crate) const STAMP: &str = "8c1f3b52-64d7-4e0a-9b1e-2f7c55a0d3e6";

pub(crate) struct Place {
    folder: TempDir,
    pub(crate) server: Running,
}

/// What a run of the program left.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Place {
    /// A place with the committed sample.
    pub(crate) fn sample() -> Self {
        Self::with(|file| staffitpro_sample::create_sample(file).expect("the sample is made"))
    }

    /// A place with a database that `make` puts at the path.
    pub(crate) fn with(make: impl FnOnce(&Path)) -> Self {
        built::folder();
        let folder = tempfile::tempdir().expect("a temporary folder");
        make(&folder.path().join("staffitpro.db"));
        let mut options = Options::default().login(Login::service(LOGIN, PASSWORD));
        options.ca_out = Some(folder.path().join("exchange-ca.pem"));
        for (_, address) in PEOPLE {
            options = options.mailbox(address);
        }
        let server = Server::start(&options).expect("the simulated Exchange starts");
        let place = Self { folder, server };
        place.configure(|_| {});
        place
    }

    /// Writes the configuration, after `change` had its way with the text.
    pub(crate) fn configure(&self, change: impl FnOnce(&mut String)) {
        let lines = PEOPLE.map(|(user, address)| format!("{user} = '{address}'\n")).concat();
        let installation = Installation {
            database: "staffitpro.db",
            url: &self.server.url(),
            ca_file: "exchange-ca.pem",
            account: LOGIN,
            password: "{ file = 'password.txt' }",
        };
        let mut text = installation.settings();
        text.push_str("timeouts = { connect_seconds = 2, reply_seconds = 20 }\n");
        text.extend([SWITCHES, "[mailboxes.all]\n", &lines]);
        change(&mut text);
        fs::write(self.path("abgleich.toml"), text).expect("a writable folder");
        fs::write(self.path("password.txt"), PASSWORD).expect("a writable folder");
    }

    /// Returns a path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Opens the database, as another program would.
    pub(crate) fn database(&self) -> Connection {
        Connection::open(self.path("staffitpro.db")).expect("the database opens")
    }

    /// Runs the program in the folder and waits for its end.
    pub(crate) fn run(&self, words: &[&str]) -> Ended {
        Ended::of(self.command(words).output().expect("the binary starts"))
    }

    /// Prepares a run of the program in the folder.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_abgleich"));
        let folder = self.folder.path();
        command.args(words).current_dir(folder).env("HOME", folder).env("ProgramData", folder);
        for name in ["XDG_CONFIG_HOME", "ABGLEICH_LOG", "RUST_LOG", "LANG", "LC_ALL"] {
            command.env_remove(name);
        }
        command
    }

    /// Returns the items that carry the stamp of a record, in all of a mailbox's default folders.
    pub(crate) fn items_of(&self, address: &str, record: &str) -> Vec<Item> {
        let outlook = self.server.outlook(address);
        let stamp = named_string(STAMP, "Record");
        let folders = ["contacts", "calendar", "tasks"];
        folders
            .iter()
            .flat_map(|folder| outlook.find(folder, &stamp, record).expect("a default folder"))
            .collect()
    }

    /// Counts the items of a mailbox, and how many records they stand for.
    pub(crate) fn items_and_records(&self, address: &str) -> (u64, u64) {
        let outlook = self.server.outlook(address);
        let stamp = named_string(STAMP, "Record");
        let mut items = 0;
        let mut records = std::collections::BTreeSet::new();
        for folder in ["contacts", "calendar", "tasks"] {
            for item in outlook.items(folder).expect("a default folder") {
                items += 1;
                records.extend(item.text(&stamp).map(str::to_owned));
            }
        }
        (items, u64::try_from(records.len()).expect("few records"))
    }
}

impl Ended {
    /// Takes what a run left.
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().expect("the program ends by itself"),
            stdout: String::from_utf8(output.stdout).expect("the program prints UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("the program prints UTF-8"),
        }
    }

    /// The end must have this code.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// All of these must stand in what was printed.
    #[track_caller]
    pub(crate) fn says(self, words: &[&str]) -> Self {
        for word in words {
            let said = self.stdout.contains(word) || self.stderr.contains(word);
            assert!(
                said,
                "`{word}` is not said\nstdout:\n{}\nstderr:\n{}",
                self.stdout, self.stderr
            );
        }
        self
    }
}
