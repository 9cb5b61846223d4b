//! Tests of [`StreamGroup`] under a driven clock: no test waits.

use super::*;
use crate::ews::reply::{Event, EventKind};

const OK: StreamPart = StreamPart::Message { refusal: None, lost: Vec::new(), closed: false };

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn refusal(code: &str) -> Refusal {
    Refusal { code: ResponseCode::parse(code), text: None, details: Vec::new() }
}

fn id(name: &str) -> SubscriptionId {
    SubscriptionId::new(name)
}

fn notice(subscription: &str, kind: EventKind) -> Notification {
    let event = Event { kind, item: None, folder: None, parent: None, old_parent: None };
    Notification {
        subscription: Some(id(subscription)),
        more: false,
        watermark: Some("w2".into()),
        events: vec![event],
    }
}

fn news(subscription: &str) -> StreamPart {
    StreamPart::Notification(notice(subscription, EventKind::Modified))
}

fn no(code: &str, lost: &[&str]) -> StreamPart {
    let lost = lost.iter().map(|name| id(name)).collect();
    StreamPart::Message { refusal: Some(refusal(code)), lost, closed: true }
}

fn silence() -> StreamEnd {
    StreamEnd::Failed(EwsError::TimedOut { waited: at(90) })
}

/// Subscribes everybody who wants to be; `name` makes the ids. Returns the hints and what comes after.
fn subscribe(group: &mut StreamGroup, now: Duration, name: &str) -> (Vec<Listener>, StreamStep) {
    let mut gaps = Vec::new();
    loop {
        match group.next(now) {
            StreamStep::Subscribe(who, _) => {
                let done = Subscribed { id: id(&format!("{name}{who}")), watermark: None };
                for (who, hint) in group.subscribed(who, Ok(Ok(done)), now) {
                    assert_eq!(hint, Hint::Gap);
                    gaps.push(who);
                }
            }
            StreamStep::Unsubscribe(..) => {}
            step => return (gaps, step),
        }
    }
}

fn group(members: usize) -> StreamGroup {
    let mut group = StreamGroup::new(StreamManner::default());
    for who in 0..members {
        group.watch(who, at(0));
    }
    group
}

fn listening(members: usize) -> StreamGroup {
    let mut group = group(members);
    subscribe(&mut group, at(0), "s");
    assert!(group.heard(OK, at(0)).is_empty());
    group
}

#[test]
fn all_mailboxes_share_a_stream_and_events_wake_one_of_them() {
    let mut group = group(3);
    let (gaps, step) = subscribe(&mut group, at(0), "s");
    assert_eq!(gaps, [0, 1, 2], "what happened before the subscription was not told");
    let subscriptions = vec![id("s0"), id("s1"), id("s2")];
    assert_eq!(step, StreamStep::Listen { subscriptions, minutes: 29 });
    assert!(group.heard(OK, at(0)).is_empty());
    assert_eq!(group.heard(news("s1"), at(5)), [(1, Hint::News)]);
    let beat = StreamPart::Notification(notice("s1", EventKind::Status));
    assert!(group.heard(beat, at(50)).is_empty(), "a heartbeat is no news");
    assert!(group.heard(news("unknown"), at(51)).is_empty());
    // Its time is over: the same subscriptions again, and nothing was missed.
    assert!(group.ended(StreamEnd::Closed, at(1740)).is_empty());
    assert!(
        matches!(group.next(at(1740)), StreamStep::Listen { subscriptions, .. } if subscriptions.len() == 3)
    );
    assert!(group.heard(OK, at(1741)).is_empty());
}

#[test]
fn silence_of_two_heartbeats_is_a_gap_for_everybody() {
    // sherlock1982/ews-managed-api#21, ewsjs#271: the connection is dead and nobody is told.
    let mut group = listening(2);
    assert!(group.ended(silence(), at(90)).is_empty(), "first it must speak again");
    assert_eq!(group.next(at(90)), StreamStep::Rest(Some(at(92))));
    assert!(matches!(group.next(at(92)), StreamStep::Listen { .. }));
    assert_eq!(group.heard(news("s1"), at(92)), [(1, Hint::News), (0, Hint::Gap)]);
    assert!(group.heard(OK, at(93)).is_empty(), "said once");
}

#[test]
fn lost_subscriptions_are_made_anew_and_the_others_kept() {
    let mut group = listening(3);
    assert!(group.heard(no("ErrorSubscriptionNotFound", &["s1"]), at(9)).is_empty());
    group.ended(StreamEnd::Closed, at(9));
    let (gaps, step) = subscribe(&mut group, at(9), "new");
    assert_eq!(gaps, [1], "a sync after the gap");
    let subscriptions = vec![id("s0"), id("new1"), id("s2")];
    assert_eq!(step, StreamStep::Listen { subscriptions, minutes: 29 });
}

#[test]
fn where_nobody_says_which_all_are_made_anew_with_growing_pauses() {
    for code in
        ["ErrorMissedNotificationEvents", "ErrorReadEventsFailed", "ErrorInvalidSubscription"]
    {
        let mut group = listening(2);
        let mut now = at(9);
        for pause in [2, 4, 8] {
            group.heard(no(code, &[]), now);
            group.ended(StreamEnd::Closed, now);
            assert_eq!(group.next(now), StreamStep::Rest(Some(now + at(pause))), "{code}");
            now += at(pause);
            // The server takes the subscriptions, and refuses the stream once more.
            let (gaps, step) = subscribe(&mut group, now, "s");
            assert_eq!(gaps, [0, 1], "{code}");
            assert!(matches!(step, StreamStep::Listen { .. }), "{code}");
            group.heard(OK, now);
        }
    }
}

#[test]
fn a_mailbox_that_loses_every_subscription_is_left_to_the_schedule() {
    let mut group = listening(2);
    for round in 0..2 {
        assert!(group.heard(no("ErrorProxyRequestNotAllowed", &["s1"]), at(round)).is_empty());
        group.ended(StreamEnd::Closed, at(round));
        subscribe(&mut group, at(round), "s");
    }
    assert_eq!(group.heard(no("ErrorProxyRequestNotAllowed", &["s1"]), at(3)), [(1, Hint::Deaf)]);
    group.ended(StreamEnd::Closed, at(3));
    let subscriptions = vec![id("s0")];
    assert_eq!(group.next(at(3)), StreamStep::Listen { subscriptions, minutes: 29 });
    assert_eq!(group.gives_up_at(), Some(at(3603)), "and tried again after an hour");
    group.ended(StreamEnd::GivenUp, at(3603));
    assert_eq!(group.next(at(3603)), StreamStep::Subscribe(1, Delivery::Streaming));
}

#[test]
fn delegates_are_deaf_and_told_so() {
    // subscribe operation: "Subscriptions are not supported for delegate user access."
    let mut group = group(1);
    assert_eq!(group.next(at(0)), StreamStep::Subscribe(0, Delivery::Streaming));
    let no = refusal("ErrorSubscriptionDelegateAccessNotSupported");
    assert_eq!(group.subscribed(0, Ok(Err(no)), at(0)), [(0, Hint::Deaf)]);
    assert_eq!(group.next(at(1)), StreamStep::Rest(Some(at(3600))));
}

#[test]
fn streams_that_never_speak_give_way_to_turns_and_come_back() {
    // A proxy that hands an answer on only when it is complete.
    let mut group = group(2);
    subscribe(&mut group, at(0), "s");
    for now in [90, 200, 300] {
        assert!(group.ended(silence(), at(now)).is_empty());
        if now < 300 {
            let StreamStep::Rest(Some(until)) = group.next(at(now)) else { panic!() };
            assert!(matches!(group.next(until), StreamStep::Listen { .. }));
        }
    }
    let pull = Delivery::Pull { minutes: 30 };
    let mut given_back = 0;
    let first = loop {
        match group.next(at(300)) {
            StreamStep::Unsubscribe(..) => given_back += 1,
            step => break step,
        }
    };
    assert_eq!((given_back, first), (2, StreamStep::Subscribe(0, pull)));
    let (gaps, step) = subscribe(&mut group, at(300), "p");
    assert_eq!(gaps, [0, 1]);
    assert_eq!(step, StreamStep::Pull(0, id("p0"), None));
    let quiet = notice("p0", EventKind::Status);
    assert!(group.pulled(0, Ok(Ok(quiet)), at(300)).is_empty());
    assert_eq!(group.next(at(300)), StreamStep::Pull(1, id("p1"), None));
    let told = notice("p1", EventKind::Created);
    assert_eq!(group.pulled(1, Ok(Ok(told)), at(301)), [(1, Hint::News)]);
    assert_eq!(group.next(at(301)), StreamStep::Rest(Some(at(360))));
    assert_eq!(group.next(at(360)), StreamStep::Pull(0, id("p0"), Some("w2".into())));
    let expired = refusal("ErrorExpiredSubscription");
    assert!(group.pulled(0, Ok(Err(expired)), at(360)).is_empty());
    assert_eq!(group.next(at(360)), StreamStep::Subscribe(0, pull), "and a gap with it");
    subscribe(&mut group, at(360), "q");
    // After an hour streams are tried again.
    let step = group.next(at(3900));
    assert!(
        matches!(step, StreamStep::Unsubscribe(..) | StreamStep::Subscribe(0, Delivery::Streaming)),
        "{step:?}"
    );
    assert!(matches!(subscribe(&mut group, at(3900), "t").1, StreamStep::Listen { .. }));
}

#[test]
fn streams_that_are_cut_off_without_a_word_give_way_to_turns() {
    // Proxies with the defaults of nginx or ARR hold the answer back and say 504 after a minute; others reset the connection.
    let cuts: [fn() -> EwsError; 2] = [
        || EwsError::Unavailable { status: 504, retry_after: None },
        || EwsError::Lost { problem: "reset".to_owned() },
    ];
    for cut in cuts {
        let mut group = group(2);
        let mut now = at(0);
        let mut step = subscribe(&mut group, now, "s").1;
        for _ in 0..3 {
            assert!(matches!(step, StreamStep::Listen { .. }), "{step:?}");
            now += at(60);
            assert!(group.ended(StreamEnd::Failed(cut()), now).is_empty());
            step = group.next(now);
            if let StreamStep::Rest(Some(until)) = step {
                now = until;
                step = group.next(now);
            }
        }
        while let StreamStep::Unsubscribe(..) = step {
            step = group.next(now);
        }
        assert_eq!(step, StreamStep::Subscribe(0, Delivery::Pull { minutes: 30 }));
    }
}

#[test]
fn a_server_that_is_started_anew_is_waited_for_with_streams() {
    let mut group = listening(2);
    let mut now = at(1_000);
    group.heard(OK, now);
    // For a minute or two it has no answer, at once and each time.
    for _ in 0..6 {
        let error = EwsError::Unavailable { status: 503, retry_after: None };
        assert!(group.ended(StreamEnd::Failed(error), now).is_empty());
        let StreamStep::Rest(Some(until)) = group.next(now) else { panic!() };
        now = until;
        assert!(matches!(group.next(now), StreamStep::Listen { .. }));
    }
    assert!(now > at(1_060));
    assert_eq!(group.heard(OK, now), [(0, Hint::Gap), (1, Hint::Gap)]);
}

#[test]
fn of_whom_nothing_is_heard_for_long_is_told_so_once_and_hears_again() {
    let mut group = StreamGroup::new(StreamManner { streams: false, ..StreamManner::default() });
    group.watch(0, at(0));
    group.watch(1, at(0));
    let (_, mut step) = subscribe(&mut group, at(0), "p");
    let (mut now, mut told) = (at(0), Vec::new());
    while now < at(1_800) {
        match step {
            StreamStep::Pull(who, ..) => {
                let error = EwsError::Unavailable { status: 502, retry_after: None };
                let hints = group.pulled(who, Err(error), now);
                told.extend(hints.into_iter().map(|(who, hint)| (now, who, hint)));
            }
            StreamStep::Rest(Some(until)) => now = until,
            step => panic!("{step:?}"),
        }
        step = group.next(now);
    }
    let whom: Vec<_> = told.iter().map(|(_, who, hint)| (*who, *hint)).collect();
    assert_eq!(whom, [(0, Hint::Deaf), (1, Hint::Deaf)], "{told:?}");
    assert!(told.iter().all(|(when, ..)| *when <= at(600)), "{told:?}");
    let quiet = || notice("p", EventKind::Status);
    assert_eq!(group.pulled(0, Ok(Ok(quiet())), now), [(0, Hint::Gap)]);
    assert!(group.pulled(0, Ok(Ok(quiet())), now).is_empty());
    // A server that wants to be left alone for an hour is not waited for in silence.
    let mut group = listening(1);
    let hour = Some(at(3_600));
    let error = EwsError::Unavailable { status: 503, retry_after: hour };
    assert_eq!(group.ended(StreamEnd::Failed(error), at(50)), [(0, Hint::Deaf)]);
    assert!(matches!(group.next(at(3_650)), StreamStep::Listen { .. }));
    assert_eq!(group.heard(OK, at(3_650)), [(0, Hint::Gap)]);
}

#[test]
fn too_many_hanging_connections_give_way_to_turns() {
    let mut group = group(1);
    subscribe(&mut group, at(0), "s");
    group.heard(no("ErrorExceededConnectionCount", &[]), at(0));
    group.ended(StreamEnd::Closed, at(0));
    assert!(matches!(subscribe(&mut group, at(0), "p").1, StreamStep::Pull(..)));
}

#[test]
fn those_who_come_to_an_open_stream_are_gathered() {
    let mut group = listening(1);
    assert_eq!(group.gives_up_at(), None);
    group.watch(1, at(100));
    group.watch(2, at(104));
    assert_eq!(group.gives_up_at(), Some(at(110)));
    assert!(group.ended(StreamEnd::GivenUp, at(110)).is_empty());
    let (gaps, step) = subscribe(&mut group, at(110), "s");
    assert_eq!(gaps, [1, 2], "the first keeps its subscription");
    assert!(matches!(step, StreamStep::Listen { subscriptions, .. } if subscriptions.len() == 3));
    assert_eq!(group.gives_up_at(), None);
    assert!(group.heard(OK, at(111)).is_empty());
    group.watch(3, at(112));
    group.ended(StreamEnd::GivenUp, at(122));
    subscribe(&mut group, at(122), "s");
    assert!(group.heard(OK, at(122)).is_empty());
    // What was under way while a stream was given up is lost; all who come one by one are one gap.
    let gap = [(0, Hint::Gap), (1, Hint::Gap), (2, Hint::Gap), (3, Hint::Gap)];
    assert_eq!(group.heard(OK, at(167)), gap);
    assert!(group.heard(OK, at(212)).is_empty());
}

#[test]
fn a_stream_that_is_given_up_before_it_spoke_may_have_been_dead() {
    let mut group = group(1);
    subscribe(&mut group, at(0), "s");
    group.watch(1, at(1));
    group.ended(StreamEnd::GivenUp, at(11));
    subscribe(&mut group, at(11), "s");
    assert_eq!(group.heard(OK, at(11)), [(0, Hint::Gap), (1, Hint::Gap)]);
}

#[test]
fn who_is_told_to_come_later_rests_alone_and_joins_then() {
    let mut group = group(3);
    let details = vec![("BackOffMilliseconds".to_owned(), "178510".to_owned())];
    let busy = Refusal { details, ..refusal("ErrorServerBusy") };
    let until = Duration::from_millis(178_510);
    assert_eq!(group.next(at(0)), StreamStep::Subscribe(0, Delivery::Streaming));
    assert!(group.subscribed(0, Ok(Err(busy)), at(0)).is_empty());
    let (gaps, step) = subscribe(&mut group, at(0), "s");
    assert_eq!(gaps, [1, 2], "the others go on");
    assert!(matches!(step, StreamStep::Listen { subscriptions, .. } if subscriptions.len() == 2));
    assert_eq!(group.gives_up_at(), Some(until));
    assert!(group.ended(StreamEnd::GivenUp, until).is_empty());
    assert_eq!(group.next(until), StreamStep::Subscribe(0, Delivery::Streaming));
    // What the mailboxes of the server share said that it rests: nothing was sent.
    assert!(group.subscribed(0, Err(EwsError::Resting { left: at(60) }), until).is_empty());
    assert!(matches!(group.next(until), StreamStep::Listen { .. }));
    assert_eq!(group.gives_up_at(), Some(until + at(60)));
}

#[test]
fn who_is_told_so_in_a_turn_is_asked_again_when_it_has_rested() {
    let mut group = StreamGroup::new(StreamManner { streams: false, ..StreamManner::default() });
    group.watch(0, at(0));
    group.watch(1, at(0));
    let (_, step) = subscribe(&mut group, at(0), "p");
    assert!(matches!(step, StreamStep::Pull(0, ..)), "{step:?}");
    let left = at(100);
    assert!(group.pulled(0, Err(EwsError::Resting { left }), at(0)).is_empty());
    assert!(matches!(group.next(at(0)), StreamStep::Pull(1, ..)));
    group.pulled(1, Err(EwsError::Resting { left: at(2) }), at(0));
    assert_eq!(group.next(at(0)), StreamStep::Rest(Some(at(60))), "the next round");
    assert!(matches!(group.next(at(60)), StreamStep::Pull(1, ..)), "the first still rests");
}

#[test]
fn a_refused_login_is_not_tried_every_few_seconds() {
    let mut group = group(200);
    assert!(
        group.subscribed(0, Err(EwsError::LoginRefused { offers: Vec::new() }), at(0)).is_empty()
    );
    assert_eq!(group.next(at(1)), StreamStep::Rest(Some(at(300))));
}

#[test]
fn who_left_while_being_subscribed_leaves_nothing_behind() {
    let mut group = group(1);
    assert_eq!(group.next(at(0)), StreamStep::Subscribe(0, Delivery::Streaming));
    group.forget(0, at(0));
    let done = Subscribed { id: id("late"), watermark: None };
    assert!(group.subscribed(0, Ok(Ok(done)), at(0)).is_empty());
    assert_eq!(group.next(at(0)), StreamStep::Unsubscribe(0, id("late")));
    assert_eq!(group.next(at(0)), StreamStep::Rest(None));
}

#[test]
fn a_stream_that_is_closed_after_a_word_is_not_opened_in_a_circle() {
    // A proxy that ends answers: a first envelope comes, and then the end.
    let mut group = group(1);
    subscribe(&mut group, at(0), "s");
    let mut now = at(0);
    for pause in [2, 4] {
        assert!(group.heard(OK, now).is_empty());
        group.ended(StreamEnd::Closed, now);
        assert_eq!(group.next(now), StreamStep::Rest(Some(now + at(pause))));
        now += at(pause);
        assert!(matches!(group.next(now), StreamStep::Listen { .. }));
    }
    group.heard(OK, now);
    group.ended(StreamEnd::Closed, now);
    let (gaps, step) = subscribe(&mut group, now, "p");
    assert_eq!(gaps, [0]);
    assert_eq!(step, StreamStep::Pull(0, id("p0"), None), "it does not let streams through");
    // One that always has more and never moves on is asked once in a round.
    let more = Notification { more: true, ..notice("p0", EventKind::Modified) };
    assert_eq!(group.pulled(0, Ok(Ok(more.clone())), now), [(0, Hint::News)]);
    assert_eq!(group.next(now), StreamStep::Pull(0, id("p0"), Some("w2".into())), "the rest");
    assert_eq!(group.pulled(0, Ok(Ok(more)), now), [(0, Hint::News)]);
    assert_eq!(group.next(now), StreamStep::Rest(Some(now + at(60))), "the same watermark again");
}
