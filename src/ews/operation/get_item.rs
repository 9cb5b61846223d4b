//! `GetItem`: the properties of items (pure).

use crate::ews::error::ReplyError;
use crate::ews::item::Item;
use crate::ews::operation::{Operation, Placed, Target, answered, write};
use crate::ews::property::Property;
use crate::ews::reply::Arrival;
use crate::ews::value::BodyType;
use crate::ews::version::ServerVersion;
use crate::ews::xml::writer::{Ns, Writer};

/// Fetches items. Servers leave out what an item does not have.
#[derive(Debug, Clone, PartialEq)]
pub struct GetItem {
    /// Which items.
    pub items: Vec<Target>,
    /// Which of their properties, beside the ids. Those that the contract does not know are not
    /// asked for.
    pub properties: Vec<Property>,
    /// As what bodies are wanted; `None` is as they are stored.
    pub body: Option<BodyType>,
}

impl Operation for GetItem {
    const NAME: &'static str = "GetItem";
    const CHANGES: bool = false;
    /// The place in [`GetItem::items`], and the item.
    type Part = Placed<Item>;

    fn write(&self, xml: &mut Writer, version: ServerVersion) {
        xml.element(Ns::Messages, "GetItem", &[], |xml| {
            let body = self.body.map_or("Best", BodyType::name);
            write::item_shape(xml, &self.properties, Some(body), version);
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
        match arrival {
            Arrival::Item { message, item } => Ok(Some((message, Ok(item)))),
            other => answered(other, "item"),
        }
    }
}
