//! Effect: the reference source, in memory, with handles for tests: edits by people, memberships, deletions, clocks that tick
//! in seconds, answers that get lost, and databases that are restored. What a real adapter must do is what this one does.

mod answers;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::{Parent, Record, SourceError, SourceErrorKind, User};
use crate::model::{Content, Field, ItemKind, Module, RecordId, RecordVersion, Slot, UserId};

/// The reference source. Clones share one database.
#[derive(Clone, Default)]
pub struct MemorySource {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    data: Snapshot,
    settings: MemorySettings,
    /// Calls to come whose answer is lost after they were done.
    lost_answers: u32,
    /// How calls to come fail before anything is done, the next one last.
    failures: Vec<SourceErrorKind>,
    /// Methods whose next call fails before anything is done.
    failing: BTreeSet<&'static str>,
    calls: BTreeMap<&'static str, u64>,
}

/// The state of the database at a moment, for [`MemorySource::restore`].
#[derive(Clone, Default)]
pub struct Snapshot {
    sequence: u64,
    users: BTreeMap<UserId, User>,
    records: BTreeMap<RecordId, Stored>,
    /// The last change of each record that ever was: when, in which module.
    feed: BTreeMap<RecordId, (u64, Module)>,
    /// Who once had an activity and has it no more.
    left: BTreeSet<(RecordId, UserId)>,
    members: BTreeMap<(Module, Option<UserId>), BTreeSet<RecordId>>,
    member_versions: BTreeMap<(Module, Option<UserId>), u64>,
}

#[derive(Clone)]
struct Stored {
    record: Record,
    sequence: u64,
    assignees: BTreeSet<UserId>,
    hidden_from: BTreeSet<UserId>,
    read_only_for: BTreeSet<UserId>,
}

/// How the source behaves.
#[derive(Clone, Copy, Debug)]
pub struct MemorySettings {
    /// Which database it is.
    pub identity: &'static str,
    /// Whether there is a change feed.
    pub feed: bool,
    /// Whether the activities of given records can be asked for.
    pub activities: bool,
    /// Whether one question tells for whom there is anything new.
    pub news: bool,
    /// Whether the filter is kept for each user.
    pub filter_per_user: bool,
    /// Whether it says whose an activity is.
    pub assigns: bool,
    /// Whether a version is the second of the last edit; two edits in one second then look like one.
    pub versions_in_seconds: bool,
    /// Whether every phone number is delivered blank, as by a plugin with a fault.
    pub phones_blank: bool,
    /// Whether listings claim to be complete.
    pub complete: bool,
    /// The greatest number of entries on a page.
    pub page: usize,
    /// The greatest length of a text, in characters.
    pub longest_text: usize,
}

impl Default for MemorySettings {
    fn default() -> Self {
        Self {
            identity: "memory",
            feed: true,
            activities: true,
            news: true,
            filter_per_user: true,
            assigns: true,
            versions_in_seconds: false,
            phones_blank: false,
            complete: true,
            page: 500,
            longest_text: 255,
        }
    }
}

/// A record to put in; see [`MemorySource::insert`].
#[derive(Clone, Debug)]
pub struct NewRecord {
    /// Its id.
    pub id: RecordId,
    /// Its kind.
    pub kind: ItemKind,
    /// Its module.
    pub module: Module,
    /// What an activity belongs to.
    pub parent: Option<RecordId>,
    /// Its fields; those of the kind that are absent are blank.
    pub content: Content,
    /// When it was last changed by a person.
    pub changed_at: Timestamp,
    /// Who that was.
    pub changed_by: String,
    /// Whose the activity is; nothing for contacts.
    pub assignees: Vec<UserId>,
    /// Private in staffITpro.
    pub private: bool,
}

impl NewRecord {
    /// Makes a contact with these texts.
    pub fn contact(id: &str, module: Module, at: Timestamp, texts: &[(Field, &str)]) -> Self {
        Self::new(id, ItemKind::Contact, module, at, texts)
    }

    /// Makes an activity with these texts, assigned to a user.
    pub fn activity(
        id: &str,
        kind: ItemKind,
        module: Module,
        user: &str,
        at: Timestamp,
        texts: &[(Field, &str)],
    ) -> Self {
        let mut record = Self::new(id, kind, module, at, texts);
        record.assignees.push(UserId::new(user));
        record
    }

    /// Says what the activity belongs to.
    #[must_use]
    pub fn of(mut self, parent: &str) -> Self {
        self.parent = Some(RecordId::new(parent));
        self
    }

    fn new(
        id: &str,
        kind: ItemKind,
        module: Module,
        at: Timestamp,
        texts: &[(Field, &str)],
    ) -> Self {
        let mut content = Content::new();
        for (field, text) in texts {
            content.set_text(*field, *text);
        }
        Self {
            id: RecordId::new(id),
            kind,
            module,
            parent: None,
            content,
            changed_at: at,
            changed_by: String::new(),
            assignees: Vec::new(),
            private: false,
        }
    }
}

impl MemorySource {
    /// Makes an empty source.
    pub fn new(settings: MemorySettings) -> Self {
        let source = Self::default();
        source.lock().settings = settings;
        source
    }

    /// Changes how the source behaves from now on.
    pub fn configure(&self, change: impl FnOnce(&mut MemorySettings)) {
        change(&mut self.lock().settings);
    }

    /// Adds a user.
    pub fn add_user(&self, id: &str, name: &str, email: &str) {
        let user = User {
            id: UserId::new(id),
            name: name.to_owned(),
            email: Some(email.to_owned()),
            active: true,
        };
        self.lock().data.users.insert(user.id.clone(), user);
    }

    /// Puts a record in.
    pub fn insert(&self, new: NewRecord) {
        let mut inner = self.lock();
        let mut content: Content = Field::of(new.kind)
            .filter(|field| !field.read_only())
            .map(|field| (field, Slot::Blank))
            .collect();
        for (field, slot) in new.content.iter() {
            content.put(field, slot.clone());
        }
        let parent = new.parent.map(|id| inner.parent(id, new.module));
        let name = content.text(Field::Surname).or_else(|| content.text(Field::Subject));
        let record = Record {
            kind: new.kind,
            module: new.module,
            version: RecordVersion::new(""),
            number: Some(new.id.as_str().to_owned()),
            name: name.map(str::to_owned),
            parent,
            content,
            changed_at: Some(new.changed_at),
            changed_by: Some(new.changed_by).filter(|who| !who.is_empty()),
            private: new.private,
            editable: true,
            id: new.id.clone(),
        };
        let stored = Stored {
            record,
            sequence: 0,
            assignees: new.assignees.into_iter().collect(),
            hidden_from: BTreeSet::new(),
            read_only_for: BTreeSet::new(),
        };
        inner.data.records.insert(new.id.clone(), stored);
        inner.data.touch(&new.id);
    }

    /// Edits a record as a person does in staffITpro.
    pub fn edit(&self, id: &str, who: &str, at: Timestamp, content: &Content) {
        self.change(id, |stored| {
            for (field, slot) in content.iter() {
                stored.record.content.put(field, slot.clone());
            }
            stored.record.changed_at = Some(at);
            stored.record.changed_by = Some(who.to_owned());
        });
    }

    /// Moves an activity to another record, or to none.
    pub fn set_parent(&self, id: &str, parent: Option<&str>) {
        let mut inner = self.lock();
        let id = RecordId::new(id);
        let Some(module) = inner.data.records.get(&id).map(|stored| stored.record.module) else {
            return;
        };
        let parent = parent.map(|parent| inner.parent(RecordId::new(parent), module));
        if let Some(stored) = inner.data.records.get_mut(&id) {
            stored.record.module = parent.as_ref().map_or(module, |parent| parent.module);
            stored.record.parent = parent;
        }
        inner.data.touch(&id);
    }

    /// Deletes a record.
    pub fn delete(&self, id: &str) {
        let mut inner = self.lock();
        let id = RecordId::new(id);
        if let Some(stored) = inner.data.records.get(&id).cloned() {
            inner.data.touch(&id);
            inner.data.records.remove(&id);
            inner.data.left.extend(stored.assignees.into_iter().map(|user| (id.clone(), user)));
            let lists: Vec<_> = inner.data.members.keys().cloned().collect();
            for list in lists {
                inner.data.set_member(list, &id, false);
            }
        }
    }

    /// Gives an activity to other users.
    pub fn assign(&self, id: &str, users: &[&str]) {
        let id = RecordId::new(id);
        let mut inner = self.lock();
        if let Some(stored) = inner.data.records.get_mut(&id) {
            let new: BTreeSet<_> = users.iter().map(|user| UserId::new(*user)).collect();
            let left: Vec<_> = stored.assignees.difference(&new).cloned().collect();
            stored.assignees = new;
            inner.data.left.extend(left.into_iter().map(|user| (id.clone(), user)));
            inner.data.touch(&id);
        }
    }

    /// Hides a record from a user or shows it again.
    pub fn hide(&self, id: &str, user: &str, hidden: bool) {
        self.change(id, |stored| {
            if hidden {
                stored.hidden_from.insert(UserId::new(user));
            } else {
                stored.hidden_from.remove(&UserId::new(user));
            }
        });
    }

    /// Lets a user no longer change a record.
    pub fn make_read_only(&self, id: &str, user: &str) {
        self.change(id, |stored| {
            stored.read_only_for.insert(UserId::new(user));
        });
    }

    /// Makes a record private in staffITpro, or no longer private.
    pub fn make_private(&self, id: &str, private: bool) {
        self.change(id, |stored| stored.record.private = private);
    }

    /// Moves a record into the filter or out of it. Where the filter is shared, whose it is makes no difference.
    pub fn put_member(&self, user: &str, id: &str, member: bool) {
        let mut inner = self.lock();
        let id = RecordId::new(id);
        let module = inner.data.records.get(&id).map(|stored| stored.record.module);
        if let Some(module) = module {
            let list = inner.list_of(module, &UserId::new(user));
            inner.data.set_member(list, &id, member);
        }
    }

    /// Loses the answers of the next calls: they are done, and the caller learns of a failure.
    pub fn lose_answers(&self, calls: u32) {
        self.lock().lost_answers = calls;
    }

    /// Lets one more of the next calls fail before anything is done.
    pub fn fail(&self, kind: SourceErrorKind) {
        self.lock().failures.push(kind);
    }

    /// Lets the next call of a method fail before anything is done.
    pub fn fail_call(&self, method: &'static str) {
        self.lock().failing.insert(method);
    }

    /// Lets every call from now on come to its end.
    pub fn fail_no_more(&self) {
        self.lock().failing.clear();
    }

    /// Takes a copy of the whole database.
    pub fn snapshot(&self) -> Snapshot {
        self.lock().data.clone()
    }

    /// Puts the database back to what it was, as after a restored backup: versions and feed run backwards.
    pub fn restore(&self, snapshot: Snapshot) {
        self.lock().data = snapshot;
    }

    /// Returns a record as the database holds it, whoever may see it.
    pub fn record(&self, id: &str) -> Option<Record> {
        self.lock().data.records.get(&RecordId::new(id)).map(|stored| stored.record.clone())
    }

    /// Returns how many records there are; rule G6 lets nobody but a person change that.
    pub fn count(&self) -> usize {
        self.lock().data.records.len()
    }

    /// Returns how often a method was called.
    pub fn calls(&self, method: &str) -> u64 {
        self.lock().calls.get(method).copied().unwrap_or_default()
    }

    fn change(&self, id: &str, change: impl FnOnce(&mut Stored)) {
        let mut inner = self.lock();
        let id = RecordId::new(id);
        if let Some(stored) = inner.data.records.get_mut(&id) {
            change(stored);
            inner.data.touch(&id);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call, and lets it fail or lose its answer where a test wants that.
    fn call<T>(
        &self,
        method: &'static str,
        work: impl FnOnce(&mut Inner) -> Result<T, SourceError>,
    ) -> Result<T, SourceError> {
        let mut inner = self.lock();
        *inner.calls.entry(method).or_default() += 1;
        let away = inner.failing.remove(method).then_some(SourceErrorKind::Unreachable);
        if let Some(kind) = away.or_else(|| inner.failures.pop()) {
            return Err(error(kind, "the database is away"));
        }
        let answer = work(&mut inner);
        if inner.lost_answers > 0 {
            inner.lost_answers -= 1;
            return Err(error(SourceErrorKind::Unreachable, "the answer was lost"));
        }
        answer
    }
}

impl Inner {
    /// Returns what is told of a record to which an activity belongs; `module`: where that is not known.
    fn parent(&self, id: RecordId, module: Module) -> Parent {
        let of = self.data.records.get(&id).map(|stored| &stored.record);
        Parent {
            module: of.map_or(module, |of| of.module),
            number: of.and_then(|of| of.number.clone()),
            name: of.and_then(|of| of.name.clone()),
            id,
        }
    }
}

impl Snapshot {
    fn touch(&mut self, id: &RecordId) {
        self.sequence += 1;
        if let Some(stored) = self.records.get_mut(id) {
            stored.sequence = self.sequence;
            self.feed.insert(id.clone(), (self.sequence, stored.record.module));
        }
    }

    fn set_member(&mut self, list: (Module, Option<UserId>), id: &RecordId, member: bool) {
        let members = self.members.entry(list.clone()).or_default();
        let changed = if member { members.insert(id.clone()) } else { members.remove(id) };
        if changed {
            self.sequence += 1;
            self.member_versions.insert(list, self.sequence);
        }
    }
}

fn error(kind: SourceErrorKind, text: impl Into<String>) -> SourceError {
    SourceError { kind, text: text.into(), hint: None, source: None }
}
