//! Pure: what holds for a mailbox, in layers: the built-in defaults, `[defaults]`, the group, the line. Within a layer
//! a setting of one switch wins over one for all contacts or all activities, whichever stands first.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::tree::{Node, Table, Value};
use crate::model::{Module, Scope, Switch};

/// One layer, flat.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::config) struct Layer {
    common: BTreeMap<String, Node>,
    scopes: BTreeMap<(Scope, String), Node>,
}

impl Layer {
    /// Flattens a table of settings.
    pub(in crate::config) fn new(table: &Table) -> Self {
        let mut layer = Self::default();
        // From the general to the particular, so that the particular stays.
        if let Some(node) = table.of("first_transfer") {
            for scope in Scope::ALL {
                layer.put(scope, "first_transfer", node);
            }
        }
        for switch in [Switch::Contacts, Switch::Activities] {
            let Some(node) = table.of(switch.key()) else { continue };
            for scope in Scope::ALL.into_iter().filter(|scope| scope.switch == switch) {
                layer.put(scope, "", node);
            }
        }
        for entry in &table.0 {
            match Module::from_key(&entry.key) {
                Some(module) => {
                    for inner in entry.node.table().into_iter().flat_map(|table| &table.0) {
                        let scope = Scope::ALL.into_iter().find(|scope| {
                            scope.module == module && scope.switch.key() == inner.key
                        });
                        if let Some(scope) = scope {
                            layer.put(scope, "", &inner.node);
                        }
                    }
                }
                None => {
                    layer.common.insert(entry.key.clone(), entry.node.clone());
                }
            }
        }
        layer
    }

    fn put(&mut self, scope: Scope, key: &str, node: &Node) {
        match &node.value {
            Value::Table(table) => {
                for entry in &table.0 {
                    let key = match key {
                        "" => entry.key.clone(),
                        key => format!("{key}.{}", entry.key),
                    };
                    self.put(scope, &key, &entry.node);
                }
            }
            _ => {
                self.scopes.insert((scope, key.to_owned()), node.clone());
            }
        }
    }
}

/// The layers of a mailbox, the strongest last.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::config) struct Layers(pub(in crate::config) Vec<Arc<Layer>>);

impl Layers {
    /// Finds a setting that concerns the mailbox as a whole.
    pub(in crate::config) fn common(&self, key: &str) -> Option<&Node> {
        self.0.iter().rev().find_map(|layer| layer.common.get(key))
    }

    /// Finds a setting of a switch, such as `brake.created`.
    pub(in crate::config) fn of(&self, scope: Scope, key: &str) -> Option<&Node> {
        let key = (scope, key.to_owned());
        self.0.iter().rev().find_map(|layer| layer.scopes.get(&key))
    }
}
