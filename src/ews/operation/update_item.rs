//! `UpdateItem`: changes to items, only to the version that was seen (pure).

use crate::ews::draft::ItemUpdate;
use crate::ews::error::ReplyError;
use crate::ews::operation::{Operation, Placed, Saved, saved};
use crate::ews::reply::Arrival;
use crate::ews::version::ServerVersion;
use crate::ews::xml::writer::{Ns, Writer};

/// Changes items. An item that has another version by now is refused
/// (`ErrorIrresolvableConflict`), but grommunio 3.10 does not check: there, read id and version
/// again before the batch.
#[derive(Debug, Clone, PartialEq)]
pub struct UpdateItem {
    /// What.
    pub updates: Vec<ItemUpdate>,
}

impl Operation for UpdateItem {
    const NAME: &'static str = "UpdateItem";
    const CHANGES: bool = true;
    /// The place in [`UpdateItem::updates`], and the version that the item has now.
    type Part = Placed<Saved>;

    fn write(&self, xml: &mut Writer, version: ServerVersion) {
        let mut attributes = vec![
            ("ConflictResolution", "NeverOverwrite"),
            ("MessageDisposition", "SaveOnly"),
            ("SendMeetingInvitationsOrCancellations", "SendToNone"),
        ];
        if version >= ServerVersion::V2013Sp1 {
            attributes.push(("SuppressReadReceipts", "true"));
        }
        xml.element(Ns::Messages, "UpdateItem", &attributes, |xml| {
            xml.element(Ns::Messages, "ItemChanges", &[], |xml| {
                xml.reserve(self.updates.iter().map(ItemUpdate::wire_len).sum::<usize>() + 256);
                for update in &self.updates {
                    xml.raw(update.xml());
                }
            });
        });
    }

    fn messages(&self) -> usize {
        self.updates.len()
    }

    fn part(&self, arrival: Arrival) -> Result<Option<Self::Part>, ReplyError> {
        saved(arrival)
    }
}
