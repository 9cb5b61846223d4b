//! Ids of nodes, blocks and pages (pure). MS-PST 2.2.2.1, 2.2.2.2 and 2.2.2.4.

use std::fmt;

/// The id of a node: five bits of kind, 27 of index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Nid(pub u32);

impl Nid {
    /// The store's properties.
    pub const STORE: Self = Self(0x21);
    /// The map of named properties.
    pub const NAME_MAP: Self = Self(0x61);
    /// The root folder.
    pub const ROOT_FOLDER: Self = Self(0x122);
    /// The queue of changes for Outlook's searches.
    pub const SEARCH_QUEUE: Self = Self(0x1E1);
    /// The folders that searches refer to.
    pub const SEARCH_FOLDERS: Self = Self(0x261);
    /// A message's recipients, as a subnode of it.
    pub const RECIPIENTS: Self = Self(0x692);
    /// A message's attachments, as a subnode of it.
    pub const ATTACHMENTS: Self = Self(0x671);

    /// The highest index that an id can have.
    pub const HIGHEST_INDEX: u32 = u32::MAX >> 5;

    /// Makes an id; of the index, 27 bits count.
    pub const fn new(kind: NidKind, index: u32) -> Self {
        Self((index << 5) | kind.bits())
    }

    /// Returns the kind.
    pub const fn kind(self) -> NidKind {
        let [low, ..] = self.0.to_le_bytes();
        NidKind(low & 0x1F)
    }

    /// Returns the index, 27 bits.
    pub const fn index(self) -> u32 {
        self.0 >> 5
    }

    /// Returns the id with the same index and another kind: a folder's tables have the folder's index.
    #[must_use]
    pub const fn with(self, kind: NidKind) -> Self {
        Self::new(kind, self.index())
    }
}

impl fmt::Display for Nid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

/// What a node is; five bits. There are kinds that no list names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NidKind(u8);

impl NidKind {
    /// `NID_TYPE_INTERNAL`: single nodes of the store.
    pub const INTERNAL: Self = Self(0x01);
    /// `NID_TYPE_NORMAL_FOLDER`.
    pub const FOLDER: Self = Self(0x02);
    /// `NID_TYPE_SEARCH_FOLDER`.
    pub const SEARCH_FOLDER: Self = Self(0x03);
    /// `NID_TYPE_NORMAL_MESSAGE`: an item.
    pub const MESSAGE: Self = Self(0x04);
    /// `NID_TYPE_ATTACHMENT`.
    pub const ATTACHMENT: Self = Self(0x05);
    /// `NID_TYPE_SEARCH_UPDATE_QUEUE`.
    pub const SEARCH_UPDATES: Self = Self(0x06);
    /// `NID_TYPE_SEARCH_CRITERIA_OBJECT`.
    pub const SEARCH_CRITERIA: Self = Self(0x07);
    /// `NID_TYPE_ASSOC_MESSAGE`: views, rules and settings.
    pub const ASSOCIATED_MESSAGE: Self = Self(0x08);
    /// `NID_TYPE_RECEIVE_FOLDER_TABLE`.
    pub const RECEIVE_FOLDERS: Self = Self(0x0B);
    /// `NID_TYPE_OUTGOING_QUEUE_TABLE`.
    pub const OUTGOING: Self = Self(0x0C);
    /// `NID_TYPE_HIERARCHY_TABLE`: a folder's folders.
    pub const HIERARCHY: Self = Self(0x0D);
    /// `NID_TYPE_CONTENTS_TABLE`: a folder's items.
    pub const CONTENTS: Self = Self(0x0E);
    /// `NID_TYPE_ASSOC_CONTENTS_TABLE`: a folder's views, rules and settings.
    pub const ASSOCIATED_CONTENTS: Self = Self(0x0F);
    /// `NID_TYPE_SEARCH_CONTENTS_TABLE`.
    pub const SEARCH_CONTENTS: Self = Self(0x10);
    /// `NID_TYPE_ATTACHMENT_TABLE`.
    pub const ATTACHMENTS: Self = Self(0x11);
    /// `NID_TYPE_RECIPIENT_TABLE`.
    pub const RECIPIENTS: Self = Self(0x12);
    /// `NID_TYPE_LTP`: big values.
    pub const VALUE: Self = Self(0x1F);

    /// Returns the five bits.
    pub const fn bits(self) -> u32 {
        // `From` is not const; a widening cannot lose anything.
        u32::from_le_bytes([self.0, 0, 0, 0])
    }
}

/// The id of a block, or none.
///
/// Bit 0 says nothing and is sometimes set in references (seen in files of Outlook), so compare [`Bid::key`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bid(pub u64);

impl Bid {
    /// Says whether the block is structure (a list of blocks or of subnodes) and therefore never encoded.
    pub const fn is_internal(self) -> bool {
        self.0 & 2 != 0
    }

    /// Returns the id without bit 0, as the block B-tree has it.
    #[must_use]
    pub const fn key(self) -> Self {
        Self(self.0 & !1)
    }

    /// Returns the id as a reference: zero means that there is nothing.
    pub const fn reference(bits: u64) -> Option<Self> {
        match Self(bits).key() {
            Self(0) => None,
            bid => Some(bid),
        }
    }
}

impl fmt::Display for Bid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

/// The id of a page, out of a counter of their own; all bits count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PageId(pub u64);

impl fmt::Display for PageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

/// Where a page is: `BREF`, MS-PST 2.2.2.4.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PageRef {
    /// Which page.
    pub id: PageId,
    /// Its offset in the file, in bytes.
    pub at: u64,
}

#[cfg(test)]
mod tests {
    use super::{Bid, Nid, NidKind};

    /// MS-PST 2.4.1: the root folder is 0x122, its tables 0x12D, 0x12E and 0x12F.
    #[test]
    fn a_folder_and_its_tables_share_the_index() {
        assert_eq!(Nid::ROOT_FOLDER.kind(), NidKind::FOLDER);
        assert_eq!(Nid::ROOT_FOLDER.index(), 9);
        assert_eq!(Nid::ROOT_FOLDER.with(NidKind::CONTENTS), Nid(0x12E));
        assert_eq!(Nid::new(NidKind::MESSAGE, 0x10001), Nid(0x0020_0024));
    }

    #[test]
    fn bit_0_of_a_block_says_nothing() {
        assert_eq!(Bid::reference(0x4D), Some(Bid(0x4C)));
        assert_eq!(Bid::reference(1), None);
        assert!(Bid(0x1E).is_internal() && !Bid(0x1C).is_internal());
    }
}
