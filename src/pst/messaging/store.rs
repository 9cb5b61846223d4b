//! The store: where everything begins (effect). MS-PST 2.4.3.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::path::Path;

use crate::mapi::{Value, entry::StoreEntry, property};
use crate::pst::error::PstError;
use crate::pst::id::{Nid, NidKind};
use crate::pst::ndb::{Ndb, Node, Nodes};

use super::code_page::CodePage;
use super::folder::Folder;
use super::item::Item;
use super::names::NameMap;
use super::object::{Object, Surroundings};

/// The top folder and Deleted Items of caches, which have the same ids in all of them.
const CACHED_TOP: Nid = Nid(0x2142);
const CACHED_DELETED_ITEMS: Nid = Nid(0x2162);

/// A folder that is in another one, or in one that is in that.
#[derive(Debug)]
pub struct Below {
    /// How many folders it is below the first.
    pub depth: usize,
    /// Which folder.
    pub nid: Nid,
    /// What keeps its own properties or its table of folders from being read. The folders in it are found all the same, by what
    /// their nodes say of where they are.
    pub unread: Option<PstError>,
}

impl Below {
    /// Returns the folder where nothing of it is unread, for those who need all of them.
    ///
    /// # Errors
    ///
    /// What keeps it from being read.
    pub fn whole(self) -> Result<(usize, Nid), PstError> {
        self.unread.map_or(Ok((self.depth, self.nid)), Err)
    }
}

/// A store: folders and items on top of nodes.
pub struct Store<N> {
    nodes: N,
    names: OnceCell<NameMap>,
    code_page: CodePage,
}

impl Store<Ndb> {
    /// Opens a file for reading, as [`Ndb::at`] does. Its header is verified, and everything else when it is read.
    pub fn open(path: &Path) -> Result<Self, PstError> {
        Ndb::at(path).map(Self::new)
    }
}

impl<N: Nodes> Store<N> {
    /// Sees nodes as a store.
    pub fn new(nodes: N) -> Self {
        Self { nodes, names: OnceCell::new(), code_page: CodePage::WESTERN }
    }

    /// Sets the code page of texts that are not in Unicode, where nothing says which one it is.
    #[must_use]
    pub fn with_code_page(mut self, page: CodePage) -> Self {
        self.code_page = page;
        self
    }

    /// Returns the nodes.
    pub fn nodes(&self) -> &N {
        &self.nodes
    }

    /// Gives the nodes back.
    pub fn into_nodes(self) -> N {
        self.nodes
    }

    /// Returns the named properties of the store; they are read once.
    pub fn names(&self) -> Result<&NameMap, PstError> {
        if let Some(names) = self.names.get() {
            return Ok(names);
        }
        let names = NameMap::read(&self.nodes)?;
        Ok(self.names.get_or_init(|| names))
    }

    /// Returns the store's own properties.
    pub fn properties(&self) -> Result<Object<'_>, PstError> {
        Object::open(self.surroundings()?, self.must(Nid::STORE, "store")?)
    }

    /// Returns what tells this store from all others, `PidTagRecordKey`; `None` where it has none.
    pub fn record_key(&self) -> Result<Option<[u8; 16]>, PstError> {
        let key = self.properties()?.value(property::STORE_RECORD_KEY)?;
        Ok(key.and_then(|key| key.as_bytes().and_then(|bytes| bytes.try_into().ok())))
    }

    /// Says whether Outlook asks for a password. It protects nothing: the data are not encrypted with it.
    pub fn has_password(&self) -> Result<bool, PstError> {
        let password = self.properties()?.value(property::PASSWORD)?;
        // A cached server mailbox has all bits set and no password.
        Ok(password.and_then(|value| value.as_i32()).is_some_and(|crc| crc != 0 && crc != -1))
    }

    /// Returns the folder that people see as the uppermost one. A cached server mailbox does not name it, and has it at a fixed
    /// place.
    pub fn top_folder(&self) -> Result<Folder<'_>, PstError> {
        let subtree = self.properties()?.value(property::IPM_SUBTREE)?;
        let entry = subtree.as_ref().and_then(Value::as_bytes).map(StoreEntry::parse);
        let nid = match entry {
            Some(Ok(entry)) => Nid(entry.node),
            _ => CACHED_TOP,
        };
        let known = self.nodes.node(nid)?.is_some();
        self.folder(if known { nid } else { Nid::ROOT_FOLDER })
    }

    /// Returns Deleted Items: where the store names it, or where caches of server mailboxes have it, which name none (seen in both
    /// sizes of pages). What is named counts only where it can be that: a folder of this store, below the uppermost one, and of none
    /// of the classes whose items go there. What a damaged or copied entry names is often another folder.
    pub fn deleted_items(&self) -> Result<Option<Nid>, PstError> {
        let value = self.properties()?.value(property::DELETED_ITEMS)?;
        let entry = value.as_ref().and_then(Value::as_bytes).map(StoreEntry::parse);
        let nid = match entry {
            Some(Ok(entry)) if self.record_key()? == Some(entry.store) => Nid(entry.node),
            Some(_) => return Ok(None),
            None => {
                let cached = self.nodes.node(CACHED_DELETED_ITEMS)?;
                return Ok(cached.filter(|node| node.parent == CACHED_TOP).map(|node| node.nid));
            }
        };
        let top = self.top_folder()?.nid();
        let mut above = self.nodes.node(nid)?.filter(|node| node.nid.kind() == NidKind::FOLDER);
        let mut passed = HashSet::new();
        while let Some(node) = above
            && node.nid != top
            && passed.insert(node.nid)
        {
            above = self.nodes.node(node.parent)?;
        }
        if nid == top || above.is_none_or(|node| node.nid != top) {
            return Ok(None);
        }
        // One that cannot be read is what it is called: where items went must not look like where they live.
        let class = self.folder(nid).and_then(|folder| folder.class()).ok().flatten();
        let class = class.unwrap_or_default().to_ascii_lowercase();
        let is_other = ["ipf.contact", "ipf.appointment", "ipf.task"]
            .iter()
            .any(|other| class.starts_with(other));
        Ok((!is_other).then_some(nid))
    }

    /// Returns the root folder, which holds the uppermost one and folders that nobody sees.
    pub fn root_folder(&self) -> Result<Folder<'_>, PstError> {
        self.folder(Nid::ROOT_FOLDER)
    }

    /// Returns a folder.
    pub fn folder(&self, nid: Nid) -> Result<Folder<'_>, PstError> {
        let node = self.must(nid, "folder")?;
        Ok(Folder::new(Object::open(self.surroundings()?, node)?))
    }

    /// Returns a folder and all folders in it, parents first, each with its depth below the first: as deep as they are, since each
    /// is gone into once. One that stands in several tables, as in no sound file, is told where it is found first. One that is damaged
    /// hides no other.
    ///
    /// # Errors
    ///
    /// The system failed, so that nothing is known of the folders.
    pub fn folders_below(&self, nid: Nid) -> Result<Vec<Below>, PstError> {
        let mut found = Vec::new();
        let mut seen = HashSet::from([nid]);
        let mut open = vec![(0, nid)];
        // What the nodes say of where folders are, once somebody needs it.
        let mut parents: Option<HashMap<Nid, Vec<Nid>>> = None;
        while let Some((depth, nid)) = open.pop() {
            let (inner, unread) = match self.folders_in(nid) {
                Ok(inner) => (inner, None),
                Err(error) if error.is_of_system() => return Err(error),
                Err(error) => {
                    let parents = match &mut parents {
                        Some(parents) => parents,
                        None => parents.insert(self.parents()?),
                    };
                    (parents.remove(&nid).unwrap_or_default(), Some(error))
                }
            };
            found.push(Below { depth, nid, unread });
            let inner = inner.into_iter().rev().filter(|nid| seen.insert(*nid));
            open.extend(inner.map(|nid| (depth + 1, nid)));
        }
        Ok(found)
    }

    /// Returns the folders in one.
    fn folders_in(&self, nid: Nid) -> Result<Vec<Nid>, PstError> {
        if nid.kind() == NidKind::SEARCH_FOLDER {
            return Ok(Vec::new());
        }
        self.folder(nid)?.folders()
    }

    /// Returns the folders by the folder that their node names as the one that they are in (MS-PST 2.2.2.7.7.4, `nidParent`), as
    /// far as the tree of nodes can be read.
    fn parents(&self) -> Result<HashMap<Nid, Vec<Nid>>, PstError> {
        let mut parents: HashMap<Nid, Vec<Nid>> = HashMap::new();
        let walked = self.nodes.nodes(Nid(0), &mut |node| {
            if [NidKind::FOLDER, NidKind::SEARCH_FOLDER].contains(&node.nid.kind()) {
                parents.entry(node.parent).or_default().push(node.nid);
            }
            ControlFlow::Continue(())
        });
        match walked {
            Err(error) if error.is_of_system() => Err(error),
            _ => Ok(parents),
        }
    }

    /// Returns an item.
    pub fn item(&self, nid: Nid) -> Result<Item<'_>, PstError> {
        let node = self.must(nid, "item")?;
        Ok(Item::new(Object::open(self.surroundings()?, node)?))
    }

    fn surroundings(&self) -> Result<Surroundings<'_>, PstError> {
        Ok(Surroundings { nodes: &self.nodes, names: self.names()?, code_page: self.code_page })
    }

    fn must(&self, nid: Nid, what: &'static str) -> Result<Node, PstError> {
        self.nodes.node(nid)?.ok_or(PstError::NoNode { nid, what })
    }
}
