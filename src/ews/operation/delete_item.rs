//! `DeleteItem`: away, but never beyond recovery (pure).

use crate::ews::error::ReplyError;
use crate::ews::operation::{ItemRef, Operation, Placed, done};
use crate::ews::reply::Arrival;
use crate::ews::version::ServerVersion;
use crate::ews::xml::writer::{Ns, Writer};

/// Deletes items. `ErrorItemNotFound` means that it was done before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteItem {
    /// Which items.
    pub items: Vec<ItemRef>,
    /// Where to.
    pub to: Disposal,
}

/// Where deleted items go. A deletion for good cannot be expressed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Disposal {
    /// Into Deleted Items, where the user finds them. Fails in a shared mailbox without rights on
    /// that folder.
    #[default]
    DeletedItems,
    /// Into the recoverable items.
    RecoverableItems,
}

impl Operation for DeleteItem {
    const NAME: &'static str = "DeleteItem";
    const CHANGES: bool = true;
    /// The place in [`DeleteItem::items`], and whether it is gone.
    type Part = Placed<()>;

    fn write(&self, xml: &mut Writer, version: ServerVersion) {
        let mut attributes = vec![
            (
                "DeleteType",
                match self.to {
                    Disposal::DeletedItems => "MoveToDeletedItems",
                    Disposal::RecoverableItems => "SoftDelete",
                },
            ),
            ("SendMeetingCancellations", "SendToNone"),
            // Required for every task, recurring or not; elsewhere without effect.
            ("AffectedTaskOccurrences", "AllOccurrences"),
        ];
        if version >= ServerVersion::V2013Sp1 {
            attributes.push(("SuppressReadReceipts", "true"));
        }
        xml.element(Ns::Messages, "DeleteItem", &attributes, |xml| {
            xml.element(Ns::Messages, "ItemIds", &[], |xml| {
                for item in &self.items {
                    item.write(xml);
                }
            });
        });
    }

    fn messages(&self) -> usize {
        self.items.len()
    }

    fn part(&self, arrival: Arrival) -> Result<Option<Self::Part>, ReplyError> {
        Ok(done(arrival))
    }
}
