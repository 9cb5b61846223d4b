//! New stores with everything that Outlook, its repair tool and other readers expect to find (effect). MS-PST 2.7.1, completed
//! by what Outlook itself writes.

use std::borrow::Cow;
use std::path::Path;

use crate::mapi::{PropertyId, PropertyName, PropertyTag, Value, property};
use crate::pst::PstError;
use crate::pst::id::{Nid, NidKind};
use crate::pst::ltp::write::bth::Bth;
use crate::pst::ltp::write::{Cell, Given, Heap, NoBlocks, RowVersion};
use crate::pst::ndb::write::{NewFile, Settings, Transaction, WriteError, Writer};
use crate::pst::ndb::{Node, Nodes};

use super::batch::Batch;
use super::folder::{NewFolder, given, put_context, put_folder, put_table};
use super::names::NameMap;
use super::node::{apply_table, entry};
use super::template::{
    ASSOCIATED, ATTACHMENTS, CONTENTS, HIERARCHY, OUTGOING, RECEIVE_FOLDERS, RECIPIENTS,
    REPLICATION, SEARCH_CONTENTS,
};

/// Folders that every store has.
const TOP: Nid = Nid(0x8022);
const SEARCH_ROOT: Nid = Nid(0x8042);
const DELETED_ITEMS: Nid = Nid(0x8062);
const SPAM_SEARCH: Nid = Nid(0x2223);

/// Nodes without properties.
const SEARCH_ACTIVITY: Nid = Nid(0x201);
const REPLICA_MAP: Nid = Nid(0xC01);
const EMPTY: [Nid; 4] = [Nid::SEARCH_QUEUE, Nid::SEARCH_FOLDERS, Nid(0xEC1), Nid(0x2226)];
const SPAM_CRITERIA: Nid = Nid(0x2227);
const SPAM_CONTENTS: Nid = Nid(0x2230);

/// Top of personal folders, Deleted Items, Search Root.
const VALID_FOLDERS: i32 = 0x01 | 0x08 | 0x80;

/// What Outlook writes into its stores, and nobody has explained.
const REPLICATION_VERSION: PropertyTag = PropertyTag::from_bits(0x0E34_0102);
const REPLICATION_FLAGS: PropertyTag = PropertyTag::from_bits(0x0E38_0003);
const STORE_FLAG: PropertyTag = PropertyTag::from_bits(0x6633_000B);
const STORE_NUMBER: PropertyTag = PropertyTag::from_bits(0x66FA_0003);
const STORE_NUMBER_OF_OUTLOOK: i32 = 0x000E_0011;
const SEARCH_CRITERIA: PropertyTag = PropertyTag::from_bits(0x660B_0003);
/// Nothing in a new store has a named property.
const NO_NAMED: u16 = 0;
/// Where mails of a class go.
const RECEIVE_FOLDER: PropertyTag = PropertyTag::from_bits(0x6605_0003);

/// What a folder is to the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// The calendar.
    Calendar,
    /// The contacts.
    Contacts,
    /// The tasks.
    Tasks,
}

impl Role {
    /// The property of the root folder that names the folder.
    fn property(self) -> PropertyId {
        match self {
            Self::Calendar => property::DEFAULT_CALENDAR.id,
            Self::Contacts => property::DEFAULT_CONTACTS.id,
            Self::Tasks => property::DEFAULT_TASKS.id,
        }
    }

    /// The class of such folders.
    pub fn class(self) -> &'static str {
        match self {
            Self::Calendar => "IPF.Appointment",
            Self::Contacts => "IPF.Contact",
            Self::Tasks => "IPF.Task",
        }
    }
}

/// A store to be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewStore {
    /// The name that people see.
    pub name: String,
    /// The name of the folder above all others.
    pub top: String,
    /// The name of the folder for deleted items.
    pub deleted_items: String,
    /// The store's own folders by what they are to it, with their names.
    pub folders: Vec<(Role, String)>,
    /// Names of properties that its items are going to have. A name that is added to the store later costs a look at all that it
    /// holds.
    pub names: Vec<PropertyName>,
}

impl NewStore {
    /// Describes a store with the names that a German Outlook gives its folders.
    pub fn german(name: &str) -> Self {
        Self::named(
            name,
            ["Oberste Ebene der Outlook-Datendatei", "Gelöschte Elemente"],
            ["Kalender", "Kontakte", "Aufgaben"],
        )
    }

    /// Describes a store with the names that an English Outlook gives its folders.
    pub fn english(name: &str) -> Self {
        Self::named(
            name,
            ["Top of Outlook data file", "Deleted Items"],
            ["Calendar", "Contacts", "Tasks"],
        )
    }

    fn named(name: &str, [top, deleted_items]: [&str; 2], folders: [&str; 3]) -> Self {
        let roles = [Role::Calendar, Role::Contacts, Role::Tasks];
        Self {
            name: name.to_owned(),
            top: top.to_owned(),
            deleted_items: deleted_items.to_owned(),
            folders: roles.into_iter().zip(folders.map(str::to_owned)).collect(),
            names: Vec::new(),
        }
    }
}

/// The folders of a store that was created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// The folder above all that people see.
    pub top: Nid,
    /// Deleted Items.
    pub deleted_items: Nid,
    folders: Vec<(Role, Nid)>,
}

impl Made {
    /// Returns the folder that has a role.
    pub fn role(&self, role: Role) -> Option<Nid> {
        self.folders.iter().find(|(own, _)| *own == role).map(|(_, nid)| *nid)
    }
}

/// Creates a store and opens it. Nothing of it is to be seen under its name before it is whole.
pub fn create(
    path: &Path,
    store: &NewStore,
    settings: &Settings,
) -> Result<(Writer, Made), WriteError> {
    let mut file = NewFile::begin(path, settings)?;
    let made = fill(file.change()?, store)?;
    let mut writer = file.finish()?;
    writer.note_highest_named(NO_NAMED);
    Ok((writer, made))
}

/// Puts all nodes of a new store into an empty file.
pub fn fill(mut tx: Transaction<'_>, store: &NewStore) -> Result<Made, WriteError> {
    let mut key = [0; 16];
    getrandom::fill(&mut key).map_err(|error| {
        PstError::io("get random bytes", 0, std::io::Error::other(error.to_string()))
    })?;
    put_templates(&mut tx)?;
    let names = NameMap::create(&store.names)?;
    let names = names.properties();
    let names = names.iter().map(|(tag, bytes)| (*tag, Given::Bytes(bytes)));
    put_context(&mut tx, Nid::NAME_MAP, Nid(0), names)?;
    put_context(&mut tx, Nid::STORE, Nid(0), given(&store_properties(store, key)))?;
    let no_class = |name: &str| NewFolder { name: name.to_owned(), class: None };
    put_folder(&mut tx, Nid::ROOT_FOLDER, Nid::ROOT_FOLDER, &no_class(""), true)?;
    put_folder(&mut tx, TOP, Nid::ROOT_FOLDER, &no_class(&store.top), false)?;
    put_folder(&mut tx, SEARCH_ROOT, Nid::ROOT_FOLDER, &no_class("Search Root"), false)?;
    let deleted = NewFolder::new(&store.deleted_items, "IPF.Note");
    put_folder(&mut tx, DELETED_ITEMS, TOP, &deleted, false)?;
    put_spam_search(&mut tx)?;
    for nid in EMPTY {
        tx.set_node(entry(nid, None, None))?;
    }
    let data = tx.put_data(&SPAM_SEARCH.0.to_le_bytes())?;
    tx.set_node(entry(SEARCH_ACTIVITY, data, None))?;
    put_replica_map(&mut tx)?;

    let mut batch = Batch::over(tx, crate::mapi::FileTime(0))?;
    for folder in [TOP, SEARCH_ROOT, SPAM_SEARCH] {
        batch.enter_folder(folder, Nid::ROOT_FOLDER)?;
    }
    batch.enter_folder(DELETED_ITEMS, TOP)?;
    let mut folders = Vec::new();
    for (role, name) in &store.folders {
        let nid = batch.create_folder(TOP, &NewFolder::new(name, role.class()))?;
        let id = entry_id(key, nid);
        let tag = role.property().of(crate::mapi::PropertyType::BINARY);
        batch.set_property(Nid::ROOT_FOLDER, tag, &id)?;
        folders.push((*role, nid));
    }
    batch.tx.note_highest_named(NO_NAMED);
    batch.commit()?;
    Ok(Made { top: TOP, deleted_items: DELETED_ITEMS, folders })
}

fn store_properties(store: &NewStore, key: [u8; 16]) -> [(PropertyTag, Value); 11] {
    let mut replication = 1_u32.to_le_bytes().to_vec();
    replication.extend(key);
    replication.extend(1_u32.to_le_bytes());
    [
        (property::STORE_RECORD_KEY, Value::Binary(key.to_vec())),
        (REPLICATION_VERSION, Value::Binary(replication)),
        (REPLICATION_FLAGS, Value::Integer32(0)),
        (property::DISPLAY_NAME, Value::String(store.name.clone())),
        (property::VALID_FOLDER_MASK, Value::Integer32(VALID_FOLDERS)),
        (property::IPM_SUBTREE, Value::Binary(entry_id(key, TOP))),
        (property::DELETED_ITEMS, Value::Binary(entry_id(key, DELETED_ITEMS))),
        (property::FINDER, Value::Binary(entry_id(key, SEARCH_ROOT))),
        (STORE_FLAG, Value::Boolean(true)),
        (STORE_NUMBER, Value::Integer32(STORE_NUMBER_OF_OUTLOOK)),
        (property::PASSWORD, Value::Integer32(0)),
    ]
}

/// Returns the entry id of a node in a store with a record key.
fn entry_id(key: [u8; 16], nid: Nid) -> Vec<u8> {
    [&[0; 4][..], &key, &nid.0.to_le_bytes()].concat()
}

/// Puts the tables that others begin as, and those that Outlook expects.
fn put_templates(tx: &mut Transaction<'_>) -> Result<(), WriteError> {
    let [first, second, third] = &REPLICATION;
    let without_rows = [
        &HIERARCHY,
        &CONTENTS,
        &ASSOCIATED,
        &SEARCH_CONTENTS,
        &ATTACHMENTS,
        &RECIPIENTS,
        &OUTGOING,
        first,
        second,
        third,
    ];
    for template in without_rows {
        put_table(tx, template.nid, template)?;
    }
    let (last, size) = (tx.highest(NidKind::VALUE), tx.layout().block_payload);
    let mut receive = RECEIVE_FOLDERS.table(last, size)?;
    let cells = [
        Cell { tag: property::MESSAGE_CLASS, value: Cow::default() },
        Cell { tag: RECEIVE_FOLDER, value: Nid::ROOT_FOLDER.0.to_le_bytes().to_vec().into() },
    ];
    receive.put(1, RowVersion(tx.unique()), &cells, &NoBlocks)?;
    let node = entry(RECEIVE_FOLDERS.nid, None, None);
    let node = apply_table(tx, node, receive.finish(&NoBlocks)?)?;
    tx.set_node(node)
}

/// Puts Outlook's own search folder. Search folders have no tables like other folders; they have criteria, a queue, and a
/// table of what was found.
fn put_spam_search(tx: &mut Transaction<'_>) -> Result<(), WriteError> {
    let properties = [
        (property::DISPLAY_NAME, Value::String("SPAM Search Folder 2".to_owned())),
        (property::CONTENT_COUNT, Value::Integer32(0)),
        (property::CONTENT_UNREAD_COUNT, Value::Integer32(0)),
        (property::SUBFOLDERS, Value::Boolean(false)),
    ];
    put_context(tx, SPAM_SEARCH, Nid::ROOT_FOLDER, given(&properties))?;
    put_context(tx, SPAM_CRITERIA, Nid(0), [(SEARCH_CRITERIA, Given::Bytes(&[0; 4]))])?;
    put_table(tx, SPAM_CONTENTS, &SEARCH_CONTENTS)
}

/// Puts the map of replicas: a heap whose root names an empty tree with keys of 16 bytes.
fn put_replica_map(tx: &mut Transaction<'_>) -> Result<(), WriteError> {
    const CLIENT: u8 = 0x9C;
    let mut heap = Heap::new(CLIENT, tx.layout().block_payload);
    let tree = Bth::create(&mut heap, 16, 4)?;
    let root = heap.allocate(&tree.header().0.to_le_bytes(), &NoBlocks)?;
    heap.set_root(root, &NoBlocks)?;
    let blocks = heap.finish(&NoBlocks)?.blocks;
    let blocks: Vec<Vec<u8>> = blocks.into_iter().map(|(_, block)| block).collect();
    let data = tx.put_blocks(&blocks)?;
    tx.set_node(Node { nid: REPLICA_MAP, data, sub: None, parent: Nid(0) })
}
