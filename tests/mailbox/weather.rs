//! Hard weather over a real connection: what stands in front of Exchange, throttling, batches that are answered by halves.
//! `docs/quirks.md` says which quirk of real servers each test is about.

use std::time::Duration;

use abgleich::mailbox::contract::{Bench as _, sample};
use abgleich::mailbox::exchange::lane::ActAs;
use abgleich::mailbox::{By, ItemError, Mailbox, MailboxErrorKind, Trouble, Wanted, Write, Wrote};
use abgleich::model::{FolderId, ItemId, ItemKind};
use exchange_sim::{Fault, FaultKind};

use crate::bench::{Exchange, ExchangeBench};

fn home(bench: &mut ExchangeBench) -> FolderId {
    bench.mailbox.folder(ItemKind::Task, &[], false).expect("known").expect("there")
}

fn creates(folder: &FolderId, count: usize) -> Vec<Write> {
    let create = |number| Write::Create {
        folder: folder.clone(),
        content: sample::full(ItemKind::Task),
        stamp: sample::stamp(&format!("T-{number}"), &format!("t{number}")),
    };
    (0..count).map(create).collect()
}

fn done(answers: &[Wrote]) -> usize {
    answers.iter().filter(|answer| matches!(answer, Wrote::Done { .. })).count()
}

fn status(status: u16, retry_after: Option<&str>, location: Option<&str>) -> Fault {
    Fault::new(FaultKind::Status {
        status,
        retry_after: retry_after.map(str::to_owned),
        location: location.map(str::to_owned),
    })
}

/// Fetches one item, and returns what came of it.
fn fetch(bench: &mut ExchangeBench, id: &ItemId) -> Result<(), Option<Trouble>> {
    let mut seen = Vec::new();
    let fetched = bench.mailbox.fetch(ItemKind::Task, std::slice::from_ref(id), &mut |_, item| {
        seen.push(item);
    });
    fetched.map_err(|error| Some(error.trouble))?;
    match seen.remove(0) {
        Ok(_) => Ok(()),
        Err(_) => Err(None),
    }
}

fn one_item(bench: &mut ExchangeBench) -> ItemId {
    let folder = home(bench);
    let answers = bench.mailbox.apply(ItemKind::Task, &creates(&folder, 1)).expect("answers");
    let Wrote::Done { id, .. } = &answers[0] else { panic!("{answers:?}") };
    id.clone()
}

#[test]
fn quirk_01_forbidden_characters_cost_nobody_the_item() {
    let exchange = Exchange::start();
    let mut bench = exchange.bench();
    let id = one_item(&mut bench);
    exchange.server.fault(Fault::new(FaultKind::IllegalCharacter).on("GetItem"));
    assert_eq!(fetch(&mut bench, &id), Ok(()));
}

#[test]
fn quirk_02_a_byte_order_mark_is_no_fault() {
    let exchange = Exchange::start();
    let mut bench = exchange.bench();
    exchange.server.fault(Fault::new(FaultKind::ByteOrderMark));
    bench.mailbox.open().expect("it opens");
    let id = one_item(&mut bench);
    assert_eq!(fetch(&mut bench, &id), Ok(()));
}

#[test]
fn quirk_03_what_passes_is_asked_again_and_what_stays_has_a_name() {
    let exchange = Exchange::start();
    let mut bench = exchange.bench();
    let id = one_item(&mut bench);
    for passing in [
        status(302, None, Some("/ews/genericerrorpage.htm?aspxerrorpath=/ews/exchange.asmx")),
        status(429, Some("1"), None),
        status(500, None, None),
        status(503, Some("1"), None),
        Fault::new(FaultKind::Truncated),
        Fault::new(FaultKind::HalfChunk),
        Fault::new(FaultKind::DropBeforeCommit),
    ] {
        let before = exchange.server.calls("GetItem");
        exchange.server.fault(passing.clone().on("GetItem").once());
        assert_eq!(fetch(&mut bench, &id), Ok(()), "{passing:?}");
        assert_eq!(exchange.server.calls("GetItem"), before + 2, "{passing:?}: the fault struck");
    }
    for (lasting, trouble) in [
        (status(302, None, Some("https://proxy.firma.example/internalsite/")), Trouble::Foreign),
        (status(302, None, Some("https://outlook.office365.com/")), Trouble::Elsewhere),
        (status(403, None, None), Trouble::Policy),
        (status(440, None, None), Trouble::Foreign),
        (status(456, None, None), Trouble::LoginLocked),
        (Fault::new(FaultKind::HtmlPage), Trouble::Foreign),
    ] {
        // Each with a mailbox of its own: one that is parked is not asked again.
        let mut bench = exchange.bench();
        let id = one_item(&mut bench);
        let before = exchange.server.calls("GetItem");
        exchange.server.fault(lasting.clone().on("GetItem").once());
        assert_eq!(fetch(&mut bench, &id), Err(Some(trouble)), "{lasting:?}");
        assert_eq!(exchange.server.calls("GetItem"), before + 1, "{lasting:?}: it is not repeated");
        let again = fetch(&mut bench, &id);
        assert_eq!(again.is_err(), trouble.lasts(), "{lasting:?}: a parked mailbox stays parked");
    }
}

#[test]
fn quirk_05_a_request_that_is_too_large_is_halved() {
    let exchange = Exchange::start();
    let mut bench = exchange.bench();
    let folder = home(&mut bench);
    exchange.server.fault(status(413, None, None).on("CreateItem").once());
    let answers = bench.mailbox.apply(ItemKind::Task, &creates(&folder, 8)).expect("answers");
    assert_eq!(done(&answers), 8);
    assert_eq!(exchange.server.calls("CreateItem"), 3);
}

#[test]
fn quirk_16_nothing_is_sent_while_the_server_wants_to_be_left_alone() {
    let exchange = Exchange::start();
    let mut access = exchange.access();
    // Whoever has no patience is told how long it would take.
    access.patience.longest = Duration::ZERO;
    for busy in [
        FaultKind::Busy { back_off_ms: Some(600_000), item: None },
        FaultKind::Busy { back_off_ms: Some(600_000), item: Some(0) },
        FaultKind::BusyInText { back_off_ms: 600_000 },
    ] {
        let mut mailbox = exchange.open_with(&access, &ActAs::Owner(exchange.fresh()));
        mailbox.open().expect("it opens");
        let folder = mailbox.folder(ItemKind::Task, &[], false).expect("asked").expect("there");
        exchange.server.fault(Fault::new(busy.clone()).on("CreateItem").once());
        let mut try_one = || mailbox.apply(ItemKind::Task, &creates(&folder, 1));
        let asked = Wrote::Later(Duration::from_mins(10));
        assert_eq!(try_one().expect("answers"), [asked], "{busy:?}");
        let calls = exchange.server.log().len();
        let again = try_one().expect("answers");
        assert!(matches!(again[..], [Wrote::Later(_)]), "{busy:?}: {again:?}");
        assert_eq!(exchange.server.log().len(), calls, "{busy:?}: nothing was sent");
    }
}

#[test]
fn quirk_18_the_mailboxes_of_one_login_heed_one_anothers_back_off() {
    let exchange = Exchange::start();
    let (anna, bernd) = (exchange.fresh(), exchange.fresh());
    let mut access = exchange.access();
    access.patience.longest = Duration::ZERO;
    let server = exchange.way(&access);
    let open = |who: &str| Exchange::mailbox_on(&server, &ActAs::Owner(who.to_owned()));
    let busy = FaultKind::Busy { back_off_ms: Some(600_000), item: None };
    // With impersonation the budget is the mailbox's.
    exchange.server.fault(Fault::new(busy).for_mailbox(&anna).once());
    let error = open(&anna).open().expect_err("it is busy");
    assert_eq!(error.trouble, Trouble::Busy);
    assert!(matches!(error.kind, MailboxErrorKind::Transient(time) if time.as_secs() == 600));
    open(&bernd).open().expect("another budget");
    // What the web server in front says concerns everybody.
    exchange.server.fault(status(503, Some("600"), None).for_mailbox(&bernd).once());
    assert!(open(&bernd).open().is_err());
    let carla = exchange.fresh();
    let calls = exchange.server.log().len();
    let error = open(&carla).open().expect_err("the server rests");
    assert_eq!(error.trouble, Trouble::Busy);
    assert_eq!(exchange.server.log().len(), calls, "nothing was sent");
}

#[test]
fn quirk_20_one_item_that_cannot_be_read_costs_nobody_else() {
    let exchange = Exchange::start();
    let mut bench = exchange.bench();
    let folder = home(&mut bench);
    let answers = bench.mailbox.apply(ItemKind::Task, &creates(&folder, 5)).expect("answers");
    let ids: Vec<ItemId> = answers
        .iter()
        .filter_map(|answer| match answer {
            Wrote::Done { id, .. } => Some(id.clone()),
            _ => None,
        })
        .collect();
    for code in ["ErrorItemCorrupt", "ErrorCorruptData", "ErrorInternalServerError"] {
        let bad = FaultKind::BadItem { item: 2, code: code.to_owned() };
        exchange.server.fault(Fault::new(bad).on("GetItem").once());
        let mut seen = Vec::new();
        let each = &mut |id, item: Result<_, ItemError>| seen.push((id, item.err()));
        bench.mailbox.fetch(ItemKind::Task, &ids, each).expect("the others are read");
        let bad: Vec<_> = seen.iter().filter(|(_, error)| error.is_some()).collect();
        assert_eq!((seen.len(), bad.len()), (5, 1), "{code}");
        assert_eq!(bad[0], &(ids[2].clone(), Some(ItemError::Unreadable(code.to_owned()))));
    }
}

#[test]
fn quirk_21_what_a_stopped_batch_left_undone_is_asked_for_again() {
    let exchange = Exchange::start();
    let mut bench = exchange.bench();
    let folder = home(&mut bench);
    // The busy item stops the batch: those behind it are answered with ErrorBatchProcessingStopped.
    let busy = FaultKind::Busy { back_off_ms: Some(10), item: Some(2) };
    exchange.server.fault(Fault::new(busy).on("CreateItem").once());
    let answers = bench.mailbox.apply(ItemKind::Task, &creates(&folder, 6)).expect("answers");
    assert_eq!(done(&answers), 6);
    let (kept, all) = (exchange.server.calls("CreateItem"), bench.outlook.items("tasks"));
    assert_eq!((kept, all.expect("the folder").len()), (2, 6), "each was made once");
}

/// Invariant 1: of a batch that was answered with a fault, those that were made are found by their tokens.
#[test]
fn quirk_19_a_fault_for_a_batch_that_was_half_done_doubles_nothing() {
    let exchange = Exchange::start();
    let mut bench = exchange.bench();
    let folder = home(&mut bench);
    let code = "ErrorInternalServerError".to_owned();
    let half = FaultKind::FaultAfter { items: 3, code };
    exchange.server.fault(Fault::new(half).on("CreateItem").once());
    let answers = bench.mailbox.apply(ItemKind::Task, &creates(&folder, 8)).expect("answers");
    assert_eq!(done(&answers), 8, "{answers:?}");
    assert_eq!(bench.outlook.items("tasks").expect("the folder").len(), 8, "none is doubled");
    assert_eq!(exchange.server.calls("FindItem"), 1, "looked for once, where they were to be made");
    assert_eq!(exchange.server.calls("CreateItem"), 2, "the five others once more");
}

#[test]
fn d4_a_search_finds_what_lies_behind_a_folder_that_fills_the_answer() {
    // "EWS throttling in Exchange": 250 results of a search with a restriction, from all its folders together.
    let exchange = Exchange::start();
    let mut bench = exchange.bench();
    let folder = home(&mut bench);
    let answers = bench.mailbox.apply(ItemKind::Task, &creates(&folder, 320)).expect("answers");
    assert_eq!(done(&answers), 320, "{answers:?}");
    let filed = bench.outlook.make_folder("tasks", "Kunden", "IPF.Task").expect("a folder");
    for answer in &answers[..20] {
        let Wrote::Done { id, .. } = answer else { panic!("{answer:?}") };
        bench.outlook.move_to(id.as_str(), &filed).expect("it is filed");
    }
    let wanted = Wanted { tenant: &"haus".into(), user: &"DHO".into(), by: By::Any };
    let found = bench.mailbox.find(ItemKind::Task, &wanted).expect("it is looked through");
    assert_eq!(found.len(), 320);
}

#[test]
fn answers_that_cannot_be_matched_are_unanswered_and_found_later() {
    let exchange = Exchange::start();
    let mut bench = exchange.bench();
    let folder = home(&mut bench);
    exchange.server.fault(Fault::new(FaultKind::MissingAnswer { item: 1 }).on("CreateItem").once());
    let answers = bench.mailbox.apply(ItemKind::Task, &creates(&folder, 3)).expect("answers");
    assert_eq!(answers, vec![Wrote::Unanswered; 3], "none of three answers is trusted");
    assert_eq!(exchange.server.calls("CreateItem"), 1);
    // In an answer to a read the items say who they are.
    let ids: Vec<ItemId> = bench
        .outlook
        .items("tasks")
        .expect("the folder")
        .into_iter()
        .map(|item| ItemId::new(item.id))
        .collect();
    exchange.server.fault(Fault::new(FaultKind::MissingAnswer { item: 1 }).on("GetItem").once());
    let mut seen = Vec::new();
    let each = &mut |id, item: Result<_, ItemError>| seen.push((id, item.is_ok()));
    bench.mailbox.fetch(ItemKind::Task, &ids, each).expect("they are read");
    seen.sort();
    let mut wanted: Vec<_> = ids.into_iter().map(|id| (id, true)).collect();
    wanted.sort();
    assert_eq!(seen, wanted, "each once, none for another");
}

#[test]
fn a_full_mailbox_takes_nothing_more_and_is_not_tried_again() {
    let exchange = Exchange::start();
    let mut bench = exchange.bench();
    let folder = home(&mut bench);
    let full = FaultKind::BadItem { item: 1, code: "ErrorQuotaExceeded".to_owned() };
    exchange.server.fault(Fault::new(full).on("CreateItem"));
    let answers = bench.mailbox.apply(ItemKind::Task, &creates(&folder, 3)).expect("answers");
    assert_eq!(answers[1], Wrote::Later(Duration::ZERO), "the next run makes up for it");
    assert_eq!(bench.mailbox.parked().map(|error| error.trouble), Some(Trouble::Full));
    let calls = exchange.server.calls("CreateItem");
    let answers = bench.mailbox.apply(ItemKind::Task, &creates(&folder, 2)).expect("answers");
    assert_eq!(answers, vec![Wrote::Later(Duration::ZERO); 2]);
    assert_eq!(exchange.server.calls("CreateItem"), calls, "nothing was sent");
    bench.mailbox.changes(&folder, ItemKind::Task, None).expect("it can be read");
}

#[test]
fn quirk_28_conditions_of_one_mailbox_park_it_and_leave_the_others_alone() {
    for (code, trouble) in [
        ("ErrorNonExistentMailbox", Trouble::Missing),
        ("ErrorProxyServiceDiscoveryFailed", Trouble::Elsewhere),
        ("ErrorMailboxMoveInProgress", Trouble::InTransit),
        ("ErrorAccountDisabled", Trouble::Locked),
        ("ErrorImpersonateUserDenied", Trouble::Impersonation),
        ("ErrorUserNotAllowedByPolicy", Trouble::Policy),
    ] {
        let exchange = Exchange::start();
        let (anna, bernd) = (exchange.fresh(), exchange.fresh());
        let mut access = exchange.access();
        access.patience.longest = Duration::ZERO;
        exchange
            .server
            .fault(Fault::new(FaultKind::Refuse { code: code.to_owned() }).for_mailbox(&anna));
        let mut parked = exchange.open_with(&access, &ActAs::Owner(anna));
        let error = parked.open().expect_err(code);
        assert_eq!(error.trouble, trouble, "{code}");
        let calls = exchange.server.log().len();
        let again = parked.changes(&"f".into(), ItemKind::Task, None).expect_err(code);
        assert_eq!(again.trouble, trouble, "{code}");
        assert_eq!(exchange.server.log().len(), calls, "{code}: it is not knocked at again");
        exchange.open_with(&access, &ActAs::Owner(bernd)).open().expect("the other one opens");
    }
}

#[test]
fn a_state_of_another_folder_begins_anew_and_says_so() {
    let exchange = Exchange::start();
    let mut bench = exchange.bench();
    let tasks = home(&mut bench);
    bench.mailbox.apply(ItemKind::Task, &creates(&tasks, 1)).expect("answers");
    let contacts = bench.mailbox().folder(ItemKind::Contact, &[], false).expect("known");
    let contacts = contacts.expect("there");
    let other = bench.mailbox.changes(&contacts, ItemKind::Contact, None).expect("a page");
    let page = bench.mailbox.changes(&tasks, ItemKind::Task, Some(&other.cursor)).expect("a page");
    assert!(page.restarted && page.removed.is_empty(), "{page:?}");
    assert_eq!(page.changed.len(), 1);
}

#[test]
fn a_state_that_does_not_advance_is_not_asked_for_ever() {
    let exchange = Exchange::start();
    let mut bench = exchange.bench();
    let folder = home(&mut bench);
    let first = bench.mailbox.changes(&folder, ItemKind::Task, None).expect("a page");
    exchange.server.fault(Fault::new(FaultKind::StuckSyncState));
    let page = bench.mailbox.changes(&folder, ItemKind::Task, Some(&first.cursor)).expect("a page");
    assert!(!page.more && page.removed.is_empty(), "{page:?}");
}

#[test]
fn quirk_22_an_item_that_is_listed_and_not_found_is_gone_and_nothing_else() {
    let exchange = Exchange::start();
    let mut bench = exchange.bench();
    let id = one_item(&mut bench);
    let gone = FaultKind::BadItem { item: 0, code: "ErrorItemNotFound".to_owned() };
    exchange.server.fault(Fault::new(gone).on("GetItem").once());
    let mut seen = Vec::new();
    let each = &mut |_, item: Result<_, ItemError>| seen.push(item.err());
    bench.mailbox.fetch(ItemKind::Task, std::slice::from_ref(&id), each).expect("an answer");
    assert_eq!(seen, [Some(ItemError::Gone)], "the engine then looks for its stamp (rule D4)");
    assert_eq!(fetch(&mut bench, &id), Ok(()), "and here it was there all the time");
}
