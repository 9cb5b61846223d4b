//! Effect: carries writes out, a batch of them in one transaction on the file.

use std::time::Duration;

use jiff::Timestamp;

use super::count;
use super::fetch;
use super::file::StoreFile;
use super::ready::{Step, ready};
use super::write::Desk;
use super::{PstMailbox, failure, new_store, place};
use crate::mailbox::{MailboxError, Stamp, Write, Wrote};
use crate::mapi::FileTime;
use crate::model::{ItemId, ItemKind};
use crate::pst::Nid;
use crate::pst::messaging::write::{Batch, room};
use crate::pst::ndb::write::WriteError;

/// Why writes that were to be carried out together were not; nothing of them was done.
enum Unwritten {
    /// One item is at fault; this is the answer to its write.
    Item(Wrote),
    /// What all items of the store need is broken. Writes that need less of it may be done all the same.
    Store(MailboxError),
    /// The file cannot be written now.
    File(MailboxError),
}

/// Carries out the writes and answers each of them, in order.
pub(super) fn apply(
    mailbox: &mut PstMailbox,
    kind: ItemKind,
    writes: &[Write],
) -> Result<Vec<Wrote>, MailboxError> {
    match (attempt(mailbox, kind, writes), writes) {
        (Ok(answers), _) => Ok(answers),
        (Err(Unwritten::Item(answer)), [_]) => Ok(vec![answer]),
        (Err(Unwritten::Store(error)), [_]) | (Err(Unwritten::File(error)), _) => Err(error),
        (Err(Unwritten::Item(_) | Unwritten::Store(_)), _) => one_by_one(mailbox, kind, writes),
    }
}

/// Carries out writes in one transaction.
fn attempt(
    mailbox: &mut PstMailbox,
    kind: ItemKind,
    writes: &[Write],
) -> Result<Vec<Wrote>, Unwritten> {
    mailbox.file().map_err(Unwritten::File)?;
    let PstMailbox { file: Some(file), access, known, .. } = &mut *mailbox else {
        return Err(Unwritten::File(failure::closed()));
    };
    let (now, code_page) = (Timestamp::now(), access.code_page);
    let desk = |random| Desk { mailbox: &access.zone, now, random, code_page };
    let steps = ready((file, known), kind, writes, &desk).map_err(Unwritten::File)?;
    match carry_out(mailbox, &steps) {
        Ok(made) => Ok(answers(mailbox, kind, writes, steps, &made)),
        Err(error) => {
            if matches!(
                error,
                WriteError::Reopen { .. } | WriteError::Unknown { .. } | WriteError::MustReopen
            ) {
                // Opening it again sets right what the attempt left.
                mailbox.file = None;
            }
            Err(match failure::of_one(&error) {
                Some(answer) => Unwritten::Item(answer),
                None if matches!(error, WriteError::Shared(_)) => {
                    Unwritten::Store(failure::write(error))
                }
                None => Unwritten::File(failure::write(error)),
            })
        }
    }
}

/// Some of several writes were not to be had, and the transaction with them: each is tried alone, so that they do not keep the
/// others. What was answered stands, whatever becomes of the rest.
fn one_by_one(
    mailbox: &mut PstMailbox,
    kind: ItemKind,
    writes: &[Write],
) -> Result<Vec<Wrote>, MailboxError> {
    let later = Wrote::Later(Duration::ZERO);
    let mut out = Vec::new();
    let mut broken = None;
    for write in writes {
        match attempt(mailbox, kind, std::slice::from_ref(write)) {
            Ok(answers) => out.extend(answers),
            Err(Unwritten::Item(answer)) => out.push(answer),
            Err(Unwritten::Store(error)) => {
                out.push(later.clone());
                broken.get_or_insert(error);
            }
            Err(Unwritten::File(error)) => {
                out.push(if error.ambiguous { Wrote::Unanswered } else { later.clone() });
                broken = Some(error);
                break;
            }
        }
    }
    match broken {
        // Where nothing was answered, the error is the answer to all of them.
        Some(error) if !error.ambiguous && out.iter().all(|answer| *answer == later) => Err(error),
        broken => {
            out.resize(writes.len(), later);
            mailbox.parked = broken;
            Ok(out)
        }
    }
}

/// Does everything in one transaction, and returns the items that came to be, by step.
fn carry_out(mailbox: &mut PstMailbox, steps: &[Step]) -> Result<Vec<Option<Nid>>, WriteError> {
    let now = Timestamp::now();
    let now = FileTime::from_1970(now.as_second(), now.subsec_nanosecond().unsigned_abs());
    if steps.iter().all(|step| matches!(step, Step::Answered(_))) {
        return Ok(vec![None; steps.len()]);
    }
    let Some(writer) = mailbox.file.as_mut().and_then(StoreFile::writer) else {
        return Err(WriteError::ReadOnlyKind { what: "a file that was opened for reading" });
    };
    // A disk that is too full is told before anything was done.
    writer.ask_for_room(room::BATCH + steps.iter().map(Step::most_room).sum::<u64>())?;
    let batch = Batch::begin(writer, now.unwrap_or(FileTime(0)))?;
    let mut batch = batch.expecting(new_store::names);
    let mut made = Vec::new();
    for step in steps {
        made.push(match step {
            Step::Answered(_) => None,
            Step::Create { folder, item, .. } => Some(batch.add_item(*folder, item)?),
            Step::Change { item, change, copy, .. } => {
                if let Some(change) = copy {
                    let copy = batch.copy_item(*item)?;
                    batch.change_item(copy, change)?;
                }
                batch.change_item(*item, change)?;
                None
            }
            Step::Delete { item } => {
                batch.delete_item(*item)?;
                None
            }
        });
    }
    count::commit(batch)?;
    Ok(made)
}

/// Reads back what the rows say now. Everything is committed: what cannot be read back is found by its stamp in the next run.
fn answers(
    mailbox: &mut PstMailbox,
    kind: ItemKind,
    writes: &[Write],
    steps: Vec<Step>,
    made: &[Option<Nid>],
) -> Vec<Wrote> {
    let PstMailbox { file: Some(file), known, stamped, .. } = mailbox else {
        return vec![Wrote::Unanswered; writes.len()];
    };
    let store = file.store();
    let bin = store.deleted_items().ok().flatten();
    if bin.is_none() {
        // Where what was deleted lies now is looked up when somebody asks.
        *stamped = None;
    }
    let places: Vec<Option<(Nid, Nid)>> = steps
        .iter()
        .zip(made)
        .map(|(step, made)| match step {
            Step::Answered(_) | Step::Delete { .. } => None,
            Step::Create { folder, .. } => Some((*folder, (*made)?)),
            Step::Change { folder, item, .. } => Some((*folder, *item)),
        })
        .collect();
    let ids: Vec<ItemId> =
        places.iter().flatten().map(|(folder, item)| place::item_id(*folder, *item)).collect();
    let rows = known.of(&store, &ids).ok();
    let mut out = Vec::new();
    for ((step, place), write) in steps.into_iter().zip(places).zip(writes) {
        let mut note = |item, folder, stamp: Option<&Stamp>| {
            if let Some(stamped) = stamped.as_mut() {
                stamped.note(kind, item, folder, stamp);
            }
        };
        let answer = match (step, place, write) {
            (Step::Answered(answer), ..) => answer,
            (Step::Delete { item }, _, Write::Delete { id, version }) => {
                if let Some(bin) = bin {
                    note(item, bin, None);
                }
                Wrote::Done { id: id.clone(), version: version.clone() }
            }
            (step, Some((folder, item)), _) => {
                let id = place::item_id(folder, item);
                let stamp = match &step {
                    Step::Create { stamp, .. } => Some(stamp),
                    Step::Change { stamp, .. } => stamp.as_ref(),
                    _ => None,
                };
                note(item, folder, stamp);
                match rows.as_ref().map(|rows| fetch::one(&store, rows, &id)) {
                    Some(Ok(Ok((_, _, version)))) => Wrote::Done { id, version },
                    _ => Wrote::Unanswered,
                }
            }
            _ => Wrote::Unanswered,
        };
        out.push(answer);
    }
    out
}
