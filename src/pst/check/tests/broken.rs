//! A file to break: bytes are changed where they stand, and the checksums above them mended.

use std::ops::{ControlFlow, Range};

use crate::mapi::PropertyId;
use crate::pst::crc::{crc, signature};
use crate::pst::error::PstError;
use crate::pst::id::{Bid, Nid, NidKind};
use crate::pst::ltp::{PropertyContext, TableContext};
use crate::pst::medium::Medium;
use crate::pst::ndb::{BlockEntry, Ndb, Nodes as _, Tree, subnode};

pub(super) struct Broken {
    pub(super) bytes: Vec<u8>,
}

impl Broken {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self { bytes }
    }

    fn ndb(&self) -> Ndb {
        Ndb::open(Medium::Memory(self.bytes.clone())).unwrap()
    }

    fn mend(&mut self, range: Range<usize>, at: usize) {
        let crc = crc(&self.bytes[range]).to_le_bytes();
        self.bytes[at..at + 4].copy_from_slice(&crc);
    }

    /// Changes the header. MS-PST 2.2.2.6: two checksums, one over the other's part.
    pub(super) fn header(&mut self, at: usize, bytes: &[u8]) {
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
        self.mend(8..479, 4);
        self.mend(8..524, 524);
    }

    /// Changes a byte of the last allocation map.
    pub(super) fn map(&mut self, byte: usize, to: u8) {
        let at = usize::try_from(self.ndb().header().last_map).unwrap();
        self.bytes[at + byte] = to;
        self.mend_page(at);
    }

    fn mend_page(&mut self, at: usize) {
        self.mend(at..at + 496, at + 500);
    }

    /// Changes the uppermost page of the nodes but for its checksum.
    pub(super) fn page(&mut self, change: impl Fn(&mut [u8])) {
        let at = usize::try_from(self.ndb().node_tree().root.at).unwrap();
        assert!(self.bytes[at + 491] > 0, "leads to other pages");
        change(&mut self.bytes[at..at + 512]);
        self.mend_page(at);
    }

    /// Changes a byte of the uppermost page of the nodes, or of what follows its entries, without mending its checksum.
    pub(super) fn torn_page(&mut self, byte: usize) {
        let at = usize::try_from(self.ndb().node_tree().root.at).unwrap();
        self.bytes[at + byte] ^= 1;
    }

    /// Changes the entry of a leaf that begins with a key.
    fn leaf(&mut self, tree: Tree, key: u64, change: impl Fn(&mut [u8])) {
        let ndb = self.ndb();
        let mut place = None;
        tree.pages(&ndb, &mut |page, entries| {
            let found = (0..entries.count).find(|index| entries.key(*index).unwrap() == key);
            if let Some(index) = found.filter(|_| entries.level == 0) {
                place = Some((page.at, index));
            }
            Ok::<_, PstError>(())
        })
        .unwrap();
        let (at, index) = place.expect("a leaf with the key");
        let at = usize::try_from(at).unwrap();
        let size = usize::from(self.bytes[at + 490]);
        change(&mut self.bytes[at + index * size..at + (index + 1) * size]);
        self.mend_page(at);
    }

    /// Changes the first page below the uppermost one of the nodes but for its checksum.
    pub(super) fn page_below(&mut self, change: impl Fn(&mut [u8])) {
        let root = usize::try_from(self.ndb().node_tree().root.at).unwrap();
        let at = u64::from_le_bytes(self.bytes[root + 16..root + 24].try_into().unwrap());
        let at = usize::try_from(at).unwrap();
        change(&mut self.bytes[at..at + 512]);
        self.mend_page(at);
    }

    /// Returns where the first block of a node is.
    pub(super) fn place(&self, nid: Nid) -> u64 {
        self.first_block(nid).at
    }

    /// Makes zeros of the last property of a node.
    pub(super) fn last_property(&mut self, nid: Nid) {
        let ndb = self.ndb();
        let node = ndb.node(nid).unwrap().unwrap();
        let context = PropertyContext::open(&ndb, &node).unwrap();
        let last = context.properties().last().unwrap();
        let tag = last.id.of(last.kind).bits();
        let (id, kind) = ((tag >> 16).to_le_bytes(), tag.to_le_bytes());
        self.value(nid, &[id[0], id[1], kind[0], kind[1]], 0, &[0; 8]);
    }

    /// Changes a node's entry in its tree.
    pub(super) fn node(&mut self, nid: Nid, change: impl Fn(&mut [u8])) {
        let tree = self.ndb().node_tree();
        self.leaf(tree, nid.0.into(), change);
    }

    /// Returns the folder of an item.
    pub(super) fn parent(&self, nid: Nid) -> Nid {
        self.ndb().node(nid).unwrap().unwrap().parent
    }

    fn first_block(&self, nid: Nid) -> BlockEntry {
        let ndb = self.ndb();
        let bid = ndb.node(nid).unwrap().unwrap().data.unwrap();
        assert!(!bid.is_internal());
        ndb.block_entry(bid).unwrap().unwrap()
    }

    /// Changes the entry of a node's block in the tree of blocks.
    pub(super) fn entry(&mut self, nid: Nid, change: impl Fn(&mut [u8])) {
        let (tree, Bid(bid)) = (self.ndb().block_tree(), self.first_block(nid).bid);
        self.leaf(tree, bid, change);
    }

    /// Changes a block of a node without mending its checksum.
    pub(super) fn torn(&mut self, nid: Nid) {
        let at = usize::try_from(self.first_block(nid).at).unwrap();
        self.bytes[at + 3] ^= 1;
    }

    /// Changes a byte of the 16 that end the first block of a node.
    pub(super) fn trailer(&mut self, nid: Nid, byte: usize) {
        let entry = self.first_block(nid);
        let end = (usize::from(entry.stored) + 16).next_multiple_of(64);
        self.bytes[usize::try_from(entry.at).unwrap() + end - 16 + byte] ^= 4;
    }

    fn block(&mut self, entry: &BlockEntry, change: impl FnOnce(&mut [u8])) {
        let (at, length) = (usize::try_from(entry.at).unwrap(), usize::from(entry.stored));
        change(&mut self.bytes[at..at + length]);
        let trailer = at + (length + 16).next_multiple_of(64) - 16;
        self.mend(at..at + length, trailer + 4);
    }

    /// Changes the first list of a kind (1 of blocks, 2 of subnodes) and a level that has two entries or more.
    pub(super) fn list(&mut self, kind: u8, level: u8, change: impl FnOnce(&mut [u8])) {
        let ndb = self.ndb();
        let mut found = None;
        ndb.block_entries(&mut |entry| {
            let block = ndb.block(entry.bid).unwrap();
            if entry.bid.is_internal() && block[..2] == [kind, level] && block[2] > 1 {
                found = Some(entry);
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        })
        .unwrap();
        self.block(&found.expect("such a list"), change);
    }

    /// Changes the first block of a node.
    pub(super) fn data(&mut self, nid: Nid, change: impl FnOnce(&mut [u8])) {
        let entry = self.first_block(nid);
        self.block(&entry, change);
    }

    /// Changes the map of a node's heap: its numbers of allocations and of those given back, then their offsets.
    pub(super) fn heap(&mut self, nid: Nid, change: impl FnOnce(&mut [u8])) {
        self.data(nid, |block| {
            let map = usize::from(u16::from_le_bytes([block[0], block[1]]));
            change(&mut block[map..]);
        });
    }

    /// Moves the first page below the uppermost one of the nodes to so many bytes before the end of the file, where nothing is.
    pub(super) fn moved(&mut self, before: usize) {
        let root = usize::try_from(self.ndb().node_tree().root.at).unwrap();
        let word = |at: usize| u64::from_le_bytes(self.bytes[at..at + 8].try_into().unwrap());
        let (id, from) = (word(root + 8), usize::try_from(word(root + 16)).unwrap());
        let to = self.bytes.len() - before;
        assert!(self.bytes[to..to + 512].iter().all(|byte| *byte == 0));
        self.bytes.copy_within(from..from + 512, to);
        let at = u64::try_from(to).unwrap();
        self.bytes[to + 498..to + 500].copy_from_slice(&signature(at, id).to_le_bytes());
        self.page(|page| page[16..24].copy_from_slice(&at.to_le_bytes()));
    }

    /// Lets the table of the root folder's settings lead to the rows of the contacts.
    pub(super) fn lend(&mut self) {
        let from = self.parent(super::ANNA).with(NidKind::CONTENTS);
        let to = Nid::ROOT_FOLDER.with(NidKind::ASSOCIATED_CONTENTS);
        let lent = self.first_block(from).bid;
        assert_ne!(lent, self.first_block(to).bid);
        self.entry(from, |entry| entry[18] += 1);
        self.entry(to, |entry| entry[18] -= 1);
        self.node(to, |entry| entry[8..16].copy_from_slice(&lent.0.to_le_bytes()));
    }

    /// Changes a value of the map of names.
    pub(super) fn names(&mut self, id: u16, change: impl FnOnce(&mut [u8])) {
        let ndb = self.ndb();
        let node = ndb.node(Nid::NAME_MAP).unwrap().unwrap();
        let names = PropertyContext::open(&ndb, &node).unwrap();
        let content = names.content(names.property(PropertyId(id)).unwrap()).unwrap();
        let mut block = None;
        ndb.block_entries(&mut |entry| {
            let place = content.at().checked_sub(entry.at);
            if let Some(start) = place.filter(|start| *start < entry.stored.into()) {
                block = Some((entry, usize::try_from(start).unwrap()));
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        })
        .unwrap();
        let (entry, start) = block.expect("a block with the value");
        self.block(&entry, |block| change(&mut block[start..start + content.len()]));
    }

    /// Changes TCINFO of the table of contacts, and what follows it.
    pub(super) fn table(&mut self, change: impl FnOnce(&mut [u8])) {
        self.info(self.parent(super::ANNA).with(NidKind::CONTENTS), change);
    }

    /// Takes all rows out of a table: its index is empty (MS-PST 2.3.2.1), and TCINFO names no rows (2.3.4.1).
    pub(super) fn emptied(&mut self, table: Nid) {
        self.value(table, &[0xB5, 4, 4, 0], 4, &[0; 4]);
        self.info(table, |info| info[14..18].fill(0));
    }

    /// Changes TCINFO of a table, and what follows it.
    fn info(&mut self, nid: Nid, change: impl FnOnce(&mut [u8])) {
        let ndb = self.ndb();
        let data = ndb.node(nid).unwrap().unwrap().data.unwrap();
        let tree = crate::pst::ndb::DataTree::open(&ndb, Some(data)).unwrap();
        let entry = ndb.block_entry(tree.bid(0).unwrap().unwrap()).unwrap().unwrap();
        self.block(&entry, |block| {
            let start = block.windows(2).skip(12).position(|two| two[0] == 0x7C && two[1] > 10);
            change(&mut block[12 + start.expect("TCINFO")..]);
        });
    }

    /// Changes bytes behind the first place in the table of contacts where some stand.
    pub(super) fn contents(&mut self, bytes: &[u8], behind: usize, to: &[u8]) {
        let nid = self.parent(super::ANNA).with(NidKind::CONTENTS);
        self.value(nid, bytes, behind, to);
    }

    /// Lets the row of an item say that it is another's.
    pub(super) fn row_of(&mut self, item: Nid) {
        let ndb = self.ndb();
        let table = ndb.node(self.parent(item).with(NidKind::CONTENTS)).unwrap().unwrap();
        let table = TableContext::open(&ndb, &table).unwrap();
        let row = table.row(item.0).unwrap().unwrap();
        let bytes = row.bytes()[..12].to_vec();
        self.contents(&bytes, 0, &[0xE4]);
    }

    /// Changes bytes in the first table of attachments where some stand.
    pub(super) fn attachment_row(&mut self, bytes: &[u8], to: &[u8]) {
        let ndb = self.ndb();
        let item = ndb.node(super::ANNA).unwrap().unwrap();
        let table = subnode::find(&ndb, item.sub, Nid::ATTACHMENTS).unwrap().unwrap();
        let entry = ndb.block_entry(table.data.unwrap()).unwrap().unwrap();
        self.block(&entry, |block| {
            let start = block.windows(bytes.len()).position(|window| window == bytes);
            block[start.expect("the bytes are there")..][..to.len()].copy_from_slice(to);
        });
    }

    /// Gives the message in an attachment of the first item another id: in what refers to it, and where it is.
    pub(super) fn embedded(&mut self, attachment: Nid, to: Nid) {
        let ndb = self.ndb();
        let item = ndb.node(super::ANNA).unwrap().unwrap();
        let node = subnode::find(&ndb, item.sub, attachment).unwrap().unwrap();
        let context = PropertyContext::open(&ndb, &node).unwrap();
        let (message, _) = context.object(context.property(PropertyId(0x3701)).unwrap()).unwrap();
        let id = message.nid.0.to_le_bytes();
        for bid in [node.data, node.sub].into_iter().flatten() {
            let entry = ndb.block_entry(bid).unwrap().unwrap();
            self.block(&entry, |block| {
                let start = block.windows(4).position(|window| window == id);
                let start = start.expect("the id is there");
                block[start..start + 4].copy_from_slice(&to.0.to_le_bytes());
            });
        }
    }

    /// Changes bytes behind the first place in a node's block where some stand.
    pub(super) fn value(&mut self, nid: Nid, bytes: &[u8], behind: usize, to: &[u8]) {
        let ndb = self.ndb();
        let data = ndb.node(nid).unwrap().unwrap().data.unwrap();
        let tree = crate::pst::ndb::DataTree::open(&ndb, Some(data)).unwrap();
        let place = (0..tree.blocks()).find_map(|index| {
            let block = tree.block(index).unwrap().unwrap();
            let start = block.windows(bytes.len()).position(|window| window == bytes)?;
            Some((tree.bid(index).unwrap().unwrap(), start))
        });
        let (bid, start) = place.expect("the bytes are there");
        let entry = ndb.block_entry(bid).unwrap().unwrap();
        self.block(&entry, |block| {
            block[start + behind..][..to.len()].copy_from_slice(to);
        });
    }
}
