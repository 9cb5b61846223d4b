//! Being told what happens in many mailboxes over one stream (pure).
//!
//! A [`StreamGroup`] keeps the subscriptions of mailboxes that live on one back end. It says what to
//! send next, learns from what came back, and hands out hints. A hint only wakes somebody up; what
//! is true is told by `SyncFolderItems`. So whenever events may have been lost there is a hint for
//! the whole mailbox ([`Hint::Gap`]), and whoever follows hints stays right without any of them.
//!
//! Where streams do not work (a proxy that holds answers back or cuts them off, too many hanging
//! connections, an old server), the group asks in turns (`GetEvents`); where nothing can be
//! subscribed to, or nothing good has come for long, the mailbox is deaf ([`Hint::Deaf`]) and
//! somebody must look by himself.
//!
//! Long because what each answer means for a group is one machine, read top to bottom.
//!
//! Time is a number that whoever drives the machine counts up, so that hours pass in a test at once.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::ews::code::ResponseCode;
use crate::ews::error::{ErrorKind, EwsError, Refusal};
use crate::ews::id::{SubscriptionId, Watermark};
use crate::ews::operation::get_streaming_events::{LONGEST_MINUTES, StreamPart};
use crate::ews::operation::subscribe::{Delivery, Subscribed};
use crate::ews::reply::Notification;
use crate::ews::session::backoff::Backoff;

/// Names a mailbox of a group; whoever drives the machine chooses it.
pub type Listener = usize;

/// How a group listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamManner {
    /// How long a stream lasts before it is opened anew, in minutes.
    pub minutes: u8,
    /// How often mailboxes are asked in turns where streams do not work.
    pub pull_every: Duration,
    /// How long mailboxes that come to an open stream are gathered before it is opened anew for them.
    pub gather: Duration,
    /// Whether streams may be tried at all.
    pub streams: bool,
}

impl Default for StreamManner {
    fn default() -> Self {
        Self {
            minutes: LONGEST_MINUTES - 1,
            pull_every: Duration::from_mins(1),
            gather: Duration::from_secs(10),
            streams: true,
        }
    }
}

/// After so long what did not work is tried again: streams, and subscriptions that were refused.
const TRY_AGAIN: Duration = Duration::from_hours(1);

/// The pause after a first failure, and the shortest that anybody rests.
const FIRST_PAUSE: Duration = Duration::from_secs(2);

/// A pull subscription that nobody asks for so many minutes ends by itself.
const PULL_MINUTES: u16 = 30;

/// After so many streams in a row that did not last, the way does not let streams through.
const MUTE_STREAMS: u32 = 3;

/// Failures that may be trouble of the server's are taken for a way without streams only when they have gone on for so long: a server
/// that is started anew is back sooner.
const TROUBLE: Duration = Duration::from_mins(3);

/// Who has heard nothing good for so long, or will not before that time is over, is told so.
const UNHEARD: Duration = Duration::from_mins(10);

/// A stream that speaks after so long works.
const PROVEN: Duration = Duration::from_secs(20);

/// After so many lost subscriptions in a row a mailbox does not belong into this group's stream.
const LOSSES: u32 = 3;

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamStep {
    /// Subscribe for this mailbox, and tell [`StreamGroup::subscribed`].
    Subscribe(Listener, Delivery),
    /// Open a stream, tell [`StreamGroup::heard`] of its parts, and [`StreamGroup::ended`] how it ended. It is to be
    /// given up at [`StreamGroup::gives_up_at`].
    Listen {
        /// To which subscriptions.
        subscriptions: Vec<SubscriptionId>,
        /// For how long.
        minutes: u8,
    },
    /// Ask for the events of a mailbox, and tell [`StreamGroup::pulled`].
    Pull(Listener, SubscriptionId, Option<Watermark>),
    /// Give a subscription back that is not needed any more; what comes of it does not matter.
    Unsubscribe(Listener, SubscriptionId),
    /// Send nothing until then; `None`: until a mailbox comes.
    Rest(Option<Duration>),
}

/// What a mailbox is to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hint {
    /// Something happened.
    News,
    /// Something may have happened that nobody told: it is subscribed anew, or the stream was interrupted.
    Gap,
    /// Nothing will be told for a while.
    Deaf,
}

/// What became of being told since it last worked.
#[derive(Debug, Clone, Copy)]
struct Unheard {
    since: Duration,
    /// Whether the mailbox knows that it is deaf.
    told: bool,
}

/// How a stream ended.
#[derive(Debug)]
pub enum StreamEnd {
    /// In order: its time was over.
    Closed,
    /// It was given up for mailboxes that are to join.
    GivenUp,
    /// It was not opened, broke, or fell silent.
    Failed(EwsError),
}

impl StreamEnd {
    /// Names it, for logs: a code or a stage, no word of a server.
    pub fn name(&self) -> &str {
        match self {
            Self::Closed => "closed",
            Self::GivenUp => "given-up",
            Self::Failed(EwsError::Fault(fault)) => fault.code.as_str(),
            Self::Failed(error) => error.stage(),
        }
    }
}

#[derive(Debug, Clone)]
enum Member {
    /// It needs a subscription.
    Wants,
    Subscribed(SubscriptionId, Option<Watermark>),
    /// It cannot be subscribed; tried again then.
    Deaf(Duration),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Streams,
    /// Asking in turns, streams are tried again then.
    Turns(Duration),
}

/// The subscriptions of mailboxes on one back end.
#[derive(Debug)]
pub struct StreamGroup {
    manner: StreamManner,
    mode: Mode,
    members: BTreeMap<Listener, Member>,
    /// Members that were told to come again later, and when; the others go on.
    resting: BTreeMap<Listener, Duration>,
    /// How often each member's subscription was lost since it last brought something.
    losses: BTreeMap<Listener, u32>,
    /// Members of whom nothing good was heard since something failed.
    unheard: BTreeMap<Listener, Unheard>,
    /// Subscriptions to be given back.
    leftover: Vec<(Listener, SubscriptionId)>,
    backoff: Backoff,
    rests_until: Duration,
    /// Streams in a row that brought nothing, or did not last, and when the first of them was opened.
    mute: u32,
    mute_since: Duration,
    /// Whether the stream that is open has brought a part.
    spoke: bool,
    /// Whether it has brought one after long enough to trust it.
    proven: bool,
    /// Whether it was refused: what that means is settled then, before it is closed.
    refused: bool,
    /// When the last stream was opened.
    opened: Duration,
    /// Events may have been lost since the last part: said when the next stream speaks.
    gap: bool,
    /// A stream was given up while it spoke: what was under way in that moment is lost.
    seam: bool,
    /// Since when a member waits to join the stream that is open.
    joins_since: Option<Duration>,
    /// Who was asked in this round, and when the next round begins.
    asked: BTreeSet<Listener>,
    next_round: Duration,
}

impl StreamGroup {
    /// Makes a group without members.
    pub fn new(manner: StreamManner) -> Self {
        let mode = if manner.streams { Mode::Streams } else { Mode::Turns(Duration::MAX) };
        Self {
            manner,
            mode,
            members: BTreeMap::new(),
            resting: BTreeMap::new(),
            losses: BTreeMap::new(),
            unheard: BTreeMap::new(),
            leftover: Vec::new(),
            backoff: Backoff::new(FIRST_PAUSE, Duration::from_mins(5)),
            rests_until: Duration::ZERO,
            mute: 0,
            mute_since: Duration::ZERO,
            spoke: false,
            proven: false,
            refused: false,
            opened: Duration::ZERO,
            gap: false,
            seam: false,
            joins_since: None,
            asked: BTreeSet::new(),
            next_round: Duration::ZERO,
        }
    }

    /// Takes a mailbox in. One that is in already is subscribed anew, because its folders are others now.
    pub fn watch(&mut self, who: Listener, now: Duration) {
        if let Some(Member::Subscribed(id, _)) = self.members.insert(who, Member::Wants) {
            self.leftover.push((who, id));
        }
        self.joins_since.get_or_insert(now);
    }

    /// Lets a mailbox go.
    pub fn forget(&mut self, who: Listener, now: Duration) {
        self.losses.remove(&who);
        self.resting.remove(&who);
        self.unheard.remove(&who);
        if let Some(Member::Subscribed(id, _)) = self.members.remove(&who) {
            self.leftover.push((who, id));
            self.joins_since.get_or_insert(now);
        }
    }

    /// Returns what to do next.
    pub fn next(&mut self, now: Duration) -> StreamStep {
        if now < self.rests_until {
            return StreamStep::Rest(Some(self.rests_until));
        }
        if let Some((who, id)) = self.leftover.pop() {
            return StreamStep::Unsubscribe(who, id);
        }
        self.joins_since = None;
        match self.mode {
            Mode::Turns(until) if now >= until => self.enter(Mode::Streams),
            _ => {}
        }
        for member in self.members.values_mut() {
            if matches!(member, Member::Deaf(until) if now >= *until) {
                *member = Member::Wants;
            }
        }
        let delivery = match self.mode {
            Mode::Streams => Delivery::Streaming,
            Mode::Turns(_) => Delivery::Pull { minutes: PULL_MINUTES },
        };
        self.resting.retain(|_, until| *until > now);
        let mut awake = self.members.iter().filter(|(who, _)| !self.resting.contains_key(who));
        if let Some((who, _)) = awake.find(|(_, member)| matches!(member, Member::Wants)) {
            return StreamStep::Subscribe(*who, delivery);
        }
        match self.mode {
            Mode::Streams => {
                let subscriptions: Vec<_> = self.subscriptions().cloned().collect();
                if subscriptions.is_empty() {
                    return StreamStep::Rest(self.next_try());
                }
                (self.spoke, self.proven, self.refused) = (false, false, false);
                self.opened = now;
                StreamStep::Listen { subscriptions, minutes: self.manner.minutes }
            }
            Mode::Turns(_) => self.next_turn(now),
        }
    }

    /// Returns when an open stream is to be given up, because somebody waits to join it.
    pub fn gives_up_at(&self) -> Option<Duration> {
        let joins = self.joins_since.map(|since| since + self.manner.gather);
        let tries = self.next_try();
        joins.into_iter().chain(tries).min()
    }

    /// Learns what came of [`StreamStep::Subscribe`].
    pub fn subscribed(
        &mut self,
        who: Listener,
        outcome: Result<Result<Subscribed, Refusal>, EwsError>,
        now: Duration,
    ) -> Vec<(Listener, Hint)> {
        if !self.members.contains_key(&who) {
            if let Ok(Ok(done)) = outcome {
                self.leftover.push((who, done.id));
            }
            return Vec::new();
        }
        match outcome {
            Ok(Ok(done)) => {
                self.members.insert(who, Member::Subscribed(done.id, done.watermark));
                self.unheard.remove(&who);
                // Whatever happened before was not told.
                vec![(who, Hint::Gap)]
            }
            Ok(Err(refusal)) => match refusal.kind() {
                ErrorKind::Transient { retry_after } => self.rest_alone(who, retry_after, now),
                _ => self.deafen(who, now),
            },
            Err(EwsError::Fault(fault)) => match fault.code.kind(fault.back_off()) {
                ErrorKind::Transient { retry_after } => self.rest_alone(who, retry_after, now),
                _ => self.deafen(who, now),
            },
            Err(EwsError::Resting { left }) => self.rest_alone(who, Some(left), now),
            Err(error) => self.rest(wish(&error), now),
        }
    }

    /// Learns a part of the stream that is open.
    pub fn heard(&mut self, part: StreamPart, now: Duration) -> Vec<(Listener, Hint)> {
        let mut hints = Vec::new();
        self.spoke = true;
        // A first word proves little: some streams are refused with the second, others closed by somebody in between.
        if self.is_proven(now) {
            (self.mute, self.proven) = (0, true);
            self.backoff.succeeded();
            self.losses.clear();
            // Said when nobody else is about to join, so that ten who come one by one are one gap.
            self.gap |= std::mem::take(&mut self.seam);
        }
        match part {
            StreamPart::Notification(notification) => {
                hints.extend(self.told(&notification));
            }
            StreamPart::Message { refusal: None, lost, .. } => self.lose(&lost, now, &mut hints),
            StreamPart::Message { refusal: Some(refusal), lost, .. } => {
                return self.refused(&refusal, &lost, now);
            }
        }
        let hearing: Vec<_> = self.hearing().collect();
        let deaf = hearing.iter().filter_map(|who| self.unheard.remove(who)).any(|was| was.told);
        if std::mem::take(&mut self.gap) || deaf {
            // It speaks again; who was told something now need not be told that there was a gap.
            let told: BTreeSet<_> = hints.iter().map(|(who, _)| *who).collect();
            let others = hearing.into_iter().filter(|who| !told.contains(who));
            hints.extend(others.map(|who| (who, Hint::Gap)));
        }
        hints
    }

    /// Learns how the stream ended.
    pub fn ended(&mut self, end: StreamEnd, now: Duration) -> Vec<(Listener, Hint)> {
        let error = match end {
            StreamEnd::Failed(error) => error,
            StreamEnd::Closed if self.refused => return Vec::new(),
            // A server that closes each stream at once, or after a word, is not asked in a circle.
            StreamEnd::Closed if !self.spoke || !self.is_proven(now) => {
                return self.muted(None, Duration::ZERO, now);
            }
            StreamEnd::Closed => return Vec::new(),
            StreamEnd::GivenUp => {
                // One that never spoke may have been dead.
                self.gap |= !self.spoke;
                self.seam |= self.spoke;
                return Vec::new();
            }
        };
        self.gap = true;
        match &error {
            EwsError::Fault(fault) => {
                let refusal = Refusal {
                    code: fault.code.clone(),
                    text: None,
                    details: fault.details.clone(),
                };
                self.refused(&refusal, &[], now)
            }
            // What is open and says nothing, or says it only at its end, cannot be listened to.
            EwsError::TimedOut { .. } | EwsError::Reply(_) | EwsError::Status { .. }
                if !self.proven =>
            {
                self.muted(wish(&error), Duration::ZERO, now)
            }
            // A proxy that waits for the end of an answer gives up before we do, and others cut off what lasts too long for them.
            EwsError::Unavailable { .. } | EwsError::Lost { .. } if !self.proven => {
                self.muted(wish(&error), TROUBLE, now)
            }
            _ => self.rest(wish(&error), now),
        }
    }

    /// Learns what came of [`StreamStep::Pull`].
    pub fn pulled(
        &mut self,
        who: Listener,
        outcome: Result<Result<Notification, Refusal>, EwsError>,
        now: Duration,
    ) -> Vec<(Listener, Hint)> {
        self.asked.insert(who);
        match outcome {
            Ok(Ok(notification)) => {
                self.backoff.succeeded();
                if let Some(Member::Subscribed(_, watermark)) = self.members.get_mut(&who)
                    && notification.watermark.is_some()
                    && *watermark != notification.watermark
                {
                    watermark.clone_from(&notification.watermark);
                    // One that says "more" and does not move on would be asked for ever.
                    if notification.more {
                        self.asked.remove(&who);
                    }
                }
                let deaf = self.unheard.remove(&who).is_some_and(|was| was.told);
                if notification.is_news() {
                    vec![(who, Hint::News)]
                } else if deaf {
                    vec![(who, Hint::Gap)]
                } else {
                    Vec::new()
                }
            }
            Ok(Err(refusal)) => self.pull_refused(who, refusal.kind(), now),
            Err(EwsError::Fault(fault)) => {
                self.pull_refused(who, fault.code.kind(fault.back_off()), now)
            }
            Err(EwsError::Resting { left }) => self.rest_alone(who, Some(left), now),
            Err(error) => self.rest(wish(&error), now),
        }
    }

    fn pull_refused(
        &mut self,
        who: Listener,
        kind: ErrorKind,
        now: Duration,
    ) -> Vec<(Listener, Hint)> {
        if let ErrorKind::Transient { retry_after } = kind {
            return self.rest_alone(who, retry_after, now);
        }
        let mut hints = Vec::new();
        self.lose_member(who, now, &mut hints);
        hints
    }

    /// Says whether the stream that is open has lasted long enough to trust it.
    fn is_proven(&self, now: Duration) -> bool {
        now.saturating_sub(self.opened) >= PROVEN
    }

    /// The whole stream was refused.
    fn refused(
        &mut self,
        refusal: &Refusal,
        lost: &[SubscriptionId],
        now: Duration,
    ) -> Vec<(Listener, Hint)> {
        self.refused = true;
        let mut hints = Vec::new();
        if refusal.code == ResponseCode::ErrorExceededConnectionCount {
            self.enter(Mode::Turns(now + TRY_AGAIN));
            return hints;
        }
        match refusal.kind() {
            ErrorKind::Transient { retry_after } => return self.muted(retry_after, TROUBLE, now),
            ErrorKind::Unsupported if lost.is_empty() => {
                self.enter(Mode::Turns(now + TRY_AGAIN));
            }
            _ if self.knows(lost) => self.lose(lost, now, &mut hints),
            // Nobody says which: all are subscribed anew, after a pause that grows when that does not help.
            _ => {
                for member in self.members.values_mut() {
                    if let Member::Subscribed(..) = member {
                        *member = Member::Wants;
                    }
                }
                return self.rest(None, now);
            }
        }
        hints
    }

    fn told(&mut self, notification: &Notification) -> Vec<(Listener, Hint)> {
        let who = match &notification.subscription {
            Some(id) => self.owner(id).into_iter().collect(),
            None => self.hearing().collect::<Vec<_>>(),
        };
        for member in &who {
            self.losses.remove(member);
        }
        if !notification.is_news() {
            return Vec::new();
        }
        who.into_iter().map(|who| (who, Hint::News)).collect()
    }

    fn lose(&mut self, lost: &[SubscriptionId], now: Duration, hints: &mut Vec<(Listener, Hint)>) {
        let owners: Vec<_> = lost.iter().filter_map(|id| self.owner(id)).collect();
        for who in owners {
            self.lose_member(who, now, hints);
        }
    }

    fn lose_member(&mut self, who: Listener, now: Duration, hints: &mut Vec<(Listener, Hint)>) {
        let losses = self.losses.entry(who).or_default();
        *losses += 1;
        if *losses >= LOSSES {
            self.losses.remove(&who);
            hints.extend(self.deafen(who, now));
        } else {
            self.members.insert(who, Member::Wants);
        }
    }

    fn deafen(&mut self, who: Listener, now: Duration) -> Vec<(Listener, Hint)> {
        self.members.insert(who, Member::Deaf(now + TRY_AGAIN));
        vec![(who, Hint::Deaf)]
    }

    /// A stream did not last. After some in a row, and `least` so long, the way does not let streams through.
    fn muted(
        &mut self,
        wish: Option<Duration>,
        least: Duration,
        now: Duration,
    ) -> Vec<(Listener, Hint)> {
        if self.mute == 0 {
            self.mute_since = self.opened;
        }
        self.mute += 1;
        if self.mute < MUTE_STREAMS || now.saturating_sub(self.mute_since) < least {
            return self.rest(wish, now);
        }
        self.mute = 0;
        self.enter(Mode::Turns(now + TRY_AGAIN));
        Vec::new()
    }

    /// Lets one mailbox rest: its budget is used up, and the others have theirs. Where they share one, or where the server as a
    /// whole wants to be left alone, each of them is told so in its turn.
    fn rest_alone(
        &mut self,
        who: Listener,
        wish: Option<Duration>,
        now: Duration,
    ) -> Vec<(Listener, Hint)> {
        let pause = match wish {
            Some(wish) => wish.clamp(FIRST_PAUSE, TRY_AGAIN),
            None => self.backoff.failed(None),
        };
        self.resting.insert(who, now + pause);
        self.hears_nothing(who, now, now + pause).into_iter().collect()
    }

    /// Lets the server rest; longer each time that this happens in a row.
    fn rest(&mut self, wish: Option<Duration>, now: Duration) -> Vec<(Listener, Hint)> {
        self.rests_until = now + self.backoff.failed(wish);
        let waiting = |member: &Member| !matches!(member, Member::Deaf(_));
        let members = self.members.iter().filter(|(_, member)| waiting(member));
        let members: Vec<_> = members.map(|(who, _)| *who).collect();
        let until = self.rests_until;
        members.into_iter().filter_map(|who| self.hears_nothing(who, now, until)).collect()
    }

    /// Notes that nothing is heard of a mailbox now, nor before `until`. Where that is long, it is told so, once.
    fn hears_nothing(
        &mut self,
        who: Listener,
        now: Duration,
        until: Duration,
    ) -> Option<(Listener, Hint)> {
        let unheard = self.unheard.entry(who).or_insert(Unheard { since: now, told: false });
        let long = until.saturating_sub(unheard.since) >= UNHEARD;
        (long && !std::mem::replace(&mut unheard.told, true)).then_some((who, Hint::Deaf))
    }

    /// Changes between streams and turns; each needs subscriptions of its own kind.
    fn enter(&mut self, mode: Mode) {
        self.mode = if self.manner.streams { mode } else { Mode::Turns(Duration::MAX) };
        for (who, member) in &mut self.members {
            if let Member::Subscribed(id, _) = std::mem::replace(member, Member::Wants) {
                self.leftover.push((*who, id));
            }
        }
        self.asked.clear();
        self.next_round = Duration::ZERO;
    }

    fn next_turn(&mut self, now: Duration) -> StreamStep {
        if now >= self.next_round {
            self.next_round = now + self.manner.pull_every;
            self.asked.clear();
        }
        let next = self.members.iter().find_map(|(who, member)| match member {
            Member::Subscribed(id, watermark)
                if !self.asked.contains(who) && !self.resting.contains_key(who) =>
            {
                Some(StreamStep::Pull(*who, id.clone(), watermark.clone()))
            }
            _ => None,
        });
        next.unwrap_or_else(|| {
            let heard = self.subscriptions().next().is_some();
            let round = heard.then_some(self.next_round);
            StreamStep::Rest(round.into_iter().chain(self.next_try()).min())
        })
    }

    /// Returns when a mailbox is tried again that is deaf, or rests.
    fn next_try(&self) -> Option<Duration> {
        let tries = self.members.iter().filter_map(|(who, member)| match member {
            Member::Deaf(until) => Some(*until),
            Member::Wants => self.resting.get(who).copied(),
            Member::Subscribed(..) => None,
        });
        tries.min()
    }

    fn subscriptions(&self) -> impl Iterator<Item = &SubscriptionId> {
        self.members.values().filter_map(|member| match member {
            Member::Subscribed(id, _) => Some(id),
            _ => None,
        })
    }

    fn hearing(&self) -> impl Iterator<Item = Listener> {
        self.members
            .iter()
            .filter(|(_, member)| matches!(member, Member::Subscribed(..)))
            .map(|(who, _)| *who)
    }

    fn owner(&self, subscription: &SubscriptionId) -> Option<Listener> {
        self.members.iter().find_map(|(who, member)| match member {
            Member::Subscribed(id, _) if id == subscription => Some(*who),
            _ => None,
        })
    }

    fn knows(&self, lost: &[SubscriptionId]) -> bool {
        lost.iter().any(|id| self.owner(id).is_some())
    }
}

/// Returns how long the server wants to be left alone.
fn wish(error: &EwsError) -> Option<Duration> {
    match error.kind() {
        ErrorKind::Transient { retry_after } => retry_after,
        // A login that is refused, or an address that leads elsewhere, is not tried every few seconds.
        _ => Some(Duration::from_mins(5)),
    }
}

#[cfg(test)]
mod tests;
