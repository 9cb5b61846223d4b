//! Pure: decides one pair: `plan(rules, pair) -> Verdict`, total, deterministic, without I/O and without values.
//!
//! Permissions are looked up in here, so that a forbidden write is never even planned: what a mode, rule G7, guests (D8),
//! privacy (D9), rights (D14) or `writes = "off"` (D19) forbid does not appear in a verdict.
//!
//! Long because the order in which the rules are asked is itself a rule, and is read in one piece.

use jiff::Timestamp;

use crate::engine::merge::{Merge, Sides, merge};
use crate::engine::rules::Rules;
use crate::model::rules::Leftover;
use crate::model::texts::Unheld;
use crate::model::{
    Block, Direction, Field, FieldSet, Fingerprint, Half, ItemVersion, Mode, RecordVersion, Shape,
};
use crate::reason::Code;

/// A record as the planner sees it.
#[derive(Clone, Debug, Default)]
pub struct RecordView {
    /// Fingerprints of the known fields.
    pub half: Half,
    /// The version that a write must still find.
    pub version: Option<RecordVersion>,
    /// When a person last edited each field, as far as known; else the record's own time counts.
    pub field_times: Vec<(Field, Timestamp)>,
    /// When a person last edited the record.
    pub changed_at: Option<Timestamp>,
    /// Private in staffITpro (rule D9).
    pub private: bool,
    /// The user may change it (rule D14).
    pub editable: bool,
    /// Ended or finished too long ago to be created (rule D16).
    pub old: bool,
    /// The reminder's moment has passed (rule D17).
    pub reminder_past: bool,
    /// Fields whose values no Outlook holds as they are (rule D11).
    pub unheld: Unheld,
}

impl RecordView {
    fn time(&self, field: Field) -> Option<Timestamp> {
        let own = self.field_times.iter().find(|(known, _)| *known == field).map(|(_, time)| *time);
        own.or(self.changed_at)
    }

    /// Returns the fields that do not go to Outlook whatever is decided.
    fn staying(&self) -> FieldSet {
        self.too_long().union(self.unheld.divided)
    }

    /// Returns the fields that are too long for Outlook, and what stays with them.
    fn too_long(&self) -> FieldSet {
        with_times(self.unheld.too_long)
    }
}

/// An item as the planner sees it.
#[derive(Clone, Debug, Default)]
pub struct ItemView {
    /// Fingerprints of the known fields, the reference block and our own category taken off (rule D18).
    pub half: Half,
    /// The version that a write must still find.
    pub version: Option<ItemVersion>,
    /// When it was last modified, by the mailbox's clock.
    pub modified_at: Option<Timestamp>,
    /// Private or confidential (rule D9).
    pub private: bool,
    /// Somebody besides the owner is invited (rule D8).
    pub guests: bool,
    /// It carries the stamp of this very record, so that linking the two writes nothing.
    pub stamped: bool,
    /// Slots that are left alone (rule D11).
    pub fixed: FieldSet,
    /// Fields that must not be written (rule D10).
    pub read_only: FieldSet,
    /// Fields that hold what the model cannot represent (rule D10).
    pub unsupported: FieldSet,
    /// Fields whose values are too long for the record (rule D11).
    pub too_long: FieldSet,
    /// It is a task of a series and on a later date of it than its record (rule D10).
    pub went_on: bool,
    /// Ended or finished (rule D6: only open or future activities are deleted).
    pub over: bool,
    /// Fields that lack the reference or the category they should show (rule D18), and a series of which a write broke off.
    pub bare: FieldSet,
}

/// What is known of the record.
#[derive(Clone, Copy, Debug)]
pub enum RecordState<'a> {
    /// It is there, the user's, and in the filter where there is one.
    Here(&'a RecordView),
    /// It left the filter (rule D6).
    Left,
    /// It is gone, or no longer the user's (rules D6, D14).
    Gone,
    /// The source could not deliver it.
    Unreadable,
}

/// What is known of the item.
#[derive(Clone, Copy, Debug)]
pub enum ItemState<'a> {
    /// It is there.
    Here(&'a ItemView),
    /// The pair has no item yet and none was found to adopt.
    None,
    /// An item fits the record's keys exactly (rule D3).
    Candidate(&'a ItemView),
    /// Items fit, but not beyond doubt; the code says why.
    Doubtful(Code),
    /// It is in Deleted Items, or not found anywhere (rule D4).
    Deleted,
    /// It was moved to Deleted Items by the connector itself (rule D6).
    Removed,
    /// It is not where it was, and nothing proves that it is deleted (rule D4).
    Missing,
    /// The mailbox could not deliver it.
    Unreadable,
    /// Not the pair's item, but a late one of a create that was repeated: it carries the same token (invariant 1).
    Twin(&'a ItemView),
}

/// The settled past of a pair.
#[derive(Clone, Copy, Debug)]
pub struct Base<'a> {
    /// What the record held.
    pub record: &'a Half,
    /// What the item held.
    pub item: &'a Half,
    /// Fields settled although the sides differed.
    pub apart: FieldSet,
    /// The connector made the item; else it was adopted.
    pub created: bool,
    /// The record was private when the pair was settled (rule D9).
    pub private: bool,
}

/// One pair, or a record that has none yet.
#[derive(Clone, Copy, Debug)]
pub struct Pair<'a> {
    /// The record.
    pub record: RecordState<'a>,
    /// The item.
    pub item: ItemState<'a>,
    /// The past, where the pair is linked.
    pub base: Option<Base<'a>>,
    /// A person chose this side (`take`).
    pub taken: Option<Direction>,
    /// Items of this kind could not be read: one of them may be the record's (rule D3).
    pub unread: bool,
}

/// What is to be done with a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing at all.
    Nothing,
    /// Nothing is written; the halves of the base move to the present where the fields say so.
    Settle,
    /// An item is made.
    Create,
    /// Fields are written on one side or both.
    Update,
    /// The item goes to Deleted Items.
    Delete,
    /// The late twin of the pair's item goes to Deleted Items.
    RemoveTwin,
    /// The pair keeps its base and is looked at again when something about it changes.
    Sleep,
    /// Nothing is done and it is asked again in the next run.
    Hold,
}

impl Action {
    /// Returns the word in plans and in the state.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Settle => "settle",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::RemoveTwin => "remove-twin",
            Self::Sleep => "sleep",
            Self::Hold => "hold",
        }
    }

    /// Finds the action with this word.
    pub fn from_key(key: &str) -> Option<Self> {
        [
            Self::Nothing,
            Self::Settle,
            Self::Create,
            Self::Update,
            Self::Delete,
            Self::RemoveTwin,
            Self::Sleep,
            Self::Hold,
        ]
        .into_iter()
        .find(|action| action.key() == key)
    }
}

/// The decision over one pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What is to be done.
    pub action: Action,
    /// Whether a link to the candidate is made first (rule D3).
    pub link: bool,
    /// Which fields go where.
    pub merge: Merge,
}

impl Verdict {
    fn of(action: Action) -> Self {
        Self { action, link: false, merge: Merge::default() }
    }

    fn because(action: Action, code: Code) -> Self {
        let mut verdict = Self::of(action);
        verdict.merge.reasons.push((code, FieldSet::EMPTY));
        verdict
    }

    /// Returns the first reason's code.
    pub fn code(&self) -> Option<Code> {
        self.merge.reasons.first().map(|(code, _)| *code)
    }
}

/// Decides one pair.
pub fn plan(rules: &Rules, pair: &Pair<'_>) -> Verdict {
    if rules.mode == Mode::None {
        return Verdict::of(Action::Sleep);
    }
    if let ItemState::Twin(item) = pair.item {
        return twin(rules, pair, item);
    }
    match pair.record {
        RecordState::Unreadable => Verdict::because(Action::Hold, Code::RecordUnreadable),
        RecordState::Left => leftover(rules, pair, rules.on_leave, LEFT),
        RecordState::Gone => leftover(rules, pair, rules.on_gone, GONE),
        RecordState::Here(record) => match pair.item {
            ItemState::Here(item) | ItemState::Candidate(item) => both(rules, pair, record, item),
            ItemState::None | ItemState::Removed | ItemState::Twin(_) => {
                absent(rules, pair, record)
            }
            ItemState::Doubtful(code) => Verdict::because(Action::Hold, code),
            ItemState::Deleted => deleted(rules, pair, record),
            ItemState::Missing => Verdict::because(Action::Hold, Code::MissingUnproven),
            ItemState::Unreadable => Verdict::because(Action::Hold, Code::ItemUnreadable),
        },
    }
}

/// A record in the filter without an item (rules G3, G8, D2, D3, D16).
fn absent(rules: &Rules, pair: &Pair<'_>, record: &RecordView) -> Verdict {
    match rules.mode {
        Mode::None => return Verdict::of(Action::Sleep),
        Mode::OutlookOverwritesStaffitpro => {
            return Verdict::because(Action::Sleep, Code::OnlyInStaffitpro);
        }
        Mode::Sync if !rules.transferred => {
            return Verdict::because(Action::Hold, Code::FirstTransferWaiting);
        }
        Mode::Sync if !rules.create_missing => {
            return Verdict::because(Action::Sleep, Code::CreateMissingOff);
        }
        Mode::Sync | Mode::StaffitproOverwritesOutlook => {}
    }
    if record.old {
        return Verdict::because(Action::Sleep, Code::OldActivity);
    }
    if record.unheld.too_long.contains(Field::Recurrence) {
        // Without its series the item would be a single date (rule D10).
        let mut verdict = Verdict::of(Action::Sleep);
        verdict.merge.say(Code::TooLong, FieldSet::of(Field::Recurrence));
        return verdict;
    }
    if pair.unread {
        return Verdict::because(Action::Hold, Code::PairUnread);
    }
    if !rules.writes_outlook {
        return Verdict::because(Action::Hold, Code::WritesOffOutlook);
    }
    let mut verdict = Verdict::of(Action::Create);
    let known = record.half.known().intersection(FieldSet::TRAVELLING);
    verdict.merge.to_item = known.difference(record.staying());
    let filled = known.iter().filter(|field| holds_value(&record.half, *field)).collect();
    verdict.merge.say(Code::TooLong, record.unheld.too_long.intersection(filled));
    verdict.merge.say(Code::CategoryDivided, record.unheld.divided.intersection(filled));
    email_4(&mut verdict, record);
    verdict
}

/// The item was deleted in Outlook (rule D5).
fn deleted(rules: &Rules, pair: &Pair<'_>, record: &RecordView) -> Verdict {
    let edited = pair.base.is_some_and(|base| differs(&record.half, base.record));
    match rules.mode {
        Mode::StaffitproOverwritesOutlook => {}
        Mode::Sync if edited => {}
        Mode::Sync | Mode::OutlookOverwritesStaffitpro | Mode::None => {
            return Verdict::because(Action::Sleep, Code::DeletedInOutlook);
        }
    }
    let mut verdict = absent(rules, pair, record);
    if verdict.action == Action::Create {
        verdict.merge.reasons.insert(0, (Code::Recreated, FieldSet::EMPTY));
    }
    verdict
}

/// The codes for an item whose record left the filter or is gone: deleted, kept.
type Leaving = (Code, Code);
const LEFT: Leaving = (Code::LeftFilterDeleted, Code::LeftFilterKept);
const GONE: Leaving = (Code::GoneDeleted, Code::GoneKept);

/// What becomes of an item whose record left the filter, is gone or belongs to somebody else now (rule D6).
fn leftover(rules: &Rules, pair: &Pair<'_>, setting: Leftover, codes: Leaving) -> Verdict {
    let (deleted, kept) = codes;
    let (Some(base), ItemState::Here(item)) = (pair.base, pair.item) else {
        return Verdict::of(Action::Sleep);
    };
    if setting == Leftover::Keep {
        return Verdict::because(Action::Sleep, kept);
    }
    let obstacle = if !rules.mode.permits(Direction::ToOutlook) {
        Some(Code::DeleteOneWay)
    } else if item.guests {
        Some(Code::DeleteGuests)
    } else if !base.created {
        Some(Code::DeleteAdopted)
    } else if item.over {
        Some(Code::DeleteOver)
    } else if !untouched(&base, item) || (item.private && !base.private) {
        Some(Code::DeleteChanged)
    } else {
        None
    };
    match obstacle {
        Some(code) => Verdict::because(Action::Sleep, code),
        None if !rules.writes_outlook => Verdict::because(Action::Hold, Code::WritesOffOutlook),
        None => Verdict::because(Action::Delete, deleted),
    }
}

/// The item of a create that was committed after it was repeated: what it holds stands in the pair's own item, unless somebody has
/// touched one of them since (invariant 1).
fn twin(rules: &Rules, pair: &Pair<'_>, item: &ItemView) -> Verdict {
    let untouched = pair.base.is_some_and(|base| {
        base.created && untouched(&base, item) && (base.private || !item.private)
    });
    if item.guests || !untouched {
        Verdict::because(Action::Sleep, Code::CopiesLeftAlone)
    } else if !rules.mode.permits(Direction::ToOutlook) {
        Verdict::because(Action::Sleep, Code::DeleteOneWay)
    } else if !rules.writes_outlook {
        Verdict::because(Action::Hold, Code::WritesOffOutlook)
    } else {
        Verdict::because(Action::RemoveTwin, Code::LateTwinRemoved)
    }
}

/// Says whether nobody edited the item since we wrote it (rule D6). An edit that was kept in Outlook is settled and exists
/// nowhere else, and so does what a person wrote into fields that the record does not have.
fn untouched(base: &Base<'_>, item: &ItemView) -> bool {
    let holds = |field: Field, fingerprint: Fingerprint| {
        !fingerprint.agrees(Fingerprint::BLANK, field)
            && (base.apart.contains(field)
                || (base.item.get(field).is_none() && !is_filled_in_by_servers(field)))
    };
    !differs(&item.half, base.item)
        && !item.half.iter().any(|(field, fingerprint)| holds(field, fingerprint))
}

/// Says whether an item has a value here without anybody having set it.
pub(super) fn is_filled_in_by_servers(field: Field) -> bool {
    !matches!(
        field.shape(),
        Shape::Text | Shape::Body | Shape::Phone | Shape::Email | Shape::Date | Shape::List
    )
}

/// Both sides are there.
fn both(rules: &Rules, pair: &Pair<'_>, record: &RecordView, item: &ItemView) -> Verdict {
    let was_private = pair.base.is_some_and(|base| base.private);
    let adopting = matches!(pair.item, ItemState::Candidate(_));
    // One that carries the stamp of a private record is the item that the connector made of it, as after the state was lost.
    let is_others = adopting && !item.stamped;
    if item.private && (is_others || !(record.private || was_private)) {
        return Verdict::because(Action::Sleep, Code::PrivateSkipped);
    }
    if rules.mode == Mode::OutlookOverwritesStaffitpro && !rules.scope.may_write_staffitpro() {
        return Verdict::of(Action::Nothing);
    }
    let (record_base, item_base, apart) = match pair.base {
        Some(base) => (base.record, base.item, base.apart),
        None => (EMPTY, EMPTY, FieldSet::EMPTY),
    };
    let unsupported = with_times(item.unsupported);
    let all = FieldSet::of_kind(rules.kind);
    let open = all.difference(item.fixed).difference(unsupported);
    let record_takes =
        if record.editable { open.difference(item.too_long) } else { FieldSet::EMPTY };
    let takes = |read_only| if item.guests { FieldSet::EMPTY } else { open.difference(read_only) };
    let decide = |read_only| {
        merge(
            rules,
            &Sides {
                record: &record.half,
                item: &item.half,
                record_base,
                item_base,
                apart,
                record_time: &|field| record.time(field),
                item_time: item.modified_at,
                reminder_past: record.reminder_past,
                went_on: item.went_on,
                item_takes: takes(read_only).difference(record.staying()),
                record_takes,
                taken: pair.taken,
            },
        )
    };
    // What must not be written because it is a series is free only where the same write ends the series.
    let mut read_only = item.read_only;
    let mut merge = decide(read_only);
    if !read_only.is_empty()
        && merge.to_item.intersection(merge.cleared).contains(Field::Recurrence)
    {
        read_only = FieldSet::EMPTY;
        merge = decide(read_only);
    }
    let item_takes = takes(read_only);
    let mut verdict = Verdict { action: Action::Nothing, link: false, merge };
    verdict.link = adopting;
    say_why_not(
        rules,
        &mut verdict,
        record,
        item,
        (unsupported, read_only),
        (record_base, item_base),
        pair.taken,
    );
    let settle = verdict.merge.settle;
    let same = record.half.same(record_base).intersection(item.half.same(item_base));
    let base_stands = settle.difference(same).is_empty()
        && settle.intersection(apart) == settle.intersection(verdict.merge.apart);
    verdict.merge.decorate = decoration(rules, &verdict.merge, item.bare.intersection(item_takes));
    let writes = verdict.merge.to_item.union(verdict.merge.to_record).union(verdict.merge.decorate);
    let stamps = verdict.link && !item.stamped;
    verdict.action = if stamps && !rules.writes_outlook {
        // Linking writes the stamp; without it the pair would be lost with the state.
        verdict.link = false;
        verdict.merge = Merge { reasons: verdict.merge.reasons, ..Merge::default() };
        verdict.merge.reasons.insert(0, (Code::WritesOffOutlook, FieldSet::EMPTY));
        Action::Hold
    } else if stamps || !writes.is_empty() {
        Action::Update
    } else if verdict.link || !base_stands {
        Action::Settle
    } else if verdict.merge.reasons.iter().any(|(code, _)| waits(*code)) {
        Action::Hold
    } else {
        Action::Nothing
    };
    verdict
}

/// The fields that get their reference or category back: where Outlook may be written, and not where a person still has to
/// decide on the field itself.
fn decoration(rules: &Rules, merge: &Merge, bare: FieldSet) -> FieldSet {
    if !rules.mode.permits(Direction::ToOutlook) || !rules.writes_outlook {
        return FieldSet::EMPTY;
    }
    let held = merge
        .reasons
        .iter()
        .filter(|(code, _)| waits(*code))
        .fold(FieldSet::EMPTY, |all, (_, fields)| all.union(*fields));
    bare.difference(held).difference(merge.to_item)
}

const EMPTY: &Half = &Half::EMPTY;

/// A series that stays where it is, as one that a side cannot represent, keeps its times: moving the start of a series drops its
/// exceptions (notes of Exchange's behaviour, rule D10).
const fn with_times(staying: FieldSet) -> FieldSet {
    if staying.contains(Field::Recurrence) {
        staying.union(Block::Time.fields()).union(Block::TaskDates.fields())
    } else {
        staying
    }
}

/// Names what a difference that does not move is left for.
fn say_why_not(
    rules: &Rules,
    verdict: &mut Verdict,
    record: &RecordView,
    item: &ItemView,
    (unsupported, read_only): (FieldSet, FieldSet),
    (record_base, item_base): (&Half, &Half),
    taken: Option<Direction>,
) {
    let done = verdict.merge.to_item.union(verdict.merge.to_record).union(verdict.merge.settle);
    let said = verdict.merge.reasons.iter().fold(done, |all, (_, fields)| all.union(*fields));
    let differing = record.half.differing(&item.half).intersection(FieldSet::TRAVELLING);
    let open = differing.difference(said);
    // A field of which a half is unknown meets the other side for the first time and counts as changed on both.
    let met = |field: &Field| record_base.get(*field).is_none() || item_base.get(*field).is_none();
    let changed = |half: &Half, base: &Half| -> FieldSet {
        open.iter()
            .filter(|field| match (half.get(*field), base.get(*field)) {
                (Some(now), Some(then)) => met(field) || !now.agrees(then, *field),
                _ => true,
            })
            .collect()
    };
    let record_changed = changed(&record.half, record_base);
    let item_changed = changed(&item.half, item_base);
    // What one side overwrites whoever edited last also stays behind where only the other side was edited.
    let overwritten = |mode, direction| {
        if rules.mode == mode || taken == Some(direction) { open } else { FieldSet::EMPTY }
    };
    let wanted_in_outlook =
        record_changed.union(overwritten(Mode::StaffitproOverwritesOutlook, Direction::ToOutlook));
    let wanted_in_staffitpro =
        item_changed.union(overwritten(Mode::OutlookOverwritesStaffitpro, Direction::ToStaffitpro));
    let series = if unsupported.contains(Field::Recurrence) {
        open.intersection(unsupported)
            .union(record.half.known().intersection(FieldSet::of(Field::Recurrence)))
    } else {
        FieldSet::EMPTY
    };
    // A part that is too long keeps its whole block back.
    let kept_back = |stays: FieldSet, wanted: FieldSet| -> FieldSet {
        let is_wanted = |field: &Field| !wanted.intersection(field.block().fields()).is_empty();
        open.intersection(stays).iter().filter(is_wanted).collect()
    };
    let only = |condition: bool, fields: FieldSet| if condition { fields } else { FieldSet::EMPTY };
    let not_held =
        |stays| only(rules.mode.permits(Direction::ToOutlook), kept_back(stays, wanted_in_outlook));
    let too_long = kept_back(item.too_long, wanted_in_staffitpro);
    let reasons = [
        (Code::SeriesUnsupported, series),
        (
            Code::SeriesDates,
            only(
                rules.mode.permits(Direction::ToOutlook),
                wanted_in_outlook.intersection(read_only),
            ),
        ),
        (Code::TooLong, too_long.union(not_held(record.too_long()))),
        (Code::CategoryDivided, not_held(record.unheld.divided)),
        (
            Code::GuestsReadOnly,
            only(item.guests && rules.mode.permits(Direction::ToOutlook), wanted_in_outlook),
        ),
        (
            Code::NotEditable,
            only(
                !record.editable
                    && rules.mode.permits(Direction::ToStaffitpro)
                    && rules.scope.may_write_staffitpro(),
                wanted_in_staffitpro,
            ),
        ),
    ];
    let mut told = FieldSet::EMPTY;
    for (code, fields) in reasons {
        told = told.union(fields);
        verdict.merge.say(code, fields);
    }
    // Of a block that both sides changed, a part that only the record changed stays as well where Outlook prevails.
    let rest = record_changed.union(item_changed).difference(told);
    if !rest.is_empty() && !record.editable && rules.mode.permits(Direction::ToStaffitpro) {
        verdict.merge.say(Code::NotEditable, rest);
    }
    let foreign = item.fixed.iter().filter(|field| holds_value(&record.half, *field)).collect();
    if !FieldSet::is_empty(foreign) {
        verdict.merge.reasons.push((Code::ForeignAddressKept, foreign));
    }
    email_4(verdict, record);
}

fn email_4(verdict: &mut Verdict, record: &RecordView) {
    if holds_value(&record.half, Field::Email4) {
        verdict.merge.reasons.push((Code::Email4NoSlot, FieldSet::of(Field::Email4)));
    }
}

fn holds_value(half: &Half, field: Field) -> bool {
    half.get(field).is_some_and(|fingerprint| !fingerprint.is_blank())
}

/// Says whether a side holds something else than its half of the base, in the fields that both know.
fn differs(now: &Half, base: &Half) -> bool {
    !now.differing(base).is_empty()
}

fn waits(code: Code) -> bool {
    use crate::reason::Class;
    matches!(code.class(), Class::Held | Class::Waiting)
}
