//! Pure: how a mailbox in memory writes.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::mailbox::memory::fault::{Fault, Which};
use crate::mailbox::memory::store::{DELETED, SERVICE, Store, Stored};
use crate::mailbox::{Stamp, Write, Wrote};
use crate::model::{Content, Field, FolderId, ItemId, ItemKind, ItemVersion, Value};

impl Store {
    pub(super) fn apply_all(
        &mut self,
        kind: ItemKind,
        writes: &[Write],
        fault: Option<&Fault>,
    ) -> Vec<Wrote> {
        let meets = |which: &Which, index| which.concerns(index);
        let mut answers = Vec::with_capacity(writes.len());
        for (index, write) in writes.iter().enumerate() {
            let answer = match fault {
                Some(Fault::LostBefore(which)) if meets(which, index) => Wrote::Unanswered,
                Some(Fault::Late(which)) if meets(which, index) => {
                    self.late.push((kind, write.clone()));
                    Wrote::Unanswered
                }
                Some(Fault::Hangs(which)) if meets(which, index) => {
                    self.hanging.push((kind, write.clone()));
                    Wrote::Unanswered
                }
                Some(Fault::Busy(which, after)) if meets(which, index) => Wrote::Later(*after),
                Some(Fault::LostAfter(which)) if meets(which, index) => {
                    self.apply(kind, write);
                    Wrote::Unanswered
                }
                _ => self.apply(kind, write),
            };
            self.log.push((write.clone(), answer.clone()));
            answers.push(answer);
        }
        answers
    }

    /// Carries out what was asked for in earlier calls and never answered.
    pub(super) fn commit_late(&mut self) {
        for (kind, write) in std::mem::take(&mut self.late) {
            self.apply(kind, &write);
        }
    }

    /// Carries out what was left hanging, however many calls ago, and what else would come late.
    pub fn commit_hanging(&mut self) {
        self.commit_late();
        for (kind, write) in std::mem::take(&mut self.hanging) {
            self.apply(kind, &write);
        }
    }

    fn apply(&mut self, kind: ItemKind, write: &Write) -> Wrote {
        if let Some(refusal) = self.refusal(write) {
            return refusal;
        }
        match write {
            Write::Create { folder, content, stamp } => self.create(kind, folder, content, stamp),
            Write::Update { id, version, content, stamp, .. } => {
                self.update(id, version, content, stamp.as_ref())
            }
            Write::Delete { id, version } => match self.items.get(id).map(Stored::version) {
                None => Wrote::Gone,
                Some(now) if now != *version => Wrote::Conflict,
                Some(now) => {
                    let by = (self.now, SERVICE);
                    self.relocate(id, &DELETED.into(), by);
                    Wrote::Done { id: id.clone(), version: now }
                }
            },
        }
    }

    fn refusal(&self, write: &Write) -> Option<Wrote> {
        let name = match write {
            Write::Create { stamp, .. } => stamp.record.as_str(),
            Write::Update { id, .. } | Write::Delete { id, .. } => id.as_str(),
        };
        self.refusals.iter().find(|(of, _)| of == name).map(|(_, answer)| answer.clone())
    }

    fn create(
        &mut self,
        kind: ItemKind,
        folder: &FolderId,
        content: &Content,
        stamp: &Stamp,
    ) -> Wrote {
        if !self.folders.contains_key(folder) {
            return Wrote::Refused {
                code: "ErrorFolderNotFound".to_owned(),
                text: format!("there is no folder {folder}"),
            };
        }
        let mut item = Stored::new(folder.clone(), Some(kind), self.now, SERVICE);
        item.stamp = Some(stamp.clone());
        self.write_into(&mut item, content);
        let id = self.insert(item);
        let version = self.items.get(&id).map_or_else(|| ItemVersion::from(""), Stored::version);
        Wrote::Done { id, version }
    }

    fn update(
        &mut self,
        id: &ItemId,
        version: &ItemVersion,
        content: &Content,
        stamp: Option<&Stamp>,
    ) -> Wrote {
        let Some(mut item) = self.items.get(id).cloned() else { return Wrote::Gone };
        if item.version() != *version {
            return Wrote::Conflict;
        }
        if let Some(stamp) = stamp {
            item.stamp = Some(stamp.clone());
        }
        let was_done = is_done(&item);
        self.write_into(&mut item, content);
        if !was_done && is_done(&item) {
            self.goes_on(&mut item);
        }
        item.unfinished = false;
        item.modified_at = self.now;
        SERVICE.clone_into(&mut item.modified_by);
        item.sequence = self.tick();
        let version = item.version();
        self.items.insert(id.clone(), item);
        Wrote::Done { id: id.clone(), version }
    }

    /// Lets a task of a series that was completed go on to its next date; a completed copy of it stays (MS-OXOTASK 3.1.4.6).
    fn goes_on(&mut self, item: &mut Stored) {
        let day = |field| match item.content.value(field) {
            Some(Value::Date(date)) => Some(*date),
            _ => None,
        };
        let Some(Value::Recurrence(series)) = item.content.value(Field::Recurrence) else { return };
        let today = self.now.to_zoned(TimeZone::UTC).date();
        let finished = day(Field::Completed).unwrap_or(today);
        let present = day(Field::TaskStart).or(day(Field::Due)).unwrap_or(finished);
        let Some(Some(next)) = series.next_task(present, finished) else { return };
        let on = next - present;
        let moved = [Field::TaskStart, Field::Due].map(|field| {
            (field, day(field).and_then(|date| date.checked_add(on).ok()).map(Value::Date))
        });
        let mut copy = item.clone();
        copy.content.set_blank(Field::Recurrence);
        copy.created_at = self.now;
        copy.modified_at = self.now;
        self.insert(copy);
        for (field, date) in moved {
            if let Some(date) = date {
                item.content.set(field, date);
            }
        }
        item.content.set_text(Field::Status, "not_started");
        item.content.set(Field::Percent, Value::Number(0));
        item.content.set_blank(Field::Completed);
    }

    /// Sets what a write of ours may set: no attendees (D8), nothing that Outlook has no place for, no fixed slot (D11).
    fn write_into(&self, item: &mut Stored, content: &Content) {
        let open = |field: Field| {
            field.fits_outlook() && !field.read_only() && !item.fixed.contains(field)
        };
        let written = content.only(content.known().iter().filter(|field| open(*field)).collect());
        for (field, slot) in written.iter() {
            item.content.put(field, slot.clone());
            item.unsupported.remove(field);
            // A text of ours is plain.
            item.rich &= !matches!(field, Field::Body | Field::Notes);
        }
        let today = self.now.to_zoned(TimeZone::UTC).date();
        self.normalises.rewrite(&written, &mut item.content, today);
    }

    pub(super) fn insert(&mut self, mut item: Stored) -> ItemId {
        item.sequence = self.tick();
        let id = ItemId::new(format!("item-{}", item.sequence));
        self.items.insert(id.clone(), item);
        id
    }

    /// Moves an item: it gets a new id, and the old folder shows it as removed.
    pub(super) fn relocate(
        &mut self,
        id: &ItemId,
        to: &FolderId,
        (at, by): (Timestamp, &str),
    ) -> Option<ItemId> {
        let mut item = self.items.get(id)?.clone();
        if item.folder == *to {
            return Some(id.clone());
        }
        self.forget_item(id);
        to.clone_into(&mut item.folder);
        item.modified_at = at;
        by.clone_into(&mut item.modified_by);
        Some(self.insert(item))
    }

    pub(super) fn forget_item(&mut self, id: &ItemId) {
        if let Some(item) = self.items.remove(id) {
            let sequence = self.tick();
            self.removed.push((sequence, item.folder, id.clone()));
        }
    }
}

fn is_done(item: &Stored) -> bool {
    item.content.text(Field::Status) == Some("completed")
}
