//! Being told what happens, over the wire: streams, what stands in for them, and what goes wrong with them. Each test waits for
//! a hint, with a limit that is only reached by a failure; none sleeps to see that nothing comes.

use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use abgleich::ews::session::{Hint, Listener, StreamManner};
use abgleich::mailbox::Mailbox as _;
use abgleich::mailbox::exchange::lane::{ActAs, ExchangeServer};
use abgleich::mailbox::exchange::listen::{Ears, ListenManner};
use abgleich::mailbox::zones::Zone;
use abgleich::model::{FolderId, ItemKind};
use exchange_sim::{Fault, FaultKind, Kind, Options};

use crate::bench::Exchange;

/// Reached only where something is wrong.
const LIMIT: Duration = Duration::from_secs(40);

struct Hall {
    exchange: Exchange,
    way: ExchangeServer,
    ears: Ears,
    hints: Receiver<(Listener, Hint)>,
    addresses: Vec<String>,
}

impl Hall {
    fn new(mailboxes: usize, options: Options, manner: ListenManner) -> Self {
        let exchange = Exchange::start_with(options);
        let way = exchange.exchange();
        let (sender, hints) = channel();
        let ears = way.listen(manner, move |who, hint| {
            // The test may have ended.
            let _ = sender.send((who, hint));
        });
        let addresses = (0..mailboxes).map(|_| exchange.fresh()).collect();
        Self { exchange, way, ears, hints, addresses }
    }

    /// Opens each mailbox, as a run does, and listens to it.
    fn watch_all(&self) {
        for who in 0..self.addresses.len() {
            self.watch(who);
        }
    }

    fn watch(&self, who: Listener) {
        let act_as = ActAs::Owner(self.addresses[who].clone());
        let folders = self.folders(&act_as);
        self.ears.watch(who, act_as, folders);
    }

    fn folders(&self, act_as: &ActAs) -> Vec<FolderId> {
        let mut mailbox = self.way.mailbox(act_as, Zone::iana("Europe/Berlin").expect("a zone"));
        mailbox.open().expect("it opens");
        let mut folder =
            |kind| mailbox.folder(kind, &[], false).expect("it is told").expect("it is");
        vec![folder(ItemKind::Contact), folder(ItemKind::Task)]
    }

    /// Waits for hints until each of `wanted` was told something of the kind.
    fn hear(&self, wanted: &[Listener], kind: Hint) {
        let mut missing = wanted.to_vec();
        while !missing.is_empty() {
            let (who, hint) = self.hints.recv_timeout(LIMIT).unwrap_or_else(|_| {
                panic!(
                    "nobody told {missing:?} of {kind:?}; listeners: {:?}",
                    self.exchange.server.listeners()
                )
            });
            if hint == kind {
                missing.retain(|other| *other != who);
            }
        }
    }

    /// Edits in each of these mailboxes and waits for the news of it. An edit that falls between two streams is told as a gap;
    /// then there is another one.
    fn hear_news(&self, all: &[Listener]) {
        for who in all {
            self.edit(*who);
            loop {
                match self.next_hint() {
                    (other, Hint::News) if other == *who => break,
                    (other, Hint::Gap) if other == *who => self.edit(*who),
                    _ => {}
                }
            }
        }
    }

    fn next_hint(&self) -> (Listener, Hint) {
        self.hints.recv_timeout(LIMIT).unwrap_or_else(|_| {
            panic!("nobody was told; listeners: {:?}", self.exchange.server.listeners())
        })
    }

    fn edit(&self, who: Listener) {
        let outlook = self.exchange.server.outlook(&self.addresses[who]);
        outlook
            .create("contacts", Kind::Contact, &[("contacts:Surname", "Neu")])
            .expect("it is made");
    }
}

fn quick() -> ListenManner {
    let stream = StreamManner {
        pull_every: Duration::from_millis(200),
        gather: Duration::from_millis(200),
        ..StreamManner::default()
    };
    ListenManner { heartbeat: Duration::from_secs(1), stream, most_streams: None }
}

fn beating() -> Options {
    Options { heartbeat_ms: 300, ..Options::default() }
}

#[test]
fn mailboxes_of_one_back_end_share_a_stream() {
    let options = Options { back_ends: 2, ..beating() };
    let hall = Hall::new(5, options, quick());
    hall.watch_all();
    hall.hear(&[0, 1, 2, 3, 4], Hint::Gap);
    for who in [3, 0] {
        hall.edit(who);
        hall.hear(&[who], Hint::News);
    }
    assert_eq!(hall.exchange.server.listeners(), (5, 2), "subscriptions and streams");
    drop(hall.ears);
}

#[test]
fn mailboxes_that_autodiscover_groups_share_a_stream_and_keep_to_its_back_end() {
    let options = Options { back_ends: 2, ..beating() };
    let hall = Hall::new(4, options, quick());
    for address in &hall.addresses {
        let group = Some("site-1".to_owned());
        hall.way.note_group(&ActAs::Owner(address.clone()), group);
    }
    hall.watch_all();
    hall.hear(&[0, 1, 2, 3], Hint::Gap);
    hall.hear_news(&[0, 1, 2, 3]);
    assert_eq!(hall.exchange.server.listeners(), (4, 1));
    // The mailbox leaves by which the back end was found; the cookie leads the others there all the same.
    hall.ears.forget(0);
    hall.hear_news(&[1, 2, 3]);
    while hall.exchange.server.listeners() != (3, 1) {
        std::thread::yield_now();
    }
    hall.hear_news(&[1, 2, 3]);
    assert_eq!(hall.exchange.server.calls("Subscribe"), 4, "nobody had to subscribe anew");
}

#[test]
fn after_a_fail_over_nobody_is_led_to_the_dead_server_by_its_cookie() {
    let options = Options { back_ends: 2, ..beating() };
    let hall = Hall::new(3, options, quick());
    for address in &hall.addresses {
        // What Autodiscover says does not change with a fail-over.
        hall.way.note_group(&ActAs::Owner(address.clone()), Some("site-1".to_owned()));
    }
    hall.watch_all();
    hall.hear(&[0, 1, 2], Hint::Gap);
    hall.hear_news(&[0, 1, 2]);
    hall.exchange.server.fail_over(&hall.addresses[0]).expect("it goes down");
    assert_eq!(hall.exchange.server.listeners().0, 0, "all were on one back end");
    hall.hear(&[0, 1, 2], Hint::Gap);
    hall.hear_news(&[0, 1, 2]);
    assert_eq!(hall.exchange.server.listeners(), (3, 1));
}

#[test]
fn an_event_in_a_folder_that_is_not_read_wakes_nobody() {
    let hall = Hall::new(1, beating(), quick());
    hall.watch_all();
    hall.hear(&[0], Hint::Gap);
    let outlook = hall.exchange.server.outlook(&hall.addresses[0]);
    let appointment = [
        ("item:Subject", "x"),
        ("calendar:Start", "2026-03-01T09:00:00Z"),
        ("calendar:End", "2026-03-01T10:00:00Z"),
    ];
    outlook.create("calendar", Kind::Appointment, &appointment).expect("it is made");
    hall.edit(0);
    hall.hear(&[0], Hint::News);
    assert!(hall.hints.try_recv().is_err(), "the appointment was not told, though it came first");
}

#[test]
fn a_stream_that_falls_silent_is_opened_anew_and_everybody_looks() {
    let hall = Hall::new(2, beating(), quick());
    hall.watch_all();
    hall.hear(&[0, 1], Hint::Gap);
    hall.hear_news(&[0, 1]);
    let silent = Fault::new(FaultKind::SilentStream).on("GetStreamingEvents").once();
    hall.exchange.server.fault(silent);
    hall.exchange.server.forget_subscriptions();
    hall.hear(&[0, 1], Hint::Gap);
    // The first stream is dead after two heartbeats; the next one tells of the gap once more.
    hall.hear(&[0, 1], Hint::Gap);
    hall.edit(1);
    hall.hear(&[1], Hint::News);
}

#[test]
fn a_connection_that_breaks_is_a_gap() {
    let hall = Hall::new(2, beating(), quick());
    hall.watch_all();
    hall.hear(&[0, 1], Hint::Gap);
    hall.hear_news(&[0, 1]);
    let breaks =
        Fault::new(FaultKind::BreakStream { after_ms: 400 }).on("GetStreamingEvents").once();
    hall.exchange.server.fault(breaks);
    hall.exchange.server.forget_subscriptions();
    hall.hear(&[0, 1], Hint::Gap);
    hall.hear(&[0, 1], Hint::Gap);
    hall.edit(0);
    hall.hear(&[0], Hint::News);
}

#[test]
fn forgotten_subscriptions_and_missed_events_are_made_good() {
    let hall = Hall::new(3, beating(), quick());
    hall.watch_all();
    hall.hear(&[0, 1, 2], Hint::Gap);
    // ErrorSubscriptionNotFound for all of them, as after a failover.
    hall.exchange.server.forget_subscriptions();
    hall.hear(&[0, 1, 2], Hint::Gap);
    hall.hear_news(&[0, 1, 2]);
    let missed = Fault::new(FaultKind::MissedEvents).on("GetStreamingEvents").once();
    hall.exchange.server.fault(missed);
    hall.exchange.server.forget_subscriptions();
    hall.hear(&[0, 1, 2], Hint::Gap);
    hall.hear(&[0, 1, 2], Hint::Gap);
    hall.edit(1);
    hall.hear(&[1], Hint::News);
}

#[test]
fn beyond_the_hanging_connections_mailboxes_are_asked_in_turns() {
    let options = Options { back_ends: 2, hanging_connections: 1, ..beating() };
    // Once the client knows of the limit, once the server has to say so.
    for most_streams in [Some(1), None] {
        let hall = Hall::new(4, options.clone(), ListenManner { most_streams, ..quick() });
        hall.watch_all();
        hall.hear(&[0, 1, 2, 3], Hint::Gap);
        for who in 0..4 {
            hall.edit(who);
            hall.hear(&[who], Hint::News);
        }
        assert!(
            hall.exchange.server.calls("GetEvents") > 0 && hall.exchange.server.listeners().1 == 1
        );
    }
}

#[test]
fn without_streams_mailboxes_are_asked_in_turns() {
    let mut manner = quick();
    manner.stream.streams = false;
    let hall = Hall::new(2, beating(), manner);
    hall.watch_all();
    hall.hear(&[0, 1], Hint::Gap);
    hall.edit(1);
    hall.hear(&[1], Hint::News);
    hall.exchange.server.forget_subscriptions();
    hall.hear(&[0, 1], Hint::Gap);
    assert_eq!(hall.exchange.server.calls("GetStreamingEvents"), 0);
}

#[test]
fn delegates_are_told_that_they_are_deaf() {
    let hall = Hall::new(1, beating(), quick());
    let act_as = ActAs::DelegateOf(hall.addresses[0].clone());
    let folders = hall.folders(&act_as);
    hall.ears.watch(0, act_as, folders);
    hall.hear(&[0], Hint::Deaf);
}

#[test]
fn whoever_comes_later_joins_and_whoever_leaves_is_given_back() {
    let hall = Hall::new(2, beating(), quick());
    hall.watch(0);
    hall.hear(&[0], Hint::Gap);
    hall.edit(0);
    hall.hear(&[0], Hint::News);
    hall.watch(1);
    hall.hear(&[1], Hint::Gap);
    hall.edit(1);
    hall.hear(&[1], Hint::News);
    hall.ears.forget(0);
    hall.watch(1);
    hall.hear(&[1], Hint::Gap);
    hall.edit(1);
    hall.hear(&[1], Hint::News);
    assert_eq!(hall.exchange.server.listeners(), (1, 1));
    assert_eq!(hall.exchange.server.calls("Unsubscribe"), 2);
}
