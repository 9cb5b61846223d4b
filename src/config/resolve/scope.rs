//! Pure: the settings of one switch of one mailbox, from its layers.

use crate::config::fault::Fault;
use crate::config::layers::Layers;
use crate::config::origin::Place;
use crate::config::resolve::Notes;
use crate::config::tree::{Node, Value};
use crate::model::rules::{
    Adopt, BrakeLimits, Conflict, FirstTransfer, Leftover, PastDays, Reference, ScopeSettings,
    Scopes,
};
use crate::model::{Field, FieldSet, Mode, Scope};

/// Builds the settings of a switch. What no layer says stays as [`ScopeSettings::default_for`] has it.
pub(in crate::config) fn resolve(layers: &Layers, scope: Scope) -> ScopeSettings {
    let mut settings = ScopeSettings::default_for(scope);
    let find = |key: &str| layers.of(scope, key);
    let word = |key: &str| find(key).and_then(Node::text);
    let text = |key: &str| word(key).map(str::to_owned);

    set(&mut settings.mode, word("mode").and_then(Mode::from_key));
    set(&mut settings.except, find("except").map(fields));
    settings.folder = text("folder").or(settings.folder);
    settings.category = text("category").or(settings.category);
    set(&mut settings.reference, word("reference").and_then(Reference::from_key));
    set(&mut settings.past_days, find("past_days").and_then(past_days));
    set(&mut settings.conflict, word("conflict").and_then(Conflict::from_key));
    set(&mut settings.on_leave, word("on_leave").and_then(Leftover::from_key));
    set(&mut settings.on_gone, word("on_gone").and_then(Leftover::from_key));
    set(&mut settings.adopt, word("adopt").and_then(Adopt::from_key));
    let flag = match find("create_missing").map(|node| &node.value) {
        Some(Value::Flag(flag)) => Some(*flag),
        _ => None,
    };
    set(&mut settings.create_missing, flag);
    set(&mut settings.first_transfer, word("first_transfer").and_then(FirstTransfer::from_key));
    for (key, limit) in settings.brake.by_key_mut() {
        set(limit, find(key).and_then(Node::count));
    }
    settings
}

fn set<T>(setting: &mut T, found: Option<T>) {
    if let Some(found) = found {
        *setting = found;
    }
}

fn fields(node: &Node) -> FieldSet {
    node.texts().unwrap_or_default().iter().filter_map(|key| Field::from_key(key)).collect()
}

fn past_days(node: &Node) -> Option<PastDays> {
    match node.text() {
        Some(_) => Some(PastDays::All),
        None => node.count().map(PastDays::Days),
    }
}

impl BrakeLimits {
    /// Walks the limits with their keys within a scope.
    pub(in crate::config) fn by_key_mut(&mut self) -> [(&'static str, &mut u32); 11] {
        [
            ("brake.created", &mut self.created),
            ("brake.updated_outlook", &mut self.updated_outlook),
            ("brake.updated_outlook_percent", &mut self.updated_outlook_percent),
            ("brake.updated_staffitpro", &mut self.updated_staffitpro),
            ("brake.updated_staffitpro_percent", &mut self.updated_staffitpro_percent),
            ("brake.cleared", &mut self.cleared),
            ("brake.deleted", &mut self.deleted),
            ("brake.deleted_percent", &mut self.deleted_percent),
            ("brake.missing", &mut self.missing),
            ("brake.missing_percent", &mut self.missing_percent),
            ("brake.filter_lost_percent", &mut self.filter_lost_percent),
        ]
    }
}

/// Warns of modes that cannot do what they say. `doubted` are the places that have had their warning.
pub(in crate::config::resolve) fn doubts(
    notes: &mut Notes,
    layers: &Layers,
    scopes: &Scopes,
    doubted: &mut Vec<Place>,
) {
    for settings in scopes {
        let scope = settings.scope;
        let one_way = settings.mode == Mode::OutlookOverwritesStaffitpro;
        if scope.may_write_staffitpro() || !one_way {
            continue;
        }
        let Some(node) = layers.of(scope, "mode") else { continue };
        if !doubted.contains(&node.place) {
            doubted.push(node.place.clone());
            notes.doubt(&node.place, Fault::MovesNothing { scope: scope.to_string() });
        }
    }
}
