//! Effect: reading and writing the occurrences of series that differ.
//!
//! No request writes a series whole: its pattern is set with one, each changed or deleted occurrence with another. So that a series
//! is what it was or what it is to be and never half of it (invariant 2), the first request leaves a mark on it that holds what it
//! was, and the last one takes the mark away. In between the series is *unfinished* and read as what it was. What stops the
//! writing decides what comes next:
//!
//! * the server refuses an occurrence: everything is put back as it was, and the refusal is the answer;
//! * the line breaks, or nobody can say what happened: the mark stays and the answer is open. The next run reads the series as it
//!   was, finds the same difference, and writes it afresh with all its occurrences.

use std::collections::HashMap;

use crate::ews::draft::{FieldChange, ItemUpdate, WritableKind};
use crate::ews::operation::delete_item::{DeleteItem, Disposal};
use crate::ews::operation::get_item::GetItem;
use crate::ews::operation::update_item::{Stale, UpdateItem};
use crate::ews::operation::{ItemRef, OccurrenceRef, Target};
use crate::ews::{self, DateTime, Field as E, Property, Value as Theirs};
use crate::mailbox::exchange::exceptions::{self, Fetched, Step};
use crate::mailbox::exchange::send::{Answers, Job, Manner};
use crate::mailbox::exchange::table;
use crate::mailbox::exchange::wire::{self, Wire};
use crate::mailbox::exchange::write::{self, Change};
use crate::mailbox::exchange::{ExchangeMailbox, OCCURRENCES};
use crate::mailbox::{MailboxError, Stage, Write, Wrote};
use crate::model::{Content, Field, FieldSet, ItemId, ItemKind, ItemVersion};

/// Half a day in seconds: two occurrences of a series are never closer.
const HALF_A_DAY: i64 = 43_200;

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

/// What became of the steps of one series.
enum Progress {
    /// All were done.
    Whole,
    /// The server does not take one of them.
    Refused(Wrote),
    /// Nobody knows.
    Open,
}

/// An occurrence that was found.
struct Found {
    /// Which series, counted from nought, and which of its steps.
    series: usize,
    step: usize,
    item: ItemRef,
}

impl<W: Wire> ExchangeMailbox<W> {
    /// Fetches the changed occurrences of series. Those that are not there any more are left out.
    pub(super) fn changed_occurrences(
        &mut self,
        series: &[(ItemId, ews::Item)],
    ) -> Result<Fetched, MailboxError> {
        let finished = series.iter().filter(|(_, item)| item.value(table::UNFINISHED).is_none());
        let ids: Vec<ItemId> =
            finished.flat_map(|(_, item)| exceptions::changed(&item.properties)).collect();
        let wanted = exceptions::WANTED.map(Property::from);
        let mut fetched = Fetched::with_capacity(ids.len());
        self.read(&ids, &wanted, &mut |id, item| {
            fetched.extend(item.ok().map(|item| (id, item)));
        })?;
        Ok(fetched)
    }

    /// Writes the occurrences of series whose first request was answered, and replaces that answer.
    pub(super) fn finish(&mut self, begun: Vec<Begun<'_>>, answers: &mut Answers) {
        let begun = self.finish_once(begun, answers, None);
        if begun.is_empty() {
            return;
        }
        // The server refused something: back to what it was.
        let mut back = Vec::with_capacity(begun.len());
        let mut refusals = HashMap::new();
        for (series, refusal) in begun {
            let Some(Wrote::Done { id, version }) = answers.given(series.place) else { continue };
            let (id, version) = (id.clone(), version.clone());
            answers.give(series.place, Wrote::Unanswered);
            let begun_again = match series.write {
                Write::Create { .. } => self.unmake(&id).then_some(None),
                Write::Update { content, before, .. } => {
                    self.put_back(series.place, &id, (content, before), answers).map(Some)
                }
                Write::Delete { .. } => None,
            };
            match begun_again {
                None => {}
                Some(None) => answers.give(series.place, refusal),
                Some(Some(steps)) => {
                    tracing::debug!(item = %id, version = %version, "a series is put back");
                    refusals.insert(series.place, refusal);
                    back.push(Begun { steps, ..series });
                }
            }
        }
        for (series, _) in self.finish_once(back, answers, Some(&refusals)) {
            answers.give(series.place, Wrote::Unanswered);
        }
    }

    /// Goes through the steps of series once, and returns those that were refused. `instead` are the answers for those that are
    /// whole, where it is not the news that they are.
    fn finish_once<'a>(
        &mut self,
        begun: Vec<Begun<'a>>,
        answers: &mut Answers,
        instead: Option<&HashMap<usize, Wrote>>,
    ) -> Vec<(Begun<'a>, Wrote)> {
        let mut open = Vec::with_capacity(begun.len());
        for series in begun {
            if let Some(Wrote::Done { id, .. }) = answers.given(series.place) {
                let id = id.clone();
                open.push((series, id));
            }
        }
        if open.is_empty() {
            return Vec::new();
        }
        let progress = self.take_steps(&open);
        let mut whole = Vec::new();
        let mut refused = Vec::new();
        for ((series, id), progress) in open.into_iter().zip(progress) {
            match progress {
                Progress::Whole => whole.push((series.place, id)),
                Progress::Refused(refusal) => refused.push((series, refusal)),
                Progress::Open => answers.give(series.place, Wrote::Unanswered),
            }
        }
        self.unmark(&whole, answers);
        for (place, refusal) in instead.into_iter().flatten() {
            if matches!(answers.given(*place), Some(Wrote::Done { .. })) {
                answers.give(*place, refusal.clone());
            }
        }
        refused
    }

    /// Changes and deletes occurrences: all are found first, since a deletion may shift the places of others.
    fn take_steps(&mut self, open: &[(Begun<'_>, ItemId)]) -> Vec<Progress> {
        let mut progress: Vec<Progress> = open.iter().map(|_| Progress::Whole).collect();
        let found = self.find_occurrences(open, &mut progress);
        let (mut changes, mut deletions) = (Vec::new(), Vec::new());
        for (place, found) in found.iter().enumerate() {
            let step = open.get(found.series).and_then(|(series, _)| series.steps.get(found.step));
            let Some(step) = step else { continue };
            let (id, key) = (found.item.id.clone(), found.item.change_key.clone());
            match &step.changes {
                None => deletions.push(Job { place, bytes: 200, load: found.item.clone() }),
                Some(list) => {
                    let key = key.unwrap_or_else(|| ews::ChangeKey::new(""));
                    match ItemUpdate::of_occurrence(id, key, list.clone()) {
                        Ok(load) => changes.push(Job { place, bytes: load.wire_len(), load }),
                        Err(error) => {
                            let (code, text) = ("unfit".to_owned(), error.to_string());
                            note(&mut progress, found.series, &Wrote::Refused { code, text });
                        }
                    }
                }
            }
        }
        let mut done = Answers::sent(found.len());
        let manner = Manner { repeatable: true, creates: None };
        let build = |updates| UpdateItem { updates, stale: Stale::Overwritten };
        // Once something was sent, errors are answers; what has none was not answered.
        let _ = self.send(changes, &manner, &build, &|_, _| whole(), &mut done);
        let build = |items| DeleteItem { items, to: Disposal::DeletedItems };
        let _ = self.send(deletions, &manner, &build, &|_, ()| whole(), &mut done);
        for (place, found) in found.iter().enumerate() {
            let step = open.get(found.series).and_then(|(series, _)| series.steps.get(found.step));
            let deletes = step.is_some_and(|step| step.changes.is_none());
            match done.given(place) {
                Some(Wrote::Done { .. }) => {}
                // It is away, which is what was wanted.
                Some(Wrote::Gone) if deletes => {}
                Some(Wrote::Refused { code, .. }) if deletes && code == DELETED => {}
                Some(other) => note(&mut progress, found.series, other),
                None => note(&mut progress, found.series, &Wrote::Unanswered),
            }
        }
        progress
    }

    /// Finds the occurrences of all steps by their places, and looks whether they are the ones that are meant.
    fn find_occurrences(
        &mut self,
        open: &[(Begun<'_>, ItemId)],
        progress: &mut [Progress],
    ) -> Vec<Found> {
        let grommunio = self.is_grommunio();
        let all: Vec<(usize, usize, &Step, &ItemId)> = open
            .iter()
            .enumerate()
            .flat_map(|(at, (series, id))| {
                series.steps.iter().enumerate().map(move |(step_at, step)| (at, step_at, step, id))
            })
            .collect();
        let mut found = Vec::with_capacity(all.len());
        for batch in all.chunks(OCCURRENCES) {
            let target = |(_, _, step, id): &(usize, usize, &Step, &ItemId)| {
                let index = if grommunio { step.standing } else { step.position };
                Target::Occurrence(OccurrenceRef { master: ews::ItemId::new(id.as_str()), index })
            };
            let operation = GetItem {
                items: batch.iter().map(target).collect(),
                properties: [E::Start, E::OriginalStart, E::CalendarItemType]
                    .map(Into::into)
                    .into(),
                body: None,
            };
            let (wire, patience) = (&mut self.wire, self.manner.patience);
            let parts =
                wire::ask(wire, patience, Stage::Item, &operation, |(_, part)| part.as_ref().err());
            let Ok(parts) = parts else {
                for (at, ..) in batch {
                    note(progress, *at, &Wrote::Unanswered);
                }
                continue;
            };
            let mut seen = vec![false; batch.len()];
            for (place, part) in parts {
                let Some((at, step_at, step, _)) = batch.get(place) else { continue };
                if let Some(seen) = seen.get_mut(place) {
                    *seen = true;
                }
                match part {
                    Ok(item) if is_meant(&item, step) => {
                        let item = ItemRef { id: item.id, change_key: Some(item.change_key) };
                        found.push(Found { series: *at, step: *step_at, item });
                    }
                    Ok(_) => {
                        let code = "occurrence-mismatch".to_owned();
                        let text = format!(
                            "the server has another occurrence than that of {}",
                            step.original
                        );
                        note(progress, *at, &Wrote::Refused { code, text });
                    }
                    Err(refusal)
                        if refusal.code.to_string() == DELETED && step.changes.is_none() => {}
                    Err(refusal) => {
                        let (code, text) = (refusal.code.to_string(), refusal.to_string());
                        note(progress, *at, &Wrote::Refused { code, text });
                    }
                }
            }
            for ((at, ..), seen) in batch.iter().zip(seen) {
                if !seen {
                    note(progress, *at, &Wrote::Unanswered);
                }
            }
        }
        // Of a series that is put back anyway nothing more is written.
        found.retain(|found| matches!(progress.get(found.series), Some(Progress::Whole)));
        found
    }

    /// Takes the mark off series that are whole, and answers with the version that they have then.
    fn unmark(&mut self, whole: &[(usize, ItemId)], answers: &mut Answers) {
        let ids: Vec<ItemId> = whole.iter().map(|(_, id)| id.clone()).collect();
        let versions = self.versions(&ids);
        let mut jobs = Vec::with_capacity(whole.len());
        for (place, id) in whole {
            answers.give(*place, Wrote::Unanswered);
            let Some(version) = versions.get(id) else { continue };
            let (id, key) = (id.as_str().into(), version.as_str().into());
            let clear = vec![FieldChange::Clear(table::UNFINISHED.into())];
            if let Ok(load) = ItemUpdate::new(WritableKind::CalendarItem, id, key, clear) {
                jobs.push(Job { place: *place, bytes: load.wire_len(), load });
            }
        }
        let mut done = Answers::sent(answers.len());
        let manner = Manner { repeatable: true, creates: None };
        let build = |updates| UpdateItem { updates, stale: Stale::Refused };
        let answer = |_: &ItemUpdate, saved: ews::operation::Saved| Wrote::Done {
            id: saved.id.as_str().into(),
            version: saved.change_key.as_str().into(),
        };
        let _ = self.send(jobs, &manner, &build, &answer, &mut done);
        for (place, _) in whole {
            if let Some(wrote @ Wrote::Done { .. }) = done.given(*place) {
                answers.give(*place, wrote.clone());
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
            tracing::debug!(%error, "the versions of series were not to be had");
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
        place: usize,
        id: &ItemId,
        (content, before): (&Content, &Content),
        answers: &mut Answers,
    ) -> Option<Vec<Step>> {
        let versions = self.versions(std::slice::from_ref(id));
        let version = versions.get(id)?;
        let fields = content.known().union(FieldSet::of(Field::Recurrence));
        let mut now = before.clone();
        for (field, slot) in content.iter() {
            now.put(field, slot.clone());
        }
        let content = before.only(fields);
        // What it was is what it is marked as, should this not come to its end either.
        now.put(Field::Recurrence, before.slot(Field::Recurrence)?.clone());
        let change =
            Change { id, version, content: &content, before: &now, stamp: None, unfinished: true };
        let dialect = self.dialect();
        let draft = write::update(ItemKind::Appointment, &change, None, &self.manner.zone, dialect);
        let draft = draft.ok()??;
        let job = Job { place, bytes: draft.load.wire_len(), load: draft.load };
        let manner = Manner { repeatable: true, creates: None };
        let build = |updates| UpdateItem { updates, stale: Stale::Refused };
        let answer = |_: &ItemUpdate, saved: ews::operation::Saved| Wrote::Done {
            id: saved.id.as_str().into(),
            version: saved.change_key.as_str().into(),
        };
        let sent = self.send(vec![job], &manner, &build, &answer, answers);
        let done = sent.is_ok() && matches!(answers.given(place), Some(Wrote::Done { .. }));
        done.then_some(draft.steps)
    }
}

/// What Exchange says of an occurrence that was deleted before.
const DELETED: &str = "ErrorCalendarOccurrenceIsDeletedFromRecurrence";

fn whole() -> Wrote {
    Wrote::Done { id: "".into(), version: "".into() }
}

/// Notes what became of a step: a refusal counts for more than a doubt, since it will not go away by itself.
fn note(progress: &mut [Progress], series: usize, wrote: &Wrote) {
    let Some(progress) = progress.get_mut(series) else { return };
    match (wrote, &progress) {
        (_, Progress::Refused(_)) => {}
        (Wrote::Refused { .. } | Wrote::Denied(_), _) => {
            *progress = Progress::Refused(wrote.clone());
        }
        _ => *progress = Progress::Open,
    }
}

/// Says whether an occurrence is the one that a step means. One that was changed before says when it started once; where it does
/// not (grommunio 3.10), its place has to do.
fn is_meant(item: &ews::Item, step: &Step) -> bool {
    let time = |of: E| {
        item.value(of).and_then(Theirs::as_datetime).and_then(|time: DateTime| time.instant())
    };
    let is_exception =
        item.value(E::CalendarItemType).and_then(Theirs::as_text) == Some("Exception");
    let once = time(E::OriginalStart).or_else(|| time(E::Start).filter(|_| !is_exception));
    once.is_none_or(|once| once.duration_since(step.start).as_secs().abs() < HALF_A_DAY)
}
