//! Effect: turns writes into what a transaction has to do, from what the items hold now.

use super::fetch::{self, Whole};
use super::file::StoreFile;
use super::rows::Known;
use super::times::{self, Setting};
use super::write::{self, Desk, Unfit};
use super::{failure, next_task, occurrences, place, series};
use crate::mailbox::{ItemError, MailboxError, Stamp, Write, Wrote};
use crate::mapi::recurrence::{AppointmentRecurrence, OccurrenceChange};
use crate::mapi::{Properties, PropertyKey, named as n};
use crate::model::{Content, FolderId, ItemId, ItemKind, ItemVersion};
use crate::pst::messaging::Store;
use crate::pst::messaging::write::{ItemChange, NewItem, Occurrence, room};
use crate::pst::ndb::Ndb;
use crate::pst::{Nid, PstError};

/// A write, made ready.
pub(super) enum Step {
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
        /// What makes a copy of the item, as it was, one of its own: the one of a series of tasks that is completed.
        copy: Option<Box<ItemChange>>,
        stamp: Option<Stamp>,
    },
    Delete {
        item: Nid,
    },
}

impl Step {
    /// Returns how many bytes of the file it takes at most.
    pub(super) fn most_room(&self) -> u64 {
        match self {
            Self::Answered(_) => 0,
            Self::Create { item, .. } => item.most_room(),
            Self::Change { change, copy, .. } => {
                change.most_room() + copy.as_ref().map_or(0, |copy| copy.most_room())
            }
            Self::Delete { .. } => room::MOVE,
        }
    }
}

/// Makes writes ready, in order.
pub(super) fn ready<'a>(
    (file, known): (&StoreFile, &mut Known),
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
    let rows = known.of(&store, &ids).map_err(failure::read)?;
    let there = |id: &ItemId, version: &ItemVersion| -> Result<_, MailboxError> {
        Ok(match fetch::one(&store, &rows, id)? {
            Ok((folder, item, now)) if now == *version => Ok((folder, item)),
            Ok(_) => Err(Wrote::Conflict),
            Err(ItemError::Gone) => Err(Wrote::Gone),
            Err(ItemError::Denied(text) | ItemError::Unreadable(text)) => {
                Err(Wrote::Unreadable(text))
            }
        })
    };
    let mut steps = Vec::new();
    for write in writes {
        let mut random = [0; 16];
        // An appointment whose id is not random is one that cannot be told from others; nothing else depends on it.
        let _ = getrandom::fill(&mut random);
        let desk = desk(random);
        let step = match write {
            Write::Create { folder, content, stamp } => {
                create(kind, folder, content, stamp, &desk)?
            }
            Write::Update { id, version, content, before, stamp, .. } => {
                match there(id, version)? {
                    Err(answer) => Step::Answered(answer),
                    Ok((folder, item)) => {
                        let ready =
                            change(&store, kind, item, (content, before), stamp.as_ref(), &desk);
                        match ready {
                            Err(unready) => Step::Answered(unready.answer()?),
                            // A row keeps its version where nothing changes.
                            Ok((change, _)) if change == ItemChange::default() => {
                                Step::Answered(Wrote::Done {
                                    id: id.clone(),
                                    version: version.clone(),
                                })
                            }
                            Ok((change, copy)) => {
                                let (change, stamp) = (Box::new(change), stamp.clone());
                                let copy = copy.map(Box::new);
                                Step::Change { folder, item, change, copy, stamp }
                            }
                        }
                    }
                }
            }
            Write::Delete { id, version } => match there(id, version)? {
                Err(answer) => Step::Answered(answer),
                Ok((_, item)) => Step::Delete { item },
            },
        };
        steps.push(step);
    }
    Ok(steps)
}

/// Why a change could not be made ready.
enum Unready {
    /// What the item holds could not be read.
    Unread(PstError),
    /// The item cannot hold it.
    Unfit(Unfit),
}

impl Unready {
    /// Returns the answer to the write, or the error of the whole where the file cannot be read now: nothing is wrong with the item
    /// then.
    fn answer(self) -> Result<Wrote, MailboxError> {
        match self {
            Self::Unread(error) if error.is_of_system() => Err(failure::read(error)),
            Self::Unread(error) => Ok(Wrote::Unreadable(error.to_string())),
            Self::Unfit(error) => Ok(Wrote::Unfit(error.to_string())),
        }
    }
}

impl From<PstError> for Unready {
    fn from(error: PstError) -> Self {
        Self::Unread(error)
    }
}

impl From<Unfit> for Unready {
    fn from(error: Unfit) -> Self {
        Self::Unfit(error)
    }
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
        Err(unfit) => Step::Answered(Wrote::Unfit(unfit.to_string())),
        Ok(settings) => {
            let mut item = NewItem::of(class, put(Properties::new(), &settings));
            if let Some(series) = series::stored(&item.properties, desk.code_page)
                .filter(|all| !all.changes.is_empty())
            {
                match messages(&item.properties, &series, &series.changes, &mut Vec::new(), desk) {
                    Err(unfit) => return Ok(Step::Answered(Wrote::Unfit(unfit.to_string()))),
                    Ok(occurrences) => item.occurrences = occurrences,
                }
            }
            Step::Create { folder: nid, item: Box::new(item), stamp: stamp.clone() }
        }
    })
}

/// Returns what has to be changed of an item, and of a copy of it where one is to be made.
fn change(
    store: &Store<&Ndb>,
    kind: ItemKind,
    item: Nid,
    (content, before): (&Content, &Content),
    stamp: Option<&Stamp>,
    desk: &Desk<'_>,
) -> Result<(ItemChange, Option<ItemChange>), Unready> {
    let Whole { properties: was, code_page, .. } = fetch::whole(store, item)?;
    let desk = &Desk { code_page, ..*desk };
    let mut settings = write::update(kind, (content, before), stamp, &was, desk)?;
    let mut after = put(was.clone(), &settings);
    let mut copy = None;
    if kind == ItemKind::Task
        && let Some(completed) = next_task::completed(&was, &after, desk)?
    {
        copy = completed
            .copy
            .map(|apart| difference(&was, write::last_of_each([settings.clone(), apart].concat())));
        settings = write::last_of_each([settings, completed.task].concat());
        after = put(was.clone(), &settings);
    }
    let change = difference(&was, settings);
    Ok((with_occurrences(store, item, change, (&was, &after), desk)?, copy))
}

/// Returns what of an item is not as it is to be: what is as it was is not touched.
fn difference(was: &Properties, settings: Vec<Setting>) -> ItemChange {
    let mut change = ItemChange::default();
    for (key, value) in settings {
        match value {
            Some(value) if was.value(key.clone()) == Some(&value) => {}
            Some(value) => change.set.set(key, value),
            None if was.value(key.clone()).is_none() => {}
            None => change.remove.push(key),
        }
    }
    change
}

/// Adds what has to be changed of the messages of changed occurrences.
fn with_occurrences(
    store: &Store<&Ndb>,
    item: Nid,
    mut change: ItemChange,
    (was, after): (&Properties, &Properties),
    desk: &Desk<'_>,
) -> Result<ItemChange, Unready> {
    let stored = |item| series::stored(item, desk.code_page);
    let (old, new) = (stored(was), stored(after));
    // In another zone the same hours on the clock are other instants, which the messages of changed occurrences tell, as they tell
    // when the occurrence would have ended.
    let length = |series: &AppointmentRecurrence| series.ends.saturating_sub(series.starts);
    let anew = was.value(n::SERIES_ZONE) != after.value(n::SERIES_ZONE)
        || old.as_ref().map(length) != new.as_ref().map(length);
    let changes = |series: Option<&AppointmentRecurrence>| -> Vec<OccurrenceChange> {
        series.map(|series| series.changes.clone()).unwrap_or_default()
    };
    let (old, fresh) = (changes(old.as_ref()), changes(new.as_ref()));
    if old == fresh && !anew {
        return Ok(change);
    }
    let stays = |one: &OccurrenceChange, among: &[OccurrenceChange]| !anew && among.contains(one);
    let put: Vec<_> = fresh.iter().filter(|one| !stays(one, &old)).cloned().collect();
    // One that cannot be read keeps this item from being written, not the others of the batch.
    let held = fetch::held(store, item)?;
    let zone = times::of_occurrences(was, desk.mailbox);
    let mut before = occurrences::before(old, &held, zone.as_ref())?;
    before.retain(|before| !stays(&before.change, &fresh));
    if let Some(series) = new.filter(|_| !put.is_empty()) {
        change.occurrences = messages(after, &series, &put, &mut before, desk)?;
    }
    // What is left is as in the series again.
    change.dropped = before.iter().filter_map(|before| before.attachment).collect();
    Ok(change)
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

/// Makes the messages of changed occurrences of a series, some of them out of those from before.
fn messages(
    item: &Properties,
    series: &AppointmentRecurrence,
    changes: &[OccurrenceChange],
    before: &mut Vec<occurrences::Before>,
    desk: &Desk<'_>,
) -> Result<Vec<Occurrence>, Unfit> {
    let zone = times::of_occurrences(item, desk.mailbox)
        .ok_or("start or end of the series cannot be read")?;
    occurrences::of(series, changes, before, &zone, item.value(n::SERIES_ZONE))
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::{Unready, Wrote};
    use crate::pst::PstError;

    /// Invariant 11: a read that the system fails is no item's fault, and stops the mailbox before anything is given up; damage is
    /// the item's, and is tried again once it is mended.
    #[test]
    fn what_cannot_be_read_is_never_refused() {
        let system = PstError::io("read", 0, io::ErrorKind::TimedOut.into());
        assert!(Unready::from(system).answer().is_err());
        let damage = PstError::NoNode { nid: crate::pst::Nid(0x8025), what: "embedded message" };
        let answer = Unready::from(damage).answer().unwrap();
        assert!(matches!(answer, Wrote::Unreadable(_)), "{answer:?}");
    }
}
