//! Shell: `plan --explain --json`: the part of the document that explains one record.

use abgleich::engine::report::{Edit, Explanation, FieldExplanation};
use abgleich::model::Direction;
use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::report::Manner;
use crate::cli::report::document::{Because, instant};

/// Both sides of a pair and its base, field by field, and what decides.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Explained {
    /// The record.
    record: String,
    /// Its number and name; null where private.
    label: Option<String>,
    /// The scope.
    scope: String,
    /// The mode in force.
    mode: &'static str,
    /// The last edit of the record.
    record_edit: Touched,
    /// The last edit of the item; null where there is none.
    item_edit: Option<Touched>,
    /// Every field that either side knows.
    fields: Vec<Part>,
    /// What would be done.
    action: &'static str,
    /// The reasons that decided.
    reasons: Vec<Because>,
}

/// Who edited a side last, and when.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Touched {
    /// The version.
    version: String,
    /// When (RFC 3339).
    at: Option<String>,
    /// Who.
    by: Option<String>,
}

/// One field.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Part {
    /// Its key.
    field: &'static str,
    /// Whether both sides hold the same.
    equal: bool,
    /// Whether the record changed since the pair was settled; null where they meet for the first time.
    record_changed: Option<bool>,
    /// Whether the item changed since.
    item_changed: Option<bool>,
    /// Where the value goes: `outlook`, `staffitpro`, or null.
    goes: Option<&'static str>,
    /// The value in staffITpro; with `--values` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<String>,
    /// The value in Outlook; with `--values` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<String>,
}

impl Explained {
    pub(super) fn of(explanation: &Explanation, manner: Manner) -> Self {
        Self {
            record: explanation.record.to_string(),
            label: explanation.label.clone(),
            scope: explanation.scope.to_string(),
            mode: explanation.mode.key(),
            record_edit: touched(&explanation.record_edit),
            item_edit: explanation.item_edit.as_ref().map(touched),
            fields: explanation.fields.iter().map(|field| part(field, manner)).collect(),
            action: explanation.action,
            reasons: explanation.reasons.iter().map(Because::of).collect(),
        }
    }
}

fn touched(edit: &Edit) -> Touched {
    Touched { version: edit.version.clone(), at: edit.at.map(instant), by: edit.by.clone() }
}

fn part(field: &FieldExplanation, manner: Manner) -> Part {
    Part {
        field: field.field.key(),
        equal: field.record == field.item,
        record_changed: field.record_changed,
        item_changed: field.item_changed,
        goes: field.goes.map(|direction| match direction {
            Direction::ToOutlook => "outlook",
            Direction::ToStaffitpro => "staffitpro",
        }),
        record: manner.values.then(|| field.record.clone()),
        item: manner.values.then(|| field.item.clone()),
    }
}
