//! Heaps of nodes that are neither objects nor tables of folders and items (effect). MS-PST 2.3.1.2.
//!
//! The specification names the kinds of such heaps and not what is in them. What is known is read off files of Outlook.

use std::ops::ControlFlow;

use super::place::Place;
use super::report::Report;
use super::rule::Rule;
use crate::pst::bytes::Bytes;
use crate::pst::error::PstError;
use crate::pst::id::{Nid, NidKind};
use crate::pst::ltp::heap::Client;
use crate::pst::ltp::{Bth, Heap, Hid};
use crate::pst::ndb::{DataTree, Ndb, Node};

/// The ids of replicas by their numbers: the heap begins with the id of a B-tree.
const REPLICAS: (Nid, Client) = (Nid(0xC01), Client(0x9C));
/// Not published; in every file of Outlook, and of this kind.
const UNNAMED: (Nid, Client) = (Nid(0xE01), Client(0xCC));
/// In copies of mailboxes, beside each folder: the heap begins with a B-tree, whose keys are in another order than numbers are.
const CHANGES: Client = Client(0x8C);
/// A heap that is a B-tree and nothing else.
const TREE: Client = Client(0xB5);

/// What a heap begins with behind its map's offset, `bSig`, and what may follow, `bClientSig`.
const SIGNATURE: u8 = 0xEC;
const CLIENTS: [u8; 9] = [0x6C, 0x7C, 0x8C, 0x9C, 0xA5, 0xAC, 0xB5, 0xBC, 0xCC];

/// Says whether a node has a heap: it must have one, or its data begin like one. Queues and lists of Outlook's searches do not.
pub(super) fn is_heap(ndb: &Ndb, node: &Node) -> bool {
    if kind_of(node.nid).is_some() {
        return true;
    }
    // Values are read where they belong, and may begin with anything; queues have no heap.
    if [NidKind::VALUE, NidKind::SEARCH_UPDATES].contains(&node.nid.kind()) {
        return false;
    }
    let first = DataTree::open(ndb, node.data).and_then(|tree| tree.block(0));
    first.is_ok_and(|block| {
        let head = block.as_deref().and_then(|block| block.get(2..4));
        matches!(head, Some([SIGNATURE, client]) if CLIENTS.contains(client))
    })
}

/// Checks what is in a heap, as far as that is known.
pub(super) fn check(
    heap: &Heap<'_>,
    nid: Nid,
    place: Place<'_>,
    report: &mut Report,
) -> Result<(), PstError> {
    let client = heap.client();
    if let Some(kind) = kind_of(nid).filter(|kind| *kind != client) {
        let [is, belongs] = [client, kind].map(|Client(kind)| format!("{kind:#x}"));
        report.error(place, Rule::HeapKind.by(&[&is, &belongs]));
        return Ok(());
    }
    let (header, widths) = match client {
        client if client == REPLICAS.1 => {
            let root = heap.piece(heap.root())?;
            let header = Bytes::new("root", root.at(), &root).u32(0, "HID")?;
            (Hid(header), Some((16, 4)))
        }
        CHANGES => (heap.root(), Some((8, 4))),
        Client::PROPERTIES => (heap.root(), Some((2, 6))),
        TREE => (heap.root(), None),
        _ => return Ok(()),
    };
    let tree = Bth::open(heap, header)?;
    if let Some((key, data)) = widths.filter(|widths| *widths != (tree.key, tree.data)) {
        let breach = Rule::HeapTree.by(&[&tree.key, &tree.data, &key, &data]);
        report.error(place, breach);
    }
    if client == CHANGES {
        return Ok(());
    }
    tree.each(heap, &mut |_| Ok(ControlFlow::Continue(())))
}

/// Returns of which kind a node's heap must be, where that is known.
fn kind_of(nid: Nid) -> Option<Client> {
    [REPLICAS, UNNAMED].into_iter().find(|(known, _)| *known == nid).map(|(_, kind)| kind)
}
