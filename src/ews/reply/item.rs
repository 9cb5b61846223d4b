//! Reads one item out of a stream of elements (pure).
//!
//! This is the hot path: no tree, no text per element, one allocation per value.

use crate::ews::id::{ChangeKey, FolderId, ItemId};
use crate::ews::item::{Item, ItemKind, Properties};
use crate::ews::property::{
    AddressKey, AddressPart, EmailKey, ExtendedField, ExtendedType, Field, FieldFinder, ImKey,
    Indexed, PhoneKey, Property, Shape,
};
use crate::ews::reply::convert;
use crate::ews::value::{Body, BodyType, EmailEntry, Value};
use crate::ews::xml::reader::Tag;
use crate::ews::xml::text::{TextBuffer, unescape};
use crate::ews::xml::tree::{Node, Tree};

/// Where an open element of an item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// A property whose value is its text.
    Value(Field, Shape),
    Body(BodyType),
    /// A list of texts, and one text of it.
    List(Field),
    Entry,
    Dictionary(Dictionary),
    /// A slot whose value is its text.
    Slot(Indexed),
    Email(EmailKey),
    Address(AddressKey),
    Extended,
    ExtendedValue,
    ExtendedValues,
    ExtendedEntry,
    /// A nested value, and what is in it.
    Tree(Field),
    Branch,
    Skipped,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dictionary {
    Emails,
    Addresses,
    Phones,
    Ims,
}

/// Reads items one after the other.
#[derive(Debug)]
pub(super) struct ItemReader {
    kind: ItemKind,
    id: Option<ItemId>,
    change_key: Option<ChangeKey>,
    properties: Properties,
    /// How many properties the last item had: the next one will have about as many.
    usual: usize,
    finder: FieldFinder,
    /// Paths of MAPI properties that were read before, by how they were written.
    paths: Vec<(Box<str>, Option<ExtendedField>)>,
    path: Vec<At>,
    text: TextBuffer,
    list: Vec<String>,
    email: EmailEntry,
    extended: Option<ExtendedField>,
    extended_value: Option<Value>,
    tree: Tree,
    depth: usize,
}

impl Default for ItemReader {
    fn default() -> Self {
        Self {
            kind: ItemKind::Message,
            id: None,
            change_key: None,
            properties: Properties::new(),
            usual: 0,
            finder: FieldFinder::default(),
            paths: Vec::new(),
            path: Vec::with_capacity(8),
            text: TextBuffer::default(),
            list: Vec::new(),
            email: EmailEntry::default(),
            extended: None,
            extended_value: None,
            tree: Tree::default(),
            depth: 0,
        }
    }
}

impl ItemReader {
    /// Begins an item.
    pub(super) fn begin(&mut self, element: &str) {
        self.kind = ItemKind::by_element(element);
        self.id = None;
        self.change_key = None;
        self.properties = Properties::with_capacity(self.usual);
        self.finder = FieldFinder::default();
        self.path.clear();
        self.text.clear();
    }

    /// Ends the item; `None` when it had no id.
    pub(super) fn finish(&mut self) -> Option<Item> {
        self.usual = self.properties.len();
        Some(Item {
            kind: std::mem::replace(&mut self.kind, ItemKind::Message),
            id: self.id.take()?,
            change_key: self.change_key.take().unwrap_or_else(|| ChangeKey::new("")),
            properties: std::mem::take(&mut self.properties),
        })
    }

    /// Returns where text belongs, if it is wanted.
    pub(super) fn text(&mut self) -> Option<&mut TextBuffer> {
        match self.path.last()? {
            At::Value(..)
            | At::Body(_)
            | At::Entry
            | At::Slot(_)
            | At::Email(_)
            | At::ExtendedValue
            | At::ExtendedEntry
            | At::Tree(_)
            | At::Branch => Some(&mut self.text),
            _ => None,
        }
    }

    /// An element below the item opens.
    pub(super) fn start(&mut self, tag: &Tag<'_>) {
        let name = tag.name();
        let at = match self.path.last() {
            None => self.property(tag, name),
            Some(At::List(_)) => At::Entry,
            Some(At::Dictionary(dictionary)) => {
                let dictionary = *dictionary;
                self.slot(dictionary, tag)
            }
            Some(At::Address(key)) => match AddressPart::by_name(name) {
                Some(part) => At::Slot(Indexed::Address(*key, part)),
                // So Microsoft's own example of an answer calls it, against the schema.
                None if name == "Country" => {
                    At::Slot(Indexed::Address(*key, AddressPart::CountryOrRegion))
                }
                None => At::Skipped,
            },
            Some(At::Extended) => match name {
                "ExtendedFieldURI" => {
                    self.extended = self.extended_field(tag);
                    At::Skipped
                }
                "Value" => At::ExtendedValue,
                "Values" => At::ExtendedValues,
                _ => At::Skipped,
            },
            Some(At::ExtendedValues) => At::ExtendedEntry,
            Some(At::Tree(_) | At::Branch) => {
                self.depth += 1;
                self.tree.push(Node::of(tag, self.depth));
                At::Branch
            }
            Some(_) => At::Skipped,
        };
        self.text.clear();
        self.path.push(at);
    }

    /// The innermost open element below the item closes.
    pub(super) fn end(&mut self) {
        let Some(at) = self.path.pop() else { return };
        match at {
            At::Value(field, shape) => {
                let value = convert::simple(shape, &mut self.text);
                self.add(field, value);
            }
            At::Body(kind) => {
                let text = self.text.take();
                self.add(Field::Body, Value::Body(Body { kind, text }));
            }
            At::Entry | At::ExtendedEntry => {
                let text = self.text.take();
                self.list.push(text);
            }
            At::List(field) => {
                let list = std::mem::take(&mut self.list);
                self.add(field, Value::Strings(list));
            }
            At::Slot(slot) => {
                let text = self.text.take();
                self.add(slot, Value::Text(text));
            }
            At::Email(key) => {
                let mut email = std::mem::take(&mut self.email);
                email.address = self.text.take();
                self.add(Indexed::Email(key), Value::Email(email));
            }
            At::ExtendedValue => {
                let kind = self.extended.as_ref().map_or(ExtendedType::String, |field| field.kind);
                self.extended_value = Some(convert::simple(shape(kind), &mut self.text));
            }
            At::ExtendedValues => {
                self.extended_value = Some(Value::Strings(std::mem::take(&mut self.list)));
            }
            At::Extended => {
                if let (Some(field), Some(value)) =
                    (self.extended.take(), self.extended_value.take())
                {
                    self.add(field, value);
                }
            }
            At::Branch | At::Tree(_) => {
                let text = self.text.take();
                self.tree.set_text(self.depth, text);
                self.depth = self.depth.saturating_sub(1);
                if let At::Tree(field) = at {
                    let tree = std::mem::take(&mut self.tree);
                    if let Some(root) = tree.root() {
                        self.add(field, convert::nested(field.spec().shape, root));
                    }
                }
            }
            At::Dictionary(_) | At::Address(_) | At::Skipped => {}
        }
    }

    /// Servers send a property twice only against the schema (grommunio 3.10 does); the first one
    /// stays, because a doubled `StartTimeZone` is at its right place the first time.
    fn add(&mut self, property: impl Into<Property>, value: Value) {
        self.properties.add(property.into(), value);
    }

    /// Decides what a property of the item is.
    fn property(&mut self, tag: &Tag<'_>, name: &str) -> At {
        if let Some((field, shape)) = self.finder.expected(&self.kind, name) {
            return self.field(tag, field, shape);
        }
        match name {
            "ItemId" => {
                for (key, value) in tag.attributes() {
                    match key {
                        "Id" => self.id = Some(unescape(&value).into()),
                        "ChangeKey" => {
                            self.change_key = Some(unescape(&value).into());
                        }
                        _ => {}
                    }
                }
                return At::Skipped;
            }
            "ExtendedProperty" => {
                self.extended = None;
                self.extended_value = None;
                self.list.clear();
                return At::Extended;
            }
            _ if self.kind == ItemKind::Contact => match name {
                "EmailAddresses" => return At::Dictionary(Dictionary::Emails),
                "PhysicalAddresses" => return At::Dictionary(Dictionary::Addresses),
                "PhoneNumbers" => return At::Dictionary(Dictionary::Phones),
                "ImAddresses" => return At::Dictionary(Dictionary::Ims),
                _ => {}
            },
            _ => {}
        }
        let Some((field, shape)) = self.finder.find(&self.kind, name) else { return At::Skipped };
        self.field(tag, field, shape)
    }

    /// Decides how a plain property is read.
    fn field(&mut self, tag: &Tag<'_>, field: Field, shape: Shape) -> At {
        match shape {
            Shape::Text | Shape::Bool | Shape::Integer | Shape::Double | Shape::DateTime => {
                At::Value(field, shape)
            }
            Shape::Body => At::Body(match tag.attribute("BodyType").as_deref() {
                Some("HTML") => BodyType::Html,
                _ => BodyType::Text,
            }),
            Shape::Strings => {
                self.list.clear();
                At::List(field)
            }
            Shape::Folder => {
                if let Some(id) = tag.attribute("Id") {
                    self.add(field, Value::Folder(FolderId::from(id)));
                }
                At::Skipped
            }
            Shape::Recurrence
            | Shape::Attendees
            | Shape::Mailbox
            | Shape::Occurrences
            | Shape::DeletedOccurrences
            | Shape::CompleteName
            | Shape::TimeZone => {
                self.depth = 0;
                self.tree = Tree::default();
                self.tree.push(Node::of(tag, 0));
                At::Tree(field)
            }
        }
    }

    /// Reads the path of a MAPI property. All items of an answer have the same few, so those that
    /// were read are remembered by how they are written.
    fn extended_field(&mut self, tag: &Tag<'_>) -> Option<ExtendedField> {
        const MOST: usize = 32;
        let written = tag.raw_attributes();
        if let Some((_, field)) = self.paths.iter().find(|(known, _)| &**known == written) {
            return field.clone();
        }
        let field = convert::extended_field(tag);
        if self.paths.len() < MOST && written.len() < 500 {
            self.paths.push((written.into(), field.clone()));
        }
        field
    }

    /// Decides which slot of a dictionary an entry is.
    fn slot(&mut self, dictionary: Dictionary, tag: &Tag<'_>) -> At {
        let mut at = At::Skipped;
        if dictionary == Dictionary::Emails {
            self.email = EmailEntry::default();
        }
        for (name, value) in tag.attributes() {
            let text = || Some(unescape(&value).into_boxed_str());
            let email = &mut self.email;
            match (name, dictionary) {
                ("Key", Dictionary::Emails) => at = EmailKey::by_name(&value).map_or(at, At::Email),
                ("Key", Dictionary::Addresses) => {
                    at = AddressKey::by_name(&value).map_or(at, At::Address);
                }
                ("Key", Dictionary::Phones) => {
                    at = PhoneKey::by_name(&value).map_or(at, |key| At::Slot(Indexed::Phone(key)));
                }
                ("Key", Dictionary::Ims) => {
                    at = ImKey::by_name(&value).map_or(at, |key| At::Slot(Indexed::Im(key)));
                }
                ("Name", Dictionary::Emails) => email.name = text(),
                ("RoutingType", Dictionary::Emails) => email.routing_type = text(),
                ("MailboxType", Dictionary::Emails) => email.mailbox_type = text(),
                _ => {}
            }
        }
        at
    }
}

/// Returns what the values of a MAPI type look like.
fn shape(kind: ExtendedType) -> Shape {
    match kind {
        ExtendedType::String | ExtendedType::Binary => Shape::Text,
        ExtendedType::StringArray => Shape::Strings,
        ExtendedType::Boolean => Shape::Bool,
        ExtendedType::Short | ExtendedType::Integer | ExtendedType::Long => Shape::Integer,
        ExtendedType::Double => Shape::Double,
        ExtendedType::SystemTime => Shape::DateTime,
    }
}
