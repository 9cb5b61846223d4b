//! Effect: listens to what a server tells of its mailboxes, and hands the hints on.
//!
//! Mailboxes are put into groups by the place that they lie in, at most 200 each; every group has a lane of its own, on
//! which its subscriptions are made and its stream stays open. Nothing here is needed for being right: whoever follows the
//! hints reads the folders as ever.

mod group;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::ews::operation::get_streaming_events::MOST_SUBSCRIPTIONS;
use crate::ews::session::{Hint, Listener, StreamGroup, StreamManner};
use crate::ews::transport::{Settings, Timeouts};
use crate::mailbox::exchange::gate::SharedGate;
use crate::mailbox::exchange::homes::Homes;
use crate::mailbox::exchange::lane::ActAs;
use crate::mailbox::exchange::listen::group::{Group, Member, Word};
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
        let machine = StreamGroup::new(StreamManner { streams, ..self.manner.stream });
        let (lane, hints) = (self.settings.lane(), Arc::clone(&self.hints));
        let group = Group::new(machine, lane, self.gate.clone(), words, hints);
        tracing::debug!(lies, streams, "a group of mailboxes to listen to");
        tokio::spawn(group.run());
        let at = self.next;
        self.next += 1;
        let place = Place { at: lies.to_owned(), streams, members: 0, commands };
        self.groups.insert(at, place);
        at
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
