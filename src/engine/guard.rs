//! Effect: the brake (rule D7): folds over what was observed and planned before the first effect, and stops the mailbox
//! where more is about to happen than a person would expect. Going on takes a word for exactly the number that was named.

use std::collections::BTreeMap;

use crate::engine::plan::Action;
use crate::engine::report::Stopped;
use crate::engine::session::{Active, Session, Stop, direction};
use crate::model::rules::BrakeLimits;
use crate::model::{Direction, Mode, Module, Scope, Switch};
use crate::reason::Code;
use crate::state::{Dirty, ItemPresence, PairRow, RecordPresence, SpooledVerdict, StateError};

/// How many spooled verdicts are read at once.
const PAGE: usize = 500;
/// How many examples a message shows.
const EXAMPLES: usize = 3;

/// The words of `--allow`, and the codes they answer.
const WORDS: &[(&str, Code)] = &[
    ("created", Code::BrakeCreated),
    ("updated-outlook", Code::BrakeUpdatedOutlook),
    ("updated-staffitpro", Code::BrakeUpdatedStaffitpro),
    ("cleared", Code::BrakeCleared),
    ("deleted", Code::BrakeDeleted),
    ("missing", Code::BrakeMissing),
    ("filter", Code::BrakeFilter),
    ("restored", Code::BrakeRestored),
    ("turned", Code::BrakeTurned),
    ("tenant", Code::BrakeTenant),
    ("unread", Code::PairUnread),
];

/// Returns the word of `--allow` that answers a brake.
pub fn word(code: Code) -> Option<&'static str> {
    WORDS.iter().find(|(_, known)| *known == code).map(|(word, _)| *word)
}

/// Says whether `--allow` knows the word.
pub fn knows_word(word: &str) -> bool {
    WORDS.iter().any(|(known, _)| *known == word)
}

/// What is about to happen in one scope.
#[derive(Debug, Default)]
struct Planned {
    counts: BTreeMap<Code, (u64, Vec<String>)>,
}

impl Planned {
    fn add(&mut self, code: Code, number: u64, verdict: &SpooledVerdict) {
        if number == 0 {
            return;
        }
        let (count, examples) = self.counts.entry(code).or_default();
        *count += number;
        if examples.len() < EXAMPLES {
            examples.extend(verdict.label.clone());
        }
    }

    fn get(&self, code: Code) -> (u64, Vec<String>) {
        self.counts.get(&code).cloned().unwrap_or_default()
    }
}

impl Session<'_> {
    /// Stops where too much went missing, a filter shrank, or a direction turned; before anything is planned.
    pub(super) fn guard_observed(&mut self) -> Result<(), Stop> {
        let mut stops = Vec::new();
        for active in &self.active {
            self.guard_turned(active, &mut stops)?;
            let settings = self.job.scopes.of(active.scope);
            let (module, contacts) = columns(active.scope);
            let missing = self.state.count_missing(self.id, module, contacts)?;
            let leaving = self.state.count_leaving(self.id, module, contacts)?;
            if missing == 0 && leaving == 0 {
                continue;
            }
            let linked = self.state.count_linked(self.id, module, contacts)?;
            let limit = smaller(settings.brake.missing, settings.brake.missing_percent, linked);
            let before = self.effects(active.scope, Code::BrakeMissing)?;
            self.weigh(&mut stops, active, Code::BrakeMissing, (missing, before, limit));
            let before = self.effects(active.scope, Code::BrakeFilter)?;
            let limit = percent(settings.brake.filter_lost_percent, before + leaving + linked);
            if module.has_filter() && before + leaving > 1 {
                self.weigh(&mut stops, active, Code::BrakeFilter, (leaving, before, limit));
            }
        }
        if stops.is_empty() { Ok(()) } else { Err(Stop::Waits(stops)) }
    }

    fn guard_turned(&self, active: &Active, stops: &mut Vec<Stopped>) -> Result<(), StateError> {
        let configured = self.job.scopes.of(active.scope).mode;
        let Some(now) = direction(configured) else { return Ok(()) };
        let mark = self.state.scope_mark(self.id, active.scope)?;
        let before = mark.and_then(|mark| mark.direction);
        if before.is_some_and(|before| before != direction_key(now)) {
            self.weigh(stops, active, Code::BrakeTurned, (1, 0, 0));
        }
        Ok(())
    }

    /// Stops where the plan does more than the limits allow over 24 hours.
    pub(super) fn guard_planned(&mut self) -> Result<(), Stop> {
        let mut planned: BTreeMap<Scope, Planned> = BTreeMap::new();
        let mut after = 0;
        loop {
            let page = self.state.spooled(None, after, PAGE)?;
            let Some(last) = page.last() else { break };
            after = last.id;
            for verdict in page.iter().filter(|verdict| verdict.writes()) {
                let scope = planned.entry(verdict.scope).or_default();
                match Action::from_key(&verdict.action) {
                    Some(Action::Create) => scope.add(Code::BrakeCreated, 1, verdict),
                    Some(Action::Delete | Action::RemoveTwin) => {
                        scope.add(Code::BrakeDeleted, 1, verdict);
                    }
                    _ => {
                        let outlook = u64::from(!verdict.to_item.is_empty());
                        let staffitpro = u64::from(!verdict.to_record.is_empty());
                        scope.add(Code::BrakeUpdatedOutlook, outlook, verdict);
                        scope.add(Code::BrakeUpdatedStaffitpro, staffitpro, verdict);
                    }
                }
                scope.add(Code::BrakeCleared, u64::from(verdict.cleared.len()), verdict);
            }
        }
        let mut stops = Vec::new();
        for active in &self.active {
            let Some(planned) = planned.get(&active.scope) else { continue };
            self.guard_scope(active, planned, &mut stops)?;
        }
        if self.tally.backwards > 0
            && let Some(active) = self.active.first()
        {
            let number = self.tally.backwards;
            self.weigh(&mut stops, active, Code::BrakeRestored, (number, 0, 0));
        }
        if stops.is_empty() { Ok(()) } else { Err(Stop::Waits(stops)) }
    }

    fn guard_scope(
        &self,
        active: &Active,
        planned: &Planned,
        stops: &mut Vec<Stopped>,
    ) -> Result<(), StateError> {
        let limits: &BrakeLimits = &self.job.scopes.of(active.scope).brake;
        let (module, contacts) = columns(active.scope);
        let linked = self.state.count_linked(self.id, module, contacts)?;
        let mut check = |code: Code, exempt: bool, limit: u64| -> Result<(), StateError> {
            let (now, examples) = planned.get(code);
            if now == 0 || exempt {
                return Ok(());
            }
            let word = word(code).unwrap_or_default();
            let before = self.effects(active.scope, code)?;
            if now + before > limit && self.options.allow.get(word) != Some(&now) {
                stops.push(stopped(active.scope, code, now, limit, examples));
            }
            Ok(())
        };
        check(Code::BrakeCreated, active.transferring, u64::from(limits.created))?;
        let turned = active.whole
            && active.mode == Mode::StaffitproOverwritesOutlook
            && self.options.allow.contains_key("turned");
        check(
            Code::BrakeUpdatedOutlook,
            turned,
            larger(limits.updated_outlook, limits.updated_outlook_percent, linked),
        )?;
        check(
            Code::BrakeUpdatedStaffitpro,
            false,
            larger(limits.updated_staffitpro, limits.updated_staffitpro_percent, linked),
        )?;
        check(Code::BrakeCleared, false, u64::from(limits.cleared))?;
        check(Code::BrakeDeleted, false, smaller(limits.deleted, limits.deleted_percent, linked))
    }

    /// Stops for what this run found, where it is more than the limit together with what the last 24 hours had.
    fn weigh(
        &self,
        stops: &mut Vec<Stopped>,
        active: &Active,
        code: Code,
        (number, before, limit): (u64, u64, u64),
    ) {
        let allowed = word(code).and_then(|word| self.options.allow.get(word));
        if number > 0 && number + before > limit && allowed != Some(&number) {
            stops.push(stopped(active.scope, code, number, limit, Vec::new()));
        }
    }

    /// Counts what earlier runs of the last 24 hours did, or found to have happened.
    fn effects(&self, scope: Scope, code: Code) -> Result<u64, StateError> {
        self.state.effects(self.id, scope, word(code).unwrap_or_default(), self.now)
    }

    /// Keeps count of a pair whose item went missing or whose record left the filter, in the transaction that decides about it: one
    /// that is looked at again is not counted twice.
    pub(super) fn remember_absence(&self, scope: Scope, pair: &PairRow) -> Result<(), StateError> {
        let missing = pair.record_state == RecordPresence::Here
            && matches!(pair.item_state, ItemPresence::Deleted | ItemPresence::Missing)
            && pair.dirty.has(Dirty::ITEM);
        let left = pair.record_state == RecordPresence::Left && pair.dirty.has(Dirty::RECORD);
        self.remember_effect(scope, Code::BrakeMissing, u64::from(missing))?;
        self.remember_effect(scope, Code::BrakeFilter, u64::from(left))
    }

    /// Keeps count of what this run did, for the brake of the next 24 hours. What a word allowed does not count again.
    pub(super) fn remember_effect(
        &self,
        scope: Scope,
        code: Code,
        count: u64,
    ) -> Result<(), StateError> {
        let Some(word) = word(code) else { return Ok(()) };
        let transferring =
            self.active.iter().any(|active| active.scope == scope && active.transferring);
        if count == 0
            || self.options.allow.contains_key(word)
            || (code == Code::BrakeCreated && transferring)
        {
            return Ok(());
        }
        self.state.add_effects(self.id, scope, word, count, self.now)
    }
}

/// Returns what the state counts a scope's pairs by.
pub(super) fn columns(scope: Scope) -> (Module, bool) {
    (scope.module, scope.switch == Switch::Contacts)
}

/// Returns the stored word of a direction.
pub(super) const fn direction_key(direction: Direction) -> &'static str {
    match direction {
        Direction::ToOutlook => "to-outlook",
        Direction::ToStaffitpro => "to-staffitpro",
    }
}

fn stopped(scope: Scope, code: Code, number: u64, limit: u64, examples: Vec<String>) -> Stopped {
    Stopped {
        code,
        scope: Some(scope),
        number: Some(number),
        limit: Some(limit),
        examples,
        text: String::new(),
        hint: None,
    }
}

fn percent(percent: u32, of: u64) -> u64 {
    of.saturating_mul(u64::from(percent)) / 100
}

/// Both limits must be exceeded: the larger one counts.
fn larger(limit: u32, share: u32, of: u64) -> u64 {
    u64::from(limit).max(percent(share, of))
}

/// Whichever is smaller counts. A single item is always within the limit: one tenth of nine is no brake on the first.
fn smaller(limit: u32, share: u32, of: u64) -> u64 {
    u64::from(limit).min(percent(share, of).max(1))
}

#[cfg(test)]
mod tests {
    use super::{knows_word, larger, smaller, word};
    use crate::reason::Code;

    #[test]
    fn d7_and_means_both_exceeded_or_means_the_smaller() {
        assert_eq!(larger(500, 50, 100), 500);
        assert_eq!(larger(500, 50, 2000), 1000);
        assert_eq!(smaller(10, 10, 50), 5);
        assert_eq!(smaller(10, 10, 5000), 10);
        assert_eq!(smaller(10, 10, 3), 1);
    }

    #[test]
    fn every_brake_has_a_word() {
        for code in Code::ALL.iter().filter(|code| code.code().starts_with("brake-")) {
            assert!(word(*code).is_some_and(knows_word), "{}", code.code());
        }
    }
}
