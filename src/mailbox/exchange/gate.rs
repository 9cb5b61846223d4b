//! Effect: what the mailboxes of one server share: its back-offs and the limit of requests under way. The rules are those of
//! [`crate::ews::session::Gate`]; here they meet the clock and the threads.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::ews::session::gate::{Entry, Gate};
use crate::ews::{EwsError, Refusal, ResponseCode};

/// The gate to one server.
#[derive(Clone, Debug)]
pub struct SharedGate(Arc<Inside>);

#[derive(Debug)]
struct Inside {
    gate: Mutex<Gate<String>>,
    freed: Condvar,
}

/// A request under way; when it is dropped, the next one may go.
#[derive(Debug)]
pub(super) struct Pass<'a>(&'a Inside);

impl SharedGate {
    /// Makes a gate for so many requests at once.
    pub fn new(lanes: usize) -> Self {
        Self(Arc::new(Inside { gate: Mutex::new(Gate::new(lanes)), freed: Condvar::new() }))
    }

    /// Lets a request through as soon as there is room.
    ///
    /// # Errors
    ///
    /// [`EwsError::Resting`] where the server wants to be left alone: nothing is sent.
    pub(super) fn enter(&self, budget: &String) -> Result<Pass<'_>, EwsError> {
        let mut gate = self.0.lock();
        loop {
            match gate.enter(budget, Instant::now()) {
                Entry::Go => return Ok(Pass(&self.0)),
                Entry::Resting(left) => return Err(EwsError::Resting { left }),
                Entry::Full => {
                    gate = self.0.freed.wait(gate).unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    /// Learns how a request ended.
    pub(super) fn learn(&self, budget: &String, outcome: Result<(), &EwsError>) {
        let now = Instant::now();
        let mut gate = self.0.lock();
        match outcome {
            Ok(()) => gate.answered(),
            // The web server in front speaks for itself, not for a mailbox.
            Err(EwsError::Unavailable { retry_after: Some(time), .. }) => gate.rest_all(now, *time),
            Err(EwsError::Fault(fault)) => {
                if fault.code == ResponseCode::ErrorExceededConnectionCount {
                    gate.fewer();
                }
                if let Some(time) = fault.back_off() {
                    gate.rest(budget, now, time);
                }
            }
            Err(_) => {}
        }
    }

    /// Learns of an answer that is a refusal and nothing else.
    pub(super) fn refused(&self, budget: &String, refusal: &Refusal) {
        if refusal.code == ResponseCode::ErrorExceededConnectionCount {
            self.crowded();
        }
        if let Some(time) = refusal.back_off() {
            self.rest(budget, time);
        }
    }

    /// Learns how a stream of events failed. That there are too many of them says nothing of requests: they have a limit of
    /// their own (notes.md §1.9).
    pub(super) fn learn_of_stream(&self, budget: &String, error: &EwsError) {
        let crowded = matches!(
            error,
            EwsError::Fault(fault) if fault.code == ResponseCode::ErrorExceededConnectionCount
        );
        if !crowded {
            self.learn(budget, Err(error));
        }
    }

    /// Returns how long the server wants to be left alone; `None` where a request may be sent.
    pub(super) fn rests(&self, budget: &String) -> Option<Duration> {
        self.0.lock().rests(budget, Instant::now())
    }

    /// Ends all rests, because an administrator says that the server is well.
    pub(super) fn hurry(&self) {
        self.0.lock().hurry();
    }

    /// Learns of an answer that says that there are too many connections.
    pub(super) fn crowded(&self) {
        self.0.lock().fewer();
    }

    /// Leaves a budget alone for so long.
    pub(super) fn rest(&self, budget: &String, time: Duration) {
        self.0.lock().rest(budget, Instant::now(), time);
    }
}

impl Inside {
    fn lock(&self) -> MutexGuard<'_, Gate<String>> {
        // Whoever panicked while he held it left whole numbers behind.
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.0.lock().leave();
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::SharedGate;
    use crate::ews::{EwsError, Fault, Refusal, ResponseCode};
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    #[test]
    fn a_request_waits_until_there_is_room() {
        let gate = SharedGate::new(1);
        let first = gate.enter(&"a".to_owned()).unwrap();
        let (sender, receiver) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(|| {
                let pass = gate.enter(&"b".to_owned()).map(|_| ());
                sender.send(pass.is_ok()).unwrap();
            });
            assert!(receiver.try_recv().is_err(), "there is no room yet");
            drop(first);
            assert!(receiver.recv().unwrap());
        });
    }

    #[test]
    fn quirk_16_what_one_mailbox_learns_the_others_heed() {
        let (a, b) = ("a".to_owned(), "b".to_owned());
        let rests = |gate: &SharedGate, who: &String| {
            matches!(gate.enter(who), Err(EwsError::Resting { .. }))
        };
        let hour = Duration::from_hours(1);
        let gate = SharedGate::new(2);
        let details = vec![("BackOffMilliseconds".to_owned(), "3600000".to_owned())];
        let busy = Fault { code: ResponseCode::ErrorServerBusy, text: None, details };
        gate.learn(&a, Err(&EwsError::Fault(busy)));
        assert!(rests(&gate, &a) && !rests(&gate, &b), "a budget of its own");
        // Who listens asks without waiting for room.
        assert!(gate.rests(&a).is_some_and(|left| left <= hour) && gate.rests(&b).is_none());
        let unavailable = EwsError::Unavailable { status: 503, retry_after: Some(hour) };
        gate.learn(&b, Err(&unavailable));
        assert!(rests(&gate, &b), "the server itself");
    }

    #[test]
    fn quirk_16_what_a_stream_or_a_subscription_is_told_everybody_heeds() {
        let (a, b) = ("a".to_owned(), "b".to_owned());
        let hour = Duration::from_hours(1);
        let gate = SharedGate::new(4);
        let details = vec![("BackOffMilliseconds".to_owned(), "3600000".to_owned())];
        let refusal = Refusal { code: ResponseCode::ErrorServerBusy, text: None, details };
        gate.refused(&a, &refusal);
        assert!(gate.rests(&a).is_some() && gate.rests(&b).is_none());
        let code = ResponseCode::ErrorExceededConnectionCount;
        let crowded = EwsError::Fault(Fault { code, text: None, details: Vec::new() });
        gate.learn_of_stream(&b, &crowded);
        assert_eq!(gate.0.lock().limit(), 4, "streams have a limit of their own");
        let unavailable = EwsError::Unavailable { status: 503, retry_after: Some(hour) };
        gate.learn_of_stream(&a, &unavailable);
        assert!(gate.rests(&b).is_some(), "the server itself");
    }
}
