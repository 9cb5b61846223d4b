//! Pure: the rules as the planner sees them, for one mailbox × scope × kind at one moment.

use jiff::{SignedDuration, Timestamp};

use crate::model::rules::{Conflict, Leftover};
use crate::model::{FieldSet, ItemKind, Mode, Scope};

/// How far the mailbox's clock is from ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockDifference {
    /// Known and at most five minutes: it is taken off (rule D1).
    Within(SignedDuration),
    /// More than five minutes: fields changed on both sides are held.
    Beyond,
}

impl ClockDifference {
    /// The greatest difference that is taken off.
    pub const LIMIT: SignedDuration = SignedDuration::from_mins(5);

    /// The least difference that counts. A server tells its time in whole seconds and its answer takes a while, so that less
    /// is noise; taken off, it would move the edits of people about from one run to the next.
    pub const LEAST: SignedDuration = SignedDuration::from_secs(2);

    /// Compares the two clocks; a mailbox that does not tell its time is taken to agree with ours.
    pub fn between(ours: Timestamp, mailbox: Option<Timestamp>) -> Self {
        let Some(mailbox) = mailbox else { return Self::Within(SignedDuration::ZERO) };
        let difference = mailbox.duration_since(ours);
        if difference.abs() > Self::LIMIT {
            Self::Beyond
        } else if difference.abs() < Self::LEAST {
            Self::Within(SignedDuration::ZERO)
        } else {
            Self::Within(difference)
        }
    }
}

/// What the planner may do.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The scope.
    pub scope: Scope,
    /// The kind of item.
    pub kind: ItemKind,
    /// The mode in force for this run.
    pub mode: Mode,
    /// Who wins where both sides changed.
    pub conflict: Conflict,
    /// What becomes of items whose record left the filter.
    pub on_leave: Leftover,
    /// What becomes of items whose record is gone or reassigned.
    pub on_gone: Leftover,
    /// Whether the first transfer of the scope is done (rule D2).
    pub transferred: bool,
    /// Whether `sync` creates what is missing once it is (rule D2).
    pub create_missing: bool,
    /// The fields that the source accepts in updates.
    pub writable: FieldSet,
    /// Whether anything may be written to the mailbox (rule D19).
    pub writes_outlook: bool,
    /// Whether anything may be written to staffITpro (rule D19).
    pub writes_staffitpro: bool,
    /// The difference of the clocks.
    pub clock: ClockDifference,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d1_a_difference_is_noise_or_taken_off_or_too_much() {
        let ours: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let between =
            |mailbox: &str| ClockDifference::between(ours, Some(mailbox.parse().unwrap()));
        let within = |seconds| ClockDifference::Within(SignedDuration::from_secs(seconds));
        assert_eq!(ClockDifference::between(ours, None), within(0), "it tells no time");
        assert_eq!(between("2026-11-22T12:00:01.999Z"), within(0), "noise");
        assert_eq!(between("2026-11-22T11:59:58.001Z"), within(0), "noise");
        assert_eq!(between("2026-11-22T12:00:02Z"), within(2));
        assert_eq!(between("2026-11-22T11:59:58Z"), within(-2));
        assert_eq!(between("2026-11-22T12:05:00Z"), within(300), "five minutes are taken off");
        assert_eq!(between("2026-11-22T12:05:00.001Z"), ClockDifference::Beyond);
        assert_eq!(between("2026-11-22T11:54:59.999Z"), ClockDifference::Beyond);
    }
}
