//! Pure: what a mailbox in memory holds, and what it answers.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::mailbox::memory::fault::Call;
use crate::mailbox::memory::normal::Normalises;
use crate::mailbox::{
    Aside, By, Found, Identity, Item, ItemError, Stamp, Wanted, Whereabouts, Write, Wrote,
};
use crate::model::{
    Content, Field, FieldSet, FolderId, ItemId, ItemKind, ItemVersion, MailboxIdentity, json,
};

/// All that a mailbox in memory holds. Plain data: it can be cloned, compared by [`Self::to_json`], and put back.
#[derive(Clone, Debug)]
pub struct Store {
    /// Which mailbox this is.
    pub identity: MailboxIdentity,
    /// Whose it is.
    pub person: Option<String>,
    /// The mailbox's clock; the time of our writes.
    pub now: Timestamp,
    /// Whether private items can be seen.
    pub sees_private: bool,
    /// Whether other folders than the default ones can be seen.
    pub sees_all: bool,
    /// How many changes a page of the feed has.
    pub page: usize,
    /// How many writes the engine should hand over at once.
    pub batch: usize,
    /// What the mailbox rewrites.
    pub normalises: Normalises,
    /// Whether changes of single occurrences show in no feed, as at grommunio.
    pub hides_occurrences: bool,
    /// Every write that was asked for, in order, with its answer; the ones that came late are here when they were asked for.
    pub log: Vec<(Write, Wrote)>,
    pub(super) folders: BTreeMap<FolderId, Folder>,
    pub(super) items: BTreeMap<ItemId, Stored>,
    pub(super) removed: Vec<(u64, FolderId, ItemId)>,
    pub(super) late: Vec<(ItemKind, Write)>,
    pub(super) hanging: Vec<(ItemKind, Write)>,
    calls: BTreeMap<Call, usize>,
    reads: BTreeSet<ItemId>,
    pub(super) unreadable: BTreeMap<ItemId, ItemError>,
    pub(super) opaque: BTreeSet<ItemId>,
    pub(super) refusals: Vec<(String, Wrote)>,
    pub(super) sequence: u64,
    pub(super) epoch: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Folder {
    pub(super) kind: Option<ItemKind>,
    pub(super) name: String,
    pub(super) parent: Option<FolderId>,
}

/// An item as the mailbox keeps it.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The folder that it is in.
    pub folder: FolderId,
    /// The kind; `None` is something else, such as a distribution list.
    pub kind: Option<ItemKind>,
    /// What it holds.
    pub content: Content,
    /// The stamp.
    pub stamp: Option<Stamp>,
    /// What no field of the model covers: attachments, other properties. No write of ours may change it (rule D11).
    pub unmapped: BTreeMap<String, String>,
    /// Whether somebody besides the owner is invited.
    pub has_guests: bool,
    /// Whether the body has formatting.
    pub rich: bool,
    /// E-mail slots with something other than an Internet address.
    pub fixed: FieldSet,
    /// Fields that the model cannot represent.
    pub unsupported: FieldSet,
    /// An earlier write of ours broke off within its series.
    pub unfinished: bool,
    /// When it was last modified.
    pub modified_at: Timestamp,
    /// By whom.
    pub modified_by: String,
    /// When it was created.
    pub created_at: Timestamp,
    pub(super) sequence: u64,
}

/// The name under which our own writes are kept.
pub const SERVICE: &str = "abgleich";

/// The id of Deleted Items.
pub const DELETED: &str = "deleted";

impl Default for Store {
    fn default() -> Self {
        let root = |kind, name: &str| Folder { kind, name: name.to_owned(), parent: None };
        let folders = ItemKind::ALL
            .into_iter()
            .map(|kind| (default_folder(kind), root(Some(kind), kind.key())))
            .chain([(FolderId::from(DELETED), root(None, "Deleted Items"))])
            .collect();
        Self {
            identity: "memory".into(),
            person: None,
            now: Timestamp::constant(1_790_000_000, 0),
            sees_private: true,
            sees_all: true,
            page: 100,
            batch: 50,
            normalises: Normalises::default(),
            hides_occurrences: false,
            log: Vec::new(),
            folders,
            items: BTreeMap::new(),
            removed: Vec::new(),
            late: Vec::new(),
            hanging: Vec::new(),
            calls: BTreeMap::new(),
            reads: BTreeSet::new(),
            unreadable: BTreeMap::new(),
            opaque: BTreeSet::new(),
            refusals: Vec::new(),
            sequence: 0,
            epoch: 0,
        }
    }
}

/// Returns the id of the default folder of a kind.
pub fn default_folder(kind: ItemKind) -> FolderId {
    kind.key().into()
}

impl Store {
    /// Returns the items, by id.
    pub fn items(&self) -> impl Iterator<Item = (&ItemId, &Stored)> {
        self.items.iter()
    }

    /// Returns an item.
    pub fn item(&self, id: &ItemId) -> Option<&Stored> {
        self.items.get(id)
    }

    /// Returns the items that are not in Deleted Items.
    pub fn living(&self) -> impl Iterator<Item = (&ItemId, &Stored)> {
        self.items.iter().filter(|(_, item)| !self.is_deleted(&item.folder))
    }

    /// Returns how often a call was made.
    pub fn calls(&self, call: Call) -> usize {
        self.calls.get(&call).copied().unwrap_or(0)
    }

    /// Returns how many writes were asked for.
    pub fn writes(&self) -> usize {
        self.log.len()
    }

    /// Forgets what was asked so far: counts, the log of writes, and whose content was read.
    pub fn forget_calls(&mut self) {
        self.calls.clear();
        self.log.clear();
        self.reads.clear();
    }

    /// Says whether the content of an item was ever handed out (invariant 8).
    pub fn was_read(&self, id: &ItemId) -> bool {
        self.reads.contains(id)
    }

    /// Returns all items and folders in one deterministic form, to compare two states or to keep one as a file.
    pub fn to_json(&self) -> Json {
        let items: Vec<_> = self.items.iter().map(|(id, item)| item.to_json(id)).collect();
        let folders: Vec<_> = self
            .folders
            .iter()
            .map(|(id, folder)| {
                let kind = folder.kind.map(ItemKind::key);
                json!({ "id": id, "name": folder.name, "kind": kind, "parent": folder.parent })
            })
            .collect();
        json!({ "identity": self.identity, "folders": folders, "items": items })
    }

    pub(super) fn count(&mut self, call: Call) {
        *self.calls.entry(call).or_default() += 1;
    }

    pub(super) fn tick(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    pub(super) fn is_deleted(&self, folder: &FolderId) -> bool {
        folder.as_str() == DELETED
            || self
                .folders
                .get(folder)
                .and_then(|folder| folder.parent.as_ref())
                .is_some_and(|parent| self.is_deleted(parent))
    }

    pub(super) fn whereabouts(&self, folder: &FolderId) -> Whereabouts {
        if self.is_deleted(folder) {
            Whereabouts::Deleted
        } else if self.folders.contains_key(folder) {
            Whereabouts::Kept
        } else {
            Whereabouts::Gone
        }
    }

    pub(super) fn folder_at(
        &mut self,
        kind: ItemKind,
        path: &[String],
        create: bool,
    ) -> Option<FolderId> {
        path.iter().try_fold(default_folder(kind), |parent, name| {
            // Exchange compares folder names without regard to letter case.
            let same = |folder: &Folder| {
                folder.parent.as_ref() == Some(&parent)
                    && folder.name.to_lowercase() == name.to_lowercase()
            };
            let known = self.folders.iter().find(|(_, folder)| same(folder)).map(|(id, _)| id);
            known.cloned().or_else(|| create.then(|| self.make_folder(kind, name, &parent)))
        })
    }

    pub(super) fn make_folder(
        &mut self,
        kind: ItemKind,
        name: &str,
        parent: &FolderId,
    ) -> FolderId {
        let id = FolderId::new(format!("folder-{}", self.tick()));
        let parent = Some(parent.clone());
        self.folders.insert(id.clone(), Folder { kind: Some(kind), name: name.to_owned(), parent });
        id
    }

    fn identity_of(&self, id: &ItemId) -> Result<Identity, ItemError> {
        let item = self.items.get(id).ok_or(ItemError::Gone)?;
        if item.is_private() && !self.sees_private {
            return Err(ItemError::Gone);
        }
        Ok(item.identity(id))
    }

    pub(super) fn identify(&self, id: &ItemId) -> Result<Identity, ItemError> {
        match self.unreadable.get(id).filter(|_| self.opaque.contains(id)) {
            Some(error) => Err(error.clone()),
            None => self.identity_of(id),
        }
    }

    pub(super) fn read(&mut self, id: &ItemId) -> Result<Item, ItemError> {
        let identity = self.identity_of(id)?;
        if let Some(error) = self.unreadable.get(id) {
            return Err(error.clone());
        }
        let item = self.items.get(id).ok_or(ItemError::Gone)?;
        self.reads.insert(id.clone());
        Ok(Item {
            identity,
            folder: Some(item.folder.clone()),
            content: item.delivered(),
            modified_at: Some(item.modified_at),
            modified_by: Some(item.modified_by.clone()),
            created_at: Some(item.created_at),
            has_guests: item.has_guests,
            rich: item.rich,
            fixed: item.fixed,
            unsupported: item.unsupported,
            read_only: FieldSet::EMPTY,
            formerly: Content::new(),
            aside: Aside { wants_a_write: item.unfinished, ..Aside::default() },
        })
    }

    pub(super) fn find(&self, kind: ItemKind, wanted: &Wanted<'_>) -> Vec<Found> {
        let matches = |stamp: &Stamp| {
            stamp.tenant == *wanted.tenant
                && stamp.user == *wanted.user
                && match wanted.by {
                    By::Any => true,
                    By::Records(records) => records.contains(&stamp.record),
                    By::Tokens(tokens) => tokens.contains(&stamp.token),
                }
        };
        self.items
            .iter()
            .filter(|(_, item)| item.kind == Some(kind))
            .filter(|(_, item)| self.sees_private || !item.is_private())
            .filter(|(_, item)| {
                let folder = &item.folder;
                self.sees_all || *folder == default_folder(kind) || self.is_deleted(folder)
            })
            .filter(|(id, item)| {
                self.opaque.contains(*id) || item.stamp.as_ref().is_some_and(matches)
            })
            .map(|(id, item)| Found {
                identity: match item.identity(id) {
                    identity if self.opaque.contains(id) => Identity { stamp: None, ..identity },
                    identity => identity,
                },
                folder: item.folder.clone(),
                deleted: self.is_deleted(&item.folder),
                created_at: Some(item.created_at),
            })
            .collect()
    }
}

impl Stored {
    pub(super) fn new(folder: FolderId, kind: Option<ItemKind>, at: Timestamp, by: &str) -> Self {
        Self {
            folder,
            kind,
            content: Content::new(),
            stamp: None,
            unmapped: BTreeMap::new(),
            has_guests: false,
            rich: false,
            fixed: FieldSet::EMPTY,
            unsupported: FieldSet::EMPTY,
            unfinished: false,
            modified_at: at,
            modified_by: by.to_owned(),
            created_at: at,
            sequence: 0,
        }
    }

    /// Returns the version, which no other state of any item has.
    pub fn version(&self) -> ItemVersion {
        ItemVersion::new(format!("v{}", self.sequence))
    }

    /// Says whether the item is private or confidential.
    pub fn is_private(&self) -> bool {
        self.content.is_private()
    }

    fn identity(&self, id: &ItemId) -> Identity {
        Identity {
            id: id.clone(),
            version: self.version(),
            kind: self.kind,
            private: self.is_private(),
            stamp: self.stamp.clone(),
        }
    }

    /// Returns the content as it is read: every field of the kind is known, but for what cannot be represented.
    fn delivered(&self) -> Content {
        let Some(kind) = self.kind else { return Content::new() };
        let mut content = self.content.clone();
        for field in Field::of(kind).filter(|field| field.fits_outlook()) {
            if content.slot(field).is_none() {
                content.set_blank(field);
            }
        }
        content.forget_all(self.fixed.union(self.unsupported));
        content
    }

    fn to_json(&self, id: &ItemId) -> Json {
        let content: serde_json::Map<_, _> = self
            .content
            .iter()
            .map(|(field, slot)| (field.key().to_owned(), json::to_json(slot)))
            .collect();
        json!({
            "id": id,
            "version": self.version(),
            "folder": self.folder,
            "kind": self.kind.map(ItemKind::key),
            "content": content,
            "stamp": self.stamp.as_ref().map(|stamp| json!({
                "tenant": stamp.tenant, "user": stamp.user, "record": stamp.record, "token": stamp.token,
                "version": stamp.version, "fingerprint": stamp.fingerprint,
            })),
            "unmapped": self.unmapped,
            "modified_at": self.modified_at.to_string(),
            "modified_by": self.modified_by,
        })
    }
}
