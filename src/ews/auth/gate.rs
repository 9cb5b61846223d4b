//! One refused login stops all lanes of its account (effect: lanes wait for each other).
//!
//! A directory counts wrong passwords and locks the account after a few. With a lane for each
//! mailbox one wrong password would be presented a hundred times. So lanes present it one after
//! another, and after a refusal no more: every later one gets the same refusal, and the server hears
//! nothing of it. A gate that was closed stays so: another password is another login, with a gate of
//! its own.
//!
//! A password may be changed while a run is on, so that being right once does not end the turns. Two
//! things do, for a moment: a login that goes along with each request would have all requests wait for
//! each other, so one that was accepted moments ago lets others present it too; and whoever is in
//! front and gets no answer at all does not hold up the others for long: the next one in the queue takes
//! a turn of its own after a while, and the one after it waits twice as long, so that a slow refusal is
//! met by a few and not by all.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;
use tokio::time::{Instant, timeout};

use crate::ews::auth::error::LoginError;
use crate::ews::error::EwsError;

/// How long a login that goes along with each request is taken for right after it was accepted.
const TRUSTED: Duration = Duration::from_secs(5);

/// How long a login that was right before waits for its turn. A refusal comes in milliseconds, but for a
/// directory far away or a server under load.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often that doubles at most.
const DOUBLED: u32 = 5;

/// Says how long whoever is next waits for the one in front, while so many before it took a turn of their
/// own and were not answered either.
fn patience(overdue: u32) -> Duration {
    PATIENCE.saturating_mul(1 << overdue.min(DOUBLED))
}

/// What all lanes of one account share. Clones are the same gate.
#[derive(Debug, Clone, Default)]
pub struct Gate(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    turns: Mutex<Turns>,
    /// Held by whoever is next; the others stand behind it.
    next: tokio::sync::Mutex<()>,
    patience: fn(u32) -> Duration,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            state: Mutex::default(),
            turns: Mutex::default(),
            next: tokio::sync::Mutex::default(),
            patience,
        }
    }
}

#[derive(Debug, Default)]
struct Turns {
    /// Held by the one that presents a login. That of one that is overdue is waited for by nobody.
    turn: Arc<tokio::sync::Mutex<()>>,
    /// How many were overdue since a login was last accepted.
    overdue: u32,
}

#[derive(Debug, Clone, Default)]
enum State {
    /// Nobody knows whether the login is right.
    #[default]
    Unproven,
    /// It was accepted, the last time then.
    Proven(Instant),
    /// It was refused.
    Closed(Refused),
}

/// The refusal of a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// By the server (401).
    Server {
        /// What the server offers.
        offers: Vec<String>,
    },
    /// The server wants its login form filled in (440), or the account is locked (456, and others where their page says so).
    Blocked {
        /// The status.
        status: u16,
    },
    /// By the domain controller, before the server was asked.
    Mechanism(LoginError),
}

impl From<Refused> for EwsError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Server { offers } => Self::LoginRefused { offers },
            Refused::Blocked { status } => Self::AccountBlocked { status },
            Refused::Mechanism(error) => Self::Login(error),
        }
    }
}

/// The right to present a login once.
#[derive(Debug)]
pub struct Pass {
    gate: Gate,
    turn: Option<OwnedMutexGuard<()>>,
}

impl Gate {
    /// Waits until the login may be presented, which it is `with_each_request` or once for a connection.
    ///
    /// # Errors
    ///
    /// It was refused before.
    pub async fn enter(&self, with_each_request: bool) -> Result<Pass, Refused> {
        let is_trusted = |at: &Instant| with_each_request && at.elapsed() < TRUSTED;
        loop {
            let state = self.state().clone();
            let turn = match state {
                State::Closed(refused) => return Err(refused),
                State::Proven(at) if is_trusted(&at) => None,
                State::Unproven | State::Proven(_) => Some(self.turn().await),
            };
            // Whoever was before us may have proven, doubted or refused it.
            match (&*self.state(), &turn) {
                (State::Closed(refused), _) => return Err(refused.clone()),
                (State::Unproven, None) => {}
                (State::Proven(at), _) if is_trusted(at) => {
                    return Ok(Pass { gate: self.clone(), turn: None });
                }
                (State::Proven(_), _) | (State::Unproven, Some(_)) => {
                    return Ok(Pass { gate: self.clone(), turn });
                }
            }
        }
    }

    /// Waits for the turn. Where the login was right before, that has an end: a turn is made that the
    /// others wait for from then on. While it is doubted, one alone presents it.
    async fn turn(&self) -> OwnedMutexGuard<()> {
        let _next = self.0.next.lock().await;
        let (turn, overdue) = {
            let turns = self.turns();
            (Arc::clone(&turns.turn), turns.overdue)
        };
        if matches!(*self.state(), State::Proven(_)) {
            let waited = timeout((self.0.patience)(overdue), Arc::clone(&turn).lock_owned()).await;
            if let Ok(turn) = waited {
                return turn;
            }
        }
        if matches!(*self.state(), State::Unproven) {
            return turn.lock_owned().await;
        }
        let fresh = Arc::new(tokio::sync::Mutex::new(()));
        {
            let mut turns = self.turns();
            turns.turn = Arc::clone(&fresh);
            turns.overdue = turns.overdue.saturating_add(1);
        }
        fresh.lock_owned().await
    }

    /// Takes note that a server asked again in the middle of a run: what was right may not be any
    /// more.
    pub fn doubt(&self) {
        let mut state = self.state();
        if matches!(*state, State::Proven(_)) {
            *state = State::Unproven;
        }
    }

    /// Closes for good.
    pub fn close(&self, refused: Refused) {
        let mut state = self.state();
        if !matches!(*state, State::Closed(_)) {
            tracing::warn!("the login was refused; nobody tries it again");
            *state = State::Closed(refused);
        }
    }

    /// Returns why nothing goes through; `None` while it is open.
    pub fn refused(&self) -> Option<Refused> {
        match &*self.state() {
            State::Closed(refused) => Some(refused.clone()),
            _ => None,
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turns(&self) -> std::sync::MutexGuard<'_, Turns> {
        self.0.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass {
    /// The login was accepted. While it is doubted, one that set out before says nothing of it.
    pub fn succeeded(self) {
        self.gate.turns().overdue = 0;
        let mut state = self.gate.state();
        match (&*state, &self.turn) {
            (State::Proven(_), _) | (State::Unproven, Some(_)) => {
                *state = State::Proven(Instant::now());
            }
            (State::Unproven, None) | (State::Closed(_), _) => {}
        }
    }

    /// The account is locked: nobody presents the login again, whatever was accepted before.
    pub fn locked(self, status: u16) -> Refused {
        let refused = Refused::Blocked { status };
        self.gate.close(refused.clone());
        refused
    }

    /// The login was refused. `false` when it had been accepted before: servers answer 401 under
    /// load too, so that it may be presented once more, by one alone. Then nothing is closed yet.
    pub fn refused(self, refused: Refused) -> bool {
        let doubtful = matches!(*self.gate.state(), State::Unproven);
        self.gate.doubt();
        if doubtful && self.turn.is_some() {
            self.gate.close(refused);
        }
        self.gate.refused().is_some()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn no() -> Refused {
        Refused::Server { offers: vec!["NTLM".to_owned()] }
    }

    /// A gate whose login was accepted so long ago.
    fn accepted(ago: Duration) -> Gate {
        let gate = Gate::default();
        *gate.state() = State::Proven(Instant::now().checked_sub(ago).unwrap());
        gate
    }

    /// Lets so many lanes present a login that is refused at once; returns how many did.
    async fn presented_by(gate: &Gate, lanes: usize, with_each_request: bool) -> usize {
        let presented = Arc::new(AtomicUsize::new(0));
        let lanes = (0..lanes).map(|_| {
            let (gate, presented) = (gate.clone(), Arc::clone(&presented));
            tokio::spawn(async move {
                loop {
                    match gate.enter(with_each_request).await {
                        Err(refused) => return refused,
                        Ok(pass) => {
                            presented.fetch_add(1, Ordering::Relaxed);
                            tokio::task::yield_now().await;
                            if pass.refused(no()) {
                                return no();
                            }
                        }
                    }
                }
            })
        });
        for lane in lanes.collect::<Vec<_>>() {
            assert_eq!(lane.await.unwrap(), no(), "all are told the same");
        }
        presented.load(Ordering::Relaxed)
    }

    #[tokio::test]
    async fn of_a_hundred_lanes_with_a_wrong_password_one_presents_it() {
        for with_each_request in [false, true] {
            assert_eq!(presented_by(&Gate::default(), 100, with_each_request).await, 1);
        }
    }

    #[tokio::test]
    async fn a_password_that_is_changed_in_mid_run_is_presented_twice() {
        // Servers answer 401 under load too, so that a login which was right has a second attempt.
        let gate = accepted(Duration::ZERO);
        assert_eq!(presented_by(&gate, 16, false).await, 2, "once for each connection");

        // With each request: as many as were under way, and one alone; after a pause as above.
        for (pause, expected) in [(Duration::ZERO, 16 + 1), (TRUSTED, 2)] {
            let gate = accepted(pause);
            assert_eq!(presented_by(&gate, 16, true).await, expected, "after {pause:?}");
        }
    }

    #[tokio::test]
    async fn while_all_is_well_requests_do_not_wait_for_each_other() {
        let gate = accepted(TRUSTED.mul_f32(0.5));
        let (one, two) = (gate.enter(true).await.unwrap(), gate.enter(true).await.unwrap());
        assert!(one.turn.is_none() && two.turn.is_none());
        one.succeeded();
        let State::Proven(at) = *gate.state() else { panic!("it was accepted") };
        assert!(at.elapsed() < TRUSTED.mul_f32(0.5), "each answer is good for the next ones");
        // After a pause one goes first, and those that waited for it go side by side.
        let gate = accepted(TRUSTED);
        let first = gate.enter(true).await.unwrap();
        let waiting = [gate.clone(), gate.clone()]
            .map(|gate| tokio::spawn(async move { gate.enter(true).await.unwrap() }));
        tokio::task::yield_now().await;
        first.succeeded();
        let [one, two] = waiting;
        let (one, two) = (one.await.unwrap(), two.await.unwrap());
        assert!(one.turn.is_none() && two.turn.is_none());
    }

    #[tokio::test]
    async fn an_answer_from_before_the_doubt_does_not_end_it() {
        let gate = accepted(Duration::ZERO);
        let (one, two) = (gate.enter(true).await.unwrap(), gate.enter(true).await.unwrap());
        assert!(!one.refused(no()), "it was right a moment ago: one more attempt");
        two.succeeded();
        let alone = gate.enter(true).await.unwrap();
        assert!(alone.turn.is_some());
        assert!(alone.refused(no()));
        assert_eq!(gate.refused(), Some(no()));
    }

    /// A gate whose login was accepted, with this patience.
    fn patient(patience: fn(u32) -> Duration) -> Gate {
        let shared = Shared { patience, ..Shared::default() };
        *shared.state.lock().unwrap() = State::Proven(Instant::now());
        Gate(Arc::new(shared))
    }

    #[tokio::test]
    async fn a_server_that_says_nothing_holds_up_nobody_for_long() {
        // I11: one mailbox whose server hangs changes nothing for the others.
        let gate = patient(|overdue| if overdue == 0 { Duration::ZERO } else { Duration::MAX });
        let hangs = gate.enter(false).await.unwrap();
        let next = gate.enter(false).await.unwrap();
        let waiting = gate.clone();
        let waiting = tokio::spawn(async move { waiting.enter(false).await.unwrap() });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished(), "it waits for the one that waited no longer");
        next.succeeded();
        let after = waiting.await.unwrap();
        // The next one that hangs is waited for no longer than the first was.
        let last = gate.enter(false).await.unwrap();
        assert!([hangs, after, last].iter().all(|pass| pass.turn.is_some()));
    }

    #[tokio::test]
    async fn a_refusal_that_takes_long_is_met_by_few() {
        assert_eq!([0, 1, 2, 99].map(|overdue| patience(overdue).as_secs()), [5, 10, 20, 160]);
        let gate = patient(|overdue| if overdue < 2 { Duration::ZERO } else { Duration::MAX });
        let presented = Arc::new(AtomicUsize::new(0));
        let answered = Arc::new(tokio::sync::Semaphore::new(0));
        let lanes = (0..16).map(|_| {
            let (gate, answered) = (gate.clone(), Arc::clone(&answered));
            let presented = Arc::clone(&presented);
            tokio::spawn(async move {
                while let Ok(pass) = gate.enter(false).await {
                    if presented.fetch_add(1, Ordering::Relaxed) == 2 {
                        // Nobody else comes as long as these are not answered: one after another, as they came.
                        answered.add_permits(1);
                    }
                    answered.acquire().await.unwrap().forget();
                    let ends = pass.refused(no());
                    answered.add_permits(1);
                    if ends {
                        break;
                    }
                }
            })
        });
        for lane in lanes.collect::<Vec<_>>() {
            lane.await.unwrap();
        }
        assert_eq!(presented.load(Ordering::Relaxed), 3, "the others were told of the refusal");
    }

    #[tokio::test]
    async fn a_login_that_was_not_answered_proves_nothing() {
        let gate = Gate::default();
        drop(gate.enter(false).await.unwrap());
        assert!(gate.enter(false).await.unwrap().turn.is_some());
    }
}
