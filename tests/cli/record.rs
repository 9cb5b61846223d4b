//! `--record`: a conversation that may be handed on.

use abgleich::ews::{Arrival, Limits, ReplyParser};
use exchange_sim::Kind;

use crate::office::{ACCOUNT, Office, PASSWORD};

#[test]
fn a_recorded_run_says_what_was_said_and_names_nobody() {
    let office = Office::of_one();
    assert_eq!(office.run(&["sync", "--first-transfer", "--record", "tape"]).code, 0);
    let index = office.place.read("tape/index.jsonl");
    let lines: Vec<serde_json::Value> =
        index.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.len() > 5, "{index}");
    let (mut text, mut items) = (index.clone(), 0);
    for line in &lines[1..] {
        assert_eq!(
            (&line["outcome"], &line["status"]),
            (&"complete".into(), &200.into()),
            "{line}"
        );
        let name = format!(
            "tape/{:03}-{}",
            line["number"].as_u64().unwrap(),
            line["operation"].as_str().unwrap()
        );
        let answer = office.place.read(&format!("{name}.response.xml"));
        let length: u64 =
            line["chunks"].as_array().unwrap().iter().map(|c| c[1].as_u64().unwrap()).sum();
        assert_eq!(length, answer.len() as u64, "{name}: its pieces are all of it");
        // Judged by another reader, and by ours.
        roxmltree::Document::parse(&answer).unwrap_or_else(|error| panic!("{name}: {error}"));
        let request = office.place.read(&format!("{name}.request.xml"));
        roxmltree::Document::parse(&request).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut parser = ReplyParser::new(Limits::default());
        parser.feed(answer.as_bytes()).unwrap();
        items += std::iter::from_fn(|| parser.next_arrival())
            .filter(|arrival| matches!(arrival, Arrival::Item { .. }))
            .count();
        text += &request;
        text += &answer;
    }
    let contacts = office.exchange.outlook("c.schmidt@firma.example").items("contacts").unwrap();
    assert!(items > contacts.len(), "{items} items");
    let mut secrets: Vec<String> = [
        PASSWORD,
        "svc-abgleich",
        "Schmidt",
        "schmidt",
        "firma.example",
        "Authorization",
        "Cookie",
    ]
    .map(str::to_owned)
    .into();
    assert!(ACCOUNT.contains("svc-abgleich"));
    for contact in &contacts {
        assert_eq!(contact.kind, Kind::Contact);
        for property in ["contacts:Surname", "contacts:DisplayName", "item:Subject"] {
            secrets.extend(contact.text(property).map(|text| format!(">{text}<")));
        }
    }
    assert!(secrets.len() > 100, "{secrets:?}");
    for secret in secrets {
        assert!(!text.contains(&secret), "{secret} is in the recording");
    }
    // The words of the protocol are what support needs.
    for kept in [
        "<m:ResponseCode>NoError</m:ResponseCode>",
        "Exchange2016",
        "FieldURI=\"contacts:Surname\"",
    ] {
        assert!(text.contains(kept), "{kept}");
    }
    let again = office.run(&["plan", "--record", "tape"]);
    assert_eq!(
        again.code, 2,
        "two recordings in one folder could not be told apart: {}",
        again.stderr
    );
}
