//! Bad input: each gives its exit code and says where and what next, and nothing is lost: a good run afterwards completes.

use std::fs;
#[cfg(unix)]
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
#[cfg(unix)]
use std::process::{Command, Stdio};

use abgleich_plugin::abi;
use exchange_sim::{Fault, FaultKind};
use sha2::{Digest, Sha256};

use crate::built;
use crate::document::{self, counts, mailbox, wrote_nothing};
use crate::expected::Expected;
#[cfg(unix)]
use crate::place::Ended;
use crate::place::{LOGIN, PEOPLE, Place};

/// Runs the first transfer and the run after it; everything must be there, once.
#[track_caller]
fn completes(place: &Place) {
    let first = document::read(&place.run(&["sync", "--first-transfer", "--json"]).expect(0));
    for (user, address) in PEOPLE {
        let expected = Expected::sum(&Expected::of(&place.database(), user).created);
        let found = place.items_and_records(address);
        assert_eq!(found, (expected, expected), "{user}: each record once\n{first:#}");
    }
    place.server.clear_log();
    wrote_nothing(&document::read(&place.run(&["sync", "--json"]).expect(0)));
    assert_eq!(place.server.writes(), 0, "{:?}", place.server.log());
}

#[test]
fn a_wrong_configuration_is_told_with_its_place_and_touches_nothing() {
    let place = Place::sample();
    place.configure(|text| *text = text.replacen("contacts = 'sync'", "contacts = 'snyc'", 1));
    place.run(&["sync"]).expect(2).says(&["abgleich.toml:", "snyc", "sync"]);
    place.configure(|text| {
        *text = text.replacen(r#"adapter = "sqlite""#, r#"adaptor = "sqlite""#, 1);
    });
    place.run(&["sync"]).expect(2).says(&["abgleich.toml:", "adaptor", "adapter"]);
    place.configure(|text| *text = text.replace("'exchange-ca.pem'", "'nowhere.pem'"));
    place.run(&["sync"]).expect(2).says(&["nowhere.pem", "next:"]);
    place.configure(|text| *text = text.replace("'password.txt'", "'nowhere.txt'"));
    place.run(&["sync"]).expect(2).says(&["nowhere.txt"]);
    assert!(place.server.log().is_empty(), "nothing was asked of the server");
}

/// Names an adapter by path and digest.
fn vendors(path: &Path) -> String {
    let bytes: [u8; 32] = Sha256::digest(fs::read(path).unwrap()).into();
    let digest = bytes.map(|byte| format!("{byte:02x}")).concat();
    format!("adapter = {{ file = '{}', sha256 = '{digest}' }}", path.display())
}

#[test]
fn a_plugin_that_cannot_be_used_is_told_with_its_place_and_touches_nothing() {
    let place = Place::sample();
    let with = |adapter: &str| {
        place.configure(|text| *text = text.replace(r#"adapter = "sqlite""#, adapter));
        place.run(&["sync", "--first-transfer"])
    };
    let text = place.path("text.so");
    fs::write(&text, "not a library").unwrap();
    with(&vendors(&text)).expect(2).says(&["text.so", "next:"]);
    let missing = vendors(&text).replace("text.so", "missing.so");
    with(&missing).expect(2).says(&["missing.so", "next:"]);
    with("adapter = 'oracle'").expect(2).says(&["oracle", "next:"]);

    // A real plugin of the next major version: the header of its table says so.
    let mut bytes = fs::read(built::library("faulty")).unwrap();
    let mut header = u32::try_from(size_of::<abi::Table>()).unwrap().to_le_bytes().to_vec();
    header.extend(abi::ABI_MAJOR.to_le_bytes());
    header.extend(abi::ABI_MINOR.to_le_bytes());
    header.extend(abi::MAGIC);
    let at = bytes.windows(header.len()).position(|window| window == header).expect("its table");
    bytes[at + 4] = 2;
    let newer = place.path("newer.so");
    fs::write(&newer, bytes).unwrap();
    with(&vendors(&newer)).expect(2).says(&[
        "newer.so",
        &format!("2.{}", abi::ABI_MINOR),
        "next:",
        "update abgleich",
    ]);

    // Another content than the configured one.
    fs::copy(built::library("sqlite"), place.path("vendor.so")).unwrap();
    let adapter = vendors(&place.path("vendor.so"));
    fs::copy(built::library("faulty"), place.path("vendor.so")).unwrap();
    with(&adapter).expect(2).says(&["vendor.so", "next:"]);

    // The right one, and a file that is no database.
    fs::rename(place.path("staffitpro.db"), place.path("kept.db")).unwrap();
    fs::write(place.path("staffitpro.db"), "SQLite format 3\0 and then nothing of the kind")
        .unwrap();
    place.configure(|_| {});
    place.run(&["sync", "--first-transfer"]).expect(5).says(&[
        "staffitpro.db",
        "no SQLite database",
        "→ check it with",
    ]);
    fs::rename(place.path("kept.db"), place.path("staffitpro.db")).unwrap();
    assert_eq!(place.server.writes(), 0, "{:?}", place.server.log());
    completes(&place);
}

#[test]
fn a_refused_login_and_a_lost_connection_are_told_apart_and_lose_nothing() {
    let place = Place::sample();
    fs::write(place.path("password.txt"), "wrong horse").unwrap();
    place.run(&["sync", "--first-transfer"]).expect(4).says(&[
        "login-refused",
        "user name and password",
        "3 mailboxes: DHO, CSC, FWE",
    ]);
    let checked = place.run(&["check"]).expect(4).says(&["check user name and password"]);
    assert!(!checked.stdout.contains("wrong horse") && !checked.stderr.contains("wrong horse"));
    place.configure(|_| {});

    // Nobody listens there: taken from the system, then given back.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let ours = format!("localhost:{}", place.server.port());
    place.configure(|text| *text = text.replace(&ours, &format!("localhost:{port}")));
    place.run(&["check"]).expect(5).says(&[&format!("localhost:{port}")]);
    // A certificate that nobody signed whom we believe.
    place.configure(|text| *text = text.replace("ca_file = 'exchange-ca.pem'\n", ""));
    place.run(&["sync"]).expect(5).says(&["nobody we trust issued", "`ca_file`"]);
    place.configure(|_| {});

    // An account that may not open a mailbox: that mailbox fails, the others are done.
    let denied = Fault::new(FaultKind::Refuse { code: "ErrorImpersonateUserDenied".to_owned() });
    place.server.fault(denied.for_mailbox(PEOPLE[1].1));
    let ended = place.run(&["sync", "--first-transfer", "--json"]).expect(4);
    let report = document::read(&ended);
    assert_eq!(mailbox(&report, "DHO")["outcome"], "done");
    assert_eq!(mailbox(&report, "CSC")["outcome"], "failed", "{report:#}");
    assert!(counts(mailbox(&report, "CSC"), "created").is_empty());
    place.server.clear_faults();
    assert!(!ended.stdout.contains(LOGIN), "{}", ended.stdout);
    completes(&place);
}

/// Invariants 1 and 3: each answer that is lost, cut off or something else in the midst of the first transfer. A create whose
/// answer did not come waits for the next run, whatever became of it; a read is repeated.
#[test]
fn a_connection_that_breaks_while_writing_doubles_nothing_and_loses_nothing() {
    let (user, address) = PEOPLE[0];
    for (kind, operation, loses) in [
        (FaultKind::DropBeforeCommit, "CreateItem", true),
        (FaultKind::DropAfterCommit, "CreateItem", true),
        (FaultKind::Truncated, "CreateItem", true),
        (FaultKind::HtmlPage, "CreateItem", true),
        (FaultKind::Truncated, "GetItem", false),
        (FaultKind::DropAfterCommit, "SyncFolderItems", false),
    ] {
        let place = Place::sample();
        let case = format!("{kind:?} on {operation}");
        let expected = Expected::of(&place.database(), user).created;
        let all = Expected::sum(&expected);
        place.server.fault(Fault::new(kind).on(operation).once());
        let sync = ["sync", "--first-transfer", "--json", "--mailbox", user];
        let report = document::read(&place.run(&sync).expect(0));
        assert_eq!(place.server.faults_left(), 0, "{case}: it did not strike");
        // The first batch is of the first scope: all that it creates, or a hundred.
        let lost = if loses { expected["applicants.contacts"].min(100) } else { 0 };
        assert_eq!(report["totals"]["created"], all - lost, "{case}: {report:#}");
        let waits = mailbox(&report, user)["findings"].as_array().unwrap().iter();
        let waiting = waits.filter(|finding| finding["code"] == "answer-lost").count();
        assert_eq!(u64::try_from(waiting).unwrap(), lost, "{case}");
        document::read(&place.run(&sync).expect(0));
        assert_eq!(place.items_and_records(address), (all, all), "{case}: each record once");
        place.server.clear_log();
        wrote_nothing(&document::read(&place.run(&sync).expect(0)));
        assert_eq!(place.server.writes(), 0, "{case}: {:?}", place.server.log());
    }
}

/// A run that is asked to end ends in order, says so under a name of its own, and the next one goes on from there.
#[cfg(unix)]
#[test]
fn ctrl_c_ends_the_run_in_order_and_says_so() {
    let place = Place::sample();
    // So long that the run is not over before the signal comes.
    place.server.set_service_time(5);
    let mut command = place.command(&["sync", "--first-transfer", "--json"]);
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
    let mut said = String::new();
    let mut stderr = BufReader::new(child.stderr.take().expect("it was piped"));
    while !said.contains("writing") {
        assert!(stderr.read_line(&mut said).expect("it prints") > 0, "it ended first: {said}");
    }
    let signal = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(signal.expect("the system has kill").success());
    stderr.read_to_string(&mut said).expect("it prints");
    place.server.set_service_time(0);
    let ended = Ended::of(child.wait_with_output().expect("it ends")).expect(130);
    assert!(said.contains("Ending after the step at hand"), "{said}");
    let report = document::read(&ended);
    let stopped: Vec<&str> = report["mailboxes"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|mailbox| mailbox["outcome"] == "interrupted")
        .map(|mailbox| mailbox["stopped"]["code"].as_str().unwrap())
        .collect();
    assert!(!stopped.is_empty() && stopped.iter().all(|code| *code == "run-ended"), "{report:#}");
    completes(&place);
}
