//! Runs against the sample database and the simulated Exchange, from end to end.

use std::time::Duration;

use abgleich::model::{TenantName, UserId};
use abgleich::state::MailboxLock;
use exchange_sim::{Fault, FaultKind, Options};

use crate::office::Office;

const CLARA: (&str, &str, &str) = ("CSC", "c.schmidt@firma.example", "Schmidt, Clara");
const FRANK: (&str, &str, &str) = ("FWE", "f.weber@firma.example", "Weber, Frank");

const WRITES: [&str; 4] = ["created", "updated_outlook", "updated_staffitpro", "deleted_outlook"];

#[test]
fn d2_the_first_transfer_is_asked_for_and_a_second_run_writes_nothing() {
    let office = Office::of_one();

    let (code, waiting) = office.json(&["sync"]);
    assert_eq!(code, 3, "a mailbox waits for a word");
    assert_eq!(waiting["mailboxes"][0]["outcome"], "waits");
    let stopped = &waiting["mailboxes"][0]["stopped"];
    assert_eq!(stopped["code"], "first-transfer-waiting");
    assert!(
        stopped["next"]
            .as_str()
            .unwrap()
            .contains("`abgleich sync --first-transfer --mailbox CSC`")
    );

    let copy = office.place.path("state/abgleich.state.v3.bak");
    let old = std::fs::File::create(&copy).unwrap();
    old.set_modified(std::time::UNIX_EPOCH + Duration::from_secs(1_000_000_000)).unwrap();
    let (_, plan) = office.json(&["plan", "--first-transfer"]);
    assert!(copy.exists(), "invariant 10: a plan removes nothing");
    let lines = plan["mailboxes"][0]["lines"].as_array().unwrap();
    let planned = lines.iter().filter(|line| line["action"] == "create").count();
    assert_eq!(office.exchange.writes(), 0, "plan writes nothing");

    let (code, first) = office.json(&["sync", "--first-transfer"]);
    assert_eq!(code, 0);
    assert!(!copy.exists(), "it is older than the journal may be");
    let created = first["totals"]["created"].as_u64().unwrap();
    let held = first["totals"]["held"].as_u64().unwrap();
    let there: usize =
        ["contacts", "calendar", "tasks"].map(|f| office.items(CLARA.1, f)).iter().sum();
    assert_eq!(created, there as u64, "the server has what the report says");
    assert_eq!(created, planned as u64, "invariant 10: the plan said so");
    // The sample has 60 records in Clara's filter (its README); what is in doubt is held, never created.
    assert_eq!(office.items(CLARA.1, "contacts") as u64 + held, 60);
    assert!(office.exchange.mail_sent().is_empty(), "rule D8");

    let before = office.exchange.writes();
    let (code, second) = office.json(&["sync"]);
    assert_eq!(code, 0);
    for count in WRITES {
        assert_eq!(second["totals"][count], 0, "invariant 4: {count}");
    }
    assert_eq!(office.exchange.writes(), before, "invariant 4: the server saw no write");

    let (code, _) = office.json(&["sync", "--strict"]);
    assert_eq!(code, 10, "the held records are findings");
    let status = office.run(&["status"]);
    assert_eq!(status.code, 0);
    assert!(
        status.stdout.starts_with("CSC · c.schmidt@firma.example — last run 20"),
        "{}",
        status.stdout
    );
    assert!(status.stdout.contains("`abgleich status CSC --findings`"), "{}", status.stdout);
}

#[test]
fn i11_a_mailbox_that_fails_changes_nothing_for_the_others() {
    let office = Office::of(&[CLARA, FRANK]);
    let denied = FaultKind::Refuse { code: "ErrorAccessDenied".to_owned() };
    office.exchange.fault(Fault::new(denied).for_mailbox(CLARA.1));
    let (code, report) = office.json(&["sync", "--first-transfer"]);
    assert_eq!(code, 4);
    assert_eq!(report["mailboxes"][0]["user"], "CSC");
    assert_eq!(report["mailboxes"][0]["outcome"], "failed");
    assert_eq!(report["mailboxes"][1]["user"], "FWE");
    assert_eq!(report["mailboxes"][1]["outcome"], "done");
    assert!(report["mailboxes"][1]["scopes"][0]["created"].as_u64().unwrap() > 0);
    assert_eq!(office.items(CLARA.1, "contacts"), 0);
    assert!(office.items(FRANK.1, "contacts") > 0);
}

#[test]
fn i12_two_runs_never_work_on_the_same_mailbox() {
    let office = Office::of_one();
    let held = MailboxLock::take(
        &office.place.path("state"),
        &TenantName::from("staffitpro"),
        &UserId::from("CSC"),
    )
    .unwrap();
    assert!(held.is_some());
    let ended = office.run(&["sync", "--first-transfer"]);
    assert_eq!(ended.code, 6, "{}", ended.stdout);
    assert!(
        ended.stdout.contains("CSC · c.schmidt@firma.example — left out, another run is active")
    );
    assert_eq!(office.exchange.writes(), 0);
}

#[test]
fn a_server_that_is_down_ends_with_5_and_loses_nothing() {
    let Office { place, exchange } = Office::of(&[CLARA, FRANK]);
    exchange.stop();
    let ended = place.run(&["sync", "--first-transfer"]);
    assert_eq!(ended.code, 5, "{}", ended.stdout);
    let down = "2 mailboxes: CSC, FWE — the server cannot be reached\n";
    assert!(ended.stdout.starts_with(down), "{}", ended.stdout);
    let check = place.run(&["check"]);
    assert_eq!(check.code, 5, "{}", check.stdout);
    assert!(check.stdout.contains("\n  network: "), "{}", check.stdout);
}

#[test]
fn a_refused_login_is_named_and_is_tried_once_for_all_mailboxes() {
    let mut office = Office::of(&[CLARA, FRANK]);
    office.place = office.place.with("SIM_PASSWORD", "wrong");
    let check = office.run(&["check"]);
    assert_eq!(check.code, 4, "{}", check.stdout);
    assert!(check.stdout.contains("errors (1)\n  login: "), "{}", check.stdout);
    assert!(check.stdout.contains("(2 mailboxes: CSC, FWE)"), "{}", check.stdout);
    assert!(!check.stdout.contains("wrong"), "no password is printed: {}", check.stdout);
    let before = office.exchange.refused_logins();
    let sync = office.run(&["sync"]);
    assert_eq!((sync.code, office.exchange.refused_logins() - before), (4, 1), "{}", sync.stdout);
    assert_eq!(sync.stdout.matches("login-refused").count(), 1, "{}", sync.stdout);
    assert!(sync.stdout.starts_with("2 mailboxes: CSC, FWE — failed\n"), "{}", sync.stdout);
}

/// Rule D20: what is wrong with the state is one cause, and nobody is sent to put a sound file away.
#[test]
fn a_state_that_cannot_be_used_is_said_once_and_check_finds_it() {
    let office = Office::of(&[CLARA, FRANK]);
    std::fs::create_dir_all(office.place.path("state/abgleich.state")).unwrap();
    let sync = office.run(&["sync"]);
    assert_eq!(sync.code, 5, "{}", sync.stdout);
    let stopped = "2 mailboxes: CSC, FWE — the state cannot be used\n  state-rights (D20)\n";
    assert!(sync.stdout.starts_with(stopped), "{}", sync.stdout);
    assert!(!sync.stdout.contains("move it away"), "{}", sync.stdout);
    let check = office.run(&["check"]);
    assert_eq!(check.code, 5, "{}", check.stdout);
    assert!(
        check.stdout.contains("\n  state: The state of abgleich cannot be opened"),
        "{}",
        check.stdout
    );
    assert_eq!(office.exchange.writes(), 0);
}

#[test]
fn a_password_that_is_not_there_is_a_configuration_error() {
    let mut office = Office::of_one();
    office.place = office.place.without("SIM_PASSWORD");
    let ended = office.run(&["sync"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (2, ""));
    assert!(ended.stderr.starts_with("error: the environment variable SIM_PASSWORD is not set"));
}

#[test]
fn check_finds_nothing_wrong_and_writes_nothing() {
    let office = Office::of_one();
    let (code, check) = office.json(&["check"]);
    assert_eq!(code, 0, "{check}");
    assert_eq!(check["schema"], "abgleich-check/1");
    assert_eq!(check["mailboxes"][0]["person"], "Clara Schmidt");
    assert_eq!(check["mailboxes"][0]["owner"], "Schmidt, Clara", "whose the mailbox is");
    assert_eq!(check["mailboxes"][0]["clock_seconds"], 0);
    assert_eq!(check["mailboxes"][0]["ok"], true);
    assert_eq!(check["remarks"], serde_json::json!([]));
    assert_eq!(office.exchange.writes(), 0);
}

#[test]
fn d7_a_word_for_the_brake_is_for_one_mailbox() {
    let office = Office::of(&[CLARA, FRANK]);
    for (arguments, line) in [
        (vec!["sync", "--allow", "tenant=1"], "`abgleich sync --mailbox CSC --allow tenant=1`"),
        (
            vec!["plan", "--full", "--allow", "restored=1", "--allow", "deleted=12"],
            "`abgleich plan --mailbox CSC --full --allow deleted=12 --allow restored=1`",
        ),
        (
            vec!["sync", "--first-transfer", "--scope", "leads.activities", "--allow", "turned=1"],
            "`abgleich sync --mailbox CSC --first-transfer --scope leads.activities --allow turned=1`",
        ),
        (
            vec!["sync", "--watch", "--allow", "turned=1"],
            "`abgleich sync --watch --mailbox CSC --allow turned=1`",
        ),
    ] {
        let ended = office.run(&arguments);
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{}", ended.stderr);
        assert!(ended.stderr.contains("is a word for one mailbox, and 2 are chosen"));
        assert!(ended.stderr.contains(line), "{}", ended.stderr);
    }
    assert_eq!(office.exchange.writes(), 0);
    assert_eq!(office.exchange.log().len(), 0, "nobody was asked anything");
    // Of one mailbox it is the word, whether it was needed or not.
    let one = ["sync", "--first-transfer", "--mailbox", "CSC", "--allow", "tenant=1"];
    assert_eq!(office.run(&one).code, 0);
}

#[test]
fn check_warns_of_the_mailbox_of_somebody_else_and_of_a_clock_that_is_wrong() {
    let office = Office::of(&[("CSC", "f.weber@firma.example", "Weber, Frank")]);
    office.exchange.set_clock_ahead(900);
    let (code, check) = office.json(&["check"]);
    assert_eq!(code, 0, "a run would work: {check}");
    let texts: Vec<_> = check["remarks"].as_array().unwrap().iter().map(|r| &r["text"]).collect();
    assert_eq!(texts.len(), 2, "{texts:?}");
    let persons = "staffITpro calls the person Clara Schmidt, the mailbox belongs to Weber, Frank";
    assert!(texts.iter().any(|text| *text == persons), "{texts:?}");
    let clock =
        texts.iter().find_map(|text| text.as_str()?.strip_prefix("the clock of Exchange is "));
    assert!(clock.is_some_and(|text| text.starts_with('1')), "15 minutes: {texts:?}");
    assert_eq!(office.run(&["check", "--strict"]).code, 10);
}

#[test]
fn logs_carry_neither_names_nor_values() {
    let office = Office::of_one();
    let ended = office.run(&["-vvv", "sync", "--first-transfer"]);
    assert_eq!(ended.code, 0);
    assert!(ended.stderr.contains("CreateItem"), "the log says what happens: {}", ended.stderr);
    let surnames = ["Schwarz", "Hoffmann", "Möller", "Nowak", "Lüdenscheidt", "Köhler", "Richter"];
    for word in surnames.into_iter().chain(["geheim-4711", "+49"]) {
        assert!(!ended.stderr.contains(word), "{word} is in the log");
    }
}

#[test]
fn decisions_are_refused_where_there_is_nothing_to_decide() {
    let office = Office::of_one();
    assert_eq!(office.run(&["take", "CSC", "B-010000", "outlook"]).code, 2, "never ran");
    assert_eq!(office.run(&["sync", "--first-transfer"]).code, 0);
    let ended = office.run(&["unlink", "CSC", "B-999999"]);
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("B-999999"), "{}", ended.stderr);
    assert_eq!(office.run(&["rebind", "CSC"]).code, 2, "it is the same mailbox");
    let ended = office.run(&["take", "CSC", "B-010000", "outlook"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(
        ended.stdout,
        "Outlook's values hold.\nThe next run acts on it: `abgleich sync --mailbox CSC`.\n"
    );
}

#[test]
fn the_staffitpro_side_can_be_looked_at() {
    let office = Office::of_one();
    let users = office.run(&["users", "--toml"]);
    assert_eq!(users.code, 0, "{}", users.stderr);
    assert!(
        users.stdout.contains("DHO = \"d.hoffmann@firma.example\"  # Dora Hoffmann\n"),
        "{}",
        users.stdout
    );
    assert!(!users.stdout.contains("CSC"), "Clara has a line already: {}", users.stdout);
    assert!(!users.stdout.contains("JMÜ"), "an inactive user is left out: {}", users.stdout);
    let record = office.run(&["source", "show", "CSC", "B-010000"]);
    assert!(record.stdout.contains("given_name"), "{}", record.stdout);
    let listed = office.run(&["filter", "list", "CSC"]);
    // 60 records of the sample are in Clara's filter (its README): 40 applicants and 20 business contacts.
    assert!(listed.stdout.starts_with("applicants: 40\n"), "{}", listed.stdout);
    assert!(listed.stdout.contains("\nbusiness_contacts: 20\n"), "{}", listed.stdout);
    assert_eq!(office.run(&["filter", "remove", "CSC", "B-010000"]).code, 0);
    assert!(office.run(&["filter", "list", "CSC"]).stdout.starts_with("applicants: 39\n"));
}

#[test]
fn d14_a_user_whom_staffitpro_does_not_know_gets_nothing() {
    let office = Office::of(&[FRANK, ("XYZ", CLARA.1, CLARA.2)]);
    let (code, report) = office.json(&["sync", "--first-transfer"]);
    assert_eq!(code, 4);
    assert_eq!(report["mailboxes"][1]["user"], "XYZ");
    assert_eq!(report["mailboxes"][1]["outcome"], "failed");
    assert_eq!(office.items(CLARA.1, "contacts"), 0);
    assert!(office.items(FRANK.1, "contacts") > 0);
}

/// Nobody reads the log of a service, and on the day after its end no connection is possible any more.
#[test]
fn a_certificate_that_ends_soon_is_in_the_report() {
    let options = Options { certificate_days: Some(10), ..Options::default() };
    let office = Office::open(&[("CSC", "c.schmidt@firma.example", "Schmidt, Clara")], options);
    let told = "the certificate of the server exchange ends on 20";
    let ended = office.run(&["plan"]);
    assert!(ended.stdout.contains(told) && ended.stdout.contains("renew it in time"), "{ended:?}");
    let (code, report) = office.json(&["sync", "--first-transfer"]);
    assert_eq!(code, 0, "{report}");
    let remarks = report["remarks"].as_array().unwrap();
    assert_eq!((remarks.len(), &remarks[0]["kind"]), (1, &"certificate-ends".into()), "{report}");
    assert!(remarks[0]["text"].as_str().unwrap().starts_with(told), "{report}");
    assert_eq!(office.run(&["sync", "--strict"]).code, 10);
    let (_, report) = Office::of_one().json(&["plan"]);
    assert_eq!(report["remarks"], serde_json::json!([]), "one that is far away");
}
