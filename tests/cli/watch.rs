//! The program that stays: what it does when something happens, and how it ends. It is hurried and ended as systemd does that with
//! a service: no test waits for a schedule, for the end of a pause, or for hints to be gathered. When these are over is tested under
//! a driven clock (`src/watch/agenda.rs`).

use std::fs::OpenOptions;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use exchange_sim::{Fault, FaultKind};
use jiff::Timestamp;
use rusqlite::Connection;
use serde_json::Value;

use crate::office::{Office, PASSWORD};

const CLARA: (&str, &str, &str) = ("CSC", "c.schmidt@firma.example", "Schmidt, Clara");
const FRANK: (&str, &str, &str) = ("FWE", "f.weber@firma.example", "Weber, Frank");

/// Reached only where something is wrong.
const LIMIT: Duration = Duration::from_mins(1);

/// A program that watches, and what it says.
struct Watching {
    child: Child,
    lines: Receiver<Value>,
}

impl Watching {
    fn start(office: &Office, watch: &str, args: &[&str]) -> Self {
        let config = office.place.path("abgleich.toml");
        let mut config = OpenOptions::new().append(true).open(config).unwrap();
        let prompt = "jitter_seconds = 0\ndebounce_seconds = 0\nstaffitpro_seconds = 86400";
        write!(config, "[watch]\n{prompt}\n{watch}\n").unwrap();
        let mut child = office.place.start(&[&["sync", "--watch", "--json"], args].concat());
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in output.lines() {
                let line = line.unwrap();
                let line =
                    serde_json::from_str(&line).unwrap_or_else(|_| panic!("no JSON: {line}"));
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { child, lines }
    }

    /// Waits for a line that is about this; others pass.
    fn hear(&self, event: &str, about: impl Fn(&Value) -> bool) -> Value {
        let mut passed = Vec::new();
        loop {
            let line = self.lines.recv_timeout(LIMIT);
            let line = line.unwrap_or_else(|_| panic!("no {event} came; {passed:#?}"));
            if line["event"] == event && about(&line) {
                return line;
            }
            passed.push(line);
        }
    }

    /// Waits until so many mailboxes are listened to, so that what comes next is told.
    fn hears(office: &Office, mailboxes: usize) {
        while office.exchange.listeners() != (mailboxes, 1) {
            thread::yield_now();
        }
    }

    /// Has everything looked at now.
    fn hurry(&self) {
        self.signal("-USR1");
    }

    fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    /// Ends it and returns the exit code and all that was said until then.
    fn end(mut self) -> (i32, Vec<Value>) {
        self.signal("-TERM");
        let code = self.child.wait().unwrap().code().expect("it ends by itself");
        let lines = self.lines.iter().collect();
        (code, lines)
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        // One that has ended cannot be ended; one of a test that failed must not stay.
        let _ = self.child.kill();
    }
}

/// Finds the item of an applicant: edits of business contacts stay in Outlook (rule G7). Its stamp names the record.
fn mobile(office: &Office, address: &str) -> (String, String) {
    let items = office.exchange.outlook(address).items("contacts").unwrap();
    let mobile = "contacts:PhoneNumber/MobilePhone";
    let applicant = |item: &&exchange_sim::Item| format!("{:?}", item.props).contains("\"B-");
    let item = items.iter().find(applicant).expect("an applicant");
    (item.id.clone(), mobile.to_owned())
}

#[test]
fn edits_travel_as_they_are_told_and_a_service_ends_in_order() {
    let office = Office::of_one();
    let watching = Watching::start(&office, "", &["--first-transfer"]);
    let started = watching.hear("started", |_| true);
    assert_eq!(
        (&started["schema"], &started["mailboxes"]),
        (&"abgleich-watch/1".into(), &1.into())
    );
    let first = watching.hear("run", |_| true);
    assert!(first["totals"]["created"].as_u64().unwrap() > 50, "{first}");

    let wanted = |count: &'static str| {
        let line = watching.hear("run", |line| line["totals"][count].as_u64() > Some(0));
        line["totals"][count].as_u64().unwrap()
    };
    // Outlook tells, long before the hour of the schedule.
    let (id, mobile) = mobile(&office, CLARA.1);
    Watching::hears(&office, 1);
    office.exchange.outlook(CLARA.1).edit(&id, &[(&mobile, Some("+49 170 1234567"))]).unwrap();
    assert_eq!(wanted("updated_staffitpro"), 1);
    // staffITpro is asked when somebody does not want to wait.
    let database = Connection::open(office.place.path("demo.db")).unwrap();
    let sql = "UPDATE contact SET business_city = 'Görlitz' WHERE mobile_phone = '+49 170 1234567'";
    assert_eq!(database.execute(sql, []).unwrap(), 1);
    watching.hurry();
    assert_eq!(wanted("updated_outlook"), 1);

    let (code, last) = watching.end();
    assert_eq!(code, 0, "nothing failed");
    assert_eq!(last.last().unwrap()["event"], "ended");
    let noise: Vec<_> = last.iter().filter(|line| line["event"] == "run").collect();
    assert!(noise.is_empty(), "idle runs say nothing: {noise:?}");
    assert!(office.exchange.mail_sent().is_empty(), "rule D8");
}

#[test]
fn without_notifications_looking_finds_everything() {
    let office = Office::of_one();
    let watching = Watching::start(&office, "notifications = false", &["--first-transfer"]);
    assert_eq!(watching.hear("started", |_| true)["notifications"], false);
    watching.hear("run", |_| true);
    let (id, mobile) = mobile(&office, CLARA.1);
    office.exchange.outlook(CLARA.1).edit(&id, &[(&mobile, Some("+49 170 7654321"))]).unwrap();
    watching.hurry();
    let run = watching.hear("run", |_| true);
    assert_eq!(run["totals"]["updated_staffitpro"], 1, "{run}");
    assert_eq!(office.exchange.calls("Subscribe"), 0);
    assert_eq!(watching.end().0, 0);
}

#[test]
fn one_mailbox_that_fails_is_named_once_and_the_other_goes_on() {
    let office = Office::of(&[CLARA, FRANK]);
    let moved = FaultKind::Refuse { code: "ErrorNonExistentMailbox".to_owned() };
    office.exchange.fault(Fault::new(moved).for_mailbox(FRANK.1));
    let watching = Watching::start(&office, "", &["--first-transfer"]);
    let (mut failed, mut ran) = (None, false);
    while failed.is_none() || !ran {
        let line = watching.lines.recv_timeout(LIMIT).expect("both are told of");
        ran |= line["event"] == "run" && line["user"] == "CSC";
        if line["event"] == "stopped" {
            failed = Some(line);
        }
    }
    let failed = failed.unwrap();
    assert_eq!((&failed["user"], &failed["outcome"]), (&"FWE".into(), &"failed".into()));
    assert!(
        failed["again_in_seconds"].as_u64().is_some_and(|seconds| (25..=30).contains(&seconds))
    );
    assert!(failed["reasons"][0]["next"].is_string(), "{failed}");
    Watching::hears(&office, 1);
    let (id, mobile) = mobile(&office, CLARA.1);
    office.exchange.outlook(CLARA.1).edit(&id, &[(&mobile, Some("+49 170 1234567"))]).unwrap();
    let run = watching.hear("run", |line| line["totals"]["updated_staffitpro"] == 1);
    assert_eq!(run["user"], "CSC");
    let (code, last) = watching.end();
    assert_eq!(code, 4, "a mailbox stands failed");
    assert!(last.iter().all(|line| line["event"] != "stopped"), "said once: {last:?}");
}

#[test]
fn a_brake_or_a_word_that_is_missing_is_said_once_and_does_not_stop_the_others() {
    let office = Office::of_one();
    let watching = Watching::start(&office, "", &[]);
    let waits = watching.hear("stopped", |_| true);
    assert_eq!((&waits["outcome"], &waits["again_in_seconds"]), (&"waits".into(), &Value::Null));
    assert_eq!(waits["reasons"][0]["code"], "first-transfer-waiting");
    // Looked at again it still waits for the same.
    let before = office.exchange.calls("SyncFolderItems");
    let database = Connection::open(office.place.path("demo.db")).unwrap();
    database.execute("UPDATE contact SET business_city = 'Görlitz'", []).unwrap();
    watching.hurry();
    while office.exchange.calls("SyncFolderItems") <= before {
        thread::yield_now();
    }
    let (code, last) = watching.end();
    assert_eq!(code, 3);
    assert!(last.iter().all(|line| line["event"] != "stopped"), "said once: {last:?}");
}

/// Invariant 11, and the lock-out: what the server refused is not presented again, by no mailbox, until the secret is another one,
/// and that is presented once.
#[test]
fn a_password_that_was_mended_is_noticed_and_tried_once() {
    let office = Office::of(&[CLARA, FRANK]);
    let config = office.place.path("abgleich.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let kept = text.replace("{ env = \"SIM_PASSWORD\" }", "{ file = 'password' }");
    assert_ne!(kept, text);
    std::fs::write(&config, kept).unwrap();
    let password = |text: &str| std::fs::write(office.place.path("password"), text).unwrap();
    password("falsch");
    let watching = Watching::start(&office, "", &["--first-transfer"]);
    let refused = watching.hear("refused", |_| true);
    assert_eq!(refused["name"], "exchange");
    assert!(
        refused["kept_in"].as_str().is_some_and(|place| place.contains("password")),
        "{refused}"
    );
    assert_eq!(office.exchange.refused_logins(), 1, "one mailbox presented it, the other did not");

    password("wieder falsch");
    watching.hurry();
    watching.hear("mended", |_| true);
    watching.hear("refused", |_| true);
    assert_eq!(office.exchange.refused_logins(), 2, "once");

    password(PASSWORD);
    watching.hurry();
    watching.hear("mended", |_| true);
    watching.hear("up", |line| line["name"] == "exchange");
    let mut users = vec![CLARA.0, FRANK.0];
    while !users.is_empty() {
        let run = watching.hear("run", |_| true);
        users.retain(|user| run["user"] != *user);
    }
    assert_eq!(office.exchange.refused_logins(), 2);
    Watching::hears(&office, 2);
    let (code, last) = watching.end();
    assert_eq!(code, 0, "all is well again: {last:?}");
}

/// Invariant 11: a call that fails for one user says nothing of the others.
#[test]
fn a_source_that_fails_for_one_user_is_open_to_the_others() {
    let office = Office::of(&[("DHO", "d.hoffmann@firma.example", "Hoffmann, Dora"), CLARA]);
    office.has_faulty("{ method = 'list', fault = 'unreachable', user = 'CSC' }");
    let watching = Watching::start(&office, "", &["--first-transfer"]);
    let (mut failed, mut ran) = (None, false);
    while failed.is_none() || !ran {
        let line = watching.lines.recv_timeout(LIMIT).expect("both are told of");
        assert_ne!(line["event"], "down", "{line}");
        ran |= line["event"] == "run" && line["user"] == "DHO";
        if line["event"] == "stopped" {
            failed = Some(line);
        }
    }
    let failed = failed.unwrap();
    assert_eq!((&failed["user"], &failed["outcome"]), (&"CSC".into(), &"failed".into()));
    let code = &failed["reasons"][0]["code"];
    assert_eq!((code, failed["again_in_seconds"].is_u64()), (&"source-failed".into(), true));
    let (code, last) = watching.end();
    assert_eq!(code, 4, "a mailbox stands failed");
    assert!(last.iter().all(|line| line["event"] != "down"), "{last:?}");
}

/// Rule D7: the database is the one that lies there, not the one that was opened.
#[test]
fn d7_another_database_in_the_place_of_the_opened_one_is_noticed() {
    let office = Office::of_one();
    let watching = Watching::start(&office, "", &["--first-transfer"]);
    watching.hear("run", |_| true);
    let other = office.place.path("other.db");
    staffitpro_sample::create_sample(&other).unwrap();
    let database = Connection::open(&other).unwrap();
    database.execute("UPDATE meta SET value = 'other' WHERE key = 'identity'", []).unwrap();
    drop(database);
    let before = office.exchange.writes();
    std::fs::rename(&other, office.place.path("demo.db")).unwrap();
    watching.hurry();
    let waits = watching.hear("stopped", |_| true);
    assert_eq!(
        (&waits["outcome"], &waits["reasons"][0]["code"]),
        (&"waits".into(), &"brake-tenant".into())
    );
    assert_eq!(watching.end().0, 3);
    assert_eq!(office.exchange.writes(), before);
}

/// Rule D14: whoever the source does not know waits, and goes on when he is added there.
#[test]
fn a_user_who_is_added_meanwhile_is_found() {
    let office = Office::of(&[CLARA, ("NEU", "n.neu@firma.example", "Neu, Nora")]);
    let watching = Watching::start(&office, "", &["--first-transfer"]);
    let unknown = watching.hear("stopped", |_| true);
    assert_eq!((&unknown["user"], &unknown["outcome"]), (&"NEU".into(), &"failed".into()));
    let database = Connection::open(office.place.path("demo.db")).unwrap();
    database.execute("INSERT INTO user (id, name) VALUES ('NEU', 'Nora Neu')", []).unwrap();
    watching.hurry();
    watching.hear("goes_on", |line| line["user"] == "NEU");
    assert_eq!(watching.end().0, 0);
}

/// In quiet hours nothing is done, whoever asks, and they are those of the clock where the person is.
#[test]
fn in_quiet_hours_of_a_mailbox_nothing_is_run_for_it() {
    let office = Office::of(&[CLARA, FRANK]);
    let config = office.place.read("abgleich.toml");
    let line = "FWE = \"f.weber@firma.example\"";
    assert!(config.contains(line), "{config}");
    // Ten to twelve hours from Berlin, whichever half of the year it is.
    let far = "FWE = { address = \"f.weber@firma.example\", zone = \"Pacific/Auckland\" }";
    std::fs::write(office.place.path("abgleich.toml"), config.replace(line, far)).unwrap();
    let hour = Timestamp::now().in_tz("Europe/Berlin").unwrap().hour();
    let (from, to) = ((hour + 22) % 24, (hour + 3) % 24);
    let quiet = format!("quiet = [\"{from}:00-{to}:00\"]");
    let watching = Watching::start(&office, &quiet, &["--first-transfer"]);
    let ran = watching.hear("run", |_| true);
    assert_eq!(ran["user"], FRANK.0, "{ran}");
    let (id, mobile) = mobile(&office, FRANK.1);
    office.exchange.outlook(FRANK.1).edit(&id, &[(&mobile, Some("+49 170 1234567"))]).unwrap();
    watching.hurry();
    let ran = watching.hear("run", |_| true);
    assert_eq!(ran["user"], FRANK.0, "{ran}");
    let (code, last) = watching.end();
    assert_eq!(code, 0);
    assert!(last.iter().all(|line| line["user"] != CLARA.0), "{last:?}");
    assert_eq!(office.items(CLARA.1, "contacts"), 0, "nobody looked at this mailbox");
}
