//! Heaps, property contexts and tables of all nodes (effect). MS-PST 2.3.

use std::collections::{HashMap, HashSet};
use std::ops::{ControlFlow, RangeInclusive};

use super::blocks::Blocks;
use super::lists::data_size;
use super::place::{Part, Place};
use super::report::{Report, Weight};
use super::rule::Rule;
use super::{attachments, heaps, internals, rows, trees};
use crate::mapi::{PropertyId, PropertyType, property as p};
use crate::pst::error::PstError;
use crate::pst::id::{Bid, Nid, NidKind};
use crate::pst::ltp::heap::Client;
use crate::pst::ltp::{Bth, Heap, Property, PropertyContext, TableContext};
use crate::pst::messaging::{NameMap, Store};
use crate::pst::ndb::{Ndb, Node, Nodes as _, subnode};

/// Tables within attachments within items: no deeper than this.
const DEEPEST: usize = 16;
/// Bigger values are not held in memory.
const MEMORY: u64 = 1 << 20;
/// A heap that the specification reserves and Outlook uses for a table of its own (node 0x730).
const UNPUBLISHED: Client = Client(0xAC);
/// Tables of what was replicated; their kinds of nodes are not published and stand in every store (0x6B6, 0x6D7, 0x6F8).
const REPLICATION: RangeInclusive<u32> = 0x16..=0x18;

/// Reads every value of every node.
pub(super) fn check(store: &Store<&Ndb>, blocks: &Blocks, report: &mut Report) {
    // Where it cannot be read, that was said.
    let names = store.names().ok();
    let (ndb, seen, embedded) = (store.nodes(), HashMap::new(), HashSet::new());
    let mut walk = Walk { ndb, names, blocks, report, seen, embedded };
    let walked = store.nodes().nodes(Nid(0), &mut |node| {
        let size = walk.whole(&node, Place::Node(node.nid), 0);
        if node.nid.kind() == NidKind::MESSAGE {
            walk.size(&node, size);
        }
        ControlFlow::Continue(())
    });
    report.take(Place::Nodes, walked);
}

struct Walk<'a> {
    ndb: &'a Ndb,
    names: Option<&'a NameMap>,
    blocks: &'a Blocks,
    report: &'a mut Report,
    /// Nodes whose subnodes have more than one owner, with their sizes: they are looked at once.
    seen: HashMap<(Nid, Option<Bid>, Bid), u64>,
    /// The ids of messages within items.
    embedded: HashSet<Nid>,
}

impl Walk<'_> {
    /// Reads a node with all subnodes, and returns how many bytes of data they have.
    fn whole(&mut self, node: &Node, place: Place<'_>, depth: usize) -> u64 {
        if depth > DEEPEST {
            self.report.error(place, Rule::Nesting);
            return 0;
        }
        let shared = node
            .sub
            .map(Bid::key)
            .filter(|sub| self.blocks.find(*sub).is_some_and(|known| known.found > 2));
        if let Some(sub) = shared {
            let key = (node.nid, node.data, sub);
            if let Some(size) = self.seen.get(&key) {
                return *size;
            }
            // A list that leads to itself ends here.
            self.seen.insert(key, 0);
        }
        let mut size = data_size(self.ndb, self.blocks, node.data);
        self.content(node, place);
        let mut below = Vec::new();
        let walked = subnode::each(self.ndb, node.sub, &mut |node| {
            below.push(node);
            Ok(ControlFlow::Continue(()))
        });
        self.report.take(place, walked);
        attachments::check(self.ndb, &below, place, self.report);
        for node in &below {
            let place = Place::Within(&place, Part::Subnode(node.nid));
            if node.nid.kind() == NidKind::MESSAGE {
                self.embedded(node.nid, place);
            }
            self.counted(node.nid, place);
            size += self.whole(node, place, depth + 1);
        }
        if let Some(sub) = shared {
            self.seen.insert((node.nid, node.data, sub), size);
        }
        size
    }

    /// Outlook gives a message within an item an id that no other message of the file has. The format does not ask for it.
    fn embedded(&mut self, nid: Nid, place: Place<'_>) {
        let known = self.report.take(place, self.ndb.node(nid)).flatten();
        if !self.embedded.insert(nid) || known.is_some() {
            self.report.note(place, Rule::EmbeddedId);
        }
    }

    /// Outlook gives messages within items, attachments and big values the next id of the whole file. The format does not ask for
    /// it, and there are files in which they are counted in each item.
    fn counted(&mut self, nid: Nid, place: Place<'_>) {
        if [NidKind::MESSAGE, NidKind::ATTACHMENT, NidKind::VALUE].contains(&nid.kind())
            && let Some(last) = trees::given_last_before(self.ndb, nid)
        {
            self.report.note(place, Rule::FutureNode.by(&[&format_args!("{last:#x}")]));
        }
    }

    /// The heap comes first: what is wrong with it explains what cannot be read.
    fn content(&mut self, node: &Node, place: Place<'_>) {
        let is_context = is_context(node.nid);
        let is_other = !is_context && !is_table(node.nid);
        let has_heap = if is_other {
            internals::is_heap(self.ndb, node)
        } else {
            is_context || node.data.is_some()
        };
        if !has_heap {
            return;
        }
        let Some(heap) = self.report.take(place, Heap::open(self.ndb, node)) else { return };
        // In its copies of mailboxes Outlook leaves some levels at 0 (seen in a file of Outlook 2007).
        let is_copy = self.ndb.header().is_offline_store();
        let levels = if is_copy { Weight::Note } else { Weight::Error };
        heaps::check(&heap, place, levels, self.report);
        if is_other && heap.client() != Client::TABLE {
            let read = internals::check(&heap, node.nid, place, self.report);
            self.report.take(place, read);
        } else if is_context {
            let context = PropertyContext::open(self.ndb, node);
            let Some(context) = self.report.take(place, context) else { return };
            for property in context.properties() {
                let place = Place::Within(&place, Part::Property(property.id));
                let read = value(&context, property);
                self.report.take(place, read);
            }
            if node.nid != Nid::NAME_MAP {
                self.named(context.properties().iter().map(|property| property.id), place);
            }
            let room = Bth::open(&heap, heap.root()).and_then(|tree| tree.room(&heap));
            if let Some(room) = self.report.take(place, room).filter(|room| *room > 0) {
                self.report.note(place, Rule::RecordRoom.by(&[&room]));
            }
        } else if heap.client() != UNPUBLISHED {
            rows::check(self.ndb, node, place, self.report);
            if let Ok(table) = TableContext::open(self.ndb, node) {
                self.named(table.columns().iter().map(|column| column.tag.id), place);
            }
        }
    }

    /// The map names all ids that an object has. Another program could give one that it does not name to a property of its own.
    fn named(&mut self, ids: impl Iterator<Item = PropertyId>, place: Place<'_>) {
        let Some(names) = self.names else { return };
        let unnamed = ids.filter(|id| id.is_named() && names.name(*id).is_none());
        let unnamed: Vec<PropertyId> = unnamed.collect();
        if let Some(first) = unnamed.first() {
            self.report.note(place, Rule::UnnamedId.by(&[&unnamed.len(), first]));
        }
    }

    /// An item says how many bytes it has. Outlook up to 2007 counted otherwise.
    fn size(&mut self, node: &Node, size: u64) {
        let Ok(context) = PropertyContext::open(self.ndb, node) else { return };
        let said = context.value(p::MESSAGE_SIZE.id).ok().flatten();
        if let Some(said) = said.and_then(|said| said.as_i32())
            && i64::from(said) != i64::try_from(size).unwrap_or(i64::MAX)
        {
            self.report
                .note(Place::Item(node.parent, node.nid), Rule::ItemSize.by(&[&said, &size]));
        }
    }
}

/// Reads a value; of a big one that has no inner form only the bytes, piece by piece.
fn value(context: &PropertyContext<'_>, property: &Property) -> Result<(), PstError> {
    if property.kind == PropertyType::OBJECT {
        return context.object(property).map(|_| ());
    }
    if context.size(property)? > MEMORY {
        return context.chunks(property)?.try_for_each(|chunk| chunk.map(|_| ()));
    }
    context.value_of(property).map(|_| ())
}

fn is_context(nid: Nid) -> bool {
    matches!(nid, Nid::STORE | Nid::NAME_MAP)
        || [
            NidKind::FOLDER,
            NidKind::SEARCH_FOLDER,
            NidKind::MESSAGE,
            NidKind::ASSOCIATED_MESSAGE,
            NidKind::ATTACHMENT,
            NidKind::SEARCH_CRITERIA,
        ]
        .contains(&nid.kind())
}

fn is_table(nid: Nid) -> bool {
    [
        NidKind::HIERARCHY,
        NidKind::CONTENTS,
        NidKind::ASSOCIATED_CONTENTS,
        NidKind::SEARCH_CONTENTS,
        NidKind::ATTACHMENTS,
        NidKind::RECIPIENTS,
        NidKind::RECEIVE_FOLDERS,
        NidKind::OUTGOING,
    ]
    .contains(&nid.kind())
        || REPLICATION.contains(&nid.kind().bits())
}
