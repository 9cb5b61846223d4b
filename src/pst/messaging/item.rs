//! Items: contacts, appointments, tasks, mails (pure). MS-PST 2.4.5.

use std::ops::ControlFlow;

use crate::mapi::{Properties, PropertyKey, property};
use crate::pst::error::PstError;
use crate::pst::id::{Nid, NidKind};
use crate::pst::ltp::TableContext;
use crate::pst::ndb::{Node, subnode};

use super::attachment::Attachment;
use super::body::{self, Body};
use super::object::{Object, decoded, key};

/// An item.
pub struct Item<'a> {
    object: Object<'a>,
    depth: u64,
}

impl<'a> Item<'a> {
    pub(super) fn new(object: Object<'a>) -> Self {
        Self { object, depth: 0 }
    }

    /// Makes an item that is an attachment of another one.
    pub(super) fn within(object: Object<'a>, depth: u64) -> Self {
        Self { object, depth }
    }

    /// Returns its id.
    pub fn nid(&self) -> Nid {
        self.object.node().nid
    }

    /// Returns its properties.
    pub fn properties(&self) -> &Object<'a> {
        &self.object
    }

    /// Returns what it is, such as `IPM.Contact`; empty where it does not say.
    pub fn class(&self) -> Result<String, PstError> {
        self.object.text(property::MESSAGE_CLASS).map(Option::unwrap_or_default)
    }

    /// Returns its subject without the lead-in that tells how long its prefix is.
    pub fn subject(&self) -> Result<Option<String>, PstError> {
        Ok(self.object.text(property::SUBJECT)?.map(|subject| {
            let mut rest = subject.chars();
            match rest.next() {
                // U+0001, then a character whose number is one more than the length of the prefix.
                Some('\u{1}') => rest.skip(1).collect(),
                _ => subject,
            }
        }))
    }

    /// Returns its text, out of RTF or HTML where there is no plain one; `None` where there is none at all.
    pub fn body(&self) -> Result<Option<Body>, PstError> {
        body::of(&self.object)
    }

    /// Returns its recipients, each as the properties of a row; items other than mails often have no table of them.
    pub fn recipients(&self) -> Result<Vec<Properties>, PstError> {
        let Some(table) = self.table(Nid::RECIPIENTS)? else { return Ok(Vec::new()) };
        let surroundings = self.object.surroundings();
        let mut recipients = Vec::new();
        for row in table.rows()? {
            let row = row?;
            let mut properties = Properties::new();
            for column in table.columns() {
                if let Some(value) = row.cell(column)? {
                    let key: PropertyKey = key(surroundings.names, column.tag.id);
                    properties.set(key, decoded(surroundings.code_page, value));
                }
            }
            recipients.push(properties);
        }
        Ok(recipients)
    }

    /// Returns its attachments, in the order of their ids.
    pub fn attachments(&self) -> Result<Vec<Attachment<'a>>, PstError> {
        let surroundings = self.object.surroundings();
        let mut found: Vec<Node> = Vec::new();
        subnode::each(surroundings.nodes, self.object.node().sub, &mut |node| {
            if node.nid.kind() == NidKind::ATTACHMENT {
                found.push(node);
            }
            Ok(ControlFlow::Continue(()))
        })?;
        found
            .into_iter()
            .map(|node| Ok(Attachment::new(Object::open(surroundings, node)?, self.depth)))
            .collect()
    }

    fn table(&self, nid: Nid) -> Result<Option<TableContext<'a>>, PstError> {
        let nodes = self.object.surroundings().nodes;
        let node = subnode::find(nodes, self.object.node().sub, nid)?;
        node.map(|node| TableContext::open(nodes, &node)).transpose()
    }
}
