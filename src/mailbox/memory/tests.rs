//! The contract over the reference, and what the reference does besides.

use std::time::Duration;

use jiff::Timestamp;

use super::MemoryMailbox;
use super::fault::{Call, Fault, Which};
use super::normal::Normalises;
use super::store::{SERVICE, default_folder};
use crate::mailbox::contract::{self, Bench, Occasion, sample};
use crate::mailbox::{By, ItemError, Mailbox, MailboxErrorKind, Wanted, Write, Wrote};
use crate::model::{Content, Field, FolderId, ItemId, ItemKind, Value};

const LATER: Timestamp = Timestamp::constant(1_790_010_000, 0);

struct InMemory(MemoryMailbox);

impl Bench for InMemory {
    fn mailbox(&mut self) -> &mut dyn Mailbox {
        &mut self.0
    }

    fn moves(&mut self, id: &ItemId, to: &FolderId) -> ItemId {
        self.0.with(|store| store.person_moves(id, to, LATER)).unwrap()
    }

    fn copies(&mut self, id: &ItemId, to: &FolderId) -> ItemId {
        self.0.with(|store| store.person_copies(id, to, LATER)).unwrap()
    }

    fn discards(&mut self, folder: &FolderId) {
        self.0.with(|store| store.person_discards_folder(folder));
    }

    fn keeps_unmapped(&mut self, id: &ItemId, text: &str) {
        let text = text.to_owned();
        self.0.with(|store| {
            store.touch(id, LATER, "person", |item| {
                item.unmapped.insert("note".to_owned(), text);
            })
        });
    }

    fn unmapped(&mut self, id: &ItemId) -> Option<String> {
        self.0.with(|store| store.item(id).and_then(|item| item.unmapped.get("note").cloned()))
    }

    fn keeps_unmapped_on(&mut self, id: &ItemId, occasion: &Occasion, text: &str) {
        let (note, text) = (occasion.original.to_string(), text.to_owned());
        self.0.with(|store| {
            store.touch(id, LATER, "person", |item| {
                item.unmapped.insert(note, text);
            });
        });
    }

    fn unmapped_on(&mut self, id: &ItemId, occasion: &Occasion) -> Option<String> {
        let note = occasion.original.to_string();
        self.0.with(|store| store.item(id).and_then(|item| item.unmapped.get(&note).cloned()))
    }
}

#[test]
fn the_reference_keeps_the_contract() {
    contract::run(|| InMemory(MemoryMailbox::new()));
}

#[test]
fn the_contract_holds_on_a_mailbox_that_normalises_and_has_small_pages() {
    contract::run(|| {
        let mailbox = MemoryMailbox::new();
        mailbox.with(|store| {
            store.normalises = Normalises::ALL;
            store.page = 1;
            store.batch = 2;
        });
        InMemory(mailbox)
    });
}

fn create(record: &str, token: &str) -> Write {
    Write::Create {
        folder: default_folder(ItemKind::Task),
        content: sample::full(ItemKind::Task),
        stamp: sample::stamp(record, token),
    }
}

fn found(mailbox: &mut MemoryMailbox, token: &str) -> usize {
    let (tenant, user) = ("haus".into(), "DHO".into());
    let tokens = [token.into()];
    let wanted = Wanted { tenant: &tenant, user: &user, by: By::Tokens(&tokens) };
    mailbox.find(ItemKind::Task, &wanted).unwrap().len()
}

#[test]
fn invariant_1_lost_answers_before_after_and_late() {
    let mut mailbox = MemoryMailbox::new();
    let mut lose = |fault: Fault, token: &str| {
        mailbox.fail_next(Call::Apply, fault);
        let answers =
            mailbox.apply(ItemKind::Task, &[create("A", token), create("B", "other")]).unwrap();
        assert_eq!(answers[0], Wrote::Unanswered);
        assert!(matches!(answers[1], Wrote::Done { .. }));
        mailbox
            .snapshot()
            .items()
            .filter(|(_, item)| {
                item.stamp.as_ref().is_some_and(|stamp| stamp.token.as_str() == token)
            })
            .count()
    };
    assert_eq!(lose(Fault::LostBefore(Which::Only(0)), "t1"), 0);
    assert_eq!(lose(Fault::LostAfter(Which::Only(0)), "t2"), 1);
    assert_eq!(lose(Fault::Late(Which::Only(0)), "t3"), 0, "it is not there yet");
    assert_eq!(found(&mut mailbox, "t1"), 0);
    assert_eq!(found(&mut mailbox, "t2"), 1);
    assert_eq!(found(&mut mailbox, "t3"), 1, "it came late");
    assert_eq!(mailbox.waiting(), 0);
}

#[test]
fn a_call_can_fail_and_a_mailbox_be_busy() {
    let mut mailbox = MemoryMailbox::new();
    mailbox.fail_next(Call::Open, Fault::Down(MailboxErrorKind::Unreachable));
    assert_eq!(mailbox.open().unwrap_err().kind, MailboxErrorKind::Unreachable);
    mailbox.open().unwrap();
    let wait = Duration::from_secs(30);
    mailbox.fail_next(Call::Apply, Fault::Busy(Which::From(1), wait));
    let answers = mailbox.apply(ItemKind::Task, &[create("A", "1"), create("B", "2")]).unwrap();
    assert!(matches!(answers[0], Wrote::Done { .. }));
    assert_eq!(answers[1], Wrote::Later(wait));
    let (opened, written) = mailbox.with(|store| (store.calls(Call::Open), store.writes()));
    assert_eq!((opened, written), (2, 2));
}

#[test]
fn a_person_can_act_in_the_middle_of_a_run() {
    let mut mailbox = MemoryMailbox::new();
    mailbox.apply(ItemKind::Task, &[create("A", "1")]).unwrap();
    let id = mailbox.with(|store| store.item_of("A")).unwrap();
    let version = mailbox.with(|store| store.item(&id).unwrap().version());
    let edited = id.clone();
    mailbox.meanwhile(Call::Apply, move |store| {
        store.person_types(&edited, Field::Subject, "Vom Menschen", LATER);
    });
    let delete = Write::Delete { id: id.clone(), version };
    assert_eq!(mailbox.apply(ItemKind::Task, &[delete]).unwrap(), [Wrote::Conflict]);
    let store = mailbox.snapshot();
    let item = store.item(&id).unwrap();
    assert_eq!((item.modified_at, item.modified_by.as_str()), (LATER, "person"));
}

#[test]
fn a_completed_occurrence_is_a_copy_with_the_same_stamp() {
    let mut mailbox = MemoryMailbox::new();
    mailbox.apply(ItemKind::Task, &[create("A", "1")]).unwrap();
    let id = mailbox.with(|store| store.item_of("A")).unwrap();
    let copy = mailbox.with(|store| store.person_completes(&id, 7, LATER)).unwrap();
    let store = mailbox.snapshot();
    let (master, copy) = (store.item(&id).unwrap(), store.item(&copy).unwrap());
    assert_eq!(master.stamp, copy.stamp, "notes.md §2.3: duplicate stamps are normal");
    assert_eq!(copy.content.text(Field::Status), Some("completed"));
    let due = jiff::civil::date(2027, 4, 4);
    assert_eq!(master.content.value(Field::Due), Some(&Value::Date(due)));
}

#[test]
fn feeds_can_lie() {
    let mut mailbox = MemoryMailbox::new();
    let folder = default_folder(ItemKind::Task);
    mailbox.apply(ItemKind::Task, &[create("A", "1"), create("B", "2")]).unwrap();
    let whole = mailbox.changes(&folder, ItemKind::Task, None).unwrap();
    assert_eq!(whole.changed.len(), 2);
    mailbox.fail_next(Call::Changes, Fault::Short(0));
    let short = mailbox.changes(&folder, ItemKind::Task, None).unwrap();
    assert!(short.changed.is_empty() && !short.more);
    mailbox.fail_next(Call::Changes, Fault::RestartSilently);
    let again = mailbox.changes(&folder, ItemKind::Task, Some(&whole.cursor)).unwrap();
    assert!(again.changed.len() == 2 && !again.restarted);
    mailbox.fail_next(Call::Changes, Fault::Restart);
    let again = mailbox.changes(&folder, ItemKind::Task, Some(&whole.cursor)).unwrap();
    assert!(again.changed.len() == 2 && again.restarted);
    mailbox.with(|store| store.becomes("another"));
    let moved = mailbox.changes(&folder, ItemKind::Task, Some(&whole.cursor)).unwrap();
    assert!(moved.changed.len() == 2 && moved.restarted);
    assert_eq!(mailbox.open().unwrap().identity.as_str(), "another");
    assert_ne!(moved.changed, whole.changed, "a restored mailbox has new ids");
}

#[test]
fn d4_a_delegate_does_not_see_private_items() {
    let mut mailbox = MemoryMailbox::new();
    mailbox.apply(ItemKind::Task, &[create("A", "1")]).unwrap();
    let id = mailbox.with(|store| store.item_of("A")).unwrap();
    mailbox.with(|store| {
        store.person_marks_private(&id, true, LATER);
        store.sees_private = false;
    });
    assert_eq!(found(&mut mailbox, "1"), 0);
    let mut answer = None;
    mailbox.fetch(ItemKind::Task, &[id], &mut |_, item| answer = item.err()).unwrap();
    assert_eq!(answer, Some(ItemError::Gone));
    assert!(!mailbox.open().unwrap().sees_private);
}

#[test]
fn values_come_back_normalised() {
    let mut mailbox = MemoryMailbox::new();
    mailbox.with(|store| store.normalises = Normalises::ALL);
    let mut content = Content::new();
    content.set_text(Field::BusinessPhone, "+4989123");
    content.set_text(Field::Email1, "Anna@Firma.Example");
    content.set_text(Field::Notes, "a\nb");
    let write = Write::Create {
        folder: default_folder(ItemKind::Contact),
        content,
        stamp: sample::stamp("A", "1"),
    };
    mailbox.apply(ItemKind::Contact, &[write]).unwrap();
    let store = mailbox.snapshot();
    let (_, item) = store.items().next().unwrap();
    assert_eq!(item.content.text(Field::BusinessPhone), Some("+49 891 23"));
    assert_eq!(item.content.text(Field::Email1), Some("Anna@firma.example"));
    assert_eq!(item.content.text(Field::Notes), Some("a\r\nb\r\n"));
    assert_eq!(item.modified_by, SERVICE);
}

#[test]
fn the_same_calls_give_the_same_mailbox() {
    let build = || {
        let mut mailbox = MemoryMailbox::named("m");
        mailbox.apply(ItemKind::Task, &[create("A", "1"), create("B", "2")]).unwrap();
        let id = mailbox.with(|store| store.item_of("A")).unwrap();
        mailbox.with(|store| store.person_deletes(&id, LATER));
        mailbox
    };
    let mailbox = build();
    let before = mailbox.snapshot();
    assert_eq!(before.to_json(), build().snapshot().to_json());
    let id = mailbox.with(|store| store.item_of("B")).unwrap();
    mailbox.with(|store| store.person_purges(&id));
    assert_ne!(mailbox.snapshot().to_json(), before.to_json());
    mailbox.restore(before.clone());
    assert_eq!(mailbox.snapshot().to_json(), before.to_json());
}
