//! Effect: what becomes of a pair whose write was not done: it is left for the next run, or until something about it changes, and the
//! report says so.

use crate::engine::kept::Planned;
use crate::engine::plan::Action;
use crate::engine::session::Session;
use crate::mailbox::Wrote;
use crate::model::FieldSet;
use crate::reason::Code;
use crate::state::{FindingRow, PairRow, SpooledVerdict, StateError};

impl Session<'_> {
    /// Leaves a pair for the next run, which reads and plans it again.
    pub(super) fn put_off(
        &mut self,
        verdict: &SpooledVerdict,
        pair: &PairRow,
        code: Code,
    ) -> Result<(), StateError> {
        self.state.set_outcome(pair.id, Some(code), true)?;
        self.find_of(verdict, pair, code, FieldSet::EMPTY)
    }

    /// Leaves a pair until something about it changes: the other side does not take it.
    pub(super) fn give_up(
        &mut self,
        verdict: &SpooledVerdict,
        pair: &PairRow,
        (code, fields): (Code, FieldSet),
    ) -> Result<(), StateError> {
        self.state.set_outcome(pair.id, Some(code), false)?;
        self.remember_absence(verdict.scope, pair)?;
        self.find_of(verdict, pair, code, fields)
    }

    pub(super) fn find_of(
        &mut self,
        verdict: &SpooledVerdict,
        pair: &PairRow,
        code: Code,
        fields: FieldSet,
    ) -> Result<(), StateError> {
        self.find(FindingRow {
            code,
            record: pair.record.clone(),
            scope: Some(verdict.scope),
            label: verdict.label.clone(),
            fields,
            first_seen: self.now,
            run: self.run.clone(),
        })
    }

    /// Deals with a write that was not done. Returns whether that is certain: then its intent may go.
    pub(super) fn not_done(&mut self, work: &Planned, answer: &Wrote) -> Result<bool, StateError> {
        let Planned { verdict, pair, .. } = work;
        let (code, again, keep) = match answer {
            Wrote::Conflict => {
                self.stale.insert(pair.id);
                (Code::StaleItem, true, false)
            }
            Wrote::Gone => (Code::StaleItem, true, false),
            Wrote::Later(_) => (Code::Busy, true, false),
            Wrote::Unreadable(_) => (Code::ItemUnreadable, true, false),
            // The intent stays: the next run finds out whether it happened (invariant 1).
            Wrote::Unanswered => (Code::AnswerLost, true, true),
            Wrote::Denied(_) | Wrote::Refused { .. } | Wrote::Unfit(_) | Wrote::Done { .. } => {
                (Code::RefusedOutlook, false, false)
            }
        };
        warn_refused(pair, answer);
        if again {
            self.put_off(verdict, pair, code)?;
        } else {
            // Of a create all fields went there, and none of them is at fault as far as known.
            let update = verdict.action == Action::Update.key();
            let fields = if update { went(verdict) } else { FieldSet::EMPTY };
            self.give_up(verdict, pair, (code, fields))?;
        }
        Ok(!keep)
    }
}

/// Returns the fields that went to the item.
pub(super) fn went(verdict: &SpooledVerdict) -> FieldSet {
    verdict.to_item.union(verdict.decorate)
}

/// Says into the log what the mailbox answered to a write that it does not take.
pub(super) fn warn_refused(pair: &PairRow, answer: &Wrote) {
    let record = &pair.record;
    match answer {
        Wrote::Refused { code, .. } | Wrote::Denied(code) | Wrote::Unreadable(code) => {
            tracing::warn!(%record, code, "the mailbox refused a write");
        }
        Wrote::Unfit(why) => tracing::warn!(%record, why, "a write has no form in the mailbox"),
        _ => {}
    }
}
