//! Effect: reading items in batches. One bad item costs nobody else.

use std::collections::VecDeque;
use std::time::Instant;

use crate::ews::operation::get_item::GetItem;
use crate::ews::{self, BodyType, EwsError, Property, ResponseCode};
use crate::mailbox::exchange::blame::{Blame, Suspect};
use crate::mailbox::exchange::failure::{self, Wish};
use crate::mailbox::exchange::wire::{self, Wire};
use crate::mailbox::exchange::{ExchangeMailbox, trouble};
use crate::mailbox::{ItemError, MailboxError, Stage, Trouble};
use crate::model::ItemId;

/// What is done with an item as it arrives.
pub(super) type Each<'a> = dyn FnMut(ItemId, Result<ews::Item, ItemError>) + 'a;

impl<W: Wire> ExchangeMailbox<W> {
    /// Reads items and hands each out as it arrives. When a server asks for less, the batches are halved; when an answer
    /// breaks, those that had come are not asked for again.
    pub(super) fn read(
        &mut self,
        ids: &[ItemId],
        properties: &[Property],
        each: &mut Each<'_>,
    ) -> Result<(), MailboxError> {
        let mut waiting = self.manner.patience.begin();
        let mut blame = Blame::default();
        let mut pending: VecDeque<&ItemId> = ids.iter().collect();
        // Items that failed alone. While nothing else goes through, the server may be to blame.
        let mut suspects: Vec<(&ItemId, ItemError)> = Vec::new();
        // What a whole batch was refused for is looked for in ever smaller parts of it, however well the server is.
        let mut part = usize::MAX;
        while !pending.is_empty() {
            let size = self.reads.size().min(part).min(pending.len());
            let batch: Vec<&ItemId> = pending.drain(..size).collect();
            let operation = GetItem {
                items: batch.iter().map(|id| ews::ItemId::new(id.as_str()).into()).collect(),
                properties: properties.to_vec(),
                body: Some(BodyType::Text),
            };
            let mut open = batch.clone().into_iter().map(Some).collect::<Vec<_>>();
            // An item says who it is and is handed out at once. For the rest, the place in the answer is all that ties it
            // to its question, and only the end shows that the places are right.
            let mut rest = Vec::new();
            let begun = Instant::now();
            let outcome = self.wire.call(&operation, &mut |(place, part)| match part {
                Ok(item) if is_at(&open, place, &item) => {
                    if let Some(id) = open.get_mut(place).and_then(Option::take) {
                        each(id.clone(), Ok(item));
                    }
                }
                other => rest.push((place, other)),
            });
            let mut wish = Wish::default();
            for (place, part) in rest.into_iter().filter(|_| outcome.is_ok()) {
                let Some(slot) = open.get_mut(place) else { continue };
                let answer = match part {
                    Ok(item) => Ok(item),
                    Err(refusal) => {
                        let Some(error) = failure::of_read(&refusal) else {
                            self.reads.refused(&refusal.code);
                            if refusal.code == ResponseCode::ErrorExceededConnectionCount {
                                self.wire.crowded();
                            }
                            wish = wish.max(failure::refusal_passes(&refusal).unwrap_or_default());
                            continue;
                        };
                        Err(error)
                    }
                };
                if let Some(id) = slot.take() {
                    each(id.clone(), answer);
                }
            }
            let left: Vec<&ItemId> = open.into_iter().flatten().collect();
            let code = match &outcome {
                Ok(()) if left.is_empty() => {
                    blame.succeeded();
                    self.reads.succeeded(batch.len(), begun.elapsed());
                    part = part.saturating_mul(2);
                    continue;
                }
                Ok(()) => ResponseCode::ErrorServerBusy.to_string(),
                Err(error) => {
                    self.reads.failed(error);
                    wish = failure::passes(error).unwrap_or_default();
                    code_of(error)
                }
            };
            let passes = match &outcome {
                Err(EwsError::Fault(fault)) if failure::may_be_the_item(&fault.code) => {
                    blame.failed() != Suspect::Item
                }
                Err(error) => failure::passes(error).is_some(),
                Ok(()) => true,
            };
            if passes {
                if let Err(due) = wire::pause(&mut self.wire, &mut waiting, wish) {
                    let error = failure::of_call(busy(outcome, wish), Stage::Item);
                    return Err(failure::after(error, due));
                }
            } else if !outcome.as_ref().err().is_some_and(is_about_batch) {
                return Err(failure::of_call(outcome, Stage::Item));
            } else if let [only] = left.as_slice() {
                suspects.push((*only, ItemError::Unreadable(code)));
                continue;
            }
            part = (batch.len() / 2).max(1);
            left.into_iter().rev().for_each(|id| pending.push_front(id));
        }
        for (id, error) in suspects {
            each(id.clone(), Err(error));
        }
        Ok(())
    }
}

fn is_at(open: &[Option<&ItemId>], place: usize, item: &ews::Item) -> bool {
    open.get(place).copied().flatten().is_some_and(|id| id.as_str() == item.id.as_str())
}

/// An answer that was whole but left items out because the server was busy.
fn busy(outcome: Result<(), EwsError>, wish: Wish) -> Result<(), EwsError> {
    let left = if wish.time().is_zero() { failure::A_WHILE } else { wish.time() };
    outcome.and(Err(EwsError::Resting { left }))
}

/// Errors that one item can bring upon its whole batch: an answer that does not read, a fault, a size. What speaks of the
/// mailbox or the server is none of them.
pub(super) fn is_about_batch(error: &EwsError) -> bool {
    let may = matches!(
        error,
        EwsError::Reply(_)
            | EwsError::Fault(_)
            | EwsError::RequestTooLarge
            | EwsError::Status { status: 400 | 500..=599, .. }
    );
    may && trouble::of_error(error) == Trouble::Unnamed
}

/// The code of an error, for the record of an item.
pub(super) fn code_of(error: &EwsError) -> String {
    match error {
        EwsError::Fault(fault) => fault.code.to_string(),
        EwsError::Reply(reply) => reply.to_string(),
        // The page that came with it may quote what was sent.
        EwsError::Status { status, .. } => format!("the server answered with status {status}"),
        other => other.to_string(),
    }
}
