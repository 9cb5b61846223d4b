//! One refused login stops all lanes of its account (effect: lanes wait for each other).
//!
//! A directory counts wrong passwords and locks the account after a few. With a lane for each
//! mailbox one wrong password would be presented a hundred times. So as long as a login is not
//! proven, lanes present it one after another, and after the first refusal no more: every later one
//! gets the same refusal, and the server hears nothing of it. A gate that was closed stays so:
//! another password is another login, with a gate of its own.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;

use crate::ews::auth::error::LoginError;
use crate::ews::error::EwsError;

/// What all lanes of one account share. Clones are the same gate.
#[derive(Debug, Clone, Default)]
pub struct Gate(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Held by the one that presents a login that is not proven.
    turn: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Debug, Clone, Default)]
enum State {
    /// Nobody knows whether the login is right.
    #[default]
    Unproven,
    /// It was accepted, so that many may present it at once.
    Proven,
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
    /// The account is locked (456), or the server wants its login form filled in (440).
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
    /// Waits until the login may be presented.
    ///
    /// # Errors
    ///
    /// It was refused before.
    pub async fn enter(&self) -> Result<Pass, Refused> {
        if let Some(pass) = self.at_once()? {
            return Ok(pass);
        }
        let turn = Arc::clone(&self.0.turn).lock_owned().await;
        // Whoever was before us may have proven or refused it.
        match self.at_once()? {
            Some(pass) => Ok(pass),
            None => Ok(Pass { gate: self.clone(), turn: Some(turn) }),
        }
    }

    fn at_once(&self) -> Result<Option<Pass>, Refused> {
        match &*self.state() {
            State::Unproven => Ok(None),
            State::Proven => Ok(Some(Pass { gate: self.clone(), turn: None })),
            State::Closed(refused) => Err(refused.clone()),
        }
    }

    /// Takes note that a server asked again in the middle of a run: what was right may not be any
    /// more, so that the next one presents it alone.
    pub fn doubt(&self) {
        let mut state = self.state();
        if matches!(*state, State::Proven) {
            *state = State::Unproven;
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
}

impl Pass {
    /// The login was accepted.
    pub fn succeeded(self) {
        let mut state = self.gate.state();
        if matches!(*state, State::Unproven) {
            *state = State::Proven;
        }
    }

    /// The login was refused. `false` when it had been accepted before: servers answer 401 under
    /// load too, so that it may be presented once more, by one alone. Then nothing is closed yet.
    pub fn refused(self, refused: Refused) -> bool {
        let mut state = self.gate.state();
        match (&*state, &self.turn) {
            (State::Closed(_), _) => true,
            (_, None) => {
                *state = State::Unproven;
                false
            }
            (_, Some(_)) => {
                tracing::warn!("the login was refused; nobody tries it again");
                *state = State::Closed(refused);
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn no() -> Refused {
        Refused::Server { offers: vec!["NTLM".to_owned()] }
    }

    #[tokio::test]
    async fn of_a_hundred_lanes_with_a_wrong_password_one_presents_it() {
        let gate = Gate::default();
        let presented = Arc::new(AtomicUsize::new(0));
        let lanes = (0..100).map(|_| {
            let (gate, presented) = (gate.clone(), Arc::clone(&presented));
            tokio::spawn(async move {
                match gate.enter().await {
                    Err(refused) => refused,
                    Ok(pass) => {
                        presented.fetch_add(1, Ordering::Relaxed);
                        tokio::task::yield_now().await;
                        assert!(pass.refused(no()));
                        no()
                    }
                }
            })
        });
        for lane in lanes.collect::<Vec<_>>() {
            assert_eq!(lane.await.unwrap(), no(), "all are told the same");
        }
        assert_eq!(presented.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn a_proven_login_is_presented_by_many_at_once_and_doubted_once() {
        let gate = Gate::default();
        gate.enter().await.unwrap().succeeded();
        let (one, two) = (gate.enter().await.unwrap(), gate.enter().await.unwrap());
        assert!(!one.refused(no()), "it was right a moment ago: one more attempt");
        two.succeeded();
        gate.doubt();
        let alone = gate.enter().await.unwrap();
        assert!(alone.turn.is_some());
        assert!(alone.refused(no()));
        assert_eq!(gate.refused(), Some(no()));
    }

    #[tokio::test]
    async fn a_login_that_was_not_answered_proves_nothing() {
        let gate = Gate::default();
        drop(gate.enter().await.unwrap());
        assert!(gate.enter().await.unwrap().turn.is_some());
    }
}
