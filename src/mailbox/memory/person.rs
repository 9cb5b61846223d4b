//! Pure: what the person does in Outlook, and what happens to the mailbox as a whole.

use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::mailbox::memory::store::{DELETED, SERVICE, Store, Stored, default_folder};
use crate::mailbox::{ItemError, Stamp, Wrote};
use crate::model::{Content, Field, FieldSet, FolderId, ItemId, ItemKind, MailboxIdentity, Value};

/// The name under which the person's changes are kept.
pub const PERSON: &str = "person";

impl Store {
    /// The person makes an item in the default folder of its kind.
    pub fn person_creates(&mut self, kind: ItemKind, content: Content, at: Timestamp) -> ItemId {
        self.person_creates_in(&default_folder(kind), Some(kind), content, at)
    }

    /// The person makes an item in a folder; without a kind it is something else, such as a distribution list.
    pub fn person_creates_in(
        &mut self,
        folder: &FolderId,
        kind: Option<ItemKind>,
        content: Content,
        at: Timestamp,
    ) -> ItemId {
        let mut item = Stored::new(folder.clone(), kind, at, PERSON);
        item.content = content;
        self.insert(item)
    }

    /// The person changes fields of an item: those in the content, and no others.
    pub fn person_edits(&mut self, id: &ItemId, content: &Content, at: Timestamp) -> bool {
        self.touch(id, at, PERSON, |item| {
            for (field, slot) in content.iter() {
                item.content.put(field, slot.clone());
            }
        })
    }

    /// The person changes an item, and neither the feed nor the version tells of it, as at grommunio with single occurrences.
    pub fn person_changes_unseen(
        &mut self,
        id: &ItemId,
        at: Timestamp,
        change: impl FnOnce(&mut Content),
    ) -> bool {
        let Some(item) = self.items.get_mut(id) else { return false };
        change(&mut item.content);
        item.modified_at = at;
        PERSON.clone_into(&mut item.modified_by);
        true
    }

    /// The person sets one field to text.
    pub fn person_types(&mut self, id: &ItemId, field: Field, text: &str, at: Timestamp) -> bool {
        let mut content = Content::new();
        content.set_text(field, text);
        self.person_edits(id, &content, at)
    }

    /// The person deletes an item; it goes to Deleted Items and has the id returned there.
    pub fn person_deletes(&mut self, id: &ItemId, at: Timestamp) -> Option<ItemId> {
        self.relocate(id, &DELETED.into(), (at, PERSON))
    }

    /// The person (or a retention policy) removes an item for good: archived outside the mailbox, or Deleted Items emptied.
    pub fn person_purges(&mut self, id: &ItemId) {
        self.forget_item(id);
    }

    /// The person files an item in another folder, archives it there, or restores it from Deleted Items.
    pub fn person_moves(&mut self, id: &ItemId, to: &FolderId, at: Timestamp) -> Option<ItemId> {
        self.relocate(id, to, (at, PERSON))
    }

    /// The person copies an item; the stamp goes along.
    pub fn person_copies(&mut self, id: &ItemId, to: &FolderId, at: Timestamp) -> Option<ItemId> {
        let mut item = self.items.get(id)?.clone();
        to.clone_into(&mut item.folder);
        item.created_at = at;
        item.modified_at = at;
        PERSON.clone_into(&mut item.modified_by);
        Some(self.insert(item))
    }

    /// The person makes a folder below the default folder of a kind.
    pub fn person_makes_folder(&mut self, kind: ItemKind, name: &str) -> FolderId {
        self.make_folder(kind, name, &default_folder(kind))
    }

    /// Finds a folder by its name.
    pub fn folder_named(&self, name: &str) -> Option<FolderId> {
        self.folders.iter().find(|(_, folder)| folder.name == name).map(|(id, _)| id.clone())
    }

    /// The person deletes a folder: it lies in Deleted Items, and its items keep their ids.
    pub fn person_discards_folder(&mut self, folder: &FolderId) {
        if let Some(folder) = self.folders.get_mut(folder) {
            folder.parent = Some(DELETED.into());
        }
    }

    /// The person takes a folder out of Deleted Items again.
    pub fn person_takes_back_folder(&mut self, folder: &FolderId) {
        if let Some(folder) = self.folders.get_mut(folder)
            && let Some(kind) = folder.kind
        {
            folder.parent = Some(default_folder(kind));
        }
    }

    /// The person deletes a folder for good, with all that is in it.
    pub fn person_purges_folder(&mut self, folder: &FolderId) {
        let inside: Vec<ItemId> = self
            .items()
            .filter(|(_, item)| item.folder == *folder)
            .map(|(id, _)| id.clone())
            .collect();
        for id in inside {
            self.forget_item(&id);
        }
        self.folders.remove(folder);
    }

    /// The connection broke while we wrote the occurrences of a series, and nobody can tell how far it came.
    pub fn write_breaks_off(&mut self, id: &ItemId, at: Timestamp) -> bool {
        self.touch(id, at, SERVICE, |item| item.unfinished = true)
    }

    /// The person marks an item private, or takes the mark away.
    pub fn person_marks_private(&mut self, id: &ItemId, private: bool, at: Timestamp) -> bool {
        let word = if private { "private" } else { "normal" };
        self.person_types(id, Field::Sensitivity, word, at)
    }

    /// The person sets words of the body in bold, or puts a picture between them.
    pub fn person_formats(&mut self, id: &ItemId, at: Timestamp) -> bool {
        self.touch(id, at, PERSON, |item| item.rich = true)
    }

    /// The person invites somebody to an appointment.
    pub fn person_invites(&mut self, id: &ItemId, address: &str, at: Timestamp) -> bool {
        let guest = crate::model::Attendee { address: address.to_owned(), name: String::new() };
        self.touch(id, at, PERSON, |item| {
            item.has_guests = true;
            item.content.set(Field::Attendees, Value::Attendees(vec![guest]));
        })
    }

    /// The person completes the present occurrence of a recurring task: a completed copy with the same stamp appears, and
    /// the series moves on by so many days (notes.md §2.3). Returns the id of the copy.
    pub fn person_completes(&mut self, id: &ItemId, days: i64, at: Timestamp) -> Option<ItemId> {
        let mut copy = self.items.get(id)?.clone();
        copy.content.set_text(Field::Status, "completed");
        copy.content.set(Field::Percent, Value::Number(100));
        let today = at.to_zoned(jiff::tz::TimeZone::UTC).date();
        copy.content.set(Field::Completed, Value::Date(today));
        copy.content.set_blank(Field::Recurrence);
        copy.created_at = at;
        copy.modified_at = at;
        self.touch(id, at, PERSON, |item| {
            for field in [Field::TaskStart, Field::Due] {
                if let Some(Value::Date(date)) = item.content.value(field).cloned()
                    && let Ok(next) = date.checked_add(days.days())
                {
                    item.content.set(field, Value::Date(next));
                }
            }
        });
        Some(self.insert(copy))
    }

    /// The server touches an item without changing anything that is seen: assistants do that (notes.md §1.7).
    pub fn assistant_touches(&mut self, id: &ItemId, at: Timestamp) -> bool {
        self.touch(id, at, "assistant", |_| ())
    }

    /// Changes anything of an item, and with it its version.
    pub fn touch(
        &mut self,
        id: &ItemId,
        at: Timestamp,
        by: &str,
        change: impl FnOnce(&mut Stored),
    ) -> bool {
        let sequence = self.tick();
        let Some(item) = self.items.get_mut(id) else { return false };
        change(item);
        item.modified_at = at;
        by.clone_into(&mut item.modified_by);
        item.sequence = sequence;
        true
    }

    /// Puts a stamp on an item, or takes it away, as a client that rewrites items does.
    pub fn restamp(&mut self, id: &ItemId, stamp: Option<Stamp>, at: Timestamp) -> bool {
        self.touch(id, at, PERSON, |item| item.stamp = stamp)
    }

    /// Says that the model cannot represent these fields of an item.
    pub fn make_unsupported(&mut self, id: &ItemId, fields: FieldSet) -> bool {
        let at = self.now;
        self.touch(id, at, PERSON, |item| item.unsupported = fields)
    }

    /// Lets every read of an item fail, or read again with `None`. Its identity is still told, as by servers that stumble over
    /// one property.
    pub fn make_unreadable(&mut self, id: &ItemId, error: Option<ItemError>) {
        self.unreadable.remove(id);
        self.opaque.remove(id);
        if let Some(error) = error {
            self.unreadable.insert(id.clone(), error);
        }
    }

    /// Lets every read of an item fail, that of its identity included.
    pub fn make_opaque(&mut self, id: &ItemId, error: ItemError) {
        self.make_unreadable(id, Some(error));
        self.opaque.insert(id.clone());
    }

    /// Answers every write to an item with this, without doing it.
    pub fn refuse_item(&mut self, id: &ItemId, answer: Wrote) {
        self.refusals.push((id.as_str().to_owned(), answer));
    }

    /// Takes all refusals back.
    pub fn refuse_nothing(&mut self) {
        self.refusals.clear();
    }

    /// Puts another mailbox behind the address, as a restore to another database does: the same items under new ids,
    /// another identity, and worthless cursors (rule D15).
    pub fn becomes(&mut self, identity: impl Into<MailboxIdentity>) {
        self.identity = identity.into();
        for (_, item) in std::mem::take(&mut self.items) {
            self.insert(item);
        }
        self.removed.clear();
        self.forget_cursors();
    }

    /// Lets time pass in the mailbox.
    pub fn pass(&mut self, time: SignedDuration) {
        self.now = self.now.checked_add(time).unwrap_or(self.now);
    }

    /// Finds the item of a record that is not in Deleted Items.
    pub fn item_of(&self, record: &str) -> Option<ItemId> {
        let of = |item: &Stored| item.stamp.as_ref().is_some_and(|s| s.record.as_str() == record);
        self.living().find(|(_, item)| of(item)).map(|(id, _)| id.clone())
    }
}
