//! `CreateItem`: new items, saved and never sent (pure).

use crate::ews::draft::NewItem;
use crate::ews::error::ReplyError;
use crate::ews::operation::folder::FolderRef;
use crate::ews::operation::{Operation, Placed, Saved, saved};
use crate::ews::reply::Arrival;
use crate::ews::version::ServerVersion;
use crate::ews::xml::writer::{Ns, Writer};

/// Creates items in one folder. There is no protection against doubles: put a token into each item
/// and look for it before a create is repeated.
///
/// The folder is always named, because grommunio 3.10 puts contacts without one into the outbox. A
/// value that it cannot read makes it refuse the whole batch with a fault.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateItem {
    /// Where.
    pub folder: FolderRef,
    /// What.
    pub items: Vec<NewItem>,
}

impl Operation for CreateItem {
    const NAME: &'static str = "CreateItem";
    const CHANGES: bool = true;
    /// The place in [`CreateItem::items`], and where the item is now.
    type Part = Placed<Saved>;

    fn write(&self, xml: &mut Writer, _: ServerVersion) {
        // Both attributes are fixed: no request of ours can send a mail.
        let quiet = [("MessageDisposition", "SaveOnly"), ("SendMeetingInvitations", "SendToNone")];
        xml.element(Ns::Messages, "CreateItem", &quiet, |xml| {
            xml.element(Ns::Messages, "SavedItemFolderId", &[], |xml| self.folder.write(xml));
            xml.element(Ns::Messages, "Items", &[], |xml| {
                xml.reserve(self.items.iter().map(NewItem::wire_len).sum::<usize>() + 256);
                for item in &self.items {
                    xml.raw(item.xml());
                }
            });
        });
    }

    fn messages(&self) -> usize {
        self.items.len()
    }

    fn part(&self, arrival: Arrival) -> Result<Option<Self::Part>, ReplyError> {
        saved(arrival)
    }
}
