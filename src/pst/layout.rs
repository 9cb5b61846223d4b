//! The three variants of the format as values (pure). MS-PST 2.2.2; the 4 KB pages of newer OST files are not published and
//! were found by reading such files.

/// Sizes and offsets, in bytes, that differ between the variants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// What people call it.
    pub name: &'static str,
    /// Whether ids and offsets have 64 bits and texts are UTF-16; otherwise 32 bits and a code page.
    pub wide: bool,
    /// Whether blocks may be stored deflated, and their sizes stand in the block B-tree twice.
    pub deflates: bool,
    /// The header, as far as it is understood.
    pub header: usize,
    /// A page with its trailer.
    pub page: usize,
    /// The trailer of a page.
    pub page_trailer: usize,
    /// The area of a B-tree page that holds its entries.
    pub tree_entries: usize,
    /// An entry of a B-tree page above the leaves.
    pub branch_entry: usize,
    /// An entry of a leaf of the node B-tree.
    pub node_entry: usize,
    /// An entry of a leaf of the block B-tree.
    pub block_entry: usize,
    /// The most bytes of data in one block.
    pub block_payload: usize,
    /// The trailer of a block.
    pub block_trailer: usize,
    /// Blocks begin at multiples of this and take up multiples of it; one bit of an allocation map stands for it.
    pub unit: usize,
    /// A reference to a block in a list of blocks.
    pub block_slot: usize,
    /// What stands before the entries of a list of subnodes.
    pub list_header: usize,
    /// An entry of a list of subnodes.
    pub subnode_entry: usize,
    /// An entry of a list of lists of subnodes.
    pub sublist_entry: usize,
    /// The first allocation map.
    pub first_map: u64,
    /// From one allocation map to the next.
    pub map_step: u64,
    /// A row's number in a table's index.
    pub row_number: usize,
    /// How many bits of a heap's id count the allocations of a block.
    pub heap_index_bits: u32,
}

impl Layout {
    /// Files of Outlook 97 to 2002; at most 2 GB.
    pub const ANSI: Self = Self {
        name: "ANSI",
        wide: false,
        deflates: false,
        header: 512,
        page: 512,
        page_trailer: 12,
        tree_entries: 496,
        branch_entry: 12,
        node_entry: 16,
        block_entry: 12,
        block_payload: 8180,
        block_trailer: 12,
        unit: 64,
        block_slot: 4,
        list_header: 4,
        subnode_entry: 12,
        sublist_entry: 8,
        first_map: 0x4400,
        map_step: 0x3E000,
        row_number: 2,
        heap_index_bits: 11,
    };

    /// PST files since Outlook 2003.
    pub const UNICODE: Self = Self {
        name: "Unicode",
        wide: true,
        deflates: false,
        header: 564,
        page: 512,
        page_trailer: 16,
        tree_entries: 488,
        branch_entry: 24,
        node_entry: 32,
        block_entry: 24,
        block_payload: 8176,
        block_trailer: 16,
        unit: 64,
        block_slot: 8,
        list_header: 8,
        subnode_entry: 24,
        sublist_entry: 16,
        first_map: 0x4400,
        map_step: 0x3E000,
        row_number: 4,
        heap_index_bits: 11,
    };

    /// OST files since Outlook 2013.
    pub const UNICODE_4K: Self = Self {
        name: "Unicode with pages of 4 KB",
        deflates: true,
        page: 4096,
        page_trailer: 24,
        tree_entries: 4056,
        block_payload: 65_512,
        block_trailer: 24,
        unit: 512,
        first_map: 0x22000,
        map_step: 16_678_912,
        heap_index_bits: 14,
        ..Self::UNICODE
    };

    /// Returns the most entries of a list of blocks.
    pub fn blocks_in_list(&self) -> usize {
        (self.block_payload - 8) / self.block_slot
    }

    /// Returns the most entries of a list of subnodes.
    pub fn subnodes_in_list(&self) -> usize {
        (self.block_payload - self.list_header) / self.subnode_entry
    }

    /// Returns the most entries of a list of lists of subnodes.
    pub fn sublists_in_list(&self) -> usize {
        (self.block_payload - self.list_header) / self.sublist_entry
    }

    /// Returns how many bytes of the file a block takes up: its data and its trailer in whole units.
    pub fn block_size(&self, payload: usize) -> usize {
        (payload + self.block_trailer).next_multiple_of(self.unit)
    }
}

#[cfg(test)]
mod tests {
    use super::Layout;

    /// MS-PST 2.2.2.8.3.2.1, 2.2.2.8.3.3.1.1 and 2.2.2.8.3.3.2.1.
    #[test]
    fn lists_hold_as_much_as_the_specification_says() {
        assert_eq!(Layout::UNICODE.blocks_in_list(), 1021);
        assert_eq!(Layout::UNICODE.subnodes_in_list(), 340);
        assert_eq!(Layout::UNICODE.sublists_in_list(), 510);
        assert_eq!(Layout::UNICODE.block_size(8176), 8192);
        assert_eq!(Layout::UNICODE.block_size(48), 64);
        assert_eq!(Layout::UNICODE.block_size(49), 128);
        assert_eq!(Layout::ANSI.block_size(8180), 8192);
        assert_eq!(Layout::UNICODE_4K.block_size(65_512), 65_536);
    }
}
