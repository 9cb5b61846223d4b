//! Pure: puts both sides of a pair, its base and the planner's decision side by side, for `plan --explain`.

use crate::engine::plan::{ItemView, RecordView, Verdict};
use crate::engine::report::{Edit, Explanation, FieldExplanation};
use crate::engine::seen::Seen;
use crate::engine::session::Active;
use crate::engine::tell::label_of;
use crate::engine::view::show;
use crate::mailbox::Item;
use crate::model::{Direction, Field, Half};

/// Explains a verdict.
pub(super) fn explain(
    active: &Active,
    seen: &Seen,
    record_view: Option<&RecordView>,
    item: Option<(&Item, &ItemView)>,
    verdict: &Verdict,
) -> Explanation {
    let private = seen.record.as_ref().is_some_and(|record| record.private)
        || item.is_some_and(|(item, _)| item.identity.private);
    let record = seen.record.as_deref();
    let mut fields = Vec::new();
    for field in Field::of(seen.pair.kind) {
        let record_now = record_view.map(|view| &view.half);
        let item_now = item.map(|(_, view)| &view.half);
        let known = |half: Option<&Half>| half.is_some_and(|half| half.get(field).is_some());
        if !known(record_now) && !known(item_now) {
            continue;
        }
        let value = |content| if private { "…".to_owned() } else { show(content, field) };
        fields.push(FieldExplanation {
            field,
            record: record.map_or_else(|| "?".to_owned(), |record| value(&record.content)),
            item: item.map_or_else(|| "?".to_owned(), |(item, _)| value(&item.content)),
            record_changed: changed(field, record_now, seen.pair.record_half.as_ref()),
            item_changed: changed(field, item_now, seen.pair.item_half.as_ref()),
            goes: if verdict.merge.to_item.contains(field) {
                Some(Direction::ToOutlook)
            } else if verdict.merge.to_record.contains(field) {
                Some(Direction::ToStaffitpro)
            } else {
                None
            },
        });
    }
    Explanation {
        record: seen.pair.record.clone(),
        label: record.filter(|_| !private).and_then(label_of),
        scope: active.scope,
        mode: active.mode,
        record_edit: record.map_or_else(Edit::default, |record| Edit {
            version: record.version.as_str().to_owned(),
            at: record.changed_at,
            by: record.changed_by.clone(),
        }),
        item_edit: item.map(|(item, _)| Edit {
            version: item.identity.version.as_str().to_owned(),
            at: item.modified_at,
            by: item.modified_by.clone(),
        }),
        fields,
        action: verdict.action.key(),
        reasons: verdict.merge.reasons.clone(),
    }
}

fn changed(field: Field, now: Option<&Half>, then: Option<&Half>) -> Option<bool> {
    let (now, then) = (now?.get(field)?, then?.get(field)?);
    Some(!now.agrees(then, field))
}
