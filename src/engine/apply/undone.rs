//! Effect: what becomes of a pair whose write was not done: it is left for the next run, or until something about it changes, and the
//! report says so.

use crate::engine::kept::Planned;
use crate::engine::plan::Action;
use crate::engine::session::Session;
use crate::engine::tally::found;
use crate::mailbox::{Item, ItemError, Wrote};
use crate::model::{FieldSet, ItemId};
use crate::reason::Code;
use crate::state::{FindingRow, PairRow, SpooledVerdict, StateError};

/// A reason, and the fields that it is about.
type Said = (Code, FieldSet);

impl Session<'_> {
    /// Leaves a pair for the next run, which reads and plans it again.
    pub(super) fn put_off(
        &mut self,
        verdict: &SpooledVerdict,
        pair: &PairRow,
        code: Code,
        detail: Option<String>,
    ) -> Result<(), StateError> {
        self.state.set_outcome(pair.id, Some(code), true)?;
        self.failed(verdict, pair, vec![((code, FieldSet::EMPTY), detail)])
    }

    /// Leaves a pair until something about it changes: the other side does not take it, for the reason in `detail`.
    pub(super) fn give_up(
        &mut self,
        verdict: &SpooledVerdict,
        pair: &PairRow,
        said: Said,
        detail: Option<String>,
    ) -> Result<(), StateError> {
        self.state.set_outcome(pair.id, Some(said.0), false)?;
        self.remember_absence(verdict.scope, pair)?;
        self.failed(verdict, pair, vec![(said, detail)])
    }

    /// Leaves an item that was written and cannot be read back: its intent stays, and the next run looks at the pair again.
    pub(super) fn written_unread(
        &mut self,
        verdict: &SpooledVerdict,
        pair: &PairRow,
        answer: Option<Result<Item, ItemError>>,
    ) -> Result<(), StateError> {
        let error = answer.and_then(Result::err);
        let detail = error.as_ref().and_then(ItemError::why).map(str::to_owned);
        self.put_off(verdict, pair, Code::WrittenUnreadable, detail)
    }

    /// Says what a write failed for. Beside that stands what the plan says of the pair, and what an earlier write failed for is gone;
    /// what goes on is no new finding.
    pub(super) fn failed(
        &mut self,
        verdict: &SpooledVerdict,
        pair: &PairRow,
        reasons: Vec<(Said, Option<String>)>,
    ) -> Result<(), StateError> {
        let Some(((gravest, _), _)) = reasons.first() else { return Ok(()) };
        self.tally.stands(verdict.scope, pair.id, Some(*gravest));
        let codes = found(&verdict.reasons).chain(reasons.iter().map(|((code, _), _)| *code));
        self.resolve(&pair.record, &codes.collect::<Vec<_>>())?;
        for ((code, fields), detail) in reasons {
            self.find(FindingRow {
                code,
                record: pair.record.clone(),
                scope: Some(verdict.scope),
                label: verdict.label.clone(),
                fields,
                detail,
                first_seen: self.now,
                run: self.run.clone(),
            })?;
        }
        Ok(())
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
        let detail = refusal(pair, answer).map(|(_, why)| why);
        if again {
            self.put_off(verdict, pair, code, detail)?;
        } else {
            // Of a create all fields went there, and none of them is at fault as far as known.
            let update = verdict.action == Action::Update.key();
            let fields = if update { went(verdict) } else { FieldSet::EMPTY };
            self.give_up(verdict, pair, (code, fields), detail)?;
        }
        Ok(!keep)
    }
}

/// Returns the fields that went to the item.
pub(super) fn went(verdict: &SpooledVerdict) -> FieldSet {
    verdict.to_item.union(verdict.decorate)
}

/// Returns what is said of a write that the mailbox does not take, and why it does not; the log says so as well.
pub(super) fn refusal(pair: &PairRow, answer: &Wrote) -> Option<(Code, String)> {
    let why = answer.why()?;
    let item = pair.item.as_ref().map(ItemId::as_str);
    tracing::warn!(item, record = %pair.record, why, "the mailbox did not take a write");
    let code = match answer {
        Wrote::Unreadable(_) => Code::ItemUnreadable,
        _ => Code::RefusedOutlook,
    };
    Some((code, why.to_owned()))
}
