//! Tests of [`Agenda`] under a driven clock: no test waits.

#![expect(clippy::unchecked_time_subtraction, reason = "a test fails by panicking")]

use super::*;

const PLAN: Plan = Plan {
    every: Duration::from_hours(1),
    jitter: Duration::from_mins(2),
    debounce: Duration::from_secs(3),
    seed: 7,
};

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn agenda(mailboxes: usize) -> Agenda {
    Agenda::new(PLAN, 1, vec![(0, vec![0]); mailboxes])
}

fn take(agenda: &mut Agenda, now: Duration) -> Option<Who> {
    agenda.take(0, now, |_| None)
}

/// An agenda of one mailbox whose first look is over at second 0.
fn looked_at() -> Agenda {
    let mut agenda = agenda(1);
    assert_eq!(take(&mut agenda, at(0)), Some(0));
    agenda.done(0, at(0), Ended::Fine);
    agenda
}

#[test]
fn two_hundred_do_not_start_at_once() {
    let mut agenda = agenda(200);
    let mut starts = Vec::new();
    while let Some(next) = agenda.next(0) {
        let who = take(&mut agenda, next).unwrap();
        starts.push((next, who));
    }
    assert_eq!(starts.len(), 200);
    assert!(starts.windows(2).all(|two| two[1].0 - two[0].0 >= Duration::from_millis(200)));
    assert!(starts[199].0 < at(51), "200 quarters of a second");
}

#[test]
fn the_schedule_spreads_them_over_the_interval_whatever_happened_before() {
    let mut agenda = agenda(1000);
    for now in [at(130), at(9000)] {
        // All at once, such as after a server was restarted.
        for who in 0..1000 {
            agenda.done(who, now, Ended::Fine);
        }
        let mut times: Vec<_> = (0..1000).map(|who| agenda.entries[who].due() - now).collect();
        times.sort_unstable();
        assert!(
            times.iter().all(|time| *time > at(0) && *time < at(3720)),
            "the hour, and the jitter"
        );
        let in_a_minute = |minute: u64| {
            let minute = at(minute * 60)..at(minute * 60 + 60);
            times.iter().filter(|time| minute.contains(*time)).count()
        };
        // A thousand in sixty minutes are 16.7 in each; the jitter of two minutes scatters them.
        assert!((2..58).all(|minute| (5..=32).contains(&in_a_minute(minute))), "{times:?}");
    }
}

#[test]
fn who_is_told_of_goes_before_those_that_a_gap_may_concern() {
    let mut agenda = agenda(500);
    for who in 0..500 {
        agenda.hint(who, Hint::Gap, at(1));
    }
    assert_eq!(agenda.next(0), Some(at(0)), "the first look comes anyway: a gap changes nothing");
    let first: Vec<_> = std::iter::from_fn(|| take(&mut agenda, at(200))).collect();
    assert_eq!(first.len(), 500);
    for who in 0..500 {
        agenda.done(who, at(200), Ended::Fine);
        agenda.hint(who, Hint::Gap, at(201));
    }
    agenda.hint(499, Hint::News, at(203));
    assert_eq!(take(&mut agenda, at(205)), Some(0), "not gathered yet");
    assert_eq!(take(&mut agenda, at(206)), Some(499));
    assert_eq!(take(&mut agenda, at(206)), Some(1));
    // One look follows all hints that came before it.
    agenda.done(499, at(207), Ended::Fine);
    assert!(agenda.entries[499].due() > at(220));
    // A gap during a look is followed by another one.
    agenda.hint(1, Hint::Gap, at(207));
    agenda.done(1, at(208), Ended::Fine);
    assert_eq!(agenda.entries[1].due(), at(211));
}

#[test]
fn a_gate_that_refuses_us_is_looked_at_steadily_and_opens_for_all() {
    let mut agenda = agenda(3);
    for attempt in 0..5 {
        let now = at(300 + 30 * attempt);
        let who = take(&mut agenda, now).unwrap();
        if agenda.is_down(0) {
            assert_eq!(take(&mut agenda, now), None, "one looks for all");
        }
        assert_eq!(agenda.done(who, now, Ended::Shut(0)), Some(now + at(30)));
        assert!(agenda.is_down(0));
    }
    let who = take(&mut agenda, at(450)).unwrap();
    agenda.done(who, at(451), Ended::Fine);
    assert!(!agenda.is_down(0));
    assert!(take(&mut agenda, at(451)).is_some());
}

#[test]
fn hints_are_gathered_but_not_for_ever() {
    let mut agenda = looked_at();
    agenda.hint(0, Hint::News, at(10));
    assert_eq!(agenda.next(0), Some(at(13)));
    for now in 11..30 {
        agenda.hint(0, Hint::News, at(now));
    }
    assert_eq!(agenda.next(0), Some(at(19)), "three times as long at most");
    assert_eq!(take(&mut agenda, at(18)), None);
    assert_eq!(take(&mut agenda, at(19)), Some(0));
}

#[test]
fn a_hint_during_a_look_is_followed_by_another_look() {
    let mut agenda = looked_at();
    agenda.hint(0, Hint::News, at(10));
    assert_eq!(take(&mut agenda, at(13)), Some(0));
    agenda.hint(0, Hint::News, at(14));
    assert_eq!(agenda.next(0), None, "one look at a time");
    assert_eq!(agenda.done(0, at(15), Ended::Fine), None);
    assert_eq!(agenda.next(0), Some(at(18)));
    assert_eq!(take(&mut agenda, at(18)), Some(0));
    agenda.done(0, at(19), Ended::Fine);
    assert!(agenda.next(0) >= Some(at(3600)), "and none after that");
}

#[test]
fn failures_pause_longer_each_time_and_hints_do_not_hurry_them() {
    let mut agenda = agenda(2);
    let mut now = at(0);
    for pause in [30, 60, 120, 240, 480, 960, 1800, 1800] {
        assert_eq!(take(&mut agenda, now), Some(0));
        assert_eq!(agenda.done(0, now, Ended::Failed), Some(now + at(pause)));
        agenda.hint(0, Hint::News, now + at(1));
        assert_eq!(agenda.entries[0].due(), now + at(pause));
        // The other one goes on.
        assert_eq!(take(&mut agenda, now + at(2)), Some(1));
        agenda.done(1, now + at(2), Ended::Fine);
        agenda.hint(1, Hint::News, now + at(3));
        now += at(pause);
        assert_eq!(agenda.take(0, now, |who| (who == 0).then_some(Duration::ZERO)), Some(1));
        agenda.done(1, now, Ended::Fine);
        agenda.hint(1, Hint::News, now - at(2));
    }
    take(&mut agenda, now);
    agenda.done(0, now, Ended::Fine);
    assert_eq!(agenda.entries[0].failures, 0);
}

#[test]
fn a_server_that_is_down_is_tried_by_one_for_all() {
    let mut agenda = agenda(1000);
    assert_eq!(take(&mut agenda, at(300)), Some(0));
    assert_eq!(take(&mut agenda, at(300)), Some(1));
    assert_eq!(agenda.done(0, at(301), Ended::Down(0)), Some(at(331)));
    assert!(agenda.is_down(0));
    agenda.done(1, at(302), Ended::Down(0));
    assert_eq!(take(&mut agenda, at(330)), None);
    let next = agenda.next(0).unwrap();
    assert_eq!(next, at(362), "the second failure doubled the pause");
    assert!(take(&mut agenda, next).is_some());
    assert_eq!(take(&mut agenda, next), None, "one tries");
    assert_eq!(agenda.next(0), None);
}

#[test]
fn who_does_not_want_to_wait_has_all_looked_at_now() {
    let mut agenda = agenda(3);
    for (who, ended) in [(0, Ended::Fine), (1, Ended::Failed), (2, Ended::Fine)] {
        assert_eq!(take(&mut agenda, at(10)), Some(who));
        agenda.done(who, at(10), ended);
    }
    assert_eq!(take(&mut agenda, at(11)), None);
    agenda.hurry(at(11));
    let all: Vec<_> = std::iter::from_fn(|| take(&mut agenda, at(11))).collect();
    assert_eq!(all.len(), 3);
    agenda.done(0, at(12), Ended::Down(0));
    agenda.hurry(at(13));
    assert!(take(&mut agenda, at(13)).is_some());
    assert_eq!(take(&mut agenda, at(13)), None, "one still tries for all");
}

#[test]
fn when_the_server_is_up_again_all_go_on() {
    let mut agenda = agenda(3);
    let first = take(&mut agenda, at(0)).unwrap();
    agenda.done(first, at(0), Ended::Down(0));
    let who = take(&mut agenda, at(30)).unwrap();
    assert_eq!(agenda.done(who, at(31), Ended::Fine), None);
    assert!(!agenda.is_down(0));
    let others: Vec<_> = std::iter::from_fn(|| take(&mut agenda, at(31))).collect();
    assert_eq!(others.len(), 2);
}

#[test]
fn in_quiet_hours_nothing_is_done_and_nothing_forgotten() {
    let mut agenda = looked_at();
    agenda.hint(0, Hint::News, at(10));
    assert_eq!(agenda.take(0, at(13), |_| Some(at(500))), None);
    let due = agenda.next(0).unwrap();
    assert!((at(500)..at(620)).contains(&due), "{due:?}: spread over the jitter");
    agenda.hint(0, Hint::News, at(100));
    assert_eq!(agenda.take(0, at(103), |_| Some(at(500))), None, "a hint does not break it");
    let due = agenda.next(0).unwrap();
    assert_eq!(agenda.take(0, due, |_| None), Some(0));
}

#[test]
fn lanes_do_not_take_from_each_other() {
    let mut agenda = Agenda::new(PLAN, 2, vec![(0, vec![0]), (1, vec![1])]);
    assert_eq!(agenda.take(1, at(10), |_| None), Some(1));
    assert_eq!(agenda.take(1, at(10), |_| None), None);
    assert_eq!(agenda.next(1), None);
    assert_eq!(agenda.take(0, at(10), |_| None), Some(0));
}

#[test]
fn who_is_deaf_is_looked_at_more_often() {
    let mut agenda = looked_at();
    assert!(agenda.hears(0, false, at(60)));
    assert!(!agenda.hears(0, false, at(61)), "said once");
    assert_eq!(agenda.next(0), Some(at(960)));
    assert_eq!(take(&mut agenda, at(960)), Some(0));
    agenda.done(0, at(960), Ended::Fine);
    assert!((at(1800)..at(1920)).contains(&agenda.next(0).unwrap()));
    assert!(agenda.hears(0, true, at(1000)));
    take(&mut agenda, at(1920));
    agenda.done(0, at(1920), Ended::Fine);
    assert!(agenda.next(0) >= Some(at(3600)));
}
