//! A small piece of a document as a tree, for what is rare and nested (pure).
//!
//! Items are read without one; recurrences, attendees, folders and faults are worth the comfort.

use crate::ews::xml::reader::Tag;
use crate::ews::xml::text::unescape;

/// The elements of a piece in document order, each with its depth.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
}

/// One element.
#[derive(Debug, Default)]
pub(crate) struct Node {
    pub(crate) depth: usize,
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) text: String,
}

impl Node {
    /// Makes a node of an opening tag.
    pub(crate) fn of(tag: &Tag<'_>, depth: usize) -> Self {
        let attributes = tag.attributes().map(|(key, value)| (key.to_owned(), unescape(&value)));
        Self {
            depth,
            name: tag.name().to_owned(),
            attributes: attributes.collect(),
            text: String::new(),
        }
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

impl Tree {
    pub(crate) fn push(&mut self, node: Node) {
        self.nodes.push(node);
    }

    /// Sets the text of the innermost element of a depth that was opened last.
    pub(crate) fn set_text(&mut self, depth: usize, text: String) {
        if let Some(node) = self.nodes.iter_mut().rev().find(|node| node.depth == depth) {
            node.text = text;
        }
    }

    /// Returns the outermost element.
    pub(crate) fn root(&self) -> Option<Element<'_>> {
        self.nodes.split_first().map(|(node, below)| Element { node, below })
    }
}

/// An element and all that is below it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Element<'a> {
    pub(crate) node: &'a Node,
    below: &'a [Node],
}

impl<'a> Element<'a> {
    /// Walks the elements directly below.
    pub(crate) fn children(self) -> impl Iterator<Item = Element<'a>> {
        let mut rest = self.below;
        std::iter::from_fn(move || {
            let (node, after) = rest.split_first()?;
            let length = after.iter().take_while(|other| other.depth > node.depth).count();
            let (below, next) = after.split_at_checked(length)?;
            rest = next;
            Some(Element { node, below })
        })
    }

    /// Walks all elements below, at any depth.
    pub(crate) fn descendants(self) -> impl Iterator<Item = &'a Node> {
        self.below.iter()
    }

    pub(crate) fn child(self, name: &str) -> Option<Element<'a>> {
        self.children().find(|child| child.node.name == name)
    }

    /// Returns the text of a child, without the blanks around it; `None` when it has none.
    pub(crate) fn text_of(self, name: &str) -> Option<&'a str> {
        self.child(name).map(|child| child.node.text.trim()).filter(|text| !text.is_empty())
    }

    pub(crate) fn owned_text_of(self, name: &str) -> Option<String> {
        self.text_of(name).map(str::to_owned)
    }
}
