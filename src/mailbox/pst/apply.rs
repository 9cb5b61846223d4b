//! Effect: carries writes out, a batch of them in one transaction on the file.

use jiff::Timestamp;

use super::fetch::{self, Rows};
use super::file::StoreFile;
use super::times::{self, Setting};
use super::write::{self, Desk, Unfit};
use super::{PstMailbox, failure, occurrences, place};
use crate::mailbox::{ItemError, MailboxError, Stamp, Write, Wrote};
use crate::mapi::recurrence::AppointmentRecurrence;
use crate::mapi::{FileTime, Properties, PropertyKey, named as n};
use crate::model::{Content, FolderId, ItemId, ItemKind, ItemVersion};
use crate::pst::Nid;
use crate::pst::messaging::write::{Batch, ItemChange, NewItem, Occurrence};
use crate::pst::ndb::write::WriteError;

/// A write, made ready: what the transaction has to do.
enum Step {
    /// It need not be tried.
    Answered(Wrote),
    Create {
        folder: Nid,
        item: Box<NewItem>,
        stamp: Stamp,
    },
    Change {
        folder: Nid,
        item: Nid,
        change: Box<ItemChange>,
        stamp: Option<Stamp>,
    },
    Delete {
        item: Nid,
    },
}

/// Carries out the writes and answers each of them, in order.
pub(super) fn apply(
    mailbox: &mut PstMailbox,
    kind: ItemKind,
    writes: &[Write],
) -> Result<Vec<Wrote>, MailboxError> {
    let steps = {
        mailbox.file()?;
        let PstMailbox { file: Some(file), access, .. } = &mut *mailbox else {
            return Err(failure::closed());
        };
        let desk = |random| Desk { mailbox: &access.zone, now: Timestamp::now(), random };
        ready(file, kind, writes, &desk)?
    };
    match carry_out(mailbox, &steps) {
        Ok(made) => answers(mailbox, kind, writes, steps, &made),
        Err(error) => alone(mailbox, kind, writes, error),
    }
}

/// One of several writes was not to be had, and the transaction with it: each is tried alone, so that one does not keep the others.
fn alone(
    mailbox: &mut PstMailbox,
    kind: ItemKind,
    writes: &[Write],
    error: WriteError,
) -> Result<Vec<Wrote>, MailboxError> {
    if matches!(
        error,
        WriteError::Reopen { .. } | WriteError::Unknown { .. } | WriteError::MustReopen
    ) {
        // Opening it again sets right what the attempt left.
        mailbox.file = None;
        return Err(failure::write(error));
    }
    if let [_] = writes {
        return match error {
            WriteError::NotAllowed { .. } => {
                Ok(vec![Wrote::Refused { code: "pst-format".to_owned(), text: error.to_string() }])
            }
            error => Err(failure::write(error)),
        };
    }
    let mut out = Vec::new();
    for write in writes {
        out.extend(apply(mailbox, kind, std::slice::from_ref(write))?);
    }
    Ok(out)
}

fn ready<'a>(
    file: &StoreFile,
    kind: ItemKind,
    writes: &[Write],
    desk: &impl Fn([u8; 16]) -> Desk<'a>,
) -> Result<Vec<Step>, MailboxError> {
    let ids: Vec<ItemId> = writes
        .iter()
        .filter_map(|write| match write {
            Write::Create { .. } => None,
            Write::Update { id, .. } | Write::Delete { id, .. } => Some(id.clone()),
        })
        .collect();
    let store = file.store();
    let rows = Rows::prepare(&store, &ids).map_err(failure::read)?;
    let mut steps = Vec::new();
    for write in writes {
        let mut random = [0; 16];
        // An appointment whose id is not random is one that cannot be told from others; nothing else depends on it.
        let _ = getrandom::fill(&mut random);
        let desk = desk(random);
        let there = |id: &ItemId, version: &ItemVersion| match fetch::one(&store, &rows, id) {
            Ok((folder, item, now)) if now == *version => Ok((folder, item)),
            Ok(_) => Err(Wrote::Conflict),
            Err(ItemError::Gone) => Err(Wrote::Gone),
            Err(ItemError::Denied(text) | ItemError::Unreadable(text)) => {
                Err(Wrote::Refused { code: "pst-unreadable".to_owned(), text })
            }
        };
        let step = match write {
            Write::Create { folder, content, stamp } => {
                create(kind, folder, content, stamp, &desk)?
            }
            Write::Update { id, version, content, before, stamp } => match there(id, version) {
                Err(answer) => Step::Answered(answer),
                Ok((folder, item)) => match fetch::whole(&store, item) {
                    Err(error) => Step::Answered(refused("pst-unreadable", &error)),
                    Ok(whole) => {
                        let place = (folder, item);
                        change(
                            kind,
                            place,
                            (content, before),
                            stamp.as_ref(),
                            &whole.properties,
                            &desk,
                        )
                    }
                },
            },
            Write::Delete { id, version } => match there(id, version) {
                Err(answer) => Step::Answered(answer),
                Ok((_, item)) => Step::Delete { item },
            },
        };
        steps.push(step);
    }
    Ok(steps)
}

fn refused(code: &str, error: &dyn std::error::Error) -> Wrote {
    Wrote::Refused { code: code.to_owned(), text: error.to_string() }
}

fn create(
    kind: ItemKind,
    folder: &FolderId,
    content: &Content,
    stamp: &Stamp,
    desk: &Desk<'_>,
) -> Result<Step, MailboxError> {
    let nid = place::folder(folder).ok_or_else(|| failure::no_folder(folder.as_str()))?;
    let class = match kind {
        ItemKind::Contact => "IPM.Contact",
        ItemKind::Appointment => "IPM.Appointment",
        ItemKind::Task => "IPM.Task",
    };
    Ok(match write::new_item(kind, content, stamp, desk) {
        Err(unfit) => Step::Answered(refused("unfit", &unfit)),
        Ok(settings) => {
            let properties = put(Properties::new(), &settings);
            let occurrences = messages(&properties, desk).unwrap_or_default();
            let mut item = NewItem::of(class, properties);
            item.occurrences = occurrences;
            Step::Create { folder: nid, item: Box::new(item), stamp: stamp.clone() }
        }
    })
}

fn change(
    kind: ItemKind,
    (folder, item): (Nid, Nid),
    (content, before): (&Content, &Content),
    stamp: Option<&Stamp>,
    was: &Properties,
    desk: &Desk<'_>,
) -> Step {
    let settings = match write::update(kind, (content, before), stamp, was, desk) {
        Ok(settings) => settings,
        Err(Unfit(text)) => {
            return Step::Answered(Wrote::Refused { code: "unfit".to_owned(), text });
        }
    };
    let after = put(was.clone(), &settings);
    let pattern = |item: &Properties| {
        let bytes = item.value(n::APPOINTMENT_RECURRENCE)?.as_bytes()?;
        AppointmentRecurrence::parse(bytes).ok()
    };
    let same = occurrences::agree(pattern(was).as_ref(), pattern(&after).as_ref());
    let mut change = ItemChange::default();
    if !same {
        change.occurrences = Some(messages(&after, desk).unwrap_or_default());
    }
    for (key, value) in settings {
        match value {
            // What is as it was is not touched: a row keeps its version where nothing changed.
            Some(value) if was.value(key.clone()) == Some(&value) => {}
            Some(value) => change.set.set(key, value),
            None if was.value(key.clone()).is_none() => {}
            None => change.remove.push(key),
        }
    }
    Step::Change { folder, item, change: Box::new(change), stamp: stamp.cloned() }
}

fn put(mut item: Properties, settings: &[Setting]) -> Properties {
    for (key, value) in settings {
        let key: PropertyKey = key.clone();
        match value {
            Some(value) => item.set(key, value.clone()),
            None => drop(item.remove(key)),
        }
    }
    item
}

/// Makes the messages of changed occurrences of a series.
fn messages(item: &Properties, desk: &Desk<'_>) -> Option<Vec<Occurrence>> {
    let series =
        AppointmentRecurrence::parse(item.value(n::APPOINTMENT_RECURRENCE)?.as_bytes()?).ok()?;
    let mut content = Content::new();
    let zone = times::read(item, desk.mailbox, &mut content)?;
    Some(occurrences::of(&series, &zone, item.value(n::SERIES_ZONE)))
}

/// Does everything in one transaction, and returns the items that came to be, by step.
fn carry_out(mailbox: &mut PstMailbox, steps: &[Step]) -> Result<Vec<Option<Nid>>, WriteError> {
    let now = Timestamp::now();
    let now = FileTime::from_1970(now.as_second(), now.subsec_nanosecond().unsigned_abs());
    let Some(writer) = mailbox.file.as_mut().and_then(StoreFile::writer) else {
        return Err(WriteError::ReadOnlyKind { what: "a file that was opened for reading" });
    };
    if steps.iter().all(|step| matches!(step, Step::Answered(_))) {
        return Ok(vec![None; steps.len()]);
    }
    let mut batch = Batch::begin(writer, now.unwrap_or(FileTime(0)))?;
    let mut made = Vec::new();
    for step in steps {
        made.push(match step {
            Step::Answered(_) => None,
            Step::Create { folder, item, .. } => Some(batch.add_item(*folder, item)?),
            Step::Change { item, change, .. } => {
                batch.change_item(*item, change)?;
                None
            }
            Step::Delete { item } => {
                batch.delete_item(*item)?;
                None
            }
        });
    }
    batch.commit()?;
    Ok(made)
}

/// Reads back what the rows say now.
fn answers(
    mailbox: &mut PstMailbox,
    kind: ItemKind,
    writes: &[Write],
    steps: Vec<Step>,
    made: &[Option<Nid>],
) -> Result<Vec<Wrote>, MailboxError> {
    let PstMailbox { file: Some(file), stamped, .. } = mailbox else {
        return Err(failure::closed());
    };
    let store = file.store();
    let bin = super::folders::deleted_items(&store).map_err(failure::read)?;
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
    let rows = Rows::prepare(&store, &ids).map_err(failure::read)?;
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
                match fetch::one(&store, &rows, &id) {
                    Ok((_, _, version)) => Wrote::Done { id, version },
                    // It was committed and cannot be read: the next run finds it by its stamp.
                    Err(_) => Wrote::Unanswered,
                }
            }
            _ => Wrote::Unanswered,
        };
        out.push(answer);
    }
    Ok(out)
}
