//! Effect: the brake (rule D7): folds over what was observed and planned before the first effect, and stops the mailbox
//! where more is about to happen than a person would expect. Going on takes a word for exactly the number that was named.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::plan::Action;
use crate::engine::report::Stopped;
use crate::engine::session::{Active, Session, Stop, direction};
use crate::model::rules::BrakeLimits;
use crate::model::{Direction, Mode, Module, Scope, Switch};
use crate::reason::Code;
use crate::state::{Dirty, ItemPresence, Lost, PairRow, PlannedWrite, RecordPresence, StateError};

/// How many examples a message shows.
const EXAMPLES: usize = 3;

/// What is about to happen in one scope.
#[derive(Debug, Default)]
struct Planned {
    counts: BTreeMap<Code, (u64, Vec<String>)>,
}

impl Planned {
    fn add(&mut self, code: Code, number: u64, write: &PlannedWrite<'_>) {
        if number == 0 {
            return;
        }
        let (count, examples) = self.counts.entry(code).or_default();
        *count += number;
        if examples.len() < EXAMPLES {
            examples.extend(write.label.map(ToOwned::to_owned));
        }
    }

    fn get(&self, code: Code) -> (u64, Vec<String>) {
        self.counts.get(&code).cloned().unwrap_or_default()
    }
}

/// What the brake found.
#[derive(Debug, Default)]
struct Weighed {
    /// Where it stops.
    stops: Vec<Stopped>,
    /// Where it would have stopped, had not the word for exactly that number been given.
    released: Vec<((Scope, Code), u64)>,
}

/// A number of one scope to be weighed against its limit.
#[derive(Debug)]
struct Weight {
    code: Code,
    /// How many there are in this run.
    number: u64,
    /// How many the last 24 hours had.
    before: u64,
    limit: u64,
    examples: Vec<String>,
}

impl Session<'_> {
    /// Stops where too much went missing, a filter shrank, or a direction turned; before anything is planned.
    pub(super) fn guard_observed(&mut self) -> Result<(), Stop> {
        let weighed = self.weigh_observed()?;
        self.heed_brake(weighed)
    }

    /// Weighs what was found to have happened.
    fn weigh_observed(&self) -> Result<Weighed, StateError> {
        let mut weighed = Weighed::default();
        let lost = self.state.lost(self.id)?;
        for active in &self.active {
            self.guard_turned(active, &mut weighed)?;
            let settings = self.job.scopes.of(active.scope);
            let (module, contacts) = columns(active.scope);
            let of_scope = |lost: &&Lost| (lost.module, lost.contacts) == (module, contacts);
            let Some(&Lost { missing, leaving, .. }) = lost.iter().find(of_scope) else { continue };
            if missing == 0 && leaving == 0 {
                continue;
            }
            let linked = self.state.count_linked(self.id, module, contacts)?;
            let limit = smaller(settings.brake.missing, settings.brake.missing_percent, linked);
            let before = self.effects(active.scope, Code::BrakeMissing)?;
            self.weigh(
                &mut weighed,
                active.scope,
                Weight::of(Code::BrakeMissing, missing, before, limit),
            );
            let before = self.effects(active.scope, Code::BrakeFilter)?;
            let limit = percent(settings.brake.filter_lost_percent, before + leaving + linked);
            if module.has_filter() && before + leaving > 1 {
                let weight = Weight::of(Code::BrakeFilter, leaving, before, limit);
                self.weigh(&mut weighed, active.scope, weight);
            }
        }
        Ok(weighed)
    }

    /// Returns the words that the next run needs besides those for what this one stopped for. What was found to have happened is
    /// weighed anew: some of it may have been settled since.
    pub(super) fn words_again(&self) -> Result<BTreeSet<(&'static str, u64)>, StateError> {
        let Weighed { stops, released } = self.weigh_observed()?;
        let stops = stops.iter().filter_map(|stop| Some((stop.code, stop.number?)));
        let planned = self.released.iter().filter(|((_, code), _)| !is_observed(*code));
        let released = released.iter().map(|((_, code), number)| (*code, *number));
        let again = released.chain(planned.map(|((_, code), number)| (*code, *number)));
        Ok(stops.chain(again).filter_map(word).collect())
    }

    /// Stops where the brake does, and keeps where a word released it.
    fn heed_brake(&mut self, weighed: Weighed) -> Result<(), Stop> {
        self.released.extend(weighed.released);
        if weighed.stops.is_empty() { Ok(()) } else { Err(Stop::Waits(weighed.stops)) }
    }

    /// Says whether the word for exactly its number has released a brake in this run.
    pub(super) fn is_released(&self, code: Code) -> bool {
        self.released.keys().any(|(_, released)| *released == code)
    }

    fn guard_turned(&self, active: &Active, weighed: &mut Weighed) -> Result<(), StateError> {
        let configured = self.job.scopes.of(active.scope).mode;
        let Some(now) = direction(configured) else { return Ok(()) };
        let mark = self.state.scope_mark(self.id, active.scope)?;
        let before = mark.and_then(|mark| mark.direction);
        if before.is_some_and(|before| before != direction_key(now)) {
            self.weigh(weighed, active.scope, Weight::of(Code::BrakeTurned, 1, 0, 0));
        }
        Ok(())
    }

    /// Stops where the plan does more than the limits allow over 24 hours.
    pub(super) fn guard_planned(&mut self) -> Result<(), Stop> {
        let mut planned: BTreeMap<Scope, Planned> = BTreeMap::new();
        self.state.weigh_writes(|write| {
            let scope = planned.entry(write.scope).or_default();
            match Action::from_key(write.action) {
                Some(Action::Create) => scope.add(Code::BrakeCreated, 1, &write),
                Some(Action::Delete | Action::RemoveTwin) => {
                    scope.add(Code::BrakeDeleted, 1, &write);
                }
                _ => {
                    let outlook = u64::from(!write.to_item.is_empty());
                    let staffitpro = u64::from(!write.to_record.is_empty());
                    scope.add(Code::BrakeUpdatedOutlook, outlook, &write);
                    scope.add(Code::BrakeUpdatedStaffitpro, staffitpro, &write);
                }
            }
            scope.add(Code::BrakeCleared, u64::from(write.cleared.len()), &write);
        })?;
        let mut weighed = Weighed::default();
        for active in &self.active {
            let Some(planned) = planned.get(&active.scope) else { continue };
            self.guard_scope(active, planned, &mut weighed)?;
        }
        if let Some(active) = self.active.first() {
            let weight = Weight::of(Code::BrakeRestored, self.tally.backwards, 0, 0);
            self.weigh(&mut weighed, active.scope, weight);
        }
        self.heed_brake(weighed)
    }

    fn guard_scope(
        &self,
        active: &Active,
        planned: &Planned,
        weighed: &mut Weighed,
    ) -> Result<(), StateError> {
        let limits: &BrakeLimits = &self.job.scopes.of(active.scope).brake;
        let (module, contacts) = columns(active.scope);
        let linked = self.state.count_linked(self.id, module, contacts)?;
        let mut check = |code: Code, exempt: bool, limit: u64| -> Result<(), StateError> {
            let (number, examples) = planned.get(code);
            if number > 0 && !exempt {
                let before = self.effects(active.scope, code)?;
                let weight = Weight { code, number, before, limit, examples };
                self.weigh(weighed, active.scope, weight);
            }
            Ok(())
        };
        check(Code::BrakeCreated, active.transferring, u64::from(limits.created))?;
        let turned = active.whole
            && active.mode == Mode::StaffitproOverwritesOutlook
            && self.released.contains_key(&(active.scope, Code::BrakeTurned));
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

    /// Stops for more than the limit, together with what the last 24 hours had, unless the word for exactly this number was given.
    fn weigh(&self, weighed: &mut Weighed, scope: Scope, weight: Weight) {
        let Weight { code, number, before, limit, examples } = weight;
        if number == 0 || number + before <= limit {
            return;
        }
        if code.allowed_by().is_some_and(|word| self.options.allows(word, number)) {
            weighed.released.push(((scope, code), number));
        } else {
            weighed.stops.push(stopped(scope, code, number, limit, examples));
        }
    }

    /// Counts what earlier runs of the last 24 hours did, or found to have happened.
    fn effects(&self, scope: Scope, code: Code) -> Result<u64, StateError> {
        self.state.effects(self.id, scope, code.allowed_by().unwrap_or_default(), self.now)
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

    /// Keeps count of what this run did, for the brake of the next 24 hours. What a word released does not count again; a word
    /// that was not needed, or for another number, changes nothing.
    pub(super) fn remember_effect(
        &self,
        scope: Scope,
        code: Code,
        count: u64,
    ) -> Result<(), StateError> {
        let Some(word) = code.allowed_by() else { return Ok(()) };
        let transferring =
            self.active.iter().any(|active| active.scope == scope && active.transferring);
        if count == 0
            || self.released.contains_key(&(scope, code))
            || (code == Code::BrakeCreated && transferring)
        {
            return Ok(());
        }
        self.state.add_effects(self.id, scope, word, count, self.now)
    }
}

/// Says whether a brake weighs what was found to have happened, before anything is planned.
const fn is_observed(code: Code) -> bool {
    matches!(code, Code::BrakeTurned | Code::BrakeMissing | Code::BrakeFilter)
}

/// Returns the word that releases so many of a code, where there is one.
pub(super) fn word((code, number): (Code, u64)) -> Option<(&'static str, u64)> {
    Some((code.allowed_by()?, number))
}

impl Weight {
    const fn of(code: Code, number: u64, before: u64, limit: u64) -> Self {
        Self { code, number, before, limit, examples: Vec::new() }
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
        request: None,
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
    use super::{larger, smaller};

    #[test]
    fn d7_and_means_both_exceeded_or_means_the_smaller() {
        assert_eq!(larger(500, 50, 100), 500);
        assert_eq!(larger(500, 50, 2000), 1000);
        assert_eq!(smaller(10, 10, 50), 5);
        assert_eq!(smaller(10, 10, 5000), 10);
        assert_eq!(smaller(10, 10, 3), 1);
    }
}
