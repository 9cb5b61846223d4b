//! Whatever has properties, by their ids or names (pure).

use std::borrow::Cow;

use crate::mapi::{Properties, PropertyId, PropertyKey, PropertyType, Value, property};
use crate::pst::error::PstError;
use crate::pst::ltp::{Property, PropertyContext};
use crate::pst::ndb::{Node, Nodes};

use super::code_page::CodePage;
use super::names::NameMap;

/// What reading the objects of a store needs: nodes, names, and the code page where an object says none.
#[derive(Clone, Copy)]
pub(super) struct Surroundings<'a> {
    pub(super) nodes: &'a dyn Nodes,
    pub(super) names: &'a NameMap,
    pub(super) code_page: CodePage,
}

/// A store, folder, item, attachment: a node with properties.
pub struct Object<'a> {
    node: Node,
    context: PropertyContext<'a>,
    surroundings: Surroundings<'a>,
}

impl<'a> Object<'a> {
    pub(super) fn open(surroundings: Surroundings<'a>, node: Node) -> Result<Self, PstError> {
        let context = PropertyContext::open(surroundings.nodes, &node)?;
        let mut object = Self { node, context, surroundings };
        if let Some(page) = object.stated_code_page()? {
            object.surroundings.code_page = page;
        }
        Ok(object)
    }

    /// Returns its node.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// Returns its properties as they are stored.
    pub fn context(&self) -> &PropertyContext<'a> {
        &self.context
    }

    /// Returns the code page of its texts that are not in Unicode.
    pub fn code_page(&self) -> CodePage {
        self.surroundings.code_page
    }

    pub(super) fn surroundings(&self) -> Surroundings<'a> {
        self.surroundings
    }

    /// Finds a property by id or name.
    pub fn property(&self, key: impl Into<PropertyKey>) -> Option<&Property> {
        let id = match key.into() {
            PropertyKey::Id(id) => id,
            PropertyKey::Name(name) => self.surroundings.names.id(&name)?,
        };
        self.context.property(id)
    }

    /// Returns the value of a property, `None` when the object has none. Texts are always Unicode.
    pub fn value(&self, key: impl Into<PropertyKey>) -> Result<Option<Value>, PstError> {
        self.property(key).map(|property| self.value_of(property)).transpose()
    }

    /// Returns a text, `None` when the object has no such property or it is no text.
    pub fn text(&self, key: impl Into<PropertyKey>) -> Result<Option<String>, PstError> {
        Ok(match self.value(key)? {
            Some(Value::String(text)) => Some(text),
            _ => None,
        })
    }

    /// Returns the value of one of its properties. Texts are always Unicode.
    pub fn value_of(&self, property: &Property) -> Result<Value, PstError> {
        self.context.value_of(property).map(|value| decoded(self.surroundings.code_page, value))
    }

    /// Returns what one of its properties is called beyond this store.
    pub fn key(&self, property: &Property) -> PropertyKey {
        key(self.surroundings.names, property.id)
    }

    /// Returns all properties with their values, embedded objects excepted.
    pub fn properties(&self) -> Result<Properties, PstError> {
        let all = self.context.properties().iter();
        all.filter(|property| property.kind != PropertyType::OBJECT)
            .map(|property| Ok((self.key(property), self.value_of(property)?)))
            .collect()
    }

    /// Items of stores that are not in Unicode say which code page their texts are in.
    fn stated_code_page(&self) -> Result<Option<CodePage>, PstError> {
        let value = self.context.value(property::MESSAGE_CODE_PAGE.id)?;
        let number = value.and_then(|value| value.as_i32()).and_then(|page| page.try_into().ok());
        Ok(number.map(CodePage).filter(|page| page.is_known()))
    }
}

/// Returns what a property is called beyond its store; an id that the map does not have stays one.
pub(super) fn key(names: &NameMap, id: PropertyId) -> PropertyKey {
    match names.name(id) {
        Some(name) if id.is_named() => PropertyKey::Name(name.clone()),
        _ => PropertyKey::Id(id),
    }
}

/// Turns texts in a code page into Unicode.
pub(super) fn decoded(page: CodePage, value: Value) -> Value {
    let text = |bytes: &[u8]| -> Cow<'_, str> { page.decode(bytes).into() };
    match value {
        Value::String8(bytes) => Value::String(text(&bytes).into_owned()),
        Value::Strings8(all) => {
            Value::Strings(all.iter().map(|bytes| text(bytes).into_owned()).collect())
        }
        other => other,
    }
}
