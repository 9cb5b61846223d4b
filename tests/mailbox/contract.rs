//! The contract of `abgleich::mailbox::contract`, over EWS.

use abgleich::mailbox::contract;
use abgleich::mailbox::exchange::lane::ActAs;
use abgleich::mailbox::{Mailbox, MailboxErrorKind, Stage, Whereabouts};
use abgleich::model::ItemKind;

use crate::bench::{Exchange, ExchangeBench};

#[test]
fn exchange_keeps_the_contract() {
    let exchange = Exchange::start();
    contract::run(|| exchange.bench());
    // Rule D8: whatever the rules of the contract did, nobody was written to.
    assert_eq!(exchange.server.mail_sent(), Vec::<String>::new());
}

#[test]
fn a_delegate_keeps_the_contract_as_well() {
    let exchange = Exchange::start();
    contract::run(|| {
        let address = exchange.fresh();
        ExchangeBench {
            mailbox: exchange.open_with(&exchange.access(), &ActAs::DelegateOf(address.clone())),
            outlook: exchange.server.outlook(&address),
        }
    });
}

#[test]
fn d15_the_identity_is_that_of_the_mailbox_and_not_of_the_address() {
    let exchange = Exchange::shared();
    let (one, other) = (exchange.fresh(), exchange.fresh());
    let identity = |address: &str, act_as: fn(String) -> ActAs| {
        let mut mailbox = exchange.open_with(&exchange.access(), &act_as(address.to_owned()));
        mailbox.open().expect("it opens").identity
    };
    let first = identity(&one, ActAs::Owner);
    assert_eq!(first, identity(&one, ActAs::DelegateOf), "whoever looks");
    assert_ne!(first, identity(&other, ActAs::Owner));
    assert!(exchange.server.restore_mailbox(&one).expect("it is there"));
    assert_ne!(first, identity(&one, ActAs::Owner), "a restored mailbox is another one");
}

#[test]
fn d4_a_folder_that_is_gone_for_good_is_told_by_its_id() {
    let exchange = Exchange::shared();
    let mut bench = exchange.bench();
    let path = ["Ablage".to_owned()];
    let folder = bench.mailbox.folder(ItemKind::Task, &path, true).expect("made").expect("there");
    let asked = std::slice::from_ref(&folder);
    assert_eq!(bench.mailbox.whereabouts(asked).expect("asked"), [Whereabouts::Kept]);
    bench.outlook.purge_folder(folder.as_str()).expect("it is purged");
    assert_eq!(bench.mailbox.whereabouts(asked).expect("asked"), [Whereabouts::Gone]);
    // Its feed would end the run.
    let refused = bench.mailbox.changes(&folder, ItemKind::Task, None).expect_err("no such folder");
    assert_eq!((refused.kind, refused.stage), (MailboxErrorKind::Gone, Stage::Folder));
}

#[test]
fn opening_costs_one_call_and_a_quiet_feed_one() {
    let exchange = Exchange::start();
    let mut mailbox = exchange.open(&exchange.fresh());
    mailbox.open().expect("it opens");
    assert_eq!(exchange.server.log().len(), 1);
    let folder = mailbox.folder(ItemKind::Task, &[], false).expect("known").expect("there");
    let page = mailbox.changes(&folder, ItemKind::Task, None).expect("a page");
    exchange.server.clear_log();
    let page = mailbox.changes(&folder, ItemKind::Task, Some(&page.cursor)).expect("a page");
    assert!(!page.more && page.changed.is_empty());
    assert_eq!(exchange.server.log().len(), 1, "invariant 13");
}
