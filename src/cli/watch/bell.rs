//! Shell: what wakes those who wait: the agenda has changed, somebody asks for a round now, the program is to end.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use abgleich::watch::{Agenda, Hint, Plan, Who};

/// The longest sleep when nothing is due.
const NAP: Duration = Duration::from_hours(1);

/// The agenda, and what wakes those who work on it.
pub(super) struct Bell {
    agenda: Mutex<Agenda>,
    rung: Condvar,
    begun: Instant,
    stop: Arc<AtomicBool>,
    /// How often somebody asked for a round now.
    asked: AtomicU64,
    /// Mailboxes of which nothing is told, not yet said.
    deaf: Mutex<Vec<Who>>,
}

impl Bell {
    /// Hangs a bell over mailboxes, each with its lane and its gates.
    pub(super) fn new(
        plan: Plan,
        gates: usize,
        mailboxes: Vec<(usize, Vec<usize>)>,
        stop: Arc<AtomicBool>,
    ) -> Self {
        Self {
            agenda: Mutex::new(Agenda::new(plan, gates, mailboxes)),
            rung: Condvar::new(),
            begun: Instant::now(),
            stop,
            asked: AtomicU64::new(0),
            deaf: Mutex::default(),
        }
    }

    pub(super) fn agenda(&self) -> MutexGuard<'_, Agenda> {
        self.agenda.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Says whether the program is to end.
    pub(super) fn ends(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    /// Says that a mailbox is to be looked at.
    pub(super) fn ring(&self, who: Who, hint: Hint) {
        self.agenda().hint(who, hint, self.now());
        self.rung.notify_all();
    }

    /// Wakes everybody, such as when the program is to end.
    pub(super) fn wake(&self) {
        // Under the lock, so that nobody who has just looked falls asleep over it.
        let agenda = self.agenda();
        self.rung.notify_all();
        drop(agenda);
    }

    /// Has everything done now that the schedule or a pause would have done later.
    pub(super) fn hurry(&self) {
        self.agenda().hurry(self.now());
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.wake();
    }

    /// Returns how often somebody asked for a round now.
    pub(super) fn asked(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }

    /// Sleeps until then, or until the bell rings. It may be a moment too early.
    pub(super) fn wait<'a>(
        &self,
        agenda: MutexGuard<'a, Agenda>,
        until: Option<Duration>,
    ) -> MutexGuard<'a, Agenda> {
        let left = until.map_or(NAP, |until| until.saturating_sub(self.now()));
        // A ring that came a moment too early is made good for soon.
        let left = left.clamp(Duration::from_millis(5), NAP);
        match self.rung.wait_timeout(agenda, left) {
            Ok((agenda, _)) => agenda,
            Err(poisoned) => poisoned.into_inner().0,
        }
    }

    /// Learns whether anything is told of a mailbox.
    pub(super) fn hears(&self, who: Who, hears: bool) {
        let mut agenda = self.agenda();
        if agenda.hears(who, hears, self.now()) && !hears {
            self.deaf.lock().unwrap_or_else(PoisonError::into_inner).push(who);
            self.rung.notify_all();
        }
    }

    /// Takes the mailboxes of which nothing is told since the last time.
    pub(super) fn newly_deaf(&self) -> Vec<Who> {
        std::mem::take(&mut *self.deaf.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
