//! Which requests of many mailboxes may go to one server now (pure).
//!
//! While a server wants to be left alone nothing may be sent for the budget concerned: attempts prolong the pause (notes.md
//! §3.2 no. 16). With impersonation each mailbox has a budget of its own, otherwise all share the login's (no. 18). How many
//! connections a login may have at once is a limit of the server's that only its refusals tell (no. 17).

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// After how many good answers in a row one more connection is tried again.
const GROW_AFTER: u32 = 50;

/// So many budgets that the server wants to be left alone for, told within [`AT_ONCE`], are not budgets that are used up one by one,
/// but a server that is.
const CROWD: usize = 3;

/// See [`CROWD`].
const AT_ONCE: Duration = Duration::from_secs(5);

/// No wish of a server is believed for longer: maintenance pages ask for days (`Retry-After`), and one request an hour prolongs
/// nothing.
const LONGEST: Duration = Duration::from_hours(1);

/// Lets requests through, holds them back, or turns them away.
#[derive(Debug)]
pub struct Gate<K> {
    /// How many requests may be under way at most, ever.
    most: usize,
    /// How many at present.
    limit: usize,
    open: usize,
    good: u32,
    /// Until when nothing at all may be sent.
    all: Option<Instant>,
    /// Until when nothing may be sent for a budget.
    each: BTreeMap<K, Rest>,
}

/// A wish of the server for one budget.
#[derive(Debug, Clone, Copy)]
struct Rest {
    until: Instant,
    /// When it was told last.
    told: Instant,
}

/// What a request that wants to go learns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// It may go; it counts as under way until [`Gate::leave`].
    Go,
    /// The server wants to be left alone for so long.
    Resting(Duration),
    /// As many requests as allowed are under way: wait until one is over.
    Full,
}

impl<K: Ord + Clone> Gate<K> {
    /// Begins with so many requests at once; at least one.
    pub fn new(most: usize) -> Self {
        let most = most.max(1);
        Self { most, limit: most, open: 0, good: 0, all: None, each: BTreeMap::new() }
    }

    /// Returns how long nothing may be sent for a budget; `None` where something may.
    pub fn rests(&self, budget: &K, now: Instant) -> Option<Duration> {
        let until = self.all.max(self.each.get(budget).map(|rest| rest.until))?;
        until.checked_duration_since(now).filter(|left| !left.is_zero())
    }

    /// Asks whether a request for a budget may go.
    pub fn enter(&mut self, budget: &K, now: Instant) -> Entry {
        match self.rests(budget, now) {
            Some(left) => Entry::Resting(left),
            _ if self.open >= self.limit => Entry::Full,
            _ => {
                self.open += 1;
                Entry::Go
            }
        }
    }

    /// Learns that a request is over, however it ended.
    pub fn leave(&mut self) {
        self.open = self.open.saturating_sub(1);
    }

    /// Learns that a request was answered.
    pub fn answered(&mut self) {
        self.good += 1;
        if self.good >= GROW_AFTER {
            self.good = 0;
            self.limit = self.limit.saturating_add(1).min(self.most);
        }
    }

    /// Leaves a budget alone for so long, an hour at most, because the server asked for it. Two budgets that rest are two people who
    /// did much; where it asks for many at once, everything rests for the shortest of these times.
    pub fn rest(&mut self, budget: &K, now: Instant, time: Duration) {
        self.each.retain(|_, rest| rest.until > now);
        let Some(until) = now.checked_add(time.min(LONGEST)).filter(|until| *until > now) else {
            return;
        };
        let rest = self.each.entry(budget.clone()).or_insert(Rest { until, told: now });
        *rest = Rest { until: rest.until.max(until), told: now };
        let at_once = self.each.values().filter(|rest| now.duration_since(rest.told) <= AT_ONCE);
        if at_once.clone().count() >= CROWD {
            self.all = self.all.max(at_once.map(|rest| rest.until).min());
        }
    }

    /// Leaves the whole server alone for so long, an hour at most.
    pub fn rest_all(&mut self, now: Instant, time: Duration) {
        self.all = self.all.max(now.checked_add(time.min(LONGEST)));
    }

    /// Ends all rests, because an administrator says that the server is well.
    pub fn hurry(&mut self) {
        self.all = None;
        self.each.clear();
    }

    /// Learns that there were too many connections at once.
    pub fn fewer(&mut self) {
        self.good = 0;
        self.limit = self.open.min(self.limit).saturating_sub(1).max(1);
    }

    /// Returns how many requests may be under way at present.
    pub fn limit(&self) -> usize {
        self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    #[test]
    fn quirk_16_nothing_is_sent_for_a_budget_that_rests() {
        let (now, mut gate) = (Instant::now(), Gate::new(4));
        gate.rest(&"a", now, MINUTE);
        assert_eq!(gate.enter(&"a", now), Entry::Resting(MINUTE));
        assert_eq!(gate.enter(&"b", now), Entry::Go, "another budget");
        assert_eq!(gate.enter(&"a", now + MINUTE / 4), Entry::Resting(MINUTE / 4 * 3));
        assert_eq!(gate.enter(&"a", now + MINUTE), Entry::Go);
        // A shorter wish that comes later does not end a longer one.
        gate.rest(&"a", now, MINUTE);
        gate.rest(&"a", now, MINUTE / 2);
        assert_eq!(gate.enter(&"a", now), Entry::Resting(MINUTE));
    }

    #[test]
    fn quirk_16_no_wish_is_believed_for_longer_than_an_hour_and_an_administrator_ends_it() {
        let (now, mut gate) = (Instant::now(), Gate::new(4));
        let hour = Duration::from_hours(1);
        gate.rest(&"a", now, hour * 24);
        assert_eq!(gate.rests(&"a", now), Some(hour));
        gate.rest_all(now, hour * 24 * 7);
        assert_eq!(gate.rests(&"b", now), Some(hour));
        gate.hurry();
        assert_eq!(gate.enter(&"a", now), Entry::Go);
        assert_eq!(gate.enter(&"b", now), Entry::Go);
    }

    #[test]
    fn quirk_18_two_budgets_that_rest_keep_nobody_waiting_and_many_at_once_are_a_server_that_rests()
    {
        let (now, mut gate) = (Instant::now(), Gate::new(4));
        gate.rest(&"a", now, MINUTE);
        gate.rest(&"b", now, MINUTE / 2);
        assert_eq!(gate.rests(&"c", now), None, "two people who did much");
        let later = now + AT_ONCE + Duration::from_secs(1);
        gate.rest(&"c", later, MINUTE);
        assert_eq!(gate.rests(&"d", later), None, "one after the other");
        gate.rest(&"d", later, MINUTE * 2);
        gate.rest(&"e", later, MINUTE / 3);
        assert_eq!(gate.enter(&"f", later), Entry::Resting(MINUTE / 3));
        assert_eq!(gate.enter(&"d", later), Entry::Resting(MINUTE * 2));
        let later = later + MINUTE / 3;
        assert_eq!(gate.enter(&"f", later), Entry::Go);
        gate.rest_all(later, MINUTE);
        assert_eq!(gate.enter(&"f", later), Entry::Resting(MINUTE), "HTTP 503 concerns everybody");
    }

    #[test]
    fn quirk_17_too_many_connections_make_fewer_until_all_goes_well() {
        let (now, mut gate) = (Instant::now(), Gate::new(3));
        let enter = |gate: &mut Gate<&str>| gate.enter(&"a", now);
        for expected in [Entry::Go, Entry::Go, Entry::Go, Entry::Full] {
            assert_eq!(enter(&mut gate), expected);
        }
        gate.fewer();
        assert_eq!(gate.limit(), 2);
        gate.leave();
        assert_eq!(enter(&mut gate), Entry::Full, "two are under way");
        gate.leave();
        assert_eq!(enter(&mut gate), Entry::Go);
        for _ in 0..9 {
            gate.fewer();
        }
        assert_eq!(gate.limit(), 1, "one is always allowed");
        (0..GROW_AFTER).for_each(|_| gate.answered());
        assert_eq!(gate.limit(), 2);
        (0..GROW_AFTER * 9).for_each(|_| gate.answered());
        assert_eq!(gate.limit(), 3, "and never more than configured");
        let mut open = Gate::new(usize::MAX);
        (0..GROW_AFTER).for_each(|_| open.answered());
        assert_eq!(open.enter(&"a", now), Entry::Go, "no limit stays none");
    }
}
