//! Pure: the agenda of a program that watches many mailboxes.
//!
//! Every mailbox is looked at when its time has come: on the schedule; soon after a hint that something happened in it; after
//! a pause that grows while it fails. A hint only brings a look forward, and a lost one delays it to the schedule. Whoever is told
//! of goes before all others: a thousand mailboxes that are looked at because a server was restarted make no edit wait.
//!
//! The schedule gives each mailbox a place of its own within the interval, so that a thousand are looked at evenly and not together.
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
    /// After so long at most the schedule has a mailbox looked at again.
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

/// How often is looked whether a gate that refused us may be tried again.
const MENDED_EVERY: Duration = Duration::from_secs(30);

/// What is told of a mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// Something happened.
    News,
    /// Something may have happened that nobody told. Whoever has not been looked at yet will be anyway.
    Gap,
}

/// How a look ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It ran to its end, or waits for a person's word, which does not come sooner for asking often.
    Fine,
    /// It failed, and only this mailbox is concerned.
    Failed,
    /// The gate is down.
    Down(Gate),
    /// The gate refused us, and will until somebody has mended it: nothing was asked of it.
    Shut(Gate),
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
    news: Hints,
    gap: Hints,
    /// It was looked at before.
    looked: bool,
    /// Not before then, because it failed.
    pause: Duration,
    failures: u32,
    at_work: bool,
    /// Nothing is told of it.
    deaf: bool,
}

/// Hints of a kind that have not been followed.
#[derive(Clone, Copy, Debug, Default)]
struct Hints {
    /// When the first one came.
    first: Option<Duration>,
    /// When it is followed; nothing while the mailbox is being looked at.
    soon: Option<Duration>,
}

impl Hints {
    fn add(&mut self, now: Duration, debounce: Duration, at_work: bool) {
        let first = *self.first.get_or_insert(now);
        if !at_work {
            self.soon = Some((now + debounce).min(first + debounce * 3));
        }
    }

    /// The look is over during which they came.
    fn renew(&mut self, now: Duration, debounce: Duration) {
        if self.first.is_some() {
            *self = Self { first: Some(now), soon: Some(now + debounce) };
        }
    }
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
        let hints = self.news.soon.into_iter().chain(self.gap.soon);
        hints.chain([self.scheduled]).min().unwrap_or_default().max(self.pause)
    }

    /// Says who goes first: those that are told of, in the order in which they are due.
    fn turn(&self, now: Duration) -> (bool, Duration) {
        (self.news.soon.is_none_or(|soon| soon > now), self.due())
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
                news: Hints::default(),
                gap: Hints::default(),
                looked: false,
                pause: Duration::ZERO,
                failures: 0,
                at_work: false,
                deaf: false,
            });
        }
        let gates = std::iter::repeat_with(State::default).take(gates).collect();
        Self { plan, entries, gates, looks: 0 }
    }

    /// Learns that something happened, or may have happened, in a mailbox. While it is being looked at, what the look has read
    /// already is not known: another follows it.
    pub fn hint(&mut self, who: Who, hint: Hint, now: Duration) {
        let Plan { debounce, .. } = self.plan;
        let Some(entry) = self.entries.get_mut(who) else { return };
        match hint {
            Hint::News => entry.news.add(now, debounce, entry.at_work),
            Hint::Gap if entry.looked || entry.at_work => {
                entry.gap.add(now, debounce, entry.at_work);
            }
            Hint::Gap => {}
        }
    }

    /// Has everything done now that the schedule or a pause would have done later: somebody has mended something, or does not
    /// want to wait.
    pub fn hurry(&mut self, now: Duration) {
        for entry in &mut self.entries {
            entry.scheduled = entry.scheduled.min(now);
            entry.pause = Duration::ZERO;
        }
        for gate in &mut self.gates {
            gate.shut_until = now;
        }
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
            let (who, _) = ready.min_by_key(|(_, entry)| entry.turn(now))?;
            if let Some(until) = quiet(who).filter(|until| *until > now) {
                let later = until + self.jitter(who);
                if let Some(entry) = self.entries.get_mut(who) {
                    entry.scheduled = later;
                    (entry.news.soon, entry.gap.soon) = (None, None);
                }
                continue;
            }
            self.looks += 1;
            let entry = self.entries.get_mut(who)?;
            (entry.at_work, entry.looked) = (true, true);
            (entry.news, entry.gap) = (Hints::default(), Hints::default());
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
        let Plan { every, debounce, .. } = self.plan;
        let entry = self.entries.get(who)?;
        let every = if entry.deaf { every.min(DEAF_EVERY) } else { every };
        let scheduled = self.place(who, every, now) + self.jitter(who);
        let entry = self.entries.get_mut(who)?;
        entry.at_work = false;
        let gates = entry.gates.clone();
        for gate in gates {
            if let Some(state) = self.gates.get_mut(gate) {
                state.tried = false;
                if matches!(ended, Ended::Fine | Ended::Failed) {
                    // It answered, whatever it said.
                    *state = State::default();
                }
            }
        }
        let entry = self.entries.get_mut(who)?;
        match ended {
            Ended::Fine => {
                (entry.failures, entry.pause) = (0, Duration::ZERO);
                entry.scheduled = scheduled;
                entry.news.renew(now, debounce);
                entry.gap.renew(now, debounce);
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
            Ended::Shut(gate) => {
                entry.scheduled = now;
                let state = self.gates.get_mut(gate)?;
                state.failures = state.failures.max(1);
                state.shut_until = now + MENDED_EVERY;
                Some(state.shut_until)
            }
        }
    }

    /// Returns the next time of a mailbox's own place within the interval.
    fn place(&self, who: Who, every: Duration, now: Duration) -> Duration {
        let count = u32::try_from(self.entries.len()).unwrap_or(u32::MAX).max(1);
        let place = every * u32::try_from(who).unwrap_or(0) / count;
        let (every, place) = (every.as_nanos().max(1), place.as_nanos());
        let since = (now.as_nanos() + every - place % every) % every;
        now + Duration::from_nanos(u64::try_from(every - since).unwrap_or(u64::MAX))
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
mod tests;
