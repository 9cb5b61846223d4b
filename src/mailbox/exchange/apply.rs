//! Effect: writing items, with an answer for each. What a write sends is worked out here; how it is sent, and what becomes of
//! it, is in [`super::send`].

use std::collections::HashMap;

use crate::ews;
use crate::ews::draft::{ItemUpdate, NewItem};
use crate::ews::operation::create_item::CreateItem;
use crate::ews::operation::delete_item::{DeleteItem, Disposal};
use crate::ews::operation::folder::FolderRef;
use crate::ews::operation::update_item::UpdateItem;
use crate::ews::operation::{ItemRef, Saved};
use crate::mailbox::exchange::dialect::Dialect;
use crate::mailbox::exchange::folders::Place;
use crate::mailbox::exchange::occurrences::Begun;
use crate::mailbox::exchange::send::{Answers, Creates, Job, Manner, NEXT_RUN};
use crate::mailbox::exchange::unfinished::Mark;
use crate::mailbox::exchange::wire::Wire;
use crate::mailbox::exchange::write::{self, Change, Draft};
use crate::mailbox::exchange::{ExchangeMailbox, exceptions, read, table};
use crate::mailbox::{ItemError, MailboxError, Write, Wrote, names};
use crate::model::{FolderId, ItemId, ItemKind, ItemVersion, Slot};

impl<W: Wire> ExchangeMailbox<W> {
    /// Carries out writes, run by run of the same sort, in their order.
    pub(super) fn write(
        &mut self,
        kind: ItemKind,
        writes: &[Write],
    ) -> Result<Vec<Wrote>, MailboxError> {
        let mut answers = Answers::of(writes.len());
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
        Ok(answers.all())
    }

    fn creates(
        &mut self,
        kind: ItemKind,
        folder: &FolderId,
        first: usize,
        run: &[Write],
        answers: &mut Answers,
    ) -> Result<(), MailboxError> {
        if self.full {
            // Nothing that takes room is tried again in this run.
            (first..).zip(run).for_each(|(place, _)| answers.give(place, NEXT_RUN));
            return Ok(());
        }
        let dialect = self.dialect();
        let mut stamps = HashMap::with_capacity(run.len());
        let mut jobs = Vec::with_capacity(run.len());
        let mut begun = Vec::new();
        for (place, write) in (first..).zip(run) {
            let Write::Create { content, stamp, .. } = write else { continue };
            match write::new_item(kind, content, stamp, &self.manner.zone, dialect) {
                Ok(Draft { load, steps }) => {
                    stamps.insert(place, stamp);
                    jobs.push(Job { place, bytes: load.wire_len(), load });
                    if !steps.is_empty() {
                        begun.push(Begun { place, steps, write });
                    }
                }
                Err(unfit) => answers.give(place, Wrote::Unfit(unfit.to_string())),
            }
        }
        let home = Place { id: ews::FolderId::new(folder.as_str()), deleted: false };
        let folder = FolderRef::Id(home.id.clone());
        let build = |items: Vec<NewItem>| CreateItem { folder: folder.clone(), items };
        let creates = Creates { kind, home: &home, stamps: &stamps };
        let manner = Manner { repeatable: false, creates: Some(creates) };
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
        // A server that does not check versions takes a look at every item directly before (rule D13). So does what was not read
        // with the item: names are followed up only where they are ours, and of a series it matters whether an earlier write of
        // its occurrences came to its end.
        let all = !self.checks_versions();
        let dialect = self.dialect();
        let looks = |write: &Write| all || lacks(kind, write);
        let looked_at = run.iter().filter(|write| looks(write));
        let ids: Vec<ItemId> = looked_at.filter_map(target).map(|(id, _)| id.clone()).collect();
        let seen = self.look(&ids, &table::aside(kind), answers)?;
        let mut jobs = Vec::with_capacity(run.len());
        let mut begun = Vec::new();
        for (place, write) in (first..).zip(run) {
            let Write::Update { id, version, content, before, aside, stamp } = write else {
                continue;
            };
            let now = match seen.get(id) {
                None if looks(write) => {
                    answers.give(place, NEXT_RUN);
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
            let now = now.map(|item| read::aside(Some(kind), &item.properties));
            let aside = now.as_ref().unwrap_or(aside);
            let shown = aside.shown.as_ref().filter(|_| names::concerns(content));
            let mark = aside.unfinished.as_deref().filter(|text| !text.is_empty());
            let mark = mark.map(|text| Mark::parse(text).map_or(Slot::Blank, |mark| mark.was));
            let unfinished = mark.as_ref();
            let stamp = stamp.as_ref();
            let change = Change { id, version, content, before, stamp, unfinished };
            match write::update(kind, &change, shown, &self.manner.zone, dialect) {
                Ok(Some(Draft { load, steps })) => {
                    jobs.push(Job { place, bytes: load.wire_len(), load });
                    if !steps.is_empty() {
                        begun.push(Begun { place, steps, write });
                    }
                }
                Ok(None) => {
                    answers.give(place, Wrote::Done { id: id.clone(), version: version.clone() });
                }
                Err(unfit) => answers.give(place, Wrote::Unfit(unfit.to_string())),
            }
        }
        let build = |updates: Vec<ItemUpdate>| UpdateItem { updates };
        let manner = Manner { repeatable: self.checks_versions(), creates: None };
        let answer = |update: &ItemUpdate, saved: Saved| match kind {
            ItemKind::Task => done_to(update.id(), &saved),
            ItemKind::Contact | ItemKind::Appointment => done(&saved),
        };
        self.send(jobs, &manner, &build, &answer, answers)?;
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
                None => answers.give(place, NEXT_RUN),
            }
        }
        let build = |items: Vec<ItemRef>| DeleteItem { items, to: Disposal::DeletedItems };
        // A repeated delete of what is gone says so, and what is gone was deleted.
        let manner = Manner { repeatable: true, creates: None };
        let answer = |item: &ItemRef, ()| Wrote::Done {
            id: item.id.as_str().into(),
            version: item.change_key.as_ref().map_or_else(|| "".into(), |key| key.as_str().into()),
        };
        self.send(jobs, &manner, &build, &answer, answers)
    }

    /// Returns what is known of the server that matters to what is written.
    pub(super) fn dialect(&self) -> Dialect {
        Dialect {
            grommunio: self.is_grommunio(),
            before_2013: self.wire.contract() < ews::ServerVersion::V2013,
            now: self.wire.clock(),
        }
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
            Err(error) if !answers.anything_sent() => Err(error),
            // What was done is reported all the same; the rest is answered by what was not seen.
            _ => Ok(seen),
        }
    }
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

/// Says whether an update needs to know something of its item that was not read with it.
fn lacks(kind: ItemKind, write: &Write) -> bool {
    let Write::Update { content, before, aside, .. } = write else { return false };
    match kind {
        ItemKind::Contact => aside.shown.is_none() && names::concerns(content),
        ItemKind::Appointment => {
            aside.unfinished.is_none() && exceptions::concerns(content, before)
        }
        ItemKind::Task => false,
    }
}

fn done(saved: &Saved) -> Wrote {
    Wrote::Done { id: saved.id.as_str().into(), version: saved.change_key.as_str().into() }
}

/// Answers for the task that was asked for. Where one of a series is finished, Exchange makes a copy of it and names the copy; the
/// series itself goes on under its own id, in a version that is not told (Microsoft's page on UpdateItem for tasks).
fn done_to(asked: &ews::ItemId, saved: &Saved) -> Wrote {
    if saved.id == *asked {
        return done(saved);
    }
    Wrote::Done { id: asked.as_str().into(), version: "".into() }
}
