//! Tests of the walk, against a world that is a function.

use super::{Found, Outcome, Step, Told, Walk};
use crate::ews::autodiscover::answer::{Answer, Endpoints};
use crate::ews::autodiscover::event::What;
use crate::ews::autodiscover::hosts::Hosts;
use crate::ews::autodiscover::request::Dialect;
use crate::ews::autodiscover::srv::Srv;

/// What was done, one line each.
fn line(step: &Step) -> String {
    match step {
        Step::Probe(url) => format!("probe {}", url.url()),
        Step::Knock(host) => format!("knock {host}"),
        Step::LookUp(name) => format!("look up {name}"),
        Step::Permit { host, found } => format!("permit {host} {found}"),
        Step::Ask { url, dialect, address } => format!("ask {} {dialect:?} {address}", url.url()),
        Step::Reach(url) => format!("reach {}", url.url()),
        Step::Done(_) => "done".to_owned(),
    }
}

/// Walks; the world answers each line.
fn walk(hosts: &[&str], world: impl Fn(&str) -> Told) -> (Outcome, Vec<String>, Walk) {
    let mut walk = Walk::new("d@firma.example", Hosts::parse(hosts).unwrap(), None).unwrap();
    let mut done = Vec::new();
    for _ in 0..200 {
        let step = walk.step();
        if let Step::Done(outcome) = step {
            return (outcome, done, walk);
        }
        let line = line(&step);
        walk.told(world(&line));
        done.push(line);
    }
    panic!("it does not end: {done:#?}");
}

fn status(status: u16) -> Told {
    Told::Status { status, location: None, offers: Vec::new() }
}

fn to(location: &str) -> Told {
    Told::Status { status: 302, location: Some(location.to_owned()), offers: Vec::new() }
}

fn nobody() -> Told {
    Told::Failed("no such host".to_owned())
}

fn at(internal: &str, external: &str) -> Told {
    let url = |url: &str| (!url.is_empty()).then(|| url.to_owned());
    let endpoints =
        Endpoints { internal: url(internal), external: url(external), ..Endpoints::default() };
    Told::Answer(Answer::Settings(endpoints))
}

const EWS: &str = "https://mail.firma.example/EWS/Exchange.asmx";

/// A world in which `autodiscover.firma.example` asks for a login.
fn usual(line: &str) -> Told {
    match line.split_once(' ') {
        Some(("probe", "https://autodiscover.firma.example/autodiscover/autodiscover.xml")) => {
            status(401)
        }
        Some(("ask", _)) => at("", EWS),
        Some(("reach", _)) => Told::Reached,
        _ => nobody(),
    }
}

#[test]
fn the_usual_way_asks_without_a_login_first() {
    let (outcome, done, _) = walk(&["autodiscover.firma.example", "mail.firma.example"], usual);
    assert_eq!(
        done,
        [
            "probe https://autodiscover.firma.example/autodiscover/autodiscover.xml",
            "ask https://autodiscover.firma.example/autodiscover/autodiscover.svc Soap d@firma.example",
            "reach https://mail.firma.example/EWS/Exchange.asmx",
        ]
    );
    let found = Found {
        url: EWS.to_owned(),
        address: "d@firma.example".to_owned(),
        grouping: None,
        server: None,
    };
    assert_eq!(outcome, Outcome::Found(found));
}

#[test]
fn quirk_35_a_host_that_nobody_named_never_sees_the_login() {
    let (outcome, done, walk) = walk(&[], |line| match line.split_once(' ') {
        Some(("permit", _)) => Told::Permitted(false),
        _ => usual(line),
    });
    assert_eq!(outcome, Outcome::NotFound);
    assert!(done.iter().all(|line| !line.starts_with("ask")), "{done:#?}");
    assert!(walk.events().iter().any(|event| event.what == What::NotPermitted));
}

#[test]
fn an_administrator_may_permit_a_host_for_this_walk() {
    let (outcome, done, _) = walk(&[], |line| match line.split_once(' ') {
        Some(("permit", _)) => Told::Permitted(true),
        _ => usual(line),
    });
    assert!(matches!(outcome, Outcome::Found(_)));
    let permits: Vec<_> = done.iter().filter(|line| line.starts_with("permit")).collect();
    assert_eq!(
        permits,
        ["permit autodiscover.firma.example false", "permit mail.firma.example true"]
    );
}

#[test]
fn quirk_34_the_server_found_must_be_permitted_too() {
    // notes.md §3.5 no. 34: the URL that is offered is a place for credentials as well.
    let (outcome, _, _) =
        walk(&["autodiscover.firma.example"], |line| match line.split_once(' ') {
            Some(("permit", _)) => Told::Permitted(false),
            _ => usual(line),
        });
    assert_eq!(outcome, Outcome::NotFound);
}

#[test]
fn quirk_32_no_label_is_ever_taken_off_the_domain() {
    // notes.md §3.5 no. 32: clients fell back to autodiscover.com.br and told it their passwords.
    let mut walk = Walk::new("d@a.b.firma.example", Hosts::default(), None).unwrap();
    let mut names = Vec::new();
    loop {
        let step = walk.step();
        if matches!(step, Step::Done(_)) {
            break;
        }
        names.push(line(&step));
        walk.told(nobody());
    }
    assert_eq!(
        names,
        [
            "probe https://autodiscover.a.b.firma.example/autodiscover/autodiscover.xml",
            "probe https://a.b.firma.example/autodiscover/autodiscover.xml",
            "knock autodiscover.a.b.firma.example",
            "look up _autodiscover._tcp.a.b.firma.example",
        ]
    );
}

#[test]
fn soap_that_is_not_understood_is_followed_by_plain_xml() {
    let (outcome, done, _) = walk(&["*.firma.example"], |line| match line {
        line if line.starts_with("ask") && line.contains("Soap") => nobody(),
        line => usual(line),
    });
    assert!(matches!(outcome, Outcome::Found(_)));
    assert!(
        done[2].starts_with(
            "ask https://autodiscover.firma.example/autodiscover/autodiscover.xml Pox"
        )
    );
}

#[test]
fn a_refused_login_ends_the_walk() {
    // Each attempt counts towards a lock-out, and "not found" would hide a wrong password (ews-managed-api issue 26).
    let (outcome, done, _) = walk(&["*.firma.example"], |line| match line.split_once(' ') {
        Some(("ask", _)) => Told::LoginRefused { offers: vec!["NTLM".to_owned()] },
        _ => usual(line),
    });
    let host = "autodiscover.firma.example".to_owned();
    assert_eq!(outcome, Outcome::LoginRefused { host, offers: vec!["NTLM".to_owned()] });
    assert_eq!(done.len(), 2);
}

#[test]
fn quirk_34_redirects_lead_to_https_services_only() {
    for (location, what) in [
        ("http://mail.firma.example/autodiscover/autodiscover.xml", "https only"),
        ("https://mail.firma.example/owa/", "OddPath"),
        ("https://u:p@mail.firma.example/autodiscover/autodiscover.xml", "does not belong"),
        ("//mail.firma.example/autodiscover/autodiscover.xml", "does not begin"),
        ("file:///etc/passwd", "does not begin"),
    ] {
        let (outcome, done, walk) = walk(&["*.firma.example"], |line| match line.split_once(' ') {
            Some(("knock", _)) => to(location),
            _ => nobody(),
        });
        assert_eq!(outcome, Outcome::NotFound, "{location}");
        assert_eq!(done.iter().filter(|line| line.starts_with("probe")).count(), 2, "{done:#?}");
        let said = format!("{:?}", walk.events());
        assert!(said.contains(what), "{location}: {said}");
    }
}

#[test]
fn a_redirect_of_the_knock_is_probed_without_the_login() {
    let (outcome, done, _) = walk(&["*.firma.example"], |line| match line.split_once(' ') {
        Some(("knock", _)) => to("https://ex.firma.example/Autodiscover/Autodiscover.xml"),
        Some(("probe", "https://ex.firma.example/Autodiscover/Autodiscover.xml")) => status(401),
        Some(("ask", _)) => at("", EWS),
        Some(("reach", _)) => Told::Reached,
        _ => nobody(),
    });
    assert!(matches!(outcome, Outcome::Found(_)));
    assert_eq!(done[3], "probe https://ex.firma.example/Autodiscover/Autodiscover.xml");
}

#[test]
fn circles_end() {
    let (outcome, _, walk) = walk(&["*.firma.example"], |line| match line.split_once(' ') {
        Some(("probe", url)) if url.contains("a.firma") => {
            to("https://b.firma.example/autodiscover/autodiscover.xml")
        }
        Some(("probe" | "knock", _)) => to("https://a.firma.example/autodiscover/autodiscover.xml"),
        _ => nobody(),
    });
    assert_eq!(outcome, Outcome::NotFound);
    assert!(walk.events().iter().any(|event| event.what == What::Circle));
}

#[test]
fn a_chain_of_addresses_ends() {
    let count = std::cell::Cell::new(0);
    let (outcome, _, walk) = walk(&["*.firma.example"], |line| match line.split_once(' ') {
        Some(("probe", _)) => status(401),
        Some(("ask", _)) => {
            count.set(count.get() + 1);
            Told::Answer(Answer::RedirectAddress(format!("d@n{}.firma.example", count.get())))
        }
        _ => nobody(),
    });
    assert_eq!(outcome, Outcome::NotFound);
    assert_eq!(count.get(), 11, "ten hops are followed, the eleventh is not");
    assert!(walk.events().iter().any(|event| event.what == What::TooManyHops));
}

#[test]
fn another_address_is_asked_for_with_the_same_login() {
    let (outcome, done, _) =
        walk(&["*.firma.example", "*.neu.example"], |line| match line.split_once(' ') {
            Some(("probe", _)) => status(401),
            Some(("ask", what)) if what.ends_with("d@firma.example") => {
                Told::Answer(Answer::RedirectAddress("dora@neu.example".to_owned()))
            }
            Some(("ask", _)) => at(EWS, ""),
            Some(("reach", _)) => Told::Reached,
            _ => nobody(),
        });
    let Outcome::Found(found) = outcome else { panic!("{outcome:?}") };
    assert_eq!(found.address, "dora@neu.example");
    assert!(
        done[3].contains("autodiscover.neu.example") && done[3].ends_with("dora@neu.example"),
        "{done:#?}"
    );
}

#[test]
fn the_outer_address_is_taken_where_the_inner_is_not_reached() {
    // evolution-ews issue 23: outside, EXPR has precedence; whether we are outside shows in what we reach.
    let (outcome, _, _) = walk(&["*.firma.example"], |line| match line.split_once(' ') {
        Some(("ask", _)) => at("https://ex1.intern.firma.example/EWS/Exchange.asmx", EWS),
        Some(("reach", url)) if url.contains("intern") => nobody(),
        _ => usual(line),
    });
    assert!(matches!(outcome, Outcome::Found(Found { url, .. }) if url == EWS));
}

#[test]
fn exchange_online_is_said_and_nothing_more_is_asked() {
    let online = "https://outlook.office365.com/EWS/Exchange.asmx";
    let (outcome, done, _) =
        walk(&["*.firma.example", "outlook.office365.com"], |line| match line.split_once(' ') {
            Some(("ask", _)) => at("", online),
            _ => usual(line),
        });
    assert_eq!(outcome, Outcome::Online { host: "outlook.office365.com".to_owned() });
    assert_eq!(done.len(), 2);
    let (outcome, _, _) = walk(&[], |line| match line.split_once(' ') {
        Some(("knock", _)) => {
            to("https://autodiscover-s.outlook.com/autodiscover/autodiscover.xml")
        }
        _ => nobody(),
    });
    assert_eq!(outcome, Outcome::Online { host: "autodiscover-s.outlook.com".to_owned() });
    assert!(Walk::new("d@firma.onmicrosoft.com", Hosts::default(), None).is_err());
}

#[test]
fn records_are_asked_in_their_order() {
    let srv = |host: &str, port| Srv { priority: 0, weight: 0, port, host: host.to_owned() };
    let (_, done, _) = walk(&[], |line| match line.split_once(' ') {
        Some(("look", _)) => Told::Records(vec![
            srv("ex1.firma.example", 443),
            srv("ex2.firma.example", 8443),
            srv("bad host", 443),
        ]),
        _ => nobody(),
    });
    assert_eq!(
        done[4..],
        [
            "probe https://ex1.firma.example/autodiscover/autodiscover.xml",
            "probe https://ex2.firma.example:8443/autodiscover/autodiscover.xml",
        ]
    );
}

#[test]
fn what_is_no_address_is_refused() {
    for address in ["", "dora", "d@", "d@a b", "d@ä.example", "d@a..b", "d@-\r\n"] {
        assert!(Walk::new(address, Hosts::default(), None).is_err(), "{address}");
    }
    assert!(Walk::new("d@firma.example", Hosts::default(), Some("http://x/")).is_err());
    let mut walk = Walk::new(
        "d@firma.example",
        Hosts::default(),
        Some("https://mail.firma.example:8443/autodiscover/autodiscover.xml"),
    )
    .unwrap();
    assert!(matches!(walk.step(), Step::Probe(url) if url.port() == 8443));
    walk.told(nobody());
    assert_eq!(walk.step(), Step::Done(Outcome::NotFound), "no other way is tried");
}

#[test]
fn questions_in_plain_xml_go_to_their_own_path() {
    let dialects = [(Dialect::Soap, ".svc"), (Dialect::Pox, ".xml")];
    let url =
        crate::ews::Endpoint::parse("https://x.example/a", crate::ews::PlainHttp::Never).unwrap();
    for (dialect, end) in dialects {
        assert!(super::in_words_of(&url, dialect).path().ends_with(end));
    }
}
