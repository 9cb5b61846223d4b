//! What a server tells of a subscription (pure).
//!
//! A notification is a hint and nothing more: events come late, twice or not at all, and carry no
//! promise about versions. What is true is told by `SyncFolderItems`.

use crate::ews::id::{FolderId, ItemId, SubscriptionId, Watermark};
use crate::ews::xml::tree::Element;

/// What happened for one subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// Which subscription; `None` where the server did not say (then it can be any).
    pub subscription: Option<SubscriptionId>,
    /// Whether more waits than was told (`GetEvents`).
    pub more: bool,
    /// Up to where reading has come (`GetEvents`): the last watermark that was told.
    pub watermark: Option<Watermark>,
    /// The events, in the order of the document. A heartbeat is [`EventKind::Status`].
    pub events: Vec<Event>,
}

impl Notification {
    /// Says whether anything happened, as against a heartbeat.
    pub fn is_news(&self) -> bool {
        self.events.iter().any(|event| event.kind != EventKind::Status)
    }
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// To which item, where it happened to one.
    pub item: Option<ItemId>,
    /// To which folder, where it happened to one.
    pub folder: Option<FolderId>,
    /// In which folder that lies.
    pub parent: Option<FolderId>,
    /// In which folder it lay before, when it was moved or copied.
    pub old_parent: Option<FolderId>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventKind {
    /// Nothing: the server shows that it is there.
    Status,
    /// Something new.
    Created,
    /// Something changed.
    Modified,
    /// Something was moved.
    Moved,
    /// Something was copied.
    Copied,
    /// Something was deleted.
    Deleted,
    /// Mail came.
    NewMail,
    /// Free and busy times changed.
    FreeBusyChanged,
    /// An event of another name.
    Other(Box<str>),
}

/// Reads a notification.
pub(super) fn of(root: Element<'_>) -> Notification {
    let mut found = Notification {
        subscription: root.text_of("SubscriptionId").map(SubscriptionId::from),
        more: root.text_of("MoreEvents").and_then(super::convert::boolean).unwrap_or(false),
        watermark: root.text_of("PreviousWatermark").map(Watermark::from),
        events: Vec::new(),
    };
    for child in root.children() {
        let kind = match child.node.name.as_str() {
            "SubscriptionId" | "PreviousWatermark" | "MoreEvents" => continue,
            "StatusEvent" => EventKind::Status,
            "CreatedEvent" => EventKind::Created,
            "ModifiedEvent" => EventKind::Modified,
            "MovedEvent" => EventKind::Moved,
            "CopiedEvent" => EventKind::Copied,
            "DeletedEvent" => EventKind::Deleted,
            "NewMailEvent" => EventKind::NewMail,
            "FreeBusyChangedEvent" => EventKind::FreeBusyChanged,
            other => EventKind::Other(other.into()),
        };
        let id = |name: &str| child.child(name)?.node.attribute("Id").map(str::to_owned);
        if let Some(watermark) = child.text_of("Watermark") {
            found.watermark = Some(Watermark::from(watermark));
        }
        found.events.push(Event {
            kind,
            item: id("ItemId").map(ItemId::from),
            folder: id("FolderId").map(FolderId::from),
            parent: id("ParentFolderId").map(FolderId::from),
            old_parent: id("OldParentFolderId").map(FolderId::from),
        });
    }
    found
}
