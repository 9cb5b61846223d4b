//! Effect: how the mailbox talks to its server, and when it asks again.

use std::time::Duration;

use jiff::Timestamp;

use crate::ews::operation::Operation;
use crate::ews::transport::Trace;
use crate::ews::{EwsError, Refusal, ResponseCode, ServerVersion, ServerVersionInfo};
use crate::mailbox::exchange::failure::{self, Wish};
use crate::mailbox::{MailboxError, MailboxErrorKind, Stage, Trouble};

/// A connection to a server, real or scripted.
pub trait Wire {
    /// Sends a request and hands out what comes, as it comes.
    fn call<O: Operation>(
        &mut self,
        operation: &O,
        each: &mut dyn FnMut(O::Part),
    ) -> Result<(), EwsError>;

    /// Returns what the server said of itself last.
    fn server(&self) -> Option<ServerVersionInfo>;

    /// Says whether an answer showed that the server is Exchange itself, by what nobody can configure.
    fn is_exchange(&self) -> bool;

    /// Returns what the server's clock shows now, where its last answer told a time; good to about a second.
    fn clock(&self) -> Option<Timestamp>;

    /// Returns the contract that requests keep to.
    fn contract(&self) -> ServerVersion {
        ServerVersion::V2016
    }

    /// Returns by what an administrator finds the last request again; `None` for a script.
    fn trace(&self) -> Option<Trace> {
        None
    }

    /// Asks for less of the protocol from now on, because the mailbox is older than its server; `false` where there is no less
    /// to ask for, or something was agreed already.
    fn step_down(&mut self) -> bool {
        false
    }

    /// Takes note that what was asked for was understood, and keeps to it. `false` where the mailbox may know more of the protocol:
    /// then it is to be asked again.
    fn agree(&mut self) -> bool {
        true
    }

    /// Lets time pass without sending anything. Nobody else waits for that: a pause that the server did not ask for says nothing of
    /// other mailboxes.
    fn wait(&mut self, time: Duration);

    /// Takes note that the server asked to be left alone for so long: until then calls fail with [`EwsError::Resting`] and nothing
    /// is sent, here and by whoever shares the budget; requests during a back-off prolong it (notes.md §3.2).
    fn rest(&mut self, time: Duration);

    /// Takes note that the server said in its answer to an item that there are too many connections.
    fn crowded(&mut self) {}
}

/// How long to go on after errors that pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// The longest that one call of the mailbox waits in all.
    pub longest: Duration,
    /// How long the first wait is at least; each further one is twice as long, up to a minute.
    pub first: Duration,
}

impl Patience {
    /// Waits so long at most in all, and two seconds at first.
    pub const fn of(longest: Duration) -> Self {
        Self { longest, first: Duration::from_secs(2) }
    }

    /// Begins to count.
    pub const fn begin(self) -> Waiting {
        Waiting { left: self.longest, next: self.first }
    }
}

/// What is left of the patience for one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    left: Duration,
    next: Duration,
}

impl Waiting {
    /// Returns how long the next attempt has to wait: as long as the server asks, and no shorter than twice the last wait of our own.
    /// Servers ask for 25 ms as well (notes.md §3.2 no. 16), which would be hammering where it is believed again and again.
    pub(super) fn due(self, asked: Duration) -> Duration {
        asked.max(self.next)
    }

    /// Returns how long to wait before the next attempt: as long as the server asks, and no shorter than twice the last wait of our own.
    /// `None` when that is longer than the patience lasts; a wait is never cut short, since a request in the middle of
    /// a back-off prolongs it.
    pub fn next(&mut self, asked: Duration) -> Option<Duration> {
        let wait = self.due(asked);
        self.left = self.left.checked_sub(wait)?;
        self.next = (self.next * 2).min(Duration::from_mins(1));
        Some(wait)
    }
}

/// Waits before the next attempt. Where the server wants to be left alone, nothing is sent meanwhile for whoever shares the budget
/// either: it would prolong that.
///
/// # Errors
///
/// How long it would be, where that is longer than the patience lasts.
pub(super) fn pause<W: Wire>(
    wire: &mut W,
    waiting: &mut Waiting,
    wish: Wish,
) -> Result<(), Duration> {
    let due = waiting.due(wish.time());
    // A budget that rests already rests no longer because somebody asked.
    if let Wish::Alone(_) = wish {
        wire.rest(due);
    }
    wire.wait(waiting.next(wish.time()).ok_or(due)?);
    Ok(())
}

/// How often a server that is not reached at all is dialled again: an administrator wants to hear soon that it is down.
const DIALS: u32 = 2;

/// Says whether no connection came about, as against one over which something went wrong.
fn is_unreached(error: &EwsError) -> bool {
    matches!(error.stage(), "url" | "dns" | "tcp" | "proxy" | "tls")
}

/// Asks for something that changes nothing, and again while the error is one that passes. The parts are returned only
/// when all of them have come.
pub fn ask<W: Wire, O: Operation>(
    wire: &mut W,
    patience: Patience,
    stage: Stage,
    operation: &O,
    refusal: fn(&O::Part) -> Option<&Refusal>,
) -> Result<Vec<O::Part>, MailboxError> {
    let mut waiting = patience.begin();
    let mut unreached = 0;
    loop {
        let mut parts = Vec::new();
        let outcome = wire.call(operation, &mut |part| parts.push(part));
        let wish = match &outcome {
            Ok(()) => {
                let crowded = |no: &Refusal| no.code == ResponseCode::ErrorExceededConnectionCount;
                if parts.iter().filter_map(refusal).any(crowded) {
                    wire.crowded();
                }
                // One message may say how long, and the others only that it is too much.
                let passing = parts.iter().filter_map(refusal);
                match passing.filter_map(failure::refusal_passes).max() {
                    Some(wish) => wish,
                    None => return Ok(parts),
                }
            }
            Err(error) => match failure::passes(error) {
                Some(_) if unreached == DIALS && is_unreached(error) => {
                    return Err(failure::of_call(outcome, stage));
                }
                Some(wish) => {
                    unreached += u32::from(is_unreached(error));
                    wish
                }
                None => return Err(failure::of_call(outcome, stage)),
            },
        };
        let Err(due) = pause(wire, &mut waiting, wish) else { continue };
        let busy = |part| refusal(part).filter(|no| failure::refusal_passes(no) == Some(wish));
        let refused = parts.iter().find_map(busy);
        let error = match (&outcome, refused) {
            (Ok(()), Some(refusal)) => failure::of_refusal(refusal, stage),
            _ => failure::of_call(outcome, stage),
        };
        return Err(failure::after(error, due));
    }
}

/// Waits because nothing came of a listing that is not at its end. What a login may have in the server's memory at once is
/// shared by all its listings (notes.md §1.4), so that others may have used it up for a moment.
///
/// # Errors
///
/// Fails when that lasts: going on would never end, and stopping would make things look absent (rule D4).
pub fn wait_for_page<W: Wire>(
    wire: &mut W,
    waiting: &mut Waiting,
    stage: Stage,
    what: &str,
) -> Result<(), MailboxError> {
    let pause = waiting.next(Duration::ZERO).ok_or_else(|| MailboxError {
        kind: MailboxErrorKind::Malformed,
        stage,
        trouble: Trouble::Unnamed,
        text: format!("the server's list of {what} has no end"),
        hint: None,
        ambiguous: false,
        source: None,
    })?;
    wire.wait(pause);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Patience;
    use std::time::Duration;

    #[test]
    fn waits_grow_and_end() {
        let mut waiting = Patience::of(Duration::from_secs(20)).begin();
        let mut next = |asked| waiting.next(asked).map(|wait| wait.as_secs());
        assert_eq!(next(Duration::ZERO), Some(2));
        assert_eq!(next(Duration::from_secs(10)), Some(10));
        assert_eq!(next(Duration::from_mins(5)), None, "not cut short");
        assert_eq!(next(Duration::ZERO), Some(8));
    }

    #[test]
    fn quirk_16_a_short_wish_of_the_server_is_no_shorter_than_our_own_pause() {
        // notes.md §3.2: 25 ms was seen.
        let mut waiting = Patience::of(Duration::from_secs(90)).begin();
        let mut next = || waiting.next(Duration::from_millis(25)).map(|wait| wait.as_secs());
        assert_eq!([next(), next(), next(), next(), next()], [2, 4, 8, 16, 32].map(Some));
        assert_eq!(next(), None, "28 of 90 seconds are left");
    }
}
