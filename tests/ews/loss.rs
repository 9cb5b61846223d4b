//! Nothing of an item is lost: what another XML reader finds in an answer, ours has as a value that reads.

use abgleich::ews::property::Shape;
use abgleich::ews::{Arrival, Field, Indexed, ItemKind, Property, Value};
use roxmltree::Node;

/// Holds the items of an answer against the document, property by property, and returns how many properties that were.
pub(crate) fn nothing_is_lost(
    document: &roxmltree::Document<'_>,
    arrivals: &[Arrival],
    of: &str,
) -> usize {
    let items = arrivals.iter().filter_map(|arrival| match arrival {
        Arrival::Item { item, .. } => Some(item),
        _ => None,
    });
    let nodes: Vec<Node<'_, '_>> = document.descendants().filter(is_item).collect();
    let mut compared = 0;
    let mut rest = nodes.as_slice();
    for item in items {
        let id = |node: &Node<'_, '_>| child(*node, "ItemId")?.attribute("Id").map(str::to_owned);
        let at = rest.iter().position(|node| id(node).as_deref() == Some(item.id.as_str()));
        let at =
            at.unwrap_or_else(|| panic!("{of}: another reader has no item {}", item.id.as_str()));
        let node = rest[at];
        rest = &rest[at + 1..];
        let kind = ItemKind::by_element(node.tag_name().name());
        assert_eq!(kind, item.kind, "{of}");
        for (property, value) in item.properties.iter() {
            assert!(!matches!(value, Value::Unreadable(_)), "{of}: {property:?} is {value:?}");
        }
        let mut seen = Vec::new();
        for element in node.children().filter(Node::is_element) {
            let name = element.tag_name().name();
            let known = Field::ALL
                .iter()
                .copied()
                .find(|field| field.spec().element == name && field.spec().home.covers(&kind));
            // What comes twice counts once (grommunio 3.10).
            let Some(field) = known.filter(|field| !seen.contains(field)) else { continue };
            seen.push(field);
            let value = item.value(field).unwrap_or_else(|| panic!("{of}: {name} is lost"));
            compared += 1;
            if field.spec().shape == Shape::Text {
                let text = element.text().unwrap_or_default();
                assert_eq!(value.as_text(), Some(text), "{of}: {name}");
            }
        }
        compared += dictionaries(&node, item, of);
        let paths = |node: Node<'_, '_>| {
            let uri = child(node, "ExtendedFieldURI")?;
            let mut pairs: Vec<_> = uri.attributes().map(|a| (a.name(), a.value())).collect();
            pairs.sort_unstable();
            Some(format!("{pairs:?}"))
        };
        let extended = node.children().filter(|node| node.tag_name().name() == "ExtendedProperty");
        let mut extended: Vec<String> = extended.filter_map(paths).collect();
        extended.sort_unstable();
        extended.dedup();
        // Types that we never ask for are passed over.
        extended.retain(|path| {
            !["Binary", "CLSID", "IntegerArray"].iter().any(|kind| path.contains(kind))
        });
        let ours = item
            .properties
            .iter()
            .filter(|(property, _)| matches!(property, Property::Extended(_)));
        assert_eq!(ours.count(), extended.len(), "{of}: {extended:?}");
        compared += extended.len();
    }
    compared
}

/// Compares the slots of a contact's dictionaries.
fn dictionaries(node: &Node<'_, '_>, item: &abgleich::ews::Item, of: &str) -> usize {
    let mut compared = 0;
    if item.kind != ItemKind::Contact {
        return 0;
    }
    for name in ["EmailAddresses", "PhoneNumbers", "ImAddresses", "PhysicalAddresses"] {
        let Some(container) = child(*node, name) else { continue };
        for entry in container.children().filter(|node| node.tag_name().name() == "Entry") {
            let key = entry.attribute("Key").unwrap_or_default();
            let slots = item.properties.iter().filter_map(|(property, value)| match property {
                Property::Indexed(slot) if slot.container() == name && slot.key() == key => {
                    Some((slot, value))
                }
                _ => None,
            });
            let ours: Vec<(&Indexed, &Value)> = slots.collect();
            let parts = entry.children().filter(Node::is_element).count();
            assert_eq!(ours.len(), parts.max(1), "{of}: {name} {key}");
            let text = entry.text().unwrap_or_default();
            match ours[0].1 {
                Value::Email(email) => assert_eq!(email.address, text, "{of}: {key}"),
                Value::Text(found) if parts == 0 => assert_eq!(found, text, "{of}: {key}"),
                _ => {}
            }
            compared += ours.len();
        }
    }
    compared
}

/// Says whether an element is an item of an answer, as against one in a notification or below another item.
fn is_item(node: &Node<'_, '_>) -> bool {
    let parent = |node: Node<'_, '_>| node.parent().map(|node| node.tag_name().name().to_owned());
    node.is_element()
        && parent(*node).as_deref() == Some("Items")
        && child(*node, "ItemId").is_some()
}

fn child<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    node.children().find(|node| node.tag_name().name() == name)
}
