//! Effect: reads what changed in staffITpro: the filter, then the records. What is read ends as marks in the state, in
//! the same transaction that moves the position, so that nothing read is ever lost (rule D4: absence proves nothing).

use crate::engine::report::{Phase, Stopped};
use crate::engine::session::{Session, Stop};
use crate::model::{ItemKind, Mode, Module, Position, RecordId, Scope, Switch};
use crate::reason::Code;
use crate::source::{Entry, Members, SourceErrorKind};
use crate::state::{RecordPresence, SeenRecord, State, StateError};

/// How many parents are asked for at once.
const PARENTS: usize = 200;

impl Session<'_> {
    /// Reads the filter and the changes of every module that moves: at most two calls a module when nothing changed.
    pub(super) fn observe_source(&mut self) -> Result<(), Stop> {
        self.phase(Phase::ReadingStaffitpro);
        // What a listing lacks can only be what was known before.
        let any = self.state.knows_pairs(self.id)?;
        for module in Module::ALL {
            if self.active_in(module).next().is_none() {
                continue;
            }
            self.heed()?;
            let (position, members) = self.state.feed(self.id, module)?;
            let whole = self.options.full || self.active_in(module).any(|active| active.whole);
            if module.has_filter() {
                let known = members.as_ref().filter(|_| !whole);
                self.observe_members(module, known, position.is_some())?;
            }
            let position = position.filter(|_| !whole && self.description.feed);
            match position {
                Some(position) if self.observe_activities_of_new(module)? => {
                    self.observe_changes(module, position)?;
                }
                _ => self.observe_listing(module, any)?,
            }
        }
        Ok(())
    }

    /// Says whether records of a switch move in this mailbox. One that a run leaves out (`--scope`) is among them: both switches of a
    /// module share their position, and what is read up to there is read for both. One that is set to `none` is not: it is compared
    /// as a whole when it is set to something else.
    fn wants(&self, module: Module, switch: Switch) -> bool {
        Scope::new(module, switch).is_some_and(|scope| self.job.scopes.of(scope).mode != Mode::None)
    }

    /// Reads the filter. Where this run or, should it fail, the next one goes on from a position, of which changes alone are told,
    /// records that are new in the filter are seen at once, and it is noted in the same transaction that what belongs to them is
    /// still to be asked for. Without one everything is listed next, which tells of both.
    fn observe_members(
        &mut self,
        module: Module,
        known: Option<&Position>,
        goes_on: bool,
    ) -> Result<(), Stop> {
        let contacts = goes_on && self.wants(module, Switch::Contacts);
        let mut page = None;
        self.state.forget_seen()?;
        // What is lacking can only be what was known before.
        let any = self.state.count_members(self.id, module)? > 0;
        loop {
            let answer = self.source.members(self.job.user, module, known, page.as_ref())?;
            let Members::Page { ids, next, complete, position } = answer else {
                return Ok(());
            };
            self.state.atomically(|state| {
                if any {
                    state.saw(ids.iter().map(RecordId::as_str))?;
                }
                let added = state.add_members(self.id, module, (&ids, goes_on))?;
                let seen = added.into_iter().filter(|_| contacts).map(|record| SeenRecord {
                    record,
                    kind: ItemKind::Contact,
                    module,
                    parent: None,
                    version: None,
                });
                state.see_records(self.id, seen)
            })?;
            if let Some(next) = next {
                page = Some(next);
                continue;
            }
            let left = if complete && any {
                self.state.unseen_members(self.id, module)?
            } else {
                Vec::new()
            };
            self.state.atomically(|state| {
                for record in left {
                    let record = RecordId::new(record);
                    state.remove_member(self.id, &record)?;
                    state.see_record_off(self.id, &record, RecordPresence::Left)?;
                    for child in state.children(self.id, &record)? {
                        state.see_record_off(self.id, &child, RecordPresence::Left)?;
                    }
                }
                let (feed, before) = state.feed(self.id, module)?;
                // A filter without a position may be another one at any time.
                let other = position.is_none() || position != before;
                if other || self.options.full {
                    state.recall_members(self.id, module)?;
                }
                state.set_feed(self.id, module, feed.as_ref(), position.as_ref())
            })?;
            return Ok(());
        }
    }

    /// Reads the activities of records that are new in the filter, in this run or in an earlier one that did not come to it: the feed
    /// does not tell of them. Returns whether the source can say; where it cannot, everything is to be listed.
    fn observe_activities_of_new(&self, module: Module) -> Result<bool, Stop> {
        if !self.wants(module, Switch::Activities) {
            return Ok(true);
        }
        loop {
            let parents = self.state.unread_members(self.id, module, PARENTS)?;
            if parents.is_empty() {
                return Ok(true);
            }
            let entries = match self.source.activities(self.job.user, &parents) {
                Err(error) if error.kind == SourceErrorKind::Unsupported => return Ok(false),
                entries => entries?,
            };
            self.state.atomically(|state| {
                self.see_entries(state, module, &entries)?;
                parents.iter().try_for_each(|parent| state.read_member(self.id, parent))
            })?;
        }
    }

    fn observe_changes(&mut self, module: Module, mut since: Position) -> Result<(), Stop> {
        loop {
            let changes = self.source.changes(self.job.user, module, &since)?;
            if changes.lost {
                return self.position_lost(module);
            }
            self.state.atomically(|state| {
                self.see_entries(state, module, &changes.changed)?;
                for record in &changes.gone {
                    if state.pair_of_record(self.id, record)?.is_some() {
                        state.see_record_off(self.id, record, RecordPresence::Gone)?;
                    }
                }
                let (_, members) = state.feed(self.id, module)?;
                state.set_feed(self.id, module, Some(&changes.position), members.as_ref())
            })?;
            if !changes.more {
                return Ok(());
            }
            if changes.position == since {
                // A feed that says "more" and does not move would be read for ever; the next run goes on from here.
                return Ok(());
            }
            since = changes.position;
        }
    }

    /// The source does not know the position any more: a database was restored, or its log cut off. A word is asked for
    /// before everything is compared anew (rule D7).
    fn position_lost(&mut self, module: Module) -> Result<(), Stop> {
        if !self.options.allows("restored", 1) {
            return Err(Stop::Waits(vec![Stopped {
                code: Code::BrakeRestored,
                scope: self.active_in(module).next().map(|active| active.scope),
                number: Some(1),
                limit: Some(0),
                examples: Vec::new(),
                text: format!(
                    "the source no longer knows the position up to which the module {module} was read"
                ),
                hint: None,
                request: None,
            }]));
        }
        self.observe_listing(module, true)
    }

    /// Reads a whole listing; `any`: some pair was known before.
    fn observe_listing(&mut self, module: Module, any: bool) -> Result<(), Stop> {
        let mut page = None;
        self.state.forget_seen()?;
        loop {
            let listing = self.source.list(self.job.user, module, page.as_ref())?;
            self.state.atomically(|state| {
                if any {
                    state.saw(listing.entries.iter().map(|entry| entry.id.as_str()))?;
                }
                self.see_entries(state, module, &listing.entries)
            })?;
            if let Some(next) = listing.next {
                page = Some(next);
                continue;
            }
            let gone = if listing.complete && any {
                self.state.unseen_records(self.id, module)?
            } else if listing.complete {
                Vec::new()
            } else {
                if module.has_filter() && self.wants(module, Switch::Contacts) {
                    self.state.see_members(self.id, module)?;
                }
                Vec::new()
            };
            self.state.atomically(|state| {
                for record in gone {
                    state.see_record_off(self.id, &RecordId::new(record), RecordPresence::Gone)?;
                }
                state.read_members(self.id, module)?;
                let (_, members) = state.feed(self.id, module)?;
                state.set_feed(self.id, module, listing.position.as_ref(), members.as_ref())
            })?;
            return Ok(());
        }
    }

    fn see_entries(
        &self,
        state: &State,
        module: Module,
        entries: &[Entry],
    ) -> Result<(), StateError> {
        let mut moving: Vec<&Entry> = entries
            .iter()
            .filter(|entry| entry.module == module && self.wants(module, entry.kind.switch()))
            .collect();
        if module.has_filter() {
            let members = state.are_members(self.id, moving.iter().map(|entry| keeper(entry)))?;
            let mut members = members.into_iter();
            for entry in moving.extract_if(.., |_| members.next() != Some(true)) {
                // What it belonged to before may be in the filter.
                state.see_record_outside(self.id, &entry.id, entry.parent.as_ref())?;
            }
        }
        let seen = moving.into_iter().map(|entry| SeenRecord {
            record: &entry.id,
            kind: entry.kind,
            module,
            parent: entry.parent.as_ref(),
            version: Some(&entry.version),
        });
        state.see_records(self.id, seen)
    }
}

/// Returns the record by which an entry is in the filter: an activity is by what it belongs to.
fn keeper(entry: &Entry) -> Option<&RecordId> {
    match entry.kind.switch() {
        Switch::Contacts => Some(&entry.id),
        Switch::Activities => entry.parent.as_ref(),
    }
}
