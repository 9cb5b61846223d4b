//! Effect: writing items in batches, with an answer for each.
//!
//! Writes are cut into batches by count and bytes. What is certain not to have been done is tried again for a while; what
//! may have been done is unanswered, and a create of that kind is never repeated (invariant 1). A batch that is refused as a
//! whole is halved until the one item that it is about stands alone.

use std::collections::HashMap;
use std::time::Duration;

use crate::ews::draft::{ItemUpdate, NewItem};
use crate::ews::operation::create_item::CreateItem;
use crate::ews::operation::delete_item::{DeleteItem, Disposal};
use crate::ews::operation::folder::FolderRef;
use crate::ews::operation::update_item::{Stale, UpdateItem};
use crate::ews::operation::{ItemRef, Operation, Placed, Saved};
use crate::ews::{self, EwsError, Field as E, Value as Theirs};
use crate::mailbox::exchange::failure::{self, Answer};
use crate::mailbox::exchange::occurrences::Begun;
use crate::mailbox::exchange::wire::Wire;
use crate::mailbox::exchange::write::{self, Change, Dialect, Draft, Unfit};
use crate::mailbox::exchange::{BYTES, ExchangeMailbox, WRITES, exceptions, fetch, table};
use crate::mailbox::names::{self, Shown};
use crate::mailbox::{ItemError, MailboxError, Stage, Write, Wrote};
use crate::model::{FolderId, ItemId, ItemKind, ItemVersion};

/// A write on its way: its place among those that the engine asked for, what is sent, and how many bytes that takes.
#[derive(Clone, Debug)]
pub(super) struct Job<T> {
    pub(super) place: usize,
    pub(super) load: T,
    pub(super) bytes: usize,
}

/// The answers so far, in the order of the writes.
pub(super) struct Answers {
    given: Vec<Option<Wrote>>,
    /// Whether anything was sent that may have changed something: from then on, errors are answers of single writes.
    sent: bool,
}

impl Answers {
    /// Makes room for the answers to so many writes of which something was sent before.
    pub(super) fn sent(count: usize) -> Self {
        Self { given: vec![None; count], sent: true }
    }

    pub(super) fn len(&self) -> usize {
        self.given.len()
    }

    pub(super) fn given(&self, place: usize) -> Option<&Wrote> {
        self.given.get(place)?.as_ref()
    }

    pub(super) fn give(&mut self, place: usize, wrote: Wrote) {
        if let Some(slot) = self.given.get_mut(place) {
            *slot = Some(wrote);
        }
    }
}

/// What a request of the kind is like.
pub(super) struct Manner {
    /// Whether a repeated request can do no harm, because the version protects the item.
    pub(super) repeatable: bool,
    /// Whether it makes items.
    pub(super) creates: bool,
}

impl<W: Wire> ExchangeMailbox<W> {
    /// Carries out writes, run by run of the same sort, in their order.
    pub(super) fn write(
        &mut self,
        kind: ItemKind,
        writes: &[Write],
    ) -> Result<Vec<Wrote>, MailboxError> {
        let mut answers = Answers { given: vec![None; writes.len()], sent: false };
        let mut first = 0;
        for run in writes.chunk_by(same_sort) {
            match run.first() {
                Some(Write::Create { folder, .. }) => {
                    self.creates(kind, &folder.clone(), first, run, &mut answers)?;
                }
                Some(Write::Update { .. }) => self.updates(kind, first, run, &mut answers)?,
                Some(Write::Delete { .. }) => self.deletes(first, run, &mut answers)?,
                None => {}
            }
            first += run.len();
        }
        // A write that nothing was heard of may have been done.
        Ok(answers.given.into_iter().map(|given| given.unwrap_or(Wrote::Unanswered)).collect())
    }

    fn creates(
        &mut self,
        kind: ItemKind,
        folder: &FolderId,
        first: usize,
        run: &[Write],
        answers: &mut Answers,
    ) -> Result<(), MailboxError> {
        let dialect = Dialect { grommunio: self.is_grommunio() };
        let mut jobs = Vec::with_capacity(run.len());
        let mut begun = Vec::new();
        for (place, write) in (first..).zip(run) {
            let Write::Create { content, stamp, .. } = write else { continue };
            match write::new_item(kind, content, stamp, &self.manner.zone, dialect) {
                Ok(Draft { load, steps }) => {
                    jobs.push(Job { place, bytes: load.wire_len(), load });
                    if !steps.is_empty() {
                        begun.push(Begun { place, steps, write });
                    }
                }
                Err(unfit) => answers.give(place, refused(&unfit)),
            }
        }
        let folder = FolderRef::Id(ews::FolderId::new(folder.as_str()));
        let build = |items: Vec<NewItem>| CreateItem { folder: folder.clone(), items };
        let manner = Manner { repeatable: false, creates: true };
        self.send(jobs, &manner, &build, &|_, saved| done(&saved), answers)?;
        self.finish(begun, answers);
        Ok(())
    }

    fn updates(
        &mut self,
        kind: ItemKind,
        first: usize,
        run: &[Write],
        answers: &mut Answers,
    ) -> Result<(), MailboxError> {
        // Names are followed up only where they are ours; that takes a look at them. A server that does not check versions
        // takes a look at every item (rule D13).
        let named = |write: &Write| match write {
            Write::Update { content, .. } => kind == ItemKind::Contact && names::concerns(content),
            _ => false,
        };
        let all = !self.checks_versions();
        let dialect = Dialect { grommunio: self.is_grommunio() };
        // So does a series, to see whether an earlier write of its occurrences came to its end.
        let series = |write: &Write| match write {
            Write::Update { content, before, .. } => {
                kind == ItemKind::Appointment && exceptions::concerns(content, before)
            }
            _ => false,
        };
        let looked_at = run.iter().filter(|write| all || named(write) || series(write));
        let ids: Vec<ItemId> = looked_at.filter_map(target).map(|(id, _)| id.clone()).collect();
        let wanted: Vec<ews::Property> = match kind {
            ItemKind::Contact => vec![E::DisplayName.into(), E::FileAs.into()],
            ItemKind::Appointment => vec![table::UNFINISHED.into()],
            ItemKind::Task => Vec::new(),
        };
        let seen = self.look(&ids, &wanted, answers)?;
        let mut jobs = Vec::with_capacity(run.len());
        let mut begun = Vec::new();
        for (place, write) in (first..).zip(run) {
            let Write::Update { id, version, content, before, stamp } = write else { continue };
            let now = match seen.get(id) {
                None if all || named(write) || series(write) => {
                    answers.give(place, Wrote::Later(Duration::ZERO));
                    continue;
                }
                None => None,
                Some(now) => match still(now, version) {
                    Ok(item) => Some(item),
                    Err(wrote) => {
                        answers.give(place, wrote);
                        continue;
                    }
                },
            };
            let shown = now.filter(|_| named(write)).map(shown);
            let unfinished = now.is_some_and(|item| item.value(table::UNFINISHED).is_some());
            let stamp = stamp.as_ref();
            let change = Change { id, version, content, before, stamp, unfinished };
            match write::update(kind, &change, shown.as_ref(), &self.manner.zone, dialect) {
                Ok(Some(Draft { load, steps })) => {
                    jobs.push(Job { place, bytes: load.wire_len(), load });
                    if !steps.is_empty() {
                        begun.push(Begun { place, steps, write });
                    }
                }
                Ok(None) => {
                    answers.give(place, Wrote::Done { id: id.clone(), version: version.clone() });
                }
                Err(unfit) => answers.give(place, refused(&unfit)),
            }
        }
        let build = |updates: Vec<ItemUpdate>| UpdateItem { updates, stale: Stale::Refused };
        let manner = Manner { repeatable: self.checks_versions(), creates: false };
        self.send(jobs, &manner, &build, &|_, saved| done(&saved), answers)?;
        self.finish(begun, answers);
        Ok(())
    }

    /// Moves items to Deleted Items. `DeleteItem` looks at no version on any server, so that the item is looked at first.
    fn deletes(
        &mut self,
        first: usize,
        run: &[Write],
        answers: &mut Answers,
    ) -> Result<(), MailboxError> {
        let ids: Vec<ItemId> = run.iter().filter_map(target).map(|(id, _)| id.clone()).collect();
        let seen = self.look(&ids, &[], answers)?;
        let mut jobs = Vec::with_capacity(run.len());
        for (place, write) in (first..).zip(run) {
            let Some((id, version)) = target(write) else { continue };
            match seen.get(id).map(|now| still(now, version)) {
                Some(Ok(_)) => {
                    let key = Some(ews::ChangeKey::new(version.as_str()));
                    let item = ItemRef { id: ews::ItemId::new(id.as_str()), change_key: key };
                    let bytes = id.as_str().len() + version.as_str().len() + 64;
                    jobs.push(Job { place, bytes, load: item });
                }
                Some(Err(wrote)) => answers.give(place, wrote),
                None => answers.give(place, Wrote::Later(Duration::ZERO)),
            }
        }
        let build = |items: Vec<ItemRef>| DeleteItem { items, to: Disposal::DeletedItems };
        // A repeated delete of what is gone says so, and what is gone was deleted.
        let manner = Manner { repeatable: true, creates: false };
        let answer = |item: &ItemRef, ()| Wrote::Done {
            id: item.id.as_str().into(),
            version: item.change_key.as_ref().map_or_else(|| "".into(), |key| key.as_str().into()),
        };
        self.send(jobs, &manner, &build, &answer, answers)
    }

    /// Looks at items before they are written: which version they are in, and some properties.
    fn look(
        &mut self,
        ids: &[ItemId],
        wanted: &[ews::Property],
        answers: &Answers,
    ) -> Result<HashMap<ItemId, Result<ews::Item, ItemError>>, MailboxError> {
        let mut seen = HashMap::with_capacity(ids.len());
        let outcome = self.read(ids, wanted, &mut |id, item| {
            seen.insert(id, item);
        });
        match outcome {
            Err(error) if !answers.sent => Err(error),
            // What was done is reported all the same; the rest is answered by what was not seen.
            _ => Ok(seen),
        }
    }

    /// Sends jobs batch by batch.
    pub(super) fn send<O, T, P>(
        &mut self,
        jobs: Vec<Job<T>>,
        manner: &Manner,
        build: &dyn Fn(Vec<T>) -> O,
        answer: &dyn Fn(&T, P) -> Wrote,
        answers: &mut Answers,
    ) -> Result<(), MailboxError>
    where
        O: Operation<Part = Placed<P>>,
        T: Clone,
    {
        let mut waiting = self.manner.patience.begin();
        let mut batches = cut(jobs);
        batches.reverse();
        while let Some(batch) = batches.pop() {
            let operation = build(batch.iter().map(|job| job.load.clone()).collect());
            // Only the end of an answer shows that its places are right (a server that left a message out would shift the
            // others), so that nothing of one that broke off counts.
            let mut parts = Vec::with_capacity(batch.len());
            let outcome = self.wire.call(&operation, &mut |part| parts.push(part));
            let mut again: Vec<Job<T>> = Vec::new();
            let mut asked = None;
            match outcome {
                Ok(()) => {
                    answers.sent = true;
                    for (place, part) in parts {
                        let Some(job) = batch.get(place) else { continue };
                        let settled = match part {
                            Ok(part) => Answer::Settled(answer(&job.load, part)),
                            Err(refusal) => {
                                failure::of_write(&refusal, manner.repeatable, manner.creates)
                            }
                        };
                        match settled {
                            Answer::Settled(wrote) => answers.give(job.place, wrote),
                            Answer::Again(wait) => {
                                asked = asked.max(wait);
                                again.push(job.clone());
                            }
                        }
                    }
                }
                Err(error) => {
                    answers.sent |= error.ambiguous();
                    match verdict(&error, manner) {
                        Verdict::Again(wait) => {
                            asked = wait;
                            again = batch;
                        }
                        Verdict::Halve if batch.len() > 1 => {
                            let mut front = batch;
                            let back = front.split_off(front.len() / 2);
                            batches.push(back);
                            batches.push(front);
                        }
                        Verdict::Halve => {
                            let (code, text) = (fetch::code_of(&error), error.to_string());
                            for job in batch {
                                let (code, text) = (code.clone(), text.clone());
                                answers.give(job.place, Wrote::Refused { code, text });
                            }
                        }
                        Verdict::Unknown => {
                            for job in batch {
                                answers.give(job.place, Wrote::Unanswered);
                            }
                        }
                        Verdict::Stop => {
                            let error = failure::of_error(error, Stage::Item);
                            if !answers.sent {
                                return Err(error);
                            }
                            let rest = batches.drain(..).rev().flatten();
                            for job in batch.into_iter().chain(rest) {
                                answers.give(job.place, failure::of_batch(&error));
                            }
                        }
                    }
                }
            }
            if again.is_empty() {
                continue;
            }
            if let Some(wait) = waiting.next(asked) {
                self.wire.wait(wait);
                batches.push(again);
                continue;
            }
            // The server is busy for longer than our patience lasts: the rest is not even sent, nor is what comes after it.
            if let Some(asked) = asked {
                self.wire.rest(asked);
            }
            let wait = asked.unwrap_or(failure::A_WHILE);
            for job in again.into_iter().chain(batches.drain(..).flatten()) {
                answers.give(job.place, Wrote::Later(wait));
            }
        }
        Ok(())
    }
}

/// What to do about an error of a whole batch.
enum Verdict {
    /// Nothing was done; send it again after a while.
    Again(Option<Duration>),
    /// One of the items is to blame.
    Halve,
    /// Nobody knows what was done.
    Unknown,
    /// Nothing was done, and nothing will be.
    Stop,
}

fn verdict(error: &EwsError, manner: &Manner) -> Verdict {
    let doubt = error.ambiguous();
    if doubt && !manner.repeatable {
        return Verdict::Unknown;
    }
    match failure::passes(error.kind()) {
        _ if matches!(error, EwsError::Fault(fault) if failure::may_be_the_item(&fault.code)) => {
            Verdict::Halve
        }
        // The line broke: what was asked for may have been done. The version protects a repeated write, but a conflict with
        // ourselves would be its answer; the next run sees what became of it.
        Some(_) if doubt && !matches!(error, EwsError::Fault(_)) => Verdict::Unknown,
        Some(_) if matches!(error, EwsError::Connect(_)) => Verdict::Stop,
        Some(wait) => Verdict::Again(wait),
        None if fetch::is_about_batch(error) && !matches!(error, EwsError::Reply(_)) => {
            Verdict::Halve
        }
        None if doubt => Verdict::Unknown,
        None => Verdict::Stop,
    }
}

/// Cuts jobs into batches by count and bytes; a single item may be larger than a batch.
fn cut<T>(jobs: Vec<Job<T>>) -> Vec<Vec<Job<T>>> {
    let mut batches: Vec<Vec<Job<T>>> = Vec::new();
    let mut bytes = 0;
    for job in jobs {
        match batches.last_mut() {
            Some(batch) if batch.len() < WRITES && bytes + job.bytes <= BYTES => {
                bytes += job.bytes;
                batch.push(job);
            }
            _ => {
                bytes = job.bytes;
                batches.push(vec![job]);
            }
        }
    }
    batches
}

fn same_sort(one: &Write, other: &Write) -> bool {
    match (one, other) {
        (Write::Create { folder: one, .. }, Write::Create { folder: other, .. }) => one == other,
        (Write::Update { .. }, Write::Update { .. })
        | (Write::Delete { .. }, Write::Delete { .. }) => true,
        _ => false,
    }
}

const fn target(write: &Write) -> Option<(&ItemId, &ItemVersion)> {
    match write {
        Write::Create { .. } => None,
        Write::Update { id, version, .. } | Write::Delete { id, version } => Some((id, version)),
    }
}

/// Says whether an item is still in the version that a write is meant for.
fn still<'a>(
    now: &'a Result<ews::Item, ItemError>,
    version: &ItemVersion,
) -> Result<&'a ews::Item, Wrote> {
    match now {
        Ok(item) if item.change_key.as_str() == version.as_str() => Ok(item),
        Ok(_) => Err(Wrote::Conflict),
        Err(ItemError::Gone) => Err(Wrote::Gone),
        Err(ItemError::Denied(code)) => Err(Wrote::Denied(code.clone())),
        Err(ItemError::Unreadable(code)) => {
            Err(Wrote::Refused { code: code.clone(), text: "the item cannot be read".to_owned() })
        }
    }
}

fn shown(item: &ews::Item) -> Shown {
    let text = |of: E| item.value(of).and_then(Theirs::as_text).unwrap_or_default().to_owned();
    Shown { display: text(E::DisplayName), file_as: text(E::FileAs) }
}

fn done(saved: &Saved) -> Wrote {
    Wrote::Done { id: saved.id.as_str().into(), version: saved.change_key.as_str().into() }
}

fn refused(unfit: &Unfit) -> Wrote {
    Wrote::Refused { code: "unfit".to_owned(), text: unfit.to_string() }
}
