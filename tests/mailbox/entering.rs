//! Entering a mailbox: the contract that is agreed, as whom, whose it is, and by what a request is found again.

use std::error::Error as _;

use abgleich::ews::{Impersonation, ServerVersion};
use abgleich::mailbox::exchange::lane::ActAs;
use abgleich::mailbox::{By, Mailbox, MailboxErrorKind, Stage, Wanted};
use abgleich::model::ItemKind;
use exchange_sim::{Fault, FaultKind, Grant, Login};

use crate::bench::{Exchange, PASSWORD};

const EVA: &str = "eva@firma.example";

fn eva() -> ActAs {
    ActAs::Owner(EVA.to_owned())
}

#[test]
fn the_newest_contract_that_both_keep_is_found_and_remembered() {
    for (knows, agreed, refused) in [
        ("Exchange2016", ServerVersion::V2016, 0),
        ("Exchange2013_SP1", ServerVersion::V2013Sp1, 1),
        ("Exchange2013", ServerVersion::V2013, 2),
        ("Exchange2010_SP2", ServerVersion::V2010Sp2, 3),
        ("Exchange2010_SP1", ServerVersion::V2010Sp1, 4),
    ] {
        let exchange = Exchange::start();
        exchange.server.add_mailbox(EVA, "Eva").expect("it is made");
        exchange.server.set_newest_contract(knows);
        let server = exchange.way(&exchange.access());
        let mut mailbox = Exchange::mailbox_on(&server, &eva());
        mailbox.open().expect("it opens");
        assert_eq!(mailbox.contract(), agreed, "{knows}");
        let outcomes: Vec<_> = exchange.server.log().into_iter().map(|e| e.outcome).collect();
        assert_eq!(outcomes.len(), refused + 1, "{knows}: {outcomes:?}");
        // The next mailbox of the server begins where this one ended.
        let mut second = Exchange::mailbox_on(&server, &eva());
        second.open().expect("it opens");
        assert_eq!(exchange.server.log().len(), refused + 2, "{knows}");
    }
}

#[test]
fn a_delegate_needs_to_see_the_folders_that_are_not_used_and_no_more() {
    // What `check --exchange-setup` prints for a line with contacts alone (tests/cli/setup.rs).
    let granted = [
        ("contacts", Grant::Editor),
        ("calendar", Grant::Visible),
        ("tasks", Grant::Visible),
        ("deleteditems", Grant::Editor),
    ];
    let delegate = |grants: &[(&str, Grant)]| {
        let exchange =
            Exchange::with(Login::delegate_with(r"FIRMA\hilfe", PASSWORD, grants), &[EVA]);
        let mailbox = exchange.open_with(&exchange.access(), &ActAs::DelegateOf(EVA.to_owned()));
        (exchange, mailbox)
    };
    let (_exchange, mut mailbox) = delegate(&granted);
    let opened = mailbox.open().expect("it opens");
    assert!(opened.sees_private, "of what is read, nothing is hidden");
    assert!(!opened.sees_all, "D4: what a person files elsewhere is not seen");
    let kind = ItemKind::Contact;
    let home = mailbox.folder(kind, &[], false).expect("known").expect("there");
    mailbox.changes(&home, kind, None).expect("it is read");
    let by = By::Any;
    let wanted = Wanted { tenant: &"haus".into(), user: &"EVA".into(), by };
    assert_eq!(mailbox.find(kind, &wanted).expect("it is looked through"), []);
    let tasks = mailbox.folder(ItemKind::Task, &[], false).expect("known").expect("there");
    let refused = mailbox.changes(&tasks, ItemKind::Task, None).expect_err("it is not read");
    assert_eq!(refused.kind, MailboxErrorKind::Denied);
    // Rights on the top folder say nothing of folders that were there before: one of those may hold what seems to be deleted.
    let reads_root = [&granted[..], &[("msgfolderroot", Grant::Reviewer)]].concat();
    let (_exchange, mut mailbox) = delegate(&reads_root);
    assert!(!mailbox.open().expect("it opens").sees_all, "D4: nor what is older than the right");
    // A folder that cannot even be seen is named, with what gives the rights.
    let (_exchange, mut mailbox) = delegate(&granted[..3]);
    let error = mailbox.open().expect_err("Deleted Items cannot be seen");
    assert!(error.text.contains("deleted items"), "{error}");
    assert!(error.hint.is_some_and(|hint| hint.english().contains("check --exchange-setup")));
}

#[test]
fn a_mailbox_on_an_older_server_opens_with_less_and_the_next_one_does_not() {
    // notes.md §1.0: the server that answers is new, the one with the mailbox is not, so that each folder is refused.
    let exchange = Exchange::start();
    exchange.server.add_mailbox(EVA, "Eva").expect("it is made");
    let code = "ErrorInvalidSchemaVersionForMailboxVersion".to_owned();
    exchange.server.fault(Fault::new(FaultKind::BadItem { item: 0, code }).times(2));
    let server = exchange.way(&exchange.access());
    let mut old = Exchange::mailbox_on(&server, &eva());
    old.open().expect("it opens");
    assert_eq!(old.contract(), ServerVersion::V2013, "two steps down");
    let mut new = Exchange::mailbox_on(&server, &eva());
    new.open().expect("it opens");
    assert_eq!(new.contract(), ServerVersion::V2016);
    assert_eq!(exchange.server.calls("GetFolder"), 4);
}

#[test]
fn quirk_26_a_server_that_calls_a_new_word_a_mistake_is_asked_for_less() {
    for code in ["ErrorSchemaValidation", "ErrorInvalidRequest", "ErrorIncorrectSchemaVersion"] {
        let exchange = Exchange::start();
        exchange.server.add_mailbox(EVA, "Eva").expect("it is made");
        let refuse = FaultKind::Refuse { code: code.to_owned() };
        exchange.server.fault(Fault::new(refuse.clone()).once());
        let mut mailbox = exchange.open_with(&exchange.access(), &eva());
        mailbox.open().expect("it opens");
        assert_eq!(mailbox.contract(), ServerVersion::V2013Sp1, "{code}");
        // What was agreed stays: later such an answer is about the request.
        exchange.server.fault(Fault::new(refuse).once());
        assert!(mailbox.open().is_err(), "{code}");
        assert_eq!(mailbox.contract(), ServerVersion::V2013Sp1, "{code}");
    }
}

#[test]
fn an_owner_is_impersonated_by_address_name_or_identifier() {
    let exchange = Exchange::start();
    exchange.server.add_mailbox(EVA, "Eva").expect("it is made");
    let mut identities = Vec::new();
    for act_as in [
        eva(),
        ActAs::OwnerBy {
            address: EVA.to_owned(),
            person: Impersonation::PrincipalName(EVA.to_owned()),
        },
        // SIDs of the simulated server are the addresses with a prefix.
        ActAs::OwnerBy {
            address: EVA.to_owned(),
            person: Impersonation::Sid(format!("S-1-5-21-{EVA}")),
        },
        ActAs::DelegateOf(EVA.to_owned()),
    ] {
        let mut mailbox = exchange.open_with(&exchange.access(), &act_as);
        let opened = mailbox.open().expect("it opens");
        assert!(opened.sees_all, "full access shows every folder");
        identities.push(opened.identity);
        assert_eq!(mailbox.person().expect("the directory answers").as_deref(), Some("Eva"));
    }
    identities.dedup();
    assert_eq!(identities.len(), 1, "one mailbox, whoever looks");
}

#[test]
fn the_own_mailbox_must_be_the_one_of_the_line() {
    let exchange = Exchange::with(Login::person("eva", PASSWORD, EVA), &[EVA, "max@firma.example"]);
    let mut own = exchange.open_with(&exchange.access(), &ActAs::OwnOf(EVA.to_owned()));
    own.open().expect("it opens");
    assert_eq!(own.person().expect("the directory answers").as_deref(), Some("Eva"));
    let act_as = ActAs::OwnOf("max@firma.example".to_owned());
    let error = exchange.open_with(&exchange.access(), &act_as).open().unwrap_err();
    assert_eq!((error.kind, error.stage), (MailboxErrorKind::Denied, Stage::Mailbox));
    assert_eq!(error.text, "the mailbox of the login is not the one of max@firma.example");
}

#[test]
fn quirk_14_an_error_names_its_request() {
    let exchange = Exchange::start();
    let nobody = ActAs::Owner("niemand@firma.example".to_owned());
    let mut mailbox = exchange.open_with(&exchange.access(), &nobody);
    let error = mailbox.open().unwrap_err();
    let trace = mailbox.trace().expect("a request was sent");
    assert_eq!(trace.client.len(), 36, "a UUID: {trace}");
    let said = error.source().expect("a cause").to_string();
    assert_eq!(said, trace.to_string());
    assert!(
        said.starts_with(&format!("request {}", trace.client)) && said.ends_with("at SIM-EX01"),
        "{said}"
    );
}
