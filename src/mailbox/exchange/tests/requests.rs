//! How the mailbox asks, batches, waits and gives up, against a scripted server. Long because each weather is a script of its own.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;

use crate::ews::envelope::{Header, document};
use crate::ews::item::Properties;
use crate::ews::operation::Operation;
use crate::ews::reply::{Arrival, Change, Message, Outcome};
use crate::ews::{
    self, EwsError, Fault, Field as E, Refusal, ReplyError, ResponseCode, ServerVersion,
    ServerVersionInfo, SyncState,
};
use crate::mailbox::contract::sample;
use crate::mailbox::exchange::wire::{Patience, Wire};
use crate::mailbox::exchange::{ExchangeMailbox, Manner};
use crate::mailbox::zones::Zone;
use crate::mailbox::{Aside, ItemError, Mailbox, MailboxErrorKind, Trouble, Write, Wrote};
use crate::model::{Content, Cursor, Field, ItemId, ItemKind};

/// What the server does with one request.
pub(super) enum Step {
    /// It answers each item of the request with an id that ends in its number.
    Good,
    /// It answers with these.
    Says(Vec<Arrival>),
    /// The call fails after these.
    Fails(Vec<Arrival>, EwsError),
}

#[derive(Default)]
pub(super) struct Script {
    steps: VecDeque<Step>,
    pub(super) sent: Vec<(&'static str, usize, String)>,
    pub(super) waits: Vec<Duration>,
    pub(super) rests: Vec<Duration>,
    pub(super) crowded: usize,
    server: Option<ServerVersionInfo>,
}

impl Wire for Script {
    fn call<O: Operation>(
        &mut self,
        operation: &O,
        each: &mut dyn FnMut(O::Part),
    ) -> Result<(), EwsError> {
        let xml = document(operation, &Header::new(ServerVersion::V2013Sp1));
        let count = operation.messages();
        self.sent.push((O::NAME, count, xml));
        let step = self.steps.pop_front().unwrap_or(Step::Good);
        let (arrivals, outcome) = match step {
            Step::Good => {
                ((0..count).flat_map(|at| saved(at, &format!("n{at}"))).collect(), Ok(()))
            }
            Step::Says(arrivals) => (arrivals, Ok(())),
            Step::Fails(arrivals, error) => (arrivals, Err(error)),
        };
        for arrival in arrivals {
            if let Some(part) = operation.part(arrival)? {
                each(part);
            }
        }
        outcome
    }

    fn server(&self) -> Option<ServerVersionInfo> {
        self.server.clone()
    }

    fn is_exchange(&self) -> bool {
        self.server.as_ref().is_none_or(|server| server.major_build != 847)
    }

    fn clock(&self) -> Option<Timestamp> {
        None
    }

    fn wait(&mut self, time: Duration) {
        self.waits.push(time);
    }

    fn rest(&mut self, time: Duration) {
        self.rests.push(time);
    }

    fn crowded(&mut self) {
        self.crowded += 1;
    }
}

pub(super) fn mailbox(steps: impl IntoIterator<Item = Step>) -> ExchangeMailbox<Script> {
    let manner = Manner {
        zone: Zone::iana("Europe/Berlin").unwrap(),
        whose: crate::mailbox::exchange::Whose::Own,
        address: Some("eva@firma.example".into()),
        patience: Patience::of(Duration::from_mins(1)),
    };
    let steps = steps.into_iter().collect();
    ExchangeMailbox::new(Script { steps, ..Script::default() }, manner)
}

fn saved(at: usize, id: &str) -> [Arrival; 2] {
    item(at, id, "v1")
}

fn item(at: usize, id: &str, version: &str) -> [Arrival; 2] {
    let item = ews::Item {
        kind: ews::ItemKind::Contact,
        id: id.into(),
        change_key: version.into(),
        properties: Properties::new(),
    };
    [
        Arrival::Item { message: at, item },
        Arrival::Message(Message { index: at, parts: 1, ..Message::default() }),
    ]
}

pub(super) fn refusal(code: &str, wait: Option<u32>) -> Refusal {
    let details = wait.map(|ms| ("BackOffMilliseconds".to_owned(), ms.to_string()));
    Refusal { code: ResponseCode::parse(code), text: None, details: details.into_iter().collect() }
}

fn refused(at: usize, code: &str) -> Arrival {
    let outcome = Outcome::Error(refusal(code, None));
    Arrival::Message(Message { index: at, outcome, ..Message::default() })
}

pub(super) fn fault(code: &str, wait: Option<u32>) -> EwsError {
    let Refusal { code, text, details } = refusal(code, wait);
    EwsError::Fault(Fault { code, text, details })
}

pub(super) fn creates(count: usize) -> Vec<Write> {
    (0..count)
        .map(|index| {
            let mut content = Content::new();
            content.set_text(Field::Surname, format!("Name {index}"));
            Write::Create {
                folder: "f".into(),
                content,
                stamp: sample::stamp(&format!("A-{index}"), &format!("t{index}")),
            }
        })
        .collect()
}

pub(super) fn update(id: &str, version: &str, field: Field) -> Write {
    let mut content = Content::new();
    content.set_text(field, "Neu");
    let mut before = Content::new();
    before.set_text(Field::GivenName, "Anna");
    before.set_text(Field::Surname, "Müller");
    Write::Update {
        id: id.into(),
        version: version.into(),
        content,
        before,
        aside: Aside::default(),
        stamp: None,
    }
}

pub(super) fn names(mailbox: &ExchangeMailbox<Script>) -> Vec<(&'static str, usize)> {
    mailbox.wire.sent.iter().map(|(name, count, _)| (*name, *count)).collect()
}

pub(super) fn is_done(wrote: &Wrote) -> bool {
    matches!(wrote, Wrote::Done { .. })
}

#[test]
fn creates_go_in_batches_of_a_hundred() {
    let mut mailbox = mailbox([]);
    let answers = mailbox.apply(ItemKind::Contact, &creates(220)).unwrap();
    assert!(answers.iter().all(is_done) && answers.len() == 220);
    assert_eq!(names(&mailbox), [("CreateItem", 100), ("CreateItem", 100), ("CreateItem", 20)]);
    for (_, _, xml) in &mailbox.wire.sent {
        assert!(xml.contains(r#"SendMeetingInvitations="SendToNone""#), "rule D8");
        assert!(xml.contains(r#"PropertyName="Token""#), "invariant 1: the token travels along");
    }
}

#[test]
fn large_items_make_small_batches() {
    let mut writes = creates(3);
    for write in &mut writes {
        if let Write::Create { content, .. } = write {
            content.set_text(Field::Notes, "x".repeat(600_000));
        }
    }
    let mut mailbox = mailbox([]);
    mailbox.apply(ItemKind::Contact, &writes).unwrap();
    assert_eq!(names(&mailbox), [("CreateItem", 1); 3]);
}

#[test]
fn invariant_1_a_create_whose_answer_was_lost_is_not_repeated() {
    let lost = EwsError::Lost { problem: "reset".to_owned() };
    let mut mailbox = mailbox([Step::Fails(saved(0, "n0").to_vec(), lost)]);
    let answers = mailbox.apply(ItemKind::Contact, &creates(3)).unwrap();
    // Only the end of an answer shows that its places are right.
    assert_eq!(answers, [Wrote::Unanswered, Wrote::Unanswered, Wrote::Unanswered]);
    assert_eq!(names(&mailbox), [("CreateItem", 3)]);
}

#[test]
fn invariant_1_nor_one_that_the_server_gave_up_on() {
    for code in ["ErrorTimeoutExpired", "ErrorConnectionFailed", "ErrorMailboxFailover"] {
        let mut mailbox = mailbox([Step::Fails(Vec::new(), fault(code, None))]);
        let answers = mailbox.apply(ItemKind::Contact, &creates(2)).unwrap();
        assert_eq!(answers, [Wrote::Unanswered, Wrote::Unanswered], "{code}");
        assert_eq!(names(&mailbox).len(), 1, "{code}");
    }
}

#[test]
fn a_busy_server_is_left_alone_for_as_long_as_it_asks() {
    let busy = || Step::Fails(Vec::new(), fault("ErrorServerBusy", Some(25_000)));
    let mut mailbox = mailbox([busy(), busy()]);
    let answers = mailbox.apply(ItemKind::Contact, &creates(1)).unwrap();
    assert!(is_done(&answers[0]));
    assert_eq!(mailbox.wire.waits, [Duration::from_secs(25); 2]);
}

#[test]
fn after_the_patience_the_rest_is_for_later() {
    let busy = || Step::Fails(Vec::new(), fault("ErrorServerBusy", Some(300_000)));
    let mut mailbox = mailbox([busy()]);
    let answers = mailbox.apply(ItemKind::Contact, &creates(160)).unwrap();
    let later = Wrote::Later(Duration::from_mins(5));
    assert!(answers.iter().all(|answer| *answer == later));
    assert_eq!(names(&mailbox), [("CreateItem", 100)], "the second batch was not even sent");
    assert!(mailbox.wire.waits.is_empty());
}

#[test]
fn a_stopped_batch_goes_on_where_it_stopped() {
    let stopped = [
        saved(0, "n0").to_vec(),
        vec![refused(1, "ErrorItemCorrupt"), refused(2, "ErrorBatchProcessingStopped")],
    ];
    let mut mailbox = mailbox([Step::Says(stopped.concat())]);
    let answers = mailbox.apply(ItemKind::Contact, &creates(3)).unwrap();
    assert!(is_done(&answers[0]) && is_done(&answers[2]));
    assert!(matches!(&answers[1], Wrote::Refused { code, .. } if code == "ErrorItemCorrupt"));
    assert_eq!(names(&mailbox), [("CreateItem", 3), ("CreateItem", 1)]);
}

#[test]
fn a_fault_for_the_batch_is_halved_until_the_bad_item_stands_alone() {
    // grommunio 3.10 answers one bad value with a fault for the whole batch.
    let bad = || Step::Fails(Vec::new(), fault("ErrorSchemaValidation", None));
    let mut mailbox = mailbox([bad(), Step::Good, bad(), bad(), Step::Good]);
    let answers = mailbox.apply(ItemKind::Contact, &creates(4)).unwrap();
    let done: Vec<_> = answers.iter().map(is_done).collect();
    assert_eq!(done, [true, true, false, true]);
    assert!(matches!(&answers[2], Wrote::Refused { code, .. } if code == "ErrorSchemaValidation"));
    let counts: Vec<_> = names(&mailbox).into_iter().map(|(_, count)| count).collect();
    assert_eq!(counts, [4, 2, 2, 1, 1]);
}

#[test]
fn a_request_that_is_too_large_is_halved() {
    let mut mailbox = mailbox([Step::Fails(Vec::new(), EwsError::RequestTooLarge)]);
    let answers = mailbox.apply(ItemKind::Contact, &creates(4)).unwrap();
    assert!(answers.iter().all(is_done));
    assert_eq!(names(&mailbox).len(), 3);
}

#[test]
fn a_refused_login_fails_the_call_and_later_the_rest() {
    let refused = || Step::Fails(Vec::new(), EwsError::LoginRefused { offers: Vec::new() });
    let error = mailbox([refused()]).apply(ItemKind::Contact, &creates(60)).unwrap_err();
    assert_eq!((error.kind, error.trouble), (MailboxErrorKind::Denied, Trouble::Login));
    let mut mailbox = mailbox([Step::Good, refused()]);
    let answers = mailbox.apply(ItemKind::Contact, &creates(220)).unwrap();
    assert!(answers[..100].iter().all(is_done), "what was done is told");
    assert!(answers[100..].iter().all(|answer| *answer == Wrote::Later(Duration::ZERO)));
    assert_eq!(mailbox.parked().map(|error| error.trouble), Some(Trouble::Login));
    // Further attempts would lock the account.
    assert_eq!(mailbox.open().unwrap_err().trouble, Trouble::Login);
    assert_eq!(names(&mailbox).len(), 2, "nothing more was sent");
}

#[test]
fn d13_updates_carry_the_version_and_never_overwrite() {
    let mut mailbox = mailbox([Step::Says(vec![refused(0, "ErrorIrresolvableConflict")])]);
    let write = update("i", "v7", Field::JobTitle);
    assert_eq!(mailbox.apply(ItemKind::Contact, &[write]).unwrap(), [Wrote::Conflict]);
    let (name, _, xml) = &mailbox.wire.sent[0];
    assert_eq!(*name, "UpdateItem");
    assert!(xml.contains(r#"<t:ItemId Id="i" ChangeKey="v7"/>"#), "{xml}");
    assert!(xml.contains(r#"ConflictResolution="NeverOverwrite""#));
}

fn grommunio() -> ServerVersionInfo {
    // As all recordings in fixtures of grommunio 3.10 say.
    ServerVersionInfo {
        major: 15,
        minor: 0,
        major_build: 847,
        minor_build: 4040,
        label: Some("V2017_07_11".to_owned()),
    }
}

#[test]
fn d13_a_server_that_checks_no_versions_gets_a_look_before_each_update() {
    let look = || Step::Says([item(0, "a", "v1"), item(1, "b", "v9")].concat());
    let mut mailbox = mailbox([look()]);
    mailbox.wire.server = Some(grommunio());
    let writes = [update("a", "v1", Field::JobTitle), update("b", "v1", Field::JobTitle)];
    let answers = mailbox.apply(ItemKind::Contact, &writes).unwrap();
    assert!(is_done(&answers[0]));
    assert_eq!(answers[1], Wrote::Conflict);
    assert_eq!(names(&mailbox), [("GetItem", 2), ("UpdateItem", 1)]);
}

#[test]
fn d13_every_delete_gets_a_look() {
    let look = [item(0, "a", "v1").to_vec(), vec![refused(1, "ErrorItemNotFound")]].concat();
    let gone = vec![Arrival::Message(Message::default())];
    let mut mailbox = mailbox([Step::Says(look), Step::Says(gone)]);
    let delete = |id: &str| Write::Delete { id: id.into(), version: "v1".into() };
    let answers = mailbox.apply(ItemKind::Contact, &[delete("a"), delete("b")]).unwrap();
    assert_eq!(answers[0], Wrote::Done { id: "a".into(), version: "v1".into() });
    assert_eq!(answers[1], Wrote::Gone);
    let (_, _, xml) = &mailbox.wire.sent[1];
    for wanted in [
        r#"DeleteType="MoveToDeletedItems""#,
        r#"SendMeetingCancellations="SendToNone""#,
        r#"AffectedTaskOccurrences="AllOccurrences""#,
    ] {
        assert!(xml.contains(wanted), "{xml}");
    }
}

#[test]
fn a_new_name_is_followed_by_the_names_that_are_shown() {
    let [Arrival::Item { message, mut item }, end] = item(0, "a", "v1") else { panic!() };
    item.properties.set(E::DisplayName, "Anna Müller");
    item.properties.set(E::FileAs, "Nachbarin");
    let look = vec![Arrival::Item { message, item }, end];
    let mut mailbox = mailbox([Step::Says(look)]);
    let write = update("a", "v1", Field::Surname);
    assert!(is_done(&mailbox.apply(ItemKind::Contact, &[write]).unwrap()[0]));
    assert_eq!(names(&mailbox), [("GetItem", 1), ("UpdateItem", 1)]);
    let (_, _, xml) = &mailbox.wire.sent[1];
    assert!(xml.contains("<t:DisplayName>Anna Neu</t:DisplayName>"), "{xml}");
    assert!(!xml.contains("FileAs"), "the person chose it: {xml}");
}

#[test]
fn a_change_of_nothing_is_done_without_a_call() {
    let mut mailbox = mailbox([]);
    let (id, version) = (ItemId::from("a"), "v1".into());
    let mut content = Content::new();
    content.set_text(Field::Email4, "vier@firma.example");
    let write = Write::Update {
        id: id.clone(),
        version,
        content,
        before: Content::new(),
        aside: Aside::default(),
        stamp: None,
    };
    let answers = mailbox.apply(ItemKind::Contact, &[write]).unwrap();
    assert_eq!(answers, [Wrote::Done { id, version: "v1".into() }]);
    assert!(mailbox.wire.sent.is_empty());
}

fn read(mailbox: &mut ExchangeMailbox<Script>, count: usize) -> Vec<(String, Option<ItemError>)> {
    let ids: Vec<ItemId> = (0..count).map(|index| ItemId::new(format!("i{index}"))).collect();
    let mut seen = Vec::new();
    mailbox
        .identify(ItemKind::Contact, &ids, &mut |id, got| seen.push((id.to_string(), got.err())))
        .unwrap();
    let mut names: Vec<_> = seen.iter().map(|(id, _)| id.clone()).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count, "each id is answered once: {seen:?}");
    seen
}

#[test]
fn reading_batches_grow_and_shrink() {
    let mut mailbox = mailbox([]);
    read(&mut mailbox, 300);
    assert_eq!(names(&mailbox).iter().map(|(_, n)| *n).collect::<Vec<_>>(), [100, 100, 100]);
    mailbox.wire.sent.clear();
    mailbox.wire.steps.push_back(Step::Fails(Vec::new(), fault("ErrorServerBusy", Some(5_000))));
    read(&mut mailbox, 150);
    assert_eq!(names(&mailbox).iter().map(|(_, n)| *n).collect::<Vec<_>>(), [150, 75, 75]);
    assert_eq!(mailbox.wire.waits, [Duration::from_secs(5)]);
}

#[test]
fn one_bad_item_is_the_trouble_of_that_item_only() {
    let broken = || Step::Fails(Vec::new(), EwsError::Reply(ReplyError::Truncated { offset: 9 }));
    let bad = || {
        let problem = "reference to character 0".to_owned();
        Step::Fails(Vec::new(), EwsError::Reply(ReplyError::Syntax { offset: 9, problem }))
    };
    let mut mailbox = mailbox([broken(), bad(), bad()]);
    let seen = read(&mut mailbox, 4);
    let unreadable: Vec<_> = seen.iter().filter(|(_, error)| error.is_some()).collect();
    assert_eq!(unreadable.len(), 1, "{seen:?}");
    assert_eq!(mailbox.wire.waits.len(), 1, "a broken line passes, a broken item does not");
}

#[test]
fn invariant_11_an_item_that_breaks_the_server_costs_nobody_else() {
    let internal = || Step::Fails(Vec::new(), fault("ErrorInternalServerError", None));
    // The fault comes for four, for the first two twice, since the server may be well again, and for the first alone.
    let mut reader = mailbox([internal(), internal(), internal()]);
    let seen = read(&mut reader, 4);
    assert_eq!(seen.iter().filter(|(_, error)| error.is_some()).count(), 1, "{seen:?}");
    let poisoned = [
        item(0, "i0", "v1").to_vec(),
        vec![refused(1, "ErrorInternalServerError")],
        item(2, "i2", "v1").to_vec(),
    ];
    let seen = read(&mut mailbox([Step::Says(poisoned.concat())]), 3);
    assert_eq!(seen.iter().filter(|(_, error)| error.is_some()).count(), 1, "{seen:?}");
    let mut server = mailbox([internal(), internal(), Step::Good, internal()]);
    let writes = [update("a", "v1", Field::JobTitle), update("b", "v1", Field::JobTitle)];
    let answers = server.apply(ItemKind::Contact, &writes).unwrap();
    assert!(is_done(&answers[0]), "{answers:?}");
    assert_eq!(
        answers[1],
        Wrote::Later(Duration::ZERO),
        "the server did not say that it is the item"
    );
    assert_eq!((server.wire.waits.len(), reader.wire.waits.len()), (1, 1));
}

#[test]
fn what_came_before_the_line_broke_is_not_asked_for_again() {
    let lost = EwsError::Lost { problem: "reset".to_owned() };
    let mut mailbox = mailbox([Step::Fails(item(0, "i0", "v1").to_vec(), lost)]);
    read(&mut mailbox, 3);
    assert_eq!(names(&mailbox)[..2], [("GetItem", 3), ("GetItem", 1)]);
    assert!(!mailbox.wire.sent[1].2.contains("\"i0\""));
}

#[test]
fn quirk_23_the_feed_skips_other_kinds_and_stops_where_the_state_stands_still() {
    let entry = |kind| ews::Item {
        kind,
        id: "x".into(),
        change_key: "v".into(),
        properties: Properties::new(),
    };
    let page = |state: &str, last| {
        Step::Says(vec![
            Arrival::Change { message: 0, change: Change::Created(entry(ews::ItemKind::Contact)) },
            Arrival::Change {
                message: 0,
                change: Change::Created(entry(ews::ItemKind::DistributionList)),
            },
            Arrival::Change { message: 0, change: Change::ReadFlag("x".into()) },
            Arrival::Change { message: 0, change: Change::Deleted("y".into()) },
            Arrival::Message(Message {
                parts: 4,
                state: Some(SyncState::new(state)),
                last: Some(last),
                ..Message::default()
            }),
        ])
    };
    let invalid = || Step::Says(vec![refused(0, "ErrorInvalidSyncStateData")]);
    let mut mailbox = mailbox([page("s1", false), page("s1", false), invalid(), page("s2", true)]);
    let mut changes = |since: Option<&str>| {
        let since = since.map(Cursor::from);
        mailbox.changes(&"f".into(), ItemKind::Contact, since.as_ref()).unwrap()
    };
    let first = changes(None);
    assert_eq!((first.changed.len(), first.removed.len()), (1, 1));
    assert!(first.more && !first.restarted);
    assert!(!changes(Some("s1")).more, "the state did not advance");
    let again = changes(Some("worthless"));
    assert!(again.restarted && !again.more);
    assert_eq!(again.cursor.as_str(), "s2");
}

#[test]
fn stamps_and_fields_are_the_only_changes_of_an_update() {
    let mut mailbox = mailbox([]);
    let mut write = update("a", "v1", Field::JobTitle);
    if let Write::Update { stamp, .. } = &mut write {
        *stamp = Some(sample::stamp("A-1", ""));
    }
    mailbox.apply(ItemKind::Contact, &[write]).unwrap();
    let xml = &mailbox.wire.sent[0].2;
    assert_eq!(xml.matches("<t:SetItemField>").count(), 6, "title, and five parts of the stamp");
    assert_eq!(xml.matches("<t:DeleteItemField>").count(), 1, "an adopted item has no token");
}

#[test]
fn a_cleared_address_goes_first_and_what_stands_beside_it_after_it() {
    let mut mailbox = mailbox([]);
    let mut write = update("a", "v1", Field::JobTitle);
    if let Write::Update { content, before, .. } = &mut write {
        *content = Content::new();
        content.set_blank(Field::Email2);
        before.set_text(Field::Email2, "alt@firma.example");
    }
    mailbox.apply(ItemKind::Contact, &[write]).unwrap();
    let xml = &mailbox.wire.sent[0].2;
    assert_eq!(xml.matches("<t:DeleteItemField>").count(), 6);
    // Microsoft, jj585538: 0x8090, 0x8092, 0x8093, 0x8094, 0x8095.
    let places: Vec<_> =
        ["FieldIndex=\"EmailAddress2\"", "32912", "32914", "32915", "32916", "32917"]
            .iter()
            .map(|word| xml.find(word).unwrap_or_else(|| panic!("{word}: {xml}")))
            .collect();
    assert!(places.is_sorted(), "{xml}");
}
