//! Pure: decides, block by block, which fields of a pair go where (rules D1, G3 to G5, G7).
//!
//! Each side is compared with its own half of the base. A field of which no half is known meets the other side for the
//! first time, and there a blank never clears a value, in any mode. Values do not appear here: fingerprints decide.

mod by_outlook;

use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp};

use crate::engine::rules::{ClockDifference, Rules};
use crate::model::rules::Conflict;
use crate::model::{Block, Direction, Field, FieldSet, Fingerprint, Half, Mode, Slot, Value};
use crate::reason::Code;

/// Two edits closer than this are a tie (rule D1).
const TIE: SignedDuration = SignedDuration::from_secs(2);

/// What both sides hold and held.
#[derive(Clone, Copy)]
pub struct Sides<'a> {
    /// The record now; unknown fields are absent.
    pub record: &'a Half,
    /// The item now.
    pub item: &'a Half,
    /// What the record held when the pair was last settled.
    pub record_base: &'a Half,
    /// What the item held then.
    pub item_base: &'a Half,
    /// Fields that were settled although the sides held different values.
    pub apart: FieldSet,
    /// When a person last edited a field of the record.
    pub record_time: &'a dyn Fn(Field) -> Option<Timestamp>,
    /// When the item was last modified, by the mailbox's clock.
    pub item_time: Option<Timestamp>,
    /// The reminder's moment has passed: switching it off is no change (rule D17).
    pub reminder_past: bool,
    /// A task of a series is on a later date of it in the item than in the record: the one that the record is about was completed.
    pub went_on: bool,
    /// Fields that may go to the item: not those that are fixed or unsupported there.
    pub item_takes: FieldSet,
    /// Fields that may go to the record: not those that are too long for it, nor any where the user may not edit.
    pub record_takes: FieldSet,
    /// A person chose this side for the pair (`take`).
    pub taken: Option<Direction>,
}

/// The decision over all fields of a pair.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merge {
    /// Fields that go to the item.
    pub to_item: FieldSet,
    /// Fields that go to the record.
    pub to_record: FieldSet,
    /// Of both, those that clear a value.
    pub cleared: FieldSet,
    /// Fields of the item that keep their value and get the reference or the category that they lack (rule D18).
    pub decorate: FieldSet,
    /// Fields whose halves move to the present without a write.
    pub settle: FieldSet,
    /// Of those, the ones in which the sides go on to differ.
    pub apart: FieldSet,
    /// Why, where a person may want to know.
    pub reasons: Vec<(Code, FieldSet)>,
}

impl Merge {
    /// Gives a reason for fields; one that was given before gets them as well.
    pub(super) fn say(&mut self, code: Code, fields: FieldSet) {
        if fields.is_empty() {
            return;
        }
        match self.reasons.iter_mut().find(|(known, _)| *known == code) {
            Some((_, set)) => *set = set.union(fields),
            None => self.reasons.push((code, fields)),
        }
    }

    fn settle_apart(&mut self, fields: FieldSet) {
        self.settle = self.settle.union(fields);
        self.apart = self.apart.union(fields);
    }
}

/// Decides all blocks of a pair.
pub fn merge(rules: &Rules, sides: &Sides<'_>) -> Merge {
    let mut merge = Merge::default();
    let changes = Changes::of(sides);
    for block in Block::of(rules.kind) {
        let fields = block.fields().intersection(changes.fields);
        if !fields.is_empty() {
            BlockView::new(rules, sides, block, fields, &changes).decide(&mut merge);
        }
    }
    merge
}

/// What is known of all fields of a pair together; a block takes its part of it.
struct Changes {
    fields: FieldSet,
    differing: FieldSet,
    record_changed: FieldSet,
    item_changed: FieldSet,
    first: FieldSet,
}

impl Changes {
    fn of(sides: &Sides<'_>) -> Self {
        let both = sides.record.known().intersection(sides.item.known());
        let based = sides.record_base.known().intersection(sides.item_base.known());
        Self {
            fields: both.intersection(FieldSet::TRAVELLING),
            differing: sides.record.differing(sides.item),
            record_changed: sides.record.differing(sides.record_base).intersection(based),
            item_changed: sides.item.differing(sides.item_base).intersection(based),
            first: both.difference(based),
        }
    }
}

/// One block of a pair, with what has to be known of it to decide.
struct BlockView<'a> {
    rules: &'a Rules,
    sides: &'a Sides<'a>,
    block: Block,
    fields: FieldSet,
    differing: FieldSet,
    record_changed: FieldSet,
    item_changed: FieldSet,
    first: FieldSet,
    /// The record got another date.
    dated: bool,
}

/// Who prevails in a block.
enum Winner {
    Record(Option<Code>),
    Item(Option<Code>),
    Nobody(Code),
}

impl<'a> BlockView<'a> {
    fn new(
        rules: &'a Rules,
        sides: &'a Sides<'a>,
        block: Block,
        fields: FieldSet,
        changes: &Changes,
    ) -> Self {
        let mut view = Self {
            rules,
            sides,
            block,
            fields,
            differing: changes.differing.intersection(fields),
            record_changed: changes.record_changed.intersection(fields),
            item_changed: changes.item_changed.intersection(fields),
            first: changes.first.intersection(fields),
            dated: !changes.record_changed.intersection(Block::TaskDates.fields()).is_empty(),
        };
        if block == Block::Reminder && sides.reminder_past {
            // Dismissed or snoozed: Outlook's own doing, no edit (rule D17).
            view.item_changed = FieldSet::EMPTY;
        }
        view
    }

    fn decide(&self, merge: &mut Merge) {
        if self.differing.is_empty() {
            merge.settle = merge.settle.union(self.fields);
            return;
        }
        if self.is_dismissed() {
            if !self.stands() {
                merge.settle_apart(self.differing);
                merge.settle = merge.settle.union(self.fields);
            }
            return;
        }
        let effective = match self.sides.taken {
            Some(direction) if !self.rules.mode.permits(direction) => {
                // A person's word does not turn a one-way mode round (invariant 9).
                merge.say(Code::OneWayKept, self.differing);
                return;
            }
            Some(Direction::ToOutlook) => Mode::StaffitproOverwritesOutlook,
            Some(Direction::ToStaffitpro) => Mode::OutlookOverwritesStaffitpro,
            None => self.rules.mode,
        };
        match effective {
            Mode::None => {}
            Mode::StaffitproOverwritesOutlook if self.is_of_the_one_before() => {
                self.leave_behind(merge);
            }
            Mode::StaffitproOverwritesOutlook => {
                if self.is_open() {
                    let edited = self.item_changed.difference(self.first);
                    let code = (!edited.is_empty()).then_some(Code::OverwrittenOutlook);
                    self.send_to_item(merge, code);
                }
            }
            Mode::OutlookOverwritesStaffitpro => {
                if self.is_open() {
                    let edited = self.record_changed.difference(self.first);
                    let code = (!edited.is_empty()).then_some(Code::OverwrittenStaffitpro);
                    self.send_to_record(merge, code);
                }
            }
            Mode::Sync => self.newest(merge),
        }
    }

    /// Says whether the sides differ for a reason that was not settled before: what a server normalised is settled.
    fn is_open(&self) -> bool {
        let apart = self.sides.apart.intersection(self.differing);
        !self.record_changed.is_empty()
            || !self.item_changed.is_empty()
            || !self.first.intersection(self.differing).is_empty()
            || !apart.is_empty()
    }

    /// Says whether both sides are as they were when the block was last settled.
    fn stands(&self) -> bool {
        self.first.is_empty()
            && self.fields.iter().all(|field| {
                let now = (self.sides.record.get(field), self.sides.item.get(field));
                now == (self.sides.record_base.get(field), self.sides.item_base.get(field))
            })
    }

    fn newest(&self, merge: &mut Merge) {
        let met = self.first.intersection(self.differing);
        if !met.is_empty() {
            return self.first_contact(merge, met);
        }
        match (self.record_changed.is_empty(), self.item_changed.is_empty()) {
            (true, true) => {}
            (false, true) => self.send_to_item(merge, None),
            (true, false) => self.send_to_record(merge, None),
            (false, false) => self.contest(merge),
        }
    }

    /// Both sides have fields of the block for the first time: what one side lacks comes from the other, and only where
    /// both have a value does one prevail, with the parts that were settled before and changed since.
    fn first_contact(&self, merge: &mut Merge, met: FieldSet) {
        let Sides { record, item, .. } = *self.sides;
        let (mut to_item, mut to_record, mut both) =
            (FieldSet::EMPTY, FieldSet::EMPTY, FieldSet::EMPTY);
        for field in met.iter() {
            if is_blank(record, field) && !self.follows(record, field) {
                to_record.insert(field);
            } else if is_blank(item, field) && !self.follows(item, field) {
                to_item.insert(field);
            } else {
                both.insert(field);
            }
        }
        let settled = self.differing.difference(met);
        let (record_changed, item_changed) =
            (settled.intersection(self.record_changed), settled.intersection(self.item_changed));
        if both.is_empty() && (record_changed.is_empty() || item_changed.is_empty()) {
            to_item = to_item.union(record_changed);
            to_record = to_record.union(item_changed);
            if self.moves_whole() && !to_item.is_empty() && !to_record.is_empty() {
                merge.say(Code::BlockHeld, self.differing);
                return;
            }
            self.grant_item(merge, to_item, None);
            self.grant_record(merge, to_record, None);
            self.settle_rest(merge);
            return;
        }
        let contested = both.union(record_changed).union(item_changed);
        let (winner_lacks, kept) = match self.winner() {
            Winner::Nobody(code) => {
                merge.say(code, self.differing);
                return;
            }
            Winner::Record(code) => {
                let kept =
                    contested.intersection(self.protected(record, self.sides.record_base, item));
                let moving = contested.union(to_item).difference(kept);
                if self.is_list() && !(to_record.is_empty() && kept.is_empty()) {
                    (true, kept)
                } else {
                    self.grant_item(merge, moving, code);
                    self.grant_record(merge, to_record, None);
                    (false, kept)
                }
            }
            Winner::Item(code) => {
                let kept =
                    contested.intersection(self.protected(item, self.sides.item_base, record));
                let moving = contested.union(to_record).difference(kept);
                if self.is_list() && !(to_item.is_empty() && kept.is_empty()) {
                    (true, kept)
                } else {
                    self.grant_record(merge, moving, code);
                    self.grant_item(merge, to_item, None);
                    (false, kept)
                }
            }
        };
        if winner_lacks {
            merge.say(Code::BlockHeld, self.differing);
            return;
        }
        merge.settle_apart(kept);
        merge.say(Code::BlankKept, kept);
        self.settle_rest(merge);
    }

    fn contest(&self, merge: &mut Merge) {
        match self.winner() {
            Winner::Record(code) => self.send_to_item(merge, code),
            Winner::Item(code) => self.send_to_record(merge, code),
            Winner::Nobody(code) => merge.say(code, self.differing),
        }
    }

    fn winner(&self) -> Winner {
        match self.rules.conflict {
            Conflict::Staffitpro => return Winner::Record(Some(Code::SetStaffitpro)),
            Conflict::Outlook => return Winner::Item(Some(Code::SetOutlook)),
            Conflict::Hold => return Winner::Nobody(Code::ConflictHeld),
            Conflict::Newest => {}
        }
        let ClockDifference::Within(difference) = self.rules.clock else {
            return Winner::Nobody(Code::ConflictClock);
        };
        let record = self.differing.iter().filter_map(|f| (self.sides.record_time)(f)).max();
        let item = self.sides.item_time.and_then(|time| time.checked_sub(difference).ok());
        let (Some(record), Some(item)) = (record, item) else {
            return Winner::Nobody(Code::ConflictUndated);
        };
        let ahead = record.duration_since(item);
        if ahead.abs() < TIE {
            Winner::Record(Some(Code::TieStaffitpro))
        } else if ahead.is_positive() {
            Winner::Record(Some(Code::NewerStaffitpro))
        } else {
            Winner::Item(Some(Code::NewerOutlook))
        }
    }

    /// Of the differing fields, those that would clear a value on the other side without being allowed to: a blank clears
    /// only where that side had a value in its half and lost it (rule D1).
    fn protected(&self, from: &Half, from_base: &Half, to: &Half) -> FieldSet {
        self.differing
            .iter()
            .filter(|field| {
                is_blank(from, *field)
                    && !is_blank(to, *field)
                    && from_base.get(*field).is_none_or(Fingerprint::is_blank)
                    && !self.follows(from, *field)
            })
            .collect()
    }

    fn send_to_item(&self, merge: &mut Merge, code: Option<Code>) {
        let Sides { record, item, record_base, .. } = *self.sides;
        let protected = self.protected(record, record_base, item);
        if let Some(fields) = self.without(merge, protected) {
            self.grant_item(merge, fields, code);
        }
    }

    fn send_to_record(&self, merge: &mut Merge, code: Option<Code>) {
        let Sides { record, item, item_base, .. } = *self.sides;
        let protected = self.protected(item, item_base, record);
        if let Some(fields) = self.without(merge, protected) {
            self.grant_record(merge, fields, code);
        }
    }

    /// Takes protected fields out of what moves. What makes no sense in parts is held when only a part of it may move, until
    /// a person decides, who may then clear.
    fn without(&self, merge: &mut Merge, protected: FieldSet) -> Option<FieldSet> {
        let moving = self.differing.difference(protected);
        let meets = !self.first.intersection(self.differing).is_empty();
        let whole = self.moves_whole() || (meets && self.is_list());
        if whole && !protected.is_empty() && !moving.is_empty() {
            if self.sides.taken.is_some() {
                return Some(self.differing);
            }
            merge.say(Code::BlockHeld, self.differing);
            return None;
        }
        merge.settle_apart(protected);
        merge.say(Code::BlankKept, protected);
        if moving.is_empty() {
            self.settle_rest(merge);
        }
        Some(moving)
    }

    /// Lets fields go to the item, as far as it may be written.
    fn grant_item(&self, merge: &mut Merge, fields: FieldSet, code: Option<Code>) {
        let taken = fields.intersection(self.sides.item_takes);
        if fields.is_empty() || (taken != fields && self.moves_whole()) {
            return;
        }
        if !self.rules.writes_outlook {
            merge.say(Code::WritesOffOutlook, taken);
            return;
        }
        self.count_cleared(merge, taken, self.sides.record);
        merge.to_item = merge.to_item.union(taken);
        self.settle_rest(merge);
        if let Some(code) = code {
            merge.say(code, taken);
        }
    }

    /// Lets fields go to the record, as far as the scope, the source and the user's rights permit.
    fn grant_record(&self, merge: &mut Merge, fields: FieldSet, code: Option<Code>) {
        if fields.is_empty() {
            return;
        }
        if !self.rules.scope.may_write_staffitpro() {
            merge.settle_apart(fields);
            self.settle_rest(merge);
            merge.say(Code::BusinessContactKept, fields);
            return;
        }
        let refused = fields.difference(self.rules.writable);
        let whole = self.moves_whole();
        let stays = if whole && !refused.is_empty() { fields } else { refused };
        merge.settle_apart(stays);
        merge.say(Code::FieldNotWritable, stays);
        let fields = fields.difference(stays);
        if fields.is_empty() {
            return self.settle_rest(merge);
        }
        let taken = fields.intersection(self.sides.record_takes);
        if taken.is_empty() || (taken != fields && whole) {
            return;
        }
        if !self.rules.writes_staffitpro {
            merge.say(Code::WritesOffStaffitpro, taken);
            return;
        }
        self.count_cleared(merge, taken, self.sides.item);
        merge.to_record = merge.to_record.union(taken);
        self.settle_rest(merge);
        if let Some(code) = code {
            merge.say(code, taken);
        }
    }

    /// Settles what the sides agree about beside that which was decided: a change of it that both have is no change any more.
    fn settle_rest(&self, merge: &mut Merge) {
        merge.settle = merge.settle.union(self.fields.difference(self.differing));
    }

    fn count_cleared(&self, merge: &mut Merge, fields: FieldSet, from: &Half) {
        let cleared =
            fields.iter().filter(|field| is_blank(from, *field) && !self.follows(from, *field));
        merge.cleared = merge.cleared.union(cleared.collect());
    }

    /// Says whether a blank says nothing of its own, because another field of the block implies it: the time of a reminder
    /// that is off, the day of completion of a task that is not finished.
    fn follows(&self, half: &Half, field: Field) -> bool {
        let (by, implying) = match field {
            Field::ReminderMinutes | Field::ReminderAt => (Field::ReminderOn, *REMINDER_ON),
            Field::Completed => (Field::Status, *COMPLETED),
            _ => return false,
        };
        self.fields.contains(by)
            && is_blank(half, field)
            && half.get(by).is_some_and(|state| !state.is_blank() && state != implying)
    }

    /// Says whether a part of the block on its own would make no sense. Names and e-mail lists may lack a slot.
    const fn moves_whole(&self) -> bool {
        !matches!(self.block, Block::Name | Block::Emails | Block::Single(_))
    }

    /// Says whether values of two sides must not stand side by side when they meet for the first time: one list of e-mail
    /// addresses written over a part of another doubles the one address and loses the other.
    const fn is_list(&self) -> bool {
        self.moves_whole() || matches!(self.block, Block::Emails)
    }
}

static REMINDER_ON: LazyLock<Fingerprint> =
    LazyLock::new(|| Fingerprint::of(Field::ReminderOn, &Slot::Value(Value::Flag(true))));
static COMPLETED: LazyLock<Fingerprint> = LazyLock::new(|| {
    Fingerprint::of(Field::Status, &Slot::Value(Value::Text("completed".to_owned())))
});

fn is_blank(half: &Half, field: Field) -> bool {
    half.get(field).is_none_or(Fingerprint::is_blank)
}
