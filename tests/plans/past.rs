//! A pair that owns what the planner only looks at, and what becomes of it when a verdict is carried out.

use abgleich::engine::plan::{
    Action, Base, ItemState, ItemView, Pair, RecordState, RecordView, Verdict,
};
use abgleich::model::{Direction, Field, FieldSet, Fingerprint, Half, Slot, Value};
use abgleich::reason::Code;

/// What is known of the record.
#[derive(Clone, Debug)]
pub(crate) enum Record {
    Here(RecordView),
    Left,
    Gone,
    Unreadable,
}

/// What is known of the item.
#[derive(Clone, Debug)]
pub(crate) enum Item {
    Here(ItemView),
    Candidate(ItemView),
    Twin(ItemView),
    None,
    Doubtful(Code),
    Deleted,
    Removed,
    Missing,
    Unreadable,
}

/// The base of a linked pair.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settled {
    pub(crate) record: Half,
    pub(crate) item: Half,
    pub(crate) apart: FieldSet,
    pub(crate) created: bool,
    pub(crate) private: bool,
}

/// A pair with all that it has been through.
#[derive(Clone, Debug)]
pub(crate) struct Past {
    pub(crate) base: Option<Settled>,
    pub(crate) record: Record,
    pub(crate) item: Item,
    pub(crate) taken: Option<Direction>,
    pub(crate) unread: bool,
}

impl Past {
    /// Shows the pair to the planner.
    pub(crate) fn pair(&self) -> Pair<'_> {
        Pair {
            record: match &self.record {
                Record::Here(view) => RecordState::Here(view),
                Record::Left => RecordState::Left,
                Record::Gone => RecordState::Gone,
                Record::Unreadable => RecordState::Unreadable,
            },
            item: match &self.item {
                Item::Here(view) => ItemState::Here(view),
                Item::Candidate(view) => ItemState::Candidate(view),
                Item::Twin(view) => ItemState::Twin(view),
                Item::None => ItemState::None,
                Item::Doubtful(code) => ItemState::Doubtful(*code),
                Item::Deleted => ItemState::Deleted,
                Item::Removed => ItemState::Removed,
                Item::Missing => ItemState::Missing,
                Item::Unreadable => ItemState::Unreadable,
            },
            base: self.base.as_ref().map(|base| Base {
                record: &base.record,
                item: &base.item,
                apart: base.apart,
                created: base.created,
                private: base.private,
            }),
            taken: self.taken,
            unread: self.unread,
        }
    }
}

/// Says whether a verdict writes nothing, neither on a side nor in the base.
pub(crate) const fn is_quiet(verdict: &Verdict) -> bool {
    matches!(verdict.action, Action::Nothing | Action::Sleep | Action::Hold)
        && verdict.merge.to_item.is_empty()
        && verdict.merge.to_record.is_empty()
}

/// Carries a verdict out on both halves, as apply does it: write, read back, move the halves (invariant 3).
pub(crate) fn settled(past: &Past, verdict: &Verdict) -> Past {
    let mut after = past.clone();
    if verdict.action == Action::Update {
        after.taken = None;
    }
    let merge = &verdict.merge;
    match verdict.action {
        Action::Delete => {
            after.item = Item::Removed;
            return after;
        }
        Action::RemoveTwin => {
            // What becomes of the pair's own item is another verdict's business.
            after.item = Item::Unreadable;
            return after;
        }
        Action::Create => after.item = Item::Here(ItemView::default()),
        Action::Nothing | Action::Settle | Action::Update | Action::Sleep | Action::Hold => {}
    }
    if let Item::Candidate(view) = &past.item
        && verdict.link
    {
        after.item = Item::Here(view.clone());
    }
    let (Record::Here(record), Item::Here(item)) = (&mut after.record, &mut after.item) else {
        return after;
    };
    if matches!(verdict.action, Action::Nothing | Action::Sleep | Action::Hold) {
        return after;
    }
    let record_before = record.half.clone();
    record.half.take(merge.to_record, &item.half);
    item.half.take(merge.to_item, &record_before);
    if record.reminder_past && merge.to_item.contains(Field::ReminderOn) {
        // Rule D17: it is written switched off, and a reminder that is off has no time.
        let off = Fingerprint::of(Field::ReminderOn, &Slot::Value(Value::Flag(false)));
        item.half.set(Field::ReminderOn, off);
        for time in [Field::ReminderMinutes, Field::ReminderAt] {
            if item.half.get(time).is_some() {
                item.half.set(time, Fingerprint::BLANK);
            }
        }
    }
    let created = verdict.action == Action::Create;
    let base = after.base.get_or_insert_with(|| Settled { created, ..Settled::default() });
    let moved = merge.to_item.union(merge.to_record).union(merge.settle);
    base.record.take(moved, &record.half);
    base.item.take(moved, &item.half);
    base.apart = base.apart.difference(moved).union(merge.apart);
    base.private = record.private;
    after
}
