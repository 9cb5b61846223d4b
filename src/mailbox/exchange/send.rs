//! Effect: how writes are sent, batch by batch, and what becomes of each.
//!
//! Batches are cut by count and bytes. What is certain not to have been done is sent again for a while; what may have been done
//! is unanswered, and a create of that kind is never repeated (invariant 1). A batch that is refused as a whole is halved until
//! the one item that it is about stands alone, but where the server may be to blame, it is waited for first; of creates that it
//! answered without saying what became of them, those that were made are found by their tokens before anything is sent again.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use crate::ews::operation::{Operation, Placed};
use crate::ews::session::Batcher;
use crate::ews::{EwsError, ResponseCode};
use crate::mailbox::exchange::blame::{Blame, Suspect};
use crate::mailbox::exchange::failure::{self, Answer, Wish};
use crate::mailbox::exchange::folders::Place;
use crate::mailbox::exchange::wire::{self, Wire};
use crate::mailbox::exchange::{ExchangeMailbox, fetch, trouble};
use crate::mailbox::{By, Found, MailboxError, Stage, Stamp, Trouble, Wanted, Wrote};
use crate::model::{ItemKind, Token};

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
    /// Begins with none of so many.
    pub(super) fn of(writes: usize) -> Self {
        Self { given: vec![None; writes], sent: false }
    }

    /// Makes room for the answers to so many writes of which something was sent before.
    pub(super) fn sent(writes: usize) -> Self {
        Self { sent: true, ..Self::of(writes) }
    }

    pub(super) fn given(&self, place: usize) -> Option<&Wrote> {
        self.given.get(place)?.as_ref()
    }

    /// Says whether anything was sent that may have changed something.
    pub(super) const fn anything_sent(&self) -> bool {
        self.sent
    }

    /// Returns all of them. A write that nothing was heard of may have been done.
    pub(super) fn all(self) -> Vec<Wrote> {
        self.given.into_iter().map(|given| given.unwrap_or(Wrote::Unanswered)).collect()
    }

    pub(super) fn give(&mut self, place: usize, wrote: Wrote) {
        if let Some(slot) = self.given.get_mut(place) {
            *slot = Some(wrote);
        }
    }
}

/// What requests of a sort are like.
pub(super) struct Manner<'a> {
    /// Whether a repeated request can do no harm, because the version protects the item.
    pub(super) repeatable: bool,
    /// Where items are made, where it makes some.
    pub(super) creates: Option<Creates<'a>>,
}

/// What is known of items that are made, to find them again.
pub(super) struct Creates<'a> {
    pub(super) kind: ItemKind,
    /// The folder they go to.
    pub(super) home: &'a Place,
    /// Their stamps, by the places of their jobs.
    pub(super) stamps: &'a HashMap<usize, &'a Stamp>,
}

/// Nothing was done, and waiting does not help: it is planned again in the next run.
pub(super) const NEXT_RUN: Wrote = Wrote::Later(Duration::ZERO);

/// Jobs that are still to be sent.
struct Queue<T> {
    /// Those that nothing is known of.
    fresh: VecDeque<Job<T>>,
    /// Parts of a batch that was refused as a whole, the next one last; each goes out alone, to find the one that is to blame.
    parts: Vec<Vec<Job<T>>>,
    /// Who is to blame for batches that failed without a reason.
    blame: Blame,
}

impl<T> Queue<T> {
    /// Takes the next batch; `None` when all were sent.
    fn next(&mut self, size: &mut Batcher) -> Option<Vec<Job<T>>> {
        if let Some(part) = self.parts.pop() {
            return Some(part);
        }
        let count = size.take(self.fresh.iter().map(|job| job.bytes));
        (count > 0).then(|| self.fresh.drain(..count).collect())
    }

    /// Takes back what is to be sent again.
    fn again(&mut self, jobs: Vec<Job<T>>) {
        jobs.into_iter().rev().for_each(|job| self.fresh.push_front(job));
    }

    /// Takes back a batch that was refused as a whole, in two parts.
    fn halve(&mut self, mut batch: Vec<Job<T>>) {
        let back = batch.split_off(batch.len() / 2);
        self.parts.push(back);
        self.parts.push(batch);
    }

    fn rest(&mut self) -> impl Iterator<Item = Job<T>> {
        self.parts.drain(..).rev().flatten().chain(self.fresh.drain(..))
    }
}

impl<W: Wire> ExchangeMailbox<W> {
    /// Sends jobs batch by batch.
    pub(super) fn send<O, T, P>(
        &mut self,
        jobs: Vec<Job<T>>,
        manner: &Manner<'_>,
        build: &dyn Fn(Vec<T>) -> O,
        answer: &dyn Fn(&T, P) -> Wrote,
        answers: &mut Answers,
    ) -> Result<(), MailboxError>
    where
        O: Operation<Part = Placed<P>>,
        T: Clone,
    {
        let mut waiting = self.manner.patience.begin();
        let mut queue = Queue { fresh: jobs.into(), parts: Vec::new(), blame: Blame::default() };
        while let Some(batch) = queue.next(&mut self.writes) {
            let operation = build(batch.iter().map(|job| job.load.clone()).collect());
            // Only the end of an answer shows that its places are right (a server that left a message out would shift the
            // others), so that nothing of one that broke off counts.
            let mut parts = Vec::with_capacity(batch.len());
            let begun = Instant::now();
            let outcome = self.wire.call(&operation, &mut |part| parts.push(part));
            let again = match outcome {
                Ok(()) => {
                    answers.sent = true;
                    self.writes.succeeded(batch.len(), begun.elapsed());
                    queue.blame.succeeded();
                    self.take_answers(&batch, parts, manner, answer, answers)
                }
                Err(error) => {
                    answers.sent |= error.ambiguous();
                    self.writes.failed(&error);
                    self.take_failure(batch, error, manner, answers, &mut queue)?
                }
            };
            let Some(Again { jobs: again, wish, doubtful }) = again else { continue };
            let Err(due) = wire::pause(&mut self.wire, &mut waiting, wish) else {
                // Only now: the server may have been at work until then.
                match &manner.creates {
                    Some(creates) if doubtful => {
                        // Where they cannot be looked for, nobody knows; the next run looks again.
                        if let Ok(missing) = self.found(creates, again, answers) {
                            queue.again(missing);
                        }
                    }
                    _ => queue.again(again),
                }
                continue;
            };
            // The server is busy for longer than our patience lasts: the rest is not even sent, nor is what comes after it.
            let wait = if wish.time().is_zero() { due.max(failure::A_WHILE) } else { due };
            // A create that may have been made is unanswered.
            let again = again.into_iter().filter(|_| !doubtful || manner.creates.is_none());
            for job in again.chain(queue.rest()) {
                answers.give(job.place, Wrote::Later(wait));
            }
        }
        Ok(())
    }

    /// Takes in the answers of a batch. Returns those that are to be sent again, and the longest wait that is wished for.
    fn take_answers<T: Clone, P>(
        &mut self,
        batch: &[Job<T>],
        parts: Vec<Placed<P>>,
        manner: &Manner<'_>,
        answer: &dyn Fn(&T, P) -> Wrote,
        answers: &mut Answers,
    ) -> Option<Again<T>> {
        let mut again = Vec::new();
        let mut wish = Wish::default();
        for (place, part) in parts {
            let Some(job) = batch.get(place) else { continue };
            let settled = match part {
                Ok(part) => Answer::Settled(answer(&job.load, part)),
                Err(refusal) => {
                    self.writes.refused(&refusal.code);
                    if refusal.code == ResponseCode::ErrorExceededConnectionCount {
                        self.wire.crowded();
                    }
                    let trouble = trouble::of_refusal(&refusal);
                    let answer =
                        failure::of_write(&refusal, manner.repeatable, manner.creates.is_some());
                    if trouble == Trouble::Full {
                        self.full = true;
                        self.tell(failure::of_refusal(&refusal, Stage::Item));
                        Answer::Settled(NEXT_RUN)
                    } else {
                        answer
                    }
                }
            };
            match settled {
                Answer::Settled(wrote) => answers.give(job.place, wrote),
                Answer::Again(wished) => {
                    wish = wish.max(wished);
                    again.push(job.clone());
                }
            }
        }
        (!again.is_empty()).then_some(Again { jobs: again, wish, doubtful: false })
    }

    /// Takes in the failure of a whole batch. Returns what is to be sent again after a wait.
    fn take_failure<T: Clone>(
        &mut self,
        batch: Vec<Job<T>>,
        error: EwsError,
        manner: &Manner<'_>,
        answers: &mut Answers,
        queue: &mut Queue<T>,
    ) -> Result<Option<Again<T>>, MailboxError> {
        let verdict = verdict(&error, manner.repeatable);
        let suspect = match verdict {
            Verdict::Doubt => queue.blame.failed(),
            _ => Suspect::Item,
        };
        match verdict {
            Verdict::Again(wish) => {
                return Ok(Some(Again { jobs: batch, wish, doubtful: false }));
            }
            Verdict::Doubt if suspect == Suspect::Moment => {
                return Ok(Some(Again { jobs: batch, wish: Wish::Unsaid, doubtful: true }));
            }
            Verdict::Blame | Verdict::Doubt => {
                let batch = match &manner.creates {
                    Some(creates) if error.ambiguous() => {
                        match self.found(creates, batch, answers) {
                            Ok(missing) => missing,
                            // Nobody knows, then; the next run looks again.
                            Err(_) => return Ok(None),
                        }
                    }
                    _ => batch,
                };
                if suspect == Suspect::Server {
                    // What is the matter is not known, but that nothing goes through.
                    for job in batch.into_iter().chain(queue.rest()) {
                        answers.give(job.place, Wrote::Later(failure::A_WHILE));
                    }
                } else if batch.len() > 1 {
                    queue.halve(batch);
                } else if verdict == Verdict::Doubt
                    && !(is_unknown(&error) && queue.blame.others_went_through())
                {
                    for job in batch {
                        answers.give(job.place, NEXT_RUN);
                    }
                } else {
                    let (code, text) = (fetch::code_of(&error), error.to_string());
                    for job in batch {
                        let (code, text) = (code.clone(), text.clone());
                        answers.give(job.place, Wrote::Refused { code, text });
                    }
                }
            }
            // Without an answer a write is unanswered.
            Verdict::Unknown => {}
            Verdict::Stop => {
                let error = failure::of_error(error, Stage::Item);
                if !answers.sent {
                    return Err(error);
                }
                // What was done is reported, and then why nothing more was.
                self.park(&error);
                self.tell(error);
                for job in batch.into_iter().chain(queue.rest()) {
                    answers.give(job.place, NEXT_RUN);
                }
            }
        }
        Ok(None)
    }

    /// Looks for the items of creates by their tokens, where they were to be made. Answers those that are there and returns the
    /// others: the server has answered the request, so that what is not there by now was not made.
    fn found<T>(
        &mut self,
        creates: &Creates<'_>,
        batch: Vec<Job<T>>,
        answers: &mut Answers,
    ) -> Result<Vec<Job<T>>, MailboxError> {
        let stamp = |job: &Job<T>| creates.stamps.get(&job.place).copied();
        let tokens: Vec<Token> =
            batch.iter().filter_map(stamp).map(|stamp| stamp.token.clone()).collect();
        let Some(of) = batch.iter().find_map(stamp) else { return Ok(batch) };
        let wanted = Wanted { tenant: &of.tenant, user: &of.user, by: By::Tokens(&tokens) };
        let hits = self.search_home(creates.kind, &wanted, creates.home)?;
        let mut missing = Vec::new();
        for job in batch {
            let token = stamp(&job).map(|stamp| &stamp.token);
            let hit = hits.iter().find(|hit| {
                token.is_some() && hit.identity.stamp.as_ref().map(|stamp| &stamp.token) == token
            });
            match hit {
                Some(Found { identity, .. }) => {
                    let (id, version) = (identity.id.clone(), identity.version.clone());
                    answers.give(job.place, Wrote::Done { id, version });
                }
                None => missing.push(job),
            }
        }
        Ok(missing)
    }

    /// Keeps the first thing that the mailbox as a whole was found to suffer from.
    fn tell(&mut self, error: MailboxError) {
        self.told.get_or_insert(error);
    }
}

/// Jobs to be sent again.
struct Again<T> {
    jobs: Vec<Job<T>>,
    /// What the server wishes before.
    wish: Wish,
    /// Whether some of them may have been done.
    doubtful: bool,
}

/// What to do about an error of a whole batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// Nothing was done; send it again after a while.
    Again(Wish),
    /// One of the items is to blame: find out which.
    Blame,
    /// The server is to blame, or one of the items.
    Doubt,
    /// Nobody knows what was done.
    Unknown,
    /// Nothing was done, and nothing will be.
    Stop,
}

/// A fault with a code that nobody here knows.
fn is_unknown(error: &EwsError) -> bool {
    matches!(error, EwsError::Fault(fault) if matches!(fault.code, ResponseCode::Other(_)))
}

fn verdict(error: &EwsError, repeatable: bool) -> Verdict {
    // The server has spoken without saying what it did. It is done with the request, so that it can be looked at; one that
    // gave up waiting for a part of itself (a time-out) may still be at work.
    if let EwsError::Fault(fault) = error
        && failure::may_be_the_item(&fault.code)
    {
        return Verdict::Doubt;
    }
    let doubt = error.ambiguous();
    if doubt && !repeatable {
        return Verdict::Unknown;
    }
    match failure::passes(error) {
        // The line broke: what was asked for may have been done. The version protects a repeated write, but a conflict with
        // ourselves would be its answer; the next run sees what became of it.
        Some(_) if doubt && !matches!(error, EwsError::Fault(_)) => Verdict::Unknown,
        Some(_) if matches!(error, EwsError::Connect(_)) => Verdict::Stop,
        Some(wish) => Verdict::Again(wish),
        None if fetch::is_about_batch(error) && !matches!(error, EwsError::Reply(_)) => {
            Verdict::Blame
        }
        None if doubt => Verdict::Unknown,
        None => Verdict::Stop,
    }
}
