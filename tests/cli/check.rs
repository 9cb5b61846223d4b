//! `check`: the stages, each failing once with its line; the write probe and the ticket.

use std::fs;
use std::path::Path;

use abgleich::state::State;
use exchange_sim::{Fault, FaultKind};
use rusqlite::Connection;

use crate::office::Office;

const CLARA: (&str, &str, &str) = ("CSC", "c.schmidt@firma.example", "Schmidt, Clara");
const FRANK: (&str, &str, &str) = ("FWE", "f.weber@firma.example", "Weber, Frank");

/// Changes the configuration of an office.
fn with(office: Office, from: &str, to: &str) -> Office {
    let config = office.place.read("abgleich.toml");
    assert!(config.contains(from), "{from} is not in {config}");
    Office { place: office.place.file("abgleich.toml", &config.replace(from, to)), ..office }
}

/// The same in one line, because texts are broken where they are too long.
fn flat(office: &Office) -> (i32, String) {
    let (code, text) = said(office);
    (code, text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Runs a check and returns its code and the lines from the errors or warnings on, with the port as PORT and ids as ID.
fn said(office: &Office) -> (i32, String) {
    let ended = office.run(&["check"]);
    assert_eq!(ended.stderr, "");
    let text = masked(office, &ended.stdout);
    let from = ["errors (", "warnings (", "Everything"]
        .into_iter()
        .filter_map(|word| text.find(word))
        .min();
    (ended.code, text[from.expect("it says something")..].to_owned())
}

fn masked(office: &Office, text: &str) -> String {
    let text = text.replace(&office.exchange.port().to_string(), "PORT");
    // Request ids are UUIDs: 36 characters behind the word.
    let mut parts = text.split("(request ");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str("(request ID");
        out.push_str(&part[36..]);
    }
    out
}

#[test]
fn the_stages_of_the_server_are_shown_with_what_was_seen() {
    let office = Office::of_one();
    let ended = office.run(&["check"]);
    let text = masked(&office, &ended.stdout);
    let year = text.split("until ").nth(1).map(|rest| rest[..10].to_owned()).expect("a date");
    assert_eq!(
        text,
        format!(
            "\
staffitpro · staffITpro (sample) · 4 users, active among them: 3
exchange · https://localhost:PORT/EWS/Exchange.asmx
  network          127.0.0.1:PORT
  TLS              TLS 1.3
  certificate      CN=localhost, until {year}
  schemes offered  Basic
  login            Basic, FIRMA\\svc-abgleich
  channel binding  Basic needs none
  version          15.2.1544.4, Exchange2016
  user  person in staffITpro  mailbox                  person of the mailbox
  CSC   Clara Schmidt         c.schmidt@firma.example  Schmidt, Clara         in order
Everything is in order.
"
        )
    );
    assert_eq!(ended.code, 0);
    assert_eq!(office.exchange.writes(), 0, "a check writes nothing");
}

#[test]
fn each_stage_that_fails_has_its_line_and_its_next_step() {
    let office = with(Office::of_one(), "https://localhost", "https://nirgends.invalid");
    let (code, text) = flat(&office);
    assert_eq!(code, 5);
    assert!(
        text.starts_with("errors (1) server name: the name 'nirgends.invalid' was not resolved ("),
        "{text}"
    );
    assert!(text.contains("check the URL"), "{text}");

    let office = with(Office::of_one(), "ca_file = 'ca.pem'\n", "");
    let (code, text) = flat(&office);
    assert_eq!(code, 5);
    assert!(
        text.starts_with("errors (1) certificate: no safe connection to localhost:PORT: "),
        "{text}"
    );
    assert!(text.contains("`ca_file`"), "{text}");

    let office = with(Office::of_one(), "/EWS/Exchange.asmx", "/owa/exchange.asmx");
    assert_eq!(
        flat(&office),
        (
            4,
            "errors (1) schemes offered: the server asks for no login at this address (status 404) (CSC) → check the url; \
             it ends in /EWS/Exchange.asmx, and no login proxy stands in front of it"
                .to_owned()
        )
    );

    let office = Office::of_one();
    office.exchange.set_newest_contract("Exchange2010");
    let (code, text) = flat(&office);
    assert_eq!(code, 4);
    assert!(
        text.starts_with(
            "errors (1) version: the server refused the request with ErrorInvalidServerVersion"
        ),
        "{text}"
    );

    let office = with(Office::of_one(), "c.schmidt@", "niemand@");
    let (code, text) = flat(&office);
    assert_eq!(code, 4);
    assert!(
        text.starts_with(
            "errors (1) mailbox: the server refused the request with ErrorNonExistentMailbox"
        ),
        "{text}"
    );
    assert!(text.ends_with(", at SIM-EX01)"), "the request is named: {text}");

    let office = Office::of_one();
    let denied = FaultKind::Refuse { code: "ErrorImpersonateUserDenied".to_owned() };
    office.exchange.fault(Fault::new(denied));
    let (code, text) = flat(&office);
    assert_eq!(code, 4);
    assert!(text.starts_with("errors (1) impersonation: the server refused the request with ErrorImpersonateUserDenied"), "{text}");
    assert!(text.contains("ApplicationImpersonation"), "{text}");

    let office = Office::of_one();
    let denied = FaultKind::Refuse { code: "ErrorAccessDenied".to_owned() };
    office.exchange.fault(Fault::new(denied).on("Subscribe"));
    let (code, text) = flat(&office);
    assert_eq!(code, 0, "runs work without: {text}");
    assert!(text.starts_with("warnings (1) streaming: notifications are not possible ("), "{text}");

    // A proxy that waits for the end of the stream, and gives up.
    let office = Office::of_one();
    let cut = FaultKind::Status { status: 504, retry_after: None, location: None };
    office.exchange.fault(Fault::new(cut).on("GetStreamingEvents"));
    let (code, text) = flat(&office);
    assert_eq!(code, 0, "such mailboxes are asked in turns: {text}");
    assert!(
        text.starts_with(
            "warnings (1) streaming: notifications are allowed, but their stream does not come through ("
        ),
        "{text}"
    );
    assert!(text.contains("pull_seconds"), "{text}");

    let office = Office::of_one();
    // An hour, and half a minute for a busy machine.
    office.exchange.set_clock_ahead(-3630);
    let (code, text) = flat(&office);
    assert_eq!(code, 0, "what only one side changed flows: {text}");
    assert!(
        text.starts_with(
            "warnings (1) clock: the clock of Exchange is 60 minutes off ours; fields changed on both sides are held"
        ),
        "{text}"
    );
    assert!(text.contains("→ set the clocks right (time server)"), "{text}");
}

#[test]
fn the_stages_have_german_names_and_sentences() {
    let office = with(Office::of_one(), "language = \"en\"", "language = \"de\"");
    let office = with(office, "/EWS/Exchange.asmx", "/owa/exchange.asmx");
    let ended = office.run(&["check"]);
    let flat = ended.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        flat.ends_with(
            "Fehler (1) Anmeldeverfahren: der Server verlangt an dieser Adresse keine Anmeldung (Status 404) (CSC) → die url \
             prüfen; sie endet auf /EWS/Exchange.asmx, und davor steht kein Anmelde-Proxy"
        ),
        "{flat}"
    );
    assert!(flat.contains(" Netzwerk 127.0.0.1:"), "{flat}");
    assert!(
        flat.contains(", bis 20") || flat.contains(", bis 4"),
        "until when the certificate is valid: {flat}"
    );
}

#[test]
fn a_delegate_without_rights_is_told_which_and_how_to_give_them() {
    let office = with(Office::of_one(), "access = \"impersonation\"", "access = \"delegate\"");
    let (_, check) = office.json(&["check"]);
    let stages = check["mailboxes"][0]["stages"].to_string();
    assert!(stages.contains("mailbox") && !stages.contains("impersonation"), "{stages}");
    office.exchange.set_read_only(true);
    let (code, text) = said(&office);
    assert_eq!(code, 4);
    assert_eq!(
        text,
        "\
errors (1)
  folder rights: in the folder Contacts rights are missing: create, change, delete (CSC)
    → give the account the right Editor; `abgleich check --exchange-setup` prints the commands
warnings (1)
  mailbox: we cannot see all folders; what is missing may lie in another one and therefore never
  counts as deleted (CSC)
    → give the account full access to the mailbox (Add-MailboxPermission -AccessRights FullAccess)
      or use access = \"impersonation\"; rights on single folders are not enough for this
"
    );
}

#[test]
fn a_refused_login_is_one_attempt_and_one_line() {
    let mut office = Office::of(&[CLARA, FRANK]);
    office.place = office.place.with("SIM_PASSWORD", "wrong");
    let (code, text) = flat(&office);
    assert_eq!(code, 4);
    assert!(text.starts_with("errors (1) login: the server refused the login (status 401); it offers Basic (2 mailboxes: CSC, FWE)"), "{text}");
    assert_eq!(
        office.exchange.refused_logins(),
        1,
        "a wrong password tried often locks the account"
    );
}

#[test]
fn the_write_probe_leaves_nothing_but_a_deleted_private_item_in_each_folder() {
    let office = Office::of_one();
    let (code, check) = office.json(&["check", "--write-probe"]);
    assert_eq!(code, 0, "{check}");
    let stages = check["mailboxes"][0]["stages"].as_array().unwrap();
    let probe = stages.iter().find(|stage| stage["stage"] == "write-probe").unwrap();
    assert_eq!((&probe["passed"], &probe["seen"]), (&true.into(), &"3 folders".into()));
    for folder in ["contacts", "calendar", "tasks"] {
        assert_eq!(office.items(CLARA.1, folder), 0, "{folder}");
    }
    let deleted = office.exchange.outlook(CLARA.1).items("deleteditems").unwrap();
    assert_eq!(deleted.len(), 3);
    for item in &deleted {
        assert_eq!(item.text("item:Sensitivity"), Some("Private"), "{item:?}");
    }
    assert!(office.exchange.mail_sent().is_empty(), "rule D8");
    // A run takes none of them for a record's.
    let (code, report) = office.json(&["sync", "--first-transfer"]);
    assert_eq!(code, 0, "{report}");
    assert_eq!(office.exchange.outlook(CLARA.1).items("deleteditems").unwrap().len(), 3);

    let office = with(Office::of_one(), "[defaults]\n", "[defaults]\nwrites = \"off\"\n");
    let (_, check) = office.json(&["check", "--write-probe"]);
    assert!(
        check.to_string().contains("no write probe: writing is switched off"),
        "rule D19: {check}"
    );
    assert_eq!(office.exchange.writes(), 0, "rule D19");
}

#[test]
fn a_probe_that_fails_names_the_step() {
    let office = Office::of_one();
    let full = FaultKind::BadItem { item: 0, code: "ErrorMessageSizeExceeded".to_owned() };
    office.exchange.fault(Fault::new(full).on("CreateItem"));
    let ended = office.run(&["check", "--write-probe"]);
    assert_eq!(ended.code, 4, "{}", ended.stdout);
    assert!(
        ended.stdout.contains("\n  write probe: the probe could not make its item (Contacts: ErrorMessageSizeExceeded) (CSC)\n"),
        "{}",
        ended.stdout
    );
}

#[test]
fn the_document_has_servers_with_their_stages() {
    let office = Office::of_one();
    let (_, check) = office.json(&["check"]);
    let stages: Vec<_> = check["servers"][0]["stages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|stage| stage["stage"].as_str().unwrap())
        .collect();
    assert_eq!(
        stages,
        ["dns", "network", "tls", "certificate", "schemes", "login", "channel-binding", "version"]
    );
    let mailbox = &check["mailboxes"][0];
    assert_eq!(
        (&mailbox["version"], &mailbox["contract"]),
        (&"15.2.1544.4".into(), &"Exchange2016".into())
    );
    let stages: Vec<_> = mailbox["stages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|stage| stage["stage"].as_str().unwrap())
        .collect();
    assert_eq!(
        stages,
        [
            "login",
            "channel-binding",
            "version",
            "impersonation",
            "mailbox",
            "folder",
            "streaming",
            "clock"
        ]
    );
}

#[test]
fn a_ticket_says_what_happened_and_nothing_about_persons() {
    let office = Office::of(&[CLARA, FRANK]);
    let denied = FaultKind::Refuse { code: "ErrorImpersonateUserDenied".to_owned() };
    office.exchange.fault(Fault::new(denied).for_mailbox(FRANK.1));
    let ended = office.run(&["check", "--ticket"]);
    assert_eq!(ended.code, 4);
    let text = &ended.stdout;
    for part in [
        concat!("abgleich ", env!("CARGO_PKG_VERSION"), " on "),
        "server exchange: https://localhost:",
        "  tls: passed, TLS 1.3\n",
        "  login: passed\n",
        "mailbox 1: ok, 15.2.1544.4, Exchange2016\n",
        "mailbox 2: failed at impersonation, ",
        "  request ",
        "error at impersonation: the server refused the request with ErrorImpersonateUserDenied",
        "(1 of 2 mailboxes)\n",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    for word in ["Schmidt", "Weber", "Clara", "Frank", "CSC", "FWE", "@", "svc-abgleich", "geheim"]
    {
        assert!(!text.contains(word), "{word} is in\n{text}");
    }
}

/// What an adapter says may name anybody, and paths of files often do.
#[test]
fn a_ticket_has_no_words_of_an_adapter_and_no_paths() {
    let office = Office::of_one();
    let settings =
        r#"{ method = "users", fault = "indiscreet", file = '/home/clara.schmidt/x.db' }"#;
    office.has_faulty(settings);
    let office = with(office, "ca_file = 'ca.pem'", "ca_file = '/home/frank.weber/no ca.pem'");
    let ended = office.run(&["check", "--ticket"]);
    let text = &ended.stdout;
    for part in
        ["error at plugin: the source fails when it is asked for `users` (denied)\n", "FILE"]
    {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    for word in ["weber", "clara", "home", "crm", "ca.pem"] {
        assert!(!text.to_lowercase().contains(word), "{word} is in\n{text}");
    }
    let told = office.run(&["check"]).stdout;
    assert!(told.contains("crm.db"), "whoever administers it sees the words: {told}");
}

/// The service that made it may be running: `check` is what an administrator runs before the new program takes over.
#[test]
fn a_state_of_an_earlier_version_is_told_of_and_stays_as_it_is() {
    let office = Office::of_one();
    let old = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/state/v1.sql");
    let folder = office.place.path("state");
    drop(State::open(&folder).unwrap());
    let path = folder.join("abgleich.state");
    fs::remove_file(&path).unwrap();
    let sql = fs::read_to_string(old).unwrap();
    let state = Connection::open(&path).unwrap();
    state.execute_batch(&format!("PRAGMA journal_mode = WAL; {sql}")).unwrap();
    drop(state);
    let before = fs::read(&path).unwrap();
    let (code, text) = flat(&office);
    assert_eq!(code, 0, "{text}");
    assert!(
        text.starts_with(
            "warnings (1) state: the state is that of an older abgleich; the next run"
        ),
        "{text}"
    );
    // Rule D15 holds for what it knows.
    let state = Connection::open(&path).unwrap();
    state.execute_batch("UPDATE mailbox SET user = 'CSC', identity = 'another'").unwrap();
    drop(state);
    let changed = fs::read(&path).unwrap();
    let (code, text) = flat(&office);
    assert_eq!(code, 4, "{text}");
    assert!(text.contains("is not the one that was settled before"), "{text}");
    office.run(&["plan"]);
    assert!(before != changed && fs::read(&path).unwrap() == changed);
    let names: Vec<_> = fs::read_dir(&folder).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert!(!names.iter().any(|name| name.to_string_lossy().ends_with(".bak")), "{names:?}");
}
