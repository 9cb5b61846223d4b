//! Effect: a group of mailboxes at work: its subscriptions, its stream, and what stands in for it.
//!
//! What to send, and what an answer means, is [`StreamGroup`]'s; here are the connection and the clock.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::mpsc::error::TryRecvError;
use tokio::time::{Instant, sleep_until, timeout};

use crate::ews::envelope::{Header, Impersonation};
use crate::ews::operation::Operation;
use crate::ews::operation::folder::FolderRef;
use crate::ews::operation::subscribe::{Delivery, Subscribed};
use crate::ews::session::{Hint, Listener, StreamEnd, StreamGroup, StreamStep};
use crate::ews::transport::Lane;
use crate::ews::{
    EventsPart, EwsError, FolderId as EwsFolderId, GetEvents, GetStreamingEvents, Notification,
    Refusal, ServerVersion, StreamPart, Subscribe, SubscriptionId, Unsubscribe, Watermark,
};
use crate::mailbox::exchange::failure;
use crate::mailbox::exchange::gate::SharedGate;
use crate::mailbox::exchange::homes::Home;
use crate::mailbox::exchange::lane::ActAs;
use crate::mailbox::exchange::listen::Hints;
use crate::model::FolderId;

/// What the room tells a group.
pub(super) enum Word {
    Watch(Listener, Box<Member>),
    Forget(Listener),
}

/// A mailbox of a group.
pub(super) struct Member {
    pub(super) act_as: ActAs,
    pub(super) folders: Vec<FolderId>,
    pub(super) home: Home,
}

/// A group at work.
pub(super) struct Group {
    machine: StreamGroup,
    /// Its cookies lead to the back end where the subscriptions are, whatever mailbox a request is for ("How to: Maintain affinity
    /// between a group of subscriptions and the Mailbox server"). Whenever something ends that should not have, they are forgotten:
    /// after a fail-over they would lead to the dead server for ever.
    lane: Lane,
    /// What the mailboxes of the server share: what one of them was told is heeded here as well. The stream itself waits for
    /// nobody, since it asks for nothing once it is open.
    gate: SharedGate,
    members: BTreeMap<Listener, Member>,
    /// By whom the front end finds the back end where the subscriptions are. Another one might lead elsewhere, so it stays for as
    /// long as its mailbox does.
    anchor: Option<Listener>,
    words: UnboundedReceiver<Word>,
    hints: Arc<Hints>,
    begun: Instant,
}

impl Group {
    /// Makes a group without members; nothing is sent yet.
    pub(super) fn new(
        machine: StreamGroup,
        lane: Lane,
        gate: SharedGate,
        words: UnboundedReceiver<Word>,
        hints: Arc<Hints>,
    ) -> Self {
        let (members, begun) = (BTreeMap::new(), Instant::now());
        Self { machine, lane, gate, members, anchor: None, words, hints, begun }
    }

    /// Works until nobody wants to know any more.
    pub(super) async fn run(mut self) {
        loop {
            loop {
                let now = self.now();
                match self.words.try_recv() {
                    Ok(word) => self.take(word, now),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return,
                }
            }
            let now = self.now();
            match self.machine.next(now) {
                StreamStep::Subscribe(who, delivery) => {
                    let outcome = self.subscribe(who, delivery).await;
                    let hints = self.machine.subscribed(who, outcome, self.now());
                    self.hand_on(hints);
                }
                StreamStep::Unsubscribe(who, subscription) => {
                    let header = self.header(Some(who));
                    // One that is not given back ends by itself.
                    if let Ok(budget) = self.may_ask(who) {
                        let outcome = self.lane.all(Unsubscribe { subscription }, &header).await;
                        self.gate.learn(&budget, outcome.as_ref().map(|_| ()));
                    }
                }
                StreamStep::Pull(who, subscription, watermark) => {
                    let outcome = self.pull(who, subscription, watermark).await;
                    let hints = self.machine.pulled(who, outcome, self.now());
                    self.hand_on(hints);
                }
                StreamStep::Listen { subscriptions, minutes } => {
                    if !self.listen(GetStreamingEvents { subscriptions, minutes }).await {
                        return;
                    }
                }
                StreamStep::Rest(until) => {
                    let until = until.map(|until| self.begun + until);
                    tokio::select! {
                        word = self.words.recv() => match word {
                            Some(word) => self.take(word, now),
                            None => return,
                        },
                        () = at(until) => {}
                    }
                }
            }
        }
    }

    async fn subscribe(
        &mut self,
        who: Listener,
        delivery: Delivery,
    ) -> Result<Result<Subscribed, Refusal>, EwsError> {
        let header = self.header(Some(who));
        let folders = self.members.get(&who).map(|member| &member.folders);
        let folders = folders.into_iter().flatten();
        let folders = folders.map(|id| FolderRef::Id(EwsFolderId::new(id.as_str()))).collect();
        let budget = self.may_ask(who)?;
        let outcome = one(&mut self.lane, Subscribe { folders, delivery }, &header).await;
        match &outcome {
            Ok(Err(refusal)) => self.gate.refused(&budget, refusal),
            answered => self.gate.learn(&budget, answered.as_ref().map(|_| ())),
        }
        if outcome.is_err() {
            self.lane.lead_anew();
        }
        outcome
    }

    async fn pull(
        &mut self,
        who: Listener,
        subscription: SubscriptionId,
        watermark: Option<Watermark>,
    ) -> Result<Result<Notification, Refusal>, EwsError> {
        let header = self.header(Some(who));
        let budget = self.may_ask(who)?;
        let parts = self.lane.all(GetEvents { subscription, watermark }, &header).await;
        self.gate.learn(&budget, parts.as_ref().map(|_| ()));
        let parts = parts.inspect_err(|_| self.lane.lead_anew())?;
        let mut all: Option<Notification> = None;
        for part in parts {
            match (part, &mut all) {
                (EventsPart::Refused(refusal), _) => {
                    self.gate.refused(&budget, &refusal);
                    // A subscription that is not known there may be gone with the server on which it was made.
                    if failure::refusal_passes(&refusal).is_none() {
                        self.lane.lead_anew();
                    }
                    return Ok(Err(refusal));
                }
                (EventsPart::Notification(more), Some(all)) => all.events.extend(more.events),
                (EventsPart::Notification(first), None) => all = Some(first),
            }
        }
        // An answer that says success and nothing else is one without events.
        let quiet = || Notification {
            subscription: None,
            more: false,
            watermark: None,
            events: Vec::new(),
        };
        Ok(Ok(all.unwrap_or_else(quiet)))
    }

    /// Returns the budget of a mailbox, unless the server wants to be left alone.
    fn may_ask(&self, who: Listener) -> Result<String, EwsError> {
        let budget = self.budget(Some(who));
        match self.gate.rests(&budget) {
            Some(left) => Err(EwsError::Resting { left }),
            None => Ok(budget),
        }
    }

    /// Returns whose budget a request is charged to.
    fn budget(&self, who: Option<Listener>) -> String {
        let member = who.and_then(|who| self.members.get(&who));
        member.map(|member| member.act_as.budget()).unwrap_or_default()
    }

    /// Listens until the stream ends; `false` when nobody wants to know any more.
    async fn listen(&mut self, operation: GetStreamingEvents) -> bool {
        let header = self.header(None);
        let budget = self.budget(self.anchor);
        let Self { machine, lane, gate, members, anchor, words, hints, begun, .. } = self;
        let hand_on = |all: Vec<(Listener, Hint)>| {
            for (who, hint) in all {
                hints(who, hint);
            }
        };
        let mut stream = match lane.listen(operation, &header).await {
            Ok(stream) => stream,
            Err(error) => {
                gate.learn_of_stream(&budget, &error);
                hand_on(machine.ended(StreamEnd::Failed(error), begun.elapsed()));
                lane.lead_anew();
                return true;
            }
        };
        let mut refused = false;
        let end = loop {
            let gives_up = machine.gives_up_at().map(|until| *begun + until);
            tokio::select! {
                part = stream.next() => match part {
                    Ok(Some(part)) => {
                        let closes = matches!(part, StreamPart::Message { closed: true, .. });
                        if let StreamPart::Message { refusal: Some(refusal), .. } = &part {
                            refused = true;
                            if let Some(time) = refusal.back_off() {
                                gate.rest(&budget, time);
                            }
                        }
                        hand_on(machine.heard(part, begun.elapsed()));
                        if closes {
                            // Read to its end, so that the connection can be used again.
                            let _ = timeout(Duration::from_secs(2), stream.next()).await;
                            break StreamEnd::Closed;
                        }
                    }
                    Ok(None) => break StreamEnd::Closed,
                    Err(error) => {
                        gate.learn_of_stream(&budget, &error);
                        break StreamEnd::Failed(error);
                    }
                },
                word = words.recv() => match word {
                    Some(word) => take(machine, members, anchor, word, begun.elapsed()),
                    None => return false,
                },
                () = at(gives_up) => break StreamEnd::GivenUp,
            }
        };
        tracing::debug!(end = end.name(), "a stream of events has ended");
        drop(stream);
        if refused || matches!(end, StreamEnd::Failed(_)) {
            lane.lead_anew();
        }
        hand_on(machine.ended(end, begun.elapsed()));
        true
    }

    fn take(&mut self, word: Word, now: Duration) {
        take(&mut self.machine, &mut self.members, &mut self.anchor, word, now);
    }

    /// Makes the header of a request for a mailbox; without one, of a request for the group. The cookies that bind the lane to the
    /// back end are the lane's own.
    fn header(&self, who: Option<Listener>) -> Header {
        let anchor = self.anchor.and_then(|anchor| self.members.get(&anchor));
        let acting = who.and_then(|who| self.members.get(&who)).or(anchor);
        let contract = acting.and_then(|member| member.home.contract);
        let mut header = Header::new(contract.unwrap_or(ServerVersion::V2013Sp1));
        header.impersonate = acting.and_then(|member| match &member.act_as {
            ActAs::Owner(address) => Some(Impersonation::PrimarySmtpAddress(address.clone())),
            ActAs::OwnerBy { person, .. } => Some(person.clone()),
            ActAs::DelegateOf(_) | ActAs::OwnOf(_) | ActAs::Own => None,
        });
        header.affinity = anchor.and_then(|member| match &member.act_as {
            ActAs::Owner(address)
            | ActAs::OwnerBy { address, .. }
            | ActAs::DelegateOf(address)
            | ActAs::OwnOf(address) => Some(address.clone()),
            ActAs::Own => None,
        });
        header
    }

    fn hand_on(&self, hints: Vec<(Listener, Hint)>) {
        for (who, hint) in hints {
            (self.hints)(who, hint);
        }
    }

    fn now(&self) -> Duration {
        self.begun.elapsed()
    }
}

fn take(
    machine: &mut StreamGroup,
    members: &mut BTreeMap<Listener, Member>,
    anchor: &mut Option<Listener>,
    word: Word,
    now: Duration,
) {
    match word {
        Word::Watch(who, member) => {
            members.insert(who, *member);
            anchor.get_or_insert(who);
            machine.watch(who, now);
        }
        Word::Forget(who) => {
            machine.forget(who, now);
            members.remove(&who);
            if *anchor == Some(who) {
                *anchor = members.keys().next().copied();
            }
        }
    }
}

/// Sends a request that is answered with one outcome.
async fn one<T, O: Operation<Part = Result<T, Refusal>>>(
    lane: &mut Lane,
    operation: O,
    header: &Header,
) -> Result<Result<T, Refusal>, EwsError> {
    let mut parts = lane.all(operation, header).await?;
    let found = parts.len();
    let count = crate::ews::ReplyError::Count { expected: 1, found };
    parts.pop().ok_or(EwsError::Reply(count))
}

/// Waits until then; for ever without a time.
async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}
