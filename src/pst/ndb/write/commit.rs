//! Making a transaction durable (effect): first what is new, into room that nothing uses; then the maps; last the header,
//! which turns the file from its old state to the new one in one write.
//!
//! 1. New blocks, new pages of both trees, new sections with their maps.
//! 2. The rescue record beside the file, durable; then the old header with `fAMapValid` 0. Only now what is new and that header are
//!    made durable, at once and in whatever order they arrive: neither header leads to what is new. If a disk turns out to be full
//!    here, the header is turned back.
//! 3. The maps of old sections; durable. Bits are cleared only of what an *earlier* transaction freed, since Outlook 2013 and
//!    later do not look at `fAMapValid`: whatever the old header reaches is shown as in use at any time.
//! 4. The new header; durable. From here on the file is in its new state.
//!
//! What the transaction freed is told to the maps by the next one, or by [`Writer::close`]; where neither came to be, whoever opens the
//! file for writing next finds the rescue record and makes the maps again.

use std::collections::BTreeSet;
use std::ops::Range;

use super::Writer;
use super::bits::{Run, section_at};
use super::error::WriteError;
use super::form::{self, PAGE};
use super::references::{self, References};
use super::rescue::header_bytes;
use super::space::Room;
use super::transaction::Transaction;
use super::tree::{self, Change, Kind, LONGEST, Page, Pages};
use crate::pst::bytes::wide;
use crate::pst::error::PstError;
use crate::pst::id::{Bid, Nid, PageId, PageRef};
use crate::pst::layout::Layout;
use crate::pst::ndb::header::Header;
use crate::pst::ndb::node::{Node, Nodes};
use crate::pst::ndb::torn::Record;

/// Where the density list stands, in bytes.
pub(super) const DENSITY_LIST: u64 = 0x4200;

impl Transaction<'_> {
    /// Makes all changes durable at once.
    ///
    /// After an error the file holds its old state, and can be written on unless the error says otherwise.
    pub fn commit(mut self) -> Result<(), WriteError> {
        if self.nodes.is_empty() && self.references.is_untouched() {
            return Ok(());
        }
        let header = self.prepare()?;
        self.file.flip(header, &self.freed)
    }

    /// Writes all that is new (phase 1), and returns the header that leads to it.
    fn prepare(&mut self) -> Result<Header, WriteError> {
        let mut header = self.file.ndb.header().clone();
        let gone = self.settle()?;
        let known = self.known_blocks(&gone)?;
        let nodes = std::mem::take(&mut self.nodes);
        let nodes = nodes
            .from(Nid(0))
            .map(|(nid, node)| Change { key: nid.0.into(), entry: node.as_ref().map(node_entry) });
        header.nodes = self.change(Kind::Nodes, header.nodes, nodes)?;
        header.next_block = self.references.next(false);
        let references =
            std::mem::replace(&mut self.references, References::new(header.next_block));
        let made = references.made().filter(|new| !gone.contains(&new.bid)).map(|new| {
            let count = u16::try_from(new.references + 1).unwrap_or(u16::MAX);
            let entry = block_entry(new.bid, new.at, new.size, count);
            Change { key: new.bid.0, entry: Some(entry) }
        });
        let most = references.made().map(|new| new.references).max().unwrap_or_default();
        if most >= u16::MAX.into() {
            let what = "a block is shared too often";
            return Err(WriteError::NotAllowed { what, value: most.into() }.shared());
        }
        header.blocks = self.change(Kind::Blocks, header.blocks, known.into_iter().chain(made))?;
        header.next_page = self.next_page;
        header.highest = self.highest;
        header.unique = self.unique;
        self.file.finish_sections()?;
        Ok(header)
    }

    /// Settles the references: frees what nothing refers to any longer, and returns what went.
    fn settle(&mut self) -> Result<BTreeSet<Bid>, WriteError> {
        let unused = self.references.made().filter(|new| new.references == 0).map(|new| new.bid);
        let lowered = self.references.others().filter(|(_, change)| *change < 0);
        let mut doubtful: Vec<Bid> = unused.chain(lowered.map(|(bid, _)| bid)).collect();
        let mut gone = BTreeSet::new();
        while let Some(bid) = doubtful.pop() {
            let (at, size, left) = match self.references.find(bid) {
                Some(new) => (new.at, new.size, i64::from(new.references)),
                // What is referred to as often as before stays, whatever the file counts.
                None if self.references.change(bid) >= 0 => continue,
                None => self.left(bid)?,
            };
            if left < 0 {
                return Err(WriteError::Uncounted { bid });
            }
            if left > 0 || !gone.insert(bid) {
                continue;
            }
            let length = Layout::UNICODE.block_size(usize::from(size));
            self.freed.extend(Run::of(at, wide(length)));
            if bid.is_internal() {
                let children = references::children(&self.block(bid)?)?;
                for child in children {
                    self.references.lower(child);
                    doubtful.push(child);
                }
            }
        }
        Ok(gone)
    }

    /// Returns where a block of the file is, its length, and how many references are left to it.
    fn left(&self, bid: Bid) -> Result<(u64, u16, i64), WriteError> {
        let entry = self.file.ndb.block_entry(bid)?.ok_or(PstError::NoBlock { bid })?;
        let left = i64::from(entry.references) - 1 + self.references.change(bid);
        Ok((entry.at, entry.stored, left))
    }

    /// Returns the changes of entries that the block B-tree has already, in their order.
    fn known_blocks(&self, gone: &BTreeSet<Bid>) -> Result<Vec<Change>, WriteError> {
        let changed = self.references.others().filter(|(_, change)| *change != 0);
        let change = |bid: Bid| {
            let (at, size, left) = self.left(bid)?;
            // The entry itself counts as one reference.
            let Ok(count) = u16::try_from(left + 1) else {
                let value = u64::try_from(left).unwrap_or_default();
                let what = "a block is shared too often";
                return Err(WriteError::NotAllowed { what, value }.shared());
            };
            let entry = (!gone.contains(&bid)).then(|| block_entry(bid, at, size, count));
            Ok(Change { key: bid.0, entry })
        };
        changed.map(|(bid, _)| change(bid)).collect()
    }

    fn change(
        &mut self,
        kind: Kind,
        root: PageRef,
        changes: impl Iterator<Item = Change>,
    ) -> Result<PageRef, WriteError> {
        let mut failed = None;
        let mut pages = TreePages { transaction: self, failed: &mut failed };
        let root = tree::change(kind, root, changes, &mut pages);
        // The walk knows errors of the file only.
        root.map_err(|error| failed.unwrap_or(WriteError::Pst(error)).shared())
    }
}

/// The pages of the file's trees.
struct TreePages<'t, 'a> {
    transaction: &'t mut Transaction<'a>,
    failed: &'t mut Option<WriteError>,
}

impl Pages for TreePages<'_, '_> {
    fn read(&mut self, kind: Kind, place: PageRef) -> Result<Page, PstError> {
        self.transaction.file.tree_page(kind, place)
    }

    fn write(&mut self, kind: Kind, page: &Page) -> Result<PageRef, PstError> {
        let transaction = &mut *self.transaction;
        let run = transaction.file.take(Room::Page).map_err(|error| {
            *self.failed = Some(error);
            PstError::io("write", 0, std::io::ErrorKind::StorageFull.into())
        })?;
        let place = PageRef { id: transaction.next_page, at: run.at() };
        transaction.next_page = PageId(place.id.0 + 1);
        let content = form::tree_page(kind, page, place);
        transaction.file.place(place.at, content.len())?.copy_from_slice(&content);
        Ok(place)
    }

    fn replaced(&mut self, page: PageRef) {
        self.transaction.freed.extend(Run::of(page.at, wide(PAGE)));
    }
}

impl Writer {
    /// Writes what is held back and the maps of new sections, which nothing committed reaches, and gives the file its length.
    fn finish_sections(&mut self) -> Result<(), WriteError> {
        let end = self.space.end();
        self.put_new_maps(&(0..end))?;
        let medium = self.ndb.medium_mut();
        self.pen.finish(medium, end)?;
        if medium.len()? != end {
            medium.set_len(end)?;
        }
        Ok(())
    }

    /// Returns where so many bytes at an offset are to be put. When the pen is full, sections leave it with the maps that they have by
    /// then, so that only those in which something still finds room get another one at the end.
    pub(super) fn place(&mut self, at: u64, size: usize) -> Result<&mut [u8], PstError> {
        if let Some(range) = self.pen.must_hand_over(at, size) {
            self.put_new_maps(&range)?;
            self.pen.hand_over(self.ndb.medium_mut(), range.end)?;
        }
        self.pen.place(self.ndb.medium_mut(), at, size)
    }

    /// Puts the maps of new sections that begin in a part of the file to the other bytes of these.
    fn put_new_maps(&mut self, part: &Range<u64>) -> Result<(), PstError> {
        let Self { space, pen, ndb, .. } = self;
        space.put_new_maps(&mut |section, map| {
            let at = section_at(section);
            if !part.contains(&at) {
                return Ok(false);
            }
            let mut head = form::allocation_map(at, map).to_vec();
            for kind in super::bits::reserved(section) {
                let at = at + wide(head.len());
                head.extend(form::reserved_page(kind, at));
            }
            pen.write(ndb.medium_mut(), at, &head)?;
            Ok(true)
        })
    }

    /// Turns the file from its old state to the one that a header leads to (phases 2 to 4).
    pub(super) fn flip(&mut self, mut header: Header, freed: &[Run]) -> Result<(), WriteError> {
        let ndb = &self.ndb;
        self.space.look_at(freed, &mut |section| super::transaction::load(ndb, section))?;
        let old = self.ndb.header().clone();
        let mut marked = old.clone();
        marked.maps_valid = 0;
        marked.unique = header.unique.wrapping_add(1);
        header.unique = header.unique.wrapping_add(2);
        header.maps_valid = 2;
        header.file_end = self.space.end();
        header.last_map = section_at(self.space.sections().saturating_sub(1));
        header.free = self.space.free_bytes();
        // As it stands, since a torn header is known by its sectors, and reserved fields are filled anew when it is encoded.
        let bytes = header_bytes(self.ndb.medium())?;
        let record = Record { old: bytes, marked: marked.encode(), new: header.encode() };
        if self.is_durable {
            self.rescue.write(&record)?;
            if let Err(source) = self.put_header(&record.marked) {
                return Err(self.turn_back(&old, &record.old, source));
            }
        }
        let maps = self.write_maps(header.next_page);
        if let Err(source) = maps.and_then(|()| self.put_header(&record.new)) {
            self.must_reopen = true;
            return Err(match self.put_header(&record.marked) {
                Ok(()) => WriteError::Reopen { source },
                Err(_) => WriteError::Unknown { source },
            });
        }
        self.space.keep(freed);
        self.ndb.turn_to(header);
        Ok(())
    }

    /// Puts back the header after the first write to it or what was made durable with it failed; nothing else that anything
    /// reaches was touched yet.
    fn turn_back(&mut self, old: &Header, bytes: &[u8], source: PstError) -> WriteError {
        if self.put_header(bytes).is_ok() {
            self.ndb.turn_to(old.clone());
            return WriteError::Pst(source);
        }
        self.must_reopen = true;
        WriteError::Reopen { source }
    }

    fn put_header(&mut self, bytes: &[u8]) -> Result<(), PstError> {
        self.ndb.medium_mut().write_at(0, bytes)?;
        self.sync()
    }

    /// Writes the maps of old sections where they changed (phase 3), and empties the density list: it may name room that was
    /// taken.
    fn write_maps(&mut self, next_page: PageId) -> Result<(), PstError> {
        let first = self.space.first_new();
        let medium = self.ndb.medium_mut();
        for (section, map) in self.space.changed().filter(|(section, _)| *section < first) {
            let at = section_at(section);
            medium.write_at(at, &form::allocation_map(at, map))?;
        }
        if self.has_density_list {
            let place = PageRef { id: next_page, at: DENSITY_LIST };
            medium.write_at(DENSITY_LIST, &form::density_list(place))?;
        }
        self.sync()?;
        self.has_density_list = false;
        Ok(())
    }

    pub(super) fn sync(&mut self) -> Result<(), PstError> {
        if self.is_durable { self.ndb.medium_mut().sync() } else { Ok(()) }
    }
}

/// Makes an entry of the block B-tree. MS-PST 2.2.2.7.7.3.
fn block_entry(bid: Bid, at: u64, size: u16, count: u16) -> [u8; LONGEST] {
    entry(&[&bid.0.to_le_bytes(), &at.to_le_bytes(), &size.to_le_bytes(), &count.to_le_bytes()])
}

/// Makes an entry of the node B-tree. MS-PST 2.2.2.7.7.4.
fn node_entry(node: &Node) -> [u8; LONGEST] {
    let bid = |bid: Option<Bid>| bid.map_or(0, |bid| bid.0).to_le_bytes();
    let nid = u64::from(node.nid.0).to_le_bytes();
    entry(&[&nid, &bid(node.data), &bid(node.sub), &node.parent.0.to_le_bytes()])
}

fn entry(fields: &[&[u8]]) -> [u8; LONGEST] {
    let mut entry = [0; LONGEST];
    let bytes = fields.iter().flat_map(|field| field.iter());
    entry.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    entry
}

#[cfg(test)]
mod tests {
    use crate::pst::crypt::Crypt;
    use crate::pst::id::{Nid, NidKind};
    use crate::pst::medium::{Call, Medium, Recording};
    use crate::pst::ndb::data_tree::DataTree;
    use crate::pst::ndb::node::{Node, Nodes};
    use crate::pst::ndb::write::{Settings, Writer};

    /// A write of its own for each map would cost more than the bytes of its section do. The maps that are in the file are right: it
    /// is opened again, which reads them all.
    #[test]
    fn a_large_transaction_is_few_writes_maps_included() {
        let recording = Recording::new(Vec::new());
        let medium = Medium::Recording(recording.clone());
        let mut file = Writer::empty(medium, Crypt::Permute, &Settings::default()).unwrap();
        let mut made = Vec::new();
        for round in 0..2 {
            let before = recording.calls().len();
            let mut batch = file.begin().unwrap();
            // Small ones fill what large ones leave of a section.
            for length in (7000..7900).flat_map(|length| [length; 3]).flat_map(|long| [long, 400]) {
                let nid = batch.next_nid(NidKind::MESSAGE).unwrap();
                let byte = nid.index().to_le_bytes()[0] | 1;
                let data = batch.put_data(&vec![byte; length]).unwrap();
                made.push((nid, vec![byte; length]));
                batch.set_node(Node { nid, data, sub: None, parent: Nid::ROOT_FOLDER }).unwrap();
            }
            batch.commit().unwrap();
            let calls = recording.calls().split_off(before);
            let writes =
                calls.iter().filter(|(_, call)| matches!(call, Call::Write { .. })).count();
            assert!(writes < 20, "round {round}: {writes} writes");
        }
        assert!(file.space.sections() > 150);
        let free = file.space.free_bytes();
        let (Medium::Recording(file), _) = file.close_in_media().unwrap() else { panic!() };
        let file = Medium::Memory(file.bytes().to_vec());
        let rescue = Medium::Memory(Vec::new());
        let again = Writer::in_media(file, rescue, &Settings::default(), &|_| Ok(false)).unwrap();
        assert_eq!(again.space.free_bytes(), free);
        // Blocks that fill what is left of a section late, where a part of it has gone to the disk, are whole.
        for (nid, bytes) in made {
            let node = again.nodes().node(nid).unwrap().unwrap();
            let data = DataTree::open(again.nodes(), node.data).unwrap().read_all(1 << 20);
            assert!(data.unwrap() == bytes, "{nid:?}");
        }
    }
}
