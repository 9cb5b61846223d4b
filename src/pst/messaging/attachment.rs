//! Attachments of items (pure). MS-PST 2.4.6.

use crate::mapi::{PropertyType, property};
use crate::pst::error::PstError;
use crate::pst::id::Nid;
use crate::pst::ltp::Chunks;

use super::item::Item;
use super::object::Object;

/// How many items may be within each other.
const DEEPEST: u64 = 32;

/// An attachment of an item.
pub struct Attachment<'a> {
    object: Object<'a>,
    depth: u64,
}

impl<'a> Attachment<'a> {
    pub(super) fn new(object: Object<'a>, depth: u64) -> Self {
        Self { object, depth }
    }

    /// Returns its id within the item.
    pub fn nid(&self) -> Nid {
        self.object.node().nid
    }

    /// Returns its properties.
    pub fn properties(&self) -> &Object<'a> {
        &self.object
    }

    /// Returns its name; `None` where it has none.
    pub fn name(&self) -> Result<Option<String>, PstError> {
        match self.object.text(property::ATTACH_LONG_FILE_NAME)? {
            Some(name) => Ok(Some(name)),
            None => self.object.text(property::ATTACH_FILE_NAME),
        }
    }

    /// Returns its content chunk by chunk, of any size; `None` where it is no file.
    pub fn data(&self) -> Result<Option<Chunks<'a>>, PstError> {
        let data = self.object.property(property::ATTACH_DATA);
        data.filter(|property| property.kind == PropertyType::BINARY)
            .map(|property| self.object.context().chunks(property))
            .transpose()
    }

    /// Says whether it is the message of a changed occurrence of a series, by its flags (MS-OXOCAL 2.2.10.1.2) or by the time that
    /// only such attachments have.
    pub fn is_occurrence(&self) -> Result<bool, PstError> {
        let flags = self.object.value(property::ATTACHMENT_FLAGS)?;
        Ok(flags.and_then(|flags| flags.as_i32()).is_some_and(|flags| flags & EXCEPTION != 0)
            || self.object.property(property::EXCEPTION_REPLACE_TIME).is_some())
    }

    /// Returns the item that it is; `None` where it is none.
    pub fn item(&self) -> Result<Option<Item<'a>>, PstError> {
        let method = self.object.value(property::ATTACH_METHOD)?.and_then(|value| value.as_i32());
        let Some(data) = self
            .object
            .property(property::ATTACH_OBJECT)
            .filter(|data| data.kind == PropertyType::OBJECT && method == Some(EMBEDDED))
        else {
            return Ok(None);
        };
        let depth = self.depth + 1;
        if depth > DEEPEST {
            let what = "nesting of items";
            return Err(PstError::TooBig { what, size: depth, limit: DEEPEST });
        }
        let (node, _) = self.object.context().object(data)?;
        Ok(Some(Item::within(Object::open(self.object.surroundings(), node)?, depth)))
    }
}

/// `afException`.
const EXCEPTION: i32 = 2;

/// `afEmbeddedMessage`, MS-OXCMSG 2.2.2.9.
const EMBEDDED: i32 = 5;
