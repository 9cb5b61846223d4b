//! Effect: says what a verdict means for people: lines of the plan, findings that stand, things named once.

use crate::engine::plan::{Action, ItemState, ItemView, Pair, RecordState, Verdict};
use crate::engine::report::{Finding, Line};
use crate::engine::seen::Seen;
use crate::engine::session::{Active, Session, Stop};
use crate::engine::tally::{found, is_finding, is_named};
use crate::engine::view::show;
use crate::mailbox::Item;
use crate::model::{Field, FieldSet, RecordId, Scope};
use crate::reason::Code;
use crate::source::Record;
use crate::state::{FindingRow, PairRow, SpooledVerdict, StateError};

/// How many spooled verdicts are told at once.
const PAGE: usize = 500;

impl Session<'_> {
    /// Tells a line of the plan, where somebody listens.
    pub(super) fn tell(&mut self, record: &RecordId, verdict: &SpooledVerdict) {
        let Some(lines) = self.lines.as_deref_mut() else { return };
        let action = match verdict.action.as_str() {
            "nothing" if verdict.reasons.is_empty() => return,
            "update" | "settle" if verdict.link => "link",
            "update" if verdict.to_record.is_empty() => "update-outlook",
            "update" if verdict.to_item.union(verdict.decorate).is_empty() => "update-staffitpro",
            "update" => "update-both",
            other => Action::from_key(other).map_or("nothing", Action::key),
        };
        lines(Line {
            scope: verdict.scope,
            record: record.clone(),
            label: verdict.label.clone(),
            action,
            to_outlook: verdict.to_item.union(verdict.decorate),
            to_staffitpro: verdict.to_record,
            reasons: verdict.reasons.clone(),
        });
    }

    /// Tells the lines of records without an item that nobody contested: their first look was the last.
    pub(super) fn tell_uncontested(&mut self) -> Result<(), Stop> {
        if !self.found.is_empty() {
            self.state.resolve_uncontested(self.id)?;
        }
        if self.lines.is_none() {
            return Ok(());
        }
        let mut after = 0;
        loop {
            let page = self.state.spooled_unlinked(after, PAGE)?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.id;
            for verdict in page {
                if let Some(pair) = self.state.pair(self.id, verdict.pair)? {
                    self.tell(&pair.record, &verdict);
                }
            }
        }
    }

    /// Names something of this run that does not stand on.
    pub(super) fn name(
        &mut self,
        scope: Scope,
        pair: &PairRow,
        (code, fields): (Code, FieldSet),
        label: Option<&str>,
        values: Vec<(String, String, String)>,
    ) {
        self.tally.named.push(Finding {
            code,
            scope: Some(scope),
            record: Some(pair.record.clone()),
            label: label.map(ToOwned::to_owned),
            fields,
            detail: None,
            values,
            first_seen: self.now,
            new: true,
        });
    }

    /// Makes and resolves the findings about a pair. What was found about the pairing of a record without an item stays
    /// until its second look, and what an earlier write failed for until this one is done or fails for something else.
    pub(super) fn report(
        &mut self,
        active: &Active,
        seen: &Seen,
        (label, private): (Option<&str>, bool),
        item: Option<(&Item, &ItemView)>,
        verdict: &Verdict,
    ) -> Result<(), Stop> {
        let reasons = &verdict.merge.reasons;
        let mut stands: Vec<Code> = found(reasons).collect();
        if seen.first_look && self.found.contains(&seen.pair.record) {
            stands.extend(Code::ALL.iter().filter(|code| code.code().starts_with("pair-")));
        }
        if matches!(verdict.action, Action::Create | Action::Update | Action::Delete) {
            stands.extend(WRITING);
        }
        self.resolve(&seen.pair.record, &stands)?;
        for (code, fields) in reasons {
            let (code, fields) = (*code, *fields);
            let named =
                is_named(code) && verdict.action != Action::Create || code == Code::Recreated;
            if !named && !is_finding(code) {
                continue;
            }
            let values = match (&seen.record, item) {
                (Some(record), Some((item, _))) if !private => values(record, item, fields),
                _ => Vec::new(),
            };
            if named {
                self.name(active.scope, &seen.pair, (code, fields), label, values);
                continue;
            }
            if !values.is_empty() && self.tally.values.len() < KEPT_VALUES {
                self.tally.values.insert((seen.pair.record.clone(), code), values);
            }
            let row = FindingRow {
                code,
                record: seen.pair.record.clone(),
                scope: Some(active.scope),
                label: label.map(ToOwned::to_owned),
                fields,
                detail: seen
                    .unread
                    .clone()
                    .filter(|_| matches!(code, Code::ItemUnreadable | Code::WrittenUnreadable)),
                first_seen: self.now,
                run: self.run.clone(),
            };
            self.find(row)?;
        }
        Ok(())
    }

    /// Makes a finding, or says that it still stands.
    pub(super) fn find(&mut self, row: FindingRow) -> Result<(), StateError> {
        self.state.find(self.id, &self.run, &row)?;
        self.found.insert(row.record);
        Ok(())
    }

    /// Removes the findings about a record but those with these codes. Most records have none, and the state is not asked.
    pub(super) fn resolve(&self, record: &RecordId, standing: &[Code]) -> Result<(), StateError> {
        if self.found.contains(record) {
            self.state.resolve(self.id, record, standing)?;
        }
        Ok(())
    }
}

/// What a write may fail for.
const WRITING: [Code; 9] = [
    Code::StaleItem,
    Code::StaleRecord,
    Code::Busy,
    Code::AnswerLost,
    Code::ItemUnreadable,
    Code::WrittenUnreadable,
    Code::RefusedOutlook,
    Code::RefusedStaffitpro,
    Code::NotEditable,
];

/// Of how many findings the values are kept for the report, which shows far fewer.
const KEPT_VALUES: usize = 1000;

fn values(record: &Record, item: &Item, fields: FieldSet) -> Vec<(String, String, String)> {
    let value = |field: Field| {
        (field.key().to_owned(), show(&record.content, field), show(&item.content, field))
    };
    fields.iter().map(value).collect()
}

/// Names what goes with a verdict besides the planner's own reasons.
pub(super) fn accompany(
    seen: &Seen,
    pair: &Pair<'_>,
    verdict: &Verdict,
) -> impl Iterator<Item = Code> + use<> {
    let reminder = match pair.record {
        RecordState::Here(view) if view.reminder_past => {
            verdict.merge.to_item.contains(Field::ReminderOn)
        }
        _ => false,
    };
    let restored = seen.pair.outcome == Some(Code::DeletedInOutlook)
        && matches!(pair.item, ItemState::Here(_));
    [
        (verdict.action == Action::Create, Code::Created),
        (verdict.link && seen.joined, Code::JoinedByStamp),
        (verdict.link && !seen.joined, Code::Linked),
        (reminder, Code::ReminderPast),
        (restored, Code::Restored),
    ]
    .into_iter()
    .filter_map(|(holds, code)| holds.then_some(code))
}

/// Returns number and name of a record, as a person knows it.
pub(super) fn label_of(record: &Record) -> Option<String> {
    let parts: Vec<&str> =
        [record.number.as_deref(), record.name.as_deref()].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}
