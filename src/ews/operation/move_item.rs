//! `MoveItem`: into another folder of the same mailbox (pure).

use crate::ews::error::ReplyError;
use crate::ews::operation::folder::FolderRef;
use crate::ews::operation::{ItemRef, Operation, Placed, Saved};
use crate::ews::reply::{Arrival, Outcome};
use crate::ews::version::ServerVersion;
use crate::ews::xml::writer::{Ns, Writer};

/// Moves items; each gets a new id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveItem {
    /// Which items.
    pub items: Vec<ItemRef>,
    /// Where to.
    pub to: FolderRef,
}

impl Operation for MoveItem {
    const NAME: &'static str = "MoveItem";
    const CHANGES: bool = true;
    /// The place in [`MoveItem::items`], and the new id, which servers leave out when the item went
    /// into another mailbox.
    type Part = Placed<Option<Saved>>;

    fn write(&self, xml: &mut Writer, _: ServerVersion) {
        xml.element(Ns::Messages, "MoveItem", &[], |xml| {
            xml.element(Ns::Messages, "ToFolderId", &[], |xml| self.to.write(xml));
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
        Ok(match arrival {
            Arrival::Item { message, item } => {
                Some((message, Ok(Some(Saved { id: item.id, change_key: item.change_key }))))
            }
            Arrival::Message(message) => match message.outcome {
                Outcome::Error(refusal) => Some((message.index, Err(refusal))),
                _ if message.parts == 0 => Some((message.index, Ok(None))),
                _ => None,
            },
            _ => None,
        })
    }
}
