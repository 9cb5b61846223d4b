//! The operations, one file each, named as Microsoft names them (pure).
//!
//! An operation writes its own request and says what arrives in answer to it. What is handed out
//! while an answer streams in is its [`Operation::Part`]; the place of a part in its batch is all
//! that ties it to what was asked for, so parts carry that place.

pub mod create_folder;
pub mod create_item;
pub mod delete_item;
pub mod find_folder;
pub mod find_item;
pub mod folder;
pub mod get_events;
pub mod get_folder;
pub mod get_item;
pub mod get_streaming_events;
pub mod resolve_names;
pub mod subscribe;
pub mod sync_folder_items;
pub mod unsubscribe;
pub mod update_item;
pub(crate) mod write;

use crate::ews::error::{Refusal, ReplyError};
use crate::ews::id::{ChangeKey, ItemId};
use crate::ews::reply::{Arrival, Outcome};
use crate::ews::version::ServerVersion;
use crate::ews::xml::writer::{Ns, Writer};

/// A request and what comes in answer to it.
pub trait Operation {
    /// The name at Microsoft, for logs.
    const NAME: &'static str;

    /// Whether it changes anything: then a lost answer leaves the outcome open.
    const CHANGES: bool;

    /// What is handed out while the answer arrives.
    type Part;

    /// Writes the body of the request.
    fn write(&self, xml: &mut Writer, version: ServerVersion);

    /// Returns how many response messages must come.
    fn messages(&self) -> usize;

    /// Turns what arrived into a part, or into nothing when it completes none.
    fn part(&self, arrival: Arrival) -> Result<Option<Self::Part>, ReplyError>;
}

/// An operation may be lent, where it may have to be sent again.
impl<O: Operation> Operation for &O {
    const NAME: &'static str = O::NAME;
    const CHANGES: bool = O::CHANGES;
    type Part = O::Part;

    fn write(&self, xml: &mut Writer, version: ServerVersion) {
        O::write(self, xml, version);
    }

    fn messages(&self) -> usize {
        O::messages(self)
    }

    fn part(&self, arrival: Arrival) -> Result<Option<Self::Part>, ReplyError> {
        O::part(self, arrival)
    }
}

/// What came for the request at this place of its batch, counted from 0.
pub type Placed<T> = (usize, Result<T, Refusal>);

/// An item by its id, and by its version where that matters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ItemRef {
    /// Which item.
    pub id: ItemId,
    /// Which version of it was last seen.
    pub change_key: Option<ChangeKey>,
}

impl ItemRef {
    pub(crate) fn write(&self, xml: &mut Writer) {
        match &self.change_key {
            Some(key) => {
                xml.empty(
                    Ns::Types,
                    "ItemId",
                    &[("Id", self.id.as_str()), ("ChangeKey", key.as_str())],
                );
            }
            None => xml.empty(Ns::Types, "ItemId", &[("Id", self.id.as_str())]),
        }
    }
}

impl From<ItemId> for ItemRef {
    fn from(id: ItemId) -> Self {
        Self { id, change_key: None }
    }
}

/// One occurrence of a series, by its place among all of them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OccurrenceRef {
    /// The series.
    pub master: ItemId,
    /// From 1, deleted ones included; grommunio 3.10 leaves those out.
    pub index: u32,
}

/// What `GetItem` fetches.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Target {
    /// An item, a series as a whole, or an occurrence by an id of its own.
    Item(ItemRef),
    /// An occurrence by its place.
    Occurrence(OccurrenceRef),
}

impl Target {
    pub(crate) fn write(&self, xml: &mut Writer) {
        match self {
            Self::Item(item) => item.write(xml),
            Self::Occurrence(OccurrenceRef { master, index }) => {
                let attributes =
                    [("RecurringMasterId", master.as_str()), ("InstanceIndex", &index.to_string())];
                xml.empty(Ns::Types, "OccurrenceItemId", &attributes);
            }
        }
    }
}

impl From<ItemId> for Target {
    fn from(id: ItemId) -> Self {
        Self::Item(id.into())
    }
}

/// Where an item that was just written is, and which version it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// Its id.
    pub id: ItemId,
    /// Its version.
    pub change_key: ChangeKey,
}

/// What a search hands out.
#[derive(Debug, Clone, PartialEq)]
pub enum FindPage<T> {
    /// Something was found.
    Entry(T),
    /// The page is complete.
    End {
        /// Whether the server says that there is no more.
        last: bool,
        /// Where the next page begins, if the server said so.
        next_offset: Option<u32>,
        /// How many there are in all, if the server said so.
        total: Option<u32>,
        /// How many the page had.
        entries: usize,
    },
}

/// Turns the end of a message that should have brought one thing into a refusal, or into nothing
/// when the thing was handed out before.
fn answered<T>(arrival: Arrival, what: &'static str) -> Result<Option<Placed<T>>, ReplyError> {
    let Arrival::Message(message) = arrival else { return Ok(None) };
    match (message.parts, message.outcome) {
        (0, Outcome::Error(refusal) | Outcome::Warning(refusal)) => {
            Ok(Some((message.index, Err(refusal))))
        }
        (0, Outcome::Success) => Err(ReplyError::Lacks { message: message.index, what }),
        _ => Ok(None),
    }
}

/// The same for writes, whose items have ids and nothing else.
fn saved(arrival: Arrival) -> Result<Option<Placed<Saved>>, ReplyError> {
    match arrival {
        Arrival::Item { message, item } => {
            Ok(Some((message, Ok(Saved { id: item.id, change_key: item.change_key }))))
        }
        other => answered(other, "item id"),
    }
}

/// The same where a message brings nothing but its outcome. A warning has not done the work
/// (`ErrorBatchProcessingStopped`).
fn done(arrival: Arrival) -> Option<Placed<()>> {
    let Arrival::Message(message) = arrival else { return None };
    Some(match message.outcome {
        Outcome::Success => (message.index, Ok(())),
        Outcome::Warning(refusal) | Outcome::Error(refusal) => (message.index, Err(refusal)),
    })
}

/// The same for searches.
fn page<T>(arrival: Arrival) -> Result<Option<Placed<FindPage<T>>>, ReplyError> {
    let Arrival::Message(message) = arrival else { return Ok(None) };
    if let Outcome::Error(refusal) = message.outcome {
        return Ok(Some((message.index, Err(refusal))));
    }
    let what = "IncludesLastItemInRange";
    // Saying "last" without having been told so would end a listing early.
    let last = message.last.ok_or(ReplyError::Lacks { message: message.index, what })?;
    let end = FindPage::End {
        last,
        next_offset: message.next_offset,
        total: message.total,
        entries: message.parts,
    };
    Ok(Some((message.index, Ok(end))))
}
