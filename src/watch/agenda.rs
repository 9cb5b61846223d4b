//! Pure: the agenda of a program that watches many mailboxes.
//!
//! Every mailbox is looked at when its time has come: on the schedule; soon after a hint that something happened in it; after
//! a pause that grows while it fails. A hint only brings a look forward, and a lost one delays it to the schedule.
//!
//! Behind several mailboxes stands one *gate*, such as a server or a database. When that is down, its mailboxes rest
//! together, and one of them tries it now and then, so that an outage is one line and not a thousand.

use std::time::Duration;

/// Names a mailbox by its place in the agenda.
pub type Who = usize;

/// Names a gate by its place.
pub type Gate = usize;

/// How mailboxes are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The time from the end of a look to the next one of the schedule.
    pub every: Duration,
    /// Up to how much longer that is, differently for each mailbox and each time, so that they do not come together.
    pub jitter: Duration,
    /// How long hints are gathered before the mailbox is looked at. While hints keep coming, three times as long.
    pub debounce: Duration,
    /// What makes the jitter of one program another than that of the next.
    pub seed: u64,
}

/// At the start mailboxes come one after the other, so far apart, but within the jitter.
const START_APART: Duration = Duration::from_millis(250);

/// How often at least a mailbox is looked at that nothing is told of, though that was wanted.
const DEAF_EVERY: Duration = Duration::from_mins(15);

/// The first pause after a failure; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(30);

/// The longest pause after a failure.
const LONGEST_PAUSE: Duration = Duration::from_mins(30);

/// How a look ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It ran to its end, or waits for a person's word, which does not come sooner for asking often.
    Fine,
    /// It failed, and only this mailbox is concerned.
    Failed,
    /// The gate is down.
    Down(Gate),
}

/// When which mailbox is looked at.
#[derive(Debug)]
pub struct Agenda {
    plan: Plan,
    entries: Vec<Entry>,
    gates: Vec<State>,
    looks: u64,
}

#[derive(Debug)]
struct Entry {
    lane: usize,
    gates: Vec<Gate>,
    /// When it is looked at without a hint.
    scheduled: Duration,
    /// When the first hint came that has not been followed.
    hinted: Option<Duration>,
    /// When that hint is followed.
    soon: Option<Duration>,
    /// Not before then, because it failed.
    pause: Duration,
    failures: u32,
    at_work: bool,
    /// Nothing is told of it.
    deaf: bool,
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    shut_until: Duration,
    /// Somebody tries whether it is up again.
    tried: bool,
}

impl Entry {
    fn due(&self) -> Duration {
        self.soon.map_or(self.scheduled, |soon| soon.min(self.scheduled)).max(self.pause)
    }
}

impl Agenda {
    /// Makes an agenda. Each mailbox has a lane, whose workers look at it, and gates that it stands behind.
    pub fn new(plan: Plan, gates: usize, mailboxes: Vec<(usize, Vec<Gate>)>) -> Self {
        let count = u32::try_from(mailboxes.len()).unwrap_or(u32::MAX);
        let spread = plan.jitter.min(START_APART.saturating_mul(count));
        let mut entries = Vec::with_capacity(mailboxes.len());
        for (place, (lane, gates)) in (0_u32..).zip(mailboxes) {
            entries.push(Entry {
                lane,
                gates,
                scheduled: spread * place / count.max(1),
                hinted: None,
                soon: None,
                pause: Duration::ZERO,
                failures: 0,
                at_work: false,
                deaf: false,
            });
        }
        let gates = std::iter::repeat_with(State::default).take(gates).collect();
        Self { plan, entries, gates, looks: 0 }
    }

    /// Learns that something happened, or may have happened, in a mailbox.
    pub fn hint(&mut self, who: Who, now: Duration) {
        let Plan { debounce, .. } = self.plan;
        let Some(entry) = self.entries.get_mut(who) else { return };
        let first = *entry.hinted.get_or_insert(now);
        if entry.at_work {
            // What the look has read already is not known: another follows it.
            return;
        }
        entry.soon = Some((now + debounce).min(first + debounce * 3));
    }

    /// Learns whether anything is told of a mailbox. One that nothing is told of is looked at more often. Returns whether that
    /// is news.
    pub fn hears(&mut self, who: Who, hears: bool, now: Duration) -> bool {
        let Some(entry) = self.entries.get_mut(who) else { return false };
        if !hears {
            entry.scheduled = entry.scheduled.min(now + DEAF_EVERY);
        }
        std::mem::replace(&mut entry.deaf, !hears) == hears
    }

    /// Hands out the mailbox of a lane whose time has come longest ago. It is at work until [`Agenda::done`]. `quiet` says until
    /// when nothing may be done for a mailbox; what was due comes after that.
    pub fn take(
        &mut self,
        lane: usize,
        now: Duration,
        mut quiet: impl FnMut(Who) -> Option<Duration>,
    ) -> Option<Who> {
        loop {
            let due = |(_, entry): &(Who, &Entry)| {
                entry.lane == lane && !entry.at_work && entry.due() <= now && self.open(entry, now)
            };
            let ready = self.entries.iter().enumerate().filter(due);
            let (who, _) = ready.min_by_key(|(_, entry)| entry.due())?;
            if let Some(until) = quiet(who).filter(|until| *until > now) {
                let later = until + self.jitter(who);
                if let Some(entry) = self.entries.get_mut(who) {
                    (entry.scheduled, entry.soon) = (later, None);
                }
                continue;
            }
            self.looks += 1;
            let entry = self.entries.get_mut(who)?;
            (entry.at_work, entry.hinted, entry.soon) = (true, None, None);
            for gate in &entry.gates {
                if let Some(state) = self.gates.get_mut(*gate) {
                    state.tried |= state.failures > 0;
                }
            }
            return Some(who);
        }
    }

    /// Returns when a worker of a lane should ask again; `None`: when something happened.
    pub fn next(&self, lane: usize) -> Option<Duration> {
        let idle = self.entries.iter().filter(|entry| entry.lane == lane && !entry.at_work);
        idle.filter_map(|entry| {
            let states = entry.gates.iter().filter_map(|gate| self.gates.get(*gate));
            let shut = states.filter(|state| state.failures > 0);
            let mut due = entry.due();
            for state in shut {
                if state.tried {
                    return None;
                }
                due = due.max(state.shut_until);
            }
            Some(due)
        })
        .min()
    }

    /// Learns how a look ended, and returns when the next attempt is, if it failed.
    pub fn done(&mut self, who: Who, now: Duration, ended: Ended) -> Option<Duration> {
        let jitter = self.jitter(who);
        let Plan { every, debounce, .. } = self.plan;
        let entry = self.entries.get_mut(who)?;
        entry.at_work = false;
        let gates = entry.gates.clone();
        for gate in gates {
            if let Some(state) = self.gates.get_mut(gate) {
                state.tried = false;
                if ended != Ended::Down(gate) && !matches!(ended, Ended::Down(_)) {
                    // It answered, whatever it said.
                    *state = State::default();
                }
            }
        }
        let entry = self.entries.get_mut(who)?;
        match ended {
            Ended::Fine => {
                (entry.failures, entry.pause) = (0, Duration::ZERO);
                let every = if entry.deaf { every.min(DEAF_EVERY) } else { every };
                entry.scheduled = now + every + jitter;
                if entry.hinted.is_some() {
                    (entry.hinted, entry.soon) = (Some(now), Some(now + debounce));
                }
                None
            }
            Ended::Failed => {
                entry.failures = entry.failures.saturating_add(1);
                entry.pause = now + pause(entry.failures);
                entry.scheduled = entry.pause;
                Some(entry.pause)
            }
            Ended::Down(gate) => {
                // Its own turn comes when the gate opens; the others keep theirs.
                entry.scheduled = now;
                let state = self.gates.get_mut(gate)?;
                state.failures = state.failures.saturating_add(1);
                state.shut_until = now + pause(state.failures);
                Some(state.shut_until)
            }
        }
    }

    /// Says how often in a row a gate was found down.
    pub fn is_down(&self, gate: Gate) -> bool {
        self.gates.get(gate).is_some_and(|state| state.failures > 0)
    }

    /// Says how many looks there were.
    pub const fn looks(&self) -> u64 {
        self.looks
    }

    /// Says whether the gates of an entry let somebody through.
    fn open(&self, entry: &Entry, now: Duration) -> bool {
        entry
            .gates
            .iter()
            .filter_map(|gate| self.gates.get(*gate))
            .all(|state| state.failures == 0 || (now >= state.shut_until && !state.tried))
    }

    /// Returns a share of the jitter that differs from mailbox to mailbox and from look to look.
    fn jitter(&self, who: Who) -> Duration {
        let who = u64::try_from(who).unwrap_or(0);
        let mixed = mix(self.plan.seed ^ mix(who ^ self.looks.rotate_left(32)));
        // A thousandth is fine enough.
        let share = u32::try_from(mixed % 1000).unwrap_or(0);
        self.plan.jitter * share / 1000
    }
}

/// Returns the pause after so many failures in a row.
fn pause(failures: u32) -> Duration {
    let doubled = 1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
    FIRST_PAUSE.saturating_mul(doubled).min(LONGEST_PAUSE)
}

/// Scatters numbers (the finaliser of SplitMix64).
const fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
#[expect(clippy::unchecked_time_subtraction, reason = "a test fails by panicking")]
mod tests {
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
        // The schedule spreads them anew each time, within its bounds.
        let due = |agenda: &mut Agenda, who| {
            agenda.done(who, at(100), Ended::Fine);
            agenda.entries[who].due() - at(100)
        };
        let times: Vec<_> = (0..200).map(|who| due(&mut agenda, who)).collect();
        assert!(times.iter().all(|time| (at(3600)..at(3720)).contains(time)));
        let early = times.iter().filter(|time| **time < at(3660)).count();
        assert!((60..140).contains(&early), "{early} of 200 in the first half");
    }

    #[test]
    fn hints_are_gathered_but_not_for_ever() {
        let mut agenda = looked_at();
        agenda.hint(0, at(10));
        assert_eq!(agenda.next(0), Some(at(13)));
        for now in 11..30 {
            agenda.hint(0, at(now));
        }
        assert_eq!(agenda.next(0), Some(at(19)), "three times as long at most");
        assert_eq!(take(&mut agenda, at(18)), None);
        assert_eq!(take(&mut agenda, at(19)), Some(0));
    }

    #[test]
    fn a_hint_during_a_look_is_followed_by_another_look() {
        let mut agenda = looked_at();
        agenda.hint(0, at(10));
        assert_eq!(take(&mut agenda, at(13)), Some(0));
        agenda.hint(0, at(14));
        assert_eq!(agenda.next(0), None, "one look at a time");
        assert_eq!(agenda.done(0, at(15), Ended::Fine), None);
        assert_eq!(agenda.next(0), Some(at(18)));
        assert_eq!(take(&mut agenda, at(18)), Some(0));
        agenda.done(0, at(19), Ended::Fine);
        assert!(agenda.next(0) >= Some(at(3619)), "and none after that");
    }

    #[test]
    fn failures_pause_longer_each_time_and_hints_do_not_hurry_them() {
        let mut agenda = agenda(2);
        let mut now = at(0);
        for pause in [30, 60, 120, 240, 480, 960, 1800, 1800] {
            assert_eq!(take(&mut agenda, now), Some(0));
            assert_eq!(agenda.done(0, now, Ended::Failed), Some(now + at(pause)));
            agenda.hint(0, now + at(1));
            assert_eq!(agenda.entries[0].due(), now + at(pause));
            // The other one goes on.
            assert_eq!(take(&mut agenda, now + at(2)), Some(1));
            agenda.done(1, now + at(2), Ended::Fine);
            agenda.hint(1, now + at(3));
            now += at(pause);
            assert_eq!(agenda.take(0, now, |who| (who == 0).then_some(Duration::ZERO)), Some(1));
            agenda.done(1, now, Ended::Fine);
            agenda.hint(1, now - at(2));
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
        agenda.hint(0, at(10));
        assert_eq!(agenda.take(0, at(13), |_| Some(at(500))), None);
        let due = agenda.next(0).unwrap();
        assert!((at(500)..at(620)).contains(&due), "{due:?}: spread over the jitter");
        agenda.hint(0, at(100));
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
        assert!((at(1860)..at(1980)).contains(&agenda.next(0).unwrap()));
        assert!(agenda.hears(0, true, at(1000)));
        take(&mut agenda, at(1980));
        agenda.done(0, at(1980), Ended::Fine);
        assert!(agenda.next(0) >= Some(at(5580)));
    }
}
