//! Effect: reading and writing the occurrences of series that differ.
//!
//! No request writes a series whole: its pattern is set with one, each changed or deleted occurrence with another. So that a series
//! is what it was or what it is to be and never half of it (invariant 2), the first request leaves a mark on it that holds what it
//! was, and the last one takes the mark away. In between the series is *unfinished* and read as what it was. What stops the
//! writing decides what comes next:
//!
//! * the server refuses an occurrence: everything is put back as it was, and the refusal is the answer;
//! * a person changes the series in between: what that left is written all the same, what the person changed stays, and the answer
//!   is a conflict, so that both sides are read and planned again ([`super::steps`]);
//! * the line breaks, or nobody can say what happened: the mark stays and the answer is open. The next run reads the series as it
//!   was, finds the same difference, and writes it afresh with all its occurrences.

use std::collections::HashMap;

use crate::ews::draft::{FieldChange, ItemUpdate, WritableKind};
use crate::ews::operation::ItemRef;
use crate::ews::operation::delete_item::{DeleteItem, Disposal};
use crate::ews::operation::update_item::UpdateItem;
use crate::ews::{self, Property};
use crate::mailbox::exchange::ExchangeMailbox;
use crate::mailbox::exchange::exceptions::{self, Fetched, Step};
use crate::mailbox::exchange::send::{Answers, Job, Manner};
use crate::mailbox::exchange::steps::{Progress, Underway, saved_as, whole};
use crate::mailbox::exchange::table;
use crate::mailbox::exchange::wire::Wire;
use crate::mailbox::exchange::write::{self, Change};
use crate::mailbox::{MailboxError, Write, Wrote};
use crate::model::{Content, Field, FieldSet, ItemId, ItemKind, ItemVersion};

/// How often the mark is taken off a series that somebody else is writing.
const TRIES: usize = 3;

/// A series that was begun.
#[derive(Clone, Debug)]
pub(super) struct Begun<'a> {
    /// Its place among the writes.
    pub(super) place: usize,
    /// What is still to be done.
    pub(super) steps: Vec<Step>,
    /// What was asked for, to be able to put it back.
    pub(super) write: &'a Write,
}

impl<W: Wire> ExchangeMailbox<W> {
    /// Fetches the changed occurrences of series. Those that are not given are left out.
    pub(super) fn changed_occurrences(
        &mut self,
        series: &[(ItemId, ews::Item)],
    ) -> Result<Fetched, MailboxError> {
        let ids: Vec<ItemId> =
            series.iter().flat_map(|(_, item)| exceptions::changed(&item.properties)).collect();
        let wanted = exceptions::WANTED.map(Property::from);
        let mut fetched = Fetched::with_capacity(ids.len());
        self.read(&ids, &wanted, &mut |id, item| {
            fetched.extend(item.ok().map(|item| (id, item)));
        })?;
        Ok(fetched)
    }

    /// Writes the occurrences of series whose first request was answered, and replaces that answer.
    pub(super) fn finish(&mut self, begun: Vec<Begun<'_>>, answers: &mut Answers) {
        // What the server refused goes back to what it was.
        let mut back = Vec::new();
        let mut refusals = HashMap::new();
        for (series, refusal) in self.finish_once(begun, answers, &HashMap::new()) {
            let place = series.begun.place;
            match series.begun.write {
                Write::Create { .. } if self.unmake(&series.id) => answers.give(place, refusal),
                Write::Update { content, before, .. } => {
                    let steps = self.put_back(&series, (content, before), answers);
                    if let Some(steps) = steps {
                        tracing::debug!(item = %series.id, "a series is put back");
                        refusals.insert(place, refusal);
                        back.push(Begun { steps, ..series.begun });
                    } else if answers.given(place) == Some(&Wrote::Conflict) {
                        self.unmark(
                            vec![Underway { version: None, touched: true, ..series }],
                            answers,
                        );
                    }
                }
                Write::Create { .. } | Write::Delete { .. } => {}
            }
        }
        // Whatever is refused now stays unfinished.
        self.finish_once(back, answers, &refusals);
    }

    /// Goes through the steps of series once, and returns those that were refused, unanswered for now. `instead` are the answers
    /// for those that are whole, where it is not the news that they are.
    fn finish_once<'a>(
        &mut self,
        begun: Vec<Begun<'a>>,
        answers: &mut Answers,
        instead: &HashMap<usize, Wrote>,
    ) -> Vec<(Underway<'a>, Wrote)> {
        let mut open = Vec::with_capacity(begun.len());
        for begun in begun {
            if let Some(Wrote::Done { id, version }) = answers.given(begun.place) {
                let (id, version) = (id.clone(), Some(version.clone()));
                answers.give(begun.place, Wrote::Unanswered);
                let progress = Progress::Whole;
                open.push(Underway { begun, id, version, touched: false, progress });
            }
        }
        self.take_steps(&mut open);
        let mut whole = Vec::new();
        let mut refused = Vec::new();
        for series in open {
            match series.progress.clone() {
                Progress::Open => {}
                // What a person has changed in the meantime is not put back to what it was.
                Progress::Refused(refusal) if !series.touched => refused.push((series, refusal)),
                Progress::Whole | Progress::Refused(_) => whole.push(series),
            }
        }
        self.unmark(whole, answers);
        for (place, refusal) in instead {
            if matches!(answers.given(*place), Some(Wrote::Done { .. })) {
                answers.give(*place, refusal.clone());
            }
        }
        refused
    }

    /// Takes the mark off series, and answers with the version that they have then; a conflict where somebody else has changed
    /// them in between.
    fn unmark(&mut self, mut left: Vec<Underway<'_>>, answers: &mut Answers) {
        for _ in 0..TRIES {
            let unknown = left.iter().filter(|series| series.version.is_none());
            let unknown: Vec<ItemId> = unknown.map(|series| series.id.clone()).collect();
            let versions = self.versions(&unknown);
            let mut jobs = Vec::with_capacity(left.len());
            for (place, series) in left.iter_mut().enumerate() {
                series.version =
                    series.version.take().or_else(|| versions.get(&series.id).cloned());
                let Some(version) = &series.version else { continue };
                let (id, key) = (series.id.as_str().into(), version.as_str().into());
                let clear = vec![FieldChange::Clear(table::UNFINISHED.into())];
                if let Ok(load) = ItemUpdate::new(WritableKind::CalendarItem, id, key, clear) {
                    jobs.push(Job { place, bytes: load.wire_len(), load });
                }
            }
            let mut done = Answers::sent(left.len());
            let manner = Manner { repeatable: true, creates: None };
            let build = |updates| UpdateItem { updates };
            let _ = self.send(jobs, &manner, &build, &|_, saved| saved_as(&saved), &mut done);
            let mut again = Vec::new();
            for (place, series) in left.into_iter().enumerate() {
                match done.given(place) {
                    Some(wrote @ Wrote::Done { .. }) => {
                        answers.give(series.begun.place, series.answer(wrote.clone()));
                    }
                    Some(Wrote::Conflict) => {
                        again.push(Underway { version: None, touched: true, ..series });
                    }
                    _ => {}
                }
            }
            left = again;
            if left.is_empty() {
                break;
            }
        }
    }

    /// Reads the versions that items have now; what cannot be read is left out.
    fn versions(&mut self, ids: &[ItemId]) -> HashMap<ItemId, ItemVersion> {
        let mut versions = HashMap::with_capacity(ids.len());
        let read = self.read(ids, &[], &mut |id, item| {
            versions.extend(item.ok().map(|item| (id, item.change_key.as_str().into())));
        });
        if let Err(error) = read {
            tracing::debug!(kind = ?error.kind, "the versions of series were not to be had");
        }
        versions
    }

    /// Takes a new series away whose occurrences the server does not take. Says whether it is gone.
    fn unmake(&mut self, id: &ItemId) -> bool {
        let item = ItemRef::from(ews::ItemId::new(id.as_str()));
        let job = Job { place: 0, bytes: 200, load: item };
        let manner = Manner { repeatable: true, creates: None };
        // Nobody made it and nobody misses it: it does not show among the deleted items.
        let build = |items| DeleteItem { items, to: Disposal::RecoverableItems };
        let mut done = Answers::sent(1);
        let sent = self.send(vec![job], &manner, &build, &|_, ()| whole(), &mut done);
        sent.is_ok() && matches!(done.given(0), Some(Wrote::Done { .. } | Wrote::Gone))
    }

    /// Begins to write what a series was, and returns the steps that are left; `None` where that did not succeed.
    fn put_back(
        &mut self,
        series: &Underway<'_>,
        (content, before): (&Content, &Content),
        answers: &mut Answers,
    ) -> Option<Vec<Step>> {
        let (place, id) = (series.begun.place, &series.id);
        let version = match &series.version {
            Some(version) => version.clone(),
            None => self.versions(std::slice::from_ref(id)).remove(id)?,
        };
        let fields = content.known().union(FieldSet::of(Field::Recurrence));
        let mut now = before.clone();
        for (field, slot) in content.iter() {
            now.put(field, slot.clone());
        }
        let content = before.only(fields);
        // What it was is what it is marked as, should this not come to its end either.
        now.put(Field::Recurrence, before.slot(Field::Recurrence)?.clone());
        let change = Change {
            id,
            version: &version,
            content: &content,
            before: &now,
            stamp: None,
            unfinished: before.slot(Field::Recurrence),
        };
        let dialect = self.dialect();
        let draft = write::update(ItemKind::Appointment, &change, None, &self.manner.zone, dialect);
        let draft = draft.ok()??;
        let job = Job { place, bytes: draft.load.wire_len(), load: draft.load };
        let manner = Manner { repeatable: true, creates: None };
        let build = |updates| UpdateItem { updates };
        let sent = self.send(vec![job], &manner, &build, &|_, saved| saved_as(&saved), answers);
        let done = sent.is_ok() && matches!(answers.given(place), Some(Wrote::Done { .. }));
        done.then_some(draft.steps)
    }
}

impl Underway<'_> {
    /// Returns the answer to a series that is not unfinished any more.
    fn answer(&self, done: Wrote) -> Wrote {
        match self.begun.write {
            _ if !self.touched => done,
            // It is there, and what it holds is to be looked at: the next run finds it by its token.
            Write::Create { .. } => Wrote::Unanswered,
            Write::Update { .. } | Write::Delete { .. } => Wrote::Conflict,
        }
    }
}
