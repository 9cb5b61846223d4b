//! What reports look like. The expected texts are written by hand from the issue's words, not taken from a run.

use std::collections::{BTreeMap, BTreeSet};

use abgleich::config::Language;
use abgleich::engine::report::{Counts, Finding, Line, MailboxReport, Outcome, Stopped};
use abgleich::model::{Field, FieldSet, RecordId, RunId, Scope, UserId};
use abgleich::reason::{Advice, Class, Code};
use jiff::Timestamp;

use super::{Manner, Ran, Run, plan_document, plan_text, report_document, report_text, schema};
use crate::cli::json;
use crate::failure::Exit;

const GERMAN: Manner = Manner { language: Language::German, values: false, all: false };
const ENGLISH: Manner = Manner { language: Language::English, values: false, all: false };

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn scope(key: &str) -> Scope {
    Scope::from_key(key).unwrap()
}

fn finding(code: Code, record: &str, label: Option<&str>, field: Field, new: bool) -> Finding {
    Finding {
        code,
        scope: Some(scope("applicants.contacts")),
        record: Some(RecordId::from(record)),
        label: label.map(str::to_owned),
        fields: FieldSet::of(field),
        detail: None,
        values: vec![(field.key().to_owned(), "030 1234".to_owned(), "030 5678".to_owned())],
        first_seen: at("2026-11-20T08:00:00Z"),
        new,
    }
}

fn ran(user: &str, outcome: Outcome) -> Ran {
    let report = MailboxReport {
        user: UserId::from(user),
        address: format!("{}@firma.example", user.to_lowercase()),
        outcome,
        stopped: Vec::new(),
        words: BTreeSet::new(),
        scopes: BTreeMap::new(),
        findings: Vec::new(),
        explanation: None,
    };
    Ran { tenant: "staffitpro".to_owned(), report, lines: Vec::new(), options: String::new() }
}

fn run(mailboxes: Vec<Ran>) -> Run {
    Run {
        id: RunId::from("r1"),
        started: at("2026-11-22T08:00:00Z"),
        finished: at("2026-11-22T08:00:05Z"),
        mailboxes,
        concerns: Vec::new(),
    }
}

fn busy_mailbox() -> Ran {
    let mut mailbox = ran("DHO", Outcome::Done);
    let contacts = Counts { created: 120, updated_outlook: 5, held: 1, ..Counts::default() };
    let activities = Counts { created: 7, kept: 2, ..Counts::default() };
    mailbox.report.scopes.insert(scope("applicants.contacts"), contacts);
    mailbox.report.scopes.insert(scope("applicants.activities"), activities);
    mailbox.report.findings = vec![
        finding(Code::ConflictHeld, "1001", Some("BEW-1001 Anna Schulz"), Field::MobilePhone, true),
        finding(Code::Email4NoSlot, "1002", None, Field::Email4, false),
    ];
    mailbox
}

#[test]
fn a_mailbox_shows_a_table_and_its_findings() {
    let text = report_text(&run(vec![busy_mailbox()]), GERMAN);
    assert_eq!(
        text,
        "\
DHO · dho@firma.example — fertig
                                   angelegt  → Outlook  belassen  offen
  Bewerber · Kontakte                   120          5         ·      1
  Bewerber · Aufgaben und Termine         7          ·         2      ·
  zusammen                              127          5         2      1
  Neu (1)
    conflict-held (D1): Auf beiden Seiten verschieden geändert: Mobiltelefon. Für diesen Bereich ist
    eingestellt, dass ein Mensch entscheidet.
      BEW-1001 Anna Schulz [1001] · Bewerber · Kontakte
      → Entscheiden: `abgleich take DHO 1001 staffitpro` oder `abgleich take DHO 1001 outlook`.
  Schon bekannt (1)
    1 email-4-no-slot
    → `abgleich status DHO --findings`

"
    );
}

#[test]
fn values_are_printed_only_when_asked_for() {
    let run = run(vec![busy_mailbox()]);
    for manner in [GERMAN, ENGLISH] {
        assert!(!report_text(&run, manner).contains("030 1234"));
        let document = serde_json::to_string(&report_document(&run, manner)).unwrap();
        assert!(!document.contains("030 1234"));
        let manner = Manner { values: true, ..manner };
        assert!(report_text(&run, manner).contains("staffITpro „030 1234“, Outlook „030 5678“"));
        let document = serde_json::to_string(&report_document(&run, manner)).unwrap();
        assert!(document.contains("030 1234"));
    }
}

#[test]
fn a_private_record_is_named_by_its_id_alone() {
    let mut mailbox = busy_mailbox();
    mailbox.report.findings =
        vec![finding(Code::ConflictHeld, "1002", None, Field::MobilePhone, true)];
    let text = report_text(&run(vec![mailbox]), ENGLISH);
    assert!(text.contains("      1002 (private) · applicants.contacts\n"), "{text}");
}

/// Rule D20: a finding says why, where the other side said so, in words that come from outside. What several share is said once.
#[test]
fn a_refusal_is_told_with_its_reason() {
    let refused = |details: [&str; 2]| {
        let mut mailbox = ran("DHO", Outcome::Done);
        mailbox.report.findings = details
            .iter()
            .zip(["1002", "1003"])
            .filter(|(detail, _)| !detail.is_empty())
            .map(|(detail, record)| Finding {
                detail: Some((*detail).to_owned()),
                ..finding(Code::RefusedOutlook, record, None, Field::Company, true)
            })
            .collect();
        run(vec![mailbox])
    };
    let one = refused(["Bent\r\n\u{1b}[31m", ""]);
    let text = report_text(&one, GERMAN);
    assert!(text.contains("angenommen: Firma. Grund: Bent ⏎ [31m\n"), "{text}");
    let document = serde_json::to_value(report_document(&one, GERMAN)).unwrap();
    assert_eq!(document["mailboxes"][0]["findings"][0]["detail"], "Bent ⏎  [31m");
    let text = report_text(&refused(["ErrorItemSave"; 2]), ENGLISH);
    assert!(text.contains("the fields named. Reason:\n    ErrorItemSave\n"), "{text}");
    assert_eq!(text.matches("ErrorItemSave").count(), 1, "{text}");
    let text = report_text(&refused(["the task is due before it starts", ""]), GERMAN);
    assert!(text.contains(" Grund: die Aufgabe ist\n"), "{text}");
    let every = Manner { all: true, ..ENGLISH };
    let text = report_text(&refused(["ErrorItemSave", "the series has no end"]), every);
    for line in [
        "      1002 (private) · applicants.contacts · company · ErrorItemSave\n",
        "      1003 (private) · applicants.contacts · company · the series has no end\n",
    ] {
        assert!(text.contains(line), "{text}");
    }
}

#[test]
fn quiet_mailboxes_take_one_line_each_and_the_run_a_summary() {
    let mut quiet = ran("CSC", Outcome::Done);
    let counts = Counts { unchanged: 40, ..Counts::default() };
    quiet.report.scopes.insert(scope("offers.activities"), counts);
    let run = run(vec![quiet, ran("DHO", Outcome::Busy)]);
    assert_eq!(
        report_text(&run, ENGLISH),
        "\
CSC · csc@firma.example — done: 40 unchanged
DHO · dho@firma.example — left out, another run is active: nothing to do
2 mailboxes: 1 done, 1 not synchronised · 40 unchanged
"
    );
}

#[test]
fn a_brake_shows_number_examples_and_the_word() {
    let mut mailbox = ran("DHO", Outcome::Waits);
    let stopped = |of: &str, number, examples: &[&str]| Stopped {
        code: Code::BrakeCleared,
        scope: Some(scope(of)),
        number: Some(number),
        limit: Some(10),
        examples: examples.iter().map(ToString::to_string).collect(),
        text: String::new(),
        hint: None,
        request: None,
    };
    mailbox.report.stopped = vec![
        stopped("applicants.contacts", 23, &["BEW-1001 Anna Schulz", "BEW-1002 Jörg Weiß"]),
        stopped("offers.activities", 12, &[]),
    ];
    mailbox.report.words = BTreeSet::from([("cleared", 12), ("cleared", 23)]);
    mailbox.options = " --scope applicants.contacts --scope offers.activities".to_owned();
    let run = run(vec![mailbox]);
    assert_eq!(
        report_text(&run, ENGLISH),
        "\
DHO · dho@firma.example — waits for a word
  brake-cleared (D7) · applicants.contacts
    Values would be replaced by blanks: 23. Allowed in 24 hours without asking: 10. Usual causes: an
    adapter suddenly delivers blank fields, or an import emptied fields.
    for example: BEW-1001 Anna Schulz; BEW-1002 Jörg Weiß
  brake-cleared (D7) · offers.activities
    Values would be replaced by blanks: 12. Allowed in 24 hours without asking: 10. Usual causes: an
    adapter suddenly delivers blank fields, or an import emptied fields.
    → Have a look:
      `abgleich plan --mailbox DHO --scope applicants.contacts --scope offers.activities`. If it is
      meant:
      `abgleich sync --mailbox DHO --scope applicants.contacts --scope offers.activities --allow cleared=12 --allow cleared=23`.

"
    );
    let document = serde_json::to_value(report_document(&run, ENGLISH)).unwrap();
    let stopped = &document["mailboxes"][0]["stopped"];
    assert_eq!(stopped["code"], "brake-cleared");
    assert_eq!(stopped["number"], 23);
    assert_eq!(stopped["limit"], 10);
    let line = "--scope offers.activities --allow cleared=12 --allow cleared=23`.";
    for next in [&stopped["next"], &stopped["more"][0]["next"]] {
        assert!(next.as_str().unwrap().ends_with(line), "{next}");
    }
}

#[test]
fn the_next_step_after_an_error_is_in_the_language_of_the_report() {
    let mut mailbox = ran("DHO", Outcome::Unreachable);
    mailbox.report.stopped = vec![Stopped {
        code: Code::MailboxFailed,
        scope: None,
        number: None,
        limit: None,
        examples: Vec::new(),
        text: "connection refused".to_owned(),
        hint: Some(Advice::new("die Firewall prüfen", "check the firewall")),
        request: None,
    }];
    let run = run(vec![mailbox]);
    for (manner, said, other) in [
        (GERMAN, "die Firewall prüfen", "check the firewall"),
        (ENGLISH, "check the firewall", "die Firewall prüfen"),
    ] {
        let text = report_text(&run, manner);
        assert!(text.contains(&format!("    → {said}\n")) && !text.contains(other), "{text}");
        let document = serde_json::to_value(report_document(&run, manner)).unwrap();
        assert_eq!(document["mailboxes"][0]["stopped"]["next"], said);
    }
}

#[test]
fn one_mailbox_fits_one_screen_whatever_happened() {
    for manner in [GERMAN, ENGLISH] {
        let mut mailbox = ran("DHO", Outcome::Done);
        for scope in Scope::ALL {
            let counts =
                Counts { created: 12345, failed: 3, skipped: 99, held: 12, ..Counts::default() };
            mailbox.report.scopes.insert(scope, counts);
        }
        for code in Code::ALL.iter().copied().filter(|code| code.class() != Class::Done) {
            for number in 0..50 {
                let (id, label) = (format!("{number}"), format!("BEW-{number} Anna Schulz"));
                let mut finding =
                    finding(code, &id, Some(&label), Field::MobilePhone, number % 2 == 0);
                finding.fields.insert(Field::Company);
                let why = "a changed occurrence of the series is on a day that it does not have";
                finding.detail = Some(format!("{why} ({})", number % 4));
                mailbox.report.findings.push(finding);
            }
        }
        let all = mailbox.report.findings.len();
        let text = report_text(&run(vec![mailbox]), manner);
        let lines = text.lines().count();
        assert!(lines <= 45, "{lines} lines:\n{text}");
        for line in text.lines().filter(|line| !line.contains('`')) {
            assert!(line.chars().count() <= 100, "{line}");
        }
        assert!(text.contains(&format!("({})", all / 2)), "both halves are counted");
        assert!(text.contains("`abgleich status DHO --findings`"));
    }
}

#[test]
fn the_document_has_exactly_the_keys_of_the_issue() {
    let keys = |value: &serde_json::Value| -> Vec<String> {
        value.as_object().unwrap().keys().cloned().collect()
    };
    let document =
        serde_json::to_value(report_document(&run(vec![busy_mailbox()]), ENGLISH)).unwrap();
    assert_eq!(
        keys(&document),
        ["schema", "run", "started", "finished", "totals", "mailboxes", "remarks"]
    );
    let counts = [
        "created",
        "linked",
        "updated_outlook",
        "updated_staffitpro",
        "deleted_outlook",
        "moved",
        "unchanged",
        "kept",
        "waiting",
        "held",
        "skipped",
        "failed",
    ];
    assert_eq!(keys(&document["totals"]), counts);
    assert_eq!(document["totals"]["created"], 127);
    let mailbox = &document["mailboxes"][0];
    assert_eq!(keys(mailbox), ["user", "address", "outcome", "stopped", "scopes", "findings"]);
    assert_eq!(mailbox["outcome"], "done");
    assert!(mailbox["stopped"].is_null());
    let first = &mailbox["scopes"][0];
    assert_eq!(keys(first), [["scope"].as_slice(), &counts].concat());
    assert_eq!(first["scope"], "applicants.contacts");
    assert_eq!(first["updated_outlook"], 5);
    let found = &mailbox["findings"][0];
    assert_eq!(found["code"], "conflict-held");
    assert_eq!(found["rule"], "D1");
    assert_eq!(found["record"], "1001");
    assert_eq!(found["fields"], serde_json::json!(["mobile_phone"]));
    assert_eq!(found["new"], true);
    assert_eq!(found["first_seen"], "2026-11-20T08:00:00Z");
}

#[test]
fn a_plan_lists_its_lines() {
    let mut mailbox = busy_mailbox();
    mailbox.lines = vec![
        Line {
            scope: scope("applicants.contacts"),
            record: RecordId::from("1001"),
            label: Some("BEW-1001 Anna Schulz".to_owned()),
            action: "update-both",
            to_outlook: FieldSet::of(Field::MobilePhone),
            to_staffitpro: FieldSet::of(Field::Company),
            reasons: vec![(Code::NewerOutlook, FieldSet::of(Field::Company))],
        },
        Line {
            scope: scope("offers.activities"),
            record: RecordId::from("77"),
            label: None,
            action: "create",
            to_outlook: FieldSet::of(Field::Subject),
            to_staffitpro: FieldSet::EMPTY,
            reasons: vec![(Code::Created, FieldSet::EMPTY)],
        },
    ];
    let run = run(vec![mailbox]);
    let text = plan_text(&run, ENGLISH);
    assert!(
        text.starts_with(
            "\
DHO · dho@firma.example
  update-both BEW-1001 Anna Schulz [1001] · applicants.contacts · → Outlook: mobile_phone · →
  staffITpro: company · (newer-outlook D1)
  create 77 (private) · offers.activities · (created G3)

"
        ),
        "{text}"
    );
    assert!(text.ends_with("Nothing was written.\n"));
    let german = plan_text(&run, GERMAN);
    assert!(
        german.contains("\n  auf beiden Seiten ändern BEW-1001 Anna Schulz [1001] · "),
        "{german}"
    );
    assert!(german.contains("\n  anlegen 77 (privat) · "), "{german}");
    let document = serde_json::to_value(plan_document(&run, ENGLISH)).unwrap();
    assert_eq!(document["schema"], "abgleich-plan/1");
    let line = &document["mailboxes"][0]["lines"][0];
    assert_eq!(line["action"], "update-both");
    assert_eq!(line["to_staffitpro"], serde_json::json!(["company"]));
    assert_eq!(line["reasons"][0]["code"], "newer-outlook");
}

#[test]
fn the_worst_mailbox_decides_how_the_run_ends() {
    let ended = |outcomes: &[Outcome]| {
        run(outcomes.iter().map(|outcome| ran("DHO", *outcome)).collect()).exit(false).number()
    };
    assert_eq!(ended(&[]), 0);
    assert_eq!(ended(&[Outcome::Done, Outcome::Waits]), 3);
    assert_eq!(ended(&[Outcome::Failed, Outcome::Waits, Outcome::Done]), 4);
    assert_eq!(ended(&[Outcome::Failed, Outcome::Unreachable]), 5);
    assert_eq!(ended(&[Outcome::SourceDown]), 5);
    assert_eq!(ended(&[Outcome::Busy, Outcome::Done]), 6);
    let found = run(vec![busy_mailbox()]);
    assert_eq!((found.exit(false), found.exit(true)), (Exit::Done, Exit::Findings));
}

#[test]
fn the_committed_schema_is_the_generated_one() {
    json::assert_committed("report.schema.json", &schema());
}

/// Every object of a document has the keys that the schema lists for it, and all that it requires.
#[test]
fn a_document_follows_the_schema() {
    let schema = schema();
    let mut mailbox = busy_mailbox();
    let stopped = Stopped {
        code: Code::BrakeFilter,
        scope: None,
        number: Some(7),
        limit: None,
        examples: Vec::new(),
        text: "x".to_owned(),
        hint: None,
        request: None,
    };
    mailbox.report.stopped = vec![stopped.clone(), stopped];
    let manner = Manner { values: true, ..ENGLISH };
    let document = serde_json::to_value(plan_document(&run(vec![mailbox]), manner)).unwrap();
    follows(&schema, &schema, &document, "");
}

fn follows(
    root: &serde_json::Value,
    schema: &serde_json::Value,
    value: &serde_json::Value,
    place: &str,
) {
    if let Some(name) = schema["$ref"].as_str() {
        let schema = root.pointer(name.trim_start_matches('#')).expect("a known type");
        return follows(root, schema, value, place);
    }
    if let Some(choices) = schema["anyOf"].as_array() {
        let choice = usize::from(value.is_null());
        return follows(root, &choices[choice], value, place);
    }
    match value {
        serde_json::Value::Object(object) => {
            let known: BTreeSet<_> = schema["properties"].as_object().unwrap().keys().collect();
            for (key, value) in object {
                assert!(known.contains(key), "{place}.{key} is not in the schema");
                follows(root, &schema["properties"][key], value, &format!("{place}.{key}"));
            }
            for required in schema["required"].as_array().into_iter().flatten() {
                assert!(
                    object.contains_key(required.as_str().unwrap()),
                    "{place} lacks {required}"
                );
            }
        }
        serde_json::Value::Array(list) => {
            for value in list {
                follows(root, &schema["items"], value, place);
            }
        }
        other => {
            let named = match other {
                serde_json::Value::String(_) => "string",
                serde_json::Value::Bool(_) => "boolean",
                serde_json::Value::Number(_) => "integer",
                _ => "null",
            };
            assert!(schema["type"].to_string().contains(named), "{place}: {other} is not {schema}");
        }
    }
}
