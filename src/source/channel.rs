//! Effect: the way to one instance of an adapter, on a thread of its own, so that a plugin that hangs hangs alone
//! (invariant 11). The other end is a library in this process; a child process is another [`Peer`].

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

/// The other end of a channel: it takes one request after the other.
pub(super) trait Peer {
    /// Makes a request and waits for the reply, for ever if need be.
    fn call(&mut self, request: &[u8]) -> Result<Vec<u8>, CallError>;
}

/// Asks the running call to end. May be called from any thread at any time.
pub(super) type Cancel = Arc<dyn Fn() + Send + Sync>;

/// Why there is no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallError {
    /// The plugin returned this status instead of a reply.
    Status(i32),
    /// The plugin said that there is a reply, and there is none.
    NullReply,
    /// The reply has this many bytes.
    HugeReply(usize),
    /// The instance answered only after it was asked to end.
    Late,
    /// The instance did not answer, not even after it was asked to end.
    Hangs,
    /// The thread of the instance ended.
    Ended,
    /// The system has no thread left.
    NoThread,
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "the plugin failed with status {status}"),
            Self::NullReply => f.write_str("the plugin returned no reply"),
            Self::HugeReply(bytes) => {
                write!(f, "the reply has {bytes} bytes, more than is taken")
            }
            Self::Late | Self::Hangs => f.write_str("the plugin did not answer in time"),
            Self::Ended => f.write_str("the thread of the plugin ended"),
            Self::NoThread => f.write_str("the system could not start a thread for the plugin"),
        }
    }
}

impl std::error::Error for CallError {}

/// How long to wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// For a reply.
    pub(super) call: Duration,
    /// After the call was asked to end.
    pub(super) cancel: Duration,
}

/// A channel to an instance.
pub(super) struct Channel {
    requests: Sender<Vec<u8>>,
    replies: Receiver<Result<Vec<u8>, CallError>>,
    cancel: Option<Cancel>,
}

/// What opening gives: the peer unless the reply is an error, what cancels it, and the reply.
pub(super) type Opened<P> = (Option<(P, Cancel)>, Vec<u8>);

impl Channel {
    /// Starts the thread, opens the peer there, and returns the reply to that. The channel is of no use after a reply that
    /// is an error.
    pub(super) fn open<P: Peer>(
        open: impl FnOnce() -> Result<Opened<P>, CallError> + Send + 'static,
        patience: Patience,
    ) -> Result<(Self, Vec<u8>), CallError> {
        let (requests, inbox) = channel::<Vec<u8>>();
        let (outbox, replies) = channel();
        let (opened, opening) = channel();
        let serve = move || {
            let mut peer = match open() {
                Ok((Some((peer, cancel)), reply)) => {
                    if opened.send(Ok((Some(cancel), reply))).is_err() {
                        return;
                    }
                    peer
                }
                Ok((None, reply)) => {
                    // Nobody may be waiting any more.
                    let _ = opened.send(Ok((None, reply)));
                    return;
                }
                Err(error) => {
                    let _ = opened.send(Err(error));
                    return;
                }
            };
            while let Ok(request) = inbox.recv() {
                if outbox.send(peer.call(&request)).is_err() {
                    return;
                }
            }
        };
        // The handle is dropped: a thread that hangs cannot be joined, and one that does not ends with its channel.
        let spawned = thread::Builder::new().name("adapter".to_owned()).spawn(serve);
        drop(spawned.map_err(|_| CallError::NoThread)?);
        let (cancel, reply) = match opening.recv_timeout(patience.call) {
            Ok(result) => result?,
            Err(RecvTimeoutError::Timeout) => return Err(CallError::Hangs),
            Err(RecvTimeoutError::Disconnected) => return Err(CallError::Ended),
        };
        Ok((Self { requests, replies, cancel }, reply))
    }

    /// Says whether opening gave a peer.
    pub(super) const fn is_open(&self) -> bool {
        self.cancel.is_some()
    }

    /// Makes a request. After an error the channel is to be dropped: what the instance is at is not known.
    pub(super) fn call(
        &mut self,
        request: Vec<u8>,
        patience: Patience,
    ) -> Result<Vec<u8>, CallError> {
        self.requests.send(request).map_err(|_| CallError::Ended)?;
        match self.replies.recv_timeout(patience.call) {
            Ok(reply) => reply,
            Err(RecvTimeoutError::Disconnected) => Err(CallError::Ended),
            Err(RecvTimeoutError::Timeout) => {
                self.ask_to_end();
                // A late answer is not used, but waiting for it lets a sound instance finish and close.
                Err(match self.replies.recv_timeout(patience.cancel) {
                    Ok(_) => CallError::Late,
                    Err(_) => CallError::Hangs,
                })
            }
        }
    }

    /// Asks on a thread of its own, because a broken plugin may hang there as well.
    fn ask_to_end(&self) {
        if let Some(cancel) = self.cancel.clone() {
            // Without a thread for it the call is not asked to end, which is what a plugin without `cancel` gets.
            let _ =
                thread::Builder::new().name("adapter-cancel".to_owned()).spawn(move || cancel());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CallError, Cancel, Channel, Patience, Peer};
    use std::sync::mpsc::{Receiver, channel};
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    /// Echoes, except that `wait` waits until it is cancelled.
    struct Echo(Receiver<()>);

    impl Peer for Echo {
        fn call(&mut self, request: &[u8]) -> Result<Vec<u8>, CallError> {
            if request == b"wait" {
                self.0.recv().map_err(|_| CallError::Ended)?;
            }
            Ok(request.to_vec())
        }
    }

    fn echo(patience: Patience) -> Channel {
        let (cancelled, waiting) = channel();
        let cancelled = Mutex::new(cancelled);
        let cancel: Cancel = Arc::new(move || cancelled.lock().unwrap().send(()).unwrap());
        let open = move || Ok((Some((Echo(waiting), cancel)), b"open".to_vec()));
        let (channel, reply) = Channel::open(open, patience).unwrap();
        assert_eq!(reply, b"open");
        channel
    }

    #[test]
    fn requests_are_answered_in_turn() {
        let patience = Patience { call: Duration::from_mins(1), cancel: Duration::ZERO };
        let mut channel = echo(patience);
        for text in ["a", "b"] {
            assert_eq!(channel.call(text.into(), patience), Ok(text.into()));
        }
    }

    #[test]
    fn invariant_11_a_call_without_an_answer_is_asked_to_end_and_given_up() {
        let patience = Patience { call: Duration::ZERO, cancel: Duration::from_mins(1) };
        let mut channel = echo(Patience { call: Duration::from_mins(1), ..patience });
        assert_eq!(channel.call("wait".into(), patience), Err(CallError::Late));
        let impatient = Patience { call: Duration::ZERO, cancel: Duration::ZERO };
        let mut deaf = echo(Patience { call: Duration::from_mins(1), ..patience });
        // Kept, because the peer would end with the last handle to what cancels it.
        let _unheard = deaf.cancel.take();
        assert_eq!(deaf.call("wait".into(), impatient), Err(CallError::Hangs));
    }

    #[test]
    fn a_peer_that_does_not_open_hands_on_its_reply() {
        let patience = Patience { call: Duration::from_mins(1), cancel: Duration::ZERO };
        let open = || Ok((None::<(Echo, Cancel)>, b"no".to_vec()));
        let (mut channel, reply) = Channel::open(open, patience).unwrap();
        assert_eq!(reply, b"no");
        assert_eq!(channel.call(vec![], patience), Err(CallError::Ended));
    }
}
