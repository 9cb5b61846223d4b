//! A plugin that misbehaves: every fault is an error that names adapter, method and what is wrong, and concerns only its
//! own call (invariant 11).

use std::path::Path;
use std::time::Duration;

use abgleich::model::{Content, Field, ItemKind, Module, Position, RecordId, UserId};
use abgleich::source::library::Adapter;
use abgleich::source::plugin::{Limits, PluginSettings, PluginSource};
use abgleich::source::{Fetched, RecordUpdate, Source, SourceError, SourceErrorKind, Updated};
use serde_json::json;

use crate::built;

/// Time for a sound call, and none for one that hangs.
const PATIENT: Duration = Duration::from_mins(1);
const IMPATIENT: Duration = Duration::from_secs(2);

fn settings(method: &str, fault: &str, once: Option<&Path>) -> PluginSettings {
    let json = json!({"method": method, "fault": fault, "once": once.and_then(Path::to_str)});
    PluginSettings {
        tenant: "test".into(),
        adapter: Adapter::Shipped {
            name: "faulty".to_owned(),
            folder: built::folder().to_path_buf(),
        },
        zone: "Europe/Berlin".to_owned(),
        folder: built::folder().to_path_buf(),
        settings: json.as_object().unwrap().clone(),
        limits: Limits { call: PATIENT, cancel: Duration::ZERO, instances: 2, hanging: 2 },
    }
}

fn open(method: &str, fault: &str) -> PluginSource {
    PluginSource::open(&settings(method, fault, None)).unwrap()
}

fn user() -> UserId {
    UserId::from("DHO")
}

fn ids(ids: &[&str]) -> Vec<RecordId> {
    ids.iter().map(|id| RecordId::from(*id)).collect()
}

fn update() -> RecordUpdate {
    let mut values = Content::new();
    values.set_text(Field::Surname, "Fleißig");
    RecordUpdate {
        id: "1".into(),
        kind: ItemKind::Contact,
        version: "v1".into(),
        expected: Content::new(),
        values,
        edited_at: jiff::Timestamp::UNIX_EPOCH,
    }
}

/// Makes the call that the method stands for.
fn call(source: &PluginSource, method: &str) -> Result<(), SourceError> {
    let user = user();
    let module = Module::Applicants;
    match method {
        "describe" => source.describe().map(drop),
        "users" => source.users().map(drop),
        "list" => source.list(&user, module, None).map(drop),
        "list_on" => source.list(&user, module, Some(&Position::from("here"))).map(drop),
        "changes" => source.changes(&user, module, &Position::from("p")).map(drop),
        "activities" => source.activities(&user, &ids(&["1"])).map(drop),
        "members" => source.members(&user, module, None, None).map(drop),
        "fetch" => source.fetch(&user, &ids(&["1", "3"])).map(drop),
        "update" => source.update(&user, &[update()]).map(drop),
        "news" => source.news(&[user], None).map(drop),
        "news_on" => source.news(&[user], Some(&Position::from("n"))).map(drop),
        _ => unreachable!("{method}"),
    }
}

#[test]
fn a_sound_plugin_is_understood() {
    let source = open("", "");
    let base = ["describe", "users", "list", "changes", "activities", "members", "fetch"];
    for method in base.into_iter().chain(["update", "news_on"]) {
        call(&source, method).unwrap_or_else(|error| panic!("{method}: {error}"));
    }
}

#[test]
fn replies_that_do_not_fit_are_refused_with_adapter_method_and_reason() {
    let cases = [
        ("list", "status", "status 1"),
        ("list", "null", "no reply"),
        ("list", "null_with_length", "no reply"),
        ("list", "huge", "more than is taken"),
        ("list", "no_json", "not what the interface says"),
        ("list", "empty", "not what the interface says"),
        ("list", "half", "not what the interface says"),
        ("list", "no_utf8", "not what the interface says"),
        ("list", "deep", "not what the interface says"),
        ("list", "wrong_type", "not what the interface says"),
        ("list", "strange_module", "not what the interface says"),
        ("list", "panic", "panic: on demand"),
        ("list", "strange_error", "no"),
        ("list", "too_many", "`1` comes twice"),
        ("list", "blank_id", "id is blank"),
        ("list", "blank_version", "version of `1` is blank"),
        ("list", "other_module", "is of `business_contacts`, asked for was `applicants`"),
        ("list", "contact_of_leads", "contact of `leads`, which has none"),
        ("list", "flood", "503 entries, 500 were asked for"),
        ("list_on", "circle", "begins where this one did"),
        ("list", "empty_pages", "begins where this one did"),
        ("members", "empty_pages", "begins where this one did"),
        ("members", "unchanged", "nothing was known"),
        ("members", "too_many", "`1` comes twice"),
        ("changes", "circle", "position does not move"),
        ("changes", "changed_and_gone", "both changed and gone"),
        ("activities", "foreign_parent", "belongs to none"),
        ("fetch", "too_few", "1 answers to 2 questions"),
        ("fetch", "too_many", "3 answers to 2 questions"),
        ("fetch", "foreign_id", "answers `another` where `1` was asked for"),
        ("update", "too_few", "0 answers to 1 questions"),
        ("update", "foreign_id", "answers `another` in the place of `1`"),
        ("update", "silent_about_stored", "what `surname` holds now"),
        ("news_on", "foreign_user", "names `XYZ`, who was not asked for"),
        ("news", "", "no position was given"),
        ("users", "too_many", "`DHO` comes twice"),
        ("describe", "blank_identity", "identity is blank"),
    ];
    for (method, fault, reason) in cases {
        let named = method.trim_end_matches("_on");
        // The host describes the source when it opens it.
        let opened = PluginSource::open(&settings(named, fault, None));
        let error = opened.and_then(|source| call(&source, method)).unwrap_err();
        assert_eq!(error.kind, SourceErrorKind::Broken, "{method} {fault}: {error}");
        let text = error.to_string();
        assert!(text.contains("`faulty`") && text.contains(&format!("`{named}`")), "{text}");
        assert!(text.contains(reason), "{method} {fault}: {text}");
    }
}

#[test]
fn errors_of_the_adapter_keep_their_kind_and_hint() {
    let busy = call(&open("list", "busy"), "list").unwrap_err();
    assert_eq!(busy.kind, SourceErrorKind::Transient(Duration::from_secs(7)));
    let denied = call(&open("list", "denied"), "list").unwrap_err();
    assert_eq!(denied.kind, SourceErrorKind::Denied);
    assert!(denied.hint.is_some_and(|hint| hint.german() == "ask" && hint.english() == "ask"));
}

#[test]
fn an_adapter_that_does_not_open_says_so() {
    for (fault, reason) in [
        ("no_instance", "gives no instance"),
        ("panic", "panic: on demand"),
        ("no_json", "not what the interface says"),
        ("null", "no reply"),
    ] {
        let Err(error) = PluginSource::open(&settings("open", fault, None)) else {
            panic!("{fault}")
        };
        assert!(error.to_string().contains(reason), "{fault}: {error}");
        assert!(error.to_string().contains("`open`"), "{fault}: {error}");
    }
    let Err(error) = PluginSource::open(&settings("describe", "no_base", None)) else {
        panic!("opened")
    };
    assert!(error.to_string().contains("base/1"), "{error}");
}

#[test]
fn one_bad_record_concerns_that_record_only() {
    for (fault, reason) in [("wrong_value", "birthday"), ("wrong_time", "not an instant")] {
        let answers = open("fetch", fault).fetch(&user(), &ids(&["1", "3"])).unwrap();
        let [Fetched::Unreadable(id, text), Fetched::Record(_)] = answers.as_slice() else {
            panic!("{answers:?}")
        };
        assert!(id.as_str() == "1" && text.contains(reason), "{text}");
    }
}

#[test]
fn what_a_later_version_adds_is_passed_over() {
    let answers = open("fetch", "strange_field").fetch(&user(), &ids(&["1"])).unwrap();
    let [Fetched::Record(record)] = answers.as_slice() else { panic!("{answers:?}") };
    assert_eq!(record.content.text(Field::Surname), Some("Faul"));
    call(&open("list", "strange_key"), "list").unwrap();
}

#[test]
fn invariant_11_a_call_that_hangs_ends_and_others_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let once = folder.path().join("hung");
    let mut settings = settings("list", "hang", Some(&once));
    settings.limits.call = IMPATIENT;
    let source = PluginSource::open(&settings).unwrap();
    let error = call(&source, "list").unwrap_err();
    assert_eq!(error.kind, SourceErrorKind::Unreachable);
    assert!(error.to_string().contains("`list`: no answer within"), "{error}");
    // The next call goes to another instance.
    call(&source, "list").unwrap();
    call(&source, "users").unwrap();
}

#[test]
fn invariant_11_a_plugin_that_keeps_hanging_is_not_called_for_ever() {
    let mut settings = settings("list", "hang", None);
    settings.limits.call = IMPATIENT;
    let source = PluginSource::open(&settings).unwrap();
    for _ in 0..2 {
        assert!(call(&source, "list").unwrap_err().to_string().contains("no answer within"));
    }
    let error = call(&source, "list").unwrap_err();
    assert!(error.to_string().contains("2 calls have not come back"), "{error}");
}

#[test]
fn invariant_11_callers_that_wait_for_an_instance_do_not_wait_for_ever() {
    let mut settings = settings("list", "hang", None);
    settings.limits.call = IMPATIENT;
    let source = PluginSource::open(&settings).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..6 {
            let source = &source;
            scope.spawn(move || assert!(call(source, "list").is_err()));
        }
    });
}

#[test]
fn after_an_unsound_reply_another_instance_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let once = folder.path().join("once");
    let source = PluginSource::open(&settings("list", "half", Some(&once))).unwrap();
    call(&source, "list").unwrap_err();
    call(&source, "list").unwrap();
}

#[test]
fn instances_answer_in_parallel_and_each_call_gets_its_own_answer() {
    let source = open("", "");
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let source = &source;
            scope.spawn(move || {
                for round in 0..20 {
                    let asked = vec![RecordId::new(format!("{thread}.{round}"))];
                    let answers = source.fetch(&user(), &asked).unwrap();
                    let [Fetched::Record(record)] = answers.as_slice() else {
                        panic!("{answers:?}")
                    };
                    assert_eq!(record.id, asked[0]);
                }
            });
        }
    });
}

#[test]
fn long_requests_are_cut_and_put_together_again() {
    let many: Vec<_> = (0..250).map(|id| RecordId::new(id.to_string())).collect();
    let answers = open("", "").fetch(&user(), &many).unwrap();
    let found: Vec<_> = answers
        .iter()
        .map(|answer| match answer {
            Fetched::Record(record) => record.id.clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(found, many);
    let updated = open("", "").update(&user(), &vec![update(); 101]).unwrap();
    assert!(updated.len() == 101 && updated.iter().all(|u| matches!(u, Updated::Applied { .. })));
}
