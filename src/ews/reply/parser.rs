//! The state machine that knows how answers are built (pure).
//!
//! Elements are found by their local names and by where they stand, in any order, and what is
//! unknown is skipped: prefixes vary, elements come misplaced or twice, and a response message may
//! be called `m:x` (grommunio 3.10).
//!
//! Long because where an element may stand and what it completes is one table in two columns.

use std::collections::VecDeque;

use crate::ews::code::ResponseCode;
use crate::ews::error::{Fault, Refusal, ReplyError};
use crate::ews::id::{ItemId, SubscriptionId, SyncState, Watermark};
use crate::ews::reply::item::ItemReader;
use crate::ews::reply::{Arrival, Change, Message, Outcome, convert, notification};
use crate::ews::version::ServerVersionInfo;
use crate::ews::xml::reader::{Handler, Limits, PushReader, Tag};
use crate::ews::xml::text::TextBuffer;
use crate::ews::xml::tree::{Node, Tree};

/// What an answer was, once it is complete.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// What the server said of itself; faults come without it.
    pub server: Option<ServerVersionInfo>,
    /// The refusal of the whole request, if it was one.
    pub fault: Option<Fault>,
    /// How many response messages there were.
    pub messages: usize,
}

/// Takes an answer in pieces of any size and hands out what is complete.
///
/// The places of parts are certain only when [`ReplyParser::finish`] succeeds: a server that skips
/// a message shifts all that follow. Until then, tell items by their ids.
#[derive(Debug)]
pub struct ReplyParser {
    reader: PushReader,
    state: State,
}

impl ReplyParser {
    /// Makes a parser.
    pub fn new(limits: Limits) -> Self {
        Self { reader: PushReader::new(limits), state: State::new(limits) }
    }

    /// Takes the next piece.
    ///
    /// # Errors
    ///
    /// See [`ReplyError`]. After one, the parser must not be fed again.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), ReplyError> {
        self.reader.feed(bytes, &mut self.state)
    }

    /// Hands out the next thing that is complete.
    pub fn next_arrival(&mut self) -> Option<Arrival> {
        self.state.arrivals.pop_front()
    }

    /// Returns how many messages have begun.
    pub(super) fn messages(&self) -> usize {
        self.state.messages
    }

    /// Ends the answer. `expected` is the number of messages that were asked for.
    ///
    /// # Errors
    ///
    /// When the answer is cut off, empty, no SOAP, or has another number of messages.
    pub fn finish(&self, expected: usize) -> Result<Reply, ReplyError> {
        self.reader.finish()?;
        let reply = Reply {
            server: self.state.server.clone(),
            fault: self.state.fault.clone(),
            messages: self.state.messages,
        };
        if reply.fault.is_none() {
            if !self.state.answered {
                return Err(ReplyError::Empty);
            }
            if reply.messages != expected {
                return Err(ReplyError::Count { expected, found: reply.messages });
            }
        }
        Ok(reply)
    }
}

/// Where an open element stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Envelope,
    Header,
    Body,
    Answer,
    Messages,
    Message,
    /// A text of a message.
    Note(Note),
    /// `RootFolder`
    Root,
    /// `Items`
    Items,
    /// `Folders`
    Folders,
    /// `ResolutionSet`
    Resolutions,
    /// `Changes`
    Changes,
    Change(Kind),
    /// `Notifications`
    Notifications,
    /// `ErrorSubscriptionIds`
    LostSubscriptions,
    /// An item and all that is in it, which `ItemReader` knows.
    Item,
    /// A piece that is read as a tree.
    Tree(Purpose),
    /// Nothing that we know.
    Skipped,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Note {
    Code,
    Text,
    State,
    Last,
    Subscription,
    Watermark,
    LostSubscription,
    Connection,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Create,
    Update,
    Delete,
    ReadFlag,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Fault,
    Folder,
    Resolution,
    Details,
    Conflicts,
    Notification,
}

#[derive(Debug)]
struct State {
    limits: Limits,
    path: Vec<At>,
    /// How many elements are open within the item or tree that is being read.
    inner: usize,
    /// Since when the memory of the part that is being read counts.
    part: usize,
    text: TextBuffer,
    tree: Tree,
    item: ItemReader,
    message: Message,
    /// What the message says of a refusal, until its class is known to be one.
    refusal: Refusal,
    class: Class,
    change_id: Option<ItemId>,
    messages: usize,
    answered: bool,
    server: Option<ServerVersionInfo>,
    fault: Option<Fault>,
    arrivals: VecDeque<Arrival>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Success,
    Warning,
    Error,
}

fn no_refusal() -> Refusal {
    Refusal { code: ResponseCode::NoError, text: None, details: Vec::new() }
}

impl State {
    fn new(limits: Limits) -> Self {
        Self {
            limits,
            path: Vec::with_capacity(16),
            inner: 0,
            part: 0,
            text: TextBuffer::default(),
            tree: Tree::default(),
            item: ItemReader::default(),
            message: Message::default(),
            refusal: no_refusal(),
            class: Class::Success,
            change_id: None,
            messages: 0,
            answered: false,
            server: None,
            fault: None,
            arrivals: VecDeque::new(),
        }
    }

    /// Decides where a new element stands.
    fn place(&mut self, tag: &Tag<'_>) -> Result<At, ReplyError> {
        let name = tag.name();
        let Some(at) = self.path.last().copied() else {
            if name == "Envelope" {
                return Ok(At::Envelope);
            }
            return Err(ReplyError::NotSoap { found: format!("<{name}") });
        };
        Ok(match (at, name) {
            (At::Envelope, "Header") => At::Header,
            (At::Envelope, "Body") => At::Body,
            (At::Header, "ServerVersionInfo") => {
                self.server = Some(convert::server_version(tag));
                At::Skipped
            }
            (At::Body, "Fault") => self.begin_tree(tag, Purpose::Fault),
            (At::Body, _) => {
                self.answered = true;
                At::Answer
            }
            (At::Answer, "ResponseMessages") => At::Messages,
            (At::Messages, _) => {
                self.begin_message(tag);
                At::Message
            }
            (At::Message, "ResponseCode") => At::Note(Note::Code),
            (At::Message, "MessageText") => At::Note(Note::Text),
            (At::Message, "SyncState") => At::Note(Note::State),
            (At::Message, "IncludesLastItemInRange") => At::Note(Note::Last),
            (At::Message, "SubscriptionId") => At::Note(Note::Subscription),
            (At::Message, "Watermark") => At::Note(Note::Watermark),
            (At::Message, "ConnectionStatus") => At::Note(Note::Connection),
            (At::Message, "ErrorSubscriptionIds") => At::LostSubscriptions,
            (At::LostSubscriptions, _) => At::Note(Note::LostSubscription),
            (At::Message, "Notifications") => At::Notifications,
            (At::Message, "Notification") | (At::Notifications, _) => {
                self.begin_tree(tag, Purpose::Notification)
            }
            (At::Message, "MessageXml") => self.begin_tree(tag, Purpose::Details),
            (At::Message, "ConflictResults") => self.begin_tree(tag, Purpose::Conflicts),
            (At::Message, "RootFolder") => {
                self.message.total = number(tag, "TotalItemsInView");
                self.message.next_offset = number(tag, "IndexedPagingOffset");
                self.message.last = tag
                    .attribute("IncludesLastItemInRange")
                    .and_then(|text| convert::boolean(&text));
                At::Root
            }
            (At::Message | At::Root, "Items") => At::Items,
            (At::Message | At::Root, "Folders") => At::Folders,
            (At::Message, "Changes") => At::Changes,
            (At::Message, "ResolutionSet") => At::Resolutions,
            (At::Folders, _) => self.begin_tree(tag, Purpose::Folder),
            (At::Resolutions, _) => self.begin_tree(tag, Purpose::Resolution),
            (At::Changes, "Create") => At::Change(Kind::Create),
            (At::Changes, "Update") => At::Change(Kind::Update),
            (At::Changes, "Delete") => At::Change(Kind::Delete),
            (At::Changes, "ReadFlagChange") => At::Change(Kind::ReadFlag),
            (At::Items | At::Change(Kind::Create | Kind::Update), _) => {
                self.begin_item(tag);
                At::Item
            }
            // An occurrence that was deleted out of a folder has an OccurrenceItemId.
            (At::Change(_), "ItemId") => {
                self.change_id = tag.attribute("Id").map(ItemId::from);
                At::Skipped
            }
            _ => At::Skipped,
        })
    }

    fn begin_message(&mut self, tag: &Tag<'_>) {
        self.message = Message { index: self.messages, ..Message::default() };
        self.refusal = no_refusal();
        self.class = match tag.attribute("ResponseClass").as_deref() {
            Some("Error") => Class::Error,
            Some("Warning") => Class::Warning,
            _ => Class::Success,
        };
        self.messages += 1;
        self.part = 0;
    }

    fn begin_item(&mut self, tag: &Tag<'_>) {
        self.inner = 0;
        self.part = 0;
        self.item.begin(tag.name());
    }

    fn begin_tree(&mut self, tag: &Tag<'_>, purpose: Purpose) -> At {
        self.inner = 0;
        self.part = 0;
        self.tree = Tree::default();
        self.tree.push(Node::of(tag, 0));
        At::Tree(purpose)
    }

    fn complete(&mut self, at: At) {
        match at {
            At::Note(note) => self.complete_note(note),
            At::Message => self.complete_message(),
            At::Item => self.complete_item(),
            At::Change(kind) => self.complete_change(kind),
            At::Tree(purpose) => self.complete_tree(purpose),
            _ => {}
        }
    }

    fn complete_note(&mut self, note: Note) {
        match note {
            Note::Code => {
                self.refusal.code = ResponseCode::parse(self.text.as_str());
                self.text.clear();
            }
            Note::Text => self.refusal.text = Some(self.text.take()),
            Note::State => {
                let state = self.text.take();
                let state = state.trim();
                if !state.is_empty() {
                    self.message.state = Some(SyncState::from(state));
                }
            }
            Note::Last => {
                self.message.last = convert::boolean(self.text.as_str());
                self.text.clear();
            }
            Note::Subscription => {
                self.message.subscription = self.trimmed().map(SubscriptionId::from);
            }
            Note::Watermark => self.message.watermark = self.trimmed().map(Watermark::from),
            Note::LostSubscription => {
                let id = self.trimmed().map(SubscriptionId::from);
                self.message.lost.extend(id);
            }
            Note::Connection => {
                self.message.closed = self.trimmed().map(|status| status == "Closed");
            }
        }
    }

    /// Takes the text of a note without the blanks around it; `None` when it is blank.
    fn trimmed(&mut self) -> Option<String> {
        let text = self.text.take();
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    fn complete_message(&mut self) {
        let refusal = std::mem::replace(&mut self.refusal, no_refusal());
        let mut message = std::mem::take(&mut self.message);
        message.outcome = match self.class {
            Class::Error => Outcome::Error(refusal),
            Class::Warning => Outcome::Warning(refusal),
            // A code that is no success makes it none, whatever the class says.
            Class::Success if refusal.code.as_str().starts_with("Error") => Outcome::Error(refusal),
            Class::Success => Outcome::Success,
        };
        self.arrivals.push_back(Arrival::Message(message));
    }

    fn complete_item(&mut self) {
        let item = self.item.finish();
        let place = self.path.last().copied();
        let Some(item) = item else {
            // A message of GetItem is then found to lack its item; elsewhere there is nothing
            // that could be named.
            return;
        };
        self.message.parts += 1;
        let message = self.message.index;
        self.arrivals.push_back(match place {
            Some(At::Change(Kind::Create)) => {
                Arrival::Change { message, change: Change::Created(item) }
            }
            Some(At::Change(_)) => Arrival::Change { message, change: Change::Updated(item) },
            _ => Arrival::Item { message, item },
        });
    }

    fn complete_change(&mut self, kind: Kind) {
        let Some(id) = self.change_id.take() else { return };
        let change = match kind {
            Kind::Delete => Change::Deleted(id),
            Kind::ReadFlag => Change::ReadFlag(id),
            Kind::Create | Kind::Update => return,
        };
        self.message.parts += 1;
        self.arrivals.push_back(Arrival::Change { message: self.message.index, change });
    }

    fn complete_tree(&mut self, purpose: Purpose) {
        let tree = std::mem::take(&mut self.tree);
        let Some(root) = tree.root() else { return };
        match purpose {
            Purpose::Fault => self.fault = Some(convert::fault(root)),
            Purpose::Details => self.refusal.details = convert::details(root),
            Purpose::Conflicts => {
                self.message.conflicts = root.text_of("Count").and_then(|text| text.parse().ok());
            }
            Purpose::Notification => {
                self.message.parts += 1;
                let (message, notification) = (self.message.index, notification::of(root));
                self.arrivals.push_back(Arrival::Notification { message, notification });
            }
            Purpose::Resolution => {
                self.message.parts += 1;
                let (message, resolution) = (self.message.index, convert::resolution(root));
                let resolution = Box::new(resolution);
                self.arrivals.push_back(Arrival::Resolution { message, resolution });
            }
            Purpose::Folder => {
                if let Some(folder) = convert::folder(root) {
                    self.message.parts += 1;
                    self.arrivals
                        .push_back(Arrival::Folder { message: self.message.index, folder });
                }
            }
        }
    }

    /// Counts what the part that is being read takes in memory.
    fn count(&mut self, bytes: usize, offset: u64) -> Result<(), ReplyError> {
        self.part += bytes;
        if self.part > self.limits.part {
            return Err(ReplyError::TooLarge { offset, limit: "one item" });
        }
        Ok(())
    }
}

/// What an open element is counted as, beside its text.
const ELEMENT_COST: usize = 64;

impl Handler for State {
    fn start(&mut self, tag: &Tag<'_>, offset: u64) -> Result<(), ReplyError> {
        match self.path.last() {
            Some(At::Item) => {
                self.count(ELEMENT_COST, offset)?;
                self.inner += 1;
                self.item.start(tag);
            }
            Some(At::Tree(_)) => {
                self.count(ELEMENT_COST, offset)?;
                self.text.clear();
                self.inner += 1;
                self.tree.push(Node::of(tag, self.inner));
            }
            _ => {
                let at = self.place(tag)?;
                self.text.clear();
                self.path.push(at);
            }
        }
        Ok(())
    }

    fn text(&mut self, raw: &str, offset: u64) -> Result<(), ReplyError> {
        match self.path.last() {
            Some(At::Item) => {
                if let Some(text) = self.item.text() {
                    text.fragment(raw);
                    self.count(raw.len(), offset)?;
                }
            }
            Some(At::Note(_) | At::Tree(_)) => {
                self.text.fragment(raw);
                self.count(raw.len(), offset)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn reference(&mut self, name: &str) {
        match self.path.last() {
            Some(At::Item) => {
                if let Some(text) = self.item.text() {
                    text.reference(name);
                }
            }
            Some(At::Note(_) | At::Tree(_)) => self.text.reference(name),
            _ => {}
        }
    }

    fn end(&mut self) {
        match self.path.last() {
            Some(At::Item) if self.inner > 0 => {
                self.inner -= 1;
                self.item.end();
                return;
            }
            Some(At::Tree(_)) => {
                let text = self.text.take();
                self.tree.set_text(self.inner, text);
                if self.inner > 0 {
                    self.inner -= 1;
                    return;
                }
            }
            _ => {}
        }
        if let Some(at) = self.path.pop() {
            self.complete(at);
        }
    }
}

fn number(tag: &Tag<'_>, name: &str) -> Option<u32> {
    tag.attribute(name).and_then(|text| text.trim().parse().ok())
}
