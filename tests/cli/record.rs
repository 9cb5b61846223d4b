//! `--record`: conversations that may be handed on.

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

/// The lines of the list of a recording, without the first, which is about the recording.
fn lines(office: &Office, folder: &str) -> Vec<serde_json::Value> {
    let index = office.place.read(&format!("{folder}/index.jsonl"));
    index.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Everything in the files of a recording.
fn all(office: &Office, folder: &str) -> String {
    let entries = std::fs::read_dir(office.place.path(folder)).unwrap();
    entries.map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap()).collect()
}

/// What of the configuration and of the mailbox must be nowhere.
const NOBODY: [&str; 7] =
    [PASSWORD, "svc-abgleich", "schmidt", "clara", "firma", "Authorization", "Cookie"];

fn names_nobody(text: &str) {
    let small = text.to_lowercase();
    for secret in NOBODY {
        assert!(!small.contains(&secret.to_lowercase()), "{secret} is in the recording");
    }
}

#[test]
fn a_recorded_check_says_what_it_asked_and_names_nobody() {
    let office = Office::of_one();
    let ended = office.run(&["check", "--write-probe", "--record", "tape"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    let lines = lines(&office, "tape");
    let asked: Vec<&str> = lines.iter().map(|line| line["operation"].as_str().unwrap()).collect();
    let stream = "GetStreamingEvents";
    for operation in ["GetFolder", "ResolveNames", "Subscribe", stream, "CreateItem", "GetItem"] {
        assert!(asked.contains(&operation), "{operation} is not in {asked:?}");
    }
    for line in &lines {
        // A stream has no end of its own: its first word is all that a check wants of it.
        let end = if line["operation"] == stream { "given up" } else { "complete" };
        assert_eq!((&line["outcome"], &line["status"]), (&end.into(), &200.into()), "{lines:#?}");
    }
    let text = all(&office, "tape");
    names_nobody(&text);
    assert!(text.contains("<m:ResponseCode>NoError</m:ResponseCode>"), "{text}");
    // What goes wrong is recorded as well: the refusal, and that nothing came of it.
    let mut office = Office::of_one();
    office.place = office.place.with("SIM_PASSWORD", "wrong");
    assert_eq!(office.run(&["check", "--record", "tape"]).code, 4);
    let lines = self::lines(&office, "tape");
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert_eq!((&lines[0]["outcome"], &lines[0]["status"]), (&"failed: login".into(), &().into()));
    names_nobody(&all(&office, "tape"));
}

#[test]
fn a_recorded_discovery_shows_the_way_and_names_nobody() {
    let office = Office::of_one();
    let at = office.exchange.autodiscover_url();
    let asked = ["discover", "c.schmidt@firma.example", "--at", &at, "--trust", "localhost"];
    let ended = office.run(&[&asked[..], &["--record", "tape"]].concat());
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    let lines = lines(&office, "tape");
    let steps: Vec<_> = lines
        .iter()
        .map(|line| (line["operation"].as_str().unwrap(), line["url"].as_str().unwrap()))
        .collect();
    let soap = at.replace(".xml", ".svc");
    let ews = office.exchange.url();
    assert_eq!(steps, [("Probe", at.as_str()), ("GetUserSettings", &soap), ("Reach", &ews)]);
    assert_eq!(lines[0]["offers"], serde_json::json!(["Basic"]));
    let text = all(&office, "tape");
    names_nobody(&text);
    assert!(text.contains("<Name>ExternalEwsUrl</Name>"), "the protocol's words stay: {text}");
}

/// Half a recording helps nobody, and a disk that is full is seen by nobody but the program.
#[cfg(unix)]
#[test]
fn a_recording_that_cannot_be_written_is_told_of_and_counts() {
    let office = Office::of_one();
    for (tape, command) in [("one", "plan"), ("two", "check")] {
        let folder = office.place.path(tape);
        std::fs::create_dir(&folder).unwrap();
        // Whatever is written there is refused: no room is left.
        std::os::unix::fs::symlink("/dev/full", folder.join("002-GetFolder.response.xml")).unwrap();
        for file in ["001-GetFolder.response.xml", "003-GetFolder.response.xml"] {
            std::os::unix::fs::symlink("/dev/full", folder.join(file)).unwrap();
        }
        let ended = office.run(&[command, "--record", tape]);
        assert_eq!(ended.code, 5, "{command}: {ended:?}");
        let told = format!("{}{}", ended.stdout, ended.stderr);
        assert!(told.contains("the recording is not whole: No space left"), "{command}: {told}");
        assert!(told.contains("record into a new one"), "{command}: {told}");
    }
}
