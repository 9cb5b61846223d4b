//! What is done while a server wants to be left alone, and how searches go on, against a scripted server.

use std::time::Duration;

use crate::ews::item::Properties;
use crate::ews::reply::{Arrival, Message, Outcome};
use crate::ews::{self, EwsError, Field as E, FolderRights, Value as Theirs};
use crate::mailbox::contract::sample;
use crate::mailbox::exchange::stamp;
use crate::mailbox::exchange::tests::requests::{
    Step, creates, fault, is_done, mailbox, names, refusal, update,
};
use crate::mailbox::{By, Mailbox, MailboxErrorKind, Wanted, Write, Wrote};
use crate::model::{Field, ItemId, ItemKind};

const MINUTES: Duration = Duration::from_mins(5);

fn message(at: usize, outcome: Outcome) -> Arrival {
    Arrival::Message(Message { index: at, outcome, ..Message::default() })
}

fn no(at: usize, code: &str) -> Arrival {
    message(at, Outcome::Error(refusal(code, None)))
}

fn busy(at: usize, milliseconds: u32) -> Arrival {
    message(at, Outcome::Error(refusal("ErrorServerBusy", Some(milliseconds))))
}

#[test]
fn the_longest_wait_that_any_message_asks_for_is_kept() {
    // notes.md §3.2: one message says how long, those behind it only that the batch was stopped.
    let mut mailbox =
        mailbox([Step::Says(vec![busy(0, 9_000), no(1, "ErrorBatchProcessingStopped")])]);
    let ids = [ItemId::from("n0"), ItemId::from("n1")];
    let mut read = 0;
    mailbox
        .identify(ItemKind::Contact, &ids, &mut |_, item| read += usize::from(item.is_ok()))
        .unwrap();
    assert_eq!(read, 2);
    assert_eq!(mailbox.wire.waits, [Duration::from_secs(9)]);
}

#[test]
fn who_does_not_wait_that_long_leaves_the_server_alone() {
    let too_long = || Step::Fails(Vec::new(), fault("ErrorServerBusy", Some(300_000)));
    let mut mailbox = mailbox([
        too_long(),
        Step::Fails(Vec::new(), EwsError::Resting { left: MINUTES }),
        Step::Says(vec![busy(0, 300_000)]),
        Step::Says(vec![busy(0, 300_000)]),
    ]);
    let answers = mailbox.apply(ItemKind::Contact, &creates(1)).unwrap();
    assert_eq!(answers, [Wrote::Later(MINUTES)]);
    let answers = mailbox.apply(ItemKind::Contact, &creates(1)).unwrap();
    assert_eq!(answers, [Wrote::Later(MINUTES)], "what was not sent was not done");
    for error in [
        mailbox.person().unwrap_err(),
        mailbox.identify(ItemKind::Contact, &["n0".into()], &mut |_, _| {}).unwrap_err(),
    ] {
        assert_eq!(error.kind, MailboxErrorKind::Transient(MINUTES), "{error}");
    }
    let rests = &mailbox.wire.rests;
    assert_eq!(*rests, [MINUTES; 3], "each says so to the wire; a rest grows by nobody who asked");
    assert!(mailbox.wire.waits.is_empty());
}

#[test]
fn quirk_16_a_budget_rests_for_our_own_pause_where_a_busy_server_names_none_or_a_short_one() {
    let seconds = Duration::from_secs;
    let busy = |wait| Step::Fails(Vec::new(), fault("ErrorServerBusy", wait));
    let mut mailbox = mailbox(
        [busy(None), busy(Some(25)), Step::Says(vec![no(0, "ErrorServerBusy")])]
            .into_iter()
            .chain([Step::Says(vec![no(0, "ErrorNameResolutionNoResults")])])
            // One database that is down says nothing of other mailboxes.
            .chain([Step::Fails(Vec::new(), fault("ErrorMailboxStoreUnavailable", None))])
            .chain([Step::Says(vec![no(0, "ErrorNameResolutionNoResults")])])
            .chain((0..1_000).map(|_| busy(Some(25)))),
    );
    mailbox.person().unwrap();
    assert_eq!(mailbox.wire.rests, [seconds(2), seconds(4), seconds(8)]);
    assert_eq!(mailbox.wire.waits, mailbox.wire.rests);
    mailbox.person().unwrap();
    assert_eq!((mailbox.wire.rests.len(), mailbox.wire.waits.len()), (3, 4));
    // Of a minute of patience 30 s are used up by waits that double; who goes on afterwards goes on from there.
    let sent = mailbox.wire.sent.len();
    let error = mailbox.person().unwrap_err();
    assert_eq!(error.kind, MailboxErrorKind::Transient(seconds(32)), "{error}");
    assert_eq!(mailbox.wire.sent.len() - sent, 5);
    let answers = mailbox.apply(ItemKind::Contact, &creates(1)).unwrap();
    assert_eq!(answers, [Wrote::Later(seconds(32))]);
    assert_eq!(mailbox.wire.rests.last(), Some(&seconds(32)));
}

fn folder(at: usize, id: &str) -> [Arrival; 2] {
    let end = Message { index: at, parts: 1, ..Message::default() };
    [a_folder(at, id), Arrival::Message(end)]
}

fn a_folder(message: usize, id: &str) -> Arrival {
    let folder = ews::Folder {
        id: id.into(),
        change_key: None,
        element: "Folder".into(),
        parent: None,
        class: Some("IPF.Contact".to_owned()),
        name: None,
        total: None,
        children: None,
        hidden: None,
        rights: Some(FolderRights::default()),
    };
    Arrival::Folder { message, folder }
}

fn end_of_folders(parts: usize) -> Arrival {
    Arrival::Message(Message { parts, last: Some(true), ..Message::default() })
}

/// A page of a search: stamped contacts by their numbers, and where the next page begins; `None` is the last one.
fn page(at: usize, numbers: std::ops::Range<u32>, next: Option<u32>) -> Vec<Arrival> {
    let parts = numbers.len();
    let item = |number: u32| {
        let mut properties = Properties::new();
        for (property, value) in stamp::write(&sample::stamp(&format!("A-{number}"), "t")) {
            properties.set(property, value.unwrap());
        }
        properties.set(E::ItemClass, Theirs::Text("IPM.Contact".to_owned()));
        let id = ews::ItemId::new(format!("{at}-{number}"));
        let kind = ews::ItemKind::Contact;
        let item = ews::Item { kind, id, change_key: "v1".into(), properties };
        Arrival::Item { message: at, item }
    };
    let end = Message {
        index: at,
        parts,
        last: Some(next.is_none()),
        next_offset: next,
        ..Message::default()
    };
    numbers.map(item).chain([Arrival::Message(end)]).collect()
}

#[test]
fn d4_a_search_skips_nothing_when_the_server_brings_less_than_was_asked_for() {
    let defaults = (0..5).flat_map(|at| folder(at, &format!("f{at}"))).collect();
    let mut mailbox = mailbox([
        Step::Says(defaults),
        Step::Says(vec![end_of_folders(0)]),
        // The home folder stops after 3 of a thousand, and nothing is left for Deleted Items (exchangelib#1022).
        Step::Says([page(0, 0..3, Some(3)), page(1, 0..0, Some(0))].concat()),
        Step::Says(page(0, 3..6, None)),
        // What other searches of the login hold leaves no room at all for a moment.
        Step::Says(page(0, 0..0, Some(0))),
        Step::Says(page(0, 10..14, Some(4))),
        Step::Says(page(0, 14..17, None)),
    ]);
    let (tenant, user) = ("haus".into(), "DHO".into());
    let wanted = Wanted { tenant: &tenant, user: &user, by: By::Any };
    let found = mailbox.find(ItemKind::Contact, &wanted).unwrap();
    assert_eq!(found.len(), 6 + 7, "each once");
    let starts: Vec<_> = mailbox.wire.sent[2..]
        .iter()
        .map(|(_, folders, xml)| {
            (*folders, [0, 3, 4].into_iter().find(|at| xml.contains(&format!(r#"Offset="{at}""#))))
        })
        .collect();
    assert_eq!(starts, [(2, Some(0)), (1, Some(3)), (1, Some(0)), (1, Some(0)), (1, Some(4))]);
    assert_eq!(mailbox.wire.waits, [Duration::from_secs(2)]);
}

#[test]
fn d4_a_search_that_never_comes_to_its_end_finds_nothing_absent() {
    let defaults = (0..5).flat_map(|at| folder(at, &format!("f{at}"))).collect();
    let first = [Step::Says(defaults), Step::Says(vec![end_of_folders(0)])];
    let nothing = || Step::Says(page(0, 0..0, Some(0)));
    let mut mailbox = mailbox(
        first
            .into_iter()
            .chain([Step::Says([page(0, 0..0, Some(0)), page(1, 0..0, Some(0))].concat())])
            .chain((0..1_000).map(|_| nothing())),
    );
    let (tenant, user) = ("haus".into(), "DHO".into());
    let wanted = Wanted { tenant: &tenant, user: &user, by: By::Any };
    let error = mailbox.find(ItemKind::Contact, &wanted).unwrap_err();
    assert_eq!(error.kind, MailboxErrorKind::Malformed, "{error}");
    assert!(mailbox.wire.sent.len() < 20, "{}", mailbox.wire.sent.len());
}

#[test]
fn d4_what_counts_as_absent_was_looked_for_in_folders_made_meanwhile() {
    let defaults = (0..5).flat_map(|at| folder(at, &format!("f{at}"))).collect();
    let mut mailbox = mailbox([
        Step::Says(defaults),
        Step::Says(vec![end_of_folders(0)]),
        Step::Says([page(0, 0..1, None), page(1, 0..0, None)].concat()),
        // Meanwhile a person makes a folder and files an item there.
        Step::Says(vec![a_folder(0, "new"), end_of_folders(1)]),
        Step::Says([page(0, 0..0, None), page(1, 0..0, None), page(2, 4..5, None)].concat()),
    ]);
    let (tenant, user, records) = ("haus".into(), "DHO".into(), ["A-4".into()]);
    let mut find = |by| {
        let wanted = Wanted { tenant: &tenant, user: &user, by };
        mailbox.find(ItemKind::Contact, &wanted).unwrap()
    };
    assert_eq!(find(By::Any).len(), 1);
    let found = find(By::Records(&records));
    assert_eq!(found.iter().map(|found| found.folder.as_str()).collect::<Vec<_>>(), ["new"]);
}

#[test]
fn a_refused_question_for_the_person_is_an_error_and_a_busy_server_is_asked_again() {
    let wait = Outcome::Error(refusal("ErrorServerBusy", Some(3_000)));
    let busy = Arrival::Message(Message { outcome: wait, ..Message::default() });
    let mut mailbox = mailbox([
        Step::Says(vec![busy]),
        Step::Says(vec![no(0, "ErrorNameResolutionNoResults")]),
        Step::Says(vec![no(0, "ErrorAccessDenied")]),
    ]);
    assert_eq!(mailbox.person().unwrap(), None, "nobody is no failure");
    assert_eq!(mailbox.wire.waits, [Duration::from_secs(3)]);
    let error = mailbox.person().unwrap_err();
    assert_eq!(error.kind, MailboxErrorKind::Denied);
    assert!(error.text.contains("ErrorAccessDenied"), "{error}");
    assert_eq!(names(&mailbox), [("ResolveNames", 1); 3]);
    let xml = &mailbox.wire.sent[0].2;
    assert!(xml.contains(r#"ReturnFullContactData="true""#), "notes.md §1.10: required");
}

#[test]
fn quirk_19_a_server_in_trouble_is_waited_for_and_no_item_is_blamed() {
    // The last is one that nobody knows.
    for code in [
        "ErrorInternalServerTransientError",
        "ErrorDataSourceOperation",
        "ErrorProxyCallFailed",
        "ErrorFromTheFuture",
    ] {
        is_waited_for(code);
    }
}

fn is_waited_for(code: &str) {
    let internal = || Step::Fails(Vec::new(), fault(code, None));
    let writes = ["a", "b", "c", "d"].map(|id| update(id, "v1", Field::JobTitle));
    let mut moment = mailbox([internal()]);
    let answers = moment.apply(ItemKind::Contact, &writes).unwrap();
    assert!(answers.iter().all(is_done), "{answers:?}");
    assert_eq!(names(&moment), [("UpdateItem", 4), ("UpdateItem", 4)], "the same once more");
    assert_eq!(moment.wire.waits, [Duration::from_secs(2)]);
    // For longer: whoever is last in a row of failures is not to blame, and the server is left alone.
    let writes: Vec<Write> =
        (0..100).map(|id| update(&format!("i{id}"), "v1", Field::JobTitle)).collect();
    for writes in [&writes[..3], &writes] {
        let mut down = mailbox((0..1_000).map(|_| internal()));
        let answers = down.apply(ItemKind::Contact, writes).unwrap();
        assert!(answers.iter().all(|answer| matches!(answer, Wrote::Later(_))), "{answers:?}");
        assert!(down.wire.sent.len() < 20, "{code}, {}", down.wire.sent.len());
    }
    let mut reader = mailbox((0..1_000).map(|_| internal()));
    let ids: Vec<ItemId> = (0..100).map(|index| ItemId::new(format!("i{index}"))).collect();
    let mut blamed = 0;
    let outcome =
        reader.identify(ItemKind::Contact, &ids, &mut |_, got| blamed += usize::from(got.is_err()));
    // The run is not told to wait for what nobody knows, but what it is.
    let error = outcome.unwrap_err();
    let passes = matches!(error.kind, MailboxErrorKind::Transient(_));
    assert_eq!(passes, code != "ErrorFromTheFuture", "{error}");
    assert!(error.text.contains(code), "{error}");
    assert!(reader.wire.sent.len() < 30, "{}", reader.wire.sent.len());
    assert_eq!(blamed, 0);
}

#[test]
fn quirk_17_too_many_connections_are_learnt_from_an_item_as_well() {
    let crowded = || Step::Says(vec![no(0, "ErrorExceededConnectionCount")]);
    let mut reader = mailbox([crowded()]);
    let mut read = 0;
    reader
        .identify(ItemKind::Contact, &[ItemId::from("n0")], &mut |_, item| {
            read += usize::from(item.is_ok());
        })
        .unwrap();
    assert_eq!((read, reader.wire.crowded), (1, 1));
    let mut writer = mailbox([crowded()]);
    let answers = writer.apply(ItemKind::Contact, &[update("a", "v1", Field::JobTitle)]).unwrap();
    assert!(is_done(&answers[0]), "{answers:?}");
    assert_eq!(writer.wire.crowded, 1);
}
