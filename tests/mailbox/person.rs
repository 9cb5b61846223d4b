//! Whose mailbox it is; `check` shows it beside the person of staffITpro.

use abgleich::mailbox::Mailbox;
use abgleich::mailbox::exchange::lane::ActAs;

use crate::bench::Exchange;

fn person(exchange: &Exchange, act_as: &ActAs) -> Option<String> {
    exchange.open_with(&exchange.access(), act_as).person().expect("the directory answers")
}

#[test]
fn the_person_is_the_one_with_exactly_this_address() {
    let exchange = Exchange::start();
    // All three begin with the address that is asked for, so that they come as a warning with data.
    for (address, name) in [
        ("eva@firma.example.org", "Eva Fremd"),
        ("eva@firma.example", "Eva Weiß"),
        ("eva@firma.example.com", "Eva Anders"),
    ] {
        exchange.server.add_mailbox(address, name).expect("a mailbox is made");
    }
    for act_as in [ActAs::Owner, ActAs::DelegateOf] {
        let found = person(&exchange, &act_as("Eva@Firma.example".to_owned()));
        assert_eq!(found.as_deref(), Some("Eva Weiß"));
    }
    assert_eq!(exchange.server.calls("ResolveNames"), 2, "one call each");
}

#[test]
fn who_cannot_be_told_is_nobody() {
    let exchange = Exchange::start();
    exchange.server.add_mailbox("evamaria@firma.example", "Eva Maria").expect("it is made");
    // A name that begins like it is not the address, and nobody at all is no failure.
    for address in ["evamaria@firma", "niemand@firma.example"] {
        let act_as = ActAs::DelegateOf(address.to_owned());
        assert_eq!(person(&exchange, &act_as), None, "{address}");
    }
    exchange.server.clear_log();
    assert_eq!(person(&exchange, &ActAs::Own), None);
    assert_eq!(exchange.server.log().len(), 0, "without an address nobody is asked");
}
