//! `FindItem`: which items of some folders have a property (pure).

use crate::ews::error::ReplyError;
use crate::ews::item::Item;
use crate::ews::operation::folder::FolderRef;
use crate::ews::operation::{FindPage, Operation, Placed, page, write};
use crate::ews::property::{Field, Property};
use crate::ews::reply::Arrival;
use crate::ews::version::ServerVersion;
use crate::ews::xml::writer::{Ns, Writer};

/// The most items of a page (`EWSFindCountLimit`).
pub const MAX_PAGE: u32 = 1000;

/// Looks for items. It is a finder of ids: bodies and attendees never come, texts are cut at 255
/// characters. A restriction scans the folder the first time: use it to recover, not to sync.
#[derive(Debug, Clone, PartialEq)]
pub struct FindItem {
    /// In which folders; folders below them are not searched.
    pub folders: Vec<FolderRef>,
    /// Which items; `None` is all.
    pub restriction: Option<Restriction>,
    /// Which properties beside the ids.
    pub properties: Vec<Property>,
    /// Where the page begins, in every one of the folders.
    pub offset: u32,
    /// How many at most in each folder, 1 to [`MAX_PAGE`]; others are brought into that range.
    pub page_size: u32,
}

/// What items must be like.
#[derive(Debug, Clone, PartialEq)]
pub enum Restriction {
    /// They have the property.
    Exists(Property),
    /// The property has this value, compared by most servers without regard to case.
    IsEqualTo(Property, String),
    /// One of these holds. Made by [`Restriction::any`], because servers refuse an `Or` of one.
    Or(Vec<Restriction>),
    /// All of these hold.
    And(Vec<Restriction>),
}

impl Restriction {
    /// Makes "one of these holds", or `None` of none.
    pub fn any(mut alternatives: Vec<Self>) -> Option<Self> {
        if alternatives.len() < 2 { alternatives.pop() } else { Some(Self::Or(alternatives)) }
    }

    fn write(&self, xml: &mut Writer) {
        match self {
            Self::Exists(property) => {
                xml.element(Ns::Types, "Exists", &[], |xml| write::path(xml, property));
            }
            Self::IsEqualTo(property, value) => xml.element(Ns::Types, "IsEqualTo", &[], |xml| {
                write::path(xml, property);
                xml.element(Ns::Types, "FieldURIOrConstant", &[], |xml| {
                    xml.empty(Ns::Types, "Constant", &[("Value", value)]);
                });
            }),
            Self::Or(parts) => Self::write_joined(xml, "Or", parts),
            Self::And(parts) => Self::write_joined(xml, "And", parts),
        }
    }

    /// Writes a junction; one of a single part is that part.
    fn write_joined(xml: &mut Writer, name: &str, parts: &[Self]) {
        match parts {
            [single] => single.write(xml),
            _ => xml.element(Ns::Types, name, &[], |xml| {
                for part in parts {
                    part.write(xml);
                }
            }),
        }
    }
}

impl Operation for FindItem {
    const NAME: &'static str = "FindItem";
    const CHANGES: bool = false;
    /// The place in [`FindItem::folders`], and an item or the end of the page.
    type Part = Placed<FindPage<Item>>;

    fn write(&self, xml: &mut Writer, version: ServerVersion) {
        xml.element(Ns::Messages, "FindItem", &[("Traversal", "Shallow")], |xml| {
            write::item_shape(xml, &self.properties, None, version);
            let size = self.page_size.clamp(1, MAX_PAGE).to_string();
            let offset = self.offset.to_string();
            let view =
                [("MaxEntriesReturned", &*size), ("Offset", &*offset), ("BasePoint", "Beginning")];
            xml.empty(Ns::Messages, "IndexedPageItemView", &view);
            if let Some(restriction) = &self.restriction {
                xml.element(Ns::Messages, "Restriction", &[], |xml| restriction.write(xml));
            }
            // An order that edits do not change, so that items do not slip between pages.
            xml.element(Ns::Messages, "SortOrder", &[], |xml| {
                xml.element(Ns::Types, "FieldOrder", &[("Order", "Ascending")], |xml| {
                    write::path(xml, &Field::DateTimeCreated.into());
                });
            });
            xml.element(Ns::Messages, "ParentFolderIds", &[], |xml| {
                for folder in &self.folders {
                    folder.write(xml);
                }
            });
        });
    }

    fn messages(&self) -> usize {
        self.folders.len()
    }

    fn part(&self, arrival: Arrival) -> Result<Option<Self::Part>, ReplyError> {
        match arrival {
            Arrival::Item { message, item } => Ok(Some((message, Ok(FindPage::Entry(item))))),
            other => page(other),
        }
    }
}
