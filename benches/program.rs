//! The whole program over the wire: the binary `abgleich` with the SQLite adapter in one process, the simulated Exchange in
//! another. Measured are the peak memory of a first push above an empty run, the requests on the server's own log, and the
//! size of the state.
//!
//! `cargo bench --bench program` pushes 5,000 contacts and looks at 20 quiet mailboxes; `-- 100000 200` are the numbers of the
//! promise and take a while. Memory is read from `/proc` and left out on systems without it.

#![allow(
    clippy::cast_precision_loss,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a benchmark fails by panicking, and its figures are rounded anyway"
)]

#[path = "shared/adapter.rs"]
mod adapter;
#[path = "../tests/source/settings.rs"]
mod settings;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use exchange_sim::{Login, Options as ServerOptions, Server};
use serde_json::Value;
use staffitpro_sample::{Options as SampleOptions, create};

use settings::Installation;

/// The argument with which this program starts itself as the server.
const SERVE: &str = "--serve";
const LOGIN: (&str, &str) = (r"FIRMA\svc-abgleich", "geheim");
/// How many writes the program puts into one request at the beginning; more when all goes well.
const BATCH: u64 = 100;
/// The most memory that a first push may take above an empty run, in KiB.
const LIMIT: u64 = 64 * 1024;
/// The most that a pair may take in the state, in bytes.
const PAIR_LIMIT: u64 = 8 * 1024;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == SERVE) {
        return serve(arguments.get(1).map_or("", String::as_str));
    }
    let mut numbers = arguments.iter().filter_map(|argument| argument.parse::<u32>().ok());
    let records = numbers.next().unwrap_or(5_000);
    let mailboxes = numbers.next().unwrap_or(20);
    adapter::build();
    let empty = Stage::new(0, 1).sync("--first-transfer");
    push(records, empty.peak);
    quiet(mailboxes);
}

/// A first push into one mailbox, and a second run that finds nothing to do.
fn push(records: u32, empty: Option<u64>) {
    let mut stage = Stage::new(records, 1);
    let first = stage.sync("--first-transfer");
    let created: Vec<u64> = first.counts("created").collect();
    let total: u64 = created.iter().sum();
    // The sample holds people of the same name; those are held and never doubled (rule D3).
    let held: u64 = first.counts("held").sum();
    assert_eq!(total + held, u64::from(records), "{:?}", first.report.get("totals"));
    let calls = stage.server.counts();
    println!(
        "first push of {records} contacts, {total} created, {held} held, {:.0} s: {}",
        first.time.as_secs_f64(),
        line(&calls)
    );
    let wanted: u64 = created.iter().map(|created| created.div_ceil(BATCH)).sum();
    let made = calls.get("CreateItem").copied().unwrap_or_default();
    assert!(made > 0 && made <= wanted, "{made} CreateItem calls for {created:?}");
    if let (Some(empty), Some(peak)) = (empty, first.peak) {
        let above = peak.saturating_sub(empty);
        println!(
            "peak memory: {:.1} MiB, of an empty run {:.1} MiB: {:.1} MiB above (under {} are asked for)",
            mebi(peak),
            mebi(empty),
            mebi(above),
            LIMIT / 1024
        );
        assert!(above < LIMIT, "the first push takes {above} KiB more than an empty run");
    } else {
        println!("peak memory: not measured, there is no /proc here");
    }
    let bytes = stage.state_size();
    println!(
        "state: {:.1} MB, {} bytes a pair (at most {PAIR_LIMIT} are asked for)",
        bytes as f64 / 1e6,
        bytes / u64::from(records.max(1))
    );
    if records >= 1_000 {
        assert!(bytes / u64::from(records) <= PAIR_LIMIT, "the state is too large");
    }
    let second = stage.sync("");
    assert_eq!(second.writes(), 0, "the second run writes: {:?}", second.report.get("totals"));
    let calls = stage.server.counts();
    println!(
        "settled run over {records} contacts, {:.1} s: {}",
        second.time.as_secs_f64(),
        line(&calls)
    );
    only(&calls, &[("GetFolder", 1), ("SyncFolderItems", 1)]);
    if let (Some(empty), Some(peak)) = (empty, second.peak) {
        println!(
            "peak memory of the settled run: {:.1} MiB above an empty run",
            mebi(peak.saturating_sub(empty))
        );
    }
}

/// Many mailboxes in which nothing changed: so many times what one takes.
fn quiet(mailboxes: u32) {
    let mut stage = Stage::new(60, mailboxes);
    let first = stage.sync("--first-transfer");
    let created: u64 = first.counts("created").sum();
    assert!(created >= u64::from(mailboxes), "{created} items in {mailboxes} mailboxes");
    stage.server.counts();
    let second = stage.sync("");
    assert_eq!(second.writes(), 0, "the second run writes: {:?}", second.report.get("totals"));
    let calls = stage.server.counts();
    println!(
        "{mailboxes} quiet mailboxes ({created} items), {:.1} s: {}",
        second.time.as_secs_f64(),
        line(&calls)
    );
    let each = u64::from(mailboxes);
    only(&calls, &[("GetFolder", each), ("SyncFolderItems", each)]);
}

fn only(calls: &BTreeMap<String, u64>, wanted: &[(&str, u64)]) {
    let wanted: BTreeMap<String, u64> =
        wanted.iter().map(|(name, calls)| ((*name).to_owned(), *calls)).collect();
    assert_eq!(*calls, wanted, "requests of a settled run");
}

/// A database, a server and a configuration of their own.
struct Stage {
    folder: tempfile::TempDir,
    server: ServerProcess,
}

/// Gives every person a name of their own: so many people of so few names would be held for one another (rule D3), and the
/// benchmark would measure findings instead of creates.
fn make_distinct(database: &Path) {
    let database = rusqlite::Connection::open(database).expect("the sample opens");
    database
        .execute("UPDATE contact SET surname = surname || ' ' || rowid", [])
        .expect("the names can be changed");
}

/// How a run of the program ended.
struct Ran {
    report: Value,
    /// The most memory it held, in KiB.
    peak: Option<u64>,
    time: Duration,
}

impl Stage {
    fn new(records: u32, users: u32) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let mut options = SampleOptions::of(records, users, 2026);
        options.outside = 0;
        options.activities = 0;
        let database = folder.path().join("staffitpro.db");
        create(&database, &options).expect("the sample can be made");
        make_distinct(&database);
        let users = users_of(&database);
        let addresses: Vec<&str> = users.iter().map(|(_, email)| email.as_str()).collect();
        let server = ServerProcess::start(&addresses.join(","));
        let installation = Installation {
            database: "staffitpro.db",
            url: &server.url,
            ca_file: &server.ca,
            account: LOGIN.0,
            password: r#"{ env = "ABGLEICH_EXCHANGE" }"#,
        };
        let mut config = installation.settings();
        config.push_str(
            "[defaults]\napplicants.contacts = \"sync\"\nbusiness_contacts.contacts = \"sync\"\n[mailboxes.all]\n",
        );
        for (user, email) in &users {
            let _ = writeln!(config, "'{user}' = \"{email}\"");
        }
        fs::write(folder.path().join("abgleich.toml"), config).expect("the file can be written");
        Self { folder, server }
    }

    /// Runs the program and watches its memory.
    fn sync(&self, option: &str) -> Ran {
        let output = self.folder.path().join("report.json");
        let start = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_abgleich"))
            .arg("--config")
            .arg(self.folder.path().join("abgleich.toml"))
            .args(["sync", "--json"])
            .args((!option.is_empty()).then_some(option))
            .env("ABGLEICH_EXCHANGE", LOGIN.1)
            .stdin(Stdio::null())
            .stdout(fs::File::create(&output).expect("the file can be written"))
            .spawn()
            .expect("the program starts");
        let mut peak = None;
        let status = loop {
            peak = peak_memory(child.id()).max(peak);
            match child.try_wait().expect("the program can be waited for") {
                Some(status) => break status,
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        };
        let time = start.elapsed();
        let report = fs::read(&output).expect("the report can be read");
        assert!(status.success(), "{status}: {}", String::from_utf8_lossy(&report));
        let report = serde_json::from_slice(&report).expect("the report is JSON");
        Ran { report, peak, time }
    }

    fn state_size(&self) -> u64 {
        let state = self.folder.path().join("state");
        let files = fs::read_dir(state).expect("the state is there");
        files.filter_map(|file| Some(file.ok()?.metadata().ok()?.len())).sum()
    }
}

impl Ran {
    /// Returns a count of every scope of every mailbox.
    fn counts(&self, what: &str) -> impl Iterator<Item = u64> {
        let mailboxes = self.report.get("mailboxes").and_then(Value::as_array);
        let scopes =
            mailboxes.into_iter().flatten().filter_map(|mailbox| mailbox.get("scopes")?.as_array());
        scopes.flatten().filter_map(move |scope| scope.get(what)?.as_u64())
    }

    fn writes(&self) -> u64 {
        ["created", "updated_outlook", "updated_staffitpro", "deleted_outlook"]
            .into_iter()
            .map(|what| self.counts(what).sum::<u64>())
            .sum()
    }
}

/// Returns the most memory that a process held so far, in KiB, where the system tells.
fn peak_memory(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

fn mebi(kibi: u64) -> f64 {
    kibi as f64 / 1024.0
}

fn line(calls: &BTreeMap<String, u64>) -> String {
    let parts: Vec<_> = calls.iter().map(|(name, calls)| format!("{name} {calls}")).collect();
    parts.join(", ")
}

/// Returns the users of a sample and their addresses.
fn users_of(database: &Path) -> Vec<(String, String)> {
    let connection = rusqlite::Connection::open(database).expect("the sample opens");
    let mut query =
        connection.prepare("SELECT id, email FROM user ORDER BY id").expect("the layout is known");
    let users =
        query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("the users can be read");
    users.collect::<Result<_, _>>().expect("every user has an address")
}

/// The simulated Exchange in a process of its own.
struct ServerProcess {
    process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
    url: String,
    ca: String,
}

impl ServerProcess {
    fn start(addresses: &str) -> Self {
        let this = std::env::current_exe().expect("a program has a path");
        let mut process = Command::new(this)
            .args([SERVE, addresses])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let questions = process.stdin.take().expect("it was piped");
        let answers = BufReader::new(process.stdout.take().expect("it was piped"));
        let mut server =
            Self { process, questions, answers, url: String::new(), ca: String::new() };
        server.url = server.answer();
        server.ca = server.answer();
        server
    }

    /// Returns how often each operation was called since the last time this was asked.
    fn counts(&mut self) -> BTreeMap<String, u64> {
        writeln!(self.questions, "counts").expect("the server listens");
        serde_json::from_str(&self.answer()).expect("the server answers in JSON")
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the server answers");
        line.trim_end().to_owned()
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // The server is ours and keeps nothing; whether it had ended already does not matter.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Serves until standard input ends; each line of it asks for the counts.
fn serve(addresses: &str) {
    let mut options = ServerOptions::default().login(Login::service(LOGIN.0, LOGIN.1));
    for address in addresses.split(',').filter(|address| !address.is_empty()) {
        options = options.mailbox(address);
    }
    let server = Server::start(&options).expect("the server starts");
    println!("{}\n{}", server.url(), server.ca_file().display());
    for _ in std::io::stdin().lines() {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for entry in server.log() {
            *counts.entry(entry.operation).or_default() += 1;
        }
        assert!(server.mail_sent().is_empty(), "mail went out (rule D8)");
        server.clear_log();
        println!("{}", serde_json::to_string(&counts).expect("counts are JSON"));
    }
}
