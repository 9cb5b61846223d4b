//! Effect: listens to what a server tells of its mailboxes, and hands the hints on.
//!
//! Mailboxes are put into groups by the place that they lie in, at most 200 each; every group has a lane of its own, on
//! which its subscriptions are made and its stream stays open. What to send, and what an answer means, is
//! [`StreamGroup`]'s; here are the connections and the clock. Nothing here is needed for being right: whoever follows the
//! hints reads the folders as ever.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep_until, timeout};

use crate::ews::envelope::{Header, Impersonation};
use crate::ews::operation::Operation;
use crate::ews::operation::folder::FolderRef;
use crate::ews::operation::get_streaming_events::MOST_SUBSCRIPTIONS;
use crate::ews::operation::subscribe::{Delivery, Subscribed};
use crate::ews::session::{Hint, Listener, StreamEnd, StreamGroup, StreamManner, StreamStep};
use crate::ews::transport::{Lane, Settings, Timeouts};
use crate::ews::{
    EventsPart, EwsError, FolderId as EwsFolderId, GetEvents, GetStreamingEvents, Notification,
    Refusal, ServerVersion, StreamPart, Subscribe, SubscriptionId, Unsubscribe, Watermark,
};
use crate::mailbox::exchange::failure;
use crate::mailbox::exchange::gate::SharedGate;
use crate::mailbox::exchange::homes::{Home, Homes};
use crate::mailbox::exchange::lane::ActAs;
use crate::model::FolderId;

/// How to listen.
#[derive(Clone, Copy, Debug)]
pub struct ListenManner {
    /// How long a server is silent at most while all is well; Exchange and grommunio send something every 45 seconds. Twice
    /// as long, and the stream is taken for dead.
    pub heartbeat: Duration,
    /// How streams are opened, and what stands in for them.
    pub stream: StreamManner,
    /// How many streams may be open at once; `None`: 3 for Exchange 2013, 10 for others.
    pub most_streams: Option<usize>,
}

impl Default for ListenManner {
    fn default() -> Self {
        Self {
            heartbeat: Duration::from_secs(45),
            stream: StreamManner::default(),
            most_streams: None,
        }
    }
}

/// Somebody who listens to the mailboxes of a server. Dropping it ends the listening.
#[derive(Debug)]
pub struct Ears {
    commands: UnboundedSender<Command>,
}

enum Command {
    Watch(Listener, ActAs, Vec<FolderId>),
    Forget(Listener),
}

type Hints = dyn Fn(Listener, Hint) + Send + Sync;

impl Ears {
    pub(super) fn open(
        settings: &Settings,
        connect: Duration,
        homes: Homes,
        gate: SharedGate,
        manner: ListenManner,
        hints: Box<Hints>,
        runtime: &Handle,
    ) -> Self {
        let (commands, mut waiting) = unbounded_channel();
        // A stream lasts for half an hour; what is silent for two heartbeats is dead.
        let timeouts = Timeouts {
            connect,
            read: manner.heartbeat * 2,
            total: Duration::from_mins(u64::from(manner.stream.minutes) + 2),
        };
        let mut room = Room {
            settings: settings.for_streams(timeouts),
            homes,
            gate,
            manner,
            hints: hints.into(),
            groups: BTreeMap::new(),
            places: BTreeMap::new(),
            next: 0,
        };
        runtime.spawn(async move {
            while let Some(command) = waiting.recv().await {
                room.take(command);
            }
        });
        Self { commands }
    }

    /// Listens to these folders of a mailbox, from now on to no others of it. `who` is how hints name it. On a mailbox that
    /// is listened to already this subscribes anew.
    pub fn watch(&self, who: Listener, act_as: ActAs, folders: Vec<FolderId>) {
        // The room is gone only when the runtime is.
        let _ = self.commands.send(Command::Watch(who, act_as, folders));
    }

    /// Listens to a mailbox no more.
    pub fn forget(&self, who: Listener) {
        let _ = self.commands.send(Command::Forget(who));
    }
}

/// The groups of a server.
struct Room {
    settings: Settings,
    homes: Homes,
    gate: SharedGate,
    manner: ListenManner,
    hints: Arc<Hints>,
    groups: BTreeMap<u64, Place>,
    places: BTreeMap<Listener, u64>,
    next: u64,
}

/// A group as the room sees it.
struct Place {
    /// Where its mailboxes lie.
    at: String,
    streams: bool,
    members: usize,
    commands: UnboundedSender<Word>,
}

/// What the room tells a group.
enum Word {
    Watch(Listener, Box<Member>),
    Forget(Listener),
}

/// A mailbox of a group.
struct Member {
    act_as: ActAs,
    folders: Vec<FolderId>,
    home: Home,
}

impl Room {
    fn take(&mut self, command: Command) {
        match command {
            Command::Forget(who) => self.leave(who),
            Command::Watch(who, act_as, folders) => {
                let home = self.homes.of(&act_as);
                let stays = |place: &Place| place.at == home.place();
                let at = self.places.get(&who).copied();
                let at = at.filter(|at| self.groups.get(at).is_some_and(stays));
                let at = at.unwrap_or_else(|| {
                    // The mailbox has moved, or is new here.
                    self.leave(who);
                    self.join(who, home.place())
                });
                if let Some(place) = self.groups.get(&at) {
                    let member = Box::new(Member { act_as, folders, home });
                    let _ = place.commands.send(Word::Watch(who, member));
                }
            }
        }
    }

    fn leave(&mut self, who: Listener) {
        let Some(at) = self.places.remove(&who) else { return };
        if let Some(place) = self.groups.get_mut(&at) {
            place.members = place.members.saturating_sub(1);
            let _ = place.commands.send(Word::Forget(who));
            if place.members == 0 {
                self.groups.remove(&at);
            }
        }
    }

    /// Finds a group with room in a place, or makes one. Streams beyond what the server allows are not opened: such a
    /// group asks in turns.
    fn join(&mut self, who: Listener, lies: &str) -> u64 {
        let free = |place: &Place| place.at == lies && place.members < MOST_SUBSCRIPTIONS;
        let found = self.groups.iter().find(|(_, place)| free(place)).map(|(at, _)| *at);
        let at = found.unwrap_or_else(|| self.make(lies));
        if let Some(place) = self.groups.get_mut(&at) {
            place.members += 1;
        }
        self.places.insert(who, at);
        at
    }

    fn make(&mut self, lies: &str) -> u64 {
        let most = self.manner.most_streams.unwrap_or_else(|| self.homes.streams());
        let open = self.groups.values().filter(|place| place.streams).count();
        let streams = self.manner.stream.streams && open < most;
        let (commands, words) = unbounded_channel();
        let group = Group {
            machine: StreamGroup::new(StreamManner { streams, ..self.manner.stream }),
            lane: self.settings.lane(),
            gate: self.gate.clone(),
            members: BTreeMap::new(),
            anchor: None,
            words,
            hints: Arc::clone(&self.hints),
            begun: Instant::now(),
        };
        tracing::debug!(lies, streams, "a group of mailboxes to listen to");
        tokio::spawn(group.run());
        let at = self.next;
        self.next += 1;
        let place = Place { at: lies.to_owned(), streams, members: 0, commands };
        self.groups.insert(at, place);
        at
    }
}

/// A group at work.
struct Group {
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
    async fn run(mut self) {
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
                    if failure::passes(refusal.kind()).is_none() {
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

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Watch(who, ..) => write!(f, "Watch({who})"),
            Self::Forget(who) => write!(f, "Forget({who})"),
        }
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
