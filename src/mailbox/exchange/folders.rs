//! Effect: the folders of a mailbox: which mailbox it is, where items go, and where stamped items may be.

use sha2::{Digest, Sha256};

use crate::ews::operation::create_folder::{CreateFolder, NewFolder};
use crate::ews::operation::find_folder::FindFolder;
use crate::ews::operation::folder::{DistinguishedFolder, Folder, FolderRef, FolderRights};
use crate::ews::operation::get_folder::GetFolder;
use crate::ews::operation::{FindPage, Placed};
use crate::ews::{self, ErrorKind, Refusal, ResponseCode};
use crate::mailbox::exchange::wire::{Patience, Wire, ask, wait_for_page};
use crate::mailbox::exchange::{failure, kind};
use crate::mailbox::{MailboxError, MailboxErrorKind, Opened, Stage, Whereabouts};
use crate::model::{FolderId, ItemKind, MailboxIdentity};
use crate::reason::Advice;

/// The folders that say which mailbox this is, and the root, which a delegate may not see.
const DEFAULTS: [DistinguishedFolder; 5] = [
    DistinguishedFolder::Contacts,
    DistinguishedFolder::Calendar,
    DistinguishedFolder::Tasks,
    DistinguishedFolder::DeletedItems,
    DistinguishedFolder::MsgFolderRoot,
];

/// How many folders a page has.
const PAGE: u32 = 1000;

/// A folder in which stamped items may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Which.
    pub(super) id: ews::FolderId,
    /// Whether it is Deleted Items or lies below it.
    pub(super) deleted: bool,
}

/// Whose mailbox to open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Whose {
    /// That of the one who logs in or is impersonated.
    #[default]
    Own,
    /// That of the one who logs in, which must be the one of this address.
    OwnOf(String),
    /// That of this address, as a delegate.
    Of(String),
}

/// What is known of the folders; kept for one run.
#[derive(Debug, Default)]
pub(super) struct Folders {
    whose: Whose,
    defaults: Option<Defaults>,
    tree: Option<Vec<Folder>>,
}

#[derive(Clone, Debug)]
struct Defaults {
    contacts: Folder,
    calendar: Folder,
    tasks: Folder,
    deleted: Folder,
    root: Option<Folder>,
}

impl Defaults {
    const fn of(&self, kind: ItemKind) -> &Folder {
        match kind {
            ItemKind::Contact => &self.contacts,
            ItemKind::Appointment => &self.calendar,
            ItemKind::Task => &self.tasks,
        }
    }
}

impl Folders {
    /// Makes an empty one.
    pub(super) fn new(whose: Whose) -> Self {
        Self { whose, ..Self::default() }
    }

    /// Asks for the default folders in one call. Their ids say which mailbox this is (rule D15): they change when a mailbox is
    /// restored or made anew. All are needed, whichever are used, so that it stays the same mailbox when a line uses more or less of
    /// it; a delegate has to see those that are not used, and to read nothing of them. The root is left out of that, since a
    /// delegate's rights on it come and go.
    pub(super) fn open<W: Wire>(
        &mut self,
        wire: &mut W,
        patience: Patience,
    ) -> Result<Opened, MailboxError> {
        self.tree = None;
        let operation = GetFolder { folders: self.defaults_of() };
        let parts = loop {
            let parts = ask(wire, patience, Stage::Mailbox, &operation, refused)?;
            // A mailbox may lie on an older server than the one that took the request; then its folders are refused one by one.
            let too_new = parts.iter().filter_map(refused).any(|no| no.code.asks_for_older());
            let settled = if too_new { !wire.step_down() } else { wire.agree() };
            if settled {
                break parts;
            }
        };
        let mut found: [Option<Result<Folder, Refusal>>; 6] = [const { None }; 6];
        for (place, folder) in parts {
            if let Some(slot) = found.get_mut(place) {
                *slot = Some(folder);
            }
        }
        let [contacts, calendar, tasks, deleted, root, by_address] = found;
        let defaults = Defaults {
            contacts: needed(contacts, "contacts")?,
            calendar: needed(calendar, "calendar")?,
            tasks: needed(tasks, "tasks")?,
            deleted: needed(deleted, "deleted items")?,
            root: root.and_then(Result::ok),
        };
        self.is_own(&defaults, by_address)?;
        let mut hash = Sha256::new();
        for folder in [&defaults.contacts, &defaults.calendar, &defaults.tasks, &defaults.deleted] {
            hash.update(folder.id.as_str());
            hash.update([0]);
        }
        let identity: String =
            hash.finalize().iter().take(16).flat_map(|byte| hex(*byte)).collect();
        let opened = Opened {
            identity: MailboxIdentity::new(identity),
            exists: true,
            clock: wire.clock(),
            sees_private: [&defaults.contacts, &defaults.calendar, &defaults.tasks]
                .into_iter()
                .filter(|folder| folder.rights.is_none_or(|rights| rights.read))
                .all(|folder| self.sees_private(folder)),
            sees_all: defaults.root.as_ref().is_some_and(|root| self.sees_below(root)),
            ids_last: true,
        };
        self.defaults = Some(defaults);
        Ok(opened)
    }

    /// Says whether the ids of the default folders are bare MAPI entry ids.
    pub(super) fn have_entry_ids(&self) -> bool {
        self.defaults.as_ref().is_some_and(|known| is_entry_id(&known.deleted.id))
    }

    /// A server that says nothing about it hides nothing from the owner, and nobody knows what from a delegate (rule D4).
    fn sees_private(&self, folder: &Folder) -> bool {
        let told = folder.rights.and_then(|rights| rights.view_private_items);
        told.unwrap_or(!matches!(self.whose, Whose::Of(_)))
    }

    /// Of folders that a delegate may not see the server tells nothing, and rights on the root say nothing of those below it: a folder
    /// takes them over when it is made, and one that is older keeps its own. Full access is all that an owner may, on the root too,
    /// which nobody gives there by itself.
    fn sees_below(&self, root: &Folder) -> bool {
        let owns = |rights: FolderRights| {
            rights.read && rights.modify && rights.create_contents && rights.create_hierarchy
        };
        !matches!(self.whose, Whose::Of(_)) || root.rights.is_some_and(owns)
    }

    /// Names the folders to ask for. Where the login's own mailbox must be that of an address, one folder is asked for by the
    /// address as well: if it is the same folder, it is the same mailbox.
    fn defaults_of(&self) -> Vec<FolderRef> {
        let (mailbox, twice) = match &self.whose {
            Whose::Own => (None, None),
            Whose::OwnOf(address) => (None, Some(address.clone())),
            Whose::Of(address) => (Some(address.clone()), None),
        };
        let of = |folder, mailbox| FolderRef::Distinguished { folder, mailbox };
        let mut folders: Vec<_> =
            DEFAULTS.iter().map(|folder| of(*folder, mailbox.clone())).collect();
        folders.extend(twice.map(|address| of(DistinguishedFolder::Contacts, Some(address))));
        folders
    }

    /// Holds the login's own mailbox against the address that it is to have: another person's items would land in it.
    fn is_own(
        &self,
        defaults: &Defaults,
        by_address: Option<Result<Folder, Refusal>>,
    ) -> Result<(), MailboxError> {
        let Whose::OwnOf(address) = &self.whose else { return Ok(()) };
        let problem = match by_address {
            Some(Ok(folder)) if folder.id == defaults.contacts.id => return Ok(()),
            Some(Err(refusal)) => failure::of_refusal(&refusal, Stage::Mailbox),
            Some(Ok(_)) | None => failure::of_call(Ok(()), Stage::Mailbox),
        };
        Err(MailboxError {
            kind: MailboxErrorKind::Denied,
            text: format!("the mailbox of the login is not the one of {address}"),
            hint: Some(Advice::new(
                "mit access = \"own\" öffnet das Konto nur sein eigenes Postfach; dessen Adresse schreiben, oder impersonation oder delegate benutzen",
                "with access = \"own\" the account opens its own mailbox only; write its address, or use impersonation or delegate",
            )),
            ..problem
        })
    }

    fn defaults<W: Wire>(
        &mut self,
        wire: &mut W,
        patience: Patience,
    ) -> Result<Defaults, MailboxError> {
        if self.defaults.is_none() {
            self.open(wire, patience)?;
        }
        self.defaults.clone().ok_or_else(|| failure::of_call(Ok(()), Stage::Mailbox))
    }

    /// Finds a folder by its path below the default one, and makes what is missing where that is asked for.
    pub(super) fn find<W: Wire>(
        &mut self,
        wire: &mut W,
        patience: Patience,
        kind: ItemKind,
        path: &[String],
        create: bool,
    ) -> Result<Option<FolderId>, MailboxError> {
        let mut at = self.defaults(wire, patience)?.of(kind).id.clone();
        for name in path {
            let known = self.tree(wire, patience)?;
            let child = match named(known, &at, name) {
                Some(child) => child,
                None if create => self.make(wire, patience, kind, &at, name)?,
                None => return Ok(None),
            };
            at = child;
        }
        Ok(Some(at.as_str().into()))
    }

    /// Says where folders are. Costs one call; the tree is asked for only where a folder lies neither in a default one nor in
    /// Deleted Items itself.
    pub(super) fn whereabouts<W: Wire>(
        &mut self,
        wire: &mut W,
        patience: Patience,
        folders: &[FolderId],
    ) -> Result<Vec<Whereabouts>, MailboxError> {
        let defaults = self.defaults(wire, patience)?;
        let [bin, homes @ ..] =
            [&defaults.deleted, &defaults.contacts, &defaults.calendar, &defaults.tasks];
        let asked = folders.iter().map(|id| ews::FolderId::new(id.as_str()).into()).collect();
        let operation = GetFolder { folders: asked };
        let parts = ask(wire, patience, Stage::Folder, &operation, refused)?;
        let mut whereabouts = vec![Whereabouts::Hidden; folders.len()];
        for (place, part) in parts {
            let found = match part {
                Ok(folder) => {
                    let is_or_lies_in = |other: &&Folder| {
                        folder.id == other.id || folder.parent.as_ref() == Some(&other.id)
                    };
                    if is_or_lies_in(&bin) {
                        Whereabouts::Deleted
                    } else if homes.iter().any(is_or_lies_in)
                        || !lies_below(self.tree(wire, patience)?, &folder, &bin.id)
                    {
                        Whereabouts::Kept
                    } else {
                        Whereabouts::Deleted
                    }
                }
                // grommunio 3.10 says of a folder that is gone that its properties are not to be had (recordings, section 1).
                Err(refusal)
                    if refusal.kind() == ErrorKind::Gone
                        || refusal.code.to_string() == "ErrorFolderPropertyRequestFailed" =>
                {
                    Whereabouts::Gone
                }
                Err(_) => Whereabouts::Hidden,
            };
            if let Some(slot) = whereabouts.get_mut(place) {
                *slot = found;
            }
        }
        Ok(whereabouts)
    }

    /// Returns the rights on a folder that is known.
    pub(super) fn rights(&self, folder: &FolderId) -> Option<FolderRights> {
        let defaults = self.defaults.as_ref();
        let defaults = defaults.map(|known| [&known.contacts, &known.calendar, &known.tasks]);
        let known = defaults.into_iter().flatten().chain(self.tree.iter().flatten());
        known.into_iter().find(|known| known.id.as_str() == folder.as_str())?.rights
    }

    /// Returns the rights on Deleted Items.
    pub(super) fn rights_on_deleted(&self) -> Option<FolderRights> {
        self.defaults.as_ref()?.deleted.rights
    }

    /// Forgets the folders below the default ones, so that the next look at them is fresh.
    pub(super) fn renew(&mut self) {
        self.tree = None;
    }

    fn make<W: Wire>(
        &mut self,
        wire: &mut W,
        patience: Patience,
        kind: ItemKind,
        parent: &ews::FolderId,
        name: &str,
    ) -> Result<ews::FolderId, MailboxError> {
        let folder = NewFolder { kind: kind::folder_kind(kind), name: name.to_owned() };
        let parent_ref = FolderRef::Id(parent.clone());
        let operation = CreateFolder { parent: parent_ref, folders: vec![folder] };
        let mut part = None;
        // A folder is never doubled: a second create of the name is refused. So a lost answer needs no care beyond looking.
        let outcome = wire.call(&operation, &mut |(_, made)| part = Some(made));
        self.tree = None;
        match (outcome, part) {
            (Ok(()), Some(Ok(folder))) => Ok(folder.id),
            (Ok(()), Some(Err(refusal))) if refusal.code != ResponseCode::ErrorFolderExists => {
                Err(failure::of_refusal(&refusal, Stage::Folder))
            }
            (outcome, _) => match named(self.tree(wire, patience)?, parent, name) {
                Some(id) => Ok(id),
                None => Err(failure::of_call(outcome, Stage::Folder)),
            },
        }
    }

    /// Lists all folders in which stamped items of a kind may be: those for the kind, and everything that was deleted.
    pub(super) fn places<W: Wire>(
        &mut self,
        wire: &mut W,
        patience: Patience,
        kind: ItemKind,
    ) -> Result<Vec<Place>, MailboxError> {
        let defaults = self.defaults(wire, patience)?;
        let (home, bin) = (defaults.of(kind).id.clone(), defaults.deleted.id.clone());
        let tree = self.tree(wire, patience)?;
        let mut places = vec![
            Place { id: home.clone(), deleted: false },
            Place { id: bin.clone(), deleted: true },
        ];
        for folder in tree.iter().filter(|folder| folder.hidden != Some(true)) {
            let deleted = lies_below(tree, folder, &bin);
            // A folder without a class is for what the folder above it is for.
            let fits = folder.has_class(kind::folder_class(kind))
                || (folder.class.is_none() && lies_below(tree, folder, &home));
            if (fits || deleted) && folder.id != home && folder.id != bin {
                places.push(Place { id: folder.id.clone(), deleted });
            }
        }
        Ok(places)
    }

    /// Lists the folders below the root; below the default folders where the root cannot be seen.
    fn tree<W: Wire>(
        &mut self,
        wire: &mut W,
        patience: Patience,
    ) -> Result<&[Folder], MailboxError> {
        if self.tree.is_none() {
            let defaults = self.defaults(wire, patience)?;
            let parents: Vec<FolderRef> = match &defaults.root {
                Some(root) => vec![root.id.clone().into()],
                None => {
                    [&defaults.contacts, &defaults.calendar, &defaults.tasks, &defaults.deleted]
                        .map(|folder| folder.id.clone().into())
                        .to_vec()
                }
            };
            let mut tree = Vec::new();
            for parent in parents {
                below(wire, patience, &parent, &mut tree)?;
            }
            self.tree = Some(tree);
        }
        Ok(self.tree.as_deref().unwrap_or_default())
    }
}

/// An entry id begins with four bytes of nought, in base64. The ids of Exchange begin with their kind and the length of what follows.
fn is_entry_id(id: &ews::FolderId) -> bool {
    id.as_str().starts_with("AAAAA")
}

fn refused<T>(part: &Placed<T>) -> Option<&Refusal> {
    part.1.as_ref().err()
}

fn hex(byte: u8) -> [char; 2] {
    [byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).unwrap_or('0'))
}

fn needed(
    found: Option<Result<Folder, Refusal>>,
    name: &'static str,
) -> Result<Folder, MailboxError> {
    match found {
        Some(Ok(folder)) => Ok(folder),
        Some(Err(refusal)) => {
            let stage = match refusal.code {
                ResponseCode::ErrorAccessDenied => Stage::Folder,
                _ => Stage::Mailbox,
            };
            let mut error = failure::of_refusal(&refusal, stage);
            error.text = format!("the default folder for {name} cannot be opened ({})", error.text);
            if stage == Stage::Folder {
                let hint = Advice::new(
                    "die Standardordner sagen, welches Postfach es ist, sodass ein Stellvertreter sie alle sehen muss; `abgleich check --exchange-setup` druckt die Rechte",
                    "the default folders say which mailbox this is, so that a delegate has to see all of them; `abgleich check --exchange-setup` prints the rights",
                );
                error.hint = Some(hint);
            }
            Err(error)
        }
        None => Err(failure::of_call(Ok(()), Stage::Mailbox)),
    }
}

/// Exchange compares names without regard to case.
fn named(tree: &[Folder], parent: &ews::FolderId, name: &str) -> Option<ews::FolderId> {
    let wanted = name.to_lowercase();
    let mut children = tree.iter().filter(|folder| folder.parent.as_ref() == Some(parent));
    let found = children
        .find(|folder| folder.name.as_ref().is_some_and(|name| name.to_lowercase() == wanted));
    found.map(|folder| folder.id.clone())
}

/// Follows the folders upwards. A tree that is no tree ends after as many steps as there are folders.
fn lies_below(tree: &[Folder], folder: &Folder, ancestor: &ews::FolderId) -> bool {
    let mut parent = folder.parent.as_ref();
    for _ in 0..=tree.len() {
        match parent {
            Some(id) if id == ancestor => return true,
            Some(id) => {
                parent =
                    tree.iter().find(|folder| folder.id == *id).and_then(|f| f.parent.as_ref());
            }
            None => return false,
        }
    }
    false
}

fn below<W: Wire>(
    wire: &mut W,
    patience: Patience,
    parent: &FolderRef,
    tree: &mut Vec<Folder>,
) -> Result<(), MailboxError> {
    let (mut offset, mut waiting) = (0, patience.begin());
    loop {
        let operation = FindFolder { parents: vec![parent.clone()], offset, page_size: PAGE };
        let parts = ask(wire, patience, Stage::Folder, &operation, refused)?;
        let (mut fresh, mut next) = (0_u32, None);
        for (_, part) in parts {
            match part.map_err(|refusal| failure::of_refusal(&refusal, Stage::Folder))? {
                FindPage::Entry(folder) => {
                    if !tree.iter().any(|known| known.id == folder.id) {
                        fresh += 1;
                        tree.push(folder);
                    }
                }
                FindPage::End { last: false, next_offset, .. } => {
                    next = Some(next_offset.unwrap_or(offset + PAGE));
                }
                FindPage::End { .. } => {}
            }
        }
        match next {
            Some(next) if fresh > 0 && next > offset => {
                (offset, waiting) = (next, patience.begin());
            }
            Some(_) => wait_for_page(wire, &mut waiting, Stage::Folder, "folders")?,
            None => return Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_entry_id;
    use crate::ews::FolderId;

    #[test]
    fn the_ids_of_grommunio_are_no_exchange_ids() {
        // Recording 01-folder-discovery, and examples of Microsoft's pages on Exchange 2007 and later (docs, ewsjs).
        let id = "AAAAAC9c/BorGWpMpxPhy/6KV84BAAEAAAClGHtvvNzqHtA8VlcAAAAAABMAAAI=";
        assert!(is_entry_id(&FolderId::new(id)));
        for id in ["AAMkADBlY2YyMTAyLWM=", "AQMkADBlY2YyMTAyLWM=", "AS4AUn=="] {
            assert!(!is_entry_id(&FolderId::new(id)), "{id}");
        }
    }
}
