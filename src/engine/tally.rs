//! Pure: counts and findings of a run, gathered as it goes.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::report::{Counts, Finding};
use crate::model::{FieldSet, ItemKind, RecordId, Scope};
use crate::reason::{Class, Code};

/// Field, staffITpro's value, Outlook's value.
type Values = Vec<(String, String, String)>;

/// What a run did so far.
#[derive(Debug, Default)]
pub(super) struct Tally {
    scopes: BTreeMap<Scope, Counts>,
    /// Pairs that are settled, and not because they needed nothing.
    touched: BTreeMap<Scope, BTreeSet<i64>>,
    /// Decided conflicts and other things of this run that do not stand on.
    pub(super) named: Vec<Finding>,
    /// Both sides' values of the fields that standing findings are about, for `--values`.
    pub(super) values: BTreeMap<(RecordId, Code), Values>,
    /// Items whose times ran backwards (rule D7).
    pub(super) backwards: u64,
    /// What kinds of items were written, so that the feeds of their folders hold echoes.
    pub(super) wrote: BTreeSet<ItemKind>,
}

impl Tally {
    pub(super) fn scope(&mut self, scope: Scope) -> &mut Counts {
        self.scopes.entry(scope).or_default()
    }

    /// Counts an effect on a pair.
    pub(super) fn touch(&mut self, scope: Scope, pair: i64, count: impl FnOnce(&mut Counts)) {
        count(self.scope(scope));
        self.touched.entry(scope).or_default().insert(pair);
    }

    /// Notes as what a pair stands after all that was done with it: only one that is settled counts as such.
    pub(super) fn stands(&mut self, scope: Scope, pair: i64, outcome: Option<Code>) {
        if outcome.is_some_and(|code| code.class() != Class::Done)
            && let Some(touched) = self.touched.get_mut(&scope)
        {
            touched.remove(&pair);
        }
    }

    /// Adds what stands in a scope at the end, and returns the counts.
    pub(super) fn finish(&mut self, scope: Scope, standing: &[(Option<Code>, u64)]) -> Counts {
        let touched = self.touched.get(&scope).map_or(0, |set| set.len() as u64);
        let counts = self.scope(scope);
        let mut settled = 0;
        for (code, count) in standing {
            match code.map(Code::class) {
                None | Some(Class::Done) => settled += count,
                Some(Class::Kept) => counts.kept += count,
                Some(Class::Waiting) => counts.waiting += count,
                Some(Class::Held) => counts.held += count,
                Some(Class::Skipped) => counts.skipped += count,
                Some(Class::Failed) => counts.failed += count,
            }
        }
        counts.unchanged = settled.saturating_sub(touched);
        *counts
    }
}

/// Says whether a reason is worth a finding of its own; the others are counted only.
pub(super) fn is_finding(code: Code) -> bool {
    match code.class() {
        Class::Held | Class::Failed => true,
        Class::Done => false,
        Class::Waiting => !matches!(
            code,
            Code::FirstTransferWaiting
                | Code::PairUnread
                | Code::WritesOffOutlook
                | Code::WritesOffStaffitpro
        ),
        Class::Kept => matches!(
            code,
            Code::GoneKept
                | Code::DeletedInOutlook
                | Code::DeleteAdopted
                | Code::DeleteChanged
                | Code::DeleteGuests
                | Code::Email4NoSlot
                | Code::ForeignAddressKept
                | Code::FieldNotWritable
        ),
        Class::Skipped => {
            matches!(
                code,
                Code::SeriesUnsupported
                    | Code::SeriesDates
                    | Code::TooLong
                    | Code::CategoryDivided
                    | Code::PrivateSkipped
            )
        }
    }
}

/// Lists what of these reasons stands until something about the pair changes.
pub(super) fn found(reasons: &[(Code, FieldSet)]) -> impl Iterator<Item = Code> {
    reasons.iter().map(|(code, _)| *code).filter(|code| is_finding(*code))
}

/// Says whether a decided reason is named in the report of its run (rule D1).
pub(super) const fn is_named(code: Code) -> bool {
    matches!(
        code,
        Code::NewerStaffitpro
            | Code::NewerOutlook
            | Code::TieStaffitpro
            | Code::SetStaffitpro
            | Code::SetOutlook
            | Code::OverwrittenOutlook
            | Code::OverwrittenStaffitpro
            | Code::Moved
            | Code::CopiesLeftAlone
            | Code::SeriesWentOn
            | Code::Recreated
            | Code::Restored
            | Code::LeftFilterDeleted
            | Code::GoneDeleted
    )
}

/// Returns the reason that stands for a pair as a whole: the gravest.
pub(super) fn standing(codes: impl Iterator<Item = Code>, asleep: bool) -> Option<Code> {
    let rank = |code: &Code| match code.class() {
        Class::Failed => 5,
        Class::Held => 4,
        Class::Waiting => 3,
        Class::Skipped => 2,
        Class::Kept => u8::from(asleep),
        Class::Done => 0,
    };
    codes.filter(|code| rank(code) > 0).max_by_key(rank)
}
