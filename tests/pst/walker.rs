//! A reader and checker of Unicode files that shares nothing with the product but the tables of the encodings: from the bytes of a whole file to its nodes, and
//! on the way every rule of the node database that a writer can break. Written from MS-PST and the rules that SCANPST applies.

use std::collections::BTreeMap;

const SECTION: usize = 0x3E000;
const FIRST: usize = 0x4400;

/// What a node holds: its blocks' bytes in a row, its subnodes, its parent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) data: Vec<u8>,
    pub(crate) subnodes: BTreeMap<u32, Content>,
    pub(crate) parent: u32,
}

/// What was found in a file.
#[derive(Debug)]
pub(crate) struct Walked {
    /// All nodes with what they hold.
    pub(crate) nodes: BTreeMap<u32, Content>,
    /// Slots of 64 bytes that are shown as in use and belong to nobody.
    pub(crate) leaked: usize,
    /// Levels of the deeper tree.
    pub(crate) levels: u8,
}

struct Block {
    at: usize,
    size: usize,
    count: usize,
    found: usize,
}

struct Walk<'a> {
    file: &'a [u8],
    crypt: u8,
    blocks: BTreeMap<u64, Block>,
    /// Who owns each slot.
    owned: Vec<bool>,
    highest_page: u64,
}

fn word(bytes: &[u8], at: usize, size: usize) -> u64 {
    bytes[at..at + size].iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn place(bytes: &[u8], at: usize) -> usize {
    usize::try_from(word(bytes, at, 8)).unwrap()
}

/// CRC-32 bit by bit, from zero and not inverted (MS-PST 5.3), eight bits at a time by a table made on the spot.
pub(crate) fn crc(bytes: &[u8]) -> u64 {
    static TABLE: std::sync::OnceLock<[u32; 256]> = std::sync::OnceLock::new();
    let table = TABLE.get_or_init(|| {
        std::array::from_fn(|byte| {
            (0..8).fold(u32::try_from(byte).unwrap(), |crc, _| {
                if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 }
            })
        })
    });
    let step = |crc: u32, byte: &u8| table[usize::from(crc.to_le_bytes()[0] ^ byte)] ^ crc >> 8;
    bytes.iter().fold(0, step).into()
}

fn signature(at: usize, id: u64) -> u64 {
    let mixed = u64::try_from(at).unwrap() ^ id;
    (mixed >> 16 ^ mixed) & 0xFFFF
}

/// Reads and checks a whole file.
pub(crate) fn walk(file: &[u8]) -> Walked {
    assert_eq!(&file[..4], b"!BDN");
    assert_eq!(crc(&file[8..479]), word(file, 4, 4), "dwCRCPartial");
    assert_eq!(crc(&file[8..524]), word(file, 524, 4), "dwCRCFull");
    assert_eq!(word(file, 10, 2), 23, "wVer");
    let end = place(file, 184);
    assert_eq!(end, file.len(), "ibFileEof");
    assert_eq!((end - FIRST) % SECTION, 0, "ibFileEof");
    assert_eq!(place(file, 192), end - SECTION, "ibAMapLast");
    assert_eq!(file[512], 0x80, "bSentinel");
    let mut walk = Walk {
        file,
        crypt: file[513],
        blocks: BTreeMap::new(),
        owned: vec![false; (end - FIRST) / 64],
        highest_page: 0,
    };
    walk.reserve();
    let mut levels = 0;
    let blocks = walk.tree(0x80, (word(file, 232, 8), place(file, 240)), &mut levels);
    for entry in blocks {
        let bid = word(&entry, 0, 8);
        let (at, size) = (place(&entry, 8), usize::try_from(word(&entry, 16, 2)).unwrap());
        let count = usize::try_from(word(&entry, 18, 2)).unwrap();
        assert!(bid < word(file, 516, 8), "bidNextB is not above {bid:#x}");
        assert_eq!(bid & 1, 0);
        assert!((1..=8176).contains(&size), "cb of {bid:#x}");
        walk.own(at, (size + 16).next_multiple_of(64));
        // The entry itself counts.
        walk.blocks.insert(bid, Block { at, size, count, found: 1 });
    }
    let entries = walk.tree(0x81, (word(file, 216, 8), place(file, 224)), &mut levels);
    let mut nodes = BTreeMap::new();
    for entry in entries {
        let nid = u32::try_from(word(&entry, 0, 4)).unwrap();
        let kind = usize::try_from(nid & 31).unwrap();
        let highest = word(file, 44 + 4 * kind, 4);
        assert!(kind == 1 || u64::from(nid >> 5) <= highest, "rgnid[{kind}] is below {nid:#x}");
        walk.refer(word(&entry, 8, 8));
        walk.refer(word(&entry, 16, 8));
        let mut content = walk.content(word(&entry, 8, 8), word(&entry, 16, 8));
        content.parent = u32::try_from(word(&entry, 24, 4)).unwrap();
        nodes.insert(nid, content);
    }
    assert!(walk.highest_page < word(file, 32, 8), "bidNextP");
    for (bid, block) in &walk.blocks {
        assert_eq!(block.count, block.found, "cRef of {bid:#x}");
    }
    let leaked = walk.maps();
    Walked { nodes, leaked, levels }
}

impl Walked {
    /// Returns the ids of attachments and big values at any depth, as often as there are such. The header counts them by kind (MS-PST
    /// 2.2.2.6), so that none that comes later is given twice.
    pub(crate) fn counted(&self, file: &[u8]) -> Vec<u32> {
        fn below(content: &Content, found: &mut Vec<u32>) {
            for (nid, content) in &content.subnodes {
                found.push(*nid);
                below(content, found);
            }
        }
        let mut found = Vec::new();
        self.nodes.values().for_each(|content| below(content, &mut found));
        // The rows of a table have this one in all files.
        found.retain(|nid| [0x05, 0x1F].contains(&(nid & 31)) && *nid != 0x3F);
        for nid in &found {
            let kind = usize::try_from(nid & 31).unwrap();
            let highest = word(file, 44 + 4 * kind, 4);
            assert!(u64::from(nid >> 5) <= highest, "rgnid[{kind}] is below {nid:#x}");
        }
        found
    }
}

impl Walk<'_> {
    fn own(&mut self, at: usize, size: usize) {
        assert!(at >= FIRST && at.is_multiple_of(64), "{at:#x}");
        assert!((at - FIRST) % SECTION + size <= SECTION, "{at:#x} crosses a section's end");
        for slot in (at - FIRST) / 64..(at - FIRST + size) / 64 {
            assert!(!self.owned[slot], "{at:#x} is in use twice");
            self.owned[slot] = true;
        }
    }

    fn page(&self, kind: u8, at: usize, id: u64) -> &[u8] {
        let page = &self.file[at..at + 512];
        assert_eq!((page[496], page[497]), (kind, kind), "ptype at {at:#x}");
        assert_eq!(word(page, 500, 4), crc(&page[..496]), "dwCRC at {at:#x}");
        assert_eq!(word(page, 504, 8), id, "bid at {at:#x}");
        let is_map = (0x82..0x86).contains(&kind);
        let expected = if is_map { 0 } else { signature(at, id) };
        assert_eq!(word(page, 498, 2), expected, "wSig at {at:#x}");
        page
    }

    /// Takes the pages that sections begin with.
    fn reserve(&mut self) {
        for section in 0..self.owned.len() / (SECTION / 64) {
            let at = FIRST + section * SECTION;
            let mut next = at;
            let mut take = |kind: u8| {
                self.page(kind, next, u64::try_from(next).unwrap());
                self.own(next, 512);
                next += 512;
            };
            take(0x84);
            if section % 8 == 0 {
                take(0x83);
            }
            if section >= 128 && (section - 128) % 496 == 0 {
                take(0x82);
            }
            if section >= 8192 && (section - 8192) % 31744 == 0 {
                take(0x85);
            }
        }
    }

    /// Returns the entries of a tree's leaves.
    fn tree(&mut self, kind: u8, (id, at): (u64, usize), levels: &mut u8) -> Vec<Vec<u8>> {
        let level = self.file[at + 491];
        *levels = (*levels).max(level + 1);
        let entries = self.tree_page(kind, (id, at), level, true);
        let key = |entry: &Vec<u8>| word(entry, 0, if kind == 0x81 { 4 } else { 8 });
        assert!(entries.windows(2).all(|two| key(&two[0]) < key(&two[1])), "keys are in order");
        entries
    }

    fn tree_page(
        &mut self,
        kind: u8,
        (id, at): (u64, usize),
        level: u8,
        is_root: bool,
    ) -> Vec<Vec<u8>> {
        self.own(at, 512);
        self.highest_page = self.highest_page.max(id);
        let page = self.page(kind, at, id);
        let (most, size) = if level == 0 && kind == 0x81 { (15, 32) } else { (20, 24) };
        let count = usize::from(page[488]);
        assert_eq!((page[489], page[490], page[491]), (most, size, level), "head at {at:#x}");
        assert!(count <= usize::from(most), "cEnt at {at:#x}");
        assert!(count > 0 || is_root, "an empty page at {at:#x}");
        let size = usize::from(size);
        let entries: Vec<Vec<u8>> = page[..count * size].chunks(size).map(<[u8]>::to_vec).collect();
        if level == 0 {
            return entries;
        }
        let mut all = Vec::new();
        for entry in entries {
            let place = (word(&entry, 8, 8), place(&entry, 16));
            let below = self.tree_page(kind, place, level - 1, false);
            // On inner pages the first key below is the key of the first leaf as well.
            assert_eq!(below[0][..8], entry[..8], "btkeyMin at {at:#x}");
            all.extend(below);
        }
        all
    }

    /// Counts a reference, and with the first one those of the list that it may lead to.
    fn refer(&mut self, bid: u64) {
        let bid = bid & !1;
        if bid == 0 {
            return;
        }
        let block = self.blocks.get_mut(&bid).unwrap_or_else(|| panic!("no block {bid:#x}"));
        block.found += 1;
        if block.found == 2 && bid & 2 != 0 {
            let list = self.block(bid);
            let places: &[usize] = if list[..2] == [2, 0] { &[8, 16] } else { &[8] };
            let size = [8, 24, 16][usize::from(list[0] == 2) + usize::from(list[..2] == [2, 1])];
            let places = if list[0] == 1 { &[0] } else { places };
            for entry in list[8..].chunks(size) {
                for place in places {
                    self.refer(word(entry, *place, 8));
                }
            }
        }
    }

    fn block(&self, bid: u64) -> Vec<u8> {
        let bid = bid & !1;
        let block = &self.blocks[&bid];
        let bytes = &self.file[block.at..block.at + (block.size + 16).next_multiple_of(64)];
        let (data, trailer) = (&bytes[..block.size], &bytes[bytes.len() - 16..]);
        assert_eq!(word(trailer, 0, 2), u64::try_from(block.size).unwrap(), "cb of {bid:#x}");
        assert_eq!(word(trailer, 2, 2), signature(block.at, bid), "wSig of {bid:#x}");
        assert_eq!(word(trailer, 4, 4), crc(data), "dwCRC of {bid:#x}");
        assert_eq!(word(trailer, 8, 8), bid, "bid of {bid:#x}");
        data.to_vec()
    }

    fn content(&self, data: u64, sub: u64) -> Content {
        let mut content = Content::default();
        if data & !1 != 0 {
            self.data(data, &mut content.data);
        }
        if sub & !1 != 0 {
            self.subnodes(sub, &mut content.subnodes);
        }
        content
    }

    fn data(&self, bid: u64, to: &mut Vec<u8>) {
        let mut bytes = self.block(bid);
        if bid & 2 == 0 {
            super::decode(self.crypt, bid, &mut bytes);
            to.extend(bytes);
            return;
        }
        let list = bytes;
        assert!(list[0] == 1 && (1..=2).contains(&list[1]), "list {bid:#x}");
        let count = usize::try_from(word(&list, 2, 2)).unwrap();
        assert_eq!(list.len(), 8 + 8 * count);
        let start = to.len();
        for index in 0..count {
            let below = word(&list, 8 + 8 * index, 8);
            assert_eq!(below & 2 != 0, list[1] == 2, "levels of {bid:#x}");
            let before = to.len();
            self.data(below, to);
            let is_full = to.len() - before == 8176;
            assert!(below & 2 != 0 || index + 1 == count || is_full, "{below:#x} is not full");
        }
        let total = u64::try_from(to.len() - start).unwrap();
        assert_eq!(total, word(&list, 4, 4), "lcbTotal of {bid:#x}");
    }

    fn subnodes(&self, bid: u64, to: &mut BTreeMap<u32, Content>) {
        let list = self.block(bid);
        let count = usize::try_from(word(&list, 2, 2)).unwrap();
        assert!(bid & 2 != 0 && list[0] == 2 && count > 0, "list {bid:#x}");
        let size = if list[1] == 0 { 24 } else { 16 };
        assert_eq!(list.len(), 8 + size * count);
        for entry in list[8..].chunks(size) {
            let nid = u32::try_from(word(entry, 0, 4)).unwrap();
            assert!(to.last_key_value().is_none_or(|(last, _)| *last < nid), "order in {bid:#x}");
            if list[1] == 0 {
                to.insert(nid, self.content(word(entry, 8, 8), word(entry, 16, 8)));
            } else {
                let before = to.len();
                self.subnodes(word(entry, 8, 8), to);
                assert_eq!(to.keys().nth(before), Some(&nid), "first of {bid:#x}");
            }
        }
    }

    /// Compares the allocation maps with who owns what, and returns what belongs to nobody.
    fn maps(&self) -> usize {
        let (mut leaked, mut free) = (0, 0);
        for (section, owned) in self.owned.chunks(SECTION / 64).enumerate() {
            let at = FIRST + section * SECTION;
            for (slot, owned) in owned.iter().enumerate() {
                let is_taken = self.file[at + slot / 8] & (0x80 >> (slot % 8)) != 0;
                assert!(is_taken || !owned, "slot {slot} of section {section} is not free");
                leaked += usize::from(is_taken && !owned);
                free += u64::from(!is_taken);
            }
        }
        assert_ne!(self.file[248], 0, "fAMapValid");
        assert_eq!(word(self.file, 200, 8), free * 64, "cbAMapFree");
        leaked
    }
}
