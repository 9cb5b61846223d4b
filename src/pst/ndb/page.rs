//! Pages: their trailers, and what the pages of the two B-trees hold (pure). MS-PST 2.2.2.7.

use crate::pst::bytes::{Bytes, wide};
use crate::pst::crc::{crc, signature};
use crate::pst::error::PstError;
use crate::pst::id::{Bid, Nid, PageId, PageRef};
use crate::pst::layout::Layout;

use super::node::Node;

/// What a page is: `ptype`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PageKind {
    /// A page of the block B-tree.
    Blocks,
    /// A page of the node B-tree.
    Nodes,
    /// A free map.
    FreeMap,
    /// A map of pages.
    PageMap,
    /// An allocation map.
    AllocationMap,
    /// A free map of pages.
    FreePageMap,
    /// The list of allocation maps with the most free space.
    DensityList,
}

impl PageKind {
    /// Returns the byte that stands for it, twice.
    pub const fn byte(self) -> u8 {
        match self {
            Self::Blocks => 0x80,
            Self::Nodes => 0x81,
            Self::FreeMap => 0x82,
            Self::PageMap => 0x83,
            Self::AllocationMap => 0x84,
            Self::FreePageMap => 0x85,
            Self::DensityList => 0x86,
        }
    }

    /// Says whether the page is a map of a region of the file: its id is its own offset, and it has no signature.
    pub const fn is_map(self) -> bool {
        matches!(self, Self::FreeMap | Self::PageMap | Self::AllocationMap | Self::FreePageMap)
    }

    /// Returns the name of the structure.
    pub const fn structure(self) -> &'static str {
        match self {
            Self::Blocks => "BBT page",
            Self::Nodes => "NBT page",
            Self::FreeMap => "FMap page",
            Self::PageMap => "PMap page",
            Self::AllocationMap => "AMap page",
            Self::FreePageMap => "FPMap page",
            Self::DensityList => "DList page",
        }
    }
}

/// Verifies a page: its length, kind, id, signature and checksum.
pub fn verify(
    layout: &Layout,
    kind: PageKind,
    place: PageRef,
    page: &[u8],
) -> Result<(), PstError> {
    let bytes = Bytes::new(kind.structure(), place.at, page);
    is(layout, kind, place, page)?;
    let trailer = layout.page - layout.page_trailer;
    let (id, crc_at) = (place.id.0, trailer + if layout.wide { 4 } else { 8 });
    let body = bytes.slice(0, trailer, "page")?;
    let said = bytes.u16(trailer + 2, "wSig")?;
    let expected = if kind.is_map() { 0 } else { signature(place.at, id) };
    if said != expected {
        return Err(bytes.damaged("wSig", trailer + 2, said.into(), "does not fit place and id"));
    }
    let said = bytes.u32(crc_at, "dwCRC")?;
    if crc(body) != said {
        return Err(bytes.damaged("dwCRC", crc_at, said.into(), "is not the page's checksum"));
    }
    Ok(())
}

/// Verifies that a page is of a kind and has the id it is referred to by.
pub(super) fn is(
    layout: &Layout,
    kind: PageKind,
    place: PageRef,
    page: &[u8],
) -> Result<(), PstError> {
    let bytes = Bytes::new(kind.structure(), place.at, page);
    let trailer = layout.page - layout.page_trailer;
    for start in [trailer, trailer + 1] {
        let found = bytes.u8(start, "ptype")?;
        if found != kind.byte() {
            return Err(bytes.damaged("ptype", start, found.into(), "is another kind of page"));
        }
    }
    // The narrow trailer has the id before the checksum.
    let id_at = trailer + if layout.wide { 8 } else { 4 };
    let id = bytes.word(layout.wide, id_at, "bid")?;
    if id != place.id.0 {
        return Err(bytes.damaged("bid", id_at, id, "is not the id it is referred to by"));
    }
    Ok(())
}

/// A block as the block B-tree knows it. MS-PST 2.2.2.7.7.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockEntry {
    /// Which block.
    pub bid: Bid,
    /// Its offset in the file, in bytes.
    pub at: u64,
    /// How many bytes of data are stored, without padding and trailer.
    pub stored: u16,
    /// How many bytes they are when inflated; the same where nothing is deflated.
    pub size: u16,
    /// How often it is referred to, its own entry included.
    pub references: u16,
}

/// The entries of a verified page of a B-tree.
#[derive(Clone, Copy)]
pub struct TreePage<'a> {
    layout: &'a Layout,
    bytes: Bytes<'a>,
    /// 0 for leaves.
    pub level: u8,
    /// How many entries there are.
    pub count: usize,
    entry: usize,
}

impl<'a> TreePage<'a> {
    /// Reads the head of a page of the node or block B-tree, verified before.
    pub fn parse(
        layout: &'a Layout,
        kind: PageKind,
        at: u64,
        page: &'a [u8],
    ) -> Result<Self, PstError> {
        let bytes = Bytes::new(kind.structure(), at, page);
        let head = layout.tree_entries;
        // In pages of 4 KB there is room for more than 255 entries.
        let (count, entry_at) = if layout.page > 512 {
            (usize::from(bytes.u16(head, "cEnt")?), head + 4)
        } else {
            (usize::from(bytes.u8(head, "cEnt")?), head + 2)
        };
        let entry = usize::from(bytes.u8(entry_at, "cbEnt")?);
        let level = bytes.u8(entry_at + 1, "cLevel")?;
        let least = match (level, kind) {
            (0, PageKind::Nodes) => layout.node_entry,
            (0, _) => layout.block_entry,
            _ => layout.branch_entry,
        };
        if entry < least {
            let rule = "is less than an entry takes";
            return Err(bytes.damaged("cbEnt", entry_at, wide(entry), rule));
        }
        if count.saturating_mul(entry) > layout.tree_entries {
            return Err(bytes.damaged("cEnt", head, wide(count), "is more than the page holds"));
        }
        Ok(Self { layout, bytes, level, count, entry })
    }

    /// Returns the key of an entry.
    pub fn key(&self, index: usize) -> Result<u64, PstError> {
        let key = self.bytes.word(self.layout.wide, index * self.entry, "btkey")?;
        Ok(key)
    }

    /// Returns the page that an entry above the leaves leads to.
    pub fn child(&self, index: usize) -> Result<PageRef, PstError> {
        let (size, start) = (self.layout.block_slot, index * self.entry);
        Ok(PageRef {
            id: PageId(self.bytes.word(self.layout.wide, start + size, "BREF")?),
            at: self.bytes.word(self.layout.wide, start + 2 * size, "BREF")?,
        })
    }

    /// Returns the block of an entry of a leaf of the block B-tree.
    pub fn block(&self, index: usize) -> Result<BlockEntry, PstError> {
        let (bytes, wide, start) = (&self.bytes, self.layout.wide, index * self.entry);
        let size = self.layout.block_slot;
        let stored = bytes.u16(start + 2 * size, "cb")?;
        let second = bytes.u16(start + 2 * size + 2, "cRef")?;
        let (size_inflated, references) = if self.layout.deflates {
            (second, bytes.u16(start + 2 * size + 4, "cRef")?)
        } else {
            (stored, second)
        };
        Ok(BlockEntry {
            bid: Bid(bytes.word(wide, start, "bid")?),
            at: bytes.word(wide, start + size, "ib")?,
            stored,
            size: size_inflated,
            references,
        })
    }

    /// Returns the node of an entry of a leaf of the node B-tree.
    pub fn node(&self, index: usize) -> Result<Node, PstError> {
        let (bytes, wide, start) = (&self.bytes, self.layout.wide, index * self.entry);
        let size = self.layout.block_slot;
        Ok(Node {
            // In wide files the upper half means nothing.
            nid: Nid(bytes.u32(start, "nid")?),
            data: Bid::reference(bytes.word(wide, start + size, "bidData")?),
            sub: Bid::reference(bytes.word(wide, start + 2 * size, "bidSub")?),
            parent: Nid(bytes.u32(start + 3 * size, "nidParent")?),
        })
    }

    /// Makes the error of an entry.
    pub(super) fn damaged(
        &self,
        field: &'static str,
        index: usize,
        value: u64,
        rule: &'static str,
    ) -> PstError {
        self.bytes.damaged(field, index * self.entry, value, rule)
    }
}
