//! Conversations with Autodiscover, recorded and played: each step must be the one that was made then, each question the same, and the
//! walk must end as the scenario says.
//!
//! The recording lies in `fixtures/soap/recorded/autodiscover`; `ABGLEICH_RECORD=1 cargo test --test ews ways` makes it anew.

use std::fs;
use std::path::{Path, PathBuf};

use abgleich::ews::autodiscover::{
    Finder, Found, Hosts, Outcome, Srv, Step, Told, Walk, What, answer, body,
};
use abgleich::ews::recorder::{INDEX, Recorder};
use abgleich::ews::transport::Passage;
use abgleich::ews::transport::replay::Replay;
use abgleich::ews::{Login, Password, Trust};
use exchange_sim::{Autodiscover, Options, Server};

use crate::peer::timeouts;

const ADDRESS: &str = "d.hoffmann@firma.example";
const USER: &str = r"FIRMA\svc-abgleich";
const PASSWORD: &str = "Sommer-2026";

/// What the service is made to answer, and what the walk has to come to; `here` is the address of the server, without a path.
fn scenarios(here: &str) -> Vec<(Autodiscover, Outcome)> {
    let ews = format!("{here}/EWS/Exchange.asmx");
    let found = |server: Option<&str>| {
        Outcome::Found(Found {
            url: ews.clone(),
            address: ADDRESS.to_owned(),
            // Whatever it is called in the recording; see `outcome`.
            grouping: None,
            server: server.map(str::to_owned),
        })
    };
    let online = |host: &str| Outcome::Online { host: host.to_owned() };
    let nobody = "https://localhost:1/EWS/Exchange.asmx".to_owned();
    vec![
        (Autodiscover::Here, found(Some("15.02.1544.004"))),
        // SOAP is switched off; plain XML knows no version.
        (Autodiscover::PlainOnly, found(None)),
        // The inner address cannot be reached from outside.
        (
            Autodiscover::At { internal: Some(nobody), external: Some(ews.clone()) },
            found(Some("15.02.1544.004")),
        ),
        // A circle ends, and so does a redirect to a web page and one to a host over http.
        (
            Autodiscover::OtherUrl(format!("{here}/autodiscover/autodiscover.xml")),
            Outcome::NotFound,
        ),
        (Autodiscover::Moved(format!("{here}/owa/auth/logon.aspx")), Outcome::NotFound),
        (
            Autodiscover::Moved(
                "http://mail.firma.example/autodiscover/autodiscover.xml".to_owned(),
            ),
            Outcome::NotFound,
        ),
        // The login goes to no host that nobody named.
        (
            Autodiscover::At {
                internal: None,
                external: Some("https://mail.fremd.example/EWS/Exchange.asmx".to_owned()),
            },
            Outcome::NotFound,
        ),
        (
            Autodiscover::Moved(
                "https://autodiscover-s.outlook.com/autodiscover/autodiscover.xml".to_owned(),
            ),
            online("autodiscover-s.outlook.com"),
        ),
        (
            Autodiscover::OtherAddress("d.hoffmann@firma.mail.onmicrosoft.com".to_owned()),
            online("firma.mail.onmicrosoft.com"),
        ),
        (Autodiscover::Unknown, Outcome::NotFound),
    ]
}

fn walk(here: &str) -> Walk {
    let hosts = Hosts::parse(&["localhost"]).unwrap();
    Walk::new(ADDRESS, hosts, Some(&format!("{here}/autodiscover/autodiscover.xml"))).unwrap()
}

/// The outcome without the name of a group, which is the server's own.
fn outcome(mut outcome: Outcome) -> Outcome {
    if let Outcome::Found(found) = &mut outcome {
        assert_eq!(found.grouping.take().is_some(), found.server.is_some(), "SOAP tells both");
    }
    outcome
}

fn record(folder: &Path) {
    let mut options = Options::default().login(exchange_sim::Login::service(USER, PASSWORD));
    options = options.named_mailbox(ADDRESS, "Hoffmann, Dorothea");
    let server = Server::start(&options).unwrap();
    let finder = Finder {
        login: Login::Basic { user: USER.to_owned(), password: Password::new(PASSWORD) },
        trust: Trust::Only(server.ca_file().to_owned()),
        timeouts: timeouts(),
        passage: Passage {
            recorder: Some(Recorder::begin_in(folder).unwrap()),
            ..Passage::default()
        },
    };
    let here = format!("https://localhost:{}", server.port());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for (manner, expected) in scenarios(&here) {
        server.set_autodiscover(manner.clone());
        let mut walk = walk(&here);
        let came = runtime.block_on(finder.follow(&mut walk, &mut |_, _| false));
        assert_eq!(outcome(came), expected, "{manner:?}: {:#?}", walk.events());
    }
}

/// Does what a walk says with a recording instead of a network.
fn told(replay: &mut Replay, step: &Step) -> Told {
    let (what, place, question) = match step {
        Step::Probe(url) => ("Probe", url.url(), None),
        Step::Knock(host) => {
            ("Knock", format!("http://{host}/autodiscover/autodiscover.xml"), None)
        }
        Step::LookUp(name) => ("LookUp", name.clone(), None),
        Step::Permit { host, .. } => ("Permit", host.clone(), None),
        Step::Reach(url) => ("Reach", url.url(), None),
        Step::Ask { url, dialect, address } => {
            (dialect.name(), url.url(), Some(body(*dialect, address, &url.url())))
        }
        Step::Done(_) => unreachable!("it is the end"),
    };
    let recorded = replay.step(what, &place, question.as_deref());
    let recorded = recorded.unwrap_or_else(|problem| panic!("an unexpected step: {problem}"));
    let line = &recorded.line;
    let words = |key: &str| -> Vec<String> {
        let list = line[key].as_array().into_iter().flatten();
        list.filter_map(|word| word.as_str().map(str::to_owned)).collect()
    };
    let location = line["location"].as_str().map(str::to_owned);
    let status = line["status"].as_u64().and_then(|status| u16::try_from(status).ok());
    match (what, status, line["outcome"].as_str()) {
        ("Permit", ..) => Told::Permitted(line["outcome"] == "complete"),
        ("Reach", _, Some("complete")) => Told::Reached,
        ("LookUp", _, Some("complete")) => Told::Records(Vec::<Srv>::new()),
        ("Probe" | "Knock", Some(status), _) => {
            Told::Status { status, location, offers: words("offers") }
        }
        (_, Some(300..=399), _) => Told::Redirected(location.expect("where it leads")),
        (_, Some(200 | 500), _) => match answer::read(&recorded.body) {
            Ok(answer) => Told::Answer(answer),
            Err(error) => Told::Failed(error.to_string()),
        },
        (_, status, outcome) => Told::Failed(format!("{status:?} {outcome:?}")),
    }
}

fn play(folder: &Path) {
    let mut replay = Replay::open(folder).unwrap();
    // The port is the server's own.
    let index = fs::read_to_string(folder.join(INDEX)).unwrap();
    let first: serde_json::Value = serde_json::from_str(index.lines().nth(1).unwrap()).unwrap();
    let here =
        first["url"].as_str().unwrap().strip_suffix("/autodiscover/autodiscover.xml").unwrap();
    for (manner, expected) in scenarios(here) {
        let mut walk = walk(here);
        let came = loop {
            match walk.step() {
                Step::Done(outcome) => break outcome,
                step => walk.told(told(&mut replay, &step)),
            }
        };
        assert_eq!(outcome(came), expected, "{manner:?}: {:#?}", walk.events());
        let insecure = matches!(&manner, Autodiscover::Moved(to) if to.starts_with("http://"));
        let said = walk
            .events()
            .iter()
            .any(|event| matches!(&event.what, What::Failed(text) if text.contains("http")));
        assert_eq!(said, insecure, "{:#?}", walk.events());
    }
    assert_eq!(replay.left(), 0, "so many steps were recorded and not made");
}

fn recorded() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/soap/recorded/autodiscover");
    if std::env::var_os("ABGLEICH_RECORD").is_some() {
        let _ = fs::remove_dir_all(&folder);
        record(&folder);
    }
    folder
}

#[test]
fn recorded_ways_are_walked_again_step_for_step() {
    play(&recorded());
    let fresh = tempfile::tempdir().unwrap();
    record(&fresh.path().join("today"));
    play(&fresh.path().join("today"));
}

#[test]
fn another_step_is_told_with_its_difference() {
    let mut replay = Replay::open(&recorded()).unwrap();
    let told = replay.step("Probe", "https://mail.fremd.example/", None).unwrap_err();
    assert!(told.contains("- recorded: 001-Probe https://localhost:"), "{told}");
    assert!(told.contains("+ done:     Probe https://mail.fremd.example/"), "{told}");
}
