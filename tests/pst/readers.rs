//! All readers behind one function: a file goes in, folders and items with their properties come out, reader by reader.
//!
//! Values are compared as the bytes that the file stores, so no reader's idea of what they mean gets in the way. Search folders
//! are left out: they hold no items of their own.

#[path = "readers/crates.rs"]
mod crates;
#[path = "readers/ours.rs"]
mod ours;
#[path = "readers/programs.rs"]
mod programs;
#[path = "readers/scripts.rs"]
mod scripts;

use std::collections::BTreeMap;
use std::env;
use std::path::Path;

pub(crate) use programs::{Exported, exported, listed};

/// A reader that gives folders and items with all properties.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reader {
    /// The product.
    Ours,
    /// libpff, through libpff-python.
    Libpff,
    /// pst-extractor, in Node.
    Extractor,
    /// The crate outlook-pst by Microsoft.
    OutlookPst,
}

/// What a reader found.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    /// Folders by the ids of their nodes.
    pub(crate) folders: BTreeMap<u32, Folder>,
    /// Items by the ids of their nodes.
    pub(crate) items: BTreeMap<u32, Item>,
    /// Named properties by their ids, as `set/number` or `set/text`; empty where the reader does not tell them.
    pub(crate) names: BTreeMap<u16, String>,
    /// What could not be read: of an item, or of the whole file.
    pub(crate) errors: Vec<(Option<u32>, String)>,
}

/// A folder.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Folder {
    /// The names of the folders it is in and its own, below the root.
    pub(crate) path: Vec<String>,
    /// How many items it lists; `None` where the reader does not say.
    pub(crate) items: Option<u64>,
}

/// An item.
#[derive(Debug)]
pub(crate) struct Item {
    /// The folder it is in.
    pub(crate) folder: u32,
    /// How many attachments it has; `None` where the reader does not say.
    pub(crate) attachments: Option<u64>,
    /// Its properties by their ids in the file.
    pub(crate) properties: Properties,
    /// Its attachments by their ids in it; `None` where the reader does not open them.
    pub(crate) below: Option<BTreeMap<u32, Attachment>>,
    /// Its recipients by the ids of their rows; `None` where the reader does not give them.
    pub(crate) recipients: Option<BTreeMap<u32, Properties>>,
}

/// Properties by their ids in the file.
pub(crate) type Properties = BTreeMap<u16, Value>;

/// An attachment.
#[derive(Debug)]
pub(crate) struct Attachment {
    /// Its own properties.
    pub(crate) properties: Properties,
    /// Those of the message that it is; `None` where it is none.
    pub(crate) message: Option<Properties>,
}

/// A value: its type, and its bytes where the reader gives them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) kind: u16,
    pub(crate) bytes: Option<Vec<u8>>,
}

impl Item {
    /// Returns the text of a property in Unicode.
    pub(crate) fn text(&self, id: u16) -> Option<String> {
        text(&self.properties, id)
    }

    /// Passes the messages that attachments are.
    pub(crate) fn messages(&self) -> impl Iterator<Item = &Properties> {
        let attachments = self.below.iter().flat_map(BTreeMap::values);
        attachments.filter_map(|attachment| attachment.message.as_ref())
    }
}

/// Sorts rows of a table by their ids (67F2).
fn by_row(rows: impl Iterator<Item = Properties>) -> BTreeMap<u32, Properties> {
    let id = |row: &Properties| row.get(&0x67F2)?.bytes.as_deref()?.try_into().ok();
    rows.map(|row| (id(&row).map_or(u32::MAX, u32::from_le_bytes), row)).collect()
}

/// Returns the text of a property in Unicode.
pub(crate) fn text(properties: &Properties, id: u16) -> Option<String> {
    let bytes = properties.get(&id)?.bytes.as_ref()?;
    let units = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    char::decode_utf16(units).collect::<Result<_, _>>().ok()
}

impl Reader {
    /// All of them, ours first.
    pub(crate) const ALL: [Self; 4] = [Self::Ours, Self::Libpff, Self::Extractor, Self::OutlookPst];

    /// Opens a file with this reader; `None` where the reader is not to be had, which is said once.
    pub(crate) fn read(self, file: &Path) -> Option<Reading> {
        match self {
            Self::Ours => Some(ours::read(file)),
            Self::Libpff => scripts::libpff(file),
            Self::Extractor => scripts::extractor(file),
            Self::OutlookPst => Some(crates::outlook_pst(file)),
        }
    }
}

/// Opens a file with every reader that is to be had.
pub(crate) fn everybody(file: &Path) -> BTreeMap<Reader, Reading> {
    Reader::ALL.into_iter().filter_map(|reader| Some((reader, reader.read(file)?))).collect()
}

/// Says that a reader is not to be had. Where `ABGLEICH_PST_READERS` is `must`, as in CI when all were found there, that is a
/// failure: a comparison without them would prove less than it seems to.
fn missing(reader: &str) {
    let must = env::var("ABGLEICH_PST_READERS").is_ok_and(|word| word == "must");
    assert!(!must, "{reader}, and ABGLEICH_PST_READERS=must");
    println!("SKIPPED: {reader}");
}

/// Says whether a node is a search folder.
pub(crate) fn is_search(folder: u32) -> bool {
    folder & 0x1F == 3
}
