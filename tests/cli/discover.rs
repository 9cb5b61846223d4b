//! `discover`: the way to a server, step by step, and where the login may go.

use exchange_sim::{Autodiscover, Fault, FaultKind};

use crate::office::Office;
use crate::program::Ended;

const CLARA: &str = "c.schmidt@firma.example";

/// What was printed, with the port of the simulated server as PORT.
fn shown(office: &Office, ended: &Ended) -> (i32, String) {
    assert_eq!(ended.stderr, "");
    (ended.code, ended.stdout.replace(&office.exchange.port().to_string(), "PORT"))
}

fn discover(office: &Office, more: &[&str]) -> (i32, String) {
    let at = office.exchange.autodiscover_url();
    let ended = office.run(&[&["discover", CLARA, "--at", &at], more].concat());
    shown(office, &ended)
}

#[test]
fn the_server_is_found_and_the_line_is_printed() {
    let office = Office::of_one();
    assert_eq!(
        discover(&office, &["--trust", "localhost"]),
        (
            0,
            "\
c.schmidt@firma.example
  https://localhost:PORT/autodiscover/autodiscover.xml: wants a login: Basic
  https://localhost:PORT/autodiscover/autodiscover.svc: inside
  https://localhost:PORT/EWS/Exchange.asmx, outside https://localhost:PORT/EWS/Exchange.asmx
  https://localhost:PORT/EWS/Exchange.asmx: can be reached
Found: https://localhost:PORT/EWS/Exchange.asmx
  → the configuration says so already
"
            .to_owned()
        )
    );
    assert_eq!(
        office.exchange.calls("Autodiscover"),
        1,
        "asked without a login once, and once with it"
    );
}

#[test]
fn a_host_that_nobody_named_does_not_see_the_login() {
    let office = Office::of_one();
    assert_eq!(
        discover(&office, &[]),
        (
            3,
            "\
c.schmidt@firma.example
  https://localhost:PORT/autodiscover/autodiscover.xml: wants a login: Basic
  localhost: may not see the login
No server was found.
  → if these hosts are your own company's, repeat the command with `--trust localhost`
"
            .to_owned()
        )
    );
    assert_eq!(office.exchange.calls("Autodiscover"), 0);
}

#[test]
fn the_server_that_is_named_must_be_trusted_as_well() {
    let office = Office::of_one();
    let elsewhere = Some("https://mail.fremd.example/EWS/Exchange.asmx".to_owned());
    office.exchange.set_autodiscover(Autodiscover::At { internal: None, external: elsewhere });
    let (code, text) = discover(&office, &["--trust", "localhost"]);
    assert_eq!(code, 3, "{text}");
    assert!(text.contains("\n  mail.fremd.example: may not see the login\n"), "{text}");
    let (code, text) = discover(&office, &["--trust", "localhost", "--trust", "*.fremd.example"]);
    assert_eq!(code, 5, "nobody is there: {text}");
}

#[test]
fn a_log_of_the_way_names_nobody() {
    // docs/administrator.md: logs can be passed on.
    let office = Office::of_one();
    let other = "andere.person@firma.example".to_owned();
    office.exchange.set_autodiscover(Autodiscover::OtherAddress(other));
    let at = office.exchange.autodiscover_url();
    let ended = office.run(&["-vv", "discover", CLARA, "--at", &at, "--trust", "localhost"]);
    assert!(ended.stderr.contains("a step of autodiscover"), "{}", ended.stderr);
    assert!(!ended.stderr.contains('@'), "{}", ended.stderr);
}

#[test]
fn exchange_online_is_refused_with_its_reason() {
    let office = Office::of_one();
    let online = Some("https://outlook.office365.com/EWS/Exchange.asmx".to_owned());
    office.exchange.set_autodiscover(Autodiscover::At { internal: None, external: online });
    let (code, text) = discover(&office, &["--trust", "localhost", "--trust", "*.office365.com"]);
    assert_eq!(code, 2, "{text}");
    assert!(
        text.ends_with(
            "\
The mailbox is in Exchange Online (outlook.office365.com). Microsoft switches EWS off there (October
2026 to April 2027); abgleich needs an Exchange server of your own (2013 to SE).
  → take the line of this mailbox out of the configuration
"
        ),
        "{text}"
    );
}

#[test]
fn a_refused_login_is_tried_once() {
    let mut office = Office::of_one();
    office.place = office.place.with("SIM_PASSWORD", "wrong");
    let (code, text) = discover(&office, &["--trust", "localhost"]);
    assert_eq!(code, 4, "{text}");
    assert!(text.contains("refuses the login; it offers: Basic"), "{text}");
    assert!(
        !text.contains("autodiscover.xml: refuses"),
        "SOAP was refused; plain XML is not tried: {text}"
    );
}

#[test]
fn other_ways_of_answering_lead_to_the_same_server() {
    let office = Office::of_one();
    let trust = ["--trust", "localhost"];
    office.exchange.set_autodiscover(Autodiscover::PlainOnly);
    let (code, text) = discover(&office, &trust);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("autodiscover.svc: status 404"), "{text}");
    for manner in [
        Autodiscover::OtherUrl("http://localhost/autodiscover/autodiscover.xml".to_owned()),
        Autodiscover::Moved(office.exchange.autodiscover_url()),
        Autodiscover::Unknown,
    ] {
        office.exchange.set_autodiscover(manner);
        let (code, text) = discover(&office, &trust);
        assert_eq!(code, 5, "{text}");
    }
    let nobody = office.run(&["discover", "nobody"]);
    assert_eq!(nobody.code, 2);
    assert!(nobody.stderr.starts_with("error: it is no mail address"), "{}", nobody.stderr);
}

#[test]
fn where_mailboxes_are_looked_for_they_are_found_once_and_remembered() {
    let office = Office::of_one();
    let url = office.exchange.url();
    let config = office.place.read("abgleich.toml");
    let config = config.replace(
        &format!("url = \"{url}\""),
        "url = \"autodiscover\"\nhosts = [\"localhost\"]\ntimeouts = { connect_seconds = 2 }",
    );
    let place = office.place.file("abgleich.toml", &config);
    let office = Office { place, exchange: office.exchange };
    // Nobody finds firma.example; whoever knows the way remembers it for the runs.
    let missing = office.run(&["check"]);
    assert_eq!(missing.code, 4, "{}", missing.stdout);
    assert!(
        missing.stdout.contains("Autodiscover finds no server for c.schmidt@firma.example"),
        "{}",
        missing.stdout
    );
    let (code, text) = discover(&office, &[]);
    assert_eq!(code, 0, "{text}");
    let (code, check) = office.json(&["check"]);
    assert_eq!(code, 0, "{check}");
    assert_eq!(office.exchange.calls("Autodiscover"), 1, "what was found is remembered");
    let (code, report) = office.json(&["sync", "--first-transfer"]);
    assert_eq!(code, 0, "{report}");
    // A mailbox that is not there any more is looked for again, by this run and by all later ones.
    let code = "ErrorNonExistentMailbox".to_owned();
    office.exchange.fault(Fault::new(FaultKind::Refuse { code }).on("GetFolder").once());
    let (code, report) = office.json(&["sync"]);
    assert_eq!(code, 4, "{report}");
    assert!(report.to_string().contains("mailbox-missing"), "{report}");
    let missing = office.run(&["sync"]);
    assert!(
        missing.stdout.contains("Autodiscover finds no server for c.schmidt@firma.example"),
        "{}",
        missing.stdout
    );
    assert_eq!(discover(&office, &[]).0, 0);
    // Taken off the list, the host does not see the login any more, remembered or not.
    let config = config.replace("hosts = [\"localhost\"]", "hosts = [\"mail.firma.example\"]");
    let place = office.place.file("abgleich.toml", &config);
    let office = Office { place, exchange: office.exchange };
    office.exchange.clear_log();
    assert_eq!(office.run(&["sync"]).code, 4);
    assert_eq!(office.exchange.log().len(), 0, "nothing was sent");
}
