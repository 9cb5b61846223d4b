//! What goes wrong on the way.

use std::time::Duration;

use abgleich::ews::transport::{Login, Password};
use abgleich::mailbox::contract::sample;
use abgleich::mailbox::exchange::lane::{ActAs, ServerAccess};
use abgleich::mailbox::{By, Mailbox, MailboxErrorKind, Stage, Wanted, Write, Wrote};
use abgleich::model::{Field, FolderId, ItemKind};
use exchange_sim::{Fault, FaultKind};

use crate::bench::{Exchange, ExchangeBench};

fn create(folder: &FolderId, record: &str, token: &str) -> Write {
    Write::Create {
        folder: folder.clone(),
        content: sample::full(ItemKind::Task),
        stamp: sample::stamp(record, token),
    }
}

fn home(bench: &mut ExchangeBench) -> FolderId {
    bench.mailbox.folder(ItemKind::Task, &[], false).expect("known").expect("there")
}

fn found(bench: &mut ExchangeBench, token: &str) -> usize {
    let (tenant, user) = ("haus".into(), "DHO".into());
    let tokens = [token.into()];
    let wanted = Wanted { tenant: &tenant, user: &user, by: By::Tokens(&tokens) };
    bench.mailbox.find(ItemKind::Task, &wanted).expect("the search works").len()
}

#[test]
fn invariant_1_a_create_whose_answer_is_lost_is_unanswered_and_found_by_its_token() {
    for (fault, stored) in [(FaultKind::DropBeforeCommit, 0), (FaultKind::DropAfterCommit, 1)] {
        let exchange = Exchange::start();
        let mut bench = exchange.bench();
        let folder = home(&mut bench);
        exchange.server.fault(Fault::new(fault.clone()).on("CreateItem").once());
        let answers =
            bench.mailbox.apply(ItemKind::Task, &[create(&folder, "T-1", "t1")]).expect("answers");
        assert_eq!(answers, [Wrote::Unanswered], "{fault:?}");
        assert_eq!(exchange.server.calls("CreateItem"), 1, "{fault:?}: it is not repeated");
        assert_eq!(found(&mut bench, "t1"), stored, "{fault:?}");
    }
}

#[test]
fn invariant_1_a_create_that_comes_late_is_found_later() {
    let exchange = Exchange::start();
    let mut bench = exchange.bench();
    let folder = home(&mut bench);
    exchange.server.fault(Fault::new(FaultKind::CommitHeld).on("CreateItem").once());
    let answers =
        bench.mailbox.apply(ItemKind::Task, &[create(&folder, "T-1", "t1")]).expect("answers");
    assert_eq!(answers, [Wrote::Unanswered]);
    assert_eq!(found(&mut bench, "t1"), 0, "it is not there yet");
    exchange.server.release();
    assert_eq!(found(&mut bench, "t1"), 1);
    assert_eq!(exchange.server.calls("CreateItem"), 1);
}

#[test]
fn a_busy_server_is_asked_again_after_the_time_it_named() {
    let exchange = Exchange::start();
    let mut bench = exchange.bench();
    let folder = home(&mut bench);
    let busy = FaultKind::Busy { back_off_ms: Some(20), item: None };
    exchange.server.fault(Fault::new(busy).times(2));
    let answers =
        bench.mailbox.apply(ItemKind::Task, &[create(&folder, "T-1", "t1")]).expect("answers");
    assert!(matches!(answers[0], Wrote::Done { .. }), "{answers:?}");
    assert_eq!(found(&mut bench, "t1"), 1);
}

#[test]
fn one_bad_item_of_a_batch_is_refused_alone() {
    let exchange = Exchange::start();
    let mut bench = exchange.bench();
    let folder = home(&mut bench);
    let bad = FaultKind::BadItem { item: 1, code: "ErrorItemSave".to_owned() };
    exchange.server.fault(Fault::new(bad).on("CreateItem").once());
    let writes: Vec<_> =
        (0..4).map(|n| create(&folder, &format!("T-{n}"), &format!("t{n}"))).collect();
    let answers = bench.mailbox.apply(ItemKind::Task, &writes).expect("answers");
    let refused =
        |wrote: &Wrote| matches!(wrote, Wrote::Refused { code, .. } if code == "ErrorItemSave");
    assert!(refused(&answers[1]));
    assert_eq!(answers.iter().filter(|answer| matches!(answer, Wrote::Done { .. })).count(), 3);
}

#[test]
fn quirk_25_a_worthless_state_is_told_and_a_silent_one_lists_again() {
    let exchange = Exchange::start();
    let mut bench = exchange.bench();
    let folder = home(&mut bench);
    bench.mailbox.apply(ItemKind::Task, &[create(&folder, "T-1", "t1")]).expect("answers");
    let first = bench.mailbox.changes(&folder, ItemKind::Task, None).expect("a page");
    for (fault, told) in [(FaultKind::InvalidSyncState, true), (FaultKind::ResetSyncState, false)] {
        exchange.server.fault(Fault::new(fault).on("SyncFolderItems").once());
        let page =
            bench.mailbox.changes(&folder, ItemKind::Task, Some(&first.cursor)).expect("a page");
        assert_eq!((page.changed.len(), page.restarted), (1, told));
    }
}

#[test]
fn answers_that_make_no_sense_are_errors_and_never_absence() {
    let exchange = Exchange::start();
    let mut bench = exchange.bench();
    let folder = home(&mut bench);
    let answers =
        bench.mailbox.apply(ItemKind::Task, &[create(&folder, "T-1", "t1")]).expect("answers");
    let Wrote::Done { id, .. } = &answers[0] else { panic!("{answers:?}") };
    exchange.server.fault(Fault::new(FaultKind::HtmlPage).on("SyncFolderItems").once());
    let error = bench.mailbox.changes(&folder, ItemKind::Task, None).expect_err("a login page");
    assert_eq!(error.stage, Stage::Network, "{error}");
    for fault in [FaultKind::Truncated, FaultKind::IllegalCharacter, FaultKind::Unavailable] {
        exchange.server.fault(Fault::new(fault.clone()).on("GetItem").once());
        let mut seen = Vec::new();
        let each = &mut |_, item: Result<abgleich::mailbox::Item, _>| seen.push(item);
        bench.mailbox.fetch(ItemKind::Task, std::slice::from_ref(id), each).expect("it is read");
        assert_eq!(seen.len(), 1, "{fault:?}");
        let item = seen.remove(0).expect("the item is readable");
        assert!(item.content.text(Field::Subject).is_some(), "{fault:?}");
    }
}

#[test]
fn check_learns_which_stage_failed() {
    let exchange = Exchange::start();
    let address = exchange.fresh();
    let act_as = ActAs::Owner(address);
    let stage = |change: &dyn Fn(&mut ServerAccess), act_as: &ActAs| {
        let mut access = exchange.access();
        access.patience.longest = Duration::ZERO;
        change(&mut access);
        let error = exchange.open_with(&access, act_as).open().expect_err("it cannot open");
        (error.stage, error.kind)
    };
    let password = |access: &mut ServerAccess| {
        access.login = Login::Basic { user: "x".to_owned(), password: Password::new("falsch") };
    };
    assert_eq!(stage(&password, &act_as), (Stage::Login, MailboxErrorKind::Denied));
    let untrusted = |access: &mut ServerAccess| access.ca_file = None;
    assert_eq!(stage(&untrusted, &act_as).0, Stage::Certificate);
    let port = |access: &mut ServerAccess| {
        access.url = "https://localhost:1/EWS/Exchange.asmx".to_owned();
    };
    assert_eq!(stage(&port, &act_as), (Stage::Network, MailboxErrorKind::Unreachable));
    let nobody = ActAs::Owner("niemand@firma.example".to_owned());
    assert_eq!(stage(&|_| (), &nobody), (Stage::Mailbox, MailboxErrorKind::Denied));
}
