//! Pure: ids and versions of items and folders, as text.
//!
//! An item's id names its folder, so that an item that was moved is gone from where it was, as on Exchange.

use crate::mapi::FileTime;
use crate::model::{FolderId, ItemId, ItemVersion};
use crate::pst::crc::crc;
use crate::pst::messaging::Listed;
use crate::pst::ndb::Node;
use crate::pst::{Bid, Nid};

pub(super) fn folder_id(folder: Nid) -> FolderId {
    FolderId::new(format!("{:x}", folder.0))
}

pub(super) fn folder(id: &FolderId) -> Option<Nid> {
    nid(id.as_str())
}

pub(super) fn item_id(folder: Nid, item: Nid) -> ItemId {
    ItemId::new(format!("{:x}.{:x}", folder.0, item.0))
}

/// Returns folder and item of an id; `None` for an id that is none of ours.
pub(super) fn item(id: &ItemId) -> Option<(Nid, Nid)> {
    let (folder, item) = id.as_str().split_once('.')?;
    Some((nid(folder)?, nid(item)?))
}

fn nid(text: &str) -> Option<Nid> {
    u32::from_str_radix(text, 16).ok().map(Nid)
}

/// What tells that an item changed without a look at it: the version of its row, when it was changed, its size, and the blocks
/// that it is in. Outlook renews the first with every change; a program that does not, and leaves the time alone, still puts what
/// is new into a new block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RowState {
    version: u32,
    modified: u64,
    size: u32,
    blocks: u32,
}

impl RowState {
    /// Takes it from the row and the node of an item; a row may lead nowhere in a damaged file.
    pub(super) fn of(row: &Listed, node: Option<&Node>) -> Self {
        let bits = |number: Option<i32>| number.unwrap_or(0).cast_unsigned();
        let state = Self {
            version: bits(row.version),
            modified: row.modified.unwrap_or(FileTime(0)).0,
            size: bits(row.size),
            blocks: 0,
        };
        node.map_or(state, |node| state.with(node))
    }

    /// Adds the blocks that the item is in.
    pub(super) fn with(self, node: &Node) -> Self {
        let id = |bid: Option<Bid>| bid.map_or(0, |bid| bid.0).to_le_bytes();
        Self { blocks: crc([id(node.data), id(node.sub)].as_flattened()), ..self }
    }

    pub(super) fn version(self) -> ItemVersion {
        let Self { version, modified, size, blocks } = self;
        ItemVersion::new(format!("{version:x}.{modified:x}.{size:x}.{blocks:x}"))
    }

    /// Returns eight bytes that stand for the state in a cursor.
    pub(super) fn digest(self) -> u64 {
        let mut rest = self.modified.to_le_bytes().to_vec();
        rest.extend(self.size.to_le_bytes());
        rest.extend(self.blocks.to_le_bytes());
        (u64::from(self.version) << 32) | u64::from(crc(&rest))
    }
}

#[cfg(test)]
mod tests {
    use super::{folder, folder_id, item, item_id};
    use crate::model::ItemId;
    use crate::pst::Nid;

    #[test]
    fn ids_come_back() {
        let (home, nid) = (Nid(0x8082), Nid(0x0020_0024));
        assert_eq!(folder(&folder_id(home)), Some(home));
        assert_eq!(item_id(home, nid).as_str(), "8082.200024");
        assert_eq!(item(&item_id(home, nid)), Some((home, nid)));
        for other in ["", "8082", "8082.", "x.1", "AAMkAD=="] {
            assert_eq!(item(&ItemId::new(other)), None, "{other}");
        }
    }
}
